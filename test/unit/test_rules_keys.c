/* Keys that are replaced or revoked, members that pause, leave and come back: what is undone by it
 * and what stays. Clauses 5.3.3 to 5.3.7, 5.6.5, 5.6.6, 5.7.1, 5.7.3, 5.9.4, 5.9.6. */
#include "rules_words.h"

static struct rb_seckey fresh_key(uint8_t n) {
    struct rb_seckey k;
    const uint8_t seed[RB_SEED_LEN] = {0xed, n};
    rb_ed25519_from_seed(seed, &k);
    return k;
}

static struct rb_record rotate(struct fx *w, size_t party, enum rb_key_role role,
                               const struct rb_key *from, const struct rb_key *to) {
    struct rb_rotation r = {.party = w->party[party].party.pub,
                            .role = role,
                            .old_key = *from,
                            .new_key = *to,
                            .issued_utc_ms = FX_START_MS};
    uint8_t buf[1024];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    rb_rotation_encode(&r, &o);
    return fx_carried(w, RB_KIND_ROTATION, fx_statement(w, &w->party[party], rb_written(&o)));
}

/* the party revokes a key and stands by the first leaves of a feed; NULL: of none */
static struct rb_record revoke(struct fx *w, size_t party, enum rb_key_role role,
                               const struct rb_key *key, const struct fx_feed *f, uint64_t size) {
    struct rb_revocation v = {.party = w->party[party].party.pub,
                              .role = role,
                              .key = *key,
                              .reason = rb_str("lost"),
                              .issued_utc_ms = FX_START_MS};
    if (f != NULL) {
        v.stood_n = 1;
        v.stood[0] = (struct rb_stood_by){rb_slice(f->origin, f->origin_n), size};
    }
    uint8_t buf[2048];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    rb_revocation_encode(&v, &o);
    return fx_carried(w, RB_KIND_REVOCATION, fx_statement(w, &w->party[party], rb_written(&o)));
}

static struct rb_hash spoken(struct fx *w, uint16_t member, struct rb_record r, enum fx_sign how) {
    return fx_say_as(w, member, 0, &r, how);
}

static void see_all(struct fx *w, struct rb_record *r) {
    for (uint16_t i = 0; i < (uint16_t)w->parties_n; i++)
        fx_see(w, r, i, 0, fx_feed_of(w, i, 0)->n);
}

static bool holds(struct fx *w, const struct rb_hash *id, uint16_t member) {
    uint64_t t;
    struct rb_situation *s = now(w);
    return rb_situation_held(s, fx_place(s, id), member, &t);
}

/* ---- rotations --------------------------------------------------------------------------------
 */

