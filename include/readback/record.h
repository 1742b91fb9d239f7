/* The record (design §5): envelope, COSE, identity. One record is one leaf of a feed.
 *
 * Leaf bytes: 18(COSE_Sign1) or, with two and more signers, 98(COSE_Sign), deterministic CBOR.
 *   Sign1: 18([ bstr{1: -8, 4: kid}, {}, bstr payload, bstr sig ])
 *   Sign : 98([ h'', {}, bstr payload, [ [bstr{1: -8, 4: kid}, {}, bstr sig], ... by kid ] ])
 * external_aad = origin of the feed; for a charter the origin with an empty channel.
 * Payload: a map with unsigned keys, see enum rb_env_key. */
#ifndef READBACK_RECORD_H
#define READBACK_RECORD_H
#include "readback/cbor.h"
#include "readback/crypto.h"

#define RB_CHANNEL_LEN 16u
#define RB_DIGEST_LEN 16u

/* number on the wire, name in --json and on the command line */
#define RB_KIND_LIST(X)                                                                           \
    X(CHARTER, 1, "charter") X(AMENDMENT, 2, "amendment") X(MEMBERSHIP, 3, "membership")          \
    X(CARD, 4, "card") X(TEST, 5, "test") X(SERVICE, 6, "service") X(NIL, 7, "nil")               \
    X(RECEIPT, 8, "receipt") X(SILENCE, 9, "silence") X(NOTICE, 10, "notice")                     \
    X(STOP_FIRE, 11, "stop-fire") X(REQUEST, 12, "request") X(POSITION, 13, "position")           \
    X(CESSATION, 14, "cessation") X(INCIDENT, 15, "incident") X(FINDING, 16, "finding")           \
    X(FIGURE, 17, "figure") X(DESIGNATION, 18, "designation") X(TEXT, 19, "text")                 \
    X(AGREEMENT, 20, "agreement") X(PROGRESS, 21, "progress") X(CONTACT, 22, "contact")           \
    X(READOUT, 23, "readout") X(STATEMENT, 24, "statement") X(ROSTER, 25, "roster")               \
    X(DELEGATION, 26, "delegation") X(ROTATION, 27, "rotation")                                   \
    X(REVOCATION, 28, "revocation") X(ATTACHMENT, 29, "attachment")
enum rb_kind {
#define X(name, num, text) RB_KIND_##name = num,
    RB_KIND_LIST(X)
#undef X
};
#define RB_KIND_MAX 29
const char *rb_kind_name(enum rb_kind k); /* "?" if unknown */
enum rb_err rb_kind_decode(struct rb_slice name, enum rb_kind *out) RB_MUST_USE;

enum rb_precedence { RB_FLASH = 0, RB_IMMEDIATE = 1, RB_PRIORITY = 2, RB_ROUTINE = 3 };
const char *rb_precedence_name(enum rb_precedence p); /* "FLASH" */
enum rb_err rb_precedence_decode(struct rb_slice name, enum rb_precedence *out) RB_MUST_USE;

enum rb_env_key { /* keys of the payload map */
    RB_ENV_KIND = 1,
    RB_ENV_CHANNEL = 2,    /* bstr 16, null in a charter */
    RB_ENV_CREATED = 3,    /* uint, UTC ms */
    RB_ENV_SEEN = 4,       /* [[member, epoch, size, member, epoch, size, ...], digest] absent: no change */
    RB_ENV_PRECEDENCE = 5, /* absent = ROUTINE */
    RB_ENV_RECIPIENTS = 6, /* ascending member indexes; present = closed */
    RB_ENV_SUPERSEDES = 7, RB_ENV_ANSWERS = 8, RB_ENV_ABOUT = 9, RB_ENV_CARRIES = 10, /* [+ leaf hash] */
    RB_ENV_LANGUAGE = 11,  /* BCP 47, lower case, at most 35 bytes; absent = not stated */
    RB_ENV_BODY = 12,      /* the body map, open records */
    RB_ENV_DETACHED = 13,  /* [ciphertext SHA-256, ciphertext size, [+ commitment]] closed records */
    RB_ENV_DEMAND = 14,    /* [answer by UTC ms, position type, [* member]] empty list: all readers */
    RB_ENV_REPORTED = 15,  /* [who, carrier, when UTC ms or null]: reported by us, unsigned by them */
    RB_ENV_EMERGENCY = 16  /* tstr reason: released by a single officer where two are due */
};
enum rb_ref { RB_REF_SUPERSEDES, RB_REF_ANSWERS, RB_REF_ABOUT, RB_REF_CARRIES, RB_REF_TYPES };

