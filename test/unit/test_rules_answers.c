/* Answers that have rules of their own: what was asked about one's own record is confirmed, and a
 * stop-fire's demand is met by any of the four that answer it. */
#include "rules_words.h"

/* ---- admission, with each input flipped -------------------------------------------------------
 */

static struct rb_charter of_three(void) {
    struct rb_charter c = {.members_n = 3};
    c.members[1].index = 1;
    c.members[2].index = 2;
    return c;
}

/* member 1 says `t` to a record of member 2 */
static enum rb_mark answering(enum rb_kind kind, enum rb_position_type t, bool queries_own) {
    const struct rb_charter c = of_three();
    const struct rb_standing st = {
        .in_force = true, .author = 1, .subject_author = 2, .subject_queries_own = queries_own};
    struct rb_fact s = {.kind = (uint8_t)kind, .signers = 1, .notice_class = -1};
    struct rb_fact p = {.kind = RB_KIND_POSITION, .signers = 1, .notice_class = -1};
    s.closed = kind == RB_KIND_ROSTER || kind == RB_KIND_ATTACHMENT;
    p.closed = s.closed;
    s.recipients = p.recipients = s.closed ? 2 | 4 : 0;
    p.position = (int8_t)t;
    return rb_rules_admit(&c, &p, &s, false, &st);
}

/* the table of 3.10 in full: nothing but confirm, and to nothing but a position, is let in by it */
static void a_query_lets_in_confirm_alone(void **state) {
    (void)state;
    for (int k = 1; k <= RB_KIND_MAX; k++)
        for (int t = 1; t <= RB_POSITION_MAX; t++) {
            const enum rb_kind kind = (enum rb_kind)k;
            const enum rb_position_type type = (enum rb_position_type)t;
            const bool in_table = rb_position_may_answer(type, kind, -1, false);
            const bool confirms = kind == RB_KIND_POSITION && type == RB_POSITION_CONFIRM;
            assert_int_equal(answering(kind, type, false),
                             in_table ? RB_MARK_NONE : RB_MARK_NOT_IN_TABLE);
            assert_int_equal(answering(kind, type, true),
                             in_table || confirms ? RB_MARK_NONE : RB_MARK_NOT_IN_TABLE);
        }
}

/* ---- in the fold ------------------------------------------------------------------------------
 */

static struct rb_hash say_to(struct fx *w, uint16_t member, struct rb_record r, uint64_t to) {
    if (to != 0) fx_close(&r, to);
    return fx_say(w, member, &r);
}

static enum rb_mark mark_seen_by(struct fx *w, uint16_t member, const struct rb_hash *id) {
    struct rb_book *b = fx_book(w);
    fx_unseal_for(w, b, member);
    return fx_mark(fx_fold(w, b, w->clock_ms + 1000), id);
}

static void the_asked_alone_confirms(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash area = say_to(w, 1, fx_notice(w, RB_NOTICE_AREA), 0);
    struct rb_hash query = answer(w, 2, &area, RB_POSITION_QUERY);
    struct rb_hash read = answer(w, 2, &area, RB_POSITION_READ);
    struct rb_hash yes = answer(w, 1, &query, RB_POSITION_CONFIRM);
    struct rb_hash other = answer(w, 0, &query, RB_POSITION_CONFIRM);
    struct rb_hash asker = answer(w, 2, &query, RB_POSITION_CONFIRM);
    struct rb_hash not_asked = answer(w, 1, &read, RB_POSITION_CONFIRM);
    struct rb_hash denied = answer(w, 1, &query, RB_POSITION_DISPUTE);
    struct rb_hash record = answer(w, 2, &area, RB_POSITION_CONFIRM);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &yes), RB_MARK_NONE);
    assert_int_equal(rb_situation_answer(s, fx_place(s, &query), 1, RB_POSITION_CONFIRM),
                     fx_place(s, &yes));
    assert_int_equal(fx_mark(s, &other), RB_MARK_NOT_IN_TABLE);
    assert_int_equal(fx_mark(s, &asker), RB_MARK_NOT_IN_TABLE);
    assert_int_equal(fx_mark(s, &not_asked), RB_MARK_NOT_IN_TABLE);
    assert_int_equal(fx_mark(s, &denied), RB_MARK_NOT_IN_TABLE);
    assert_int_equal(fx_mark(s, &record), RB_MARK_NOT_IN_TABLE);
}

