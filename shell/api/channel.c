/* A channel being looked at: found by its name, with its situation folded for the wanted time. */
#include "internal.h"
#include "readback/text.h"

enum rb_err rb_chan_look(struct rb_req *rq, const uint8_t id[RB_CHANNEL_LEN], struct rb_chan *c) {
    *c = (struct rb_chan){.rq = rq};
    if (!rb_node_channel_by_id(rq->node, id, &c->v)) return RB_ERR_NOT_FOUND;
    RB_TRY(rb_node_situation(rq->node, id, rq->at_utc_ms, &c->s));
    c->charter = c->s->charter ? c->s->charter : c->v.book->charter;
    return RB_OK;
}
bool rb_chan_open_id(struct rb_req *rq, const uint8_t id[RB_CHANNEL_LEN], struct rb_chan *c) {
    enum rb_err err = rb_chan_look(rq, id, c);
    if (err == RB_OK) return true;
    const char *s = err == RB_ERR_NOT_FOUND ? "no channel of this id is known here"
                                            : "the channel's situation could not be worked out";
    rb_fail_words(rq, err, "channel", s, "`readback channel list` shows the channels of this node");
    return false;
}

bool rb_chan_open_lite(struct rb_req *rq, const uint8_t id[RB_CHANNEL_LEN], struct rb_chan *c) {
    *c = (struct rb_chan){.rq = rq};
    if (rb_node_channel_by_id(rq->node, id, &c->v) && c->v.charter) {
        c->charter = c->v.charter;
        return true;
    }
    rb_fail_words(rq, RB_ERR_NOT_FOUND, "channel", "no channel of this id is known here",
                  "`readback channel list` shows the channels of this node");
    return false;
}

static bool is_hex(const char *z) {
    return *z && strspn(z, "0123456789abcdef") == strlen(z);
}

static bool hex_starts(const uint8_t id[RB_CHANNEL_LEN], const char *prefix) {
    char buf[2 * RB_CHANNEL_LEN + 1];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_hex(&w, id, RB_CHANNEL_LEN);
    return strlen(prefix) <= w.n && memcmp(buf, prefix, strlen(prefix)) == 0;
}
/* how many channels the name fits; *id is the last of them */
static size_t fitting(struct rb_req *rq, const char *name, bool title, uint8_t id[RB_CHANNEL_LEN]) {
    size_t hits = 0;
    struct rb_channel_view v;
    for (size_t i = 0; i < rb_node_channels(rq->node); i++) {
        if (!rb_node_channel(rq->node, i, &v)) continue;
        bool fits = title ? v.book->charter && rb_slice_is(v.book->charter->title, name)
                          : is_hex(name) && strlen(name) >= 4 && hex_starts(v.id, name);
        if (!fits) continue;
        memcpy(id, v.id, RB_CHANNEL_LEN);
        hits++;
    }
    return hits;
}
bool rb_chan_name(struct rb_req *rq, const char *name, uint8_t id[RB_CHANNEL_LEN]) {
    size_t hits = fitting(rq, name, true, id);
    if (hits == 0) hits = fitting(rq, name, false, id);
    if (hits == 1) return true;
    if (hits == 0)
        rb_fail_words(rq, RB_ERR_NOT_FOUND, "channel",
                      "no channel of this name or number is known here",
                      "`readback channel list` shows the channels of this node");
    else
        rb_fail_words(rq, RB_ERR_EXISTS, "channel", "this name fits more than one channel",
                      "give more digits of the channel's number");
    return false;
}
bool rb_chan_open(struct rb_req *rq, const char *name, struct rb_chan *c) {
    uint8_t id[RB_CHANNEL_LEN];
    return rb_chan_name(rq, name, id) && rb_chan_open_id(rq, id, c);
}

struct rb_slice rb_chan_handle(const struct rb_chan *c, uint16_t member) {
    const struct rb_member *m = rb_book_listed(c->v.book, member);
    return m ? m->handle : rb_slice(NULL, 0);
}
json_t *rb_chan_handle_json(const struct rb_chan *c, uint16_t member) {
    struct rb_slice h = rb_chan_handle(c, member);
    return h.n ? rb_j_slice(h) : json_null();
}
json_t *rb_chan_handles(const struct rb_chan *c, uint64_t members) {
    json_t *out = json_array();
    for (uint16_t i = 0; i < RB_MAX_MEMBERS; i++)
        if (members >> i & 1) json_array_append_new(out, rb_chan_handle_json(c, i));
    return out;
}
json_t *rb_chan_head(const struct rb_chan *c) {
    json_t *o = json_object();
    rb_j_put(o, "exercise", json_boolean(c->v.book->exercise));
    rb_j_put(o, "channel", rb_j_hex(c->v.id, RB_CHANNEL_LEN));
    rb_j_put(o, "title", rb_j_slice(c->charter->title));
    return o;
}

