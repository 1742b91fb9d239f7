/* The node's own structures; only src/node looks in here.
 *
 * Rooms within the room: node.c (create, step, effects), load.c (start), submit.c (from the local
 * side), own.c (our feeds: outbox, log, checkpoint), push.c (to peers), serve.c (requests of
 * peers), take.c (a peer's leaves: proof, store, cosign, judge), machine.c (records the node makes:
 * tests, receipts, silence), pull.c (heads, news, fetching), view.c (looking), share.c (how fast
 * lines are, what of ours is logged), advance.c (FLASH ahead of its leaf), relay.c (ways round),
 * clock.c (our clock beside others').
 * Closed bodies: body.c (the table), open.c (opening), told.c (what we say of them), retain.c
 * (purging), carry.c (given and asked by peers, waiting in memory), fetch.c (asking), offer.c
 * (handing over before a push and again).
 * Places (spec 10.6): places.c (what is known of them), stand.c (which of them stand), check.c
 * (what is compared), arrive.c (what arrived), despite.c (released in spite of it), probing.c
 * (asked again and again), remind.c (views and reminders). A `place` above all of this is a closed
 * record's; one of 10.6 is a `spot` here. */
#ifndef RB_NODE_INT_H
#define RB_NODE_INT_H
#include "readback/live.h"
#include "readback/node.h"

#define RB_EFFECTS_CAP 65536u
#define RB_PUSH_BYTES (17u << 20) /* raw leaves in one push: a whole package always fits */
#define RB_UNIT_BYTES (512u << 10) /* of leaves in one piece of work beside others, 6.17.7: ... */
#define RB_UNIT_LEAVES 1024u       /* ... or so many, but one package at least */
#define RB_WRITE_BYTES (1u << 20)  /* of what one member says, written in one commit; a leaf more */
#define RB_PART_BYTES (1u << 20)  /* ... or read for an answer at a time, ... */
#define RB_PART_MS 10u            /* ... so much later again, or ... */
#define RB_PART_REST 3u           /* ... so many times as long as it took, if that is later */
#define RB_JUDGE_STEP 64u         /* leaves judged in one step, so that a flood delays nobody */
#define RB_JUDGE_SHARE 16u        /* of one feed, then it is the next one's turn */
#define RB_INVITES_MAX 8u         /* charters of others that we have not joined */
#define RB_REQUEST_MS 15000u
#define RB_NEWS_HOLD_MS 50000u /* a held GET is answered at the latest after this */
#define RB_NEWS_MS 60000u
#define RB_RECEIPT_MIN_MS                                                                          \
    1000u /* least interval between two receipts of ours, if the charter names none */
#define RB_SETTLE_MS 60000u /* after our own start nobody is called silent */
#define RB_INVITES_MS                                                                              \
    60000u /* how often a member that only connects outwards asks for invitations */
#define RB_NEWS_LEAST_MS 100u   /* between two held GETs to one peer */
#define RB_HEADS_QUIET_MS 2000u /* heads that differ are looked at after this, once settled */
#define RB_RETRY_MIN_MS 1000u
#define RB_RETRY_MAX_MS 60000u
#define RB_INVITES_OF_ONE 4u   /* of them by one proposer */
#define RB_COSIGS_MAX 256u     /* cosignatures in one add-cosignatures */
#define RB_CLOCK_JUMP_MS 5000  /* utc moved against mono by more: the clock was set */
#define RB_RAW_MAX (64u << 20) /* leaves stored and not yet judged, per feed */
/* closed bodies, spec 9.4 to 9.6 */
#define RB_BODY_GRACE_MS 10000u    /* not called missing before */
#define RB_BODY_RETRY_MIN_MS 5000u /* between two rounds of asking */
#define RB_BODY_RETRY_MAX_MS 300000u
#define RB_WANTS_STEP 1024u        /* of those that are missing, looked at in one step */
#define RB_ASK_FAILED_MS 10u       /* what a failure costs, ... */
#define RB_ASK_BURST_MS 1000u      /* ... once so much of it has gathered */
#define RB_BODY_LEAST 65536u       /* a piece that is not the last has at least this */
#define RB_OPENING_MAX 16u         /* OPEN effects under way */
#define RB_OFFER_BYTES (1u << 20)  /* bodies handed over in one request */
#define RB_OFFER_MAX 64u           /* of them at once */
#define RB_AGAIN_MIN_MS 15000u     /* between two offers of what no receipt speaks of */
#define RB_CACHE_OF_ONE (4u << 20) /* bodies of one giver that wait in memory */
#define RB_CACHE_ALL (16u << 20)
#define RB_CACHE_MS 600000u
#define RB_SHORT_MS 1000u    /* after this, work that memory was short for is tried again */
#define RB_CACHE_LEAST 1024u /* what one of them counts at least */
#define RB_CACHE_BUCKETS 1024u
#define RB_POSTED_MAX 4096u /* entries in one POST of bodies */
#define RB_PURGE_STEP 64u   /* bodies purged in one step */
#define RB_SAY_STEP 16u     /* purges said in a second */
#define RB_SAY_MS 1000u
#define RB_LISTED_BYTE_MS                                                                          \
    4u /* of a list of missing ones, until the next: who sends one in a second, of thousands, must \
          not have us log the list each time */
#define RB_MISSING_MAX 6000u /* leaves listed in one receipt: it stays a leaf */
#define RB_NONE UINT32_MAX   /* no body, no place */
/* fair shares, spec 6.17 */
#define RB_LINE_UNKNOWN 8192u /* unpushed bytes before a line was measured */
#define RB_LINE_FAST 65536u   /* bytes a second; a line that takes them is not called slow */
#define RB_LINE_LEAST 300u    /* and none is taken for slower than this */
#define RB_LINE_MOST (64u << 20)
#define RB_LINE_SLOW_MS 1000u    /* a request that took less beside the delay shows no slow line */
#define RB_LINE_DOUBT_MS 300u    /* ... but one that took so long, that it may be one */
#define RB_LINE_SMALL 1024u      /* bytes of a request and its answer that show the delay */
#define RB_LINE_DELAY_MS 600000u /* how long a least delay is believed */
#define RB_LINE_HEAD 1500u       /* of a second's worth: what a push has beside the leaves */
#define RB_LINE_WORDS 64u        /* what each leaf has beside its bytes */
#define RB_LINE_WARM_MS 150000u  /* the urgent connection of a slow line is kept open */
#define RB_LINE_PATIENCE_MS 60000u /* who takes nothing for so long holds up nobody */
#define RB_LINE_HEARD_MS 75000u    /* who only calls us is reachable for so long after a call */
#define RB_LINE_FLOOR_MS 5000u     /* one record of ours is logged in so long, whoever is slow */
#define RB_LATER_MOST_MS 3600000u  /* a peer's Retry-After is believed up to this */
#define RB_POLL_MS 60000u          /* how often who never called is asked for its heads */
#define RB_POLL_LONG_MS 7200000u   /* who called is, after so long without a call */
#define RB_RELAY_MIN_MS                                                                            \
    2000u /* a member between is asked for cosignatures after this, doubling ... */
