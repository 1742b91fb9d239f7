/* Instruments in views (spec 16): what became of each, and who said what to it. */
#ifndef RB_SHELL_API_VIEW_INSTRUMENT_H
#define RB_SHELL_API_VIEW_INSTRUMENT_H
#include "internal.h"
#include "readback/rules.h"

/* "in force" and the like, never more than the records prove: by kind, state and the rule that the
 * body names. `out` holds the sentence. */
void rb_instrument_words(struct rb_writer *w, const struct rb_fact *f,
                         const struct rb_sit_instrument *in);
/* those that nothing more is to be done about: superseded, over, without effect */
bool rb_instrument_past(enum rb_state s);

struct rb_incident_view; /* lot.h, which knows other things by names that the space room has too */
struct rb_incidents_known { /* all of the channel: worked out once for a list */
    const struct rb_incident_view *list;
    size_t n;
    bool memory_short;
};
/* into the request's arena, above all that is given back while they are used */
void rb_incidents_know(const struct rb_chan *c, struct rb_incidents_known *out);

struct rb_lot_kept; /* view_lot.h: so does this */
/* what of it goes into the view of one record: without the record's own fields; null */
json_t *rb_instrument_state_json(struct rb_chan *c, uint32_t order);
/* {record, kind, state, since} of all, in the order */
json_t *rb_instruments_brief(struct rb_chan *c);

/* ---- parts of it ---- */
json_t *rb_order_id(const struct rb_chan *c, uint32_t order); /* null where RB_NOWHERE */
json_t *rb_instrument_id(const struct rb_chan *c,
                         uint32_t instrument); /* the same, by instruments[] */
/* {member, affiliation, group} */
json_t *rb_member_json(const struct rb_chan *c, uint16_t member);
void rb_member_put(json_t *o, const struct rb_chan *c, uint16_t member);
json_t *rb_position_name_json(uint8_t position);            /* null: none */
json_t *rb_positions_on(struct rb_chan *c, uint32_t order); /* view_record.c */

/* What the lot of the instrument says of it, into `o` (view_lot.c): keys by kind. The lot stays in
 * `kept`, in the request's arena. false: memory is short, and it is left out. */
bool rb_lot_put(json_t *o, struct rb_chan *c, uint32_t instrument,
                const struct rb_incidents_known *known, struct rb_lot_kept *kept);
/* ---- side by side (view_beside.c): "figures_beside", "designations_beside" ---- */
void rb_figures_beside_put(json_t *o, struct rb_chan *c);
void rb_designations_beside_put(json_t *o, struct rb_chan *c);
#endif
