/* Cessations and what extends them, spec 16.4. What turns on words is taken as the records come;
 * what turns on an hour that is past is taken again once it is known how the words left it. */
#include "lot_cessation.h"
#include <assert.h>

static bool settled(const struct rb_truce *t) {
    return rb_vote_by_words(&t->vote) != RB_ADOPTION_OPEN;
}
static bool past_by(struct rb_truces *st, const struct rb_truce *t, size_t i) {
    return rb_vote_over(&st->votes, &t->vote, i);
}

/* ---- a cessation comes ------------------------------------------------------------------------
 */

/* what it says that it extends, if that is a cessation before it */
static enum rb_mark find_extended(const struct rb_truces *st, size_t i, uint32_t *extends) {
    const struct rb_lot_entry *e = &st->l->e[i];
    *extends = RB_NOWHERE;
    if (!e->fact->gist->has_to) return RB_MARK_NONE;
    const struct rb_hash *to = &e->fact->gist->to;
    if (e->on != RB_NOWHERE && rb_hash_eq(&st->l->e[e->on].fact->id, to)) {
        *extends = st->of[e->on];
        return RB_MARK_NONE;
    }
    return rb_situation_find(st->l->s, to) == RB_NOWHERE ? RB_MARK_NO_SUBJECT : RB_MARK_OUT_OF_TURN;
}

/* by a party or a guarantor of what it extends, as long as that is not over by anybody's word */
static enum rb_mark may_extend(const struct rb_truces *st, const struct rb_truce *from, size_t i) {
    if (from->blind) return RB_MARK_NONE;
    if (entry_of(st, from)->mark != RB_MARK_NONE || from->reported) return RB_MARK_OUT_OF_TURN;
    if (!((from->parties | from->guarantors) & bit(st->l->e[i].author)))
        return RB_MARK_NOT_ENTITLED;
    if (from->fate != RB_STATE_MARKED) return RB_MARK_OUT_OF_TURN;
    return settled(from) && !adopted(from) ? RB_MARK_OUT_OF_TURN : RB_MARK_NONE;
}

/* Entry i supersedes it: as long as nobody else's word has settled it. A declaration that nobody
 * acceded to is its author's alone, also while it is in force. */
static enum rb_mark may_supersede(struct rb_truces *st, size_t i, const struct rb_truce *t) {
    int64_t t_ms;
    if (t->blind) return RB_MARK_NONE;
    if (rb_lot_forked(st->l, i)) return RB_MARK_CONTESTED;
    if (is_mute(st, t) || t->fate != RB_STATE_MARKED) return RB_MARK_OUT_OF_TURN;
    const bool own = t->reported || (t->declared && !t->acceded_to);
    if (!own && rb_vote_unread(&t->vote) != 0) return RB_MARK_NONE; /* it may be settled */
    if (!own && (settled(t) || past_by(st, t, i))) return RB_MARK_OUT_OF_TURN;
    if (t->declared && t->has_end && judge(st, t, i, t->end_ms, &t_ms) == RB_DEADLINE_LATE)
        return RB_MARK_OUT_OF_TURN;
    return RB_MARK_NONE;
}

/* on what it supersedes, not on what it extends */
static bool supersedes(const struct rb_lot *l, size_t i) {
    const struct rb_lot_entry *e = &l->e[i];
    if (e->on == RB_NOWHERE) return false;
    return e->own == NULL || !rb_lot_read(e) || !e->fact->gist->has_to ||
           !rb_hash_eq(&l->e[e->on].fact->id, &e->fact->gist->to);
}

/* what was not opened here may bear a mark where it was; what it may be that others settled stays
 */
static void supersede(struct rb_truces *st, size_t i, struct rb_truce *t) {
    const bool own = t->reported || t->declared;
    if (t->blind || (!own && rb_vote_unread(&t->vote) != 0)) return;
    const bool known = rb_lot_read(&st->l->e[i]) && (t->acceded_to || !t->may_be_acceded_to);
    t->fate = known ? RB_STATE_SUPERSEDED : RB_STATE_UNREAD;
}

