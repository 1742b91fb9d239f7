/* Figures beside figures, designations beside designations (spec 16.6, 16.7): of those that stand
 * and can be read here. Nothing is added up, nothing is chosen; what was not compared is counted.
 */
#include "readback/compare.h"
#include "view_instrument.h"

#define BESIDE_MOST 1024u /* pairs that one answer lists */
#define SIDES_MOST 512u   /* figures, or designations of one instrument, that are compared */

/* its body, in memory that lasts until the request gives it back, wiped; n 0: it cannot be read */
static struct rb_slice body_of(struct rb_chan *c, uint32_t order) {
    struct rb_slice leaf;
    struct rb_record rec;
    struct rb_opened x;
    if (rb_chan_record(c, order, &leaf, &rec) != RB_OK) return rb_slice(NULL, 0);
    rb_open_record(c, order, &rec, &x);
    uint8_t *copy = x.body.n ? rb_arena_alloc(&c->rq->arena, x.body.n) : NULL;
    if (copy == NULL) return rb_slice(NULL, 0);
    memcpy(copy, x.body.p, x.body.n); /* an open one lies where the next leaf will */
    return rb_slice(copy, x.body.n);
}
static bool stands(const struct rb_chan *c, const struct rb_sit_instrument *in, enum rb_kind kind) {
    return rb_situation_fact(c->s, in->record)->kind == kind &&
           !rb_instrument_past((enum rb_state)in->state);
}

/* ---- figures -----------------------------------------------------------------------------------
 */
struct figure {
    uint32_t order;
    struct rb_figure f;
    struct rb_areas areas;
};
static bool figure_get(struct rb_chan *c, uint32_t order, struct figure *out) {
    struct rb_reject rj;
    struct rb_arena *a = &c->rq->arena;
    const struct rb_slice body = body_of(c, order);
    out->order = order;
    return body.n && rb_figure_decode(body, a, &out->f, &rj) == RB_OK &&
           rb_areas_prepare(out->f.volumes, out->f.volumes_n, a, &out->areas) == RB_OK;
}
static json_t *pair_json(const struct rb_chan *c, const struct figure *a, const struct figure *b,
                         const struct rb_figures_beside *x) {
    json_t *o = json_object();
    rb_j_put(o, "a", rb_order_id(c, a->order));
    rb_j_put(o, "b", rb_order_id(c, b->order));
    rb_j_put(o, "same_what", json_boolean(x->same_what));
    rb_j_put(o, "overlap", json_string(rb_overlap_name(x->overlap)));
    rb_j_put(o, "period", json_string(rb_overlap_name(x->period)));
    rb_j_put(o, "area", json_string(rb_overlap_name(x->area)));
    rb_j_put(o, "same_source", json_boolean(x->same_source));
    rb_j_put(o, "same_counter", json_boolean(x->same_counter));
    rb_j_put(o, "counter_stopped", json_boolean(x->stopped));
    rb_j_put(o, "fewer_sources", json_boolean(x->fewer_sources));
    rb_j_put(o, "more_sources", json_boolean(x->more_sources));
    return o;
}
static bool worth_saying(const struct rb_figures_beside *x) {
    return (x->same_what && x->overlap != RB_OVERLAP_NONE) || x->same_source || x->same_counter;
}
void rb_figures_beside_put(json_t *o, struct rb_chan *c) {
    struct figure *f = rb_arena_array(&c->rq->arena, SIDES_MOST, sizeof *f);
    json_t *list = json_array();
    uint64_t looks = RB_CHECK_LOOKS;
    size_t n = 0;
    json_int_t left = 0;
    for (size_t i = 0; i < c->s->instruments_n; i++) {
        if (!stands(c, &c->s->instruments[i], RB_KIND_FIGURE)) continue;
        if (f && n < SIDES_MOST && figure_get(c, c->s->instruments[i].record, &f[n]))
            n++;
        else
            left++;
    }
    json_int_t more = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++) {
            struct rb_figures_beside x;
            rb_figures_compare(&f[i].f, &f[i].areas, &f[k].f, &f[k].areas, &looks, &x);
            if (!worth_saying(&x)) continue;
            if (json_array_size(list) < BESIDE_MOST)
                json_array_append_new(list, pair_json(c, &f[i], &f[k], &x));
            else
                more++;
        }
    rb_j_put(o, "figures_beside", list);
    rb_j_put(o, "figures_beside_more", json_integer(more));
    rb_j_put(o, "figures_not_compared", json_integer(left));
}

/* ---- designations ------------------------------------------------------------------------------
 */
