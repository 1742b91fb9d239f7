/* The room base: readers at their ends, writers without room, memory that runs out, text and time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include "readback/arena.h"
#include "readback/text.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(z) rb_slice(z, sizeof(z) - 1)

/* ---- err ---------------------------------------------------------------------------------- */

static void err_names_are_lower_case_of_the_list(void **state) {
    (void)state;
    static const struct {
        enum rb_err e;
        const char *upper, *text;
    } all[] = {
#define X(name, num, text) {RB_ERR_##name, #name, text},
        RB_ERR_LIST(X)
#undef X
    };
    for (size_t i = 0; i < N(all); i++) {
        const char *name = rb_err_name(all[i].e), *u = all[i].upper;
        assert_int_equal(strlen(name), strlen(u));
        for (size_t k = 0; u[k] != 0; k++)
            assert_int_equal(name[k], u[k] == '_' ? '_' : u[k] - 'A' + 'a');
        assert_string_equal(rb_err_text(all[i].e), all[i].text);
    }
    assert_string_equal(rb_err_name((enum rb_err)99), "unknown");
    assert_string_equal(rb_err_text((enum rb_err)99), "an unknown error");
}

static void reject_fills_and_returns(void **state) {
    (void)state;
    struct rb_reject rj = {0};
    assert_int_equal(rb_reject(&rj, RB_ERR_LIMIT, "3.2.1", "too long", 7), RB_ERR_LIMIT);
    assert_int_equal(rj.err, RB_ERR_LIMIT);
    assert_string_equal(rj.clause, "3.2.1");
    assert_string_equal(rj.what, "too long");
    assert_int_equal(rj.offset, 7);
    assert_int_equal(rb_reject(NULL, RB_ERR_PROOF, "1", "x", 0), RB_ERR_PROOF);
}

/* ---- slices ------------------------------------------------------------------------------- */

static void slices_compare_by_bytes_then_length(void **state) {
    (void)state;
    assert_int_equal(rb_slice_cmp(rb_slice(NULL, 0), rb_slice(NULL, 0)), 0);
    assert_true(rb_slice_cmp(rb_str("a"), rb_str("ab")) < 0);
    assert_true(rb_slice_cmp(rb_str("b"), rb_str("ab")) > 0);
    assert_true(rb_slice_cmp(rb_str("ab"), rb_str("a")) > 0);
    assert_true(rb_slice_cmp(BYTES("\xff"), BYTES("\x01\x02")) > 0);
    assert_true(rb_slice_is(rb_str("ab"), "ab"));
    assert_false(rb_slice_is(rb_str("ab"), "abc"));
    assert_true(rb_slice_starts(rb_str("abc"), "ab"));
    assert_false(rb_slice_starts(rb_str("a"), "ab"));
    assert_true(rb_slice_starts(rb_slice(NULL, 0), ""));
}

static void slices_find_and_cut_within_their_ends(void **state) {
    (void)state;
    struct rb_slice s = rb_str("a,b,c");
    assert_int_equal(rb_slice_find(s, 0, ','), 1);
    assert_int_equal(rb_slice_find(s, 2, ','), 3);
    assert_int_equal(rb_slice_find(s, 4, ','), 5);
    assert_int_equal(rb_slice_find(s, SIZE_MAX, ','), 5);
    assert_int_equal(rb_slice_find(rb_slice(NULL, 0), 0, ','), 0);
    assert_true(rb_slice_is(rb_slice_sub(s, 2, 3), "b"));
    assert_true(rb_slice_is(rb_slice_sub(s, 2, SIZE_MAX), "b,c"));
    assert_int_equal(rb_slice_sub(s, 4, 2).n, 0);
    assert_int_equal(rb_slice_sub(s, 9, SIZE_MAX).n, 0);
    assert_int_equal(rb_slice_sub(rb_slice(NULL, 0), 0, 5).n, 0);
}

/* ---- reader and writer -------------------------------------------------------------------- */

