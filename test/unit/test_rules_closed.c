/* Closed records in the rules: who may be a recipient, what an answer that cannot be read here says
 * and does not say, purges, receipts of bodies, bodies opened and closed. */
#include "rules_words.h"

/* ---- admission, with each input flipped -------------------------------------------------------
 */

static struct rb_charter of_four(void) { /* 0, 1, 2 and 5 */
    struct rb_charter c = {.members_n = 4};
    c.members[1].index = 1;
    c.members[2].index = 2;
    c.members[3].index = 5;
    return c;
}

static struct rb_fact closed_fact(enum rb_kind kind, uint64_t recipients) {
    struct rb_fact f = {.kind = (uint8_t)kind, .precedence = RB_ROUTINE, .signers = 1};
    f.notice_class = -1;
    f.closed = true;
    f.recipients = recipients;
    return f;
}

static void recipients_are_members_with_the_author(void **state) {
    (void)state;
    struct rb_charter c = of_four();
    const struct rb_standing by_two = {.in_force = true, .author = 2};
    static const struct {
        uint64_t recipients;
        enum rb_mark mark;
    } cases[] = {
        {4, RB_MARK_NONE},
        {1 | 2 | 4 | 32, RB_MARK_NONE},
        {1 | 2 | 32, RB_MARK_WRONG_RECIPIENTS}, /* the author left out */
        {4 | 8, RB_MARK_WRONG_RECIPIENTS},      /* nobody has index 3 */
        {4 | 1ull << 63, RB_MARK_WRONG_RECIPIENTS},
        {0, RB_MARK_WRONG_RECIPIENTS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int k = 1; k <= RB_KIND_MAX; k++) {
            if (rb_kind_always_open((enum rb_kind)k)) continue;
            struct rb_fact f = closed_fact((enum rb_kind)k, cases[i].recipients);
            assert_int_equal(rb_rules_admit(&c, &f, NULL, false, &by_two), cases[i].mark);
        }
}

/* member 2 answers a record of member 1 */
static enum rb_mark answering(uint64_t recipients, const struct rb_fact *subject) {
    const struct rb_charter c = of_four();
    const struct rb_standing st = {.in_force = true, .author = 2, .subject_author = 1};
    const struct rb_fact p = closed_fact(RB_KIND_POSITION, recipients);
    return rb_rules_admit(&c, &p, subject, false, &st);
}

static void a_closed_answer_goes_to_the_asker(void **state) {
    (void)state;
    struct rb_fact s = closed_fact(RB_KIND_STATEMENT, 1 | 2 | 4);
    assert_int_equal(answering(2 | 4, &s), RB_MARK_NONE);
    assert_int_equal(answering(1 | 2 | 4, &s), RB_MARK_NONE);
    assert_int_equal(answering(1 | 4, &s), RB_MARK_WRONG_RECIPIENTS);      /* not to the asker */
    assert_int_equal(answering(1 | 2, &s), RB_MARK_WRONG_RECIPIENTS);      /* not to itself */
    assert_int_equal(answering(2 | 4 | 32, &s), RB_MARK_WRONG_RECIPIENTS); /* who could not read */
    s.recipients = 1 | 2; /* who could not read it may ask its author all the same */
    assert_int_equal(answering(2 | 4, &s), RB_MARK_NONE);
    s.recipients = 1 | 4; /* its author may have left itself out: it is told all the same */
    assert_int_equal(answering(2 | 4, &s), RB_MARK_NONE);
    s = closed_fact(RB_KIND_STATEMENT, 0);
    s.closed = false; /* an open record is answered to whoever is wanted, and the asker */
    assert_int_equal(answering(2 | 4 | 32, &s), RB_MARK_NONE);
    assert_int_equal(answering(4 | 32, &s), RB_MARK_WRONG_RECIPIENTS);
    assert_int_equal(answering(2 | 4 | 8, &s), RB_MARK_WRONG_RECIPIENTS);
}

/* what was never sealed to somebody was not read by it, whatever it says */
static void who_cannot_read_can_only_ask(void **state) {
    (void)state;
    const struct rb_charter c = of_four();
    const struct rb_standing st = {.in_force = true, .author = 2, .subject_author = 1};
    struct rb_fact s = closed_fact(RB_KIND_STATEMENT, 1 | 2),
                   p = closed_fact(RB_KIND_POSITION, 2 | 4);
    for (int t = 1; t <= RB_POSITION_MAX; t++) {
        p.position = (int8_t)t;
        assert_int_equal(rb_rules_admit(&c, &p, &s, false, &st),
                         t == RB_POSITION_QUERY ? RB_MARK_NONE : RB_MARK_NOT_IN_TABLE);
    }
    s.recipients |= 4;
    p.position = RB_POSITION_READ;
    assert_int_equal(rb_rules_admit(&c, &p, &s, false, &st), RB_MARK_NONE);
}

/* who asked may have been taken off the list since: nobody can seal to it, others still can answer
 */
static void an_asker_who_is_no_member(void **state) {
    (void)state;
    const struct rb_charter c = of_four();
    const struct rb_standing st = {.in_force = true, .author = 2, .subject_author = 3};
    const struct rb_fact s = closed_fact(RB_KIND_STATEMENT, 1 | 4 | 8);
    struct rb_fact p = closed_fact(RB_KIND_POSITION, 1 | 4);
    assert_int_equal(rb_rules_admit(&c, &p, &s, false, &st), RB_MARK_NONE);
    p.recipients |= 8;
    assert_int_equal(rb_rules_admit(&c, &p, &s, false, &st), RB_MARK_WRONG_RECIPIENTS);
}

/* an opened answer to a notice that was not opened: only what no class allows is denied */
static void the_class_is_not_guessed(void **state) {
    (void)state;
    const struct rb_charter c = of_four();
    const struct rb_standing st = {.in_force = true, .author = 2, .subject_author = 1};
    struct rb_fact s = closed_fact(RB_KIND_NOTICE, 1 | 2 | 4);
    struct rb_fact p = closed_fact(RB_KIND_POSITION, 2 | 4);
    for (int t = 1; t <= RB_POSITION_MAX; t++) {
        const enum rb_position_type type = (enum rb_position_type)t;
        const bool fact = type == RB_POSITION_DISPUTE_FACT || type == RB_POSITION_CANNOT_COMPLY;
        const bool any = t <= RB_POSITION_QUERY || fact || type == RB_POSITION_OBJECT;
        p.position = (int8_t)t;
        s.notice_class = -1;
        assert_int_equal(rb_rules_admit(&c, &p, &s, false, &st),
                         any ? RB_MARK_NONE : RB_MARK_NOT_IN_TABLE);
        s.notice_class = RB_NOTICE_SITE;
        assert_int_equal(rb_rules_admit(&c, &p, &s, false, &st),
                         t <= RB_POSITION_QUERY || fact ? RB_MARK_NONE : RB_MARK_NOT_IN_TABLE);
    }
}

/* a charter that closes positions does not close what is decided before everybody's eyes */
static void charter_matters_stay_open(void **state) {
    (void)state;
    struct rb_charter c = of_four();
    const struct rb_standing plain = {.in_force = true, .author = 2, .subject_author = 1};
    struct rb_standing on_charter = plain;
    static const enum rb_kind open[] = {RB_KIND_CHARTER, RB_KIND_AMENDMENT, RB_KIND_CARD,
                                        RB_KIND_MEMBERSHIP};
    struct rb_fact closed = closed_fact(RB_KIND_POSITION, 2 | 4), p = closed, s = closed;
    on_charter.subject_on_charter = true;
    c.policies_n = 1;
    c.policies[0] = (struct rb_kind_policy){.kind = RB_KIND_POSITION, .closed = true};
    p.closed = s.closed = false;
    p.position = RB_POSITION_READ;
    s.notice_class = -1;
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        s.kind = (uint8_t)open[i];
        assert_int_equal(rb_rules_admit(&c, &p, &s, false, &plain), RB_MARK_NONE);
        assert_int_equal(rb_rules_admit(&c, &closed, &s, false, &plain), RB_MARK_MUST_BE_OPEN);
        p.position = RB_POSITION_OBJECT; /* the table is asked all the same */
        assert_int_equal(rb_rules_admit(&c, &p, &s, false, &plain), RB_MARK_NOT_IN_TABLE);
        p.position = RB_POSITION_READ;
    }
    s.kind = RB_KIND_POSITION; /* taking back what was said on a charter */
    p.position = RB_POSITION_WITHDRAW;
    assert_int_equal(rb_rules_admit(&c, &p, &s, true, &on_charter), RB_MARK_NONE);
    assert_int_equal(rb_rules_admit(&c, &closed, &s, true, &on_charter), RB_MARK_MUST_BE_OPEN);
    assert_int_equal(rb_rules_admit(&c, &p, &s, true, &plain), RB_MARK_MUST_BE_CLOSED);
    assert_int_equal(rb_rules_admit(&c, &closed, &s, true, &plain), RB_MARK_NONE);
}