/* 5.3.3: a key changes where it stands, into one that stands nowhere */
static void what_may_be_rotated(void **state) {
    struct fx *w = *state;
    struct fx_party *p = &w->party[1];
    in_force(w);
    struct rb_seckey k = fresh_key(1), l = fresh_key(2);
    const struct {
        enum rb_key_role role;
        const struct rb_key *from, *to;
        enum rb_mark mark;
    } cases[] = {
        {RB_KEY_MIRROR, &p->node.pub, &k.pub, RB_MARK_BAD_STATEMENT},       /* another role's */
        {RB_KEY_OFFICER, &l.pub, &k.pub, RB_MARK_BAD_STATEMENT},            /* nobody's */
        {RB_KEY_MIRROR, &p->mirror.pub, &p->party.pub, RB_MARK_UNREADABLE}, /* 3.8.6 */
        {RB_KEY_TLS, &p->tls.pub, &p->officer[1].pub, RB_MARK_BAD_STATEMENT},
        {RB_KEY_MIRROR, &p->mirror.pub, &w->party[2].mirror.pub, RB_MARK_BAD_STATEMENT},
        {RB_KEY_OFFICER, &p->officer[1].pub, &w->party[0].tls.pub, RB_MARK_BAD_STATEMENT},
        {RB_KEY_TLS, &p->tls.pub, &k.pub, RB_MARK_NONE},
        {RB_KEY_TLS, &p->tls.pub, &l.pub, RB_MARK_BAD_STATEMENT}, /* replaced already */
        {RB_KEY_TLS, &k.pub, &l.pub, RB_MARK_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rb_hash id =
            spoken(w, 1, rotate(w, 1, cases[i].role, cases[i].from, cases[i].to), FX_OFFICER);
        assert_int_equal(fx_mark_now(w, &id), cases[i].mark);
    }
    struct rb_hash id = spoken(w, 2, rotate(w, 1, RB_KEY_TLS, &l.pub, &k.pub), FX_OFFICER);
    assert_int_equal(fx_mark_now(w, &id), RB_MARK_BAD_STATEMENT); /* in another's feed */
    spoken(w, 1, revoke(w, 1, RB_KEY_TLS, &p->tls.pub, NULL, 0), FX_OFFICER);
    id = spoken(w, 1, rotate(w, 1, RB_KEY_TLS, &l.pub, &p->tls.pub), FX_OFFICER);
    assert_int_equal(fx_mark_now(w, &id), RB_MARK_BAD_STATEMENT); /* a revoked key */
}

/* the officer's place on the card is taken over, from the next leaf on */
static void a_rotated_officer(void **state) {
    struct fx *w = *state;
    struct fx_party *p = &w->party[1];
    in_force(w);
    struct rb_seckey k = fresh_key(1), old = p->officer[0];
    struct rb_hash before = say(w, 1, RB_KIND_STATEMENT);
    p->officer[0] = k; /* 5.3.4 is for cards: nobody brings itself by a rotation */
    struct rb_hash own = spoken(w, 1, rotate(w, 1, RB_KEY_OFFICER, &old.pub, &k.pub), FX_OFFICER);
    spoken(w, 1, rotate(w, 1, RB_KEY_OFFICER, &old.pub, &k.pub), FX_SECOND);
    struct rb_hash after = say(w, 1, RB_KIND_STATEMENT);
    p->officer[0] = old;
    struct rb_hash late = say(w, 1, RB_KIND_STATEMENT);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &own), RB_MARK_UNKNOWN_SIGNER);
    assert_int_equal(fx_mark(s, &before), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &after), RB_MARK_NONE);
    assert_int_equal(rb_situation_fact(s, fx_place(s, &after))->officers, 1);
    assert_int_equal(fx_mark(s, &late), RB_MARK_UNKNOWN_SIGNER);
}

/* 5.3.7: what the old key cosigned, or still cosigns, counts beside the new one */
static void a_rotated_mirror_key(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_seckey k = fresh_key(1), old = w->party[0].mirror;
    spoken(w, 0, rotate(w, 0, RB_KEY_MIRROR, &old.pub, &k.pub), FX_OFFICER);
    struct rb_hash by_new = say(w, 1, RB_KIND_STATEMENT);
    w->party[0].mirror = k;
    fx_held(w, 1, 0, 5000);
    assert_true(holds(w, &by_new, 0));
    struct rb_hash by_old = say(w, 2, RB_KIND_STATEMENT);
    w->party[0].mirror = old;
    fx_held(w, 2, 0, 5000);
    assert_true(holds(w, &by_old, 0));
    w->party[0].mirror = fresh_key(9); /* one that nothing names */
    struct rb_hash by_other = say(w, 2, RB_KIND_STATEMENT);
    fx_held(w, 2, 0, 5000);
    assert_false(holds(w, &by_other, 0));
}

/* ---- revocations ------------------------------------------------------------------------------
 */

/* 5.3.6, 5.6.5: who logs it is free, whose key it takes is not */
static void a_revocation_takes_its_own_partys_keys(void **state) {
    struct fx *w = *state;
    struct fx_party *p = &w->party[1];
    in_force(w);
    struct rb_hash id = say(w, 1, RB_KIND_STATEMENT);
    struct rb_hash spite =
        spoken(w, 2,
               revoke(w, 2, RB_KEY_OFFICER, &p->officer[0].pub, fx_feed_of(w, 2, 0), 0), FX_OFFICER);
    struct rb_hash after = say(w, 1, RB_KIND_STATEMENT);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &spite), RB_MARK_NONE); /* it is said, and takes nothing */
    assert_int_equal(fx_mark(s, &id), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &after), RB_MARK_NONE);
    struct fx_feed *f = fx_feed_of(w, 1, 0);
    spoken(w, 2, revoke(w, 1, RB_KEY_OFFICER, &p->officer[0].pub, f, f->n - 1), FX_OFFICER);
    struct rb_hash own = say(w, 2, RB_KIND_STATEMENT);
    s = now(w);
    assert_int_equal(fx_mark(s, &id), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &after), RB_MARK_DISOWNED);
    assert_int_equal(fx_mark(s, &own), RB_MARK_NONE); /* who logs it goes on */
}

