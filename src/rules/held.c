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

struct cut { /* leaves of a feed from `size` on that this key signed are disowned */
    uint8_t kid[RB_KID_LEN];
    uint32_t feed;
    uint64_t size;
};

static int by_kid(const void *pa, const void *pb) {
    const struct cut *a = pa, *b = pb;
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
        const struct rb_fact *fact = rb_fold_fact(it->f, it->node);
        if (fact->mark != RB_MARK_NONE || fact->kind != RB_KIND_REVOCATION) continue;
        *node = it->node++;
        return fact->extra->revocation;
    }
    return NULL;
}

static enum rb_err add_cuts(struct rb_fold *f, const struct rb_revocation *r, uint64_t *log_cut,
                            struct cut **cuts, size_t *n, size_t *cap) {
    for (uint32_t i = 0; i < f->b->feeds_n; i++) {
        const struct rb_feed *feed = f->b->feeds[i];
        if (!same_party(f, feed->member, &r->party)) continue;
        if (r->role == RB_KEY_LOG) {
            uint64_t size = stood_by(r, feed);
            if (rb_key_eq(&r->key, &feed->log_key) && size < log_cut[i]) log_cut[i] = size;
            continue;
        }
        void *p = *cuts;
        RB_TRY(rb_fold_grow(f->a, &p, cap, *n + 1, sizeof **cuts));
        *cuts = p;
        (*cuts)[*n].feed = i;
        (*cuts)[*n].size = stood_by(r, feed);
        rb_key_id(&r->key, (*cuts)[(*n)++].kid);
    }
    return RB_OK;
}

/* is the leaf beyond what its party stands by for the key? the cuts are sorted: smallest size first
 */
