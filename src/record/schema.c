/* The grammar checker, spec 3.5. A table is walked beside the bytes; nothing is copied. */
#include "form.h"
#include "readback/text.h"

#define REFUSE(clause, at) rb_reject(rj, RB_ERR_MALFORMED, clause, f->name, at)

static enum rb_err check_map(const struct rb_schema *s, struct rb_reader *r, struct rb_reject *rj);
static enum rb_err check_tuple(const struct rb_schema *s, struct rb_reader *r,
                               struct rb_reject *rj);

/* an optional value that absence already says (0, false, empty) has two encodings: refused */
static bool must_be_more(const struct rb_field *f) {
    return !(f->flags & RB_FIELD_REQUIRED) && !(f->flags & RB_FIELD_ARRAY);
}

/* ---- values --------------------------------------------------------------------------------- */

static enum rb_err check_uint(const struct rb_field *f, struct rb_reader *r, uint64_t *v,
                              struct rb_reject *rj) {
    size_t at = r->at;
    uint64_t most = f->max ? f->max : UINT64_MAX;
    if (rb_cbor_get_uint(r, v) != RB_OK) return REFUSE("3.5.3", at);
    if (f->type == RB_F_TIME) most = RB_TIME_MAX;
    if (f->type == RB_F_SPAN && !f->max) most = RB_SPAN_MAX;
    if (f->type == RB_F_MEMBER) most = RB_MAX_MEMBERS - 1;
    if (*v > most) return REFUSE("3.5.4", at);
    if (f->type == RB_F_ENUM && rb_enum_text(f->names, *v)[0] == '?') return REFUSE("3.5.4", at);
    if (*v == 0 && f->type != RB_F_MEMBER && must_be_more(f)) return REFUSE("3.5.6", at);
    return RB_OK;
}

static enum rb_err check_int(const struct rb_field *f, struct rb_reader *r, struct rb_reject *rj) {
    size_t at = r->at;
    int64_t v = 0, most = INT64_MAX;
    if (rb_cbor_get_int(r, &v) != RB_OK) return REFUSE("3.5.3", at);
    if (f->type == RB_F_DEG) most = 180 * INT64_C(1000000000);
    if (f->type == RB_F_MM) most = RB_MM_MAX;
    if (v > most || v < -most) return REFUSE("3.5.4", at);
    return RB_OK;
}

static enum rb_err check_bool(const struct rb_field *f, struct rb_reader *r, struct rb_reject *rj) {
    size_t at = r->at;
    bool v = false;
    if (rb_cbor_get_bool(r, &v) != RB_OK) return REFUSE("3.5.3", at);
    return !v && must_be_more(f) ? REFUSE("3.5.6", at) : RB_OK;
}

static enum rb_err check_length(const struct rb_field *f, size_t n, size_t at,
                                struct rb_reject *rj) {
    if (n == 0 && (must_be_more(f) || (f->flags & RB_FIELD_NONEMPTY))) return REFUSE("3.5.6", at);
    if (f->max && n > f->max) return rb_reject(rj, RB_ERR_LIMIT, "3.5.4", f->name, at);
    return RB_OK;
}

static enum rb_err check_text(const struct rb_field *f, struct rb_reader *r, struct rb_reject *rj) {
    size_t at = r->at;
    struct rb_slice v = {NULL, 0};
    if (rb_cbor_get_text(r, &v) != RB_OK) return REFUSE("3.5.3", at);
    if (f->type == RB_F_NAME ? !rb_name_ok(v) : !rb_text_ok(v)) return REFUSE("3.5.5", at);
    return check_length(f, v.n, at, rj);
}

static enum rb_err check_bytes(const struct rb_field *f, struct rb_reader *r,
                               struct rb_reject *rj) {
    size_t at = r->at;
    struct rb_slice v = {NULL, 0};
    if (rb_cbor_get_bytes(r, &v) != RB_OK) return REFUSE("3.5.3", at);
    if (f->type == RB_F_BYTES) return check_length(f, v.n, at, rj);
    if (v.n != (f->type == RB_F_SIG ? RB_SIG_LEN : RB_HASH_LEN)) return REFUSE("3.5.4", at);
    return RB_OK;
}

