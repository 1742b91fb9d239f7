/* Every bound of the core in one place. Bounded before allocated. */
#ifndef READBACK_LIMITS_H
#define READBACK_LIMITS_H

#define RB_MAX_LEAF 65535u         /* bytes of a leaf (tlog-tiles: u16 length) */
#define RB_MAX_BRANCHES 4u         /* other histories of one feed that are kept as evidence */
#define RB_MAX_BRANCH_LEAVES (1u << 18) /* leaves of them, of all feeds of one member */
#define RB_MAX_BRANCH_BYTES (64u << 20) /* and their bytes, which are kept in memory */
#define RB_MAX_MEMBERS 64u         /* members of a channel */
#define RB_MAX_GROUPS 16u          /* groups of a charter */
#define RB_MAX_CHANNELS 64u        /* channels of a node */
#define RB_MAX_PEERS 256u          /* accredited or introduced parties of a node */
#define RB_MAX_EPOCHS 64u          /* epochs of one member's feed in one channel */
#define RB_MAX_SEEN 64u            /* entries of one record's seen */
#define RB_MAX_REFS 16u            /* references of one type in one record */
#define RB_MAX_ENTRIES 256u        /* entries of one position in lots: 16 subjects, 16 of each; of a finding 33 more (16.11.1) */
#define RB_MAX_SIGNERS 4u          /* signatures of officers on one record */
#define RB_MAX_PARAGRAPHS 512u     /* paragraphs of a text */
#define RB_MAX_COMMITMENTS 513u    /* parts of a closed body: a text's heading and paragraphs */
#define RB_MAX_NOTE_SIGS 128u      /* signature lines of a note */
#define RB_MAX_NOTE 65536u         /* bytes of a signed note */
#define RB_MAX_PROOF 63u           /* hashes of a proof */
#define RB_MAX_ORIGIN 128u         /* bytes of an origin */
#define RB_MAX_HANDLE 32u          /* bytes of a handle */
#define RB_MAX_NAME 256u           /* bytes of a display name, title, affiliation */
#define RB_MAX_TEXT 32768u         /* bytes of free text in a body */
#define RB_MAX_OFFICERS 64u        /* officers on a card */
#define RB_MAX_ADDRESSES 8u        /* addresses on a card */
#define RB_MAX_CARD 16384u         /* bytes of a signed card */
#define RB_MAX_VERTICES 512u       /* vertices of a polygon */
#define RB_MAX_VOLUMES 16u         /* volumes of a notice */
#define RB_MAX_CBOR_DEPTH 16u      /* nesting */
#define RB_MAX_RECEIPT_ENTRIES 256u /* cosignatures or bodies entries in one receipt record */
#define RB_MAX_REQUEST (24u << 20) /* bytes of one request on the peer port */
#define RB_MAX_OUTBOX 65536u       /* submitted records waiting for a place in the feed */
#define RB_MAX_UNPUSHED 8192u      /* leaves of our feed that no peer has; the rest waits unlogged */
#define RB_DAY_LEAVES 1000000u     /* leaves of one member that are stored in a day ... */
#define RB_DAY_BYTES (1ull << 30)  /* ... and their bytes */
#define RB_MAX_DRAFTS 256u         /* drafts waiting for a second officer */
#define RB_MAX_SEALED 131072u      /* bytes of a closed body's ciphertext, but for attachments */
#define RB_MAX_CONTENT (64u << 20) /* bytes of an attachment's content */
#define RB_MAX_ATTACHED (RB_MAX_CONTENT + RB_MAX_CONTENT / 1024u + 262144u) /* of its ciphertext */
#define RB_BODY_CHUNK (1u << 20)   /* bytes of a body in one answer or request */
#define RB_BODY_QUOTA (4ull << 30) /* bytes of bodies kept of one member in one channel */
#define RB_CHECK_LOOKS 1000000u    /* all that one check of a plan may look at (spec 10.6.16) */
#define RB_MEASURE_LOOKS 1000000u  /* and to measure what it found */
#define RB_PROBE_WINDOW_MS 86400000ll /* how long a check that met a closed place counts: a day */
#define RB_PROBE_RECORD 16u        /* with so many, a party's checks are recorded */
#define RB_PROBE_REFUSE 64u        /* with so many, they are refused */
#endif
