/* Agreements and their progress through real books, spec 16.9. */
#include "lot_words.h"
#include <stdio.h>

#define HOUR 3600000ll
#define DUE 1467766800000ll /* 2016-07-06 01:00 */
#define STEPS                                                                                      \
    "6:[[1,\"first\",0,null,1467766800000],[2,\"second\",null,\"others\",1467766800000],"          \
    "[3,\"third\",1,null,null]]"
#define DEAL "{1:\"Integration\",4:[0,1]," STEPS "}"

static struct fx *world(void **state, size_t parties) {
    struct fx *w = *state;
    fx_reset(w, parties);
    w->clock_ms = DUE - 100 * HOUR;
    in_force(w);
    return w;
}

static struct rb_agreement_view view_of(struct fx *w, const struct rb_situation *s,
                                        const struct rb_hash *id) {
    struct rb_agreement_lot out;
    const struct rb_sit_instrument *in = instrument_of(s, id);
    assert_int_equal(rb_lot_agreement(s, in->lot, &w->arena, &out), RB_OK);
    for (size_t i = 0; i < out.n; i++)
        if (&s->instruments[out.agreements[i].instrument] == in) return out.agreements[i];
    fail_msg("not in its lot");
    return (struct rb_agreement_view){0};
}
static struct rb_step_view step(struct fx *w, const struct rb_situation *s,
                                const struct rb_hash *id, size_t number) {
    struct rb_agreement_view v = view_of(w, s, id);
    assert_true(number <= v.steps_n);
    assert_int_equal(v.steps[number - 1].number, number);
    return v.steps[number - 1];
}

static struct rb_record report(struct fx *w, struct rb_hash deal, unsigned number,
                               enum rb_progress_state state) {
    char text[64];
    snprintf(text, sizeof text, "{1:#1,2:%u,3:%u}", number, (unsigned)state);
    return made_on(w, RB_KIND_PROGRESS, text, deal);
}
static struct rb_hash reports(struct fx *w, uint16_t member, struct rb_hash deal, unsigned number,
                              enum rb_progress_state state) {
    return put(w, member, report(w, deal, number, state));
}
static struct rb_hash agreed(struct fx *w) {
    struct rb_hash deal = put(w, 0, made(w, RB_KIND_AGREEMENT, DEAL));
    says(w, 1, &deal, RB_POSITION_ACCEPT);
    return deal;
}

/* ---- the agreement ----------------------------------------------------------------------------
 */

static void adopted_by_its_parties(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash deal = put(w, 0, made(w, RB_KIND_AGREEMENT, DEAL));
    struct rb_hash early = reports(w, 0, deal, 1, RB_PROGRESS_BEGUN);
    says(w, 2, &deal, RB_POSITION_REJECT); /* no party to it */
    assert_state(now(w), deal, "proposed");
    says_held(w, 1, &deal, RB_POSITION_ACCEPT, DUE - 90 * HOUR);
    struct rb_hash late = says(w, 1, &deal, RB_POSITION_REJECT);
    struct rb_hash out = says(w, 0, &deal, RB_POSITION_WITHDRAW);
    struct rb_hash begun = reports(w, 0, deal, 1, RB_PROGRESS_BEGUN);
    struct rb_situation *s = now(w);
    assert_state(s, deal, "adopted");
    assert_int_equal(instrument_of(s, &deal)->since_utc_ms, DUE - 90 * HOUR);
    assert_mark(s, early, OUT_OF_TURN);
    assert_mark(s, late, OUT_OF_TURN);
    assert_mark(s, out, OUT_OF_TURN);
    assert_mark(s, begun, NONE);
    assert_state(s, begun, "stands");
    assert_int_equal(step(w, s, &deal, 1).state, RB_STEP_BEGUN);
    assert_int_equal(step(w, s, &deal, 1).report, fx_place(s, &begun));
    assert_int_equal(step(w, s, &deal, 2).state, RB_STEP_OPEN);
    assert_int_equal(step(w, s, &deal, 2).report, RB_NOWHERE);
}

