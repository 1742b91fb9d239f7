/* Opening, loading, turns. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include "shell/api/metrics.h"
#include "shell/os/host_int.h"

#define REGION_LEAST ((size_t)64 << 20)
enum { PRIO_STARVED, PRIO_IO, PRIO_IDLE, PRIO_N };

/* ---- one event ------------------------------------------------------------------------------ */

void host_fail(struct rb_host *h, const char *doing, const char *words) {
    if (h->failed) return;
    h->failed = true;
    rb_log(RB_LOG_ERROR, "store", "%s failed: %s Nothing more is acknowledged; stopping.", doing,
           words);
    (void)event_base_loopbreak(h->base);
}

bool rb_host_failed(const struct rb_host *h) {
    return h->failed;
}

static void set_wake(struct rb_host *h, uint64_t wake, uint64_t now) {
    struct timeval tv = {0};
    if (wake == h->wake_mono_ms && event_pending(h->wake_ev, EV_TIMEOUT, NULL)) return;
    h->wake_mono_ms = wake;
    if (wake == UINT64_MAX) {
        (void)event_del(h->wake_ev);
        return;
    }
    const uint64_t ms = wake > now ? wake - now : 0;
    tv.tv_sec = (time_t)(ms / 1000);
    tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
    if (evtimer_add(h->wake_ev, &tv) != 0) host_fail(h, "Setting the timer", "memory is short.");
}

/* A start has an event for each leaf: asked for each time, the kernel would take as long for it as
 * the database for the leaf. What was given out is no longer here. */
static void draw(struct rb_host *h, uint8_t *out, size_t n) {
    assert(n <= sizeof h->chance);
    if (h->chance_left < n) {
        rb_random(h->chance, sizeof h->chance);
        h->chance_left = sizeof h->chance;
    }
    h->chance_left -= n;
    memcpy(out, h->chance + h->chance_left, n);
    rb_wipe(h->chance + h->chance_left, n);
}

void host_step(struct rb_host *h, struct rb_event *ev) {
    struct rb_effects fx = {0};
    if (h->failed) return;
    ev->now = rb_clock_now(h->utc_offset_ms);
    draw(h, ev->entropy, sizeof ev->entropy);
    h->stepping = true;
    const enum rb_err err = rb_node_step(h->node, ev, &fx);
    if (err != RB_OK) rb_log(RB_LOG_ERROR, "node", "%s: some work was left out", rb_err_text(err));
    host_carry_out(h, &fx);
    h->stepping = false;
    if (!h->failed) set_wake(h, fx.wake_mono_ms, ev->now.mono_ms);
}

/* ---- events that must wait ------------------------------------------------------------------- */

static void move_slice(struct rb_slice *s, uint8_t **room) {
    if (s->n > 0) memcpy(*room, s->p, s->n);
    if (s->p != NULL) s->p = *room;
    *room += s->n;
}

static size_t submit_bytes(const struct rb_event *ev) {
    return ev->u.submit.payload.n + ev->u.submit.leaf.n + ev->u.submit.delegation.n +
           ev->u.submit.card.n + ev->u.submit.sealed.n + ev->u.submit.head.n +
           ev->u.submit.reason.n + ev->u.submit.signers_n * sizeof *ev->u.submit.signers;
}

/* Only submissions come from within (an answer whose taker submits again); the peer port calls from
 * the loop. */
