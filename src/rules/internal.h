/* Inside the rules room only: what book, order and fold share. */
#ifndef READBACK_RULES_INTERNAL_H
#define READBACK_RULES_INTERNAL_H
#include "readback/adopt.h"
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
    uint64_t bodies_n;      /* changes of bodies so far: opened, closed */
#define RB_BODIES_KEPT 64u
    struct rb_index_slot
        bodies[RB_BODIES_KEPT]; /* the last of them, number n at n % RB_BODIES_KEPT */
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
/* no other leaf is the same */
bool rb_index_alone(const struct rb_book *b, const struct rb_hash *id);
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
/* a copy of what was read of the same body */
enum rb_err rb_gist_keep(struct rb_book *b, struct rb_fact *fact,
                         const struct rb_gist *from) RB_MUST_USE;
/* of an instrument: what the rules read of its body. RB_ERR_MALFORMED: not by its grammar */
enum rb_err rb_gist_make(struct rb_book *b, struct rb_fact *fact, struct rb_slice body,
                         struct rb_arena *work) RB_MUST_USE;
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
    uint64_t accepted, rejected, other; /* members' bits: the last word that counts; other: abstains ... */
    uint64_t contested;                 /* its acceptance is, by time */
    int64_t accepted_t_ms[RB_MAX_MEMBERS];  /* T that met the deadline; 0 = not known */
    int64_t accepted_created_ms[RB_MAX_MEMBERS];
    uint32_t stance[RB_MAX_MEMBERS]; /* node of the position that counts */
    bool walked, adopted, refused;   /* refused: can never be adopted */
    bool ripe; /* its hour is past: in the order, too, or the order has ended before */
    uint32_t first_next, sibling; /* those that name it as previous, and such a one; ascending, indexes in
                                     proposals[], RB_NOWHERE = no more */
    bool told; /* ripe: each voice is known to have held it for the span of silence */
    const struct rb_charter *under; /* ripe: the charter whose rule it is judged by */
    struct rb_electorate voices;    /* ripe: as they were there */
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
/* Something that more leaves of a feed decide: a digest, a cosignature, what is said of bodies. */
enum rb_wait_kind { RB_WAIT_SEEN, RB_WAIT_COSIG, RB_WAIT_BODIES };
struct rb_wait {
    uint32_t feed, node;
    uint64_t size; /* until the feed has so many leaves */
    uint16_t index;
    uint8_t kind;
};
/* what a record did to one that stands elsewhere, so that it can be taken back */
struct rb_undo {
    uint32_t by, of; /* places */
    bool purged;     /* else: superseded */
    uint64_t was;
};
/* A record that names another which stands later in the order, or is not held: it is walked again
 * where that moves or comes. */
