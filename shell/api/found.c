/* Founding and joining. Three signatures by two keys: an officer signs the charter, the party key
 * signs the delegation of the log key, an officer signs the record that carries it. Each "prepare"
 * returns what is to be signed next; nothing is stored before the last call. */
#include "found.h"
#include "readback/text.h"
#include "readback/tlog.h"

#define FOUNDING_EPOCH 0u

/* ---- charter from JSON --------------------------------------------------------------------------
 */
struct roster { /* handles -> indexes of the charter being written */
    const json_t *members;
};
static bool roster_index(void *ctx, struct rb_slice handle, uint16_t *out) {
    const struct roster *r = ctx;
    size_t i;
    const json_t *m;
    json_array_foreach(r->members, i, m) {
        const char *h = rb_j_string(m, "handle");
        if (h == NULL || !rb_slice_eq(rb_str(h), handle)) continue;
        *out = (uint16_t)json_integer_value(json_object_get(m, "index"));
        return true;
    }
    return false;
}
static bool roster_handle(void *ctx, uint16_t index, struct rb_slice *out) {
    const struct roster *r = ctx;
    size_t i;
    const json_t *m;
    json_array_foreach(r->members, i, m) {
        const json_t *h = json_object_get(m, "handle");
        if (json_integer_value(json_object_get(m, "index")) != index || !json_is_string(h))
            continue;
        *out = rb_slice(json_string_value(h), json_string_length(h));
        return true;
    }
    return false;
}
struct rb_names rb_roster_names(const json_t *members, struct rb_arena *arena) {
    struct roster *r = rb_arena_alloc(arena, sizeof *r);
    static struct roster nobody;
    if (r) r->members = members;
    return (struct rb_names){r ? r : &nobody, roster_index, roster_handle};
}

static const struct rb_card *card_of(struct rb_req *rq, struct rb_slice handle) {
    const struct rb_card *own = rb_node_card(rq->node);
    struct rb_peer_view p;
    if (own && rb_slice_eq(own->handle, handle)) return own;
    const struct rb_card *found = NULL;
    for (size_t i = 0; i < rb_node_peers(rq->node); i++)
        if (rb_node_peer(rq->node, i, &p) && p.card && rb_slice_eq(p.card->handle, handle))
            if (found == NULL || p.accredited)
                found = p.card; /* a compared card goes before an introduced one */
    return found;
}
static void put_default(json_t *o, const char *key, json_t *value) {
    if (json_object_get(o, key))
        json_decref(value);
    else
        rb_j_put(o, key, value);
}

