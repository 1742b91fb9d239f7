/* Contacts: asked, declined, held, by whose account; and what was read out of them. Spec 16.10. */
#include "beside_words.h"

#define ACCEPT RB_POSITION_ACCEPT
#define DECLINED RB_POSITION_DECLINED
#define TOOK_PLACE RB_POSITION_TOOK_PLACE

static struct rb_contact_lot lot_of(struct fx *w, const struct rb_situation *s,
                                    const struct rb_hash *id) {
    struct rb_contact_lot lot;
    assert_int_equal(rb_lot_contact(s, lw_instrument(s, id)->lot, &w->arena, &lot), RB_OK);
    return lot;
}
static struct rb_contact_view contact_view(struct fx *w, const struct rb_situation *s,
                                           const struct rb_hash *id) {
    const struct rb_contact_lot lot = lot_of(w, s, id);
    for (size_t i = 0; i < lot.contacts_n; i++)
        if (&s->instruments[lot.contacts[i].instrument] == lw_instrument(s, id))
            return lot.contacts[i];
    fail();
    return lot.contacts[0];
}
static struct rb_readout_view readout_view(struct fx *w, const struct rb_situation *s,
                                           const struct rb_hash *id) {
    const struct rb_contact_lot lot = lot_of(w, s, id);
    for (size_t i = 0; i < lot.readouts_n; i++)
        if (&s->instruments[lot.readouts[i].instrument] == lw_instrument(s, id))
            return lot.readouts[i];
    fail();
    return lot.readouts[0];
}

/* north: 0 and 2, south: 1 */
static void sides(struct fx *w) {
    w->charter.members[0].affiliation = rb_str("north");
    w->charter.members[1].affiliation = rb_str("south");
    w->charter.members[2].affiliation = rb_str("north");
    in_force(w);
}

/* ---- contacts ---------------------------------------------------------------------------------
 */

static void what_may_follow_what(void **state) {
    static const enum rb_position_type t[] = {ACCEPT, DECLINED, TOOK_PLACE};
    static const char *const allowed[] = {"-cc", "c-c", "---"};
    struct fx *w = *state;
    sides(w);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++) {
            struct rb_hash id = lw_say(w, 0, lw_contact(w, RB_CONTACT_ASKED, 2, 0));
            struct rb_hash first = lw_answer(w, 1, &id, t[i]);
            struct rb_hash second = lw_answer(w, 1, &id, t[k]);
            struct rb_situation *s = now(w);
            assert_mark(s, &first, RB_MARK_NONE);
            assert_mark(s, &second, allowed[i][k] == 'c' ? RB_MARK_NONE : RB_MARK_OUT_OF_TURN);
            assert_int_equal(contact_view(w, s, &id).members[0].answer,
                             allowed[i][k] == 'c' ? t[k] : t[i]);
            rb_arena_reset(&w->folds);
        }
}

static void asked_accepted_held_by_both(void **state) {
    struct fx *w = *state;
    sides(w);
    struct rb_hash id = lw_say(w, 0, lw_contact(w, RB_CONTACT_ASKED, 6, 0));
    assert_state(now(w), &id, RB_STATE_ASKED);
    lw_answer(w, 1, &id, ACCEPT);
    assert_state(now(w), &id, RB_STATE_ASKED);
    lw_answer(w, 2, &id, DECLINED);
    assert_state(now(w), &id, RB_STATE_DECLINED);
    lw_answer(w, 2, &id, ACCEPT);
    assert_state(now(w), &id, RB_STATE_ACCEPTED);
    lw_answer(w, 0, &id, TOOK_PLACE);
    assert_state(now(w), &id, RB_STATE_HELD);
    lw_answer(w, 2, &id, TOOK_PLACE); /* of the same affiliation: still one side's account */
    assert_state(now(w), &id, RB_STATE_HELD);
    assert_false(contact_view(w, now(w), &id).both_accounts);
    lw_answer(w, 1, &id, TOOK_PLACE);
    struct rb_hash back = lw_answer(w, 0, &id, RB_POSITION_WITHDRAW);
    struct rb_situation *s = now(w);
    struct rb_contact_view v = contact_view(w, s, &id);
    assert_state(s, &id, RB_STATE_HELD_BY_BOTH);
    assert_true(v.both_accounts && v.asked);
    assert_int_equal(v.took_place, 7);
    assert_mark(s, &back, RB_MARK_OUT_OF_TURN);
}

