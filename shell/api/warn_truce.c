/* Before a cessation is released (spec 16.4.6): words that do not match its times, an end that is
 * past, a gap before an extension, others that it overlaps with other parties. */
#include <stdio.h>
#include "readback/truce.h"
#include "view_lot.h"

#define TOLD_MOST 8u /* overlaps, each a sentence */

static const char *days(int64_t ms, char buf[48]) {
    struct rb_writer w = rb_writer(buf, 48);
    json_t *o = rb_span_words(ms < 0 ? -ms : ms);
    rb_put_z(&w, o ? json_string_value(o) : "?");
    json_decref(o);
    return rb_writer_z(&w);
}
static void add(json_t *list, json_t *warning, const struct rb_chan *c, uint32_t order) {
    if (order != RB_NOWHERE) rb_j_put(warning, "record", rb_order_id(c, order));
    json_array_append_new(list, warning);
}

/* ---- by itself ---------------------------------------------------------------------------------
 */
static void look_times(struct rb_chan *c, const struct rb_cessation *t, json_t *list) {
    const int64_t differs = rb_cessation_length_differs_ms(t);
    char said[48], real[48];
    if (differs != 0)
        add(list,
            rb_warning("length-differs", true,
                       "Its words say %s; from its start to its end it is %s: %s %s.",
                       days(t->length_ms > INT64_MAX ? INT64_MAX : (int64_t)t->length_ms, said),
                       days(t->end_utc_ms - t->start_utc_ms, real),
                       differs > 0 ? "shorter than said by" : "longer than said by",
                       days(differs, (char[48]){0})),
            c, RB_NOWHERE);
    if (t->has_end && t->end_utc_ms <= c->rq->now.utc_ms)
        add(list, rb_warning("end-past", true, "Its end has passed already."), c, RB_NOWHERE);
}

/* ---- beside others -----------------------------------------------------------------------------
 */
/* where it ends, and whom it binds, by what was adopted since; else by its body */
static void effective(struct rb_chan *c, uint32_t instrument, struct rb_cessation *t) {
    struct rb_cessation_lot l;
    if (rb_lot_cessation(c->s, c->s->instruments[instrument].lot, &c->rq->arena, &l) != RB_OK)
        return;
    for (size_t i = 0; i < l.n; i++) {
        const struct rb_cessation_view *v = &l.cessations[i];
        if (v->instrument != instrument) continue;
        if (v->bound != 0 && t->parties != 0) t->parties &= v->bound;
        if (v->end_utc_ms == 0) continue;
        t->has_end = v->has_end;
        t->end_utc_ms = v->end_utc_ms;
    }
}
/* a cessation that is here, in the request's memory; false: it cannot be read here */
static bool other_get(struct rb_chan *c, uint32_t order, struct rb_cessation *out) {
    struct rb_slice leaf;
    struct rb_record rec;
    struct rb_opened x;
    struct rb_reject rj;
    if (rb_chan_record(c, order, &leaf, &rec) != RB_OK) return false;
    rb_open_record(c, order, &rec, &x);
    uint8_t *copy = x.body.n ? rb_arena_alloc(&c->rq->arena, x.body.n) : NULL;
    if (copy == NULL) return false;
    memcpy(copy, x.body.p, x.body.n);
    return rb_cessation_decode(rb_slice(copy, x.body.n), &c->rq->arena, out, &rj) == RB_OK;
}
/* An extension that names its voices names all whom the other one binds, or makes it no longer
 * (16.4.5). */
