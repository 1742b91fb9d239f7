/* The home directory of one party and the keys in it (spec 6.10). One home, one party, one daemon.
 *
 *   card.cose                    our signed card              keys/node.pem mirror.pem tls.pem
 *   config.ini                   settings, may be missing     keys/log-<channel hex>-<epoch>.pem
 *   heads                        the head file (spec 6.9)     keys/age.txt, or age.age (sealed)
 *   readback.db                  the database                 keys/party.sealed (may live offline)
 *   readbackd.sock, lock         while a daemon runs          keys/officer-<name>.sealed
 *
 * A key that takes another's place is keys/<role>-<key id>.pem (keys/officer-<name>-<key id>.sealed): which
 * one is used follows from the card and the feeds, so none is ever replaced or removed by us.
 *
 * Directories are 0700, files 0600; a secret that others could read is refused, not repaired. Files
 * appear whole or not at all. Every function that fails leaves a sentence in rb_home_error. */
#ifndef RB_SHELL_KEYSTORE_H
#define RB_SHELL_KEYSTORE_H
#include "readback/crypto.h"
#include "readback/record.h"

#define RB_HOME_PATH_MAX 1024u
struct rb_home;
/* --home, else READBACK_HOME, else ~/.readback. RB_ERR_USAGE if there is none or it is too long. */
enum rb_err rb_home_path(const char *option, char *out, size_t cap) RB_MUST_USE;
/* makes the directory (its parent must exist) and keys/; EXISTS if a card is in it already */
enum rb_err rb_home_create(const char *path, struct rb_home **out, char *why,
                           size_t why_n) RB_MUST_USE;
enum rb_err rb_home_open(const char *path, struct rb_home **out, char *why,
                         size_t why_n) RB_MUST_USE;
void rb_home_close(struct rb_home *h); /* releases the lock, too; NULL is fine */
/* RB_ERR_BUSY: another daemon runs on this home */
enum rb_err rb_home_lock(struct rb_home *h) RB_MUST_USE;
const char *rb_home_error(const struct rb_home *h);
/* absolute or as given: "<home>/<name>"; RB_ERR_LIMIT if it does not fit */
enum rb_err rb_home_join(const struct rb_home *h, const char *name, char *out,
                         size_t cap) RB_MUST_USE;

/* Whole files below the home. read: NOT_FOUND, LIMIT over cap, DENIED if others could read or write
 * it or it is not ours. */
enum rb_err rb_home_read(struct rb_home *h, const char *name, void *buf, size_t cap,
                         size_t *n) RB_MUST_USE;
/* EXISTS if the name is taken: keys are never overwritten */
enum rb_err rb_home_write_new(struct rb_home *h, const char *name,
                              struct rb_slice bytes) RB_MUST_USE;
enum rb_err rb_home_replace(struct rb_home *h, const char *name, struct rb_slice bytes) RB_MUST_USE;
bool rb_home_has(const struct rb_home *h, const char *name);

/* ---- keys. `name` is the file without folder and suffix: "node", "mirror", "tls" ----------------
 */
/* draws a key and writes keys/NAME.pem (PKCS#8); EXISTS */
enum rb_err rb_keys_make(struct rb_home *h, const char *name, struct rb_seckey *out) RB_MUST_USE;
enum rb_err rb_keys_load(struct rb_home *h, const char *name, struct rb_seckey *out) RB_MUST_USE;
/* draws a key for a role that has one already and writes keys/ROLE-KID.pem; EXISTS */
enum rb_err rb_keys_make_next(struct rb_home *h, const char *role, struct rb_key *pub) RB_MUST_USE;
/* keys/ROLE-KID.pem or keys/ROLE.pem, whichever holds this key; NOT_FOUND */
enum rb_err rb_keys_find(struct rb_home *h, const char *role, const struct rb_key *pub,
                         struct rb_seckey *out) RB_MUST_USE;
/* ROLE and key id as one name: "mirror-0123456789abcdef"; cap 96 suffices */
void rb_keys_kid_name(const char *role, const struct rb_key *pub, char *out, size_t cap);
/* the log key of our feed (channel, epoch): found, or made where make is set */
enum rb_err rb_keys_log(struct rb_home *h, const uint8_t channel[RB_CHANNEL_LEN], uint16_t epoch,
                        bool make, struct rb_seckey *out) RB_MUST_USE;
/* keys/age.txt; the recipient goes on the card. load: the first identity in it, which is the
 * present one; RB_ERR_STATE where it is sealed */
enum rb_err rb_keys_age_make(struct rb_home *h, struct rb_key *recipient) RB_MUST_USE;
enum rb_err rb_keys_age_load(struct rb_home *h, uint8_t secret[32],
                             struct rb_key *recipient) RB_MUST_USE;
/* keys/age.txt becomes keys/age.age, sealed with a passphrase in age's own format; what was written
 * is opened again before age.txt is overwritten and removed. unseal: back. About a second.
 * EXISTS: done already; NOT_FOUND: no age key; STATE: both files are there; unseal only:
 * RB_ERR_SIGNATURE: wrong passphrase. (The file system may keep old bytes: disk encryption.) */
enum rb_err rb_keys_age_seal(struct rb_home *h, struct rb_slice passphrase) RB_MUST_USE;
enum rb_err rb_keys_age_unseal(struct rb_home *h, struct rb_slice passphrase) RB_MUST_USE;

/* a fresh identity, put before those there are; passphrase: of age.age, else empty. LIMIT: 16 are there */
enum rb_err rb_keys_age_next(struct rb_home *h, struct rb_slice passphrase,
                             struct rb_key *recipient) RB_MUST_USE;

/* Sealed: "party" or "officer-NAME". make draws the key and writes keys/NAME.sealed. */
enum rb_err rb_keys_seal_make(struct rb_home *h, const char *name, struct rb_slice passphrase,
                              struct rb_key *pub) RB_MUST_USE;
/* a key that takes the place of another: keys/NAME-KID.sealed */
enum rb_err rb_keys_seal_next(struct rb_home *h, const char *name, struct rb_slice passphrase,
                              struct rb_key *pub) RB_MUST_USE;
/* the file name (without suffix) of NAME's key with this public key: NAME-KID or NAME; NOT_FOUND */
enum rb_err rb_keys_seal_find(struct rb_home *h, const char *name, const struct rb_key *pub,
                              char *out, size_t cap) RB_MUST_USE;
/* the public key in its header, without the passphrase */
enum rb_err rb_keys_seal_public(struct rb_home *h, const char *name,
                                struct rb_key *pub) RB_MUST_USE;
/* RB_ERR_SIGNATURE: wrong passphrase */
enum rb_err rb_keys_unseal(struct rb_home *h, const char *name, struct rb_slice passphrase,
                           struct rb_seckey *out) RB_MUST_USE;
/* a sealed file anywhere, e.g. the party key on a stick; why gets the sentence */
enum rb_err rb_keys_unseal_file(const char *path, struct rb_slice passphrase, struct rb_seckey *out,
                                char *why, size_t why_n) RB_MUST_USE;
/* names of sealed officers' keys ("officer-NAME" -> NAME), sorted; at most cap */
enum rb_err rb_keys_officers(struct rb_home *h, char (*names)[RB_MAX_HANDLE + 1], size_t cap,
                             size_t *n) RB_MUST_USE;
#endif