struct side { /* a designation, and the record that it is */
    uint32_t order;
    struct rb_designation d;
};
struct group { /* the designations of one instrument; of none, where they say none */
    struct side *sides;
    struct rb_designated *parties;
    size_t n;
};
static bool side_get(struct rb_chan *c, uint32_t order, struct side *s, struct rb_designated *p) {
    struct rb_reject rj;
    struct rb_arena *a = &c->rq->arena;
    const struct rb_slice body = body_of(c, order);
    s->order = order;
    p->party = rb_situation_author(c->s, order);
    p->designation = &s->d;
    return body.n && rb_designation_decode(body, a, &s->d, &rj) == RB_OK &&
           rb_areas_prepare(s->d.volumes, s->d.volumes_n, a, &p->areas) == RB_OK;
}
static json_t *subject_json(const struct rb_chan *c, const struct group *g,
                            const struct rb_subject_beside *x) {
    const struct side *s = &g->sides[x->designation];
    json_t *o = json_object();
    rb_j_put(o, "record", rb_order_id(c, s->order));
    rb_j_put(o, "name", rb_j_slice(s->d.subjects[x->subject].name));
    rb_j_put(o, "inside", rb_chan_handles(c, x->inside));
    rb_j_put(o, "outside", rb_chan_handles(c, x->outside));
    rb_j_put(o, "not_named_by", rb_chan_handles(c, x->silent));
    rb_j_put(o, "difference", json_boolean(x->inside && x->outside));
    return o;
}
static json_t *area_json(const struct rb_chan *c, const struct group *g,
                         const struct rb_areas_beside *x) {
    json_t *o = json_object();
    rb_j_put(o, "inside", rb_order_id(c, g->sides[x->inside].order));
    rb_j_put(o, "inside_area", json_integer((json_int_t)x->inside_area + 1));
    rb_j_put(o, "outside", rb_order_id(c, g->sides[x->outside].order));
    rb_j_put(o, "outside_area", json_integer((json_int_t)x->outside_area + 1));
    rb_j_put(o, "overlap", json_string(rb_overlap_name(x->overlap)));
    return o;
}
static json_t *group_json(struct rb_chan *c, const struct group *g, uint64_t *looks) {
    struct rb_designations_beside x;
    const struct rb_designation *first = &g->sides[0].d;
    if (rb_designations_compare(g->parties, g->n, looks, &c->rq->arena, &x) != RB_OK) return NULL;
    json_t *o = json_object(), *subjects = json_array(), *areas = json_array();
    for (size_t i = 0; i < x.subjects_n; i++)
        json_array_append_new(subjects, subject_json(c, g, &x.subjects[i]));
    for (size_t i = 0; i < x.areas_n; i++)
        json_array_append_new(areas, area_json(c, g, &x.areas[i]));
    rb_j_put(o, "of", first->has_of ? rb_j_hex(first->of.b, RB_HASH_LEN) : json_null());
    rb_j_put(o, "subjects", subjects);
    rb_j_put(o, "areas", areas);
    rb_j_put(o, "more_areas", json_boolean(x.more_areas));
    return o;
}
static bool same_of(const struct rb_designation *a, const struct rb_designation *b) {
    return a->has_of == b->has_of && (!a->has_of || rb_hash_eq(&a->of, &b->of));
}
/* those of the same instrument as `all`'s i-th, from there on; `done` marks them */
static void group_of(const struct group *all, size_t i, bool *done, struct group *out) {
    out->n = 0;
    for (size_t k = i; k < all->n; k++) {
        if (done[k] || !same_of(&all->sides[k].d, &all->sides[i].d)) continue;
        done[k] = true;
        out->sides[out->n] = all->sides[k];
        out->parties[out->n] = all->parties[k];
        out->parties[out->n].designation = &out->sides[out->n].d;
        out->n++;
    }
}
static bool group_room(struct rb_arena *a, struct group *g) {
    g->sides = rb_arena_array(a, SIDES_MOST, sizeof *g->sides);
    g->parties = rb_arena_array(a, SIDES_MOST, sizeof *g->parties);
    g->n = 0;
    return g->sides && g->parties;
}
void rb_designations_beside_put(json_t *o, struct rb_chan *c) {
    struct rb_arena *a = &c->rq->arena;
    struct group all, one;
    bool *done = rb_arena_array(a, SIDES_MOST, sizeof *done);
    const bool room = done && group_room(a, &all) && group_room(a, &one);
    json_t *list = json_array();
    uint64_t looks = RB_CHECK_LOOKS;
    json_int_t left = 0;
    for (size_t i = 0; i < c->s->instruments_n; i++) {
        const struct rb_sit_instrument *in = &c->s->instruments[i];
        if (!stands(c, in, RB_KIND_DESIGNATION)) continue;
        if (room && all.n < SIDES_MOST &&
            side_get(c, in->record, &all.sides[all.n], &all.parties[all.n]))
            all.n++;
        else
            left++;
    }
    for (size_t i = 0; room && i < all.n; i++) {
        if (done[i]) continue;
        group_of(&all, i, done, &one);
        json_t *g = group_json(c, &one, &looks);
        if (g)
            json_array_append_new(list, g);
        else
            left += (json_int_t)one.n;
    }
    rb_j_put(o, "designations_beside", list);
    rb_j_put(o, "designations_not_compared", json_integer(left));
}
