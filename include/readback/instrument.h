/* Bodies of the instruments (design §8, spec 3.6.12 to 3.6.23): what the parties agree, ask, dispute
 * and owe each other. Form only: what becomes of them the situation derives (rules.h, spec 16).
 *
 * Every decode checks the body against its grammar and leaves *out alone unless it returns RB_OK;
 * slices borrow from `body`, lists lie in the arena `a`. RB_ERR_MALFORMED with key, clause and
 * offset; RB_ERR_LIMIT where the arena has no room; what a failed one took of the arena stays taken. */
#ifndef READBACK_INSTRUMENT_H
#define READBACK_INSTRUMENT_H
#include "readback/record.h"

#define RB_MAX_HASHES 16u   /* references within one body */
#define RB_MAX_NAMES 64u    /* names of those who are no members */
#define RB_MAX_STEPS 64u    /* of an agreement */
#define RB_MAX_SUBJECTS 256u /* of a designation */

struct rb_hashes { /* leaf hashes in the author's order, none twice */
    size_t n;
    struct rb_hash h[RB_MAX_HASHES];
};
struct rb_name_list {
    size_t n;
    struct rb_slice *name; /* in the caller's arena */
};
struct rb_period { /* either end may be open */
    bool has_from, has_to;
    int64_t from_utc_ms, to_utc_ms;
};

/* How a text, cessation, agreement or readout is adopted (3.6.31); the charter says it of amendments.
 * All absent: every active member of role party or guarantor must accept, without a deadline. */
struct rb_adoption {
    enum rb_rule_type rule;
    uint16_t quorum;    /* with RB_RULE_QUORUM and RB_RULE_QUORUM_VETO: how many must accept */
    uint64_t veto;      /* with RB_RULE_QUORUM_VETO: who may block */
    bool has_by;        /* RB_RULE_SILENCE: always */
    int64_t by_utc_ms;  /* until when positions count */
    uint64_t of;        /* whose positions count, by bits; 0 = as said above */
};

struct rb_request { /* 3.6.12; until when, the envelope's demand says, of the same members */
    struct rb_slice title, text;
    uint64_t of; /* of whom; 0 = of all who can read it */
    size_t volumes_n;
    struct rb_volume *volumes;
};
enum rb_err rb_request_decode(struct rb_slice body, struct rb_arena *a, struct rb_request *out,
                              struct rb_reject *rj) RB_MUST_USE;

struct rb_cessation { /* 3.6.14 */
    struct rb_slice title, text;
    size_t volumes_n; /* 0 = no area stated */
    struct rb_volume *volumes;
    int64_t start_utc_ms;
    bool has_end; /* absent: until it is ended */
    int64_t end_utc_ms;
    uint64_t length_ms;  /* as its words state it ("72 hours"); 0 = they do not */
    uint64_t parties;    /* 0 = unilateral: its author alone is bound */
    uint64_t guarantors, monitors;
    bool has_adoption;
    struct rb_adoption adoption;
    struct rb_hashes exclusions; /* designations */
    bool has_extends;
    struct rb_hash extends; /* the cessation that it makes longer */
};
enum rb_err rb_cessation_decode(struct rb_slice body, struct rb_arena *a, struct rb_cessation *out,
                                struct rb_reject *rj) RB_MUST_USE;

struct rb_incident { /* 3.6.15: one side's assertion */
    struct rb_slice title, text, what, attributed_to;
    struct rb_period when;
    size_t volumes_n;
    struct rb_volume *volumes;
    bool has_violates;
    struct rb_hash violates;  /* the cessation or agreement that it is said to break */
    struct rb_hashes same_as; /* incidents that it says are this one */
};
enum rb_err rb_incident_decode(struct rb_slice body, struct rb_arena *a, struct rb_incident *out,
                               struct rb_reject *rj) RB_MUST_USE;

enum rb_finding_stage { RB_FINDING_ASSIGNED = 0, RB_FINDING_VISIT = 1, RB_FINDING_CONCLUDED = 2 };
/* 0: none, for it is of another stage */
enum rb_finding_result { RB_FINDING_CONFIRMED = 1, RB_FINDING_UNFOUNDED = 2, RB_FINDING_INCONCLUSIVE = 3,
                         RB_FINDING_NOT_ATTRIBUTABLE = 4, RB_FINDING_SUSPENDED = 5 };
