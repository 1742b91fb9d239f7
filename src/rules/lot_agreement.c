/* Agreements and their progress, spec 16.9. The agreements are adopted first, by words and then by
 * their hour; the reports are walked after that, each judged by what its agreement was when it
 * came. */
#include "lot.h"
#include "vote.h"

struct deal { /* an agreement of the lot */
    size_t entry;
    struct rb_vote vote;
    uint64_t parties;
    bool as_reported;
    bool blind;        /* it, or what it supersedes, is not read here: nothing is derived of it */
    uint8_t fate;      /* enum rb_state that its author gave it; RB_STATE_MARKED = none */
    size_t fate_entry; /* which gave it */
    bool adopted, by_words;
    size_t adopted_entry; /* by_words: the last word that it took */
    struct rb_step_view *steps;
};
struct settling {
    struct rb_lot *l;
    struct rb_votes votes;
    size_t n;
    struct deal *list;
    uint32_t *of;  /* by entry: the agreement that it is, or is about; RB_NOWHERE = none */
    bool *revoked; /* by entry, of reports and words on them: withdrawn or superseded */
    bool *over;    /* by entry, of reports: the same, and for good */
    struct rb_step_view *before; /* by entry, of reports: the step as the report met it */
    struct rb_step_view *kept;   /* RB_MAX_STEPS: to go back to */
};

static uint64_t bit(unsigned member) {
    return UINT64_C(1) << member;
}
static bool is_position(const struct rb_lot_entry *e) {
    return e->fact->kind == RB_KIND_POSITION;
}
static bool is_mute(const struct settling *st, const struct deal *d) {
    const struct rb_lot_entry *e = &st->l->e[d->entry];
    return e->mark != RB_MARK_NONE || d->blind;
}
static enum rb_deadline judge(const struct settling *st, const struct deal *d, size_t i,
                              int64_t by_utc_ms) {
    int64_t t_ms;
    return rb_deadline_judge(st->l->s, st->l->e[d->entry].own->charter, st->l->e[i].record,
                             by_utc_ms, &t_ms);
}
static bool past_by(struct settling *st, const struct deal *d, size_t i) {
    return rb_vote_over(&st->votes, &d->vote, i);
}

/* ---- the agreement ----------------------------------------------------------------------------
 */

static void note_adopted(struct deal *d, size_t i) {
    if (d->by_words || d->as_reported || rb_vote_by_words(&d->vote) != RB_ADOPTION_ADOPTED) return;
    d->by_words = true;
    d->adopted_entry = i;
}

/* May its author withdraw or supersede it? As long as nobody else's word has settled it. */
static enum rb_mark may_end(struct settling *st, const struct deal *d, size_t i) {
    if (d->blind || d->fate == RB_STATE_UNREAD) return RB_MARK_NONE;
    if (rb_lot_forked(st->l, i)) return RB_MARK_CONTESTED;
    if (is_mute(st, d) || d->fate != RB_STATE_MARKED) return RB_MARK_OUT_OF_TURN;
    if (d->as_reported || rb_vote_unread(&d->vote) != 0) return RB_MARK_NONE;
    const bool settled = rb_vote_by_words(&d->vote) != RB_ADOPTION_OPEN;
    return settled || past_by(st, d, i) ? RB_MARK_OUT_OF_TURN : RB_MARK_NONE;
}

/* what it may be that others settled, or its author ended unread, stays */
static void end(struct deal *d, size_t i, enum rb_state fate) {
    if (d->blind || d->fate == RB_STATE_UNREAD ||
        (!d->as_reported && rb_vote_unread(&d->vote) != 0))
        return;
    d->fate = (uint8_t)fate;
    d->fate_entry = i;
}

/* The entries of a record from `first` on: it supersedes all that it says, or nothing. What was not
 * opened here may bear a mark where it was. *known: nothing of that is unread here. */
