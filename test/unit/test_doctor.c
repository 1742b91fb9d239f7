/* What doctor says of lines, clocks and the disk: whose side, what to do, and no more than was
 * seen. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fixture_node.h"
#include "shell/api/api.h"

/* ---- asking -------------------------------------------------------------------------------------
 */
struct patient {
    struct fn_world *w;
    struct fn_party *p;
    json_int_t disk_free;
};

static struct rb_now now(void *ctx) {
    const struct patient *x = ctx;
    return (struct rb_now){.utc_ms = x->w->utc_ms, .mono_ms = x->w->mono_ms};
}
static bool unlocked(void *ctx) {
    (void)ctx;
    return false;
}
static void describe(void *ctx, json_t *facts) {
    const struct patient *x = ctx;
    if (x->disk_free >= 0)
        json_object_set_new(
            facts, "disk",
            json_pack("{s:I,s:I}", "free", x->disk_free, "warning", (json_int_t)1 << 30));
}
static void reply(void *ctx, int status, json_t *body) {
    assert_int_equal(status, 200);
    *(json_t **)ctx = body;
}

static json_t *doctor(const struct patient *x) {
    struct rb_api_host host = {.ctx = (void *)(uintptr_t)x,
                               .node = x->p->rb,
                               .now = now,
                               .locked = unlocked,
                               .describe = describe};
    struct rb_api *api;
    json_t *out = NULL;
    assert_int_equal(rb_api_create(&host, &api), RB_OK);
    rb_api_handle(api, "GET", "/v1/doctor", "", NULL, reply, &out);
    rb_api_destroy(api);
    assert_non_null(out);
    return out;
}

/* Exactly one problem has this code: its side; its sentence and hint hold these words. */
static void expect(const struct patient *x, const char *code, const char *side, const char *words,
                   const char *hint) {
    json_t *o = doctor(x), *p;
    size_t i, n = 0;
    json_array_foreach(json_object_get(o, "problems"), i, p) {
        const char *sentence = json_string_value(json_object_get(p, "sentence"));
        if (strcmp(json_string_value(json_object_get(p, "code")), code) != 0) continue;
        n++;
        assert_string_equal(json_string_value(json_object_get(p, "side")), side);
        if (!strstr(sentence, words)) fail_msg("\"%s\" is not in: %s", words, sentence);
        const char *do_it = json_string_value(json_object_get(p, "hint"));
        if (!do_it || !strstr(do_it, hint)) fail_msg("\"%s\" is not in: %s", hint, do_it);
    }
    if (n != 1) {
        char *all = json_dumps(o, JSON_INDENT(1));
        fail_msg("%zu of %s in %s", n, code, all);
    }
    json_decref(o);
}

static void expect_none(const struct patient *x, const char *code) {
    json_t *o = doctor(x), *p;
    size_t i;
    json_array_foreach(json_object_get(o, "problems"), i, p)
        assert_string_not_equal(json_string_value(json_object_get(p, "code")), code);
    json_decref(o);
}

/* ---- a line of one's own, and one that others do not have ---------------------------------------
 */
static const struct fn_party *cut_to; /* nothing of alfa's gets there */
static bool from_alfa(const struct fn_party *from, const struct fn_party *to,
                      struct rb_slice path) {
    (void)path;
    return strcmp(from->handle, "alfa") == 0 && to == cut_to;
}

static struct patient sick(size_t parties, const char *reason, uint8_t ch[16]) {
    struct patient x = {.w = fn_world(parties), .disk_free = -1};
    x.p = &x.w->p[0];
    fn_found(x.w, true, NULL, ch);
    fn_pass(x.w, 5000);
    cut_to = &x.w->p[1];
    fn_block = from_alfa;
    fn_reason = reason;
    return x;
}
static void well(struct patient *x) {
    fn_block = NULL;
    fn_reason = "refused";
    fn_free(x->w);
}
static void fail_once(struct patient *x, const uint8_t ch[16]) {
    struct rb_hash id;
    assert_int_equal(fn_statement(x->w, x->p, ch, "Words.", RB_ROUTINE, &id), RB_OK);
    fn_pass(x->w, 3000);
}

