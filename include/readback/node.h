/* The node: rb_node_step(node, event, effects). Bytes and time in, effects out. No callbacks, no I/O.
 *
 * Order of durable things: STORE (database commit) -> STORED -> SIGN (the shell persists the head file's
 * entry with the signature, which is the persisting) -> SIGNED -> RESPOND / REQUEST.
 *
 * The shell: gives one event at a time; carries out the effects in the order listed; gathers all STORE
 * effects of a loop turn in one transaction and afterwards sends one STORED event with the greatest
 * ticket. Slices in an event live until the step returns; slices in effects live until the next step. */
#ifndef READBACK_NODE_H
#define READBACK_NODE_H
#include "readback/register.h"
#include "readback/rules.h"

struct rb_node; /* opaque; lies in the region the shell gives */

struct rb_now {
    uint64_t mono_ms; /* never goes back; deadlines of requests and retries */
    int64_t utc_ms;   /* the operator's clock */
};

/* ---- events ------------------------------------------------------------------------------- */
enum rb_event_type {
    RB_EV_LOADED,   /* start: stored items one by one, before START; later: the answer to LOAD */
    RB_EV_START,    /* all is loaded; work may begin */
    RB_EV_RECV,     /* a request came in on the peer port */
    RB_EV_RESPONSE, /* the answer (or failure) of our REQUEST */
    RB_EV_CLOSED,   /* the connection of a RECV went away before we answered */
    RB_EV_SUBMIT,   /* from the local side */
    RB_EV_STORED,   /* all STORE effects with ticket <= this are durable */
    RB_EV_SIGNED,   /* the answer to SIGN */
    RB_EV_OPENED,   /* the answer to OPEN */
    RB_EV_TIMER     /* the wake time has come */
};
enum rb_item { /* kinds of stored items */
    RB_ITEM_META,  /* table, key, value */
    RB_ITEM_LEAF,  /* one leaf of a feed, in order */
    RB_ITEM_NOTE,  /* a checkpoint, bare (cosigner RB_NO_MEMBER) or with one cosignature */
    RB_ITEM_HEAD,  /* an entry of the head file: largest signed (role log) or cosigned (role mirror) */
    RB_ITEM_BODY,  /* bytes of a closed record's ciphertext; never loaded at start: RB_TABLE_BODY says
                      what is there */
    RB_ITEM_END    /* end of one LOAD's answer */
};
#define RB_NO_MEMBER UINT16_MAX
enum rb_table { /* META tables */
    RB_TABLE_SELF = 1,       /* key "card": our own signed card */
    RB_TABLE_PEER = 2,       /* key party hash: flags byte (1 = accredited, 0 = introduced by charter), card */
    RB_TABLE_CHANNEL = 3,    /* key channel id: our state byte, charter leaf */
    RB_TABLE_DELEGATION = 4, /* key channel|member u16|epoch u16: signed delegation */
    RB_TABLE_DRAFT = 5,      /* key payload hash: awaiting a further officer */
    RB_TABLE_OUTBOX = 6,     /* key u64 order: leaf admitted, not yet logged */
    RB_TABLE_PENDING = 7,    /* key channel|member|epoch: pending checkpoint of a mirrored feed */
    RB_TABLE_EVIDENCE = 8,   /* key hash: fork evidence */
    RB_TABLE_JUDGED = 9,     /* key channel|member|epoch: u64, leaves below it are judged; those stored
                                without a mark then bear none */
    RB_TABLE_BODY = 10,      /* key channel|member u16|ciphertext hash: state of the body (node's own) */
    RB_TABLE_SALT = 11,      /* key leaf hash of a released-despite record: u8 1, channel, leaf hash of the
                                notice, salt, u8 number of places named and their ids, ids of the places
                                that the commitment stands for; they stay here (10.6.9). Until that record
                                is on its way to the log: key leaf hash of the notice, first byte 2 */
    RB_TABLE_PROBED = 12,    /* key channel id: when checks of ours met closed places (10.6.10) */
    RB_TABLE_REMINDED = 13,  /* key channel id: u64 UTC ms, up to when reminders were said (10.7) */
    RB_TABLE_BRANCH = 14     /* key channel|member u16|epoch u16|branch u8|index u64: a leaf of another
                                history of that feed, kept beside it (6.16.4) */
};
struct rb_feed_ref {
    uint8_t channel[RB_CHANNEL_LEN];
    uint16_t member, epoch;
};
enum rb_key_use { RB_USE_LOG, RB_USE_MIRROR, RB_USE_NODE };
/* A body stands under its author and the hash of its ciphertext: another member's record that names
 * the same hash is another body, so nobody comes by one by naming it. */
