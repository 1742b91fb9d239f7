/* Places in a node: what is known of them from when until when, what stands, what a plan is
 * compared with, who is told when something arrives, and of what people are reminded.
 * Spec 10.6, 10.7. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "fixture_place.h"
#include "../../src/node/node_int.h" /* an author whose own node would not let it out */

#define ALL (ALFA | BRAVO | CHARLIE)

static struct fp_notice site(uint64_t readers) {
    return (struct fp_notice){.class_ = RB_NOTICE_SITE, .radius_m = 50, .readers = readers};
}

static struct fp_notice operation(int64_t east_m) {
    return (struct fp_notice){.class_ = RB_NOTICE_OPERATION, .east_m = east_m, .radius_m = 1000};
}

/* ---- known from when until when
 * ------------------------------------------------------------------
 */
static void test_who_can_read_it_compares_with_it(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct rb_conflicts c;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALFA | BRAVO), near = operation(1400), far = operation(1700);
    s.title = "Hospital";
    assert_int_equal(fp_say(w, 0, ch, &s, &id), RB_OK);
    fn_pass(w, 20000);
    for (size_t at = 0; at < 2; at++) { /* its author and its reader */
        assert_int_equal(fp_check(w, at, ch, &near, &c), RB_OK);
        assert_int_equal(c.n, 1);
        assert_true(c.met_closed);
        assert_true(rb_hash_eq(&c.list[0].other, &id));
        assert_int_equal(c.list[0].answer, RB_ANSWER_CONFLICT);
        assert_int_equal(c.list[0].rule, RB_CONFLICT_SITE);
        assert_int_equal(c.list[0].standoff_mm, FP_STANDOFF_MM);
        assert_int_equal(c.lead, RB_LEAD_UNKNOWN);
        assert_int_equal(fp_found(w, at, ch, &far), 0);
        assert_int_equal(c.coverage.of[RB_PLACE_SITE].places, 1);
        assert_int_equal(c.coverage.of[RB_PLACE_SITE].closed, 1);
        assert_int_equal(c.coverage.unreadable, 0);
    }
    assert_int_equal(fp_check(w, 2, ch, &near, &c), RB_OK); /* charlie has the leaf alone */
    assert_int_equal(c.n, 0);
    assert_int_equal(c.coverage.places, 0);
    assert_int_equal(c.coverage.unreadable, 1);
    struct rb_place_view v;
    assert_int_equal(rb_node_places(w->p[1].rb, ch, w->utc_ms), 1);
    assert_true(rb_node_place(w->p[1].rb, ch, 0, w->utc_ms, &v));
    assert_true(rb_hash_eq(&v.record, &id));
    assert_true(rb_slice_is(v.title, "Hospital"));
    assert_true(v.stands && v.closed && v.placed && !v.has_begin && !v.has_end);
    assert_int_equal(v.readers, ALFA | BRAVO);
    assert_int_equal(v.class_, RB_PLACE_SITE);
    assert_int_equal(v.feed.member, 0);
    assert_int_equal(v.leaf, fs_leaf_of(w, 1, ch, &id));
    assert_int_equal(v.middle.lat_nd, 35 * RB_NANODEG);
    assert_false(rb_node_place(w->p[1].rb, ch, 1, w->utc_ms, &v));
    assert_int_equal(rb_node_places(w->p[2].rb, ch, w->utc_ms), 0);
    assert_false(rb_node_place_of(w->p[2].rb, ch, &id, w->utc_ms, &v));
    fp_end(w);
}

static void test_terms_are_the_charters(void **state) {
    (void)state;
    uint8_t ch[16], none[16] = {0};
    struct rb_register_terms t;
    struct rb_conflicts c;
    struct rb_arena a = {0};
    int64_t again;
    struct rb_node_plan plan = {0};
    struct fn_world *w = fn_world(4);
    struct rb_charter *charter = calloc(1, sizeof *charter);
    charter->standoff_mm[RB_NOTICE_EXERCISE] = 7000;
    charter->lead_ms[RB_NOTICE_OPERATION] = 3600;
    charter->members[0].affiliation = charter->members[2].affiliation = rb_str("north");
    charter->groups_n = 1;
    charter->groups[0] = (struct rb_group){rb_str("coalition"), 2, CHARLIE | DELTA};
    fn_found(w, false, charter, ch);
    assert_int_equal(rb_node_terms(w->p[0].rb, ch, w->utc_ms, &t), RB_OK);
    assert_int_equal(t.standoff_mm[RB_PLACE_EXERCISE], 7000);
    assert_int_equal(t.standoff_mm[RB_PLACE_TRUCE], 0);
    assert_int_equal(t.lead_ms[RB_PLACE_OPERATION], 3600);
    assert_false(t.has_terrain);
    assert_int_equal(t.party_of[0], t.party_of[2]); /* one affiliation */
    assert_int_equal(t.party_of[2], t.party_of[3]); /* one group */
    assert_true(t.party_of[0] != t.party_of[1] && t.party_of[0] != 0);
    assert_int_equal(t.party_of[4], 0);
    assert_int_equal(rb_node_terms(w->p[0].rb, none, w->utc_ms, &t), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_node_check(w->p[0].rb, none, &plan, 0, &a, &c, &again, NULL),
                     RB_ERR_NOT_FOUND);
    free(charter);
    fp_end(w);
}

