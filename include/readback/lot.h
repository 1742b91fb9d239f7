/* What has become of the instruments (design §8, spec 16). Records that make one instrument are a *lot*:
 * the versions of a text, a cessation and what extends it, an agreement and its progress, a contact and its
 * readouts; every other instrument is a lot by itself, with what supersedes it; findings stand in the lots
 * of the incidents they name, too. With them go the positions on them, and the positions on these.
 *
 * A lot is settled by itself, from its entries in the channel's order, from when they were held, and from
 * `now`; nothing of charter, order, dues and holders depends on it (16.1.2). What is not read here is
 * never guessed: an instrument whose body was not opened is `unread`, and so is what rests on it. */
#ifndef READBACK_LOT_H
#define READBACK_LOT_H
#include "readback/adopt.h"
#include "readback/rules.h"

/* ---- text (16.3) ------------------------------------------------------------------------------ */
struct rb_voice { /* what one member says of something that is to be adopted */
    uint16_t member;
    bool elector;     /* its position counts, by its own voice or its lead's */
    bool speaks;      /* by its own: no lead speaks for it */
    bool veto;
    struct rb_stance stance;
    uint8_t position; /* enum rb_position_type of its last word, 0 = none */
    uint32_t record;  /* which says so, index in order[]; RB_NOWHERE = none; the author's own: the instrument */
    int64_t t_ms;     /* by when it was held, by 5.8; 0 = not known */
    bool forked;      /* past the common part of a forked feed: does not count */
};
struct rb_adoption_view {
    enum rb_rule_type rule;
    unsigned quorum;
    bool has_by;
    int64_t by_utc_ms;
    struct rb_electorate electorate;
    uint64_t unread;      /* voices, or its author, that took a closed position which was not opened here */
    uint64_t dated;       /* adopted at its hour: voices whose rejection, veto, or taking back of an
                             acceptance is dated in time, and not known to be held in time by anybody */
    size_t voices_n; /* electors, and whoever else took a position; by member */
    struct rb_voice voices[RB_MAX_MEMBERS];
    enum rb_adoption_state state;
    int64_t since_utc_ms; /* adopted: the largest T that counted; 0 = not known */
};
struct rb_dissociation {
    uint16_t member;
    uint32_t record;
    size_t paragraphs_n; /* 0 = from the whole */
    const uint16_t *paragraphs; /* ascending, from 1 */
};
struct rb_text_version {
    uint32_t instrument; /* index in instruments[] */
    uint64_t version;    /* as its author counts */
    uint16_t author, pen; /* who wrote it; who writes the next one, RB_MAX_MEMBERS = not read here */
    uint32_t previous;   /* index in versions: what it goes on from or supersedes; RB_NOWHERE = the first */
    uint16_t bracketed_n;
    struct rb_adoption_view adoption;
    size_t apart_n;
    const struct rb_dissociation *apart;
};
struct rb_text_line {
    size_t versions_n; /* in the order, those marked left out */
    const struct rb_text_version *versions;
    uint32_t latest;   /* index in versions of the last one, RB_NOWHERE = withdrawn or superseded */
};

