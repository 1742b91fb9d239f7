/* What is pushed to whom, and when: much is not pushed to one who fetches it (spec 6.18.3). Lines
 * here take seconds for a push, so that a few leaves are much. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "fixture_node.h"

#define MUCH 12
#define FEW 3

static bool down;
static size_t pushes; /* that alfa made */

/* Nothing that bravo says by itself reaches alfa: it calls where a test lets it. */
static bool blocked(const struct fn_party *from, const struct fn_party *to, struct rb_slice path) {
    (void)to, (void)path;
    return down || strcmp(from->handle, "bravo") == 0;
}

static void tap(const struct fn_party *from, const struct rb_effect *request) {
    pushes +=
        strcmp(from->handle, "alfa") == 0 && rb_slice_is(request->u.request.path, "/rb/v1/push");
}

static uint64_t has(struct fn_world *w, struct fn_party *p,
                    const uint8_t ch[16]) { /* of alfa's feed */
    struct rb_channel_view v;
    (void)w;
    assert_true(rb_node_channel_by_id(p->rb, ch, &v));
    return rb_book_feed(v.book, 0, 0)->tree.size;
}

static void say(struct fn_world *w, const uint8_t ch[16], enum rb_precedence precedence) {
    struct rb_hash id;
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Said.", precedence, &id), RB_OK);
}

/* Answers come when so much time has passed, so that the line is known as slow. */
static void pass_slowly(struct fn_world *w, size_t times) {
    for (size_t i = 0; i < times; i++) {
        fn_pass(w, 5000);
        fn_let_go(w);
    }
}

/* alfa and bravo on a slow line. Then it was down or, if `refuses`, alfa was told that its pushes
 * are not taken; it has logged so many leaves since. */
static struct fn_world *slow_line(uint8_t ch[16], size_t leaves, bool refuses) {
    struct fn_world *w = fn_world(2);
    struct rb_charter *c = calloc(1, sizeof *c);
    c->receipt_interval_ms = 3600000;
    fn_found(w, true, c, ch);
    free(c);
    fn_pass(w, 10000);
    fn_block = blocked;
    fn_hold_path = "/rb/v1/";
    say(w, ch, RB_ROUTINE);
    pass_slowly(w, 3);
    const uint64_t both = has(w, &w->p[0], ch);
    assert_int_equal(both, has(w, &w->p[1], ch));
    down = !refuses;
    w->forge.body = "";
    if (refuses) w->forge.status = 404;
    for (size_t i = 0; i < leaves; i++) {
        say(w, ch, RB_ROUTINE);
        pass_slowly(w, 1); /* while one is not taken, another is logged in so long */
    }
    pass_slowly(w, 13); /* put off for longer than anything here takes */
    assert_true(has(w, &w->p[0], ch) >= both + leaves);
    down = false;
    w->forge.status = 0;
    pushes = 0;
    fn_tap = tap;
    return w;
}

static void done(struct fn_world *w) {
    fn_tap = NULL;
    fn_block = NULL;
    fn_hold_path = NULL;
    fn_let_go(w);
    down = false;
    fn_free(w);
}

/* as bravo's node would */
static void call(struct fn_world *w, const char *path, const char *query) {
    fn_request(w, &w->p[0], &w->p[1], false, path, query, rb_slice(NULL, 0));
}

static void fetch(struct fn_world *w, const uint8_t ch[16]) {
    struct rb_channel_view v;
    struct rb_hash oh;
    char query[160];
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &v));
    rb_sha256(rb_slice(v.own_feed->origin, v.own_feed->origin_n), &oh);
    struct rb_writer q = rb_writer(query, sizeof query);
    rb_put_z(&q, "origin=");
    rb_put_hex(&q, oh.b, RB_HASH_LEN);
    rb_put_z(&q, "&from=0");
    assert_non_null(rb_writer_z(&q));
    call(w, "/rb/v1/feed", query);
    assert_int_equal(w->answer.status, 200);
}

/* What is little goes within a second of the call. */
static void few_after_a_call(void **state) {
    (void)state;
    uint8_t ch[16];
    struct fn_world *w = slow_line(ch, FEW, false);
    call(w, "/nothing", "");
    assert_int_equal(pushes, 0);
    fn_pass(w, 1100);
    assert_int_equal(pushes, 1);
    done(w);
}

/* Much waits for two seconds, whether it is fetched. */
static void much_after_a_call(void **state) {
    (void)state;
    uint8_t ch[16];
    struct fn_world *w = slow_line(ch, MUCH, false);
    call(w, "/nothing", "");
    fn_pass(w, 1900);
    assert_int_equal(pushes, 0);
    fn_pass(w, 200);
    assert_true(pushes > 0);
    done(w);
}

/* As long as it is fetched it is not pushed, and is two seconds after. It was not out of reach:
 * what holds the push back is the fetching alone. */
static void much_that_is_fetched(void **state) {
    (void)state;
    uint8_t ch[16];
    struct fn_world *w = slow_line(ch, MUCH, true);
    for (size_t i = 0; i < 35; i++) { /* longer than what was refused is put off */
        fetch(w, ch);
        fn_pass(w, 1900);
        assert_int_equal(pushes, 0);
    }
    fn_pass(w, 200);
    assert_true(pushes > 0);
    done(w);
}

/* Few leaves are pushed all the same. */
static void few_that_are_fetched(void **state) {
    (void)state;
    uint8_t ch[16];
    struct fn_world *w = slow_line(ch, FEW, true);
    for (size_t i = 0; i < 35 && pushes == 0; i++) {
        fetch(w, ch);
        fn_pass(w, 1900);
    }
    assert_int_equal(pushes, 1);
    done(w);
}

/* FLASH goes all the same. */
static void flash_all_the_same(void **state) {
    (void)state;
    uint8_t ch[16];
    struct fn_world *w = slow_line(ch, MUCH, false);
    fetch(w, ch);
    fn_pass(w, 1100);
    fetch(w, ch);
    assert_int_equal(pushes, 0);
    say(w, ch, RB_FLASH);
    fn_pass(w, 10);
    assert_true(pushes > 0);
    done(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_after_a_call),     cmocka_unit_test(much_after_a_call),
        cmocka_unit_test(much_that_is_fetched), cmocka_unit_test(few_that_are_fetched),
        cmocka_unit_test(flash_all_the_same),
    };
    return cmocka_run_group_tests_name("node-push", tests, NULL, NULL);
}
