/* Lots of instruments, spec 16.1: which records belong together, gathered in the walk; settled when
 * it is over. */
#include "lot.h"
#include <assert.h>

bool rb_ends_finding(const struct rb_situation *s, const struct rb_sit_entry *e) {
    if (s->lots[e->lot].kind != RB_KIND_INCIDENT || e->on == RB_NOWHERE) return false;
    return rb_situation_fact(s, s->entries[e->on].record)->kind == RB_KIND_FINDING &&
           rb_situation_fact(s, e->record)->kind == RB_KIND_FINDING;
}

const char *rb_state_name(enum rb_state s) {
    switch (s) {
#define X(name, text)                                                                              \
    case RB_STATE_##name:                                                                          \
        return text;
        RB_STATE_LIST(X)
#undef X
    }
    return "?";
}

/* ---- gathering --------------------------------------------------------------------------------
 */

/* to be settled, once */
static enum rb_err lot_stale(struct rb_fold *f, uint32_t lot) {
    if (f->lot_stale[lot]) return RB_OK;
    RB_TRY(RB_FOLD_MORE(f, f->stale_lots, f->stale_lots_n, f->stale_lots_cap));
    f->stale_lots[f->stale_lots_n++] = lot;
    f->lot_stale[lot] = 1;
    return RB_OK;
}

static enum rb_err add_lot(struct rb_fold *f, enum rb_kind kind, uint32_t *lot) {
    struct rb_situation *s = f->s;
    RB_TRY(RB_FOLD_MORE(f, s->lots, s->lots_n, f->lots_cap));
    RB_TRY(RB_FOLD_MORE(f, f->lot_stale, s->lots_n, f->lot_stale_cap));
    *lot = (uint32_t)s->lots_n++;
    s->lots[*lot] = (struct rb_sit_lot){(uint8_t)kind, RB_NOWHERE, RB_NOWHERE, 0};
    f->lot_stale[*lot] = 0;
    return RB_OK;
}

/* What a record names, it names once (3.3, 3.6.30): the same entry is asked for but once. */
static enum rb_err add_entry(struct rb_fold *f, uint32_t lot, uint32_t record, uint32_t on) {
    struct rb_situation *s = f->s;
    RB_TRY(RB_FOLD_MORE(f, s->entries, s->entries_n, f->entries_cap));
    RB_TRY(RB_FOLD_MORE(f, f->entry_before, s->entries_n, f->entry_before_cap));
    const uint32_t at = (uint32_t)s->entries_n++;
    struct rb_sit_lot *l = &s->lots[lot];
    s->entries[at] = (struct rb_sit_entry){.lot = lot,
                                           .record = record,
                                           .on = on,
                                           .next = RB_NOWHERE,
                                           .again = s->order[record].first_entry};
    s->order[record].first_entry = at;
    f->entry_before[at] = l->last;
    if (l->n++ == 0)
        l->first = at;
    else
        s->entries[l->last].next = at;
    l->last = at;
    return lot_stale(f, lot);
}

/* the last entry, which is the last of its lot */
static enum rb_err drop_entry(struct rb_fold *f) {
    struct rb_situation *s = f->s;
    const uint32_t at = (uint32_t)--s->entries_n, lot = s->entries[at].lot;
    struct rb_sit_lot *l = &s->lots[lot];
    assert(l->last == at);
    s->order[s->entries[at].record].first_entry = s->entries[at].again;
    l->last = f->entry_before[at];
    if (--l->n > 0)
        s->entries[l->last].next = RB_NOWHERE;
    else
        l->first = RB_NOWHERE;
    return lot_stale(f, lot);
}

enum rb_err rb_lots_undo(struct rb_fold *f, uint32_t from) {
    struct rb_situation *s = f->s;
    while (s->entries_n > 0 && s->entries[s->entries_n - 1].record >= from)
        RB_TRY(drop_entry(f));
    while (s->instruments_n > 0 && s->instruments[s->instruments_n - 1].record >= from)
        s->order[s->instruments[--s->instruments_n].record].instrument = RB_NOWHERE;
    while (s->lots_n > 0 && s->lots[s->lots_n - 1].n == 0)
        f->lot_stale[--s->lots_n] = 0;
    size_t kept = 0;
    for (size_t i = 0; i < f->stale_lots_n; i++)
        if (f->stale_lots[i] < s->lots_n) f->stale_lots[kept++] = f->stale_lots[i];
    f->stale_lots_n = kept;
    return RB_OK;
}

