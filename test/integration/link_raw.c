#include "link_raw.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURNS 300 /* of about 5 ms */

static EVP_PKEY *make_key(const struct rb_seckey *key) {
    EVP_PKEY *k = NULL;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "ED25519", NULL);
    struct rb_seckey both = *key;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, both.pub.b, sizeof both.pub.b),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, both.seed, sizeof both.seed),
        OSSL_PARAM_construct_end()};
    assert_int_equal(EVP_PKEY_fromdata_init(c), 1);
    assert_int_equal(EVP_PKEY_fromdata(c, &k, EVP_PKEY_KEYPAIR, params), 1);
    EVP_PKEY_CTX_free(c);
    return k;
}

static X509 *make_certificate(EVP_PKEY *k) {
    X509 *x = X509_new();
    assert_true(X509_set_version(x, X509_VERSION_3) == 1 && X509_set_pubkey(x, k) == 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x), 3600));
    assert_int_not_equal(X509_sign(x, k, NULL), 0);
    return x;
}

static int connect_to(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    sin.sin_port = htons(port);
    assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof sin), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

void raw_open(struct world *w, struct raw *r, const struct rb_seckey *key, uint16_t port) {
    EVP_PKEY *k = make_key(key);
    X509 *x = make_certificate(k);
    *r = (struct raw){.w = w, .fd = connect_to(port), .ctx = SSL_CTX_new(TLS_client_method())};
    assert_int_equal(SSL_CTX_use_certificate(r->ctx, x), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(r->ctx, k), 1);
    X509_free(x);
    EVP_PKEY_free(k);
    r->ssl = SSL_new(r->ctx);
    assert_int_equal(SSL_set_fd(r->ssl, r->fd), 1);
    for (int i = 0; i < TURNS && SSL_connect(r->ssl) != 1; i++)
        fix_spin(w, 1);
    assert_int_equal(SSL_is_init_finished(r->ssl), 1);
}

void raw_send(struct raw *r, const void *bytes, size_t n) {
    const uint8_t *p = bytes;
    SSL_set_mode(r->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    for (int idle = 0; n > 0 && idle < TURNS;) {
        size_t sent = 0;
        if (SSL_write_ex(r->ssl, p, n, &sent) == 1) {
            p += sent;
            n -= sent;
            idle = 0;
        } else if (SSL_get_error(r->ssl, 0) == SSL_ERROR_WANT_WRITE) {
            fix_spin(r->w, 5);
            idle++;
        } else {
            return; /* refused in the middle */
        }
    }
}

const char *raw_hear(struct raw *r, size_t n) {
    static char back[64];
    size_t at = 0, got = 0;
    for (int i = 0; i < TURNS && at < n; i++) {
        if (SSL_read_ex(r->ssl, back + at, n - at, &got) == 1)
            at += got;
        else
            fix_spin(r->w, 5);
    }
    back[at] = '\0';
    return back;
}

void raw_key_updates(struct raw *r, unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        if (SSL_key_update(r->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1) return;
        if (SSL_do_handshake(r->ssl) != 1) return;
        fix_spin(r->w, 1);
    }
}

bool raw_ended(struct raw *r) {
    char x;
    ssize_t n = recv(r->fd, &x, 1, MSG_PEEK);
    return n == 0 || (n > 0 && SSL_read(r->ssl, &x, 1) <= 0 &&
                      (SSL_get_shutdown(r->ssl) & SSL_RECEIVED_SHUTDOWN) != 0);
}

void raw_close(struct raw *r) {
    SSL_free(r->ssl);
    SSL_CTX_free(r->ctx);
    close(r->fd);
}
