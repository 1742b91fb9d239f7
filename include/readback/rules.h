/* Rules and the situation (design §1.4, §5, §8): one pure function of the leaves, the receipts logged
 * in feeds, the bodies readable here, and `now`. Same inputs, same bytes, whatever the order of
 * arrival. */
#ifndef READBACK_RULES_H
#define READBACK_RULES_H
#include "readback/book.h"

#define RB_RULES_VERSION 1u

/* ---- admission: the one place for what a record must satisfy --------------------------------- */
/* Used before release (on drafts and submissions) and in the fold. Returns the mark that the record
 * would get under this charter, given its author's standing: NEEDS_SECOND, MUST_BE_CLOSED,
 * MUST_BE_OPEN, WRONG_RECIPIENTS, NOT_IN_TABLE, SUSPENDED, LEFT, NOT_IN_FORCE or NONE. */
struct rb_standing {
    bool in_force, suspended, left;
    uint16_t author;         /* member index: a closed record's author is one of its recipients */
    uint16_t subject_author; /* of what a position answers, where `subject` is given */
    bool subject_on_charter; /* which itself is a position on a charter or amendment */
    bool subject_queries_own; /* which itself is a query about a record of the author's, or a closed
                                 position about one that was not opened here: confirm may answer it */
};
/* sets what the standing, whose author is set, says of the subject: leaf of f */
void rb_standing_about(struct rb_standing *standing, const struct rb_book *b,
                       const struct rb_feed *f, size_t leaf);
enum rb_mark rb_rules_admit(const struct rb_charter *c, const struct rb_fact *fact,
                            const struct rb_fact *subject, bool own_subject,
                            const struct rb_standing *standing);
/* must two officers sign this kind under the charter? (never: stop-fire, read, passed-down, incident) */
bool rb_rules_needs_two(const struct rb_charter *c, enum rb_kind kind, int position_type);
bool rb_rules_must_close(const struct rb_charter *c, enum rb_kind kind, int notice_class);
/* How long bodies of this kind are kept, in days; 0 = for good. */
uint32_t rb_rules_keep_days(const struct rb_charter *c, enum rb_kind kind);
/* What a holder may show to outsiders of a closed record of this kind. The charter's clause binds all;
 * where it has none, the author (`own`) may show the whole, the others the fact. */
enum rb_disclosure rb_rules_disclosure(const struct rb_charter *c, enum rb_kind kind, bool own);

/* ---- the situation --------------------------------------------------------------------------- */
enum rb_charter_state { RB_CHARTER_PROPOSED, RB_CHARTER_IN_FORCE, RB_CHARTER_LAPSED, RB_CHARTER_REJECTED,
                        RB_CHARTER_CONTESTED_BY_TIME, RB_CHARTER_UNKNOWN_RULES };
const char *rb_charter_state_name(enum rb_charter_state s);
enum rb_due_state { RB_DUE_PENDING, RB_DUE_MET, RB_DUE_MISSED, RB_DUE_CONTESTED_BY_TIME };
const char *rb_due_state_name(enum rb_due_state s);

/* What has become of an instrument (spec 16). Names are stable in --json. */
#define RB_STATE_LIST(X)                                                                          \
    X(MARKED, "marked")           /* its record bears a mark: it is none */                        \
    X(UNREAD, "unread")           /* closed, and not opened here: nothing is derived */            \
    X(STANDS, "stands")                                                                           \
    X(SUPERSEDED, "superseded")                                                                   \
    X(WITHDRAWN, "withdrawn")                                                                     \
    X(PROPOSED, "proposed")       /* cessation, agreement */                                       \
    X(CIRCULATED, "circulated")   /* text */                                                       \
    X(REPLACED, "replaced")       /* text: by its next version */                                  \
    X(ADOPTED, "adopted")                                                                         \
    X(NOT_ADOPTED, "not-adopted")                                                                 \
    X(LAPSED, "lapsed")                                                                           \
    X(CONTESTED_BY_TIME, "contested-by-time")                                                     \
    X(AGREED, "agreed")           /* cessation: adopted, its start is ahead */                     \
    X(DECLARED, "declared")       /* the same by one side's word */                                \
    X(IN_FORCE, "in-force")                                                                       \
    X(ENDED, "ended")                                                                             \
    X(BROKEN_OFF, "broken-off")                                                                   \
    X(AS_REPORTED, "as-reported") /* agreement without a member as party */                        \
    X(ASKED, "asked")             /* request, contact: not everybody asked has answered */         \
    X(ANSWERED, "answered")       /* request: everybody has, and somebody's work is not done */    \
    X(COMPLIED, "complied")       /* request: by everybody asked */                                \
    X(REFUSED, "refused")         /* request: everybody asked cannot comply, or declined */        \
    X(UNANSWERED, "unanswered")   /* request, contact: the time demanded is past */                \
    X(ACCEPTED, "accepted")       /* contact: by everybody asked */                                \
    X(DECLINED, "declined")       /* contact: by somebody */                                       \
    X(HELD, "held")               /* contact: by one side's account */                             \
    X(HELD_BY_BOTH, "held-by-both-accounts")                                                      \
    X(NOT_DELIVERED, "not-delivered") /* request, contact: the time demanded is past, and who has not    \
                                         answered is not known to have held it by then */
