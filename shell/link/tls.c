/* TLS 1.3 and nothing older, both sides with a self-signed Ed25519 certificate made in memory. The
 * certificate only carries the raw key: no chain, name or date is looked at (spec 7.1). */
#include "internal.h"
#include <openssl/x509.h>

/* The raw Ed25519 key of the peer's certificate; all else about it is of no account. */
static bool certificate_key(X509 *cert, struct rb_key *out) {
    EVP_PKEY *k = cert == NULL ? NULL : X509_get0_pubkey(cert);
    size_t n = sizeof out->b;
    return k != NULL && EVP_PKEY_get_id(k) == EVP_PKEY_ED25519 &&
           EVP_PKEY_get_raw_public_key(k, out->b, &n) == 1 && n == sizeof out->b;
}

static int verify_pin(X509_STORE_CTX *store, void *arg) {
    (void)arg;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct rb_stream *s = SSL_get_app_data(ssl);
    struct rb_key key;
    if (certificate_key(X509_STORE_CTX_get0_cert(store), &key) && s->ops->key(s, &key)) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    s->key_refused = true;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

/* Once open, a peer that still talks of keys and tickets could keep the loop in one call for ever. */
static void on_message(int out, int version, int type, const void *p, size_t n, SSL *ssl, void *arg) {
    (void)version, (void)p, (void)n, (void)arg;
    struct rb_stream *s = SSL_get_app_data(ssl);
    if (out || type != SSL3_RT_HANDSHAKE || s->state != RB_STREAM_OPEN) return;
    if (++s->chatter > RB_LINK_MAX_CHATTER) shutdown(s->fd, SHUT_RDWR); /* the next read ends it */
}

static bool name_certificate(X509 *x) {
    X509_NAME *name = X509_get_subject_name(x);
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"readback",
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(x, name) == 1;
}

/* The same key always gives the same bytes. 9999-12-31: "no well-defined end" (RFC 5280 4.1.2.5). */
static X509 *make_certificate(EVP_PKEY *key) {
    X509 *x = X509_new();
    if (x == NULL) return NULL;
    if (X509_set_version(x, X509_VERSION_3) == 1 &&
        ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
        ASN1_TIME_set_string_X509(X509_getm_notBefore(x), "20000101000000Z") == 1 &&
        ASN1_TIME_set_string_X509(X509_getm_notAfter(x), "99991231235959Z") == 1 &&
        name_certificate(x) && X509_set_pubkey(x, key) == 1 && X509_sign(x, key, NULL) != 0)
        return x;
    X509_free(x);
    return NULL;
}

static bool use_own_key(SSL_CTX *ctx, const struct rb_seckey *key) {
    bool good = false;
    X509 *x = NULL;
    EVP_PKEY *k =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->seed, sizeof key->seed);
    if (k == NULL) return false;
    x = make_certificate(k);
    good = x != NULL && SSL_CTX_use_certificate(ctx, x) == 1 && SSL_CTX_use_PrivateKey(ctx, k) == 1;
    X509_free(x);
    EVP_PKEY_free(k);
    return good;
}

static bool set_profile(SSL_CTX *ctx) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(ctx, 1); /* one read(2) for a record instead of two */
    SSL_CTX_set_max_cert_list(ctx, 8192);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, verify_pin, NULL);
    SSL_CTX_set_msg_callback(ctx, on_message);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_num_tickets(ctx, 0) == 1 && SSL_CTX_set_max_early_data(ctx, 0) == 1 &&
           SSL_CTX_set1_groups_list(ctx, "X25519") == 1 &&
           SSL_CTX_set1_sigalgs_list(ctx, "ed25519") == 1 &&
           SSL_CTX_set1_client_sigalgs_list(ctx, "ed25519") == 1;
}

enum rb_err rb_tls_sign(const SSL_CTX *ctx, struct rb_slice in, uint8_t sig[RB_SIG_LEN]) {
    EVP_PKEY *key = SSL_CTX_get0_privatekey(ctx);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    size_t n = RB_SIG_LEN;
    bool good = key != NULL && md != NULL && EVP_DigestSignInit(md, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(md, sig, &n, in.p, in.n) == 1 && n == RB_SIG_LEN;
    EVP_MD_CTX_free(md);
    return good ? RB_OK : RB_ERR_INTERNAL;
}

enum rb_err rb_tls_context(const struct rb_seckey *key, SSL_CTX **out) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    if (ctx == NULL) return RB_ERR_INTERNAL;
    if (!set_profile(ctx) || !use_own_key(ctx, key)) {
        SSL_CTX_free(ctx);
        return RB_ERR_INTERNAL;
    }
    *out = ctx;
    return RB_OK;
}
