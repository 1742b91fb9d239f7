/* The store and the simulated disk beside each other: whatever is stored, staged, deleted,
 * committed or lost, both have the same bytes. What the simulator proves of the node then holds on
 * SQLite too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "sim/internal.h"
#include "test_store_fixture.h"

#define BODIES 5u
#define STAGES 4u
#define MOST 200000u

struct both {
    const struct place *place;
    struct rb_store *store;
    struct disk disk;
    uint64_t staged[STAGES][2]; /* the store's number, the disk's; 0: none */
    uint32_t chance;
    size_t names, losses;
};
static uint8_t text[MOST], from_store[MOST], from_disk[MOST];

#define OK(x) assert_int_equal((x), RB_OK)

static uint32_t below(struct both *b, uint32_t n) {
    b->chance = b->chance * 1664525u + 1013904223u;
    return (b->chance >> 8) % n;
}

static struct rb_body_ref ref_of(unsigned i) {
    struct rb_body_ref r = {.member = (uint16_t)(i % 2)};
    r.hash.b[7] = (uint8_t)(i / 2); /* the same hash under two authors */
    return r;
}

static struct rb_effect effect(unsigned i) {
    struct rb_effect ef = {.type = RB_EF_STORE};
    ef.u.store.item = RB_ITEM_BODY;
    ef.u.store.body = ref_of(i);
    return ef;
}

static void apply(struct both *b, const struct rb_effect *ef, uint64_t disk_staged) {
    struct rb_effect other = *ef;
    other.u.store.staged = disk_staged;
    OK(rb_store_apply(b->store, ef));
    const char *bad = disk_apply(&b->disk, &other);
    if (bad != NULL) print_error("%s\n", bad);
    assert_null(bad);
}

/* the next bytes, or some of those before once more */
static void put(struct both *b, unsigned i) {
    struct rb_effect ef = effect(i);
    const size_t have = disk_body_size(&b->disk, &ef.u.store.body);
    size_t n = 1 + below(b, 70000);
    ef.u.store.index = have;
    if (have > 0 && below(b, 3) == 0) {
        ef.u.store.index = below(b, (uint32_t)have);
        n = 1 + below(b, (uint32_t)(have - ef.u.store.index));
    }
    if (ef.u.store.index + n > MOST) return;
    ef.u.store.leaf = rb_slice(text + ef.u.store.index, n);
    apply(b, &ef, 0);
}

static void stage(struct both *b, unsigned k) {
    uint64_t *const id = b->staged[k];
    const size_t n = below(b, 50000);
    if (id[0] == 0) {
        OK(rb_store_stage_new(b->store, &id[0]));
        id[1] = disk_stage_new(&b->disk);
    }
    size_t have = 0;
    assert_true(disk_stage_read(&b->disk, id[1], 0, from_disk, MOST, &have));
    if (have + n > MOST) return;
    OK(rb_store_stage_add(b->store, id[0], rb_slice(text + have, n)));
    assert_true(disk_stage_add(&b->disk, id[1], rb_slice(text + have, n)));
}

static void name_or_drop(struct both *b, unsigned k, unsigned i) {
    uint64_t *const id = b->staged[k];
    if (id[0] == 0) return;
    if (below(b, 3) == 0) {
        OK(rb_store_stage_drop(b->store, id[0]));
        assert_true(disk_stage_drop(&b->disk, id[1]));
    } else {
        struct rb_effect ef = effect(i);
        ef.u.store.staged = id[0];
        apply(b, &ef, id[1]);
        b->names++;
    }
    assert_int_equal(rb_store_stage_drop(b->store, id[0]), RB_ERR_NOT_FOUND);
    assert_false(disk_stage_drop(&b->disk, id[1]));
    id[0] = id[1] = 0;
}

static void commit(struct both *b) {
    OK(rb_store_commit(b->store));
    disk_commit_begin(&b->disk);
    disk_commit_end(&b->disk);
}

/* what was not committed is gone, and so is the stage */
static void lose(struct both *b) {
    rb_store_close(b->store);
    disk_crash(&b->disk, false, false);
    b->store = place_open(b->place);
    for (unsigned k = 0; k < STAGES; k++) {
        size_t n = 0;
        if (b->staged[k][0] == 0) continue;
        assert_int_equal(rb_store_stage_read(b->store, b->staged[k][0], 0, from_store, 1, &n),
                         RB_ERR_NOT_FOUND);
        assert_false(disk_stage_read(&b->disk, b->staged[k][1], 0, from_disk, 1, &n));
        b->staged[k][0] = b->staged[k][1] = 0;
    }
    b->losses++;
}

