/* What home.c, keystore.c, agefile.c and keyring.c share. */
#ifndef RB_SHELL_HOME_H
#define RB_SHELL_HOME_H
#include "shell/os/keystore.h"

struct rb_home {
    char path[RB_HOME_PATH_MAX];
    int dir, keys, lock;
    char error[RB_HOME_PATH_MAX + 256];
};
enum rb_err home_say(struct rb_home *h, enum rb_err err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* overwrites the file's bytes, syncs, removes it, syncs the directory */
enum rb_err home_shred(struct rb_home *h, const char *name) RB_MUST_USE;
/* says in a sentence what is wrong with a file that was read; returns err */
enum rb_err home_bad_file(struct rb_home *h, const char *name, enum rb_err err,
                          const struct rb_reject *rj);

/* ---- agefile.c ---- */
#define AGE_TEXT_MAX 16384u /* bytes of keys/age.txt and of keys/age.age */
/* identities of a file's text; out: RB_MAX_IDENTITIES of them. All or nothing. */
enum rb_err age_identities(struct rb_home *h, const char *name, struct rb_slice text,
                           uint8_t (*out)[32], size_t *n) RB_MUST_USE;
/* what keys/age.age holds, in `room` of AGE_TEXT_MAX bytes, which the caller wipes */
enum rb_err age_sealed_read(struct rb_home *h, struct rb_slice passphrase, uint8_t *room,
                            struct rb_slice *text) RB_MUST_USE;
/* RB_ERR_STATE, with the sentence for a home that has both files */
enum rb_err age_both(struct rb_home *h) RB_MUST_USE;

/* ---- keyring.c ---- */
struct rb_keyring;
const uint8_t (*keyring_secrets(const struct rb_keyring *k, size_t *n))[32];
#endif
