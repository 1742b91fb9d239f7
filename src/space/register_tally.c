/* How many places of each class, of whom, how old: kept up as places come and go, so that every
 * check can say what it compared. */
#include "register_int.h"

static void widen(struct tally *t, int64_t seen) {
    if (t->places == 0 || seen < t->oldest_utc_ms) t->oldest_utc_ms = seen;
    if (t->places == 0 || seen > t->newest_utc_ms) t->newest_utc_ms = seen;
}

void register_tally_add(struct rb_register *r, const struct place *p) {
    struct tally *t = &r->tally[p->class_][p->author];
    if (p->volumes_n == 0) {
        t->placeless++;
        return;
    }
    widen(t, register_place_seen(p));
    t->places++;
    t->closed += p->closed;
    t->untimed += p->untimed;
}

void register_tally_drop(struct rb_register *r, const struct place *p) {
    struct tally *t = &r->tally[p->class_][p->author];
    if (p->volumes_n == 0) {
        t->placeless--;
        return;
    }
    const int64_t seen = register_place_seen(p);
    t->places--;
    t->closed -= p->closed;
    t->untimed -= p->untimed;
    if (t->places == 0)
        t->stale = false; /* the next one is both oldest and newest */
    else if (seen == t->oldest_utc_ms || seen == t->newest_utc_ms)
        t->stale = r->stale = true;
}

static void begin_again(struct rb_register *r) {
    for (size_t c = 0; c < RB_PLACE_CLASSES; c++) {
        for (size_t m = 0; m < RB_MAX_MEMBERS; m++) {
            struct tally *t = &r->tally[c][m];
            if (!t->stale) continue;
            t->oldest_utc_ms = INT64_MAX;
            t->newest_utc_ms = INT64_MIN;
        }
    }
}

void register_tally_refresh(struct rb_register *r) {
    size_t at = 0;
    const struct place *p;
    if (!r->stale) return;
    begin_again(r);
    while ((p = register_map_next(r, &at)) != NULL) {
        struct tally *t = &r->tally[p->class_][p->author];
        if (p->volumes_n > 0 && !p->rests) widen(t, register_place_seen(p));
    }
    for (size_t c = 0; c < RB_PLACE_CLASSES; c++)
        for (size_t m = 0; m < RB_MAX_MEMBERS; m++)
            r->tally[c][m].stale = false;
    r->stale = false;
}
