/* The plaintext of a closed record's body, and what its leaf commits to (design §5). Clauses 9.1.x.
 *
 * Inside the age file: the *head*, deterministic CBOR [ [+ salt], body, padding ]
 *   salts   one of 32 bytes for each part
 *   body    the map by the grammar of the record's kind
 *   padding zero bytes, so that the head's length is a multiple of 256
 * and, for an attachment alone, its content after the head.
 *
 * Parts, in order, each with a commitment SHA-256(salt || plaintext) in the leaf:
 *   text        part 0 the heading: the body map without its paragraphs; part N paragraph N as UTF-8
 *   attachment  part 0 the body map; part 1 the content
 *   others      part 0 the body map */
#ifndef READBACK_SEALED_H
#define READBACK_SEALED_H
#include "readback/record.h"

#define RB_SALT_LEN 32u
#define RB_SEALED_PAD 256u       /* heads are a multiple of it */
#define RB_MAX_HEAD 98304u       /* bytes of a head: body, 513 salts, padding */

struct rb_sealed_head { /* views */
    size_t parts_n;
    struct rb_slice salts; /* as they stand in the head, each behind its CBOR head: rb_sealed_salt */
    struct rb_slice body;
    size_t head_n;         /* bytes of the head; content follows in an attachment */
};
/* the 32 bytes of part i's salt; i < parts_n */
const uint8_t *rb_sealed_salt(const struct rb_sealed_head *h, size_t i);
/* all of them one behind the other, as rb_sealed_head_encode takes them: parts_n times RB_SALT_LEN */
void rb_sealed_salts(const struct rb_sealed_head *h, uint8_t *out);

/* how many parts a body of this kind has; 0: it is not good by its grammar, or never closed */
size_t rb_sealed_parts(enum rb_kind kind, struct rb_slice body);
/* salts: parts times RB_SALT_LEN. RB_ERR_MALFORMED: the body has no parts (rb_sealed_parts);
 * RB_ERR_LIMIT: longer than RB_MAX_HEAD, or than the writer's room */
enum rb_err rb_sealed_head_encode(enum rb_kind kind, const uint8_t *salts, struct rb_slice body,
                                  struct rb_writer *w) RB_MUST_USE;
/* Form, grammar of the body, number of salts, padding. Bytes after the head: attachments only, whose
 * reader still compares the length of what follows with the body's size (9.1.3). What is read encodes
 * to the same bytes again. RB_ERR_MALFORMED; RB_ERR_LIMIT: no attachment, and longer than RB_MAX_HEAD;
 * RB_ERR_UNSUPPORTED: a kind without a grammar here. */
enum rb_err rb_sealed_head_decode(enum rb_kind kind, struct rb_slice in, struct rb_sealed_head *out,
                                  struct rb_reject *rj) RB_MUST_USE;
/* plaintext of a part: a view of the body, or (a text's heading) made in `a`. Not for an attachment's
 * content. RB_ERR_NOT_FOUND: no such part. */
enum rb_err rb_sealed_part(enum rb_kind kind, struct rb_slice body, size_t part, struct rb_arena *a,
                           struct rb_slice *out) RB_MUST_USE;
void rb_commit(const uint8_t salt[RB_SALT_LEN], struct rb_slice plain, struct rb_hash *out);
/* The commitments of a head, in order; `content`: of an attachment's content, made while it was read
 * (SHA-256(salt 1 || content)), else NULL. out: parts_n. `work` needs the body's size, and is given back
 * wiped. RB_ERR_LIMIT: no room there; RB_ERR_USAGE: content missing or too much. */
enum rb_err rb_sealed_commitments(enum rb_kind kind, const struct rb_sealed_head *h,
                                  const struct rb_hash *content, struct rb_arena *work,
                                  struct rb_hash *out) RB_MUST_USE;
/* A record's i-th commitment as its leaf has it; i < rec->commitments_n */
void rb_record_commitment(const struct rb_record *rec, size_t i, struct rb_hash *out);
/* The encoded array that rb_record.commitments holds */
void rb_commitments_encode(const struct rb_hash *c, size_t n, struct rb_writer *w);
/* Is this head what the leaf commits to? RB_ERR_PROOF: a commitment does not match (offset: the part);
 * RB_ERR_MALFORMED, _LIMIT, _UNSUPPORTED: the head cannot be read; RB_ERR_USAGE, RB_ERR_LIMIT as above. */
enum rb_err rb_sealed_check(const struct rb_record *rec, struct rb_slice head,
                            const struct rb_hash *content, struct rb_arena *work,
                            struct rb_sealed_head *out, struct rb_reject *rj) RB_MUST_USE;

/* ---- attachments -------------------------------------------------------------------------- */
struct rb_attachment {
    struct rb_slice name;        /* one line, no '/', at most 255 bytes, as the file is to be called */
    struct rb_slice media_type;  /* as in MIME, lower case; may be empty: not stated */
    uint64_t size;               /* bytes of the content, 0 .. RB_MAX_CONTENT */
    struct rb_slice description; /* may be empty */
};
void rb_attachment_encode(const struct rb_attachment *a, struct rb_writer *w);
enum rb_err rb_attachment_decode(struct rb_slice body, struct rb_attachment *out,
                                 struct rb_reject *rj) RB_MUST_USE;

/* ---- roster ------------------------------------------------------------------------------- */
struct rb_roster_person {
    struct rb_slice name, duty, contact; /* duty, contact: may be empty */
    bool has_from, has_to;
    int64_t from_utc_ms, to_utc_ms;
};
struct rb_roster {
    struct rb_slice title;
    size_t persons_n;
    struct rb_roster_person *persons; /* in the caller's arena */
};
enum rb_err rb_roster_decode(struct rb_slice body, struct rb_arena *a, struct rb_roster *out,
                             struct rb_reject *rj) RB_MUST_USE;
#endif
