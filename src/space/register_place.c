/* A place of the register, copied into one block of its own. */
#include "outline.h"
#include "register_int.h"

static size_t padded(size_t n) {
    return (n + 15) / 16 * 16;
}

static size_t bytes_of(const struct rb_register_entry *e) {
    size_t n = padded(sizeof(struct place)) + padded(e->title.n);
    n += padded(e->volumes_n * sizeof(struct rb_extent)) + padded(e->volumes_n * sizeof(uint32_t));
    n += padded(e->volumes_n * sizeof(struct written));
    for (size_t i = 0; i < e->volumes_n; i++)
        n += rb_outline_bytes(&e->volumes[i]); /* with room to align it */
    return n;
}

static enum rb_err refused(enum rb_err err, size_t volume, struct rb_reject *rj) {
    if (err == RB_ERR_MALFORMED && rj != NULL) rj->offset = volume;
    return err;
}

/* Points are counted before room is asked for; all else is refused while preparing. */
static enum rb_err bounded(const struct rb_register_entry *e, struct rb_reject *rj) {
    for (size_t i = 0; i < e->volumes_n; i++) {
        const struct rb_volume *v = &e->volumes[i];
        if (v->shape == RB_SHAPE_CIRCLE || v->vertices_n <= RB_MAX_VERTICES) continue;
        return refused(rb_volume_check(v, rj), i, rj);
    }
    return RB_OK;
}

static enum rb_err prepare_volumes(struct place *p, const struct rb_register_entry *e,
                                   struct rb_arena *block, struct rb_reject *rj) {
    int64_t ends = INT64_MIN;
    p->extents = rb_arena_array(block, e->volumes_n, sizeof *p->extents);
    p->refs = rb_arena_array(block, e->volumes_n, sizeof *p->refs);
    p->written = rb_arena_array(block, e->volumes_n, sizeof *p->written);
    if (p->extents == NULL || p->refs == NULL || p->written == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < e->volumes_n; i++) {
        const struct rb_volume *v = &e->volumes[i];
        const enum rb_err err = rb_extent_prepare(v, block, &p->extents[i], rj);
        if (err != RB_OK) return refused(err, i, rj);
        p->written[i] = (struct written){v->radius_mm, p->extents[i].from_utc_ms,
                                         p->extents[i].to_utc_ms, (uint8_t)v->edges};
        if (p->extents[i].to_utc_ms > ends) ends = p->extents[i].to_utc_ms;
        if (!v->has_from && !v->has_to) p->untimed = true;
    }
    p->ends_utc_ms = ends;
    return RB_OK;
}

static enum rb_err fill(struct place *p, const struct rb_register_entry *e, struct rb_arena *block,
                        struct rb_reject *rj) {
    p->id = e->id;
    p->author = e->author;
    p->class_ = (uint8_t)e->class_;
    p->volumes_n = (uint8_t)e->volumes_n;
    p->created_utc_ms = e->created_utc_ms;
    p->has_surveyed = e->has_surveyed;
    p->surveyed_utc_ms = e->surveyed_utc_ms;
    p->has_reviewed = e->has_reviewed;
    p->reviewed_utc_ms = e->reviewed_utc_ms;
    p->closed = e->closed;
    p->readers = e->closed ? e->readers : 0;
    p->ends_utc_ms = INT64_MAX;
    if (e->volumes_n > 0) RB_TRY(prepare_volumes(p, e, block, rj));
    return e->title.n == 0 ? RB_OK : rb_arena_copy(block, e->title, &p->title);
}

