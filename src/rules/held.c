/* Who holds what since when: cosignatures logged in receipts, and what receipts say of bodies
 * (design §1.2, §6). Independent of the order and of `now`. Clauses 5.6.x. */
#include <assert.h>
#include "internal.h"

/* ---- one cosignature --------------------------------------------------------------------------
 */

static enum rb_err verify_with(const struct rb_key *mirror, const struct rb_feed *f, uint64_t size,
                               uint64_t time_s, const uint8_t sig[RB_SIG_LEN]) {
    uint8_t buf[RB_MAX_ORIGIN + 128];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    struct rb_hash root;
    rb_tree_root(&f->tree, size, &root);
    rb_checkpoint_text(rb_slice(f->origin, f->origin_n), size, &root, &w);
    assert(!w.over);
    return rb_cosignature_verify(mirror, time_s, rb_written(&w), sig);
}

enum rb_err rb_book_cosig_verify(const struct rb_book *b, uint16_t cosigner,
                                 const struct rb_feed *f, uint64_t size, uint64_t time_s,
                                 const uint8_t sig[RB_SIG_LEN]) {
    if (cosigner >= RB_MAX_MEMBERS || rb_book_listed(b, cosigner) == NULL) return RB_ERR_NOT_FOUND;
    if (size > f->tree.size) return RB_ERR_STALE;
    for (size_t i = 0; i < b->index->mirror[cosigner].n; i++) /* a mirror never cosigns itself */
        if (cosigner != f->member &&
            verify_with(&b->index->mirror[cosigner].key[i].key, f, size, time_s, sig) == RB_OK)
            return RB_OK;
    return RB_ERR_SIGNATURE;
}

enum rb_err rb_book_cosig_key(const struct rb_book *b, uint16_t cosigner, struct rb_slice text,
                              uint64_t time_s, const uint8_t sig[RB_SIG_LEN], struct rb_key *out) {
    if (cosigner >= RB_MAX_MEMBERS) return RB_ERR_NOT_FOUND;
    for (size_t i = 0; i < b->index->mirror[cosigner].n; i++) {
        const struct rb_key *k = &b->index->mirror[cosigner].key[i].key;
        if (rb_cosignature_verify(k, time_s, text, sig) != RB_OK) continue;
        *out = *k;
        return RB_OK;
    }
    return RB_ERR_SIGNATURE;
}

bool rb_book_is_mirror_key(const struct rb_book *b, uint16_t member, struct rb_slice name,
                           uint32_t key_id) {
    if (member >= RB_MAX_MEMBERS) return false;
    for (size_t i = 0; i < b->index->mirror[member].n; i++) {
        struct rb_vkey v;
        rb_vkey_make(name, RB_SIG_COSIGNATURE_V1, &b->index->mirror[member].key[i].key, &v);
        if (v.key_id == key_id) return true;
    }
    return false;
}

static void try_keys(const struct rb_book *b, const struct rb_receipt_cosig *c,
                     struct rb_cosig_check *check, const struct rb_feed *f) {
    for (uint16_t *tried = &check->tried[f->branch]; *tried < b->index->mirror[c->cosigner].n;
         ++*tried) {
        const struct rb_key *k = &b->index->mirror[c->cosigner].key[*tried].key;
        if (verify_with(k, f, c->size, c->time_s, c->sig) != RB_OK) continue;
        check->verdict = RB_COSIG_GOOD;
        check->branch = f->branch;
        check->key = *tried;
        return;
    }
}

/* A checkpoint's root is that of one history: each that is held here is tried. Good for good once
 * it verified; what did not is tried again only with keys that came later. */
static bool cosig_good(struct rb_book *b, const struct rb_receipt_cosig *c,
                       struct rb_cosig_check *check, size_t *feed) {
    uint8_t branch[RB_MAX_BRANCHES + 1];
    if (c->cosigner >= RB_MAX_MEMBERS || c->cosigner == c->member) return false;
    size_t first = rb_book_feed_index(b, c->member, c->epoch);
    if (first == b->feeds_n || c->size == 0) return false;
    size_t n = check->verdict == RB_COSIG_GOOD ? 0 : rb_branches_at(b, first, c->size, branch);
    for (size_t i = 0; i < n && check->verdict != RB_COSIG_GOOD; i++)
        try_keys(b, c, check, b->feeds[first + branch[i]]);
    *feed = first + check->branch;
    return check->verdict == RB_COSIG_GOOD;
}

/* ---- revocations ------------------------------------------------------------------------------
 */

static bool same_party(const struct rb_fold *f, uint16_t member, const struct rb_key *party) {
    struct rb_hash h;
    rb_party_hash(party, &h);
    return rb_hash_eq(&h, &f->party[member].party);
}