enum rb_err rb_lots_stale(struct rb_fold *f, uint32_t place) {
    const struct rb_situation *s = f->s;
    for (uint32_t i = s->order[place].first_entry; i != RB_NOWHERE; i = s->entries[i].again)
        RB_TRY(lot_stale(f, s->entries[i].lot));
    return RB_OK;
}

/* the instrument that the record with this id is, if it was walked already; NULL: none */
static const struct rb_sit_instrument *walked(const struct rb_fold *f, const struct rb_hash *id) {
    const uint32_t node = rb_fold_find(f, id);
    if (node == RB_NOWHERE) return NULL;
    const uint32_t i = f->s->order[f->place[node]].instrument;
    return i == RB_NOWHERE ? NULL : &f->s->instruments[i];
}

/* what it may go on from is of the same kind, but for progress and readouts */
static bool goes_on_from(enum rb_kind kind, enum rb_kind from) {
    if (kind == RB_KIND_PROGRESS) return from == RB_KIND_AGREEMENT;
    if (kind == RB_KIND_READOUT) return from == RB_KIND_CONTACT;
    return kind == from;
}

static const struct rb_sit_instrument *gone_on_from(const struct rb_fold *f,
                                                    const struct rb_fact *fact) {
    if (fact->gist == NULL || !fact->gist->has_to) return NULL;
    const struct rb_sit_instrument *to = walked(f, &fact->gist->to);
    if (to == NULL) return NULL;
    const enum rb_kind kind = (enum rb_kind)rb_situation_fact(f->s, to->record)->kind;
    return goes_on_from((enum rb_kind)fact->kind, kind) ? to : NULL;
}

/* only its author supersedes an instrument, by one of its kind */
static const struct rb_sit_instrument *superseded(const struct rb_fold *f, uint32_t node,
                                                  const struct rb_hash *id) {
    const struct rb_sit_instrument *old = walked(f, id);
    if (old == NULL || rb_situation_author(f->s, old->record) != rb_fold_author(f, node))
        return NULL;
    return rb_situation_fact(f->s, old->record)->kind == rb_fold_fact(f, node)->kind ? old : NULL;
}

static enum rb_err open_instrument(struct rb_fold *f, uint32_t node, uint32_t lot, uint32_t on) {
    struct rb_situation *s = f->s;
    RB_TRY(RB_FOLD_MORE(f, s->instruments, s->instruments_n, f->instruments_cap));
    const uint32_t at = (uint32_t)s->instruments_n, place = f->place[node];
    RB_TRY(add_entry(f, lot, place, on));
    s->instruments[at] = (struct rb_sit_instrument){.record = place,
                                                    .lot = lot,
                                                    .entry = s->order[place].first_entry,
                                                    .charter = f->charter,
                                                    .active = f->active};
    s->order[place].instrument = at;
    s->instruments_n++;
    return RB_OK;
}

/* said of an instrument itself, and not of what was said of it */
static bool is_direct(const struct rb_situation *s, const struct rb_sit_entry *e) {
    if (e->on == RB_NOWHERE) return false;
    const uint32_t of = s->order[s->entries[e->on].record].instrument;
    return of != RB_NOWHERE && s->instruments[of].entry == e->on;
}

struct incidents { /* that a finding names, by their lots */
    size_t n;
    uint32_t lot[RB_MAX_HASHES];
};

static enum rb_err walk_incidents(struct rb_fold *f, uint32_t node, struct incidents *in) {
    const struct rb_gist *g = rb_fold_fact(f, node)->gist;
    for (size_t i = 0; g != NULL && i < g->hashes_n; i++) {
        const struct rb_sit_instrument *incident = walked(f, &g->hashes[i]);
        if (incident == NULL) continue;
        if (rb_situation_fact(f->s, incident->record)->kind != RB_KIND_INCIDENT) continue;
        RB_TRY(add_entry(f, incident->lot, f->place[node], incident->entry));
        in->lot[in->n++] = incident->lot;
    }
    return RB_OK;
}

