/* Rules of adoption, spec 16.2: each rule by hand, and all of them beside a judge that tries every
 * way in which what is contested by time may have fallen. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "readback/adopt.h"

/* one letter a member: a accepts, r rejects, o abstains or dissociates, . silent; upper case:
 * contested by time; behind a minus: late */
static void say(const char *words, struct rb_stance stance[RB_MAX_MEMBERS]) {
    static const char letters[] = ".aro";
    memset(stance, 0, RB_MAX_MEMBERS * sizeof *stance);
    for (size_t i = 0; *words; i++, words++) {
        if (*words == '-') {
            stance[i].late = true;
            words++;
        }
        stance[i].contested = *words >= 'A' && *words <= 'Z';
        const char *at = strchr(letters, *words | (stance[i].contested ? 0x20 : 0));
        assert_non_null(at);
        stance[i].word = (uint8_t)(at - letters);
    }
}

#define N RB_ADOPTION_NOT_ADOPTED
#define A RB_ADOPTION_ADOPTED
#define O RB_ADOPTION_OPEN
#define L RB_ADOPTION_LAPSED
#define C RB_ADOPTION_CONTESTED_BY_TIME
static const struct line {
    enum rb_rule_type rule;
    unsigned quorum;
    const char *words, *veto; /* veto: a v for those who have one */
    enum rb_adoption_state before, past;
} lines[] = {
    {RB_RULE_ALL, 0, "...", "", O, L},
    {RB_RULE_ALL, 0, "aa.", "", O, L},
    {RB_RULE_ALL, 0, "aaa", "", A, A},
    {RB_RULE_ALL, 0, "aao", "", O, L},
    {RB_RULE_ALL, 0, "r..", "", N, N},
    {RB_RULE_ALL, 0, "aa-a", "", O, L},
    {RB_RULE_ALL, 0, "aa-r", "", O, L},
    {RB_RULE_ALL, 0, "aaA", "", C, C},
    {RB_RULE_ALL, 0, "rrA", "", N, N},
    {RB_RULE_ALL, 0, "a.A", "", O, L},
    {RB_RULE_GUARANTORS, 0, "aa", "", A, A},
    {RB_RULE_GUARANTORS, 0, "a.", "", O, L},
    /* nine of fifteen, five with a veto */
    {RB_RULE_QUORUM_VETO, 9, "aaaaaaaaa......", "vvvvv..........", A, A},
    {RB_RULE_QUORUM_VETO, 9, ".aaaaaaaaa.....", "vvvvv..........", O, A},
    {RB_RULE_QUORUM_VETO, 9, "oaaaaaaaaa.....", "vvvvv..........", A, A},
    {RB_RULE_QUORUM_VETO, 9, "raaaaaaaaaaaaaa", "vvvvv..........", N, N},
    {RB_RULE_QUORUM_VETO, 9, "aaaaaaaaarrrrrr", "vvvvv..........", A, A},
    {RB_RULE_QUORUM_VETO, 9, "aaaaaaaarrrrrrr", "vvvvv..........", N, L},
    {RB_RULE_QUORUM_VETO, 9, "aaaaaaaa.......", "vvvvv..........", O, L},
    {RB_RULE_QUORUM_VETO, 9, "-raaaaaaaaa.....", "vvvvv..........", O, A},
    {RB_RULE_QUORUM_VETO, 9, "Raaaaaaaaa.....", "vvvvv..........", C, C},
    {RB_RULE_QUORUM, 2, "aa.", "", A, A},
    {RB_RULE_QUORUM, 2, "a..", "", O, L},
    {RB_RULE_QUORUM, 2, "arr", "", N, L},
    {RB_RULE_QUORUM, 2, "aar", "", A, A},
    {RB_RULE_QUORUM, 2, "aA.", "", C, C},
    {RB_RULE_SILENCE, 0, "...", "", O, A},
    {RB_RULE_SILENCE, 0, "aaa", "", O, A},
    {RB_RULE_SILENCE, 0, "..r", "", N, N},
    {RB_RULE_SILENCE, 0, "..o", "", O, A},
    {RB_RULE_SILENCE, 0, "..-r", "", O, A},
    {RB_RULE_SILENCE, 0, "..R", "", C, C},
};

static size_t voices(const char *words) {
    size_t n = 0;
    for (; *words; words++)
        n += *words != '-';
    return n;
}

