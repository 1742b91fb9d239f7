/* volume4d as notices and stop-fires carry it, spec 3.7. Places and times are tuples, so that a
 * circle's notice fits one satellite burst. */
#include "form.h"
#include "readback/text.h"
#include "readback/volume.h"

static const struct rb_enum_name edges[] = {{RB_EDGES_GEODESIC, "geodesic"},
                                            {RB_EDGES_PARALLEL, "parallel"},
                                            {RB_EDGES_LONLAT, "lonlat"},
                                            {0, NULL}};
static const struct rb_enum_name datums[] = {{RB_DATUM_WGS84, "wgs84"},
                                             {RB_DATUM_AMSL, "amsl"},
                                             {RB_DATUM_AGL, "agl"},
                                             {RB_DATUM_FL, "fl"},
                                             {0, NULL}};

static const struct rb_field point_fields[] = {
    F(0, "lat", RB_F_DEG, REQ, 0, "WGS84"),
    F(1, "lon", RB_F_DEG, REQ, 0, "WGS84"),
};
static const struct rb_schema point_schema = SCHEMA("point", point_fields);
static const struct rb_field circle_fields[] = {
    F(0, "lat", RB_F_DEG, REQ, 0, "of the centre"),
    F(1, "lon", RB_F_DEG, REQ, 0, "of the centre"),
    F(2, "radius", RB_F_MM, REQ, 0, "geodesic"),
};
static const struct rb_schema circle_schema = SCHEMA("circle", circle_fields);
static const struct rb_field polygon_fields[] = {
    F_ENUM(0, "edges", REQ, edges, "geodesic, parallel, lonlat"),
    F_TUPLES(1, "points", REQ, RB_MAX_VERTICES, &point_schema, "the ring, first not repeated"),
};
static const struct rb_schema polygon_schema = SCHEMA("polygon", polygon_fields);
static const struct rb_field corridor_fields[] = {
    F(0, "half-width", RB_F_MM, REQ, 0, "to each side of the line"),
    F_TUPLES(1, "points", REQ, RB_MAX_VERTICES, &point_schema, "the line"),
};
static const struct rb_schema corridor_schema = SCHEMA("corridor", corridor_fields);
static const struct rb_field limit_fields[] = {
    F(0, "height", RB_F_MM, REQ, 0, "flight levels: the level times 1000"),
    F_ENUM(1, "datum", REQ, datums, "wgs84, amsl, agl, fl"),
};
static const struct rb_schema limit_schema = SCHEMA("altitude", limit_fields);
static const struct rb_field time_fields[] = {
    F(0, "from", RB_F_TIME, REQ, 0, "included"),
    F(1, "length", RB_F_SPAN, OPT, 0, "its end is not included; null: open end"),
};
static const struct rb_schema time_schema = SCHEMA("time", time_fields);

static const struct rb_field volume_fields[] = {
    F_TUPLE(1, "circle", OPT, &circle_schema, "one of circle, polygon, corridor"),
    F_TUPLE(2, "polygon", OPT, &polygon_schema, "one of circle, polygon, corridor"),
    F_TUPLE(3, "corridor", OPT, &corridor_schema, "one of circle, polygon, corridor"),
    F_TUPLE(4, "floor", OPT, &limit_schema, "absent: down to the ground and below"),
    F_TUPLE(5, "ceiling", OPT, &limit_schema, "absent: no upper limit"),
    F_TUPLE(6, "time", OPT, &time_schema, "from a time on"),
    F(7, "until", RB_F_TIME, OPT, 0, "open beginning: only without time"),
    F(8, "accuracy", RB_F_MM, OPT, 0, "of the place, as surveyed"),
    F(9, "method", RB_F_NAME, OPT, RB_MAX_NAME, "how surveyed"),
    F(10, "surveyed", RB_F_TIME, OPT, 0, "when"),
    F(11, "declared-by", RB_F_NAME, OPT, RB_MAX_NAME, "who declared it"),
    F(12, "recognised-by", RB_F_NAME, OPT, RB_MAX_NAME, "who recognised it"),
    F(13, "military-use", RB_F_BOOL, OPT, 0, "declared military use"),
    F(14, "as-entered", RB_F_TEXT, OPT, 1024, "value, unit and datum as typed"),
};
const struct rb_schema rb_volume_schema = SCHEMA("volume", volume_fields);

