/* Ballots, spec 16.2: the positions on one instrument, in the channel's order. */
#include "ballot.h"
#include <assert.h>

static uint64_t bit(unsigned member) {
    return UINT64_C(1) << member;
}

static const struct rb_sit_instrument *instrument(const struct rb_lot *l, size_t subject) {
    assert(subject < l->n && l->e[subject].own != NULL);
    return l->e[subject].own;
}

/* ---- who ------------------------------------------------------------------------------------ */

static uint64_t active_in_role(const struct rb_sit_instrument *in, enum rb_role a, enum rb_role b) {
    const struct rb_charter *c = in->charter;
    uint64_t out = 0;
    for (size_t i = 0; i < c->members_n; i++)
        if (c->members[i].role == a || c->members[i].role == b) out |= bit(c->members[i].index);
    return out & in->active;
}

uint64_t rb_ballot_default(const struct rb_lot *l, size_t subject) {
    return active_in_role(instrument(l, subject), RB_ROLE_PARTY, RB_ROLE_GUARANTOR);
}

uint64_t rb_ballot_electors(const struct rb_lot *l, size_t subject) {
    const struct rb_gist *g = l->e[subject].fact->gist;
    assert(g != NULL);
    if (g->has_adoption && g->adoption.of != 0) return g->adoption.of;
    if (g->has_adoption && g->adoption.rule == RB_RULE_GUARANTORS)
        return g->guarantors != 0
                   ? g->guarantors
                   : active_in_role(instrument(l, subject), RB_ROLE_GUARANTOR, RB_ROLE_GUARANTOR);
    const bool has_parties = g->kind == RB_KIND_CESSATION || g->kind == RB_KIND_AGREEMENT;
    return has_parties && g->members != 0 ? g->members : rb_ballot_default(l, subject);
}

/* ---- what they say -------------------------------------------------------------------------- */

static enum rb_word word_of(int position) {
    if (position == RB_POSITION_ACCEPT) return RB_WORD_ACCEPT;
    if (position == RB_POSITION_REJECT) return RB_WORD_REJECT;
    if (position == RB_POSITION_ABSTAIN || position == RB_POSITION_DISSOCIATE) return RB_WORD_OTHER;
    return RB_WORD_NONE;
}

/* Where the hour adopts what nobody stopped, whoever dates a rejection back to before it could undo
 * it for good: there a time by 5.8 is wanted, and `created` alone is none. */
static enum rb_deadline when_held(const struct rb_ballot *b, uint32_t record, enum rb_word word,
                                  int64_t *t_ms) {
    const struct rb_charter *c = instrument(b->l, b->subject)->charter;
    const int64_t by = b->has_by ? b->by_utc_ms : INT64_MAX;
    const bool hour = b->rule == RB_RULE_SILENCE || b->rule == RB_RULE_QUORUM_VETO;
    const enum rb_deadline d = rb_deadline_judge(b->l->s, c, record, by, t_ms);
    const bool undoes = hour && word != RB_WORD_ACCEPT;
    return undoes && rb_ballot_over(b, record) ? RB_DEADLINE_LATE : d;
}

static void put(const struct rb_ballot *b, struct rb_ballot_world *w, uint16_t member,
                enum rb_word word, uint32_t record, int64_t t_ms) {
    if (w->state != RB_ADOPTION_OPEN) return;
    w->stance[member].word = (uint8_t)word;
    w->record[member] = record;
    w->t_ms[member] = t_ms;
    if (!b->held_open)
        w->state = rb_adoption_judge(b->rule, b->quorum, &b->electorate, w->stance, false);
}

/* ---- what is shown -------------------------------------------------------------------------- */

static void show_word(struct rb_ballot *b, uint16_t member, uint32_t record, int64_t t_ms) {
    struct rb_voice *v = &b->voice[member];
    const struct rb_fact *fact = rb_situation_fact(b->l->s, record);
    const bool own = fact->kind != RB_KIND_POSITION; /* its author accepts by the instrument */
    v->record = record;
    v->position = own ? RB_POSITION_ACCEPT : (uint8_t)fact->position;
    v->stance = (struct rb_stance){.word = (uint8_t)word_of(v->position)};
    v->t_ms = t_ms;
    v->forked = false;
}

static void show_nothing(struct rb_voice *v) {
    v->record = RB_NOWHERE;
    v->position = 0;
    v->stance = (struct rb_stance){0};
    v->t_ms = 0;
    v->forked = false;
}

