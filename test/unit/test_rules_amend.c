/* Amendments by each rule, spec 5.9.4, 5.9.7 and 16.2: what is in force, from which record on. */
#include "adopt_words.h"

#define SPAN_MS 300000
#define TOLD_S (BY_S - SPAN_MS / 1000)

static struct rb_record amendment(struct fx *w, const struct rb_hash *previous, const char *title,
                                  int64_t by_utc_ms) {
    struct rb_charter next = w->charter;
    next.title = rb_str(title);
    next.accept_by_utc_ms = by_utc_ms;
    return fx_amendment(w, previous, &next);
}

static struct rb_hash amend(struct fx *w, uint16_t member, const struct rb_hash *previous,
                            const char *title, int64_t by_utc_ms) {
    return say_after(w, member, amendment(w, previous, title, by_utc_ms));
}

static bool is_called(const struct rb_situation *s, const char *title) {
    return rb_slice_is(s->charter->title, title);
}

/* ---- each rule --------------------------------------------------------------------------------
 */

static void by_all(struct rb_charter *c) {
    c->rule = RB_RULE_ALL;
}
static void by_group(struct rb_charter *c) {
    c->groups_n = 1;
    c->groups[0] = (struct rb_group){rb_str("coalition"), 1, 6};
}
static void by_three(struct rb_charter *c) {
    c->rule = RB_RULE_QUORUM;
    c->quorum = 3;
}
static void by_two_and_a_veto(struct rb_charter *c) {
    c->rule = RB_RULE_QUORUM_VETO;
    c->quorum = 2;
    c->veto = 8;
}
static void by_silence(struct rb_charter *c) {
    c->rule = RB_RULE_SILENCE;
    c->silence_ms = SPAN_MS;
}
static void by_guarantors(struct rb_charter *c) {
    c->rule = RB_RULE_GUARANTORS;
    c->members[3].role = RB_ROLE_GUARANTOR;
}

static const struct line {
    void (*rule)(struct rb_charter *);
    const char *words; /* adopt_words.h; member 0 proposes */
    bool before, past; /* adopted, as of a `now` before its hour, and past it */
} lines[] = {
    {by_all, "1a 2a 3a", true, true},
    {by_all, "1a 2a", false, false},
    {by_all, "1a 2a 3o", false, false},
    {by_all, "1r 1a 2a 3a", true, true}, /* the last word counts, in an amendment */
    {by_all, "1a 1w 2a 3a", false, false},
    {by_all, "1a 2a 3a+", true, false},
    {by_all, "1a 2a 3a~", true, false},
    {by_all, "1a 2a 3a^", true, false},
    {by_all, "1a 2a 1r+ 3a", false, true},
    {by_group, "1a 3a", true, true},
    {by_group, "1a 2r 3a", true, true},
    {by_group, "2a 3a", false, false},
    {by_three, "1a 2a", true, true},
    {by_three, "1a", false, false},
    {by_three, "1r 2a 3a", true, true},
    {by_three, "1r 2o 3a", false, false},
    {by_three, "1a 2a~", true, false},
    {by_three, "1a 2a~ 3a", true, true},
    {by_two_and_a_veto, "1a", false, true},
    {by_two_and_a_veto, "1a 3o", true, true},
    {by_two_and_a_veto, "3a", true, true},
    {by_two_and_a_veto, "1a 3r", false, false},
    {by_two_and_a_veto, "1a 3r 3a", false, false},
    {by_two_and_a_veto, "1a 3r+", false, true},
    {by_two_and_a_veto, "1a 3r~", false, true},
    {by_two_and_a_veto, "1a 3r^", false, false},
    {by_two_and_a_veto, "1a~", false, false},
    {by_two_and_a_veto, "1a 1w~", false, true},
    {by_two_and_a_veto, "1a 1w", false, false},
    {by_two_and_a_veto, "1a 0w~", false, true},
    {by_two_and_a_veto, "1a 0w", false, false},
    {by_silence, "", false, true},
    {by_silence, "1a 2a 3a", false, true},
    {by_silence, "1o 2d 3q", false, true},
    {by_silence, "1r", false, false},
    {by_silence, "1r 1a", false, false},
    {by_silence, "1r 1w", false, false},
    {by_silence, "1r+", false, true},
    {by_silence, "1r~", false, true},
    {by_silence, "1r?", false, true},
    {by_silence, "1r^", false, false},
    {by_silence, "0w", false, false},
    {by_silence, "0w+", false, true},
    {by_guarantors, "3a", true, true},
    {by_guarantors, "1r 2r 3a", true, true},
    {by_guarantors, "1a 2a", false, false},
    {by_guarantors, "3r", false, false},
};

