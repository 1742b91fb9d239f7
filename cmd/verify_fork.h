/* Inside of readback-verify: evidence that a log key signed two histories (spec 4.10). */
#ifndef RB_CMD_VERIFY_FORK_H
#define RB_CMD_VERIFY_FORK_H
#include "cmd/verify.h"

struct verify_fork_ask { /* of the command line; NULL: not given */
    const char *log_key;          /* a verifier key, or a file that has one */
    const char *card, *delegation; /* files: whose key it is */
};
/* is this, by its first bytes, evidence or the text of its code? */
bool verify_is_fork(const char *path_or_code);
/* the exit status */
int verify_fork(struct verify *v, const char *path_or_code, const struct verify_fork_ask *ask,
                bool json);
/* forks/ of an export's log (8.1.1): each piece must prove a fork of this log */
void verify_forks(struct verify *v, struct verify_feed *e);
#endif