/* The entries of a record from `first` on: it supersedes all that it says, or nothing. */
static enum rb_mark supersede_all(struct rb_truces *st, size_t first, enum rb_mark mark,
                                  bool *known) {
    struct rb_lot *l = st->l;
    size_t end = first;
    for (; end < l->n && l->e[end].record == l->e[first].record; end++)
        if (mark == RB_MARK_NONE && supersedes(l, end))
            mark = may_supersede(st, end, &st->list[st->of[l->e[end].on]]);
    for (size_t k = first; k < end; k++) {
        if (!supersedes(l, k)) continue;
        if (mark == RB_MARK_NONE) supersede(st, k, &st->list[st->of[l->e[k].on]]);
        *known &= st->list[st->of[l->e[k].on]].fate == RB_STATE_SUPERSEDED;
    }
    for (size_t k = first; k < end && rb_lot_read(&l->e[k]); k++)
        l->e[k].mark = (uint8_t)mark;
    return mark;
}

/* The author says who they are. For those who are guarantors by the charter, too, all members said
 * that; where one is not, nobody is bound by that one's word, and the parties are asked as well. */
static uint64_t guarantors_asked(const struct rb_truces *st, struct rb_truce *t) {
    const struct rb_lot_entry *e = entry_of(st, t);
    const uint64_t all = charter_guarantors(e), of = gist_of(st, t)->adoption.of;
    const uint64_t asked = of != 0 ? of : t->guarantors != 0 ? t->guarantors : all & e->own->active;
    t->guaranteed = (asked & ~all) == 0;
    return t->guaranteed ? asked : asked | t->parties;
}

/* Under the rule guarantors these; else those that the body names; else its parties; else, of an
 * extension, those of what it extends; else its author declares it (16.2.1, 16.4.1). */
static uint64_t electors(const struct rb_truces *st, struct rb_truce *t) {
    const struct rb_gist *g = gist_of(st, t);
    if (g->has_adoption && g->adoption.rule == RB_RULE_GUARANTORS) return guarantors_asked(st, t);
    if (g->has_adoption && g->adoption.of != 0) return g->adoption.of;
    if (g->members != 0) return g->members;
    if (t->extends == RB_NOWHERE) return bit(entry_of(st, t)->author);
    t->guaranteed = st->list[t->extends].guaranteed;
    return st->list[t->extends].vote.electors;
}

static void open_vote(struct rb_truces *st, struct rb_truce *t) {
    const struct rb_gist *g = gist_of(st, t);
    const struct rb_lot_entry *e = entry_of(st, t);
    const struct rb_truce *from = t->extends != RB_NOWHERE ? &st->list[t->extends] : NULL;
    t->inherits = g->members == 0 && from != NULL;
    t->parties = g->members != 0 ? g->members : from != NULL ? from->parties : bit(e->author);
    t->guarantors = g->guarantors != 0 || from == NULL ? g->guarantors : from->guarantors;
    t->declared = g->members == 0 && !g->has_adoption &&
                  (from == NULL || (from->declared && from->parties == bit(e->author)));
    t->reported = e->fact->reported;
    t->start_ms = g->start_utc_ms;
    t->has_end = g->has_end;
    t->end_ms = g->end_utc_ms;
    t->own_end_ms = g->has_end ? g->end_utc_ms : INT64_MAX;
    rb_vote_open(&st->votes, &t->vote, t->entry, g->has_adoption ? &g->adoption : NULL,
                 electors(st, t));
}

static void open_truce(struct rb_truces *st, size_t i) {
    struct rb_lot_entry *e = &st->l->e[i];
    struct rb_truce *t = &st->list[st->n];
    bool known = true;
    uint32_t from = RB_NOWHERE;
    enum rb_mark mark = rb_lot_forked(st->l, i) ? RB_MARK_CONTESTED : RB_MARK_NONE;
    st->of[i] = (uint32_t)st->n++;
    *t = (struct rb_truce){.entry = i, .extends = RB_NOWHERE, .fate = RB_STATE_MARKED};
    t->blind = !rb_lot_read(e);
    if (mark == RB_MARK_NONE && !t->blind) mark = find_extended(st, i, &from);
    if (mark == RB_MARK_NONE && from != RB_NOWHERE) mark = may_extend(st, &st->list[from], i);
    mark = supersede_all(st, i, mark, &known);
    if (rb_lot_forked(st->l, i)) e->mark = RB_MARK_CONTESTED;
    if (t->blind || e->mark != RB_MARK_NONE) return;
    t->extends = from;
    t->blind = !known || (from != RB_NOWHERE && st->list[from].blind);
    if (!t->blind) open_vote(st, t);
}

