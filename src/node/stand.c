/* Which places stand: from when a record can be read here until it is superseded or withdrawn in
 * the situation, or over (spec 10.6.14). What the situation says may be undone, by a fork or a
 * revocation that is found later; so nothing is removed from the register for it, it only rests.
 *
 * The areas of a cessation stand while it is agreed, declared or in force, from its start to its
 * end (16.4.7). Both may be moved by words, and its state by an hour alone: what time may change is
 * looked at again when the situation says that it may have. */
#include "node_int.h"

#define WITHDRAWALS_DEEP 8   /* taken back, and that taken back, and so on */
#define TRUCE_AGAIN_MS 60000 /* where nobody can say when the situation changes next */

/* By its author, and not taken back. Where it is too involved to tell, the place stands. */
static bool withdrawn(const struct rb_situation *s, uint32_t record, unsigned deep) {
    if (deep == WITHDRAWALS_DEEP) return false;
    for (uint32_t i = s->order[record].first_answer; i != RB_NOWHERE; i = s->answers[i].next) {
        uint32_t a = s->answers[i].answer;
        if (rb_situation_fact(s, a)->position == RB_POSITION_WITHDRAW &&
            rb_situation_author(s, a) == rb_situation_author(s, record) &&
            s->order[a].superseded_by == RB_NOWHERE && !withdrawn(s, a, deep + 1))
            return true;
    }
    return false;
}

static size_t feed_index(const struct rb_book *b, const struct rb_feed *f) {
    size_t i = 0;
    while (b->feeds[i] != f)
        i++;
    return i;
}

static bool is_dropped(const struct rb_situation *s, uint32_t at) {
    return s->order[at].superseded_by != RB_NOWHERE || withdrawn(s, at, 0);
}

static bool holds(const struct rb_sit_instrument *in) {
    return in->state == RB_STATE_AGREED || in->state == RB_STATE_DECLARED ||
           in->state == RB_STATE_IN_FORCE;
}

/* It was put in as all that it says; what it goes on from without a gap has its areas, too: one
 * that states none of its own adds nothing to them, and leaves nothing uncompared. */
static void look_at_truce(struct rb_node *n, struct spot *p, const struct rb_situation *s,
                          uint32_t at) {
    const uint32_t i = s->order[at].instrument;
    const struct rb_sit_instrument *in = i == RB_NOWHERE ? NULL : &s->instruments[i];
    p->dark = in != NULL && in->state == RB_STATE_UNREAD; /* nobody here can say: it is counted */
    p->gone = !p->dark &&
              (in == NULL || !holds(in) || (p->state == SPOT_KNOWN && !p->placed && in->prolongs));
    p->has_begin = p->has_end = false;
    if (p->gone || p->dark) return;
    p->has_begin = true;
    p->begin_utc = in->from_utc_ms;
    p->has_end = in->to_utc_ms != INT64_MAX;
    p->end_utc = p->has_end ? in->to_utc_ms : 0;
    if (p->state == SPOT_KNOWN && rb_register_span(p->fx->ch->reg, &spot_fact(p)->id,
                                                   in->from_utc_ms, in->to_utc_ms) != RB_OK)
        n->overflow = true;
}

static void look_at_all(struct rb_node *n, struct channel *ch, const struct rb_situation *s) {
    for (size_t i = 0; i < ch->feeds_n; i++) {
        const struct feedx *fx = ch->feeds[i];
        const uint32_t *order = s->order_of[feed_index(s->book, fx->f)];
        for (size_t k = 0; k < fx->spots_n; k++) {
            struct spot *p = &ch->spots[fx->spots[k]];
            uint32_t at = order[p->leaf];
            if (s->order[at].mark == RB_MARK_REPEATED) /* it counts elsewhere (5.13.4) */
                at = rb_situation_find(s, &rb_situation_fact(s, at)->id);
            if (p->truce)
                look_at_truce(n, p, s, at);
            else
                p->gone = is_dropped(s, at);
        }
    }
}

/* those that can be read here, as they were said */
static enum rb_err put_in_order(struct rb_node *n, struct channel *ch,
                                const struct rb_situation *s) {
    void *list = ch->said;
    RB_TRY(rb_region_grow(&n->region, &list, &ch->said_cap, ch->spots_n, sizeof *ch->said));
    ch->said = list;
    ch->said_n = ch->spots_beside = 0;
    for (size_t i = 0; i < s->order_n; i++) {
        const struct rb_feed *f = s->book->feeds[s->order[i].place.feed];
        const uint8_t kind = f->facts[s->order[i].place.leaf].kind;
        if (kind != RB_KIND_NOTICE && kind != RB_KIND_CESSATION) continue;
        if (f->branch > 0 && kind == RB_KIND_CESSATION) continue; /* contested: it is none */
        if (f->branch > 0) { /* its place is in no register: said to be not compared */
            ch->spots_beside += s->order[i].superseded_by == RB_NOWHERE;
            continue;
        }
        const struct feedx *fx = node_feedx(ch, f->member, f->epoch);
        const struct spot *p = fx ? places_find(ch, fx, s->order[i].place.leaf) : NULL;
        if (p && p->state == SPOT_KNOWN) ch->said[ch->said_n++] = (uint32_t)(p - ch->spots);
    }
    return RB_OK;
}

/* over at this time, as far as it says when it ends */
static bool over(const struct spot *p, int64_t utc_ms) {
    return p->has_end && p->end_utc <= utc_ms;
}

