/* Play-back (spec 10.8, 13.3): what is said of a place, what is left out, and that it always fits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "readback/playback.h"
#include "readback/text.h"

#define FSI "\u2068"
#define PDI "\u2069"
#define NOON 1800014400000 /* 2027-01-15T12:00:00Z */

static uint8_t room[RB_PLAYBACK_ARENA], second_room[RB_PLAYBACK_ARENA];
static struct rb_gazetteer places;

static int open_places(void **state) {
    (void)state;
    return rb_gazetteer_open(rb_gazetteer_builtin, &places, NULL) == RB_OK ? 0 : -1;
}

static const struct rb_point by_idlib = {35890000000, 36610000000};

static struct rb_volume circle(void) {
    return (struct rb_volume){.shape = RB_SHAPE_CIRCLE,
                              .center = by_idlib,
                              .radius_mm = 500000,
                              .floor = {.open = true},
                              .ceiling = {.mm = 900000, .datum = RB_DATUM_AMSL},
                              .as_entered = rb_str("TYPED BY ITS AUTHOR"),
                              .has_from = true,
                              .from_utc_ms = NOON,
                              .has_to = true,
                              .to_utc_ms = NOON + 5400000};
}

static struct rb_playback play_in(const struct rb_volume *v, size_t n,
                                  const struct rb_playback_site *sites, size_t sites_n,
                                  uint8_t *memory) {
    struct rb_arena a = rb_arena(memory, RB_PLAYBACK_ARENA);
    struct rb_playback out;
    assert_int_equal(rb_playback(v, n, &places, sites, sites_n, &a, &out), RB_OK);
    return out;
}

static struct rb_playback play(const struct rb_volume *v, size_t n,
                               const struct rb_playback_site *sites, size_t sites_n) {
    return play_in(v, n, sites, sites_n, room);
}

static bool has(struct rb_slice s, const char *z) {
    return memmem(s.p, s.n, z, strlen(z)) != NULL;
}

static void says(struct rb_slice s, const char *z) {
    if (!rb_slice_is(s, z)) fail_msg("said \"%.*s\", not \"%s\"", (int)s.n, (const char *)s.p, z);
}

/* ---- what is said ---- */

static void a_circle(void **state) {
    (void)state;
    const struct rb_volume v = circle();
    const struct rb_playback p = play(&v, 1, NULL, 0);
    const struct rb_playback_volume *o = &p.volumes[0];
    assert_int_equal(p.volumes_n, 1);
    says(o->shape, "circle of radius 500m");
    assert_true(o->has_radius && o->radius_mm == 500000 && o->points_n == 1 && o->points_of == 1);
    says(o->points[0].decimal, "35.89000, 36.61000");
    says(o->points[0].dms, "35 53 24.0N 036 36 36.0E");
    says(o->points[0].mgrs, "37S BV 84276 74386");
    says(o->points[0].place.name, "Idlib");
    assert_int_equal(o->points[0].nearest.distance_mm, 4997968); /* by GeographicLib */
    assert_int_equal(o->points[0].nearest.words.wind, 9);
    says(o->points[0].nearest.sentence, "5 km SSW of Idlib (" FSI "إدلب" PDI ", Идлиб)");
    says(o->heights, "Heights: up to 900m amsl");
    says(o->times, "Times: from 2027-01-15T12:00:00Z (151200ZJAN27) to 2027-01-15T13:30:00Z "
                   "(151330ZJAN27)");
    assert_false(o->has_site);
    says(p.text,
         "Played back by the reader's program from what it holds. It agrees to nothing.\n"
         "The one volume: circle of radius 500m\n"
         "Centre: 35.89000, 36.61000 = 35 53 24.0N 036 36 36.0E = 37S BV 84276 74386; "
         "5 km SSW of Idlib (" FSI "إدلب" PDI ", Идлиб)\n"
         "Heights: up to 900m amsl\n"
         "Times: from 2027-01-15T12:00:00Z (151200ZJAN27) to 2027-01-15T13:30:00Z (151330ZJAN27)\n"
         "Places: GeoNames (geonames.org), Creative Commons Attribution 4.0. Names and borders are "
         "those of the source and endorse nothing.");
}

