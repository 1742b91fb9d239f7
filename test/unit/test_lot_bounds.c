/* How much one member's records can make everybody else's node do: lots of instruments, and who
 * they stand in. Work is counted, not timed. */
#include "diag.h"
#include "beside_words.h"

#define READ RB_POSITION_READ
#define WIDE RB_MAX_REFS

/* positions of one level, each on all of the level before */
static void pile(struct fx *w, uint16_t member, struct rb_hash on[WIDE], size_t *n) {
    struct rb_hash next[WIDE];
    for (size_t i = 0; i < WIDE; i++) {
        struct rb_record r = fx_position(w, &on[0], READ);
        for (size_t k = 1; k < *n; k++)
            fx_ref(&r, RB_REF_ANSWERS, &on[k]);
        next[i] = fx_say(w, member, &r);
    }
    memcpy(on, next, sizeof next);
    *n = WIDE;
}

static size_t entries_of(const struct rb_situation *s, uint32_t record) {
    size_t n = 0;
    for (uint32_t i = s->order[record].first_entry; i != RB_NOWHERE; i = s->entries[i].again)
        n++;
    return n;
}

/* a request, 16 that say read of it, 16 that say read of all these, and so on */
static void positions_on_positions(void **state) {
    struct fx *w = *state;
    const size_t levels = 7;
    size_t n = 1;
    in_force(w);
    struct rb_hash on[WIDE] = {lw_say(w, 0, lw_request(w, 0, 0))};
    struct rb_hash last[8];
    for (size_t i = 1; i < levels; i++) {
        pile(w, 0, on, &n);
        last[i] = on[0];
    }
    struct rb_situation *s = fx_fold(w, fx_book(w), w->clock_ms);
    assert_int_equal(entries_of(s, fx_place(s, &last[1])), 1);
    assert_int_equal(entries_of(s, fx_place(s, &last[2])), WIDE);
    for (size_t i = 3; i < levels; i++)
        assert_int_equal(entries_of(s, fx_place(s, &last[i])), 0);
    assert_int_equal(s->entries_n, 1 + WIDE + WIDE * WIDE);
    assert_true(s->looks <= (levels + 1) * WIDE * RB_MAX_ENTRIES);
    for (size_t i = 0; i < s->order_n; i++)
        assert_int_equal(s->order[i].mark, RB_MARK_NONE);
}

/* 16 on all of 16 requests, and as many that say read of all these: as much as there can be */
static void positions_on_many(void **state) {
    struct fx *w = *state;
    struct rb_hash on[WIDE];
    size_t n = WIDE, most = 0;
    in_force(w);
    for (size_t i = 0; i < WIDE; i++)
        on[i] = lw_say(w, 0, lw_request(w, 0, 0));
    pile(w, 0, on, &n);
    pile(w, 0, on, &n);
    pile(w, 0, on, &n);
    struct rb_situation *s = fx_fold(w, fx_book(w), w->clock_ms);
    for (uint32_t i = 0; i < s->order_n; i++)
        if (entries_of(s, i) > most) most = entries_of(s, i);
    assert_int_equal(most, RB_MAX_ENTRIES);
    assert_int_equal(s->entries_n, WIDE + WIDE * WIDE + WIDE * RB_MAX_ENTRIES);
    assert_true(s->looks <= (uint64_t)8 * WIDE * WIDE * RB_MAX_ENTRIES);
}

/* findings that name 16 incidents each, and one on 16 others that supersedes all of them */
static void findings_on_many(void **state) {
    struct fx *w = *state;
    struct rb_hash incident[WIDE], found[WIDE];
    size_t most = 0;
    w->charter.members[2].role = RB_ROLE_MONITOR;
    in_force(w);
    for (size_t i = 0; i < WIDE; i++)
        found[i] = incident[i] = lw_say(w, 0, lw_incident(w, NULL, 0));
    for (size_t i = 0; i < WIDE; i++)
        found[i] = lw_say(w, 2, lw_finding(w, RB_FINDING_VISIT, RB_VISIT_MADE, incident, WIDE));
    for (size_t i = 0; i < WIDE; i++)
        incident[i] = lw_say(w, 0, lw_incident(w, NULL, 0));
    struct rb_record r = lw_finding(w, RB_FINDING_VISIT, RB_VISIT_DENIED, incident, WIDE);
    for (size_t i = 0; i < WIDE; i++)
        fx_ref(&r, RB_REF_SUPERSEDES, &found[i]);
    struct rb_hash last = lw_say(w, 2, r);
    struct rb_situation *s = fx_fold(w, fx_book(w), w->clock_ms);
    for (uint32_t i = 0; i < s->order_n; i++)
        if (entries_of(s, i) > most) most = entries_of(s, i);
    assert_int_equal(most, entries_of(s, fx_place(s, &last)));
    assert_int_equal(most,
                     WIDE + WIDE + RB_MAX_ENTRIES); /* the first of them is what it goes on from */
    for (size_t i = 0; i < WIDE; i++)
        assert_state(s, &found[i], RB_STATE_SUPERSEDED);
    assert_state(s, &last, RB_STATE_STANDS);
    assert_true(s->looks <= (uint64_t)16 * WIDE * RB_MAX_ENTRIES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        T(positions_on_positions),
        T(positions_on_many),
        T(findings_on_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