static void what_the_charter_says_of_bodies(void **state) {
    (void)state;
    struct rb_charter c = {0};
    assert_int_equal(rb_rules_keep_days(&c, RB_KIND_NOTICE), 0);
    assert_int_equal(rb_rules_disclosure(&c, RB_KIND_NOTICE, true), RB_DISCLOSE_WHOLE);
    assert_int_equal(rb_rules_disclosure(&c, RB_KIND_NOTICE, false), RB_DISCLOSE_FACT);
    c.policies_n = 2;
    c.policies[0] = (struct rb_kind_policy){
        .kind = RB_KIND_NOTICE, .keep_days = 30, .disclosure = RB_DISCLOSE_HASH};
    c.policies[1] = (struct rb_kind_policy){.kind = RB_KIND_TEXT, .disclosure = RB_DISCLOSE_WHOLE};
    assert_int_equal(rb_rules_keep_days(&c, RB_KIND_NOTICE), 30);
    assert_int_equal(rb_rules_keep_days(&c, RB_KIND_ROSTER), 0);
    assert_int_equal(rb_rules_disclosure(&c, RB_KIND_NOTICE, true), RB_DISCLOSE_HASH);
    assert_int_equal(rb_rules_disclosure(&c, RB_KIND_NOTICE, false), RB_DISCLOSE_HASH);
    assert_int_equal(rb_rules_disclosure(&c, RB_KIND_TEXT, false), RB_DISCLOSE_WHOLE);
    c.policies[1].disclosure = RB_DISCLOSE_UNSAID; /* two officers, say, and no word on this */
    assert_int_equal(rb_rules_disclosure(&c, RB_KIND_TEXT, true), RB_DISCLOSE_WHOLE);
    assert_int_equal(rb_rules_disclosure(&c, RB_KIND_TEXT, false), RB_DISCLOSE_FACT);
    assert_int_equal(rb_rules_disclosure(&c, RB_KIND_ROSTER, false), RB_DISCLOSE_FACT);
}

