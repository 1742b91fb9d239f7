/* Ballots, spec 16.2, through real books: who is asked, what counts, and in time. Texts carry them.
 */
#include "adopt_words.h"

/* ---- tables ------------------------------------------------------------------------------------
 */

static struct ballot hold(struct fx *w, const char *adoption, const char *words, bool told) {
    struct ballot b = {0};
    char keys[256] = "";
    if (adoption[0] != '\0')
        assert_in_range(snprintf(keys, sizeof keys, ",5:%s", adoption), 1, sizeof keys - 1);
    b.text = say_after(w, 0, a_text(w, keys, NULL));
    if (told) held_by_all(w, 0, BY_S - 300);
    speak(w, &b, words);
    return b;
}

struct line {
    const char *adoption, *words, *before, *past;
};

static void ballots(struct fx *w, void (*shape)(struct rb_charter *), const struct line *lines,
                    size_t n) {
    for (size_t i = 0; i < n; i++) {
        const struct line *l = &lines[i];
        fx_reset(w, 4);
        if (shape != NULL) shape(&w->charter);
        in_force(w);
        const struct ballot b = hold(w, l->adoption, l->words, true);
        char before[40], past[40];
        struct rb_book *book = fx_book(w);
        snprintf(before, sizeof before, "%s", state_of(fx_fold(w, book, BEFORE), &b.text));
        snprintf(past, sizeof past, "%s", state_of(fx_fold(w, book, PAST), &b.text));
        if (strcmp(before, l->before) != 0 || strcmp(past, l->past) != 0)
            fail_msg("%s: %s: %s, %s", l->adoption, l->words, before, past);
    }
}
#define BALLOTS(w, shape, lines) ballots(w, shape, lines, sizeof(lines) / sizeof *(lines))

/* 16.2.4 */
static void all_must_accept(void **state) {
    static const struct line lines[] = {
        {"", "", "circulated", "circulated"},
        {"", "1a 2a 3a", "adopted", "adopted"},
        {"", "1a 2a", "circulated", "circulated"},
        {"", "1a 2a 3o", "circulated", "circulated"},
        {"", "1a 2a 3d", "circulated", "circulated"},
        {"", "1r", "not-adopted", "not-adopted"},
        {"", "1r 1a 2a 3a", "not-adopted", "not-adopted"},
        {"", "1o 1a 2a 3a", "adopted", "adopted"},
        {"", "1a 2a 1w 3a", "circulated", "circulated"},
        {"", "1q 2q 3q", "circulated", "circulated"},
        {"", "0r", "not-adopted", "not-adopted"},
        {"{4:" BY "}", "1a 2a 3a", "adopted", "adopted"},
        {"{4:" BY "}", "1a 2a", "circulated", "lapsed"},
        {"{4:" BY "}", "1a 2a 3a+", "adopted", "lapsed"},
        {"{4:" BY "}", "1a 2a 3a~", "adopted", "contested-by-time"},
        {"{4:" BY "}", "1a 2a 3a?", "adopted", "contested-by-time"},
        {"{4:" BY "}", "1a 2a 3a^", "adopted", "contested-by-time"},
        {"{4:" BY "}", "1a 2a~", "circulated", "lapsed"},
        {"{4:" BY "}", "1r~ 2a", "not-adopted", "lapsed"},
        {"{4:" BY "}", "1a 2a 3a~ 1r", "adopted", "contested-by-time"},
        {"{4:" BY "}", "1a 2a 1r+ 3a", "not-adopted", "adopted"},
    };
    BALLOTS(*state, NULL, lines);
}

/* 16.2.5 */
static void so_many_must_accept(void **state) {
    static const struct line lines[] = {
        {"{1:1,2:3}", "1a", "circulated", "circulated"},
        {"{1:1,2:3}", "1a 2a", "adopted", "adopted"},
        {"{1:1,2:3}", "1r 2a 3a", "adopted", "adopted"},
        {"{1:1,2:3}", "1r 2o", "not-adopted", "not-adopted"},
        {"{1:1,2:3}", "1a 1o 2a", "circulated", "circulated"},
        {"{1:1,2:1}", "", "adopted", "adopted"},
        {"{1:1,2:3,4:" BY "}", "1a 2a~ 3a", "adopted", "adopted"},
        {"{1:1,2:3,4:" BY "}", "1a 2a~", "adopted", "contested-by-time"},
        {"{1:1,2:3,4:" BY "}", "1a 1o+ 2a", "circulated", "adopted"},
        {"{1:1,2:3,4:" BY "}", "1a 1w+ 2a", "circulated", "adopted"},
        {"{1:1,2:3,4:" BY "}", "1a 1w~ 2a", "circulated", "contested-by-time"},
    };
    BALLOTS(*state, NULL, lines);
}

