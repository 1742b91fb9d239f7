/* Creating the node, stepping it, and the list of effects. */
#include "fork.h"
#include "guard.h"
#include <assert.h>

#define NODE_MIN_CAP ((size_t)64 << 20)
#define RB_ROOM_SPARE ((size_t)1 << 20) /* of the step, for small things */

const char *rb_alert_name(enum rb_alert_type a) {
    switch (a) {
    case RB_ALERT_RECORD:
        return "record";
    case RB_ALERT_HELD:
        return "held";
    case RB_ALERT_INVITED:
        return "invited";
    case RB_ALERT_LINK_UP:
        return "link-up";
    case RB_ALERT_LINK_DOWN:
        return "link-down";
    case RB_ALERT_DUE_MISSED:
        return "due-missed";
    case RB_ALERT_FORK:
        return "fork";
    case RB_ALERT_REFUSED:
        return "refused";
    case RB_ALERT_WAITING:
        return "waiting";
    case RB_ALERT_CONFLICT:
        return "conflict";
    case RB_ALERT_REMINDER:
        return "reminder";
    case RB_ALERT_GUARD:
        return "guard";
    case RB_ALERT_ADVANCE:
        return "advance";
    case RB_ALERT_BODY:
        return "body";
    default:
        return "?";
    }
}

/* The range is cut once: node, effects, then half for what lives long, a quarter for the situation,
 * the rest for one step. Untouched pages cost nothing. */
struct rb_node *rb_node_create(void *mem, size_t cap) {
    if (cap < NODE_MIN_CAP) return NULL;
    uint8_t *at = mem, *end = at + cap;
    struct rb_node *n = mem;
    at += (sizeof *n + 4095) & ~(size_t)4095;
    n->effects = (struct rb_effect *)(void *)at;
    at += (RB_EFFECTS_CAP * sizeof *n->effects + 4095) & ~(size_t)4095;
    if (at >= end) return NULL;
    size_t left = ((size_t)(end - at) / 8) & ~(size_t)4095;
    rb_region_init(&n->region, at, left * 4);
    n->sit_arena = rb_arena(at + left * 4, left * 2);
    rb_live_init(&n->live, &n->sit_arena);
    n->step_arena = rb_arena(at + left * 6, left);
    n->work = rb_arena(at + left * 7, left);
    n->next_id = 1;
    n->next_ticket = 1;
    n->next_outbox = 1;
    n->limits = (struct rb_node_limits){RB_DAY_LEAVES, RB_DAY_BYTES};
    return n;
}

void rb_node_memory(const struct rb_node *n, uint64_t *used, uint64_t *cap) {
    *used = n->region.used;
    *cap = n->region.cap;
}

void rb_node_limits_set(struct rb_node *n, const struct rb_node_limits *l) {
    n->limits = *l;
}

struct rb_effect *node_effect(struct rb_node *n, enum rb_effect_type type) {
    /* The last slot swallows what does not fit; the step then says RB_ERR_LIMIT. */
    if (n->effects_n == RB_EFFECTS_CAP) {
        n->overflow = true;
        n->effects_n--;
    }
    struct rb_effect *e = &n->effects[n->effects_n++];
    memset(e, 0, sizeof *e);
    e->type = type;
    return e;
}

bool node_room(const struct rb_node *n, size_t bytes) {
    size_t left = n->step_arena.cap - n->step_arena.used;
    return !n->overflow && n->effects_n < RB_EFFECTS_CAP / 2 && left > RB_ROOM_SPARE &&
           bytes < left - RB_ROOM_SPARE;
}

uint64_t node_id(struct rb_node *n) {
    return n->next_id++;
}

uint16_t node_rand16(struct rb_node *n) {
    struct rb_hash h;
    rb_sha256(rb_slice(n->entropy, sizeof n->entropy), &h);
    memcpy(n->entropy, h.b, sizeof n->entropy);
    return (uint16_t)(h.b[0] << 8 | h.b[1]);
}

struct rb_slice node_keep(struct rb_node *n, struct rb_slice in) {
    struct rb_slice out = {NULL, 0};
    if (rb_arena_copy(&n->step_arena, in, &out) != RB_OK) n->overflow = true;
    return out;
}

struct rb_writer node_writer(struct rb_node *n, size_t cap) {
    void *p = rb_arena_alloc(&n->step_arena, cap);
    if (!p) n->overflow = true;
    return rb_writer(p, p ? cap : 0);
}

