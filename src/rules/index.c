/* Leaf hash -> place. The same bytes may be copied into another feed, where they do not verify;
 * so a place is kept for each (hash, feed), and the place that counts is the valid one. */
#include <assert.h>
#include "internal.h"

static size_t start_of(const struct rb_hash *id, size_t cap) {
    size_t h;
    memcpy(&h, id->b, sizeof h);
    return h & (cap - 1);
}

static const struct rb_fact *slot_fact(const struct rb_index_slot *s) {
    return &s->feed->facts[s->leaf];
}

static void put(struct rb_book_index *x, struct rb_feed *f, uint32_t leaf) {
    size_t i = start_of(&f->facts[leaf].id, x->cap);
    while (x->slot[i].feed != NULL)
        i = (i + 1) & (x->cap - 1);
    x->slot[i].feed = f;
    x->slot[i].leaf = leaf;
    x->n++;
}

enum rb_err rb_index_reserve(struct rb_book *b) {
    struct rb_book_index *x = b->index;
    if ((x->n + 1) * 2 <= x->cap) return RB_OK;
    struct rb_book_index old = *x;
    size_t cap = old.cap == 0 ? 64 : old.cap * 2;
    struct rb_index_slot *slot = rb_region_alloc(b->region, cap * sizeof *slot);
    if (slot == NULL) return RB_ERR_LIMIT;
    x->slot = slot;
    x->cap = cap;
    x->n = 0;
    for (size_t i = 0; i < old.cap; i++)
        if (old.slot[i].feed != NULL) put(x, old.slot[i].feed, old.slot[i].leaf);
    rb_region_free(b->region, old.slot, old.cap * sizeof *old.slot);
    return RB_OK;
}

enum rb_err rb_index_add(struct rb_book *b, struct rb_feed *f, uint32_t leaf) {
    RB_TRY(rb_index_reserve(b));
    put(b->index, f, leaf);
    return RB_OK;
}

bool rb_index_in_feed(const struct rb_book *b, const struct rb_feed *f, const struct rb_hash *id) {
    const struct rb_book_index *x = b->index;
    if (x->cap == 0) return false;
    for (size_t i = start_of(id, x->cap); x->slot[i].feed != NULL; i = (i + 1) & (x->cap - 1))
        if (x->slot[i].feed == f && rb_hash_eq(&slot_fact(&x->slot[i])->id, id)) return true;
    return false;
}

bool rb_index_alone(const struct rb_book *b, const struct rb_hash *id) {
    const struct rb_book_index *x = b->index;
    size_t n = 0;
    for (size_t i = start_of(id, x->cap); x->slot[i].feed != NULL; i = (i + 1) & (x->cap - 1))
        n += rb_hash_eq(&slot_fact(&x->slot[i])->id, id);
    return n <= 1;
}

/* Of two places on branches of one feed: the same one where both histories agree up to it, and
 * named by the lower branch then. Else the first, by what stands before it where nothing else tells
 * them apart: branch numbers are this node's alone. */
static bool earlier(const struct rb_index_slot *a, const struct rb_index_slot *b) {
    if (a->leaf != b->leaf) return a->leaf < b->leaf;
    bool a_lower = a->feed->branch < b->feed->branch;
    const struct rb_feed *lower = a_lower ? a->feed : b->feed;
    if (rb_branch_shared(a_lower ? b->feed : a->feed, lower) > a->leaf) return a_lower;
    return rb_root_cmp(a->feed, b->feed, a->leaf + 1ull) < 0;
}

/* the valid place, else the first by (member, epoch): the same whatever came first */
static bool better(const struct rb_index_slot *a, const struct rb_index_slot *b) {
    bool va = slot_fact(a)->mark == RB_MARK_NONE, vb = slot_fact(b)->mark == RB_MARK_NONE;
    if (va != vb) return va;
    if (a->feed->member != b->feed->member) return a->feed->member < b->feed->member;
    if (a->feed->epoch != b->feed->epoch) return a->feed->epoch < b->feed->epoch;
    return a->feed != b->feed && earlier(a, b);
}

static bool find(const struct rb_book *b, const struct rb_hash *id, bool branches,
                 struct rb_feed **f, size_t *leaf) {
    const struct rb_book_index *x = b->index;
    const struct rb_index_slot *best = NULL;
    if (x->cap == 0) return false;
    for (size_t i = start_of(id, x->cap); x->slot[i].feed != NULL; i = (i + 1) & (x->cap - 1)) {
        const struct rb_index_slot *s = &x->slot[i];
        if (!rb_hash_eq(&slot_fact(s)->id, id) || (s->feed->branch > 0 && !branches)) continue;
        if (best == NULL || better(s, best)) best = s;
    }
    if (best == NULL) return false;
    *f = best->feed;
    *leaf = best->leaf;
    return true;
}

/* A leaf that was read once is indexed once in its feed; copied into feeds where it cannot verify
 * it is nobody's. */
struct rb_fact *rb_next_place(struct rb_places *it, const struct rb_feed *f) {
    const struct rb_book_index *x = it->b->index;
    if (x->cap == 0) return NULL;
    size_t from = start_of(it->id, x->cap);
    for (;;) {
        struct rb_index_slot *s = &x->slot[(from + it->tried) & (x->cap - 1)];
        if (s->feed == NULL) return NULL;
        it->tried++;
        bool branch = s->feed->member == f->member && s->feed->epoch == f->epoch;
        if (branch && rb_hash_eq(&slot_fact(s)->id, it->id)) return &s->feed->facts[s->leaf];
    }
}

bool rb_book_find(const struct rb_book *b, const struct rb_hash *id, struct rb_feed **f,
                  size_t *leaf) {
    return find(b, id, true, f, leaf);
}

bool rb_book_find_held(const struct rb_book *b, const struct rb_hash *id, struct rb_feed **f,
                       size_t *leaf) {
    return find(b, id, false, f, leaf);
}

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

static bool has_prefix(const struct rb_hash *h, struct rb_slice hex) {
    for (size_t i = 0; i < hex.n; i++) {
        int nibble = i % 2 == 0 ? h->b[i / 2] >> 4 : h->b[i / 2] & 15;
        if (hex_value(hex.p[i]) != nibble) return false;
    }
    return true;
}

enum rb_err rb_book_find_prefix(const struct rb_book *b, struct rb_slice hex, struct rb_feed **f,
                                size_t *leaf) {
    const struct rb_hash *found = NULL;
    if (hex.n < 8 || hex.n > (size_t)2 * RB_HASH_LEN) return RB_ERR_NOT_FOUND;
    for (size_t i = 0; i < b->feeds_n; i++) {
        for (size_t k = 0; k < b->feeds[i]->facts_n; k++) {
            const struct rb_hash *id = &b->feeds[i]->facts[k].id;
            if (!has_prefix(id, hex)) continue;
            if (found != NULL && !rb_hash_eq(found, id)) return RB_ERR_EXISTS;
            found = id;
        }
    }
    if (found == NULL) return RB_ERR_NOT_FOUND;
    struct rb_hash id = *found;
    bool there = rb_book_find(b, &id, f, leaf);
    assert(there);
    return there ? RB_OK : RB_ERR_INTERNAL;
}