/* ---- in the fold ------------------------------------------------------------------------------
 */

static struct rb_hash say_closed(struct fx *w, uint16_t member, struct rb_record r, uint64_t to) {
    fx_close(&r, to);
    return fx_say(w, member, &r);
}

/* the situation as that member sees it: the bodies sealed to it opened */
static struct rb_situation *seen_by(struct fx *w, uint16_t member, int64_t now_utc_ms) {
    struct rb_book *b = fx_book(w);
    fx_unseal_for(w, b, member);
    return fx_fold(w, b, now_utc_ms);
}

static enum rb_mark mark_by(struct fx *w, uint16_t member, const struct rb_hash *id) {
    return fx_mark(seen_by(w, member, w->clock_ms + 1000), id);
}

static void the_fold_asks_who_may_read(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash site = say_closed(w, 1, fx_notice(w, RB_NOTICE_SITE), 1 | 2);
    struct rb_hash stranger = say_closed(w, 1, fx_notice(w, RB_NOTICE_SITE), 2 | 8);
    struct rb_hash without = say_closed(w, 1, fx_record(w, RB_KIND_ROSTER), 1 | 4);
    struct rb_hash good = say_closed(w, 0, fx_position(w, &site, RB_POSITION_READ), 1 | 2);
    struct rb_hash wide = say_closed(w, 0, fx_position(w, &site, RB_POSITION_READ), 1 | 2 | 4);
    struct rb_hash away = say_closed(w, 0, fx_position(w, &site, RB_POSITION_READ), 1);
    struct rb_hash open = answer(w, 0, &site, RB_POSITION_READ);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &site), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &stranger), RB_MARK_WRONG_RECIPIENTS);
    assert_int_equal(fx_mark(s, &without), RB_MARK_WRONG_RECIPIENTS);
    assert_int_equal(fx_mark(s, &good), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &wide), RB_MARK_WRONG_RECIPIENTS);
    assert_int_equal(fx_mark(s, &away), RB_MARK_WRONG_RECIPIENTS);
    assert_int_equal(fx_mark(s, &open), RB_MARK_MUST_BE_CLOSED);
    assert_string_equal(rb_mark_name(RB_MARK_WRONG_RECIPIENTS), "wrong-recipients");
}

