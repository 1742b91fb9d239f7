#include "fixture_guard.h"
#include "fixture_check.h"
#include <stdio.h>
#include <stdlib.h>
#include "readback/party.h"
#include "readback/text.h"

void fg_copy(const struct fn_party *p, struct fg_copy *out) {
    out->items = calloc(p->items_n ? p->items_n : 1, sizeof *out->items);
    out->items_n = p->items_n;
    CHECK(out->items);
    for (size_t i = 0; i < p->items_n; i++) {
        struct rb_effect *e = &out->items[i].ef;
        *e = p->items[i].ef;
        e->u.store.key = fn_dup(e->u.store.key);
        e->u.store.value = fn_dup(e->u.store.value);
        e->u.store.leaf = fn_dup(e->u.store.leaf);
        e->u.store.note = fn_dup(e->u.store.note);
    }
    memcpy(out->heads.heads, p->heads, sizeof p->heads);
    out->heads.heads_n = p->heads_n;
}

void fg_put_back(struct fn_party *p, struct fg_copy *c, bool heads) {
    while (p->items_n)
        fn_lose_item(p, p->items_n - 1);
    free(p->items);
    p->items = c->items;
    p->items_n = p->items_cap = c->items_n;
    c->items = NULL;
    if (!heads) return;
    memcpy(p->heads, c->heads.heads, sizeof p->heads);
    p->heads_n = c->heads.heads_n;
}

struct rb_channel_view fg_view(struct fn_party *p, const uint8_t channel[16]) {
    struct rb_channel_view v;
    CHECK(rb_node_channel_by_id(p->rb, channel, &v));
    return v;
}

size_t fg_alerts(const struct fn_party *p, enum rb_alert_type type) {
    size_t k = 0;
    for (size_t i = 0; i < p->alerts_n; i++)
        k += p->alerts[i].u.alert.alert == type;
    return k;
}

static void log_key(struct fn_party *p) {
    char name[32];
    struct rb_hash h;
    (void)snprintf(name, sizeof name, "%s/log/%zu", p->handle, p->logs_n);
    rb_sha256(rb_str(name), &h);
    CHECK(p->logs_n < 8);
    rb_ed25519_from_seed(h.b, &p->log[p->logs_n++]);
}

struct rb_slice fg_delegation(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                              uint64_t stood) {
    static uint8_t out[2048];
    static char origin[RB_MAX_ORIGIN];
    uint8_t payload[1024], tbs[2048], sig[64];
    struct rb_channel_view v = fg_view(p, channel);
    struct rb_writer o = rb_writer(origin, sizeof origin), pl = rb_writer(payload, sizeof payload),
                     t = rb_writer(tbs, sizeof tbs), s = rb_writer(out, sizeof out);
    CHECK(rb_node_next_origin(p->rb, channel, &o) == RB_OK);
    log_key(p);
    struct rb_delegation d = {.party = p->party.pub,
                              .origin = rb_written(&o),
                              .log = p->log[p->logs_n - 1].pub,
                              .has_previous = true,
                              .previous_origin = rb_slice(v.own_feed->origin, v.own_feed->origin_n),
                              .previous_size = stood == UINT64_MAX ? v.signed_size : stood,
                              .issued_utc_ms = w->utc_ms};
    rb_delegation_encode(&d, &pl);
    rb_party_tbs(rb_written(&pl), &p->party.pub, &t);
    rb_ed25519_sign(&p->party, rb_written(&t), sig);
    CHECK(rb_party_assemble(rb_written(&pl), &p->party.pub, sig, &s) == RB_OK);
    return rb_written(&s);
}

static struct rb_slice leaf_of(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                               struct rb_slice delegation, struct rb_slice origin) {
    static uint8_t out[8192];
    uint8_t body[2600];
    struct rb_writer b = rb_writer(body, sizeof body);
    rb_carried_encode(delegation, &b);
    return fn_leaf(w, p, channel, RB_KIND_DELEGATION, rb_written(&b), origin, out, sizeof out);
}

static enum rb_err submit(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                          struct rb_event *ev) {
    ev->type = RB_EV_SUBMIT;
    memcpy(ev->u.submit.channel, channel, 16);
    memset(&p->done, 0, sizeof p->done);
    fn_event(w, p, ev);
    return p->done.type == RB_EF_DONE ? p->done.u.done.reject.err : RB_ERR_INTERNAL;
}

enum rb_err fg_epoch(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                     uint64_t stood) {
    char origin[RB_MAX_ORIGIN];
    struct rb_writer o = rb_writer(origin, sizeof origin);
    struct rb_event ev = {0};
    CHECK(rb_node_next_origin(p->rb, channel, &o) == RB_OK);
    ev.u.submit.what = RB_SUBMIT_EPOCH;
    ev.u.submit.delegation =
        leaf_of(w, p, channel, fg_delegation(w, p, channel, stood), rb_written(&o));
    return submit(w, p, channel, &ev);
}

enum rb_err fg_override(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                        const char *reason) {
    struct rb_event ev = {0};
    ev.u.submit.what = RB_SUBMIT_OVERRIDE;
    ev.u.submit.reason = rb_str(reason);
    return submit(w, p, channel, &ev);
}

enum rb_err fg_test(struct fn_world *w, struct fn_party *p, const uint8_t channel[16]) {
    struct rb_event ev = {0};
    ev.u.submit.what = RB_SUBMIT_TEST;
    return submit(w, p, channel, &ev);
}
