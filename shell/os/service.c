/* Signals, and the service manager. */
#include "service.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_EVERY_US 5000000u

static void on_stop(evutil_socket_t sig, short what, void *ctx) {
    (void)what;
    struct rb_service *s = ctx;
    rb_log(RB_LOG_INFO, s->ops->room, "stopping on signal %d", (int)sig);
    rb_sd_notify("STOPPING=1");
    s->stopped = true;
    (void)event_base_loopexit(s->base, NULL);
}

static void on_hup(evutil_socket_t sig, short what, void *ctx) {
    (void)sig, (void)what;
    struct rb_service *s = ctx;
    char words[64];
    (void)snprintf(words, sizeof words, "RELOADING=1\nMONOTONIC_USEC=%llu",
                   (unsigned long long)rb_clock_us());
    rb_sd_notify(words);
    s->ops->reload(s->ctx);
    rb_sd_notify("READY=1");
}

static void on_status(evutil_socket_t fd, short what, void *ctx) {
    (void)fd, (void)what;
    struct rb_service *s = ctx;
    char now[sizeof s->said], words[sizeof s->said + 16];
    s->ops->state(s->ctx, now, sizeof now);
    if (strcmp(now, s->said) == 0) return;
    memcpy(s->said, now, sizeof now);
    (void)snprintf(words, sizeof words, "STATUS=%s", now);
    rb_sd_notify(words);
}

/* The loop goes round: that is all it says. */
static void on_watchdog(evutil_socket_t fd, short what, void *ctx) {
    (void)fd, (void)what, (void)ctx;
    rb_sd_notify("WATCHDOG=1");
}

static enum rb_err every(struct rb_service *s, struct event **ev, event_callback_fn fn,
                         uint64_t us) {
    const struct timeval tv = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
    *ev = event_new(s->base, -1, EV_PERSIST, fn, s);
    if (*ev == NULL || event_priority_set(*ev, 0) != 0 || event_add(*ev, &tv) != 0)
        return RB_ERR_LIMIT;
    fn(-1, 0, s);
    return RB_OK;
}

enum rb_err rb_service_tell(struct rb_service *s) {
    if (getenv("NOTIFY_SOCKET") == NULL) return RB_OK;
    RB_TRY(every(s, &s->status, on_status, STATUS_EVERY_US));
    if (rb_sd_watchdog_us() == 0) return RB_OK;
    return every(s, &s->watchdog, on_watchdog, rb_sd_watchdog_us() / 3);
}

enum rb_err rb_service_open(struct rb_service *s, struct event_base *base,
                            const struct rb_service_ops *ops, void *ctx) {
    *s = (struct rb_service){.ops = ops, .ctx = ctx, .base = base};
    s->signals[0] = evsignal_new(base, SIGTERM, on_stop, s);
    s->signals[1] = evsignal_new(base, SIGINT, on_stop, s);
    s->signals[2] = evsignal_new(base, SIGHUP, on_hup, s);
    for (size_t i = 0; i < 3; i++)
        if (s->signals[i] == NULL || event_priority_set(s->signals[i], 0) != 0 ||
            event_add(s->signals[i], NULL) != 0)
            return RB_ERR_LIMIT;
    return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? RB_ERR_INTERNAL : RB_OK;
}

void rb_service_close(struct rb_service *s) {
    for (size_t i = 0; i < 3; i++)
        if (s->signals[i] != NULL) event_free(s->signals[i]);
    if (s->status != NULL) event_free(s->status);
    if (s->watchdog != NULL) event_free(s->watchdog);
}
