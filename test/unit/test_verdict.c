/* Verdicts: time, altitude of each pair of datums, stand-off, accuracy, and what is reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "readback/verdict.h"

#define D RB_NANODEG
#define M 1000ll
#define OPEN                                                                                       \
    { .open = true }

static uint8_t memory[1 << 16];
static struct rb_arena arena;
static struct rb_verdict_terms terms;

static int fresh(void **state) {
    (void)state;
    arena = rb_arena(memory, sizeof memory);
    terms = (struct rb_verdict_terms){.standoff_mm = 0};
    return 0;
}

/* circles of 1 km on the equator, so many metres from 80 E */
static struct rb_extent at(double metres, struct rb_alt_limit floor, struct rb_alt_limit ceiling) {
    struct rb_volume v = {.shape = RB_SHAPE_CIRCLE,
                          .center = {0, 80 * D + (int64_t)(metres / 111319.490793 * 1e9)},
                          .radius_mm = 1000 * M,
                          .floor = floor,
                          .ceiling = ceiling};
    struct rb_extent x;
    assert_int_equal(rb_extent_prepare(&v, &arena, &x, NULL), RB_OK);
    return x;
}

static struct rb_alt_limit limit(int64_t metres, enum rb_datum datum) {
    return (struct rb_alt_limit){.mm = metres * M, .datum = datum};
}

static const struct rb_alt_limit none = OPEN;

static struct rb_verdict judged(const struct rb_extent *a, const struct rb_extent *b) {
    struct rb_verdict v, w;
    rb_verdict(a, b, &terms, &v);
    rb_verdict(b, a, &terms, &w);
    assert_int_equal(v.answer, w.answer);
    assert_int_equal(v.unsure, w.unsure);
    assert_int_equal(v.apart, w.apart);
    assert_true((v.answer == RB_ANSWER_NOT_EXCLUDED) == (v.unsure != 0));
    assert_true((v.answer == RB_ANSWER_NONE_FOUND) == (v.apart != RB_APART_NOT));
    return v;
}

static void expect(const struct rb_extent *a, const struct rb_extent *b, enum rb_answer answer,
                   unsigned why) {
    struct rb_verdict v = judged(a, b);
    assert_string_equal(rb_answer_name(v.answer), rb_answer_name(answer));
    assert_int_equal(answer == RB_ANSWER_NONE_FOUND ? (unsigned)v.apart : v.unsure, why);
}

static void times(void **state) {
    (void)state;
    struct rb_extent a = at(0, none, none), b = at(500, none, none);
    expect(&a, &b, RB_ANSWER_CONFLICT, 0); /* open on all sides */
    a.to_utc_ms = b.from_utc_ms = 1000;
    expect(&a, &b, RB_ANSWER_NONE_FOUND, RB_APART_TIME); /* what ends does not meet what begins */
    a.to_utc_ms = 1001;
    expect(&a, &b, RB_ANSWER_CONFLICT, 0);
    b.to_utc_ms = 5000;
    struct rb_verdict v = judged(&a, &b);
    assert_int_equal(v.from_utc_ms, 1000);
    assert_int_equal(v.to_utc_ms, 1001);
    a.to_utc_ms = INT64_MAX;
    v = judged(&a, &b);
    assert_int_equal(v.to_utc_ms, 5000);
    a.from_utc_ms = 5000;
    expect(&a, &b, RB_ANSWER_NONE_FOUND, RB_APART_TIME);
}

