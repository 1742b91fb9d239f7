/* Requests: what was asked of whom, how each answered, and what silence is. Spec 16.8. */
#include "beside_words.h"

#define WILL RB_POSITION_WILL_COMPLY
#define COMPLIED RB_POSITION_COMPLIED
#define CANNOT RB_POSITION_CANNOT_COMPLY
#define DECLINED RB_POSITION_DECLINED

static struct rb_request_view request_view(struct fx *w, const struct rb_situation *s,
                                           const struct rb_hash *id) {
    struct rb_request_lot lot;
    const struct rb_sit_instrument *in = lw_instrument(s, id);
    assert_int_equal(rb_lot_request(s, in->lot, &w->arena, &lot), RB_OK);
    for (size_t i = 0; i < lot.n; i++)
        if (lot.requests[i].instrument == (uint32_t)(in - s->instruments)) return lot.requests[i];
    fail();
    return lot.requests[0];
}
static struct rb_asked of_member(const struct rb_request_view *v, uint16_t member) {
    for (size_t i = 0; i < v->asked_n; i++)
        if (v->asked[i].member == member) return v->asked[i];
    fail();
    return v->asked[0];
}

/* ---- the table --------------------------------------------------------------------------------
 */

/* each two answers of one member, one after the other */
static void what_may_follow_what(void **state) {
    static const enum rb_position_type t[] = {WILL, COMPLIED, CANNOT, DECLINED};
    static const char *const allowed[] = {"-ccc", "----", "cc--", "cc--"};
    struct fx *w = *state;
    in_force(w);
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++) {
            struct rb_hash id = lw_say(w, 0, lw_request(w, 2, 0));
            struct rb_hash first = lw_answer(w, 1, &id, t[i]);
            struct rb_hash second = lw_answer(w, 1, &id, t[k]);
            struct rb_situation *s = now(w);
            struct rb_request_view v = request_view(w, s, &id);
            const bool ok = allowed[i][k] == 'c';
            assert_mark(s, &first, RB_MARK_NONE);
            assert_mark(s, &second, ok ? RB_MARK_NONE : RB_MARK_OUT_OF_TURN);
            assert_int_equal(of_member(&v, 1).answer, ok ? t[k] : t[i]);
            assert_int_equal(of_member(&v, 1).record, fx_place(s, ok ? &second : &first));
            rb_arena_reset(&w->folds);
        }
}

static void each_state(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash id = lw_say(w, 0, lw_request(w, 0, 0)); /* of both others */
    assert_state(now(w), &id, RB_STATE_ASKED);
    lw_answer(w, 1, &id, CANNOT);
    assert_state(now(w), &id, RB_STATE_ASKED);
    lw_answer(w, 2, &id, DECLINED);
    assert_state(now(w), &id, RB_STATE_REFUSED);
    lw_answer(w, 1, &id, WILL);
    assert_state(now(w), &id, RB_STATE_ANSWERED);
    lw_answer(w, 1, &id, COMPLIED);
    assert_state(now(w), &id, RB_STATE_ANSWERED);
    lw_answer(w, 2, &id, COMPLIED);
    struct rb_hash late = lw_answer(w, 0, &id, RB_POSITION_WITHDRAW);
    struct rb_hash again = lw_supersede(w, 0, lw_request(w, 0, 0), &id);
    struct rb_situation *s = now(w);
    assert_state(s, &id, RB_STATE_COMPLIED);
    assert_mark(s, &late, RB_MARK_OUT_OF_TURN);
    assert_mark(s, &again, RB_MARK_OUT_OF_TURN);
    assert_state(s, &again, RB_STATE_MARKED);
}

static void who_is_not_asked_answers_nothing(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash id = lw_say(w, 0, lw_request(w, 2, 0));
    struct rb_hash other = lw_answer(w, 2, &id, COMPLIED);
    struct rb_hash own = lw_answer(w, 0, &id, COMPLIED);
    struct rb_hash read = lw_answer(w, 2, &id, RB_POSITION_READ);
    struct rb_record r =
        fx_position(w, &id, COMPLIED); /* what somebody else is said to have said */
    r.reported_who = rb_str("relief-one");
    r.reported_carrier = rb_str("phone");
    struct rb_hash reported = lw_say(w, 1, r);
    struct rb_situation *s = now(w);
    struct rb_request_view v = request_view(w, s, &id);
    assert_mark(s, &other, RB_MARK_NOT_ENTITLED);
    assert_mark(s, &own, RB_MARK_NOT_ENTITLED);
    assert_mark(s, &reported, RB_MARK_NOT_ENTITLED);
    assert_mark(s, &read, RB_MARK_NONE);
    assert_state(s, &id, RB_STATE_ASKED);
    assert_int_equal(v.asked_n, 1);
    assert_int_equal(v.asked[0].answer, 0);
}