static bool fill_member(struct rb_req *rq, json_t *m, size_t i) {
    const char *h = rb_j_string(m, "handle");
    if (h == NULL || !rb_handle_ok(rb_str(h))) {
        rb_fail_words(rq, RB_ERR_USAGE, "charter.members",
                      "each member needs a handle: a-z, 0-9, -, at most 32", NULL);
        return false;
    }
    put_default(m, "index", json_integer((json_int_t)i));
    put_default(m, "role", json_string("party"));
    if (json_object_get(m, "card")) return true;
    const struct rb_card *card = card_of(rq, rb_str(h));
    if (card) {
        rb_j_put(m, "card", rb_j_base64(card->raw));
        return true;
    }
    char words[128];
    struct rb_writer w = rb_writer(words, sizeof words);
    rb_put_z(&w, "the card of ");
    rb_put_z(&w, h);
    rb_put_z(&w, " is not known here");
    rb_fail_words(rq, RB_ERR_NOT_FOUND, "charter.members", rb_writer_z(&w),
                  "accredit the card first: `readback accredit CARDFILE`");
    return false;
}
static void rename_key(json_t *o, const char *from, const char *to) {
    json_t *v = json_object_get(o, from);
    if (v == NULL) return;
    json_object_set(o, to, v);
    json_object_del(o, from);
}
/* the grammar writes '-', JSON writes '_'; defaults are put under one name */
static void one_name(json_t *o) {
    static const char *const names[][2] = {{"accept-members", "accept_members"},
                                           {"accept-by", "accept_by"},
                                           {"rules-version", "rules_version"},
                                           {"two-officers", "two_officers"},
                                           {"keep-days", "keep_days"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        rename_key(o, names[i][0], names[i][1]);
}
bool rb_charter_fill(struct rb_req *rq, json_t *charter) {
    json_t *members = json_object_get(charter, "members"), *m, *all = json_array();
    size_t i;
    bool ok = json_is_array(members);
    one_name(charter);
    json_array_foreach(members, i, m) {
        if (ok && json_is_object(m))
            ok = fill_member(rq, m, i);
        else if (ok)
            ok = false;
        if (!ok) break;
        json_array_append(all, json_object_get(m, "handle"));
    }
    if (ok) {
        put_default(charter, "accept_members", json_incref(all));
        put_default(charter, "rules_version", json_integer(RB_RULES_VERSION));
        json_array_foreach(json_object_get(charter, "policies"), i, m) {
            one_name(m);
            put_default(m, "closed", json_false());
            put_default(m, "keep_days", json_integer(0));
            put_default(m, "disclosure", json_string("unsaid"));
            put_default(m, "two_officers", json_false());
        }
    } else if (rq->reply) {
        rb_fail_words(rq, RB_ERR_USAGE, "charter.members",
                      "a list of members, each with a handle, is wanted", NULL);
    }
    json_decref(all);
    return ok;
}
void rb_charter_accept_by(struct rb_req *rq, json_t *charter) {
    int64_t in = 0;
    char buf[40];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    const json_t *span = json_object_get(charter, "accept_in");
    if (span && rb_json_span(span, &in) == RB_OK && in > 0 &&
        !json_object_get(charter, "accept_by")) {
        rb_put_rfc3339(&w, rq->now.utc_ms + in);
        rb_j_put(charter, "accept_by", json_string(rb_writer_z(&w)));
        json_object_del(charter, "accept_in");
    }
}

bool rb_charter_body(struct rb_req *rq, const json_t *charter, struct rb_slice *body) {
    struct rb_json_error e = {.sentence = ""};
    struct rb_reject rj = {0};
    struct rb_names names = rb_roster_names(json_object_get(charter, "members"), &rq->arena);
    uint8_t *buf = rb_arena_alloc(&rq->arena, RB_MAX_LEAF);
    struct rb_writer w = rb_writer(buf, buf ? RB_MAX_LEAF : 0);
    const struct rb_schema *s = rb_body_schema(RB_KIND_CHARTER);
    if (s == NULL || rb_body_from_json(s, charter, &names, &w, &e) != RB_OK) {
        rb_fail_words(rq, RB_ERR_USAGE, e.field[0] ? e.field : "charter", e.sentence,
                      "spec/openapi.yaml has the form of a charter");
        return false;
    }
    *body = rb_written(&w);
    if (rb_body_check(RB_KIND_CHARTER, *body, &rj) == RB_OK) return true;
    rb_fail_reject(rq, &rj, "charter");
    return false;
}

static bool payload_of(struct rb_req *rq, const struct rb_record *rec, struct rb_slice *payload) {
    uint8_t *buf = rb_arena_alloc(&rq->arena, RB_MAX_LEAF);
    struct rb_writer w = rb_writer(buf, buf ? RB_MAX_LEAF : 0);
    rb_payload_encode(rec, &w);
    if (rb_writer_done(&w, payload) == RB_OK) return true;
    rb_fail_words(rq, RB_ERR_LIMIT, NULL, "this does not fit one record (65,535 bytes)", NULL);
    return false;
}
static void put_payload(json_t *o, struct rb_slice payload) {
    struct rb_hash h;
    rb_payload_hash(payload, &h);
    rb_j_put(o, "payload", rb_j_base64(payload));
    rb_j_put(o, "payload_hash", rb_j_hex(h.b, RB_HASH_LEN));
}
static struct rb_slice origin_of(struct rb_req *rq, bool exercise, const uint8_t *channel,
                                 uint16_t epoch) {
    const struct rb_card *own = rb_node_card(rq->node);
    struct rb_hash party;
    uint8_t *buf = rb_arena_alloc(&rq->arena, RB_MAX_ORIGIN);
    struct rb_writer w = rb_writer(buf, buf ? RB_MAX_ORIGIN : 0);
    rb_party_hash(&own->party, &party);
    rb_origin_encode(exercise, channel, &party, epoch, &w);
    return rb_written(&w);
}
static bool own_card(struct rb_req *rq) {
    if (rb_node_card(rq->node)) return true;
    rb_fail_words(rq, RB_ERR_STATE, NULL, "this node has no card yet", "`readback init` makes one");
    return false;
}

static void names_members(json_t *o, const json_t *charter) {
    size_t i;
    const json_t *m;
    json_t *list = json_array();
    json_array_foreach(json_object_get(charter, "members"), i, m) {
        json_array_append(list, json_object_get(m, "handle"));
    }
    rb_j_put(o, "readers", list);
}

void rb_post_charter_compose(struct rb_req *rq) {
    const json_t *given = json_object_get(rq->body, "charter");
    if (!own_card(rq)) return;
    if (!json_is_object(given)) {
        rb_fail_words(rq, RB_ERR_USAGE, "charter", "an object is wanted",
                      "spec/openapi.yaml has its form");
        return;
    }
    json_t *charter = json_deep_copy(given);
    struct rb_record rec = {
        .kind = RB_KIND_CHARTER, .created_utc_ms = rq->now.utc_ms, .precedence = RB_ROUTINE};
    struct rb_slice payload;
    rb_charter_accept_by(rq, charter);
    if (rb_charter_fill(rq, charter) && rb_charter_body(rq, charter, &rec.body) &&
        payload_of(rq, &rec, &payload)) {
        bool exercise = json_is_true(json_object_get(charter, "exercise"));
        json_t *o = json_object(), *m;
        size_t i;
        rb_j_put(o, "exercise", json_boolean(exercise));
        put_payload(o, payload);
        rb_j_put(o, "origin", rb_j_slice(origin_of(rq, exercise, NULL, 0)));
        rb_j_put(o, "needs_signers", json_integer(1));
        names_members(o, charter);
        json_array_foreach(json_object_get(charter, "members"), i, m) json_object_del(m, "card");
        rb_j_put(o, "charter", json_incref(charter));
        rb_reply(rq, 200, o);
    }
    json_decref(charter);
}

/* ---- delegation of the log key
 * -------------------------------------------------------------------- */
struct previous { /* of a further epoch: the feed before, and how much of it the party stands by */
    const struct rb_feed *feed; /* NULL: there is none */
    uint64_t size;
};
static bool delegation(struct rb_req *rq, const uint8_t channel[RB_CHANNEL_LEN], uint16_t epoch,
                       bool exercise, const struct previous *before, json_t *o) {
    struct rb_key log;
    struct rb_slice origin = origin_of(rq, exercise, channel, epoch);
    if (rq->api->host.log_key(rq->api->host.ctx, channel, epoch, &log) != RB_OK) {
        rb_fail_words(rq, RB_ERR_IO, NULL, "the log key could not be made or read",
                      "look at the daemon's log");
        return false;
    }
    struct rb_delegation d = {.party = rb_node_card(rq->node)->party,
                              .origin = origin,
                              .log = log,
                              .issued_utc_ms = rq->now.utc_ms};
    if (before && before->feed) {
        d.has_previous = true;
        d.previous_origin = rb_slice(before->feed->origin, before->feed->origin_n);
        d.previous_size = before->size;
        rb_j_put(o, "previous_origin", rb_j_slice(d.previous_origin));
        rb_j_put(o, "previous_size", json_integer((json_int_t)before->size));
    }
    uint8_t *buf = rb_arena_alloc(&rq->arena, 2048);
    struct rb_writer w = rb_writer(buf, buf ? 2048 : 0);
    rb_delegation_encode(&d, &w);
    if (w.over) {
        rb_fail_words(rq, RB_ERR_LIMIT, NULL, "memory is short", NULL);
        return false;
    }
    rb_j_put(o, "exercise", json_boolean(exercise));
    rb_j_put(o, "channel", rb_j_hex(channel, RB_CHANNEL_LEN));
    rb_j_put(o, "origin", rb_j_slice(origin));
    rb_j_put(o, "epoch", json_integer(epoch));
    rb_j_put(o, "log_key", rb_j_hex(log.b, RB_KEY_LEN));
    rb_j_put(o, "party_key", rb_j_hex(d.party.b, RB_KEY_LEN));
    rb_j_put(o, "delegation_payload", rb_j_base64(rb_written(&w)));
    return true;
}
/* With the signed delegation given: the record that carries it, for an officer to sign. */
static bool carrier(struct rb_req *rq, const uint8_t channel[RB_CHANNEL_LEN], json_t *o) {
    struct rb_slice signed_body, payload;
    struct rb_delegation d;
    struct rb_reject rj = {0};
    if (!rb_j_get_base64(rq->body, "delegation", &rq->arena, &signed_body)) {
        rb_fail_words(rq, RB_ERR_USAGE, "delegation", "this is not base64", NULL);
        return false;
    }
    if (signed_body.n == 0) return true;
    if (rb_delegation_decode(signed_body, &d, &rq->arena, &rj) != RB_OK) {
        rb_fail_reject(rq, &rj, "delegation");
        return false;
    }
    struct rb_record rec = {.kind = RB_KIND_DELEGATION,
                            .has_channel = true,
                            .created_utc_ms = rq->now.utc_ms,
                            .precedence = RB_ROUTINE};
    uint8_t *buf = rb_arena_alloc(&rq->arena, RB_MAX_LEAF);
    struct rb_writer w = rb_writer(buf, buf ? RB_MAX_LEAF : 0);
    memcpy(rec.channel, channel, RB_CHANNEL_LEN);
    rb_carried_encode(signed_body, &w);
    rec.body = rb_written(&w);
    if (!payload_of(rq, &rec, &payload)) return false;
    json_t *c = json_object();
    put_payload(c, payload);
    rb_j_put(c, "origin", rb_j_slice(d.origin));
    rb_j_put(c, "needs_signers", json_integer(1));
    rb_j_put(o, "carrier", c);
    return true;
}
static bool leaf_of(struct rb_req *rq, const json_t *in, const char *field, struct rb_slice *leaf) {
    struct rb_signer signers[RB_MAX_SIGNERS];
    size_t n = 0;
    struct rb_slice payload;
    if (!rb_j_get_base64(in, "payload", &rq->arena, &payload) || payload.n == 0) {
        rb_fail_words(rq, RB_ERR_USAGE, field, "\"payload\" in base64 is wanted", NULL);
        return false;
    }
    if (!rb_signers_get(rq, json_object_get(in, "signers"), signers, &n, field)) return false;
    size_t cap = payload.n + 1024;
    uint8_t *buf = rb_arena_alloc(&rq->arena, cap);
    struct rb_writer w = rb_writer(buf, buf ? cap : 0);
    if (rb_record_assemble(payload, signers, n, &w) == RB_OK && rb_writer_done(&w, leaf) == RB_OK)
        return true;
    rb_fail_words(rq, RB_ERR_USAGE, field, "payload and signers make no record", NULL);
    return false;
}
static bool charter_leaf(struct rb_req *rq, const json_t *in, struct rb_slice *leaf,
                         uint8_t channel[RB_CHANNEL_LEN], bool *exercise) {
    struct rb_record rec;
    struct rb_charter *c = rb_arena_alloc(&rq->arena, sizeof *c);
    struct rb_reject rj = {0};
    struct rb_hash h;
    if (!leaf_of(rq, in, "charter", leaf)) return false;
    if (c == NULL || rb_record_decode(*leaf, &rec, &rj) != RB_OK || rec.kind != RB_KIND_CHARTER ||
        rb_charter_decode(rec.body, c, &rj) != RB_OK) {
        if (rj.err == RB_OK) (void)rb_reject(&rj, RB_ERR_MALFORMED, "5.1.1", "not a charter", 0);
        rb_fail_reject(rq, &rj, "charter");
        return false;
    }
    rb_leaf_hash(*leaf, &h);
    memcpy(channel, h.b, RB_CHANNEL_LEN);
    *exercise = c->exercise;
    return true;
}

void rb_post_charter_prepare(struct rb_req *rq) {
    struct rb_slice leaf;
    uint8_t channel[RB_CHANNEL_LEN];
    bool exercise = false;
    if (!own_card(rq) || !charter_leaf(rq, rq->body, &leaf, channel, &exercise)) return;
    json_t *o = json_object();
    if (delegation(rq, channel, FOUNDING_EPOCH, exercise, NULL, o) && carrier(rq, channel, o))
        rb_reply(rq, 200, o);
    else
        json_decref(o);
}
void rb_post_charter_found(struct rb_req *rq) {
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    uint8_t channel[RB_CHANNEL_LEN];
    bool exercise = false;
    ev.u.submit.what = RB_SUBMIT_FOUND;
    if (!own_card(rq)) return;
    if (!charter_leaf(rq, json_object_get(rq->body, "charter"), &ev.u.submit.leaf, channel,
                      &exercise))
        return;
    if (!leaf_of(rq, json_object_get(rq->body, "carrier"), "carrier", &ev.u.submit.delegation))
        return;
    memcpy(ev.u.submit.channel, channel, RB_CHANNEL_LEN);
    json_t *extra = json_object();
    rb_j_put(extra, "exercise", json_boolean(exercise));
    rb_j_put(extra, "channel", rb_j_hex(channel, RB_CHANNEL_LEN));
    rb_submit_one(rq, &ev, extra);
}

/* ---- joining ----------------------------------------------------------------------------------
 */
/* A channel is known as soon as its charter came, which is judged a moment later, once it is
 * cosigned. Nobody can accept it before. */
static bool charter_judged(struct rb_req *rq, const struct rb_chan *c) {
    const struct rb_feed *founding = rb_book_feed(c->v.book, c->v.book->proposer, FOUNDING_EPOCH);
    if (c->s->charter_record < c->s->order_n) return true;
    if (founding == NULL || founding->facts_n == 0)
        rb_fail_words(rq, RB_ERR_BUSY, "channel", "the charter has come and is not judged yet",
                      "try again in a moment");
    else
        rb_fail_words(rq, RB_ERR_STATE, "channel", "this channel has no charter to accept", NULL);
    return false;
}
void rb_post_join_prepare(struct rb_req *rq) {
    struct rb_chan c;
    uint8_t buf[RB_MAX_ORIGIN];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    struct rb_origin origin;
    if (!own_card(rq) || !rb_chan_open(rq, rq->part[1], &c)) return;
    if (c.v.state == RB_OWN_JOINED) {
        rb_fail_words(rq, RB_ERR_EXISTS, "channel", "we have joined this channel already", NULL);
        return;
    }
    if (!charter_judged(rq, &c)) return;
    if (rb_node_next_origin(rq->node, c.v.id, &w) != RB_OK ||
        rb_origin_decode(rb_written(&w), &origin) != RB_OK) {
        rb_fail_words(rq, RB_ERR_STATE, "channel", "this channel cannot be joined by this node",
                      NULL);
        return;
    }
    json_t *o = rb_chan_head(&c);
    rb_j_put(o, "charter", rb_charter_json(&c));
    rb_j_put(o, "charter_record",
             rb_j_hex(rb_situation_fact(c.s, c.s->charter_record)->id.b, RB_HASH_LEN));
    if (delegation(rq, c.v.id, origin.epoch, origin.exercise, NULL, o) && carrier(rq, c.v.id, o))
        rb_reply(rq, 200, o);
    else
        json_decref(o);
}
void rb_post_join(struct rb_req *rq) {
    struct rb_chan c;
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_JOIN;
    if (!rb_chan_open(rq, rq->part[1], &c)) return;
    memcpy(ev.u.submit.channel, c.v.id, RB_CHANNEL_LEN);
    if (!leaf_of(rq, json_object_get(rq->body, "carrier"), "carrier", &ev.u.submit.delegation))
        return;
    rb_submit_one(rq, &ev, NULL);
}

/* ---- a further epoch (6.15)
 * ----------------------------------------------------------------------
 */
/* Of what is not here nobody can say that the party stands by it (3.8.5, 6.15.5). */
static bool previous_size(struct rb_req *rq, const struct rb_chan *c, struct previous *out) {
    const json_t *v = json_object_get(rq->body, "stands_by");
    const json_int_t held = (json_int_t)c->v.own_feed->tree.size;
    out->feed = c->v.own_feed;
    out->size = c->v.signed_size ? c->v.signed_size : (uint64_t)held; /* the rest nobody ever saw */
    if (v == NULL || json_is_null(v)) return true;
    if (json_is_integer(v) && json_integer_value(v) >= 0 && json_integer_value(v) <= held) {
        out->size = (uint64_t)json_integer_value(v);
        return true;
    }
    struct rb_fail f = {.err = RB_ERR_USAGE,
                        .clause = "6.15.5",
                        .field = "stands_by",
                        .sentence = "this node holds fewer records of our feed than that",
                        .hint = "leave it out, or lower it"};
    rb_fail(rq, &f);
    return false;
}
/* Where our card changed since the charter it is logged next, so that the keys in force count
 * there, too (6.15.2). */
static bool card_carrier(struct rb_req *rq, const struct rb_chan *c, struct rb_slice origin,
                         json_t *o) {
    const struct rb_card *own = rb_node_card(rq->node);
    const struct rb_book_member *us = rb_book_member(c->v.book, c->v.own_member);
    struct rb_record rec = {.kind = RB_KIND_CARD,
                            .has_channel = true,
                            .created_utc_ms = rq->now.utc_ms,
                            .precedence = RB_ROUTINE};
    uint8_t *buf = rb_arena_alloc(&rq->arena, RB_MAX_LEAF);
    struct rb_writer w = rb_writer(buf, buf ? RB_MAX_LEAF : 0);
    struct rb_slice payload;
    if (us && rb_slice_eq(us->founding_card, own->raw)) return true;
    memcpy(rec.channel, c->v.id, RB_CHANNEL_LEN);
    rb_carried_encode(own->raw, &w);
    rec.body = rb_written(&w);
    if (!payload_of(rq, &rec, &payload)) return false;
    json_t *card = json_object();
    put_payload(card, payload);
    rb_j_put(card, "origin", rb_j_slice(origin));
    rb_j_put(card, "needs_signers", json_integer(1));
    rb_j_put(o, "card", card);
    return true;
}
static bool epoch_open(struct rb_req *rq, struct rb_chan *c) {
    if (!own_card(rq) || !rb_chan_open(rq, rq->part[1], c)) return false;
    if (c->v.own_feed) return true;
    rb_fail_words(rq, RB_ERR_STATE, "channel", "we have not joined this channel",
                  "`readback channel accept` joins it");
    return false;
}
void rb_post_epoch_prepare(struct rb_req *rq) {
    struct rb_chan c;
    struct previous before = {0};
    uint8_t *buf = rb_arena_alloc(&rq->arena, RB_MAX_ORIGIN);
    struct rb_writer w = rb_writer(buf, buf ? RB_MAX_ORIGIN : 0);
    struct rb_origin origin;
    if (!epoch_open(rq, &c) || !previous_size(rq, &c, &before)) return;
    if (rb_node_next_origin(rq->node, c.v.id, &w) != RB_OK ||
        rb_origin_decode(rb_written(&w), &origin) != RB_OK || origin.epoch >= RB_MAX_EPOCHS) {
        rb_fail_words(rq, RB_ERR_LIMIT, "channel", "our feed here has had too many epochs", NULL);
        return;
    }
    json_t *o = rb_chan_head(&c);
    rb_j_put(o, "held", json_integer((json_int_t)c.v.own_feed->tree.size));
    rb_j_put(o, "signed_size", json_integer((json_int_t)c.v.signed_size));
    rb_j_put(o, "outbox", json_integer((json_int_t)c.v.outbox_n));
    if (delegation(rq, c.v.id, origin.epoch, origin.exercise, &before, o) &&
        carrier(rq, c.v.id, o) &&
        (!json_object_get(o, "carrier") || card_carrier(rq, &c, rb_written(&w), o)))
        rb_reply(rq, 200, o);
    else
        json_decref(o);
}
void rb_post_epoch(struct rb_req *rq) {
    struct rb_chan c;
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_EPOCH;
    if (!epoch_open(rq, &c)) return;
    memcpy(ev.u.submit.channel, c.v.id, RB_CHANNEL_LEN);
    if (!leaf_of(rq, json_object_get(rq->body, "carrier"), "carrier", &ev.u.submit.delegation))
        return;
    if (json_object_get(rq->body, "card") &&
        !leaf_of(rq, json_object_get(rq->body, "card"), "card", &ev.u.submit.leaf))
        return;
    rb_submit_one(rq, &ev, NULL);
}

/* ---- the start-up guard (6.14.9)
 * -------------------------------------------------------------------
 */
void rb_post_override(struct rb_req *rq) {
    struct rb_chan c;
    const char *reason = rb_j_string(rq->body, "reason");
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_OVERRIDE;
    if (!rb_chan_open(rq, rq->part[1], &c)) return;
    if (reason == NULL || *reason == 0) {
        rb_fail_words(rq, RB_ERR_USAGE, "reason", "say why: all members will read it", NULL);
        return;
    }
    memcpy(ev.u.submit.channel, c.v.id, RB_CHANNEL_LEN);
    ev.u.submit.reason = rb_str(reason);
    rb_submit_one(rq, &ev, NULL);
}
