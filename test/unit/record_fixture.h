/* Three parties, their keys and cards, and an example body of every kind that has a grammar.
 * Everything comes from fixed seeds. Slices stay valid until fixture_reset. */
#ifndef READBACK_TEST_RECORD_FIXTURE_H
#define READBACK_TEST_RECORD_FIXTURE_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "diag.h"
#include "readback/party.h"
#include "readback/schema.h"
#include "readback/text.h"
#include "readback/volume.h"

#define FIXTURE_NOW INT64_C(1443618000000) /* 2015-09-30T13:00:00Z */

static uint8_t fixture_room[16u << 20] __attribute__((aligned(16)));
static struct rb_arena fixture_arena = {fixture_room, sizeof fixture_room, 0, 0};
static const char *const fixture_handles[3] = {"northland", "southland", "observer"};
static const uint8_t fixture_channel[RB_CHANNEL_LEN] = {0xc0, 1, 2, 3, 4, 5, 6, 7};

static inline void fixture_reset(void) {
    rb_arena_reset(&fixture_arena);
}

/* room for one encoding; fixture_done cuts it to what was written */
static inline struct rb_writer fixture_writer(size_t cap) {
    void *p = rb_arena_alloc(&fixture_arena, cap);
    assert_non_null(p);
    return rb_writer(p, cap);
}
static inline struct rb_slice fixture_done(const struct rb_writer *w) {
    struct rb_slice out = {NULL, 0};
    assert_int_equal(rb_writer_done(w, &out), RB_OK);
    return out;
}

enum fixture_role {
    FX_PARTY,
    FX_MIRROR,
    FX_NODE,
    FX_TLS,
    FX_AGE,
    FX_LOG,
    FX_OFFICER,
    FX_OFFICER_2
};
static inline struct rb_seckey fixture_key(unsigned party, enum fixture_role role) {
    const uint8_t seed[RB_SEED_LEN] = {0x5a, (uint8_t)party, (uint8_t)role};
    struct rb_seckey k;
    rb_ed25519_from_seed(seed, &k);
    return k;
}
static inline struct rb_hash fixture_hash(uint8_t n) {
    struct rb_hash h;
    rb_sha256(rb_slice(&n, 1), &h);
    return h;
}
static inline struct rb_hash fixture_party_hash(unsigned party) {
    struct rb_hash h;
    const struct rb_seckey k = fixture_key(party, FX_PARTY);
    rb_party_hash(&k.pub, &h);
    return h;
}
static inline struct rb_slice fixture_origin(bool founding, unsigned party) {
    struct rb_writer w = fixture_writer(RB_MAX_ORIGIN);
    const struct rb_hash h = fixture_party_hash(party);
    rb_origin_encode(true, founding ? NULL : fixture_channel, &h, 0, &w);
    return fixture_done(&w);
}

/* ---- what the party key signs -------------------------------------------------------------- */

static inline struct rb_slice fixture_party_sign(unsigned party, struct rb_slice payload) {
    const struct rb_seckey k = fixture_key(party, FX_PARTY);
    uint8_t sig[RB_SIG_LEN];
    struct rb_writer tbs = fixture_writer(payload.n + 128);
    struct rb_writer w = fixture_writer(payload.n + 256);
    rb_party_tbs(payload, &k.pub, &tbs);
    rb_ed25519_sign(&k, fixture_done(&tbs), sig);
    assert_int_equal(rb_party_assemble(payload, &k.pub, sig, &w), RB_OK);
    return fixture_done(&w);
}

