/* The situation is one function of what is held (design section 1.4). Over seeded random histories,
 * with lies, circles, wrong digests, false receipts, broken signatures and forks:
 *   - any order of arrival, of leaves and of closed bodies, with bodies opened and closed again and
 *     folds in between, gives the same bytes for the same leaves and the same readable bodies;
 *   - a book built again from stored verdicts ("restart") gives the same bytes and the same views;
 *   - of a feed with two or three histories, whichever a book has as the feed and whichever as its
 *     branches gives the same bytes;
 *   - the order is the one that the definition gives, done the slow way;
 *   - the bytes are deterministic CBOR.
 * And mutants: each input of the rules, changed alone, changes the situation.
 *
 *   test-situation [HISTORIES [FIRST-SEED]]
 *
 * The histories and their books: history.h; the mutants: situation_mutants.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "history.h"

static uint64_t histories = 10000, first_seed = 1;
static size_t circles, forked_circles, kinds_of_state[6], marks_met[64];
static size_t purged_met, bodies_met, unread_met, read_met, bodies_mattered;
static size_t contested_met, also_met, branch_seen_met, branch_held_met, third_met; /* forks */
static size_t texts_met[RB_STATE_HELD_BY_BOTH + 1], hours_met[5], later_met; /* what is adopted */
static size_t confirmed_met, stopped_met; /* a query confirmed; a stop-fire's answer in time */

static void count_forks(const struct rb_situation *s) {
    for (uint32_t i = 0; i < s->order_n; i++) {
        const struct rb_fact *fact = rb_situation_fact(s, i);
        contested_met += s->order[i].contested;
        also_met += s->order[i].also != RB_NOWHERE;
        branch_seen_met += fact->seen_verdict == 1 && fact->seen_branch != NULL;
    }
    for (size_t i = 0; i < s->book->feeds_n; i++) {
        third_met += s->book->feeds[i]->branch == 2;
        for (size_t m = 0; s->book->feeds[i]->branch > 0 && m < RB_MAX_MEMBERS; m++) {
            size_t slot = i * RB_MAX_MEMBERS + m;
            branch_held_met +=
                s->held_n[slot] > 0 && s->held[slot][s->held_n[slot] - 1].size > s->shared[i];
        }
    }
}

/* the rule by whose hour the charter in force was adopted; RULE_ALL: by words */
static enum rb_rule_type adopted_by_hour(const struct rb_situation *s) {
    struct rb_feed *f;
    size_t leaf;
    const struct rb_fact *fact = rb_situation_fact(s, s->charter_record);
    if (s->charter_state != RB_CHARTER_IN_FORCE || fact->kind != RB_KIND_AMENDMENT)
        return RB_RULE_ALL;
    if (s->in_force_since_utc_ms != s->charter->accept_by_utc_ms) return RB_RULE_ALL;
    struct rb_amendment am;
    assert_int_equal(rb_amendment_decode(fact->body, &am, NULL), RB_OK);
    assert_true(rb_book_find(s->book, &am.previous, &f, &leaf));
    return f->facts[leaf].kind == RB_KIND_CHARTER ? s->book->charter->rule : RB_RULE_ALL;
}

static void count(const struct rb_situation *s) {
    kinds_of_state[s->charter_state]++;
    count_forks(s);
    hours_met[adopted_by_hour(s)]++;
    for (size_t i = 0; i < s->instruments_n; i++)
        if (rb_situation_fact(s, s->instruments[i].record)->kind == RB_KIND_TEXT)
            texts_met[s->instruments[i].state]++;
    for (uint32_t i = 0; i < s->order_n; i++) {
        const struct rb_fact *fact = rb_situation_fact(s, i);
        marks_met[s->order[i].mark]++;
        purged_met += s->order[i].purged != 0;
        bodies_met += s->order[i].bodies != 0;
        read_met += fact->closed && fact->position != 0 && s->order[i].mark == RB_MARK_NONE;
    }
    for (size_t i = 0; i < s->answers_n; i++)
        confirmed_met +=
            rb_situation_fact(s, s->answers[i].subject)->position == RB_POSITION_QUERY &&
            rb_situation_fact(s, s->answers[i].answer)->position == RB_POSITION_CONFIRM;
    for (size_t i = 0; i < s->dues_n; i++)
        stopped_met += rb_situation_fact(s, s->dues[i].subject)->kind == RB_KIND_STOP_FIRE &&
                       s->dues[i].state == RB_DUE_MET;
    for (size_t i = 0; i < s->dues_n; i++)
        unread_met += s->dues[i].state == RB_DUE_PENDING && s->dues[i].answer != RB_NOWHERE;
}

