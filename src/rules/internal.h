/* Inside the rules room only: what book, order and fold share. */
#ifndef READBACK_RULES_INTERNAL_H
#define READBACK_RULES_INTERNAL_H
#include "readback/rules.h"

/* ---- sorting ----------------------------------------------------------------------------------
 */
/* In place, no recursion, no memory. libc's qsort may allocate. */
typedef int (*rb_cmp)(const void *a, const void *b);
void rb_sort(void *base, size_t n, size_t each, rb_cmp cmp);

/* ---- the book ---------------------------------------------------------------------------------
 */
struct rb_index_slot {
    struct rb_feed *feed; /* NULL = empty */
    uint32_t leaf;
};
struct rb_mirror_key {
    struct rb_hash party;
    struct rb_key key;
};
struct rb_book_index {
    struct rb_index_slot *slot; /* open addressing, a power of two */
    size_t cap, n;
    /* All mirror keys ever carried by a card of the member, or of one whom an amendment proposes
     * under that index; which party counts is the situation's to say. */
    struct {
        struct rb_mirror_key *key;
        size_t n, cap;
    } mirror[RB_MAX_MEMBERS];
    const struct rb_member *listed[RB_MAX_MEMBERS];
    /* age keys that their party revoked, in whosever feed it stands */
    struct rb_age_revoked {
        struct rb_hash party;
        struct rb_key key;
    } * age_revoked;
    size_t age_revoked_n, age_revoked_cap;
    size_t branches_n;      /* of all feeds: feeds with a branch number */
    uint64_t branch_leaves; /* judged in feeds that have some: with each, another root is known */
};

/* An amendment's charter, with what the fold asks of it again and again. */
struct rb_amended {
    struct rb_hash previous;
    struct rb_charter charter;            /* views borrow from the fact's body */
    struct rb_hash party[RB_MAX_MEMBERS]; /* by place in charter.members */
};
enum rb_cosig_verdict { RB_COSIG_UNKNOWN = 0, RB_COSIG_GOOD = 1 };
struct rb_cosig_check {
    uint8_t verdict; /* enum rb_cosig_verdict */
    uint8_t branch;  /* GOOD: whose root it is over */
    uint16_t key;    /* GOOD: index in mirror[cosigner].key */
    /* mirror keys tried so far over each branch's root: a later card may bring the right one */
    uint16_t tried[RB_MAX_BRANCHES + 1];
};
struct rb_fact_extra {
    struct rb_receipt receipt;
    struct rb_cosig_check *check; /* receipt.cosigs_n */
    struct rb_amended *amended;
    struct rb_revocation *revocation; /* views borrow from the fact's body */
};

/* Whose keys count at the feed's next leaf. */
struct rb_revoked_key {
    struct rb_key key;
    uint8_t role, kid[RB_KID_LEN];
};
struct rb_authority {
    struct rb_hash party;
    struct rb_card card;      /* in force; rotations replace keys in it */
    struct rb_slice card_raw; /* region; card's views borrow from it */
    uint8_t node_kid[RB_KID_LEN];
    uint8_t officer_kid[RB_MAX_OFFICERS][RB_KID_LEN];
    struct rb_revoked_key *revoked;
    size_t revoked_n, revoked_cap;
    struct rb_slice delegation; /* region: the signed body that opened the feed */
    /* running vector of the feed's own records up to facts[vector_at), for rb_book_seen */
    struct rb_seen_entry *vector;
    size_t vector_n, vector_cap, vector_at;
    uint64_t
        shared[RB_MAX_BRANCHES]; /* of a branch: leaves in front known to be those of each lower */
};
/* one leaf's authority question */
struct rb_key_found {
    enum { RB_FOUND_NONE, RB_FOUND_NODE, RB_FOUND_OFFICER, RB_FOUND_REVOKED } what;
    size_t officer;
    struct rb_key key;
};
void rb_authority_find(const struct rb_authority *a, const uint8_t kid[RB_KID_LEN],
                       struct rb_key_found *out);
enum rb_err rb_authority_init(struct rb_authority *a, struct rb_region *region,
                              const struct rb_hash *party, struct rb_slice card,
                              struct rb_arena *work) RB_MUST_USE;
void rb_authority_free(struct rb_authority *a, struct rb_region *region);
/* a card of higher version takes over; the bytes are copied */
enum rb_err rb_authority_card(struct rb_authority *a, struct rb_region *region,
                              struct rb_slice signed_card, struct rb_arena *work) RB_MUST_USE;
/* may the keys change so? the statement itself is verified already */
bool rb_authority_may_rotate(const struct rb_authority *a, const struct rb_rotation *r);
void rb_authority_rotate(struct rb_authority *a, const struct rb_rotation *r);
enum rb_err rb_authority_revoke(struct rb_authority *a, struct rb_region *region,
                                const struct rb_revocation *r) RB_MUST_USE;