static inline void fixture_card_fill(unsigned party, struct rb_card *c) {
    memset(c, 0, sizeof *c);
    c->handle = rb_str(fixture_handles[party]);
    c->party = fixture_key(party, FX_PARTY).pub;
    c->version = 1;
    c->issued_utc_ms = FIXTURE_NOW;
    c->names_n = 2;
    c->names[0].language = rb_str("en");
    c->names[0].name = rb_str("Ministry of Somewhere");
    c->names[1].language = rb_str("ar");
    c->names[1].name = rb_str("\xd9\x88\xd8\xb2\xd8\xa7\xd8\xb1\xd8\xa9");
    c->addresses_n = 2;
    c->addresses[0] = rb_str("line.example:7443");
    c->addresses[1] = rb_str("[2001:db8::1]:7443");
    c->mirror = fixture_key(party, FX_MIRROR).pub;
    c->node = fixture_key(party, FX_NODE).pub;
    c->tls = fixture_key(party, FX_TLS).pub;
    c->age = fixture_key(party, FX_AGE).pub;
    c->officers_n = 2;
    c->officers[0].name = rb_str("duty");
    c->officers[0].key = fixture_key(party, FX_OFFICER).pub;
    c->officers[1].name = rb_str("release");
    c->officers[1].key = fixture_key(party, FX_OFFICER_2).pub;
}
static inline struct rb_slice fixture_card_sign(unsigned party, const struct rb_card *c) {
    struct rb_writer w = fixture_writer(RB_MAX_CARD);
    rb_card_encode(c, &w);
    return fixture_party_sign(party, fixture_done(&w));
}
static inline struct rb_slice fixture_card(unsigned party) {
    struct rb_card c;
    fixture_card_fill(party, &c);
    return fixture_card_sign(party, &c);
}

static inline struct rb_slice fixture_delegation(unsigned party) {
    struct rb_delegation d = {.party = fixture_key(party, FX_PARTY).pub,
                              .origin = fixture_origin(false, party),
                              .log = fixture_key(party, FX_LOG).pub,
                              .issued_utc_ms = FIXTURE_NOW};
    struct rb_writer w = fixture_writer(1024);
    rb_delegation_encode(&d, &w);
    return fixture_party_sign(party, fixture_done(&w));
}
static inline struct rb_slice fixture_rotation(unsigned party) {
    struct rb_rotation r = {.party = fixture_key(party, FX_PARTY).pub,
                            .role = RB_KEY_NODE,
                            .old_key = fixture_key(party, FX_NODE).pub,
                            .new_key = fixture_key(party + 100, FX_NODE).pub,
                            .issued_utc_ms = FIXTURE_NOW};
    struct rb_writer w = fixture_writer(1024);
    rb_rotation_encode(&r, &w);
    return fixture_party_sign(party, fixture_done(&w));
}
static inline struct rb_slice fixture_revocation(unsigned party) {
    static struct rb_revocation r;
    memset(&r, 0, sizeof r);
    r.party = fixture_key(party, FX_PARTY).pub;
    r.role = RB_KEY_OFFICER;
    r.key = fixture_key(party, FX_OFFICER).pub;
    r.stood_n = 1;
    r.stood[0].origin = fixture_origin(false, party);
    r.stood[0].size = 41;
    r.reason = rb_str("laptop lost");
    r.issued_utc_ms = FIXTURE_NOW;
    struct rb_writer w = fixture_writer(1024);
    rb_revocation_encode(&r, &w);
    return fixture_party_sign(party, fixture_done(&w));
}

/* ---- bodies -----------------------------------------------------------------------------------
 */

static inline void fixture_charter_fill(struct rb_charter *c) {
    static const enum rb_role roles[3] = {RB_ROLE_PARTY, RB_ROLE_PARTY, RB_ROLE_OBSERVER};
    memset(c, 0, sizeof *c);
    c->title = rb_str("Standing line");
    c->exercise = true;
    c->members_n = 3;
    for (uint16_t i = 0; i < 3; i++)
        c->members[i] = (struct rb_member){i, rb_str(fixture_handles[i]), roles[i],
                                           i == 2 ? rb_str("") : rb_str("side"), fixture_card(i)};
    c->groups_n = 1;
    c->groups[0] = (struct rb_group){rb_str("coalition"), 1, 6};
    c->accept_members = 3;
    c->accept_by_utc_ms = FIXTURE_NOW + 86400000;
    c->rule = RB_RULE_QUORUM_VETO;
    c->quorum = 2;
    c->veto = 1;
    c->answer_ms[RB_FLASH] = 300000;
    c->answer_ms[RB_PRIORITY] = 3600000;
    c->lead_ms[RB_NOTICE_OPERATION] = 3600000;
    c->standoff_mm[RB_NOTICE_SITE] = 500000;
    c->has_theatre = true;
    c->theatre = (struct rb_point_box){32000000000, 35000000000, 38000000000, 43000000000};
    c->terrain_min_mm = -420000;
    c->terrain_max_mm = 3000000;
    c->test_interval_s = 3600;
    c->test_grace_s = 300;
    c->languages_n = 2;
    c->languages[0] = rb_str("en");
    c->languages[1] = rb_str("ru");
    c->policies_n = 1;
    c->policies[0] = (struct rb_kind_policy){RB_KIND_NOTICE, true, 365, RB_DISCLOSE_FACT, true};
    c->has_timekeeper = true;
    c->timekeeper = 2;
    c->receipt_interval_ms = 1000;
    c->rules_version = 1;
}
static inline void fixture_put_charter(struct rb_writer *w) {
    static struct rb_charter c;
    fixture_charter_fill(&c);
    rb_charter_encode(&c, w);
}
static inline void fixture_put_amendment(struct rb_writer *w) {
    struct rb_writer charter = fixture_writer(RB_MAX_LEAF);
    fixture_put_charter(&charter);
    const struct rb_amendment a = {fixture_hash(1), fixture_done(&charter)};
    rb_amendment_encode(&a, w);
}

