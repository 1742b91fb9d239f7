/* The book: everything held of one channel, in the region. Charter, members' cards, feeds (tree and
 * facts). A fact is one leaf, decoded and judged once. What is judged here depends on nothing but
 * the feed's own leaves before it (design §3: authority is judged by leaf order in the author's own
 * feed); everything that depends on other feeds, receipts or time is the situation's. */
#ifndef READBACK_BOOK_H
#define READBACK_BOOK_H
#include "readback/instrument.h"
#include "readback/party.h"
#include "readback/record.h"
#include "readback/tlog.h"

/* Marks: why a stored leaf has no effect. Stored, shown, never skipped. Stable names in --json.
 * The first block is judged by the feed alone (book), the second in the situation. */
#define RB_MARK_LIST(X)                                                                           \
    X(NONE, 0, "", "")                                                                            \
    X(UNREADABLE, 1, "unreadable", "the leaf does not follow the record format")                  \
    X(WRONG_CHANNEL, 2, "wrong-channel", "the record names another channel")                      \
    X(UNKNOWN_SIGNER, 3, "unknown-signer", "no key of the author's card at this place")           \
    X(BAD_SIGNATURE, 4, "bad-signature", "a signature does not verify")                           \
    X(WRONG_ROLE, 5, "wrong-role", "this key may not sign this kind")                             \
    X(MISPLACED, 6, "misplaced", "this kind may not stand at this place of a feed")               \
    X(BAD_STATEMENT, 7, "bad-statement", "the party-key body within does not verify")             \
    X(UNSUPPORTED, 8, "unsupported", "this version has no rules for the kind")                    \
    X(REPEATED, 9, "repeated", "the same record stands earlier in this feed")                     \
    X(REVOKED, 10, "revoked", "signed by a key after its revocation")                             \
    X(NEEDS_SECOND, 20, "needs-second-officer", "the charter wants two officers")                 \
    X(MUST_BE_CLOSED, 21, "must-be-closed", "the charter closes this kind")                       \
    X(MUST_BE_OPEN, 22, "must-be-open", "this kind is always open")                               \
    X(NOT_IN_TABLE, 23, "not-in-table", "this position may not answer this kind")                 \
    X(NO_SUBJECT, 24, "no-subject", "what it answers is not held here")                           \
    X(SUSPENDED, 25, "suspended", "the author had suspended its part")                            \
    X(LEFT, 26, "left", "the author had left the channel")                                        \
    X(NOT_IN_FORCE, 27, "not-in-force", "the charter was not in force")                           \
    X(DISOWNED, 28, "disowned", "disowned by its party")                                          \
    X(NOT_ADOPTED, 29, "not-adopted", "the amendment was not adopted")                            \
    X(OUT_OF_TURN, 30, "out-of-turn", "not allowed in the present state")                         \
    X(CONTESTED, 31, "contested", "on one branch of a fork")                                      \
    X(UNKNOWN_RULES, 32, "unknown-rules", "the channel's rules version is not known here")        \
    X(WRONG_RECIPIENTS, 33, "wrong-recipients",                                                   \
      "its recipients leave out who must be one, or name who may not be")                           \
    X(NOT_ENTITLED, 34, "not-entitled", "its author has no part in what it would move")
enum rb_mark {
#define X(name, num, text, sentence) RB_MARK_##name = num,
    RB_MARK_LIST(X)
#undef X
};
const char *rb_mark_name(enum rb_mark m);
const char *rb_mark_text(enum rb_mark m);

struct rb_fact_extra; /* receipt, amendment, revocation: decoded once (book's own) */

struct rb_detached { /* of a closed record: what its leaf says of the body */
    struct rb_hash ciphertext;
    uint64_t size;
    size_t commitments_n;
    struct rb_hash *commitments; /* region; the body hash of a closed record is this list */
    bool opened; /* the body was read here: position, notice_class and body below are known */
};

struct rb_fact {
    struct rb_hash id; /* leaf hash: identity of the record */
    int64_t created_utc_ms;
    uint8_t kind;       /* 0 where unreadable */
    uint8_t mark;       /* enum rb_mark, first block */
    uint8_t precedence;
    uint8_t signers;    /* number of officers who signed validly */
    bool closed, emergency, reported;
    int8_t position;      /* enum rb_position_type, 0 = none, or closed and not opened here */
    int8_t notice_class;  /* -1 = none, or closed and not opened here */
    uint64_t recipients;  /* closed: bit set */
    uint64_t officers;    /* bit per officer index on the card in force, who signed */
    struct rb_demand demand;
    uint8_t seen_digest[RB_DIGEST_LEN];
    uint16_t seen_n;
    uint8_t seen_verdict; /* 0 not yet checkable here, 1 the digest checks, 2 it does not */
    uint32_t seen_tried;  /* 2: by how many leaves of forked feeds (book's own) */
    uint8_t *seen_branch; /* region, parallel to seen: the branch each entry was made of; NULL: 0 */
    uint8_t kids_n;       /* valid signers, node key included */
    uint8_t kids[RB_MAX_SIGNERS][RB_KID_LEN];
    uint8_t refs_n[RB_REF_TYPES];
    struct rb_seen_entry *seen; /* region */
    struct rb_hash *refs;       /* region; supersedes, answers, about, carries one after another */
    struct rb_slice body;       /* region copy, only for kinds the rules read: charter, amendment,
                                   membership, card, test, receipt, silence, service, position,
                                   delegation, rotation, revocation */
    struct rb_gist *gist; /* region; of instruments; NULL: none, or closed and not opened here */
    struct rb_fact_extra *extra; /* NULL for other kinds */
    struct rb_detached *detached; /* region; NULL for open records */
};

