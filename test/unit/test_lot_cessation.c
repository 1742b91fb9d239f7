/* Cessations through real books, spec 16.4. Times in UTC; exercise B's calm is that of July 2016:
 * "72 hours" from 01:00 on the 6th to 24:00 on the 8th, extended from 01:00 on the 9th. */
#include "lot_words.h"

#define HOUR 3600000ll
#define START 1467766800000ll /* 2016-07-06 01:00 */
#define END 1468022400000ll   /* 2016-07-09 00:00 */
#define CALM "1:\"A calm\",4:1467766800000,5:1468022400000"

static struct fx *world(void **state, size_t parties) {
    struct fx *w = *state;
    fx_reset(w, parties);
    w->clock_ms = START - 100 * HOUR;
    return w;
}
static void guarantor(struct fx *w, size_t member) {
    w->charter.members[member].role = RB_ROLE_GUARANTOR;
}

static struct rb_cessation_view view_of(struct fx *w, const struct rb_situation *s,
                                        const struct rb_hash *id) {
    struct rb_cessation_lot out;
    const struct rb_sit_instrument *in = instrument_of(s, id);
    assert_int_equal(rb_lot_cessation(s, in->lot, &w->arena, &out), RB_OK);
    for (size_t i = 0; i < out.n; i++)
        if (&s->instruments[out.cessations[i].instrument] == in) return out.cessations[i];
    fail_msg("not in its lot");
    return (struct rb_cessation_view){0};
}
static uint64_t bound_at(struct fx *w, const struct rb_hash *id, int64_t utc_ms) {
    return view_of(w, at(w, utc_ms), id).bound;
}

/* in force from its adoption on, where that is known to be later; a declaration, where it says so
 */
static void adopted_after_its_start(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    w->clock_ms = START + HOUR;
    says_held(w, 1, &calm, RB_POSITION_ACCEPT, START + 2 * HOUR);
    struct rb_hash own = put(w, 1, made(w, RB_KIND_CESSATION, "{" CALM "}"));
    held_at(w, 1, START + 3 * HOUR);
    struct rb_situation *s = at(w, START + 4 * HOUR);
    assert_int_equal(view_of(w, s, &calm).start_utc_ms, START + 2 * HOUR);
    assert_int_equal(instrument_of(s, &calm)->since_utc_ms, START + 2 * HOUR);
    assert_in_range(view_of(w, s, &own).start_utc_ms, START + HOUR, START + HOUR + 60000);
    assert_state(s, calm, "in-force");
    assert_state(s, own, "in-force");
}

/* ---- exercise B -------------------------------------------------------------------------------
 */

static void seventy_two_hours_that_are_71(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",6:259200000}"));
    assert_state(at(w, START - 1), calm, "declared");
    assert_state(at(w, START), calm, "in-force");
    assert_state(at(w, END - 1), calm, "in-force");
    assert_state(at(w, END), calm, "ended");
    struct rb_situation *s = at(w, START);
    struct rb_cessation_view v = view_of(w, s, &calm);
    assert_true(v.declared && v.has_end);
    assert_int_equal(v.length_differs_ms, HOUR);
    assert_int_equal(v.bound, 1);
    assert_int_equal(v.adoption.state, RB_ADOPTION_ADOPTED);
    assert_int_equal(bound_at(w, &calm, END), 0);
}

static void an_hour_between_them(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM "}"));
    struct rb_hash more = put(
        w, 0,
        made_on(w, RB_KIND_CESSATION, "{1:\"More\",4:1468026000000,5:1468281600000,12:#1}", calm));
    struct rb_cessation_view v = view_of(w, at(w, START), &more);
    assert_int_equal(v.gap_ms, HOUR);
    assert_int_equal(v.extends, 0);
    assert_true(v.declared);
    assert_int_equal(view_of(w, at(w, START), &calm).end_utc_ms, END);
    struct rb_situation *s = at(w, END + HOUR / 2); /* in the gap nothing is in force */
    assert_state(s, calm, "ended");
    assert_state(s, more, "declared");
    s = at(w, END + HOUR);
    assert_state(s, calm, "ended");
    assert_state(s, more, "in-force");
}

/* ---- extensions -------------------------------------------------------------------------------
 */

static void a_chain_without_gaps(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    struct rb_hash more = put(
        w, 1,
        made_on(w, RB_KIND_CESSATION, "{1:\"More\",4:1468022400000,5:1468108800000,12:#1}", calm));
    struct rb_hash most = put(
        w, 0,
        made_on(w, RB_KIND_CESSATION, "{1:\"Most\",4:1468108800000,5:1468195200000,12:#1}", more));
    assert_state(at(w, START), calm, "proposed");
    assert_state(at(w, START), more, "proposed");
    says(w, 1, &calm, RB_POSITION_ACCEPT);
    assert_int_equal(view_of(w, at(w, START), &calm).end_utc_ms, END);
    says(w, 1, &most, RB_POSITION_ACCEPT); /* but not what it extends */
    assert_state(at(w, START), most, "proposed");
    says(w, 0, &more, RB_POSITION_ACCEPT);
    struct rb_situation *s = at(w, END + HOUR);
    assert_state(s, calm, "in-force");
    assert_state(s, more, "in-force");
    assert_state(s, most, "agreed");
    assert_int_equal(view_of(w, s, &calm).end_utc_ms, 1468195200000);
    assert_int_equal(view_of(w, s, &more).gap_ms, 0);
    assert_int_equal(view_of(w, s, &most).bound, 3);
    s = at(w, 1468195200000);
    assert_state(s, calm, "ended");
    assert_state(s, most, "ended");
}

/* never to an earlier end; one adopted after the end leaves the gap that there was */
static void what_makes_it_no_longer(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    says(w, 1, &calm, RB_POSITION_ACCEPT);
    struct rb_hash less = put(
        w, 0,
        made_on(w, RB_KIND_CESSATION, "{1:\"Less\",4:1467766900000,5:1467767000000,12:#1}", calm));
    says(w, 1, &less, RB_POSITION_ACCEPT);
    struct rb_hash late = put(
        w, 0,
        made_on(w, RB_KIND_CESSATION, "{1:\"Late\",4:1468022400000,5:1468195200000,12:#1}", calm));
    struct rb_situation *s = at(w, START + HOUR);
    assert_int_equal(view_of(w, s, &calm).end_utc_ms, END);
    w->clock_ms = END + 2 * HOUR;
    says_held(w, 1, &late, RB_POSITION_ACCEPT, END + 3 * HOUR);
    s = at(w, END + 4 * HOUR);
    assert_state(s, calm, "ended");
    assert_state(s, late, "in-force");
    assert_int_equal(view_of(w, s, &calm).end_utc_ms, END);
    assert_int_equal(view_of(w, s, &late).start_utc_ms, END + 3 * HOUR);
    assert_int_equal(view_of(w, s, &late).gap_ms, 3 * HOUR);
}

