/* The sketch beside the geodesics it stands for, its frame, its known places; and the QR code's
 * text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <geodesic.h>
#include <math.h>
#include <stdlib.h>
#include "cmd/print.h"
#include "print_fixture.h"

static struct geod_geodesic wgs84;
static uint64_t seed = 20270126;
static double chance(double lo, double hi) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return lo + (hi - lo) * (double)(seed >> 11) / 9007199254740992.0;
}
static int begin(void **state) {
    (void)state;
    geod_init(&wgs84, 6378137, 1 / 298.257223563);
    return 0;
}

/* ---- projection ---------------------------------------------------------------------------------
 */
static void test_from_the_middle(void **state) {
    (void)state;
    double worst = 0, worst_near = 0;
    for (int i = 0; i < 4000; i++) {
        double lat = chance(-90, 90), lon = chance(-180, 180), az = chance(0, 360), la, lo, back;
        double s = i % 2 ? 50000 : chance(1, 19000000);
        struct print_projection p = print_project_at(lat, lon);
        geod_direct(&wgs84, lat, lon, az, s, &la, &lo, &back);
        struct print_xy at = print_project(&p, la, lo);
        double off = fabs(hypot(at.x, at.y) / s - 1);
        worst = fmax(worst, off);
        if (i % 2 == 0) continue;
        worst_near = fmax(worst_near, off);
        assert_true(fabs(remainder(atan2(at.x, at.y) * 180 / 3.14159265358979323846 - az, 360)) <
                    0.05);
    }
    assert_true(worst_near < 0.005); /* what is asked for */
    assert_true(worst < 0.005 && worst_near < 0.004);
}
static void test_between_points(void **state) {
    (void)state;
    double worst = 0;
    for (int i = 0; i < 4000; i++) {
        double lat = chance(-90, 90), lon = chance(-180, 180), la[2], lo[2], back, s;
        struct print_projection p = print_project_at(lat, lon);
        struct print_xy at[2];
        for (int k = 0; k < 2; k++) {
            geod_direct(&wgs84, lat, lon, chance(0, 360), chance(0, 50000), &la[k], &lo[k], &back);
            at[k] = print_project(&p, la[k], lo[k]);
        }
        geod_inverse(&wgs84, la[0], lo[0], la[1], lo[1], &s, NULL, NULL);
        if (s > 100) worst = fmax(worst, fabs(hypot(at[0].x - at[1].x, at[0].y - at[1].y) / s - 1));
    }
    assert_true(worst < 0.0002);
}
static void test_there_and_back(void **state) {
    (void)state;
    for (int i = 0; i < 4000; i++) {
        struct print_projection p = print_project_at(chance(-90, 90), chance(-180, 180));
        struct print_xy at = {chance(-50000, 50000), chance(-50000, 50000)};
        double lat, lon;
        print_unproject(&p, at, &lat, &lon);
        struct print_xy again = print_project(&p, lat, lon);
        assert_true(hypot(again.x - at.x, again.y - at.y) < 2);
    }
}
static void test_between(void **state) {
    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct rb_point a = {(int64_t)(chance(-89, 89) * 1e9), (int64_t)(chance(-180, 180) * 1e9)},
                        b;
        double la, lo, back, s, s1, s2;
        geod_direct(&wgs84, (double)a.lat_nd / 1e9, (double)a.lon_nd / 1e9, chance(0, 360),
                    chance(1000, 1000000), &la, &lo, &back);
        b = (struct rb_point){(int64_t)(la * 1e9), (int64_t)(lo * 1e9)};
        print_between(a, b, false, chance(0.1, 0.9), &la, &lo);
        geod_inverse(&wgs84, (double)a.lat_nd / 1e9, (double)a.lon_nd / 1e9, la, lo, &s1, NULL,
                     NULL);
        geod_inverse(&wgs84, la, lo, (double)b.lat_nd / 1e9, (double)b.lon_nd / 1e9, &s2, NULL,
                     NULL);
        geod_inverse(&wgs84, (double)a.lat_nd / 1e9, (double)a.lon_nd / 1e9, (double)b.lat_nd / 1e9,
                     (double)b.lon_nd / 1e9, &s, NULL, NULL);
        assert_true(s1 + s2 - s < 1); /* on the way */
    }
    struct rb_point west = {10 * RB_NANODEG, 179 * RB_NANODEG},
                    east = {20 * RB_NANODEG, -179 * RB_NANODEG};
    double la, lo;
    print_between(west, east, true, 0.25, &la, &lo);
    assert_true(fabs(la - 12.5) < 1e-9 && fabs(lo - 179.5) < 1e-9);
}

