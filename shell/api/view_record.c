/* Views of records: log, one record whole, who holds, inbox. */
#include <stdlib.h>
#include "view_instrument.h"
#include "view_places.h"

static json_t *refs_json(const struct rb_hash *h, size_t n) {
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(out, rb_j_hex(h[i].b, RB_HASH_LEN));
    return out;
}
static const char *const ref_names[RB_REF_TYPES] = {"supersedes", "answers", "about", "carries"};
static const char *const class_names[] = {"operation", "exercise", "movement", "site", "area"};

/* one line that tells people what it is */
json_t *rb_record_title(const json_t *body) {
    static const char *const fields[] = {"title", "name",      "reason", "action",
                                         "about", "as_stated", "text"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const json_t *v = json_object_get(body, fields[i]);
        if (json_is_string(v) && json_string_length(v) > 0)
            return json_string(json_string_value(v));
    }
    return json_null();
}

static json_t *demand_json(const struct rb_chan *c, const struct rb_demand *d) {
    if (!d->present) return json_null();
    json_t *o = json_object();
    rb_j_put(o, "by", rb_j_time(d->by_utc_ms));
    rb_j_put(o, "position", json_string(rb_position_name((enum rb_position_type)d->position)));
    rb_j_put(o, "members", d->members ? rb_chan_handles(c, d->members) : json_null());
    return o;
}

json_t *rb_held_list(const struct rb_chan *c, uint32_t order) {
    json_t *out = json_array();
    uint64_t t = 0;
    bool logged = false;
    for (size_t i = 0; i < c->s->members_n; i++) {
        uint16_t m = c->s->members[i].index;
        if (rb_chan_held(c, order, m, &t, &logged))
            json_array_append_new(out, rb_chan_handle_json(c, m));
    }
    return out;
}
json_t *rb_said_list(const struct rb_chan *c, uint32_t order, enum rb_position_type type) {
    json_t *out = json_array();
    for (size_t i = 0; i < c->s->members_n; i++) {
        uint16_t m = c->s->members[i].index;
        if (rb_situation_answer(c->s, order, m, type) != RB_NOWHERE)
            json_array_append_new(out, rb_chan_handle_json(c, m));
    }
    return out;
}

/* null: it is none, or a closed one that was not opened here */
static json_t *position_json(const struct rb_fact *f) {
    if (f->position <= 0) return json_null();
    return json_string(rb_position_name((enum rb_position_type)f->position));
}
static void put_fact(json_t *o, const struct rb_chan *c, uint32_t order) {
    const struct rb_fact *f = rb_situation_fact(c->s, order);
    const struct rb_sit_record *r = &c->s->order[order];
    uint32_t leaf = 0;
    const struct rb_feed *feed = rb_chan_feed(c, order, &leaf);
    rb_j_put(o, "record", rb_j_hex(f->id.b, RB_HASH_LEN));
    rb_j_put(o, "author", rb_chan_handle_json(c, feed->member));
    rb_j_put(o, "epoch", json_integer(feed->epoch));
    rb_j_put(o, "leaf", json_integer(leaf));
    rb_j_put(o, "order", json_integer(order));
    rb_j_put(o, "kind", f->kind ? json_string(rb_kind_name((enum rb_kind)f->kind)) : json_null());
    rb_j_put(o, "class",
             f->notice_class >= 0 && f->notice_class < RB_NOTICE_CLASSES
                 ? json_string(class_names[f->notice_class])
                 : json_null());
    rb_j_put(o, "position", position_json(f));
    rb_j_put(o, "precedence", json_string(rb_precedence_name((enum rb_precedence)f->precedence)));
    rb_j_put(o, "created", rb_j_time(f->created_utc_ms));
    rb_j_put(o, "mark", r->mark ? json_string(rb_mark_name((enum rb_mark)r->mark)) : json_null());
    rb_j_put(o, "mark_sentence",
             r->mark ? json_string(rb_mark_text((enum rb_mark)r->mark)) : json_null());
    rb_j_put(o, "contested", json_boolean(r->contested != 0));
    rb_j_put(o, "closed", json_boolean(f->closed));
    rb_j_put(o, "recipients", f->closed ? rb_chan_handles(c, f->recipients) : json_null());
    rb_j_put(o, "emergency", json_boolean(f->emergency));
    rb_j_put(o, "reported", json_boolean(f->reported));
    rb_j_put(o, "superseded_by",
             r->superseded_by != RB_NOWHERE
                 ? rb_j_hex(rb_situation_fact(c->s, r->superseded_by)->id.b, RB_HASH_LEN)
                 : json_null());
    for (int t = 0; t < RB_REF_TYPES; t++) {
        size_t n = 0;
        const struct rb_hash *h = rb_fact_refs(f, (enum rb_ref)t, &n);
        rb_j_put(o, ref_names[t], refs_json(h, n));
    }
}