static void who_may_extend(void **state) {
    struct fx *w = world(state, 4);
    in_force(w);
    static const char *const more = "{1:\"More\",4:1468022400000,5:1468108800000,12:#1}";
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1],8:[2]}"));
    says(w, 1, &calm, RB_POSITION_ACCEPT);
    struct rb_hash none = put(w, 3, made_on(w, RB_KIND_CESSATION, more, calm));
    struct rb_hash nowhere = put(w, 0, made(w, RB_KIND_CESSATION, more));
    struct rb_hash text = put(w, 0, fx_record(w, RB_KIND_TEXT));
    struct rb_hash other = put(w, 0, made_on(w, RB_KIND_CESSATION, more, text));
    struct rb_hash by_guarantor = put(w, 2, made_on(w, RB_KIND_CESSATION, more, calm));
    struct rb_hash on_denied = put(w, 3, made_on(w, RB_KIND_CESSATION, more, none));
    struct rb_situation *s = at(w, START);
    assert_mark(s, none, NOT_ENTITLED);
    assert_state(s, none, "marked");
    assert_mark(s, nowhere, NO_SUBJECT);
    assert_mark(s, other, OUT_OF_TURN);
    assert_mark(s, on_denied, OUT_OF_TURN);
    assert_mark(s, by_guarantor, NONE);
    assert_state(s, by_guarantor, "proposed"); /* its electors are the parties */
    says(w, 0, &by_guarantor, RB_POSITION_ACCEPT);
    says(w, 1, &by_guarantor, RB_POSITION_ACCEPT);
    assert_state(at(w, START), by_guarantor, "agreed");
    assert_int_equal(bound_at(w, &by_guarantor, START), 3); /* not the guarantor */
    assert_int_equal(view_of(w, at(w, START), &calm).end_utc_ms, 1468108800000);
}

/* exercise C: all guarantors must accept it, and one does not */
static void an_extension_lapses_for_want_of_a_guarantor(void **state) {
    for (uint16_t accepted = 0; accepted < 3; accepted++) {
        struct fx *w = world(state, 4);
        guarantor(w, 2);
        guarantor(w, 3);
        in_force(w);
        struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1],8:[2,3]}"));
        says(w, 1, &calm, RB_POSITION_ACCEPT);
        struct rb_hash more = put(w, 0,
                                  made_on(w, RB_KIND_CESSATION,
                                          "{1:\"More\",4:1468022400000,5:1468108800000,7:[0,1],10:{"
                                          "1:4,4:1468000000000},12:#1}",
                                          calm));
        says(w, 1, &more, RB_POSITION_ACCEPT); /* a party's word moves nothing here */
        for (uint16_t k = 0; k < accepted; k++)
            says_held(w, 2 + k, &more, RB_POSITION_ACCEPT, START);
        assert_state(at(w, START), more, accepted < 2 ? "proposed" : "agreed");
        struct rb_situation *s = at(w, END);
        assert_state(s, more, accepted < 2 ? "lapsed" : "in-force");
        assert_state(s, calm, accepted < 2 ? "ended" : "in-force");
        assert_int_equal(view_of(w, s, &more).bound, accepted < 2 ? 0 : 3);
    }
}

/* ---- accession --------------------------------------------------------------------------------
 */

static void letters_to_any_guarantor(void **state) {
    struct fx *w = world(state, 7);
    guarantor(w, 2);
    guarantor(w, 3);
    in_force(w);
    const int64_t by = 1467760000000;
    struct rb_hash calm =
        put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1],8:[2,3],10:{4:1467760000000}}"));
    says_held(w, 1, &calm, RB_POSITION_ACCEPT, by - 20 * HOUR);
    w->clock_ms = by - 10 * HOUR;
    struct rb_hash in_time = says_held(w, 4, &calm, RB_POSITION_ACCEPT, by - HOUR);
    struct rb_hash contested = says_held(w, 5, &calm, RB_POSITION_ACCEPT, by + HOUR);
    struct rb_record r = fx_position(w, &calm, RB_POSITION_ACCEPT);
    r.reported_who = rb_str("a group in the south");
    r.reported_carrier = rb_str("letter");
    struct rb_hash letter = put(w, 3, r);
    held_at(w, 3, by - HOUR);
    struct rb_hash no_guarantor = put(w, 1, r);
    w->clock_ms = by + HOUR;
    struct rb_hash late = says_held(w, 6, &calm, RB_POSITION_ACCEPT, by + 2 * HOUR);
    struct rb_situation *s = at(w, START);
    struct rb_cessation_view v = view_of(w, s, &calm);
    assert_state(s, calm, "in-force");
    assert_int_equal(v.bound, 1 | 2 | 16);
    assert_int_equal(v.accessions_n, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct rb_accession *a = &v.accessions[i];
        const bool is_letter = a->record == fx_place(s, &letter);
        assert_int_equal(a->reported, is_letter);
        if (a->record == fx_place(s, &in_time)) assert_int_equal(a->verdict, RB_IN_TIME);
        if (a->record == fx_place(s, &contested)) assert_int_equal(a->verdict, RB_TIME_CONTESTED);
        if (a->record == fx_place(s, &late)) assert_int_equal(a->verdict, RB_TOO_LATE);
        if (is_letter) assert_int_equal(a->member, 3);
        if (is_letter) assert_int_equal(a->verdict, RB_IN_TIME);
    }
    assert_mark(s, no_guarantor, NOT_ENTITLED);
    assert_mark(s, late, NONE);
}

static void an_accession_is_taken_back(void **state) {
    struct fx *w = world(state, 4);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    says(w, 1, &calm, RB_POSITION_ACCEPT);
    struct rb_hash in = says(w, 2, &calm, RB_POSITION_ACCEPT);
    assert_int_equal(bound_at(w, &calm, START), 1 | 2 | 4);
    w->clock_ms = START;
    struct rb_hash out = says(w, 2, &in, RB_POSITION_WITHDRAW);
    assert_int_equal(bound_at(w, &calm, START + HOUR), 1 | 2 | 4); /* not known to be held */
    held_at(w, 2, START + 2 * HOUR);
    assert_int_equal(bound_at(w, &calm, START + HOUR), 1 | 2 | 4);
    assert_int_equal(bound_at(w, &calm, START + 2 * HOUR), 1 | 2);
    struct rb_hash again = says(w, 2, &in, RB_POSITION_WITHDRAW);
    struct rb_situation *s = at(w, START + 3 * HOUR);
    assert_mark(s, out, NONE);
    assert_mark(s, again, OUT_OF_TURN);
    assert_state(s, calm, "in-force"); /* it moves no state */
}

