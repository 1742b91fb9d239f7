/* A TLS client without the link: says what it likes, when it likes, with a key that need not be the one
 * its certificate shows. Runs our side while it waits. */
#ifndef RB_TEST_LINK_RAW_H
#define RB_TEST_LINK_RAW_H
#include <openssl/ssl.h>
#include "link_fixture.h"

struct raw {
    struct world *w;
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
};
/* as far as the handshake goes; pub and seed of the key may disagree */
void raw_open(struct world *w, struct raw *r, const struct rb_seckey *key, uint16_t port);
/* all of it, or as much as the other side takes within a second and a half */
void raw_send(struct raw *r, const void *bytes, size_t n);
/* the first bytes that came, at most n (below 64), with a NUL behind; waits for them a second */
const char *raw_hear(struct raw *r, size_t n);
void raw_key_updates(struct raw *r, unsigned n);
bool raw_ended(struct raw *r); /* the other side has closed */
void raw_close(struct raw *r);
#endif