/* the size of that origin the party stands by; what it does not name it does not stand by */
static uint64_t stood_by(const struct rb_revocation *r, const struct rb_feed *f) {
    struct rb_slice origin = rb_slice(f->origin, f->origin_n);
    for (size_t i = 0; i < r->stood_n; i++)
        if (rb_slice_eq(r->stood[i].origin, origin)) return r->stood[i].size;
    return 0;
}

struct rb_cut { /* leaves of a feed from `size` on that this key signed are disowned */
    uint8_t kid[RB_KID_LEN];
    uint32_t feed;
    uint64_t size;
};

static int by_kid(const void *pa, const void *pb) {
    const struct rb_cut *a = pa, *b = pb;
    if (a->feed != b->feed) return a->feed < b->feed ? -1 : 1;
    int c = memcmp(a->kid, b->kid, RB_KID_LEN);
    if (c != 0) return c;
    return a->size < b->size ? -1 : a->size > b->size;
}

/* calls back for each revocation that stands in any feed and verifies */
struct revocations {
    const struct rb_fold *f;
    uint32_t node;
};

static const struct rb_revocation *next_revocation(struct revocations *it, uint32_t *node) {
    for (; it->node < it->f->n; it->node++) {
        if (it->f->kind[it->node] != RB_KIND_REVOCATION) continue;
        *node = it->node++;
        return rb_fold_fact(it->f, *node)->extra->revocation;
    }
    return NULL;
}

static enum rb_err add_cuts(struct rb_fold *f, const struct rb_revocation *r) {
    struct rb_cuts *cuts = &f->cuts;
    for (uint32_t i = 0; i < f->b->feeds_n; i++) {
        const struct rb_feed *feed = f->b->feeds[i];
        if (!same_party(f, feed->member, &r->party)) continue;
        if (r->role == RB_KEY_LOG) {
            uint64_t size = stood_by(r, feed);
            if (rb_key_eq(&r->key, &feed->log_key) && size < f->part[i].log_cut)
                f->part[i].log_cut = size;
            continue;
        }
        RB_TRY(RB_FOLD_MORE(f, cuts->cut, cuts->n, cuts->cap));
        struct rb_cut *cut = &cuts->cut[cuts->n++];
        cut->feed = i;
        cut->size = stood_by(r, feed);
        rb_key_id(&r->key, cut->kid);
    }
    return RB_OK;
}

/* is the leaf beyond what its party stands by for the key? the cuts are sorted: smallest size first
 */