/* 16.2.6 */
static void a_veto_is_waited_for(void **state) {
    static const struct line lines[] = {
        {"{1:2,2:2,3:[3],4:" BY "}", "1a", "circulated", "adopted"},
        {"{1:2,2:2,3:[3],4:" BY "}", "1a 3o", "adopted", "adopted"},
        {"{1:2,2:2,3:[3],4:" BY "}", "1a 3r", "not-adopted", "not-adopted"},
        {"{1:2,2:2,3:[3],4:" BY "}", "1r 2a 3a", "adopted", "adopted"},
        {"{1:2,2:2,3:[3],4:" BY "}", "3a", "adopted", "adopted"},
        {"{1:2,2:2,3:[3],4:" BY "}", "1a 3r+", "not-adopted", "adopted"},
        {"{1:2,2:2,3:[3],4:" BY "}", "1a 3r~", "not-adopted", "adopted"},
        {"{1:2,2:2,3:[3],4:" BY "}", "1a 3r^", "not-adopted", "contested-by-time"},
        {"{1:2,2:2,3:[3],4:" BY "}", "1a~", "circulated", "contested-by-time"},
        {"{1:2,2:2,3:[3]}", "1a", "circulated", "circulated"},
    };
    BALLOTS(*state, NULL, lines);
}

/* 16.2.7: broken only by what was held in time */
static void silence_adopts(void **state) {
    static const struct line lines[] = {
        {"{1:3,4:" BY "}", "", "circulated", "adopted"},
        {"{1:3,4:" BY "}", "1a 2a 3a", "circulated", "adopted"},
        {"{1:3,4:" BY "}", "1o 2d", "circulated", "adopted"},
        {"{1:3,4:" BY "}", "1r", "not-adopted", "not-adopted"},
        {"{1:3,4:" BY "}", "1r 1w", "not-adopted", "not-adopted"},
        {"{1:3,4:" BY "}", "1r+", "not-adopted", "adopted"},
        {"{1:3,4:" BY "}", "1r~", "not-adopted", "adopted"},
        {"{1:3,4:" BY "}", "1r?", "not-adopted", "adopted"},
        {"{1:3,4:" BY "}", "1r^", "not-adopted", "contested-by-time"},
        {"{1:3,4:" BY "}", "1r^ 2r", "not-adopted", "not-adopted"},
        {"{1:3,4:" BY ",5:[1,2]}", "3r", "circulated", "adopted"},
    };
    BALLOTS(*state, NULL, lines);
}

/* 16.2.7: who was not told did not keep silent */
static void silence_of_the_told_alone(void **state) {
    struct fx *w = *state;
    for (unsigned told = 0; told < 3; told++) { /* nobody; all but 3; all, 3 late */
        fx_reset(w, 4);
        in_force(w);
        const struct ballot b = hold(w, "{1:3,4:" BY "}", "", false);
        for (uint16_t k = 1; told > 0 && k < 3; k++)
            fx_held(w, 0, k, BY_S - 300);
        if (told == 2) fx_held(w, 0, 3, BY_S + 1);
        assert_string_equal(state_of(at(w, PAST), &b.text), "lapsed");
    }
    const struct ballot b = hold(w, "{1:3,4:" BY "}", "", true);
    assert_string_equal(state_of(at(w, PAST), &b.text), "adopted");
}

static void one_guarantor(struct rb_charter *c) {
    c->members[3].role = RB_ROLE_GUARANTOR;
    c->members[2].role = RB_ROLE_OBSERVER;
}

