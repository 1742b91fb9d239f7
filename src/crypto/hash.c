/* Room crypto: the only one that includes libsodium or OpenSSL's EVP, so that what the rest trusts
 * can be read in one sitting. It draws no randomness and opens no file: seeds, salts and nonces are
 * arguments.
 *
 * SHA-256 and ChaCha20-Poly1305 by EVP, which uses the processor's instructions. A tree hashes 65
 * bytes a node, so the algorithms are fetched once and each thread keeps one context for hashing.
 */
#include "readback/crypto.h"
#include <assert.h>
#include <sodium.h>
#include <threads.h>
#include "evp.h"

static EVP_MD *sha256;
static EVP_CIPHER *chacha20_poly1305;
static tss_t context_key; /* only so that a thread's context is freed when it ends */
static _Thread_local EVP_MD_CTX *context;

static void context_free(void *p) {
    EVP_MD_CTX_free(p);
}

/* This thread's, with all the memory that its hashing will ever want: later there is nobody to
 * tell. */
static bool context_make(void) {
    EVP_MD_CTX *made = EVP_MD_CTX_new();
    if (made == NULL) return false;
    if (EVP_DigestInit_ex2(made, sha256, NULL) != 1 || tss_set(context_key, made) != thrd_success) {
        EVP_MD_CTX_free(made);
        return false;
    }
    context = made;
    return true;
}

enum rb_err rb_crypto_init(void) {
    if (sha256 != NULL) return context != NULL || context_make() ? RB_OK : RB_ERR_INTERNAL;
    if (sodium_init() < 0) return RB_ERR_INTERNAL;
    if (tss_create(&context_key, context_free) != thrd_success) return RB_ERR_INTERNAL;
    chacha20_poly1305 = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
    if (chacha20_poly1305 == NULL) return RB_ERR_INTERNAL;
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    return sha256 == NULL || !context_make() ? RB_ERR_INTERNAL : RB_OK;
}

const EVP_MD *rb_evp_sha256(void) {
    assert(sha256 != NULL && "rb_crypto_init comes first");
    return sha256;
}

const EVP_CIPHER *rb_evp_chacha20_poly1305(void) {
    assert(chacha20_poly1305 != NULL && "rb_crypto_init comes first");
    return chacha20_poly1305;
}

static EVP_MD_CTX *context_get(void) {
    if (context == NULL) {
        assert(sha256 != NULL && "rb_crypto_init comes first");
        const bool made = context_make();
        assert(made && "memory for a thread's hashing");
        (void)made;
    }
    return context;
}

void rb_sha256v(const struct rb_slice *in, size_t n, struct rb_hash *out) {
    EVP_MD_CTX *c = context_get();
    int ok = EVP_DigestInit_ex2(c, rb_evp_sha256(), NULL);
    for (size_t i = 0; i < n; i++) {
        if (in[i].n > 0) ok &= EVP_DigestUpdate(c, in[i].p, in[i].n);
    }
    ok &= EVP_DigestFinal_ex(c, out->b, NULL);
    /* no caller could go on with a hash that is none */
    assert(ok == 1);
    (void)ok;
}

void rb_sha256(struct rb_slice in, struct rb_hash *out) {
    rb_sha256v(&in, 1, out);
}
