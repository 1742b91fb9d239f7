/* The book: founding, members, feeds. Clauses 5.1.x and 5.2.x. */
#include <assert.h>
#include "internal.h"

static void region_slice_free(struct rb_region *r, struct rb_slice s) {
    if (s.p != NULL) rb_region_free(r, (void *)(uintptr_t)s.p, s.n);
}

/* ---- members ----------------------------------------------------------------------------------
 */

struct rb_book_member *rb_book_member(struct rb_book *b, uint16_t index) {
    for (size_t i = 0; i < b->members_n; i++)
        if (b->members[i].index == index) return &b->members[i];
    return NULL;
}

struct rb_book_member *rb_book_member_by_party(struct rb_book *b, const struct rb_hash *party) {
    for (size_t i = 0; i < b->members_n; i++)
        if (rb_hash_eq(&b->members[i].party, party)) return &b->members[i];
    return NULL;
}

struct rb_book_member *rb_book_member_by_handle(struct rb_book *b, struct rb_slice handle) {
    for (size_t i = 0; i < b->members_n; i++)
        if (rb_slice_eq(b->members[i].card->handle, handle)) return &b->members[i];
    return NULL;
}

const struct rb_member *rb_book_listed(const struct rb_book *b, uint16_t index) {
    return index < RB_MAX_MEMBERS ? b->index->listed[index] : NULL;
}

enum rb_err rb_book_mirror_add(struct rb_book *b, uint16_t member, const struct rb_hash *party,
                               const struct rb_key *key) {
    size_t *n = &b->index->mirror[member].n;
    struct rb_mirror_key *k = b->index->mirror[member].key;
    for (size_t i = 0; i < *n; i++)
        if (rb_key_eq(&k[i].key, key) && rb_hash_eq(&k[i].party, party)) return RB_OK;
    if (*n >= UINT16_MAX) return RB_ERR_LIMIT;
    void *p = k;
    RB_TRY(rb_region_grow(b->region, &p, &b->index->mirror[member].cap, *n + 1, sizeof *k));
    b->index->mirror[member].key = p;
    k = p;
    k[*n].party = *party;
    k[(*n)++].key = *key;
    return RB_OK;
}

/* A party that signed two cards of one version, in two epochs or on two branches: the one whose
 * bytes are smaller, whichever came first. */
static bool takes_over(const struct rb_card *card, struct rb_slice raw, const struct rb_card *old) {
    size_t both = raw.n < old->raw.n ? raw.n : old->raw.n;
    if (card->version != old->version) return card->version > old->version;
    int c = memcmp(raw.p, old->raw.p, both);
    return c != 0 ? c < 0 : raw.n < old->raw.n;
}

enum rb_err rb_book_newer_card(struct rb_book *b, struct rb_book_member *m, struct rb_slice raw,
                               struct rb_arena *work) {
    struct rb_slice own;
    struct rb_card *card = rb_region_alloc(b->region, sizeof *card);
    if (card == NULL) return RB_ERR_LIMIT;
    enum rb_err err = rb_region_copy(b->region, raw, &own);
    if (err == RB_OK) {
        err = rb_card_decode(own, card, work, NULL);
        if (err == RB_OK && m->card != NULL && !takes_over(card, own, m->card)) {
            region_slice_free(b->region, own);
            rb_region_free(b->region, card, sizeof *card);
            return RB_OK;
        }
        if (err != RB_OK) region_slice_free(b->region, own);
    }
    if (err != RB_OK) {
        rb_region_free(b->region, card, sizeof *card);
        return err;
    }
    card->raw = own;
    if (m->card != NULL) {
        region_slice_free(b->region, m->card->raw);
        rb_region_free(b->region, m->card, sizeof *m->card);
    }
    m->card = card;
    return RB_OK;
}

static enum rb_err member_join(struct rb_book *b, const struct rb_member *listed,
                               struct rb_arena *work) {
    if (b->members_n == RB_MAX_MEMBERS) return RB_ERR_LIMIT;
    struct rb_book_member m = {.index = listed->index, .founding_card = listed->card};
    RB_TRY(rb_book_newer_card(b, &m, listed->card, work));
    rb_party_hash(&m.card->party, &m.party);
    enum rb_err err = rb_book_mirror_add(b, m.index, &m.party, &m.card->mirror);
    if (err != RB_OK) {
        region_slice_free(b->region, m.card->raw);
        rb_region_free(b->region, m.card, sizeof *m.card);
        return err;
    }
    size_t at = b->members_n++;
    for (; at > 0 && b->members[at - 1].index > m.index; at--)
        b->members[at] = b->members[at - 1];
    b->members[at] = m;
    return RB_OK;
}