struct rb_ahead {
    uint32_t node;
    uint32_t reach;   /* the farthest place named by this or one before in the list */
    uint64_t missing; /* first bytes of the hash of what is not held; 0: it is */
};
/* something is to be looked at again when `now` is there */
enum rb_wake_kind { RB_WAKE_DUES, RB_WAKE_TEST, RB_WAKE_LOTS };
struct rb_wake {
    int64_t at_utc_ms;
    uint32_t node;
    uint32_t kind; /* enum rb_wake_kind */
};
struct rb_stale { /* a due that is to be settled again */
    uint32_t subject;
    uint16_t member;
};
struct rb_missing { /* leaves said to be missing, ascending */
    uint32_t leaf, next;
};
struct rb_bodies { /* what receipts said of bodies so far; by feed and member */
    uint64_t *covered;
    uint32_t *outstanding; /* list of leaves listed as missing so far */
    struct rb_missing *list;
    size_t list_n, list_cap;
};
struct rb_cuts { /* what revocations disown */
    struct rb_cut *cut;
    size_t n, cap;
    bool mirror; /* a mirror key is revoked: then who holds what is judged whole (5.6.6) */
};
struct rb_part {            /* a feed, as far as it is in the order */
    uint32_t n, room;       /* leaves; of node_of and order_of */
    uint32_t moved;         /* leaves in front of which one moved the charter's state */
    int64_t created_utc_ms; /* latest of its unmarked records; 0 = none */
    uint64_t log_cut;       /* leaves from here on are disowned */
};
struct rb_fold {
    struct rb_book *b;
    struct rb_arena *a;
    struct rb_situation *s;
    uint32_t n;    /* nodes: all facts, feed by feed; what branches share once. Those that
                      came since stand behind */
    uint32_t room; /* of all that is by node or place */
    uint32_t first_feed[RB_MAX_MEMBERS]; /* of each member that has one */
    bool kept;                           /* room for more is wanted (live.c) */
    struct rb_place *at;                 /* [n] */
    uint32_t **node_of;                  /* [feeds_n][leaf] */
    struct rb_part *part;                /* [feeds_n] */
    uint8_t *kind;                       /* [n] 0: bears a mark of 5.4 */
    uint32_t *sorted;                    /* [n] node at each place of the order */
    uint32_t *place;                     /* [n] place of each node */
    bool *disowned;                      /* [n] */
    bool *repeated;      /* [n] the record counts elsewhere, on another branch; NULL: none does */
    uint64_t *body_bits; /* [n] */
    uint32_t *edge_at;   /* [n] edges of a node: what its entries raise */
    uint8_t *edge_n;     /* [n] */
    struct rb_edge *edges;
    size_t edges_n, edges_cap;
    bool circles; /* records that come after each other were met */
    struct rb_cuts cuts;
    struct rb_bodies bodies;
    uint32_t *held_cap;  /* parallel to s->held */
    uint64_t latest_t_s; /* of all cosignatures that count */
    size_t proposals_n;
    struct rb_proposal *proposals;
    const struct rb_charter *charter;
    uint32_t charter_node;
    bool in_force, unknown_rules;
    int64_t in_force_t_ms, in_force_from_ms; /* T; T or else created */
    uint64_t active;                         /* members' bits: accepted and not left */
    uint32_t node;                           /* the record that is being walked */
    struct rb_hours {                        /* amendments that their hour adopts */
        uint32_t *node;                      /* in the order in which they come into force */
        size_t n, done;
    } hours;
    struct rb_proposal **unripe; /* those whose hour is past as of now, and is not yet in the order:
                                    a heap, the first hour first */
    struct rb_proposal **ripe;   /* those whose is */
    size_t unripe_n, ripe_n;
    struct rb_party_state party[RB_MAX_MEMBERS];
    const struct rb_charter **due_charter; /* parallel to dues: the charter it arose under */
    uint32_t *last_answer;                 /* [n] by place of the subject */
    uint32_t *answer_before;               /* parallel to answers: the one before on the subject */
    uint32_t *entry_before;                /* parallel to entries: the one before in the lot */
    uint8_t *lot_stale;                    /* parallel to lots */
    uint32_t *tests;                       /* places of line tests without a mark */
    struct rb_undo *undo;
    struct rb_ahead *ahead;
    struct rb_wait *waits;
    struct rb_stale *stale;
    struct rb_wake *wakes; /* a heap */
    uint32_t *stale_lots;
    size_t tests_n, undo_n, ahead_n, waits_n, stale_n, wakes_n, stale_lots_n;
    size_t answers_cap, dues_cap, due_charter_cap, silences_cap, texts_cap;
    size_t answer_before_cap, entry_before_cap, lot_stale_cap, tests_cap, undo_cap, ahead_cap;
    size_t waits_cap, stale_cap, wakes_cap, stale_lots_cap;
    size_t instruments_cap, entries_cap, lots_cap;
    uint32_t moved; /* places in front of which some record moved the charter's state */
    bool again;     /* from a place on: what stands before it is touched only through rb_live_* */
    uint32_t from;  /* that place */
    bool whole;     /* something was met that is folded whole */
};
static inline uint32_t rb_fold_leaf(const struct rb_fold *f, uint32_t node) {
    return f->at[node].leaf;
}
static inline uint32_t rb_fold_feed(const struct rb_fold *f, uint32_t node) {
    return f->at[node].feed;
}
static inline const struct rb_fact *rb_fold_fact(const struct rb_fold *f, uint32_t node) {
    return &f->b->feeds[f->at[node].feed]->facts[f->at[node].leaf];
}
/* the feed under whose number a leaf counts: what a branch shares is its stem's */
static inline uint32_t rb_stem_at(const struct rb_situation *s, uint32_t feed, uint64_t leaf) {
    while (leaf < s->shared[feed])
        feed = s->stem[feed];
    return feed;
}
static inline uint32_t rb_fold_node(const struct rb_fold *f, uint32_t feed, uint32_t leaf) {
    return f->node_of[feed][leaf];
}
/* as rb_book_feed_index; mostly a member's first feed is meant */
static inline uint32_t rb_fold_feed_index(const struct rb_fold *f, uint16_t member,
                                          uint16_t epoch) {
    const uint32_t i = member < RB_MAX_MEMBERS ? f->first_feed[member] : UINT32_MAX;
    if (i < f->b->feeds_n && f->b->feeds[i]->member == member && f->b->feeds[i]->epoch == epoch)
        return i;
    return (uint32_t)rb_book_feed_index(f->b, member, epoch);
}
static inline uint16_t rb_fold_author(const struct rb_fold *f, uint32_t node) {
    return f->b->feeds[f->at[node].feed]->member;
}
/* node of a record id, RB_NOWHERE if not held */
uint32_t rb_fold_find(const struct rb_fold *f, const struct rb_hash *id);
/* arena array that doubles; bounded by the arena */
enum rb_err rb_fold_grow(struct rb_arena *a, void **p, size_t *cap, size_t want,
                         size_t each) RB_MUST_USE;