#define RB_RELAY_MAX_MS 120000u      /* ... up to this */
#define RB_ADVANCES_MAX 16u          /* advance copies kept of one member */
#define RB_ADVANCES_BYTES (1u << 20) /* and their bytes */
#define RB_ADVANCES_HOUR 60u         /* and how many are looked at in an hour */
#define RB_ADVANCE_MS 600000u
#define RB_RECEIPT_SLOW_MS 10000u /* between two receipts of ours where a line is slow */
#define RB_BROUGHT_MS 100000u      /* an author is left so long to bring much itself, or more of it */
#define RB_BROUGHT_FAST_MS 10000u   /* ... and so long where the line to others is fast */
#define RB_FETCHES_MS 2000u        /* who fetched of an author goes on so long, and needs no push of much */
#define RB_BULK_LEAST 4u            /* leaves that are few, whatever the line ... */
#define RB_BULK_LEAF 256u           /* ... or as many as it takes in a second if each has so much */
#define RB_HEADS_SLOW_MS 30000u   /* as RB_HEADS_QUIET_MS, on a slow line */
/* clocks beside one another, spec 6.7.1 */
#define RB_SIGNED_KEPT 16u      /* checkpoints of ours whose time is known */
#define RB_CLOCK_OLD_MS 600000u /* then a wider answer replaces a narrower one */
/* places, spec 10.6 */
#define RB_READ_STEP 2048u    /* notices of before our start, read in one step */
#define RB_ARRIVED_STEP 512u  /* work on notices that arrived, in one step: each costs this ... */
#define RB_ARRIVED_COST 16u   /* ... and 1 for each place it touches ... */
#define RB_ARRIVED_LOOKS 256u /* ... and 1 for so many looks */
#define RB_BRIEF_MS 60000     /* how long a check in short is kept */

