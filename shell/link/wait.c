/* Waiting at a relay (spec 7.5): a few connections that we make and over which others call us. Each
 * is in one state; when it was joined, the server side gets it and another takes its place. */
#include "internal.h"
#include <errno.h>
#include <event2/util.h>
#include <stdlib.h>
#include <unistd.h>

#define SLOTS 3u /* calls that may come at the same moment */
#define ATTEMPT_MS 20000u
#define SILENCE_MS 90000u
#define AT_ONCE_MS 50u /* a relay that joins and cuts must not make us spin */
#define REST_MS 500u
#define MAX_REST_MS 30000u

enum state { RESTING, ASKING, CONNECTING, WAITS_PROVE, WAITS_ANSWER, WAITING };
struct slot {
    struct rb_waits *of;
    enum state state;
    int fd; /* -1: none */
    struct event *io, *timer;
    struct rb_lookup *lookup;
    struct rb_endpoint ends[RB_LOOKUP_MAX];
    size_t ends_n, ends_i;
    uint8_t line[RB_RELAY_LINE];
    size_t line_n;
    unsigned fails;
};
struct rb_waits { /* at one relay */
    struct rb_waits *next;
    struct rb_link *link;
    char name[RB_LINK_HOST];
    struct rb_hash party;
    const char *why; /* of the last failure; "": none since it was reached */
    bool told;       /* the log says that it is down */
    struct slot slots[SLOTS];
};

static size_t count_waiting(const struct rb_waits *w) {
    size_t n = 0;
    for (size_t i = 0; i < SLOTS; i++)
        n += w->slots[i].state == WAITING;
    return n;
}

static void timer_in(struct slot *s, uint64_t ms) {
    struct timeval tv = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
    (void)event_add(s->timer, &tv);
}

static void drop(struct slot *s, bool keep_fd) {
    if (s->lookup != NULL) rb_lookup_cancel(s->lookup);
    s->lookup = NULL;
    if (s->io != NULL) event_free(s->io);
    s->io = NULL;
    if (s->fd >= 0 && !keep_fd) close(s->fd);
    s->fd = -1;
    s->line_n = 0;
    s->state = RESTING;
    event_del(s->timer);
}

static void rest(struct slot *s) {
    uint64_t ms = AT_ONCE_MS;
    if (s->fails > 0) ms = s->fails < 7 ? REST_MS << s->fails : MAX_REST_MS;
    uint32_t chance = 0;
    evutil_secure_rng_get_bytes(
        &chance, sizeof chance); /* those that a relay lost do not come back at once together */
    if (s->fails > 0) ms = ms / 2 + chance % (ms / 2);
    timer_in(s, ms < MAX_REST_MS ? ms : MAX_REST_MS);
}

static void failed(struct slot *s, const char *why) {
    struct rb_waits *w = s->of;
    drop(s, false);
    if (s->fails < 100) s->fails++;
    w->why = why;
    if (count_waiting(w) == 0 && !w->told) {
        rb_link_log(w->link, RB_LOG_WARN, "nobody can call us by the relay %s: %s", w->name, why);
        w->told = true;
    }
    rest(s);
}

/* ---- what is said ------------------------------------------------------------------------------
 */
static bool say(struct slot *s, const struct rb_relay_line *l) {
    uint8_t buf[RB_RELAY_LINE];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_relay_line_encode(l, &w);
    /* so little always fits into what the kernel keeps of a connection in this state */
    if (send(s->fd, w.p, w.n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)w.n) return true;
    failed(s, "relay not reached");
    return false;
}

static void prove(struct slot *s, const struct rb_relay_line *asked) {
    uint8_t tbs[RB_RELAY_TBS];
    struct rb_writer t = rb_writer(tbs, sizeof tbs);
    struct rb_relay_line answer = {.word = RB_RELAY_PROOF};
    rb_relay_tbs(rb_str(s->of->name), &s->of->party, asked->nonce, &t);
    if (t.over || rb_tls_sign(s->of->link->tls, rb_written(&t), answer.sig) != RB_OK) {
        failed(s, "relay refused");
        return;
    }
    s->state = WAITS_ANSWER;
    (void)say(s, &answer);
}

static void joined(struct slot *s) {
    const int fd = s->fd;
    drop(s, true);
    s->fails = 0;
    rest(s);
    rb_server_take(s->of->link, fd);
}

static void waiting(struct slot *s) {
    struct rb_waits *w = s->of;
    s->state = WAITING;
    s->fails = 0;
    if (w->told || w->why[0] != '\0')
        rb_link_log(w->link, RB_LOG_INFO, "others can call us by the relay %s", w->name);
    w->told = false;
    w->why = "";
    timer_in(s, SILENCE_MS);
}

static void still(struct slot *s) {
    const struct rb_relay_line l = {.word = RB_RELAY_STILL};
    timer_in(s, SILENCE_MS);
    (void)say(s, &l);
}

static void heard(struct slot *s, const struct rb_relay_line *l) {
    if (l->word == RB_RELAY_REFUSED)
        failed(s, l->why == RB_RELAY_DENIED ? "not listed at the relay" : "relay refused");
    else if (s->state == WAITS_PROVE && l->word == RB_RELAY_PROVE)
        prove(s, l);
    else if (s->state == WAITS_ANSWER && l->word == RB_RELAY_WAITING)
        waiting(s);
    else if (s->state == WAITING && l->word == RB_RELAY_STILL)
        still(s);
    else if (s->state == WAITING && l->word == RB_RELAY_JOINED)
        joined(s);
    else
        failed(s, "relay refused");
}

