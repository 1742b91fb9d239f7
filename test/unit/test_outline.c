/* Outlines: known distances and depths, odd places, boxes, refusals, and what must not change when
 * outlines are turned, shrunk or exchanged. Known figures are geographiclib's (GeodSolve). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <math.h>
#include <cmocka.h>
#include "../../src/space/outline.h"

#define D RB_NANODEG
#define CM 10

static uint8_t memory[1 << 20];
static struct rb_arena arena;

static int fresh(void **state) {
    (void)state;
    arena = rb_arena(memory, sizeof memory);
    return 0;
}

static struct rb_volume volume_of(enum rb_shape shape, const struct rb_point *p, size_t n) {
    return (struct rb_volume){.shape = shape,
                              .vertices = p,
                              .vertices_n = n,
                              .floor = {.open = true},
                              .ceiling = {.open = true}};
}

static const struct rb_outline *prepared(const struct rb_volume *v) {
    const struct rb_outline *o = NULL;
    struct rb_reject rj = {0};
    size_t used = rb_arena_mark(&arena);
    if (rb_outline_prepare(v, &arena, &o, &rj) != RB_OK) fail_msg("%s: %s", rj.clause, rj.what);
    assert_true(rb_arena_mark(&arena) - used <= rb_outline_bytes(v));
    return o;
}

static const struct rb_outline *circle(int64_t lat_nd, int64_t lon_nd, uint64_t radius_mm) {
    struct rb_volume v = volume_of(RB_SHAPE_CIRCLE, NULL, 0);
    v.center = (struct rb_point){lat_nd, lon_nd};
    v.radius_mm = radius_mm;
    return prepared(&v);
}

static const struct rb_outline *ring(enum rb_edges edges, const struct rb_point *p, size_t n) {
    struct rb_volume v = volume_of(RB_SHAPE_POLYGON, p, n);
    v.edges = edges;
    return prepared(&v);
}

static const struct rb_outline *corridor(uint64_t half_mm, const struct rb_point *p, size_t n) {
    struct rb_volume v = volume_of(RB_SHAPE_CORRIDOR, p, n);
    v.radius_mm = half_mm;
    return prepared(&v);
}

static void expect_near(uint64_t got, double metres, const char *what) {
    double mm = metres * 1000;
    if (fabs((double)got - mm) > CM)
        fail_msg("%s: %llu mm, not %.0f", what, (unsigned long long)got, mm);
}

static void expect_apart(const struct rb_outline *a, const struct rb_outline *b, double metres) {
    struct rb_gap g = rb_outline_gap(a, b), h = rb_outline_gap(b, a);
    assert_int_equal(g.depth_mm, 0);
    assert_true(g.exact);
    expect_near(g.distance_mm, metres, "distance");
    expect_near(h.distance_mm, metres, "distance, exchanged");
    uint64_t mm = (uint64_t)llround(metres * 1000);
    assert_int_equal(rb_outline_near(a, b, mm - CM), RB_NEAR_APART);
    assert_int_equal(rb_outline_near(a, b, mm + CM), RB_NEAR_WITHIN);
    assert_int_equal(rb_outline_near(b, a, mm - CM), RB_NEAR_APART);
    assert_int_equal(rb_outline_near(b, a, mm + CM), RB_NEAR_WITHIN);
}

static void expect_depth(const struct rb_outline *a, const struct rb_outline *b, double metres) {
    struct rb_gap g = rb_outline_gap(a, b), h = rb_outline_gap(b, a);
    assert_int_equal(g.distance_mm, 0);
    expect_near(g.depth_mm, metres, "depth");
    expect_near(h.depth_mm, metres, "depth, exchanged");
    assert_int_equal(rb_outline_near(a, b, 0), RB_NEAR_WITHIN);
    assert_int_equal(rb_outline_near(b, a, 0), RB_NEAR_WITHIN);
}

/* ---- circles ------------------------------------------------------------------------------------
 */

