/* Views of the node: status, card, peers, drafts, kinds. */
#include "internal.h"
#include "kinds.h"
#include "readback/tlog.h"

static const char *link_name(enum rb_link_state s) {
    if (s == RB_LINK_UP) return "up";
    return s == RB_LINK_DOWN ? "down" : "never";
}

/* ---- cards ---------------------------------------------------------------------------------- */
static json_t *age_json(const struct rb_key *k) {
    char buf[128];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_age_recipient_encode(k, &w);
    return rb_j_text(&w);
}
static json_t *officers_json(const struct rb_card *card) {
    json_t *out = json_array();
    for (size_t i = 0; i < card->officers_n; i++) {
        json_t *o = json_object();
        uint8_t kid[RB_KID_LEN];
        rb_key_id(&card->officers[i].key, kid);
        rb_j_put(o, "name", rb_j_slice(card->officers[i].name));
        rb_j_put(o, "key", rb_j_hex(card->officers[i].key.b, RB_KEY_LEN));
        rb_j_put(o, "kid", rb_j_hex(kid, RB_KID_LEN));
        rb_j_put(o, "openssh", rb_j_openssh(&card->officers[i].key, card->officers[i].name));
        json_array_append_new(out, o);
    }
    return out;
}
static json_t *mirror_vkey(const struct rb_card *card, const struct rb_hash *party) {
    char name[128], buf[256];
    struct rb_writer n = rb_writer(name, sizeof name), w = rb_writer(buf, sizeof buf);
    struct rb_vkey v;
    rb_put_z(&n, "readback/");
    rb_put_hex(&n, party->b, RB_HASH_LEN);
    rb_put_z(&n, "/mirror");
    rb_vkey_make(rb_written(&n), RB_SIG_COSIGNATURE_V1, &card->mirror, &v);
    rb_vkey_encode(&v, &w);
    return rb_j_text(&w);
}
json_t *rb_card_json(const struct rb_card *card) {
    json_t *o = json_object(), *names = json_object(), *addresses = json_array();
    struct rb_hash party;
    rb_party_hash(&card->party, &party);
    for (size_t i = 0; i < card->names_n; i++) {
        char lang[64];
        struct rb_writer w = rb_writer(lang, sizeof lang);
        rb_put_slice(&w, card->names[i].language);
        rb_j_put(names, rb_writer_z(&w), rb_j_slice(card->names[i].name));
    }
    for (size_t i = 0; i < card->addresses_n; i++)
        json_array_append_new(addresses, rb_j_slice(card->addresses[i]));
    rb_j_put(o, "handle", rb_j_slice(card->handle));
    rb_j_put(o, "fingerprint", rb_j_fingerprint(card->handle, &card->party));
    rb_j_put(o, "party", rb_j_hex(party.b, RB_HASH_LEN));
    rb_j_put(o, "party_key", rb_j_hex(card->party.b, RB_KEY_LEN));
    rb_j_put(o, "version", json_integer((json_int_t)card->version));
    rb_j_put(o, "issued", rb_j_time(card->issued_utc_ms));
    rb_j_put(o, "names", names);
    rb_j_put(o, "addresses", addresses);
    rb_j_put(o, "mirror_key", rb_j_hex(card->mirror.b, RB_KEY_LEN));
    rb_j_put(o, "mirror_vkey", mirror_vkey(card, &party));
    rb_j_put(o, "node_key", rb_j_hex(card->node.b, RB_KEY_LEN));
    rb_j_put(o, "tls_key", rb_j_hex(card->tls.b, RB_KEY_LEN));
    rb_j_put(o, "age_recipient", age_json(&card->age));
    rb_j_put(o, "officers", officers_json(card));
    rb_j_put(o, "card", rb_j_base64(card->raw));
    return o;
}
void rb_get_card(struct rb_req *rq) {
    const struct rb_card *card = rb_node_card(rq->node);
    if (card)
        rb_reply(rq, 200, rb_card_json(card));
    else
        rb_fail_words(rq, RB_ERR_STATE, NULL, "this node has no card yet",
                      "`readback init` makes one");
}