/* the body as JSON, null where it cannot be read here; its state into `o` */
static json_t *put_body(json_t *o, struct rb_chan *c, uint32_t order) {
    struct rb_slice leaf;
    struct rb_record rec;
    struct rb_opened x = {.mark = rb_arena_mark(&c->rq->arena)};
    json_t *body = NULL;
    if (rb_chan_record(c, order, &leaf, &rec) == RB_OK) {
        rb_open_record(c, order, &rec, &x);
        body = rb_body_json(c, rec.kind, x.body);
    }
    rb_opened_put(o, &x);
    rb_opened_end(c->rq, &x);
    return body ? body : json_null();
}

json_t *rb_record_brief(struct rb_chan *c, uint32_t order, bool with_body) {
    json_t *o = json_object();
    put_fact(o, c, order);
    rb_j_put(o, "officers", rb_chan_officers(c, order));
    rb_j_put(o, "demand", demand_json(c, &rb_situation_fact(c->s, order)->demand));
    rb_j_put(o, "held_by", rb_held_list(c, order));
    rb_j_put(o, "read_by", rb_said_list(c, order, RB_POSITION_READ));
    json_t *body = put_body(o, c, order);
    rb_j_put(o, "title", rb_record_title(body));
    if (with_body)
        rb_j_put(o, "body", body);
    else
        json_decref(body);
    return o;
}

/* ---- one record whole ----------------------------------------------------------------------- */
json_t *rb_envelope_json(struct rb_chan *c, const struct rb_record *rec) {
    json_t *o = json_object(), *seen = json_array();
    rb_j_put(o, "kind", json_string(rb_kind_name(rec->kind)));
    rb_j_put(o, "channel", rec->has_channel ? rb_j_hex(rec->channel, RB_CHANNEL_LEN) : json_null());
    rb_j_put(o, "created", rb_j_time(rec->created_utc_ms));
    rb_j_put(o, "created_dtg", rb_j_dtg(rec->created_utc_ms));
    rb_j_put(o, "precedence", json_string(rb_precedence_name(rec->precedence)));
    rb_j_put(o, "language", rec->language.n ? rb_j_slice(rec->language) : json_null());
    rb_j_put(o, "recipients", rec->closed ? rb_chan_handles(c, rec->recipients) : json_null());
    rb_j_put(o, "demand", demand_json(c, &rec->demand));
    rb_j_put(o, "emergency", rec->emergency.n ? rb_j_slice(rec->emergency) : json_null());
    for (int t = 0; t < RB_REF_TYPES; t++)
        rb_j_put(o, ref_names[t], refs_json(rec->refs[t].h, rec->refs[t].n));
    for (size_t i = 0; i < rec->seen_n; i++) {
        json_t *e = json_object();
        rb_j_put(e, "member", rb_chan_handle_json(c, rec->seen[i].member));
        rb_j_put(e, "epoch", json_integer(rec->seen[i].epoch));
        rb_j_put(e, "size", json_integer((json_int_t)rec->seen[i].size));
        json_array_append_new(seen, e);
    }
    rb_j_put(o, "seen", seen);
    json_t *rep = json_null();
    if (rec->reported_who.n) {
        rep = json_object();
        rb_j_put(rep, "who", rb_j_slice(rec->reported_who));
        rb_j_put(rep, "carrier", rb_j_slice(rec->reported_carrier));
        rb_j_put(rep, "at",
                 rec->reported_has_at ? rb_j_time(rec->reported_at_utc_ms) : json_null());
        rb_j_put(rep, "sentence", json_string("reported by the author, unsigned by them"));
    }
    rb_j_put(o, "reported", rep);
    return o;
}

