/* Geometries of GeoJSON with the layers and extents of ED-318, spec 12.3, 12.4. */
#include "geojson_int.h"

/* ---- points -------------------------------------------------------------------------------------
 */

struct rb_point *geo_points(struct geo *g, size_t at) {
    struct rb_point *p = rb_arena_array(g->a, RB_MAX_VERTICES + 1, sizeof *p);
    if (p == NULL) (void)geo_limit(g, "12.2.2", "no room", at);
    return p;
}

void geo_points_done(struct geo *g, const struct rb_point *p, size_t n) {
    rb_arena_release(g->a, (size_t)((const uint8_t *)(p + n) - g->a->p));
}

enum rb_err geo_add_point(struct geo *g, struct rb_point *p, size_t *n, struct rb_point q,
                          size_t at) {
    if (*n > 0 && p[*n - 1].lat_nd == q.lat_nd && p[*n - 1].lon_nd == q.lon_nd) {
        geo_remark(g, RB_REMARK_REPEATED);
        return RB_OK;
    }
    if (*n == RB_MAX_VERTICES + 1) return geo_limit(g, "3.7.4", "number of points", at);
    if (*n > 0) {
        const int64_t d = q.lon_nd - p[*n - 1].lon_nd;
        if (d > GEO_HALF || d < -GEO_HALF) geo_remark(g, RB_REMARK_SHORTER_WAY);
    }
    p[(*n)++] = q;
    return RB_OK;
}

enum rb_err geo_ring(struct geo *g, struct rb_volume *v, const struct rb_point *p, size_t n,
                     size_t at) {
    if (n < 4) return geo_refuse(g, "12.3.2", "a ring has four positions or more", at);
    if (p[0].lat_nd != p[n - 1].lat_nd || p[0].lon_nd != p[n - 1].lon_nd)
        return geo_refuse(g, "12.3.2", "a ring does not end where it begins", at);
    v->vertices = p;
    v->vertices_n = n - 1;
    return RB_OK;
}

/* [longitude, latitude, height or more] */
static enum rb_err position(struct geo *g, struct rb_json *j, struct rb_point *out) {
    struct rb_json_token t;
    RB_TRY(rb_json_take(j, RB_JSON_ARRAY, &t, g->rj));
    RB_TRY(rb_json_take(j, RB_JSON_NUMBER, &t, g->rj));
    RB_TRY(geo_degrees(g, t.raw, t.at, &out->lon_nd));
    RB_TRY(rb_json_take(j, RB_JSON_NUMBER, &t, g->rj));
    RB_TRY(geo_degrees(g, t.raw, t.at, &out->lat_nd));
    if (out->lon_nd < -GEO_HALF || out->lon_nd > GEO_HALF || out->lat_nd < -GEO_HALF / 2 ||
        out->lat_nd > GEO_HALF / 2)
        return geo_refuse(g, "3.7.2", "latitude or longitude", t.at);
    for (bool more = true; more;) {
        RB_TRY(rb_json_more(j, &more, g->rj));
        if (!more) return RB_OK;
        RB_TRY(rb_json_take(j, RB_JSON_NUMBER, &t, g->rj));
        geo_remark(g, RB_REMARK_POINT_HEIGHTS);
    }
    return RB_OK;
}

static enum rb_err positions(struct geo *g, struct rb_json *j, const struct rb_point **out,
                             size_t *n, size_t *at) {
    struct rb_json_token t;
    struct rb_point q;
    RB_TRY(rb_json_take(j, RB_JSON_ARRAY, &t, g->rj));
    *at = t.at;
    *n = 0;
    struct rb_point *p = geo_points(g, t.at);
    if (p == NULL) return RB_ERR_LIMIT;
    for (bool more = true;;) {
        RB_TRY(rb_json_more(j, &more, g->rj));
        if (!more) break;
        const size_t here = j->at;
        RB_TRY(position(g, j, &q));
        RB_TRY(geo_add_point(g, p, n, q, here));
    }
    geo_points_done(g, p, *n);
    *out = p;
    return RB_OK;
}

/* ---- shapes -------------------------------------------------------------------------------------
 */

static enum rb_err read_point(struct geo *g, struct rb_json *j) {
    struct rb_volume *v;
    RB_TRY(geo_volume(g, RB_SHAPE_CIRCLE, j->at, &v));
    return position(g, j, &v->center);
}

static enum rb_err read_line(struct geo *g, struct rb_json *j) {
    struct rb_volume *v;
    size_t at;
    RB_TRY(geo_volume(g, RB_SHAPE_CORRIDOR, j->at, &v));
    return positions(g, j, &v->vertices, &v->vertices_n, &at);
}

