/* Site lists (spec 12.6): files as spreadsheets write them, each refusal and each thing pointed
 * out, and rows that come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "readback/sitelist.h"

#define D RB_NANODEG

static uint8_t room[4u << 20] __attribute__((aligned(16)));
static struct rb_sitelist list;
static struct rb_site_row rows[64];
static size_t rows_n;
static const struct rb_site_options hundred = {.radius_mm = 100000, .near_mm = 200000};

static enum rb_err read_bytes(struct rb_slice file, const struct rb_site_options *how,
                              struct rb_reject *rj) {
    static struct rb_arena a;
    a = rb_arena(room, sizeof room);
    rows_n = 0;
    RB_TRY(rb_sitelist_open(&list, file, how, &a, rj));
    for (bool more = true;; rows_n++) {
        assert_true(rows_n < sizeof rows / sizeof *rows);
        RB_TRY(rb_sitelist_next(&list, &rows[rows_n], &more, rj));
        if (!more) return RB_OK;
    }
}

static void reads(const char *file, size_t n) {
    struct rb_reject rj = {0};
    if (read_bytes(rb_str(file), &hundred, &rj) != RB_OK)
        fail_msg("%s: %s %s", file, rj.clause, rj.what);
    assert_int_equal(rows_n, n);
    for (size_t i = 0; i < n; i++)
        if (!rows[i].ok)
            fail_msg("row %zu %s: %s %s\n%s", rows[i].row,
                     rb_site_column_name(rows[i].findings[0].column), rows[i].findings[0].clause,
                     rows[i].findings[0].what, file);
}

static void at(size_t i, int64_t lat, int64_t lon) {
    if (rows[i].volume.center.lat_nd != lat || rows[i].volume.center.lon_nd != lon)
        fail_msg("row %zu: %lld %lld", rows[i].row, (long long)rows[i].volume.center.lat_nd,
                 (long long)rows[i].volume.center.lon_nd);
}

static void as_spreadsheets_write_them(void **state) {
    (void)state;
    reads("name,latitude,longitude\nA,35.1,36.5\nB,-35.1,-36.5\n", 2);
    at(0, 35100000000, 36500000000);
    at(1, -35100000000, -36500000000);
    assert_int_equal(rows[1].row, 3);
    /* semicolons, decimal commas, byte order mark, CR LF, empty rows, trailing empty cells */
    reads("\xef\xbb\xbf"
          "Longitude;Name;Radius (km);Latitude;Other\r\n36,5;\"Hospital; "
          "\"\"A\"\"\";1,5;35,123;x;;\r\n"
          ";;;\r\n\r\n36,6;B;;35,2\r\n",
          2);
    at(0, 35123000000, 36500000000);
    assert_true(rb_slice_is(rows[0].name, "Hospital; \"A\""));
    assert_int_equal(rows[0].volume.radius_mm, 1500000);
    assert_int_equal(rows[1].volume.radius_mm, 100000);
    assert_int_equal(rows[1].row, 5);
    assert_int_equal(list.unknown_n, 1);
    assert_true(rb_slice_is(list.unknown[0], "Other"));
    /* a comma file quotes its decimal commas; the line that says the separator */
    reads("name,lat,lon\nA,\"35,5\",\"36,5\"\n", 1);
    at(0, 35500000000, 36500000000);
    reads("sep=\t\r\nname\tlat\tlon\r\nA;B\t35.5\t36.5", 1);
    assert_true(rb_slice_is(rows[0].name, "A;B"));
    assert_int_equal(rows[0].row, 3);
    /* lines ended by CR alone; a line break within a cell */
    reads("name,lat,lon,notes\rA,35.5,36.5,\"two\nlines\"\rB,35.6,36.5,\r", 2);
    assert_true(rb_slice_is(rows[0].notes, "two\nlines"));
}