static bool is_among(const struct incidents *in, uint32_t lot) {
    for (size_t i = 0; i < in->n; i++)
        if (in->lot[i] == lot) return true;
    return false;
}

/* A finding also ends what it supersedes in incidents that it does not name itself (16.5.4): there
 * it stands on that one's entry. */
static enum rb_err walk_ended(struct rb_fold *f, uint32_t node, const struct incidents *in,
                              const struct rb_sit_instrument *old) {
    const struct rb_situation *s = f->s;
    for (uint32_t e = s->order[old->record].first_entry; e != RB_NOWHERE; e = s->entries[e].again) {
        const uint32_t lot = s->entries[e].lot;
        f->s->looks++;
        if (s->lots[lot].kind != RB_KIND_INCIDENT || is_among(in, lot)) continue;
        if (is_direct(s, &s->entries[e])) RB_TRY(add_entry(f, lot, f->place[node], e));
    }
    return RB_OK;
}

static enum rb_err walk_finding(struct rb_fold *f, uint32_t node) {
    struct incidents in = {0};
    size_t n;
    const struct rb_hash *refs = rb_fact_refs(rb_fold_fact(f, node), RB_REF_SUPERSEDES, &n);
    RB_TRY(walk_incidents(f, node, &in));
    for (size_t i = 0; i < n; i++) {
        const struct rb_sit_instrument *old = superseded(f, node, &refs[i]);
        if (old != NULL) RB_TRY(walk_ended(f, node, &in, old));
    }
    return RB_OK;
}

static enum rb_err walk_instrument(struct rb_fold *f, uint32_t node) {
    const struct rb_fact *fact = rb_fold_fact(f, node);
    size_t n;
    const struct rb_hash *refs = rb_fact_refs(fact, RB_REF_SUPERSEDES, &n);
    const struct rb_sit_instrument *from = gone_on_from(f, fact);
    for (size_t i = 0; i < n && from == NULL; i++)
        from = superseded(f, node, &refs[i]);
    uint32_t lot = from ? from->lot : RB_NOWHERE, on = from ? from->entry : RB_NOWHERE;
    if (from == NULL) RB_TRY(add_lot(f, (enum rb_kind)fact->kind, &lot));
    RB_TRY(open_instrument(f, node, lot, on));
    for (size_t i = 0; i < n; i++) {
        const struct rb_sit_instrument *old = superseded(f, node, &refs[i]);
        if (old != NULL && old->entry != on)
            RB_TRY(add_entry(f, old->lot, f->place[node], old->entry));
    }
    return fact->kind == RB_KIND_FINDING ? walk_finding(f, node) : RB_OK;
}

_Static_assert(RB_MAX_ENTRIES == RB_MAX_REFS * RB_MAX_REFS, "subjects, and subjects of each");
/* It takes back a withdrawal that took back a word: it stands in no lot, and whoever says it should
 * see that the word does not come back. */
static bool takes_back_withdrawal(const struct rb_fold *f, uint32_t node, uint32_t subject) {
    const struct rb_sit_record *r = &f->s->order[f->place[subject]];
    return r->first_entry != RB_NOWHERE &&
           rb_fold_fact(f, node)->position == RB_POSITION_WITHDRAW &&
           rb_fold_fact(f, subject)->position == RB_POSITION_WITHDRAW;
}
/* On an instrument, or on a position on one: two levels (16.11.1). Each level has as many times
 * more entries as a record can name subjects, so that a third would be in nobody's hand. */
static enum rb_err walk_position(struct rb_fold *f, uint32_t node) {
    size_t n, added = 0;
    bool in_vain = false;
    const struct rb_hash *refs = rb_fact_refs(rb_fold_fact(f, node), RB_REF_ANSWERS, &n);
    for (size_t i = 0; i < n; i++) {
        const uint32_t subject = rb_fold_find(f, &refs[i]);
        assert(subject != RB_NOWHERE); /* judged so */
        const struct rb_sit_record *r = &f->s->order[f->place[subject]];
        if (r->instrument != RB_NOWHERE) {
            const struct rb_sit_instrument *in = &f->s->instruments[r->instrument];
            RB_TRY(add_entry(f, in->lot, f->place[node], in->entry));
            added++;
            continue;
        }
        for (uint32_t e = r->first_entry; e != RB_NOWHERE; e = f->s->entries[e].again) {
            f->s->looks++;
            if (!is_direct(f->s, &f->s->entries[e])) continue;
            RB_TRY(add_entry(f, f->s->entries[e].lot, f->place[node], e));
            added++;
        }
        in_vain = in_vain || takes_back_withdrawal(f, node, subject);
    }
    assert(added <= RB_MAX_ENTRIES);
    if (added == 0 && in_vain) f->s->order[f->place[node]].mark = RB_MARK_OUT_OF_TURN;
    return RB_OK;
}