/* an answer to two closed records goes to both their authors, or it counts for neither */
static void one_answer_to_two(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash a = say_closed(w, 0, fx_record(w, RB_KIND_STATEMENT), 7);
    struct rb_hash b = say_closed(w, 1, fx_record(w, RB_KIND_STATEMENT), 7);
    struct rb_record r = fx_position(w, &a, RB_POSITION_CONFIRM);
    fx_ref(&r, RB_REF_ANSWERS, &b);
    struct rb_hash both = say_closed(w, 2, r, 7), one = say_closed(w, 2, r, 1 | 4);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &both), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &one), RB_MARK_WRONG_RECIPIENTS);
    assert_int_not_equal(s->order[fx_place(s, &a)].first_answer, RB_NOWHERE);
    assert_int_not_equal(s->order[fx_place(s, &b)].first_answer, RB_NOWHERE);
    s = seen_by(w, 1, w->clock_ms);
    assert_int_equal(rb_situation_answer(s, fx_place(s, &b), 2, RB_POSITION_CONFIRM),
                     fx_place(s, &both));
}

/* what an opened body says is judged by those who can read it, and by nobody else */
static void opening_shows_the_answer(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash site = say_closed(w, 0, fx_notice(w, RB_NOTICE_SITE), 3);
    struct rb_hash permit = say_closed(w, 1, fx_position(w, &site, RB_POSITION_ACCEPT), 3);
    struct rb_hash dispute = say_closed(w, 1, fx_position(w, &site, RB_POSITION_DISPUTE_FACT), 3);
    assert_int_equal(mark_by(w, 2, &permit), RB_MARK_NONE);
    assert_int_equal(mark_by(w, 0, &permit), RB_MARK_NOT_IN_TABLE); /* no permissions */
    assert_int_equal(mark_by(w, 0, &dispute), RB_MARK_NONE);
    struct rb_situation *s = seen_by(w, 0, w->clock_ms);
    assert_int_equal(rb_situation_answer(s, fx_place(s, &site), 1, RB_POSITION_DISPUTE_FACT),
                     fx_place(s, &dispute));
    s = seen_by(w, 2, w->clock_ms);
    assert_int_equal(rb_situation_answer(s, fx_place(s, &site), 1, RB_POSITION_DISPUTE_FACT),
                     RB_NOWHERE);
}

static void two_officers_where_it_can_be_read(void **state) {
    struct fx *w = *state;
    w->charter.policies_n = 1;
    w->charter.policies[0] =
        (struct rb_kind_policy){.kind = RB_KIND_POSITION, .two_officers = true};
    w->charter.accept_members = 1; /* in force at once: answers to it want two, too */
    fx_found(w);
    struct rb_hash said = say_closed(w, 0, fx_record(w, RB_KIND_STATEMENT), 3);
    struct rb_hash alone = say_closed(w, 1, fx_position(w, &said, RB_POSITION_CONFIRM), 3);
    struct rb_hash read = say_closed(w, 1, fx_position(w, &said, RB_POSITION_READ), 3);
    assert_int_equal(mark_by(w, 0, &alone), RB_MARK_NEEDS_SECOND);
    assert_int_equal(mark_by(w, 0, &read), RB_MARK_NONE); /* never needs two */
    assert_int_equal(mark_by(w, 2, &alone), RB_MARK_NONE);
}

static void own_closed_records_are_taken_back(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash old = say_closed(w, 1, fx_notice(w, RB_NOTICE_SITE), 7);
    struct rb_hash gone = say_closed(w, 1, fx_position(w, &old, RB_POSITION_WITHDRAW), 7);
    struct rb_hash not_own = say_closed(w, 0, fx_position(w, &old, RB_POSITION_WITHDRAW), 3);
    struct rb_record r = fx_notice(w, RB_NOTICE_SITE);
    fx_ref(&r, RB_REF_SUPERSEDES, &old);
    struct rb_hash fresh = say_closed(w, 1, r, 3); /* to fewer */
    struct rb_situation *s = seen_by(w, 0, w->clock_ms);
    assert_int_equal(fx_mark(s, &gone), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &not_own), RB_MARK_NOT_IN_TABLE);
    assert_int_equal(rb_situation_answer(s, fx_place(s, &old), 1, RB_POSITION_WITHDRAW),
                     fx_place(s, &gone));
    assert_int_equal(s->order[fx_place(s, &old)].superseded_by, fx_place(s, &fresh));
    s = seen_by(w, 2, w->clock_ms);
    assert_int_equal(s->order[fx_place(s, &old)].superseded_by, fx_place(s, &fresh));
}

