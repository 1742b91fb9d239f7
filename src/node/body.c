/* The table of closed bodies of a channel: one entry for each ciphertext of each author that a
 * judged leaf names, and a place for each such leaf that names us. What META says of a body is in
 * the same transaction as its bytes, so that one never claims what the other lacks.
 * Clauses 9.4, 9.5. */
#include "node_int.h"
#include "readback/sealed.h"

static const char *const whys[WHY_MAX] = {
    [WHY_ASKED] = "asked for, not come yet",
    [WHY_NOBODY] = "nobody who has it can be reached",
    [WHY_QUOTA] = "more than is kept of one member",
    [WHY_HASH] = "what came was not what the record names",
    [WHY_SIZE] = "two records give one ciphertext different sizes",
    [WHY_KEY] = "not sealed to a key of ours",
    [WHY_CHANGED] = "cut or changed: it does not open",
    [WHY_FORM] = "opens, but cannot be read",
    [WHY_COMMITMENT] = "opens, but is not what the record commits to",
};

const char *body_why(enum body_why why) {
    return why < WHY_MAX ? whys[why] : NULL;
}

bool body_is_for(const struct body *b, uint16_t member) {
    return member < RB_MAX_MEMBERS && (b->recipients >> member & 1) != 0;
}

void body_wake(struct channel *ch, uint64_t mono) {
    if (mono < ch->body_wake) ch->body_wake = mono;
}

struct rb_body_ref body_ref(const struct channel *ch, const struct body *b) {
    struct rb_body_ref r = {.member = b->member, .hash = b->hash};
    memcpy(r.channel, ch->id, RB_CHANNEL_LEN);
    return r;
}

/* ---- finding ----------------------------------------------------------------------------------
 */
static uint32_t *bucket(const struct channel *ch, const struct rb_hash *hash) {
    uint64_t x;
    memcpy(&x, hash->b, sizeof x);
    x = (x ^ ch->bucket_salt) * 0x9e3779b97f4a7c15u;
    return &ch->buckets[(size_t)(x >> 32) & (ch->buckets_n - 1)];
}

struct body *body_find(const struct channel *ch, uint16_t member, const struct rb_hash *hash) {
    if (ch->buckets_n == 0) return NULL;
    for (uint32_t at = *bucket(ch, hash); at; at = ch->bodies[at - 1].next) {
        struct body *b = &ch->bodies[at - 1];
        if (b->member == member && rb_hash_eq(&b->hash, hash)) return b;
    }
    return NULL;
}

static enum rb_err more_buckets(struct rb_node *n, struct channel *ch) {
    size_t want = ch->buckets_n ? 2 * ch->buckets_n : 64, old = ch->buckets_n;
    uint32_t *fresh = rb_region_alloc(&n->region, want * sizeof *fresh), *was = ch->buckets;
    if (!fresh) return old ? RB_OK : RB_ERR_LIMIT; /* longer chains find it, too */
    while (ch->bucket_salt == 0)
        ch->bucket_salt = (uint64_t)node_rand16(n) << 48 | (uint64_t)node_rand16(n) << 32 |
                          (uint64_t)node_rand16(n) << 16 | node_rand16(n);
    ch->buckets = fresh;
    ch->buckets_n = want;
    for (size_t i = 0; i < ch->bodies_n; i++) {
        uint32_t *at = bucket(ch, &ch->bodies[i].hash);
        ch->bodies[i].next = *at;
        *at = (uint32_t)i + 1;
    }
    if (was) rb_region_free(&n->region, was, old * sizeof *was);
    return RB_OK;
}

static struct body *body_new(struct rb_node *n, struct channel *ch, uint16_t member,
                             const struct rb_hash *hash, uint64_t size) {
    void *p = ch->bodies;
    if (ch->bodies_n >= RB_NONE - 1 || (ch->bodies_n >= ch->buckets_n && more_buckets(n, ch)))
        return NULL;
    if (rb_region_grow(&n->region, &p, &ch->bodies_cap, ch->bodies_n + 1, sizeof *ch->bodies))
        return NULL;
    ch->bodies = p;
    struct body *b = &ch->bodies[ch->bodies_n++];
    memset(b, 0, sizeof *b);
    b->hash = *hash;
    b->member = member;
    b->size = size;
    b->place = RB_NONE;
    uint32_t *at = bucket(ch, hash);
    b->next = *at;
    *at = (uint32_t)ch->bodies_n;
    return b;
}

