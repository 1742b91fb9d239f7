/* What a record says its author had seen (design §5). A record's entries count only if its digest
 * checks against the trees held here, judged leaves only, so that the situation is a function of
 * them. Clauses 5.5.x. */
#include "internal.h"

enum { SEEN_OPEN = 0, SEEN_GOOD = 1, SEEN_BAD = 2 };

static void item_of(const struct rb_feed *f, uint64_t size, struct rb_seen_digest_item *item) {
    item->origin = rb_slice(f->origin, f->origin_n);
    item->size = size;
    rb_tree_root(&f->tree, size, &item->root);
}

/* What an entry may mean: the branches of that feed that differ at that size. */
struct meant {
    size_t first;      /* index of branch 0 */
    size_t branches_n; /* at least 1 */
    uint8_t branch[RB_MAX_BRANCHES + 1];
    size_t at; /* the one that is looked at */
};
#define MOST_TRIED 64u /* combinations of branches, for one record */

/* All feeds and sizes it names are here, and not so many forked ones among them that nobody could
 * try all they may mean: then the digest can be made. */
static bool what_it_may_mean(const struct rb_book *b, const struct rb_fact *fact,
                             struct meant m[RB_MAX_SEEN]) {
    size_t ways = 1;
    for (size_t i = 0; i < fact->seen_n; i++) {
        const struct rb_seen_entry *e = &fact->seen[i];
        m[i].at = 0;
        m[i].first = rb_book_feed_index(b, e->member, e->epoch);
        if (m[i].first == b->feeds_n) return false;
        m[i].branches_n = rb_branches_at(b, m[i].first, e->size, m[i].branch);
        if (m[i].branches_n == 0) return false;
        ways *= m[i].branches_n;
        if (ways > MOST_TRIED) return false;
    }
    return true;
}

static void meant_item(const struct rb_book *b, const struct rb_fact *fact, const struct meant *m,
                       size_t i, struct rb_seen_digest_item *items) {
    item_of(b->feeds[m[i].first + m[i].branch[m[i].at]], fact->seen[i].size, &items[i]);
}

/* the next combination; false: that was the last */
static bool next_way(const struct rb_book *b, const struct rb_fact *fact, struct meant *m,
                     struct rb_seen_digest_item *items) {
    for (size_t i = 0; i < fact->seen_n; i++) {
        bool more = ++m[i].at < m[i].branches_n;
        if (!more) m[i].at = 0;
        if (m[i].branches_n > 1) meant_item(b, fact, m, i, items);
        if (more) return true;
    }
    return false;
}

static bool digest_is(const struct rb_fact *fact, const struct rb_seen_digest_item *items,
                      struct rb_arena *work) {
    uint8_t digest[RB_DIGEST_LEN];
    size_t mark = rb_arena_mark(work);
    rb_seen_digest(items, fact->seen_n, work, digest);
    rb_arena_release(work, mark);
    return memcmp(digest, fact->seen_digest, RB_DIGEST_LEN) == 0;
}

/* which branches it means, where not all are branch 0; no room to remember: asked again next time
 */
static bool remember(struct rb_book *b, struct rb_fact *fact, const struct meant *m) {
    bool branches = false;
    for (size_t i = 0; i < fact->seen_n; i++)
        branches = branches || m[i].branch[m[i].at] > 0;
    if (branches) {
        fact->seen_branch = rb_region_alloc(b->region, fact->seen_n);
        if (fact->seen_branch == NULL) return false;
        for (size_t i = 0; i < fact->seen_n; i++)
            fact->seen_branch[i] = m[i].branch[m[i].at];
    }
    fact->seen_verdict = SEEN_GOOD;
    return true;
}

/* That it checks stays so, and that it does not until more of some branch is here. */
enum rb_err rb_seen_checks(struct rb_book *b, struct rb_fact *fact, struct rb_arena *work,
                           bool *counts) {
    struct meant m[RB_MAX_SEEN];
    struct rb_seen_digest_item items[RB_MAX_SEEN];
    const uint32_t leaves = (uint32_t)b->index->branch_leaves;
    *counts = false;
    if (fact->seen_n == 0 || fact->mark != RB_MARK_NONE) return RB_OK;
    if (fact->seen_verdict == SEEN_BAD && fact->seen_tried == leaves) return RB_OK;
    if (fact->seen_verdict == SEEN_GOOD && b->index->branches_n == 0) {
        *counts = true;
        return RB_OK;
    }
    if (!what_it_may_mean(b, fact, m)) return RB_OK;
    if (fact->seen_verdict == SEEN_GOOD) {
        *counts = true;
        return RB_OK;
    }
    for (size_t i = 0; i < fact->seen_n; i++)
        meant_item(b, fact, m, i, items);
    bool good = digest_is(fact, items, work);
    while (!good && next_way(b, fact, m, items))
        good = digest_is(fact, items, work);
    if (!good) {
        fact->seen_verdict = SEEN_BAD;
        fact->seen_tried = leaves;
        return RB_OK;
    }
    *counts = true;
    return remember(b, fact, m) ? RB_OK : RB_ERR_LIMIT;
}

