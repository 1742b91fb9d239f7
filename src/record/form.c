/* Maps with ascending unsigned keys, and values that occur in many places. */
#include <assert.h>

#include "form.h"
#include "readback/text.h"

/* ---- single values -------------------------------------------------------------------------- */

enum rb_err rb_form_get_time(struct rb_reader *r, int64_t *out) {
    struct rb_reader s = *r;
    uint64_t v = 0;
    RB_TRY(rb_cbor_get_uint(&s, &v));
    if (v > RB_TIME_MAX) return RB_ERR_MALFORMED;
    *out = (int64_t)v;
    *r = s;
    return RB_OK;
}

enum rb_err rb_form_get_member(struct rb_reader *r, uint16_t *out) {
    struct rb_reader s = *r;
    uint64_t v = 0;
    RB_TRY(rb_cbor_get_uint(&s, &v));
    if (v >= RB_MAX_MEMBERS) return RB_ERR_MALFORMED;
    *out = (uint16_t)v;
    *r = s;
    return RB_OK;
}

enum rb_err rb_form_get_members(struct rb_reader *r, uint64_t *out) {
    uint64_t members = 0;
    size_t n = 0;
    RB_TRY(rb_cbor_get_array(r, RB_MAX_MEMBERS, &n));
    for (size_t i = 0; i < n; i++) {
        uint16_t m = 0;
        RB_TRY(rb_form_get_member(r, &m));
        if (members >> m) return RB_ERR_MALFORMED; /* not ascending */
        members |= UINT64_C(1) << m;
    }
    *out = members;
    return RB_OK;
}

void rb_form_put_members(uint64_t members, struct rb_writer *w) {
    size_t n = 0;
    for (uint64_t m = members; m; m &= m - 1)
        n++;
    rb_cbor_put_array(w, n);
    for (unsigned i = 0; i < RB_MAX_MEMBERS; i++)
        if (members >> i & 1) rb_cbor_put_uint(w, i);
}

enum rb_err rb_form_get_name(struct rb_reader *r, size_t max, struct rb_slice *out) {
    struct rb_slice v;
    RB_TRY(rb_cbor_get_text(r, &v));
    if (v.n == 0 || !rb_name_ok(v)) return RB_ERR_MALFORMED;
    if (v.n > max) return RB_ERR_LIMIT;
    *out = v;
    return RB_OK;
}

enum rb_err rb_form_get_fixed(struct rb_reader *r, void *out, size_t n) {
    struct rb_slice v;
    RB_TRY(rb_cbor_get_bytes(r, &v));
    if (v.n != n) return RB_ERR_MALFORMED;
    memcpy(out, v.p, n);
    return RB_OK;
}

enum rb_err rb_form_get_u16(struct rb_reader *r, uint16_t *out) {
    uint64_t v = 0;
    RB_TRY(rb_cbor_get_uint(r, &v));
    if (v > UINT16_MAX) return RB_ERR_MALFORMED;
    *out = (uint16_t)v;
    return RB_OK;
}

enum rb_err rb_form_get_opt_uint(struct rb_reader *r, uint64_t *out) {
    if (rb_cbor_get_null(r) == RB_OK) return RB_OK;
    return rb_cbor_get_uint(r, out);
}

void rb_form_put_opt_uint(struct rb_writer *w, uint64_t v) {
    if (v == 0)
        rb_cbor_put_null(w);
    else
        rb_cbor_put_uint(w, v);
}

static bool is_lower(uint8_t c) {
    return c >= 'a' && c <= 'z';
}

bool rb_form_language_ok(struct rb_slice s) {
    size_t from = 0;
    if (s.n == 0 || s.n > RB_LANGUAGE_MAX) return false;
    for (bool first = true; from <= s.n; first = false) {
        size_t to = rb_slice_find(s, from, '-'), n = to - from;
        if (n < (first ? 2u : 1u) || n > 8) return false;
        for (size_t i = from; i < to; i++)
            if (!is_lower(s.p[i]) && (first || s.p[i] < '0' || s.p[i] > '9')) return false;
        from = to + 1;
    }
    return true;
}

enum rb_err rb_form_shift(enum rb_err e, struct rb_reject *rj, struct rb_slice outer,
                          struct rb_slice inner) {
    if (e != RB_OK && rj) rj->offset += (uint64_t)(inner.p - outer.p);
    return e;
}

const char *rb_enum_text(const struct rb_enum_name *names, uint64_t value) {
    for (; names->name; names++)
        if (names->value == value) return names->name;
    return "?";
}

/* ---- reading a map -------------------------------------------------------------------------- */

enum rb_err rb_mapr_open(struct rb_mapr *m, struct rb_slice map) {
    m->r = rb_reader(map);
    return rb_cbor_get_map(&m->r, SIZE_MAX, &m->left);
}

enum rb_err rb_mapr_open_at(struct rb_mapr *m, struct rb_reader *r) {
    struct rb_slice item;
    RB_TRY(rb_cbor_skip_checked(r, &item));
    return rb_mapr_open(m, item);
}