static enum rb_mark supersede_all(struct settling *st, size_t first, bool *known) {
    struct rb_lot *l = st->l;
    const bool read = rb_lot_read(&l->e[first]);
    enum rb_mark mark = rb_lot_forked(l, first) ? RB_MARK_CONTESTED : RB_MARK_NONE;
    size_t past = first;
    for (; past < l->n && l->e[past].record == l->e[first].record; past++)
        if (mark == RB_MARK_NONE && l->e[past].on != RB_NOWHERE)
            mark = may_end(st, &st->list[st->of[l->e[past].on]], past);
    for (size_t k = first; k < past; k++) {
        if (read || mark == RB_MARK_CONTESTED) l->e[k].mark = (uint8_t)mark;
        if (mark != RB_MARK_NONE || l->e[k].on == RB_NOWHERE) continue;
        struct deal *d = &st->list[st->of[l->e[k].on]];
        end(d, k, read ? RB_STATE_SUPERSEDED : RB_STATE_UNREAD);
        *known &= d->fate == RB_STATE_SUPERSEDED;
    }
    return mark;
}

static enum rb_err open_deal(struct settling *st, size_t i, struct rb_arena *a) {
    struct rb_lot_entry *e = &st->l->e[i];
    const struct rb_gist *g = e->fact->gist;
    struct deal *d = &st->list[st->n];
    bool known = true;
    st->of[i] = (uint32_t)st->n++;
    *d = (struct deal){.entry = i, .fate = RB_STATE_MARKED, .blind = g == NULL};
    if (supersede_all(st, i, &known) != RB_MARK_NONE || g == NULL) return RB_OK;
    d->blind = !known;
    if (d->blind) return RB_OK;
    d->steps = rb_arena_array(a, g->steps_n, sizeof *d->steps);
    if (d->steps == NULL) return RB_ERR_LIMIT;
    for (size_t k = 0; k < g->steps_n; k++)
        d->steps[k] = (struct rb_step_view){.number = g->steps[k].number,
                                            .report = RB_NOWHERE,
                                            .has_due = g->steps[k].has_due,
                                            .due_utc_ms = g->steps[k].due_utc_ms};
    d->parties = g->members;
    d->as_reported = g->members == 0 || e->fact->reported;
    if (d->as_reported) return RB_OK;
    rb_vote_open(&st->votes, &d->vote, i, g->has_adoption ? &g->adoption : NULL, g->members);
    note_adopted(d, i);
    return RB_OK;
}

static bool is_word(int position) {
    return position == RB_POSITION_ACCEPT || position == RB_POSITION_REJECT ||
           position == RB_POSITION_ABSTAIN || position == RB_POSITION_DISSOCIATE;
}

/* entry i withdraws its author's own position on the agreement */
static enum rb_mark take_back(struct settling *st, struct deal *d, size_t i) {
    const struct rb_lot_entry *on = &st->l->e[st->l->e[i].on];
    if (on->fact->position == 0) return RB_MARK_NONE; /* it was not opened here */
    if (!is_word(on->fact->position)) return RB_MARK_NONE;
    if (on->fact->reported) return RB_MARK_NONE;
    return on->mark != RB_MARK_NONE ? RB_MARK_OUT_OF_TURN : rb_vote_take(&st->votes, &d->vote, i);
}

static bool is_report(const struct rb_lot_entry *e) {
    return e->fact->kind == RB_KIND_PROGRESS;
}

/* a position on an agreement, or on one on it: not on a report */
static bool on_agreement(const struct settling *st, size_t i) {
    const struct rb_lot_entry *on = &st->l->e[st->l->e[i].on];
    if (is_position(on) && on->on != RB_NOWHERE) on = &st->l->e[on->on];
    return on->fact->kind == RB_KIND_AGREEMENT;
}

/* One that was not opened here. What its author says of its own may be that it withdraws it
 * (16.2.10), whether it has a voice in it or not. */
static void take_unread(struct settling *st, struct deal *d, size_t i) {
    const struct rb_lot_entry *e = &st->l->e[i];
    if (is_mute(st, d) || d->fate != RB_STATE_MARKED || rb_lot_forked(st->l, i)) return;
    const bool own = e->on == d->entry && e->author == st->l->e[d->entry].author;
    if (own && may_end(st, d, i) == RB_MARK_NONE)
        end(d, i, RB_STATE_UNREAD);
    else if (!d->as_reported)
        (void)rb_vote_take(&st->votes, &d->vote, i);
}