enum rb_err rb_lots_walk(struct rb_fold *f, uint32_t node) {
    const enum rb_kind kind = (enum rb_kind)rb_fold_fact(f, node)->kind;
    if (kind == RB_KIND_POSITION) return walk_position(f, node);
    return rb_kind_is_instrument(kind) ? walk_instrument(f, node) : RB_OK;
}

/* ---- one lot ----------------------------------------------------------------------------------
 */

/* place of an entry of the lot among its entries, which stand in the order of their numbers */
static uint32_t place_of(const uint32_t *at, size_t n, uint32_t entry) {
    size_t lo = 0, hi = n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (at[mid] < entry)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && at[lo] == entry ? (uint32_t)lo : RB_NOWHERE;
}

enum rb_err rb_lot_make(const struct rb_situation *s, uint32_t lot, struct rb_arena *a,
                        struct rb_lot *out) {
    const struct rb_sit_lot *l = &s->lots[lot];
    uint32_t *at = rb_arena_array(a, l->n, sizeof *at);
    *out = (struct rb_lot){.s = s, .index = lot, .kind = (enum rb_kind)l->kind, .n = l->n};
    out->e = rb_arena_array(a, l->n, sizeof *out->e);
    if (at == NULL || out->e == NULL) return RB_ERR_LIMIT;
    size_t n = 0;
    for (uint32_t i = l->first; i != RB_NOWHERE; i = s->entries[i].next) {
        const struct rb_sit_entry *e = &s->entries[i];
        const uint32_t instrument = s->order[e->record].instrument;
        const bool own = instrument != RB_NOWHERE && s->instruments[instrument].entry == i;
        out->e[n] =
            (struct rb_lot_entry){.record = e->record,
                                  .on = e->on == RB_NOWHERE ? RB_NOWHERE : place_of(at, n, e->on),
                                  .author = rb_situation_author(s, e->record),
                                  .fact = rb_situation_fact(s, e->record),
                                  .own = own ? &s->instruments[instrument] : NULL,
                                  .state = RB_STATE_MARKED};
        at[n++] = i;
    }
    assert(n == l->n);
    return RB_OK;
}

/* ---- settling ---------------------------------------------------------------------------------
 */

static enum rb_err settle(struct rb_lot *l, struct rb_arena *a) {
    if (l->kind == RB_KIND_CESSATION) return rb_settle_cessation(l, a);
    if (l->kind == RB_KIND_AGREEMENT || l->kind == RB_KIND_PROGRESS)
        return rb_settle_agreement(l, a);
    if (l->kind == RB_KIND_TEXT) return rb_settle_text(l, a);
    if (l->kind == RB_KIND_REQUEST) return rb_settle_request(l, a);
    if (l->kind == RB_KIND_CONTACT || l->kind == RB_KIND_READOUT) return rb_settle_contact(l, a);
    if (l->kind == RB_KIND_INCIDENT) return rb_settle_incident(l, a);
    if (l->kind == RB_KIND_FINDING) return rb_settle_finding(l, a);
    return rb_settle_plain(l, a);
}

static bool names(const struct rb_fact *fact, const struct rb_hash *id) {
    size_t n;
    const struct rb_hash *refs = rb_fact_refs(fact, RB_REF_SUPERSEDES, &n);
    for (size_t i = 0; i < n; i++)
        if (rb_hash_eq(&refs[i], id)) return true;
    return false;
}

/* What an instrument is superseded by is the last that ended it here, or stands beside what did:
 * what bears a mark where it would have, or is no such instrument, says so to no effect (16.11.4).
 */
