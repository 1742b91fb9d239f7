/* Closed bodies between nodes: released to some, carried, opened, receipted; lost, cut and changed
 * ones; what others may never see; kept and purged. Spec 9.3 to 9.6. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "fixture_sealed.h"
#include "readback/text.h"
#include "../../src/node/node_int.h" /* to have allocations fail */

/* ---- tests -------------------------------------------------------------------------------------
 */
static void test_some_read_others_do_not(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    fs_seen.of = &w->p[2];
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO | DELTA, FN_WELL, &id), RB_OK);
    assert_int_equal(fs_state_at(w, 0, ch, &id), RB_BODY_OPENED); /* our own: without an OPEN */
    assert_int_equal(w->p[0].opens, 0);
    fn_pass(w, 8000);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_int_equal(fs_state_at(w, 3, ch, &id),
                     RB_BODY_OPENED); /* it only connects outwards: it asked */
    assert_int_equal(fs_state_at(w, 2, ch, &id), RB_BODY_NONE);
    assert_int_equal(fs_leaf_of(w, 2, ch, &id), fs_leaf_of(w, 0, ch, &id)); /* the leaf it has */
    assert_int_equal(fs_seen.bytes, 0);
    assert_int_equal(fn_stored(&w->p[2], &fn_last.hash), 0);
    assert_int_equal(fn_stored(&w->p[1], &fn_last.hash), fn_last.cipher_n);
    assert_true(fs_held(w, 0, ch, &id, 1));
    assert_true(fs_held(w, 0, ch, &id, 3));
    assert_true(fs_held(w, 2, ch, &id, 1)); /* all can see who holds it */
    struct rb_body_view v = fn_body(&w->p[1], ch, &id);
    assert_int_equal(v.have, v.size);
    assert_true(v.taken_utc_ms > 0 && v.purge_utc_ms == 0);
    fs_end(w);
}

static void test_body_goes_before_the_push(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    fn_pass(w, 20000);
    fs_seen.order_n = fs_seen.gets = 0;
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    assert_true(fs_seen.order_n >= 3);
    size_t at = 0;
    while (at < fs_seen.order_n && strcmp(fs_seen.order[at], "bodies") != 0)
        at++;
    assert_true(at <= 1); /* the push to charlie, who fs_seen.gets none, may go first */
    assert_int_equal(fs_seen.posts, 1);
    assert_int_equal(fs_seen.gets, 0);
    fn_pass(w, 100);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED); /* it was there before its leaf */
    assert_int_equal(fs_seen.gets, 0);
    fs_seen.order_n = fs_seen.posts = 0;
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Open.", RB_ROUTINE, &id), RB_OK);
    assert_int_equal(fs_seen.posts, 0); /* a push without closed leaves costs nothing more */
    fs_end(w);
}

static bool block_posts(const struct fn_party *from, const struct fn_party *to,
                        struct rb_slice path) {
    (void)from;
    (void)to;
    return rb_slice_starts(path, "/rb/v1/bodies");
}

static uint64_t bravo_has(struct fn_world *w, const uint8_t ch[16]) {
    struct rb_channel_view v;
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &v));
    return rb_book_feed(v.book, 0, 0)->tree.size;
}

/* However fast closed records come, no push waits for more than one request of bodies. */
static void test_bodies_do_not_hold_up_pushes(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    fn_pass(w, 20000);
    fn_hold = true;
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    for (size_t i = 0; i < 10; i++) {
        uint64_t before = bravo_has(w, ch);
        assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
        assert_int_equal(bravo_has(w, ch), before);
        fn_let_go(w);
        assert_true(bravo_has(w, ch) > before);
    }
    fn_hold = false;
    fn_let_go(w);
    fn_pass(w, 20000);
    assert_true(fs_held(w, 0, ch, &id, 1));
    fs_end(w);
}

static void test_lost_body_is_fetched_from_its_author(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    fn_block = block_posts;
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 30000);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_true(fs_seen.gets > 0);
    assert_true(fs_held(w, 0, ch, &id, 1));
    fs_end(w);
}

static const struct fn_party *silent;
static bool block_all_but_push(const struct fn_party *from, const struct fn_party *to,
                               struct rb_slice path) {
    (void)from;
    if (rb_slice_starts(path, "/rb/v1/bodies") && to - silent == 1) return true; /* to bravo */
    return rb_slice_starts(path, "/rb/v1/body?") && to == silent;
}