static enum rb_err read_polygon(struct geo *g, struct rb_json *j) {
    struct rb_json_token t;
    const struct rb_point *p;
    struct rb_volume *v;
    size_t n, at;
    bool more = false;
    RB_TRY(geo_volume(g, RB_SHAPE_POLYGON, j->at, &v));
    RB_TRY(rb_json_take(j, RB_JSON_ARRAY, &t, g->rj));
    RB_TRY(rb_json_more(j, &more, g->rj));
    if (!more) return geo_refuse(g, "12.3.2", "a polygon without a ring", t.at);
    RB_TRY(positions(g, j, &p, &n, &at));
    RB_TRY(geo_ring(g, v, p, n, at));
    RB_TRY(rb_json_more(j, &more, g->rj));
    return more ? geo_refuse(g, "12.3.3", "a polygon with a hole", j->at) : RB_OK;
}

static enum rb_err read_many(struct geo *g, struct rb_json *j,
                             enum rb_err (*one)(struct geo *, struct rb_json *)) {
    struct rb_json_token t;
    RB_TRY(rb_json_take(j, RB_JSON_ARRAY, &t, g->rj));
    for (bool more = true;;) {
        RB_TRY(rb_json_more(j, &more, g->rj));
        if (!more) return RB_OK;
        RB_TRY(one(g, j));
    }
}

/* ---- layer and extent of ED-318 -----------------------------------------------------------------
 */

enum { L_UPPER, L_UPPER_REF, L_LOWER, L_LOWER_REF, L_UOM };
static const char *const layer_names[] = {"upper", "upperReference", "lower", "lowerReference",
                                          "uom"};
static const char *const datum_words[] = {"WGS84", "AMSL", "AGL", NULL}; /* as enum rb_datum */
static const char *const unit_words[] = {"m", "ft", NULL};

static enum rb_err limit(struct geo *g, const struct geo_members *m, unsigned value, bool feet,
                         struct rb_alt_limit *out) {
    unsigned datum = 0;
    if (!geo_has(m, value)) return RB_OK;
    if (!geo_has(m, value + 1))
        return geo_refuse(g, "12.4.3", "a limit without its reference", m->at);
    RB_TRY(geo_scaled(g, m->value[value], feet ? 3048 : 1, feet ? -1 : 3, &out->mm));
    RB_TRY(geo_word(g, m->value[value + 1], datum_words, "12.4.3", "an unknown reference of height",
                    &datum));
    out->datum = (enum rb_datum)datum;
    out->open = false;
    return RB_OK;
}

/* "lower 50 ft AGL; upper 150 ft AGL": the value, unit and datum as the file has them */
static void put_entered(struct geo *g, const struct geo_members *m, struct rb_writer *w) {
    struct rb_json_token t;
    for (int i = 1; i >= 0; i--) {
        const unsigned value = i ? L_LOWER : L_UPPER;
        if (!geo_has(m, value)) continue;
        if (w->n > 0) rb_put_z(w, "; ");
        rb_put_z(w, i ? "lower " : "upper ");
        if (geo_token(g, m->value[value], RB_JSON_NUMBER, &t) == RB_OK) rb_put_slice(w, t.raw);
        rb_put_z(w, " ft ");
        if (geo_token(g, m->value[value + 1], RB_JSON_STRING, &t) == RB_OK)
            rb_json_put_plain(w, t.raw);
    }
}

static enum rb_err keep_entered(struct geo *g, const struct geo_members *m, struct rb_slice *out) {
    uint8_t *p = rb_arena_alloc(g->a, 128);
    if (p == NULL) return geo_limit(g, "12.2.2", "no room", m->at);
    struct rb_writer w = rb_writer(p, 128);
    put_entered(g, m, &w);
    if (w.over) return geo_refuse(g, "12.2.6", "a height with too many digits", m->at);
    *out = rb_written(&w);
    return RB_OK;
}

static enum rb_err read_layer(struct geo *g, struct rb_json j, struct rb_volume *out) {
    struct geo_members m;
    unsigned feet = 0;
    RB_TRY(geo_members(g, &j, layer_names, 5, &m));
    if (geo_has(&m, L_UOM))
        RB_TRY(geo_word(g, m.value[L_UOM], unit_words, "12.4.3", "an unknown unit", &feet));
    RB_TRY(limit(g, &m, L_UPPER, feet == 1, &out->ceiling));
    RB_TRY(limit(g, &m, L_LOWER, feet == 1, &out->floor));
    if (m.others) geo_remark(g, RB_REMARK_PROPERTIES);
    if (feet == 1 && (geo_has(&m, L_UPPER) || geo_has(&m, L_LOWER)))
        return keep_entered(g, &m, &out->as_entered);
    return RB_OK;
}