/* of what is contested by time and what is not, the last that was said */
static void show_voice(struct rb_ballot *b, uint16_t member) {
    const uint32_t r = b->with.record[member], q = b->against.record[member];
    const struct rb_ballot_world *w = &b->with;
    if (r == RB_NOWHERE || (q != RB_NOWHERE && q > r)) w = &b->against;
    show_nothing(&b->voice[member]);
    if (w->record[member] == RB_NOWHERE) return;
    show_word(b, member, w->record[member], w->t_ms[member]);
    b->voice[member].stance.contested = r != q;
}

/* late, forked, or of one that does not speak for itself; it does not hide a word that counts */
static void show_aside(struct rb_ballot *b, uint16_t member, uint32_t record, int64_t t_ms,
                       bool late, bool forked) {
    struct rb_voice *v = &b->voice[member];
    const bool counts = v->record != RB_NOWHERE && !v->stance.late && !v->forked;
    if (counts && (late || forked)) return;
    show_word(b, member, record, t_ms);
    v->stance.late = late;
    v->forked = forked;
}

/* ---- opening -------------------------------------------------------------------------------- */

static void clear(struct rb_ballot *b) {
    memset(b, 0, sizeof *b);
    for (uint16_t i = 0; i < RB_MAX_MEMBERS; i++) {
        b->with.record[i] = b->against.record[i] = RB_NOWHERE;
        b->voice[i].member = i;
        show_nothing(&b->voice[i]);
    }
}

/* Nobody accepts in time what was not there: its author's word is not judged apart. */
static void author_accepts(struct rb_ballot *b) {
    const struct rb_lot_entry *e = &b->l->e[b->subject];
    int64_t t_ms;
    if (!b->voice[e->author].elector) return;
    (void)when_held(b, e->record, RB_WORD_ACCEPT, &t_ms);
    if (b->voice[e->author].speaks) {
        put(b, &b->with, e->author, RB_WORD_ACCEPT, e->record, t_ms);
        put(b, &b->against, e->author, RB_WORD_ACCEPT, e->record, t_ms);
    }
    show_word(b, e->author, e->record, t_ms);
}

void rb_ballot_open(struct rb_ballot *b, const struct rb_lot *l, size_t subject,
                    const struct rb_adoption *a, uint64_t electors) {
    static const struct rb_adoption all = {.rule = RB_RULE_ALL};
    if (a == NULL) a = &all;
    clear(b);
    b->l = l;
    b->subject = subject;
    b->rule = a->rule;
    b->quorum = a->quorum;
    b->has_by = a->has_by;
    b->by_utc_ms = a->by_utc_ms;
    const bool cessation = l->e[subject].fact->kind == RB_KIND_CESSATION;
    b->electors = a->of != 0 && !cessation ? a->of : electors;
    b->held_open = l->e[subject].fact->kind == RB_KIND_TEXT && l->e[subject].fact->gist != NULL &&
                   l->e[subject].fact->gist->bracketed_n > 0;
    rb_electorate_make(instrument(l, subject)->charter, b->electors, a->veto, &b->electorate);
    for (uint16_t i = 0; i < RB_MAX_MEMBERS; i++) {
        b->voice[i].elector = b->electors >> i & 1;
        b->voice[i].speaks = b->electorate.voices >> i & 1;
        b->voice[i].veto = a->veto >> i & 1;
    }
    author_accepts(b);
}

/* ---- one position --------------------------------------------------------------------------- */

bool rb_ballot_settled(const struct rb_ballot *b) {
    return b->unread == 0 && b->with.state != RB_ADOPTION_OPEN &&
           b->against.state != RB_ADOPTION_OPEN;
}

enum rb_adoption_state rb_ballot_by_words(const struct rb_ballot *b) {
    if (!rb_ballot_settled(b)) return RB_ADOPTION_OPEN;
    return rb_adoption_join(b->with.state, b->against.state, false);
}

/* the voice that is this elector's: its own, or its lead's */
static uint16_t voice_of(const struct rb_ballot *b, uint16_t elector) {
    struct rb_electorate e;
    uint16_t voice = 0;
    if (b->voice[elector].speaks) return elector;
    rb_electorate_make(instrument(b->l, b->subject)->charter, b->electors, bit(elector), &e);
    while (!(e.veto >> voice & 1))
        voice++;
    return voice;
}

