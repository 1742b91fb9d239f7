/* Inside the link: one TLS stream, one incoming message, and the two sides that use them.
 * Nothing is freed while a callback may still hold it: rb_stream_doom closes at once and the memory
 * goes in the reaper's event. */
#ifndef RB_SHELL_LINK_INTERNAL_H
#define RB_SHELL_LINK_INTERNAL_H
#include "link.h"
#include "http.h"
#include "doors.h"
#include "endpoint.h"
#include "preface.h"
#include "readback/party.h"
#include "../os/os.h"
#include <event2/event.h>
#include <openssl/ssl.h>
#include <sys/queue.h>
#include <sys/socket.h>

#define RB_LINK_MAX_PER_PARTY (RB_MAX_CHANNELS + 8u) /* connections one party may keep to us */
#define RB_LINK_MAX_BODIES ((size_t)4 * RB_MAX_REQUEST) /* bytes of unfinished bodies, all peers together */
#define RB_LINK_MAX_ANSWERS ((size_t)4 * RB_MAX_REQUEST) /* bytes of answers not yet taken, likewise */
#define RB_LINK_MAX_OF_PARTY ((size_t)RB_MAX_REQUEST / 3 * 4) /* of each of the two, by one party */
#define RB_LINK_ALWAYS ((size_t)128 << 10) /* a body or answer up to here passes whatever others hold */
#define RB_LINK_MAX_CHATTER 64u            /* messages of TLS itself on a connection that is open */
#define RB_LINK_NEWS_LANES RB_MAX_CHANNELS /* held requests to one peer: one a channel */
#define RB_LINK_SLOWEST 500u                /* bytes a second: a request has that much time for those that came */
#define RB_LINK_MOVES 1024u                 /* bytes that a request moves at least while it is not given up, ... */
#define RB_LINK_MOVES_A_SECOND 100u         /* ... or so many, if that is more */
#define RB_LINK_LINGER_MS 1000u             /* how long a refused peer may go on sending */
#define RB_LINK_LINGER_BYTES (1u << 20)
#define RB_LINK_UNPROVEN 16u /* joined by a relay, the handshake not complete */
#define RB_LINK_PIECE 65536u                /* read or written on one connection, then it is the others' turn */
#define RB_LINK_SMALL 16384u                /* bytes of a body that are few */
#define RB_LINK_PAUSES 64u                  /* parties whose pause is remembered; with more the shortest goes */

/* ---- stream: TLS over one socket ----------------------------------------------------------- */
enum rb_io { RB_IO_DONE, RB_IO_AGAIN, RB_IO_EOF, RB_IO_FAIL };
enum rb_stream_state { RB_STREAM_CONNECTING, RB_STREAM_CALLING, RB_STREAM_HANDSHAKE, RB_STREAM_OPEN,
                       RB_STREAM_RAW, RB_STREAM_DEAD };
struct rb_stream;
struct rb_stream_ops { /* called from the loop only; `key` from within the handshake */
    bool (*key)(struct rb_stream *s, const struct rb_key *tls); /* is this the peer's? */
    void (*ready)(struct rb_stream *s);   /* something may go on */
    void (*expired)(struct rb_stream *s); /* the deadline set last has passed */
    size_t (*bodies)(const struct rb_stream *s); /* bytes of unfinished bodies of the same party */
    void (*asks)(struct rb_stream *s); /* its request may reach the node now (turn.c) */
    void (*destroy)(struct rb_stream *s); /* frees the owner */
};
struct rb_stream {
    struct rb_link *link;
    const struct rb_stream_ops *ops;
    enum rb_stream_state state;
    bool client, key_refused;
    int fd;
    SSL *ssl;
    BIO *bio; /* owned by ssl; counts bytes */
    struct event *rd, *wr, *timer;
    uint64_t counted_in, counted_out;
    unsigned chatter; /* messages of TLS itself since it is open */
    const uint8_t *out; /* what is being sent; the owner's, until it is sent or the stream dead */
    size_t out_n, out_at;
    const char *why; /* static words, after a failure */
    const struct rb_hash *call; /* by a relay: whom; NULL: directly */
    uint8_t line[RB_RELAY_LINE]; /* what the relay says */
    size_t line_n;
    SLIST_ENTRY(rb_stream) dead;
    struct rb_stream_turns *turns; /* what it waits in for its turn; NULL: nothing */
    TAILQ_ENTRY(rb_stream) turn;
    struct rb_hash party; /* the other side, once it is open */
    bool large;           /* its request, while that waits, has more than RB_LINK_SMALL bytes */
    bool filling;         /* a body of more than RB_LINK_SMALL bytes is coming */
    bool quiet;           /* nothing is heard of its socket: it waits for its turn */
    uint64_t pass;        /* in which it, or another of its party, had its turn last */
};
TAILQ_HEAD(rb_stream_turns, rb_stream);
/* Takes fd in every case. `ops->destroy` is never called if this fails. */
enum rb_err rb_stream_init(struct rb_stream *s, struct rb_link *l, const struct rb_stream_ops *ops,
                           int fd, bool client) RB_MUST_USE;
/* goes on with connecting and the handshake; DONE once it is open */
enum rb_io rb_stream_handshake(struct rb_stream *s);
enum rb_io rb_stream_read(struct rb_stream *s, void *buf, size_t cap, size_t *n);
/* Borrows `bytes` until they are sent (DONE) and sends what goes at once; only when nothing is being
 * sent. */
