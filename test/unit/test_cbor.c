/* Deterministic CBOR: shortest forms only, and a reader that stays where it was on refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "readback/cbor.h"
#include "readback/text.h"

static uint8_t bytes[256];

static struct rb_slice unhex(const char *hex) {
    const size_t n = strlen(hex) / 2;
    assert_true(n <= sizeof bytes);
    assert_int_equal(rb_hex_decode(rb_str(hex), bytes, n), RB_OK);
    return rb_slice(bytes, n);
}

static void heads_round_trip(void **state) {
    (void)state;
    static const uint64_t values[] = {0,
                                      23,
                                      24,
                                      255,
                                      256,
                                      65535,
                                      65536,
                                      UINT32_MAX,
                                      UINT64_C(1) << 32,
                                      INT64_MAX,
                                      UINT64_C(1) << 63,
                                      UINT64_MAX};
    static const size_t lengths[] = {1, 1, 2, 2, 3, 3, 5, 5, 9, 9, 9, 9};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        uint8_t out[16];
        uint64_t v = 0;
        struct rb_writer w = rb_writer(out, sizeof out);
        rb_cbor_put_uint(&w, values[i]);
        assert_int_equal(w.n, lengths[i]);
        struct rb_reader r = rb_reader(rb_written(&w));
        assert_int_equal(rb_cbor_get_uint(&r, &v), RB_OK);
        assert_true(v == values[i] && rb_left(&r) == 0);
    }
}

static void integers(void **state) {
    (void)state;
    static const int64_t values[] = {0, -1, -24, -25, -256, -257, INT64_MIN, INT64_MAX, 1000};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        uint8_t out[16];
        int64_t v = 1;
        struct rb_writer w = rb_writer(out, sizeof out);
        rb_cbor_put_int(&w, values[i]);
        struct rb_reader r = rb_reader(rb_written(&w));
        assert_int_equal(rb_cbor_get_int(&r, &v), RB_OK);
        assert_true(v == values[i]);
        assert_int_equal(rb_cbor_check(rb_written(&w), NULL), RB_OK);
    }
    /* beyond int64, either way: the item is well formed, the number is not taken */
    static const char *const far[] = {"1b8000000000000000", "3b8000000000000000"};
    for (size_t i = 0; i < 2; i++) {
        int64_t v = 1;
        struct rb_slice in = unhex(far[i]);
        struct rb_reader r = rb_reader(in);
        assert_int_equal(rb_cbor_check(in, NULL), RB_OK);
        assert_int_equal(rb_cbor_get_int(&r, &v), RB_ERR_MALFORMED);
        assert_true(r.at == 0 && v == 1);
    }
}

static void refusals_name_clause_and_offset(void **state) {
    (void)state;
    static const struct {
        const char *hex, *clause;
        uint64_t offset;
    } cases[] = {
        {"", "3.1.6", 0},
        {"1817", "3.1.1", 0}, /* 23 in two bytes */
        {"1900ff", "3.1.1", 0},
        {"1a0000ffff", "3.1.1", 0},
        {"1b00000000ffffffff", "3.1.1", 0},
        {"3817", "3.1.1", 0},
        {"5817", "3.1.1", 0},     /* long length */
        {"1c", "3.1.1", 0},       /* reserved */
        {"5f4101ff", "3.1.1", 0}, /* indefinite */
        {"7f6161ff", "3.1.1", 0},
        {"8201", "3.1.6", 0},
        {"820102f6", "3.1.7", 3},
        {"9f01ff", "3.1.1", 0},
        {"bf0102ff", "3.1.1", 0},
        {"ff", "3.1.2", 0},
        {"f7", "3.1.2", 0}, /* undefined */
        {"f0", "3.1.2", 0},
        {"f820", "3.1.2", 0},
        {"f814", "3.1.2", 0}, /* false, written long */
        {"f90000", "3.1.2", 0},
        {"fa00000000", "3.1.2", 0},
        {"fb0000000000000000", "3.1.2", 0},
        {"c100", "3.1.2", 0},
        {"8101c1", "3.1.7", 2},
        {"82018118ff18", "3.1.7", 5},
        {"a202000100", "3.1.3", 3}, /* keys descending */
        {"a201000100", "3.1.3", 3}, /* key twice */
        {"a2616200616100", "3.1.3", 4},
        {"a26161000000", "3.1.3", 4}, /* by bytes: 00 before 61 61 */
        {"61ff", "3.1.4", 0},         /* no UTF-8 */
        {"63eda080", "3.1.4", 0},     /* a surrogate */
        {"62c080", "3.1.4", 0},
        {"6261", "3.1.4", 0},
        {"4201", "3.1.6", 0},
        {"5bffffffffffffffff", "3.1.6", 0},
        {"9bffffffffffffffff", "3.1.6", 0},
        {"bbffffffffffffffff", "3.1.6", 0},
        {"bb8000000000000001", "3.1.6", 0}, /* twice the count would wrap */
        {"a101", "3.1.6", 0},
        {"818181818181818181818181818181818100", "3.1.5", 16},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rb_reject rj = {0};
        if (rb_cbor_check(unhex(cases[i].hex), &rj) != RB_ERR_MALFORMED ||
            strcmp(rj.clause, cases[i].clause) != 0 || rj.offset != cases[i].offset)
            fail_msg("%s: %s at %u", cases[i].hex, rj.clause ? rj.clause : "-",
                     (unsigned)rj.offset);
    }
    assert_int_equal(rb_cbor_check(unhex("8181818181818181818181818181818100"), NULL), RB_OK);
}