static void of_one_group_is_one_account(void **state) {
    struct fx *w = *state;
    w->charter.groups_n = 1;
    w->charter.groups[0] = (struct rb_group){rb_str("coalition"), 0, 3};
    sides(w);
    struct rb_hash id = lw_say(w, 0, lw_contact(w, RB_CONTACT_HELD, 2, 0));
    lw_answer(w, 1, &id, TOOK_PLACE);
    assert_state(now(w), &id, RB_STATE_HELD);
}

static void held_by_its_authors_account(void **state) {
    struct fx *w = *state;
    sides(w);
    struct rb_hash id = lw_say(w, 0, lw_contact(w, RB_CONTACT_HELD, 2, 0));
    struct rb_hash accepted = lw_answer(w, 1, &id, ACCEPT);
    struct rb_hash own = lw_answer(w, 0, &id, TOOK_PLACE);
    struct rb_hash stranger = lw_answer(w, 2, &id, TOOK_PLACE);
    struct rb_situation *s = now(w);
    assert_state(s, &id, RB_STATE_HELD);
    assert_mark(s, &accepted, RB_MARK_OUT_OF_TURN);
    assert_mark(s, &own, RB_MARK_OUT_OF_TURN);
    assert_mark(s, &stranger, RB_MARK_NOT_ENTITLED);
    struct rb_contact_view v = contact_view(w, s, &id);
    assert_false(v.asked);
    assert_int_equal(v.took_place, 1);
    lw_answer(w, 1, &id, TOOK_PLACE);
    assert_state(now(w), &id, RB_STATE_HELD_BY_BOTH);
}

static void asked_and_nobody_said(void **state) {
    struct fx *w = *state;
    sides(w);
    struct rb_record r = lw_contact(w, RB_CONTACT_ASKED, 2, 60000);
    const int64_t by = r.demand.by_utc_ms;
    struct rb_hash id = lw_say(w, 0, r);
    assert_state(at(w, by + 1000), &id, RB_STATE_NOT_DELIVERED);
    lw_held_by(w, 0, 2, by - 1000);
    assert_state(at(w, by + 1000), &id, RB_STATE_UNANSWERED);
    struct rb_hash closed = lw_closed(w, 1, fx_position(w, &id, DECLINED), 3);
    struct rb_book *b = fx_book(w);
    struct rb_situation *s = fx_fold(w, b, by + 1000);
    assert_state(s, &id, RB_STATE_ASKED);
    assert_true(contact_view(w, s, &id).members[0].unread);
    fx_unseal_for(w, b, 0);
    s = fx_fold(w, b, by + 1000);
    assert_mark(s, &closed, RB_MARK_NONE);
    assert_state(s, &id, RB_STATE_DECLINED);
}

/* who is no recipient sees that there is one, and nothing of it */
static void a_closed_contact_unread(void **state) {
    struct fx *w = *state;
    sides(w);
    struct rb_hash id = lw_closed(w, 0, lw_contact(w, RB_CONTACT_ASKED, 2, 0), 3);
    struct rb_hash yes = lw_closed(w, 1, fx_position(w, &id, ACCEPT), 3);
    struct rb_hash told = lw_closed(w, 1, lw_readout(w, "one", &id), 3);
    struct rb_book *b = fx_book(w);
    struct rb_situation *s = fx_fold(w, b, w->clock_ms);
    assert_state(s, &id, RB_STATE_UNREAD);
    assert_mark(s, &yes, RB_MARK_NONE);
    assert_int_equal(contact_view(w, s, &id).asked_n, 0);
    assert_int_equal(readout_view(w, s, &told).contact, RB_NOWHERE);
    assert_int_equal(readout_view(w, s, &told).same, 0);
    fx_unseal_for(w, b, 1);
    s = fx_fold(w, b, w->clock_ms);
    assert_state(s, &id, RB_STATE_ACCEPTED);
    assert_int_equal(readout_view(w, s, &told).same, 2);
}

static void withdrawn_asks_no_more(void **state) {
    struct fx *w = *state;
    sides(w);
    struct rb_hash id = lw_say(w, 0, lw_contact(w, RB_CONTACT_ASKED, 2, 0));
    struct rb_hash yes = lw_answer(w, 1, &id, ACCEPT);
    struct rb_hash back = lw_answer(w, 1, &yes, RB_POSITION_WITHDRAW);
    struct rb_hash next = lw_supersede(w, 0, lw_contact(w, RB_CONTACT_ASKED, 6, 0), &id);
    lw_answer(w, 0, &next, RB_POSITION_WITHDRAW);
    struct rb_hash late = lw_answer(w, 1, &next, ACCEPT);
    struct rb_situation *s = now(w);
    assert_state(s, &id, RB_STATE_SUPERSEDED);
    assert_state(s, &next, RB_STATE_WITHDRAWN);
    assert_mark(s, &back, RB_MARK_OUT_OF_TURN); /* declined would say it */
    assert_mark(s, &late, RB_MARK_OUT_OF_TURN);
}

