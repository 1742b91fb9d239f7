/* Which of our keys signs here (spec 2.7): what counts is what our own feed of the channel says at
 * that place, so a key that was rotated signs on until the record that replaces it is on its way to
 * the log, and not a record longer. Clauses 2.7.x. */
#include "node_int.h"

#define TLS_SERVED_MS ((int64_t)24 * 3600 * 1000) /* 2.7.6 */

static bool key_set(const struct rb_key *k) {
    static const struct rb_key none;
    return !rb_key_eq(k, &none);
}

bool keys_revoked(const struct channel *ch, const struct rb_key *key) {
    for (size_t i = 0; i < ch->revoked_n; i++)
        if (rb_key_eq(&ch->revoked[i], key)) return true;
    return false;
}

/* ---- the node key ------------------------------------------------------------------------------
 */

/* Records the node makes are logged behind all that waits, in order: the key is that of the last
 * change on its way. */
const struct rb_key *keys_node(const struct channel *ch) {
    const struct rb_key *k;
    if (!ch->own) return NULL;
    if (ch->key_waits && ch->tail_of == ch->own && key_set(&ch->node_tail)) return &ch->node_tail;
    k = rb_feed_role_key(ch->own->f, RB_KEY_NODE);
    return k && !keys_revoked(ch, k) ? k : NULL;
}

/* ---- the mirror key and the TLS key ------------------------------------------------------------
 */

static bool knows_move(struct rb_node *n, const struct key_move *k, uint16_t member) {
    const struct mirror *m = own_mirror(n, k->at, member);
    return m && m->covered > k->leaf;
}

/* Others count a cosignature once they hold the leaf that brings its key; the author of the feed
 * must be able to before anybody, so the key before serves until it holds that leaf. */
void keys_mirror(struct rb_node *n, struct feedx *fx, struct rb_key *out) {
    struct channel *ch = fx->ch;
    const struct key_move *k = &ch->mirror_key;
    const struct rb_book_member *us = rb_book_member(&ch->book, ch->own_member);
    *out = key_set(&k->now) ? k->now : us ? us->card->mirror : n->self.mirror;
    if (k->at && !keys_revoked(ch, &k->before) && !knows_move(n, k, fx->f->member))
        *out = k->before;
}

/* somebody who ever took our feed does not hold the leaf that brings the TLS key of our card */
static bool tls_unknown(const struct rb_node *n, const struct channel *ch) {
    const struct key_move *k = &ch->tls_key;
    if (!rb_key_eq(&k->now, &n->self.tls)) return true; /* not logged there yet */
    for (size_t i = 0; k->at && i < k->at->mirrors_n; i++)
        if (k->at->mirrors[i].covered > 0 && k->at->mirrors[i].covered <= k->leaf) return true;
    return false;
}

/* A peer finds us by the key of the card it holds: the one before is served until all hold the new
 * one, at most a day; never one that was revoked (2.7.6). */
void rb_node_tls(const struct rb_node *n, int64_t utc_ms, struct rb_key *out) {
    *out = n->self.tls;
    if (utc_ms - n->self.issued_utc_ms >= TLS_SERVED_MS) return;
    for (size_t i = 0; i < n->channels_n; i++) {
        const struct channel *ch = n->channels[i];
        const struct key_move *k = &ch->tls_key;
        if (!ch->own || !tls_unknown(n, ch)) continue;
        const struct rb_key *before = rb_key_eq(&k->now, &n->self.tls) ? &k->before : &k->now;
        if (key_set(before) && !keys_revoked(ch, before)) *out = *before;
    }
}

static void moves(struct key_move *k, struct feedx *fx, size_t leaf, const struct rb_key *key) {
    if (rb_key_eq(&k->now, key)) return;
    if (key_set(&k->now)) {
        k->before = k->now;
        k->at = fx;
        k->leaf = leaf;
    }
    k->now = *key;
}

/* ---- what was judged ---------------------------------------------------------------------------
 */

static enum rb_err revoked_add(struct rb_node *n, struct channel *ch, const struct rb_key *key) {
    if (keys_revoked(ch, key)) return RB_OK;
    void *p = ch->revoked;
    RB_TRY(
        rb_region_grow(&n->region, &p, &ch->revoked_cap, ch->revoked_n + 1, sizeof *ch->revoked));
    ch->revoked = p;
    ch->revoked[ch->revoked_n++] = *key;
    return RB_OK;
}

