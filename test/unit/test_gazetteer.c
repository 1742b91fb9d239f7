/* Known places (spec 13.1, 13.2), and from one point to another (10.1.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "readback/gazetteer.h"
#include "readback/outline.h"
#include "readback/text.h"

static struct rb_gazetteer all;

static int open_all(void **state) {
    (void)state;
    return rb_gazetteer_open(rb_gazetteer_builtin, &all, NULL) == RB_OK ? 0 : -1;
}

static struct rb_point at(double lat, double lon) {
    return (struct rb_point){(int64_t)(lat * 1e9), (int64_t)(lon * 1e9)};
}

static struct rb_known_place nearest(struct rb_point p) {
    struct rb_nearest n;
    assert_true(rb_gazetteer_nearest(&all, p, 0, &n));
    return n.place;
}

#define assert_named(place, z) assert_true(rb_slice_is((place).name, z))

static void bearings_are_karneys(void **state) {
    (void)state;
    static const struct { /* by GeographicLib */
        struct rb_point from, to;
        uint64_t mm;
        int64_t azimuth_nd;
    } known[] = {
        {{40600000000, -73800000000}, {51600000000, -500000000}, 5551759400, 51198882846},
        {{0, -179500000000}, {500000000, 179750000000}, 100134958, 303514105246},
        {{89900000000, 10000000000}, {89900000000, -170000000000}, 22338796, 0},
        {{-30000000000, 0}, {29900000000, 179800000000}, 19989832828, 161890524736},
        {{35930620000, 36633930000}, {35890000000, 36610000000}, 4997968, 205613461411},
        {{35930620000, 36633930000}, {35930620000, 36633930000}, 0, 0},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct rb_bearing b = rb_point_bearing(known[i].from, known[i].to);
        assert_int_equal(b.distance_mm, known[i].mm);
        assert_in_range(b.azimuth_nd + 5 - known[i].azimuth_nd, 0, 10);
        assert_true(rb_point_within(known[i].from, known[i].to, b.distance_mm, &b));
        if (b.distance_mm > 0)
            assert_false(rb_point_within(known[i].from, known[i].to, b.distance_mm - 1, &b));
    }
}

static void the_names_are_known(void **state) {
    (void)state;
    const struct rb_known_place homs = nearest(at(34.73, 36.72));
    assert_named(homs, "Homs");
    assert_true(rb_slice_is(homs.ar, "حمص"));
    assert_true(rb_slice_is(homs.ru, "Хомс"));
    assert_string_equal(homs.country, "SY");
    assert_true(homs.population > 500000);
    const struct rb_known_place small = nearest(at(33.26664, 36.09625));
    assert_named(small, "Kanākir");
    assert_int_equal(small.ar.n + small.ru.n, 0); /* the source has none: nothing is made up */
    assert_int_equal(small.population, 0);
    assert_true(all.n > 10000);
}

static bool from_to(uint32_t c, uint32_t least, uint32_t most) {
    return c >= least && c <= most;
}

static uint32_t next_char(struct rb_slice s, size_t *i) {
    const uint8_t c = s.p[(*i)++];
    const unsigned more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    uint32_t out = more ? c & (0x3fu >> more) : c;
    for (unsigned k = 0; k < more; k++)
        out = out << 6 | (s.p[(*i)++] & 0x3f);
    return out;
}

static void scripts_are_what_they_say(void **state) {
    (void)state;
    for (size_t i = 0; i < all.n; i++) {
        const struct rb_known_place p = rb_gazetteer_place(&all, i);
        for (size_t c = 0; c < p.name.n;) {
            const uint32_t v = next_char(p.name, &c);
            assert_true(v < 0x370 || from_to(v, 0x1e00, 0x1eff) || from_to(v, 0x2010, 0x201d));
        }
        for (size_t c = 0; c < p.ar.n;) {
            const uint32_t v = next_char(p.ar, &c);
            assert_true(from_to(v, 0x600, 0x6ff) || v < 0x40);
        }
        for (size_t c = 0; c < p.ru.n;) {
            const uint32_t v = next_char(p.ru, &c);
            assert_true(from_to(v, 0x400, 0x4ff) || v < 0x40 || from_to(v, 0x2010, 0x201d));
        }
    }
}

