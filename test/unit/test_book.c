/* The book: founding, feeds, and what is judged by the feed alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "fixture_book.h"

static int setup(void **state) {
    *state = fx_new(3);
    return 0;
}
static int teardown(void **state) {
    fx_free(*state);
    return 0;
}

/* the book's own mark of a record */
static enum rb_mark judged(struct fx *w, const struct rb_hash *id) {
    struct rb_feed *f;
    size_t leaf;
    struct rb_book *b = fx_book(w);
    assert_true(rb_book_find(b, id, &f, &leaf));
    return (enum rb_mark)f->facts[leaf].mark;
}

/* ---- founding ---------------------------------------------------------------------------------
 */

static void found_and_find(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_book *b = fx_book(w);
    assert_memory_equal(b->channel, w->charter_id.b, RB_CHANNEL_LEN);
    assert_int_equal(b->proposer, 0);
    assert_int_equal(b->members_n, 3);
    assert_int_equal(rb_book_member_by_handle(b, rb_str("party-2"))->index, 2);
    assert_null(rb_book_member_by_handle(b, rb_str("party-3")));
    assert_null(rb_book_member(b, 3));
    assert_non_null(rb_book_listed(b, 1));
    assert_null(rb_book_listed(b, 3));
    assert_int_equal(rb_book_feed(b, 0, 0)->facts_n, 2);
    assert_int_equal(rb_book_feed(b, 0, 0)->facts[0].mark, RB_MARK_NONE);
    assert_int_equal(rb_book_feed(b, 0, 0)->facts[1].mark, RB_MARK_NONE);
    assert_int_equal(rb_book_feed(b, 1, 0)->facts[0].mark, RB_MARK_NONE);
    assert_int_equal(rb_book_feed(b, 1, 0)->facts[0].officers, 1);
    struct fx_feed *f = fx_feed_of(w, 1, 0);
    assert_ptr_equal(rb_book_feed_by_origin(b, rb_slice(f->origin, f->origin_n)),
                     rb_book_feed(b, 1, 0));
}

static enum rb_err found(struct fx *w, struct rb_slice leaf, struct rb_reject *rj) {
    struct rb_book b;
    enum rb_err err = rb_book_found(&b, &w->books, leaf, &w->work, rj);
    if (err == RB_OK) rb_book_free(&b);
    return err;
}

static void founding_refuses(void **state) {
    struct fx *w = *state;
    struct rb_reject rj = {0};
    fx_found(w);
    struct fx_feed *f = fx_feed_of(w, 0, 0);
    assert_int_equal(found(w, f->leaf[1], &rj), RB_ERR_MALFORMED); /* a delegation */
    assert_string_equal(rj.clause, "5.1.1");
    struct rb_slice bad;
    assert_int_equal(rb_arena_copy(&w->arena, w->charter_leaf, &bad), RB_OK);
    ((uint8_t *)(uintptr_t)bad.p)[bad.n - 1] ^= 1; /* the last byte of the signature */
    assert_int_equal(found(w, bad, &rj), RB_ERR_SIGNATURE);
    assert_string_equal(rj.clause, "5.1.5");
    for (size_t n = 0; n < w->charter_leaf.n; n += 97)
        assert_int_not_equal(found(w, rb_slice(w->charter_leaf.p, n), &rj), RB_OK);
}

static void founding_wants_an_officer_of_a_member(void **state) {
    struct fx *w = *state;
    struct rb_reject rj = {0};
    struct rb_seckey own = w->party[0].officer[0];
    w->party[0].officer[0] = w->party[1].officer[1]; /* a member's officer, but over another aad */
    fx_found(w);
    assert_int_equal(found(w, w->charter_leaf, &rj), RB_ERR_SIGNATURE);
    fx_reset(w, 3);
    w->party[0].officer[0] = w->party[0].tls; /* on nobody's list of officers */
    fx_found(w);
    assert_int_equal(found(w, w->charter_leaf, &rj), RB_ERR_DENIED);
    assert_string_equal(rj.clause, "5.1.4");
    w->party[0].officer[0] = own;
}

