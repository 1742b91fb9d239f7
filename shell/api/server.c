/* See server.h. evhttp carries the bytes; calls that wait for the node keep their request until the
 * answer comes or the caller goes away. */
#include "server.h"
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "internal.h"
#include "metrics.h"

#define IDLE_S 300
#define BACKLOG 64
#define ACCEPT_PAUSE_US 250000

struct call {
    struct rb_api_server *s;
    struct call *next, **at;
    struct evhttp_request *req;
};
struct rb_api_server {
    struct rb_api *api;
    struct evhttp *http;
    struct call *calls;
    char path[108];
    dev_t dev;
    ino_t ino;
};

static void call_free(struct call *c) {
    *c->at = c->next;
    if (c->next) c->next->at = c->at;
    free(c);
}
static struct call *call_new(struct rb_api_server *s, struct evhttp_request *req) {
    struct call *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    *c = (struct call){.s = s, .req = req, .next = s->calls, .at = &s->calls};
    if (s->calls) s->calls->at = &c->next;
    s->calls = c;
    return c;
}
static void gone(struct evhttp_connection *conn, void *arg) {
    struct call *c = arg;
    (void)conn;
    rb_api_forget(c->s->api, c);
    call_free(c);
}

static void wipe_sent(const void *p, size_t n, void *arg) {
    (void)p;
    rb_wipe(arg, n);
    free(arg);
}
static void send_json(struct evhttp_request *req, int status, json_t *body) {
    struct evbuffer *out = evhttp_request_get_output_buffer(req);
    static const char none[] = "{\"error\":{\"code\":\"memory\",\"sentence\":\"memory is short on this node\"}}";
    char *text = json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(12));
    struct evkeyvalq *h = evhttp_request_get_output_headers(req);
    evhttp_add_header(h, "Content-Type", "application/json");
    evhttp_add_header(h, "Cache-Control", "no-store");
    /* answers may carry what closed records say: no copy of them is left behind */
    const size_t n = text ? strlen(text) : 0;
    if (text == NULL || evbuffer_add_reference(out, text, n, wipe_sent, text) != 0) {
        if (text) wipe_sent(NULL, n, text);
        status = 503;
        (void)evbuffer_add_reference(out, none, sizeof none - 1, NULL, NULL);
    }
    (void)evbuffer_add(out, "\n", 1);
    json_decref(body);
    /* libevent would put it in, and does not look whether it could: the caller waited for an end */
    char length[24];
    (void)snprintf(length, sizeof length, "%zu", evbuffer_get_length(out));
    if (evhttp_add_header(h, "Content-Length", length) != 0)
        (void)evhttp_add_header(h, "Content-Length", length);
    evhttp_send_reply(req, status, status < 400 ? "OK" : "Refused", NULL);
}
static void send_fail(struct evhttp_request *req, int status, enum rb_err err, uint64_t offset,
                      const char *sentence) {
    struct rb_fail f = {.err = err, .offset = offset, .sentence = sentence};
    send_json(req, status, rb_json_stable(rb_fail_json(&f)));
}

static void replied(void *ctx, int status, json_t *body) {
    struct call *c = ctx;
    struct evhttp_request *req = c->req;
    evhttp_connection_set_closecb(evhttp_request_get_connection(req), NULL, NULL);
    call_free(c);
    send_json(req, status, body);
}

/* the same user, or root, at the other end */
static bool may_call(struct evhttp_request *req) {
    struct evhttp_connection *conn = evhttp_request_get_connection(req);
    evutil_socket_t fd = bufferevent_getfd(evhttp_connection_get_bufferevent(conn));
    struct ucred cred;
    socklen_t n = sizeof cred;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0 || n != sizeof cred) return false;
    return cred.uid == geteuid() || cred.uid == 0;
}
static const char *method_of(struct evhttp_request *req) {
    switch ((int)evhttp_request_get_command(req)) {
    case EVHTTP_REQ_GET:
        return "GET";
    case EVHTTP_REQ_POST:
        return "POST";
    default:
        return "";
    }
}
/* false: answered with an error */
static bool body_of(struct evhttp_request *req, json_t **out) {
    struct evbuffer *in = evhttp_request_get_input_buffer(req);
    size_t n = evbuffer_get_length(in);
    json_error_t e;
    char words[256];
    *out = NULL;
    if (n == 0) return true;
    unsigned char *all = evbuffer_pullup(in, -1);
    if (all == NULL) {
        send_fail(req, 503, RB_ERR_LIMIT, 0, "memory is short");
        return false;
    }
    (void)rb_json_was_short();
    *out = json_loadb((const char *)all, n, JSON_REJECT_DUPLICATES, &e);
    rb_wipe(all, n);
    if (rb_json_was_short()) { /* the library may go on without a value that it had no room for */
        json_decref(*out);
        *out = NULL;
        send_fail(req, 503, RB_ERR_LIMIT, 0, "memory is short");
        return false;
    }
    if (*out) return true;
    /* the library's words repeat what stands there */
    snprintf(words, sizeof words, "the body is not JSON (line %d, column %d)", e.line, e.column);
    send_fail(req, 400, RB_ERR_MALFORMED, e.position > 0 ? (uint64_t)e.position : 0, words);
    return false;
}

