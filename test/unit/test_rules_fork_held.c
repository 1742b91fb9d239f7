/* Forked feeds: who holds what of which history, whose keys count, what is owed, and room.
 * Clauses 5.13.5 to 5.13.9. */
#include "fork_words.h"

/* ---- held -------------------------------------------------------------------------------------
 */

/* `author`, whose feed is not forked, logs that cosigner holds that history since T */
static void receipt_of(struct fx *w, uint16_t author, struct fx_feed *h, uint16_t cosigner,
                       uint64_t t) {
    fx_turn(w, h);
    struct rb_receipt_cosig c = fx_cosign(w, h->member, h->epoch, h->n, cosigner, t);
    struct rb_receipt_bodies all = {h->member, h->epoch, h->n, rb_str("\x80")};
    struct rb_receipt receipt = {.cosigs_n = 1, .cosigs = &c, .bodies_n = 1, .bodies = &all};
    struct rb_record r = fx_receipt(w, &receipt);
    fx_say(w, author, &r);
}

static bool held(const struct rb_situation *s, const struct rb_hash *id, uint16_t member,
                 uint64_t since) {
    uint64_t t = 0;
    bool yes = rb_situation_held(s, fx_place(s, id), member, &t);
    if (yes) assert_int_equal(t, since);
    return yes;
}

static void held_per_branch(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    struct rb_hash before = say(w, 1, RB_KIND_STATEMENT);
    fork_now(w, h);
    struct rb_hash a = say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    struct rb_hash b = say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    receipt_of(w, 0, h[0], 0, 5000);
    receipt_of(w, 2, h[1], 2, 4000);
    struct rb_situation *s = alike(w, h, 2);
    assert_true(held(s, &a, 0, 5000));
    assert_false(held(s, &b, 0, 0));
    assert_true(held(s, &b, 2, 4000));
    assert_false(held(s, &a, 2, 0));
    assert_true(held(s, &before, 0, 5000)); /* what both share is held by who holds either */
    assert_true(held(s, &before, 2, 4000));
    receipt_of(w, 0, h[1], 0, 3000);
    s = alike(w, h, 2);
    assert_true(held(s, &before, 0, 3000)); /* since the first */
    assert_true(held(s, &a, 0, 5000));
    assert_true(held(s, &b, 0, 3000));
}

static void bodies_per_branch(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    say_seeing(w, 1, 2);
    fork_now(w, h);
    struct rb_record r = fx_notice(w, RB_NOTICE_SITE);
    fx_close(&r, 7);
    struct rb_hash a = say_on(w, h[0], r);
    r = fx_notice(w, RB_NOTICE_SITE);
    fx_close(&r, 7);
    struct rb_hash b = say_on(w, h[1], r);
    receipt_of(w, 2, h[1], 2,
               4000); /* "all bodies of that feed up to this size", of which history? */
    struct rb_situation *s = alike(w, h, 2);
    assert_int_equal(record(s, &a)->bodies, 0);
    assert_int_equal(record(s, &b)->bodies, 4);
    assert_false(held(s, &a, 2, 0));
    assert_true(held(s, &b, 2, 4000));
    /* the same leaf on both: the body is the same */
    fx_turn(w, h[0]);
    say(w, 1, RB_KIND_STATEMENT);
    fx_append(w, 1, 0, h[1]->leaf[h[1]->n - 1]);
    h[0]->head[h[0]->n - 1] = h[1]->head[h[1]->n - 1];
    s = alike(w, h, 2);
    assert_int_equal(record(s, &b)->bodies, 4);
    assert_true(held(s, &b, 2, 4000));
}

