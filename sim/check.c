/* Checkers: what must hold between nodes whatever the network and the disks did.
 *  1. What a node called durable is in its book or on its way into its feed.
 *  2. Every root that a log key ever signed is the root of what the author holds: no honest fork.
 *  3. What a node cosigned it still holds, with that root.
 *  4. Nodes with the same leaves, and the same closed bodies opened, show the same situation, byte for byte, at
 *     the same now.
 *  5. No body lies on the disk of a node, and none is opened there, that is not for it.
 *  6. Nodes as in 4 know the same places, and the same of them stand; none knows one that is not for it. */
#include "internal.h"
#include <stdlib.h>

#define SITUATION_BYTES (8u << 20)

static bool channel_of(struct sim_party *p, const uint8_t id[RB_CHANNEL_LEN], struct rb_channel_view *v) {
    return p->up && rb_node_channel_by_id(p->node, id, v);
}

/* ---- 1: durable submissions ---------------------------------------------------------------------- */
static bool in_outbox(const struct sim_party *p, const struct rb_hash *id) {
    for (size_t i = 0; i < p->disk.meta_n; i++) {
        const struct disk_meta *m = &p->disk.meta[i];
        if (m->table != RB_TABLE_OUTBOX) continue;
        struct rb_hash h;
        for (size_t skip = 0; skip <= m->value.n; skip++) { /* the leaf is the value's tail */
            rb_leaf_hash(rb_slice_sub(m->value, skip, m->value.n), &h);
            if (rb_hash_eq(&h, id)) return true;
        }
    }
    return false;
}

bool sim_payload_hash(struct rb_slice leaf, struct rb_hash *out) {
    struct rb_record rec;
    if (rb_record_decode(leaf, &rec, NULL) != RB_OK) return false;
    rb_payload_hash(rec.payload, out);
    return true;
}

/* What waited when a further epoch was opened is kept as a draft, to be signed again, or was (6.15.4). */
static bool in_drafts(const struct sim_party *p, const struct rb_hash *payload) {
    struct rb_hash h;
    for (size_t i = 0; i < p->disk.meta_n; i++)
        if (p->disk.meta[i].table == RB_TABLE_DRAFT &&
            rb_slice_eq(p->disk.meta[i].key, rb_slice(payload->b, RB_HASH_LEN)))
            return true;
    for (size_t i = 0; i < p->disk.feeds_n; i++)
        for (size_t k = 0; k < p->disk.feeds[i].leaves_n; k++)
            if (sim_payload_hash(p->disk.feeds[i].leaves[k].leaf, &h) && rb_hash_eq(&h, payload)) return true;
    return false;
}

static void check_done(struct sim_party *p) {
    for (size_t i = 0; i < p->done_n; i++) {
        struct rb_channel_view v;
        struct rb_feed *f;
        size_t leaf;
        if (!channel_of(p, p->done[i].channel, &v)) {
            sim_break(p->sim, "%s lost a channel it had founded or joined", p->handle);
            return;
        }
        if (rb_book_find(v.book, &p->done[i].record, &f, &leaf)) continue;
        if (!in_outbox(p, &p->done[i].record) && !in_drafts(p, &p->done[i].payload))
            sim_break(p->sim, "%s lost a record after it had called it durable", p->handle);
    }
}

/* ---- 2, 3: roots ------------------------------------------------------------------------------------ */
static void check_roots(struct sim_party *p) {
    struct rb_hash root;
    for (size_t i = 0; i < p->signed_n; i++) {
        const struct sim_signed *g = &p->signed_[i];
        if (!disk_root(disk_feed(&p->disk, &g->feed), g->size, &root))
            sim_break(p->sim, "%s lost leaves under a checkpoint it had signed", p->handle);
        else if (!rb_hash_eq(&root, &g->root))
            sim_break(p->sim, "%s holds another history than it had signed", p->handle);
    }
}

static void check_cosigned(struct sim_party *p) {
    for (size_t i = 0; i < p->disk.heads_n; i++) {
        const struct head_entry *h = &p->disk.heads[i];
        struct rb_origin o;
        if (h->use != RB_USE_MIRROR) continue; /* our own: as signed, 2 */
        if (rb_origin_decode(rb_slice(h->origin, h->origin_n), &o) != RB_OK) {
            sim_break(p->sim, "%s has a head entry whose origin does not read", p->handle);
            continue;
        }
        struct rb_channel_view v;
        struct rb_book_member *m = channel_of(p, o.channel, &v) ? rb_book_member_by_party(v.book, &o.party) : NULL;
        struct rb_feed_ref ref = {.epoch = o.epoch, .member = m ? m->index : RB_NO_MEMBER};
        memcpy(ref.channel, o.channel, RB_CHANNEL_LEN);
        struct rb_hash root;
        if (!m || !disk_root(disk_feed(&p->disk, &ref), h->size, &root))
            sim_break(p->sim, "%s lost leaves it had cosigned", p->handle);
        else if (!rb_hash_eq(&root, &h->root))
            sim_break(p->sim, "%s holds another history than it had cosigned", p->handle);
    }
}

