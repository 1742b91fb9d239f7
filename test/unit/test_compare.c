/* Figures beside figures, designations beside designations: spec 16.6, 16.7. Bodies are written as
 * they go over the wire and read from there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "diag.h"
#include "readback/compare.h"
#include "readback/record.h"

static uint8_t room[4 << 20], bytes[1 << 18];
static struct rb_arena arena;
static size_t bytes_n;
static uint64_t looks;

static int start(void **state) {
    (void)state;
    arena = rb_arena(room, sizeof room);
    bytes_n = 0;
    looks = RB_CHECK_LOOKS;
    return 0;
}
#define C(name) cmocka_unit_test_setup(name, start)

static struct rb_slice body(const char *text) {
    struct rb_slice b = diag(text, bytes + bytes_n, sizeof bytes - bytes_n);
    bytes_n += b.n;
    return b;
}

/* ---- figures ----------------------------------------------------------------------------------
 */

struct figure {
    struct rb_figure f;
    struct rb_areas areas;
};
static struct figure figure(const char *text) {
    struct figure out;
    const struct rb_slice b = body(text);
    assert_int_equal(rb_body_check(RB_KIND_FIGURE, b, NULL), RB_OK);
    assert_int_equal(rb_figure_decode(b, &arena, &out.f, NULL), RB_OK);
    assert_int_equal(rb_areas_prepare(out.f.volumes, out.f.volumes_n, &arena, &out.areas), RB_OK);
    return out;
}
static struct rb_figures_beside beside(const struct figure *a, const struct figure *b) {
    struct rb_figures_beside v, turned;
    rb_figures_compare(&a->f, &a->areas, &b->f, &b->areas, &looks, &v);
    rb_figures_compare(&b->f, &b->areas, &a->f, &a->areas, &looks, &turned);
    assert_int_equal(v.overlap, turned.overlap); /* whichever is first */
    assert_int_equal(v.same_source, turned.same_source);
    assert_int_equal(v.fewer_sources, turned.more_sources);
    return v;
}

/* Three figures of one meeting and a fourth from elsewhere: each as stated, none added to another.
 * What is not stated of their periods and areas, nobody can exclude. */
static void four_figures_side_by_side(void **state) {
    (void)state;
    const struct figure d[] = {
        figure("{1:0,2:16,3:16,4:\"16\",5:\"government forces\",7:\"gunmen\",8:\"Latakia\",16:0}"),
        figure("{1:0,2:1001,4:\"more than 1,000\",5:\"many believed civilians\",10:1741219200000,"
               "11:1741478400000,16:0}"),
        figure("{1:0,2:200,4:\"hundreds\",5:\"civilians\",13:\"the envoy\",16:0}"),
        figure("{1:3,4:\"people displaced\",16:0}"),
    };
    const struct figure e =
        figure("{1:0,2:1068,4:\"at least 1,068\",5:\"civilians\",7:\"security forces "
               "or allied groups\",12:\"Observatory\",16:1}");
    for (size_t i = 0; i < 3; i++) {
        const struct rb_figures_beside v = beside(&d[i], &e);
        assert_true(v.same_what);
        assert_int_equal(v.overlap, RB_OVERLAP_NOT_EXCLUDED);
        assert_false(v.same_source || v.same_counter || v.stopped);
    }
    assert_int_equal(beside(&d[0], &d[1]).overlap, RB_OVERLAP_NOT_EXCLUDED);
    assert_false(beside(&d[3], &e).same_what);
    assert_int_equal(beside(&d[3], &e).overlap, RB_OVERLAP_NONE);
    assert_string_equal(rb_overlap_name(RB_OVERLAP_NOT_EXCLUDED), "cannot be excluded");
}