struct rb_seen_entry {
    uint16_t member;
    uint16_t epoch;
    uint64_t size; /* absolute size held of that feed */
};
struct rb_refs {
    size_t n;
    struct rb_hash h[RB_MAX_REFS];
};
struct rb_demand {
    bool present;
    int64_t by_utc_ms;
    uint16_t position; /* enum rb_position_type */
    uint64_t members;  /* bit set by member index; 0 = all readers */
};
struct rb_signer {
    uint8_t kid[RB_KID_LEN];
    uint8_t sig[RB_SIG_LEN];
    bool alg_ed25519; /* read with alg -19 (RFC 9864); what we sign has -8: leave it false */
};
struct rb_record {
    enum rb_kind kind;
    bool has_channel;
    uint8_t channel[RB_CHANNEL_LEN];
    int64_t created_utc_ms;
    size_t seen_n; /* sorted by (member, epoch), unique */
    struct rb_seen_entry seen[RB_MAX_SEEN];
    uint8_t seen_digest[RB_DIGEST_LEN];
    enum rb_precedence precedence;
    bool closed;
    uint64_t recipients; /* bit set by member index; closed records only */
    struct rb_refs refs[RB_REF_TYPES];
    struct rb_slice language;
    struct rb_slice body; /* open: the body map's bytes */
    struct rb_hash ciphertext_hash; /* closed */
    uint64_t ciphertext_size;
    size_t commitments_n;
    struct rb_slice commitments; /* the encoded array of commitments */
    struct rb_demand demand;
    struct rb_slice reported_who, reported_carrier; /* who.n > 0: reported by us, unsigned by them */
    bool reported_has_at;
    int64_t reported_at_utc_ms;
    struct rb_slice emergency; /* n > 0: reason */
    /* COSE */
    struct rb_slice payload;
    size_t signers_n;
    struct rb_signer signers[RB_MAX_SIGNERS];
};

/* All views borrow from `leaf`. Checks everything that can be judged without the channel: form,
 * order, limits, body by its kind's grammar (rb_body_check). Clauses 3.x. */
enum rb_err rb_record_decode(struct rb_slice leaf, struct rb_record *out,
                             struct rb_reject *rj) RB_MUST_USE;
/* payload alone, as a draft has it (signers_n = 0) */
enum rb_err rb_payload_decode(struct rb_slice payload, struct rb_record *out,
                              struct rb_reject *rj) RB_MUST_USE;
void rb_payload_encode(const struct rb_record *rec, struct rb_writer *w);
/* COSE Sig_structure that the officer's key signs. `total` signers: 1 = Signature1, else Signature. */
void rb_record_tbs(struct rb_slice payload, struct rb_slice aad, const uint8_t kid[RB_KID_LEN],
                   size_t total, struct rb_writer *w);
/* leaf from payload and signers (sorted here by kid; duplicate kid: RB_ERR_USAGE) */
enum rb_err rb_record_assemble(struct rb_slice payload, const struct rb_signer *signers, size_t n,
                               struct rb_writer *w) RB_MUST_USE;
/* RB_ERR_SIGNATURE; `work` needs leaf size + 256 bytes */
enum rb_err rb_record_verify(const struct rb_record *rec, size_t signer, struct rb_slice aad,
                             const struct rb_key *pub, struct rb_arena *work) RB_MUST_USE;
/* drafts are named by it */
void rb_payload_hash(struct rb_slice payload, struct rb_hash *out);
/* 16-byte digest over the entries' (origin, size, root), spec 3.3: first 16 bytes of SHA-256 of,
 * per entry in order, u16 origin length | origin | u64 size | root */
struct rb_seen_digest_item {
    struct rb_slice origin;
    uint64_t size;
    struct rb_hash root;
};
void rb_seen_digest(const struct rb_seen_digest_item *items, size_t n, struct rb_arena *work,
                    uint8_t out[RB_DIGEST_LEN]);
