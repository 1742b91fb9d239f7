/* Simulated network: REQUEST -> RECV -> RESPOND -> RESPONSE. Both sides pin each other's TLS key, as the
 * link does. Each message has its own latency, so that they overtake one another; what is lost or cut
 * shows only as a time-out. */
#include "internal.h"
#include <stdlib.h>

#define DEFAULT_TIMEOUT_US 30000000u
#define REQUEST_HEAD 220u /* bytes of head and TLS about a message */
#define ANSWER_HEAD 200u
#define TURN 64u /* bytes that a connection sends in its turn */
enum { CONNECTION_NORMAL, CONNECTION_URGENT, CONNECTION_HELD, CONNECTIONS };

static struct sim_request *request_find(struct sim *s, uint64_t id, size_t *at) {
    size_t lo = 0, hi = s->requests_n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->requests[mid]->id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == s->requests_n || s->requests[lo]->id != id) return NULL;
    if (at) *at = lo;
    return s->requests[lo];
}

static void request_free(struct sim_request *r) {
    free(r->path);
    free(r->body);
    free(r->reply);
    free(r);
}

static struct sim_request *request_take(struct sim *s, uint64_t id) {
    size_t at;
    struct sim_request *r = request_find(s, id, &at);
    if (!r) return NULL;
    s->requests_n--;
    memmove(&s->requests[at], &s->requests[at + 1], (s->requests_n - at) * sizeof *s->requests);
    return r;
}

void net_free(struct sim *s) {
    for (size_t i = 0; i < s->requests_n; i++) request_free(s->requests[i]);
    free(s->requests);
    for (size_t i = 0; i < SIM_MAX_PARTIES; i++)
        for (size_t j = 0; j <= SIM_WIRE_OUT; j++) free(s->wires[i][j].t);
}

static uint8_t *copy(struct rb_slice in) {
    uint8_t *p = sim_alloc(in.n + 1);
    if (in.n) memcpy(p, in.p, in.n);
    return p;
}

/* false: the message is lost on the way */
static bool travels(struct sim *s, const struct sim_party *a, const struct sim_party *b, uint64_t *us) {
    const struct sim_link *l = &s->links[a->index][b->index];
    *us = sim_in_range(s, l->latency);
    bool lost = l->loss_ppm && sim_random_below(s, 1000000) < l->loss_ppm;
    return !l->cut && !lost;
}

/* ---- lines of limited speed ------------------------------------------------------------------------ */
/* the first message of the connection that comes next after the one before */
static size_t next_turn(const struct sim_wire *w) {
    size_t best = 0;
    for (size_t i = 1; i < w->n; i++) {
        unsigned a = w->t[i].connection - w->last - 1, b = w->t[best].connection - w->last - 1;
        if (a < b) best = i; /* unsigned: those up to `last` come last */
    }
    return best;
}

static size_t turn_of(const struct sim_transfer *t) { return t->left < TURN ? t->left : TURN; }

static uint32_t speed_of(const struct sim *s, const struct sim_party *from, size_t to) {
    if (to == SIM_WIRE_OUT || to == from->index) return from->access;
    return s->links[from->index][to].bytes_per_s;
}

static void line_turn(struct sim *s, struct sim_party *from, size_t to) {
    struct sim_wire *w = &s->wires[from->index][to];
    uint32_t speed = speed_of(s, from, to);
    w->busy = w->n > 0;
    if (!w->busy) return;
    uint64_t us = speed ? turn_of(&w->t[next_turn(w)]) * 1000000ull / speed : 0;
    sim_push(s, from, SIM_LINE, us + 1)->id = to;
}

static void delivered(struct sim *s, struct sim_request *r, bool is_answer, uint64_t us) {
    sim_push(s, is_answer ? r->from : r->to, is_answer ? SIM_ANSWER : SIM_ARRIVE, us)->id = r->id;
}

static const struct sim_link *link_of(const struct sim *s, const struct sim_request *r, bool is_answer) {
    return is_answer ? &s->links[r->to->index][r->from->index] : &s->links[r->from->index][r->to->index];
}

/* a turn is over */
static void line_event(struct sim *s, const struct sim_event *e) {
    struct sim_wire *w = &s->wires[e->party->index][e->id];
    size_t i = next_turn(w);
    struct sim_transfer *t = &w->t[i];
    struct sim_request *r = request_find(s, t->request, NULL);
    t->left -= turn_of(t);
    for (size_t k = 0; k < s->requests_n; k++)
        if (s->requests[k]->connection == t->connection) s->requests[k]->moved = true;
    w->last = t->connection;
    if (t->left == 0 || !r) {
        if (r) delivered(s, r, t->answer, sim_in_range(s, link_of(s, r, t->answer)->latency));
        memmove(t, t + 1, (--w->n - i) * sizeof *t);
    }
    line_turn(s, e->party, (size_t)e->id);
}

