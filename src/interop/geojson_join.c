/* Areas that were cut at the antimeridian, as RFC 7946 §3.1.9 asks writers to: spec 12.3.6. */
#include "geojson_int.h"

struct seam { /* an edge that runs along the antimeridian, from vertex i to the next */
    size_t volume, i;
    int64_t from_nd, to_nd; /* latitudes */
};

static size_t next_of(const struct rb_volume *v, size_t i) {
    return i + 1 == v->vertices_n ? 0 : i + 1;
}

/* the next seam at this longitude, from where s stands on */
static bool find_seam(const struct geo *g, int64_t lon_nd, struct seam *s) {
    for (; s->volume < g->f.volumes_n; s->volume++, s->i = 0) {
        const struct rb_volume *v = &g->f.volumes[s->volume];
        for (; s->i < v->vertices_n; s->i++) {
            const struct rb_point a = v->vertices[s->i], b = v->vertices[next_of(v, s->i)];
            if (a.lon_nd != lon_nd || b.lon_nd != lon_nd) continue;
            s->from_nd = a.lat_nd;
            s->to_nd = b.lat_nd;
            return true;
        }
    }
    return false;
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static bool overlap(const struct seam *a, const struct seam *b) {
    const int64_t south = -least(-least(a->from_nd, a->to_nd), -least(b->from_nd, b->to_nd));
    const int64_t north = least(-least(-a->from_nd, -a->to_nd), -least(-b->from_nd, -b->to_nd));
    return south < north;
}

static bool same_length(const struct seam *a, const struct seam *b) {
    return (a->from_nd == b->from_nd && a->to_nd == b->to_nd) ||
           (a->from_nd == b->to_nd && a->to_nd == b->from_nd);
}

/* the ring of a from behind its seam round to the seam, then that of b without the seam's ends */
static enum rb_err join(struct geo *g, const struct seam *sa, const struct seam *sb, size_t at) {
    struct rb_volume *a = &g->f.volumes[sa->volume];
    const struct rb_volume *b = &g->f.volumes[sb->volume];
    const bool against = sa->from_nd == sb->to_nd; /* the two rings run the same way round */
    const size_t na = a->vertices_n, nb = b->vertices_n;
    if (na + nb - 2 > RB_MAX_VERTICES) return geo_limit(g, "3.7.4", "number of points", at);
    struct rb_point *p = rb_arena_array(g->a, na + nb - 2, sizeof *p);
    if (p == NULL) return geo_limit(g, "12.2.2", "no room", at);
    for (size_t k = 0; k < na; k++)
        p[k] = a->vertices[(sa->i + 1 + k) % na];
    for (size_t k = 0; k < nb - 2; k++) {
        const size_t on = sb->i + 2 + k, back = sb->i + nb - 1 - k;
        p[na + k] = b->vertices[(against ? on : back) % nb];
    }
    a->vertices = p;
    a->vertices_n = na + nb - 2;
    geo_remark(g, RB_REMARK_JOINED);
    return RB_OK;
}

static void drop_volume(struct geo *g, size_t k) {
    g->f.volumes_n--;
    for (size_t i = k; i < g->f.volumes_n; i++) {
        g->f.volumes[i] = g->f.volumes[i + 1];
        g->at[i] = g->at[i + 1];
    }
}

/* joins one pair, if there is one */
static enum rb_err join_one(struct geo *g, size_t from, size_t at, bool *joined) {
    *joined = false;
    for (struct seam east = {.volume = from}; find_seam(g, GEO_HALF, &east); east.i++) {
        for (struct seam west = {.volume = from}; find_seam(g, -GEO_HALF, &west); west.i++) {
            if (west.volume == east.volume || !overlap(&east, &west)) continue;
            if (!same_length(&east, &west))
                return geo_refuse(g, "12.3.6",
                                  "parts that meet at the antimeridian along unlike edges: give "
                                  "the area as one ring",
                                  at);
            RB_TRY(join(g, &east, &west, at));
            drop_volume(g, west.volume);
            *joined = true;
            return RB_OK;
        }
    }
    return RB_OK;
}

enum rb_err geo_join(struct geo *g, size_t from, size_t at) {
    for (bool joined = true; joined;)
        RB_TRY(join_one(g, from, at, &joined));
    return RB_OK;
}