/* past the common part of a fork a contact and the words on it move nothing; a readout stays */
static void on_a_branch(void **state) {
    struct fx *w = *state;
    sides(w);
    struct rb_hash id = lw_say(w, 0, lw_contact(w, RB_CONTACT_ASKED, 2, 0));
    struct fx_feed *f = fx_feed_of(w, 1, 0);
    struct rb_hash here = lw_answer(w, 1, &id, ACCEPT);
    fx_fork(w, f, f->n - 1);
    struct rb_hash there = lw_answer(w, 1, &id, TOOK_PLACE);
    struct rb_hash read = lw_answer(w, 1, &id, RB_POSITION_READ);
    struct rb_hash asked = lw_say(w, 1, lw_contact(w, RB_CONTACT_ASKED, 1, 0));
    struct rb_hash told = lw_say(w, 1, lw_readout(w, "what was said", &id));
    struct rb_situation *s = now(w);
    assert_mark(s, &here, RB_MARK_CONTESTED);
    assert_mark(s, &there, RB_MARK_CONTESTED);
    assert_mark(s, &asked, RB_MARK_CONTESTED);
    assert_mark(s, &read, RB_MARK_NONE);
    assert_state(s, &id, RB_STATE_ASKED);
    assert_state(s, &asked, RB_STATE_MARKED);
    assert_state(s, &told, RB_STATE_STANDS);
    assert_int_equal(s->order[fx_place(s, &told)].contested, 1);
}

/* ---- readouts ---------------------------------------------------------------------------------
 */

static void by_one_side_alone(void **state) {
    struct fx *w = *state;
    sides(w);
    struct rb_hash id = lw_say(w, 0, lw_contact(w, RB_CONTACT_HELD, 2, 0));
    struct rb_hash told = lw_say(w, 0, lw_readout(w, "both confirm the wish", &id));
    struct rb_hash again = lw_say(w, 0, lw_readout(w, "both confirm the wish", &id));
    struct rb_hash alone = lw_say(w, 1, lw_readout(w, "both confirm the wish", NULL));
    struct rb_situation *s = now(w);
    struct rb_contact_lot lot = lot_of(w, s, &id), other = lot_of(w, s, &alone);
    assert_int_equal(lot.readouts_n, 2);
    assert_int_equal(other.contacts_n, 0);
    assert_int_equal(other.readouts_n, 1);
    assert_false(lot.agreed || other.agreed); /* twice by one is one side's */
    struct rb_readout_view v = readout_view(w, s, &told), u = readout_view(w, s, &alone);
    assert_int_equal(v.same, 1);
    assert_int_equal(v.contact, lw_instrument(s, &id) - s->instruments);
    assert_int_equal(u.contact, RB_NOWHERE);
    lw_answer(w, 0, &again, RB_POSITION_WITHDRAW);
    s = now(w);
    assert_int_equal(readout_view(w, s, &told).same, 1);
    assert_int_equal(readout_view(w, s, &again).same, 0);
    lw_answer(w, 0, &told, RB_POSITION_WITHDRAW);
    s = now(w);
    assert_state(s, &told, RB_STATE_WITHDRAWN);
    assert_int_equal(readout_view(w, s, &told).same, 0);
}

static void agreed_is_the_same_body(void **state) {
    struct fx *w = *state;
    sides(w);
    struct rb_hash id = lw_say(w, 0, lw_contact(w, RB_CONTACT_HELD, 2, 0));
    struct rb_hash a = lw_say(w, 0, lw_readout(w, "one", &id));
    lw_say(w, 2, lw_readout(w, "one", &id)); /* was not there */
    lw_say(w, 1, lw_readout(w, "two", &id));
    assert_false(lot_of(w, now(w), &id).agreed);
    struct rb_hash b = lw_say(w, 1, lw_readout(w, "one", &id));
    struct rb_hash back = lw_answer(w, 1, &b, RB_POSITION_WITHDRAW);
    struct rb_hash other = lw_supersede(w, 0, lw_readout(w, "three", &id), &a);
    struct rb_situation *s = now(w);
    struct rb_readout_view v = readout_view(w, s, &a), o = readout_view(w, s, &other);
    assert_true(lot_of(w, s, &id).agreed && v.agreed);
    assert_int_equal(v.same, 7);
    assert_mark(s, &back, RB_MARK_OUT_OF_TURN); /* nobody unsays alone what both said */
    assert_state(s, &a, RB_STATE_STANDS);
    assert_state(s, &other, RB_STATE_STANDS); /* it is told beside it, and takes nothing's place */
    assert_mark(s, &other, RB_MARK_NONE);
    assert_false(o.agreed);
}