/* ---- peers ---------------------------------------------------------------------------------- */
static json_t *peer_json(const struct rb_peer_view *p) {
    json_t *o = rb_card_json(p->card);
    rb_j_put(o, "known", json_string(p->accredited ? "compared" : "introduced by charter"));
    rb_j_put(o, "compared", json_boolean(p->accredited));
    rb_j_put(o, "link", json_string(link_name(p->link)));
    rb_j_put(o, "link_since", rb_j_time(p->link_since_utc_ms));
    rb_j_put(o, "last_ok", rb_j_time(p->last_ok_utc_ms));
    rb_j_put(o, "last_try", rb_j_time(p->last_try_utc_ms));
    rb_j_put(o, "last_outcome", p->last_outcome ? json_string(p->last_outcome) : json_null());
    rb_j_put(o, "failures", json_integer(p->failures));
    return o;
}
static json_t *peers_json(struct rb_req *rq) {
    json_t *list = json_array();
    struct rb_peer_view p;
    for (size_t i = 0; i < rb_node_peers(rq->node); i++)
        if (rb_node_peer(rq->node, i, &p) && p.card) json_array_append_new(list, peer_json(&p));
    return list;
}
void rb_get_peers(struct rb_req *rq) {
    json_t *o = json_object();
    rb_j_put(o, "peers", peers_json(rq));
    rb_reply(rq, 200, o);
}

/* ---- status --------------------------------------------------------------------------------- */
static json_t *status_peers(struct rb_req *rq) {
    static const char *const keep[] = {"handle",  "known",        "link",    "link_since",
                                       "last_ok", "last_outcome", "failures"};
    json_t *all = peers_json(rq), *out = json_array(), *p;
    size_t i;
    json_array_foreach(all, i, p) {
        json_t *o = json_object();
        for (size_t k = 0; k < sizeof keep / sizeof *keep; k++)
            rb_j_put(o, keep[k], json_incref(json_object_get(p, keep[k])));
        json_array_append_new(out, o);
    }
    json_decref(all);
    return out;
}
static json_t *status_channels(struct rb_req *rq) {
    json_t *out = json_array();
    for (size_t i = 0; i < rb_node_channels(rq->node); i++) {
        struct rb_channel_view v;
        struct rb_chan c;
        uint8_t id[RB_CHANNEL_LEN];
        if (!rb_node_channel(rq->node, i, &v)) continue;
        memcpy(id, v.id, sizeof id);
        if (rb_chan_look(rq, id, &c) == RB_OK) json_array_append_new(out, rb_chan_summary(&c));
    }
    return out;
}
static json_t *alerts_json(const struct rb_api *api) {
    json_t *o = json_object();
    for (int a = RB_ALERT_RECORD; a <= RB_ALERT_BODY; a++)
        rb_j_put(o, rb_alert_name((enum rb_alert_type)a), json_integer((json_int_t)api->alerts[a]));
    return o;
}
/* sealed at rest and still so; unlocked since the start; or never sealed */
static const char *age_key_state(const struct rb_req *rq) {
    if (rb_age_locked(rq)) return "sealed";
    return rq->api->unlocked ? "unlocked" : "open";
}
void rb_get_status(struct rb_req *rq) {
    const struct rb_card *card = rb_node_card(rq->node);
    json_t *o = json_object(), *refused = json_null();
    if (rq->api->refused_utc_ms) {
        refused = json_object();
        rb_j_put(refused, "at", rb_j_time(rq->api->refused_utc_ms));
        rb_j_put(refused, "code", json_string(rq->api->refused[0]));
        rb_j_put(refused, "clause", json_string(rq->api->refused[1]));
        rb_j_put(refused, "what", json_string(rq->api->refused[2]));
    }
    rb_j_put(o, "now", rb_j_time(rq->now.utc_ms));
    rb_j_put(o, "handle", card ? rb_j_slice(card->handle) : json_null());
    rb_j_put(o, "fingerprint", card ? rb_j_fingerprint(card->handle, &card->party) : json_null());
    rb_j_put(o, "card_version", card ? json_integer((json_int_t)card->version) : json_null());
    rb_j_put(o, "channels", status_channels(rq));
    rb_j_put(o, "peers", status_peers(rq));
    rb_j_put(o, "drafts", json_integer((json_int_t)rb_node_drafts(rq->node)));
    rb_j_put(o, "age_key", json_string(age_key_state(rq)));
    rb_j_put(o, "alerts", alerts_json(rq->api));
    rb_j_put(o, "last_refusal", refused);
    json_t *host = json_object();
    if (rq->api->host.describe) rq->api->host.describe(rq->api->host.ctx, host);
    rb_j_put(o, "host", host);
    rb_reply(rq, 200, o);
}

