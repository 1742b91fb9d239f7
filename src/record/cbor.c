/* Deterministic CBOR, spec 3.1. The reader never gives what the writer would not write. */
#include <assert.h>

#include "readback/cbor.h"
#include "readback/text.h"

/* ---- heads -------------------------------------------------------------------------------- */

/* the argument that follows an initial byte, refused unless in its shortest form (spec 3.1.1) */
static enum rb_err get_arg(struct rb_reader *r, unsigned info, uint64_t *out) {
    uint8_t v8 = 0;
    uint16_t v16 = 0;
    uint32_t v32 = 0;
    uint64_t v64 = 0, least = 0;
    switch (info) {
    case 24:
        RB_TRY(rb_get_u8(r, &v8));
        v64 = v8, least = 24;
        break;
    case 25:
        RB_TRY(rb_get_u16(r, &v16));
        v64 = v16, least = 0x100;
        break;
    case 26:
        RB_TRY(rb_get_u32(r, &v32));
        v64 = v32, least = 0x10000;
        break;
    case 27:
        RB_TRY(rb_get_u64(r, &v64));
        least = 0x100000000u;
        break;
    default: /* 28..30 are reserved, 31 is an indefinite length */
        if (info > 27) return RB_ERR_MALFORMED;
        v64 = info;
    }
    if (v64 < least) return RB_ERR_MALFORMED;
    *out = v64;
    return RB_OK;
}

static enum rb_err get_simple(unsigned info, struct rb_cbor_head *out) {
    switch (info) {
    case 20:
    case 21:
        *out = (struct rb_cbor_head){RB_CBOR_BOOL, info - 20};
        return RB_OK;
    case 22:
        *out = (struct rb_cbor_head){RB_CBOR_NULL, 0};
        return RB_OK;
    default: /* floats, undefined, other simple values, break */
        return RB_ERR_MALFORMED;
    }
}

enum rb_err rb_cbor_get_head(struct rb_reader *r, struct rb_cbor_head *out) {
    static const enum rb_cbor_type types[7] = {RB_CBOR_UINT, RB_CBOR_NINT,  RB_CBOR_BYTES,
                                               RB_CBOR_TEXT, RB_CBOR_ARRAY, RB_CBOR_MAP,
                                               RB_CBOR_TAG};
    struct rb_reader s = *r;
    struct rb_cbor_head h = {RB_CBOR_NULL, 0};
    uint8_t first = 0;
    RB_TRY(rb_get_u8(&s, &first));
    unsigned major = first >> 5, info = first & 31u;
    if (major == 7) {
        RB_TRY(get_simple(info, &h));
    } else {
        h.type = types[major];
        RB_TRY(get_arg(&s, info, &h.arg));
    }
    *out = h;
    *r = s;
    return RB_OK;
}

enum rb_err rb_cbor_peek(const struct rb_reader *r, struct rb_cbor_head *out) {
    struct rb_reader s = *r;
    return rb_cbor_get_head(&s, out);
}

void rb_cbor_put_head(struct rb_writer *w, enum rb_cbor_type type, uint64_t arg) {
    static const uint8_t major[] = {
        [RB_CBOR_UINT] = 0x00, [RB_CBOR_NINT] = 0x20,  [RB_CBOR_BYTES] = 0x40,
        [RB_CBOR_TEXT] = 0x60, [RB_CBOR_ARRAY] = 0x80, [RB_CBOR_MAP] = 0xa0,
        [RB_CBOR_TAG] = 0xc0};
    if (type == RB_CBOR_BOOL || type == RB_CBOR_NULL) {
        rb_put_u8(w, type == RB_CBOR_NULL ? 0xf6 : arg ? 0xf5 : 0xf4);
        return;
    }
    uint8_t m = major[type];
    if (arg < 24) {
        rb_put_u8(w, (uint8_t)(m | arg));
    } else if (arg <= UINT8_MAX) {
        rb_put_u8(w, m | 24);
        rb_put_u8(w, (uint8_t)arg);
    } else if (arg <= UINT16_MAX) {
        rb_put_u8(w, m | 25);
        rb_put_u16(w, (uint16_t)arg);
    } else if (arg <= UINT32_MAX) {
        rb_put_u8(w, m | 26);
        rb_put_u32(w, (uint32_t)arg);
    } else {
        rb_put_u8(w, m | 27);
        rb_put_u64(w, arg);
    }
}

/* ---- scalars ------------------------------------------------------------------------------ */