json_t *rb_positions_on(struct rb_chan *c, uint32_t order) {
    json_t *out = json_array();
    for (uint32_t i = c->s->order[order].first_answer; i != RB_NOWHERE; i = c->s->answers[i].next) {
        uint32_t a = c->s->answers[i].answer;
        const struct rb_fact *f = rb_situation_fact(c->s, a);
        json_t *o = json_object();
        rb_j_put(o, "record", rb_j_hex(f->id.b, RB_HASH_LEN));
        rb_member_put(o, c, rb_situation_author(c->s, a));
        rb_j_put(o, "position", position_json(f));
        rb_j_put(o, "reported", json_boolean(f->reported));
        rb_j_put(o, "closed", json_boolean(f->closed));
        rb_j_put(o, "created", rb_j_time(f->created_utc_ms));
        rb_j_put(o, "officers", rb_chan_officers(c, a));
        rb_j_put(o, "mark",
                 c->s->order[a].mark ? json_string(rb_mark_name((enum rb_mark)c->s->order[a].mark))
                                     : json_null());
        rb_j_put(o, "body", put_body(o, c, a));
        json_array_append_new(out, o);
    }
    return out;
}

static const struct rb_sit_due *due_of(const struct rb_chan *c, uint32_t order, uint16_t member) {
    for (size_t i = 0; i < c->s->dues_n; i++)
        if (c->s->dues[i].subject == order && c->s->dues[i].member == member) return &c->s->dues[i];
    return NULL;
}
static json_t *due_brief(const struct rb_sit_due *d) {
    if (d == NULL) return json_null();
    json_t *o = json_object();
    rb_j_put(o, "position",
             d->position ? json_string(rb_position_name((enum rb_position_type)d->position))
                         : json_null());
    rb_j_put(o, "due", rb_j_time(d->due_utc_ms));
    rb_j_put(o, "state", json_string(rb_due_state_name((enum rb_due_state)d->state)));
    return o;
}

/* what a member's own records say of its copy of the body; null: the body is in the leaf */
static void put_body_held(json_t *o, const struct rb_chan *c, uint32_t order, uint16_t m) {
    const struct rb_sit_record *r = &c->s->order[order];
    bool closed = rb_situation_fact(c->s, order)->closed;
    bool author = rb_situation_author(c->s, order) == m;
    rb_j_put(o, "body_held", closed ? json_boolean(author || (r->bodies >> m & 1)) : json_null());
    rb_j_put(o, "purged", json_boolean(closed && (r->purged >> m & 1)));
}
/* Held (by a node) and read (by an officer) are two columns, never one. */
static json_t *holder(struct rb_chan *c, uint32_t order, uint16_t m, uint64_t readers) {
    json_t *o = json_object();
    uint64_t t = 0;
    bool logged = false, held = rb_chan_held(c, order, m, &t, &logged);
    bool author = rb_situation_author(c->s, order) == m;
    uint32_t read = rb_situation_answer(c->s, order, m, RB_POSITION_READ);
    uint32_t down = rb_situation_answer(c->s, order, m, RB_POSITION_PASSED_DOWN);
    const struct rb_sit_due *d = due_of(c, order, m);
    rb_j_put(o, "member", rb_chan_handle_json(c, m));
    rb_j_put(o, "reader", json_boolean(readers >> m & 1));
    rb_j_put(o, "author", json_boolean(author));
    rb_j_put(o, "held", json_boolean(held));
    rb_j_put(o, "held_since", held ? rb_j_time_s(t) : json_null());
    rb_j_put(o, "held_logged", json_boolean(held && logged));
    put_body_held(o, c, order, m);
    rb_j_put(o, "read",
             read == RB_NOWHERE ? json_null()
                                : rb_j_time(rb_situation_fact(c->s, read)->created_utc_ms));
    rb_j_put(o, "read_by", read == RB_NOWHERE ? json_array() : rb_chan_officers(c, read));
    rb_j_put(o, "passed_down",
             down == RB_NOWHERE ? json_null()
                                : rb_j_time(rb_situation_fact(c->s, down)->created_utc_ms));
    rb_j_put(o, "due", due_brief(d));
    rb_j_put(o, "overdue", json_boolean(d && d->state == RB_DUE_MISSED));
    return o;
}
static json_t *holders(struct rb_chan *c, uint32_t order) {
    json_t *out = json_array();
    uint64_t readers = rb_situation_readers(c->s, order);
    for (size_t i = 0; i < c->s->members_n; i++)
        json_array_append_new(out, holder(c, order, c->s->members[i].index, readers));
    return out;
}