/* one query may ask about several records: whose one of them is may confirm */
static void a_query_about_two(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash a = say_to(w, 0, fx_notice(w, RB_NOTICE_AREA), 0);
    struct rb_hash b = say_to(w, 1, fx_notice(w, RB_NOTICE_AREA), 0);
    struct rb_record r = fx_position(w, &a, RB_POSITION_QUERY);
    fx_ref(&r, RB_REF_ANSWERS, &b);
    struct rb_hash query = fx_say(w, 2, &r);
    struct rb_hash by_0 = answer(w, 0, &query, RB_POSITION_CONFIRM);
    struct rb_hash by_1 = answer(w, 1, &query, RB_POSITION_CONFIRM);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &by_0), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &by_1), RB_MARK_NONE);
    r = fx_position(w, &query, RB_POSITION_CONFIRM); /* and at once of what it cannot confirm */
    fx_ref(&r, RB_REF_ANSWERS, &b);
    struct rb_hash both = fx_say(w, 1, &r);
    assert_int_equal(fx_mark_now(w, &both), RB_MARK_NOT_IN_TABLE);
}

/* a site's play-back and its confirmation are closed: what type they are only their readers know,
 * and who cannot read them denies nothing */
static void closed_queries_are_judged_where_they_are_read(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash site = say_to(w, 1, fx_notice(w, RB_NOTICE_SITE), 2 | 4);
    struct rb_hash query = say_to(w, 2, fx_position(w, &site, RB_POSITION_QUERY), 2 | 4);
    struct rb_hash read = say_to(w, 2, fx_position(w, &site, RB_POSITION_READ), 2 | 4);
    struct rb_hash yes = say_to(w, 1, fx_position(w, &query, RB_POSITION_CONFIRM), 2 | 4);
    struct rb_hash no = say_to(w, 1, fx_position(w, &read, RB_POSITION_CONFIRM), 2 | 4);
    struct rb_hash open = answer(w, 1, &query, RB_POSITION_CONFIRM);
    for (uint16_t m = 1; m < 3; m++) {
        assert_int_equal(mark_seen_by(w, m, &yes), RB_MARK_NONE);
        assert_int_equal(mark_seen_by(w, m, &no), RB_MARK_NOT_IN_TABLE);
    }
    assert_int_equal(mark_seen_by(w, 0, &yes), RB_MARK_NONE);
    assert_int_equal(mark_seen_by(w, 0, &no), RB_MARK_NONE);
    assert_int_equal(mark_seen_by(w, 1, &open), RB_MARK_MUST_BE_CLOSED);
}

/* the confirmation was opened here, the query purged: it may have been one */
static void a_query_that_cannot_be_read_any_more(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash site = say_to(w, 1, fx_notice(w, RB_NOTICE_SITE), 2 | 4);
    struct rb_hash read = say_to(w, 2, fx_position(w, &site, RB_POSITION_READ), 2 | 4);
    size_t leaf = fx_feed_of(w, 2, 0)->n - 1;
    struct rb_hash no = say_to(w, 1, fx_position(w, &read, RB_POSITION_CONFIRM), 2 | 4);
    struct rb_book *b = fx_book(w);
    fx_unseal_for(w, b, 1);
    assert_int_equal(fx_mark(fx_fold(w, b, w->clock_ms), &no), RB_MARK_NOT_IN_TABLE);
    rb_book_close_body(b, rb_book_feed(b, 2, 0), leaf);
    assert_int_equal(fx_mark(fx_fold(w, b, w->clock_ms), &no), RB_MARK_NONE);
}

/* ---- stop-fire --------------------------------------------------------------------------------
 */

static const struct rb_sit_due *due_of(const struct rb_situation *s, const struct rb_hash *id,
                                       uint16_t member) {
    for (size_t i = 0; i < s->dues_n; i++)
        if (s->dues[i].subject == fx_place(s, id) && s->dues[i].member == member)
            return &s->dues[i];
    return NULL;
}

static void each_of_four_answers_a_stop_fire(void **state) {
    struct fx *w = *state;
    in_force(w);
    say_seeing(w, 0, 1);
    say_seeing(w, 0, 2);
    for (int t = 1; t <= RB_POSITION_MAX; t++) {
        const enum rb_position_type type = (enum rb_position_type)t;
        const bool meets = type == RB_POSITION_WILL_COMPLY || type == RB_POSITION_COMPLIED ||
                           type == RB_POSITION_CANNOT_COMPLY || type == RB_POSITION_DECLINED;
        struct rb_record r = fx_stop_fire(w, 60000);
        int64_t until = r.demand.by_utc_ms;
        struct rb_hash id = fx_say(w, 0, &r);
        struct rb_hash said = answer(w, 1, &id, type);
        fx_held(w, 1, 0, (uint64_t)w->clock_ms / 1000);
        fx_held(w, 1, 2, (uint64_t)w->clock_ms / 1000);
        struct rb_situation *s = at(w, until + 1);
        assert_int_equal(fx_mark(s, &id), RB_MARK_NONE);
        assert_null(due_of(s, &id, 0));
        assert_int_equal(due_of(s, &id, 1)->state, meets ? RB_DUE_MET : RB_DUE_MISSED);
        assert_int_equal(due_of(s, &id, 1)->answer, meets ? fx_place(s, &said) : RB_NOWHERE);
        assert_int_equal(due_of(s, &id, 2)->state, RB_DUE_MISSED);
        assert_int_equal(due_of(s, &id, 2)->position, RB_POSITION_WILL_COMPLY);
    }
}

