/* The side that asks. Requests wait in their lane in order; one is under way at a time. Whatever comes
 * of a request is told from the loop, never from within rb_link_request or rb_link_cancel. */
#include "client.h"
#include <assert.h>
#include <stdlib.h>

#define HEAD_ROOM (RB_LINK_HOST + RB_HTTP_MAX_TARGET + 128u)

static struct rb_out *out_of(struct rb_stream *s) { return (struct rb_out *)(void *)s; }

/* ---- requests ------------------------------------------------------------------------------ */
static void req_free(struct rb_out_req *r) {
    if (r->timer != NULL) event_free(r->timer);
    free(r->bytes);
    free(r);
}

/* off its lane; told from the loop */
static void req_fail(struct rb_out_req *r, const char *reason) {
    if (r->lane != NULL) TAILQ_REMOVE(&r->lane->queue, r, at);
    if (r->timer != NULL) event_del(r->timer);
    r->lane = NULL;
    r->reason = reason;
    TAILQ_INSERT_TAIL(&r->link->finished, r, at);
    event_active(r->link->report, EV_TIMEOUT, 0);
}

static void on_report(evutil_socket_t fd, short what, void *arg) {
    (void)fd, (void)what;
    struct rb_link *l = arg;
    const struct rb_slice none = {0};
    while (!TAILQ_EMPTY(&l->finished)) {
        struct rb_out_req *r = TAILQ_FIRST(&l->finished);
        uint64_t id = r->id;
        const char *reason = r->reason;
        TAILQ_REMOVE(&l->finished, r, at);
        req_free(r);
        l->ops.response(l->ops.ctx, id, 0, none, none, none, reason);
    }
}

void rb_lane_fail_all(struct rb_lane *a, const char *reason) {
    while (!TAILQ_EMPTY(&a->queue)) req_fail(TAILQ_FIRST(&a->queue), reason);
}

/* The request leaves its place early. One that is under way takes its connection with it, since the
 * answer would otherwise be taken for that of the next. */
static void req_give_up(struct rb_out_req *r, const char *reason) {
    struct rb_lane *a = r->lane;
    bool under_way = a->out != NULL && a->out->busy && TAILQ_FIRST(&a->queue) == r;
    req_fail(r, reason);
    if (under_way) rb_out_end(a->out);
    if (TAILQ_EMPTY(&a->queue) && a->dialling) rb_dial_abort(a);
    rb_lane_go(a);
}

static void req_timer(struct rb_out_req *r) {
    struct timeval tv = {(time_t)(r->timeout_ms / 1000), (suseconds_t)(r->timeout_ms % 1000 * 1000)};
    const struct rb_out *o = r->lane == NULL ? NULL : r->lane->out;
    r->moved = o == NULL ? 0 : rb_stream_moved(&o->s);
    if (event_add(r->timer, &tv) != 0) req_give_up(r, "no memory");
}

/* On a slow line a request, or the one that it waits behind, may take long: it is given up when too little
 * moves (spec 7.4.6). */
static void on_deadline(evutil_socket_t fd, short what, void *arg) {
    (void)fd, (void)what;
    struct rb_out_req *r = arg;
    if (r->lane == NULL) return;
    const struct rb_out *o = r->lane->out;
    uint64_t least = (uint64_t)r->timeout_ms * RB_LINK_MOVES_A_SECOND / 1000u;
    if (least < RB_LINK_MOVES) least = RB_LINK_MOVES;
    if (o != NULL && o->busy && rb_stream_moved(&o->s) >= r->moved + least)
        req_timer(r);
    else
        req_give_up(r, "timed out");
}

/* ---- connections ---------------------------------------------------------------------------- */
static void out_destroy(struct rb_stream *s) {
    struct rb_out *o = out_of(s);
    rb_message_reset(&o->m, s->link);
    free(o);
}

static size_t out_bodies(const struct rb_stream *s) {
    const struct rb_peer *p = ((const struct rb_out *)(const void *)s)->lane->peer;
    size_t n = 0;
    for (size_t i = 0; i < LANE_N; i++)
        if (p->lanes[i] != NULL && p->lanes[i]->out != NULL) n += p->lanes[i]->out->m.body_cap;
    return n;
}

void rb_out_end(struct rb_out *o) {
    if (o->s.state == RB_STREAM_DEAD) return;
    if (o->lane->out == o) o->lane->out = NULL;
    o->s.link->stats.conns_out--;
    rb_stream_doom(&o->s);
}

/* A key that we know another party by is not this one's, whatever its card lists; one that it had
 * shortly before is (spec 2.7.6, 7.1.3). */
static bool out_key(struct rb_stream *s, const struct rb_key *tls) {
    const struct rb_peer *p = out_of(s)->lane->peer;
    struct rb_hash party;
    if (s->link->ops.peer_by_tls(s->link->ops.ctx, tls, &party))
        return rb_hash_eq(&party, &p->party);
    return rb_key_eq(&p->tls, tls);
}