static void by_hand(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const struct line *l = &lines[i];
        struct rb_stance stance[RB_MAX_MEMBERS];
        struct rb_electorate e = {.voices = (UINT64_C(1) << voices(l->words)) - 1};
        for (size_t k = 0; l->veto[k]; k++)
            if (l->veto[k] == 'v') e.veto |= UINT64_C(1) << k;
        say(l->words, stance);
        const enum rb_adoption_state before =
            rb_adoption_judge(l->rule, l->quorum, &e, stance, false);
        const enum rb_adoption_state past = rb_adoption_judge(l->rule, l->quorum, &e, stance, true);
        if (before != l->before || past != l->past)
            fail_msg("%s %u %s: %s, %s", rb_rule_name(l->rule), l->quorum, l->words,
                     rb_adoption_state_name(before), rb_adoption_state_name(past));
    }
}

static uint64_t seed = 7;
static unsigned dice(unsigned n) {
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

/* every way in which the contested ones may have fallen: the same outcome in all of them; contested
 * where some adopt; lapsed where none does */
static enum rb_adoption_state every_way(enum rb_rule_type rule, unsigned quorum,
                                        const struct rb_electorate *e, const struct rb_stance *in,
                                        size_t n, bool past) {
    enum rb_adoption_state first = O;
    bool differ = false, adopted = false;
    for (unsigned way = 0; way < 1u << n; way++) {
        struct rb_stance s[RB_MAX_MEMBERS];
        memcpy(s, in, sizeof s);
        for (size_t i = 0; i < n; i++) {
            if (s[i].contested && (way >> i & 1)) s[i].late = true;
            s[i].contested = false;
        }
        const enum rb_adoption_state one = rb_adoption_judge(rule, quorum, e, s, past);
        if (way == 0) first = one;
        differ |= one != first;
        adopted |= one == A;
    }
    return !differ ? first : adopted ? C : L;
}

static void every_way_of_time(void **state) {
    (void)state;
    size_t met[5] = {0};
    for (size_t round = 0; round < 40000; round++) {
        struct rb_stance stance[RB_MAX_MEMBERS] = {0};
        const size_t n = 1 + dice(6);
        const enum rb_rule_type rule = (enum rb_rule_type)dice(5);
        const unsigned quorum = 1 + dice((unsigned)n);
        struct rb_electorate e = {.voices = (UINT64_C(1) << n) - 1};
        e.veto = dice(1u << n);
        for (size_t i = 0; i < n; i++) {
            stance[i].word = (uint8_t)dice(4);
            stance[i].contested = dice(4) == 0;
            stance[i].late = !stance[i].contested && dice(6) == 0;
        }
        const enum rb_adoption_state got = rb_adoption_judge(rule, quorum, &e, stance, true);
        assert_int_equal(got, every_way(rule, quorum, &e, stance, n, true));
        met[got]++;
    }
    assert_true(met[A] > 1000 && met[N] > 1000 && met[L] > 1000 && met[C] > 1000 && met[O] == 0);
}

/* ---- groups -----------------------------------------------------------------------------------
 */
static void a_group_is_one_voice(void **state) {
    (void)state;
    static struct rb_charter c;
    struct rb_electorate e;
    c.groups_n = 2;
    c.groups[0] = (struct rb_group){rb_str("coalition"), 2, 0x1c}; /* 2, 3, 4; led by 2 */
    c.groups[1] = (struct rb_group){rb_str("others"), 6, 0x60};    /* 5, 6; led by 6 */
    rb_electorate_make(&c, 0x1f, 0x08, &e);
    assert_true(e.voices == 0x07 && e.veto == 0x04);
    rb_electorate_make(&c, 0x3b, 0, &e); /* neither lead is asked: each for itself */
    assert_true(e.voices == 0x3b && e.veto == 0);
    rb_electorate_make(&c, 0, 0, &e);
    assert_true(e.voices == 0);
    struct rb_stance none[RB_MAX_MEMBERS] = {0};
    assert_int_equal(rb_adoption_judge(RB_RULE_ALL, 0, &e, none, false), O);
    assert_int_equal(rb_adoption_judge(RB_RULE_ALL, 0, &e, none, true), L);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(every_way_of_time),
        cmocka_unit_test(a_group_is_one_voice),
    };
    return cmocka_run_group_tests_name("adopt", tests, NULL, NULL);
}