/* ---- for a record to be made ------------------------------------------------------------------
 */

static struct rb_seen_entry *vector_find(struct rb_seen_entry *v, size_t n, uint16_t member,
                                         uint16_t epoch) {
    for (size_t i = 0; i < n; i++)
        if (v[i].member == member && v[i].epoch == epoch) return &v[i];
    return NULL;
}

static enum rb_err vector_raise(struct rb_book *b, struct rb_authority *a,
                                const struct rb_fact *fact) {
    for (size_t i = 0; i < fact->seen_n; i++) {
        const struct rb_seen_entry *e = &fact->seen[i];
        if (fact->seen_branch != NULL && fact->seen_branch[i] > 0)
            continue; /* not what is held as it */
        struct rb_seen_entry *v = vector_find(a->vector, a->vector_n, e->member, e->epoch);
        if (v == NULL) {
            void *p = a->vector;
            RB_TRY(rb_region_grow(b->region, &p, &a->vector_cap, a->vector_n + 1, sizeof *v));
            a->vector = p;
            v = &a->vector[a->vector_n++];
            *v = *e;
        }
        if (e->size > v->size) v->size = e->size;
    }
    return RB_OK;
}

/* Follows the author's own records. One whose digest cannot be checked yet stops it: to say again
 * what it said is allowed, to leave out what counts is not wanted. */
static enum rb_err vector_follow(struct rb_book *b, struct rb_feed *f, struct rb_arena *work) {
    struct rb_authority *a = f->authority;
    for (; a->vector_at < f->facts_n; a->vector_at++) {
        struct rb_fact *fact = &f->facts[a->vector_at];
        if (fact->seen_n == 0 || fact->mark != RB_MARK_NONE) continue;
        bool counts;
        RB_TRY(rb_seen_checks(b, fact, work, &counts));
        if (counts)
            RB_TRY(vector_raise(b, a, fact));
        else if (fact->seen_verdict == SEEN_OPEN)
            return RB_OK;
    }
    return RB_OK;
}

struct change {
    struct rb_seen_entry e;
    uint64_t gain;
};

static int by_gain(const void *pa, const void *pb) {
    const struct change *a = pa, *b = pb;
    if (a->gain != b->gain) return a->gain > b->gain ? -1 : 1;
    if (a->e.member != b->e.member) return a->e.member < b->e.member ? -1 : 1;
    return a->e.epoch < b->e.epoch ? -1 : a->e.epoch > b->e.epoch;
}

static int by_feed(const void *pa, const void *pb) {
    const struct rb_seen_entry *a = pa, *b = pb;
    if (a->member != b->member) return a->member < b->member ? -1 : 1;
    return a->epoch < b->epoch ? -1 : a->epoch > b->epoch;
}

/* trimmed to those that moved most, so that no feed is left behind for good */
static enum rb_err choose(struct rb_book *b, struct rb_feed *own, size_t max, struct rb_record *rec,
                          struct rb_arena *work) {
    struct rb_authority *a = own->authority;
    size_t n = 0;
    struct change *c = rb_arena_array(work, b->feeds_n, sizeof *c);
    if (c == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < b->feeds_n; i++) {
        const struct rb_feed *f = b->feeds[i];
        const struct rb_seen_entry *v = vector_find(a->vector, a->vector_n, f->member, f->epoch);
        uint64_t had = v == NULL ? 0 : v->size;
        if (f == own || f->branch > 0 || f->facts_n <= had) continue;
        c[n].e = (struct rb_seen_entry){f->member, f->epoch, f->facts_n};
        c[n++].gain = f->facts_n - had;
    }
    rb_sort(c, n, sizeof *c, by_gain);
    if (max > RB_MAX_SEEN) max = RB_MAX_SEEN;
    rec->seen_n = n < max ? n : max;
    for (size_t i = 0; i < rec->seen_n; i++)
        rec->seen[i] = c[i].e;
    rb_sort(rec->seen, rec->seen_n, sizeof *rec->seen, by_feed);
    return RB_OK;
}

enum rb_err rb_book_seen(const struct rb_book *book, uint16_t member, uint16_t epoch, size_t max,
                         struct rb_record *rec, struct rb_arena *work) {
    struct rb_book *b = (struct rb_book *)(uintptr_t)book; /* remembers verdicts, changes no fact */
    struct rb_feed *own = rb_book_feed(b, member, epoch);
    struct rb_seen_digest_item items[RB_MAX_SEEN];
    size_t mark = rb_arena_mark(work);
    if (own == NULL) return RB_ERR_NOT_FOUND;
    RB_TRY(vector_follow(b, own, work));
    RB_TRY(choose(b, own, max, rec, work));
    if (rec->seen_n > 0) {
        for (size_t i = 0; i < rec->seen_n; i++)
            item_of(rb_book_feed(b, rec->seen[i].member, rec->seen[i].epoch), rec->seen[i].size,
                    &items[i]);
        rb_seen_digest(items, rec->seen_n, work, rec->seen_digest);
    }
    rb_arena_release(work, mark);
    return RB_OK;
}