enum rb_err rb_index_add(struct rb_book *b, struct rb_feed *f, uint32_t leaf) RB_MUST_USE;
/* room for one more, so that the next add cannot fail */
enum rb_err rb_index_reserve(struct rb_book *b) RB_MUST_USE;
bool rb_index_in_feed(const struct rb_book *b, const struct rb_feed *f, const struct rb_hash *id);
/* each first place of a leaf in a feed and its branches; NULL: no more */
struct rb_places {
    struct rb_book *b;
    const struct rb_hash *id;
    size_t tried;
};
struct rb_fact *rb_next_place(struct rb_places *it, const struct rb_feed *f);
enum rb_err rb_book_mirror_add(struct rb_book *b, uint16_t member, const struct rb_hash *party,
                               const struct rb_key *key) RB_MUST_USE;
enum rb_err rb_book_age_revoked_add(struct rb_book *b, const struct rb_revocation *r) RB_MUST_USE;
/* takes over what an amendment lists; new members join the book */
enum rb_err rb_book_adopt(struct rb_book *b, const struct rb_amended *am, struct rb_arena *work,
                          bool *grew) RB_MUST_USE;
/* listed as in the founding charter again: the fold starts from there each time */
void rb_book_list_founders(struct rb_book *b);
enum rb_err rb_book_newer_card(struct rb_book *b, struct rb_book_member *m, struct rb_slice raw,
                               struct rb_arena *work) RB_MUST_USE;
/* index in b->feeds, b->feeds_n if there is none */
size_t rb_book_feed_index(const struct rb_book *b, uint16_t member, uint16_t epoch);
/* what is kept of a fact beside the envelope; frees the same */
enum rb_err rb_extra_make(struct rb_book *b, struct rb_fact *fact, struct rb_arena *work,
                          enum rb_mark *mark) RB_MUST_USE;
void rb_extra_free(struct rb_region *region, struct rb_fact *fact);
void rb_fact_body_free(struct rb_region *region, struct rb_fact *fact);
void rb_fact_free(struct rb_region *region, struct rb_fact *fact);

/* ---- branches of forked feeds: branch.c (spec 5.13) -------------------------------------------
 */
/* how many histories stand at `first`, the index of a feed's branch 0 */
size_t rb_branches_of(const struct rb_book *b, size_t first);
/* is another history of it in the book? */
bool rb_is_forked(const struct rb_book *b, const struct rb_feed *f);
/* of any feed of the book, branches too */
size_t rb_book_index_of(const struct rb_book *b, const struct rb_feed *f);
/* leaves in front that a branch and a lower one (or branch 0) have in common */
uint64_t rb_branch_shared(struct rb_feed *f, const struct rb_feed *lower);
/* The branches (numbers, ascending) whose first `size` leaves are held and are a history of their
 * own: where several have the same, the lowest. `first` is the index of branch 0. */
size_t rb_branches_at(const struct rb_book *b, size_t first, uint64_t size,
                      uint8_t out[RB_MAX_BRANCHES + 1]);
/* by the roots of the first `size` leaves, which both have */
int rb_root_cmp(const struct rb_feed *a, const struct rb_feed *b, uint64_t size);
/* the common part of each forked feed, from the leaves that are judged */
void rb_branches_settle(struct rb_book *b);
/* an empty feed like this one, under a branch number, in its place in book->feeds: book.c */
enum rb_err rb_feed_again(struct rb_book *b, const struct rb_feed *feed, uint8_t branch,
                          struct rb_arena *work, struct rb_feed **out) RB_MUST_USE;

/* ---- seen and order ---------------------------------------------------------------------------
 */
/* Does the record's digest check over what is judged here? The verdict is kept. RB_ERR_LIMIT: no
 * room to keep it. */
enum rb_err rb_seen_checks(struct rb_book *b, struct rb_fact *fact, struct rb_arena *work,
                           bool *counts) RB_MUST_USE;

/* ---- the fold ---------------------------------------------------------------------------------
 */
