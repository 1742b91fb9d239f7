/* What a volume says and the format has no place for: an object "readback" of ours, spec 12.2.4. */
#include <assert.h>
#include "geojson_int.h"
#include "readback/text.h"

static const char *const edge_words[] = {"geodesic", "parallel", "lonlat", NULL};
static const char *const datum_words[] = {"WGS84", "AMSL", "AGL", "FL", NULL};
static const char *const class_words[] = {"operation", "exercise", "movement",
                                          "site",      "area",     NULL};

enum { E_CLASS, E_TITLE, E_TEXT, E_VOLUMES, E_NAMES };
static const char *const extra_names[E_NAMES] = {"class", "title", "text", "volumes"};
enum {
    V_EDGES,
    V_RADIUS,
    V_WIDTH,
    V_FLOOR,
    V_CEILING,
    V_FROM,
    V_TO,
    V_PERIOD,
    V_ACCURACY,
    V_METHOD,
    V_SURVEYED,
    V_DECLARED,
    V_RECOGNISED,
    V_MILITARY,
    V_ENTERED,
    V_NAMES
};
static const char *const volume_names[V_NAMES] = {
    "edges",    "radius_m",    "half_width_m",  "floor",        "ceiling",
    "from",     "to",          "period",        "accuracy_m",   "method",
    "surveyed", "declared_by", "recognised_by", "military_use", "as_entered"};

/* ---- reading ------------------------------------------------------------------------------------
 */

static enum rb_err read_limit(struct geo *g, struct rb_json j, struct rb_alt_limit *out) {
    struct rb_json_token t;
    unsigned datum = 0;
    bool more = false;
    if (!out->open) return geo_refuse(g, "12.2.4", "a limit said in two places", j.at);
    RB_TRY(rb_json_take(&j, RB_JSON_ARRAY, &t, g->rj));
    RB_TRY(geo_scaled(g, j, 1, 3, &out->mm));
    RB_TRY(rb_json_skip(&j, g->rj));
    RB_TRY(rb_json_more(&j, &more, g->rj));
    if (!more) return geo_refuse(g, "12.2.4", "a limit without its reference", t.at);
    RB_TRY(geo_word(g, j, datum_words, "12.2.4", "an unknown reference of height", &datum));
    RB_TRY(rb_json_skip(&j, g->rj));
    RB_TRY(rb_json_more(&j, &more, g->rj));
    if (more) return geo_refuse(g, "12.2.4", "more than a limit and its reference", j.at);
    out->datum = (enum rb_datum)datum;
    out->open = false;
    return RB_OK;
}

static enum rb_err read_name(struct geo *g, const struct geo_members *m, unsigned i,
                             struct rb_slice *out) {
    struct rb_slice text;
    if (!geo_has(m, i)) return RB_OK;
    RB_TRY(geo_text(g, m->value[i], &text));
    return geo_clean(g, text, RB_MAX_NAME, true, out);
}

static enum rb_err read_shape(struct geo *g, const struct geo_members *m, struct rb_volume *v,
                              size_t nth) {
    unsigned edges = 0;
    const unsigned size = v->shape == RB_SHAPE_CIRCLE ? V_RADIUS : V_WIDTH;
    if (geo_has(m, V_EDGES)) {
        RB_TRY(geo_word(g, m->value[V_EDGES], edge_words, "12.2.4", "unknown edges", &edges));
        if (v->shape == RB_SHAPE_POLYGON) v->edges = (enum rb_edges)edges;
        g->edges_said[nth] = v->shape == RB_SHAPE_POLYGON;
    }
    if (v->shape == RB_SHAPE_POLYGON || !geo_has(m, size)) return RB_OK;
    if (v->radius_mm != 0) return geo_refuse(g, "12.2.4", "a radius said in two places", m->at);
    return geo_length(g, m->value[size], &v->radius_mm);
}

static enum rb_err read_times(struct geo *g, const struct geo_members *m, struct rb_volume *v,
                              size_t nth) {
    int64_t period = 0;
    if (geo_has(m, V_FROM) || geo_has(m, V_TO)) {
        if (g->times_said) return geo_refuse(g, "12.2.4", "a time said in two places", m->at);
        v->has_from = geo_has(m, V_FROM);
        v->has_to = geo_has(m, V_TO);
        if (v->has_from) RB_TRY(geo_time(g, m->value[V_FROM], &v->from_utc_ms));
        if (v->has_to) RB_TRY(geo_time(g, m->value[V_TO], &v->to_utc_ms));
    }
    if (!geo_has(m, V_PERIOD)) return RB_OK;
    RB_TRY(geo_scaled(g, m->value[V_PERIOD], 1, 0, &period));
    if (period < 0 || period >= (int64_t)RB_MAX_VOLUMES)
        return geo_refuse(g, "12.2.4", "no such period", m->at);
    g->period[nth] = (int)period + 1;
    return RB_OK;
}