/* ---- points: into `into` if there is any */

static enum rb_err get_points(struct rb_reader *r, struct rb_volume *v, struct rb_point *into) {
    RB_TRY(rb_cbor_get_array(r, RB_MAX_VERTICES, &v->vertices_n));
    for (size_t i = 0; i < v->vertices_n; i++) {
        size_t n = 0;
        RB_TRY(rb_cbor_get_array(r, 2, &n));
        RB_TRY(rb_cbor_get_int(r, &into[i].lat_nd));
        RB_TRY(rb_cbor_get_int(r, &into[i].lon_nd));
    }
    v->vertices = into;
    return RB_OK;
}
static void put_points(const struct rb_volume *v, struct rb_writer *w) {
    rb_cbor_put_array(w, v->vertices_n);
    for (size_t i = 0; i < v->vertices_n; i++) {
        rb_cbor_put_array(w, 2);
        rb_cbor_put_int(w, v->vertices[i].lat_nd);
        rb_cbor_put_int(w, v->vertices[i].lon_nd);
    }
}

/* ---- shapes */

static enum rb_err get_length(struct rb_reader *r, uint64_t *mm) {
    int64_t v = 0;
    RB_TRY(rb_cbor_get_int(r, &v));
    if (v <= 0) return RB_ERR_MALFORMED;
    *mm = (uint64_t)v;
    return RB_OK;
}

static enum rb_err get_circle(struct rb_reader *r, struct rb_volume *v) {
    size_t n = 0;
    v->shape = RB_SHAPE_CIRCLE;
    RB_TRY(rb_cbor_get_array(r, 3, &n));
    RB_TRY(rb_cbor_get_int(r, &v->center.lat_nd));
    RB_TRY(rb_cbor_get_int(r, &v->center.lon_nd));
    return get_length(r, &v->radius_mm);
}
static void put_circle(const struct rb_volume *v, struct rb_writer *w) {
    rb_cbor_put_array(w, 3);
    rb_cbor_put_int(w, v->center.lat_nd);
    rb_cbor_put_int(w, v->center.lon_nd);
    rb_cbor_put_uint(w, v->radius_mm);
}

static enum rb_err get_polygon(struct rb_reader *r, struct rb_volume *v, struct rb_point *into) {
    uint64_t e = 0;
    size_t n = 0;
    v->shape = RB_SHAPE_POLYGON;
    RB_TRY(rb_cbor_get_array(r, 2, &n));
    RB_TRY(rb_cbor_get_uint(r, &e));
    v->edges = (enum rb_edges)e;
    return get_points(r, v, into);
}
static void put_polygon(const struct rb_volume *v, struct rb_writer *w) {
    rb_cbor_put_array(w, 2);
    rb_cbor_put_uint(w, v->edges);
    put_points(v, w);
}

static enum rb_err get_corridor(struct rb_reader *r, struct rb_volume *v, struct rb_point *into) {
    size_t n = 0;
    v->shape = RB_SHAPE_CORRIDOR;
    RB_TRY(rb_cbor_get_array(r, 2, &n));
    RB_TRY(get_length(r, &v->radius_mm));
    return get_points(r, v, into);
}
static void put_corridor(const struct rb_volume *v, struct rb_writer *w) {
    rb_cbor_put_array(w, 2);
    rb_cbor_put_uint(w, v->radius_mm);
    put_points(v, w);
}