/* ---- cessation (16.4) ------------------------------------------------------------------------- */
struct rb_accession {
    uint32_t record;  /* the position, index in order[] */
    uint16_t member;  /* who acceded, or the guarantor that logs it as reported */
    bool reported;    /* of one who is no member: `by` of the position's body says who */
    uint32_t withdrawn; /* the withdrawal, index in order[]; RB_NOWHERE = none */
    int64_t until_ms;   /* withdrawn: bound until this T; 0 = not known to be held yet: still bound */
    enum rb_deadline_verdict { RB_IN_TIME, RB_TOO_LATE, RB_TIME_CONTESTED } verdict;
    int64_t t_ms;
};
struct rb_withdrawal {
    uint16_t member;
    uint32_t record;
    int64_t until_ms; /* bound until this T; 0 = not known to be held yet: still bound */
};
struct rb_cessation_view { /* of one cessation or extension of the lot */
    uint32_t instrument;
    uint32_t extends;    /* index in the lot's list, RB_NOWHERE = it extends none (that is here) */
    bool known;          /* false: marked, or it or what it extends is unread: nothing below is filled in */
    bool declared;       /* by its author alone */
    bool as_reported;    /* by others, as its author says */
    struct rb_adoption_view adoption; /* declared: adopted by its author's word; as reported: not filled in */
    int64_t start_utc_ms; /* adopted later than it says: from then on */
    int64_t end_utc_ms;   /* of what extends it without a gap, where that is later */
    bool has_end;         /* false: until it is ended */
    uint64_t bound;      /* members bound now, by bits; 0 unless agreed, declared or in force */
    int64_t length_differs_ms; /* stated less real length; 0 = none stated, or the same */
    int64_t gap_ms;      /* an extension: from the end of what it extends to its start; 0 = none */
    bool alone;          /* an extension that is adopted, and not said by all whom that one binds, or that
                            one is broken off: it moves nothing of it, and binds its own */
    size_t accessions_n, withdrawals_n;
    const struct rb_accession *accessions;
    const struct rb_withdrawal *withdrawals;
};
struct rb_cessation_lot {
    size_t n;
    const struct rb_cessation_view *cessations; /* in the order; of one that is marked or unread, only which it is */
};

/* ---- agreement (16.9) ------------------------------------------------------------------------- */
enum rb_step_state { RB_STEP_OPEN, RB_STEP_BEGUN, RB_STEP_DONE, RB_STEP_DELAYED, RB_STEP_NOT_DONE };
struct rb_step_view {
    uint16_t number;
    enum rb_step_state state;
    uint32_t report;      /* the last one, index in order[]; RB_NOWHERE = none */
    uint64_t confirmed, disputed; /* members' last words on that report, by bits */
    bool has_due, has_expected;
    int64_t due_utc_ms, expected_utc_ms;
    bool overdue;  /* what is expected, or else due, is past, and it is not done; of what is adopted or as
                      reported */
    bool late, contested_by_time; /* done, and not known to be so by then */
};
struct rb_agreement_view { /* of one agreement of the lot: superseded ones stand beside the latest */
    uint32_t instrument;
    bool known;       /* false: marked, or it or what it supersedes is unread: nothing below is filled in */
    bool as_reported; /* no member is party to it; adoption is not filled in then */
    struct rb_adoption_view adoption;
    size_t steps_n;
    const struct rb_step_view *steps;
};
struct rb_agreement_lot {
    size_t n;
    const struct rb_agreement_view *agreements;
};

/* ---- request (16.8), contact (16.10) ---------------------------------------------------------- */
struct rb_asked { /* of one member asked */
    uint16_t member;
    uint8_t answer;   /* enum rb_position_type of its last allowed answer, 0 = none that is read here */
    uint32_t record;  /* that answer, index in order[]; without one the first that is unread; RB_NOWHERE = none */
    bool delivered;   /* known to hold it */
    int64_t delivered_utc_ms;  /* since this T; 0 = not known to */
    bool unanswered;  /* an answer was demanded of it by a time that is past, and there is none */
    bool undelivered;  /* unanswered, and not known to have held it by then: an outage, maybe */
    bool late, contested_by_time; /* its first answer, against the time demanded */
    bool unread;      /* a closed position that was not opened here may be its last answer */
};
struct rb_request_view {
    uint32_t instrument;
    bool has_by;
    int64_t by_utc_ms;
    size_t asked_n;
    const struct rb_asked *asked;
};
struct rb_request_lot {
    size_t n; /* a request and what supersedes it */
    const struct rb_request_view *requests;
};
struct rb_readout_view {
    uint32_t instrument;
    uint32_t contact; /* index in instruments[], RB_NOWHERE = it stands alone */
    uint16_t author;
    uint64_t same; /* members whose readouts of it have the same body hash (3.6), its author among them */
    bool agreed;   /* two of them took part in the contact */
    uint64_t accepted, rejected; /* others' last words on it: beside it, and no agreed readout */
};
struct rb_contact_view {
    uint32_t instrument;
    bool has_by;
    int64_t by_utc_ms;
    bool known; /* false: unread: nothing below is filled in */
    bool asked; /* else logged as held by its author */
    size_t asked_n;
    const struct rb_asked *members; /* ACCEPT, DECLINED or TOOK_PLACE */
    uint64_t took_place; /* who says that it was held, by bits, the author of a held one among them */
    bool both_accounts;  /* by two of different affiliation and group */
};
struct rb_contact_lot {
    size_t contacts_n, readouts_n;
    const struct rb_contact_view *contacts; /* one and what supersedes it; none where readouts stand alone */
    const struct rb_readout_view *readouts;
    bool agreed; /* two of those who took part have the same readout */
};