static json_t *detached_json(const struct rb_record *rec) {
    json_t *o = json_object(), *list = json_array();
    for (size_t i = 0; i < rec->commitments_n; i++) {
        struct rb_hash h;
        rb_record_commitment(rec, i, &h);
        json_array_append_new(list, rb_j_hex(h.b, RB_HASH_LEN));
    }
    rb_j_put(o, "ciphertext", rb_j_hex(rec->ciphertext_hash.b, RB_HASH_LEN));
    rb_j_put(o, "size", json_integer((json_int_t)rec->ciphertext_size));
    rb_j_put(o, "commitments", list);
    return o;
}
static void put_whole(json_t *o, struct rb_chan *c, uint32_t order, const struct rb_record *rec) {
    struct rb_opened x;
    rb_open_record(c, order, rec, &x);
    json_t *body = rb_body_json(c, rec->kind, x.body);
    rb_j_put(o, "readable", json_boolean(x.body.n > 0));
    rb_j_put(o, "title", rb_record_title(body));
    rb_j_put(o, "body", body);
    rb_opened_put(o, &x);
    rb_j_put(o, "purge_at", rb_j_time(x.view.purge_utc_ms));
    rb_notice_put(o, c, order, rec, x.body);
    rb_opened_end(c->rq, &x);
    rb_j_put(o, "detached", rec->closed ? detached_json(rec) : json_null());
    rb_j_put(o, "envelope", rb_envelope_json(c, rec));
    rb_j_put(o, "signers",
             rb_chan_signers(c, rb_situation_author(c->s, order), rec->signers, rec->signers_n));
}
/* its leaf, in the request's memory: a view of it reads others' leaves beside it */
static bool record_kept(struct rb_chan *c, uint32_t order, struct rb_record *rec) {
    struct rb_slice leaf;
    struct rb_reject rj;
    if (rb_chan_leaf(c, order, &leaf) != RB_OK) return false;
    uint8_t *copy = rb_arena_alloc(&c->rq->arena, leaf.n);
    if (copy == NULL) return false;
    memcpy(copy, leaf.p, leaf.n);
    return rb_record_decode(rb_slice(copy, leaf.n), rec, &rj) == RB_OK;
}
json_t *rb_record_full(struct rb_chan *c, uint32_t order) {
    json_t *o = rb_chan_head(c);
    struct rb_slice leaf;
    struct rb_record rec;
    const size_t mark = rb_arena_mark(&c->rq->arena);
    /* the record's own title takes the name */
    rb_j_put(o, "channel_title", json_incref(json_object_get(o, "title")));
    put_fact(o, c, order);
    rb_j_put(o, "officers", rb_chan_officers(c, order));
    rb_j_put(o, "readers", rb_chan_handles(c, rb_situation_readers(c->s, order)));
    rb_j_put(o, "from", rb_member_json(c, rb_situation_author(c->s, order)));
    rb_j_put(o, "instrument", rb_instrument_state_json(c, order));
    rb_j_put(o, "positions", rb_positions_on(c, order));
    rb_j_put(o, "holders", holders(c, order));
    rb_j_put(o, "state", json_string("logged"));
    rb_j_put(o, "readable", json_false());
    if (record_kept(c, order, &rec)) put_whole(o, c, order, &rec);
    rb_req_wipe(c->rq, mark);
    if (rb_chan_leaf(c, order, &leaf) == RB_OK) rb_j_put(o, "leaf_bytes", rb_j_base64(leaf));
    return o;
}