/* the head, if it is of this type; the reader moves only then */
static enum rb_err get_typed(struct rb_reader *r, enum rb_cbor_type type, uint64_t *arg) {
    struct rb_reader s = *r;
    struct rb_cbor_head h;
    RB_TRY(rb_cbor_get_head(&s, &h));
    if (h.type != type) return RB_ERR_MALFORMED;
    *arg = h.arg;
    *r = s;
    return RB_OK;
}

enum rb_err rb_cbor_get_uint(struct rb_reader *r, uint64_t *out) {
    return get_typed(r, RB_CBOR_UINT, out);
}
void rb_cbor_put_uint(struct rb_writer *w, uint64_t v) {
    rb_cbor_put_head(w, RB_CBOR_UINT, v);
}

enum rb_err rb_cbor_get_int(struct rb_reader *r, int64_t *out) {
    struct rb_reader s = *r;
    struct rb_cbor_head h;
    RB_TRY(rb_cbor_get_head(&s, &h));
    if (h.type != RB_CBOR_UINT && h.type != RB_CBOR_NINT) return RB_ERR_MALFORMED;
    if (h.arg > INT64_MAX) return RB_ERR_MALFORMED;
    *out = h.type == RB_CBOR_UINT ? (int64_t)h.arg : -1 - (int64_t)h.arg;
    *r = s;
    return RB_OK;
}
void rb_cbor_put_int(struct rb_writer *w, int64_t v) {
    if (v < 0)
        rb_cbor_put_head(w, RB_CBOR_NINT, (uint64_t)(-1 - v));
    else
        rb_cbor_put_head(w, RB_CBOR_UINT, (uint64_t)v);
}

enum rb_err rb_cbor_get_bool(struct rb_reader *r, bool *out) {
    uint64_t v;
    RB_TRY(get_typed(r, RB_CBOR_BOOL, &v));
    *out = v != 0;
    return RB_OK;
}
void rb_cbor_put_bool(struct rb_writer *w, bool v) {
    rb_cbor_put_head(w, RB_CBOR_BOOL, v);
}

enum rb_err rb_cbor_get_null(struct rb_reader *r) {
    uint64_t v;
    return get_typed(r, RB_CBOR_NULL, &v);
}
void rb_cbor_put_null(struct rb_writer *w) {
    rb_cbor_put_head(w, RB_CBOR_NULL, 0);
}

/* ---- strings and containers ----------------------------------------------------------------- */

static enum rb_err get_string(struct rb_reader *r, enum rb_cbor_type type, struct rb_slice *out) {
    struct rb_reader s = *r;
    uint64_t n;
    struct rb_slice v;
    RB_TRY(get_typed(&s, type, &n));
    if (n > rb_left(&s)) return RB_ERR_MALFORMED;
    RB_TRY(rb_get_view(&s, (size_t)n, &v));
    if (type == RB_CBOR_TEXT && !rb_utf8_ok(v)) return RB_ERR_MALFORMED;
    *out = v;
    *r = s;
    return RB_OK;
}

enum rb_err rb_cbor_get_bytes(struct rb_reader *r, struct rb_slice *out) {
    return get_string(r, RB_CBOR_BYTES, out);
}
void rb_cbor_put_bytes(struct rb_writer *w, struct rb_slice v) {
    rb_cbor_put_head(w, RB_CBOR_BYTES, v.n);
    rb_put_slice(w, v);
}

enum rb_err rb_cbor_get_text(struct rb_reader *r, struct rb_slice *out) {
    return get_string(r, RB_CBOR_TEXT, out);
}
void rb_cbor_put_text(struct rb_writer *w, struct rb_slice v) {
    rb_cbor_put_head(w, RB_CBOR_TEXT, v.n);
    rb_put_slice(w, v);
}

/* a count that the bytes left could hold at all, then one that we take */
static enum rb_err get_count(struct rb_reader *r, enum rb_cbor_type type, size_t max, size_t *n) {
    struct rb_reader s = *r;
    uint64_t count;
    RB_TRY(get_typed(&s, type, &count));
    if (count > rb_left(&s) / (type == RB_CBOR_MAP ? 2 : 1)) return RB_ERR_MALFORMED;
    if (count > max) return RB_ERR_LIMIT;
    *n = (size_t)count;
    *r = s;
    return RB_OK;
}

enum rb_err rb_cbor_get_array(struct rb_reader *r, size_t max, size_t *n) {
    return get_count(r, RB_CBOR_ARRAY, max, n);
}
void rb_cbor_put_array(struct rb_writer *w, size_t n) {
    rb_cbor_put_head(w, RB_CBOR_ARRAY, n);
}

enum rb_err rb_cbor_get_map(struct rb_reader *r, size_t max, size_t *n) {
    return get_count(r, RB_CBOR_MAP, max, n);
}
void rb_cbor_put_map(struct rb_writer *w, size_t n) {
    rb_cbor_put_head(w, RB_CBOR_MAP, n);
}

