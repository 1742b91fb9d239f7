/* Room base: errors, bytes, memory, text. It knows nothing of the protocol and includes nothing of
 * the other rooms, so that every one of them can stand on it. */
#include "readback/err.h"

/* A switch without default: the compiler names the code that is missing here. */
const char *rb_err_name(enum rb_err e) {
    switch (e) {
    case RB_ERR_OK:
        return "ok";
    case RB_ERR_MALFORMED:
        return "malformed";
    case RB_ERR_LIMIT:
        return "limit";
    case RB_ERR_UNSUPPORTED:
        return "unsupported";
    case RB_ERR_SIGNATURE:
        return "signature";
    case RB_ERR_PROOF:
        return "proof";
    case RB_ERR_FORK:
        return "fork";
    case RB_ERR_NOT_FOUND:
        return "not_found";
    case RB_ERR_DENIED:
        return "denied";
    case RB_ERR_STATE:
        return "state";
    case RB_ERR_STALE:
        return "stale";
    case RB_ERR_EXISTS:
        return "exists";
    case RB_ERR_NEED_SIGNER:
        return "need_signer";
    case RB_ERR_BUSY:
        return "busy";
    case RB_ERR_IO:
        return "io";
    case RB_ERR_USAGE:
        return "usage";
    case RB_ERR_INTERNAL:
        return "internal";
    }
    return "unknown";
}

const char *rb_err_text(enum rb_err e) {
    switch (e) {
#define X(name, num, text)                                                                         \
    case RB_ERR_##name:                                                                            \
        return text;
        RB_ERR_LIST(X)
#undef X
    }
    return "an unknown error";
}

enum rb_err rb_reject(struct rb_reject *rj, enum rb_err err, const char *clause, const char *what,
                      uint64_t offset) {
    if (rj != NULL) {
        rj->err = err;
        rj->clause = clause;
        rj->what = what;
        rj->offset = offset;
    }
    return err;
}