static void headings_in_four_languages(void **state) {
    (void)state;
    reads("الاسم;خط العرض;خط الطول;نصف القطر;ملاحظات\nمشفى;٣٥٫١;٣٦٫٥;٢٠٠;ليل\n", 1);
    at(0, 35100000000, 36500000000);
    assert_int_equal(rows[0].volume.radius_mm, 200000);
    assert_true(rb_slice_is(rows[0].name, "مشفى"));
    reads("НАЗВАНИЕ;Широта;Долгота;Точность;Дата\nА;35,1;36,5;10;12.03.2026\n", 1);
    assert_int_equal(rows[0].volume.accuracy_mm, 10000);
    assert_int_equal(rows[0].volume.surveyed_utc_ms, 1773273600000);
    reads("Nom du site;COORDONNÉES;Précision_m;Déclaré par\nA;35°07'30\"N 036°30'00\"E;5;MSF\n", 1);
    at(0, 35125000000, 36500000000);
    assert_true(rb_slice_is(rows[0].volume.declared_by, "MSF"));
    reads("Site,MGRS,Survey Date\nA,37S BU 01234 90123,2026-03-12\nB,37SBU0223490123,"
          "2026-03-12T10:00:00+03:00\n",
          2);
    assert_int_equal(rows[1].volume.surveyed_utc_ms, 1773298800000);
    assert_true(rb_slice_is(rows[0].volume.as_entered, "37S BU 01234 90123"));
}

static void files_refused(void **state) {
    (void)state;
    static const struct {
        const char *file, *clause;
        size_t n;
    } files[] = {
        {"\xff\xfen\0a\0m\0e\0", "12.6.1", 10},
        {"PK\x03\x04xx", "12.6.1", 6},
        {"name,lat,lon\nH\xf4pital,1,2", "12.6.1", 24},
        {"name,lat,lon\nA\0,1,2", "12.6.1", 19},
        {"", "12.6.3", 0},
        {"name,lat\nA,1", "12.6.3", 12},
        {"lat,lon\n1,2", "12.6.3", 11},
        {"name,lat,lon,x\nA,1,2,3", "12.6.3", 22},
        {"name,lat,lon\n\"A,1,2", "12.6.2", 19},
        {"name,lat,lon\n\"A\" b,1,2", "12.6.2", 22},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct rb_reject rj = {0};
        const enum rb_err e = read_bytes(rb_slice(files[i].file, files[i].n), &hundred, &rj);
        if (e != RB_ERR_MALFORMED || strcmp(rj.clause, files[i].clause) != 0)
            fail_msg("file %zu: %s %s", i, rj.clause, rj.what);
    }
}

#define HEAD "name,lat,lon,radius,accuracy,surveyed,place,declared by\n"
static void rows_refused(void **state) {
    (void)state;
    static const struct {
        const char *row, *clause;
        enum rb_site_column column;
    } cases[] = {
        {",1,2", "12.6.4", RB_SITE_NAME},
        {"A\x7f,1,2", "3.5.5", RB_SITE_NAME},
        {"A,,", "12.6.5", RB_SITE_LATITUDE},
        {"A,1,", "12.6.5", RB_SITE_LONGITUDE},
        {"A,1,2,,,,3N 4E", "12.6.5", RB_SITE_PLACE},
        {"A,91,2", "11.2.5", RB_SITE_LATITUDE},
        {"A,north,2", "11.2.1", RB_SITE_LATITUDE},
        {"A,1,2,large", "11.6.1", RB_SITE_RADIUS},
        {"A,1,2,\"1,500\"", "11.1.5", RB_SITE_RADIUS}, /* thousands? */
        {"A,1,2,0", "12.6.6", RB_SITE_RADIUS},
        {"A,1,2,,,12/03/2026", "12.6.7", RB_SITE_SURVEYED},
        {"A,1,2,,,31.02.2026", "12.6.7", RB_SITE_SURVEYED},
        {"A,1,2,,,2026-3-12", "12.6.7", RB_SITE_SURVEYED},
        {"A,1,2,,,,,,x", "12.6.2", RB_SITE_NAME},
        {"A,1,2,30000km", "3.7.3", RB_SITE_NAME},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char file[200];
        struct rb_reject rj = {0};
        (void)snprintf(file, sizeof file, HEAD "%s\nB,1,2\n", cases[i].row);
        assert_int_equal(read_bytes(rb_str(file), &hundred, &rj), RB_OK);
        assert_int_equal(rows_n, 2);
        assert_true(rows[1].ok); /* the others go on */
        if (rows[0].ok || rows[0].findings_n == 0) fail_msg("%s was taken", cases[i].row);
        const struct rb_site_finding *f = &rows[0].findings[0];
        if (!f->refused || f->column != cases[i].column || strcmp(f->clause, cases[i].clause) != 0)
            fail_msg("%s: %s %s", cases[i].row, f->clause, f->what);
    }
    const struct rb_site_options none = {0};
    assert_int_equal(read_bytes(rb_str("name,lat,lon\nA,1,2"), &none, NULL), RB_OK);
    assert_string_equal(rows[0].findings[0].clause, "12.6.6");
}