/* 5.6.5: of several revocations of a key the smallest size, of each origin its own, of one not
 * named none */
static void how_far_a_party_stands_by_a_key(void **state) {
    struct fx *w = *state;
    struct fx_party *p = &w->party[1];
    in_force(w);
    struct fx_feed *f = fx_feed_of(w, 1, 0);
    struct rb_hash a = say(w, 1, RB_KIND_STATEMENT), b = say(w, 1, RB_KIND_STATEMENT);
    fx_open(w, 1, 1);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    see_all(w, &r); /* after the charter came into force */
    struct rb_hash other = fx_say_as(w, 1, 1, &r, FX_OFFICER);
    r = fx_record(w, RB_KIND_STATEMENT);
    struct rb_hash second = fx_say_as(w, 1, 1, &r, FX_SECOND);
    r = fx_record(w, RB_KIND_STATEMENT);
    struct rb_hash both = fx_say_as(w, 1, 1, &r, FX_BOTH);
    spoken(w, 0, revoke(w, 1, RB_KEY_OFFICER, &p->officer[0].pub, f, f->n), FX_OFFICER);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &a), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &b), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &other), RB_MARK_DISOWNED);
    assert_int_equal(fx_mark(s, &second), RB_MARK_NONE); /* another key's */
    assert_int_equal(fx_mark(s, &both), RB_MARK_DISOWNED);
    spoken(w, 2, revoke(w, 1, RB_KEY_OFFICER, &p->officer[0].pub, f, f->n - 1), FX_OFFICER);
    s = now(w);
    assert_int_equal(fx_mark(s, &a), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &b), RB_MARK_DISOWNED);
}

/* 5.6.5: disowned is shown and held as before, and does nothing any more */
static void what_is_disowned(void **state) {
    struct fx *w = *state;
    struct fx_party *p = &w->party[1];
    in_force(w);
    struct fx_feed *f = fx_feed_of(w, 1, 0);
    say_seeing(w, 1, 2);
    say_seeing(w, 1, 0);
    const uint64_t stood = f->n;
    struct rb_hash paused = move(w, 1, RB_MEMBERSHIP_SUSPEND);
    struct rb_hash old = f->id[stood - 1];
    struct rb_record r = fx_record(w, RB_KIND_ROSTER);
    fx_close(&r, 7);
    fx_ref(&r, RB_REF_SUPERSEDES, &old);
    spoken(w, 1, r, FX_OFFICER);
    fx_held(w, 1, 0, 5000);
    assert_true(now(w)->members[1].suspended);
    spoken(w, 2, revoke(w, 1, RB_KEY_OFFICER, &p->officer[0].pub, f, stood), FX_OFFICER);
    struct rb_situation *s = now(w);
    uint64_t t = 0;
    assert_int_equal(fx_mark(s, &paused), RB_MARK_DISOWNED);
    assert_false(s->members[1].suspended);
    assert_int_equal(s->order[fx_place(s, &old)].superseded_by, RB_NOWHERE);
    assert_true(rb_situation_held(s, fx_place(s, &paused), 0, &t)); /* held by X since T */
    assert_int_equal(t, 5000);
}

/* 5.6.1, 5.6.5: a receipt that a lost node key signed is disowned; the cosignatures in it are the
 * cosigners' and stay */
static void receipts_of_a_lost_node_key(void **state) {
    struct fx *w = *state;
    struct fx_party *p = &w->party[1];
    in_force(w);
    struct fx_feed *f = fx_feed_of(w, 1, 0);
    struct rb_hash id = say(w, 1, RB_KIND_STATEMENT);
    const uint64_t stood = f->n;
    struct rb_hash receipt = fx_held(w, 1, 0, 5000);
    struct rb_hash nil = say(w, 1, RB_KIND_NIL);
    struct rb_hash officers = say(w, 1, RB_KIND_STATEMENT);
    spoken(w, 1, revoke(w, 1, RB_KEY_NODE, &p->node.pub, f, stood), FX_OFFICER);
    struct rb_hash after = say(w, 1, RB_KIND_NIL);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &receipt), RB_MARK_DISOWNED);
    assert_int_equal(fx_mark(s, &nil), RB_MARK_DISOWNED);
    assert_int_equal(fx_mark(s, &officers), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &after), RB_MARK_REVOKED);
    assert_true(holds(w, &id, 0));
}

