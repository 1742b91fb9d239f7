#include "internal.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LOG_LINES_A_SECOND 10u
#define DEFAULT_CONNS 512u
#define DEFAULT_PER_ADDRESS 128u
#define DEFAULT_DEADLINE_MS 30000u
#define DEFAULT_IDLE_MS 300000u

uint64_t rb_link_now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

uint64_t rb_link_now_ms(void) {
    return rb_link_now_us() / 1000u;
}

/* Strangers can cause lines: only so many a second are passed on. */
void rb_link_log(struct rb_link *l, enum rb_log_level level, const char *fmt, ...) {
    char line[256];
    uint64_t now_s = rb_link_now_ms() / 1000u;
    if (l->ops.log == NULL) return;
    if (now_s != l->log_window_s) {
        if (l->log_left_out != 0) {
            snprintf(line, sizeof line, "%u further lines left out", l->log_left_out);
            l->ops.log(l->ops.ctx, (int)level, line);
        }
        l->log_window_s = now_s;
        l->log_n = l->log_left_out = 0;
    }
    if (l->log_n++ >= LOG_LINES_A_SECOND) {
        l->log_left_out++;
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    l->ops.log(l->ops.ctx, (int)level, line);
}

static void bury(struct rb_link *l) {
    while (!SLIST_EMPTY(&l->dead)) {
        struct rb_stream *s = SLIST_FIRST(&l->dead);
        SLIST_REMOVE_HEAD(&l->dead, dead);
        rb_stream_free_parts(s);
        s->ops->destroy(s);
    }
}

static void on_reaper(evutil_socket_t fd, short what, void *arg) {
    (void)fd, (void)what;
    bury(arg);
}

static void set_defaults(struct rb_link_config *c) {
    if (c->max_conns == 0) c->max_conns = DEFAULT_CONNS;
    if (c->max_conns_per_address == 0) c->max_conns_per_address = DEFAULT_PER_ADDRESS;
    if (c->request_deadline_ms == 0) c->request_deadline_ms = DEFAULT_DEADLINE_MS;
    if (c->idle_ms == 0) c->idle_ms = DEFAULT_IDLE_MS;
}

static enum rb_err open_parts(struct rb_link *l, char *why, size_t why_n) {
    snprintf(why, why_n, "TLS could not be set up with this key");
    RB_TRY(rb_tls_context(&l->cfg.tls, &l->tls));
    snprintf(why, why_n, "no memory");
    l->reaper = event_new(l->base, -1, 0, on_reaper, l);
    if (l->reaper == NULL) return RB_ERR_BUSY;
    RB_TRY(rb_turn_open(l));
    RB_TRY(rb_client_open(l));
    return rb_server_open(l, why, why_n);
}

enum rb_err rb_link_open(struct event_base *base, const struct rb_link_config *cfg,
                         const struct rb_link_ops *ops, struct rb_link **out, char *why,
                         size_t why_n) {
    struct rb_link *l = calloc(1, sizeof *l);
    if (l == NULL) {
        snprintf(why, why_n, "no memory");
        return RB_ERR_BUSY;
    }
    l->base = base;
    l->cfg = *cfg;
    l->ops = *ops;
    TAILQ_INIT(&l->in);
    TAILQ_INIT(&l->finished);
    set_defaults(&l->cfg);
    signal(SIGPIPE, SIG_IGN); /* a peer that leaves must not end the process */
    enum rb_err err = open_parts(l, why, why_n);
    rb_wipe(&l->cfg.tls, sizeof l->cfg.tls);
    if (err != RB_OK) {
        rb_link_close(l);
        return err;
    }
    if (why_n > 0) why[0] = '\0';
    *out = l;
    return RB_OK;
}

enum rb_err rb_link_rekey(struct rb_link *l, const struct rb_seckey *tls) {
    SSL_CTX *fresh = NULL;
    RB_TRY(rb_tls_context(tls, &fresh));
    SSL_CTX_free(l->tls); /* connections that are there keep it as long as they need */
    l->tls = fresh;
    rb_waits_again(l);
    return RB_OK;
}

void rb_link_close(struct rb_link *l) {
    if (l == NULL) return;
    rb_waits_close(l);
    rb_server_close(l);
    rb_client_close(l);
    bury(l);
    rb_lookup_close(l);
    rb_turn_close(l);
    if (l->reaper != NULL) event_free(l->reaper);
    SSL_CTX_free(l->tls);
    free(l);
}

uint16_t rb_link_port(const struct rb_link *l) { return l->doors.port; }

uint32_t rb_link_retry_after(const struct rb_link *l) { return l->retry_after_s; }

void rb_link_stats(const struct rb_link *l, struct rb_link_stats *out) { *out = l->stats; }