static void take_word(struct settling *st, struct deal *d, size_t i) {
    struct rb_lot_entry *e = &st->l->e[i];
    const bool direct = e->on == d->entry, withdraws = e->fact->position == RB_POSITION_WITHDRAW;
    enum rb_mark mark = RB_MARK_NONE;
    if (d->blind || d->fate == RB_STATE_UNREAD) return;
    if (e->fact->closed && e->fact->position == 0) {
        take_unread(st, d, i);
        return;
    }
    if (!(withdraws || (direct && is_word(e->fact->position)))) return;
    if (withdraws && direct) {
        mark = may_end(st, d, i);
        if (mark == RB_MARK_NONE) end(d, i, RB_STATE_WITHDRAWN);
    } else if (rb_lot_forked(st->l, i))
        mark = RB_MARK_CONTESTED;
    else if (is_mute(st, d) || d->fate != RB_STATE_MARKED)
        mark = RB_MARK_OUT_OF_TURN;
    else if (d->as_reported || e->fact->reported)
        mark = RB_MARK_NONE; /* stands beside it */
    else
        mark = withdraws ? take_back(st, d, i) : rb_vote_take(&st->votes, &d->vote, i);
    e->mark = (uint8_t)mark;
    if (mark == RB_MARK_NONE) note_adopted(d, i);
}

static void close_deal(struct settling *st, struct deal *d) {
    if (d->as_reported) return;
    rb_vote_close(&st->votes, &d->vote);
    d->adopted = d->vote.state == RB_ADOPTION_ADOPTED && d->fate == RB_STATE_MARKED;
}

/* ---- progress ---------------------------------------------------------------------------------
 */

/* it was adopted, or is as reported, when entry i came */
static bool runs(struct settling *st, const struct deal *d, size_t i) {
    if (d->fate != RB_STATE_MARKED && d->fate_entry < i) return false;
    if (d->as_reported) return true;
    if (d->by_words) return d->adopted_entry < i;
    return d->adopted && past_by(st, d, i);
}

static const struct rb_gist_step *step_of(const struct rb_gist *agreement, uint16_t number,
                                          size_t *at) {
    for (*at = 0; *at < agreement->steps_n; ++*at)
        if (agreement->steps[*at].number == number) return &agreement->steps[*at];
    return NULL;
}

/* its owner; where that is no member, any party; of what others agreed, who reports it */
static bool may_report(const struct settling *st, const struct deal *d,
                       const struct rb_gist_step *step, uint16_t author) {
    if (step->has_owner) return step->owner == author;
    return d->parties != 0 ? (d->parties >> author & 1) : st->l->e[d->entry].author == author;
}

static const enum rb_step_state step_said[] = {
    [RB_PROGRESS_BEGUN] = RB_STEP_BEGUN,
    [RB_PROGRESS_DONE] = RB_STEP_DONE,
    [RB_PROGRESS_DELAYED] = RB_STEP_DELAYED,
    [RB_PROGRESS_NOT_DONE] = RB_STEP_NOT_DONE,
};
#define MOVE(to) (1u << (to))
static const unsigned step_moves[] = {
    [RB_STEP_OPEN] =
        MOVE(RB_STEP_BEGUN) | MOVE(RB_STEP_DONE) | MOVE(RB_STEP_DELAYED) | MOVE(RB_STEP_NOT_DONE),
    [RB_STEP_BEGUN] = MOVE(RB_STEP_DONE) | MOVE(RB_STEP_DELAYED) | MOVE(RB_STEP_NOT_DONE),
    [RB_STEP_DELAYED] =
        MOVE(RB_STEP_BEGUN) | MOVE(RB_STEP_DONE) | MOVE(RB_STEP_DELAYED) | MOVE(RB_STEP_NOT_DONE),
    [RB_STEP_NOT_DONE] = MOVE(RB_STEP_BEGUN) | MOVE(RB_STEP_DONE),
    [RB_STEP_DONE] = MOVE(RB_STEP_NOT_DONE),
};