/* A kept connection may have been closed at the other end just now: then the request is sent once
 * more on a fresh one. All requests of this protocol may be repeated (spec 7.4.4). */
static void out_lost(struct rb_out *o, const char *why) {
    struct rb_lane *a = o->lane;
    struct rb_out_req *r = o->busy ? TAILQ_FIRST(&a->queue) : NULL;
    bool again = r != NULL && o->used && o->m.head_n == 0 && !r->again && !o->stale;
    rb_out_end(o);
    if (again)
        r->again = true;
    else if (r != NULL)
        req_fail(r, why);
    rb_lane_go(a);
}

/* the head is written so that it ends where the body begins: one buffer, one record if it fits */
static void out_send(struct rb_out *o, struct rb_out_req *r) {
    uint8_t head[HEAD_ROOM];
    struct rb_peer *p = o->lane->peer;
    struct rb_writer w = rb_writer(head, sizeof head);
    const uint8_t *target = r->bytes + HEAD_ROOM + r->body_n;
    size_t at = o->lane->address_i == 0 ? 0 : o->lane->address_i - 1; /* the one that was reached */
    const char *host = p->addresses[at];
    if (strncmp(host, RB_RELAY_PREFIX, sizeof RB_RELAY_PREFIX - 1) == 0)
        host += sizeof RB_RELAY_PREFIX - 1;
    rb_http_request_encode(r->post, rb_slice(target, r->target_n), rb_str(host),
                           r->body_n, &w);
    memcpy(r->bytes + HEAD_ROOM - w.n, head, w.n); /* bounds: rb_link_request checks the target */
    o->busy = true;
    rb_stream_deadline(&o->s, 0);
    enum rb_io io = rb_stream_send(&o->s, r->bytes + HEAD_ROOM - w.n, w.n + r->body_n);
    if (io == RB_IO_FAIL || io == RB_IO_EOF) out_lost(o, o->s.why);
}

void rb_lane_go(struct rb_lane *a) {
    if (TAILQ_EMPTY(&a->queue) || a->dialling) return;
    if (a->out == NULL)
        rb_dial_start(a);
    else if (!a->out->busy && !a->out->reporting)
        out_send(a->out, TAILQ_FIRST(&a->queue));
}

static void out_answered(struct rb_out *o) {
    struct rb_link *l = o->s.link;
    struct rb_lane *a = o->lane;
    struct rb_out_req *r = TAILQ_FIRST(&a->queue);
    uint64_t id = r->id;
    const struct rb_http_head *h = &o->m.h;
    TAILQ_REMOVE(&a->queue, r, at);
    req_free(r);
    o->busy = false;
    o->used = true;
    o->reporting = true;
    /* an answer that came before all was sent leaves a half-sent request on the line */
    bool last = h->close || rb_stream_sending(&o->s);
    l->retry_after_s = h->retry_after_s;
    l->ops.response(l->ops.ctx, id, h->status, h->content_type, rb_slice(o->m.body, o->m.body_n),
                    h->heads, "");
    l->retry_after_s = 0;
    o->reporting = false;
    rb_message_reset(&o->m, l);
    if (last || o->stale)
        rb_out_end(o);
    else
        rb_stream_deadline(&o->s, (uint64_t)l->cfg.idle_ms / 4u * 3u); /* before the other end does it */
    rb_lane_go(a);
}

static void out_shake(struct rb_out *o) {
    struct rb_link *l = o->s.link;
    bool connected = o->s.state == RB_STREAM_HANDSHAKE;
    enum rb_io io = rb_stream_handshake(&o->s);
    if (io == RB_IO_AGAIN) return;
    if (io == RB_IO_DONE) {
        o->s.party = o->lane->peer->party;
        rb_dial_done(o->lane);
        rb_lane_go(o->lane);
        return;
    }
    if (connected) {
        l->stats.handshakes_failed++;
        rb_link_log(l, RB_LOG_INFO, "handshake with a peer failed: %s", o->s.why);
    }
    rb_dial_failed(o->lane, o->s.why);
}

static void out_read(struct rb_out *o) {
    enum rb_io io = rb_message_read(&o->m, &o->s);
    if (io == RB_IO_AGAIN) return;
    if (io == RB_IO_DONE) {
        out_answered(o);
        return;
    }
    if (o->m.rj.err != RB_OK) {
        rb_link_log(o->s.link, RB_LOG_WARN, "answer of a peer refused: %s (%s, offset %llu)",
                    o->m.rj.what, o->m.rj.clause, (unsigned long long)o->m.rj.offset);
        o->s.link->stats.refused++;
        out_lost(o, "bad answer");
    } else {
        out_lost(o, o->s.why);
    }
}

