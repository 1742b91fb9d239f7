/* What we say of bodies: in receipts, up to where all that is addressed to us is held but for those
 * listed; in service records, what is no good, and what was purged. Clauses 9.5, 9.6.3. */
#include "node_int.h"

/* A cosignature waiting to be logged sets the time for both; else we gather for one interval. */
void told_due(struct rb_node *n, struct channel *ch) {
    if (ch->bodies_dirty) return;
    ch->bodies_dirty = true;
    uint64_t ms = ch->charter ? ch->charter->receipt_interval_ms : 0;
    uint64_t at = n->now.mono_ms + (ms < RB_RECEIPT_MIN_MS ? RB_RECEIPT_MIN_MS : ms);
    if (machine_queued(ch)) return;
    if (ch->receipt_at < at) ch->receipt_at = at;
}

enum settled { SETTLED_HELD, SETTLED_MISSING, SETTLED_NOT };

/* Purged counts as held by who had it; a body that nothing was ever seen of does not. */
static enum settled settled(const struct rb_node *n, struct channel *ch, const struct place *p) {
    const struct body *b = &ch->bodies[p->body];
    bool here = b->state == RB_BODY_HELD || b->state == RB_BODY_PURGED;
    if (here && p->verdict == VERDICT_GOOD) return SETTLED_HELD;
    if (p->verdict == VERDICT_BAD || b->state == RB_BODY_PURGED) return SETTLED_MISSING;
    if (b->state == RB_BODY_HELD && n->locked) return SETTLED_NOT;
    if (n->now.mono_ms >= p->grace_at) return SETTLED_MISSING;
    if (p->grace_at < ch->settle_at) ch->settle_at = p->grace_at;
    return SETTLED_NOT;
}

/* Places below `to`, the missing ones written as an array; false: nothing new in it */
static bool feed_bodies(struct rb_node *n, struct feedx *fx, uint64_t *list, size_t *room,
                        struct rb_receipt_bodies *out) {
    struct channel *ch = fx->ch;
    uint64_t to = fx->note_size < fx->f->facts_n ? fx->note_size : fx->f->facts_n;
    if (n->now.mono_ms < fx->say_from) { /* a long list was said a moment ago */
        if (fx->say_from < ch->settle_at) ch->settle_at = fx->say_from;
        return false;
    }
    if (fx->places_short && fx->places_to < to) to = fx->places_to;
    size_t k = 0, missing = 0;
    for (; k < fx->places_n; k++) {
        const struct place *p = &ch->places[fx->places[k]];
        enum settled s = p->leaf < to ? settled(n, ch, p) : SETTLED_NOT;
        if (s == SETTLED_HELD) continue;
        if (s == SETTLED_NOT || missing == *room) {
            to = p->leaf < to ? p->leaf : to;
            break;
        }
        list[missing++] = p->leaf;
    }
    bool further = k > 0 && ch->places[fx->places[k - 1]].leaf >= fx->said_to;
    if (to == 0 || to < fx->said_to || (fx->said_to == 0 && !further)) return false;
    size_t cap = missing * 9 + 9;
    struct rb_writer w = rb_writer(rb_arena_alloc(&n->work, cap), cap);
    if (!w.p) return false;
    rb_cbor_put_array(&w, missing);
    for (size_t i = 0; i < missing; i++)
        rb_cbor_put_uint(&w, list[i]);
    struct rb_hash h;
    rb_sha256(rb_written(&w), &h);
    if (!further && rb_hash_eq(&h, &fx->said_but)) return false;
    *room -= missing;
    fx->say_from = n->now.mono_ms + w.n * RB_LISTED_BYTE_MS;
    *out = (struct rb_receipt_bodies){fx->f->member, fx->f->epoch, to, rb_written(&w)};
    return true;
}

size_t told_collect(struct rb_node *n, struct channel *ch, struct rb_receipt_bodies *out) {
    size_t k = 0, room = RB_MISSING_MAX;
    uint64_t *list = ch->bodies_dirty ? rb_arena_array(&n->work, room, sizeof *list) : NULL;
    if (!list) return 0;
    ch->bodies_dirty = false;
    ch->settle_at = UINT64_MAX;
    for (size_t i = 0; i < ch->feeds_n && k < RB_MAX_RECEIPT_ENTRIES; i++) {
        struct feedx *fx = ch->feeds[i];
        if (!fx->own && fx->places_n && feed_bodies(n, fx, list, &room, &out[k])) k++;
    }
    /* more than one record holds: the rest in the next */
    ch->bodies_dirty = k > 0 && (room == 0 || k == RB_MAX_RECEIPT_ENTRIES);
    return k;
}

void told_said(struct channel *ch, const struct rb_receipt *r) {
    for (size_t i = 0; i < r->bodies_n; i++) {
        struct feedx *fx = node_feedx(ch, r->bodies[i].member, r->bodies[i].epoch);
        if (!fx) continue;
        fx->said_to = r->bodies[i].size;
        rb_sha256(r->bodies[i].missing, &fx->said_but);
    }
}

void told_unsaid(struct rb_node *n, struct channel *ch) {
    for (size_t i = 0; i < ch->feeds_n; i++) {
        ch->feeds[i]->said_to = 0;
        memset(&ch->feeds[i]->said_but, 0, sizeof ch->feeds[i]->said_but);
    }
    told_due(n, ch);
}