static void test_lost_body_comes_from_another_recipient(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    silent = &w->p[0];
    fn_block = block_all_but_push;
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO | CHARLIE, FN_WELL, &id), RB_OK);
    fn_pass(w, 40000);
    assert_int_equal(fs_state_at(w, 2, ch, &id), RB_BODY_OPENED);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED);
    fs_end(w);
}

static bool block_bodies(const struct fn_party *from, const struct fn_party *to,
                         struct rb_slice path) {
    (void)from;
    (void)to;
    return rb_slice_starts(path, "/rb/v1/bod");
}

/* It shows as not held, is listed, wedges nothing, and stops being listed when it comes. */
static void test_missing_is_listed_and_wedges_nothing(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, open;
    uint64_t size;
    struct fn_world *w = fs_world4(ch);
    fn_block = block_bodies;
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    uint64_t leaf = fs_leaf_of(w, 0, ch, &id);
    assert_false(
        fs_listed(w, 1, ch, 1, 0, leaf, &size)); /* within its ten seconds nothing is said */
    assert_true(size <= leaf);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Open.", RB_ROUTINE, &open), RB_OK);
    fn_pass(w, 8000);
    assert_true(fs_listed(w, 0, ch, 1, 0, leaf, &size));
    assert_true(size > leaf);
    assert_true(fs_held(w, 0, ch, &open, 1)); /* the leaf after it is held */
    assert_false(fs_held(w, 0, ch, &id, 1));
    struct rb_body_view v = fn_body(&w->p[1], ch, &id);
    assert_int_equal(v.state, RB_BODY_MISSING);
    assert_non_null(v.why);
    struct rb_channel_view cv;
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &cv));
    assert_int_equal(cv.bodies_missing, 1);
    fn_block = NULL;
    fn_pass(w, 310000);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_false(fs_listed(w, 0, ch, 1, 0, leaf, &size));
    assert_true(size > leaf);
    assert_true(fs_held(w, 0, ch, &id, 1));
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &cv));
    assert_int_equal(cv.bodies_missing, 0);
    fs_end(w);
}

/* Cut, changed, sealed to others, another body, not a head: said once each, and listed. */
static void test_bad_bodies_are_said_and_wedge_nothing(void **state) {
    (void)state;
    static const enum fn_fault faults[] = {FN_CUT, FN_CHANGED, FN_OTHER_KEY, FN_OTHER_BODY,
                                           FN_NOT_A_HEAD};
    uint8_t ch[16];
    struct rb_hash id[5], good;
    uint64_t size;
    struct fn_world *w = fs_world4(ch);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, faults[i], &id[i]), RB_OK);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &good), RB_OK);
    fn_pass(w, 30000);
    for (size_t i = 0; i < 5; i++) {
        struct rb_body_view v = fn_body(&w->p[1], ch, &id[i]);
        assert_int_equal(v.state, RB_BODY_BAD);
        assert_non_null(v.why);
        assert_true(fs_listed(w, 0, ch, 1, 0, fs_leaf_of(w, 0, ch, &id[i]), &size));
        assert_false(fs_held(w, 0, ch, &id[i], 1));
        assert_int_equal(fs_services(w, 0, ch, 1, RB_SERVICE_BODY_MISSING, &id[i]), 1);
    }
    assert_int_equal(fs_state_at(w, 1, ch, &good), RB_BODY_OPENED);
    assert_true(fs_held(w, 0, ch, &good, 1));
    fn_restart(w, &w->p[1]);
    fn_pass(w, 30000);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(fs_state_at(w, 1, ch, &id[i]), RB_BODY_BAD);
        assert_int_equal(fs_services(w, 1, ch, 1, RB_SERVICE_BODY_MISSING, &id[i]), 1);
    }
    fs_end(w);
}

/* ---- restart, keys -----------------------------------------------------------------------------
 */