enum rb_visit_outcome { RB_VISIT_MADE = 1, RB_VISIT_DENIED = 2, RB_VISIT_HINDERED = 3 };
struct rb_finding { /* 3.6.16 */
    enum rb_finding_stage stage;
    enum rb_finding_result result; /* concluded alone */
    struct rb_hashes incidents;
    uint64_t monitors; /* assigned: to whom */
    bool has_at;
    int64_t at_utc_ms;             /* visit: when */
    enum rb_visit_outcome outcome; /* visit alone */
    struct rb_slice text, attributed_to;
};
enum rb_err rb_finding_decode(struct rb_slice body, struct rb_finding *out,
                              struct rb_reject *rj) RB_MUST_USE;

enum rb_figure_what { RB_FIGURE_KILLED = 0, RB_FIGURE_INJURED = 1, RB_FIGURE_MISSING = 2,
                      RB_FIGURE_DISPLACED = 3 };
enum rb_figure_status { RB_FIGURE_CLAIM = 0, RB_FIGURE_ESTIMATE = 1, RB_FIGURE_CONFIRMED = 2,
                        RB_FIGURE_INCONCLUSIVE = 3, RB_FIGURE_REJECTED = 4, RB_FIGURE_COUNT_STOPPED = 5 };
struct rb_figure { /* 3.6.17: never summed, never more than was said */
    enum rb_figure_what what;
    bool has_low, has_high; /* either may be open */
    uint64_t low, high;
    struct rb_slice as_stated;  /* "more than 1,000" */
    struct rb_slice class_, group, attributed_to, area, counted_by, source, method;
    size_t volumes_n;
    struct rb_volume *volumes;
    struct rb_period period;
    uint64_t sources; /* how many stand behind it; 0 = not stated */
    enum rb_figure_status status;
    struct rb_hashes incidents;
};
enum rb_err rb_figure_decode(struct rb_slice body, struct rb_arena *a, struct rb_figure *out,
                             struct rb_reject *rj) RB_MUST_USE;

enum rb_side { RB_SIDE_INSIDE = 0, RB_SIDE_OUTSIDE = 1 };
struct rb_subject {
    struct rb_slice name, also, note; /* also, note: may be empty */
};
struct rb_designation { /* 3.6.18: who or which area is inside or outside an instrument */
    struct rb_slice title, reason;
    enum rb_side side;
    size_t subjects_n, volumes_n;
    struct rb_subject *subjects;
    struct rb_volume *volumes;
    bool has_of;
    struct rb_hash of; /* the instrument */
};
enum rb_err rb_designation_decode(struct rb_slice body, struct rb_arena *a,
                                  struct rb_designation *out, struct rb_reject *rj) RB_MUST_USE;

struct rb_text { /* 3.6.19 */
    struct rb_slice title, explanation;
    uint64_t version;
    size_t paragraphs_n;
    struct rb_slice *paragraphs;
    bool has_previous;
    struct rb_hash previous;
    bool has_adoption;
    struct rb_adoption adoption;
    bool has_pen;
    uint16_t pen;           /* who writes the next version; absent: its author */
    size_t bracketed_n;
    uint16_t *bracketed;    /* paragraphs that are not agreed, counted from 1, ascending */
};
enum rb_err rb_text_decode(struct rb_slice body, struct rb_arena *a, struct rb_text *out,
                           struct rb_reject *rj) RB_MUST_USE;
/* Part 0 of a closed text (9.1.4), whose fields the caller has checked against the grammar: all but
 * the paragraphs, of which there are so many. */
enum rb_err rb_text_heading_decode(struct rb_slice heading, size_t paragraphs, struct rb_arena *a,
                                   struct rb_text *out, struct rb_reject *rj) RB_MUST_USE;

struct rb_step {
    uint16_t number; /* counted from 1 */
    struct rb_slice what;
    bool has_owner;
    uint16_t owner;         /* a member */
    struct rb_slice by;     /* or the name of who is none; may be empty */
    bool has_due;
    int64_t due_utc_ms;
};
struct rb_agreement { /* 3.6.20 */
    struct rb_slice title, text;
    bool has_adopts;
    struct rb_hash adopts; /* the text that was agreed */
    uint64_t parties;
    struct rb_name_list others; /* parties that are no members */
    size_t steps_n;
    struct rb_step *steps;
    bool has_adoption;
    struct rb_adoption adoption;
    bool has_signed_at;
    int64_t signed_at_utc_ms;
};
enum rb_err rb_agreement_decode(struct rb_slice body, struct rb_arena *a, struct rb_agreement *out,
                                struct rb_reject *rj) RB_MUST_USE;

