/* The situation kept up to date (live.h) is the fold of all that is held: over seeded random
 * histories that arrive piece by piece, in any order that keeps each feed's own, with bodies opened
 * and closed, `now` that goes on (and sometimes back), restarts and memory that runs out in
 * between, after every piece the bytes are the same, and so is all that stands beside them in
 * memory.
 *
 * Two sorts of histories: the wild ones of history.h, with circles, forks, lies and revocations,
 * where much is folded whole; and calm ones, longer, in which next to nothing is, and which must
 * show that: a test of nothing but whole folds would prove nothing.
 *
 * One in five is calm, so that 10,000 of those that are run without arguments are wild.
 *
 *   test-live [HISTORIES [FIRST-SEED]] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "history.h"
#include "readback/live.h"

#define CALM 5u /* one in so many */
static uint64_t histories = 12500, first_seed = 1;
static uint8_t *live_memory;
#define LIVE_MEMORY ((size_t)24 << 20)
static struct rb_arena live_arena;
static struct rb_live live;
static uint64_t wholes, steps, calm_wholes, calm_steps, restarts, wild_n;
static bool calm, all_of_them;

/* ---- calm histories ---------------------------------------------------------------------------
 */

static bool rare(enum rb_kind k) {
    return k == RB_KIND_AMENDMENT || k == RB_KIND_MEMBERSHIP || k == RB_KIND_REVOCATION ||
           k == RB_KIND_CARD || k == RB_KIND_CHARTER;
}

/* what it has seen is mostly all there is, and mostly true; sometimes it says nothing */
static void calm_seen(struct fx *w, struct rb_record *r, const struct fx_feed *own) {
    for (size_t i = 0; i < w->feeds_n; i++) {
        const struct fx_feed *f = w->feed[i];
        if (hist_one_feed(f, own) || one_in(3)) continue;
        uint64_t size = one_in(3) ? 1 + below(f->n) : f->n;
        if (one_in(40)) size = f->n + 1;
        fx_see(w, r, f->member, f->epoch, size);
    }
    if (r->seen_n > 0 && one_in(30)) r->seen_digest[0] ^= 1;
}

/* about a record, perhaps one that comes later */
static struct rb_record calm_silence(struct fx *w) {
    static uint8_t body[512];
    struct rb_writer o = rb_writer(body, sizeof body);
    const struct rb_silence silence = {.about = RB_SILENCE_DEMAND,
                                       .has_subject = true,
                                       .subject = *hist_any_id(w),
                                       .member = (uint16_t)below(w->parties_n)};
    struct rb_record r = fx_record(w, RB_KIND_SILENCE);
    struct rb_slice kept;
    rb_silence_encode(&silence, &o);
    assert_int_equal(rb_arena_copy(&w->arena, rb_written(&o), &kept), RB_OK);
    r.body = kept;
    return r;
}

static void calm_step(struct fx *w) {
    struct fx_feed *f = hist_any_feed(w);
    if (one_in(40)) {
        hist_copy_leaf(w, f, hist_any_feed(w));
        return;
    }
    struct rb_record r = one_in(20) ? calm_silence(w) : hist_random_record(w, f->member);
    for (int tries = 0; rare(r.kind) && tries < 8 && !one_in(60); tries++)
        r = hist_random_record(w, f->member);
    hist_dress(w, &r);
    hist_random_closing(w, &r, f->member);
    fx_turn(w, f);
    if (!one_in(6)) calm_seen(w, &r, f);
    fx_say_as(w, f->member, f->epoch, &r,
              rb_kind_is_machine(r.kind) ? FX_NODE
              : one_in(3)                ? FX_BOTH
                                         : FX_OFFICER);
}

/* an answer is given, and by when it was held is logged later, in some other order */
static void asked_and_answered(struct fx *w) {
    const uint16_t asker = (uint16_t)below(w->parties_n), other = (uint16_t)below(w->parties_n);
    struct rb_record r = fx_stop_fire(w, (int64_t)below(9000));
    if (one_in(2)) calm_seen(w, &r, fx_feed_of(w, asker, 0));
    const struct rb_hash id = fx_say(w, asker, &r);
    r = fx_position(w, &id, one_in(4) ? RB_POSITION_READ : RB_POSITION_COMPLIED);
    calm_seen(w, &r, fx_feed_of(w, other, 0));
    (void)fx_say(w, other, &r);
}

