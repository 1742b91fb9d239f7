/* The report from one cut-off to the next: spec 16.5.5. */
#include "beside_words.h"
#include "readback/report.h"

#define DAY 86400000ll

/* north: 0; south: 1; monitors of neither: 2 and 3 */
static int two_sides(void **state) {
    struct fx *w = fx_new(4);
    w->charter.members[0].affiliation = rb_str("north");
    w->charter.members[1].affiliation = rb_str("south");
    w->charter.members[2].role = w->charter.members[3].role = RB_ROLE_MONITOR;
    in_force(w);
    *state = w;
    return 0;
}
#define R(name) cmocka_unit_test_setup_teardown(name, two_sides, teardown)

static struct rb_report report(struct fx *w, const struct rb_situation *s, int64_t before,
                               int64_t from, int64_t to) {
    struct rb_report r;
    assert_int_equal(rb_report_make(s, before, from, to, &w->arena, &r), RB_OK);
    return r;
}
static struct rb_report_member of_member(const struct rb_report *r, uint16_t member) {
    for (size_t i = 0; i < r->members_n; i++)
        if (r->members[i].member == member) return r->members[i];
    return (struct rb_report_member){.member = member};
}
static void assert_number(struct rb_report_number n, size_t now_, size_t before) {
    assert_int_equal(n.now, now_);
    assert_int_equal(n.before, before);
}
/* n incidents by one, of which another confirms some and disputes some; all held by the others at T
 */
static void a_day(struct fx *w, uint16_t author, uint16_t other, size_t n, size_t confirmed,
                  size_t disputed, int64_t t_ms) {
    struct rb_hash id[16];
    for (size_t i = 0; i < n; i++)
        id[i] = lw_say(w, author, lw_incident(w, NULL, 0));
    for (size_t i = 0; i < confirmed; i++)
        lw_answer(w, other, &id[i], RB_POSITION_CONFIRM);
    for (size_t i = confirmed; i < confirmed + disputed; i++)
        lw_answer(w, other, &id[i], RB_POSITION_DISPUTE);
    fx_held(w, author, other, (uint64_t)t_ms / 1000);
    fx_held(w, other, author, (uint64_t)t_ms / 1000);
}

/* One side's log says 12 and the other confirms 3; the next day 15 and none. One id for each, and
 * both numbers beside each other. */
static void two_logs_side_by_side(void **state) {
    struct fx *w = *state;
    const int64_t t0 = w->clock_ms;
    a_day(w, 0, 1, 12, 3, 0, t0 + 1000);
    a_day(w, 0, 1, 15, 0, 2, t0 + DAY);
    struct rb_situation *s = now(w);
    struct rb_report r = report(w, s, t0, t0 + DAY / 2, t0 + DAY + DAY / 2);
    assert_number(r.asserted, 15, 12);
    assert_number(of_member(&r, 0).asserted, 15, 12);
    assert_number(of_member(&r, 0).confirmed, 0, 0);
    assert_number(of_member(&r, 1).asserted, 0, 0);
    assert_number(of_member(&r, 1).confirmed, 0, 3);
    assert_number(of_member(&r, 1).disputed, 2, 0);
    assert_int_equal(r.members_n, 2);
    assert_int_equal(r.waiting_n, 0);
    const struct rb_incident_view *v;
    size_t n;
    assert_int_equal(rb_incidents(s, &w->arena, &v, &n), RB_OK);
    assert_int_equal(n, 27);
}

/* what nobody else is known to hold is in no number; a member of the same side is nobody else */
static void what_nobody_else_holds_waits(void **state) {
    struct fx *w = *state;
    const int64_t t0 = w->clock_ms;
    struct rb_hash id = lw_say(w, 0, lw_incident(w, NULL, 0));
    struct rb_hash no = lw_answer(w, 1, &id, RB_POSITION_DISPUTE);
    lw_answer(w, 1, &id, RB_POSITION_READ); /* is no word on it */
    struct rb_situation *s = now(w);
    struct rb_report r = report(w, s, t0 - DAY, t0, t0 + DAY);
    assert_number(r.asserted, 0, 0);
    assert_int_equal(r.members_n, 0);
    assert_int_equal(r.waiting_n, 2);
    assert_int_equal(r.waiting[0], fx_place(s, &id));
    assert_int_equal(r.waiting[1], fx_place(s, &no));
    fx_held(w, 0, 1, (uint64_t)t0 / 1000 + 7);
    s = now(w);
    r = report(w, s, t0 - DAY, t0, t0 + DAY);
    assert_number(r.asserted, 1, 0);
    assert_int_equal(r.waiting_n, 1);
    assert_int_equal(r.waiting[0], fx_place(s, &no));
}

/* half-open periods, by the earliest T */
static void at_the_cut_off(void **state) {
    struct fx *w = *state;
    const int64_t t0 = (w->clock_ms / 1000 + 100) * 1000;
    lw_say(w, 0, lw_incident(w, NULL, 0));
    fx_held(w, 0, 2, (uint64_t)t0 / 1000 + 5); /* later: not what counts */
    fx_held(w, 0, 1, (uint64_t)t0 / 1000);
    struct rb_situation *s = now(w);
    assert_number(report(w, s, t0 - 2000, t0 - 1000, t0).asserted, 0, 0);
    assert_number(report(w, s, t0 - 1000, t0, t0 + 1000).asserted, 1, 0);
    assert_number(report(w, s, t0, t0 + 1000, t0 + 2000).asserted, 0, 1);
    assert_number(report(w, s, t0 + 1000, t0 + 2000, t0 + 6000).asserted, 0, 0);
    struct rb_report r;
    assert_int_equal(rb_report_make(s, t0, t0 - 1, t0, &w->arena, &r), RB_ERR_USAGE);
    assert_int_equal(rb_report_make(s, t0, t0, t0 - 1, &w->arena, &r), RB_ERR_USAGE);
}