/* ---- words ------------------------------------------------------------------------------------
 */

/* parties that took themselves out before it was adopted: never bound */
static uint64_t apart(const struct rb_truce *t) {
    uint64_t out = 0;
    for (unsigned m = 0; t->vote.ballot != NULL && m < RB_MAX_MEMBERS; m++) {
        const struct rb_voice *v = &t->vote.ballot->voice[m];
        if (v->position == RB_POSITION_DISSOCIATE && !v->forked && !v->stance.late) out |= bit(m);
    }
    return out & t->parties;
}

uint64_t rb_truce_bound_by_word(struct rb_truces *st, const struct rb_truce *t) {
    if (!adopted(t)) return 0;
    const uint64_t in = t->guaranteed ? t->parties : rb_vote_assent(&st->votes, &t->vote);
    return (in & t->parties & ~apart(t)) | t->came;
}

/* A party that it was adopted without joins those that are bound by it, as long as it holds. */
static bool comes_later(struct rb_truces *st, const struct rb_truce *t, uint16_t member) {
    if (!(t->parties & ~t->parting & bit(member))) return false;
    const uint64_t in = rb_truce_bound_by_word(st, t);
    return !(in & bit(member)) && count(in & ~t->parting) >= fewest(t);
}

static bool may_report(const struct rb_truces *st, const struct rb_truce *t, size_t i) {
    const struct rb_charter *c = entry_of(st, t)->own->charter;
    const uint16_t author = st->l->e[i].author;
    if (t->guarantors != 0) return t->guarantors >> author & 1;
    for (size_t k = 0; k < c->members_n; k++)
        if (c->members[k].index == author) return c->members[k].role == RB_ROLE_GUARANTOR;
    return false;
}

/* its acceptance is an accession, and not a vote */
static bool joins(struct rb_truces *st, const struct rb_truce *t, const struct rb_lot_entry *e) {
    const uint64_t part_in = t->vote.electors | t->parties | t->guarantors;
    return e->fact->reported || !(part_in & bit(e->author)) || comes_later(st, t, e->author);
}

static enum rb_mark accede(struct rb_truces *st, uint32_t truce, size_t i) {
    struct rb_truce *t = &st->list[truce];
    const struct rb_lot_entry *e = &st->l->e[i];
    if (e->fact->reported && !may_report(st, t, i)) return RB_MARK_NOT_ENTITLED;
    if (settled(t) && !adopted(t)) return RB_MARK_OUT_OF_TURN;
    st->joins[i] = (uint32_t)st->joined_n;
    struct rb_joined *j = &st->joined[st->joined_n++];
    t->acceded_to = true;
    *j = (struct rb_joined){.truce = truce,
                            .entry = i,
                            .is = {.record = e->record,
                                   .member = e->author,
                                   .reported = e->fact->reported,
                                   .withdrawn = RB_NOWHERE}};
    const int64_t by = t->vote.has_by ? t->vote.by_utc_ms : INT64_MAX;
    switch (judge(st, t, i, by, &j->is.t_ms)) {
    case RB_DEADLINE_MET:
        j->is.verdict = RB_IN_TIME;
        if (!e->fact->reported) t->came |= bit(e->author) & t->parties;
        break;
    case RB_DEADLINE_LATE:
        j->is.verdict = RB_TOO_LATE;
        break;
    case RB_DEADLINE_CONTESTED:
        j->is.verdict = RB_TIME_CONTESTED;
        break;
    }
    return RB_MARK_NONE;
}

