/* What is pointed out about places, spec 11.9. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "readback/plausible.h"

#define D(deg) ((int64_t)((deg)*1e9))
static const struct rb_point_box levant = {D(32), D(35), D(37.5), D(42.5)};
static const struct rb_point_box fiji = {D(-20), D(176), D(-15), D(-178)}; /* across 180 */

static struct rb_volume circle(double lat, double lon) {
    return (struct rb_volume){
        .shape = RB_SHAPE_CIRCLE, .center = {D(lat), D(lon)}, .radius_mm = 150000};
}

static unsigned at(double lat, double lon, const struct rb_point_box *theatre) {
    const struct rb_volume v = circle(lat, lon);
    return rb_volume_plausible(&v, theatre, NULL);
}

static void a_circle(void **state) {
    (void)state;
    assert_int_equal(at(35.5, 36.6, &levant), 0);
    assert_int_equal(at(36.6, 35.5, &levant), 0); /* both ways inside: nothing can be said */
    assert_int_equal(at(40.0, 36.6, &levant), RB_PLAUSIBLE_SWAPPED);
    assert_int_equal(at(50.0, 8.0, &levant), RB_PLAUSIBLE_OUTSIDE);
    assert_int_equal(at(50.0, 8.0, NULL), 0);
    assert_int_equal(at(0, 0, NULL), RB_PLAUSIBLE_ZERO);
    assert_int_equal(at(0, 0, &levant), RB_PLAUSIBLE_ZERO | RB_PLAUSIBLE_OUTSIDE);
    assert_int_equal(at(0, 36.6, NULL), 0);
}

static void bounds_are_inside(void **state) {
    (void)state;
    assert_int_equal(at(32, 35, &levant), 0);
    assert_int_equal(at(37.5, 42.5, &levant), 0);
    assert_int_equal(at(37.500000001, 42.5, &levant), RB_PLAUSIBLE_OUTSIDE);
    assert_int_equal(at(31.999999999, 40, &levant), RB_PLAUSIBLE_OUTSIDE);
}

static void across_the_antimeridian(void **state) {
    (void)state;
    assert_int_equal(at(-18, 177, &fiji), 0);
    assert_int_equal(at(-18, -179, &fiji), 0);
    assert_int_equal(at(-18, 180, &fiji), 0);
    assert_int_equal(at(-18, -180, &fiji), 0);
    assert_int_equal(at(-18, 175.9, &fiji), RB_PLAUSIBLE_OUTSIDE);
    assert_int_equal(at(-18, -177.9, &fiji), RB_PLAUSIBLE_OUTSIDE);
    assert_int_equal(at(-18, 0, &fiji), RB_PLAUSIBLE_OUTSIDE);
    /* a theatre that ends there has the line under either name */
    const struct rb_point_box west = {D(50), D(-180), D(60), D(-170)};
    assert_int_equal(at(55, 180, &west), 0);
    assert_int_equal(at(55, 179.9, &west), RB_PLAUSIBLE_OUTSIDE);
}

static unsigned of_points(enum rb_shape shape, const struct rb_point *p, size_t n) {
    const struct rb_volume v = {
        .shape = shape, .vertices = p, .vertices_n = n, .radius_mm = 500000, .center = {0, 0}};
    return rb_volume_plausible(&v, &levant, NULL);
}

static void every_point(void **state) {
    (void)state;
    struct rb_point p[4] = {{D(35), D(36)}, {D(35), D(37)}, {D(36), D(37)}, {D(36), D(36)}};
    assert_int_equal(of_points(RB_SHAPE_POLYGON, p, 4), 0); /* the centre is of no matter */
    assert_int_equal(of_points(RB_SHAPE_CORRIDOR, p, 4), 0);
    p[3] = (struct rb_point){D(40), D(36)};
    assert_int_equal(of_points(RB_SHAPE_POLYGON, p, 4), RB_PLAUSIBLE_SWAPPED);
    assert_int_equal(of_points(RB_SHAPE_CORRIDOR, p, 3), 0);
    p[0] = (struct rb_point){0, 0};
    assert_int_equal(of_points(RB_SHAPE_CORRIDOR, p, 4),
                     RB_PLAUSIBLE_ZERO | RB_PLAUSIBLE_OUTSIDE | RB_PLAUSIBLE_SWAPPED);
}

static unsigned written(const char *text, const struct rb_volume *v) {
    struct rb_coord c;
    assert_int_equal(rb_coord_read(rb_str(text), NULL, &c, NULL), RB_OK);
    return rb_volume_plausible(v, NULL, &c);
}