struct rb_feed {
    uint16_t member, epoch;
    bool has_log_key;
    struct rb_key log_key;
    char origin[RB_MAX_ORIGIN];
    size_t origin_n;
    struct rb_tree tree;      /* leaves stored; may be ahead of facts */
    struct rb_fact *facts;    /* facts_n <= tree.size */
    size_t facts_n, facts_cap;
    bool frozen;              /* fork proven: no larger checkpoint taken */
    bool common_known;        /* where frozen: a leaf at which two of its branches differ is held, so that */
    uint64_t common;          /* ... this many leaves in front are those that all branches share */
    uint8_t branch;           /* 0: the history held as the feed; 1..RB_MAX_BRANCHES: kept as evidence */
    struct rb_authority *authority; /* whose keys count at the next leaf (book's own) */
};

struct rb_book {
    struct rb_region *region;
    uint8_t channel[RB_CHANNEL_LEN];
    bool exercise;
    struct rb_slice charter_leaf;  /* region copy */
    struct rb_charter *charter;    /* the founding charter, decoded from charter_leaf (region) */
    uint16_t proposer;             /* member index */
    size_t members_n;              /* of the founding charter and adopted amendments' new members */
    struct rb_book_member {
        uint16_t index;
        struct rb_hash party;      /* party key hash */
        struct rb_card *card;      /* latest card held, by its owner's feed; region */
        struct rb_slice founding_card; /* as the charter carries it */
    } members[RB_MAX_MEMBERS];
    size_t feeds_n, feeds_cap;
    struct rb_feed **feeds;        /* ascending (member, epoch) */
    struct rb_book_index *index;   /* leaf hash -> (feed, leaf) */
};

/* Founds the book from a charter leaf: checks form, cards, unique handles, indexes and keys, that the
 * signer is an officer of the proposer's card, and the signature over the origin with an empty
 * channel. RB_ERR_MALFORMED, SIGNATURE, DENIED, LIMIT. Clauses 5.1.x */
enum rb_err rb_book_found(struct rb_book *b, struct rb_region *region, struct rb_slice charter_leaf,
                          struct rb_arena *work, struct rb_reject *rj) RB_MUST_USE;
void rb_book_free(struct rb_book *b);

struct rb_book_member *rb_book_member(struct rb_book *b, uint16_t index);               /* or NULL */
struct rb_book_member *rb_book_member_by_party(struct rb_book *b, const struct rb_hash *party);
struct rb_book_member *rb_book_member_by_handle(struct rb_book *b, struct rb_slice handle);
/* as the founding charter or an adopted amendment lists it */
const struct rb_member *rb_book_listed(const struct rb_book *b, uint16_t index);
struct rb_feed *rb_book_feed(const struct rb_book *b, uint16_t member, uint16_t epoch);  /* or NULL */
struct rb_feed *rb_book_feed_by_origin(const struct rb_book *b, struct rb_slice origin); /* or NULL */
/* largest epoch of a member's feeds, or NULL */
struct rb_feed *rb_book_latest_feed(const struct rb_book *b, uint16_t member);

/* Opens (member, epoch) with the party-key delegation of its log key: checks signature, origin,
 * party. Opening again with the same delegation is RB_OK. Clause 5.2.x */
enum rb_err rb_book_open_feed(struct rb_book *b, struct rb_slice signed_delegation,
                              struct rb_arena *work, struct rb_feed **out,
                              struct rb_reject *rj) RB_MUST_USE;

/* Another history of a frozen feed: a feed with the same member, epoch, origin and log key, and a branch
 * number of its own. It is judged leaf by leaf like any (rb_book_judge), from leaf 0 on, and stands in
 * book->feeds behind the others of (member, epoch). RB_ERR_LIMIT: RB_MAX_BRANCHES are there, or memory.
 * What the leaves of branches mean: clause 5.13 */
