/* Coordinates, heights and lengths as people write them, spec 11. What they mean to others is
 * compared in test_geoconvert.py; here stands what is taken, what is refused and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "readback/coord.h"

#define D RB_NANODEG
#define LEN(a) (sizeof(a) / sizeof *(a))

static const struct {
    const char *text;
    enum rb_coord_format format;
    int64_t lat, lon;
    uint64_t half_unit_mm;
    unsigned remarks;
} places[] = {
    {"35.123, 36.5", RB_COORD_DEG, 35123000000, 36500000000, 5584700, 0},
    {"35,123 36,5", RB_COORD_DEG, 35123000000, 36500000000, 5584700, 0},
    {"35,123, 36,5", RB_COORD_DEG, 35123000000, 36500000000, 5584700, 0},
    {"35,123;36,5", RB_COORD_DEG, 35123000000, 36500000000, 5584700, 0},
    {"35.123,36.5", RB_COORD_DEG, 35123000000, 36500000000, 5584700, 0},
    {"35,36", RB_COORD_DEG, 35 * D, 36 * D, 55847000, 0},
    {"35 36", RB_COORD_DEG, 35 * D, 36 * D, 55847000, 0},
    {"35N,36E", RB_COORD_DEG, 35 * D, 36 * D, 55847000, 0},
    {"35/36", RB_COORD_DEG, 35 * D, 36 * D, 55847000, 0},
    {"N35.1 E36.2", RB_COORD_DEG, 35100000000, 36200000000, 5584700, 0},
    {"S 35.1 W 36.2", RB_COORD_DEG, -35100000000, -36200000000, 5584700, 0},
    {"35.1\xc2\xb0N 36.2\xc2\xb0"
     "E",
     RB_COORD_DEG, 35100000000, 36200000000, 5584700, 0},
    {"N 35.1\xc2\xb0, E 36.2\xc2\xb0", RB_COORD_DEG, 35100000000, 36200000000, 5584700, 0},
    {"35.1\xc2\xb0 36.2\xc2\xb0", RB_COORD_DEG, 35100000000, 36200000000, 5584700, 0},
    {"36.2E 35.1N", RB_COORD_DEG, 35100000000, 36200000000, 5584700, 0},
    {"35.1 south 36.2 west", RB_COORD_DEG, -35100000000, -36200000000, 5584700, 0},
    {"-35.1 -36.2", RB_COORD_DEG, -35100000000, -36200000000, 5584700, 0},
    {"+35.1 -36.2", RB_COORD_DEG, 35100000000, -36200000000, 5584700, 0},
    {"\xe2\x88\x92"
     "35.1, \xe2\x80\x93"
     "36.2",
     RB_COORD_DEG, -35100000000, -36200000000, 5584700, 0},
    {"  35.1\xc2\xa0"
     "36.2\t",
     RB_COORD_DEG, 35100000000, 36200000000, 5584700, 0},
    {"\xe2\x80\x8e"
     "35.1, 36.2\xe2\x80\x8f",
     RB_COORD_DEG, 35100000000, 36200000000, 5584700, 0},
    {"90, 180", RB_COORD_DEG, 90 * D, 180 * D, 55847000, 0},
    {"-90 -180", RB_COORD_DEG, -90 * D, -180 * D, 55847000, 0},
    {"-0 -0", RB_COORD_DEG, 0, 0, 55847000, 0},
    {"0.0000000005 0.0000000015", RB_COORD_DEG, 0, 2, 1, 0}, /* halves to even */
    {"0.00000000050000001 1", RB_COORD_DEG, 1, 1 * D, 55847000, 0},
    /* 35.123 and 36.5 in Arabic-Indic digits, with U+066B and U+060C, then in the extended ones */
    {"\xd9\xa3\xd9\xa5\xd9\xab\xd9\xa1\xd9\xa2\xd9\xa3\xd8\x8c \xd9\xa3\xd9\xa6\xd9\xab\xd9\xa5",
     RB_COORD_DEG, 35123000000, 36500000000, 5584700, 0},
    {"\xdb\xb3\xdb\xb5.\xdb\xb1\xdb\xb2\xdb\xb3 \xdb\xb3\xdb\xb6,\xdb\xb5", RB_COORD_ANY, 0, 0, 0,
     0},
    {"\xdb\xb3\xdb\xb5,\xdb\xb1\xdb\xb2\xdb\xb3 \xdb\xb3\xdb\xb6,\xdb\xb5", RB_COORD_DEG,
     35123000000, 36500000000, 5584700, 0},
    {"35 07.38N 036 30.00E", RB_COORD_DM, 35123000000, 36500000000, 9308, 0},
    {"35\xc2\xb0"
     "07.38' N, 36\xc2\xb0"
     "30' E",
     RB_COORD_DM, 35123000000, 36500000000, 930784, 0},
    {"-35\xc2\xb0"
     "30' +36\xc2\xb0"
     "30'",
     RB_COORD_DM, -35500000000, 36500000000, 930784, 0},
    {"35\xc2\xb0"
     "07'23.4\"N 36\xc2\xb0"
     "30'00\"E",
     RB_COORD_DMS, 35123166667, 36500000000, 15514, 0},
    {"35-07-23.4N 36-30-00E", RB_COORD_DMS, 35123166667, 36500000000, 15514, 0},
    {"35:07:23.4N/036:30:00.0E", RB_COORD_DMS, 35123166667, 36500000000, 1552, 0},
    {"N35 07 23.4 E36 30 00.0", RB_COORD_DMS, 35123166667, 36500000000, 1552, 0},
    {"35\xc2\xb0"
     "07\xe2\x80\xb2"
     "23.4\xe2\x80\xb3N 36\xc2\xb0"
     "30\xe2\x80\x99"
     "0.0\xe2\x80\x9d"
     "E",
     RB_COORD_DMS, 35123166667, 36500000000, 1552, 0},
    {"35\xc2\xb0"
     "07'23.4''N 36\xc2\xb0"
     "30'0.0''E",
     RB_COORD_DMS, 35123166667, 36500000000, 1552, 0},
    {"35N 36 30E", RB_COORD_DM, 35 * D, 36500000000, 55847000, 0},
    {"46N078W", RB_COORD_DEG, 46 * D, -78 * D, 55847000, 0},
    {"4830N00920E", RB_COORD_ICAO_DM, 48500000000, 9333333333, 930784, 0},
    {"4830.50N00920.25W", RB_COORD_ICAO_DM, 48508333333, -9337500000, 9308, 0},
    {"483000N0092000E", RB_COORD_ICAO_DMS, 48500000000, 9333333333, 15514, 0},
    {"N483000.5 E0092000.5", RB_COORD_ICAO_DMS, 48500138889, 9333472222, 1552, 0},
    {"483000S 0092000W", RB_COORD_ICAO_DMS, -48500000000, -9333333333, 15514, 0},
    {"37north 301234 3890123", RB_COORD_UTM, 35134372449, 36818388733, 500, 0},
    {"37 N 301234mE 3890123mN", RB_COORD_UTM, 35134372449, 36818388733, 500, 0},
    {"37N 301234 E 3890123 N", RB_COORD_UTM, 35134372449, 36818388733, 500, 0},
    {"37 North 301234.0, 3890123.00", RB_COORD_UTM, 35134372449, 36818388733, 50, 0},
    {"37N 301234,0 3890123,0", RB_COORD_UTM, 35134372449, 36818388733, 50, 0},
    {"37N 301234,3890123", RB_COORD_UTM, 35134372449, 36818388733, 500, 0},
    {"37T 500000 4427757", RB_COORD_UTM, 39999998029, 39 * D, 500, 0}, /* band T, rounded */
    {"31N 500000 0", RB_COORD_UTM, 0, 3 * D, 500, 0},
    {"31 south 500000 10000000", RB_COORD_UTM, 0, 3 * D, 500, 0},
    {"37S 301234 4890123", RB_COORD_UTM, -46113518390, 36427737678, 500, RB_COORD_S_IS_SOUTH},
    {"north 2000000 2000000", RB_COORD_UTM, 90 * D, 0, 500, 0},
    {"B 2000000 2000000", RB_COORD_UTM, -90 * D, 0, 500, 0},
    {"37SBU4477187720", RB_COORD_MGRS, 35100000590, 36199995503, 500, 0},
    {"37s bu 44771 87720", RB_COORD_MGRS, 35100000590, 36199995503, 500, 0},
    {"37SBU 4477187720", RB_COORD_MGRS, 35100000590, 36199995503, 500, 0},
    {"37 S BU 4477187720", RB_COORD_MGRS, 35100000590, 36199995503, 500, 0},
    {"31NEA", RB_COORD_MGRS, 452351586, 3449346651, 50000000, 0},
    {"37SBU1234590123", RB_COORD_MGRS, 35112903406, 35843881425, 500, RB_COORD_OTHER_ZONE},
    {"ZAH0000000000", RB_COORD_MGRS, 89999993631, 135 * D, 500, 0},
    {"Z AH 00000 00000", RB_COORD_MGRS, 89999993631, 135 * D, 500, 0},
};

