/* Bytes: a slice borrows, a reader knows its end, a writer knows its room. Big-endian. */
#ifndef READBACK_BYTES_H
#define READBACK_BYTES_H
#include <stdbool.h>
#include <string.h>
#include "readback/err.h"

/* Borrowed bytes; p may be NULL only if n is 0. */
struct rb_slice {
    const uint8_t *p;
    size_t n;
};
static inline struct rb_slice rb_slice(const void *p, size_t n) {
    struct rb_slice s = {(const uint8_t *)p, n};
    return s;
}
static inline struct rb_slice rb_str(const char *z) { return rb_slice(z, strlen(z)); }
static inline bool rb_slice_eq(struct rb_slice a, struct rb_slice b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
/* <0, 0, >0 by bytes, then by length */
int rb_slice_cmp(struct rb_slice a, struct rb_slice b);
static inline bool rb_slice_is(struct rb_slice a, const char *z) { return rb_slice_eq(a, rb_str(z)); }
/* first occurrence of c at or after from; a.n if none */
size_t rb_slice_find(struct rb_slice a, size_t from, uint8_t c);
bool rb_slice_starts(struct rb_slice a, const char *z);
/* a[from, to) ; from and to are clamped to a */
struct rb_slice rb_slice_sub(struct rb_slice a, size_t from, size_t to);

/* Reader: RB_ERR_MALFORMED where the bytes end early; nothing consumed then. */
struct rb_reader {
    const uint8_t *p;
    size_t n, at;
};
static inline struct rb_reader rb_reader(struct rb_slice s) {
    struct rb_reader r = {s.p, s.n, 0};
    return r;
}
static inline size_t rb_left(const struct rb_reader *r) { return r->n - r->at; }
enum rb_err rb_get_u8(struct rb_reader *r, uint8_t *out) RB_MUST_USE;
enum rb_err rb_get_u16(struct rb_reader *r, uint16_t *out) RB_MUST_USE;
enum rb_err rb_get_u32(struct rb_reader *r, uint32_t *out) RB_MUST_USE;
enum rb_err rb_get_u64(struct rb_reader *r, uint64_t *out) RB_MUST_USE;
enum rb_err rb_get_view(struct rb_reader *r, size_t n, struct rb_slice *out) RB_MUST_USE; /* borrows */
enum rb_err rb_get_copy(struct rb_reader *r, void *out, size_t n) RB_MUST_USE;
/* a line without its '\n'; malformed if there is no '\n' */
enum rb_err rb_get_line(struct rb_reader *r, struct rb_slice *out) RB_MUST_USE;
enum rb_err rb_get_end(const struct rb_reader *r) RB_MUST_USE; /* malformed if bytes are left */

/* Writer into a fixed buffer. Too little room sets `over` and drops the rest; check once at the
 * end with rb_writer_done. */
struct rb_writer {
    uint8_t *p;
    size_t cap, n;
    bool over;
};
static inline struct rb_writer rb_writer(void *p, size_t cap) {
    struct rb_writer w = {(uint8_t *)p, cap, 0, false};
    return w;
}
void rb_put_u8(struct rb_writer *w, uint8_t v);
void rb_put_u16(struct rb_writer *w, uint16_t v);
void rb_put_u32(struct rb_writer *w, uint32_t v);
void rb_put_u64(struct rb_writer *w, uint64_t v);
void rb_put(struct rb_writer *w, const void *p, size_t n);
void rb_put_slice(struct rb_writer *w, struct rb_slice s);
void rb_put_z(struct rb_writer *w, const char *z);
void rb_put_dec(struct rb_writer *w, uint64_t v); /* decimal, no leading zero */
void rb_put_hex(struct rb_writer *w, const void *p, size_t n);
void rb_put_base64(struct rb_writer *w, const void *p, size_t n);
static inline struct rb_slice rb_written(const struct rb_writer *w) { return rb_slice(w->p, w->n); }
/* RB_ERR_LIMIT if anything did not fit */
enum rb_err rb_writer_done(const struct rb_writer *w, struct rb_slice *out) RB_MUST_USE;
/* ends the text with a NUL inside the buffer (not counted in n) and returns it as a C string;
 * the text is cut if there is no room for the NUL */
const char *rb_writer_z(struct rb_writer *w);
#endif
