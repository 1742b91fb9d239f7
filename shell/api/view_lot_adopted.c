/* What is adopted by a rule: texts, cessations, agreements, with each member's word on them. */
#include "view_lot.h"

/* ---- who said what, and in time ----------------------------------------------------------------
 */
static const char *timed(const struct rb_voice *v) {
    if (v->position == 0) return NULL;
    if (v->stance.contested) return "contested by time";
    return v->stance.late ? "too late" : "in time";
}
static json_t *voice_json(const struct rb_chan *c, const struct rb_voice *v) {
    json_t *o = rb_member_json(c, v->member);
    const char *time = timed(v);
    rb_j_put(o, "elector", json_boolean(v->elector));
    rb_j_put(o, "speaks", json_boolean(v->speaks));
    rb_j_put(o, "veto", json_boolean(v->veto));
    rb_j_put(o, "position", rb_position_name_json(v->position));
    rb_j_put(o, "record", rb_order_id(c, v->record));
    rb_j_put(o, "time", time ? json_string(time) : json_null());
    rb_j_put(o, "held_since", rb_j_time(v->t_ms));
    rb_j_put(o, "forked", json_boolean(v->forked));
    return o;
}
static json_t *adoption_json(const struct rb_chan *c, const struct rb_adoption_view *a) {
    json_t *o = json_object(), *voices = json_array();
    for (size_t i = 0; i < a->voices_n; i++)
        json_array_append_new(voices, voice_json(c, &a->voices[i]));
    rb_j_put(o, "rule", json_string(rb_rule_name(a->rule)));
    rb_j_put(o, "quorum", a->quorum ? json_integer(a->quorum) : json_null());
    rb_j_put(o, "by", a->has_by ? rb_j_time(a->by_utc_ms) : json_null());
    rb_j_put(o, "electors", rb_chan_handles(c, a->electorate.voices));
    rb_j_put(o, "state", json_string(rb_adoption_state_name(a->state)));
    rb_j_put(o, "since", rb_j_time(a->since_utc_ms));
    rb_j_put(o, "dated_in_time", rb_chan_handles(c, a->dated));
    rb_j_put(o, "voices", voices);
    return o;
}

/* ---- texts -------------------------------------------------------------------------------------
 */
static json_t *apart_json(const struct rb_chan *c, const struct rb_dissociation *a) {
    json_t *o = rb_member_json(c, a->member), *list = json_array();
    for (size_t i = 0; i < a->paragraphs_n; i++)
        json_array_append_new(list, json_integer(a->paragraphs[i]));
    rb_j_put(o, "record", rb_order_id(c, a->record));
    rb_j_put(o, "whole", json_boolean(a->paragraphs_n == 0));
    rb_j_put(o, "paragraphs", list);
    return o;
}
static json_t *version_json(const struct rb_chan *c, const struct rb_text_line *l, size_t i) {
    const struct rb_text_version *v = &l->versions[i];
    json_t *o = json_object(), *apart = json_array();
    for (size_t k = 0; k < v->apart_n; k++)
        json_array_append_new(apart, apart_json(c, &v->apart[k]));
    rb_j_put(o, "version", json_integer((json_int_t)v->version));
    rb_j_put(o, "first", rb_instrument_id(c, l->versions[0].instrument));
    rb_j_put(o, "previous",
             v->previous == RB_NOWHERE ? json_null()
                                       : rb_instrument_id(c, l->versions[v->previous].instrument));
    rb_j_put(o, "latest", json_boolean(l->latest == i));
    rb_j_put(o, "pen", rb_chan_handle_json(c, v->pen));
    rb_j_put(o, "bracketed", json_integer(v->bracketed_n));
    rb_j_put(o, "adoption", adoption_json(c, &v->adoption));
    rb_j_put(o, "apart", apart);
    return o;
}
void rb_text_put(json_t *o, struct rb_chan *c, const struct rb_text_line *l, uint32_t instrument) {
    for (size_t i = 0; i < l->versions_n; i++)
        if (l->versions[i].instrument == instrument) rb_j_put(o, "text", version_json(c, l, i));
}

/* ---- cessations --------------------------------------------------------------------------------
 */
