/* The node's memory runs out: the Nth allocation of each of its four pools fails, for N from 1
 * until a run has none left that fails; at the author's, at the receiver's, and while a node
 * starts. Whatever was being done: the step says so (RB_ERR_LIMIT) or refuses with a sentence, no
 * stored leaf is skipped, nothing is signed or cosigned that is not stored, what was acknowledged
 * stays, and with memory again all goes on. Every N is tried. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "../unit/fixture_sealed.h"
#include "readback/text.h"
#include "../../src/node/node_int.h" /* to have allocations fail */

enum pool { REGION, STEP, WORK, SITUATION, POOLS };
static const char *const pool_names[POOLS] = {"region", "step", "work", "situation"};

static uint64_t *fail_at(struct rb_node *n, enum pool pool) {
    switch (pool) {
    case REGION:
        return &n->region.fail_at;
    case STEP:
        return &n->step_arena.fail_at;
    case WORK:
        return &n->work.fail_at;
    case SITUATION:
        return &n->sit_arena.fail_at;
    case POOLS:
        break;
    }
    fail();
    return NULL;
}

/* ---- what each node has stored and signed, in the order of its effects --------------------------
 */
#define MAX_FEEDS 16u
static struct seen {
    struct rb_feed_ref feed;
    uint64_t leaves, signed_n, cosigned_n;
} seen[2][MAX_FEEDS];
static size_t seen_n[2];
static const struct fn_world *watched;

static struct seen *seen_of(const struct fn_party *p, const struct rb_feed_ref *feed) {
    const size_t who = (size_t)(p - watched->p);
    for (size_t i = 0; i < seen_n[who]; i++)
        if (memcmp(&seen[who][i].feed, feed, sizeof *feed) == 0) return &seen[who][i];
    assert_true(seen_n[who] < MAX_FEEDS);
    seen[who][seen_n[who]] = (struct seen){.feed = *feed};
    return &seen[who][seen_n[who]++];
}

static void watch(const struct fn_party *p, const struct rb_effect *ef) {
    if (watched == NULL) return;
    if (ef->type == RB_EF_STORE && ef->u.store.item == RB_ITEM_LEAF && ef->u.store.leaf.p != NULL) {
        struct seen *s = seen_of(p, &ef->u.store.feed);
        assert_true(ef->u.store.index <= s->leaves); /* none is left out */
        if (ef->u.store.index == s->leaves) s->leaves++;
    }
    if (ef->type != RB_EF_SIGN || ef->u.sign.use == RB_USE_NODE) return;
    struct seen *s = seen_of(p, &ef->u.sign.feed);
    uint64_t *largest = ef->u.sign.use == RB_USE_LOG ? &s->signed_n : &s->cosigned_n;
    assert_true(ef->u.sign.size <= s->leaves);
    assert_true(ef->u.sign.size >= *largest);
    *largest = ef->u.sign.size;
}

/* ---- a world, kept over all N; each run adds to its history -------------------------------------
 */
static struct fn_world *world;
static uint8_t channel[16];
static struct rb_hash said[4096];
static size_t said_n;

static int begin(void **state) {
    (void)state;
    fn_watch = watch;
    world = fn_world(2);
    memset(seen_n, 0, sizeof seen_n);
    said_n = 0;
    watched = world;
    fn_found(world, true, NULL, channel);
    fn_short = true;
    return 0;
}

static int end(void **state) {
    (void)state;
    fn_short = false;
    fn_watch = NULL;
    fn_made = NULL;
    watched = NULL;
    fn_free(world);
    return 0;
}

/* all that was acknowledged is held by both, and both see the same */
static void all_there(void) {
    for (size_t i = 0; i < 2; i++) {
        struct rb_channel_view v;
        assert_true(rb_node_channel_by_id(world->p[i].rb, channel, &v));
        struct rb_feed *f;
        size_t leaf;
        for (size_t k = 0; k < said_n; k++)
            if (!rb_book_find(v.book, &said[k], &f, &leaf)) {
                print_error("record %zu is not at %s\n", k, world->p[i].handle);
                fail();
            }
    }
    const struct rb_situation *a = fn_situation(world, &world->p[0], channel);
    const size_t records = a->order_n;
    const struct rb_situation *b = fn_situation(world, &world->p[1], channel);
    assert_int_equal(records, b->order_n);
}

