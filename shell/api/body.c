/* What can be read of a record's body here: in the leaf of an open one, out of the stored
 * ciphertext of a closed one that names us. Opened for one request, wiped before it is over. */
#include "internal.h"

static bool locked(const struct rb_api *api) {
    return api->host.locked != NULL && api->host.locked(api->host.ctx);
}
bool rb_age_locked(const struct rb_req *rq) {
    return locked(rq->api);
}

void rb_req_wipe(struct rb_req *rq, size_t mark) {
    if (rq->arena.used > mark) rb_wipe(rq->arena.p + mark, rq->arena.used - mark);
    rb_arena_release(&rq->arena, mark);
}

static void unreadable(struct rb_opened *o, enum rb_body_state state, const char *why) {
    o->state = state;
    o->why = why;
    o->body = rb_slice(NULL, 0);
}
static void failed(struct rb_opened *o, enum rb_err err) {
    if (err == RB_ERR_STATE)
        unreadable(o, RB_BODY_HELD, "the age key is sealed");
    else if (err == RB_ERR_NOT_FOUND)
        unreadable(o, RB_BODY_MISSING, "it is not stored here");
    else if (err == RB_ERR_LIMIT || err == RB_ERR_IO)
        unreadable(o, RB_BODY_HELD, "it could not be read from the disk now");
    else
        unreadable(o, RB_BODY_BAD, "what is stored here does not open");
}
/* the head of stored ciphertext, in the request's memory */
static void read_head(struct rb_req *rq, const struct rb_body_ref *ref, enum rb_kind kind,
                      struct rb_opened *o) {
    struct rb_api *api = rq->api;
    struct rb_reject rj;
    size_t n = 0;
    uint8_t *buf = rb_arena_alloc(&rq->arena, RB_MAX_HEAD);
    enum rb_err err =
        buf ? api->host.open_head(api->host.ctx, ref, kind, buf, RB_MAX_HEAD, &n) : RB_ERR_LIMIT;
    if (err == RB_OK) err = rb_sealed_head_decode(kind, rb_slice(buf, n), &o->head, &rj);
    if (err != RB_OK) {
        failed(o, err);
        return;
    }
    o->state = RB_BODY_OPENED;
    o->why = NULL;
    o->body = o->head.body;
    o->bytes = rb_slice(buf, n);
}

static const char *why_not(enum rb_body_state state) {
    switch (state) {
    case RB_BODY_MISSING:
        return "it has not arrived yet";
    case RB_BODY_HELD:
        return "it has not been opened yet";
    case RB_BODY_BAD:
        return "it does not open, or is not what the leaf says";
    case RB_BODY_PURGED:
        return "it was deleted here";
    case RB_BODY_NONE:
    case RB_BODY_OPENED:
        break;
    }
    return NULL;
}
void rb_open_at(struct rb_chan *c, const struct rb_feed *f, uint64_t leaf,
                const struct rb_record *rec, struct rb_opened *o) {
    struct rb_feed_ref at = rb_feed_ref_of(c, f);
    *o = (struct rb_opened){.closed = rec->closed, .mark = rb_arena_mark(&c->rq->arena)};
    if (!rec->closed) {
        o->body = rec->body;
        return;
    }
    /* whom the leaf does not name is shown nothing, whatever should lie here */
    if ((rec->recipients >> c->v.own_member & 1) && f->branch > 0) {
        unreadable(o, RB_BODY_MISSING,
                   "it stands in another history of a forked feed: bodies of those are not fetched");
        return;
    }
    if (!(rec->recipients >> c->v.own_member & 1) ||
        !rb_node_body(c->rq->node, &at, leaf, &o->view)) {
        o->view = (struct rb_body_view){0};
        return;
    }
    unreadable(o, o->view.state, o->view.why ? o->view.why : why_not(o->view.state));
    if (o->state != RB_BODY_HELD && o->state != RB_BODY_OPENED) return;
    if (locked(c->rq->api))
        failed(o, RB_ERR_STATE);
    else if (o->state == RB_BODY_OPENED)
        read_head(c->rq, &o->view.ref, rec->kind, o);
}
void rb_open_record(struct rb_chan *c, uint32_t order, const struct rb_record *rec,
                    struct rb_opened *o) {
    uint32_t leaf = 0;
    const struct rb_feed *f = rb_chan_feed(c, order, &leaf);
    rb_open_at(c, f, leaf, rec, o);
}
void rb_open_own(struct rb_req *rq, uint16_t own_member, const struct rb_record *rec,
                 struct rb_opened *o) {
    struct rb_body_ref ref = {.member = own_member, .hash = rec->ciphertext_hash};
    *o = (struct rb_opened){.closed = rec->closed, .mark = rb_arena_mark(&rq->arena)};
    memcpy(ref.channel, rec->channel, RB_CHANNEL_LEN);
    o->view.ref = ref;
    o->view.size = rec->ciphertext_size;
    if (!rec->closed)
        o->body = rec->body;
    else if (locked(rq->api))
        failed(o, RB_ERR_STATE);
    else
        read_head(rq, &ref, rec->kind, o);
}
void rb_opened_end(struct rb_req *rq, struct rb_opened *o) {
    rb_req_wipe(rq, o->mark);
    o->body = o->bytes = rb_slice(NULL, 0);
    o->head = (struct rb_sealed_head){0};
}

json_t *rb_body_json(struct rb_chan *c, enum rb_kind kind, struct rb_slice body) {
    const struct rb_schema *s = rb_body_schema(kind);
    if (body.n == 0 || s == NULL) return json_null();
    struct rb_names names = rb_chan_names(c);
    return rb_body_to_json(s, body, &names);
}
/* null: an open record has no state of its body; "": it is not for us */
void rb_opened_put(json_t *out, const struct rb_opened *o) {
    rb_j_put(out, "body_state",
             o->closed ? json_string(rb_body_state_name(o->state)) : json_null());
    rb_j_put(out, "body_why", o->closed && o->why ? json_string(o->why) : json_null());
}
bool rb_fail_locked(struct rb_req *rq) {
    if (!locked(rq->api)) return false;
    struct rb_fail f = {.err = RB_ERR_STATE,
                        .code = "locked",
                        .sentence = "the age key is sealed: closed records can be neither written "
                                    "nor read before it is unlocked",
                        .hint = "`readback unlock` asks for its passphrase"};
    rb_fail(rq, &f);
    return true;
}
