/* Before release: a site that is there already, and open words that would give away where a closed
 * place is. Said to our own officer alone, and of places that can be read here. */
#include <stdio.h>
#include "internal.h"
#include "readback/outline.h"
#include "readback/volume.h"

#define DOUBLE_MM 100000u /* two entries of one building are seldom farther apart */

static bool supersedes(const struct rb_record *rec, const struct rb_hash *id) {
    const struct rb_refs *old = &rec->refs[RB_REF_SUPERSEDES];
    for (size_t i = 0; i < old->n; i++)
        if (rb_hash_eq(&old->h[i], id)) return true;
    return false;
}
static void append(json_t *list, json_t *warning, const struct rb_place_view *p) {
    rb_j_put(warning, "record", rb_j_hex(p->record.b, RB_HASH_LEN));
    json_array_append_new(list, warning);
}
static bool stands(struct rb_chan *c, size_t i, struct rb_place_view *out) {
    return rb_node_place(c->rq->node, c->v.id, i, c->rq->now.utc_ms, out) && out->stands &&
           out->placed;
}

void rb_warn_double(struct rb_chan *c, const struct rb_record *rec, const struct rb_notice *n,
                    json_t *list) {
    struct rb_place_view p;
    struct rb_bearing far;
    if (n->class_ != RB_NOTICE_SITE || n->volumes_n == 0) return;
    const struct rb_volume *v = &n->volumes[0];
    const struct rb_point at = v->shape == RB_SHAPE_CIRCLE ? v->center : v->vertices[0];
    size_t known = rb_node_places(c->rq->node, c->v.id, c->rq->now.utc_ms);
    for (size_t i = 0; i < known; i++) {
        if (!stands(c, i, &p) || p.class_ != RB_PLACE_SITE || supersedes(rec, &p.record)) continue;
        if (!rb_point_within(p.middle, at, DOUBLE_MM, &far)) continue;
        append(list,
               rb_warning("double", false,
                          "A registered site stands %llu m from here: the same one? A correction "
                          "supersedes it.",
                          (unsigned long long)((far.distance_mm + 500) / 1000)),
               &p);
        return; /* one is enough to make one look */
    }
}

/* ---- places given away ------------------------------------------------------------------------
 */
/* the outlines of the volumes that can be prepared; NULL: there is no memory for the list */
static const struct rb_outline **outlines(const struct rb_stop_fire *s, struct rb_arena *a,
                                          size_t *n) {
    const struct rb_outline **out = rb_arena_array(a, s->volumes_n + 1, sizeof *out);
    *n = 0;
    for (size_t i = 0; out && i < s->volumes_n; i++)
        *n += rb_outline_prepare(&s->volumes[i], a, &out[*n], NULL) == RB_OK;
    return out;
}
static bool hold(const struct rb_outline *const *whole, size_t n, struct rb_point at,
                 struct rb_arena *a) {
    const struct rb_volume dot = {.shape = RB_SHAPE_CIRCLE,
                                  .center = at,
                                  .radius_mm = 1,
                                  .floor.open = true,
                                  .ceiling.open = true};
    const struct rb_outline *point;
    size_t mark = rb_arena_mark(a);
    bool in = false;
    if (rb_outline_prepare(&dot, a, &point, NULL) == RB_OK)
        for (size_t i = 0; i < n && !in; i++)
            in = rb_outline_near(whole[i], point, 0) != RB_NEAR_APART;
    rb_arena_release(a, mark);
    return in;
}
/* who gets the record and may not read the place; open: every member but ourselves */
static bool tells_others(const struct rb_chan *c, const struct rb_record *rec,
                         const struct rb_place_view *p) {
    for (size_t i = 0; i < c->charter->members_n; i++) {
        const uint16_t m = c->charter->members[i].index;
        const bool reads = !rec->closed || (rec->recipients >> m & 1);
        if (reads && m != c->v.own_member && !(p->readers >> m & 1)) return true;
    }
    return false;
}

/* A stop-fire is said where the harm is done: its place can be another's secret. */
void rb_warn_gives_away(struct rb_chan *c, const struct rb_record *rec, struct rb_slice body,
                        json_t *list) {
    struct rb_stop_fire s;
    struct rb_place_view p;
    struct rb_arena *a = &c->rq->arena;
    size_t mark = rb_arena_mark(a);
    const struct rb_outline **whole = NULL;
    size_t n = 0;
    if (rb_stop_fire_decode(body, a, &s, NULL) == RB_OK) whole = outlines(&s, a, &n);
    size_t known = n ? rb_node_places(c->rq->node, c->v.id, c->rq->now.utc_ms) : 0;
    for (size_t i = 0; i < known; i++) {
        if (!stands(c, i, &p) || !p.closed || !tells_others(c, rec, &p)) continue;
        if (!hold(whole, n, p.middle, a)) continue;
        append(list,
               rb_warning("gives-away", true,
                          "Within it lies a closed place that some who would read this were never "
                          "told of. Name recipients, or say where without a place."),
               &p);
        break;
    }
    rb_req_wipe(c->rq, mark);
}
