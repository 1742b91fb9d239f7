/* Envelope, COSE, and bodies of every kind: what is written is read, what is read is what would be
 * written, everything else is refused with its clause. */
#include "record_fixture.h"
#include "readback/sealed.h"

static struct rb_record rec, other;
static struct rb_charter charter;

static int setup(void **state) {
    (void)state;
    fixture_reset();
    return 0;
}

static void assert_slice_equal(struct rb_slice a, struct rb_slice b) {
    assert_int_equal(a.n, b.n);
    if (a.n > 0) assert_memory_equal(a.p, b.p, a.n);
}

/* ---- round trips ------------------------------------------------------------------------------
 */

static void decode_ok(struct rb_slice leaf, struct rb_record *out) {
    struct rb_reject rj = {0};
    const enum rb_err e = rb_record_decode(leaf, out, &rj);
    if (e != RB_OK) fail_msg("%s at %s: %s", rb_err_name(e), rj.clause, rj.what);
}

static void check_leaf(struct rb_slice leaf, struct rb_slice aad, const struct rb_key *pub) {
    struct rb_writer w = fixture_writer((size_t)2 * RB_MAX_LEAF);
    decode_ok(leaf, &rec);
    assert_slice_equal(fixture_payload(&rec), rec.payload);
    assert_int_equal(rb_record_assemble(rec.payload, rec.signers, rec.signers_n, &w), RB_OK);
    assert_slice_equal(fixture_done(&w), leaf);
    assert_int_equal(rb_payload_decode(rec.payload, &other, NULL), RB_OK);
    assert_int_equal(other.signers_n, 0);
    assert_int_equal(rb_record_verify(&rec, 0, aad, pub, &fixture_arena), RB_OK);
    assert_int_equal(rb_record_verify(&rec, 0, rb_str("readback/other"), pub, &fixture_arena),
                     RB_ERR_SIGNATURE);
    const struct rb_seckey stranger = fixture_key(9, FX_OFFICER);
    assert_int_equal(rb_record_verify(&rec, 0, aad, &stranger.pub, &fixture_arena),
                     RB_ERR_SIGNATURE);
    assert_int_equal(rb_record_verify(&rec, rec.signers_n, aad, pub, &fixture_arena),
                     RB_ERR_SIGNATURE);
}

static void every_kind_round_trips(void **state) {
    (void)state;
    for (size_t i = 0; i < FIXTURE_KINDS; i++) {
        const enum rb_kind k = fixture_kinds[i];
        const struct rb_seckey key = fixture_key(0, rb_kind_is_machine(k) ? FX_NODE : FX_OFFICER);
        fixture_reset();
        fixture_record_fill(k, &rec);
        check_leaf(fixture_leaf(&rec, 0, 1), fixture_origin(k == RB_KIND_CHARTER, 0), &key.pub);
        assert_int_equal(rec.kind, k);
    }
}

static void full_envelope_round_trips(void **state) {
    (void)state;
    const struct rb_seckey key = fixture_key(0, FX_OFFICER);
    fixture_record_full(&rec);
    const struct rb_slice leaf = fixture_leaf(&rec, 0, 1);
    check_leaf(leaf, fixture_origin(false, 0), &key.pub);
    assert_int_equal(rec.seen_n, 2);
    assert_int_equal(rec.seen[1].size, 70000);
    assert_int_equal(rec.precedence, RB_FLASH);
    assert_int_equal(rec.refs[RB_REF_CARRIES].n, 4);
    assert_true(rb_slice_is(rec.language, "zh-hant"));
    assert_true(rec.demand.present && rec.demand.members == 6);
    assert_true(rec.reported_has_at && rb_slice_is(rec.reported_carrier, "phone"));
    assert_true(rb_slice_is(rec.emergency, "second officer unreachable"));
}

/* struct -> body -> struct -> body */
static void bodies_round_trip_through_structs(void **state) {
    (void)state;
    struct rb_amendment amendment;
    struct rb_membership membership;
    struct rb_test test;
    struct rb_receipt receipt;
    struct rb_silence silence;
    struct rb_notice notice = {0};
    struct rb_stop_fire stop = {0};
    struct rb_position position;
    for (size_t i = 0; i < FIXTURE_KINDS; i++) {
        const struct rb_slice body = fixture_body(fixture_kinds[i]);
        struct rb_writer w = fixture_writer(RB_MAX_LEAF);
        struct rb_arena *a = &fixture_arena;
        enum rb_err e = RB_ERR_UNSUPPORTED;
        if (fixture_kinds[i] == RB_KIND_CHARTER) {
            e = rb_charter_decode(body, &charter, NULL);
            rb_charter_encode(&charter, &w);
        } else if (fixture_kinds[i] == RB_KIND_AMENDMENT) {
            e = rb_amendment_decode(body, &amendment, NULL);
            rb_amendment_encode(&amendment, &w);
        } else if (fixture_kinds[i] == RB_KIND_MEMBERSHIP) {
            e = rb_membership_decode(body, &membership, NULL);
            rb_membership_encode(&membership, &w);
        } else if (fixture_kinds[i] == RB_KIND_TEST) {
            e = rb_test_decode(body, &test, NULL);
            rb_test_encode(&test, &w);
        } else if (fixture_kinds[i] == RB_KIND_RECEIPT) {
            e = rb_receipt_decode(body, a, &receipt, NULL);
            rb_receipt_encode(&receipt, &w);
        } else if (fixture_kinds[i] == RB_KIND_SILENCE) {
            e = rb_silence_decode(body, &silence, NULL);
            rb_silence_encode(&silence, &w);
        } else if (fixture_kinds[i] == RB_KIND_NOTICE) {
            e = rb_notice_decode(body, a, &notice, NULL);
            rb_notice_encode(&notice, &w);
        } else if (fixture_kinds[i] == RB_KIND_STOP_FIRE) {
            e = rb_stop_fire_decode(body, a, &stop, NULL);
            rb_stop_fire_encode(&stop, &w);
        } else if (fixture_kinds[i] == RB_KIND_POSITION) {
            e = rb_position_decode(body, &position, NULL);
            rb_position_encode(&position, &w);
        } else {
            continue;
        }
        assert_int_equal(e, RB_OK);
        assert_slice_equal(fixture_done(&w), body);
    }
    assert_int_equal(notice.volumes_n, 3);
    assert_int_equal(notice.volumes[0].to_utc_ms - notice.volumes[0].from_utc_ms, 3600000);
    assert_true(notice.volumes[1].has_to && !notice.volumes[1].has_from);
    assert_int_equal(notice.volumes[1].vertices[2].lat_nd, 36000000000);
    assert_true(rb_slice_is(notice.markings, "Red crescents on the roof; lit by night."));
    assert_true(notice.has_review && notice.review_utc_ms == FIXTURE_NOW + 86400000);
    assert_int_equal(stop.volumes_n, 2);
    assert_int_equal(stop.volumes[1].vertices[2].lat_nd, 36000000000);
    assert_int_equal(receipt.bodies[0].missing.n, 4);
    assert_int_equal(charter.standoff_mm[RB_NOTICE_SITE], 500000);
    assert_int_equal(charter.groups[0].lead, 1);
}

