/* Forked feeds: what either history says stays said, and what it moves is contested, alike on every
 * node whatever it holds as the feed itself. Clauses 5.13.x. */
#include "fork_words.h"

/* ---- the book ---------------------------------------------------------------------------------
 */

static void branches_stand_behind_their_feed(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_book *b = fx_book(w);
    struct rb_feed *f = rb_book_feed(b, 1, 0), *out;
    fx_open(w, 1, 1);
    while (fx_book_next(w, b, fx_feed_of(w, 1, 1), -1))
        continue;
    for (uint8_t i = 1; i <= RB_MAX_BRANCHES; i++) {
        assert_null(rb_book_branch(b, 1, 0, i));
        assert_int_equal(rb_book_open_branch(b, f, &w->work, &out), RB_OK);
        assert_int_equal(out->branch, i);
        assert_ptr_equal(rb_book_branch(b, 1, 0, i), out);
        assert_true(out->frozen && f->frozen);
        assert_int_equal(out->facts_n, 0);
        assert_true(rb_key_eq(&out->log_key, &f->log_key));
    }
    assert_int_equal(rb_book_open_branch(b, f, &w->work, &out), RB_ERR_LIMIT);
    assert_null(rb_book_branch(b, 1, 0, RB_MAX_BRANCHES + 1));
    assert_null(rb_book_branch(b, 1, 1, 1));
    assert_null(rb_book_branch(b, 1, 2, 0));
    assert_ptr_equal(rb_book_branch(b, 1, 0, 0), f);
    assert_ptr_equal(rb_book_feed(b, 1, 0), f);
    assert_ptr_equal(rb_book_feed_by_origin(b, rb_slice(f->origin, f->origin_n)), f);
    assert_int_equal(rb_book_latest_feed(b, 1)->epoch, 1);
    struct rb_feed *latest = rb_book_latest_feed(b, 2);
    assert_int_equal(rb_book_open_branch(b, latest, &w->work, &out), RB_OK);
    assert_ptr_equal(rb_book_latest_feed(b, 2), latest);
    for (size_t i = 1; i < b->feeds_n; i++) {
        const struct rb_feed *x = b->feeds[i - 1], *y = b->feeds[i];
        bool same = x->member == y->member && x->epoch == y->epoch;
        assert_true(same ? x->branch + 1 == y->branch : y->branch == 0);
    }
}

static void opening_a_branch_out_of_room(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_book *b = fx_book(w);
    struct rb_feed *f = rb_book_feed(b, 1, 0), *out;
    const size_t feeds = b->feeds_n;
    enum rb_err err = RB_ERR_LIMIT;
    for (uint64_t n = 1; err != RB_OK; n++) {
        w->books.fail_at = n;
        err = rb_book_open_branch(b, f, &w->work, &out);
        w->books.fail_at = 0;
        if (err == RB_OK) break;
        assert_int_equal(err, RB_ERR_LIMIT);
        assert_int_equal(b->feeds_n, feeds);
        assert_false(f->frozen);
    }
    assert_int_equal(b->feeds_n, feeds + 1);
}

static void the_common_part(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    fork_now(w, h);
    const size_t common = h[0]->n;
    struct rb_hash old = h[0]->id[common - 1];
    struct rb_hash a = say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    struct rb_book *b = fx_book_empty(w);
    for (size_t i = 0; i < w->feeds_n; i++)
        while (w->feed[i] != h[1] && fx_book_next(w, b, w->feed[i], -1))
            continue;
    struct rb_feed *f = rb_book_feed(b, 1, 0);
    f->frozen = true; /* proven, and nothing of the other history is here */
    struct rb_situation *s = fx_fold(w, b, w->clock_ms);
    assert_int_equal(record(s, &old)->contested, 1);
    for (size_t i = 0; i < common; i++) { /* as far as it goes it is the same */
        assert_true(fx_book_next(w, b, h[1], -1));
        rb_book_branch_whole(b, rb_book_branch(b, 1, 0, 1));
        assert_false(f->common_known);
        s = fx_fold(w, b, w->clock_ms);
        assert_int_equal(record(s, &old)->contested, 1);
        assert_int_equal(s->order_n, f->facts_n + rb_book_feed(b, 0, 0)->facts_n +
                                         rb_book_feed(b, 2, 0)->facts_n);
    }
    assert_true(fx_book_next(w, b, h[1], -1));
    rb_book_branch_whole(b, rb_book_branch(b, 1, 0, 1));
    assert_true(f->common_known && rb_book_branch(b, 1, 0, 1)->common_known);
    assert_int_equal(f->common, common);
    s = fx_fold(w, b, w->clock_ms);
    assert_int_equal(record(s, &old)->contested, 0);
    assert_int_equal(record(s, &a)->contested, 1);
    assert_true(fx_book_next(w, b, h[1], -1));
    assert_int_equal(fx_fold(w, b, w->clock_ms)->order_n, s->order_n + 1);
    assert_int_equal(f->common, common);
}