/* whether a charter is in force must not hang on what only some can read */
static void an_acceptance_is_taken_back_openly(void **state) {
    struct fx *w = *state;
    fx_found(w);
    struct rb_hash accept = fx_accept(w, 1);
    struct rb_hash hidden = say_closed(w, 1, fx_position(w, &accept, RB_POSITION_WITHDRAW), 3);
    fx_accept(w, 2);
    for (uint16_t i = 0; i < 3; i++) {
        struct rb_situation *s = seen_by(w, i, w->clock_ms);
        assert_int_equal(s->charter_state, RB_CHARTER_IN_FORCE);
        assert_int_equal(fx_mark(s, &hidden), RB_MARK_MUST_BE_OPEN);
    }
}

/* ---- dues -------------------------------------------------------------------------------------
 */

static struct rb_sit_due *due_of(struct rb_situation *s, const struct rb_hash *id,
                                 uint16_t member) {
    for (size_t i = 0; i < s->dues_n; i++)
        if (s->dues[i].subject == fx_place(s, id) && s->dues[i].member == member)
            return &s->dues[i];
    return NULL;
}

static struct rb_hash demand(struct fx *w, uint64_t to, int64_t *by) {
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    *by = w->clock_ms + 20000;
    r.demand = (struct rb_demand){true, *by, RB_POSITION_CONFIRM, 0};
    return say_closed(w, 0, r, to);
}

/* answered by the deadline, held by the asker in time */
static struct rb_hash answered(struct fx *w, const struct rb_hash *id, enum rb_position_type t,
                               uint64_t to, int64_t held_ms) {
    struct rb_hash a = say_closed(w, 1, fx_position(w, id, t), to);
    fx_held(w, 1, 0, (uint64_t)held_ms / 1000);
    return a;
}

static void only_readers_owe(void **state) {
    struct fx *w = *state;
    int64_t by;
    in_force(w);
    struct rb_hash id = demand(w, 3, &by);
    struct rb_situation *s = at(w, by + 5000);
    assert_int_equal(s->dues_n, 1);
    assert_int_equal(due_of(s, &id, 1)->state, RB_DUE_MISSED); /* nothing came, for all to see */
    assert_null(due_of(s, &id, 2));
}

static void a_closed_answer_is_no_silence(void **state) {
    struct fx *w = *state;
    int64_t by;
    in_force(w);
    struct rb_hash id = demand(w, 7, &by);
    struct rb_hash a = answered(w, &id, RB_POSITION_CONFIRM, 3, by - 5000);
    struct rb_sit_due *d = due_of(seen_by(w, 0, by + 9000), &id, 1);
    assert_int_equal(d->state, RB_DUE_MET);
    struct rb_situation *s = seen_by(w, 2, by + 9000); /* a reader of the question only */
    d = due_of(s, &id, 1);
    assert_int_equal(d->state, RB_DUE_PENDING);
    assert_int_equal(d->answer, fx_place(s, &a));
    assert_int_equal(due_of(s, &id, 2)->state, RB_DUE_MISSED);
}

/* who can read that it is not what was demanded knows that nothing was answered */
static void the_asker_knows(void **state) {
    struct fx *w = *state;
    int64_t by;
    in_force(w);
    struct rb_hash id = demand(w, 7, &by);
    struct rb_hash a = answered(w, &id, RB_POSITION_QUERY, 3, by - 5000);
    struct rb_situation *s = seen_by(w, 0, by + 9000);
    assert_int_equal(due_of(s, &id, 1)->state, RB_DUE_MISSED);
    assert_int_equal(due_of(s, &id, 1)->answer, RB_NOWHERE);
    s = seen_by(w, 2, by + 9000);
    assert_int_equal(due_of(s, &id, 1)->state, RB_DUE_PENDING);
    assert_int_equal(due_of(s, &id, 1)->answer, fx_place(s, &a));
    s = now(w); /* the body has not come to the asker: nothing is proven to it either */
    assert_int_equal(due_of(s, &id, 1)->state, RB_DUE_PENDING);
}

/* too late is too late whatever it says */
static void a_late_closed_answer(void **state) {
    struct fx *w = *state;
    int64_t by;
    in_force(w);
    struct rb_hash id = demand(w, 7, &by);
    w->clock_ms = by + 5000;
    struct rb_hash late = answered(w, &id, RB_POSITION_CONFIRM, 3, by + 8000);
    (void)answered(w, &id, RB_POSITION_CONFIRM, 3, by + 9000);
    struct rb_situation *s = seen_by(w, 2, by + 60000);
    assert_int_equal(due_of(s, &id, 1)->state, RB_DUE_MISSED);
    assert_int_equal(due_of(s, &id, 1)->answer, fx_place(s, &late));
    assert_int_equal(due_of(seen_by(w, 0, by + 60000), &id, 1)->state, RB_DUE_MISSED);
}

