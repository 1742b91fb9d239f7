/* Parties with links on one loop, over real sockets of 127.0.0.1. */
#ifndef RB_TEST_LINK_FIXTURE_H
#define RB_TEST_LINK_FIXTURE_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <event2/event.h>
#include "link.h"
#include "readback/party.h"

enum behaviour { ANSWER, HOLD };
struct party {
    struct rb_seckey party, tls;
    struct rb_hash hash;
    uint8_t card[RB_MAX_CARD];
    size_t card_n;
    struct rb_link *link;
    struct world *w;
    /* as a server */
    enum behaviour behaviour;
    size_t answer_n; /* bytes of the answer's body; 0: the request's body comes back */
    unsigned asked, closed;
    uint64_t conn, closed_conn;
    struct rb_hash peer;
    bool post;
    char path[256], query[256];
    size_t body_n;
    /* as a client: by request id */
    struct outcome {
        unsigned n; /* times reported */
        int status;
        char reason[32], heads[40], type[40];
        size_t body_n;
        uint8_t first, last;
    } out[64];
};
struct world {
    struct event_base *base;
    struct party p[3];
    bool in_call; /* within a call of rb_link_*: no callback may come */
};
struct party *fix_party(struct world *w, size_t i, unsigned char seed);
void fix_open_with(struct party *p, const struct rb_link_config *cfg);
void fix_open(struct party *p); /* listening on a free port */
void fix_open_at(struct party *p, uint16_t port);
/* the card says these addresses; NULL ends */
void fix_card(struct party *p, const char *a, const char *b);
void fix_card_here(struct party *p);
void fix_request_path(struct party *from, struct party *to, uint64_t id, const char *path, const void *body,
                      size_t n, uint32_t timeout_ms);
void fix_respond(struct party *p, uint64_t conn, int status, struct rb_slice body);
bool fix_wait(struct world *w, const unsigned *counter, unsigned want, unsigned ms);
void fix_spin(struct world *w, unsigned ms);
void fix_close(struct party *p);
#endif