/* the one channel that holds a record with this prefix */
static size_t search(struct rb_req *rq, const char *name, uint8_t id[RB_CHANNEL_LEN],
                     struct rb_hash *record, bool *ambiguous) {
    size_t hits = 0;
    for (size_t i = 0; i < rb_node_channels(rq->node); i++) {
        struct rb_channel_view v;
        struct rb_feed *f = NULL;
        size_t leaf = 0;
        if (!rb_node_channel(rq->node, i, &v)) continue;
        enum rb_err err = rb_book_find_prefix(v.book, rb_str(name), &f, &leaf);
        if (err == RB_ERR_EXISTS) *ambiguous = true;
        if (err != RB_OK) continue;
        memcpy(id, v.id, RB_CHANNEL_LEN);
        if (leaf < f->facts_n) *record = f->facts[leaf].id;
        hits++;
    }
    return hits;
}
/* It is in no log here; it may be on its way there. */
static void not_logged(struct rb_req *rq, const char *name, bool show) {
    json_t *o = NULL;
    size_t hits = rb_waiting_find(rq, name, &o);
    if (hits == 1 && show) {
        rb_reply(rq, 200, o);
        return;
    }
    if (hits == 0)
        rb_fail_words(rq, RB_ERR_NOT_FOUND, "record", "no record with these digits is held here",
                      "`readback log CHANNEL` shows what is");
    else if (hits > 1)
        rb_fail_words(rq, RB_ERR_EXISTS, "record", "these digits fit more than one record",
                      "give more digits");
    else
        rb_fail_words(
            rq, RB_ERR_NOT_FOUND, "record",
            "the record is in no log here yet: it waits to be sent, or is an advance copy",
            "`readback show` shows it");
    json_decref(o);
}
static bool find(struct rb_req *rq, const char *name, bool show, struct rb_chan *c,
                 uint32_t *order) {
    uint8_t id[RB_CHANNEL_LEN];
    struct rb_hash record = {{0}};
    bool ambiguous = false;
    if (strlen(name) < 8 || strlen(name) > 64 || strspn(name, "0123456789abcdef") != strlen(name)) {
        rb_fail_words(rq, RB_ERR_USAGE, "record",
                      "a record is named by at least 8 hex digits of its hash",
                      "`readback log` shows them");
        return false;
    }
    size_t hits = search(rq, name, id, &record, &ambiguous);
    if (hits > 1 || ambiguous) {
        rb_fail_words(rq, RB_ERR_EXISTS, "record", "these digits fit more than one record",
                      "give more digits");
        return false;
    }
    if (hits == 0) {
        not_logged(rq, name, show);
        return false;
    }
    if (!rb_chan_open_id(rq, id, c)) return false;
    *order = rb_situation_find(c->s, &record);
    if (*order != RB_NOWHERE) return true;
    rb_fail_words(rq, RB_ERR_BUSY, "record", "the record is held and not yet judged", NULL);
    return false;
}
bool rb_record_find(struct rb_req *rq, const char *name, struct rb_chan *c, uint32_t *order) {
    return find(rq, name, false, c, order);
}
void rb_get_record(struct rb_req *rq) {
    struct rb_chan c;
    uint32_t order = 0;
    if (find(rq, rq->part[1], true, &c, &order)) rb_reply(rq, 200, rb_record_full(&c, order));
}