static struct rb_slice value_of(struct rb_slice map, uint64_t key) {
    struct rb_reader r;
    struct rb_slice out = {0};
    assert_int_equal(rb_cbor_find(map, key, &r), RB_OK);
    assert_int_equal(rb_cbor_skip(&r, &out), RB_OK);
    return out;
}

/* charter, members, who holds what, and the order do not hang on what only some can read (5.12.4)
 */
static void alike_for_all(struct rb_slice unread, struct rb_slice read) {
    static const uint64_t keys[] = {4, 5, 11, 12};
    struct rb_reader a, b;
    size_t n, m;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_true(rb_slice_eq(value_of(unread, keys[i]), value_of(read, keys[i])));
    assert_int_equal(rb_cbor_find(unread, 6, &a), RB_OK);
    assert_int_equal(rb_cbor_find(read, 6, &b), RB_OK);
    assert_int_equal(rb_cbor_get_array(&a, HIST_NODES, &n), RB_OK);
    assert_int_equal(rb_cbor_get_array(&b, HIST_NODES, &m), RB_OK);
    assert_int_equal(n, m);
    while (n-- > 0) {
        struct rb_slice ra, rb;
        assert_int_equal(rb_cbor_skip(&a, &ra), RB_OK);
        assert_int_equal(rb_cbor_skip(&b, &rb), RB_OK);
        assert_true(rb_slice_eq(value_of(ra, 4), value_of(rb, 4)));   /* leaf hash */
        assert_true(rb_slice_eq(value_of(ra, 11), value_of(rb, 11))); /* bodies */
        assert_true(rb_slice_eq(value_of(ra, 13), value_of(rb, 13))); /* purged */
    }
}

/* 5.9.7: what silence adopted under the founding charter, a later `now` does not take back */
static void hours_stay(struct fx *w, struct rb_book *b, int64_t now) {
    rb_arena_reset(&w->folds);
    const struct rb_situation *s = fx_fold(w, b, now);
    if (adopted_by_hour(s) != RB_RULE_SILENCE || w->charter.accept_by_utc_ms >= now) return;
    const uint32_t adopted = s->charter_record;
    later_met++;
    for (int64_t later = 1000; later < 1000000; later *= 10) {
        s = fx_fold(w, b, now + later);
        assert_int_equal(s->order[adopted].mark, RB_MARK_NONE);
        assert_int_equal(s->charter_state, RB_CHARTER_IN_FORCE);
    }
}

static void views_met_what_matters(void) {
    static const enum rb_state wanted[] = {
        RB_STATE_MARKED,  RB_STATE_UNREAD,       RB_STATE_STANDS,       RB_STATE_SUPERSEDED,
        RB_STATE_ASKED,   RB_STATE_WITHDRAWN,    RB_STATE_ANSWERED,     RB_STATE_COMPLIED,
        RB_STATE_REFUSED, RB_STATE_UNANSWERED,   RB_STATE_ACCEPTED,     RB_STATE_DECLINED,
        RB_STATE_HELD,    RB_STATE_HELD_BY_BOTH, RB_STATE_NOT_DELIVERED};
    if (histories < 10000) return; /* some are rare */
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (hist_met.states[wanted[i]] == 0) print_message("never: %s\n", rb_state_name(wanted[i]));
        assert_true(hist_met.states[wanted[i]] > 0);
    }
    assert_true(marks_met[RB_MARK_NOT_ENTITLED] > 0);
    assert_true(hist_met.merged > 0 && hist_met.proposed > 0 && hist_met.agreed > 0 &&
                hist_met.attached > 0);
    assert_true(hist_met.unread_answer > 0 && hist_met.reported > 0 && hist_met.waiting > 0);
}