static const struct {
    const char *text, *clause;
    uint64_t offset;
} bad[] = {
    {"", "11.1.1", 0},
    {"   ", "11.1.1", 0},
    {"35.1\xff, 36.2", "11.1.1", 0},
    {"35.1, 36.2 7 8", "11.2.6", 6},
    {"35.1, 36 7 8 9", "11.1.1", 13},
    {"35.1N 36.2E 5", "11.1.1", 12},
    {"35.1, 36.2 !", "11.1.2", 11},
    {"\xe2\x80\xae"
     "35.1, 36.2",
     "11.1.2", 0},
    {"3\xd9\xa5.1, 36.2", "11.1.2", 1},
    {"35.1Q 36.2E", "11.1.2", 4},
    {"latitude 35.1", "11.1.2", 0},
    {"35., 36.2", "11.1.3", 3},
    {".5, 36.2", "11.1.3", 0},
    {"1234567890123456789, 36.2", "11.1.3", 18},
    {"35,5,36", "11.1.5", 4},
    {"35,5,36,5", "11.1.5", 4},
    {"35.1", "11.2.1", 4},
    {"35 36 37", "11.2.1", 8},
    {"35.1, 36.2, 37.3", "11.2.1", 10},
    {"35.1,", "11.2.1", 5},
    {", 36.2", "11.2.1", 0},
    {"- 35.1, 36.2", "11.2.1", 0},
    {"35 007N 36 07E", "11.2.1", 3},
    {"1234\xc2\xb0N 36E", "11.2.1", 0},
    {"90.000000001, 0", "11.2.5", 0},
    {"90.000000001, 91", "11.2.2", 0},
    {"91 0", "11.2.5", 0},
    {"100, 100", "11.2.2", 0},
    {"0, 180.000000001", "11.2.2", 3},
    {"200 300", "11.2.2", 0},
    {"35 60N 36 00E", "11.2.3", 3},
    {"35 59 60N 36 00 00E", "11.2.3", 6},
    {"4860N00920E", "11.2.3", 0},
    {"483060N0092000E", "11.2.3", 0},
    {"35.1N 36.2", "11.2.4", 4},
    {"35.1, 36.2E", "11.2.4", 10},
    {"35 07 36 30", "11.2.4", 11},
    {"35 07 00 36 30 00", "11.2.4", 17},
    {"35\xc2\xb0"
     "07', 36\xc2\xb0"
     "30'",
     "11.2.4", 0},
    {"4830 00920", "11.2.4", 0},
    {"-35.1N 36.2E", "11.2.4", 0},
    {"N35.1N 36.2E", "11.2.4", 11},
    {"35.1E 36.2E", "11.2.5", 10},
    {"35.1N 36.2S", "11.2.5", 10},
    {"136.2, 35.1", "11.2.5", 0},
    {"136.2N 35.1E", "11.2.5", 0},
    {"35.5 07N 36 07E", "11.2.6", 0},
    {"35 07.5 23N 36 07 00E", "11.2.6", 3},
    {"35 -07N 36 07E", "11.1.1", 3},
    {"35,5 236,5", "11.2.2", 5},
    {"4830N0920E", "11.2.7", 5},
    {"48300N00920E", "11.2.7", 0},
    {"4830N0092000E", "11.2.7", 5},
    {"4830N009E", "11.2.7", 5},
    {"61N 301234 3890123", "11.3.2", 0},
    {"0N 301234 3890123", "11.3.2", 0},
    {"00SBU4477187720", "11.3.2", 0},
    {"37S 301234 3890123", "11.3.4", 2},
    {"37R 301234 3890123", "11.3.4", 2},
    {"37T 500000 4427756", "11.3.4", 2},
    {"37I 301234 3890123", "11.3.4", 2},
    {"A 2000000 2000000", "11.3.4", 0},
    {"37north 99999 3890123", "11.3.5", 2},
    {"37north 900000.001 3890123", "11.3.5", 2},
    {"37north 301234 9500001", "11.3.5", 2},
    {"37south 301234 10000001", "11.3.5", 2},
    {"37north 301234 123456789012345678", "11.3.5", 2},
    {"37north 301234 3890123 7", "11.1.1", 23},
    {"37IBU4477187720", "11.4.1", 2},
    {"37SJU4477187720", "11.4.1", 2},
    {"37SBW4477187720", "11.4.1", 2},
    {"ZAQ0000000000", "11.4.1", 0},
    {"37SBU447718772", "11.4.2", 5},
    {"37SBU 4477 877", "11.4.2", 6},
    {"37SBU447710877200", "11.4.2", 5},
    {"37SBU 44.7 87.7", "11.4.2", 6},
    {"37SBU 44771 87720 1", "11.1.1", 18},
    {"37SBU 4477187720 x", "11.1.1", 17},
    {"37SBG4477187720", "11.4.4", 2},
};