static void reader_takes_all_widths_and_stops_at_the_end(void **state) {
    (void)state;
    static const uint8_t in[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    struct rb_reader r = rb_reader(rb_slice(in, sizeof in));
    uint8_t a;
    uint16_t b;
    uint32_t c;
    uint64_t d;
    assert_int_equal(rb_get_u8(&r, &a), RB_OK);
    assert_int_equal(rb_get_u16(&r, &b), RB_OK);
    assert_int_equal(rb_get_u32(&r, &c), RB_OK);
    assert_int_equal(rb_get_u64(&r, &d), RB_OK);
    assert_int_equal(a, 1);
    assert_int_equal(b, 0x0203);
    assert_int_equal(c, 0x04050607);
    assert_true(d == 0x08090a0b0c0d0e0fu);
    assert_int_equal(rb_get_end(&r), RB_ERR_MALFORMED);
    assert_int_equal(rb_get_u8(&r, &a), RB_OK);
    assert_int_equal(a, 16);
    assert_int_equal(rb_get_end(&r), RB_OK);
    assert_int_equal(rb_get_u8(&r, &a), RB_ERR_MALFORMED);
    assert_int_equal(a, 16);
}

static void reader_consumes_nothing_when_it_fails(void **state) {
    (void)state;
    static const uint8_t in[] = {1, 2, 3, 4, 5, 6, 7};
    for (size_t n = 0; n <= sizeof in; n++) {
        struct rb_reader r = rb_reader(rb_slice(n == 0 ? NULL : in, n));
        uint8_t copy[8];
        uint16_t b = 77;
        uint32_t c = 77;
        uint64_t d = 77;
        struct rb_slice s = rb_slice(NULL, 99);
        assert_int_equal(rb_get_u64(&r, &d), RB_ERR_MALFORMED);
        assert_int_equal(d, 77);
        if (n < 4) assert_int_equal(rb_get_u32(&r, &c), RB_ERR_MALFORMED);
        if (n < 2) assert_int_equal(rb_get_u16(&r, &b), RB_ERR_MALFORMED);
        assert_int_equal(c, 77);
        assert_int_equal(b, 77);
        assert_int_equal(rb_get_view(&r, n + 1, &s), RB_ERR_MALFORMED);
        assert_int_equal(rb_get_view(&r, SIZE_MAX, &s), RB_ERR_MALFORMED);
        assert_int_equal(s.n, 99);
        assert_int_equal(rb_get_copy(&r, copy, sizeof copy), RB_ERR_MALFORMED);
        assert_int_equal(rb_get_line(&r, &s), RB_ERR_MALFORMED);
        assert_int_equal(r.at, 0);
        assert_int_equal(rb_get_copy(&r, copy, n), RB_OK);
        assert_memory_equal(copy, in, n);
        assert_int_equal(rb_get_end(&r), RB_OK);
    }
}

static void reader_lines_need_their_newline(void **state) {
    (void)state;
    struct rb_reader r = rb_reader(rb_str("one\n\ntwo"));
    struct rb_slice line;
    assert_int_equal(rb_get_line(&r, &line), RB_OK);
    assert_true(rb_slice_is(line, "one"));
    assert_int_equal(rb_get_line(&r, &line), RB_OK);
    assert_int_equal(line.n, 0);
    assert_int_equal(rb_get_line(&r, &line), RB_ERR_MALFORMED);
    assert_int_equal(rb_left(&r), 3);
}

static void writer_writes_what_reader_reads(void **state) {
    (void)state;
    uint8_t buf[64];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    struct rb_slice out;
    rb_put_u8(&w, 1);
    rb_put_u16(&w, 0x0203);
    rb_put_u32(&w, 0x04050607);
    rb_put_u64(&w, 0x08090a0b0c0d0e0f);
    rb_put_slice(&w, rb_slice(NULL, 0));
    rb_put_z(&w, "z");
    assert_int_equal(rb_writer_done(&w, &out), RB_OK);
    assert_int_equal(out.n, 16);
    for (size_t i = 0; i < 15; i++)
        assert_int_equal(out.p[i], i + 1);
    assert_int_equal(out.p[15], 'z');
}

static void writer_remembers_that_room_ran_out(void **state) {
    (void)state;
    for (size_t cap = 0; cap < 5; cap++) {
        uint8_t buf[8];
        struct rb_slice out = rb_slice(NULL, 99);
        memset(buf, 0xaa, sizeof buf);
        struct rb_writer w = rb_writer(buf, cap);
        rb_put_z(&w, "abcde");
        rb_put_u8(&w, 'f');
        assert_true(w.over);
        assert_int_equal(rb_writer_done(&w, &out), RB_ERR_LIMIT);
        assert_int_equal(out.n, 99);
        assert_true(w.n <= cap);
        for (size_t i = cap; i < sizeof buf; i++)
            assert_int_equal(buf[i], 0xaa);
        const char *z = rb_writer_z(&w);
        assert_int_equal(strlen(z), cap == 0 ? 0 : cap - 1);
        assert_memory_equal(z, "abcd", strlen(z));
    }
}

static void writer_z_never_cuts_inside_a_character(void **state) {
    (void)state;
    char buf[6];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_z(&w, "ab\u20ac\u20ac");
    assert_string_equal(rb_writer_z(&w), "ab\u20ac");
    w = rb_writer(buf, 5);
    rb_put_z(&w, "ab\u20ac");
    assert_string_equal(rb_writer_z(&w), "ab");
    w = rb_writer(buf, sizeof buf);
    rb_put_z(&w, "ab\u20ac");
    assert_string_equal(rb_writer_z(&w), "ab\u20ac");
    assert_false(w.over);
}

static void writer_numbers(void **state) {
    (void)state;
    char buf[64];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_dec(&w, 0);
    rb_put_u8(&w, ' ');
    rb_put_dec(&w, 1900);
    rb_put_u8(&w, ' ');
    rb_put_dec(&w, UINT64_MAX);
    rb_put_u8(&w, ' ');
    rb_put_hex(&w, "\x00\xff\x1a", 3);
    assert_string_equal(rb_writer_z(&w), "0 1900 18446744073709551615 00ff1a");
}

/* ---- memory ------------------------------------------------------------------------------- */

static void arena_aligns_zeroes_and_ends(void **state) {
    (void)state;
    static uint8_t room[256];
    memset(room, 0x55, sizeof room);
    struct rb_arena a = rb_arena(room + 3, 200);
    uint8_t *p = rb_arena_alloc(&a, 5), *q = rb_arena_alloc(&a, 17), *empty = rb_arena_alloc(&a, 0);
    assert_non_null(p);
    assert_non_null(q);
    assert_non_null(empty);
    assert_int_equal((uintptr_t)p % 16, 0);
    assert_int_equal((uintptr_t)q % 16, 0);
    assert_true(q >= p + 5 && empty >= q + 17);
    for (size_t i = 0; i < 17; i++)
        assert_int_equal(q[i], 0);
    size_t mark = rb_arena_mark(&a);
    assert_null(rb_arena_alloc(&a, 200));
    assert_null(rb_arena_alloc(&a, SIZE_MAX));
    assert_null(rb_arena_array(&a, SIZE_MAX / 2, 3));
    assert_int_equal(rb_arena_mark(&a), mark);
    size_t room_left = a.cap - a.used - (size_t)(-(uintptr_t)(a.p + a.used) & 15);
    assert_non_null(rb_arena_alloc(&a, room_left));
    assert_int_equal(a.used, a.cap);
    assert_null(rb_arena_alloc(&a, 1));
    rb_arena_release(&a, mark);
    assert_non_null(rb_arena_array(&a, 2, 8));
    rb_arena_reset(&a);
    assert_ptr_equal(rb_arena_alloc(&a, 1), p);
}

static void arena_copies_and_fails_on_demand(void **state) {
    (void)state;
    _Alignas(16) uint8_t room[64];
    struct rb_arena a = rb_arena(room, sizeof room);
    struct rb_slice out = rb_slice(NULL, 99);
    assert_int_equal(rb_arena_copy(&a, rb_str("copy"), &out), RB_OK);
    assert_true(rb_slice_is(out, "copy"));
    assert_int_equal(rb_arena_copy(&a, rb_slice(NULL, 0), &out), RB_OK);
    assert_int_equal(out.n, 0);
    rb_arena_reset(&a);
    for (uint64_t nth = 1; nth <= 3; nth++) {
        rb_arena_reset(&a);
        a.fail_at = nth;
        for (uint64_t i = 1; i <= 4; i++) {
            if (i == nth)
                assert_null(rb_arena_alloc(&a, 1));
            else
                assert_non_null(rb_arena_alloc(&a, 1));
        }
        assert_int_equal(a.fail_at, 0);
    }
    a.fail_at = 1;
    out = rb_slice(NULL, 99);
    assert_int_equal(rb_arena_copy(&a, rb_str("copy"), &out), RB_ERR_LIMIT);
    assert_int_equal(out.n, 99);
}

static uint8_t region_room[1 << 16];

static struct rb_region fresh_region(size_t cap) {
    struct rb_region r;
    memset(region_room, 0, sizeof region_room);
    rb_region_init(&r, region_room + 1, cap);
    return r;
}

static void region_reuses_freed_blocks_zeroed(void **state) {
    (void)state;
    struct rb_region r = fresh_region(4096);
    uint8_t *a = rb_region_alloc(&r, 100), *b = rb_region_alloc(&r, 1);
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal((uintptr_t)a % 16, 0);
    assert_int_equal((uintptr_t)b % 16, 0);
    assert_true(b >= a + 128);
    memset(a, 0xee, 100);
    rb_region_free(&r, a, 100);
    uint8_t *c = rb_region_alloc(&r, 128);
    assert_ptr_equal(c, a);
    for (size_t i = 0; i < 128; i++)
        assert_int_equal(c[i], 0);
    assert_ptr_not_equal(rb_region_alloc(&r, 128), c);
    rb_region_free(&r, NULL, 5);
    rb_region_free(&r, b, 1);
    assert_ptr_equal(rb_region_alloc(&r, 0), b);
}

static void region_ends_loudly_and_splits_what_was_freed(void **state) {
    (void)state;
    struct rb_region r = fresh_region(2048 + 15);
    uint8_t *a = rb_region_alloc(&r, 1024), *b = rb_region_alloc(&r, 1024);
    assert_non_null(a);
    assert_non_null(b);
    assert_null(rb_region_alloc(&r, 16));
    assert_null(rb_region_alloc(&r, SIZE_MAX));
    assert_null(rb_region_alloc(&r, (size_t)1 << 60));
    memset(a, 0xee, 1024);
    rb_region_free(&r, a, 1024);
    /* 64 blocks of 16 bytes out of the freed one, each once, all zero */
    for (size_t i = 0; i < 64; i++) {
        uint8_t *p = rb_region_alloc(&r, 16);
        assert_non_null(p);
        assert_true(p >= a && p + 16 <= a + 1024);
        for (size_t k = 0; k < 16; k++)
            assert_int_equal(p[k], 0);
        memset(p, 0xdd, 16);
    }
    assert_null(rb_region_alloc(&r, 1));
}

static void region_grows_all_or_nothing(void **state) {
    (void)state;
    struct rb_region r = fresh_region(8192);
    void *p = NULL;
    size_t cap = 0;
    assert_int_equal(rb_region_grow(&r, &p, &cap, 1, 4), RB_OK);
    assert_true(cap >= 1);
    uint32_t *v = p;
    for (uint32_t i = 0; i < 600; i++) {
        assert_int_equal(rb_region_grow(&r, &p, &cap, i + 1, 4), RB_OK);
        v = p;
        v[i] = i;
    }
    for (uint32_t i = 0; i < 600; i++)
        assert_int_equal(v[i], i);
    for (size_t i = 600; i < cap; i++)
        assert_int_equal(v[i], 0);
    size_t before = cap;
    assert_int_equal(rb_region_grow(&r, &p, &cap, before, 4), RB_OK);
    assert_int_equal(cap, before);
    assert_int_equal(rb_region_grow(&r, &p, &cap, 100000, 4), RB_ERR_LIMIT);
    assert_int_equal(rb_region_grow(&r, &p, &cap, SIZE_MAX, 4), RB_ERR_LIMIT);
    assert_int_equal(rb_region_grow(&r, &p, &cap, SIZE_MAX / 2, 8), RB_ERR_LIMIT);
    assert_ptr_equal(p, v);
    assert_int_equal(cap, before);
    assert_int_equal(v[599], 599);
}

static void region_fails_on_demand(void **state) {
    (void)state;
    struct rb_region r = fresh_region(4096);
    struct rb_slice out = rb_slice(NULL, 99);
    void *p = NULL;
    size_t cap = 0;
    assert_int_equal(rb_region_copy(&r, rb_str("kept"), &out), RB_OK);
    assert_true(rb_slice_is(out, "kept"));
    r.fail_at = 2;
    assert_non_null(rb_region_alloc(&r, 16));
    assert_int_equal(rb_region_grow(&r, &p, &cap, 8, 8), RB_ERR_LIMIT);
    assert_null(p);
    assert_int_equal(cap, 0);
    assert_int_equal(rb_region_grow(&r, &p, &cap, 8, 8), RB_OK);
    r.fail_at = 1;
    assert_int_equal(rb_region_copy(&r, rb_str("lost"), &out), RB_ERR_LIMIT);
    assert_true(rb_slice_is(out, "kept"));
}

static void region_too_small_for_anything(void **state) {
    (void)state;
    for (size_t cap = 0; cap < 16; cap++) {
        struct rb_region r = fresh_region(cap);
        assert_null(rb_region_alloc(&r, 1));
    }
}

static void wipe_clears(void **state) {
    (void)state;
    uint8_t secret[33];
    memset(secret, 7, sizeof secret);
    rb_wipe(secret, 32);
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(secret[i], 0);
    assert_int_equal(secret[32], 7);
    rb_wipe(NULL, 0);
}

/* ---- text --------------------------------------------------------------------------------- */

static void hex_is_lower_case_and_exact(void **state) {
    (void)state;
    uint8_t b[2] = {9, 9};
    assert_int_equal(rb_hex_decode(rb_str("00ff"), b, 2), RB_OK);
    assert_int_equal(b[0], 0);
    assert_int_equal(b[1], 255);
    static const char *const bad[] = {"", "00f", "00ff0", "00ff00", "00FF", "0x00", "00f ", "00g0"};
    for (size_t i = 0; i < N(bad); i++)
        assert_int_equal(rb_hex_decode(rb_str(bad[i]), b, 2), RB_ERR_MALFORMED);
    assert_int_equal(b[1], 255);
    assert_int_equal(rb_hex_decode(rb_slice(NULL, 0), b, 0), RB_OK);
}

static void base64_round_trips_every_length(void **state) {
    (void)state;
    uint8_t in[64], back[64];
    char text[96];
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * 37 + 200);
    for (size_t n = 0; n <= sizeof in; n++) {
        struct rb_writer w = rb_writer(text, sizeof text);
        size_t got = 99;
        rb_put_base64(&w, in, n);
        assert_int_equal(w.n, (n + 2) / 3 * 4);
        assert_int_equal(rb_base64_decode(rb_written(&w), back, n, &got), RB_OK);
        assert_int_equal(got, n);
        assert_memory_equal(back, in, n);
        if (n > 0)
            assert_int_equal(rb_base64_decode(rb_written(&w), back, n - 1, &got), RB_ERR_LIMIT);
    }
    struct rb_writer w = rb_writer(text, sizeof text);
    rb_put_base64(&w, "\xfb\xff\xfe", 3);
    rb_put_base64(&w, "foob", 4);
    assert_string_equal(rb_writer_z(&w), "+//+Zm9vYg==");
}