static const struct rb_point fixture_ring[4] = {{35000000000, 36000000000},
                                                {35000000000, 37000000000},
                                                {36000000000, 37000000000},
                                                {36000000000, 36000000000}};
static inline struct rb_volume fixture_circle(void) {
    struct rb_volume v = {.shape = RB_SHAPE_CIRCLE,
                          .center = {35123456789, 36987654321},
                          .radius_mm = 5000000,
                          .floor = {false, 500000, RB_DATUM_AMSL},
                          .ceiling = {false, 6000000, RB_DATUM_AMSL},
                          .has_from = true,
                          .has_to = true,
                          .from_utc_ms = FIXTURE_NOW + 3600000,
                          .to_utc_ms = FIXTURE_NOW + INT64_C(2) * 3600000};
    return v;
}
static inline void fixture_put_notice(struct rb_writer *w) {
    struct rb_volume v[3] = {
        fixture_circle(), {.shape = RB_SHAPE_POLYGON}, {.shape = RB_SHAPE_CORRIDOR}};
    v[1].edges = RB_EDGES_LONLAT;
    v[1].vertices_n = 4;
    v[1].vertices = fixture_ring;
    v[1].floor.open = true;
    v[1].ceiling = (struct rb_alt_limit){false, 350000, RB_DATUM_FL};
    v[1].has_to = true;
    v[1].to_utc_ms = FIXTURE_NOW;
    v[1].accuracy_mm = 10000;
    v[1].method = rb_str("GNSS");
    v[1].has_surveyed = true;
    v[1].surveyed_utc_ms = FIXTURE_NOW;
    v[1].declared_by = rb_str("northland");
    v[1].recognised_by = rb_str("southland");
    v[1].military_use = true;
    v[1].as_entered = rb_str("FL350, 35N 36E");
    v[2].radius_mm = 1000000;
    v[2].vertices_n = 2;
    v[2].vertices = fixture_ring;
    v[2].floor.open = v[2].ceiling.open = true;
    v[2].has_from = true;
    v[2].from_utc_ms = FIXTURE_NOW;
    const struct rb_notice n = {.class_ = RB_NOTICE_SITE,
                                .title = rb_str("Clinic"),
                                .text = rb_str("With two wards.\n"),
                                .volumes_n = 3,
                                .volumes = v,
                                .markings = rb_str("Red crescents on the roof; lit by night."),
                                .has_review = true,
                                .review_utc_ms = FIXTURE_NOW + 86400000};
    rb_notice_encode(&n, w);
}
static inline void fixture_put_stop_fire(struct rb_writer *w) {
    struct rb_volume v[2] = {fixture_circle(), {.shape = RB_SHAPE_POLYGON}};
    v[1].vertices_n = 4;
    v[1].vertices = fixture_ring;
    v[1].floor.open = v[1].ceiling.open = true;
    const struct rb_stop_fire s = {rb_str("Cease firing"), rb_str("You are hitting us.\n"), 2, v};
    rb_stop_fire_encode(&s, w);
}

