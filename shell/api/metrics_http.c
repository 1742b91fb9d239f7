/* GET /metrics for monitoring on the same machine: plain HTTP on loopback, read only. */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "metrics.h"

#define IDLE_S 30
#define CONNECTIONS 16

struct rb_metrics_server {
    struct evhttp *http;
    struct rb_api *api;
    uint16_t port;
};

/* ---- answering --------------------------------------------------------------------------------
 */

static void free_sent(const void *p, size_t n, void *arg) {
    (void)p;
    (void)n;
    free(arg);
}
void rb_metrics_answer(struct evhttp_request *req, struct rb_api *api) {
    struct evbuffer *out = evhttp_request_get_output_buffer(req);
    struct evkeyvalq *h = evhttp_request_get_output_headers(req);
    size_t n = 0;
    char *text = rb_metrics_text(api, &n);
    evhttp_add_header(h, "Content-Type", RB_METRICS_TYPE);
    evhttp_add_header(h, "Cache-Control", "no-store");
    if (text == NULL || evbuffer_add_reference(out, text, n, free_sent, text) != 0) {
        free(text);
        evhttp_send_error(req, 503, "memory is short");
        return;
    }
    evhttp_send_reply(req, 200, "OK", NULL);
}
static void on_request(struct evhttp_request *req, void *arg) {
    const struct rb_metrics_server *m = arg;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    if (path && strcmp(path, "/metrics") == 0)
        rb_metrics_answer(req, m->api);
    else
        evhttp_send_error(req, 404, "only /metrics is here");
}

/* ---- listening --------------------------------------------------------------------------------
 */

/* 127.0.0.0/8 or ::1 as numbers, so that no name's answer decides who can read it */
static bool loopback(const char *address, struct sockaddr_storage *to, socklen_t *n) {
    char host[64];
    const char *colon = strrchr(address, ':');
    char *end = NULL;
    if (colon == NULL || colon == address || (size_t)(colon - address) >= sizeof host) return false;
    snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    const unsigned long port = strtoul(colon + 1, &end, 10);
    if (colon[1] < '0' || colon[1] > '9' || *end != 0 || port > 65535) return false;
    memset(to, 0, sizeof *to);
    struct sockaddr_in *four = (struct sockaddr_in *)to;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;
    if (strcmp(host, "[::1]") == 0) {
        *six = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                     .sin6_port = htons((uint16_t)port),
                                     .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        *n = sizeof *six;
        return true;
    }
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
    *n = sizeof *four;
    return inet_pton(AF_INET, host, &four->sin_addr) == 1 &&
           ntohl(four->sin_addr.s_addr) >> 24 == 127;
}

static struct evconnlistener *listen_on(struct event_base *base, const struct sockaddr_storage *to,
                                        socklen_t n) {
    return evconnlistener_new_bind(
        base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
        CONNECTIONS, (const struct sockaddr *)to, (int)n);
}

static uint16_t port_of(struct evconnlistener *l) {
    struct sockaddr_storage at;
    socklen_t n = sizeof at;
    if (getsockname(evconnlistener_get_fd(l), (struct sockaddr *)&at, &n) != 0) return 0;
    return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                          : ((struct sockaddr_in *)&at)->sin_port);
}

enum rb_err rb_metrics_open(struct event_base *base, const char *address, struct rb_api *api,
                            struct rb_metrics_server **out, char *why, size_t why_n) {
    struct sockaddr_storage to;
    socklen_t n = 0;
    if (!loopback(address, &to, &n)) {
        (void)snprintf(why, why_n,
                       "[metrics] listen takes 127.0.0.1:PORT or [::1]:PORT alone: it is not "
                       "encrypted, and asks nobody who they are.");
        return RB_ERR_DENIED;
    }
    struct rb_metrics_server *m = calloc(1, sizeof *m);
    struct evconnlistener *l = m ? listen_on(base, &to, n) : NULL;
    if (l == NULL) {
        (void)snprintf(why, why_n, "Cannot listen on %s: %s.", address, strerror(errno));
        free(m);
        return RB_ERR_IO;
    }
    m->api = api;
    m->port = port_of(l);
    m->http = evhttp_new(base);
    if (m->http == NULL || evhttp_bind_listener(m->http, l) == NULL) {
        (void)snprintf(why, why_n, "Memory is short.");
        evconnlistener_free(l);
        if (m->http) evhttp_free(m->http);
        free(m);
        return RB_ERR_LIMIT;
    }
    evhttp_set_max_body_size(m->http, 0);
    evhttp_set_max_headers_size(m->http, 8192);
    evhttp_set_timeout(m->http, IDLE_S);
    evhttp_set_allowed_methods(m->http, EVHTTP_REQ_GET);
    evhttp_set_gencb(m->http, on_request, m);
    *out = m;
    return RB_OK;
}
uint16_t rb_metrics_port(const struct rb_metrics_server *m) {
    return m ? m->port : 0;
}
void rb_metrics_close(struct rb_metrics_server *m) {
    if (m == NULL) return;
    evhttp_free(m->http);
    free(m);
}
