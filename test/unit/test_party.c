/* What the party key signs: cards, delegations, rotations, revocations. */
#include "record_fixture.h"

static struct rb_card card, other;
static struct rb_revocation revocation;

static int setup(void **state) {
    (void)state;
    fixture_reset();
    return 0;
}

static void assert_slice_equal(struct rb_slice a, struct rb_slice b) {
    assert_int_equal(a.n, b.n);
    if (a.n > 0) assert_memory_equal(a.p, b.p, a.n);
}

/* ---- cards --------------------------------------------------------------------------------------
 */

static void card_round_trips(void **state) {
    (void)state;
    struct rb_writer w = fixture_writer(RB_MAX_CARD);
    const struct rb_slice in = fixture_card(0);
    assert_int_equal(rb_card_decode(in, &card, &fixture_arena, NULL), RB_OK);
    assert_slice_equal(card.raw, in);
    assert_true(rb_slice_is(card.handle, "northland"));
    assert_int_equal(card.officers_n, 2);
    assert_int_equal(card.addresses_n, 2);
    rb_card_encode(&card, &w);
    assert_slice_equal(fixture_party_sign(0, fixture_done(&w)), in);
}

static void spoil_handle(struct rb_card *c) {
    c->handle = rb_str("Northland");
}
static void spoil_same_key(struct rb_card *c) {
    c->node = c->mirror;
}
static void spoil_officer_key(struct rb_card *c) {
    c->officers[1].key = c->party;
}
static void spoil_age_key(struct rb_card *c) {
    c->age = c->tls;
}
static void spoil_officer_name(struct rb_card *c) {
    c->officers[1].name = c->officers[0].name;
}
static void spoil_officer_path(struct rb_card *c) {
    c->officers[1].name = rb_str("../duty");
}
static void spoil_small_order(struct rb_card *c) {
    memset(c->tls.b, 0, RB_KEY_LEN);
    c->tls.b[0] = 1;
}
static void spoil_language(struct rb_card *c) {
    c->names[1].language = rb_str("EN");
}
static void spoil_language_twice(struct rb_card *c) {
    c->names[1].language = rb_str("en");
}
static void spoil_address_twice(struct rb_card *c) {
    c->addresses[1] = c->addresses[0];
}

static void card_refusals(void **state) {
    (void)state;
    static void (*const cases[])(struct rb_card *) = {
        spoil_handle,         spoil_same_key,     spoil_officer_key, spoil_age_key,
        spoil_officer_name,   spoil_officer_path, spoil_small_order, spoil_language,
        spoil_language_twice, spoil_address_twice};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rb_reject rj = {0};
        fixture_card_fill(0, &card);
        cases[i](&card);
        const enum rb_err e =
            rb_card_decode(fixture_card_sign(0, &card), &other, &fixture_arena, &rj);
        if (e != RB_ERR_MALFORMED || strcmp(rj.clause, "3.8.4") != 0)
            fail_msg("case %zu: %s %s", i, rb_err_name(e), rj.clause ? rj.clause : "-");
        assert_int_equal(other.handle.n, 0);
    }
}

static void addresses(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        {"a:1", true},
        {"192.0.2.1:7443", true},
        {"[::1]:1", true},
        {"[2001:db8::1]:65535", true},
        {"a-b.example:443", true},
        {"", false},
        {"a", false},
        {"a:", false},
        {"a:0", false},
        {"a:65536", false},
        {"a:01", false},
        {":443", false},
        {"::1:443", false},
        {"[::1:443", false},
        {"[]:443", false},
        {"A:443", false},
        {"a b:443", false},
        {"-a:443", false},
        {".a:443", false},
        {"a:4 43", false},
        {"[::g]:443", false},
        {"a/b:443", false},
        {"u@a:443", false},
        {"relay=a:1", true},
        {"relay=[2001:db8::1]:7444", true},
        {"relay=", false},
        {"relay=a", false},
        {"relay=a:0", false},
        {"relay=relay=a:1", false},
        {"relay= a:1", false},
        {"Relay=a:1", false},
        {"via=a:1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_reset();
        fixture_card_fill(0, &card);
        card.addresses_n = 1;
        card.addresses[0] = rb_str(cases[i].text);
        const enum rb_err e =
            rb_card_decode(fixture_card_sign(0, &card), &other, &fixture_arena, NULL);
        if ((e == RB_OK) != cases[i].ok) fail_msg("%s: %s", cases[i].text, rb_err_name(e));
    }
}