static void hold(struct rb_host *h, const struct rb_event *ev) {
    struct held_event *k = malloc(sizeof *k + submit_bytes(ev));
    if (k == NULL || ev->type != RB_EV_SUBMIT) {
        free(k);
        host_fail(h, "Keeping an event", "memory is short.");
        return;
    }
    uint8_t *room = (uint8_t *)(k + 1);
    k->next = NULL;
    k->n = submit_bytes(ev);
    k->ev = *ev;
    struct rb_slice signers =
        rb_slice(ev->u.submit.signers, ev->u.submit.signers_n * sizeof *ev->u.submit.signers);
    move_slice(&signers, &room);
    k->ev.u.submit.signers = (const struct rb_signer *)(k + 1);
    move_slice(&k->ev.u.submit.payload, &room);
    move_slice(&k->ev.u.submit.leaf, &room);
    move_slice(&k->ev.u.submit.delegation, &room);
    move_slice(&k->ev.u.submit.card, &room);
    move_slice(&k->ev.u.submit.sealed, &room);
    move_slice(&k->ev.u.submit.head, &room);
    move_slice(&k->ev.u.submit.reason, &room);
    if (h->held == NULL)
        h->held = k;
    else
        h->held_tail->next = k;
    h->held_tail = k;
}

/* the readable head of a closed body may be in it */
static void held_free(struct held_event *k) {
    rb_wipe(k + 1, k->n);
    free(k);
}

static enum rb_err load_item(void *ctx, struct rb_event *ev) {
    struct rb_host *h = ctx;
    host_step(h, ev);
    return h->failed ? RB_ERR_STATE : RB_OK;
}

static void run_loads(struct rb_host *h) {
    struct load_list todo = h->loads;
    h->loads = (struct load_list){0};
    for (size_t i = 0; i < todo.n && !h->failed; i++)
        if (rb_store_load(h->store, &todo.e[i], load_item, h) != RB_OK)
            host_fail(h, "Reading leaves", rb_store_error(h->store));
    free(todo.e);
}

static void tell_signed(struct rb_host *h, struct signed_list *list) {
    const struct signed_list todo = *list;
    *list = (struct signed_list){0};
    for (size_t i = 0; i < todo.n && !h->failed; i++) {
        struct rb_event ev = {.type = RB_EV_SIGNED};
        ev.u.sig.token = todo.e[i].token;
        ev.u.sig.err = todo.e[i].err;
        memcpy(ev.u.sig.sig, todo.e[i].sig, RB_SIG_LEN);
        host_step(h, &ev);
    }
    free(todo.e);
}

static void run_held(struct rb_host *h) {
    struct held_event *k = h->held;
    h->held = k->next;
    host_step(h, &k->ev);
    held_free(k);
}

/* everything that waits for nothing but its turn */
static void drain(struct rb_host *h) {
    while (!h->failed && (h->ready.n > 0 || h->loads.n > 0 || h->held != NULL)) {
        if (h->ready.n > 0)
            tell_signed(h, &h->ready);
        else if (h->loads.n > 0)
            run_loads(h);
        else
            run_held(h);
    }
}

/* ---- turns ---------------------------------------------------------------------------------- */

static void commit(struct rb_host *h) {
    struct rb_event ev = {.type = RB_EV_STORED};
    h->urgent = false;
    const uint64_t began = rb_clock_us();
    if (rb_store_commit(h->store) != RB_OK) {
        host_fail(h, "The database", rb_store_error(h->store));
        return;
    }
    rb_times_add(&h->commits, rb_clock_us() - began);
    ev.u.stored.ticket = h->ticket;
    host_step(h, &ev);
    drain(h);
}

static void sync_heads(struct rb_host *h) {
    const uint64_t began = rb_clock_us();
    if (rb_heads_sync(h->heads) != RB_OK) {
        host_fail(h, "The head file", "it could not be written.");
        return;
    }
    rb_times_add(&h->syncs, rb_clock_us() - began);
    tell_signed(h, &h->unsynced);
    drain(h);
}

/* Lets the loop go round once, so that what was just given to the peer port leaves, before the next
 * commit keeps this thread. */