static void each_rule(void **state) {
    struct fx *w = *state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const struct line *l = &lines[i];
        fx_reset(w, 4);
        l->rule(&w->charter);
        in_force(w);
        struct ballot b = {.text = amend(w, 0, &w->charter_id, "second", BY_MS)};
        held_by_all(w, 0, TOLD_S);
        speak(w, &b, l->words);
        struct rb_book *book = fx_book(w);
        const struct rb_situation *s = fx_fold(w, book, BEFORE);
        if (is_called(s, "second") != l->before) fail_msg("%zu %s: before", i, l->words);
        s = fx_fold(w, book, PAST);
        if (is_called(s, "second") != l->past) fail_msg("%zu %s: past", i, l->words);
        assert_int_equal(fx_mark(s, &b.text), l->past ? RB_MARK_NONE : RB_MARK_NOT_ADOPTED);
    }
}

/* ---- silence ----------------------------------------------------------------------------------
 */

static struct fx *silent(void **state, size_t parties) {
    struct fx *w = *state;
    fx_reset(w, parties);
    by_silence(&w->charter);
    in_force(w);
    return w;
}

/* 16.2.7: the charter's span must lie before the hour */
static void a_short_silence_is_out_of_turn(void **state) {
    struct fx *w = silent(state, 3);
    const int64_t by = w->clock_ms + 1000 + SPAN_MS; /* from its own second */
    const struct rb_hash just = amend(w, 0, &w->charter_id, "second", by);
    assert_int_equal(fx_mark_now(w, &just), RB_MARK_NONE);
    const struct rb_hash late = amend(w, 0, &w->charter_id, "third", by);
    assert_int_equal(fx_mark_now(w, &late), RB_MARK_OUT_OF_TURN);
}

/* and be a span in which each voice held it */
static void silence_of_the_told_alone(void **state) {
    for (uint64_t late = 0; late < 2; late++) {
        struct fx *w = silent(state, 3);
        amend(w, 0, &w->charter_id, "second", BY_MS);
        assert_true(is_called(at(w, PAST), "line"));
        fx_held(w, 0, 1, TOLD_S);
        assert_true(is_called(at(w, PAST), "line"));
        fx_held(w, 0, 2, TOLD_S + late);
        assert_int_equal(is_called(at(w, PAST), "second"), late == 0);
    }
}

/* 5.9.7: what is held by then was said under the old charter, what came too late under the new one
 */
static void from_the_first_late_record_on(void **state) {
    struct fx *w = silent(state, 3);
    struct rb_charter next = w->charter;
    next.title = rb_str("second");
    next.accept_by_utc_ms = BY_MS;
    next.policies_n = 1;
    next.policies[0] = (struct rb_kind_policy){.kind = RB_KIND_STATEMENT, .two_officers = true};
    say_after(w, 0, fx_amendment(w, &w->charter_id, &next));
    held_by_all(w, 0, TOLD_S);
    const struct rb_hash in_time = say_after(w, 1, fx_record(w, RB_KIND_STATEMENT));
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    r.created_utc_ms = BY_MS + 5000; /* dated ahead: it was held before */
    const struct rb_hash ahead = say_after(w, 1, r);
    held_by_all(w, 1, BY_S - 10);
    r = fx_record(w, RB_KIND_STATEMENT);
    r.created_utc_ms = BY_MS + 1;
    const struct rb_hash late = say_after(w, 2, r);
    const struct rb_hash after = say_after(w, 1, fx_record(w, RB_KIND_STATEMENT));
    struct rb_book *b = fx_book(w);
    const struct rb_situation *s = fx_fold(w, b, BY_MS);
    assert_true(is_called(s, "line"));
    assert_int_equal(fx_mark(s, &late), RB_MARK_NONE);
    for (int64_t now = BY_MS + 1; now < BY_MS + 86400000; now = now * 2 - BY_MS) {
        s = fx_fold(w, b, now);
        assert_true(is_called(s, "second"));
        assert_int_equal(s->in_force_since_utc_ms, BY_MS);
        assert_int_equal(fx_mark(s, &in_time), RB_MARK_NONE);
        assert_int_equal(fx_mark(s, &ahead), RB_MARK_NONE);
        assert_int_equal(fx_mark(s, &late), RB_MARK_NEEDS_SECOND);
        assert_int_equal(fx_mark(s, &after), RB_MARK_NEEDS_SECOND);
    }
}

