/* Incidents side by side, what monitors found of them, and which are one. Spec 16.5. */
#include "diag.h"
#include "beside_words.h"
#include "readback/report.h"

#define CONFIRM RB_POSITION_CONFIRM
#define DISPUTE RB_POSITION_DISPUTE
#define WITHDRAW RB_POSITION_WITHDRAW
#define ASSIGNED RB_FINDING_ASSIGNED
#define VISIT RB_FINDING_VISIT
#define CONCLUDED RB_FINDING_CONCLUDED

struct shown {
    const struct rb_incident_view *v;
    size_t n;
};
static struct shown incidents(struct fx *w, const struct rb_situation *s) {
    struct shown out;
    assert_int_equal(rb_incidents(s, &w->arena, &out.v, &out.n), RB_OK);
    return out;
}
static bool is(const struct rb_situation *s, uint32_t instrument, const struct rb_hash *id) {
    return s->instruments[instrument].record == fx_place(s, id);
}
/* the incident that the assertion is part of, and the assertion */
static const struct rb_incident_view *incident_of(struct fx *w, const struct rb_situation *s,
                                                  const struct rb_hash *id,
                                                  const struct rb_assertion_view **as) {
    const struct shown all = incidents(w, s);
    for (const struct rb_incident_view *v = all.v; v < all.v + all.n; v++)
        for (size_t k = 0; k < v->assertions_n; k++) {
            *as = v->assertions + k;
            if (is(s, (*as)->instrument, id)) return v;
        }
    fail();
    return NULL;
}
static struct rb_assertion_view assertion(struct fx *w, const struct rb_situation *s,
                                          const struct rb_hash *id) {
    const struct rb_assertion_view *as;
    incident_of(w, s, id, &as);
    return *as;
}
static bool one_id(struct fx *w, const struct rb_situation *s, const struct rb_hash *a,
                   const struct rb_hash *b) {
    const struct rb_assertion_view *as;
    const struct rb_incident_view *v = incident_of(w, s, a, &as);
    return v->instrument == incident_of(w, s, b, &as)->instrument;
}
static struct rb_hash assert_incident(struct fx *w, uint16_t member, const struct rb_hash *same) {
    return lw_say(w, member, lw_incident(w, same, same != NULL));
}
static struct rb_hash propose(struct fx *w, uint16_t member, const struct rb_hash *a,
                              const struct rb_hash *b) {
    const struct rb_hash both[] = {*a, *b};
    return lw_say(w, member, lw_incident(w, both, 2));
}
static struct rb_hash find(struct fx *w, uint16_t member, enum rb_finding_stage stage,
                           uint64_t value, const struct rb_hash *incident) {
    return lw_say(w, member, lw_finding(w, stage, value, incident, 1));
}

/* parties 0 and 1, monitors 2 and 3 */
static int with_monitors(void **state) {
    struct fx *w = fx_new(4);
    w->charter.members[2].role = w->charter.members[3].role = RB_ROLE_MONITOR;
    in_force(w);
    *state = w;
    return 0;
}
#define M(name) cmocka_unit_test_setup_teardown(name, with_monitors, teardown)

/* ---- side by side -----------------------------------------------------------------------------
 */

/* a strike reported inside the calm: disputed, and found inconclusive */
static void a_strike_disputed_and_inconclusive(void **state) {
    struct fx *w = *state;
    struct rb_hash strike = assert_incident(w, 0, NULL);
    struct rb_hash no = lw_answer(w, 1, &strike, DISPUTE);
    struct rb_hash found = find(w, 2, CONCLUDED, RB_FINDING_INCONCLUSIVE, &strike);
    struct rb_hash yes = lw_answer(w, 0, &found, CONFIRM);
    struct rb_situation *s = now(w);
    const struct shown all = incidents(w, s);
    assert_int_equal(all.n, 1);
    assert_true(is(s, all.v[0].instrument, &strike));
    assert_int_equal(all.v[0].assertions_n, 1);
    const struct rb_assertion_view *as = &all.v[0].assertions[0];
    assert_int_equal(as->author, 0);
    assert_int_equal(as->attachments_n, 0);
    assert_int_equal(as->columns_n, 1);
    assert_int_equal(as->columns[0].member, 1);
    assert_int_equal(as->columns[0].position, DISPUTE);
    assert_int_equal(as->columns[0].record, fx_place(s, &no));
    assert_int_equal(as->findings_n, 1);
    assert_int_equal(as->findings[0].author, 2);
    assert_int_equal(as->findings[0].stage, CONCLUDED);
    assert_int_equal(as->findings[0].value, RB_FINDING_INCONCLUSIVE);
    assert_int_equal(as->findings[0].columns_n, 1);
    assert_int_equal(as->findings[0].columns[0].record, fx_place(s, &yes));
    assert_state(s, &strike, RB_STATE_STANDS);
}

