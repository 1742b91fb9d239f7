/* Errors: one list, one code each, must be looked at by the caller.
 * A refusal of somebody else's bytes carries code, spec clause and offset (struct rb_reject). */
#ifndef READBACK_ERR_H
#define READBACK_ERR_H
#include <stddef.h>
#include <stdint.h>

/* name, number (stable: printed in logs and --json), what a person reads */
#define RB_ERR_LIST(X)                                                                            \
    X(OK, 0, "ok")                                                                                \
    X(MALFORMED, 1, "malformed: the bytes do not follow the format")                              \
    X(LIMIT, 2, "over a limit of this software")                                                  \
    X(UNSUPPORTED, 3, "not supported by this version")                                            \
    X(SIGNATURE, 4, "a signature does not verify")                                                \
    X(PROOF, 5, "a Merkle proof does not verify")                                                 \
    X(FORK, 6, "two histories for one feed")                                                      \
    X(NOT_FOUND, 7, "not found")                                                                  \
    X(DENIED, 8, "not allowed")                                                                   \
    X(STATE, 9, "not possible in the present state")                                              \
    X(STALE, 10, "behind or ahead of what is held here")                                          \
    X(EXISTS, 11, "exists already")                                                               \
    X(NEED_SIGNER, 12, "a further officer must sign")                                             \
    X(BUSY, 13, "busy, try again")                                                                \
    X(IO, 14, "input or output failed")                                                           \
    X(USAGE, 15, "the call's words are off")                                                      \
    X(INTERNAL, 16, "an error of this software")

enum rb_err {
#define X(name, num, text) RB_ERR_##name = num,
    RB_ERR_LIST(X)
#undef X
};
#define RB_OK RB_ERR_OK

#define RB_MUST_USE __attribute__((warn_unused_result))
#define RB_TRY(expr)                                                                              \
    do {                                                                                          \
        enum rb_err rb_try_err_ = (expr);                                                         \
        if (rb_try_err_ != RB_OK) return rb_try_err_;                                             \
    } while (0)

/* Why something was refused. `clause` and `what` are static strings, never freed, never with
 * content of the refused bytes in them (design §10). */
struct rb_reject {
    enum rb_err err;
    const char *clause; /* number of the clause in spec/, e.g. "3.2.4" */
    const char *what;   /* a few words for a person */
    uint64_t offset;    /* byte offset in what was being read */
};

const char *rb_err_name(enum rb_err e); /* "malformed" */
const char *rb_err_text(enum rb_err e); /* sentence for a person */

/* Fills rj (which may be NULL) and returns err, so that one line refuses. */
enum rb_err rb_reject(struct rb_reject *rj, enum rb_err err, const char *clause, const char *what,
                      uint64_t offset);
#endif