void host_plan(struct rb_host *h) {
    const struct timeval lazy = {0, HOST_LAZY_MS * 1000L};
    const struct timeval clean = {HOST_CLEAN_MS / 1000, HOST_CLEAN_MS % 1000 * 1000L};
    const uint64_t now = rb_clock_now(0).mono_ms;
    if (h->failed) return;
    if (h->urgent || h->unsynced.n > 0) {
        if (h->urgent_mono_ms == 0) h->urgent_mono_ms = now;
        const bool starved = now - h->urgent_mono_ms >= HOST_STARVED_MS;
        event_active(starved ? h->turn_now_ev : h->turn_ev, EV_TIMEOUT, 0);
    } else if (rb_store_dirty(h->store) || rb_store_unclean(h->store)) {
        const struct timeval *in = rb_store_dirty(h->store) ? &lazy : &clean;
        if (!event_pending(h->lazy_ev, EV_TIMEOUT, NULL) && evtimer_add(h->lazy_ev, in) != 0)
            h->urgent = true;
    }
}

/* commit, STORED, signatures, one sync, SIGNED: one after the other without the loop in between */
static void turn(struct rb_host *h) {
    h->urgent_mono_ms = 0;
    drain(h);
    if (!h->failed && h->urgent) commit(h);
    if (!h->failed && h->unsynced.n > 0) sync_heads(h);
    host_plan(h);
}

static void turn_cb(evutil_socket_t fd, short what, void *ctx) {
    struct rb_host *h = ctx;
    (void)fd;
    (void)what;
    if (!h->failed && (h->urgent || h->unsynced.n > 0)) turn(h);
}

static void lazy_cb(evutil_socket_t fd, short what, void *ctx) {
    struct rb_host *h = ctx;
    (void)fd;
    (void)what;
    h->urgent = rb_store_dirty(h->store) || rb_store_unclean(h->store);
    host_plan(h);
}

static void wake_cb(evutil_socket_t fd, short what, void *ctx) {
    struct rb_event ev = {.type = RB_EV_TIMER};
    (void)fd;
    (void)what;
    rb_host_event(ctx, &ev);
}

void rb_host_event(struct rb_host *h, struct rb_event *ev) {
    if (h->failed) return;
    if (h->stepping) {
        hold(h, ev);
        return;
    }
    host_step(h, ev);
    drain(h);
    host_plan(h);
}

/* ---- opening -------------------------------------------------------------------------------- */

static enum rb_err make_events(struct rb_host *h, char *why, size_t why_n) {
    if (event_base_get_npriorities(h->base) < PRIO_N &&
        event_base_priority_init(h->base, PRIO_N) != 0) {
        (void)snprintf(why, why_n, "The event loop has no priorities.");
        return RB_ERR_INTERNAL;
    }
    h->turn_ev = event_new(h->base, -1, 0, turn_cb, h);
    h->turn_now_ev = event_new(h->base, -1, 0, turn_cb, h);
    h->wake_ev = evtimer_new(h->base, wake_cb, h);
    h->lazy_ev = evtimer_new(h->base, lazy_cb, h);
    if (h->turn_ev == NULL || h->turn_now_ev == NULL || h->wake_ev == NULL || h->lazy_ev == NULL ||
        event_priority_set(h->turn_ev, PRIO_IDLE) != 0 ||
        event_priority_set(h->turn_now_ev, PRIO_STARVED) != 0) {
        (void)snprintf(why, why_n, "Memory is short.");
        return RB_ERR_LIMIT;
    }
    return RB_OK;
}

static enum rb_err make_node(struct rb_host *h, char *why, size_t why_n) {
    enum rb_err err = rb_region_map((size_t)h->cfg.region_bytes, REGION_LEAST, &h->mem, &h->mem_n);
    if (err == RB_OK && (h->node = rb_node_create(h->mem, h->mem_n)) == NULL) err = RB_ERR_LIMIT;
    if (err != RB_OK)
        (void)snprintf(why, why_n, "No address space for the node (%zu MiB are the least).",
                       REGION_LEAST >> 20);
    else if (h->mem_n < h->cfg.region_bytes)
        rb_log(RB_LOG_WARN, "host", "only %zu MiB of address space instead of %llu", h->mem_n >> 20,
               (unsigned long long)(h->cfg.region_bytes >> 20));
    if (err == RB_OK)
        rb_node_limits_set(h->node,
                           &(struct rb_node_limits){h->cfg.leaves_a_day, h->cfg.bytes_a_day});
    return err;
}