enum rb_progress_state { RB_PROGRESS_BEGUN = 0, RB_PROGRESS_DONE = 1, RB_PROGRESS_DELAYED = 2,
                         RB_PROGRESS_NOT_DONE = 3 };
struct rb_progress { /* 3.6.21 */
    struct rb_hash agreement;
    uint16_t step;
    enum rb_progress_state state;
    struct rb_slice text;
    bool has_expected; /* delayed: until when */
    int64_t expected_utc_ms;
};
enum rb_err rb_progress_decode(struct rb_slice body, struct rb_progress *out,
                               struct rb_reject *rj) RB_MUST_USE;

enum rb_contact_way {
    RB_CONTACT_CALL = 0,
    RB_CONTACT_MEETING = 1,
    RB_CONTACT_MESSAGE = 2,
    RB_CONTACT_UNSAID = 3
};
enum rb_contact_stage { RB_CONTACT_ASKED = 0, RB_CONTACT_HELD = 1 };
struct rb_contact { /* 3.6.22 */
    enum rb_contact_way way;
    struct rb_slice title, level, agenda;
    enum rb_contact_stage stage;
    uint64_t with;
    struct rb_name_list others;
    bool has_at;
    int64_t at_utc_ms;
    uint32_t minutes; /* 0 = not stated */
};
enum rb_err rb_contact_decode(struct rb_slice body, struct rb_arena *a, struct rb_contact *out,
                              struct rb_reject *rj) RB_MUST_USE;

struct rb_readout { /* 3.6.23 */
    struct rb_slice title, text, by;
    bool has_contact;
    struct rb_hash contact;
    bool has_at;
    int64_t at_utc_ms;
};
enum rb_err rb_readout_decode(struct rb_slice body, struct rb_readout *out,
                              struct rb_reject *rj) RB_MUST_USE;

/* ---- the gist: what the rules read of a body -------------------------------------------------- */
/* Kept in memory for each instrument that can be read here; words, places and names stay in the store. */
struct rb_gist_step {
    uint16_t number, owner;
    bool has_owner, has_due;
    int64_t due_utc_ms;
};
struct rb_gist {
    enum rb_kind kind;
    struct rb_hash body; /* SHA-256 of the body: its hash where the record is open (3.6) */
    bool has_to;       /* the record that it goes on from: text: previous; cessation: extends; */
    struct rb_hash to; /* ... progress: its agreement; readout: its contact */
    uint64_t members;  /* request: of; cessation, agreement: parties; contact: with; finding: monitors */
    uint64_t guarantors, monitors; /* cessation */
    bool has_adoption;
    struct rb_adoption adoption;
    bool has_start, has_end; /* cessation: from, to; finding, contact, readout: at is the start; */
    int64_t start_utc_ms, end_utc_ms; /* ... progress: what is expected is the end */
    uint64_t length_ms;      /* cessation, as its words state it */
    size_t volumes_n;        /* cessation */
    size_t others_n;         /* agreement, contact: parties that are no members */
    uint64_t version;        /* text */
    uint16_t paragraphs_n, bracketed_n;
    bool has_pen;
    uint16_t pen;
    uint16_t step; /* progress */
    uint8_t stage; /* finding, contact */
    uint8_t value; /* finding: result or outcome; figure: status; designation: side; progress: state */
    size_t hashes_n;        /* finding: incidents; incident: same-as; cessation: exclusions */
    struct rb_hash *hashes; /* in the arena, as are the steps */
    size_t steps_n;         /* agreement */
    struct rb_gist_step *steps;
};
/* kinds that have one: all of this header */
bool rb_kind_is_instrument(enum rb_kind k);
/* As a decode. `body` is not borrowed from. */
enum rb_err rb_gist_read(enum rb_kind k, struct rb_slice body, struct rb_arena *a, struct rb_gist *out,
                         struct rb_reject *rj) RB_MUST_USE;

/* names as in --json and on the command line; "?" if unknown */
const char *rb_rule_name(enum rb_rule_type r);
const char *rb_finding_stage_name(enum rb_finding_stage s);
const char *rb_finding_result_name(enum rb_finding_result r);
const char *rb_visit_outcome_name(enum rb_visit_outcome o);
const char *rb_figure_what_name(enum rb_figure_what w);
const char *rb_figure_status_name(enum rb_figure_status s);
const char *rb_side_name(enum rb_side s);
const char *rb_progress_state_name(enum rb_progress_state s);
const char *rb_contact_way_name(enum rb_contact_way w);
const char *rb_contact_stage_name(enum rb_contact_stage s);
#endif
