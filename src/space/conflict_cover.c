/* What a check compared with, and what it could not: spec 10.6.7. */
#include "conflict.h"

/* What is left out is of the plan's author and class by class; its age stays among the others'. */
static struct tally without_left_out(const struct check *k, enum rb_place_class c, uint16_t m) {
    struct tally t = k->r->tally[c][m];
    if (m != k->plan->author) return t;
    t.places -= (uint32_t)k->left_out[c].places;
    t.closed -= (uint32_t)k->left_out[c].closed;
    t.untimed -= (uint32_t)k->left_out[c].untimed;
    t.placeless -= (uint32_t)k->left_out[c].placeless;
    return t;
}

static void age(size_t places, int64_t *oldest, int64_t *newest, int64_t from, int64_t to) {
    if (places == 0 || from < *oldest) *oldest = from;
    if (places == 0 || to > *newest) *newest = to;
}

static void cover_class(const struct check *k, enum rb_place_class c, struct rb_coverage_class *o) {
    o->rule = rb_register_rule(k->plan->class_, c);
    if (o->rule == RB_CONFLICT_NO_RULE) return;
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++) {
        const struct tally t = without_left_out(k, c, m);
        if (conflict_rule_for(k->plan, k->terms, c, m) == RB_CONFLICT_NO_RULE) {
            o->own += (size_t)t.places + t.placeless;
            continue;
        }
        o->placeless += t.placeless;
        if (t.places == 0) continue;
        age(o->places, &o->oldest_utc_ms, &o->newest_utc_ms, t.oldest_utc_ms, t.newest_utc_ms);
        o->places += t.places;
        o->closed += t.closed;
        o->untimed += t.untimed;
        o->members |= 1ull << m;
    }
}

static void count_unsure(const struct check *k, struct rb_coverage *out) {
    for (size_t i = 0; i < k->n; i++) {
        const unsigned u = k->list[i].unsure_any;
        out->unsure_accuracy += (u & RB_UNSURE_ACCURACY) != 0;
        out->unsure_datum += (u & RB_UNSURE_DATUM) != 0;
        out->unsure_terrain += (u & RB_UNSURE_TERRAIN) != 0;
        out->unsure_work += (u & RB_UNSURE_WORK) != 0;
    }
}

void conflict_cover(const struct check *k, struct rb_coverage *out) {
    uint64_t members = 0;
    register_tally_refresh(k->r);
    *out = (struct rb_coverage){.unreadable = k->terms->unreadable,
                                .malformed = k->terms->malformed,
                                .plan_placeless = k->plan->volumes_n == 0,
                                .plan_untimed = k->own->untimed,
                                .no_terrain = !k->terms->has_terrain};
    for (enum rb_place_class c = 0; c < RB_PLACE_CLASSES; c++) {
        struct rb_coverage_class *o = &out->of[c];
        cover_class(k, c, o);
        if (o->places > 0)
            age(out->places, &out->oldest_utc_ms, &out->newest_utc_ms, o->oldest_utc_ms,
                o->newest_utc_ms);
        out->places += o->places;
        out->placeless += o->placeless;
        members |= o->members;
    }
    out->members = (size_t)__builtin_popcountll(members);
    count_unsure(k, out);
}
