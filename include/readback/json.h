/* JSON (RFC 8259), read strictly and written (spec 12.1). A pull reader over bytes that are all in
 * memory: no tree, no allocation, every depth bounded. What it gives out borrows from the input.
 *
 * Numbers stay text: rb_decimal_scaled makes integers of them exactly, so that a coordinate is what
 * was written to the last digit and not what a double can hold.
 * Errors: RB_ERR_MALFORMED (12.1.1 not JSON, not UTF-8, or more behind the value; 12.1.3 a name
 * twice; 12.1.5 another kind of value than asked for), RB_ERR_LIMIT (12.1.2 too deep; the arena is
 * full), each with the byte it is about. After an error the reader is not used again. */
#ifndef READBACK_JSON_H
#define READBACK_JSON_H
#include "readback/arena.h"

#define RB_MAX_JSON_DEPTH 32u
#define RB_MAX_JSON_NAMES 64u /* names in one table of rb_json_member */

enum rb_json_type {
    RB_JSON_END,
    RB_JSON_OBJECT,
    RB_JSON_OBJECT_END,
    RB_JSON_ARRAY,
    RB_JSON_ARRAY_END,
    RB_JSON_NAME,
    RB_JSON_STRING,
    RB_JSON_NUMBER,
    RB_JSON_TRUE,
    RB_JSON_FALSE,
    RB_JSON_NULL
};
struct rb_json_token {
    enum rb_json_type type;
    struct rb_slice raw; /* name, string: between the quotes, escapes as written; number: its text */
    size_t at;           /* byte of its beginning */
};
struct rb_json {
    struct rb_slice in;
    size_t at;
    unsigned depth;
    uint64_t objects; /* bit d: what is open at depth d is an object */
    int expect;       /* internal: what may come next */
    bool cut;         /* the refusal is that the bytes end early, all of them being well so far */
};

/* a byte order mark is no JSON: whoever reads files passes over it */
struct rb_json rb_json_reader(struct rb_slice in);
/* the next token; RB_JSON_END once the one value is over and nothing is left */
enum rb_err rb_json_next(struct rb_json *j, struct rb_json_token *out,
                         struct rb_reject *rj) RB_MUST_USE;
/* type of the value that comes next, without taking it; RB_JSON_END if none can */
enum rb_json_type rb_json_peek(struct rb_json *j);
/* takes one value, whatever is in it */
enum rb_err rb_json_skip(struct rb_json *j, struct rb_reject *rj) RB_MUST_USE;
/* as rb_json_skip, and the bytes of the value */
enum rb_err rb_json_value(struct rb_json *j, struct rb_slice *out, struct rb_reject *rj) RB_MUST_USE;
/* takes a token that must be of this type (12.1.5) */
enum rb_err rb_json_take(struct rb_json *j, enum rb_json_type type, struct rb_json_token *out,
                         struct rb_reject *rj) RB_MUST_USE;

/* The next member of the object that was entered. *which: its place in names, n if it is not there
 * (the caller may refuse or skip the value), RB_JSON_NO_MORE with the closing brace. seen begins
 * as 0. A name of the table that comes twice is refused (12.1.3). */
#define RB_JSON_NO_MORE ((size_t)-1)
enum rb_err rb_json_member(struct rb_json *j, const char *const *names, size_t n, uint64_t *seen,
                           size_t *which, struct rb_reject *rj) RB_MUST_USE;
/* whether the array that was entered has another element; takes the bracket if not */
enum rb_err rb_json_more(struct rb_json *j, bool *more, struct rb_reject *rj) RB_MUST_USE;

/* a name or string is this text */
bool rb_json_is(const struct rb_json_token *t, const char *z);
/* writes a name or string without its escapes */
void rb_json_put_plain(struct rb_writer *w, struct rb_slice raw);
/* takes a string, without its escapes, into the arena */
enum rb_err rb_json_text(struct rb_json *j, struct rb_arena *a, struct rb_slice *out,
                         struct rb_reject *rj) RB_MUST_USE;

/* ---- numbers (12.1.4) ---- */

/* A decimal number (RFC 8259, also "+1", ".5" and "5.") times mul times 10^places, to the nearest
 * integer, halves away from zero. *exact (may be NULL) is false if it was rounded.
 * RB_ERR_MALFORMED: no such number. RB_ERR_LIMIT: 10^17 or more. */
enum rb_err rb_decimal_scaled(struct rb_slice text, uint32_t mul, int places, int64_t *out,
                              bool *exact) RB_MUST_USE;
/* v / 10^places with as few digits as say it exactly; places up to 18 */
void rb_decimal_put(struct rb_writer *w, int64_t v, unsigned places);

/* ---- writing ---- */

/* Commas are set by themselves. A key is NULL in an array. Text is UTF-8 already (asserted). */
struct rb_json_writer {
    struct rb_writer *w;
    bool follows; /* something stands before the next value in this object or array */
};
struct rb_json_writer rb_json_writer(struct rb_writer *w);
void rb_json_open(struct rb_json_writer *j, const char *key, char c);
void rb_json_close(struct rb_json_writer *j, char c);
void rb_json_put_text(struct rb_json_writer *j, const char *key, struct rb_slice s);
void rb_json_put_bool(struct rb_json_writer *j, const char *key, bool b);
void rb_json_put_uint(struct rb_json_writer *j, const char *key, uint64_t v);
void rb_json_put_decimal(struct rb_json_writer *j, const char *key, int64_t v, unsigned places);
void rb_json_put_time(struct rb_json_writer *j, const char *key, int64_t utc_ms);
#endif