struct rb_body_ref {
    uint8_t channel[RB_CHANNEL_LEN];
    uint16_t member; /* the author of the records that name it */
    struct rb_hash hash; /* of the ciphertext */
};

enum rb_submit {
    RB_SUBMIT_RECORD,   /* payload + signers: releases, or keeps a draft where a further officer is due */
    RB_SUBMIT_FOUND,    /* charter leaf + signed delegation + leaf that carries it */
    RB_SUBMIT_JOIN,     /* channel + signed delegation + leaf that carries it */
    RB_SUBMIT_ACCREDIT, /* a peer's signed card, after the comparison in person */
    RB_SUBMIT_CARD,     /* our own new signed card */
    RB_SUBMIT_TEST,     /* a line test by hand */
    RB_SUBMIT_NIL,      /* nothing to report, signed by the node: from..to */
    RB_SUBMIT_DISCARD,  /* a draft */
    RB_SUBMIT_PURGE,    /* the body of a record: deleted here, and a service record says so */
    RB_SUBMIT_UNLOCKED, /* an age key can be used from now on: what waited to be opened is opened */
    RB_SUBMIT_OVERRIDE, /* ends the start-up guard of a channel (6.14.9). channel, reason (1 to
                           RB_MAX_TEXT bytes), token. DONE when its record is logged or waits
                           durably; STATE: the guard has ended already */
    RB_SUBMIT_EPOCH,    /* a further epoch of our feed (6.15). channel, delegation (the LEAF that carries
                           the signed delegation: rb_node_next_origin, previous = own_feed's origin and
                           at most its tree.size, better signed_size), leaf (the `card` record's leaf,
                           signed by an officer over the new origin: must be there where the card
                           changed since the charter, else empty), token. STATE: the guard has not
                           ended; BUSY: records of the present epoch are being signed, try again */
    RB_SUBMIT_PROBED    /* a check of a plan that is not released met closed places: counted (10.6.10) */
};
struct rb_event {
    enum rb_event_type type;
    struct rb_now now;
    uint8_t entropy[32]; /* fresh */
    union {
        struct {
            uint64_t token; /* of the LOAD; 0 at start */
            enum rb_item item;
            uint8_t table;                                  /* META */
            struct rb_slice key, value;                     /* META */
            struct rb_feed_ref feed;                        /* LEAF, NOTE */
            uint64_t index; int16_t mark; struct rb_slice leaf; /* LEAF; mark -1: not judged yet */
            uint64_t size; uint16_t cosigner; struct rb_slice note; /* NOTE */
            enum rb_key_use use; struct rb_slice origin; struct rb_hash root; /* HEAD, with size */
            struct rb_body_ref body; /* BODY: bytes `leaf` at offset `index` */
        } loaded;
        struct {
            uint64_t conn;
            bool has_peer;
            struct rb_hash peer; /* party key hash, authenticated by TLS */
            bool post;
            struct rb_slice path, query, body; /* path without '?' */
        } recv;
        struct {
            uint64_t request;
            int status; /* HTTP status; 0: no answer, see reason */
            struct rb_slice content_type, body;
            struct rb_slice heads;  /* Readback-Heads header, may be empty */
            uint32_t retry_after_s; /* Retry-After of a 429, 503; 0: none */
            const char *reason;     /* static words: "refused", "timed out", "key not pinned" ... */
        } response;
        struct { uint64_t conn; } closed;
        struct {
            uint64_t token; /* echoed in DONE; not 0 */
            enum rb_submit what;
            uint8_t channel[RB_CHANNEL_LEN];
            struct rb_slice payload; /* RECORD */
            const struct rb_signer *signers; size_t signers_n; /* RECORD */
            struct rb_slice leaf;       /* FOUND: the charter leaf; EPOCH: the card's */
            struct rb_slice delegation; /* FOUND, JOIN, EPOCH: the LEAF that carries the signed delegation */
            struct rb_slice card;       /* ACCREDIT, CARD: a signed card */
            struct rb_hash draft;    /* DISCARD */
            int64_t from_utc_ms, to_utc_ms; /* NIL */
            bool despite; /* release in spite of warnings that ask for confirmation */
            /* closed RECORD: the ciphertext, or empty where it is stored already (a draft) or staged;
             * and what the shell read in it */
            struct rb_slice sealed;
            uint64_t staged;         /* bytes the shell keeps under this number become the body; 0: none */
            struct rb_slice head;    /* plaintext of the body's head (sealed.h) */
            struct rb_hash content;  /* attachments: commitment of the content */
            struct rb_hash record;   /* PURGE; PROBED: rb_node_plan_hash, the same one counts once */
            struct rb_slice reason;  /* PURGE: may be empty; OVERRIDE */
        } submit;
        struct { uint64_t ticket; } stored;
        struct {
            uint64_t token;
            enum rb_err err;
            uint8_t sig[RB_SIG_LEN];
        } sig;
        struct {
            uint64_t token;
            /* RB_OK; RB_ERR_STATE: the age key is sealed; RB_ERR_PROOF: the bytes stored have another
             * hash; RB_ERR_SIGNATURE, MALFORMED, NOT_FOUND: they do not open with our identities;
             * RB_ERR_IO: they could not be read */
            enum rb_err err;
            struct rb_slice head;   /* plaintext of the head; the shell wipes it after the step */
            struct rb_hash content; /* attachments: SHA-256(salt of part 1 || content) */
        } opened;
    } u;
};

