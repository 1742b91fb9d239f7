/* The side that answers. A connection is in one phase: reading a request, waiting for its turn (turn.c)
 * and for the node's answer, sending it, or seeing a refused peer off. */
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SEND_BYTES_PER_MS 4u /* what an answer is given at first; then it must move */
#define HEAD_ROOM 512u

enum phase { IN_READING, IN_WAITING, IN_ASKED, IN_ANSWERING, IN_LEAVING };
struct rb_in {
    struct rb_stream s; /* first */
    TAILQ_ENTRY(rb_in) all;
    uint8_t address[16]; /* whom it counts for: IPv4, or the first half of an IPv6 address */
    bool known;  /* the key that was shown is a party's */
    bool proven; /* and the handshake is complete */
    bool relayed; /* a relay joined it: no address of its own */
    struct rb_key key;
    struct rb_hash peer;
    struct rb_message m;
    enum phase phase;
    uint64_t id; /* of the request being answered */
    uint64_t begun_ms; /* when the first byte of the one being read came */
    uint64_t moved;    /* bytes that had moved when the deadline of an answer was set */
    bool close_after;
    uint8_t *answer;
    size_t answer_n;
    size_t waste;
};

static struct rb_in *in_of(struct rb_stream *s) { return (struct rb_in *)(void *)s; }

static void answer_free(struct rb_in *in) {
    in->s.link->answers -= in->answer_n;
    free(in->answer);
    in->answer = NULL;
    in->answer_n = 0;
}

static void in_destroy(struct rb_stream *s) {
    struct rb_in *in = in_of(s);
    rb_message_reset(&in->m, s->link);
    answer_free(in);
    free(in);
}

/* What one party makes us keep. A key that was only shown, not yet used, makes nobody a party. */
static bool same_party(const struct rb_in *a, const struct rb_in *b) {
    return a->proven && b->proven && rb_hash_eq(&a->peer, &b->peer);
}

static size_t in_bodies(const struct rb_stream *s) {
    const struct rb_in *in = (const struct rb_in *)(const void *)s, *other;
    size_t n = 0;
    TAILQ_FOREACH(other, &s->link->in, all) if (same_party(other, in)) n += other->m.body_cap;
    return n;
}

static bool may_answer(const struct rb_in *in, size_t n) {
    const struct rb_in *other;
    const struct rb_link *l = in->s.link;
    size_t all = n;
    if (n <= RB_LINK_ALWAYS) return true;
    TAILQ_FOREACH(other, &l->in, all) if (same_party(other, in)) all += other->answer_n;
    return all <= RB_LINK_MAX_OF_PARTY && l->answers + n <= RB_LINK_MAX_ANSWERS;
}

static void peer_words(const struct rb_in *in, char out[20]) {
    struct rb_writer w = rb_writer(out, 20);
    if (in->known)
        rb_put_hex(&w, in->peer.b, 6);
    else
        rb_put_z(&w, "unknown");
    (void)rb_writer_z(&w);
}

static void log_ended(struct rb_in *in, const char *why) {
    char peer[20];
    peer_words(in, peer);
    rb_link_log(in->s.link, RB_LOG_WARN, "connection of %s ended: %s", peer, why);
}

/* closes; the node is told if it still owed an answer */
static void in_end(struct rb_in *in) {
    struct rb_link *l = in->s.link;
    if (in->s.state == RB_STREAM_DEAD) return;
    if (in->s.chatter > RB_LINK_MAX_CHATTER)
        log_ended(in, "too many messages of TLS itself (7.1.4)");
    bool asked = in->phase == IN_ASKED;
    TAILQ_REMOVE(&l->in, in, all);
    l->stats.conns_in--;
    rb_stream_doom(&in->s);
    if (asked) l->ops.closed(l->ops.ctx, in->id);
}

static bool in_key(struct rb_stream *s, const struct rb_key *tls) {
    struct rb_in *in = in_of(s);
    in->key = *tls;
    in->known = s->link->ops.peer_by_tls(s->link->ops.ctx, tls, &in->peer);
    return in->known;
}

/* Sees the peer off: what we sent last must reach it, though it may still be sending. */
static void in_leave(struct rb_in *in) {
    in->phase = IN_LEAVING;
    in->waste = RB_LINK_LINGER_BYTES;
    rb_stream_linger(&in->s);
}

/* ---- answers ------------------------------------------------------------------------------- */
static void in_answered(struct rb_in *in) {
    answer_free(in);
    if (event_add(in->s.rd, NULL) != 0) in->close_after = true;
    if (in->close_after) {
        in_leave(in);
        return;
    }
    in->phase = IN_READING;
    rb_stream_deadline(&in->s, in->s.link->cfg.idle_ms);
}

