/* receipt, spec 3.6.8: first cosignatures, and the bodies held. */
#include "form.h"

#define MAX_MISSING 8192u

static const struct rb_field cosig_fields[] = {
    F(0, "member", RB_F_MEMBER, REQ, 0, "of the feed covered"),
    F(1, "epoch", RB_F_UINT, REQ, UINT16_MAX, "of the feed covered"),
    F(2, "size", RB_F_UINT, REQ, 0, "of the checkpoint"),
    F(3, "cosigner", RB_F_MEMBER, REQ, 0, "who held it"),
    F(4, "time", RB_F_UINT, REQ, 0, "T, seconds, the cosigner's own clock"),
    F(5, "signature", RB_F_SIG, REQ, 0, "cosignature/v1"),
};
static const struct rb_schema cosig_schema = SCHEMA("cosignature", cosig_fields);

static const struct rb_field bodies_fields[] = {
    F(0, "member", RB_F_MEMBER, REQ, 0, "of the feed"),
    F(1, "epoch", RB_F_UINT, REQ, UINT16_MAX, "of the feed"),
    F(2, "size", RB_F_UINT, REQ, 0, "up to which all bodies addressed to us are held"),
    F_ARRAY(3, "missing", RB_F_UINT, REQ | SORTED, 0, MAX_MISSING,
            "leaf indexes of those not held"),
};
static const struct rb_schema bodies_schema = SCHEMA("bodies", bodies_fields);

static const struct rb_field fields[] = {
    F_TUPLES(1, "cosignatures", OPT, RB_MAX_RECEIPT_ENTRIES, &cosig_schema,
             "the first over each newly covered leaf"),
    F_TUPLES(2, "bodies", OPT, RB_MAX_RECEIPT_ENTRIES, &bodies_schema,
             "held but for those missing"),
};
const struct rb_schema rb_receipt_schema = SCHEMA("receipt", fields);

static enum rb_err get_cosig(struct rb_reader *r, struct rb_receipt_cosig *c) {
    size_t n = 0;
    RB_TRY(rb_cbor_get_array(r, 6, &n));
    RB_TRY(rb_form_get_member(r, &c->member));
    RB_TRY(rb_form_get_u16(r, &c->epoch));
    RB_TRY(rb_cbor_get_uint(r, &c->size));
    RB_TRY(rb_form_get_member(r, &c->cosigner));
    RB_TRY(rb_cbor_get_uint(r, &c->time_s));
    RB_TRY(rb_form_get_fixed(r, c->sig, RB_SIG_LEN));
    return c->size > 0 ? RB_OK : RB_ERR_MALFORMED;
}
static void put_cosig(const struct rb_receipt_cosig *c, struct rb_writer *w) {
    rb_cbor_put_array(w, 6);
    rb_cbor_put_uint(w, c->member);
    rb_cbor_put_uint(w, c->epoch);
    rb_cbor_put_uint(w, c->size);
    rb_cbor_put_uint(w, c->cosigner);
    rb_cbor_put_uint(w, c->time_s);
    rb_cbor_put_bytes(w, rb_slice(c->sig, RB_SIG_LEN));
}

/* missing leaves lie below the size they are excepted from */
static enum rb_err get_missing(struct rb_reader *r, struct rb_receipt_bodies *b) {
    size_t from = r->at, n = 0;
    RB_TRY(rb_cbor_get_array(r, MAX_MISSING, &n));
    for (size_t i = 0; i < n; i++) {
        uint64_t index = 0;
        RB_TRY(rb_cbor_get_uint(r, &index));
        if (index >= b->size) return RB_ERR_MALFORMED;
    }
    b->missing = rb_slice(r->p + from, r->at - from);
    return RB_OK;
}
static enum rb_err get_bodies(struct rb_reader *r, struct rb_receipt_bodies *b) {
    size_t n = 0;
    RB_TRY(rb_cbor_get_array(r, 4, &n));
    RB_TRY(rb_form_get_member(r, &b->member));
    RB_TRY(rb_form_get_u16(r, &b->epoch));
    RB_TRY(rb_cbor_get_uint(r, &b->size));
    if (b->size == 0) return RB_ERR_MALFORMED;
    return get_missing(r, b);
}
static void put_bodies(const struct rb_receipt_bodies *b, struct rb_writer *w) {
    rb_cbor_put_array(w, 4);
    rb_cbor_put_uint(w, b->member);
    rb_cbor_put_uint(w, b->epoch);
    rb_cbor_put_uint(w, b->size);
    if (b->missing.n > 0)
        rb_put_slice(w, b->missing);
    else
        rb_cbor_put_array(w, 0);
}