struct buf { /* grows in the region */
    uint8_t *p;
    size_t n, cap;
};
struct attempt {
    int64_t utc_ms;
    const char *outcome;
};
struct line {                    /* how fast a peer takes and gives, as its answers show; share.c */
    uint64_t out, in;            /* bytes a second, 0: not known */
    uint64_t doubt;              /* the last request took longer than on such a line: its bytes a second */
    uint64_t least_ms, least_at; /* delay of small requests, and when (mono) it was so */
    uint64_t heard_at;           /* mono: it answered or called; 0: never */
    uint64_t called_at;          /* mono: it called; 0: never */
    uint64_t warm_at;            /* mono: the urgent connection is used again then */
    size_t asked;                /* requests under way */
    uint64_t busy_at, busy_n;    /* since when there is one; bytes of all of them since then */
    uint64_t gave_at, gave_n;    /* it fetches our leaves: when they were given, how many bytes */
};
struct clock_seen { /* its clock less ours, in ms, as its last cosignature shows; clock.c */
    bool known;
    int64_t least_ms, most_ms;
    int64_t their_utc_ms, our_utc_ms; /* T, and when it was here */
    uint64_t mono;
};
struct signed_at {
    uint64_t size, mono;
};
struct peer {
    struct rb_hash party;
    struct line line;
    struct rb_card card; /* views into card_raw */
    struct rb_slice card_raw;
    bool accredited;
    enum rb_link_state link;
    int64_t link_since, last_ok, last_try;
    const char *last_outcome;
    uint32_t failures;
    uint64_t retry_at; /* mono; nothing is sent before */
    struct attempt attempts[8];
    size_t attempts_n;         /* total, ring of 8 */
    struct rb_key tls_before;  /* of the card before, accepted until then (2.7.6) */
    int64_t tls_before_until;  /* UTC ms; 0: there is none */
    struct rb_key tls_revoked; /* of the last revocation; zero: none */
    uint64_t invites_at;       /* mono: ask for invitations then, where we only connect outwards */
    bool asking;
    size_t cached;                     /* bytes of bodies it gave that wait in memory */
    size_t advances_n, advances_bytes; /* copies it gave that are kept */
    uint64_t advances_from, advances_hour, advances_said;
    uint64_t day_from, day_leaves, day_bytes; /* mono: leaves of its that were stored since */
    uint64_t quota_said;                      /* mono: that it is used up; 0: never */
    uint64_t parts_n; /* which was the last of its requests read in parts, as the node counts them */
    int64_t last_call;
    struct clock_seen clock;
};
struct cosig {
    uint64_t size, time_s;
    uint8_t sig[RB_SIG_LEN];
};
struct mirror { /* what one peer holds of our feed */
    uint16_t member;
    uint64_t known;       /* leaves it has, as far as we know; the next push starts here */
    uint64_t pending;     /* size of the checkpoint it has, cosigned or pending */
    bool inflight;        /* LOAD or REQUEST under way */
    bool urgent;          /* the same for one with FLASH, beside the other */
    uint64_t urgent_to;   /* size of its checkpoint */
    uint64_t flying_to;   /* size of the checkpoint that the push under way brings with all its
                             leaves;   0: none, or fewer leaves */
    uint64_t flying_n;    /* bytes of that push */
    uint64_t advanced_to; /* FLASH below it was sent by itself, or need not be */
    uint64_t share_known, share_at; /* share.c: what it had when (mono) it had so much first */
    uint64_t retry_at;
    uint64_t much_at; /* before it, not much is pushed: it fetches itself, or is about to */
    uint32_t failures;
    uint64_t covered; /* largest size cosigned */
    uint64_t covered_time_s;
    uint64_t queued_to;  /* leaves below it have their first cosignature logged or queued */
    struct cosig *queue; /* first cosignatures not yet logged in a receipt */
    size_t queue_n, queue_cap;
    size_t offered;              /* closed leaves of ours (places) looked at before a push */
    bool offering;               /* they are being handed over; the push waits */
    bool push_due;               /* they were: it goes next, whatever has come since */
    uint64_t bodies_to;          /* its receipts: bodies for it below this leaf are held ... */
    struct buf bodies_but;       /* ... but for these: encoded array of leaf indexes */
    size_t bodies_done;          /* places below it need no offer */
    uint64_t again_at, again_ms; /* we have no address: offer again what is not held; 0 = nothing */
    uint32_t again_via;          /* whom it was offered through last */
    bool again_busy;
};
struct ticket_size {
    uint64_t ticket, size;
};
struct channel;
struct feedx;
struct cosigned { /* the largest cosignature of one member that is stored, guard.c */
    uint64_t size, time_s;
    uint8_t sig[RB_SIG_LEN], log[RB_SIG_LEN]; /* log: the log's signature on that checkpoint */
    bool has_log;
};
struct receipt_at { /* the last receipt that has a cosignature by a member */
    const struct feedx *at;
    uint32_t leaf; /* + 1; 0: none */
};
struct guard {             /* of a channel, spec 6.14; members' bits */
    bool on, said, asking; /* asking: whoever has not answered, also after its end */
    bool opening;          /* an epoch of ours that the store has forgotten is being fetched */
    bool overriding;
    uint64_t ever;     /* cosigned a feed of ours, as far as the store knows */
    uint64_t answered; /* since the start */
    uint64_t tried;    /* could not be reached, or did not answer this */
    uint64_t told;     /* whose held GET was answered for it */
    char words[96];
};
struct feedx { /* a feed with what the node knows beside the book */
    struct channel *ch;
    struct rb_feed *f;
    bool own;
    struct buf note; /* latest checkpoint with the log's signature only: ours as signed, of others
                        the one we cosigned */
    uint64_t note_size;
    struct buf cosig_line; /* our mirror's line on it */
    struct buf delegation; /* the party-key body that authorises the log key */
    uint64_t stored;       /* leaves durable here */
    struct ticket_size flying[16];
    size_t flying_n;
    bool signing;
    uint64_t told_size;   /* others': cosigned and on its way to its author, or there */
    uint64_t told_author; /* the same, to the author itself */
    uint64_t tell_at;     /* mono: not before, after a failure */
    uint64_t brought_at;  /* mono: its author brought leaves of it, or we saw that it has more */
    size_t via;           /* whom it went through last, where the author cannot be reached */
    uint64_t head_size;   /* head file at start: largest signed or cosigned, and its root */
    struct rb_hash head_root;
    const char *waiting; /* own: why nothing is signed */
    uint64_t *weights;   /* own: bytes that leaves up to this one make, bodies included */
    size_t weights_n, weights_cap;
    uint64_t flash_to; /* own: behind the last FLASH record */
    bool closed;       /* its party left: no larger checkpoint is taken */
    uint64_t left_at;  /* own: behind the record by which we left, with which it ends for others */
    bool guarded;      /* own: loaded from the store, and the guard has not ended */
    /* own: a lost part comes back (lost.c); `pending` is the checkpoint to reach */
    bool recovering;                              /* leaves of it are being stored and judged */
    bool lost_out;                                /* a request for them is under way */
    uint64_t lost_shown, lost_failed, lost_unfit; /* members' bits */
    uint64_t lost_at;                             /* mono: not before */
    uint32_t lost_rounds;
    struct buf lost_note; /* a smaller one on the way there, with the leaves of which it came */
    uint64_t lost_note_size;
    struct cosigned *cosigned;   /* by member; NULL: none */
    struct receipt_at *receipts; /* by cosigner; NULL: none */
    struct forkx
        *fork;        /* what proves that it has two histories, and those; NULL: nothing (fork.h) */
    bool fork_asking; /* for what a proof left out */
    uint64_t fork_ask_at;
    /* own */
    struct signed_at signed_at[RB_SIGNED_KEPT]; /* ring of signed_n */
    size_t signed_n;
    size_t mirrors_n;
    struct mirror *mirrors;
    /* others: mirror with a pending checkpoint */
    struct buf pending;
    uint64_t pending_size;
    struct rb_hash pending_root;
    struct buf ahead; /* the last one before it whose leaves all were here, not cosigned: they are
                         judged under the guard (6.14.1), so it is what speaks of them */
    uint64_t ahead_size;
    bool busy;      /* store and cosign of one request under way */
    struct buf raw; /* leaves not yet judged: u32 length, bytes */
    size_t raw_at;
    uint64_t write_next, write_left; /* leaves of the tree that no STORE names yet, 6.17.7 ... */
    size_t write_at;                 /* ... and where in `raw` they begin */
    uint64_t judged_stored; /* watermark written last */
    struct rb_hash origin_hash;
    /* closed leaves that name us, ascending: indexes of channel.places */
    uint32_t *places;
    size_t places_n, places_cap;
    bool places_short; /* memory ran out: nothing is said of bodies from places_to on */
    uint64_t places_to;
    uint64_t say_from;       /* mono: of bodies nothing is said before */
    uint64_t said_to;        /* our receipts speak of bodies below this leaf ... */
    struct rb_hash said_but; /* ... but for these: hash of the encoded array */
    uint64_t start_n;        /* leaves that were known at START */
    uint32_t *spots;         /* its notices and cessations, ascending: indexes of channel.spots */
    size_t spots_n, spots_cap;
};
enum body_why { /* why a body is not here or no good; words in body.c, numbers on disk */
                WHY_NONE,
                WHY_ASKED,
                WHY_NOBODY,
                WHY_QUOTA,
                WHY_HASH,
                WHY_SIZE,
                WHY_KEY,
                WHY_CHANGED,
                WHY_FORM,
                WHY_COMMITMENT,
                WHY_MAX
};
enum verdict { VERDICT_UNKNOWN, VERDICT_GOOD, VERDICT_BAD };
struct body { /* one ciphertext of one author: who may have it, and what is here of it */
    struct rb_hash hash;
    uint64_t size, have;
    uint64_t recipients; /* of all records that name it */
    int64_t taken_utc;
    uint64_t ticket;     /* of the bytes stored last */
    uint64_t retry_at;   /* mono */
    uint32_t next;       /* in its bucket; index + 1 */
    uint32_t wants_next; /* of those that are asked for */
    uint32_t place;      /* first record that names it and us, RB_NONE */
    uint32_t failures;
    uint16_t member;
    uint16_t candidate; /* whom to ask next; see fetch.c */
    uint8_t state; /* enum rb_body_state without OPENED and BAD: those are the place's; NONE: not
                      for us, or of a draft */
    uint8_t why;
    uint8_t verdict, verdict_why; /* of the first place, as stored */
    bool draft;                   /* ours, its record is not logged yet */
    bool queued;                  /* a record that names it waits in the outbox */
    bool stored;                  /* META speaks of it */
    bool wanted, fetching;
    bool
        as_file; /* opened as an attachment: what holds for one leaf's holds for all that name it */
    uint8_t file_why;         /* WHY_NONE: it has the commitments of file_list */
    struct rb_hash file_list; /* SHA-256 of both */
    bool wrong; /* it was whole once, and another: pauses grow on, whatever comes meanwhile */
};
struct place { /* a closed leaf that names us */
    struct feedx *fx;
    uint64_t leaf;
    uint64_t grace_at; /* mono: not called missing before */
    uint32_t body, next;
    uint32_t open_next, say_next;
    uint8_t kind, verdict, why;
    bool opened; /* the book has what the rules read of it */
    bool opening, saying, said;
};
enum spot_state {
    SPOT_UNREAD,    /* closed, and cannot be read here */
    SPOT_KNOWN,     /* in the register */
    SPOT_MALFORMED, /* a volume is none, 10.6.1 */
    SPOT_LEFT_OUT   /* there was no room for it */
};
struct spot { /* a notice or a cessation, and what is needed of its place beside the register */
    struct feedx *fx;
    uint64_t leaf;
    int64_t begin_utc, end_utc, review_utc;
    struct rb_point middle;
    uint8_t state, class_;
    bool has_begin, has_end, has_review, placed;
    bool gone;  /* superseded or withdrawn, as the situation was folded last; of a cessation: neither
                   agreed nor in force */
    bool dark;  /* of a cessation: nobody here can say whether it is */
    bool rests; /* gone or over: not compared */
    bool told;  /* what it has to remind of was said */
    /* a cessation: its span, as our people know of it; known: what they know is up to date from here on,
       for it was there before our start */
    bool truce, known, span_told;
    int64_t told_from, told_to;
    /* its last check in short: kept, since many ask for it */
    uint8_t brief; /* enum rb_answer + 1; 0: never made */
    uint32_t brief_n;
    uint64_t brief_changes; /* of the register then */
    int64_t brief_utc;
};
struct probing { /* checks of ours that met closed places, 10.6.10: those that count, oldest first
                  */
    struct rb_probe probe;
    struct rb_hash
        plans[RB_PROBE_REFUSE]; /* of which plan each was; zero: asked before our start */
    int64_t said_utc[2];        /* that there were 16, 64; 0 = never */
};
struct chain { /* by index + 1; 0 = none */
    uint32_t first, last;
};
struct cached { /* a whole body that waits in memory; never stored as such */
    struct cached *older, *newer, *next; /* next: in its bucket */
    struct channel *ch;
    struct peer *giver;
    uint16_t member;
    struct rb_hash hash;
    uint64_t at; /* mono */
    size_t n;
    uint8_t *p;
};
struct offer { /* a body, or a piece of it, to hand over */
    uint32_t body;
    uint64_t from, len;
};
struct advance { /* a copy of a FLASH record whose leaf is not here; in memory alone */
    struct advance *next;
    struct feedx *fx;
    struct peer *giver;
    uint64_t index, at; /* mono */
    int64_t came_utc;
    struct rb_hash id;
    struct buf leaf;
};
struct outbox_item {
    struct outbox_item *next;
    uint64_t order;
    struct buf leaf;
    uint8_t precedence, kind;
    bool persisted;
    bool keys;          /* card, rotation or revocation: keys.c */
    uint64_t token;     /* DONE to be sent once logged or kept durably; 0 = none */
    struct job *answer; /* ... by this, so that there is memory for it */
    struct rb_hash id;
};
struct draft {
    bool used;
    struct rb_hash hash;
    uint8_t channel[RB_CHANNEL_LEN];
    struct buf payload;
    size_t signers_n;
    struct rb_signer signers[RB_MAX_SIGNERS];
};
struct pullx { /* what we ask one peer about one channel */
    uint16_t member;
    bool news;         /* a held GET is out */
    bool heads;        /* a GET heads is out */
    bool fetching;     /* a GET feed is out ... */
    bool bulk;         /* ... one that brings much is, beside which what is short is asked for */
    struct rb_hash bulk_of, last; /* hash of its origin; of that asked for last */
    bool others;       /* there is more of others to be had, which had to wait */
    char theirs[33];   /* its heads as it told them last; "": never */
    uint64_t heads_at; /* mono: look at heads then; 0 = not needed */
    uint64_t
        quiet_ms; /* wait before asking again where asking brought nothing; 0 = the last one did */
    uint64_t retry_at;
    bool body;          /* a GET of a body is out */
    bool relay;         /* a GET of cosignatures is out */
    uint64_t relay_for; /* the checkpoint of ours that they are asked for */
    uint64_t relay_at, relay_ms;
    const struct feedx *shown_of; /* our note of this feed was shown to it ... */
    uint64_t shown_size;          /* ... so large */
    uint64_t poll_at;             /* mono: its heads are looked at then, where it does not call */
    bool held, bringing;          /* a GET, a POST of what is held (6.14) is out */
    uint64_t held_at;             /* mono: not asked before */
    uint32_t held_failures;
    bool evidence, evidence_list; /* a POST, a GET of evidence is out */
    uint32_t evidence_failures;
    uint64_t evidence_at;   /* mono: no POST before */
    char evidence_seen[32]; /* digest of the list that it gave last */
};
struct key_move {              /* a key that others must know of before it is used; keys.c */
    struct rb_key now, before; /* the one before serves those ... */
    struct feedx *at;          /* ... who do not hold this feed of ours ... */
    uint64_t leaf;             /* ... beyond this leaf; NULL: it never changed */
};
struct channel {
    uint8_t id[RB_CHANNEL_LEN];
    struct rb_book book;
    enum rb_own_state state;
    uint16_t own_member;
    size_t feeds_n, feeds_cap;
    struct feedx **feeds;
    struct feedx *own; /* latest epoch of ours, NULL until joined */
    struct outbox_item *outbox, *outbox_tail;
    size_t outbox_n;
    struct guard guard;
    struct outbox_item *stale; /* signed over the origin of an earlier epoch */
    uint64_t stale_below;      /* orders below it are */
    bool link_due;             /* our epoch is to say which one came before */
    uint64_t relay_wake;
    uint64_t floor_at;   /* mono: a record is logged then, whoever is slow */
    bool held_up;        /* the outbox waits for a slow line ... */
    uint16_t held_up_by; /* ... of this member */
    uint64_t gone;       /* members' bits: left, or not listed any more (6.4.1) */
    size_t pulls_n;
    struct pullx *pulls;
    /* rules cached for admission; refolded when a record that can change them was judged */
    bool rules_dirty, dirty;
    struct rb_charter *charter; /* in force or proposed; region */
    struct rb_hash charter_id;
    enum rb_charter_state charter_state;
    struct rb_standing standing;
    uint64_t fold_at;     /* mono: look for missed answers then; UINT64_MAX: not */
    uint64_t refresh_at;  /* mono: the rules are not folded anew before, unless a submission asks */
    int64_t next_due_utc; /* earliest pending due or test slot's end; INT64_MAX */
    uint64_t receipt_at;  /* mono: not before */
    uint64_t last_test_slot, test_sequence;
    char heads[33]; /* digest of the heads known here */
    bool heads_dirty;
    /* closed bodies */
    struct body *bodies;
    size_t bodies_n, bodies_cap;
    uint32_t *buckets; /* index + 1 */
    size_t buckets_n;
    uint64_t bucket_salt;
    struct place *places;
    size_t places_n, places_cap;
    uint64_t kept[RB_MAX_MEMBERS]; /* bytes of bodies by author */
    struct chain wants;            /* those that are asked for, in turn; index + 1 */
    size_t wants_n;
    uint64_t ask_at;         /* mono: failures push it on, see fetch.c */
    struct chain opening[3]; /* positions, the rest, attachments: index + 1 */
    struct chain saying;
    uint64_t open_at, say_at; /* mono: not before */
    int64_t purge_utc;        /* next purge; INT64_MAX: none */
    bool purge_scan;          /* it must be looked for anew */
    bool bodies_dirty;        /* something may be said of bodies that was not */
    uint64_t settle_at;       /* mono: a body is called missing then; UINT64_MAX */
    bool body_work;           /* something moved */
    uint64_t body_wake;       /* mono: look again then */
    bool counted;
    size_t missing_n, unopened_n;
    /* places, spec 10.6 */
    struct rb_register *reg; /* NULL before the first */
    struct spot *spots;
    size_t spots_n, spots_cap;
    struct buf later; /* bodies of those known before our start that are still to be read */
    size_t later_at;
    size_t spots_lost;   /* notices that there was no room even to note */
    size_t spots_beside; /* notices in other histories of forked feeds: not compared */
    uint32_t *said;      /* spots in the situation's order */
    size_t said_n, said_cap;
    uint64_t stand_serial; /* of the fold that `gone` and `said` are from */
    int64_t stand_utc;     /* when what is over was looked at; somebody may ask of any time */
    int64_t stand_next;    /* until then nothing known is over that was not at stand_utc */
    size_t truces_n;       /* spots that are cessations ... */
    int64_t truce_from, truce_until; /* ... whose states are those of this time, as far as leaves go */
    bool stand_known;      /* nothing came since the last fold that makes a place stand or rest */
    bool revocations;      /* one was judged: what is receipted may change what stands */
    size_t unread_n, malformed_n; /* of those not gone, at that time */
    struct probing *probing;      /* NULL: none yet */
    uint32_t *arrived;            /* spots read here for the first time, to be compared */
    size_t arrived_n, arrived_cap;
    size_t arrived_to, arrived_at; /* in the situation; compared */
    uint64_t arrive_from;          /* mono: not before, after memory was short */
    /* which of our keys signs here, keys.c */
    struct rb_key *revoked; /* keys of ours that were revoked, in whosever feed */
    size_t revoked_n, revoked_cap;
    size_t key_waits;        /* changes of keys in the outbox ... */
    struct feedx *tail_of;   /* ... of this feed, ... */
    struct rb_key node_tail; /* ... behind which this node key signs */
    struct key_move mirror_key, tls_key;
    int64_t remind_utc;   /* next reminder; INT64_MAX: none */
    int64_t reminded_utc; /* before our start: what was due by then was said */
};
enum job_type {
    JOB_PUSH_LOAD,
    JOB_FEED_LOAD,
    JOB_TILE_LOAD, /* LOADs */
    JOB_SIGN_LOG,
    JOB_SIGN_MIRROR,
    JOB_SIGN_NODE,    /* SIGNs */
    JOB_TAKE,         /* waiting for STORED */
    JOB_STORED_REPLY, /* RESPOND after STORED */
    JOB_DONE,         /* DONE after STORED */
    JOB_HELD,         /* ALERT HELD after STORED */
    JOB_REQ_PUSH,
    JOB_REQ_NEWS,
    JOB_REQ_HEADS,
    JOB_REQ_FEED,
    JOB_REQ_COSIG,
    JOB_REQ_INVITES,
    JOB_REQ_OWN,
    JOB_REQ_HELD,  /* GET of what is held of ours (6.14) */
    JOB_REQ_BRING, /* POST of the same */
    JOB_REQ_LOST,  /* a lost part of our feed */
    JOB_REQ_BODY,
    JOB_REQ_ASK,
    JOB_REQ_OFFER, /* REQUESTs */
    JOB_BODY_LOAD,
    JOB_OFFER_LOAD, /* LOADs of bodies */
    JOB_ADVANCE_LOAD,
    JOB_REQ_ADVANCE,
    JOB_REQ_RELAY, /* GET of cosignatures */
    JOB_REQ_SHOW,  /* our cosigned note, to who may lack the leaves */
    JOB_OPEN,
    JOB_REQ_EVIDENCE,
    JOB_REQ_EVIDENCE_LIST,
    JOB_REQ_ROOT, /* the tile with a root that a proof left out */
    JOB_REQ_BRANCH,
    JOB_REQ_BRING_BRANCH,
    JOB_BRANCH_LOAD,
    JOB_WAIT_NEWS /* a peer's held GET */
};
struct job {
    struct job *next;
    enum job_type type;
    uint64_t id;     /* token, request or connection, by type */
    uint64_t ticket; /* STORED it waits for */
    struct channel *ch;
    struct feedx *fx;
    struct peer *peer;
    uint16_t member;
    uint64_t conn; /* to answer; 0 = a pull of ours */
    uint64_t from, to, got;
    uint64_t old;     /* feed: the asker's pending checkpoint; push: what goes along as `old`,
                         UINT64_MAX: what the member has by then */
    uint64_t wanted;  /* leaves below it were asked for a second time */
    uint64_t had;     /* got, when the part that is being read was asked for */
    bool parts;       /* its next part is to be read */
    uint64_t sent_at; /* mono: the request left; ... */
    size_t sent_n;    /* ... with so many bytes, ... */
    bool sent, alone; /* ... while no other was under way to that peer */
    bool urgent;
    uint64_t deadline; /* mono */
    uint64_t time_s;
    struct rb_hash root;
    struct rb_key key; /* that was to sign */
    struct buf buf;
    struct buf list; /* of struct offer */
    struct rb_effect done;
    int status;
    bool partial;
    char have[33];
};
struct rb_node {
    struct rb_region region;
    struct rb_arena sit_arena, step_arena, work;
    struct rb_effect *effects;
    size_t effects_n;
    bool overflow;
    struct rb_now now;
    bool timer; /* this step was woken by its timer, nobody waits for an answer of it */
    uint8_t entropy[32];
    bool started;
    struct rb_now started_at;
    bool has_self;
    struct rb_card self;
    struct rb_slice self_raw;
    struct rb_hash self_party;
    struct rb_vkey mirror_vkey;
    char mirror_name[96];
    struct peer *peers[RB_MAX_PEERS];
    size_t peers_n;
    struct channel *channels[RB_MAX_CHANNELS];
    size_t channels_n;
    struct draft *drafts[RB_MAX_DRAFTS];
    struct job *jobs;
    uint64_t parts_of;      /* id of the job of which a part was read; 0: none */
    struct buf parts;       /* what was read of it */
    uint64_t part_at;       /* mono: the next is not read before; ... */
    uint64_t part_asked_at; /* ... the last was asked for then */
    uint64_t parts_n;       /* jobs that were read in parts */
    uint64_t next_id, next_ticket, next_outbox;
    uint64_t stored_ticket; /* everything up to it is durable */
    struct rb_live live;     /* the situation of the channel asked last, in sit_arena */
    struct channel *live_of; /* which; NULL = none */
    struct channel *sit_of;  /* the same, if nothing came since; NULL = something did */
    int64_t sit_utc;
    uint64_t sit_serial; /* of this situation */
    struct buf unsaid;   /* at start: released in spite of a check, and not said; despite.c */
    struct buf heads;    /* the head file as it was at start: a feed may be opened later */
    size_t judge_turn;   /* whose share comes next */
    uint64_t judge_at;   /* mono: judging failed for want of memory; not before */
    bool clock_known;
    int64_t clock_lead;  /* utc less mono, to notice a clock that was set */
    uint64_t purge_from; /* mono: nothing is purged by time before */
    bool purge_waits;    /* that something was due and waits was said */
    /* closed bodies */
    bool locked;      /* the age key is sealed: the last OPEN said so */
    uint64_t unlocks; /* how often that changed: an answer may come late */
    size_t opening;
    struct advance *advances;
    struct rb_node_limits limits;
    struct cached *cache_old, *cache_new, *cache[RB_CACHE_BUCKETS];
    uint64_t cache_salt;
    size_t cache_bytes;
    struct { /* in a step that submits: what is read in the body */
        const struct channel *ch;
        struct rb_hash hash;
        struct rb_slice body;
    } fresh;
};