/* a party that is bound takes itself out */
static enum rb_mark part(struct rb_truces *st, uint32_t truce, size_t i) {
    struct rb_truce *t = &st->list[truce];
    const struct rb_lot_entry *e = &st->l->e[i];
    if (!(rb_truce_bound_by_word(st, t) & ~t->parting & bit(e->author))) return RB_MARK_OUT_OF_TURN;
    t->parting |= bit(e->author);
    struct rb_parted *p = &st->parted[st->parted_n++];
    *p = (struct rb_parted){
        .truce = truce, .entry = i, .counts = true, .is = {e->author, e->record, 0}};
    (void)judge(st, t, i, INT64_MAX, &p->is.until_ms);
    return RB_MARK_NONE;
}

/* What takes a party or an instrument out means another thing before its adoption and after. Where
 * only an hour can have adopted it, and it is said after that, it waits until that is known. */
enum when { WHEN_OPEN, WHEN_ADOPTED, WHEN_OVER, WHEN_LATER, WHEN_UNKNOWN };
static enum when when(struct rb_truces *st, const struct rb_truce *t, size_t i) {
    if (t->fate != RB_STATE_MARKED) return WHEN_OVER;
    if (t->reported) return WHEN_OPEN;
    if (rb_vote_unread(&t->vote) != 0) return WHEN_UNKNOWN;
    if (st->deferred[i]) return adopted(t) ? WHEN_ADOPTED : WHEN_OVER;
    if (settled(t)) return adopted(t) ? WHEN_ADOPTED : WHEN_OVER;
    return past_by(st, t, i) ? WHEN_LATER : WHEN_OPEN;
}

static enum rb_mark later(struct rb_truces *st, size_t i) {
    st->deferred[i] = true;
    return RB_MARK_NONE;
}

static enum rb_mark withdraw_truce(struct rb_truces *st, uint32_t truce, size_t i) {
    struct rb_truce *t = &st->list[truce];
    switch (when(st, t, i)) {
    case WHEN_OPEN:
        t->fate = RB_STATE_WITHDRAWN;
        return RB_MARK_NONE;
    case WHEN_ADOPTED:
        return part(st, truce, i);
    case WHEN_LATER:
        return later(st, i);
    case WHEN_UNKNOWN:
        return RB_MARK_NONE;
    case WHEN_OVER:
        break;
    }
    return RB_MARK_OUT_OF_TURN;
}

/* entry i withdraws its author's own position, the entry that it is on */
static enum rb_mark withdraw_position(struct rb_truces *st, uint32_t truce, size_t i) {
    const struct rb_truce *t = &st->list[truce];
    const struct rb_lot_entry *on = &st->l->e[st->l->e[i].on];
    if (on->fact->position == 0) return RB_MARK_NONE; /* it was not opened here */
    const uint32_t join = st->joins[st->l->e[i].on];
    struct rb_joined *j = join == RB_NOWHERE ? NULL : &st->joined[join];
    if (j != NULL && j->is.withdrawn != RB_NOWHERE) return RB_MARK_OUT_OF_TURN;
    if (j != NULL) {
        const bool party = t->came & bit(j->is.member);
        if (party && part(st, truce, i) != RB_MARK_NONE) return RB_MARK_OUT_OF_TURN;
        j->is.withdrawn = st->l->e[i].record;
        (void)judge(st, t, i, INT64_MAX, &j->is.until_ms);
        return RB_MARK_NONE;
    }
    if (on->mark != RB_MARK_NONE || on->fact->reported || on->on != t->entry)
        return RB_MARK_OUT_OF_TURN;
    switch (when(st, t, i)) {
    case WHEN_OPEN:
        return rb_vote_take(&st->votes, &st->list[truce].vote, i);
    case WHEN_ADOPTED:
        return on->fact->position == RB_POSITION_ACCEPT ? part(st, truce, i) : RB_MARK_OUT_OF_TURN;
    case WHEN_LATER:
        return later(st, i);
    case WHEN_UNKNOWN:
        return RB_MARK_NONE;
    case WHEN_OVER:
        break;
    }
    return RB_MARK_OUT_OF_TURN;
}