/* Head and body leave in one buffer, so that they share a record where they can. */
/* An answer that is not taken is given up after a while, unless enough of it moves. */
static bool in_moves(struct rb_in *in) {
    uint64_t was = in->moved, ms = in->s.link->cfg.request_deadline_ms;
    uint64_t least = ms * RB_LINK_MOVES_A_SECOND / 1000u;
    in->moved = rb_stream_moved(&in->s);
    if (in->phase != IN_ANSWERING) return false;
    if (in->moved < was + (least > RB_LINK_MOVES ? least : RB_LINK_MOVES)) return false;
    rb_stream_deadline(&in->s, ms);
    return true;
}

static enum rb_io in_send(struct rb_in *in, int status, struct rb_slice type, struct rb_slice heads,
                          uint32_t retry_after_s, struct rb_slice body) {
    uint8_t *p = body.n <= RB_MAX_REQUEST ? malloc(HEAD_ROOM + body.n) : NULL;
    struct rb_writer w = rb_writer(p, p == NULL ? 0 : HEAD_ROOM + body.n);
    struct rb_slice all;
    rb_http_later_encode(retry_after_s, status, type, heads, in->close_after, body.n, &w);
    rb_put_slice(&w, body);
    if (p == NULL || rb_writer_done(&w, &all) != RB_OK) {
        free(p);
        return RB_IO_FAIL;
    }
    in->phase = IN_ANSWERING;
    in->answer = p;
    in->answer_n = HEAD_ROOM + body.n;
    in->s.link->answers += in->answer_n;
    enum rb_io io = rb_stream_send(&in->s, all.p, all.n);
    if (io == RB_IO_DONE) in_answered(in);
    if (io != RB_IO_AGAIN) return io;
    event_del(in->s.rd); /* nothing is read before the answer is out */
    in->moved = rb_stream_moved(&in->s);
    rb_stream_deadline(&in->s, in->s.link->cfg.request_deadline_ms + all.n / SEND_BYTES_PER_MS);
    return io;
}

static void in_refuse(struct rb_in *in, int status, const struct rb_reject *rj) {
    char peer[20], words[160];
    struct rb_link *l = in->s.link;
    l->stats.refused++;
    rb_message_reset(&in->m, l);
    peer_words(in, peer);
    rb_link_log(l, RB_LOG_WARN, "request of %s refused: %s (%s, offset %llu)", peer, rj->what,
                rj->clause, (unsigned long long)rj->offset);
    struct rb_writer w = rb_writer(words, sizeof words);
    rb_put_z(&w, rj->clause);
    rb_put_z(&w, " ");
    rb_put_z(&w, rj->what);
    rb_put_z(&w, "\n");
    in->close_after = true;
    enum rb_io io = in_send(in, status, rb_str("text/plain"), rb_str(""), 0, rb_written(&w));
    if (io == RB_IO_FAIL || io == RB_IO_EOF) in_end(in);
}

static struct rb_in *in_asked(struct rb_link *l, uint64_t id) {
    struct rb_in *in;
    TAILQ_FOREACH(in, &l->in, all)
    if (in->phase == IN_ASKED && in->id == id) return in;
    return NULL;
}

void rb_link_respond(struct rb_link *l, const struct rb_effect *ef) {
    struct rb_in *in = in_asked(l, ef->u.respond.conn);
    if (in == NULL) return; /* the peer went away */
    const char *type = ef->u.respond.content_type;
    int status = ef->u.respond.status;
    struct rb_slice body = ef->u.respond.body;
    if (!may_answer(in, body.n)) {
        l->stats.refused++;
        char peer[20];
        peer_words(in, peer);
        rb_link_log(l, RB_LOG_WARN, "answer to %s refused: it takes none of those before (7.2.4)",
                    peer);
        status = 503;
        type = "text/plain";
        body = rb_str("7.2.4 take the answers before this one first\n");
    }
    enum rb_io io = in_send(in, status, rb_str(type == NULL ? "" : type),
                            rb_str(ef->u.respond.heads), ef->u.respond.retry_after_s, body);
    if (io == RB_IO_FAIL || io == RB_IO_EOF) {
        in->phase = IN_ANSWERING; /* the node has answered: no word to it */
        in_end(in);
    }
}

