/* Form and bounds of volumes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "readback/volume.h"

#define D RB_NANODEG

static const struct rb_volume circle = {.shape = RB_SHAPE_CIRCLE,
                                        .center = {35 * D, 36 * D},
                                        .radius_mm = 1,
                                        .floor = {.open = true},
                                        .ceiling = {.open = true}};

static void expect(const struct rb_volume *v, const char *clause) {
    struct rb_reject rj = {0};
    const enum rb_err e = rb_volume_check(v, &rj);
    if (clause == NULL) {
        if (e != RB_OK) fail_msg("refused at %s: %s", rj.clause, rj.what);
        return;
    }
    assert_int_equal(e, RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, clause);
}

static void circles(void **state) {
    (void)state;
    static const struct {
        int64_t lat, lon;
        uint64_t radius;
        const char *clause;
    } cases[] = {
        {90 * D, 180 * D, 20000000000, NULL}, {-90 * D, -180 * D, 1, NULL},
        {90 * D + 1, 0, 1, "3.7.2"},          {-90 * D - 1, 0, 1, "3.7.2"},
        {0, 180 * D + 1, 1, "3.7.2"},         {0, -180 * D - 1, 1, "3.7.2"},
        {INT64_MIN, INT64_MAX, 1, "3.7.2"},   {0, 0, 0, "3.7.3"},
        {0, 0, 20000000001, "3.7.3"},         {0, 0, UINT64_MAX, "3.7.3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rb_volume v = circle;
        v.center = (struct rb_point){cases[i].lat, cases[i].lon};
        v.radius_mm = cases[i].radius;
        expect(&v, cases[i].clause);
    }
    struct rb_volume v = circle;
    v.shape = (enum rb_shape)3;
    expect(&v, "3.7.1");
}

static void bands_and_times(void **state) {
    (void)state;
    struct rb_volume v = circle;
    v.floor = v.ceiling = (struct rb_alt_limit){false, 100, RB_DATUM_AGL};
    expect(&v, NULL); /* space is closed: a surface is a band */
    v.floor.mm = 101;
    expect(&v, "3.7.7");
    v.floor.datum = RB_DATUM_AMSL; /* not comparable: not refused */
    expect(&v, NULL);
    v.floor.datum = (enum rb_datum)4;
    expect(&v, "3.7.7");
    v = circle;
    v.has_from = v.has_to = true;
    v.from_utc_ms = 5;
    v.to_utc_ms = 6;
    expect(&v, NULL);
    v.to_utc_ms = 5; /* time is half-open: this is never */
    expect(&v, "3.7.8");
    v.has_from = false;
    expect(&v, NULL);
}

static void expect_ring(const struct rb_point *p, size_t n, const char *clause) {
    struct rb_volume v = {.shape = RB_SHAPE_POLYGON,
                          .vertices_n = n,
                          .vertices = p,
                          .floor = {.open = true},
                          .ceiling = {.open = true}};
    struct rb_point turned[16];
    expect(&v, clause);
    if (n > 16) return;
    /* neither the first point nor the direction matters */
    for (size_t shift = 0; shift < n; shift++) {
        for (int back = 0; back < 2; back++) {
            for (size_t i = 0; i < n; i++)
                turned[i] = p[(back ? n - i + shift : i + shift) % n];
            v.vertices = turned;
            expect(&v, clause);
        }
    }
}

