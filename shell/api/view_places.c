/* Places that can be read here: the list of them, as GeoJSON, and what is to be remembered of them.
 */
#include "view_places.h"
#include "readback/coord.h"
#include "readback/geojson.h"
#include "readback/text.h"

bool rb_place_known(struct rb_chan *c, const struct rb_hash *record, struct rb_place_view *out) {
    return rb_node_place_of(c->rq->node, c->v.id, record, c->rq->at_utc_ms, out);
}
size_t rb_places_known(struct rb_chan *c) {
    return rb_node_places(c->rq->node, c->v.id, c->rq->at_utc_ms);
}
bool rb_place_at(struct rb_chan *c, size_t i, struct rb_place_view *out) {
    return rb_node_place(c->rq->node, c->v.id, i, c->rq->at_utc_ms, out);
}

/* ---- reminders ----------------------------------------------------------------------------------
 */
json_t *rb_reminder_json(struct rb_chan *c, const struct rb_place_view *p) {
    if (p->reminder == RB_REMINDER_NONE) return json_null();
    json_t *o = json_object();
    rb_j_put(o, "what", json_string(rb_reminder_name(p->reminder)));
    if (p->reminder == RB_REMINDER_REVIEW)
        rb_j_put(o, "since", rb_j_time(p->review_utc_ms));
    else
        rb_j_put(o, "begins", p->has_begin ? rb_j_time(p->begin_utc_ms) : json_null());
    rb_j_put(o, "members", rb_chan_handles(c, p->remind));
    return o;
}
void rb_reminders_put(struct rb_chan *c, json_t *list) {
    struct rb_place_view p;
    const size_t n = rb_places_known(c);
    for (size_t i = 0; i < n; i++) {
        if (!rb_place_at(c, i, &p) || p.reminder == RB_REMINDER_NONE) continue;
        json_t *o = rb_reminder_json(c, &p);
        rb_j_put(o, "record", rb_j_hex(p.record.b, RB_HASH_LEN));
        rb_j_put(o, "title", p.title.n ? rb_j_slice(p.title) : json_null());
        rb_j_put(o, "class", json_string(rb_place_class_name(p.class_)));
        rb_j_put(o, "channel", rb_j_hex(c->v.id, RB_CHANNEL_LEN));
        json_array_append_new(list, o);
    }
}

/* ---- which of them ------------------------------------------------------------------------------
 */
struct wanted {
    bool has_class, all;
    enum rb_place_class class_;
};
static bool wanted_get(struct rb_req *rq, struct wanted *w) {
    char buf[64];
    uint64_t all = 0;
    *w = (struct wanted){0};
    if (!rb_query_uint(rq, "all", 0, 1, &all)) return false;
    w->all = all != 0;
    if (!rb_query(rq, "class", buf, sizeof buf)) return true;
    for (unsigned i = 0; i < RB_PLACE_CLASSES; i++) {
        if (strcmp(buf, rb_place_class_name((enum rb_place_class)i)) != 0) continue;
        w->class_ = (enum rb_place_class)i;
        w->has_class = true;
        return true;
    }
    rb_fail_words(rq, RB_ERR_USAGE, "class", "there is no such class of place",
                  "one of operation, exercise, movement, site, area, area under truce");
    return false;
}
static bool wants(const struct wanted *w, const struct rb_place_view *p) {
    return (w->all || p->stands) && (!w->has_class || p->class_ == w->class_);
}
/* what is known to be there and could not be used */
static bool put_not_here(struct rb_chan *c, json_t *o) {
    struct rb_register_terms t;
    enum rb_err err = rb_node_terms(c->rq->node, c->v.id, c->rq->at_utc_ms, &t);
    if (err != RB_OK) {
        json_decref(o);
        rb_fail_words(c->rq, err, "channel", "the channel's places could not be looked at", NULL);
        return false;
    }
    rb_j_put(o, "unreadable", json_integer((json_int_t)t.unreadable));
    rb_j_put(o, "malformed", json_integer((json_int_t)t.malformed));
    return true;
}

/* ---- the list -----------------------------------------------------------------------------------
 */
static json_t *point_json(const struct rb_place_view *p, enum rb_coord_format format) {
    char buf[RB_MAX_COORD_TEXT];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    if (!p->placed || rb_coord_put(&w, p->middle, format, 5, RB_ZONE_STANDARD) != RB_OK)
        return json_null();
    json_t *out = rb_j_text(&w);
    rb_wipe(buf, sizeof buf);
    return out;
}
static json_t *place_json(struct rb_chan *c, const struct rb_place_view *p) {
    const uint32_t order = rb_situation_find(c->s, &p->record);
    json_t *o = json_object();
    rb_j_put(o, "record", rb_j_hex(p->record.b, RB_HASH_LEN));
    rb_j_put(o, "author", rb_chan_handle_json(c, p->feed.member));
    rb_j_put(o, "class", json_string(rb_place_class_name(p->class_)));
    rb_j_put(o, "title", p->title.n ? rb_j_slice(p->title) : json_null());
    rb_j_put(o, "closed", json_boolean(p->closed));
    rb_j_put(o, "recipients", p->closed ? rb_chan_handles(c, p->readers) : json_null());
    rb_j_put(o, "stands", json_boolean(p->stands));
    rb_j_put(o, "begins", p->has_begin ? rb_j_time(p->begin_utc_ms) : json_null());
    rb_j_put(o, "ends", p->has_end ? rb_j_time(p->end_utc_ms) : json_null());
    rb_j_put(o, "review_by", p->has_review ? rb_j_time(p->review_utc_ms) : json_null());
    rb_j_put(o, "reminder", rb_reminder_json(c, p));
    rb_j_put(o, "place", point_json(p, RB_COORD_DEG));
    rb_j_put(o, "mgrs", point_json(p, RB_COORD_MGRS));
    const bool judged = order != RB_NOWHERE;
    rb_j_put(o, "held_by", judged ? rb_held_list(c, order) : json_array());
    rb_j_put(o, "passed_down_by",
             judged ? rb_said_list(c, order, RB_POSITION_PASSED_DOWN) : json_array());
    return o;
}
void rb_get_places(struct rb_req *rq) {
    struct rb_chan c;
    struct wanted want;
    struct rb_place_view p;
    if (!rb_chan_open(rq, rq->part[1], &c) || !wanted_get(rq, &want)) return;
    json_t *o = rb_chan_head(&c), *list = json_array();
    const size_t n = rb_places_known(&c);
    for (size_t i = 0; i < n; i++)
        if (rb_place_at(&c, i, &p) && wants(&want, &p))
            json_array_append_new(list, place_json(&c, &p));
    rb_j_put(o, "now", rb_j_time(rq->at_utc_ms));
    rb_j_put(o, "places", list);
    if (put_not_here(&c, o)) rb_reply(rq, 200, o);
}

