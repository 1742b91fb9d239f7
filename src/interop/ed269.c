/* ED-269 in, the form before ED-318: spec 12.5. Heights may be texts, null is nothing said. */
#include "ed318_int.h"

enum {
    Z_IDENTIFIER,
    Z_COUNTRY,
    Z_NAME,
    Z_TYPE,
    Z_RESTRICTION,
    Z_CONDITIONS,
    Z_REGION,
    Z_REASON,
    Z_OTHER_REASON,
    Z_EXEMPTION,
    Z_USPACE,
    Z_MESSAGE,
    Z_AUTHORITY,
    Z_APPLICABILITY,
    Z_GEOMETRY,
    Z_NAMES
};
static const char *const zone_names[Z_NAMES] = {"identifier",
                                                "country",
                                                "name",
                                                "type",
                                                "restriction",
                                                "restrictionConditions",
                                                "region",
                                                "reason",
                                                "otherReasonInfo",
                                                "regulationExemption",
                                                "uSpaceClass",
                                                "message",
                                                "zoneAuthority",
                                                "applicability",
                                                "geometry"};
enum { A_UOM, A_LOWER, A_LOWER_REF, A_UPPER, A_UPPER_REF, A_PROJECTION, A_NAMES };
static const char *const airspace_names[A_NAMES] = {
    "uomDimensions",          "lowerLimit",          "lowerVerticalReference", "upperLimit",
    "upperVerticalReference", "horizontalProjection"};

/* ---- heights ------------------------------------------------------------------------------------
 */

static enum rb_err limit(struct geo *g, const struct geo_members *m, unsigned value, bool feet,
                         struct rb_alt_limit *out) {
    static const char *const words[] = {"WGS84", "AMSL", "AGL", NULL}; /* as enum rb_datum */
    unsigned datum = 0;
    if (!geo_has(m, value)) return RB_OK;
    if (!geo_has(m, value + 1))
        return geo_refuse(g, "12.4.3", "a limit without its reference", m->at);
    RB_TRY(geo_scaled(g, m->value[value], feet ? 3048 : 1, feet ? -1 : 3, &out->mm));
    RB_TRY(geo_word(g, m->value[value + 1], words, "12.4.3", "an unknown reference of height",
                    &datum));
    out->datum = (enum rb_datum)datum;
    out->open = false;
    return RB_OK;
}

static enum rb_err keep_entered(struct geo *g, const struct geo_members *m, struct rb_slice *out) {
    uint8_t *p = rb_arena_alloc(g->a, 128);
    if (p == NULL) return geo_limit(g, "12.2.2", "no room", m->at);
    struct rb_writer w = rb_writer(p, 128);
    for (unsigned i = A_LOWER; i <= A_UPPER; i += A_UPPER - A_LOWER) {
        struct rb_json_token t;
        if (!geo_has(m, i)) continue;
        if (w.n > 0) rb_put_z(&w, "; ");
        rb_put_z(&w, i == A_LOWER ? "lower " : "upper ");
        struct rb_json v = m->value[i];
        RB_TRY(rb_json_next(&v, &t, g->rj));
        rb_put_slice(&w, t.raw);
        rb_put_z(&w, " ft ");
        RB_TRY(geo_token(g, m->value[i + 1], RB_JSON_STRING, &t));
        rb_put_slice(&w, t.raw);
    }
    if (w.over) return geo_refuse(g, "12.2.6", "a height with too many digits", m->at);
    *out = rb_written(&w);
    return RB_OK;
}

/* ---- outlines -----------------------------------------------------------------------------------
 */

static enum rb_err circle(struct geo *g, const struct geo_members *m, bool feet) {
    struct rb_json_token t;
    struct rb_volume *v;
    if (!geo_has(m, 1) || !geo_has(m, 2))
        return geo_refuse(g, "12.5.2", "a circle without centre or radius", m->at);
    if (feet)
        return geo_refuse(g, "12.5.2", "a circle among feet: the unit of its radius is not said",
                          m->at);
    RB_TRY(geo_volume(g, RB_SHAPE_CIRCLE, m->at, &v));
    struct rb_json j = m->value[1];
    RB_TRY(rb_json_take(&j, RB_JSON_ARRAY, &t, g->rj));
    RB_TRY(rb_json_take(&j, RB_JSON_NUMBER, &t, g->rj));
    RB_TRY(geo_degrees(g, t.raw, t.at, &v->center.lon_nd));
    RB_TRY(rb_json_take(&j, RB_JSON_NUMBER, &t, g->rj));
    RB_TRY(geo_degrees(g, t.raw, t.at, &v->center.lat_nd));
    RB_TRY(rb_json_take(&j, RB_JSON_ARRAY_END, &t, g->rj));
    return geo_length(g, m->value[2], &v->radius_mm);
}

static enum rb_err projection(struct geo *g, struct rb_json j, bool feet) {
    static const char *const names[] = {"type", "center", "radius", "coordinates"};
    static const char *const types[] = {"Circle", "Polygon", NULL};
    struct rb_json whole = j;
    struct geo_members m;
    unsigned type = 0;
    RB_TRY(geo_members(g, &j, names, 4, &m));
    if (!geo_has(&m, 0)) return geo_refuse(g, "12.5.2", "an outline without its type", m.at);
    RB_TRY(geo_word(g, m.value[0], types, "12.5.2", "neither circle nor polygon", &type));
    return type == 0 ? circle(g, &m, feet) : geo_geometry(g, whole);
}