static inline void fixture_put_receipt(struct rb_writer *w) {
    static const uint8_t missing[] = {0x82, 3, 0x18, 30};
    struct rb_receipt_cosig c[2] = {{0, 0, 41, 1, 1443618001, {7}}, {2, 1, 9, 1, 1443618002, {8}}};
    struct rb_receipt_bodies b[2] = {{0, 0, 41, rb_slice(missing, sizeof missing)},
                                     {2, 1, 9, rb_slice("\x80", 1)}};
    const struct rb_receipt r = {2, 2, c, b};
    rb_receipt_encode(&r, w);
}
static inline void fixture_put_silence(struct rb_writer *w) {
    const struct rb_silence s = {
        .about = RB_SILENCE_DEMAND,
        .has_subject = true,
        .subject = fixture_hash(3),
        .member = 1,
        .due_utc_ms = FIXTURE_NOW,
        .held_size = 40,
        .held_time_s = 1443617999,
        .delivered = true,
        .link = RB_LINK_DOWN,
        .link_since_utc_ms = FIXTURE_NOW - 1000,
        .attempts_n = 2,
        .attempts = {{FIXTURE_NOW - 500, rb_str("no route")}, {FIXTURE_NOW, rb_str("timed out")}}};
    rb_silence_encode(&s, w);
}
static inline void fixture_put_position(struct rb_writer *w) {
    const struct rb_position p = {.type = RB_POSITION_DISSOCIATE,
                                  .reason = rb_str("not agreed"),
                                  .by = rb_str("Lt. Col. Example"),
                                  .has_at = true,
                                  .at_utc_ms = FIXTURE_NOW,
                                  .paragraphs = rb_slice("\x82\x01\x03", 3)};
    rb_position_encode(&p, w);
}
static inline void fixture_put_service(struct rb_writer *w) {
    const struct rb_hash root = fixture_hash(4);
    rb_cbor_put_map(w, 4);
    rb_cbor_put_uint(w, 1);
    rb_cbor_put_uint(w, RB_SERVICE_LINK);
    rb_cbor_put_uint(w, 3);
    rb_cbor_put_text(w, fixture_origin(false, 0));
    rb_cbor_put_uint(w, 4);
    rb_cbor_put_uint(w, 41);
    rb_cbor_put_uint(w, 5);
    rb_cbor_put_bytes(w, rb_slice(root.b, RB_HASH_LEN));
}
static inline void fixture_put_words(struct rb_writer *w, enum rb_kind kind) {
    rb_cbor_put_map(w, kind == RB_KIND_TEXT ? 3 : 2);
    rb_cbor_put_uint(w, 1);
    rb_cbor_put_text(w, rb_str("Draft resolution"));
    rb_cbor_put_uint(w, 2);
    if (kind == RB_KIND_STATEMENT) {
        rb_cbor_put_text(w, rb_str("Coalition members have been informed."));
    } else if (kind == RB_KIND_TEXT) {
        rb_cbor_put_uint(w, 1);
        rb_cbor_put_uint(w, 3);
        rb_cbor_put_array(w, 2);
        rb_cbor_put_text(w, rb_str("To coordinate all forces."));
        rb_cbor_put_text(w, rb_str("To discuss it."));
    } else {
        rb_cbor_put_array(w, 1);
        rb_cbor_put_array(w, 5);
        rb_cbor_put_text(w, rb_str("Duty officer"));
        for (int i = 0; i < 2; i++)
            rb_cbor_put_null(w);
        rb_cbor_put_uint(w, FIXTURE_NOW);
        rb_cbor_put_uint(w, FIXTURE_NOW + 1);
    }
}
static inline void fixture_put_nil(struct rb_writer *w) {
    rb_cbor_put_map(w, 2);
    rb_cbor_put_uint(w, 1);
    rb_cbor_put_uint(w, FIXTURE_NOW - 3600000);
    rb_cbor_put_uint(w, 2);
    rb_cbor_put_uint(w, FIXTURE_NOW);
}

static const enum rb_kind fixture_kinds[] = {
    RB_KIND_CHARTER,   RB_KIND_AMENDMENT,  RB_KIND_MEMBERSHIP, RB_KIND_CARD,
    RB_KIND_TEST,      RB_KIND_SERVICE,    RB_KIND_NIL,        RB_KIND_RECEIPT,
    RB_KIND_SILENCE,   RB_KIND_NOTICE,     RB_KIND_STOP_FIRE,  RB_KIND_POSITION,
    RB_KIND_TEXT,      RB_KIND_STATEMENT,  RB_KIND_ROSTER,     RB_KIND_DELEGATION,
    RB_KIND_ROTATION,  RB_KIND_REVOCATION, RB_KIND_REQUEST,    RB_KIND_CESSATION,
    RB_KIND_INCIDENT,  RB_KIND_FINDING,    RB_KIND_FIGURE,     RB_KIND_DESIGNATION,
    RB_KIND_AGREEMENT, RB_KIND_PROGRESS,   RB_KIND_CONTACT,    RB_KIND_READOUT};