static void test_restart_keeps_all(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, answer;
    struct fn_world *w = fs_world4(ch);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    uint8_t pos[64];
    struct rb_writer b = rb_writer(pos, sizeof pos);
    struct rb_position read = {.type = RB_POSITION_READ};
    rb_position_encode(&read, &b);
    struct fn_closed c = {.kind = RB_KIND_POSITION,
                          .body = rb_written(&b),
                          .recipients = ALFA | BRAVO,
                          .answers = &id};
    assert_int_equal(fn_say_closed(w, &w->p[1], ch, &c, 1, &answer), RB_OK);
    fn_pass(w, 8000);
    const struct rb_situation *s = fn_situation(w, &w->p[0], ch);
    assert_int_not_equal(rb_situation_answer(s, rb_situation_find(s, &id), 1, RB_POSITION_READ),
                         RB_NOWHERE);
    s = fn_situation(w, &w->p[2], ch); /* charlie cannot read what bravo answered */
    assert_int_equal(rb_situation_answer(s, rb_situation_find(s, &id), 1, RB_POSITION_READ),
                     RB_NOWHERE);
    struct rb_channel_view v;
    for (size_t i = 0; i < 2; i++) {
        w->p[i].alerts_n = 0;
        fn_restart(w, &w->p[i]);
        fn_pass(w, 1000);
        for (size_t k = 0; k < w->p[i].alerts_n; k++) /* it is no news */
            assert_int_not_equal(w->p[i].alerts[k].u.alert.alert, RB_ALERT_BODY);
        assert_int_equal(fs_state_at(w, i, ch, &id), RB_BODY_OPENED);
        assert_int_equal(fs_state_at(w, i, ch, &answer), RB_BODY_OPENED);
    }
    fn_pass(w, 60000);
    s = fn_situation(w, &w->p[0], ch);
    assert_int_not_equal(rb_situation_answer(s, rb_situation_find(s, &id), 1, RB_POSITION_READ),
                         RB_NOWHERE);
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &v));
    uint64_t size = v.own_feed->tree.size; /* nothing was said again */
    fn_restart(w, &w->p[1]);
    fn_pass(w, 120000);
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &v));
    assert_int_equal(v.own_feed->tree.size, size);
    fs_end(w);
}

static void unlock(struct fn_world *w, struct fn_party *p) {
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    p->locked = false;
    ev.u.submit.what = RB_SUBMIT_UNLOCKED;
    fn_event(w, p, &ev);
    assert_int_equal(p->done.u.done.reject.err, RB_OK);
}

static void test_sealed_key_says_nothing_until_unlocked(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash before, id, second;
    uint64_t size;
    struct fn_world *w = fs_world4(ch);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &before), RB_OK);
    fn_pass(w, 8000);
    w->p[1].locked = true;
    fn_restart(w, &w->p[1]);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &second), RB_OK);
    fn_pass(w, 60000);
    assert_int_equal(fs_state_at(w, 1, ch, &before), RB_BODY_HELD);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_HELD);
    assert_false(fs_listed(w, 0, ch, 1, 0, fs_leaf_of(w, 0, ch, &id), &size));
    assert_true(size <= fs_leaf_of(w, 0, ch, &id));
    assert_false(fs_held(w, 0, ch, &id, 1));
    assert_true(fs_held(w, 0, ch, &before, 1)); /* that it was good is known */
    struct rb_channel_view v;
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &v));
    assert_int_equal(v.bodies_unopened, 3);
    size_t asked = w->p[1].opens;
    fn_pass(w, 60000);
    assert_int_equal(w->p[1].opens, asked); /* not tried over and over */
    unlock(w, &w->p[1]);
    fn_pass(w, 8000);
    assert_int_equal(fs_state_at(w, 1, ch, &before), RB_BODY_OPENED);
    assert_int_equal(fs_state_at(w, 1, ch, &second), RB_BODY_OPENED);
    assert_true(fs_held(w, 0, ch, &id, 1));
    fs_end(w);
}

/* ---- damage ------------------------------------------------------------------------------------
 */
static void spoil(struct fn_party *p, const struct rb_hash *h) {
    for (size_t i = 0; i < p->items_n; i++) {
        struct rb_effect *e = &p->items[i].ef;
        if (e->u.store.item != RB_ITEM_BODY || !rb_hash_eq(&e->u.store.body.hash, h)) continue;
        ((uint8_t *)(uintptr_t)e->u.store.leaf.p)[e->u.store.leaf.n / 2] ^= 1;
        return;
    }
    fail();
}

static bool block_alfa(const struct fn_party *from, const struct fn_party *to,
                       struct rb_slice path) {
    if (from - silent == 2 || to - silent == 2) return false; /* charlie's ways are free */
    return rb_slice_starts(path, "/rb/v1/bod");
}

