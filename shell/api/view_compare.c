/* Two records side by side: have they place, time and altitude in common? With no stand-off; what a
 * charter asks besides is a check's matter. */
#include "check.h"
#include "view_places.h"

struct side {
    json_t *who;
    size_t n;
    struct rb_extent e[RB_MAX_VOLUMES];
};
struct worst {
    bool any;
    struct rb_verdict v;
};

static json_t *who_json(struct rb_chan *c, uint32_t order, const struct rb_placed *p) {
    json_t *o = json_object();
    rb_j_put(o, "record", rb_j_hex(rb_situation_fact(c->s, order)->id.b, RB_HASH_LEN));
    rb_j_put(o, "author", rb_chan_handle_json(c, rb_situation_author(c->s, order)));
    rb_j_put(o, "class",
             p->stop_fire ? json_null()
                          : json_string(rb_place_class_name((enum rb_place_class)p->n.class_)));
    rb_j_put(o, "title", rb_j_slice(p->n.title));
    return o;
}
/* Outlines are prepared in the request's memory, and copy what they need of the record. */
static bool side_get(struct rb_req *rq, const char *name, struct rb_chan *c, struct side *out) {
    struct rb_placed p;
    struct rb_reject rj = {0};
    uint32_t order = 0;
    if (!rb_placed_find(rq, name, c, &order, &p)) return false;
    out->n = p.n.volumes_n;
    for (size_t i = 0; i < out->n; i++)
        if (rb_extent_prepare(&p.n.volumes[i], &rq->arena, &out->e[i], &rj) != RB_OK) {
            rb_fail_reject(rq, &rj, "record");
            return false;
        }
    out->who = who_json(c, order, &p);
    return true; /* the end of the request wipes what was opened */
}

static int rank(enum rb_answer a) {
    return a == RB_ANSWER_CONFLICT ? 2 : a == RB_ANSWER_NOT_EXCLUDED ? 1 : 0;
}
static bool worse(const struct rb_verdict *a, const struct rb_verdict *b) {
    if (rank(a->answer) != rank(b->answer)) return rank(a->answer) > rank(b->answer);
    if (a->gap.depth_mm != b->gap.depth_mm) return a->gap.depth_mm > b->gap.depth_mm;
    return a->gap.distance_mm < b->gap.distance_mm;
}
/* Both may be drawn so that it takes long: all pairs share the looks of one check (10.6.16). */
static void compare(const struct side *a, const struct side *b, struct rb_verdict_terms terms,
                    struct worst *out) {
    uint64_t near = RB_CHECK_LOOKS, gap = RB_MEASURE_LOOKS;
    terms.looks = &near;
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++) {
            struct rb_verdict v;
            rb_verdict(&a->e[i], &b->e[k], &terms, &v);
            v.gap = rb_outline_gap_by(a->e[i].outline, b->e[k].outline, &gap);
            if (out->any && !worse(&v, &out->v)) continue;
            out->any = true;
            out->v = v;
        }
}

/* ---- in words -----------------------------------------------------------------------------------
 */
static void put_apart(struct rb_writer *w, const struct rb_verdict *v) {
    if (v->gap.distance_mm > 0) {
        rb_put_z(w, v->gap.exact ? "They are " : "They are at most ");
        rb_put_span_words(w, v->gap.distance_mm, !v->gap.exact);
        rb_put_z(w, " apart");
    } else {
        rb_put_z(w, "Seen from above they overlap");
    }
    if (v->apart == RB_APART_TIME) rb_put_z(w, ", and have no time in common");
    if (v->apart == RB_APART_ALTITUDE) rb_put_z(w, ", and have no height in common");
    rb_put_z(w, ".");
}
static void put_words(struct rb_writer *w, const struct rb_verdict *v) {
    if (v->answer == RB_ANSWER_NONE_FOUND) {
        put_apart(w, v);
        return;
    }
    rb_put_z(w, v->answer == RB_ANSWER_CONFLICT
                    ? "They have place, time and height in common: "
                    : "It cannot be excluded that they have place, time and height in common: ");
    rb_put_when_words(w, v->from_utc_ms, v->to_utc_ms);
    rb_put_z(w, ", ");
    rb_put_band_words(w, &v->band);
    rb_put_z(w, ".");
    if (v->answer == RB_ANSWER_NOT_EXCLUDED) rb_put_why_open(w, v->unsure);
}
static void put_verdict(json_t *o, const struct rb_verdict *v) {
    char words[512];
    struct rb_writer w = rb_writer(words, sizeof words);
    const bool met = v->answer != RB_ANSWER_NONE_FOUND, apart = v->gap.distance_mm > 0;
    put_words(&w, v);
    rb_j_put(o, "answer", json_string(rb_answer_name(v->answer)));
    rb_j_put(o, "unsure", rb_unsure_json(v->unsure));
    rb_j_put(o, "distance_mm", apart ? json_integer((json_int_t)v->gap.distance_mm) : json_null());
    rb_j_put(o, "depth_mm", apart ? json_null() : json_integer((json_int_t)v->gap.depth_mm));
    rb_j_put(o, "exact", json_boolean(v->gap.exact));
    rb_j_put(o, "from", met ? rb_begin_json(v->from_utc_ms) : json_null());
    rb_j_put(o, "to", met ? rb_end_json(v->to_utc_ms) : json_null());
    rb_j_put(o, "floor", rb_height_json(met && v->band.has_floor, v->band.floor_mm, v->band.datum));
    rb_j_put(o, "ceiling",
             rb_height_json(met && v->band.has_ceiling, v->band.ceiling_mm, v->band.datum));
    rb_j_put(o, "band_at_most", json_boolean(met && v->band.at_most));
    rb_j_put(o, "sentence", rb_j_text(&w));
}

/* heights above ground by the range of the channel that both are in */
static void terms_of(struct rb_req *rq, const struct rb_chan *a, const struct rb_chan *b,
                     struct rb_verdict_terms *out) {
    struct rb_register_terms t;
    *out = (struct rb_verdict_terms){.standoff_mm = 0};
    if (memcmp(a->v.id, b->v.id, RB_CHANNEL_LEN) != 0 ||
        rb_node_terms(rq->node, a->v.id, rq->at_utc_ms, &t) != RB_OK)
        return;
    out->has_terrain = t.has_terrain;
    out->terrain_least_mm_wgs84 = t.terrain_least_mm_wgs84;
    out->terrain_most_mm_wgs84 = t.terrain_most_mm_wgs84;
}
void rb_get_compare(struct rb_req *rq) {
    struct side *s = rb_arena_array(&rq->arena, 2, sizeof *s);
    struct rb_chan a, b;
    struct rb_verdict_terms terms;
    struct worst worst = {0};
    if (s == NULL) {
        rb_fail_words(rq, RB_ERR_LIMIT, NULL, "memory is short", NULL);
        return;
    }
    s[0].who = s[1].who = NULL;
    if (!side_get(rq, rq->part[1], &a, &s[0]) || !side_get(rq, rq->part[3], &b, &s[1])) {
        json_decref(s[0].who);
        return;
    }
    terms_of(rq, &a, &b, &terms);
    compare(&s[0], &s[1], terms, &worst);
    json_t *o = rb_chan_head(&b);
    /* an exercise, if one of the two is said in one */
    rb_j_put(o, "exercise", json_boolean(a.v.book->exercise || b.v.book->exercise));
    rb_j_put(o, "now", rb_j_time(rq->at_utc_ms));
    rb_j_put(o, "a", s[0].who);
    rb_j_put(o, "b", s[1].who);
    put_verdict(o, &worst.v);
    rb_reply(rq, 200, o);
}
