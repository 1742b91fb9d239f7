/* Names to addresses without blocking the loop. The system's resolver file is read again before each
 * burst of questions, since a node may move between networks. */
#include "internal.h"
#include <event2/dns.h>
#include <event2/util.h>
#include <stdlib.h>

struct rb_lookup {
    struct rb_link *link;
    rb_lookup_fn fn; /* NULL: cancelled */
    void *ctx;
    struct evdns_getaddrinfo_request *asked;
};

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

void rb_lookup_start(struct rb_link *l, const char *address, rb_lookup_fn fn, void *ctx,
                     struct rb_lookup **out) {
    char host[RB_LINK_HOST];
    const char *digits = NULL;
    uint16_t port = 0;
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct rb_lookup *k = NULL;
    *out = NULL;
    if (rb_endpoint_split(address, host, &digits, &port) && port != 0 && dns_ready(l))
        k = calloc(1, sizeof *k);
    if (k == NULL) {
        fn(ctx, NULL, 0);
        return;
    }
    *k = (struct rb_lookup){.link = l, .fn = fn, .ctx = ctx};
    l->lookups++;
    /* NULL: on_answer has run, and k is gone */
    struct evdns_getaddrinfo_request *asked =
        evdns_getaddrinfo(l->dns, host, digits, &hints, on_answer, k);
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