static bool ends(const struct rb_lot *l, const struct rb_lot_entry *e) {
    if (e->on == RB_NOWHERE || e->mark != RB_MARK_NONE) return false;
    const struct rb_lot_entry *old = &l->e[e->on];
    if (old->own == NULL || old->mark != RB_MARK_NONE || old->author != e->author ||
        old->fact->kind != e->fact->kind)
        return false;
    const bool over = old->state == RB_STATE_SUPERSEDED || old->state == RB_STATE_REPLACED;
    return over && names(e->fact, &old->fact->id);
}

static void take_superseded(struct rb_situation *s, const struct rb_lot *l) {
    for (size_t i = 0; i < l->n; i++) {
        const struct rb_lot_entry *e = &l->e[i];
        if (e->own != NULL) s->order[e->record].superseded_by = RB_NOWHERE;
        if (ends(l, e)) s->order[l->e[e->on].record].superseded_by = e->record;
    }
}

static void take_over(struct rb_situation *s, const struct rb_lot *l) {
    size_t i = 0;
    for (uint32_t at = s->lots[l->index].first; at != RB_NOWHERE; at = s->entries[at].next, i++) {
        const struct rb_lot_entry *e = &l->e[i];
        s->entries[at].mark = e->mark;
        if (e->own == NULL) continue;
        struct rb_sit_instrument *in = &s->instruments[e->own - s->instruments];
        in->state = e->mark == RB_MARK_NONE ? e->state : RB_STATE_MARKED;
        in->since_utc_ms = e->since_utc_ms;
        in->from_utc_ms = e->from_utc_ms;
        in->to_utc_ms = e->to_utc_ms;
        in->prolongs = e->prolongs;
        in->declared = e->declared;
    }
}

/* An instrument bears the mark that it has in its own lot, as its state is the one that it has
 * there, whatever it supersedes in others. A position, or a finding, that several lots have bears a
 * mark where each of them gave it one: that of the first in the order of its entries. A finding's
 * own lot has asked what those of its incidents made of it. */
static uint8_t mark_of(struct rb_situation *s, uint32_t record) {
    const uint32_t own = s->order[record].instrument;
    uint8_t mark = RB_MARK_NONE, alone = RB_MARK_NONE;
    bool any = false;
    if (own != RB_NOWHERE && rb_situation_fact(s, record)->kind != RB_KIND_FINDING)
        return s->entries[s->instruments[own].entry].mark;
    for (uint32_t i = s->order[record].first_entry; i != RB_NOWHERE; i = s->entries[i].again) {
        const struct rb_sit_entry *e = &s->entries[i];
        s->looks++;
        if (e->on == RB_NOWHERE) {
            alone = e->mark;
            continue;
        }
        if (rb_ends_finding(s, e)) continue; /* in an incident that it is not about */
        if (e->mark == RB_MARK_NONE) return RB_MARK_NONE;
        mark = e->mark;
        any = true;
    }
    return any ? mark : alone;
}

/* ---- again, when an hour comes ----------------------------------------------------------------
 */

static enum rb_err gist_hours(struct rb_fold *f, uint32_t node, const struct rb_gist *g) {
    if (g->has_adoption && g->adoption.has_by)
        RB_TRY(rb_wake_push(f, RB_WAKE_LOTS, node, g->adoption.by_utc_ms));
    if (g->has_start) RB_TRY(rb_wake_push(f, RB_WAKE_LOTS, node, g->start_utc_ms));
    if (g->has_end) RB_TRY(rb_wake_push(f, RB_WAKE_LOTS, node, g->end_utc_ms));
    for (size_t i = 0; i < g->steps_n; i++)
        if (g->steps[i].has_due)
            RB_TRY(rb_wake_push(f, RB_WAKE_LOTS, node, g->steps[i].due_utc_ms));
    return RB_OK;
}

/* Whatever a settler compares with `now`: hours that the body or the demand states, when its author
 * says that it was made, and times at which a record of the lot was held: clocks that are ahead put
 * these in the future. */
