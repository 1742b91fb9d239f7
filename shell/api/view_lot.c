/* Which lot's view belongs to which kind. */
#include "view_lot.h"

void rb_lot_put(json_t *o, struct rb_chan *c, uint32_t instrument,
                const struct rb_incidents_known *known) {
    const struct rb_sit_instrument *in = &c->s->instruments[instrument];
    const size_t mark = rb_arena_mark(&c->rq->arena);
    switch ((enum rb_kind)rb_situation_fact(c->s, in->record)->kind) {
    case RB_KIND_TEXT:
        rb_text_put(o, c, instrument);
        break;
    case RB_KIND_CESSATION:
        rb_cessation_put(o, c, instrument);
        break;
    case RB_KIND_AGREEMENT:
        rb_agreement_put(o, c, instrument);
        break;
    case RB_KIND_REQUEST:
        rb_request_put(o, c, instrument);
        break;
    case RB_KIND_CONTACT:
        rb_contact_put(o, c, instrument);
        break;
    case RB_KIND_READOUT:
        rb_readout_put(o, c, instrument);
        break;
    case RB_KIND_INCIDENT:
        rb_incident_put(o, c, instrument, known);
        break;
    case RB_KIND_FINDING:
    case RB_KIND_FIGURE:
    case RB_KIND_DESIGNATION:
    case RB_KIND_PROGRESS:
        rb_columns_put(o, c, in->record);
        break;
    case RB_KIND_CHARTER:
    case RB_KIND_AMENDMENT:
    case RB_KIND_MEMBERSHIP:
    case RB_KIND_CARD:
    case RB_KIND_TEST:
    case RB_KIND_SERVICE:
    case RB_KIND_NIL:
    case RB_KIND_RECEIPT:
    case RB_KIND_SILENCE:
    case RB_KIND_NOTICE:
    case RB_KIND_STOP_FIRE:
    case RB_KIND_POSITION:
    case RB_KIND_STATEMENT:
    case RB_KIND_ROSTER:
    case RB_KIND_DELEGATION:
    case RB_KIND_ROTATION:
    case RB_KIND_REVOCATION:
    case RB_KIND_ATTACHMENT:
        break;
    }
    rb_arena_release(&c->rq->arena, mark);
}