/* ---- what is said on either -------------------------------------------------------------------
 */

static void both_histories_are_said(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    say_seeing(w, 2, 0);
    say_seeing(w, 2, 1);
    struct rb_hash text = say(w, 2, RB_KIND_TEXT);
    say_seeing(w, 1, 2);
    fork_now(w, h);
    struct rb_hash yes = say_on(w, h[0], fx_position(w, &text, RB_POSITION_ACCEPT));
    struct rb_hash no = say_on(w, h[1], fx_position(w, &text, RB_POSITION_REJECT));
    struct rb_situation *s = alike(w, h, 2);
    uint32_t p = fx_place(s, &text);
    assert_int_equal(fx_mark(s, &yes), RB_MARK_CONTESTED); /* on a text it moves nothing (16.1.5) */
    assert_int_equal(fx_mark(s, &no), RB_MARK_CONTESTED);
    assert_true(record(s, &yes)->contested && record(s, &no)->contested);
    assert_int_equal(rb_situation_answer(s, p, 1, RB_POSITION_ACCEPT), fx_place(s, &yes));
    assert_int_equal(rb_situation_answer(s, p, 1, RB_POSITION_REJECT), fx_place(s, &no));
    assert_int_equal(rb_situation_author(s, fx_place(s, &no)), 1);
    assert_false(record(s, &h[0]->id[h[0]->n - 2])->contested);
    /* at the same leaf of the same feed the smaller hash comes first */
    bool first = memcmp(yes.b, no.b, RB_HASH_LEN) < 0;
    assert_int_equal(fx_place(s, &yes) < fx_place(s, &no), first);
}

static void three_branches(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[3];
    in_force(w);
    const size_t common = fx_feed_of(w, 1, 0)->n;
    fork_now(w, h);
    struct rb_hash id[6];
    id[0] = say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    id[1] = say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    h[2] = fx_fork(w, h[0], h[0]->n); /* parts from the first later */
    id[2] = say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    id[3] = say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    id[4] = say_on(w, h[2], fx_record(w, RB_KIND_STATEMENT));
    id[5] = say_on(w, h[2], fx_record(w, RB_KIND_STATEMENT));
    struct rb_situation *s = alike(w, h, 3);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(record(s, &id[i])->contested, 1);
        assert_int_equal(fx_mark(s, &id[i]), RB_MARK_NONE);
        assert_int_equal(record(s, &id[i])->also, RB_NOWHERE); /* what two share is one record */
    }
    assert_int_equal(s->order_n, common + 6 + fx_feed_of(w, 0, 0)->n + fx_feed_of(w, 2, 0)->n);
    assert_int_equal(rb_book_feed(s->book, 1, 0)->common, common);
    assert_true(fx_place(s, &id[1]) < fx_place(s, &id[2]));
    assert_true(fx_place(s, &id[1]) < fx_place(s, &id[4]));
    struct rb_situation *two = fx_fold(w, book_of(w, &h[2], 1), w->clock_ms + 10000);
    for (uint32_t i = 0; i < two->book->feeds_n; i++) /* every leaf of every branch has its place */
        for (uint32_t k = 0; k < two->book->feeds[i]->facts_n; k++) {
            const struct rb_fact *at = rb_situation_fact(two, two->order_of[i][k]);
            assert_true(rb_hash_eq(&at->id, &two->book->feeds[i]->facts[k].id));
        }
}