void stand_settle(struct rb_node *n, struct channel *ch, int64_t utc_ms) {
    if (utc_ms >= ch->stand_utc && utc_ms < ch->stand_next) return; /* nothing is over since */
    ch->stand_utc = utc_ms;
    ch->stand_next = INT64_MAX;
    ch->unread_n = ch->spots_lost + ch->spots_beside;
    ch->malformed_n = 0;
    for (size_t i = 0; i < ch->spots_n; i++) {
        struct spot *p = &ch->spots[i];
        bool rests = p->gone || over(p, utc_ms);
        if (!rests && p->has_end && p->end_utc < ch->stand_next) ch->stand_next = p->end_utc;
        if (!rests && p->state == SPOT_MALFORMED) ch->malformed_n++;
        if (!rests && (p->state == SPOT_UNREAD || p->state == SPOT_LEFT_OUT ||
                       (p->dark && p->state == SPOT_KNOWN)))
            ch->unread_n++;
        rests |= p->dark;
        if (p->rests == rests) continue;
        p->rests = rests;
        if (p->state == SPOT_KNOWN && rb_register_rest(ch->reg, &spot_fact(p)->id, rests) != RB_OK)
            n->overflow = true;
    }
}

void stand_spot(struct channel *ch, const struct spot *p) {
    if (p->state != SPOT_KNOWN || p->gone)
        ch->stand_next = INT64_MIN; /* it is counted, or rests */
    else if (p->has_end && p->end_utc < ch->stand_next)
        ch->stand_next = p->end_utc;
}

/* Does it take effect on its subject, or on who may say what? A receipt does where it decides what
 * a revocation disowns, and until the charter is in force. */
static bool moves(const struct channel *ch, const struct rb_fact *f) {
    if (f->mark != RB_MARK_NONE) return false;
    if (f->refs_n[RB_REF_SUPERSEDES] > 0) return true;
    switch ((int)f->kind) {
    case RB_KIND_CHARTER:
    case RB_KIND_AMENDMENT:
    case RB_KIND_MEMBERSHIP:
    case RB_KIND_CARD:
    case RB_KIND_DELEGATION:
    case RB_KIND_ROTATION:
    case RB_KIND_REVOCATION:
        return true;
    case RB_KIND_CESSATION:
        return true;
    case RB_KIND_RECEIPT: /* by it words on a cessation are in time, or not, and take effect */
        return ch->truces_n > 0 || ch->revocations || ch->charter_state != RB_CHARTER_IN_FORCE;
    case RB_KIND_POSITION:
        if (ch->truces_n > 0 && (f->position == 0 || f->position == RB_POSITION_DISSOCIATE))
            return true;
        return f->position == RB_POSITION_WITHDRAW || f->position == RB_POSITION_ACCEPT ||
               f->position == RB_POSITION_REJECT || f->position == RB_POSITION_ABSTAIN;
    default:
        return false;
    }
}

void stand_changed(struct channel *ch, const struct rb_fact *f) {
    if (f->kind == RB_KIND_REVOCATION && f->mark == RB_MARK_NONE) ch->revocations = true;
    if (moves(ch, f)) ch->stand_known = false;
}

static void note_hours(struct rb_node *n, struct channel *ch, int64_t utc_ms) {
    const int64_t next = rb_live_next(&n->live);
    ch->truce_from = utc_ms;
    ch->truce_until = ch->truces_n == 0 ? INT64_MAX : next;
    if (ch->truces_n > 0 && next == INT64_MIN) ch->truce_until = utc_ms + TRUCE_AGAIN_MS;
}

enum rb_err stand_sync(struct rb_node *n, struct channel *ch, int64_t utc_ms,
                       const struct rb_situation **out) {
    places_read_all(n, ch);
    RB_TRY(rb_node_situation(n, ch->id, utc_ms, out));
    if (ch->stand_serial != n->sit_serial) {
        look_at_all(n, ch, *out);
        RB_TRY(put_in_order(n, ch, *out));
        ch->stand_serial = n->sit_serial;
        ch->stand_next = INT64_MIN;
        ch->stand_known = true;
        note_hours(n, ch, utc_ms);
    }
    stand_settle(n, ch, utc_ms);
    return RB_OK;
}

/* does an hour lie between then and the last fold that a cessation may hang on? */
static bool hour_between(const struct channel *ch, int64_t utc_ms) {
    return ch->truces_n > 0 && (utc_ms < ch->truce_from || utc_ms >= ch->truce_until);
}

enum rb_err stand_now(struct rb_node *n, struct channel *ch, int64_t utc_ms,
                      const struct rb_charter **terms) {
    places_read_all(n, ch);
    if (ch->stand_known && ch->charter && !ch->rules_dirty && !hour_between(ch, utc_ms)) {
        stand_settle(n, ch, utc_ms);
        *terms = ch->charter;
        return RB_OK;
    }
    const struct rb_situation *s;
    RB_TRY(stand_sync(n, ch, utc_ms, &s));
    *terms = s->charter;
    return RB_OK;
}

/* ---- telling ----------------------------------------------------------------------------------
 */
static bool is_longer(const struct spot *p, int64_t from, int64_t to) {
    return !p->span_told || from < p->told_from || to > p->told_to;
}

/* What it lost is told by nobody: less is held back by it than our people know. */
static void tell_truce(struct rb_node *n, struct spot *p) {
    const bool stands = p->state == SPOT_KNOWN && !p->rests;
    const int64_t to = p->has_end ? p->end_utc : INT64_MAX;
    const bool news = stands && is_longer(p, p->begin_utc, to);
    if (news && !p->known) arrive_note(n, p);
    if (p->state == SPOT_KNOWN) p->known = false;
    p->span_told = stands;
    p->told_from = p->begin_utc;
    p->told_to = to;
}

void stand_tell(struct rb_node *n, struct channel *ch) {
    for (size_t i = 0; i < ch->spots_n && ch->truces_n > 0; i++)
        if (ch->spots[i].truce) tell_truce(n, &ch->spots[i]);
}