static enum rb_mark dissociate(struct rb_truces *st, uint32_t truce, size_t i) {
    struct rb_truce *t = &st->list[truce];
    if (!(t->parties & bit(st->l->e[i].author))) return rb_vote_take(&st->votes, &t->vote, i);
    switch (when(st, t, i)) {
    case WHEN_OPEN:
        return rb_vote_take(&st->votes, &t->vote, i);
    case WHEN_ADOPTED:
        return part(st, truce, i);
    case WHEN_LATER:
        return later(st, i);
    case WHEN_UNKNOWN:
        return RB_MARK_NONE;
    case WHEN_OVER:
        break;
    }
    return RB_MARK_OUT_OF_TURN;
}

static enum rb_mark speak(struct rb_truces *st, uint32_t truce, size_t i) {
    struct rb_truce *t = &st->list[truce];
    const struct rb_lot_entry *e = &st->l->e[i];
    if (t->reported) return RB_MARK_NONE;
    if (t->fate != RB_STATE_MARKED) return RB_MARK_OUT_OF_TURN;
    if (e->fact->position == RB_POSITION_ACCEPT && joins(st, t, e)) return accede(st, truce, i);
    if (e->fact->reported) return RB_MARK_NONE; /* another's word, by hearsay: shown */
    if (e->fact->position == RB_POSITION_DISSOCIATE) return dissociate(st, truce, i);
    return rb_vote_take(&st->votes, &t->vote, i);
}

static bool is_word(int position) {
    return position == RB_POSITION_ACCEPT || position == RB_POSITION_REJECT ||
           position == RB_POSITION_ABSTAIN || position == RB_POSITION_DISSOCIATE;
}

/* Does it say anything of the cessation? Taking back what did not, as a query, does not. */
static bool moves(const struct rb_truces *st, const struct rb_lot_entry *e, bool direct) {
    if (e->fact->position != RB_POSITION_WITHDRAW) return direct && is_word(e->fact->position);
    const int of = direct ? RB_POSITION_WITHDRAW : st->l->e[e->on].fact->position;
    return of == 0 || of == RB_POSITION_WITHDRAW || is_word(of);
}

/* not opened here: it may be any that its author could take */
static void take_unread(struct rb_truces *st, struct rb_truce *t, size_t i) {
    const struct rb_lot_entry *e = &st->l->e[i];
    const bool direct = e->on == t->entry;
    if (is_mute(st, t) || t->fate != RB_STATE_MARKED || rb_lot_forked(st->l, i)) return;
    if (direct && !(e->fact->reported && !may_report(st, t, i)))
        t->may_be_acceded_to |= joins(st, t, e);
    if (!t->reported)
        (void)rb_vote_take(&st->votes, &t->vote, i);
    else if (direct && e->author == entry_of(st, t)->author)
        t->fate = RB_STATE_UNREAD;
}

void rb_truce_take(struct rb_truces *st, size_t i) {
    struct rb_lot_entry *e = &st->l->e[i];
    const uint32_t truce = st->of[i];
    struct rb_truce *t = &st->list[truce];
    const bool direct = e->on == t->entry, withdraws = e->fact->position == RB_POSITION_WITHDRAW;
    enum rb_mark mark = RB_MARK_NONE;
    if (e->fact->closed && e->fact->position == 0) {
        take_unread(st, t, i);
        return;
    }
    if (t->blind || t->fate == RB_STATE_UNREAD || !moves(st, e, direct)) return;
    if (rb_lot_forked(st->l, i))
        mark = RB_MARK_CONTESTED;
    else if (is_mute(st, t))
        mark = RB_MARK_OUT_OF_TURN;
    else if (!withdraws)
        mark = speak(st, truce, i);
    else
        mark = direct ? withdraw_truce(st, truce, i) : withdraw_position(st, truce, i);
    e->mark = (uint8_t)mark;
}

static void take_entry(struct rb_truces *st, size_t i) {
    struct rb_lot_entry *e = &st->l->e[i];
    if (e->own != NULL) {
        open_truce(st, i);
        return;
    }
    bool known = true;
    st->of[i] = st->of[e->on];
    if (e->fact->kind == RB_KIND_POSITION)
        rb_truce_take(st, i);
    else if (i == 0 || st->l->e[i - 1].record != e->record) /* an instrument of another lot */
        (void)supersede_all(st, i, RB_MARK_NONE, &known);
}