static void check_common(struct sim *s, const struct sim_party *a, const struct sim_party *b) {
    for (size_t i = 0; i < a->disk.feeds_n; i++) {
        const struct disk_feed *x = &a->disk.feeds[i];
        const struct disk_feed *y = NULL;
        for (size_t k = 0; k < b->disk.feeds_n; k++)
            if (memcmp(&b->disk.feeds[k].ref, &x->ref, sizeof x->ref) == 0) y = &b->disk.feeds[k];
        if (!y) continue;
        uint64_t n = x->durable_n < y->durable_n ? x->durable_n : y->durable_n;
        struct rb_hash rx, ry;
        if (disk_root(x, n, &rx) && disk_root(y, n, &ry) && !rb_hash_eq(&rx, &ry))
            sim_break(s, "%s and %s hold different histories of one feed", a->handle, b->handle);
    }
}

/* ---- 4: situations ---------------------------------------------------------------------------------- */
static bool same_feeds(const struct rb_book *a, const struct rb_book *b) {
    if (a->feeds_n != b->feeds_n) return false;
    for (size_t i = 0; i < a->feeds_n; i++) {
        const struct rb_feed *x = a->feeds[i], *y = b->feeds[i];
        if (x->member != y->member || x->epoch != y->epoch || x->facts_n != y->facts_n) return false;
        if (x->facts_n && !rb_hash_eq(&x->facts[x->facts_n - 1].id, &y->facts[y->facts_n - 1].id)) return false;
    }
    return true;
}

/* what a situation says depends on the bodies readable there, too */
static bool same_bodies(const struct rb_book *a, const struct rb_book *b) {
    for (size_t i = 0; i < a->feeds_n; i++)
        for (size_t k = 0; k < a->feeds[i]->facts_n; k++) {
            const struct rb_detached *x = a->feeds[i]->facts[k].detached, *y = b->feeds[i]->facts[k].detached;
            if (x && y && x->opened != y->opened) return false;
        }
    return true;
}

static bool situation_bytes(struct sim_party *p, const uint8_t id[RB_CHANNEL_LEN], uint8_t *buf, size_t *n) {
    const struct rb_situation *sit;
    struct rb_writer w = rb_writer(buf, SITUATION_BYTES);
    if (rb_node_situation(p->node, id, sim_utc_ms(p->sim), &sit) != RB_OK) return false;
    rb_situation_encode(sit, &w);
    *n = w.n;
    return !w.over;
}

/* ---- 6: places -------------------------------------------------------------------------------------- */
static void check_place(struct sim *s, const uint8_t id[RB_CHANNEL_LEN], struct sim_party *a, struct sim_party *b,
                        size_t i) {
    struct rb_channel_view v;
    struct rb_place_view x, y;
    const int64_t now = sim_utc_ms(s);
    if (!channel_of(a, id, &v) || !rb_node_place(a->node, id, i, now, &x) || !rb_node_place(b->node, id, i, now, &y))
        sim_break(s, "%s and %s hold the same leaves and know other places", a->handle, b->handle);
    else if (!rb_hash_eq(&x.record, &y.record) || x.stands != y.stands || x.class_ != y.class_)
        sim_break(s, "of places that %s and %s know not the same stand", a->handle, b->handle);
    else if (x.stands && (x.has_end != y.has_end || x.begin_utc_ms != y.begin_utc_ms || x.end_utc_ms != y.end_utc_ms))
        sim_break(s, "a place stands at other times for %s and %s", a->handle, b->handle);
    else if (x.closed && !(x.readers >> v.own_member & 1))
        sim_break(s, "%s knows a place that is not for it", a->handle);
}

static void check_places(struct sim *s, const uint8_t id[RB_CHANNEL_LEN], struct sim_party *a, struct sim_party *b) {
    struct rb_register_terms x, y;
    const int64_t now = sim_utc_ms(s);
    const size_t n = rb_node_places(a->node, id, now);
    if (rb_node_terms(a->node, id, now, &x) != RB_OK || rb_node_terms(b->node, id, now, &y) != RB_OK ||
        n != rb_node_places(b->node, id, now) || x.unreadable != y.unreadable || x.malformed != y.malformed)
        sim_break(s, "%s and %s hold the same leaves and do not know the same places", a->handle, b->handle);
    for (size_t i = 0; i < n && !sim_broken(s); i++) check_place(s, id, a, b, i);
}