/* every getter refuses every other type and moves nothing */
static void getters_stay_on_refusal(void **state) {
    (void)state;
    static const char *const items[] = {"00",     "20",   "4101", "6161", "8100",
                                        "a10000", "c100", "f5",   "f6"};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        struct rb_slice in = unhex(items[i]), s;
        uint64_t u;
        int64_t n;
        size_t c;
        bool b;
        struct rb_reader r[8];
        for (size_t k = 0; k < 8; k++)
            r[k] = rb_reader(in);
        const bool ok[8] = {
            rb_cbor_get_uint(&r[0], &u) == RB_OK,     rb_cbor_get_int(&r[1], &n) == RB_OK,
            rb_cbor_get_bytes(&r[2], &s) == RB_OK,    rb_cbor_get_text(&r[3], &s) == RB_OK,
            rb_cbor_get_array(&r[4], 9, &c) == RB_OK, rb_cbor_get_map(&r[5], 9, &c) == RB_OK,
            rb_cbor_get_bool(&r[6], &b) == RB_OK,     rb_cbor_get_null(&r[7]) == RB_OK};
        /* which getters take item i */
        static const uint8_t takes[] = {0x03, 0x02, 0x04, 0x08, 0x10, 0x20, 0x00, 0x40, 0x80};
        for (size_t k = 0; k < 8; k++) {
            assert_int_equal(ok[k], takes[i] >> k & 1);
            assert_int_equal(r[k].at > 0, ok[k]);
        }
    }
}

static void counts_are_bounded(void **state) {
    (void)state;
    size_t n = 7;
    struct rb_slice in = unhex("83000000");
    struct rb_reader r = rb_reader(in);
    assert_int_equal(rb_cbor_get_array(&r, 2, &n), RB_ERR_LIMIT);
    assert_true(r.at == 0 && n == 7);
    in = unhex("a200000100");
    r = rb_reader(in);
    assert_int_equal(rb_cbor_get_map(&r, 1, &n), RB_ERR_LIMIT);
    assert_int_equal(rb_cbor_get_map(&r, 2, &n), RB_OK);
    assert_int_equal(n, 2);
}

static void skip_and_find(void **state) {
    (void)state;
    struct rb_slice in = unhex("a30102028203041818f4"), item;
    struct rb_reader r;
    uint64_t v = 0;
    assert_int_equal(rb_cbor_find(in, 1, &r), RB_OK);
    assert_int_equal(rb_cbor_get_uint(&r, &v), RB_OK);
    assert_int_equal(v, 2);
    assert_int_equal(rb_cbor_find(in, 2, &r), RB_OK);
    assert_int_equal(rb_cbor_skip(&r, &item), RB_OK);
    assert_int_equal(item.n, 3);
    assert_int_equal(rb_cbor_find(in, 0, &r), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_cbor_find(in, 3, &r), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_cbor_find(in, 24, &r), RB_OK);
    assert_int_equal(rb_cbor_skip(&r, NULL), RB_OK);
    in = unhex("8201");
    r = rb_reader(in);
    assert_int_equal(rb_cbor_skip(&r, &item), RB_ERR_MALFORMED);
    assert_int_equal(r.at, 0);
}

/* it ends where the careful one ends, and nowhere beyond the bytes, whatever they are */
static void skip_of_what_was_checked(void **state) {
    static const char *const ends[] = {
        "00", "1903e8", "f6", "4401020304", "6161", "80", "a0", "a2018102026162", "8281818000"};
    static const char *const early[] = {"", "19", "4401", "8201", "a101", "83018202", "c000", "ff"};
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char more[64];
        (void)snprintf(more, sizeof more, "%s00", ends[i]);
        struct rb_slice in = unhex(more), item, same;
        struct rb_reader a = rb_reader(in), b = a;
        if (rb_cbor_skip(&a, &item) != RB_OK) fail_msg("%s", ends[i]);
        assert_int_equal(rb_cbor_skip_checked(&b, &same), RB_OK);
        assert_int_equal(a.at, b.at);
        assert_true(item.p == same.p && item.n == same.n);
    }
    for (size_t i = 0; i < sizeof early / sizeof *early; i++) {
        struct rb_reader r = rb_reader(unhex(early[i]));
        assert_int_equal(rb_cbor_skip_checked(&r, NULL), RB_ERR_MALFORMED);
        assert_int_equal(r.at, 0);
    }
}

/* too little room never writes beyond it */
static void writer_without_room(void **state) {
    (void)state;
    for (size_t cap = 0; cap < 12; cap++) {
        uint8_t out[12];
        struct rb_slice done;
        memset(out, 0xee, sizeof out);
        struct rb_writer w = rb_writer(out, cap);
        rb_cbor_put_array(&w, 2);
        rb_cbor_put_text(&w, rb_str("readback"));
        rb_cbor_put_uint(&w, 1);
        assert_int_equal(rb_writer_done(&w, &done), cap < 11 ? RB_ERR_LIMIT : RB_OK);
        for (size_t i = cap; i < sizeof out; i++)
            assert_int_equal(out[i], 0xee);
    }
}

int main(void) {
    const struct CMUnitTest cbor[] = {
        cmocka_unit_test(heads_round_trip),
        cmocka_unit_test(integers),
        cmocka_unit_test(refusals_name_clause_and_offset),
        cmocka_unit_test(getters_stay_on_refusal),
        cmocka_unit_test(counts_are_bounded),
        cmocka_unit_test(skip_and_find),
        cmocka_unit_test(skip_of_what_was_checked),
        cmocka_unit_test(writer_without_room),
    };
    return cmocka_run_group_tests(cbor, NULL, NULL);
}