static void as_it_was_written(void **state) {
    (void)state;
    const struct rb_volume site = circle(35.1, 36.5);
    assert_int_equal(written("35.12346, 36.50000", &site), 0);
    assert_int_equal(written("35.1234567, 36.5000000", &site), 0); /* 11 mm */
    assert_int_equal(written("35.12345678, 36.50000000", &site), RB_PLAUSIBLE_TOO_FINE);
    assert_int_equal(written("35 07 23.456N 036 30 00.000E", &site), 0);
    assert_int_equal(written("35 07 23.4567N 036 30 00.0000E", &site), RB_PLAUSIBLE_TOO_FINE);
    assert_int_equal(written("35.12, 36.50", &site), RB_PLAUSIBLE_TOO_COARSE);
    assert_int_equal(written("37SBU0123490123", &site), 0);
    assert_int_equal(written("37SBU0190", &site), RB_PLAUSIBLE_TOO_COARSE);
    const struct rb_point ring[3] = {{D(35), D(36)}, {D(35), D(37)}, {D(36), D(37)}};
    const struct rb_volume area = {.shape = RB_SHAPE_POLYGON, .vertices = ring, .vertices_n = 3};
    assert_int_equal(written("35.12, 36.50", &area), 0); /* it has no width to compare with */
    const struct rb_volume road = {
        .shape = RB_SHAPE_CORRIDOR, .vertices = ring, .vertices_n = 3, .radius_mm = 1};
    assert_int_equal(written("35.12346, 36.50000", &road), RB_PLAUSIBLE_TOO_COARSE);
}

static void several_points(void **state) {
    (void)state;
    struct rb_coord all = {0}, c;
    const struct rb_volume v = circle(35.1, 36.5);
    assert_int_equal(rb_volume_plausible(&v, NULL, &all), 0); /* nothing was read */
    const char *const texts[] = {"35.12346, 36.50000", "35.12, 36.50", "35.12345678, 36.50000000"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rb_coord_read(rb_str(texts[i]), NULL, &c, NULL), RB_OK);
        rb_plausible_gather(&all, &c);
    }
    assert_int_equal(rb_volume_plausible(&v, NULL, &all),
                     RB_PLAUSIBLE_TOO_FINE | RB_PLAUSIBLE_TOO_COARSE);
}

/* the two numbers as a program gives them, and the same as text */
static void degrees_alone(void **state) {
    (void)state;
    static const char *const texts[] = {"35.1, 36.5", "35.12346, 36.54321",
                                        "35.1234567, 36.5432101", "35.12345678, 36.54321012",
                                        "35.123456789, 36.543210123"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct rb_coord c;
        assert_int_equal(rb_coord_read(rb_str(texts[i]), NULL, &c, NULL), RB_OK);
        const struct rb_coord d = rb_plausible_degrees(c.point);
        assert_int_equal(d.half_unit_mm, c.half_unit_mm);
        assert_int_equal(d.reach_mm, 0); /* "35.1" may have been 35.100000 */
    }
    const struct rb_coord whole = rb_plausible_degrees((struct rb_point){0, D(-36)});
    assert_true(whole.half_unit_mm > 50000000);
    const struct rb_coord finer = rb_plausible_degrees((struct rb_point){D(35), -36543210123});
    assert_int_equal(finer.half_unit_mm, 1);
}

static void each_bit_has_words(void **state) {
    (void)state;
    for (unsigned a = 1; a < RB_PLAUSIBLE_END; a <<= 1) {
        assert_string_not_equal(rb_plausible_word(a), "?");
        assert_string_not_equal(rb_plausible_text(a), "?");
        for (unsigned b = a << 1; b < RB_PLAUSIBLE_END; b <<= 1)
            assert_string_not_equal(rb_plausible_word(a), rb_plausible_word(b));
    }
    assert_string_equal(rb_plausible_word(RB_PLAUSIBLE_END), "?");
    assert_string_equal(rb_plausible_word(3), "?");
    assert_string_equal(rb_plausible_text(0), "?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_circle),       cmocka_unit_test(bounds_are_inside),
        cmocka_unit_test(every_point),    cmocka_unit_test(across_the_antimeridian),
        cmocka_unit_test(several_points), cmocka_unit_test(as_it_was_written),
        cmocka_unit_test(degrees_alone),  cmocka_unit_test(each_bit_has_words)};
    return cmocka_run_group_tests_name("plausible", tests, NULL, NULL);
}