/* Any member may log any party's: ours silences our key, another's makes its TLS key a stranger's.
 */
static void revocation_judged(struct rb_node *n, struct channel *ch, struct rb_slice statement) {
    struct rb_revocation *r = rb_arena_alloc(&n->work, sizeof *r);
    struct rb_hash party;
    if (!r || rb_revocation_decode(statement, r, &n->work, NULL) != RB_OK) return;
    rb_party_hash(&r->party, &party);
    if (n->has_self && rb_hash_eq(&party, &n->self_party)) {
        if (revoked_add(n, ch, &r->key) != RB_OK) n->overflow = true;
    } else if (r->role == RB_KEY_TLS) {
        node_peer_revoked(n, &party, &r->key);
    }
}

static void begins(struct key_move *k, const struct rb_key *founding) {
    if (!key_set(&k->now) && founding) k->now = *founding;
}

static void own_key_judged(struct rb_node *n, struct feedx *fx, size_t index,
                           struct rb_slice statement) {
    struct channel *ch = fx->ch;
    const struct rb_book_member *us = rb_book_member(&ch->book, ch->own_member);
    const enum rb_kind kind = (enum rb_kind)fx->f->facts[index].kind;
    struct rb_rotation r;
    if (kind == RB_KIND_DELEGATION) { /* the first feed begins with the charter's card */
        begins(&ch->mirror_key, rb_feed_role_key(fx->f, RB_KEY_MIRROR));
        begins(&ch->tls_key, rb_feed_role_key(fx->f, RB_KEY_TLS));
    } else if (kind == RB_KIND_CARD && us) {
        moves(&ch->mirror_key, fx, index, &us->card->mirror);
        moves(&ch->tls_key, fx, index, &us->card->tls);
    } else if (kind == RB_KIND_ROTATION &&
               rb_rotation_decode(statement, &r, &n->work, NULL) == RB_OK) {
        /* peers take a TLS key from the card that follows */
        if (r.role == RB_KEY_MIRROR) moves(&ch->mirror_key, fx, index, &r.new_key);
    }
}

/* what we say after leaving reaches nobody (6.4.5) */
static void own_membership(struct feedx *fx, size_t index) {
    const struct rb_fact *f = &fx->f->facts[index];
    struct rb_membership m;
    if (f->kind != RB_KIND_MEMBERSHIP || f->mark != RB_MARK_NONE || fx->left_at) return;
    if (rb_membership_decode(f->body, &m, NULL) == RB_OK && m.action == RB_MEMBERSHIP_LEAVE)
        fx->left_at = index + 1;
}

void keys_judged(struct rb_node *n, struct feedx *fx, size_t index) {
    const struct rb_fact *f = &fx->f->facts[index];
    struct rb_slice statement;
    if (fx->own) own_membership(fx, index);
    if (f->mark != RB_MARK_NONE || (f->kind != RB_KIND_CARD && f->kind != RB_KIND_DELEGATION &&
                                    f->kind != RB_KIND_ROTATION && f->kind != RB_KIND_REVOCATION))
        return;
    size_t mark = rb_arena_mark(&n->work);
    if (rb_carried_decode(f->body, &statement, NULL) == RB_OK) {
        if (f->kind == RB_KIND_REVOCATION) revocation_judged(n, fx->ch, statement);
        if (fx->own) own_key_judged(n, fx, index, statement);
    }
    rb_arena_release(&n->work, mark);
}

/* ---- what waits in the outbox ------------------------------------------------------------------
 */

bool keys_kind(enum rb_kind kind) {
    return kind == RB_KIND_CARD || kind == RB_KIND_ROTATION || kind == RB_KIND_REVOCATION;
}

/* COSE_Sign1 and COSE_Sign have the payload at the same place; it begins with the kind */
static enum rb_kind leaf_kind(struct rb_slice leaf) {
    struct rb_reader r = rb_reader(leaf);
    struct rb_cbor_head tag;
    struct rb_slice payload;
    uint64_t kind = 0;
    size_t n;
    if (rb_cbor_get_head(&r, &tag) != RB_OK || rb_cbor_get_array(&r, 4, &n) != RB_OK ||
        rb_cbor_skip(&r, NULL) != RB_OK || rb_cbor_skip(&r, NULL) != RB_OK ||
        rb_cbor_get_bytes(&r, &payload) != RB_OK || rb_cbor_find(payload, RB_ENV_KIND, &r) != RB_OK)
        return (enum rb_kind)0;
    return rb_cbor_get_uint(&r, &kind) == RB_OK ? (enum rb_kind)kind : (enum rb_kind)0;
}

