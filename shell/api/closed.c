/* What one does with closed records besides saying and reading them: the content of attachments,
 * purging a body, who is on duty by the rosters, unlocking the age key. */
#include "internal.h"
#include "readback/age.h"

#define CONTENT_MAX ((size_t)512 << 10) /* bytes of a content in one answer */

/* ---- content of an attachment -------------------------------------------------------------------
 */
/* true: readable, and an attachment; else replied */
static bool readable(struct rb_req *rq, const struct rb_record *rec, const struct rb_opened *x) {
    struct rb_fail f = {.err = RB_ERR_STATE, .code = "body", .field = "record"};
    if (rec->kind != RB_KIND_ATTACHMENT) {
        f.err = RB_ERR_USAGE;
        f.code = NULL;
        f.sentence = "only attachments have a content";
    } else if (x->state == RB_BODY_NONE) {
        f.err = RB_ERR_DENIED;
        f.code = NULL;
        f.sentence = "this attachment is not for us";
    } else if (x->state == RB_BODY_HELD && rb_age_locked(rq)) {
        (void)rb_fail_locked(rq);
        return false;
    } else if (x->body.n == 0) {
        f.sentence = x->why ? x->why : "it cannot be read here";
    } else {
        return true;
    }
    rb_fail(rq, &f);
    return false;
}
static void content(struct rb_chan *c, uint32_t order, const struct rb_attachment *a,
                    const struct rb_opened *x, uint64_t from) {
    struct rb_req *rq = c->rq;
    struct rb_api *api = rq->api;
    size_t n = 0;
    uint8_t *buf = rb_arena_alloc(&rq->arena, CONTENT_MAX);
    enum rb_err err = buf ? RB_OK : RB_ERR_LIMIT;
    if (err == RB_OK && from < a->size)
        err = api->host.open_content(api->host.ctx, &x->view.ref, from, buf, CONTENT_MAX, &n);
    if (err == RB_OK && (n > a->size - from || (n == 0 && from < a->size))) err = RB_ERR_MALFORMED;
    if (err != RB_OK) {
        rb_fail_words(rq, err, "record", "the content could not be read here", NULL);
        return;
    }
    json_t *o = rb_chan_head(c);
    rb_j_put(o, "record", rb_j_hex(rb_situation_fact(c->s, order)->id.b, RB_HASH_LEN));
    rb_j_put(o, "name", rb_j_slice(a->name));
    rb_j_put(o, "media_type", a->media_type.n ? rb_j_slice(a->media_type) : json_null());
    rb_j_put(o, "size", json_integer((json_int_t)a->size));
    rb_j_put(o, "from", json_integer((json_int_t)from));
    rb_j_put(o, "data", rb_j_base64(rb_slice(buf, n)));
    const uint64_t next = from + n;
    rb_j_put(o, "next", next < a->size ? json_integer((json_int_t)next) : json_null());
    rb_reply(rq, 200, o);
}
void rb_get_content(struct rb_req *rq) {
    struct rb_chan c;
    struct rb_slice leaf;
    struct rb_record rec;
    struct rb_reject rj;
    struct rb_opened x;
    struct rb_attachment a;
    uint32_t order = 0;
    uint64_t from = 0;
    if (!rb_record_find(rq, rq->part[1], &c, &order)) return;
    if (!rb_query_uint(rq, "from", 0, RB_MAX_CONTENT, &from)) return;
    if (rb_chan_record(&c, order, &leaf, &rec) != RB_OK) {
        rb_fail_words(rq, RB_ERR_USAGE, "record", "only attachments have a content", NULL);
        return;
    }
    rb_open_record(&c, order, &rec, &x);
    if (!readable(rq, &rec, &x)) {
        /* replied */
    } else if (rb_attachment_decode(x.body, &a, &rj) != RB_OK) {
        rb_fail_reject(rq, &rj, "record");
    } else if (from % RB_AGE_CHUNK != 0 || from > a.size) {
        rb_fail_words(rq, RB_ERR_USAGE, "from", "a multiple of 65,536 within the content is wanted",
                      NULL);
    } else {
        content(&c, order, &a, &x, from);
    }
    rb_opened_end(rq, &x);
}

