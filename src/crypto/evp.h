/* Inside this room: what rb_crypto_init fetched from OpenSSL once, for all threads. */
#ifndef READBACK_CRYPTO_EVP_H
#define READBACK_CRYPTO_EVP_H
#include <openssl/evp.h>

const EVP_MD *rb_evp_sha256(void);
const EVP_CIPHER *rb_evp_chacha20_poly1305(void);
#endif