static void the_last_word_stands_in_the_column(void **state) {
    struct fx *w = *state;
    struct rb_hash id = assert_incident(w, 0, NULL);
    lw_answer(w, 1, &id, CONFIRM);
    struct rb_hash no = lw_answer(w, 1, &id, DISPUTE);
    struct rb_hash own = lw_answer(w, 0, &id, CONFIRM);
    lw_closed(w, 3, fx_position(w, &id, CONFIRM), 1 | 8);
    struct rb_record r = fx_position(w, &id, CONFIRM);
    r.reported_who = rb_str("relief-one");
    r.reported_carrier = rb_str("phone");
    struct rb_hash reported =
        lw_say(w, 0, r); /* what another is said to have said is nobody's column */
    struct rb_situation *s = now(w);
    struct rb_assertion_view as = assertion(w, s, &id);
    assert_mark(s, &own, RB_MARK_NOT_ENTITLED);
    assert_mark(s, &reported, RB_MARK_NONE);
    assert_int_equal(as.columns_n, 2);
    assert_int_equal(as.columns[0].position, DISPUTE);
    assert_false(as.columns[0].unread);
    assert_true(as.columns[1].member == 3 && as.columns[1].unread);
    assert_int_equal(as.columns[1].position, 0);
    struct rb_hash back = lw_answer(w, 1, &no, WITHDRAW);
    struct rb_hash again = lw_answer(w, 1, &no, WITHDRAW);
    s = now(w);
    assert_mark(s, &back, RB_MARK_NONE);
    assert_mark(s, &again, RB_MARK_OUT_OF_TURN);
    as = assertion(w, s, &id);
    assert_int_equal(as.columns_n, 1); /* the confirmation that it replaced does not come back */
}

static void evidence_is_its_authors(void **state) {
    struct fx *w = *state;
    const struct rb_hash nowhere = {{9}};
    struct rb_hash a = assert_incident(w, 0, NULL), b = assert_incident(w, 1, &a);
    struct rb_hash request = lw_say(w, 0, lw_request(w, 0, 0));
    struct rb_record r = fx_record(w, RB_KIND_ATTACHMENT);
    fx_ref(&r, RB_REF_ABOUT, &a);
    lw_closed(w, 0, r, 3);
    r = fx_record(w, RB_KIND_ATTACHMENT);
    fx_ref(&r, RB_REF_ABOUT, &b);
    lw_closed(w, 0, r, 3);                /* another's */
    r = fx_record(w, RB_KIND_ATTACHMENT); /* about nothing that is here, and about no incident */
    fx_ref(&r, RB_REF_ABOUT, &nowhere);
    fx_ref(&r, RB_REF_ABOUT, &request);
    lw_closed(w, 0, r, 3);
    r = fx_record(w, RB_KIND_ATTACHMENT);
    fx_ref(&r, RB_REF_ABOUT, &a);
    fx_close(&r, 2); /* leaves out its author: marked */
    lw_say(w, 0, r);
    struct rb_situation *s = now(w);
    assert_int_equal(assertion(w, s, &a).attachments_n, 1);
    assert_int_equal(assertion(w, s, &b).attachments_n, 0);
}

static void a_later_version_stands_beside(void **state) {
    struct fx *w = *state;
    struct rb_hash a = assert_incident(w, 0, NULL);
    lw_answer(w, 1, &a, CONFIRM);
    struct rb_hash found = find(w, 2, VISIT, RB_VISIT_MADE, &a);
    struct rb_hash b = lw_supersede(w, 0, lw_incident(w, NULL, 0), &a);
    struct rb_situation *s = now(w);
    const struct shown all = incidents(w, s);
    assert_int_equal(all.n, 1);
    assert_int_equal(all.v[0].assertions_n, 2);
    assert_state(s, &a, RB_STATE_SUPERSEDED);
    assert_state(s, &b, RB_STATE_STANDS);
    assert_int_equal(assertion(w, s, &a).columns_n, 1); /* they stay with what they were said of */
    assert_int_equal(assertion(w, s, &b).columns_n, 0);
    assert_int_equal(assertion(w, s, &a).findings_n, 1);
    assert_int_equal(assertion(w, s, &b).findings_n, 0);
    assert_state(s, &found, RB_STATE_STANDS);
    lw_answer(w, 0, &b, WITHDRAW);
    struct rb_hash c = lw_supersede(w, 0, lw_incident(w, NULL, 0), &b);
    s = now(w);
    assert_state(s, &b, RB_STATE_WITHDRAWN);
    assert_mark(s, &c, RB_MARK_OUT_OF_TURN);
    assert_int_equal(incidents(w, s).v[0].assertions_n, 2); /* withdrawn, and shown */
}