/* ---- frame --------------------------------------------------------------------------------------
 */
static void test_frame(void **state) {
    (void)state;
    struct rb_point points[8];
    for (int i = 0; i < 1000; i++) {
        double lat = chance(-89.9, 89.9), lon = chance(-180, 180), size = pow(10, chance(2, 6)), la,
               lo, back;
        struct print_volumes v = {
            .n = 1, .v = {{.shape = RB_SHAPE_POLYGON, .vertices = points, .vertices_n = 8}}};
        for (int k = 0; k < 8; k++) {
            geod_direct(&wgs84, lat, lon, chance(0, 360), chance(0.2, 1) * size, &la, &lo, &back);
            points[k] = (struct rb_point){(int64_t)(la * 1e9), (int64_t)(lo * 1e9)};
        }
        struct print_frame f = print_frame_of(&v, NULL);
        for (int k = 0; k < 8; k++) {
            struct print_xy at =
                print_on_paper(&f, print_project(&f.at, (double)points[k].lat_nd / 1e9,
                                                 (double)points[k].lon_nd / 1e9));
            assert_true(print_in_frame(at, 5));
        }
        double bar = print_scale_bar(&f), mantissa = bar / pow(10, floor(log10(bar) + 1e-9));
        assert_true(fabs(mantissa - 1) < 1e-6 || fabs(mantissa - 2) < 1e-6 ||
                    fabs(mantissa - 5) < 1e-6);
        assert_true(bar * f.scale > 0.12 * PRINT_SKETCH_W &&
                    bar * f.scale <= 0.34 * PRINT_SKETCH_W + 1e-9);
    }
}
static struct print_page page_of(const char *volumes, json_t **hold, struct rb_gazetteer *g) {
    json_t *record = json_loads(fixture_site, 0, NULL), *list = json_loads(volumes, 0, NULL);
    assert_non_null(list);
    json_object_set_new(json_object_get(record, "body"), "volumes", list);
    *hold = record;
    if (g) assert_int_equal(rb_gazetteer_open(rb_gazetteer_builtin, g, NULL), RB_OK);
    return (struct print_page){.record = record, .known = g};
}
/* anywhere on the earth and of any size there is a page, and no number in it is none */
static void test_anywhere(void **state) {
    (void)state;
    static const char *const places[] = {
        "[{\"circle\":{\"lat\":90,\"lon\":0,\"radius\":100}}]",
        "[{\"circle\":{\"lat\":-90,\"lon\":180,\"radius\":5000000}}]",
        "[{\"circle\":{\"lat\":0,\"lon\":0,\"radius\":20000000}}]",
        "[{\"circle\":{\"lat\":12,\"lon\":180,\"radius\":0.001}}]",
        "[{\"circle\":{\"lat\":0,\"lon\":0,\"radius\":9}},{\"circle\":{\"lat\":0,\"lon\":180,"
        "\"radius\":9}}]",
        "[{\"circle\":{\"lat\":90,\"lon\":0,\"radius\":9}},{\"circle\":{\"lat\":-90,\"lon\":0,"
        "\"radius\":9}}]",
        "[{\"corridor\":{\"half_width\":100,\"points\":[{\"lat\":-17,\"lon\":179.9},{\"lat\":-17,"
        "\"lon\":-179.9}]}}]",
        "[{\"polygon\":{\"edges\":\"lonlat\",\"points\":[{\"lat\":70,\"lon\":-170},{\"lat\":70,"
        "\"lon\":170},{\"lat\":60,\"lon\":"
        "179}]}}]"};
    struct rb_gazetteer g;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        json_t *hold = NULL;
        struct print_page p = page_of(places[i], &hold, &g);
        assert_true(print_notice(&p));
        assert_null(strstr(p.h.p, "nan"));
        assert_null(strstr(p.h.p, "inf"));
        assert_non_null(strstr(p.h.p, "<svg"));
        print_html_free(&p.h);
        json_decref(hold);
    }
}
static void test_known_places(void **state) {
    (void)state;
    struct rb_gazetteer g;
    json_t *hold = NULL;
    struct print_page p =
        page_of("[{\"circle\":{\"lat\":35.917263,\"lon\":36.6331,\"radius\":150}}]", &hold, &g);
    assert_true(print_notice(&p));
    const char *svg = strstr(p.h.p, "class=\"known\"");
    assert_non_null(svg);
    assert_non_null(strstr(svg, ">Idlib</text>"));
    assert_non_null(strstr(p.h.p, "1.5 km south of <bdi>Idlib</bdi>"));
    assert_non_null(strstr(p.h.p, rb_gazetteer_attribution));
    print_html_free(&p.h);
    p.lang = PRINT_AR;
    assert_true(print_notice(&p));
    assert_non_null(strstr(p.h.p, ">إدلب</text>"));
    print_html_free(&p.h);
    json_decref(hold);
    /* far from everything: an arrow to it, with its distance, and no dot in a wrong place */
    p = page_of("[{\"circle\":{\"lat\":0,\"lon\":-140,\"radius\":500}}]", &hold, &g);
    assert_true(print_notice(&p));
    svg = strstr(p.h.p, "class=\"known\"");
    const char *over = strstr(svg, "</g>"), *km = strstr(svg, " km</text>"),
               *dot = strstr(svg, "<circle");
    assert_true(km && km < over && (dot == NULL || dot > over));
    print_html_free(&p.h);
    json_decref(hold);
}