static enum rb_err open_files(struct rb_host *h, char *why, size_t why_n) {
    char path[RB_HOME_PATH_MAX + 32];
    const bool had_heads = rb_home_has(h->home, "heads");
    const bool had_store = rb_home_has(h->home, "readback.db");
    enum rb_err err = rb_home_join(h->home, "heads", path, sizeof path);
    if (err == RB_OK) RB_TRY(rb_heads_open(path, &h->heads, why, why_n));
    if (err == RB_OK) err = rb_home_join(h->home, "readback.db", path, sizeof path);
    if (err == RB_OK) RB_TRY(rb_store_open(path, &h->store, why, why_n));
    if (err != RB_OK) (void)snprintf(why, why_n, "The home directory's name is too long.");
    if (had_store && !had_heads)
        rb_log(RB_LOG_WARN, "store",
               "there is a database but no head file: was the home restored "
               "from a backup?");
    return err;
}

/* What is there must be readable by us alone. One that was replaced may have been taken away. */
static enum rb_err look_at_key(struct rb_host *h, const char *name, char *why, size_t why_n) {
    struct rb_seckey key;
    const enum rb_err err = rb_keys_load(h->home, name, &key);
    rb_wipe(&key, sizeof key);
    if (err != RB_OK && err != RB_ERR_NOT_FOUND)
        (void)snprintf(why, why_n, "%s", rb_home_error(h->home));
    return err == RB_ERR_NOT_FOUND ? RB_OK : err;
}

static enum rb_err load_state(struct rb_host *h, char *why, size_t why_n) {
    struct rb_event ev = {.type = RB_EV_START};
    h->loading = true;
    enum rb_err err = rb_heads_each(h->heads, load_item, h);
    if (err == RB_OK) err = rb_store_load_all(h->store, load_item, h);
    h->loading = false;
    if (err != RB_OK) {
        (void)snprintf(why, why_n, "%s", rb_store_error(h->store));
        return err;
    }
    host_log_keys(h);
    RB_TRY(host_open_link(h, why, why_n));
    host_step(h, &ev);
    drain(h);
    return RB_OK;
}

/* ---- the card -------------------------------------------------------------------------------- */

static void submit_card(struct rb_host *h, struct rb_slice raw) {
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    h->card_token = ++h->next_token;
    ev.u.submit.token = h->card_token;
    ev.u.submit.what = RB_SUBMIT_CARD;
    ev.u.submit.card = raw;
    rb_host_event(h, &ev);
}

/* The file in the home is how the first card comes in, and how a newer one may. */
static enum rb_err check_card(struct rb_host *h, struct rb_slice raw, char *why, size_t why_n) {
    uint8_t *work = malloc(1u << 20);
    struct rb_card *card = calloc(1, sizeof *card);
    struct rb_reject rj = {0};
    enum rb_err err = RB_ERR_LIMIT;
    if (work != NULL && card != NULL) {
        struct rb_arena arena = rb_arena(work, 1u << 20);
        err = rb_card_decode(raw, card, &arena, &rj);
    }
    const struct rb_card *own = rb_node_card(h->node);
    if (err != RB_OK) {
        (void)snprintf(why, why_n, "card.cose is not a card: %s (clause %s).",
                       rj.what != NULL ? rj.what : rb_err_text(err),
                       rj.clause != NULL ? rj.clause : "6.1.2");
    } else if (own != NULL && !rb_key_eq(&own->party, &card->party)) {
        (void)snprintf(why, why_n, "card.cose and readback.db are of different parties.");
        err = RB_ERR_STATE;
    } else if (host_key_find(h, "mirror", &card->mirror) == NULL ||
               host_key_find(h, "node", &card->node) == NULL) {
        (void)snprintf(why, why_n, "card.cose names a key that is not here: %s",
                       rb_home_error(h->home));
        err = RB_ERR_STATE;
    } else if (!rb_keyring_locked(h->ring) && !rb_keyring_holds(h->ring, &card->age)) {
        (void)snprintf(why, why_n, "card.cose names another age key than keys/age.txt holds.");
        err = RB_ERR_STATE;
    } else if (own == NULL || own->version < card->version) {
        submit_card(h, raw);
    }
    free(card);
    free(work);
    return err;
}