/* figures and designations stand as incidents do */
static void what_stands_side_by_side(void **state) {
    static const enum rb_kind kinds[] = {RB_KIND_FIGURE, RB_KIND_DESIGNATION};
    static const char *const bodies[] = {"{1:0,4:\"hundreds\",16:0}",
                                         "{1:\"list\",2:1,3:[[\"group\",null,null]]}"};
    struct fx *w = *state;
    for (size_t i = 0; i < 2; i++) {
        uint8_t bytes[256];
        const struct rb_slice body = diag(bodies[i], bytes, sizeof bytes);
        struct rb_hash a = lw_say(w, 0, lw_record(w, kinds[i], body));
        struct rb_hash b = lw_supersede(w, 0, lw_record(w, kinds[i], body), &a);
        struct rb_hash c = lw_supersede(w, 0, lw_record(w, kinds[i], body), &a);
        struct rb_hash d = lw_supersede(w, 1, lw_record(w, kinds[i], body), &a); /* another's */
        struct rb_hash read = lw_answer(w, 0, &b, RB_POSITION_READ);
        struct rb_hash own = lw_answer(w, 0, &b, CONFIRM);
        struct rb_hash late = lw_answer(w, 0, &a, WITHDRAW);
        struct rb_hash back = lw_answer(w, 0, &b, WITHDRAW), again = lw_answer(w, 0, &b, WITHDRAW);
        struct rb_situation *s = now(w);
        assert_state(s, &a, RB_STATE_SUPERSEDED);
        assert_state(s, &b, RB_STATE_WITHDRAWN);
        assert_state(s, &c, RB_STATE_STANDS);
        assert_state(s, &d, RB_STATE_STANDS);
        assert_mark(s, &read, RB_MARK_NONE);
        assert_mark(s, &own, RB_MARK_NOT_ENTITLED);
        assert_mark(s, &late, RB_MARK_OUT_OF_TURN); /* it is not what stands */
        assert_mark(s, &back, RB_MARK_NONE);
        assert_mark(s, &again, RB_MARK_OUT_OF_TURN);
    }
}

static void unread_is_shown_as_that(void **state) {
    struct fx *w = *state;
    struct rb_hash id = lw_closed(w, 0, lw_incident(w, NULL, 0), 3);
    struct rb_situation *s = now(w);
    assert_state(s, &id, RB_STATE_UNREAD);
    assert_int_equal(incidents(w, s).n, 1);
    struct rb_hash back = lw_answer(w, 0, &id, WITHDRAW);
    assert_mark(now(w), &back, RB_MARK_MUST_BE_CLOSED);
    back = lw_closed(w, 0, fx_position(w, &id, WITHDRAW), 3);
    struct rb_hash next = lw_closed(w, 0, lw_incident(w, NULL, 0), 3);
    struct rb_record r = lw_incident(w, NULL, 0);
    fx_ref(&r, RB_REF_SUPERSEDES, &next); /* is said in the leaf */
    struct rb_hash open = lw_say(w, 0, r);
    s = now(w);
    assert_state(s, &id, RB_STATE_UNREAD);
    assert_state(s, &next, RB_STATE_UNREAD);
    assert_mark(s, &back, RB_MARK_NONE);
    assert_mark(s, &open, RB_MARK_NONE);
    struct rb_hash found = lw_closed(w, 1, lw_finding(w, CONCLUDED, 1, &id, 1), 3);
    s = now(w);
    assert_state(s, &found, RB_STATE_MARKED); /* who is no monitor is none, whatever it says */
    assert_mark(s, &found, RB_MARK_NOT_ENTITLED);
}

/* ---- findings ---------------------------------------------------------------------------------
 */

static void who_is_no_monitor_finds_nothing(void **state) {
    struct fx *w = *state;
    struct rb_hash id = assert_incident(w, 0, NULL);
    struct rb_hash by_party = find(w, 1, CONCLUDED, RB_FINDING_CONFIRMED, &id);
    const struct rb_hash nowhere = {{9}};
    struct rb_hash of_nothing = find(w, 1, CONCLUDED, RB_FINDING_CONFIRMED, &nowhere);
    struct rb_hash not_here = find(w, 2, CONCLUDED, RB_FINDING_CONFIRMED, &nowhere);
    struct rb_situation *s = now(w);
    assert_mark(s, &by_party, RB_MARK_NOT_ENTITLED);
    assert_state(s, &by_party, RB_STATE_MARKED);
    assert_mark(s, &of_nothing, RB_MARK_NOT_ENTITLED);
    assert_state(s, &not_here, RB_STATE_STANDS);
    assert_int_equal(assertion(w, s, &id).findings_n, 0);
}

static void assigned_visited_concluded(void **state) {
    struct fx *w = *state;
    struct rb_hash id = assert_incident(w, 0, NULL);
    struct rb_hash assigned = find(w, 2, ASSIGNED, 8, &id); /* to monitor 3 */
    struct rb_hash denied = find(w, 3, VISIT, RB_VISIT_DENIED, &id);
    struct rb_hash other = find(w, 2, VISIT, RB_VISIT_MADE, &id);
    struct rb_hash suspended = find(w, 3, CONCLUDED, RB_FINDING_SUSPENDED, &id);
    struct rb_hash made = find(w, 3, VISIT, RB_VISIT_MADE, &id);
    struct rb_hash concluded = find(w, 3, CONCLUDED, RB_FINDING_NOT_ATTRIBUTABLE, &id);
    struct rb_hash after = find(w, 3, VISIT, RB_VISIT_MADE, &id);
    struct rb_hash twice = find(w, 3, CONCLUDED, RB_FINDING_CONFIRMED, &id);
    struct rb_situation *s = now(w);
    assert_mark(s, &assigned, RB_MARK_NONE);
    assert_mark(s, &denied, RB_MARK_NONE);
    assert_mark(s, &other, RB_MARK_OUT_OF_TURN);
    assert_state(s, &other, RB_STATE_MARKED);
    assert_mark(s, &suspended, RB_MARK_NONE);
    assert_mark(s, &made, RB_MARK_NONE);
    assert_mark(s, &concluded, RB_MARK_NONE);
    assert_mark(s, &after, RB_MARK_OUT_OF_TURN);
    assert_mark(s, &twice, RB_MARK_OUT_OF_TURN);
    assert_int_equal(assertion(w, s, &id).findings_n, 5);
    struct rb_record r = lw_finding(w, CONCLUDED, RB_FINDING_CONFIRMED, &id, 1);
    struct rb_hash next = lw_supersede(w, 3, r, &concluded);
    s = now(w);
    assert_state(s, &concluded, RB_STATE_SUPERSEDED);
    assert_state(s, &next, RB_STATE_STANDS);
}

