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

static enum rb_err compare(struct check *k, size_t i, struct place *p, size_t other,
                           enum rb_conflict_rule rule) {
    const struct rb_extent *a = &k->own->extents[i], *b = &p->extents[other];
    const struct rb_verdict_terms terms = {
        .standoff_mm = conflict_standoff(k->terms, k->plan->class_, (enum rb_place_class)p->class_),
        .has_terrain = k->terms->has_terrain,
        .terrain_least_mm_wgs84 = k->terms->terrain_least_mm_wgs84,
        .terrain_most_mm_wgs84 = k->terms->terrain_most_mm_wgs84};
    const int64_t ends = a->to_utc_ms < b->to_utc_ms ? a->to_utc_ms : b->to_utc_ms;
    struct rb_verdict v;
    if (ends <= k->plan->now_utc_ms && ends != INT64_MAX) return RB_OK; /* over, 10.6.4 */
    rb_verdict(a, b, &terms, &v);
    if (v.answer == RB_ANSWER_NONE_FOUND) return RB_OK;
    struct found f = found_of(k, p, &v);
    f.c.rule = rule;
    f.c.plan_volume = i;
    f.c.other_volume = other;
    f.c.standoff_mm = terms.standoff_mm;
    if (!k->plan->bare) f.c.gap = rb_outline_gap(a->outline, b->outline);
    return note(k, p, &f);
}

/* ---- all pairs ----------------------------------------------------------------------------------
 */

/* of a place that this check has come to already: would another pair of volumes change anything? */
static bool settled(const struct check *k, const struct place *p) {
    if (p->found == NOT_COMPARED) return true;
    return k->plan->bare && k->list[p->found].c.answer == RB_ANSWER_CONFLICT;
}

static enum rb_err compare_volume(struct check *k, size_t i, uint64_t standoff_most) {
    struct rb_volwalk w;
    struct rb_volparts parts; /* of a corridor: what lies off its line is not even looked at */
    uint32_t ref;
    rb_volparts_of(&k->plan->volumes[i], standoff_most, &parts);
    rb_volwalk_begin_parts(&w, k->r->index, &parts);
    while (rb_volwalk_next(&w, &ref)) {
        const struct volume_of *v = &k->r->volumes[ref];
        struct place *p = v->place;
        if (p->rests) continue;
        const enum rb_conflict_rule rule =
            conflict_rule_for(k->plan, k->terms, (enum rb_place_class)p->class_, p->author);
        if (rule == RB_CONFLICT_NO_RULE) continue;
        if (p->stamp == k->r->stamp && settled(k, p)) continue;
        RB_TRY(compare(k, i, p, v->volume, rule));
    }
    return RB_OK;
}

/* The plan itself, and what it replaces: only places of its author, so that nobody hides another's
 * place by naming it. */
static void leave_out(struct check *k, const struct rb_hash *id) {
    struct place *p = register_map_find(k->r, id);
    if (p == NULL || p->author != k->plan->author || p->stamp == k->r->stamp) return;
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
    c.lead = conflict_lead(k->plan, k->terms, &c.lead_given_ms);
    conflict_cover(k, &c.coverage);
    *out = c;
    return RB_OK;
}

static enum rb_err prepare_plan(struct check *k, struct rb_reject *rj) {
    const struct rb_register_entry e = {.volumes_n = k->plan->volumes_n,
                                        .volumes = k->plan->volumes};
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
    register_place_free(r->region, k.own);
    return err;
}