uint64_t node_store_meta(struct rb_node *n, uint8_t table, struct rb_slice key,
                         struct rb_slice value) {
    struct rb_effect *e = node_effect(n, RB_EF_STORE);
    e->u.store.ticket = n->next_ticket;
    e->u.store.item = RB_ITEM_META;
    e->u.store.table = table;
    e->u.store.key = node_keep(n, key);
    if (value.p) e->u.store.value = node_keep(n, value);
    return n->next_ticket++;
}

uint64_t node_store_leaf(struct rb_node *n, const struct feedx *fx, uint64_t index,
                         struct rb_slice leaf, int16_t mark) {
    struct rb_effect *e = node_effect(n, RB_EF_STORE);
    e->u.store.ticket = n->next_ticket;
    e->u.store.item = RB_ITEM_LEAF;
    e->u.store.feed = node_feed_ref(fx);
    e->u.store.index = index;
    e->u.store.leaf = leaf;
    if (leaf.p) e->u.store.hash = fx->f->tree.level[0].h[index];
    e->u.store.mark = mark;
    return n->next_ticket++;
}

struct job *node_job(struct rb_node *n, enum job_type type) {
    struct job *j = rb_region_alloc(&n->region, sizeof *j);
    if (!j) {
        n->overflow = true;
        return NULL;
    }
    j->type = type;
    j->id = node_id(n);
    j->next = n->jobs;
    n->jobs = j;
    return j;
}

struct job *node_job_find(struct rb_node *n, uint64_t id) {
    for (struct job *j = n->jobs; j; j = j->next)
        if (j->id == id) return j;
    return NULL;
}

void node_job_free(struct rb_node *n, struct job *j) {
    for (struct job **at = &n->jobs; *at; at = &(*at)->next)
        if (*at == j) {
            *at = j->next;
            buf_free(n, &j->buf);
            buf_free(n, &j->list);
            rb_region_free(&n->region, j, sizeof *j);
            return;
        }
    assert(false); /* a job that is not listed: our mistake */
}

void node_alert(struct rb_node *n, enum rb_alert_type a, struct channel *ch,
                const struct rb_hash *record, uint16_t member, const struct rb_hash *peer,
                uint8_t precedence, uint64_t size, const struct rb_reject *rj) {
    struct rb_effect *e = node_effect(n, RB_EF_ALERT);
    e->u.alert.alert = a;
    if (ch) {
        e->u.alert.has_channel = true;
        memcpy(e->u.alert.channel, ch->id, RB_CHANNEL_LEN);
    }
    if (record) {
        e->u.alert.has_record = true;
        e->u.alert.record = *record;
    }
    e->u.alert.member = member;
    if (peer) e->u.alert.peer = *peer;
    e->u.alert.precedence = precedence;
    e->u.alert.size = size;
    if (rj) e->u.alert.reject = *rj;
}

void node_feed_key(const struct feedx *fx, uint8_t key[20]) {
    struct rb_writer w = rb_writer(key, 20);
    rb_put(&w, fx->ch->id, RB_CHANNEL_LEN);
    rb_put_u16(&w, fx->f->member);
    rb_put_u16(&w, fx->f->epoch);
}

struct rb_feed_ref node_feed_ref(const struct feedx *fx) {
    struct rb_feed_ref r = {.member = fx->f->member, .epoch = fx->f->epoch};
    memcpy(r.channel, fx->ch->id, RB_CHANNEL_LEN);
    return r;
}

