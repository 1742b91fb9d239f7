/* Composing: JSON of a draft -> envelope and body -> the payload an officer signs, and the sealed
 * body of a closed record. Nothing is stored. */
#include <stdio.h>
#include "internal.h"
#include "compose.h"
#include "readback/instrument.h"
#include "readback/text.h"

bool rb_draft_fail(struct rb_req *rq, const char *field, const char *sentence) {
    rb_fail_words(rq, RB_ERR_USAGE, field, sentence, "spec/openapi.yaml has the form of a draft");
    return false;
}

static bool known_keys(struct rb_req *rq, const char *const *known, size_t n) {
    const char *k;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)rq->body, k, v) {
        bool ok = false;
        for (size_t i = 0; i < n; i++)
            ok |= strcmp(known[i], k) == 0;
        if (!ok) return rb_draft_fail(rq, k, "there is no such field in a draft");
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
        return rb_draft_fail(c->rq, field, "records are named by the hex digits of their hash");
    if (out->n == RB_MAX_REFS) return rb_draft_fail(c->rq, field, "too many references");
    struct rb_hash *h = &out->h[out->n];
    if (strlen(z) == 64 && rb_hex_decode(rb_str(z), h->b, RB_HASH_LEN) == RB_OK) {
        out->n++;
        return true;
    }
    enum rb_err err = rb_book_find_prefix(c->v.book, rb_str(z), &f, &leaf);
    if (err == RB_ERR_EXISTS)
        return rb_draft_fail(c->rq, field, "these digits fit more than one record: give more");
    if (err != RB_OK || leaf >= f->facts_n)
        return rb_draft_fail(c->rq, field, "no record with these digits is held here");
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
    if (!json_is_array(v)) return rb_draft_fail(c->rq, field, "a list of records is wanted");
    json_array_foreach(v, i, x) {
        if (!one_ref(c, field, x, out)) return false;
    }
    return true;
}

/* ---- envelope ---------------------------------------------------------------------------------
 */
static bool get_demand(struct rb_chan *c, struct rb_record *rec) {
    const json_t *d = json_object_get(c->rq->body, "demand");
    struct rb_demand *out = &rec->demand;
    enum rb_position_type p = RB_POSITION_READ;
    int64_t in = 0;
    if (d == NULL || json_is_null(d)) return true;
    if (!json_is_object(d)) return rb_draft_fail(c->rq, "demand", "an object is wanted");
    const json_t *by = json_object_get(d, "by"), *span = json_object_get(d, "in");
    if (by ? rb_json_time(by, &out->by_utc_ms) != RB_OK
           : span == NULL || rb_json_span(span, &in) != RB_OK)
        return rb_draft_fail(c->rq, "demand.by",
                             "say by when (\"by\": a time) or in how long (\"in\": \"30m\")");
    if (by == NULL) out->by_utc_ms = c->rq->now.utc_ms + in;
    const char *z = rb_j_string(d, "position");
    if (z && rb_position_type_decode(rb_str(z), &p) != RB_OK)
        return rb_draft_fail(c->rq, "demand.position", "there is no such position");
    out->position = (uint16_t)p;
    out->present = true;
    return rb_members_get(c, "demand.members", json_object_get(d, "members"), &out->members);
}
static bool get_reported(struct rb_req *rq, struct rb_record *rec) {
    const json_t *r = json_object_get(rq->body, "reported");
    if (r == NULL || json_is_null(r)) return true;
    const char *who = rb_j_string(r, "who"), *carrier = rb_j_string(r, "carrier");
    const json_t *at = json_object_get(r, "at");
    if (who == NULL || *who == 0 || carrier == NULL || *carrier == 0)
        return rb_draft_fail(rq, "reported",
                             "say who said it (\"who\") and how it came (\"carrier\")");
    rec->reported_who = rb_str(who);
    rec->reported_carrier = rb_str(carrier);
    if (at == NULL || json_is_null(at)) return true;
    rec->reported_has_at = true;
    if (rb_json_time(at, &rec->reported_at_utc_ms) == RB_OK) return true;
    return rb_draft_fail(rq, "reported.at", "a time like 2015-09-30T13:00:00Z is wanted");
}
static bool get_word(struct rb_req *rq, const char *field, struct rb_slice *out) {
    const json_t *v = json_object_get(rq->body, field);
    if (v == NULL || json_is_null(v)) return true;
    if (!json_is_string(v)) return rb_draft_fail(rq, field, "a string is wanted");
    *out = rb_slice(json_string_value(v), json_string_length(v));
    return true;
}
static bool get_kind(struct rb_req *rq, struct rb_record *rec) {
    const char *kind = rb_j_string(rq->body, "kind"), *p = rb_j_string(rq->body, "precedence");
    rec->precedence = RB_ROUTINE;
    if (kind == NULL || rb_kind_decode(rb_str(kind), &rec->kind) != RB_OK)
        return rb_draft_fail(rq, "kind", "there is no such kind of record");
    if (rb_kind_is_machine(rec->kind))
        return rb_draft_fail(rq, "kind", "records of this kind are made by the node itself");
    if (rec->kind == RB_KIND_CHARTER)
        return rb_draft_fail(rq, "kind", "a charter is composed at /v1/charter/compose");
    if (p && rb_precedence_decode(rb_str(p), &rec->precedence) != RB_OK)
        return rb_draft_fail(rq, "precedence",
                             "one of FLASH, IMMEDIATE, PRIORITY, ROUTINE is wanted");
    return true;
}

