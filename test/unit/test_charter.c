/* Charter matters: coming into force, deadlines, suspending, leaving, amendments. */
#include "rules_words.h"

/* ---- charter in force -------------------------------------------------------------------------
 */

static void comes_into_force(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_hash early = say(w, 0, RB_KIND_STATEMENT);
    assert_int_equal(now(w)->charter_state, RB_CHARTER_PROPOSED);
    assert_int_equal(fx_mark_now(w, &early), RB_MARK_NOT_IN_FORCE);
    fx_accept(w, 1);
    fx_held(w, 1, 0, (uint64_t)w->clock_ms / 1000);
    assert_int_equal(now(w)->charter_state, RB_CHARTER_PROPOSED);
    fx_accept(w, 2);
    uint64_t t = (uint64_t)w->clock_ms / 1000 + 5;
    fx_held(w, 2, 0, t);
    struct rb_hash late = say_seeing(w, 0, 2);
    struct rb_situation *s = now(w);
    assert_int_equal(s->charter_state, RB_CHARTER_IN_FORCE);
    assert_int_equal(s->in_force_since_utc_ms, t * 1000);
    assert_int_equal(fx_mark(s, &late), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &early), RB_MARK_NOT_IN_FORCE); /* it stays so */
    for (size_t i = 0; i < 3; i++) {
        assert_true(s->members[i].accepted);
        assert_true(s->members[i].active);
    }
    assert_string_equal(rb_charter_state_name(s->charter_state), "in-force");
}

static void rejected_and_taken_back(void **state) {
    struct fx *w = *state;
    fx_found(w);
    fx_accept(w, 1);
    answer(w, 2, &w->charter_id, RB_POSITION_REJECT);
    struct rb_situation *s = now(w);
    assert_int_equal(s->charter_state, RB_CHARTER_REJECTED);
    assert_true(s->members[2].rejected);
    struct rb_record told = fx_position(w, &w->charter_id, RB_POSITION_ACCEPT);
    told.reported_who = rb_str("upland"); /* another's word */
    told.reported_carrier = rb_str("by telephone");
    (void)fx_say(w, 2, &told);
    assert_int_equal(now(w)->charter_state, RB_CHARTER_REJECTED);
    fx_accept(w, 2); /* the last word counts */
    assert_int_equal(now(w)->charter_state, RB_CHARTER_IN_FORCE);
    fx_reset(w, 3);
    fx_found(w);
    struct rb_hash accept = fx_accept(w, 1);
    answer(w, 1, &accept, RB_POSITION_WITHDRAW);
    fx_accept(w, 2);
    s = now(w);
    assert_int_equal(s->charter_state, RB_CHARTER_PROPOSED);
    assert_false(s->members[1].accepted);
    answer(w, 1, &w->charter_id, RB_POSITION_READ); /* no stance */
    assert_int_equal(now(w)->charter_state, RB_CHARTER_PROPOSED);
    fx_accept(w, 1);
    assert_int_equal(now(w)->charter_state, RB_CHARTER_IN_FORCE);
}

static void withdrawn_left_and_lapsed(void **state) {
    struct fx *w = *state;
    fx_found(w);
    answer(w, 0, &w->charter_id, RB_POSITION_WITHDRAW);
    fx_accept_all(w);
    assert_int_equal(now(w)->charter_state, RB_CHARTER_REJECTED);
    fx_reset(w, 3);
    fx_found(w);
    move(w, 2, RB_MEMBERSHIP_LEAVE);
    assert_int_equal(now(w)->charter_state, RB_CHARTER_REJECTED);
    fx_reset(w, 3);
    fx_found(w);
    fx_accept(w, 1);
    assert_int_equal(at(w, w->charter.accept_by_utc_ms)->charter_state, RB_CHARTER_PROPOSED);
    assert_int_equal(at(w, w->charter.accept_by_utc_ms + 1)->charter_state, RB_CHARTER_LAPSED);
}

