/* Shared by the files of src/tlog only. */
#ifndef READBACK_TLOG_INTERNAL_H
#define READBACK_TLOG_INTERNAL_H
#include "readback/text.h"
#include "readback/tlog.h"

/* Trees larger than this would need proofs of more than 63 hashes. */
#define TLOG_MAX_SIZE ((uint64_t)INT64_MAX)
/* Longest note text that a type-4 key signs or is checked over here: an origin of RB_MAX_ORIGIN,
 * size, root, and what others' extension lines need. */
#define TLOG_MAX_COSIGNED 4096u
#define TLOG_TIMED_SIG_LEN (8u + RB_SIG_LEN)

/* UTF-8 without control characters other than newline */
bool tlog_text_ok(struct rb_slice s);
/* decimal, canonical, at most TLOG_MAX_SIZE */
enum rb_err tlog_size_decode(struct rb_slice in, uint64_t *out) RB_MUST_USE;
/* exactly one hash in base64 */
enum rb_err tlog_hash_decode(struct rb_slice in, struct rb_hash *out) RB_MUST_USE;
/* Canonical base64 of any length, decoded in pieces: *out_n gets the full length of the bytes,
 * `head` the first head_cap of them (NULL with 0 to check only). */
enum rb_err tlog_base64_scan(struct rb_slice in, uint8_t *head, size_t head_cap,
                             size_t *out_n) RB_MUST_USE;
/* Lines of one base64 hash each up to and including an empty line. */
enum rb_err tlog_proof_lines_decode(struct rb_reader *r, struct rb_proof *out) RB_MUST_USE;
void tlog_proof_lines_encode(const struct rb_proof *p, struct rb_writer *w);
#endif
