/* What the lots of instruments say (readback/lot.h), into JSON. Each finds the instrument in its
 * lot and puts nothing where the lot does not have it: it is unread, or marked. */
#ifndef RB_SHELL_API_VIEW_LOT_H
#define RB_SHELL_API_VIEW_LOT_H
#include "readback/lot.h"
#include "view_instrument.h"

/* One lot, settled; in the request's arena. */
struct rb_lot_kept {
    bool any;     /* `lot` was settled, as `err` says */
    uint32_t lot; /* index in lots[] */
    enum rb_err err;
    union {
        struct rb_text_line text;
        struct rb_cessation_lot cessation;
        struct rb_agreement_lot agreement;
        struct rb_request_lot request;
        struct rb_contact_lot contact;
    } v;
};
/* Settles it, unless it is the one that is kept. RB_ERR_NOT_FOUND: of a kind that has no such view.
 * RB_ERR_LIMIT */
enum rb_err rb_lot_keep(const struct rb_chan *c, uint32_t lot, struct rb_lot_kept *k) RB_MUST_USE;

/* view_lot_adopted.c; of the lot that is kept */
void rb_text_put(json_t *o, struct rb_chan *c, const struct rb_text_line *l, uint32_t instrument);
void rb_cessation_put(json_t *o, struct rb_chan *c, const struct rb_cessation_lot *l,
                      uint32_t instrument);
void rb_agreement_put(json_t *o, struct rb_chan *c, const struct rb_agreement_lot *l,
                      uint32_t instrument);
/* view_lot_asked.c */
void rb_request_put(json_t *o, struct rb_chan *c, const struct rb_request_lot *l,
                    uint32_t instrument);
void rb_contact_put(json_t *o, struct rb_chan *c, const struct rb_contact_lot *l,
                    uint32_t instrument);
void rb_readout_put(json_t *o, struct rb_chan *c, const struct rb_contact_lot *l,
                    uint32_t instrument);
/* view_lot_incident.c */
void rb_incident_put(json_t *o, struct rb_chan *c, uint32_t instrument,
                     const struct rb_incidents_known *known);
/* last words of members on it: "confirmed_by", "disputed_by" */
void rb_columns_put(json_t *o, struct rb_chan *c, uint32_t order);
#endif