static void test_another_partys_notice_and_not_ones_own(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct rb_conflicts c;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice op = operation(0);
    assert_int_equal(fp_say(w, 0, ch, &op, &id), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(fp_check(w, 1, ch, &op, &c), RB_OK);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.list[0].rule, RB_CONFLICT_NOTICE);
    assert_false(c.met_closed);
    assert_int_equal(fp_check(w, 0, ch, &op, &c), RB_OK);
    assert_int_equal(c.n, 0);
    assert_int_equal(c.coverage.of[RB_PLACE_OPERATION].own, 1);
    fp_end(w);
}

static void test_superseded_and_withdrawn_rest(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, moved, taken_back, again, forged;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALFA | BRAVO), op = operation(0), there = operation(50000);
    assert_int_equal(fp_say(w, 0, ch, &s, &id), RB_OK);
    fn_pass(w, 20000);
    struct fp_notice not_theirs = site(ALL); /* only its author supersedes a place */
    not_theirs.east_m = 90000;
    not_theirs.supersedes = &id;
    assert_int_equal(fp_say(w, 1, ch, &not_theirs, &forged), RB_OK);
    fn_pass(w, 20000);
    assert_true(fp_stands(w, 0, ch, &id) && fp_stands(w, 1, ch, &id));
    s.east_m = 50000;
    s.supersedes = &id;
    assert_int_equal(fp_say(w, 0, ch, &s, &moved), RB_OK);
    fn_pass(w, 20000);
    for (size_t at = 0; at < 2; at++) {
        struct rb_place_view v;
        assert_int_equal(fp_found(w, at, ch, &op), 0);
        assert_int_equal(fp_found(w, at, ch, &there), 1);
        assert_false(fp_stands(w, at, ch, &id));
        assert_true(fp_stands(w, at, ch, &moved));
        assert_int_equal(rb_node_places(w->p[at].rb, ch, w->utc_ms), 3); /* it is still shown */
        assert_true(rb_node_place_of(w->p[at].rb, ch, &id, w->utc_ms, &v));
        assert_true(rb_slice_is(v.title, "site"));
    }
    assert_int_equal(fp_answer(w, 0, ch, RB_POSITION_WITHDRAW, &moved, BRAVO, &taken_back), RB_OK);
    fn_pass(w, 20000);
    for (size_t at = 0; at < 2; at++)
        assert_int_equal(fp_found(w, at, ch, &there), 0);
    assert_int_equal(fp_answer(w, 0, ch, RB_POSITION_WITHDRAW, &taken_back, BRAVO, &again), RB_OK);
    fn_pass(w, 20000); /* a withdrawal that is taken back takes no protection away */
    for (size_t at = 0; at < 2; at++)
        assert_int_equal(fp_found(w, at, ch, &there), 1);
    fp_end(w);
}

