/* How much notice a logged notice gave (spec 10.6.6). Never counted from the hour at which somebody
 * looks: every timely notice would turn into one that came too late. */
#include "check.h"

static const struct rb_sit_member *sit_member(const struct rb_chan *c, uint16_t index) {
    for (size_t i = 0; i < c->s->members_n; i++)
        if (c->s->members[i].index == index) return &c->s->members[i];
    return NULL;
}
static struct rb_slice affiliation(const struct rb_chan *c, uint16_t index) {
    for (size_t i = 0; i < c->charter->members_n; i++)
        if (c->charter->members[i].index == index) return c->charter->members[i].affiliation;
    return (struct rb_slice){0};
}
/* of another affiliation and another group (5.8.1) */
static bool apart(const struct rb_chan *c, uint16_t a, uint16_t b) {
    const struct rb_sit_member *ma = sit_member(c, a), *mb = sit_member(c, b);
    const struct rb_slice of_a = affiliation(c, a), of_b = affiliation(c, b);
    if (a == b || ma == NULL || mb == NULL) return false;
    if (of_a.n > 0 && rb_slice_eq(of_a, of_b)) return false;
    return ma->group < 0 || ma->group != mb->group;
}

struct times { /* T of those whose time counts */
    bool before, after;
    uint16_t first;
    int64_t first_utc_ms;
};
static void add(struct times *t, const struct rb_chan *c, uint32_t order, uint16_t member,
                int64_t by_utc_ms) {
    uint64_t s = 0;
    if (!rb_situation_held(c->s, order, member, &s) || s == 0 || s > INT64_MAX / 1000) return;
    const int64_t ms = (int64_t)s * 1000;
    if ((!t->before && !t->after) || ms < t->first_utc_ms) {
        t->first = member;
        t->first_utc_ms = ms;
    }
    *(ms <= by_utc_ms ? &t->before : &t->after) = true;
}
static struct times times_of(const struct rb_chan *c, uint32_t order, int64_t by_utc_ms) {
    const uint16_t author = rb_situation_author(c->s, order);
    struct times t = {0};
    if (c->charter->has_timekeeper && c->charter->timekeeper != author)
        add(&t, c, order, c->charter->timekeeper, by_utc_ms);
    if (t.before || t.after) return t;
    for (size_t i = 0; i < c->s->members_n; i++)
        if (apart(c, author, c->s->members[i].index))
            add(&t, c, order, c->s->members[i].index, by_utc_ms);
    return t;
}

/* the earliest beginning; *all: each volume has one */
static bool begins(const struct rb_notice *n, int64_t *first, bool *all) {
    *first = INT64_MAX;
    *all = n->volumes_n > 0;
    for (size_t i = 0; i < n->volumes_n; i++) {
        if (!n->volumes[i].has_from)
            *all = false;
        else if (n->volumes[i].from_utc_ms < *first)
            *first = n->volumes[i].from_utc_ms;
    }
    return *first != INT64_MAX;
}
void rb_check_lead(const struct rb_chan *c, uint32_t order, const struct rb_notice *n,
                   struct rb_checked *k) {
    const int64_t asked = k->found.lead_asked_ms;
    const int64_t created = rb_situation_fact(c->s, order)->created_utc_ms;
    int64_t first, by;
    bool all;
    if (k->err != RB_OK || asked <= 0) return;
    k->found.lead = RB_LEAD_UNKNOWN;
    if (!begins(n, &first, &all) || __builtin_sub_overflow(first, asked, &by)) return;
    const struct times t = times_of(c, order, by);
    const bool held = t.before || t.after, late = created > by;
    /* 5.8: nothing known in time, and the author's own word says the same */
    k->lead_contested =
        (t.before && t.after) || (!t.before && !late && (t.after || c->s->now_utc_ms >= by));
    const bool is_short = !t.before && late;
    if (!all && !is_short && !k->lead_contested) return;
    k->found.lead = is_short ? RB_LEAD_SHORT : RB_LEAD_GIVEN;
    k->lead_from = held ? RB_LEAD_FROM_HELD : RB_LEAD_FROM_WRITTEN;
    k->lead_held_by = t.first;
    k->lead_held_utc_ms = t.first_utc_ms;
    k->lead_written_ms = first - created;
    k->found.lead_given_ms = held ? first - t.first_utc_ms : first - created;
}
