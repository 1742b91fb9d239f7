/* Texts, spec 16.3, through real books: lines of versions, the pen, brackets, who stands apart. */
#include "adopt_words.h"

static struct rb_hash circulate(struct fx *w, uint16_t member, const char *keys,
                                const struct rb_hash *previous) {
    return say_after(w, member, a_text(w, keys, previous));
}

static struct fx *four(void **state) {
    struct fx *w = *state;
    fx_reset(w, 4);
    in_force(w);
    return w;
}

static void all_accept(struct fx *w, const struct rb_hash *text) {
    for (uint16_t m = 1; m < 4; m++)
        answer_after(w, m, text, RB_POSITION_ACCEPT);
}

#define IS(s, id, state) assert_string_equal(state_of(s, &(id)), state)
#define MARKED(s, id, mark) assert_int_equal(fx_mark(s, &(id)), RB_MARK_##mark)

/* ---- versions ---------------------------------------------------------------------------------
 */

static void a_line_goes_on(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 0, "", NULL), v2 = circulate(w, 0, ",4:#1", &v1),
                         v3 = circulate(w, 0, ",4:#1,7:2", &v2), v4 = circulate(w, 2, ",4:#1", &v3),
                         other = circulate(w, 0, "", NULL);
    const struct rb_situation *s = now(w);
    IS(s, v1, "replaced");
    IS(s, v2, "replaced");
    IS(s, v3, "replaced");
    IS(s, v4, "circulated");
    IS(s, other, "circulated");
    const struct rb_text_line line = line_of(w, s, &v2);
    assert_int_equal(line.versions_n, 4);
    assert_int_equal(line.latest, 3);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(line.versions[i].previous, i == 0 ? RB_NOWHERE : i - 1);
    assert_true(line.versions[2].author == 0 && line.versions[2].pen == 2);
    assert_true(line.versions[3].author == 2 && line.versions[3].pen == 2);
    assert_int_equal(line_of(w, s, &other).versions_n, 1);
}

static void only_the_pen_goes_on(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 0, ",7:1", NULL);
    const struct rb_hash by_author = circulate(w, 0, ",4:#1", &v1),
                         by_another = circulate(w, 2, ",4:#1", &v1);
    const struct rb_situation *s = now(w);
    MARKED(s, by_author, NOT_ENTITLED);
    MARKED(s, by_another, NOT_ENTITLED);
    IS(s, by_author, "marked");
    IS(s, v1, "circulated");
    assert_int_equal(line_of(w, s, &v1).versions_n, 1);
    const struct rb_hash v2 = circulate(w, 1, ",4:#1", &v1);
    s = now(w);
    MARKED(s, v2, NONE);
    IS(s, v1, "replaced");
}

/* the one that comes first in the order is met first; the other meets the state it left */
static void concurrent_versions(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 0, ",7:2", NULL);
    for (uint16_t k = 0; k < 3; k++)
        say_after(w, k, fx_record(w, RB_KIND_STATEMENT)); /* all have seen it */
    struct rb_record r = a_text(w, ",4:#1", &v1);
    const struct rb_hash by_pen = fx_say(w, 2, &r);
    r = a_text(w, "", NULL);
    fx_ref(&r, RB_REF_SUPERSEDES, &v1);
    const struct rb_hash anew = fx_say(w, 0, &r);
    const struct rb_situation *s = now(w);
    assert_true(fx_place(s, &anew) < fx_place(s, &by_pen));
    IS(s, v1, "superseded");
    IS(s, anew, "circulated");
    MARKED(s, by_pen, OUT_OF_TURN);
    const struct rb_hash again = circulate(w, 0, ",4:#1", &anew),
                         second = circulate(w, 0, ",4:#1", &anew);
    s = now(w);
    IS(s, again, "circulated");
    MARKED(s, second, OUT_OF_TURN);
}