/* ---- purge --------------------------------------------------------------------------------------
 */
/* An author who deletes before the recipients hold it may make it unreadable for good (9.6.5). */
static json_t *purge_warnings(const struct rb_chan *c, uint32_t order) {
    json_t *list = json_array();
    const struct rb_fact *f = rb_situation_fact(c->s, order);
    const struct rb_sit_record *r = &c->s->order[order];
    if (rb_situation_author(c->s, order) != c->v.own_member) return list;
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++) {
        struct rb_slice h = rb_chan_handle(c, m);
        if (!(f->recipients >> m & 1) || (r->bodies >> m & 1) || m == c->v.own_member) continue;
        json_array_append_new(
            list, rb_warning("not-held", true,
                             "%.*s is not known to hold this body: nobody may be able to read it "
                             "ever.",
                             (int)h.n, h.n ? (const char *)h.p : ""));
    }
    return list;
}
static bool may_purge(struct rb_chan *c, uint32_t order) {
    struct rb_req *rq = c->rq;
    struct rb_body_view b = {0};
    uint32_t leaf = 0;
    const struct rb_feed *f = rb_chan_feed(c, order, &leaf);
    struct rb_feed_ref at = rb_feed_ref_of(c, f);
    if (!rb_situation_fact(c->s, order)->closed) {
        rb_fail_words(rq, RB_ERR_USAGE, "record",
                      "an open record's body stands in the log, and stays", NULL);
        return false;
    }
    if (f->branch > 0 || !rb_node_body(rq->node, &at, leaf, &b) || b.state == RB_BODY_NONE) {
        rb_fail_words(rq, RB_ERR_DENIED, "record",
                      "no body of this record is here: it is not for us", NULL);
        return false;
    }
    if (b.state != RB_BODY_PURGED) return true;
    rb_fail_words(rq, RB_ERR_EXISTS, "record", "its body was purged here already", NULL);
    return false;
}
void rb_post_purge(struct rb_req *rq) {
    struct rb_chan c;
    uint32_t order = 0;
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    const json_t *reason = json_object_get(rq->body, "reason");
    if (!rb_record_find(rq, rq->part[1], &c, &order) || !may_purge(&c, order)) return;
    if (reason && !json_is_null(reason) && !json_is_string(reason)) {
        rb_fail_words(rq, RB_ERR_USAGE, "reason", "a string is wanted", NULL);
        return;
    }
    json_t *w = purge_warnings(&c, order);
    if (!json_is_true(json_object_get(rq->body, "despite")) && rb_warnings_ask(w)) {
        rb_reply(rq, 409,
                 rb_warnings_refusal(w, "this asks for confirmation; nothing was deleted"));
        return;
    }
    json_decref(w);
    ev.u.submit.what = RB_SUBMIT_PURGE;
    memcpy(ev.u.submit.channel, c.v.id, RB_CHANNEL_LEN);
    ev.u.submit.record = rb_situation_fact(c.s, order)->id;
    if (json_is_string(reason))
        ev.u.submit.reason = rb_slice(json_string_value(reason), json_string_length(reason));
    json_t *extra = json_object();
    rb_j_put(extra, "exercise", json_boolean(c.v.book->exercise));
    rb_j_put(extra, "purged", rb_j_hex(ev.u.submit.record.b, RB_HASH_LEN));
    rb_submit_one(rq, &ev, extra);
}

/* ---- rosters ------------------------------------------------------------------------------------
 */
