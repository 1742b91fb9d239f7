/* A check at work. Internal. */
#ifndef READBACK_SPACE_CONFLICT_H
#define READBACK_SPACE_CONFLICT_H
#include "register_int.h"

struct found {
    struct rb_conflict c;
    unsigned unsure_any; /* reasons of any of its pairs of volumes */
};

/* a pair of volumes that must be looked at */
struct candidate {
    uint32_t ref; /* the other's, as the index calls it */
    uint32_t plan_volume;
};
/* what may still be looked at, 10.6.16 */
struct looks {
    uint64_t near; /* to answer */
    uint64_t gap;  /* to measure */
};

struct check {
    struct rb_register *r;
    const struct rb_register_plan *plan;
    const struct rb_register_terms *terms;
    struct place *own;  /* the plan's volumes, prepared; not in the register */
    struct found *list; /* in the region while it grows */
    size_t n, cap;
    struct candidate *queue; /* in the region */
    size_t queue_n, queue_cap;
    struct looks left;
    struct {
        size_t places, closed, untimed, placeless;
    } left_out[RB_PLACE_CLASSES]; /* the plan itself and what it replaces */
};

/* ---- conflict.c ---- */
/* Out of so many looks. With too few: *again, and nothing is said of the pair yet; `last`: it is
 * answered by what was seen. */
enum rb_err conflict_pair(struct check *k, const struct candidate *c, struct looks *may, bool last,
                          bool *again) RB_MUST_USE;

/* ---- conflict_queue.c ---- */
enum rb_err conflict_queue_add(struct check *k, uint32_t ref, size_t plan_volume) RB_MUST_USE;
enum rb_err conflict_queue_run(struct check *k) RB_MUST_USE; /* all of it, each by conflict_pair */

/* ---- conflict_rules.c ---- */
/* the stand-off that the rule asks for between the two classes, 10.6.3 */
uint64_t conflict_standoff(const struct rb_register_terms *t, enum rb_place_class a,
                           enum rb_place_class b);
/* the greatest that any class asks of this one */
uint64_t conflict_standoff_most(const struct rb_register_terms *t, enum rb_place_class plan);
/* the rule for a plan and a member's places of this class; none: not compared */
enum rb_conflict_rule conflict_rule_for(const struct rb_register_plan *plan,
                                        const struct rb_register_terms *t, enum rb_place_class c,
                                        uint16_t member);
enum rb_lead conflict_lead(const struct rb_register_plan *plan, const struct rb_register_terms *t,
                           int64_t *given_ms);

/* ---- conflict_order.c ---- */
/* is a worse than b? of two pairs of volumes of the same places, or of two places */
bool conflict_worse(const struct rb_conflict *a, const struct rb_conflict *b);
void conflict_sort(struct found *list, size_t n); /* worst first */

/* ---- conflict_cover.c ---- */
void conflict_cover(const struct check *k, struct rb_coverage *out);
#endif
