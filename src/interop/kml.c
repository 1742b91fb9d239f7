/* KML 2.2 in, spec 12.7. A placemark is read twice: once for the XML, so that what is wrong with
 * one does not end the file, and once for what it says. */
#include "geojson_int.h"
#include "readback/coord.h"
#include "readback/kml.h"
#include "readback/text.h"

struct kml { /* the placemark being read */
    struct geo g;
    struct rb_xml x;
    struct rb_slice extra; /* JSON of ours */
    size_t extra_at;
    bool has_from, has_to;
    int64_t from_utc_ms, to_utc_ms;
};

static bool is_kml(struct rb_slice space) {
    return rb_slice_is(space, "http://www.opengis.net/kml/2.2") || space.n == 0 ||
           rb_slice_starts(space, "http://earth.google.com/kml/2.");
}

static bool element(const struct rb_xml_event *e, const char *name) {
    return is_kml(e->space) && rb_slice_is(e->name, name);
}

/* where name stands in the list that ends with NULL; its length if it is not there */
static size_t which(const struct rb_xml_event *e, const char *const *names) {
    size_t i = 0;
    while (names[i] != NULL && !element(e, names[i]))
        i++;
    return i;
}

/* the next child of the element that stands at this depth; *more is false behind its end */
static enum rb_err child(struct kml *k, unsigned depth, struct rb_xml_event *e, bool *more) {
    do {
        RB_TRY(rb_xml_next(&k->x, e, k->g.rj));
        *more = k->x.depth >= depth;
    } while (*more && e->type != RB_XML_START);
    return RB_OK;
}

/* all text of the element just begun, to behind its end */
static enum rb_err content(struct kml *k, struct rb_slice *out) {
    struct rb_xml ahead = k->x;
    struct rb_xml_event e;
    const unsigned depth = k->x.depth;
    RB_TRY(rb_xml_skip(&ahead, k->g.rj));
    const size_t room = ahead.at - k->x.at;
    uint8_t *p = rb_arena_alloc(k->g.a, room + 1);
    if (p == NULL) return geo_limit(&k->g, "12.2.2", "no room", k->x.at);
    struct rb_writer w = rb_writer(p, room);
    do {
        RB_TRY(rb_xml_next(&k->x, &e, k->g.rj));
        if (e.type == RB_XML_TEXT) rb_xml_put_plain(&w, e.raw, e.cdata);
        if (e.type == RB_XML_START)
            return geo_refuse(&k->g, "12.7.2", "an element where only text belongs", e.at);
    } while (k->x.depth >= depth);
    *out = rb_written(&w);
    while (out->n > 0 && strchr(" \t\r\n", out->p[0]) != NULL)
        *out = rb_slice_sub(*out, 1, out->n);
    while (out->n > 0 && strchr(" \t\r\n", out->p[out->n - 1]) != NULL)
        out->n--;
    return RB_OK;
}

/* ---- coordinates --------------------------------------------------------------------------------
 */

struct heights { /* of the positions of one geometry */
    bool any, unlike;
    int64_t mm;
};

