/* Deterministic CBOR (RFC 8949 section 4.2.1): shortest forms, definite lengths, map keys sorted
 * bytewise and unique, no floats, no tags but those the caller asks for, simple values only false,
 * true, null. Anything else is RB_ERR_MALFORMED; encode(decode(b)) == b, or refused. */
#ifndef READBACK_CBOR_H
#define READBACK_CBOR_H
#include "readback/arena.h"
#include "readback/limits.h"

enum rb_cbor_type {
    RB_CBOR_UINT, RB_CBOR_NINT, RB_CBOR_BYTES, RB_CBOR_TEXT, RB_CBOR_ARRAY, RB_CBOR_MAP,
    RB_CBOR_TAG, RB_CBOR_BOOL, RB_CBOR_NULL
};
struct rb_cbor_head {
    enum rb_cbor_type type;
    uint64_t arg; /* value, length, count, tag number; NINT: -1 - arg; BOOL: 0 or 1 */
};
/* reading: all leave the reader where it was on error */
enum rb_err rb_cbor_get_head(struct rb_reader *r, struct rb_cbor_head *out) RB_MUST_USE;
enum rb_err rb_cbor_peek(const struct rb_reader *r, struct rb_cbor_head *out) RB_MUST_USE;
enum rb_err rb_cbor_get_uint(struct rb_reader *r, uint64_t *out) RB_MUST_USE;
enum rb_err rb_cbor_get_int(struct rb_reader *r, int64_t *out) RB_MUST_USE;
enum rb_err rb_cbor_get_bool(struct rb_reader *r, bool *out) RB_MUST_USE;
enum rb_err rb_cbor_get_null(struct rb_reader *r) RB_MUST_USE;
enum rb_err rb_cbor_get_bytes(struct rb_reader *r, struct rb_slice *out) RB_MUST_USE; /* borrows */
enum rb_err rb_cbor_get_text(struct rb_reader *r, struct rb_slice *out) RB_MUST_USE;  /* UTF-8 ok */
enum rb_err rb_cbor_get_array(struct rb_reader *r, size_t max, size_t *n) RB_MUST_USE;
enum rb_err rb_cbor_get_map(struct rb_reader *r, size_t max, size_t *n) RB_MUST_USE;
/* steps over one whole item, checking its form to RB_MAX_CBOR_DEPTH; *out its bytes (may be NULL) */
enum rb_err rb_cbor_skip(struct rb_reader *r, struct rb_slice *out) RB_MUST_USE;
/* The same in bytes whose form was checked (rb_cbor_check, a grammar): finds where it ends, and that
 * it does within the bytes, and looks no closer. */
enum rb_err rb_cbor_skip_checked(struct rb_reader *r, struct rb_slice *out) RB_MUST_USE;
/* the bytes are exactly one deterministic item */
enum rb_err rb_cbor_check(struct rb_slice in, struct rb_reject *rj) RB_MUST_USE;
/* In a map with unsigned keys (already checked): positions r at the value of `key`, or NOT_FOUND. */
enum rb_err rb_cbor_find(struct rb_slice map, uint64_t key, struct rb_reader *r) RB_MUST_USE;

void rb_cbor_put_head(struct rb_writer *w, enum rb_cbor_type type, uint64_t arg);
void rb_cbor_put_uint(struct rb_writer *w, uint64_t v);
void rb_cbor_put_int(struct rb_writer *w, int64_t v);
void rb_cbor_put_bool(struct rb_writer *w, bool v);
void rb_cbor_put_null(struct rb_writer *w);
void rb_cbor_put_bytes(struct rb_writer *w, struct rb_slice v);
void rb_cbor_put_text(struct rb_writer *w, struct rb_slice v);
void rb_cbor_put_array(struct rb_writer *w, size_t n);
void rb_cbor_put_map(struct rb_writer *w, size_t n); /* the caller writes keys in order */
#endif