/* A recipient that gives other bytes than the record names, or crumbs: nothing of it is stored. */
static void test_wrong_answers_are_not_stored(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, file;
    struct fn_world *w = fs_world4(ch);
    silent = &w->p[0];
    fn_block = block_alfa;
    w->p[1].up = false;
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO | CHARLIE, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    spoil(&w->p[2], &fn_last.hash);
    struct rb_hash small = fn_last.hash;
    assert_int_equal(fs_attach(w, 0, ch, ALFA | BRAVO | CHARLIE, 300000, true, &file), RB_OK);
    fn_pass(w, 8000);
    for (size_t i = 0; i < w->p[2].items_n; i++) {
        struct rb_effect *e = &w->p[2].items[i].ef;
        if (e->u.store.item == RB_ITEM_BODY && e->u.store.leaf.n > 200000) e->u.store.leaf.n = 1000;
    }
    fs_seen.of = &w->p[1];
    fs_seen.gets = 0;
    fn_restart(w, &w->p[1]);
    fn_pass(w, 60000);
    assert_true(fs_seen.gets > 1);
    assert_int_equal(fs_seen.bytes, 0);
    assert_string_equal(fn_body(&w->p[1], ch, &id).why, "what came was not what the record names");
    fn_block = NULL;
    fn_pass(w, 400000);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_int_equal(fs_state_at(w, 1, ch, &file), RB_BODY_OPENED);
    assert_true(fn_stored(&w->p[1], &small) > 0);
    fs_end(w);
}

/* A disk that changed bytes: deleted, asked for again, and good; also where we are the author. */
static void test_spoilt_on_disk_comes_again(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    for (size_t i = 0; i < 2; i++) {
        spoil(&w->p[i], &fn_last.hash);
        fs_seen.gets = 0;
        fn_restart(w, &w->p[i]);
        fn_pass(w, 20000);
        assert_true(fs_seen.gets > 0);
        assert_int_equal(fs_state_at(w, i, ch, &id), RB_BODY_OPENED);
        assert_int_equal(fn_stored(&w->p[i], &fn_last.hash), fn_last.cipher_n);
    }
    assert_int_equal(fs_services(w, 0, ch, 1, RB_SERVICE_BODY_MISSING, &id), 0);
    fs_end(w);
}

/* One author, one ciphertext, two records: each has its own verdict, and a purge is of both. */
static void test_two_records_name_one_body(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, again;
    struct fn_world *w = fs_world4(ch);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    struct fn_sealed was = fn_last;
    fn_last.cipher = fn_last.head = NULL;
    fn_resay = &was;
    struct fn_closed c = {.kind = RB_KIND_STATEMENT,
                          .body = fs_statement("Only for some."),
                          .recipients = ALFA | BRAVO | CHARLIE};
    assert_int_equal(fn_say_closed(w, &w->p[0], ch, &c, 1, &again), RB_OK);
    fn_resay = NULL;
    free(was.cipher);
    free(was.head);
    fn_pass(w, 20000);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_int_equal(fs_state_at(w, 1, ch, &again), RB_BODY_OPENED);
    /* charlie is named, has the bytes, and no stanza: that is not bravo's matter */
    assert_int_equal(fs_state_at(w, 2, ch, &again), RB_BODY_BAD);
    assert_int_equal(fs_state_at(w, 2, ch, &id), RB_BODY_NONE);
    assert_true(fs_held(w, 0, ch, &again, 1));
    assert_false(fs_held(w, 0, ch, &again, 2));
    assert_int_equal(fs_purge(w, &w->p[1], ch, &id, ""), RB_OK);
    fn_pass(w, 8000);
    assert_int_equal(fs_state_at(w, 1, ch, &again), RB_BODY_PURGED);
    assert_int_equal(fs_services(w, 0, ch, 1, RB_SERVICE_PURGE, &id), 1);
    assert_int_equal(fs_services(w, 0, ch, 1, RB_SERVICE_PURGE, &again), 1);
    fs_end(w);
}

/* ---- retention ---------------------------------------------------------------------------------
 */
