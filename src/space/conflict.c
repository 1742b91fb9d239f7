/* The check of a plan against the register, spec 10.6. */
#include "conflict.h"

/* ---- one pair -----------------------------------------------------------------------------------
 */

static enum rb_err append(struct check *k, const struct found *f) {
    void *p = k->list;
    if (k->n >= NOT_COMPARED) return RB_ERR_LIMIT;
    RB_TRY(rb_region_grow(k->r->region, &p, &k->cap, k->n + 1, sizeof *k->list));
    k->list = p;
    k->list[k->n++] = *f;
    return RB_OK;
}

/* a place is in the list once, by its worst pair of volumes */
static enum rb_err note(struct check *k, struct place *p, const struct found *f) {
    if (p->stamp != k->r->stamp) {
        RB_TRY(append(k, f));
        p->stamp = k->r->stamp;
        p->found = (uint32_t)(k->n - 1);
        return RB_OK;
    }
    struct found *there = &k->list[p->found];
    if (conflict_worse(&f->c, &there->c)) there->c = f->c;
    there->unsure_any |= f->unsure_any;
    return RB_OK;
}

static struct found found_of(const struct check *k, const struct place *p,
                             const struct rb_verdict *v) {
    return (struct found){.c = {.answer = v->answer,
                                .unsure = v->unsure,
                                .plan = k->plan->id,
                                .other = p->id,
                                .other_class = (enum rb_place_class)p->class_,
                                .other_author = p->author,
                                .other_closed = p->closed,
                                .other_readers = p->readers,
                                .band = v->band,
                                .from_utc_ms = v->from_utc_ms,
                                .to_utc_ms = v->to_utc_ms},
                          .unsure_any = v->unsure};
}

static uint64_t standoff_to(const struct check *k, const struct place *p) {
    return conflict_standoff(k->terms, k->plan->class_, (enum rb_place_class)p->class_);
}

static void judge(const struct check *k, size_t i, const struct place *p, size_t other,
                  uint64_t *looks, struct rb_verdict *v) {
    const struct rb_extent *a = &k->own->extents[i], *b = &p->extents[other];
    const struct rb_verdict_terms terms = {.standoff_mm = standoff_to(k, p),
                                           .has_terrain = k->terms->has_terrain,
                                           .terrain_least_mm_wgs84 =
                                               k->terms->terrain_least_mm_wgs84,
                                           .terrain_most_mm_wgs84 = k->terms->terrain_most_mm_wgs84,
                                           .looks = looks};
    const int64_t ends = a->to_utc_ms < b->to_utc_ms ? a->to_utc_ms : b->to_utc_ms;
    *v = (struct rb_verdict){.answer = RB_ANSWER_NONE_FOUND};
    if (ends <= k->plan->now_utc_ms && ends != INT64_MAX) return; /* over, 10.6.4 */
    rb_verdict(a, b, &terms, v);
}

/* What could not be measured to the end is no farther than the answer itself says. */
static struct rb_gap measure(const struct check *k, const struct candidate *c,
                             const struct place *p, size_t other, const struct rb_verdict *v,
                             uint64_t *looks) {
    struct rb_gap gap = rb_outline_gap_by(k->own->extents[c->plan_volume].outline,
                                          p->extents[other].outline, looks);
    const uint64_t most = standoff_to(k, p);
    if (!gap.exact && v->answer == RB_ANSWER_CONFLICT && gap.distance_mm > most)
        gap.distance_mm = most;
    return gap;
}

/* ---- all pairs ----------------------------------------------------------------------------------
 */

static enum rb_conflict_rule rule_for(const struct check *k, const struct place *p) {
    return conflict_rule_for(k->plan, k->terms, (enum rb_place_class)p->class_, p->author);
}

/* of a place that this check has come to already: would another pair of volumes change anything? */
static bool settled(const struct check *k, const struct place *p) {
    if (p->found == NOT_COMPARED) return true;
    return k->plan->bare && k->list[p->found].c.answer == RB_ANSWER_CONFLICT;
}

enum rb_err conflict_pair(struct check *k, const struct candidate *c, struct looks *may, bool last,
                          bool *again) {
    struct place *p = k->r->volumes[c->ref].place;
    const size_t other = k->r->volumes[c->ref].volume;
    struct rb_verdict v;
    *again = false;
    if (p->stamp == k->r->stamp && settled(k, p)) return RB_OK;
    judge(k, c->plan_volume, p, other, &may->near, &v);
    if (v.answer == RB_ANSWER_NONE_FOUND) return RB_OK;
    *again = !last && (v.unsure & RB_UNSURE_WORK) && may->near == 0;
    if (*again) return RB_OK;
    struct found f = found_of(k, p, &v);
    f.c.rule = rule_for(k, p);
    f.c.plan_volume = c->plan_volume;
    f.c.other_volume = other;
    f.c.standoff_mm = standoff_to(k, p);
    if (!k->plan->bare) {
        f.c.gap = measure(k, c, p, other, &v, &may->gap);
        *again = !last && !f.c.gap.exact && may->gap == 0;
    }
    return *again ? RB_OK : note(k, p, &f);
}

/* What is settled without looking at edges is settled here, in the order of the index; the rest is
 * put in an order of its own first: looks may run out, and what is then left unanswered depends on
 * nothing but the places (10.6.16). */