static void test_over_rests_and_not_before(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct rb_place_view v;
    struct rb_conflicts c;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice m = {.class_ = RB_NOTICE_MOVEMENT, .radius_m = 100, .readers = ALL};
    struct fp_notice op = operation(0);
    m.from = w->utc_ms + FP_HOUR;
    m.to = w->utc_ms + 2 * FP_HOUR;
    assert_int_equal(fp_say(w, 0, ch, &m, &id), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(fp_found(w, 1, ch, &op), 1);
    assert_true(rb_node_place_of(w->p[1].rb, ch, &id, m.to - 1, &v) && v.stands);
    assert_true(v.has_begin && v.has_end && v.begin_utc_ms == m.from && v.end_utc_ms == m.to);
    assert_true(rb_node_place_of(w->p[1].rb, ch, &id, m.to, &v) && !v.stands);
    assert_true(rb_node_place_of(w->p[1].rb, ch, &id, m.to - 1, &v) && v.stands); /* set back */
    fn_pass(w, 2 * FP_HOUR + 1);
    assert_int_equal(fp_check(w, 1, ch, &op, &c), RB_OK);
    assert_int_equal(c.n, 0);
    assert_int_equal(c.coverage.of[RB_PLACE_MOVEMENT].places, 0);
    fp_end(w);
}

static void test_a_restart_brings_all_back_and_alerts_nobody(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash a, b, o;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALL), op = operation(0), old = site(ALL);
    old.east_m = 3;
    assert_int_equal(fp_say(w, 2, ch, &op, &o), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(fp_say(w, 0, ch, &old, &a), RB_OK);
    fn_pass(w, 20000);
    s.supersedes = &a;
    assert_int_equal(fp_say(w, 0, ch, &s, &b), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(fp_alerts(w, 1, RB_ALERT_CONFLICT), 2);
    fp_forget_alerts(w);
    w->p[1].locked = true;
    fn_restart(w, &w->p[1]);
    fn_pass(w, 20000);
    struct rb_conflicts c; /* the age key is sealed: closed ones cannot be read, and that is said */
    assert_int_equal(fp_check(w, 1, ch, &op, &c), RB_OK);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.coverage.unreadable, 1); /* the other was superseded */
    w->p[1].locked = false;
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_UNLOCKED;
    fn_event(w, &w->p[1], &ev);
    fn_pass(w, 20000);
    assert_int_equal(fp_check(w, 1, ch, &op, &c), RB_OK);
    assert_int_equal(c.n, 2);
    assert_int_equal(c.coverage.unreadable, 0);
    assert_true(fp_stands(w, 1, ch, &b) && fp_stands(w, 1, ch, &o) && !fp_stands(w, 1, ch, &a));
    assert_int_equal(fp_alerts(w, 1, RB_ALERT_CONFLICT), 0);
    fp_end(w);
}

/* However many there are, at a start nobody waits until their outlines are known but who asks for
 * what stands. */
static void test_at_a_start_places_are_read_when_there_is_time_or_need(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct rb_conflicts c;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALL), op = operation(0);
    assert_int_equal(fp_say(w, 2, ch, &op, &id), RB_OK);
    fn_pass(w, 20000);
    for (int asked = 0; asked < 2; asked++) {
        fn_restart(w, &w->p[1]);
        const struct channel *at = w->p[1].rb->channels[0];
        assert_true(w->p[1].rb->started && at->later.n > 0);
        assert_null(at->reg);
        if (!asked) fn_pass(w, 1000);
        if (!asked) assert_int_equal(at->later.n, 0);
        assert_int_equal(fp_check(w, 1, ch, &s, &c), RB_OK);
        assert_int_equal(c.n, 1);
        assert_int_equal(c.coverage.unreadable, 0);
        assert_int_equal(at->later.n, 0);
    }
    fp_end(w);
}

static void test_a_purged_one_is_known_no_more(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct rb_conflicts c;
    struct rb_place_view v;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALFA | BRAVO), op = operation(0);
    s.title = "A name that only two may read";
    assert_int_equal(fp_say(w, 0, ch, &s, &id), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(fs_purge(w, &w->p[1], ch, &id, "asked for"), RB_OK);
    assert_int_equal(fp_check(w, 1, ch, &op, &c), RB_OK);
    assert_int_equal(c.n, 0);
    assert_int_equal(c.coverage.unreadable, 1);
    assert_int_equal(rb_node_places(w->p[1].rb, ch, w->utc_ms), 0);
    assert_false(rb_node_place_of(w->p[1].rb, ch, &id, w->utc_ms, &v));
    assert_int_equal(
        w->p[1].rb->channels[0]->reg ? rb_register_count(w->p[1].rb->channels[0]->reg) : 0, 0);
    assert_int_equal(fp_found(w, 0, ch, &op), 1); /* its author has it */
    fp_end(w);
}

/* ---- arrival -----------------------------------------------------------------------------------
 */
static void test_an_operation_that_arrives_meets_a_site(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, op_id;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALFA | BRAVO), op = operation(0);
    assert_int_equal(fp_say(w, 0, ch, &s, &id), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(fp_say(w, 2, ch, &op, &op_id), RB_OK); /* charlie cannot know of the site */
    fn_pass(w, 20000);
    for (size_t at = 0; at < 2; at++) {
        assert_int_equal(fp_alerts(w, at, RB_ALERT_CONFLICT), 1);
        const struct rb_effect *e = fp_alert(w, at, RB_ALERT_CONFLICT);
        assert_true(
            rb_hash_eq(&e->u.alert.record, &op_id)); /* what arrived, and nothing of the site */
        assert_int_equal(e->u.alert.size, 1);
        assert_int_equal(e->u.alert.member, 2);
        assert_int_equal(e->u.alert.reject.err, RB_ERR_STATE);
        assert_string_equal(e->u.alert.reject.clause, "10.6.13");
    }
    assert_int_equal(fp_alerts(w, 2, RB_ALERT_CONFLICT), 0);
    fn_pass(w, FP_DAY);
    assert_int_equal(fp_alerts(w, 0, RB_ALERT_CONFLICT), 1); /* once */
    fp_end(w);
}