/* a body is opened at one of its places and read at the one that counts */
static void bodies_are_opened_wherever_they_stand(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    say_seeing(w, 0, 1);
    struct rb_hash question = say(w, 0, RB_KIND_TEXT);
    say_seeing(w, 1, 0);
    fork_now(w, h);
    say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    struct rb_record r = fx_position(w, &question, RB_POSITION_ACCEPT);
    fx_close(&r, 3);
    struct rb_hash id = say_on(w, h[1], r); /* counts here: one leaf earlier */
    fx_turn(w, h[0]);
    fx_append(w, 1, 0, h[1]->leaf[h[1]->n - 1]);
    h[0]->head[h[0]->n - 1] = h[1]->head[h[1]->n - 1];
    for (size_t i = 0; i < 2; i++)
        for (size_t late = 0; late < 2; late++) {
            struct rb_book *b = fx_book_empty(w);
            for (size_t k = 0; k < w->feeds_n; k++) /* h[i] as the feed, the other not yet */
                while ((w->feed[k] != h[!i] || !late) &&
                       fx_book_next(
                           w, b, w->feed[k] == h[0] || w->feed[k] == h[1] ? h[i] : w->feed[k], -1))
                    continue;
            fx_unseal(w, b, h[i], h[i]->n - 1);
            while (fx_book_next(w, b, h[!i], -1))
                continue;
            struct rb_situation *s = fx_fold(w, b, w->clock_ms);
            assert_int_equal(rb_situation_fact(s, fx_place(s, &id))->position, RB_POSITION_ACCEPT);
            struct rb_feed *f = fx_book_feed(w, b, h[i]);
            rb_book_close_body(b, f, h[i]->n - 1);
            assert_int_equal(rb_situation_fact(s, fx_place(s, &id))->position, 0);
            assert_false(rb_situation_fact(s, fx_place(s, &id))->detached->opened);
        }
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static struct rb_record revoke_officer(struct fx *w, size_t party, const struct fx_feed *f,
                                       uint64_t size) {
    struct rb_revocation v = {.party = w->party[party].party.pub,
                              .role = RB_KEY_OFFICER,
                              .key = w->party[party].officer[0].pub,
                              .reason = rb_str("lost"),
                              .issued_utc_ms = FX_START_MS,
                              .stood_n = 1};
    v.stood[0] = (struct rb_stood_by){rb_slice(f->origin, f->origin_n), size};
    uint8_t buf[2048];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    rb_revocation_encode(&v, &o);
    return fx_carried(w, RB_KIND_REVOCATION, fx_statement(w, &w->party[party], rb_written(&o)));
}

static void a_revocation_on_one_branch(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    struct rb_hash kept = say(w, 1, RB_KIND_STATEMENT);
    fork_now(w, h);
    const size_t stood = h[0]->n + 1;
    struct rb_hash a1 = say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    struct rb_hash a2 = say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    struct rb_hash b1 = say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    struct rb_hash b2 = say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    fx_turn(w, h[0]);
    struct rb_record r = revoke_officer(w, 1, h[0], stood);
    struct rb_hash revocation = fx_say_as(w, 1, 0, &r, FX_SECOND);
    struct rb_situation *s = alike(w, h, 2);
    assert_int_equal(fx_mark(s, &revocation), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &kept), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &a1), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &b1), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &a2), RB_MARK_DISOWNED); /* a size is one of every branch */
    assert_int_equal(fx_mark(s, &b2), RB_MARK_DISOWNED);
}

/* a mirror key that a branch brought counts for what it cosigned */
static void a_mirror_key_of_a_branch(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    struct rb_hash id = say(w, 0, RB_KIND_STATEMENT);
    fork_now(w, h);
    say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    uint8_t seed[RB_SEED_LEN] = {0x6e};
    rb_ed25519_from_seed(seed, &w->party[1].mirror);
    fx_turn(w, h[1]);
    struct rb_record r = fx_carried(w, RB_KIND_CARD, fx_card(w, 1));
    fx_say(w, 1, &r);
    fx_held(w, 0, 1, 5000);
    struct rb_situation *s = alike(w, h, 2);
    assert_true(held(s, &id, 1, 5000));
}