static void a_visit_takes_no_conclusions_place(void **state) {
    struct fx *w = *state;
    struct rb_hash id = assert_incident(w, 0, NULL);
    struct rb_hash concluded = find(w, 2, CONCLUDED, RB_FINDING_UNFOUNDED, &id);
    struct rb_record r = lw_finding(w, VISIT, RB_VISIT_MADE, &id, 1);
    struct rb_hash visit = lw_supersede(w, 2, r, &concluded);
    struct rb_hash by_another = find(w, 3, CONCLUDED, RB_FINDING_CONFIRMED, &id);
    struct rb_situation *s = now(w);
    assert_mark(s, &visit, RB_MARK_OUT_OF_TURN);
    assert_state(s, &concluded, RB_STATE_STANDS);
    assert_state(s, &by_another, RB_STATE_STANDS); /* each for itself */
    lw_answer(w, 2, &concluded, WITHDRAW);
    struct rb_hash anew = find(w, 2, VISIT, RB_VISIT_MADE, &id);
    s = now(w);
    assert_state(s, &concluded, RB_STATE_WITHDRAWN);
    assert_mark(s, &anew, RB_MARK_NONE);
}

/* What supersedes it is about another incident: it does not count in its own any more. */
static void superseded_by_one_about_another(void **state) {
    struct fx *w = *state;
    struct rb_hash here = assert_incident(w, 0, NULL), there = assert_incident(w, 1, NULL);
    struct rb_hash was = find(w, 2, CONCLUDED, RB_FINDING_UNFOUNDED, &here);
    struct rb_record r = lw_finding(w, CONCLUDED, RB_FINDING_CONFIRMED, &there, 1);
    struct rb_hash moved = lw_supersede(w, 2, r, &was);
    struct rb_hash anew = find(w, 2, CONCLUDED, RB_FINDING_INCONCLUSIVE, &here);
    struct rb_situation *s = now(w);
    assert_state(s, &was, RB_STATE_SUPERSEDED);
    assert_state(s, &moved, RB_STATE_STANDS);
    assert_mark(s, &anew, RB_MARK_NONE);
    assert_state(s, &anew, RB_STATE_STANDS);
    assert_false(one_id(w, s, &here, &there)); /* it is about one of them alone */
    assert_int_equal(assertion(w, s, &here).findings_n, 2);
    assert_int_equal(assertion(w, s, &there).findings_n, 1);
}

/* ... and out of turn there: its author has said that the earlier one is not its word any more */
static void superseded_by_one_out_of_turn(void **state) {
    struct fx *w = *state;
    struct rb_hash here = assert_incident(w, 0, NULL), there = assert_incident(w, 1, NULL);
    struct rb_hash both_named[] = {here, there};
    struct rb_hash to_2 = find(w, 3, ASSIGNED, 4, &here);
    struct rb_hash to_3 = find(w, 3, ASSIGNED, 8, &there);
    struct rb_hash was = find(w, 2, VISIT, RB_VISIT_DENIED, &here);
    struct rb_record r = lw_finding(w, VISIT, RB_VISIT_MADE, &there, 1);
    struct rb_hash denied = lw_supersede(w, 2, r, &was);
    r = lw_finding(w, VISIT, RB_VISIT_MADE, both_named, 2);
    struct rb_hash both = lw_say(w, 2, r);
    r = lw_finding(w, ASSIGNED, 4, &there, 1);
    struct rb_hash to_2_too = lw_supersede(w, 3, r, &to_2);
    struct rb_hash by_3 = find(w, 3, VISIT, RB_VISIT_MADE, &here);
    r = lw_finding(w, CONCLUDED, RB_FINDING_CONFIRMED, &there, 1);
    struct rb_hash stage = lw_supersede(w, 3, r, &to_3); /* of another stage: it ends nothing */
    struct rb_situation *s = now(w);
    assert_mark(s, &denied, RB_MARK_OUT_OF_TURN);
    assert_state(s, &was, RB_STATE_SUPERSEDED);
    assert_mark(s, &both, RB_MARK_NONE);
    assert_state(s, &to_2, RB_STATE_SUPERSEDED);
    assert_mark(s, &to_2_too, RB_MARK_NONE);
    assert_mark(s, &by_3, RB_MARK_NONE); /* nobody is assigned here any more */
    assert_mark(s, &stage, RB_MARK_OUT_OF_TURN);
    assert_state(s, &to_3, RB_STATE_STANDS);
}