static void shapes(void **state) {
    (void)state;
    static const struct rb_point at[5] = {{35000000000, 36000000000},
                                          {35000000000, 37000000000},
                                          {36000000000, 37000000000},
                                          {36000000000, 36000000000},
                                          {35500000000, 35500000000}};
    struct rb_volume v[5] = {
        {.shape = RB_SHAPE_CORRIDOR, .vertices = at, .vertices_n = 2, .radius_mm = 12345678},
        {.shape = RB_SHAPE_POLYGON, .vertices = at, .vertices_n = 5, .edges = RB_EDGES_GEODESIC},
        {.shape = RB_SHAPE_POLYGON, .vertices = at, .vertices_n = 4, .edges = RB_EDGES_PARALLEL},
        {.shape = RB_SHAPE_POLYGON, .vertices = at, .vertices_n = 3, .edges = RB_EDGES_LONLAT},
        {.shape = RB_SHAPE_CIRCLE, .center = {90 * RB_NANODEG, 0}, .radius_mm = 1},
    };
    for (size_t i = 0; i < 5; i++)
        v[i].floor.open = v[i].ceiling.open = true;
    const struct rb_playback p = play(v, 5, NULL, 0);
    says(p.volumes[0].shape, "corridor, 12.345678km to either side of a line of 2 points");
    says(p.volumes[1].shape, "polygon with 5 corners, each edge the shortest line between its "
                             "corners");
    says(p.volumes[2].shape, "polygon with 4 corners, edges between corners of the same latitude "
                             "along the parallel, the others the shortest line");
    says(p.volumes[3].shape,
         "polygon with 3 corners, each edge straight in longitude and latitude");
    says(p.volumes[4].shape, "circle of radius 0.001m");
    assert_false(p.volumes[1].has_radius);
    assert_true(has(p.text, "Volume 2 of 5: polygon with 5 corners"));
    assert_true(has(p.text, "\nCorner 5: 35.50000, 35.50000 = "));
    assert_true(has(p.text, "\nPoint 2: 35.00000, 37.00000 = "));
    assert_true(has(p.text, "\nCentre: 90.00000, 0.00000 = "));
    assert_int_equal(p.volumes[1].lines_n, 8);
    says(p.volumes[1].lines[6], "Heights: no limits written");
}

static void heights_and_times(void **state) {
    (void)state;
    struct rb_volume v[6];
    for (size_t i = 0; i < 6; i++) {
        v[i] = circle();
        v[i].floor = v[i].ceiling = (struct rb_alt_limit){.open = true};
    }
    v[0].floor = (struct rb_alt_limit){.mm = 0, .datum = RB_DATUM_AGL};
    v[0].has_to = false;
    v[1].floor = (struct rb_alt_limit){.mm = -1500, .datum = RB_DATUM_WGS84};
    v[1].ceiling = (struct rb_alt_limit){.mm = 250000, .datum = RB_DATUM_FL};
    v[1].has_from = false;
    v[2].ceiling = (struct rb_alt_limit){.mm = 95500, .datum = RB_DATUM_FL}; /* no level */
    v[2].has_from = v[2].has_to = false;
    v[4].from_utc_ms++;
    const struct rb_playback p = play(v, 6, NULL, 0);
    says(p.volumes[0].heights, "Heights: from 0m agl without upper limit");
    says(p.volumes[0].times, "Times: from 2027-01-15T12:00:00Z (151200ZJAN27) without end");
    says(p.volumes[1].heights, "Heights: from -1.5m wgs84 to FL250");
    says(p.volumes[1].times, "Times: until 2027-01-15T13:30:00Z (151330ZJAN27)");
    says(p.volumes[2].heights, "Heights: up to FL95.5");
    says(p.volumes[2].times, "Times: none written");
    assert_true(has(p.text, "from 2027-01-15T12:00:00.001Z"));
    struct rb_volume same[3] = {circle(), circle(), circle()};
    same[2].to_utc_ms += 60000;
    const struct rb_playback q = play(same, 3, NULL, 0);
    assert_true(has(q.text, "Heights: as of volume 1\nTimes: as of volume 1\nVolume 3"));
    assert_true(has(q.text, "Heights: as of volume 1\nTimes: from 2027"));
    says(q.volumes[1].lines[2], "Heights: up to 900m amsl"); /* to a person, in full */
}

