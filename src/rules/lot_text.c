/* Texts, spec 16.3: one line of versions, of which at most one is open at a time. */
#include "ballot.h"
#include <assert.h>

struct line {
    struct rb_lot *l;
    struct rb_ballot ballot; /* of the current version, where its body was opened here */
    size_t current;          /* entry of the last version that stands in the line */
    bool any, has_ballot;
    /* where the line is looked at, not only settled: */
    struct rb_text_version *version;
    uint32_t *version_of; /* by entry; RB_NOWHERE = none */
    size_t versions_n;
};

static enum rb_state state_of(const struct line *t, size_t i) {
    return (enum rb_state)t->l->e[i].state;
}

static void set_state(struct line *t, size_t i, enum rb_state state) {
    t->l->e[i].state = (uint8_t)state;
}

static enum rb_state state_by(enum rb_adoption_state a) {
    switch (a) {
    case RB_ADOPTION_OPEN:
        return RB_STATE_CIRCULATED;
    case RB_ADOPTION_ADOPTED:
        return RB_STATE_ADOPTED;
    case RB_ADOPTION_NOT_ADOPTED:
        return RB_STATE_NOT_ADOPTED;
    case RB_ADOPTION_LAPSED:
        return RB_STATE_LAPSED;
    case RB_ADOPTION_CONTESTED_BY_TIME:
        return RB_STATE_CONTESTED_BY_TIME;
    case RB_ADOPTION_UNREAD:
        break;
    }
    return RB_STATE_UNREAD;
}

static void close_ballot(struct line *t) {
    rb_ballot_close(&t->ballot);
    set_state(t, t->current, state_by(t->ballot.state));
    t->l->e[t->current].since_utc_ms = t->ballot.since_utc_ms;
}

static bool is_version(const struct line *t, size_t i) {
    return t->l->e[i].own != NULL;
}

/* ---- what is shown of a version ------------------------------------------------------------- */

static void show_ballot(struct line *t) {
    if (t->version == NULL || !t->has_ballot) return;
    struct rb_adoption_view *v = &t->version[t->version_of[t->current]].adoption;
    rb_ballot_view(&t->ballot, v);
    if (state_of(t, t->current) != RB_STATE_UNREAD) return;
    v->state = RB_ADOPTION_UNREAD;
    v->since_utc_ms = 0;
}

static void show_version(struct line *t, size_t i) {
    const struct rb_lot_entry *e = &t->l->e[i];
    const struct rb_gist *g = e->fact->gist;
    if (t->version == NULL) return;
    struct rb_text_version *v = &t->version[t->versions_n];
    t->version_of[i] = (uint32_t)t->versions_n++;
    *v = (struct rb_text_version){.instrument = (uint32_t)(e->own - t->l->s->instruments),
                                  .author = e->author,
                                  .pen = RB_MAX_MEMBERS,
                                  .previous = RB_NOWHERE};
    if (e->on != RB_NOWHERE) v->previous = t->version_of[e->on];
    if (g == NULL) return;
    v->version = g->version;
    v->pen = g->has_pen ? g->pen : e->author;
    v->bracketed_n = g->bracketed_n;
}

/* ---- versions ------------------------------------------------------------------------------- */

static bool names_previous(const struct rb_lot_entry *e) {
    return e->fact->gist != NULL && e->fact->gist->has_to;
}

static bool goes_on(const struct line *t, const struct rb_lot_entry *e) {
    return names_previous(e) && e->on != RB_NOWHERE &&
           rb_hash_eq(&e->fact->gist->to, &t->l->e[e->on].fact->id);
}

static bool holds_pen(const struct rb_lot_entry *e, uint16_t member) {
    const struct rb_gist *g = e->fact->gist;
    return (g->has_pen ? g->pen : e->author) == member;
}

/* What would move a version finds it open; or settled, by words or by its hour; or nobody can say
 * here whether it was. */
static enum rb_mark may_move(const struct line *t, size_t version, uint32_t record) {
    if (state_of(t, version) == RB_STATE_UNREAD) return RB_MARK_NONE;
    if (state_of(t, version) != RB_STATE_CIRCULATED) return RB_MARK_OUT_OF_TURN;
    assert(t->any && t->current == version && t->has_ballot);
    return rb_ballot_over(&t->ballot, record) ? RB_MARK_OUT_OF_TURN : RB_MARK_NONE;
}