/* A message leaves: it is there after its latency, or once the line has carried it. */
static void carry(struct sim *s, struct sim_request *r, bool is_answer, size_t bytes, uint64_t us) {
    struct sim_party *a = is_answer ? r->to : r->from, *b = is_answer ? r->from : r->to;
    struct sim_party *at = b->access ? b : a;
    size_t to = b->access ? b->index : a->access ? SIM_WIRE_OUT : b->index;
    struct sim_wire *w = &s->wires[at->index][to];
    if (speed_of(s, at, to) == 0) {
        delivered(s, r, is_answer, us);
        return;
    }
    w->t = sim_grow(w->t, &w->cap, w->n + 1, sizeof *w->t);
    w->t[w->n++] = (struct sim_transfer){r->id, r->connection, bytes, is_answer};
    if (!w->busy) line_turn(s, at, to);
}

static struct sim_party *by_hash(struct sim *s, const struct rb_hash *h) {
    for (size_t i = 0; i < s->parties_n; i++)
        if (rb_hash_eq(&s->parties[i]->hash, h)) return s->parties[i];
    return NULL;
}

/* the asking side's pin: the key on the card it goes by is the key the other side shows */
static bool pin_ok(struct rb_slice card, const struct sim_party *to) {
    if (rb_slice_eq(card, sim_card(to))) return true; /* made here with that key; reading it costs */
    size_t n = (size_t)8 * RB_MAX_CARD;
    uint8_t *mem = sim_alloc(n);
    struct rb_arena work = rb_arena(mem, n);
    struct rb_card c;
    struct rb_reject rj;
    bool ok = rb_card_decode(card, &c, &work, &rj) == RB_OK && rb_key_eq(&c.tls, &to->tls.pub);
    free(mem);
    return ok;
}

static void fail_in(struct sim *s, struct sim_request *r, const char *reason, uint64_t us) {
    r->status = 0;
    r->reason = reason;
    r->answered = true;
    sim_push(s, r->from, SIM_ANSWER, us)->id = r->id;
}

void net_request(struct sim_party *p, const struct rb_effect *ef) {
    struct sim *s = p->sim;
    struct sim_request *r = sim_alloc(sizeof *r);
    r->id = ++s->next_request;
    r->from = p;
    r->from_life = p->life;
    r->to = by_hash(s, &ef->u.request.peer);
    r->node_id = ef->u.request.request;
    r->post = ef->u.request.post;
    r->path = (char *)copy(ef->u.request.path);
    char *q = strchr(r->path, '?');
    if (q) *q++ = 0;
    r->query = q ? q : r->path + strlen(r->path);
    r->body = copy(ef->u.request.body);
    r->body_n = ef->u.request.body.n;
    size_t whom = r->to ? r->to->index : 0;
    r->connection = (unsigned)(p->index * SIM_MAX_PARTIES + whom) * CONNECTIONS +
                    (ef->u.request.urgent                     ? CONNECTION_URGENT
                     : strcmp(r->path, "/rb/v1/news") == 0 ? CONNECTION_HELD
                                                              : CONNECTION_NORMAL);
    s->requests = sim_grow(s->requests, &s->requests_cap, s->requests_n + 1, sizeof *s->requests);
    s->requests[s->requests_n++] = r;
    if (!r->to) {
        fail_in(s, r, "no route", 1000);
        return;
    }
    if (!pin_ok(ef->u.request.card, r->to)) {
        fail_in(s, r, "key not pinned", 1000);
        return;
    }
    uint64_t limit = ef->u.request.timeout_ms ? ef->u.request.timeout_ms * 1000ull : DEFAULT_TIMEOUT_US;
    r->limit_us = limit;
    sim_push(s, p, SIM_TIMEOUT, limit)->id = r->id;
    uint64_t us;
    bool deaf = s->links[p->index][r->to->index].deaf;
    if (travels(s, p, r->to, &us) && !deaf) carry(s, r, false, REQUEST_HEAD + r->body_n + strlen(r->path), us);
}

static void arrive(struct sim *s, struct sim_request *r) {
    if (!r->to->up) {
        fail_in(s, r, "refused", s->links[r->to->index][r->from->index].latency.min_us);
        return;
    }
    r->arrived = true;
    r->to_life = r->to->life;
    struct rb_event ev = {.type = RB_EV_RECV};
    ev.u.recv.conn = r->id;
    ev.u.recv.has_peer = rb_node_peer_by_tls(r->to->node, &r->from->tls.pub, &ev.u.recv.peer);
    ev.u.recv.post = r->post;
    ev.u.recv.path = rb_str(r->path);
    ev.u.recv.query = rb_str(r->query);
    ev.u.recv.body = rb_slice(r->body, r->body_n);
    sim_step(r->to, &ev); /* r may be gone after this */
}