static void founding_refuses_a_shared_key(void **state) {
    struct fx *w = *state;
    struct rb_reject rj = {0};
    w->party[2].tls = w->party[1].tls;
    w->charter.members[2].card = fx_card(w, 2);
    fx_found(w);
    assert_int_equal(found(w, w->charter_leaf, &rj), RB_ERR_DENIED);
    assert_string_equal(rj.clause, "5.1.3");
}

static void founding_out_of_room(void **state) {
    struct fx *w = *state;
    fx_found(w);
    uint64_t n = 1;
    for (;; n++) { /* the Nth allocation fails, for every N */
        struct rb_book b;
        w->books.fail_at = n;
        enum rb_err err = rb_book_found(&b, &w->books, w->charter_leaf, &w->work, NULL);
        w->books.fail_at = 0;
        if (err == RB_OK) {
            rb_book_free(&b);
            break;
        }
        assert_int_equal(err, RB_ERR_LIMIT);
        assert_null(b.index);
    }
    assert_true(n > 8);
}

/* a freed book gives all its room back */
static void free_gives_back(void **state) {
    struct fx *w = *state;
    fx_found(w);
    fx_accept_all(w);
    struct rb_record r = fx_record(w, RB_KIND_TEXT);
    fx_close(&r, 3);
    struct rb_hash id = fx_say(w, 0, &r);
    r = fx_position(w, &id, RB_POSITION_ACCEPT);
    fx_close(&r, 3);
    fx_say(w, 1, &r);
    size_t used = 0;
    for (int i = 0; i < 6; i++) {
        struct rb_book *b = fx_book(w);
        fx_unseal_for(w, b, 0);
        rb_book_free(b);
        if (i == 0) used = w->books.used;
    }
    assert_int_equal(w->books.used, used);
}

/* ---- feeds ------------------------------------------------------------------------------------
 */

static enum rb_err open_with(struct fx *w, const struct fx_party *p, const char *origin,
                             const struct rb_key *log, struct rb_reject *rj) {
    struct rb_delegation d = {.party = p->party.pub, .origin = rb_str(origin), .log = *log};
    struct rb_feed *f = NULL;
    uint8_t buf[1024];
    d.issued_utc_ms = FX_START_MS;
    struct rb_writer o = rb_writer(buf, sizeof buf);
    rb_delegation_encode(&d, &o);
    struct rb_book *b = fx_book(w);
    return rb_book_open_feed(b, fx_statement(w, p, rb_written(&o)), &w->work, &f, rj);
}

static const char *origin_of(struct fx *w, const struct fx_party *p, bool exercise, uint16_t epoch,
                             bool other_channel, char out[RB_MAX_ORIGIN]) {
    struct rb_hash party;
    uint8_t channel[RB_CHANNEL_LEN];
    memcpy(channel, w->channel, sizeof channel);
    channel[3] ^= other_channel;
    rb_party_hash(&p->party.pub, &party);
    struct rb_writer o = rb_writer(out, RB_MAX_ORIGIN);
    rb_origin_encode(exercise, channel, &party, epoch, &o);
    return rb_writer_z(&o);
}

static void opening_refuses(void **state) {
    struct fx *w = *state;
    struct rb_reject rj = {0};
    char o[RB_MAX_ORIGIN];
    fx_found(w);
    const struct fx_party *p = &w->party[1];
    const struct rb_key *log = &p->tls.pub; /* any key that is new to the book */
    assert_int_equal(open_with(w, p, origin_of(w, p, false, 1, false, o), log, &rj), RB_OK);
    assert_int_equal(open_with(w, p, origin_of(w, p, false, 1, true, o), log, &rj), RB_ERR_DENIED);
    assert_string_equal(rj.clause, "5.2.1");
    assert_int_equal(open_with(w, p, origin_of(w, p, true, 1, false, o), log, &rj), RB_ERR_DENIED);
    assert_string_equal(rj.clause, "5.2.2");
    assert_int_equal(open_with(w, p, origin_of(w, p, false, RB_MAX_EPOCHS, false, o), log, &rj),
                     RB_ERR_LIMIT);
    assert_string_equal(rj.clause, "5.2.3");
    fx_party_make(w, 5);
    const struct fx_party *guest = &w->party[5];
    assert_int_equal(open_with(w, guest, origin_of(w, guest, false, 0, false, o), log, &rj),
                     RB_ERR_DENIED);
    assert_string_equal(rj.clause, "5.2.4");
    assert_int_equal(open_with(w, p, origin_of(w, p, false, 0, false, o), log, &rj), RB_ERR_EXISTS);
    assert_string_equal(rj.clause, "5.2.5");
    assert_int_equal(
        open_with(w, p, origin_of(w, p, false, 1, false, o), &fx_feed_of(w, 2, 0)->log.pub, &rj),
        RB_ERR_DENIED);
    assert_string_equal(rj.clause, "5.2.6");
}