static void test_pin(void **state) {
    (void)state;
    uint8_t ch[16];
    struct patient x = sick(3, "key not pinned", ch);
    fail_once(&x, ch);
    expect(&x, "pin", "there", "answers somebody with another key", "");
    expect_none(&x, "link-down");
    expect_none(&x, "all-down");
    fn_pass(
        x.w,
        700000); /* bravo has not called for a while: nothing says that the address is not its */
    well(&x);
}

static void test_unknown_to_them(void **state) {
    (void)state;
    uint8_t ch[16];
    struct patient x = sick(2, "our key not accepted", ch);
    x.w->p[1].up = false; /* who does not know us does not call */
    fn_restart(x.w, x.p);
    fail_once(&x, ch);
    expect(&x, "unknown-to-them", "there", "bravo does not accept our key", "give them our card");
    expect_none(&x, "link-never");
    /* with every party so, our own line is not what is down: something answered */
    well(&x);
}

static void test_all_down_or_not(void **state) {
    (void)state;
    uint8_t ch[16];
    struct patient x = sick(3, "no route", ch);
    x.w->p[1].up = x.w->p[2].up = false;
    fn_restart(x.w, x.p);
    fail_once(&x, ch);
    expect(&x, "all-down", "here", "None of the 2 parties", "this machine's own network");
    fn_reason = "our key not accepted";
    fn_pass(x.w, 200000);
    expect_none(&x, "all-down");
    well(&x);
}

static void test_one_way(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct patient x = sick(2, "timed out", ch);
    fail_once(&x, ch);
    assert_int_equal(fn_statement(x.w, &x.w->p[1], ch, "I call.", RB_ROUTINE, &id), RB_OK);
    fn_pass(x.w, 2000);
    expect(&x, "one-way", "between", "cannot be called (timed out): the line is open one way",
           "whether their address and port are open");
    x.w->p[1].up = false;
    fn_pass(x.w, 700000);
    expect_none(&x, "one-way");
    expect(&x, "link-down", "between", "bravo has not been reachable since", "by phone");
    well(&x);
}

static void test_link_never(void **state) {
    (void)state;
    uint8_t ch[16];
    struct patient x = sick(3, "refused", ch);
    x.w->p[1].up = false;
    fn_restart(x.w, x.p);
    fail_once(&x, ch);
    /* charlie answers: ours is not the side where nothing goes */
    expect(&x, "link-never", "there",
           "bravo has not been reached since this node started (refused)", "the address is right");
    well(&x);
}

/* Others answer, and nobody calls. */
static bool to_alfa(const struct fn_party *from, const struct fn_party *to, struct rb_slice path) {
    (void)path;
    return strcmp(to->handle, "alfa") == 0 && from != to;
}
static void test_not_called(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct patient x = sick(3, "refused", ch);
    fn_block = to_alfa;
    fn_restart(x.w, x.p);
    fail_once(&x, ch);
    expect(&x, "not-called", "here", "2 parties answer us and none has called us", "our address");
    fn_block = NULL;
    fn_pass(x.w, 100000);
    assert_int_equal(fn_statement(x.w, &x.w->p[1], ch, "I call.", RB_ROUTINE, &id), RB_OK);
    fn_pass(x.w, 100000);
    expect_none(&x, "not-called");
    well(&x);
}

/* ---- who only calls
 * ------------------------------------------------------------------------------
 */
static void test_not_heard(void **state) {
    (void)state;
    uint8_t ch[16];
    struct patient x = {.w = fn_world(4), .disk_free = -1};
    x.p = &x.w->p[0];
    fn_found(x.w, false, NULL, ch);
    fn_pass(x.w, 100000);
    expect_none(&x, "not-heard");
    x.w->p[3].up = false;
    fn_pass(x.w, 300000);
    expect(&x, "not-heard", "there", "delta only calls us, and was not heard from since",
           "when it calls");
    fn_restart(x.w, &x.w->p[3]);
    fn_pass(x.w, 60000);
    expect_none(&x, "not-heard");
    well(&x);
}

