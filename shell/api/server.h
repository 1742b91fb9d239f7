/* The local API over HTTP on a Unix socket. Only the same user, or root, is answered. */
#ifndef RB_SHELL_API_SERVER_H
#define RB_SHELL_API_SERVER_H
#include "api.h"

#define RB_API_MAX_BODY (8u << 20)
struct event_base;
struct rb_api_server;
/* path: at most 107 bytes. A socket that nobody answers on is replaced; one that is answered is
 * RB_ERR_BUSY; anything else in its place RB_ERR_EXISTS. `why` gets a sentence. */
enum rb_err rb_api_server_open(struct event_base *base, const char *path, struct rb_api *api,
                               struct rb_api_server **out, char *why, size_t why_n) RB_MUST_USE;
void rb_api_server_close(struct rb_api_server *s); /* NULL is fine; removes the socket */
#endif