static bool told(size_t i, const char *words, size_t other) {
    for (size_t k = 0; k < rows[i].findings_n; k++) {
        const struct rb_site_finding *f = &rows[i].findings[k];
        if (strstr(f->what, words) != NULL && f->other_row == other && !f->refused) return true;
    }
    return false;
}

static void pointed_out(void **state) {
    (void)state;
    static const struct rb_site_known old[] = {
        {.name = {(const uint8_t *)"Clinic", 6}, .point = {35 * D, 40 * D}}};
    const struct rb_site_options how = {.radius_mm = 2000000,
                                        .near_mm = 200000,
                                        .has_theatre = true,
                                        .theatre = {32 * D, 35 * D, 38 * D, 49 * D},
                                        .registered = old,
                                        .registered_n = 1};
    assert_int_equal(read_bytes(rb_str("name,lat,lon\n"
                                       "One,35.1,36.5\n"
                                       "  one ,36.1,37.5\n"        /* 3: the name of 2 */
                                       "Three,35.1017,36.5\n"      /* 4: 189 m from 2 */
                                       "Four,35.1,36.5025\n"       /* 5: 228 m from 2 */
                                       "CLINIC,35.0,40.0018\n"     /* 6: registered, 164 m */
                                       "Six,36.5,33.0\n"           /* 7: outside */
                                       "Seven,39.5,36.75\n"        /* 8: swapped? outside both */
                                       "Eight,36.123456789,36.1\n" /* 9: too fine? coarse half */
                                       "Nine,40.5,37.25\n"         /* 10: swapped */
                                       "Ten,0,0\n"
                                       "Eleven,35.12345678,36.12345678\n"),
                                &how, NULL),
                     RB_OK);
    assert_int_equal(rows_n, 11);
    assert_false(told(0, "same name", 0));
    assert_true(told(1, "same name as in another", 2));
    assert_true(told(2, "close to the site of another", 2));
    assert_false(told(3, "close", 2));
    assert_false(told(3, "close", 4));
    assert_true(told(4, "registered close by: is this a correction", 0));
    assert_false(told(4, "is registered already", 0));              /* not said twice */
    assert_true(told(5, "outside of the theatre, inside with", 0)); /* 33.0 N 36.5 E */
    assert_true(told(6, "outside", 0));
    assert_true(told(8, "swapped", 0));
    assert_true(told(9, "are 0", 0));
    assert_true(told(10, "centimetre or finer", 0));
    assert_false(told(0, "centimetre", 0));
    /* 35.1 is written to 0.05 degree, 5.6 km: coarser than the radius */
    assert_true(told(0, "coarsely", 0) && !told(10, "coarsely", 0));
}

/* The very same is told apart from what is only alike, and found behind any number of others. */
static void the_very_same(void **state) {
    (void)state;
    static struct rb_site_known old[40];
    for (size_t i = 0; i < 40; i++)
        old[i] = (struct rb_site_known){.name = rb_str("Crowd"), .point = {35 * D, 40 * D}};
    old[37].name = rb_str("Clinic");
    old[38] = (struct rb_site_known){
        .name = rb_str("Tent"), .point = {36 * D, 40 * D}, .whose = RB_SITE_DRAFT};
    const struct rb_site_options how = {
        .radius_mm = 2000000, .near_mm = 200000, .registered = old, .registered_n = 40};
    assert_int_equal(read_bytes(rb_str("name,lat,lon\n"
                                       "clinic,35,40\n"
                                       "TENT,36.0,40.0\n"
                                       "Tent,36.5,40.5\n"
                                       " tent,36.5,40.5\n"
                                       "Tent,36.5001,40.5001\n"),
                                &how, NULL),
                     RB_OK);
    assert_int_equal(rows[0].findings_n, RB_MAX_SITE_FINDINGS);
    assert_int_equal(rows[0].findings[RB_MAX_SITE_FINDINGS - 1].twin, RB_SITE_SAME);
    assert_true(told(0, "coarsely", 0)); /* what is odd about the place comes first */
    assert_int_equal(rows[0].findings[1].twin, RB_SITE_NEAR);
    assert_true(told(1, "waits as a draft already", 0));
    assert_int_equal(rows[1].findings[1].whose, RB_SITE_DRAFT);
    assert_int_equal(rows[2].findings[1].twin, RB_SITE_SAME_NAME);
    assert_true(told(2, "of the same name waits as a draft", 0));
    assert_true(told(3, "the same name and point as in another row", 4));
    assert_true(told(4, "the same name as in another row, and close to its site", 4));
    assert_true(told(3, "the same name as in another row", 3)); /* of row 3 the name alone */
}

