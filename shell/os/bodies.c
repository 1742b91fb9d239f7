/* Closed bodies: what the node wants opened, what the local API reads and writes of them. The store
 * has ciphertext only; what is read of it stays in locked memory and is wiped. */
#include <stdio.h>
#include <stdlib.h>
#include "readback/sealed.h"
#include "shell/os/host_int.h"

/* ---- sources ----------------------------------------------------------------------------------
 */

struct stored { /* a body in the store */
    struct rb_host *host;
    const struct rb_body_ref *ref;
};

static enum rb_err read_stored(void *ctx, uint64_t from, uint8_t *buf, size_t cap, size_t *n) {
    const struct stored *s = ctx;
    return rb_store_body_read(s->host->store, s->ref, from, buf, cap, n);
}

static enum rb_err read_wanted(void *ctx, uint64_t from, uint8_t *buf, size_t cap, size_t *n) {
    const struct open_one *o = ctx;
    return rb_store_body_read(o->host->store, &o->ef.u.open.body, from, buf, cap, n);
}

static enum rb_err read_memory(void *ctx, uint64_t from, uint8_t *buf, size_t cap, size_t *n) {
    const struct rb_slice *all = ctx;
    const struct rb_slice some =
        from < all->n ? rb_slice_sub(*all, (size_t)from, all->n) : rb_slice(NULL, 0);
    *n = some.n < cap ? some.n : cap;
    if (*n > 0) memcpy(buf, some.p, *n);
    return RB_OK;
}

/* ---- OPEN -------------------------------------------------------------------------------------
 */

static void plan_open(struct rb_host *h) {
    const struct timeval soon = {0, 0};
    if (h->opens == NULL || h->failed || event_pending(h->open_ev, EV_TIMEOUT, NULL)) return;
    if (evtimer_add(h->open_ev, &soon) != 0) host_fail(h, "Opening a body", "memory is short.");
}

void host_do_open(struct rb_host *h, const struct rb_effect *ef) {
    struct open_one *o = calloc(1, sizeof *o);
    if (o == NULL) {
        host_fail(h, "Opening a body", "memory is short.");
        return;
    }
    o->host = h;
    o->ef = *ef;
    if (h->opens == NULL)
        h->opens = o;
    else
        h->opens_tail->next = o;
    h->opens_tail = o;
    plan_open(h);
}

static void open_free(struct open_one *o) {
    rb_opening_free(o->opening);
    free(o);
}

/* true: over, or there is no memory to begin with */
static bool work_on(struct open_one *o, size_t *budget) {
    if (o->opening == NULL) {
        const struct rb_body_source src = {o, read_wanted, o->ef.u.open.size};
        o->opening =
            rb_opening_new(o->host->ring, &src, &o->ef.u.open.body.hash, o->ef.u.open.kind);
    }
    return o->opening == NULL || rb_opening_go(o->opening, budget);
}

static void answer_first(struct rb_host *h) {
    struct rb_event ev = {.type = RB_EV_OPENED};
    struct open_one *o = h->opens;
    h->opens = o->next;
    ev.u.opened.token = o->ef.u.open.token;
    ev.u.opened.err = o->opening == NULL
                          ? RB_ERR_IO
                          : rb_opening_result(o->opening, &ev.u.opened.head, &ev.u.opened.content);
    rb_host_event(h, &ev);
    open_free(o); /* and the head with it */
}

/* So many bytes in one round of the loop: peers and people are served between the pieces of a large
 * attachment. */
static void open_cb(evutil_socket_t fd, short what, void *ctx) {
    struct rb_host *h = ctx;
    size_t budget = HOST_OPEN_BYTES;
    (void)fd;
    (void)what;
    while (!h->failed && h->opens != NULL && budget > 0 && work_on(h->opens, &budget))
        answer_first(h);
    plan_open(h);
    host_plan(h); /* a commit that waits for an idle loop must not wait for all of them */
}

/* ---- opening and closing ----------------------------------------------------------------------
 */

enum rb_err host_open_bodies(struct rb_host *h, char *why, size_t why_n) {
    RB_TRY(rb_keyring_open(h->home, &h->ring, why, why_n));
    h->open_ev = evtimer_new(h->base, open_cb, h);
    if (h->open_ev == NULL) {
        (void)snprintf(why, why_n, "Memory is short.");
        return RB_ERR_LIMIT;
    }
    return RB_OK;
}

void host_close_bodies(struct rb_host *h) {
    if (h->open_ev != NULL) event_free(h->open_ev);
    while (h->opens != NULL) {
        struct open_one *o = h->opens;
        h->opens = o->next;
        open_free(o);
    }
    rb_keyring_close(h->ring);
}

/* ---- the age key ------------------------------------------------------------------------------
 */

