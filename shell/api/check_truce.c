/* What a finding about an area under truce has more than others (spec 16.4.7): how far its
 * cessation has come, whom it binds, and the exclusions that it names. They take nothing from the
 * finding. */
#include "check_truce.h"
#include "readback/lot.h"
#include "view_places.h"

static const struct rb_cessation_view *find(const struct rb_cessation_lot *l, uint32_t instrument) {
    for (size_t i = 0; i < l->n; i++)
        if (l->cessations[i].instrument == instrument) return &l->cessations[i];
    return NULL;
}
/* A cessation names a designation by its hash: one that was superseded or withdrawn since is named
 * still, and it is said that it does not stand. null: nobody here can say. */
static json_t *stands_json(const struct rb_chan *c, uint32_t order) {
    const uint32_t i = order == RB_NOWHERE ? RB_NOWHERE : c->s->order[order].instrument;
    if (i == RB_NOWHERE || c->s->instruments[i].state == RB_STATE_UNREAD) return json_null();
    return json_boolean(c->s->instruments[i].state == RB_STATE_STANDS);
}
static json_t *later_json(const struct rb_chan *c, uint32_t order) {
    const uint32_t by = order == RB_NOWHERE ? RB_NOWHERE : c->s->order[order].superseded_by;
    return by == RB_NOWHERE ? json_null()
                            : rb_j_hex(rb_situation_fact(c->s, by)->id.b, RB_HASH_LEN);
}
/* a designation that is not held here, or cannot be read here, has no title; it is named all the
 * same */
static json_t *exclusion_json(struct rb_chan *c, const struct rb_hash *id) {
    const uint32_t order = rb_situation_find(c->s, id);
    json_t *o = json_object();
    json_t *brief = order == RB_NOWHERE ? NULL : rb_record_brief(c, order, true);
    json_t *title = json_object_get(brief, "title");
    rb_j_put(o, "record", rb_j_hex(id->b, RB_HASH_LEN));
    rb_j_put(o, "title", title ? json_incref(title) : json_null());
    rb_j_put(o, "stands", stands_json(c, order));
    rb_j_put(o, "superseded_by", later_json(c, order));
    json_decref(brief);
    return o;
}
static json_t *exclusions_json(struct rb_chan *c, uint32_t order) {
    const struct rb_gist *g = rb_situation_fact(c->s, order)->gist;
    json_t *list = json_array();
    for (size_t i = 0; g != NULL && i < g->hashes_n; i++)
        json_array_append_new(list, exclusion_json(c, &g->hashes[i]));
    return list;
}
json_t *rb_check_truce(struct rb_chan *c, const struct rb_hash *id) {
    const uint32_t order = rb_situation_find(c->s, id);
    if (order == RB_NOWHERE || rb_situation_fact(c->s, order)->kind != RB_KIND_CESSATION)
        return json_null();
    const uint32_t instrument = c->s->order[order].instrument;
    struct rb_cessation_lot l = {0};
    if (instrument == RB_NOWHERE) return json_null();
    const struct rb_sit_instrument *in = &c->s->instruments[instrument];
    const size_t mark = rb_arena_mark(&c->rq->arena);
    const struct rb_cessation_view *v = NULL;
    if (rb_lot_cessation(c->s, in->lot, &c->rq->arena, &l) == RB_OK) v = find(&l, instrument);
    json_t *o = json_object();
    rb_j_put(o, "state", json_string(rb_state_name((enum rb_state)in->state)));
    rb_j_put(o, "declared", v ? json_boolean(v->declared) : json_null());
    rb_j_put(o, "bound", v ? rb_chan_handles(c, v->bound) : json_null());
    rb_arena_release(&c->rq->arena, mark);
    rb_j_put(o, "exclusions", exclusions_json(c, order));
    return o;
}

/* ---- of a cessation itself: what it touches ----------------------------------------------------
 */
/* As the node compares them: within the span of the truce. What has nothing left of it is no
 * volume. */
static size_t under_truce(struct rb_chan *c, const struct rb_hash *id, struct rb_volume *v) {
    const size_t n = rb_node_place_volumes(c->rq->node, c->v.id, id, v);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!v[i].has_from || !v[i].has_to || v[i].from_utc_ms < v[i].to_utc_ms) v[kept++] = v[i];
    return kept;
}
void rb_check_truce_put(json_t *o, struct rb_chan *c, uint32_t order, const struct rb_record *rec) {
    const struct rb_hash id = rb_situation_fact(c->s, order)->id;
    struct rb_place_view p = {0};
    struct rb_volume volumes[RB_MAX_VOLUMES];
    struct rb_checked k;
    const bool stands = rb_place_known(c, &id, &p) && p.stands;
    rb_j_put(o, "stands", json_boolean(stands));
    rb_j_put(o, "check", json_null());
    if (!stands) return;
    struct rb_notice n = {.class_ = (enum rb_notice_class)RB_PLACE_TRUCE, .volumes = volumes};
    n.volumes_n = under_truce(c, &id, volumes);
    rb_check_known(c, &id, rb_situation_author(c->s, order), rec, &n, &k);
    rb_j_put(o, "check", rb_check_json(c, &k));
}