static void base64_has_one_spelling(void **state) {
    (void)state;
    static const char *const bad[] = {"Zg",       "Zg=",   "Zh==",   "Zm9=",  "Zm8=Zm8=", "====",
                                      "Z===",     "=Zg=",  "Zg==\n", "Zm 9v", "Zm9v\n",   "Zm-_",
                                      "Zg==Zg==", "Zm9v=", "Z=g=",   "Zg==="};
    uint8_t b[16];
    size_t n = 7;
    for (size_t i = 0; i < N(bad); i++)
        assert_int_equal(rb_base64_decode(rb_str(bad[i]), b, sizeof b, &n), RB_ERR_MALFORMED);
    assert_int_equal(n, 7);
    assert_int_equal(rb_base64_decode(rb_str("Zm8="), b, sizeof b, &n), RB_OK);
    assert_int_equal(n, 2);
}

static void decimals_have_one_spelling(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "00",
                                      "01",
                                      "+1",
                                      "-1",
                                      " 1",
                                      "1 ",
                                      "1e3",
                                      "0x1",
                                      "18446744073709551616",
                                      "99999999999999999999"};
    uint64_t v = 5;
    for (size_t i = 0; i < N(bad); i++)
        assert_int_equal(rb_dec_decode(rb_str(bad[i]), &v), RB_ERR_MALFORMED);
    assert_int_equal(v, 5);
    assert_int_equal(rb_dec_decode(rb_str("0"), &v), RB_OK);
    assert_int_equal(v, 0);
    assert_int_equal(rb_dec_decode(rb_str("18446744073709551615"), &v), RB_OK);
    assert_true(v == UINT64_MAX);
}

