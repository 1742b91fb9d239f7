/* Keys and boxes of age files. HMAC by libsodium, whose state lies on our stack and is wiped; the
 * AEAD by EVP, which uses the widest registers there are and wipes its context when it is freed. */
#include "age_int.h"
#include <assert.h>
#include <sodium.h>
#include "evp.h"

/* HMAC-SHA-256 of a then b */
static void hmac(struct rb_slice key, struct rb_slice a, struct rb_slice b, uint8_t out[AGE_KEY]) {
    crypto_auth_hmacsha256_state s;
    crypto_auth_hmacsha256_init(&s, key.p, key.n);
    crypto_auth_hmacsha256_update(&s, a.p, a.n);
    crypto_auth_hmacsha256_update(&s, b.p, b.n);
    crypto_auth_hmacsha256_final(&s, out);
    rb_wipe(&s, sizeof s);
}

void rb_age_hkdf(struct rb_slice ikm, struct rb_slice salt, const char *info,
                 uint8_t out[AGE_KEY]) {
    uint8_t prk[AGE_KEY];
    hmac(salt, ikm, rb_str(""), prk);
    hmac(rb_slice(prk, sizeof prk), rb_str(info), rb_str("\x01"), out);
    rb_wipe(prk, sizeof prk);
}

void rb_age_header_mac(const uint8_t file_key[RB_AGE_FILE_KEY], struct rb_slice header,
                       uint8_t out[AGE_KEY]) {
    uint8_t key[AGE_KEY];
    rb_age_hkdf(rb_slice(file_key, RB_AGE_FILE_KEY), rb_str(""), "header", key);
    hmac(rb_slice(key, sizeof key), header, rb_str(""), out);
    rb_wipe(key, sizeof key);
}

/* A context for one box: to keep one would keep its key. */
static EVP_CIPHER_CTX *box_begin(const uint8_t *key, const uint8_t *nonce, int seal) {
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    assert(c != NULL);
    int ok = EVP_CipherInit_ex2(c, rb_evp_chacha20_poly1305(), key, nonce, seal, NULL);
    assert(ok == 1);
    (void)ok;
    return c;
}

static int box_update(EVP_CIPHER_CTX *c, struct rb_slice in, uint8_t *out) {
    int n = 0;
    assert(in.n <= RB_AGE_CHUNK);
    return in.n == 0 ? 1 : EVP_CipherUpdate(c, out, &n, in.p, (int)in.n);
}

void rb_age_box_seal(const uint8_t key[AGE_KEY], const uint8_t nonce[AGE_AEAD_NONCE],
                     struct rb_slice plain, uint8_t *out) {
    EVP_CIPHER_CTX *c = box_begin(key, nonce, 1);
    int n = 0, ok = box_update(c, plain, out);
    ok &= EVP_CipherFinal_ex(c, out + plain.n, &n);
    ok &= EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, RB_AGE_TAG, out + plain.n);
    assert(ok == 1); /* no caller could go on with a box that is none */
    (void)ok;
    EVP_CIPHER_CTX_free(c);
}

bool rb_age_box_open(const uint8_t key[AGE_KEY], const uint8_t nonce[AGE_AEAD_NONCE],
                     struct rb_slice box, uint8_t *out) {
    uint8_t tag[RB_AGE_TAG], none[1];
    assert(box.n >= RB_AGE_TAG);
    const size_t n = box.n - RB_AGE_TAG;
    EVP_CIPHER_CTX *c = box_begin(key, nonce, 0);
    memcpy(tag, box.p + n, sizeof tag);
    int more = 0, ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, RB_AGE_TAG, tag);
    ok &= box_update(c, rb_slice(box.p, n), out);
    assert(ok == 1);
    ok = EVP_CipherFinal_ex(c, none, &more);
    EVP_CIPHER_CTX_free(c);
    if (ok != 1 && n > 0) rb_wipe(out, n); /* it was written before the tag was looked at */
    return ok == 1;
}

static const uint8_t zero_nonce[AGE_AEAD_NONCE];

void rb_age_wrap(const uint8_t key[AGE_KEY], const uint8_t file_key[RB_AGE_FILE_KEY],
                 uint8_t out[AGE_WRAPPED]) {
    rb_age_box_seal(key, zero_nonce, rb_slice(file_key, RB_AGE_FILE_KEY), out);
}

bool rb_age_unwrap(const uint8_t key[AGE_KEY], const uint8_t body[AGE_WRAPPED],
                   uint8_t file_key[RB_AGE_FILE_KEY]) {
    return rb_age_box_open(key, zero_nonce, rb_slice(body, AGE_WRAPPED), file_key);
}
