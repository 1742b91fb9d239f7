/* Deterministic CBOR, spec 3.1. The reader never gives what the writer would not write. */
#include <assert.h>

#include "readback/cbor.h"
#include "readback/text.h"

/* ---- heads -------------------------------------------------------------------------------- */

_Static_assert(RB_CBOR_UINT == 0 && RB_CBOR_TAG == 6, "types are numbered as major types are");

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

/* more than one byte, or no number */
static enum rb_err get_long_head(struct rb_reader *r, struct rb_cbor_head *out) {
    struct rb_reader s = {r->p, r->n, r->at + 1};
    struct rb_cbor_head h = {RB_CBOR_NULL, 0};
    const unsigned major = r->p[r->at] >> 5, info = r->p[r->at] & 31u;
    if (major == 7) {
        RB_TRY(get_simple(info, &h));
    } else {
        h.type = (enum rb_cbor_type)major;
        RB_TRY(get_arg(&s, info, &h.arg));
    }
    *out = h;
    *r = s;
    return RB_OK;
}

/* Most heads are a byte. Each item of a record is read several times over, on its way in and at
 * every start, so that one is read here. */
static inline enum rb_err get_head(struct rb_reader *r, struct rb_cbor_head *out) {
    if (r->at >= r->n) return RB_ERR_MALFORMED;
    const unsigned first = r->p[r->at], info = first & 31u;
    if (info >= 24 || first >= 0xe0) return get_long_head(r, out);
    *out = (struct rb_cbor_head){(enum rb_cbor_type)(first >> 5), info};
    r->at++;
    return RB_OK;
}

enum rb_err rb_cbor_get_head(struct rb_reader *r, struct rb_cbor_head *out) {
    return get_head(r, out);
}

enum rb_err rb_cbor_peek(const struct rb_reader *r, struct rb_cbor_head *out) {
    struct rb_reader s = *r;
    return get_head(&s, out);
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
static inline enum rb_err get_typed(struct rb_reader *r, enum rb_cbor_type type, uint64_t *arg) {
    struct rb_reader s = *r;
    struct rb_cbor_head h;
    RB_TRY(get_head(&s, &h));
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
    RB_TRY(get_head(&s, &h));
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

/* the bytes behind its head */
static enum rb_err get_string_rest(struct rb_reader *r, const struct rb_cbor_head *h,
                                   struct rb_slice *out) {
    struct rb_slice v;
    if (h->arg > rb_left(r)) return RB_ERR_MALFORMED;
    RB_TRY(rb_get_view(r, (size_t)h->arg, &v));
    if (h->type == RB_CBOR_TEXT && !rb_utf8_ok(v)) return RB_ERR_MALFORMED;
    *out = v;
    return RB_OK;
}

static enum rb_err get_string(struct rb_reader *r, enum rb_cbor_type type, struct rb_slice *out) {
    struct rb_reader s = *r;
    struct rb_cbor_head h = {type, 0};
    RB_TRY(get_typed(&s, type, &h.arg));
    RB_TRY(get_string_rest(&s, &h, out));
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

/* a count that the bytes left could hold at all */
static bool count_fits(const struct rb_reader *r, enum rb_cbor_type type, uint64_t count) {
    return count <= rb_left(r) / (type == RB_CBOR_MAP ? 2 : 1);
}

/* and one that we take */
static enum rb_err get_count(struct rb_reader *r, enum rb_cbor_type type, size_t max, size_t *n) {
    struct rb_reader s = *r;
    uint64_t count;
    RB_TRY(get_typed(&s, type, &count));
    if (!count_fits(&s, type, count)) return RB_ERR_MALFORMED;
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

/* depth: containers that may still open below here */
static enum rb_err walk(struct rb_reader *r, unsigned depth, struct rb_reject *rj) {
    struct rb_cbor_head h;
    struct rb_slice v;
    const size_t at = r->at;
    if (get_head(r, &h) != RB_OK) return refuse_head(r, rj);
    switch (h.type) {
    case RB_CBOR_UINT:
    case RB_CBOR_NINT:
    case RB_CBOR_BOOL:
    case RB_CBOR_NULL:
        return RB_OK;
    case RB_CBOR_BYTES:
    case RB_CBOR_TEXT:
        if (get_string_rest(r, &h, &v) == RB_OK) return RB_OK;
        return rb_reject(rj, RB_ERR_MALFORMED, h.type == RB_CBOR_TEXT ? "3.1.4" : "3.1.6",
                         "string cut off or not UTF-8", at);
    case RB_CBOR_TAG:
        return rb_reject(rj, RB_ERR_MALFORMED, "3.1.2", "tag", at);
    case RB_CBOR_ARRAY:
    case RB_CBOR_MAP:
        break;
    }
    if (depth == 0) return rb_reject(rj, RB_ERR_MALFORMED, "3.1.5", "nested too deeply", at);
    if (!count_fits(r, h.type, h.arg))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.1.6", "more elements than bytes", at);
    return h.type == RB_CBOR_MAP ? walk_map(r, (size_t)h.arg, depth - 1, rj)
                                 : walk_array(r, (size_t)h.arg, depth - 1, rj);
}

enum rb_err rb_cbor_skip(struct rb_reader *r, struct rb_slice *out) {
    struct rb_reader s = *r;
    RB_TRY(walk(&s, RB_MAX_CBOR_DEPTH, NULL));
    if (out) *out = rb_slice(r->p + r->at, s.at - r->at);
    *r = s;
    return RB_OK;
}

/* Each head says how many items or bytes follow it. */
enum rb_err rb_cbor_skip_checked(struct rb_reader *r, struct rb_slice *out) {
    struct rb_reader s = *r;
    struct rb_cbor_head h;
    for (uint64_t items = 1; items > 0; items--) {
        RB_TRY(get_head(&s, &h));
        if (h.type == RB_CBOR_BYTES || h.type == RB_CBOR_TEXT) {
            if (h.arg > rb_left(&s)) return RB_ERR_MALFORMED;
            s.at += (size_t)h.arg;
        } else if (h.type == RB_CBOR_ARRAY || h.type == RB_CBOR_MAP) {
            if (!count_fits(&s, h.type, h.arg)) return RB_ERR_MALFORMED;
            items += h.type == RB_CBOR_MAP ? 2 * h.arg : h.arg;
        } else if (h.type == RB_CBOR_TAG) {
            return RB_ERR_MALFORMED;
        }
    }
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
        RB_TRY(rb_cbor_skip_checked(&s, NULL));
    }
    return RB_ERR_NOT_FOUND;
}