static void check_situation(struct sim *s, const uint8_t id[RB_CHANNEL_LEN], struct sim_party *a,
                            struct sim_party *b) {
    struct rb_channel_view va, vb;
    if (!channel_of(a, id, &va) || !channel_of(b, id, &vb) || !same_feeds(va.book, vb.book)) return;
    if (!same_bodies(va.book, vb.book)) return;
    uint8_t *x = sim_alloc(SITUATION_BYTES), *y = sim_alloc(SITUATION_BYTES);
    size_t xn = 0, yn = 0;
    if (!situation_bytes(a, id, x, &xn) || !situation_bytes(b, id, y, &yn))
        sim_break(s, "a situation could not be folded or written (%s, %s)", a->handle, b->handle);
    else if (xn != yn || memcmp(x, y, xn) != 0)
        sim_break(s, "%s and %s hold the same leaves and show different situations", a->handle, b->handle);
    free(x);
    free(y);
    if (!sim_broken(s)) check_places(s, id, a, b);
}

static void check_situations(struct sim *s, struct sim_party *a) {
    for (size_t c = 0; a->up && c < rb_node_channels(a->node); c++) {
        struct rb_channel_view v;
        uint8_t id[RB_CHANNEL_LEN];
        if (!rb_node_channel(a->node, c, &v)) continue;
        memcpy(id, v.id, sizeof id);
        for (size_t k = a->index + 1; k < s->parties_n; k++) check_situation(s, id, a, s->parties[k]);
    }
}

/* ---- 5: bodies ---------------------------------------------------------------------------------------- */
static bool is_for(const struct rb_channel_view *v, const struct rb_body_ref *ref) {
    for (size_t i = 0; i < v->book->feeds_n; i++) {
        const struct rb_feed *f = v->book->feeds[i];
        for (size_t k = 0; f->member == ref->member && k < f->facts_n; k++) {
            const struct rb_fact *x = &f->facts[k];
            if (x->detached && rb_hash_eq(&x->detached->ciphertext, &ref->hash) && (x->recipients >> v->own_member & 1))
                return true;
        }
    }
    return false;
}

static void check_stored(struct sim_party *p) {
    for (size_t i = 0; i < p->disk.bodies_n; i++) {
        const struct rb_body_ref *ref = &p->disk.bodies[i].ref;
        struct rb_channel_view v;
        if (p->disk.bodies[i].staged) continue;
        if (!channel_of(p, ref->channel, &v))
            sim_break(p->sim, "%s keeps a body of a channel it does not know", p->handle);
        else if (ref->member != v.own_member && !is_for(&v, ref)) /* our own may wait for a second officer */
            sim_break(p->sim, "%s keeps a body that is not for it", p->handle);
    }
}

static void check_opened(struct sim_party *p) {
    struct rb_channel_view v;
    for (size_t c = 0; c < rb_node_channels(p->node); c++) {
        if (!rb_node_channel(p->node, c, &v)) continue;
        for (size_t i = 0; i < v.book->feeds_n; i++)
            for (size_t k = 0; k < v.book->feeds[i]->facts_n; k++) {
                const struct rb_fact *x = &v.book->feeds[i]->facts[k];
                if (x->detached && x->detached->opened && !(x->recipients >> v.own_member & 1))
                    sim_break(p->sim, "%s opened a body that is not for it", p->handle);
            }
    }
}

bool sim_check(struct sim *s) {
    for (size_t i = 0; i < s->parties_n; i++) {
        struct sim_party *p = s->parties[i];
        if (p->up) {
            check_done(p);
            check_roots(p);
            check_cosigned(p);
            check_stored(p);
            check_opened(p);
        }
        for (size_t k = i + 1; k < s->parties_n; k++) check_common(s, p, s->parties[k]);
        check_situations(s, p);
    }
    return !sim_broken(s);
}

bool sim_same_leaves(struct sim *s) {
    for (size_t i = 0; i < s->parties_n; i++) {
        struct sim_party *a = s->parties[i];
        for (size_t c = 0; a->up && c < rb_node_channels(a->node); c++) {
            struct rb_channel_view va, vb;
            if (!rb_node_channel(a->node, c, &va)) return false;
            for (size_t m = 0; m < va.book->members_n; m++)
                for (size_t k = 0; k < s->parties_n; k++) {
                    struct sim_party *b = s->parties[k];
                    if (!b->up || !rb_hash_eq(&b->hash, &va.book->members[m].party)) continue;
                    if (!channel_of(b, va.id, &vb) || !same_feeds(va.book, vb.book)) return false;
                }
        }
    }
    return true;
}
