/* Addresses as text. */
#include "endpoint.h"
#include <arpa/inet.h>
#include <event2/util.h>
#include <string.h>
#include "readback/text.h"

bool rb_endpoint_split(const char *address, char host[RB_LINK_HOST], const char **digits,
                       uint16_t *port) {
    const char *colon = strrchr(address, ':');
    uint64_t v = 0;
    size_t n = colon == NULL ? 0 : (size_t)(colon - address);
    if (n == 0 || n >= RB_LINK_HOST || rb_dec_decode(rb_str(colon + 1), &v) != RB_OK || v > 65535)
        return false;
    bool bracketed = n > 2 && address[0] == '[' && address[n - 1] == ']';
    if (bracketed) n -= 2;
    memcpy(host, address + (bracketed ? 1 : 0), n);
    host[n] = '\0';
    *digits = colon + 1;
    *port = (uint16_t)v;
    return bracketed || strchr(host, ':') == NULL; /* IPv6 only in brackets */
}

bool rb_endpoint_numeric(const char *address, struct rb_endpoint *out) {
    char host[RB_LINK_HOST];
    const char *digits = NULL;
    uint16_t port = 0;
    struct rb_endpoint e = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&e.sa;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&e.sa;
    if (!rb_endpoint_split(address, host, &digits, &port)) return false;
    if (evutil_inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        e.n = sizeof *v4;
    } else if (evutil_inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        e.n = sizeof *v6;
    } else {
        return false;
    }
    *out = e;
    return true;
}