static enum rb_mark may_follow(const struct line *t, const struct rb_lot_entry *e) {
    const bool on_it = goes_on(t, e);
    if (names_previous(e) && !on_it) return RB_MARK_OUT_OF_TURN; /* of nothing that is here */
    if (e->on == RB_NOWHERE) return RB_MARK_NONE;
    const struct rb_lot_entry *before = &t->l->e[e->on];
    if (on_it && rb_lot_read(before) && !holds_pen(before, e->author)) return RB_MARK_NOT_ENTITLED;
    return may_move(t, e->on, e->record);
}

/* the version before, as the one that follows it leaves it */
static void leave_behind(struct line *t, const struct rb_lot_entry *e) {
    if (e->on == RB_NOWHERE || state_of(t, e->on) != RB_STATE_CIRCULATED) return;
    enum rb_state state = goes_on(t, e) ? RB_STATE_REPLACED : RB_STATE_SUPERSEDED;
    if (!rb_lot_read(e)) state = RB_STATE_UNREAD;
    set_state(t, e->on, state);
}

static void take_version(struct line *t, size_t i) {
    struct rb_lot_entry *e = &t->l->e[i];
    e->mark = rb_lot_forked(t->l, i) ? RB_MARK_CONTESTED : (uint8_t)may_follow(t, e);
    if (e->mark != RB_MARK_NONE) return;
    const bool rests_on_unread = e->on != RB_NOWHERE && state_of(t, e->on) == RB_STATE_UNREAD;
    leave_behind(t, e);
    show_ballot(t);
    show_version(t, i);
    t->current = i;
    t->any = true;
    t->has_ballot = rb_lot_read(e);
    set_state(t, i, t->has_ballot && !rests_on_unread ? RB_STATE_CIRCULATED : RB_STATE_UNREAD);
    if (!t->has_ballot) return;
    const struct rb_gist *g = e->fact->gist;
    rb_ballot_open(&t->ballot, t->l, i, g->has_adoption ? &g->adoption : NULL,
                   rb_ballot_electors(t->l, i));
    if (state_of(t, i) == RB_STATE_CIRCULATED && rb_ballot_settled(&t->ballot)) close_ballot(t);
}

/* a text that stands in another line supersedes a version of this one */
static void take_guest(struct line *t, size_t i) {
    struct rb_lot_entry *e = &t->l->e[i];
    e->mark = rb_lot_forked(t->l, i) ? RB_MARK_CONTESTED : (uint8_t)may_move(t, e->on, e->record);
    if (e->mark == RB_MARK_NONE) leave_behind(t, e);
}

/* ---- positions ------------------------------------------------------------------------------ */

static bool is_partial(const struct rb_fact *fact) {
    struct rb_position p;
    return fact->position == RB_POSITION_DISSOCIATE &&
           rb_position_decode(fact->body, &p, NULL) == RB_OK && p.paragraphs.n > 0;
}

static bool is_word(const struct rb_fact *fact) {
    return fact->position == RB_POSITION_ACCEPT || fact->position == RB_POSITION_REJECT ||
           fact->position == RB_POSITION_ABSTAIN || fact->position == RB_POSITION_DISSOCIATE;
}

/* moves something: a word on the version, the withdrawal of one, or of the version itself */
static bool moves(const struct line *t, const struct rb_lot_entry *e, size_t version) {
    if (e->on == version) return is_word(e->fact) || e->fact->position == RB_POSITION_WITHDRAW;
    return e->fact->position == RB_POSITION_WITHDRAW && is_word(t->l->e[e->on].fact);
}

/* said of an adopted text, too, and taken back (16.3.3) */
static bool dissociates(const struct line *t, const struct rb_lot_entry *e, size_t version) {
    const struct rb_fact *said = e->on == version ? e->fact : t->l->e[e->on].fact;
    return said->position == RB_POSITION_DISSOCIATE;
}

static void take_in_ballot(struct line *t, size_t i) {
    struct rb_lot_entry *e = &t->l->e[i];
    const enum rb_mark mark = rb_ballot_take(&t->ballot, i);
    if (state_of(t, t->current) != RB_STATE_CIRCULATED) return;
    e->mark = (uint8_t)mark;
    if (t->ballot.unread != 0 && !t->ballot.held_open)
        set_state(t, t->current, RB_STATE_UNREAD);
    else if (rb_ballot_settled(&t->ballot))
        close_ballot(t);
}