static void unknown_rules_are_not_guessed(void **state) {
    struct fx *w = *state;
    w->charter.rules_version = RB_RULES_VERSION + 1;
    in_force(w);
    struct rb_hash id = say(w, 0, RB_KIND_STATEMENT);
    struct rb_situation *s = now(w);
    assert_int_equal(s->charter_state, RB_CHARTER_UNKNOWN_RULES);
    assert_int_equal(fx_mark(s, &id), RB_MARK_UNKNOWN_RULES);
}

/* 5.9.2: each rule of adoption is known; it is by all whom it names that the charter itself is
 * accepted
 */
static void each_rule_is_known(void **state) {
    struct fx *w = *state;
    for (int rule = RB_RULE_ALL; rule <= RB_RULE_GUARANTORS; rule++) {
        fx_reset(w, 3);
        w->charter.rule = (enum rb_rule_type)rule;
        if (rule == RB_RULE_QUORUM || rule == RB_RULE_QUORUM_VETO) w->charter.quorum = 1;
        if (rule == RB_RULE_QUORUM_VETO) w->charter.veto = 1;
        if (rule == RB_RULE_SILENCE) w->charter.silence_ms = 1000;
        fx_found(w);
        fx_accept(w, 1);
        assert_int_equal(now(w)->charter_state, RB_CHARTER_PROPOSED);
        fx_accept(w, 2);
        assert_int_equal(now(w)->charter_state, RB_CHARTER_IN_FORCE);
    }
}

/* ---- deadlines --------------------------------------------------------------------------------
 */

static const int64_t by = FX_START_MS + 3600000; /* the fixture's accept-by */

/* state after party 1 of two accepted at `created` and these logged that they held it since T */
struct time_case {
    int64_t created;
    int64_t t0, t2; /* ms after which cosigner 0 and 2 hold it; 0 = no receipt */
    bool timekeeper0, same_affiliation2, same_group2;
    int64_t now;
    enum rb_charter_state want;
};

static void deadline_cases(void **state) {
    struct fx *w = *state;
    const int64_t before = by - 5000, after = by + 5000, later = by + 60000;
    const struct time_case cases[] = {
        {before, before, 0, false, false, false, later, RB_CHARTER_IN_FORCE},
        {before, by, 0, false, false, false, later, RB_CHARTER_IN_FORCE}, /* on the dot */
        {before, by + 1000, 0, false, false, false, later, RB_CHARTER_CONTESTED_BY_TIME},
        {after, after, 0, false, false, false, later, RB_CHARTER_LAPSED},
        {before, 0, 0, false, false, false, later, RB_CHARTER_CONTESTED_BY_TIME},
        {before, 0, 0, false, false, false, before + 1, RB_CHARTER_IN_FORCE},
        {before, before, after, false, false, false, later, RB_CHARTER_CONTESTED_BY_TIME},
        {before, after, before, false, false, false, later, RB_CHARTER_CONTESTED_BY_TIME},
        {before, before, after, true, false, false, later, RB_CHARTER_IN_FORCE},
        {before, after, before, true, false, false, later, RB_CHARTER_CONTESTED_BY_TIME},
        {before, before, after, false, true, false, later, RB_CHARTER_IN_FORCE},
        {before, before, after, false, false, true, later, RB_CHARTER_IN_FORCE},
        {before, 0, before, false, true, false, later, RB_CHARTER_CONTESTED_BY_TIME},
        {before, 0, before, true, false, false, later, RB_CHARTER_IN_FORCE}, /* or else */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct time_case *c = &cases[i];
        fx_reset(w, 3);
        w->charter.accept_members = 2; /* party 1 alone */
        w->charter.has_timekeeper = c->timekeeper0;
        w->charter.members[0].affiliation = rb_str("north");
        w->charter.members[1].affiliation = rb_str("south");
        w->charter.members[2].affiliation = rb_str(c->same_affiliation2 ? "south" : "east");
        if (c->same_group2) {
            w->charter.groups_n = 1;
            w->charter.groups[0] = (struct rb_group){rb_str("coalition"), 1, 6};
        }
        fx_found(w);
        w->clock_ms = c->created - 1000;
        fx_accept(w, 1);
        w->clock_ms = FX_START_MS;
        if (c->t0 != 0) fx_held(w, 1, 0, (uint64_t)c->t0 / 1000);
        if (c->t2 != 0) fx_held(w, 1, 2, (uint64_t)c->t2 / 1000);
        struct rb_situation *s = at(w, c->now);
        if (s->charter_state != c->want) print_message("case %zu\n", i);
        assert_int_equal(s->charter_state, c->want);
        assert_int_equal(s->members[1].accept_contested_by_time,
                         c->want == RB_CHARTER_CONTESTED_BY_TIME);
    }
}

