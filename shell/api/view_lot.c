/* Which lot's view belongs to which kind. */
#include "view_lot.h"

static enum rb_err settle(const struct rb_chan *c, uint32_t lot, struct rb_lot_kept *k) {
    struct rb_arena *a = &c->rq->arena;
    const enum rb_kind kind = (enum rb_kind)c->s->lots[lot].kind;
    if (kind == RB_KIND_TEXT) return rb_lot_text(c->s, lot, a, &k->v.text);
    if (kind == RB_KIND_CESSATION) return rb_lot_cessation(c->s, lot, a, &k->v.cessation);
    if (kind == RB_KIND_AGREEMENT) return rb_lot_agreement(c->s, lot, a, &k->v.agreement);
    if (kind == RB_KIND_REQUEST) return rb_lot_request(c->s, lot, a, &k->v.request);
    if (kind == RB_KIND_CONTACT || kind == RB_KIND_READOUT)
        return rb_lot_contact(c->s, lot, a, &k->v.contact);
    return RB_ERR_NOT_FOUND;
}
enum rb_err rb_lot_keep(const struct rb_chan *c, uint32_t lot, struct rb_lot_kept *k) {
    if (!k->any || k->lot != lot) {
        k->err = settle(c, lot, k);
        k->lot = lot;
        k->any = true;
    }
    return k->err;
}

/* false: memory is short for it */
static bool put_of_lot(json_t *o, struct rb_chan *c, uint32_t instrument, struct rb_lot_kept *k) {
    const struct rb_sit_instrument *in = &c->s->instruments[instrument];
    const enum rb_kind kind = (enum rb_kind)rb_situation_fact(c->s, in->record)->kind;
    const enum rb_err err = rb_lot_keep(c, in->lot, k);
    if (err != RB_OK) return err == RB_ERR_NOT_FOUND;
    if (kind == RB_KIND_TEXT)
        rb_text_put(o, c, &k->v.text, instrument);
    else if (kind == RB_KIND_CESSATION)
        rb_cessation_put(o, c, &k->v.cessation, instrument);
    else if (kind == RB_KIND_AGREEMENT)
        rb_agreement_put(o, c, &k->v.agreement, instrument);
    else if (kind == RB_KIND_REQUEST)
        rb_request_put(o, c, &k->v.request, instrument);
    else if (kind == RB_KIND_CONTACT)
        rb_contact_put(o, c, &k->v.contact, instrument);
    else if (kind == RB_KIND_READOUT)
        rb_readout_put(o, c, &k->v.contact, instrument);
    return true;
}

bool rb_lot_put(json_t *o, struct rb_chan *c, uint32_t instrument,
                const struct rb_incidents_known *known, struct rb_lot_kept *kept) {
    const struct rb_sit_instrument *in = &c->s->instruments[instrument];
    const size_t mark = rb_arena_mark(&c->rq->arena);
    switch ((enum rb_kind)rb_situation_fact(c->s, in->record)->kind) {
    case RB_KIND_TEXT:
    case RB_KIND_CESSATION:
    case RB_KIND_AGREEMENT:
    case RB_KIND_REQUEST:
    case RB_KIND_CONTACT:
    case RB_KIND_READOUT:
        return put_of_lot(o, c, instrument, kept); /* whose memory is the caller's */
    case RB_KIND_INCIDENT:
        rb_incident_put(o, c, instrument, known);
        if (known->memory_short) return false;
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
    return true;
}
