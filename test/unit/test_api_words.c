/* What the local API says of a check, in sentences: lengths, times, heights, what was compared.
 * Nothing found is not clear, and no sentence may promise more than was looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "shell/api/check.h"

static char text[2048];
static struct rb_writer w;
static void fresh(void) {
    w = rb_writer(text, sizeof text);
}
static const char *said(void) {
    assert_false(w.over);
    return rb_writer_z(&w);
}

/* "within" is true, and "deep" is, however the number is rounded */
static void test_spans(void **state) {
    (void)state;
    static const struct {
        uint64_t mm;
        const char *up, *down;
    } spans[] = {{0, "0 m", "0 m"},
                 {1, "1 m", "0 m"},
                 {999000, "999 m", "999 m"},
                 {999001, "1000 m", "999 m"},
                 {1000000, "1 km", "1 km"},
                 {1000001, "1.1 km", "1 km"},
                 {1240000, "1.3 km", "1.2 km"},
                 {9900001, "10 km", "9.9 km"},
                 {10000000, "10 km", "10 km"},
                 {12345678, "13 km", "12 km"},
                 {500000000001, "500001 km", "500000 km"}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        fresh();
        rb_put_span_words(&w, spans[i].mm, true);
        assert_string_equal(said(), spans[i].up);
        fresh();
        rb_put_span_words(&w, spans[i].mm, false);
        assert_string_equal(said(), spans[i].down);
    }
}
#define DAY INT64_C(86400000)
#define NOON (16720 * DAY + DAY / 2) /* 2015-10-12T12:00:00Z */
static void test_times(void **state) {
    (void)state;
    static const struct {
        int64_t from, to;
        const char *words;
    } times[] = {
        {NOON, NOON + 7200000, "on 2015-10-12, 12:00Z to 14:00Z"},
        {NOON, NOON + 7201000, "on 2015-10-12, 12:00Z to 14:00:01Z"},
        {NOON + 250, NOON + 60000, "on 2015-10-12, 12:00:00.250Z to 12:01Z"},
        {NOON, NOON + DAY / 2, "from 2015-10-12 12:00Z to 2015-10-13 00:00Z"},
        {NOON, NOON + DAY, "from 2015-10-12 12:00Z to 2015-10-13 12:00Z"},
        {NOON, INT64_MAX, "from 2015-10-12 12:00Z, without an end"},
        {INT64_MIN, NOON, "until 2015-10-12 12:00Z"},
        {INT64_MIN, INT64_MAX, "at all times"},
    };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        fresh();
        rb_put_when_words(&w, times[i].from, times[i].to);
        assert_string_equal(said(), times[i].words);
    }
}
static void test_heights(void **state) {
    (void)state;
    static const struct {
        struct rb_band band;
        const char *words;
    } bands[] = {
        {{.datum = RB_DATUM_AMSL}, "at all heights"},
        {{.has_floor = true, .floor_mm = 900000, .datum = RB_DATUM_AMSL}, "from 900m amsl up"},
        {{.has_ceiling = true, .ceiling_mm = 120000, .datum = RB_DATUM_FL}, "up to FL120"},
        {{.has_floor = true,
          .has_ceiling = true,
          .floor_mm = -400,
          .ceiling_mm = 1500,
          .datum = RB_DATUM_WGS84},
         "from -0.4m wgs84 to 1.5m wgs84"},
        {{.has_floor = true,
          .has_ceiling = true,
          .floor_mm = -400,
          .ceiling_mm = 1500,
          .datum = RB_DATUM_WGS84,
          .at_most = true},
         "at most from -1m wgs84 to 2m wgs84"},
    };
    for (size_t i = 0; i < sizeof bands / sizeof *bands; i++) {
        fresh();
        rb_put_band_words(&w, &bands[i].band);
        assert_string_equal(said(), bands[i].words);
    }
}

/* ---- one place in the result --------------------------------------------------------------------
 */