/* a field of a position's body, where it can be read here */
static json_t *said_in(struct rb_chan *c, uint32_t order, const char *field) {
    json_t *brief = rb_record_brief(c, order, true);
    json_t *v = json_object_get(json_object_get(brief, "body"), field);
    json_t *out = v ? json_incref(v) : json_null();
    json_decref(brief);
    return out;
}
static json_t *accession_json(struct rb_chan *c, const struct rb_accession *a) {
    static const char *const verdicts[] = {"in time", "too late", "contested by time"};
    json_t *o = rb_member_json(c, a->member);
    rb_j_put(o, "record", rb_order_id(c, a->record));
    rb_j_put(o, "reported", json_boolean(a->reported));
    rb_j_put(o, "by", a->reported ? said_in(c, a->record, "by") : json_null());
    rb_j_put(o, "time", json_string(verdicts[a->verdict]));
    rb_j_put(o, "held_since", rb_j_time(a->t_ms));
    return o;
}
static json_t *withdrawal_json(const struct rb_chan *c, const struct rb_withdrawal *w) {
    json_t *o = rb_member_json(c, w->member);
    rb_j_put(o, "record", rb_order_id(c, w->record));
    rb_j_put(o, "bound_until", rb_j_time(w->until_ms));
    return o;
}
static json_t *cessation_json(struct rb_chan *c, const struct rb_cessation_lot *l, size_t at) {
    const struct rb_cessation_view *v = &l->cessations[at];
    json_t *o = json_object(), *acceded = json_array(), *withdrawn = json_array();
    for (size_t i = 0; i < v->accessions_n; i++)
        json_array_append_new(acceded, accession_json(c, &v->accessions[i]));
    for (size_t i = 0; i < v->withdrawals_n; i++)
        json_array_append_new(withdrawn, withdrawal_json(c, &v->withdrawals[i]));
    rb_j_put(o, "extends",
             v->extends == RB_NOWHERE ? json_null()
                                      : rb_instrument_id(c, l->cessations[v->extends].instrument));
    rb_j_put(o, "declared", json_boolean(v->declared));
    rb_j_put(o, "as_reported", json_boolean(v->as_reported));
    rb_j_put(o, "adoption",
             v->declared || v->as_reported ? json_null() : adoption_json(c, &v->adoption));
    rb_j_put(o, "start", rb_j_time(v->start_utc_ms));
    rb_j_put(o, "end", v->has_end ? rb_j_time(v->end_utc_ms) : json_null());
    rb_j_put(o, "bound", rb_chan_handles(c, v->bound));
    rb_j_put(o, "length_differs",
             v->length_differs_ms ? json_integer(v->length_differs_ms) : json_null());
    rb_j_put(o, "gap", v->gap_ms > 0 ? rb_span_words(v->gap_ms) : json_null());
    rb_j_put(o, "alone", json_boolean(v->alone));
    rb_j_put(o, "accessions", acceded);
    rb_j_put(o, "withdrawals", withdrawn);
    return o;
}
void rb_cessation_put(json_t *o, struct rb_chan *c, const struct rb_cessation_lot *l,
                      uint32_t instrument) {
    for (size_t i = 0; i < l->n; i++)
        if (l->cessations[i].instrument == instrument && l->cessations[i].known)
            rb_j_put(o, "cessation", cessation_json(c, l, i));
}

/* ---- agreements --------------------------------------------------------------------------------
 */
static const char *const step_states[] = {"open", "begun", "done", "delayed", "not-done"};
/* what the body says of the step: its words and whose it is */
static void put_step_words(json_t *o, const json_t *body, uint16_t number) {
    static const char *const fields[] = {"what", "owner", "by"};
    const json_t *s;
    size_t i;
    json_array_foreach(json_object_get(body, "steps"), i, s) {
        if (json_integer_value(json_object_get(s, "number")) != number) continue;
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
            json_t *v = json_object_get(s, fields[k]);
            rb_j_put(o, fields[k], v ? json_incref(v) : json_null());
        }
    }
}
static json_t *step_json(const struct rb_chan *c, const json_t *body,
                         const struct rb_step_view *s) {
    json_t *o = json_object();
    const bool reported = s->report != RB_NOWHERE;
    rb_j_put(o, "number", json_integer(s->number));
    put_step_words(o, body, s->number);
    rb_j_put(o, "state", json_string(step_states[s->state]));
    rb_j_put(o, "report", rb_order_id(c, s->report));
    rb_j_put(o, "reported_by",
             reported ? rb_member_json(c, rb_situation_author(c->s, s->report)) : json_null());
    rb_j_put(o, "confirmed_by", rb_chan_handles(c, s->confirmed));
    rb_j_put(o, "disputed_by", rb_chan_handles(c, s->disputed));
    rb_j_put(o, "due", s->has_due ? rb_j_time(s->due_utc_ms) : json_null());
    rb_j_put(o, "expected", s->has_expected ? rb_j_time(s->expected_utc_ms) : json_null());
    rb_j_put(o, "overdue", json_boolean(s->overdue));
    rb_j_put(o, "late", json_boolean(s->late));
    rb_j_put(o, "contested_by_time", json_boolean(s->contested_by_time));
    return o;
}
static json_t *agreement_json(struct rb_chan *c, const struct rb_agreement_view *v) {
    json_t *o = json_object(), *steps = json_array();
    json_t *brief = rb_record_brief(c, c->s->instruments[v->instrument].record, true);
    for (size_t i = 0; i < v->steps_n; i++)
        json_array_append_new(steps, step_json(c, json_object_get(brief, "body"), &v->steps[i]));
    json_decref(brief);
    rb_j_put(o, "as_reported", json_boolean(v->as_reported));
    rb_j_put(o, "adoption", v->as_reported ? json_null() : adoption_json(c, &v->adoption));
    rb_j_put(o, "steps", steps);
    return o;
}
void rb_agreement_put(json_t *o, struct rb_chan *c, const struct rb_agreement_lot *l,
                      uint32_t instrument) {
    for (size_t i = 0; i < l->n; i++)
        if (l->agreements[i].instrument == instrument && l->agreements[i].known)
            rb_j_put(o, "agreement", agreement_json(c, &l->agreements[i]));
}