static void test_purged_on_command(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    struct rb_hash h = fn_last.hash;
    assert_int_equal(fs_purge(w, &w->p[1], ch, &id, "asked by the family"), RB_OK);
    assert_true(w->p[1].done.u.done.has_record); /* the service record */
    assert_int_equal(fn_stored(&w->p[1], &h), 0);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_PURGED);
    assert_int_equal(fn_stored(&w->p[0], &h), fn_last.cipher_n);
    assert_int_equal(fs_purge(w, &w->p[1], ch, &id, ""), RB_ERR_EXISTS);
    assert_int_equal(fs_purge(w, &w->p[2], ch, &id, ""), RB_ERR_NOT_FOUND);
    fn_pass(w, 8000);
    assert_int_equal(fs_services(w, 0, ch, 1, RB_SERVICE_PURGE, &id), 1);
    assert_true(fs_held(w, 0, ch, &id, 1)); /* it was, and its receipt stands */
    fs_seen.gets = 0;
    fn_restart(w, &w->p[1]);
    fn_request(w, &w->p[1], &w->p[0], true, "/rb/v1/bodies", fs_query_of(ch, 0, &h, 0),
               fs_entry(0, &h, fn_last.cipher_n, 0, rb_slice(fn_last.cipher, fn_last.cipher_n)));
    fn_pass(w, 600000);
    assert_int_equal(fs_seen.gets, 0); /* neither asked for nor taken again */
    assert_int_equal(fn_stored(&w->p[1], &h), 0);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_PURGED);
    assert_int_equal(fs_services(w, 1, ch, 1, RB_SERVICE_PURGE, &id), 1);
    fn_request(w, &w->p[1], &w->p[0], false, "/rb/v1/body", fs_query_of(ch, 0, &h, 0),
               rb_slice(NULL, 0));
    fs_expect_404(w);
    fs_end(w);
}

/* A crash between the deletion and the record that says so: it is said at the next start. */
static void test_purge_is_said_after_a_crash(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    struct fn_party *b = &w->p[1];
    for (size_t i = 0; i < b->items_n; i++) {
        struct rb_effect *e = &b->items[i].ef;
        if (e->u.store.item == RB_ITEM_META && e->u.store.table == RB_TABLE_BODY)
            ((uint8_t *)(uintptr_t)e->u.store.value.p)[1] = RB_BODY_PURGED;
        if (e->u.store.item == RB_ITEM_BODY) fn_lose_item(b, i--);
    }
    fn_restart(w, b);
    fn_pass(w, 20000); /* delta, who only calls, has as long to say what it holds */
    assert_int_equal(fs_services(w, 0, ch, 1, RB_SERVICE_PURGE, &id), 1);
    fn_restart(w, b);
    fn_pass(w, 20000);
    assert_int_equal(fs_services(w, 0, ch, 1, RB_SERVICE_PURGE, &id), 1);
    fs_end(w);
}

static void test_purged_in_time(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, kept;
    struct rb_charter *c = calloc(1, sizeof *c);
    c->exercise = true;
    c->policies_n = 1;
    c->policies[0] = (struct rb_kind_policy){.kind = RB_KIND_STATEMENT, .keep_days = 2};
    struct fn_world *w = fn_world(3);
    fn_found(w, true, c, ch);
    free(c);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    struct rb_hash h = fn_last.hash;
    assert_int_equal(fs_attach(w, 0, ch, ALFA | BRAVO, 1000, false, &kept), RB_OK);
    fn_pass(w, 8000);
    struct rb_body_view v = fn_body(&w->p[1], ch, &id);
    assert_int_equal(v.purge_utc_ms, v.taken_utc_ms + 2 * 86400000ll);
    w->utc_ms -= 40 * 86400000ll; /* a clock set back: nothing happens */
    fn_pass(w, 2000);
    w->utc_ms += 40 * 86400000ll;
    fn_pass(w, 86400000);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED);
    fn_restart(w, &w->p[1]);
    fn_pass(w, 86400000 + 60000);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(fs_state_at(w, i, ch, &id), RB_BODY_PURGED);
        assert_int_equal(fn_stored(&w->p[i], &h), 0);
        assert_int_equal(fs_state_at(w, i, ch, &kept), RB_BODY_OPENED); /* another kind: for good */
        assert_int_equal(fs_services(w, 0, ch, (uint16_t)i, RB_SERVICE_PURGE, &id), 1);
    }
    fs_end(w);
}

/* A key that was away is back: what did not open for want of it is tried again at the next start.
 */
