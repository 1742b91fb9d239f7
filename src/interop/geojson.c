/* Plain GeoJSON, RFC 7946: spec 12.3. */
#include "geojson_int.h"
#include "readback/text.h"

enum { F_TYPE, F_ID, F_BBOX, F_GEOMETRY, F_PROPERTIES };
static const char *const feature_names[] = {"type", "id", "bbox", "geometry", "properties"};

/* what programs call things: the first of a row that is there is taken */
enum {
    P_NAME,
    P_NAME2,
    P_TITLE,
    P_DESCRIPTION,
    P_DESCRIPTION2,
    P_TEXT,
    P_RADIUS_M,
    P_RADIUS,
    P_HALF_WIDTH,
    P_FROM,
    P_BEGIN,
    P_START,
    P_TO,
    P_END,
    P_READBACK,
    P_NAMES
};
static const char *const property_names[P_NAMES] = {
    "name",         "Name", "title", "description", "Description", "text", "radius_m", "radius",
    "half_width_m", "from", "begin", "start",       "to",          "end",  "readback"};

/* the first of from..to that is there; what stands behind it is not carried */
static bool first_of(struct geo *g, const struct geo_members *m, unsigned from, unsigned to,
                     unsigned *found) {
    bool any = false;
    for (unsigned i = from; i <= to; i++) {
        if (!geo_has(m, i)) continue;
        if (any) geo_remark(g, RB_REMARK_PROPERTIES);
        if (!any) *found = i;
        any = true;
    }
    return any;
}

/* a property of somebody else's that is no text is not carried */
static enum rb_err words(struct geo *g, const struct geo_members *m, unsigned from, unsigned to,
                         bool one_line, struct rb_slice *out) {
    struct rb_slice text;
    unsigned i = 0;
    if (!first_of(g, m, from, to, &i)) return RB_OK;
    struct rb_json v = m->value[i];
    if (rb_json_peek(&v) == RB_JSON_STRING) {
        RB_TRY(rb_json_text(&v, g->a, &text, g->rj));
    } else {
        if (rb_json_peek(&v) != RB_JSON_NUMBER) geo_remark(g, RB_REMARK_PROPERTIES);
        if (rb_json_peek(&v) != RB_JSON_NUMBER) return RB_OK;
        RB_TRY(rb_json_value(&v, &text, g->rj));
    }
    return geo_clean(g, text, one_line ? RB_MAX_NAME : RB_MAX_TEXT, one_line, out);
}

/* "start" may be the name of a town: what is no time is not carried */
static bool moment(struct geo *g, const struct geo_members *m, unsigned from, unsigned to,
                   int64_t *utc_ms) {
    unsigned i = 0;
    struct rb_json_token t;
    if (!first_of(g, m, from, to, &i)) return false;
    struct rb_json v = m->value[i];
    if (rb_json_next(&v, &t, NULL) == RB_OK && t.type == RB_JSON_STRING &&
        rb_rfc3339_decode(t.raw, utc_ms) == RB_OK)
        return true;
    geo_remark(g, RB_REMARK_PROPERTIES);
    return false;
}

static void times(struct geo *g, const struct geo_members *m) {
    int64_t from = 0, to = 0;
    const bool has_from = moment(g, m, P_FROM, P_START, &from);
    const bool has_to = moment(g, m, P_TO, P_END, &to);
    if (!has_from && !has_to) return;
    g->times_said = true;
    for (size_t i = 0; i < g->f.volumes_n; i++) {
        struct rb_volume *v = &g->f.volumes[i];
        v->has_from = has_from;
        v->has_to = has_to;
        v->from_utc_ms = from;
        v->to_utc_ms = to;
    }
}

static enum rb_err properties(struct geo *g, struct rb_json j) {
    struct geo_members m;
    unsigned i = 0;
    RB_TRY(geo_members(g, &j, property_names, P_NAMES, &m));
    if (m.others) geo_remark(g, RB_REMARK_PROPERTIES);
    RB_TRY(words(g, &m, P_NAME, P_TITLE, true, &g->f.title));
    RB_TRY(words(g, &m, P_DESCRIPTION, P_TEXT, false, &g->f.text));
    if (first_of(g, &m, P_RADIUS_M, P_RADIUS, &i)) RB_TRY(geo_length(g, m.value[i], &g->radius_mm));
    if (geo_has(&m, P_HALF_WIDTH)) RB_TRY(geo_length(g, m.value[P_HALF_WIDTH], &g->half_width_mm));
    times(g, &m);
    return geo_has(&m, P_READBACK) ? geo_extra(g, m.value[P_READBACK]) : RB_OK;
}