/* ---- drafts --------------------------------------------------------------------------------- */
static void put_draft(json_t *o, struct rb_chan *c, const struct rb_record *rec) {
    struct rb_opened x;
    rb_open_own(c->rq, c->v.own_member, rec, &x);
    json_t *body = rb_body_json(c, rec->kind, x.body);
    rb_j_put(o, "summary", rb_record_title(body));
    rb_j_put(o, "body", body);
    rb_j_put(o, "closed", json_boolean(rec->closed));
    rb_j_put(o, "recipients", rec->closed ? rb_chan_handles(c, rec->recipients) : json_null());
    rb_opened_put(o, &x);
    json_t *check = NULL;
    rb_j_put(o, "warnings", rb_warnings(c, rec, x.body, &check));
    if (rec->kind == RB_KIND_NOTICE) rb_j_put(o, "check", check);
    rb_opened_end(c->rq, &x);
    rb_j_put(o, "envelope", rb_envelope_json(c, rec));
    rb_j_put(o, "kind", json_string(rb_kind_name(rec->kind)));
}
/* One that an officer signed waits for the second. One that nobody signs any more (6.15.4) may need
 * one alone: how many sign goes into what they sign. */
static bool two_due(const struct rb_chan *c, const struct rb_record *rec) {
    struct rb_position p = {0};
    const bool position = rec->kind == RB_KIND_POSITION && !rec->closed &&
                          rb_position_decode(rec->body, &p, NULL) == RB_OK;
    return rec->emergency.n == 0 &&
           rb_rules_needs_two(c->charter, rec->kind, position ? (int)p.type : 0);
}
static json_t *draft_json(struct rb_req *rq, const struct rb_draft_view *d) {
    struct rb_chan c;
    bool two = true;
    struct rb_record rec;
    struct rb_reject rj;
    json_t *o = NULL;
    if (rb_chan_look(rq, d->channel, &c) == RB_OK) {
        o = rb_chan_head(&c);
        if (rb_payload_decode(d->payload, &rec, &rj) == RB_OK) {
            two = d->signers_n > 0 || two_due(&c, &rec);
            put_draft(o, &c, &rec);
        }
        rb_j_put(o, "signers", rb_chan_signers(&c, c.v.own_member, d->signers, d->signers_n));
        if (c.v.own_feed)
            rb_j_put(o, "origin",
                     rb_j_slice(rb_slice(c.v.own_feed->origin, c.v.own_feed->origin_n)));
    }
    if (o == NULL) o = json_object();
    rb_j_put(o, "draft", rb_j_hex(d->hash.b, RB_HASH_LEN));
    rb_j_put(o, "needs_signers", json_integer(two ? 2 : 1));
    rb_j_put(o, "payload", rb_j_base64(d->payload));
    return o;
}
void rb_get_drafts(struct rb_req *rq) {
    json_t *list = json_array(), *o = json_object();
    struct rb_draft_view d;
    for (size_t i = 0; i < rb_node_drafts(rq->node); i++)
        if (rb_node_draft(rq->node, i, &d)) json_array_append_new(list, draft_json(rq, &d));
    rb_j_put(o, "drafts", list);
    rb_reply(rq, 200, o);
}

void rb_get_kinds(struct rb_req *rq) {
    rb_reply(rq, 200, rb_kinds_json());
}
