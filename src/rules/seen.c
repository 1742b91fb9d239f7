/* What a record says its author had seen (design §5). A record's entries count only if its digest
 * checks against the trees held here, judged leaves only, so that the situation is a function of
 * them. Clauses 5.5.x. */
#include "internal.h"

enum { SEEN_OPEN = 0, SEEN_GOOD = 1, SEEN_BAD = 2 };

/* all feeds and sizes it names are here? then the digest can be made */
static bool seen_items(const struct rb_book *b, const struct rb_seen_entry *e, size_t n,
                       struct rb_seen_digest_item *items) {
    for (size_t i = 0; i < n; i++) {
        const struct rb_feed *f = rb_book_feed(b, e[i].member, e[i].epoch);
        if (f == NULL || e[i].size > f->facts_n) return false;
        items[i].origin = rb_slice(f->origin, f->origin_n);
        items[i].size = e[i].size;
        rb_tree_root(&f->tree, e[i].size, &items[i].root);
    }
    return true;
}

bool rb_seen_checks(struct rb_book *b, struct rb_fact *fact, struct rb_arena *work) {
    if (fact->seen_n == 0 || fact->mark != RB_MARK_NONE) return false;
    if (fact->seen_verdict != SEEN_OPEN) return fact->seen_verdict == SEEN_GOOD;
    struct rb_seen_digest_item items[RB_MAX_SEEN];
    if (!seen_items(b, fact->seen, fact->seen_n, items)) return false;
    uint8_t digest[RB_DIGEST_LEN];
    size_t mark = rb_arena_mark(work);
    rb_seen_digest(items, fact->seen_n, work, digest);
    rb_arena_release(work, mark);
    bool good = memcmp(digest, fact->seen_digest, RB_DIGEST_LEN) == 0;
    fact->seen_verdict = good ? SEEN_GOOD : SEEN_BAD;
    return good;
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
        if (rb_seen_checks(b, fact, work))
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
        if (f == own || f->facts_n <= had) continue;
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
        if (!seen_items(b, rec->seen, rec->seen_n, items)) return RB_ERR_INTERNAL;
        rb_seen_digest(items, rec->seen_n, work, rec->seen_digest);
    }
    rb_arena_release(work, mark);
    return RB_OK;
}
