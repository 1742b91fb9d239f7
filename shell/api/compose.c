/* Composing: JSON of a draft -> envelope and body -> the payload an officer signs. Nothing is
 * stored. */
#include "internal.h"
#include "readback/text.h"

static bool fail_field(struct rb_req *rq, const char *field, const char *sentence) {
    rb_fail_words(rq, RB_ERR_USAGE, field, sentence, "spec/openapi.yaml has the form of a draft");
    return false;
}

static bool known_keys(struct rb_req *rq) {
    static const char *const known[] = {"channel",  "kind",      "precedence", "language", "body",
                                        "answers",  "about",     "supersedes", "carries",  "demand",
                                        "reported", "emergency", "recipients", "despite"};
    const char *k;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)rq->body, k, v) {
        bool ok = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            ok |= strcmp(known[i], k) == 0;
        if (!ok) return fail_field(rq, k, "there is no such field in a draft");
    }
    return true;
}

/* ---- references -------------------------------------------------------------------------------
 */
static bool one_ref(struct rb_chan *c, const char *field, const json_t *v, struct rb_refs *out) {
    struct rb_feed *f = NULL;
    size_t leaf = 0;
    const char *z = json_string_value(v);
    if (z == NULL)
        return fail_field(c->rq, field, "records are named by the hex digits of their hash");
    if (out->n == RB_MAX_REFS) return fail_field(c->rq, field, "too many references");
    struct rb_hash *h = &out->h[out->n];
    if (strlen(z) == 64 && rb_hex_decode(rb_str(z), h->b, RB_HASH_LEN) == RB_OK) {
        out->n++;
        return true;
    }
    enum rb_err err = rb_book_find_prefix(c->v.book, rb_str(z), &f, &leaf);
    if (err == RB_ERR_EXISTS)
        return fail_field(c->rq, field, "these digits fit more than one record: give more");
    if (err != RB_OK || leaf >= f->facts_n)
        return fail_field(c->rq, field, "no record with these digits is held here");
    *h = f->facts[leaf].id;
    out->n++;
    return true;
}
static bool get_refs(struct rb_chan *c, const char *field, struct rb_refs *out) {
    const json_t *v = json_object_get(c->rq->body, field), *x;
    size_t i;
    out->n = 0;
    if (v == NULL || json_is_null(v)) return true;
    if (json_is_string(v)) return one_ref(c, field, v, out);
    if (!json_is_array(v)) return fail_field(c->rq, field, "a list of records is wanted");
    json_array_foreach(v, i, x) {
        if (!one_ref(c, field, x, out)) return false;
    }
    return true;
}

/* ---- envelope ---------------------------------------------------------------------------------
 */
static bool get_members(struct rb_chan *c, const char *field, const json_t *v, uint64_t *out) {
    size_t i;
    const json_t *x;
    *out = 0;
    if (v == NULL || json_is_null(v)) return true;
    if (!json_is_array(v)) return fail_field(c->rq, field, "a list of handles is wanted");
    json_array_foreach(v, i, x) {
        const struct rb_book_member *m =
            json_is_string(x) ? rb_book_member_by_handle(c->v.book, rb_str(json_string_value(x)))
                              : NULL;
        if (m == NULL) return fail_field(c->rq, field, "no member of the channel has this handle");
        *out |= UINT64_C(1) << m->index;
    }
    return true;
}
static bool get_demand(struct rb_chan *c, struct rb_record *rec) {
    const json_t *d = json_object_get(c->rq->body, "demand");
    struct rb_demand *out = &rec->demand;
    enum rb_position_type p = RB_POSITION_READ;
    int64_t in = 0;
    if (d == NULL || json_is_null(d)) return true;
    if (!json_is_object(d)) return fail_field(c->rq, "demand", "an object is wanted");
    const json_t *by = json_object_get(d, "by"), *span = json_object_get(d, "in");
    if (by ? rb_json_time(by, &out->by_utc_ms) != RB_OK
           : span == NULL || rb_json_span(span, &in) != RB_OK)
        return fail_field(c->rq, "demand.by",
                          "say by when (\"by\": a time) or in how long (\"in\": \"30m\")");
    if (by == NULL) out->by_utc_ms = c->rq->now.utc_ms + in;
    const char *z = rb_j_string(d, "position");
    if (z && rb_position_type_decode(rb_str(z), &p) != RB_OK)
        return fail_field(c->rq, "demand.position", "there is no such position");
    out->position = (uint16_t)p;
    out->present = true;
    return get_members(c, "demand.members", json_object_get(d, "members"), &out->members);
}
static bool get_reported(struct rb_req *rq, struct rb_record *rec) {
    const json_t *r = json_object_get(rq->body, "reported");
    if (r == NULL || json_is_null(r)) return true;
    const char *who = rb_j_string(r, "who"), *carrier = rb_j_string(r, "carrier");
    const json_t *at = json_object_get(r, "at");
    if (who == NULL || *who == 0 || carrier == NULL || *carrier == 0)
        return fail_field(rq, "reported",
                          "say who said it (\"who\") and how it came (\"carrier\")");
    rec->reported_who = rb_str(who);
    rec->reported_carrier = rb_str(carrier);
    if (at == NULL || json_is_null(at)) return true;
    rec->reported_has_at = true;
    if (rb_json_time(at, &rec->reported_at_utc_ms) == RB_OK) return true;
    return fail_field(rq, "reported.at", "a time like 2015-09-30T13:00:00Z is wanted");
}
static bool get_word(struct rb_req *rq, const char *field, struct rb_slice *out) {
    const json_t *v = json_object_get(rq->body, field);
    if (v == NULL || json_is_null(v)) return true;
    if (!json_is_string(v)) return fail_field(rq, field, "a string is wanted");
    *out = rb_slice(json_string_value(v), json_string_length(v));
    return true;
}
static bool get_kind(struct rb_req *rq, struct rb_record *rec) {
    const char *kind = rb_j_string(rq->body, "kind"), *p = rb_j_string(rq->body, "precedence");
    rec->precedence = RB_ROUTINE;
    if (kind == NULL || rb_kind_decode(rb_str(kind), &rec->kind) != RB_OK)
        return fail_field(rq, "kind", "there is no such kind of record");
    if (rb_kind_is_machine(rec->kind))
        return fail_field(rq, "kind", "records of this kind are made by the node itself");
    if (rec->kind == RB_KIND_CHARTER)
        return fail_field(rq, "kind", "a charter is composed at /v1/charter/compose");
    if (p && rb_precedence_decode(rb_str(p), &rec->precedence) != RB_OK)
        return fail_field(rq, "precedence", "one of FLASH, IMMEDIATE, PRIORITY, ROUTINE is wanted");
    return true;
}

