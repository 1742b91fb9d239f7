/* Bodies between nodes by their endpoints: who is served, what is taken, through whom, piece by
 * piece. Spec 9.4. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "fixture_sealed.h"
#include "readback/text.h"

/* ---- endpoints ---------------------------------------------------------------------------------
 */
static void test_only_recipients_are_served(void **state) {
    (void)state;
    uint8_t ch[16], other[16] = {1};
    struct rb_hash id, unknown = {{9}};
    struct fn_world *w = fs_world4(ch);
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    struct fn_party *a = &w->p[0];
    struct rb_slice none = rb_slice(NULL, 0);
    const struct rb_hash *h = &fn_last.hash;
    fn_request(w, a, &w->p[1], false, "/rb/v1/body", fs_query_of(ch, 0, h, 0), none);
    assert_int_equal(w->answer.status, 200);
    assert_int_equal(w->answer.n, fn_last.cipher_n);
    assert_memory_equal(w->answer.body, fn_last.cipher, fn_last.cipher_n);
    fn_request(w, a, &w->p[1], false, "/rb/v1/body", fs_query_of(ch, 0, h, 100), none);
    assert_int_equal(w->answer.n, fn_last.cipher_n - 100);
    fn_request(w, a, &w->p[2], false, "/rb/v1/body", fs_query_of(ch, 0, h, 0), none);
    fs_expect_404(w); /* no recipient */
    fn_request(w, a, NULL, false, "/rb/v1/body", fs_query_of(ch, 0, h, 0), none);
    fs_expect_404(w);
    fn_request(w, a, &w->p[1], false, "/rb/v1/body", fs_query_of(ch, 1, h, 0), none);
    fs_expect_404(w); /* another author */
    fn_request(w, a, &w->p[1], false, "/rb/v1/body", fs_query_of(ch, 0, &unknown, 0), none);
    fs_expect_404(w);
    fn_request(w, a, &w->p[1], false, "/rb/v1/body", fs_query_of(other, 0, h, 0), none);
    fs_expect_404(w);
    fn_request(w, a, &w->p[1], false, "/rb/v1/body", fs_query_of(ch, 0, h, fn_last.cipher_n), none);
    fs_expect_404(w);
    fn_request(w, &w->p[2], &w->p[1], false, "/rb/v1/body", fs_query_of(ch, 0, h, 0), none);
    fs_expect_404(w); /* it does not have it */
    fn_request(w, a, &w->p[1], false, "/rb/v1/body", "channel=zz", none);
    fs_expect_404(w);
    fn_request(w, a, &w->p[1], true, "/rb/v1/bodies", fs_query_of(other, 0, h, 0), none);
    fs_expect_404(w);
    fs_end(w);
}

/* A record of bravo that names the hash of alfa's body: bravo fs_seen.gets nothing, and charlie,
 * whom bravo names, nothing of alfa's. */