/* room for one more element */
#define RB_FOLD_MORE(f, array, n, cap)                                                             \
    rb_fold_more((f)->a, &(array), &(cap), (n) + 1, sizeof *(array))
static inline enum rb_err rb_fold_more(struct rb_arena *a, void *array, size_t *cap, size_t want,
                                       size_t each) {
    if (want <= *cap) return RB_OK;
    void *p;
    memcpy(&p, array, sizeof p);
    RB_TRY(rb_fold_grow(a, &p, cap, want, each));
    memcpy(array, &p, sizeof p);
    return RB_OK;
}
enum rb_err rb_wait_push(struct rb_fold *f, const struct rb_wait *w) RB_MUST_USE;

enum rb_err rb_order_make(struct rb_fold *f) RB_MUST_USE;
/* what a node that came, or whose digest checks now, says it comes after. *counts: it says so */
enum rb_err rb_order_edges(struct rb_fold *f, uint32_t node, bool *counts) RB_MUST_USE;
/* the first place where the leaf, whose predecessors in its feed are in the order, may stand */
uint32_t rb_order_first(const struct rb_fold *f, uint32_t node);
/* places anew what stands from `from` on, with all leaves that came; *stuck: that takes circles */
enum rb_err rb_order_again(struct rb_fold *f, uint32_t from, uint32_t placed,
                           bool *stuck) RB_MUST_USE;
enum rb_err rb_disowned_mark(struct rb_fold *f) RB_MUST_USE;
bool rb_disowned(const struct rb_fold *f, uint32_t node);
enum rb_err rb_held_make(struct rb_fold *f) RB_MUST_USE;
/* what a receipt logs; what a wait was for */
enum rb_err rb_held_more(struct rb_fold *f, uint32_t node) RB_MUST_USE;
enum rb_err rb_held_cosig(struct rb_fold *f, uint32_t node, uint16_t index) RB_MUST_USE;
enum rb_err rb_bodies_make(struct rb_fold *f) RB_MUST_USE;
enum rb_err rb_bodies_more(struct rb_fold *f, uint32_t node) RB_MUST_USE;
enum rb_err rb_bodies_entry(struct rb_fold *f, uint32_t node, uint16_t index) RB_MUST_USE;
/* earliest T at which `member` held leaf of feed, by whatever branches have it in that place */
bool rb_held_since(const struct rb_situation *s, uint32_t feed, uint64_t leaf, uint16_t member,
                   uint64_t *time_s);
/* and of a record, in whatever places it stands */
bool rb_held_record(const struct rb_situation *s, uint32_t order, uint16_t member,
                    uint64_t *time_s);
static inline int64_t rb_t_ms(uint64_t time_s) {
    return time_s > (uint64_t)(INT64_MAX / 1000) ? INT64_MAX : (int64_t)time_s * 1000;
}

/* members of different affiliation and group; an affiliation that is not stated is nobody else's */
bool rb_members_apart(const struct rb_charter *c, uint16_t a, uint16_t b);
enum rb_deadline { RB_DEADLINE_MET, RB_DEADLINE_LATE, RB_DEADLINE_CONTESTED };
/* was the record (index in order[]) made by `by`? *t_ms gets the T that says so, 0 if none */
enum rb_deadline rb_deadline_judge(const struct rb_situation *s, const struct rb_charter *c,
                                   uint32_t order, int64_t by_utc_ms, int64_t *t_ms);

/* charter matters: charter.c */
bool rb_rules_known(const struct rb_charter *c);
enum rb_err rb_proposals_make(struct rb_fold *f) RB_MUST_USE;
struct rb_proposal *rb_proposal_of(const struct rb_fold *f, uint32_t node);
enum rb_err rb_proposal_walked(struct rb_fold *f, struct rb_proposal *p) RB_MUST_USE;
enum rb_err rb_proposal_stance(struct rb_fold *f, struct rb_proposal *p,
                               uint32_t position) RB_MUST_USE;