/* 16.2.1 */
static void who_is_asked(void **state) {
    static const struct line lines[] = {
        {"", "1a 3a", "adopted", "adopted"},
        {"", "1a 2r 3a", "adopted", "adopted"},
        {"{1:4,4:" BY "}", "1r 2r 3a", "adopted", "adopted"},
        {"{1:4,4:" BY "}", "1a", "circulated", "lapsed"},
        {"{1:4,4:" BY "}", "3r", "not-adopted", "not-adopted"},
        {"{1:4,5:[2,3]}", "3a", "circulated", "circulated"},
        {"{1:4,5:[2,3]}", "3a 2a", "adopted", "adopted"},
        {"{5:[1,2]}", "1a 2a", "adopted", "adopted"},
        {"{5:[1,2]}", "1a 3r", "circulated", "circulated"},
        {"{5:[0]}", "", "adopted", "adopted"},
    };
    BALLOTS(*state, one_guarantor, lines);
}

static void a_coalition(struct rb_charter *c) {
    c->groups_n = 1;
    c->groups[0] = (struct rb_group){rb_str("coalition"), 1, 6};
}

/* 16.2.2 */
static void the_lead_speaks(void **state) {
    static const struct line lines[] = {
        {"", "1a 3a", "adopted", "adopted"},
        {"", "1a 2r 3a", "adopted", "adopted"},
        {"", "2a 3a", "circulated", "circulated"},
        {"", "2a 3a 1r", "not-adopted", "not-adopted"},
        {"{5:[2,3]}", "2a 3a", "adopted", "adopted"},
        {"{1:2,2:2,3:[2],4:" BY "}", "3a 2r", "circulated", "adopted"},
        {"{1:2,2:2,3:[2],4:" BY "}", "3a 1r", "not-adopted", "not-adopted"},
    };
    BALLOTS(*state, a_coalition, lines);
}

static void keeps_time(struct rb_charter *c) {
    c->has_timekeeper = true;
    c->timekeeper = 0;
}

/* 5.8.1: one clock, where the charter names one: late by the others' is not late */
static void a_timekeeper_decides(void **state) {
    static const struct line lines[] = {
        {"{1:3,4:" BY "}", "1r^", "not-adopted", "not-adopted"},
        {"{4:" BY "}", "1a 2a 3a^", "adopted", "adopted"},
        {"{4:" BY "}", "1a 2a 3a~", "adopted", "contested-by-time"},
    };
    BALLOTS(*state, keeps_time, lines);
}

/* ---- marks and views --------------------------------------------------------------------------
 */

/* 16.1.1: what the settled ballot does not want is marked; questions never are */
static void settled_is_settled(void **state) {
    static const struct {
        const char *words;
        enum rb_mark last;
    } cases[] = {{"1a 2a 3a 1r", RB_MARK_OUT_OF_TURN},
                 {"1a 2a 3a 1w", RB_MARK_OUT_OF_TURN},
                 {"1a 2a 3a 1q", RB_MARK_NONE},
                 {"1a 2a 3a 1d", RB_MARK_NONE},
                 {"1r 2d", RB_MARK_OUT_OF_TURN},
                 {"1r 2q", RB_MARK_NONE},
                 {"1a 2a 1r", RB_MARK_NONE},
                 {"1q 1w", RB_MARK_NONE},
                 {"1r 2q 2w", RB_MARK_NONE}};
    struct fx *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fx_reset(w, 4);
        in_force(w);
        const struct ballot b = hold(w, "", cases[i].words, true);
        assert_int_equal(fx_mark(at(w, PAST), &b.last), cases[i].last);
    }
}

static const struct rb_voice *voice_of(const struct rb_adoption_view *v, uint16_t member) {
    for (size_t i = 0; i < v->voices_n; i++)
        if (v->voices[i].member == member) return &v->voices[i];
    return NULL;
}

static void what_each_said_is_shown(void **state) {
    struct fx *w = *state;
    fx_reset(w, 4);
    w->charter.members[3].role = RB_ROLE_OBSERVER;
    in_force(w);
    const struct ballot b = hold(w, "{1:1,2:3,4:" BY "}", "1a 1o+ 2a~ 3r", true);
    const struct rb_situation *s = at(w, PAST);
    const struct rb_text_line line = line_of(w, s, &b.text);
    const struct rb_adoption_view *v = &line.versions[0].adoption;
    assert_int_equal(v->voices_n, 4);
    assert_true(v->rule == RB_RULE_QUORUM && v->quorum == 3 && v->by_utc_ms == BY_MS);
    assert_int_equal(v->state, RB_ADOPTION_CONTESTED_BY_TIME);
    assert_int_equal(voice_of(v, 0)->record, fx_place(s, &b.text));
    assert_int_equal(voice_of(v, 1)->position, RB_POSITION_ACCEPT); /* its late word hides it not */
    assert_false(voice_of(v, 1)->stance.late || voice_of(v, 1)->stance.contested);
    assert_int_equal(voice_of(v, 1)->t_ms, BY_MS - 5000);
    assert_true(voice_of(v, 2)->stance.contested);
    assert_true(!voice_of(v, 3)->elector && voice_of(v, 3)->position == RB_POSITION_REJECT);
    assert_int_equal(voice_of(v, 3)->record, fx_place(s, &b.last));
}

