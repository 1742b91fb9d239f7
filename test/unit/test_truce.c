/* What is pointed out of cessations from their bodies alone, spec 16.4.6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "diag.h"
#include "readback/truce.h"

#define HOUR 3600000ll
#define START 1467766800000ll /* 2016-07-06 01:00 */
#define END 1468022400000ll   /* 2016-07-09 00:00 */

struct mem {
    struct rb_arena arena, work;
};
static uint8_t kept[1u << 16], worked[1u << 16];
static int setup(void **state) {
    static struct mem m;
    m = (struct mem){rb_arena(kept, sizeof kept), rb_arena(worked, sizeof worked)};
    *state = &m;
    return 0;
}

static struct rb_slice body_of(struct mem *w, const char *text) {
    uint8_t mem[1024];
    struct rb_slice out;
    assert_int_equal(rb_arena_copy(&w->arena, diag(text, mem, sizeof mem), &out), RB_OK);
    return out;
}

static enum rb_answer overlap(struct mem *w, const char *one, uint64_t one_parties,
                              const char *other, uint64_t other_parties) {
    struct rb_cessation a, b;
    struct rb_reject rj;
    const struct rb_verdict_terms terms = {.standoff_mm = 1000000000};
    enum rb_answer out = RB_ANSWER_CONFLICT, back = RB_ANSWER_CONFLICT;
    assert_int_equal(rb_cessation_decode(body_of(w, one), &w->arena, &a, &rj), RB_OK);
    assert_int_equal(rb_cessation_decode(body_of(w, other), &w->arena, &b, &rj), RB_OK);
    const size_t before = w->work.used;
    assert_int_equal(
        rb_cessations_overlap(&a, one_parties, &b, other_parties, &terms, &w->work, &out, &rj),
        RB_OK);
    assert_int_equal(
        rb_cessations_overlap(&b, other_parties, &a, one_parties, &terms, &w->work, &back, &rj),
        RB_OK);
    assert_int_equal(w->work.used, before);
    assert_int_equal(out, back);
    return out;
}

static void overlaps_in_time_and_area(void **state) {
    struct mem *w = *state;
    /* 50 km round 34 N 36 E; the same but 1 degree of latitude, 111 km, north; 99 km and more */
    static const char *const here =
        "{1:\"A\",3:[{1:[34000000000,36000000000,50000000]}],4:1000,5:2000}";
    static const char *const north =
        "{1:\"B\",3:[{1:[35000000000,36000000000,50000000]}],4:1000,5:2000}";
    static const char *const wide = "{1:\"C\",3:[{1:[35000000000,36000000000,62000000]}],4:1999}";
    static const char *const after = "{1:\"D\",3:[{1:[34000000000,36000000000,50000000]}],4:2000}";
    static const char *const nowhere = "{1:\"E\",4:1999}";
    assert_int_equal(overlap(w, here, 1, here, 2), RB_ANSWER_CONFLICT);
    assert_int_equal(overlap(w, here, 3, here, 3), RB_ANSWER_NONE_FOUND);
    assert_int_equal(overlap(w, here, 1, north, 2), RB_ANSWER_NONE_FOUND);
    assert_int_equal(overlap(w, here, 1, wide, 3), RB_ANSWER_CONFLICT);
    assert_int_equal(overlap(w, here, 1, after, 2), RB_ANSWER_NONE_FOUND);
    assert_int_equal(overlap(w, here, 1, nowhere, 2), RB_ANSWER_NOT_EXCLUDED);
    assert_int_equal(overlap(w, after, 1, nowhere, 2), RB_ANSWER_NOT_EXCLUDED);
}

static void overlap_out_of_room(void **state) {
    struct mem *w = *state;
    struct rb_cessation a;
    struct rb_reject rj;
    const struct rb_verdict_terms terms = {0};
    enum rb_answer out = RB_ANSWER_NOT_EXCLUDED;
    enum rb_err err = RB_ERR_LIMIT;
    uint64_t n = 1;
    assert_int_equal(rb_cessation_decode(
                         body_of(w, "{1:\"A\",3:[{1:[34000000000,36000000000,50000000]}],4:1000}"),
                         &w->arena, &a, &rj),
                     RB_OK);
    for (; err != RB_OK && n < 100; n++) {
        w->work.fail_at = n;
        err = rb_cessations_overlap(&a, 1, &a, 2, &terms, &w->work, &out, &rj);
        if (err != RB_OK) assert_int_equal(err, RB_ERR_LIMIT);
        if (err != RB_OK) assert_int_equal(out, RB_ANSWER_NOT_EXCLUDED);
    }
    w->work.fail_at = 0;
    assert_int_equal(out, RB_ANSWER_CONFLICT);
    assert_in_range(n, 3, 99);
}

static void lengths_gaps_and_parties(void **state) {
    (void)state;
    struct rb_cessation a = {.start_utc_ms = START, .has_end = true, .end_utc_ms = END}, b = a;
    assert_int_equal(rb_cessation_length_differs_ms(&a), 0);
    a.length_ms = 72 * 3600000ull;
    assert_int_equal(rb_cessation_length_differs_ms(&a), HOUR);
    a.length_ms = 70 * 3600000ull;
    assert_int_equal(rb_cessation_length_differs_ms(&a), -HOUR);
    a.has_end = false;
    assert_int_equal(rb_cessation_length_differs_ms(&a), 0);
    assert_int_equal(rb_cessation_gap_ms(&a, &b), 0);
    a.has_end = true;
    b.start_utc_ms = END;
    assert_int_equal(rb_cessation_gap_ms(&a, &b), 0);
    b.start_utc_ms = END + HOUR;
    assert_int_equal(rb_cessation_gap_ms(&a, &b), HOUR);
    assert_int_equal(rb_cessation_parties(&a, 5), 32);
    a.parties = 3;
    assert_int_equal(rb_cessation_parties(&a, 5), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(overlaps_in_time_and_area, setup),
        cmocka_unit_test_setup(overlap_out_of_room, setup),
        cmocka_unit_test(lengths_gaps_and_parties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