static void card_signed_by_another(void **state) {
    (void)state;
    struct rb_reject rj = {0};
    struct rb_writer w = fixture_writer(RB_MAX_CARD);
    fixture_card_fill(0, &card);
    rb_card_encode(&card, &w);
    const struct rb_slice in = fixture_party_sign(1, fixture_done(&w));
    assert_int_equal(rb_card_decode(in, &other, &fixture_arena, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "3.8.2");
    /* with the right key id, but not its signature */
    uint8_t sig[RB_SIG_LEN] = {1};
    struct rb_writer f = fixture_writer(RB_MAX_CARD);
    assert_int_equal(rb_party_assemble(fixture_done(&w), &card.party, sig, &f), RB_OK);
    assert_int_equal(rb_card_decode(fixture_done(&f), &other, &fixture_arena, &rj),
                     RB_ERR_SIGNATURE);
    assert_int_equal(other.version, 0);
}

static void card_of_many_officers(void **state) {
    (void)state;
    static char names[RB_MAX_OFFICERS][8];
    fixture_card_fill(0, &card);
    card.officers_n = RB_MAX_OFFICERS;
    for (unsigned i = 0; i < RB_MAX_OFFICERS; i++) {
        names[i][0] = 'o';
        names[i][1] = (char)('0' + i / 10);
        names[i][2] = (char)('0' + i % 10);
        card.officers[i].name = rb_str(names[i]);
        card.officers[i].key = fixture_key(20 + i, FX_OFFICER).pub;
    }
    assert_int_equal(rb_card_decode(fixture_card_sign(0, &card), &other, &fixture_arena, NULL),
                     RB_OK);
    assert_int_equal(other.officers_n, RB_MAX_OFFICERS);
}

static void shared_keys(void **state) {
    (void)state;
    fixture_card_fill(0, &card);
    fixture_card_fill(1, &other);
    assert_false(rb_card_shares_key(&card, &other));
    other.officers[1].key = card.tls;
    assert_true(rb_card_shares_key(&card, &other));
    fixture_card_fill(1, &other);
    other.age = card.age;
    assert_true(rb_card_shares_key(&other, &card));
}

/* ---- any of them, broken
 * ---------------------------------------------------------------------------- */

static enum rb_err decode_any(unsigned which, struct rb_slice in) {
    struct rb_delegation d;
    struct rb_rotation r;
    if (which == 0) return rb_card_decode(in, &card, &fixture_arena, NULL);
    if (which == 1) return rb_delegation_decode(in, &d, &fixture_arena, NULL);
    if (which == 2) return rb_rotation_decode(in, &r, &fixture_arena, NULL);
    return rb_revocation_decode(in, &revocation, &fixture_arena, NULL);
}

static void cut_or_changed_is_refused(void **state) {
    (void)state;
    const struct rb_slice all[4] = {fixture_card(0), fixture_delegation(0), fixture_rotation(0),
                                    fixture_revocation(0)};
    for (unsigned i = 0; i < 4; i++) {
        uint8_t *copy = malloc(all[i].n);
        assert_non_null(copy);
        memcpy(copy, all[i].p, all[i].n);
        for (unsigned k = 0; k < 4; k++)
            assert_int_equal(decode_any(k, all[i]) == RB_OK, i == k);
        for (size_t n = 0; n < all[i].n; n++)
            assert_int_not_equal(decode_any(i, rb_slice(copy, n)), RB_OK);
        for (size_t bit = 0; bit < 8 * all[i].n; bit++) {
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_not_equal(decode_any(i, rb_slice(copy, all[i].n)), RB_OK);
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        free(copy);
    }
}

/* ---- delegation, rotation, revocation
 * ------------------------------------------------------------------ */

static struct rb_slice origin_text(unsigned party, uint16_t epoch, uint8_t first, bool exercise) {
    uint8_t channel[RB_CHANNEL_LEN] = {first};
    struct rb_writer w = fixture_writer(RB_MAX_ORIGIN);
    const struct rb_hash h = fixture_party_hash(party);
    rb_origin_encode(exercise, channel, &h, epoch, &w);
    return fixture_done(&w);
}

static void delegation_chain(void **state) {
    (void)state;
    const struct {
        struct rb_slice origin, previous;
        bool ok;
    } cases[] = {
        {origin_text(0, 0, 1, true), {NULL, 0}, true},
        {origin_text(0, 1, 1, true), origin_text(0, 0, 1, true), true},
        {origin_text(0, 3, 1, true), origin_text(0, 1, 1, true), true},
        {origin_text(1, 0, 1, true), {NULL, 0}, false}, /* another party's */
        {origin_text(0, 1, 1, true), origin_text(1, 0, 1, true), false},
        {origin_text(0, 1, 1, true), origin_text(0, 1, 1, true), false}, /* itself */
        {origin_text(0, 1, 1, true), origin_text(0, 0, 2, true), false}, /* another channel's */
        {origin_text(0, 1, 1, true), origin_text(0, 0, 1, false), false},
        {rb_str("readback/x"), {NULL, 0}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rb_delegation d = {.party = fixture_key(0, FX_PARTY).pub,
                                  .origin = cases[i].origin,
                                  .log = fixture_key(0, FX_LOG).pub,
                                  .has_previous = cases[i].previous.n > 0,
                                  .previous_origin = cases[i].previous,
                                  .previous_size = 41,
                                  .issued_utc_ms = FIXTURE_NOW};
        struct rb_delegation back;
        struct rb_writer w = fixture_writer(1024), again = fixture_writer(1024);
        rb_delegation_encode(&d, &w);
        const struct rb_slice in = fixture_party_sign(0, fixture_done(&w));
        const enum rb_err e = rb_delegation_decode(in, &back, &fixture_arena, NULL);
        if ((e == RB_OK) != cases[i].ok) fail_msg("case %zu: %s", i, rb_err_name(e));
        if (e != RB_OK) continue;
        rb_delegation_encode(&back, &again);
        assert_slice_equal(fixture_done(&again), fixture_done(&w));
    }
}

static void rotation_of_what_rotates(void **state) {
    (void)state;
    for (int role = RB_KEY_PARTY; role <= RB_KEY_AGE; role++) {
        struct rb_rotation r = {.party = fixture_key(0, FX_PARTY).pub,
                                .role = (enum rb_key_role)role,
                                .old_key = fixture_key(0, FX_NODE).pub,
                                .new_key = fixture_key(1, FX_NODE).pub,
                                .issued_utc_ms = FIXTURE_NOW};
        struct rb_rotation back;
        struct rb_writer w = fixture_writer(1024);
        rb_rotation_encode(&r, &w);
        const enum rb_err e = rb_rotation_decode(fixture_party_sign(0, fixture_done(&w)), &back,
                                                 &fixture_arena, NULL);
        assert_int_equal(e == RB_OK, role != RB_KEY_PARTY && role != RB_KEY_LOG);
    }
    struct rb_rotation same = {.party = fixture_key(0, FX_PARTY).pub,
                               .role = RB_KEY_NODE,
                               .old_key = fixture_key(0, FX_NODE).pub,
                               .new_key = fixture_key(0, FX_NODE).pub,
                               .issued_utc_ms = 1};
    struct rb_rotation back;
    struct rb_writer w = fixture_writer(1024);
    rb_rotation_encode(&same, &w);
    assert_int_equal(
        rb_rotation_decode(fixture_party_sign(0, fixture_done(&w)), &back, &fixture_arena, NULL),
        RB_ERR_MALFORMED);
}

static void revocation_of_many_feeds(void **state) {
    (void)state;
    static struct rb_revocation r;
    struct rb_writer w = fixture_writer(RB_MAX_LEAF), again = fixture_writer(RB_MAX_LEAF);
    memset(&r, 0, sizeof r);
    r.party = fixture_key(0, FX_PARTY).pub;
    r.role = RB_KEY_MIRROR;
    r.key = fixture_key(0, FX_MIRROR).pub;
    r.issued_utc_ms = FIXTURE_NOW;
    r.stood_n = 256;
    for (uint16_t i = 0; i < 256; i++)
        r.stood[i] = (struct rb_stood_by){origin_text(1, i, 1, true), i};
    rb_revocation_encode(&r, &w);
    const struct rb_slice payload = fixture_done(&w), in = fixture_party_sign(0, payload);
    assert_int_equal(rb_revocation_decode(in, &revocation, &fixture_arena, NULL), RB_OK);
    rb_revocation_encode(&revocation, &again);
    assert_slice_equal(fixture_done(&again), payload);
    /* and it fits a leaf */
    struct rb_writer body = fixture_writer((size_t)2 * RB_MAX_LEAF);
    struct rb_reject rj = {0};
    rb_carried_encode(in, &body);
    assert_int_equal(rb_body_check(RB_KIND_REVOCATION, fixture_done(&body), &rj), RB_OK);

    r.stood[255] = r.stood[0];
    struct rb_writer twice = fixture_writer(RB_MAX_LEAF);
    rb_revocation_encode(&r, &twice);
    assert_int_equal(rb_revocation_decode(fixture_party_sign(0, fixture_done(&twice)), &revocation,
                                          &fixture_arena, &rj),
                     RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "3.8.7");
    assert_int_equal(revocation.stood_n, 0);
}

/* a record's body must carry what its kind says */
static void carried_kinds_do_not_mix(void **state) {
    (void)state;
    static const enum rb_kind kinds[4] = {RB_KIND_CARD, RB_KIND_DELEGATION, RB_KIND_ROTATION,
                                          RB_KIND_REVOCATION};
    const struct rb_slice all[4] = {fixture_card(0), fixture_delegation(0), fixture_rotation(0),
                                    fixture_revocation(0)};
    for (unsigned i = 0; i < 4; i++) {
        struct rb_slice back;
        struct rb_writer w = fixture_writer(RB_MAX_CARD);
        rb_carried_encode(all[i], &w);
        assert_int_equal(rb_carried_decode(fixture_done(&w), &back, NULL), RB_OK);
        assert_slice_equal(back, all[i]);
        for (unsigned k = 0; k < 4; k++)
            assert_int_equal(rb_body_check(kinds[k], fixture_done(&w), NULL) == RB_OK, i == k);
    }
}

#define TEST(f) cmocka_unit_test_setup(f, setup)
int main(void) {
    const struct CMUnitTest party[] = {
        TEST(card_round_trips),
        TEST(card_refusals),
        TEST(addresses),
        TEST(card_signed_by_another),
        TEST(card_of_many_officers),
        TEST(shared_keys),
        TEST(cut_or_changed_is_refused),
        TEST(delegation_chain),
        TEST(rotation_of_what_rotates),
        TEST(revocation_of_many_feeds),
        TEST(carried_kinds_do_not_mix),
    };
    if (rb_crypto_init() != RB_OK) return 1;
    return cmocka_run_group_tests(party, NULL, NULL);
}