/* of a leaf of ours: a record that changes whose keys count, and the statement in it */
static bool key_matter(struct rb_node *n, struct rb_slice leaf, enum rb_kind *kind,
                       struct rb_slice *statement) {
    if (!keys_kind(leaf_kind(leaf))) return false; /* nearly all: without reading the rest */
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    if (!rec || rb_record_decode(leaf, rec, NULL) != RB_OK) return false;
    *kind = rec->kind;
    return rb_carried_decode(rec->body, statement, NULL) == RB_OK;
}

/* It goes behind all that waits, whatever its precedence: what the earlier key signed stays before
 * it. */
void keys_enqueued(struct rb_node *n, struct channel *ch, struct rb_slice leaf) {
    struct rb_slice statement;
    struct rb_card *card;
    struct rb_rotation r;
    enum rb_kind kind;
    size_t mark = rb_arena_mark(&n->work);
    const struct rb_key *now = keys_node(ch);
    struct rb_key tail = now ? *now : n->self.node;
    if (!key_matter(n, leaf, &kind, &statement)) {
        rb_arena_release(&n->work, mark);
        return;
    }
    card = rb_arena_alloc(&n->work, sizeof *card);
    if (kind == RB_KIND_CARD && card && rb_card_decode(statement, card, &n->work, NULL) == RB_OK)
        tail = card->node;
    if (kind == RB_KIND_ROTATION && rb_rotation_decode(statement, &r, &n->work, NULL) == RB_OK &&
        r.role == RB_KEY_NODE && rb_key_eq(&r.old_key, &tail))
        tail = r.new_key;
    ch->key_waits++;
    ch->tail_of = ch->own;
    ch->node_tail = tail;
    rb_arena_release(&n->work, mark);
}

void keys_dequeued(struct channel *ch) {
    if (ch->key_waits) ch->key_waits--;
}

/* does this change, once logged, end the key's authority? */
static bool ends(struct rb_node *n, struct rb_slice leaf, const struct rb_key *key) {
    struct rb_slice statement;
    enum rb_kind kind;
    bool gone = false;
    struct rb_rotation rot;
    struct rb_card *card = rb_arena_alloc(&n->work, sizeof *card);
    struct rb_revocation *rev = rb_arena_alloc(&n->work, sizeof *rev);
    if (!card || !rev || !key_matter(n, leaf, &kind, &statement)) return false;
    if (kind == RB_KIND_ROTATION && rb_rotation_decode(statement, &rot, &n->work, NULL) == RB_OK)
        return rb_key_eq(&rot.old_key, key);
    if (kind == RB_KIND_REVOCATION && rb_revocation_decode(statement, rev, &n->work, NULL) == RB_OK)
        return rb_key_eq(&rev->key, key);
    if (kind == RB_KIND_CARD && rb_card_decode(statement, card, &n->work, NULL) == RB_OK) {
        gone = true;
        for (size_t i = 0; i < card->officers_n; i++)
            gone &= !rb_key_eq(&card->officers[i].key, key);
    }
    return gone;
}

bool keys_ending(struct rb_node *n, const struct channel *ch, const struct rb_key *key) {
    bool found = false;
    if (!ch->key_waits) return false;
    for (const struct outbox_item *i = ch->outbox; i && !found; i = i->next) {
        size_t mark = rb_arena_mark(&n->work);
        found = i->keys && ends(n, buf_slice(&i->leaf), key);
        rb_arena_release(&n->work, mark);
    }
    return found;
}

const struct rb_key *keys_on_card(struct rb_node *n, struct rb_slice signed_card,
                                  const uint8_t kid[RB_KID_LEN]) {
    struct rb_card *card = rb_arena_alloc(&n->work, sizeof *card);
    if (!card || rb_card_decode(signed_card, card, &n->work, NULL) != RB_OK) return NULL;
    if (!rb_key_eq(&card->party, &n->self.party)) return NULL;
    for (size_t i = 0; i < card->officers_n; i++) {
        uint8_t own[RB_KID_LEN];
        rb_key_id(&card->officers[i].key, own);
        if (memcmp(own, kid, RB_KID_LEN) == 0) return &card->officers[i].key;
    }
    return NULL;
}
