/* Inclusion, consistency and subtree proofs, made and checked. One algorithm serves all three: an
 * inclusion path is the proof of [i, i+1), a consistency proof that of [0, m) (spec 4.1). */
#include <assert.h>
#include "internal.h"

/* largest power of two below n, n >= 2 */
static uint64_t split_point(uint64_t n) {
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

static void proof_push(const struct rb_tree *t, uint64_t lo, uint64_t hi, struct rb_proof *out) {
    assert(out->n < RB_MAX_PROOF); /* a tree in memory is far below 2^63 leaves */
    const enum rb_err e = rb_tree_subtree_hash(t, lo, hi, &out->h[out->n]);
    assert(e == RB_OK);
    (void)e;
    out->n++;
}

static void proof_reverse(struct rb_proof *p) {
    for (size_t i = 0; i < p->n / 2; i++) {
        const struct rb_hash h = p->h[i];
        p->h[i] = p->h[p->n - 1 - i];
        p->h[p->n - 1 - i] = h;
    }
}

/* Walks down from the root, noting what it leaves aside; the proof is that list from below. */
enum rb_err rb_tree_subtree_proof(const struct rb_tree *t, uint64_t start, uint64_t end,
                                  uint64_t size, struct rb_proof *out) {
    out->n = 0;
    if (size > t->size || !rb_subtree_valid(start, end, size)) return RB_ERR_USAGE;
    if (start == end) return RB_OK;
    uint64_t lo = 0, hi = size;
    bool known = true; /* the verifier has the hash of [start, end) itself */
    while (lo != start || hi != end) {
        const uint64_t mid = lo + split_point(hi - lo);
        if (end <= mid) {
            proof_push(t, mid, hi, out);
            hi = mid;
        } else {
            proof_push(t, lo, mid, out);
            if (start < mid) { /* straddles: start == lo, go on with the part on the right */
                start = mid;
                known = false;
            }
            lo = mid;
        }
    }
    if (!known) proof_push(t, lo, hi, out);
    proof_reverse(out);
    return RB_OK;
}

enum rb_err rb_tree_inclusion(const struct rb_tree *t, uint64_t index, uint64_t size,
                              struct rb_proof *out) {
    out->n = 0;
    if (index >= size) return RB_ERR_USAGE;
    return rb_tree_subtree_proof(t, index, index + 1, size, out);
}

enum rb_err rb_tree_consistency(const struct rb_tree *t, uint64_t old_size, uint64_t size,
                                struct rb_proof *out) {
    return rb_tree_subtree_proof(t, 0, old_size, size, out);
}

/* Where the walk from the subtree to the root stands, one level a shift: the first and the last
 * node of the subtree, and the last of the tree. */
struct walk {
    uint64_t first, last, tree_last;
};

static void walk_up(struct walk *w) {
    w->first >>= 1;
    w->last >>= 1;
    w->tree_last >>= 1;
}

/* to the largest complete subtree on the right edge of [start, end) */
static void walk_begin(struct walk *w) {
    if (w->last == w->tree_last) {
        while (w->first != w->last)
            walk_up(w);
    } else {
        while (w->first != w->last && (w->last & 1) != 0)
            walk_up(w);
    }
}

/* from the hash the walk stands at, with what is left of the proof, to the root */
static enum rb_err climb(struct walk *w, const struct rb_proof *p, size_t at, struct rb_hash *part,
                         struct rb_hash *whole) {
    for (; at < p->n; at++) {
        if (w->tree_last == 0) return RB_ERR_PROOF;
        if ((w->last & 1) != 0 || w->last == w->tree_last) {
            if (w->first < w->last) rb_node_hash(&p->h[at], part, part);
            rb_node_hash(&p->h[at], whole, whole);
            while ((w->last & 1) == 0)
                walk_up(w); /* last == tree_last > 0: ends */
        } else {
            rb_node_hash(whole, &p->h[at], whole);
        }
        walk_up(w);
    }
    return w->tree_last == 0 ? RB_OK : RB_ERR_PROOF;
}

enum rb_err rb_subtree_verify(uint64_t start, uint64_t end, uint64_t size,
                              const struct rb_hash *subtree, const struct rb_proof *p,
                              const struct rb_hash *root) {
    if (!rb_subtree_valid(start, end, size) || p->n > RB_MAX_PROOF) return RB_ERR_PROOF;
    if (start == end) {
        struct rb_hash empty;
        rb_empty_root(&empty);
        return p->n == 0 && rb_hash_eq(subtree, &empty) ? RB_OK : RB_ERR_PROOF;
    }
    struct walk w = {start, end - 1, size - 1};
    walk_begin(&w);
    const bool known = w.first == w.last;
    if (!known && p->n == 0) return RB_ERR_PROOF;
    struct rb_hash whole = known ? *subtree : p->h[0];
    struct rb_hash part = whole;
    RB_TRY(climb(&w, p, known ? 0 : 1, &part, &whole));
    return rb_hash_eq(&part, subtree) && rb_hash_eq(&whole, root) ? RB_OK : RB_ERR_PROOF;
}

enum rb_err rb_consistency_old_root(uint64_t old_size, uint64_t size, const struct rb_proof *p,
                                    const struct rb_hash *root, struct rb_hash *out) {
    if (!rb_subtree_valid(0, old_size, size) || p->n > RB_MAX_PROOF) return RB_ERR_PROOF;
    if (old_size == 0) return RB_ERR_PROOF; /* there is one empty tree */
    if (old_size == size) {
        *out = *root;
        return p->n == 0 ? RB_OK : RB_ERR_PROOF;
    }
    struct walk w = {0, old_size - 1, size - 1};
    walk_begin(&w);
    if (w.first == w.last) return RB_ERR_NOT_FOUND; /* the proof begins above it */
    if (p->n == 0) return RB_ERR_PROOF;
    struct rb_hash part = p->h[0], whole = p->h[0];
    RB_TRY(climb(&w, p, 1, &part, &whole));
    if (!rb_hash_eq(&whole, root)) return RB_ERR_PROOF;
    *out = part;
    return RB_OK;
}

enum rb_err rb_inclusion_verify(uint64_t index, uint64_t size, const struct rb_hash *leaf,
                                const struct rb_proof *p, const struct rb_hash *root) {
    if (index >= size) return RB_ERR_PROOF;
    return rb_subtree_verify(index, index + 1, size, leaf, p, root);
}

enum rb_err rb_consistency_verify(uint64_t old_size, uint64_t size, const struct rb_hash *old_root,
                                  const struct rb_proof *p, const struct rb_hash *root) {
    /* an empty subtree says nothing about the root, so two empty trees are compared here */
    if (old_size == size && !rb_hash_eq(old_root, root)) return RB_ERR_PROOF;
    return rb_subtree_verify(0, old_size, size, old_root, p, root);
}