static void of_nothing_that_is_here(void **state) {
    struct fx *w = four(state);
    const struct rb_hash nowhere = diag_hash(9), v1 = circulate(w, 0, "", NULL);
    const struct rb_hash lost = circulate(w, 0, ",4:#1", &nowhere),
                         marked = circulate(w, 1, ",4:#1", &v1),
                         on_it = circulate(w, 1, ",4:#1", &marked),
                         word = answer_after(w, 2, &marked, RB_POSITION_ACCEPT),
                         question = answer_after(w, 2, &marked, RB_POSITION_QUERY);
    const struct rb_situation *s = now(w);
    MARKED(s, lost, OUT_OF_TURN);
    MARKED(s, marked, NOT_ENTITLED);
    MARKED(s, on_it, OUT_OF_TURN);
    MARKED(s, word, OUT_OF_TURN);
    MARKED(s, question, NONE);
    IS(s, v1, "circulated");
}

static void a_settled_text_is_not_gone_on_from(void **state) {
    static const char *const words[] = {"1a 2a 3a", "1r", "0w"};
    static const char *const states[] = {"adopted", "not-adopted", "withdrawn"};
    for (size_t i = 0; i < 3; i++) {
        struct fx *w = four(state);
        struct ballot b = {.text = circulate(w, 0, "", NULL)};
        speak(w, &b, words[i]);
        const struct rb_hash next = circulate(w, 0, ",4:#1", &b.text);
        struct rb_record r = a_text(w, "", NULL);
        fx_ref(&r, RB_REF_SUPERSEDES, &b.text);
        const struct rb_hash anew = say_after(w, 0, r),
                             back = answer_after(w, 0, &b.text, RB_POSITION_WITHDRAW),
                             yes = answer_after(w, 1, &b.text, RB_POSITION_ACCEPT),
                             seen = answer_after(w, 1, &b.text, RB_POSITION_READ);
        const struct rb_situation *s = now(w);
        IS(s, b.text, states[i]);
        MARKED(s, next, OUT_OF_TURN);
        MARKED(s, anew, OUT_OF_TURN);
        MARKED(s, back, OUT_OF_TURN);
        MARKED(s, yes, OUT_OF_TURN);
        MARKED(s, seen, NONE);
    }
}

/* 16.2.7: what the hour adopted is settled for what was not held before it */
static void settled_by_its_hour(void **state) {
    static const struct {
        bool withdraw;
        int64_t made;  /* after the hour, ms */
        uint64_t held; /* s */
        const char *state, *next;
    } cases[] = {
        {false, -9000, BY_S - 2, "replaced", "circulated"},
        {false, 9000, BY_S + 9, "adopted", "marked"},
        {false, -9000, BY_S + 9, "adopted", "marked"},
        {true, -9000, BY_S - 2, "withdrawn", ""},
        {true, 9000, BY_S + 9, "adopted", ""},
        {true, -9000, BY_S + 9, "adopted", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fx *w = four(state);
        const struct rb_hash v1 = circulate(w, 0, ",5:{1:3,4:" BY "}", NULL);
        held_by_all(w, 0, BY_S - 300);
        struct rb_record r =
            cases[i].withdraw ? fx_position(w, &v1, RB_POSITION_WITHDRAW) : a_text(w, ",4:#1", &v1);
        r.created_utc_ms = BY_MS + cases[i].made;
        const struct rb_hash next = say_after(w, 0, r);
        held_by_all(w, 0, cases[i].held);
        const struct rb_situation *s = at(w, PAST);
        IS(s, v1, cases[i].state);
        const bool moved = strcmp(cases[i].state, "adopted") != 0;
        assert_int_equal(fx_mark(s, &next), moved ? RB_MARK_NONE : RB_MARK_OUT_OF_TURN);
        if (!cases[i].withdraw) IS(s, next, cases[i].next);
    }
}

static void superseded_by_its_author(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 0, "", NULL), line = circulate(w, 0, "", NULL);
    struct rb_record r = a_text(w, "", NULL);
    fx_ref(&r, RB_REF_SUPERSEDES, &v1);
    const struct rb_hash others =
        say_after(w, 1, r); /* not its author: it opens a line of its own */
    r = a_text(w, ",4:#1", &line);
    fx_ref(&r, RB_REF_SUPERSEDES, &v1);
    const struct rb_hash guest = say_after(w, 0, r);
    const struct rb_situation *s = now(w);
    IS(s, v1, "superseded");
    IS(s, others, "circulated");
    IS(s, line, "replaced");
    IS(s, guest, "circulated");
    assert_int_equal(s->order[fx_place(s, &v1)].superseded_by, fx_place(s, &guest));
    assert_int_equal(s->order[fx_place(s, &line)].superseded_by, RB_NOWHERE); /* replaced by it */
    assert_int_equal(line_of(w, s, &v1).latest, RB_NOWHERE);
    assert_int_equal(line_of(w, s, &line).latest, 1);
    const struct rb_hash late = answer_after(w, 2, &v1, RB_POSITION_ACCEPT);
    assert_int_equal(fx_mark_now(w, &late), RB_MARK_OUT_OF_TURN);
}

