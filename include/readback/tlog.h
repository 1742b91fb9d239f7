/* The log: RFC 6962/9162 trees, C2SP signed notes, checkpoints, cosignatures, tiles, proofs,
 * the request bodies of tlog-witness and tlog-mirror. Pure: no I/O, no clock. */
#ifndef READBACK_TLOG_H
#define READBACK_TLOG_H
#include "readback/crypto.h"
#include "readback/limits.h"

/* ---- tree --------------------------------------------------------------------------------- */
void rb_leaf_hash(struct rb_slice leaf, struct rb_hash *out);                     /* SHA-256(00|d) */
void rb_node_hash(const struct rb_hash *l, const struct rb_hash *r, struct rb_hash *out);
void rb_empty_root(struct rb_hash *out);                                          /* SHA-256("") */

/* All complete subtrees' hashes in the region: level[0] are the leaf hashes. */
struct rb_tree {
    struct rb_region *region;
    uint64_t size;
    struct {
        struct rb_hash *h;
        size_t n, cap;
    } level[64];
};
void rb_tree_init(struct rb_tree *t, struct rb_region *region);
void rb_tree_free(struct rb_tree *t);
enum rb_err rb_tree_append(struct rb_tree *t, const struct rb_hash *leaf) RB_MUST_USE; /* LIMIT */
/* forget leaves from size on (only for what was never signed or cosigned) */
void rb_tree_truncate(struct rb_tree *t, uint64_t size);
/* root of the first `size` leaves, size <= t->size (asserted) */
void rb_tree_root(const struct rb_tree *t, uint64_t size, struct rb_hash *out);
/* hash of [start, end) as a subtree (start multiple of smallest power of two >= end-start) */
enum rb_err rb_tree_subtree_hash(const struct rb_tree *t, uint64_t start, uint64_t end,
                                 struct rb_hash *out) RB_MUST_USE;

struct rb_proof {
    size_t n;
    struct rb_hash h[RB_MAX_PROOF];
};
/* RB_ERR_USAGE for bounds that make no sense */
enum rb_err rb_tree_inclusion(const struct rb_tree *t, uint64_t index, uint64_t size,
                              struct rb_proof *out) RB_MUST_USE;
enum rb_err rb_tree_consistency(const struct rb_tree *t, uint64_t old_size, uint64_t size,
                                struct rb_proof *out) RB_MUST_USE;
enum rb_err rb_tree_subtree_proof(const struct rb_tree *t, uint64_t start, uint64_t end,
                                  uint64_t size, struct rb_proof *out) RB_MUST_USE;
/* RB_ERR_PROOF if it does not hold */
enum rb_err rb_inclusion_verify(uint64_t index, uint64_t size, const struct rb_hash *leaf,
                                const struct rb_proof *p, const struct rb_hash *root) RB_MUST_USE;
/* old_size 0 wants an empty proof and the empty root */
enum rb_err rb_consistency_verify(uint64_t old_size, uint64_t size, const struct rb_hash *old_root,
                                  const struct rb_proof *p, const struct rb_hash *root) RB_MUST_USE;
enum rb_err rb_subtree_verify(uint64_t start, uint64_t end, uint64_t size,
                              const struct rb_hash *subtree, const struct rb_proof *p,
                              const struct rb_hash *root) RB_MUST_USE;
/* The root that a consistency proof gives for the old size: what whoever made it says that the log
 * was then. RB_ERR_PROOF if it does not lead to `root`; RB_ERR_NOT_FOUND where the old size is a
 * power of two: then the proof starts above that root and does not have it (4.1.7). */
enum rb_err rb_consistency_old_root(uint64_t old_size, uint64_t size, const struct rb_proof *p,
                                    const struct rb_hash *root, struct rb_hash *out) RB_MUST_USE;
bool rb_subtree_valid(uint64_t start, uint64_t end, uint64_t size);

/* ---- signed notes ------------------------------------------------------------------------- */
enum rb_sig_type { RB_SIG_ED25519 = 1, RB_SIG_COSIGNATURE_V1 = 4, RB_SIG_MLDSA44 = 6 };
struct rb_vkey {
    struct rb_slice name; /* borrowed */
    uint8_t type;         /* enum rb_sig_type */
    struct rb_key key;    /* raw Ed25519 key for types 1 and 4 */
    uint32_t key_id;
};
void rb_vkey_make(struct rb_slice name, uint8_t type, const struct rb_key *key, struct rb_vkey *out);
void rb_vkey_encode(const struct rb_vkey *k, struct rb_writer *w); /* NAME+hex8+base64, no newline */
enum rb_err rb_vkey_decode(struct rb_slice in, struct rb_vkey *out, struct rb_reject *rj) RB_MUST_USE;

