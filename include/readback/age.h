/* The age v1 file format (age-encryption.org/v1, C2SP age.md): X25519 recipients for closed bodies,
 * one passphrase (scrypt) for the identity file at rest. Binary files only, no armor. Clauses 9.2.x.
 * No randomness is drawn here: file keys, ephemeral secrets, nonces and salts are arguments, each
 * fresh and used once. Secrets given back are the caller's to wipe. */
#ifndef READBACK_AGE_H
#define READBACK_AGE_H
#include "readback/crypto.h"

#define RB_AGE_FILE_KEY 16u
#define RB_AGE_NONCE 16u
#define RB_AGE_TAG 16u
#define RB_AGE_CHUNK 65536u      /* plaintext bytes of a chunk; only the last may have fewer */
#define RB_AGE_MAX_HEADER 32768u /* longer ones are refused */
#define RB_AGE_MAX_LOG_N 18u     /* scrypt work factor: 256 MiB of memory */

/* What sealing to `n` recipients needs of randomness: the file key, the nonce, a secret for each. */
#define RB_AGE_ENTROPY(n) (RB_AGE_FILE_KEY + RB_AGE_NONCE + 32u * (n))

/* Header with its MAC, one X25519 stanza for each recipient. `secrets`: n times 32 bytes.
 * RB_ERR_MALFORMED: a recipient of small order; RB_ERR_USAGE: n 0 or above RB_MAX_MEMBERS. */
enum rb_err rb_age_header_encode(const struct rb_key *recipients, size_t n,
                                 const uint8_t file_key[RB_AGE_FILE_KEY], const uint8_t *secrets,
                                 struct rb_writer *w) RB_MUST_USE;
/* `in` is the file or its beginning (RB_AGE_MAX_HEADER bytes suffice). Tries each identity on each
 * X25519 stanza; others are passed over, but scrypt beside any other is malformed, and alone not for
 * an identity (NOT_FOUND). RB_ERR_MALFORMED (form), RB_ERR_LIMIT, RB_ERR_UNSUPPORTED
 * (version), RB_ERR_NOT_FOUND (no identity fits), RB_ERR_SIGNATURE (the header's MAC). */
enum rb_err rb_age_header_open(struct rb_slice in, const uint8_t (*identities)[32], size_t n,
                               uint8_t file_key[RB_AGE_FILE_KEY], size_t *header_n,
                               struct rb_reject *rj) RB_MUST_USE;

/* The payload behind header and nonce: chunks of 64 KiB, each with a tag. */
struct rb_age_stream {
    uint8_t key[32];
    uint64_t next; /* number of the next chunk; may be set, to begin in the middle */
};
void rb_age_stream_init(const uint8_t file_key[RB_AGE_FILE_KEY], const uint8_t nonce[RB_AGE_NONCE],
                        struct rb_age_stream *s);
/* out: plain.n + RB_AGE_TAG bytes. All but the last chunk have RB_AGE_CHUNK bytes; the last is empty
 * only where it is the only one. Broken rules of ours are asserted. */
void rb_age_seal_chunk(struct rb_age_stream *s, struct rb_slice plain, bool last, uint8_t *out);
/* out: in.n - RB_AGE_TAG bytes. RB_ERR_SIGNATURE: changed, cut, or not the last; RB_ERR_MALFORMED:
 * a length that no chunk at this place can have. */
enum rb_err rb_age_open_chunk(struct rb_age_stream *s, struct rb_slice in, bool last,
                              uint8_t *out) RB_MUST_USE;
/* bytes of the whole file for a header and a plaintext of these lengths */
uint64_t rb_age_size(size_t header_n, uint64_t plain_n);
/* plaintext bytes in a file of that size; RB_ERR_MALFORMED: no file has it */
enum rb_err rb_age_plain_size(size_t header_n, uint64_t size, uint64_t *plain_n) RB_MUST_USE;

/* Whole files in memory. entropy: RB_AGE_ENTROPY(n) bytes. */
enum rb_err rb_age_seal(const struct rb_key *recipients, size_t n, const uint8_t *entropy,
                        struct rb_slice plain, struct rb_writer *w) RB_MUST_USE;
/* errors of the two above; what was opened before an error is wiped */
enum rb_err rb_age_open(struct rb_slice in, const uint8_t (*identities)[32], size_t n,
                        struct rb_writer *w, struct rb_reject *rj) RB_MUST_USE;

/* A passphrase file, as `age -p` writes it. entropy: RB_AGE_ENTROPY(1) bytes, the salt (16) in place
 * of the secret. RB_ERR_SIGNATURE: wrong passphrase or changed bytes; RB_ERR_LIMIT: a work factor above
 * RB_AGE_MAX_LOG_N, or no memory for it; RB_ERR_NOT_FOUND: an age file, but for identities;
 * RB_ERR_USAGE (sealing): an empty passphrase, log_n 0. */
enum rb_err rb_age_passphrase_seal(struct rb_slice passphrase, unsigned log_n, const uint8_t *entropy,
                                   struct rb_slice plain, struct rb_writer *w) RB_MUST_USE;
enum rb_err rb_age_passphrase_open(struct rb_slice in, struct rb_slice passphrase, struct rb_writer *w,
                                   struct rb_reject *rj) RB_MUST_USE;
#endif