static void taken(void **state) {
    (void)state;
    for (size_t i = 0; i < LEN(places); i++) {
        struct rb_coord c = {0};
        struct rb_reject rj = {0};
        enum rb_err e = rb_coord_read(rb_str(places[i].text), NULL, &c, &rj);
        if (places[i].format == RB_COORD_ANY) { /* a point and a comma as decimal marks */
            assert_int_equal(e, RB_ERR_MALFORMED);
            continue;
        }
        if (e != RB_OK)
            fail_msg("%s: %s at %d: %s", places[i].text, rj.clause, (int)rj.offset, rj.what);
        if (c.format != places[i].format || c.point.lat_nd != places[i].lat ||
            c.point.lon_nd != places[i].lon || c.half_unit_mm != places[i].half_unit_mm ||
            c.remarks != places[i].remarks)
            fail_msg("%s: format %d, %lld %lld, half %llu, remarks %u", places[i].text,
                     (int)c.format, (long long)c.point.lat_nd, (long long)c.point.lon_nd,
                     (unsigned long long)c.half_unit_mm, c.remarks);
        assert_int_equal(c.square_mm, c.format == RB_COORD_MGRS ? 2 * c.half_unit_mm : 0);
        /* half a diagonal, rounded up */
        assert_true(c.reach_mm * c.reach_mm >= 2 * c.half_unit_mm * c.half_unit_mm);
        assert_true(c.reach_mm <= c.half_unit_mm * 141422 / 100000 + 1);
    }
}

static void refusals(void **state) {
    (void)state;
    for (size_t i = 0; i < LEN(bad); i++) {
        struct rb_coord c, untouched;
        struct rb_reject rj = {0};
        memset(&c, 0x5a, sizeof c);
        untouched = c;
        enum rb_err e = rb_coord_read(rb_str(bad[i].text), NULL, &c, &rj);
        if (e == RB_OK) fail_msg("taken: %s", bad[i].text);
        assert_int_equal(e, RB_ERR_MALFORMED);
        if (strcmp(rj.clause, bad[i].clause) != 0 || rj.offset != bad[i].offset)
            fail_msg("%s: %s at %d: %s", bad[i].text, rj.clause, (int)rj.offset, rj.what);
        assert_memory_equal(&c, &untouched, sizeof c);
        assert_int_equal(rb_coord_ambiguous(&rj),
                         strcmp(rj.clause, "11.1.5") == 0 ||
                             strcmp(bad[i].text, "37S 301234 3890123") == 0);
    }
}