static void superseded_and_withdrawn_ask_nobody(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash old = lw_say(w, 0, lw_request(w, 2, 0));
    struct rb_hash will = lw_answer(w, 1, &old, WILL);
    struct rb_hash id = lw_supersede(w, 0, lw_request(w, 6, 0), &old);
    struct rb_hash met_old = lw_answer(w, 1, &old, COMPLIED);
    struct rb_hash back = lw_answer(w, 1, &will, RB_POSITION_WITHDRAW);
    struct rb_hash gone = lw_answer(w, 0, &old, RB_POSITION_WITHDRAW);
    struct rb_hash twice = lw_supersede(w, 0, lw_request(w, 6, 0), &old);
    struct rb_hash read = lw_answer(w, 2, &id, RB_POSITION_READ);
    struct rb_hash unread = lw_answer(w, 2, &read, RB_POSITION_WITHDRAW);
    struct rb_situation *s = now(w);
    assert_mark(s, &gone, RB_MARK_OUT_OF_TURN);
    assert_mark(s, &twice, RB_MARK_OUT_OF_TURN);
    assert_mark(s, &unread, RB_MARK_NONE); /* it moved nothing, and neither does this */
    assert_state(s, &old, RB_STATE_SUPERSEDED);
    assert_state(s, &id, RB_STATE_ASKED);
    assert_mark(s, &met_old, RB_MARK_OUT_OF_TURN);
    assert_mark(s, &back, RB_MARK_OUT_OF_TURN);
    struct rb_request_view v = request_view(w, s, &old), n = request_view(w, s, &id);
    assert_int_equal(of_member(&v, 1).answer, WILL); /* it stays there */
    assert_int_equal(of_member(&n, 1).answer, 0);
    lw_answer(w, 0, &id, RB_POSITION_WITHDRAW);
    struct rb_hash after = lw_answer(w, 2, &id, WILL);
    s = now(w);
    assert_state(s, &id, RB_STATE_WITHDRAWN);
    assert_mark(s, &after, RB_MARK_OUT_OF_TURN);
}

/* ---- time -------------------------------------------------------------------------------------
 */

static void silent_is_one_thing_not_delivered_another(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_record r = lw_request(w, 6, 60000);
    const int64_t by = r.demand.by_utc_ms;
    struct rb_hash id = lw_say(w, 0, r);
    struct rb_situation *s = at(w, by - 1);
    assert_state(s, &id, RB_STATE_ASKED);
    s = at(w, by + 1000);
    assert_state(s, &id, RB_STATE_NOT_DELIVERED);
    struct rb_request_view v = request_view(w, s, &id);
    assert_true(v.has_by && v.by_utc_ms == by);
    assert_true(of_member(&v, 1).unanswered && of_member(&v, 1).undelivered);
    assert_false(of_member(&v, 1).delivered);
    lw_held_by(w, 0, 2, by + 2000); /* after its time: nobody could answer by then */
    s = at(w, by + 10000);
    assert_state(s, &id, RB_STATE_NOT_DELIVERED);
    v = request_view(w, s, &id);
    assert_true(of_member(&v, 1).delivered && of_member(&v, 1).undelivered);
    assert_int_equal(of_member(&v, 1).delivered_utc_ms, (by + 2000) / 1000 * 1000);
    lw_held_by(w, 0, 4, by - 20000);
    s = at(w, by + 10000);
    assert_state(s, &id, RB_STATE_UNANSWERED);
    v = request_view(w, s, &id);
    assert_true(of_member(&v, 2).unanswered && !of_member(&v, 2).undelivered);
    lw_answer(w, 2, &id, CANNOT);
    lw_answer(w, 1, &id, WILL);
    assert_state(at(w, by + 10000), &id, RB_STATE_ANSWERED);
}

/* what is demanded by one record, and of somebody else, is nobody's silence here */
static void each_demand_for_itself(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash early = lw_say(w, 0, lw_request(w, 2, 10000));
    struct rb_hash far = lw_say(w, 0, lw_request(w, 2, 864000000));
    struct rb_record r = lw_request(w, 2, 20000);
    r.demand.members = 4; /* of another than is asked */
    struct rb_hash other = lw_say(w, 0, r), last = lw_say(w, 0, lw_request(w, 2, 10000));
    lw_held_by(w, 0, 6, FX_START_MS);
    struct rb_situation *s = at(w, w->clock_ms + 100000);
    assert_state(s, &early, RB_STATE_UNANSWERED);
    assert_state(s, &far, RB_STATE_ASKED);
    assert_state(s, &other, RB_STATE_ASKED);
    assert_state(s, &last, RB_STATE_UNANSWERED);
}

static void without_a_time_it_stays_asked(void **state) {
    struct fx *w = *state;
    w->charter.answer_ms[RB_FLASH] = 60000;
    in_force(w);
    struct rb_record r = lw_request(w, 2, 0);
    r.precedence = RB_FLASH; /* owed `read`, which is no answer */
    struct rb_hash id = lw_say(w, 0, r);
    lw_held_by(w, 0, 6, w->clock_ms);
    struct rb_situation *s = at(w, w->clock_ms + 864000000);
    assert_int_equal(s->dues_n, 2);
    assert_int_equal(s->dues[0].state, RB_DUE_MISSED);
    struct rb_request_view v = request_view(w, s, &id);
    assert_state(s, &id, RB_STATE_ASKED);
    assert_false(of_member(&v, 1).unanswered);
}