static void test_conflict(void **state) {
    (void)state;
    struct rb_conflict x = {.answer = RB_ANSWER_CONFLICT,
                            .other_class = RB_PLACE_MOVEMENT,
                            .standoff_mm = 1852000,
                            .gap = {.distance_mm = 1151000, .exact = true},
                            .from_utc_ms = NOON,
                            .to_utc_ms = NOON + 7200000};
    struct rb_found f = {.x = &x, .title = rb_str("Convoy"), .author = rb_str("south")};
    const struct rb_checked k = {.class_ = RB_PLACE_EXERCISE};
    fresh();
    rb_put_conflict_words(&w, &k, &f);
    assert_string_equal(said(), "Exercise would come within 1.2 km of the movement \"Convoy\" "
                                "(south); the stand-off is 1.852 km. Both on 2015-10-12, 12:00Z to "
                                "14:00Z, at all heights.");
    f.title = rb_str("\xd8\xb9\xd9\x8a\xd8\xa7\xd8\xaf\xd8\xa9"); /* runs from right to left */
    fresh();
    rb_put_conflict_words(&w, &k, &f);
    assert_non_null(strstr(said(),
                           "\"\xe2\x81\xa8\xd8\xb9\xd9\x8a\xd8\xa7\xd8\xaf\xd8\xa9\xe2\x81\xa9\" "
                           "(south); the stand-off"));
    x.gap = (struct rb_gap){.depth_mm = 300999, .exact = true};
    x.standoff_mm = 0;
    f.title = rb_slice(NULL, 0);
    f.mark = "its author had suspended its part";
    fresh();
    rb_put_conflict_words(&w, &k, &f);
    assert_string_equal(said(), "Exercise would overlap the movement (south), 300 m deep. Both on "
                                "2015-10-12, 12:00Z to 14:00Z, at all heights. The other record is "
                                "marked: its author had suspended its part.");
    x.answer = RB_ANSWER_NOT_EXCLUDED;
    x.unsure = RB_UNSURE_ACCURACY | RB_UNSURE_WORK;
    x.gap.depth_mm = 0;
    f.mark = NULL;
    fresh();
    rb_put_conflict_words(&w, &k, &f);
    assert_string_equal(
        said(),
        "Exercise may overlap the movement (south). A conflict cannot be excluded: "
        "the places are known only to within their stated accuracy, the outlines "
        "are too intricate, or too many, to tell. Both on 2015-10-12, 12:00Z to 14:00Z, at all "
        "heights.");
}

/* ---- what it was compared with ------------------------------------------------------------------
 */
static const char *coverage(const struct rb_checked *k) {
    static const char *const never[] = {"clear", "safe", "OK", "approved"};
    fresh();
    rb_put_coverage_words(&w, k);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        assert_null(strstr(said(), never[i]));
    return said();
}
static void test_coverage(void **state) {
    (void)state;
    struct rb_checked k = {.class_ = RB_PLACE_OPERATION};
    struct rb_coverage *c = &k.found.coverage;
    assert_string_equal(coverage(&k), "Compared with nothing: a plan of the class operation is not "
                                      "compared with others.");
    assert_string_equal(rb_check_answer(&k), "not compared");
    c->of[RB_PLACE_SITE].rule = RB_CONFLICT_SITE;
    c->of[RB_PLACE_MOVEMENT].rule = RB_CONFLICT_MOVEMENT;
    assert_string_equal(coverage(&k),
                        "Compared with no place: none to compare it with can be read here.");
    assert_string_equal(rb_check_answer(&k), "not compared");
    c->unreadable = 2;
    c->malformed = 1;
    c->placeless = 3;
    assert_string_equal(
        coverage(&k), "Compared with no place: none to compare it with can be read here; 2 closed "
                      "ones cannot be read here; 1 could not be used, it is malformed; 3 name no "
                      "place.");
    c->places = 12;
    c->members = 3;
    c->of[RB_PLACE_SITE].places = 4;
    c->of[RB_PLACE_SITE].closed = 3;
    c->of[RB_PLACE_MOVEMENT].places = 8;
    c->of[RB_PLACE_MOVEMENT].closed = 2;
    c->oldest_utc_ms = NOON;
    c->newest_utc_ms = NOON + 30 * DAY;
    c->malformed = c->placeless = 0;
    assert_string_equal(coverage(&k),
                        "Compared with 12 places of 3 members (8 movements, 4 sites; 5 closed), "
                        "looked at between 2015-10-12 and 2015-11-11; 2 closed ones cannot be read "
                        "here.");
    assert_string_equal(rb_check_answer(&k), "none found");
    c->plan_untimed = true;
    c->no_terrain = true;
    c->unsure_terrain = 1;
    assert_non_null(strstr(coverage(&k), "It names no time: it was compared at all times. No range "
                                         "of the ground is given"));
    c->plan_placeless = true;
    assert_string_equal(coverage(&k), "Compared with nothing: it names no place.");
    assert_string_equal(rb_check_answer(&k), "not compared");
    const struct rb_conflict list[] = {{.answer = RB_ANSWER_NOT_EXCLUDED},
                                       {.answer = RB_ANSWER_CONFLICT}};
    k.found.list = list;
    k.found.n = 1;
    assert_string_equal(rb_check_answer(&k), "cannot be excluded");
    k.found.n = 2; /* the worst of it, wherever it stands */
    assert_string_equal(rb_check_answer(&k), "conflict");
    k.err = RB_ERR_BUSY;
    assert_string_equal(rb_check_answer(&k), "not compared");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spans),    cmocka_unit_test(test_times),
        cmocka_unit_test(test_heights),  cmocka_unit_test(test_conflict),
        cmocka_unit_test(test_coverage),
    };
    return cmocka_run_group_tests_name("test_api_words", tests, NULL, NULL);
}
