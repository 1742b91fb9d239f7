/* What is asserted: incidents with findings, and the last words of members on any assertion. */
#include "view_lot.h"

/* ---- columns -----------------------------------------------------------------------------------
 */
static json_t *columns_json(const struct rb_chan *c, const struct rb_column *col, size_t n) {
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *o = rb_member_json(c, col[i].member);
        rb_j_put(o, "position", rb_position_name_json(col[i].position));
        rb_j_put(o, "record", rb_order_id(c, col[i].record));
        rb_j_put(o, "unread", json_boolean(col[i].unread));
        json_array_append_new(out, o);
    }
    return out;
}
void rb_columns_put(json_t *o, struct rb_chan *c, uint32_t order) {
    const struct rb_column *col = NULL;
    size_t n = 0;
    if (rb_columns(c->s, order, &c->rq->arena, &col, &n) == RB_OK)
        rb_j_put(o, "columns", columns_json(c, col, n));
}

/* ---- findings ----------------------------------------------------------------------------------
 */
static json_t *value_json(const struct rb_finding_view *f) {
    if (f->stage == RB_FINDING_CONCLUDED)
        return json_string(rb_finding_result_name((enum rb_finding_result)f->value));
    if (f->stage == RB_FINDING_VISIT)
        return json_string(rb_visit_outcome_name((enum rb_visit_outcome)f->value));
    return json_null();
}
static json_t *finding_json(const struct rb_chan *c, const struct rb_finding_view *f) {
    json_t *o = json_object();
    rb_j_put(o, "record", rb_instrument_id(c, f->instrument));
    rb_j_put(o, "from", rb_member_json(c, f->author));
    rb_j_put(o, "stage", json_string(rb_finding_stage_name(f->stage)));
    rb_j_put(o, "value", value_json(f));
    rb_j_put(o, "assigned", rb_chan_handles(c, f->assigned));
    rb_j_put(o, "columns", columns_json(c, f->columns, f->columns_n));
    return o;
}

/* ---- incidents ---------------------------------------------------------------------------------
 */
static json_t *incident_json(const struct rb_chan *c, const struct rb_incident_view *v,
                             const struct rb_assertion_view *a) {
    json_t *o = json_object(), *findings = json_array(), *proposed = json_array();
    json_t *others = json_array();
    for (size_t i = 0; i < a->findings_n; i++)
        json_array_append_new(findings, finding_json(c, &a->findings[i]));
    for (size_t i = 0; i < v->proposed_n; i++)
        json_array_append_new(proposed, rb_instrument_id(c, v->proposed[i]));
    for (size_t i = 0; i < v->assertions_n; i++)
        if (v->assertions[i].instrument != a->instrument)
            json_array_append_new(others, rb_instrument_id(c, v->assertions[i].instrument));
    rb_j_put(o, "id", rb_instrument_id(c, v->instrument));
    rb_j_put(o, "other_assertions", others);
    rb_j_put(o, "attachments", json_integer((json_int_t)a->attachments_n));
    rb_j_put(o, "columns", columns_json(c, a->columns, a->columns_n));
    rb_j_put(o, "findings", findings);
    rb_j_put(o, "merge_proposed", proposed);
    return o;
}
void rb_incidents_know(const struct rb_chan *c, struct rb_incidents_known *out) {
    if (rb_incidents(c->s, &c->rq->arena, &out->list, &out->n) != RB_OK)
        *out = (struct rb_incidents_known){.memory_short = true};
}
void rb_incident_put(json_t *o, struct rb_chan *c, uint32_t instrument,
                     const struct rb_incidents_known *known) {
    for (size_t i = 0; i < known->n; i++) {
        const struct rb_incident_view *v = &known->list[i];
        for (size_t k = 0; k < v->assertions_n; k++)
            if (v->assertions[k].instrument == instrument)
                rb_j_put(o, "incident", incident_json(c, v, &v->assertions[k]));
    }
}