static bool name_index(void *ctx, struct rb_slice handle, uint16_t *out) {
    struct rb_chan *c = ctx;
    const struct rb_book_member *m = rb_book_member_by_handle(c->v.book, handle);
    if (m == NULL) return false;
    *out = m->index;
    return true;
}
static bool name_handle(void *ctx, uint16_t index, struct rb_slice *out) {
    *out = rb_chan_handle(ctx, index);
    return out->n > 0;
}
struct rb_names rb_chan_names(struct rb_chan *c) {
    return (struct rb_names){c, name_index, name_handle};
}

const struct rb_feed *rb_chan_feed(const struct rb_chan *c, uint32_t order, uint32_t *leaf) {
    const struct rb_place *p = &c->s->order[order].place;
    if (leaf) *leaf = p->leaf;
    return c->v.book->feeds[p->feed];
}
struct rb_feed_ref rb_feed_ref_of(const struct rb_chan *c, const struct rb_feed *f) {
    struct rb_feed_ref r = {.member = f->member, .epoch = f->epoch};
    memcpy(r.channel, c->v.id, RB_CHANNEL_LEN);
    return r;
}
enum rb_err rb_chan_leaf(struct rb_chan *c, uint32_t order, struct rb_slice *leaf) {
    struct rb_api *api = c->rq->api;
    uint32_t at = 0;
    const struct rb_feed *f = rb_chan_feed(c, order, &at);
    struct rb_feed_ref ref = rb_feed_ref_of(c, f);
    size_t n = 0;
    if (f->branch > 0) { /* of another history of its feed */
        struct rb_slice beside = rb_node_branch_leaf(c->rq->node, &ref, f->branch, at);
        if (beside.n == 0 || beside.n > RB_MAX_LEAF) return RB_ERR_IO;
        memcpy(api->leaf, beside.p, beside.n);
        *leaf = rb_slice(api->leaf, beside.n);
        return RB_OK;
    }
    RB_TRY(api->host.leaf(api->host.ctx, &ref, at, api->leaf, &n));
    *leaf = rb_slice(api->leaf, n);
    return RB_OK;
}
enum rb_err rb_chan_record(struct rb_chan *c, uint32_t order, struct rb_slice *leaf,
                           struct rb_record *rec) {
    struct rb_reject rj;
    RB_TRY(rb_chan_leaf(c, order, leaf));
    return rb_record_decode(*leaf, rec, &rj);
}

/* ---- who signed --------------------------------------------------------------------------- */
static json_t *signer_name(struct rb_chan *c, uint16_t member, const uint8_t kid[RB_KID_LEN]) {
    struct rb_book_member *m = rb_book_member(c->v.book, member);
    const struct rb_card *card = m ? m->card : NULL;
    size_t i = 0;
    uint8_t node[RB_KID_LEN];
    if (card && rb_book_officer_key(c->v.book, member, kid, &i) != NULL && i < card->officers_n)
        return rb_j_slice(card->officers[i].name);
    if (card == NULL) return json_null();
    rb_key_id(&card->node, node);
    return memcmp(node, kid, RB_KID_LEN) == 0 ? json_string("node") : json_null();
}
json_t *rb_chan_signers(struct rb_chan *c, uint16_t member, const struct rb_signer *s, size_t n) {
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *o = json_object();
        rb_j_put(o, "kid", rb_j_hex(s[i].kid, RB_KID_LEN));
        rb_j_put(o, "name", signer_name(c, member, s[i].kid));
        json_array_append_new(out, o);
    }
    return out;
}
json_t *rb_chan_officers(struct rb_chan *c, uint32_t order) {
    const struct rb_fact *f = rb_situation_fact(c->s, order);
    uint16_t author = rb_situation_author(c->s, order);
    json_t *out = json_array();
    for (size_t i = 0; i < f->kids_n; i++)
        json_array_append_new(out, signer_name(c, author, f->kids[i]));
    return out;
}

bool rb_chan_held(const struct rb_chan *c, uint32_t order, uint16_t member, uint64_t *since_s,
                  bool *logged) {
    *since_s = 0;
    *logged = true;
    if (rb_situation_held(c->s, order, member, since_s)) return true;
    uint32_t leaf = 0;
    uint64_t t = 0;
    if (rb_chan_feed(c, order, &leaf) != c->v.own_feed || rb_situation_fact(c->s, order)->closed)
        return false;
    if (rb_node_cosigned(c->rq->node, c->v.id, member, &t) <= leaf) return false;
    *since_s = t;
    *logged = false;
    return true;
}