/* ---- withdrawal -------------------------------------------------------------------------------
 */

static void bound_until_it_is_held(void **state) {
    struct fx *w = world(state, 4);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1,2]}"));
    struct rb_hash one = says_held(w, 1, &calm, RB_POSITION_ACCEPT, START - HOUR);
    struct rb_hash two = says_held(w, 2, &calm, RB_POSITION_ACCEPT, START - HOUR);
    w->clock_ms = START + HOUR;
    struct rb_hash out = says(w, 1, &one, RB_POSITION_WITHDRAW);
    assert_int_equal(bound_at(w, &calm, START + 5 * HOUR), 7);
    assert_int_equal(view_of(w, at(w, START + 5 * HOUR), &calm).withdrawals[0].until_ms, 0);
    held_at(w, 1, START + 3 * HOUR);
    assert_int_equal(bound_at(w, &calm, START + 3 * HOUR - 1), 7);
    assert_int_equal(bound_at(w, &calm, START + 3 * HOUR), 5);
    struct rb_situation *s = at(w, START + 4 * HOUR);
    assert_state(s, calm, "in-force"); /* the others stay bound */
    struct rb_cessation_view v = view_of(w, s, &calm);
    assert_int_equal(v.withdrawals_n, 1);
    assert_int_equal(v.withdrawals[0].member, 1);
    assert_int_equal(v.withdrawals[0].record, fx_place(s, &out));
    assert_int_equal(v.withdrawals[0].until_ms, START + 3 * HOUR);
    struct rb_hash again = says(w, 1, &one, RB_POSITION_WITHDRAW);
    struct rb_hash back = says(w, 1, &calm, RB_POSITION_ACCEPT);
    w->clock_ms = START + 5 * HOUR;
    says_held(w, 2, &two, RB_POSITION_WITHDRAW, START + 6 * HOUR);
    s = at(w, START + 7 * HOUR);
    assert_mark(s, again, OUT_OF_TURN);
    assert_mark(s, back, OUT_OF_TURN);
    assert_state(s, calm, "broken-off");
    assert_int_equal(view_of(w, s, &calm).bound, 0);
    assert_state(at(w, END + HOUR), calm, "broken-off");
    assert_state(at(w, START + 5 * HOUR), calm, "in-force");
}

static void too_late_to_withdraw(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    struct rb_hash yes = says(w, 1, &calm, RB_POSITION_ACCEPT);
    w->clock_ms = END + HOUR;
    struct rb_hash out = says_held(w, 1, &yes, RB_POSITION_WITHDRAW, END + HOUR);
    struct rb_situation *s = at(w, END + 2 * HOUR);
    assert_mark(s, out, OUT_OF_TURN);
    assert_state(s, calm, "ended");
    assert_int_equal(view_of(w, s, &calm).withdrawals_n, 0);
}

static void a_declaration_is_broken_off(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM "}"));
    w->clock_ms = START + HOUR;
    says(w, 0, &calm, RB_POSITION_WITHDRAW);
    assert_state(at(w, START + 2 * HOUR), calm, "in-force"); /* nobody is known to hold that */
    held_at(w, 0, START + 3 * HOUR);
    assert_state(at(w, START + 2 * HOUR), calm, "in-force");
    assert_state(at(w, START + 3 * HOUR), calm, "broken-off");
}

/* what extends it binds whom it binds: who withdrew is out of both, and what is broken off ends
 * there */
static void out_of_all_of_the_chain(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    struct rb_hash yes = says(w, 1, &calm, RB_POSITION_ACCEPT);
    struct rb_hash more = put(
        w, 0,
        made_on(w, RB_KIND_CESSATION, "{1:\"More\",4:1468022400000,5:1468108800000,12:#1}", calm));
    struct rb_hash also = says(w, 1, &more, RB_POSITION_ACCEPT);
    w->clock_ms = START + HOUR;
    struct rb_hash out = says_held(w, 1, &also, RB_POSITION_WITHDRAW, START + HOUR);
    struct rb_situation *s = at(w, START + 2 * HOUR);
    assert_mark(s, out, NONE);
    assert_state(s, calm, "in-force");
    assert_state(s, more, "broken-off");
    assert_int_equal(view_of(w, s, &calm).end_utc_ms, END);
    says_held(w, 1, &yes, RB_POSITION_WITHDRAW, START + 3 * HOUR);
    assert_state(at(w, START + 4 * HOUR), calm, "broken-off");
}

/* adopted by its hour: what is said after that is said of one that is adopted */
static void after_silence(void **state) {
    struct fx *w = world(state, 4);
    in_force(w);
    const int64_t by = 1467750000000;
    struct rb_hash calm =
        put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1,2],10:{1:3,4:1467750000000}}"));
    for (uint16_t k = 1; k < 3; k++) /* silence is that of who was told */
        fx_held(w, 0, k, (uint64_t)((by - 20 * HOUR) / 1000));
    w->clock_ms = by + HOUR;
    struct rb_hash out = says_held(w, 1, &calm, RB_POSITION_DISSOCIATE, by + 2 * HOUR);
    struct rb_hash own = says_held(w, 0, &calm, RB_POSITION_WITHDRAW, by + 3 * HOUR);
    struct rb_situation *s = at(w, by + 2 * HOUR);
    assert_mark(s, out, NONE);
    assert_mark(s, own, NONE);
    assert_state(s, calm, "agreed");
    assert_int_equal(view_of(w, s, &calm).bound, 1 | 4);
    assert_state(at(w, by + 3 * HOUR), calm, "broken-off");
}

/* ---- whose word binds whom --------------------------------------------------------------------
 */

#define MORE "{1:\"More\",4:1468022400000,5:1468108800000"
#define MORE_END 1468108800000ll

