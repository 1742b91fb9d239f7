/* "host:port" as cards and configurations write it, for the link and for a relay. */
#ifndef RB_SHELL_LINK_ENDPOINT_H
#define RB_SHELL_LINK_ENDPOINT_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define RB_LINK_HOST 280u /* "host:port" with its NUL */
struct rb_endpoint {
    struct sockaddr_storage sa;
    socklen_t n;
};
/* host without brackets; port 0 to 65535, written in digits alone, which are where *digits points */
bool rb_endpoint_split(const char *address, char host[RB_LINK_HOST], const char **digits,
                       uint16_t *port);
/* where host is a number ("[...]:port" for IPv6) */
bool rb_endpoint_numeric(const char *address, struct rb_endpoint *out);
#endif