/* ---- nearest, against all of them ---- */

static void compare_with_all(const struct rb_gazetteer *g, struct rb_point p, uint32_t least) {
    struct rb_nearest n;
    uint64_t best = UINT64_MAX;
    size_t which = 0;
    for (size_t i = 0; i < g->n; i++) {
        const struct rb_known_place k = rb_gazetteer_place(g, i);
        if (k.population < least) continue;
        const uint64_t mm = rb_point_bearing(k.point, p).distance_mm;
        if (mm < best) {
            best = mm;
            which = i;
        }
    }
    assert_int_equal(rb_gazetteer_nearest(g, p, least, &n), best != UINT64_MAX);
    if (best == UINT64_MAX) return;
    assert_int_equal(n.distance_mm, best);
    assert_ptr_equal(n.place.name.p, rb_gazetteer_place(g, which).name.p);
    assert_int_equal(n.azimuth_nd, rb_point_bearing(n.place.point, p).azimuth_nd);
}

static void nearest_at_the_edges(void **state) {
    (void)state;
    const double lats[] = {90, 89.999, 70, 0, -17, -60, -90},
                 lons[] = {-180, -179.9, 0, 179.99, 180};
    for (size_t i = 0; i < sizeof lats / sizeof *lats; i++)
        for (size_t j = 0; j < sizeof lons / sizeof *lons; j++)
            compare_with_all(&all, at(lats[i], lons[j]), 0);
}

static uint64_t chance_state = 88172645463325252ull;
static double chance(double least, double most) {
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return least + (most - least) * (double)(chance_state >> 11) / 9007199254740992.0;
}

static void nearest_anywhere(void **state) {
    (void)state;
    const uint32_t least[] = {0, 0, 100000, 5000000};
    for (size_t i = 0; i < 40; i++) {
        compare_with_all(&all, at(chance(31, 38), chance(34, 46)), least[i % 4]);
        compare_with_all(&all, at(chance(-90, 90), chance(-180, 180)), least[i % 4]);
    }
    struct rb_nearest n;
    assert_false(rb_gazetteer_nearest(&all, at(0, 0), UINT32_MAX, &n));
}

/* ---- the bytes ---- */

struct place {
    double lat, lon;
    const char *name, *ar, *ru;
};

static struct rb_slice pack(const struct place *p, size_t n, uint8_t *room, size_t cap) {
    struct rb_writer w = rb_writer(room, cap);
    uint32_t used = 0;
    rb_put_z(&w, "RBPLACE1");
    rb_put_u32(&w, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        const size_t name = strlen(p[i].name), ar = strlen(p[i].ar), ru = strlen(p[i].ru);
        rb_put_u32(&w, (uint32_t)((p[i].lat + 90) * 100000 + 0.5));
        rb_put_u32(&w, (uint32_t)((p[i].lon + 180) * 100000 + 0.5));
        rb_put_u32(&w, 0);
        rb_put_u32(&w, used);
        rb_put_z(&w, "XX");
        rb_put_u8(&w, (uint8_t)name);
        rb_put_u8(&w, (uint8_t)ar);
        rb_put_u8(&w, (uint8_t)ru);
        used += (uint32_t)(name + ar + ru);
    }
    for (size_t i = 0; i < n; i++) {
        rb_put_z(&w, p[i].name);
        rb_put_z(&w, p[i].ar);
        rb_put_z(&w, p[i].ru);
    }
    assert_false(w.over);
    return rb_written(&w);
}

static const struct place few[] = {
    {-90, 0, "South", "", ""},  {0, -180, "West", "غرب", ""}, {0, 179.9, "East", "", "Восток"},
    {0, 180, "Line", "", ""},   {10, 5, "First", "", ""},     {10, 5, "Second", "", ""},
    {90, 77, "North", "", "С"},
};
#define FEW (sizeof few / sizeof *few)

