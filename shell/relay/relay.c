/* Accepting, limits, and the list of those who may wait. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "shell/relay/internal.h"

#define DEFAULT_CONNS 2048u
#define DEFAULT_PER_ADDRESS 64u
#define KEPT_DESCRIPTORS                                                                           \
    ((size_t)32) /* listeners, the list, standard streams, the event loop's own */

uint64_t relay_now_ms(void) {
    return rb_clock_us() / 1000u + 1u; /* never 0 */
}

/* Strangers can cause lines. */
void relay_log(struct rb_relay *r, enum rb_log_level level, const char *fmt, ...) {
    char words[256];
    const uint64_t second = relay_now_ms() / 1000u;
    if (second != r->log_second) r->log_lines = 0;
    r->log_second = second;
    if (!rb_log_wants(level) || r->log_lines++ >= RELAY_LOG_LINES) return;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    rb_log(level, "relay", "%s", words);
}

const char *relay_party_words(const struct party *p, char out[20]) {
    struct rb_writer w = rb_writer(out, 20);
    rb_put_hex(&w, p->listed.party.b, 6);
    return rb_writer_z(&w);
}

/* ---- the list ---------------------------------------------------------------------------------
 */
static struct party *find_party(struct rb_relay *r, const struct rb_hash *party) {
    for (size_t i = 0; i < r->parties_n; i++)
        if (rb_hash_eq(&r->parties[i]->listed.party, party)) return r->parties[i];
    return NULL;
}

struct party *relay_party(struct rb_relay *r, const struct rb_hash *party) {
    struct party *p = find_party(r, party);
    return p != NULL && p->listed.keys_n > 0 ? p : NULL;
}

static bool same_keys(const struct rb_relay_listed *a, const struct rb_relay_listed *b) {
    return a->keys_n == b->keys_n && memcmp(a->keys, b->keys, a->keys_n * sizeof *a->keys) == 0;
}

/* What waits was proven by the keys before. */
static void set_keys(struct rb_relay *r, struct party *p, const struct rb_relay_listed *listed) {
    struct conn *c, *next;
    if (same_keys(&p->listed, listed)) return;
    p->listed = *listed;
    p->seen_ms = 0;
    for (c = TAILQ_FIRST(&r->conns); c != NULL; c = next) {
        next = TAILQ_NEXT(c, all);
        if (c->party == p && (c->state == TALK_WAITS || c->state == TALK_PROOF)) conn_end(c);
    }
}

/* room for all that are new, before anything changes */
static enum rb_err add_new(struct rb_relay *r, const struct rb_relay_listed *all, size_t n) {
    struct party **more = reallocarray(r->parties, r->parties_n + n + 1, sizeof *more);
    if (more == NULL) return RB_ERR_LIMIT;
    r->parties = more;
    for (size_t i = 0; i < n; i++) {
        if (find_party(r, &all[i].party) != NULL) continue;
        struct party *p = calloc(1, sizeof *p);
        if (p == NULL) return RB_ERR_LIMIT;
        p->listed.party = all[i].party;
        r->parties[r->parties_n++] = p;
    }
    return RB_OK;
}

static void set_all(struct rb_relay *r, const struct rb_relay_listed *all, size_t n) {
    for (size_t k = 0; k < r->parties_n; k++) {
        struct rb_relay_listed now = {.party = r->parties[k]->listed.party};
        for (size_t i = 0; i < n; i++)
            if (rb_hash_eq(&all[i].party, &now.party)) now = all[i];
        set_keys(r, r->parties[k], &now);
    }
    r->stats.listed = n;
}

static enum rb_err read_file(const char *path, uint8_t **out, size_t *n) {
    uint8_t *p = malloc(RB_RELAY_MAX_LIST + 1);
    FILE *f = fopen(path, "re");
    enum rb_err err = RB_ERR_IO;
    if (p != NULL && f != NULL) {
        *n = fread(p, 1, RB_RELAY_MAX_LIST + 1, f);
        if (ferror(f) == 0) err = RB_OK;
    }
    if (f != NULL) (void)fclose(f);
    if (err != RB_OK) free(p);
    *out = err == RB_OK ? p : NULL;
    return err;
}

enum rb_err rb_relay_reload(struct rb_relay *r, char *why, size_t why_n) {
    struct rb_relay_listed *all = NULL;
    struct rb_reject rj = {0};
    uint8_t *text = NULL;
    size_t text_n = 0, n = 0, line = 0;
    if (read_file(r->list, &text, &text_n) != RB_OK) {
        (void)snprintf(why, why_n, "%s cannot be read: %s.", r->list, strerror(errno));
        return RB_ERR_IO;
    }
    enum rb_err err = rb_relay_list_decode(rb_slice(text, text_n), &all, &n, &line, &rj);
    free(text);
    if (err != RB_OK) {
        (void)snprintf(why, why_n, "%s, line %zu: %s.", r->list, line,
                       rj.what != NULL ? rj.what : rb_err_text(err));
        return err;
    }
    err = add_new(r, all, n);
    if (err == RB_OK)
        set_all(r, all, n);
    else
        (void)snprintf(why, why_n, "Memory is short.");
    free(all);
    return err;
}