/* 5.6.5: beyond its size the log key's revocation takes all, receipted or not; another epoch of the
 * party has a log key of its own */
static void a_lost_log_key(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct fx_feed *f = fx_feed_of(w, 1, 0);
    struct rb_hash kept = say(w, 1, RB_KIND_STATEMENT);
    const uint64_t stood = f->n;
    struct rb_hash lost = say(w, 1, RB_KIND_STATEMENT);
    fx_held(w, 1, 0, 5000);
    fx_open(w, 1, 1);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    see_all(w, &r); /* after the charter came into force */
    struct rb_hash next = fx_say_as(w, 1, 1, &r, FX_OFFICER);
    r = revoke(w, 1, RB_KEY_LOG, &f->log.pub, f, stood);
    fx_say_as(w, 1, 1, &r, FX_OFFICER);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &kept), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &lost), RB_MARK_DISOWNED);
    assert_int_equal(fx_mark(s, &next), RB_MARK_NONE);
    assert_true(holds(w, &lost, 0));
}

/* 5.6.6: a mirror key is taken by its own party, and with it no other key */
static void a_lost_mirror_key(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash id = say(w, 1, RB_KIND_STATEMENT);
    fx_held(w, 1, 0, 5000);
    const struct rb_key *key = &w->party[0].mirror.pub;
    const struct fx_feed *f = fx_feed_of(w, 1, 0);
    spoken(w, 2, revoke(w, 2, RB_KEY_MIRROR, key, f, 0), FX_OFFICER);
    assert_true(holds(w, &id, 0)); /* another party's word */
    spoken(w, 0, revoke(w, 0, RB_KEY_NODE, key, f, 0), FX_OFFICER);
    assert_true(holds(w, &id, 0)); /* another role's */
    struct rb_seckey k = fresh_key(1), old = w->party[0].mirror;
    spoken(w, 0, rotate(w, 0, RB_KEY_MIRROR, key, &k.pub), FX_OFFICER);
    spoken(w, 2, revoke(w, 0, RB_KEY_MIRROR, &old.pub, f, 0), FX_OFFICER);
    assert_false(holds(w, &id, 0));
    w->party[0].mirror = k;
    fx_held(w, 1, 0, 9000); /* the new key says it again */
    struct rb_situation *s = now(w);
    uint64_t t = 0;
    assert_true(rb_situation_held(s, fx_place(s, &id), 0, &t));
    assert_int_equal(t, 9000);
}

/* ---- leaving and coming back ------------------------------------------------------------------
 */

static struct rb_hash amend(struct fx *w, uint16_t author, const struct rb_charter *next,
                            bool seeing) {
    struct rb_record r = fx_amendment(w, &w->charter_id, next);
    for (uint16_t i = 0; seeing && i < (uint16_t)w->parties_n; i++)
        if (i != author) fx_see(w, &r, i, 0, fx_feed_of(w, i, 0)->n);
    return fx_say(w, author, &r);
}

static struct rb_charter titled(const struct fx *w, const char *title) {
    struct rb_charter next = w->charter;
    next.title = rb_str(title);
    return next;
}

/* 5.7.1: an epoch that it opens by itself does not bring a member back */
static void leaving_holds_in_every_epoch(void **state) {
    struct fx *w = *state;
    in_force(w);
    move(w, 2, RB_MEMBERSHIP_LEAVE);
    fx_open(w, 2, 1);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    fx_see(w, &r, 2, 0, fx_feed_of(w, 2, 0)->n); /* its own other epoch is another feed */
    struct rb_hash id = fx_say_as(w, 2, 1, &r, FX_OFFICER);
    assert_int_equal(fx_mark_now(w, &id), RB_MARK_LEFT);
}

/* 5.6.1: what it held it held, and what its node logs of others stays proven */
static void who_left_still_held(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash before = say(w, 1, RB_KIND_STATEMENT);
    fx_held(w, 1, 2, 5000);
    move(w, 2, RB_MEMBERSHIP_LEAVE);
    assert_true(holds(w, &before, 2));
    struct rb_hash mine = fx_feed_of(w, 2, 0)->id[1];
    struct rb_hash receipt = fx_held(w, 2, 1, 6000);
    assert_int_equal(fx_mark_now(w, &receipt), RB_MARK_LEFT);
    assert_true(holds(w, &mine, 1));
}