static const char closed_words[] = "closed records (with recipients) cannot be made by this "
                                   "version yet: it keeps, passes on and shows them";
static bool refuse_closed(struct rb_req *rq, const char *field) {
    struct rb_fail f = {
        .err = RB_ERR_UNSUPPORTED,
        .code = "closed",
        .field = field,
        .sentence = closed_words,
        .hint = "say it in an open record, which every member can read, or by another way"};
    rb_fail(rq, &f);
    return false;
}
static bool check_open(struct rb_req *rq, const struct rb_record *rec) {
    const json_t *r = json_object_get(rq->body, "recipients");
    const char *cls = rb_j_string(json_object_get(rq->body, "body"), "class");
    if (r && !json_is_null(r)) return refuse_closed(rq, "recipients");
    bool place = rec->kind == RB_KIND_NOTICE && cls &&
                 (strcmp(cls, "site") == 0 || strcmp(cls, "movement") == 0);
    if (place || rec->kind == RB_KIND_ROSTER) {
        struct rb_fail f = {
            .err = RB_ERR_UNSUPPORTED,
            .code = "closed",
            .field = place ? "body.class" : "kind",
            .sentence = "sites, movements and rosters go only to named recipients, and closed "
                        "records cannot be made by this version yet",
            .hint = "nothing was kept or sent"};
        rb_fail(rq, &f);
        return false;
    }
    return true;
}

/* ---- body -------------------------------------------------------------------------------------
 */
static bool get_body(struct rb_chan *c, struct rb_record *rec) {
    struct rb_req *rq = c->rq;
    const struct rb_schema *s = rb_body_schema(rec->kind);
    const json_t *body = json_object_get(rq->body, "body");
    uint8_t *buf = rb_arena_alloc(&rq->arena, RB_MAX_LEAF);
    struct rb_json_error e = {.sentence = ""};
    struct rb_reject rj;
    if (s == NULL) {
        struct rb_fail f = {.err = RB_ERR_UNSUPPORTED,
                            .field = "kind",
                            .sentence = "this version has no grammar for this kind of record"};
        rb_fail(rq, &f);
        return false;
    }
    if (buf == NULL || !json_is_object(body)) return fail_field(rq, "body", "an object is wanted");
    struct rb_names names = rb_chan_names(c);
    struct rb_writer w = rb_writer(buf, RB_MAX_LEAF);
    if (rb_body_from_json(s, body, &names, &w, &e) != RB_OK) {
        char field[200] = "body.";
        struct rb_writer fw = rb_writer(field + 5, sizeof field - 6);
        rb_put_z(&fw, e.field);
        field[5 + fw.n] = 0;
        rb_fail_words(rq, RB_ERR_USAGE, e.field[0] ? field : "body", e.sentence,
                      "`readback help kinds` has the fields");
        return false;
    }
    rec->body = rb_written(&w);
    if (rb_body_check(rec->kind, rec->body, &rj) == RB_OK) return true;
    rb_fail_reject(rq, &rj, "body");
    return false;
}

