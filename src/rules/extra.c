/* What the fold reads of a record beside its envelope, decoded once: the body of the kinds the
 * rules read, receipts, amendments, revocations. All in the book's region. */
#include "internal.h"

static void slice_free(struct rb_region *r, struct rb_slice *s) {
    if (s->p != NULL) rb_region_free(r, (void *)(uintptr_t)s->p, s->n);
    *s = (struct rb_slice){0};
}

void rb_extra_free(struct rb_region *region, struct rb_fact *fact) {
    struct rb_fact_extra *x = fact->extra;
    if (x == NULL) return;
    rb_region_free(region, x->receipt.cosigs, x->receipt.cosigs_n * sizeof *x->receipt.cosigs);
    rb_region_free(region, x->receipt.bodies, x->receipt.bodies_n * sizeof *x->receipt.bodies);
    rb_region_free(region, x->check, x->receipt.cosigs_n * sizeof *x->check);
    rb_region_free(region, x->amended, sizeof *x->amended);
    rb_region_free(region, x->revocation, sizeof *x->revocation);
    rb_region_free(region, x, sizeof *x);
    fact->extra = NULL;
}

static void gist_free(struct rb_region *r, struct rb_fact *fact) {
    struct rb_gist *g = fact->gist;
    if (g == NULL) return;
    const size_t hashes = g->hashes_n * sizeof *g->hashes, steps = g->steps_n * sizeof *g->steps;
    if (g->hashes != NULL) rb_wipe(g->hashes, hashes);
    rb_region_free(r, g->hashes, hashes);
    if (g->steps != NULL) rb_wipe(g->steps, steps);
    rb_region_free(r, g->steps, steps);
    rb_wipe(g, sizeof *g);
    rb_region_free(r, g, sizeof *g);
    fact->gist = NULL;
}

/* a closed record's body was a secret: nothing of it stays in memory that is used again */
void rb_fact_body_free(struct rb_region *region, struct rb_fact *fact) {
    gist_free(region, fact);
    if (fact->closed) rb_wipe((void *)(uintptr_t)fact->body.p, fact->body.n);
    slice_free(region, &fact->body);
}

static void detached_free(struct rb_region *region, struct rb_detached *d) {
    if (d == NULL) return;
    rb_region_free(region, d->commitments, d->commitments_n * sizeof *d->commitments);
    rb_region_free(region, d, sizeof *d);
}

void rb_fact_free(struct rb_region *region, struct rb_fact *fact) {
    size_t refs = 0;
    for (size_t i = 0; i < RB_REF_TYPES; i++)
        refs += fact->refs_n[i];
    rb_extra_free(region, fact);
    rb_region_free(region, fact->seen, fact->seen_n * sizeof *fact->seen);
    rb_region_free(region, fact->seen_branch, fact->seen_n);
    rb_region_free(region, fact->refs, refs * sizeof *fact->refs);
    rb_fact_body_free(region, fact);
    detached_free(region, fact->detached);
    memset(fact, 0, sizeof *fact);
}

/* n elements of the work arena kept in the region; NULL for none is fine */
static enum rb_err keep(struct rb_region *r, void *p_in_out, const void *from, size_t n,
                        size_t each) {
    void *p = NULL;
    if (n > 0) {
        p = rb_region_alloc(r, n * each);
        if (p == NULL) return RB_ERR_LIMIT;
        if (from != NULL) memcpy(p, from, n * each);
    }
    memcpy(p_in_out, &p, sizeof p);
    return RB_OK;
}

static enum rb_err gist_lists(struct rb_region *r, const struct rb_gist *from, struct rb_gist *to) {
    to->hashes = NULL;
    to->steps = NULL;
    RB_TRY(keep(r, &to->hashes, from->hashes, from->hashes_n, sizeof *from->hashes));
    return keep(r, &to->steps, from->steps, from->steps_n, sizeof *from->steps);
}

enum rb_err rb_gist_keep(struct rb_book *b, struct rb_fact *fact, const struct rb_gist *from) {
    fact->gist = rb_region_alloc(b->region, sizeof *from);
    if (fact->gist == NULL) return RB_ERR_LIMIT;
    *fact->gist = *from;
    const enum rb_err err = gist_lists(b->region, from, fact->gist);
    if (err != RB_OK) gist_free(b->region, fact);
    return err;
}

enum rb_err rb_gist_make(struct rb_book *b, struct rb_fact *fact, struct rb_slice body,
                         struct rb_arena *work) {
    struct rb_gist g;
    const size_t mark = rb_arena_mark(work);
    if (!rb_kind_is_instrument((enum rb_kind)fact->kind)) return RB_OK;
    enum rb_err err = rb_gist_read((enum rb_kind)fact->kind, body, work, &g, NULL);
    if (err == RB_OK) err = rb_gist_keep(b, fact, &g);
    rb_arena_release(work, mark);
    return err;
}