/* a no that was held in time counts wherever it stands in the order */
static void a_no_behind_the_hour(void **state) {
    struct fx *w = silent(state, 3);
    const struct rb_hash id = amend(w, 0, &w->charter_id, "second", BY_MS);
    held_by_all(w, 0, TOLD_S);
    const struct rb_hash no = answer_after(w, 2, &id, RB_POSITION_REJECT);
    fx_held(w, 2, 1, BY_S - 1);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT); /* has not seen it */
    r.created_utc_ms = BY_MS + 1000;
    const struct rb_hash late = fx_say(w, 0, &r);
    const struct rb_situation *s = at(w, PAST);
    assert_true(fx_place(s, &late) < fx_place(s, &no));
    assert_true(is_called(s, "line"));
    assert_int_equal(fx_mark(s, &id), RB_MARK_NOT_ADOPTED);
    assert_int_equal(fx_mark(s, &no), RB_MARK_NONE);
}

/* what comes later neither undoes it nor brings it about */
static void the_hour_stays(void **state) {
    for (unsigned said = 0; said < 2; said++) {
        struct fx *w = silent(state, 4);
        const struct rb_hash id = amend(w, 0, &w->charter_id, "second", BY_MS);
        held_by_all(w, 0, TOLD_S);
        if (said) {
            answer_after(w, 3, &id, RB_POSITION_REJECT);
            held_by_all(w, 3, BY_S - 1);
        }
        struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
        r.created_utc_ms = BY_MS + 1000;
        say_after(w, 1, r);
        assert_int_equal(is_called(at(w, PAST), "second"), !said);
        r = fx_position(w, &id, RB_POSITION_REJECT); /* dated back, and not behind it */
        fx_say(w, 0, &r);
        r = fx_position(w, &id, RB_POSITION_REJECT);
        fx_say(w, 2, &r);
        move(w, 3, RB_MEMBERSHIP_LEAVE);
        assert_int_equal(is_called(at(w, PAST), "second"), !said);
    }
}

/* nor does it go with one who accepted in time and left after the hour */
static void who_leaves_after_the_hour(void **state) {
    struct fx *w = *state;
    fx_reset(w, 4);
    by_two_and_a_veto(&w->charter);
    in_force(w);
    const struct rb_hash id = amend(w, 0, &w->charter_id, "second", BY_MS);
    answer_after(w, 1, &id, RB_POSITION_ACCEPT);
    held_by_all(w, 1, BY_S - 1);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    r.created_utc_ms = BY_MS + 1000;
    say_after(w, 2, r);
    r = fx_membership(w, RB_MEMBERSHIP_LEAVE);
    r.created_utc_ms = BY_MS + 2000;
    say_after(w, 1, r);
    assert_true(is_called(at(w, PAST), "second"));
}

/* who had not been told and leaves later is not taken for told */
static void an_untold_voice_that_leaves(void **state) {
    struct fx *w = silent(state, 4);
    amend(w, 0, &w->charter_id, "second", BY_MS);
    fx_held(w, 0, 1, TOLD_S);
    fx_held(w, 0, 2, TOLD_S);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    r.created_utc_ms = BY_MS + 1000;
    say_after(w, 1, r);
    r = fx_membership(w, RB_MEMBERSHIP_LEAVE);
    r.created_utc_ms = BY_MS + 2000;
    say_after(w, 3, r);
    assert_true(is_called(at(w, PAST), "line"));
}

/* of two on one charter the first hour counts, whatever `now` is past it */
static void the_first_hour_counts(void **state) {
    struct fx *w = silent(state, 3);
    const struct rb_hash second = amend(w, 0, &w->charter_id, "of the later hour", BY_MS + 60000);
    const struct rb_hash first = amend(w, 1, &w->charter_id, "of the first hour", BY_MS);
    held_by_all(w, 0, TOLD_S);
    held_by_all(w, 1, TOLD_S);
    for (unsigned late = 0; late < 2; late++) {
        struct rb_book *b = fx_book(w);
        assert_true(is_called(fx_fold(w, b, BY_MS), "line"));
        assert_true(is_called(fx_fold(w, b, BY_MS + 1), "of the first hour"));
        const struct rb_situation *s = fx_fold(w, b, BY_MS + 3600000);
        assert_true(is_called(s, "of the first hour"));
        assert_int_equal(fx_mark(s, &first), RB_MARK_NONE);
        assert_int_equal(fx_mark(s, &second), RB_MARK_NOT_ADOPTED);
        struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
        r.created_utc_ms = BY_MS + 120000;
        fx_say(w, 0, &r); /* before the first one in the order */
    }
}