bool rb_host_locked(const struct rb_host *h) {
    return rb_keyring_locked(h->ring);
}

enum rb_err rb_host_unlock(struct rb_host *h, struct rb_slice passphrase) {
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    const struct rb_card *card = rb_node_card(h->node);
    RB_TRY(rb_keyring_unlock(h->ring, h->home, passphrase));
    if (card != NULL && !rb_keyring_holds(h->ring, &card->age))
        rb_log(RB_LOG_ERROR, "keys",
               "our card names another age key than keys/age.age holds: what others seal to us "
               "cannot be opened");
    rb_api_unlocked(h->api);
    h->unlock_token = ++h->next_token;
    ev.u.submit.token = h->unlock_token;
    ev.u.submit.what = RB_SUBMIT_UNLOCKED;
    rb_host_event(h, &ev);
    return RB_OK;
}

/* ---- the local API ----------------------------------------------------------------------------
 */

static void api_random(void *ctx, void *out, size_t n) {
    (void)ctx;
    rb_random(out, n);
}

static enum rb_err find(struct rb_host *h, const struct rb_body_ref *ref, struct stored *s,
                        struct rb_body_source *src) {
    *s = (struct stored){h, ref};
    *src = (struct rb_body_source){s, read_stored, 0};
    RB_TRY(rb_store_body_size(h->store, ref, &src->size));
    return src->size > 0 ? RB_OK : RB_ERR_NOT_FOUND;
}

static enum rb_err api_open_head(void *ctx, const struct rb_body_ref *ref, enum rb_kind kind,
                                 uint8_t *buf, size_t cap, size_t *n) {
    struct rb_host *h = ctx;
    struct rb_body_source src;
    struct stored s;
    if (cap < RB_MAX_HEAD) return RB_ERR_USAGE;
    RB_TRY(find(h, ref, &s, &src));
    return rb_opener_head(h->ring, &src, kind, buf, n);
}

static enum rb_err api_open_bytes(void *ctx, struct rb_slice sealed, enum rb_kind kind,
                                  uint8_t *buf, size_t cap, size_t *n) {
    struct rb_host *h = ctx;
    const struct rb_body_source src = {&sealed, read_memory, sealed.n};
    if (cap < RB_MAX_HEAD) return RB_ERR_USAGE;
    return rb_opener_head(h->ring, &src, kind, buf, n);
}

static enum rb_err api_open_content(void *ctx, const struct rb_body_ref *ref, uint64_t from,
                                    uint8_t *buf, size_t cap, size_t *n) {
    struct rb_host *h = ctx;
    struct rb_body_source src;
    struct stored s;
    RB_TRY(find(h, ref, &s, &src));
    return rb_opener_content(h->ring, &src, from, buf, cap, n);
}

/* A number that nobody knows is the caller's mistake; a write that fails is the end of the store.
 */
static enum rb_err staged(struct rb_host *h, enum rb_err err) {
    if (err == RB_ERR_IO) host_fail(h, "The database", rb_store_error(h->store));
    host_plan(h);
    return err;
}

static enum rb_err api_stage(void *ctx, uint64_t *id, struct rb_slice bytes) {
    struct rb_host *h = ctx;
    if (h->failed) return RB_ERR_STATE;
    if (*id == 0) RB_TRY(staged(h, rb_store_stage_new(h->store, id)));
    return staged(h, rb_store_stage_add(h->store, *id, bytes));
}

static void api_stage_drop(void *ctx, uint64_t id) {
    struct rb_host *h = ctx;
    if (!h->failed && staged(h, rb_store_stage_drop(h->store, id)) != RB_OK)
        rb_log(RB_LOG_DEBUG, "store", "an upload that is given up was not there");
}

static bool api_locked(void *ctx) {
    return rb_host_locked(ctx);
}

static enum rb_err api_unlock(void *ctx, struct rb_slice passphrase) {
    struct rb_host *h = ctx;
    const enum rb_err err = rb_host_unlock(h, passphrase);
    if (err == RB_OK) rb_log(RB_LOG_INFO, "keys", "the age key is unlocked");
    if (err == RB_ERR_SIGNATURE) rb_log(RB_LOG_WARN, "keys", "a wrong passphrase for the age key");
    if (err != RB_OK && err != RB_ERR_SIGNATURE && err != RB_ERR_EXISTS)
        rb_log(RB_LOG_ERROR, "keys", "%s", rb_home_error(h->home));
    return err;
}

void host_body_ops(struct rb_api_host *ops) {
    ops->random = api_random;
    ops->open_head = api_open_head;
    ops->open_bytes = api_open_bytes;
    ops->open_content = api_open_content;
    ops->stage = api_stage;
    ops->stage_drop = api_stage_drop;
    ops->locked = api_locked;
    ops->unlock = api_unlock;
}