/* one history that is the beginning of another adds nothing */
static void a_beginning_is_no_branch(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[3];
    in_force(w);
    fork_now(w, h);
    say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    struct rb_situation *without = alike(w, h, 2);
    h[2] = fx_fork(w, h[0], h[0]->n - 1);
    struct rb_situation *s = alike(w, h, 3);
    assert_true(rb_slice_eq(fx_encode(w, s), fx_encode(w, without)));
}

static void the_same_record_on_both(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    fork_now(w, h);
    say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    struct rb_hash id = say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    fx_turn(w, h[1]);
    fx_append(w, 1, 0, h[0]->leaf[h[0]->n - 1]); /* one leaf later */
    fx_held(w, 1, 2, 7000);                      /* of that history alone */
    struct rb_hash read = answer(w, 0, &id, RB_POSITION_READ);
    struct rb_situation *s = alike(w, h, 2);
    uint32_t at = fx_place(s, &id), also = s->order[at].also;
    assert_int_equal(fx_mark(s, &id), RB_MARK_NONE);
    assert_int_equal(s->order[at].place.leaf, h[0]->n - 1);
    assert_int_equal(s->order[also].place.leaf, h[0]->n);
    assert_int_equal(s->order[also].mark, RB_MARK_REPEATED);
    assert_int_equal(s->order[also].first_answer, RB_NOWHERE);
    assert_int_equal(s->order[also].also, RB_NOWHERE);
    assert_int_equal(rb_situation_answer(s, at, 0, RB_POSITION_READ), fx_place(s, &read));
    uint64_t t = 0;
    assert_true(rb_situation_held(s, at, 2, &t)); /* who holds it anywhere holds it */
    assert_int_equal(t, 7000);
}

/* bodies and places are kept by what is held as the feed, wherever the record counts */
static void found_in_the_feed_alone(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    struct rb_feed *f;
    size_t leaf;
    in_force(w);
    fork_now(w, h);
    say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    struct rb_hash both = say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    struct rb_hash other = say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    fx_turn(w, h[0]);
    fx_append(w, 1, 0, h[1]->leaf[h[1]->n - 2]);
    struct rb_book *b = book_of(w, h, 1);
    assert_true(rb_book_find(b, &both, &f, &leaf));
    assert_int_equal(f->branch, 1);
    assert_int_equal(leaf, h[1]->n - 2);
    assert_true(rb_book_find_held(b, &both, &f, &leaf));
    assert_int_equal(f->branch, 0);
    assert_int_equal(leaf, h[0]->n - 1);
    assert_true(rb_book_find(b, &other, &f, &leaf));
    assert_false(rb_book_find_held(b, &other, &f, &leaf));
}

/* at one leaf of both: which place counts is told by what stands before it, not by whose number */
static void the_same_record_at_the_same_leaf(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    fork_now(w, h);
    say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    struct rb_hash id = say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    fx_turn(w, h[1]);
    fx_append(w, 1, 0, h[0]->leaf[h[0]->n - 1]);
    struct rb_situation *s = alike(w, h, 2);
    struct rb_hash root[2];
    for (size_t i = 0; i < 2; i++)
        rb_tree_root(&h[i]->tree, h[i]->n, &root[i]);
    const struct fx_feed *first = memcmp(root[0].b, root[1].b, RB_HASH_LEN) < 0 ? h[0] : h[1];
    const struct rb_place *p = &record(s, &id)->place;
    assert_ptr_equal(s->book->feeds[p->feed], fx_book_feed(w, s->book, first));
    assert_true(fx_place(s, &id) < record(s, &id)->also);
}