/* ---- effects ------------------------------------------------------------------------------ */
enum rb_effect_type { RB_EF_STORE, RB_EF_LOAD, RB_EF_SIGN, RB_EF_REQUEST, RB_EF_RESPOND, RB_EF_ALERT,
                      RB_EF_DONE, RB_EF_CANCEL, RB_EF_OPEN };
enum rb_alert_type {
    RB_ALERT_RECORD,      /* a record of another party arrived and was judged */
    RB_ALERT_HELD,        /* our feed is held by a peer up to size */
    RB_ALERT_INVITED,     /* a charter that names us arrived */
    RB_ALERT_LINK_UP, RB_ALERT_LINK_DOWN,
    RB_ALERT_DUE_MISSED,  /* a demanded answer is missing */
    RB_ALERT_FORK,
    RB_ALERT_REFUSED,     /* a request of a peer was refused: clause and words in reject */
    RB_ALERT_WAITING,     /* records wait unsigned: why in reject.what */
    RB_ALERT_CONFLICT,    /* a notice that arrived, or a cessation that came to hold, or holds longer,
                             touches other places that are known here. size: how
                             many; reject.err RB_ERR_STATE if one of them is a conflict, RB_OK if they
                             cannot be excluded only. Nothing of any place */
    RB_ALERT_REMINDER,    /* of a place: reject.what says of what, as rb_reminder_name; size: how many
                             members have not said that it was passed down */
    RB_ALERT_GUARD,       /* the start-up guard of a channel ended. size: how many members answered */
    RB_ALERT_ADVANCE,     /* an advance copy of a FLASH record came: not yet receipted (6.17.3) */
    RB_ALERT_BODY         /* the body of a record for us was opened (reject.err RB_OK), or why it is not
                             good; never a word of what it says */
};
const char *rb_alert_name(enum rb_alert_type a);
struct rb_effect {
    enum rb_effect_type type;
    union {
        struct { /* one item; see rb_item and tables. META with value.p NULL deletes */
            uint64_t ticket;
            enum rb_item item;
            uint8_t table;
            struct rb_slice key, value;
            struct rb_feed_ref feed;
            uint64_t index; struct rb_slice leaf; struct rb_hash hash; /* LEAF */
            int16_t mark; /* LEAF: with leaf.p NULL only the mark of a stored leaf is set */
            uint64_t size; uint16_t cosigner; uint64_t time_s; struct rb_slice note; /* NOTE */
            struct rb_body_ref body; /* BODY: `leaf` at offset `index`, each offset once, without gaps; or
                                        all that is `staged`; with both absent it is deleted, so that
                                        neither database nor write-ahead log keep a byte of it */
            uint64_t staged;
        } store;
        struct { /* leaves [from, to) of a feed, fewer if max_bytes would be passed, though one at
                    least; BODY: bytes */
            uint64_t token;
            enum rb_item item; /* LEAF (also where 0) or BODY */
            struct rb_body_ref body;
            struct rb_feed_ref feed;
            uint64_t from, to;
            size_t max_bytes;
        } load;
        struct {
            uint64_t token;
            enum rb_key_use use;
            struct rb_feed_ref feed;  /* LOG: whose key; MIRROR: which feed */
            struct rb_slice message;  /* bytes to sign */
            struct rb_key key;        /* NODE, MIRROR: the public key to sign with, in force at this
                                         place; the shell keeps those that were replaced (2.7) */
            struct rb_slice origin;   /* LOG, MIRROR: what the head file guards */
            uint64_t size, time_s;
            struct rb_hash root;
        } sign;
        struct {
            uint64_t request;
            struct rb_hash peer;      /* party key hash */
            struct rb_slice card;     /* its signed card: addresses, TLS pin */
            bool post;
            struct rb_slice path;     /* with query */
            struct rb_slice body;
            uint32_t timeout_ms;
            bool urgent;              /* FLASH */
        } request;
        struct {
            uint64_t conn;
            int status;
            const char *content_type;
            struct rb_slice body;
            char heads[33];           /* Readback-Heads value, "" = none */
            uint32_t retry_after_s;   /* 0: no Retry-After */
        } respond;
        struct {
            enum rb_alert_type alert;
            bool has_channel;
            uint8_t channel[RB_CHANNEL_LEN];
            bool has_record;
            struct rb_hash record;
            uint16_t member;          /* RB_NO_MEMBER: none */
            struct rb_hash peer;      /* link alerts */
            uint8_t precedence;
            uint64_t size;
            struct rb_reject reject;
        } alert;
        struct { /* answer to SUBMIT, after it is durable here */
            uint64_t token;
            struct rb_reject reject;  /* err RB_OK, or NEED_SIGNER (kept as a draft), or why not */
            enum rb_mark mark;        /* admission's answer where err is DENIED */
            bool has_record;
            struct rb_hash record;    /* leaf hash; NEED_SIGNER: the draft's payload hash */
            uint8_t channel[RB_CHANNEL_LEN];
        } done;
        struct { uint64_t request; } cancel; /* our outstanding REQUEST is no longer wanted */
        struct { /* read a stored body: hash the ciphertext, open it, read its head (and content) */
            uint64_t token;
            struct rb_body_ref body;
            enum rb_kind kind;
            uint64_t size; /* of the ciphertext */
        } open;
    } u;
};
struct rb_effects { /* owned by the node; valid until the next step */
    struct rb_effect *e;
    size_t n;
    uint64_t wake_mono_ms; /* UINT64_MAX: none */
};