static void test_naming_a_hash_gives_nothing(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, mine;
    struct fn_world *w = fs_world4(ch);
    assert_int_equal(fs_say(w, 0, ch, ALFA | DELTA, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    struct rb_hash secret = fn_last.hash;
    /* bravo's node cannot release it: it does not have the bytes */
    struct rb_record *rec = calloc(1, sizeof *rec);
    static const uint8_t one[34] = {0x81, 0x58, 0x20};
    uint8_t commitments[35] = {0};
    memcpy(commitments, one, 3);
    rec->kind = RB_KIND_STATEMENT;
    rec->precedence = RB_ROUTINE;
    rec->closed = true;
    rec->recipients = BRAVO | CHARLIE;
    rec->ciphertext_hash = secret;
    rec->ciphertext_size = fn_last.cipher_n;
    rec->commitments_n = 1;
    rec->commitments = rb_slice(commitments, sizeof commitments);
    assert_int_equal(fn_release(w, &w->p[1], ch, rec, 1, &mine), RB_ERR_NOT_FOUND);
    assert_string_equal(w->p[1].done.u.done.reject.clause, "6.11.7");
    free(rec);
    struct rb_slice none = rb_slice(NULL, 0);
    for (unsigned m = 0; m < 2; m++) {
        fn_request(w, &w->p[0], &w->p[1], false, "/rb/v1/body", fs_query_of(ch, m, &secret, 0),
                   none);
        fs_expect_404(w);
        fn_request(w, &w->p[0], &w->p[2], false, "/rb/v1/body", fs_query_of(ch, m, &secret, 0),
                   none);
        fs_expect_404(w);
    }
    fs_end(w);
}

static void test_posted_bytes_are_weighed(void **state) {
    (void)state;
    uint8_t ch[16], junk[300];
    struct rb_hash h, wrong = {{3}};
    struct fn_world *w = fs_world4(ch);
    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = (uint8_t)i;
    struct rb_slice bytes = rb_slice(junk, sizeof junk);
    const char *q = fs_query_of(ch, 0, &wrong, 0);
    rb_sha256(bytes, &h);
    fs_seen.of = &w->p[0];
    struct fn_party *a = &w->p[0], *b = &w->p[1];
    fn_request(w, a, b, true, "/rb/v1/bodies", q, fs_entry(1, &h, 300, 0, bytes));
    assert_int_equal(fs_have_said(w), 300); /* waits in memory */
    fn_request(w, a, b, true, "/rb/v1/bodies", q, fs_entry(1, &h, 300, 0, rb_slice(NULL, 0)));
    assert_int_equal(fs_have_said(w), 300); /* a question */
    fn_request(w, a, b, true, "/rb/v1/bodies", q, fs_entry(1, &wrong, 300, 0, bytes));
    assert_int_equal(fs_have_said(w), 0); /* another hash */
    fn_request(w, a, b, true, "/rb/v1/bodies", q, fs_entry(1, &h, 301, 0, bytes));
    assert_int_equal(fs_have_said(w), 0); /* a piece of one that is unknown */
    fn_request(w, a, b, true, "/rb/v1/bodies", q, fs_entry(40, &h, 300, 0, bytes));
    assert_int_equal(fs_have_said(w), 0); /* no such member */
    assert_int_equal(fs_seen.bytes, 0);   /* nothing reached the disk */
    struct rb_slice e = fs_entry(1, &h, 300, 0, bytes);
    for (size_t cut = 0; cut < e.n; cut += 7) {
        fn_request(w, a, b, true, "/rb/v1/bodies", q, rb_slice(e.p, cut));
        assert_int_equal(w->answer.status, 400);
    }
    fn_request(w, a, b, true, "/rb/v1/bodies", q, fs_entry(1, &h, 300, 200, bytes));
    assert_int_equal(w->answer.status, 400);
    fn_pass(w, 601000);
    fn_request(w, a, b, true, "/rb/v1/bodies", q, fs_entry(1, &h, 300, 0, rb_slice(NULL, 0)));
    assert_int_equal(fs_have_said(w), 0); /* ten minutes are over */
    fs_end(w);
}

/* 4 MiB of one party: the oldest give way, and another party's stay */
static void test_memory_has_quotas(void **state) {
    (void)state;
    static uint8_t big[131072];
    uint8_t ch[16], small[2000] = {5};
    struct rb_hash h, first, theirs;
    struct fn_world *w = fs_world4(ch);
    const char *q = fs_query_of(ch, 0, &fn_last.hash, 0);
    struct rb_slice none = rb_slice(NULL, 0);
    rb_sha256(rb_slice(small, sizeof small), &theirs);
    fn_request(w, &w->p[0], &w->p[2], true, "/rb/v1/bodies", q,
               fs_entry(2, &theirs, sizeof small, 0, rb_slice(small, sizeof small)));
    for (unsigned i = 0; i < 40; i++) {
        big[0] = (uint8_t)i;
        rb_sha256(rb_slice(big, sizeof big), &h);
        if (i == 0) first = h;
        fn_request(w, &w->p[0], &w->p[1], true, "/rb/v1/bodies", q,
                   fs_entry(1, &h, sizeof big, 0, rb_slice(big, sizeof big)));
        assert_int_equal(fs_have_said(w), sizeof big);
    }
    fn_request(w, &w->p[0], &w->p[1], true, "/rb/v1/bodies", q,
               fs_entry(1, &first, sizeof big, 0, none));
    assert_int_equal(fs_have_said(w), 0);
    fn_request(w, &w->p[0], &w->p[1], true, "/rb/v1/bodies", q,
               fs_entry(1, &h, sizeof big, 0, none));
    assert_int_equal(fs_have_said(w), sizeof big);
    fn_request(w, &w->p[0], &w->p[2], true, "/rb/v1/bodies", q,
               fs_entry(2, &theirs, sizeof small, 0, none));
    assert_int_equal(fs_have_said(w), sizeof small);
    fs_end(w);
}

/* ---- between two that only connect outwards
 * ---------------------------------------------------------- */
static void test_forwarded_between_two_without_address(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    fn_outward = CHARLIE | DELTA;
    struct fn_world *w = fs_world4(ch);
    fs_seen.of = &w->p[0];
    assert_int_equal(fs_say(w, 2, ch, CHARLIE | DELTA, FN_WELL, &id), RB_OK);
    fn_pass(w, 120000);
    assert_int_equal(fs_state_at(w, 3, ch, &id), RB_BODY_OPENED);
    assert_true(fs_body_held(w, 2, ch, &id, 3));
    assert_int_equal(fs_seen.bytes, 0); /* it went through alfa's memory alone */
    assert_int_equal(fn_stored(&w->p[0], &fn_last.hash) + fn_stored(&w->p[1], &fn_last.hash), 0);
    size_t before = fs_seen.posts;
    fn_pass(w, 900000);
    assert_int_equal(fs_seen.posts, before); /* its receipt is here: it is not sent again */
    fs_end(w);
}

/* The members between lose their memory before the recipient comes: the author sends again. */
static void test_sent_again_until_receipted(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    fn_outward = CHARLIE | DELTA;
    struct fn_world *w = fs_world4(ch);
    w->p[3].up = false;
    assert_int_equal(fs_say(w, 2, ch, CHARLIE | DELTA, FN_WELL, &id), RB_OK);
    fn_pass(w, 20000);
    fn_restart(w, &w->p[0]);
    fn_restart(w, &w->p[1]);
    fn_pass(w, 1000);
    fn_restart(w, &w->p[3]);
    fn_pass(w, 700000);
    assert_int_equal(fs_state_at(w, 3, ch, &id), RB_BODY_OPENED);
    assert_true(fs_body_held(w, 2, ch, &id, 3));
    fs_end(w);
}

/* ---- long ones ---------------------------------------------------------------------------------
 */
static size_t pieces_allowed;
static bool block_pieces(const struct fn_party *from, const struct fn_party *to,
                         struct rb_slice path) {
    (void)from;
    (void)to;
    if (!rb_slice_starts(path, "/rb/v1/body?")) return false;
    if (pieces_allowed == 0) return true;
    pieces_allowed--;
    return false;
}

static void test_long_bodies_go_on_after_a_restart(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    fn_block = block_pieces;
    pieces_allowed = 2;
    assert_int_equal(fs_attach(w, 0, ch, ALFA | BRAVO, 5 << 20, true, &id), RB_OK);
    fn_pass(w, 20000);
    struct rb_body_view v = fn_body(&w->p[1], ch, &id);
    assert_int_equal(v.state, RB_BODY_MISSING);
    assert_int_equal(v.have, 2 << 20);
    assert_int_equal(fn_stored(&w->p[1], &fn_last.hash), 2 << 20);
    fn_restart(w, &w->p[1]);
    assert_int_equal(fn_body(&w->p[1], ch, &id).have, 2 << 20);
    pieces_allowed = 4; /* no more than what is left */
    fn_pass(w, 400000);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_int_equal(fn_stored(&w->p[1], &fn_last.hash), fn_last.cipher_n);
    assert_true(fs_held(w, 0, ch, &id, 1));
    fs_end(w);
}

static void test_long_bodies_are_pushed_where_nobody_can_ask(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    assert_int_equal(fs_attach(w, 3, ch, BRAVO | DELTA, 3 << 20, true, &id), RB_OK);
    fn_pass(w, 200000);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_true(fs_held(w, 3, ch, &id, 1));
    fs_end(w);
}

/* Wrong pieces of a long one show when the last has come: all of it is asked for again. */
static void test_wrong_piece_of_a_long_body(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    fn_block = block_pieces;
    pieces_allowed = 1;
    assert_int_equal(fs_attach(w, 0, ch, ALFA | BRAVO, 2 << 20, true, &id), RB_OK);
    fn_pass(w, 20000);
    struct rb_body_view v = fn_body(&w->p[1], ch, &id);
    assert_int_equal(v.have, 1 << 20);
    static uint8_t junk[65536];
    const char *q = fs_query_of(ch, 0, &fn_last.hash, 0);
    struct rb_slice bytes = rb_slice(junk, sizeof junk);
    struct rb_slice e = fs_entry(0, &fn_last.hash, v.size, 1 << 20, bytes);
    fn_request(w, &w->p[1], &w->p[2], true, "/rb/v1/bodies", q, e);
    assert_int_equal(fs_have_said(w), 1 << 20); /* of use from its author alone */
    fn_request(w, &w->p[1], &w->p[0], true, "/rb/v1/bodies", q, e);
    assert_int_equal(fs_have_said(w), (1 << 20) + 65536);
    pieces_allowed = 9;
    fn_pass(w, 600000);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_int_equal(fn_stored(&w->p[1], &fn_last.hash), fn_last.cipher_n);
    fs_end(w);
}

/* A recipient that never answers holds up the one body that it was asked for, not those that
 * another recipient has. */
static const struct fn_party *author;
static bool block_author(const struct fn_party *from, const struct fn_party *to,
                         struct rb_slice path) {
    (void)from;
    return to == author && rb_slice_starts(path, "/rb/v1/body?");
}

static void test_slow_recipient_holds_up_one(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id[4];
    size_t there = 0;
    struct fn_world *w = fs_world4(ch);
    author = &w->p[0];
    fn_block = block_author;
    fn_slow = &w->p[1];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO | CHARLIE | DELTA, FN_WELL, &id[i]), RB_OK);
    fn_pass(w, 60000);
    for (size_t i = 0; i < 4; i++)
        there += fs_state_at(w, 3, ch, &id[i]) == RB_BODY_OPENED;
    fn_slow = NULL;
    fn_let_go(w);
    assert_true(there >= 3);
    fn_pass(w, 400000);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(fs_state_at(w, 3, ch, &id[i]), RB_BODY_OPENED);
    fs_end(w);
}