static void rings(void **state) {
    (void)state;
    static const struct {
        size_t n;
        struct rb_point p[8];
        const char *clause;
    } cases[] = {
        {3, {{0, 0}, {0, D}, {D, 0}}, NULL},
        {4, {{0, 0}, {0, D}, {D, D}, {D, 0}}, NULL},
        {4, {{0, 0}, {D, D}, {0, D}, {D, 0}}, "3.7.6"},     /* a bow tie */
        {3, {{0, 0}, {D, D}, {2 * D, 2 * D}}, "3.7.5"},     /* a line */
        {4, {{0, 0}, {0, D}, {D, D}, {0, D}}, "3.7.5"},     /* a point twice */
        {4, {{0, 0}, {0, 2 * D}, {0, D}, {D, D}}, "3.7.6"}, /* runs back */
        {5,
         {{0, 0}, {0, 2 * D}, {2 * D, 2 * D}, {0, D}, {2 * D, 0}},
         "3.7.6"},                                                             /* touches an edge */
        {4, {{0, 179 * D}, {0, -179 * D}, {D, -179 * D}, {D, 179 * D}}, NULL}, /* antimeridian */
        {4, {{0, 179 * D}, {D, -179 * D}, {0, -179 * D}, {D, 179 * D}}, "3.7.6"},
        {4, {{0, 180 * D}, {0, -180 * D}, {D, -179 * D}, {D, 179 * D}}, "3.7.5"}, /* one place */
        {3, {{80 * D, 0}, {80 * D, 120 * D}, {80 * D, -120 * D}}, NULL}, /* round the pole */
        {4, {{80 * D, 0}, {80 * D, 120 * D}, {80 * D, -120 * D}, {90 * D, 5 * D}}, NULL},
        {4, {{90 * D, 0}, {90 * D, 9 * D}, {80 * D, 9 * D}, {80 * D, 0}}, "3.7.5"},
        {6, /* twice round: crosses itself */
         {{80 * D, 0},
          {80 * D, 120 * D},
          {80 * D, -120 * D},
          {70 * D, 0},
          {70 * D, 120 * D},
          {70 * D, -120 * D}},
         "3.7.6"},
        {4, {{0, 0}, {0, D}, {91 * D, D}, {D, 0}}, "3.7.2"},
        {4, {{0, 0}, {0, 2 * D}, {0, 4 * D}, {D, 2 * D}}, NULL}, /* a point on a straight edge */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect_ring(cases[i].p, cases[i].n, cases[i].clause);
    }
    expect_ring(cases[0].p, 2, "3.7.4");
    struct rb_volume v = {.shape = RB_SHAPE_POLYGON,
                          .vertices_n = 3,
                          .vertices = cases[0].p,
                          .edges = (enum rb_edges)3};
    expect(&v, "3.7.1");
}

static void many_vertices(void **state) {
    (void)state;
    static struct rb_point p[RB_MAX_VERTICES + 1];
    for (size_t i = 0; i < RB_MAX_VERTICES + 1; i++) { /* a comb's back: a parabola is convex */
        const int64_t x = (int64_t)i;
        p[i] = (struct rb_point){x * x * 1000, x * 1000};
    }
    expect_ring(p, RB_MAX_VERTICES, NULL);
    expect_ring(p, RB_MAX_VERTICES + 1, "3.7.4");
    p[400].lat_nd = p[511].lat_nd; /* beyond the edge that closes the ring */
    expect_ring(p, RB_MAX_VERTICES, "3.7.6");
}

static void corridors(void **state) {
    (void)state;
    static const struct rb_point line[4] = {{0, 0}, {D, D}, {0, 0}, {0, 0}};
    struct rb_volume v = {.shape = RB_SHAPE_CORRIDOR,
                          .radius_mm = 5,
                          .vertices_n = 3,
                          .vertices = line,
                          .floor = {.open = true},
                          .ceiling = {.open = true}};
    expect(&v, NULL); /* there and back */
    v.vertices_n = 4;
    expect(&v, "3.7.5");
    v.vertices_n = 1;
    expect(&v, "3.7.4");
    v.vertices_n = 2;
    v.radius_mm = 0;
    expect(&v, "3.7.3");
}

int main(void) {
    const struct CMUnitTest volume[] = {
        cmocka_unit_test(circles),       cmocka_unit_test(bands_and_times), cmocka_unit_test(rings),
        cmocka_unit_test(many_vertices), cmocka_unit_test(corridors),
    };
    return cmocka_run_group_tests(volume, NULL, NULL);
}
