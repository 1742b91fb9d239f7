/* Keys of our own: those on the card, those that stood there before, and what each channel's feed
 * says of them (spec 2.7). */
#include "internal.h"
#include "readback/rules.h"
#include "readback/text.h"

static const char *const roles[] = {"party", "log", "mirror", "node", "officer", "tls", "age"};

const char *rb_role_word(enum rb_key_role r) {
    return (size_t)r < sizeof roles / sizeof *roles ? roles[r] : "?";
}
bool rb_role_read(const char *word, enum rb_key_role *out) {
    for (size_t i = 0; word && i < sizeof roles / sizeof *roles; i++) {
        if (strcmp(roles[i], word) != 0) continue;
        *out = (enum rb_key_role)i;
        return true;
    }
    return false;
}

/* ---- the list
 * ------------------------------------------------------------------------------------
 */
static json_t *key_find(json_t *list, enum rb_key_role role, const struct rb_key *k) {
    size_t i;
    json_t *o, *hex = rb_j_hex(k->b, RB_KEY_LEN), *found = NULL;
    json_array_foreach(list, i, o) {
        if (strcmp(rb_j_string(o, "role"), rb_role_word(role)) == 0 &&
            json_equal(json_object_get(o, "key"), hex))
            found = o;
    }
    json_decref(hex);
    return found;
}
/* state: of the card as this node has it; channels say what stands in their feeds */
static json_t *key_add(json_t *list, enum rb_key_role role, struct rb_slice name,
                       const struct rb_key *k, const char *state) {
    uint8_t kid[RB_KID_LEN];
    json_t *o = key_find(list, role, k);
    if (o) return o;
    o = json_object();
    rb_key_id(k, kid);
    rb_j_put(o, "role", json_string(rb_role_word(role)));
    rb_j_put(o, "name", name.n ? rb_j_slice(name) : json_null());
    rb_j_put(o, "key", rb_j_hex(k->b, RB_KEY_LEN));
    rb_j_put(o, "kid", rb_j_hex(kid, RB_KID_LEN));
    rb_j_put(o, "state", json_string(state));
    rb_j_put(o, "on_card", json_boolean(strcmp(state, "in force") == 0));
    rb_j_put(o, "channels", json_array());
    json_array_append_new(list, o);
    return o;
}
static void add_card(json_t *list, const struct rb_card *c, const char *state) {
    const struct rb_slice none = {NULL, 0};
    key_add(list, RB_KEY_PARTY, none, &c->party, "in force");
    key_add(list, RB_KEY_MIRROR, none, &c->mirror, state);
    key_add(list, RB_KEY_NODE, none, &c->node, state);
    key_add(list, RB_KEY_TLS, none, &c->tls, state);
    key_add(list, RB_KEY_AGE, none, &c->age, state);
    for (size_t i = 0; i < c->officers_n; i++)
        key_add(list, RB_KEY_OFFICER, c->officers[i].name, &c->officers[i].key, state);
}
static void add_log_keys(json_t *list, const struct rb_channel_view *v) {
    for (size_t i = 0; i < v->book->feeds_n; i++) {
        const struct rb_feed *f = v->book->feeds[i];
        if (f->member != v->own_member || f->branch) continue;
        json_t *o = key_add(list, RB_KEY_LOG, rb_slice(NULL, 0), &f->log_key,
                            f == v->own_feed ? "in force" : "replaced");
        rb_j_put(o, "origin", rb_j_slice(rb_slice(f->origin, f->origin_n)));
        rb_j_put(o, "epoch", json_integer(f->epoch));
        rb_j_put(o, "channel", rb_j_hex(v->id, RB_CHANNEL_LEN));
    }
}

/* ---- what channels say
 * -----------------------------------------------------------------------------
 */