static void not_adopted(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash no = put(w, 0, made(w, RB_KIND_AGREEMENT, DEAL));
    says(w, 1, &no, RB_POSITION_REJECT);
    struct rb_hash lapsed =
        put(w, 0, made(w, RB_KIND_AGREEMENT, "{1:\"A\",4:[0,1]," STEPS ",7:{4:1467700000000}}"));
    struct rb_hash out = put(w, 0, made(w, RB_KIND_AGREEMENT, DEAL));
    says(w, 0, &out, RB_POSITION_WITHDRAW);
    struct rb_hash after = says(w, 1, &out, RB_POSITION_ACCEPT);
    struct rb_hash progress = reports(w, 0, no, 1, RB_PROGRESS_DONE);
    struct rb_situation *s = at(w, DUE + HOUR);
    assert_state(s, no, "not-adopted");
    assert_state(s, lapsed, "lapsed");
    assert_state(s, out, "withdrawn");
    assert_mark(s, after, OUT_OF_TURN);
    assert_mark(s, progress, OUT_OF_TURN);
    assert_false(step(w, s, &no, 1).overdue); /* nobody owes it */
}

/* adopted by its hour: a report is in turn where it came after that */
static void adopted_by_silence(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash deal = put(
        w, 0, made(w, RB_KIND_AGREEMENT, "{1:\"A\",4:[0,1]," STEPS ",7:{1:3,4:1467700000000}}"));
    fx_held(w, 0, 1, (uint64_t)(DUE - 99 * HOUR) / 1000);
    struct rb_hash early = reports(w, 0, deal, 1, RB_PROGRESS_BEGUN);
    held_at(w, 0, DUE - 98 * HOUR);
    w->clock_ms = 1467700000000 + HOUR;
    struct rb_hash done = reports(w, 0, deal, 1, RB_PROGRESS_DONE);
    struct rb_situation *s = at(w, DUE);
    assert_state(s, deal, "adopted");
    assert_mark(s, early, OUT_OF_TURN);
    assert_mark(s, done, NONE);
    assert_int_equal(step(w, s, &deal, 1).state, RB_STEP_DONE);
}

static void superseded_as_long_as_nobody_agreed(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash one = put(w, 0, made(w, RB_KIND_AGREEMENT, DEAL));
    struct rb_record r = made(w, RB_KIND_AGREEMENT, DEAL);
    fx_ref(&r, RB_REF_SUPERSEDES, &one);
    struct rb_hash two = put(w, 0, r);
    struct rb_hash to_one = says(w, 1, &one, RB_POSITION_ACCEPT);
    says(w, 1, &two, RB_POSITION_ACCEPT);
    r.created_utc_ms++;
    r.refs[RB_REF_SUPERSEDES].n = 0;
    fx_ref(&r, RB_REF_SUPERSEDES, &two);
    struct rb_hash three = put(w, 0, r);
    struct rb_situation *s = now(w);
    assert_state(s, one, "superseded");
    assert_mark(s, to_one, OUT_OF_TURN);
    assert_state(s, two, "adopted");
    assert_mark(s, three, OUT_OF_TURN);
}

/* all that a record supersedes, or nothing */
static void supersedes_two(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash one = put(w, 0, made(w, RB_KIND_AGREEMENT, DEAL));
    struct rb_record r = made(w, RB_KIND_AGREEMENT, DEAL);
    r.body = body_of(w, "{1:\"Other\",4:[0,1]," STEPS "}", NULL, 0);
    struct rb_hash two = put(w, 0, r);
    r.created_utc_ms++;
    fx_ref(&r, RB_REF_SUPERSEDES, &one);
    struct rb_hash three = put(w, 0, r);
    says(w, 1, &two, RB_POSITION_ACCEPT);
    r.refs[RB_REF_SUPERSEDES].n = 0;
    fx_ref(&r, RB_REF_SUPERSEDES, &three);
    r.created_utc_ms++;
    struct rb_hash four = put(w, 0, r);
    fx_ref(&r, RB_REF_SUPERSEDES, &one);
    struct rb_hash five = put(w, 0, r);
    struct rb_situation *s = now(w);
    assert_state(s, one, "superseded");
    assert_state(s, two, "adopted");
    assert_state(s, three, "superseded");
    assert_state(s, four, "proposed");
    assert_mark(s, five, OUT_OF_TURN);
    assert_state(s, five, "marked");
}

