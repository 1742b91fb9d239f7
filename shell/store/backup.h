/* Copies of the database, and what such a copy is worth (spec 6.10.6). For programs of people: no
 * daemon is needed, and none is in the way. */
#ifndef RB_SHELL_STORE_BACKUP_H
#define RB_SHELL_STORE_BACKUP_H
#include "readback/err.h"

/* done of all: pages while copying, leaves while checking. May be NULL. */
typedef void (*rb_copy_progress)(void *ctx, const char *doing, uint64_t done, uint64_t all);
struct rb_copy_facts {
    uint64_t version; /* of the format: user_version */
    uint64_t feeds, leaves, checkpoints, bodies;
};
/* Copies the database `from`, as it stands at one moment, to the new file `to` (mode 0600, one
 * file, on the disk). A daemon may write to it meanwhile: it is not held up, only the emptying of
 * its write-ahead log is. What was deleted is no more in the copy than in the database. EXISTS:
 * `to` is there; STATE, UNSUPPORTED: not a database of ours, or of a newer format; IO. why: a
 * sentence; what was begun is left for the caller to remove. */
enum rb_err rb_store_copy(const char *from, const char *to, rb_copy_progress tell, void *ctx,
                          char *why, size_t why_n) RB_MUST_USE;
/* Reads a copy without changing a byte: SQLite's own check; each leaf's bytes against its hash,
 * none missing; the root of the leaves against each checkpoint that is kept. Errors as above, IO
 * where something does not hold. */
enum rb_err rb_store_verify(const char *path, rb_copy_progress tell, void *ctx,
                            struct rb_copy_facts *out, char *why, size_t why_n) RB_MUST_USE;
#endif
