/* Judging one leaf by the feed alone (design §3, §6): form, channel, place, signers, statements.
 * A bad leaf gets a mark and stays. Clauses 5.3.x and 5.4.x. */
#include <assert.h>
#include "internal.h"
#include "readback/sealed.h"

struct judging {
    struct rb_book *b;
    struct rb_feed *f;
    struct rb_arena *work;
    struct rb_fact *fact;
    int trusted_mark;
    struct rb_slice leaf;
    struct rb_record rec;
    struct rb_slice statement; /* party-key body within, where the kind carries one */
    struct rb_key_found found[RB_MAX_SIGNERS];
};

static bool carries_statement(enum rb_kind k) {
    return k == RB_KIND_CARD || k == RB_KIND_DELEGATION || k == RB_KIND_ROTATION ||
           k == RB_KIND_REVOCATION;
}

static bool rules_read_body(enum rb_kind k) {
    return carries_statement(k) || k == RB_KIND_CHARTER || k == RB_KIND_AMENDMENT ||
           k == RB_KIND_MEMBERSHIP || k == RB_KIND_TEST || k == RB_KIND_RECEIPT ||
           k == RB_KIND_SILENCE || k == RB_KIND_SERVICE || k == RB_KIND_POSITION;
}

/* What the fold asks of a body that may be closed: a position's type, a notice's class. What
 * follows its grammar has them. */
static bool read_body(enum rb_kind kind, struct rb_slice body, struct rb_fact *fact) {
    struct rb_position p;
    struct rb_reader r;
    uint64_t class_;
    if (kind == RB_KIND_POSITION) {
        if (rb_position_decode(body, &p, NULL) != RB_OK) return false;
        fact->position = (int8_t)p.type;
    }
    if (kind != RB_KIND_NOTICE) return true;
    if (rb_cbor_find(body, 1, &r) != RB_OK || rb_cbor_get_uint(&r, &class_) != RB_OK ||
        class_ >= RB_NOTICE_CLASSES)
        return false;
    fact->notice_class = (int8_t)class_;
    return true;
}

/* ---- the envelope, as the fact keeps it -------------------------------------------------------
 */

static enum rb_err keep_refs(struct judging *j) {
    size_t n = 0;
    for (size_t i = 0; i < RB_REF_TYPES; i++)
        n += j->rec.refs[i].n;
    if (n == 0) return RB_OK;
    j->fact->refs = rb_region_alloc(j->b->region, n * sizeof *j->fact->refs);
    if (j->fact->refs == NULL) return RB_ERR_LIMIT;
    n = 0;
    for (size_t i = 0; i < RB_REF_TYPES; i++) {
        memcpy(j->fact->refs + n, j->rec.refs[i].h, j->rec.refs[i].n * sizeof *j->fact->refs);
        j->fact->refs_n[i] = (uint8_t)j->rec.refs[i].n;
        n += j->rec.refs[i].n;
    }
    return RB_OK;
}

static enum rb_err keep_seen(struct judging *j) {
    size_t n = j->rec.seen_n;
    if (n == 0) return RB_OK;
    j->fact->seen = rb_region_alloc(j->b->region, n * sizeof *j->fact->seen);
    if (j->fact->seen == NULL) return RB_ERR_LIMIT;
    memcpy(j->fact->seen, j->rec.seen, n * sizeof *j->fact->seen);
    j->fact->seen_n = (uint16_t)n;
    memcpy(j->fact->seen_digest, j->rec.seen_digest, RB_DIGEST_LEN);
    return RB_OK;
}

/* what the leaf of a closed record says of its body; the form was checked with the envelope */
static enum rb_err keep_detached(struct judging *j) {
    const struct rb_record *rec = &j->rec;
    struct rb_detached *d = rb_region_alloc(j->b->region, sizeof *d);
    if (d == NULL) return RB_ERR_LIMIT;
    j->fact->detached = d;
    d->ciphertext = rec->ciphertext_hash;
    d->size = rec->ciphertext_size;
    d->commitments = rb_region_alloc(j->b->region, rec->commitments_n * sizeof *d->commitments);
    if (d->commitments == NULL) return RB_ERR_LIMIT;
    d->commitments_n = rec->commitments_n;
    for (size_t i = 0; i < rec->commitments_n; i++)
        rb_record_commitment(rec, i, &d->commitments[i]);
    return RB_OK;
}