static enum rb_err read_extent(struct geo *g, struct rb_json j, uint64_t *radius_mm) {
    static const char *const names[] = {"subType", "radius"};
    static const char *const kinds[] = {"Circle", NULL};
    struct geo_members m;
    unsigned kind = 0;
    RB_TRY(geo_members(g, &j, names, 2, &m));
    if (!geo_has(&m, 0) || !geo_has(&m, 1))
        return geo_refuse(g, "12.4.4", "an extent without kind or radius", m.at);
    RB_TRY(geo_word(g, m.value[0], kinds, "12.4.4", "an extent that is no circle", &kind));
    return geo_length(g, m.value[1], radius_mm);
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

enum { G_TYPE, G_COORDINATES, G_GEOMETRIES, G_LAYER, G_EXTENT, G_BBOX };
static const char *const geometry_names[] = {"type",  "coordinates", "geometries",
                                             "layer", "extent",      "bbox"};
enum { T_POINT, T_LINE, T_POLYGON, T_POINTS, T_LINES, T_POLYGONS, T_COLLECTION };
static const char *const type_words[] = {
    "Point",        "LineString",         "Polygon", "MultiPoint", "MultiLineString",
    "MultiPolygon", "GeometryCollection", NULL};

static enum rb_err shapes(struct geo *g, struct rb_json j, unsigned type) {
    const size_t from = g->f.volumes_n, at = j.at;
    switch (type) {
    case T_POINT:
        return read_point(g, &j);
    case T_LINE:
        return read_line(g, &j);
    case T_POLYGON:
        return read_polygon(g, &j);
    case T_POINTS:
        return read_many(g, &j, read_point);
    case T_LINES:
        return read_many(g, &j, read_line);
    default:
        RB_TRY(read_many(g, &j, read_polygon));
        return geo_join(g, from, at);
    }
}

static enum rb_err geometry(struct geo *g, struct rb_json *j, unsigned level);

static enum rb_err collection(struct geo *g, struct rb_json j, unsigned level) {
    struct rb_json_token t;
    if (level > 0)
        return geo_refuse(g, "12.3.1", "a collection of geometries within another", j.at);
    RB_TRY(rb_json_take(&j, RB_JSON_ARRAY, &t, g->rj));
    for (bool more = true;;) {
        RB_TRY(rb_json_more(&j, &more, g->rj));
        if (!more) return RB_OK;
        RB_TRY(geometry(g, &j, level + 1));
    }
}

/* what the geometry says of itself, to all volumes that came of it and do not say it themselves */
static enum rb_err beside(struct geo *g, const struct geo_members *m, size_t from) {
    struct rb_volume said = {.floor = {.open = true}, .ceiling = {.open = true}};
    uint64_t radius_mm = 0;
    if (geo_has(m, G_LAYER)) RB_TRY(read_layer(g, m->value[G_LAYER], &said));
    if (geo_has(m, G_EXTENT)) RB_TRY(read_extent(g, m->value[G_EXTENT], &radius_mm));
    for (size_t i = from; i < g->f.volumes_n; i++) {
        struct rb_volume *v = &g->f.volumes[i];
        if (v->shape == RB_SHAPE_CIRCLE && v->radius_mm == 0) v->radius_mm = radius_mm;
        if (!v->floor.open || !v->ceiling.open) continue;
        v->floor = said.floor;
        v->ceiling = said.ceiling;
        v->as_entered = said.as_entered;
    }
    return RB_OK;
}

static enum rb_err geometry(struct geo *g, struct rb_json *j, unsigned level) {
    struct geo_members m;
    unsigned type = 0;
    const size_t from = g->f.volumes_n;
    RB_TRY(geo_members(g, j, geometry_names, 6, &m));
    if (!geo_has(&m, G_TYPE)) return geo_refuse(g, "12.3.1", "a geometry without its type", m.at);
    RB_TRY(geo_word(g, m.value[G_TYPE], type_words, "12.3.1", "no geometry of GeoJSON", &type));
    const unsigned needs = type == T_COLLECTION ? G_GEOMETRIES : G_COORDINATES;
    if (!geo_has(&m, needs)) return geo_refuse(g, "12.3.1", "a geometry without positions", m.at);
    if (type == T_COLLECTION)
        RB_TRY(collection(g, m.value[G_GEOMETRIES], level));
    else
        RB_TRY(shapes(g, m.value[G_COORDINATES], type));
    if (m.others) geo_remark(g, RB_REMARK_PROPERTIES);
    return beside(g, &m, from);
}

enum rb_err geo_geometry(struct geo *g, struct rb_json j) {
    return geometry(g, &j, 0);
}