static void the_timekeepers_clock_counts(void **state) {
    struct fx *w = *state;
    fx_reset(w, 3);
    w->charter.has_timekeeper = true;
    w->charter.timekeeper = 2;
    in_force(w);
    const int64_t t0 = (w->clock_ms / 1000 + 100) * 1000;
    lw_say(w, 0, lw_incident(w, NULL, 0));
    fx_held(w, 0, 1, (uint64_t)t0 / 1000);
    fx_held(w, 0, 2, (uint64_t)t0 / 1000 + 60);
    assert_number(report(w, now(w), t0 - 1000, t0 + 30000, t0 + 90000).asserted, 1, 0);
}

static void visits_and_findings(void **state) {
    struct fx *w = *state;
    const int64_t t0 = w->clock_ms;
    struct rb_hash a = lw_say(w, 0, lw_incident(w, NULL, 0)),
                   b = lw_say(w, 1, lw_incident(w, &a, 1));
    struct rb_hash c = lw_supersede(w, 1, lw_incident(w, &a, 1), &b);
    const struct rb_hash both[] = {a, b};
    lw_say(w, 2, lw_finding(w, RB_FINDING_ASSIGNED, 4, both, 2));
    lw_say(w, 2, lw_finding(w, RB_FINDING_VISIT, RB_VISIT_DENIED, both, 2));
    lw_say(w, 2, lw_finding(w, RB_FINDING_VISIT, RB_VISIT_HINDERED, both, 2));
    lw_say(w, 3,
           lw_finding(w, RB_FINDING_VISIT, RB_VISIT_MADE, both, 2)); /* not assigned: marked */
    lw_say(w, 2, lw_finding(w, RB_FINDING_CONCLUDED, RB_FINDING_SUSPENDED, both, 2));
    lw_say(w, 2, lw_finding(w, RB_FINDING_CONCLUDED, RB_FINDING_INCONCLUSIVE, both, 2));
    lw_closed(w, 2, lw_finding(w, RB_FINDING_VISIT, RB_VISIT_MADE, &c, 1), 4);
    struct rb_record r = fx_position(w, &a, RB_POSITION_CONFIRM); /* one word on two */
    fx_ref(&r, RB_REF_ANSWERS, &b);
    lw_say(w, 3, r);
    lw_closed(w, 1, fx_position(w, &a, RB_POSITION_CONFIRM), 3);
    lw_answer(w, 0, &a, RB_POSITION_CONFIRM); /* its own: marked */
    lw_answer(w, 0, &a, RB_POSITION_WITHDRAW);
    for (uint16_t m = 0; m < 4; m++)
        fx_held(w, m, m == 0 ? 1 : 0, (uint64_t)t0 / 1000 + 60);
    struct rb_report v = report(w, now(w), t0 - DAY, t0, t0 + DAY);
    assert_number(v.asserted, 2, 0);
    assert_number(v.versions, 1, 0);
    assert_number(v.withdrawn, 1, 0);
    assert_number(v.assigned, 1, 0);
    assert_number(v.visits[RB_VISIT_MADE], 0, 0);
    assert_number(v.visits[RB_VISIT_DENIED], 1, 0);
    assert_number(v.visits[RB_VISIT_HINDERED], 1, 0);
    assert_number(v.findings[RB_FINDING_SUSPENDED], 1, 0);
    assert_number(v.findings[RB_FINDING_INCONCLUSIVE], 1, 0);
    assert_number(v.findings[RB_FINDING_CONFIRMED], 0, 0);
    assert_number(v.unread, 1, 0);
    assert_number(of_member(&v, 3).confirmed, 2, 0);
    assert_number(of_member(&v, 1).unread, 1, 0);
    assert_number(of_member(&v, 1).asserted, 1, 0);
    assert_number(of_member(&v, 0).confirmed, 0, 0);
    assert_int_equal(v.waiting_n, 0);
    struct rb_book *book = fx_book(w);
    fx_unseal_for(w, book, 0);
    v = report(w, fx_fold(w, book, w->clock_ms), t0 - DAY, t0, t0 + DAY);
    assert_number(of_member(&v, 1).unread, 0, 0); /* opened here it is a word as others */
    assert_number(of_member(&v, 1).confirmed, 1, 0);
    v = report(w, now(w), t0, t0, t0 + DAY); /* nothing before */
    assert_number(v.asserted, 2, 0);
    v = report(w, now(w), t0, t0 + DAY, t0 + 2 * DAY);
    assert_number(v.visits[RB_VISIT_DENIED], 0, 1);
    assert_number(of_member(&v, 3).confirmed, 0, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        R(two_logs_side_by_side),        R(what_nobody_else_holds_waits), R(at_the_cut_off),
        R(the_timekeepers_clock_counts), R(visits_and_findings),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