enum rb_err register_place_make(struct rb_region *region, const struct rb_register_entry *e,
                                struct place **out, struct rb_reject *rj) {
    if (e->volumes_n > RB_MAX_VOLUMES)
        return rb_reject(rj, RB_ERR_LIMIT, "10.6.1", "too many volumes", RB_MAX_VOLUMES);
    if (e->title.n > RB_MAX_NAME) return rb_reject(rj, RB_ERR_LIMIT, "10.6.1", "title too long", 0);
    RB_TRY(bounded(e, rj));
    const size_t bytes = bytes_of(e);
    void *mem = rb_region_alloc(region, bytes);
    if (mem == NULL) return RB_ERR_LIMIT;
    struct rb_arena block = rb_arena(mem, bytes);
    struct place *p = rb_arena_alloc(&block, sizeof *p);
    assert(p == mem);
    p->bytes = (uint32_t)bytes;
    const enum rb_err err = fill(p, e, &block, rj);
    if (err != RB_OK) {
        rb_wipe(mem, bytes);
        rb_region_free(region, mem, bytes);
        return err;
    }
    *out = p;
    return RB_OK;
}

/* What has nothing left of its time conflicts with nothing: it ends where it begins. */
bool register_place_span(struct place *p, int64_t from_utc_ms, int64_t to_utc_ms) {
    int64_t ends = INT64_MIN;
    bool changed = false, untimed = false;
    for (size_t i = 0; i < p->volumes_n; i++) {
        const struct written *w = &p->written[i];
        struct rb_extent *x = &p->extents[i];
        const int64_t from = w->from_utc_ms > from_utc_ms ? w->from_utc_ms : from_utc_ms;
        int64_t to = w->to_utc_ms < to_utc_ms ? w->to_utc_ms : to_utc_ms;
        if (to < from) to = from;
        changed |= x->from_utc_ms != from || x->to_utc_ms != to;
        x->from_utc_ms = from;
        x->to_utc_ms = to;
        untimed |= from == INT64_MIN && to == INT64_MAX;
        if (to > ends) ends = to;
    }
    if (p->volumes_n > 0) p->ends_utc_ms = ends;
    p->untimed = untimed;
    return changed;
}

/* A closed one was told to some: nothing of it stays in memory that is used again. */
void register_place_free(struct rb_region *region, struct place *p) {
    if (p == NULL) return;
    const size_t bytes = p->bytes;
    if (p->closed) rb_wipe(p, bytes);
    rb_region_free(region, p, bytes);
}

static struct rb_volume volume_of(const struct rb_extent *x, const struct written *w) {
    const struct rb_outline *o = x->outline;
    struct rb_volume v = {.shape = o->shape,
                          .radius_mm = w->radius_mm,
                          .edges = (enum rb_edges)w->edges,
                          .floor = x->floor,
                          .ceiling = x->ceiling,
                          .has_from = x->from_utc_ms != INT64_MIN,
                          .has_to = x->to_utc_ms != INT64_MAX,
                          .accuracy_mm = x->accuracy_mm};
    if (o->shape == RB_SHAPE_CIRCLE) {
        v.center = o->at[0];
    } else {
        v.vertices_n = o->n;
        v.vertices = o->at;
    }
    if (v.has_from) v.from_utc_ms = x->from_utc_ms;
    if (v.has_to) v.to_utc_ms = x->to_utc_ms;
    return v;
}

size_t rb_register_volumes(const struct rb_register *r, const struct rb_hash *id,
                           struct rb_volume out[RB_MAX_VOLUMES]) {
    const struct place *p = register_map_find(r, id);
    if (p == NULL) return 0;
    for (size_t i = 0; i < p->volumes_n; i++)
        out[i] = volume_of(&p->extents[i], &p->written[i]);
    return p->volumes_n;
}

int64_t register_place_seen(const struct place *p) {
    if (!p->has_surveyed && !p->has_reviewed) return p->created_utc_ms;
    if (!p->has_surveyed) return p->reviewed_utc_ms;
    if (!p->has_reviewed) return p->surveyed_utc_ms;
    return p->surveyed_utc_ms > p->reviewed_utc_ms ? p->surveyed_utc_ms : p->reviewed_utc_ms;
}