static bool blank(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* longitude,latitude or longitude,latitude,height */
static enum rb_err tuple(struct kml *k, struct rb_slice s, size_t at, size_t nth,
                         struct rb_point *out, struct heights *h) {
    const size_t one = rb_slice_find(s, 0, ','), two = rb_slice_find(s, one + 1, ',');
    int64_t mm = 0;
    if (one >= s.n) return geo_refuse(&k->g, "12.7.3", "a position without a comma", at);
    RB_TRY(geo_degrees(&k->g, rb_slice_sub(s, 0, one), at, &out->lon_nd));
    RB_TRY(geo_degrees(&k->g, rb_slice_sub(s, one + 1, two), at, &out->lat_nd));
    if (out->lon_nd < -GEO_HALF || out->lon_nd > GEO_HALF || out->lat_nd < -GEO_HALF / 2 ||
        out->lat_nd > GEO_HALF / 2)
        return geo_refuse(&k->g, "3.7.2", "latitude or longitude", at);
    if (two < s.n && rb_decimal_scaled(rb_slice_sub(s, two + 1, s.n), 1, 3, &mm, NULL) != RB_OK)
        return geo_refuse(&k->g, "12.7.3", "a height that is no number", at);
    h->any |= two < s.n;
    h->unlike |= nth > 0 && mm != h->mm;
    h->mm = mm;
    return RB_OK;
}

static enum rb_err coordinates(struct kml *k, const struct rb_point **out, size_t *n,
                               struct heights *h) {
    struct rb_slice s;
    struct rb_point q;
    const size_t at = k->x.at;
    RB_TRY(content(k, &s));
    struct rb_point *p = geo_points(&k->g, at);
    if (p == NULL) return RB_ERR_LIMIT;
    *n = 0;
    for (size_t i = 0, nth = 0; i < s.n; nth++) {
        const size_t from = i;
        while (i < s.n && !blank(s.p[i]))
            i++;
        RB_TRY(tuple(k, rb_slice_sub(s, from, i), at, nth, &q, h));
        RB_TRY(geo_add_point(&k->g, p, n, q, at));
        while (i < s.n && blank(s.p[i]))
            i++;
    }
    geo_points_done(&k->g, p, *n);
    *out = p;
    return RB_OK;
}

/* ---- geometries ---------------------------------------------------------------------------------
 */

enum { C_COORDINATES, C_OUTER, C_INNER, C_EXTRUDE, C_MODE, C_OTHER };
static const char *const geometry_parts[] = {"coordinates", "outerBoundaryIs", "innerBoundaryIs",
                                             "extrude",     "altitudeMode",    NULL};
struct part { /* a geometry as it is read */
    const struct rb_point *p;
    size_t n;
    struct heights h;
    bool extrude, has_datum;
    enum rb_datum datum;
};

static enum rb_err altitude_mode(struct kml *k, struct part *part) {
    struct rb_slice s;
    const size_t at = k->x.at;
    RB_TRY(content(k, &s));
    part->has_datum = !rb_slice_is(s, "clampToGround");
    part->datum = rb_slice_is(s, "absolute") ? RB_DATUM_AMSL : RB_DATUM_AGL;
    if (!part->has_datum || part->datum == RB_DATUM_AMSL || rb_slice_is(s, "relativeToGround"))
        return RB_OK;
    return geo_refuse(&k->g, "12.7.2", "an unknown altitudeMode", at);
}

static enum rb_err extrude(struct kml *k, struct part *part) {
    struct rb_slice s;
    RB_TRY(content(k, &s));
    part->extrude = rb_slice_is(s, "1") || rb_slice_is(s, "true");
    return RB_OK;
}

/* outerBoundaryIs / LinearRing / coordinates */
static enum rb_err boundary(struct kml *k, struct part *part) {
    const unsigned depth = k->x.depth;
    struct rb_xml_event e;
    bool more = false;
    for (;;) {
        RB_TRY(child(k, depth, &e, &more));
        if (!more) return RB_OK;
        if (element(&e, "LinearRing")) continue; /* its children come next */
        if (element(&e, "coordinates"))
            RB_TRY(coordinates(k, &part->p, &part->n, &part->h));
        else
            RB_TRY(rb_xml_skip(&k->x, k->g.rj));
    }
}

static enum rb_err read_part(struct kml *k, struct part *part) {
    const unsigned depth = k->x.depth;
    struct rb_xml_event e;
    bool more = false;
    for (;;) {
        RB_TRY(child(k, depth, &e, &more));
        if (!more) return RB_OK;
        switch (which(&e, geometry_parts)) {
        case C_COORDINATES:
            RB_TRY(coordinates(k, &part->p, &part->n, &part->h));
            break;
        case C_OUTER:
            RB_TRY(boundary(k, part));
            break;
        case C_INNER:
            return geo_refuse(&k->g, "12.3.3", "a polygon with a hole", e.at);
        case C_EXTRUDE:
            RB_TRY(extrude(k, part));
            break;
        case C_MODE:
            RB_TRY(altitude_mode(k, part));
            break;
        default: /* tessellate */
            RB_TRY(rb_xml_skip(&k->x, k->g.rj));
        }
    }
}

/* a shape drawn down to the ground from one height has that height as its ceiling */
static void ceiling(struct kml *k, const struct part *part, struct rb_volume *v) {
    if (!part->h.any) return;
    if (part->has_datum && part->extrude && !part->h.unlike)
        v->ceiling = (struct rb_alt_limit){false, part->h.mm, part->datum};
    else if (part->h.mm != 0 || part->h.unlike)
        geo_remark(&k->g, RB_REMARK_POINT_HEIGHTS);
}

static enum rb_err simple(struct kml *k, enum rb_shape shape) {
    struct part part = {0};
    struct rb_volume *v;
    const size_t at = k->x.at;
    RB_TRY(geo_volume(&k->g, shape, at, &v));
    RB_TRY(read_part(k, &part));
    if (part.n == 0) return geo_refuse(&k->g, "12.7.3", "a geometry without coordinates", at);
    ceiling(k, &part, v);
    if (shape == RB_SHAPE_POLYGON) return geo_ring(&k->g, v, part.p, part.n, at);
    if (shape == RB_SHAPE_CIRCLE) {
        if (part.n > 1) return geo_refuse(&k->g, "12.7.3", "a point of several positions", at);
        v->center = part.p[0];
        return RB_OK;
    }
    v->vertices = part.p;
    v->vertices_n = part.n;
    return RB_OK;
}

static const char *const geometry_names[] = {"Point", "Polygon", "LineString", "MultiGeometry",
                                             NULL}; /* the first three as enum rb_shape */
static const char *const other_geometries[] = {"LinearRing", "Model", "Track", "MultiTrack", NULL};

static bool other_geometry(const struct rb_xml_event *e) {
    for (size_t i = 0; other_geometries[i] != NULL; i++) /* Track is of an extension */
        if (rb_slice_is(e->name, other_geometries[i])) return true;
    return false;
}

static enum rb_err geometry(struct kml *k, const struct rb_xml_event *e);

static enum rb_err several(struct kml *k) {
    const unsigned depth = k->x.depth;
    const size_t from = k->g.f.volumes_n, at = k->x.at;
    struct rb_xml_event e;
    bool more = false;
    for (;;) {
        RB_TRY(child(k, depth, &e, &more));
        if (!more) return geo_join(&k->g, from, at);
        RB_TRY(geometry(k, &e));
    }
}

static enum rb_err geometry(struct kml *k, const struct rb_xml_event *e) {
    const size_t i = which(e, geometry_names);
    if (i < 3) return simple(k, (enum rb_shape)i);
    if (i == 3) return several(k);
    return geo_refuse(&k->g, "12.7.3", "a geometry that is no point, line or polygon", e->at);
}

/* ---- what else a placemark says -----------------------------------------------------------------
 */

/* 2026-03-12T19:00:00Z, or a day: from its beginning, or to its end */
static enum rb_err moment(struct kml *k, bool end, int64_t *utc_ms) {
    struct rb_slice s;
    char whole[32];
    struct rb_writer w = rb_writer(whole, sizeof whole);
    const size_t at = k->x.at;
    RB_TRY(content(k, &s));
    if (rb_rfc3339_decode(s, utc_ms) == RB_OK) return RB_OK;
    rb_put_slice(&w, s);
    rb_put_z(&w, "T00:00:00Z");
    if (s.n != 10 || rb_rfc3339_decode(rb_written(&w), utc_ms) != RB_OK)
        return geo_refuse(&k->g, "12.2.5", "a time that is not written like 2026-03-12T19:00:00Z",
                          at);
    *utc_ms += end ? 86400000 : 0;
    return RB_OK;
}

static enum rb_err time_span(struct kml *k) {
    const unsigned depth = k->x.depth;
    struct rb_xml_event e;
    bool more = false;
    for (;;) {
        RB_TRY(child(k, depth, &e, &more));
        if (!more) return RB_OK;
        if (element(&e, "begin")) {
            RB_TRY(moment(k, false, &k->from_utc_ms));
            k->has_from = true;
        } else if (element(&e, "end")) {
            RB_TRY(moment(k, true, &k->to_utc_ms));
            k->has_to = true;
        } else
            RB_TRY(rb_xml_skip(&k->x, k->g.rj));
    }
}

static enum rb_err length(struct kml *k, struct rb_slice s, size_t at, uint64_t *mm) {
    struct rb_length l;
    struct rb_reject rj;
    int64_t metres = 0;
    if (rb_decimal_scaled(s, 1, 3, &metres, NULL) == RB_OK && metres > 0) {
        *mm = (uint64_t)metres;
        return RB_OK;
    }
    if (rb_length_read(s, &l, &rj) != RB_OK)
        return geo_refuse(&k->g, "12.2.6", "a length belongs here: metres, or a text with its unit",
                          at);
    *mm = l.mm;
    return RB_OK;
}

static enum rb_err datum(struct kml *k, struct rb_slice name, struct rb_slice value, size_t at) {
    if (value.n == 0) return RB_OK;
    if (rb_slice_is(name, "readback")) {
        if (k->extra.n > 0) return geo_refuse(&k->g, "12.1.3", "a name twice in one object", at);
        k->extra = value;
        k->extra_at = at;
        return RB_OK;
    }
    if (rb_slice_is(name, "radius_m") || rb_slice_is(name, "radius"))
        return length(k, value, at, &k->g.radius_mm);
    if (rb_slice_is(name, "half_width_m")) return length(k, value, at, &k->g.half_width_mm);
    geo_remark(&k->g, RB_REMARK_PROPERTIES);
    return RB_OK;
}

static struct rb_slice name_attribute(const struct rb_xml_event *e) {
    for (size_t i = 0; i < e->attributes_n; i++)
        if (rb_slice_is(e->attributes[i].name, "name")) return e->attributes[i].raw;
    return rb_slice(NULL, 0);
}

/* Data name / value, or SchemaData / SimpleData name */
static enum rb_err extended(struct kml *k) {
    const unsigned depth = k->x.depth;
    struct rb_slice name = {NULL, 0}, value;
    struct rb_xml_event e;
    bool more = false;
    for (;;) {
        RB_TRY(child(k, depth, &e, &more));
        if (!more) return RB_OK;
        if (element(&e, "SchemaData")) continue; /* its children come next */
        if (element(&e, "Data")) {
            name = name_attribute(&e);
        } else if (element(&e, "value") || element(&e, "SimpleData")) {
            if (element(&e, "SimpleData")) name = name_attribute(&e);
            RB_TRY(content(k, &value));
            RB_TRY(datum(k, name, value, e.at));
        } else {
            geo_remark(&k->g, RB_REMARK_PROPERTIES);
            RB_TRY(rb_xml_skip(&k->x, k->g.rj));
        }
    }
}

enum { M_NAME, M_DESCRIPTION, M_SPAN, M_STAMP, M_EXTENDED, M_LOOK };
static const char *const members[] = {"name",         "description", "TimeSpan", "TimeStamp",
                                      "ExtendedData", "Style",       "StyleMap", "styleUrl",
                                      "Snippet",      "snippet",     "LookAt",   "Camera",
                                      "visibility",   "open",        "Region",   NULL};

static enum rb_err member(struct kml *k, const struct rb_xml_event *e) {
    struct rb_slice s;
    switch (which(e, members)) {
    case M_NAME:
        RB_TRY(content(k, &s));
        return geo_clean(&k->g, s, RB_MAX_NAME, true, &k->g.f.title);
    case M_DESCRIPTION:
        RB_TRY(content(k, &s));
        return geo_clean(&k->g, s, RB_MAX_TEXT, false, &k->g.f.text);
    case M_SPAN:
        return time_span(k);
    case M_STAMP:
        geo_remark(&k->g, RB_REMARK_MOMENT);
        return rb_xml_skip(&k->x, k->g.rj);
    case M_EXTENDED:
        return extended(k);
    default:
        break;
    }
    if (other_geometry(e) || which(e, geometry_names) < 4) return geometry(k, e);
    geo_remark(&k->g, members[which(e, members)] != NULL ? RB_REMARK_LOOK : RB_REMARK_PROPERTIES);
    return rb_xml_skip(&k->x, k->g.rj);
}

static enum rb_err finish(struct kml *k, struct rb_feature *out) {
    k->g.times_said = k->has_from || k->has_to;
    for (size_t i = 0; i < k->g.f.volumes_n; i++) {
        struct rb_volume *v = &k->g.f.volumes[i];
        v->has_from = k->has_from;
        v->has_to = k->has_to;
        v->from_utc_ms = k->from_utc_ms;
        v->to_utc_ms = k->to_utc_ms;
    }
    if (k->extra.n > 0) {
        const enum rb_err e = geo_extra(&k->g, rb_json_reader(k->extra));
        if (e != RB_OK && k->g.rj != NULL) k->g.rj->offset = k->extra_at;
        RB_TRY(e);
    }
    return geo_finish(&k->g, true, out);
}

static enum rb_err placemark(struct kml *k, struct rb_feature *out) {
    const unsigned depth = k->x.depth;
    struct rb_xml_event e;
    bool more = false;
    for (;;) {
        RB_TRY(child(k, depth, &e, &more));
        if (!more) return finish(k, out);
        RB_TRY(member(k, &e));
    }
}

/* ---- the file -----------------------------------------------------------------------------------
 */

enum rb_err rb_kml_open(struct rb_kml *k, struct rb_slice file, struct rb_reject *rj) {
    struct rb_kml n = {.remarks = 0};
    struct rb_xml_event e;
    if (file.n > RB_MAX_KML_FILE)
        return rb_reject(rj, RB_ERR_LIMIT, "12.7.1", "larger than 16 MiB", RB_MAX_KML_FILE);
    if (rb_slice_starts(file, "PK\x03\x04"))
        return rb_reject(rj, RB_ERR_MALFORMED, "12.7.2", "KMZ: unpack the doc.kml in it first", 0);
    RB_TRY(rb_xml_open(&n.xml, file, rj));
    RB_TRY(rb_xml_next(&n.xml, &e, rj));
    if (!element(&e, "kml"))
        return rb_reject(rj, RB_ERR_MALFORMED, "12.7.2", "the root is no kml", e.at);
    if (!rb_slice_is(e.space, "http://www.opengis.net/kml/2.2"))
        n.remarks |= 1ull << RB_REMARK_OLD_NAMESPACE;
    *k = n;
    return RB_OK;
}

/* what stands beside the placemarks */
static enum rb_err aside(struct rb_kml *k, const struct rb_xml_event *e, struct rb_reject *rj) {
    static const char *const text[] = {"name", "description", "ExtendedData", "Schema", NULL};
    const bool said = text[which(e, text)] != NULL && !element(e, "Schema");
    if (!element(e, "Schema")) k->remarks |= 1ull << (said ? RB_REMARK_COLLECTION : RB_REMARK_LOOK);
    return rb_xml_skip(&k->xml, rj);
}

enum rb_err rb_kml_next(struct rb_kml *k, const struct rb_import *how, struct rb_arena *a,
                        struct rb_feature *out, bool *more, struct rb_reject *rj) {
    struct rb_xml_event e;
    struct kml one = {.extra = {NULL, 0}};
    *more = false;
    for (;;) {
        RB_TRY(rb_xml_next(&k->xml, &e, rj));
        if (e.type == RB_XML_DONE) return RB_OK;
        if (e.type != RB_XML_START || element(&e, "Document") || element(&e, "Folder")) continue;
        if (element(&e, "Placemark")) break;
        RB_TRY(aside(k, &e, rj));
    }
    one.x = k->xml;
    RB_TRY(rb_xml_skip(&k->xml, rj));
    *more = true;
    if (k->xml.at - one.x.at > RB_MAX_GEO_ITEM)
        return rb_reject(rj, RB_ERR_LIMIT, "12.2.2", "a placemark larger than 1 MiB", one.x.at);
    RB_TRY(geo_begin(&one.g, how, a, rj));
    return placemark(&one, out);
}