/* node.c */
struct rb_effect *node_effect(struct rb_node *n, enum rb_effect_type type);
uint64_t node_id(struct rb_node *n);
uint64_t node_store_meta(struct rb_node *n, uint8_t table, struct rb_slice key,
                         struct rb_slice value);
/* a leaf of the tree, which lies where this step's effects do; or, without bytes, the mark of one that is
 * stored. mark -1: not judged yet */
uint64_t node_store_leaf(struct rb_node *n, const struct feedx *fx, uint64_t index,
                         struct rb_slice leaf, int16_t mark);
struct rb_slice node_keep(struct rb_node *n, struct rb_slice in); /* copy into the step's arena */
struct rb_writer node_writer(struct rb_node *n, size_t cap);      /* in the step's arena */
enum rb_err buf_put(struct rb_node *n, struct buf *b, const void *p, size_t len);
void buf_clear(struct buf *b);
void buf_free(struct rb_node *n, struct buf *b);
static inline struct rb_slice buf_slice(const struct buf *b) {
    return rb_slice(b->p, b->n);
}
/* room in this step for `bytes` of slices in effects and for plenty of effects: asked before
 * anything that may not be done by halves */
bool node_room(const struct rb_node *n, size_t bytes);
struct job *node_job(struct rb_node *n, enum job_type type); /* NULL: memory */
struct job *node_job_find(struct rb_node *n, uint64_t id);
void node_job_free(struct rb_node *n, struct job *j);
void node_alert(struct rb_node *n, enum rb_alert_type a, struct channel *ch,
                const struct rb_hash *record, uint16_t member, const struct rb_hash *peer,
                uint8_t precedence, uint64_t size, const struct rb_reject *rj);
