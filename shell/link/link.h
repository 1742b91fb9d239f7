/* The peer port: HTTP/1.1 over TLS 1.3, both sides pinned, one libevent loop. No protocol decision is
 * made here: requests go to the node as RB_EV_RECV, its answers come back through rb_link_respond. */
#ifndef RB_SHELL_LINK_H
#define RB_SHELL_LINK_H
#include "readback/node.h"

struct event_base;
struct rb_link;
struct rb_link_ops { /* called from the loop, never from within rb_link_* calls; log alone at any time */
    void *ctx;
    /* whose raw Ed25519 TLS key is this? */
    bool (*peer_by_tls)(void *ctx, const struct rb_key *tls, struct rb_hash *party);
    void (*recv)(void *ctx, uint64_t conn, const struct rb_hash *peer, bool post, struct rb_slice path,
                 struct rb_slice query, struct rb_slice body);
    void (*closed)(void *ctx, uint64_t conn);
    void (*response)(void *ctx, uint64_t request, int status, struct rb_slice content_type,
                     struct rb_slice body, struct rb_slice heads, const char *reason);
    void (*log)(void *ctx, int level, const char *line); /* never content of records */
};
struct rb_link_config {
    const char *listen[8]; /* "host:port"; none: only connects outwards */
    size_t listen_n;
    struct rb_seckey tls;  /* our TLS key; the self-signed certificate is made from it in memory */
    size_t max_conns, max_conns_per_address;
    uint32_t request_deadline_ms; /* from first byte of a request to its end */
    uint32_t idle_ms;             /* keep-alive connections without a request */
};
struct rb_link_stats {
    uint64_t bytes_in, bytes_out; /* on the wire, TLS included */
    uint64_t requests_in, requests_out, refused, handshakes_failed;
    size_t conns_in, conns_out;
};
enum rb_err rb_link_open(struct event_base *base, const struct rb_link_config *cfg,
                         const struct rb_link_ops *ops, struct rb_link **out, char *why,
                         size_t why_n) RB_MUST_USE;
/* another TLS key for connections made from now on. RB_ERR_INTERNAL: the one before serves on */
enum rb_err rb_link_rekey(struct rb_link *l, const struct rb_seckey *tls) RB_MUST_USE;
/* Keeps connections waiting at this relay ("host:port", spec 7.5), by which others call us. Once for
 * each relay. RB_ERR_LIMIT */
enum rb_err rb_link_wait(struct rb_link *l, const char *relay,
                         const struct rb_hash *party) RB_MUST_USE;
struct rb_link_wait_view {
    const char *relay;
    size_t waiting;  /* connections there now */
    const char *why; /* static words: why none is; "" */
};
/* false: there is no i-th */
bool rb_link_waits(const struct rb_link *l, size_t i, struct rb_link_wait_view *out);
void rb_link_close(struct rb_link *l); /* calls nothing back; not from within ops */
/* first port that was bound (listen on port 0 in tests) */
uint16_t rb_link_port(const struct rb_link *l);
/* within ops->response: Retry-After of that answer in seconds, 0: none */
uint32_t rb_link_retry_after(const struct rb_link *l);
/* `ef` of type REQUEST; the answer or failure always comes through ops->response, once. RB_ERR_LIMIT:
 * memory is too short to note it, and nothing will come */
enum rb_err rb_link_request(struct rb_link *l, const struct rb_effect *ef) RB_MUST_USE;
void rb_link_cancel(struct rb_link *l, uint64_t request);
void rb_link_respond(struct rb_link *l, const struct rb_effect *ef); /* type RESPOND */
void rb_link_stats(const struct rb_link *l, struct rb_link_stats *out);
#endif