/* what is not said by all whom a truce binds makes it no longer: it binds those who said it */
static void some_prolong_nothing(void **state) {
    static const struct {
        const char *calm, *more;
        uint16_t parties;
        uint64_t bound;
    } lines[] = {
        {"{" CALM ",7:[0,1]}", "{1:\"More\",4:1468022400000,7:[0],12:#1}", 2, 1},
        {"{" CALM ",7:[0,1,2]}", MORE ",7:[0,1],12:#1}", 3, 3},
    };
    for (size_t i = 0; i < 2; i++) {
        struct fx *w = world(state, 4);
        in_force(w);
        struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, lines[i].calm));
        for (uint16_t k = 1; k < lines[i].parties; k++)
            says_held(w, k, &calm, RB_POSITION_ACCEPT, START - HOUR);
        struct rb_hash more = put(w, 0, made_on(w, RB_KIND_CESSATION, lines[i].more, calm));
        if (i == 1) says(w, 1, &more, RB_POSITION_ACCEPT);
        assert_int_equal(view_of(w, at(w, START), &calm).end_utc_ms, END);
        struct rb_situation *s = at(w, END + HOUR);
        assert_state(s, calm, "ended");
        assert_state(s, more, "in-force");
        assert_false(instrument_of(s, &more)->prolongs);
        assert_true(view_of(w, s, &more).alone);
        assert_int_equal(view_of(w, s, &more).bound, lines[i].bound);
    }
}

/* whom it does not bind any more is not asked */
static void who_left_is_not_asked(void **state) {
    struct fx *w = world(state, 4);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1,2]}"));
    says_held(w, 1, &calm, RB_POSITION_ACCEPT, START - HOUR);
    struct rb_hash yes = says_held(w, 2, &calm, RB_POSITION_ACCEPT, START - HOUR);
    struct rb_hash more = put(w, 0, made_on(w, RB_KIND_CESSATION, MORE ",7:[0,1],12:#1}", calm));
    says(w, 1, &more, RB_POSITION_ACCEPT);
    w->clock_ms = START;
    says_held(w, 2, &yes, RB_POSITION_WITHDRAW, START + HOUR);
    assert_int_equal(view_of(w, at(w, START), &calm).end_utc_ms, END);
    struct rb_situation *s = at(w, START + HOUR);
    assert_int_equal(view_of(w, s, &calm).end_utc_ms, MORE_END);
    assert_true(instrument_of(at(w, END), &more)->prolongs);
    assert_false(view_of(w, s, &more).alone);
    assert_int_equal(bound_at(w, &calm, END), 3);
}

/* what extends a declaration to which others acceded binds its author: they acceded to that one */
static void an_accession_is_carried_nowhere(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM "}"));
    says(w, 1, &calm, RB_POSITION_ACCEPT);
    struct rb_hash more =
        put(w, 0, made_on(w, RB_KIND_CESSATION, "{1:\"More\",4:1468022400000,12:#1}", calm));
    assert_int_equal(bound_at(w, &calm, END - 1), 3);
    struct rb_situation *s = at(w, END + HOUR);
    assert_state(s, calm, "in-force");
    assert_int_equal(view_of(w, s, &calm).bound, 1);
    assert_int_equal(view_of(w, s, &more).bound, 1);
    says(w, 1, &more, RB_POSITION_ACCEPT);
    assert_int_equal(bound_at(w, &calm, END + HOUR), 3);
    assert_int_equal(bound_at(w, &more, END + HOUR), 3);
}

/* a quorum adopts it for those who accepted; who does so later joins them, and may leave again */
static void a_quorum_binds_itself(void **state) {
    struct fx *w = world(state, 4);
    in_force(w);
    struct rb_hash calm =
        put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1,2,3],10:{1:1,2:2}}"));
    says(w, 3, &calm, RB_POSITION_ABSTAIN);
    says(w, 1, &calm, RB_POSITION_ACCEPT);
    assert_state(at(w, START), calm, "in-force");
    assert_int_equal(bound_at(w, &calm, START), 1 | 2);
    struct rb_hash never = says(w, 3, &calm, RB_POSITION_DISSOCIATE);
    struct rb_hash in = says(w, 2, &calm, RB_POSITION_ACCEPT);
    assert_int_equal(bound_at(w, &calm, START), 1 | 2 | 4);
    assert_int_equal(view_of(w, at(w, START), &calm).accessions_n, 1);
    w->clock_ms = START;
    struct rb_hash out = says_held(w, 2, &in, RB_POSITION_WITHDRAW, START + HOUR);
    struct rb_hash again = says(w, 2, &calm, RB_POSITION_ACCEPT);
    assert_int_equal(bound_at(w, &calm, START), 1 | 2 | 4);
    assert_int_equal(bound_at(w, &calm, START + HOUR), 1 | 2);
    says_held(w, 1, &calm, RB_POSITION_DISSOCIATE, START + 2 * HOUR);
    struct rb_hash late = says(w, 3, &calm, RB_POSITION_ACCEPT);
    struct rb_situation *s = at(w, START + 2 * HOUR);
    assert_mark(s, never, OUT_OF_TURN); /* it is not bound */
    assert_mark(s, in, NONE);
    assert_mark(s, out, NONE);
    assert_mark(s, again, OUT_OF_TURN);
    assert_mark(s, late, OUT_OF_TURN); /* it is broken off */
    assert_state(s, calm, "broken-off");
}

/* who joined them counts among those that are left */
static void who_joined_them_remains(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash calm =
        put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1,2],10:{1:1,2:2}}"));
    says(w, 1, &calm, RB_POSITION_ACCEPT);
    says(w, 2, &calm, RB_POSITION_ACCEPT);
    w->clock_ms = START;
    says_held(w, 0, &calm, RB_POSITION_WITHDRAW, START + HOUR);
    struct rb_situation *s = at(w, START + HOUR);
    assert_state(s, calm, "in-force");
    assert_int_equal(view_of(w, s, &calm).bound, 2 | 4);
}

/* who said something else kept no silence; where that leaves fewer than two, nobody is bound */
static void what_silence_binds(void **state) {
    const int64_t by = 1467750000000;
    for (int alone = 0; alone < 2; alone++) {
        struct fx *w = world(state, 4);
        in_force(w);
        struct rb_hash calm =
            put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1,2],10:{1:3,4:1467750000000}}"));
        says(w, 1, &calm, RB_POSITION_ABSTAIN);
        if (alone) says(w, 2, &calm, RB_POSITION_DISSOCIATE);
        for (uint16_t k = 1; k < 3; k++)
            fx_held(w, 0, k, (uint64_t)((by - 20 * HOUR) / 1000));
        held_at(w, 1, by - HOUR);
        held_at(w, 2, by - HOUR);
        struct rb_situation *s = at(w, START);
        assert_state(s, calm, alone ? "broken-off" : "in-force");
        assert_int_equal(view_of(w, s, &calm).bound, alone ? 0 : 1 | 4);
    }
}

