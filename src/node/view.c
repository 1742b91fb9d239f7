/* Looking at the node without changing it. */
#include "guard.h"

const struct rb_card *rb_node_card(const struct rb_node *n) {
    return n->has_self ? &n->self : NULL;
}

size_t rb_node_peers(const struct rb_node *n) {
    return n->peers_n;
}

bool rb_node_peer(const struct rb_node *n, size_t i, struct rb_peer_view *out) {
    if (i >= n->peers_n) return false;
    const struct peer *p = n->peers[i];
    *out = (struct rb_peer_view){.party = p->party,
                                 .card = &p->card,
                                 .accredited = p->accredited,
                                 .link = p->link,
                                 .link_since_utc_ms = p->link_since,
                                 .last_ok_utc_ms = p->last_ok,
                                 .last_try_utc_ms = p->last_try,
                                 .last_outcome = p->last_outcome,
                                 .failures = p->failures,
                                 .last_call_utc_ms = p->last_call,
                                 .takes_bytes_s = p->line.out,
                                 .slow = share_slow(p)};
    out->clock_known = p->clock.known;
    out->clock_least_ms = p->clock.least_ms;
    out->clock_most_ms = p->clock.most_ms;
    out->clock_their_utc_ms = p->clock.their_utc_ms;
    out->clock_our_utc_ms = p->clock.our_utc_ms;
    out->clock_seen_mono_ms = p->clock.mono;
    return true;
}

size_t rb_node_channels(const struct rb_node *n) {
    return n->channels_n;
}

bool rb_node_outbox_next(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                         struct rb_outbox_view *v) {
    const struct channel *ch = node_channel_find(n, id);
    const struct outbox_item *at = v->at, *next = at ? at->next : ch ? ch->outbox : NULL;
    if (!ch) return false;
    if (!next && !v->stale) {
        v->stale = true;
        next = ch->stale;
    }
    if (!next) return false;
    v->at = next;
    v->id = next->id;
    v->leaf = buf_slice(&next->leaf);
    return true;
}

static enum rb_body_state place_state(const struct body *b, const struct place *p) {
    if (b->state == RB_BODY_PURGED) return RB_BODY_PURGED;
    if (p->verdict == VERDICT_BAD) return RB_BODY_BAD;
    if (b->state == RB_BODY_HELD && p->opened) return RB_BODY_OPENED;
    return (enum rb_body_state)b->state;
}

static void count_bodies(struct channel *ch) {
    ch->missing_n = ch->unopened_n = 0;
    for (size_t i = 0; i < ch->places_n; i++) {
        const struct place *p = &ch->places[i];
        enum rb_body_state s = place_state(&ch->bodies[p->body], p);
        ch->missing_n += s == RB_BODY_MISSING || s == RB_BODY_BAD;
        ch->unopened_n += s == RB_BODY_HELD;
    }
    ch->counted = true;
}

static void channel_view(const struct rb_node *n, struct channel *ch, struct rb_channel_view *out) {
    memset(out, 0, sizeof *out);
    out->id = ch->id;
    out->book = &ch->book;
    out->state = ch->state;
    out->own_member = ch->own_member;
    out->outbox_n = ch->outbox_n;
    out->held_up = ch->held_up;
    out->held_up_by = ch->held_up_by;
    out->charter = ch->charter ? ch->charter : ch->book.charter;
    if (!ch->counted) count_bodies(ch);
    out->bodies_missing = ch->missing_n;
    out->bodies_unopened = ch->unopened_n;
    if (!ch->own) return;
    out->own_feed = ch->own->f;
    out->signed_size = ch->own->note_size;
    struct guard_view g;
    guard_counts(n, ch, &g);
    out->waiting = own_waits(ch->own);
    out->guarded = ch->guard.on;
    out->guard_asked = g.asked;
    out->guard_answered = g.answered;
    out->guard_need = g.need;
    out->lost_to = lost_to(ch->own);
}

bool rb_node_channel(const struct rb_node *n, size_t i, struct rb_channel_view *out) {
    if (i >= n->channels_n) return false;
    channel_view(n, n->channels[i], out);
    return true;
}

bool rb_node_channel_by_id(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                           struct rb_channel_view *out) {
    struct channel *ch = node_channel_find(n, id);
    if (!ch) return false;
    channel_view(n, ch, out);
    return true;
}

size_t rb_node_drafts(const struct rb_node *n) {
    size_t k = 0;
    for (size_t i = 0; i < RB_MAX_DRAFTS; i++)
        k += n->drafts[i] && n->drafts[i]->used;
    return k;
}