static bool is_cut(const struct rb_cuts *cuts, uint32_t feed, uint64_t leaf,
                   const uint8_t kid[RB_KID_LEN]) {
    struct rb_cut want = {.feed = feed, .size = 0};
    memcpy(want.kid, kid, RB_KID_LEN);
    size_t lo = 0, hi = cuts->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (by_kid(&cuts->cut[mid], &want) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    const struct rb_cut *c = &cuts->cut[lo];
    return lo < cuts->n && c->feed == feed && memcmp(c->kid, kid, RB_KID_LEN) == 0 &&
           c->size <= leaf;
}

bool rb_disowned(const struct rb_fold *f, uint32_t node) {
    const struct rb_fact *fact = rb_fold_fact(f, node);
    const struct rb_place at = f->at[node];
    bool disowned = at.leaf >= f->part[at.feed].log_cut;
    for (size_t k = 0; k < fact->kids_n && f->cuts.n > 0; k++)
        if (is_cut(&f->cuts, at.feed, at.leaf, fact->kids[k])) disowned = true;
    return disowned;
}

enum rb_err rb_disowned_mark(struct rb_fold *f) {
    struct revocations it = {f, 0};
    uint32_t node;
    bool any = false;
    for (size_t i = 0; i < f->b->feeds_n; i++)
        f->part[i].log_cut = UINT64_MAX;
    for (const struct rb_revocation *r; (r = next_revocation(&it, &node)) != NULL;) {
        if (r->role == RB_KEY_MIRROR) f->cuts.mirror = true;
        if (r->role != RB_KEY_LOG && r->role != RB_KEY_NODE && r->role != RB_KEY_OFFICER) continue;
        RB_TRY(add_cuts(f, r));
        any = true;
    }
    rb_sort(f->cuts.cut, f->cuts.n, sizeof *f->cuts.cut, by_kid);
    for (uint32_t v = 0; v < f->n && any; v++)
        f->disowned[v] = rb_disowned(f, v);
    return RB_OK;
}

/* ---- held: step functions ---------------------------------------------------------------------
 */

struct covering {     /* one good cosignature */
    uint32_t slot;    /* feed * RB_MAX_MEMBERS + cosigner */
    uint32_t receipt; /* node of the record that logs it */
    uint64_t size, time_s;
    const struct rb_key *key;
    bool held_back; /* by a revoked key, beyond what its party stands by */
};

/* of one slot; a larger size at an earlier time is behind */
static int by_size(const void *pa, const void *pb) {
    const struct covering *a = pa, *b = pb;
    if (a->size != b->size) return a->size < b->size ? -1 : 1;
    if (a->time_s != b->time_s) return a->time_s > b->time_s ? -1 : 1;
    return a->receipt > b->receipt ? -1 : a->receipt < b->receipt;
}

struct coverings {
    struct covering *c;
    size_t n, cap;
};

/* Of every branch that has the checkpoint's leaves in front: each branch's steps are all of them.
 */
static enum rb_err cover(struct rb_fold *f, struct coverings *out, uint32_t feed,
                         const struct covering *like) {
    uint32_t first = feed - f->b->feeds[feed]->branch, own = rb_stem_at(f->s, feed, like->size - 1);
    size_t branches = rb_branches_of(f->b, first);
    for (uint32_t i = first; i < first + branches; i++) {
        if (like->size > f->b->feeds[i]->facts_n) continue;
        if (rb_stem_at(f->s, i, like->size - 1) != own) continue;
        RB_TRY(RB_FOLD_MORE(f, out->c, out->n, out->cap));
        out->c[out->n] = *like;
        out->c[out->n++].slot += i * RB_MAX_MEMBERS;
    }
    return RB_OK;
}

/* the key it verifies under; NULL: it does not count, now or here */
static const struct rb_mirror_key *counted(struct rb_fold *f, uint32_t node, uint16_t index,
                                           size_t *feed) {
    struct rb_fact_extra *x = rb_fold_fact(f, node)->extra;
    const struct rb_receipt_cosig *c = &x->receipt.cosigs[index];
    if (!cosig_good(f->b, c, &x->check[index], feed)) return NULL;
    const struct rb_mirror_key *k = &f->b->index->mirror[c->cosigner].key[x->check[index].key];
    return rb_hash_eq(&k->party, &f->party[c->cosigner].party) ? k : NULL;
}

/* over more than is held here: asked again when it is */
static enum rb_err cosig_waits(struct rb_fold *f, uint32_t node, uint16_t index) {
    const struct rb_receipt_cosig *c = &rb_fold_fact(f, node)->extra->receipt.cosigs[index];
    const size_t feed = rb_book_feed_index(f->b, c->member, c->epoch);
    if (feed == f->b->feeds_n || c->size <= f->b->feeds[feed]->facts_n) return RB_OK;
    const struct rb_wait w = {(uint32_t)feed, node, c->size, index, RB_WAIT_COSIG};
    return rb_wait_push(f, &w);
}

static enum rb_err collect(struct rb_fold *f, struct coverings *all) {
    for (uint32_t v = 0; v < f->n; v++) {
        if (f->kind[v] != RB_KIND_RECEIPT) continue;
        const struct rb_receipt *r = &rb_fold_fact(f, v)->extra->receipt;
        for (uint16_t i = 0; i < r->cosigs_n; i++) {
            const struct rb_receipt_cosig *c = &r->cosigs[i];
            size_t feed;
            const struct rb_mirror_key *k = counted(f, v, i, &feed);
            if (k == NULL) {
                RB_TRY(cosig_waits(f, v, i));
                continue;
            }
            RB_TRY(cover(f, all, (uint32_t)feed,
                         &(struct covering){c->cosigner, v, c->size, c->time_s, &k->key, false}));
        }
    }
    return RB_OK;
}

/* By slot, and in each by size; they mostly come so. */
static enum rb_err arrange(struct rb_fold *f, struct coverings *all) {
    size_t slots = f->b->feeds_n * RB_MAX_MEMBERS;
    uint32_t *at = rb_arena_array(f->a, slots + 1, sizeof *at);
    struct covering *c = rb_arena_array(f->a, all->n, sizeof *c);
    if (at == NULL || c == NULL || all->n >= RB_NOWHERE) return RB_ERR_LIMIT;
    for (size_t i = 0; i < all->n; i++)
        at[all->c[i].slot + 1]++;
    for (size_t i = 0; i < slots; i++)
        at[i + 1] += at[i];
    for (size_t i = 0; i < all->n; i++)
        c[at[all->c[i].slot]++] = all->c[i];
    for (size_t from = 0, to; from < all->n; from = to) {
        bool sorted = true;
        for (to = from + 1; to < all->n && c[to].slot == c[from].slot; to++)
            sorted = sorted && by_size(&c[to - 1], &c[to]) <= 0;
        if (!sorted) rb_sort(c + from, to - from, sizeof *c, by_size);
    }
    all->c = c;
    return RB_OK;
}

/* of each slot: sizes ascending, times ascending; an entry that a larger size at no later time
 * covers says nothing */
static enum rb_err steps(struct rb_fold *f, const struct covering *c, size_t n) {
    struct rb_situation *s = f->s;
    memset(s->held_n, 0, f->b->feeds_n * RB_MAX_MEMBERS * sizeof *s->held_n);
    for (size_t from = 0, to; from < n; from = to) {
        uint64_t earliest = UINT64_MAX;
        size_t kept = 0;
        for (to = from; to < n && c[to].slot == c[from].slot;)
            to++;
        for (size_t i = to; i-- > from;) {
            if (c[i].held_back || (kept > 0 && c[i].time_s >= earliest)) continue;
            earliest = c[i].time_s;
            kept++;
        }
        struct rb_sit_held *h = rb_arena_array(f->a, kept, sizeof *h);
        if (h == NULL) return RB_ERR_LIMIT;
        s->held[c[from].slot] = h;
        s->held_n[c[from].slot] = kept;
        f->held_cap[c[from].slot] = (uint32_t)kept;
        size_t at = kept;
        for (size_t i = to; i-- > from;) {
            if (c[i].held_back || (at < kept && c[i].time_s >= earliest)) continue;
            earliest = c[i].time_s;
            if (earliest > f->latest_t_s) f->latest_t_s = earliest;
            h[--at] = (struct rb_sit_held){c[i].size, c[i].time_s};
        }
        assert(at == 0);
    }
    return RB_OK;
}

/* ---- one cosignature more ---------------------------------------------------------------------
 */

/* how many of the slot's steps have no larger size */
static size_t steps_below(const struct rb_sit_held *h, size_t n, uint64_t size) {
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (h[mid].size <= size)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* [*from, size) are the leaves that it covers sooner than before; none: it says nothing new */
static enum rb_err step_add(struct rb_fold *f, size_t slot, uint64_t size, uint64_t time_s,
                            uint64_t *from) {
    struct rb_situation *s = f->s;
    struct rb_sit_held *h = s->held[slot];
    size_t n = s->held_n[slot], to = steps_below(h, n, size), at = to;
    *from = size;
    if (to < n && h[to].time_s <= time_s) return RB_OK;
    if (to > 0 && h[to - 1].size == size && h[to - 1].time_s <= time_s) return RB_OK;
    while (at > 0 && h[at - 1].time_s >= time_s)
        at--;
    *from = at > 0 ? h[at - 1].size : 0;
    size_t cap = f->held_cap[slot];
    RB_TRY(rb_fold_more(f->a, &s->held[slot], &cap, n + 1, sizeof *h));
    f->held_cap[slot] = (uint32_t)cap;
    h = s->held[slot];
    memmove(h + at + 1, h + to, (n - to) * sizeof *h);
    h[at] = (struct rb_sit_held){size, time_s};
    s->held_n[slot] = n + 1 - (to - at);
    if (time_s > f->latest_t_s) f->latest_t_s = time_s;
    return RB_OK;
}

enum rb_err rb_held_cosig(struct rb_fold *f, uint32_t node, uint16_t index) {
    const struct rb_receipt_cosig *c = &rb_fold_fact(f, node)->extra->receipt.cosigs[index];
    size_t feed;
    uint64_t from;
    if (counted(f, node, index, &feed) == NULL) return cosig_waits(f, node, index);
    RB_TRY(step_add(f, feed * RB_MAX_MEMBERS + c->cosigner, c->size, c->time_s, &from));
    for (uint64_t leaf = from; leaf < c->size; leaf++)
        RB_TRY(rb_live_touch(f, f->node_of[feed][leaf], c->cosigner));
    return RB_OK;
}

enum rb_err rb_held_more(struct rb_fold *f, uint32_t node) {
    const struct rb_receipt *r = &rb_fold_fact(f, node)->extra->receipt;
    for (uint16_t i = 0; i < r->cosigs_n; i++)
        RB_TRY(rb_held_cosig(f, node, i));
    return RB_OK;
}

static bool branch_held_since(const struct rb_situation *s, uint32_t feed, uint64_t leaf,
                              uint16_t member, uint64_t *time_s) {
    size_t slot = (size_t)feed * RB_MAX_MEMBERS + member, lo = 0, hi = s->held_n[slot];
    const struct rb_sit_held *h = s->held[slot];
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (h[mid].size <= leaf)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == s->held_n[slot]) return false;
    *time_s = h[lo].time_s;
    return true;
}

bool rb_held_since(const struct rb_situation *s, uint32_t feed, uint64_t leaf, uint16_t member,
                   uint64_t *time_s) {
    if (s->book->index->branches_n == 0) return branch_held_since(s, feed, leaf, member, time_s);
    uint32_t first = feed - s->book->feeds[feed]->branch, own = rb_stem_at(s, feed, leaf);
    size_t branches = rb_branches_of(s->book, first);
    bool any = false;
    for (uint32_t i = first; i < first + branches; i++) {
        uint64_t t;
        if (rb_stem_at(s, i, leaf) != own || !branch_held_since(s, i, leaf, member, &t)) continue;
        if (!any || t < *time_s) *time_s = t;
        any = true;
    }
    return any;
}

bool rb_held_record(const struct rb_situation *s, uint32_t order, uint16_t member,
                    uint64_t *time_s) {
    bool any = false;
    for (; order != RB_NOWHERE; order = s->order[order].also) {
        uint64_t t;
        const struct rb_place *p = &s->order[order].place;
        if (!rb_held_since(s, p->feed, p->leaf, member, &t)) continue;
        if (!any || t < *time_s) *time_s = t;
        any = true;
    }
    return any;
}

/* ---- revoked mirror keys ----------------------------------------------------------------------
 */

/* earliest T at which somebody else than these two held the record */
static bool witnessed(const struct rb_fold *f, uint32_t node, uint16_t not_a, uint16_t not_b,
                      uint64_t *time_s) {
    bool any = false;
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++) {
        uint64_t t;
        if (m == not_a || m == not_b) continue;
        if (!rb_held_record(f->s, f->place[node], m, &t)) continue;
        if (!any || t < *time_s) *time_s = t;
        any = true;
    }
    return any;
}