/* who is no guarantor by the charter binds nobody: the parties are asked, too */
static void guarantors_of_ones_own(void **state) {
    for (int by_charter = 0; by_charter < 2; by_charter++) {
        struct fx *w = world(state, 3);
        if (by_charter) guarantor(w, 2);
        in_force(w);
        struct rb_hash calm =
            put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1],8:[2],10:{1:4}}"));
        struct rb_hash own =
            put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1],10:{1:4,5:[0]}}"));
        says(w, 2, &calm, RB_POSITION_ACCEPT);
        struct rb_situation *s = at(w, START);
        assert_state(s, calm, by_charter ? "in-force" : "proposed");
        assert_state(s, own, "proposed");
        says(w, 1, &calm, RB_POSITION_ACCEPT);
        says(w, 1, &own, RB_POSITION_ACCEPT);
        s = at(w, START);
        assert_state(s, calm, "in-force");
        assert_state(s, own, "in-force");
        assert_int_equal(view_of(w, s, &calm).bound, 3);
        assert_int_equal(view_of(w, s, &own).bound, 3);
    }
}

/* a base that guarantors adopted goes on by all of these, and by no others */
static void the_same_guarantors(void **state) {
    static const char *const more[] = {
        MORE ",12:#1}",
        MORE ",10:{1:4},12:#1}",
        MORE ",7:[0,1],8:[2],10:{1:4},12:#1}",
        MORE ",12:#1}",
    };
    static const char *const both = "{" CALM ",7:[0,1],8:[2,3],10:{1:4}}";
    for (size_t i = 0; i < 4; i++) {
        struct fx *w = world(state, 4);
        guarantor(w, 2);
        guarantor(w, 3);
        in_force(w);
        struct rb_hash calm = put(
            w, 0, made(w, RB_KIND_CESSATION, i < 3 ? both : "{" CALM ",7:[0,1],10:{1:4,5:[2]}}"));
        says(w, 2, &calm, RB_POSITION_ACCEPT);
        says(w, 3, &calm, RB_POSITION_ACCEPT);
        struct rb_hash x = put(w, 0, made_on(w, RB_KIND_CESSATION, more[i], calm));
        says(w, 2, &x, RB_POSITION_ACCEPT);
        if (i < 2) says(w, 3, &x, RB_POSITION_ACCEPT);
        struct rb_situation *s = at(w, END);
        assert_state(s, calm, i != 2 ? "in-force" : "ended");
        assert_state(s, x, "in-force");
        assert_int_equal(view_of(w, s, &calm).bound, i != 2 ? 3 : 0);
        assert_int_equal(view_of(w, s, &x).bound, 3);
    }
}

/* ---- who left which of them -------------------------------------------------------------------
 */

struct chain {
    struct rb_hash calm, more;
    struct rb_hash yes[3], also[3]; /* of members 1 and 2 */
};
static struct chain three(struct fx *w) {
    struct chain c = {0};
    in_force(w);
    c.calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1,2]}"));
    c.more = put(w, 0, made_on(w, RB_KIND_CESSATION, MORE ",12:#1}", c.calm));
    for (uint16_t k = 1; k < 3; k++) {
        c.yes[k] = says_held(w, k, &c.calm, RB_POSITION_ACCEPT, START - HOUR);
        c.also[k] = says_held(w, k, &c.more, RB_POSITION_ACCEPT, START - HOUR);
    }
    w->clock_ms = START;
    return c;
}

/* one leaves the truce, and with that what extends it; another what extends it: that is broken off,
 * and prolongs nothing */
static void left_by_two(void **state) {
    struct fx *w = world(state, 4);
    struct chain c = three(w);
    says_held(w, 0, &c.calm, RB_POSITION_WITHDRAW, START + HOUR);
    says_held(w, 1, &c.also[1], RB_POSITION_WITHDRAW, START + HOUR);
    struct rb_situation *s = at(w, START + HOUR);
    assert_state(s, c.calm, "in-force");
    assert_state(s, c.more, "broken-off");
    assert_int_equal(view_of(w, s, &c.calm).bound, 2 | 4);
    assert_int_equal(view_of(w, s, &c.calm).end_utc_ms, END);
    assert_state(at(w, END), c.calm, "ended");
}

/* one leaves what extends it: it is bound to the end that it agreed to */
static void bound_to_the_end_agreed(void **state) {
    struct fx *w = world(state, 4);
    struct chain c = three(w);
    says_held(w, 1, &c.also[1], RB_POSITION_WITHDRAW, START + HOUR);
    struct rb_situation *s = at(w, END - 1);
    assert_int_equal(view_of(w, s, &c.calm).bound, 7);
    assert_int_equal(view_of(w, s, &c.calm).end_utc_ms, MORE_END);
    s = at(w, END);
    assert_state(s, c.calm, "in-force");
    assert_int_equal(view_of(w, s, &c.calm).bound, 1 | 4);
    assert_int_equal(view_of(w, s, &c.more).bound, 1 | 4);
}

/* after its own end who leaves it leaves what carries it; once that is broken off it is ended */
static void left_while_it_is_carried(void **state) {
    struct fx *w = world(state, 4);
    struct chain c = three(w);
    w->clock_ms = END + HOUR;
    struct rb_hash out = says_held(w, 1, &c.yes[1], RB_POSITION_WITHDRAW, END + 2 * HOUR);
    assert_int_equal(bound_at(w, &c.calm, END + HOUR), 7);
    struct rb_situation *s = at(w, END + 2 * HOUR);
    assert_mark(s, out, NONE);
    assert_int_equal(view_of(w, s, &c.calm).bound, 1 | 4);
    assert_int_equal(view_of(w, s, &c.more).bound, 1 | 4);
    w->clock_ms = END + 3 * HOUR;
    says_held(w, 2, &c.also[2], RB_POSITION_WITHDRAW, END + 4 * HOUR);
    assert_state(at(w, END + 3 * HOUR), c.calm, "in-force");
    for (int64_t h = 4; h < 40; h += 12) {
        s = at(w, END + h * HOUR);
        assert_state(s, c.calm, "ended");
        assert_state(s, c.more, "broken-off");
        assert_mark(s, out, NONE);
    }
}

/* Three in a row: of the second, one left; it goes on for the others by the third, and so does the
 * first. */
