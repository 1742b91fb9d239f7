/* Views of instruments: lists by kind, what became of one record. */
#include <stdio.h>
#include <stdlib.h>
#include "readback/textdiff.h"
#include "view_lot.h"

/* ---- parts -------------------------------------------------------------------------------------
 */
json_t *rb_order_id(const struct rb_chan *c, uint32_t order) {
    if (order == RB_NOWHERE || order >= c->s->order_n) return json_null();
    return rb_j_hex(rb_situation_fact(c->s, order)->id.b, RB_HASH_LEN);
}
json_t *rb_instrument_id(const struct rb_chan *c, uint32_t instrument) {
    if (instrument == RB_NOWHERE || instrument >= c->s->instruments_n) return json_null();
    return rb_order_id(c, c->s->instruments[instrument].record);
}
/* where somebody stands is shown beside what it says, always */
void rb_member_put(json_t *o, const struct rb_chan *c, uint16_t member) {
    const struct rb_member *m = rb_book_listed(c->v.book, member);
    const struct rb_sit_member *sm = NULL;
    for (size_t i = 0; i < c->s->members_n; i++)
        if (c->s->members[i].index == member) sm = &c->s->members[i];
    const bool grouped = sm && sm->group >= 0 && (size_t)sm->group < c->charter->groups_n;
    rb_j_put(o, "member", rb_chan_handle_json(c, member));
    rb_j_put(o, "affiliation", m && m->affiliation.n ? rb_j_slice(m->affiliation) : json_null());
    rb_j_put(o, "group", grouped ? rb_j_slice(c->charter->groups[sm->group].name) : json_null());
    rb_j_put(o, "role", m ? json_string(rb_role_name(m->role)) : json_null());
}
json_t *rb_member_json(const struct rb_chan *c, uint16_t member) {
    json_t *o = json_object();
    rb_member_put(o, c, member);
    return o;
}
json_t *rb_position_name_json(uint8_t position) {
    return position ? json_string(rb_position_name((enum rb_position_type)position)) : json_null();
}

/* ---- one ---------------------------------------------------------------------------------------
 */
static void put_state(json_t *o, struct rb_chan *c, const struct rb_sit_instrument *in,
                      const struct rb_incidents_known *known, struct rb_lot_kept *kept) {
    char words[512];
    struct rb_writer w = rb_writer(words, sizeof words);
    rb_instrument_words(&w, rb_situation_fact(c->s, in->record), in);
    rb_j_put(o, "state", json_string(rb_state_name((enum rb_state)in->state)));
    rb_j_put(o, "state_sentence", rb_j_text(&w));
    rb_j_put(o, "since", rb_j_time(in->since_utc_ms));
    rb_j_put(o, "memory_short",
             json_boolean(!rb_lot_put(o, c, (uint32_t)(in - c->s->instruments), known, kept)));
}
static const struct rb_sit_instrument *instrument_at(const struct rb_chan *c, uint32_t order) {
    const uint32_t i = c->s->order[order].instrument;
    return i == RB_NOWHERE ? NULL : &c->s->instruments[i];
}
json_t *rb_instrument_state_json(struct rb_chan *c, uint32_t order) {
    const struct rb_sit_instrument *in = instrument_at(c, order);
    const size_t mark = rb_arena_mark(&c->rq->arena);
    struct rb_incidents_known known = {0};
    struct rb_lot_kept kept = {.any = false};
    if (in == NULL) return json_null();
    json_t *o = json_object();
    if (rb_situation_fact(c->s, order)->kind == RB_KIND_INCIDENT) rb_incidents_know(c, &known);
    put_state(o, c, in, &known, &kept);
    rb_arena_release(&c->rq->arena, mark);
    return o;
}
/* the record with {state, state_sentence, since, positions} and what its lot says of it */
static json_t *instrument_json(struct rb_chan *c, const struct rb_sit_instrument *in,
                               const struct rb_incidents_known *known, struct rb_lot_kept *kept) {
    json_t *o = rb_record_brief(c, in->record, true);
    rb_j_put(o, "from", rb_member_json(c, rb_situation_author(c->s, in->record)));
    put_state(o, c, in, known, kept);
    rb_j_put(o, "positions", rb_positions_on(c, in->record));
    return o;
}
json_t *rb_instruments_brief(struct rb_chan *c) {
    json_t *out = json_array();
    for (size_t i = 0; i < c->s->instruments_n; i++) {
        const struct rb_sit_instrument *in = &c->s->instruments[i];
        const struct rb_fact *f = rb_situation_fact(c->s, in->record);
        json_t *o = json_object();
        rb_j_put(o, "record", rb_order_id(c, in->record));
        rb_j_put(o, "kind", json_string(rb_kind_name((enum rb_kind)f->kind)));
        rb_j_put(o, "author", rb_chan_handle_json(c, rb_situation_author(c->s, in->record)));
        rb_j_put(o, "state", json_string(rb_state_name((enum rb_state)in->state)));
        rb_j_put(o, "since", rb_j_time(in->since_utc_ms));
        json_array_append_new(out, o);
    }
    return out;
}