/* 16.2.8: it changes no state, and is said */
static void dated_in_time(void **state) {
    static const struct {
        const char *adoption, *words;
        uint64_t dated;
    } cases[] = {
        {"{1:2,2:2,3:[3],4:" BY "}", "1a 3r~", 8}, {"{1:2,2:2,3:[3],4:" BY "}", "1a 3r?", 8},
        {"{1:2,2:2,3:[3],4:" BY "}", "1a 3r+", 0}, {"{1:2,2:2,3:[3],4:" BY "}", "1a 3r^", 0},
        {"{1:2,2:2,3:[3],4:" BY "}", "1a 1w~", 2}, {"{1:2,2:2,3:[3],4:" BY "}", "1a 3a~", 0},
        {"{1:3,4:" BY "}", "1r? 2r~", 6},          {"{1:3,4:" BY "}", "1r+", 0},
        {"{1:3,4:" BY "}", "1r^ 2r~", 0},          {"{1:1,2:2,4:" BY "}", "1a 2r~", 0},
    };
    struct fx *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fx_reset(w, 4);
        in_force(w);
        const struct ballot b = hold(w, cases[i].adoption, cases[i].words, true);
        struct rb_book *book = fx_book(w);
        const struct rb_situation *s = fx_fold(w, book, PAST);
        assert_int_equal(line_of(w, s, &b.text).versions[0].adoption.dated, cases[i].dated);
        s = fx_fold(w, book, BEFORE);
        assert_int_equal(line_of(w, s, &b.text).versions[0].adoption.dated, 0);
    }
}

/* 16.2.9 */
static void adopted_since(void **state) {
    struct fx *w = *state;
    fx_reset(w, 4);
    in_force(w);
    struct ballot b = {.text = say_after(w, 0, a_text(w, "", NULL))};
    for (uint16_t k = 1; k < 4; k++) {
        answer_after(w, k, &b.text, RB_POSITION_ACCEPT);
        fx_held(w, k, 0, BY_S + UINT64_C(10) * k);
    }
    assert_int_equal(instrument_of(at(w, PAST), &b.text)->since_utc_ms, BY_MS + 30000);
    b = hold(w, "{1:3,4:" BY "}", "", true);
    assert_int_equal(instrument_of(at(w, PAST), &b.text)->since_utc_ms, BY_MS);
}

/* 16.1.2: a closed word that was not opened here may be any: nothing is derived */
static void a_closed_word_is_not_guessed(void **state) {
    struct fx *w = *state;
    fx_reset(w, 4);
    in_force(w);
    struct ballot b = {.text = say_after(w, 0, a_text(w, "", NULL))};
    struct rb_record r = fx_position(w, &b.text, RB_POSITION_REJECT);
    fx_close(&r, 3);
    const struct rb_hash no = say_after(w, 1, r);
    const struct rb_hash yes = answer_after(w, 2, &b.text, RB_POSITION_ACCEPT);
    struct rb_book *book = fx_book(w);
    const struct rb_situation *s = fx_fold(w, book, PAST);
    assert_string_equal(state_of(s, &b.text), "unread");
    assert_int_equal(line_of(w, s, &b.text).versions[0].adoption.unread, 2);
    assert_int_equal(fx_mark(s, &yes), RB_MARK_NONE);
    fx_unseal_for(w, book, 0);
    s = fx_fold(w, book, PAST);
    assert_string_equal(state_of(s, &b.text), "not-adopted");
    assert_int_equal(fx_mark(s, &no), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &yes), RB_MARK_OUT_OF_TURN);
}