static enum rb_err keep_envelope(struct judging *j) {
    struct rb_fact *f = j->fact;
    const struct rb_record *rec = &j->rec;
    f->created_utc_ms = rec->created_utc_ms;
    f->kind = (uint8_t)rec->kind;
    f->precedence = (uint8_t)rec->precedence;
    f->closed = rec->closed;
    f->emergency = rec->emergency.n > 0;
    f->reported = rec->reported_who.n > 0;
    f->recipients = rec->recipients;
    f->demand = rec->demand;
    RB_TRY(keep_refs(j));
    RB_TRY(keep_seen(j));
    if (rec->closed) return keep_detached(j);
    (void)read_body(rec->kind, rec->body, f);
    RB_TRY(rb_gist_make(j->b, f, rec->body, j->work));
    if (!rules_read_body(rec->kind)) return RB_OK;
    return rb_region_copy(j->b->region, rec->body, &f->body);
}

/* ---- place and channel ------------------------------------------------------------------------
 */

/* the founder's first epoch: charter, delegation; every other feed: delegation; nowhere else */
static bool well_placed(const struct judging *j) {
    const struct rb_feed *f = j->f;
    bool founding = f->member == j->b->proposer && f->epoch == 0;
    enum rb_kind kind = j->rec.kind;
    if (founding && f->facts_n == 0) {
        struct rb_hash id;
        rb_leaf_hash(j->b->charter_leaf, &id);
        return rb_hash_eq(&id, &j->fact->id);
    }
    if (f->facts_n == (founding ? 1u : 0u)) return kind == RB_KIND_DELEGATION;
    return kind != RB_KIND_CHARTER && kind != RB_KIND_DELEGATION;
}

static bool right_channel(const struct judging *j) {
    if (j->rec.kind == RB_KIND_CHARTER) return !j->rec.has_channel;
    return j->rec.has_channel && memcmp(j->rec.channel, j->b->channel, RB_CHANNEL_LEN) == 0;
}

/* ---- signers ----------------------------------------------------------------------------------
 */

/* The delegation of a further epoch opens it before any card stands in it, so its body, signed by
 * the party key, is what authorises; its officer is not looked for (5.3.5). */
static bool stands_by_party_key(const struct judging *j) {
    return j->rec.kind == RB_KIND_DELEGATION && j->f->epoch > 0;
}

/* an officer whom the card within brings (5.3.4) */
static void find_on_new_card(struct judging *j, const uint8_t kid[RB_KID_LEN],
                             struct rb_key_found *out) {
    struct rb_card card;
    if (rb_card_decode(j->statement, &card, j->work, NULL) != RB_OK) return;
    for (size_t i = 0; i < card.officers_n; i++) {
        uint8_t own[RB_KID_LEN];
        rb_key_id(&card.officers[i].key, own);
        if (memcmp(own, kid, RB_KID_LEN) != 0) continue;
        out->what = RB_FOUND_OFFICER;
        out->officer = i;
        out->key = card.officers[i].key;
        return;
    }
}

static enum rb_mark find_signers(struct judging *j) {
    const struct rb_record *rec = &j->rec;
    for (size_t i = 0; i < rec->signers_n; i++) {
        struct rb_key_found *k = &j->found[i];
        rb_authority_find(j->f->authority, rec->signers[i].kid, k);
        if (k->what == RB_FOUND_NONE && rec->kind == RB_KIND_CARD)
            find_on_new_card(j, rec->signers[i].kid, k);
        if (k->what == RB_FOUND_REVOKED) return RB_MARK_REVOKED;
        if (k->what == RB_FOUND_NONE && !stands_by_party_key(j)) return RB_MARK_UNKNOWN_SIGNER;
    }
    return RB_MARK_NONE;
}

static bool role_ok(const struct judging *j) {
    enum rb_kind kind = j->rec.kind;
    bool node = false;
    for (size_t i = 0; i < j->rec.signers_n; i++)
        node = node || j->found[i].what == RB_FOUND_NODE;
    if (node) return rb_kind_is_machine(kind) && j->rec.signers_n == 1;
    return kind != RB_KIND_RECEIPT && kind != RB_KIND_SILENCE; /* those are the node's own */
}

static struct rb_slice signed_over(const struct judging *j, uint8_t buf[RB_MAX_ORIGIN]) {
    if (j->rec.kind != RB_KIND_CHARTER) return rb_slice(j->f->origin, j->f->origin_n);
    struct rb_writer w = rb_writer(buf, RB_MAX_ORIGIN);
    rb_origin_encode(j->b->exercise, NULL, &j->f->authority->party, 0, &w);
    return rb_written(&w);
}