/* 16.3.2 */
static void brackets_are_not_adopted(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 0, ",5:{4:" BY "},8:[2]", NULL);
    all_accept(w, &v1);
    for (uint16_t m = 1; m < 4; m++)
        fx_held(w, m, 0, BY_S - 9);
    const struct rb_situation *s = at(w, BEFORE);
    IS(s, v1, "circulated");
    struct rb_text_line line = line_of(w, s, &v1);
    assert_int_equal(line.versions[0].bracketed_n, 1);
    assert_int_equal(line.versions[0].adoption.voices_n, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(line.versions[0].adoption.voices[i].position, RB_POSITION_ACCEPT);
    IS(at(w, PAST), v1, "lapsed");
    const struct rb_hash v2 = circulate(w, 0, ",4:#1", &v1);
    held_by_all(w, 0, BY_S - 5);
    all_accept(w, &v2);
    s = at(w, PAST);
    IS(s, v1, "replaced");
    IS(s, v2, "adopted");
}

static void brackets_are_not_rejected_either(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 0, ",8:[1,2]", NULL);
    answer_after(w, 1, &v1, RB_POSITION_REJECT);
    const struct rb_hash v2 = circulate(w, 0, ",4:#1", &v1);
    const struct rb_situation *s = now(w);
    IS(s, v1, "replaced");
    IS(s, v2, "circulated");
}

/* ---- who stands apart --------------------------------------------------------------------------
 */

/* of these paragraphs; none: of the whole */
static struct rb_hash apart(struct fx *w, uint16_t member, const struct rb_hash *text,
                            const char *paragraphs) {
    char body[64];
    struct rb_record r = fx_position(w, text, RB_POSITION_DISSOCIATE);
    snprintf(body, sizeof body, "{1:13%s%s}", paragraphs[0] ? ",6:" : "", paragraphs);
    r.body = body_of(w, RB_KIND_POSITION, body, NULL).body;
    return say_after(w, member, r);
}

static const struct rb_dissociation *apart_of(const struct rb_text_version *v, uint16_t member) {
    for (size_t i = 0; i < v->apart_n; i++)
        if (v->apart[i].member == member) return &v->apart[i];
    return NULL;
}

/* 16.3.3: out of these alone; the rest it has accepted */
static void apart_from_paragraphs(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 0, "", NULL);
    answer_after(w, 1, &v1, RB_POSITION_ACCEPT);
    const struct rb_hash first = apart(w, 1, &v1, "[2]");
    apart(w, 2, &v1, "[1]"); /* has not accepted the rest */
    answer_after(w, 3, &v1, RB_POSITION_ACCEPT);
    const struct rb_situation *s = now(w);
    IS(s, v1, "circulated");
    answer_after(w, 2, &v1, RB_POSITION_ACCEPT);
    s = now(w);
    IS(s, v1, "adopted");
    const struct rb_text_line line = line_of(w, s, &v1);
    assert_int_equal(line.versions[0].apart_n, 2);
    const struct rb_dissociation *a = apart_of(&line.versions[0], 1);
    assert_true(a->paragraphs_n == 1 && a->paragraphs[0] == 2);
    assert_int_equal(a->record, fx_place(s, &first));
    assert_int_equal(apart_of(&line.versions[0], 2)->paragraphs[0], 1);
}

