/* Peers: whose cards we know, whether compared in person or introduced by a charter, and our link.
 */
#include "node_int.h"

struct peer *node_peer_find(const struct rb_node *n, const struct rb_hash *party) {
    for (size_t i = 0; i < n->peers_n; i++)
        if (rb_hash_eq(&n->peers[i]->party, party)) return n->peers[i];
    return NULL;
}

struct peer *node_member_peer(const struct rb_node *n, struct channel *ch, uint16_t member) {
    const struct rb_book_member *m = rb_book_member(&ch->book, member);
    if (ch->gone >> member & 1) return NULL; /* it is told nothing more */
    return m ? node_peer_find(n, &m->party) : NULL;
}

static enum rb_err peer_new(struct rb_node *n, const struct rb_hash *party, struct peer **out) {
    if (n->peers_n == RB_MAX_PEERS) return RB_ERR_LIMIT;
    struct peer *p = rb_region_alloc(&n->region, sizeof *p);
    if (!p) return RB_ERR_LIMIT;
    p->party = *party;
    p->link = RB_LINK_NEVER;
    p->link_since = n->now.utc_ms;
    n->peers[n->peers_n++] = p;
    *out = p;
    return RB_OK;
}

#define FLAG_ACCREDITED 1u
#define FLAG_TLS_BEFORE 2u
#define TLS_BEFORE_MS ((int64_t)7 * 24 * 3600 * 1000) /* 2.7.6 */

static void peer_store(struct rb_node *n, const struct peer *p) {
    struct rb_writer w = node_writer(n, p->card_raw.n + 48);
    const bool before = p->tls_before_until > 0;
    rb_put_u8(&w,
              (uint8_t)((p->accredited ? FLAG_ACCREDITED : 0) | (before ? FLAG_TLS_BEFORE : 0)));
    if (before) rb_put_u64(&w, (uint64_t)p->tls_before_until);
    if (before) rb_put(&w, p->tls_before.b, RB_KEY_LEN);
    rb_put_slice(&w, p->card_raw);
    node_store_meta(n, RB_TABLE_PEER, rb_slice(p->party.b, RB_HASH_LEN), rb_written(&w));
}

/* A card of ours, or one that carries a key another card already carries, is refused (design §3).
 */
static enum rb_err card_fits(const struct rb_node *n, const struct rb_card *card,
                             const struct rb_hash *party, bool accredited, struct rb_reject *rj) {
    if (n->has_self && !rb_hash_eq(party, &n->self_party) && rb_card_shares_key(&n->self, card))
        return rb_reject(rj, RB_ERR_DENIED, "6.1.4", "the card carries one of our own keys", 0);
    for (size_t i = 0; i < n->peers_n; i++) {
        /* who came by charter could list another's key; a card compared in person stands above */
        if (accredited && !n->peers[i]->accredited) continue;
        if (!rb_hash_eq(&n->peers[i]->party, party) && rb_card_shares_key(&n->peers[i]->card, card))
            return rb_reject(rj, RB_ERR_DENIED, "6.1.4",
                             "another party's card carries one of its keys", 0);
    }
    return RB_OK;
}

/* The key served until the change reached everybody; a revoked one serves nobody. */
static void keep_tls_before(struct rb_node *n, struct peer *p, const struct rb_key *was) {
    if (rb_key_eq(was, &p->card.tls)) return;
    p->tls_before_until = 0;
    if (rb_key_eq(was, &p->tls_revoked)) return;
    p->tls_before = *was;
    p->tls_before_until = n->now.utc_ms + TLS_BEFORE_MS;
}

void node_peer_revoked(struct rb_node *n, const struct rb_hash *party, const struct rb_key *tls) {
    struct peer *p = node_peer_find(n, party);
    if (!p) return;
    p->tls_revoked = *tls;
    if (p->tls_before_until == 0 || !rb_key_eq(tls, &p->tls_before)) return;
    p->tls_before_until = 0;
    if (n->started) peer_store(n, p);
}

static bool tls_is(const struct rb_node *n, const struct peer *p, const struct rb_key *tls) {
    if (rb_key_eq(tls, &p->tls_revoked)) return false;
    return rb_key_eq(tls, &p->card.tls) ||
           (n->now.utc_ms < p->tls_before_until && rb_key_eq(tls, &p->tls_before));
}