static void calm_history(struct fx *w, uint64_t seed) {
    hist_seed(seed * 0x2545f4914f6cdd1dull + 7);
    hist.forced_n = 0;
    hist.fork_chance = 1000000;
    hist.beside_dense = false;
    hist.beside_chance = one_in(2) ? 3 : 24;
    hist.frozen_alone = NULL;
    fx_reset(w, 2 + below(4));
    size_t founders = w->parties_n, said = 20 + below(50);
    hist_random_charter(w);
    w->charter.accept_members = 1; /* in force from the start */
    w->charter.accept_by_utc_ms = FX_START_MS + INT64_C(3600000) * 24;
    w->charter.rules_version = RB_RULES_VERSION;
    fx_found(w);
    if (one_in(2)) fx_accept_all(w);
    if (one_in(3)) { /* keys that are disowned, and used all the same */
        const uint16_t of = (uint16_t)below(w->parties_n);
        struct rb_record r = hist_random_revocation(w, of);
        (void)fx_say(w, (uint16_t)((of + 1) % w->parties_n), &r);
    }
    while (said-- > 0)
        if (one_in(12))
            asked_and_answered(w);
        else if (one_in(4))
            hist_truce_step(w);
        else
            calm_step(w);
    if (one_in(3)) hist_random_ballot(w);
    for (uint64_t more = below(12); more > 0; more--) {
        struct rb_record r = hist_random_receipt(w);
        const uint16_t by = (uint16_t)below(w->parties_n);
        calm_seen(w, &r, fx_feed_of(w, by, 0));
        (void)fx_say(w, by, &r);
    }
    w->parties_n = founders;
}

/* ---- the same ---------------------------------------------------------------------------------
 */

static struct rb_slice encoded(const struct rb_situation *s, uint8_t *buf, size_t cap) {
    struct rb_writer o = rb_writer(buf, cap);
    struct rb_slice out;
    rb_situation_encode(s, &o);
    assert_int_equal(rb_writer_done(&o, &out), RB_OK);
    return out;
}

#define SAME(a, b, n)                                                                              \
    do {                                                                                           \
        if ((n) > 0) assert_memory_equal(a, b, (n) * sizeof *(a));                                 \
    } while (0)

static void same_lots(const struct rb_situation *a, const struct rb_situation *b) {
    assert_int_equal(a->entries_n, b->entries_n);
    assert_int_equal(a->lots_n, b->lots_n);
    assert_int_equal(a->instruments_n, b->instruments_n);
    for (size_t i = 0; i < a->entries_n; i++) {
        const struct rb_sit_entry *x = &a->entries[i], *y = &b->entries[i];
        assert_true(x->lot == y->lot && x->record == y->record && x->on == y->on &&
                    x->next == y->next && x->again == y->again && x->mark == y->mark);
    }
    for (size_t i = 0; i < a->lots_n; i++) {
        const struct rb_sit_lot *x = &a->lots[i], *y = &b->lots[i];
        assert_true(x->kind == y->kind && x->first == y->first && x->last == y->last &&
                    x->n == y->n);
    }
    for (size_t i = 0; i < a->instruments_n; i++) {
        const struct rb_sit_instrument *x = &a->instruments[i], *y = &b->instruments[i];
        assert_true(x->record == y->record && x->lot == y->lot && x->entry == y->entry &&
                    x->state == y->state && x->since_utc_ms == y->since_utc_ms &&
                    x->charter == y->charter && x->active == y->active);
    }
}

/* what the bytes do not show: by what they hang together */
static void same_beside(const struct rb_situation *a, const struct rb_situation *b) {
    for (size_t i = 0; i < a->order_n; i++) {
        const struct rb_sit_record *x = &a->order[i], *y = &b->order[i];
        assert_true(x->place.feed == y->place.feed && x->place.leaf == y->place.leaf);
        assert_true(x->first_answer == y->first_answer && x->also == y->also &&
                    x->instrument == y->instrument && x->first_entry == y->first_entry);
    }
    for (size_t i = 0; i < a->answers_n; i++)
        assert_int_equal(a->answers[i].next, b->answers[i].next);
    for (size_t i = 0; i < a->book->feeds_n; i++)
        SAME(a->order_of[i], b->order_of[i], a->book->feeds[i]->facts_n);
    for (size_t i = 0; i < a->members_n; i++) {
        const struct rb_sit_member *x = &a->members[i], *y = &b->members[i];
        assert_true(x->index == y->index && x->latest_feed == y->latest_feed);
    }
    for (size_t i = 0; i < a->dues_n; i++)
        assert_int_equal(a->dues[i].answer, b->dues[i].answer);
    assert_ptr_equal(a->book, b->book);
    same_lots(a, b);
}

/* as hist_force() does, in a book that has not all of it */
static void force_held(const struct fx *w, struct rb_book *b) {
    for (size_t i = 0; i < hist.forced_n; i++)
        for (size_t k = 0; k < w->feeds_n; k++) {
            if (!hist_shares(w->feed[k], hist.forced[i].feed, hist.forced[i].leaf + 1)) continue;
            struct rb_feed *f = fx_book_feed(w, b, w->feed[k]);
            if (f == NULL || f->facts_n <= hist.forced[i].leaf) continue;
            hist_force_fact(w, b, &hist.forced[i], &f->facts[hist.forced[i].leaf]);
        }
}

