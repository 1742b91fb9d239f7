/* Branches: the other histories of a forked feed (spec 5.13). Each is a feed of its own, judged
 * from its first leaf on. What branches share in front is the same records at the same places; it
 * stands in the memory of each of them and counts once. */
#include <assert.h>
#include "internal.h"

size_t rb_branches_of(const struct rb_book *b, size_t first) {
    size_t n = 1;
    while (first + n < b->feeds_n && b->feeds[first + n]->branch > 0)
        n++;
    return n;
}

bool rb_is_forked(const struct rb_book *b, const struct rb_feed *f) {
    return b->index->branches_n > 0 && rb_branches_of(b, rb_book_index_of(b, f) - f->branch) > 1;
}

size_t rb_book_index_of(const struct rb_book *b, const struct rb_feed *f) {
    size_t first = rb_book_feed_index(b, f->member, f->epoch);
    assert(first + f->branch < b->feeds_n && b->feeds[first + f->branch] == f);
    return first + f->branch;
}

struct rb_feed *rb_book_branch(const struct rb_book *b, uint16_t member, uint16_t epoch,
                               uint8_t branch) {
    size_t first = rb_book_feed_index(b, member, epoch);
    if (first == b->feeds_n || branch >= rb_branches_of(b, first)) return NULL;
    return b->feeds[first + branch];
}

/* Leaves only come, so what was the same stays the same. */
uint64_t rb_branch_shared(struct rb_feed *f, const struct rb_feed *lower) {
    assert(f->branch > lower->branch);
    uint64_t *n = &f->authority->shared[lower->branch];
    size_t both = f->facts_n < lower->facts_n ? f->facts_n : lower->facts_n;
    while (*n < both && rb_hash_eq(&f->facts[*n].id, &lower->facts[*n].id))
        (*n)++;
    return *n;
}

size_t rb_branches_at(const struct rb_book *b, size_t first, uint64_t size,
                      uint8_t out[RB_MAX_BRANCHES + 1]) {
    size_t found = 0, n = rb_branches_of(b, first);
    for (size_t i = 0; i < n; i++) {
        struct rb_feed *f = b->feeds[first + i];
        bool own = size <= f->facts_n;
        for (size_t k = 0; k < i && own; k++)
            own = rb_branch_shared(f, b->feeds[first + k]) < size;
        if (own) out[found++] = (uint8_t)i;
    }
    return found;
}

int rb_root_cmp(const struct rb_feed *a, const struct rb_feed *b, uint64_t size) {
    struct rb_hash ra, rb;
    rb_tree_root(&a->tree, size, &ra);
    rb_tree_root(&b->tree, size, &rb);
    return memcmp(ra.b, rb.b, RB_HASH_LEN);
}

/* Two histories differ where both have a leaf and not the same one. One that is shorter, or not all
 * here yet, and agrees as far as it goes, says nothing of where they part. */
static void common_part(struct rb_book *b, size_t first, size_t n) {
    uint64_t common = UINT64_MAX;
    for (size_t i = 1; i < n; i++)
        for (size_t k = 0; k < i; k++) {
            struct rb_feed *f = b->feeds[first + i];
            const struct rb_feed *lower = b->feeds[first + k];
            uint64_t shared = rb_branch_shared(f, lower);
            bool part = shared < f->facts_n && shared < lower->facts_n;
            if (part && shared < common) common = shared;
        }
    for (size_t i = 0; i < n; i++) {
        b->feeds[first + i]->common_known = common != UINT64_MAX;
        b->feeds[first + i]->common = common == UINT64_MAX ? 0 : common;
    }
}

void rb_book_branch_whole(struct rb_book *b, struct rb_feed *branch) {
    size_t first = rb_book_feed_index(b, branch->member, branch->epoch);
    common_part(b, first, rb_branches_of(b, first));
}

void rb_branches_settle(struct rb_book *b) {
    for (size_t i = 0, n; b->index->branches_n > 0 && i < b->feeds_n; i += n) {
        n = rb_branches_of(b, i);
        if (n > 1) common_part(b, i, n);
    }
}

enum rb_err rb_book_open_branch(struct rb_book *b, struct rb_feed *feed, struct rb_arena *work,
                                struct rb_feed **out) {
    assert(feed->branch == 0);
    size_t n = rb_branches_of(b, rb_book_index_of(b, feed));
    struct rb_feed *f;
    if (n > RB_MAX_BRANCHES) return RB_ERR_LIMIT;
    size_t mark = rb_arena_mark(work);
    enum rb_err err = rb_feed_again(b, feed, (uint8_t)n, work, &f);
    rb_arena_release(work, mark);
    if (err != RB_OK) return err;
    feed->frozen = f->frozen = true;
    b->index->branches_n++;
    *out = f;
    return RB_OK;
}