static void apart_from_the_whole(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 0, ",5:{1:1,2:2}", NULL);
    apart(w, 1, &v1, "");
    const struct rb_situation *s = now(w);
    IS(s, v1, "circulated");
    assert_int_equal(line_of(w, s, &v1).versions[0].apart_n, 1);
    answer_after(w, 1, &v1, RB_POSITION_ACCEPT); /* its last word */
    s = now(w);
    IS(s, v1, "adopted");
    assert_int_equal(line_of(w, s, &v1).versions[0].apart_n, 0);
}

/* a late word takes nothing back */
static void apart_when_its_hour_came(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 0, ",5:{1:3,4:" BY "}", NULL);
    held_by_all(w, 0, BY_S - 300);
    apart(w, 1, &v1, "");
    held_by_all(w, 1, BY_S - 9);
    struct rb_record r = fx_position(w, &v1, RB_POSITION_ACCEPT);
    r.created_utc_ms = BY_MS + 9000;
    const struct rb_hash late = say_after(w, 1, r);
    apart(w, 2, &v1, "[2]");
    const struct rb_situation *s = at(w, PAST);
    IS(s, v1, "adopted");
    MARKED(s, late, NONE);
    const struct rb_text_line line = line_of(w, s, &v1);
    assert_int_equal(line.versions[0].apart_n, 2);
    assert_int_equal(apart_of(&line.versions[0], 1)->paragraphs_n, 0);
}

/* said of an adopted text, too; taken back; said anew */
static void apart_from_an_adopted_text(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 0, "", NULL);
    all_accept(w, &v1);
    const struct rb_hash whole = apart(w, 3, &v1, ""), part = apart(w, 1, &v1, "[1,2]"),
                         anew = apart(w, 1, &v1, "[1]");
    struct rb_situation *s = now(w);
    IS(s, v1, "adopted");
    MARKED(s, whole, NONE);
    MARKED(s, part, NONE);
    struct rb_text_line line = line_of(w, s, &v1);
    assert_int_equal(line.versions[0].apart_n, 2);
    assert_int_equal(apart_of(&line.versions[0], 1)->record, fx_place(s, &anew));
    assert_int_equal(apart_of(&line.versions[0], 3)->paragraphs_n, 0);
    const struct rb_hash back = answer_after(w, 3, &whole, RB_POSITION_WITHDRAW),
                         yes = answer_after(w, 3, &v1, RB_POSITION_ACCEPT);
    s = now(w);
    MARKED(s, back, NONE);
    MARKED(s, yes, OUT_OF_TURN);
    line = line_of(w, s, &v1);
    assert_null(apart_of(&line.versions[0], 3));
    IS(s, v1, "adopted");
}

static void apart_from_what_is_gone(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 0, "", NULL);
    circulate(w, 0, ",4:#1", &v1);
    const struct rb_hash part = apart(w, 1, &v1, "[1]");
    const struct rb_situation *s = now(w);
    MARKED(s, part, OUT_OF_TURN);
    assert_int_equal(line_of(w, s, &v1).versions[0].apart_n, 0);
}

/* ---- what moves nothing ------------------------------------------------------------------------
 */

