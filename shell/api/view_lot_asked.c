/* What is asked of members: requests, contacts, and the readouts of these. */
#include "view_lot.h"

/* not delivered and delivered, not answered are two things (5.10) */
static json_t *asked_json(const struct rb_chan *c, const struct rb_asked *a) {
    json_t *o = rb_member_json(c, a->member);
    rb_j_put(o, "answer", rb_position_name_json(a->answer));
    rb_j_put(o, "record", rb_order_id(c, a->record));
    rb_j_put(o, "delivered", json_boolean(a->delivered));
    rb_j_put(o, "delivered_since", rb_j_time(a->delivered_utc_ms));
    rb_j_put(o, "undelivered", json_boolean(a->undelivered));
    rb_j_put(o, "unanswered", json_boolean(a->unanswered));
    rb_j_put(o, "late", json_boolean(a->late));
    rb_j_put(o, "contested_by_time", json_boolean(a->contested_by_time));
    rb_j_put(o, "unread", json_boolean(a->unread));
    return o;
}
static json_t *all_asked(const struct rb_chan *c, const struct rb_asked *a, size_t n) {
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(out, asked_json(c, &a[i]));
    return out;
}

/* ---- requests ----------------------------------------------------------------------------------
 */
void rb_request_put(json_t *o, struct rb_chan *c, const struct rb_request_lot *l,
                    uint32_t instrument) {
    for (size_t i = 0; i < l->n; i++) {
        const struct rb_request_view *v = &l->requests[i];
        if (v->instrument != instrument) continue;
        json_t *r = json_object();
        rb_j_put(r, "by", v->has_by ? rb_j_time(v->by_utc_ms) : json_null());
        rb_j_put(r, "asked", all_asked(c, v->asked, v->asked_n));
        rb_j_put(o, "request", r);
    }
}

/* ---- contacts, readouts ------------------------------------------------------------------------
 */
static json_t *readout_json(const struct rb_chan *c, const struct rb_readout_view *v) {
    json_t *o = json_object();
    rb_j_put(o, "record", rb_instrument_id(c, v->instrument));
    rb_j_put(o, "from", rb_member_json(c, v->author));
    rb_j_put(o, "contact", rb_instrument_id(c, v->contact));
    rb_j_put(o, "same_as_of", rb_chan_handles(c, v->same));
    rb_j_put(o, "agreed", json_boolean(v->agreed));
    rb_j_put(o, "accepted_by", rb_chan_handles(c, v->accepted));
    rb_j_put(o, "rejected_by", rb_chan_handles(c, v->rejected));
    return o;
}
static json_t *contact_json(const struct rb_chan *c, const struct rb_contact_lot *l, size_t i) {
    const struct rb_contact_view *v = &l->contacts[i];
    json_t *o = json_object(), *told = json_array();
    for (size_t k = 0; k < l->readouts_n; k++)
        if (l->readouts[k].contact != RB_NOWHERE)
            json_array_append_new(told, readout_json(c, &l->readouts[k]));
    rb_j_put(o, "stage", json_string(v->asked ? "asked" : "held"));
    rb_j_put(o, "by", v->has_by ? rb_j_time(v->by_utc_ms) : json_null());
    rb_j_put(o, "members", all_asked(c, v->members, v->asked_n));
    rb_j_put(o, "took_place", rb_chan_handles(c, v->took_place));
    rb_j_put(o, "both_accounts", json_boolean(v->both_accounts));
    rb_j_put(o, "readouts", told);
    rb_j_put(o, "agreed_readout", json_boolean(l->agreed));
    return o;
}
void rb_contact_put(json_t *o, struct rb_chan *c, const struct rb_contact_lot *l,
                    uint32_t instrument) {
    for (size_t i = 0; i < l->contacts_n; i++)
        if (l->contacts[i].instrument == instrument && l->contacts[i].known)
            rb_j_put(o, "contact", contact_json(c, l, i));
}
void rb_readout_put(json_t *o, struct rb_chan *c, const struct rb_contact_lot *l,
                    uint32_t instrument) {
    for (size_t i = 0; i < l->readouts_n; i++)
        if (l->readouts[i].instrument == instrument)
            rb_j_put(o, "readout", readout_json(c, &l->readouts[i]));
}