static void few_places(void **state) {
    (void)state;
    uint8_t room[1024];
    struct rb_gazetteer g;
    assert_int_equal(rb_gazetteer_open(pack(few, FEW, room, sizeof room), &g, NULL), RB_OK);
    struct rb_nearest n;
    assert_true(rb_gazetteer_nearest(&g, at(0, -179.99), 0, &n));
    assert_named(n.place, "West"); /* of two that are the same point the first */
    assert_true(rb_gazetteer_nearest(&g, at(0, 179.94), 0, &n));
    assert_named(n.place, "East");
    assert_true(rb_gazetteer_nearest(&g, at(10.001, 5), 0, &n));
    assert_named(n.place, "First");
    assert_true(rb_gazetteer_nearest(&g, at(9.999, 5), 0, &n));
    assert_named(n.place, "First");
    assert_true(rb_gazetteer_nearest(&g, at(89, -103), 0, &n));
    assert_named(n.place, "North");
    for (size_t i = 0; i < 300; i++)
        compare_with_all(&g, at(chance(-90, 90), chance(-180, 180)), 0);
    assert_int_equal(rb_gazetteer_open(pack(few, 0, room, sizeof room), &g, NULL), RB_OK);
    assert_false(rb_gazetteer_nearest(&g, at(0, 0), 0, &n));
}

static void refused(struct rb_slice s, const char *clause) {
    struct rb_gazetteer g = {{NULL, 7}, {NULL, 7}, 7};
    struct rb_reject rj = {0};
    assert_int_equal(rb_gazetteer_open(s, &g, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, clause);
    assert_int_equal(g.n, 7);
}

static void refused_with(size_t at_byte, uint8_t value, const char *clause) {
    uint8_t room[1024];
    const struct rb_slice s = pack(few, FEW, room, sizeof room);
    room[at_byte] = value;
    refused(s, clause);
}

static void bytes_that_are_none(void **state) {
    (void)state;
    uint8_t room[1024];
    const struct rb_slice s = pack(few, FEW, room, sizeof room);
    const size_t names = 12 + FEW * 21;
    for (size_t n = 0; n < s.n; n++) /* every cut */
        refused(rb_slice(s.p, n), n < names ? "13.2.1" : "13.2.2");
    room[s.n] = 'x';
    refused(rb_slice(s.p, s.n + 1), "13.2.2");
    refused_with(0, 'r', "13.2.1");
    refused_with(8, 0xff, "13.2.1");            /* more than there are */
    refused_with(12, 1, "13.2.2");              /* a latitude that others are below */
    refused_with(12 + 6 * 21, 2, "13.2.2");     /* beyond the pole */
    refused_with(12 + 4, 0xff, "13.2.2");       /* beyond 180 east */
    refused_with(12 + 3 * 21 + 4, 0, "13.2.2"); /* a longitude that is not in order */
    refused_with(12 + 15, 1, "13.2.2");         /* names begin elsewhere */
    refused_with(12 + 16, 'x', "13.2.2");       /* country */
    refused_with(12 + 18, 0, "13.2.2");         /* no name */
    refused_with(12 + 18, 255, "13.2.2");       /* longer than there is */
    refused_with(names, 0xff, "13.2.2");        /* no UTF-8 */
    refused_with(names, '\n', "13.2.2");        /* no line */
    refused_with(names + 9, 0xff, "13.2.2");    /* in an Arabic name */
}

static void whose_it_is(void **state) {
    (void)state;
    const struct rb_slice s = rb_str(rb_gazetteer_attribution);
    assert_true(rb_text_ok(s));
    assert_non_null(strstr(rb_gazetteer_attribution, "GeoNames"));
    assert_non_null(strstr(rb_gazetteer_attribution, "endorse nothing"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bearings_are_karneys),      cmocka_unit_test(the_names_are_known),
        cmocka_unit_test(scripts_are_what_they_say), cmocka_unit_test(nearest_at_the_edges),
        cmocka_unit_test(nearest_anywhere),          cmocka_unit_test(few_places),
        cmocka_unit_test(bytes_that_are_none),       cmocka_unit_test(whose_it_is),
    };
    return cmocka_run_group_tests_name("gazetteer", tests, open_all, NULL);
}