/* 5.9.6: an amendment that merely goes on listing it does not undo that it left */
static void still_listed_is_not_let_in_again(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_charter next = titled(w, "second");
    struct rb_hash am = amend(w, 0, &next, true);
    answer(w, 1, &am, RB_POSITION_ACCEPT);
    struct rb_record r = fx_membership(w, RB_MEMBERSHIP_LEAVE);
    fx_see(w, &r, 0, 0, fx_feed_of(w, 0, 0)->n);
    fx_see(w, &r, 1, 0, fx_feed_of(w, 1, 0)->n);
    fx_say(w, 2, &r);
    struct rb_situation *s = now(w);
    assert_true(rb_slice_is(s->charter->title, "second"));
    assert_true(s->members[2].left);
    assert_false(s->members[2].active);
    fx_open(w, 2, 1);
    r = fx_record(w, RB_KIND_STATEMENT);
    fx_see(w, &r, 0, 0, fx_feed_of(w, 0, 0)->n);
    struct rb_hash id = fx_say_as(w, 2, 1, &r, FX_OFFICER);
    assert_int_equal(fx_mark_now(w, &id), RB_MARK_LEFT);
}

/* 5.9.6: what it accepted before it left is not held against it, nor for it, in what is still open
 */
static void leaving_takes_open_acceptances_along(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_charter next = titled(w, "second");
    struct rb_hash am = amend(w, 0, &next, true);
    struct rb_record r = fx_position(w, &am, RB_POSITION_ACCEPT);
    fx_see(w, &r, 0, 0, fx_feed_of(w, 0, 0)->n);
    fx_say(w, 2, &r);
    move(w, 2, RB_MEMBERSHIP_LEAVE);
    r = fx_position(w, &am, RB_POSITION_ACCEPT);
    fx_see(w, &r, 2, 0, fx_feed_of(w, 2, 0)->n);
    fx_say(w, 1, &r);
    struct rb_situation *s = now(w);
    assert_true(rb_slice_is(s->charter->title, "second"));
    assert_true(s->members[2].left);
    assert_false(s->members[2].active || s->members[2].accepted);
}

/* 5.9.1, 5.9.3: a charter does not come into force by the word of one who left before it did */
static void no_charter_by_the_word_of_who_left(void **state) {
    struct fx *w = *state;
    fx_found(w);
    fx_accept(w, 1);
    fx_held(w, 1, 0, (uint64_t)w->clock_ms / 1000);
    move(w, 1, RB_MEMBERSHIP_LEAVE);
    struct rb_record r = fx_position(w, &w->charter_id, RB_POSITION_ACCEPT);
    fx_see(w, &r, 1, 0, fx_feed_of(w, 1, 0)->n);
    fx_say(w, 2, &r);
    fx_held(w, 2, 0, (uint64_t)w->clock_ms / 1000);
    assert_int_equal(now(w)->charter_state, RB_CHARTER_REJECTED);
}

/* 5.9.6: back, it is neither suspended nor in its old epoch; and it may leave again */
static void back_and_gone_again(void **state) {
    struct fx *w = *state;
    in_force(w);
    move(w, 2, RB_MEMBERSHIP_SUSPEND);
    move(w, 2, RB_MEMBERSHIP_LEAVE);
    struct rb_charter next = titled(w, "again");
    struct rb_hash am = amend(w, 0, &next, true);
    answer(w, 1, &am, RB_POSITION_ACCEPT);
    struct rb_situation *s = now(w);
    assert_false(s->members[2].left || s->members[2].suspended || s->members[2].active);
    fx_open(w, 2, 1);
    struct rb_record r = fx_position(w, &am, RB_POSITION_ACCEPT);
    fx_see(w, &r, 0, 0, fx_feed_of(w, 0, 0)->n);
    fx_see(w, &r, 1, 0, fx_feed_of(w, 1, 0)->n);
    fx_say_as(w, 2, 1, &r, FX_OFFICER);
    assert_true(now(w)->members[2].active);
    r = fx_membership(w, RB_MEMBERSHIP_RESUME); /* it is not suspended */
    struct rb_hash resume = fx_say_as(w, 2, 1, &r, FX_OFFICER);
    assert_int_equal(fx_mark_now(w, &resume), RB_MARK_OUT_OF_TURN);
    r = fx_membership(w, RB_MEMBERSHIP_LEAVE);
    fx_say_as(w, 2, 1, &r, FX_OFFICER);
    r = fx_record(w, RB_KIND_STATEMENT);
    struct rb_hash last = fx_say_as(w, 2, 1, &r, FX_OFFICER);
    s = now(w);
    assert_true(s->members[2].left);
    assert_int_equal(fx_mark(s, &last), RB_MARK_LEFT);
}