struct rb_note_sig {
    struct rb_slice name;
    uint32_t key_id;
    struct rb_slice blob; /* base64 text of keyid|signature as written */
    uint8_t sig[72];      /* type 1: 64 bytes; type 4: u64 time, 64 bytes; else the first 72 */
    size_t sig_n;         /* full length of the signature without key id */
};
struct rb_note {
    struct rb_slice text; /* with its final newline */
    size_t sigs_n;
    struct rb_note_sig sigs[RB_MAX_NOTE_SIGS];
};
enum rb_err rb_note_decode(struct rb_slice in, struct rb_note *out, struct rb_reject *rj) RB_MUST_USE;
/* "— NAME base64(keyid|sig)\n" */
void rb_note_sig_encode(const struct rb_vkey *k, struct rb_slice sig, struct rb_writer *w);
/* a line as above, with or without its newline */
enum rb_err rb_note_sig_decode(struct rb_slice line, struct rb_note_sig *out) RB_MUST_USE;
/* Verifies every signature by k: RB_ERR_NOT_FOUND if k did not sign, RB_ERR_SIGNATURE if it did
 * wrongly even once. For type 4, *time_s gets T, of several the earliest (may be NULL). */
enum rb_err rb_note_verify(const struct rb_note *n, const struct rb_vkey *k,
                           uint64_t *time_s) RB_MUST_USE;
/* Writes the note with one signature line, the first by k, e.g. for evidence that must stay small:
 * nothing of other signers. k must have signed (rb_note_verify). */
void rb_note_only(const struct rb_note *n, const struct rb_vkey *k, struct rb_writer *w);
/* the message that a type-4 key signs */
void rb_cosignature_message(uint64_t time_s, struct rb_slice note_text, struct rb_writer *w);
/* verifies T and signature over a note's text directly */
enum rb_err rb_cosignature_verify(const struct rb_key *mirror, uint64_t time_s,
                                  struct rb_slice note_text,
                                  const uint8_t sig[RB_SIG_LEN]) RB_MUST_USE;

/* ---- checkpoints -------------------------------------------------------------------------- */
struct rb_checkpoint {
    struct rb_slice origin; /* borrowed */
    uint64_t size;
    struct rb_hash root;
    struct rb_slice extensions; /* lines after the root, normally empty */
};
void rb_checkpoint_text(struct rb_slice origin, uint64_t size, const struct rb_hash *root,
                        struct rb_writer *w);
enum rb_err rb_checkpoint_decode(struct rb_slice text, struct rb_checkpoint *out,
                                 struct rb_reject *rj) RB_MUST_USE;
/* decode of note and checkpoint and verification by the log key whose name is the origin */
enum rb_err rb_checkpoint_open(struct rb_slice note, const struct rb_vkey *log, struct rb_note *n,
                               struct rb_checkpoint *out, struct rb_reject *rj) RB_MUST_USE;

/* ---- tiles (tlog-tiles) ------------------------------------------------------------------- */
struct rb_tile {
    bool entries;   /* entry bundle; else hashes */
    uint8_t level;  /* 0..63 for hashes */
    uint64_t index;
    uint16_t width; /* 256 for a full one, else 1..255 */
};
/* path below the log's prefix: "tile/0/x001/067.p/12", "tile/entries/000" */
void rb_tile_path(const struct rb_tile *t, struct rb_writer *w);
enum rb_err rb_tile_path_decode(struct rb_slice path, struct rb_tile *out) RB_MUST_USE;
/* does a log of this size have this tile (full or exactly this partial width, or narrower)? */
bool rb_tile_in(const struct rb_tile *t, uint64_t size);
/* hashes of a hash tile, width*32 bytes */
enum rb_err rb_tile_hashes(const struct rb_tree *tree, const struct rb_tile *t,
                           struct rb_writer *w) RB_MUST_USE;

/* ---- tlog-witness and tlog-mirror requests ------------------------------------------------ */
struct rb_add_checkpoint {
    uint64_t old_size;
    struct rb_proof proof;
    struct rb_slice note; /* borrowed */
};
void rb_add_checkpoint_encode(const struct rb_add_checkpoint *a, struct rb_writer *w);
enum rb_err rb_add_checkpoint_decode(struct rb_slice in, struct rb_add_checkpoint *out,
                                     struct rb_reject *rj) RB_MUST_USE;

struct rb_add_entries { /* header; packages follow, read with rb_entries_next */
    struct rb_slice origin;
    uint64_t start, end;
    struct rb_slice ticket;
};
void rb_add_entries_encode(const struct rb_add_entries *a, struct rb_writer *w);
enum rb_err rb_add_entries_decode(struct rb_reader *r, struct rb_add_entries *out,
                                  struct rb_reject *rj) RB_MUST_USE;