static void out_ready(struct rb_stream *s) {
    struct rb_out *o = out_of(s);
    if (s->state != RB_STREAM_OPEN) {
        out_shake(o);
        return;
    }
    if (o->busy) {
        if (rb_stream_sending(s)) (void)rb_stream_flush(s); /* a failure shows in reading, too */
        out_read(o);
        return;
    }
    uint8_t one;
    size_t n = 0;
    if (rb_stream_read(s, &one, 1, &n) != RB_IO_AGAIN) rb_out_end(o); /* closed, or not asked for */
}

static void out_expired(struct rb_stream *s) { rb_out_end(out_of(s)); /* idle */ }

const struct rb_stream_ops rb_out_ops = {out_key, out_ready, out_expired, out_bodies, NULL, out_destroy};

/* ---- the two calls --------------------------------------------------------------------------- */
static bool is_held(bool post, struct rb_slice target) { /* spec 7.4.5 */
    struct rb_slice path = rb_slice_sub(target, 0, rb_slice_find(target, 0, '?'));
    return !post && path.n >= 5 && memcmp(path.p + path.n - 5, "/news", 5) == 0;
}

static struct rb_lane *choose_lane(struct rb_peer *p, bool held, bool urgent) {
    size_t i = LANE_NEWS;
    if (!held) return rb_peer_lane(p, urgent ? LANE_URGENT : LANE_NORMAL);
    while (i < LANE_N - 1 && p->lanes[i] != NULL && !TAILQ_EMPTY(&p->lanes[i]->queue)) i++;
    return rb_peer_lane(p, i);
}

static bool req_fill(struct rb_out_req *r, const struct rb_effect *ef) {
    struct rb_slice target = ef->u.request.path, body = ef->u.request.body;
    assert(target.n > 0 && target.n <= RB_HTTP_MAX_TARGET && body.n <= RB_MAX_REQUEST);
    r->bytes = malloc(HEAD_ROOM + body.n + target.n);
    if (r->bytes == NULL) return false;
    if (body.n > 0) memcpy(r->bytes + HEAD_ROOM, body.p, body.n);
    memcpy(r->bytes + HEAD_ROOM + body.n, target.p, target.n);
    r->target_n = target.n;
    r->body_n = body.n;
    r->post = ef->u.request.post;
    r->deadline_ms = rb_link_now_ms() + ef->u.request.timeout_ms;
    r->timeout_ms = ef->u.request.timeout_ms;
    struct timeval tv = {(time_t)(r->timeout_ms / 1000), (suseconds_t)(r->timeout_ms % 1000 * 1000)};
    r->timer = event_new(r->link->base, -1, 0, on_deadline, r);
    return r->timer != NULL && event_add(r->timer, &tv) == 0;
}

enum rb_err rb_link_request(struct rb_link *l, const struct rb_effect *ef) {
    struct rb_peer *p = NULL;
    struct rb_out_req *r = calloc(1, sizeof *r);
    if (r == NULL) return RB_ERR_LIMIT; /* an answer that cannot be noted would never come */
    r->link = l;
    r->id = ef->u.request.request;
    l->stats.requests_out++;
    if (rb_peer_get(l, ef, &p) != RB_OK || p->addresses_n == 0) {
        req_fail(r, "no address");
        return RB_OK;
    }
    bool held = is_held(ef->u.request.post, ef->u.request.path);
    struct rb_lane *lane = choose_lane(p, held, ef->u.request.urgent);
    if (lane == NULL || !req_fill(r, ef)) {
        req_fail(r, "no memory");
        return RB_OK;
    }
    r->lane = lane;
    if (lane->out != NULL) r->moved = rb_stream_moved(&lane->out->s);
    TAILQ_INSERT_TAIL(&r->lane->queue, r, at);
    rb_lane_go(r->lane);
    return RB_OK;
}

void rb_link_cancel(struct rb_link *l, uint64_t request) {
    struct rb_peer *p;
    struct rb_out_req *r;
    LIST_FOREACH(p, &l->peers, all)
    for (size_t i = 0; i < LANE_N; i++) {
        if (p->lanes[i] == NULL) continue;
        TAILQ_FOREACH(r, &p->lanes[i]->queue, at) if (r->id == request) {
            req_give_up(r, "cancelled");
            return;
        }
    }
}

enum rb_err rb_client_open(struct rb_link *l) {
    l->report = event_new(l->base, -1, 0, on_report, l);
    return l->report == NULL ? RB_ERR_BUSY : RB_OK;
}

void rb_client_close(struct rb_link *l) {
    struct rb_peer *p;
    while ((p = LIST_FIRST(&l->peers)) != NULL) {
        for (size_t i = 0; i < LANE_N; i++)
            if (p->lanes[i] != NULL) rb_lane_fail_all(p->lanes[i], "cancelled");
        rb_peer_free(p);
    }
    while (!TAILQ_EMPTY(&l->finished)) {
        struct rb_out_req *r = TAILQ_FIRST(&l->finished);
        TAILQ_REMOVE(&l->finished, r, at);
        req_free(r);
    }
    if (l->report != NULL) event_free(l->report);
}