static void circles(void **state) {
    (void)state;
    expect_apart(circle(0, 0, 1), circle(0, D, 1), 111319.490793 - 0.002);
    expect_apart(circle(40600000000, -73800000000, 1000), circle(51600000000, -500000000, 2000),
                 5551759.400319 - 3);
    expect_apart(circle(0, 20 * D, 5000), circle(90 * D, -77 * D, 5000), 10001965.729313 - 10);
    expect_depth(circle(0, 0, 100000000), circle(0, D, 50000000), 150000 - 111319.490793);
    /* exactly tangent: at 0.001 degree 111.31949 m */
    expect_depth(circle(0, 0, 60000), circle(0, D / 1000, 51320), 0);
    assert_int_equal(rb_outline_near(circle(0, 0, 60000), circle(0, D / 1000, 51308), 0),
                     RB_NEAR_APART);
    assert_int_equal(rb_outline_near(circle(0, 0, 60000), circle(0, D / 1000, 51308), 20),
                     RB_NEAR_WITHIN);
    /* all of the Earth */
    assert_int_equal(rb_outline_near(circle(0, 0, 20000000000), circle(0, 180 * D, 5000000), 0),
                     RB_NEAR_WITHIN);
    assert_int_equal(rb_outline_near(circle(0, 0, 1), circle(0, 180 * D, 1), UINT64_MAX),
                     RB_NEAR_WITHIN);
}

/* ---- kinds of edges -----------------------------------------------------------------------------
 */

/* 200 km along 35 N: the geodesic runs 553 m north of the parallel */
static void edge_at_35_north(void **state) {
    (void)state;
    static const struct rb_point p[] = {
        {35 * D, 0}, {35 * D, 2200000000}, {34 * D, 2200000000}, {34 * D, 0}};
    const struct rb_outline *between = circle(35002500000, 1100000000, 1000);
    const struct rb_outline *middle = circle(35004984120, 1100000000, 1);
    expect_apart(ring(RB_EDGES_PARALLEL, p, 4), middle, 552.941 - 0.001);
    expect_apart(ring(RB_EDGES_LONLAT, p, 4), middle, 552.941 - 0.001);
    expect_depth(ring(RB_EDGES_GEODESIC, p, 4), middle, 0.001);
    assert_int_equal(rb_outline_near(ring(RB_EDGES_PARALLEL, p, 4), between, 0), RB_NEAR_APART);
    assert_int_equal(rb_outline_near(ring(RB_EDGES_GEODESIC, p, 4), between, 0), RB_NEAR_WITHIN);
}

/* a slanting edge is a geodesic among parallels, and another line in longitude and latitude */
static void slanting_edges(void **state) {
    (void)state;
    static const struct rb_point p[] = {{50 * D, 0}, {60 * D, 20 * D}, {50 * D, 20 * D}};
    const struct rb_outline *half_way = circle(55 * D, 10 * D, 1);
    expect_depth(ring(RB_EDGES_LONLAT, p, 3), half_way, 0.001);
    struct rb_gap g = rb_outline_gap(ring(RB_EDGES_GEODESIC, p, 3), half_way);
    struct rb_gap h = rb_outline_gap(ring(RB_EDGES_PARALLEL, p, 3), half_way);
    assert_true(g.depth_mm > 10000000); /* it bulges north-west of the point */
    assert_true(h.depth_mm == g.depth_mm);
}

static void corridors(void **state) {
    (void)state;
    static const struct rb_point p[] = {{0, 0}, {0, D}, {D, D}};
    const struct rb_outline *c = corridor(1000000, p, 3);
    expect_apart(c, circle(0, -D, 1000), 111319.491 - 1001);        /* a round cap */
    expect_depth(c, circle(0, D / 2, 5000), 1005);                  /* on its line */
    expect_apart(c, circle(D / 2, 2 * D, 1000), 111315.280 - 1001); /* across the second segment */
    static const struct rb_point q[] = {{-D, D / 2}, {D, D / 2}};
    expect_depth(c, corridor(2000000, q, 2), 3000); /* they cross: both half-widths */
}

/* ---- rings --------------------------------------------------------------------------------------
 */