static bool signatures_ok(struct judging *j) {
    uint8_t buf[RB_MAX_ORIGIN];
    struct rb_slice aad = signed_over(j, buf);
    if (j->trusted_mark >= 0) return j->trusted_mark != RB_MARK_BAD_SIGNATURE;
    for (size_t i = 0; i < j->rec.signers_n; i++) {
        if (j->found[i].what == RB_FOUND_NONE) continue;
        size_t mark = rb_arena_mark(j->work);
        enum rb_err err = rb_record_verify(&j->rec, i, aad, &j->found[i].key, j->work);
        rb_arena_release(j->work, mark);
        if (err != RB_OK) return false;
    }
    return true;
}

static void note_signers(struct judging *j) {
    for (size_t i = 0; i < j->rec.signers_n; i++) {
        if (j->found[i].what == RB_FOUND_NONE) continue;
        memcpy(j->fact->kids[j->fact->kids_n++], j->rec.signers[i].kid, RB_KID_LEN);
        if (j->found[i].what != RB_FOUND_OFFICER) continue;
        j->fact->signers++;
        j->fact->officers |= 1ull << j->found[i].officer;
    }
}

/* ---- what the party key signed ----------------------------------------------------------------
 */

static bool own_party(const struct judging *j, const struct rb_key *party) {
    struct rb_hash h;
    rb_party_hash(party, &h);
    return rb_hash_eq(&h, &j->f->authority->party);
}

/* no key of another founding member, whose card the charter carries */
static bool others_lack(struct judging *j, const struct rb_card *card) {
    struct rb_card other;
    for (size_t i = 0; i < j->b->charter->members_n; i++) {
        const struct rb_member *m = &j->b->charter->members[i];
        if (m->index == j->f->member) continue;
        if (rb_card_decode(m->card, &other, j->work, NULL) != RB_OK) return false;
        if (rb_card_shares_key(card, &other)) return false;
    }
    return true;
}

/* same party and handle, a higher version, and no key of another founding member */
static bool card_ok(struct judging *j) {
    struct rb_card card;
    const struct rb_card *now = &j->f->authority->card;
    if (rb_card_decode(j->statement, &card, j->work, NULL) != RB_OK) return false;
    if (!own_party(j, &card.party) || !rb_slice_eq(card.handle, now->handle)) return false;
    return card.version > now->version && others_lack(j, &card);
}

static bool rotation_ok(struct judging *j) {
    struct rb_rotation rot;
    if (rb_rotation_decode(j->statement, &rot, j->work, NULL) != RB_OK) return false;
    if (!own_party(j, &rot.party) || !rb_authority_may_rotate(j->f->authority, &rot)) return false;
    struct rb_card after = j->f->authority->card;
    after.party = after.mirror = after.node = after.tls = after.age = rot.new_key;
    after.officers_n = 0;
    return others_lack(j, &after);
}

static bool delegation_ok(struct judging *j) {
    struct rb_delegation d;
    if (rb_delegation_decode(j->statement, &d, j->work, NULL) != RB_OK) return false;
    return own_party(j, &d.party) && rb_key_eq(&d.log, &j->f->log_key) &&
           rb_slice_eq(d.origin, rb_slice(j->f->origin, j->f->origin_n));
}

static bool statement_ok(struct judging *j) {
    if (j->rec.kind == RB_KIND_CARD) return card_ok(j);
    if (j->rec.kind == RB_KIND_DELEGATION) return delegation_ok(j);
    if (j->rec.kind == RB_KIND_ROTATION) return rotation_ok(j);
    return true; /* a revocation: rb_extra_make reads it */
}

/* ---- one leaf ---------------------------------------------------------------------------------
 */

static enum rb_mark judge_feed(struct judging *j) {
    enum rb_kind kind = j->rec.kind;
    if (!right_channel(j)) return RB_MARK_WRONG_CHANNEL;
    if (rb_index_in_feed(j->b, j->f, &j->fact->id)) return RB_MARK_REPEATED;
    if (!well_placed(j)) return RB_MARK_MISPLACED;
    if (carries_statement(kind) && rb_carried_decode(j->rec.body, &j->statement, NULL) != RB_OK)
        return RB_MARK_BAD_STATEMENT;
    enum rb_mark mark = find_signers(j);
    if (mark != RB_MARK_NONE) return mark;
    if (!role_ok(j)) return RB_MARK_WRONG_ROLE;
    if (!signatures_ok(j)) return RB_MARK_BAD_SIGNATURE;
    if (carries_statement(kind) && !statement_ok(j)) return RB_MARK_BAD_STATEMENT;
    return RB_MARK_NONE;
}

