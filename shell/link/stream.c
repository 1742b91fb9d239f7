#include "internal.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/sockios.h>
#include <openssl/err.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEEPALIVE_S 120

/* Many bytes are moved when nothing else is to be done. */
static bool is_bulk(const struct rb_stream *s) {
    return s->filling || (s->out != NULL && s->out_n > RB_LINK_PIECE);
}

static void on_socket(evutil_socket_t fd, short what, void *arg) {
    (void)fd;
    struct rb_stream *s = arg;
    if (s->state == RB_STREAM_DEAD) return;
    if (what & EV_TIMEOUT)
        s->ops->expired(s);
    else if (is_bulk(s))
        rb_turn_bulk(s);
    else
        s->ops->ready(s);
}

static bool make_events(struct rb_stream *s) {
    s->rd = event_new(s->link->base, s->fd, EV_READ | EV_PERSIST, on_socket, s);
    s->wr = event_new(s->link->base, s->fd, EV_WRITE, on_socket, s);
    s->timer = event_new(s->link->base, -1, 0, on_socket, s);
    return s->rd != NULL && s->wr != NULL && s->timer != NULL;
}

static bool make_tls(struct rb_stream *s) {
    s->ssl = SSL_new(s->link->tls);
    if (s->ssl == NULL) return false;
    s->bio = BIO_new_socket(s->fd, BIO_NOCLOSE);
    if (s->bio == NULL) return false;
    SSL_set_bio(s->ssl, s->bio, s->bio);
    SSL_set_app_data(s->ssl, s);
    if (s->client)
        SSL_set_connect_state(s->ssl);
    else
        SSL_set_accept_state(s->ssl);
    return true;
}

/* No gathering of small writes; and a peer whose machine is gone is noticed even when nothing is due. */
void rb_stream_tune(int fd) {
    int one = 1, idle = KEEPALIVE_S, count = 3;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

enum rb_err rb_stream_init(struct rb_stream *s, struct rb_link *l, const struct rb_stream_ops *ops,
                           int fd, bool client) {
    *s = (struct rb_stream){.link = l, .ops = ops, .fd = fd, .client = client};
    rb_stream_tune(fd);
    s->state = client ? RB_STREAM_CONNECTING : RB_STREAM_HANDSHAKE;
    if (make_tls(s) && make_events(s) &&
        event_add(client ? s->wr : s->rd, NULL) == 0)
        return RB_OK;
    rb_stream_free_parts(s);
    close(fd);
    return RB_ERR_BUSY;
}

void rb_stream_free_parts(struct rb_stream *s) {
    if (s->rd != NULL) event_free(s->rd);
    if (s->wr != NULL) event_free(s->wr);
    if (s->timer != NULL) event_free(s->timer);
    SSL_free(s->ssl);
    s->rd = s->wr = s->timer = NULL;
    s->ssl = NULL;
}

static void count_bytes(struct rb_stream *s) {
    uint64_t in = BIO_number_read(s->bio), out = BIO_number_written(s->bio);
    s->link->stats.bytes_in += in - s->counted_in;
    s->link->stats.bytes_out += out - s->counted_out;
    s->counted_in = in;
    s->counted_out = out;
}

/* The words for a failed handshake: whose fault it is matters to the operator. */
static const char *handshake_words(const struct rb_stream *s) {
    int reason = ERR_GET_REASON(ERR_peek_last_error());
    if (s->key_refused) return "key not pinned";
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING || reason == 0) return "closed early";
    return "bad answer";
}

/* After the handshake a client may find that the server did not take its key (TLS 1.3 tells late). */
static bool is_key_alert(void) {
    int reason = ERR_GET_REASON(ERR_peek_last_error()) - SSL_AD_REASON_OFFSET;
    return reason >= SSL_AD_BAD_CERTIFICATE && reason <= SSL_AD_UNKNOWN_CA;
}

/* what an OpenSSL call's return value means; arms the events it waits for */
static enum rb_io after_call(struct rb_stream *s, int rc, const char *words) {
    int err = SSL_get_error(s->ssl, rc);
    count_bytes(s);
    switch (err) {
    case SSL_ERROR_WANT_READ: return RB_IO_AGAIN; /* rd stays armed */
    case SSL_ERROR_WANT_WRITE:
        if (event_add(s->wr, NULL) != 0) break;
        return RB_IO_AGAIN;
    case SSL_ERROR_ZERO_RETURN: s->why = "closed early"; return RB_IO_EOF;
    default: break;
    }
    if (s->client && is_key_alert())
        s->why = "our key not accepted";
    else
        s->why = words;
    ERR_clear_error();
    return RB_IO_FAIL;
}

static const char *connect_words(int err) {
    switch (err) {
    case ECONNREFUSED: return "refused";
    case ETIMEDOUT: return "timed out";
    default: return "no route";
    }
}

static enum rb_io say_call(struct rb_stream *s) {
    uint8_t buf[RB_RELAY_LINE];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_relay_line_encode(&(struct rb_relay_line){.word = RB_RELAY_CALL, .party = *s->call}, &w);
    s->state = RB_STREAM_CALLING;
    s->why = "relay not reached";
    /* the first bytes of a connection always fit */
    return send(s->fd, w.p, w.n, MSG_NOSIGNAL) == (ssize_t)w.n ? RB_IO_DONE : RB_IO_FAIL;
}

static enum rb_io finish_connect(struct rb_stream *s) {
    int err = 0;
    socklen_t n = sizeof err;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &n) != 0) err = errno;
    if (err != 0) {
        s->why = s->call != NULL ? "relay not reached" : connect_words(err);
        return RB_IO_FAIL;
    }
    s->state = RB_STREAM_HANDSHAKE;
    s->why = "closed early";
    if (event_add(s->rd, NULL) != 0) return RB_IO_FAIL;
    return s->call == NULL ? RB_IO_DONE : say_call(s);
}

