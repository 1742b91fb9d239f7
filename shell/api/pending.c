/* See pending.h. */
#include "pending.h"
#include <stdlib.h>

struct slot {
    uint64_t token, upload;
    bool waiting;
    int status;
    json_t *body;
};
struct rb_pending {
    struct rb_pending *next;
    rb_api_reply reply; /* NULL: the caller went away */
    void *ctx;
    json_t *extra;
    bool batch, started;
    size_t n, left, hint;
    struct slot slots[];
};

struct rb_pending *rb_pending_new(struct rb_req *rq, size_t n, bool batch, json_t *extra) {
    struct rb_pending *p = calloc(1, sizeof *p + n * sizeof(struct slot));
    if (p == NULL) return NULL;
    p->n = p->left = n;
    p->batch = batch;
    p->extra = extra;
    p->reply = rq->reply;
    p->ctx = rq->ctx;
    rq->reply = NULL;
    p->next = rq->api->pending;
    rq->api->pending = p;
    return p;
}
static void pending_free(struct rb_pending *p) {
    for (size_t i = 0; i < p->n; i++)
        json_decref(p->slots[i].body);
    json_decref(p->extra);
    free(p);
}
void rb_pending_free_all(struct rb_api *api) {
    while (api->pending) {
        struct rb_pending *p = api->pending;
        api->pending = p->next;
        pending_free(p);
    }
}
void rb_api_forget(struct rb_api *api, void *ctx) {
    for (struct rb_pending *p = api->pending; p; p = p->next)
        if (p->ctx == ctx) p->reply = NULL;
}

static json_t *answer(struct rb_pending *p, int *status) {
    if (!p->batch) {
        json_t *out = p->slots[0].body;
        p->slots[0].body = NULL;
        *status = p->slots[0].status;
        if (*status < 300) json_object_update(out, p->extra);
        return out;
    }
    json_t *list = json_array(), *out = json_object();
    for (size_t i = 0; i < p->n; i++) {
        rb_j_put(p->slots[i].body, "status", json_integer(p->slots[i].status));
        json_array_append(list, p->slots[i].body);
    }
    rb_j_put(out, "answers", list);
    *status = 200;
    return out;
}
static void finish(struct rb_api *api, struct rb_pending *p) {
    if (p->left > 0 || !p->started) return;
    struct rb_pending **at = &api->pending;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    if (p->reply) {
        int status = 0;
        json_t *out = answer(p, &status);
        out = rb_reply_whole(out, &status);
        p->reply(p->ctx, status, out);
    }
    pending_free(p);
}
void rb_pending_started(struct rb_api *api, struct rb_pending *p) {
    p->started = true;
    finish(api, p);
}
void rb_pending_fill(struct rb_pending *p, size_t i, int status, json_t *body) {
    p->slots[i].status = status;
    p->slots[i].body = body;
    p->slots[i].waiting = false;
    p->left--;
}

/* The node looks at what a notice touches by itself, too (10.6.10, 10.6.11): its refusal has the
 * same code as that of the local API, which came before. */
static json_t *touched_json(const struct rb_reject *rj, int *status) {
    const bool probing = strcmp(rj->clause, "10.6.10") == 0;
    const struct rb_fail f = {
        .err = rj->err,
        .code = probing ? "probing" : "warnings",
        .clause = rj->clause,
        .sentence = probing ? "too many plans have met closed places within a day: it was not "
                              "compared, and not released"
                            : "it touches places that are known here; nothing was released",
        .hint = "compose it again and look; \"despite\": true (--despite) if it shall be all the "
                "same"};
    *status = probing ? 429 : 409;
    json_t *out = rb_fail_json(&f);
    rb_j_put(out, "warnings", json_array());
    return out;
}
static json_t *done_json(const struct rb_effect *done, int *status) {
    enum rb_err err = done->u.done.reject.err;
    const char *clause = done->u.done.reject.clause;
    *status = rb_fail_status(err);
    if ((err == RB_ERR_BUSY || err == RB_ERR_STATE) && clause && strncmp(clause, "10.6.1", 6) == 0)
        return touched_json(&done->u.done.reject, status);
    if (err != RB_OK && err != RB_ERR_NEED_SIGNER)
        return rb_reject_json(&done->u.done.reject, NULL, done->u.done.mark);
    json_t *out = json_object();
    if (done->u.done.has_record)
        rb_j_put(out, err == RB_OK ? "record" : "draft",
                 rb_j_hex(done->u.done.record.b, RB_HASH_LEN));
    static const uint8_t none[RB_CHANNEL_LEN];
    if (memcmp(done->u.done.channel, none, sizeof none) != 0)
        rb_j_put(out, "channel", rb_j_hex(done->u.done.channel, RB_CHANNEL_LEN));
    if (err == RB_ERR_NEED_SIGNER)
        rb_j_put(out, "sentence",
                 json_string("Kept as a draft: a second officer must sign before it is released."));
    return out;
}
static void settle(struct rb_api *api, struct rb_pending *p, size_t i,
                   const struct rb_effect *done) {
    int status = 0;
    enum rb_err err = done->u.done.reject.err;
    if (p->slots[i].upload)
        rb_upload_settle(api, p->slots[i].upload, err == RB_OK || err == RB_ERR_NEED_SIGNER);
    json_t *body = done_json(done, &status);
    rb_pending_fill(p, i, status, body);
    p->hint = i + 1;
}
/* tokens of a batch come back in order nearly always: begin after the last one found */
static bool find(struct rb_pending *p, uint64_t token, size_t *out) {
    for (size_t k = 0; k < p->n; k++) {
        size_t i = (p->hint + k) % p->n;
        if (!p->slots[i].waiting || p->slots[i].token != token) continue;
        *out = i;
        return true;
    }
    return false;
}

void rb_api_done(struct rb_api *api, const struct rb_effect *done) {
    size_t i = 0;
    for (struct rb_pending *p = api->pending; p; p = p->next) {
        if (!find(p, done->u.done.token, &i)) continue;
        settle(api, p, i, done);
        finish(api, p);
        return;
    }
    if (!api->submitting) return;
    if (api->early_n == RB_API_EARLY) { /* the oldest cannot be ours any more */
        memmove(api->early, api->early + 1, (RB_API_EARLY - 1) * sizeof *api->early);
        api->early_n--;
    }
    api->early[api->early_n++] = *done;
}

void rb_pending_run(struct rb_api *api, struct rb_pending *p, size_t i, struct rb_event *ev,
                    uint64_t upload) {
    bool outer = api->submitting;
    p->slots[i].upload = upload;
    if (upload) rb_upload_lend(api, upload);
    if (!outer) api->early_n = 0;
    api->submitting = true;
    uint64_t token = api->host.submit(api->host.ctx, ev);
    api->submitting = outer;
    p->slots[i].token = token;
    p->slots[i].waiting = true;
    for (size_t k = 0; k < api->early_n; k++) {
        if (api->early[k].u.done.token != token) continue;
        settle(api, p, i, &api->early[k]);
        return;
    }
}
