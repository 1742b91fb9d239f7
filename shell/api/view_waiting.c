/* Records that are in no log here yet: what waits in our outbox, and advance copies (spec 6.17.3).
 * They have no place, nobody holds them, and they are shown for what they are. */
#include <stdlib.h>
#include <string.h>
#include "internal.h"
#include "readback/text.h"

static bool named(const struct rb_hash *id, const char *name) {
    char hex[2 * RB_HASH_LEN + 1];
    struct rb_writer w = rb_writer(hex, sizeof hex);
    rb_put_hex(&w, id->b, RB_HASH_LEN);
    return strncmp(rb_writer_z(&w), name, strlen(name)) == 0;
}

/* what is true of both; `title` is the record's own */
static json_t *record_json(struct rb_chan *c, const struct rb_hash *id, uint16_t author,
                           const struct rb_record *rec, json_t *body) {
    json_t *o = rb_chan_head(c);
    rb_j_put(o, "channel_title", json_incref(json_object_get(o, "title")));
    rb_j_put(o, "record", rb_j_hex(id->b, RB_HASH_LEN));
    rb_j_put(o, "author", rb_chan_handle_json(c, author));
    rb_j_put(o, "kind", json_string(rb_kind_name(rec->kind)));
    rb_j_put(o, "precedence", json_string(rb_precedence_name(rec->precedence)));
    rb_j_put(o, "created", rb_j_time(rec->created_utc_ms));
    rb_j_put(o, "closed", json_boolean(rec->closed));
    rb_j_put(o, "recipients", rec->closed ? rb_chan_handles(c, rec->recipients) : json_null());
    rb_j_put(o, "envelope", rb_envelope_json(c, rec));
    rb_j_put(o, "signers", rb_chan_signers(c, author, rec->signers, rec->signers_n));
    if (body == NULL) body = json_null();
    rb_j_put(o, "readable", json_boolean(!json_is_null(body)));
    rb_j_put(o, "title", rb_record_title(body));
    rb_j_put(o, "body", body);
    rb_j_put(o, "positions", json_array());
    rb_j_put(o, "holders", json_array());
    rb_j_put(o, "leaf_bytes", json_null());
    return o;
}

/* why it is not in our log */
static void put_why(struct rb_writer *w, const struct rb_chan *c, const struct rb_outbox_view *v) {
    if (v->stale) {
        rb_put_z(w, "it was signed for an earlier epoch of our log, and becomes a draft to be "
                    "signed again");
    } else if (c->v.waiting) {
        rb_put_z(w, c->v.waiting);
    } else if (c->v.held_up) {
        rb_put_z(w, "the line to ");
        rb_put_slice(w, rb_chan_handle(c, c->v.held_up_by));
        rb_put_z(w, " is slow and has to take what came before");
    } else {
        rb_put_z(w, "its turn comes by itself");
    }
}

static json_t *waiting_json(struct rb_chan *c, const struct rb_outbox_view *v,
                            struct rb_record *rec) {
    struct rb_opened x;
    struct rb_reject rj;
    char buf[256];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    if (rb_record_decode(v->leaf, rec, &rj) != RB_OK) return NULL;
    rb_open_own(c->rq, c->v.own_member, rec, &x);
    json_t *o = record_json(c, &v->id, c->v.own_member, rec, rb_body_json(c, rec->kind, x.body));
    rb_opened_put(o, &x);
    rb_opened_end(c->rq, &x);
    rb_put_z(&w, "Waiting, not sent: ");
    put_why(&w, c, v);
    rb_put_u8(&w, '.');
    rb_j_put(o, "state", json_string("waiting"));
    rb_j_put(o, "state_sentence", json_string(rb_writer_z(&w)));
    rb_j_put(o, "came", json_null());
    return o;
}

static json_t *advance_json(struct rb_chan *c, const struct rb_advance_view *a) {
    char buf[256];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    json_t *body = a->record.closed ? json_null() : rb_body_json(c, a->record.kind, a->record.body);
    json_t *o = record_json(c, &a->id, a->member, &a->record, body);
    rb_put_z(&w, "Advance copy: not yet in the log of ");
    rb_put_slice(&w, rb_chan_handle(c, a->member));
    rb_put_z(&w, ". Nothing rests on it, and it cannot be answered before its record is here; it "
                 "is kept ten minutes at most.");
    rb_j_put(o, "state", json_string("advance"));
    rb_j_put(o, "state_sentence", json_string(rb_writer_z(&w)));
    rb_j_put(o, "came", rb_j_time(a->came_utc_ms));
    return o;
}

struct search {
    const char *name;
    size_t hits;
    json_t *first;
};
static void search_outbox(struct rb_chan *c, struct search *s, struct rb_record *rec) {
    struct rb_outbox_view v = {0};
    while (rb_node_outbox_next(c->rq->node, c->v.id, &v)) {
        if (!named(&v.id, s->name)) continue;
        if (s->hits++ == 0) s->first = waiting_json(c, &v, rec);
    }
}
static void search_advances(struct rb_chan *c, struct search *s, struct rb_advance_view *a) {
    for (size_t i = 0; rb_node_advance(c->rq->node, c->v.id, i, a); i++) {
        if (!named(&a->id, s->name)) continue;
        if (s->hits++ == 0) s->first = advance_json(c, a);
    }
}

size_t rb_waiting_find(struct rb_req *rq, const char *name, json_t **out) {
    struct search s = {.name = name};
    struct rb_record *rec = rb_json_room(sizeof *rec);
    struct rb_advance_view *a = rb_json_room(sizeof *a);
    for (size_t i = 0; rec && a && i < rb_node_channels(rq->node); i++) {
        struct rb_channel_view v;
        struct rb_chan c;
        uint8_t id[RB_CHANNEL_LEN];
        if (!rb_node_channel(rq->node, i, &v)) continue;
        memcpy(id, v.id, sizeof id);
        if (rb_chan_look(rq, id, &c) != RB_OK) continue;
        search_outbox(&c, &s, rec);
        search_advances(&c, &s, a);
    }
    rb_json_room_back(a);
    rb_json_room_back(rec);
    *out = s.first;
    return s.first ? s.hits : 0;
}