/* The relay's answer; TLS begins behind it (spec 7.5.5). */
static enum rb_io hear_relay(struct rb_stream *s) {
    struct rb_relay_line l;
    enum rb_err err = rb_relay_read_line(s->fd, s->line, &s->line_n);
    if (err == RB_ERR_BUSY) return RB_IO_AGAIN;
    if (err == RB_OK) err = rb_relay_line_decode(rb_slice(s->line, s->line_n), &l, NULL);
    s->state = RB_STREAM_HANDSHAKE;
    if (err == RB_OK && l.word == RB_RELAY_JOINED) return RB_IO_DONE;
    bool unknown = err == RB_OK && l.word == RB_RELAY_REFUSED && l.why == RB_RELAY_UNKNOWN;
    s->why = unknown ? "not at the relay" : "relay refused";
    return RB_IO_FAIL;
}

enum rb_io rb_stream_handshake(struct rb_stream *s) {
    if (s->state == RB_STREAM_CONNECTING) {
        enum rb_io io = finish_connect(s);
        if (io != RB_IO_DONE) return io;
    }
    if (s->state == RB_STREAM_CALLING) {
        enum rb_io io = hear_relay(s);
        if (io != RB_IO_DONE) return io;
    }
    if (s->state != RB_STREAM_HANDSHAKE) return RB_IO_DONE;
    ERR_clear_error();
    int rc = SSL_do_handshake(s->ssl);
    if (rc == 1) {
        count_bytes(s);
        s->state = RB_STREAM_OPEN;
        return RB_IO_DONE;
    }
    return after_call(s, rc, handshake_words(s));
}

enum rb_io rb_stream_read(struct rb_stream *s, void *buf, size_t cap, size_t *n) {
    *n = 0;
    ERR_clear_error();
    int rc = SSL_read_ex(s->ssl, buf, cap, n);
    if (rc == 1) {
        count_bytes(s);
        return RB_IO_DONE;
    }
    return after_call(s, rc, "closed early");
}

/* What the kernel still has of ours has not moved. */
uint64_t rb_stream_moved(const struct rb_stream *s) {
    int waiting = 0;
    if (ioctl(s->fd, SIOCOUTQ, &waiting) != 0 || waiting < 0) waiting = 0;
    uint64_t out = s->counted_out > (uint64_t)waiting ? s->counted_out - (uint64_t)waiting : 0;
    return out + s->counted_in;
}

enum rb_io rb_stream_flush(struct rb_stream *s) {
    const size_t to = s->out_n - s->out_at > RB_LINK_PIECE ? s->out_at + RB_LINK_PIECE : s->out_n;
    while (s->out_at < to) {
        size_t n = 0;
        ERR_clear_error();
        int rc = SSL_write_ex(s->ssl, s->out + s->out_at, s->out_n - s->out_at, &n);
        if (rc != 1) return after_call(s, rc, "closed early");
        s->out_at += n;
    }
    count_bytes(s);
    if (s->out_at < s->out_n) {
        if (event_add(s->wr, NULL) == 0) return RB_IO_AGAIN;
        s->why = "closed early";
        return RB_IO_FAIL;
    }
    s->out = NULL;
    s->out_n = s->out_at = 0;
    return RB_IO_DONE;
}

enum rb_io rb_stream_send(struct rb_stream *s, const uint8_t *bytes, size_t n) {
    s->out = bytes;
    s->out_at = 0;
    s->out_n = n;
    return rb_stream_flush(s);
}

void rb_stream_deadline(struct rb_stream *s, uint64_t ms) {
    struct timeval tv = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
    event_del(s->timer);
    if (ms != 0 && event_add(s->timer, &tv) != 0) rb_stream_kick(s);
}

void rb_stream_kick(struct rb_stream *s) { event_active(s->rd, EV_READ, 0); }

void rb_stream_linger(struct rb_stream *s) {
    ERR_clear_error();
    if (s->state == RB_STREAM_OPEN) SSL_shutdown(s->ssl); /* else its alert has gone out already */
    ERR_clear_error();
    count_bytes(s);
    s->state = RB_STREAM_RAW;
    shutdown(s->fd, SHUT_WR);
    rb_stream_deadline(s, RB_LINK_LINGER_MS);
}

enum rb_io rb_stream_drain(struct rb_stream *s, size_t *budget) {
    uint8_t waste[4096];
    while (*budget >= sizeof waste) {
        ssize_t n = recv(s->fd, waste, sizeof waste, 0);
        if (n == 0) return RB_IO_EOF;
        if (n < 0) return errno == EAGAIN || errno == EINTR ? RB_IO_AGAIN : RB_IO_FAIL;
        s->link->stats.bytes_in += (uint64_t)n;
        *budget -= (size_t)n;
    }
    return RB_IO_FAIL;
}

void rb_stream_doom(struct rb_stream *s) {
    if (s->state == RB_STREAM_DEAD) return;
    if (s->state == RB_STREAM_OPEN) {
        ERR_clear_error();
        SSL_shutdown(s->ssl); /* close_notify, if it goes at once */
        ERR_clear_error();
        count_bytes(s);
    }
    s->state = RB_STREAM_DEAD;
    rb_turn_leave(s);
    event_del(s->rd);
    event_del(s->wr);
    event_del(s->timer);
    close(s->fd);
    SLIST_INSERT_HEAD(&s->link->dead, s, dead);
    event_active(s->link->reaper, EV_TIMEOUT, 0);
}