#define FIXTURE_KINDS (sizeof fixture_kinds / sizeof *fixture_kinds)

/* the instruments, each with most of its keys; NULL: another kind */
static inline const char *fixture_instrument(enum rb_kind kind) {
    if (kind == RB_KIND_REQUEST)
        return "{1:\"Leave the area\",2:\"as soon as possible\",3:[1],4:[{1:[1,2,3]}]}";
    if (kind == RB_KIND_CESSATION)
        return "{1:\"A calm of 72 "
               "hours\",2:\"Terms.\",3:[{1:[34000000000,36000000000,5000000]}],4:1467766800000,"
               "5:1468022400000,6:259200000,7:[0,1],8:[2],9:[2],10:{1:2,2:2,3:[0],4:1467766700000,"
               "5:[0,1]},"
               "11:[#1,#2],12:#3}";
    if (kind == RB_KIND_INCIDENT)
        return "{1:\"A strike\",2:\"Text.\",3:\"air "
               "strike\",4:\"unknown\",5:1467766800000,6:1467766900000,"
               "7:[{1:[1,2,3]}],8:#4,9:[#5]}";
    if (kind == RB_KIND_FINDING)
        return "{1:1,3:[#5],5:1467767800000,6:2,7:\"Turned back at a checkpoint.\"}";
    if (kind == RB_KIND_FIGURE)
        return "{1:0,2:1000,4:\"more than 1,000\",5:\"believed "
               "civilians\",6:\"g\",7:\"a\",8:\"coast\",9:[{1:[1,2,3]}],"
               "10:1,11:2,12:\"c\",13:\"s\",14:2,15:\"m\",16:1,17:[#5]}";
    if (kind == RB_KIND_DESIGNATION)
        return "{1:\"Excluded\",2:1,3:[[\"a "
               "group\",null,\"note\"]],4:[{1:[1,2,3]}],5:#6,6:\"why\"}";
    if (kind == RB_KIND_AGREEMENT)
        return "{1:\"Integration\",2:\"Text.\",3:#7,4:[0,1],5:[\"others\"],6:[[1,\"first\",0,null,"
               "1467766800000],"
               "[2,\"second\",null,\"others\",null]],7:{4:1467766800000},8:1467766800000}";
    if (kind == RB_KIND_PROGRESS) return "{1:#8,2:1,3:2,4:\"later\",5:1467766800000}";
    if (kind == RB_KIND_CONTACT)
        return "{1:0,2:\"Call\",3:1,4:[1],5:[\"others\"],6:1467766800000,7:\"ministers\",8:"
               "\"agenda\",9:27}";
    if (kind == RB_KIND_READOUT)
        return "{1:\"Of the call\",2:\"Both confirm.\",3:#9,4:1467766800000,5:\"press office\"}";
    return NULL;
}

static inline void fixture_put_body(enum rb_kind kind, struct rb_writer *w) {
    const struct rb_membership membership = {RB_MEMBERSHIP_SUSPEND, rb_str("protest")};
    const struct rb_test test = {FIXTURE_NOW, 7};
    if (fixture_instrument(kind) != NULL)
        (void)diag_item(fixture_instrument(kind), w);
    else if (kind == RB_KIND_CHARTER)
        fixture_put_charter(w);
    else if (kind == RB_KIND_AMENDMENT)
        fixture_put_amendment(w);
    else if (kind == RB_KIND_MEMBERSHIP)
        rb_membership_encode(&membership, w);
    else if (kind == RB_KIND_CARD)
        rb_carried_encode(fixture_card(0), w);
    else if (kind == RB_KIND_TEST)
        rb_test_encode(&test, w);
    else if (kind == RB_KIND_SERVICE)
        fixture_put_service(w);
    else if (kind == RB_KIND_NIL)
        fixture_put_nil(w);
    else if (kind == RB_KIND_RECEIPT)
        fixture_put_receipt(w);
    else if (kind == RB_KIND_SILENCE)
        fixture_put_silence(w);
    else if (kind == RB_KIND_NOTICE)
        fixture_put_notice(w);
    else if (kind == RB_KIND_STOP_FIRE)
        fixture_put_stop_fire(w);
    else if (kind == RB_KIND_POSITION)
        fixture_put_position(w);
    else if (kind == RB_KIND_DELEGATION)
        rb_carried_encode(fixture_delegation(0), w);
    else if (kind == RB_KIND_ROTATION)
        rb_carried_encode(fixture_rotation(0), w);
    else if (kind == RB_KIND_REVOCATION)
        rb_carried_encode(fixture_revocation(0), w);
    else
        fixture_put_words(w, kind);
}
static inline struct rb_slice fixture_body(enum rb_kind kind) {
    struct rb_writer w = fixture_writer(RB_MAX_LEAF);
    fixture_put_body(kind, &w);
    return fixture_done(&w);
}