/* ---- what is not said ---- */

static void sites_that_may_be_named(void **state) {
    (void)state;
    const struct rb_volume v = circle();
    struct rb_playback_site sites[3] = {
        {{35000000000, 36000000000}, rb_str("Far"), true},
        {{35900000000, 36600000000}, rb_str("مشفى"), true},
        {{35900000000, 36600000000}, rb_str("Same place"), true},
    };
    struct rb_playback p = play(&v, 1, sites, 3);
    assert_true(p.volumes[0].has_site);
    assert_int_equal(p.volumes[0].site, 1);
    says(p.volumes[0].nearest_site.sentence, "1.4 km SE of the registered site " FSI "مشفى" PDI);
    assert_true(has(p.text, "\nIts centre lies 1.4 km SE of the registered site " FSI));
    sites[1].nameable = false;
    p = play(&v, 1, sites, 3);
    assert_true(p.volumes[0].has_site); /* the reader sees it, the text to send back is silent */
    assert_true(has(p.volumes[0].lines[p.volumes[0].lines_n - 1], "مشفى"));
    assert_false(has(p.text, "site"));
    assert_false(has(p.text, "مشفى"));
    sites[1].title.n = 0;
    sites[1].point = by_idlib;
    p = play(&v, 1, sites, 3);
    says(p.volumes[0].nearest_site.sentence, "at the registered site that has no title");
}

static void nothing_the_author_typed(void **state) {
    (void)state;
    struct rb_volume v = circle();
    v.method = v.declared_by = v.recognised_by = v.as_entered;
    const struct rb_playback p = play(&v, 1, NULL, 0);
    assert_false(has(p.text, "TYPED"));
    for (size_t i = 0; i < p.volumes[0].lines_n; i++)
        assert_false(has(p.volumes[0].lines[i], "TYPED"));
}

static void without_places(void **state) {
    (void)state;
    struct rb_gazetteer none;
    const uint8_t bytes[12] = {'R', 'B', 'P', 'L', 'A', 'C', 'E', '1'};
    assert_int_equal(rb_gazetteer_open(rb_slice(bytes, sizeof bytes), &none, NULL), RB_OK);
    const struct rb_volume v = circle();
    struct rb_arena a = rb_arena(room, sizeof room);
    struct rb_playback p;
    assert_int_equal(rb_playback(&v, 1, &none, NULL, 0, &a, &p), RB_OK);
    assert_false(p.volumes[0].points[0].has_nearest);
    assert_true(has(p.text, "37S BV 84276 74386\nHeights"));
    assert_int_equal(rb_playback(NULL, 0, &none, NULL, 0, &a, &p), RB_OK);
    assert_int_equal(p.text.n, 0);
}

/* ---- it fits ---- */

static struct rb_point ring[RB_MAX_VERTICES];