/* Lists ask for it again and again: what was found is kept while nothing comes or goes, and no look
 * is taken beyond those that are given. */
static enum rb_err brief(struct fn_world *w, size_t at, const uint8_t ch[16],
                         const struct rb_hash *id, uint64_t looks, struct rb_brief *out) {
    static uint8_t memory[1 << 16];
    struct rb_arena a = rb_arena(memory, sizeof memory);
    memset(out, 0xff, sizeof *out);
    return rb_node_check_brief(w->p[at].rb, ch, id, w->utc_ms, &a, &looks, out);
}

static void test_what_a_notice_meets_is_kept_in_short(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, op_id, gone;
    struct rb_brief b;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALFA | BRAVO), op = operation(0);
    assert_int_equal(fp_say(w, 0, ch, &s, &id), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(fp_say(w, 2, ch, &op, &op_id), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(brief(w, 1, ch, &op_id, 0, &b), RB_OK); /* as it was when it arrived */
    assert_int_equal(b.answer, RB_ANSWER_CONFLICT);
    assert_int_equal(b.n, 1);
    assert_int_equal(brief(w, 2, ch, &id, 1, &b), RB_ERR_NOT_FOUND); /* not readable there */
    assert_int_equal(fp_answer(w, 0, ch, RB_POSITION_WITHDRAW, &id, BRAVO, &gone), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(brief(w, 1, ch, &op_id, 0, &b), RB_ERR_BUSY); /* not as it is now */
    assert_int_equal(brief(w, 1, ch, &op_id, 1, &b), RB_OK);
    assert_int_equal(b.answer, RB_ANSWER_NONE_FOUND);
    assert_int_equal(b.n, 0);
    assert_int_equal(brief(w, 1, ch, &op_id, 0, &b), RB_OK);
    fn_pass(w, 120000);
    assert_int_equal(brief(w, 1, ch, &op_id, 0, &b), RB_ERR_BUSY); /* too long ago */
    fp_end(w);
}

static void test_a_site_that_arrives_meets_an_operation(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, op_id;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALL), op = operation(0);
    assert_int_equal(fp_say(w, 2, ch, &op, &op_id), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(fp_say(w, 0, ch, &s, &id), RB_OK); /* is not held back (10.6.12) */
    fn_pass(w, 20000);
    assert_int_equal(fp_alerts(w, 0, RB_ALERT_CONFLICT), 0); /* our own */
    assert_int_equal(fs_services(w, 0, ch, 0, RB_SERVICE_RELEASED_DESPITE, &id), 0);
    for (size_t at = 1; at < 3; at++) {
        assert_int_equal(fp_alerts(w, at, RB_ALERT_CONFLICT), 1);
        assert_true(rb_hash_eq(&fp_alert(w, at, RB_ALERT_CONFLICT)->u.alert.record, &id));
    }
    fp_end(w);
}

/* What its body says is known later than its leaf: it is compared then. */
static bool no_bodies(const struct fn_party *from, const struct fn_party *to,
                      struct rb_slice path) {
    (void)from;
    (void)to;
    return rb_slice_starts(path, "/rb/v1/bod");
}

static void test_a_body_that_comes_later_is_compared_then(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, op_id;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALL), op = operation(0);
    assert_int_equal(fp_say(w, 2, ch, &op, &op_id), RB_OK);
    fn_pass(w, 20000);
    fn_block = no_bodies;
    assert_int_equal(fp_say(w, 0, ch, &s, &id), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(fp_alerts(w, 2, RB_ALERT_CONFLICT), 0);
    fn_block = NULL;
    fn_pass(w, 310000);
    assert_int_equal(fp_alerts(w, 2, RB_ALERT_CONFLICT), 1);
    fp_end(w);
}

static void test_what_rests_when_it_arrives_is_not_told(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, op_id, gone;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALL), op = operation(0);
    assert_int_equal(fp_say(w, 2, ch, &op, &op_id), RB_OK);
    fn_pass(w, 20000);
    w->p[1].up = false; /* it was off, and both come in one push */
    assert_int_equal(fp_say(w, 0, ch, &s, &id), RB_OK);
    assert_int_equal(fp_answer(w, 0, ch, RB_POSITION_WITHDRAW, &id, BRAVO | CHARLIE, &gone), RB_OK);
    fn_pass(w, 20000);
    fn_restart(w, &w->p[1]);
    w->p[1].alerts_n = 0;
    fn_pass(w, 600000);
    assert_int_equal(fs_state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_int_equal(fp_alerts(w, 1, RB_ALERT_CONFLICT), 0);
    fp_end(w);
}

/* Somebody looks at another time while arrivals, more than one step compares, wait for their turn.
 */
static void ask_of_next_year(const struct fn_party *of, const struct rb_effect *ef) {
    struct rb_place_view v;
    (void)ef;
    for (size_t i = 0; of->rb && of->rb->started && i < of->rb->channels_n; i++)
        (void)rb_node_place(of->rb, of->rb->channels[i]->id, 0, of->rb->now.utc_ms + 365 * FP_DAY,
                            &v);
}

static void test_looking_at_another_time_hides_nothing(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, op_id;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice m = {.class_ = RB_NOTICE_MOVEMENT, .radius_m = 100, .readers = ALL};
    struct fp_notice op = operation(0);
    m.from = op.from = w->utc_ms + FP_HOUR;
    m.to = op.to = w->utc_ms + 3 * FP_HOUR;
    assert_int_equal(fp_say(w, 2, ch, &op, &op_id), RB_OK);
    fn_pass(w, 20000);
    fp_forget_alerts(w);
    fn_watch = ask_of_next_year;
    for (size_t i = 0; i < 40; i++) {
        m.east_m = (int64_t)i;
        assert_int_equal(fp_say(w, 0, ch, &m, &id), RB_OK);
    }
    fn_pass(w, 20000);
    fn_watch = NULL;
    for (size_t at = 1; at < 3; at++)
        assert_int_equal(fp_alerts(w, at, RB_ALERT_CONFLICT), 40);
    fp_end(w);
}

/* ---- reminders ---------------------------------------------------------------------------------
 */
static void test_a_review_that_is_due(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct rb_place_view v;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALFA | BRAVO), op = operation(0);
    s.review = w->utc_ms + FP_DAY;
    assert_int_equal(fp_say(w, 0, ch, &s, &id), RB_OK);
    fn_pass(w, FP_HOUR);
    assert_int_equal(fp_alerts(w, 0, RB_ALERT_REMINDER), 0);
    assert_true(rb_node_place_of(w->p[1].rb, ch, &id, w->utc_ms, &v));
    assert_int_equal(v.reminder, RB_REMINDER_NONE);
    assert_true(v.has_review && v.review_utc_ms == s.review);
    fn_pass(w, FP_DAY);
    for (size_t at = 0; at < 2; at++) {
        assert_int_equal(fp_alerts(w, at, RB_ALERT_REMINDER), 1);
        const struct rb_effect *e = fp_alert(w, at, RB_ALERT_REMINDER);
        assert_true(rb_hash_eq(&e->u.alert.record, &id));
        assert_string_equal(e->u.alert.reject.what, "review");
        assert_true(rb_node_place_of(w->p[at].rb, ch, &id, w->utc_ms, &v));
        assert_int_equal(v.reminder, RB_REMINDER_REVIEW);
        assert_true(v.stands);
        assert_int_equal(fp_found(w, at, ch, &op), 1);
    }
    assert_int_equal(fp_alerts(w, 2, RB_ALERT_REMINDER), 0);
    fp_forget_alerts(w);
    fn_restart(w, &w->p[0]);
    fn_pass(w, FP_HOUR);
    assert_int_equal(fp_alerts(w, 0, RB_ALERT_REMINDER), 0); /* it was said while we ran */
    fp_end(w);
}

static void test_a_movement_about_to_begin(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, x;
    struct rb_place_view v;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice m = {.class_ = RB_NOTICE_MOVEMENT, .radius_m = 100, .readers = ALL};
    m.from = w->utc_ms + 3 * FP_HOUR;
    m.to = w->utc_ms + 5 * FP_HOUR;
    assert_int_equal(fp_say(w, 0, ch, &m, &id), RB_OK);
    fn_pass(w, FP_HOUR);
    assert_int_equal(fp_answer(w, 1, ch, RB_POSITION_PASSED_DOWN, &id, ALFA, &x), RB_OK);
    fn_pass(w, FP_HOUR - 60000);
    for (size_t at = 0; at < 3; at++)
        assert_int_equal(fp_alerts(w, at, RB_ALERT_REMINDER), 0);
    fn_pass(w, 120000);
    assert_int_equal(fp_alerts(w, 0, RB_ALERT_REMINDER), 1);
    assert_int_equal(fp_alerts(w, 1, RB_ALERT_REMINDER), 0); /* it has said so */
    assert_int_equal(fp_alerts(w, 2, RB_ALERT_REMINDER), 1);
    assert_string_equal(fp_alert(w, 0, RB_ALERT_REMINDER)->u.alert.reject.what, "movement");
    assert_int_equal(fp_alert(w, 0, RB_ALERT_REMINDER)->u.alert.size, 1);
    assert_true(rb_node_place_of(w->p[0].rb, ch, &id, w->utc_ms, &v));
    assert_int_equal(v.reminder, RB_REMINDER_MOVEMENT);
    assert_int_equal(v.remind, CHARLIE);
    assert_true(rb_node_place_of(w->p[1].rb, ch, &id, w->utc_ms, &v));
    assert_int_equal(v.reminder, RB_REMINDER_NONE);
    assert_true(rb_node_place_of(w->p[2].rb, ch, &id, w->utc_ms, &v));
    assert_int_equal(v.remind, CHARLIE);
    assert_int_equal(fp_answer(w, 2, ch, RB_POSITION_PASSED_DOWN, &id, ALFA, &x), RB_OK);
    fn_pass(w, FP_HOUR);
    assert_int_equal(fp_alerts(w, 0, RB_ALERT_REMINDER), 1);
    assert_true(rb_node_place_of(w->p[0].rb, ch, &id, w->utc_ms, &v));
    assert_int_equal(v.reminder, RB_REMINDER_NONE);
    fp_end(w);
}

/* Said less than an hour ahead, soon after a start: at once. And a review that passed while we were
 * off is said at the start. */
static void test_reminders_that_are_late(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, x;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice m = {.class_ = RB_NOTICE_MOVEMENT, .radius_m = 100, .readers = ALL};
    struct fp_notice s = site(ALFA | BRAVO);
    fn_restart(w, &w->p[0]);
    fn_pass(w, 60000);
    m.from = w->utc_ms + FP_HOUR / 12;
    m.to = w->utc_ms + FP_HOUR;
    assert_int_equal(fp_say(w, 0, ch, &m, &id), RB_OK);
    fn_pass(w, 20000);
    for (size_t at = 0; at < 3; at++)
        assert_int_equal(fp_alerts(w, at, RB_ALERT_REMINDER), 1);
    assert_int_equal(fp_alert(w, 0, RB_ALERT_REMINDER)->u.alert.size, 2);
    s.review = w->utc_ms + FP_DAY;
    assert_int_equal(fp_say(w, 0, ch, &s, &x), RB_OK);
    fn_pass(w, 60000);
    w->p[1].up = false;
    fn_pass(w, 2 * FP_DAY);
    w->p[1].alerts_n = 0;
    fn_restart(w, &w->p[1]);
    fn_pass(w, 60000);
    assert_int_equal(fp_alerts(w, 1, RB_ALERT_REMINDER), 1);
    fp_end(w);
}

static void set_clock(struct fn_world *w, int64_t by_ms) {
    struct rb_event ev = {.type = RB_EV_TIMER}; /* noticed with whatever comes next */
    w->utc_ms += by_ms;
    fn_event(w, &w->p[0], &ev);
}

/* A clock that was ahead by a year said it too early: it is said again when the time comes. */
static void test_a_clock_that_was_ahead(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALFA | BRAVO);
    s.review = w->utc_ms + 5 * FP_DAY;
    assert_int_equal(fp_say(w, 0, ch, &s, &id), RB_OK);
    fn_pass(w, 60000);
    for (int restarted = 0; restarted < 2; restarted++) {
        fp_forget_alerts(w);
        set_clock(w, 365 * FP_DAY);
        fn_pass(w, 60000);
        assert_int_equal(fp_alerts(w, 0, RB_ALERT_REMINDER), 1);
        set_clock(w, -365 * FP_DAY);
        if (restarted) fn_restart(w, &w->p[0]);
        fn_pass(w, 60000);
        assert_int_equal(fp_alerts(w, 0, RB_ALERT_REMINDER), 1);
        if (!restarted) continue;
        fp_forget_alerts(w);
        fn_pass(w, 6 * FP_DAY);
        assert_int_equal(fp_alerts(w, 0, RB_ALERT_REMINDER), 1);
    }
    fp_end(w);
}