struct place *body_place(const struct channel *ch, const struct feedx *fx, uint64_t leaf) {
    size_t a = 0, z = fx->places_n;
    while (a < z) {
        size_t mid = a + (z - a) / 2;
        if (ch->places[fx->places[mid]].leaf < leaf)
            a = mid + 1;
        else
            z = mid;
    }
    if (a == fx->places_n || ch->places[fx->places[a]].leaf != leaf) return NULL;
    return &ch->places[fx->places[a]];
}

/* ---- on disk: u8 1 | u8 state | u8 verdict | u8 why | u64 have | u64 size | i64 taken -----------
 */
static void body_key(const struct channel *ch, const struct body *b, uint8_t key[50]) {
    struct rb_writer w = rb_writer(key, 50);
    rb_put(&w, ch->id, RB_CHANNEL_LEN);
    rb_put_u16(&w, b->member);
    rb_put(&w, b->hash.b, RB_HASH_LEN);
}

void body_store_meta(struct rb_node *n, struct channel *ch, struct body *b) {
    uint8_t key[50], value[28];
    struct rb_writer w = rb_writer(value, sizeof value);
    bool nothing =
        (b->state == RB_BODY_MISSING && b->have == 0) || (b->state == RB_BODY_NONE && !b->draft);
    body_key(ch, b, key);
    rb_put_u8(&w, 1);
    rb_put_u8(&w, b->state);
    rb_put_u8(&w, b->verdict);
    rb_put_u8(&w, b->verdict_why);
    rb_put_u64(&w, b->have);
    rb_put_u64(&w, b->size);
    rb_put_u64(&w, (uint64_t)b->taken_utc);
    if (!nothing)
        b->ticket = node_store_meta(n, RB_TABLE_BODY, rb_slice(key, sizeof key), rb_written(&w));
    else if (b->stored)
        node_store_meta(n, RB_TABLE_BODY, rb_slice(key, sizeof key), rb_slice(NULL, 0));
    b->stored = !nothing;
    ch->counted = false;
}

enum rb_err body_load(struct rb_node *n, struct rb_slice key, struct rb_slice value) {
    struct rb_reader k = rb_reader(key), r = rb_reader(value);
    uint8_t id[RB_CHANNEL_LEN], version;
    uint16_t member;
    struct rb_hash hash;
    struct body v = {0};
    uint64_t taken;
    RB_TRY(rb_get_copy(&k, id, sizeof id));
    RB_TRY(rb_get_u16(&k, &member));
    RB_TRY(rb_get_copy(&k, hash.b, RB_HASH_LEN));
    RB_TRY(rb_get_u8(&r, &version));
    RB_TRY(rb_get_u8(&r, &v.state));
    RB_TRY(rb_get_u8(&r, &v.verdict));
    RB_TRY(rb_get_u8(&r, &v.verdict_why));
    RB_TRY(rb_get_u64(&r, &v.have));
    RB_TRY(rb_get_u64(&r, &v.size));
    RB_TRY(rb_get_u64(&r, &taken));
    struct channel *ch = node_channel_find(n, id);
    if (version != 1 || member >= RB_MAX_MEMBERS || v.have > v.size || v.verdict > VERDICT_BAD ||
        v.verdict_why >= WHY_MAX || rb_left(&k) || rb_left(&r))
        return RB_ERR_MALFORMED;
    if (v.state != RB_BODY_NONE && v.state != RB_BODY_MISSING && v.state != RB_BODY_HELD &&
        v.state != RB_BODY_PURGED)
        return RB_ERR_MALFORMED;
    if (!ch) return RB_ERR_NOT_FOUND;
    if (body_find(ch, member, &hash)) return RB_ERR_EXISTS;
    struct body *b = body_new(n, ch, member, &hash, v.size);
    if (!b) return RB_ERR_LIMIT;
    b->state = v.state;
    b->draft = v.state == RB_BODY_NONE;
    b->verdict = v.verdict;
    b->verdict_why = v.verdict_why;
    b->have = v.have;
    b->taken_utc = (int64_t)taken;
    b->stored = true;
    if (b->have) ch->kept[member] += b->size;
    return RB_OK;
}

/* ---- judged ------------------------------------------------------------------------------------
 */
