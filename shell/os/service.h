/* What a program in the foreground does for whoever runs it: ends by SIGTERM and SIGINT, reads again at
 * SIGHUP, and tells a service manager (sd_notify) how it is. For readbackd and readback-relay. */
#ifndef RB_SHELL_OS_SERVICE_H
#define RB_SHELL_OS_SERVICE_H
#include <event2/event.h>
#include "shell/os/os.h"

struct rb_service_ops {
    const char *room;                                     /* of log lines */
    void (*reload)(void *ctx);                            /* SIGHUP */
    void (*state)(void *ctx, char *out, size_t cap);      /* one line, in a few words */
};
struct rb_service {
    const struct rb_service_ops *ops;
    void *ctx;
    struct event_base *base;
    struct event *signals[3], *status, *watchdog;
    char said[160];
    bool stopped; /* by a signal */
};
/* Signals are looked at from now on, before all else of the loop. RB_ERR_LIMIT, INTERNAL. */
enum rb_err rb_service_open(struct rb_service *s, struct event_base *base,
                            const struct rb_service_ops *ops, void *ctx) RB_MUST_USE;
/* the manager is told of the state and that the loop goes round, where there is one */
enum rb_err rb_service_tell(struct rb_service *s) RB_MUST_USE;
void rb_service_close(struct rb_service *s);
#endif
