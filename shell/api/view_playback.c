/* A record's places played back: in words and numbers that its author did not type (10.8). */
#include "readback/playback.h"
#include "view_places.h"

/* ---- the sites that can be read here ------------------------------------------------------------
 */
struct sites {
    size_t n;
    struct rb_playback_site *site;
    struct rb_hash *record;
};
/* The query that sends it back goes at most to those who may read the record. */
static uint64_t query_readers(const struct rb_chan *c, const struct rb_record *rec) {
    return rec->recipients | UINT64_C(1) << c->v.own_member;
}
static bool sites_get(struct rb_chan *c, const struct rb_placed *p, const struct rb_hash *self,
                      struct sites *out) {
    struct rb_arena *a = &c->rq->arena;
    struct rb_place_view v;
    const size_t n = rb_places_known(c);
    *out = (struct sites){.site = rb_arena_array(a, n ? n : 1, sizeof *out->site),
                          .record = rb_arena_array(a, n ? n : 1, sizeof *out->record)};
    if (out->site == NULL || out->record == NULL) return false;
    for (size_t i = 0; i < n; i++) {
        if (!rb_place_at(c, i, &v) || v.class_ != RB_PLACE_SITE || !v.stands || !v.placed ||
            rb_hash_eq(&v.record, self))
            continue;
        out->record[out->n] = v.record;
        out->site[out->n++] = (struct rb_playback_site){
            .point = v.middle,
            .title = v.title,
            .nameable = rb_register_nameable(v.closed, v.readers, p->rec.closed,
                                             query_readers(c, &p->rec))};
    }
    return true;
}

/* ---- in JSON ------------------------------------------------------------------------------------
 */
static void put_from(json_t *o, const struct rb_playback_from *f) {
    rb_j_put(o, "distance_mm", json_integer((json_int_t)f->distance_mm));
    rb_j_put(o, "bearing", f->words.value ? json_string(rb_wind_name(f->words.wind)) : json_null());
    rb_j_put(o, "sentence", rb_j_slice(f->sentence));
}
static json_t *or_null(struct rb_slice s) {
    return s.n ? rb_j_slice(s) : json_null();
}
static json_t *nearest_json(const struct rb_playback_volume *v) {
    if (v->points_n == 0 || !v->points[0].has_nearest) return json_null();
    const struct rb_playback_point *p = &v->points[0];
    json_t *o = json_object();
    rb_j_put(o, "name", rb_j_slice(p->place.name));
    rb_j_put(o, "ar", or_null(p->place.ar));
    rb_j_put(o, "ru", or_null(p->place.ru));
    rb_j_put(o, "country", json_string(p->place.country));
    put_from(o, &p->nearest);
    return o;
}
static json_t *site_json(const struct rb_playback_volume *v, const struct sites *s) {
    if (!v->has_site) return json_null();
    json_t *o = json_object();
    rb_j_put(o, "record", rb_j_hex(s->record[v->site].b, RB_HASH_LEN));
    rb_j_put(o, "title", or_null(s->site[v->site].title));
    put_from(o, &v->nearest_site);
    return o;
}
static json_t *volume_json(const struct rb_playback_volume *v, const struct sites *s) {
    json_t *o = json_object(), *points = json_array(), *lines = json_array();
    for (size_t i = 0; i < v->points_n; i++) {
        json_t *p = json_object();
        rb_j_put(p, "decimal", rb_j_slice(v->points[i].decimal));
        rb_j_put(p, "dms", rb_j_slice(v->points[i].dms));
        rb_j_put(p, "mgrs", or_null(v->points[i].mgrs));
        json_array_append_new(points, p);
    }
    for (size_t i = 0; i < v->lines_n; i++)
        json_array_append_new(lines, rb_j_slice(v->lines[i]));
    rb_j_put(o, "shape", rb_j_slice(v->shape));
    rb_j_put(o, "points", points);
    rb_j_put(o, "points_of", json_integer((json_int_t)v->points_of));
    rb_j_put(o, "radius_mm", v->has_radius ? json_integer((json_int_t)v->radius_mm) : json_null());
    rb_j_put(o, "heights", or_null(v->heights));
    rb_j_put(o, "times", or_null(v->times));
    rb_j_put(o, "nearest", nearest_json(v));
    rb_j_put(o, "nearest_site", site_json(v, s));
    rb_j_put(o, "words", lines);
    return o;
}