/* ---- incident, finding (16.5) ----------------------------------------------------------------- */
struct rb_column { /* one member's last word on an assertion or finding */
    uint16_t member;
    uint8_t position; /* confirm, dispute; 0 = none that is read here */
    uint32_t record;  /* index in order[], RB_NOWHERE = none */
    bool unread;      /* a closed position that was not opened here may be its last word */
};
struct rb_finding_view {
    uint32_t instrument;
    uint16_t author;
    enum rb_finding_stage stage;
    uint8_t value;      /* result or outcome */
    uint64_t assigned;  /* stage assigned: monitors */
    size_t columns_n;
    const struct rb_column *columns;
};
struct rb_assertion_view {
    uint32_t instrument;
    uint16_t author;
    size_t attachments_n; /* of its author, about one of its versions (3.4.7); 0 = no evidence attached */
    size_t columns_n;
    const struct rb_column *columns;
    size_t findings_n;
    const struct rb_finding_view *findings;
};
struct rb_incident_view { /* all assertions that are one incident */
    uint32_t instrument; /* the first of them in the order: its leaf hash is the id */
    size_t assertions_n;
    const struct rb_assertion_view *assertions;
    size_t proposed_n;   /* other ids with which somebody proposes to merge it (16.5.2) */
    const uint32_t *proposed; /* instruments */
};

/* ---- asking ----------------------------------------------------------------------------------- */
/* Settles the lot again, into the arena. RB_ERR_NOT_FOUND: the lot is of another kind. RB_ERR_LIMIT. */
enum rb_err rb_lot_text(const struct rb_situation *s, uint32_t lot, struct rb_arena *a,
                        struct rb_text_line *out) RB_MUST_USE;
enum rb_err rb_lot_cessation(const struct rb_situation *s, uint32_t lot, struct rb_arena *a,
                             struct rb_cessation_lot *out) RB_MUST_USE;
enum rb_err rb_lot_agreement(const struct rb_situation *s, uint32_t lot, struct rb_arena *a,
                             struct rb_agreement_lot *out) RB_MUST_USE;
enum rb_err rb_lot_request(const struct rb_situation *s, uint32_t lot, struct rb_arena *a,
                           struct rb_request_lot *out) RB_MUST_USE;
enum rb_err rb_lot_contact(const struct rb_situation *s, uint32_t lot, struct rb_arena *a,
                           struct rb_contact_lot *out) RB_MUST_USE;
/* All incidents of the channel with their findings, merged by 16.5.1 and 16.5.2. */
enum rb_err rb_incidents(const struct rb_situation *s, struct rb_arena *a,
                         const struct rb_incident_view **out, size_t *n) RB_MUST_USE;
/* the last words of members on any record that may be confirmed or disputed */
enum rb_err rb_columns(const struct rb_situation *s, uint32_t order, struct rb_arena *a,
                       const struct rb_column **out, size_t *n) RB_MUST_USE;
#endif