/* Lays a node into [mem, mem+cap), zero pages. NULL if cap is too small (64 MiB of address space). */
struct rb_node *rb_node_create(void *mem, size_t cap);
/* What is stored of one member in a day, counted from our start (6.17.4); 0: without limit. Those that
 * hold without this call are in limits.h. */
struct rb_node_limits {
    uint64_t leaves_a_day, bytes_a_day;
};
void rb_node_limits_set(struct rb_node *n, const struct rb_node_limits *l);
/* Never fails halfway; RB_ERR_LIMIT is loud (the shell logs it and goes on). */
enum rb_err rb_node_step(struct rb_node *n, const struct rb_event *ev,
                         struct rb_effects *out) RB_MUST_USE;

/* address space of the node: what was taken of it so far, all there is */
void rb_node_memory(const struct rb_node *n, uint64_t *used, uint64_t *cap);

/* ---- looking, without changing anything ---------------------------------------------------- */
/* who only calls us, and did not for so long (three held GETs), is not heard from: 6.18.4 */
#define RB_QUIET_MS 150000u
struct rb_peer_view {
    struct rb_hash party;
    const struct rb_card *card;
    bool accredited;      /* compared in person; else introduced by charter */
    enum rb_link_state link;
    int64_t link_since_utc_ms;
    int64_t last_ok_utc_ms, last_try_utc_ms;
    const char *last_outcome; /* static words */
    uint32_t failures;    /* in a row */
    int64_t last_call_utc_ms; /* when it last called us, since our start; 0: never */
    uint64_t takes_bytes_s;   /* what the line to it carries, as measured; 0: not known */
    bool slow;                /* records of ours wait for such a line (6.17.1) */
    /* its clock less ours, by its last cosignature on a checkpoint of ours (6.7.1) */
    bool clock_known;
    int64_t clock_least_ms, clock_most_ms;   /* most INT64_MAX: no upper bound */
    int64_t clock_their_utc_ms, clock_our_utc_ms; /* what it was dated, and when it was here by ours */
    uint64_t clock_seen_mono_ms;
};
enum rb_own_state { RB_OWN_INVITED, RB_OWN_JOINED };
struct rb_channel_view {
    const uint8_t *id;
    struct rb_book *book;
    enum rb_own_state state;
    uint16_t own_member;
    const struct rb_feed *own_feed; /* NULL until joined */
    uint64_t signed_size;           /* of our feed: the checkpoint that exists */
    size_t outbox_n;                /* admitted, not yet logged */
    bool held_up;                   /* by a member that still has to take what was logged (6.17.1) ... */
    uint16_t held_up_by;            /* ... this one */
    const char *waiting;            /* why records wait unsigned, or NULL */
    bool guarded;                   /* the start-up guard has not ended (6.14) */
    uint64_t guard_asked, guard_answered; /* members' bits: who was to be asked, who answered */
    size_t guard_need;              /* how many must have answered */
    uint64_t lost_to;               /* a part of our feed up to this size is held by others and not
                                       here; 0: none known */
    const struct rb_charter *charter; /* as admission last knew it, without folding anything */
    size_t bodies_missing;          /* addressed to us and not here, or bad */
    size_t bodies_unopened;         /* here and not opened yet */
};
struct rb_draft_view {
    struct rb_hash hash;
    struct rb_slice payload;
    uint8_t channel[RB_CHANNEL_LEN];
    size_t signers_n;
    const struct rb_signer *signers;
};
/* ---- forks (6.16) -------------------------------------------------------------------------------- */
struct rb_fork_view {
    uint16_t member, epoch;
    struct rb_slice evidence; /* text form of 4.10.2; borrows until the next step */
    bool common_known;
    uint64_t common;          /* leaves in front that all branches held here share */
    uint64_t size, branch_size; /* of the branch held as the feed; of the other one, by its note */
    uint64_t branch_held;     /* leaves of the other one that are here */
    uint64_t told;            /* members' bits: who took the evidence */
};
size_t rb_node_forks(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN]);
bool rb_node_fork(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], size_t i,
                  struct rb_fork_view *out);