struct rb_proposal { /* the founding charter, then each amendment, ascending by node */
    uint32_t node;
    uint16_t author;
    const struct rb_charter *charter;
    const struct rb_amended *amended;       /* NULL: the founding charter */
    uint64_t accepted, rejected, contested; /* members' bits; contested: by time */
    int64_t accepted_t_ms[RB_MAX_MEMBERS];  /* T that met the deadline; 0 = not known */
    int64_t accepted_created_ms[RB_MAX_MEMBERS];
    uint32_t stance[RB_MAX_MEMBERS]; /* node of the position that counts */
    bool walked, adopted, refused;   /* refused: can never be adopted */
};
struct rb_party_state { /* by member index */
    bool listed, suspended, left, rejoined;
    uint16_t left_epoch; /* leaves of this epoch and before that stand after it are marked */
    uint32_t left_place; /* of the record: what was proposed before it does not let it in again */
    struct rb_hash party;
};
struct rb_edge { /* leaf `node` has seen feed `feed` up to `size` */
    uint32_t feed;
    uint32_t size;
};
struct rb_fold {
    struct rb_book *b;
    struct rb_arena *a;
    struct rb_situation *s;
    uint32_t n;        /* nodes: all facts, feed by feed; what branches share once */
    uint32_t *base;    /* [feeds_n + 1] first node of a feed: its leaf s->shared[feed] */
    uint32_t *feed_of; /* [n] */
    uint32_t *sorted;  /* [n] node at each place of the order */
    uint32_t *place;   /* [n] place of each node */
    bool *disowned;    /* [n] */
    bool *repeated;    /* [n] the record counts elsewhere, on another branch */
    size_t proposals_n;
    struct rb_proposal *proposals;
    const struct rb_charter *charter;
    uint32_t charter_node;
    bool in_force, unknown_rules;
    int64_t in_force_t_ms, in_force_from_ms; /* T; T or else created */
    uint64_t active;                         /* members' bits: accepted and not left */
    struct rb_party_state party[RB_MAX_MEMBERS];
    const struct rb_charter **due_charter; /* parallel to dues: the charter it arose under */
    uint32_t *last_answer;                 /* [n] by place of the subject */
    size_t answers_cap, dues_cap, due_charter_cap, silences_cap, texts_cap;
};
static inline uint32_t rb_fold_leaf(const struct rb_fold *f, uint32_t node) {
    uint32_t feed = f->feed_of[node];
    return node - f->base[feed] + f->s->shared[feed];
}
static inline const struct rb_fact *rb_fold_fact(const struct rb_fold *f, uint32_t node) {
    return &f->b->feeds[f->feed_of[node]]->facts[rb_fold_leaf(f, node)];
}
/* the feed under whose number a leaf counts: what a branch shares is its stem's */
static inline uint32_t rb_stem_at(const struct rb_situation *s, uint32_t feed, uint64_t leaf) {
    while (leaf < s->shared[feed])
        feed = s->stem[feed];
    return feed;
}
static inline uint32_t rb_fold_node(const struct rb_fold *f, uint32_t feed, uint32_t leaf) {
    feed = rb_stem_at(f->s, feed, leaf);
    return f->base[feed] + leaf - f->s->shared[feed];
}
static inline uint16_t rb_fold_author(const struct rb_fold *f, uint32_t node) {
    return f->b->feeds[f->feed_of[node]]->member;
}
/* node of a record id, RB_NOWHERE if not held */
uint32_t rb_fold_find(const struct rb_fold *f, const struct rb_hash *id);
/* arena array that doubles; bounded by the arena */
enum rb_err rb_fold_grow(struct rb_arena *a, void **p, size_t *cap, size_t want,
                         size_t each) RB_MUST_USE;

enum rb_err rb_order_make(struct rb_fold *f) RB_MUST_USE;
enum rb_err rb_disowned_mark(struct rb_fold *f) RB_MUST_USE;
enum rb_err rb_held_make(struct rb_fold *f) RB_MUST_USE;
enum rb_err rb_bodies_make(struct rb_fold *f, uint64_t *bodies) RB_MUST_USE;
/* earliest T at which `member` held leaf of feed, by whatever branches have it in that place */
bool rb_held_since(const struct rb_situation *s, uint32_t feed, uint64_t leaf, uint16_t member,
                   uint64_t *time_s);
/* and of a record, in whatever places it stands */
bool rb_held_record(const struct rb_situation *s, uint32_t order, uint16_t member,
                    uint64_t *time_s);
static inline int64_t rb_t_ms(uint64_t time_s) {
    return time_s > (uint64_t)(INT64_MAX / 1000) ? INT64_MAX : (int64_t)time_s * 1000;
}

enum rb_deadline { RB_DEADLINE_MET, RB_DEADLINE_LATE, RB_DEADLINE_CONTESTED };
/* was the record made by `by`? *t_ms gets the T that says so, 0 if none */
enum rb_deadline rb_deadline_judge(const struct rb_fold *f, const struct rb_charter *c,
                                   uint32_t node, int64_t by_utc_ms, int64_t *t_ms);

/* charter matters: charter.c */
bool rb_rules_known(const struct rb_charter *c);
enum rb_err rb_proposals_make(struct rb_fold *f) RB_MUST_USE;
struct rb_proposal *rb_proposal_of(const struct rb_fold *f, uint32_t node);
enum rb_err rb_proposal_walked(struct rb_fold *f, struct rb_proposal *p) RB_MUST_USE;
enum rb_err rb_proposal_stance(struct rb_fold *f, struct rb_proposal *p,
                               uint32_t position) RB_MUST_USE;
enum rb_err rb_proposals_retry(struct rb_fold *f) RB_MUST_USE;
void rb_proposal_withdraw(struct rb_fold *f, uint32_t subject, uint16_t author);
void rb_charter_settle(struct rb_fold *f);
enum rb_mark rb_membership_move(struct rb_fold *f, uint32_t node);
void rb_fold_active(struct rb_fold *f);

/* dues: due.c */
enum rb_err rb_due_open(struct rb_fold *f, uint32_t node) RB_MUST_USE;
void rb_due_settle(struct rb_fold *f);
void rb_tests_count(struct rb_fold *f);
#endif