static bool get_record(struct rb_chan *c, struct rb_record *rec) {
    struct rb_req *rq = c->rq;
    *rec = (struct rb_record){0};
    return get_kind(rq, rec) && check_open(rq, rec) &&
           get_refs(c, "supersedes", &rec->refs[RB_REF_SUPERSEDES]) &&
           get_refs(c, "answers", &rec->refs[RB_REF_ANSWERS]) &&
           get_refs(c, "about", &rec->refs[RB_REF_ABOUT]) &&
           get_refs(c, "carries", &rec->refs[RB_REF_CARRIES]) && get_demand(c, rec) &&
           get_reported(rq, rec) && get_word(rq, "language", &rec->language) &&
           get_word(rq, "emergency", &rec->emergency) && get_body(c, rec);
}

/* who will be able to read it: shown before release */
static json_t *readers(const struct rb_chan *c, const struct rb_record *rec) {
    json_t *out = json_array();
    for (size_t i = 0; i < c->charter->members_n; i++) {
        const struct rb_member *m = &c->charter->members[i];
        if (m->index == c->v.own_member) continue;
        if (!rec->closed || (rec->recipients >> m->index & 1))
            json_array_append_new(out, rb_j_slice(m->handle));
    }
    return out;
}

/* only what is said about another record needs the situation */
static bool open_for(struct rb_req *rq, const char *channel, struct rb_chan *c) {
    uint8_t id[RB_CHANNEL_LEN];
    const char *kind = rb_j_string(rq->body, "kind");
    if (!rb_chan_name(rq, channel, id)) return false;
    return kind && strcmp(kind, "position") == 0 ? rb_chan_open_id(rq, id, c)
                                                 : rb_chan_open_lite(rq, id, c);
}

/* The payload as the node makes it, read back as everybody will read it: what would be refused at
 * submission is refused here. false: replied with an error. */
static bool make_payload(struct rb_chan *c, struct rb_record *rec, struct rb_slice *payload,
                         enum rb_mark *mark) {
    struct rb_req *rq = c->rq;
    struct rb_reject rj = {0};
    struct rb_record again;
    const bool whole = c->s != NULL;
    enum rb_err err =
        rb_node_compose(rq->node, c->v.id, rq->now, rec, rb_slice(NULL, 0), &rq->arena,
                        payload, mark, &rj);
    if (err == RB_OK) err = rb_payload_decode(*payload, &again, &rj);
    if (err == RB_OK && *mark != RB_MARK_NONE && *mark != RB_MARK_NEEDS_SECOND) err = RB_ERR_DENIED;
    /* composing may have folded the channel anew: what we looked at is gone then */
    if (err == RB_OK)
        return whole ? rb_chan_open_id(rq, rec->channel, c)
                     : rb_chan_open_lite(rq, rec->channel, c);
    rj.err = err;
    rb_reply(rq, rb_fail_status(err),
             rb_reject_json(&rj, NULL, err == RB_ERR_DENIED ? *mark : RB_MARK_NONE));
    return false;
}

static json_t *composed(struct rb_chan *c, const struct rb_record *rec, struct rb_slice payload,
                        enum rb_mark mark) {
    struct rb_hash h;
    const struct rb_feed *own = c->v.own_feed;
    struct rb_names names = rb_chan_names(c);
    json_t *o = rb_chan_head(c);
    rb_payload_hash(payload, &h);
    rb_j_put(o, "payload", rb_j_base64(payload));
    rb_j_put(o, "payload_hash", rb_j_hex(h.b, RB_HASH_LEN));
    rb_j_put(o, "origin", own ? rb_j_slice(rb_slice(own->origin, own->origin_n)) : NULL);
    rb_j_put(o, "needs_signers", json_integer(mark == RB_MARK_NEEDS_SECOND ? 2 : 1));
    rb_j_put(o, "mark", mark ? json_string(rb_mark_name(mark)) : json_null());
    rb_j_put(o, "mark_sentence", mark ? json_string(rb_mark_text(mark)) : json_null());
    rb_j_put(o, "readers", readers(c, rec));
    rb_j_put(o, "warnings", rb_warnings(c, rec));
    rb_j_put(o, "body", rb_body_to_json(rb_body_schema(rec->kind), rec->body, &names));
    rb_j_put(o, "kind", json_string(rb_kind_name(rec->kind)));
    rb_j_put(o, "precedence", json_string(rb_precedence_name(rec->precedence)));
    rb_j_put(o, "created", rb_j_time(rec->created_utc_ms));
    return o;
}

void rb_post_compose(struct rb_req *rq) {
    struct rb_chan c;
    struct rb_record rec;
    struct rb_slice payload;
    enum rb_mark mark = RB_MARK_NONE;
    const char *channel = rb_j_string(rq->body, "channel");
    if (channel == NULL) {
        (void)fail_field(rq, "channel", "say in which channel");
        return;
    }
    if (!known_keys(rq) || !open_for(rq, channel, &c) || !get_record(&c, &rec)) return;
    if (make_payload(&c, &rec, &payload, &mark))
        rb_reply(rq, 200, composed(&c, &rec, payload, mark));
}