/* Of two that list it, the one compared in person is believed. */
bool rb_node_peer_by_tls(const struct rb_node *n, const struct rb_key *tls, struct rb_hash *party) {
    for (unsigned accredited = 2; accredited-- > 0;)
        for (size_t i = 0; i < n->peers_n; i++) {
            if (n->peers[i]->accredited != (accredited > 0) || !tls_is(n, n->peers[i], tls))
                continue;
            *party = n->peers[i]->party;
            return true;
        }
    return false;
}

static enum rb_err put_card(struct rb_node *n, struct peer *p, struct rb_slice raw,
                            struct rb_reject *rj) {
    struct rb_slice copy;
    const struct rb_key was = p->card.tls;
    const bool had = p->card_raw.n > 0;
    if (rb_region_copy(&n->region, raw, &copy) != RB_OK) return RB_ERR_LIMIT;
    RB_TRY(rb_card_decode(copy, &p->card, &n->work, rj));
    p->card_raw = copy;
    if (had) keep_tls_before(n, p, &was);
    return RB_OK;
}

/* What was taken in once is not asked again whether it fits. */
enum rb_err node_peer_load(struct rb_node *n, struct rb_slice value, struct rb_reject *rj) {
    struct rb_reader r = rb_reader(value);
    struct rb_key before = {0};
    struct rb_card card;
    struct rb_hash party;
    struct peer *p;
    uint8_t flags;
    uint64_t until = 0;
    RB_TRY(rb_get_u8(&r, &flags));
    if (flags & FLAG_TLS_BEFORE) RB_TRY(rb_get_u64(&r, &until));
    if (flags & FLAG_TLS_BEFORE) RB_TRY(rb_get_copy(&r, before.b, RB_KEY_LEN));
    const struct rb_slice raw = rb_slice_sub(value, r.at, value.n);
    RB_TRY(rb_card_decode(raw, &card, &n->work, rj));
    rb_party_hash(&card.party, &party);
    p = node_peer_find(n, &party);
    if (!p) RB_TRY(peer_new(n, &party, &p));
    RB_TRY(put_card(n, p, raw, rj));
    p->accredited = flags & FLAG_ACCREDITED;
    p->tls_before = before;
    p->tls_before_until = until > INT64_MAX ? 0 : (int64_t)until;
    return RB_OK;
}

enum rb_err node_peer_put(struct rb_node *n, struct rb_slice raw, bool accredited, bool persist,
                          struct peer **out, struct rb_reject *rj) {
    struct rb_card card;
    struct rb_hash party;
    RB_TRY(rb_card_decode(raw, &card, &n->work, rj));
    rb_party_hash(&card.party, &party);
    if (n->has_self && rb_hash_eq(&party, &n->self_party))
        return rb_reject(rj, RB_ERR_DENIED, "6.1.3", "this is our own card", 0);
    struct peer *p = node_peer_find(n, &party);
    RB_TRY(card_fits(n, &card, &party, accredited || (p && p->accredited), rj));
    bool accredit_only = p && p->card.version >= card.version;
    if (p && accredited && p->card.version > card.version)
        return rb_reject(rj, RB_ERR_STALE, "6.1.5", "a newer version of this card is held", 0);
    if (!p) RB_TRY(peer_new(n, &party, &p));
    bool changed = p->card_raw.n == 0 || (accredited && !p->accredited);
    if (!accredit_only || p->card_raw.n == 0) {
        RB_TRY(put_card(n, p, raw, rj));
        changed = true;
    }
    p->accredited |= accredited;
    if (persist && changed) peer_store(n, p);
    if (out) *out = p;
    return RB_OK;
}