/* an author's closed position on its own text may be its withdrawal */
static void take_unread(struct line *t, size_t i, size_t version) {
    const struct rb_lot_entry *e = &t->l->e[i];
    if (rb_lot_forked(t->l, i) || state_of(t, version) != RB_STATE_CIRCULATED) return;
    const bool own = e->on == version && e->author == t->l->e[version].author;
    if (own && !rb_ballot_over(&t->ballot, e->record))
        set_state(t, version, RB_STATE_UNREAD);
    else
        take_in_ballot(t, i);
}

static enum rb_mark take_withdrawal(struct line *t, const struct rb_lot_entry *e) {
    const enum rb_mark mark = may_move(t, e->on, e->record);
    if (mark == RB_MARK_NONE && state_of(t, e->on) == RB_STATE_CIRCULATED)
        set_state(t, e->on, RB_STATE_WITHDRAWN);
    return mark;
}

/* Of some paragraphs alone: it leaves the word on the rest as it is. */
static bool aside(const struct line *t, const struct rb_lot_entry *e, size_t version) {
    return is_partial(e->on == version ? e->fact : t->l->e[e->on].fact);
}

static void take_move(struct line *t, size_t i, size_t version) {
    struct rb_lot_entry *e = &t->l->e[i];
    const enum rb_state state = state_of(t, version);
    const bool open = state == RB_STATE_CIRCULATED || state == RB_STATE_UNREAD;
    if (e->on == version && e->fact->position == RB_POSITION_WITHDRAW)
        e->mark = (uint8_t)take_withdrawal(t, e);
    else if (!open && (state != RB_STATE_ADOPTED || !dissociates(t, e, version)))
        e->mark = RB_MARK_OUT_OF_TURN;
    else if (open && t->has_ballot && version == t->current && !aside(t, e, version))
        take_in_ballot(t, i);
}

static void take_position(struct line *t, size_t i) {
    struct rb_lot_entry *e = &t->l->e[i];
    const struct rb_lot_entry *on = &t->l->e[e->on];
    const size_t version = on->fact->kind == RB_KIND_POSITION ? on->on : e->on;
    if (version == RB_NOWHERE || !is_version(t, version)) return; /* on a position on a position */
    if (version != e->on && on->author != e->author) return;
    if (e->fact->closed && e->fact->position == 0) {
        take_unread(t, i, version);
        return;
    }
    if (!moves(t, e, version)) return;
    if (rb_lot_forked(t->l, i)) {
        e->mark = RB_MARK_CONTESTED;
        if (t->has_ballot && version == t->current) (void)rb_ballot_take(&t->ballot, i);
        return;
    }
    take_move(t, i, version);
}

static void walk(struct line *t) {
    for (size_t i = 0; i < t->l->n; i++) {
        const struct rb_lot_entry *e = &t->l->e[i];
        if (e->fact->kind == RB_KIND_POSITION)
            take_position(t, i);
        else if (e->own != NULL)
            take_version(t, i);
        else
            take_guest(t, i);
    }
    if (t->any && state_of(t, t->current) == RB_STATE_CIRCULATED) close_ballot(t);
    show_ballot(t);
}

enum rb_err rb_settle_text(struct rb_lot *l, struct rb_arena *a) {
    struct line *t = rb_arena_alloc(a, sizeof *t);
    if (t == NULL) return RB_ERR_LIMIT;
    t->l = l;
    walk(t);
    return RB_OK;
}

/* ---- dissociations -------------------------------------------------------------------------- */

/* of each version and member the entry of its last dissociation, RB_NOWHERE = none */
static uint32_t *apart_of(uint32_t *all, uint32_t version, uint16_t member) {
    return &all[(size_t)version * RB_MAX_MEMBERS + member];
}

/* a word that came after the hour was not said */
static bool is_late(const struct line *t, const struct rb_lot_entry *e, uint32_t version) {
    const struct rb_lot_entry *v = &t->l->e[version];
    const struct rb_gist *g = v->fact->gist;
    int64_t t_ms;
    return g != NULL && g->has_adoption && g->adoption.has_by &&
           rb_deadline_judge(t->l->s, v->own->charter, e->record, g->adoption.by_utc_ms, &t_ms) ==
               RB_DEADLINE_LATE;
}