/* ---- body -------------------------------------------------------------------------------------
 */
/* with kind, field and clause. Words about a body may name its fields, never what stands in them. */
static bool body_off(struct rb_draft *d, const struct rb_json_error *e) {
    char field[200] = "body.", sentence[400], clause[16];
    struct rb_writer fw = rb_writer(field + 5, sizeof field - 6);
    rb_put_z(&fw, e->field);
    field[5 + fw.n] = 0;
    snprintf(sentence, sizeof sentence, "%s: %s", rb_kind_name(d->rec.kind), e->sentence);
    snprintf(clause, sizeof clause, "3.6.%d", (int)d->rec.kind);
    struct rb_fail f = {.err = RB_ERR_USAGE,
                        .clause = clause,
                        .field = e->field[0] ? field : "body",
                        .sentence = sentence,
                        .hint = rb_kind_is_instrument(d->rec.kind)
                                    ? "`readback template KIND` prints one filled in, `readback "
                                      "help kinds` has the fields"
                                    : "`readback help kinds` has the fields"};
    rb_fail(d->c.rq, &f);
    return false;
}
static bool body_from_json(struct rb_draft *d) {
    struct rb_req *rq = d->c.rq;
    const struct rb_schema *s = rb_body_schema(d->rec.kind);
    const json_t *body = json_object_get(rq->body, "body");
    uint8_t *buf = rb_arena_alloc(&rq->arena, RB_MAX_HEAD);
    struct rb_json_error e = {.sentence = ""};
    struct rb_reject rj;
    if (s == NULL) {
        struct rb_fail f = {.err = RB_ERR_UNSUPPORTED,
                            .field = "kind",
                            .sentence = "this version has no grammar for this kind of record"};
        rb_fail(rq, &f);
        return false;
    }
    if (buf == NULL || !json_is_object(body))
        return rb_draft_fail(rq, "body", "an object is wanted");
    struct rb_names names = rb_chan_names(&d->c);
    struct rb_writer w = rb_writer(buf, RB_MAX_HEAD);
    if (rb_body_from_json(s, body, &names, &w, &e) != RB_OK) return body_off(d, &e);
    d->body = rb_written(&w);
    if (rb_body_check(d->rec.kind, d->body, &rj) == RB_OK) return true;
    char what[160];
    snprintf(what, sizeof what, "%s: %s", rb_kind_name(d->rec.kind), rj.what ? rj.what : "");
    rj.what = what;
    rb_fail_reject(rq, &rj, "body");
    return false;
}
/* An outline that no node could compare (10.1) would be refused at release. */
static bool outlines_ok(struct rb_draft *d) {
    struct rb_arena *a = &d->c.rq->arena;
    const size_t mark = rb_arena_mark(a);
    struct rb_notice n = {0};
    struct rb_reject rj = {0};
    struct rb_extent x;
    char field[48];
    size_t i = 0;
    if (d->rec.kind != RB_KIND_NOTICE) return true;
    enum rb_err err = rb_notice_decode(d->body, a, &n, &rj);
    for (; err == RB_OK && i < n.volumes_n; i++)
        err = rb_extent_prepare(&n.volumes[i], a, &x, &rj);
    snprintf(field, sizeof field, "body.volumes[%zu]", i ? i - 1 : 0);
    rb_req_wipe(d->c.rq, mark);
    if (err != RB_OK) rb_fail_reject(d->c.rq, &rj, field);
    return err == RB_OK;
}
static bool get_body(struct rb_draft *d) {
    struct rb_req *rq = d->c.rq;
    d->upload = rb_j_string(rq->body, "upload");
    d->same_as = rb_j_string(rq->body, "same_as");
    bool other = d->upload || d->same_as;
    if (d->upload && d->same_as)
        return rb_draft_fail(rq, "same_as", "either an upload or the body of another record");
    if (other && json_object_get(rq->body, "body"))
        return rb_draft_fail(rq, "body", "the body comes from elsewhere: leave it out");
    if (d->upload) return rb_draft_from_upload(d);
    if (d->same_as) return rb_draft_same_as(d);
    /* one that names its previous charter itself is taken as it is */
    if (d->rec.kind == RB_KIND_AMENDMENT &&
        !json_object_get(json_object_get(rq->body, "body"), "previous"))
        return rb_draft_amendment(d);
    if (d->rec.kind == RB_KIND_ATTACHMENT)
        return rb_draft_fail(rq, "upload",
                             "an attachment's content is taken in first (/v1/uploads)");
    return body_from_json(d) && outlines_ok(d);
}