static void an_assignment_taken_back_binds_nobody(void **state) {
    struct fx *w = *state;
    struct rb_hash id = assert_incident(w, 0, NULL);
    struct rb_hash to_3 = find(w, 2, ASSIGNED, 8, &id);
    struct rb_hash early = find(w, 2, VISIT, RB_VISIT_MADE, &id);
    struct rb_record r = lw_finding(w, ASSIGNED, 4, &id, 1);
    struct rb_hash to_2 = lw_supersede(w, 2, r, &to_3);
    struct rb_hash visit = find(w, 2, VISIT, RB_VISIT_HINDERED, &id);
    struct rb_hash not_3 = find(w, 3, VISIT, RB_VISIT_MADE, &id);
    lw_answer(w, 2, &to_2, WITHDRAW);
    struct rb_hash free = find(w, 3, VISIT, RB_VISIT_MADE, &id);
    struct rb_situation *s = now(w);
    assert_mark(s, &early, RB_MARK_OUT_OF_TURN);
    assert_mark(s, &visit, RB_MARK_NONE);
    assert_mark(s, &not_3, RB_MARK_OUT_OF_TURN);
    assert_mark(s, &free, RB_MARK_NONE);
}

static void two_assignments_taken_back_in_turn(void **state) {
    struct fx *w = *state;
    struct rb_hash id = assert_incident(w, 0, NULL);
    struct rb_hash to_2 = find(w, 2, ASSIGNED, 4, &id), to_3 = find(w, 2, ASSIGNED, 8, &id);
    lw_answer(w, 2, &to_3, WITHDRAW);
    struct rb_hash not_3 = find(w, 3, VISIT, RB_VISIT_MADE, &id);
    lw_answer(w, 2, &to_2, WITHDRAW);
    struct rb_hash any = find(w, 3, VISIT, RB_VISIT_MADE, &id);
    struct rb_situation *s = now(w);
    assert_mark(s, &not_3, RB_MARK_OUT_OF_TURN);
    assert_mark(s, &any, RB_MARK_NONE);
}

/* only its author supersedes a finding; who says that it does says it of nothing */
static void anothers_finding_stays(void **state) {
    struct fx *w = *state;
    struct rb_hash id = assert_incident(w, 0, NULL);
    struct rb_hash concluded = find(w, 2, CONCLUDED, RB_FINDING_UNFOUNDED, &id);
    struct rb_record r = lw_finding(w, VISIT, RB_VISIT_MADE, &id, 1);
    struct rb_hash visit = lw_supersede(w, 3, r, &concluded);
    r = lw_finding(w, CONCLUDED, RB_FINDING_CONFIRMED, &id, 1);
    lw_supersede(w, 3, r, &concluded);
    struct rb_hash after = find(w, 2, VISIT, RB_VISIT_MADE, &id);
    struct rb_situation *s = now(w);
    assert_mark(s, &visit, RB_MARK_NONE);
    assert_state(s, &concluded, RB_STATE_STANDS);
    assert_mark(s, &after, RB_MARK_OUT_OF_TURN); /* it is still final for who concluded it */
}

/* judged for each incident that it names; marked where it moves nothing in any */
static void one_finding_about_two(void **state) {
    struct fx *w = *state;
    struct rb_hash a = assert_incident(w, 0, NULL), b = assert_incident(w, 1, NULL);
    const struct rb_hash both[] = {a, b};
    find(w, 2, ASSIGNED, 4, &a); /* 2 is to look at a; b is open to all */
    const struct rb_hash turned[] = {b, a};
    struct rb_hash visit = lw_say(w, 3, lw_finding(w, VISIT, RB_VISIT_MADE, both, 2));
    struct rb_hash again = lw_say(w, 3, lw_finding(w, VISIT, RB_VISIT_MADE, turned, 2));
    struct rb_situation *s = now(w);
    assert_mark(s, &visit, RB_MARK_NONE);
    assert_mark(s, &again, RB_MARK_NONE);
    assert_state(s, &visit, RB_STATE_STANDS);
    assert_state(s, &again, RB_STATE_STANDS);
    assert_int_equal(assertion(w, s, &a).findings_n, 1);
    assert_int_equal(assertion(w, s, &b).findings_n, 2);
    find(w, 2, ASSIGNED, 4, &b);
    struct rb_hash late = lw_say(w, 3, lw_finding(w, VISIT, RB_VISIT_MADE, both, 2));
    s = now(w);
    assert_mark(s, &late, RB_MARK_OUT_OF_TURN);
    assert_state(s, &late, RB_STATE_MARKED);
}

static void both_versions_of_one_incident(void **state) {
    struct fx *w = *state;
    struct rb_hash a = assert_incident(w, 0, NULL);
    struct rb_hash b = lw_supersede(w, 0, lw_incident(w, NULL, 0), &a);
    const struct rb_hash both[] = {a, b};
    struct rb_hash found = lw_say(w, 2, lw_finding(w, CONCLUDED, RB_FINDING_CONFIRMED, both, 2));
    struct rb_situation *s = now(w);
    assert_mark(s, &found, RB_MARK_NONE);
    assert_int_equal(assertion(w, s, &a).findings_n, 1);
    assert_int_equal(assertion(w, s, &b).findings_n, 1);
}

/* ---- one incident -----------------------------------------------------------------------------
 */