/* ---- whole items ---------------------------------------------------------------------------- */

static enum rb_err walk(struct rb_reader *r, unsigned depth, struct rb_reject *rj);

static enum rb_err walk_map(struct rb_reader *r, size_t n, unsigned depth, struct rb_reject *rj) {
    struct rb_slice last = {NULL, 0};
    for (size_t i = 0; i < n; i++) {
        size_t at = r->at;
        RB_TRY(walk(r, depth, rj));
        struct rb_slice key = rb_slice(r->p + at, r->at - at);
        if (i > 0 && rb_slice_cmp(last, key) >= 0)
            return rb_reject(rj, RB_ERR_MALFORMED, "3.1.3", "map keys not ascending", at);
        last = key;
        RB_TRY(walk(r, depth, rj));
    }
    return RB_OK;
}

static enum rb_err walk_array(struct rb_reader *r, size_t n, unsigned depth, struct rb_reject *rj) {
    for (size_t i = 0; i < n; i++)
        RB_TRY(walk(r, depth, rj));
    return RB_OK;
}

/* why a head could not be read, for the report only */
static enum rb_err refuse_head(const struct rb_reader *r, struct rb_reject *rj) {
    if (rb_left(r) == 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.1.6", "the bytes end early", r->at);
    if (r->p[r->at] >> 5 == 7)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.1.2", "float or simple value", r->at);
    return rb_reject(rj, RB_ERR_MALFORMED, "3.1.1", "not the shortest form, or cut off", r->at);
}

static enum rb_err walk_string(struct rb_reader *r, enum rb_cbor_type type, struct rb_reject *rj) {
    struct rb_slice v;
    if (get_string(r, type, &v) == RB_OK) return RB_OK;
    return rb_reject(rj, RB_ERR_MALFORMED, type == RB_CBOR_TEXT ? "3.1.4" : "3.1.6",
                     "string cut off or not UTF-8", r->at);
}

/* depth: containers that may still open below here */
static enum rb_err walk(struct rb_reader *r, unsigned depth, struct rb_reject *rj) {
    struct rb_cbor_head h;
    size_t at = r->at, n = 0;
    if (rb_cbor_peek(r, &h) != RB_OK) return refuse_head(r, rj);
    switch (h.type) {
    case RB_CBOR_UINT:
    case RB_CBOR_NINT:
    case RB_CBOR_BOOL:
    case RB_CBOR_NULL:
        return rb_cbor_get_head(r, &h);
    case RB_CBOR_BYTES:
    case RB_CBOR_TEXT:
        return walk_string(r, h.type, rj);
    case RB_CBOR_TAG:
        return rb_reject(rj, RB_ERR_MALFORMED, "3.1.2", "tag", at);
    case RB_CBOR_ARRAY:
    case RB_CBOR_MAP:
        break;
    }
    if (depth == 0) return rb_reject(rj, RB_ERR_MALFORMED, "3.1.5", "nested too deeply", at);
    if (get_count(r, h.type, SIZE_MAX, &n) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.1.6", "more elements than bytes", at);
    return h.type == RB_CBOR_MAP ? walk_map(r, n, depth - 1, rj) : walk_array(r, n, depth - 1, rj);
}

enum rb_err rb_cbor_skip(struct rb_reader *r, struct rb_slice *out) {
    struct rb_reader s = *r;
    RB_TRY(walk(&s, RB_MAX_CBOR_DEPTH, NULL));
    if (out) *out = rb_slice(r->p + r->at, s.at - r->at);
    *r = s;
    return RB_OK;
}

enum rb_err rb_cbor_check(struct rb_slice in, struct rb_reject *rj) {
    struct rb_reader r = rb_reader(in);
    RB_TRY(walk(&r, RB_MAX_CBOR_DEPTH, rj));
    if (rb_left(&r) > 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.1.7", "bytes after the end", r.at);
    return RB_OK;
}

enum rb_err rb_cbor_find(struct rb_slice map, uint64_t key, struct rb_reader *r) {
    struct rb_reader s = rb_reader(map);
    size_t n = 0;
    RB_TRY(rb_cbor_get_map(&s, SIZE_MAX, &n));
    for (size_t i = 0; i < n; i++) {
        uint64_t k = 0;
        RB_TRY(rb_cbor_get_uint(&s, &k));
        if (k == key) {
            *r = s;
            return RB_OK;
        }
        if (k > key) break;
        RB_TRY(rb_cbor_skip(&s, NULL));
    }
    return RB_ERR_NOT_FOUND;
}