static void test_key_is_back(void **state) {
    (void)state;
    uint8_t ch[16], key[32];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    struct fn_party *b = &w->p[1];
    memcpy(key, b->age, sizeof key);
    memcpy(b->age, w->p[2].age, sizeof key);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 30000);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_BAD);
    assert_false(fs_held(w, 0, ch, &id, 1));
    fn_restart(w, b);
    fn_pass(w, 30000);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_BAD);
    assert_int_equal(fs_services(w, 0, ch, 1, RB_SERVICE_BODY_MISSING, &id), 1);
    memcpy(b->age, key, sizeof key);
    fn_restart(w, b);
    fn_pass(w, 30000);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_true(fs_held(w, 0, ch, &id, 1));
    fs_end(w);
}

static struct fn_world *kept_two_days(uint8_t ch[16], struct rb_hash *id) {
    struct rb_charter *c = calloc(1, sizeof *c);
    c->exercise = true;
    c->policies_n = 1;
    c->policies[0] = (struct rb_kind_policy){.kind = RB_KIND_STATEMENT, .keep_days = 2};
    struct fn_world *w = fn_world(3);
    fn_found(w, true, c, ch);
    free(c);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, id), RB_OK);
    fn_pass(w, 8000);
    return w;
}

static size_t waits_said(const struct fn_party *p) {
    size_t k = 0;
    for (size_t i = 0; i < p->alerts_n; i++) {
        const struct rb_effect *e = &p->alerts[i];
        k += e->u.alert.alert == RB_ALERT_WAITING && e->u.alert.reject.clause &&
             strcmp(e->u.alert.reject.clause, "9.6.1") == 0;
    }
    return k;
}

/* A clock a year ahead by mistake: said once, nothing purged for an hour; put right: nothing at
 * all. A clock that is right after all, and a node that was off for long, purge after that hour. */
static void test_clock_set_ahead(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    const int64_t year = 365 * 86400000ll;
    struct fn_world *w = kept_two_days(ch, &id);
    w->utc_ms += year;
    fn_pass(w, 3000000);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(fs_state_at(w, i, ch, &id), RB_BODY_OPENED);
        assert_int_equal(waits_said(&w->p[i]), 1);
    }
    w->utc_ms -= year;
    fn_pass(w, 7200000);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(fs_state_at(w, i, ch, &id), RB_BODY_OPENED);
    w->p[1].up = false; /* off while the clock goes on */
    w->utc_ms += year;
    fn_restart(w, &w->p[1]);
    fn_pass(w, 3500000);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(fs_state_at(w, i, ch, &id), RB_BODY_OPENED);
    fn_pass(w, 200000);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(fs_state_at(w, i, ch, &id), RB_BODY_PURGED);
    fs_end(w);
}

/* ---- drafts, refusals
 * ----------------------------------------------------------------------------- */
static void test_drafts_keep_their_bodies(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash draft, id;
    struct rb_charter *c = calloc(1, sizeof *c);
    c->exercise = true;
    c->policies_n = 1;
    c->policies[0] =
        (struct rb_kind_policy){.kind = RB_KIND_STATEMENT, .closed = true, .two_officers = true};
    struct fn_world *w = fn_world(3);
    fn_found(w, true, c, ch);
    free(c);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &draft), RB_ERR_NEED_SIGNER);
    struct rb_hash h = fn_last.hash;
    assert_int_equal(fn_stored(&w->p[0], &h), fn_last.cipher_n);
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_DISCARD;
    ev.u.submit.draft = draft;
    fn_event(w, &w->p[0], &ev);
    assert_int_equal(w->p[0].done.u.done.reject.err, RB_OK);
    assert_int_equal(fn_stored(&w->p[0], &h), 0);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &draft), RB_ERR_NEED_SIGNER);
    fn_restart(w, &w->p[0]);
    assert_int_equal(fn_second(w, &w->p[0], ch, &id), RB_OK);
    fn_pass(w, 8000);
    assert_int_equal(fs_state_at(w, 0, ch, &id), RB_BODY_OPENED);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_true(fs_held(w, 0, ch, &id, 1));
    fs_end(w);
}

static void test_refusals_keep_nothing(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    fs_seen.of = &w->p[0];
    assert_int_equal(fs_say(w, 0, ch, BRAVO, FN_WELL, &id), RB_ERR_DENIED); /* without its author */
    assert_int_equal(fs_say(w, 0, ch, ALFA | 1ull << 40, FN_WELL, &id),
                     RB_ERR_DENIED); /* no member */
    struct fn_closed c = {.kind = RB_KIND_STATEMENT, .body = fs_statement("x"), .recipients = 3};
    assert_int_equal(fn_say_closed(w, &w->p[0], ch, &c, 0, &id), RB_ERR_SIGNATURE);
    assert_int_equal(fs_seen.bytes, 0);
    fs_end(w);
}

