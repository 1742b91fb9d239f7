/* Two joined connections: bytes of each go to the other, as fast as the other takes them and not
 * faster, and nothing is looked at. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "shell/relay/internal.h"

#define TURNS 8 /* buffers of one before others get theirs */

static bool add(struct conn *c, struct event *ev) {
    if (event_add(ev, NULL) == 0) return true;
    conn_end(c);
    return false;
}

/* false: nothing more now, or the pair has ended */
static bool take(struct conn *c) {
    const ssize_t n = recv(c->fd, c->buf, RELAY_BUFFER, MSG_DONTWAIT);
    if (n > 0) {
        c->at = 0;
        c->n = (size_t)n;
        return true;
    }
    if (n == 0) {
        c->eof = true;
        event_del(c->rd);
        return true;
    }
    if (errno != EAGAIN && errno != EINTR) conn_end(c);
    return false;
}

static bool give(struct conn *c) {
    struct conn *to = c->other;
    const ssize_t n = send(to->fd, c->buf + c->at, c->n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        conn_end(c);
        return false;
    }
    if (n > 0) {
        c->at += (size_t)n;
        c->n -= (size_t)n;
        c->relay->stats.bytes += (uint64_t)n;
        c->moved_ms = to->moved_ms = relay_now_ms();
    }
    if (c->n == 0) return true;
    event_del(c->rd); /* until the other has taken this */
    (void)add(c, to->wr);
    return false;
}

static void pump(struct conn *c) {
    for (int i = 0; i < TURNS; i++) {
        if (c->n == 0 && !c->eof && !take(c)) return;
        if (c->n > 0 && !give(c)) return;
        if (!c->eof) continue;
        if (c->shut) return;
        c->shut = true;
        (void)shutdown(c->other->fd, SHUT_WR);
        if (c->other->shut) conn_end(c);
        return;
    }
}

void pass_event(struct conn *c, short what) {
    if (what & EV_WRITE) { /* the other's bytes go out here */
        struct conn *from = c->other;
        if (from->n > 0 && !give(from)) return;
        if (!from->eof && !add(from, from->rd)) return;
        pump(from);
        return;
    }
    pump(c);
}

/* from the caller's timer, now and then */
void pass_look(struct conn *c) {
    const uint64_t idle = relay_now_ms() - c->moved_ms;
    const bool half = c->eof || c->other->eof;
    if (idle >= (half ? RELAY_HALF_MS : RELAY_IDLE_MS))
        conn_end(c);
    else
        conn_timer(c, RELAY_LOOK_MS);
}

bool pass_join(struct conn *caller, struct conn *waiter) {
    caller->buf = malloc(RELAY_BUFFER);
    waiter->buf = malloc(RELAY_BUFFER);
    if (caller->buf == NULL || waiter->buf == NULL) return false;
    caller->other = waiter;
    waiter->other = caller;
    caller->moved_ms = waiter->moved_ms = relay_now_ms();
    caller->state = waiter->state = TALK_JOINED;
    event_del(waiter->timer);
    conn_timer(caller, RELAY_LOOK_MS);
    return true;
}