/* What answers a stop-fire goes as fast as it came, unless the officer says otherwise. */
static void answer_in_kind(const struct rb_chan *c, struct rb_record *rec) {
    const struct rb_refs *on = &rec->refs[RB_REF_ANSWERS];
    if (rec->kind != RB_KIND_POSITION || json_object_get(c->rq->body, "precedence") || !c->s)
        return;
    for (size_t i = 0; i < on->n; i++) {
        uint32_t at = rb_situation_find(c->s, &on->h[i]);
        if (at != RB_NOWHERE && rb_situation_fact(c->s, at)->kind == RB_KIND_STOP_FIRE)
            rec->precedence = RB_FLASH;
    }
}

static bool get_record(struct rb_draft *d) {
    struct rb_chan *c = &d->c;
    struct rb_req *rq = c->rq;
    struct rb_record *rec = &d->rec;
    if (!get_kind(rq, rec) || !get_refs(c, "answers", &rec->refs[RB_REF_ANSWERS])) return false;
    answer_in_kind(c, rec);
    return get_refs(c, "supersedes", &rec->refs[RB_REF_SUPERSEDES]) &&
           get_refs(c, "about", &rec->refs[RB_REF_ABOUT]) &&
           get_refs(c, "carries", &rec->refs[RB_REF_CARRIES]) && get_demand(c, rec) &&
           get_reported(rq, rec) && get_word(rq, "language", &rec->language) &&
           get_word(rq, "emergency", &rec->emergency) && get_body(d) && rb_draft_close(d);
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
    bool whole = kind && (strcmp(kind, "position") == 0 || strcmp(kind, "amendment") == 0 ||
                          strcmp(kind, "cessation") == 0);
    return whole ? rb_chan_open_id(rq, id, c) : rb_chan_open_lite(rq, id, c);
}