static bool is_cut(const struct cut *cuts, size_t n, uint32_t feed, uint64_t leaf,
                   const uint8_t kid[RB_KID_LEN]) {
    struct cut want = {.feed = feed, .size = 0};
    memcpy(want.kid, kid, RB_KID_LEN);
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (by_kid(&cuts[mid], &want) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && cuts[lo].feed == feed && memcmp(cuts[lo].kid, kid, RB_KID_LEN) == 0 &&
           cuts[lo].size <= leaf;
}

enum rb_err rb_disowned_mark(struct rb_fold *f) {
    struct revocations it = {f, 0};
    struct cut *cuts = NULL;
    size_t n = 0, cap = 0;
    uint32_t node;
    uint64_t *log_cut = rb_arena_array(f->a, f->b->feeds_n, sizeof *log_cut);
    f->disowned = rb_arena_array(f->a, f->n, sizeof *f->disowned);
    if (f->disowned == NULL || log_cut == NULL) return RB_ERR_LIMIT;
    memset(log_cut, 0xff, f->b->feeds_n * sizeof *log_cut);
    for (const struct rb_revocation *r; (r = next_revocation(&it, &node)) != NULL;)
        if (r->role == RB_KEY_LOG || r->role == RB_KEY_NODE || r->role == RB_KEY_OFFICER)
            RB_TRY(add_cuts(f, r, log_cut, &cuts, &n, &cap));
    rb_sort(cuts, n, sizeof *cuts, by_kid);
    for (uint32_t v = 0; v < f->n; v++) {
        const struct rb_fact *fact = rb_fold_fact(f, v);
        uint32_t feed = f->feed_of[v], leaf = rb_fold_leaf(f, v);
        f->disowned[v] = leaf >= log_cut[feed];
        for (size_t k = 0; k < fact->kids_n; k++)
            if (is_cut(cuts, n, feed, leaf, fact->kids[k])) f->disowned[v] = true;
    }
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

static int by_slot(const void *pa, const void *pb) {
    const struct covering *a = pa, *b = pb;
    if (a->slot != b->slot) return a->slot < b->slot ? -1 : 1;
    if (a->size != b->size) return a->size > b->size ? -1 : 1; /* largest first */
    if (a->time_s != b->time_s) return a->time_s < b->time_s ? -1 : 1;
    return a->receipt < b->receipt ? -1 : a->receipt > b->receipt;
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
        void *p = out->c;
        RB_TRY(rb_fold_grow(f->a, &p, &out->cap, out->n + 1, sizeof *out->c));
        out->c = p;
        out->c[out->n] = *like;
        out->c[out->n++].slot += i * RB_MAX_MEMBERS;
    }
    return RB_OK;
}

static enum rb_err collect(struct rb_fold *f, struct covering **out, size_t *n) {
    struct coverings all = {0};
    for (uint32_t v = 0; v < f->n; v++) {
        const struct rb_fact *fact = rb_fold_fact(f, v);
        if (fact->mark != RB_MARK_NONE || fact->kind != RB_KIND_RECEIPT) continue;
        struct rb_fact_extra *x = fact->extra;
        for (size_t i = 0; i < x->receipt.cosigs_n; i++) {
            const struct rb_receipt_cosig *c = &x->receipt.cosigs[i];
            size_t feed;
            if (!cosig_good(f->b, c, &x->check[i], &feed)) continue;
            const struct rb_mirror_key *k = &f->b->index->mirror[c->cosigner].key[x->check[i].key];
            if (!rb_hash_eq(&k->party, &f->party[c->cosigner].party)) continue;
            RB_TRY(cover(f, &all, (uint32_t)feed,
                         &(struct covering){c->cosigner, v, c->size, c->time_s, &k->key, false}));
        }
    }
    *out = all.c;
    *n = all.n;
    rb_sort(*out, *n, sizeof **out, by_slot);
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
        for (to = from; to < n && c[to].slot == c[from].slot; to++) {
            if (c[to].held_back || (kept > 0 && c[to].time_s >= earliest)) continue;
            earliest = c[to].time_s;
            kept++;
        }
        struct rb_sit_held *h = rb_arena_array(f->a, kept, sizeof *h);
        if (h == NULL) return RB_ERR_LIMIT;
        s->held[c[from].slot] = h;
        s->held_n[c[from].slot] = kept;
        earliest = UINT64_MAX;
        size_t at = kept;
        for (size_t i = from; i < to; i++) {
            if (c[i].held_back || (at < kept && c[i].time_s >= earliest)) continue;
            earliest = c[i].time_s;
            h[--at] = (struct rb_sit_held){c[i].size, c[i].time_s};
        }
        assert(at == 0);
    }
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
    struct covering *c;
    size_t n;
    size_t slots = f->b->feeds_n * RB_MAX_MEMBERS;
    f->s->held_n = rb_arena_array(f->a, slots, sizeof *f->s->held_n);
    f->s->held = rb_arena_array(f->a, slots, sizeof *f->s->held);
    if (f->s->held_n == NULL || f->s->held == NULL) return RB_ERR_LIMIT;
    RB_TRY(collect(f, &c, &n));
    bool held_back = mirror_pass(f, c, n, false);
    RB_TRY(steps(f, c, n));
    if (!held_back) return RB_OK;
    for (size_t i = 0; i < n; i++)
        c[i].held_back = false;
    (void)mirror_pass(f, c, n, true);
    return steps(f, c, n);
}

/* ---- bodies -----------------------------------------------------------------------------------
 */

struct missing { /* leaves said to be missing, ascending */
    uint32_t leaf, next;
};
struct bodies {
    struct rb_fold *f;
    uint64_t *out;
    uint64_t *covered;     /* by slot */
    uint32_t *outstanding; /* by slot: list of leaves listed as missing so far */
    struct missing *list;
    size_t list_n, list_cap;
};

/* the link that leads on from entry `prev`, or from the list's start */
static uint32_t *link_after(struct bodies *b, size_t slot, uint32_t prev) {
    return prev == RB_NOWHERE ? &b->outstanding[slot] : &b->list[prev].next;
}

