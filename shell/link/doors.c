/* Listening, for the link and for a relay. */
#include "doors.h"
#include "endpoint.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define BACKLOG 128
#define PAUSE_US 250000

static void address_of(const struct sockaddr *sa, uint8_t out[16]) {
    memset(out, 0, 16);
    if (sa->sa_family == AF_INET) {
        memcpy(out + 12, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
    } else if (sa->sa_family == AF_INET6) {
        const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
        const bool mapped = IN6_IS_ADDR_V4MAPPED(a);
        memcpy(mapped ? out + 12 : out, mapped ? a->s6_addr + 12 : a->s6_addr, mapped ? 4 : 8);
    }
}

/* Without a pause the loop would spin on the connection that waits. */
static void on_error(struct evconnlistener *e, void *ctx) {
    (void)e;
    struct rb_doors *d = ctx;
    const struct timeval tv = {0, PAUSE_US};
    d->short_of(d->ctx, errno);
    if (event_add(d->again, &tv) != 0) return;
    for (size_t i = 0; i < d->n; i++)
        (void)evconnlistener_disable(d->door[i]);
}

static void on_again(evutil_socket_t fd, short what, void *ctx) {
    (void)fd, (void)what;
    struct rb_doors *d = ctx;
    for (size_t i = 0; i < d->n; i++)
        (void)evconnlistener_enable(d->door[i]);
}

static void on_taken(struct evconnlistener *e, evutil_socket_t fd, struct sockaddr *sa, int n,
                     void *ctx) {
    (void)e, (void)n;
    const struct rb_doors *d = ctx;
    uint8_t address[16];
    address_of(sa, address);
    d->taken(d->ctx, fd, address);
}

static uint16_t bound_port(int fd) {
    struct sockaddr_storage sa = {0};
    socklen_t n = sizeof sa;
    if (getsockname(fd, (struct sockaddr *)&sa, &n) != 0) return 0;
    return ntohs(sa.ss_family == AF_INET ? ((struct sockaddr_in *)&sa)->sin_port
                                         : ((struct sockaddr_in6 *)&sa)->sin6_port);
}

static enum rb_err open_one(struct rb_doors *d, struct event_base *base, const char *address,
                            char *why, size_t why_n) {
    struct rb_endpoint at = {0};
    if (!rb_endpoint_numeric(address, &at)) {
        (void)snprintf(why, why_n, "Cannot listen at %s: not a numeric address with a port.",
                       address);
        return RB_ERR_USAGE;
    }
    struct evconnlistener *e = evconnlistener_new_bind(
        base, on_taken, d, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
        BACKLOG, (struct sockaddr *)&at.sa, (int)at.n);
    if (e == NULL) {
        (void)snprintf(why, why_n, "Cannot listen at %s: %s.", address, strerror(errno));
        return RB_ERR_IO;
    }
    evconnlistener_set_error_cb(e, on_error);
    d->door[d->n++] = e;
    if (d->port == 0) d->port = bound_port(evconnlistener_get_fd(e));
    return RB_OK;
}

enum rb_err rb_doors_open(struct rb_doors *d, struct event_base *base, const char *const *addresses,
                          size_t n, char *why, size_t why_n) {
    d->again = event_new(base, -1, 0, on_again, d);
    if (d->again == NULL) return RB_ERR_BUSY;
    for (size_t i = 0; i < n && i < RB_DOORS; i++)
        RB_TRY(open_one(d, base, addresses[i], why, why_n));
    return RB_OK;
}

void rb_doors_close(struct rb_doors *d) {
    for (size_t i = 0; i < d->n; i++)
        evconnlistener_free(d->door[i]);
    d->n = 0;
    if (d->again != NULL) event_free(d->again);
    d->again = NULL;
}
