/* POST /v1/places/read: a file of places (GeoJSON, ED-318, ED-269, KML) as drafts of notices, one
 * for each feature (spec 12.2 to 12.5, 12.7). */
#include "import.h"
#include "readback/kml.h"
#include "readback/plausible.h"

#define MAX_FEATURES RB_MAX_SITE_ROWS

enum file_format { AS_GEOJSON, AS_ED318, AS_ED269, AS_KML, AS_FOUND };
static const char *const format_words[] = {"geojson", "ed318", "ed269", "kml"};
static const char *const class_words[] = {"operation", "exercise", "movement", "site", "area"};
static const char *const edge_words[] = {"geodesic", "parallel", "lonlat"};

struct seen {      /* of an earlier row, or known before: enough to tell a double */
    uint64_t mark; /* of its name, or of the one that those without get */
    struct rb_point point;
    bool named, placed; /* named: by itself */
};
struct reading {
    struct rb_import_in in;
    enum file_format format;
    struct rb_import how;
    struct rb_slice title; /* of features without a name; may be empty */
    bool has_from, has_to; /* of volumes without any time */
    int64_t from_utc_ms, to_utc_ms;
    struct rb_arena a; /* of one feature */
    struct seen *seen; /* those known, then the rows */
    size_t seen_n, row;
    json_t *rows;
};

/* ---- what the request says ----------------------------------------------------------------------
 */

static bool get_time(struct rb_req *rq, const char *field, bool *has, int64_t *ms) {
    const json_t *v = json_object_get(rq->body, field);
    *has = v != NULL && !json_is_null(v);
    if (!*has || rb_json_time(v, ms) == RB_OK) return true;
    rb_fail_words(rq, RB_ERR_USAGE, field, "a time like 2015-09-30T13:00:00Z is wanted", NULL);
    return false;
}

static bool get_options(struct rb_req *rq, struct reading *r, enum rb_notice_class *class_) {
    size_t format = AS_FOUND, class_at = SIZE_MAX, edges = SIZE_MAX;
    const json_t *title = json_object_get(rq->body, "title");
    if (!rb_import_word(rq, "format", format_words, 4, &format) ||
        !rb_import_word(rq, "class", class_words, 5, &class_at) ||
        !rb_import_word(rq, "edges", edge_words, 3, &edges) ||
        !rb_import_length(rq, "radius", &r->how.radius_mm) ||
        !rb_import_length(rq, "half_width", &r->how.half_width_mm) ||
        !get_time(rq, "from", &r->has_from, &r->from_utc_ms) ||
        !get_time(rq, "to", &r->has_to, &r->to_utc_ms))
        return false;
    if (class_at == SIZE_MAX) {
        rb_fail_words(rq, RB_ERR_USAGE, "class", "say what class of notices they become",
                      "operation, exercise, movement, site, area");
        return false;
    }
    r->format = (enum file_format)format;
    r->how.has_edges = edges != SIZE_MAX;
    if (r->how.has_edges) r->how.edges = (enum rb_edges)edges;
    r->title = rb_slice(json_string_value(title), json_string_length(title));
    *class_ = (enum rb_notice_class)class_at;
    return true;
}

/* ---- what is pointed out ------------------------------------------------------------------------
 */

static void point_out(json_t *findings, const char *clause, const char *sentence) {
    const struct rb_import_finding f = {.clause = clause, .sentence = sentence};
    rb_import_find(findings, &f);
}

static struct rb_point first_point(const struct rb_volume *v) {
    return v->shape == RB_SHAPE_CIRCLE ? v->center : v->vertices[0];
}

/* by enum rb_site_double; of another row, or by enum rb_site_whose */
static const char *const of_row[] = {NULL, "the same name as in another row",
                                     "the same first point as in another row", NULL,
                                     "the same name and first point as in another row"};
static const char *const of_known[][4] = {
    {NULL, NULL, NULL, NULL},
    {"one of this class and name is registered already",
     "one of this class and name is registered already, but not to all of these recipients",
     "one of this class and name waits as a draft",
     "another party has registered one of this class and name"},
    {"one of this class with the same first point is registered already",
     "one of this class with the same first point is registered already, but not to all of these "
     "recipients",
     "one of this class with the same first point waits as a draft",
     "another party has registered one of this class with the same first point"},
    {NULL, NULL, NULL, NULL}, /* only the very same point is looked for */
    {"registered already: one of the same class, name and first point; what else the row says was "
     "not compared",
     "registered already, but not to all of these recipients: one of the same class, name and "
     "first point",
     "waits as a draft already: one of the same class, name and first point; what else the row "
     "says was not compared",
     "another party has registered one of the same class, name and first point"}};

static struct rb_slice title_of(const struct reading *r, const struct rb_feature *f) {
    return f->title.n > 0 ? f->title : r->title;
}