static enum rb_err receipt_make(struct rb_book *b, struct rb_fact *fact, struct rb_arena *work,
                                enum rb_mark *mark) {
    struct rb_fact_extra *x = fact->extra;
    struct rb_receipt r;
    enum rb_err err = rb_receipt_decode(fact->body, work, &r, NULL);
    if (err == RB_ERR_LIMIT) return err;
    if (err != RB_OK) {
        *mark = RB_MARK_UNREADABLE;
        return RB_OK;
    }
    RB_TRY(keep(b->region, &x->receipt.cosigs, r.cosigs, r.cosigs_n, sizeof *r.cosigs));
    x->receipt.cosigs_n = r.cosigs_n;
    RB_TRY(keep(b->region, &x->receipt.bodies, r.bodies, r.bodies_n, sizeof *r.bodies));
    x->receipt.bodies_n = r.bodies_n;
    return keep(b->region, &x->check, NULL, r.cosigs_n, sizeof *x->check);
}

/* Cards must be good and must not share keys. Mirror keys of members that are
 * new are noted now, so that receipts can be checked as soon as the amendment is adopted. */
static enum rb_err amended_cards(struct rb_book *b, struct rb_amended *am, struct rb_arena *work,
                                 enum rb_mark *mark) {
    const struct rb_charter *c = &am->charter;
    struct rb_card *cards = rb_arena_array(work, c->members_n, sizeof *cards);
    if (cards == NULL) return RB_ERR_LIMIT;
    *mark = RB_MARK_BAD_STATEMENT;
    for (size_t i = 0; i < c->members_n; i++) {
        enum rb_err err = rb_card_decode(c->members[i].card, &cards[i], work, NULL);
        if (err == RB_ERR_LIMIT) return err;
        if (err != RB_OK) return RB_OK;
        rb_party_hash(&cards[i].party, &am->party[i]);
        for (size_t k = 0; k < i; k++)
            if (rb_card_shares_key(&cards[i], &cards[k])) return RB_OK;
    }
    *mark = RB_MARK_NONE;
    for (size_t i = 0; i < c->members_n; i++) {
        uint16_t index = c->members[i].index;
        bool founder = false;
        for (size_t k = 0; k < b->charter->members_n; k++)
            founder = founder || b->charter->members[k].index == index;
        if (!founder) RB_TRY(rb_book_mirror_add(b, index, &am->party[i], &cards[i].mirror));
    }
    return RB_OK;
}

static enum rb_err amended_make(struct rb_book *b, struct rb_fact *fact, struct rb_arena *work,
                                enum rb_mark *mark) {
    struct rb_amendment a;
    struct rb_amended *am = rb_region_alloc(b->region, sizeof *am);
    if (am == NULL) return RB_ERR_LIMIT;
    fact->extra->amended = am;
    if (rb_amendment_decode(fact->body, &a, NULL) != RB_OK ||
        rb_charter_decode(a.charter, &am->charter, NULL) != RB_OK) {
        *mark = RB_MARK_UNREADABLE;
        return RB_OK;
    }
    am->previous = a.previous;
    return amended_cards(b, am, work, mark);
}

/* Does it speak of this channel? Who is in two channels with the party could log here what it
 * signed for the other one, and all it said here would lie past what it stands by (5.6.8). */
static bool revokes_here(const struct rb_book *b, const struct rb_revocation *r) {
    struct rb_origin o;
    if (r->role == RB_KEY_TLS || r->role == RB_KEY_AGE) return true; /* they name no feed */
    for (size_t i = 0; i < r->stood_n; i++)
        if (rb_origin_decode(r->stood[i].origin, &o) == RB_OK &&
            memcmp(o.channel, b->channel, RB_CHANNEL_LEN) == 0)
            return true;
    return false;
}

static enum rb_err revocation_make(struct rb_book *b, struct rb_fact *fact, struct rb_arena *work,
                                   enum rb_mark *mark) {
    struct rb_slice body;
    struct rb_revocation *r = rb_region_alloc(b->region, sizeof *r);
    if (r == NULL) return RB_ERR_LIMIT;
    fact->extra->revocation = r;
    if (rb_carried_decode(fact->body, &body, NULL) != RB_OK ||
        rb_revocation_decode(body, r, work, NULL) != RB_OK || !revokes_here(b, r))
        *mark = RB_MARK_BAD_STATEMENT;
    return RB_OK;
}

enum rb_err rb_extra_make(struct rb_book *b, struct rb_fact *fact, struct rb_arena *work,
                          enum rb_mark *mark) {
    enum rb_kind kind = (enum rb_kind)fact->kind;
    if (kind != RB_KIND_RECEIPT && kind != RB_KIND_AMENDMENT && kind != RB_KIND_REVOCATION)
        return RB_OK;
    fact->extra = rb_region_alloc(b->region, sizeof *fact->extra);
    if (fact->extra == NULL) return RB_ERR_LIMIT;
    if (kind == RB_KIND_RECEIPT) return receipt_make(b, fact, work, mark);
    if (kind == RB_KIND_AMENDMENT) return amended_make(b, fact, work, mark);
    return revocation_make(b, fact, work, mark);
}