void rb_receipt_encode(const struct rb_receipt *v, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    if (v->cosigs_n > 0) rb_cbor_put_array(rb_mapw_key(&m, 1), v->cosigs_n);
    for (size_t i = 0; i < v->cosigs_n; i++)
        put_cosig(&v->cosigs[i], w);
    if (v->bodies_n > 0) rb_cbor_put_array(rb_mapw_key(&m, 2), v->bodies_n);
    for (size_t i = 0; i < v->bodies_n; i++)
        put_bodies(&v->bodies[i], w);
    rb_mapw_close(&m);
}

static enum rb_err walk_cosigs(struct rb_mapr *m, size_t *n, struct rb_arena *a,
                               struct rb_receipt_cosig **out) {
    struct rb_receipt_cosig one;
    RB_TRY(rb_mapr_array(m, 1, RB_MAX_RECEIPT_ENTRIES, n));
    if (a && *n > 0) {
        *out = rb_arena_array(a, *n, sizeof **out);
        if (!*out) return RB_ERR_LIMIT;
    }
    for (size_t i = 0; i < *n; i++)
        RB_TRY(get_cosig(&m->r, a ? &(*out)[i] : &one));
    return RB_OK;
}

/* one statement a feed: two would contradict each other */
static enum rb_err walk_bodies(struct rb_mapr *m, size_t *n, struct rb_arena *a,
                               struct rb_receipt_bodies **out) {
    struct rb_receipt_bodies b;
    uint32_t feeds[RB_MAX_RECEIPT_ENTRIES];
    RB_TRY(rb_mapr_array(m, 2, RB_MAX_RECEIPT_ENTRIES, n));
    if (a && *n > 0) {
        *out = rb_arena_array(a, *n, sizeof **out);
        if (!*out) return RB_ERR_LIMIT;
    }
    for (size_t i = 0; i < *n; i++) {
        RB_TRY(get_bodies(&m->r, &b));
        feeds[i] = (uint32_t)b.member << 16 | b.epoch;
        for (size_t k = 0; k < i; k++)
            if (feeds[k] == feeds[i]) return RB_ERR_MALFORMED;
        if (a) (*out)[i] = b;
    }
    return RB_OK;
}

/* a NULL: only the form */
static enum rb_err get_receipt(struct rb_slice body, struct rb_arena *a, struct rb_receipt *v) {
    struct rb_mapr m;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(walk_cosigs(&m, &v->cosigs_n, a, &v->cosigs));
    RB_TRY(walk_bodies(&m, &v->bodies_n, a, &v->bodies));
    return v->cosigs_n + v->bodies_n > 0 ? RB_OK : RB_ERR_MALFORMED;
}

enum rb_err rb_receipt_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_receipt v = {0};
    enum rb_err e = get_receipt(body, NULL, &v);
    return e == RB_OK ? e : rb_reject(rj, e, "3.6.8", "receipt", 0);
}

enum rb_err rb_receipt_decode(struct rb_slice body, struct rb_arena *a, struct rb_receipt *out,
                              struct rb_reject *rj) {
    struct rb_receipt v = {0};
    size_t mark = rb_arena_mark(a);
    RB_TRY(rb_schema_check(&rb_receipt_schema, body, rj));
    enum rb_err e = get_receipt(body, a, &v);
    if (e != RB_OK) {
        rb_arena_release(a, mark);
        return rb_reject(rj, e, "3.6.8", "receipt", 0);
    }
    *out = v;
    return RB_OK;
}