static void one_step(struct both *b) {
    const unsigned i = below(b, BODIES), k = below(b, STAGES);
    const uint32_t what = below(b, 100);
    if (what < 45) {
        put(b, i);
    } else if (what < 60) {
        stage(b, k);
    } else if (what < 70) {
        name_or_drop(b, k, i);
    } else if (what < 80) {
        const struct rb_effect ef = effect(i); /* deletes */
        apply(b, &ef, 0);
    } else if (what < 95) {
        commit(b);
    } else {
        lose(b);
    }
}

static void compare_body(struct both *b, unsigned i) {
    const struct rb_body_ref r = ref_of(i);
    const size_t have = disk_body_size(&b->disk, &r);
    const uint64_t from = have > 0 ? below(b, (uint32_t)have) : 0;
    uint64_t size = 99;
    size_t n = 99;
    OK(rb_store_body_size(b->store, &r, &size));
    assert_int_equal(size, have);
    OK(rb_store_body_read(b->store, &r, from, from_store, MOST, &n));
    assert_int_equal(n, have - from);
    assert_int_equal(disk_body_read(&b->disk, &r, from, from_disk, MOST), n);
    if (n > 0) assert_memory_equal(from_store, from_disk, n);
    if (n > 0) assert_memory_equal(from_disk, text + from, n);
}

static void compare_stage(struct both *b, unsigned k) {
    size_t n = 99, m = 98;
    if (b->staged[k][0] == 0) return;
    OK(rb_store_stage_read(b->store, b->staged[k][0], 5, from_store, MOST, &n));
    assert_true(disk_stage_read(&b->disk, b->staged[k][1], 5, from_disk, MOST, &m));
    assert_int_equal(n, m);
    if (n > 0) assert_memory_equal(from_store, from_disk, n);
}

static void both_have_the_same(void **state) {
    struct both *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->place = *state;
    b->chance = 20160912;
    b->store = place_open(b->place);
    for (size_t i = 0; i < MOST; i++)
        text[i] = (uint8_t)(i * 2654435761u >> 13);
    for (unsigned turn = 0; turn < 1500; turn++) {
        one_step(b);
        compare_body(b, turn % BODIES);
        compare_stage(b, turn % STAGES);
    }
    for (unsigned i = 0; i < BODIES; i++)
        compare_body(b, i);
    assert_true(b->names > 20 && b->losses > 20);
    rb_store_close(b->store);
    disk_free(&b->disk);
    free(b);
}

/* both refuse the same */
static void neither_takes_what_is_out_of_order(void **state) {
    for (unsigned which = 0; which < 4; which++) {
        struct rb_store *s = place_open(*state);
        struct disk d = {0};
        struct rb_effect ef = effect(which);
        ef.u.store.leaf = rb_slice(text, 100);
        OK(rb_store_apply(s, &ef));
        assert_null(disk_apply(&d, &ef));
        if (which == 0) ef.u.store.index = 101;
        if (which == 1) ef.u.store.index = 1;
        if (which == 2) ef.u.store.leaf = rb_slice(text, 101);
        if (which == 3) ef.u.store.staged = 4711;
        assert_int_equal(rb_store_apply(s, &ef), RB_ERR_STATE);
        assert_non_null(disk_apply(&d, &ef));
        rb_store_close(s);
        disk_free(&d);
    }
}

/* A durable deletion leaves the simulated disk no byte either, in no list of its own. */
static void the_simulated_disk_forgets_too(void **state) {
    struct disk d = {0};
    struct rb_effect ef = effect(1);
    (void)state;
    ef.u.store.leaf = rb_slice(text + 1000, 64);
    assert_null(disk_apply(&d, &ef));
    const struct rb_effect gone = effect(1);
    assert_null(disk_apply(&d, &gone));
    assert_non_null(d.ops[0].bytes); /* until it is durable, a crash may bring it back */
    disk_commit_begin(&d);
    disk_commit_end(&d);
    assert_null(d.ops[0].bytes);
    assert_null(d.ops[0].ef.u.store.leaf.p);
    assert_null(disk_apply(&d, &ef)); /* the same again, later */
    disk_commit_begin(&d);
    disk_commit_end(&d);
    disk_crash(&d, false, false);
    assert_int_equal(disk_body_size(&d, &ef.u.store.body), 64);
    disk_free(&d);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void) {
    const struct CMUnitTest test_store_model[] = {
        T(both_have_the_same),
        T(neither_takes_what_is_out_of_order),
        T(the_simulated_disk_forgets_too),
    };
    if (rb_crypto_init() != RB_OK || !place_first()) return 1;
    return cmocka_run_group_tests(test_store_model, NULL, NULL);
}
