/* Channels: founding, members as peers, feeds, and the rules kept at hand for admission. */
#include "guard.h"
#include <assert.h>

struct channel *node_channel_find(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN]) {
    for (size_t i = 0; i < n->channels_n; i++)
        if (memcmp(n->channels[i]->id, id, RB_CHANNEL_LEN) == 0) return n->channels[i];
    return NULL;
}

/* Reading a card verifies signature and keys: only where it is news. */
static void take_card(struct rb_node *n, struct channel *ch, const struct rb_book_member *m) {
    const struct peer *p = node_peer_find(n, &m->party);
    if (p && p->card.version >= m->card->version) return;
    struct rb_reject rj = {0};
    size_t mark = rb_arena_mark(&n->work);
    if (node_peer_put(n, m->card->raw, false, n->started, NULL, &rj) != RB_OK)
        node_alert(n, RB_ALERT_REFUSED, ch, NULL, m->index, &m->party, RB_ROUTINE, 0, &rj);
    rb_arena_release(&n->work, mark);
}

/* Members' cards make peers (introduced by charter), each with its line to be looked after. Only
 * where we joined: a charter that was merely sent to us pins nobody (design §3). */
void node_sync_members(struct rb_node *n, struct channel *ch) {
    for (size_t i = 0; i < ch->book.members_n; i++) {
        const struct rb_book_member *m = &ch->book.members[i];
        if (m->index == ch->own_member || !m->card) continue;
        if (ch->own) take_card(n, ch, m);
        bool listed = false;
        for (size_t k = 0; k < ch->pulls_n; k++)
            listed |= ch->pulls[k].member == m->index;
        if (!listed && ch->pulls_n < RB_MAX_MEMBERS) {
            struct pullx p = {.member = m->index};
            ch->pulls[ch->pulls_n++] = p;
        }
    }
}

static enum rb_err channel_find_self(struct rb_node *n, struct channel *ch, struct rb_reject *rj) {
    const struct rb_book_member *me = rb_book_member_by_party(&ch->book, &n->self_party);
    if (!me)
        return rb_reject(rj, RB_ERR_DENIED, "6.2.2", "the charter does not name this party", 0);
    ch->own_member = me->index;
    if (node_channel_find(n, ch->book.channel))
        return rb_reject(rj, RB_ERR_EXISTS, "6.2.3", "the channel is known already", 0);
    return RB_OK;
}

enum rb_err node_channel_new(struct rb_node *n, struct rb_slice charter_leaf, struct channel **out,
                             struct rb_reject *rj) {
    if (!n->has_self) return rb_reject(rj, RB_ERR_STATE, "6.1.1", "this node has no card yet", 0);
    if (n->channels_n == RB_MAX_CHANNELS)
        return rb_reject(rj, RB_ERR_LIMIT, "6.2.1", "too many channels on this node", 0);
    struct channel *ch = rb_region_alloc(&n->region, sizeof *ch);
    if (!ch) return RB_ERR_LIMIT;
    ch->pulls = rb_region_alloc(&n->region, RB_MAX_MEMBERS * sizeof *ch->pulls);
    enum rb_err err =
        ch->pulls ? rb_book_found(&ch->book, &n->region, charter_leaf, &n->work, rj) : RB_ERR_LIMIT;
    if (err == RB_OK && (err = channel_find_self(n, ch, rj)) != RB_OK) rb_book_free(&ch->book);
    if (err != RB_OK) {
        if (ch->pulls) rb_region_free(&n->region, ch->pulls, RB_MAX_MEMBERS * sizeof *ch->pulls);
        rb_region_free(&n->region, ch, sizeof *ch);
        return err;
    }
    memcpy(ch->id, ch->book.channel, RB_CHANNEL_LEN);
    ch->rules_dirty = ch->dirty = ch->heads_dirty = true;
    ch->next_due_utc = ch->purge_utc = ch->remind_utc = INT64_MAX;
    ch->settle_at = ch->body_wake = UINT64_MAX;
    n->channels[n->channels_n++] = ch;
    node_sync_members(n, ch);
    *out = ch;
    return RB_OK;
}