/* appends after *prev, which becomes the new entry */
static enum rb_err missing_push(struct bodies *b, size_t slot, uint32_t *prev, uint32_t leaf) {
    void *p = b->list;
    RB_TRY(rb_fold_grow(b->f->a, &p, &b->list_cap, b->list_n + 1, sizeof *b->list));
    b->list = p;
    uint32_t *link = link_after(b, slot, *prev), at = (uint32_t)b->list_n++;
    b->list[at] = (struct missing){leaf, *link};
    *link = at;
    *prev = at;
    return RB_OK;
}

static void has_body(struct bodies *b, uint32_t feed, uint64_t leaf, uint16_t member) {
    const struct rb_fact *fact = &b->f->b->feeds[feed]->facts[leaf];
    if (fact->closed && (fact->recipients >> member & 1))
        b->out[rb_fold_node(b->f, feed, (uint32_t)leaf)] |= 1ull << member;
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

/* What was missing and is below the size and not listed again has come. Each step removes an entry
 * or meets one listed anew, so all of it is linear in what was logged. */
static enum rb_err bodies_entry(struct bodies *b, uint32_t feed, uint16_t member,
                                const struct rb_receipt_bodies *e) {
    size_t slot = (size_t)feed * RB_MAX_MEMBERS + member;
    uint64_t size = e->size, facts = b->f->b->feeds[feed]->facts_n;
    struct listed l;
    if (size > facts) size = facts;
    listed_open(&l, e->missing);
    uint32_t prev = RB_NOWHERE, at;
    while ((at = *link_after(b, slot, prev)) != RB_NOWHERE && b->list[at].leaf < size) {
        while (l.now < b->list[at].leaf)
            listed_next(&l);
        if (l.now == b->list[at].leaf) {
            prev = at;
            continue;
        }
        has_body(b, feed, b->list[at].leaf, member);
        *link_after(b, slot, prev) = b->list[at].next;
    }
    while (l.now < b->covered[slot])
        listed_next(&l);
    for (uint64_t leaf = b->covered[slot]; leaf < size; leaf++) {
        while (l.now < leaf)
            listed_next(&l);
        if (l.now == leaf)
            RB_TRY(missing_push(b, slot, &prev, (uint32_t)leaf));
        else
            has_body(b, feed, leaf, member);
    }
    if (size > b->covered[slot]) b->covered[slot] = size;
    return RB_OK;
}

/* the receipt names no history, so it is put down for each of the feed's branches */
static enum rb_err bodies_receipt(struct bodies *b, uint32_t node,
                                  const struct rb_receipt_bodies *e) {
    const struct rb_book *book = b->f->b;
    size_t first = rb_book_feed_index(book, e->member, e->epoch);
    if (first == book->feeds_n) return RB_OK;
    size_t branches = rb_branches_of(book, first);
    for (size_t i = first; i < first + branches; i++)
        RB_TRY(bodies_entry(b, (uint32_t)i, rb_fold_author(b->f, node), e));
    return RB_OK;
}

enum rb_err rb_bodies_make(struct rb_fold *f, uint64_t *out) {
    struct bodies b = {.f = f, .out = out};
    size_t slots = f->b->feeds_n * RB_MAX_MEMBERS;
    b.covered = rb_arena_array(f->a, slots, sizeof *b.covered);
    b.outstanding = rb_arena_array(f->a, slots, sizeof *b.outstanding);
    if (b.covered == NULL || b.outstanding == NULL) return RB_ERR_LIMIT;
    memset(b.outstanding, 0xff, slots * sizeof *b.outstanding); /* RB_NOWHERE */
    for (size_t i = 0; i < slots; i++)
        b.covered[i] = f->s->shared[i / RB_MAX_MEMBERS];
    for (uint32_t v = 0; v < f->n; v++) {
        const struct rb_fact *fact = rb_fold_fact(f, v);
        if (fact->mark != RB_MARK_NONE || fact->kind != RB_KIND_RECEIPT) continue;
        const struct rb_receipt *r = &fact->extra->receipt;
        for (size_t i = 0; i < r->bodies_n; i++)
            RB_TRY(bodies_receipt(&b, v, &r->bodies[i]));
    }
    return RB_OK;
}
