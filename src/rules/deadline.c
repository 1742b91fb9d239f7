/* Deadlines (design §8): met by T of the charter's timekeeper, or else of a member of another
 * affiliation and group than the author. Clauses 5.8.x. */
#include "internal.h"

static const struct rb_member *listed(const struct rb_charter *c, uint16_t index) {
    for (size_t i = 0; i < c->members_n; i++)
        if (c->members[i].index == index) return &c->members[i];
    return NULL;
}

/* an affiliation that is not stated is nobody else's */
static bool apart(const struct rb_charter *c, const struct rb_member *a,
                  const struct rb_member *b) {
    if (a->index == b->index) return false;
    if (a->affiliation.n > 0 && rb_slice_eq(a->affiliation, b->affiliation)) return false;
    for (size_t i = 0; i < c->groups_n; i++)
        if ((c->groups[i].members >> a->index & 1) && (c->groups[i].members >> b->index & 1))
            return false;
    return true;
}

bool rb_members_apart(const struct rb_charter *c, uint16_t a, uint16_t b) {
    const struct rb_member *ma = listed(c, a), *mb = listed(c, b);
    return ma != NULL && mb != NULL && apart(c, ma, mb);
}

struct times {
    bool before, after;
    int64_t earliest_ms;
};

static void add_time(struct times *t, const struct rb_situation *s, uint32_t order, uint16_t member,
                     int64_t by_utc_ms) {
    uint64_t time_s;
    if (!rb_held_record(s, order, member, &time_s)) return;
    int64_t ms = rb_t_ms(time_s);
    if ((!t->before && !t->after) || ms < t->earliest_ms) t->earliest_ms = ms;
    if (ms <= by_utc_ms)
        t->before = true;
    else
        t->after = true;
}

enum rb_deadline rb_deadline_judge(const struct rb_situation *s, const struct rb_charter *c,
                                   uint32_t order, int64_t by_utc_ms, int64_t *t_ms) {
    struct times t = {0};
    uint16_t author = rb_situation_author(s, order);
    const struct rb_member *own = listed(c, author);
    if (c->has_timekeeper && c->timekeeper != author)
        add_time(&t, s, order, c->timekeeper, by_utc_ms);
    if (!t.before && !t.after)
        for (size_t i = 0; i < c->members_n; i++)
            if (own != NULL && apart(c, own, &c->members[i]))
                add_time(&t, s, order, c->members[i].index, by_utc_ms);
    *t_ms = t.before || t.after ? t.earliest_ms : 0;
    if (t.before && !t.after) return RB_DEADLINE_MET;
    if (s->now_utc_ms < by_utc_ms) return RB_DEADLINE_MET; /* the deadline is still ahead */
    if (t.before) return RB_DEADLINE_CONTESTED;
    bool created = rb_situation_fact(s, order)->created_utc_ms <= by_utc_ms;
    return created ? RB_DEADLINE_CONTESTED : RB_DEADLINE_LATE;
}
