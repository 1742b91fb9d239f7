/* From a card's addresses to a connection: each in its order, each with its share of the time left. */
#include "client.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Of several failures the one that tells most is reported. */
static void note(struct rb_lane *a, const char *why) {
    static const char *const order[] = {"no address",   "no route",   "refused",
                                        "timed out",    "closed early", "bad answer",
                                        "relay not reached", "relay refused", "not at the relay",
                                        "our key not accepted", "key not pinned"};
    int have = -1, now = 0;
    for (int i = 0; i < (int)(sizeof order / sizeof order[0]); i++) {
        if (a->why != NULL && strcmp(order[i], a->why) == 0) have = i;
        if (strcmp(order[i], why) == 0) now = i;
    }
    if (now >= have) a->why = why;
}

static struct rb_out *out_create(struct rb_lane *a, int fd) {
    struct rb_out *o = calloc(1, sizeof *o);
    if (o == NULL) {
        close(fd);
        return NULL;
    }
    if (rb_stream_init(&o->s, a->peer->link, &rb_out_ops, fd, true) != RB_OK) {
        free(o);
        return NULL;
    }
    o->lane = a;
    o->s.link->stats.conns_out++;
    return o;
}

static bool connect_to(struct rb_lane *a, const struct rb_endpoint *e) {
    const char *words = a->relay ? "relay not reached" : "no route";
    int fd = socket(e->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        note(a, words);
        return false;
    }
    if (connect(fd, (const struct sockaddr *)&e->sa, e->n) != 0 && errno != EINPROGRESS) {
        note(a, errno == ECONNREFUSED && !a->relay ? "refused" : words);
        close(fd);
        return false;
    }
    a->out = out_create(a, fd);
    if (a->out == NULL)
        note(a, "no route");
    else if (a->relay)
        a->out->s.call = &a->peer->party;
    return a->out != NULL;
}

/* A black hole at the first address must not use up the time of the others. */
static void arm_attempt(struct rb_lane *a) {
    const struct rb_out_req *first = TAILQ_FIRST(&a->queue);
    uint64_t now = rb_link_now_ms();
    uint64_t left = first != NULL && first->deadline_ms > now ? first->deadline_ms - now : 1;
    uint64_t tries = (a->ends_n - a->ends_i) + (a->peer->addresses_n - a->address_i) + 1;
    uint64_t ms = left / tries + 1;
    struct timeval tv = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
    (void)event_add(a->timer, &tv); /* should it fail, the request's own deadline remains */
}

static void on_lookup(void *ctx, const struct rb_endpoint *e, size_t n);

/* true: wait for the answer */
static bool take_address(struct rb_lane *a) {
    const char *address = a->peer->addresses[a->address_i++];
    a->relay = strncmp(address, RB_RELAY_PREFIX, sizeof RB_RELAY_PREFIX - 1) == 0;
    if (a->relay) address += sizeof RB_RELAY_PREFIX - 1;
    a->ends_i = 0;
    a->ends_n = rb_endpoint_numeric(address, &a->ends[0]) ? 1 : 0;
    if (a->ends_n == 1) return false;
    a->asking = true;
    rb_lookup_start(a->peer->link, address, on_lookup, a, &a->lookup);
    a->asking = false;
    return a->lookup != NULL;
}

static void dial_next(struct rb_lane *a) {
    event_del(a->timer);
    for (;;) {
        if (a->ends_i < a->ends_n) {
            if (connect_to(a, &a->ends[a->ends_i++])) break;
        } else if (a->address_i < a->peer->addresses_n) {
            if (take_address(a)) break;
        } else {
            a->dialling = false;
            rb_lane_fail_all(a, a->why);
            return;
        }
    }
    arm_attempt(a);
}

static void on_lookup(void *ctx, const struct rb_endpoint *e, size_t n) {
    struct rb_lane *a = ctx;
    a->lookup = NULL;
    for (size_t i = 0; i < n; i++) a->ends[i] = e[i];
    a->ends_n = n;
    a->ends_i = 0;
    if (n == 0) note(a, a->relay ? "relay not reached" : "no address");
    if (!a->asking) dial_next(a);
}

void rb_dial_start(struct rb_lane *a) {
    a->dialling = true;
    a->address_i = a->ends_n = a->ends_i = 0;
    a->why = "no address";
    dial_next(a);
}

static void drop_attempt(struct rb_lane *a) {
    event_del(a->timer);
    if (a->lookup != NULL) rb_lookup_cancel(a->lookup);
    a->lookup = NULL;
    if (a->out != NULL) rb_out_end(a->out);
}

void rb_dial_failed(struct rb_lane *a, const char *why) {
    note(a, why);
    drop_attempt(a);
    dial_next(a);
}

void rb_dial_done(struct rb_lane *a) {
    event_del(a->timer);
    a->dialling = false;
}

void rb_dial_abort(struct rb_lane *a) {
    drop_attempt(a);
    a->dialling = false;
}

static const char *late_words(const struct rb_lane *a) {
    const struct rb_out *o = a->out;
    if (!a->relay || (o != NULL && o->s.state == RB_STREAM_HANDSHAKE)) return "timed out";
    return o != NULL && o->s.state == RB_STREAM_CALLING ? "relay refused" : "relay not reached";
}

static void on_attempt_timeout(evutil_socket_t fd, short what, void *arg) {
    (void)fd, (void)what;
    struct rb_lane *a = arg;
    if (a->dialling) rb_dial_failed(a, late_words(a));
}

struct event *rb_dial_timer(struct rb_lane *a) {
    return event_new(a->peer->link->base, -1, 0, on_attempt_timeout, a);
}