void node_feed_key(const struct feedx *fx, uint8_t key[20]);
struct rb_feed_ref node_feed_ref(const struct feedx *fx);
uint16_t node_rand16(struct rb_node *n);

/* peers (peer.c) */
struct peer *node_peer_find(const struct rb_node *n, const struct rb_hash *party);
enum rb_err node_peer_put(struct rb_node *n, struct rb_slice card, bool accredited, bool persist,
                          struct peer **out, struct rb_reject *rj);
void node_peer_ok(struct rb_node *n, struct peer *p);
void node_peer_failed(struct rb_node *n, struct peer *p, const char *why);
/* whoever only calls us and stopped calling; and when (mono) the next one may have */
void node_peers_quiet(struct rb_node *n);
uint64_t node_peers_wake(const struct rb_node *n);
struct peer *node_member_peer(const struct rb_node *n, struct channel *ch, uint16_t member);
/* as stored: u8 flags, i64 UTC ms and 32 bytes where bit 1 is set, the card */
enum rb_err node_peer_load(struct rb_node *n, struct rb_slice value, struct rb_reject *rj);
/* the TLS key of a party is a stranger's from now on */
void node_peer_revoked(struct rb_node *n, const struct rb_hash *party, const struct rb_key *tls);
enum rb_err node_self_put(struct rb_node *n, struct rb_slice card, struct rb_reject *rj);

/* channels (channel.c) */
struct channel *node_channel_find(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN]);
enum rb_err node_channel_new(struct rb_node *n, struct rb_slice charter_leaf, struct channel **out,
                             struct rb_reject *rj);
void node_channel_drop(struct rb_node *n, struct channel *ch);
void node_channel_store(struct rb_node *n, struct channel *ch);
enum rb_err node_channel_open_feed(struct rb_node *n, struct channel *ch,
                                   struct rb_slice delegation, bool persist, struct feedx **out,
                                   struct rb_reject *rj);
