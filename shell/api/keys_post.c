/* What the party key signs to change keys (spec 2.7): rotations and revocations are composed here
 * from what this node holds; nothing is stored before they are released as records. */
#include "internal.h"
#include "readback/rules.h"
#include "readback/text.h"

#define STOOD_MAX 256u

static bool own_party(struct rb_req *rq) {
    if (rb_node_card(rq->node)) return true;
    rb_fail_words(rq, RB_ERR_STATE, NULL, "this node has no card yet", "`readback init` makes one");
    return false;
}
static bool get_role(struct rb_req *rq, enum rb_key_role *out) {
    if (rb_role_read(rb_j_string(rq->body, "role"), out) && *out != RB_KEY_PARTY) return true;
    rb_fail_words(rq, RB_ERR_USAGE, "role", "one of log, mirror, node, officer, tls, age is wanted",
                  "the party key is the party: it cannot be changed");
    return false;
}
static bool get_key(struct rb_req *rq, const char *field, struct rb_key *out) {
    const char *z = rb_j_string(rq->body, field);
    if (z && rb_hex_decode(rb_str(z), out->b, RB_KEY_LEN) == RB_OK && strlen(z) == (size_t)2 * RB_KEY_LEN)
        return true;
    rb_fail_words(rq, RB_ERR_USAGE, field, "a public key is 64 hex digits",
                  "`readback key list --json` shows them");
    return false;
}
static void reply_statement(struct rb_req *rq, struct rb_writer *w, json_t *o) {
    struct rb_slice payload;
    if (rb_writer_done(w, &payload) != RB_OK) {
        json_decref(o);
        rb_fail_words(rq, RB_ERR_LIMIT, NULL, "this is too large for one statement", NULL);
        return;
    }
    rb_j_put(o, "payload", rb_j_base64(payload));
    rb_j_put(o, "party_key", rb_j_hex(rb_node_card(rq->node)->party.b, RB_KEY_LEN));
    rb_reply(rq, 200, o);
}

void rb_post_rotation(struct rb_req *rq) {
    struct rb_rotation r = {.issued_utc_ms = rq->now.utc_ms};
    uint8_t *buf = rb_arena_alloc(&rq->arena, 2048);
    struct rb_writer w = rb_writer(buf, buf ? 2048 : 0);
    if (!own_party(rq) || !get_role(rq, &r.role) || !get_key(rq, "old", &r.old_key) ||
        !get_key(rq, "new", &r.new_key))
        return;
    if (r.role == RB_KEY_LOG) {
        rb_fail_words(rq, RB_ERR_USAGE, "role", "a log key belongs to its feed for good",
                      "`readback channel epoch` opens a further one with a key of its own");
        return;
    }
    r.party = rb_node_card(rq->node)->party;
    rb_rotation_encode(&r, &w);
    json_t *o = json_object();
    rb_j_put(o, "role", json_string(rb_role_word(r.role)));
    rb_j_put(o, "old", rb_j_hex(r.old_key.b, RB_KEY_LEN));
    rb_j_put(o, "new", rb_j_hex(r.new_key.b, RB_KEY_LEN));
    rb_j_put(o, "issued", rb_j_time(r.issued_utc_ms));
    reply_statement(rq, &w, o);
}

/* ---- revocation
 * ------------------------------------------------------------------------------------
 */