static void containment(void **state) {
    (void)state;
    static const struct rb_point big[] = {
        {10 * D, 10 * D}, {10 * D, 12 * D}, {12 * D, 12 * D}, {12 * D, 10 * D}};
    static const struct rb_point in[] = {
        {11 * D, 11 * D}, {11 * D, 11100000000}, {11100000000, 11100000000}, {11100000000, 11 * D}};
    const struct rb_outline *b = ring(RB_EDGES_LONLAT, big, 4);
    struct rb_gap g = rb_outline_gap(b, ring(RB_EDGES_LONLAT, in, 4));
    assert_int_equal(g.distance_mm, 0);
    assert_true(g.depth_mm > 98000000 && g.depth_mm < 110700000); /* about a degree */
    assert_int_equal(rb_outline_near(b, ring(RB_EDGES_LONLAT, in, 4), 0), RB_NEAR_WITHIN);
    /* a cross: no corner of one in the other */
    static const struct rb_point tall[] = {
        {9 * D, 10900000000}, {9 * D, 11 * D}, {13 * D, 11 * D}, {13 * D, 10900000000}};
    g = rb_outline_gap(b, ring(RB_EDGES_LONLAT, tall, 4));
    assert_int_equal(g.distance_mm, 0);
    assert_int_equal(g.depth_mm, 0);
}

/* rings of the same corners share an edge, or have a centimetre between them */
static void shared_edge(void **state) {
    (void)state;
    for (int e = 0; e < 3; e++) {
        struct rb_point a[] = {{35 * D, 0}, {36 * D, 20 * D}, {30 * D, 10 * D}};
        struct rb_point b[] = {{35 * D, 0}, {36 * D, 20 * D}, {40 * D, 10 * D}};
        assert_int_equal(
            rb_outline_near(ring((enum rb_edges)e, a, 3), ring((enum rb_edges)e, b, 3), 0),
            RB_NEAR_WITHIN);
        b[0].lat_nd += 200; /* 22 mm */
        b[1].lat_nd += 200;
        assert_int_equal(
            rb_outline_near(ring((enum rb_edges)e, a, 3), ring((enum rb_edges)e, b, 3), 0),
            RB_NEAR_APART);
        assert_int_equal(
            rb_outline_near(ring((enum rb_edges)e, a, 3), ring((enum rb_edges)e, b, 3), 33),
            RB_NEAR_WITHIN);
    }
}

static void antimeridian(void **state) {
    (void)state;
    static const struct rb_point p[] = {
        {-17 * D, 179 * D}, {-17 * D, -179 * D}, {-18 * D, -179 * D}, {-18 * D, 179 * D}};
    const struct rb_outline *o = ring(RB_EDGES_LONLAT, p, 4);
    assert_int_equal(rb_outline_near(o, circle(-17500000000, 180 * D, 1), 0), RB_NEAR_WITHIN);
    assert_int_equal(rb_outline_near(o, circle(-17500000000, -180 * D, 1), 0), RB_NEAR_WITHIN);
    expect_apart(o, circle(-17500000000, 178 * D, 10000), 106198.946 - 10);
    assert_int_equal(rb_outline_near(o, circle(-17500000000, 0, 1), 0), RB_NEAR_APART);
    struct rb_box box = rb_outline_box(o, 0);
    assert_int_equal(box.west_nd, 179 * D);
    assert_int_equal(box.east_nd, -179 * D);
}

/* a ring round the pole, along a parallel and of geodesics */
static void round_a_pole(void **state) {
    (void)state;
    static const struct rb_point p[] = {
        {80 * D, 0}, {80 * D, 90 * D}, {80 * D, 180 * D}, {80 * D, -90 * D}};
    const struct rb_outline *parallel = ring(RB_EDGES_PARALLEL, p, 4),
                            *geodesic = ring(RB_EDGES_GEODESIC, p, 4);
    expect_depth(parallel, circle(90 * D, 0, 1000), 1116825.857 + 1);
    expect_apart(parallel, circle(79 * D, 33 * D, 1000), 111656.465 - 1);
    expect_depth(geodesic, circle(90 * D, 0, 1000), 793736.271 + 1);
    expect_apart(geodesic, circle(79 * D, 45 * D, 1000), 434746.051 - 1);
    assert_int_equal(rb_outline_near(parallel, circle(-90 * D, 0, 1000), 0), RB_NEAR_APART);
    struct rb_box box = rb_outline_box(parallel, 0);
    assert_int_equal(box.north_nd, 90 * D);
    assert_int_equal(box.south_nd, 80 * D);
    assert_int_equal(box.east_nd - box.west_nd, 360 * D);
    /* the same ring in the south */
    struct rb_point q[4];
    for (size_t i = 0; i < 4; i++)
        q[i] = (struct rb_point){-p[i].lat_nd, p[i].lon_nd};
    expect_depth(ring(RB_EDGES_GEODESIC, q, 4), circle(-90 * D, 0, 1000), 793736.271 + 1);
    assert_int_equal(rb_outline_near(ring(RB_EDGES_GEODESIC, q, 4), circle(90 * D, 0, 1), 0),
                     RB_NEAR_APART);
}