static struct rb_step_view *step_view(const struct settling *st, const struct deal *d,
                                      uint16_t number) {
    size_t at;
    if (d->steps == NULL) return NULL;
    return step_of(st->l->e[d->entry].fact->gist, number, &at) ? &d->steps[at] : NULL;
}

static enum rb_mark move_step(struct settling *st, struct deal *d, size_t i) {
    const struct rb_lot_entry *e = &st->l->e[i];
    const struct rb_gist *g = e->fact->gist;
    size_t at;
    const struct rb_gist_step *step = step_of(st->l->e[d->entry].fact->gist, g->step, &at);
    if (step == NULL || !runs(st, d, i)) return RB_MARK_OUT_OF_TURN;
    if (!may_report(st, d, step, e->author)) return RB_MARK_NOT_ENTITLED;
    struct rb_step_view *v = &d->steps[at];
    const enum rb_step_state to = step_said[g->value];
    if (!(step_moves[v->state] & MOVE(to))) return RB_MARK_OUT_OF_TURN;
    st->before[i] = *v;
    v->state = to;
    v->report = (uint32_t)i; /* an entry until all is walked */
    v->confirmed = v->disputed = 0;
    if (to == RB_STEP_DELAYED && g->has_end) {
        v->has_expected = true;
        v->expected_utc_ms = g->end_utc_ms;
    }
    return RB_MARK_NONE;
}

/* ---- a report is taken back -------------------------------------------------------------------
 */

/* What a report met, those left out that are over for good: nobody goes through them a second time,
 * whether or not what made us ask is denied in the end. */
static const struct rb_step_view *met_by(struct settling *st, uint32_t report) {
    struct rb_step_view *met = &st->before[report];
    while (met->report != RB_NOWHERE && st->over[met->report]) {
        *met = st->before[met->report];
        st->l->looks++;
    }
    return met;
}

/* A report counts as never said. Where it was the last of its step, the step is as that one met it;
 * one that others went on from leaves it as it is. */
static void undo(struct settling *st, const struct deal *d, size_t report) {
    struct rb_step_view *v = step_view(st, d, st->l->e[report].fact->gist->step);
    st->revoked[report] = true;
    while (v != NULL && v->report != RB_NOWHERE && st->revoked[v->report]) {
        *v = *met_by(st, v->report);
        st->l->looks++;
    }
}

/* entry i, a withdrawal or a report, takes back the report that it is on */
static bool takes_back(const struct settling *st, size_t i) {
    const struct rb_lot_entry *e = &st->l->e[i];
    if (e->on == RB_NOWHERE || !is_report(&st->l->e[e->on])) return false;
    if (st->l->e[e->on].author != e->author) return false;
    return is_report(e) || e->fact->position == RB_POSITION_WITHDRAW;
}

static enum rb_mark may_take_back(const struct settling *st, size_t i) {
    const uint32_t report = st->l->e[i].on;
    if (rb_lot_forked(st->l, i)) return RB_MARK_CONTESTED;
    const bool stands = st->l->e[report].mark == RB_MARK_NONE && !st->revoked[report];
    return stands ? RB_MARK_NONE : RB_MARK_OUT_OF_TURN;
}

static void take_back_report(struct settling *st, size_t i, enum rb_state state) {
    struct rb_lot_entry *e = &st->l->e[i];
    if (st->of[i] == RB_NOWHERE || st->l->e[e->on].state == RB_STATE_UNREAD) return;
    e->mark = (uint8_t)may_take_back(st, i);
    if (e->mark != RB_MARK_NONE) return;
    st->l->e[e->on].state = (uint8_t)state;
    st->over[e->on] = true;
    undo(st, &st->list[st->of[i]], e->on);
}

/* The entries behind that of a report which are its own, too: what it supersedes. It meets the step
 * as that would be without these; where it is denied, they stand. */