/* origin: readback/<channel hex>/<party hash hex>/<epoch>, readback-exercise/... ; channel NULL:
 * empty channel (a charter's aad). */
void rb_origin_encode(bool exercise, const uint8_t *channel, const struct rb_hash *party,
                      uint16_t epoch, struct rb_writer *w);
struct rb_origin {
    bool exercise;
    uint8_t channel[RB_CHANNEL_LEN];
    struct rb_hash party;
    uint16_t epoch;
};
enum rb_err rb_origin_decode(struct rb_slice in, struct rb_origin *out) RB_MUST_USE;

/* ---- bodies: one grammar table for all kinds ----------------------------------------------- */
/* The grammar of each body is a table (schema.h); it checks the CBOR and lets JSON be converted.
 * RB_ERR_UNSUPPORTED for kinds this version has no grammar for. */
enum rb_err rb_body_check(enum rb_kind kind, struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;

enum rb_role { RB_ROLE_PARTY = 0, RB_ROLE_GUARANTOR, RB_ROLE_MEDIATOR, RB_ROLE_MONITOR, RB_ROLE_OBSERVER };
const char *rb_role_name(enum rb_role r);
enum rb_disclosure { RB_DISCLOSE_WHOLE = 0, RB_DISCLOSE_FACT = 1, RB_DISCLOSE_HASH = 2,
                     RB_DISCLOSE_UNSAID = 3 /* in a policy alone: the charter leaves it open */ };
enum rb_rule_type { RB_RULE_ALL = 0, RB_RULE_QUORUM = 1, RB_RULE_QUORUM_VETO = 2, RB_RULE_SILENCE = 3,
                    RB_RULE_GUARANTORS = 4 };

struct rb_member {
    uint16_t index; /* small, permanent, unique */
    struct rb_slice handle;
    enum rb_role role;
    struct rb_slice affiliation; /* may be empty */
    struct rb_slice card;        /* party-key signed card (party.h) */
};
struct rb_group {
    struct rb_slice name;
    uint16_t lead; /* whose record speaks for the group */
    uint64_t members;
};
struct rb_kind_policy {
    enum rb_kind kind;
    bool closed;          /* closed by default: submission without recipients is refused */
    uint32_t keep_days;   /* bodies of closed records; 0 = for good */
    enum rb_disclosure disclosure;
    bool two_officers;
};
#define RB_NOTICE_CLASSES 5
struct rb_charter {
    struct rb_slice title;
    bool exercise;
    size_t members_n; /* ascending index */
    struct rb_member members[RB_MAX_MEMBERS];
    size_t groups_n;
    struct rb_group groups[RB_MAX_GROUPS];
    uint64_t accept_members; /* whose acceptance puts it in force */
    int64_t accept_by_utc_ms;
    enum rb_rule_type rule;
    uint16_t quorum;
    uint64_t veto;
    int64_t silence_ms;             /* RB_RULE_SILENCE: time to break silence */
    int64_t answer_ms[4];           /* answer time by precedence; 0 = none demanded */
    int64_t lead_ms[RB_NOTICE_CLASSES]; /* lead time by notice class; 0 = none */
    uint64_t standoff_mm[RB_NOTICE_CLASSES];
    bool has_theatre;
    struct rb_point_box { int64_t south_nd, west_nd, north_nd, east_nd; } theatre;
    int64_t terrain_min_mm, terrain_max_mm; /* WGS84, with theatre */
    uint32_t test_interval_s;       /* line tests at whole multiples of it since 1970; 0 = none */
    uint32_t test_grace_s;
    size_t languages_n;
    struct rb_slice languages[16];
    size_t policies_n;
    struct rb_kind_policy policies[RB_KIND_MAX];
    bool has_timekeeper;
    uint16_t timekeeper;
    uint32_t receipt_interval_ms;   /* receipts at most one in it */
    uint16_t rules_version;         /* 1 */
};
void rb_charter_encode(const struct rb_charter *c, struct rb_writer *w);
enum rb_err rb_charter_decode(struct rb_slice body, struct rb_charter *out,
                              struct rb_reject *rj) RB_MUST_USE;

struct rb_amendment {
    struct rb_hash previous; /* the charter or amendment it replaces */
    struct rb_slice charter; /* a whole charter map */
};
void rb_amendment_encode(const struct rb_amendment *a, struct rb_writer *w);
enum rb_err rb_amendment_decode(struct rb_slice body, struct rb_amendment *out,
                                struct rb_reject *rj) RB_MUST_USE;

enum rb_membership_action { RB_MEMBERSHIP_SUSPEND = 0, RB_MEMBERSHIP_RESUME = 1, RB_MEMBERSHIP_LEAVE = 2 };
struct rb_membership {
    enum rb_membership_action action;
    struct rb_slice reason;
};
void rb_membership_encode(const struct rb_membership *m, struct rb_writer *w);
enum rb_err rb_membership_decode(struct rb_slice body, struct rb_membership *out,
                                 struct rb_reject *rj) RB_MUST_USE;

struct rb_test {
    uint64_t slot_utc_ms; /* scheduled time it answers to; 0 = made by hand */
    uint64_t sequence;
};
void rb_test_encode(const struct rb_test *t, struct rb_writer *w);
enum rb_err rb_test_decode(struct rb_slice body, struct rb_test *out, struct rb_reject *rj) RB_MUST_USE;

/* A receipt logs, for each peer, the first cosignature over each newly covered leaf; and up to
 * what size of each feed all bodies addressed to its author are held, except those listed. */
struct rb_receipt_cosig {
    uint16_t member, epoch; /* of the feed covered */
    uint64_t size;
    uint16_t cosigner;      /* member index */
    uint64_t time_s;        /* T, the cosigner's own clock */
    uint8_t sig[RB_SIG_LEN];
};
struct rb_receipt_bodies {
    uint16_t member, epoch;
    uint64_t size;
    struct rb_slice missing; /* encoded array of leaf indexes, ascending */
};
struct rb_receipt {
    size_t cosigs_n, bodies_n;
    struct rb_receipt_cosig *cosigs;   /* in the caller's arena */
    struct rb_receipt_bodies *bodies;
};
void rb_receipt_encode(const struct rb_receipt *r, struct rb_writer *w);
enum rb_err rb_receipt_decode(struct rb_slice body, struct rb_arena *a, struct rb_receipt *out,
                              struct rb_reject *rj) RB_MUST_USE;

enum rb_silence_about { RB_SILENCE_DEMAND = 0, RB_SILENCE_TEST = 1, RB_SILENCE_CONTACT = 2 };
enum rb_link_state { RB_LINK_UP = 0, RB_LINK_DOWN = 1, RB_LINK_NEVER = 2 };
struct rb_silence_attempt {
    int64_t at_utc_ms;
    struct rb_slice outcome; /* words of ours: "no route", "timed out", "refused", "answered" */
};
struct rb_silence {
    enum rb_silence_about about;
    bool has_subject;
    struct rb_hash subject;      /* the record that demanded */
    uint16_t member;             /* who is silent */
    int64_t due_utc_ms;
    uint64_t held_size;          /* largest size of OUR feed that member cosigned; 0 = none */
    uint64_t held_time_s;        /* T of that cosignature, its own clock */
    bool delivered;              /* subject covered by it: delivered, not answered */
    enum rb_link_state link;     /* state of our own link to it */
    int64_t link_since_utc_ms;
    size_t attempts_n;           /* the latest ones */
    struct rb_silence_attempt attempts[8];
};
void rb_silence_encode(const struct rb_silence *s, struct rb_writer *w);
enum rb_err rb_silence_decode(struct rb_slice body, struct rb_silence *out,
                              struct rb_reject *rj) RB_MUST_USE;

enum rb_notice_class { RB_NOTICE_OPERATION = 0, RB_NOTICE_EXERCISE = 1, RB_NOTICE_MOVEMENT = 2,
                       RB_NOTICE_SITE = 3, RB_NOTICE_AREA = 4 };
struct rb_volume;
struct rb_notice {
    enum rb_notice_class class_;
    struct rb_slice title, text;
    size_t volumes_n;
    struct rb_volume *volumes; /* in the caller's arena */
    struct rb_slice markings;  /* how it is marked, by day and by night; may be empty */
    bool has_review;           /* sites alone: when it is to be looked at again */
    int64_t review_utc_ms;
};
void rb_notice_encode(const struct rb_notice *n, struct rb_writer *w);
enum rb_err rb_notice_decode(struct rb_slice body, struct rb_arena *a, struct rb_notice *out,
                             struct rb_reject *rj) RB_MUST_USE;

/* FLASH, with a demand of will-comply: all the same whether it is will-comply, complied, cannot-comply
 * or declined, it is an answer (3.6.11). One officer suffices. */
struct rb_stop_fire {
    struct rb_slice title, text;
    size_t volumes_n;
    struct rb_volume *volumes; /* in the caller's arena */
};
void rb_stop_fire_encode(const struct rb_stop_fire *s, struct rb_writer *w);
enum rb_err rb_stop_fire_decode(struct rb_slice body, struct rb_arena *a, struct rb_stop_fire *out,
                                struct rb_reject *rj) RB_MUST_USE;

#define RB_POSITION_LIST(X)                                                                       \
    X(READ, 1, "read") X(PASSED_DOWN, 2, "passed-down") X(QUERY, 3, "query")                      \
    X(DISPUTE_FACT, 4, "dispute-fact") X(CANNOT_COMPLY, 5, "cannot-comply")                       \
    X(OBJECT, 6, "object") X(WILL_COMPLY, 7, "will-comply") X(COMPLIED, 8, "complied")            \
    X(DECLINED, 9, "declined") X(ACCEPT, 10, "accept") X(REJECT, 11, "reject")                    \
    X(ABSTAIN, 12, "abstain") X(DISSOCIATE, 13, "dissociate") X(CONFIRM, 14, "confirm")           \
    X(DISPUTE, 15, "dispute") X(TOOK_PLACE, 16, "took-place") X(WITHDRAW, 17, "withdraw")         \
    X(CORRECT, 18, "correct")
enum rb_position_type {
#define X(name, num, text) RB_POSITION_##name = num,
    RB_POSITION_LIST(X)
#undef X
};
#define RB_POSITION_MAX 18
const char *rb_position_name(enum rb_position_type t);
enum rb_err rb_position_type_decode(struct rb_slice name, enum rb_position_type *out) RB_MUST_USE;
struct rb_position {
    enum rb_position_type type;
    struct rb_slice reason;    /* may be empty */
    struct rb_slice level;     /* passed-down: to which named level (required there) */
    struct rb_slice by;        /* person, as the officer writes it; may be empty */
    bool has_at;
    int64_t at_utc_ms;         /* when it happened, as stated */
    struct rb_slice playback;  /* query: the place as it was understood, in words and numbers; may be empty */
    struct rb_slice paragraphs; /* dissociate: encoded array of paragraph numbers; empty = whole */
};
void rb_position_encode(const struct rb_position *p, struct rb_writer *w);
enum rb_err rb_position_decode(struct rb_slice body, struct rb_position *out,
                               struct rb_reject *rj) RB_MUST_USE;
/* The position table of design §5, deny by default. Own records: withdraw, correct only there.
 * `notice_class` is looked at for notices only. That `confirm` answers a query about one's own record
 * the table cannot say by kind: rules.h does. */
bool rb_position_may_answer(enum rb_position_type t, enum rb_kind kind, int notice_class, bool own);

/* Kinds without a struct of their own are read through the grammar: service (type 0 link, 1 override,
 * 2 purge, 3 body missing, 4 released despite, 5 probed), nil (period), statement (title, text, for the public),
 * text (title, version, paragraphs, previous, rule, explanation), roster (format only). */
enum rb_service_type { RB_SERVICE_LINK = 0, RB_SERVICE_OVERRIDE, RB_SERVICE_PURGE, RB_SERVICE_BODY_MISSING,
                       RB_SERVICE_RELEASED_DESPITE, RB_SERVICE_PROBED };

/* which key signs which kind (design §3): the node signs test, service, nil, receipt, silence */
bool rb_kind_is_machine(enum rb_kind k);
/* charter matters and key matters are always open: charter, amendment, membership, card, delegation,
 * rotation, revocation, and the machine kinds */
bool rb_kind_always_open(enum rb_kind k);
/* stop-fire, read, passed-down, incident never need two officers */
bool rb_kind_never_needs_two(enum rb_kind k, int position_type);
#endif