/* What says so to no effect has not superseded it: it bears a mark, or is no agreement. */
static void superseded_in_word_alone(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash deal = agreed(w);
    struct rb_hash open = put(w, 0, made(w, RB_KIND_AGREEMENT, "{1:\"Other\",4:[0,1]," STEPS "}"));
    struct rb_record r = made(w, RB_KIND_AGREEMENT, DEAL), notice = fx_notice(w, RB_NOTICE_AREA);
    r.created_utc_ms++;
    fx_ref(&r, RB_REF_SUPERSEDES, &deal);
    fx_ref(&notice, RB_REF_SUPERSEDES, &open);
    struct rb_hash late = put(w, 0, r), other = put(w, 0, notice);
    struct rb_situation *s = now(w);
    assert_mark(s, late, OUT_OF_TURN);
    assert_mark(s, other, NONE);
    assert_state(s, deal, "adopted");
    assert_state(s, open, "proposed");
    assert_int_equal(s->order[fx_place(s, &deal)].superseded_by, RB_NOWHERE);
    assert_int_equal(s->order[fx_place(s, &open)].superseded_by, RB_NOWHERE);
    r = made(w, RB_KIND_AGREEMENT, DEAL);
    r.created_utc_ms += 2;
    fx_ref(&r, RB_REF_SUPERSEDES, &open);
    struct rb_hash next = put(w, 0, r);
    s = now(w);
    assert_state(s, open, "superseded");
    assert_int_equal(s->order[fx_place(s, &open)].superseded_by, fx_place(s, &next));
}

/* Of different lots: its mark and its state are those that it has with the first that it names, and
 * each of the others is superseded or not by itself. */
static void supersedes_across_lots(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash done = put(w, 0, made(w, RB_KIND_AGREEMENT, DEAL));
    says(w, 1, &done, RB_POSITION_ACCEPT);
    struct rb_record r = made(w, RB_KIND_AGREEMENT, DEAL);
    r.body = body_of(w, "{1:\"Other\",4:[0,1]," STEPS "}", NULL, 0);
    struct rb_hash open = put(w, 0, r);
    r.body = body_of(w, "{1:\"Third\",4:[0,1]," STEPS "}", NULL, 0);
    struct rb_hash third = put(w, 0, r);
    fx_ref(&r, RB_REF_SUPERSEDES, &done);
    fx_ref(&r, RB_REF_SUPERSEDES, &open);
    struct rb_hash settled_first = put(w, 0, r);
    r.refs[RB_REF_SUPERSEDES].n = 0;
    fx_ref(&r, RB_REF_SUPERSEDES, &third);
    fx_ref(&r, RB_REF_SUPERSEDES, &done);
    struct rb_hash open_first = put(w, 0, r);
    struct rb_situation *s = now(w);
    assert_true(instrument_of(s, &done)->lot != instrument_of(s, &open)->lot);
    assert_state(s, done, "adopted");
    assert_mark(s, settled_first, OUT_OF_TURN);
    assert_state(s, settled_first, "marked");
    assert_state(s, open, "superseded");
    assert_mark(s, open_first, NONE);
    assert_state(s, open_first, "proposed");
    assert_state(s, third, "superseded");
}

/* what others agreed, as its author says: it is watched, and nobody here is bound */
static void as_reported(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash deal =
        put(w, 2, made(w, RB_KIND_AGREEMENT, "{1:\"Theirs\",5:[\"one\",\"other\"]," STEPS "}"));
    struct rb_hash yes = says(w, 1, &deal, RB_POSITION_ACCEPT);
    struct rb_hash by_author = reports(w, 2, deal, 2, RB_PROGRESS_DELAYED);
    struct rb_hash by_other = reports(w, 1, deal, 2, RB_PROGRESS_DONE);
    struct rb_hash by_owner = reports(w, 1, deal, 3, RB_PROGRESS_DONE);
    struct rb_situation *s = at(w, DUE + 1);
    assert_state(s, deal, "as-reported");
    assert_true(view_of(w, s, &deal).as_reported);
    assert_mark(s, yes, NONE);
    assert_mark(s, by_author, NONE);
    assert_mark(s, by_other, NOT_ENTITLED);
    assert_mark(s, by_owner, NONE);
    assert_int_equal(step(w, s, &deal, 2).state, RB_STEP_DELAYED);
    assert_true(step(w, s, &deal, 2).overdue);
    says(w, 2, &deal, RB_POSITION_WITHDRAW);
    struct rb_hash after = reports(w, 2, deal, 2, RB_PROGRESS_DONE);
    s = at(w, DUE + 1);
    assert_state(s, deal, "withdrawn");
    assert_mark(s, after, OUT_OF_TURN);
    assert_false(step(w, s, &deal, 2).overdue);
}

/* ---- the table of steps -----------------------------------------------------------------------
 */