/* one that may have met it in time, then a late one that can be read; and one that surely met it */
static void the_best_that_can_be_proven(void **state) {
    struct fx *w = *state;
    int64_t by;
    in_force(w);
    struct rb_hash id = demand(w, 7, &by);
    struct rb_hash early = answered(w, &id, RB_POSITION_CONFIRM, 3, by - 5000);
    w->clock_ms = by + 5000;
    struct rb_hash late = answered(w, &id, RB_POSITION_CONFIRM, 7, by + 8000);
    struct rb_situation *s = seen_by(w, 2, by + 60000);
    assert_int_equal(due_of(s, &id, 1)->state, RB_DUE_PENDING);
    assert_int_equal(due_of(s, &id, 1)->answer, fx_place(s, &early));
    s = seen_by(w, 0, by + 60000);
    assert_int_equal(due_of(s, &id, 1)->state, RB_DUE_MET);
    assert_int_equal(due_of(s, &id, 1)->answer, fx_place(s, &early));
    (void)late;
    struct rb_hash again = demand(w, 7, &by);
    (void)answered(w, &again, RB_POSITION_QUERY, 3, by - 9000);
    struct rb_hash sure = answered(w, &again, RB_POSITION_CONFIRM, 7, by - 5000);
    s = seen_by(w, 2, by + 60000);
    assert_int_equal(due_of(s, &again, 1)->state, RB_DUE_MET);
    assert_int_equal(due_of(s, &again, 1)->answer, fx_place(s, &sure));
}

/* ---- purges -----------------------------------------------------------------------------------
 */

static uint64_t purged(struct fx *w, const struct rb_hash *id) {
    struct rb_situation *s = now(w);
    return s->order[fx_place(s, id)].purged;
}

static void purge(struct fx *w, uint16_t member, const struct rb_hash *id) {
    struct rb_record r = fx_purge(w, id);
    fx_say(w, member, &r);
}

static void purges_are_of_readers(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash site = say_closed(w, 1, fx_notice(w, RB_NOTICE_SITE), 3), open, none = {{9}};
    open = say(w, 1, RB_KIND_STATEMENT);
    purge(w, 2, &site); /* it could never read it */
    purge(w, 0, &open);
    purge(w, 1, &open); /* nor does an open one go */
    purge(w, 0, &none);
    assert_int_equal(purged(w, &site), 0);
    assert_int_equal(purged(w, &open), 0);
    purge(w, 0, &site);
    assert_int_equal(purged(w, &site), 1);
    purge(w, 1, &site);
    purge(w, 1, &site);
    assert_int_equal(purged(w, &site), 3);
    struct rb_situation *s = now(w);
    struct rb_slice with = fx_encode(w, s);
    s->order[fx_place(s, &site)].purged = 0;
    assert_false(rb_slice_eq(with, fx_encode(w, s)));      /* the bytes say so, too */
    assert_int_equal(fx_mark_now(w, &site), RB_MARK_NONE); /* the leaf stays what it was */
}

/* 0 says that it purged, and stands before the record in the order */
static void a_purge_before_its_record(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash site = say_closed(w, 2, fx_notice(w, RB_NOTICE_SITE), 5);
    purge(w, 0, &site);
    struct rb_situation *s = now(w);
    assert_true(fx_place(s, &fx_feed_of(w, 0, 0)->id[fx_feed_of(w, 0, 0)->n - 1]) <
                fx_place(s, &site));
    assert_int_equal(purged(w, &site), 1);
}

static void a_purge_counts_where_its_record_does(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash site = say_closed(w, 1, fx_notice(w, RB_NOTICE_SITE), 7);
    move(w, 2, RB_MEMBERSHIP_LEAVE);
    purge(w, 2, &site);
    assert_int_equal(purged(w, &site), 0);
    struct rb_record r = fx_record(w, RB_KIND_SERVICE); /* another type of service */
    fx_say(w, 0, &r);
    assert_int_equal(purged(w, &site), 0);
}

/* ---- receipts of bodies -----------------------------------------------------------------------
 */

static void receipt(struct fx *w, uint16_t author, uint16_t of, uint16_t epoch, uint64_t size,
                    struct rb_slice missing) {
    struct rb_receipt_bodies b = {of, epoch, size, missing};
    struct rb_receipt said = {.bodies_n = 1, .bodies = &b};
    struct rb_record r = fx_receipt(w, &said);
    fx_say(w, author, &r);
}

static uint64_t bodies_of(struct fx *w, const struct rb_hash *id) {
    struct rb_situation *s = now(w);
    return s->order[fx_place(s, id)].bodies;
}