static enum rb_err judge_leaf(struct judging *j) {
    enum rb_err err = rb_record_decode(j->leaf, &j->rec, NULL);
    enum rb_mark mark = err == RB_ERR_UNSUPPORTED ? RB_MARK_UNSUPPORTED : RB_MARK_UNREADABLE;
    j->fact->notice_class = -1;
    if (err == RB_OK) {
        RB_TRY(keep_envelope(j));
        mark = judge_feed(j);
        if (mark == RB_MARK_NONE) RB_TRY(rb_extra_make(j->b, j->fact, j->work, &mark));
        if (mark == RB_MARK_NONE)
            note_signers(j);
        else
            rb_extra_free(j->b->region, j->fact);
    }
    j->fact->mark = (uint8_t)mark;
    return RB_OK;
}

/* a good card, rotation or revocation changes whose keys count from the next leaf on */
static enum rb_err apply_card(struct judging *j) {
    struct rb_authority *a = j->f->authority;
    struct rb_book_member *m = rb_book_member(j->b, j->f->member);
    assert(m != NULL);
    struct rb_card card;
    if (rb_card_decode(j->statement, &card, j->work, NULL) != RB_OK) return RB_ERR_LIMIT;
    RB_TRY(rb_book_mirror_add(j->b, j->f->member, &a->party, &card.mirror));
    RB_TRY(rb_book_newer_card(j->b, m, j->statement, j->work));
    return rb_authority_card(a, j->b->region, j->statement, j->work);
}

static enum rb_err apply(struct judging *j) {
    struct rb_authority *a = j->f->authority;
    struct rb_rotation rot;
    if (j->fact->mark != RB_MARK_NONE) return RB_OK;
    if (j->fact->kind == RB_KIND_CARD) return apply_card(j);
    if (j->fact->kind == RB_KIND_REVOCATION) {
        const struct rb_revocation *r = j->fact->extra->revocation;
        if (r->role == RB_KEY_AGE) RB_TRY(rb_book_age_revoked_add(j->b, r));
        return own_party(j, &r->party) ? rb_authority_revoke(a, j->b->region, r) : RB_OK;
    }
    if (j->fact->kind != RB_KIND_ROTATION) return RB_OK;
    if (rb_rotation_decode(j->statement, &rot, j->work, NULL) != RB_OK) return RB_ERR_LIMIT;
    if (rot.role == RB_KEY_MIRROR)
        RB_TRY(rb_book_mirror_add(j->b, j->f->member, &a->party, &rot.new_key));
    rb_authority_rotate(a, &rot);
    return RB_OK;
}

static enum rb_err tree_has(struct rb_feed *f, const struct rb_hash *id) {
    if (f->facts_n == f->tree.size) return rb_tree_append(&f->tree, id);
    return rb_hash_eq(&f->tree.level[0].h[f->facts_n], id) ? RB_OK : RB_ERR_INTERNAL;
}

/* a leaf that comes on another branch after its body was opened */
static enum rb_err open_like_others(struct rb_book *b, struct rb_feed *f, struct rb_fact *fact) {
    struct rb_places it = {.b = b, .id = &fact->id};
    if (fact->detached == NULL || !rb_is_forked(b, f)) return RB_OK;
    for (const struct rb_fact *o; (o = rb_next_place(&it, f)) != NULL;) {
        if (!o->detached->opened) continue;
        if (o->body.p != NULL) RB_TRY(rb_region_copy(b->region, o->body, &fact->body));
        if (o->gist != NULL) RB_TRY(rb_gist_keep(b, fact, o->gist));
        fact->position = o->position;
        fact->notice_class = o->notice_class;
        fact->detached->opened = true;
        return RB_OK;
    }
    return RB_OK;
}