static void periods_as_stated(void **state) {
    static const struct {
        const char *a, *b;
        enum rb_overlap want;
    } line[] = {
        {"10:1000,11:2000", "10:2000,11:3000", RB_OVERLAP_NONE}, /* the end is not in it */
        {"10:1000,11:2001", "10:2000,11:3000", RB_OVERLAP_MEET},
        {"10:1000", "10:2000,11:3000", RB_OVERLAP_NOT_EXCLUDED},
        {"10:3000", "10:2000,11:3000", RB_OVERLAP_NONE},
        {"11:2000", "10:2000", RB_OVERLAP_NONE},
        {"11:2001", "10:2000", RB_OVERLAP_NOT_EXCLUDED},
        {"", "10:2000,11:3000", RB_OVERLAP_NOT_EXCLUDED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof line / sizeof *line; i++) {
        char a[128], b[128];
        snprintf(a, sizeof a, "{1:0,4:\"x\",8:\"coast\"%s%s,16:0}", *line[i].a ? "," : "",
                 line[i].a);
        snprintf(b, sizeof b, "{1:0,4:\"y\",8:\"coast\"%s%s,16:0}", *line[i].b ? "," : "",
                 line[i].b);
        const struct figure fa = figure(a), fb = figure(b);
        const struct rb_figures_beside v = beside(&fa, &fb);
        assert_int_equal(v.area, RB_OVERLAP_MEET); /* by one name */
        assert_int_equal(v.period, line[i].want);
        assert_int_equal(v.overlap, line[i].want);
    }
}

#define PERIOD "10:1000,11:2000,16:0"
/* circles about 111 km apart, of 50 and of 60 km; one known to 20 km only */
#define CIRCLE(lat, r_km) "9:[{1:[" #lat "000000000,36000000000," #r_km "000000]}]," PERIOD
#define VAGUE(lat, r_km, acc_km)                                                                   \
    "9:[{1:[" #lat "000000000,36000000000," #r_km "000000],8:" #acc_km "000000}]," PERIOD

static void areas_as_drawn(void **state) {
    static const struct {
        const char *a, *b;
        enum rb_overlap want;
    } line[] = {
        {CIRCLE(35, 50), CIRCLE(36, 50), RB_OVERLAP_NONE},
        {CIRCLE(35, 50), CIRCLE(36, 70), RB_OVERLAP_MEET},
        {CIRCLE(35, 50), VAGUE(36, 50, 20), RB_OVERLAP_NOT_EXCLUDED},
        {CIRCLE(35, 50), VAGUE(36, 50, 5), RB_OVERLAP_NONE},
        {CIRCLE(35, 50), "8:\"coast\"," PERIOD, RB_OVERLAP_NOT_EXCLUDED},
        {"8:\"coast\"," PERIOD, "8:\"Coast\"," PERIOD, RB_OVERLAP_NOT_EXCLUDED},
        {PERIOD, PERIOD, RB_OVERLAP_NOT_EXCLUDED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof line / sizeof *line; i++) {
        char a[256], b[256];
        snprintf(a, sizeof a, "{1:0,4:\"x\",%s}", line[i].a);
        snprintf(b, sizeof b, "{1:0,4:\"y\",%s}", line[i].b);
        const struct figure fa = figure(a), fb = figure(b);
        assert_int_equal(beside(&fa, &fb).area, line[i].want);
        assert_int_equal(beside(&fa, &fb).overlap, line[i].want);
    }
}

#define LINE(lat)                                                                                  \
    "9:[{3:[5000000,[[" #lat "000000000,36000000000],[34000000000,38000000000]]]}]," PERIOD
static void no_work_left_to_tell(void **state) {
    (void)state;
    const struct figure a = figure("{1:0,4:\"x\"," LINE(35) "}"),
                        b = figure("{1:0,4:\"x\"," LINE(33) "}");
    assert_int_equal(beside(&a, &b).area, RB_OVERLAP_MEET);
    looks = 0;
    assert_int_equal(beside(&a, &b).area, RB_OVERLAP_NOT_EXCLUDED);
}

/* an outline that is refused (an edge over 5,000 km) is nowhere and everywhere */
static void an_area_that_is_refused(void **state) {
    (void)state;
    const struct figure a = figure(
        "{1:0,4:\"x\",9:[{2:[0,[[0,0],[0,80000000000],[40000000000,40000000000]]]}]," PERIOD "}");
    const struct figure b = figure("{1:0,4:\"x\"," CIRCLE(35, 50) "}");
    assert_null(a.areas.area[0].outline);
    assert_int_equal(beside(&a, &b).area, RB_OVERLAP_NOT_EXCLUDED);
}

/* A count stopped when its sources went from six to two; an estimate that goes on from it is
 * another's. */
static void a_count_that_stopped(void **state) {
    (void)state;
    const struct figure first = figure("{1:0,2:100000,4:\"100,000\",12:\"the UN\",14:6,16:2}");
    const struct figure later = figure("{1:0,2:120000,4:\"120,000\",12:\"the UN\",14:2,16:1}");
    const struct figure stopped = figure("{1:0,4:\"count stopped\",12:\"the UN\",16:5}");
    const struct figure envoy =
        figure("{1:0,2:400000,4:\"over 400,000\",12:\"the envoy\",13:\"the UN\",16:1}");
    struct rb_figures_beside v = beside(&first, &later);
    assert_true(v.same_counter && v.fewer_sources && !v.more_sources && !v.stopped);
    assert_int_equal(v.overlap, RB_OVERLAP_NOT_EXCLUDED);
    v = beside(&first, &stopped);
    assert_true(v.same_counter && v.stopped);
    assert_int_equal(v.overlap, RB_OVERLAP_NONE); /* it has no number that could overlap */
    assert_false(v.fewer_sources || v.more_sources);
    v = beside(&envoy, &first);
    assert_true(v.same_source && !v.same_counter && !v.stopped);
    v = beside(&envoy, &stopped);
    assert_false(v.stopped); /* another's count */
}

/* ---- designations -----------------------------------------------------------------------------
 */

static struct rb_designated designated(uint16_t party, const char *text) {
    struct rb_designated out = {.party = party};
    struct rb_designation *d = rb_arena_alloc(&arena, sizeof *d);
    const struct rb_slice b = body(text);
    assert_non_null(d);
    assert_int_equal(rb_body_check(RB_KIND_DESIGNATION, b, NULL), RB_OK);
    assert_int_equal(rb_designation_decode(b, &arena, d, NULL), RB_OK);
    assert_int_equal(rb_areas_prepare(d->volumes, d->volumes_n, &arena, &out.areas), RB_OK);
    out.designation = d;
    return out;
}

static void who_is_inside_and_outside(void **state) {
    (void)state;
    const struct rb_designated d[] = {
        designated(0,
                   "{1:\"x\",2:1,3:[[\"al-Nusra\",null,null],[\"Army of Islam\",\"Jaish\",null]]}"),
        designated(2,
                   "{1:\"y\",2:0,3:[[\"Jaish\",null,\"since May\"],[\"Levant Front\",null,null]]}"),
        designated(2, "{1:\"y\",2:1,3:[[\"Victory Front\",\"al-Nusra\",null]]}"),
        designated(5, "{1:\"z\",2:0,4:[{1:[35000000000,36000000000,1000000]}]}"),
    };
    static const struct {
        uint32_t designation, subject;
        uint64_t inside, outside, silent;
    } want[] = {
        {0, 0, 0, 5, 32},     /* both have it outside, under another's other name */
        {0, 1, 4, 1, 32},     /* the difference */
        {1, 0, 4, 1, 32},     /* as the other names it */
        {1, 1, 4, 0, 1 | 32}, /* named by one alone */
        {2, 0, 0, 5, 32},
    };
    struct rb_designations_beside v;
    assert_int_equal(rb_designations_compare(d, 4, &looks, &arena, &v), RB_OK);
    assert_int_equal(v.subjects_n, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(v.subjects[i].designation, want[i].designation);
        assert_int_equal(v.subjects[i].subject, want[i].subject);
        assert_int_equal(v.subjects[i].inside, want[i].inside);
        assert_int_equal(v.subjects[i].outside, want[i].outside);
        assert_int_equal(v.subjects[i].silent, want[i].silent);
    }
    assert_int_equal(v.areas_n, 0);
}

/* C's saying that two names are one does not make A and B differ: each two are compared themselves
 */
static void a_third_ones_other_name_ties_nobody(void **state) {
    (void)state;
    const struct rb_designated d[] = {
        designated(0, "{1:\"x\",2:0,3:[[\"A\",null,null]]}"),
        designated(1, "{1:\"x\",2:1,3:[[\"B\",null,null]]}"),
        designated(2, "{1:\"x\",2:0,3:[[\"A\",\"B\",null]]}"),
    };
    struct rb_designations_beside v;
    assert_int_equal(rb_designations_compare(d, 3, &looks, &arena, &v), RB_OK);
    assert_int_equal(v.subjects[0].outside, 0);
    assert_int_equal(v.subjects[0].silent, 2);
    assert_int_equal(v.subjects[1].inside, 4);
    assert_int_equal(v.subjects[2].inside, 5);
    assert_int_equal(v.subjects[2].outside, 2);
}

#define AREA(lat, r_km) "{1:[" #lat "000000000,36000000000," #r_km "000000]}"
static void areas_of_the_two_sides(void **state) {
    (void)state;
    const struct rb_designated d[] = {
        designated(0, "{1:\"x\",2:0,4:[" AREA(30, 10) "," AREA(35, 60) "]}"),
        designated(1, "{1:\"x\",2:1,4:[" AREA(36, 60) "," AREA(37, 10) "]}"),
        designated(1, "{1:\"x\",2:0,4:[" AREA(35, 60) "]}"), /* inside, too: no difference */
        designated(0, "{1:\"x\",2:1,4:[" AREA(36, 10) "]}"), /* its own inside is another area */
    };
    struct rb_designations_beside v;
    assert_int_equal(rb_designations_compare(d, 4, &looks, &arena, &v), RB_OK);
    assert_int_equal(v.subjects_n, 0);
    assert_int_equal(v.areas_n, 1);
    assert_false(v.more_areas);
    assert_int_equal(v.areas[0].inside, 0);
    assert_int_equal(v.areas[0].inside_area, 1);
    assert_int_equal(v.areas[0].outside, 1);
    assert_int_equal(v.areas[0].outside_area, 0);
    assert_int_equal(v.areas[0].overlap, RB_OVERLAP_MEET);
}

static void more_than_are_kept(void **state) {
    (void)state;
    struct rb_designated d[10];
    char text[2048] = "{1:\"x\",2:0,4:[" AREA(35, 60);
    for (int i = 1; i < 16; i++)
        strcat(text, "," AREA(35, 60));
    strcat(text, "]}");
    struct rb_designations_beside v;
    for (uint16_t i = 0; i < 10; i++) {
        text[9] = i % 2 == 0 ? '0' : '1';
        d[i] = designated(i, text);
    }
    assert_int_equal(rb_designations_compare(d, 2, &looks, &arena, &v), RB_OK);
    assert_int_equal(v.areas_n, 256);
    assert_false(v.more_areas);
    assert_int_equal(rb_designations_compare(d, 10, &looks, &arena, &v), RB_OK);
    assert_int_equal(v.areas_n, RB_MAX_AREAS_BESIDE);
    assert_true(v.more_areas);
}

static void nothing_to_compare(void **state) {
    (void)state;
    struct rb_designations_beside v;
    assert_int_equal(rb_designations_compare(NULL, 0, &looks, &arena, &v), RB_OK);
    assert_int_equal(v.subjects_n + v.areas_n, 0);
}

/* without room nothing is said, whichever allocation it is that fails */
static void without_room(void **state) {
    (void)state;
    const struct rb_designated d[] = {
        designated(0, "{1:\"x\",2:0,3:[[\"A\",null,null]],4:[" AREA(35, 60) "]}"),
        designated(1, "{1:\"x\",2:1,3:[[\"A\",null,null]],4:[" AREA(36, 60) "]}"),
    };
    struct rb_designations_beside v = {.areas_n = 77};
    struct rb_areas areas;
    enum rb_err err = RB_ERR_LIMIT;
    for (uint64_t nth = 1; err != RB_OK; nth++) {
        arena.fail_at = nth;
        err = rb_designations_compare(d, 2, &looks, &arena, &v);
        assert_true(err == RB_OK || (err == RB_ERR_LIMIT && v.areas_n == 77));
    }
    arena.fail_at = 1;
    assert_int_equal(rb_areas_prepare(d[0].designation->volumes, 1, &arena, &areas), RB_ERR_LIMIT);
    arena.fail_at = 2;
    assert_int_equal(rb_areas_prepare(d[0].designation->volumes, 1, &arena, &areas), RB_ERR_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        C(four_figures_side_by_side),
        C(periods_as_stated),
        C(areas_as_drawn),
        C(no_work_left_to_tell),
        C(an_area_that_is_refused),
        C(a_count_that_stopped),
        C(who_is_inside_and_outside),
        C(a_third_ones_other_name_ties_nobody),
        C(areas_of_the_two_sides),
        C(more_than_are_kept),
        C(nothing_to_compare),
        C(without_room),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