/* ---- connections ------------------------------------------------------------------------------
 */
void conn_timer(struct conn *c, uint64_t ms) {
    const struct timeval tv = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
    if (event_add(c->timer, &tv) != 0) conn_end(c);
}

static void count_out(struct conn *c) {
    struct party *p = c->party;
    if (c->state == TALK_WAITS) p->waiting--;
    if (c->state == TALK_HELD) p->held--;
    if (c->state == TALK_JOINED && !c->proven) { /* one of the two counts */
        p->joined--;
        c->relay->stats.pairs--;
    }
}

static void end_one(struct conn *c) {
    struct rb_relay *r = c->relay;
    count_out(c);
    c->state = TALK_OVER;
    event_del(c->rd);
    event_del(c->wr);
    event_del(c->timer);
    close(c->fd);
    c->fd = -1;
    TAILQ_REMOVE(&r->conns, c, all);
    TAILQ_INSERT_TAIL(&r->dead, c, all);
    r->stats.conns--;
    event_active(r->reaper, EV_TIMEOUT, 0);
}

void conn_end(struct conn *c) {
    if (c->fd < 0) return;
    struct conn *other = c->other;
    end_one(c);
    if (other != NULL && other->fd >= 0) end_one(other);
}

static void conn_free(struct conn *c) {
    if (c->rd != NULL) event_free(c->rd);
    if (c->wr != NULL) event_free(c->wr);
    if (c->timer != NULL) event_free(c->timer);
    free(c->buf);
    free(c);
}

static void on_reaper(evutil_socket_t fd, short what, void *arg) {
    (void)fd, (void)what;
    struct rb_relay *r = arg;
    while (!TAILQ_EMPTY(&r->dead)) {
        struct conn *c = TAILQ_FIRST(&r->dead);
        TAILQ_REMOVE(&r->dead, c, all);
        conn_free(c);
    }
}

static void on_socket(evutil_socket_t fd, short what, void *arg) {
    (void)fd;
    struct conn *c = arg;
    if (c->fd < 0) return;
    if (c->state == TALK_JOINED && (what & EV_TIMEOUT))
        pass_look(c);
    else if (c->state == TALK_JOINED)
        pass_event(c, what);
    else if (what & EV_TIMEOUT)
        talk_late(c);
    else
        talk_event(c);
}