static void opening_again_is_the_same_feed(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_book *b = fx_book(w);
    struct rb_feed *f = NULL;
    size_t n = b->feeds_n;
    assert_int_equal(rb_book_open_feed(b, fx_feed_of(w, 1, 0)->delegation, &w->work, &f, NULL),
                     RB_OK);
    assert_ptr_equal(f, rb_book_feed(b, 1, 0));
    assert_int_equal(b->feeds_n, n);
}

static void feeds_stand_in_order(void **state) {
    struct fx *w = *state;
    fx_found(w);
    fx_open(w, 2, 3);
    fx_open(w, 0, 1);
    fx_open(w, 2, 1);
    struct rb_book *b = fx_book(w);
    assert_int_equal(b->feeds_n, 6);
    for (size_t i = 1; i < b->feeds_n; i++)
        assert_true(b->feeds[i - 1]->member < b->feeds[i]->member ||
                    (b->feeds[i - 1]->member == b->feeds[i]->member &&
                     b->feeds[i - 1]->epoch < b->feeds[i]->epoch));
    assert_int_equal(rb_book_latest_feed(b, 2)->epoch, 3);
    assert_null(rb_book_latest_feed(b, 7));
}

/* ---- marks ------------------------------------------------------------------------------------
 */

static void marks_by_signer(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    struct rb_record nil = fx_record(w, RB_KIND_NIL),
                     receipt =
                         fx_receipt(w, &(struct rb_receipt){.cosigs_n = 1,
                                                            .cosigs = (struct rb_receipt_cosig[]){
                                                                fx_cosign(w, 1, 0, 1, 0, 9)}});
    struct rb_record silence = fx_record(w, RB_KIND_SILENCE);
    const struct {
        const struct rb_record *r;
        enum fx_sign how;
        enum rb_mark mark;
        uint8_t officers;
    } cases[] = {
        {&r, FX_OFFICER, RB_MARK_NONE, 1},
        {&r, FX_SECOND, RB_MARK_NONE, 2},
        {&r, FX_BOTH, RB_MARK_NONE, 3},
        {&r, FX_NODE, RB_MARK_WRONG_ROLE, 0},
        {&r, FX_STRANGER, RB_MARK_UNKNOWN_SIGNER, 0},
        {&r, FX_BROKEN, RB_MARK_BAD_SIGNATURE, 0},
        {&nil, FX_NODE, RB_MARK_NONE, 0},
        {&nil, FX_OFFICER, RB_MARK_NONE, 1},
        {&receipt, FX_NODE, RB_MARK_NONE, 0},
        {&receipt, FX_OFFICER, RB_MARK_WRONG_ROLE, 0},
        {&silence, FX_NODE, RB_MARK_NONE, 0},
        {&silence, FX_OFFICER, RB_MARK_WRONG_ROLE, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rb_hash id = fx_say_as(w, 1, 0, cases[i].r, cases[i].how);
        struct rb_feed *f;
        size_t leaf;
        struct rb_book *b = fx_book(w);
        assert_true(rb_book_find(b, &id, &f, &leaf));
        assert_int_equal(f->facts[leaf].mark, cases[i].mark);
        assert_int_equal(f->facts[leaf].officers, cases[i].officers);
    }
}

static void marks_by_place_and_channel(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    r.channel[5] ^= 1;
    struct rb_hash id = fx_say(w, 1, &r);
    assert_int_equal(judged(w, &id), RB_MARK_WRONG_CHANNEL);
    struct rb_record d = fx_carried(w, RB_KIND_DELEGATION, fx_feed_of(w, 1, 0)->delegation);
    id = fx_say(w, 1, &d);
    assert_int_equal(judged(w, &id), RB_MARK_MISPLACED);
    id = fx_append(w, 1, 0, rb_str("not a record"));
    assert_int_equal(judged(w, &id), RB_MARK_UNREADABLE);
    fx_append(w, 2, 0, w->charter_leaf); /* the charter copied into another feed */
    struct rb_book *b = fx_book(w);
    assert_int_equal(rb_book_feed(b, 2, 0)->facts[1].mark, RB_MARK_MISPLACED);
    struct rb_feed *f;
    size_t leaf;
    assert_true(rb_book_find(b, &w->charter_id, &f, &leaf)); /* the valid place counts */
    assert_int_equal(f->member, 0);
}

static void a_feed_starts_with_its_delegation(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct fx_feed *f = fx_open(w, 1, 1);
    struct rb_book *b = fx_book(w);
    assert_int_equal(rb_book_feed(b, 1, 1)->facts[0].mark, RB_MARK_NONE);
    /* the same feed with a statement first */
    rb_tree_truncate(&f->tree, 0);
    f->n = 0;
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    fx_say_as(w, 1, 1, &r, FX_OFFICER);
    b = fx_book(w);
    assert_int_equal(rb_book_feed(b, 1, 1)->facts[0].mark, RB_MARK_MISPLACED);
    /* another feed's delegation in its place */
    rb_tree_truncate(&f->tree, 0);
    f->n = 0;
    r = fx_carried(w, RB_KIND_DELEGATION, fx_feed_of(w, 1, 0)->delegation);
    fx_say_as(w, 1, 1, &r, FX_OFFICER);
    b = fx_book(w);
    assert_int_equal(rb_book_feed(b, 1, 1)->facts[0].mark, RB_MARK_BAD_STATEMENT);
}

static void a_record_counts_once(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    struct rb_hash id = fx_say(w, 1, &r);
    struct fx_feed *f = fx_feed_of(w, 1, 0);
    struct rb_slice leaf = f->leaf[f->n - 1];
    fx_append(w, 1, 0, leaf);
    fx_append(w, 0, 0, leaf); /* in another feed it was signed over another origin */
    struct rb_book *b = fx_book(w);
    assert_int_equal(rb_book_feed(b, 1, 0)->facts[1].mark, RB_MARK_NONE);
    assert_int_equal(rb_book_feed(b, 1, 0)->facts[2].mark, RB_MARK_REPEATED);
    assert_int_equal(rb_book_feed(b, 0, 0)->facts[2].mark, RB_MARK_UNKNOWN_SIGNER);
    struct rb_feed *bf;
    size_t at;
    assert_true(rb_book_find(b, &id, &bf, &at));
    assert_int_equal(bf->member, 1);
    assert_int_equal(at, 1);
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static struct rb_seckey fresh_key(uint8_t n) {
    struct rb_seckey k;
    uint8_t seed[RB_SEED_LEN] = {0xee, n};
    rb_ed25519_from_seed(seed, &k);
    return k;
}

static void a_new_card_changes_the_keys(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_seckey old = w->party[1].officer[0];
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    struct rb_hash before = fx_say(w, 1, &r);
    w->party[1].officer[0] = fresh_key(1);
    struct rb_record card = fx_carried(w, RB_KIND_CARD, fx_card(w, 1));
    struct rb_hash id = fx_say(w, 1, &card); /* signed by the officer whom the card brings */
    assert_int_equal(judged(w, &id), RB_MARK_NONE);
    struct rb_record r2 = fx_record(w, RB_KIND_STATEMENT);
    struct rb_hash after = fx_say(w, 1, &r2);
    struct rb_seckey now = w->party[1].officer[0];
    w->party[1].officer[0] = old;
    struct rb_record r3 = fx_record(w, RB_KIND_STATEMENT);
    struct rb_hash late = fx_say(w, 1, &r3);
    assert_int_equal(judged(w, &before), RB_MARK_NONE);
    assert_int_equal(judged(w, &after), RB_MARK_NONE);
    assert_int_equal(judged(w, &late), RB_MARK_UNKNOWN_SIGNER);
    struct rb_book *b = fx_book(w);
    uint8_t kid[RB_KID_LEN];
    size_t officer = 9;
    rb_key_id(&now.pub, kid);
    assert_non_null(rb_book_officer_key(b, 1, kid, &officer));
    assert_int_equal(officer, 0);
    rb_key_id(&old.pub, kid);
    assert_null(rb_book_officer_key(b, 1, kid, &officer));
    assert_int_equal(rb_book_member(b, 1)->card->version, 2);
}

static void cards_that_do_not_count(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_slice first = w->party[1].card;
    struct rb_record same = fx_carried(w, RB_KIND_CARD, first); /* no higher version */
    struct rb_hash id = fx_say(w, 1, &same);
    assert_int_equal(judged(w, &id), RB_MARK_BAD_STATEMENT);
    struct rb_record others = fx_carried(w, RB_KIND_CARD, fx_card(w, 2)); /* another party's */
    id = fx_say(w, 1, &others);
    assert_int_equal(judged(w, &id), RB_MARK_BAD_STATEMENT);
    struct rb_seckey tls = w->party[1].tls;
    w->party[1].tls = w->party[0].tls; /* a key that another member's card carries */
    struct rb_record shared = fx_carried(w, RB_KIND_CARD, fx_card(w, 1));
    id = fx_say(w, 1, &shared);
    assert_int_equal(judged(w, &id), RB_MARK_BAD_STATEMENT);
    w->party[1].tls = tls;
    strcpy(w->party[1].handle, "renamed"); /* the charter lists the handle */
    struct rb_record renamed = fx_carried(w, RB_KIND_CARD, fx_card(w, 1));
    id = fx_say(w, 1, &renamed);
    assert_int_equal(judged(w, &id), RB_MARK_BAD_STATEMENT);
}

static struct rb_slice rotation(struct fx *w, size_t party, enum rb_key_role role,
                                const struct rb_key *from, const struct rb_key *to) {
    struct rb_rotation r = {.party = w->party[party].party.pub,
                            .role = role,
                            .old_key = *from,
                            .new_key = *to,
                            .issued_utc_ms = FX_START_MS};
    uint8_t buf[1024];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    rb_rotation_encode(&r, &o);
    return fx_statement(w, &w->party[party], rb_written(&o));
}

static void rotations(void **state) {
    struct fx *w = *state;
    struct fx_party *p = &w->party[1];
    fx_found(w);
    struct rb_seckey fresh = fresh_key(2), old = p->node;
    struct rb_record wrong =
        fx_carried(w, RB_KIND_ROTATION, rotation(w, 1, RB_KEY_NODE, &fresh.pub, &p->node.pub));
    struct rb_hash id = fx_say(w, 1, &wrong);
    assert_int_equal(judged(w, &id), RB_MARK_BAD_STATEMENT);
    struct rb_record taken = fx_carried(
        w, RB_KIND_ROTATION, rotation(w, 1, RB_KEY_NODE, &p->node.pub, &p->officer[0].pub));
    id = fx_say(w, 1, &taken);
    assert_int_equal(judged(w, &id), RB_MARK_BAD_STATEMENT);
    struct rb_record good =
        fx_carried(w, RB_KIND_ROTATION, rotation(w, 1, RB_KEY_NODE, &p->node.pub, &fresh.pub));
    id = fx_say(w, 1, &good);
    assert_int_equal(judged(w, &id), RB_MARK_NONE);
    struct rb_record nil = fx_record(w, RB_KIND_NIL);
    id = fx_say(w, 1, &nil);
    assert_int_equal(judged(w, &id), RB_MARK_UNKNOWN_SIGNER);
    p->node = fresh;
    nil = fx_record(w, RB_KIND_NIL);
    id = fx_say(w, 1, &nil);
    assert_int_equal(judged(w, &id), RB_MARK_NONE);
    p->node = old;
}

static void a_revoked_key_signs_no_more(void **state) {
    struct fx *w = *state;
    struct fx_party *p = &w->party[1];
    fx_found(w);
    struct rb_revocation v = {.party = p->party.pub,
                              .role = RB_KEY_OFFICER,
                              .key = p->officer[0].pub,
                              .reason = rb_str("laptop lost"),
                              .issued_utc_ms = FX_START_MS,
                              .stood_n = 1};
    struct fx_feed *f = fx_feed_of(w, 1, 0);
    v.stood[0] = (struct rb_stood_by){rb_slice(f->origin, f->origin_n), 1};
    uint8_t buf[2048];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    rb_revocation_encode(&v, &o);
    struct rb_record r = fx_carried(w, RB_KIND_REVOCATION, fx_statement(w, p, rb_written(&o)));
    struct rb_hash id = fx_say_as(w, 1, 0, &r, FX_SECOND);
    assert_int_equal(judged(w, &id), RB_MARK_NONE);
    r = fx_record(w, RB_KIND_STATEMENT);
    id = fx_say_as(w, 1, 0, &r, FX_OFFICER);
    assert_int_equal(judged(w, &id), RB_MARK_REVOKED);
    r = fx_record(w, RB_KIND_STATEMENT);
    id = fx_say_as(w, 1, 0, &r, FX_SECOND);
    assert_int_equal(judged(w, &id), RB_MARK_NONE);
    r = fx_record(w, RB_KIND_STATEMENT);
    id = fx_say_as(w, 1, 0, &r, FX_BOTH); /* one of two is not enough */
    assert_int_equal(judged(w, &id), RB_MARK_REVOKED);
    r = fx_carried(w, RB_KIND_CARD, fx_card(w, 1)); /* a later card does not bring it back */
    id = fx_say_as(w, 1, 0, &r, FX_SECOND);
    assert_int_equal(judged(w, &id), RB_MARK_NONE);
    r = fx_record(w, RB_KIND_STATEMENT);
    id = fx_say_as(w, 1, 0, &r, FX_OFFICER);
    assert_int_equal(judged(w, &id), RB_MARK_REVOKED);
}

/* ---- the key to seal to -----------------------------------------------------------------------
 */

static struct rb_key age_key(uint8_t n) {
    const uint8_t seed[RB_SEED_LEN] = {0x72, n}; /* not clamped to what a party of the fixture has */
    struct rb_key k;
    rb_age_identity_from_seed(seed, &k);
    return k;
}

static void say_rotation(struct fx *w, uint16_t member, uint16_t epoch, const struct rb_key *from,
                         const struct rb_key *to) {
    uint8_t buf[512];
    struct rb_rotation rot = {.party = w->party[member].party.pub,
                              .role = RB_KEY_AGE,
                              .old_key = *from,
                              .new_key = *to,
                              .issued_utc_ms = FX_START_MS};
    struct rb_writer o = rb_writer(buf, sizeof buf);
    rb_rotation_encode(&rot, &o);
    struct rb_record r =
        fx_carried(w, RB_KIND_ROTATION, fx_statement(w, &w->party[member], rb_written(&o)));
    fx_say_as(w, member, epoch, &r, FX_OFFICER);
}

/* the party of `of` revokes its age key; it stands in the feed of `in` */
static void say_age_revoked(struct fx *w, uint16_t of, uint16_t in, const struct rb_key *key) {
    uint8_t buf[512];
    struct rb_revocation v = {.party = w->party[of].party.pub,
                              .role = RB_KEY_AGE,
                              .key = *key,
                              .issued_utc_ms = FX_START_MS};
    struct rb_writer o = rb_writer(buf, sizeof buf);
    rb_revocation_encode(&v, &o);
    struct rb_record r =
        fx_carried(w, RB_KIND_REVOCATION, fx_statement(w, &w->party[of], rb_written(&o)));
    fx_say(w, in, &r);
}

static bool sealed_to(struct fx *w, uint16_t member, const struct rb_key *want) {
    const struct rb_key *k = rb_book_age_key(fx_book(w), member);
    return want == NULL ? k == NULL : k != NULL && rb_key_eq(k, want);
}

static void the_age_key_in_force(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_key first = w->party[1].age, second = age_key(2), third = age_key(3);
    assert_true(rb_key_eq(rb_book_age_key(fx_book_empty(w), 1), &first)); /* no feed yet */
    assert_null(rb_book_age_key(fx_book_empty(w), 9));
    assert_true(sealed_to(w, 1, &first));
    say_rotation(w, 1, 0, &first, &second);
    assert_true(sealed_to(w, 1, &second));
    fx_open(w, 1, 1); /* a new epoch alone does not undo it */
    assert_true(sealed_to(w, 1, &second));
    w->party[1].age = third; /* a later card says anew */
    struct rb_record card = fx_carried(w, RB_KIND_CARD, fx_card(w, 1));
    fx_say_as(w, 1, 1, &card, FX_OFFICER);
    assert_true(sealed_to(w, 1, &third));
    say_rotation(w, 1, 1, &third, &first);
    assert_true(sealed_to(w, 1, &first));
    struct rb_key other = w->party[0].age;
    assert_true(sealed_to(w, 0, &other)); /* nobody else's changed */
}

static void no_sealing_to_a_revoked_key(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_key first = w->party[1].age, second = age_key(2);
    say_age_revoked(w, 0, 2, &first); /* not its party's to revoke */
    assert_true(sealed_to(w, 1, &first));
    say_age_revoked(w, 1, 2, &first); /* its party's, in another's feed */
    say_age_revoked(w, 1, 2, &first);
    assert_true(sealed_to(w, 1, NULL));
    say_rotation(w, 1, 0, &first, &second); /* and then it has one again */
    assert_true(sealed_to(w, 1, &second));
    say_age_revoked(w, 1, 1, &second);
    assert_true(sealed_to(w, 1, NULL));
}

/* ---- the rest ---------------------------------------------------------------------------------
 */

static void finds_by_prefix(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_book *b = fx_book(w);
    struct rb_feed *f;
    size_t leaf;
    uint8_t hex[64];
    struct rb_writer o = rb_writer(hex, sizeof hex);
    rb_put_hex(&o, w->charter_id.b, RB_HASH_LEN);
    assert_int_equal(rb_book_find_prefix(b, rb_slice(hex, 8), &f, &leaf), RB_OK);
    assert_int_equal(f->member, 0);
    assert_int_equal(leaf, 0);
    assert_int_equal(rb_book_find_prefix(b, rb_slice(hex, 64), &f, &leaf), RB_OK);
    assert_int_equal(rb_book_find_prefix(b, rb_slice(hex, 7), &f, &leaf), RB_ERR_NOT_FOUND);
    hex[7] = hex[7] == '0' ? '1' : '0';
    assert_int_equal(rb_book_find_prefix(b, rb_slice(hex, 8), &f, &leaf), RB_ERR_NOT_FOUND);
}

static void cosignatures_verify(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_book *b = fx_book(w);
    struct rb_feed *f = rb_book_feed(b, 1, 0);
    struct rb_receipt_cosig c = fx_cosign(w, 1, 0, 1, 0, 77);
    assert_int_equal(rb_book_cosig_verify(b, 0, f, 1, 77, c.sig), RB_OK);
    assert_int_equal(rb_book_cosig_verify(b, 0, f, 1, 78, c.sig), RB_ERR_SIGNATURE);
    assert_int_equal(rb_book_cosig_verify(b, 2, f, 1, 77, c.sig), RB_ERR_SIGNATURE);
    assert_int_equal(rb_book_cosig_verify(b, 5, f, 1, 77, c.sig), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_book_cosig_verify(b, 0, f, 2, 77, c.sig), RB_ERR_STALE);
    c = fx_cosign(w, 1, 0, 1, 1, 77); /* nobody is witness of its own feed */
    assert_int_equal(rb_book_cosig_verify(b, 1, f, 1, 77, c.sig), RB_ERR_SIGNATURE);
}

static void seen_says_what_changed(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    fx_say(w, 2, &r);
    fx_say(w, 2, &r);
    struct rb_book *b = fx_book(w);
    struct rb_record made = fx_record(w, RB_KIND_STATEMENT);
    assert_int_equal(rb_book_seen(b, 1, 0, 8, &made, &w->work), RB_OK);
    assert_int_equal(made.seen_n, 2);
    assert_int_equal(made.seen[0].member, 0);
    assert_int_equal(made.seen[0].size, 2);
    assert_int_equal(made.seen[1].member, 2);
    assert_int_equal(made.seen[1].size, 3);
    struct rb_record trimmed = made;
    assert_int_equal(rb_book_seen(b, 1, 0, 1, &trimmed, &w->work), RB_OK);
    assert_int_equal(trimmed.seen_n, 1);
    assert_int_equal(trimmed.seen[0].member, 2); /* it moved most */
    fx_say(w, 1, &made);
    while (fx_book_next(w, b, fx_feed_of(w, 1, 0), -1))
        continue;
    assert_int_equal(rb_book_seen(b, 1, 0, 8, &made, &w->work), RB_OK);
    assert_int_equal(made.seen_n, 0); /* said already */
    assert_int_equal(rb_book_seen(b, 1, 7, 8, &made, &w->work), RB_ERR_NOT_FOUND);
}

/* every allocation of judging fails once: nothing is half done, and then it goes on */
static void judging_out_of_room(void **state) {
    struct fx *w = *state;
    fx_found(w);
    fx_accept_all(w);
    struct rb_record card = fx_carried(w, RB_KIND_CARD, fx_card(w, 1));
    fx_say(w, 1, &card);
    struct rb_record text = fx_record(w, RB_KIND_TEXT);
    fx_close(&text, 3);
    fx_say(w, 1, &text);
    say_age_revoked(w, 1, 2, &w->party[1].age);
    struct rb_charter next = w->charter;
    next.title = rb_str("second");
    struct rb_record am = fx_amendment(w, &w->charter_id, &next);
    fx_say(w, 1, &am);
    struct rb_slice want = fx_encode(w, fx_fold(w, fx_book(w), w->clock_ms));
    struct rb_book *b = fx_book_empty(w);
    size_t refused = 0;
    for (size_t i = 0; i < w->feeds_n; i++) {
        const struct fx_feed *f = w->feed[i];
        struct rb_feed *bf = NULL;
        assert_int_equal(rb_book_open_feed(b, f->delegation, &w->work, &bf, NULL), RB_OK);
        for (size_t k = 0; k < f->n; k++) {
            for (uint64_t fail = 1;; fail++) {
                w->books.fail_at = fail;
                enum rb_err err = rb_book_judge(b, bf, f->leaf[k], -1, &w->work);
                w->books.fail_at = 0;
                if (err == RB_OK) break;
                assert_int_equal(err, RB_ERR_LIMIT);
                assert_int_equal(bf->facts_n, k);
                refused++;
            }
        }
    }
    assert_true(refused > 20);
    assert_true(rb_slice_eq(want, fx_encode(w, fx_fold(w, b, w->clock_ms))));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        T(found_and_find),
        T(founding_refuses),
        T(founding_wants_an_officer_of_a_member),
        T(founding_refuses_a_shared_key),
        T(founding_out_of_room),
        T(free_gives_back),
        T(opening_refuses),
        T(opening_again_is_the_same_feed),
        T(feeds_stand_in_order),
        T(marks_by_signer),
        T(marks_by_place_and_channel),
        T(a_feed_starts_with_its_delegation),
        T(a_record_counts_once),
        T(a_new_card_changes_the_keys),
        T(cards_that_do_not_count),
        T(rotations),
        T(a_revoked_key_signs_no_more),
        T(the_age_key_in_force),
        T(no_sealing_to_a_revoked_key),
        T(finds_by_prefix),
        T(cosignatures_verify),
        T(seen_says_what_changed),
        T(judging_out_of_room),
    };
    return cmocka_run_group_tests_name("book", tests, NULL, NULL);
}