/* valid on one branch, on the other its key was revoked: it counts where it is valid */
static void the_same_record_where_it_is_valid(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    fork_now(w, h);
    struct rb_revocation v = {.party = w->party[1].party.pub,
                              .role = RB_KEY_OFFICER,
                              .key = w->party[1].officer[0].pub,
                              .reason = rb_str("lost"),
                              .issued_utc_ms = FX_START_MS,
                              .stood_n = 1};
    v.stood[0] = (struct rb_stood_by){rb_slice(h[0]->origin, h[0]->origin_n), 99};
    uint8_t buf[2048];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    rb_revocation_encode(&v, &o);
    fx_turn(w, h[0]);
    struct rb_record r =
        fx_carried(w, RB_KIND_REVOCATION, fx_statement(w, &w->party[1], rb_written(&o)));
    fx_say_as(w, 1, 0, &r, FX_SECOND);
    struct rb_hash late = say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    fx_turn(w, h[1]);
    struct rb_hash said = say(w, 1, RB_KIND_STATEMENT);
    fx_append(w, 1, 0, h[0]->leaf[h[0]->n - 1]);
    struct rb_situation *s = alike(w, h, 2);
    assert_int_equal(fx_mark(s, &said), RB_MARK_NONE); /* authority runs along each branch */
    assert_int_equal(fx_mark(s, &late), RB_MARK_NONE);
    assert_int_equal(record(s, &late)->place.leaf, h[1]->n - 1);
    uint32_t there =
        s->order_of[rb_book_branch(s->book, 1, 0, 0) == fx_book_feed(w, s->book, h[0]) ? 1 : 2]
                   [h[0]->n - 1];
    assert_int_equal(s->order[there].mark, RB_MARK_REVOKED);
}

/* ---- what it moves ----------------------------------------------------------------------------
 */

static void moves_on_a_branch_are_contested(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    struct rb_hash amendment, previous = w->charter_id;
    struct rb_charter next = w->charter;
    next.title = rb_str("amended");
    next.accept_by_utc_ms = w->clock_ms + 600000;
    for (uint16_t i = 1; i < 3; i++)
        say_seeing(w, 0, i);
    struct rb_record r = fx_amendment(w, &previous, &next);
    amendment = fx_say(w, 0, &r);
    for (uint16_t i = 1; i < 3; i++)
        say_seeing(w, i, 0);
    fork_now(w, h);
    struct rb_hash suspend = say_on(w, h[0], fx_membership(w, RB_MEMBERSHIP_SUSPEND));
    struct rb_hash leave = say_on(w, h[1], fx_membership(w, RB_MEMBERSHIP_LEAVE));
    struct rb_hash yes = say_on(w, h[0], fx_position(w, &amendment, RB_POSITION_ACCEPT));
    r = fx_amendment(w, &previous, &next);
    struct rb_hash own = say_on(w, h[1], r);
    answer(w, 2, &amendment, RB_POSITION_ACCEPT);
    struct rb_hash pass = say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    struct rb_situation *s = alike(w, h, 2);
    assert_int_equal(fx_mark(s, &suspend), RB_MARK_CONTESTED);
    assert_int_equal(fx_mark(s, &leave), RB_MARK_CONTESTED);
    assert_int_equal(fx_mark(s, &yes), RB_MARK_CONTESTED);
    assert_int_equal(fx_mark(s, &own), RB_MARK_CONTESTED);
    assert_int_equal(fx_mark(s, &pass), RB_MARK_NONE);
    assert_int_equal(s->charter_state, RB_CHARTER_IN_FORCE); /* as accepted before the fork */
    assert_true(s->charter_record == fx_place(s, &previous));
    assert_false(s->members[1].suspended || s->members[1].left);
}

static void accepted_before_the_fork_is_accepted(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    h[0] = fx_feed_of(w, 1, 0);
    h[1] = fx_fork(w, h[0], 2); /* delegation, acceptance */
    say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    assert_int_equal(alike(w, h, 2)->charter_state, RB_CHARTER_IN_FORCE);
    struct fx_feed *third = fx_fork(w, h[0], 1); /* before it */
    say_on(w, third, fx_record(w, RB_KIND_STATEMENT));
    assert_int_equal(alike(w, h, 2)->charter_state, RB_CHARTER_PROPOSED);
}