void net_respond(struct sim_party *p, const struct rb_effect *ef) {
    struct sim *s = p->sim;
    struct sim_request *r = request_find(s, ef->u.respond.conn, NULL);
    if (!r) return; /* the other side has gone away; its CLOSED is on the way */
    if (r->to != p || r->to_life != p->life || !r->arrived || r->answered) {
        sim_break(s, "%s answered connection %llu out of turn", p->handle,
                  (unsigned long long)ef->u.respond.conn);
        return;
    }
    r->answered = true;
    r->status = ef->u.respond.status;
    const char *type = ef->u.respond.content_type ? ef->u.respond.content_type : "";
    struct rb_writer w = rb_writer(r->content_type, sizeof r->content_type);
    rb_put_z(&w, type);
    (void)rb_writer_z(&w);
    memcpy(r->heads, ef->u.respond.heads, sizeof ef->u.respond.heads);
    r->retry_after_s = ef->u.respond.retry_after_s;
    r->reply = copy(ef->u.respond.body);
    r->reply_n = ef->u.respond.body.n;
    uint64_t us;
    if (travels(s, p, r->from, &us)) carry(s, r, true, ANSWER_HEAD + r->reply_n, us);
}

static void tell_closed(struct sim *s, const struct sim_request *r) {
    if (!r->arrived || r->answered || !r->to->up || r->to->life != r->to_life) return;
    uint64_t us;
    (void)travels(s, r->from, r->to, &us);
    struct sim_event *e = sim_push(s, r->to, SIM_CLOSED, us);
    e->id = r->id;
    e->life = r->to_life;
}

static void answer(struct sim_request *r) {
    struct sim_party *p = r->from;
    if (!p->up || p->life != r->from_life) return;
    struct rb_event ev = {.type = RB_EV_RESPONSE};
    ev.u.response.request = r->node_id;
    ev.u.response.status = r->status;
    ev.u.response.content_type = rb_str(r->content_type);
    ev.u.response.body = rb_slice(r->reply, r->reply_n);
    ev.u.response.heads = rb_str(r->heads);
    ev.u.response.retry_after_s = r->retry_after_s;
    ev.u.response.reason = r->reason ? r->reason : "";
    sim_step(p, &ev);
}

void net_cancel(struct sim_party *p, uint64_t node_id) {
    struct sim *s = p->sim;
    for (size_t i = 0; i < s->requests_n; i++) {
        struct sim_request *r = s->requests[i];
        if (r->from != p || r->from_life != p->life || r->node_id != node_id) continue;
        tell_closed(s, r);
        request_free(request_take(s, r->id));
        return;
    }
}

/* a process died: its connections end; who waited for it hears so */
void net_party_down(struct sim_party *p) {
    struct sim *s = p->sim;
    for (size_t i = s->requests_n; i-- > 0;) {
        struct sim_request *r = s->requests[i];
        if (r->from == p && r->from_life == p->life) {
            tell_closed(s, r);
            request_free(request_take(s, r->id));
        } else if (r->to == p && r->arrived && !r->answered && r->to_life == p->life) {
            fail_in(s, r, "connection closed", s->links[p->index][r->from->index].latency.min_us);
        }
    }
}

/* as the link does: given up when nothing of it moved for so long */
static void timed_out(struct sim *s, uint64_t id) {
    struct sim_request *r = request_find(s, id, NULL);
    if (r && r->moved) {
        r->moved = false;
        sim_push(s, r->from, SIM_TIMEOUT, r->limit_us)->id = id;
        return;
    }
    if (!r) return;
    (void)request_take(s, id);
    tell_closed(s, r);
    r->status = 0;
    r->reason = "timed out";
    r->content_type[0] = r->heads[0] = 0;
    r->reply_n = 0;
    answer(r);
    request_free(r);
}

void net_event(struct sim *s, const struct sim_event *e) {
    if (e->what == SIM_TIMEOUT) {
        timed_out(s, e->id);
        return;
    }
    if (e->what == SIM_CLOSED) {
        if (!e->party->up || e->party->life != e->life) return;
        struct rb_event ev = {.type = RB_EV_CLOSED};
        ev.u.closed.conn = e->id;
        sim_step(e->party, &ev);
        return;
    }
    if (e->what == SIM_LINE) {
        line_event(s, e);
        return;
    }
    struct sim_request *r = request_find(s, e->id, NULL);
    if (!r) return;
    if (e->what == SIM_ARRIVE) {
        arrive(s, r);
        return;
    }
    request_take(s, e->id);
    answer(r);
    request_free(r);
}