/* how a step comes to be in a state */
static void bring(struct fx *w, struct rb_hash deal, enum rb_step_state to) {
    static const enum rb_progress_state by[] = {[RB_STEP_BEGUN] = RB_PROGRESS_BEGUN,
                                                [RB_STEP_DONE] = RB_PROGRESS_DONE,
                                                [RB_STEP_DELAYED] = RB_PROGRESS_DELAYED,
                                                [RB_STEP_NOT_DONE] = RB_PROGRESS_NOT_DONE};
    if (to != RB_STEP_OPEN) reports(w, 0, deal, 1, by[to]);
}

static void the_whole_table(void **state) {
    static const char *const allowed[] = {/* begun, done, delayed, not-done */
                                          [RB_STEP_OPEN] = "++++",
                                          [RB_STEP_BEGUN] = "-+++",
                                          [RB_STEP_DONE] = "---+",
                                          [RB_STEP_DELAYED] = "++++",
                                          [RB_STEP_NOT_DONE] = "++--"};
    for (unsigned from = RB_STEP_OPEN; from <= RB_STEP_NOT_DONE; from++)
        for (unsigned to = RB_PROGRESS_BEGUN; to <= RB_PROGRESS_NOT_DONE; to++) {
            struct fx *w = world(state, 2);
            struct rb_hash deal = agreed(w);
            bring(w, deal, (enum rb_step_state)from);
            w->clock_ms += HOUR;
            struct rb_hash id = reports(w, 0, deal, 1, (enum rb_progress_state)to);
            struct rb_situation *s = now(w);
            const bool yes = allowed[from][to] == '+';
            assert_int_equal(fx_mark(s, &id), yes ? RB_MARK_NONE : RB_MARK_OUT_OF_TURN);
            if (!yes) assert_int_equal(step(w, s, &deal, 1).state, from);
            if (yes) assert_int_equal(step(w, s, &deal, 1).report, fx_place(s, &id));
        }
}

static void who_may_report(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash deal = agreed(w);
    struct rb_hash other = reports(w, 1, deal, 1, RB_PROGRESS_DONE);
    struct rb_hash any = reports(w, 1, deal, 2, RB_PROGRESS_DONE);
    struct rb_hash no_party = reports(w, 2, deal, 2, RB_PROGRESS_NOT_DONE);
    struct rb_hash no_step = reports(w, 0, deal, 4, RB_PROGRESS_DONE);
    struct rb_hash text = put(w, 0, fx_record(w, RB_KIND_TEXT));
    struct rb_hash of_text = reports(w, 0, text, 1, RB_PROGRESS_DONE);
    struct rb_hash nowhere = put(w, 0, made(w, RB_KIND_PROGRESS, "{1:#1,2:1,3:1}"));
    struct rb_situation *s = now(w);
    assert_mark(s, other, NOT_ENTITLED);
    assert_mark(s, any, NONE);
    assert_mark(s, no_party, NOT_ENTITLED);
    assert_mark(s, no_step, OUT_OF_TURN);
    assert_mark(s, of_text, OUT_OF_TURN);
    assert_mark(s, nowhere, NO_SUBJECT);
    assert_int_equal(step(w, s, &deal, 1).state, RB_STEP_OPEN);
    assert_int_equal(step(w, s, &deal, 2).state, RB_STEP_DONE);
}

/* ---- hours ------------------------------------------------------------------------------------
 */