static void utf8_refuses_what_is_not_well_formed(void **state) {
    (void)state;
    static const char *const good[] = {"",       "a",      "\u00e9",     "\u20ac",   "\U0001f54a",
                                       "\ud7ff", "\ue000", "\U0010ffff", "\xc2\x80", "\u07ff",
                                       "\u0800", "\uffff", "\U00010000"};
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2\x41",
                                      "\xe0\x9f\xbf",
                                      "\xe2\x82",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf0\x9f\x95",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "\xfe",
                                      "a\xe2\x28\xa1",
                                      "\xf8\x88\x80\x80\x80"};
    for (size_t i = 0; i < N(good); i++) {
        assert_true(rb_utf8_ok(rb_str(good[i])));
    }
    for (size_t i = 0; i < N(bad); i++) {
        assert_false(rb_utf8_ok(rb_str(bad[i])));
        assert_false(rb_text_ok(rb_str(bad[i])));
        assert_false(rb_name_ok(rb_str(bad[i])));
    }
    assert_true(rb_utf8_ok(BYTES("a\0b")));
}

static void text_refuses_controls(void **state) {
    (void)state;
    assert_true(
        rb_text_ok(rb_str("two\nlines\tand \u05e9\u05dc\u05d5\u05dd \u0633\u0644\u0627\u0645")));
    assert_false(rb_text_ok(BYTES("a\0b")));
    assert_false(rb_text_ok(rb_str("a\rb")));
    assert_false(rb_text_ok(rb_str("\x1b[2J")));
    assert_false(rb_text_ok(rb_str("\x7f")));
    assert_false(rb_text_ok(rb_str("\xc2\x85")));
    assert_false(rb_text_ok(rb_str("\xc2\x9f")));
    assert_true(rb_text_ok(rb_str("\u00a0")));
    assert_true(rb_text_ok(rb_str("\u202eok in text, shown isolated")));
}