/* a leaf of another history of a feed, branch >= 1; n 0: none. Borrows until the next step */
struct rb_slice rb_node_branch_leaf(const struct rb_node *n, const struct rb_feed_ref *feed,
                                    uint8_t branch, uint64_t leaf);
/* ---- the outbox: records of ours that wait for their place in our feed ---------------------------- */
struct rb_outbox_view {
    struct rb_hash id;
    struct rb_slice leaf;  /* borrows until the next step */
    bool stale;            /* signed for an earlier epoch: it will not be logged as it is (6.15.4) */
    const void *at;        /* where the list stands: NULL for the first; not to be kept over a step */
};
/* the next one in the order in which they will be logged, the stale ones last; false: no more */
bool rb_node_outbox_next(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                         struct rb_outbox_view *v);
/* ---- advance copies (6.17.3): shown, never counted ------------------------------------------------- */
struct rb_advance_view {
    uint16_t member, epoch;
    uint64_t leaf;
    struct rb_hash id;
    struct rb_record record; /* views borrow until the next step */
    int64_t came_utc_ms;
};
size_t rb_node_advances(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN]);
bool rb_node_advance(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], size_t i,
                     struct rb_advance_view *out);
const struct rb_card *rb_node_card(const struct rb_node *n); /* own; NULL before it is loaded */
size_t rb_node_peers(const struct rb_node *n);
bool rb_node_peer(const struct rb_node *n, size_t i, struct rb_peer_view *out);
/* TLS: whose raw key is this? false: nobody we know */
/* Keys that were replaced lately are known too (2.7.6) */
bool rb_node_peer_by_tls(const struct rb_node *n, const struct rb_key *tls, struct rb_hash *party);
/* TLS: which of our own raw keys is to be served now (2.7.6) */
void rb_node_tls(const struct rb_node *n, int64_t utc_ms, struct rb_key *out);
size_t rb_node_channels(const struct rb_node *n);
bool rb_node_channel(const struct rb_node *n, size_t i, struct rb_channel_view *out);
bool rb_node_channel_by_id(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                           struct rb_channel_view *out);
enum rb_body_state {
    RB_BODY_NONE,    /* an open record, or one that is not for us */
    RB_BODY_MISSING, /* for us, not (wholly) here */
    RB_BODY_HELD,    /* here, not opened yet: the age key is sealed, or its turn has not come */
    RB_BODY_OPENED,  /* opened, and what the leaf commits to */
    RB_BODY_BAD,     /* does not open, or is not what the leaf commits to */
    RB_BODY_PURGED   /* deleted here by retention or on command */
};
const char *rb_body_state_name(enum rb_body_state s); /* "", "missing", "held", "opened", "bad", "purged" */
struct rb_body_view {
    enum rb_body_state state;
    uint64_t have, size;    /* bytes of ciphertext */
    int64_t taken_utc_ms;   /* when it was here whole, by our clock; 0 = not yet */
    int64_t purge_utc_ms;   /* when retention deletes it; 0 = never */
    const char *why;        /* MISSING, BAD: static words, or NULL */
    struct rb_body_ref ref;
};
/* the body of the record at (feed, leaf) as this node has it; false: no such record judged here */
bool rb_node_body(const struct rb_node *n, const struct rb_feed_ref *feed, uint64_t leaf,
                  struct rb_body_view *out);