struct feedx *node_feedx(struct channel *ch, uint16_t member, uint16_t epoch);
struct feedx *node_feedx_by_origin(struct rb_node *n, struct rb_slice origin);
struct feedx *node_feedx_by_hash(struct rb_node *n, const struct rb_hash *origin_hash);
enum rb_err node_refresh_rules(struct rb_node *n, struct channel *ch);
void node_judged(struct rb_node *n, struct feedx *fx, size_t index, struct rb_slice leaf);
/* what the rules read of this record has changed */
void node_changed(struct rb_node *n, struct channel *ch, const struct rb_fact *f);
void node_sync_members(struct rb_node *n, struct channel *ch);
/* the fact that a record would become, as far as admission looks at it */
/* `body`: what is readable in a closed one */
void node_fact_of(const struct rb_record *rec, struct rb_slice body, struct rb_fact *out);
enum rb_mark node_admit(struct rb_node *n, struct channel *ch, const struct rb_fact *fact,
                        const struct rb_record *rec);
size_t node_signers_due(const struct channel *ch, const struct rb_fact *fact);
void node_heads_digest(struct rb_node *n, struct channel *ch, char out[33]);
void node_heads_text(struct rb_node *n, struct channel *ch, struct rb_writer *w);

/* clock.c */
void clock_signed(struct rb_node *n, struct feedx *fx);
void clock_cosigned(struct rb_node *n, struct feedx *fx, uint16_t member, uint64_t size,
                    uint64_t time_s);
void clock_moved(struct rb_node *n);

/* guard.c: why nothing of this feed of ours is signed; NULL: it may be */
const char *own_waits(const struct feedx *fx);

/* own.c */
enum rb_err own_enqueue(struct rb_node *n, struct channel *ch, struct rb_slice leaf,
                        uint8_t precedence, uint64_t token);
void own_drain(struct rb_node *n, struct channel *ch);
void own_stored(struct rb_node *n, struct feedx *fx);
void own_maybe_sign(struct rb_node *n, struct feedx *fx);
void own_signed(struct rb_node *n, struct job *j, enum rb_err err, const uint8_t *sig);
void feed_flying(struct feedx *fx, uint64_t ticket, uint64_t size);
bool feed_landed(struct feedx *fx, uint64_t ticket);

/* share.c: how fast lines are, and what of ours may be logged, spec 6.17 */
void share_sent(struct rb_node *n); /* the step's REQUESTs leave now */
void share_answered(struct rb_node *n, struct job *j, const struct rb_event *ev);
/* it fetched leaves of ours, and its cosignature shows that they arrived */
void share_gave(struct rb_node *n, struct peer *p, size_t bytes);
void share_fetched(struct rb_node *n, struct peer *p);
void share_weigh(struct rb_node *n, struct feedx *fx, size_t leaf, size_t bytes);
uint64_t share_weight(const struct feedx *fx, uint64_t from, uint64_t to);
bool share_may_log(struct rb_node *n, struct channel *ch, uint8_t precedence);
uint64_t share_second(const struct peer *p); /* bytes it takes in a second */
uint64_t share_asks(const struct peer *p);   /* bytes to ask it for at once */
bool share_slow(const struct peer *p);
bool share_reachable(const struct rb_node *n, const struct peer *p);
bool share_any_slow(struct rb_node *n,
                    struct channel *ch); /* a line that is up to a member of it */
/* how many leaves of this author may be stored now; *wait_s: when more may, where it is none */
uint64_t share_room(struct rb_node *n, struct feedx *fx, uint32_t *wait_s);
void share_stored(struct rb_node *n, struct feedx *fx, uint64_t leaves, uint64_t bytes);
bool share_quota_news(struct rb_node *n, struct feedx *fx); /* to be said: once an hour */

/* advance.c: FLASH that has to wait is also sent by itself, spec 6.17.3 */
void advance_flash(struct rb_node *n, struct feedx *fx, struct mirror *m, struct peer *p,
                   uint64_t from);
void advance_loaded(struct rb_node *n, struct job *j, const struct rb_event *ev);
void advance_take(struct rb_node *n, struct channel *ch, struct rb_slice body, uint64_t conn,
                  struct peer *p);
void advance_came(struct rb_node *n, const struct feedx *fx, const struct rb_hash *id);
void advance_expire(struct rb_node *n);
uint64_t advance_wake(const struct rb_node *n); /* UINT64_MAX: never */

/* relay.c: ways round, spec 6.18 */
struct peer *relay_way(struct rb_node *n, struct feedx *fx, struct peer *giver); /* NULL: none */
uint64_t relay_time(struct rb_node *n, const struct feedx *fx);
void relay_failed(struct rb_node *n, struct feedx *fx);
void relay_get(struct rb_node *n, struct channel *ch, struct rb_slice query, uint64_t conn,
               struct peer *p);
void relay_ask(struct rb_node *n, struct channel *ch);
void relay_response(struct rb_node *n, struct job *j, const struct rb_event *ev);

/* push.c */
void push_all(struct rb_node *n, struct channel *ch);
void push_again(struct rb_node *n, struct peer *p);
void push_fetched(struct rb_node *n, struct feedx *fx, const struct peer *p);
uint64_t push_time(const struct feedx *fx, const struct mirror *m, const struct peer *p);
void push_loaded(struct rb_node *n, struct job *j, const struct rb_event *ev);
void push_response(struct rb_node *n, struct job *j, const struct rb_event *ev);
/* the answer to JOB_REQ_OWN: a checkpoint of our feed, larger than we know of? */
void push_proof(struct rb_node *n, struct job *j, const struct rb_event *ev);
/* Leaves were read for a checkpoint that a larger one has replaced meanwhile, and are no whole
 * package of that: true, and the rest is being read, too. */
bool push_load_more(struct rb_node *n, struct job *j);
bool push_short(const struct feedx *fx, uint64_t from, uint64_t got); /* got: not a whole package */
struct rb_slice push_body(struct rb_node *n, struct feedx *fx, uint64_t old_size,
                          struct rb_slice raw, uint64_t from, uint64_t to);
/* a member's line on a checkpoint of `size`: verified, and kept if wanted; NOT_FOUND: no member's
 */
enum rb_err push_take_cosig(struct rb_node *n, struct feedx *fx, uint64_t size,
                            const struct rb_note_sig *line, struct rb_slice log_note,
                            uint16_t *member, bool keep);
struct mirror *own_mirror(struct rb_node *n, struct feedx *fx, uint16_t member);

/* take.c */
struct take_in {
    struct rb_slice delegation; /* signed body, may be empty */
    struct rb_add_checkpoint ac;
    struct rb_reader entries;
    bool has_entries;
    uint64_t conn; /* 0: pulled */
    struct peer *peer;
};
void take_push(struct rb_node *n, struct rb_slice body, uint64_t conn, struct peer *p);
void take_add_checkpoint(struct rb_node *n, struct rb_slice body, uint64_t conn, struct peer *p);
void take_add_entries(struct rb_node *n, struct rb_slice body, uint64_t conn, struct peer *p);
/* a checkpoint of m leaves, signed by the log key, with another root than ours for m (fork.c) */
void take_keep_fork(struct rb_node *n, struct feedx *fx, struct rb_slice their_note, uint64_t m);
/* ... with another root than the one of that size that is pending */
void take_keep_fork_pending(struct rb_node *n, struct feedx *fx, struct rb_slice their_note);
/* the package's leaves are those of a tree of `size` with that root; hashes: theirs */
bool take_package_holds(const struct rb_tree *tree, const struct rb_package *p, uint64_t size,
                        const struct rb_hash *root, struct rb_hash hashes[256]);
void take_stored(struct rb_node *n, struct job *j);
void take_signed(struct rb_node *n, struct job *j, enum rb_err err, const uint8_t *sig);
void take_judge_some(struct rb_node *n);
bool take_judging(const struct rb_node *n);

/* serve.c */
void serve_recv(struct rb_node *n, const struct rb_event *ev);
void serve_respond(struct rb_node *n, struct channel *ch, uint64_t conn, int status,
                   const char *type, struct rb_slice body);