static void names_refuse_bidi_and_breaks(void **state) {
    (void)state;
    static const char *const bad[] = {"\n",     "\t",       "a\u061cb", "\u200e", "\u200f",
                                      "\u2028", "\u2029",   "\u202a",   "\u202e", "\u2066",
                                      "\u2069", "\xc2\x85", "x\x1b[1m", "\x7f"};
    static const char *const good[] = {"M\u00e9decins",
                                       "\u041a\u0440\u0430\u0441\u043d\u044b\u0439",
                                       "\u0627\u0644\u0647\u0644\u0627\u0644",
                                       "\u200d",
                                       "\u2027",
                                       "\u202f",
                                       "\u2065",
                                       "\u206a",
                                       "O'Neill, A. (3rd)"};
    for (size_t i = 0; i < N(bad); i++)
        assert_false(rb_name_ok(rb_str(bad[i])));
    for (size_t i = 0; i < N(good); i++)
        assert_true(rb_name_ok(rb_str(good[i])));
    assert_false(rb_name_ok(BYTES("a\0")));
}

static void handles(void **state) {
    (void)state;
    static const char *const bad[] = {"",    "A",      "a_b", "a b",
                                      "a.b", "\u00e9", "a\n", "abcdefghijklmnopqrstuvwxyz0123456"};
    for (size_t i = 0; i < N(bad); i++)
        assert_false(rb_handle_ok(rb_str(bad[i])));
    assert_true(rb_handle_ok(rb_str("north-3")));
    assert_true(rb_handle_ok(rb_str("abcdefghijklmnopqrstuvwxyz012345")));
}