static void find_doubles(struct reading *r, const struct seen *mine, json_t *findings) {
    size_t told = 0;
    bool same = false; /* one of them is told however many are alike */
    for (size_t i = 0; i < r->seen_n; i++) {
        const struct seen *s = &r->seen[i];
        const bool known = i < r->in.known_n,
                   named = s->mark == mine->mark && (known || (s->named && mine->named)),
                   at = s->placed && s->point.lat_nd == mine->point.lat_nd &&
                        s->point.lon_nd == mine->point.lon_nd;
        const enum rb_site_double twin = named && at ? RB_SITE_SAME
                                         : at        ? RB_SITE_NEAR
                                         : named     ? RB_SITE_SAME_NAME
                                                     : RB_SITE_NO_DOUBLE;
        if (twin == RB_SITE_NO_DOUBLE) continue;
        if (told++ >= RB_MAX_SITE_FINDINGS && (same || twin != RB_SITE_SAME)) continue;
        same |= twin == RB_SITE_SAME;
        const struct rb_import_finding f = {.clause = "12.6.8",
                                            .sentence = known ? of_known[twin][r->in.known[i].whose]
                                                              : of_row[twin],
                                            .twin = twin,
                                            .whose = known ? r->in.known[i].whose : RB_SITE_OURS,
                                            .other_row = known ? 0 : i - r->in.known_n + 1};
        rb_import_find(findings, &f);
    }
}

static void find_all(struct reading *r, const struct rb_feature *f, struct seen *mine,
                     json_t *findings) {
    unsigned bits = 0;
    for (size_t i = 0; i < f->volumes_n; i++)
        bits |= rb_volume_plausible(&f->volumes[i], r->in.theatre, NULL);
    for (unsigned b = 1; b < RB_PLAUSIBLE_END; b <<= 1)
        if (bits & b) point_out(findings, "11.9.1", rb_plausible_text(b));
    if (f->has_class && f->class_ != r->in.class_)
        point_out(findings, "12.2.4", "the file says that it is of another class");
    *mine = (struct seen){.mark = rb_site_name_mark(title_of(r, f)),
                          .point = first_point(&f->volumes[0]),
                          .named = f->title.n > 0,
                          .placed = true};
    find_doubles(r, mine, findings);
}

/* ---- rows ---------------------------------------------------------------------------------------
 */

static json_t *remarks_json(uint64_t remarks) {
    json_t *out = json_array();
    for (unsigned i = 0; i < RB_REMARKS; i++) {
        const enum rb_remark m = (enum rb_remark)i;
        const char side[2] = {rb_remark_side(m), 0};
        if (!(remarks >> i & 1)) continue;
        json_t *o = json_object();
        rb_j_put(o, "word", json_string(rb_remark_word(m)));
        rb_j_put(o, "sentence", json_string(rb_remark_text(m)));
        rb_j_put(o, "side", json_string(side));
        json_array_append_new(out, o);
    }
    return out;
}

static void set_times(const struct reading *r, struct rb_feature *f) {
    for (size_t i = 0; i < f->volumes_n; i++) {
        struct rb_volume *v = &f->volumes[i];
        if (v->has_from || v->has_to) continue;
        v->has_from = r->has_from;
        v->has_to = r->has_to;
        v->from_utc_ms = r->from_utc_ms;
        v->to_utc_ms = r->to_utc_ms;
    }
}

/* the row's draft; NULL: refused, and a finding says why */
static json_t *draft_of(struct reading *r, const struct rb_feature *f, json_t *findings) {
    const struct rb_notice n = {.class_ = r->in.class_,
                                .title = title_of(r, f),
                                .text = f->text,
                                .volumes_n = f->volumes_n,
                                .volumes = f->volumes};
    struct rb_reject rj = {.clause = "3.6.10",
                           .what = "no name, and none was said for those without"};
    json_t *draft = n.title.n > 0 ? rb_import_draft(&r->in, &n, &rj) : NULL;
    const struct rb_import_finding bad = {
        .refused = true, .clause = rj.clause, .sentence = rj.what};
    if (draft == NULL) rb_import_find(findings, &bad);
    return draft;
}

static void add_row(struct reading *r, enum rb_err err, struct rb_feature *f,
                    const struct rb_reject *rj) {
    json_t *o = json_object(), *findings = json_array(), *draft = NULL;
    struct seen mine = {0};
    if (err == RB_OK) {
        set_times(r, f);
        find_all(r, f, &mine, findings);
        draft = draft_of(r, f, findings);
    } else {
        const struct rb_import_finding bad = {
            .refused = true, .clause = rj->clause, .sentence = rj->what};
        rb_import_find(findings, &bad);
    }
    r->seen[r->seen_n++] = mine; /* its place is its row; of a refused one nothing is alike */
    rb_j_put(o, "row", json_integer((json_int_t)++r->row));
    rb_j_put(o, "ok", json_boolean(draft != NULL));
    rb_j_put(o, "name", err == RB_OK ? rb_j_slice(f->title) : json_string(""));
    rb_j_put(o, "findings", findings);
    rb_j_put(o, "remarks", remarks_json(err == RB_OK ? f->remarks : 0));
    rb_j_put(o, "draft_body", draft ? draft : json_null());
    json_array_append_new(r->rows, o);
    rb_wipe(r->a.p, r->a.used);
    rb_arena_reset(&r->a);
}