static void without_room_nothing_is_decoded(void **state) {
    (void)state;
    struct rb_receipt receipt = {0};
    struct rb_notice notice = {0};
    struct rb_stop_fire stop = {0};
    uint8_t room[32];
    struct rb_arena small = rb_arena(room, sizeof room);
    assert_int_equal(rb_receipt_decode(fixture_body(RB_KIND_RECEIPT), &small, &receipt, NULL),
                     RB_ERR_LIMIT);
    assert_int_equal(rb_notice_decode(fixture_body(RB_KIND_NOTICE), &small, &notice, NULL),
                     RB_ERR_LIMIT);
    assert_int_equal(rb_stop_fire_decode(fixture_body(RB_KIND_STOP_FIRE), &small, &stop, NULL),
                     RB_ERR_LIMIT);
    assert_int_equal(receipt.cosigs_n, 0);
    assert_int_equal(notice.volumes_n, 0);
    assert_int_equal(stop.volumes_n, 0);
    assert_int_equal(small.used, 0);
}

/* ---- broken bytes ------------------------------------------------------------------------------
 */

static void cut_anywhere_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < FIXTURE_KINDS; i++) {
        fixture_reset();
        fixture_record_fill(fixture_kinds[i], &rec);
        const struct rb_slice leaf = fixture_leaf(&rec, 0, 1);
        for (size_t n = 0; n < leaf.n; n++) {
            struct rb_reject rj = {0};
            uint8_t *exact = malloc(n + 1);
            assert_non_null(exact);
            memcpy(exact, leaf.p, n);
            assert_int_not_equal(rb_record_decode(rb_slice(exact, n), &rec, &rj), RB_OK);
            assert_non_null(rj.clause);
            assert_true(rj.offset <= n);
            free(exact);
        }
    }
}

static bool accepted(struct rb_slice leaf, struct rb_slice aad, const struct rb_key *pub) {
    if (rb_record_decode(leaf, &rec, NULL) != RB_OK) return false;
    return rb_record_verify(&rec, 0, aad, pub, &fixture_arena) == RB_OK;
}

static void every_changed_byte_is_noticed(void **state) {
    (void)state;
    const struct rb_seckey key = fixture_key(0, FX_NODE);
    fixture_record_fill(RB_KIND_TEST, &rec);
    const struct rb_slice leaf = fixture_leaf(&rec, 0, 1), aad = fixture_origin(false, 0);
    uint8_t *copy = malloc(leaf.n);
    assert_non_null(copy);
    memcpy(copy, leaf.p, leaf.n);
    assert_true(accepted(rb_slice(copy, leaf.n), aad, &key.pub));
    for (size_t at = 0; at < leaf.n; at++) {
        for (unsigned x = 1; x < 256; x++) {
            copy[at] ^= (uint8_t)x;
            assert_false(accepted(rb_slice(copy, leaf.n), aad, &key.pub));
            copy[at] ^= (uint8_t)x;
        }
    }
    free(copy);
}

