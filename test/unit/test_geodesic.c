/* The bounds on which the quick answers of the space room rest (spec 10.2.7), each against the
 * geodesics themselves: over random places none is broken, and none is idle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <math.h>
#include <cmocka.h>
#include "../../src/space/outline.h"

static struct geod_geodesic earth;

static int open_earth(void **state) {
    (void)state;
    geod_init(&earth, RB_WGS84_A, RB_WGS84_F);
    return 0;
}

static uint64_t chance_state = 88172645463325252ull;
static double chance(double least, double most) {
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return least + (most - least) * (double)(chance_state >> 11) / 9007199254740992.0;
}

static struct rb_xy projected(const struct rb_frame *f, double lat, double lon) {
    return rb_geo_project(f, rb_geo_ecef(lat, lon));
}

static double in_plane(struct rb_xy a, struct rb_xy b) {
    return hypot(b.x - a.x, b.y - a.y);
}

/* how far the middle parts of a geodesic lie from the straight line between its ends */
static double deviation(const struct rb_frame *f, const struct geod_geodesicline *line) {
    struct rb_xy a = projected(f, line->lat1, line->lon1), p;
    double lat, lon, most = 0;
    geod_position(line, line->s13, &lat, &lon, NULL);
    struct rb_xy b = projected(f, lat, lon);
    for (int i = 1; i < 8; i++) {
        geod_position(line, line->s13 * i / 8, &lat, &lon, NULL);
        p = projected(f, lat, lon);
        double d = (p.x - a.x) * (b.y - a.y) - (p.y - a.y) * (b.x - a.x);
        most = fmax(most, fabs(d) / in_plane(a, b));
    }
    return most;
}

/* the plane that touches at a random place, and a random geodesic with both ends within reach */
static struct rb_frame any_frame(double reach, struct geod_geodesicline *line) {
    double lat = asin(chance(-1, 1)) / RB_RAD, lon = chance(-180, 180), azimuth = chance(0, 360);
    double lats[2], lons[2];
    struct rb_frame f = rb_geo_frame(rb_geo_ecef(lat, lon));
    for (int k = 0; k < 2; k++) {
        double turn = chance(0, 2) < 1 ? 180 * k + chance(-30, 30) : chance(0, 360);
        geod_direct(&earth, lat, lon, azimuth + turn, reach * sqrt(chance(0, 1)), &lats[k],
                    &lons[k], NULL);
    }
    geod_inverseline(line, &earth, lats[0], lons[0], lats[1], lons[1], 0);
    return f;
}

static void planes(void **state) {
    (void)state;
    static const double reaches[] = {1e3, 1e4, 1e5, 1e6};
    for (size_t r = 0; r < sizeof reaches / sizeof *reaches; r++) {
        const double reach = reaches[r];
        double bend = 0, stretch = 0;
        for (int i = 0; i < 20000; i++) {
            struct geod_geodesicline line;
            struct rb_frame f = any_frame(reach, &line);
            double lat, lon;
            bend = fmax(bend, deviation(&f, &line) / rb_geo_frame_error(reach));
            geod_position(&line, line.s13, &lat, &lon, NULL);
            double d = in_plane(projected(&f, line.lat1, line.lon1), projected(&f, lat, lon));
            assert_true(d >= line.s13 - 1e-6);
            stretch = fmax(stretch, (d - line.s13 - 1e-6) / line.s13 / rb_geo_frame_stretch(reach));
        }
        assert_true(bend < 0.5 && stretch < 1); /* bounds, the first twice over */
        if (reach > 5000) assert_true(bend > 0.2 && stretch > 0.6); /* and no idle ones */
    }
}