static bool leaves_out(const struct rb_cessation *t, const struct rb_cessation *before) {
    if (t->has_adoption && t->adoption.rule == RB_RULE_GUARANTORS) return false;
    const uint64_t of = t->has_adoption ? t->adoption.of : 0;
    const uint64_t voices = of != 0 ? of : t->parties;
    return voices != 0 && (before->parties & ~voices) != 0;
}
static void look_extended(struct rb_chan *c, const struct rb_cessation *t, uint32_t instrument,
                          json_t *list) {
    const uint32_t order = c->s->instruments[instrument].record;
    struct rb_cessation before = {0};
    char gap[48];
    if (!other_get(c, order, &before)) return;
    effective(c, instrument, &before);
    if (leaves_out(t, &before))
        add(list,
            rb_warning("alone", true,
                       "It does not name all whom the other one binds: it makes that one no "
                       "longer, and binds its own parties alone."),
            c, order);
    const int64_t ms = rb_cessation_gap_ms(&before, t);
    if (ms > 0)
        add(list,
            rb_warning("gap", true,
                       "It starts %s after the end of what it extends: in this gap neither of the "
                       "two is in force. Others are not looked at.",
                       days(ms, gap)),
            c, order);
}
struct beside { /* a draft among those that are there */
    const struct rb_cessation *t;
    uint64_t parties, looks;
    struct rb_verdict_terms terms;
    size_t told, dark; /* dark: not to be read here */
};
static void look_one(struct rb_chan *c, struct beside *b, uint32_t order, json_t *list) {
    struct rb_cessation o;
    struct rb_reject rj;
    enum rb_answer answer = RB_ANSWER_NONE_FOUND;
    if (!other_get(c, order, &o)) {
        b->dark++;
        return;
    }
    const uint64_t parties = rb_cessation_parties(&o, rb_situation_author(c->s, order));
    if (rb_cessations_overlap(b->t, b->parties, &o, parties, &b->terms, &c->rq->arena, &answer,
                              &rj) != RB_OK)
        answer = RB_ANSWER_NOT_EXCLUDED;
    if (answer == RB_ANSWER_NONE_FOUND || b->told++ >= TOLD_MOST) return;
    const bool sure = answer == RB_ANSWER_CONFLICT;
    add(list,
        rb_warning("overlaps", sure,
                   sure ? "It overlaps another one in time and area, with other parties."
                        : "That it overlaps another one with other parties, in time and area, "
                          "cannot be excluded."),
        c, order);
}
static void look_others(struct rb_chan *c, const struct rb_cessation *t, uint32_t extended,
                        json_t *list) {
    struct rb_register_terms terms;
    struct beside b = {.t = t, .looks = RB_CHECK_LOOKS};
    b.parties = rb_cessation_parties(t, c->v.own_member);
    b.terms.looks = &b.looks;
    if (rb_node_terms(c->rq->node, c->v.id, c->rq->at_utc_ms, &terms) == RB_OK) {
        b.terms.has_terrain = terms.has_terrain;
        b.terms.terrain_least_mm_wgs84 = terms.terrain_least_mm_wgs84;
        b.terms.terrain_most_mm_wgs84 = terms.terrain_most_mm_wgs84;
    }
    const uint32_t lot = extended == RB_NOWHERE ? RB_NOWHERE : c->s->instruments[extended].lot;
    for (size_t i = 0; i < c->s->instruments_n; i++) {
        const struct rb_sit_instrument *in = &c->s->instruments[i];
        if (rb_situation_fact(c->s, in->record)->kind != RB_KIND_CESSATION || in->lot == lot ||
            rb_instrument_past((enum rb_state)in->state))
            continue;
        const size_t mark = rb_arena_mark(&c->rq->arena);
        look_one(c, &b, in->record, list);
        rb_req_wipe(c->rq, mark);
    }
    if (b.dark > 0)
        add(list,
            rb_warning("overlaps", false,
                       "%zu that cannot be read here: whether they overlap it was not looked at.",
                       b.dark),
            c, RB_NOWHERE);
    if (b.told > TOLD_MOST)
        add(list,
            rb_warning("overlaps", false, "%zu more overlap, or cannot be excluded to.",
                       b.told - TOLD_MOST),
            c, RB_NOWHERE);
}

void rb_warn_cessation(struct rb_chan *c, struct rb_slice body, json_t *list) {
    const size_t mark = rb_arena_mark(&c->rq->arena);
    struct rb_cessation t;
    struct rb_reject rj;
    uint32_t extended = RB_NOWHERE;
    if (rb_cessation_decode(body, &c->rq->arena, &t, &rj) == RB_OK) {
        look_times(c, &t, list);
        const uint32_t order =
            c->s && t.has_extends ? rb_situation_find(c->s, &t.extends) : RB_NOWHERE;
        if (order != RB_NOWHERE) extended = c->s->order[order].instrument;
        if (extended != RB_NOWHERE) look_extended(c, &t, extended, list);
        if (c->s) look_others(c, &t, extended, list);
    }
    rb_req_wipe(c->rq, mark);
}