static void refuse(struct rb_req *rq, struct rb_reject *rj, enum rb_mark mark) {
    struct rb_fail f = {
        .err = RB_ERR_USAGE,
        .code = "recipients",
        .clause = "5.7.5",
        .field = "recipients",
        .sentence = "this goes to named recipients only: name who may read it",
        .hint = "sites, movements, rosters and what the charter closes are never open to all"};
    if (rj->err == RB_ERR_DENIED && mark == RB_MARK_MUST_BE_CLOSED)
        rb_fail(rq, &f);
    else
        rb_reply(rq, rb_fail_status(rj->err),
                 rb_reject_json(rj, NULL, rj->err == RB_ERR_DENIED ? mark : RB_MARK_NONE));
}
/* The payload as the node makes it, read back as everybody will read it: what would be refused at
 * submission is refused here. false: replied with an error. */
static bool make_payload(struct rb_draft *d) {
    struct rb_chan *c = &d->c;
    struct rb_req *rq = c->rq;
    struct rb_reject rj = {0};
    struct rb_record again;
    const bool whole = c->s != NULL;
    enum rb_err err = rb_node_compose(rq->node, c->v.id, rq->now, &d->rec,
                                      d->rec.closed ? d->body : rb_slice(NULL, 0), &rq->arena,
                                      &d->payload, &d->mark, &rj);
    if (err == RB_OK) err = rb_payload_decode(d->payload, &again, &rj);
    if (err == RB_OK && d->mark != RB_MARK_NONE && d->mark != RB_MARK_NEEDS_SECOND)
        err = RB_ERR_DENIED;
    /* composing may have folded the channel anew: what we looked at is gone then */
    if (err == RB_OK)
        return whole ? rb_chan_open_id(rq, d->rec.channel, c)
                     : rb_chan_open_lite(rq, d->rec.channel, c);
    rj.err = err;
    refuse(rq, &rj, d->mark);
    return false;
}

static void put_sealed(json_t *o, const struct rb_draft *d) {
    rb_j_put(o, "closed", json_boolean(d->rec.closed));
    rb_j_put(o, "recipients",
             d->rec.closed ? rb_chan_handles(&d->c, d->rec.recipients) : json_null());
    if (!d->rec.closed) return;
    rb_j_put(o, "sealed_size", json_integer((json_int_t)d->rec.ciphertext_size));
    if (d->sealed.n)
        rb_j_put(o, "sealed", rb_j_base64(d->sealed));
    else
        rb_j_put(o, "upload", json_string(d->upload_name));
}
static json_t *composed(struct rb_draft *d) {
    struct rb_hash h;
    struct rb_chan *c = &d->c;
    const struct rb_feed *own = c->v.own_feed;
    json_t *o = rb_chan_head(c);
    rb_payload_hash(d->payload, &h);
    rb_j_put(o, "payload", rb_j_base64(d->payload));
    rb_j_put(o, "payload_hash", rb_j_hex(h.b, RB_HASH_LEN));
    rb_j_put(o, "origin", own ? rb_j_slice(rb_slice(own->origin, own->origin_n)) : NULL);
    rb_j_put(o, "needs_signers", json_integer(d->mark == RB_MARK_NEEDS_SECOND ? 2 : 1));
    rb_j_put(o, "mark", d->mark ? json_string(rb_mark_name(d->mark)) : json_null());
    rb_j_put(o, "mark_sentence", d->mark ? json_string(rb_mark_text(d->mark)) : json_null());
    rb_j_put(o, "readers", readers(c, &d->rec));
    json_t *check = NULL;
    json_t *warnings = rb_warnings(c, &d->rec, d->body, &check);
    if (d->differences) rb_warn_amendment(d->differences, warnings);
    rb_j_put(o, "warnings", warnings);
    if (d->rec.kind == RB_KIND_NOTICE) rb_j_put(o, "check", check);
    rb_j_put(o, "body", d->charter_json ? json_pack("{s:O}", "charter", d->charter_json)
                                        : rb_body_json(c, d->rec.kind, d->body));
    if (d->differences) rb_j_put(o, "differences", json_incref(d->differences));
    rb_j_put(o, "kind", json_string(rb_kind_name(d->rec.kind)));
    rb_j_put(o, "precedence", json_string(rb_precedence_name(d->rec.precedence)));
    rb_j_put(o, "created", rb_j_time(d->rec.created_utc_ms));
    put_sealed(o, d);
    return o;
}