/* one value; *v is set for those that can be SORTED */
static enum rb_err check_value(const struct rb_field *f, struct rb_reader *r, uint64_t *v,
                               struct rb_reject *rj) {
    switch (f->type) {
    case RB_F_UINT:
    case RB_F_TIME:
    case RB_F_SPAN:
    case RB_F_ENUM:
    case RB_F_MEMBER:
        return check_uint(f, r, v, rj);
    case RB_F_INT:
    case RB_F_DEG:
    case RB_F_MM:
        return check_int(f, r, rj);
    case RB_F_BOOL:
        return check_bool(f, r, rj);
    case RB_F_NAME:
    case RB_F_TEXT:
        return check_text(f, r, rj);
    case RB_F_NULL_OR_HASH:
        if (rb_cbor_get_null(r) == RB_OK) return RB_OK;
        return check_bytes(f, r, rj);
    case RB_F_BYTES:
    case RB_F_HASH:
    case RB_F_KEY:
    case RB_F_SIG:
        return check_bytes(f, r, rj);
    case RB_F_MAP:
        return check_map(f->sub, r, rj);
    case RB_F_TUPLE:
        return check_tuple(f->sub, r, rj);
    }
    return rb_reject(rj, RB_ERR_INTERNAL, "3.5.3", f->name, r->at);
}

/* ---- arrays, tuples, maps ---------------------------------------------------------------------
 */

static enum rb_err check_array(const struct rb_field *f, struct rb_reader *r,
                               struct rb_reject *rj) {
    uint64_t last = 0, v = 0;
    size_t at = r->at, n = 0;
    enum rb_err e = rb_cbor_get_array(r, f->max_n, &n);
    if (e == RB_ERR_LIMIT) return rb_reject(rj, e, "3.5.7", f->name, at);
    if (e != RB_OK) return REFUSE("3.5.3", at);
    if (n == 0 && (!(f->flags & RB_FIELD_REQUIRED) || (f->flags & RB_FIELD_NONEMPTY)))
        return REFUSE("3.5.6", at);
    for (size_t i = 0; i < n; i++, last = v) {
        at = r->at;
        RB_TRY(check_value(f, r, &v, rj));
        if ((f->flags & RB_FIELD_SORTED) && i > 0 && v <= last) return REFUSE("3.5.7", at);
    }
    return RB_OK;
}

static enum rb_err check_field(const struct rb_field *f, struct rb_reader *r,
                               struct rb_reject *rj) {
    uint64_t v = 0;
    return f->flags & RB_FIELD_ARRAY ? check_array(f, r, rj) : check_value(f, r, &v, rj);
}

static enum rb_err check_tuple(const struct rb_schema *s, struct rb_reader *r,
                               struct rb_reject *rj) {
    size_t at = r->at, n = 0;
    if (rb_cbor_get_array(r, s->n, &n) != RB_OK || n != s->n)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.5.3", s->name, at);
    for (size_t i = 0; i < s->n; i++) {
        const struct rb_field *f = &s->fields[i];
        if (!(f->flags & RB_FIELD_REQUIRED) && rb_cbor_get_null(r) == RB_OK) continue;
        RB_TRY(check_field(f, r, rj));
    }
    return RB_OK;
}

static enum rb_err check_map(const struct rb_schema *s, struct rb_reader *r, struct rb_reject *rj) {
    size_t at = r->at, n = 0;
    enum rb_err e = rb_cbor_get_map(r, SIZE_MAX, &n);
    if (e != RB_OK) return rb_reject(rj, e, "3.5.3", s->name, at);
    for (size_t i = 0; i < s->n; i++) {
        const struct rb_field *f = &s->fields[i];
        struct rb_reader key = *r;
        uint64_t k = 0;
        if (n == 0 || rb_cbor_get_uint(&key, &k) != RB_OK || k != f->key) {
            if (f->flags & RB_FIELD_REQUIRED) return REFUSE("3.5.2", r->at);
            continue;
        }
        *r = key;
        RB_TRY(check_field(f, r, rj));
        n--;
    }
    if (n > 0) return rb_reject(rj, RB_ERR_MALFORMED, "3.5.1", "unknown key", r->at);
    return RB_OK;
}

enum rb_err rb_schema_check(const struct rb_schema *s, struct rb_slice in, struct rb_reject *rj) {
    struct rb_reader r = rb_reader(in);
    RB_TRY(check_map(s, &r, rj));
    if (rb_get_end(&r) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.1.7", "bytes after the end", r.at);
    return RB_OK;
}