/* ---- sent back already, and confirmed -----------------------------------------------------------
 */
static bool has_playback(struct rb_chan *c, uint32_t order) {
    struct rb_slice leaf;
    struct rb_record rec;
    struct rb_opened x;
    struct rb_position p;
    struct rb_reject rj;
    if (rb_chan_record(c, order, &leaf, &rec) != RB_OK) return false;
    rb_open_record(c, order, &rec, &x);
    const bool has = x.body.n > 0 && rb_position_decode(x.body, &p, &rj) == RB_OK &&
                     p.type == RB_POSITION_QUERY && p.playback.n > 0;
    rb_opened_end(c->rq, &x);
    return has;
}
static void put_confirmed(struct rb_chan *c, uint32_t query, json_t *list) {
    for (uint32_t i = c->s->order[query].first_answer; i != RB_NOWHERE; i = c->s->answers[i].next) {
        const uint32_t a = c->s->answers[i].answer;
        const struct rb_fact *f = rb_situation_fact(c->s, a);
        if (f->position != RB_POSITION_CONFIRM || c->s->order[a].mark) continue;
        json_t *o = json_object();
        rb_j_put(o, "record", rb_j_hex(f->id.b, RB_HASH_LEN));
        rb_j_put(o, "member", rb_chan_handle_json(c, rb_situation_author(c->s, a)));
        rb_j_put(o, "at", rb_j_time(f->created_utc_ms));
        json_array_append_new(list, o);
    }
}
static void put_sent(json_t *o, struct rb_chan *c, uint32_t order) {
    json_t *sent = json_array(), *confirmed = json_array();
    for (uint32_t i = c->s->order[order].first_answer; i != RB_NOWHERE; i = c->s->answers[i].next) {
        const uint32_t a = c->s->answers[i].answer;
        const struct rb_fact *f = rb_situation_fact(c->s, a);
        if (f->position != RB_POSITION_QUERY || !has_playback(c, a)) continue;
        json_array_append_new(sent, rb_j_hex(f->id.b, RB_HASH_LEN));
        put_confirmed(c, a, confirmed);
    }
    rb_j_put(o, "sent", sent);
    rb_j_put(o, "confirmed", confirmed);
}

static bool play(struct rb_chan *c, const struct rb_placed *p, const struct rb_hash *id,
                 struct sites *s, struct rb_playback *out) {
    struct rb_req *rq = c->rq;
    struct rb_api *api = rq->api;
    struct rb_reject rj = {0};
    enum rb_err err =
        api->gazetteer.n ? RB_OK : rb_gazetteer_open(rb_gazetteer_builtin, &api->gazetteer, &rj);
    if (err == RB_OK && !sites_get(c, p, id, s)) err = RB_ERR_LIMIT;
    if (err == RB_OK)
        err = rb_playback(p->n.volumes, p->n.volumes_n, &api->gazetteer, s->site, s->n, &rq->arena,
                          out);
    if (err != RB_OK)
        rb_fail_words(rq, err, NULL, "the places could not be put in words here", NULL);
    return err == RB_OK;
}
void rb_get_playback(struct rb_req *rq) {
    struct rb_chan c;
    struct rb_placed p;
    struct rb_playback b;
    struct sites s;
    uint32_t order = 0;
    if (!rb_placed_find(rq, rq->part[1], &c, &order, &p)) return;
    const struct rb_hash id = rb_situation_fact(c.s, order)->id;
    if (!play(&c, &p, &id, &s, &b)) return;
    json_t *o = rb_chan_head(&c), *list = json_array();
    for (size_t i = 0; i < b.volumes_n; i++)
        json_array_append_new(list, volume_json(&b.volumes[i], &s));
    rb_j_put(o, "now", rb_j_time(rq->at_utc_ms));
    rb_j_put(o, "record", rb_j_hex(id.b, RB_HASH_LEN));
    rb_j_put(o, "author", rb_chan_handle_json(&c, rb_situation_author(c.s, order)));
    rb_j_put(o, "text", rb_j_slice(b.text));
    rb_j_put(o, "volumes", list);
    rb_j_put(o, "attribution", json_string(rb_gazetteer_attribution));
    rb_opened_end(rq, &p.x); /* the leaf's bytes are looked at anew from here on */
    put_sent(o, &c, order);
    rb_reply(rq, 200, o);
}