/* ---- code ---------------------------------------------------------------------------------------
 */
static void test_code(void **state) {
    (void)state;
    char out[PRINT_CODE_MAX];
    assert_true(print_code_text(FIXTURE_RECORD, FIXTURE_CHANNEL, FIXTURE_FINGERPRINT, out));
    assert_string_equal(
        out, "READBACK:3F2A90C17BE4D2A90C1F7BE4D2A90C1F7BE4D2A90C1F7BE4D2A90C1F5566AABB:"
             "9C1F2AB34D5E6F70819293A4B5C6D7E8:0123456789012345678901234567890123456780");
    assert_false(print_code_text(FIXTURE_RECORD, FIXTURE_CHANNEL, "", out));
    assert_false(print_code_text(FIXTURE_RECORD, FIXTURE_CHANNEL, FIXTURE_FINGERPRINT "1", out));
    assert_false(print_code_text(FIXTURE_CHANNEL, FIXTURE_CHANNEL, FIXTURE_FINGERPRINT, out));
    assert_false(print_code_text(FIXTURE_RECORD, FIXTURE_RECORD, FIXTURE_FINGERPRINT, out));
    assert_false(print_code_text("<" FIXTURE_RECORD, FIXTURE_CHANNEL, FIXTURE_FINGERPRINT, out));
}

/* ---- bytes --------------------------------------------------------------------------------------
 */
static void test_bound(void **state) {
    (void)state;
    struct print_html h = {0};
    char *much = malloc(1u << 20);
    memset(much, 'x', (1u << 20) - 1);
    much[(1u << 20) - 1] = 0;
    for (int i = 0; i < 15; i++)
        print_z(&h, much);
    assert_false(h.failed);
    assert_int_equal(h.n, 15 * ((1u << 20) - 1));
    print_z(&h, much);
    print_z(&h, much);
    assert_true(h.failed);
    size_t n = h.n;
    print_z(&h, "more");
    assert_int_equal(h.n, n); /* once and for all */
    print_html_free(&h);
    assert_null(h.p);
    free(much);
    print_f(&h, "%d", 42);
    print_groups(&h, "12 3456", 3);
    print_text(&h, rb_slice("a\x01\x7f\xe2\x80",
                            5)); /* cut in the middle of a character: no reading beyond */
    assert_string_equal(
        h.p, "42<bdi dir=\"ltr\" class=\"digits\">123 456</bdi>a&#65533;&#65533;\xe2\x80");
    print_html_free(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_the_middle), cmocka_unit_test(test_between_points),
        cmocka_unit_test(test_there_and_back),  cmocka_unit_test(test_between),
        cmocka_unit_test(test_frame),           cmocka_unit_test(test_anywhere),
        cmocka_unit_test(test_known_places),    cmocka_unit_test(test_code),
        cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests_name("test_print_sketch", tests, begin, NULL);
}