/* ---- requests ------------------------------------------------------------------------------ */
static bool in_unpack(struct rb_in *in, struct rb_slice *body, uint8_t **unpacked) {
    struct rb_reject rj = {0};
    size_t n = 0;
    *body = rb_slice(in->m.body, in->m.body_n);
    if (!in->m.h.gzip) return true;
    enum rb_err err = rb_gunzip(*body, RB_MAX_REQUEST, unpacked, &n, &rj);
    if (err == RB_OK) {
        *body = rb_slice(*unpacked, n);
        return true;
    }
    in_refuse(in, err == RB_ERR_LIMIT ? 413 : err == RB_ERR_BUSY ? 503 : 400, &rj);
    return false;
}

static void in_asks(struct rb_stream *s) {
    struct rb_in *in = in_of(s);
    struct rb_link *l = in->s.link;
    struct rb_http_head h = in->m.h;
    struct rb_slice body;
    uint8_t *unpacked = NULL;
    if (!in_key(&in->s, &in->key)) { /* known when it came, not any more */
        in_end(in);
        return;
    }
    if (!in_unpack(in, &body, &unpacked)) return;
    in->phase = IN_ASKED;
    in->id = ++l->next_conn;
    in->close_after = h.close;
    rb_stream_deadline(&in->s, 0);
    l->stats.requests_in++;
    l->ops.recv(l->ops.ctx, in->id, &in->peer, h.post, h.path, h.query, body);
    free(unpacked);
    rb_message_reset(&in->m, l); /* whatever has become of it: the memory stays until the reaper */
}

/* From the first byte to the end, whatever drips in; what a slow line carried earns time. */
static void in_deadline(struct rb_in *in) {
    uint64_t end = in->begun_ms + in->s.link->cfg.request_deadline_ms +
                   (uint64_t)in->m.body_n * 1000u / RB_LINK_SLOWEST;
    uint64_t now = rb_link_now_ms();
    rb_stream_deadline(&in->s, end > now ? end - now : 1);
}

static void in_read(struct rb_in *in) {
    bool begun = in->m.head_n > 0;
    enum rb_io io = rb_message_read(&in->m, &in->s);
    switch (io) {
    case RB_IO_AGAIN:
        if (!begun && in->m.head_n > 0) in->begun_ms = rb_link_now_ms();
        if (in->m.head_n > 0) in_deadline(in);
        return;
    case RB_IO_DONE:
        in->phase = IN_WAITING;
        rb_stream_deadline(&in->s, 0);
        rb_turn_ask(&in->s, &in->peer, in->m.body_n);
        return;
    case RB_IO_FAIL:
        if (in->m.rj.err != RB_OK) {
            struct rb_reject rj = in->m.rj;
            in_refuse(in, in->m.status, &rj);
            return;
        }
        break;
    case RB_IO_EOF: break;
    }
    in_end(in);
}

/* While it waits and the node thinks, nothing but the peer's leaving can come. */
static void in_watch(struct rb_in *in) {
    uint8_t one;
    size_t n = 0;
    enum rb_io io = rb_stream_read(&in->s, &one, 1, &n);
    if (io == RB_IO_AGAIN) return;
    if (io == RB_IO_DONE) {
        in->s.link->stats.refused++;
        log_ended(in, "bytes before its answer (7.3.8)");
    }
    in_end(in);
}

/* One party cannot fill the table, and its newest connection is the living one. */
static void keep_party_small(struct rb_in *in) {
    struct rb_in *other, *oldest = NULL;
    size_t n = 0;
    TAILQ_FOREACH(other, &in->s.link->in, all) {
        // cppcheck-suppress uninitvar ; the macro sets it
        if (!same_party(other, in)) continue;
        if (oldest == NULL) oldest = other;
        n++;
    }
    if (n > RB_LINK_MAX_PER_PARTY && oldest != in) in_end(oldest);
}

static void in_shake(struct rb_in *in) {
    enum rb_io io = rb_stream_handshake(&in->s);
    if (io == RB_IO_AGAIN) return;
    if (io != RB_IO_DONE) {
        in->s.link->stats.handshakes_failed++;
        rb_link_log(in->s.link, RB_LOG_INFO, "handshake failed: %s", in->s.why);
        in_leave(in); /* the alert says whose key was not accepted */
        return;
    }
    in->proven = true;
    in->s.party = in->peer;
    rb_stream_deadline(&in->s, in->s.link->cfg.idle_ms);
    rb_stream_kick(&in->s); /* the first request may have come with the handshake */
    keep_party_small(in);
}