/* one after the other, each named by the next */
static void hour_upon_hour(void **state) {
    struct fx *w = silent(state, 3);
    struct rb_hash id = w->charter_id;
    char title[4][8];
    for (unsigned i = 0; i < 4; i++) {
        snprintf(title[i], sizeof title[i], "no. %u", i);
        const int64_t by = BY_MS + (int64_t)i * 2 * SPAN_MS;
        w->clock_ms = by - SPAN_MS - 60000;
        struct rb_record r = amendment(w, &id, title[i], by);
        id = say_after(w, (uint16_t)(i % 3), r);
        held_by_all(w, (uint16_t)(i % 3), (uint64_t)(by - SPAN_MS) / 1000);
    }
    struct rb_book *b = fx_book(w);
    assert_true(is_called(fx_fold(w, b, BY_MS), "line"));
    for (unsigned i = 0; i < 4; i++) {
        const struct rb_situation *s = fx_fold(w, b, BY_MS + (int64_t)i * 2 * SPAN_MS + 1);
        assert_true(is_called(s, title[i]));
    }
}

/* who it lets in speaks from then on */
static void silence_lets_in_a_member(void **state) {
    struct fx *w = silent(state, 3);
    struct rb_charter next = w->charter;
    fx_party_make(w, 3);
    next.members[3] = (struct rb_member){.index = 3, .handle = rb_str(w->party[3].handle)};
    next.members[3].card = w->party[3].card;
    next.members_n = 4;
    next.accept_by_utc_ms = BY_MS;
    const struct rb_hash id = say_after(w, 0, fx_amendment(w, &w->charter_id, &next));
    held_by_all(w, 0, TOLD_S);
    struct rb_book *b = fx_book(w);
    assert_int_equal(fx_fold(w, b, BEFORE)->members_n, 3);
    assert_int_equal(fx_fold(w, b, PAST)->members_n, 4);
    assert_non_null(rb_book_member(b, 3));
    fx_open(w, 3, 0);
    w->parties_n = 4;
    w->clock_ms = BY_MS + 1000;
    say_after(w, 0, fx_record(w, RB_KIND_STATEMENT));
    const struct rb_hash yes = answer_after(w, 3, &id, RB_POSITION_ACCEPT);
    const struct rb_hash word = say_after(w, 3, fx_record(w, RB_KIND_STATEMENT));
    b = fx_book_empty(w);
    for (size_t i = 0; i < 3; i++)
        while (fx_book_next(w, b, w->feed[i], -1))
            continue;
    (void)fx_fold(w, b, PAST); /* brings it into the book */
    while (fx_book_next(w, b, fx_feed_of(w, 3, 0), -1))
        continue;
    const struct rb_situation *s = fx_fold(w, b, PAST);
    assert_int_equal(fx_mark(s, &yes), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &word), RB_MARK_NONE);
    assert_true(s->members[3].active);
    assert_int_equal(fx_mark(fx_fold(w, b, BEFORE), &word), RB_MARK_NOT_IN_FORCE);
}

/* ---- words and the hour -----------------------------------------------------------------------
 */

/* 5.9.7: two amendments, one with enough words and a veto not used, one adopted by words alone */
static void words_before_the_hour(void **state) {
    for (unsigned late = 0; late < 3; late++) {
        struct fx *w = *state;
        fx_reset(w, 4);
        by_two_and_a_veto(&w->charter);
        in_force(w);
        const struct rb_hash waits = amend(w, 0, &w->charter_id, "waits", BY_MS);
        answer_after(w, 1, &waits, RB_POSITION_ACCEPT);
        const struct rb_hash words = amend(w, 2, &w->charter_id, "words", BY_MS + 3600000);
        held_by_all(w, 1, BY_S - 100);
        struct rb_record r = fx_position(w, &words, RB_POSITION_ACCEPT);
        if (late == 1) r.created_utc_ms = BY_MS + 2000; /* 2: dated back, and not known in time */
        const struct rb_hash yes = say_after(w, 3, r);
        held_by_all(w, 3, late ? BY_S + 3 : BY_S - 3);
        const struct rb_situation *s = at(w, PAST);
        assert_true(is_called(s, late ? "waits" : "words"));
        assert_int_equal(fx_mark(s, &waits), late ? RB_MARK_NONE : RB_MARK_NOT_ADOPTED);
        assert_int_equal(fx_mark(s, &words), late ? RB_MARK_NOT_ADOPTED : RB_MARK_NONE);
        assert_int_equal(fx_mark(s, &yes), RB_MARK_NONE);
    }
}