struct revoking {
    struct rb_req *rq;
    struct rb_revocation *r;
    json_t *feeds; /* what is shown beside: by feed, held and stood by, what lies between */
    bool full;
};
/* {ORIGIN: SIZE} that lowers what is stood by */
static bool lowered(const struct revoking *v, const struct rb_feed *f, uint64_t held,
                    uint64_t *out) {
    char origin[RB_MAX_ORIGIN + 1];
    memcpy(origin, f->origin, f->origin_n);
    origin[f->origin_n] = 0;
    const json_t *x = json_object_get(json_object_get(v->rq->body, "stood_by"), origin);
    *out = held;
    if (x == NULL) return true;
    if (!json_is_integer(x) || json_integer_value(x) < 0 ||
        (uint64_t)json_integer_value(x) > held) {
        struct rb_fail fail = {
            .err = RB_ERR_USAGE,
            .field = "stood_by",
            .sentence = "a size stood by is a number, at most what is held here",
            .hint = "`readback key list` and `readback channel show` have the sizes"};
        rb_fail(v->rq, &fail);
        return false;
    }
    *out = (uint64_t)json_integer_value(x);
    return true;
}
/* records at and past the size that the key signed: they will be shown as disowned */
static uint64_t signed_past(const struct revoking *v, const struct rb_feed *f, uint64_t from) {
    uint8_t kid[RB_KID_LEN];
    uint64_t n = 0;
    rb_key_id(&v->r->key, kid);
    if (v->r->role == RB_KEY_LOG) return f->facts_n > from ? f->facts_n - from : 0;
    for (uint64_t i = from; i < f->facts_n; i++)
        for (size_t k = 0; k < f->facts[i].kids_n; k++)
            n += memcmp(f->facts[i].kids[k], kid, RB_KID_LEN) == 0;
    return n;
}
static bool add_feed(struct revoking *v, const struct rb_channel_view *ch,
                     const struct rb_feed *f) {
    const uint64_t held = f->tree.size;
    uint64_t size;
    if (held == 0) return true;
    if (!lowered(v, f, held, &size)) return false;
    if (v->r->stood_n == STOOD_MAX) {
        v->full = true;
        return true;
    }
    if (size > 0)
        v->r->stood[v->r->stood_n++] = (struct rb_stood_by){rb_slice(f->origin, f->origin_n), size};
    json_t *o = json_object();
    rb_j_put(o, "channel", rb_j_hex(ch->id, RB_CHANNEL_LEN));
    rb_j_put(o, "title", rb_j_slice(ch->book->charter->title));
    rb_j_put(o, "origin", rb_j_slice(rb_slice(f->origin, f->origin_n)));
    rb_j_put(o, "ours", json_boolean(f->member == ch->own_member));
    rb_j_put(o, "held", json_integer((json_int_t)held));
    rb_j_put(o, "stood_by", json_integer((json_int_t)size));
    if (v->r->role != RB_KEY_MIRROR)
        rb_j_put(o, "disowned", json_integer((json_int_t)signed_past(v, f, size)));
    json_array_append_new(v->feeds, o);
    return true;
}
/* Which feeds a revocation speaks of: of a mirror key others', of a log key its own, of the rest
 * ours. TLS and age keys sign nothing that is kept. */
static bool wanted(const struct revoking *v, const struct rb_channel_view *ch,
                   const struct rb_feed *f) {
    const bool own = f->member == ch->own_member;
    switch (v->r->role) {
    case RB_KEY_MIRROR:
        return !own;
    case RB_KEY_LOG:
        return own && rb_key_eq(&f->log_key, &v->r->key);
    case RB_KEY_NODE:
    case RB_KEY_OFFICER:
        return own;
    case RB_KEY_PARTY:
    case RB_KEY_TLS:
    case RB_KEY_AGE:
        return false;
    }
    return false;
}
static bool one_channel(const struct revoking *v, uint8_t id[RB_CHANNEL_LEN], bool *all) {
    const char *name = rb_j_string(v->rq->body, "channel");
    *all = name == NULL;
    return *all || rb_chan_name(v->rq, name, id);
}
static bool add_feeds(struct revoking *v) {
    uint8_t id[RB_CHANNEL_LEN];
    bool all;
    struct rb_channel_view ch;
    if (!one_channel(v, id, &all)) return false;
    for (size_t i = 0; i < rb_node_channels(v->rq->node); i++) {
        if (!rb_node_channel(v->rq->node, i, &ch) || ch.own_feed == NULL) continue;
        if (!all && memcmp(ch.id, id, RB_CHANNEL_LEN) != 0) continue;
        for (size_t k = 0; k < ch.book->feeds_n; k++) {
            const struct rb_feed *f = ch.book->feeds[k];
            if (f->branch || !wanted(v, &ch, f)) continue;
            if (!add_feed(v, &ch, f)) return false;
        }
    }
    if (!v->full) return true;
    rb_fail_words(v->rq, RB_ERR_LIMIT, "channel", "more feeds than one revocation can name (256)",
                  "name one channel at a time");
    return false;
}
void rb_post_revocation(struct rb_req *rq) {
    const size_t cap = 65536;
    struct rb_revocation *r = rb_arena_alloc(&rq->arena, sizeof *r);
    uint8_t *buf = rb_arena_alloc(&rq->arena, cap);
    struct rb_writer w = rb_writer(buf, buf ? cap : 0);
    const char *reason = rb_j_string(rq->body, "reason");
    if (r == NULL || !own_party(rq)) return;
    memset(r, 0, sizeof *r);
    if (!get_role(rq, &r->role) || !get_key(rq, "key", &r->key)) return;
    r->party = rb_node_card(rq->node)->party;
    r->issued_utc_ms = rq->now.utc_ms;
    if (reason) r->reason = rb_str(reason);
    struct revoking v = {rq, r, json_array(), false};
    if (!add_feeds(&v)) {
        json_decref(v.feeds);
        return;
    }
    rb_revocation_encode(r, &w);
    json_t *o = json_object();
    rb_j_put(o, "role", json_string(rb_role_word(r->role)));
    rb_j_put(o, "key", rb_j_hex(r->key.b, RB_KEY_LEN));
    rb_j_put(o, "issued", rb_j_time(r->issued_utc_ms));
    rb_j_put(o, "reason", reason ? json_string(reason) : json_null());
    rb_j_put(o, "feeds", v.feeds);
    reply_statement(rq, &w, o);
}