/* ---- suspend, resume, leave -------------------------------------------------------------------
 */

static void suspension(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash asked = say(w, 0, RB_KIND_STATEMENT);
    struct rb_record flash = fx_record(w, RB_KIND_STATEMENT);
    flash.precedence = RB_FLASH;
    struct rb_hash alarm = fx_say(w, 0, &flash);
    struct rb_hash off = move(w, 1, RB_MEMBERSHIP_SUSPEND);
    struct rb_hash twice = move(w, 1, RB_MEMBERSHIP_SUSPEND);
    struct rb_hash quiet = say(w, 1, RB_KIND_STATEMENT);
    struct rb_hash read = answer(w, 1, &asked, RB_POSITION_READ);
    struct rb_hash read_alarm = answer(w, 1, &alarm, RB_POSITION_READ);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &off), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &twice), RB_MARK_OUT_OF_TURN);
    assert_int_equal(fx_mark(s, &quiet), RB_MARK_SUSPENDED);
    assert_int_equal(fx_mark(s, &read), RB_MARK_SUSPENDED);
    assert_int_equal(fx_mark(s, &read_alarm), RB_MARK_NONE);
    assert_true(s->members[1].suspended);
    assert_true(rb_situation_standing(s, 1).suspended);
    struct rb_hash on = move(w, 1, RB_MEMBERSHIP_RESUME);
    struct rb_hash again = say(w, 1, RB_KIND_STATEMENT);
    struct rb_hash extra = move(w, 1, RB_MEMBERSHIP_RESUME);
    s = now(w);
    assert_int_equal(fx_mark(s, &on), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &again), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &extra), RB_MARK_OUT_OF_TURN);
    assert_int_equal(fx_mark(s, &quiet), RB_MARK_SUSPENDED); /* it stays marked */
}

static void leaving(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash gone = move(w, 2, RB_MEMBERSHIP_LEAVE);
    struct rb_hash after = say(w, 2, RB_KIND_STATEMENT);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &gone), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &after), RB_MARK_LEFT);
    assert_true(s->members[2].left);
    assert_false(s->members[2].active);
    assert_true(rb_situation_standing(s, 2).left);
    assert_true(rb_situation_standing(s, 9).left); /* nobody */
    assert_int_equal(s->charter_state, RB_CHARTER_IN_FORCE);
}

/* ---- amendments -------------------------------------------------------------------------------
 */