enum rb_io rb_stream_send(struct rb_stream *s, const uint8_t *bytes, size_t n);
enum rb_io rb_stream_flush(struct rb_stream *s);
static inline bool rb_stream_sending(const struct rb_stream *s) { return s->out != NULL; }
void rb_stream_deadline(struct rb_stream *s, uint64_t ms); /* 0: none */
uint64_t rb_stream_moved(const struct rb_stream *s); /* bytes that the other side has taken or given */
void rb_stream_kick(struct rb_stream *s);                  /* ready() from the loop, soon */
/* turn.c: ready() once nothing else is to be done, of each party one at a time; and, of each party one with
 * many bytes and one with few, asks() in a next round of the loop */
void rb_turn_bulk(struct rb_stream *s);
void rb_turn_ask(struct rb_stream *s, const struct rb_hash *party, size_t bytes);
void rb_turn_leave(struct rb_stream *s);
/* ends our side and goes on reading, to nowhere, so that the answer is not lost to a reset */
void rb_stream_linger(struct rb_stream *s);
enum rb_io rb_stream_drain(struct rb_stream *s, size_t *budget);
void rb_stream_doom(struct rb_stream *s); /* closes; memory goes later */
void rb_stream_free_parts(struct rb_stream *s);
void rb_stream_tune(int fd);

/* ---- TLS contexts (tls.c) ------------------------------------------------------------------- */
enum rb_err rb_tls_context(const struct rb_seckey *key, SSL_CTX **out) RB_MUST_USE;
/* with the key of the context; what is signed must begin with a context of its own */
enum rb_err rb_tls_sign(const SSL_CTX *ctx, struct rb_slice in, uint8_t sig[RB_SIG_LEN]) RB_MUST_USE;

/* ---- one incoming message ------------------------------------------------------------------- */
struct rb_message {
    uint8_t head[RB_HTTP_MAX_HEAD];
    size_t head_n;
    struct rb_http_head h;
    bool headed;   /* the head was read */
    uint8_t *body; /* grows with what arrives, never beyond h.length */
    size_t body_n, body_cap;
    int status;    /* what to answer, where a request was refused */
    struct rb_reject rj;
};
/* RB_IO_DONE: whole. RB_IO_FAIL with m->rj.err set: refused; without: the stream failed. */
enum rb_io rb_message_read(struct rb_message *m, struct rb_stream *s);
void rb_message_reset(struct rb_message *m, struct rb_link *l);

/* ---- the link ------------------------------------------------------------------------------- */
struct rb_in;   /* a connection somebody made to us */
struct rb_peer; /* a party we send requests to */
struct rb_waits; /* connections waiting at a relay */
struct rb_out_req;
TAILQ_HEAD(rb_in_list, rb_in);
TAILQ_HEAD(rb_req_list, rb_out_req);
LIST_HEAD(rb_peer_list, rb_peer);
SLIST_HEAD(rb_stream_list, rb_stream);
struct evdns_base;
struct rb_pause { /* a party's next request is not begun before */
    struct rb_hash party;
    bool large; /* for such requests, or for the others */
    uint64_t until_us, round;
    uint64_t read_us, read_at_us; /* large: reading took so long lately, when last */
};
struct rb_link {
    struct event_base *base;
    struct rb_link_config cfg; /* listen is used at open only; the key is wiped after it */
    struct rb_link_ops ops;
    struct rb_link_stats stats;
    SSL_CTX *tls;
    struct rb_doors doors;
    struct rb_in_list in; /* oldest first */
    uint64_t next_conn;
    size_t bodies;  /* bytes of unfinished bodies */
    size_t answers; /* bytes of answers that are being sent */
    struct rb_peer_list peers;
    struct rb_waits *waits;
    struct rb_req_list finished; /* failed or cancelled, to be reported from the loop */
    struct event *report;
    struct rb_stream_list dead;
    struct event *reaper;
    struct rb_stream_turns bulk, asking; /* many bytes to be moved; a whole request */
    struct event *pass, *late, *round; /* late: a pass, whatever else there is to be done */
    uint64_t pass_n, late_us, round_n;
    struct rb_pause pauses[RB_LINK_PAUSES];
    struct evdns_base *dns;
    size_t lookups; /* going on */
    uint32_t retry_after_s; /* of the answer that is being told */
    uint64_t log_window_s;
    unsigned log_n, log_left_out;
};
uint64_t rb_link_now_us(void); /* monotonic, as is the next */
uint64_t rb_link_now_ms(void);
/* at most a few lines a second; the rest is counted */
void rb_link_log(struct rb_link *l, enum rb_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- server.c, client.c, wait.c, resolve.c ----------------------------------------------------------- */
enum rb_err rb_turn_open(struct rb_link *l) RB_MUST_USE;
void rb_turn_close(struct rb_link *l);
enum rb_err rb_server_open(struct rb_link *l, char *why, size_t why_n) RB_MUST_USE;
void rb_server_close(struct rb_link *l);
void rb_server_take(struct rb_link *l, int fd); /* joined by a relay; takes fd in every case */
void rb_waits_again(struct rb_link *l);
void rb_waits_close(struct rb_link *l);
enum rb_err rb_client_open(struct rb_link *l) RB_MUST_USE;
void rb_client_close(struct rb_link *l);

struct rb_lookup;
#define RB_LOOKUP_MAX 8u
typedef void (*rb_lookup_fn)(void *ctx, const struct rb_endpoint *e, size_t n);
/* A name: fn comes later from the loop or, where the answer is known, before this returns (*out is
 * NULL then). n = 0: no such name. */
void rb_lookup_start(struct rb_link *l, const char *address, rb_lookup_fn fn, void *ctx,
                     struct rb_lookup **out);
void rb_lookup_cancel(struct rb_lookup *k); /* fn will not be called */
void rb_lookup_close(struct rb_link *l);
#endif