/* one officer, in a charter that wants two for whatever it can; said and answered while suspended
 */
static void nothing_holds_a_stop_fire_up(void **state) {
    struct fx *w = *state;
    w->charter.policies_n = 1;
    w->charter.policies[0] = (struct rb_kind_policy){.kind = RB_KIND_NOTICE, .two_officers = true};
    in_force(w);
    say_seeing(w, 0, 1);
    say_seeing(w, 0, 2);
    move(w, 0, RB_MEMBERSHIP_SUSPEND);
    move(w, 1, RB_MEMBERSHIP_SUSPEND);
    say_seeing(w, 0, 1);
    struct rb_record r = fx_stop_fire(w, 60000);
    struct rb_hash id = fx_say(w, 0, &r);
    struct rb_hash said = answer(w, 1, &id, RB_POSITION_WILL_COMPLY);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &id), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &said), RB_MARK_NONE);
    assert_int_equal(due_of(s, &id, 1)->answer, fx_place(s, &said));
}

/* with a place in it may be said to some alone: they owe the answer, nobody else */
/* what a member was told by another one is not its own answer */
static void a_reported_word_is_anothers(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_record r = fx_stop_fire(w, 60000);
    struct rb_hash id = fx_say(w, 0, &r);
    r = fx_position(w, &id, RB_POSITION_DECLINED);
    r.reported_who = rb_str("upland");
    r.reported_carrier = rb_str("by telephone");
    struct rb_hash told = fx_say(w, 1, &r);
    struct rb_book *b = fx_book(w);
    struct rb_situation *s = fx_fold(w, b, w->clock_ms + 1000);
    assert_int_equal(fx_mark(s, &told), RB_MARK_NONE);
    assert_int_equal(due_of(s, &id, 1)->state, RB_DUE_PENDING);
    assert_int_equal(due_of(s, &id, 1)->answer, RB_NOWHERE);
    assert_int_equal(rb_situation_answer(s, fx_place(s, &id), 1, RB_POSITION_DECLINED), RB_NOWHERE);
    r = fx_position(w, &id, RB_POSITION_DECLINED);
    struct rb_hash own = fx_say(w, 1, &r);
    b = fx_book(w);
    s = fx_fold(w, b, w->clock_ms + 1000);
    assert_int_equal(due_of(s, &id, 1)->state, RB_DUE_MET);
    assert_int_equal(due_of(s, &id, 1)->answer, fx_place(s, &own));
}

static void a_closed_stop_fire_is_owed_by_its_recipients(void **state) {
    struct fx *w = *state;
    in_force(w);
    say_seeing(w, 0, 1);
    say_seeing(w, 0, 2);
    struct rb_charter c = of_three();
    assert_false(rb_rules_must_close(&c, RB_KIND_STOP_FIRE, -1));
    struct rb_record r = fx_stop_fire(w, 60000);
    struct rb_hash id = say_to(w, 0, r, 1 | 2);
    struct rb_hash said = say_to(w, 1, fx_position(w, &id, RB_POSITION_DECLINED), 1 | 2);
    struct rb_book *b = fx_book(w);
    struct rb_situation *s = fx_fold(w, b, w->clock_ms + 1000);
    assert_int_equal(fx_mark(s, &id), RB_MARK_NONE);
    assert_null(due_of(s, &id, 2));
    assert_int_equal(due_of(s, &id, 1)->state, RB_DUE_PENDING); /* not read here */
    fx_unseal_for(w, b, 0);
    s = fx_fold(w, b, w->clock_ms + 1000);
    assert_int_equal(due_of(s, &id, 1)->state, RB_DUE_MET);
    assert_int_equal(due_of(s, &id, 1)->answer, fx_place(s, &said));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_lets_in_confirm_alone),
        T(the_asked_alone_confirms),
        T(a_query_about_two),
        T(closed_queries_are_judged_where_they_are_read),
        T(a_query_that_cannot_be_read_any_more),
        T(each_of_four_answers_a_stop_fire),
        T(nothing_holds_a_stop_fire_up),
        T(a_reported_word_is_anothers),
        T(a_closed_stop_fire_is_owed_by_its_recipients),
    };
    return cmocka_run_group_tests_name("rules_answers", tests, NULL, NULL);
}