static void amendment_needs_every_active_member(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_charter next = w->charter;
    next.title = rb_str("second charter");
    next.accept_by_utc_ms = FX_START_MS + 7200000;
    struct rb_record r = fx_amendment(w, &w->charter_id, &next);
    struct rb_hash am = fx_say(w, 1, &r);
    answer(w, 0, &am, RB_POSITION_ACCEPT);
    struct rb_situation *s = now(w);
    assert_true(rb_slice_is(s->charter->title, "line"));
    assert_int_equal(fx_mark(s, &am), RB_MARK_NONE); /* open still */
    assert_int_equal(fx_mark(at(w, next.accept_by_utc_ms + 1), &am), RB_MARK_NOT_ADOPTED);
    answer(w, 2, &am, RB_POSITION_REJECT);
    assert_int_equal(fx_mark(now(w), &am), RB_MARK_NOT_ADOPTED);
    answer(w, 2, &am, RB_POSITION_ACCEPT);
    s = now(w);
    assert_true(rb_slice_is(s->charter->title, "second charter"));
    assert_int_equal(s->charter_record, fx_place(s, &am));
    /* what amends the founding charter comes too late now */
    next.title = rb_str("third");
    r = fx_amendment(w, &w->charter_id, &next);
    struct rb_hash stale = fx_say(w, 1, &r);
    assert_int_equal(fx_mark_now(w, &stale), RB_MARK_NOT_ADOPTED);
}

static void amendment_before_force_is_out_of_turn(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_record r = fx_amendment(w, &w->charter_id, &w->charter);
    struct rb_hash am = fx_say(w, 0, &r);
    assert_int_equal(fx_mark_now(w, &am), RB_MARK_OUT_OF_TURN);
}

static void who_left_is_not_waited_for(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_charter next = w->charter;
    next.title = rb_str("second");
    struct rb_record r = fx_amendment(w, &w->charter_id, &next);
    struct rb_hash am = fx_say(w, 0, &r);
    answer(w, 1, &am, RB_POSITION_ACCEPT);
    assert_true(rb_slice_is(now(w)->charter->title, "line"));
    move(w, 2, RB_MEMBERSHIP_LEAVE);
    assert_true(rb_slice_is(now(w)->charter->title, "second"));
}

static void an_amendment_brings_in_a_member(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_charter next = w->charter;
    fx_party_make(w, 3);
    next.members[3].index = 3;
    next.members[3].handle = rb_str(w->party[3].handle);
    next.members[3].card = w->party[3].card;
    next.members_n = 4;
    struct rb_record r = fx_amendment(w, &w->charter_id, &next);
    struct rb_hash am = fx_say(w, 0, &r);
    answer(w, 1, &am, RB_POSITION_ACCEPT);
    answer(w, 2, &am, RB_POSITION_ACCEPT);
    struct rb_book *b = fx_book(w);
    assert_null(rb_book_member(b, 3));
    struct rb_situation *s = fx_fold(w, b, w->clock_ms);
    assert_int_equal(s->members_n, 4);
    assert_non_null(rb_book_member(b, 3)); /* now its feed can be opened */
    assert_non_null(rb_book_listed(b, 3));
    w->parties_n = 4;
    struct fx_feed *f = fx_open(w, 3, 0);
    struct rb_record accept = fx_position(w, &am, RB_POSITION_ACCEPT);
    fx_see(w, &accept, 0, 0, fx_feed_of(w, 0, 0)->n);
    fx_say(w, 3, &accept);
    struct rb_hash id = say(w, 3, RB_KIND_STATEMENT);
    fx_held(w, 0, 3, 777); /* and its cosignature counts */
    while (fx_book_next(w, b, f, -1))
        continue;
    while (fx_book_next(w, b, fx_feed_of(w, 0, 0), -1))
        continue;
    s = fx_fold(w, b, w->clock_ms);
    uint64_t t = 0;
    assert_int_equal(fx_mark(s, &id), RB_MARK_NONE);
    assert_true(s->members[3].accepted);
    assert_true(rb_situation_held(s, fx_place(s, &am), 3, &t));
    assert_int_equal(t, 777);
    /* a book that learns of all this at once folds to the same bytes, the first time */
    struct rb_book *c = fx_book_empty(w);
    for (size_t i = 0; i < 3; i++)
        while (fx_book_next(w, c, w->feed[i], -1))
            continue;
    fx_fold(w, c, w->clock_ms);
    while (fx_book_next(w, c, f, -1))
        continue;
    assert_true(rb_slice_eq(fx_encode(w, s), fx_encode(w, fx_fold(w, c, w->clock_ms))));
}