void serve_not_found(struct rb_node *n, uint64_t conn, struct peer *p);
/* one parameter of a query "a=b&c=d"; no escapes are needed in what we use */
bool serve_param(struct rb_slice query, const char *name, struct rb_slice *out);
/* as serve_respond, once all that was stored by now is durable */
void serve_when_stored(struct rb_node *n, struct channel *ch, uint64_t conn, int status,
                       struct rb_slice body);
void serve_refuse(struct rb_node *n, uint64_t conn, struct peer *p, int status,
                  const struct rb_reject *rj);
/* 429, and when to come again; said here if `news` */
void serve_later(struct rb_node *n, uint64_t conn, struct peer *p, uint32_t after_s, bool news,
                 const struct rb_reject *rj);
void serve_loaded(struct rb_node *n, struct job *j, const struct rb_event *ev);
void serve_parts(struct rb_node *n); /* goes on with an answer that is long to read */
uint64_t serve_parts_wake(const struct rb_node *n);
void serve_news(struct rb_node *n, struct channel *ch); /* wakes held GETs whose digest differs */
bool serve_member(struct rb_node *n, struct channel *ch, const struct peer *p);
/* cosigned notes as in 6.8: all of them kept, or none */
enum rb_err serve_take_notes(struct rb_node *n, struct channel *ch, struct rb_slice body,
                             struct rb_reject *rj);

/* pull.c */
void pull_all(struct rb_node *n, struct channel *ch);
void pull_invites(struct rb_node *n);
void pull_response(struct rb_node *n, struct job *j, const struct rb_event *ev);
void pull_note_heads(struct rb_node *n, struct channel *ch, struct peer *p, struct rb_slice heads);
void pull_show(struct rb_node *n, struct feedx *fx, struct peer *p);
void pull_look(struct rb_node *n, struct channel *ch, const struct peer *p);
/* more than the line takes in about a second */
bool pull_much(const struct peer *p, uint64_t leaves);
void pull_more(struct rb_node *n, struct feedx *fx, struct peer *p);
void pull_cosigned(struct rb_node *n, struct feedx *fx, struct peer *p);
struct pullx *pull_of(struct channel *ch, uint16_t member);

/* submit.c */
void submit_event(struct rb_node *n, const struct rb_event *ev);
void submit_done(struct rb_node *n, uint64_t token, enum rb_err err, const char *clause,
                 const char *what, enum rb_mark mark, const struct rb_hash *record,
                 const uint8_t *channel, uint64_t after_ticket);
enum rb_err draft_load(struct rb_node *n, struct rb_slice key, struct rb_slice value);
/* it was logged, or is kept: DONE by a JOB_DONE that was reserved */
void submit_logged(struct rb_node *n, struct job *j, uint64_t token, const struct rb_hash *record,
                   const uint8_t *channel, uint64_t after_ticket);
void submit_refused(struct rb_node *n, const struct rb_event *ev, const struct rb_reject *rj,
                    enum rb_mark mark);

/* machine.c */
void machine_timers(struct rb_node *n, struct channel *ch);
/* places of before our start are still to be read: the timer is wanted at once */
bool machine_reading(const struct rb_node *n);
bool machine_queued(const struct channel *ch); /* cosignatures wait to be logged */
enum rb_err machine_make(struct rb_node *n, struct channel *ch, struct rb_record *rec,
                         uint64_t token);
/* `kept` comes back to despite_said once the record is on its way to the log */
enum rb_err machine_make_keeping(struct rb_node *n, struct channel *ch, struct rb_record *rec,
                                 uint64_t token, struct rb_slice kept);
void machine_signed(struct rb_node *n, struct job *j, enum rb_err err, const uint8_t *sig);
void machine_queue_cosig(struct rb_node *n, struct feedx *fx, struct mirror *m,
                         const struct cosig *c);

/* does a member have all of our feed that it will take? */
static inline bool push_enough(const struct feedx *fx, const struct mirror *m) {
    return m->covered >= fx->note_size || (fx->left_at && m->covered >= fx->left_at);
}

/* keys.c: which of our keys signs here, spec 2.7 */
const struct rb_key *keys_node(const struct channel *ch); /* NULL: none is in force */
void keys_mirror(struct rb_node *n, struct feedx *fx, struct rb_key *out);
bool keys_revoked(const struct channel *ch, const struct rb_key *key);
void keys_judged(struct rb_node *n, struct feedx *fx, size_t index);
bool keys_kind(enum rb_kind kind); /* card, rotation, revocation */
void keys_enqueued(struct rb_node *n, struct channel *ch, struct rb_slice leaf);
void keys_dequeued(struct channel *ch);
/* the officer's key on a card of ours that is being logged; in the work arena */
const struct rb_key *keys_on_card(struct rb_node *n, struct rb_slice signed_card,
                                  const uint8_t kid[RB_KID_LEN]);
/* a change waits in the outbox that ends the key's authority */
bool keys_ending(struct rb_node *n, const struct channel *ch, const struct rb_key *key);

/* body.c: the table of closed bodies of a channel. Pointers into it live until the next is added.
 */
struct body *body_find(const struct channel *ch, uint16_t member, const struct rb_hash *hash);
struct rb_body_ref body_ref(const struct channel *ch, const struct body *b);
static inline uint32_t body_index(const struct channel *ch, const struct body *b) {
    return (uint32_t)(b - ch->bodies);
}
bool body_is_for(const struct body *b, uint16_t member);
const char *body_why(enum body_why why);
enum rb_err body_load(struct rb_node *n, struct rb_slice key, struct rb_slice value);
void body_start(struct rb_node *n, struct channel *ch);
/* a leaf was judged: is there a closed body to be had, or to be known of? */
void body_judged(struct rb_node *n, struct feedx *fx, size_t leaf);
/* all that time brings, and what moved in this step */
void body_work(struct rb_node *n, struct channel *ch);
void body_wake(struct channel *ch, uint64_t mono); /* look again then */
void body_store_meta(struct rb_node *n, struct channel *ch, struct body *b);
bool body_quota(const struct channel *ch, const struct body *b);
/* Bytes that go on from what is here; a small body whole and of the right hash. False: not kept */
bool body_take(struct rb_node *n, struct channel *ch, struct body *b, struct rb_slice bytes);
/* its bytes are deleted here */
void body_delete(struct rb_node *n, struct channel *ch, struct body *b);
struct place *body_place(const struct channel *ch, const struct feedx *fx, uint64_t leaf);
/* A closed record is submitted: looked at first, then kept with what names it, or not at all.
 * NOT_FOUND and all other refusals cite 6.11.7. */
enum rb_err body_submitted(struct rb_node *n, struct channel *ch, const struct rb_event *ev,
                           const struct rb_record *rec, struct rb_slice *readable,
                           struct rb_reject *rj);
enum rb_err body_reserve(struct rb_node *n, struct channel *ch, const struct rb_event *ev,
                         const struct rb_record *rec, struct rb_reject *rj);
void body_keep(struct rb_node *n, struct channel *ch, const struct rb_event *ev,
               const struct rb_record *rec, bool queued);
/* a draft is gone: so is its body, where nothing else names it */
void body_discard(struct rb_node *n, const struct draft *d);

/* open.c */
void open_queue(struct channel *ch, struct place *p, bool front);
void open_some(struct rb_node *n, struct channel *ch);
void open_answer(struct rb_node *n, const struct rb_event *ev);
void open_good(struct rb_node *n, struct channel *ch, struct place *p, struct rb_slice body);
void open_unlocked(struct rb_node *n);
void open_key_again(struct place *p);
/* is the head what the record commits to? RB_ERR_LIMIT, MALFORMED, PROOF; body: a view into head */
enum rb_err open_check(struct rb_node *n, const struct rb_record *rec, struct rb_slice head,
                       const struct rb_hash *content, struct rb_slice *body, struct rb_reject *rj);