/* What had to wait for the disk. Jobs may add jobs and free themselves: start over after each. */
static void stored(struct rb_node *n, uint64_t ticket) {
    n->stored_ticket = ticket;
    for (bool again = true; again;) {
        again = false;
        for (struct job *j = n->jobs; j; j = j->next) {
            if (j->ticket == 0 || j->ticket > ticket) continue;
            j->ticket = 0;
            again = true;
            if (j->type == JOB_TAKE) {
                take_stored(n, j);
            } else if (j->type == JOB_STORED_REPLY) {
                serve_respond(n, j->ch, j->conn, j->status, "text/plain", buf_slice(&j->buf));
                node_job_free(n, j);
            } else if (j->type == JOB_DONE) {
                *node_effect(n, RB_EF_DONE) = j->done;
                node_job_free(n, j);
            } else if (j->type == JOB_HELD) {
                node_alert(n, RB_ALERT_HELD, j->ch, NULL, j->member, NULL, RB_ROUTINE, j->to, NULL);
                node_job_free(n, j);
            } else {
                again = false;
                continue;
            }
            break;
        }
    }
    for (size_t c = 0; c < n->channels_n; c++)
        for (size_t i = 0; i < n->channels[c]->feeds_n; i++) {
            struct feedx *fx = n->channels[c]->feeds[i];
            if (feed_landed(fx, ticket) && fx->own) own_stored(n, fx);
        }
    for (size_t c = 0; c < n->channels_n; c++) /* what is durable can be opened */
        for (size_t i = 0; i < 3; i++)
            if (n->channels[c]->opening[i].first) n->channels[c]->body_work = true;
}

static void signed_event(struct rb_node *n, const struct rb_event *ev) {
    struct job *j = node_job_find(n, ev->u.sig.token);
    if (!j) return;
    if (j->type == JOB_SIGN_LOG)
        own_signed(n, j, ev->u.sig.err, ev->u.sig.sig);
    else if (j->type == JOB_SIGN_MIRROR)
        take_signed(n, j, ev->u.sig.err, ev->u.sig.sig);
    else if (j->type == JOB_SIGN_NODE)
        machine_signed(n, j, ev->u.sig.err, ev->u.sig.sig);
}

static void loaded_event(struct rb_node *n, const struct rb_event *ev) {
    if (!n->started) {
        load_item(n, ev);
        return;
    }
    struct job *j = node_job_find(n, ev->u.loaded.token);
    if (!j) return;
    if (j->type == JOB_PUSH_LOAD)
        push_loaded(n, j, ev);
    else if (j->type == JOB_FEED_LOAD || j->type == JOB_TILE_LOAD)
        serve_loaded(n, j, ev);
    else if (j->type == JOB_BODY_LOAD)
        carry_loaded(n, j, ev);
    else if (j->type == JOB_OFFER_LOAD)
        offer_loaded(n, j, ev);
    else if (j->type == JOB_BRANCH_LOAD)
        branch_loaded(n, j, ev);
    else if (j->type == JOB_ADVANCE_LOAD)
        advance_loaded(n, j, ev);
}

static void response_event(struct rb_node *n, const struct rb_event *ev) {
    struct job *j = node_job_find(n, ev->u.response.request);
    if (!j) return;
    share_answered(n, j, ev);
    if (j->peer) {
        if (ev->u.response.status > 0)
            node_peer_ok(n, j->peer);
        else
            node_peer_failed(n, j->peer,
                             ev->u.response.reason ? ev->u.response.reason : "no answer");
        if (j->ch && ev->u.response.heads.n)
            pull_note_heads(n, j->ch, j->peer, ev->u.response.heads);
    }
    if (j->type == JOB_REQ_PUSH)
        push_response(n, j, ev);
    else if (j->type == JOB_REQ_OWN)
        push_proof(n, j, ev);
    else if (j->type == JOB_REQ_HELD || j->type == JOB_REQ_BRING)
        guard_response(n, j, ev);
    else if (j->type == JOB_REQ_LOST)
        lost_response(n, j, ev);
    else if (j->type == JOB_REQ_BODY)
        fetch_response(n, j, ev);
    else if (j->type == JOB_REQ_ASK || j->type == JOB_REQ_OFFER)
        offer_response(n, j, ev);
    else if (j->type == JOB_REQ_EVIDENCE || j->type == JOB_REQ_EVIDENCE_LIST ||
             j->type == JOB_REQ_ROOT || j->type == JOB_REQ_BRANCH ||
             j->type == JOB_REQ_BRING_BRANCH)
        fork_response(n, j, ev);
    else if (j->type == JOB_REQ_RELAY)
        relay_response(n, j, ev);
    else if (j->type == JOB_REQ_ADVANCE || j->type == JOB_REQ_SHOW)
        node_job_free(n, j); /* taken or not: the leaf follows */
    else
        pull_response(n, j, ev);
}

