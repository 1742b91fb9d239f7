/* The local API around a simulated node, and the carrier that a person's program uses. */
#include "internal.h"
#include <stdlib.h>
#include "readback/sealed.h"

#define CALL_LIMIT_US 60000000u /* a person's program gives up after this much simulated time */

static struct rb_now host_now(void *ctx) { return sim_now(ctx); }

static enum rb_err host_leaf(void *ctx, const struct rb_feed_ref *feed, uint64_t index, uint8_t *buf,
                             size_t *n) {
    struct sim_party *p = ctx;
    const struct disk_feed *f = disk_feed(&p->disk, feed);
    if (!f || index >= f->leaves_n) return RB_ERR_NOT_FOUND;
    *n = f->leaves[index].leaf.n;
    memcpy(buf, f->leaves[index].leaf.p, *n);
    return RB_OK;
}

static enum rb_err host_notes(void *ctx, const struct rb_feed_ref *feed,
                              enum rb_err (*fn)(void *, struct rb_event *), void *fn_ctx) {
    struct sim_party *p = ctx;
    const struct disk_feed *f = disk_feed(&p->disk, feed);
    for (size_t i = 0; f && i < f->notes_n; i++) {
        struct rb_event ev = {.type = RB_EV_LOADED};
        ev.u.loaded.item = RB_ITEM_NOTE;
        ev.u.loaded.feed = f->ref;
        ev.u.loaded.size = f->notes[i].size;
        ev.u.loaded.cosigner = f->notes[i].cosigner;
        ev.u.loaded.note = f->notes[i].note;
        RB_TRY(fn(fn_ctx, &ev));
    }
    return RB_OK;
}

static uint64_t host_submit(void *ctx, struct rb_event *ev) {
    struct sim_party *p = ctx;
    ev->type = RB_EV_SUBMIT;
    uint64_t token = ev->u.submit.token = ++p->token;
    sim_step(p, ev);
    return token;
}

static enum rb_err host_log_key(void *ctx, const uint8_t channel[RB_CHANNEL_LEN], uint16_t epoch,
                                struct rb_key *out) {
    struct rb_seckey k;
    sim_log_key(ctx, channel, epoch, &k);
    *out = k.pub;
    return RB_OK;
}

/* ---- closed content -------------------------------------------------------------------------------- */
static void host_random(void *ctx, void *out, size_t n) {
    struct sim_party *p = ctx;
    sim_entropy(p->sim, out, n);
}

static enum rb_err host_open_head(void *ctx, const struct rb_body_ref *ref, enum rb_kind kind, uint8_t *buf,
                                  size_t cap, size_t *n) {
    struct sim_party *p = ctx;
    struct sim_body b = {p, *ref};
    struct rb_body_source src = sim_source(&b, disk_body_size(&p->disk, ref));
    if (cap < RB_MAX_HEAD) return RB_ERR_USAGE;
    return src.size ? rb_opener_head(p->ring, &src, kind, buf, n) : RB_ERR_NOT_FOUND;
}

static enum rb_err read_memory(void *ctx, uint64_t from, uint8_t *buf, size_t cap, size_t *n) {
    const struct rb_slice *all = ctx;
    struct rb_slice some = from < all->n ? rb_slice_sub(*all, (size_t)from, all->n) : rb_slice(NULL, 0);
    *n = some.n < cap ? some.n : cap;
    if (*n) memcpy(buf, some.p, *n);
    return RB_OK;
}

static enum rb_err host_open_bytes(void *ctx, struct rb_slice sealed, enum rb_kind kind, uint8_t *buf, size_t cap,
                                   size_t *n) {
    struct sim_party *p = ctx;
    struct rb_body_source src = {&sealed, read_memory, sealed.n};
    return cap < RB_MAX_HEAD ? RB_ERR_USAGE : rb_opener_head(p->ring, &src, kind, buf, n);
}

static enum rb_err host_open_content(void *ctx, const struct rb_body_ref *ref, uint64_t from, uint8_t *buf,
                                     size_t cap, size_t *n) {
    struct sim_party *p = ctx;
    struct sim_body b = {p, *ref};
    struct rb_body_source src = sim_source(&b, disk_body_size(&p->disk, ref));
    return src.size ? rb_opener_content(p->ring, &src, from, buf, cap, n) : RB_ERR_NOT_FOUND;
}

static enum rb_err host_stage(void *ctx, uint64_t *id, struct rb_slice bytes) {
    struct sim_party *p = ctx;
    if (!*id) *id = disk_stage_new(&p->disk);
    return disk_stage_add(&p->disk, *id, bytes) ? RB_OK : RB_ERR_NOT_FOUND;
}

static void host_stage_drop(void *ctx, uint64_t id) {
    struct sim_party *p = ctx;
    (void)disk_stage_drop(&p->disk, id); /* one that is there no more is dropped */
}

static bool host_locked(void *ctx) {
    struct sim_party *p = ctx;
    return rb_keyring_locked(p->ring);
}

static enum rb_err host_unlock(void *ctx, struct rb_slice passphrase) {
    (void)ctx;
    (void)passphrase;
    return RB_ERR_EXISTS; /* simulated parties' keys are never sealed */
}

/* ---- up and down ------------------------------------------------------------------------------------ */
void host_up(struct sim_party *p) {
    struct rb_api_host h = {.ctx = p, .node = p->node, .now = host_now, .leaf = host_leaf, .notes = host_notes,
                            .submit = host_submit, .log_key = host_log_key, .random = host_random,
                            .open_head = host_open_head, .open_bytes = host_open_bytes,
                            .open_content = host_open_content, .stage = host_stage, .stage_drop = host_stage_drop,
                            .locked = host_locked, .unlock = host_unlock};
    if (rb_api_create(&h, &p->api) != RB_OK) {
        sim_break(p->sim, "no room for the local interface of %s", p->handle);
        abort();
    }
}

void host_down(struct sim_party *p) {
    rb_api_destroy(p->api);
    p->api = NULL;
}

struct call {
    bool done;
    int status;
    json_t *body;
    struct sim_party *party;
    uint32_t life;
};

static void call_reply(void *ctx, int status, json_t *body) {
    struct call *c = ctx;
    c->done = true;
    c->status = status;
    c->body = body;
}

static bool call_over(void *ctx) {
    struct call *c = ctx;
    return c->done || !c->party->up || c->party->life != c->life;
}

static int client_call(void *ctx, const char *method, const char *path, const json_t *in, json_t **out) {
    struct sim_party *p = ctx;
    struct call c = {.party = p, .life = p->life};
    *out = NULL;
    if (!p->up) return 0;
    char *line = strdup(path);
    if (!line) return 0;
    char *q = strchr(line, '?');
    if (q) *q++ = 0;
    rb_api_handle(p->api, method, line, q ? q : "", in, call_reply, &c);
    free(line);
    (void)sim_run_while_not(p->sim, call_over, &c, CALL_LIMIT_US);
    if (!c.done) {
        if (p->up && p->life == c.life) rb_api_forget(p->api, &c);
        return 0;
    }
    *out = c.body;
    return c.status;
}

struct rb_client sim_client(struct sim_party *p) { return (struct rb_client){p, client_call, NULL}; }

int sim_get(struct sim_party *p, const char *path, json_t **out) {
    return client_call(p, "GET", path, NULL, out);
}