bool rb_node_draft(const struct rb_node *n, size_t want, struct rb_draft_view *out) {
    for (size_t i = 0; i < RB_MAX_DRAFTS; i++) {
        const struct draft *d = n->drafts[i];
        if (!d || !d->used || want-- > 0) continue;
        out->hash = d->hash;
        out->payload = buf_slice(&d->payload);
        memcpy(out->channel, d->channel, RB_CHANNEL_LEN);
        out->signers_n = d->signers_n;
        out->signers = d->signers;
        return true;
    }
    return false;
}

enum rb_err rb_node_situation(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], int64_t utc_ms,
                              const struct rb_situation **out) {
    struct channel *ch = node_channel_find(n, id);
    if (!ch) return RB_ERR_NOT_FOUND;
    if (n->sit_of != ch || n->sit_utc != utc_ms) {
        const struct rb_situation *s;
        if (n->live_of != ch) rb_live_drop(&n->live);
        n->sit_of = NULL;
        n->live_of = ch;
        RB_TRY(rb_live_update(&n->live, &ch->book, utc_ms, &s));
        n->sit_of = ch;
        n->sit_utc = utc_ms;
        n->sit_serial++;
    }
    *out = &n->live.s;
    return RB_OK;
}

uint64_t rb_node_cosigned(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                          uint16_t member, uint64_t *time_s) {
    struct channel *ch = node_channel_find(n, id);
    if (!ch || !ch->own) return 0;
    for (size_t i = 0; i < ch->own->mirrors_n; i++)
        if (ch->own->mirrors[i].member == member) {
            if (time_s) *time_s = ch->own->mirrors[i].covered_time_s;
            return ch->own->mirrors[i].covered;
        }
    return 0;
}

struct rb_slice rb_node_checkpoint(const struct rb_node *n, const struct rb_feed_ref *feed) {
    struct channel *ch = node_channel_find(n, feed->channel);
    struct feedx *fx = ch ? node_feedx(ch, feed->member, feed->epoch) : NULL;
    return fx ? buf_slice(&fx->note) : rb_slice(NULL, 0);
}

enum rb_err rb_node_next_origin(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                                struct rb_writer *w) {
    struct channel *ch = node_channel_find(n, id);
    if (!ch || !n->has_self) return RB_ERR_NOT_FOUND;
    uint16_t epoch = ch->own ? (uint16_t)(ch->own->f->epoch + 1) : 0;
    /* not one that the head file knows, and the store has forgotten */
    for (; ch->own && epoch < RB_MAX_EPOCHS; epoch++) {
        char origin[RB_MAX_ORIGIN];
        struct rb_writer o = rb_writer(origin, sizeof origin);
        rb_origin_encode(ch->book.exercise, ch->id, &n->self_party, epoch, &o);
        if (o.over || load_head_known(n, RB_USE_LOG, rb_written(&o)) == 0) break;
    }
    rb_origin_encode(ch->book.exercise, ch->id, &n->self_party, epoch, w);
    return RB_OK;
}

const char *rb_body_state_name(enum rb_body_state s) {
    switch (s) {
    case RB_BODY_NONE:
        return "";
    case RB_BODY_MISSING:
        return "missing";
    case RB_BODY_HELD:
        return "held";
    case RB_BODY_OPENED:
        return "opened";
    case RB_BODY_BAD:
        return "bad";
    case RB_BODY_PURGED:
        return "purged";
    }
    return "?";
}

bool rb_node_body(const struct rb_node *n, const struct rb_feed_ref *feed, uint64_t leaf,
                  struct rb_body_view *out) {
    struct channel *ch = node_channel_find(n, feed->channel);
    struct feedx *fx = ch ? node_feedx(ch, feed->member, feed->epoch) : NULL;
    memset(out, 0, sizeof *out);
    if (!fx || leaf >= fx->f->facts_n) return false;
    const struct place *p = body_place(ch, fx, leaf);
    if (!p) return true;
    const struct body *b = &ch->bodies[p->body];
    int64_t until = retain_until(ch, b);
    out->state = place_state(b, p);
    out->have = b->have;
    out->size = b->size;
    out->taken_utc_ms = b->taken_utc;
    out->purge_utc_ms = until == INT64_MAX ? 0 : until;
    if (out->state == RB_BODY_MISSING) out->why = body_why(b->why);
    if (out->state == RB_BODY_BAD) out->why = body_why(p->why);
    out->ref = body_ref(ch, b);
    return true;
}