static json_t *person_json(const struct rb_roster_person *p, int64_t now) {
    json_t *o = json_object();
    bool on = (!p->has_from || p->from_utc_ms <= now) && (!p->has_to || now < p->to_utc_ms);
    rb_j_put(o, "name", rb_j_slice(p->name));
    rb_j_put(o, "duty", p->duty.n ? rb_j_slice(p->duty) : json_null());
    rb_j_put(o, "contact", p->contact.n ? rb_j_slice(p->contact) : json_null());
    rb_j_put(o, "from", p->has_from ? rb_j_time(p->from_utc_ms) : json_null());
    rb_j_put(o, "to", p->has_to ? rb_j_time(p->to_utc_ms) : json_null());
    rb_j_put(o, "on_duty", json_boolean(on));
    return o;
}
static json_t *roster_json(struct rb_chan *c, uint32_t order, struct rb_slice body) {
    struct rb_roster r;
    struct rb_reject rj;
    const struct rb_fact *f = rb_situation_fact(c->s, order);
    if (rb_roster_decode(body, &c->rq->arena, &r, &rj) != RB_OK) return NULL;
    json_t *o = json_object(), *persons = json_array();
    for (size_t i = 0; i < r.persons_n; i++)
        json_array_append_new(persons, person_json(&r.persons[i], c->rq->at_utc_ms));
    rb_j_put(o, "member", rb_chan_handle_json(c, rb_situation_author(c->s, order)));
    rb_j_put(o, "record", rb_j_hex(f->id.b, RB_HASH_LEN));
    rb_j_put(o, "title", rb_j_slice(r.title));
    rb_j_put(o, "created", rb_j_time(f->created_utc_ms));
    rb_j_put(o, "persons", persons);
    return o;
}
/* NULL where it cannot be read here */
static json_t *opened_roster(struct rb_chan *c, uint32_t order) {
    struct rb_slice leaf;
    struct rb_record rec;
    struct rb_opened x;
    if (rb_chan_record(c, order, &leaf, &rec) != RB_OK) return NULL;
    rb_open_record(c, order, &rec, &x);
    json_t *o = x.body.n ? roster_json(c, order, x.body) : NULL;
    rb_opened_end(c->rq, &x);
    return o;
}
static bool counts(const struct rb_chan *c, uint32_t order) {
    const struct rb_sit_record *r = &c->s->order[order];
    if (rb_situation_fact(c->s, order)->kind != RB_KIND_ROSTER || r->mark || r->contested)
        return false;
    return r->superseded_by == RB_NOWHERE &&
           rb_situation_answer(c->s, order, rb_situation_author(c->s, order),
                               RB_POSITION_WITHDRAW) == RB_NOWHERE;
}
/* the latest of each member that can be read here (9.8.1) */
void rb_get_roster(struct rb_req *rq) {
    struct rb_chan c;
    uint64_t done = 0;
    if (!rb_chan_open(rq, rq->part[1], &c)) return;
    json_t *o = rb_chan_head(&c), *list = json_array();
    for (uint32_t i = (uint32_t)c.s->order_n; i > 0; i--) {
        uint64_t bit = UINT64_C(1) << rb_situation_author(c.s, i - 1);
        if ((done & bit) || !counts(&c, i - 1)) continue;
        json_t *one = opened_roster(&c, i - 1);
        if (one == NULL) continue;
        done |= bit;
        json_array_insert_new(list, 0, one);
    }
    rb_j_put(o, "now", rb_j_time(rq->at_utc_ms));
    rb_j_put(o, "rosters", list);
    rb_reply(rq, 200, o);
}

/* ---- unlocking ----------------------------------------------------------------------------------
 */
void rb_post_unlock(struct rb_req *rq) {
    struct rb_api *api = rq->api;
    const json_t *p = json_object_get(rq->body, "passphrase");
    struct rb_fail f = {.field = "passphrase"};
    if (!json_is_string(p)) {
        rb_fail_words(rq, RB_ERR_USAGE, "passphrase", "a string is wanted", NULL);
        return;
    }
    f.err = api->host.unlock(api->host.ctx, rb_slice(json_string_value(p), json_string_length(p)));
    if (f.err == RB_OK) {
        rb_reply(rq, 200, json_pack("{s:b}", "unlocked", 1));
        return;
    }
    f.sentence = "the age key could not be unlocked";
    if (f.err == RB_ERR_SIGNATURE) {
        f.code = "passphrase";
        f.sentence = "this is not the passphrase, or the key file was changed";
    } else if (f.err == RB_ERR_EXISTS) {
        f.field = NULL;
        f.sentence = "the age key is not sealed, or it was unlocked already";
    }
    rb_fail(rq, &f);
}