size_t rb_node_drafts(const struct rb_node *n);
bool rb_node_draft(const struct rb_node *n, size_t i, struct rb_draft_view *out);
/* the situation at utc_ms; cached until something changes. Lives until the next step or call. */
enum rb_err rb_node_situation(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], int64_t utc_ms,
                              const struct rb_situation **out) RB_MUST_USE;
/* largest size of one of our feeds that a peer cosigned, with T, logged or not yet; 0 = none */
uint64_t rb_node_cosigned(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], uint16_t member,
                          uint64_t *time_s);
/* latest checkpoint note of a feed held here (log signature only); n 0 = none */
struct rb_slice rb_node_checkpoint(const struct rb_node *n, const struct rb_feed_ref *feed);

/* ---- places: sites, movements, operations, exercises, areas that can be read here, and the areas of
 * cessations (10.6, 16.4.7) ---------------------------------------------------------------------- */
enum rb_reminder {
    RB_REMINDER_NONE = 0,
    RB_REMINDER_REVIEW,   /* the time at which the site was to be looked at again has passed; it stands
                             all the same (10.7.1) */
    RB_REMINDER_MOVEMENT  /* a movement is about to begin, or has begun, and a reader has not said that
                             it was passed down (10.7.2) */
};
const char *rb_reminder_name(enum rb_reminder r); /* "review", "movement" */
struct rb_place_view {
    struct rb_hash record;
    struct rb_feed_ref feed;
    uint64_t leaf;
    enum rb_place_class class_;
    bool closed;
    uint64_t readers;         /* closed: members who may read it */
    bool stands;              /* not superseded, withdrawn or over (10.6.14); of a cessation: agreed or in
                                 force */
    bool has_begin, has_end;  /* of all its volumes together; without an end it stays. Of a cessation that
                                 stands: its start and end */
    int64_t begin_utc_ms, end_utc_ms;
    bool has_review;
    int64_t review_utc_ms;
    enum rb_reminder reminder; /* at the time asked for */
    uint64_t remind;           /* MOVEMENT: members who have not said that it was passed down */
    struct rb_slice title;     /* borrows until the next step */
    struct rb_point middle;    /* of its first volume: centre, or the first point; meant if placed */
    bool placed;
};
/* Those known in a channel, in the order in which they were said. n: rb_node_places. All look at
 * the situation at `now`, so they may fold it. */