/* 4 GiB of one member are kept; what is beyond is not asked for. */
static void test_quota_of_a_member(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    struct fn_party *b = &w->p[1];
    for (unsigned i = 0; i < 64; i++) { /* as if that many were kept */
        uint8_t key[50] = {0}, value[28] = {1, RB_BODY_HELD, 1, 0};
        struct rb_effect e = {.type = RB_EF_STORE};
        memcpy(key, ch, 16);
        key[18] = (uint8_t)(i + 1);
        struct rb_writer v = rb_writer(value + 4, 24);
        rb_put_u64(&v, 67108864);
        rb_put_u64(&v, 67108864);
        rb_put_u64(&v, 1);
        e.u.store.item = RB_ITEM_META;
        e.u.store.table = RB_TABLE_BODY;
        e.u.store.key = rb_slice(key, sizeof key);
        e.u.store.value = rb_slice(value, sizeof value);
        b->items = realloc(b->items, (b->items_n + 1) * sizeof *b->items);
        b->items_cap = b->items_n + 1;
        uint8_t *k = malloc(sizeof key), *val = malloc(sizeof value);
        memcpy(k, key, sizeof key);
        memcpy(val, value, sizeof value);
        e.u.store.key.p = k;
        e.u.store.value.p = val;
        b->items[b->items_n++].ef = e;
    }
    fn_restart(w, b);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO | CHARLIE, FN_WELL, &id), RB_OK);
    fn_pass(w, 30000);
    struct rb_body_view v = fn_body(b, ch, &id);
    assert_int_equal(v.state, RB_BODY_MISSING);
    assert_string_equal(v.why, "more than is kept of one member");
    assert_int_equal(fs_seen.gets, 0);
    assert_int_equal(fn_stored(b, &fn_last.hash), 0);
    assert_int_equal(fs_state_at(w, 2, ch, &id), RB_BODY_OPENED);
    uint64_t size;
    assert_true(fs_listed(w, 0, ch, 1, 0, fs_leaf_of(w, 0, ch, &id), &size));
    fs_end(w);
}

/* ---- a storm -----------------------------------------------------------------------------------
 */
static uint64_t dice;
static unsigned roll(unsigned n) {
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(dice >> 33) % n;
}

static bool block_some(const struct fn_party *from, const struct fn_party *to,
                       struct rb_slice path) {
    (void)from;
    (void)to;
    return roll(rb_slice_starts(path, "/rb/v1/bod") ? 2 : 5) == 0;
}

static struct rb_hash said[64];
static uint64_t said_to[64];
static size_t said_n, said_by[64];

static void storm_say(struct fn_world *w, const uint8_t ch[16]) {
    size_t who = roll(4);
    uint64_t to = (1u << who) | (1 + roll(15));
    bool far = who >= 2 && (to & ~(3u | 1u << who)) != 0; /* long ones need a way */
    if (said_n == 64) return;
    enum rb_err err = far || roll(4)
                          ? fs_say(w, who, ch, to, FN_WELL, &said[said_n])
                          : fs_attach(w, who, ch, to, 200000 + roll(2000000), true, &said[said_n]);
    assert_int_equal(err, RB_OK);
    said_by[said_n] = who;
    said_to[said_n++] = to;
}

static void storm_step(struct fn_world *w, const uint8_t ch[16]) {
    struct fn_party *p = &w->p[roll(4)];
    switch (roll(8)) {
    case 0:
        fn_restart(w, p);
        break;
    case 1:
        p->deaf = !p->deaf;
        break;
    case 2:
        p->locked = true;
        break;
    case 3:
        unlock(w, p);
        break;
    case 4:
        fn_pass(w, roll(20000));
        break;
    default:
        storm_say(w, ch);
        break;
    }
}

/* Links that fail, nodes that stop, keys that are sealed: when it is over each recipient has opened
 * each body, everybody sees that it holds it, and nobody else has a byte. */
