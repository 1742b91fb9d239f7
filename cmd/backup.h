/* What `readback backup` and `readback restore` share: a folder laid out as a home, without what
 * must not be in a copy, and a list of its files. See man/readback-operation.7.scd. */
#ifndef RB_CMD_BACKUP_H
#define RB_CMD_BACKUP_H
#include "cli.h"
#include "shell/store/backup.h"

#define BACKUP_FILE_MAX                                                                            \
    (1u << 16)            /* of a key, a card or settings; the database is not read whole */
#define BACKUP_FILES 4096 /* in one home */
#define BACKUP_FORMAT "readback backup 1"

struct backup_name {
    char name[320]; /* below the folder: "keys/node.pem" */
};
/* what of a home goes into a copy, besides the database: sorted; exit code */
int backup_names(struct cli *c, const char *home, struct backup_name **out, size_t *n);
/* a new folder beside `path`, where its parts are gathered before it gets its name; exit code */
int backup_begin(struct cli *c, const char *path, struct rb_home **out, char *part, size_t cap);
/* the folder gets its name; `over_empty`: an empty folder may be there. Exit code */
int backup_end(struct cli *c, const char *part, const char *path, bool over_empty);
/* removes what backup_begin made and all that is in it */
void backup_drop(const char *part);
/* copies one small file from home to home; exit code */
int backup_copy(struct cli *c, struct rb_home *from, struct rb_home *to, const char *name);
/* copies a file of any size to a new one, 0600, synced; exit code */
int backup_copy_large(struct cli *c, const char *from, const char *to);
/* SHA-256 and size of a file; exit code */
int backup_digest(struct cli *c, const char *path, char hex[65], uint64_t *size);
void backup_tell(void *ctx, const char *doing, uint64_t done, uint64_t all);
/* Reads and checks a backup: list of files, their hashes, the database. *manifest: the list. exit
 * code
 */
int backup_verify(struct cli *c, const char *path, json_t **manifest);
/* what of a file's name a list may hold: no way out of the folder, nothing that a copy must not
 * have */
bool backup_name_ok(const char *name);
/* the card in a folder laid out as a home: who it is of. false: there is none, or it cannot be read
 */
bool backup_party(const char *home, char handle[RB_MAX_HANDLE + 1], struct rb_key *party);
#endif
