/* iCalendar: exact lines, folding at a character's end, escaping, what does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "readback/icalendar.h"
#include "readback/text.h"

static void test_whole(void **state) {
    char out[1024];
    struct rb_writer w = rb_writer(out, sizeof out);
    const struct rb_ical_event e = {.uid = rb_str("3f2a.readback"),
                                    .stamp_utc_ms = 1443618000999,
                                    .start_utc_ms = 1443618000000,
                                    .has_end = true,
                                    .end_utc_ms = 1443704400000,
                                    .sequence = 7,
                                    .status = RB_ICAL_CONFIRMED,
                                    .summary = rb_str("a;b,c\\d\"e\nf\x7fg\x01h"),
                                    .description = rb_str("in force")};
    (void)state;
    rb_ical_begin(&w, rb_str("Line"));
    rb_ical_event(&w, &e);
    rb_ical_end(&w);
    assert_string_equal(
        rb_writer_z(&w),
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Readback//truces//EN\r\n"
        "X-WR-CALNAME:Line\r\nBEGIN:VEVENT\r\nUID:3f2a.readback\r\n"
        "DTSTAMP:20150930T130000Z\r\nDTSTART:20150930T130000Z\r\n"
        "DTEND:20151001T130000Z\r\nSEQUENCE:7\r\nSUMMARY:a\\;b\\,c\\\\d\"e\\nfgh\r\n"
        "DESCRIPTION:in force\r\nSTATUS:CONFIRMED\r\nTRANSP:TRANSPARENT\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n");
}

/* every length of a text of 1, 2, 3 and 4 octets a character, and of escapes: unfolded, it is the
 * same */
static void test_folding(void **state) {
    static const char *const units[] = {"x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x95\x8a",
                                        ";", "\n"};
    (void)state;
    for (size_t u = 0; u < sizeof units / sizeof *units; u++)
        for (size_t n = 1; n < 90; n++) {
            char text[400] = "", out[2048], flat[2048];
            struct rb_writer w = rb_writer(out, sizeof out - 1);
            size_t flat_n = 0, line = 0;
            for (size_t i = 0; i < n; i++)
                strcat(text, units[u]);
            rb_ical_begin(&w, rb_str(text));
            const char *z = rb_writer_z(&w);
            assert_true(rb_utf8_ok(rb_str(z)));
            for (; *z; z++) {
                if (z[0] == '\r' && z[1] == '\n' && z[2] == ' ') {
                    assert_true((z[3] & 0xc0) != 0x80); /* a character begins */
                    assert_true(flat[flat_n - 1] != '\\' ||
                                (flat_n > 1 && flat[flat_n - 2] == '\\'));
                    z += 2;
                    line = 1;
                    continue;
                }
                line = *z == '\n' ? 0 : line + 1;
                assert_true(line <= 75 || *z == '\r');
                flat[flat_n++] = *z;
            }
            flat[flat_n] = 0;
            const char *name = strstr(flat, "X-WR-CALNAME:");
            assert_non_null(name);
            name += strlen("X-WR-CALNAME:");
            for (size_t i = 0; i < n; i++) {
                const char *want = *units[u] == ';' ? "\\;" : *units[u] == '\n' ? "\\n" : units[u];
                assert_memory_equal(name, want, strlen(want));
                name += strlen(want);
            }
            assert_memory_equal(name, "\r\n", 2);
        }
}

static void test_no_room(void **state) {
    char out[600];
    struct rb_slice got;
    const struct rb_ical_event e = {.uid = rb_str("u"), .summary = rb_str("s")};
    (void)state;
    size_t whole = 0;
    for (size_t cap = 0; cap < sizeof out; cap++) {
        struct rb_writer w = rb_writer(out, cap);
        rb_ical_begin(&w, rb_slice("", 0));
        rb_ical_event(&w, &e);
        rb_ical_end(&w);
        if (rb_writer_done(&w, &got) != RB_OK) {
            assert_int_equal(whole, 0);
            continue;
        }
        if (whole == 0) whole = cap;
        assert_int_equal(got.n, whole);
    }
    assert_true(whole > 0);
    assert_null(memmem(out, whole, "DTEND", 5)); /* an instant */
    assert_null(memmem(out, whole, "DESCRIPTION", 11));
    assert_non_null(memmem(out, whole, "STATUS:TENTATIVE", 16));
}

/* an end in the second of the start is none: it would not be later than it as written */
static void test_end(void **state) {
    static const struct {
        int64_t start, end;
        const char *line;
    } of[] = {{1443618000100, 1443618000900, NULL},
              {1443618000000, 1443618000000, NULL},
              {1443618000900, 1443617999000, NULL},
              {1443618000900, 1443618001000, "DTEND:20150930T130001Z\r\n"},
              {-1, 0, "DTEND:19700101T000000Z\r\n"}};
    (void)state;
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        char out[600];
        struct rb_writer w = rb_writer(out, sizeof out);
        const struct rb_ical_event e = {.uid = rb_str("u"),
                                        .start_utc_ms = of[i].start,
                                        .has_end = true,
                                        .end_utc_ms = of[i].end,
                                        .status = RB_ICAL_CANCELLED};
        rb_ical_event(&w, &e);
        const char *z = rb_writer_z(&w);
        assert_non_null(strstr(z, "STATUS:CANCELLED\r\n"));
        if (of[i].line)
            assert_non_null(strstr(z, of[i].line));
        else
            assert_null(strstr(z, "DTEND"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_end), cmocka_unit_test(test_whole),
                                       cmocka_unit_test(test_folding),
                                       cmocka_unit_test(test_no_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
