/* Checks of notices; see check.h. */
#include "check.h"
#include <stdlib.h>
#include "readback/text.h"

/* ---- counting plans that met a closed place (10.6.10, 10.6.15) --------------------------------
 */
struct rb_probed {
    struct rb_probed *next;
    uint8_t channel[RB_CHANNEL_LEN];
    struct rb_hash plan;
};
static enum rb_err count(struct rb_chan *c, const struct rb_node_plan *p) {
    struct rb_probed *q = calloc(1, sizeof *q);
    enum rb_err err = q ? rb_node_plan_hash(p, &c->rq->arena, &q->plan) : RB_ERR_LIMIT;
    if (err != RB_OK) {
        free(q);
        return err;
    }
    memcpy(q->channel, c->v.id, RB_CHANNEL_LEN);
    q->next = c->rq->probed;
    c->rq->probed = q;
    return RB_OK;
}
void rb_probed_drop(struct rb_req *rq) {
    while (rq->probed) {
        struct rb_probed *q = rq->probed;
        rq->probed = q->next;
        free(q);
    }
}
void rb_probed_tell(struct rb_req *rq) {
    struct rb_api *api = rq->api;
    while (rq->probed) {
        struct rb_probed *q = rq->probed;
        struct rb_event ev = {.type = RB_EV_SUBMIT};
        rq->probed = q->next;
        ev.u.submit.what = RB_SUBMIT_PROBED;
        memcpy(ev.u.submit.channel, q->channel, RB_CHANNEL_LEN);
        ev.u.submit.record = q->plan;
        free(q);
        (void)api->host.submit(api->host.ctx, &ev); /* nobody waits for its DONE */
    }
}

/* ---- the check itself ---------------------------------------------------------------------------
 */
static void check(struct rb_chan *c, const struct rb_node_plan *p, const struct rb_record *rec,
                  struct rb_checked *out) {
    struct rb_req *rq = c->rq;
    out->class_ = p->class_;
    out->closed = rec->closed;
    out->readers = rec->recipients;
    out->err = rb_node_check(rq->node, c->v.id, p, out->now_utc_ms, &rq->arena, &out->found,
                             &out->again_utc_ms, &out->rj);
}
void rb_check_plan(struct rb_chan *c, const struct rb_record *rec, const struct rb_notice *n,
                   struct rb_checked *out) {
    const struct rb_refs *old = &rec->refs[RB_REF_SUPERSEDES];
    struct rb_node_plan p = {.author = c->v.own_member,
                             .class_ = (enum rb_place_class)n->class_,
                             .volumes_n = n->volumes_n,
                             .volumes = n->volumes,
                             .supersedes_n = old->n,
                             .supersedes = old->h};
    *out = (struct rb_checked){.now_utc_ms = c->rq->now.utc_ms};
    check(c, &p, rec, out);
    /* what cannot be counted is not shown */
    if (out->err == RB_OK && out->found.met_closed) out->err = count(c, &p);
}
void rb_check_known(struct rb_chan *c, const struct rb_hash *id, uint16_t author,
                    const struct rb_record *rec, const struct rb_notice *n,
                    struct rb_checked *out) {
    const struct rb_refs *old = &rec->refs[RB_REF_SUPERSEDES];
    struct rb_node_plan p = {.id = *id,
                             .author = author,
                             .class_ = (enum rb_place_class)n->class_,
                             .volumes_n = n->volumes_n,
                             .volumes = n->volumes,
                             .supersedes_n = old->n,
                             .supersedes = old->h};
    *out = (struct rb_checked){.now_utc_ms = c->rq->at_utc_ms};
    check(c, &p, rec, out);
    const uint32_t order = c->s ? rb_situation_find(c->s, id) : RB_NOWHERE;
    if (order != RB_NOWHERE) rb_check_lead(c, order, n, out);
}

/* ---- warnings -----------------------------------------------------------------------------------
 */
/* A site or a movement is not held back: it is there whether it is said or not (10.6.12). */
static bool holds_back(enum rb_place_class k) {
    return k != RB_PLACE_SITE && k != RB_PLACE_MOVEMENT;
}
static void warn_of(const json_t *check, bool confirm, json_t *list) {
    size_t i;
    const json_t *x;
    json_array_foreach(json_object_get(check, "conflicts"), i, x) {
        bool sure = strcmp(rb_j_string(x, "answer"), rb_answer_name(RB_ANSWER_CONFLICT)) == 0;
        json_t *w = rb_warning(sure ? "conflict" : "not-excluded", confirm, "%s", "");
        rb_j_put(w, "sentence", json_incref(json_object_get(x, "sentence")));
        rb_j_put(w, "record", json_incref(json_object_get(x, "record")));
        json_array_append_new(list, w);
    }
    json_t *w = rb_warning("coverage", false, "%s", "");
    rb_j_put(w, "sentence",
             json_incref(json_object_get(json_object_get(check, "coverage"), "sentence")));
    json_array_append_new(list, w);
}
void rb_check_warn(const struct rb_checked *k, const json_t *check, json_t *list) {
    if (k->err == RB_OK) {
        warn_of(check, holds_back(k->class_), list);
    } else if (k->err == RB_ERR_BUSY) {
        char when[40];
        struct rb_writer w = rb_writer(when, sizeof when);
        rb_put_rfc3339(&w, k->again_utc_ms);
        json_array_append_new(
            list, rb_warning("probing", holds_back(k->class_),
                             "This was not compared: too many plans have met closed places within "
                             "a day. It can be asked again from %s on.",
                             rb_writer_z(&w)));
    } else {
        json_array_append_new(
            list, rb_warning("not-checked", holds_back(k->class_),
                             "This was compared with no other place: %s.",
                             k->rj.what && *k->rj.what ? k->rj.what : rb_err_text(k->err)));
    }
}