static void closed_event(struct rb_node *n, uint64_t conn) {
    for (struct job *j = n->jobs; j; j = j->next)
        if (j->conn == conn && conn != 0) {
            j->conn = UINT64_MAX; /* the work goes on; nobody is told */
            if (j->type == JOB_WAIT_NEWS || j->parts) {
                if (n->parts_of == j->id) n->parts_of = 0;
                node_job_free(n, j);
                return;
            }
        }
}

static void channels_work(struct rb_node *n) {
    pull_invites(n);
    carry_expire(n);
    advance_expire(n);
    node_peers_quiet(n);
    serve_parts(n);
    for (size_t i = 0; i < n->channels_n; i++) {
        struct channel *ch = n->channels[i];
        guard_work(n, ch);
        lost_work(n, ch);
        epoch_work(n, ch);
        own_drain(n, ch);
        body_work(n, ch);
        machine_timers(n, ch);
        own_drain(n, ch);
        push_all(n, ch);
        pull_all(n, ch);
        fork_work(n, ch);
        serve_news(n, ch);
    }
}

static uint64_t sooner(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}
static uint64_t later(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* utc instants become monotonic ones by the distance from now */
static uint64_t mono_of(const struct rb_node *n, int64_t utc) {
    if (utc == INT64_MAX) return UINT64_MAX;
    if (utc <= n->now.utc_ms) return n->now.mono_ms;
    return n->now.mono_ms + (uint64_t)(utc - n->now.utc_ms);
}

/* when the next push of a feed of ours is due */
static uint64_t push_wake(struct rb_node *n, const struct feedx *fx) {
    uint64_t wake = UINT64_MAX;
    for (size_t i = 0; i < fx->mirrors_n; i++) {
        const struct mirror *m = &fx->mirrors[i];
        const struct peer *p = node_member_peer(n, fx->ch, m->member);
        if (p && p->card.addresses_n && !m->inflight && !m->urgent && !m->offering &&
            !push_enough(fx, m))
            wake = sooner(wake, later(push_time(fx, m, p), p->retry_at));
    }
    return wake;
}

static uint64_t channel_wake(struct rb_node *n, struct channel *ch) {
    uint64_t wake = ch->body_work ? n->now.mono_ms : ch->body_wake;
    wake = sooner(wake, mono_of(n, ch->purge_utc));
    wake = sooner(wake, sooner(guard_wake(n, ch), lost_wake(ch)));
    if (ch->own) {
        if (ch->dirty) wake = sooner(wake, ch->fold_at);
        wake = sooner(wake, mono_of(n, ch->next_due_utc));
        wake = sooner(wake, mono_of(n, ch->remind_utc));
        wake = sooner(wake, arrive_wake(n, ch));
        for (size_t i = 0; i < ch->feeds_n; i++)
            if (ch->feeds[i]->own) wake = sooner(wake, push_wake(n, ch->feeds[i]));
        if ((ch->bodies_dirty || machine_queued(ch)) && !own_waits(ch->own))
            wake = sooner(wake, ch->receipt_at);
        wake = sooner(wake, ch->settle_at);
        if (ch->held_up) wake = sooner(wake, ch->floor_at);
        if (ch->charter && ch->charter->test_interval_s &&
            ch->charter_state == RB_CHARTER_IN_FORCE) {
            int64_t step = (int64_t)ch->charter->test_interval_s * 1000;
            wake = sooner(wake, mono_of(n, (n->now.utc_ms / step + 1) * step));
        }
    }
    wake = sooner(wake, fork_wake(n, ch));
    for (size_t i = 0; i < ch->feeds_n; i++)
        wake = sooner(wake, relay_time(n, ch->feeds[i]));
    wake = sooner(wake, ch->relay_wake);
    for (size_t i = 0; i < ch->pulls_n; i++) {
        const struct pullx *x = &ch->pulls[i];
        const struct peer *p = node_member_peer(n, ch, x->member);
        if (!p || p->card.addresses_n == 0) continue;
        if (x->heads_at && !x->heads && !x->fetching)
            wake = sooner(wake, later(x->heads_at, p->retry_at));
        if (ch->own && n->has_self && n->self.addresses_n)
            wake = sooner(wake, later(x->poll_at, p->retry_at));
        if (!x->news && !x->fetching && n->has_self && n->self.addresses_n == 0)
            wake = sooner(wake, later(x->retry_at, p->retry_at));
    }
    return wake;
}

static uint64_t wake_time(struct rb_node *n) {
    uint64_t wake = UINT64_MAX;
    if (!n->started) return wake;
    wake = serve_parts_wake(n);
    if (take_judging(n)) return sooner(wake, later(n->judge_at, n->now.mono_ms));
    if (machine_reading(n)) return n->now.mono_ms;
    for (size_t i = 0; i < n->channels_n; i++)
        wake = sooner(wake, channel_wake(n, n->channels[i]));
    for (size_t i = 0; i < n->peers_n && n->has_self && n->self.addresses_n == 0; i++) {
        const struct peer *p = n->peers[i];
        if (!p->accredited || p->asking || p->card.addresses_n == 0) continue;
        wake = sooner(wake, later(p->invites_at, p->retry_at));
    }
    for (struct job *j = n->jobs; j; j = j->next)
        if (j->type == JOB_WAIT_NEWS) wake = sooner(wake, j->deadline);
    wake = sooner(wake, advance_wake(n));
    wake = sooner(wake, node_peers_wake(n));
    if (n->cache_old) wake = sooner(wake, n->cache_old->at + RB_CACHE_MS);
    /* what was left out for want of memory, with nothing else that would bring us back to it */
    if (n->overflow) wake = sooner(wake, n->now.mono_ms + RB_SHORT_MS);
    /* what is due already was done in this step: no busy loop on what cannot move */
    if (wake <= n->now.mono_ms) wake = n->now.mono_ms + 50;
    return wake;
}

static void dispatch(struct rb_node *n, const struct rb_event *ev) {
    switch (ev->type) {
    case RB_EV_LOADED:
        loaded_event(n, ev);
        break;
    case RB_EV_START:
        load_start(n);
        break;
    case RB_EV_RECV:
        serve_recv(n, ev);
        break;
    case RB_EV_RESPONSE:
        response_event(n, ev);
        break;
    case RB_EV_CLOSED:
        closed_event(n, ev->u.closed.conn);
        break;
    case RB_EV_SUBMIT:
        submit_event(n, ev);
        break;
    case RB_EV_STORED:
        stored(n, ev->u.stored.ticket);
        break;
    case RB_EV_SIGNED:
        signed_event(n, ev);
        break;
    case RB_EV_OPENED:
        open_answer(n, ev);
        break;
    case RB_EV_TIMER:
        break;
    default:
        break;
    }
}

/* An operator set the clock, by minutes or years: what waited for an instant is looked at again. */
static void notice_clock(struct rb_node *n) {
    int64_t lead = n->now.utc_ms - (int64_t)n->now.mono_ms, moved = lead - n->clock_lead;
    bool jumped = n->clock_known && (moved > RB_CLOCK_JUMP_MS || moved < -RB_CLOCK_JUMP_MS);
    if (!n->clock_known || jumped) n->clock_lead = lead;
    n->clock_known = true;
    if (jumped) retain_clock(n, moved);
    if (jumped) clock_moved(n);
    for (size_t i = 0; i < n->channels_n && jumped; i++) {
        struct channel *ch = n->channels[i];
        ch->next_due_utc = ch->remind_utc = n->now.utc_ms;
        ch->rules_dirty = true;
        ch->purge_scan = ch->body_work = true;
    }
}

/* more of what was asked for follows: of thousands of leaves each would have all channels looked at
 */
static bool amid_items(const struct rb_event *ev) {
    return ev->type == RB_EV_LOADED && ev->u.loaded.item != RB_ITEM_END;
}

enum rb_err rb_node_step(struct rb_node *n, const struct rb_event *ev, struct rb_effects *out) {
    rb_arena_reset(&n->step_arena);
    rb_arena_reset(&n->work);
    n->effects_n = 0;
    n->overflow = false;
    n->now = ev->now;
    n->timer = ev->type == RB_EV_TIMER;
    memcpy(n->entropy, ev->entropy, sizeof n->entropy);
    memset(&n->fresh, 0, sizeof n->fresh);
    notice_clock(n);
    dispatch(n, ev);
    if (n->started) {
        /* judging waits for a timer: answers leave before */
        if (n->timer) take_judge_some(n);
        if (!amid_items(ev)) channels_work(n);
        share_sent(n);
    }
    out->e = n->effects;
    out->n = n->effects_n;
    out->wake_mono_ms = wake_time(n);
    return n->overflow ? RB_ERR_LIMIT : RB_OK;
}