bool rb_mapr_at(struct rb_mapr *m, uint64_t key) {
    struct rb_reader s = m->r;
    uint64_t k = 0;
    if (m->left == 0 || rb_cbor_get_uint(&s, &k) != RB_OK || k != key) return false;
    m->r = s;
    m->left--;
    return true;
}

enum rb_err rb_mapr_uint(struct rb_mapr *m, uint64_t key, uint64_t *out) {
    return rb_mapr_at(m, key) ? rb_cbor_get_uint(&m->r, out) : RB_OK;
}

enum rb_err rb_mapr_u32(struct rb_mapr *m, uint64_t key, uint32_t *out) {
    uint64_t v = *out;
    RB_TRY(rb_mapr_uint(m, key, &v));
    if (v > UINT32_MAX) return RB_ERR_MALFORMED;
    *out = (uint32_t)v;
    return RB_OK;
}

enum rb_err rb_mapr_u16(struct rb_mapr *m, uint64_t key, uint16_t *out) {
    uint64_t v = *out;
    RB_TRY(rb_mapr_uint(m, key, &v));
    if (v > UINT16_MAX) return RB_ERR_MALFORMED;
    *out = (uint16_t)v;
    return RB_OK;
}

enum rb_err rb_mapr_time(struct rb_mapr *m, uint64_t key, int64_t *out) {
    return rb_mapr_at(m, key) ? rb_form_get_time(&m->r, out) : RB_OK;
}

enum rb_err rb_mapr_bool(struct rb_mapr *m, uint64_t key, bool *out) {
    return rb_mapr_at(m, key) ? rb_cbor_get_bool(&m->r, out) : RB_OK;
}

enum rb_err rb_mapr_text(struct rb_mapr *m, uint64_t key, struct rb_slice *out) {
    return rb_mapr_at(m, key) ? rb_cbor_get_text(&m->r, out) : RB_OK;
}

enum rb_err rb_mapr_bytes(struct rb_mapr *m, uint64_t key, struct rb_slice *out) {
    return rb_mapr_at(m, key) ? rb_cbor_get_bytes(&m->r, out) : RB_OK;
}

enum rb_err rb_mapr_fixed(struct rb_mapr *m, uint64_t key, void *out, size_t n) {
    return rb_mapr_at(m, key) ? rb_form_get_fixed(&m->r, out, n) : RB_OK;
}

enum rb_err rb_mapr_members(struct rb_mapr *m, uint64_t key, uint64_t *out) {
    return rb_mapr_at(m, key) ? rb_form_get_members(&m->r, out) : RB_OK;
}

enum rb_err rb_mapr_item(struct rb_mapr *m, uint64_t key, struct rb_slice *out) {
    return rb_mapr_at(m, key) ? rb_cbor_skip(&m->r, out) : RB_OK;
}

enum rb_err rb_mapr_array(struct rb_mapr *m, uint64_t key, size_t max, size_t *n) {
    *n = 0;
    return rb_mapr_at(m, key) ? rb_cbor_get_array(&m->r, max, n) : RB_OK;
}

/* ---- writing a map -------------------------------------------------------------------------- */

struct rb_mapw rb_mapw_open(struct rb_writer *w) {
    struct rb_mapw m = {w, w->n, 0};
    rb_cbor_put_map(w, 0);
    return m;
}

void rb_mapw_close(struct rb_mapw *m) {
    assert(m->n < 24);
    if (!m->w->over) m->w->p[m->at] = (uint8_t)(0xa0 | m->n);
}

struct rb_writer *rb_mapw_key(struct rb_mapw *m, uint64_t key) {
    rb_cbor_put_uint(m->w, key);
    m->n++;
    return m->w;
}

void rb_mapw_uint(struct rb_mapw *m, uint64_t key, uint64_t v) {
    rb_cbor_put_uint(rb_mapw_key(m, key), v);
}

void rb_mapw_text(struct rb_mapw *m, uint64_t key, struct rb_slice v) {
    rb_cbor_put_text(rb_mapw_key(m, key), v);
}

void rb_mapw_bytes(struct rb_mapw *m, uint64_t key, struct rb_slice v) {
    rb_cbor_put_bytes(rb_mapw_key(m, key), v);
}

void rb_mapw_fixed(struct rb_mapw *m, uint64_t key, const void *v, size_t n) {
    rb_cbor_put_bytes(rb_mapw_key(m, key), rb_slice(v, n));
}

void rb_mapw_opt_uint(struct rb_mapw *m, uint64_t key, uint64_t v) {
    if (v != 0) rb_mapw_uint(m, key, v);
}

void rb_mapw_opt_bool(struct rb_mapw *m, uint64_t key, bool v) {
    if (v) rb_cbor_put_bool(rb_mapw_key(m, key), true);
}

void rb_mapw_opt_text(struct rb_mapw *m, uint64_t key, struct rb_slice v) {
    if (v.n > 0) rb_mapw_text(m, key, v);
}

void rb_mapw_opt_members(struct rb_mapw *m, uint64_t key, uint64_t v) {
    if (v != 0) rb_form_put_members(v, rb_mapw_key(m, key));
}

void rb_mapw_opt_item(struct rb_mapw *m, uint64_t key, struct rb_slice v) {
    if (v.n > 0) rb_put_slice(rb_mapw_key(m, key), v);
}
