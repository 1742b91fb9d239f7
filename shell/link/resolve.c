/* Names to addresses without blocking the loop. The system's resolver file is read again before each
 * burst of questions, since a node may move between networks. */
#include "internal.h"
#include <event2/dns.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>

struct rb_lookup {
    struct rb_link *link;
    rb_lookup_fn fn; /* NULL: cancelled */
    void *ctx;
    struct evdns_getaddrinfo_request *asked;
};

bool rb_endpoint_numeric(const char *address, struct rb_endpoint *out) {
    int n = (int)sizeof out->sa;
    struct rb_endpoint e = {0};
    if (evutil_parse_sockaddr_port(address, (struct sockaddr *)&e.sa, &n) != 0) return false;
    e.n = (socklen_t)n;
    const struct sockaddr *sa = (const struct sockaddr *)&e.sa;
    uint16_t port = sa->sa_family == AF_INET ? ((const struct sockaddr_in *)&e.sa)->sin_port
                                             : ((const struct sockaddr_in6 *)&e.sa)->sin6_port;
    if (port == 0) return false;
    *out = e;
    return true;
}

static bool dns_ready(struct rb_link *l) {
    const int what = DNS_OPTION_NAMESERVERS | DNS_OPTION_MISC;
    if (l->dns == NULL) {
        l->dns = evdns_base_new(l->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
        if (l->dns == NULL) return false;
        (void)evdns_base_load_hosts(l->dns, "/etc/hosts"); /* may be missing */
    }
    if (l->lookups == 0) {
        evdns_base_clear_nameservers_and_suspend(l->dns);
        (void)evdns_base_resolv_conf_parse(l->dns, what, "/etc/resolv.conf");
        evdns_base_search_clear(l->dns);
        evdns_base_resume(l->dns);
    }
    return true;
}

static size_t keep_endpoints(const struct evutil_addrinfo *ai, struct rb_endpoint *e) {
    size_t n = 0;
    for (; ai != NULL && n < RB_LOOKUP_MAX; ai = ai->ai_next) {
        if (ai->ai_addr == NULL || ai->ai_addrlen > sizeof e[n].sa) continue;
        memset(&e[n], 0, sizeof e[n]);
        memcpy(&e[n].sa, ai->ai_addr, ai->ai_addrlen);
        e[n++].n = ai->ai_addrlen;
    }
    return n;
}

static void on_answer(int err, struct evutil_addrinfo *ai, void *arg) {
    struct rb_lookup *k = arg;
    struct rb_endpoint e[RB_LOOKUP_MAX];
    size_t n = err == 0 ? keep_endpoints(ai, e) : 0;
    if (ai != NULL) evutil_freeaddrinfo(ai);
    if (k->fn != NULL) k->fn(k->ctx, e, n);
    if (k->link != NULL) k->link->lookups--; /* after fn, which may ask the next name */
    free(k);
}

static bool split(const char *address, char host[RB_LINK_HOST], const char **port) {
    const char *colon = strrchr(address, ':');
    uint64_t v = 0;
    if (colon == NULL || colon == address || (size_t)(colon - address) >= RB_LINK_HOST) return false;
    memcpy(host, address, (size_t)(colon - address));
    host[colon - address] = '\0';
    *port = colon + 1;
    for (const char *p = *port; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || v > 65535) return false;
        v = v * 10 + (uint64_t)(*p - '0');
    }
    return v >= 1 && v <= 65535;
}

void rb_lookup_start(struct rb_link *l, const char *address, rb_lookup_fn fn, void *ctx,
                     struct rb_lookup **out) {
    char host[RB_LINK_HOST];
    const char *port = NULL;
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct rb_lookup *k = NULL;
    *out = NULL;
    if (split(address, host, &port) && dns_ready(l)) k = calloc(1, sizeof *k);
    if (k == NULL) {
        fn(ctx, NULL, 0);
        return;
    }
    *k = (struct rb_lookup){.link = l, .fn = fn, .ctx = ctx};
    l->lookups++;
    /* NULL: on_answer has run, and k is gone */
    struct evdns_getaddrinfo_request *asked =
        evdns_getaddrinfo(l->dns, host, port, &hints, on_answer, k);
    if (asked == NULL) return;
    k->asked = asked;
    *out = k;
}

void rb_lookup_cancel(struct rb_lookup *k) {
    k->fn = NULL; /* on_answer still comes, and frees it */
    evdns_getaddrinfo_cancel(k->asked);
}

void rb_lookup_close(struct rb_link *l) {
    if (l->dns != NULL) evdns_base_free(l->dns, 1);
    l->dns = NULL;
}