enum rb_err rb_geojson_read(struct rb_slice item, const struct rb_import *how, struct rb_arena *a,
                            struct rb_feature *out, struct rb_reject *rj) {
    static const char *const feature[] = {"Feature", NULL};
    struct rb_json whole = rb_json_reader(item), j = whole;
    struct geo_members m;
    struct geo g;
    unsigned type = 0;
    RB_TRY(geo_begin(&g, how, a, rj));
    RB_TRY(geo_members(&g, &j, feature_names, 5, &m));
    struct rb_json_token end;
    RB_TRY(rb_json_take(&j, RB_JSON_END, &end, rj));
    if (!geo_has(&m, F_GEOMETRY) && !geo_has(&m, F_PROPERTIES)) { /* a geometry alone */
        RB_TRY(geo_geometry(&g, whole));
        return geo_finish(&g, true, out);
    }
    if (!geo_has(&m, F_TYPE)) return geo_refuse(&g, "12.3.1", "a feature without its type", 0);
    RB_TRY(geo_word(&g, m.value[F_TYPE], feature, "12.3.1", "no feature of GeoJSON", &type));
    if (!geo_has(&m, F_GEOMETRY)) return geo_refuse(&g, "12.3.1", "no place", m.at);
    if (geo_has(&m, F_ID)) geo_remark(&g, RB_REMARK_IDENTIFIER);
    if (m.others) geo_remark(&g, RB_REMARK_PROPERTIES);
    RB_TRY(geo_geometry(&g, m.value[F_GEOMETRY]));
    if (geo_has(&m, F_PROPERTIES)) RB_TRY(properties(&g, m.value[F_PROPERTIES]));
    return geo_finish(&g, true, out);
}

/* ---- which of the three -------------------------------------------------------------------------
 */

static bool is_zone(struct rb_json v) {
    static const char *const names[] = {"zoneAuthority", "variant", "country"};
    struct rb_json_token t;
    uint64_t seen = 0;
    size_t which = 0;
    if (rb_json_peek(&v) != RB_JSON_OBJECT || rb_json_next(&v, &t, NULL) != RB_OK) return false;
    while (rb_json_member(&v, names, 3, &seen, &which, NULL) == RB_OK && which != RB_JSON_NO_MORE)
        if (rb_json_skip(&v, NULL) != RB_OK) return false;
    return (seen & 3) != 0;
}

enum rb_err rb_geo_format(struct rb_slice item, enum rb_geo_format *out, struct rb_reject *rj) {
    struct rb_json j = rb_json_reader(item);
    struct geo g = {.rj = rj};
    struct geo_members m;
    RB_TRY(geo_members(&g, &j, feature_names, 5, &m));
    *out = RB_GEO_PLAIN;
    if (geo_has(&m, F_GEOMETRY) && rb_json_peek(&m.value[F_GEOMETRY]) == RB_JSON_ARRAY)
        *out = RB_GEO_ED269;
    else if (geo_has(&m, F_PROPERTIES) && is_zone(m.value[F_PROPERTIES]))
        *out = RB_GEO_ED318;
    return RB_OK;
}

enum rb_err rb_geo_read(struct rb_slice item, const struct rb_import *how, struct rb_arena *a,
                        struct rb_feature *out, struct rb_reject *rj) {
    enum rb_geo_format format;
    RB_TRY(rb_geo_format(item, &format, rj));
    switch (format) {
    case RB_GEO_ED318:
        return rb_ed318_read(item, how, a, out, rj);
    case RB_GEO_ED269:
        return rb_ed269_read(item, how, a, out, rj);
    case RB_GEO_PLAIN:
        break;
    }
    return rb_geojson_read(item, how, a, out, rj);
}