/* ---- lists ---------------------------------------------------------------------------------- */
struct filter {
    bool has_kind, all;
    enum rb_kind kind;
    uint16_t author; /* RB_NO_MEMBER: any */
    int64_t since;
    uint64_t limit, last;
    uint32_t after; /* first order to look at */
};
static bool filter_kind(struct rb_req *rq, struct filter *f) {
    char buf[64];
    if (!rb_query(rq, "kind", buf, sizeof buf)) return true;
    f->has_kind = true;
    if (rb_kind_decode(rb_str(buf), &f->kind) == RB_OK) return true;
    rb_fail_words(rq, RB_ERR_USAGE, "kind", "there is no such kind of record",
                  "`readback help kinds` lists them");
    return false;
}
static bool filter_author(struct rb_chan *c, struct filter *f) {
    char buf[RB_MAX_HANDLE + 1];
    f->author = RB_NO_MEMBER;
    if (!rb_query(c->rq, "author", buf, sizeof buf)) return true;
    const struct rb_book_member *m = rb_book_member_by_handle(c->v.book, rb_str(buf));
    if (m)
        f->author = m->index;
    else
        rb_fail_words(c->rq, RB_ERR_USAGE, "author", "no member of the channel has this handle",
                      NULL);
    return m != NULL;
}
static bool filter_since(struct rb_chan *c, struct filter *f) {
    char buf[80];
    f->since = INT64_MIN;
    if (!rb_query(c->rq, "since", buf, sizeof buf)) return true;
    json_t *v = json_string(buf);
    enum rb_err err = rb_json_time(v, &f->since);
    json_decref(v);
    if (err == RB_OK) return true;
    rb_fail_words(c->rq, RB_ERR_USAGE, "since", "a time like 2015-09-30T13:00:00Z is wanted", NULL);
    return false;
}
static bool filter_after(struct rb_chan *c, struct filter *f) {
    char buf[80];
    struct rb_feed *feed = NULL;
    size_t leaf = 0;
    f->after = 0;
    if (!rb_query(c->rq, "after", buf, sizeof buf)) return true;
    if (rb_book_find_prefix(c->v.book, rb_str(buf), &feed, &leaf) == RB_OK) {
        uint32_t at = rb_situation_find(c->s, &feed->facts[leaf].id);
        f->after = at == RB_NOWHERE ? 0 : at + 1;
        return true;
    }
    rb_fail_words(c->rq, RB_ERR_NOT_FOUND, "after", "no such record in this channel", NULL);
    return false;
}
static bool filter_get(struct rb_chan *c, struct filter *f) {
    uint64_t all = 0;
    *f = (struct filter){0};
    if (!filter_kind(c->rq, f) || !filter_author(c, f) || !filter_since(c, f) ||
        !filter_after(c, f))
        return false;
    if (!rb_query_uint(c->rq, "limit", 200, 1000, &f->limit)) return false;
    if (!rb_query_uint(c->rq, "last", 0, 1000, &f->last)) return false;
    if (!rb_query_uint(c->rq, "all", 0, 1, &all)) return false;
    f->all = all != 0;
    return true;
}
static bool passes(const struct rb_chan *c, const struct filter *f, uint32_t order) {
    const struct rb_fact *x = rb_situation_fact(c->s, order);
    if (f->has_kind && x->kind != f->kind) return false;
    if (f->author != RB_NO_MEMBER && rb_situation_author(c->s, order) != f->author) return false;
    return x->created_utc_ms >= f->since;
}
/* where a list of the last N that pass begins */
static uint32_t first_of_last(const struct rb_chan *c, const struct filter *f,
                              bool (*pass)(const struct rb_chan *, const struct filter *,
                                           uint32_t)) {
    uint32_t at = (uint32_t)c->s->order_n;
    for (uint64_t n = 0; at > f->after && n < f->last; at--)
        n += pass(c, f, at - 1);
    return at;
}
static void list(struct rb_chan *c, const struct filter *f, json_t *out,
                 bool (*pass)(const struct rb_chan *, const struct filter *, uint32_t),
                 json_t *(*show)(struct rb_chan *, uint32_t)) {
    json_t *records = json_array(), *next = json_null();
    uint32_t at = f->last ? first_of_last(c, f, pass) : f->after;
    for (; at < c->s->order_n; at++) {
        if (!pass(c, f, at)) continue;
        if (json_array_size(records) == f->limit) {
            next = rb_j_hex(rb_situation_fact(c->s, at - 1)->id.b, RB_HASH_LEN);
            break;
        }
        json_array_append_new(records, show(c, at));
    }
    rb_j_put(out, "records", records);
    rb_j_put(out, "next_after", next);
    rb_j_put(out, "total", json_integer((json_int_t)c->s->order_n));
}