static void every_changed_bit_of_any_kind_is_noticed(void **state) {
    (void)state;
    for (size_t i = 0; i < FIXTURE_KINDS; i++) {
        const enum rb_kind k = fixture_kinds[i];
        const struct rb_seckey key = fixture_key(0, rb_kind_is_machine(k) ? FX_NODE : FX_OFFICER);
        fixture_reset();
        fixture_record_fill(k, &rec);
        const struct rb_slice leaf = fixture_leaf(&rec, 0, 1);
        const struct rb_slice aad = fixture_origin(k == RB_KIND_CHARTER, 0);
        uint8_t *copy = malloc(leaf.n);
        assert_non_null(copy);
        memcpy(copy, leaf.p, leaf.n);
        /* of long ones a bit of each byte, the next each time */
        for (size_t bit = 0; bit<8 * leaf.n; bit += leaf.n> 1000 ? 9 : 1) {
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(accepted(rb_slice(copy, leaf.n), aad, &key.pub));
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        free(copy);
    }
}

static void longer_than_a_leaf(void **state) {
    (void)state;
    static const uint8_t zeros[RB_MAX_LEAF + 1];
    struct rb_reject rj = {0};
    assert_int_equal(rb_record_decode(rb_slice(zeros, sizeof zeros), &rec, &rj), RB_ERR_LIMIT);
    assert_int_equal(rb_payload_decode(rb_slice(zeros, sizeof zeros), &rec, &rj), RB_ERR_LIMIT);
    struct rb_signer s = {0};
    struct rb_writer w = fixture_writer((size_t)2 * RB_MAX_LEAF);
    assert_int_equal(rb_record_assemble(rb_slice(zeros, RB_MAX_LEAF), &s, 1, &w), RB_ERR_LIMIT);
}

/* ---- COSE ---------------------------------------------------------------------------------------
 */

static void two_officers(void **state) {
    (void)state;
    const struct rb_seckey k[2] = {fixture_key(0, FX_OFFICER), fixture_key(0, FX_OFFICER_2)};
    const struct rb_slice aad = fixture_origin(false, 0);
    fixture_record_fill(RB_KIND_STATEMENT, &rec);
    const struct rb_slice leaf = fixture_leaf(&rec, 0, 2);
    struct rb_writer w = fixture_writer(RB_MAX_LEAF);
    decode_ok(leaf, &rec);
    assert_int_equal(rec.signers_n, 2);
    assert_true(memcmp(rec.signers[0].kid, rec.signers[1].kid, RB_KID_LEN) < 0);
    for (size_t i = 0; i < 2; i++) {
        uint8_t kid[RB_KID_LEN];
        rb_key_id(&k[i].pub, kid);
        const size_t at = memcmp(kid, rec.signers[0].kid, RB_KID_LEN) == 0 ? 0 : 1;
        assert_int_equal(rb_record_verify(&rec, at, aad, &k[i].pub, &fixture_arena), RB_OK);
    }
    assert_int_equal(rb_record_assemble(rec.payload, rec.signers, 2, &w), RB_OK);
    assert_slice_equal(fixture_done(&w), leaf);

    /* one key twice, nobody, too many; signers out of order, written as a stranger would */
    struct rb_signer many[5] = {rec.signers[0], rec.signers[0]};
    w = fixture_writer(RB_MAX_LEAF);
    assert_int_equal(rb_record_assemble(rec.payload, many, 2, &w), RB_ERR_USAGE);
    assert_int_equal(rb_record_assemble(rec.payload, many, 0, &w), RB_ERR_USAGE);
    assert_int_equal(rb_record_assemble(rec.payload, many, 5, &w), RB_ERR_USAGE);
    struct rb_writer swapped = fixture_writer(RB_MAX_LEAF);
    const size_t each = 1 + 14 + 1 + 66;
    rb_put(&swapped, leaf.p, leaf.n - 2 * each);
    rb_put(&swapped, leaf.p + leaf.n - each, each);
    rb_put(&swapped, leaf.p + leaf.n - 2 * each, each);
    struct rb_reject rj = {0};
    assert_int_equal(rb_record_decode(fixture_done(&swapped), &rec, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "3.2.6");
}

/* a signature made over one signer's structure is none over two signers' */
static void signature_does_not_move_between_forms(void **state) {
    (void)state;
    const struct rb_seckey k[2] = {fixture_key(0, FX_OFFICER), fixture_key(0, FX_OFFICER_2)};
    const struct rb_slice aad = fixture_origin(false, 0);
    struct rb_signer s[2];
    struct rb_writer w = fixture_writer(RB_MAX_LEAF);
    fixture_record_fill(RB_KIND_STATEMENT, &rec);
    const struct rb_slice payload = fixture_payload(&rec);
    s[0] = fixture_signer(payload, aad, &k[0], 2);
    s[1] = fixture_signer(payload, aad, &k[1], 2);
    assert_int_equal(rb_record_assemble(payload, s, 1, &w), RB_OK);
    decode_ok(fixture_done(&w), &rec);
    assert_int_equal(rb_record_verify(&rec, 0, aad, &k[0].pub, &fixture_arena), RB_ERR_SIGNATURE);
}

/* alg -19 as another implementation may write it: kept, since the signature covers it */
static void alg_of_rfc9864_is_read(void **state) {
    (void)state;
    const struct rb_seckey key = fixture_key(0, FX_OFFICER);
    const struct rb_slice aad = fixture_origin(false, 0);
    fixture_record_fill(RB_KIND_STATEMENT, &rec);
    const struct rb_slice leaf = fixture_leaf(&rec, 0, 1), payload = fixture_payload(&rec);
    struct rb_writer w = fixture_writer(RB_MAX_LEAF), tbs = fixture_writer(RB_MAX_LEAF);
    uint8_t *copy = rb_arena_alloc(&fixture_arena, leaf.n);
    memcpy(copy, leaf.p, leaf.n);
    assert_int_equal(copy[5], 0x27);
    copy[5] = 0x32;
    assert_false(accepted(rb_slice(copy, leaf.n), aad, &key.pub)); /* signed as -8 */
    uint8_t kid[RB_KID_LEN];
    rb_key_id(&key.pub, kid);
    rb_record_tbs(payload, aad, kid, 1, &tbs);
    uint8_t *t = tbs.p;
    assert_int_equal(t[1 + 11 + 1 + 2], 0x27);
    t[1 + 11 + 1 + 2] = 0x32;
    rb_ed25519_sign(&key, fixture_done(&tbs), copy + leaf.n - RB_SIG_LEN);
    assert_true(accepted(rb_slice(copy, leaf.n), aad, &key.pub));
    assert_int_equal(rb_record_assemble(rec.payload, rec.signers, 1, &w), RB_OK);
    assert_slice_equal(fixture_done(&w), rb_slice(copy, leaf.n));
    copy[5] = 0x26; /* ES256 */
    struct rb_reject rj = {0};
    assert_int_equal(rb_record_decode(rb_slice(copy, leaf.n), &rec, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "3.2.2");
}

/* ---- sizes
 * --------------------------------------------------------------------------------------- */

/* design: a circle's notice with the officer's and the checkpoint's signature fits one burst of 340
 * bytes with four changed feeds; the receiver rebuilds origin and root */
static void circle_notice_fits_a_burst(void **state) {
    (void)state;
    struct rb_volume v = fixture_circle();
    const struct rb_notice n = {.class_ = RB_NOTICE_OPERATION,
                                .title = rb_str("Strike areas"),
                                .volumes_n = 1,
                                .volumes = &v};
    struct rb_writer w = fixture_writer(1024);
    fixture_record_fill(RB_KIND_TEST, &rec);
    rec.kind = RB_KIND_NOTICE;
    rec.precedence = RB_FLASH;
    rec.language = rb_str("en");
    rec.seen_n = 4;
    for (uint16_t i = 0; i < 4; i++)
        rec.seen[i] = (struct rb_seen_entry){i, 0, 65535};
    rb_notice_encode(&n, &w);
    rec.body = fixture_done(&w);
    const struct rb_slice leaf = fixture_leaf(&rec, 0, 1);
    decode_ok(leaf, &rec);
    assert_true(leaf.n + RB_SIG_LEN + 8 <= 340);
}

/* ---- closed records
 * -------------------------------------------------------------------------------- */

static void fill_closed(enum rb_kind kind, size_t commitments, struct rb_record *r) {
    struct rb_writer w = fixture_writer(64 * (commitments + 1));
    const struct rb_hash h = fixture_hash(5);
    fixture_record_fill(kind, r);
    r->body = rb_slice(NULL, 0);
    r->closed = true;
    r->recipients = 5;
    r->ciphertext_hash = fixture_hash(6);
    r->ciphertext_size = 1000;
    rb_cbor_put_array(&w, commitments);
    for (size_t i = 0; i < commitments; i++)
        rb_cbor_put_bytes(&w, rb_slice(h.b, RB_HASH_LEN));
    r->commitments = fixture_done(&w);
    r->commitments_n = commitments;
}

static void refused(const struct rb_record *r, enum rb_err want, const char *clause) {
    struct rb_reject rj = {0};
    const struct rb_slice payload = fixture_payload(r);
    assert_int_equal(rb_payload_decode(payload, &other, &rj), want);
    assert_non_null(rj.clause);
    assert_string_equal(rj.clause, clause);
    assert_true(rj.offset <= payload.n);
    assert_int_equal(other.kind, 0); /* all or nothing */
}

/* commitments by kind: a text's heading and paragraphs, an attachment's body and content, else one
 */
static void closed_records(void **state) {
    (void)state;
    const struct rb_seckey key = fixture_key(0, FX_OFFICER);
    static const struct {
        enum rb_kind kind;
        size_t n, less, more;
    } good[] = {{RB_KIND_NOTICE, 1, 0, 2},
                {RB_KIND_POSITION, 1, 0, 2},
                {RB_KIND_STATEMENT, 1, 0, 2},
                {RB_KIND_TEXT, 2, 1, RB_MAX_COMMITMENTS + 1},
                {RB_KIND_TEXT, RB_MAX_COMMITMENTS, 0, RB_MAX_COMMITMENTS + 1},
                {RB_KIND_ATTACHMENT, 2, 1, 3},
                {RB_KIND_STOP_FIRE, 1, 0, 2},
                {RB_KIND_ROSTER, 1, 0, 2}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        fixture_reset();
        fill_closed(good[i].kind, good[i].n, &rec);
        check_leaf(fixture_leaf(&rec, 0, 1), fixture_origin(false, 0), &key.pub);
        assert_true(rec.closed && rec.recipients == 5 && rec.commitments_n == good[i].n);
        fill_closed(good[i].kind, good[i].less, &rec);
        refused(&rec, RB_ERR_MALFORMED, "3.4.10");
        fill_closed(good[i].kind, good[i].more, &rec);
        refused(&rec, good[i].more > RB_MAX_COMMITMENTS ? RB_ERR_LIMIT : RB_ERR_MALFORMED,
                "3.4.10");
    }
    fill_closed(RB_KIND_NOTICE, 1, &rec);
    rec.recipients = 0;
    refused(&rec, RB_ERR_MALFORMED, "3.4.6");
    fill_closed(RB_KIND_RECEIPT, 1, &rec);
    refused(&rec, RB_ERR_MALFORMED, "3.4.6");
}

static void size_of_the_ciphertext(void **state) {
    (void)state;
    static const struct {
        enum rb_kind kind;
        size_t n;
        uint64_t most;
    } kinds[] = {
        {RB_KIND_NOTICE, 1, 131072}, {RB_KIND_TEXT, 2, 131072}, {RB_KIND_ATTACHMENT, 2, 67436544}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        fixture_reset();
        fill_closed(kinds[i].kind, kinds[i].n, &rec);
        rec.ciphertext_size = kinds[i].most;
        assert_int_equal(rb_payload_decode(fixture_payload(&rec), &other, NULL), RB_OK);
        assert_int_equal(other.ciphertext_size, kinds[i].most);
        rec.ciphertext_size++;
        refused(&rec, RB_ERR_LIMIT, "3.4.10");
        rec.ciphertext_size = UINT64_MAX;
        refused(&rec, RB_ERR_LIMIT, "3.4.10");
        rec.ciphertext_size = 0;
        refused(&rec, RB_ERR_MALFORMED, "3.4.10");
    }
}

static void an_attachment_is_never_open(void **state) {
    (void)state;
    const struct rb_attachment a = {.name = rb_str("a"), .size = 3};
    struct rb_writer w = fixture_writer(64);
    fixture_record_fill(RB_KIND_STATEMENT, &rec);
    rb_attachment_encode(&a, &w);
    rec.kind = RB_KIND_ATTACHMENT;
    rec.body = fixture_done(&w);
    assert_int_equal(rb_body_check(RB_KIND_ATTACHMENT, rec.body, NULL), RB_OK);
    refused(&rec, RB_ERR_MALFORMED, "3.6.29");
}

/* recipients and an open body; a detached body and no recipients; neither body */
static void open_and_closed_do_not_mix(void **state) {
    (void)state;
    struct rb_reject rj = {0};
    fixture_record_fill(RB_KIND_STATEMENT, &rec);
    const struct rb_slice body = rec.body;
    for (int which = 0; which < 3; which++) {
        struct rb_writer w = fixture_writer(4096);
        const struct rb_hash h = fixture_hash(1);
        rb_cbor_put_map(&w, which == 2 ? 3 : which == 1 ? 4 : 5);
        rb_cbor_put_uint(&w, RB_ENV_KIND);
        rb_cbor_put_uint(&w, RB_KIND_STATEMENT);
        rb_cbor_put_uint(&w, RB_ENV_CHANNEL);
        rb_cbor_put_bytes(&w, rb_slice(fixture_channel, RB_CHANNEL_LEN));
        rb_cbor_put_uint(&w, RB_ENV_CREATED);
        rb_cbor_put_uint(&w, FIXTURE_NOW);
        if (which == 0) {
            rb_cbor_put_uint(&w, RB_ENV_RECIPIENTS);
            rb_put(&w, "\x81\x01", 2);
            rb_cbor_put_uint(&w, RB_ENV_BODY);
            rb_put_slice(&w, body);
        } else if (which == 1) {
            rb_cbor_put_uint(&w, RB_ENV_DETACHED);
            rb_cbor_put_array(&w, 3);
            rb_cbor_put_bytes(&w, rb_slice(h.b, RB_HASH_LEN));
            rb_cbor_put_uint(&w, 7);
            rb_cbor_put_array(&w, 1);
            rb_cbor_put_bytes(&w, rb_slice(h.b, RB_HASH_LEN));
        }
        assert_int_equal(rb_payload_decode(fixture_done(&w), &other, &rj), RB_ERR_MALFORMED);
        assert_string_equal(rj.clause, "3.4.9");
    }
}

/* ---- envelope refusals
 * ------------------------------------------------------------------------------ */

static void spoil_channel(struct rb_record *r) {
    r->has_channel = false;
}
static void spoil_created(struct rb_record *r) {
    r->created_utc_ms = -1;
}
static void spoil_created_far(struct rb_record *r) {
    r->created_utc_ms = 253402300800000;
}
static void spoil_seen_order(struct rb_record *r) {
    r->seen[1].member = 0;
}
static void spoil_seen_twice(struct rb_record *r) {
    r->seen[1] = r->seen[0];
}
static void spoil_seen_zero(struct rb_record *r) {
    r->seen[0].size = 0;
}
static void spoil_seen_member(struct rb_record *r) {
    r->seen[1].member = RB_MAX_MEMBERS;
}
static void spoil_precedence(struct rb_record *r) {
    r->precedence = (enum rb_precedence)4;
}
static void spoil_refs(struct rb_record *r) {
    r->refs[RB_REF_CARRIES].h[3] = r->refs[RB_REF_CARRIES].h[0];
}
static void spoil_language(struct rb_record *r) {
    r->language = rb_str("EN");
}
static void spoil_language_long(struct rb_record *r) {
    r->language = rb_str("en-abcdefghi");
}
static void spoil_language_hyphen(struct rb_record *r) {
    r->language = rb_str("en-");
}
static void spoil_demand(struct rb_record *r) {
    r->demand.position = RB_POSITION_MAX + 1;
}
static void spoil_demand_zero(struct rb_record *r) {
    r->demand.position = 0;
}
static void spoil_reported(struct rb_record *r) {
    r->reported_carrier = rb_str("");
}
static void spoil_reported_line(struct rb_record *r) {
    r->reported_who = rb_str("a\nb");
}
static void spoil_emergency(struct rb_record *r) {
    r->emergency = rb_str("\xe2\x80\xae");
}
static void spoil_kind(struct rb_record *r) {
    r->kind = (enum rb_kind)30;
}

static void envelope_refusals(void **state) {
    (void)state;
    static const struct {
        void (*spoil)(struct rb_record *);
        enum rb_err err;
        const char *clause;
    } cases[] = {
        {spoil_channel, RB_ERR_MALFORMED, "3.4.2"},
        {spoil_created, RB_ERR_MALFORMED, "3.4.3"},
        {spoil_created_far, RB_ERR_MALFORMED, "3.4.3"},
        {spoil_seen_order, RB_ERR_MALFORMED, "3.4.4"},
        {spoil_seen_twice, RB_ERR_MALFORMED, "3.4.4"},
        {spoil_seen_zero, RB_ERR_MALFORMED, "3.4.4"},
        {spoil_seen_member, RB_ERR_MALFORMED, "3.4.4"},
        {spoil_precedence, RB_ERR_MALFORMED, "3.4.5"},
        {spoil_refs, RB_ERR_MALFORMED, "3.4.7"},
        {spoil_language, RB_ERR_MALFORMED, "3.4.8"},
        {spoil_language_long, RB_ERR_MALFORMED, "3.4.8"},
        {spoil_language_hyphen, RB_ERR_MALFORMED, "3.4.8"},
        {spoil_demand, RB_ERR_MALFORMED, "3.4.11"},
        {spoil_demand_zero, RB_ERR_MALFORMED, "3.4.11"},
        {spoil_reported, RB_ERR_MALFORMED, "3.4.12"},
        {spoil_reported_line, RB_ERR_MALFORMED, "3.4.12"},
        {spoil_emergency, RB_ERR_MALFORMED, "3.4.13"},
        {spoil_kind, RB_ERR_UNSUPPORTED, "3.4.1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_reset();
        fixture_record_full(&rec);
        cases[i].spoil(&rec);
        refused(&rec, cases[i].err, cases[i].clause);
    }
}

static void charter_has_no_channel_and_position_answers(void **state) {
    (void)state;
    fixture_record_fill(RB_KIND_CHARTER, &rec);
    rec.has_channel = true;
    refused(&rec, RB_ERR_MALFORMED, "3.4.2");
    fixture_record_fill(RB_KIND_POSITION, &rec);
    rec.refs[RB_REF_ANSWERS].n = 0;
    refused(&rec, RB_ERR_MALFORMED, "3.4.7");
}

/* 3.6.11: without FLASH, without a demand, with a demand of anything else it is none; so when
 * closed */
static void a_stop_fire_is_flash_and_demands(void **state) {
    (void)state;
    for (int closed = 0; closed < 2; closed++) {
        for (int p = 0; p < RB_ROUTINE; p++) {
            for (uint16_t t = 0; t <= RB_POSITION_MAX; t++) {
                fixture_reset();
                if (closed)
                    fill_closed(RB_KIND_STOP_FIRE, 1, &rec);
                else
                    fixture_record_fill(RB_KIND_STOP_FIRE, &rec);
                rec.precedence = p == 0 ? RB_FLASH : (enum rb_precedence)p;
                rec.demand.present = t != 0;
                rec.demand.position = t;
                if (p != 0 || t != RB_POSITION_WILL_COMPLY) {
                    refused(&rec, RB_ERR_MALFORMED, "3.6.11");
                    continue;
                }
                assert_int_equal(rb_payload_decode(fixture_payload(&rec), &other, NULL), RB_OK);
                assert_true(other.demand.present && other.demand.members == 2);
            }
        }
    }
    fixture_record_fill(RB_KIND_STOP_FIRE, &rec);
    rec.precedence = RB_ROUTINE;
    refused(&rec, RB_ERR_MALFORMED, "3.6.11");
    fixture_record_fill(RB_KIND_REQUEST, &rec);
    rec.demand = (struct rb_demand){true, FIXTURE_NOW + 300000, RB_POSITION_ACCEPT, 2};
    refused(&rec, RB_ERR_MALFORMED, "3.6.12");
    rec.demand.position = RB_POSITION_WILL_COMPLY;
    assert_int_equal(rb_payload_decode(fixture_payload(&rec), &other, NULL), RB_OK);
}

static void unknown_key_is_refused(void **state) {
    (void)state;
    struct rb_writer w = fixture_writer(4096);
    struct rb_reject rj = {0};
    fixture_record_fill(RB_KIND_STATEMENT, &rec);
    const struct rb_slice payload = fixture_payload(&rec);
    rb_put_u8(&w, (uint8_t)(payload.p[0] + 1));
    rb_put(&w, payload.p + 1, payload.n - 1);
    rb_put(&w, "\x11\x00", 2);
    assert_int_equal(rb_payload_decode(fixture_done(&w), &other, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "3.4.14");
    assert_int_equal(rj.offset, payload.n);
}

static void every_kind_has_a_grammar(void **state) {
    (void)state;
    for (int k = 1; k <= RB_KIND_MAX; k++) {
        bool shown = k == RB_KIND_ATTACHMENT; /* no open record of the fixture, as it is never open */
        for (size_t i = 0; i < FIXTURE_KINDS; i++)
            shown |= fixture_kinds[i] == (enum rb_kind)k;
        assert_true(shown);
        assert_non_null(rb_body_schema((enum rb_kind)k));
    }
    assert_null(rb_body_schema((enum rb_kind)0));
    assert_null(rb_body_schema((enum rb_kind)(RB_KIND_MAX + 1)));
}

/* ---- body refusals: small bodies by hand, in hex
 * -------------------------------------------------- */

static const struct {
    enum rb_kind kind;
    const char *hex, *clause;
    enum rb_err err;
} refused_bodies[] = {
    {RB_KIND_TEST, "a0", "3.5.2", RB_ERR_MALFORMED},                      /* sequence missing */
    {RB_KIND_TEST, "a2020103f6", "3.5.1", RB_ERR_MALFORMED},              /* unknown key */
    {RB_KIND_TEST, "a202010201", "3.5.1", RB_ERR_MALFORMED},              /* key twice */
    {RB_KIND_TEST, "a202010101", "3.5.1", RB_ERR_MALFORMED},              /* keys out of order */
    {RB_KIND_TEST, "a201000201", "3.5.6", RB_ERR_MALFORMED},              /* default written out */
    {RB_KIND_TEST, "a10220", "3.5.3", RB_ERR_MALFORMED},                  /* negative */
    {RB_KIND_TEST, "a1021801", "3.5.3", RB_ERR_MALFORMED},                /* long form */
    {RB_KIND_TEST, "a1020100", "3.1.7", RB_ERR_MALFORMED},                /* trailing byte */
    {RB_KIND_TEST, "8102", "3.5.3", RB_ERR_MALFORMED},                    /* not a map */
    {RB_KIND_MEMBERSHIP, "a10103", "3.5.4", RB_ERR_MALFORMED},            /* no such action */
    {RB_KIND_MEMBERSHIP, "a201000260", "3.5.6", RB_ERR_MALFORMED},        /* empty reason */
    {RB_KIND_MEMBERSHIP, "a20100026107", "3.5.5", RB_ERR_MALFORMED},      /* a bell */
    {RB_KIND_MEMBERSHIP, "a201000261ff", "3.5.3", RB_ERR_MALFORMED},      /* no UTF-8 */
    {RB_KIND_NIL, "a201050205", "3.6.7", RB_ERR_MALFORMED},               /* empty period */
    {RB_KIND_RECEIPT, "a0", "3.6.8", RB_ERR_MALFORMED},                   /* says nothing */
    {RB_KIND_RECEIPT, "a10280", "3.5.6", RB_ERR_MALFORMED},               /* empty list */
    {RB_KIND_RECEIPT, "a1028184000005820302", "3.5.7", RB_ERR_MALFORMED}, /* not ascending */
    {RB_KIND_RECEIPT, "a1028184000005820305", "3.6.8", RB_ERR_MALFORMED}, /* beyond the size */
    {RB_KIND_RECEIPT, "a1028284000005808400000680", "3.6.8", RB_ERR_MALFORMED}, /* feed twice */
    {RB_KIND_SERVICE, "a10100", "3.6.6", RB_ERR_MALFORMED},
    {RB_KIND_SERVICE, "a301010405076161", "3.6.6", RB_ERR_MALFORMED}, /* size with override */
    /* probed: count and since, with a reason perhaps and nothing else */
    {RB_KIND_SERVICE, "a301050a100b18c8", NULL, RB_OK},
    {RB_KIND_SERVICE, "a401050761610a100b18c8", NULL, RB_OK},
    {RB_KIND_SERVICE, "a10105", "3.6.6", RB_ERR_MALFORMED},
    {RB_KIND_SERVICE, "a201050a10", "3.6.6", RB_ERR_MALFORMED},       /* since when */
    {RB_KIND_SERVICE, "a201050b18c8", "3.6.6", RB_ERR_MALFORMED},     /* how many */
    {RB_KIND_SERVICE, "a301050a000b18c8", "3.5.6", RB_ERR_MALFORMED}, /* none */
    {RB_KIND_SERVICE, "a4010503600a100b18c8", "3.5.6", RB_ERR_MALFORMED},
    {RB_KIND_SERVICE, "a4010504010a100b18c8", "3.6.6", RB_ERR_MALFORMED}, /* with a size */
    {RB_KIND_SERVICE, "a301010761610a10", "3.6.6", RB_ERR_MALFORMED},
    {RB_KIND_POSITION, "a2010307623f3f", NULL, RB_OK},                /* a query with a play-back */
    {RB_KIND_POSITION, "a2010107623f3f", "3.6.13", RB_ERR_MALFORMED}, /* in a read */
    {RB_KIND_POSITION, "a2010e07623f3f", "3.6.13", RB_ERR_MALFORMED}, /* in a confirm */
    {RB_KIND_POSITION, "a201030760", "3.5.6", RB_ERR_MALFORMED},      /* empty */
    {RB_KIND_POSITION, "a20103076107", "3.5.5", RB_ERR_MALFORMED},    /* a bell */
    {RB_KIND_NOTICE, "a301030261610605", NULL, RB_OK}, /* a site, to be looked at again */
    {RB_KIND_NOTICE, "a301000261610605", "3.6.10", RB_ERR_MALFORMED},
    {RB_KIND_NOTICE, "a301010261610605", "3.6.10", RB_ERR_MALFORMED},
    {RB_KIND_NOTICE, "a301020261610605", "3.6.10", RB_ERR_MALFORMED},
    {RB_KIND_NOTICE, "a301040261610605", "3.6.10", RB_ERR_MALFORMED},
    {RB_KIND_NOTICE, "a30102026161056162", NULL, RB_OK}, /* a movement is marked */
    {RB_KIND_NOTICE, "a301030261610560", "3.5.6", RB_ERR_MALFORMED},
    {RB_KIND_NOTICE, "a30103026161061b0000e677d2207000", "3.5.4", RB_ERR_MALFORMED},
    {RB_KIND_STOP_FIRE, "a1016161", NULL, RB_OK},
    {RB_KIND_STOP_FIRE, "a0", "3.5.2", RB_ERR_MALFORMED},
    {RB_KIND_STOP_FIRE, "a10160", "3.5.6", RB_ERR_MALFORMED},
    {RB_KIND_STOP_FIRE, "a20161610380", "3.5.6", RB_ERR_MALFORMED}, /* no place is no key */
    {RB_KIND_STOP_FIRE, "a20161610381a0", "3.7.1", RB_ERR_MALFORMED},
    {RB_KIND_STOP_FIRE, "a20161610381a10183000000", "3.7.1", RB_ERR_MALFORMED},
    {RB_KIND_STOP_FIRE, "a201616104f5", "3.5.1", RB_ERR_MALFORMED},
    {RB_KIND_POSITION, "a10102", "3.6.13", RB_ERR_MALFORMED},       /* passed down to whom */
    {RB_KIND_POSITION, "a20101036161", "3.6.13", RB_ERR_MALFORMED}, /* read at a level */
    {RB_KIND_POSITION, "a20101068101", "3.6.13", RB_ERR_MALFORMED}, /* paragraphs of a read */
    {RB_KIND_POSITION, "a2010d068100", "3.6.13", RB_ERR_MALFORMED}, /* paragraph 0 */
    {RB_KIND_POSITION, "a2010d06820201", "3.5.7", RB_ERR_MALFORMED},
    {RB_KIND_POSITION, "a10113", "3.5.4", RB_ERR_MALFORMED},
    {RB_KIND_SILENCE, "a4010003010405078200f6", "3.6.9", RB_ERR_MALFORMED}, /* which demand */
    {RB_KIND_SILENCE, "a501010301040506f5078200f6", "3.6.9", RB_ERR_MALFORMED},
    {RB_KIND_SILENCE, "a501010301040506f4078200f6", "3.5.6", RB_ERR_MALFORMED},
    {RB_KIND_NOTICE, "a301000261610481a0", "3.7.1", RB_ERR_MALFORMED}, /* no shape */
    {RB_KIND_NOTICE, "a301000261610481a10183000000", "3.7.1", RB_ERR_MALFORMED},
    {RB_KIND_NOTICE, "a301000261610481a3018300000106820af60714", "3.7.1", RB_ERR_MALFORMED},
    {RB_KIND_NOTICE, "a301000261610481a2018300000106820a00", "3.5.6", RB_ERR_MALFORMED},
    {RB_KIND_STATEMENT, "a20161610260", "3.5.6", RB_ERR_MALFORMED},
    {RB_KIND_TEXT, "a30161610201038160", "3.5.6", RB_ERR_MALFORMED},
    {RB_KIND_CARD, "a1014100", "3.2.1", RB_ERR_MALFORMED},
    {RB_KIND_ATTACHMENT, "a0", "3.5.2", RB_ERR_MALFORMED},
    {RB_KIND_ATTACHMENT, "a2016161031a04000001", "3.5.4", RB_ERR_MALFORMED}, /* 64 MiB + 1 */
    {RB_KIND_ATTACHMENT, "a201622e2e0300", "3.6.29", RB_ERR_MALFORMED},      /* ".." */
    {RB_KIND_ATTACHMENT, "a30161610261610300", "3.6.29", RB_ERR_MALFORMED},  /* type "a" */
    {RB_KIND_INCIDENT, "a0", "3.5.2", RB_ERR_MALFORMED},
    {(enum rb_kind)(RB_KIND_MAX + 1), "a0", "3.4.1", RB_ERR_UNSUPPORTED},
};
static void body_refusals(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused_bodies / sizeof *refused_bodies; i++) {
        uint8_t b[64];
        struct rb_reject rj = {0};
        const size_t n = strlen(refused_bodies[i].hex) / 2;
        assert_int_equal(rb_hex_decode(rb_str(refused_bodies[i].hex), b, n), RB_OK);
        const enum rb_err e = rb_body_check(refused_bodies[i].kind, rb_slice(b, n), &rj);
        const bool same = refused_bodies[i].clause
                              ? rj.clause && strcmp(rj.clause, refused_bodies[i].clause) == 0
                              : !rj.clause;
        if (e != refused_bodies[i].err || !same)
            fail_msg("%s %s: %s %s", rb_kind_name(refused_bodies[i].kind), refused_bodies[i].hex,
                     rb_err_name(e), rj.clause ? rj.clause : "-");
    }
}

/* ---- charter
 * ---------------------------------------------------------------------------------------- */

static void spoil_member_order(struct rb_charter *c) {
    c->members[2].index = 0;
}
static void spoil_member_handle(struct rb_charter *c) {
    c->members[2].handle = rb_str("someone");
}
static void spoil_member_twice(struct rb_charter *c) {
    c->members[2] = c->members[1];
    c->members[2].index = 2;
}
static void spoil_group(struct rb_charter *c) {
    c->groups[0].members |= 8;
}
static void spoil_group_lead(struct rb_charter *c) {
    c->groups[0].lead = 0;
}
static void spoil_groups(struct rb_charter *c) {
    c->groups_n = 2;
    c->groups[1] = (struct rb_group){rb_str("other"), 2, 4};
}
static void spoil_accept(struct rb_charter *c) {
    c->accept_members = 8;
}
static void spoil_quorum(struct rb_charter *c) {
    c->quorum = 4;
}
static void spoil_quorum_none(struct rb_charter *c) {
    c->quorum = 0;
}
static void spoil_veto(struct rb_charter *c) {
    c->veto = 0;
}
static void spoil_silence(struct rb_charter *c) {
    c->silence_ms = 1;
}
static void spoil_timekeeper(struct rb_charter *c) {
    c->timekeeper = 3;
}
static void spoil_version(struct rb_charter *c) {
    c->rules_version = 0;
}
static void spoil_theatre(struct rb_charter *c) {
    c->theatre.south_nd = c->theatre.north_nd;
}
static void spoil_terrain(struct rb_charter *c) {
    c->terrain_max_mm = -500000;
}
static void spoil_grace(struct rb_charter *c) {
    c->test_interval_s = 0;
}
static void spoil_languages(struct rb_charter *c) {
    c->languages[1] = c->languages[0];
}
static void spoil_policy(struct rb_charter *c) {
    c->policies[0].kind = RB_KIND_CARD;
}
static void spoil_policy_two(struct rb_charter *c) {
    c->policies[0].kind = RB_KIND_STOP_FIRE;
}
static void spoil_policies(struct rb_charter *c) {
    c->policies_n = 2;
    c->policies[1] = c->policies[0];
}

static void charter_refusals(void **state) {
    (void)state;
    static void (*const cases[])(struct rb_charter *) = {
        spoil_member_order, spoil_member_handle, spoil_member_twice, spoil_group,
        spoil_group_lead,   spoil_groups,        spoil_accept,       spoil_quorum,
        spoil_quorum_none,  spoil_veto,          spoil_silence,      spoil_timekeeper,
        spoil_version,      spoil_theatre,       spoil_terrain,      spoil_grace,
        spoil_languages,    spoil_policy,        spoil_policy_two,   spoil_policies};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rb_reject rj = {0};
        fixture_reset();
        struct rb_writer w = fixture_writer(RB_MAX_LEAF);
        fixture_charter_fill(&charter);
        cases[i](&charter);
        rb_charter_encode(&charter, &w);
        const enum rb_err e = rb_charter_decode(fixture_done(&w), &charter, &rj);
        if (e != RB_ERR_MALFORMED || strcmp(rj.clause, "3.6.1") != 0)
            fail_msg("case %zu: %s %s", i, rb_err_name(e), rj.clause ? rj.clause : "-");
        assert_int_equal(charter.members_n, 0);
    }
}

/* the least a charter can say */
static void small_charter(void **state) {
    (void)state;
    struct rb_writer w = fixture_writer(RB_MAX_LEAF), again = fixture_writer(RB_MAX_LEAF);
    fixture_charter_fill(&charter);
    static struct rb_charter c;
    memset(&c, 0, sizeof c);
    c.title = charter.title;
    c.members_n = 1;
    c.members[0] = charter.members[0];
    c.accept_members = 1;
    c.accept_by_utc_ms = FIXTURE_NOW;
    c.rules_version = 1;
    rb_charter_encode(&c, &w);
    assert_int_equal(rb_charter_decode(fixture_done(&w), &charter, NULL), RB_OK);
    assert_false(charter.has_theatre || charter.has_timekeeper || charter.exercise);
    rb_charter_encode(&charter, &again);
    assert_slice_equal(fixture_done(&again), fixture_done(&w));
}

/* ---- the position table, written out once more from the design
 * --------------------------------------- */

static const char *may(enum rb_kind k, int class_) {
    switch (k) {
    case RB_KIND_NOTICE:
        return class_ == RB_NOTICE_SITE || class_ == RB_NOTICE_MOVEMENT
                   ? " dispute-fact cannot-comply "
                   : " object ";
    case RB_KIND_STOP_FIRE:
    case RB_KIND_REQUEST:
        return " will-comply complied cannot-comply declined ";
    case RB_KIND_CHARTER:
    case RB_KIND_AMENDMENT:
    case RB_KIND_CESSATION:
    case RB_KIND_TEXT:
    case RB_KIND_AGREEMENT:
    case RB_KIND_READOUT:
        return " accept reject abstain dissociate ";
    case RB_KIND_INCIDENT:
    case RB_KIND_FIGURE:
    case RB_KIND_FINDING:
    case RB_KIND_STATEMENT:
    case RB_KIND_PROGRESS:
    case RB_KIND_DESIGNATION:
        return " confirm dispute ";
    case RB_KIND_CONTACT:
        return " accept declined took-place ";
    case RB_KIND_MEMBERSHIP:
    case RB_KIND_CARD:
    case RB_KIND_TEST:
    case RB_KIND_SERVICE:
    case RB_KIND_NIL:
    case RB_KIND_RECEIPT:
    case RB_KIND_SILENCE:
    case RB_KIND_POSITION:
    case RB_KIND_ROSTER:
    case RB_KIND_DELEGATION:
    case RB_KIND_ROTATION:
    case RB_KIND_REVOCATION:
    case RB_KIND_ATTACHMENT:
        return "";
    }
    return "";
}

static void position_table(void **state) {
    (void)state;
    for (int k = 1; k <= RB_KIND_MAX; k++) {
        for (int t = 1; t <= RB_POSITION_MAX; t++) {
            for (int c = 0; c < RB_NOTICE_CLASSES; c++) {
                char word[40] = " ";
                const enum rb_kind kind = (enum rb_kind)k;
                const enum rb_position_type type = (enum rb_position_type)t;
                strcat(strcat(word, rb_position_name(type)), " ");
                const bool any =
                    strstr(" read passed-down query ", word) != NULL && !rb_kind_is_machine(kind);
                const bool own = strstr(" withdraw correct ", word) != NULL;
                const bool want = any || strstr(may(kind, c), word) != NULL;
                assert_int_equal(rb_position_may_answer(type, kind, c, false), want);
                assert_int_equal(rb_position_may_answer(type, kind, c, true), want || own);
            }
        }
    }
    assert_false(rb_position_may_answer(RB_POSITION_OBJECT, RB_KIND_NOTICE, -1, false));
    assert_false(rb_position_may_answer(RB_POSITION_OBJECT, RB_KIND_NOTICE, 5, false));
    assert_false(rb_position_may_answer((enum rb_position_type)0, RB_KIND_NOTICE, 0, true));
    assert_false(rb_position_may_answer(RB_POSITION_READ, (enum rb_kind)30, 0, true));
}

static void names_and_numbers(void **state) {
    (void)state;
    for (int k = 1; k <= RB_KIND_MAX; k++) {
        enum rb_kind back;
        assert_int_equal(rb_kind_decode(rb_str(rb_kind_name((enum rb_kind)k)), &back), RB_OK);
        assert_int_equal(back, k);
    }
    for (int t = 1; t <= RB_POSITION_MAX; t++) {
        enum rb_position_type back;
        assert_int_equal(
            rb_position_type_decode(rb_str(rb_position_name((enum rb_position_type)t)), &back),
            RB_OK);
        assert_int_equal(back, t);
    }
    enum rb_precedence p;
    assert_int_equal(rb_precedence_decode(rb_str("IMMEDIATE"), &p), RB_OK);
    assert_int_equal(p, RB_IMMEDIATE);
    assert_int_equal(rb_precedence_decode(rb_str("urgent"), &p), RB_ERR_NOT_FOUND);
    assert_string_equal(rb_kind_name((enum rb_kind)0), "?");
    assert_string_equal(rb_role_name(RB_ROLE_MEDIATOR), "mediator");
    assert_true(rb_kind_never_needs_two(RB_KIND_POSITION, RB_POSITION_READ));
    assert_false(rb_kind_never_needs_two(RB_KIND_POSITION, RB_POSITION_ACCEPT));
    assert_false(rb_kind_never_needs_two(RB_KIND_NOTICE, 0));
}

/* ---- origins and the digest of seen
 * ------------------------------------------------------------------- */

static void origins(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "readback/",
        "readback//%s/0",
        "readback/c0010203040506070000000000000000/%s/",
        "readback/c0010203040506070000000000000000/%s/00",
        "readback/c0010203040506070000000000000000/%s/65536",
        "readback/c0010203040506070000000000000000/%s/0/",
        "readback/C0010203040506070000000000000000/%s/0",
        "readback-/c0010203040506070000000000000000/%s/0",
    };
    struct rb_origin o;
    struct rb_writer w = fixture_writer(RB_MAX_ORIGIN);
    const struct rb_hash h = fixture_party_hash(1);
    rb_origin_encode(false, fixture_channel, &h, 65535, &w);
    const struct rb_slice origin = fixture_done(&w);
    assert_int_equal(rb_origin_decode(origin, &o), RB_OK);
    assert_true(!o.exercise && o.epoch == 65535 && rb_hash_eq(&o.party, &h));
    assert_memory_equal(o.channel, fixture_channel, RB_CHANNEL_LEN);
    assert_int_equal(rb_origin_decode(fixture_origin(false, 1), &o), RB_OK);
    assert_true(o.exercise && o.epoch == 0);
    assert_int_equal(rb_origin_decode(fixture_origin(true, 1), &o), RB_ERR_MALFORMED);
    char hex[65] = "";
    struct rb_writer x = rb_writer(hex, sizeof hex);
    rb_put_hex(&x, h.b, RB_HASH_LEN);
    rb_writer_z(&x);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rb_writer b = fixture_writer(256);
        const char *mark = strstr(bad[i], "%s");
        if (mark) {
            rb_put(&b, bad[i], (size_t)(mark - bad[i]));
            rb_put_z(&b, hex);
            rb_put_z(&b, mark + 2);
        } else {
            rb_put_z(&b, bad[i]);
        }
        assert_int_equal(rb_origin_decode(fixture_done(&b), &o), RB_ERR_MALFORMED);
    }
}

/* value computed with Python's hashlib over the bytes that spec 3.3 names */
static void seen_digest(void **state) {
    (void)state;
    uint8_t d[RB_DIGEST_LEN], want[RB_DIGEST_LEN];
    struct rb_seen_digest_item items[2] = {{rb_str("readback/a"), 1, {{0}}},
                                           {rb_str("readback/b"), 70000, {{0}}}};
    memset(items[0].root.b, 0x11, RB_HASH_LEN);
    memset(items[1].root.b, 0x22, RB_HASH_LEN);
    rb_seen_digest(items, 2, &fixture_arena, d);
    assert_int_equal(rb_hex_decode(rb_str("bd0b59290abfb8c848ef78ad03927d6c"), want, sizeof want),
                     RB_OK);
    assert_memory_equal(d, want, sizeof want);
    items[1].size++;
    rb_seen_digest(items, 2, &fixture_arena, d);
    assert_memory_not_equal(d, want, sizeof want);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)
int main(void) {
    const struct CMUnitTest record[] = {
        TEST(every_kind_round_trips),
        TEST(full_envelope_round_trips),
        TEST(bodies_round_trip_through_structs),
        TEST(without_room_nothing_is_decoded),
        TEST(cut_anywhere_is_refused),
        TEST(every_changed_byte_is_noticed),
        TEST(every_changed_bit_of_any_kind_is_noticed),
        TEST(longer_than_a_leaf),
        TEST(two_officers),
        TEST(signature_does_not_move_between_forms),
        TEST(alg_of_rfc9864_is_read),
        TEST(circle_notice_fits_a_burst),
        TEST(closed_records),
        TEST(size_of_the_ciphertext),
        TEST(an_attachment_is_never_open),
        TEST(open_and_closed_do_not_mix),
        TEST(envelope_refusals),
        TEST(charter_has_no_channel_and_position_answers),
        TEST(a_stop_fire_is_flash_and_demands),
        TEST(unknown_key_is_refused),
        TEST(every_kind_has_a_grammar),
        TEST(body_refusals),
        TEST(charter_refusals),
        TEST(small_charter),
        TEST(position_table),
        TEST(names_and_numbers),
        TEST(origins),
        TEST(seen_digest),
    };
    if (rb_crypto_init() != RB_OK) return 1;
    return cmocka_run_group_tests(record, NULL, NULL);
}
