/* KML 2.2 out, spec 12.7.5. */
#include <assert.h>
#include "geojson_int.h"
#include "readback/kml.h"
#include "readback/text.h"

static void put_element(struct rb_writer *w, const char *name, struct rb_slice text) {
    if (text.n == 0) return;
    rb_put_u8(w, '<');
    rb_put_z(w, name);
    rb_put_u8(w, '>');
    rb_xml_put_text(w, text);
    rb_put_z(w, "</");
    rb_put_z(w, name);
    rb_put_z(w, ">\n");
}

static void put_time(struct rb_writer *w, const char *name, int64_t utc_ms) {
    char text[48];
    struct rb_writer t = rb_writer(text, sizeof text);
    rb_put_rfc3339(&t, utc_ms);
    put_element(w, name, rb_written(&t));
}

/* ---- geometry -----------------------------------------------------------------------------------
 */

/* the ceiling as the height from which the shape is drawn down to the ground */
static bool drawn_down(const struct rb_volume *v) {
    return !v->ceiling.open &&
           (v->ceiling.datum == RB_DATUM_AMSL || v->ceiling.datum == RB_DATUM_AGL);
}

static void put_tuple(struct rb_writer *w, const struct rb_volume *v, struct rb_point p) {
    rb_decimal_put(w, p.lon_nd, 9);
    rb_put_u8(w, ',');
    rb_decimal_put(w, p.lat_nd, 9);
    if (drawn_down(v)) {
        rb_put_u8(w, ',');
        rb_decimal_put(w, v->ceiling.mm, 3);
    }
}

static void put_coordinates(struct rb_writer *w, const struct rb_volume *v) {
    struct rb_point p[RB_MAX_VERTICES];
    rb_put_z(w, "<coordinates>");
    if (v->shape == RB_SHAPE_CIRCLE) {
        put_tuple(w, v, v->center);
    } else {
        assert(v->vertices_n <= RB_MAX_VERTICES);
        geo_outward(v, p);
        for (size_t i = 0; i < v->vertices_n; i++) {
            if (i > 0) rb_put_u8(w, ' ');
            put_tuple(w, v, p[i]);
        }
        if (v->shape == RB_SHAPE_POLYGON) {
            rb_put_u8(w, ' ');
            put_tuple(w, v, p[0]);
        }
    }
    rb_put_z(w, "</coordinates>\n");
}

static void put_geometry(struct rb_writer *w, const struct rb_volume *v, uint64_t *remarks) {
    static const char *const names[] = {"Point", "Polygon", "LineString"}; /* as enum rb_shape */
    rb_put_u8(w, '<');
    rb_put_z(w, names[v->shape]);
    rb_put_u8(w, '>');
    if (drawn_down(v)) {
        rb_put_z(w, "<extrude>1</extrude><altitudeMode>");
        rb_put_z(w, v->ceiling.datum == RB_DATUM_AMSL ? "absolute" : "relativeToGround");
        rb_put_z(w, "</altitudeMode>\n");
    }
    if (v->shape == RB_SHAPE_POLYGON) rb_put_z(w, "<outerBoundaryIs><LinearRing>");
    put_coordinates(w, v);
    if (v->shape == RB_SHAPE_POLYGON) rb_put_z(w, "</LinearRing></outerBoundaryIs>");
    rb_put_z(w, "</");
    rb_put_z(w, names[v->shape]);
    rb_put_z(w, ">\n");
    if (v->shape != RB_SHAPE_CIRCLE && geo_wraps(v)) *remarks |= 1ull << RB_REMARK_NOT_CUT;
}

/* ---- what KML has no place for ------------------------------------------------------------------
 */

/* bytes that this byte becomes in XML; text of JSON has no others that matter */
static struct rb_writer escaped(uint8_t byte, char c[8]) {
    struct rb_writer w = rb_writer(c, 8);
    rb_xml_put_text(&w, rb_slice(&byte, 1));
    return w;
}

