/* Features out, spec 12.3.7: geometry with or without the layers of ED-318, and plain GeoJSON. */
#include <assert.h>
#include "geojson_int.h"

__extension__ typedef __int128 wide;

/* ---- rings --------------------------------------------------------------------------------------
 */

/* the shorter way from a to b in longitude */
static int64_t step(struct rb_point a, struct rb_point b) {
    const int64_t d = b.lon_nd - a.lon_nd;
    return d > GEO_HALF ? d - GEO_TURN : d < -GEO_HALF ? d + GEO_TURN : d;
}

bool geo_wraps(const struct rb_volume *v) {
    for (size_t i = 0; i + (v->shape == RB_SHAPE_CORRIDOR) < v->vertices_n; i++) {
        const struct rb_point a = v->vertices[i], b = v->vertices[(i + 1) % v->vertices_n];
        if (step(a, b) != b.lon_nd - a.lon_nd) return true;
    }
    return false;
}

/* twice the area in the plane, longitudes unrolled; its sign is the direction */
static wide area(const struct rb_volume *v) {
    wide sum = 0;
    int64_t x = 0;
    for (size_t i = 0; i < v->vertices_n; i++) {
        const struct rb_point a = v->vertices[i], b = v->vertices[(i + 1) % v->vertices_n];
        const int64_t d = step(a, b);
        sum += (wide)x * (b.lat_nd - a.lat_nd) - (wide)d * a.lat_nd;
        x += d;
    }
    return sum;
}

void geo_outward(const struct rb_volume *v, struct rb_point *out) {
    const size_t n = v->vertices_n;
    const bool turn = v->shape == RB_SHAPE_POLYGON && area(v) < 0;
    for (size_t i = 0; i < n; i++)
        out[i] = v->vertices[turn ? (n - i) % n : i];
}

/* ---- geometry -----------------------------------------------------------------------------------
 */

static void put_position(struct rb_json_writer *j, struct rb_point p) {
    rb_json_open(j, NULL, '[');
    rb_json_put_decimal(j, NULL, p.lon_nd, 9);
    rb_json_put_decimal(j, NULL, p.lat_nd, 9);
    rb_json_close(j, ']');
}

static void put_positions(struct rb_json_writer *j, const struct rb_volume *v) {
    struct rb_point p[RB_MAX_VERTICES];
    assert(v->vertices_n <= RB_MAX_VERTICES);
    geo_outward(v, p);
    for (size_t i = 0; i < v->vertices_n; i++)
        put_position(j, p[i]);
    if (v->shape == RB_SHAPE_POLYGON) put_position(j, p[0]);
}

static void put_coordinates(struct rb_json_writer *j, const struct rb_volume *v) {
    rb_json_open(j, "coordinates", '[');
    if (v->shape == RB_SHAPE_CIRCLE) {
        rb_json_put_decimal(j, NULL, v->center.lon_nd, 9);
        rb_json_put_decimal(j, NULL, v->center.lat_nd, 9);
    } else if (v->shape == RB_SHAPE_CORRIDOR) {
        put_positions(j, v);
    } else {
        rb_json_open(j, NULL, '[');
        put_positions(j, v);
        rb_json_close(j, ']');
    }
    rb_json_close(j, ']');
}

static void put_layer(struct rb_json_writer *j, const struct rb_volume *v) {
    static const char *const words[] = {"WGS84", "AMSL", "AGL"}; /* as enum rb_datum */
    const bool upper = !v->ceiling.open && v->ceiling.datum != RB_DATUM_FL;
    const bool lower = !v->floor.open && v->floor.datum != RB_DATUM_FL;
    if (!upper && !lower) return;
    rb_json_open(j, "layer", '{');
    if (upper) {
        rb_json_put_decimal(j, "upper", v->ceiling.mm, 3);
        rb_json_put_text(j, "upperReference", rb_str(words[v->ceiling.datum]));
    }
    if (lower) {
        rb_json_put_decimal(j, "lower", v->floor.mm, 3);
        rb_json_put_text(j, "lowerReference", rb_str(words[v->floor.datum]));
    }
    rb_json_put_text(j, "uom", rb_str("m"));
    rb_json_close(j, '}');
}

static void put_one(struct rb_json_writer *j, const char *key, const struct rb_volume *v,
                    bool layered, uint64_t *remarks) {
    static const char *const types[] = {"Point", "Polygon", "LineString"}; /* as enum rb_shape */
    rb_json_open(j, key, '{');
    rb_json_put_text(j, "type", rb_str(types[v->shape]));
    put_coordinates(j, v);
    if (layered && v->shape == RB_SHAPE_CIRCLE) {
        rb_json_open(j, "extent", '{');
        rb_json_put_text(j, "subType", rb_str("Circle"));
        rb_json_put_decimal(j, "radius", (int64_t)v->radius_mm, 3);
        rb_json_close(j, '}');
    }
    if (layered) put_layer(j, v);
    rb_json_close(j, '}');
    if (v->shape != RB_SHAPE_CIRCLE && geo_wraps(v)) *remarks |= 1ull << RB_REMARK_NOT_CUT;
}

void geo_put_geometry(struct rb_json_writer *j, const char *key, const struct rb_feature *f,
                      bool layered, uint64_t *remarks) {
    if (f->volumes_n == 1) {
        put_one(j, key, &f->volumes[0], layered, remarks);
        return;
    }
    rb_json_open(j, key, '{');
    rb_json_put_text(j, "type", rb_str("GeometryCollection"));
    rb_json_open(j, "geometries", '[');
    for (size_t i = 0; i < f->volumes_n; i++)
        put_one(j, NULL, &f->volumes[i], layered, remarks);
    rb_json_close(j, ']');
    rb_json_close(j, '}');
}

/* ---- features -----------------------------------------------------------------------------------
 */

void rb_geo_put_begin(struct rb_json_writer *j, struct rb_slice name) {
    rb_json_open(j, NULL, '{');
    rb_json_put_text(j, "type", rb_str("FeatureCollection"));
    if (name.n > 0) rb_json_put_text(j, "name", name);
    rb_json_open(j, "features", '[');
}

void rb_geo_put_end(struct rb_json_writer *j) {
    rb_json_close(j, ']');
    rb_json_close(j, '}');
}

void rb_geojson_put(struct rb_json_writer *j, const struct rb_feature *f, uint64_t *remarks) {
    struct geo_beside beside = {.title = {NULL, 0}};
    for (size_t i = 0; i < RB_MAX_VOLUMES; i++)
        beside.period[i] = -1;
    rb_json_open(j, NULL, '{');
    rb_json_put_text(j, "type", rb_str("Feature"));
    rb_json_open(j, "properties", '{');
    if (f->title.n > 0) rb_json_put_text(j, "name", f->title);
    if (f->text.n > 0) rb_json_put_text(j, "description", f->text);
    geo_put_extra(j, "readback", f, &beside, remarks);
    rb_json_close(j, '}');
    geo_put_geometry(j, "geometry", f, false, remarks);
    rb_json_close(j, '}');
}