/* 5.7.3: what keeps line, keys and roster going passes, in whatever it is asked */
static void what_passes_under_suspension(void **state) {
    struct fx *w = *state;
    struct fx_party *p = &w->party[1];
    in_force(w);
    struct rb_charter next = titled(w, "second");
    struct rb_hash am = amend(w, 0, &next, true);
    struct rb_record r = fx_membership(w, RB_MEMBERSHIP_SUSPEND);
    fx_see(w, &r, 0, 0, fx_feed_of(w, 0, 0)->n);
    fx_see(w, &r, 2, 0, fx_feed_of(w, 2, 0)->n);
    fx_say(w, 1, &r);
    struct rb_seckey k = fresh_key(1);
    struct rb_hash pass[] = {
        spoken(w, 1, rotate(w, 1, RB_KEY_TLS, &p->tls.pub, &k.pub), FX_OFFICER),
        spoken(w, 1, revoke(w, 1, RB_KEY_TLS, &p->tls.pub, NULL, 0), FX_OFFICER),
        answer(w, 1, &am, RB_POSITION_ACCEPT),
        say(w, 1, RB_KIND_SERVICE),
        fx_held(w, 1, 0, 5000),
    };
    struct rb_hash stay[] = {
        say(w, 1, RB_KIND_NIL),
        say(w, 1, RB_KIND_TEXT),
        say(w, 1, RB_KIND_SILENCE),
    };
    r = fx_record(w, RB_KIND_STATEMENT);
    r.precedence = RB_FLASH;
    struct rb_hash flash = fx_say(w, 1, &r);
    answer(w, 2, &am, RB_POSITION_ACCEPT);
    struct rb_situation *s = now(w);
    for (size_t i = 0; i < sizeof pass / sizeof *pass; i++)
        assert_int_equal(fx_mark(s, &pass[i]), RB_MARK_NONE);
    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++)
        assert_int_equal(fx_mark(s, &stay[i]), RB_MARK_SUSPENDED);
    assert_int_equal(fx_mark(s, &flash), RB_MARK_NONE);
    assert_true(rb_slice_is(s->charter->title, "second")); /* it decides on charters all the same */
    assert_true(s->members[1].suspended && s->members[1].active);
}

/* 5.9.4: who is no longer listed says nothing that counts, and nobody waits for it */
static void who_is_not_listed_any_more(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_charter next = titled(w, "two");
    next.members_n = 2;
    next.accept_members = 3;
    struct rb_hash am = amend(w, 0, &next, true);
    for (uint16_t i = 1; i < 3; i++) {
        struct rb_record r = fx_position(w, &am, RB_POSITION_ACCEPT);
        for (uint16_t k = 0; k < i; k++)
            fx_see(w, &r, k, 0, fx_feed_of(w, k, 0)->n);
        fx_say(w, i, &r);
    }
    struct rb_hash after = say(w, 2, RB_KIND_STATEMENT);
    struct rb_situation *s = now(w);
    assert_true(rb_slice_is(s->charter->title, "two"));
    assert_int_equal(s->members_n, 2);
    assert_int_equal(fx_mark(s, &after), RB_MARK_NOT_IN_FORCE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(what_may_be_rotated),
        T(a_rotated_officer),
        T(a_rotated_mirror_key),
        T(a_revocation_takes_its_own_partys_keys),
        T(how_far_a_party_stands_by_a_key),
        T(what_is_disowned),
        T(receipts_of_a_lost_node_key),
        T(a_lost_log_key),
        T(a_lost_mirror_key),
        T(leaving_holds_in_every_epoch),
        T(who_left_still_held),
        T(still_listed_is_not_let_in_again),
        T(leaving_takes_open_acceptances_along),
        T(no_charter_by_the_word_of_who_left),
        T(back_and_gone_again),
        T(what_passes_under_suspension),
        T(who_is_not_listed_any_more),
    };
    return cmocka_run_group_tests_name("rules_keys", tests, NULL, NULL);
}