/* Cards of one version on two branches, rotations to two age keys: the same key everywhere. */
static void the_age_key_of_branches(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    struct rb_key keys[2];
    in_force(w);
    fork_now(w, h);
    const struct rb_key old = w->party[1].age;
    for (size_t i = 0; i < 2; i++) {
        uint8_t seed[32] = {0x77, (uint8_t)i}, buf[1024];
        rb_age_identity_from_seed(seed, &keys[i]);
        struct rb_rotation rot = {.party = w->party[1].party.pub, .role = RB_KEY_AGE};
        rot.old_key = old;
        rot.new_key = keys[i];
        rot.issued_utc_ms = FX_START_MS;
        struct rb_writer o = rb_writer(buf, sizeof buf);
        rb_rotation_encode(&rot, &o);
        say_on(w, h[i],
               fx_carried(w, RB_KIND_ROTATION, fx_statement(w, &w->party[1], rb_written(&o))));
    }
    const struct rb_key *want = memcmp(keys[0].b, keys[1].b, RB_KEY_LEN) < 0 ? &keys[0] : &keys[1];
    for (size_t i = 0; i < 2; i++)
        assert_memory_equal(rb_book_age_key(book_of(w, &h[i], 1), 1)->b, want->b, RB_KEY_LEN);
    for (size_t i = 0; i < 2; i++) { /* and a card of the next version each */
        uint8_t seed[32] = {0x78, (uint8_t)i};
        rb_age_identity_from_seed(seed, &w->party[1].age);
        w->party[1].version = 7;
        say_on(w, h[i], fx_carried(w, RB_KIND_CARD, fx_card(w, 1)));
    }
    struct rb_key found[2];
    for (size_t i = 0; i < 2; i++)
        found[i] = *rb_book_age_key(book_of(w, &h[i], 1), 1);
    assert_memory_equal(found[0].b, found[1].b, RB_KEY_LEN);
    assert_memory_not_equal(found[0].b, want->b, RB_KEY_LEN);
}

/* ---- dues, room -------------------------------------------------------------------------------
 */

static void dues_of_both(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    for (uint16_t i = 0; i < 3; i += 2)
        say_seeing(w, 1, i);
    fork_now(w, h);
    int64_t by = w->clock_ms + 60000;
    struct rb_hash asked[2];
    for (size_t i = 0; i < 2; i++) {
        struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
        r.demand = (struct rb_demand){true, by + (int64_t)i, RB_POSITION_CONFIRM, 4};
        asked[i] = say_on(w, h[i], r);
    }
    seeing(w, 2, h[1]);
    answer(w, 2, &asked[1], RB_POSITION_CONFIRM);
    struct rb_situation *s = alike(w, h, 2);
    assert_int_equal(s->dues_n, 2);
    for (size_t i = 0; i < 2; i++) {
        bool second = s->dues[i].due_utc_ms == by + 1;
        assert_int_equal(s->dues[i].state, second ? RB_DUE_MET : RB_DUE_PENDING);
        assert_int_equal(s->dues[i].subject, fx_place(s, &asked[second]));
    }
}

static void folding_forks_out_of_room(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    fork_now(w, h);
    say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    seeing(w, 0, h[1]);
    receipt_of(w, 2, h[1], 2, 4000);
    struct rb_book *b = book_of(w, h, 1);
    struct rb_situation s;
    enum rb_err err;
    w->books.fail_at = 1; /* to remember what a record has seen takes room, too */
    err = rb_situation_fold(b, w->clock_ms, &w->folds, &s);
    w->books.fail_at = 0;
    assert_int_equal(err, RB_ERR_LIMIT);
    rb_arena_reset(&w->folds);
    struct rb_slice want = fx_encode(w, fx_fold(w, b, w->clock_ms));
    for (uint64_t n = 1;; n++) {
        rb_arena_reset(&w->folds);
        w->folds.fail_at = n;
        err = rb_situation_fold(b, w->clock_ms, &w->folds, &s);
        w->folds.fail_at = 0;
        if (err == RB_OK) break;
        assert_int_equal(err, RB_ERR_LIMIT);
    }
    assert_true(rb_slice_eq(want, fx_encode(w, &s)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(held_per_branch),
        T(bodies_per_branch),
        T(bodies_are_opened_wherever_they_stand),
        T(a_revocation_on_one_branch),
        T(a_mirror_key_of_a_branch),
        T(the_age_key_of_branches),
        T(dues_of_both),
        T(folding_forks_out_of_room),
    };
    return cmocka_run_group_tests_name("rules_fork_held", tests, NULL, NULL);
}
