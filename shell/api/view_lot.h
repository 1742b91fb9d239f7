/* What the lots of instruments say (readback/lot.h), into JSON. Each finds the instrument in its
 * lot and puts nothing where the lot does not have it: it is unread, marked, or settled by nobody's
 * word. */
#ifndef RB_SHELL_API_VIEW_LOT_H
#define RB_SHELL_API_VIEW_LOT_H
#include "readback/lot.h"
#include "view_instrument.h"

/* view_lot_adopted.c */
void rb_text_put(json_t *o, struct rb_chan *c, uint32_t instrument);
void rb_cessation_put(json_t *o, struct rb_chan *c, uint32_t instrument);
void rb_agreement_put(json_t *o, struct rb_chan *c, uint32_t instrument);
/* view_lot_asked.c */
void rb_request_put(json_t *o, struct rb_chan *c, uint32_t instrument);
void rb_contact_put(json_t *o, struct rb_chan *c, uint32_t instrument);
void rb_readout_put(json_t *o, struct rb_chan *c, uint32_t instrument);
/* view_lot_incident.c */
void rb_incident_put(json_t *o, struct rb_chan *c, uint32_t instrument,
                     const struct rb_incidents_known *known);
/* last words of members on it: "confirmed_by", "disputed_by" */
void rb_columns_put(json_t *o, struct rb_chan *c, uint32_t order);
#endif