static void a_later_version_of_the_same_words(void **state) {
    struct fx *w = *state;
    sides(w);
    struct rb_hash id = lw_say(w, 0, lw_contact(w, RB_CONTACT_HELD, 2, 0));
    struct rb_hash a = lw_say(w, 0, lw_readout(w, "one", &id));
    struct rb_hash b = lw_supersede(w, 0, lw_readout(w, "one", &id), &a);
    struct rb_situation *s = now(w);
    assert_state(s, &a, RB_STATE_SUPERSEDED);
    assert_int_equal(readout_view(w, s, &b).same, 1);
    lw_say(w, 1, lw_readout(w, "one", &id));
    assert_true(lot_of(w, now(w), &id).agreed);
}

/* who agrees to a closed readout reuses its salts, and so its commitments */
static void agreed_and_closed(void **state) {
    struct fx *w = *state;
    sides(w);
    struct rb_hash id = lw_say(w, 0, lw_contact(w, RB_CONTACT_HELD, 2, 0));
    struct rb_hash a = lw_closed(w, 0, lw_readout(w, "one", &id), 3);
    struct rb_hash b = lw_closed(w, 1, lw_readout(w, "one", &id), 3); /* salts of its own */
    struct rb_book *book = fx_book(w);
    fx_unseal_for(w, book, 0);
    struct rb_situation *s = fx_fold(w, book, w->clock_ms);
    assert_false(lot_of(w, s, &id).agreed);
    struct fx_feed *f = fx_feed_of(w, 0, 0);
    size_t leaf = f->n;
    while (!rb_hash_eq(&f->id[--leaf], &a))
        continue;
    struct rb_record r;
    assert_int_equal(rb_record_decode(f->leaf[leaf], &r, NULL), RB_OK);
    r.seen_n = 0;
    struct rb_hash same = lw_say(w, 1, r);
    struct fx_feed *g = fx_feed_of(w, 1, 0);
    g->head[g->n - 1] = f->head[leaf];
    book = fx_book(w);
    s = fx_fold(w, book, w->clock_ms); /* nothing read: they are in no contact's lot */
    assert_state(s, &same, RB_STATE_UNREAD);
    assert_false(lot_of(w, s, &same).agreed);
    fx_unseal_for(w, book, 0);
    s = fx_fold(w, book, w->clock_ms);
    assert_true(lot_of(w, s, &id).agreed);
    assert_int_equal(readout_view(w, s, &a).same, 3);
    assert_int_equal(readout_view(w, s, &b).same, 2);
    assert_false(readout_view(w, s, &b).agreed);
}

static void words_beside_a_readout(void **state) {
    struct fx *w = *state;
    sides(w);
    struct rb_hash id = lw_say(w, 0, lw_readout(w, "one", NULL));
    lw_answer(w, 0, &id, ACCEPT);
    struct rb_hash yes = lw_answer(w, 1, &id, ACCEPT);
    lw_answer(w, 1, &id, RB_POSITION_READ);
    lw_answer(w, 2, &id, ACCEPT);
    lw_answer(w, 2, &id, RB_POSITION_REJECT);
    struct rb_record r = fx_position(w, &id, RB_POSITION_REJECT); /* another's, by hearsay */
    r.reported_who = rb_str("relief-one");
    r.reported_carrier = rb_str("phone");
    lw_say(w, 1, r);
    struct rb_readout_view v = readout_view(w, now(w), &id);
    assert_int_equal(v.accepted, 2);
    assert_int_equal(v.rejected, 4);
    assert_false(v.agreed);
    lw_answer(w, 1, &yes, RB_POSITION_WITHDRAW);
    v = readout_view(w, now(w), &id);
    assert_int_equal(v.accepted, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(what_may_follow_what),
        T(asked_accepted_held_by_both),
        T(of_one_group_is_one_account),
        T(held_by_its_authors_account),
        T(asked_and_nobody_said),
        T(a_closed_contact_unread),
        T(withdrawn_asks_no_more),
        T(on_a_branch),
        T(by_one_side_alone),
        T(agreed_is_the_same_body),
        T(a_later_version_of_the_same_words),
        T(agreed_and_closed),
        T(words_beside_a_readout),
    };
    return cmocka_run_group_tests_name("contacts", tests, NULL, NULL);
}