/* ---- service records ---------------------------------------------------------------------------
 */
enum rb_err told_service(struct rb_node *n, struct channel *ch, enum rb_service_type type,
                         const struct rb_hash *subject, struct rb_slice reason, uint64_t token) {
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    struct rb_writer w = node_writer(n, reason.n + 64);
    if (!rec || !w.p) return RB_ERR_LIMIT;
    rb_cbor_put_map(&w, reason.n ? 3 : 2);
    rb_cbor_put_uint(&w, 1);
    rb_cbor_put_uint(&w, (uint64_t)type);
    rb_cbor_put_uint(&w, 2);
    rb_cbor_put_bytes(&w, rb_slice(subject->b, RB_HASH_LEN));
    if (reason.n) {
        rb_cbor_put_uint(&w, 7);
        rb_cbor_put_text(&w, reason);
    }
    rec->kind = RB_KIND_SERVICE;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&w);
    rec->refs[RB_REF_ABOUT].n = 1;
    rec->refs[RB_REF_ABOUT].h[0] = *subject;
    RB_TRY(rb_body_check(rec->kind, rec->body, NULL));
    return machine_make(n, ch, rec, token);
}

void told_queue(struct channel *ch, struct place *p) {
    uint32_t me = (uint32_t)(p - ch->places) + 1;
    if (p->saying || p->said) return;
    p->saying = true;
    p->say_next = 0;
    if (ch->saying.last)
        ch->places[ch->saying.last - 1].say_next = me;
    else
        ch->saying.first = me;
    ch->saying.last = me;
    ch->body_work = true;
}

/* true: it was said, or need not be any more */
static bool say_place(struct rb_node *n, struct channel *ch, struct place *p, bool *missing) {
    const struct rb_fact *f = &p->fx->f->facts[p->leaf];
    bool purged = ch->bodies[p->body].state == RB_BODY_PURGED;
    *missing = !purged && p->verdict == VERDICT_BAD && !p->fx->own;
    if (p->said || (!purged && !*missing)) return true;
    enum rb_service_type type = purged ? RB_SERVICE_PURGE : RB_SERVICE_BODY_MISSING;
    struct rb_slice why = purged ? rb_slice(NULL, 0) : rb_str(body_why(p->why));
    if (told_service(n, ch, type, &f->id, why, 0) != RB_OK) return false;
    p->said = true;
    return true;
}

/* One body that is no good in a second: a flood of them is not a flood of records. */
void told_some(struct rb_node *n, struct channel *ch) {
    bool missing = false;
    if (ch->saying.first == 0 || !ch->own || !n->has_self) return;
    if (n->now.mono_ms < ch->say_at) {
        body_wake(ch, ch->say_at);
        return;
    }
    for (size_t k = 0; k < RB_SAY_STEP && ch->saying.first && !missing; k++) {
        struct place *p = &ch->places[ch->saying.first - 1];
        if (!node_room(n, RB_MAX_LEAF) || !say_place(n, ch, p, &missing)) break;
        ch->saying.first = p->say_next;
        if (ch->saying.first == 0) ch->saying.last = 0;
        p->saying = false;
    }
    ch->say_at = n->now.mono_ms + RB_SAY_MS;
    if (ch->saying.first) body_wake(ch, ch->say_at);
}

/* What service records of ours say already, so that nothing is said twice after a restart, and
 * nothing is left unsaid that a crash came in between. */
static void note_service(struct channel *ch, const struct rb_fact *f) {
    struct rb_reader r;
    struct rb_slice bytes;
    struct rb_hash subject;
    uint64_t type = 0;
    struct rb_feed *feed;
    size_t leaf;
    if (rb_cbor_find(f->body, 1, &r) != RB_OK || rb_cbor_get_uint(&r, &type) != RB_OK) return;
    if (type != RB_SERVICE_PURGE && type != RB_SERVICE_BODY_MISSING) return;
    if (rb_cbor_find(f->body, 2, &r) != RB_OK || rb_cbor_get_bytes(&r, &bytes) != RB_OK) return;
    if (bytes.n != RB_HASH_LEN) return;
    memcpy(subject.b, bytes.p, RB_HASH_LEN);
    if (!rb_book_find_held(&ch->book, &subject, &feed, &leaf)) return;
    struct feedx *fx = node_feedx(ch, feed->member, feed->epoch);
    struct place *p = fx ? body_place(ch, fx, leaf) : NULL;
    bool purged = p && ch->bodies[p->body].state == RB_BODY_PURGED;
    if (p && purged == (type == RB_SERVICE_PURGE)) p->said = true;
}

void told_start(struct rb_node *n, struct channel *ch) {
    (void)n;
    if (ch->places_n == 0) return;
    for (size_t i = 0; i < ch->feeds_n; i++) {
        const struct rb_feed *f = ch->feeds[i]->f;
        for (size_t k = 0; ch->feeds[i]->own && k < f->facts_n; k++)
            if (f->facts[k].kind == RB_KIND_SERVICE && f->facts[k].mark == RB_MARK_NONE)
                note_service(ch, &f->facts[k]);
    }
    for (size_t i = 0; i < ch->places_n; i++) {
        struct place *p = &ch->places[i];
        bool purged = ch->bodies[p->body].state == RB_BODY_PURGED;
        if (purged || p->verdict == VERDICT_BAD) told_queue(ch, p);
    }
}