enum rb_err node_self_put(struct rb_node *n, struct rb_slice raw, struct rb_reject *rj) {
    struct rb_card card;
    struct rb_slice copy;
    RB_TRY(rb_card_decode(raw, &card, &n->work, rj));
    if (n->has_self && !rb_key_eq(&card.party, &n->self.party))
        return rb_reject(rj, RB_ERR_DENIED, "6.1.6", "the card is another party's", 0);
    if (n->has_self && card.version < n->self.version)
        return rb_reject(rj, RB_ERR_STALE, "6.1.5", "a newer version of our card is in use", 0);
    RB_TRY(rb_region_copy(&n->region, raw, &copy));
    RB_TRY(rb_card_decode(copy, &n->self, &n->work, rj));
    n->self_raw = copy;
    n->has_self = true;
    rb_party_hash(&n->self.party, &n->self_party);
    struct rb_writer w = rb_writer(n->mirror_name, sizeof n->mirror_name - 1);
    rb_put_z(&w, "readback/");
    rb_put_hex(&w, n->self_party.b, RB_HASH_LEN);
    rb_put_z(&w, "/mirror");
    rb_vkey_make(rb_written(&w), RB_SIG_COSIGNATURE_V1, &n->self.mirror, &n->mirror_vkey);
    return RB_OK;
}

static void attempt(struct rb_node *n, struct peer *p, const char *outcome) {
    struct attempt *a = &p->attempts[p->attempts_n++ % 8];
    a->utc_ms = n->now.utc_ms;
    a->outcome = outcome;
    p->last_try = n->now.utc_ms;
    p->last_outcome = outcome;
}

void node_peer_ok(struct rb_node *n, struct peer *p) {
    p->last_ok = n->now.utc_ms;
    p->last_try = n->now.utc_ms;
    p->last_outcome = "answered";
    if (p->link != RB_LINK_UP || p->failures) attempt(n, p, "answered");
    p->failures = 0;
    p->retry_at = 0;
    p->line.heard_at = n->now.mono_ms ? n->now.mono_ms : 1;
    if (p->link == RB_LINK_UP) return;
    p->link = RB_LINK_UP;
    p->link_since = n->now.utc_ms;
    node_alert(n, RB_ALERT_LINK_UP, NULL, NULL, RB_NO_MEMBER, &p->party, RB_ROUTINE, 0, NULL);
}

/* Waits double up to a minute, with a little chance so that eleven nodes do not knock in step. */
void node_peer_failed(struct rb_node *n, struct peer *p, const char *why) {
    uint64_t wait = RB_RETRY_MIN_MS << (p->failures < 6 ? p->failures : 6);
    if (wait > RB_RETRY_MAX_MS) wait = RB_RETRY_MAX_MS;
    wait += node_rand16(n) % (wait / 4 + 1);
    p->failures++;
    p->retry_at = n->now.mono_ms + wait;
    attempt(n, p, why);
    if (p->link == RB_LINK_DOWN) return;
    p->link = RB_LINK_DOWN;
    p->link_since = n->now.utc_ms;
    struct rb_reject rj = {RB_ERR_IO, "6.7", why, 0};
    node_alert(n, RB_ALERT_LINK_DOWN, NULL, NULL, RB_NO_MEMBER, &p->party, RB_ROUTINE, 0, &rj);
}

/* ---- who only calls us --------------------------------------------------------------------------
 * Nothing of ours fails where it is not there: that it stopped calling is all there is to see. A
 * held GET ends by itself and comes again, so a line that stands is heard from (spec 6.18.4). */
static uint64_t quiet_at(const struct peer *p) {
    if (p->link != RB_LINK_UP || p->card.addresses_n > 0) return UINT64_MAX;
    return p->line.heard_at + RB_QUIET_MS;
}

void node_peers_quiet(struct rb_node *n) {
    struct rb_reject rj = {RB_ERR_IO, "6.18.4", "it only calls us, and was not heard from", 0};
    for (size_t i = 0; i < n->peers_n; i++) {
        struct peer *p = n->peers[i];
        if (n->now.mono_ms < quiet_at(p)) continue;
        p->link = RB_LINK_DOWN;
        p->link_since = p->last_ok; /* not heard from since then; no try of ours failed */
        p->last_outcome = rj.what;
        node_alert(n, RB_ALERT_LINK_DOWN, NULL, NULL, RB_NO_MEMBER, &p->party, RB_ROUTINE, 0, &rj);
    }
}

uint64_t node_peers_wake(const struct rb_node *n) {
    uint64_t wake = UINT64_MAX;
    for (size_t i = 0; i < n->peers_n; i++)
        if (quiet_at(n->peers[i]) < wake) wake = quiet_at(n->peers[i]);
    return wake;
}
