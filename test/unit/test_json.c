/* The JSON reader and writer (spec 12.1): what is taken and what is not, that cut input is told
 * from wrong input, and numbers against long arithmetic done another way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "readback/json.h"

static enum rb_err read_all(struct rb_slice in, struct rb_reject *rj, bool *cut) {
    struct rb_json j = rb_json_reader(in);
    struct rb_json_token t = {.type = RB_JSON_NULL};
    enum rb_err e = RB_OK;
    while (e == RB_OK && t.type != RB_JSON_END)
        e = rb_json_next(&j, &t, rj);
    if (cut != NULL) *cut = j.cut;
    return e;
}

static const char *const good[] = {
    "{}",
    "[]",
    " [ ] ",
    "0",
    "-0",
    "-0.5e+10",
    "1E5",
    "true",
    "[null,false,true]",
    "\"\"",
    "{\"a\":{\"b\":[1,2,{\"c\":\"d\"}]},\"a\":2}", /* names twice matter where names are read */
    "\"\\u00e9\\ud83d\\ude00\\n\\/\\\"\"",
    "\"\xd9\x85\xd8\xb4\xd9\x81\xd9\x89\"",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
};

static const struct {
    const char *text;
    size_t at;
} wrong[] = {
    {"{,}", 1},          {"[1,]", 3},
    {"{\"a\":1,}", 7},   {"{\"a\" 1}", 5},
    {"{a:1}", 1},        {"[1 2]", 3},
    {"[01]", 1},         {"[+1]", 1},
    {"[.5]", 1},         {"[1.]", 3},
    {"[1e]", 3},         {"[-]", 2},
    {"[NaN]", 1},        {"[Infinity]", 1},
    {"[nul]", 1},        {"\"\t\"", 1},
    {"\"\\x\"", 1},      {"\"\\ud800\\u0041\"", 1},
    {"\"\\udc00\"", 1},  {"\"\\u12g4\"", 1},
    {"\"\xc3\x28\"", 1}, {"\"\xed\xa0\x80\"", 1},
    {"\"\xc0\xaf\"", 1}, {"{} {}", 3},
    {"[]]", 2},          {"[}", 1},
    {"{]", 1},           {"{\"a\":}", 5},
    {"'a'", 0},          {"\xef\xbb\xbf{}", 0},
};

static void takes_json_and_nothing_else(void **state) {
    (void)state;
    struct rb_reject rj = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (read_all(rb_str(good[i]), &rj, NULL) != RB_OK)
            fail_msg("%s: %s at %d", good[i], rj.what, (int)rj.offset);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bool cut = true;
        assert_int_equal(read_all(rb_str(wrong[i].text), &rj, &cut), RB_ERR_MALFORMED);
        assert_string_equal(rj.clause, "12.1.1");
        if (rj.offset != wrong[i].at) fail_msg("%s: at %d", wrong[i].text, (int)rj.offset);
        assert_false(cut);
    }
}

/* every beginning of good input is cut, never wrong, unless it is good itself */
static void cut_is_not_wrong(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        for (size_t n = 0; n < strlen(good[i]); n++) {
            struct rb_reject rj = {0};
            bool cut = false;
            if (read_all(rb_slice(good[i], n), &rj, &cut) == RB_OK) continue;
            if (!cut) fail_msg("%s cut to %zu: %s", good[i], n, rj.what);
            assert_int_equal(rj.offset, n);
        }
    }
}

static void depth_is_bounded(void **state) {
    (void)state;
    struct rb_reject rj = {0};
    char deep[RB_MAX_JSON_DEPTH + 2];
    memset(deep, '[', sizeof deep);
    assert_int_equal(read_all(rb_slice(deep, sizeof deep), &rj, NULL), RB_ERR_LIMIT);
    assert_string_equal(rj.clause, "12.1.2");
    assert_int_equal(rj.offset, RB_MAX_JSON_DEPTH);
}

static const char *const names[] = {"type", "name", "list"};

