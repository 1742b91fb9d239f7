/* Who suspended its part or left says of nobody's silence: such a record has no effect, and would
 * be made anew at every look. What it could not say while suspended it says once resumed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include "fixture_node.h"

static void move(struct fn_world *w, const uint8_t ch[16], enum rb_membership_action action) {
    struct rb_membership m = {.action = action};
    struct rb_record *rec = calloc(1, sizeof *rec);
    struct rb_hash id;
    uint8_t body[256];
    struct rb_writer b = rb_writer(body, sizeof body);
    rb_membership_encode(&m, &b);
    rec->kind = RB_KIND_MEMBERSHIP;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&b);
    assert_int_equal(fn_release(w, &w->p[0], ch, rec, 1, &id), RB_OK);
    free(rec);
    fn_pass(w, 2000);
}

/* silences in alfa's own log, whatever they are worth */
static size_t said(struct fn_world *w, const uint8_t ch[16]) {
    struct rb_channel_view v;
    size_t n = 0;
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &v));
    for (size_t i = 0; i < v.own_feed->facts_n; i++)
        n += v.own_feed->facts[i].kind == RB_KIND_SILENCE;
    return n;
}

static struct fn_world *channel(uint8_t ch[16]) {
    struct fn_world *w = fn_world(2);
    struct rb_charter *c = calloc(1, sizeof *c);
    c->exercise = true;
    c->test_interval_s = 3600;
    c->test_grace_s = 300;
    c->answer_ms[RB_FLASH] = 600000;
    fn_found(w, true, c, ch);
    free(c);
    return w;
}

static void suspended_and_resumed(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = channel(ch);
    move(w, ch, RB_MEMBERSHIP_SUSPEND);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Answer me.", RB_FLASH, &id), RB_OK);
    fn_pass(w, 1800000);
    const struct rb_situation *s = fn_situation(w, &w->p[0], ch);
    size_t missed = 0;
    for (size_t i = 0; i < s->dues_n; i++)
        missed += s->dues[i].state == RB_DUE_MISSED;
    assert_int_equal(missed, 1); /* there is something to be said */
    assert_int_equal(said(w, ch), 0);
    move(w, ch, RB_MEMBERSHIP_RESUME);
    fn_pass(w, 600000);
    assert_int_equal(said(w, ch), 1);
    assert_int_equal(fn_situation(w, &w->p[0], ch)->silences_n, 1);
    fn_free(w);
}

static void left(void **state) {
    (void)state;
    uint8_t ch[16];
    struct fn_world *w = channel(ch);
    fn_pass(w, 3600000);
    move(w, ch, RB_MEMBERSHIP_LEAVE);
    fn_pass(w,
            UINT64_C(4) * 3600000); /* it is told nothing more: tests of the others do not come */
    const struct rb_situation *s = fn_situation(w, &w->p[0], ch);
    assert_true(s->members[0].left && s->members[1].tests_missed > 0);
    assert_int_equal(said(w, ch), 0);
    fn_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suspended_and_resumed),
        cmocka_unit_test(left),
    };
    return cmocka_run_group_tests_name("node_silence", tests, NULL, NULL);
}