static void times_of_a_volume(void **state) {
    (void)state;
    struct rb_volume v = {.shape = RB_SHAPE_CIRCLE,
                          .radius_mm = 1,
                          .floor = OPEN,
                          .ceiling = OPEN,
                          .has_from = true,
                          .from_utc_ms = 7,
                          .accuracy_mm = 3};
    struct rb_extent x;
    assert_int_equal(rb_extent_prepare(&v, &arena, &x, NULL), RB_OK);
    assert_int_equal(x.from_utc_ms, 7);
    assert_int_equal(x.to_utc_ms, INT64_MAX);
    assert_int_equal(x.accuracy_mm, 3);
    v.has_to = true;
    v.to_utc_ms = 9;
    v.has_from = false;
    assert_int_equal(rb_extent_prepare(&v, &arena, &x, NULL), RB_OK);
    assert_int_equal(x.from_utc_ms, INT64_MIN);
    assert_int_equal(x.to_utc_ms, 9);
    v.radius_mm = 0;
    struct rb_reject rj;
    assert_int_equal(rb_extent_prepare(&v, &arena, &x, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "3.7.3");
    assert_int_equal(x.to_utc_ms, 9);
}

static void stand_off(void **state) {
    (void)state;
    struct rb_extent a = at(0, none, none), b = at(7000, none, none); /* 5 km between them */
    expect(&a, &b, RB_ANSWER_NONE_FOUND, RB_APART_PLACE);
    terms.standoff_mm = 4999 * M;
    expect(&a, &b, RB_ANSWER_NONE_FOUND, RB_APART_PLACE);
    terms.standoff_mm = 5000 * M + 1;
    expect(&a, &b, RB_ANSWER_CONFLICT, 0);
    terms.measure = true;
    struct rb_verdict v = judged(&a, &b);
    assert_true(v.measured && v.gap.exact);
    assert_in_range(v.gap.distance_mm, 4999990, 5000010);
    assert_int_equal(v.gap.depth_mm, 0);
    struct rb_extent c = at(500, none, none);
    v = judged(&a, &c);
    assert_int_equal(v.gap.distance_mm, 0);
    assert_in_range(v.gap.depth_mm, 1499990, 1500010);
    /* a site that gives a band is not the whole column */
    a.floor = limit(0, RB_DATUM_WGS84);
    a.ceiling = limit(100, RB_DATUM_WGS84);
    b.floor = limit(101, RB_DATUM_WGS84);
    expect(&a, &b, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE);
}

static void accuracy(void **state) {
    (void)state;
    struct rb_extent a = at(0, none, none), b = at(7000, none, none);
    terms.standoff_mm = 4000 * M; /* 1 km more lies between them */
    a.accuracy_mm = 400 * M;
    b.accuracy_mm = 599 * M;
    expect(&a, &b, RB_ANSWER_NONE_FOUND, RB_APART_PLACE);
    b.accuracy_mm = 601 * M;
    expect(&a, &b, RB_ANSWER_NOT_EXCLUDED, RB_UNSURE_ACCURACY);
    terms.standoff_mm = 5001 * M; /* as written */
    expect(&a, &b, RB_ANSWER_CONFLICT, 0);
    a.accuracy_mm = b.accuracy_mm = UINT64_MAX; /* no overflow */
    terms.standoff_mm = 1;
    expect(&a, &b, RB_ANSWER_NOT_EXCLUDED, RB_UNSURE_ACCURACY);
}

static void one_datum(void **state) {
    (void)state;
    for (int d = RB_DATUM_WGS84; d <= RB_DATUM_FL; d++) { /* above ground too: they overlap */
        struct rb_extent a = at(0, limit(100, (enum rb_datum)d), limit(200, (enum rb_datum)d));
        struct rb_extent b = at(500, limit(200, (enum rb_datum)d), none);
        expect(&a, &b, RB_ANSWER_CONFLICT, 0); /* altitude is closed */
        struct rb_verdict v = judged(&a, &b);
        assert_int_equal(v.band.datum, d);
        assert_false(v.band.at_most);
        assert_true(v.band.has_floor && v.band.has_ceiling);
        assert_int_equal(v.band.floor_mm, 200 * M);
        assert_int_equal(v.band.ceiling_mm, 200 * M);
        b.floor.mm++;
        expect(&a, &b, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE);
        b = at(500, none, limit(99, (enum rb_datum)d));
        expect(&a, &b, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE);
        b = at(500, none, none);
        v = judged(&a, &b);
        assert_int_equal(v.band.floor_mm, 100 * M);
        assert_int_equal(v.band.ceiling_mm, 200 * M);
        a = at(0, none, limit(5, (enum rb_datum)d));
        v = judged(&a, &b);
        assert_false(v.band.has_floor);
    }
}

/* Near 0 N 80 E the geoid is about 100 m below the ellipsoid. */
static void geoid(void **state) {
    (void)state;
    struct rb_extent sea = at(0, limit(-10, RB_DATUM_AMSL), limit(0, RB_DATUM_AMSL));
    struct rb_extent b = at(0, limit(-80, RB_DATUM_WGS84), limit(0, RB_DATUM_WGS84));
    expect(&sea, &b, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE);
    b.floor.mm = -101 * M;
    expect(&sea, &b, RB_ANSWER_NOT_EXCLUDED, RB_UNSURE_DATUM);
    struct rb_verdict v = judged(&sea, &b);
    assert_true(v.band.at_most);
    assert_int_equal(v.band.datum, RB_DATUM_WGS84);
    assert_int_equal(v.band.floor_mm, -101 * M);
    assert_true(v.band.ceiling_mm > -101 * M && v.band.ceiling_mm < -80 * M);
    b.floor.mm = -150 * M;
    b.ceiling.mm = -60 * M;
    expect(&sea, &b, RB_ANSWER_CONFLICT, 0); /* the bounds prove it */
    b.ceiling.mm = -125 * M;
    expect(&sea, &b, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE);
}

/* Across the antimeridian, near Fiji, the geoid is about 55 m above the ellipsoid. */
static void geoid_across(void **state) {
    (void)state;
    struct rb_volume v = {.shape = RB_SHAPE_CIRCLE,
                          .center = {-17 * D, 180 * D},
                          .radius_mm = 1000 * M,
                          .floor = OPEN,
                          .ceiling = limit(0, RB_DATUM_AMSL)};
    struct rb_extent sea, over;
    assert_int_equal(rb_extent_prepare(&v, &arena, &sea, NULL), RB_OK);
    v.ceiling.open = true;
    v.floor = limit(20, RB_DATUM_WGS84);
    assert_int_equal(rb_extent_prepare(&v, &arena, &over, NULL), RB_OK);
    expect(&sea, &over, RB_ANSWER_CONFLICT, 0);
    over.floor.mm = 55 * M;
    expect(&sea, &over, RB_ANSWER_NOT_EXCLUDED, RB_UNSURE_DATUM);
    over.floor.mm = 80 * M;
    expect(&sea, &over, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE);
}

static void flight_levels(void **state) {
    (void)state;
    struct rb_extent fl =
        at(0, limit(100, RB_DATUM_FL), limit(200, RB_DATUM_FL)); /* 3,048 and 6,096 m */
    struct rb_extent b = at(0, none, limit(2206, RB_DATUM_AMSL));
    expect(&fl, &b, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE); /* (3048 - 541) 0.88 = 2206.16 */
    b.ceiling.mm = 2207 * M;
    expect(&fl, &b, RB_ANSWER_NOT_EXCLUDED, RB_UNSURE_DATUM);
    b.ceiling.mm = 3751 * M;
    expect(&fl, &b, RB_ANSWER_NOT_EXCLUDED, RB_UNSURE_DATUM);
    b.ceiling.mm = 3753 * M; /* (3048 + 302) 1.12 = 3752 */
    expect(&fl, &b, RB_ANSWER_CONFLICT, 0);
    /* over WGS84 the geoid comes on top, about 100 m lower here */
    b.ceiling = limit(2150, RB_DATUM_WGS84);
    expect(&fl, &b, RB_ANSWER_NOT_EXCLUDED, RB_UNSURE_DATUM);
    b.ceiling.mm = 2080 * M;
    expect(&fl, &b, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE);
    /* levels below the standard surface: warmer or colder, both ways */
    fl = at(0, none, limit(0, RB_DATUM_FL));
    b = at(0, limit(339, RB_DATUM_AMSL), none); /* 302 * 1.12 = 338.24 */
    expect(&fl, &b, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE);
    b.floor.mm = -606 * M; /* -541 * 1.12 = -605.92 */
    expect(&fl, &b, RB_ANSWER_CONFLICT, 0);
    b.floor.mm = -605 * M;
    expect(&fl, &b, RB_ANSWER_NOT_EXCLUDED, RB_UNSURE_DATUM);
    fl.ceiling.mm = INT64_MAX; /* no overflow */
    expect(&fl, &b, RB_ANSWER_CONFLICT, 0);
    fl.ceiling.mm = INT64_MIN;
    expect(&fl, &b, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE);
}

static void above_ground(void **state) {
    (void)state;
    struct rb_extent a = at(0, limit(0, RB_DATUM_AGL), limit(50, RB_DATUM_AGL));
    struct rb_extent over = at(500, limit(60, RB_DATUM_AGL), limit(500, RB_DATUM_AGL));
    struct rb_extent beside = at(7000, limit(60, RB_DATUM_AGL), limit(500, RB_DATUM_AGL));
    expect(&a, &over, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE); /* over the same ground */
    terms.standoff_mm = 6000 * M;
    expect(&a, &over, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE);
    expect(&a, &beside, RB_ANSWER_NOT_EXCLUDED, RB_UNSURE_TERRAIN); /* over other ground */
    terms.has_terrain = true;
    terms.terrain_least_mm_wgs84 = 100 * M;
    terms.terrain_most_mm_wgs84 = 109 * M;
    expect(&a, &beside, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE); /* 159 at most, 160 at least */
    terms.terrain_most_mm_wgs84 = 110 * M;
    expect(&a, &beside, RB_ANSWER_NOT_EXCLUDED, RB_UNSURE_TERRAIN);
    struct rb_verdict v = judged(&a, &beside);
    assert_true(v.band.at_most);
    assert_int_equal(v.band.datum, RB_DATUM_WGS84);
    assert_int_equal(v.band.floor_mm, 160 * M);
    assert_int_equal(v.band.ceiling_mm, 160 * M);
    beside.floor.mm = 40 * M;
    expect(&a, &beside, RB_ANSWER_CONFLICT, 0); /* 140 to 150 at most, under 150 at least */
    terms.standoff_mm = 0;

    struct rb_extent wgs = at(0, limit(161, RB_DATUM_WGS84), none);
    expect(&a, &wgs, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE);
    wgs.floor.mm = 155 * M;
    expect(&a, &wgs, RB_ANSWER_NOT_EXCLUDED, RB_UNSURE_TERRAIN | RB_UNSURE_DATUM);
    wgs.floor.mm = 150 * M;
    expect(&a, &wgs, RB_ANSWER_CONFLICT, 0);
    terms.has_terrain = false; /* anywhere on Earth */
    expect(&a, &wgs, RB_ANSWER_NOT_EXCLUDED, RB_UNSURE_TERRAIN | RB_UNSURE_DATUM);
    wgs.floor.mm = 9051 * M;
    expect(&a, &wgs, RB_ANSWER_NONE_FOUND, RB_APART_ALTITUDE);
}

static void several_reasons(void **state) {
    (void)state;
    struct rb_extent a = at(0, limit(0, RB_DATUM_AGL), limit(50, RB_DATUM_AGL));
    struct rb_extent b = at(2500, limit(100, RB_DATUM_AMSL), none);
    a.accuracy_mm = 1000 * M;
    expect(&a, &b, RB_ANSWER_NOT_EXCLUDED,
           RB_UNSURE_ACCURACY | RB_UNSURE_DATUM | RB_UNSURE_TERRAIN);
    b.from_utc_ms = 5;
    a.to_utc_ms = 5;
    expect(&a, &b, RB_ANSWER_NONE_FOUND, RB_APART_TIME);
}

static uint64_t chance_state = 2463534242ull;
static int64_t chance(int64_t least, int64_t most) {
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return least + (int64_t)(chance_state % (uint64_t)(most - least + 1));
}

static struct rb_extent any_extent(void) {
    struct rb_alt_limit f = limit(chance(0, 3000), (enum rb_datum)chance(0, 3));
    struct rb_alt_limit c = limit(f.mm / M + chance(0, 500), f.datum);
    if (f.datum == RB_DATUM_FL) f.mm /= 30, c.mm /= 30;
    f.open = chance(0, 5) == 0;
    c.open = chance(0, 5) == 0;
    struct rb_extent x = at((double)chance(0, 8000), f, c);
    x.accuracy_mm = (uint64_t)chance(0, 3) * 500 * M;
    return x;
}

/* What is less never conflicts more: smaller bands, less accuracy, less stand-off. */
static void less_is_no_more(void **state) {
    (void)state;
    unsigned seen[3] = {0};
    for (int i = 0; i < 20000; i++) {
        arena = rb_arena(memory, sizeof memory);
        struct rb_extent a = any_extent(), b = any_extent();
        terms.standoff_mm = (uint64_t)chance(0, 4) * 700 * M;
        terms.has_terrain = chance(0, 1) == 1;
        terms.terrain_least_mm_wgs84 = chance(-100, 500) * M;
        terms.terrain_most_mm_wgs84 = terms.terrain_least_mm_wgs84 + chance(0, 500) * M;
        struct rb_verdict v = judged(&a, &b);
        seen[v.answer]++;
        static const int rank[3] = {0, 2, 1}; /* none found, cannot be excluded, conflict */
        struct rb_extent less = a;
        less.accuracy_mm = 0;
        assert_true(rank[judged(&less, &b).answer] <= rank[v.answer]);
        assert_true(v.answer != RB_ANSWER_CONFLICT ||
                    judged(&less, &b).answer == RB_ANSWER_CONFLICT);
        less = a;
        less.floor.mm += chance(0, 300) * M;
        if (less.ceiling.open || less.floor.mm <= less.ceiling.mm)
            assert_true(rank[judged(&less, &b).answer] <= rank[v.answer]);
        /* a wider range of ground takes certainty away and never adds it */
        terms.terrain_most_mm_wgs84 += 200 * M;
        enum rb_answer wide = judged(&a, &b).answer;
        assert_true(wide == v.answer || wide == RB_ANSWER_NOT_EXCLUDED);
        terms.terrain_most_mm_wgs84 -= 200 * M;
        if (terms.standoff_mm == 0) continue;
        terms.standoff_mm -= 700 * M;
        less = a;
        less.accuracy_mm = 0;
        /* where outlines overlap, heights above ground are compared as written: not by stand-off */
        assert_true(rank[judged(&less, &b).answer] <= rank[v.answer]);
    }
    assert_true(seen[0] > 1000 && seen[1] > 1000 && seen[2] > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(times, fresh),
        cmocka_unit_test_setup(times_of_a_volume, fresh),
        cmocka_unit_test_setup(stand_off, fresh),
        cmocka_unit_test_setup(accuracy, fresh),
        cmocka_unit_test_setup(one_datum, fresh),
        cmocka_unit_test_setup(geoid, fresh),
        cmocka_unit_test_setup(geoid_across, fresh),
        cmocka_unit_test_setup(flight_levels, fresh),
        cmocka_unit_test_setup(above_ground, fresh),
        cmocka_unit_test_setup(several_reasons, fresh),
        cmocka_unit_test_setup(less_is_no_more, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
