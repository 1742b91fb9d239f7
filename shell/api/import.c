/* See import.h. */
#include "import.h"
#include "readback/text.h"

bool rb_import_open(struct rb_req *rq, const char *field, struct rb_import_in *out) {
    uint8_t id[RB_CHANNEL_LEN];
    const char *channel = rb_j_string(rq->body, "channel");
    const json_t *text = json_object_get(rq->body, field);
    *out =
        (struct rb_import_in){.text = rb_slice(json_string_value(text), json_string_length(text))};
    if (channel == NULL || !json_is_string(text)) {
        rb_fail_words(rq, RB_ERR_USAGE, channel ? field : "channel",
                      channel ? "the text of the file is wanted" : "say for which channel", NULL);
        return false;
    }
    if (!rb_chan_name(rq, channel, id) || rb_fail_locked(rq)) return false;
    /* the places are looked at first: that may fold the channel anew */
    (void)rb_node_places(rq->node, id, rq->now.utc_ms);
    if (!rb_chan_open_lite(rq, id, &out->c)) return false;
    if (!rb_members_get(&out->c, "recipients", json_object_get(rq->body, "recipients"),
                        &out->recipients))
        return false;
    out->recipients &= ~(UINT64_C(1) << out->c.v.own_member);
    if (out->c.charter->has_theatre) out->theatre = &out->c.charter->theatre;
    out->buf = rb_arena_alloc(&rq->arena, RB_MAX_HEAD);
    if (out->buf == NULL) rb_fail_words(rq, RB_ERR_LIMIT, NULL, "memory is short", NULL);
    return out->buf != NULL;
}

/* ---- what is there already ----------------------------------------------------------------------
 */

static void add_registered(struct rb_import_in *in, size_t n) {
    struct rb_req *rq = in->c.rq;
    struct rb_place_view v;
    for (size_t i = 0; i < n; i++) {
        if (!rb_node_place(rq->node, in->c.v.id, i, rq->now.utc_ms, &v)) continue;
        if ((unsigned)v.class_ != (unsigned)in->class_ || !v.stands || !v.placed) continue;
        const bool all = !v.closed || (in->recipients & ~v.readers) == 0;
        in->known[in->known_n++] =
            (struct rb_site_known){.name = v.title,
                                   .point = v.middle,
                                   .whose = v.feed.member != in->c.v.own_member ? RB_SITE_THEIRS
                                            : all                               ? RB_SITE_OURS
                                                  : RB_SITE_OURS_TO_FEWER};
    }
    in->registered_n = in->known_n;
}

static void add_draft(struct rb_import_in *in, const struct rb_record *rec) {
    struct rb_req *rq = in->c.rq;
    struct rb_opened o;
    struct rb_notice n;
    struct rb_reject rj;
    struct rb_site_known *k = &in->known[in->known_n];
    rb_open_own(rq, in->c.v.own_member, rec, &o);
    if (o.body.n > 0 && rb_notice_decode(o.body, &rq->arena, &n, &rj) == RB_OK &&
        n.class_ == in->class_ && n.volumes_n > 0 && n.title.n <= RB_MAX_NAME) {
        const struct rb_volume *v = &n.volumes[0];
        uint8_t name[RB_MAX_NAME];
        *k = (struct rb_site_known){
            .point = v->shape == RB_SHAPE_CIRCLE ? v->center : v->vertices[0],
            .whose = !rec->closed || (in->recipients & ~rec->recipients) == 0
                         ? RB_SITE_DRAFT
                         : RB_SITE_OURS_TO_FEWER};
        memcpy(name, n.title.p, n.title.n);
        const size_t len = n.title.n;
        rb_opened_end(rq, &o); /* only the name stays */
        if (rb_arena_copy(&rq->arena, rb_slice(name, len), &k->name) == RB_OK) in->known_n++;
        rb_wipe(name, sizeof name);
    } else {
        rb_opened_end(rq, &o);
    }
}
static void add_drafts(struct rb_import_in *in) {
    struct rb_req *rq = in->c.rq;
    struct rb_draft_view d;
    struct rb_record rec;
    struct rb_reject rj;
    for (size_t i = 0; i < rb_node_drafts(rq->node); i++) {
        if (!rb_node_draft(rq->node, i, &d)) continue;
        if (memcmp(d.channel, in->c.v.id, RB_CHANNEL_LEN) != 0) continue;
        if (rb_payload_decode(d.payload, &rec, &rj) == RB_OK && rec.kind == RB_KIND_NOTICE)
            add_draft(in, &rec);
    }
}

