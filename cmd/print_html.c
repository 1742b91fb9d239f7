/* Bytes of the printable page. What others wrote is escaped here, and only here. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "print.h"
#include "readback/crypto.h"

#define PAGE_MAX ((size_t)16 << 20) /* 16 volumes of 512 points are far below */

/* ---- the buffer ---- */
static bool room(struct print_html *h, size_t more) {
    if (h->failed || more > PAGE_MAX || h->n + more + 1 > PAGE_MAX) {
        h->failed = true;
        return false;
    }
    if (h->n + more + 1 <= h->cap) return true;
    size_t cap = h->cap ? h->cap : 16384;
    while (cap < h->n + more + 1)
        cap *= 2;
    char *p = malloc(cap); /* not realloc: the old bytes are to be wiped */
    if (p == NULL) {
        h->failed = true;
        return false;
    }
    if (h->p) {
        memcpy(p, h->p, h->n);
        rb_wipe(h->p, h->cap);
        free(h->p);
    }
    h->p = p;
    h->cap = cap;
    return true;
}
static void put(struct print_html *h, const void *bytes, size_t n) {
    if (!room(h, n)) return;
    memcpy(h->p + h->n, bytes, n);
    h->n += n;
    h->p[h->n] = 0;
}
void print_html_free(struct print_html *h) {
    if (h->p) rb_wipe(h->p, h->cap);
    free(h->p);
    *h = (struct print_html){0};
}

void print_z(struct print_html *h, const char *markup) {
    put(h, markup, strlen(markup));
}
void print_f(struct print_html *h, const char *fmt, ...) {
    char buf[2048];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof buf)
        h->failed = true; /* ours is never so long */
    else
        put(h, buf, (size_t)n);
}

/* ---- text of others ---- */
/* The marks U+202A to 202E and 2066 to 2069 embed, override or isolate: a page that is compared
 * word by word shows that they are there instead of obeying them. 0: none; else its code point. */
static unsigned direction_control(const uint8_t *s, size_t n) {
    if (n < 3 || s[0] != 0xe2) return 0;
    if (s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) return 0x2000u + s[2] - 0x80u;
    if (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9) return 0x2040u + s[2] - 0x80u;
    return 0;
}
static const char *entity(uint8_t c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\n':
    case '\t':
        return " ";
    default:
        /* no node lets them in; no page lets them out */
        return c < 0x20 || c == 0x7f ? "&#65533;" : NULL;
    }
}
void print_text(struct print_html *h, struct rb_slice text) {
    for (size_t i = 0; i < text.n; i++) {
        const char *z = entity(text.p[i]);
        unsigned control = direction_control(text.p + i, text.n - i);
        if (z) {
            print_z(h, z);
        } else if (control) {
            print_f(h, "<span class=\"mark\" dir=\"ltr\">U+%04X</span>", control);
            i += 2;
        } else {
            put(h, text.p + i, 1);
        }
    }
}
void print_line_slice(struct print_html *h, struct rb_slice text) {
    print_z(h, "<bdi>");
    print_text(h, text);
    print_z(h, "</bdi>");
}
void print_line(struct print_html *h, const char *text) {
    print_line_slice(h, rb_str(text));
}
void print_ltr(struct print_html *h, const char *text) {
    print_z(h, "<bdi dir=\"ltr\">");
    print_text(h, rb_str(text));
    print_z(h, "</bdi>");
}
void print_paragraphs(struct print_html *h, const char *text) {
    while (*text) {
        size_t n = strcspn(text, "\n");
        if (n > 0) {
            print_z(h, "<p dir=\"auto\">");
            print_text(h, rb_slice(text, n));
            print_z(h, "</p>\n");
        }
        text += n + (text[n] == '\n');
    }
}
void print_groups(struct print_html *h, const char *digits, size_t n) {
    size_t k = 0;
    print_z(h, "<bdi dir=\"ltr\" class=\"digits\">");
    for (; *digits; digits++) {
        if (*digits == ' ') continue;
        if (k && k % n == 0) print_z(h, " ");
        print_text(h, rb_slice(digits, 1));
        k++;
    }
    print_z(h, "</bdi>");
}