/* edges that lead to a pole, and over it */
static void through_a_pole(void **state) {
    (void)state;
    static const struct rb_point corner[] = {{90 * D, 50 * D}, {80 * D, 0}, {80 * D, 90 * D}};
    static const struct rb_point over[] = {{80 * D, 0}, {80 * D, 180 * D}, {70 * D, 90 * D}};
    const struct rb_outline *a = ring(RB_EDGES_GEODESIC, corner, 3),
                            *b = ring(RB_EDGES_GEODESIC, over, 3);
    assert_int_equal(rb_outline_near(a, circle(85 * D, 45 * D, 1), 0), RB_NEAR_WITHIN);
    assert_int_equal(rb_outline_near(a, circle(85 * D, -45 * D, 1), 0), RB_NEAR_APART);
    assert_int_equal(rb_outline_near(a, circle(85 * D, 135 * D, 1), 0), RB_NEAR_APART);
    assert_int_equal(rb_outline_near(b, circle(85 * D, 90 * D, 1), 0), RB_NEAR_WITHIN);
    assert_int_equal(rb_outline_near(b, circle(89 * D, 45 * D, 1), 0), RB_NEAR_WITHIN);
    assert_int_equal(rb_outline_near(b, circle(85 * D, -90 * D, 1), 0), RB_NEAR_APART);
    expect_depth(a, circle(90 * D, 0, 1000), 1);
    expect_depth(b, circle(90 * D, 0, 1000), 1);
    expect_apart(b, circle(89 * D, -90 * D, 1000), 111693.865 - 1);
}

/* Nearly half of the Earth: the smaller side is the inside, whichever way round the points go. */
static void smaller_side(void **state) {
    (void)state;
    for (int north = 0; north < 2; north++) {
        struct rb_point p[9], back[9];
        for (size_t i = 0; i < 9; i++) {
            p[i] = (struct rb_point){north ? D : -D, (int64_t)i * 40 * D - 160 * D};
            back[8 - i] = p[i];
        }
        for (int way = 0; way < 2; way++) {
            const struct rb_outline *o = ring(RB_EDGES_PARALLEL, way ? back : p, 9);
            int64_t lat = north ? 30 * D : -30 * D;
            assert_int_equal(rb_outline_near(o, circle(lat, 10 * D, 10), 0), RB_NEAR_WITHIN);
            expect_apart(o, circle(-lat, 10 * D, 10000), 3430687.786 - 10);
        }
    }
    /* a small ring far from the poles, either way round */
    static const struct rb_point p[] = {{10 * D, 10 * D}, {10 * D, 12 * D}, {12 * D, 11 * D}};
    static const struct rb_point back[] = {{12 * D, 11 * D}, {10 * D, 12 * D}, {10 * D, 10 * D}};
    for (int e = 0; e < 3; e++) {
        assert_int_equal(
            rb_outline_near(ring((enum rb_edges)e, p, 3), circle(11 * D, 11 * D, 1), 0),
            RB_NEAR_WITHIN);
        assert_int_equal(
            rb_outline_near(ring((enum rb_edges)e, back, 3), circle(11 * D, 11 * D, 1), 0),
            RB_NEAR_WITHIN);
        assert_int_equal(
            rb_outline_near(ring((enum rb_edges)e, back, 3), circle(-11 * D, 11 * D, 1), 0),
            RB_NEAR_APART);
    }
}