static void test_storms_leave_nothing_behind(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        uint8_t ch[16];
        fn_outward = CHARLIE | DELTA;
        struct fn_world *w = fs_world4(ch);
        dice = seed;
        said_n = 0;
        fn_block = block_some;
        for (size_t i = 0; i < 60; i++)
            storm_step(w, ch);
        fn_block = NULL;
        for (size_t i = 0; i < 4; i++) {
            w->p[i].deaf = false;
            unlock(w, &w->p[i]);
        }
        fn_pass(w, 1500000);
        for (size_t k = 0; k < said_n; k++)
            for (uint16_t m = 0; m < 4; m++) {
                bool reader = (said_to[k] >> m & 1) != 0;
                enum rb_body_state want = reader ? RB_BODY_OPENED : RB_BODY_NONE;
                struct rb_body_view v = fn_body(&w->p[m], ch, &said[k]);
                if (v.state != want)
                    print_error("seed=%d record %d of %d at %d: %s %s\n", (int)seed, (int)k,
                                (int)said_by[k], m, rb_body_state_name(v.state),
                                v.why ? v.why : "");
                assert_int_equal(v.state, want);
                if (reader && m != said_by[k])
                    assert_true(fs_body_held(w, said_by[k], ch, &said[k], m));
                struct rb_body_view own = fn_body(&w->p[said_by[k]], ch, &said[k]);
                if (!reader) assert_int_equal(fn_stored(&w->p[m], &own.ref.hash), 0);
            }
        fs_end(w);
    }
}

/* The nth allocation fails, at the author's or at the recipient's, whatever it is for. A submission
 * is taken whole or not at all; what came is opened in the end, at the latest after a restart, and
 * no receipt ever says that a body is held which is not. */
static void with_fault(size_t who, uint64_t nth, bool *clean) {
    uint8_t ch[16];
    struct rb_hash id, back;
    struct fn_world *w = fn_world(2);
    fn_found(w, true, NULL, ch);
    fn_short = true;
    w->p[who].rb->region.fail_at = nth;
    enum rb_err err = fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id);
    if (err != RB_OK) {
        assert_int_equal(err, RB_ERR_LIMIT);
        assert_int_equal(fn_stored(&w->p[0], &fn_last.hash), 0);
        assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    }
    (void)fs_say(w, 1, ch, ALFA | BRAVO, FN_WELL, &back);
    fn_pass(w, 30000);
    *clean = w->p[who].rb->region.fail_at != 0;
    w->p[who].rb->region.fail_at = 0;
    if (fs_held(w, 0, ch, &id, 1)) assert_true(fn_body(&w->p[1], ch, &id).have > 0);
    for (size_t i = 0; i < 2; i++)
        fn_restart(w, &w->p[i]);
    fn_pass(w, 400000);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(fs_state_at(w, i, ch, &id), RB_BODY_OPENED);
    assert_true(fs_held(w, 0, ch, &id, 1));
    fn_short = false;
    fn_free(w);
}

static void test_every_allocation_fails_once(void **state) {
    (void)state;
    for (size_t who = 0; who < 2; who++) {
        bool clean = false;
        uint64_t nth = 1;
        for (; !clean; nth++)
            with_fault(who, nth, &clean);
        assert_true(nth > 5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_some_read_others_do_not),
        cmocka_unit_test(test_body_goes_before_the_push),
        cmocka_unit_test(test_bodies_do_not_hold_up_pushes),
        cmocka_unit_test(test_lost_body_is_fetched_from_its_author),
        cmocka_unit_test(test_lost_body_comes_from_another_recipient),
        cmocka_unit_test(test_missing_is_listed_and_wedges_nothing),
        cmocka_unit_test(test_bad_bodies_are_said_and_wedge_nothing),
        cmocka_unit_test(test_restart_keeps_all),
        cmocka_unit_test(test_sealed_key_says_nothing_until_unlocked),
        cmocka_unit_test(test_wrong_answers_are_not_stored),
        cmocka_unit_test(test_spoilt_on_disk_comes_again),
        cmocka_unit_test(test_two_records_name_one_body),
        cmocka_unit_test(test_purged_on_command),
        cmocka_unit_test(test_purge_is_said_after_a_crash),
        cmocka_unit_test(test_purged_in_time),
        cmocka_unit_test(test_clock_set_ahead),
        cmocka_unit_test(test_key_is_back),
        cmocka_unit_test(test_drafts_keep_their_bodies),
        cmocka_unit_test(test_refusals_keep_nothing),
        cmocka_unit_test(test_quota_of_a_member),
        cmocka_unit_test(test_storms_leave_nothing_behind),
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests_name("test_node_body", tests, NULL, NULL);
}