static void chords(void **state) {
    (void)state;
    double least = 1;
    for (int i = 0; i < 200000; i++) {
        double lat = asin(chance(-1, 1)) / RB_RAD, lat2, lon2, s = pow(10, chance(0, 7.28));
        geod_direct(&earth, lat, 0, chance(0, 360), s, &lat2, &lon2, NULL);
        geod_inverse(&earth, lat, 0, lat2, lon2, &s, NULL, NULL);
        double chord = rb_vec_apart(rb_geo_ecef(lat, 0), rb_geo_ecef(lat2, lon2));
        assert_true(rb_geo_arc_least(chord) <= s + 1e-6 && rb_geo_arc_least(chord) >= chord);
        assert_true(rb_geo_arc_most(chord) >= s - 1e-6);
        if (s < 5e6) least = fmin(least, rb_geo_arc_least(chord) / rb_geo_arc_most(chord));
    }
    assert_true(least > 0.98);
}

/* edges straight in longitude and latitude: their length, and how far they are from the geodesic
 * between their ends */
static void straight_edges(void **state) {
    (void)state;
    double most = 0, longest = 0;
    for (int i = 0; i < 60000; i++) {
        double away = pow(10, chance(-6, 1.9)), size = away * pow(10, chance(-3, 0.5));
        double lat0 = 90 - away, lat1 = fmin(90, fmax(-89, lat0 + chance(-1, 1) * size));
        double dlon = fmin(179, chance(0, 1) * size / sin(away * RB_RAD));
        if (chance(0, 3) < 1) lat1 = lat0;
        struct geod_geodesicline line;
        geod_inverseline(&line, &earth, lat0, 0, lat1, dlon, 0);
        double length = rb_straight_most(lat0, lat1, dlon), sum = 0, s, d = 0, lat = lat0, lon = 0;
        if (length > RB_EDGE_MOST_M || length < 0.01) continue;
        for (int k = 1; k <= 16; k++) {
            double nlat = lat0 + (lat1 - lat0) * k / 16, nlon = dlon * k / 16;
            geod_inverse(&earth, lat, lon, nlat, nlon, &s, NULL, NULL);
            sum += s;
            lat = nlat;
            lon = nlon;
            d = fmax(d, rb_geo_point_line(&earth, lat, lon, &line, 0, line.s13, line.s13 * k / 16));
        }
        assert_true(sum <= length + 1e-6);
        assert_true(d <= rb_straight_bulge(lat0, lat1, length) + 1e-6);
        most = fmax(most, d / (rb_straight_bulge(lat0, lat1, length) + 1e-6));
        longest = fmax(longest, sum / length);
    }
    assert_true(most > 0.8 && longest > 0.99);
}

/* against a search by thirds along the line */
static void point_to_line(void **state) {
    (void)state;
    for (int i = 0; i < 4000; i++) {
        struct geod_geodesicline line;
        double lat = chance(-89, 89), lon = chance(-180, 180), size = pow(10, chance(0, 6.3));
        double far = size * pow(10, chance(-3, 0.3)), plat, plon, s;
        geod_directline(&line, &earth, lat, lon, chance(0, 360), size, 0);
        geod_position(&line, size * chance(0, 1), &lat, &lon, NULL);
        geod_direct(&earth, lat, lon, chance(0, 360), far, &plat, &plon, NULL);
        double a = 0, b = size;
        while (b - a > 1e-4) {
            double x = a + (b - a) / 3, y = b - (b - a) / 3, dx, dy;
            geod_position(&line, x, &lat, &lon, NULL);
            geod_inverse(&earth, lat, lon, plat, plon, &dx, NULL, NULL);
            geod_position(&line, y, &lat, &lon, NULL);
            geod_inverse(&earth, lat, lon, plat, plon, &dy, NULL, NULL);
            *(dx < dy ? &b : &a) = dx < dy ? y : x;
        }
        geod_position(&line, (a + b) / 2, &lat, &lon, NULL);
        geod_inverse(&earth, lat, lon, plat, plon, &s, NULL, NULL);
        double guess = size * chance(0, 1);
        double d = rb_geo_point_line(&earth, plat, plon, &line, 0, size, guess);
        if (fabs(d - s) > 2e-4) fail_msg("%.4f m, not %.4f", d, s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes),
        cmocka_unit_test(chords),
        cmocka_unit_test(straight_edges),
        cmocka_unit_test(point_to_line),
    };
    return cmocka_run_group_tests(tests, open_earth, NULL);
}