/* 16.2.10: nor is that of an author whose own is no voice; here of an agreement of two others */
static void an_authors_closed_word_is_not_guessed(void **state) {
    struct fx *w = *state;
    fx_reset(w, 4);
    in_force(w);
    const struct rb_hash deal =
        say_after(w, 2, body_of(w, RB_KIND_AGREEMENT, "{1:\"Deal\",4:[0,1]}", NULL));
    struct rb_record r = fx_position(w, &deal, RB_POSITION_WITHDRAW);
    fx_close(&r, 5);
    say_after(w, 2, r);
    answer_after(w, 0, &deal, RB_POSITION_ACCEPT);
    answer_after(w, 1, &deal, RB_POSITION_ACCEPT);
    struct rb_book *book = fx_book(w);
    assert_string_equal(state_of(fx_fold(w, book, PAST), &deal), "unread");
    fx_unseal_for(w, book, 0);
    assert_string_equal(state_of(fx_fold(w, book, PAST), &deal), "withdrawn");
}

/* 16.1.5 */
static void a_forked_word_moves_nothing(void **state) {
    struct fx *w = *state;
    fx_reset(w, 4);
    in_force(w);
    const struct ballot b = hold(w, "", "1a 2a", true);
    struct fx_feed *f = fx_feed_of(w, 3, 0), *other = fx_fork(w, f, f->n);
    const struct rb_hash yes = answer_after(w, 3, &b.text, RB_POSITION_ACCEPT);
    fx_turn(w, f);
    const struct rb_hash no = answer_after(w, 3, &b.text, RB_POSITION_REJECT);
    struct rb_book *book = fx_book(w);
    rb_book_feed(book, 3, 0)->frozen = true;
    const struct rb_situation *s = fx_fold(w, book, PAST);
    assert_string_equal(state_of(s, &b.text), "circulated");
    assert_int_equal(fx_mark(s, &yes), RB_MARK_CONTESTED);
    assert_int_equal(fx_mark(s, &no), RB_MARK_CONTESTED);
    const struct rb_text_line line = line_of(w, s, &b.text);
    assert_true(voice_of(&line.versions[0].adoption, 3)->forked);
    assert_non_null(other);
}

/* nine of fifteen, five of them with a veto */
static void a_council(void **state) {
    static const struct {
        const char *words; /* by member, from 1 on; 0 tables the text and accepts by it */
        const char *before, *past;
    } cases[] = {
        {"aaaaaaaa......", "adopted", "adopted"},
        {"oooo..aaaaaaa.", "circulated", "lapsed"},
        {"oooo"
         "aaaaaaaa"
         "..",
         "adopted", "adopted"},
        {".aaaaaaaaa....", "circulated", "adopted"},
        {"raaaaaaaaaaaaa", "not-adopted", "not-adopted"},
        {"aaaaaaarrrrrrr", "not-adopted", "not-adopted"},
        {"aaaaoooooaaaa.", "adopted", "adopted"},
    };
    struct fx *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fx_reset(w, 15);
        in_force(w);
        struct ballot b = {.text = say(w, 0, RB_KIND_STATEMENT)};
        b.text = say_after(w, 0, a_text(w, ",5:{1:2,2:9,3:[0,1,2,3,4],4:" BY "}", NULL));
        for (uint16_t m = 1; m < 15; m++) {
            if (cases[i].words[m - 1] == '.') continue;
            answer_after(w, m, &b.text, type_of(cases[i].words[m - 1]));
            fx_held(w, m, 0, BY_S - 5);
        }
        struct rb_book *book = fx_book(w);
        assert_string_equal(state_of(fx_fold(w, book, BEFORE), &b.text), cases[i].before);
        assert_string_equal(state_of(fx_fold(w, book, PAST), &b.text), cases[i].past);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(all_must_accept),
        T(so_many_must_accept),
        T(a_veto_is_waited_for),
        T(silence_adopts),
        T(silence_of_the_told_alone),
        T(who_is_asked),
        T(the_lead_speaks),
        T(a_timekeeper_decides),
        T(settled_is_settled),
        T(what_each_said_is_shown),
        T(dated_in_time),
        T(adopted_since),
        T(a_closed_word_is_not_guessed),
        T(an_authors_closed_word_is_not_guessed),
        T(a_forked_word_moves_nothing),
        T(a_council),
    };
    return cmocka_run_group_tests_name("ballot", tests, NULL, NULL);
}