static enum rb_mark supersede_and_move(struct settling *st, struct deal *d, size_t i) {
    struct rb_lot *l = st->l;
    const size_t steps_n = l->e[d->entry].fact->gist->steps_n;
    size_t end = i + 1;
    enum rb_mark mark = RB_MARK_NONE;
    memcpy(st->kept, d->steps, steps_n * sizeof *d->steps);
    for (; end < l->n && l->e[end].record == l->e[i].record; end++) {
        if (!takes_back(st, end) || l->e[l->e[end].on].state == RB_STATE_UNREAD) continue;
        if (mark == RB_MARK_NONE) mark = may_take_back(st, end);
        if (mark == RB_MARK_NONE && st->of[l->e[end].on] == st->of[i]) undo(st, d, l->e[end].on);
    }
    if (mark == RB_MARK_NONE) mark = move_step(st, d, i);
    if (mark != RB_MARK_NONE) memcpy(d->steps, st->kept, steps_n * sizeof *d->steps);
    for (size_t k = i + 1; k < end; k++) {
        const uint32_t on = l->e[k].on;
        if (!takes_back(st, k) || l->e[on].state == RB_STATE_UNREAD) continue;
        l->e[k].mark = (uint8_t)mark;
        if (mark == RB_MARK_NONE) {
            l->e[on].state = RB_STATE_SUPERSEDED;
            st->over[on] = true;
        } else if (l->e[on].state == RB_STATE_STANDS)
            st->revoked[on] = false;
    }
    return mark;
}

/* its agreement, if that is here and before it; RB_NOWHERE: it is not */
static uint32_t deal_of(const struct settling *st, size_t i) {
    const struct rb_lot_entry *e = &st->l->e[i];
    if (e->on == RB_NOWHERE || is_report(&st->l->e[e->on])) return RB_NOWHERE;
    return rb_hash_eq(&st->l->e[e->on].fact->id, &e->fact->gist->to) ? st->of[e->on] : RB_NOWHERE;
}

static void take_report(struct settling *st, size_t i) {
    struct rb_lot_entry *e = &st->l->e[i];
    e->state = RB_STATE_UNREAD;
    if (rb_lot_forked(st->l, i)) e->mark = RB_MARK_CONTESTED;
    if (!rb_lot_read(e) || e->mark != RB_MARK_NONE) return;
    st->of[i] = deal_of(st, i);
    struct deal *d = st->of[i] == RB_NOWHERE ? NULL : &st->list[st->of[i]];
    if (d != NULL && (d->blind || d->fate == RB_STATE_UNREAD)) return;
    e->state = RB_STATE_STANDS;
    if (d == NULL)
        e->mark = rb_situation_find(st->l->s, &e->fact->gist->to) == RB_NOWHERE
                      ? RB_MARK_NO_SUBJECT
                      : RB_MARK_OUT_OF_TURN;
    else if (is_mute(st, d))
        e->mark = RB_MARK_OUT_OF_TURN;
    else if (!d->as_reported && d->vote.state == RB_ADOPTION_UNREAD)
        e->state = RB_STATE_UNREAD;
    else
        e->mark = (uint8_t)supersede_and_move(st, d, i);
}

/* ---- what others say of a report --------------------------------------------------------------
 */

static bool is_echo(const struct rb_lot_entry *e) {
    return e->fact->position == RB_POSITION_CONFIRM || e->fact->position == RB_POSITION_DISPUTE;
}

/* Of the last report of its step, as long as that is the last. */
static void take_echo(struct settling *st, size_t i) {
    struct rb_lot_entry *e = &st->l->e[i];
    const struct rb_lot_entry *report = &st->l->e[e->on];
    if (report->state == RB_STATE_UNREAD || st->of[e->on] == RB_NOWHERE) return;
    if (rb_lot_forked(st->l, i))
        e->mark = RB_MARK_CONTESTED;
    else if (report->mark != RB_MARK_NONE || st->revoked[e->on])
        e->mark = RB_MARK_OUT_OF_TURN;
    else if (e->author == report->author)
        e->mark = RB_MARK_NOT_ENTITLED;
    if (e->mark != RB_MARK_NONE || e->fact->reported || st->revoked[i]) return;
    struct rb_step_view *v = step_view(st, &st->list[st->of[e->on]], report->fact->gist->step);
    if (v == NULL || v->report != e->on) return;
    v->confirmed &= ~bit(e->author);
    v->disputed &= ~bit(e->author);
    if (e->fact->position == RB_POSITION_CONFIRM)
        v->confirmed |= bit(e->author);
    else
        v->disputed |= bit(e->author);
}