static void naming_one_joins_it(void **state) {
    struct fx *w = *state;
    struct rb_hash a = assert_incident(w, 0, NULL), b = assert_incident(w, 1, &a);
    struct rb_hash c = assert_incident(w, 0, &b), other = assert_incident(w, 1, NULL);
    struct rb_situation *s = now(w);
    const struct rb_assertion_view *as;
    const struct rb_incident_view *v = incident_of(w, s, &c, &as);
    assert_true(is(s, v->instrument, &a)); /* the first of them in the order */
    assert_int_equal(v->assertions_n, 3);
    assert_int_equal(v->proposed_n, 0);
    assert_false(one_id(w, s, &a, &other));
    assert_int_equal(incidents(w, s).n, 2);
}

static void a_later_version_says_otherwise(void **state) {
    struct fx *w = *state;
    struct rb_hash a = assert_incident(w, 0, NULL), b = assert_incident(w, 1, &a);
    struct rb_hash d = assert_incident(w, 0, NULL);
    struct rb_hash c = lw_supersede(w, 1, lw_incident(w, &d, 1), &b);
    struct rb_situation *s = now(w);
    assert_false(one_id(w, s, &a, &c));
    assert_true(one_id(w, s, &d, &c) && one_id(w, s, &b, &c));
    lw_answer(w, 1, &c, WITHDRAW);
    s = now(w);
    assert_false(one_id(w, s, &d, &c));
    assert_false(one_id(w, s, &a, &c)); /* what it replaced does not come back */
}

static void versions_of_one_are_one(void **state) {
    struct fx *w = *state;
    struct rb_hash a = assert_incident(w, 0, NULL);
    struct rb_hash a2 = lw_supersede(w, 0, lw_incident(w, NULL, 0), &a);
    struct rb_hash b = propose(w, 1, &a, &a2);
    struct rb_situation *s = now(w);
    assert_true(one_id(w, s, &a, &b));
    const struct rb_hash own_and_a[] = {b, a};
    struct rb_hash b2 = lw_supersede(w, 1, lw_incident(w, own_and_a, 2), &b);
    s = now(w);
    assert_true(one_id(w, s, &a2, &b2));
    assert_int_equal(incidents(w, s).n, 1);
    assert_int_equal(incidents(w, s).v[0].assertions_n, 4);
}

/* the same as what is not here, or is no incident, is the same as nothing */
static void naming_what_is_none(void **state) {
    struct fx *w = *state;
    const struct rb_hash unknown = {{9}};
    struct rb_hash request = lw_say(w, 1, lw_request(w, 0, 0));
    struct rb_hash a = assert_incident(w, 0, &unknown), b = assert_incident(w, 1, &request);
    struct rb_hash c = propose(w, 0, &unknown, &b);
    struct rb_situation *s = now(w);
    assert_int_equal(incidents(w, s).n, 2);
    assert_false(one_id(w, s, &a, &b));
    assert_true(one_id(w, s, &b, &c)); /* of the two it names one is one */
}

/* it stands in the lot of the first, and takes both their places */
static void one_version_for_two_of_its_author(void **state) {
    struct fx *w = *state;
    struct rb_hash a = assert_incident(w, 0, NULL), b = assert_incident(w, 0, NULL);
    struct rb_record r = lw_incident(w, NULL, 0);
    fx_ref(&r, RB_REF_SUPERSEDES, &a);
    struct rb_hash c = lw_supersede(w, 0, r, &b);
    struct rb_situation *s = now(w);
    assert_state(s, &a, RB_STATE_SUPERSEDED);
    assert_state(s, &b, RB_STATE_SUPERSEDED);
    assert_state(s, &c, RB_STATE_STANDS);
    assert_true(one_id(w, s, &a, &c));
    assert_int_equal(incidents(w, s).n, 2);
    assert_int_equal(incidents(w, s).v[0].assertions_n + incidents(w, s).v[1].assertions_n, 3);
}

/* later versions may name one another in a circle */
static void circles_and_chains(void **state) {
    struct fx *w = *state;
    struct rb_hash a = assert_incident(w, 1, NULL), b = assert_incident(w, 0, &a);
    struct rb_hash c = assert_incident(w, 0, &b);
    struct rb_hash a2 = lw_supersede(w, 1, lw_incident(w, &c, 1), &a);
    struct rb_hash tail = assert_incident(w, 1, &a2);
    struct rb_situation *s = now(w);
    const struct rb_assertion_view *as;
    const struct rb_incident_view *v = incident_of(w, s, &tail, &as);
    assert_true(is(s, v->instrument, &a));
    assert_int_equal(v->assertions_n, 5);
    assert_int_equal(incidents(w, s).n, 1);
    struct rb_hash self = lw_supersede(w, 1, lw_incident(w, &a2, 1), &a2); /* names itself */
    s = now(w);
    assert_true(one_id(w, s, &self, &a));
}

