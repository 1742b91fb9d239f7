#include "http.h"
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define FIRST_ROOM 65536u

/* room for more output, never beyond max; the caller checks that n < max */
static enum rb_err grow(uint8_t **p, size_t *cap, size_t n, size_t max) {
    if (n < *cap) return RB_OK;
    size_t want = *cap == 0 ? FIRST_ROOM : *cap * 2;
    if (want > max) want = max;
    uint8_t *q = realloc(*p, want);
    if (q == NULL) return RB_ERR_BUSY;
    *p = q;
    *cap = want;
    return RB_OK;
}

static enum rb_err inflate_all(z_stream *z, size_t max, uint8_t **p, size_t *n,
                               struct rb_reject *rj) {
    size_t cap = 0;
    for (;;) {
        if (*n == max && max != 0) { /* full: only an end without further output is fine */
            uint8_t one;
            z->next_out = &one;
            z->avail_out = 1;
            int rc = inflate(z, Z_NO_FLUSH);
            z->next_out = NULL;
            if (rc == Z_STREAM_END && z->avail_out == 1) return RB_OK;
            return rb_reject(rj, RB_ERR_LIMIT, "7.3.7", "the unpacked body is too large",
                             z->total_in);
        }
        if (grow(p, &cap, *n, max) != RB_OK)
            return rb_reject(rj, RB_ERR_BUSY, "7.3.7", "no memory to unpack", z->total_in);
        z->next_out = *p + *n;
        z->avail_out = (uInt)(cap - *n);
        int rc = inflate(z, Z_NO_FLUSH);
        *n = cap - z->avail_out;
        if (rc == Z_STREAM_END) return RB_OK;
        if (rc != Z_OK || (z->avail_in == 0 && z->avail_out != 0))
            return rb_reject(rj, RB_ERR_MALFORMED, "7.3.7", "the gzip bytes are damaged or cut",
                             z->total_in);
    }
}

enum rb_err rb_gunzip(struct rb_slice in, size_t max, uint8_t **out, size_t *out_n,
                      struct rb_reject *rj) {
    z_stream z = {0};
    uint8_t *p = NULL;
    size_t n = 0;
    if (in.n > UINT_MAX || max > UINT_MAX || max == 0)
        return rb_reject(rj, RB_ERR_LIMIT, "7.3.7", "the body is too large", 0);
    if (inflateInit2(&z, 15 + 16) != Z_OK) /* 16: a gzip wrapper, nothing else */
        return rb_reject(rj, RB_ERR_BUSY, "7.3.7", "no memory to unpack", 0);
    z.next_in = (z_const Bytef *)(uintptr_t)in.p; /* zlib only reads there */
    z.avail_in = (uInt)in.n;
    enum rb_err err = inflate_all(&z, max, &p, &n, rj);
    if (err == RB_OK && z.avail_in != 0)
        err = rb_reject(rj, RB_ERR_MALFORMED, "7.3.7", "bytes behind the gzip member", z.total_in);
    inflateEnd(&z);
    if (err != RB_OK) {
        free(p);
        return err;
    }
    *out = p;
    *out_n = n;
    return RB_OK;
}