static void members_by_table(void **state) {
    (void)state;
    uint8_t room[256];
    struct rb_arena a = rb_arena(room, sizeof room);
    struct rb_json j = rb_json_reader(rb_str(
        "{\"n\\u0061me\":\"\\u0645\\ud83d\\ude00\\n\",\"x\":[{\"type\":1}],\"list\":[1,2]}"));
    struct rb_json_token t;
    struct rb_slice text, value;
    uint64_t seen = 0;
    size_t which = 0;
    bool more = false;
    assert_int_equal(rb_json_take(&j, RB_JSON_OBJECT, &t, NULL), RB_OK);
    assert_int_equal(rb_json_member(&j, names, 3, &seen, &which, NULL), RB_OK);
    assert_int_equal(which, 1);
    assert_int_equal(rb_json_peek(&j), RB_JSON_STRING);
    assert_int_equal(rb_json_text(&j, &a, &text, NULL), RB_OK);
    assert_true(rb_slice_is(text, "\xd9\x85\xf0\x9f\x98\x80\n"));
    assert_int_equal(rb_json_member(&j, names, 3, &seen, &which, NULL), RB_OK);
    assert_int_equal(which, 3);
    assert_int_equal(rb_json_value(&j, &value, NULL), RB_OK);
    assert_true(rb_slice_is(value, "[{\"type\":1}]"));
    assert_int_equal(rb_json_member(&j, names, 3, &seen, &which, NULL), RB_OK);
    assert_int_equal(which, 2);
    assert_int_equal(rb_json_take(&j, RB_JSON_ARRAY, &t, NULL), RB_OK);
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(rb_json_more(&j, &more, NULL), RB_OK);
        assert_true(more);
        assert_int_equal(rb_json_peek(&j), RB_JSON_NUMBER);
        assert_int_equal(rb_json_take(&j, RB_JSON_NUMBER, &t, NULL), RB_OK);
        assert_int_equal(t.raw.p[0], '0' + i);
    }
    assert_int_equal(rb_json_more(&j, &more, NULL), RB_OK);
    assert_false(more);
    assert_int_equal(rb_json_member(&j, names, 3, &seen, &which, NULL), RB_OK);
    assert_true(which == RB_JSON_NO_MORE);
}