static void carried_on_and_on(void **state) {
    struct fx *w = world(state, 4);
    struct chain c = three(w);
    struct rb_hash most =
        put(w, 0,
            made_on(w, RB_KIND_CESSATION,
                    "{1:\"Most\",4:1468108800000,5:1468195200000,7:[0,2],12:#1}", c.more));
    struct rb_hash yes = says(w, 2, &most, RB_POSITION_ACCEPT);
    assert_int_equal(view_of(w, at(w, START), &c.more).end_utc_ms, MORE_END);
    assert_int_equal(view_of(w, at(w, START), &c.calm).end_utc_ms, MORE_END);
    says_held(w, 1, &c.also[1], RB_POSITION_WITHDRAW, START + HOUR);
    struct rb_situation *s = at(w, MORE_END);
    assert_state(s, c.calm, "in-force");
    assert_state(s, c.more, "in-force");
    assert_int_equal(view_of(w, s, &c.calm).bound, 1 | 4);
    assert_int_equal(view_of(w, s, &c.calm).end_utc_ms, 1468195200000);
    says_held(w, 2, &yes, RB_POSITION_WITHDRAW, MORE_END + HOUR);
    s = at(w, MORE_END + HOUR);
    assert_state(s, most, "broken-off");
    assert_state(s, c.more, "ended");
    assert_state(s, c.calm, "ended");
}

/* ---- before its adoption ----------------------------------------------------------------------
 */

/* neither saw the other's: the first in the order is met first, wherever it is read */
static void acceptance_and_withdrawal_at_once(void **state) {
    for (uint16_t author = 0; author < 2; author++) {
        struct fx *w = world(state, 3);
        in_force(w);
        struct rb_hash calm = put(w, author, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
        struct rb_record yes = fx_position(w, &calm, RB_POSITION_ACCEPT);
        struct rb_record no = fx_position(w, &calm, RB_POSITION_WITHDRAW);
        fx_see(w, &yes, author, 0, fx_feed_of(w, author, 0)->n);
        struct rb_hash out = fx_say(w, author, &no), in = fx_say(w, 1 - author, &yes);
        struct rb_situation *s = at(w, START - HOUR);
        const bool first = fx_place(s, &out) < fx_place(s, &in);
        assert_int_equal(first, author == 0);
        assert_state(s, calm, first ? "withdrawn" : "agreed");
        assert_int_equal(fx_mark(s, &in), first ? RB_MARK_OUT_OF_TURN : RB_MARK_NONE);
        assert_int_equal(fx_mark(s, &out), RB_MARK_NONE);
        assert_int_equal(view_of(w, s, &calm).withdrawals_n, first ? 0 : 1);
    }
}

/* said before the hour, and not held before it: nobody can say that it was adopted, or that it was
 * not */
static void contested_by_time(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    const int64_t by = 1467750000000;
    struct rb_hash calm =
        put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1],10:{4:1467750000000}}"));
    struct rb_hash yes = says(w, 1, &calm, RB_POSITION_ACCEPT);
    struct rb_hash more = put(
        w, 0,
        made_on(w, RB_KIND_CESSATION, "{1:\"More\",4:1468022400000,5:1468108800000,12:#1}", calm));
    says(w, 1, &more, RB_POSITION_ACCEPT);
    assert_state(at(w, by - 1), calm, "agreed"); /* the hour is still ahead */
    for (int held = 0; held < 2; held++) {
        struct rb_situation *s = at(w, by + HOUR);
        assert_mark(s, yes, NONE);
        assert_state(s, calm, "contested-by-time");
        assert_state(s, more, "contested-by-time"); /* so is what rests on it */
        assert_int_equal(view_of(w, s, &calm).bound, 0);
        held_at(w, 1, by + HOUR);
    }
}

static void rejected_or_replaced(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash one = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    struct rb_record r = made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}");
    fx_ref(&r, RB_REF_SUPERSEDES, &one);
    struct rb_hash two = put(w, 0, r);
    struct rb_hash late = says(w, 1, &one, RB_POSITION_ACCEPT);
    says(w, 1, &two, RB_POSITION_ACCEPT);
    r.created_utc_ms++;
    fx_ref(&r, RB_REF_SUPERSEDES, &two);
    struct rb_hash three = put(w, 0, r);
    struct rb_situation *s = at(w, START);
    assert_state(s, one, "superseded");
    assert_mark(s, late, OUT_OF_TURN);
    assert_state(s, two, "in-force");
    assert_mark(s, three, OUT_OF_TURN);
    struct rb_hash no = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    says(w, 1, &no, RB_POSITION_REJECT);
    struct rb_hash too_late = says(w, 1, &no, RB_POSITION_ACCEPT);
    struct rb_hash more = put(
        w, 0,
        made_on(w, RB_KIND_CESSATION, "{1:\"More\",4:1468022400000,5:1468108800000,12:#1}", no));
    s = at(w, START);
    assert_state(s, no, "not-adopted");
    assert_mark(s, too_late, OUT_OF_TURN);
    assert_mark(s, more, OUT_OF_TURN);
}

/* all that a record supersedes, or nothing; and nothing where it bears a mark itself */
static void supersedes_two(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    static const char *const more = "{1:\"More\",4:1468022400000,5:1468108800000,12:#1}";
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    struct rb_hash other = put(w, 1, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    struct rb_hash one = put(w, 0, made_on(w, RB_KIND_CESSATION, more, calm));
    struct rb_hash two = put(w, 0, made_on(w, RB_KIND_CESSATION, more, calm));
    struct rb_hash done = put(w, 0, made_on(w, RB_KIND_CESSATION, more, calm));
    says(w, 1, &done, RB_POSITION_ACCEPT);
    struct rb_record r = made_on(w, RB_KIND_CESSATION, more, calm);
    fx_ref(&r, RB_REF_SUPERSEDES, &one);
    fx_ref(&r, RB_REF_SUPERSEDES, &done);
    struct rb_hash denied = put(w, 0, r);
    struct rb_situation *s = at(w, START - HOUR);
    assert_mark(s, denied, OUT_OF_TURN);
    assert_state(s, denied, "marked");
    assert_state(s, one, "proposed");
    r = made_on(w, RB_KIND_CESSATION, more, calm);
    fx_ref(&r, RB_REF_SUPERSEDES, &one);
    fx_ref(&r, RB_REF_SUPERSEDES, &two);
    struct rb_hash both = put(w, 0, r);
    r = made_on(w, RB_KIND_CESSATION, more, one); /* extends what is superseded */
    fx_ref(&r, RB_REF_SUPERSEDES, &both);
    struct rb_hash late = put(w, 0, r);
    r = made_on(w, RB_KIND_CESSATION, more, other); /* from another lot */
    fx_ref(&r, RB_REF_SUPERSEDES, &both);
    struct rb_hash across = put(w, 0, r);
    s = at(w, START - HOUR);
    assert_state(s, one, "superseded");
    assert_state(s, two, "superseded");
    assert_mark(s, late, OUT_OF_TURN);
    assert_mark(s, both, NONE);
    assert_state(s, both, "superseded");
    assert_state(s, across, "proposed");
}

static void a_declaration_is_its_authors(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash one = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM "}"));
    struct rb_record r = made(w, RB_KIND_CESSATION, "{" CALM ",6:255600000}");
    fx_ref(&r, RB_REF_SUPERSEDES, &one);
    struct rb_hash two = put(w, 0, r);
    says(w, 1, &two, RB_POSITION_ACCEPT); /* joins it: from now on it is not its author's alone */
    r.created_utc_ms++;
    r.refs[RB_REF_SUPERSEDES].n = 0;
    fx_ref(&r, RB_REF_SUPERSEDES, &two);
    struct rb_hash three = put(w, 0, r);
    struct rb_situation *s = at(w, START);
    assert_state(s, one, "superseded");
    assert_state(s, two, "in-force");
    assert_int_equal(view_of(w, s, &two).bound, 3);
    assert_int_equal(view_of(w, s, &two).length_differs_ms, 0);
    assert_mark(s, three, OUT_OF_TURN);
}