static enum rb_err full(const struct reading *r, struct rb_reject *rj, size_t at) {
    if (r->row < MAX_FEATURES) return RB_OK;
    return rb_reject(rj, RB_ERR_LIMIT, "12.2.2", "more than 20,000 features", at);
}

static enum rb_err read_item(const struct reading *r, struct rb_slice item, struct rb_arena *a,
                             struct rb_feature *f, struct rb_reject *rj) {
    if (r->format == AS_GEOJSON) return rb_geojson_read(item, &r->how, a, f, rj);
    if (r->format == AS_ED318) return rb_ed318_read(item, &r->how, a, f, rj);
    if (r->format == AS_ED269) return rb_ed269_read(item, &r->how, a, f, rj);
    return rb_geo_read(item, &r->how, a, f, rj);
}

static enum rb_err read_features(struct reading *r, uint64_t *remarks, struct rb_reject *rj) {
    struct rb_geo_stream s = {0};
    size_t at = 0, used = 0;
    for (;;) {
        enum rb_geo_event event;
        struct rb_slice item, rest = rb_slice_sub(r->in.text, at, r->in.text.n);
        struct rb_feature f = {0};
        struct rb_reject why = {.clause = "", .what = ""};
        RB_TRY(rb_geo_next(&s, rest, true, &used, &event, &item, rj));
        *remarks |= s.remarks;
        at += used;
        if (event == RB_GEO_DONE) return RB_OK;
        if (event != RB_GEO_ITEM) continue;
        RB_TRY(full(r, rj, at));
        const enum rb_err err = read_item(r, item, &r->a, &f, &why);
        add_row(r, err, &f, &why);
    }
}

static enum rb_err read_placemarks(struct reading *r, uint64_t *remarks, struct rb_reject *rj) {
    struct rb_kml *k = rb_arena_alloc(&r->in.c.rq->arena, sizeof *k);
    if (k == NULL) return rb_reject(rj, RB_ERR_LIMIT, "12.7.1", "no room", 0);
    RB_TRY(rb_kml_open(k, r->in.text, rj));
    for (;;) {
        struct rb_feature f = {0};
        struct rb_reject why = {.clause = "", .what = ""};
        bool more = true;
        const enum rb_err err = rb_kml_next(k, &r->how, &r->a, &f, &more, &why);
        *remarks |= k->remarks;
        if (err != RB_OK && strcmp(why.clause, "12.7.1") == 0) { /* nothing more can be read */
            *rj = why;
            return err;
        }
        if (err == RB_OK && !more) return RB_OK;
        RB_TRY(full(r, rj, k->xml.at));
        add_row(r, err, &f, &why);
    }
}

static bool looks_like_xml(struct rb_slice s) {
    size_t i = rb_slice_starts(s, "\xef\xbb\xbf") ? 3 : 0;
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r'))
        i++;
    return i < s.n && s.p[i] == '<';
}

static bool make_room(struct rb_req *rq, struct reading *r) {
    uint8_t *p = rb_arena_alloc(&rq->arena, RB_GEO_ARENA);
    r->seen = rb_arena_array(&rq->arena, r->in.known_n + MAX_FEATURES, sizeof *r->seen);
    if (p == NULL || r->seen == NULL) {
        rb_fail_words(rq, RB_ERR_LIMIT, NULL, "memory is short", NULL);
        return false;
    }
    r->a = rb_arena(p, RB_GEO_ARENA);
    for (size_t i = 0; i < r->in.known_n; i++) {
        const struct rb_site_known *k = &r->in.known[i];
        r->seen[r->seen_n++] =
            (struct seen){rb_site_name_mark(k->name), k->point, k->name.n > 0, true};
    }
    return true;
}

void rb_post_places_read(struct rb_req *rq) {
    struct reading r = {0};
    struct rb_reject rj = {0};
    enum rb_notice_class class_ = RB_NOTICE_SITE;
    uint64_t remarks = 0;
    if (!rb_import_open(rq, "text", &r.in) || !get_options(rq, &r, &class_) ||
        !rb_import_known(&r.in, class_) || !make_room(rq, &r))
        return;
    if (r.format == AS_FOUND && looks_like_xml(r.in.text)) r.format = AS_KML;
    r.rows = json_array();
    const enum rb_err err =
        r.format == AS_KML ? read_placemarks(&r, &remarks, &rj) : read_features(&r, &remarks, &rj);
    if (err != RB_OK) { /* all or nothing: what was read is dropped */
        json_decref(r.rows);
        rb_fail_reject(rq, &rj, "text");
        return;
    }
    json_t *more = json_object();
    rb_j_put(more, "remarks", remarks_json(remarks));
    rb_import_reply(&r.in, r.rows, more);
}
