/* The index of volumes: boxes hold what they must, the index finds what comparing one by one finds.
 * The oracle for boxes shoots geodesics by integrating their equation in three dimensions, which
 * knows no pole and no antimeridian and shares nothing with the code under test. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <cmocka.h>
#include "readback/volindex.h"

#define D RB_NANODEG
#define KM 1000000ll /* mm */
#define DAY 86400000ll

/* ---- chance ----------------------------------------------------------------------------------
 */

static uint64_t seed;

static uint64_t chance(void) {
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static int64_t between(int64_t lo, int64_t hi) {
    return lo + (int64_t)(chance() % (uint64_t)(hi - lo + 1));
}

static double unit(void) {
    return (double)(chance() >> 11) * 0x1p-53;
}

/* ---- geodesics ---------------------------------------------------------------------------------
 */

#define A 6378137.0
#define F (1 / 298.257223563)
#define B (A * (1 - F))
#define PI 3.14159265358979323846

struct vec {
    double x, y, z;
};
struct ray {
    struct vec p, v; /* place and unit direction */
};

static struct vec add(struct vec a, struct vec b, double k) {
    return (struct vec){a.x + k * b.x, a.y + k * b.y, a.z + k * b.z};
}

static struct vec scaled(struct vec a, double k) {
    return (struct vec){k * a.x, k * a.y, k * a.z};
}

static double dot(struct vec a, struct vec b) {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static struct vec cross(struct vec a, struct vec b) {
    return (struct vec){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

static struct vec gradient(struct vec p) {
    return (struct vec){p.x / (A * A), p.y / (A * A), p.z / (B * B)};
}

static struct ray slope(struct ray r) {
    const struct vec g = gradient(r.p);
    const double q = (r.v.x * r.v.x + r.v.y * r.v.y) / (A * A) + r.v.z * r.v.z / (B * B);
    return (struct ray){r.v, scaled(g, -q / dot(g, g))};
}

static struct ray moved(struct ray r, struct ray s, double k) {
    return (struct ray){add(r.p, s.p, k), add(r.v, s.v, k)};
}

/* m metres along, Runge-Kutta in steps of at most 5 km */
static struct ray shoot(struct ray r, double m) {
    const int steps = (int)(fabs(m) / 5000) + 1;
    const double h = m / steps;
    for (int i = 0; i < steps; i++) {
        const struct ray k1 = slope(r), k2 = slope(moved(r, k1, h / 2));
        const struct ray k3 = slope(moved(r, k2, h / 2)), k4 = slope(moved(r, k3, h));
        r = moved(moved(moved(moved(r, k1, h / 6), k2, h / 3), k3, h / 3), k4, h / 6);
    }
    return r;
}

static struct ray aim(struct rb_point p, double azimuth) {
    const double lat = (double)p.lat_nd * PI / 180e9, lon = (double)p.lon_nd * PI / 180e9;
    const double e2 = F * (2 - F), n = A / sqrt(1 - e2 * sin(lat) * sin(lat));
    const struct vec north = {-sin(lat) * cos(lon), -sin(lat) * sin(lon), cos(lat)};
    const struct vec east = {-sin(lon), cos(lon), 0};
    return (struct ray){{n * cos(lat) * cos(lon), n * cos(lat) * sin(lon), n * (1 - e2) * sin(lat)},
                        add(scaled(north, cos(azimuth)), east, sin(azimuth))};
}

static struct ray turned_left(struct ray r) {
    const struct vec g = gradient(r.p);
    r.v = scaled(cross(g, r.v), 1 / sqrt(dot(g, g)));
    return r;
}

static struct rb_point place_of(struct vec p) {
    const double lat = atan2(p.z, hypot(p.x, p.y) * (1 - F) * (1 - F));
    return (struct rb_point){llround(lat * 180e9 / PI), llround(atan2(p.y, p.x) * 180e9 / PI)};
}

/* ---- boxes -------------------------------------------------------------------------------------
 */

static const struct rb_volume blank = {.floor = {.open = true}, .ceiling = {.open = true}};

static bool holds(const struct rb_volbox *b, struct rb_point p) {
    const int64_t lo = (int64_t)b->lon_lo * RB_VOLBOX_ND, hi = (int64_t)b->lon_hi * RB_VOLBOX_ND;
    if (p.lat_nd < (int64_t)b->lat_lo * RB_VOLBOX_ND ||
        p.lat_nd > (int64_t)b->lat_hi * RB_VOLBOX_ND)
        return false;
    for (int turn = -1; turn <= 1; turn++)
        if (p.lon_nd + turn * (360 * D) >= lo && p.lon_nd + turn * (360 * D) <= hi) return true;
    return false;
}

static void expect_held(const struct rb_volbox *b, struct rb_point p, const char *what) {
    if (!holds(b, p))
        fail_msg("%s: %lld %lld is outside %d..%d %d..%d", what, (long long)p.lat_nd,
                 (long long)p.lon_nd, b->lat_lo, b->lat_hi, b->lon_lo, b->lon_hi);
}

static struct rb_volume checked(struct rb_volume v) {
    struct rb_reject rj = {0};
    if (rb_volume_check(&v, &rj) != RB_OK) fail_msg("no volume: %s %s", rj.clause, rj.what);
    return v;
}

static struct rb_volume circle(struct rb_point c, uint64_t radius_mm) {
    struct rb_volume v = blank;
    v.center = c;
    v.radius_mm = radius_mm;
    return checked(v);
}

/* mostly where it is hard: by the poles and the antimeridian */
static struct rb_point somewhere(void) {
    struct rb_point p = {between(-90 * D, 90 * D), between(-180 * D, 180 * D)};
    if (chance() % 4 == 0) p.lat_nd = (chance() % 2 ? 1 : -1) * (90 * D - between(0, D / 100));
    if (chance() % 4 == 0) p.lon_nd = (chance() % 2 ? 1 : -1) * (180 * D - between(0, D / 100));
    if (chance() % 4 == 0) p = (struct rb_point){between(29 * D, 37 * D), between(35 * D, 48 * D)};
    return p;
}

static void boxes_of_circles(void **state) {
    (void)state;
    seed = 1;
    for (int i = 0; i < 3000; i++) {
        const uint64_t r = (uint64_t)pow(10, 2 + unit() * 8); /* 10 cm to 10,000 km */
        struct rb_volume v = circle(somewhere(), r);
        struct rb_volbox b;
        v.accuracy_mm = i % 3 == 0 ? r / 2 : 0;
        const uint64_t widen = i % 5 == 0 ? r / 3 : 0;
        const double reach = (double)(r + v.accuracy_mm + widen) / 1000;
        rb_volbox_of(&v, widen, &b);
        for (int k = 0; k < 24; k++) {
            const double azimuth = k < 4 ? k * PI / 2 : unit() * 2 * PI;
            expect_held(&b, place_of(shoot(aim(v.center, azimuth), reach).p), "circle");
        }
    }
}

static void boxes_of_circles_are_close(void **state) {
    struct rb_volbox b;
    (void)state;
    struct rb_volume v = circle((struct rb_point){35 * D, 40 * D}, 10 * KM);
    rb_volbox_of(&v, 0, &b);
    const double high =
        (double)(b.lat_hi - b.lat_lo) * RB_VOLBOX_ND / 1e9 * 110.94; /* km a degree */
    const double wide = (double)(b.lon_hi - b.lon_lo) * RB_VOLBOX_ND / 1e9 * 91.29;
    assert_true(high > 20 && high < 20.2 && wide > 20 && wide < 20.2);
    v = circle((struct rb_point){89 * D, 40 * D}, 1000 * KM);
    rb_volbox_of(&v, 0, &b);
    assert_int_equal(b.lat_hi, 90 * D / RB_VOLBOX_ND + (90 * D % RB_VOLBOX_ND != 0));
    assert_int_equal((int64_t)b.lon_hi - b.lon_lo, 360 * D / RB_VOLBOX_ND);
    assert_true(b.lat_lo > 79 * D / RB_VOLBOX_ND);
    v = circle((struct rb_point){0, 0}, UINT64_C(20000) * KM);
    v.accuracy_mm = UINT64_MAX;
    rb_volbox_of(&v, UINT64_MAX, &b);
    assert_true(holds(&b, (struct rb_point){-90 * D, 0}) &&
                holds(&b, (struct rb_point){90 * D, 180 * D}));
}

/* a line of known geodesics: each point is where a shot from the one before came down */
#define LINE_MAX 12
struct line {
    struct rb_point p[LINE_MAX];
    struct ray from[LINE_MAX];
    double length[LINE_MAX];
    size_t n;
};

static void draw(struct line *l, double longest_m) {
    l->n = (size_t)between(2, LINE_MAX);
    l->p[0] = somewhere();
    for (size_t i = 0; i + 1 < l->n; i++) {
        const double azimuth = chance() % 3 == 0 ? PI / 2 + (unit() - 0.5) / 50 : unit() * 2 * PI;
        l->from[i] = aim(l->p[i], azimuth);
        l->length[i] = 1 + unit() * longest_m;
        l->p[i + 1] = place_of(shoot(l->from[i], l->length[i]).p);
    }
}

/* in its box, and in no corner that is cut off */
static void expect_met(const struct rb_volbox *line, struct rb_point p) {
    struct rb_volume v = circle(p, 1);
    struct rb_volbox b;
    rb_volbox_of(&v, 0, &b);
    assert_true(rb_volbox_meets(line, &b));
}

static void expect_in_part(const struct rb_volparts *parts, struct rb_point p) {
    struct rb_volume v = circle(p, 1);
    struct rb_volbox b;
    rb_volbox_of(&v, 0, &b);
    assert_true(rb_volparts_meets(&b, parts));
}

static void boxes_of_corridors(void **state) {
    unsigned cuts = 0;
    (void)state;
    seed = 2;
    for (int i = 0; i < 1500; i++) {
        struct line l;
        struct rb_volume v = blank;
        struct rb_volbox b;
        draw(&l, pow(10, 3 + unit() * 3.69)); /* edges up to 5,000 km */
        v.shape = RB_SHAPE_CORRIDOR;
        v.vertices = l.p;
        v.vertices_n = l.n;
        v.radius_mm = (uint64_t)pow(10, 2 + unit() * 7);
        v = checked(v);
        struct rb_volparts parts;
        rb_volbox_of(&v, 0, &b);
        rb_volparts_of(&v, 0, &parts);
        assert_memory_equal(&parts.whole, &b, offsetof(struct rb_volbox, cut));
        assert_int_equal(parts.in_parts, l.n > 2);
        for (size_t e = 0; e + 1 < l.n; e++) {
            for (int k = 0; k < 8; k++) {
                struct ray r = shoot(l.from[e], l.length[e] * (k == 0 ? 0.5 : unit()));
                expect_held(&b, place_of(r.p), "line");
                expect_met(&b, place_of(r.p));
                expect_in_part(&parts, place_of(r.p));
                const double side = (k % 2 ? 1 : -1) * (double)v.radius_mm / 1000;
                const struct rb_point off = place_of(shoot(turned_left(r), side).p);
                expect_held(&b, off, "side of a line");
                expect_in_part(&parts, off);
                expect_met(&b, off);
                cuts += b.cut[k % 4] > 64;
            }
        }
    }
    assert_true(cuts > 1000); /* corners are cut, where edges are not too long */
}

/* a polygon whose edges but the last are known */
static void boxes_of_polygons(void **state) {
    (void)state;
    unsigned made = 0;
    seed = 3;
    for (int i = 0; i < 20000 && made < 1500; i++) {
        struct line l;
        struct rb_volume v = blank;
        struct rb_volbox b;
        draw(&l, pow(10, 3 + unit() * 3.69));
        v.shape = RB_SHAPE_POLYGON;
        v.vertices = l.p;
        v.vertices_n = l.n < 5 ? l.n : 3;
        if (rb_volume_check(&v, NULL) != RB_OK) continue;
        made++;
        rb_volbox_of(&v, 0, &b);
        for (size_t e = 0; e + 1 < v.vertices_n; e++)
            for (int k = 0; k < 8; k++)
                expect_held(&b, place_of(shoot(l.from[e], l.length[e] * unit()).p), "edge");
    }
    assert_true(made > 500);
}

static struct rb_volbox box_of_ring(enum rb_edges edges, const struct rb_point *p, size_t n) {
    struct rb_volume v = blank;
    struct rb_volbox b;
    v.shape = RB_SHAPE_POLYGON;
    v.edges = edges;
    v.vertices = p;
    v.vertices_n = n;
    v = checked(v);
    rb_volbox_of(&v, 0, &b);
    return b;
}

static void boxes_of_rings(void **state) {
    static const struct rb_point arctic[] = {{70 * D, 0}, {70 * D, 120 * D}, {70 * D, -120 * D}};
    static const struct rb_point south[] = {{-1 * D, 0}, {-1 * D, -120 * D}, {-1 * D, 120 * D}};
    static const struct rb_point by_pole[] = {
        {90 * D, 10 * D}, {80 * D, -20 * D}, {80 * D, 20 * D}};
    static const struct rb_point fiji[] = {
        {-20 * D, 177 * D}, {-20 * D, -178 * D}, {-15 * D, -178 * D}, {-15 * D, 177 * D}};
    /* the belt between 80 south and 80 north is the larger part of the earth: the rest is inside */
    static const struct rb_point belt[] = {
        {-80 * D, -170 * D}, {-80 * D, -30 * D}, {-80 * D, 100 * D}, {-80 * D, 170 * D},
        {80 * D, 170 * D},   {80 * D, 100 * D},  {80 * D, -30 * D},  {80 * D, -170 * D}};
    static const struct rb_point syria[] = {{35 * D, 36 * D}, {35 * D, 42 * D}, {33 * D, 42 * D}};
    (void)state;
    struct rb_volbox b = box_of_ring(RB_EDGES_GEODESIC, arctic, 3);
    assert_true(holds(&b, (struct rb_point){90 * D, 77 * D}) &&
                !holds(&b, (struct rb_point){69 * D, 0}));
    b = box_of_ring(RB_EDGES_GEODESIC, south, 3);
    assert_true(holds(&b, (struct rb_point){-90 * D, 0}) && !holds(&b, (struct rb_point){1, 0}));
    b = box_of_ring(RB_EDGES_GEODESIC, by_pole, 3);
    assert_true(holds(&b, (struct rb_point){89 * D, 5 * D}) &&
                holds(&b, (struct rb_point){85 * D, 0}));
    b = box_of_ring(RB_EDGES_GEODESIC, fiji, 4);
    assert_true(holds(&b, (struct rb_point){-17 * D, 180 * D}) &&
                holds(&b, (struct rb_point){-17 * D, -180 * D}) &&
                !holds(&b, (struct rb_point){-17 * D, 0}));
    b = box_of_ring(RB_EDGES_LONLAT, belt, 8);
    assert_true(holds(&b, (struct rb_point){90 * D, 0}) &&
                holds(&b, (struct rb_point){-90 * D, 0}) &&
                holds(&b, (struct rb_point){0, 180 * D}));
    /* geodesics bulge, straight lines do not: the long edge at 35 north by 8.9 km */
    b = box_of_ring(RB_EDGES_LONLAT, syria, 3);
    assert_true(!holds(&b, (struct rb_point){35 * D + 1000, 39 * D}));
    b = box_of_ring(RB_EDGES_GEODESIC, syria, 3);
    const struct ray half = aim((struct rb_point){35 * D, 39 * D}, 0);
    assert_true(holds(&b, place_of(shoot(half, 4100).p)) &&
                !holds(&b, place_of(shoot(half, 5000).p)));
}

/* a line of the most points: many edges in a part; a zigzag of which the box is mostly empty */
static void parts_of_long_lines(void **state) {
    static struct rb_point p[RB_MAX_VERTICES];
    struct rb_volume v = blank;
    struct rb_volparts parts;
    (void)state;
    v.shape = RB_SHAPE_CORRIDOR;
    v.vertices = p;
    v.radius_mm = 100;
    for (size_t n = 2; n <= RB_MAX_VERTICES; n += n < 40 ? 1 : 59) {
        for (size_t i = 0; i < n; i++)
            p[i] = (struct rb_point){(int64_t)i * D / 10,
                                     150 * D + (int64_t)i * D / 10 + (int64_t)(i % 2)};
        for (size_t i = 0; i < n; i++)
            if (p[i].lon_nd > 180 * D) p[i].lon_nd -= 360 * D;
        v.vertices_n = n;
        v = checked(v);
        rb_volparts_of(&v, 0, &parts);
        for (size_t i = 0; i < n; i++)
            expect_in_part(&parts, p[i]);
        const struct rb_volume off = circle((struct rb_point){p[n - 1].lat_nd, p[0].lon_nd}, 1);
        struct rb_volbox b, whole;
        rb_volbox_of(&off, 0, &b);
        assert_true(rb_volbox_meets(&b, &parts.whole));
        assert_int_equal(rb_volparts_meets(&b, &parts), n == 2);
        rb_volbox_of(&v, 0, &whole);
        assert_false(rb_volbox_meets(&whole, &b)); /* the corner is cut off */
    }
}

/* both sides of the antimeridian are one place */
static void boxes_touch_at_180(void **state) {
    const int32_t half = (int32_t)(180 * D / RB_VOLBOX_ND) + (180 * D % RB_VOLBOX_ND != 0);
    const struct rb_volbox east = {0, 1, half - 10, half, 0, 1, {0, 0, 0, 0}},
                           west = {0, 1, -half, 10 - half, 0, 1, {0, 0, 0, 0}};
    (void)state;
    assert_true(rb_volbox_meets(&east, &west) && rb_volbox_meets(&west, &east));
}

static void boxes_in_time(void **state) {
    static const struct {
        int64_t from, to, ask_from, ask_to;
        bool meets;
    } cases[] = {
        {0, 4096, 4096, 8192, false},
        {0, 4097, 4096, 8192, true},
        {-8192, 0, 0, 4096, false},
        {-8192, 1, 0, 4096, true},
        {-5000, -4096, -4096, 0, false},
        {253402300799999, 253402300800000, 0, 1, false},
        {INT64_MIN, INT64_MIN + 1, 0, 1, false},
        {0, 1, 7300 * DAY, 7665 * DAY, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rb_volume v = circle((struct rb_point){0, 0}, 1), q = v;
        struct rb_volbox a, b;
        v.has_from = v.has_to = q.has_from = q.has_to = true;
        v.from_utc_ms = cases[i].from;
        v.to_utc_ms = cases[i].to;
        q.from_utc_ms = cases[i].ask_from;
        q.to_utc_ms = cases[i].ask_to;
        rb_volbox_of(&v, 0, &a);
        rb_volbox_of(&q, 0, &b);
        if (rb_volbox_meets(&a, &b) != cases[i].meets) fail_msg("case %zu", i);
        v.has_from = v.has_to = false;
        rb_volbox_of(&v, 0, &a);
        assert_true(rb_volbox_meets(&a, &b));
        assert_true(a.t_lo == INT32_MIN && a.t_hi == INT32_MAX);
    }
}

/* ---- the index ---------------------------------------------------------------------------------
 */

#define ROOM (1u << 28)
static struct rb_region region;
static void *room;

static void region_begin(size_t bytes) {
    room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                0);
    assert_true(room != MAP_FAILED);
    rb_region_init(&region, room, bytes);
}

static void region_end(void) {
    assert_int_equal(munmap(room, ROOM), 0);
}

/* bytes handed out and not given back */
static size_t region_live(void) {
    size_t n = region.used;
    for (unsigned c = 0; c < 48; c++)
        for (const void *b = region.free_list[c]; b != NULL; b = *(void *const *)b)
            n -= (size_t)1 << c;
    return n;
}

static struct rb_volbox box(int32_t lat, int32_t lon, int32_t size, int32_t t, int32_t lasts) {
    return (struct rb_volbox){lat, lat + size, lon, lon + size, t, t + lasts, {0, 0, 0, 0}};
}

#define REFS 3000u
struct model {
    struct rb_volindex *ix;
    bool there[REFS];
    struct rb_volbox boxes[REFS];
    size_t n;
};

/* small numbers meet often; some boxes are wide, all round, open, far away, one moment */
static struct rb_volbox any_box(void) {
    const int32_t turn = (int32_t)(360 * D / RB_VOLBOX_ND), half = turn / 2, pole = half / 2;
    const int32_t far = (int32_t)between(0, 3) * (int32_t)between(0, 40000000);
    struct rb_volbox b = {.cut = {0, 0, 0, 0}};
    for (unsigned k = 0; k < 4 && chance() % 2; k++)
        b.cut[k] = (uint8_t)chance();
    b.lat_lo = (int32_t)between(-pole, pole);
    b.lat_hi = (int32_t)(between(0, 9) == 0          ? pole
                         : b.lat_lo + far / 4 > pole ? pole
                                                     : b.lat_lo + far / 4);
    b.lon_lo = (int32_t)between(-half, half - 1);
    if (chance() % 3 == 0) b.lon_lo = half - 1 - (int32_t)between(0, 1000);
    const int64_t hi = b.lon_lo + (int64_t)far;
    b.lon_hi = (int32_t)(hi > (int64_t)b.lon_lo + turn ? (int64_t)b.lon_lo + turn : hi);
    if (chance() % 50 == 0) b.lon_lo = -half, b.lon_hi = half;
    b.t_lo = (int32_t)between(0, 1000);
    b.t_hi = b.t_lo + (int32_t)between(0, chance() % 2 ? 10 : 1000);
    if (chance() % 10 == 0) b.t_lo = INT32_MIN;
    if (chance() % 5 == 0) b.t_hi = INT32_MAX;
    return b;
}

/* some smaller boxes somewhere in it and around */
static void any_parts(struct rb_volparts *parts) {
    *parts = (struct rb_volparts){.whole = any_box(), .in_parts = chance() % 2 == 0};
    for (unsigned k = 0; k < RB_VOLBOXES; k++) {
        const struct rb_volbox b = k % 4 == 3 ? parts->whole : any_box();
        parts->parts.lat_lo[k] = k < 3 ? b.lat_lo : INT32_MAX;
        parts->parts.lat_hi[k] = k < 3 ? b.lat_hi : INT32_MIN;
        parts->parts.lon_lo[k] = b.lon_lo;
        parts->parts.lon_hi[k] = b.lon_hi;
        parts->parts.t_lo[k] = INT32_MIN;
        parts->parts.t_hi[k] = INT32_MAX;
        parts->beyond_180 |= k < 3 && b.lon_hi >= 180 * D / RB_VOLBOX_ND;
    }
}

static void expect_same_parts(struct model *m) {
    static bool seen[REFS];
    struct rb_volparts parts;
    struct rb_volwalk w;
    uint32_t ref;
    any_parts(&parts);
    memset(seen, 0, sizeof seen);
    rb_volwalk_begin_parts(&w, m->ix, &parts);
    while (rb_volwalk_next(&w, &ref)) {
        assert_true(ref < REFS && m->there[ref] && !seen[ref]);
        seen[ref] = true;
    }
    for (uint32_t i = 0; i < REFS; i++)
        assert_int_equal(m->there[i] && rb_volparts_meets(&m->boxes[i], &parts), seen[i]);
}

static void expect_same(struct model *m, const struct rb_volbox *q) {
    static bool seen[REFS];
    struct rb_volwalk w;
    uint32_t ref;
    size_t n = 0;
    memset(seen, 0, sizeof seen);
    rb_volwalk_begin(&w, m->ix, q);
    while (rb_volwalk_next(&w, &ref)) {
        assert_true(ref < REFS && m->there[ref] && !seen[ref]);
        assert_true(rb_volbox_meets(&m->boxes[ref], q));
        seen[ref] = true;
        n++;
    }
    for (uint32_t i = 0; i < REFS; i++)
        if (m->there[i] && rb_volbox_meets(&m->boxes[i], q)) assert_true(seen[i]);
    static uint8_t space[REFS * sizeof(uint32_t) + 16];
    struct rb_arena arena = rb_arena(space, sizeof space);
    const uint32_t *list;
    size_t list_n;
    assert_int_equal(rb_volindex_find(m->ix, q, &arena, &list, &list_n), RB_OK);
    assert_int_equal(list_n, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(seen[list[i]]);
        seen[list[i]] = false;
    }
}

static void model_insert(struct model *m, uint32_t ref) {
    const struct rb_volbox b = any_box();
    const enum rb_err err = rb_volindex_insert(m->ix, ref, &b);
    assert_int_equal(err, m->there[ref] ? RB_ERR_EXISTS : RB_OK);
    if (err != RB_OK) return;
    m->there[ref] = true;
    m->boxes[ref] = b;
    m->n++;
}

static void model_supersede(struct model *m, uint32_t ref) {
    const struct rb_volbox b = any_box();
    const enum rb_err err = rb_volindex_supersede(m->ix, ref, &b);
    assert_int_equal(err, m->there[ref] ? RB_OK : RB_ERR_NOT_FOUND);
    if (err == RB_OK) m->boxes[ref] = b;
}

static void model_remove(struct model *m, uint32_t ref) {
    assert_int_equal(rb_volindex_remove(m->ix, ref), m->there[ref] ? RB_OK : RB_ERR_NOT_FOUND);
    m->n -= m->there[ref];
    m->there[ref] = false;
}

static void model_load(struct model *m) {
    static struct rb_volentry list[400];
    size_t n = 0, want = (size_t)between(0, 400);
    for (uint32_t ref = (uint32_t)between(0, REFS - 1); n < want && ref < REFS; ref++)
        if (!m->there[ref]) list[n++] = (struct rb_volentry){ref, any_box()};
    if (n > 1 && chance() % 4 == 0) { /* one twice: nothing of it */
        const struct rb_volentry keep = list[n - 1];
        list[n - 1] = list[0];
        assert_int_equal(rb_volindex_load(m->ix, list, n), RB_ERR_EXISTS);
        assert_int_equal(rb_volindex_count(m->ix), m->n);
        list[n - 1] = keep;
    }
    assert_int_equal(rb_volindex_load(m->ix, list, n), RB_OK);
    for (size_t i = 0; i < n; i++) {
        m->there[list[i].ref] = true;
        m->boxes[list[i].ref] = list[i].box;
    }
    m->n += n;
}

static void model_expire(struct model *m, int64_t t) {
    size_t gone = 0;
    for (uint32_t i = 0; i < REFS; i++) {
        if (!m->there[i] || m->boxes[i].t_hi >= t) continue;
        m->there[i] = false;
        gone++;
    }
    assert_int_equal(rb_volindex_expire(m->ix, t * RB_VOLBOX_MS + between(0, RB_VOLBOX_MS - 1)),
                     gone);
    m->n -= gone;
}

/* what is removed while a walk goes on is not given any more; everything else is, once */
static void walk_and_remove(struct model *m, const struct rb_volbox *q) {
    static bool given[REFS], before[REFS];
    struct rb_volwalk w;
    uint32_t ref;
    memset(given, 0, sizeof given);
    memcpy(before, m->there, sizeof before);
    rb_volwalk_begin(&w, m->ix, q);
    while (rb_volwalk_next(&w, &ref)) {
        assert_true(m->there[ref] && !given[ref]);
        given[ref] = true;
        if (chance() % 8 == 0) model_remove(m, (uint32_t)between(0, REFS - 1));
        if (chance() % 8 == 0) model_remove(m, ref);
    }
    for (uint32_t i = 0; i < REFS; i++)
        if (m->there[i] && rb_volbox_meets(&m->boxes[i], q)) assert_true(given[i]);
    for (uint32_t i = 0; i < REFS; i++)
        if (given[i]) assert_true(before[i]);
}

static void model_step(struct model *m) {
    const uint32_t ref = (uint32_t)between(0, REFS - 1);
    const struct rb_volbox q = any_box();
    const uint64_t what = chance() % 1000;
    if (what < 600)
        model_insert(m, ref);
    else if (what < 740)
        model_remove(m, ref);
    else if (what < 880)
        model_supersede(m, ref);
    else if (what < 950)
        expect_same(m, &q);
    else if (what < 980)
        expect_same_parts(m);
    else if (what < 986)
        walk_and_remove(m, &q);
    else if (what < 992)
        model_load(m);
    else if (what < 998)
        model_expire(m, between(0, 1200));
    else
        assert_int_equal(rb_volindex_rebuild(m->ix), RB_OK);
    assert_int_equal(rb_volindex_count(m->ix), m->n);
    assert_int_equal(rb_volindex_has(m->ix, ref), m->there[ref]);
}

static void sequences(void **state) {
    (void)state;
    for (uint64_t s = 10; s < 15; s++) {
        static struct model m;
        m = (struct model){0};
        seed = s;
        region_begin(ROOM);
        const size_t none = region_live();
        m.ix = rb_volindex_open(&region);
        for (int i = 0; i < 20000; i++)
            model_step(&m);
        rb_volindex_close(m.ix);
        assert_int_equal(region_live(), none); /* all of it is given back */
        region_end();
    }
}

/* the same calls, the same answers in the same order */
static uint64_t answers(uint64_t with_seed) {
    uint64_t h = 0;
    seed = with_seed;
    region_begin(ROOM);
    struct rb_volindex *ix = rb_volindex_open(&region);
    for (uint32_t i = 0; i < 5000; i++) {
        const struct rb_volbox b = any_box(), q = any_box();
        struct rb_volwalk w;
        uint32_t ref;
        assert_int_equal(rb_volindex_insert(ix, i, &b), RB_OK);
        rb_volwalk_begin(&w, ix, &q);
        while (i % 50 == 0 && rb_volwalk_next(&w, &ref))
            h = (h ^ ref) * 0x100000001b3u;
    }
    region_end();
    return h;
}

static void deterministic(void **state) {
    (void)state;
    const uint64_t once = answers(77);
    assert_true(once == answers(77) && once != answers(78));
}

/* thousands of the same box, and every result of a query that meets all of them */
static void duplicates(void **state) {
    (void)state;
    const struct rb_volbox b = box(1000, 1000, 10, 5, 5);
    static uint8_t space[80000];
    const uint32_t *list;
    size_t n;
    region_begin(ROOM);
    struct rb_volindex *ix = rb_volindex_open(&region);
    for (uint32_t i = 0; i < 20000; i++)
        assert_int_equal(rb_volindex_insert(ix, i, &b), RB_OK);
    struct rb_arena arena = rb_arena(space, sizeof space);
    const size_t before = rb_arena_mark(&arena);
    assert_int_equal(rb_volindex_find(ix, &b, &arena, &list, &n), RB_OK);
    assert_int_equal(n, 20000);
    rb_arena_release(&arena, before);
    arena.cap -= 16; /* four too few: loudly, and nothing of it */
    assert_int_equal(rb_volindex_find(ix, &b, &arena, &list, &n), RB_ERR_LIMIT);
    assert_int_equal(rb_arena_mark(&arena), before);
    struct rb_volwalk w;
    uint32_t ref;
    size_t given = 0;
    rb_volwalk_begin(&w, ix, &b);
    for (; rb_volwalk_next(&w, &ref); given++) /* each takes its neighbour away before its turn */
        assert_int_equal(rb_volindex_remove(ix, ref ^ 1), RB_OK);
    assert_int_equal(given, 10000);
    assert_int_equal(rb_volindex_find(ix, &b, &arena, &list, &n), RB_OK);
    assert_int_equal(n, 10000);
    region_end();
}

static void empty(void **state) {
    (void)state;
    const struct rb_volbox all = {-1, 1, -1, 1, INT32_MIN, INT32_MAX, {0, 0, 0, 0}};
    struct rb_volwalk w;
    uint32_t ref;
    region_begin(ROOM);
    struct rb_volindex *ix = rb_volindex_open(&region);
    for (int i = 0; i < 2; i++) {
        rb_volwalk_begin(&w, ix, &all);
        assert_false(rb_volwalk_next(&w, &ref));
        assert_false(rb_volwalk_next(&w, &ref));
        assert_int_equal(rb_volindex_expire(ix, INT64_MAX), 0);
        assert_int_equal(rb_volindex_rebuild(ix), RB_OK);
    }
    assert_int_equal(rb_volindex_insert(ix, UINT32_MAX, &all), RB_ERR_LIMIT);
    assert_int_equal(rb_volindex_remove(ix, UINT32_MAX), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_volindex_insert(ix, 7, &all), RB_OK);
    assert_int_equal(rb_volindex_expire(ix, INT64_MAX), 0); /* open ends never expire */
    assert_int_equal(rb_volindex_expire(ix, INT64_MIN), 0);
    assert_int_equal(rb_volindex_remove(ix, 7), RB_OK);
    assert_int_equal(rb_volindex_count(ix), 0);
    rb_volindex_close(ix);
    rb_volindex_close(NULL);
    region_end();
}

/* the Nth allocation fails, for every N: what was there is there, and what failed is not */
static void allocations_fail(void **state) {
    (void)state;
    static struct model m;
    static struct rb_volentry list[600];
    bool clean = false;
    for (uint64_t nth = 1; !clean; nth++) {
        m = (struct model){0};
        seed = 5;
        region_begin(ROOM);
        m.ix = rb_volindex_open(&region);
        for (uint32_t i = 0; i < 1000; i++)
            model_insert(&m, i);
        for (uint32_t i = 0; i < 600; i++)
            list[i] = (struct rb_volentry){1500 + i, any_box()};
        region.fail_at = nth;
        const enum rb_err err = rb_volindex_load(m.ix, list, 600);
        enum rb_err one = RB_OK;
        for (uint32_t i = 1000; i < 1400 && one == RB_OK; i++) {
            const struct rb_volbox b = any_box();
            one = rb_volindex_insert(m.ix, i, &b);
            if (one != RB_OK) break;
            m.there[i] = true;
            m.boxes[i] = b;
            m.n++;
        }
        clean = region.fail_at != 0;
        region.fail_at = 0;
        assert_true(clean ? err == RB_OK && one == RB_OK
                          : err == RB_ERR_LIMIT || one == RB_ERR_LIMIT);
        for (uint32_t i = 0; i < 600 && err == RB_OK; i++) {
            m.there[list[i].ref] = true;
            m.boxes[list[i].ref] = list[i].box;
            m.n++;
        }
        assert_int_equal(rb_volindex_count(m.ix), m.n);
        for (int i = 0; i < 40; i++) {
            const struct rb_volbox q = any_box();
            expect_same(&m, &q);
        }
        if (err != RB_OK) assert_int_equal(rb_volindex_load(m.ix, list, 600), RB_OK);
        region_end();
    }
}

/* a region of no size at all, then growing: never anything but a loud limit */
static void regions_are_small(void **state) {
    (void)state;
    for (size_t bytes = 0; bytes < 400000; bytes += 6007) {
        region_begin(bytes);
        struct rb_volindex *ix = rb_volindex_open(&region);
        uint32_t i = 0;
        enum rb_err err = ix == NULL ? RB_ERR_LIMIT : RB_OK;
        for (; err == RB_OK; i++) {
            const struct rb_volbox b = any_box();
            err = rb_volindex_insert(ix, i, &b);
        }
        assert_int_equal(err, RB_ERR_LIMIT);
        if (ix != NULL) assert_int_equal(rb_volindex_count(ix), i - 1);
        if (ix != NULL && i > 1) assert_int_equal(rb_volindex_remove(ix, 0), RB_OK);
        region_end();
    }
}

/* bytes a record: at rest, while merging, and after a year of coming and going */
static void memory(void **state) {
    (void)state;
    const uint32_t n = 1000000;
    struct rb_volentry *list = calloc(n, sizeof *list);
    assert_non_null(list);
    seed = 6;
    for (uint32_t i = 0; i < n; i++)
        list[i] = (struct rb_volentry){i, any_box()};
    region_begin(ROOM);
    struct rb_volindex *ix = rb_volindex_open(&region);
    assert_int_equal(rb_volindex_load(ix, list, n), RB_OK);
    const double rest = (double)region_live() / n, most = (double)region.used / n;
    (void)printf("%.1f bytes a record, %.1f while loading\n", rest, most);
    assert_true(rest < 40 && most < 75);
    for (uint32_t i = 0; i < n; i++) { /* each is replaced once, one by one */
        list[i].box = any_box();
        assert_int_equal(rb_volindex_supersede(ix, i, &list[i].box), RB_OK);
    }
    const double later = (double)region_live() / n, most_later = (double)region.used / n;
    (void)printf("%.1f bytes a record after replacing all, %.1f while merging\n", later,
                 most_later);
    assert_true(later < 48 && most_later < 140);
    assert_int_equal(rb_volindex_rebuild(ix), RB_OK);
    assert_true((double)region_live() / n < 40);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(rb_volindex_remove(ix, i), RB_OK);
    assert_int_equal(rb_volindex_rebuild(ix), RB_OK);
    assert_true(region_live() < (size_t)5 * n); /* the places of their numbers */
    rb_volindex_close(ix);
    region_end();
    free(list);
}

/* what was removed gives its room back as others come, without a rebuild */
static void room_of_removed(void **state) {
    (void)state;
    static struct rb_volentry list[50000];
    seed = 8;
    for (uint32_t i = 0; i < 50000; i++)
        list[i] = (struct rb_volentry){i, any_box()};
    region_begin(ROOM);
    struct rb_volindex *ix = rb_volindex_open(&region);
    assert_int_equal(rb_volindex_load(ix, list, 50000), RB_OK);
    const size_t full = region_live();
    for (uint32_t i = 0; i < 45000; i++)
        assert_int_equal(rb_volindex_remove(ix, i), RB_OK);
    for (uint32_t i = 0; i < 200; i++)
        assert_int_equal(rb_volindex_insert(ix, i, &list[i].box), RB_OK);
    assert_true(region_live() < full / 3);
    region_end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_of_circles),
        cmocka_unit_test(boxes_of_circles_are_close),
        cmocka_unit_test(boxes_of_corridors),
        cmocka_unit_test(boxes_of_polygons),
        cmocka_unit_test(boxes_of_rings),
        cmocka_unit_test(parts_of_long_lines),
        cmocka_unit_test(boxes_touch_at_180),
        cmocka_unit_test(boxes_in_time),
        cmocka_unit_test(empty),
        cmocka_unit_test(duplicates),
        cmocka_unit_test(sequences),
        cmocka_unit_test(deterministic),
        cmocka_unit_test(allocations_fail),
        cmocka_unit_test(regions_are_small),
        cmocka_unit_test(memory),
        cmocka_unit_test(room_of_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