/* ---- time --------------------------------------------------------------------------------- */

static void assert_utc(int64_t ms, const char *rfc3339, const char *dtg) {
    char buf[40];
    struct rb_writer w = rb_writer(buf, 32);
    rb_put_rfc3339(&w, ms);
    assert_string_equal(rb_writer_z(&w), rfc3339);
    assert_false(w.over);
    w = rb_writer(buf, sizeof buf);
    rb_put_dtg(&w, ms);
    assert_string_equal(rb_writer_z(&w), dtg);
    assert_true(rb_utc_join(rb_utc_split(ms)) == ms);
}

static void time_writes_known_moments(void **state) {
    (void)state;
    assert_utc(0, "1970-01-01T00:00:00Z", "010000ZJAN70");
    assert_utc(1443618000000, "2015-09-30T13:00:00Z", "301300ZSEP15");
    assert_utc(1443618000250, "2015-09-30T13:00:00.250Z", "301300ZSEP15");
    assert_utc(-1, "1969-12-31T23:59:59.999Z", "312359ZDEC69");
    assert_utc(951782400000, "2000-02-29T00:00:00Z", "290000ZFEB00");
    assert_utc(951868800000, "2000-03-01T00:00:00Z", "010000ZMAR00");
    assert_utc(1709210096007, "2024-02-29T12:34:56.007Z", "291234ZFEB24");
    assert_utc(4107542400000, "2100-03-01T00:00:00Z", "010000ZMAR00");
    assert_utc(4107456000000, "2100-02-28T00:00:00Z", "280000ZFEB00");
    assert_utc(253402300799999, "9999-12-31T23:59:59.999Z", "312359ZDEC99");
    assert_utc(253402300800000, "+10000-01-01T00:00:00Z", "010000ZJAN00");
    assert_utc(-62167219200000, "0000-01-01T00:00:00Z", "010000ZJAN00");
    assert_utc(-62167219200001, "-0001-12-31T23:59:59.999Z", "312359ZDEC99");
    assert_utc(INT64_MAX, "+292278994-08-17T07:12:55.807Z", "170712ZAUG94");
    assert_true(rb_utc_join(rb_utc_split(INT64_MIN + 5)) == INT64_MIN + 5);
    assert_utc(INT64_MIN, "-292275055-05-16T16:47:04.192Z", "161647ZMAY45");
}