static json_t *show_brief(struct rb_chan *c, uint32_t order) {
    return rb_record_brief(c, order, false);
}
static json_t *show_body(struct rb_chan *c, uint32_t order) {
    return rb_record_brief(c, order, true);
}

void rb_get_log(struct rb_req *rq) {
    struct rb_chan c;
    struct filter f;
    uint64_t bodies = 0;
    if (!rb_chan_open(rq, rq->part[1], &c) || !filter_get(&c, &f)) return;
    if (!rb_query_uint(rq, "bodies", 0, 1, &bodies)) return;
    json_t *o = rb_chan_head(&c);
    rb_j_put(o, "now", rb_j_time(rq->at_utc_ms));
    list(&c, &f, o, passes, bodies ? show_body : show_brief);
    rb_reply(rq, 200, o);
}

/* Whom it concerns to know who holds it: what officers say. Machine records, key matters and plain
 * readings are shown with all=1. */
static bool is_said(const struct rb_fact *f) {
    if (f->kind == 0 || rb_kind_is_machine((enum rb_kind)f->kind)) return false;
    if (f->kind == RB_KIND_DELEGATION || f->kind == RB_KIND_CARD || f->kind == RB_KIND_ROTATION)
        return false;
    return f->position != RB_POSITION_READ && f->position != RB_POSITION_PASSED_DOWN;
}
static bool passes_said(const struct rb_chan *c, const struct filter *f, uint32_t order) {
    return passes(c, f, order) &&
           (f->all || f->has_kind || is_said(rb_situation_fact(c->s, order)));
}
static json_t *show_holders(struct rb_chan *c, uint32_t order) {
    json_t *o = json_object();
    put_fact(o, c, order);
    json_t *body = put_body(o, c, order);
    rb_j_put(o, "title", rb_record_title(body));
    rb_j_put(o, "holders", holders(c, order));
    json_decref(body);
    return o;
}
void rb_get_who_holds(struct rb_req *rq) {
    struct rb_chan c;
    struct filter f;
    if (!rb_chan_open(rq, rq->part[1], &c) || !filter_get(&c, &f)) return;
    json_t *o = rb_chan_head(&c), *members = json_array();
    for (size_t i = 0; i < c.s->members_n; i++)
        json_array_append_new(members, rb_chan_handle_json(&c, c.s->members[i].index));
    rb_j_put(o, "now", rb_j_time(rq->at_utc_ms));
    rb_j_put(o, "members", members);
    list(&c, &f, o, passes_said, show_holders);
    rb_reply(rq, 200, o);
}