/* ---- hostile, and many -------------------------------------------------------------------------
 */
/* As an author's own node would not: logged as it is. The officer signs. */
static void log_as_it_is(struct fn_world *w, size_t who, const uint8_t ch[16],
                         const struct rb_notice *no, const struct rb_hash *supersedes,
                         struct rb_hash *id) {
    static uint8_t body[RB_MAX_LEAF], payload[RB_MAX_LEAF], leaf[RB_MAX_LEAF], tbs[RB_MAX_LEAF];
    struct rb_record *rec = calloc(1, sizeof *rec);
    struct channel *c = node_channel_find(w->p[who].rb, ch);
    struct rb_signer s = {0};
    struct rb_writer b = rb_writer(body, sizeof body), p = rb_writer(payload, sizeof payload);
    struct rb_writer t = rb_writer(tbs, sizeof tbs), l = rb_writer(leaf, sizeof leaf);
    rb_notice_encode(no, &b);
    rec->kind = RB_KIND_NOTICE;
    rec->has_channel = true;
    memcpy(rec->channel, ch, 16);
    rec->created_utc_ms = w->utc_ms + (int64_t)(++w->chance % 1000);
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&b);
    if (supersedes) {
        rec->refs[RB_REF_SUPERSEDES].n = 1;
        rec->refs[RB_REF_SUPERSEDES].h[0] = *supersedes;
    }
    rb_payload_encode(rec, &p);
    rb_key_id(&w->p[who].officer[0].pub, s.kid);
    rb_record_tbs(rb_written(&p), rb_slice(c->own->f->origin, c->own->f->origin_n), s.kid, 1, &t);
    rb_ed25519_sign(&w->p[who].officer[0], rb_written(&t), s.sig);
    assert_int_equal(rb_record_assemble(rb_written(&p), &s, 1, &l), RB_OK);
    rb_leaf_hash(rb_written(&l), id);
    assert_int_equal(own_enqueue(w->p[who].rb, c, rb_written(&l), RB_ROUTINE, 0), RB_OK);
    struct rb_event ev = {.type = RB_EV_TIMER};
    fn_event(w, &w->p[who], &ev);
    free(rec);
}