static bool say(size_t who, const char *text) {
    struct rb_hash id;
    const enum rb_err err = fn_statement(world, &world->p[who], channel, text, RB_ROUTINE, &id);
    if (err != RB_OK && err != RB_ERR_LIMIT && err != RB_ERR_BUSY) {
        print_error("%s: %s\n", rb_err_name(err), world->p[who].done.u.done.reject.what);
        fail();
    }
    assert_true(said_n < sizeof said / sizeof *said);
    if (err == RB_OK) said[said_n++] = id;
    return err == RB_OK;
}

static void memory_again(void) {
    for (size_t i = 0; i < 2; i++)
        for (size_t pool = 0; pool < POOLS; pool++)
            *fail_at(world->p[i].rb, (enum pool)pool) = 0;
}

/* one record goes over while the Nth allocation fails at `victim`. false: none was left to fail */
static bool carried(size_t victim, enum pool pool, uint64_t nth) {
    *fail_at(world->p[victim].rb, pool) = nth;
    if (getenv("READBACK_FAULT_TRACE") != NULL)
        print_message("%s %llu\n", pool_names[pool], (unsigned long long)nth);
    const bool ok = say(0, "While memory is short.");
    fn_pass(world, 2000);
    const bool fired = *fail_at(world->p[victim].rb, pool) == 0;
    memory_again();
    if (!ok) assert_true(say(0, "Said again."));
    fn_pass(world, 70000); /* beyond the longest wait between two attempts */
    all_there();
    return fired;
}

/* An author asks for room in the step's pool before it begins (node_room), and then takes it as
 * given: that pool never fails it in the midst of things. */
static void every(size_t victim, const char *what) {
    for (size_t pool = 0; pool < POOLS; pool++) {
        if (victim == 0 && pool == STEP) continue;
        uint64_t n = 1, runs = 0;
        for (; n < 100000 && carried(victim, (enum pool)pool, n); n++)
            runs++;
        assert_true(n < 100000);
        print_message("%s, %s: %llu runs, up to the %lluth\n", what, pool_names[pool],
                      (unsigned long long)runs, (unsigned long long)n);
    }
}

static void test_author(void **state) {
    (void)state;
    every(0, "the author");
}

static void test_receiver(void **state) {
    (void)state;
    every(1, "the receiver");
}

/* ---- starting -----------------------------------------------------------------------------------
 */
static enum pool start_pool;
static uint64_t start_nth;

static void short_from_the_start(struct fn_party *p) {
    if (start_nth > 0) *fail_at(p->rb, start_pool) = start_nth;
}

/* A node that could not take up all it had stored signs nothing smaller than it did, and started
 * again with memory it has all of it. */
static bool started(enum pool pool, uint64_t nth) {
    start_pool = pool;
    start_nth = nth;
    fn_restart(world, &world->p[1]);
    const bool fired = *fail_at(world->p[1].rb, pool) == 0;
    start_nth = 0;
    memory_again();
    fn_pass(world, 2000);
    fn_restart(world, &world->p[1]);
    assert_true(say(0, "After a start."));
    fn_pass(world, 70000);
    all_there();
    return fired;
}

/* The more there is to take up, the more is asked for: a world that grew with every N would have an
 * N more each time, so that it is made anew now and then. */
#define STARTS 8u
static void anew(void) {
    fn_made = NULL;
    if (said_n > 0) {
        (void)end(NULL);
        (void)begin(NULL);
    }
    fn_made = short_from_the_start;
    for (int i = 0; i < 5; i++)
        assert_true(say((size_t)i % 2, "History."));
    fn_pass(world, 5000);
}

static void test_start(void **state) {
    (void)state;
    for (size_t pool = 0; pool < POOLS; pool++) {
        uint64_t n = 1, runs = 0;
        anew();
        for (; n < 100000 && started((enum pool)pool, n); n++)
            if (++runs % STARTS == 0) anew();
        assert_true(n < 100000);
        print_message("a start, %s: %llu runs, up to the %lluth\n", pool_names[pool],
                      (unsigned long long)runs, (unsigned long long)n);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_author, begin, end),
        cmocka_unit_test_setup_teardown(test_receiver, begin, end),
        cmocka_unit_test_setup_teardown(test_start, begin, end),
    };
    return cmocka_run_group_tests_name("test_node_memory", tests, NULL, NULL);
}