/* ---- records -----------------------------------------------------------------------------------
 */

static inline void fixture_record_fill(enum rb_kind kind, struct rb_record *r) {
    memset(r, 0, sizeof *r);
    r->kind = kind;
    r->has_channel = kind != RB_KIND_CHARTER;
    memcpy(r->channel, fixture_channel, RB_CHANNEL_LEN);
    if (!r->has_channel) memset(r->channel, 0, RB_CHANNEL_LEN);
    r->created_utc_ms = FIXTURE_NOW;
    r->precedence = RB_ROUTINE;
    r->body = fixture_body(kind);
    if (kind == RB_KIND_STOP_FIRE) {
        r->precedence = RB_FLASH;
        r->demand = (struct rb_demand){true, FIXTURE_NOW + 300000, RB_POSITION_WILL_COMPLY, 2};
    }
    if (kind != RB_KIND_POSITION) return;
    r->refs[RB_REF_ANSWERS].n = 1;
    r->refs[RB_REF_ANSWERS].h[0] = fixture_hash(9);
}
/* every field of the envelope set */
static inline void fixture_record_full(struct rb_record *r) {
    fixture_record_fill(RB_KIND_NOTICE, r);
    r->seen_n = 2;
    r->seen[0] = (struct rb_seen_entry){1, 0, 40};
    r->seen[1] = (struct rb_seen_entry){2, 1, 70000};
    memset(r->seen_digest, 0xd1, RB_DIGEST_LEN);
    r->precedence = RB_FLASH;
    for (unsigned i = 0; i < RB_REF_TYPES; i++) {
        r->refs[i].n = i + 1;
        for (unsigned k = 0; k <= i; k++)
            r->refs[i].h[k] = fixture_hash((uint8_t)(10 * i + k));
    }
    r->language = rb_str("zh-hant");
    r->demand = (struct rb_demand){true, FIXTURE_NOW + 300000, RB_POSITION_READ, 6};
    r->reported_who = rb_str("relief-one");
    r->reported_carrier = rb_str("phone");
    r->reported_has_at = true;
    r->reported_at_utc_ms = FIXTURE_NOW - 60000;
    r->emergency = rb_str("second officer unreachable");
}
static inline struct rb_slice fixture_payload(const struct rb_record *r) {
    struct rb_writer w = fixture_writer((size_t)2 * RB_MAX_LEAF);
    rb_payload_encode(r, &w);
    return fixture_done(&w);
}
static inline struct rb_signer fixture_signer(struct rb_slice payload, struct rb_slice aad,
                                              const struct rb_seckey *k, size_t total) {
    struct rb_signer s = {0};
    struct rb_writer tbs = fixture_writer(payload.n + aad.n + 128);
    rb_key_id(&k->pub, s.kid);
    rb_record_tbs(payload, aad, s.kid, total, &tbs);
    rb_ed25519_sign(k, fixture_done(&tbs), s.sig);
    return s;
}
/* signed by the party's duty officer, or its node where the kind is a machine's; `officers` 1 or 2
 */
static inline struct rb_slice fixture_leaf(const struct rb_record *r, unsigned party,
                                           size_t officers) {
    const struct rb_slice payload = fixture_payload(r);
    const struct rb_slice aad = fixture_origin(r->kind == RB_KIND_CHARTER, party);
    const enum fixture_role first = rb_kind_is_machine(r->kind) ? FX_NODE : FX_OFFICER;
    const struct rb_seckey k[2] = {fixture_key(party, first), fixture_key(party, FX_OFFICER_2)};
    struct rb_signer s[2];
    struct rb_writer w = fixture_writer(payload.n + 512);
    for (size_t i = 0; i < officers; i++)
        s[i] = fixture_signer(payload, aad, &k[i], officers);
    assert_int_equal(rb_record_assemble(payload, s, officers, &w), RB_OK);
    return fixture_done(&w);
}
#endif