/* ---- inbox ---------------------------------------------------------------------------------- */
static bool answered_by_us(const struct rb_chan *c, uint32_t order) {
    for (uint32_t i = c->s->order[order].first_answer; i != RB_NOWHERE; i = c->s->answers[i].next)
        if (rb_situation_author(c->s, c->s->answers[i].answer) == c->v.own_member) return true;
    return false;
}
static json_t *inbox_why(const struct rb_chan *c, uint32_t order, const struct rb_sit_due **due) {
    json_t *why = json_array();
    const struct rb_fact *f = rb_situation_fact(c->s, order);
    bool mine = rb_situation_author(c->s, order) == c->v.own_member;
    *due = due_of(c, order, c->v.own_member);
    if (*due && (*due)->state != RB_DUE_PENDING && (*due)->state != RB_DUE_MISSED) *due = NULL;
    if (*due && (*due)->answer != RB_NOWHERE) *due = NULL;
    bool readable = rb_situation_readers(c->s, order) >> c->v.own_member & 1;
    if (!mine && readable && is_said(f) && c->s->order[order].superseded_by == RB_NOWHERE &&
        !answered_by_us(c, order))
        json_array_append_new(why, json_string("unread"));
    if (*due)
        json_array_append_new(
            why, json_string((*due)->state == RB_DUE_MISSED ? "overdue" : "answer-due"));
    return why;
}
struct touched { /* what arrived notices touch, of all channels */
    json_t *list;
    uint64_t looks; /* left for this answer (10.6.16) */
    json_int_t uncompared;
};
static void inbox_channel(struct rb_chan *c, json_t *items, struct touched *t) {
    for (uint32_t i = 0; i < c->s->order_n; i++) {
        const struct rb_sit_due *due = NULL;
        json_t *why = inbox_why(c, i, &due);
        if (json_array_size(why) == 0) {
            json_decref(why);
            continue;
        }
        if (strcmp(json_string_value(json_array_get(why, 0)), "unread") == 0)
            t->uncompared += !rb_arrived_put(t->list, c, i, &t->looks);
        json_t *o = rb_chan_head(c), *brief = rb_record_brief(c, i, true);
        rb_j_put(brief, "channel_title", json_incref(json_object_get(o, "title")));
        json_object_del(o, "title");
        json_object_update(o, brief);
        json_decref(brief);
        rb_j_put(o, "due", due_brief(due));
        rb_j_put(o, "why", why);
        json_array_append_new(items, o);
    }
}
static int rank(const json_t *o) {
    enum rb_precedence p = RB_ROUTINE;
    if (rb_precedence_decode(rb_str(rb_j_string(o, "precedence")), &p) != RB_OK) return RB_ROUTINE;
    return (int)p;
}
static int cmp_item(const void *a, const void *b) {
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    if (rank(x) != rank(y)) return rank(x) - rank(y);
    int t = strcmp(rb_j_string(x, "created") ? rb_j_string(x, "created") : "",
                   rb_j_string(y, "created") ? rb_j_string(y, "created") : "");
    if (t != 0) return t;
    return strcmp(rb_j_string(x, "record"), rb_j_string(y, "record"));
}
/* FLASH first, then by time of writing */
static json_t *sorted(json_t *items) {
    size_t n = json_array_size(items);
    json_t **v = calloc(n ? n : 1, sizeof(json_t *));
    json_t *out = json_array();
    for (size_t i = 0; v && i < n; i++)
        v[i] = json_array_get(items, i);
    if (v) qsort(v, n, sizeof *v, cmp_item);
    for (size_t i = 0; v && i < n; i++)
        json_array_append(out, v[i]);
    free(v);
    json_decref(items);
    return out;
}

void rb_get_inbox(struct rb_req *rq) {
    json_t *items = json_array(), *invited = json_array(), *o = json_object();
    json_t *reminders = json_array(), *advances = json_array();
    struct touched t = {.list = json_array(), .looks = RB_CHECK_LOOKS};
    for (size_t i = 0; i < rb_node_channels(rq->node); i++) {
        struct rb_channel_view v;
        struct rb_chan c;
        uint8_t id[RB_CHANNEL_LEN];
        if (!rb_node_channel(rq->node, i, &v)) continue;
        memcpy(id, v.id, sizeof id);
        if (rb_chan_look(rq, id, &c) != RB_OK) continue;
        if (c.v.state == RB_OWN_INVITED) json_array_append_new(invited, rb_chan_summary(&c));
        inbox_channel(&c, items, &t);
        rb_reminders_put(&c, reminders);
        rb_advances_put(&c, advances);
    }
    rb_j_put(o, "now", rb_j_time(rq->at_utc_ms));
    rb_j_put(o, "advances", advances);
    rb_j_put(o, "items", sorted(items));
    rb_j_put(o, "invitations", invited);
    rb_j_put(o, "conflicts", t.list);
    rb_j_put(o, "uncompared", json_integer(t.uncompared));
    rb_j_put(o, "reminders", reminders);
    rb_reply(rq, 200, o);
}