/* other members' votes on an amendment that stands on a branch move nothing */
static void an_amendment_on_a_branch_is_not_adopted(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    struct rb_charter next = w->charter;
    next.title = rb_str("amended");
    next.accept_by_utc_ms = w->clock_ms + 600000;
    say_seeing(w, 1, 2);
    fork_now(w, h);
    say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    struct rb_hash id = say_on(w, h[0], fx_amendment(w, &w->charter_id, &next));
    for (uint16_t i = 0; i < 3; i += 2) {
        say_seeing(w, i, 1);
        answer(w, i, &id, RB_POSITION_ACCEPT);
    }
    struct rb_situation *s = alike(w, h, 2);
    assert_int_equal(fx_mark(s, &id), RB_MARK_CONTESTED);
    assert_true(s->charter_record == fx_place(s, &w->charter_id));
}

/* ---- seen -------------------------------------------------------------------------------------
 */

static void seen_of_either_branch(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    fork_now(w, h);
    struct rb_hash a = say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    struct rb_hash b = say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    struct rb_hash b2 = say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    struct rb_hash by0 = seeing(w, 0, h[1]); /* member 0 was shown the second history alone */
    struct rb_hash by2 = seeing(w, 2, h[0]);
    struct rb_situation *s = alike(w, h, 2);
    assert_true(fx_place(s, &b2) < fx_place(s, &by0)); /* against member 0's smaller index */
    assert_true(fx_place(s, &b) < fx_place(s, &b2));
    assert_true(fx_place(s, &a) < fx_place(s, &by2));
    const struct rb_fact *fact = rb_situation_fact(s, fx_place(s, &by0));
    assert_int_equal(fact->seen_verdict, 1);
    assert_int_equal(fact->seen_branch[0], 1);
    assert_null(rb_situation_fact(s, fx_place(s, &by2))->seen_branch);
}

/* judged before the branch was here: the verdict is not for good */
static void seen_before_the_branch_came(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    fork_now(w, h);
    say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    struct rb_hash last = say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    struct rb_hash by0 = seeing(w, 0, h[1]);
    struct rb_book *b = fx_book_empty(w);
    for (size_t i = 0; i < w->feeds_n; i++)
        while (w->feed[i] != h[1] && fx_book_next(w, b, w->feed[i], -1))
            continue;
    struct rb_situation *s = fx_fold(w, b, w->clock_ms);
    const struct rb_fact *fact = rb_situation_fact(s, fx_place(s, &by0));
    assert_int_equal(fact->seen_verdict, 2);
    while (fx_book_next(w, b, h[1], -1)) {
        s = fx_fold(w, b, w->clock_ms + 10000);
        fact = rb_situation_fact(s, fx_place(s, &by0));
        assert_int_equal(fact->seen_verdict,
                         rb_book_branch(b, 1, 0, 1)->facts_n == h[1]->n ? 1 : 2);
    }
    assert_true(fx_place(s, &last) < fx_place(s, &by0));
    assert_true(rb_slice_eq(fx_encode(w, s), fx_encode(w, alike(w, h, 2))));
}

/* with ever more forked feeds named at once the ways to read it multiply: there is an end */
static void seen_of_too_many_forks(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct fx_feed *h[2];
    fork_now(w, h);
    say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    for (uint16_t epoch = 1; epoch < 7; epoch++) {
        struct fx_feed *f = fx_open(w, 2, epoch);
        struct rb_record r = fx_record(w, RB_KIND_NIL);
        fx_fork(w, f, 1);
        fx_say_as(w, 2, epoch, &r, FX_NODE);
        fx_turn(w, f);
        r = fx_record(w, RB_KIND_NIL);
        fx_say_as(w, 2, epoch, &r, FX_NODE);
    }
    for (size_t n = 6; n > 4; n--) {
        struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
        fx_turn(w, h[1]);
        fx_see(w, &r, 1, 0, h[1]->n);
        for (uint16_t epoch = 1; epoch <= (uint16_t)n; epoch++)
            fx_see(w, &r, 2, epoch, 2);
        struct rb_hash id = fx_say(w, 0, &r);
        struct rb_situation *s = alike(w, h, 2);
        bool after = fx_place(s, &h[1]->id[h[1]->n - 1]) < fx_place(s, &id);
        assert_int_equal(after, n == 5); /* 128 ways, then 64 */
    }
}