/* Room for a place first: the receipts must not speak of a leaf that could not be noted. */
static struct place *place_new(struct rb_node *n, struct feedx *fx) {
    struct channel *ch = fx->ch;
    void *list = fx->places, *all = ch->places;
    if (ch->places_n >= RB_NONE - 1) return NULL;
    if (rb_region_grow(&n->region, &list, &fx->places_cap, fx->places_n + 1, sizeof *fx->places))
        return NULL;
    fx->places = list;
    if (rb_region_grow(&n->region, &all, &ch->places_cap, ch->places_n + 1, sizeof *ch->places))
        return NULL;
    ch->places = all;
    struct place *p = &ch->places[ch->places_n];
    memset(p, 0, sizeof *p);
    p->fx = fx;
    p->next = RB_NONE;
    fx->places[fx->places_n++] = (uint32_t)ch->places_n++;
    return p;
}

static void place_first(struct channel *ch, struct body *b, struct place *p) {
    b->place = (uint32_t)(p - ch->places);
    p->verdict = b->verdict;
    p->why = b->verdict_why;
    if (b->state == RB_BODY_NONE) b->state = b->draft ? RB_BODY_HELD : RB_BODY_MISSING;
}

static void place_link(struct channel *ch, struct body *b, struct place *p) {
    if (b->place == RB_NONE) {
        place_first(ch, b, p);
        return;
    }
    p->next = ch->places[b->place].next;
    ch->places[b->place].next = (uint32_t)(p - ch->places);
}

static void take_up(struct rb_node *n, struct feedx *fx, struct place *p, struct body *b) {
    struct channel *ch = fx->ch;
    bool was_draft = b->draft;
    place_link(ch, b, p);
    b->draft = b->queued = false;
    if (p->verdict != VERDICT_BAD && fx->f->facts[p->leaf].detached->size != b->size) {
        p->verdict = VERDICT_BAD;
        p->why = WHY_SIZE;
        told_queue(ch, p);
    }
    if (!n->started) return; /* the rest at START */
    if (was_draft) {
        b->taken_utc = n->now.utc_ms;
        retain_note(ch, b);
        body_store_meta(n, ch, b);
    }
    if (b->state == RB_BODY_MISSING) fetch_want(ch, b);
    if (b->state != RB_BODY_HELD || p->verdict == VERDICT_BAD) return;
    if (n->fresh.ch == ch && fx->own && rb_hash_eq(&n->fresh.hash, &b->hash))
        open_good(n, ch, p, n->fresh.body);
    else
        open_queue(ch, p, false);
}

void body_judged(struct rb_node *n, struct feedx *fx, size_t leaf) {
    struct channel *ch = fx->ch;
    const struct rb_fact *f = &fx->f->facts[leaf];
    if (f->mark != RB_MARK_NONE) return;
    if (f->kind == RB_KIND_RECEIPT && !fx->own) offer_receipt(n, fx, f);
    if (!f->closed || !f->detached) return;
    bool mine = (f->recipients >> ch->own_member & 1) != 0;
    struct place *p = mine && !fx->places_short ? place_new(n, fx) : NULL;
    struct body *b = body_find(ch, fx->f->member, &f->detached->ciphertext);
    if (!b) b = body_new(n, ch, fx->f->member, &f->detached->ciphertext, f->detached->size);
    if (p && !b) {
        fx->places_n--;
        ch->places_n--;
    }
    if (mine && (!p || !b) && !fx->places_short) {
        fx->places_short = true;
        fx->places_to = leaf;
        n->overflow = true;
    }
    if (b) b->recipients |= f->recipients;
    if (!b || !p) return;
    p->leaf = leaf;
    p->kind = f->kind;
    p->body = body_index(ch, b);
    p->grace_at = n->now.mono_ms + RB_BODY_GRACE_MS;
    take_up(n, fx, p, b);
    if (fx->own) offer_judged(n, fx, f->recipients);
    ch->body_work = true;
    ch->counted = false;
    told_due(n, ch);
}

/* What waits in the outbox keeps its body, whatever becomes of a draft that names the same. */
static void note_queued(struct rb_node *n, struct channel *ch, struct outbox_item *list) {
    for (struct outbox_item *i = list; i; i = i->next) {
        size_t mark = rb_arena_mark(&n->work);
        struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
        if (rec && rb_record_decode(buf_slice(&i->leaf), rec, NULL) == RB_OK && rec->closed) {
            struct body *b = body_find(ch, ch->own_member, &rec->ciphertext_hash);
            if (b) b->queued = true;
        }
        rb_arena_release(&n->work, mark);
    }
}