static enum rb_err read_survey(struct geo *g, const struct geo_members *m, struct rb_volume *v) {
    struct rb_json_token t;
    if (geo_has(m, V_ACCURACY)) RB_TRY(geo_length(g, m->value[V_ACCURACY], &v->accuracy_mm));
    RB_TRY(read_name(g, m, V_METHOD, &v->method));
    RB_TRY(read_name(g, m, V_DECLARED, &v->declared_by));
    RB_TRY(read_name(g, m, V_RECOGNISED, &v->recognised_by));
    v->has_surveyed = geo_has(m, V_SURVEYED);
    if (v->has_surveyed) RB_TRY(geo_time(g, m->value[V_SURVEYED], &v->surveyed_utc_ms));
    if (geo_has(m, V_MILITARY)) {
        RB_TRY(geo_token(g, m->value[V_MILITARY], RB_JSON_TRUE, &t));
        v->military_use = true;
    }
    if (!geo_has(m, V_ENTERED)) return RB_OK;
    struct rb_slice text;
    RB_TRY(geo_text(g, m->value[V_ENTERED], &text));
    return geo_clean(g, text, 1024, false, &v->as_entered);
}

static enum rb_err read_volume(struct geo *g, struct rb_json *j, size_t nth) {
    struct geo_members m;
    struct rb_volume *v = &g->f.volumes[nth];
    RB_TRY(geo_members(g, j, volume_names, V_NAMES, &m));
    if (m.others) geo_remark(g, RB_REMARK_PROPERTIES);
    RB_TRY(read_shape(g, &m, v, nth));
    if (geo_has(&m, V_FLOOR)) RB_TRY(read_limit(g, m.value[V_FLOOR], &v->floor));
    if (geo_has(&m, V_CEILING)) RB_TRY(read_limit(g, m.value[V_CEILING], &v->ceiling));
    RB_TRY(read_times(g, &m, v, nth));
    return read_survey(g, &m, v);
}

static enum rb_err read_volumes(struct geo *g, struct rb_json j) {
    struct rb_json_token t;
    size_t n = 0;
    RB_TRY(rb_json_take(&j, RB_JSON_ARRAY, &t, g->rj));
    bool more = false;
    for (;; n++) {
        RB_TRY(rb_json_more(&j, &more, g->rj));
        if (!more || n == g->f.volumes_n) break;
        RB_TRY(read_volume(g, &j, n));
    }
    if (!more && n == g->f.volumes_n) return RB_OK;
    return geo_refuse(g, "12.2.4", "not one volume for each geometry", t.at);
}

static enum rb_err read_object(struct geo *g, struct rb_json j) {
    struct geo_members m;
    struct rb_slice text;
    unsigned class_ = 0;
    RB_TRY(geo_members(g, &j, extra_names, E_NAMES, &m));
    if (m.others) geo_remark(g, RB_REMARK_PROPERTIES);
    if (geo_has(&m, E_CLASS)) {
        RB_TRY(geo_word(g, m.value[E_CLASS], class_words, "12.2.4", "an unknown class", &class_));
        g->f.has_class = true;
        g->f.class_ = (enum rb_notice_class)class_;
    }
    if (geo_has(&m, E_TITLE)) {
        RB_TRY(geo_text(g, m.value[E_TITLE], &text));
        RB_TRY(geo_clean(g, text, RB_MAX_NAME, true, &g->f.title));
    }
    if (geo_has(&m, E_TEXT)) {
        RB_TRY(geo_text(g, m.value[E_TEXT], &text));
        RB_TRY(geo_clean(g, text, RB_MAX_TEXT, false, &g->f.text));
    }
    return geo_has(&m, E_VOLUMES) ? read_volumes(g, m.value[E_VOLUMES]) : RB_OK;
}

/* other programs keep the object as a text: then its offsets are of no use, but that of the text */
enum rb_err geo_extra(struct geo *g, struct rb_json v) {
    struct rb_slice text;
    const size_t at = v.at;
    if (rb_json_peek(&v) != RB_JSON_STRING) return read_object(g, v);
    RB_TRY(geo_text(g, v, &text));
    struct rb_json inner = rb_json_reader(text);
    const enum rb_err e = read_object(g, inner);
    if (e != RB_OK && g->rj != NULL) g->rj->offset = at;
    return e;
}

/* ---- writing ------------------------------------------------------------------------------------
 */

static void put_limit(struct rb_json_writer *j, const char *key, const struct rb_alt_limit *l,
                      uint64_t *remarks) {
    if (l->open) return;
    *remarks |= 1ull << (l->datum == RB_DATUM_FL ? RB_REMARK_LEVELS_UNSEEN : RB_REMARK_BAND_UNSEEN);
    rb_json_open(j, key, '[');
    rb_json_put_decimal(j, NULL, l->mm, 3);
    rb_json_put_text(j, NULL, rb_str(datum_words[l->datum]));
    rb_json_close(j, ']');
}