enum rb_err rb_book_open_branch(struct rb_book *b, struct rb_feed *feed, struct rb_arena *work,
                                struct rb_feed **out) RB_MUST_USE;
/* the branch, NULL if there is none; branch 0 is rb_book_feed */
struct rb_feed *rb_book_branch(const struct rb_book *b, uint16_t member, uint16_t epoch, uint8_t branch);
/* Works out now what all branches held here share in front (5.13), as each fold does by itself: more of
 * a branch, or all of it up to its note, is here. */
void rb_book_branch_whole(struct rb_book *b, struct rb_feed *branch);

/* Judges the next leaf of the feed (index facts_n) and appends its fact. The tree already has its
 * hash, or gets it here if facts_n == tree.size. Bad leaves get a mark, not an error; errors are
 * RB_ERR_LIMIT and RB_ERR_INTERNAL only. `trusted_mark` >= 0: verdict stored earlier by this node:
 * signatures are not checked again. */
enum rb_err rb_book_judge(struct rb_book *b, struct rb_feed *f, struct rb_slice leaf, int trusted_mark,
                          struct rb_arena *work) RB_MUST_USE;

/* The body of a closed record can be read here; the caller checked it against the leaf
 * (rb_sealed_check). Keeps what the rules read of it. Opened again: RB_OK. RB_ERR_LIMIT; MALFORMED
 * where it does not follow its grammar, which that check had seen. Clause 5.12 */
enum rb_err rb_book_open_body(struct rb_book *b, struct rb_feed *f, size_t leaf,
                              struct rb_slice body, struct rb_arena *work) RB_MUST_USE;
/* It cannot be read here any more (purged): as if it had never been opened; its copy is wiped. */
void rb_book_close_body(struct rb_book *b, struct rb_feed *f, size_t leaf);
/* the age key to seal to a member now: its latest card's, rotations in its feeds counted, not if
 * revoked (in anybody's feed). NULL: there is none. Borrows: valid until the next leaf is judged.
 * Clause 5.3.8 */
const struct rb_key *rb_book_age_key(const struct rb_book *b, uint16_t member);

/* where it stands in what is held as feeds, branches aside: that is where its body and its places are kept */
bool rb_book_find_held(const struct rb_book *b, const struct rb_hash *id, struct rb_feed **f,
                       size_t *leaf);
/* where a record stands: the place that counts (5.4.3, 5.13.4), on a branch perhaps */
bool rb_book_find(const struct rb_book *b, const struct rb_hash *id, struct rb_feed **f, size_t *leaf);
/* by a unique prefix of its hex (at least 8 digits); NOT_FOUND, or EXISTS if ambiguous */
enum rb_err rb_book_find_prefix(const struct rb_book *b, struct rb_slice hex, struct rb_feed **f,
                                size_t *leaf) RB_MUST_USE;
const struct rb_hash *rb_fact_refs(const struct rb_fact *f, enum rb_ref type, size_t *n);
/* the card in force for a member at a leaf of its own feed's end: keys for kid; *officer gets the
 * index on the card. NULL if no such key. */
const struct rb_key *rb_book_officer_key(const struct rb_book *b, uint16_t member,
                                         const uint8_t kid[RB_KID_LEN], size_t *officer);
/* the node, mirror or TLS key in force at a feed's end, by the cards, rotations and revocations that stand
 * in it; NULL: revoked there. Borrows until its next leaf is judged. Clause 5.3 */
const struct rb_key *rb_feed_role_key(const struct rb_feed *f, enum rb_key_role role);
/* the mirror key whose cosignatures count for a member (latest card; a rotation keeps old ones) */
enum rb_err rb_book_cosig_verify(const struct rb_book *b, uint16_t cosigner, const struct rb_feed *f,
                                 uint64_t size, uint64_t time_s,
                                 const uint8_t sig[RB_SIG_LEN]) RB_MUST_USE;
/* The same over a checkpoint's text, whether or not its leaves are held here, and which of those keys
 * it is. RB_ERR_SIGNATURE: none of them; NOT_FOUND: no such member. */
enum rb_err rb_book_cosig_key(const struct rb_book *b, uint16_t cosigner, struct rb_slice text,
                              uint64_t time_s, const uint8_t sig[RB_SIG_LEN],
                              struct rb_key *out) RB_MUST_USE;
/* whether a signature line (name, key id) is one of these keys' (4.2.7): other lines are passed over */
bool rb_book_is_mirror_key(const struct rb_book *b, uint16_t member, struct rb_slice name, uint32_t key_id);
/* seen entries of a record to be made by `member` now: what changed since its running vector, trimmed
 * to max entries; the digest over them. */
enum rb_err rb_book_seen(const struct rb_book *b, uint16_t member, uint16_t epoch, size_t max,
                         struct rb_record *rec, struct rb_arena *work) RB_MUST_USE;
#endif