static bool block_bodies(const struct fn_party *from, const struct fn_party *to,
                         struct rb_slice path) {
    (void)from;
    (void)to;
    return rb_slice_starts(path, "/rb/v1/bod");
}

/* An author names bodies by the hundred that nobody has: they are asked for at a measured pace, and
 * one that exists comes all the same. */
static void test_bodies_that_do_not_exist(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fs_world4(ch);
    fn_block = block_bodies;
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
        assert_int_equal(fs_purge(w, &w->p[0], ch, &id, ""), RB_OK);
    }
    fn_pass(w, 20000);
    struct rb_channel_view v;
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &v));
    assert_int_equal(v.bodies_missing, 200);
    fn_block = NULL;
    size_t most = 0;
    for (size_t s = 0; s < 400; s++) {
        fs_seen.gets = 0;
        fn_pass(w, 1000);
        if (fs_seen.gets > most) most = fs_seen.gets;
    }
    assert_true(most > 50 && most <= 205);
    fn_block = block_bodies;
    assert_int_equal(fs_say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 2000);
    fn_block = NULL;
    fn_pass(w, 120000);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED);
    fs_end(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_recipients_are_served),
        cmocka_unit_test(test_naming_a_hash_gives_nothing),
        cmocka_unit_test(test_posted_bytes_are_weighed),
        cmocka_unit_test(test_memory_has_quotas),
        cmocka_unit_test(test_forwarded_between_two_without_address),
        cmocka_unit_test(test_sent_again_until_receipted),
        cmocka_unit_test(test_long_bodies_go_on_after_a_restart),
        cmocka_unit_test(test_long_bodies_are_pushed_where_nobody_can_ask),
        cmocka_unit_test(test_wrong_piece_of_a_long_body),
        cmocka_unit_test(test_slow_recipient_holds_up_one),
        cmocka_unit_test(test_bodies_that_do_not_exist),
    };
    return cmocka_run_group_tests_name("test_node_carry", tests, NULL, NULL);
}