/* read, passed-down, query, its confirmation, correct: never marked for what they are said of */
static void words_about_words(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 0, "", NULL);
    const struct rb_hash no = answer_after(w, 1, &v1, RB_POSITION_REJECT);
    const struct rb_hash ids[] = {
        answer_after(w, 2, &v1, RB_POSITION_READ),
        answer_after(w, 2, &v1, RB_POSITION_PASSED_DOWN),
        answer_after(w, 3, &v1, RB_POSITION_QUERY),
        answer_after(w, 0, &v1, RB_POSITION_CORRECT),
        answer_after(w, 2, &no, RB_POSITION_READ),
        answer_after(w, 2, &no, RB_POSITION_QUERY),
    };
    const struct rb_hash asked = ids[2], asked_of_no = ids[5];
    const struct rb_hash told[] = {answer_after(w, 0, &asked, RB_POSITION_CONFIRM),
                                   answer_after(w, 1, &asked_of_no, RB_POSITION_CONFIRM),
                                   answer_after(w, 3, &asked, RB_POSITION_WITHDRAW),
                                   answer_after(w, 1, &no, RB_POSITION_CORRECT)};
    const struct rb_situation *s = now(w);
    IS(s, v1, "not-adopted");
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        MARKED(s, ids[i], NONE);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        MARKED(s, told[i], NONE);
}

/* ---- forks and closed records ------------------------------------------------------------------
 */

static void a_forked_author(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 0, "", NULL);
    struct fx_feed *f = fx_feed_of(w, 0, 0);
    (void)fx_fork(w, f, f->n);
    const struct rb_hash left = circulate(w, 0, ",4:#1", &v1);
    fx_turn(w, f);
    const struct rb_hash right = circulate(w, 0, ",4:#1,7:2", &v1);
    const struct rb_hash back = answer_after(w, 0, &v1, RB_POSITION_WITHDRAW);
    const struct rb_hash opened = circulate(w, 0, "", NULL);
    struct rb_book *b = fx_book(w);
    rb_book_feed(b, 0, 0)->frozen = true;
    const struct rb_situation *s = fx_fold(w, b, PAST);
    MARKED(s, left, CONTESTED);
    MARKED(s, right, CONTESTED);
    MARKED(s, back, CONTESTED);
    MARKED(s, opened, CONTESTED);
    IS(s, v1, "circulated");
}

/* 16.1.2 */
static void a_closed_text(void **state) {
    struct fx *w = four(state);
    struct rb_record r = a_text(w, ",5:{5:[0,1,2]}", NULL);
    fx_close(&r, 7);
    const struct rb_hash v1 = say_after(w, 0, r);
    r = a_text(w, ",4:#1,5:{5:[0,1,2]}", &v1);
    fx_close(&r, 7);
    const struct rb_hash v2 = say_after(w, 0, r);
    struct rb_hash yes[3];
    for (uint16_t m = 1; m < 3; m++) {
        r = fx_position(w, &v2, RB_POSITION_ACCEPT);
        fx_close(&r, m == 1 ? 7 : 5); /* 2 says it to the author alone */
        yes[m] = say_after(w, m, r);
    }
    struct rb_book *b = fx_book(w);
    const struct rb_situation *s = fx_fold(w, b, PAST);
    IS(s, v1, "unread");
    IS(s, v2, "unread");
    assert_int_equal(line_of(w, s, &v2).versions[0].pen, RB_MAX_MEMBERS);
    MARKED(s, yes[1], NONE);
    fx_unseal_for(w, b, 1);
    s = fx_fold(w, b, PAST);
    IS(s, v1, "replaced");
    IS(s, v2, "unread"); /* what 2 said is not known to 1 */
    assert_int_equal(line_of(w, s, &v2).versions[1].adoption.unread, 4);
    assert_int_equal(line_of(w, s, &v2).versions[1].adoption.state, RB_ADOPTION_UNREAD);
    fx_unseal_for(w, b, 0);
    s = fx_fold(w, b, PAST);
    IS(s, v2, "adopted");
    MARKED(s, yes[2], NONE);
}