void body_start(struct rb_node *n, struct channel *ch) {
    note_queued(n, ch, ch->outbox);
    note_queued(n, ch, ch->stale);
    told_start(n, ch);
    for (size_t i = 0; i < ch->places_n; i++) {
        struct place *p = &ch->places[i];
        struct body *b = &ch->bodies[p->body];
        p->grace_at = n->now.mono_ms + RB_BODY_GRACE_MS;
        if (b->state == RB_BODY_MISSING) fetch_want(ch, b);
        if (b->state == RB_BODY_HELD) open_key_again(p);
        if (b->state == RB_BODY_HELD && p->verdict != VERDICT_BAD) open_queue(ch, p, false);
        if (p->fx->own) offer_judged(n, p->fx, b->recipients);
    }
    ch->purge_scan = ch->body_work = true;
    if (ch->places_n) told_due(n, ch);
}

/* ---- bytes -------------------------------------------------------------------------------------
 */
bool body_quota(const struct channel *ch, const struct body *b) {
    return b->have > 0 || ch->kept[b->member] + b->size <= RB_BODY_QUOTA;
}

static void store_bytes(struct rb_node *n, struct channel *ch, struct body *b,
                        struct rb_slice bytes, uint64_t staged) {
    struct rb_effect *e = node_effect(n, RB_EF_STORE);
    e->u.store.ticket = n->next_ticket++;
    e->u.store.item = RB_ITEM_BODY;
    e->u.store.body = body_ref(ch, b);
    e->u.store.index = b->have;
    e->u.store.staged = staged;
    if (!staged) e->u.store.leaf = node_keep(n, bytes);
    if (b->have == 0) ch->kept[b->member] += b->size;
    b->have = staged ? b->size : b->have + bytes.n;
}

static void body_whole(struct rb_node *n, struct channel *ch, struct body *b) {
    b->state = RB_BODY_HELD;
    b->why = WHY_NONE;
    b->taken_utc = n->now.utc_ms;
    retain_note(ch, b);
    for (uint32_t at = b->place; at != RB_NONE; at = ch->places[at].next) {
        struct place *p = &ch->places[at];
        p->grace_at = n->now.mono_ms + RB_BODY_GRACE_MS;
        if (p->verdict != VERDICT_BAD) open_queue(ch, p, false);
    }
    told_due(n, ch);
}

bool body_take(struct rb_node *n, struct channel *ch, struct body *b, struct rb_slice bytes) {
    struct rb_hash h;
    if (b->state != RB_BODY_MISSING || bytes.n == 0 || bytes.n > b->size - b->have) return false;
    if (!body_quota(ch, b)) {
        b->why = WHY_QUOTA;
        return false;
    }
    if (!node_room(n, bytes.n + 4096)) return false;
    if (b->size <= RB_MAX_SEALED) {
        rb_sha256(bytes, &h);
        if (bytes.n != b->size || !rb_hash_eq(&h, &b->hash)) {
            b->why = WHY_HASH;
            return false;
        }
    }
    store_bytes(n, ch, b, bytes, 0);
    if (b->have == b->size) body_whole(n, ch, b);
    body_store_meta(n, ch, b);
    ch->body_work = true;
    return true;
}

void body_delete(struct rb_node *n, struct channel *ch, struct body *b) {
    if (b->have == 0) return;
    struct rb_effect *e = node_effect(n, RB_EF_STORE);
    e->u.store.ticket = n->next_ticket++;
    e->u.store.item = RB_ITEM_BODY;
    e->u.store.body = body_ref(ch, b);
    ch->kept[b->member] -= b->size;
    b->have = 0;
    b->taken_utc = 0;
}

/* ---- submitted ---------------------------------------------------------------------------------
 */
static enum rb_err no_body(struct rb_reject *rj, enum rb_err err, const char *what) {
    return rb_reject(rj, err, "6.11.7", what, 0);
}

/* The ciphertext is given, staged by the shell, or here already. */
static enum rb_err have_sealed(const struct rb_node *n, const struct channel *ch,
                               const struct rb_event *ev, const struct rb_record *rec,
                               struct rb_reject *rj) {
    const struct body *b = body_find(ch, ch->own_member, &rec->ciphertext_hash);
    struct rb_slice sealed = ev->u.submit.sealed;
    struct rb_hash h;
    (void)n;
    if (b && b->state == RB_BODY_PURGED)
        return no_body(rj, RB_ERR_EXISTS, "this ciphertext was purged: seal it anew");
    if (b && (b->size != rec->ciphertext_size))
        return no_body(rj, RB_ERR_PROOF, "an earlier record gives this ciphertext another size");
    if (sealed.n) {
        rb_sha256(sealed, &h);
        if (sealed.n != rec->ciphertext_size || !rb_hash_eq(&h, &rec->ciphertext_hash))
            return no_body(rj, RB_ERR_PROOF, "the ciphertext is not the one the record names");
    } else if (!ev->u.submit.staged && !(b && b->have == b->size)) {
        return no_body(rj, RB_ERR_NOT_FOUND, "a closed record comes with its ciphertext");
    }
    if (!b && ch->kept[ch->own_member] + rec->ciphertext_size > RB_BODY_QUOTA)
        return rb_reject(rj, RB_ERR_LIMIT, "9.4.7", "more bodies than are kept of one member", 0);
    return RB_OK;
}