/* exactly one of the three */
static enum rb_err get_shape(struct rb_mapr *m, struct rb_volume *v, struct rb_point *into) {
    int shapes = 0;
    if (rb_mapr_at(m, 1)) {
        shapes++;
        RB_TRY(get_circle(&m->r, v));
    }
    if (rb_mapr_at(m, 2)) {
        if (shapes++) return RB_ERR_MALFORMED;
        RB_TRY(get_polygon(&m->r, v, into));
    }
    if (rb_mapr_at(m, 3)) {
        if (shapes++) return RB_ERR_MALFORMED;
        RB_TRY(get_corridor(&m->r, v, into));
    }
    return shapes == 1 ? RB_OK : RB_ERR_MALFORMED;
}
static void put_shape(struct rb_mapw *m, const struct rb_volume *v) {
    switch (v->shape) {
    case RB_SHAPE_CIRCLE:
        put_circle(v, rb_mapw_key(m, 1));
        return;
    case RB_SHAPE_POLYGON:
        put_polygon(v, rb_mapw_key(m, 2));
        return;
    case RB_SHAPE_CORRIDOR:
        put_corridor(v, rb_mapw_key(m, 3));
        return;
    }
}

/* ---- altitude and time */

static enum rb_err get_limit(struct rb_mapr *m, uint64_t key, struct rb_alt_limit *l) {
    uint64_t datum = 0;
    size_t n = 0;
    l->open = !rb_mapr_at(m, key);
    if (l->open) return RB_OK;
    RB_TRY(rb_cbor_get_array(&m->r, 2, &n));
    RB_TRY(rb_cbor_get_int(&m->r, &l->mm));
    RB_TRY(rb_cbor_get_uint(&m->r, &datum));
    l->datum = (enum rb_datum)datum;
    return RB_OK;
}
static void put_limit(struct rb_mapw *m, uint64_t key, const struct rb_alt_limit *l) {
    if (l->open) return;
    struct rb_writer *w = rb_mapw_key(m, key);
    rb_cbor_put_array(w, 2);
    rb_cbor_put_int(w, l->mm);
    rb_cbor_put_uint(w, l->datum);
}

/* [from, length], [from, null], or only an `until` */
static enum rb_err get_times(struct rb_mapr *m, struct rb_volume *v) {
    uint64_t length = 0;
    size_t n = 0;
    v->has_from = rb_mapr_at(m, 6);
    if (v->has_from) {
        RB_TRY(rb_cbor_get_array(&m->r, 2, &n));
        RB_TRY(rb_form_get_time(&m->r, &v->from_utc_ms));
        RB_TRY(rb_form_get_opt_uint(&m->r, &length));
    }
    v->has_to = length > 0;
    if (v->has_to) v->to_utc_ms = v->from_utc_ms + (int64_t)length; /* both bounded: no overflow */
    if (v->to_utc_ms > (int64_t)RB_TIME_MAX) return RB_ERR_MALFORMED;
    if (!rb_mapr_at(m, 7)) return RB_OK;
    if (v->has_from) return RB_ERR_MALFORMED;
    v->has_to = true;
    return rb_form_get_time(&m->r, &v->to_utc_ms);
}
static void put_times(struct rb_mapw *m, const struct rb_volume *v) {
    if (v->has_from) {
        struct rb_writer *w = rb_mapw_key(m, 6);
        rb_cbor_put_array(w, 2);
        rb_cbor_put_uint(w, (uint64_t)v->from_utc_ms);
        rb_form_put_opt_uint(w, v->has_to ? (uint64_t)(v->to_utc_ms - v->from_utc_ms) : 0);
    } else if (v->has_to) {
        rb_mapw_uint(m, 7, (uint64_t)v->to_utc_ms);
    }
}

/* ---- volume */

static void put_volume(const struct rb_volume *v, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    put_shape(&m, v);
    put_limit(&m, 4, &v->floor);
    put_limit(&m, 5, &v->ceiling);
    put_times(&m, v);
    if (v->accuracy_mm) rb_mapw_uint(&m, 8, v->accuracy_mm);
    rb_mapw_opt_text(&m, 9, v->method);
    if (v->has_surveyed) rb_mapw_uint(&m, 10, (uint64_t)v->surveyed_utc_ms);
    rb_mapw_opt_text(&m, 11, v->declared_by);
    rb_mapw_opt_text(&m, 12, v->recognised_by);
    rb_mapw_opt_bool(&m, 13, v->military_use);
    rb_mapw_opt_text(&m, 14, v->as_entered);
    rb_mapw_close(&m);
}