static void test_a_volume_that_is_none(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash bad, good, unreadable;
    struct rb_conflicts c;
    struct fn_world *w = fp_world(ch, false);
    static const struct rb_point far[] = {{0, 0}, {0, 80 * RB_NANODEG}};
    struct rb_volume v = {.shape = RB_SHAPE_CORRIDOR, .radius_mm = 1000, .vertices_n = 2};
    struct rb_notice no = {.class_ = RB_NOTICE_OPERATION, .title = rb_str("Too long an edge")};
    struct fp_notice op = operation(0), s = site(ALL);
    v.vertices = far;
    v.floor.open = v.ceiling.open = true;
    no.volumes_n = 1;
    no.volumes = &v;
    log_as_it_is(w, 0, ch, &no, NULL, &bad); /* 10.1.5 */
    fn_pass(w, 20000);
    for (size_t at = 0; at < 3; at++) {
        assert_int_equal(fp_check(w, at, ch, &op, &c), RB_OK);
        assert_int_equal(c.coverage.malformed, 1);
        assert_int_equal(c.coverage.places, 0);
        assert_int_equal(rb_node_places(w->p[at].rb, ch, w->utc_ms), 0);
    }
    v.shape = RB_SHAPE_CIRCLE; /* 3.7: such a leaf is not even a record */
    v.center.lat_nd = 91 * RB_NANODEG;
    log_as_it_is(w, 0, ch, &no, NULL, &unreadable);
    fn_pass(w, 20000);
    assert_int_equal(fp_check(w, 1, ch, &op, &c), RB_OK);
    assert_int_equal(c.coverage.malformed, 2);
    v.center.lat_nd = 50 * RB_NANODEG;
    log_as_it_is(w, 0, ch, &no, &bad, &good); /* mended by its author */
    fn_pass(w, 20000);
    assert_int_equal(fp_check(w, 1, ch, &op, &c), RB_OK);
    assert_int_equal(c.coverage.malformed, 1);
    assert_int_equal(c.coverage.places, 1);
    assert_int_equal(fp_say(w, 1, ch, &s, &good), RB_OK); /* and the nodes live */
    fn_pass(w, 20000);
    assert_int_equal(fp_check(w, 2, ch, &op, &c), RB_OK);
    assert_int_equal(c.n, 1);
    fp_end(w);
}