static void said(json_t *list, const struct rb_channel_view *v, enum rb_key_role role,
                 const struct rb_key *k, const char *what, const struct rb_fact *f,
                 const char *state, const json_t *more) {
    json_t *key = key_add(list, role, rb_slice(NULL, 0), k, "replaced"), *o = json_object();
    rb_j_put(o, "channel", rb_j_hex(v->id, RB_CHANNEL_LEN));
    rb_j_put(o, "title", rb_j_slice(v->book->charter->title));
    rb_j_put(o, "said", json_string(what));
    rb_j_put(o, "record", rb_j_hex(f->id.b, RB_HASH_LEN));
    rb_j_put(o, "written", rb_j_time(f->created_utc_ms));
    if (more) rb_j_put(o, "stood_by", json_deep_copy(more));
    json_array_append_new(json_object_get(key, "channels"), o);
    if (state) rb_j_put(key, "state", json_string(state));
}
static json_t *stood_json(const struct rb_revocation *r) {
    json_t *out = json_array();
    for (size_t i = 0; i < r->stood_n; i++)
        json_array_append_new(out, json_pack("{s:o, s:I}", "origin", rb_j_slice(r->stood[i].origin),
                                             "size", (json_int_t)r->stood[i].size));
    return out;
}
static void revocation(struct rb_req *rq, json_t *list, const struct rb_channel_view *v,
                       const struct rb_fact *f, struct rb_slice statement) {
    struct rb_revocation *r = rb_arena_alloc(&rq->arena, sizeof *r);
    if (r == NULL || rb_revocation_decode(statement, r, &rq->arena, NULL) != RB_OK) return;
    if (!rb_key_eq(&r->party, &rb_node_card(rq->node)->party)) return;
    json_t *stood = stood_json(r);
    said(list, v, r->role, &r->key, "revoked", f, "revoked", stood);
    json_decref(stood);
}
static void rotation(struct rb_req *rq, json_t *list, const struct rb_channel_view *v,
                     const struct rb_fact *f, struct rb_slice statement) {
    struct rb_rotation r;
    if (rb_rotation_decode(statement, &r, &rq->arena, NULL) != RB_OK) return;
    said(list, v, r.role, &r.old_key, "replaced", f, NULL, NULL);
    said(list, v, r.role, &r.new_key, "takes its place", f, NULL, NULL);
}
static void card(struct rb_req *rq, json_t *list, struct rb_slice statement) {
    struct rb_card *c = rb_arena_alloc(&rq->arena, sizeof *c);
    if (c && rb_card_decode(statement, c, &rq->arena, NULL) == RB_OK) add_card(list, c, "replaced");
}
static void one_fact(struct rb_req *rq, json_t *list, const struct rb_channel_view *v,
                     const struct rb_feed *feed, const struct rb_fact *f) {
    const bool own = feed->member == v->own_member;
    struct rb_slice statement;
    if (f->mark != RB_MARK_NONE || (f->kind != RB_KIND_REVOCATION && !own) ||
        (f->kind != RB_KIND_REVOCATION && f->kind != RB_KIND_ROTATION && f->kind != RB_KIND_CARD))
        return;
    const size_t mark = rb_arena_mark(&rq->arena);
    if (rb_carried_decode(f->body, &statement, NULL) == RB_OK) {
        if (f->kind == RB_KIND_REVOCATION) revocation(rq, list, v, f, statement);
        if (f->kind == RB_KIND_ROTATION) rotation(rq, list, v, f, statement);
        if (f->kind == RB_KIND_CARD) card(rq, list, statement);
    }
    rb_arena_release(&rq->arena, mark);
}
static void of_channel(struct rb_req *rq, json_t *list, const struct rb_channel_view *v) {
    struct rb_book_member *us = rb_book_member(v->book, v->own_member);
    if (us && us->founding_card.n) card(rq, list, us->founding_card);
    add_log_keys(list, v);
    for (size_t i = 0; i < v->book->feeds_n; i++) {
        const struct rb_feed *feed = v->book->feeds[i];
        for (size_t k = 0; k < feed->facts_n; k++)
            one_fact(rq, list, v, feed, &feed->facts[k]);
    }
}

void rb_get_keys(struct rb_req *rq) {
    const struct rb_card *own = rb_node_card(rq->node);
    struct rb_channel_view v;
    struct rb_key served;
    if (own == NULL) {
        rb_fail_words(rq, RB_ERR_STATE, NULL, "this node has no card yet",
                      "`readback init` makes one");
        return;
    }
    json_t *list = json_array(), *o = json_object();
    add_card(list, own, "in force");
    for (size_t i = 0; i < rb_node_channels(rq->node); i++)
        if (rb_node_channel(rq->node, i, &v)) of_channel(rq, list, &v);
    rb_node_tls(rq->node, rq->now.utc_ms, &served);
    rb_j_put(o, "handle", rb_j_slice(own->handle));
    rb_j_put(o, "version", json_integer((json_int_t)own->version));
    rb_j_put(o, "tls_served", rb_j_hex(served.b, RB_KEY_LEN));
    rb_j_put(o, "keys", list);
    rb_reply(rq, 200, o);
}