enum rb_err body_submitted(struct rb_node *n, struct channel *ch, const struct rb_event *ev,
                           const struct rb_record *rec, struct rb_slice *readable,
                           struct rb_reject *rj) {
    *readable = rb_slice(NULL, 0);
    if (!rec->closed) return RB_OK;
    RB_TRY(have_sealed(n, ch, ev, rec, rj));
    return open_check(n, rec, ev->u.submit.head, &ev->u.submit.content, readable, rj);
}

enum rb_err body_reserve(struct rb_node *n, struct channel *ch, const struct rb_event *ev,
                         const struct rb_record *rec, struct rb_reject *rj) {
    if (!rec->closed) return RB_OK;
    bool there = body_find(ch, ch->own_member, &rec->ciphertext_hash) ||
                 body_new(n, ch, ch->own_member, &rec->ciphertext_hash, rec->ciphertext_size);
    if (!there || !node_room(n, ev->u.submit.sealed.n + 2 * ev->u.submit.payload.n + 8192))
        return rb_reject(rj, RB_ERR_LIMIT, "6.11.9", rb_err_text(RB_ERR_LIMIT), 0);
    return RB_OK;
}

void body_keep(struct rb_node *n, struct channel *ch, const struct rb_event *ev,
               const struct rb_record *rec, bool queued) {
    struct body *b = rec->closed ? body_find(ch, ch->own_member, &rec->ciphertext_hash) : NULL;
    if (!b) return;
    if (queued) b->queued = true;
    if (b->have == b->size) return;
    body_delete(n, ch, b); /* part of it, where it had been lost */
    store_bytes(n, ch, b, ev->u.submit.sealed, ev->u.submit.sealed.n ? 0 : ev->u.submit.staged);
    b->verdict = VERDICT_GOOD;
    b->verdict_why = WHY_NONE;
    if (b->state == RB_BODY_NONE) {
        b->draft = true;
        b->taken_utc = n->now.utc_ms;
    } else {
        body_whole(n, ch, b);
    }
    body_store_meta(n, ch, b);
}

static bool draft_names(struct rb_node *n, const struct draft *d, const struct channel *ch,
                        const struct rb_hash *hash) {
    size_t mark = rb_arena_mark(&n->work);
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    bool names = rec && memcmp(d->channel, ch->id, RB_CHANNEL_LEN) == 0 &&
                 rb_payload_decode(buf_slice(&d->payload), rec, NULL) == RB_OK && rec->closed &&
                 rb_hash_eq(&rec->ciphertext_hash, hash);
    rb_arena_release(&n->work, mark);
    return names;
}

void body_discard(struct rb_node *n, const struct draft *d) {
    struct channel *ch = node_channel_find(n, d->channel);
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    if (!ch || !rec || rb_payload_decode(buf_slice(&d->payload), rec, NULL) != RB_OK ||
        !rec->closed)
        return;
    struct body *b = body_find(ch, ch->own_member, &rec->ciphertext_hash);
    if (!b || !b->draft || b->queued) return;
    for (size_t i = 0; i < RB_MAX_DRAFTS; i++) {
        const struct draft *other = n->drafts[i];
        if (other && other != d && other->used && draft_names(n, other, ch, &b->hash)) return;
    }
    body_delete(n, ch, b);
    b->draft = false;
    b->verdict = VERDICT_UNKNOWN;
    body_store_meta(n, ch, b);
}

/* ---- time --------------------------------------------------------------------------------------
 */
void body_work(struct rb_node *n, struct channel *ch) {
    bool due = n->now.mono_ms >= ch->body_wake || n->now.utc_ms >= ch->purge_utc;
    if (!ch->body_work && !due) return;
    ch->body_work = false;
    ch->body_wake = UINT64_MAX;
    fetch_some(n, ch);
    open_some(n, ch);
    retain_some(n, ch);
    told_some(n, ch);
    offer_again(n, ch);
}
