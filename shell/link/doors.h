/* Where connections are taken, for the link and for a relay: addresses that are listened at, and a pause
 * when no descriptor is left. */
#ifndef RB_SHELL_LINK_DOORS_H
#define RB_SHELL_LINK_DOORS_H
#include <event2/event.h>
#include <event2/listener.h>
#include <stdint.h>
#include "readback/err.h"

#define RB_DOORS 8u
struct rb_doors {
    void *ctx; /* of both */
    /* a connection, which is the callee's, and what connections are counted by: an IPv4 address, or the
     * first 64 bits of an IPv6 one */
    void (*taken)(void *ctx, int fd, const uint8_t address[16]);
    void (*short_of)(void *ctx, int e); /* one could not be taken, errno e: all pause */
    struct evconnlistener *door[RB_DOORS];
    size_t n;
    struct event *again;
    uint16_t port; /* the first that was bound */
};
/* Opens a door at each address, "host:port" in numbers, RB_DOORS at most. ctx, taken and short_of are set
 * before. why: a sentence. What was opened stays open until rb_doors_close, also where this fails. */
enum rb_err rb_doors_open(struct rb_doors *d, struct event_base *base, const char *const *addresses,
                          size_t n, char *why, size_t why_n) RB_MUST_USE;
void rb_doors_close(struct rb_doors *d);
#endif