static enum rb_err judge_next(struct judging *j) {
    struct rb_feed *f = j->f;
    void *p = f->facts;
    if (f->facts_n >= UINT32_MAX - 1) return RB_ERR_LIMIT;
    RB_TRY(rb_region_grow(j->b->region, &p, &f->facts_cap, f->facts_n + 1, sizeof *f->facts));
    f->facts = p;
    RB_TRY(rb_index_reserve(j->b));
    RB_TRY(tree_has(f, &j->fact->id));
    RB_TRY(judge_leaf(j));
    RB_TRY(open_like_others(j->b, f, j->fact));
    RB_TRY(apply(j));
    f->facts[f->facts_n] = *j->fact;
    bool again = rb_index_in_feed(j->b, f, &j->fact->id);
    f->facts_n++;
    j->b->index->branch_leaves += rb_is_forked(j->b, f);
    return again ? RB_OK : rb_index_add(j->b, f, (uint32_t)(f->facts_n - 1));
}

enum rb_err rb_book_judge(struct rb_book *b, struct rb_feed *f, struct rb_slice leaf,
                          int trusted_mark, struct rb_arena *work) {
    size_t mark = rb_arena_mark(work);
    struct rb_fact fact = {0};
    assert(f->facts_n <= f->tree.size);
    struct judging *j = rb_arena_alloc(work, sizeof *j);
    if (j == NULL) return RB_ERR_LIMIT;
    j->b = b;
    j->f = f;
    j->work = work;
    j->fact = &fact;
    j->leaf = leaf;
    j->trusted_mark = trusted_mark;
    rb_leaf_hash(leaf, &fact.id);
    enum rb_err err = judge_next(j);
    if (err != RB_OK) rb_fact_free(b->region, &fact); /* nothing changed but room */
    rb_arena_release(work, mark);
    return err;
}

/* ---- bodies of closed records -----------------------------------------------------------------
 */

/* of the kinds that may be closed the rules read the bodies of positions, and the gist of instruments */
static enum rb_err open_one(struct rb_book *b, struct rb_fact *fact, struct rb_slice body,
                            struct rb_arena *work) {
    struct rb_fact read = *fact;
    enum rb_kind kind = (enum rb_kind)fact->kind;
    if (fact->detached->opened) return RB_OK;
    if (!read_body(kind, body, &read)) return RB_ERR_MALFORMED;
    RB_TRY(rules_read_body(kind) ? rb_region_copy(b->region, body, &read.body)
                                 : rb_gist_make(b, &read, body, work));
    read.detached->opened = true;
    *fact = read;
    return RB_OK;
}

static void close_one(struct rb_book *b, struct rb_fact *fact) {
    fact->detached->opened = false;
    fact->position = 0;
    fact->notice_class = -1;
    rb_fact_body_free(b->region, fact);
}

/* what was made of the record before may be made anew (live.h) */
static void body_changed(struct rb_book *b, struct rb_feed *f, size_t leaf) {
    struct rb_book_index *x = b->index;
    x->bodies[x->bodies_n++ % RB_BODIES_KEPT] = (struct rb_index_slot){f, (uint32_t)leaf};
}

/* The same leaf on other branches has the same body: which of its places counts is not the caller's
 * concern. */
enum rb_err rb_book_open_body(struct rb_book *b, struct rb_feed *f, size_t leaf,
                              struct rb_slice body, struct rb_arena *work) {
    assert(leaf < f->facts_n && f->facts[leaf].detached != NULL);
    struct rb_places it = {.b = b, .id = &f->facts[leaf].id};
    bool all = f->facts[leaf].detached->opened;
    enum rb_err err = open_one(b, &f->facts[leaf], body, work);
    for (struct rb_fact *fact; err == RB_OK && (fact = rb_next_place(&it, f)) != NULL;) {
        all = all && fact->detached->opened;
        err = open_one(b, fact, body, work);
    }
    if (!all) body_changed(b, f, leaf);
    return err;
}

void rb_book_close_body(struct rb_book *b, struct rb_feed *f, size_t leaf) {
    assert(leaf < f->facts_n && f->facts[leaf].detached != NULL);
    struct rb_places it = {.b = b, .id = &f->facts[leaf].id};
    bool any = f->facts[leaf].detached->opened;
    close_one(b, &f->facts[leaf]);
    for (struct rb_fact *fact; (fact = rb_next_place(&it, f)) != NULL;) {
        any = any || fact->detached->opened;
        close_one(b, fact);
    }
    if (any) body_changed(b, f, leaf);
}

const struct rb_hash *rb_fact_refs(const struct rb_fact *f, enum rb_ref type, size_t *n) {
    size_t at = 0;
    for (size_t i = 0; i < (size_t)type; i++)
        at += f->refs_n[i];
    *n = f->refs_n[type];
    return f->refs == NULL ? NULL : f->refs + at; /* no arithmetic on no array */
}
