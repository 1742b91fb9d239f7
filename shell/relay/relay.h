/* A relay (spec 7.5): joins connections of those who call with connections of those who wait, and
 * passes bytes. It has no key, keeps nothing, and sees only what TLS shows to anybody on the way.
 */
#ifndef RB_SHELL_RELAY_H
#define RB_SHELL_RELAY_H
#include "readback/crypto.h"

#define RB_RELAY_LISTEN 8u
struct event_base;
struct rb_relay;
struct rb_relay_config {
    const char *listen[RB_RELAY_LISTEN]; /* "host:port", numeric; port 0 takes a free one */
    size_t listen_n;
    const char *names[RB_RELAY_LISTEN]; /* "host:port" as on the cards of those who wait here */
    size_t names_n;
    const char *list;                  /* the file of those who may wait */
    size_t max_conns, max_per_address; /* 0: 2048, 64 */
};
struct rb_relay_stats {
    uint64_t joined, refused, proofs, bytes;
    size_t conns, waiting, pairs, listed;
};
/* RB_ERR_IO, RB_ERR_USAGE, RB_ERR_MALFORMED (the list), RB_ERR_LIMIT; `why`: a sentence */
enum rb_err rb_relay_open(struct event_base *base, const struct rb_relay_config *cfg,
                          struct rb_relay **out, char *why, size_t why_n) RB_MUST_USE;
/* Reads the list again; all or nothing. Who is on it no more, or with other keys, waits no more. */
enum rb_err rb_relay_reload(struct rb_relay *r, char *why, size_t why_n) RB_MUST_USE;
void rb_relay_close(struct rb_relay *r);
uint16_t rb_relay_port(const struct rb_relay *r); /* the first that was bound */
void rb_relay_stats(const struct rb_relay *r, struct rb_relay_stats *out);
#endif