/* nine of fifteen and five vetoes, as an amendment */
static void a_council_amends(void **state) {
    static const struct {
        const char *words; /* of 1 to 14 */
        bool before, past;
    } cases[] = {{"aaaaaaaa......", true, true},
                 {".aaaaaaaa.....", false, true},
                 {".aaaaaaa......", false, false},
                 {"raaaaaaaaaaaaa", false, false}};
    struct fx *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fx_reset(w, 15);
        by_two_and_a_veto(&w->charter);
        w->charter.quorum = 9;
        w->charter.veto = 31;
        in_force(w);
        const struct rb_hash id = amend(w, 0, &w->charter_id, "second", BY_MS);
        for (uint16_t m = 1; m < 15; m++) {
            if (cases[i].words[m - 1] == '.') continue;
            answer_after(w, m, &id, type_of(cases[i].words[m - 1]));
            fx_held(w, m, 0, BY_S - 5);
        }
        struct rb_book *b = fx_book(w);
        assert_int_equal(is_called(fx_fold(w, b, BEFORE), "second"), cases[i].before);
        assert_int_equal(is_called(fx_fold(w, b, PAST), "second"), cases[i].past);
    }
}

/* ---- what is shown of one that is open ---------------------------------------------------------
 */

static struct fx *four(void **state, void (*rule)(struct rb_charter *)) {
    struct fx *w = *state;
    fx_reset(w, 4);
    rule(&w->charter);
    in_force(w);
    return w;
}
static struct rb_sit_amendment open_one(const struct rb_situation *s, const struct rb_hash *id) {
    const struct rb_sit_amendment *a = rb_situation_amendment(s, fx_place(s, id));
    assert_non_null(a);
    return *a;
}

/* the last word in time that was not taken back */
static void the_words_that_count(void **state) {
    struct fx *w = four(state, by_all);
    const struct rb_hash id = amend(w, 0, &w->charter_id, "second", BY_MS);
    answer_after(w, 1, &id, RB_POSITION_REJECT);
    fx_held(w, 1, 0, BY_S - 9);
    struct rb_sit_amendment a = open_one(now(w), &id);
    assert_int_equal(a.voices, 15);
    assert_int_equal(a.accepted, 1); /* by proposing */
    assert_int_equal(a.rejected, 2);
    assert_int_equal(fx_mark_now(w, &id), RB_MARK_NOT_ADOPTED); /* as long as it says so */
    const struct rb_hash yes = answer_after(w, 1, &id, RB_POSITION_ACCEPT);
    fx_held(w, 1, 0, BY_S - 8);
    answer_after(w, 2, &id, RB_POSITION_ACCEPT);
    answer_after(w, 2, &id, RB_POSITION_ABSTAIN);
    fx_held(w, 2, 0, BY_S - 8);
    a = open_one(now(w), &id);
    assert_int_equal(a.accepted, 1 | 2);
    assert_int_equal(a.rejected, 0);
    assert_int_equal(a.other, 4);
    answer_after(w, 1, &yes, RB_POSITION_WITHDRAW);
    a = open_one(now(w), &id);
    assert_int_equal(a.accepted, 1);
    assert_int_equal(a.voices & ~(a.accepted | a.rejected | a.other), 2 | 8);
    const struct rb_situation *s = at(w, PAST);
    assert_null(rb_situation_amendment(s, fx_place(s, &id)));
    assert_null(rb_situation_amendment(s, s->charter_record)); /* which is none */
}

static void guarantors_are_awaited_alone(void **state) {
    struct fx *w = four(state, by_guarantors);
    const struct rb_hash id = amend(w, 0, &w->charter_id, "second", BY_MS);
    answer_after(w, 1, &id, RB_POSITION_ACCEPT);
    const struct rb_sit_amendment a = open_one(now(w), &id);
    assert_int_equal(a.voices, 8);
    assert_int_equal(a.accepted, 1 | 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(each_rule),
        T(a_short_silence_is_out_of_turn),
        T(silence_of_the_told_alone),
        T(from_the_first_late_record_on),
        T(a_no_behind_the_hour),
        T(the_hour_stays),
        T(who_leaves_after_the_hour),
        T(an_untold_voice_that_leaves),
        T(the_first_hour_counts),
        T(hour_upon_hour),
        T(silence_lets_in_a_member),
        T(words_before_the_hour),
        T(a_council_amends),
        T(the_words_that_count),
        T(guarantors_are_awaited_alone),
    };
    return cmocka_run_group_tests_name("amend", tests, NULL, NULL);
}
