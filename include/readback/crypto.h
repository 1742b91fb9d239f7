/* Cryptography: hashing (OpenSSL EVP), Ed25519 (libsodium, strict), key files in standard formats.
 * src/crypto is the only room that includes libsodium or EVP. No randomness is drawn here:
 * seeds, salts and nonces are arguments. */
#ifndef READBACK_CRYPTO_H
#define READBACK_CRYPTO_H
#include "readback/arena.h"

#define RB_HASH_LEN 32u
#define RB_KEY_LEN 32u
#define RB_SEED_LEN 32u
#define RB_SIG_LEN 64u
#define RB_KID_LEN 8u
#define RB_FINGERPRINT_DIGITS 40u

struct rb_hash {
    uint8_t b[RB_HASH_LEN];
};
struct rb_key { /* a public key, raw */
    uint8_t b[RB_KEY_LEN];
};
struct rb_seckey { /* Ed25519: seed and public key; wipe after use */
    uint8_t seed[RB_SEED_LEN];
    struct rb_key pub;
};
static inline bool rb_hash_eq(const struct rb_hash *a, const struct rb_hash *b) {
    return memcmp(a->b, b->b, RB_HASH_LEN) == 0;
}
static inline bool rb_key_eq(const struct rb_key *a, const struct rb_key *b) {
    return memcmp(a->b, b->b, RB_KEY_LEN) == 0;
}

/* Once per process, before anything else of this header and before threads; a second call does
 * nothing. RB_ERR_INTERNAL if the library fails. Everything else here may run in any thread. */
enum rb_err rb_crypto_init(void) RB_MUST_USE;

void rb_sha256(struct rb_slice in, struct rb_hash *out);
/* hash of the concatenation of n slices */
void rb_sha256v(const struct rb_slice *in, size_t n, struct rb_hash *out);
/* Piece by piece, for what does not fit in memory: begin, add, then exactly one end (or drop), which
 * gives back what the library holds for it. */
struct rb_hasher {
    void *state;
};
enum rb_err rb_hasher_begin(struct rb_hasher *h) RB_MUST_USE; /* RB_ERR_LIMIT: no memory */
void rb_hasher_add(struct rb_hasher *h, struct rb_slice in);
void rb_hasher_end(struct rb_hasher *h, struct rb_hash *out);
void rb_hasher_drop(struct rb_hasher *h);

/* RFC 8032; refuses small-order keys, non-canonical keys, R and S (libsodium's checks).
 * RB_ERR_SIGNATURE if it does not hold. */
enum rb_err rb_ed25519_verify(const struct rb_key *pub, struct rb_slice msg,
                              const uint8_t sig[RB_SIG_LEN]) RB_MUST_USE;
void rb_ed25519_from_seed(const uint8_t seed[RB_SEED_LEN], struct rb_seckey *out);
void rb_ed25519_sign(const struct rb_seckey *key, struct rb_slice msg, uint8_t sig[RB_SIG_LEN]);
/* RB_ERR_MALFORMED for keys that rb_ed25519_verify would always refuse, and for those with a
 * component of small order, under which verifiers could disagree: to be called when a key is taken in */
enum rb_err rb_ed25519_key_check(const struct rb_key *pub) RB_MUST_USE;

/* COSE key id: first 8 bytes of SHA-256 of the raw key */
void rb_key_id(const struct rb_key *pub, uint8_t kid[RB_KID_LEN]);
/* the party key hash: SHA-256 of the raw key */
void rb_party_hash(const struct rb_key *party, struct rb_hash *out);

/* 40 digits over (handle, party key): SHA-256("readback/fingerprint/v1\n" handle "\n" key) as eight
 * groups of five digits, group i being bytes [4i, 4i+4) big-endian modulo 100000 (spec 2.2). Written as "12345 12345 ... 12345", 47 characters and NUL. */
void rb_fingerprint(struct rb_slice handle, const struct rb_key *party, char out[48]);
/* digits with or without spaces and dashes against that fingerprint */
bool rb_fingerprint_matches(const char *fingerprint, struct rb_slice typed);

/* ---- key files ---------------------------------------------------------------------------- */
/* RFC 8410 PKCS#8 "PRIVATE KEY" PEM, as `openssl genpkey -algorithm ed25519` writes it. */
enum rb_err rb_pkcs8_encode(const struct rb_seckey *key, struct rb_writer *w) RB_MUST_USE;
enum rb_err rb_pkcs8_decode(struct rb_slice pem, struct rb_seckey *out,
                            struct rb_reject *rj) RB_MUST_USE;
/* "PUBLIC KEY" PEM (SubjectPublicKeyInfo) of a raw Ed25519 key */
void rb_spki_encode(const struct rb_key *pub, struct rb_writer *w);
/* "ssh-ed25519 AAAA... comment\n" */
void rb_openssh_pub_encode(const struct rb_key *pub, struct rb_slice comment, struct rb_writer *w);
enum rb_err rb_openssh_pub_decode(struct rb_slice line, struct rb_key *out,
                                  struct rb_reject *rj) RB_MUST_USE;
/* age X25519: "age1..." and "AGE-SECRET-KEY-1..." (Bech32) */
void rb_age_identity_from_seed(const uint8_t seed[32], struct rb_key *recipient);
void rb_age_recipient_encode(const struct rb_key *recipient, struct rb_writer *w);
enum rb_err rb_age_recipient_decode(struct rb_slice in, struct rb_key *out) RB_MUST_USE;
void rb_age_identity_encode(const uint8_t secret[32], struct rb_writer *w);
enum rb_err rb_age_identity_decode(struct rb_slice in, uint8_t secret[32]) RB_MUST_USE;

/* Sealed key file (spec 2.5): text; Argon2id13 of the passphrase, XChaCha20-Poly1305-IETF over the
 * 32-byte seed, the header lines as additional data. */
struct rb_seal_params {
    uint32_t mem_kib; /* Argon2id memory, 8 .. 1048576 */
    uint32_t ops;     /* Argon2id passes, 1 .. 16 */
    uint8_t salt[16];
    uint8_t nonce[24];
};
#define RB_SEAL_MEM_KIB 65536u
#define RB_SEAL_OPS 3u
enum rb_err rb_seal_encode(const struct rb_seckey *key, struct rb_slice passphrase,
                           const struct rb_seal_params *params, struct rb_writer *w) RB_MUST_USE;
/* RB_ERR_SIGNATURE: wrong passphrase or changed bytes; RB_ERR_LIMIT: parameters beyond bounds */
enum rb_err rb_seal_decode(struct rb_slice file, struct rb_slice passphrase, struct rb_seckey *out,
                           struct rb_reject *rj) RB_MUST_USE;
/* the public key written in clear in a sealed file's header, without the passphrase */
enum rb_err rb_seal_public(struct rb_slice file, struct rb_key *out) RB_MUST_USE;
#endif