static void refusals_by_table(void **state) {
    (void)state;
    struct rb_reject rj = {0};
    struct rb_json j = rb_json_reader(rb_str("{\"type\":1,\"typ\\u0065\":2}"));
    struct rb_json_token t;
    uint64_t seen = 0;
    size_t which = 0;
    assert_int_equal(rb_json_take(&j, RB_JSON_OBJECT, &t, &rj), RB_OK);
    assert_int_equal(rb_json_member(&j, names, 3, &seen, &which, &rj), RB_OK);
    assert_int_equal(rb_json_skip(&j, &rj), RB_OK);
    assert_int_equal(rb_json_member(&j, names, 3, &seen, &which, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "12.1.3");
    assert_int_equal(rj.offset, 10);
    j = rb_json_reader(rb_str(" 12"));
    assert_int_equal(rb_json_take(&j, RB_JSON_STRING, &t, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "12.1.5");
    assert_int_equal(rj.offset, 1);
}

static void numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t mul;
        int places;
        int64_t value;
        bool exact;
    } cases[] = {
        {"46.217024450605436", 1, 9, 46217024451, false},
        {"-180", 1, 9, -180000000000, true},
        {"0.0000000005", 1, 9, 1, false},
        {"-0.0000000005", 1, 9, -1, false},
        {"0.00000000049999999999999999999999999", 1, 9, 0, false},
        {"1.23456789e1", 1, 9, 12345678900, true},
        {"12345678900E-9", 1, 9, 12345678900, true},
        {"1e-999999999999", 1, 9, 0, false},
        {"0e999999999999", 1, 9, 0, true},
        {"000000000000000000000000000000000007.5", 1, 3, 7500, true},
        {"0.000000000000000000000000000000e+3", 1, 3, 0, true},
        {"+.5", 1, 3, 500, true},
        {"5.", 1, 3, 5000, true},
        {"150", 3048, -1, 45720, true},
        {"1", 3048, -1, 305, false},
        {"99999999999999999", 1, 0, 99999999999999999, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t v = 0;
        bool exact = !cases[i].exact;
        assert_int_equal(
            rb_decimal_scaled(rb_str(cases[i].text), cases[i].mul, cases[i].places, &v, &exact),
            RB_OK);
        if (v != cases[i].value || exact != cases[i].exact)
            fail_msg("%s: %lld", cases[i].text, (long long)v);
    }
    static const char *const none[] = {"",    "-",  ".",  "e5",  "1e",    "1e+", "1.2.3", "0x10",
                                       "1,5", "1 ", " 1", "--1", "1e5.5", "nan", "inf"};
    int64_t v = 7;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(rb_decimal_scaled(rb_str(none[i]), 1, 9, &v, NULL), RB_ERR_MALFORMED);
    assert_int_equal(rb_decimal_scaled(rb_str("1e17"), 1, 0, &v, NULL), RB_ERR_LIMIT);
    assert_int_equal(rb_decimal_scaled(rb_str("1e999999999"), 1, 0, &v, NULL), RB_ERR_LIMIT);
    assert_int_equal(rb_decimal_scaled(rb_str("99999999999999999999"), 99, 0, &v, NULL),
                     RB_ERR_LIMIT);
    assert_int_equal(v, 7);
}

static void decimals_come_back(void **state) {
    (void)state;
    uint64_t x = 88172645463325252ull;
    for (int i = 0; i < 20000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        const unsigned places = (unsigned)(x % 13);
        const int64_t v = (int64_t)(x >> (8 + x % 50)) * (i % 2 ? 1 : -1);
        int64_t again = 0;
        bool exact = false;
        char text[64];
        struct rb_writer w = rb_writer(text, sizeof text);
        if (v >= 100000000000000000 || v <= -100000000000000000) continue;
        rb_decimal_put(&w, v, places);
        assert_int_equal(rb_decimal_scaled(rb_written(&w), 1, (int)places, &again, &exact), RB_OK);
        assert_true(exact);
        assert_int_equal(again, v);
    }
    char text[32];
    struct rb_writer w = rb_writer(text, sizeof text);
    rb_decimal_put(&w, -1500, 3);
    assert_true(rb_slice_is(rb_written(&w), "-1.5"));
}

static void writes(void **state) {
    (void)state;
    char text[256];
    struct rb_writer w = rb_writer(text, sizeof text);
    struct rb_json_writer j = rb_json_writer(&w);
    rb_json_open(&j, NULL, '{');
    rb_json_put_text(&j, "a", rb_str("\"\\\x01\xc3\xa9"));
    rb_json_open(&j, "b", '[');
    rb_json_put_uint(&j, NULL, 18446744073709551615u);
    rb_json_put_decimal(&j, NULL, -36500000000, 9);
    rb_json_open(&j, NULL, '{');
    rb_json_close(&j, '}');
    rb_json_put_bool(&j, NULL, false);
    rb_json_close(&j, ']');
    rb_json_put_time(&j, "t", 1443618000250);
    rb_json_close(&j, '}');
    assert_string_equal(rb_writer_z(&w),
                        "{\"a\":\"\\\"\\\\\\u0001\xc3\xa9\",\"b\":[18446744073709551615,"
                        "-36.5,{},false],\"t\":\"2015-09-30T13:00:00.250Z\"}");
    assert_int_equal(read_all(rb_written(&w), NULL, NULL), RB_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_json_and_nothing_else),
        cmocka_unit_test(cut_is_not_wrong),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(members_by_table),
        cmocka_unit_test(refusals_by_table),
        cmocka_unit_test(numbers),
        cmocka_unit_test(decimals_come_back),
        cmocka_unit_test(writes),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