static void what_rests_on_unread_is_unread(void **state) {
    struct fx *w = four(state);
    struct rb_record r = a_text(w, "", NULL);
    fx_close(&r, 3);
    const struct rb_hash v1 = say_after(w, 0, r), v2 = circulate(w, 0, ",4:#1", &v1);
    r = fx_position(w, &v1, RB_POSITION_ACCEPT);
    fx_close(&r, 3);
    say_after(w, 1, r);
    all_accept(w, &v2);
    struct rb_book *b = fx_book(w);
    const struct rb_situation *s = fx_fold(w, b, PAST);
    IS(s, v1, "unread");
    IS(s, v2, "unread");
    MARKED(s, v2, NONE);
    fx_unseal_for(w, b, 1);
    s = fx_fold(w, b, PAST);
    IS(s, v1, "replaced");
    IS(s, v2, "adopted");
}

/* 16.3.6 */
static void a_closed_text_that_supersedes(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 0, "", NULL);
    struct rb_record r = a_text(w, "", NULL);
    fx_ref(&r, RB_REF_SUPERSEDES, &v1);
    fx_close(&r, 3);
    const struct rb_hash anew = say_after(w, 0, r);
    struct rb_book *b = fx_book(w);
    const struct rb_situation *s = fx_fold(w, b, PAST);
    IS(s, v1, "unread");
    IS(s, anew, "unread");
    fx_unseal_for(w, b, 1);
    s = fx_fold(w, b, PAST);
    IS(s, v1, "superseded");
    IS(s, anew, "circulated");
}

/* the author's closed word on its own text may be that it withdraws it */
static void an_authors_closed_word(void **state) {
    struct fx *w = four(state);
    const struct rb_hash v1 = circulate(w, 3, "", NULL);
    struct rb_record r = fx_position(w, &v1, RB_POSITION_WITHDRAW);
    fx_close(&r, 9);
    say_after(w, 3, r);
    struct rb_book *b = fx_book(w);
    IS(fx_fold(w, b, PAST), v1, "unread");
    fx_unseal_for(w, b, 0);
    IS(fx_fold(w, b, PAST), v1, "withdrawn");
    rb_book_close_body(b, fx_book_feed(w, b, fx_feed_of(w, 3, 0)), fx_feed_of(w, 3, 0)->n - 1);
    IS(fx_fold(w, b, PAST), v1, "unread");
}

static void asking_for_another_lot(void **state) {
    struct fx *w = four(state);
    struct rb_text_line line;
    const struct rb_hash v1 = circulate(w, 0, "", NULL);
    const struct rb_hash incident =
        say_after(w, 1, body_of(w, RB_KIND_INCIDENT, "{1:\"A strike\"}", NULL));
    struct rb_situation *s = now(w);
    const uint32_t other = instrument_of(s, &incident)->lot;
    assert_int_equal(rb_lot_text(s, other, &w->folds, &line), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_lot_text(s, (uint32_t)s->lots_n, &w->folds, &line), RB_ERR_NOT_FOUND);
    struct rb_arena small = rb_arena(w->folds.p + w->folds.used, 4096);
    assert_int_equal(rb_lot_text(s, instrument_of(s, &v1)->lot, &small, &line), RB_ERR_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(a_line_goes_on),
        T(only_the_pen_goes_on),
        T(concurrent_versions),
        T(of_nothing_that_is_here),
        T(a_settled_text_is_not_gone_on_from),
        T(settled_by_its_hour),
        T(superseded_by_its_author),
        T(brackets_are_not_adopted),
        T(brackets_are_not_rejected_either),
        T(apart_from_paragraphs),
        T(apart_from_the_whole),
        T(apart_when_its_hour_came),
        T(apart_from_an_adopted_text),
        T(apart_from_what_is_gone),
        T(words_about_words),
        T(a_forked_author),
        T(a_closed_text),
        T(what_rests_on_unread_is_unread),
        T(a_closed_text_that_supersedes),
        T(an_authors_closed_word),
        T(asking_for_another_lot),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