void rb_book_list_founders(struct rb_book *b) {
    memset(b->index->listed, 0, sizeof b->index->listed);
    for (size_t i = 0; i < b->charter->members_n; i++)
        b->index->listed[b->charter->members[i].index] = &b->charter->members[i];
}

/* A member's index is permanent, so a new party under an index that was used is not taken in. */
enum rb_err rb_book_adopt(struct rb_book *b, const struct rb_amended *am, struct rb_arena *work,
                          bool *grew) {
    *grew = false;
    for (size_t i = 0; i < am->charter.members_n; i++) {
        const struct rb_member *m = &am->charter.members[i];
        b->index->listed[m->index] = m;
        if (rb_book_member(b, m->index) != NULL) continue;
        RB_TRY(member_join(b, m, work));
        *grew = true;
    }
    return RB_OK;
}

/* ---- founding ---------------------------------------------------------------------------------
 */

/* rb_charter_decode has looked at the list: indexes, handles, groups. What is left are the party
 * keys' signatures, and keys that two members carry. */
static enum rb_err cards_check(const struct rb_charter *c, struct rb_card *cards,
                               struct rb_arena *work, struct rb_reject *rj) {
    for (size_t i = 0; i < c->members_n; i++) {
        RB_TRY(rb_card_decode(c->members[i].card, &cards[i], work, rj));
        for (size_t k = 0; k < i; k++)
            if (rb_card_shares_key(&cards[k], &cards[i]))
                return rb_reject(rj, RB_ERR_DENIED, "5.1.3", "a key on two members' cards", i);
    }
    return RB_OK;
}

static const struct rb_key *card_officer(const struct rb_card *c, const uint8_t kid[RB_KID_LEN]) {
    for (size_t i = 0; i < c->officers_n; i++) {
        uint8_t k[RB_KID_LEN];
        rb_key_id(&c->officers[i].key, k);
        if (memcmp(k, kid, RB_KID_LEN) == 0) return &c->officers[i].key;
    }
    return NULL;
}

/* the proposer is the member whose officers signed; all signers are its officers */
static enum rb_err proposer_check(const struct rb_record *rec, const struct rb_charter *c,
                                  const struct rb_card *cards, struct rb_arena *work,
                                  uint16_t *proposer, struct rb_reject *rj) {
    size_t who = 0;
    while (who < c->members_n && card_officer(&cards[who], rec->signers[0].kid) == NULL)
        who++;
    if (who == c->members_n)
        return rb_reject(rj, RB_ERR_DENIED, "5.1.4", "signed by no officer of a listed member", 0);
    uint8_t buf[RB_MAX_ORIGIN];
    struct rb_writer aad = rb_writer(buf, sizeof buf);
    struct rb_hash party;
    rb_party_hash(&cards[who].party, &party);
    rb_origin_encode(c->exercise, NULL, &party, 0, &aad);
    for (size_t i = 0; i < rec->signers_n; i++) {
        const struct rb_key *k = card_officer(&cards[who], rec->signers[i].kid);
        if (k == NULL)
            return rb_reject(rj, RB_ERR_DENIED, "5.1.4", "signers of different members", i);
        if (rb_record_verify(rec, i, rb_written(&aad), k, work) != RB_OK)
            return rb_reject(rj, RB_ERR_SIGNATURE, "5.1.5", "the charter's signature", i);
    }
    *proposer = c->members[who].index;
    return RB_OK;
}

static enum rb_err founding_check(struct rb_slice leaf, struct rb_charter *c, uint16_t *proposer,
                                  struct rb_arena *work, struct rb_reject *rj) {
    struct rb_record rec;
    RB_TRY(rb_record_decode(leaf, &rec, rj));
    if (rec.kind != RB_KIND_CHARTER)
        return rb_reject(rj, RB_ERR_MALFORMED, "5.1.1", "not a charter", 0);
    RB_TRY(rb_charter_decode(rec.body, c, rj));
    struct rb_card *cards = rb_arena_array(work, c->members_n, sizeof *cards);
    if (cards == NULL) return RB_ERR_LIMIT;
    RB_TRY(cards_check(c, cards, work, rj));
    return proposer_check(&rec, c, cards, work, proposer, rj);
}