/* Who said yes to an amendment before it accepted the charter that lists it is a voice from then
 * on: what wanted one more is adopted there, and does not wait for what somebody says next. */
static void a_voice_that_comes_later(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_charter next = w->charter;
    fx_party_make(w, 3);
    next.members[3] = (struct rb_member){.index = 3, .handle = rb_str(w->party[3].handle)};
    next.members[3].card = w->party[3].card;
    next.members_n = 4;
    next.rule = RB_RULE_QUORUM;
    next.quorum = 3;
    struct rb_record r = fx_amendment(w, &w->charter_id, &next);
    struct rb_hash lets_in = fx_say(w, 0, &r);
    answer(w, 1, &lets_in, RB_POSITION_ACCEPT);
    answer(w, 2, &lets_in, RB_POSITION_ACCEPT);
    struct rb_book *b = fx_book(w);
    fx_fold(w, b, w->clock_ms);
    w->parties_n = 4;
    struct fx_feed *f = fx_open(w, 3, 0);
    next.title = rb_str("second");
    r = fx_amendment(w, &lets_in, &next);
    fx_see(w, &r, 1, 0, fx_feed_of(w, 1, 0)->n);
    fx_see(w, &r, 2, 0, fx_feed_of(w, 2, 0)->n);
    struct rb_hash second = fx_say(w, 0, &r);
    answer(w, 1, &second, RB_POSITION_ACCEPT);
    r = fx_position(w, &second, RB_POSITION_ACCEPT);
    fx_see(w, &r, 0, 0, fx_feed_of(w, 0, 0)->n);
    fx_see(w, &r, 1, 0, fx_feed_of(w, 1, 0)->n);
    fx_say(w, 3, &r);
    for (size_t i = 0; i < 4; i++)
        while (fx_book_next(w, b, i < 3 ? fx_feed_of(w, (uint16_t)i, 0) : f, -1))
            continue;
    assert_true(rb_slice_is(fx_fold(w, b, w->clock_ms)->charter->title, "line"));
    answer(w, 3, &lets_in, RB_POSITION_ACCEPT);
    while (fx_book_next(w, b, f, -1))
        continue;
    assert_true(rb_slice_is(fx_fold(w, b, w->clock_ms)->charter->title, "second"));
}

/* One member's amendments, and as much again that moves nothing: each is looked at a few times. */
static void many_amendments(void **state) {
    struct fx *w = *state;
    struct rb_hash said[64];
    in_force(w);
    struct rb_hash asked = say(w, 0, RB_KIND_STATEMENT);
    for (size_t i = 0; i < 64; i++) {
        struct rb_record r = fx_amendment(w, &w->charter_id, &w->charter);
        fx_say(w, 1, &r);
        said[i] = answer(w, 1, &asked, RB_POSITION_READ);
    }
    for (size_t i = 0; i < 30; i++) {
        move(w, 1, RB_MEMBERSHIP_SUSPEND);
        move(w, 1, RB_MEMBERSHIP_RESUME);
    }
    for (size_t i = 0; i < 64; i++)
        answer(w, 1, &said[i], RB_POSITION_WITHDRAW);
    struct rb_situation *s = now(w);
    assert_true(s->looks < 640);
    assert_false(s->members[1].suspended);
}

/* an index keeps its party: nobody is put in another's place */
static void an_amendment_cannot_replace_a_party(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_charter next = w->charter;
    fx_party_make(w, 3);
    next.members[2].handle = rb_str(w->party[3].handle);
    next.members[2].card = w->party[3].card;
    struct rb_record r = fx_amendment(w, &w->charter_id, &next);
    struct rb_hash am = fx_say(w, 0, &r);
    answer(w, 1, &am, RB_POSITION_ACCEPT);
    answer(w, 2, &am, RB_POSITION_ACCEPT);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &am), RB_MARK_NOT_ADOPTED);
    assert_true(rb_slice_is(s->charter->members[2].handle, "party-2"));
}