static void in_ready(struct rb_stream *s) {
    struct rb_in *in = in_of(s);
    if (s->state == RB_STREAM_RAW) {
        if (rb_stream_drain(s, &in->waste) != RB_IO_AGAIN) in_end(in);
        return;
    }
    if (s->state != RB_STREAM_OPEN) {
        in_shake(in);
        return;
    }
    if (in->phase == IN_READING) in_read(in);
    else if (in->phase == IN_WAITING || in->phase == IN_ASKED) in_watch(in);
    else if (in->phase == IN_ANSWERING) {
        enum rb_io io = rb_stream_flush(s);
        if (io == RB_IO_DONE) in_answered(in);
        else if (io != RB_IO_AGAIN) in_end(in);
    }
}

static void in_expired(struct rb_stream *s) {
    struct rb_in *in = in_of(s);
    if (s->state == RB_STREAM_HANDSHAKE) {
        s->link->stats.handshakes_failed++;
        rb_link_log(s->link, RB_LOG_INFO, "handshake failed: timed out");
    } else if (in->phase == IN_READING && in->m.head_n > 0) {
        struct rb_reject rj = {RB_ERR_LIMIT, "7.2.2", "the request took too long", in->m.head_n};
        in_refuse(in, 408, &rj);
        return;
    } else if (in_moves(in)) {
        return;
    }
    in_end(in);
}

static const struct rb_stream_ops in_ops = {in_key, in_ready, in_expired, in_bodies, in_asks, in_destroy};

/* ---- accepting ----------------------------------------------------------------------------- */
/* A full table: the stranger who has been at its handshake longest, or is being seen off, makes room. */
static bool table_room(struct rb_link *l) {
    struct rb_in *in;
    if (l->stats.conns_in < l->cfg.max_conns) return true;
    TAILQ_FOREACH(in, &l->in, all) {
        if (in->proven) continue;
        in_end(in);
        return true;
    }
    return false;
}

static bool make_room(struct rb_link *l, const uint8_t address[16]) {
    struct rb_in *in;
    size_t same = 0;
    TAILQ_FOREACH(in, &l->in, all) if (!in->relayed && memcmp(in->address, address, 16) == 0) same++;
    if (same >= l->cfg.max_conns_per_address) return false;
    return table_room(l);
}

/* the connection, in the table; NULL: turned away */
static struct rb_in *in_begin(struct rb_link *l, bool room, int fd) {
    struct rb_in *in = room ? calloc(1, sizeof *in) : NULL;
    if (in == NULL) {
        l->stats.refused++;
        close(fd);
        return NULL;
    }
    if (rb_stream_init(&in->s, l, &in_ops, fd, false) != RB_OK) {
        free(in);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&l->in, in, all);
    l->stats.conns_in++;
    rb_stream_deadline(&in->s, l->cfg.request_deadline_ms);
    return in;
}

static void on_taken(void *ctx, int fd, const uint8_t address[16]) {
    struct rb_link *l = ctx;
    struct rb_in *in = in_begin(l, make_room(l, address), fd);
    if (in != NULL) memcpy(in->address, address, sizeof in->address);
}

/* Strangers who came by a relay are many at one address: of them the oldest makes room (spec 7.5.8). */
static void relayed_room(struct rb_link *l) {
    struct rb_in *in, *oldest = NULL;
    size_t n = 0;
    TAILQ_FOREACH(in, &l->in, all) {
        if (!in->relayed || in->proven) continue;
        if (oldest == NULL) oldest = in;
        n++;
    }
    if (n >= RB_LINK_UNPROVEN) in_end(oldest);
}

void rb_server_take(struct rb_link *l, int fd) {
    relayed_room(l);
    struct rb_in *in = in_begin(l, table_room(l), fd);
    if (in != NULL) in->relayed = true;
}

static void on_short(void *ctx, int e) {
    rb_link_log(ctx, RB_LOG_WARN, "a connection could not be taken: %s", strerror(e));
}

enum rb_err rb_server_open(struct rb_link *l, char *why, size_t why_n) {
    _Static_assert(sizeof l->cfg.listen / sizeof *l->cfg.listen <= RB_DOORS, "a door for each");
    l->doors = (struct rb_doors){.ctx = l, .taken = on_taken, .short_of = on_short};
    return rb_doors_open(&l->doors, l->base, l->cfg.listen, l->cfg.listen_n, why, why_n);
}

void rb_server_close(struct rb_link *l) {
    rb_doors_close(&l->doors);
    while (!TAILQ_EMPTY(&l->in)) {
        struct rb_in *in = TAILQ_FIRST(&l->in);
        in->phase = IN_LEAVING; /* the node is not told: it is being closed itself */
        in_end(in);
    }
}