bool rb_import_known(struct rb_import_in *in, enum rb_notice_class class_) {
    struct rb_req *rq = in->c.rq;
    const size_t n = rb_node_places(rq->node, in->c.v.id, rq->now.utc_ms);
    in->class_ = class_;
    in->known = rb_arena_array(&rq->arena, n + rb_node_drafts(rq->node) + 1, sizeof *in->known);
    if (in->known == NULL) {
        rb_fail_words(rq, RB_ERR_LIMIT, NULL, "memory is short", NULL);
        return false;
    }
    add_registered(in, n);
    add_drafts(in);
    return true;
}

/* ---- what the request says ----------------------------------------------------------------------
 */

bool rb_import_length(struct rb_req *rq, const char *field, uint64_t *mm) {
    const json_t *v = json_object_get(rq->body, field);
    int64_t n = 0;
    *mm = 0;
    if (v == NULL || json_is_null(v)) return true;
    if (rb_json_metres(v, &n) == RB_OK && n > 0) {
        *mm = (uint64_t)n;
        return true;
    }
    rb_fail_words(rq, RB_ERR_USAGE, field,
                  "a length above 0 is wanted, a number of metres or with its unit: \"150m\"",
                  NULL);
    return false;
}

bool rb_import_word(struct rb_req *rq, const char *field, const char *const *words, size_t n,
                    size_t *at) {
    const json_t *v = json_object_get(rq->body, field);
    const char *z = json_string_value(v);
    if (v == NULL || json_is_null(v)) return true;
    for (size_t i = 0; z && i < n; i++)
        if (strcmp(z, words[i]) == 0) {
            *at = i;
            return true;
        }
    rb_fail_words(rq, RB_ERR_USAGE, field, "there is no such word here",
                  "spec/openapi.yaml lists them");
    return false;
}

/* ---- what comes of it ---------------------------------------------------------------------------
 */

json_t *rb_import_draft(struct rb_import_in *in, const struct rb_notice *n, struct rb_reject *rj) {
    struct rb_writer w = rb_writer(in->buf, RB_MAX_HEAD);
    struct rb_slice body;
    json_t *out = NULL;
    rb_notice_encode(n, &w);
    if (rb_writer_done(&w, &body) != RB_OK)
        (void)rb_reject(rj, RB_ERR_LIMIT, "9.1.2", "too long for one record", RB_MAX_HEAD);
    else if (rb_body_check(RB_KIND_NOTICE, body, rj) == RB_OK)
        out = rb_body_json(&in->c, RB_KIND_NOTICE, body);
    rb_wipe(in->buf, w.n);
    return out;
}

void rb_import_find(json_t *findings, const struct rb_import_finding *f) {
    static const char *const twins[] = {NULL, "name", "near", "both", "same"}, *const whose[] = {
                                                                           "ours", "ours-to-fewer",
                                                                           "draft", "theirs"};
    json_t *o = json_object();
    rb_j_put(o, "refused", json_boolean(f->refused));
    rb_j_put(o, "column", f->column ? json_string(f->column) : json_null());
    rb_j_put(o, "clause", json_string(f->clause));
    rb_j_put(o, "sentence", json_string(f->sentence));
    rb_j_put(o, "other_row", json_integer((json_int_t)f->other_row));
    rb_j_put(o, "double", f->twin ? json_string(twins[f->twin]) : json_null());
    rb_j_put(o, "double_of",
             f->twin ? json_string(f->other_row ? "row" : whose[f->whose]) : json_null());
    json_array_append_new(findings, o);
}

void rb_import_reply(struct rb_import_in *in, json_t *rows, json_t *more) {
    size_t i, ok = 0, refused = 0, pointed_out = 0;
    const json_t *r;
    json_array_foreach(rows, i, r) {
        const bool well = json_is_true(json_object_get(r, "ok"));
        ok += well;
        refused += !well;
        pointed_out += well && json_array_size(json_object_get(r, "findings")) > 0;
    }
    json_t *o = rb_chan_head(&in->c);
    json_object_update(o, more);
    json_decref(more);
    rb_j_put(o, "rows", rows);
    rb_j_put(o, "ok", json_integer((json_int_t)ok));
    rb_j_put(o, "refused", json_integer((json_int_t)refused));
    rb_j_put(o, "pointed_out", json_integer((json_int_t)pointed_out));
    rb_j_put(o, "registered", json_integer((json_int_t)in->registered_n));
    rb_j_put(o, "drafts", json_integer((json_int_t)(in->known_n - in->registered_n)));
    rb_j_put(o, "theatre", json_boolean(in->theatre != NULL));
    rb_reply(in->c.rq, 200, o);
}