static void receipts_that_go_too_far(void **state) {
    struct fx *w = *state;
    static const uint8_t none[] = {0x80};
    /* 3 at the ends of what can be written, and beyond what the feed has */
    static const uint8_t far[] = {0x83, 0x19, 0xff, 0xff, 0x1a, 0xff, 0xff, 0xff, 0xff,
                                  0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe};
    in_force(w);
    struct rb_hash site = say_closed(w, 1, fx_notice(w, RB_NOTICE_SITE), 3);
    receipt(w, 0, 1, 9, 3, rb_slice(none, 1));        /* no such epoch */
    receipt(w, 0, 60, 0, 3, rb_slice(none, 1));       /* no such member */
    receipt(w, 2, 1, 0, 1u << 30, rb_slice(none, 1)); /* no recipient */
    assert_int_equal(bodies_of(w, &site), 0);
    receipt(w, 0, 1, 0, UINT64_MAX, rb_slice(far, sizeof far));
    assert_int_equal(bodies_of(w, &site), 1); /* it claimed more than there is; this is there */
}

/* a receipt that came before the leaf it covers counts once the leaf is judged here */
static void a_receipt_before_its_leaf(void **state) {
    struct fx *w = *state;
    static const uint8_t none[] = {0x80};
    in_force(w);
    struct rb_hash a = say_closed(w, 2, fx_notice(w, RB_NOTICE_SITE), 5);
    struct rb_hash b = say_closed(w, 2, fx_notice(w, RB_NOTICE_SITE), 5);
    struct fx_feed *f = fx_feed_of(w, 2, 0);
    uint8_t list[2] = {0x81, (uint8_t)(f->n - 1)};
    receipt(w, 0, 2, 0, f->n, rb_slice(list, 2)); /* the second is missing, */
    receipt(w, 0, 2, 0, f->n, rb_slice(none, 1)); /* and has come */
    f->n -= 2;
    struct rb_book *book = fx_book(w);
    (void)fx_fold(w, book, w->clock_ms);
    f->n++;
    assert_true(fx_book_next(w, book, f, -1));
    struct rb_situation *s = fx_fold(w, book, w->clock_ms);
    assert_int_equal(s->order[fx_place(s, &a)].bodies, 1);
    f->n++;
    assert_true(fx_book_next(w, book, f, -1));
    s = fx_fold(w, book, w->clock_ms);
    assert_int_equal(s->order[fx_place(s, &b)].bodies, 1);
}

/* ---- bodies opened and closed -----------------------------------------------------------------
 */

/* the end of it: room that is given back has a list's link over its first bytes */
static bool in_memory(const struct fx *w, const char *word) {
    word += strlen(word) / 2;
    return memmem(w->books.p, w->books.used, word, strlen(word)) != NULL;
}

static const char canary[] = "canary-in-a-closed-answer";

static struct rb_hash say_canary(struct fx *w, const struct rb_hash *subject) {
    static uint8_t buf[256];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    struct rb_record r = fx_position(w, subject, RB_POSITION_CONFIRM);
    struct rb_position p = {.type = RB_POSITION_CONFIRM, .reason = rb_str(canary)};
    rb_position_encode(&p, &o);
    r.body = rb_written(&o);
    return say_closed(w, 1, r, 3);
}

static struct rb_fact *fact_of(struct rb_book *b, const struct rb_hash *id, struct rb_feed **f,
                               size_t *leaf) {
    assert_true(rb_book_find(b, id, f, leaf));
    return &(*f)->facts[*leaf];
}

static void the_leaf_says_what_is_sealed(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash open = say(w, 1, RB_KIND_TEXT);
    struct rb_hash text = say_closed(w, 1, fx_record(w, RB_KIND_TEXT), 3);
    struct rb_hash file = say_closed(w, 1, fx_record(w, RB_KIND_ATTACHMENT), 3);
    struct rb_book *b = fx_book(w);
    struct rb_feed *f;
    size_t leaf;
    struct rb_record rec;
    assert_null(fact_of(b, &open, &f, &leaf)->detached);
    const struct rb_detached *d = fact_of(b, &text, &f, &leaf)->detached;
    assert_int_equal(rb_record_decode(fx_feed_of(w, 1, 0)->leaf[leaf], &rec, NULL), RB_OK);
    assert_true(rb_hash_eq(&d->ciphertext, &rec.ciphertext_hash));
    assert_int_equal(d->size, rec.ciphertext_size);
    assert_int_equal(d->commitments_n, 2); /* heading, one paragraph */
    for (size_t i = 0; i < 2; i++) {
        struct rb_hash c;
        rb_record_commitment(&rec, i, &c);
        assert_true(rb_hash_eq(&c, &d->commitments[i]));
    }
    assert_false(d->opened);
    d = fact_of(b, &file, &f, &leaf)->detached;
    assert_int_equal(d->commitments_n, 2); /* body, content */
}