/* ---- states -----------------------------------------------------------------------------------
 */

/* by the words alone, and by those on what it extends */
static enum rb_state word_state(const struct rb_truces *st, const struct rb_truce *t) {
    if (t->fate != RB_STATE_MARKED) return (enum rb_state)t->fate;
    if (t->reported) return RB_STATE_AS_REPORTED;
    switch ((enum rb_adoption_state)t->vote.state) {
    case RB_ADOPTION_OPEN:
        return RB_STATE_PROPOSED;
    case RB_ADOPTION_NOT_ADOPTED:
        return RB_STATE_NOT_ADOPTED;
    case RB_ADOPTION_LAPSED:
        return RB_STATE_LAPSED;
    case RB_ADOPTION_CONTESTED_BY_TIME:
        return RB_STATE_CONTESTED_BY_TIME;
    case RB_ADOPTION_UNREAD:
        return RB_STATE_UNREAD;
    case RB_ADOPTION_ADOPTED:
        break;
    }
    if (t->stands) return RB_STATE_ADOPTED;
    const enum rb_state from = (enum rb_state)entry_of(st, &st->list[t->extends])->state;
    const bool open =
        from == RB_STATE_PROPOSED || from == RB_STATE_CONTESTED_BY_TIME || from == RB_STATE_UNREAD;
    return open ? from : RB_STATE_LAPSED;
}

static enum rb_state state_of(const struct rb_truces *st, const struct rb_truce *t) {
    const int64_t now = st->l->s->now_utc_ms;
    if (entry_of(st, t)->mark != RB_MARK_NONE) return RB_STATE_MARKED;
    if (t->blind) return RB_STATE_UNREAD;
    const enum rb_state word = word_state(st, t);
    if (word != RB_STATE_ADOPTED) return word;
    if (rb_truce_broken(t)) return RB_STATE_BROKEN_OFF;
    if (t->has_end && now >= t->end_ms) return RB_STATE_ENDED;
    if (now < t->start_ms) return t->declared ? RB_STATE_DECLARED : RB_STATE_AGREED;
    return RB_STATE_IN_FORCE;
}

static bool binds(enum rb_state s) {
    return s == RB_STATE_DECLARED || s == RB_STATE_AGREED || s == RB_STATE_IN_FORCE;
}

static int64_t length_differs(const struct rb_gist *g) {
    int64_t real, differs;
    if (g->length_ms == 0 || !g->has_end) return 0;
    if (__builtin_sub_overflow(g->end_utc_ms, g->start_utc_ms, &real)) return 0;
    return __builtin_sub_overflow(g->length_ms, real, &differs) ? INT64_MAX : differs;
}

static uint64_t bound(const struct rb_truces *st, const struct rb_truce *t) {
    if (!binds((enum rb_state)entry_of(st, t)->state)) return 0;
    return st->l->s->now_utc_ms < t->own_end_ms ? t->keeps | t->acceded : t->carried;
}

/* when it holds, where it binds somebody */
static void settle_hours(struct rb_lot_entry *e, const struct rb_truce *t) {
    if (!binds((enum rb_state)e->state)) return;
    e->from_utc_ms = t->start_ms;
    e->to_utc_ms = t->has_end ? t->end_ms : INT64_MAX;
    e->prolongs = t->extends != RB_NOWHERE && t->gap_ms == 0 && !t->alone;
    e->declared = t->declared;
}

