/* Opening closed bodies: the party's age identities, and reading head and content out of ciphertext
 * that lies somewhere else (the store, a simulated disk, memory). Clauses 9.2, 6.10. */
#ifndef RB_SHELL_OPENER_H
#define RB_SHELL_OPENER_H
#include "readback/node.h"
#include "shell/os/home.h"

#define RB_MAX_IDENTITIES 16u /* the present one, and those that rotations replaced */

/* The identities, in memory that is locked and left out of dumps. */
struct rb_keyring;
/* keys/age.txt (one identity a line, `#` comments), or keys/age.age, the same text sealed with a
 * passphrase as `age -p` writes it: then the ring is locked. Both or none: RB_ERR_STATE. */
enum rb_err rb_keyring_open(struct rb_home *h, struct rb_keyring **out, char *why,
                            size_t why_n) RB_MUST_USE;
/* a ring of these secrets, unlocked; for simulated parties */
enum rb_err rb_keyring_of(const uint8_t (*secrets)[32], size_t n,
                          struct rb_keyring **out) RB_MUST_USE;
/* the files as they are now; sealed: locked again until its passphrase is given */
enum rb_err rb_keyring_reload(struct rb_keyring *k, struct rb_home *h) RB_MUST_USE;
void rb_keyring_close(struct rb_keyring *k); /* NULL is fine */
bool rb_keyring_locked(const struct rb_keyring *k);
/* RB_ERR_SIGNATURE: wrong passphrase; RB_ERR_EXISTS: not locked; rb_home_error has a sentence */
enum rb_err rb_keyring_unlock(struct rb_keyring *k, struct rb_home *h,
                              struct rb_slice passphrase) RB_MUST_USE;
/* does one of the identities open what is sealed to this recipient? A locked ring has none. */
bool rb_keyring_holds(const struct rb_keyring *k, const struct rb_key *recipient);

/* where ciphertext is read from: up to cap bytes from `from` on */
struct rb_body_source {
    void *ctx;
    enum rb_err (*read)(void *ctx, uint64_t from, uint8_t *buf, size_t cap, size_t *n);
    uint64_t size;
};
/* What an OPEN effect asks: hashes all of it (RB_ERR_PROOF where `want` is not its hash; NULL: not
 * compared), opens it, gives the head, and for attachments the content's commitment. Errors as in
 * RB_EV_OPENED. head: RB_MAX_HEAD bytes; the caller wipes it. Bounded memory whatever the size. */
enum rb_err rb_opener_read(const struct rb_keyring *k, const struct rb_body_source *src,
                           const struct rb_hash *want, enum rb_kind kind, uint8_t *head,
                           size_t *head_n, struct rb_hash *content) RB_MUST_USE;
/* the head alone, without reading further than it needs */
enum rb_err rb_opener_head(const struct rb_keyring *k, const struct rb_body_source *src,
                           enum rb_kind kind, uint8_t *head, size_t *head_n) RB_MUST_USE;
/* content bytes of an attachment from `from` on (a multiple of RB_AGE_CHUNK, else RB_ERR_USAGE) */
enum rb_err rb_opener_content(const struct rb_keyring *k, const struct rb_body_source *src,
                              uint64_t from, uint8_t *buf, size_t cap, size_t *n) RB_MUST_USE;

/* rb_opener_read in pieces, for a loop that has other things to do. Ring and source outlive it. */
struct rb_opening;
/* NULL: no memory */
struct rb_opening *rb_opening_new(const struct rb_keyring *k, const struct rb_body_source *src,
                                  const struct rb_hash *want, enum rb_kind kind);
/* Goes on for about *budget bytes and takes them off it. True: it is over. */
bool rb_opening_go(struct rb_opening *o, size_t *budget);
/* once it is over; head is a view that lives as long as `o` */
enum rb_err rb_opening_result(const struct rb_opening *o, struct rb_slice *head,
                              struct rb_hash *content) RB_MUST_USE;
void rb_opening_free(struct rb_opening *o); /* wiped; NULL is fine */
#endif