static enum rb_err lot_hours(struct rb_fold *f, const struct rb_lot *l) {
    const bool ahead = rb_t_ms(f->latest_t_s) >= f->s->now_utc_ms;
    if (!f->kept) return RB_OK;
    for (size_t i = 0; i < l->n; i++) {
        const struct rb_lot_entry *e = &l->e[i];
        const uint32_t node = f->sorted[e->record];
        if (i > 0 && l->e[i - 1].record == e->record) continue;
        if (e->fact->gist != NULL) RB_TRY(gist_hours(f, node, e->fact->gist));
        if (e->own != NULL) RB_TRY(rb_wake_push(f, RB_WAKE_LOTS, node, e->fact->created_utc_ms));
        if (e->fact->demand.present)
            RB_TRY(rb_wake_push(f, RB_WAKE_LOTS, node, e->fact->demand.by_utc_ms));
        for (uint16_t m = 0; m < RB_MAX_MEMBERS && ahead; m++) {
            uint64_t t;
            if (rb_held_record(f->s, e->record, m, &t))
                RB_TRY(rb_wake_push(f, RB_WAKE_LOTS, node, rb_t_ms(t)));
        }
    }
    return RB_OK;
}

static enum rb_err settle_lot(struct rb_fold *f, uint32_t lot) {
    struct rb_situation *s = f->s;
    struct rb_lot l;
    const size_t mark = rb_arena_mark(f->a);
    RB_TRY(rb_lot_make(s, lot, f->a, &l));
    RB_TRY(settle(&l, f->a));
    take_over(s, &l);
    take_superseded(s, &l);
    s->looks += l.n + l.looks;
    /* the hours' heap may grow in the arena: nothing is given back behind it */
    const size_t used = rb_arena_mark(f->a);
    RB_TRY(lot_hours(f, &l));
    if (rb_arena_mark(f->a) == used) rb_arena_release(f->a, mark);
    return RB_OK;
}

/* A finding stands in the lots of the incidents that it names: they ask whether it was taken back,
 * and its own lot asks what they made of it. So one that is stale makes the others stale, and
 * findings are settled last. */
static enum rb_err stale_beside(struct rb_fold *f, enum rb_kind kind) {
    const struct rb_situation *s = f->s;
    for (size_t i = 0, n = f->stale_lots_n; i < n; i++) {
        const struct rb_sit_lot *l = &s->lots[f->stale_lots[i]];
        if (l->kind != kind) continue;
        uint32_t before = RB_NOWHERE;
        for (uint32_t at = l->first; at != RB_NOWHERE; at = s->entries[at].next) {
            const uint32_t record = s->entries[at].record;
            if (record != before && rb_situation_fact(s, record)->kind == RB_KIND_FINDING)
                RB_TRY(rb_lots_stale(f, record));
            before = record;
        }
    }
    return RB_OK;
}

/* the first of its entries in a lot that was settled */
static uint32_t first_settled(struct rb_fold *f, uint32_t record) {
    uint32_t i = f->s->order[record].first_entry;
    for (; !f->lot_stale[f->s->entries[i].lot]; i = f->s->entries[i].again)
        f->s->looks++;
    return i;
}

/* of each record in a lot that was settled; once, in however many it stands */
static void mark_records(struct rb_fold *f) {
    struct rb_situation *s = f->s;
    for (size_t i = 0; i < f->stale_lots_n; i++) {
        uint32_t at = s->lots[f->stale_lots[i]].first;
        for (uint32_t before = RB_NOWHERE; at != RB_NOWHERE; at = s->entries[at].next) {
            const uint32_t record = s->entries[at].record;
            const uint32_t lot = s->entries[at].lot;
            if (record != before && s->entries[first_settled(f, record)].lot == lot)
                s->order[record].mark = mark_of(s, record);
            before = record;
        }
    }
}

static enum rb_err settle_stale(struct rb_fold *f, bool findings) {
    for (size_t i = 0; i < f->stale_lots_n; i++)
        if ((f->s->lots[f->stale_lots[i]].kind == RB_KIND_FINDING) == findings)
            RB_TRY(settle_lot(f, f->stale_lots[i]));
    return RB_OK;
}

enum rb_err rb_lots_settle(struct rb_fold *f) {
    RB_TRY(stale_beside(f, RB_KIND_FINDING));
    RB_TRY(stale_beside(f, RB_KIND_INCIDENT));
    RB_TRY(settle_stale(f, false));
    RB_TRY(settle_stale(f, true));
    mark_records(f);
    for (size_t i = 0; i < f->stale_lots_n; i++)
        f->lot_stale[f->stale_lots[i]] = 0;
    f->stale_lots_n = 0;
    return RB_OK;
}