/* what another side declared, as it was heard: nobody is bound by that */
static void reported_by_us(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_record r = made(w, RB_KIND_CESSATION, "{" CALM "}");
    r.reported_who = rb_str("the other side");
    r.reported_carrier = rb_str("radio");
    struct rb_hash calm = put(w, 0, r);
    struct rb_hash yes = says(w, 1, &calm, RB_POSITION_ACCEPT);
    struct rb_situation *s = at(w, START);
    assert_state(s, calm, "as-reported");
    assert_false(view_of(w, s, &calm).declared);
    assert_int_equal(view_of(w, s, &calm).adoption.voices_n, 0);
    assert_mark(s, yes, NONE);
    assert_int_equal(view_of(w, s, &calm).bound, 0);
    says(w, 0, &calm, RB_POSITION_WITHDRAW);
    assert_state(at(w, START), calm, "withdrawn");
}

/* ---- who can read it, who is forked -----------------------------------------------------------
 */

static struct rb_situation *read_by(struct fx *w, uint16_t member, int64_t utc_ms) {
    struct rb_book *b = fx_book(w);
    fx_unseal_for(w, b, member);
    return fx_fold(w, b, utc_ms);
}

static void nothing_is_said_of_what_is_not_read(void **state) {
    struct fx *w = world(state, 4);
    in_force(w);
    struct rb_record r = made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1,2]}");
    fx_close(&r, 7);
    struct rb_hash calm = put(w, 0, r);
    r = made_on(w, RB_KIND_CESSATION, "{1:\"More\",4:1468022400000,5:1468108800000,12:#1}", calm);
    struct rb_hash more = put(w, 1, r);
    struct rb_record yes = fx_position(w, &calm, RB_POSITION_ACCEPT);
    fx_close(&yes, 1 | 2);
    struct rb_hash accepted = put(w, 1, yes);
    yes = fx_position(w, &calm, RB_POSITION_ACCEPT);
    fx_close(&yes, 7);
    put(w, 2, yes);
    struct rb_situation *s = read_by(w, 0, START); /* who can read all of it */
    assert_state(s, calm, "in-force");
    assert_state(s, more, "proposed");
    s = read_by(w, 2, START); /* what member 1 said it cannot */
    assert_state(s, calm, "unread");
    assert_int_equal(view_of(w, s, &calm).adoption.unread, 2);
    assert_int_equal(view_of(w, s, &calm).bound, 0);
    s = read_by(w, 3, START);
    assert_state(s, calm, "unread");
    assert_mark(s, accepted, NONE);
    assert_mark(s, more, NONE);
    assert_int_equal(view_of(w, s, &calm).bound, 0);
}

/* a closed accession is one where it was opened, and elsewhere none that could be told */
static void a_closed_accession(void **state) {
    struct fx *w = world(state, 4);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    says(w, 1, &calm, RB_POSITION_ACCEPT);
    struct rb_record r = fx_position(w, &calm, RB_POSITION_ACCEPT);
    fx_close(&r, 1 | 4);
    put(w, 2, r);
    r = made(w, RB_KIND_CESSATION, "{" CALM "}");
    r.reported_who = rb_str("the other side");
    r.reported_carrier = rb_str("radio");
    struct rb_hash heard = put(w, 0, r);
    r = fx_position(w, &heard, RB_POSITION_ACCEPT);
    fx_close(&r, 1 | 4);
    put(w, 2, r);
    for (uint16_t m = 0; m < 2; m++) {
        struct rb_situation *s = read_by(w, m, START);
        assert_state(s, calm, "in-force");
        assert_int_equal(view_of(w, s, &calm).accessions_n, m == 0);
        assert_int_equal(view_of(w, s, &calm).bound, m == 0 ? 1 | 2 | 4 : 1 | 2);
        assert_state(s, heard, "as-reported");
    }
}

static struct rb_hash says_closed(struct fx *w, uint16_t member, const struct rb_hash *subject,
                                  enum rb_position_type t, uint64_t readers) {
    struct rb_record r = fx_position(w, subject, t);
    fx_close(&r, readers);
    return put(w, member, r);
}

/* an author that is not asked may have taken it back, too */
static void an_authors_closed_word(void **state) {
    for (int settled = 0; settled < 2; settled++) {
        struct fx *w = world(state, 4);
        in_force(w);
        struct rb_hash calm = put(w, 2, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
        if (!settled) says_closed(w, 2, &calm, RB_POSITION_WITHDRAW, 1 | 4);
        says(w, 0, &calm, RB_POSITION_ACCEPT);
        says(w, 1, &calm, RB_POSITION_ACCEPT);
        if (settled) says_closed(w, 2, &calm, RB_POSITION_WITHDRAW, 1 | 4);
        assert_state(read_by(w, 0, START), calm, settled ? "in-force" : "withdrawn");
        struct rb_situation *s = read_by(w, 1, START);
        assert_state(s, calm, settled ? "in-force" : "unread");
        assert_int_equal(view_of(w, s, &calm).adoption.unread, settled ? 0 : 4);
        struct rb_record r = made(w, RB_KIND_CESSATION, "{" CALM "}");
        r.reported_who = rb_str("the other side");
        r.reported_carrier = rb_str("radio");
        struct rb_hash heard = put(w, 0, r);
        says_closed(w, 0, &heard, settled ? RB_POSITION_READ : RB_POSITION_WITHDRAW, 1 | 2);
        assert_state(read_by(w, 1, START), heard, settled ? "as-reported" : "withdrawn");
        assert_state(read_by(w, 2, START), heard, "unread");
    }
}

/* whoever may have acceded to a declaration, it may not be its author's alone any more */
static void a_closed_word_on_a_declaration(void **state) {
    for (int acceded = 0; acceded < 2; acceded++) {
        struct fx *w = world(state, 3);
        in_force(w);
        struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM "}"));
        says_closed(w, 1, &calm, acceded ? RB_POSITION_ACCEPT : RB_POSITION_READ, 1 | 2);
        struct rb_record r = made(w, RB_KIND_CESSATION, "{" CALM "}");
        fx_ref(&r, RB_REF_SUPERSEDES, &calm);
        struct rb_hash other = put(w, 0, r);
        struct rb_situation *s = read_by(w, 1, START);
        assert_state(s, calm, acceded ? "in-force" : "superseded");
        assert_int_equal(fx_mark(s, &other), acceded ? RB_MARK_OUT_OF_TURN : RB_MARK_NONE);
        s = read_by(w, 2, START);
        assert_state(s, calm, "unread");
        assert_state(s, other, "unread");
        assert_mark(s, other, NONE);
    }
}