/* which of the two looks first at digests and cosignatures is all the same */
static void compare(struct fx *w, struct rb_book *b, int64_t now) {
    static uint8_t one[1 << 19], two[1 << 19];
    static struct rb_situation whole;
    const struct rb_situation *s = NULL;
    const bool first = one_in(2);
    force_held(w, b);
    if (hist.frozen_alone != NULL) {
        struct rb_feed *f = rb_book_feed(b, hist.frozen_alone->member, hist.frozen_alone->epoch);
        if (f != NULL) f->frozen = true;
    }
    rb_arena_reset(&w->folds);
    if (first) assert_int_equal(rb_situation_fold(b, now, &w->folds, &whole), RB_OK);
    live_arena.fail_at = one_in(30) ? 1 + below(one_in(2) ? 12 : 90) : 0;
    assert_int_equal(rb_live_update(&live, b, now, &s), RB_OK);
    live_arena.fail_at = 0;
    if (!first) assert_int_equal(rb_situation_fold(b, now, &w->folds, &whole), RB_OK);
    const struct rb_slice got = encoded(s, one, sizeof one),
                          want = encoded(&whole, two, sizeof two);
    assert_true(rb_slice_eq(got, want));
    same_beside(s, &whole);
}

/* ---- arrival ----------------------------------------------------------------------------------
 */

/* of what has not come yet: any feed's next, or the one's that is farthest behind */
static const struct fx_feed *next_feed(struct fx *w, const struct rb_book *b, bool in_step) {
    const struct fx_feed *best = NULL;
    uint64_t least = UINT64_MAX;
    const size_t from = below(w->feeds_n);
    for (size_t k = 0; k < w->feeds_n; k++) {
        const struct fx_feed *f = w->feed[(from + k) % w->feeds_n];
        const struct rb_feed *bf = fx_book_feed(w, b, f);
        const uint64_t have = bf == NULL ? 0 : bf->facts_n;
        if (have == f->n || have * 1000 / f->n >= least) continue;
        best = f;
        if (!in_step) break;
        least = have * 1000 / f->n;
    }
    return best;
}

static int64_t later(struct fx *w, int64_t now) {
    if (one_in(4)) return now;
    if (one_in(60)) return now - (int64_t)below(30000);
    if (one_in(12)) return now + (int64_t)below(240) * 500;
    if (one_in(20) && now < w->clock_ms) return w->clock_ms;
    return now + (int64_t)below(6) * 500;
}

static void restart(void) {
    live_arena = rb_arena(live_memory, one_in(6) ? LIVE_MEMORY / 24 : LIVE_MEMORY);
    rb_live_init(&live, &live_arena);
    restarts++;
}

static void arrives(struct fx *w) {
    struct rb_book *b = fx_book_empty(w);
    const bool in_step = one_in(2);
    const uint64_t most = one_in(3) ? 1 : 1 + below(8);
    int64_t now = (one_in(2) ? FX_START_MS : w->clock_ms) + (int64_t)below(60) * 500;
    if (one_in(3)) now += (int64_t)below(500);
    restart();
    compare(w, b, now);
    for (const struct fx_feed *f; (f = next_feed(w, b, in_step)) != NULL;) {
        for (uint64_t n = 1 + below(most); n > 0; n--) {
            if (f != NULL && !fx_book_next(w, b, f, -1)) break;
            if (one_in(3)) f = next_feed(w, b, in_step);
            if (f == NULL) break;
        }
        if (calm ? one_in(8) : one_in(3)) hist_random_body(w, b);
        now = later(w, now);
        compare(w, b, now);
        if (one_in(50)) restart();
        if (one_in(40)) rb_live_drop(&live);
    }
    for (int i = 0; i < 6; i++) {
        now = later(w, now + (int64_t)below(20000));
        hist_random_body(w, b);
        compare(w, b, now);
    }
}

/* ---- the properties ---------------------------------------------------------------------------
 */

static void the_same_after_every_piece(void **state) {
    struct fx *w = fx_new(2);
    (void)state;
    live_memory = malloc(LIVE_MEMORY);
    assert_non_null(live_memory);
    atexit(hist_name_the_seed);
    for (uint64_t i = 0; i < histories; i++) {
        hist_running_seed = first_seed + i;
        calm = hist_running_seed % CALM == 0;
        wild_n += !calm;
        if (calm)
            calm_history(w, hist_running_seed);
        else
            hist_random_history(w, hist_running_seed);
        uint64_t *n = calm ? &calm_steps : &steps, *m = calm ? &calm_wholes : &wholes;
        restart();
        arrives(w);
        *n += live.steps;
        *m += live.wholes;
    }
    hist_running_seed = 0;
    free(live_memory);
    fx_free(w);
}

static void it_was_kept(void **state) {
    (void)state;
    print_message("%llu wild histories: kept %llu of %llu; %llu calm: kept %llu of %llu\n",
                  (unsigned long long)wild_n, (unsigned long long)steps,
                  (unsigned long long)steps + wholes, (unsigned long long)(histories - wild_n),
                  (unsigned long long)calm_steps, (unsigned long long)calm_steps + calm_wholes);
    if (histories < 200) skip();
    if (all_of_them) assert_true(wild_n >= 10000);
    assert_true(steps > 0);
    assert_true(calm_steps > calm_wholes);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_after_every_piece),
        cmocka_unit_test(it_was_kept),
    };
    all_of_them = argc < 2;
    if (argc > 1) histories = strtoull(argv[1], NULL, 10);
    if (argc > 2) first_seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