static enum rb_err take_card(struct rb_host *h, char *why, size_t why_n) {
    uint8_t raw[RB_MAX_CARD];
    size_t n = 0;
    const enum rb_err err = rb_home_read(h->home, "card.cose", raw, sizeof raw, &n);
    if (err != RB_OK) {
        (void)snprintf(why, why_n, "%s", rb_home_error(h->home));
        return err;
    }
    return check_card(h, rb_slice(raw, n), why, why_n);
}

static enum rb_err open_all(struct rb_host *h, char *why, size_t why_n) {
    RB_TRY(make_events(h, why, why_n));
    RB_TRY(look_at_key(h, "mirror", why, why_n));
    RB_TRY(look_at_key(h, "node", why, why_n));
    RB_TRY(host_open_bodies(h, why, why_n));
    RB_TRY(open_files(h, why, why_n));
    RB_TRY(make_node(h, why, why_n));
    RB_TRY(host_open_api(h, why, why_n));
    RB_TRY(load_state(h, why, why_n));
    RB_TRY(take_card(h, why, why_n));
    host_wait(h);
    if (h->failed) {
        (void)snprintf(why, why_n, "The store failed while starting.");
        return RB_ERR_IO;
    }
    return RB_OK;
}

enum rb_err rb_host_open(struct event_base *base, struct rb_home *home, const struct rb_config *cfg,
                         int64_t utc_offset_ms, struct rb_host **out, char *why, size_t why_n) {
    struct rb_host *h = calloc(1, sizeof *h);
    if (h == NULL) {
        (void)snprintf(why, why_n, "Memory is short.");
        return RB_ERR_LIMIT;
    }
    h->base = base;
    h->home = home;
    h->cfg = *cfg;
    h->utc_offset_ms = utc_offset_ms;
    h->started_mono_ms = rb_clock_now(0).mono_ms;
    h->wake_mono_ms = UINT64_MAX;
    const enum rb_err err = open_all(h, why, why_n);
    if (err != RB_OK) {
        rb_host_close(h);
        return err;
    }
    *out = h;
    return RB_OK;
}

static void free_event(struct event *ev) {
    if (ev != NULL) event_free(ev);
}

void rb_host_close(struct rb_host *h) {
    if (h == NULL) return;
    if (h->store != NULL && !h->failed && rb_store_commit(h->store) != RB_OK)
        rb_log(RB_LOG_ERROR, "store", "%s", rb_store_error(h->store));
    h->failed = true; /* what closing causes is not worked off */
    rb_link_close(h->link);
    rb_api_destroy(h->api);
    free_event(h->turn_ev);
    free_event(h->turn_now_ev);
    free_event(h->wake_ev);
    free_event(h->lazy_ev);
    host_close_bodies(h);
    rb_store_close(h->store);
    rb_heads_close(h->heads);
    rb_region_unmap(h->mem, h->mem_n);
    while (h->held != NULL) {
        struct held_event *k = h->held;
        h->held = k->next;
        held_free(k);
    }
    for (size_t i = 0; i < h->log_keys_n; i++)
        rb_wipe(&h->log_keys[i], sizeof h->log_keys[i]);
    free(h->log_keys);
    host_keys_close(h);
    rb_wipe(h->chance, sizeof h->chance);
    free(h->loads.e);
    free(h->ready.e);
    free(h->unsynced.e);
    rb_wipe(h, sizeof *h);
    free(h);
}

struct rb_api *rb_host_api(struct rb_host *h) {
    return h->api;
}
struct rb_node *rb_host_node(struct rb_host *h) {
    return h->node;
}
uint16_t rb_host_port(const struct rb_host *h) {
    return rb_link_port(h->link);
}