static void on_line(evutil_socket_t fd, short what, void *arg) {
    (void)what;
    struct slot *s = arg;
    struct rb_relay_line l;
    const enum rb_err err = rb_relay_read_line(fd, s->line, &s->line_n);
    if (err == RB_ERR_BUSY) return;
    const struct rb_slice line = rb_slice(s->line, s->line_n);
    s->line_n = 0;
    if (err == RB_OK && rb_relay_line_decode(line, &l, NULL) == RB_OK)
        heard(s, &l);
    else
        failed(s, err == RB_ERR_IO ? "relay not reached" : "relay refused");
}

/* ---- connecting --------------------------------------------------------------------------------
 */
static void dial(struct slot *s);

static void on_connected(evutil_socket_t fd, short what, void *arg) {
    (void)what;
    struct slot *s = arg;
    const struct rb_relay_line hello = {.word = RB_RELAY_WAIT, .party = s->of->party};
    int err = 0;
    socklen_t n = sizeof err;
    event_free(s->io);
    s->io = NULL;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &n) != 0 || err != 0) {
        close(s->fd);
        s->fd = -1;
        dial(s);
        return;
    }
    rb_stream_tune(fd);
    s->state = WAITS_PROVE;
    s->io = event_new(s->of->link->base, fd, EV_READ | EV_PERSIST, on_line, s);
    if (s->io == NULL || event_add(s->io, NULL) != 0)
        failed(s, "relay not reached");
    else
        (void)say(s, &hello);
}

static bool dial_one(struct slot *s, const struct rb_endpoint *e) {
    s->fd = socket(e->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0) return false;
    if (connect(s->fd, (const struct sockaddr *)&e->sa, e->n) == 0 || errno == EINPROGRESS)
        s->io = event_new(s->of->link->base, s->fd, EV_WRITE, on_connected, s);
    if (s->io != NULL && event_add(s->io, NULL) == 0) return true;
    if (s->io != NULL) event_free(s->io);
    s->io = NULL;
    close(s->fd);
    s->fd = -1;
    return false;
}

static void dial(struct slot *s) {
    s->state = CONNECTING;
    while (s->ends_i < s->ends_n)
        if (dial_one(s, &s->ends[s->ends_i++])) return;
    failed(s, "relay not reached");
}

static void on_lookup(void *ctx, const struct rb_endpoint *e, size_t n) {
    struct slot *s = ctx;
    s->lookup = NULL;
    for (size_t i = 0; i < n; i++)
        s->ends[i] = e[i];
    s->ends_n = n;
    s->ends_i = 0;
    dial(s);
}

static void go(struct slot *s) {
    struct rb_endpoint numeric;
    s->state = ASKING;
    timer_in(s, ATTEMPT_MS);
    if (rb_endpoint_numeric(s->of->name, &numeric)) {
        on_lookup(s, &numeric, 1);
        return;
    }
    struct rb_lookup *asked = NULL;
    rb_lookup_start(s->of->link, s->of->name, on_lookup, s, &asked);
    s->lookup = asked; /* NULL where on_lookup has been called already */
}

static void on_timer(evutil_socket_t fd, short what, void *arg) {
    (void)fd, (void)what;
    struct slot *s = arg;
    if (s->state == RESTING)
        go(s);
    else
        failed(s, s->state < WAITS_PROVE ? "relay not reached" : "relay refused");
}

/* ---- all of them -------------------------------------------------------------------------------
 */
static void waits_free(struct rb_waits *w) {
    for (size_t i = 0; i < SLOTS; i++) {
        if (w->slots[i].timer == NULL) continue;
        drop(&w->slots[i], false);
        event_free(w->slots[i].timer);
    }
    free(w);
}

enum rb_err rb_link_wait(struct rb_link *l, const char *relay, const struct rb_hash *party) {
    struct rb_waits *w = strlen(relay) < RB_LINK_HOST ? calloc(1, sizeof *w) : NULL;
    if (w == NULL) return RB_ERR_LIMIT;
    w->link = l;
    w->party = *party;
    w->why = "not tried yet";
    memcpy(w->name, relay, strlen(relay) + 1);
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *s = &w->slots[i];
        s->of = w;
        s->fd = -1;
        s->timer = event_new(l->base, -1, 0, on_timer, s);
        if (s->timer == NULL) {
            waits_free(w);
            return RB_ERR_LIMIT;
        }
    }
    w->next = l->waits;
    l->waits = w;
    for (size_t i = 0; i < SLOTS; i++)
        rest(&w->slots[i]);
    return RB_OK;
}

/* another TLS key: what waits was proven with the one before */
void rb_waits_again(struct rb_link *l) {
    for (struct rb_waits *w = l->waits; w != NULL; w = w->next)
        for (size_t i = 0; i < SLOTS; i++) {
            drop(&w->slots[i], false);
            w->slots[i].fails = 0;
            rest(&w->slots[i]);
        }
}

void rb_waits_close(struct rb_link *l) {
    while (l->waits != NULL) {
        struct rb_waits *w = l->waits;
        l->waits = w->next;
        waits_free(w);
    }
}

bool rb_link_waits(const struct rb_link *l, size_t i, struct rb_link_wait_view *out) {
    const struct rb_waits *w = l->waits;
    for (; w != NULL && i > 0; i--)
        w = w->next;
    if (w == NULL) return false;
    *out = (struct rb_link_wait_view){.relay = w->name, .waiting = count_waiting(w), .why = w->why};
    return true;
}