/* A word on a report that is withdrawn counts as never said, so that the one before it counts
 * again: which were is known before the reports are walked. */
static void withdraw_echo(struct settling *st, size_t i) {
    const struct rb_lot_entry *e = &st->l->e[i];
    if (!is_position(e) || e->fact->position != RB_POSITION_WITHDRAW) return;
    const struct rb_lot_entry *on = &st->l->e[e->on];
    if (!is_position(on) || !is_echo(on)) return;
    if (rb_lot_forked(st->l, i))
        st->l->e[i].mark = RB_MARK_CONTESTED;
    else
        st->revoked[e->on] = true;
}

/* ---- states and hours -------------------------------------------------------------------------
 */

/* the hour is past, and no report says done in time */
static void settle_step(const struct settling *st, const struct deal *d, struct rb_step_view *v) {
    const uint32_t report = v->report;
    const int64_t due = v->has_expected ? v->expected_utc_ms : v->due_utc_ms;
    if (report != RB_NOWHERE) v->report = st->l->e[report].record;
    if (!v->has_due && !v->has_expected) return;
    if (v->state != RB_STEP_DONE) {
        v->overdue = st->l->s->now_utc_ms > due;
        return;
    }
    const enum rb_deadline held = judge(st, d, report, due);
    v->late = held == RB_DEADLINE_LATE;
    v->contested_by_time = held == RB_DEADLINE_CONTESTED;
}

static enum rb_state state_of(const struct settling *st, const struct deal *d) {
    if (st->l->e[d->entry].mark != RB_MARK_NONE) return RB_STATE_MARKED;
    if (d->blind) return RB_STATE_UNREAD;
    if (d->fate != RB_STATE_MARKED) return (enum rb_state)d->fate;
    if (d->as_reported) return RB_STATE_AS_REPORTED;
    switch ((enum rb_adoption_state)d->vote.state) {
    case RB_ADOPTION_OPEN:
        break;
    case RB_ADOPTION_ADOPTED:
        return RB_STATE_ADOPTED;
    case RB_ADOPTION_NOT_ADOPTED:
        return RB_STATE_NOT_ADOPTED;
    case RB_ADOPTION_LAPSED:
        return RB_STATE_LAPSED;
    case RB_ADOPTION_CONTESTED_BY_TIME:
        return RB_STATE_CONTESTED_BY_TIME;
    case RB_ADOPTION_UNREAD:
        return RB_STATE_UNREAD;
    }
    return RB_STATE_PROPOSED;
}