static void feedx_free(struct rb_node *n, struct feedx *fx) {
    buf_free(n, &fx->delegation);
    if (fx->mirrors) rb_region_free(&n->region, fx->mirrors, RB_MAX_MEMBERS * sizeof *fx->mirrors);
    rb_region_free(&n->region, fx, sizeof *fx);
}

/* Only for a channel founded in this very step whose first feed turned out bad. */
void node_channel_drop(struct rb_node *n, struct channel *ch) {
    assert(n->channels_n > 0 && n->channels[n->channels_n - 1] == ch);
    n->channels_n--;
    n->sit_of = n->live_of = NULL; /* another book may come to lie where this one did */
    rb_live_drop(&n->live);
    for (size_t i = 0; i < ch->feeds_n; i++)
        feedx_free(n, ch->feeds[i]);
    if (ch->feeds) rb_region_free(&n->region, ch->feeds, ch->feeds_cap * sizeof *ch->feeds);
    rb_book_free(&ch->book);
    rb_region_free(&n->region, ch->pulls, RB_MAX_MEMBERS * sizeof *ch->pulls);
    rb_region_free(&n->region, ch, sizeof *ch);
}

void node_channel_store(struct rb_node *n, struct channel *ch) {
    struct rb_writer w = node_writer(n, ch->book.charter_leaf.n + 1);
    rb_put_u8(&w, (uint8_t)ch->state);
    rb_put_slice(&w, ch->book.charter_leaf);
    node_store_meta(n, RB_TABLE_CHANNEL, rb_slice(ch->id, RB_CHANNEL_LEN), rb_written(&w));
}

struct feedx *node_feedx(struct channel *ch, uint16_t member, uint16_t epoch) {
    for (size_t i = 0; i < ch->feeds_n; i++)
        if (ch->feeds[i]->f->member == member && ch->feeds[i]->f->epoch == epoch)
            return ch->feeds[i];
    return NULL;
}

struct feedx *node_feedx_by_hash(struct rb_node *n, const struct rb_hash *h) {
    for (size_t c = 0; c < n->channels_n; c++)
        for (size_t i = 0; i < n->channels[c]->feeds_n; i++)
            if (rb_hash_eq(&n->channels[c]->feeds[i]->origin_hash, h))
                return n->channels[c]->feeds[i];
    return NULL;
}

struct feedx *node_feedx_by_origin(struct rb_node *n, struct rb_slice origin) {
    struct rb_hash h;
    rb_sha256(origin, &h);
    return node_feedx_by_hash(n, &h);
}

static enum rb_err feedx_new(struct rb_node *n, struct channel *ch, struct rb_feed *f,
                             struct feedx **out) {
    void *list = ch->feeds;
    RB_TRY(rb_region_grow(&n->region, &list, &ch->feeds_cap, ch->feeds_n + 1, sizeof *ch->feeds));
    ch->feeds = list;
    struct feedx *fx = rb_region_alloc(&n->region, sizeof *fx);
    if (!fx) return RB_ERR_LIMIT;
    fx->ch = ch;
    fx->f = f;
    fx->own = f->member == ch->own_member;
    rb_sha256(rb_slice(f->origin, f->origin_n), &fx->origin_hash);
    if (fx->own) {
        fx->mirrors = rb_region_alloc(&n->region, RB_MAX_MEMBERS * sizeof *fx->mirrors);
        if (!fx->mirrors) {
            feedx_free(n, fx);
            return RB_ERR_LIMIT;
        }
    }
    ch->feeds[ch->feeds_n++] = fx;
    if (fx->own && (!ch->own || ch->own->f->epoch < f->epoch)) {
        ch->own = fx;
        ch->state = RB_OWN_JOINED;
    }
    *out = fx;
    return RB_OK;
}

enum rb_err node_channel_open_feed(struct rb_node *n, struct channel *ch,
                                   struct rb_slice delegation, bool persist, struct feedx **out,
                                   struct rb_reject *rj) {
    struct rb_feed *f = NULL;
    RB_TRY(rb_book_open_feed(&ch->book, delegation, &n->work, &f, rj));
    struct feedx *fx = node_feedx(ch, f->member, f->epoch);
    if (!fx) RB_TRY(feedx_new(n, ch, f, &fx));
    if (fx->delegation.n == 0) { /* new, or opened when memory was short */
        RB_TRY(buf_put(n, &fx->delegation, delegation.p, delegation.n));
        if (n->started) load_head(n, fx);
        if (persist) {
            uint8_t key[20];
            node_feed_key(fx, key);
            node_store_meta(n, RB_TABLE_DELEGATION, rb_slice(key, sizeof key), delegation);
        }
    }
    *out = fx;
    return RB_OK;
}

