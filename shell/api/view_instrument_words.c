/* What became of an instrument, in a sentence that claims no more than its records prove. */
#include "view_instrument.h"
#include "readback/text.h"

bool rb_instrument_past(enum rb_state s) {
    switch (s) {
    case RB_STATE_MARKED:
    case RB_STATE_SUPERSEDED:
    case RB_STATE_WITHDRAWN:
    case RB_STATE_REPLACED:
    case RB_STATE_NOT_ADOPTED:
    case RB_STATE_LAPSED:
    case RB_STATE_ENDED:
    case RB_STATE_BROKEN_OFF:
        return true;
    case RB_STATE_UNREAD:
    case RB_STATE_STANDS:
    case RB_STATE_PROPOSED:
    case RB_STATE_CIRCULATED:
    case RB_STATE_ADOPTED:
    case RB_STATE_CONTESTED_BY_TIME:
    case RB_STATE_AGREED:
    case RB_STATE_DECLARED:
    case RB_STATE_IN_FORCE:
    case RB_STATE_AS_REPORTED:
    case RB_STATE_ASKED:
    case RB_STATE_ANSWERED:
    case RB_STATE_COMPLIED:
    case RB_STATE_REFUSED:
    case RB_STATE_UNANSWERED:
    case RB_STATE_NOT_DELIVERED:
    case RB_STATE_ACCEPTED:
    case RB_STATE_DECLINED:
    case RB_STATE_HELD:
    case RB_STATE_HELD_BY_BOTH:
        return false;
    }
    return false;
}

/* ---- the rule ----------------------------------------------------------------------------------
 */
static void put_rule(struct rb_writer *w, const struct rb_adoption *a) {
    switch (a->rule) {
    case RB_RULE_ALL:
        rb_put_z(w, "all must accept");
        break;
    case RB_RULE_QUORUM:
    case RB_RULE_QUORUM_VETO:
        rb_put_dec(w, a->quorum);
        rb_put_z(w, a->rule == RB_RULE_QUORUM ? " must accept"
                                              : " must accept, and nobody with a veto rejects");
        break;
    case RB_RULE_SILENCE:
        rb_put_z(w, "nobody rejects until the hour");
        break;
    case RB_RULE_GUARANTORS:
        rb_put_z(w, "all guarantors must accept");
        break;
    }
    if (!a->has_by) return;
    rb_put_z(w, ", by ");
    rb_put_rfc3339(w, a->by_utc_ms);
}
static void put_by_rule(struct rb_writer *w, const char *words, const struct rb_fact *f) {
    rb_put_z(w, words);
    if (f->gist == NULL) return;
    rb_put_z(w, " (rule: ");
    put_rule(w, &f->gist->adoption);
    rb_put_z(w, ")");
}
static const char *as_stands(enum rb_kind k) {
    if (k == RB_KIND_INCIDENT) return "asserted by its author";
    if (k == RB_KIND_FIGURE) return "its author's figure";
    if (k == RB_KIND_DESIGNATION) return "named so by its author";
    if (k == RB_KIND_FINDING) return "found by its author";
    if (k == RB_KIND_PROGRESS) return "reported by its author";
    if (k == RB_KIND_READOUT) return "told by its author";
    return "said by its author";
}
/* states that a rule brings about */
static bool put_ruled(struct rb_writer *w, const struct rb_fact *f, enum rb_state s) {
    if (s == RB_STATE_PROPOSED)
        put_by_rule(w, "proposed; it binds nobody yet", f);
    else if (s == RB_STATE_CIRCULATED)
        put_by_rule(w, "circulated; nothing is agreed by that", f);
    else if (s == RB_STATE_ADOPTED)
        put_by_rule(w, "adopted by its rule", f);
    else if (s == RB_STATE_NOT_ADOPTED)
        put_by_rule(w, "not adopted", f);
    else if (s == RB_STATE_LAPSED)
        put_by_rule(w, "lapsed: not adopted in time", f);
    else if (s == RB_STATE_CONTESTED_BY_TIME)
        put_by_rule(w, "contested by time: whether it was adopted turns on times that differ", f);
    else if (s == RB_STATE_AGREED)
        put_by_rule(w, "adopted by its rule; its start is ahead", f);
    else
        return false;
    return true;
}
static const char *plain(const struct rb_fact *f, const struct rb_sit_instrument *in) {
    const enum rb_kind k = (enum rb_kind)f->kind;
    const enum rb_state s = (enum rb_state)in->state;
    switch (s) {
    case RB_STATE_MARKED:
        return "without effect, by its mark";
    case RB_STATE_UNREAD:
        return "closed, and not read here: what became of it is not known here";
    case RB_STATE_STANDS:
        return as_stands(k);
    case RB_STATE_SUPERSEDED:
        return "its author put another in its place";
    case RB_STATE_WITHDRAWN:
        return "withdrawn by its author";
    case RB_STATE_REPLACED:
        return "replaced by its next version";
    case RB_STATE_DECLARED:
        return "declared by its author alone; its start is ahead";
    case RB_STATE_IN_FORCE:
        return in->declared ? "in force by its author's word alone"
                            : "in force, as adopted by its rule; whether it is kept, this does not "
                              "say";
    case RB_STATE_ENDED:
        return "its end is past";
    case RB_STATE_BROKEN_OFF:
        return "broken off: too few remain bound";
    case RB_STATE_AS_REPORTED:
        return "what others agreed, as its author says";
    case RB_STATE_ASKED:
        return "asked; not everybody asked has answered";
    case RB_STATE_ANSWERED:
        return "answered by everybody asked; not done by all, by their own word";
    case RB_STATE_COMPLIED:
        return "everybody asked says: complied";
    case RB_STATE_REFUSED:
        return "everybody asked cannot comply, or declined";
    case RB_STATE_UNANSWERED:
        return "the time demanded has passed without an answer that is known here";
    case RB_STATE_NOT_DELIVERED:
        return "the time demanded has passed; whoever has not answered is not known to have held "
               "it by then";
    case RB_STATE_ACCEPTED:
        return "accepted by everybody asked; not known to be held";
    case RB_STATE_DECLINED:
        return "declined by somebody asked";
    case RB_STATE_HELD:
        return "held, by one side's account";
    case RB_STATE_HELD_BY_BOTH:
        return "held, by both accounts";
    case RB_STATE_PROPOSED:
    case RB_STATE_CIRCULATED:
    case RB_STATE_ADOPTED:
    case RB_STATE_NOT_ADOPTED:
    case RB_STATE_LAPSED:
    case RB_STATE_CONTESTED_BY_TIME:
    case RB_STATE_AGREED:
        break;
    }
    return "";
}
void rb_instrument_words(struct rb_writer *w, const struct rb_fact *f,
                         const struct rb_sit_instrument *in) {
    if (!put_ruled(w, f, (enum rb_state)in->state)) rb_put_z(w, plain(f, in));
}