/* findings are static words: no text of the row is in them */
static void findings_are_mute(void **state) {
    (void)state;
    assert_int_equal(
        read_bytes(rb_str("name,lat,lon,radius\nSECRET,77.777777777,7x7,7y7\n"), &hundred, NULL),
        RB_OK);
    assert_true(rows[0].findings_n >= 2);
    for (size_t k = 0; k < rows[0].findings_n; k++) {
        assert_null(strstr(rows[0].findings[k].what, "SECRET"));
        assert_null(strstr(rows[0].findings[k].what, "7"));
    }
}

static void rows_come_back(void **state) {
    (void)state;
    static const char *const words[] = {
        "a",   "=1+1",     "'=x",      "''@y",       "it's", "-5",     "+963", "\"q\"",
        "a;b", "a,b  c d", "'quoted'", "two\nlines", "'",    "مشفى ب", "@",    "x=y"};
    static char file[20000];
    for (int i = 0; i < 6; i++) {
        struct rb_writer w = rb_writer(file, sizeof file);
        struct rb_sitelist_writer l = {&w, (uint8_t) ";,\t"[i % 3], i >= 3 && i % 3 != 1};
        uint64_t remarks = 0;
        rb_sitelist_put_begin(&l);
        for (size_t k = 0; k < 16; k++) {
            const int64_t n = (int64_t)k;
            struct rb_volume v = {.shape = RB_SHAPE_CIRCLE,
                                  .center = {-80 * D + n * 10123456789, n * 7000000001 - 50 * D},
                                  .radius_mm = 1 + k * 777,
                                  .accuracy_mm = k * 13,
                                  .floor = {.open = true},
                                  .ceiling = {.open = true},
                                  .has_surveyed = k % 2 == 0,
                                  .surveyed_utc_ms = k % 4 == 0 ? 1773273600000 : 1773273600250,
                                  .declared_by = rb_str(k == 11 ? "x" : words[k])};
            assert_int_equal(rb_sitelist_put(&l, v.declared_by, rb_str(words[k]), &v, &remarks),
                             RB_OK);
        }
        assert_int_equal(remarks, 0);
        reads(rb_writer_z(&w), 16);
        for (size_t k = 0; k < 16; k++) {
            const int64_t n = (int64_t)k;
            at(k, -80 * D + n * 10123456789, n * 7000000001 - 50 * D);
            assert_int_equal(rows[k].volume.radius_mm, 1 + k * 777);
            assert_int_equal(rows[k].volume.accuracy_mm, k * 13);
            assert_int_equal(rows[k].volume.has_surveyed, k % 2 == 0);
            assert_true(rb_slice_is(rows[k].notes, words[k]));
            assert_true(rb_slice_is(rows[k].name, k == 11 ? "x" : words[k]));
        }
    }
    struct rb_writer w = rb_writer(file, sizeof file);
    struct rb_sitelist_writer l = {&w, ';', false};
    struct rb_volume v = {.shape = RB_SHAPE_POLYGON};
    uint64_t remarks = 0;
    assert_int_equal(rb_sitelist_put(&l, rb_str("a"), rb_str(""), &v, &remarks),
                     RB_ERR_UNSUPPORTED);
    assert_int_equal(w.n, 0);
    v = (struct rb_volume){.radius_mm = 1, .has_to = true, .ceiling = {.open = true}};
    assert_int_equal(rb_sitelist_put(&l, rb_str("a"), rb_str(""), &v, &remarks), RB_OK);
    assert_true(remarks == (1ull << RB_REMARK_BAND_UNSEEN | 1ull << RB_REMARK_TIMES_UNSEEN));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_spreadsheets_write_them),
        cmocka_unit_test(headings_in_four_languages),
        cmocka_unit_test(files_refused),
        cmocka_unit_test(rows_refused),
        cmocka_unit_test(pointed_out),
        cmocka_unit_test(the_very_same),
        cmocka_unit_test(findings_are_mute),
        cmocka_unit_test(rows_come_back),
    };
    return cmocka_run_group_tests_name("sitelist", tests, NULL, NULL);
}