static void an_amendment_keeps_the_exercise_flag(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_charter next = w->charter;
    next.exercise = true;
    struct rb_record r = fx_amendment(w, &w->charter_id, &next);
    struct rb_hash am = fx_say(w, 0, &r);
    answer(w, 1, &am, RB_POSITION_ACCEPT);
    answer(w, 2, &am, RB_POSITION_ACCEPT);
    assert_int_equal(fx_mark_now(w, &am), RB_MARK_NOT_ADOPTED);
}

static void an_amendments_cards_share_no_key(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_charter next = w->charter;
    fx_party_make(w, 3);
    w->party[3].tls = w->party[1].tls;
    next.members[3].index = 3;
    next.members[3].handle = rb_str(w->party[3].handle);
    next.members[3].card = fx_card(w, 3);
    next.members_n = 4;
    struct rb_record r = fx_amendment(w, &w->charter_id, &next);
    struct rb_hash am = fx_say(w, 0, &r);
    assert_int_equal(fx_mark_now(w, &am), RB_MARK_BAD_STATEMENT);
}

/* who left comes back by an amendment, with a later epoch; the old one stays closed */
static void rejoining(void **state) {
    struct fx *w = *state;
    in_force(w);
    move(w, 2, RB_MEMBERSHIP_LEAVE);
    struct rb_charter next = w->charter;
    next.title = rb_str("again three");
    struct rb_record r = fx_amendment(w, &w->charter_id, &next);
    fx_see(w, &r, 2, 0, fx_feed_of(w, 2, 0)->n);
    struct rb_hash am = fx_say(w, 0, &r);
    answer(w, 1, &am, RB_POSITION_ACCEPT);
    struct rb_situation *s = now(w);
    assert_true(rb_slice_is(s->charter->title, "again three"));
    assert_false(s->members[2].left);
    assert_false(s->members[2].active); /* not before it says so */
    fx_open(w, 2, 1);
    r = fx_position(w, &am, RB_POSITION_ACCEPT);
    fx_see(w, &r, 0, 0, fx_feed_of(w, 0, 0)->n);
    fx_see(w, &r, 1, 0, fx_feed_of(w, 1, 0)->n);
    struct rb_hash in = fx_say_as(w, 2, 1, &r, FX_OFFICER);
    r = fx_record(w, RB_KIND_STATEMENT);
    struct rb_hash fresh = fx_say_as(w, 2, 1, &r, FX_OFFICER);
    r = fx_record(w, RB_KIND_STATEMENT);
    fx_see(w, &r, 1, 0, fx_feed_of(w, 1, 0)->n);
    struct rb_hash stale = fx_say(w, 2, &r); /* in the epoch it left */
    s = now(w);
    assert_int_equal(fx_mark(s, &in), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &fresh), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &stale), RB_MARK_LEFT);
    assert_true(s->members[2].active);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(comes_into_force),
        T(rejected_and_taken_back),
        T(withdrawn_left_and_lapsed),
        T(unknown_rules_are_not_guessed),
        T(each_rule_is_known),
        T(deadline_cases),
        T(suspension),
        T(leaving),
        T(amendment_needs_every_active_member),
        T(amendment_before_force_is_out_of_turn),
        T(who_left_is_not_waited_for),
        T(an_amendment_brings_in_a_member),
        T(a_voice_that_comes_later),
        T(many_amendments),
        T(an_amendment_cannot_replace_a_party),
        T(an_amendment_keeps_the_exercise_flag),
        T(an_amendments_cards_share_no_key),
        T(rejoining),
    };
    return cmocka_run_group_tests_name("charter", tests, NULL, NULL);
}