static enum rb_err glance(struct check *k, size_t i, uint32_t ref) {
    const struct volume_of *v = &k->r->volumes[ref];
    const struct place *p = v->place;
    struct rb_verdict found;
    uint64_t none = 0;
    judge(k, i, p, v->volume, &none, &found);
    if (found.answer == RB_ANSWER_NONE_FOUND) return RB_OK;
    if (!k->plan->bare || (found.unsure & RB_UNSURE_WORK)) return conflict_queue_add(k, ref, i);
    bool again;
    return conflict_pair(k, &(struct candidate){ref, (uint32_t)i}, &(struct looks){0}, true,
                         &again);
}

static enum rb_err compare_volume(struct check *k, size_t i, uint64_t standoff_most) {
    struct rb_volwalk w;
    struct rb_volparts parts; /* of a corridor: what lies off its line is not even looked at */
    uint32_t ref;
    rb_volparts_of(&k->plan->volumes[i], standoff_most, &parts);
    rb_volwalk_begin_parts(&w, k->r->index, &parts);
    while (rb_volwalk_next(&w, &ref)) {
        const struct place *p = k->r->volumes[ref].place;
        if (p->rests || rule_for(k, p) == RB_CONFLICT_NO_RULE) continue;
        if (p->stamp == k->r->stamp && settled(k, p)) continue;
        RB_TRY(glance(k, i, ref));
    }
    return RB_OK;
}

/* The plan itself, and what it replaces: only places of its author, so that nobody hides another's
 * place by naming it. A notice replaces no truce, whoever wrote that down. */
static void leave_out(struct check *k, const struct rb_hash *id) {
    struct place *p = register_map_find(k->r, id);
    if (p == NULL || p->author != k->plan->author || p->stamp == k->r->stamp) return;
    if ((p->class_ == RB_PLACE_TRUCE) != (k->plan->class_ == RB_PLACE_TRUCE)) return;
    p->stamp = k->r->stamp;
    p->found = NOT_COMPARED;
    if (p->rests) return; /* not counted as it is */
    if (p->volumes_n == 0) {
        k->left_out[p->class_].placeless++;
        return;
    }
    k->left_out[p->class_].places++;
    k->left_out[p->class_].closed += p->closed;
    k->left_out[p->class_].untimed += p->untimed;
}

static enum rb_err compare_all(struct check *k) {
    static const struct rb_hash none;
    const uint64_t most = conflict_standoff_most(k->terms, k->plan->class_);
    k->r->stamp++;
    if (!rb_hash_eq(&k->plan->id, &none)) leave_out(k, &k->plan->id);
    for (size_t i = 0; i < k->plan->supersedes_n; i++)
        leave_out(k, &k->plan->supersedes[i]);
    for (size_t i = 0; i < k->plan->volumes_n; i++)
        RB_TRY(compare_volume(k, i, most));
    RB_TRY(conflict_queue_run(k));
    conflict_sort(k->list, k->n);
    return RB_OK;
}

/* ---- the result ---------------------------------------------------------------------------------
 */

static enum rb_err give(const struct check *k, struct rb_arena *arena, struct rb_conflicts *out) {
    struct rb_conflicts c = {.n = k->n, .lead_asked_ms = k->terms->lead_ms[k->plan->class_]};
    struct rb_conflict *list = NULL;
    if (k->n > 0) list = rb_arena_array(arena, k->n, sizeof *list);
    if (k->n > 0 && list == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < k->n; i++) {
        list[i] = k->list[i].c;
        c.met_closed |= list[i].other_closed;
    }
    c.list = list;
    c.looks = RB_CHECK_LOOKS - k->left.near + RB_MEASURE_LOOKS - k->left.gap;
    c.lead = conflict_lead(k->plan, k->terms, &c.lead_given_ms);
    conflict_cover(k, &c.coverage);
    *out = c;
    return RB_OK;
}

static void pay(struct looks *left, uint64_t n) {
    left->near -= n < left->near ? n : left->near;
}

static enum rb_err prepare_plan(struct check *k, struct rb_reject *rj) {
    const struct rb_register_entry e = {.volumes_n = k->plan->volumes_n,
                                        .volumes = k->plan->volumes};
    k->left = (struct looks){RB_CHECK_LOOKS, RB_MEASURE_LOOKS};
    for (size_t i = 0; i < e.volumes_n && i < RB_MAX_VOLUMES; i++)
        pay(&k->left, rb_outline_prepare_looks(&e.volumes[i]));
    return register_place_make(k->r->region, &e, &k->own, rj);
}

enum rb_err rb_register_check(struct rb_register *r, const struct rb_register_plan *plan,
                              const struct rb_register_terms *terms, struct rb_arena *arena,
                              struct rb_conflicts *out, struct rb_reject *rj) {
    struct check k = {.r = r, .plan = plan, .terms = terms};
    assert((unsigned)plan->class_ < RB_PLACE_CLASSES);
    assert(plan->author < RB_MAX_MEMBERS || plan->author == RB_REGISTER_NOBODY);
    RB_TRY(prepare_plan(&k, rj));
    enum rb_err err = compare_all(&k);
    if (err == RB_OK) err = give(&k, arena, out);
    rb_region_free(r->region, k.list, k.cap * sizeof *k.list);
    rb_region_free(r->region, k.queue, k.queue_cap * sizeof *k.queue);
    register_place_free(r->region, k.own);
    return err;
}