/* A party cannot take back a receipt by revoking its mirror key: a cosignature beyond what it
 * stands by counts if a third party held the receipt that logs it before anyone held the
 * revocation. Judged over what no revocation touches. */
static bool outlives(const struct rb_fold *f, const struct covering *c, uint32_t revocation) {
    uint64_t t_receipt, t_revoked;
    uint16_t cosigner = (uint16_t)(c->slot % RB_MAX_MEMBERS);
    if (!witnessed(f, c->receipt, rb_fold_author(f, c->receipt), cosigner, &t_receipt))
        return false;
    if (!witnessed(f, revocation, rb_fold_author(f, revocation), cosigner, &t_revoked)) return true;
    return t_receipt < t_revoked;
}

/* 1st pass: hold back; 2nd pass: over the steps of the first, who outlives its revocation */
static bool mirror_pass(struct rb_fold *f, struct covering *c, size_t n, bool second) {
    struct revocations it = {f, 0};
    uint32_t node;
    bool any = false;
    for (const struct rb_revocation *r; (r = next_revocation(&it, &node)) != NULL;) {
        if (r->role != RB_KEY_MIRROR) continue;
        for (size_t i = 0; i < n; i++) {
            if (!rb_key_eq(c[i].key, &r->key)) continue;
            if (!same_party(f, (uint16_t)(c[i].slot % RB_MAX_MEMBERS), &r->party)) continue;
            if (c[i].size <= stood_by(r, f->b->feeds[c[i].slot / RB_MAX_MEMBERS])) continue;
            if (second && outlives(f, &c[i], node)) continue;
            c[i].held_back = true;
            any = true;
        }
    }
    return any;
}

enum rb_err rb_held_make(struct rb_fold *f) {
    struct coverings all = {0};
    size_t slots = f->b->feeds_n * RB_MAX_MEMBERS;
    f->s->held_n = rb_arena_array(f->a, slots, sizeof *f->s->held_n);
    f->s->held = rb_arena_array(f->a, slots, sizeof *f->s->held);
    f->held_cap = rb_arena_array(f->a, slots, sizeof *f->held_cap);
    if (f->s->held_n == NULL || f->s->held == NULL || f->held_cap == NULL) return RB_ERR_LIMIT;
    RB_TRY(collect(f, &all));
    RB_TRY(arrange(f, &all));
    bool held_back = f->cuts.mirror && mirror_pass(f, all.c, all.n, false);
    RB_TRY(steps(f, all.c, all.n));
    if (!held_back) return RB_OK;
    for (size_t i = 0; i < all.n; i++)
        all.c[i].held_back = false;
    (void)mirror_pass(f, all.c, all.n, true);
    return steps(f, all.c, all.n);
}