static void too_long(void **state) {
    (void)state;
    char text[RB_MAX_COORD_TEXT + 1];
    struct rb_coord c;
    struct rb_reject rj = {0};
    memset(text, ' ', sizeof text);
    memcpy(text, "35.1 36.2", 9);
    assert_int_equal(rb_coord_read(rb_slice(text, RB_MAX_COORD_TEXT), NULL, &c, &rj), RB_OK);
    assert_int_equal(rb_coord_read(rb_slice(text, sizeof text), NULL, &c, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "11.1.1");
    memset(text, ':', sizeof text);
    assert_int_equal(rb_coord_read(rb_slice(text, 50), NULL, &c, &rj), RB_ERR_MALFORMED);
    assert_int_equal(rj.offset, 24);
}

/* Both readings of the letter S are got by saying which; N is one place either way. */
static void asked(void **state) {
    (void)state;
    struct rb_coord_hint hint = {RB_COORD_UTM, RB_UTM_BAND};
    struct rb_coord c;
    struct rb_slice text = rb_str("37S 301234 3890123");
    assert_int_equal(rb_coord_read(text, &hint, &c, NULL), RB_OK);
    assert_int_equal(c.point.lat_nd, 35134372449);
    hint.letter = RB_UTM_HEMISPHERE;
    assert_int_equal(rb_coord_read(text, &hint, &c, NULL), RB_OK);
    assert_true(c.point.lat_nd < -55 * D && c.point.lat_nd > -56 * D);
    assert_int_equal(c.remarks, RB_COORD_OTHER_ZONE);
    text = rb_str("37N 301234 390123");
    for (hint.letter = RB_UTM_ASK; hint.letter <= RB_UTM_BAND; hint.letter++) {
        assert_int_equal(rb_coord_read(text, &hint, &c, NULL), RB_OK);
        assert_true(c.point.lat_nd > 3 * D && c.point.lat_nd < 4 * D);
    }
    hint.letter = RB_UTM_BAND;
    assert_int_equal(rb_coord_read(rb_str("37N 301234 3890123"), &hint, &c, NULL),
                     RB_ERR_MALFORMED);
}

static void named(void **state) {
    (void)state;
    static const char *const texts[] = {
        NULL,          "35.1 36.2",       "35 07N 36 30E",          "35 07 00N 36 30 00E",
        "4830N00920E", "483000N0092000E", "37north 301234 3890123", "37SBU4477187720"};
    for (int want = RB_COORD_DEG; want <= RB_COORD_MGRS; want++) {
        for (int is = RB_COORD_DEG; is <= RB_COORD_MGRS; is++) {
            struct rb_coord_hint hint = {(enum rb_coord_format)want, RB_UTM_ASK};
            struct rb_coord c;
            struct rb_reject rj = {0};
            enum rb_err e = rb_coord_read(rb_str(texts[is]), &hint, &c, &rj);
            assert_int_equal(e, want == is ? RB_OK : RB_ERR_MALFORMED);
            if (want != is) assert_string_equal(rj.clause, "11.1.4");
        }
    }
    struct rb_coord_hint hint = {RB_COORD_ICAO_DMS, RB_UTM_ASK};
    struct rb_coord c;
    assert_int_equal(rb_coord_read(rb_str("46N078W"), &hint, &c, NULL), RB_OK);
    assert_int_equal(c.format, RB_COORD_ICAO_DMS);
    assert_int_equal(rb_coord_read(rb_str("46N78W"), &hint, &c, NULL), RB_ERR_MALFORMED);
    assert_int_equal(rb_coord_read(rb_str("046N078W"), &hint, &c, NULL), RB_ERR_MALFORMED);
    hint.format = RB_COORD_MGRS_SPACED;
    assert_int_equal(rb_coord_read(rb_str(texts[RB_COORD_MGRS]), &hint, &c, NULL), RB_OK);
}

/* What is pointed out: squares beyond their zone or their band. */
static void remarks(void **state) {
    (void)state;
    static const struct {
        const char *text;
        unsigned remarks;
    } cases[] = {
        {"38NPH0000000000", 0},
        {"37SGU75", 0}, /* 42 east cuts it, west of its centre */
        {"37SGU85", RB_COORD_OTHER_ZONE},
        {"37SGU0000000000", 0},
        {"37SHU4000000000", RB_COORD_OTHER_ZONE}, /* past 42 east */
        {"36north 700000 3890123", 0},
        {"36north 800000 3890123", RB_COORD_OTHER_ZONE},
        {"31north 600000 6700000", RB_COORD_OTHER_ZONE}, /* Norway: zone 32 has it */
        {"north 2000000 1320000", RB_COORD_OTHER_ZONE},  /* below 84 north */
        {"37SDE0000027500", 0},                          /* just below 40 north */
        {"37SDE0000099999", RB_COORD_OTHER_BAND},        /* just above it */
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct rb_coord c;
        struct rb_reject rj = {0};
        if (rb_coord_read(rb_str(cases[i].text), NULL, &c, &rj) != RB_OK)
            fail_msg("%s: %s", cases[i].text, rj.what);
        if (c.remarks != cases[i].remarks) fail_msg("%s: %u", cases[i].text, c.remarks);
    }
}

/* ---- writing ---- */

static void written(void **state) {
    (void)state;
    static const struct {
        int64_t lat, lon;
        enum rb_coord_format format;
        unsigned digits;
        int zone;
        const char *text;
    } cases[] = {
        {35123456789, -36500000000, RB_COORD_DEG, 6, -1, "35.123457, -36.500000"},
        {35123456789, -36500000000, RB_COORD_DEG, 9, -1, "35.123456789, -36.500000000"},
        {500000000, 1500000000, RB_COORD_DEG, 0, -1, "0, 2"}, /* halves to even */
        {-400000000, -1, RB_COORD_DEG, 0, -1, "0, 0"},        /* no minus before zero */
        {-1, -1, RB_COORD_DM, 2, -1, "00 00.00N 000 00.00E"},
        {-1, -1, RB_COORD_DM, 8, -1, "00 00.00000006S 000 00.00000006W"},
        {35123000000, 36500000000, RB_COORD_DM, 2, -1, "35 07.38N 036 30.00E"},
        {35999999999, -179999999999, RB_COORD_DM, 2, -1, "36 00.00N 180 00.00W"},
        {35999999999, 59999999999, RB_COORD_DMS, 1, -1, "36 00 00.0N 060 00 00.0E"},
        {35123166667, 36500000000, RB_COORD_DMS, 1, -1, "35 07 23.4N 036 30 00.0E"},
        {48500000000, 9333333333, RB_COORD_ICAO_DM, 0, -1, "4830N00920E"},
        {-48500000000, 9333333333, RB_COORD_ICAO_DMS, 0, -1, "483000S0092000E"},
        {48500138889, -9333472222, RB_COORD_ICAO_DMS, 1, -1, "483000.5N0092000.5W"},
        {35100000000, 36200000000, RB_COORD_UTM, 0, -1, "37north 244772 3887720"},
        {35100000000, 36200000000, RB_COORD_UTM, 3, -1, "37north 244771.908 3887720.423"},
        {35100000000, 36200000000, RB_COORD_UTM, 0, 36, "36north 791701 3888820"},
        {90 * D, 12345, RB_COORD_UTM, 0, -1, "north 2000000 2000000"},
        {-90 * D, 12345, RB_COORD_MGRS, 5, -1, "BAN0000000000"},
        {35100000000, 36200000000, RB_COORD_MGRS, 5, -1, "37SBU4477187720"},
        {35100000000, 36200000000, RB_COORD_MGRS, 0, -1, "37SBU"},
        {35100000000, 36200000000, RB_COORD_MGRS_SPACED, 3, -1, "37S BU 447 877"},
        {35100000000, 36200000000, RB_COORD_MGRS_SPACED, 0, -1, "37S BU"},
        {0, -180 * D, RB_COORD_MGRS, 5, -1, "01NAA6602100000"},
        {0, 180 * D, RB_COORD_MGRS, 5, -1, "01NAA6602100000"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        char room[64];
        struct rb_writer w = rb_writer(room, sizeof room);
        struct rb_point p = {cases[i].lat, cases[i].lon};
        assert_int_equal(rb_coord_put(&w, p, cases[i].format, cases[i].digits, cases[i].zone),
                         RB_OK);
        assert_string_equal(rb_writer_z(&w), cases[i].text);
        /* every smaller room shows it */
        for (size_t cap = 0; cap < strlen(cases[i].text); cap++) {
            char *small = malloc(cap + 1);
            assert_non_null(small);
            struct rb_writer s = rb_writer(small, cap);
            assert_int_equal(rb_coord_put(&s, p, cases[i].format, cases[i].digits, cases[i].zone),
                             RB_OK);
            assert_true(s.over);
            free(small);
        }
    }
}

static void not_written(void **state) {
    (void)state;
    static const struct {
        int64_t lat, lon;
        int format;
        unsigned digits;
        int zone;
    } cases[] = {
        {0, 0, RB_COORD_ANY, 0, -1},
        {0, 0, 9, 0, -1},
        {0, 0, RB_COORD_DEG, 10, -1},
        {0, 0, RB_COORD_DM, 9, -1},
        {0, 0, RB_COORD_DMS, 8, -1},
        {0, 0, RB_COORD_UTM, 4, -1},
        {0, 0, RB_COORD_MGRS, 6, -1},
        {90 * D + 1, 0, RB_COORD_DEG, 0, -1},
        {0, -180 * D - 1, RB_COORD_DEG, 0, -1},
        {INT64_MIN, INT64_MIN, RB_COORD_DEG, 0, -1},
        {0, 0, RB_COORD_UTM, 0, 61},
        {0, 0, RB_COORD_UTM, 0, -2},
        {0, 0, RB_COORD_UTM, 0, 37},
        {0, 0, RB_COORD_UTM, 0, 0}, /* out of their reach */
        {90 * D, 0, RB_COORD_MGRS, 5, 31},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        char room[64];
        struct rb_writer w = rb_writer(room, sizeof room);
        struct rb_point p = {cases[i].lat, cases[i].lon};
        if (rb_coord_put(&w, p, (enum rb_coord_format)cases[i].format, cases[i].digits,
                         cases[i].zone) != RB_ERR_USAGE)
            fail_msg("case %zu is written", i);
    }
    struct rb_grid g = {37, true, 0, 0};
    struct rb_point p;
    assert_int_equal(rb_grid_to_point(&g, &p), RB_ERR_USAGE);
    g = (struct rb_grid){-1, true, 500000000000, 0};
    assert_int_equal(rb_grid_to_point(&g, &p), RB_ERR_USAGE);
    g = (struct rb_grid){1, true, 500000000000, INT64_MIN};
    assert_int_equal(rb_grid_to_point(&g, &p), RB_ERR_USAGE);
}

static void digits(void **state) {
    (void)state;
    assert_int_equal(rb_coord_digits(RB_COORD_DEG, 200000000), 0);
    assert_int_equal(rb_coord_digits(RB_COORD_DEG, 10000), 5); /* 1.1 m; four digits are 11 m */
    assert_int_equal(rb_coord_digits(RB_COORD_DEG, 1), 9);
    assert_int_equal(rb_coord_digits(RB_COORD_DEG, 0), 9);
    assert_int_equal(rb_coord_digits(RB_COORD_DM, 20000), 2);
    assert_int_equal(rb_coord_digits(RB_COORD_DMS, 5000), 1);
    assert_int_equal(rb_coord_digits(RB_COORD_UTM, 1000), 0);
    assert_int_equal(rb_coord_digits(RB_COORD_UTM, 999), 1);
    assert_int_equal(rb_coord_digits(RB_COORD_MGRS, 1000), 5);
    assert_int_equal(rb_coord_digits(RB_COORD_MGRS, 999999), 3);
    assert_int_equal(rb_coord_digits(RB_COORD_ANY, 1), 0);
}

/* ---- every prefix, every changed byte ---- */

/* in a room of its own, so that a read past the end is seen */
static void either(struct rb_slice text) {
    uint8_t *exact = malloc(text.n + 1);
    struct rb_coord c;
    struct rb_reject rj = {0};
    assert_non_null(exact);
    memcpy(exact, text.p, text.n);
    enum rb_err e = rb_coord_read(rb_slice(exact, text.n), NULL, &c, &rj);
    if (e == RB_OK) {
        char room[64];
        struct rb_coord again;
        struct rb_writer w = rb_writer(room, sizeof room);
        assert_int_equal(rb_coord_put(&w, c.point, RB_COORD_DMS, 7, RB_ZONE_STANDARD), RB_OK);
        assert_int_equal(rb_coord_read(rb_written(&w), NULL, &again, NULL), RB_OK);
        assert_int_equal(again.point.lat_nd, c.point.lat_nd);
        assert_int_equal(again.point.lon_nd, c.point.lon_nd);
    } else {
        assert_int_equal(e, RB_ERR_MALFORMED);
        assert_int_equal(strncmp(rj.clause, "11.", 3), 0);
        assert_true(strlen(rj.what) > 0);
        assert_true(rj.offset <= text.n);
    }
    free(exact);
}

static void prefixes_and_slips(void **state) {
    (void)state;
    static const char slips[] = " .,-:/'\"+NSEWABZm0159\xc2\xff";
    for (size_t i = 0; i < LEN(places); i++) {
        char text[RB_MAX_COORD_TEXT];
        size_t n = strlen(places[i].text);
        memcpy(text, places[i].text, n);
        for (size_t k = 0; k <= n; k++)
            either(rb_slice(text, k));
        for (size_t k = 0; k < n; k++) {
            for (size_t s = 0; s + 1 < sizeof slips; s++) {
                text[k] = slips[s];
                either(rb_slice(text, n));
            }
            text[k] = places[i].text[k];
        }
    }
}

/* ---- heights, lengths, bearings ---- */

static void heights(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t mm;
        enum rb_datum datum;
        enum rb_unit unit;
        uint64_t half;
    } good[] = {
        {"900m amsl", 900000, RB_DATUM_AMSL, RB_UNIT_M, 500},
        {"3000 ft MSL", 914400, RB_DATUM_AMSL, RB_UNIT_FT, 153},
        {"120m agl", 120000, RB_DATUM_AGL, RB_UNIT_M, 500},
        {"1000ft wgs84", 304800, RB_DATUM_WGS84, RB_UNIT_FT, 153},
        {"1000ft WGS 84", 304800, RB_DATUM_WGS84, RB_UNIT_FT, 153},
        {"-12.5 m hae", -12500, RB_DATUM_WGS84, RB_UNIT_M, 50},
        {"12,5 m agl", 12500, RB_DATUM_AGL, RB_UNIT_M, 50},
        {"0.0005m agl", 0, RB_DATUM_AGL, RB_UNIT_M, 1}, /* halves to even */
        {"0.0015m agl", 2, RB_DATUM_AGL, RB_UNIT_M, 1},
        {"FL250", 250000, RB_DATUM_FL, RB_UNIT_FL, 0},
        {"fl 050", 50000, RB_DATUM_FL, RB_UNIT_FL, 0},
        {"SFC", 0, RB_DATUM_AGL, RB_UNIT_M, 0},
        {"gnd", 0, RB_DATUM_AGL, RB_UNIT_M, 0},
        {"1000000 m amsl", 1000000000, RB_DATUM_AMSL, RB_UNIT_M, 500},
    };
    static const struct {
        const char *text, *clause;
        uint64_t offset;
    } poor[] = {
        {"", "11.1.1", 0},
        {"amsl", "11.6.1", 0},
        {"900", "11.6.1", 3},
        {"900 amsl", "11.6.1", 4},
        {"5km amsl", "11.6.1", 1},
        {"- 5m amsl", "11.6.1", 0},
        {"900m", "11.6.3", 4},
        {"900m qnh", "11.6.3", 5},
        {"900m amsl x", "11.1.1", 10},
        {"3,000 ft agl", "11.1.5", 0},
        {"1,0,0 ft agl", "11.1.5", 3},
        {"1000001m amsl", "11.6.2", 0},
        {"123456789012345678m amsl", "11.6.2", 0},
        {"FL", "11.6.4", 2},
        {"FL1000", "11.6.4", 2},
        {"FL25.5", "11.6.4", 2},
        {"FL250 m", "11.1.1", 6},
        {"SFC 3", "11.1.1", 4},
        {"UNL x", "11.1.1", 4},
        {"900m wgs85", "11.6.3", 5},
    };
    for (size_t i = 0; i < LEN(good); i++) {
        struct rb_height h = {0};
        struct rb_reject rj = {0};
        if (rb_height_read(rb_str(good[i].text), NULL, &h, &rj) != RB_OK)
            fail_msg("%s: %s %s", good[i].text, rj.clause, rj.what);
        assert_false(h.limit.open);
        assert_int_equal(h.limit.mm, good[i].mm);
        assert_int_equal(h.limit.datum, good[i].datum);
        assert_int_equal(h.unit, good[i].unit);
        assert_int_equal(h.half_unit_mm, good[i].half);
    }
    for (size_t i = 0; i < LEN(poor); i++) {
        struct rb_height h;
        struct rb_reject rj = {0};
        assert_int_equal(rb_height_read(rb_str(poor[i].text), NULL, &h, &rj), RB_ERR_MALFORMED);
        if (strcmp(rj.clause, poor[i].clause) != 0 || rj.offset != poor[i].offset)
            fail_msg("%s: %s at %d: %s", poor[i].text, rj.clause, (int)rj.offset, rj.what);
    }
    struct rb_height h;
    enum rb_datum given = RB_DATUM_AMSL;
    assert_int_equal(rb_height_read(rb_str("UNL"), NULL, &h, NULL), RB_OK);
    assert_true(h.limit.open);
    assert_int_equal(rb_height_read(rb_str("3000 ft"), &given, &h, NULL), RB_OK);
    assert_int_equal(h.limit.datum, RB_DATUM_AMSL);
    assert_int_equal(rb_height_read(rb_str("3000 ft agl"), &given, &h, NULL), RB_OK);
    assert_int_equal(h.limit.datum, RB_DATUM_AGL);
    given = RB_DATUM_FL;
    assert_int_equal(rb_height_read(rb_str("3000 ft"), &given, &h, NULL), RB_ERR_MALFORMED);
}

static void heights_written(void **state) {
    (void)state;
    static const struct {
        struct rb_alt_limit limit;
        enum rb_unit unit;
        unsigned digits;
        const char *text; /* NULL: refused */
    } cases[] = {
        {{false, 900000, RB_DATUM_AMSL}, RB_UNIT_M, RB_DIGITS_SHORTEST, "900m amsl"},
        {{false, 914400, RB_DATUM_AMSL}, RB_UNIT_FT, RB_DIGITS_SHORTEST, "3000ft amsl"},
        {{false, 914401, RB_DATUM_WGS84}, RB_UNIT_FT, RB_DIGITS_SHORTEST, "3000.003ft wgs84"},
        {{false, -1500, RB_DATUM_AGL}, RB_UNIT_M, 0, "-2m agl"},
        {{false, -500, RB_DATUM_AGL}, RB_UNIT_M, 0, "0m agl"},
        {{false, 1, RB_DATUM_AGL}, RB_UNIT_M, 3, "0.001m agl"},
        {{false, 50000, RB_DATUM_FL}, RB_UNIT_FL, 0, "FL050"},
        {{true, 0, RB_DATUM_AGL}, RB_UNIT_M, 0, "UNL"},
        {{false, 1, RB_DATUM_AGL}, RB_UNIT_M, 4, NULL},
        {{false, 1, RB_DATUM_AGL}, RB_UNIT_KM, 0, NULL},
        {{false, 1500, RB_DATUM_FL}, RB_UNIT_FL, 0, NULL},
        {{false, 1000000, RB_DATUM_FL}, RB_UNIT_FL, 0, NULL},
        {{false, -1000, RB_DATUM_FL}, RB_UNIT_FL, 0, NULL},
        {{false, 0, (enum rb_datum)4}, RB_UNIT_M, 0, NULL},
        {{false, INT64_MIN, RB_DATUM_AGL}, RB_UNIT_M, 0, "-9223372036854776m agl"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        char room[64];
        struct rb_writer w = rb_writer(room, sizeof room);
        enum rb_err e = rb_height_put(&w, &cases[i].limit, cases[i].unit, cases[i].digits);
        assert_int_equal(e, cases[i].text == NULL ? RB_ERR_USAGE : RB_OK);
        if (cases[i].text != NULL) assert_string_equal(rb_writer_z(&w), cases[i].text);
    }
}

static void lengths(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t mm;
        enum rb_unit unit;
        const char *again, *clause;
    } cases[] = {
        {"5km", 5000000, RB_UNIT_KM, "5km", NULL},
        {"2nm", 3704000, RB_UNIT_NM, "2nm", NULL},
        {"2 NMI", 3704000, RB_UNIT_NM, "2nm", NULL},
        {"900ft", 274320, RB_UNIT_FT, "900ft", NULL},
        {"1500 m", 1500000, RB_UNIT_M, "1500m", NULL},
        {"1.5 Km", 1500000, RB_UNIT_KM, "1.5km", NULL},
        {"1,5 km", 1500000, RB_UNIT_KM, "1.5km", NULL},
        {"7mm", 7, RB_UNIT_MM, "7mm", NULL},
        {"18797800000mm", 18797800000, RB_UNIT_MM, "18797800000mm", NULL},
        {"100000000000mm", 100000000000, RB_UNIT_MM, "100000000000mm", NULL},
        {"100000000001mm", 0, 0, NULL, "11.6.2"},
        {"999999999999999999nm", 0, 0, NULL, "11.6.2"},
        {"100000km", 100000000000, RB_UNIT_KM, "100000km", NULL},
        {"100001km", 0, 0, NULL, "11.6.2"},
        {"-5km", 0, 0, NULL, "11.6.1"},
        {"5", 0, 0, NULL, "11.6.1"},
        {"5 miles", 0, 0, NULL, "11.6.1"},
        {"5km x", 0, 0, NULL, "11.1.1"},
        {"1,500 m", 0, 0, NULL, "11.1.5"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct rb_length n;
        struct rb_reject rj = {0};
        char room[64];
        struct rb_writer w = rb_writer(room, sizeof room);
        enum rb_err e = rb_length_read(rb_str(cases[i].text), &n, &rj);
        if (cases[i].clause != NULL) {
            assert_int_equal(e, RB_ERR_MALFORMED);
            assert_string_equal(rj.clause, cases[i].clause);
            continue;
        }
        if (e != RB_OK) fail_msg("%s: %s", cases[i].text, rj.what);
        assert_int_equal(n.mm, cases[i].mm);
        assert_int_equal(n.unit, cases[i].unit);
        assert_int_equal(rb_length_put(&w, n.mm, n.unit, RB_DIGITS_SHORTEST), RB_OK);
        assert_string_equal(rb_writer_z(&w), cases[i].again);
    }
    char room[64];
    struct rb_writer w = rb_writer(room, sizeof room);
    assert_int_equal(rb_length_put(&w, 1, RB_UNIT_FL, 0), RB_ERR_USAGE);
    assert_int_equal(rb_length_put(&w, 1, RB_UNIT_M, 8), RB_ERR_USAGE);
    assert_int_equal(rb_length_put(&w, UINT64_MAX, RB_UNIT_MM, 7), RB_ERR_USAGE);
}

static void bearings(void **state) {
    (void)state;
    static const struct {
        uint64_t mm, value;
        unsigned decimals;
        enum rb_unit unit;
    } far[] = {
        {0, 0, 0, RB_UNIT_M},
        {499, 0, 0, RB_UNIT_M},
        {1501, 2, 0, RB_UNIT_M},
        {99499, 99, 0, RB_UNIT_M},
        {99500, 100, 0, RB_UNIT_M},
        {123456, 120, 0, RB_UNIT_M},
        {994999, 990, 0, RB_UNIT_M},
        {995000, 10, 1, RB_UNIT_KM},
        {4213000, 42, 1, RB_UNIT_KM},
        {9949999, 99, 1, RB_UNIT_KM},
        {9950000, 10, 0, RB_UNIT_KM},
        {42499999, 42, 0, RB_UNIT_KM},
        {99500000, 100, 0, RB_UNIT_KM},
        {123456789, 120, 0, RB_UNIT_KM},
        {20003931000, 20000, 0, RB_UNIT_KM},
    };
    for (size_t i = 0; i < LEN(far); i++) {
        struct rb_bearing_words b = rb_bearing_words(far[i].mm, 0);
        assert_int_equal(b.value, far[i].value);
        assert_int_equal(b.decimals, far[i].decimals);
        assert_int_equal(b.unit, far[i].unit);
        assert_int_equal(b.wind, 0);
    }
    for (unsigned wind = 0; wind < 16; wind++) {
        int64_t middle = (int64_t)wind * 22500000000;
        for (int64_t turn = -2; turn <= 2; turn++) {
            int64_t a = middle + turn * 360 * D;
            assert_int_equal(rb_bearing_words(1000, a).wind, wind);
            assert_int_equal(rb_bearing_words(1000, a - 11250000000).wind, wind);
            assert_int_equal(rb_bearing_words(1000, a + 11249999999).wind, wind);
            assert_int_equal(rb_bearing_words(1000, a + 11250000000).wind, (wind + 1) % 16);
        }
    }
    assert_string_equal(rb_wind_name(0), "N");
    assert_string_equal(rb_wind_name(2), "NE");
    assert_string_equal(rb_wind_name(15), "NNW");
    (void)rb_bearing_words(UINT64_MAX, INT64_MIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken),    cmocka_unit_test(refusals),
        cmocka_unit_test(too_long), cmocka_unit_test(asked),
        cmocka_unit_test(named),    cmocka_unit_test(remarks),
        cmocka_unit_test(written),  cmocka_unit_test(not_written),
        cmocka_unit_test(digits),   cmocka_unit_test(prefixes_and_slips),
        cmocka_unit_test(heights),  cmocka_unit_test(heights_written),
        cmocka_unit_test(lengths),  cmocka_unit_test(bearings),
    };
    return cmocka_run_group_tests_name("coord", tests, NULL, NULL);
}