static void test_our_own_node_lets_none_out(void **state) {
    (void)state;
    uint8_t ch[16], body[512];
    struct rb_hash id;
    struct fn_world *w = fp_world(ch, false);
    static const struct rb_point far[] = {{0, 0}, {0, 80 * RB_NANODEG}};
    struct rb_volume v = {.shape = RB_SHAPE_CORRIDOR, .radius_mm = 1000, .vertices_n = 2};
    v.vertices = far;
    v.floor.open = v.ceiling.open = true;
    for (int k = RB_NOTICE_OPERATION; k <= RB_NOTICE_AREA; k++) {
        struct rb_notice no = {.class_ = (enum rb_notice_class)k,
                               .title = rb_str("Too long an edge"),
                               .volumes_n = 1,
                               .volumes = &v};
        struct rb_writer b = rb_writer(body, sizeof body);
        rb_notice_encode(&no, &b);
        struct fn_closed c = {.kind = RB_KIND_NOTICE, .body = rb_written(&b), .recipients = ALL};
        assert_int_equal(fn_say_closed(w, &w->p[0], ch, &c, 1, &id), RB_ERR_MALFORMED);
        assert_string_equal(w->p[0].done.u.done.reject.clause, "10.1.5");
    }
    fp_end(w);
}

/* 20,000 sites in a feed of ours, as they lie on the disk after years. */
#define MANY 20000
static void test_many_places(void **state) {
    (void)state;
    uint8_t ch[16], key[20], leaf[1024];
    struct rb_conflicts c;
    struct rb_channel_view view;
    struct fn_world *w = fp_world(ch, false);
    struct fn_party *p = &w->p[0];
    assert_true(rb_node_channel_by_id(p->rb, ch, &view));
    uint64_t first = view.own_feed->tree.size;
    struct rb_record *rec = calloc(1, sizeof *rec);
    rec->kind = RB_KIND_NOTICE;
    rec->has_channel = true;
    memcpy(rec->channel, ch, 16);
    rec->precedence = RB_ROUTINE;
    p->up = w->p[1].up = w->p[2].up = false;
    p->items = realloc(p->items, (p->items_n + MANY) * sizeof *p->items);
    p->items_cap = p->items_n + MANY;
    rb_key_id(&p->officer[0].pub, key);
    for (uint64_t i = 0; i < MANY; i++) {
        struct fp_notice s = site(0);
        uint8_t payload[512];
        struct rb_signer by = {0};
        struct rb_writer t = rb_writer(payload, sizeof payload), l = rb_writer(leaf, sizeof leaf);
        s.east_m = (int64_t)i * 100; /* a row of them, 2,000 km long */
        memcpy(by.kid, key, RB_KID_LEN);
        rec->created_utc_ms = w->utc_ms + (int64_t)i;
        rec->body = fp_body(&s);
        rb_payload_encode(rec, &t);
        assert_int_equal(rb_record_assemble(rb_written(&t), &by, 1, &l), RB_OK);
        struct rb_effect *e = &p->items[p->items_n++].ef;
        memset(e, 0, sizeof *e);
        e->u.store.item = RB_ITEM_LEAF;
        memcpy(e->u.store.feed.channel, ch, 16);
        e->u.store.index = first + i;
        e->u.store.leaf = fn_dup(rb_written(&l)); /* ours, and stored without a mark: trusted */
    }
    free(rec);
    fn_restart(w, p);
    fn_pass(w, 1000);
    struct fp_notice op = operation(100000);
    assert_int_equal(fp_check(w, 0, ch, &op, &c), RB_OK);
    assert_int_equal(c.coverage.places, MANY);
    assert_in_range(c.n, 29, 31); /* 1,000 m and 50 m and the stand-off, to both sides */
    assert_int_equal(rb_node_places(p->rb, ch, w->utc_ms), MANY);
    for (size_t i = 0; i < MANY; i++) {
        struct rb_place_view v;
        assert_true(rb_node_place(p->rb, ch, i, w->utc_ms, &v));
        assert_int_equal(v.leaf, first + i);
    }
    fp_end(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_can_read_it_compares_with_it),
        cmocka_unit_test(test_terms_are_the_charters),
        cmocka_unit_test(test_another_partys_notice_and_not_ones_own),
        cmocka_unit_test(test_superseded_and_withdrawn_rest),
        cmocka_unit_test(test_over_rests_and_not_before),
        cmocka_unit_test(test_a_restart_brings_all_back_and_alerts_nobody),
        cmocka_unit_test(test_at_a_start_places_are_read_when_there_is_time_or_need),
        cmocka_unit_test(test_a_purged_one_is_known_no_more),
        cmocka_unit_test(test_an_operation_that_arrives_meets_a_site),
        cmocka_unit_test(test_what_a_notice_meets_is_kept_in_short),
        cmocka_unit_test(test_a_site_that_arrives_meets_an_operation),
        cmocka_unit_test(test_a_body_that_comes_later_is_compared_then),
        cmocka_unit_test(test_what_rests_when_it_arrives_is_not_told),
        cmocka_unit_test(test_looking_at_another_time_hides_nothing),
        cmocka_unit_test(test_a_review_that_is_due),
        cmocka_unit_test(test_a_movement_about_to_begin),
        cmocka_unit_test(test_reminders_that_are_late),
        cmocka_unit_test(test_a_clock_that_was_ahead),
        cmocka_unit_test(test_a_volume_that_is_none),
        cmocka_unit_test(test_our_own_node_lets_none_out),
        cmocka_unit_test(test_many_places),
    };
    return cmocka_run_group_tests_name("test_node_places", tests, NULL, NULL);
}