static enum rb_err found_into(struct rb_book *b, struct rb_slice leaf, struct rb_arena *work,
                              struct rb_reject *rj) {
    struct rb_hash id;
    b->charter = rb_region_alloc(b->region, sizeof *b->charter);
    b->index = rb_region_alloc(b->region, sizeof *b->index);
    if (b->charter == NULL || b->index == NULL) return RB_ERR_LIMIT;
    RB_TRY(rb_region_copy(b->region, leaf, &b->charter_leaf));
    RB_TRY(founding_check(b->charter_leaf, b->charter, &b->proposer, work, rj));
    rb_leaf_hash(leaf, &id);
    memcpy(b->channel, id.b, RB_CHANNEL_LEN);
    b->exercise = b->charter->exercise;
    for (size_t i = 0; i < b->charter->members_n; i++)
        RB_TRY(member_join(b, &b->charter->members[i], work));
    rb_book_list_founders(b);
    return RB_OK;
}

enum rb_err rb_book_found(struct rb_book *b, struct rb_region *region, struct rb_slice charter_leaf,
                          struct rb_arena *work, struct rb_reject *rj) {
    size_t mark = rb_arena_mark(work);
    memset(b, 0, sizeof *b);
    b->region = region;
    enum rb_err err = found_into(b, charter_leaf, work, rj);
    rb_arena_release(work, mark);
    if (err == RB_OK) return RB_OK;
    rb_book_free(b);
    return err == RB_ERR_LIMIT ? rb_reject(rj, err, "5.1.6", "no room for the channel", 0) : err;
}

static void feed_free(struct rb_book *b, struct rb_feed *f) {
    for (size_t i = 0; i < f->facts_n; i++)
        rb_fact_free(b->region, &f->facts[i]);
    rb_region_free(b->region, f->facts, f->facts_cap * sizeof *f->facts);
    rb_tree_free(&f->tree);
    if (f->authority != NULL) rb_authority_free(f->authority, b->region);
    rb_region_free(b->region, f, sizeof *f);
}

void rb_book_free(struct rb_book *b) {
    struct rb_region *r = b->region;
    for (size_t i = 0; i < b->feeds_n; i++)
        feed_free(b, b->feeds[i]);
    rb_region_free(r, b->feeds, b->feeds_cap * sizeof(struct rb_feed *));
    for (size_t i = 0; i < b->members_n; i++) {
        region_slice_free(r, b->members[i].card->raw);
        rb_region_free(r, b->members[i].card, sizeof *b->members[i].card);
    }
    if (b->index != NULL) {
        for (size_t i = 0; i < RB_MAX_MEMBERS; i++)
            rb_region_free(r, b->index->mirror[i].key,
                           b->index->mirror[i].cap * sizeof(struct rb_mirror_key));
        rb_region_free(r, b->index->age_revoked,
                       b->index->age_revoked_cap * sizeof *b->index->age_revoked);
        rb_region_free(r, b->index->slot, b->index->cap * sizeof *b->index->slot);
        rb_region_free(r, b->index, sizeof *b->index);
    }
    rb_region_free(r, b->charter, sizeof *b->charter);
    region_slice_free(r, b->charter_leaf);
    memset(b, 0, sizeof *b);
    b->region = r;
}

/* ---- feeds ------------------------------------------------------------------------------------
 */