static void on_request(struct evhttp_request *req, void *arg) {
    struct rb_api_server *s = arg;
    json_t *body = NULL;
    if (!may_call(req)) {
        send_fail(req, 403, RB_ERR_DENIED, 0, "only the user whose node this is may call it");
        return;
    }
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL,
               *query = uri ? evhttp_uri_get_query(uri) : NULL;
    if (path == NULL) {
        send_fail(req, 400, RB_ERR_MALFORMED, 0, "the address cannot be read");
        return;
    }
    if (strcmp(path, "/metrics") == 0 && *method_of(req) == 'G') {
        rb_metrics_answer(req, s->api);
        return;
    }
    if (!body_of(req, &body)) return;
    struct call *c = call_new(s, req);
    if (c == NULL) {
        send_fail(req, 503, RB_ERR_LIMIT, 0, "memory is short");
    } else {
        evhttp_connection_set_closecb(evhttp_request_get_connection(req), gone, c);
        rb_api_handle(s->api, method_of(req), path, query ? query : "", body, replied, c);
    }
    json_decref(body);
}

/* ---- the socket -------------------------------------------------------------------------------
 */
static bool answered(const struct sockaddr_un *sa) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return true; /* not known: do not replace */
    bool yes = connect(fd, (const struct sockaddr *)sa, sizeof *sa) == 0 || errno != ECONNREFUSED;
    close(fd);
    return yes;
}
static enum rb_err clear_place(const struct sockaddr_un *sa, char *why, size_t why_n) {
    struct stat st;
    if (lstat(sa->sun_path, &st) != 0) return RB_OK;
    if (!S_ISSOCK(st.st_mode)) {
        snprintf(why, why_n, "%s is in the way and is not a socket: move it away", sa->sun_path);
        return RB_ERR_EXISTS;
    }
    if (answered(sa)) {
        snprintf(why, why_n, "another daemon answers on %s", sa->sun_path);
        return RB_ERR_BUSY;
    }
    if (unlink(sa->sun_path) == 0) return RB_OK;
    snprintf(why, why_n, "%s cannot be removed: %s", sa->sun_path, strerror(errno));
    return RB_ERR_IO;
}
static enum rb_err bind_socket(const char *path, struct sockaddr_un *sa, int *out, char *why,
                               size_t why_n) {
    *sa = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof sa->sun_path) {
        snprintf(why, why_n, "the socket's path is too long (%zu bytes, at most %zu): %s",
                 strlen(path), sizeof sa->sun_path - 1, path);
        return RB_ERR_LIMIT;
    }
    strcpy(sa->sun_path, path);
    RB_TRY(clear_place(sa, why, why_n));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t old = umask(0177);
    bool ok = fd >= 0 && bind(fd, (struct sockaddr *)sa, sizeof *sa) == 0;
    umask(old);
    if (ok) ok = listen(fd, BACKLOG) == 0;
    if (ok) {
        *out = fd;
        return RB_OK;
    }
    snprintf(why, why_n, "cannot listen on %s: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    return RB_ERR_IO;
}

static void on_accept_again(evutil_socket_t fd, short what, void *arg) {
    (void)fd;
    (void)what;
    evconnlistener_enable(arg);
}
/* No descriptor left: without a pause the loop would spin on the waiting connection, and fill the
 * log. The argument is evhttp's; the listener lives as long as the loop runs. */
static void on_accept_error(struct evconnlistener *l, void *arg) {
    const struct timeval pause = {0, ACCEPT_PAUSE_US};
    (void)arg;
    if (event_base_once(evconnlistener_get_base(l), -1, EV_TIMEOUT, on_accept_again, l, &pause) ==
        0)
        evconnlistener_disable(l);
}

static enum rb_err serve(struct rb_api_server *s, struct event_base *base, int fd) {
    s->http = evhttp_new(base);
    if (s->http == NULL) return RB_ERR_LIMIT;
    struct evconnlistener *l =
        evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (l == NULL) return RB_ERR_LIMIT;
    if (evhttp_bind_listener(s->http, l) == NULL) {
        evconnlistener_free(l);
        return RB_ERR_LIMIT;
    }
    evconnlistener_set_error_cb(l, on_accept_error);
    evhttp_set_max_body_size(s->http, RB_API_MAX_BODY);
    evhttp_set_max_headers_size(s->http, 16384);
    evhttp_set_timeout(s->http, IDLE_S);
    evhttp_set_allowed_methods(s->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
    evhttp_set_gencb(s->http, on_request, s);
    return RB_OK;
}

enum rb_err rb_api_server_open(struct event_base *base, const char *path, struct rb_api *api,
                               struct rb_api_server **out, char *why, size_t why_n) {
    struct sockaddr_un sa;
    struct stat st = {0};
    int fd = -1;
    RB_TRY(bind_socket(path, &sa, &fd, why, why_n));
    struct rb_api_server *s = calloc(1, sizeof *s);
    enum rb_err err = s ? serve(s, base, fd) : RB_ERR_LIMIT;
    if (err != RB_OK) {
        snprintf(why, why_n, "memory is short");
        if (s && s->http) evhttp_free(s->http);
        free(s);
        close(fd);
        unlink(path);
        return err;
    }
    s->api = api;
    memcpy(s->path, sa.sun_path, sizeof s->path);
    if (stat(path, &st) == 0) {
        s->dev = st.st_dev;
        s->ino = st.st_ino;
    }
    *out = s;
    return RB_OK;
}
void rb_api_server_close(struct rb_api_server *s) {
    struct stat st;
    if (s == NULL) return;
    for (struct call *c = s->calls; c; c = c->next) {
        rb_api_forget(s->api, c);
        evhttp_connection_set_closecb(evhttp_request_get_connection(c->req), NULL, NULL);
    }
    evhttp_free(s->http);
    while (s->calls)
        call_free(s->calls);
    if (lstat(s->path, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino) unlink(s->path);
    free(s);
}
