/* Who holds the bodies of closed records: what receipts say of them (design §6). Independent of the
 * order and of `now`. Clauses 5.6.3, 5.13.8.
 *
 * A member has a body where any of its receipts covers the leaf and does not list it, so it is all
 * the same in which order they are read, and how often. */
#include "internal.h"

/* the link that leads on from entry `prev`, or from the list's start */
static uint32_t *link_after(struct rb_bodies *b, size_t slot, uint32_t prev) {
    return prev == RB_NOWHERE ? &b->outstanding[slot] : &b->list[prev].next;
}

/* appends after *prev, which becomes the new entry */
static enum rb_err missing_push(struct rb_fold *f, size_t slot, uint32_t *prev, uint32_t leaf) {
    struct rb_bodies *b = &f->bodies;
    RB_TRY(RB_FOLD_MORE(f, b->list, b->list_n, b->list_cap));
    uint32_t *link = link_after(b, slot, *prev), at = (uint32_t)b->list_n++;
    b->list[at] = (struct rb_missing){leaf, *link};
    *link = at;
    *prev = at;
    return RB_OK;
}

static enum rb_err has_body(struct rb_fold *f, uint32_t feed, uint64_t leaf, uint16_t member) {
    const struct rb_fact *fact = &f->b->feeds[feed]->facts[leaf];
    const uint64_t bit = 1ull << member;
    if (!fact->closed || (fact->recipients & bit) == 0) return RB_OK;
    const uint32_t node = rb_fold_node(f, feed, (uint32_t)leaf);
    if (f->body_bits[node] & bit) return RB_OK;
    f->body_bits[node] |= bit;
    return rb_live_touch(f, node, member);
}

struct listed { /* reads a receipt's list of missing leaves, ascending */
    struct rb_reader r;
    size_t left;
    uint64_t now; /* UINT64_MAX at the end */
};

static void listed_next(struct listed *l) {
    l->now = UINT64_MAX;
    if (l->left == 0) return;
    l->left--;
    if (rb_cbor_get_uint(&l->r, &l->now) != RB_OK) l->now = UINT64_MAX;
}

static void listed_open(struct listed *l, struct rb_slice list) {
    l->r = rb_reader(list);
    if (list.n == 0 || rb_cbor_get_array(&l->r, RB_MAX_LEAF, &l->left) != RB_OK) l->left = 0;
    listed_next(l);
}

/* what was missing and is below the size and not listed again has come */
static enum rb_err come_since(struct rb_fold *f, uint32_t feed, uint16_t member, uint64_t size,
                              struct listed *l, uint32_t *prev) {
    struct rb_bodies *b = &f->bodies;
    size_t slot = (size_t)feed * RB_MAX_MEMBERS + member;
    uint32_t at;
    while ((at = *link_after(b, slot, *prev)) != RB_NOWHERE && b->list[at].leaf < size) {
        while (l->now < b->list[at].leaf)
            listed_next(l);
        if (l->now == b->list[at].leaf) {
            *prev = at;
            continue;
        }
        RB_TRY(has_body(f, feed, b->list[at].leaf, member));
        *link_after(b, slot, *prev) = b->list[at].next;
    }
    return RB_OK;
}

/* Each step removes an entry or meets one listed anew, so all of it is linear in what was logged.
 */
static enum rb_err one_feed(struct rb_fold *f, uint32_t feed, uint16_t member,
                            const struct rb_receipt_bodies *e) {
    size_t slot = (size_t)feed * RB_MAX_MEMBERS + member;
    uint64_t size = e->size, facts = f->b->feeds[feed]->facts_n, *covered;
    struct listed l;
    uint32_t prev = RB_NOWHERE;
    covered = &f->bodies.covered[slot];
    if (size > facts) size = facts;
    listed_open(&l, e->missing);
    RB_TRY(come_since(f, feed, member, size, &l, &prev));
    while (l.now < *covered)
        listed_next(&l);
    for (uint64_t leaf = *covered; leaf < size; leaf++) {
        while (l.now < leaf)
            listed_next(&l);
        if (l.now == leaf)
            RB_TRY(missing_push(f, slot, &prev, (uint32_t)leaf));
        else
            RB_TRY(has_body(f, feed, leaf, member));
    }
    if (size > *covered) *covered = size;
    return RB_OK;
}

/* The receipt names no history, so it is put down for each of the feed's branches. One that reaches
 * further than what is held here is read again when more is. */
enum rb_err rb_bodies_entry(struct rb_fold *f, uint32_t node, uint16_t index) {
    const struct rb_receipt_bodies *e = &rb_fold_fact(f, node)->extra->receipt.bodies[index];
    size_t first = rb_book_feed_index(f->b, e->member, e->epoch);
    if (first == f->b->feeds_n) return RB_OK;
    size_t branches = rb_branches_of(f->b, first);
    for (size_t i = first; i < first + branches; i++)
        RB_TRY(one_feed(f, (uint32_t)i, rb_fold_author(f, node), e));
    const size_t facts = f->b->feeds[first]->facts_n;
    if (e->size <= facts) return RB_OK;
    const struct rb_wait w = {(uint32_t)first, node, facts + 1, index, RB_WAIT_BODIES};
    return rb_wait_push(f, &w);
}

enum rb_err rb_bodies_more(struct rb_fold *f, uint32_t node) {
    const struct rb_receipt *r = &rb_fold_fact(f, node)->extra->receipt;
    for (uint16_t i = 0; i < r->bodies_n; i++)
        RB_TRY(rb_bodies_entry(f, node, i));
    return RB_OK;
}

enum rb_err rb_bodies_make(struct rb_fold *f) {
    struct rb_bodies *b = &f->bodies;
    size_t slots = f->b->feeds_n * RB_MAX_MEMBERS;
    b->covered = rb_arena_array(f->a, slots, sizeof *b->covered);
    b->outstanding = rb_arena_array(f->a, slots, sizeof *b->outstanding);
    if (b->covered == NULL || b->outstanding == NULL) return RB_ERR_LIMIT;
    memset(b->outstanding, 0xff, slots * sizeof *b->outstanding); /* RB_NOWHERE */
    for (size_t i = 0; i < slots; i++)
        b->covered[i] = f->s->shared[i / RB_MAX_MEMBERS];
    for (uint32_t v = 0; v < f->n; v++)
        if (f->kind[v] == RB_KIND_RECEIPT) RB_TRY(rb_bodies_more(f, v));
    return RB_OK;
}