static void one_history(struct fx *w, uint64_t seed) {
    hist_random_history(w, seed);
    int64_t now = w->clock_ms + (int64_t)below(120000) - 20000;
    hist_choose_readable(w);
    struct rb_book *a = fx_book(w);
    struct rb_slice unread = hist_bytes_of(w, a, now);
    hist_settle_bodies(w, a);
    struct rb_slice want = hist_bytes_of(w, a, now);
    alike_for_all(unread, want);
    bodies_mattered += !rb_slice_eq(want, unread);
    assert_int_equal(rb_cbor_check(want, NULL), RB_OK);
    const struct rb_hash want_shown = hist_shown;
    assert_true(rb_slice_eq(want, hist_bytes_of(w, a, now)));
    struct rb_book *c = hist_shuffled(w);
    assert_true(rb_slice_eq(want, hist_bytes_of(w, c, now)));
    assert_true(rb_hash_eq(&want_shown, &hist_shown));
    const struct rb_hash seen = hist_views_of(w, a, now), again = hist_views_of(w, c, now);
    assert_true(rb_hash_eq(&seen, &again));
    struct rb_book *d = hist_restarted(w, a);
    assert_true(rb_slice_eq(want, hist_bytes_of(w, d, now)));
    assert_true(rb_hash_eq(&want_shown, &hist_shown));
    const struct rb_hash kept = hist_views_of(w, d, now);
    assert_true(rb_hash_eq(&seen, &kept));
    rb_arena_reset(&w->folds);
    hours_stay(w, a, now);
    rb_arena_reset(&w->folds);
    struct rb_situation *s = fx_fold(w, a, now);
    count(s);
    if (seed % (hist.fork_chance < 100 ? 4 : 16) != 0) return; /* the slow way for some */
    hist_check_order(a, s);
    circles += hist_has_circle();
    forked_circles += hist_has_circle() && hist.fork_chance < 100;
}

static void same_bytes_whatever_the_order(void **state) {
    struct fx *w = fx_new(2);
    (void)state;
    atexit(hist_name_the_seed); /* also when an assertion aborts */
    for (uint64_t i = 0; i < histories; i++) {
        hist_running_seed = first_seed + i;
        one_history(w, hist_running_seed);
    }
    hist_running_seed = 0;
    fx_free(w);
}

/* the states of cessations, agreements and reports, and what is shown of them */
static void histories_met_truces(void **state) {
    static const enum rb_state wanted[] = {RB_STATE_MARKED,     RB_STATE_UNREAD,
                                           RB_STATE_STANDS,     RB_STATE_SUPERSEDED,
                                           RB_STATE_WITHDRAWN,  RB_STATE_PROPOSED,
                                           RB_STATE_ADOPTED,    RB_STATE_NOT_ADOPTED,
                                           RB_STATE_LAPSED,     RB_STATE_CONTESTED_BY_TIME,
                                           RB_STATE_AGREED,     RB_STATE_DECLARED,
                                           RB_STATE_IN_FORCE,   RB_STATE_ENDED,
                                           RB_STATE_BROKEN_OFF, RB_STATE_AS_REPORTED};
    (void)state;
    if (histories < 4000) skip();
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (hist_met.states[wanted[i]] == 0) print_message("never: %s\n", rb_state_name(wanted[i]));
        assert_true(hist_met.states[wanted[i]] > 0);
    }
    for (size_t i = 0; i < sizeof hist_met.steps / sizeof *hist_met.steps; i++)
        assert_true(hist_met.steps[i] > 0);
    assert_true(hist_met.bound > 0 && hist_met.gaps > 0 && hist_met.acceded > 0 &&
                hist_met.parted > 0);
    assert_true(hist_met.confirmed_steps > 0);
    assert_true(marks_met[RB_MARK_NOT_ENTITLED] > 0);
}