size_t rb_node_places(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], int64_t now_utc_ms);
bool rb_node_place(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], size_t i, int64_t now_utc_ms,
                   struct rb_place_view *out);
bool rb_node_place_of(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                      const struct rb_hash *record, int64_t now_utc_ms, struct rb_place_view *out);

/* Its volumes as they are compared: those of a cessation within its span. As rb_register_volumes; points
 * borrow until the next step. */
size_t rb_node_place_volumes(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                             const struct rb_hash *record, struct rb_volume out[RB_MAX_VOLUMES]);

struct rb_node_plan {
    struct rb_hash id;  /* of a record that is known already; all zero: a plan */
    uint16_t author;    /* member; of a plan ourselves */
    enum rb_place_class class_;
    size_t volumes_n;
    const struct rb_volume *volumes;
    size_t supersedes_n;
    const struct rb_hash *supersedes;
};
/* What it would touch, and what could not be compared. List in the arena. RB_ERR_NOT_FOUND: no such
 * channel; RB_ERR_BUSY (10.6.10, plans only): too many checks met closed places, *again_utc_ms says
 * from when on one may ask again; else as rb_register_check. A plan that met a closed place is to be
 * told with RB_SUBMIT_PROBED. */
enum rb_err rb_node_check(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                          const struct rb_node_plan *plan, int64_t now_utc_ms, struct rb_arena *arena,
                          struct rb_conflicts *out, int64_t *again_utc_ms,
                          struct rb_reject *rj) RB_MUST_USE;
/* The same in short, of a notice that is here: the worst answer, and of how many places. What was
 * found last is kept for a minute while no place comes or goes; else it is checked again, and what
 * that takes is taken from *looks (10.6.16). RB_ERR_BUSY: it would have to be, and *looks is 0.
 * RB_ERR_NOT_FOUND: no notice with places that can be read here; else as rb_register_check. */
struct rb_brief {
    enum rb_answer answer; /* RB_ANSWER_NONE_FOUND: of none */
    size_t n;
};
enum rb_err rb_node_check_brief(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                                const struct rb_hash *record, int64_t now_utc_ms,
                                struct rb_arena *arena, uint64_t *looks,
                                struct rb_brief *out) RB_MUST_USE;
/* What makes a plan the one it is: its class, where and when it is, what it replaces. A plan that was
 * counted and is released after all counts no more (10.6.15). RB_ERR_LIMIT only. */
enum rb_err rb_node_plan_hash(const struct rb_node_plan *plan, struct rb_arena *work,
                              struct rb_hash *out) RB_MUST_USE;
/* the terms by which a channel's places are compared: stand-off, lead, terrain, parties */
enum rb_err rb_node_terms(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], int64_t now_utc_ms,
                          struct rb_register_terms *out) RB_MUST_USE;

/* Composing: envelope fields that the officer chose go in through `rec` (kind, precedence, refs,
 * language, demand, reported, emergency; open: body; closed: recipients and what the leaf says of the
 * detached body); channel, created and seen are filled in here. `body` is the readable body of a closed
 * record, which admission looks at; empty for an open one.
 * The admission's answer comes back in *mark (NONE, NEEDS_SECOND: fine, a second officer must sign; else
 * it would be refused). The payload is in `arena`. */
enum rb_err rb_node_compose(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], struct rb_now now,
                            struct rb_record *rec, struct rb_slice body, struct rb_arena *arena,
                            struct rb_slice *payload, enum rb_mark *mark,
                            struct rb_reject *rj) RB_MUST_USE;
/* Origin that our next epoch in the channel would have (for JOIN; for FOUND give the charter leaf). */
enum rb_err rb_node_next_origin(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                                struct rb_writer *w) RB_MUST_USE;
#endif