static bool begin(struct rb_req *rq, const char *const *known, size_t n, struct rb_draft *d) {
    const char *channel = rb_j_string(rq->body, "channel");
    if (d == NULL || channel == NULL) return rb_draft_fail(rq, "channel", "say in which channel");
    return known_keys(rq, known, n) && open_for(rq, channel, &d->c);
}
void rb_post_compose(struct rb_req *rq) {
    static const char *const known[] = {"channel",    "kind",    "precedence", "language",
                                        "body",       "answers", "about",      "supersedes",
                                        "carries",    "demand",  "reported",   "emergency",
                                        "recipients", "despite", "upload",     "same_as"};
    struct rb_draft *d = rb_arena_alloc(&rq->arena, sizeof *d);
    if (!begin(rq, known, sizeof known / sizeof *known, d)) return;
    if (get_record(d)) {
        if (make_payload(d))
            rb_reply(rq, 200, composed(d));
        else if (d->made_upload) /* content sealed anew for a record that nobody may make */
            rb_upload_forget(rq->api, d->made_upload);
    }
    json_decref(d->differences);
    json_decref(d->charter_json);
}

/* ---- a check alone: nothing is made, nothing goes out
 * --------------------------------------------
 */
static bool get_planned(struct rb_draft *d) {
    struct rb_req *rq = d->c.rq;
    const json_t *to = json_object_get(rq->body, "recipients");
    d->rec.kind = RB_KIND_NOTICE;
    d->rec.closed = to && !json_is_null(to);
    if (!rb_members_get(&d->c, "recipients", to, &d->rec.recipients) ||
        !get_refs(&d->c, "supersedes", &d->rec.refs[RB_REF_SUPERSEDES]) || !body_from_json(d) ||
        !outlines_ok(d))
        return false;
    if (d->rec.closed) d->rec.recipients |= UINT64_C(1) << d->c.v.own_member;
    return true;
}
static void probing(struct rb_req *rq, int64_t again_utc_ms) {
    struct rb_fail f = {.err = RB_ERR_BUSY,
                        .code = "probing",
                        .clause = "10.6.10",
                        .sentence =
                            "too many plans have met closed places within a day: no further "
                            "one is compared",
                        .hint = "\"again\" says from when on it can be asked; it can be released "
                                "all the same, and the record will say so"};
    json_t *out = rb_fail_json(&f);
    rb_j_put(out, "again", rb_j_time(again_utc_ms));
    rb_reply(rq, 429, out);
}
void rb_post_check(struct rb_req *rq) {
    static const char *const known[] = {"channel", "body", "supersedes", "recipients"};
    struct rb_draft *d = rb_arena_alloc(&rq->arena, sizeof *d);
    int64_t again = 0;
    json_t *check = NULL;
    if (!begin(rq, known, sizeof known / sizeof *known, d) || !get_planned(d)) return;
    json_t *w = rb_warnings_again(&d->c, &d->rec, d->body, &check, &again);
    if (again) {
        json_decref(w);
        probing(rq, again);
        return;
    }
    json_t *o = rb_chan_head(&d->c);
    rb_j_put(o, "now", rb_j_time(rq->now.utc_ms));
    rb_j_put(o, "check", check);
    rb_j_put(o, "warnings", w);
    rb_reply(rq, 200, o);
}