static enum rb_err get_survey(struct rb_mapr *m, struct rb_volume *v) {
    if (rb_mapr_at(m, 8)) RB_TRY(get_length(&m->r, &v->accuracy_mm));
    RB_TRY(rb_mapr_text(m, 9, &v->method));
    v->has_surveyed = rb_mapr_at(m, 10);
    if (v->has_surveyed) RB_TRY(rb_form_get_time(&m->r, &v->surveyed_utc_ms));
    RB_TRY(rb_mapr_text(m, 11, &v->declared_by));
    RB_TRY(rb_mapr_text(m, 12, &v->recognised_by));
    RB_TRY(rb_mapr_bool(m, 13, &v->military_use));
    return rb_mapr_text(m, 14, &v->as_entered);
}

/* `into` has room for RB_MAX_VERTICES points */
static enum rb_err get_volume(struct rb_reader *r, struct rb_volume *v, struct rb_point *into,
                              struct rb_reject *rj) {
    struct rb_mapr m;
    size_t at = r->at;
    enum rb_err e = rb_mapr_open_at(&m, r);
    if (e == RB_OK) e = get_shape(&m, v, into);
    if (e == RB_OK) e = get_limit(&m, 4, &v->floor);
    if (e == RB_OK) e = get_limit(&m, 5, &v->ceiling);
    if (e == RB_OK) e = get_times(&m, v);
    if (e == RB_OK) e = get_survey(&m, v);
    if (e != RB_OK) return rb_reject(rj, e, "3.7.1", "volume", at);
    e = rb_volume_check(v, rj);
    if (e != RB_OK && rj) rj->offset = at;
    return e;
}

/* ---- a list of them -------------------------------------------------------------------------- */

void rb_volumes_put(struct rb_mapw *m, uint64_t key, const struct rb_volume *v, size_t n) {
    if (n == 0) return;
    struct rb_writer *w = rb_mapw_key(m, key);
    rb_cbor_put_array(w, n);
    for (size_t i = 0; i < n; i++)
        put_volume(&v[i], w);
}

/* one volume at a time, its points on the stack */
enum rb_err rb_volumes_form(struct rb_mapr *m, uint64_t key, struct rb_reject *rj) {
    struct rb_point points[RB_MAX_VERTICES];
    size_t n = 0;
    RB_TRY(rb_mapr_array(m, key, RB_MAX_VOLUMES, &n));
    for (size_t i = 0; i < n; i++) {
        struct rb_volume one = {0};
        RB_TRY(get_volume(&m->r, &one, points, rj));
    }
    return RB_OK;
}

/* the points of one volume, kept in as much of the arena as they need */
static enum rb_err keep_volume(struct rb_reader *r, struct rb_arena *a, struct rb_volume *v,
                               struct rb_reject *rj) {
    struct rb_point points[RB_MAX_VERTICES];
    RB_TRY(get_volume(r, v, points, rj));
    if (v->vertices_n == 0) return RB_OK;
    struct rb_point *kept = rb_arena_array(a, v->vertices_n, sizeof *kept);
    if (!kept) return rb_reject(rj, RB_ERR_LIMIT, "3.7.4", "no room for the points", r->at);
    memcpy(kept, points, v->vertices_n * sizeof *kept);
    v->vertices = kept;
    return RB_OK;
}

enum rb_err rb_volumes_get(struct rb_mapr *m, uint64_t key, struct rb_arena *a,
                           struct rb_volume **out, size_t *n, struct rb_reject *rj) {
    *out = NULL;
    RB_TRY(rb_mapr_array(m, key, RB_MAX_VOLUMES, n));
    if (*n == 0) return RB_OK;
    *out = rb_arena_array(a, *n, sizeof **out);
    if (!*out) return rb_reject(rj, RB_ERR_LIMIT, "3.7.1", "no room for volumes", m->r.at);
    for (size_t i = 0; i < *n; i++)
        RB_TRY(keep_volume(&m->r, a, &(*out)[i], rj));
    return RB_OK;
}
