/* Records of instruments with small bodies, over fixture_book.h. */
#ifndef READBACK_TEST_LOT_BODIES_H
#define READBACK_TEST_LOT_BODIES_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "fixture_book.h"

static inline struct rb_slice lw_keep(struct fx *w, struct rb_writer *o) {
    struct rb_slice out, all;
    assert_int_equal(rb_writer_done(o, &all), RB_OK);
    assert_int_equal(rb_arena_copy(&w->arena, all, &out), RB_OK);
    return out;
}

static inline void lw_members(struct rb_writer *o, uint64_t bits) {
    size_t n = 0;
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++)
        n += bits >> m & 1;
    rb_cbor_put_array(o, n);
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++)
        if (bits >> m & 1) rb_cbor_put_uint(o, m);
}

static inline void lw_hashes(struct rb_writer *o, const struct rb_hash *h, size_t n) {
    rb_cbor_put_array(o, n);
    for (size_t i = 0; i < n; i++)
        rb_cbor_put_bytes(o, rb_slice(h[i].b, RB_HASH_LEN));
}

static inline struct rb_record lw_record(struct fx *w, enum rb_kind kind, struct rb_slice body) {
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    r.kind = kind;
    r.body = body;
    assert_int_equal(rb_body_check(kind, body, NULL), RB_OK);
    return r;
}

static uint8_t lw_bytes[8192];
#define LW_WRITER() rb_writer(lw_bytes, sizeof lw_bytes)

/* of 0: all who can read it; within 0: no time is demanded */
static inline struct rb_record lw_request(struct fx *w, uint64_t of, int64_t within_ms) {
    struct rb_writer o = LW_WRITER();
    rb_cbor_put_map(&o, of != 0 ? 2 : 1);
    rb_cbor_put_uint(&o, 1);
    rb_cbor_put_text(&o, rb_str("Leave the area"));
    if (of != 0) {
        rb_cbor_put_uint(&o, 3);
        lw_members(&o, of);
    }
    struct rb_record r = lw_record(w, RB_KIND_REQUEST, lw_keep(w, &o));
    if (within_ms > 0)
        r.demand =
            (struct rb_demand){true, r.created_utc_ms + within_ms, RB_POSITION_WILL_COMPLY, of};
    return r;
}

static inline struct rb_record lw_contact(struct fx *w, enum rb_contact_stage stage, uint64_t with,
                                          int64_t within_ms) {
    struct rb_writer o = LW_WRITER();
    rb_cbor_put_map(&o, 4);
    rb_cbor_put_uint(&o, 1);
    rb_cbor_put_uint(&o, RB_CONTACT_CALL);
    rb_cbor_put_uint(&o, 2);
    rb_cbor_put_text(&o, rb_str("A call"));
    rb_cbor_put_uint(&o, 3);
    rb_cbor_put_uint(&o, stage);
    rb_cbor_put_uint(&o, 4);
    lw_members(&o, with);
    struct rb_record r = lw_record(w, RB_KIND_CONTACT, lw_keep(w, &o));
    if (within_ms > 0)
        r.demand = (struct rb_demand){true, r.created_utc_ms + within_ms, RB_POSITION_ACCEPT, with};
    return r;
}

static inline struct rb_record lw_readout(struct fx *w, const char *text,
                                          const struct rb_hash *contact) {
    struct rb_writer o = LW_WRITER();
    rb_cbor_put_map(&o, contact == NULL ? 2 : 3);
    rb_cbor_put_uint(&o, 1);
    rb_cbor_put_text(&o, rb_str("Readout"));
    rb_cbor_put_uint(&o, 2);
    rb_cbor_put_text(&o, rb_str(text));
    if (contact != NULL) {
        rb_cbor_put_uint(&o, 3);
        rb_cbor_put_bytes(&o, rb_slice(contact->b, RB_HASH_LEN));
    }
    return lw_record(w, RB_KIND_READOUT, lw_keep(w, &o));
}

static inline struct rb_record lw_incident(struct fx *w, const struct rb_hash *same_as, size_t n) {
    struct rb_writer o = LW_WRITER();
    rb_cbor_put_map(&o, n > 0 ? 2 : 1);
    rb_cbor_put_uint(&o, 1);
    rb_cbor_put_text(&o, rb_str("Strike"));
    if (n > 0) {
        rb_cbor_put_uint(&o, 9);
        lw_hashes(&o, same_as, n);
    }
    return lw_record(w, RB_KIND_INCIDENT, lw_keep(w, &o));
}

/* value: outcome or result; assigned: the monitors, by bits */
static inline struct rb_record lw_finding(struct fx *w, enum rb_finding_stage stage, uint64_t value,
                                          const struct rb_hash *incidents, size_t n) {
    struct rb_writer o = LW_WRITER();
    rb_cbor_put_map(&o, 3);
    rb_cbor_put_uint(&o, 1);
    rb_cbor_put_uint(&o, stage);
    if (stage == RB_FINDING_CONCLUDED) {
        rb_cbor_put_uint(&o, 2);
        rb_cbor_put_uint(&o, value);
    }
    rb_cbor_put_uint(&o, 3);
    lw_hashes(&o, incidents, n);
    if (stage == RB_FINDING_ASSIGNED) {
        rb_cbor_put_uint(&o, 4);
        lw_members(&o, value);
    }
    if (stage == RB_FINDING_VISIT) {
        rb_cbor_put_uint(&o, 6);
        rb_cbor_put_uint(&o, value);
    }
    return lw_record(w, RB_KIND_FINDING, lw_keep(w, &o));
}
#endif