/* taking back what is no word takes back nothing here, and bears no mark */
static void what_is_no_word(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    struct rb_hash yes = says(w, 1, &calm, RB_POSITION_ACCEPT);
    struct rb_hash seen = says(w, 2, &calm, RB_POSITION_READ);
    struct rb_hash asked = says(w, 0, &yes, RB_POSITION_QUERY);
    struct rb_hash one = says(w, 2, &seen, RB_POSITION_WITHDRAW);
    struct rb_hash two = says(w, 0, &asked, RB_POSITION_WITHDRAW);
    struct rb_hash out = says(w, 1, &yes, RB_POSITION_WITHDRAW);
    struct rb_hash undone = says(w, 1, &out, RB_POSITION_WITHDRAW);
    struct rb_situation *s = at(w, START);
    assert_mark(s, one, NONE);
    assert_mark(s, two, NONE);
    assert_mark(s, out, NONE);
    assert_mark(s, undone, OUT_OF_TURN);
}

/* what supersedes it may bear a mark where it was read; what it supersedes may be settled */
static void superseded_unread(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash open = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    struct rb_record r = made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}");
    fx_ref(&r, RB_REF_SUPERSEDES, &open);
    fx_close(&r, 3);
    struct rb_hash closed = put(w, 0, r);
    struct rb_hash yes = says(w, 1, &open, RB_POSITION_ACCEPT);
    r = made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}");
    fx_ref(&r, RB_REF_SUPERSEDES, &closed);
    struct rb_hash last = put(w, 0, r);
    for (uint16_t m = 1; m < 3; m++) {
        struct rb_situation *s = read_by(w, m, START);
        assert_state(s, open, m == 1 ? "superseded" : "unread");
        assert_state(s, closed, m == 1 ? "superseded" : "unread");
        assert_state(s, last, m == 1 ? "proposed" : "unread");
        assert_int_equal(fx_mark(s, &yes), m == 1 ? RB_MARK_OUT_OF_TURN : RB_MARK_NONE);
    }
}

static void a_forked_party_moves_nothing(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    struct fx_feed *one = fx_feed_of(w, 1, 0), *other = fx_fork(w, one, one->n);
    struct rb_hash no = says(w, 1, &calm, RB_POSITION_REJECT);
    struct rb_hash own = put(w, 1, made(w, RB_KIND_CESSATION, "{" CALM "}"));
    fx_turn(w, one);
    struct rb_hash yes = says(w, 1, &calm, RB_POSITION_ACCEPT);
    struct rb_situation *s = at(w, START);
    assert_non_null(other);
    assert_mark(s, yes, CONTESTED);
    assert_mark(s, no, CONTESTED);
    assert_mark(s, own, CONTESTED);
    assert_state(s, calm, "proposed");
}

/* ---- limits -----------------------------------------------------------------------------------
 */

static void out_of_room(void **state) {
    struct fx *w = world(state, 3);
    in_force(w);
    struct rb_hash calm = put(w, 0, made(w, RB_KIND_CESSATION, "{" CALM ",7:[0,1]}"));
    says(w, 1, &calm, RB_POSITION_ACCEPT);
    says(w, 2, &calm, RB_POSITION_ACCEPT);
    struct rb_situation *s = at(w, START);
    struct rb_cessation_lot out;
    const uint32_t lot = instrument_of(s, &calm)->lot;
    enum rb_err err = RB_ERR_LIMIT;
    uint64_t n = 1;
    for (; err != RB_OK && n < 100; n++) {
        w->arena.fail_at = n;
        err = rb_lot_cessation(s, lot, &w->arena, &out);
        assert_true(err == RB_OK || err == RB_ERR_LIMIT);
    }
    w->arena.fail_at = 0;
    assert_int_equal(err, RB_OK);
    assert_in_range(n, 5, 99);
    struct rb_hash other = put(w, 0, fx_record(w, RB_KIND_TEXT));
    s = at(w, START);
    assert_int_equal(rb_lot_cessation(s, instrument_of(s, &other)->lot, &w->arena, &out),
                     RB_ERR_NOT_FOUND);
    assert_int_equal(rb_lot_cessation(s, (uint32_t)s->lots_n, &w->arena, &out), RB_ERR_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(seventy_two_hours_that_are_71),
        T(an_hour_between_them),
        T(adopted_after_its_start),
        T(a_chain_without_gaps),
        T(what_makes_it_no_longer),
        T(who_may_extend),
        T(an_extension_lapses_for_want_of_a_guarantor),
        T(letters_to_any_guarantor),
        T(an_accession_is_taken_back),
        T(bound_until_it_is_held),
        T(too_late_to_withdraw),
        T(a_declaration_is_broken_off),
        T(out_of_all_of_the_chain),
        T(after_silence),
        T(some_prolong_nothing),
        T(who_left_is_not_asked),
        T(an_accession_is_carried_nowhere),
        T(a_quorum_binds_itself),
        T(who_joined_them_remains),
        T(what_silence_binds),
        T(guarantors_of_ones_own),
        T(the_same_guarantors),
        T(left_by_two),
        T(bound_to_the_end_agreed),
        T(left_while_it_is_carried),
        T(carried_on_and_on),
        T(acceptance_and_withdrawal_at_once),
        T(contested_by_time),
        T(rejected_or_replaced),
        T(supersedes_two),
        T(a_declaration_is_its_authors),
        T(reported_by_us),
        T(nothing_is_said_of_what_is_not_read),
        T(a_closed_accession),
        T(an_authors_closed_word),
        T(a_closed_word_on_a_declaration),
        T(what_is_no_word),
        T(superseded_unread),
        T(a_forked_party_moves_nothing),
        T(out_of_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