/* ---- clocks
 * --------------------------------------------------------------------------------------
 */
static void clocks(int64_t ahead_ms, const char *way) {
    uint8_t ch[16];
    struct patient x = {.w = fn_world(3), .disk_free = -1};
    struct rb_hash id;
    x.p = &x.w->p[0];
    fn_found(x.w, true, NULL, ch);
    fn_pass(x.w, 5000);
    expect_none(&x, "clock");
    x.w->p[1].clock_off_ms = ahead_ms;
    assert_int_equal(fn_statement(x.w, x.p, ch, "Words.", RB_ROUTINE, &id), RB_OK);
    fn_pass(x.w, 5000);
    expect(&x, "clock", "between", way, "date -u");
    expect(&x, "clock", "between", "The clocks of 1 of 2 parties", "one that you trust");
    expect(&x, "clock", "between", "ours is wrong, or theirs is", "");
    x.w->p[2].clock_off_ms = ahead_ms * 3;
    assert_int_equal(fn_statement(x.w, x.p, ch, "More.", RB_ROUTINE, &id), RB_OK);
    fn_pass(x.w, 5000);
    expect(&x, "clock", "between", "The clocks of 2 of 2 parties", "");
    expect(&x, "clock", "between", "differ by 9 min or more", ""); /* the nearer of the two */
    x.w->p[1].clock_off_ms = x.w->p[2].clock_off_ms = 0;
    assert_int_equal(fn_statement(x.w, x.p, ch, "Set right.", RB_ROUTINE, &id), RB_OK);
    fn_pass(x.w, 5000);
    expect_none(&x, "clock");
    fn_free(x.w);
}

static void test_clock_ahead(void **state) {
    (void)state;
    clocks(599999, "(theirs ahead)");
}
static void test_clock_behind(void **state) {
    (void)state;
    clocks(-599999, "(theirs behind)");
}

/* less than a minute is nobody's business, and what came late is not taken for a clock */
static void test_clock_near_or_late(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct patient x = {.w = fn_world(2), .disk_free = -1};
    x.p = &x.w->p[0];
    fn_found(x.w, true, NULL, ch);
    fn_pass(x.w, 5000);
    x.w->p[1].clock_off_ms = 50000;
    assert_int_equal(fn_statement(x.w, x.p, ch, "Words.", RB_ROUTINE, &id), RB_OK);
    fn_pass(x.w, 5000);
    expect_none(&x, "clock");
    x.w->p[1].clock_off_ms = 0;
    x.w->p[1].deaf = true;
    assert_int_equal(fn_statement(x.w, x.p, ch, "Late.", RB_ROUTINE, &id), RB_OK);
    fn_pass(x.w, 3600000);
    x.w->p[1].deaf = false;
    fn_pass(x.w, 100000);
    expect_none(&x, "clock");
    fn_free(x.w);
}

/* ---- the disk
 * ------------------------------------------------------------------------------------
 */
static void test_disk(void **state) {
    (void)state;
    uint8_t ch[16];
    struct patient x = {.w = fn_world(2), .disk_free = (json_int_t)1 << 30};
    x.p = &x.w->p[0];
    fn_found(x.w, true, NULL, ch);
    expect_none(&x, "disk");
    x.disk_free--;
    expect(&x, "disk", "here", "1073 MB are free, less than the 1073 MB", "make room");
    x.disk_free = 0;
    expect(&x, "disk", "here", "nearly full: 0 MB are free", "neither logged nor cosigned");
    fn_free(x.w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pin),
        cmocka_unit_test(test_unknown_to_them),
        cmocka_unit_test(test_all_down_or_not),
        cmocka_unit_test(test_one_way),
        cmocka_unit_test(test_link_never),
        cmocka_unit_test(test_not_called),
        cmocka_unit_test(test_not_heard),
        cmocka_unit_test(test_clock_ahead),
        cmocka_unit_test(test_clock_behind),
        cmocka_unit_test(test_clock_near_or_late),
        cmocka_unit_test(test_disk),
    };
    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
