/* Which classes are compared, at what distance, how long ahead: spec 10.6.2, 10.6.3, 10.6.6. */
#include "conflict.h"

/* Operations and exercises do something to a place; all rules are between them and what could be
 * harmed, or between two of them. */
static bool acts(enum rb_place_class c) {
    return c == RB_PLACE_OPERATION || c == RB_PLACE_EXERCISE;
}

static enum rb_conflict_rule rule_of_acting_on(enum rb_place_class c) {
    switch (c) {
    case RB_PLACE_OPERATION:
    case RB_PLACE_EXERCISE:
        return RB_CONFLICT_NOTICE;
    case RB_PLACE_MOVEMENT:
        return RB_CONFLICT_MOVEMENT;
    case RB_PLACE_SITE:
        return RB_CONFLICT_SITE;
    case RB_PLACE_TRUCE:
        return RB_CONFLICT_TRUCE;
    case RB_PLACE_NO_STRIKE:
        return RB_CONFLICT_NO_STRIKE;
    case RB_PLACE_AREA: /* says what is there, forbids nothing */
        return RB_CONFLICT_NO_RULE;
    }
    return RB_CONFLICT_NO_RULE;
}

enum rb_conflict_rule rb_register_rule(enum rb_place_class a, enum rb_place_class b) {
    if (acts(a)) return rule_of_acting_on(b);
    return acts(b) ? rule_of_acting_on(a) : RB_CONFLICT_NO_RULE;
}

uint64_t conflict_standoff(const struct rb_register_terms *t, enum rb_place_class a,
                           enum rb_place_class b) {
    const uint64_t of_a = acts(a) && !acts(b) ? 0 : t->standoff_mm[a];
    const uint64_t of_b = acts(b) && !acts(a) ? 0 : t->standoff_mm[b];
    return of_a > of_b ? of_a : of_b;
}

uint64_t conflict_standoff_most(const struct rb_register_terms *t, enum rb_place_class plan) {
    uint64_t most = 0;
    for (enum rb_place_class c = 0; c < RB_PLACE_CLASSES; c++) {
        if (rb_register_rule(plan, c) == RB_CONFLICT_NO_RULE) continue;
        const uint64_t one = conflict_standoff(t, plan, c);
        if (one > most) most = one;
    }
    return most;
}

static bool one_party(const struct rb_register_terms *t, uint16_t a, uint16_t b) {
    if (a == b) return true;
    if (a >= RB_MAX_MEMBERS || b >= RB_MAX_MEMBERS) return false; /* nobody is of no party */
    return t->party_of[a] != 0 && t->party_of[a] == t->party_of[b];
}

enum rb_conflict_rule conflict_rule_for(const struct rb_register_plan *plan,
                                        const struct rb_register_terms *t, enum rb_place_class c,
                                        uint16_t member) {
    const enum rb_conflict_rule rule = rb_register_rule(plan->class_, c);
    if (rule == RB_CONFLICT_NOTICE && one_party(t, plan->author, member))
        return RB_CONFLICT_NO_RULE;
    return rule;
}

static int64_t from_now(int64_t utc_ms, int64_t now_utc_ms) {
    int64_t d;
    if (!__builtin_sub_overflow(utc_ms, now_utc_ms, &d)) return d;
    return utc_ms < now_utc_ms ? INT64_MIN : INT64_MAX;
}

enum rb_lead conflict_lead(const struct rb_register_plan *plan, const struct rb_register_terms *t,
                           int64_t *given_ms) {
    const int64_t asked = t->lead_ms[plan->class_];
    bool known = plan->volumes_n > 0;
    int64_t first = INT64_MAX;
    *given_ms = 0;
    if (asked <= 0) return RB_LEAD_NOT_ASKED;
    for (size_t i = 0; i < plan->volumes_n; i++) {
        const struct rb_volume *v = &plan->volumes[i];
        if (!v->has_from)
            known = false;
        else if (v->from_utc_ms < first)
            first = v->from_utc_ms;
    }
    const int64_t given = from_now(first, plan->now_utc_ms);
    if (!known && (first == INT64_MAX || given >= asked)) return RB_LEAD_UNKNOWN;
    *given_ms = given;
    return given < asked ? RB_LEAD_SHORT : RB_LEAD_GIVEN;
}

/* ---- names --------------------------------------------------------------------------------------
 */

const char *rb_place_class_name(enum rb_place_class c) {
    static const char *const names[] = {"operation", "exercise",         "movement",      "site",
                                        "area",      "area under truce", "no-strike area"};
    static_assert(sizeof names / sizeof *names == RB_PLACE_CLASSES, "a name for each class");
    return (unsigned)c < RB_PLACE_CLASSES ? names[c] : "?";
}

const char *rb_conflict_rule_name(enum rb_conflict_rule r) {
    static const char *const names[] = {"no rule",          "site",
                                        "movement",         "another party's notice",
                                        "area under truce", "no-strike area"};
    return (unsigned)r < sizeof names / sizeof *names ? names[r] : "?";
}

const char *rb_lead_name(enum rb_lead l) {
    static const char *const names[] = {"not asked", "given", "too short", "not known"};
    return (unsigned)l < sizeof names / sizeof *names ? names[l] : "?";
}