static enum rb_err airspace(struct geo *g, struct rb_json *j) {
    static const char *const units[] = {"M", "FT", NULL};
    const size_t from = g->f.volumes_n;
    struct rb_volume said = {.floor = {.open = true}, .ceiling = {.open = true}};
    struct geo_members m;
    unsigned feet = 0;
    RB_TRY(geo_members(g, j, airspace_names, A_NAMES, &m));
    if (!geo_has(&m, A_UOM) || !geo_has(&m, A_PROJECTION))
        return geo_refuse(g, "12.5.1", "a volume without unit or outline", m.at);
    RB_TRY(geo_word(g, m.value[A_UOM], units, "12.4.3", "an unknown unit", &feet));
    RB_TRY(limit(g, &m, A_LOWER, feet == 1, &said.floor));
    RB_TRY(limit(g, &m, A_UPPER, feet == 1, &said.ceiling));
    if (feet == 1) RB_TRY(keep_entered(g, &m, &said.as_entered));
    if (m.others) geo_remark(g, RB_REMARK_PROPERTIES);
    RB_TRY(projection(g, m.value[A_PROJECTION], feet == 1));
    for (size_t i = from; i < g->f.volumes_n; i++) {
        g->f.volumes[i].floor = said.floor;
        g->f.volumes[i].ceiling = said.ceiling;
        g->f.volumes[i].as_entered = said.as_entered;
    }
    return RB_OK;
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

static enum rb_err texts(struct geo *g, const struct geo_members *m) {
    struct rb_slice text;
    if (geo_has(m, Z_NAME)) {
        RB_TRY(geo_text(g, m->value[Z_NAME], &text));
        RB_TRY(geo_clean(g, text, RB_MAX_NAME, true, &g->f.title));
    }
    if (!geo_has(m, Z_MESSAGE)) return RB_OK;
    RB_TRY(geo_text(g, m->value[Z_MESSAGE], &text));
    return geo_clean(g, text, RB_MAX_TEXT, false, &g->f.text);
}

static void not_carried(struct geo *g, const struct geo_members *m) {
    static const enum rb_remark of[Z_MESSAGE] = {[Z_IDENTIFIER] = RB_REMARK_IDENTIFIER,
                                                 [Z_COUNTRY] = RB_REMARK_IDENTIFIER,
                                                 [Z_TYPE] = RB_REMARK_ZONE,
                                                 [Z_RESTRICTION] = RB_REMARK_ZONE,
                                                 [Z_CONDITIONS] = RB_REMARK_ZONE,
                                                 [Z_REGION] = RB_REMARK_ZONE,
                                                 [Z_REASON] = RB_REMARK_REASON,
                                                 [Z_OTHER_REASON] = RB_REMARK_REASON,
                                                 [Z_EXEMPTION] = RB_REMARK_ZONE,
                                                 [Z_USPACE] = RB_REMARK_ZONE};
    for (unsigned i = 0; i < Z_MESSAGE; i++)
        if (i != Z_NAME && geo_has(m, i)) geo_remark(g, of[i]);
    if (geo_has(m, Z_AUTHORITY)) geo_remark(g, RB_REMARK_AUTHORITY);
    if (m->others) geo_remark(g, RB_REMARK_PROPERTIES);
}

static enum rb_err airspaces(struct geo *g, struct rb_json j) {
    struct rb_json_token t;
    RB_TRY(rb_json_take(&j, RB_JSON_ARRAY, &t, g->rj));
    for (bool more = true;;) {
        RB_TRY(rb_json_more(&j, &more, g->rj));
        if (!more) return RB_OK;
        RB_TRY(airspace(g, &j));
    }
}

enum rb_err rb_ed269_read(struct rb_slice item, const struct rb_import *how, struct rb_arena *a,
                          struct rb_feature *out, struct rb_reject *rj) {
    struct ed318_periods periods = {0};
    struct rb_json j = rb_json_reader(item);
    struct rb_json_token end;
    struct geo_members m;
    struct geo g;
    RB_TRY(geo_begin(&g, how, a, rj));
    RB_TRY(geo_members(&g, &j, zone_names, Z_NAMES, &m));
    RB_TRY(rb_json_take(&j, RB_JSON_END, &end, rj));
    if (!geo_has(&m, Z_GEOMETRY)) return geo_refuse(&g, "12.3.1", "no place", m.at);
    RB_TRY(texts(&g, &m));
    not_carried(&g, &m);
    RB_TRY(airspaces(&g, m.value[Z_GEOMETRY]));
    if (geo_has(&m, Z_APPLICABILITY)) {
        RB_TRY(ed318_read_periods(&g, m.value[Z_APPLICABILITY], &periods));
        RB_TRY(ed318_apply_periods(&g, &periods, m.value[Z_APPLICABILITY].at));
    }
    return geo_finish(&g, false, out);
}