static void proposed_and_agreed_to(void **state) {
    struct fx *w = *state;
    struct rb_hash a = assert_incident(w, 0, NULL), b = assert_incident(w, 1, NULL);
    struct rb_hash p = propose(w, 2, &a, &b);
    struct rb_situation *s = now(w);
    const struct rb_assertion_view *as;
    const struct rb_incident_view *v = incident_of(w, s, &a, &as);
    assert_int_equal(incidents(w, s).n, 3);
    assert_int_equal(v->proposed_n, 2);
    assert_true(is(s, v->proposed[0], &b) && is(s, v->proposed[1], &p));
    lw_answer(w, 0, &p, CONFIRM);
    s = now(w);
    assert_true(one_id(w, s, &a, &p));
    assert_false(one_id(w, s, &a, &b));
    assert_int_equal(incident_of(w, s, &b, &as)->proposed_n, 1);
    lw_answer(w, 3, &p, CONFIRM); /* whose incidents these are not */
    assert_false(one_id(w, now(w), &a, &b));
    struct rb_hash yes = lw_answer(w, 1, &p, CONFIRM);
    lw_answer(w, 1, &p, RB_POSITION_READ); /* is no word on it */
    s = now(w);
    v = incident_of(w, s, &b, &as);
    assert_true(is(s, v->instrument, &a));
    assert_int_equal(v->assertions_n, 3);
    assert_int_equal(v->proposed_n, 0);
    lw_answer(w, 1, &yes, WITHDRAW);
    s = now(w);
    assert_false(one_id(w, s, &a, &b));
    assert_int_equal(incidents(w, s).n, 2);
}

/* whose own record proposes it has said so by it */
static void one_of_them_proposes(void **state) {
    struct fx *w = *state;
    struct rb_hash a = assert_incident(w, 0, NULL), b = assert_incident(w, 1, NULL);
    struct rb_hash p = propose(w, 0, &a, &b);
    struct rb_situation *s = now(w);
    assert_true(one_id(w, s, &a, &p));
    assert_false(one_id(w, s, &b, &p));
    lw_answer(w, 1, &p, DISPUTE);
    assert_false(one_id(w, now(w), &b, &p));
    lw_answer(w, 1, &p, CONFIRM);
    assert_true(one_id(w, now(w), &b, &a));
}

/* Nobody ties two of others' together: what it says joins one of them, and asks about the other. */
static void a_stranger_ties_nothing_together(void **state) {
    struct fx *w = *state;
    struct rb_hash a = assert_incident(w, 0, NULL), b = assert_incident(w, 1, NULL);
    struct rb_hash x = assert_incident(w, 3, &a), y = assert_incident(w, 3, &b);
    struct rb_situation *s = now(w);
    assert_true(one_id(w, s, &a, &x) && one_id(w, s, &b, &y));
    assert_false(one_id(w, s, &a, &b));
    struct rb_hash tie = propose(w, 3, &x, &y); /* whom its own two joined is asked, not itself */
    s = now(w);
    assert_false(one_id(w, s, &a, &b));
    assert_false(one_id(w, s, &tie, &a) || one_id(w, s, &tie, &b));
    struct rb_hash again = lw_supersede(w, 3, lw_incident(w, &y, 1), &x);
    s = now(w);
    assert_true(one_id(w, s, &again, &b));
    assert_false(one_id(w, s, &a, &b));
}

static void naming_several_that_are_one_joins_it(void **state) {
    struct fx *w = *state;
    struct rb_hash a = assert_incident(w, 0, NULL), b = assert_incident(w, 1, &a);
    struct rb_hash c = propose(w, 3, &a, &b);
    struct rb_situation *s = now(w);
    assert_true(one_id(w, s, &c, &a));
    assert_int_equal(incidents(w, s).n, 1);
    assert_int_equal(incidents(w, s).v[0].proposed_n, 0);
}

static void a_monitors_conclusion_takes_them_together(void **state) {
    struct fx *w = *state;
    struct rb_hash a = assert_incident(w, 0, NULL), b = assert_incident(w, 1, NULL);
    const struct rb_hash both[] = {a, b};
    lw_say(w, 2, lw_finding(w, ASSIGNED, 4, both, 2));
    lw_say(w, 2, lw_finding(w, VISIT, RB_VISIT_MADE, both, 2));
    lw_say(w, 2, lw_finding(w, CONCLUDED, RB_FINDING_SUSPENDED, both, 2));
    lw_say(w, 1, lw_finding(w, CONCLUDED, RB_FINDING_CONFIRMED, both, 2)); /* no monitor */
    assert_false(one_id(w, now(w), &a, &b)); /* to look at two is not to say that they are one */
    struct rb_hash f = lw_say(w, 2, lw_finding(w, CONCLUDED, RB_FINDING_CONFIRMED, both, 2));
    assert_true(one_id(w, now(w), &a, &b));
    struct rb_record r = lw_finding(w, CONCLUDED, RB_FINDING_CONFIRMED, &a, 1);
    lw_supersede(w, 2, r, &f);
    assert_false(one_id(w, now(w), &a, &b));
}