/* the histories must have met what they are for, or they prove nothing */
static void histories_met_what_matters(void **state) {
    static const enum rb_mark wanted[] = {RB_MARK_NONE,           RB_MARK_UNREADABLE,
                                          RB_MARK_UNKNOWN_SIGNER, RB_MARK_BAD_SIGNATURE,
                                          RB_MARK_WRONG_ROLE,     RB_MARK_MISPLACED,
                                          RB_MARK_REPEATED,       RB_MARK_REVOKED,
                                          RB_MARK_NEEDS_SECOND,   RB_MARK_MUST_BE_CLOSED,
                                          RB_MARK_MUST_BE_OPEN,   RB_MARK_NOT_IN_TABLE,
                                          RB_MARK_SUSPENDED,      RB_MARK_LEFT,
                                          RB_MARK_NOT_IN_FORCE,   RB_MARK_DISOWNED,
                                          RB_MARK_NOT_ADOPTED,    RB_MARK_OUT_OF_TURN,
                                          RB_MARK_UNKNOWN_RULES,  RB_MARK_WRONG_RECIPIENTS,
                                          RB_MARK_CONTESTED,      RB_MARK_NOT_ENTITLED};
    static const enum rb_state texts[] = {
        RB_STATE_MARKED,    RB_STATE_UNREAD,           RB_STATE_CIRCULATED, RB_STATE_SUPERSEDED,
        RB_STATE_WITHDRAWN, RB_STATE_REPLACED,         RB_STATE_ADOPTED,    RB_STATE_NOT_ADOPTED,
        RB_STATE_LAPSED,    RB_STATE_CONTESTED_BY_TIME};
    (void)state;
    if (histories < 2000) skip();
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (marks_met[wanted[i]] == 0) print_message("never: %s\n", rb_mark_name(wanted[i]));
        assert_true(marks_met[wanted[i]] > 0);
    }
    for (size_t i = 0; i < 6; i++) {
        if (kinds_of_state[i] == 0)
            print_message("never: %s\n", rb_charter_state_name((enum rb_charter_state)i));
        assert_true(kinds_of_state[i] > 0);
    }
    print_message(
        "contested texts %zu, by silence %zu, by a veto not used %zu, looked at later %zu\n",
        texts_met[RB_STATE_CONTESTED_BY_TIME], hours_met[RB_RULE_SILENCE],
        hours_met[RB_RULE_QUORUM_VETO], later_met);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts_met[texts[i]] == 0) print_message("never: a text %s\n", rb_state_name(texts[i]));
        assert_true(texts_met[texts[i]] > 0);
    }
    assert_true(hours_met[RB_RULE_SILENCE] > 0 && hours_met[RB_RULE_QUORUM_VETO] > 0 &&
                later_met > 0);
    assert_true(circles > 0 && forked_circles > 0);
    assert_true(contested_met > 0 && also_met > 0 && branch_seen_met > 0 && branch_held_met > 0);
    assert_true(third_met > 0);
    assert_true(purged_met > 0 && bodies_met > 0);
    assert_true(unread_met > 0 && read_met > 0 && bodies_mattered > 0);
    assert_true(confirmed_met > 0 && stopped_met > 0);
    views_met_what_matters();
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_whatever_the_order),
        cmocka_unit_test(histories_met_truces),
        cmocka_unit_test(histories_met_what_matters),
        cmocka_unit_test(each_input_matters),
    };
    if (argc > 1) histories = strtoull(argv[1], NULL, 10);
    if (argc > 2) first_seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests_name("situation", tests, NULL, NULL);
}
