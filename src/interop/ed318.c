/* ED-318 in: a UASZone as a feature of GeoJSON, spec 12.4. What the schema asks for is asked for
 * here; what a notice has no place for is told by its remark. */
#include "ed318_int.h"

enum { F_TYPE, F_ID, F_BBOX, F_GEOMETRY, F_PROPERTIES, F_NAMES };
static const char *const feature_names[F_NAMES] = {"type", "id", "bbox", "geometry", "properties"};

enum {
    Z_IDENTIFIER,
    Z_COUNTRY,
    Z_NAME,
    Z_TYPE,
    Z_VARIANT,
    Z_CONDITIONS,
    Z_REGION,
    Z_REASON,
    Z_OTHER_REASON,
    Z_EXEMPTION,
    Z_MESSAGE,
    Z_AUTHORITY,
    Z_APPLICABILITY,
    Z_SOURCE,
    Z_EXTENDED,
    Z_NAMES
};
static const char *const zone_names[Z_NAMES] = {"identifier",
                                                "country",
                                                "name",
                                                "type",
                                                "variant",
                                                "restrictionConditions",
                                                "region",
                                                "reason",
                                                "otherReasonInfo",
                                                "regulationExemption",
                                                "message",
                                                "zoneAuthority",
                                                "limitedApplicability",
                                                "dataSource",
                                                "extendedProperties"};
const char *const ed318_types[] = {"USPACE",      "PROHIBITED",     "REQ_AUTHORIZATION",
                                   "CONDITIONAL", "NO_RESTRICTION", NULL};
const char *const ed318_variants[] = {"COMMON", "CUSTOMIZED", NULL};
const char *const ed318_purposes[] = {"AUTHORIZATION", "NOTIFICATION", "INFORMATION", NULL};

size_t ed318_characters(struct rb_slice s) {
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += (s.p[i] & 0xc0) != 0x80;
    return n;
}

/* ---- texts in several languages -----------------------------------------------------------------
 */

/* the language asked for: equal, or the same before the hyphen */
static bool wanted(struct geo *g, const struct rb_json_token *lang) {
    const struct rb_slice want = g->how->language;
    if (want.n == 0 || lang->raw.n < want.n) return false;
    if (!rb_slice_eq(rb_slice_sub(lang->raw, 0, want.n), want)) return false;
    return lang->raw.n == want.n || lang->raw.p[want.n] == '-';
}

/* [{"text": ..., "lang": ...}, ...]: the one in the language asked for, else the first */
static enum rb_err in_one_language(struct geo *g, struct rb_json j, bool *found,
                                   struct rb_slice *out) {
    static const char *const names[] = {"text", "lang"};
    struct rb_json_token t;
    struct geo_members m;
    struct rb_json best = j;
    bool fits = false;
    size_t n = 0;
    RB_TRY(rb_json_take(&j, RB_JSON_ARRAY, &t, g->rj));
    for (bool more = true;; n++) {
        RB_TRY(rb_json_more(&j, &more, g->rj));
        if (!more) break;
        RB_TRY(geo_members(g, &j, names, 2, &m));
        if (!geo_has(&m, 1)) return geo_refuse(g, "12.4.1", "a text without its language", m.at);
        RB_TRY(geo_token(g, m.value[1], RB_JSON_STRING, &t));
        if (!geo_has(&m, 0) || (*found && (fits || !wanted(g, &t)))) continue;
        best = m.value[0];
        fits = wanted(g, &t);
        *found = true;
    }
    if (n > 1) geo_remark(g, RB_REMARK_LANGUAGES);
    return *found ? geo_text(g, best, out) : RB_OK;
}

static enum rb_err texts(struct geo *g, const struct geo_members *m) {
    struct rb_slice text;
    bool found = false;
    if (geo_has(m, Z_NAME)) RB_TRY(in_one_language(g, m->value[Z_NAME], &found, &text));
    if (found) RB_TRY(geo_clean(g, text, RB_MAX_NAME, true, &g->f.title));
    found = false;
    if (geo_has(m, Z_MESSAGE)) RB_TRY(in_one_language(g, m->value[Z_MESSAGE], &found, &text));
    return found ? geo_clean(g, text, RB_MAX_TEXT, false, &g->f.text) : RB_OK;
}

/* ---- what the schema demands --------------------------------------------------------------------
 */

static enum rb_err short_text(struct geo *g, const struct geo_members *m, unsigned i, size_t least,
                              size_t most) {
    struct rb_slice text;
    if (!geo_has(m, i)) return geo_refuse(g, "12.4.1", "a property that a zone must have", m->at);
    const size_t mark = rb_arena_mark(g->a);
    RB_TRY(geo_text(g, m->value[i], &text));
    const size_t n = ed318_characters(text);
    rb_arena_release(g->a, mark);
    if (n >= least && n <= most) return RB_OK;
    return geo_refuse(g, "12.4.1", "a code that is too long or too short", m->value[i].at);
}