/* told.c */
void told_due(struct rb_node *n, struct channel *ch); /* something may have to be said */
/* bodies of a receipt that is to be made now, in the step's work arena */
size_t told_collect(struct rb_node *n, struct channel *ch, struct rb_receipt_bodies *out);
void told_said(struct channel *ch, const struct rb_receipt *r);
void told_unsaid(struct rb_node *n, struct channel *ch); /* the record did not come to be */
void told_queue(struct channel *ch, struct place *p);
void told_some(struct rb_node *n, struct channel *ch);
void told_start(struct rb_node *n, struct channel *ch); /* what our feed says already */
enum rb_err told_service(struct rb_node *n, struct channel *ch, enum rb_service_type type,
                         const struct rb_hash *subject, struct rb_slice reason, uint64_t token);

/* retain.c */
void retain_some(struct rb_node *n, struct channel *ch);
void retain_start(struct rb_node *n);
void retain_clock(struct rb_node *n, int64_t ahead_ms); /* the clock was set, or so it seems */
/* a body that is here whole since now */
void retain_note(struct channel *ch, const struct body *b);
int64_t retain_until(const struct channel *ch, const struct body *b); /* INT64_MAX: for good */
void retain_submit(struct rb_node *n, const struct rb_event *ev);

/* carry.c */
void carry_post(struct rb_node *n, struct channel *ch, struct rb_slice body, uint64_t conn,
                struct peer *p);
void carry_get(struct rb_node *n, struct channel *ch, struct rb_slice query, uint64_t conn,
               struct peer *p);
void carry_loaded(struct rb_node *n, struct job *j, const struct rb_event *ev);
struct cached *carry_find(const struct rb_node *n, const struct channel *ch, uint16_t member,
                          const struct rb_hash *hash);
void carry_drop(struct rb_node *n, struct cached *c);
void carry_expire(struct rb_node *n);

/* fetch.c */
void fetch_want(struct channel *ch, struct body *b);
void fetch_some(struct rb_node *n, struct channel *ch);
void fetch_response(struct rb_node *n, struct job *j, const struct rb_event *ev);
void fetch_failed(struct rb_node *n, struct body *b, enum body_why why); /* try the next one */

/* offer.c */
/* bodies of leaves that the next push brings, as far as they were not handed over yet */
void offer_before_push(struct rb_node *n, struct feedx *fx, struct mirror *m, struct peer *p);
void offer_loaded(struct rb_node *n, struct job *j, const struct rb_event *ev);
void offer_response(struct rb_node *n, struct job *j, const struct rb_event *ev);
void offer_receipt(struct rb_node *n, struct feedx *fx, const struct rb_fact *f);
void offer_judged(struct rb_node *n, struct feedx *own, uint64_t recipients);
void offer_again(struct rb_node *n, struct channel *ch);

/* places.c: notices and cessations that were judged, and those of them whose place is known */
void places_judged(struct rb_node *n, struct feedx *fx, size_t index, struct rb_slice leaf);
/* At most so many of those that were known before our start are read. Whoever asks for what stands has
 * the rest read first. */
void places_read_some(struct rb_node *n, struct channel *ch, size_t most);
void places_read_all(struct rb_node *n, struct channel *ch);
/* A closed one can be read now; `news`: for the first time. */
void places_opened(struct rb_node *n, struct feedx *fx, uint64_t leaf, struct rb_slice body,
                   bool news);
/* ... and cannot any more */
void places_closed(struct rb_node *n, struct feedx *fx, uint64_t leaf);
struct spot *places_find(const struct channel *ch, const struct feedx *fx, uint64_t leaf);
struct rb_register *places_register(struct rb_node *n, struct channel *ch); /* NULL: no room */
static inline const struct rb_fact *spot_fact(const struct spot *p) {
    return &p->fx->f->facts[p->leaf];
}

/* stand.c */
/* the situation at utc_ms, and what of the places stands by it */
enum rb_err stand_sync(struct rb_node *n, struct channel *ch, int64_t utc_ms,
                       const struct rb_situation **out);

/* The same where the situation itself is not asked for: it is folded only if something came that
 * can make a place stand or rest. What came since the last fold stands. *terms: the charter by
 * which to compare */
enum rb_err stand_now(struct rb_node *n, struct channel *ch, int64_t utc_ms,
                      const struct rb_charter **terms);
/* a record was judged, or its body opened */
void stand_changed(struct channel *ch, const struct rb_fact *f);
/* a place came to be known, or is not known any more */
void stand_spot(struct channel *ch, const struct spot *p);
/* what is over at utc_ms rests, what is not does not; superseded and withdrawn as folded last */
void stand_settle(struct rb_node *n, struct channel *ch, int64_t utc_ms);

/* With the situation as of now: cessations that came to hold, or to hold longer, since this was asked
 * last are to be compared as what arrives is (16.4.7). */
void stand_tell(struct rb_node *n, struct channel *ch);

/* check.c */
void check_terms(const struct channel *ch, const struct rb_charter *c,
                 struct rb_register_terms *out);
/* with the situation as of then, and whether or not such a check may be asked for; bare: as in
 * struct rb_register_plan */
enum rb_err check_plan(struct rb_node *n, struct channel *ch, const struct rb_node_plan *plan,
                       int64_t utc_ms, bool bare, struct rb_arena *arena, struct rb_conflicts *out,
                       struct rb_reject *rj);

/* despite.c */
struct despite { /* what a notice that is submitted touches */
    struct rb_hash plan;
    size_t named_n, rest_n;
    struct rb_hash named[RB_MAX_REFS];
    struct rb_hash *rest; /* in the step's arena */
};
/* May it be released? STATE 10.6.11: it touches places, and was not submitted in spite of that;
 * BUSY 10.6.10; MALFORMED: a volume. Other kinds than notices: RB_OK, and nothing is in *out. */
enum rb_err despite_check(struct rb_node *n, struct channel *ch, const struct rb_record *rec,
                          struct rb_slice readable, bool despite, struct despite *out,
                          struct rb_reject *rj);
/* it was, in this step: says so where it touches places */
void despite_released(struct rb_node *n, struct channel *ch, const struct rb_hash *notice,
                      struct despite *d);
/* a record of the node's is on its way to the log; kept: as given to machine_make_keeping */
void despite_said(struct rb_node *n, struct rb_slice leaf, struct rb_slice kept);
enum rb_err despite_load(struct rb_node *n, struct rb_slice value);
void despite_start(struct rb_node *n);

/* arrive.c */
void arrive_note(struct rb_node *n, const struct spot *p);
void arrive_folded(struct channel *ch);
void arrive_some(struct rb_node *n, struct channel *ch);
uint64_t arrive_wake(const struct rb_node *n, const struct channel *ch); /* UINT64_MAX: never */

/* remind.c */
/* It was known here before our start: what was said then is not said again. */
void remind_known(struct spot *p);
void remind_start(const struct rb_node *n, struct channel *ch);
enum rb_err remind_load(struct rb_node *n, struct rb_slice key, struct rb_slice value);
/* says what is due, and when the next is, with the situation as of now */
void remind_due(struct rb_node *n, struct channel *ch, const struct rb_situation *s);

/* probing.c */
enum rb_err probing_load(struct rb_node *n, struct rb_slice key, struct rb_slice value);
/* may a plan be checked now? If not, from when on */
bool probing_may(const struct channel *ch, int64_t utc_ms, int64_t *again_utc_ms);
/* A plan met a closed place: counted, and said where that is due. The same plan counts once. */
enum rb_err probing_met(struct rb_node *n, struct channel *ch, const struct rb_hash *plan);
/* it was released, with all that is logged of that: not counted any more */
void probing_released(struct rb_node *n, struct channel *ch, const struct rb_hash *plan);
void probing_submit(struct rb_node *n, const struct rb_event *ev);

/* load.c */
void load_item(struct rb_node *n, const struct rb_event *ev);
void load_start(struct rb_node *n);
void load_head(struct rb_node *n, struct feedx *fx); /* compares the feed with the head file */
#endif