/* The founding charter, or the adopted amendment's, decoded into the region once. */
static enum rb_err keep_charter(struct rb_node *n, struct channel *ch,
                                const struct rb_situation *s) {
    if (s->charter_record == RB_NOWHERE) {
        ch->charter = ch->book.charter;
        return RB_OK;
    }
    const struct rb_fact *f = rb_situation_fact(s, s->charter_record);
    if (ch->charter && rb_hash_eq(&ch->charter_id, &f->id)) return RB_OK;
    struct rb_slice body = f->body;
    if (f->kind == RB_KIND_AMENDMENT) {
        struct rb_amendment a;
        RB_TRY(rb_amendment_decode(body, &a, NULL));
        body = a.charter;
    }
    struct rb_charter *c = rb_region_alloc(&n->region, sizeof *c);
    if (!c) return RB_ERR_LIMIT;
    RB_TRY(rb_charter_decode(body, c, NULL));
    ch->charter = c;
    ch->charter_id = f->id;
    return RB_OK;
}

/* Who left, or is not listed any more since the charter in force is another one */
static uint64_t gone_members(const struct channel *ch, const struct rb_situation *s) {
    uint64_t gone = 0;
    for (size_t i = 0; i < s->members_n; i++) {
        bool listed = ch->charter_state != RB_CHARTER_IN_FORCE;
        for (size_t k = 0; k < ch->charter->members_n && !listed; k++)
            listed = ch->charter->members[k].index == s->members[i].index;
        if (s->members[i].left || !listed) gone |= 1ull << s->members[i].index;
    }
    return gone;
}

enum rb_err node_refresh_rules(struct rb_node *n, struct channel *ch) {
    if (!ch->rules_dirty) return RB_OK;
    const struct rb_situation *s;
    RB_TRY(rb_node_situation(n, ch->id, n->now.utc_ms, &s));
    RB_TRY(keep_charter(n, ch, s));
    bool was_in_force = ch->charter_state == RB_CHARTER_IN_FORCE;
    ch->charter_state = s->charter_state;
    ch->standing = rb_situation_standing(s, ch->own_member);
    ch->gone = gone_members(ch, s) & ~(1ull << ch->own_member);
    for (size_t i = 0; i < s->members_n; i++) { /* leaves after a leave take no larger checkpoint */
        if (s->members[i].index == ch->own_member) continue;
        struct rb_feed *f = rb_book_latest_feed(&ch->book, s->members[i].index);
        struct feedx *fx = f ? node_feedx(ch, f->member, f->epoch) : NULL;
        if (fx) fx->closed = s->members[i].left; /* rejoined with a new epoch: open again */
    }
    if (!was_in_force && ch->charter_state == RB_CHARTER_IN_FORCE && ch->last_test_slot == 0 &&
        ch->charter->test_interval_s) {
        uint64_t step = (uint64_t)ch->charter->test_interval_s * 1000;
        ch->last_test_slot = (uint64_t)n->now.utc_ms / step * step;
    }
    node_sync_members(n, ch);
    ch->rules_dirty = false;
    ch->purge_scan = ch->body_work = true;
    return RB_OK;
}

static bool changes_rules(const struct channel *ch, const struct rb_fact *f) {
    switch ((int)f->kind) {
    case RB_KIND_CHARTER:
    case RB_KIND_AMENDMENT:
    case RB_KIND_MEMBERSHIP:
    case RB_KIND_REVOCATION:
    case RB_KIND_DELEGATION:
    case RB_KIND_CARD:
    case RB_KIND_ROTATION:
        return true;
    case RB_KIND_RECEIPT:
        return ch->charter_state != RB_CHARTER_IN_FORCE;
    case RB_KIND_POSITION:
        return f->position == RB_POSITION_ACCEPT || f->position == RB_POSITION_REJECT ||
               f->position == RB_POSITION_ABSTAIN || f->position == RB_POSITION_WITHDRAW;
    default:
        return false;
    }
}