static void many_points(void **state) {
    (void)state;
    for (size_t i = 0; i < RB_MAX_VERTICES; i++)
        ring[i] = (struct rb_point){35000000000 + (int64_t)i * 1000000, 36000000000};
    struct rb_volume v = {.shape = RB_SHAPE_CORRIDOR,
                          .vertices = ring,
                          .vertices_n = RB_PLAYBACK_POINTS + 1,
                          .radius_mm = 1000,
                          .floor = {.open = true},
                          .ceiling = {.open = true}};
    struct rb_playback p = play(&v, 1, NULL, 0);
    assert_int_equal(p.volumes[0].points_n, RB_PLAYBACK_POINTS);
    assert_int_equal(p.volumes[0].points_of, RB_PLAYBACK_POINTS + 1);
    says(p.volumes[0].lines[RB_PLAYBACK_POINTS + 1], "and 1 more point, not played back here");
    assert_true(has(p.text, "\nPoint 16: "));
    v.vertices_n = RB_MAX_VERTICES;
    const struct rb_volume three[3] = {v, v, v};
    p = play(three, 3, NULL, 0); /* 8 points of each fit */
    assert_true(has(p.text, "\nPoint 8: "));
    assert_false(has(p.text, "\nPoint 9: "));
    assert_true(has(p.text, "and 504 more points, not played back here"));
    assert_int_equal(p.volumes[0].points_n, RB_PLAYBACK_POINTS);
}

/* the most there can be: 16 volumes with nothing in common, beside a site with the longest title */
static size_t fill_most(struct rb_volume v[RB_MAX_VOLUMES]) {
    for (size_t i = 0; i < RB_MAX_VOLUMES; i++) {
        v[i] = (struct rb_volume){.shape = RB_SHAPE_POLYGON,
                                  .edges = RB_EDGES_PARALLEL,
                                  .vertices = ring,
                                  .vertices_n = RB_MAX_VERTICES,
                                  .floor = {.mm = -(int64_t)i - 123456789, .datum = RB_DATUM_WGS84},
                                  .ceiling = {.mm = 987654321 + (int64_t)i, .datum = RB_DATUM_AMSL},
                                  .has_from = true,
                                  .from_utc_ms = NOON + (int64_t)i,
                                  .has_to = true,
                                  .to_utc_ms = NOON + 86400001 + (int64_t)i};
    }
    return RB_MAX_VOLUMES;
}

static void too_much(void **state) {
    (void)state;
    char title[256];
    memset(title, 'w', sizeof title);
    const struct rb_playback_site site = {by_idlib, rb_slice(title, sizeof title), true};
    struct rb_volume v[RB_MAX_VOLUMES];
    const size_t n = fill_most(v);
    const struct rb_playback p = play(v, n, &site, 1);
    assert_in_range(p.text.n, RB_PLAYBACK_TEXT - 900, RB_PLAYBACK_TEXT);
    assert_true(rb_text_ok(p.text));
    assert_true(has(p.text, " more of the volumes, not played back here\n"));
    assert_true(has(p.text, "endorse nothing."));
    assert_int_equal(p.volumes_n, n);
    assert_int_equal(p.volumes[n - 1].points_n, RB_PLAYBACK_POINTS);
    const struct rb_playback again = play_in(v, n, &site, 1, second_room);
    assert_true(rb_slice_eq(p.text, again.text));
}

static void any_room_is_enough_or_refused(void **state) {
    (void)state;
    const struct rb_volume v[2] = {circle(), circle()};
    const struct rb_playback_site site = {by_idlib, rb_str("x"), true};
    struct rb_playback out = {.volumes_n = 77};
    for (uint64_t n = 1;; n++) {
        struct rb_arena a = rb_arena(room, sizeof room);
        a.fail_at = n;
        const enum rb_err e = rb_playback(v, 2, &places, &site, 1, &a, &out);
        if (e == RB_OK) {
            assert_true(n > 10);
            break;
        }
        assert_int_equal(e, RB_ERR_LIMIT);
        assert_int_equal(out.volumes_n, 77);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_circle),
        cmocka_unit_test(shapes),
        cmocka_unit_test(heights_and_times),
        cmocka_unit_test(sites_that_may_be_named),
        cmocka_unit_test(nothing_the_author_typed),
        cmocka_unit_test(without_places),
        cmocka_unit_test(many_points),
        cmocka_unit_test(too_much),
        cmocka_unit_test(any_room_is_enough_or_refused),
    };
    return cmocka_run_group_tests_name("playback", tests, open_places, NULL);
}