/* ---- as GeoJSON (12.3) --------------------------------------------------------------------------
 */
static json_t *feature(struct rb_req *rq, const struct rb_feature *f, uint64_t *remarks) {
    uint8_t *buf = rb_arena_alloc(&rq->arena, RB_MAX_GEO_ITEM);
    if (buf == NULL) return NULL;
    struct rb_writer w = rb_writer(buf, RB_MAX_GEO_ITEM);
    struct rb_json_writer j = rb_json_writer(&w);
    rb_geojson_put(&j, f, remarks);
    return w.over ? NULL : json_loadb((const char *)buf, w.n, 0, NULL);
}
/* Of a cessation the areas are those that are under truce, within its span; it has no class of its
 * own in GeoJSON (12.3). */
static bool read_feature(struct rb_chan *c, const struct rb_place_view *p, struct rb_slice body,
                         struct rb_feature *f) {
    struct rb_arena *a = &c->rq->arena;
    struct rb_notice n;
    struct rb_cessation t;
    struct rb_reject rj;
    if (body.n == 0) return false;
    if (p->class_ != RB_PLACE_TRUCE) {
        if (rb_notice_decode(body, a, &n, &rj) != RB_OK) return false;
        *f = (struct rb_feature){.has_class = true,
                                 .class_ = n.class_,
                                 .title = n.title,
                                 .text = n.text,
                                 .volumes_n = n.volumes_n,
                                 .volumes = n.volumes};
        return n.volumes_n > 0;
    }
    struct rb_volume *v = rb_arena_array(a, RB_MAX_VOLUMES, sizeof *v);
    if (v == NULL || rb_cessation_decode(body, a, &t, &rj) != RB_OK) return false;
    *f = (struct rb_feature){.title = t.title, .text = t.text, .volumes = v};
    f->volumes_n = rb_node_place_volumes(c->rq->node, c->v.id, &p->record, v);
    return f->volumes_n > 0;
}
/* a place's own feature; NULL where its body cannot be read now */
static json_t *feature_of(struct rb_chan *c, const struct rb_place_view *p, uint64_t *remarks) {
    const uint32_t order = rb_situation_find(c->s, &p->record);
    const size_t mark = rb_arena_mark(&c->rq->arena);
    struct rb_slice leaf;
    struct rb_record rec;
    struct rb_opened x;
    struct rb_feature said;
    json_t *f = NULL;
    if (order == RB_NOWHERE || rb_chan_record(c, order, &leaf, &rec) != RB_OK) return NULL;
    rb_open_record(c, order, &rec, &x);
    if (read_feature(c, p, x.body, &said)) f = feature(c->rq, &said, remarks);
    rb_req_wipe(c->rq, mark);
    if (f) rb_j_put(f, "id", rb_j_hex(p->record.b, RB_HASH_LEN));
    return f;
}
static json_t *remark_words(uint64_t remarks) {
    json_t *out = json_array();
    for (unsigned i = 0; i < RB_REMARKS; i++)
        if (remarks >> i & 1)
            json_array_append_new(out, json_string(rb_remark_word((enum rb_remark)i)));
    return out;
}
void rb_get_geojson(struct rb_req *rq) {
    struct rb_chan c;
    struct wanted want;
    struct rb_place_view p;
    uint64_t remarks = 0;
    json_int_t left_out = 0;
    if (!rb_chan_open(rq, rq->part[1], &c) || !wanted_get(rq, &want)) return;
    want.all = false;
    json_t *o = rb_chan_head(&c), *list = json_array();
    const size_t n = rb_places_known(&c);
    for (size_t i = 0; i < n; i++) {
        if (!rb_place_at(&c, i, &p) || !wants(&want, &p)) continue;
        json_t *f = feature_of(&c, &p, &remarks);
        if (f)
            json_array_append_new(list, f);
        else
            left_out++;
    }
    rb_j_put(o, "type", json_string("FeatureCollection"));
    rb_j_put(o, "name", json_incref(json_object_get(o, "title")));
    rb_j_put(o, "now", rb_j_time(rq->at_utc_ms));
    rb_j_put(o, "features", list);
    rb_j_put(o, "remarks", remark_words(remarks));
    rb_j_put(o, "left_out", json_integer(left_out));
    if (put_not_here(&c, o)) rb_reply(rq, 200, o);
}
