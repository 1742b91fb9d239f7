/* The tree of RFC 6962: every complete subtree's hash is kept, so that the root of any earlier
 * size, and any proof, takes a number of steps that grows with the logarithm of the size. */
#include <assert.h>
#include "internal.h"

void rb_leaf_hash(struct rb_slice leaf, struct rb_hash *out) {
    static const uint8_t prefix = 0x00;
    const struct rb_slice parts[2] = {rb_slice(&prefix, 1), leaf};
    rb_sha256v(parts, 2, out);
}

void rb_node_hash(const struct rb_hash *l, const struct rb_hash *r, struct rb_hash *out) {
    uint8_t buf[1 + 2 * RB_HASH_LEN];
    buf[0] = 0x01;
    memcpy(buf + 1, l->b, RB_HASH_LEN);
    memcpy(buf + 1 + RB_HASH_LEN, r->b, RB_HASH_LEN);
    rb_sha256(rb_slice(buf, sizeof buf), out);
}

void rb_empty_root(struct rb_hash *out) {
    rb_sha256(rb_slice(NULL, 0), out);
}

void rb_tree_init(struct rb_tree *t, struct rb_region *region) {
    memset(t, 0, sizeof *t);
    t->region = region;
}

void rb_tree_free(struct rb_tree *t) {
    for (size_t i = 0; i < 64; i++) {
        if (t->level[i].h != NULL)
            rb_region_free(t->region, t->level[i].h, t->level[i].cap * sizeof(struct rb_hash));
    }
    rb_tree_init(t, t->region);
}

/* Room first, in every level the leaf completes a subtree of: an append that fails changes
 * nothing but capacities. */
static enum rb_err tree_reserve(struct rb_tree *t, unsigned levels) {
    for (unsigned i = 0; i < levels; i++) {
        if (t->level[i].n < t->level[i].cap) continue;
        void *p = t->level[i].h;
        RB_TRY(rb_region_grow(t->region, &p, &t->level[i].cap, t->level[i].n + 1,
                              sizeof(struct rb_hash)));
        t->level[i].h = p;
    }
    return RB_OK;
}

enum rb_err rb_tree_append(struct rb_tree *t, const struct rb_hash *leaf) {
    if (t->size >= TLOG_MAX_SIZE) return RB_ERR_LIMIT;
    const unsigned levels = (unsigned)__builtin_ctzll(t->size + 1) + 1;
    RB_TRY(tree_reserve(t, levels));
    struct rb_hash h = *leaf;
    for (unsigned i = 0; i < levels; i++) {
        const size_t n = t->level[i].n;
        t->level[i].h[n] = h;
        t->level[i].n = n + 1;
        if (i + 1 < levels) rb_node_hash(&t->level[i].h[n - 1], &t->level[i].h[n], &h);
    }
    t->size++;
    return RB_OK;
}

void rb_tree_truncate(struct rb_tree *t, uint64_t size) {
    assert(size <= t->size);
    for (unsigned i = 0; i < 64; i++)
        t->level[i].n = (size_t)(size >> i);
    t->size = size;
}

/* Hash of the leaves [lo, hi), lo < hi, lo a multiple of the smallest power of two that is at
 * least hi - lo. Its complete parts are the set bits of hi - lo, the smallest furthest right. */
static void range_hash(const struct rb_tree *t, uint64_t lo, uint64_t hi, struct rb_hash *out) {
    bool first = true;
    for (uint64_t width = hi - lo; width != 0; width &= width - 1) {
        const unsigned level = (unsigned)__builtin_ctzll(width);
        const uint64_t end = lo + width; /* of the part at hand: lower bits are folded already */
        const struct rb_hash *part = &t->level[level].h[(end >> level) - 1];
        if (first)
            *out = *part;
        else
            rb_node_hash(part, out, out);
        first = false;
    }
}

void rb_tree_root(const struct rb_tree *t, uint64_t size, struct rb_hash *out) {
    assert(size <= t->size);
    if (size == 0)
        rb_empty_root(out);
    else
        range_hash(t, 0, size, out);
}

bool rb_subtree_valid(uint64_t start, uint64_t end, uint64_t size) {
    if (start > end || end > size) return false;
    const uint64_t width = end - start;
    if (width <= 1) return true;
    if (width > (UINT64_C(1) << 63)) return start == 0;
    /* smallest power of two >= width, less one: all bits of width - 1 filled downwards */
    const uint64_t mask = UINT64_MAX >> __builtin_clzll(width - 1);
    return (start & mask) == 0;
}

enum rb_err rb_tree_subtree_hash(const struct rb_tree *t, uint64_t start, uint64_t end,
                                 struct rb_hash *out) {
    if (!rb_subtree_valid(start, end, t->size)) return RB_ERR_USAGE;
    if (start == end)
        rb_empty_root(out);
    else
        range_hash(t, start, end, out);
    return RB_OK;
}