/* ---- refusals -----------------------------------------------------------------------------------
 */

static void expect_refused(const struct rb_volume *v, const char *clause) {
    const struct rb_outline *o = NULL;
    struct rb_reject rj = {0};
    size_t used = rb_arena_mark(&arena);
    assert_int_equal(rb_outline_prepare(v, &arena, &o, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, clause);
    assert_null(o);
    assert_int_equal(rb_arena_mark(&arena), used);
}

static void refused(void **state) {
    (void)state;
    struct rb_point half[9];
    for (size_t i = 0; i < 9; i++)
        half[i] = (struct rb_point){0, (int64_t)i * 40 * D - 160 * D};
    struct rb_volume v = volume_of(RB_SHAPE_POLYGON, half, 9);
    expect_refused(&v, "10.1.7");
    /* 5,000 km along the equator are 44.9158 degrees */
    struct rb_point p[] = {{0, 0}, {0, 44915000000}, {10 * D, 20 * D}};
    v = volume_of(RB_SHAPE_POLYGON, p, 3);
    for (int e = 0; e < 3; e++) {
        v.edges = (enum rb_edges)e;
        p[1].lon_nd = 44915000000;
        (void)prepared(&v);
        p[1].lon_nd = 44916000000;
        expect_refused(&v, "10.1.5");
    }
    v = volume_of(RB_SHAPE_CORRIDOR, p, 2);
    v.radius_mm = 1;
    expect_refused(&v, "10.1.5");
    /* a parallel may be longer than the geodesic: 99 degrees at 60 N are 5,526 km and 4,990 km */
    struct rb_point q[] = {{60 * D, 0}, {60 * D, 99 * D}, {70 * D, 50 * D}};
    v = volume_of(RB_SHAPE_POLYGON, q, 3);
    (void)prepared(&v);
    v.edges = RB_EDGES_PARALLEL;
    expect_refused(&v, "10.1.5");
    q[2] = q[0];
    expect_refused(&v, "3.7.5");
}

static void arena_full(void **state) {
    (void)state;
    static const struct rb_point p[] = {{0, 0}, {0, D}, {D, D}};
    struct rb_volume v = volume_of(RB_SHAPE_POLYGON, p, 3);
    const struct rb_outline *o = NULL;
    struct rb_arena small = rb_arena(memory, 100);
    assert_int_equal(rb_outline_prepare(&v, &small, &o, NULL), RB_ERR_LIMIT);
    assert_null(o);
}

/* ---- what must not change -----------------------------------------------------------------------
 */

static uint64_t chance_state = 88172645463325252ull;
static double chance(double least, double most) {
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return least + (most - least) * (double)(chance_state >> 11) / 9007199254740992.0;
}

struct shape {
    int kind; /* 0 circle, 1 to 3 ring by its edges, 4 corridor */
    double lat, lon, size, part[8], turn[8];
    size_t n;
};

static struct shape any_shape(double lat, double lon, double size) {
    struct shape s = {
        .kind = (int)chance(0, 5), .lat = lat, .lon = lon, .size = size, .n = (size_t)chance(3, 9)};
    for (size_t i = 0; i < s.n; i++) {
        s.part[i] = chance(0.3, 1);
        s.turn[i] = ((double)i + chance(0, 0.9)) * 2 * M_PI / (double)s.n;
    }
    return s;
}

static int64_t lon_nd(double lon) {
    int64_t nd = llround(lon * 1e9) % (360 * D);
    return nd > 180 * D ? nd - 360 * D : nd < -180 * D ? nd + 360 * D : nd;
}

/* the shape moved along its parallel, its width less by so much */
static const struct rb_outline *drawn(const struct shape *s, int64_t east_nd, uint64_t less_mm) {
    struct rb_point p[8];
    double across = s->size / cos(s->lat * M_PI / 180);
    for (size_t i = 0; i < s->n; i++) {
        p[i].lat_nd = llround((s->lat + s->size * s->part[i] * sin(s->turn[i])) * 1e9);
        int64_t lon = llround((s->lon + across * s->part[i] * cos(s->turn[i])) * 1e9);
        p[i].lon_nd = lon_nd((double)(lon + east_nd) / 1e9);
    }
    uint64_t wide = (uint64_t)(s->size * 2e7) + 100000 - less_mm;
    if (s->kind == 0)
        return circle(llround(s->lat * 1e9),
                      lon_nd((double)(llround(s->lon * 1e9) + east_nd) / 1e9), wide);
    return s->kind == 4 ? corridor(wide, p, s->n) : ring((enum rb_edges)(s->kind - 1), p, s->n);
}

static void metamorphic(void **state) {
    (void)state;
    unsigned met = 0, shrunk = 0;
    for (int i = 0; i < 3000; i++) {
        arena = rb_arena(memory, sizeof memory);
        double lat = chance(-75, 75), lon = chance(-180, 180), size = pow(10, chance(-4, 0.8));
        struct shape a = any_shape(lat, lon, size);
        struct shape b = any_shape(lat + chance(-1.5, 1.5) * size, lon + chance(-1.5, 1.5) * size,
                                   size * chance(0.1, 1));
        const struct rb_outline *oa = drawn(&a, 0, 0), *ob = drawn(&b, 0, 0);
        struct rb_gap g = rb_outline_gap(oa, ob), h = rb_outline_gap(ob, oa);
        expect_near(h.distance_mm, (double)g.distance_mm / 1000, "exchanged");
        expect_near(h.depth_mm, (double)g.depth_mm / 1000, "depth, exchanged");
        met += g.distance_mm == 0;
        int64_t east = llround(chance(-180, 180)) * D;
        struct rb_gap t = rb_outline_gap(drawn(&a, east, 0), drawn(&b, east, 0));
        expect_near(t.distance_mm, (double)g.distance_mm / 1000, "turned");
        expect_near(t.depth_mm, (double)g.depth_mm / 1000, "depth, turned");
        uint64_t less = (uint64_t)chance(0, 90000);
        struct rb_gap s = rb_outline_gap(drawn(&a, 0, less), ob);
        assert_true(s.distance_mm + CM >= g.distance_mm);
        assert_true(s.depth_mm <= g.depth_mm + CM);
        shrunk += s.distance_mm > g.distance_mm + CM;
        if (rb_outline_near(oa, ob, 500) == RB_NEAR_APART)
            assert_int_equal(rb_outline_near(drawn(&a, 0, less), ob, 0), RB_NEAR_APART);
    }
    assert_true(met > 300 && met < 2700 && shrunk > 100);
}

/* What is said at once is what the search would say: it takes no part in measuring a gap. Where
 * that is plain, it is said at once. */
static void said_at_once(void **state) {
    (void)state;
    unsigned asked = 0, open = 0;
    for (int i = 0; i < 4000; i++) {
        arena = rb_arena(memory, sizeof memory);
        double lat = chance(-89, 89), lon = chance(-180, 180), size = pow(10, chance(-4, 0.4));
        if (fabs(lat) + size > 89) size = 89 - fabs(lat);
        struct shape a = any_shape(lat, lon, size);
        double plat = fmax(-90, fmin(90, lat + chance(-2, 2) * size));
        double plon = lon + chance(-2, 2) * size / cos(lat * M_PI / 180);
        const struct rb_outline *o = drawn(&a, 0, 0);
        const struct rb_outline *point = circle(llround(plat * 1e9), lon_nd(plon), 1);
        struct rb_gap g = rb_outline_gap(o, point);
        /* of the cores; inside a width there is only a depth */
        double core = g.distance_mm > 0 ? (double)g.distance_mm / 1000 + o->wide_m + 0.001
                                        : o->wide_m + 0.001 - (double)g.depth_mm / 1000;
        if (core < 0) core = 0; /* inside a ring: the depth is counted from it */
        const double aside[] = {0.02, 1, 30, core / 20, core};
        for (size_t k = 0; k < 5; k++) {
            enum rb_quick far = rb_outline_quick(point, o, core + aside[k]);
            assert_int_not_equal(far, RB_QUICK_APART);
            if (core - aside[k] > 0)
                assert_int_not_equal(rb_outline_quick(o, point, core - aside[k]), RB_QUICK_WITHIN);
            asked += k >= 2 && aside[k] > core / 50;
            open += k >= 2 && aside[k] > core / 50 && far == RB_QUICK_OPEN;
        }
    }
    assert_true(asked > 8000);
    if (open * 20 > asked) fail_msg("%u of %u left open", open, asked);
}

static bool in_box(struct rb_box b, int64_t lat, int64_t lon) {
    bool across = b.west_nd > b.east_nd;
    bool east_ok =
        across ? lon >= b.west_nd || lon <= b.east_nd : lon >= b.west_nd && lon <= b.east_nd;
    return lat >= b.south_nd && lat <= b.north_nd && east_ok;
}

/* every place within a distance of an outline is in its box */
static void boxes(void **state) {
    (void)state;
    unsigned inside = 0, out = 0;
    for (int i = 0; i < 4000; i++) {
        arena = rb_arena(memory, sizeof memory);
        double lat = chance(-85, 85), lon = chance(-180, 180), size = pow(10, chance(-4, 0.6));
        if (fabs(lat) + size > 89) size = 89 - fabs(lat);
        struct shape s = any_shape(lat, lon, size);
        const struct rb_outline *o = drawn(&s, 0, 0);
        uint64_t grow = (uint64_t)(chance(0, 1) * size * 1e8);
        struct rb_box box = rb_outline_box(o, grow);
        for (int k = 0; k < 10; k++) {
            double plat = lat + chance(-3, 3) * size,
                   plon = lon + chance(-3, 3) * size / cos(lat * M_PI / 180);
            if (fabs(plat) > 90) continue;
            int64_t at = llround(plat * 1e9), along = lon_nd(plon);
            bool near = rb_outline_near(o, circle(at, along, 1), grow) == RB_NEAR_WITHIN;
            if (near) assert_true(in_box(box, at, along));
            inside += near;
            out += !in_box(box, at, along);
        }
    }
    assert_true(inside > 4000 && out > 4000);
}

/* Two lines straight in longitude and latitude stay 22 mm from one another for thousands of km:
 * the work is bounded, and what is then said is right as far as it goes. */
static void bounded_work(void **state) {
    (void)state;
    struct rb_point p[] = {{30 * D, 0}, {31 * D, 40 * D}, {20 * D, 20 * D}};
    struct rb_point q[] = {{30 * D + 200, 0}, {31 * D + 200, 40 * D}, {40 * D, 20 * D}};
    const struct rb_outline *a = ring(RB_EDGES_LONLAT, p, 3), *b = ring(RB_EDGES_LONLAT, q, 3);
    struct rb_gap g = rb_outline_gap(a, b);
    assert_false(g.exact);
    assert_true(g.distance_mm <= 22 + CM && g.distance_mm > 22 - CM);
    assert_int_equal(rb_outline_near(a, b, 33), RB_NEAR_WITHIN);
    assert_int_not_equal(rb_outline_near(a, b, 0), RB_NEAR_WITHIN);
    assert_int_not_equal(rb_outline_near(a, b, 11), RB_NEAR_WITHIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(circles, fresh),
        cmocka_unit_test_setup(edge_at_35_north, fresh),
        cmocka_unit_test_setup(slanting_edges, fresh),
        cmocka_unit_test_setup(corridors, fresh),
        cmocka_unit_test_setup(containment, fresh),
        cmocka_unit_test_setup(shared_edge, fresh),
        cmocka_unit_test_setup(antimeridian, fresh),
        cmocka_unit_test_setup(round_a_pole, fresh),
        cmocka_unit_test_setup(through_a_pole, fresh),
        cmocka_unit_test_setup(smaller_side, fresh),
        cmocka_unit_test_setup(refused, fresh),
        cmocka_unit_test_setup(arena_full, fresh),
        cmocka_unit_test_setup(metamorphic, fresh),
        cmocka_unit_test_setup(said_at_once, fresh),
        cmocka_unit_test_setup(boxes, fresh),
        cmocka_unit_test_setup(bounded_work, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