static enum rb_err authorities(struct geo *g, const struct geo_members *m) {
    static const char *const names[] = {"purpose"};
    struct rb_json_token t;
    struct geo_members one;
    unsigned purpose = 0;
    size_t n = 0;
    if (!geo_has(m, Z_AUTHORITY))
        return geo_refuse(g, "12.4.1", "a property that a zone must have", m->at);
    struct rb_json j = m->value[Z_AUTHORITY];
    RB_TRY(rb_json_take(&j, RB_JSON_ARRAY, &t, g->rj));
    for (bool more = true;; n++) {
        RB_TRY(rb_json_more(&j, &more, g->rj));
        if (!more) break;
        RB_TRY(geo_members(g, &j, names, 1, &one));
        if (!geo_has(&one, 0))
            return geo_refuse(g, "12.4.1", "an authority without purpose", one.at);
        RB_TRY(geo_word(g, one.value[0], ed318_purposes, "12.4.1", "an unknown purpose", &purpose));
    }
    return n > 0 ? RB_OK : geo_refuse(g, "12.4.1", "no authority", t.at);
}

static enum rb_err demanded(struct geo *g, const struct geo_members *m) {
    unsigned word = 0;
    RB_TRY(short_text(g, m, Z_IDENTIFIER, 0, 7));
    RB_TRY(short_text(g, m, Z_COUNTRY, 3, 3));
    if (!geo_has(m, Z_TYPE) || !geo_has(m, Z_VARIANT))
        return geo_refuse(g, "12.4.1", "a property that a zone must have", m->at);
    RB_TRY(geo_word(g, m->value[Z_TYPE], ed318_types, "12.4.1", "an unknown type of zone", &word));
    RB_TRY(geo_word(g, m->value[Z_VARIANT], ed318_variants, "12.4.1", "an unknown variant", &word));
    return authorities(g, m);
}

static void not_carried(struct geo *g, const struct geo_members *m) {
    static const struct {
        unsigned name;
        enum rb_remark remark;
    } rows[] = {{Z_IDENTIFIER, RB_REMARK_IDENTIFIER},
                {Z_COUNTRY, RB_REMARK_IDENTIFIER},
                {Z_TYPE, RB_REMARK_ZONE},
                {Z_VARIANT, RB_REMARK_ZONE},
                {Z_CONDITIONS, RB_REMARK_ZONE},
                {Z_REGION, RB_REMARK_ZONE},
                {Z_EXEMPTION, RB_REMARK_ZONE},
                {Z_REASON, RB_REMARK_REASON},
                {Z_OTHER_REASON, RB_REMARK_REASON},
                {Z_AUTHORITY, RB_REMARK_AUTHORITY},
                {Z_SOURCE, RB_REMARK_SOURCE}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (geo_has(m, rows[i].name)) geo_remark(g, rows[i].remark);
    if (m->others) geo_remark(g, RB_REMARK_PROPERTIES);
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

static enum rb_err extended(struct geo *g, struct rb_json j) {
    static const char *const names[] = {"readback"};
    struct geo_members m;
    RB_TRY(geo_members(g, &j, names, 1, &m));
    if (m.others) geo_remark(g, RB_REMARK_PROPERTIES);
    return geo_has(&m, 0) ? geo_extra(g, m.value[0]) : RB_OK;
}

static enum rb_err zone(struct geo *g, struct rb_json j) {
    struct geo_members m;
    struct ed318_periods periods = {0};
    RB_TRY(geo_members(g, &j, zone_names, Z_NAMES, &m));
    RB_TRY(demanded(g, &m));
    RB_TRY(texts(g, &m));
    not_carried(g, &m);
    const bool limited = geo_has(&m, Z_APPLICABILITY);
    if (limited) RB_TRY(ed318_read_periods(g, m.value[Z_APPLICABILITY], &periods));
    g->times_said = periods.n > 0;
    if (geo_has(&m, Z_EXTENDED)) RB_TRY(extended(g, m.value[Z_EXTENDED]));
    return limited ? ed318_apply_periods(g, &periods, m.value[Z_APPLICABILITY].at) : RB_OK;
}

enum rb_err rb_ed318_read(struct rb_slice item, const struct rb_import *how, struct rb_arena *a,
                          struct rb_feature *out, struct rb_reject *rj) {
    static const char *const feature[] = {"Feature", NULL};
    struct rb_json j = rb_json_reader(item);
    struct rb_json_token end;
    struct geo_members m;
    struct geo g;
    unsigned type = 0;
    RB_TRY(geo_begin(&g, how, a, rj));
    RB_TRY(geo_members(&g, &j, feature_names, F_NAMES, &m));
    RB_TRY(rb_json_take(&j, RB_JSON_END, &end, rj));
    if (!geo_has(&m, F_TYPE)) return geo_refuse(&g, "12.3.1", "a feature without its type", m.at);
    RB_TRY(geo_word(&g, m.value[F_TYPE], feature, "12.3.1", "no feature of GeoJSON", &type));
    if (!geo_has(&m, F_GEOMETRY)) return geo_refuse(&g, "12.3.1", "no place", m.at);
    if (!geo_has(&m, F_PROPERTIES))
        return geo_refuse(&g, "12.4.1", "a zone without properties", m.at);
    if (geo_has(&m, F_ID)) geo_remark(&g, RB_REMARK_IDENTIFIER);
    if (m.others) geo_remark(&g, RB_REMARK_PROPERTIES);
    RB_TRY(geo_geometry(&g, m.value[F_GEOMETRY]));
    RB_TRY(zone(&g, m.value[F_PROPERTIES]));
    return geo_finish(&g, false, out);
}