static void in_time_late_or_contested(void **state) {
    static const struct {
        int64_t made, held; /* 0: not known to be held */
        bool late, contested;
    } cases[] = {{DUE - 2 * HOUR, DUE - HOUR, false, false},
                 {DUE - 2 * HOUR, DUE + HOUR, false, true},
                 {DUE - 2 * HOUR, 0, false, true},
                 {DUE + HOUR, DUE + 2 * HOUR, true, false},
                 {DUE + HOUR, 0, true, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fx *w = world(state, 3);
        struct rb_hash deal = agreed(w);
        w->clock_ms = cases[i].made;
        reports(w, 0, deal, 1, RB_PROGRESS_DONE);
        if (cases[i].held != 0) held_at(w, 0, cases[i].held);
        struct rb_step_view v = step(w, at(w, DUE + 5 * HOUR), &deal, 1);
        assert_int_equal(v.state, RB_STEP_DONE);
        assert_int_equal(v.late, cases[i].late);
        assert_int_equal(v.contested_by_time, cases[i].contested);
        assert_false(v.overdue);
    }
}

static void delayed_and_overdue(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash deal = agreed(w);
    assert_false(step(w, at(w, DUE), &deal, 1).overdue);
    assert_true(step(w, at(w, DUE + 1), &deal, 1).overdue);
    assert_false(step(w, at(w, DUE + 1), &deal, 3).overdue); /* no time was stated */
    put(w, 0, made_on(w, RB_KIND_PROGRESS, "{1:#1,2:1,3:2,5:1467853200000}", deal));
    struct rb_step_view v = step(w, at(w, DUE + 1), &deal, 1);
    assert_int_equal(v.state, RB_STEP_DELAYED);
    assert_true(v.has_due && v.has_expected);
    assert_int_equal(v.due_utc_ms, DUE); /* beside the first */
    assert_int_equal(v.expected_utc_ms, DUE + 24 * HOUR);
    assert_false(v.overdue);
    assert_true(step(w, at(w, DUE + 24 * HOUR + 1), &deal, 1).overdue);
    put(w, 0, made_on(w, RB_KIND_PROGRESS, "{1:#1,2:1,3:2,5:1467939600000}", deal)); /* once more */
    assert_false(step(w, at(w, DUE + 24 * HOUR + 1), &deal, 1).overdue);
    w->clock_ms = DUE + 47 * HOUR;
    reports(w, 0, deal, 1, RB_PROGRESS_DONE);
    held_at(w, 0, DUE + 47 * HOUR + 60000);
    v = step(w, at(w, DUE + 60 * HOUR), &deal, 1);
    assert_false(v.late || v.overdue || v.contested_by_time);
    reports(w, 0, deal, 1, RB_PROGRESS_NOT_DONE);
    v = step(w, at(w, DUE + 60 * HOUR), &deal, 1);
    assert_true(v.overdue);
    assert_int_equal(v.state, RB_STEP_NOT_DONE);
}

/* ---- what others say of it --------------------------------------------------------------------
 */

static void confirmed_and_disputed(void **state) {
    struct fx *w = world(state, 4);
    struct rb_hash deal = agreed(w);
    struct rb_hash begun = reports(w, 0, deal, 1, RB_PROGRESS_BEGUN);
    says(w, 1, &begun, RB_POSITION_CONFIRM);
    struct rb_hash own = says(w, 0, &begun, RB_POSITION_CONFIRM);
    struct rb_situation *s = now(w);
    assert_int_equal(step(w, s, &deal, 1).confirmed, 2);
    assert_mark(s, own, NOT_ENTITLED);
    struct rb_hash done = reports(w, 0, deal, 1, RB_PROGRESS_DONE);
    assert_int_equal(step(w, now(w), &deal, 1).confirmed, 0); /* nobody has said it of this one */
    says(w, 1, &done, RB_POSITION_CONFIRM);
    says(w, 3, &done, RB_POSITION_CONFIRM);
    struct rb_hash no = says(w, 3, &done, RB_POSITION_DISPUTE);
    says(w, 2, &begun, RB_POSITION_DISPUTE); /* of one that is not the last */
    s = now(w);
    assert_int_equal(step(w, s, &deal, 1).confirmed, 2);
    assert_int_equal(step(w, s, &deal, 1).disputed, 8);
    assert_int_equal(step(w, s, &deal, 1).state,
                     RB_STEP_DONE); /* reported, whatever is said of it */
    says(w, 3, &no, RB_POSITION_WITHDRAW);
    s = now(w);
    assert_int_equal(step(w, s, &deal, 1).confirmed, 2 | 8);
    assert_int_equal(step(w, s, &deal, 1).disputed, 0);
    struct rb_record r = fx_position(w, &done, RB_POSITION_DISPUTE); /* by hearsay: moves nothing */
    r.reported_who = rb_str("somebody");
    r.reported_carrier = rb_str("phone");
    put(w, 2, r);
    assert_int_equal(step(w, now(w), &deal, 1).disputed, 0);
}

static void a_report_is_taken_back(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash deal = agreed(w);
    struct rb_hash begun = reports(w, 0, deal, 1, RB_PROGRESS_BEGUN);
    says(w, 1, &begun, RB_POSITION_CONFIRM);
    struct rb_hash done = reports(w, 0, deal, 1, RB_PROGRESS_DONE);
    struct rb_hash out = says(w, 0, &done, RB_POSITION_WITHDRAW);
    struct rb_hash again = says(w, 0, &done, RB_POSITION_WITHDRAW);
    struct rb_hash echo = says(w, 1, &done, RB_POSITION_CONFIRM);
    struct rb_situation *s = now(w);
    assert_mark(s, out, NONE);
    assert_mark(s, again, OUT_OF_TURN);
    assert_mark(s, echo, OUT_OF_TURN);
    assert_state(s, done, "withdrawn");
    assert_int_equal(step(w, s, &deal, 1).state, RB_STEP_BEGUN);
    assert_int_equal(step(w, s, &deal, 1).report, fx_place(s, &begun));
    assert_int_equal(step(w, s, &deal, 1).confirmed, 2);
    struct rb_hash not_done = reports(w, 0, deal, 1, RB_PROGRESS_NOT_DONE);
    says(w, 0, &begun, RB_POSITION_WITHDRAW); /* others went on from it */
    s = now(w);
    assert_state(s, begun, "withdrawn");
    assert_int_equal(step(w, s, &deal, 1).state, RB_STEP_NOT_DONE);
    says(w, 0, &not_done, RB_POSITION_WITHDRAW);
    s = now(w);
    assert_int_equal(step(w, s, &deal, 1).state, RB_STEP_OPEN);
    assert_int_equal(step(w, s, &deal, 1).report, RB_NOWHERE);
}

static void a_report_is_superseded(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash deal = agreed(w);
    struct rb_hash done = reports(w, 0, deal, 1, RB_PROGRESS_DONE);
    struct rb_record r = report(w, deal, 1, RB_PROGRESS_BEGUN); /* which done forbids */
    fx_ref(&r, RB_REF_SUPERSEDES, &done);
    struct rb_hash begun = put(w, 0, r);
    struct rb_situation *s = now(w);
    assert_mark(s, begun, NONE);
    assert_state(s, done, "superseded");
    assert_int_equal(step(w, s, &deal, 1).state, RB_STEP_BEGUN);
    r = report(w, deal, 4, RB_PROGRESS_DONE); /* of no step: what it would replace stands */
    fx_ref(&r, RB_REF_SUPERSEDES, &begun);
    struct rb_hash nothing = put(w, 0, r);
    s = now(w);
    assert_mark(s, nothing, OUT_OF_TURN);
    assert_state(s, begun, "stands");
    assert_int_equal(step(w, s, &deal, 1).state, RB_STEP_BEGUN);
    says(w, 0, &begun, RB_POSITION_WITHDRAW);
    assert_int_equal(step(w, now(w), &deal, 1).state, RB_STEP_OPEN);
}

/* Of another lot's agreement: it has its state there, and what it supersedes here is over whatever
 * becomes of it. */
static void superseded_by_one_on_another(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash deal = agreed(w);
    struct rb_hash other = put(w, 0, made(w, RB_KIND_AGREEMENT, "{1:\"Other\",4:[0,1]," STEPS "}"));
    says(w, 1, &other, RB_POSITION_ACCEPT);
    struct rb_hash begun = reports(w, 0, deal, 1, RB_PROGRESS_BEGUN);
    struct rb_hash done = reports(w, 0, deal, 1, RB_PROGRESS_DONE);
    struct rb_record r = report(w, other, 1, RB_PROGRESS_DONE);
    fx_ref(&r, RB_REF_SUPERSEDES, &done);
    struct rb_hash moved = put(w, 0, r);
    struct rb_situation *s = now(w);
    assert_mark(s, moved, NONE);
    assert_state(s, moved, "stands");
    assert_state(s, done, "superseded");
    assert_int_equal(step(w, s, &deal, 1).state, RB_STEP_BEGUN);
    assert_int_equal(step(w, s, &other, 1).state, RB_STEP_DONE);
    r = report(w, other, 4, RB_PROGRESS_DONE); /* of no step there */
    fx_ref(&r, RB_REF_SUPERSEDES, &begun);
    struct rb_hash nothing = put(w, 0, r);
    r = report(w, other, 1, RB_PROGRESS_NOT_DONE);
    fx_ref(&r, RB_REF_SUPERSEDES, &done); /* over already */
    struct rb_hash again = put(w, 0, r);
    s = now(w);
    assert_mark(s, nothing, OUT_OF_TURN);
    assert_state(s, begun, "superseded");
    assert_int_equal(step(w, s, &deal, 1).state, RB_STEP_OPEN);
    assert_mark(s, again, NONE);
    assert_int_equal(step(w, s, &other, 1).state, RB_STEP_NOT_DONE);
}

/* Reports that supersede the last, and are denied: what lies behind it is gone through once. */
static void denied_a_hundred_times(void **state) {
    struct fx *w = world(state, 2);
    struct rb_hash deal = agreed(w);
    struct rb_hash said[100];
    for (size_t i = 0; i < 100; i++)
        said[i] = put(w, 0, report(w, deal, 1, RB_PROGRESS_DELAYED));
    for (size_t i = 0; i < 99; i++) {
        struct rb_record r = fx_position(w, &said[i], RB_POSITION_WITHDRAW);
        for (size_t k = 0; k < 15 && i < 98; k++)
            fx_ref(&r, RB_REF_ANSWERS, &said[++i]);
        fx_say(w, 0, &r);
    }
    for (size_t i = 0; i < 100; i++) {
        struct rb_record r = report(w, deal, 4, RB_PROGRESS_DONE); /* no step */
        fx_ref(&r, RB_REF_SUPERSEDES, &said[99]);
        fx_say(w, 0, &r);
    }
    struct rb_situation *s = now(w);
    assert_state(s, said[98], "withdrawn");
    assert_state(s, said[99], "stands");
    assert_int_equal(step(w, s, &deal, 1).report, fx_place(s, &said[99]));
    assert_true(s->looks < 2000);
}

/* ---- who can read it, who is forked -----------------------------------------------------------
 */

static void nothing_is_said_of_what_is_not_read(void **state) {
    struct fx *w = world(state, 4);
    struct rb_record r = made(w, RB_KIND_AGREEMENT, DEAL);
    fx_close(&r, 7);
    struct rb_hash deal = put(w, 0, r);
    r = fx_position(w, &deal, RB_POSITION_ACCEPT);
    fx_close(&r, 1 | 2);
    put(w, 1, r);
    struct rb_hash open = reports(w, 0, deal, 1, RB_PROGRESS_BEGUN);
    r = report(w, deal, 1, RB_PROGRESS_DONE);
    fx_close(&r, 1 | 2);
    struct rb_hash closed = put(w, 0, r);
    for (uint16_t m = 0; m < 4; m++) {
        struct rb_book *b = fx_book(w);
        fx_unseal_for(w, b, m);
        struct rb_situation *s = fx_fold(w, b, DUE);
        assert_state(s, deal, m < 2 ? "adopted" : "unread");
        assert_state(s, open, m < 2 ? "stands" : "unread");
        assert_state(s, closed, m < 2 ? "stands" : "unread");
        assert_mark(s, open, NONE);
        assert_mark(s, closed, NONE);
        if (m < 2) assert_int_equal(step(w, s, &deal, 1).state, RB_STEP_DONE);
        if (m == 2) assert_int_equal(step(w, s, &deal, 1).state, RB_STEP_OPEN);
        if (m == 3) assert_int_equal(view_of(w, s, &deal).steps_n, 0);
    }
}

static void superseded_unread(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash open = put(w, 0, made(w, RB_KIND_AGREEMENT, DEAL));
    struct rb_record r = made(w, RB_KIND_AGREEMENT, DEAL);
    fx_ref(&r, RB_REF_SUPERSEDES, &open);
    fx_close(&r, 3);
    struct rb_hash closed = put(w, 0, r);
    struct rb_hash yes = says(w, 1, &open, RB_POSITION_ACCEPT);
    struct rb_hash done = reports(w, 0, open, 1, RB_PROGRESS_DONE);
    r = made(w, RB_KIND_AGREEMENT, DEAL);
    fx_ref(&r, RB_REF_SUPERSEDES, &closed);
    struct rb_hash last = put(w, 0, r);
    for (uint16_t m = 1; m < 3; m++) {
        struct rb_book *b = fx_book(w);
        fx_unseal_for(w, b, m);
        struct rb_situation *s = fx_fold(w, b, DUE);
        assert_state(s, open, m == 1 ? "superseded" : "unread");
        assert_state(s, closed, m == 1 ? "superseded" : "unread");
        assert_state(s, last, m == 1 ? "proposed" : "unread");
        assert_int_equal(fx_mark(s, &yes), m == 1 ? RB_MARK_OUT_OF_TURN : RB_MARK_NONE);
        assert_state(s, done, m == 1 ? "marked" : "unread");
    }
}

/* What its author says of it unread may be that it withdraws it; also where the author has no
 * voice. */
static void an_authors_closed_word(void **state) {
    static const char *const texts[] = {
        DEAL,                                                        /* the author is a party */
        "{1:\"A\",4:[0,1]," STEPS ",7:{5:[1]}}",                     /* it has no voice */
        "{1:\"A\",5:[\"one\",\"other\"]," STEPS "}",                 /* as reported */
        "{1:\"A\",4:[0,1]," STEPS ",7:{1:3,4:1467700000000,5:[1]}}", /* its hour is past */
    };
    for (size_t i = 0; i < 4; i++) {
        struct fx *w = world(state, 3);
        struct rb_hash deal = put(w, 0, made(w, RB_KIND_AGREEMENT, texts[i]));
        fx_held(w, 0, 1, (uint64_t)w->clock_ms / 1000);
        if (i == 3) w->clock_ms = 1467700000000 + HOUR;
        struct rb_record r = fx_position(w, &deal, RB_POSITION_WITHDRAW);
        fx_close(&r, 3);
        struct rb_hash out = put(w, 0, r);
        held_at(w, 0, w->clock_ms);
        struct rb_hash yes = says(w, 1, &deal, RB_POSITION_ACCEPT);
        struct rb_record next = made(w, RB_KIND_AGREEMENT, texts[i]);
        fx_ref(&next, RB_REF_SUPERSEDES, &deal);
        struct rb_hash anew = put(w, 0, next);
        for (uint16_t m = 1; m < 3; m++) {
            struct rb_book *b = fx_book(w);
            fx_unseal_for(w, b, m);
            struct rb_situation *s = fx_fold(w, b, DUE);
            if (i == 3) {
                assert_state(s, deal, "adopted");
                assert_int_equal(fx_mark(s, &out), m == 1 ? RB_MARK_OUT_OF_TURN : RB_MARK_NONE);
                assert_mark(s, anew, OUT_OF_TURN);
                continue;
            }
            assert_state(s, deal, m == 1 ? "withdrawn" : "unread");
            assert_int_equal(fx_mark(s, &yes), m == 1 ? RB_MARK_OUT_OF_TURN : RB_MARK_NONE);
            assert_int_equal(fx_mark(s, &anew), m == 1 ? RB_MARK_OUT_OF_TURN : RB_MARK_NONE);
            if (m == 2) assert_state(s, anew, "unread");
        }
    }
}

static void a_forked_party_moves_nothing(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash deal = agreed(w);
    struct rb_hash done = reports(w, 0, deal, 1, RB_PROGRESS_DONE);
    struct fx_feed *one = fx_feed_of(w, 1, 0);
    fx_fork(w, one, one->n);
    struct rb_hash third = reports(w, 1, deal, 3, RB_PROGRESS_DONE);
    fx_turn(w, one);
    struct rb_hash echo = says(w, 1, &done, RB_POSITION_DISPUTE);
    struct rb_situation *s = now(w);
    assert_mark(s, third, CONTESTED);
    assert_mark(s, echo, CONTESTED);
    assert_int_equal(step(w, s, &deal, 1).state, RB_STEP_DONE);
    assert_int_equal(step(w, s, &deal, 1).disputed, 0);
    assert_int_equal(step(w, s, &deal, 3).state, RB_STEP_OPEN);
}

static void out_of_room(void **state) {
    struct fx *w = world(state, 3);
    struct rb_hash deal = agreed(w);
    struct rb_hash done = reports(w, 0, deal, 1, RB_PROGRESS_DONE);
    struct rb_situation *s = now(w);
    struct rb_agreement_lot out;
    const uint32_t lot = instrument_of(s, &deal)->lot;
    enum rb_err err = RB_ERR_LIMIT;
    uint64_t n = 1;
    for (; err != RB_OK && n < 100; n++) {
        w->arena.fail_at = n;
        err = rb_lot_agreement(s, lot, &w->arena, &out);
        assert_true(err == RB_OK || err == RB_ERR_LIMIT);
    }
    w->arena.fail_at = 0;
    assert_int_equal(err, RB_OK);
    assert_in_range(n, 5, 99);
    assert_int_equal(instrument_of(s, &done)->lot, lot);
    assert_int_equal(rb_lot_agreement(s, (uint32_t)s->lots_n, &w->arena, &out), RB_ERR_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(adopted_by_its_parties),
        T(not_adopted),
        T(adopted_by_silence),
        T(superseded_as_long_as_nobody_agreed),
        T(supersedes_two),
        T(superseded_in_word_alone),
        T(supersedes_across_lots),
        T(as_reported),
        T(the_whole_table),
        T(who_may_report),
        T(in_time_late_or_contested),
        T(delayed_and_overdue),
        T(confirmed_and_disputed),
        T(a_report_is_taken_back),
        T(a_report_is_superseded),
        T(superseded_by_one_on_another),
        T(denied_a_hundred_times),
        T(nothing_is_said_of_what_is_not_read),
        T(superseded_unread),
        T(an_authors_closed_word),
        T(a_forked_party_moves_nothing),
        T(out_of_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