/* first feed not before (member, epoch) */
static size_t feed_lower(const struct rb_book *b, uint16_t member, uint16_t epoch) {
    size_t lo = 0, hi = b->feeds_n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct rb_feed *f = b->feeds[mid];
        bool before = f->member != member ? f->member < member : f->epoch < epoch;
        if (before)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

size_t rb_book_feed_index(const struct rb_book *b, uint16_t member, uint16_t epoch) {
    size_t i = feed_lower(b, member, epoch);
    if (i == b->feeds_n || b->feeds[i]->member != member || b->feeds[i]->epoch != epoch)
        return b->feeds_n;
    return i;
}

struct rb_feed *rb_book_feed(const struct rb_book *b, uint16_t member, uint16_t epoch) {
    size_t i = rb_book_feed_index(b, member, epoch);
    return i == b->feeds_n ? NULL : b->feeds[i];
}

struct rb_feed *rb_book_feed_by_origin(const struct rb_book *b, struct rb_slice origin) {
    for (size_t i = 0; i < b->feeds_n; i++)
        if (b->feeds[i]->branch == 0 &&
            rb_slice_eq(rb_slice(b->feeds[i]->origin, b->feeds[i]->origin_n), origin))
            return b->feeds[i];
    return NULL;
}

struct rb_feed *rb_book_latest_feed(const struct rb_book *b, uint16_t member) {
    struct rb_feed *last = NULL;
    for (size_t i = 0; i < b->feeds_n; i++)
        if (b->feeds[i]->member == member && b->feeds[i]->branch == 0) last = b->feeds[i];
    return last;
}

const struct rb_key *rb_book_officer_key(const struct rb_book *b, uint16_t member,
                                         const uint8_t kid[RB_KID_LEN], size_t *officer) {
    const struct rb_feed *f = rb_book_latest_feed(b, member);
    struct rb_key_found k;
    if (f == NULL) { /* no feed yet: the card as the charter or an amendment carries it */
        const struct rb_book_member *m = rb_book_member((struct rb_book *)(uintptr_t)b, member);
        for (size_t i = 0; m != NULL && i < m->card->officers_n; i++) {
            uint8_t own[RB_KID_LEN];
            rb_key_id(&m->card->officers[i].key, own);
            if (memcmp(own, kid, RB_KID_LEN) != 0) continue;
            if (officer != NULL) *officer = i;
            return &m->card->officers[i].key;
        }
        return NULL;
    }
    rb_authority_find(f->authority, kid, &k);
    if (k.what != RB_FOUND_OFFICER) return NULL;
    if (officer != NULL) *officer = k.officer;
    return &f->authority->card.officers[k.officer].key;
}

/* ---- the key to seal to -----------------------------------------------------------------------
 */

static bool age_revoked(const struct rb_book *b, const struct rb_hash *party,
                        const struct rb_key *key) {
    for (size_t i = 0; i < b->index->age_revoked_n; i++) {
        const struct rb_age_revoked *r = &b->index->age_revoked[i];
        if (rb_key_eq(&r->key, key) && rb_hash_eq(&r->party, party)) return true;
    }
    return false;
}

/* The party's signature within counts, not whose feed it stands in: who lost its node says so
 * through others. */
enum rb_err rb_book_age_revoked_add(struct rb_book *b, const struct rb_revocation *r) {
    struct rb_book_index *x = b->index;
    struct rb_hash party;
    rb_party_hash(&r->party, &party);
    if (age_revoked(b, &party, &r->key)) return RB_OK;
    void *p = x->age_revoked;
    RB_TRY(rb_region_grow(b->region, &p, &x->age_revoked_cap, x->age_revoked_n + 1,
                          sizeof *x->age_revoked));
    x->age_revoked = p;
    x->age_revoked[x->age_revoked_n++] = (struct rb_age_revoked){party, r->key};
    return RB_OK;
}

/* A feed's authority has the card in force there with its rotations. Of the feeds in which the
 * latest card stands, the latest that rotated its age key says which; an epoch that brings the card
 * alone does not undo what an earlier one rotated. Of branches of one epoch that rotated it to
 * different keys, the smaller key: their numbers are this node's alone. */
const struct rb_key *rb_book_age_key(const struct rb_book *b, uint16_t member) {
    const struct rb_book_member *m = rb_book_member((struct rb_book *)(uintptr_t)b, member);
    if (m == NULL) return NULL;
    const struct rb_key *key = &m->card->age;
    uint16_t rotated_in = 0;
    for (size_t i = 0; i < b->feeds_n; i++) {
        const struct rb_feed *f = b->feeds[i];
        const struct rb_key *own = &f->authority->card.age;
        if (f->member != member || !rb_slice_eq(f->authority->card_raw, m->card->raw)) continue;
        if (rb_key_eq(own, &m->card->age)) continue;
        bool same_epoch = key != &m->card->age && rotated_in == f->epoch;
        if (same_epoch && memcmp(own->b, key->b, RB_KEY_LEN) >= 0) continue;
        key = own;
        rotated_in = f->epoch;
    }
    return age_revoked(b, &m->party, key) ? NULL : key;
}

/* The member whose origin it is. That a party delegates none but its own origins, in their one
 * written form, rb_delegation_decode has checked. */
static enum rb_err delegation_check(struct rb_book *b, const struct rb_delegation *d,
                                    struct rb_book_member **m, struct rb_origin *o,
                                    struct rb_reject *rj) {
    RB_TRY(rb_origin_decode(d->origin, o));
    if (memcmp(o->channel, b->channel, RB_CHANNEL_LEN) != 0)
        return rb_reject(rj, RB_ERR_DENIED, "5.2.1", "another channel's origin", 0);
    if (o->exercise != b->exercise)
        return rb_reject(rj, RB_ERR_DENIED, "5.2.2", "exercise and charter disagree", 0);
    if (o->epoch >= RB_MAX_EPOCHS)
        return rb_reject(rj, RB_ERR_LIMIT, "5.2.3", "too many epochs", 0);
    *m = rb_book_member_by_party(b, &o->party);
    if (*m == NULL) return rb_reject(rj, RB_ERR_DENIED, "5.2.4", "not a member's origin", 0);
    return RB_OK;
}

static enum rb_err feed_make(struct rb_book *b, const struct rb_feed *like,
                             struct rb_slice delegation, struct rb_arena *work,
                             struct rb_feed **out) {
    const struct rb_book_member *m = rb_book_member(b, like->member);
    struct rb_feed *f = rb_region_alloc(b->region, sizeof *f);
    if (f == NULL) return RB_ERR_LIMIT;
    assert(m != NULL);
    *f = *like;
    rb_tree_init(&f->tree, b->region);
    enum rb_err err = RB_ERR_LIMIT;
    f->authority = rb_region_alloc(b->region, sizeof *f->authority);
    if (f->authority != NULL)
        err = rb_authority_init(f->authority, b->region, &m->party, m->founding_card, work);
    if (err == RB_OK) err = rb_region_copy(b->region, delegation, &f->authority->delegation);
    if (err != RB_OK)
        feed_free(b, f);
    else
        *out = f;
    return err;
}

/* behind all of the same (member, epoch): branches stand by their numbers */
static enum rb_err feed_insert(struct rb_book *b, struct rb_feed *f) {
    void *p = b->feeds;
    enum rb_err err =
        rb_region_grow(b->region, &p, &b->feeds_cap, b->feeds_n + 1, sizeof *b->feeds);
    if (err != RB_OK) {
        feed_free(b, f);
        return err;
    }
    b->feeds = p;
    size_t at = feed_lower(b, f->member, f->epoch) + f->branch;
    memmove(b->feeds + at + 1, b->feeds + at, (b->feeds_n - at) * sizeof *b->feeds);
    b->feeds[at] = f;
    b->feeds_n++;
    return RB_OK;
}

enum rb_err rb_feed_again(struct rb_book *b, const struct rb_feed *feed, uint8_t branch,
                          struct rb_arena *work, struct rb_feed **out) {
    struct rb_feed like = {.member = feed->member,
                           .epoch = feed->epoch,
                           .has_log_key = true,
                           .log_key = feed->log_key,
                           .origin_n = feed->origin_n,
                           .branch = branch};
    memcpy(like.origin, feed->origin, feed->origin_n);
    RB_TRY(feed_make(b, &like, feed->authority->delegation, work, out));
    return feed_insert(b, *out);
}

static enum rb_err open_feed(struct rb_book *b, struct rb_slice signed_delegation,
                             struct rb_arena *work, struct rb_feed **out, struct rb_reject *rj) {
    struct rb_delegation d;
    struct rb_origin o;
    struct rb_book_member *m;
    RB_TRY(rb_delegation_decode(signed_delegation, &d, work, rj));
    RB_TRY(delegation_check(b, &d, &m, &o, rj));
    struct rb_feed *f = rb_book_feed(b, m->index, o.epoch);
    if (f != NULL) {
        if (!rb_key_eq(&f->log_key, &d.log))
            return rb_reject(rj, RB_ERR_EXISTS, "5.2.5", "the origin has another log key", 0);
        *out = f;
        return RB_OK;
    }
    for (size_t i = 0; i < b->feeds_n; i++)
        if (rb_key_eq(&b->feeds[i]->log_key, &d.log))
            return rb_reject(rj, RB_ERR_DENIED, "5.2.6", "the log key serves another origin", 0);
    struct rb_feed like = {.member = m->index,
                           .epoch = o.epoch,
                           .has_log_key = true,
                           .log_key = d.log,
                           .origin_n = d.origin.n};
    assert(d.origin.n <= sizeof like.origin); /* rb_origin_decode knows the form */
    memcpy(like.origin, d.origin.p, d.origin.n);
    RB_TRY(feed_make(b, &like, signed_delegation, work, &f));
    enum rb_err err = feed_insert(b, f);
    if (err != RB_OK) return rb_reject(rj, err, "5.2.7", "no room for the feed", 0);
    *out = f;
    return RB_OK;
}

enum rb_err rb_book_open_feed(struct rb_book *b, struct rb_slice signed_delegation,
                              struct rb_arena *work, struct rb_feed **out, struct rb_reject *rj) {
    size_t mark = rb_arena_mark(work);
    enum rb_err err = open_feed(b, signed_delegation, work, out, rj);
    rb_arena_release(work, mark);
    return err;
}