static void settle_deal(struct settling *st, struct deal *d) {
    struct rb_lot_entry *e = &st->l->e[d->entry];
    e->state = (uint8_t)state_of(st, d);
    if (is_mute(st, d)) return;
    const bool runs_now = d->adopted || e->state == RB_STATE_AS_REPORTED;
    for (size_t k = 0; k < e->fact->gist->steps_n; k++) {
        settle_step(st, d, &d->steps[k]);
        d->steps[k].overdue &= runs_now;
    }
    e->since_utc_ms = d->adopted ? d->vote.since_utc_ms : 0;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static enum rb_err room(struct settling *st, struct rb_arena *a) {
    const size_t n = st->l->n;
    size_t own = 0;
    for (size_t i = 0; i < n; i++)
        own += st->l->e[i].own != NULL && !is_report(&st->l->e[i]);
    st->list = rb_arena_array(a, own, sizeof *st->list);
    st->of = rb_arena_array(a, n, sizeof *st->of);
    st->revoked = rb_arena_array(a, n, sizeof *st->revoked);
    st->over = rb_arena_array(a, n, sizeof *st->over);
    st->before = rb_arena_array(a, n, sizeof *st->before);
    st->kept = rb_arena_array(a, RB_MAX_STEPS, sizeof *st->kept);
    const bool all = st->list && st->of && st->revoked && st->over && st->before && st->kept;
    return all ? RB_OK : RB_ERR_LIMIT;
}

static enum rb_err take_agreements(struct settling *st, struct rb_arena *a) {
    for (size_t i = 0; i < st->l->n; i++) {
        struct rb_lot_entry *e = &st->l->e[i];
        bool known = true;
        st->of[i] = e->on == RB_NOWHERE ? RB_NOWHERE : st->of[e->on];
        withdraw_echo(st, i);
        if (is_report(e)) continue;
        if (e->own != NULL)
            RB_TRY(open_deal(st, i, a));
        else if (st->of[i] == RB_NOWHERE)
            continue;
        else if (!is_position(e) && st->l->e[i - 1].record != e->record)
            (void)supersede_all(st, i, &known); /* an instrument of another lot */
        else if (!is_position(e))
            continue;
        else if (on_agreement(st, i))
            take_word(st, &st->list[st->of[i]], i);
    }
    if (st->votes.full) return RB_ERR_LIMIT;
    for (size_t i = 0; i < st->n; i++)
        if (!is_mute(st, &st->list[i])) close_deal(st, &st->list[i]);
    return RB_OK;
}

/* a report on another lot's agreement: whatever becomes of it there, what it supersedes here is not
 * its author's word any more (16.1.3) */
static bool is_guest(const struct rb_lot *l, size_t i) {
    const uint32_t own = l->s->order[l->e[i].record].instrument;
    return own != RB_NOWHERE && l->s->instruments[own].lot != l->index;
}

static void take_reports(struct settling *st) {
    for (size_t i = 0; i < st->l->n; i++) {
        struct rb_lot_entry *e = &st->l->e[i];
        if (is_report(e) && e->own != NULL)
            take_report(st, i);
        else if (is_report(e) && is_guest(st->l, i) && takes_back(st, i))
            take_back_report(st, i, RB_STATE_SUPERSEDED);
        else if (is_report(e) || !is_position(e) || !is_report(&st->l->e[e->on]))
            continue;
        else if (takes_back(st, i))
            take_back_report(st, i, RB_STATE_WITHDRAWN);
        else if (is_echo(e))
            take_echo(st, i);
    }
}

static enum rb_err settle(struct settling *st, struct rb_lot *l, struct rb_arena *a) {
    *st = (struct settling){.l = l};
    RB_TRY(rb_votes_make(&st->votes, l, a));
    RB_TRY(room(st, a));
    RB_TRY(take_agreements(st, a));
    take_reports(st);
    for (size_t i = 0; i < st->n; i++)
        settle_deal(st, &st->list[i]);
    return RB_OK;
}

static enum rb_err show(struct settling *st, struct rb_arena *a, struct rb_agreement_lot *out) {
    struct rb_agreement_view *view = rb_arena_array(a, st->n, sizeof *view);
    if (view == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < st->n; i++) {
        const struct deal *d = &st->list[i];
        const struct rb_lot_entry *e = &st->l->e[d->entry];
        view[i].instrument = (uint32_t)(e->own - st->l->s->instruments);
        if (is_mute(st, d)) continue;
        view[i].known = true;
        view[i].as_reported = d->as_reported;
        view[i].steps_n = e->fact->gist->steps_n;
        view[i].steps = d->steps;
        if (!d->as_reported) rb_vote_view(&st->votes, &d->vote, &view[i].adoption);
    }
    *out = (struct rb_agreement_lot){st->n, view};
    return RB_OK;
}

enum rb_err rb_settle_agreement(struct rb_lot *l, struct rb_arena *a) {
    struct settling st;
    return settle(&st, l, a);
}

enum rb_err rb_lot_agreement(const struct rb_situation *s, uint32_t lot, struct rb_arena *a,
                             struct rb_agreement_lot *out) {
    struct rb_lot l;
    struct settling st;
    if (lot >= s->lots_n || s->lots[lot].kind != RB_KIND_AGREEMENT) return RB_ERR_NOT_FOUND;
    RB_TRY(rb_lot_make(s, lot, a, &l));
    RB_TRY(settle(&st, &l, a));
    return show(&st, a, out);
}