static void note_apart(const struct line *t, uint32_t *all, size_t i) {
    const struct rb_lot_entry *e = &t->l->e[i];
    if (e->fact->kind != RB_KIND_POSITION || e->mark != RB_MARK_NONE) return;
    const bool back = t->l->e[e->on].fact->kind == RB_KIND_POSITION;
    const uint32_t on = back ? t->l->e[e->on].on : e->on;
    if (on == RB_NOWHERE || t->version_of[on] == RB_NOWHERE) return;
    uint32_t *at = apart_of(all, t->version_of[on], e->author);
    if (back && e->fact->position == RB_POSITION_WITHDRAW && *at == e->on) *at = RB_NOWHERE;
    if (back || !is_word(e->fact)) return;
    if (e->fact->position == RB_POSITION_DISSOCIATE)
        *at = (uint32_t)i;
    else if (*at != RB_NOWHERE && !is_partial(t->l->e[*at].fact) && !is_late(t, e, on))
        *at = RB_NOWHERE; /* another word on the whole */
}

static enum rb_err read_paragraphs(const struct rb_fact *fact, struct rb_arena *a,
                                   struct rb_dissociation *out) {
    struct rb_position p;
    size_t n = 0;
    if (rb_position_decode(fact->body, &p, NULL) != RB_OK || p.paragraphs.n == 0) return RB_OK;
    struct rb_reader r = rb_reader(p.paragraphs);
    RB_TRY(rb_cbor_get_array(&r, RB_MAX_PARAGRAPHS, &n));
    uint16_t *number = rb_arena_array(a, n, sizeof *number);
    if (number == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < n; i++) {
        uint64_t v;
        RB_TRY(rb_cbor_get_uint(&r, &v));
        number[i] = (uint16_t)v;
    }
    out->paragraphs = number;
    out->paragraphs_n = n;
    return RB_OK;
}

static enum rb_err show_apart(const struct line *t, const uint32_t *of, struct rb_arena *a,
                              struct rb_text_version *v) {
    size_t n = 0;
    for (size_t m = 0; m < RB_MAX_MEMBERS; m++)
        n += of[m] != RB_NOWHERE;
    struct rb_dissociation *out = rb_arena_array(a, n, sizeof *out);
    if (n > 0 && out == NULL) return RB_ERR_LIMIT;
    v->apart = out;
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++) {
        if (of[m] == RB_NOWHERE) continue;
        const struct rb_lot_entry *e = &t->l->e[of[m]];
        out[v->apart_n] = (struct rb_dissociation){.member = m, .record = e->record};
        RB_TRY(read_paragraphs(e->fact, a, &out[v->apart_n++]));
    }
    return RB_OK;
}

static enum rb_err show_all_apart(struct line *t, struct rb_arena *a) {
    const size_t n = t->versions_n * RB_MAX_MEMBERS;
    uint32_t *of = rb_arena_array(a, n, sizeof *of);
    if (n > 0 && of == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < n; i++)
        of[i] = RB_NOWHERE;
    for (size_t i = 0; i < t->l->n; i++)
        note_apart(t, of, i);
    for (size_t i = 0; i < t->versions_n; i++)
        RB_TRY(show_apart(t, &of[i * RB_MAX_MEMBERS], a, &t->version[i]));
    return RB_OK;
}

/* ---- the line ------------------------------------------------------------------------------- */

static enum rb_err make_room(struct line *t, struct rb_arena *a) {
    size_t n = 0;
    for (size_t i = 0; i < t->l->n; i++)
        n += is_version(t, i);
    t->version = rb_arena_array(a, n, sizeof *t->version);
    t->version_of = rb_arena_array(a, t->l->n, sizeof *t->version_of);
    if (t->version == NULL || t->version_of == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < t->l->n; i++)
        t->version_of[i] = RB_NOWHERE;
    return RB_OK;
}

enum rb_err rb_lot_text(const struct rb_situation *s, uint32_t lot, struct rb_arena *a,
                        struct rb_text_line *out) {
    struct rb_lot *l = rb_arena_alloc(a, sizeof *l);
    struct line *t = rb_arena_alloc(a, sizeof *t);
    if (lot >= s->lots_n || s->lots[lot].kind != RB_KIND_TEXT) return RB_ERR_NOT_FOUND;
    if (l == NULL || t == NULL) return RB_ERR_LIMIT;
    RB_TRY(rb_lot_make(s, lot, a, l));
    t->l = l;
    RB_TRY(make_room(t, a));
    walk(t);
    RB_TRY(show_all_apart(t, a));
    const bool stands = t->any && state_of(t, t->current) != RB_STATE_WITHDRAWN &&
                        state_of(t, t->current) != RB_STATE_SUPERSEDED;
    *out = (struct rb_text_line){.versions_n = t->versions_n,
                                 .versions = t->version,
                                 .latest = stands ? t->version_of[t->current] : RB_NOWHERE};
    return RB_OK;
}