enum rb_err rb_proposals_retry(struct rb_fold *f) RB_MUST_USE;
/* `node` takes the position `subject` back */
void rb_proposal_withdraw(struct rb_fold *f, uint32_t subject, uint32_t node);
enum rb_err rb_charter_settle(struct rb_fold *f) RB_MUST_USE;
enum rb_err rb_membership_move(struct rb_fold *f, uint32_t node, enum rb_mark *mark) RB_MUST_USE;
void rb_fold_active(struct rb_fold *f);
/* of the charter in force, to what names it as the previous one */
bool rb_amendment_follows(const struct rb_fold *f, const struct rb_proposal *p);
void rb_amendment_voices(const struct rb_fold *f, struct rb_electorate *out);
/* by the rule of c; what is contested by time taken as fallen against it; `past`: its hour is */
enum rb_adoption_state rb_amendment_judge(const struct rb_charter *c, const struct rb_proposal *p,
                                          const struct rb_electorate *e, bool past);
enum rb_err rb_proposal_adopt(struct rb_fold *f, struct rb_proposal *p, uint64_t counted,
                              int64_t at_utc_ms) RB_MUST_USE;

/* amendments adopted at their hour: hour.c (spec 5.9.7) */
/* room for all that may ever be; kept from fold to fold */
enum rb_err rb_hours_make(const struct rb_book *b, struct rb_arena *a,
                          struct rb_hours *out) RB_MUST_USE;
bool rb_rule_has_hour(const struct rb_charter *c); /* may the hour adopt what no word settled? */
/* made after that time by 5.8, where `created` alone is no time */
bool rb_is_over(const struct rb_fold *f, const struct rb_charter *c, uint32_t node,
                int64_t by_utc_ms);
void rb_hour_walked(struct rb_fold *f, struct rb_proposal *p); /* an amendment */
/* Another is about to be adopted by words. *first: the hour of one had come before, and it is in force
 * now instead. */
enum rb_err rb_hour_against_words(struct rb_fold *f, bool *first) RB_MUST_USE;
/* before the record is judged, and when the walk is over */
enum rb_err rb_hours_before(struct rb_fold *f, uint32_t node) RB_MUST_USE;
enum rb_err rb_hours_end(struct rb_fold *f) RB_MUST_USE;
/* true: one more is adopted at its hour, and the walk has to be done again */
bool rb_hours_more(struct rb_fold *f, struct rb_hours *hours);

/* lots of instruments: lot.c */
enum rb_err rb_lots_walk(struct rb_fold *f, uint32_t node) RB_MUST_USE;   /* an unmarked record */
enum rb_err rb_lots_settle(struct rb_fold *f) RB_MUST_USE;                /* those that are stale */
enum rb_err rb_lots_stale(struct rb_fold *f, uint32_t place) RB_MUST_USE; /* all a record is in */
/* takes back what records from the place on did */
enum rb_err rb_lots_undo(struct rb_fold *f, uint32_t from) RB_MUST_USE;

/* dues: due.c */
enum rb_err rb_due_open(struct rb_fold *f, uint32_t node) RB_MUST_USE;
/* all from that due on */
enum rb_err rb_due_settle(struct rb_fold *f, size_t from) RB_MUST_USE;
/* one, or all of a subject, again; their times too */
enum rb_err rb_due_again(struct rb_fold *f, uint32_t subject, uint16_t member) RB_MUST_USE;
enum rb_err rb_dues_again(struct rb_fold *f, uint32_t subject) RB_MUST_USE;
/* the line test at that place, which has no mark */
enum rb_err rb_test_note(struct rb_fold *f, uint32_t place) RB_MUST_USE;
void rb_tests_count(struct rb_fold *f);

/* ---- kept up to date: live.c ------------------------------------------------------------------
 */
/* the whole fold, with room for more to come (kept); *out is what it was made of */
enum rb_err rb_fold_whole(struct rb_book *b, int64_t now_utc_ms, struct rb_arena *arena, bool kept,
                          struct rb_situation *out, struct rb_fold **fold) RB_MUST_USE;
/* a leaf of the feed that came: numbers it */
enum rb_err rb_fold_node_add(struct rb_fold *f, uint32_t feed) RB_MUST_USE;
/* from the place on: take back the walk; set up; walk */
enum rb_err rb_walk_undo(struct rb_fold *f, uint32_t from) RB_MUST_USE;
enum rb_err rb_walk_again(struct rb_fold *f, uint32_t from) RB_MUST_USE;
void rb_members_settle(struct rb_fold *f);
/* the record is held, or its body is, since another time by that member */
enum rb_err rb_live_touch(struct rb_fold *f, uint32_t node, uint16_t member) RB_MUST_USE;
/* an answer on it came or went */
enum rb_err rb_live_stale(struct rb_fold *f, uint32_t subject, uint16_t member) RB_MUST_USE;
enum rb_err rb_wake_push(struct rb_fold *f, enum rb_wake_kind kind, uint32_t node,
                         int64_t at_utc_ms) RB_MUST_USE;
/* the next that is there, and is taken out */
bool rb_wake_next(struct rb_fold *f, struct rb_wake *out);
#endif