static void opening_and_closing(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash said = say_closed(w, 0, fx_record(w, RB_KIND_STATEMENT), 3);
    struct rb_hash site = say_closed(w, 0, fx_notice(w, RB_NOTICE_SITE), 3);
    struct rb_hash id = say_canary(w, &said);
    struct rb_book *b = fx_book(w);
    struct rb_slice before = fx_encode(w, fx_fold(w, b, w->clock_ms));
    struct rb_feed *f, *g;
    size_t leaf, notice;
    struct rb_fact *p = fact_of(b, &id, &f, &leaf), *n = fact_of(b, &site, &g, &notice);
    const struct rb_fact never = *p;
    assert_false(in_memory(w, canary));
    for (int round = 0; round < 3; round++) {
        fx_unseal_for(w, b, 0);
        fx_unseal_for(w, b, 0); /* again: nothing new */
        assert_true(p->detached->opened && n->detached->opened);
        assert_int_equal(p->position, RB_POSITION_CONFIRM);
        assert_int_equal(n->notice_class, RB_NOTICE_SITE);
        assert_true(in_memory(w, canary)); /* the search finds what is there */
        assert_true(p->body.n > 0);
        assert_int_equal(n->body.n, 0); /* nobody reads a notice's words here */
        rb_book_close_body(b, g, notice);
        for (int twice = 0; twice < 2; twice++)
            rb_book_close_body(b, f, leaf);
        assert_memory_equal(p, &never, sizeof never);
        assert_false(p->detached->opened || n->detached->opened);
        assert_int_equal(n->notice_class, -1);
        assert_false(in_memory(w, canary));
    }
    assert_true(rb_slice_eq(before, fx_encode(w, fx_fold(w, b, w->clock_ms))));
    fx_unseal_for(w, b, 0);
    rb_book_free(b);
    assert_false(in_memory(w, canary));
}

static void opening_out_of_room(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash said = say_closed(w, 0, fx_record(w, RB_KIND_STATEMENT), 3);
    struct rb_hash id = say_canary(w, &said);
    struct rb_book *b = fx_book(w);
    struct rb_feed *f;
    size_t leaf;
    const struct rb_fact *p = fact_of(b, &id, &f, &leaf);
    static const uint8_t body[] = {0xa1, 1, 14}, wrong[] = {0xa1, 1, 99};
    w->books.fail_at = 1;
    assert_int_equal(rb_book_open_body(b, f, leaf, rb_slice(body, 3), &w->work), RB_ERR_LIMIT);
    w->books.fail_at = 0;
    assert_int_equal(p->position, 0);
    assert_false(p->detached->opened);
    assert_int_equal(rb_book_open_body(b, f, leaf, rb_slice(wrong, 3), &w->work), RB_ERR_MALFORMED);
    assert_false(p->detached->opened);
    assert_int_equal(rb_book_open_body(b, f, leaf, rb_slice(body, 3), &w->work), RB_OK);
    assert_int_equal(p->position, RB_POSITION_CONFIRM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recipients_are_members_with_the_author),
        cmocka_unit_test(a_closed_answer_goes_to_the_asker),
        cmocka_unit_test(who_cannot_read_can_only_ask),
        cmocka_unit_test(an_asker_who_is_no_member),
        cmocka_unit_test(the_class_is_not_guessed),
        cmocka_unit_test(charter_matters_stay_open),
        cmocka_unit_test(what_the_charter_says_of_bodies),
        T(the_fold_asks_who_may_read),
        T(one_answer_to_two),
        T(opening_shows_the_answer),
        T(two_officers_where_it_can_be_read),
        T(own_closed_records_are_taken_back),
        T(an_acceptance_is_taken_back_openly),
        T(only_readers_owe),
        T(a_closed_answer_is_no_silence),
        T(the_asker_knows),
        T(a_late_closed_answer),
        T(the_best_that_can_be_proven),
        T(purges_are_of_readers),
        T(a_purge_before_its_record),
        T(a_purge_counts_where_its_record_does),
        T(receipts_that_go_too_far),
        T(a_receipt_before_its_leaf),
        T(the_leaf_says_what_is_sealed),
        T(opening_and_closing),
        T(opening_out_of_room),
    };
    return cmocka_run_group_tests_name("rules_closed", tests, NULL, NULL);
}
