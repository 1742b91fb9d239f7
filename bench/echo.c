/* See echo.h. A message is u32 length of what follows, u32 length of the answer wanted, bytes. */
#include "echo.h"
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench.h"
#include "readback/text.h"

#define ECHO_MAX 65536u

struct end {
    int fd;
    SSL *ssl;
};
struct echo {
    bool tls;
    struct end here, there;
    SSL_CTX *client, *server;
    pthread_t thread;
    char buf[ECHO_MAX];
};

/* ---- bytes --------------------------------------------------------------------------------------
 */

static bool end_write(const struct end *e, const char *p, size_t n) {
    size_t done = 0;
    if (e->ssl != NULL) return SSL_write_ex(e->ssl, p, n, &done) == 1 && done == n;
    return write(e->fd, p, n) == (ssize_t)n;
}

static bool end_read(const struct end *e, char *p, size_t n) {
    for (size_t done = 0; done < n;) {
        size_t k = 0;
        if (e->ssl != NULL) {
            if (SSL_read_ex(e->ssl, p + done, n - done, &k) != 1) return false;
        } else {
            const ssize_t got = read(e->fd, p + done, n - done);
            if (got <= 0) return false;
            k = (size_t)got;
        }
        done += k;
    }
    return true;
}

/* what an API does with a submission before it looks at it */
static void read_json(const char *p, size_t n) {
    json_t *o = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
    const char *payload = json_string_value(json_object_get(o, "payload"));
    uint8_t bytes[4096];
    size_t got = 0;
    if (payload == NULL || rb_base64_decode(rb_str(payload), bytes, sizeof bytes, &got) != RB_OK)
        bench_die("the parts' submission cannot be read");
    json_decref(o);
}

static void *serve(void *ctx) {
    struct echo *e = ctx;
    static _Thread_local char body[ECHO_MAX];
    uint32_t head[2];
    while (end_read(&e->there, (char *)head, sizeof head) && head[0] <= sizeof body &&
           head[1] <= sizeof body && end_read(&e->there, body, head[0])) {
        if (!e->tls) read_json(body, head[0]);
        if (!end_write(&e->there, body, head[1])) break;
    }
    return NULL;
}

void echo_call(struct echo *e, const char *bytes, size_t n, size_t answer_n) {
    const uint32_t head[2] = {(uint32_t)n, (uint32_t)answer_n};
    if (n + sizeof head > sizeof e->buf || answer_n > sizeof e->buf)
        bench_die("a message of the parts is too long");
    memcpy(e->buf, head, sizeof head);
    memcpy(e->buf + sizeof head, bytes, n);
    if (!end_write(&e->here, e->buf, n + sizeof head) || !end_read(&e->here, e->buf, answer_n))
        bench_die("the parts' other end is gone");
}

/* ---- TLS ----------------------------------------------------------------------------------------
 */

static SSL_CTX *server_context(void) {
    SSL_CTX *c = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    X509 *cert = X509_new();
    if (c == NULL || key == NULL || cert == NULL || X509_set_pubkey(cert, key) != 1 ||
        X509_gmtime_adj(X509_getm_notBefore(cert), 0) == NULL ||
        X509_gmtime_adj(X509_getm_notAfter(cert), 86400) == NULL ||
        X509_sign(cert, key, NULL) == 0 || SSL_CTX_use_certificate(c, cert) != 1 ||
        SSL_CTX_use_PrivateKey(c, key) != 1 ||
        SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) != 1 || SSL_CTX_set_num_tickets(c, 0) != 1)
        bench_die("TLS of the parts");
    EVP_PKEY_free(key);
    X509_free(cert);
    return c;
}

static void *shake(void *ctx) {
    struct echo *e = ctx;
    if (SSL_accept(e->there.ssl) != 1) bench_die("TLS of the parts");
    return NULL;
}

static void open_tls(struct echo *e) {
    const uint16_t port = bench_free_port();
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    const int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(listener, 1) != 0)
        bench_die("TLS of the parts: %s", strerror(errno));
    e->here.fd = bench_connect(port, 1000);
    e->there.fd = accept(listener, NULL, NULL);
    (void)close(listener);
    if (e->here.fd < 0 || e->there.fd < 0) bench_die("TLS of the parts: %s", strerror(errno));
    (void)setsockopt(e->there.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    e->server = server_context();
    e->client =
        SSL_CTX_new(TLS_client_method()); /* nobody is checked: only the bytes are of interest */
    e->here.ssl = e->client != NULL ? SSL_new(e->client) : NULL;
    e->there.ssl = SSL_new(e->server);
    if (e->here.ssl == NULL || e->there.ssl == NULL || SSL_set_fd(e->here.ssl, e->here.fd) != 1 ||
        SSL_set_fd(e->there.ssl, e->there.fd) != 1 ||
        pthread_create(&e->thread, NULL, shake, e) != 0 || SSL_connect(e->here.ssl) != 1 ||
        pthread_join(e->thread, NULL) != 0)
        bench_die("TLS of the parts");
}

struct echo *echo_open(bool tls) {
    struct echo *e = calloc(1, sizeof *e);
    int fd[2];
    if (e == NULL) bench_die("memory is short");
    e->tls = tls;
    if (tls) {
        open_tls(e);
    } else {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0)
            bench_die("no socket: %s", strerror(errno));
        e->here.fd = fd[0];
        e->there.fd = fd[1];
    }
    if (pthread_create(&e->thread, NULL, serve, e) != 0) bench_die("no thread");
    return e;
}

void echo_close(struct echo *e) {
    (void)shutdown(e->here.fd, SHUT_RDWR);
    (void)pthread_join(e->thread, NULL);
    SSL_free(e->here.ssl);
    SSL_free(e->there.ssl);
    SSL_CTX_free(e->client);
    SSL_CTX_free(e->server);
    (void)close(e->here.fd);
    (void)close(e->there.fd);
    free(e);
}
