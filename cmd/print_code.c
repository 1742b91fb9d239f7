/* The QR code of a page: what lets a later verifier match paper and log (14.2). */
#include <qrencode.h>
#include <stdio.h>
#include "print.h"

#define QUIET 4 /* modules left white around it: without them many readers find nothing */

static bool only(const char *z, size_t n, const char *alphabet) {
    return strlen(z) == n && strspn(z, alphabet) == n;
}
/* small letters to capitals: digits and capitals take little more than half the room */
static char capital(char c) {
    return c >= 'a' && c <= 'f' ? (char)(c - 'a' + 'A') : c;
}
bool print_code_text(const char *record, const char *channel, const char *fingerprint,
                     char out[PRINT_CODE_MAX]) {
    char digits[41];
    size_t n = 0;
    for (const char *z = fingerprint; *z; z++)
        if (*z != ' ' && n < sizeof digits) digits[n++] = *z;
    if (n != 40) return false;
    digits[40] = 0;
    if (!only(record, 64, "0123456789abcdef") || !only(channel, 32, "0123456789abcdef") ||
        !only(digits, 40, "0123456789"))
        return false;
    snprintf(out, PRINT_CODE_MAX, "READBACK:%s:%s:%s", record, channel, digits);
    for (char *z = out; *z; z++)
        *z = capital(*z);
    return true;
}

/* a run of dark modules in one row is one rectangle, so that no hairlines part them in print */
static void row_of(struct print_html *h, const QRcode *q, int y) {
    const unsigned char *m = q->data + (size_t)y * (size_t)q->width;
    for (int x = 0; x < q->width;) {
        int end = x;
        while (end < q->width && m[end] & 1)
            end++;
        if (end > x) print_f(h, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, end - x, end - x);
        x = end > x ? end : x + 1;
    }
}
/* what is long gets less to spare */
static QRcode *encoded(const char *text) {
    QRcode *q = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    return q ? q : QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
}
void print_code(struct print_html *h, const char *text) {
    QRcode *q = encoded(text);
    if (q == NULL) {
        h->failed = true;
        return;
    }
    int side = q->width + 2 * QUIET;
    print_f(h,
            "<svg viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\" role=\"img\" "
            "aria-label=\"QR\"><path fill=\"#000\" d=\"",
            side, side);
    for (int y = 0; y < q->width; y++)
        row_of(h, q, y);
    print_z(h, "\"/></svg>\n");
    QRcode_free(q);
}

static bool dark(const QRcode *q, int x, int y) {
    if (x < 0 || y < 0 || x >= q->width || y >= q->width) return false;
    return q->data[(size_t)y * (size_t)q->width + (size_t)x] & 1;
}
/* Two rows of modules a line. What is light is drawn: on a dark terminal that is the code, on a
 * light one its negative, which readers take as well. */
bool print_code_blocks(FILE *out, const char *text) {
    static const char *const block[2][2] = {{"\u2588", "\u2580"}, {"\u2584", " "}};
    QRcode *q = encoded(text);
    if (q == NULL) return false;
    for (int y = -QUIET; y < q->width + QUIET; y += 2) {
        for (int x = -QUIET; x < q->width + QUIET; x++)
            fputs(block[dark(q, x, y)][dark(q, x, y + 1)], out);
        fputc('\n', out);
    }
    QRcode_free(q);
    return true;
}