/* ---- lists -------------------------------------------------------------------------------------
 */
static bool no_kind(struct rb_req *rq) {
    rb_fail_words(rq, RB_ERR_USAGE, "kind", "this is no kind of an instrument",
                  "request, cessation, incident, finding, figure, designation, text, agreement, "
                  "progress, contact, readout; several by commas");
    return false;
}
/* kinds asked for, by bits; all where none is named. false: replied */
static bool kinds_wanted(struct rb_req *rq, uint64_t *out) {
    char buf[128];
    *out = 0;
    if (!rb_query(rq, "kind", buf, sizeof buf)) {
        for (int k = 1; k <= RB_KIND_MAX; k++)
            if (rb_kind_is_instrument((enum rb_kind)k)) *out |= UINT64_C(1) << k;
        return true;
    }
    for (const char *z = buf; *z;) {
        enum rb_kind kind;
        const size_t n = strcspn(z, ",");
        if (rb_kind_decode(rb_slice(z, n), &kind) != RB_OK || !rb_kind_is_instrument(kind))
            return no_kind(rq);
        *out |= UINT64_C(1) << kind;
        z += n + (z[n] == ',');
    }
    return *out ? true : no_kind(rq);
}
struct listing {
    struct rb_chan *c;
    uint64_t kinds;
    bool all;
    struct rb_incidents_known known;
    json_t **slots; /* by instruments[] */
};
static bool listed(const struct listing *l, const struct rb_sit_instrument *in, bool *past) {
    *past = !l->all && rb_instrument_past((enum rb_state)in->state);
    return l->kinds >> rb_situation_fact(l->c->s, in->record)->kind & 1 && !*past;
}
/* Those of one lot together, so that each lot is settled once, however many of it are listed. */
static void fill_lot(struct listing *l, uint32_t lot) {
    const struct rb_situation *s = l->c->s;
    const size_t mark = rb_arena_mark(&l->c->rq->arena);
    struct rb_lot_kept kept = {.any = false};
    bool past;
    for (uint32_t e = s->lots[lot].first; e != RB_NOWHERE; e = s->entries[e].next) {
        const uint32_t i = s->order[s->entries[e].record].instrument;
        if (i == RB_NOWHERE || s->instruments[i].lot != lot || l->slots[i] != NULL) continue;
        if (listed(l, &s->instruments[i], &past))
            l->slots[i] = instrument_json(l->c, &s->instruments[i], &l->known, &kept);
    }
    rb_req_wipe(l->c->rq, mark);
}
/* in the channel's order; how many are past, and not listed */
static json_int_t list_all(struct listing *l, json_t *out) {
    const struct rb_situation *s = l->c->s;
    json_int_t left_out = 0;
    for (size_t i = 0; i < s->instruments_n; i++) {
        bool past;
        if (listed(l, &s->instruments[i], &past) && l->slots[i] == NULL)
            fill_lot(l, s->instruments[i].lot);
        if (l->slots[i] != NULL) json_array_append_new(out, l->slots[i]);
        left_out += past && (l->kinds >> rb_situation_fact(s, s->instruments[i].record)->kind & 1);
    }
    return left_out;
}
void rb_get_instruments(struct rb_req *rq) {
    struct rb_chan c;
    uint64_t kinds = 0, all = 0;
    if (!rb_chan_open(rq, rq->part[1], &c) || !kinds_wanted(rq, &kinds) ||
        !rb_query_uint(rq, "all", 0, 1, &all))
        return;
    struct listing l = {.c = &c, .kinds = kinds, .all = all != 0};
    const size_t mark = rb_arena_mark(&rq->arena);
    l.slots = calloc(c.s->instruments_n + 1, sizeof(json_t *));
    if (l.slots == NULL) {
        rb_fail_words(rq, RB_ERR_LIMIT, NULL, "memory is short", NULL);
        return;
    }
    json_t *o = rb_chan_head(&c), *list = json_array();
    if (kinds >> RB_KIND_INCIDENT & 1) rb_incidents_know(&c, &l.known);
    rb_j_put(o, "now", rb_j_time(rq->at_utc_ms));
    rb_j_put(o, "left_out", json_integer(list_all(&l, list)));
    rb_j_put(o, "instruments", list);
    free(l.slots);
    rb_req_wipe(rq, mark);
    if (kinds >> RB_KIND_FIGURE & 1) rb_figures_beside_put(o, &c);
    rb_req_wipe(rq, mark); /* each has all the memory there is */
    if (kinds >> RB_KIND_DESIGNATION & 1) rb_designations_beside_put(o, &c);
    rb_req_wipe(rq, mark);
    rb_reply(rq, 200, o);
}

