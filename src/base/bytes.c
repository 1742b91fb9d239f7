/* Slices, readers and writers. The cursor knows its end, so no caller ever compares pointers. */
#include "readback/bytes.h"
#include <assert.h>

int rb_slice_cmp(struct rb_slice a, struct rb_slice b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n == 0 ? 0 : memcmp(a.p, b.p, n);
    if (c != 0) return c;
    return a.n < b.n ? -1 : a.n > b.n;
}

size_t rb_slice_find(struct rb_slice a, size_t from, uint8_t c) {
    if (from >= a.n) return a.n;
    const uint8_t *hit = memchr(a.p + from, c, a.n - from);
    return hit == NULL ? a.n : (size_t)(hit - a.p);
}

bool rb_slice_starts(struct rb_slice a, const char *z) {
    size_t n = strlen(z);
    return a.n >= n && (n == 0 || memcmp(a.p, z, n) == 0);
}

struct rb_slice rb_slice_sub(struct rb_slice a, size_t from, size_t to) {
    if (to > a.n) to = a.n;
    if (from > to) from = to;
    return a.p == NULL ? a : rb_slice(a.p + from, to - from);
}

/* ---- reader ------------------------------------------------------------------------------- */

static enum rb_err get_be(struct rb_reader *r, size_t n, uint64_t *out) {
    uint64_t v = 0;
    if (rb_left(r) < n) return RB_ERR_MALFORMED;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | r->p[r->at + i];
    r->at += n;
    *out = v;
    return RB_OK;
}

enum rb_err rb_get_u8(struct rb_reader *r, uint8_t *out) {
    uint64_t v;
    RB_TRY(get_be(r, 1, &v));
    *out = (uint8_t)v;
    return RB_OK;
}

enum rb_err rb_get_u16(struct rb_reader *r, uint16_t *out) {
    uint64_t v;
    RB_TRY(get_be(r, 2, &v));
    *out = (uint16_t)v;
    return RB_OK;
}

enum rb_err rb_get_u32(struct rb_reader *r, uint32_t *out) {
    uint64_t v;
    RB_TRY(get_be(r, 4, &v));
    *out = (uint32_t)v;
    return RB_OK;
}

enum rb_err rb_get_u64(struct rb_reader *r, uint64_t *out) {
    return get_be(r, 8, out);
}

enum rb_err rb_get_view(struct rb_reader *r, size_t n, struct rb_slice *out) {
    if (rb_left(r) < n) return RB_ERR_MALFORMED;
    *out = n == 0 ? rb_slice(NULL, 0) : rb_slice(r->p + r->at, n);
    r->at += n;
    return RB_OK;
}

enum rb_err rb_get_copy(struct rb_reader *r, void *out, size_t n) {
    struct rb_slice s;
    RB_TRY(rb_get_view(r, n, &s));
    if (n > 0) memcpy(out, s.p, n);
    return RB_OK;
}

enum rb_err rb_get_line(struct rb_reader *r, struct rb_slice *out) {
    size_t end = rb_slice_find(rb_slice(r->p, r->n), r->at, '\n');
    if (end == r->n) return RB_ERR_MALFORMED;
    *out = rb_slice(r->p + r->at, end - r->at);
    r->at = end + 1;
    return RB_OK;
}

enum rb_err rb_get_end(const struct rb_reader *r) {
    return r->at == r->n ? RB_OK : RB_ERR_MALFORMED;
}

/* ---- writer ------------------------------------------------------------------------------- */

void rb_put(struct rb_writer *w, const void *p, size_t n) {
    assert(w->n <= w->cap);
    if (w->over || n == 0) return;
    size_t room = w->cap - w->n;
    if (n > room) {
        w->over = true;
        n = room;
    }
    if (n > 0) memcpy(w->p + w->n, p, n);
    w->n += n;
}

static void put_be(struct rb_writer *w, uint64_t v, size_t n) {
    uint8_t b[8];
    for (size_t i = n; i-- > 0; v >>= 8)
        b[i] = (uint8_t)v;
    rb_put(w, b, n);
}

void rb_put_u8(struct rb_writer *w, uint8_t v) {
    rb_put(w, &v, 1);
}
void rb_put_u16(struct rb_writer *w, uint16_t v) {
    put_be(w, v, 2);
}
void rb_put_u32(struct rb_writer *w, uint32_t v) {
    put_be(w, v, 4);
}
void rb_put_u64(struct rb_writer *w, uint64_t v) {
    put_be(w, v, 8);
}
void rb_put_slice(struct rb_writer *w, struct rb_slice s) {
    rb_put(w, s.p, s.n);
}
void rb_put_z(struct rb_writer *w, const char *z) {
    rb_put(w, z, strlen(z));
}

void rb_put_dec(struct rb_writer *w, uint64_t v) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    rb_put(w, digits + at, sizeof digits - at);
}

void rb_put_hex(struct rb_writer *w, const void *p, size_t n) {
    static const char digit[] = "0123456789abcdef";
    const uint8_t *b = p;
    for (size_t i = 0; i < n; i++) {
        char two[2] = {digit[b[i] >> 4], digit[b[i] & 15]};
        rb_put(w, two, 2);
    }
}

void rb_put_base64(struct rb_writer *w, const void *p, size_t n) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *b = p;
    for (size_t i = 0; i < n; i += 3) {
        size_t have = n - i < 3 ? n - i : 3;
        uint32_t v = (uint32_t)b[i] << 16;
        if (have > 1) v |= (uint32_t)b[i + 1] << 8;
        if (have > 2) v |= b[i + 2];
        char four[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63], '=', '='};
        if (have > 1) four[2] = alphabet[v >> 6 & 63];
        if (have > 2) four[3] = alphabet[v & 63];
        rb_put(w, four, 4);
    }
}

enum rb_err rb_writer_done(const struct rb_writer *w, struct rb_slice *out) {
    if (w->over) return RB_ERR_LIMIT;
    *out = rb_written(w);
    return RB_OK;
}

const char *rb_writer_z(struct rb_writer *w) {
    if (w->cap == 0) return "";
    if (w->n == w->cap) {
        /* a person reads this: never leave half a UTF-8 character at the cut */
        w->n--;
        while (w->n > 0 && (w->p[w->n] & 0xc0) == 0x80)
            w->n--;
        w->over = true;
    }
    w->p[w->n] = 0;
    return (const char *)w->p;
}