/* Every day of eight centuries against a calendar that only counts. */
static void time_counts_every_day(void **state) {
    (void)state;
    int64_t ms = -11676096000000; /* 1600-01-01 */
    for (int year = 1600; year < 2400; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        const int days[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= days[month - 1]; day++, ms += 86400000) {
                struct rb_utc t = rb_utc_split(ms + 86399999);
                assert_int_equal(t.year, year);
                assert_int_equal(t.month, month);
                assert_int_equal(t.day, day);
                assert_int_equal(t.hour * 10000 + t.minute * 100 + t.second, 235959);
                assert_true(rb_utc_join(t) == ms + 86399999);
            }
        }
    }
}

static void time_join_normalises_and_saturates(void **state) {
    (void)state;
    struct rb_utc t = {.year = 2023, .month = 14, .day = 30};
    assert_true(rb_utc_join(t) == 1709251200000); /* 30 February 2024 is 1 March */
    t = (struct rb_utc){.year = 2024, .month = 0, .day = 31, .hour = 24};
    assert_true(rb_utc_join(t) == 1704067200000);
    t = (struct rb_utc){.year = INT_MAX, .month = INT_MAX, .day = INT_MAX};
    assert_true(rb_utc_join(t) == INT64_MAX);
    t = (struct rb_utc){.year = INT_MIN, .month = INT_MIN, .day = INT_MIN};
    assert_true(rb_utc_join(t) == INT64_MIN);
}

static void time_reads_rfc3339(void **state) {
    (void)state;
    static const struct {
        const char *z;
        int64_t ms;
    } good[] = {
        {"2015-09-30T13:00:00Z", 1443618000000},
        {"2015-09-30T13:00Z", 1443618000000},
        {"2015-09-30t13:00:00z", 1443618000000},
        {"2015-09-30T15:00:00+02:00", 1443618000000},
        {"2015-09-30T08:30:00-04:30", 1443618000000},
        {"2015-09-30T13:00:00.25Z", 1443618000250},
        {"2015-09-30T13:00:00.2Z", 1443618000200},
        {"2015-09-30T13:00:00.007+00:00", 1443618000007},
        {"2024-02-29T12:34:56.007Z", 1709210096007},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"0000-01-01T00:00:00Z", -62167219200000},
        {"0000-01-01T00:00+23:59", -62167305540000},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
        {"1970-01-01T00:00-00:00", 0},
    };
    for (size_t i = 0; i < N(good); i++) {
        int64_t ms = 1;
        assert_int_equal(rb_rfc3339_decode(rb_str(good[i].z), &ms), RB_OK);
        assert_true(ms == good[i].ms);
    }
}