static void put_name(struct rb_json_writer *j, const char *key, struct rb_slice s,
                     uint64_t *remarks) {
    if (s.n == 0) return;
    *remarks |= 1ull << RB_REMARK_SURVEY_UNSEEN;
    rb_json_put_text(j, key, s);
}

static void put_shape(struct rb_json_writer *j, const struct rb_volume *v, unsigned native,
                      uint64_t *remarks) {
    if (v->shape == RB_SHAPE_POLYGON) {
        rb_json_put_text(j, volume_names[V_EDGES], rb_str(edge_words[v->edges]));
        if (v->edges != RB_EDGES_LONLAT) *remarks |= 1ull << RB_REMARK_EDGES_UNSEEN;
    } else if (v->shape == RB_SHAPE_CORRIDOR) {
        rb_json_put_decimal(j, volume_names[V_WIDTH], (int64_t)v->radius_mm, 3);
        *remarks |= 1ull << RB_REMARK_WIDTH_UNSEEN;
    } else if (!(native & GEO_RADIUS)) {
        rb_json_put_decimal(j, volume_names[V_RADIUS], (int64_t)v->radius_mm, 3);
        *remarks |= 1ull << RB_REMARK_RADIUS_UNSEEN;
    }
}

static void put_survey(struct rb_json_writer *j, const struct rb_volume *v, uint64_t *remarks) {
    if (v->accuracy_mm > 0)
        rb_json_put_decimal(j, volume_names[V_ACCURACY], (int64_t)v->accuracy_mm, 3);
    put_name(j, volume_names[V_METHOD], v->method, remarks);
    if (v->has_surveyed) rb_json_put_time(j, volume_names[V_SURVEYED], v->surveyed_utc_ms);
    put_name(j, volume_names[V_DECLARED], v->declared_by, remarks);
    put_name(j, volume_names[V_RECOGNISED], v->recognised_by, remarks);
    if (v->military_use) rb_json_put_bool(j, volume_names[V_MILITARY], true);
    put_name(j, volume_names[V_ENTERED], v->as_entered, remarks);
    if (v->accuracy_mm > 0 || v->has_surveyed || v->military_use)
        *remarks |= 1ull << RB_REMARK_SURVEY_UNSEEN;
}

/* a limit that the format has no reference for goes here even where it carries bands */
static bool beside_floor(const struct rb_volume *v, unsigned native) {
    return !(native & GEO_BAND) || v->floor.datum == RB_DATUM_FL;
}
static bool beside_ceiling(const struct rb_volume *v, unsigned native) {
    return !(native & (GEO_BAND | GEO_CEILING)) || v->ceiling.datum == RB_DATUM_FL;
}

static void put_volume(struct rb_json_writer *j, const struct rb_volume *v, unsigned native,
                       int period, uint64_t *remarks) {
    rb_json_open(j, NULL, '{');
    put_shape(j, v, native, remarks);
    if (beside_floor(v, native)) put_limit(j, volume_names[V_FLOOR], &v->floor, remarks);
    if (beside_ceiling(v, native)) put_limit(j, volume_names[V_CEILING], &v->ceiling, remarks);
    if (!(native & GEO_TIMES) && (v->has_from || v->has_to)) {
        if (v->has_from) rb_json_put_time(j, volume_names[V_FROM], v->from_utc_ms);
        if (v->has_to) rb_json_put_time(j, volume_names[V_TO], v->to_utc_ms);
        *remarks |= 1ull << RB_REMARK_TIMES_UNSEEN;
    }
    if (period >= 0) rb_json_put_uint(j, volume_names[V_PERIOD], (uint64_t)period);
    put_survey(j, v, remarks);
    rb_json_close(j, '}');
}

void geo_put_extra(struct rb_json_writer *j, const char *key, const struct rb_feature *f,
                   const struct geo_beside *beside, uint64_t *remarks) {
    assert(f->volumes_n <= RB_MAX_VOLUMES);
    rb_json_open(j, key, '{');
    if (f->has_class) {
        rb_json_put_text(j, extra_names[E_CLASS], rb_str(class_words[f->class_]));
        *remarks |= 1ull << RB_REMARK_CLASS_UNSEEN;
    }
    if (beside->title.n > 0) rb_json_put_text(j, extra_names[E_TITLE], beside->title);
    if (beside->text.n > 0) rb_json_put_text(j, extra_names[E_TEXT], beside->text);
    if (beside->title.n > 0 || beside->text.n > 0) *remarks |= 1ull << RB_REMARK_TEXT_UNSEEN;
    rb_json_open(j, extra_names[E_VOLUMES], '[');
    for (size_t i = 0; i < f->volumes_n; i++)
        put_volume(j, &f->volumes[i], beside->native[i], beside->period[i], remarks);
    rb_json_close(j, ']');
    rb_json_close(j, '}');
}