/* bounds of the package that holds entry `at` of [start, end): aligned at 256 */
void rb_package_bounds(uint64_t start, uint64_t end, uint64_t at, uint64_t *from, uint64_t *to);
struct rb_package {
    uint64_t from, to;
    struct rb_slice entries[256]; /* to-from of them, borrowed */
    struct rb_proof proof;        /* of [from rounded down to 256, to) in the tree of `end` */
};
/* Reads the next package; RB_ERR_NOT_FOUND at the clean end of input. RB_ERR_MALFORMED if the
 * input ends inside a package (what came before stays good). */
enum rb_err rb_package_decode(struct rb_reader *r, const struct rb_add_entries *h, uint64_t at,
                              struct rb_package *out, struct rb_reject *rj) RB_MUST_USE;
void rb_package_entry_encode(struct rb_slice entry, struct rb_writer *w); /* u16 length, bytes */
void rb_package_proof_encode(const struct rb_proof *p, struct rb_writer *w);

struct rb_mirror_info { /* text/x.tlog.mirror-info */
    uint64_t pending, next;
    struct rb_slice ticket; /* raw bytes; decode: base64 text as written */
};
void rb_mirror_info_encode(const struct rb_mirror_info *m, struct rb_writer *w);
enum rb_err rb_mirror_info_decode(struct rb_slice in, struct rb_mirror_info *out) RB_MUST_USE;

/* ---- tlog-proof --------------------------------------------------------------------------- */
struct rb_tlog_proof {
    struct rb_slice extra; /* raw bytes; n 0 = none. decode: base64 text as written */
    uint64_t index;
    struct rb_proof path;
    struct rb_slice note;
};
void rb_tlog_proof_encode(const struct rb_tlog_proof *p, struct rb_writer *w);
enum rb_err rb_tlog_proof_decode(struct rb_slice in, struct rb_tlog_proof *out,
                                 struct rb_reject *rj) RB_MUST_USE;

/* ---- fork evidence ------------------------------------------------------------------------ */
/* Two signed checkpoints of one origin, m <= n, and a consistency proof from ANOTHER root for m to
 * n's root (empty when m == n). Needs no leaves. Text form in spec; compact binary about 300 bytes. */
struct rb_fork {
    struct rb_slice note_a, note_b; /* sizes m <= n */
    struct rb_hash other_root;      /* root for m that lies below n */
    struct rb_proof proof;          /* other_root(m) -> n */
};
void rb_fork_encode(const struct rb_fork *f, struct rb_writer *w);
enum rb_err rb_fork_decode(struct rb_slice in, struct rb_fork *out, struct rb_reject *rj) RB_MUST_USE;
/* RB_OK only if the evidence proves that the holder of the log key signed two histories */
enum rb_err rb_fork_verify(const struct rb_fork *f, const struct rb_vkey *log,
                           struct rb_reject *rj) RB_MUST_USE;
/* Compact: origin not included (given by the verifier), two (size, root, signature), proof. */
enum rb_err rb_fork_compact_encode(const struct rb_fork *f, const struct rb_vkey *log,
                                   struct rb_writer *w) RB_MUST_USE;
enum rb_err rb_fork_compact_verify(struct rb_slice in, struct rb_slice origin,
                                   const struct rb_key *log, struct rb_reject *rj) RB_MUST_USE;
/* what it proves: the log signed root_a at m and root_b at n >= m, below which the root at m is
 * `other`. As verify; out is written only where that says RB_OK. out->origin borrows from the input */
struct rb_fork_heads {
    struct rb_slice origin;
    uint64_t m, n;
    struct rb_hash root_a, root_b, other;
};
enum rb_err rb_fork_open(const struct rb_fork *f, const struct rb_vkey *log,
                         struct rb_fork_heads *out, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_fork_compact_open(struct rb_slice in, struct rb_slice origin,
                                 const struct rb_key *log, struct rb_fork_heads *out,
                                 struct rb_reject *rj) RB_MUST_USE;
/* Text of a QR code (4.10.5): origin, log key, compact form. Whose key it is it does not prove. */
#define RB_FORK_CODE "readback-fork:"
#define RB_MAX_FORK_CODE 3240u /* characters */
#define RB_MAX_FORK_QR 2900u   /* more than that fits no QR code */
enum rb_err rb_fork_code_encode(const struct rb_fork *f, const struct rb_vkey *log,
                                struct rb_writer *w) RB_MUST_USE;
/* origin: out->origin borrows from it */
enum rb_err rb_fork_code_open(struct rb_slice text, uint8_t origin[RB_MAX_ORIGIN],
                              struct rb_key *log, struct rb_fork_heads *out,
                              struct rb_reject *rj) RB_MUST_USE;
#endif