static void time_refuses_what_no_calendar_has(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "2015",
                                      "2015-09-30",
                                      "2015-09-30T13Z",
                                      "2015-09-30T13:00:00",
                                      "2015-09-30 13:00:00Z",
                                      "2015-9-30T13:00Z",
                                      "2023-02-29T00:00Z",
                                      "1900-02-29T00:00Z",
                                      "2100-02-29T00:00Z",
                                      "2015-00-10T00:00Z",
                                      "2015-13-10T00:00Z",
                                      "2015-04-31T00:00Z",
                                      "2015-04-00T00:00Z",
                                      "2015-04-10T24:00Z",
                                      "2015-04-10T23:60Z",
                                      "2016-12-31T23:59:60Z",
                                      "2015-04-10T23:00:00.Z",
                                      "2015-04-10T23:00:00.1234Z",
                                      "2015-04-10T23:00.5Z",
                                      "2015-04-10T23:00:00ZZ",
                                      "2015-04-10T23:00:00+24:00",
                                      "2015-04-10T23:00:00+02:60",
                                      "2015-04-10T23:00:00+0200",
                                      "2015-04-10T23:00:00+02",
                                      "-001-04-10T23:00Z",
                                      "+2015-04-10T23:00Z",
                                      "2015-04-10T23:00:0Z",
                                      "2015-04-10T23:00:00Z ",
                                      " 2015-04-10T23:00:00Z",
                                      "2015-04-1 T23:00Z"};
    int64_t ms = 42;
    for (size_t i = 0; i < N(bad); i++)
        assert_int_equal(rb_rfc3339_decode(rb_str(bad[i]), &ms), RB_ERR_MALFORMED);
    assert_int_equal(ms, 42);
}

static void durations(void **state) {
    (void)state;
    static const struct {
        const char *z;
        int64_t ms;
    } good[] = {{"0", 0},
                {"90", 90000},
                {"90s", 90000},
                {"15m", 900000},
                {"2h", 7200000},
                {"3d", 259200000},
                {"9223372036854775s", 9223372036854775000}};
    static const char *const bad[] = {"",    "s",   "1w",  "1.5h", "-1s",
                                      "01s", "1 s", "1hh", "ms",   "1ms"};
    static const char *const over[] = {"9223372036854776", "18446744073709551615", "106751991168d"};
    int64_t ms = 42;
    for (size_t i = 0; i < N(bad); i++)
        assert_int_equal(rb_duration_decode(rb_str(bad[i]), &ms), RB_ERR_MALFORMED);
    for (size_t i = 0; i < N(over); i++)
        assert_int_equal(rb_duration_decode(rb_str(over[i]), &ms), RB_ERR_LIMIT);
    assert_int_equal(ms, 42);
    for (size_t i = 0; i < N(good); i++) {
        assert_int_equal(rb_duration_decode(rb_str(good[i].z), &ms), RB_OK);
        assert_true(ms == good[i].ms);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(err_names_are_lower_case_of_the_list),
        cmocka_unit_test(reject_fills_and_returns),
        cmocka_unit_test(slices_compare_by_bytes_then_length),
        cmocka_unit_test(slices_find_and_cut_within_their_ends),
        cmocka_unit_test(reader_takes_all_widths_and_stops_at_the_end),
        cmocka_unit_test(reader_consumes_nothing_when_it_fails),
        cmocka_unit_test(reader_lines_need_their_newline),
        cmocka_unit_test(writer_writes_what_reader_reads),
        cmocka_unit_test(writer_remembers_that_room_ran_out),
        cmocka_unit_test(writer_z_never_cuts_inside_a_character),
        cmocka_unit_test(writer_numbers),
        cmocka_unit_test(arena_aligns_zeroes_and_ends),
        cmocka_unit_test(arena_copies_and_fails_on_demand),
        cmocka_unit_test(region_reuses_freed_blocks_zeroed),
        cmocka_unit_test(region_ends_loudly_and_splits_what_was_freed),
        cmocka_unit_test(region_grows_all_or_nothing),
        cmocka_unit_test(region_fails_on_demand),
        cmocka_unit_test(region_too_small_for_anything),
        cmocka_unit_test(wipe_clears),
        cmocka_unit_test(hex_is_lower_case_and_exact),
        cmocka_unit_test(base64_round_trips_every_length),
        cmocka_unit_test(base64_has_one_spelling),
        cmocka_unit_test(decimals_have_one_spelling),
        cmocka_unit_test(utf8_refuses_what_is_not_well_formed),
        cmocka_unit_test(text_refuses_controls),
        cmocka_unit_test(names_refuse_bidi_and_breaks),
        cmocka_unit_test(handles),
        cmocka_unit_test(time_writes_known_moments),
        cmocka_unit_test(time_counts_every_day),
        cmocka_unit_test(time_join_normalises_and_saturates),
        cmocka_unit_test(time_reads_rfc3339),
        cmocka_unit_test(time_refuses_what_no_calendar_has),
        cmocka_unit_test(durations),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