/* Ascending: what it extends is settled before it. */
static void settle_states(struct rb_truces *st) {
    for (size_t i = 0; i < st->n; i++) {
        struct rb_truce *t = &st->list[i];
        struct rb_lot_entry *e = &st->l->e[t->entry];
        e->state = (uint8_t)state_of(st, t);
        settle_hours(e, t);
        if (!is_mute(st, t)) e->since_utc_ms = t->stands ? t->vote.since_utc_ms : 0;
    }
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static void show_truce(struct rb_truces *st, const struct rb_truce *t,
                       struct rb_cessation_view *v) {
    const struct rb_lot_entry *e = &st->l->e[t->entry];
    v->instrument = (uint32_t)(e->own - st->l->s->instruments);
    v->extends = t->extends;
    if (is_mute(st, t)) return;
    v->known = true;
    v->as_reported = t->reported;
    v->declared = t->declared && !t->reported;
    v->start_utc_ms = t->start_ms;
    v->end_utc_ms = t->has_end ? t->end_ms : 0;
    v->has_end = t->has_end;
    v->gap_ms = t->gap_ms;
    v->alone = t->stands && t->alone;
    v->bound = bound(st, t);
    v->length_differs_ms = length_differs(e->fact->gist);
    if (!t->reported) rb_vote_view(&st->votes, &t->vote, &v->adoption);
}

static enum rb_err show(struct rb_truces *st, struct rb_arena *a, struct rb_cessation_lot *out) {
    struct rb_cessation_view *view = rb_arena_array(a, st->n, sizeof *view);
    struct rb_accession *in = rb_arena_array(a, st->joined_n, sizeof *in);
    struct rb_withdrawal *gone = rb_arena_array(a, st->parted_n, sizeof *gone);
    if (view == NULL || in == NULL || gone == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < st->n; i++)
        show_truce(st, &st->list[i], &view[i]);
    for (size_t i = 0; i < st->joined_n; i++) {
        struct rb_cessation_view *v = &view[st->joined[i].truce];
        in[i] = st->joined[i].is;
        if (v->accessions_n++ == 0) v->accessions = &in[i];
    }
    size_t n = 0;
    for (size_t i = 0; i < st->parted_n; i++) {
        struct rb_cessation_view *v = &view[st->parted[i].truce];
        if (!st->parted[i].counts) continue;
        gone[n] = st->parted[i].is;
        if (v->withdrawals_n++ == 0) v->withdrawals = &gone[n];
        n++;
    }
    *out = (struct rb_cessation_lot){st->n, view};
    return RB_OK;
}

static enum rb_err room(struct rb_truces *st, struct rb_arena *a) {
    const size_t n = st->l->n;
    size_t own = 0, words = 0;
    for (size_t i = 0; i < n; i++) {
        own += st->l->e[i].own != NULL;
        words += st->l->e[i].fact->kind == RB_KIND_POSITION;
    }
    st->list = rb_arena_array(a, own, sizeof *st->list);
    st->of = rb_arena_array(a, n, sizeof *st->of);
    st->joins = rb_arena_array(a, n, sizeof *st->joins);
    st->deferred = rb_arena_array(a, n, sizeof *st->deferred);
    st->joined = rb_arena_array(a, words, sizeof *st->joined);
    st->parted = rb_arena_array(a, words, sizeof *st->parted);
    if (st->list == NULL || st->of == NULL || st->joins == NULL || st->deferred == NULL ||
        st->joined == NULL || st->parted == NULL)
        return RB_ERR_LIMIT;
    memset(st->joins, 0xff, n * sizeof *st->joins); /* RB_NOWHERE */
    return RB_OK;
}

static enum rb_err settle(struct rb_truces *st, struct rb_lot *l, struct rb_arena *a) {
    *st = (struct rb_truces){.l = l};
    RB_TRY(rb_votes_make(&st->votes, l, a));
    RB_TRY(room(st, a));
    for (size_t i = 0; i < l->n; i++)
        take_entry(st, i);
    RB_TRY(rb_truces_settle_ends(st, a));
    settle_states(st);
    return RB_OK;
}

enum rb_err rb_settle_cessation(struct rb_lot *l, struct rb_arena *a) {
    struct rb_truces st;
    return settle(&st, l, a);
}

enum rb_err rb_lot_cessation(const struct rb_situation *s, uint32_t lot, struct rb_arena *a,
                             struct rb_cessation_lot *out) {
    struct rb_lot l;
    struct rb_truces st;
    if (lot >= s->lots_n || s->lots[lot].kind != RB_KIND_CESSATION) return RB_ERR_NOT_FOUND;
    RB_TRY(rb_lot_make(s, lot, a, &l));
    RB_TRY(settle(&st, &l, a));
    return show(&st, a, out);
}