/* escapes the bytes from `from` on, where they stand */
static void escape_in_place(struct rb_writer *w, size_t from) {
    const size_t end = w->n;
    char c[8];
    size_t to = from;
    for (size_t i = from; i < end; i++)
        to += escaped(w->p[i], c).n;
    w->over |= to > w->cap;
    if (w->over) return;
    w->n = to;
    for (size_t i = end; i > from; i--) {
        const struct rb_writer one = escaped(w->p[i - 1], c);
        to -= one.n;
        memcpy(w->p + to, c, one.n);
    }
}

/* readers take blanks off the ends, and two characters cannot be written in XML at all */
static struct rb_slice not_surviving(struct rb_slice s) {
    if (s.n == 0) return s;
    bool survives = strchr(" \t\n", s.p[0]) == NULL && strchr(" \t\n", s.p[s.n - 1]) == NULL;
    for (size_t i = 0; i + 2 < s.n; i++)
        survives &= !(s.p[i] == 0xef && s.p[i + 1] == 0xbf && s.p[i + 2] >= 0xbe);
    return survives ? rb_slice(NULL, 0) : s;
}

static bool same_times(const struct rb_volume *a, const struct rb_volume *b) {
    return a->has_from == b->has_from && a->has_to == b->has_to &&
           (!a->has_from || a->from_utc_ms == b->from_utc_ms) &&
           (!a->has_to || a->to_utc_ms == b->to_utc_ms);
}

static bool one_span(const struct rb_feature *f) {
    for (size_t i = 1; i < f->volumes_n; i++)
        if (!same_times(&f->volumes[0], &f->volumes[i])) return false;
    return true;
}

static void put_extra(struct rb_writer *w, const struct rb_feature *f, bool span,
                      uint64_t *remarks) {
    struct geo_beside beside = {.title = not_surviving(f->title), .text = not_surviving(f->text)};
    struct rb_json_writer j = rb_json_writer(w);
    for (size_t i = 0; i < RB_MAX_VOLUMES; i++)
        beside.period[i] = -1;
    for (size_t i = 0; i < f->volumes_n; i++)
        beside.native[i] =
            (span ? GEO_TIMES : 0u) | (drawn_down(&f->volumes[i]) ? GEO_CEILING : 0u);
    rb_put_z(w, "<ExtendedData><Data name=\"readback\"><value>");
    const size_t from = w->n;
    geo_put_extra(&j, NULL, f, &beside, remarks);
    escape_in_place(w, from);
    rb_put_z(w, "</value></Data></ExtendedData>\n");
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

void rb_kml_put_begin(struct rb_writer *w, struct rb_slice name) {
    rb_put_z(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document>\n");
    put_element(w, "name", name);
}

void rb_kml_put_end(struct rb_writer *w) {
    rb_put_z(w, "</Document></kml>\n");
}

void rb_kml_put(struct rb_writer *w, const struct rb_feature *f, uint64_t *remarks) {
    assert(f->volumes_n > 0 && f->volumes_n <= RB_MAX_VOLUMES);
    const struct rb_volume *v = &f->volumes[0];
    const bool span = one_span(f);
    rb_put_z(w, "<Placemark>\n");
    put_element(w, "name", f->title);
    put_element(w, "description", f->text);
    if (span && (v->has_from || v->has_to)) {
        rb_put_z(w, "<TimeSpan>");
        if (v->has_from) put_time(w, "begin", v->from_utc_ms);
        if (v->has_to) put_time(w, "end", v->to_utc_ms);
        rb_put_z(w, "</TimeSpan>\n");
    }
    put_extra(w, f, span, remarks);
    if (f->volumes_n > 1) rb_put_z(w, "<MultiGeometry>\n");
    for (size_t i = 0; i < f->volumes_n; i++)
        put_geometry(w, &f->volumes[i], remarks);
    if (f->volumes_n > 1) rb_put_z(w, "</MultiGeometry>\n");
    rb_put_z(w, "</Placemark>\n");
}
