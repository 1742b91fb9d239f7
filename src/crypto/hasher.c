/* SHA-256 piece by piece. One context of OpenSSL's for each hasher, so that several can be under
 * way in one thread. */
#include "readback/crypto.h"
#include <assert.h>
#include "evp.h"

enum rb_err rb_hasher_begin(struct rb_hasher *h) {
    h->state = NULL;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    if (c == NULL) return RB_ERR_LIMIT;
    if (EVP_DigestInit_ex2(c, rb_evp_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(c);
        return RB_ERR_LIMIT;
    }
    h->state = c;
    return RB_OK;
}

void rb_hasher_add(struct rb_hasher *h, struct rb_slice in) {
    assert(h->state != NULL && "a hasher that was not begun, or ended");
    if (in.n == 0) return;
    int ok = EVP_DigestUpdate(h->state, in.p, in.n);
    assert(ok == 1);
    (void)ok;
}

void rb_hasher_end(struct rb_hasher *h, struct rb_hash *out) {
    assert(h->state != NULL && "a hasher that was not begun, or ended");
    int ok = EVP_DigestFinal_ex(h->state, out->b, NULL);
    assert(ok == 1); /* no caller could go on with a hash that is none */
    (void)ok;
    rb_hasher_drop(h);
}

void rb_hasher_drop(struct rb_hasher *h) {
    EVP_MD_CTX_free(h->state); /* wiped by the library; NULL is fine */
    h->state = NULL;
}