/* it takes together what it moves something in: not where another monitor was sent to look */
static void a_conclusion_out_of_turn_takes_nothing(void **state) {
    struct fx *w = *state;
    struct rb_hash other = assert_incident(w, 1, NULL);
    struct rb_hash a = assert_incident(w, 0, NULL), b = assert_incident(w, 1, NULL);
    struct rb_hash c = assert_incident(w, 0, NULL);
    const struct rb_hash ab[] = {a, b}, bc[] = {b, c};
    find(w, 2, ASSIGNED, 4, &a);
    lw_say(w, 3, lw_finding(w, CONCLUDED, RB_FINDING_CONFIRMED, ab, 2));
    struct rb_situation *s = now(w);
    assert_false(one_id(w, s, &a, &b));
    assert_int_equal(assertion(w, s, &a).findings_n, 1);
    assert_int_equal(assertion(w, s, &b).findings_n, 1);
    lw_say(w, 2, lw_finding(w, CONCLUDED, RB_FINDING_UNFOUNDED, bc, 2));
    s = now(w);
    assert_true(one_id(w, s, &b, &c));
    assert_false(one_id(w, s, &b, &other) || one_id(w, s, &a, &other));
}

/* ---- room -------------------------------------------------------------------------------------
 */

typedef enum rb_err (*asked)(const struct rb_situation *s, uint32_t lot, struct rb_arena *a);
static struct rb_request_lot request_lot;
static struct rb_contact_lot contact_lot;
static struct rb_report a_report;
static struct shown shown;
static enum rb_err ask_request(const struct rb_situation *s, uint32_t lot, struct rb_arena *a) {
    return rb_lot_request(s, lot, a, &request_lot);
}
static enum rb_err ask_contact(const struct rb_situation *s, uint32_t lot, struct rb_arena *a) {
    return rb_lot_contact(s, lot, a, &contact_lot);
}
static enum rb_err ask_incidents(const struct rb_situation *s, uint32_t lot, struct rb_arena *a) {
    (void)lot;
    return rb_incidents(s, a, &shown.v, &shown.n);
}
static enum rb_err ask_report(const struct rb_situation *s, uint32_t lot, struct rb_arena *a) {
    (void)lot;
    return rb_report_make(s, 0, FX_START_MS, FX_START_MS + 1000, a, &a_report);
}

/* fails at the nth request for room, for every n, until nothing fails: nothing is said before */
static void fail_each(struct fx *w, const struct rb_situation *s, uint32_t lot, asked ask) {
    static const struct rb_request_lot none;
    enum rb_err err = RB_ERR_LIMIT;
    for (uint64_t nth = 1; err != RB_OK; nth++) {
        const size_t mark = rb_arena_mark(&w->arena);
        request_lot = none;
        contact_lot = (struct rb_contact_lot){0};
        a_report = (struct rb_report){0};
        shown = (struct shown){NULL, 0};
        w->arena.fail_at = nth;
        err = ask(s, lot, &w->arena);
        const size_t said = request_lot.n + contact_lot.contacts_n + shown.n;
        assert_true(err == RB_OK || (err == RB_ERR_LIMIT && said == 0 && a_report.to_utc_ms == 0));
        w->arena.fail_at = 0;
        rb_arena_release(&w->arena, mark);
        assert_true(nth < 100);
    }
}

static void without_room_nothing_is_said(void **state) {
    struct fx *w = *state;
    struct rb_hash request = lw_say(w, 0, lw_request(w, 0, 0));
    struct rb_hash contact = lw_say(w, 0, lw_contact(w, RB_CONTACT_ASKED, 2, 0));
    lw_say(w, 1, lw_readout(w, "one", &contact));
    struct rb_hash a = assert_incident(w, 0, NULL), b = assert_incident(w, 1, NULL);
    propose(w, 2, &a, &b);
    lw_answer(w, 1, &a, DISPUTE);
    find(w, 2, CONCLUDED, RB_FINDING_CONFIRMED, &a);
    struct rb_situation *s = now(w);
    fail_each(w, s, lw_instrument(s, &request)->lot, ask_request);
    assert_int_equal(request_lot.n, 1);
    fail_each(w, s, lw_instrument(s, &contact)->lot, ask_contact);
    assert_int_equal(contact_lot.readouts_n, 1);
    fail_each(w, s, 0, ask_incidents);
    assert_int_equal(shown.n, 3);
    fail_each(w, s, 0, ask_report);
    assert_int_equal(a_report.waiting_n, 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        M(a_strike_disputed_and_inconclusive),
        M(the_last_word_stands_in_the_column),
        M(evidence_is_its_authors),
        M(a_later_version_stands_beside),
        M(what_stands_side_by_side),
        M(unread_is_shown_as_that),
        M(who_is_no_monitor_finds_nothing),
        M(assigned_visited_concluded),
        M(a_visit_takes_no_conclusions_place),
        M(superseded_by_one_about_another),
        M(superseded_by_one_out_of_turn),
        M(an_assignment_taken_back_binds_nobody),
        M(two_assignments_taken_back_in_turn),
        M(anothers_finding_stays),
        M(one_finding_about_two),
        M(both_versions_of_one_incident),
        M(naming_one_joins_it),
        M(a_later_version_says_otherwise),
        M(versions_of_one_are_one),
        M(naming_what_is_none),
        M(one_version_for_two_of_its_author),
        M(circles_and_chains),
        M(proposed_and_agreed_to),
        M(one_of_them_proposes),
        M(a_stranger_ties_nothing_together),
        M(naming_several_that_are_one_joins_it),
        M(a_monitors_conclusion_takes_them_together),
        M(a_conclusion_out_of_turn_takes_nothing),
        M(without_room_nothing_is_said),
    };
    return cmocka_run_group_tests_name("incidents", tests, NULL, NULL);
}