uint64_t rb_ballot_assent(const struct rb_ballot *b) {
    uint64_t in = 0;
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++) {
        if (!b->voice[m].elector) continue;
        const uint8_t word = b->against.stance[voice_of(b, m)].word;
        const bool silent = b->rule == RB_RULE_SILENCE && word == RB_WORD_NONE;
        if (word == RB_WORD_ACCEPT || silent) in |= bit(m);
    }
    return in;
}

bool rb_ballot_over(const struct rb_ballot *b, uint32_t record) {
    const struct rb_charter *c = instrument(b->l, b->subject)->charter;
    int64_t t_ms;
    if (!b->has_by) return false;
    const enum rb_deadline d = rb_deadline_judge(b->l->s, c, record, b->by_utc_ms, &t_ms);
    const bool by_word_alone = t_ms == 0 || t_ms > b->by_utc_ms;
    return d == RB_DEADLINE_LATE || (d == RB_DEADLINE_CONTESTED && by_word_alone);
}

/* Too late to count, though it says that it was not: nobody can tell whether it was written back.
 */
static void note_dated(struct rb_ballot *b, const struct rb_lot_entry *e) {
    const bool dated = b->has_by && e->fact->created_utc_ms <= b->by_utc_ms;
    if (dated && b->voice[e->author].speaks) b->dated |= bit(e->author);
}

static void take_word(struct rb_ballot *b, const struct rb_lot_entry *e) {
    const enum rb_word word = word_of(e->fact->position);
    const uint16_t m = e->author;
    int64_t t_ms;
    const enum rb_deadline d = when_held(b, e->record, word, &t_ms);
    if (d == RB_DEADLINE_LATE && word != RB_WORD_ACCEPT) note_dated(b, e);
    if (!b->voice[m].speaks || d == RB_DEADLINE_LATE) {
        show_aside(b, m, e->record, t_ms, d == RB_DEADLINE_LATE, false);
        if (d == RB_DEADLINE_CONTESTED) b->voice[m].stance.contested = true;
        return;
    }
    const bool sure = d == RB_DEADLINE_MET, accepts = word == RB_WORD_ACCEPT;
    if (sure || accepts) put(b, &b->with, m, word, e->record, t_ms);
    if (sure || !accepts) put(b, &b->against, m, word, e->record, t_ms);
    show_voice(b, m);
}

static void take_back_in(const struct rb_ballot *b, struct rb_ballot_world *w, uint16_t member,
                         uint32_t record) {
    if (w->record[member] == record) put(b, w, member, RB_WORD_NONE, RB_NOWHERE, 0);
}

/* Who takes back its last word has said nothing; an earlier one it had replaced itself. */
static void take_back(struct rb_ballot *b, const struct rb_lot_entry *e,
                      const struct rb_lot_entry *said) {
    const uint16_t m = e->author;
    const uint32_t record = said->record;
    const bool accepted = said->fact->position == RB_POSITION_ACCEPT;
    int64_t t_ms;
    const enum rb_deadline d = when_held(b, e->record, RB_WORD_NONE, &t_ms);
    if (d == RB_DEADLINE_LATE) {
        if (accepted) note_dated(b, e);
        return;
    }
    if (!b->voice[m].speaks) {
        if (b->voice[m].record == record) show_nothing(&b->voice[m]);
        return;
    }
    if (d == RB_DEADLINE_MET || !accepted) take_back_in(b, &b->with, m, record);
    if (d == RB_DEADLINE_MET || accepted) take_back_in(b, &b->against, m, record);
    show_voice(b, m);
}

/* one whose type is not known here, of a voice, and not too late whatever it says; or of the
 * author, who may withdraw what it said */
static bool may_count(const struct rb_ballot *b, const struct rb_lot_entry *e) {
    if (e->on == b->subject && e->author == b->l->e[e->on].author && !rb_ballot_over(b, e->record))
        return true;
    const enum rb_word most = b->rule == RB_RULE_SILENCE ? RB_WORD_REJECT : RB_WORD_ACCEPT;
    int64_t t_ms;
    return b->voice[e->author].speaks && when_held(b, e->record, most, &t_ms) != RB_DEADLINE_LATE;
}