static void late_and_contested(void **state) {
    struct fx *w = *state;
    w->charter.members[1].affiliation = rb_str("south");
    w->charter.members[2].affiliation = rb_str("north");
    in_force(w);
    struct rb_record r = lw_request(w, 2, 60000);
    const int64_t by = r.demand.by_utc_ms;
    struct rb_hash id = lw_say(w, 0, r), other = lw_say(w, 0, lw_request(w, 2, 60000));
    lw_answer(w, 1, &other,
              CANNOT); /* written before its time, held on one side of it and the other */
    fx_held(w, 1, 0, (uint64_t)(by / 1000 - 5));
    w->clock_ms = by + 5000;
    lw_answer(w, 1, &id, WILL); /* created after its time */
    fx_held(w, 1, 0, (uint64_t)(by / 1000 + 10));
    fx_held(w, 1, 2, (uint64_t)(by / 1000 + 10));
    struct rb_situation *s = at(w, by + 100000);
    struct rb_request_view v = request_view(w, s, &id), o = request_view(w, s, &other);
    assert_true(of_member(&v, 1).late);
    assert_false(of_member(&v, 1).contested_by_time || of_member(&v, 1).unanswered);
    assert_true(of_member(&o, 1).contested_by_time);
    assert_false(of_member(&o, 1).late);
    assert_state(s, &id, RB_STATE_ANSWERED);
    assert_state(s, &other, RB_STATE_REFUSED);
    struct rb_hash done = lw_answer(w, 1, &other, COMPLIED);
    s = at(w, by + 200000);
    o = request_view(w, s, &other);
    assert_mark(s, &done, RB_MARK_NONE);
    assert_true(of_member(&o, 1).contested_by_time); /* the first one says when it was answered */
    assert_state(s, &other, RB_STATE_COMPLIED);
}

/* ---- closed -----------------------------------------------------------------------------------
 */

static void what_was_not_read_here_is_not_silence(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_record r = lw_request(w, 6, 60000);
    const int64_t by = r.demand.by_utc_ms;
    struct rb_hash id = lw_say(w, 0, r);
    lw_held_by(w, 0, 6, w->clock_ms);
    lw_closed(w, 1, fx_position(w, &id, COMPLIED), 3);
    struct rb_hash will = lw_answer(w, 2, &id, WILL);
    lw_closed(w, 2, fx_position(w, &id, COMPLIED), 5);
    struct rb_book *b = fx_book(w);
    struct rb_situation *s = fx_fold(w, b, by + 1000);
    struct rb_request_view v = request_view(w, s, &id);
    assert_state(s, &id, RB_STATE_ASKED);
    assert_true(of_member(&v, 1).unread && !of_member(&v, 1).unanswered);
    assert_int_equal(of_member(&v, 1).answer, 0);
    assert_true(of_member(&v, 2).unread && of_member(&v, 2).answer == WILL);
    assert_int_equal(of_member(&v, 2).record, fx_place(s, &will));
    fx_unseal_for(w, b, 0);
    s = fx_fold(w, b, by + 1000);
    v = request_view(w, s, &id);
    assert_state(s, &id, RB_STATE_COMPLIED);
    assert_false(of_member(&v, 1).unread || of_member(&v, 2).unread);
}

static void a_closed_request_is_read_by_its_readers(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash id = lw_closed(w, 0, lw_request(w, 0, 0), 3);
    lw_closed(w, 1, fx_position(w, &id, WILL), 3);
    struct rb_book *b = fx_book(w);
    struct rb_situation *s = fx_fold(w, b, w->clock_ms + 1000);
    struct rb_request_view v = request_view(w, s, &id);
    assert_state(s, &id, RB_STATE_UNREAD);
    assert_int_equal(v.asked_n, 0);
    fx_unseal_for(w, b, 1);
    s = fx_fold(w, b, w->clock_ms + 1000);
    v = request_view(w, s, &id);
    assert_state(s, &id, RB_STATE_ANSWERED);
    assert_int_equal(v.asked_n, 1);
    assert_int_equal(v.asked[0].member, 1);
}

static void of_another_kind(void **state) {
    struct fx *w = *state;
    struct rb_request_lot lot;
    struct rb_contact_lot contact;
    in_force(w);
    struct rb_hash id = lw_say(w, 0, lw_incident(w, NULL, 0));
    struct rb_situation *s = now(w);
    const uint32_t at = lw_instrument(s, &id)->lot;
    assert_int_equal(rb_lot_request(s, at, &w->arena, &lot), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_lot_contact(s, at, &w->arena, &contact), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_lot_request(s, (uint32_t)s->lots_n, &w->arena, &lot), RB_ERR_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(what_may_follow_what),
        T(each_state),
        T(who_is_not_asked_answers_nothing),
        T(superseded_and_withdrawn_ask_nobody),
        T(silent_is_one_thing_not_delivered_another),
        T(each_demand_for_itself),
        T(without_a_time_it_stays_asked),
        T(late_and_contested),
        T(what_was_not_read_here_is_not_silence),
        T(a_closed_request_is_read_by_its_readers),
        T(of_another_kind),
    };
    return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}