/* what a branch says of its own feed's other history is not news; what it says of others is */
static void seen_along_a_branch(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    fork_now(w, h);
    struct rb_hash a = say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    for (int i = 0; i < 3; i++)
        say(w, 2, RB_KIND_STATEMENT);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    fx_turn(w, h[0]);
    fx_see(w, &r, 1, 0, h[0]->n);
    fx_see(w, &r, 2, 0, fx_feed_of(w, 2, 0)->n);
    struct rb_hash b = say_on(w, h[1], r);
    struct rb_situation *s = alike(w, h, 2);
    assert_true(fx_place(s, &a) <
                fx_place(s, &fx_feed_of(w, 2, 0)->id[fx_feed_of(w, 2, 0)->n - 1]));
    assert_true(fx_place(s, &fx_feed_of(w, 2, 0)->id[fx_feed_of(w, 2, 0)->n - 1]) <
                fx_place(s, &b));
}

/* The last leaf that two branches share claims to have seen what claims to have seen it. What it
 * lost of that binds the next leaf of the branch, whatever that one says of an older size. */
static void a_circle_where_branches_part(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    say(w, 2, RB_KIND_STATEMENT);
    const size_t to_come = fx_feed_of(w, 2, 0)->n + 1;
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    fx_see(w, &r, 2, 0, to_come);
    struct rb_hash claims = fx_say(w, 1, &r);
    fork_now(w, h);
    struct rb_hash later = say_seeing(w, 2, 1);
    r = fx_record(w, RB_KIND_STATEMENT);
    fx_see(w, &r, 2, 0, to_come - 1);
    struct rb_hash next = say_on(w, h[1], r);
    for (size_t i = 0; i < 2; i++) {
        struct rb_book *b = book_of(w, &h[i], 1);
        for (uint8_t k = 0; k < 2; k++)
            rb_book_branch(b, 1, 0, k)->facts[h[0]->n - 1].seen_verdict = 1;
        struct rb_situation *s = fx_fold(w, b, w->clock_ms);
        assert_true(fx_place(s, &claims) < fx_place(s, &later)); /* the smaller index */
        assert_true(fx_place(s, &later) < fx_place(s, &next));
    }
}

static void own_records_cite_the_feed_alone(void **state) {
    struct fx *w = *state;
    struct fx_feed *h[2];
    in_force(w);
    fork_now(w, h);
    say_on(w, h[0], fx_record(w, RB_KIND_STATEMENT));
    for (int i = 0; i < 4; i++)
        say_on(w, h[1], fx_record(w, RB_KIND_STATEMENT));
    for (size_t i = 0; i < 2; i++) {
        struct rb_book *b = book_of(w, &h[i], 1);
        struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
        assert_int_equal(rb_book_seen(b, 0, 0, RB_MAX_SEEN, &r, &w->work), RB_OK);
        size_t of_1 = 0;
        for (size_t k = 0; k < r.seen_n; k++) {
            if (r.seen[k].member != 1) continue;
            of_1++;
            assert_int_equal(r.seen[k].size, h[i]->n);
        }
        assert_int_equal(of_1, 1);
        struct rb_record want = fx_record(w, RB_KIND_STATEMENT);
        fx_turn(w, h[i]);
        for (size_t k = 0; k < r.seen_n; k++)
            fx_see(w, &want, r.seen[k].member, r.seen[k].epoch, r.seen[k].size);
        assert_memory_equal(want.seen_digest, r.seen_digest, RB_DIGEST_LEN);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(branches_stand_behind_their_feed),
        T(opening_a_branch_out_of_room),
        T(the_common_part),
        T(both_histories_are_said),
        T(three_branches),
        T(a_beginning_is_no_branch),
        T(the_same_record_on_both),
        T(found_in_the_feed_alone),
        T(the_same_record_at_the_same_leaf),
        T(the_same_record_where_it_is_valid),
        T(moves_on_a_branch_are_contested),
        T(accepted_before_the_fork_is_accepted),
        T(an_amendment_on_a_branch_is_not_adopted),
        T(seen_of_either_branch),
        T(seen_before_the_branch_came),
        T(seen_of_too_many_forks),
        T(seen_along_a_branch),
        T(a_circle_where_branches_part),
        T(own_records_cite_the_feed_alone),
    };
    return cmocka_run_group_tests_name("rules_fork", tests, NULL, NULL);
}
