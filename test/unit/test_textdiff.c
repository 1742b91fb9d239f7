/* Two versions of a text, paragraph by paragraph: by hand, and what holds of any two. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "readback/textdiff.h"

static uint8_t room[1 << 22];

/* a text whose paragraphs are single letters */
static struct rb_text text(const char *letters, struct rb_slice *paragraphs) {
    struct rb_text t = {.paragraphs = paragraphs};
    for (; letters[t.paragraphs_n]; t.paragraphs_n++)
        paragraphs[t.paragraphs_n] = rb_slice((const uint8_t *)&letters[t.paragraphs_n], 1);
    return t;
}

static void diff(const char *before, const char *after, struct rb_diff *out) {
    static struct rb_slice a[RB_MAX_PARAGRAPHS], b[RB_MAX_PARAGRAPHS];
    struct rb_arena arena = rb_arena(room, sizeof room);
    const struct rb_text x = text(before, a), y = text(after, b);
    assert_int_equal(rb_text_diff(&x, &y, &arena, out), RB_OK);
}

static const struct line {
    const char *before, *after, *want; /* = same, ~ changed, - removed, + added */
} lines[] = {
    {"", "", ""},
    {"", "ab", "++"},
    {"ab", "", "--"},
    {"abc", "abc", "==="},
    {"abc", "axc", "=~="},
    {"abc", "ac", "=-="},
    {"ac", "abc", "=+="},
    {"abc", "xbc", "~=="},
    {"abc", "abx", "==~"},
    {"abc", "abcd", "===+"},
    {"abcd", "axyd", "=~~="},
    {"abcd", "axd", "=~-="},
    {"abd", "axyd", "=~+="},
    {"abcdef", "cdefab", "--====++"},
    {"aXbYc", "abc", "=-=-="},
    {"aa", "aaa", "==+"},
};

static void by_hand(void **state) {
    (void)state;
    static const char signs[] = "=~-+";
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct rb_diff d;
        char got[64] = "";
        diff(lines[i].before, lines[i].after, &d);
        for (size_t k = 0; k < d.n; k++)
            got[k] = signs[d.lines[k].type];
        if (strcmp(got, lines[i].want) != 0)
            fail_msg("%s, %s: %s, not %s", lines[i].before, lines[i].after, got, lines[i].want);
    }
}

static uint64_t seed = 11;
static unsigned dice(unsigned n) {
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

/* the longest sequence that both have, the simple way */
static unsigned longest(const char *a, const char *b) {
    static unsigned t[40][40];
    const size_t n = strlen(a), m = strlen(b);
    memset(t, 0, sizeof t);
    for (size_t i = n; i-- > 0;)
        for (size_t k = m; k-- > 0;)
            t[i][k] = a[i] == b[k]                ? t[i + 1][k + 1] + 1
                      : t[i + 1][k] > t[i][k + 1] ? t[i + 1][k]
                                                  : t[i][k + 1];
    return t[0][0];
}

/* Each paragraph of both versions once and in order; the same are the same, and as many as can be.
 */
static void any_two(void **state) {
    (void)state;
    for (size_t round = 0; round < 20000; round++) {
        char a[33] = "", b[33] = "";
        struct rb_diff d;
        uint16_t before = 0, after = 0;
        unsigned kept = 0;
        for (size_t i = 0, n = dice(32); i < n; i++)
            a[i] = (char)('a' + dice(6));
        for (size_t i = 0, n = dice(32); i < n; i++)
            b[i] = (char)('a' + dice(6));
        diff(a, b, &d);
        for (size_t i = 0; i < d.n; i++) {
            const struct rb_diff_line *l = &d.lines[i];
            if (l->before) assert_int_equal(l->before, ++before);
            if (l->after) assert_int_equal(l->after, ++after);
            assert_int_equal(l->before == 0, l->type == RB_DIFF_ADDED);
            assert_int_equal(l->after == 0, l->type == RB_DIFF_REMOVED);
            if (l->type == RB_DIFF_SAME) assert_int_equal(a[l->before - 1], b[l->after - 1]);
            kept += l->type == RB_DIFF_SAME;
        }
        assert_int_equal(before, strlen(a));
        assert_int_equal(after, strlen(b));
        assert_int_equal(kept, longest(a, b));
    }
}

static void the_longest_texts(void **state) {
    (void)state;
    static char a[RB_MAX_PARAGRAPHS + 1], b[RB_MAX_PARAGRAPHS + 1];
    struct rb_diff d;
    memset(a, 'a', RB_MAX_PARAGRAPHS);
    memset(b, 'b', RB_MAX_PARAGRAPHS);
    diff(a, b, &d);
    assert_int_equal(d.n, RB_MAX_PARAGRAPHS);
    assert_int_equal(d.lines[RB_MAX_PARAGRAPHS - 1].type, RB_DIFF_CHANGED);
    static struct rb_slice p[RB_MAX_PARAGRAPHS], q[RB_MAX_PARAGRAPHS];
    const struct rb_text x = text(a, p), y = text(b, q);
    struct rb_arena little = rb_arena(room, 1000);
    assert_int_equal(rb_text_diff(&x, &y, &little, &d), RB_ERR_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(any_two),
        cmocka_unit_test(the_longest_texts),
    };
    return cmocka_run_group_tests_name("textdiff", tests, NULL, NULL);
}
