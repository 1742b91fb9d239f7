/* Inside this room: the parts of age files. age_keys.c derives keys and makes boxes, age_header.c
 * is the header and the X25519 stanza, age_scrypt.c the passphrase stanza, age.c payload and files.
 */
#ifndef READBACK_CRYPTO_AGE_INT_H
#define READBACK_CRYPTO_AGE_INT_H
#include "readback/age.h"
#include "readback/limits.h"

#define AGE_KEY 32u
#define AGE_AEAD_NONCE 12u
#define AGE_WRAPPED (RB_AGE_FILE_KEY + RB_AGE_TAG) /* bytes of the body of both stanzas */

/* ---- keys and boxes ----------------------------------------------------------------------- */
/* HKDF-SHA-256 (RFC 5869), 32 bytes */
void rb_age_hkdf(struct rb_slice ikm, struct rb_slice salt, const char *info, uint8_t out[AGE_KEY]);
/* HMAC of a header up to and with its "---" */
void rb_age_header_mac(const uint8_t file_key[RB_AGE_FILE_KEY], struct rb_slice header,
                       uint8_t out[AGE_KEY]);
/* ChaCha20-Poly1305 without additional data. out: plain.n + RB_AGE_TAG bytes */
void rb_age_box_seal(const uint8_t key[AGE_KEY], const uint8_t nonce[AGE_AEAD_NONCE],
                     struct rb_slice plain, uint8_t *out);
/* out: box.n - RB_AGE_TAG bytes, wiped where it does not open */
bool rb_age_box_open(const uint8_t key[AGE_KEY], const uint8_t nonce[AGE_AEAD_NONCE],
                     struct rb_slice box, uint8_t *out) RB_MUST_USE;
/* the file key in a stanza's body: the nonce is zero, as each wrap key is used once */
void rb_age_wrap(const uint8_t key[AGE_KEY], const uint8_t file_key[RB_AGE_FILE_KEY],
                 uint8_t out[AGE_WRAPPED]);
bool rb_age_unwrap(const uint8_t key[AGE_KEY], const uint8_t body[AGE_WRAPPED],
                   uint8_t file_key[RB_AGE_FILE_KEY]) RB_MUST_USE;

/* ---- the header's text -------------------------------------------------------------------- */
struct rb_age_stanza {    /* borrowed */
    struct rb_slice args; /* the first line behind "-> " */
    struct rb_slice body; /* the lines of its body, with their ends */
    size_t at;            /* offset in the file */
};
struct rb_age_header {
    struct rb_slice maced; /* all up to and with "---" */
    uint8_t mac[AGE_KEY];
    size_t n;     /* bytes of the header */
    size_t count; /* stanzas */
};
/* The whole form: version line, stanzas, the line of the MAC. Checks neither MAC nor what a type
 * of stanza asks for, but that one with a passphrase is alone. */
enum rb_err rb_age_header_parse(struct rb_slice in, struct rb_age_header *out,
                                struct rb_reject *rj) RB_MUST_USE;
/* a reader of the stanzas of a header that was parsed, and the next of them; false: no more */
struct rb_reader rb_age_stanzas(const struct rb_age_header *h);
bool rb_age_next_stanza(struct rb_reader *r, struct rb_age_stanza *out);
/* the i-th argument, 0 being the type; empty where there are fewer */
struct rb_slice rb_age_arg(const struct rb_age_stanza *s, size_t i);
/* exactly n bytes of an argument's or a body's base64 */
enum rb_err rb_age_get_base64(struct rb_slice in, void *out, size_t n) RB_MUST_USE;
enum rb_err rb_age_get_body(const struct rb_age_stanza *s, uint8_t out[AGE_WRAPPED]) RB_MUST_USE;
enum rb_err rb_age_header_check(const struct rb_age_header *h,
                                const uint8_t file_key[RB_AGE_FILE_KEY],
                                struct rb_reject *rj) RB_MUST_USE;
void rb_age_put_base64(struct rb_writer *w, const void *p, size_t n);
void rb_age_put_version(struct rb_writer *w);
/* the last line: the MAC of all since `from` */
enum rb_err rb_age_put_mac(struct rb_writer *w, size_t from,
                           const uint8_t file_key[RB_AGE_FILE_KEY]) RB_MUST_USE;

/* ---- the passphrase stanza ---------------------------------------------------------------- */
#define AGE_SALT 16u
enum rb_err rb_age_scrypt_encode(struct rb_slice passphrase, unsigned log_n,
                                 const uint8_t salt[AGE_SALT],
                                 const uint8_t file_key[RB_AGE_FILE_KEY],
                                 struct rb_writer *w) RB_MUST_USE;
enum rb_err rb_age_scrypt_open(struct rb_slice in, struct rb_slice passphrase,
                               uint8_t file_key[RB_AGE_FILE_KEY], size_t *header_n,
                               struct rb_reject *rj) RB_MUST_USE;
#endif