enum rb_state {
#define X(name, text) RB_STATE_##name,
    RB_STATE_LIST(X)
#undef X
};
const char *rb_state_name(enum rb_state s);

struct rb_place {
    uint32_t feed; /* index in book->feeds */
    uint32_t leaf;
};
#define RB_NOWHERE UINT32_MAX
struct rb_sit_record { /* parallel to order[] */
    struct rb_place place;
    uint8_t mark;           /* final mark (book's or the situation's) */
    uint8_t contested;      /* 1: past the common part of a forked feed */
    uint32_t first_answer;  /* index into answers[], RB_NOWHERE = none */
    uint32_t superseded_by; /* index in order[], RB_NOWHERE = none; of an instrument what ended it
                               (spec 16.11.4) */
    uint32_t carried_as;    /* reserved: RB_NOWHERE */
    uint32_t also;          /* the same record logged on another branch: its place there, index in
                               order[], marked repeated; RB_NOWHERE = none (more) */
    uint32_t instrument;    /* index in instruments[], RB_NOWHERE = it is none, or bears a mark */
    uint32_t first_entry;   /* index in entries[], RB_NOWHERE = none */
    uint64_t bodies;        /* closed: members whose receipts say that they hold its body */
    uint64_t purged;        /* closed: members whose service records say that they purged its body */
};
struct rb_sit_answer { /* a position, linked to what it answers */
    uint32_t subject, answer; /* indexes in order[] */
    uint32_t next;            /* next answer to the same subject, RB_NOWHERE = last */
};
struct rb_sit_held { /* step function: all leaves below size held since time_s, by the cosigner's own clock */
    uint64_t size, time_s;
};
struct rb_sit_member {
    uint16_t index;
    bool accepted, rejected, suspended, left, active;
    bool accept_contested_by_time;
    int group;                     /* index in charter groups, -1 */
    bool lead;
    uint32_t latest_feed;          /* index in feeds or RB_NOWHERE */
    int64_t last_created_utc_ms;   /* of its records, by its own clock; 0 = none */
    uint64_t last_test_slot;       /* greatest slot of its tests held here; 0 = none */
    uint32_t tests_missed;         /* slots due by now without its test, since the charter is in force,
                                      counted back from the latest due one to its last test */
};
struct rb_sit_due { /* somebody owes an answer */
    uint32_t subject;   /* index in order[] */
    uint16_t member;    /* who owes it */
    uint8_t position;   /* what is demanded */
    uint8_t state;      /* enum rb_due_state */
    uint32_t answer;    /* index in order[] or RB_NOWHERE. PENDING with an answer: one that is
                           closed and was not read here, so that it may be what was demanded */
    int64_t due_utc_ms;
};
struct rb_sit_silence {
    uint32_t record;  /* order index of the silence record */
    uint32_t subject; /* order index or RB_NOWHERE */
    uint16_t member;
};
struct rb_sit_instrument { /* a record of an instrument's kind that bore no mark when it was walked */
    uint32_t record;  /* index in order[]; instruments[] follows it */
    uint32_t lot;     /* index in lots[] */
    uint32_t entry;   /* index in entries[]: its own in that lot */
    uint8_t state;    /* enum rb_state */
    int64_t since_utc_ms; /* adopted: since when; 0 = not known */
    /* a cessation that is agreed, declared or in force: when it holds; INT64_MAX: until it is ended */
    int64_t from_utc_ms, to_utc_ms;
    bool prolongs; /* the same, and it goes on without a gap from what it extends: that one's end is
                      moved, and its areas hold as long */
    bool declared; /* the same, and it holds by its author's word alone */
    const struct rb_charter *charter; /* in force where it stands */
    uint64_t active;                  /* members active there, by bits */
};
struct rb_sit_entry { /* a record in a lot (lot.h) */
    uint32_t lot, record;
    uint32_t on;    /* entry of the lot: what a position answers, what an instrument goes on from or
                       supersedes, the incident a finding names, or what it ends there; RB_NOWHERE = none that is here */
    uint32_t next;  /* of the lot, in the order */
    uint32_t again; /* of the same record, in another lot or on another entry */
    uint8_t mark;   /* it moves nothing in this lot. An instrument bears that of its own entry; a position
                       or a finding one where all of its entries that have an `on` do */
};
struct rb_sit_lot {
    uint8_t kind; /* of its first record */
    uint32_t first, last; /* entries */
    uint32_t n;
};
/* An amendment that words or its hour may still adopt: members by bits. What counts is each one's last
 * word as 5.9.4 takes it: not late, not taken back. */