static void tune(int fd) {
    int one = 1, idle = 120, count = 3;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

static struct conn *conn_create(struct rb_relay *r, int fd, const uint8_t address[16]) {
    struct conn *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    c->relay = r;
    c->fd = fd;
    memcpy(c->address, address, sizeof c->address);
    c->rd = event_new(r->base, fd, EV_READ | EV_PERSIST, on_socket, c);
    c->wr = event_new(r->base, fd, EV_WRITE, on_socket, c);
    c->timer = event_new(r->base, -1, 0, on_socket, c);
    if (c->rd != NULL && c->wr != NULL && c->timer != NULL && event_add(c->rd, NULL) == 0) return c;
    conn_free(c);
    return NULL;
}

/* ---- limits -----------------------------------------------------------------------------------
 */
/* Tokens of an address; addresses that fall into the same bucket share them. */
static struct bucket *bucket(struct rb_relay *r, enum relay_cost what, const uint8_t address[16]) {
    const struct rb_slice parts[] = {rb_slice(r->secret, sizeof r->secret), rb_slice(address, 16)};
    struct rb_hash h;
    rb_sha256v(parts, 2, &h);
    struct bucket *b = &r->buckets[what][(((size_t)h.b[0] << 8) + h.b[1]) % RELAY_BUCKETS];
    const uint64_t now = relay_now_ms(), back = (now - b->at_ms) * RELAY_A_SECOND / 1000u;
    if (back > 0) {
        b->spent = back >= b->spent ? 0 : b->spent - (uint32_t)back;
        b->at_ms = now;
    }
    return b;
}

bool relay_may(struct rb_relay *r, enum relay_cost what, const uint8_t address[16]) {
    return bucket(r, what, address)->spent < RELAY_BURST;
}

void relay_spend(struct rb_relay *r, enum relay_cost what, const uint8_t address[16]) {
    bucket(r, what, address)->spent++;
}

static bool make_room(struct rb_relay *r, const uint8_t address[16]) {
    struct conn *c;
    size_t same = 0;
    TAILQ_FOREACH(c, &r->conns, all)
    same += !c->proven && memcmp(c->address, address, 16) == 0;
    if (same >= r->max_per_address) return false;
    if (r->stats.conns < r->max_conns) return true;
    TAILQ_FOREACH(c, &r->conns, all) {
        if (c->state != TALK_FIRST && c->state != TALK_PROOF) continue;
        conn_end(c);
        return true;
    }
    return false;
}

static void turn_away(struct rb_relay *r, int fd) {
    uint8_t buf[RB_RELAY_LINE];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_relay_line_encode(&(struct rb_relay_line){.word = RB_RELAY_REFUSED, .why = RB_RELAY_BUSY},
                         &w);
    (void)!send(fd, w.p, w.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    r->stats.refused++;
    close(fd);
}

static void on_taken(void *ctx, int fd, const uint8_t address[16]) {
    struct rb_relay *r = ctx;
    struct conn *c = make_room(r, address) ? conn_create(r, fd, address) : NULL;
    if (c == NULL) {
        turn_away(r, fd);
        return;
    }
    tune(fd);
    TAILQ_INSERT_TAIL(&r->conns, c, all);
    r->stats.conns++;
    conn_timer(c, RELAY_FIRST_MS);
}

static void on_short(void *ctx, int e) {
    relay_log(ctx, RB_LOG_WARN, "a connection could not be taken: %s", strerror(e));
}

/* ---- opening ----------------------------------------------------------------------------------
 */
static enum rb_err take_names(struct rb_relay *r, const struct rb_relay_config *cfg, char *why,
                              size_t why_n) {
    for (size_t i = 0; i < cfg->names_n && i < RB_RELAY_LISTEN; i++) {
        if (strlen(cfg->names[i]) > RB_RELAY_NAME || strchr(cfg->names[i], ':') == NULL) {
            (void)snprintf(why, why_n, "--name wants HOST:PORT as it stands on cards.");
            return RB_ERR_USAGE;
        }
        memcpy(r->names[r->names_n++], cfg->names[i], strlen(cfg->names[i]) + 1);
    }
    return RB_OK;
}

static size_t room(size_t wanted) {
    const size_t all = rb_descriptors();
    const size_t most = all > 2 * KEPT_DESCRIPTORS ? all - KEPT_DESCRIPTORS : all / 2;
    if (wanted <= most) return wanted;
    rb_log(RB_LOG_WARN, "relay", "%zu connections at most: the system allows %zu descriptors", most,
           all);
    return most;
}

static enum rb_err open_all(struct rb_relay *r, const struct rb_relay_config *cfg, char *why,
                            size_t why_n) {
    RB_TRY(take_names(r, cfg, why, why_n));
    (void)snprintf(why, why_n, "Memory is short.");
    r->list = strdup(cfg->list);
    r->reaper = event_new(r->base, -1, 0, on_reaper, r);
    if (r->list == NULL || r->reaper == NULL) return RB_ERR_LIMIT;
    RB_TRY(rb_relay_reload(r, why, why_n));
    _Static_assert(RB_RELAY_LISTEN <= RB_DOORS, "a door for each");
    r->doors = (struct rb_doors){.ctx = r, .taken = on_taken, .short_of = on_short};
    return rb_doors_open(&r->doors, r->base, cfg->listen, cfg->listen_n, why, why_n);
}

enum rb_err rb_relay_open(struct event_base *base, const struct rb_relay_config *cfg,
                          struct rb_relay **out, char *why, size_t why_n) {
    struct rb_relay *r = calloc(1, sizeof *r);
    if (r == NULL) {
        (void)snprintf(why, why_n, "Memory is short.");
        return RB_ERR_LIMIT;
    }
    r->base = base;
    TAILQ_INIT(&r->conns);
    TAILQ_INIT(&r->dead);
    rb_random(r->secret, sizeof r->secret);
    r->max_conns = room(cfg->max_conns != 0 ? cfg->max_conns : DEFAULT_CONNS);
    r->max_per_address = cfg->max_per_address != 0 ? cfg->max_per_address : DEFAULT_PER_ADDRESS;
    const enum rb_err err = open_all(r, cfg, why, why_n);
    if (err != RB_OK) {
        rb_relay_close(r);
        return err;
    }
    *out = r;
    return RB_OK;
}

void rb_relay_close(struct rb_relay *r) {
    if (r == NULL) return;
    rb_doors_close(&r->doors);
    while (!TAILQ_EMPTY(&r->conns))
        conn_end(TAILQ_FIRST(&r->conns));
    if (r->reaper != NULL) {
        on_reaper(-1, 0, r);
        event_free(r->reaper);
    }
    for (size_t i = 0; i < r->parties_n; i++)
        free(r->parties[i]);
    free(r->parties);
    free(r->list);
    free(r);
}

uint16_t rb_relay_port(const struct rb_relay *r) {
    return r->doors.port;
}

void rb_relay_stats(const struct rb_relay *r, struct rb_relay_stats *out) {
    *out = r->stats;
    out->waiting = 0;
    for (size_t i = 0; i < r->parties_n; i++)
        out->waiting += r->parties[i]->waiting;
}