/* ---- two versions of a text --------------------------------------------------------------------
 */
struct version { /* in the request's memory */
    struct rb_chan c;
    uint32_t order;
    struct rb_record rec;
    struct rb_opened x;
    struct rb_text text;
    json_t *who;
};
static bool no_text(struct rb_req *rq, const char *field, const char *sentence, const char *hint) {
    struct rb_fail f = {.err = RB_ERR_USAGE,
                        .clause = "16.3.5",
                        .field = field,
                        .sentence = sentence,
                        .hint = hint};
    rb_fail(rq, &f);
    return false;
}
/* its paragraphs, in memory that lasts; false: replied */
static bool version_get(struct rb_req *rq, const char *name, const char *field, struct version *v) {
    struct rb_slice leaf;
    struct rb_reject rj;
    if (!rb_record_find(rq, name, &v->c, &v->order)) return false;
    if (rb_situation_fact(v->c.s, v->order)->kind != RB_KIND_TEXT)
        return no_text(rq, field, "this record is no text", "`readback texts` lists them");
    if (rb_chan_record(&v->c, v->order, &leaf, &v->rec) != RB_OK)
        return no_text(rq, field, "the record cannot be read", NULL);
    rb_open_record(&v->c, v->order, &v->rec, &v->x);
    uint8_t *copy = v->x.body.n ? rb_arena_alloc(&rq->arena, v->x.body.n) : NULL;
    if (copy == NULL) return no_text(rq, field, "its content cannot be read here", NULL);
    memcpy(copy, v->x.body.p, v->x.body.n); /* an open one lies where the next leaf will */
    if (rb_text_decode(rb_slice(copy, v->x.body.n), &rq->arena, &v->text, &rj) != RB_OK)
        return no_text(rq, field, "its body is no text", NULL);
    v->who = rb_record_brief(&v->c, v->order, false);
    rb_j_put(v->who, "version", json_integer((json_int_t)v->text.version));
    return true;
}
static json_t *paragraph(const struct rb_text *t, uint16_t number) {
    return number ? rb_j_slice(t->paragraphs[number - 1]) : json_null();
}
static json_t *diff_json(const struct rb_diff *d, const struct rb_text *a,
                         const struct rb_text *b) {
    json_t *out = json_array();
    for (size_t i = 0; i < d->n; i++) {
        const struct rb_diff_line *l = &d->lines[i];
        json_t *o = json_object();
        rb_j_put(o, "type", json_string(rb_diff_type_name(l->type)));
        rb_j_put(o, "before", l->before ? json_integer(l->before) : json_null());
        rb_j_put(o, "after", l->after ? json_integer(l->after) : json_null());
        rb_j_put(o, "text_before", paragraph(a, l->before));
        rb_j_put(o, "text_after", paragraph(b, l->after));
        json_array_append_new(out, o);
    }
    return out;
}
void rb_get_text_diff(struct rb_req *rq) {
    const size_t mark = rb_arena_mark(&rq->arena);
    struct version a = {.who = NULL}, b = {.who = NULL};
    struct rb_diff d = {0};
    if (version_get(rq, rq->part[1], "record", &a) && version_get(rq, rq->part[3], "other", &b)) {
        if (rb_text_diff(&a.text, &b.text, &rq->arena, &d) == RB_OK) {
            json_t *o = rb_chan_head(&b.c);
            rb_j_put(o, "exercise", json_boolean(a.c.v.book->exercise || b.c.v.book->exercise));
            rb_j_put(o, "before", json_incref(a.who));
            rb_j_put(o, "after", json_incref(b.who));
            rb_j_put(o, "title_changed",
                     json_boolean(a.text.title.n != b.text.title.n ||
                                  memcmp(a.text.title.p, b.text.title.p, a.text.title.n) != 0));
            rb_j_put(o, "lines", diff_json(&d, &a.text, &b.text));
            rb_reply(rq, 200, o);
        } else {
            rb_fail_words(rq, RB_ERR_LIMIT, NULL, "memory is short", NULL);
        }
    }
    json_decref(a.who);
    json_decref(b.who);
    rb_req_wipe(rq, mark);
}
