/* A check of a channel's places as JSON: names, titles and marks come from the node. */
#include "check_truce.h"
#include "check_view.h"

struct of_chan {
    struct rb_chan *c;
    int64_t now_utc_ms;
};
static struct rb_slice author_of(void *ctx, uint16_t member) {
    const struct of_chan *o = ctx;
    return rb_chan_handle(o->c, member);
}
static struct rb_slice title_of(void *ctx, const struct rb_hash *id) {
    const struct of_chan *o = ctx;
    struct rb_place_view p = {0};
    if (!rb_node_place_of(o->c->rq->node, o->c->v.id, id, o->now_utc_ms, &p))
        return rb_slice(NULL, 0);
    return p.title;
}
static enum rb_mark mark_of(void *ctx, const struct rb_hash *id) {
    const struct of_chan *o = ctx;
    const struct rb_situation *s = NULL;
    if (rb_node_situation(o->c->rq->node, o->c->v.id, o->now_utc_ms, &s) != RB_OK)
        return RB_MARK_NONE;
    uint32_t at = rb_situation_find(s, id);
    return at == RB_NOWHERE ? RB_MARK_NONE : (enum rb_mark)s->order[at].mark;
}
static json_t *truce_of(void *ctx, const struct rb_hash *id) {
    const struct of_chan *o = ctx;
    struct rb_chan c = *o->c; /* a draft's has no situation */
    if (rb_node_situation(c.rq->node, c.v.id, o->now_utc_ms, &c.s) != RB_OK) return json_null();
    return rb_check_truce(&c, id);
}
json_t *rb_check_json(struct rb_chan *c, const struct rb_checked *k) {
    struct of_chan of = {c, k->now_utc_ms};
    const struct rb_check_names names = {&of, author_of, title_of, mark_of, truce_of};
    return rb_check_view(k, &names);
}