/* The fold is put off so that a flood of records costs one fold, not one each. */
static void put_off_fold(struct rb_node *n, struct channel *ch) {
    if (ch->dirty) return;
    uint64_t wait = 1000;
    for (size_t i = 0; i < ch->feeds_n; i++)
        wait += ch->feeds[i]->f->facts_n / 50;
    ch->fold_at = n->now.mono_ms + wait;
    ch->dirty = true;
}

void node_changed(struct rb_node *n, struct channel *ch, const struct rb_fact *f) {
    if (n->sit_of == ch) n->sit_of = NULL;
    stand_changed(ch, f);
    if (f->mark == RB_MARK_NONE && changes_rules(ch, f)) ch->rules_dirty = true;
    put_off_fold(n, ch);
}

void node_judged(struct rb_node *n, struct feedx *fx, size_t index, struct rb_slice leaf) {
    struct channel *ch = fx->ch;
    const struct rb_fact *f = &fx->f->facts[index];
    keys_judged(n, fx, index);
    node_changed(n, ch, f);
    if (fx->own) share_weigh(n, fx, index, leaf.n);
    guard_judged(n, fx, index);
    places_judged(n, fx, index, leaf);
    body_judged(n, fx, index);
    if (!n->started) return;
    if (!fx->own) advance_came(n, fx, &f->id);
    if (!fx->own)
        node_alert(n, RB_ALERT_RECORD, ch, &f->id, fx->f->member, NULL, f->precedence, index, NULL);
}

/* Spec 6.5: SHA-256 over, for each feed with a checkpoint in (member, epoch) order, u16 origin
 * length, origin, u64 size, root; the first 16 bytes in hex. */
void node_heads_digest(struct rb_node *n, struct channel *ch, char out[33]) {
    if (ch->heads_dirty) {
        size_t mark = rb_arena_mark(&n->work), cap = ch->feeds_n * (RB_MAX_ORIGIN + 42) + 1;
        struct rb_writer w = rb_writer(rb_arena_alloc(&n->work, cap), cap);
        for (size_t i = 0; i < ch->book.feeds_n && w.p; i++) {
            struct rb_feed *f = ch->book.feeds[i];
            struct feedx *fx = node_feedx(ch, f->member, f->epoch);
            if (f->branch > 0 || !fx || fx->note_size == 0) continue;
            struct rb_hash root;
            rb_tree_root(&f->tree, fx->note_size, &root);
            rb_put_u16(&w, (uint16_t)f->origin_n);
            rb_put(&w, f->origin, f->origin_n);
            rb_put_u64(&w, fx->note_size);
            rb_put(&w, root.b, RB_HASH_LEN);
        }
        struct rb_hash h;
        rb_sha256(rb_written(&w), &h);
        struct rb_writer hex = rb_writer(ch->heads, sizeof ch->heads);
        rb_put_hex(&hex, h.b, 16);
        (void)rb_writer_z(&hex);
        ch->heads_dirty = false;
        rb_arena_release(&n->work, mark);
    }
    memcpy(out, ch->heads, 33);
}

/* "ORIGIN SIZE BASE64ROOT\n" for each feed with a checkpoint */
void node_heads_text(struct rb_node *n, struct channel *ch, struct rb_writer *w) {
    (void)n;
    for (size_t i = 0; i < ch->book.feeds_n; i++) {
        struct rb_feed *f = ch->book.feeds[i];
        struct feedx *fx = node_feedx(ch, f->member, f->epoch);
        if (f->branch > 0 || !fx || fx->note_size == 0) continue;
        struct rb_hash root;
        rb_tree_root(&f->tree, fx->note_size, &root);
        rb_put(w, f->origin, f->origin_n);
        rb_put_u8(w, ' ');
        rb_put_dec(w, fx->note_size);
        rb_put_u8(w, ' ');
        rb_put_base64(w, root.b, RB_HASH_LEN);
        rb_put_u8(w, '\n');
    }
}