struct rb_sit_amendment {
    uint32_t record;                  /* index in order[] */
    uint64_t voices, veto;            /* whose words decide it now, by the rule of s->charter */
    uint64_t accepted, rejected;      /* its proposer's acceptance among them */
    uint64_t other;                   /* abstain, dissociate */
    uint64_t contested;               /* said accept, contested by time: that is none */
};
struct rb_situation {
    int64_t now_utc_ms;
    const struct rb_book *book;
    struct rb_charter *charter;     /* in force (or proposed): decoded, arena */
    uint32_t charter_record;        /* order index of the charter or amendment */
    enum rb_charter_state charter_state;
    int64_t in_force_since_utc_ms;  /* T of the last acceptance that counted, or the hour that adopted it; 0 = not known */
    size_t members_n;
    struct rb_sit_member members[RB_MAX_MEMBERS];
    size_t order_n;
    struct rb_sit_record *order;
    uint32_t **order_of;            /* order_of[feed][leaf] = index in order[]; what a branch shares
                                       with others is in order[] once */
    uint32_t *stem;                 /* [feed] whose leaves a branch's first ones are; RB_NOWHERE: its own */
    uint32_t *shared;               /* [feed] how many */
    size_t answers_n;
    struct rb_sit_answer *answers;
    size_t dues_n;
    struct rb_sit_due *dues;
    size_t silences_n;
    struct rb_sit_silence *silences;
    size_t open_texts_n;            /* texts circulated: order indexes */
    uint32_t *open_texts;
    size_t instruments_n, entries_n, lots_n;
    struct rb_sit_instrument *instruments;
    struct rb_sit_entry *entries;
    struct rb_sit_lot *lots;
    uint64_t looks;                 /* entries of lots and proposals looked at, so far: work that tests count;
                                       not among the bytes of the situation */
    size_t amendments_n;
    struct rb_sit_amendment *amendments; /* not among the bytes: they follow from them */
    size_t *held_n;                 /* [feed * RB_MAX_MEMBERS + member index slot], of that branch */
    struct rb_sit_held **held;
};
/* Folds the whole book. Everything is in `arena` (bounded by the book's size); RB_ERR_LIMIT if it does
 * not fit. Verifies cosignatures in receipts once and remembers the verdict in the book (region). */
enum rb_err rb_situation_fold(struct rb_book *b, int64_t now_utc_ms, struct rb_arena *arena,
                              struct rb_situation *out) RB_MUST_USE;
/* deterministic CBOR of all of it: the bytes that two nodes compare */
void rb_situation_encode(const struct rb_situation *s, struct rb_writer *w);

/* who holds: earliest T logged for that peer that covers the leaf. false: not known to be held.
 * A closed record is held only when the recipient's receipt of bodies covers it too. The author
 * itself holds its own (T 0). */
bool rb_situation_held(const struct rb_situation *s, uint32_t order, uint16_t member,
                       uint64_t *since_time_s);
/* first answer of that type by that member, RB_NOWHERE if none; what it logs as reported is another's
 * word */
uint32_t rb_situation_answer(const struct rb_situation *s, uint32_t order, uint16_t member,
                             enum rb_position_type type);
/* of amendments[]; NULL: it may not be adopted any more, or is none */
const struct rb_sit_amendment *rb_situation_amendment(const struct rb_situation *s, uint32_t order);
const struct rb_fact *rb_situation_fact(const struct rb_situation *s, uint32_t order);
uint16_t rb_situation_author(const struct rb_situation *s, uint32_t order);
/* order index of a record id, RB_NOWHERE if not held */
uint32_t rb_situation_find(const struct rb_situation *s, const struct rb_hash *id);
/* who may read the record (members' bit set) */
uint64_t rb_situation_readers(const struct rb_situation *s, uint32_t order);
/* standing of a member as an author; what is said of a subject is not set */
struct rb_standing rb_situation_standing(const struct rb_situation *s, uint16_t member);
#endif