enum rb_mark rb_ballot_take(struct rb_ballot *b, size_t i) {
    const struct rb_lot_entry *e = &b->l->e[i];
    assert(e->on != RB_NOWHERE && e->fact->kind == RB_KIND_POSITION);
    const struct rb_lot_entry *on = &b->l->e[e->on];
    if (e->fact->reported || (e->on != b->subject && on->fact->reported))
        return RB_MARK_NONE; /* another's word, whom its author speaks of (5.7.13) */
    const bool word = e->on == b->subject && word_of(e->fact->position) != RB_WORD_NONE;
    const bool may_be = e->on == b->subject || (on->on == b->subject && on->author == e->author &&
                                                on->fact->kind == RB_KIND_POSITION);
    const bool back = may_be && e->on != b->subject && e->fact->position == RB_POSITION_WITHDRAW;
    const bool unread = may_be && e->fact->closed && e->fact->position == 0;
    const bool forked = rb_lot_forked(b->l, i);
    if (unread && !forked && !rb_ballot_settled(b) && may_count(b, e)) b->unread |= bit(e->author);
    if (!word && !back) return RB_MARK_NONE;
    if (back && word_of(on->fact->position) == RB_WORD_NONE) return RB_MARK_NONE;
    if (forked) {
        if (word) show_aside(b, e->author, e->record, 0, false, true);
        return RB_MARK_CONTESTED;
    }
    if (rb_ballot_settled(b)) return RB_MARK_OUT_OF_TURN;
    if (word)
        take_word(b, e);
    else
        take_back(b, e, on);
    return RB_MARK_NONE;
}

/* ---- the end -------------------------------------------------------------------------------- */

/* silence is that of one who was told: each voice must be known to hold it since before the hour */
static bool all_were_told(const struct rb_ballot *b) {
    for (uint16_t i = 0; i < RB_MAX_MEMBERS; i++) {
        uint64_t time_s;
        if (!(b->electorate.voices >> i & 1)) continue;
        if (!rb_situation_held(b->l->s, b->l->e[b->subject].record, i, &time_s)) return false;
        if (rb_t_ms(time_s) > b->by_utc_ms) return false;
    }
    return true;
}

static enum rb_adoption_state close_world(const struct rb_ballot *b,
                                          const struct rb_ballot_world *w, bool past) {
    if (w->state != RB_ADOPTION_OPEN) return w->state;
    if (b->held_open) return past ? RB_ADOPTION_LAPSED : RB_ADOPTION_OPEN;
    const enum rb_adoption_state state =
        rb_adoption_judge(b->rule, b->quorum, &b->electorate, w->stance, past);
    const bool silent = state == RB_ADOPTION_ADOPTED && b->rule == RB_RULE_SILENCE;
    return silent && !all_were_told(b) ? RB_ADOPTION_LAPSED : state;
}

/* by words: when the last acceptance that counts was held; else by the hour */
static int64_t adopted_since(const struct rb_ballot *b) {
    const struct rb_ballot_world *w = &b->against;
    int64_t since = 0;
    if (w->state == RB_ADOPTION_OPEN) return b->by_utc_ms;
    for (size_t i = 0; i < RB_MAX_MEMBERS; i++)
        if (w->stance[i].word == RB_WORD_ACCEPT && w->t_ms[i] > since) since = w->t_ms[i];
    return since;
}

void rb_ballot_close(struct rb_ballot *b) {
    const bool past = b->has_by && b->l->s->now_utc_ms > b->by_utc_ms;
    b->state =
        rb_adoption_join(close_world(b, &b->with, past), close_world(b, &b->against, past), past);
    if (b->unread != 0 && !b->held_open) b->state = RB_ADOPTION_UNREAD;
    b->since_utc_ms = b->state == RB_ADOPTION_ADOPTED ? adopted_since(b) : 0;
}

void rb_ballot_view(const struct rb_ballot *b, struct rb_adoption_view *out) {
    *out = (struct rb_adoption_view){.rule = b->rule,
                                     .quorum = b->quorum,
                                     .has_by = b->has_by,
                                     .by_utc_ms = b->by_utc_ms,
                                     .electorate = b->electorate,
                                     .unread = b->unread,
                                     .dated = b->state == RB_ADOPTION_ADOPTED ? b->dated : 0,
                                     .state = b->state,
                                     .since_utc_ms = b->since_utc_ms};
    for (size_t i = 0; i < RB_MAX_MEMBERS; i++)
        if (b->voice[i].elector || b->voice[i].record != RB_NOWHERE)
            out->voices[out->voices_n++] = b->voice[i];
}
