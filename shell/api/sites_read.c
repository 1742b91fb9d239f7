/* POST /v1/sites/read: a site list, row by row, as drafts of notices (spec 12.6). */
#include "import.h"

static bool options(struct rb_req *rq, const struct rb_import_in *in, struct rb_site_options *out) {
    static const char *const letters[] = {"hemisphere", "band"};
    static const enum rb_utm_letter meant[] = {RB_UTM_HEMISPHERE, RB_UTM_BAND};
    size_t letter = sizeof letters / sizeof *letters;
    *out = (struct rb_site_options){.registered = in->known, .registered_n = in->known_n};
    if (!rb_import_length(rq, "radius", &out->radius_mm) ||
        !rb_import_length(rq, "near", &out->near_mm) ||
        !rb_import_word(rq, "letter", letters, sizeof letters / sizeof *letters, &letter))
        return false;
    if (letter < sizeof letters / sizeof *letters) out->hint.letter = meant[letter];
    out->has_theatre = in->theatre != NULL;
    if (in->theatre) out->theatre = *in->theatre;
    return true;
}

static void put_findings(json_t *list, const struct rb_site_row *r) {
    for (size_t i = 0; i < r->findings_n; i++) {
        const struct rb_site_finding *f = &r->findings[i];
        const struct rb_import_finding out = {.refused = f->refused,
                                              .column =
                                                  f->whole ? NULL : rb_site_column_name(f->column),
                                              .clause = f->clause,
                                              .sentence = f->what,
                                              .twin = f->twin,
                                              .whose = f->whose,
                                              .other_row = f->other_row};
        rb_import_find(list, &out);
    }
}

static json_t *row_json(struct rb_import_in *in, struct rb_site_row *r) {
    json_t *o = json_object(), *findings = json_array(), *draft = NULL;
    put_findings(findings, r);
    if (r->ok) {
        const struct rb_notice n = {.class_ = RB_NOTICE_SITE,
                                    .title = r->name,
                                    .text = r->notes,
                                    .volumes_n = 1,
                                    .volumes = &r->volume};
        struct rb_reject rj = {.clause = "", .what = ""};
        draft = rb_import_draft(in, &n, &rj);
        const struct rb_import_finding f = {
            .refused = true, .clause = rj.clause, .sentence = rj.what};
        if (draft == NULL) rb_import_find(findings, &f);
    }
    rb_j_put(o, "row", json_integer((json_int_t)r->row));
    rb_j_put(o, "ok", json_boolean(draft != NULL));
    rb_j_put(o, "name", rb_j_slice(r->name));
    rb_j_put(o, "findings", findings);
    rb_j_put(o, "draft_body", draft ? draft : json_null());
    return o;
}

static json_t *unknown_columns(const struct rb_sitelist *l) {
    json_t *out = json_array();
    for (size_t i = 0; i < l->unknown_n; i++)
        json_array_append_new(out, rb_j_slice(l->unknown[i]));
    return out;
}

static enum rb_err read_rows(struct rb_import_in *in, struct rb_sitelist *l, json_t *rows,
                             struct rb_reject *rj) {
    struct rb_site_row *row = rb_arena_alloc(&in->c.rq->arena, sizeof *row);
    bool more = true;
    if (row == NULL) return rb_reject(rj, RB_ERR_LIMIT, "12.6.1", "no room", 0);
    for (;;) {
        RB_TRY(rb_sitelist_next(l, row, &more, rj));
        if (!more) return RB_OK;
        json_array_append_new(rows, row_json(in, row));
    }
}

void rb_post_sites_read(struct rb_req *rq) {
    struct rb_import_in in;
    struct rb_site_options how;
    struct rb_reject rj = {0};
    struct rb_sitelist *l = rb_arena_alloc(&rq->arena, sizeof *l);
    if (l == NULL) {
        rb_fail_words(rq, RB_ERR_LIMIT, NULL, "memory is short", NULL);
        return;
    }
    if (!rb_import_open(rq, "csv", &in) || !rb_import_known(&in, RB_NOTICE_SITE) ||
        !options(rq, &in, &how))
        return;
    json_t *rows = json_array();
    enum rb_err err = rb_sitelist_open(l, in.text, &how, &rq->arena, &rj);
    if (err == RB_OK) err = read_rows(&in, l, rows, &rj);
    if (err != RB_OK) { /* what was read is dropped: all rows or none */
        json_decref(rows);
        rb_fail_reject(rq, &rj, "csv");
        return;
    }
    json_t *more = json_object();
    rb_j_put(more, "unknown_columns", unknown_columns(l));
    rb_import_reply(&in, rows, more);
}
