/* Incidents and what monitors found of them, spec 16.5.3 and 16.5.4. A finding stands in the lots
 * of the incidents that it names: there its stage is judged, for each of them. In its own lot stand
 * the words on it.
 */
#include "lot.h"
#include <assert.h>

struct findings { /* on the incidents of one lot */
    struct rb_lot *l;
    bool *stands;                       /* by entry */
    uint32_t assigned[RB_MAX_MEMBERS];  /* how many standing assignments name the member */
    uint32_t concluded[RB_MAX_MEMBERS]; /* the monitor's conclusion that stands and is final: entry
                                           + 1 */
    size_t withdrawn_n, withdrawn_at;
    struct withdrawn {
        uint32_t place, entry;
    } * withdrawn; /* ascending */
};

static int withdrawn_cmp(const void *pa, const void *pb) {
    const struct withdrawn *a = pa, *b = pb;
    if (a->place != b->place) return a->place < b->place ? -1 : 1;
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

static bool is_monitor(const struct rb_situation *s, uint32_t record, uint16_t author) {
    const struct rb_charter *c = s->instruments[s->order[record].instrument].charter;
    for (size_t i = 0; i < c->members_n; i++)
        if (c->members[i].index == author) return c->members[i].role == RB_ROLE_MONITOR;
    return false;
}

static bool is_finding(const struct rb_lot *l, size_t i) {
    return l->e[i].fact->kind == RB_KIND_FINDING;
}

/* ---- what one supersedes ----------------------------------------------------------------------
 */

/* the finding of the same author that finding i supersedes by this reference; RB_NOWHERE: it is
 * none */
static uint32_t superseded(const struct rb_lot *l, size_t i, const struct rb_hash *ref) {
    const uint32_t old = rb_situation_find(l->s, ref);
    if (old == RB_NOWHERE || old >= l->e[i].record) return RB_NOWHERE;
    if (rb_situation_author(l->s, old) != l->e[i].author) return RB_NOWHERE;
    return rb_situation_fact(l->s, old)->kind == RB_KIND_FINDING ? old : RB_NOWHERE;
}

/* of its own stage alone: a visit does not take the place of a conclusion */
static bool supersedes_another_stage(const struct rb_lot *l, size_t i) {
    size_t n;
    const struct rb_fact *fact = l->e[i].fact;
    const struct rb_hash *refs = rb_fact_refs(fact, RB_REF_SUPERSEDES, &n);
    for (size_t k = 0; k < n; k++) {
        const uint32_t old = superseded(l, i, &refs[k]);
        const struct rb_gist *g = old == RB_NOWHERE ? NULL : rb_situation_fact(l->s, old)->gist;
        if (g != NULL && fact->gist != NULL && g->stage != fact->gist->stage) return true;
    }
    return false;
}

/* what holds whichever incident it is about */
static enum rb_mark judge_alone(const struct rb_lot *l, size_t i) {
    if (!is_monitor(l->s, l->e[i].record, l->e[i].author)) return RB_MARK_NOT_ENTITLED;
    return supersedes_another_stage(l, i) ? RB_MARK_OUT_OF_TURN : RB_MARK_NONE;
}

/* entries of a lot stand in the order of their records */
static size_t entry_of(const struct rb_lot *l, uint32_t record) {
    size_t lo = 0, hi = l->n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (l->e[mid].record < record)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* ---- findings in the lot of their incident ----------------------------------------------------
 */

static void count(struct findings *f, size_t i, bool more) {
    const struct rb_gist *g = f->l->e[i].fact->gist;
    if (f->stands[i] == more) return;
    f->stands[i] = more;
    for (size_t m = 0; g->stage == RB_FINDING_ASSIGNED && m < RB_MAX_MEMBERS; m++)
        if (g->members >> m & 1) f->assigned[m] = more ? f->assigned[m] + 1 : f->assigned[m] - 1;
    if (g->stage != RB_FINDING_CONCLUDED || g->value == RB_FINDING_SUSPENDED) return;
    uint32_t *concluded = &f->concluded[f->l->e[i].author];
    if (more)
        *concluded = (uint32_t)i + 1;
    else if (*concluded == i + 1)
        *concluded = 0;
}

/* all entries of the findings that it supersedes end, or it is asked whether it supersedes that one
 */
static bool each_superseded(struct findings *f, size_t i, size_t asked, bool end) {
    size_t n;
    bool found = false;
    const struct rb_hash *refs = rb_fact_refs(f->l->e[i].fact, RB_REF_SUPERSEDES, &n);
    for (size_t k = 0; k < n; k++) {
        const uint32_t old = superseded(f->l, i, &refs[k]);
        if (old == RB_NOWHERE) continue;
        for (size_t at = entry_of(f->l, old); at < f->l->n && f->l->e[at].record == old; at++) {
            found = found || at == asked;
            if (end) count(f, at, false);
        }
    }
    return found;
}

static bool somebody_assigned(const struct findings *f) {
    for (size_t m = 0; m < RB_MAX_MEMBERS; m++)
        if (f->assigned[m] > 0) return true;
    return false;
}

static enum rb_mark judge_stage(struct findings *f, size_t i) {
    const struct rb_lot_entry *e = &f->l->e[i];
    const uint32_t concluded = f->concluded[e->author];
    if (e->fact->gist->stage == RB_FINDING_ASSIGNED) return RB_MARK_NONE;
    if (somebody_assigned(f) && f->assigned[e->author] == 0) return RB_MARK_OUT_OF_TURN;
    if (concluded == 0 || f->l->e[concluded - 1].record == e->record) return RB_MARK_NONE;
    return each_superseded(f, i, concluded - 1, false) ? RB_MARK_NONE : RB_MARK_OUT_OF_TURN;
}

/* It names others: here it ends what it supersedes, whatever becomes of it there. */
static enum rb_mark end_finding(struct findings *f, size_t i) {
    const enum rb_mark mark = judge_alone(f->l, i);
    if (mark == RB_MARK_NONE) count(f, f->l->e[i].on, false);
    return mark;
}

static enum rb_mark add_finding(struct findings *f, size_t i) {
    if (is_finding(f->l, f->l->e[i].on)) return end_finding(f, i);
    enum rb_mark mark = judge_alone(f->l, i);
    if (mark == RB_MARK_NONE) mark = judge_stage(f, i);
    if (mark != RB_MARK_NONE) return mark;
    (void)each_superseded(f, i, 0, true);
    count(f, i, true);
    return RB_MARK_NONE;
}

/* Where their author took findings of the lot back: the positions stand in the findings' own lots.
 */
static enum rb_err find_withdrawn(struct findings *f, struct rb_arena *a) {
    const struct rb_situation *s = f->l->s;
    size_t n = 0;
    for (size_t i = 0; i < f->l->n; i++)
        n += is_finding(f->l, i);
    f->stands = rb_arena_array(a, f->l->n, sizeof *f->stands);
    f->withdrawn = rb_arena_array(a, n, sizeof *f->withdrawn);
    if (f->stands == NULL || f->withdrawn == NULL) return RB_ERR_LIMIT;
    for (uint32_t i = 0; i < f->l->n; i++) {
        if (!is_finding(f->l, i)) continue;
        uint32_t at = s->order[f->l->e[i].record].first_answer;
        while (at != RB_NOWHERE &&
               (rb_situation_fact(s, s->answers[at].answer)->position != RB_POSITION_WITHDRAW ||
                rb_situation_author(s, s->answers[at].answer) != f->l->e[i].author))
            at = s->answers[at].next;
        if (at != RB_NOWHERE)
            f->withdrawn[f->withdrawn_n++] = (struct withdrawn){s->answers[at].answer, i};
    }
    rb_sort(f->withdrawn, f->withdrawn_n, sizeof *f->withdrawn, withdrawn_cmp);
    return RB_OK;
}

static void withdraw_before(struct findings *f, uint32_t place) {
    while (f->withdrawn_at < f->withdrawn_n && f->withdrawn[f->withdrawn_at].place < place)
        count(f, f->withdrawn[f->withdrawn_at++].entry, false);
}

enum rb_err rb_settle_incident(struct rb_lot *l, struct rb_arena *a) {
    struct findings f = {.l = l};
    RB_TRY(find_withdrawn(&f, a));
    for (size_t i = 0; i < l->n; i++) {
        withdraw_before(&f, l->e[i].record);
        rb_plain_open(l, i);
        l->e[i].mark = (uint8_t)(is_finding(l, i) ? add_finding(&f, i) : rb_plain_move(l, i));
        if (l->e[i].own != NULL && l->e[i].mark != RB_MARK_NONE) l->e[i].state = RB_STATE_MARKED;
    }
    return RB_OK;
}

/* ---- a finding's own lot ----------------------------------------------------------------------
 */

/* What the lots of the incidents that it names make of it: marked where each of them marked it.
 * They are settled before. false: it names none that is here */
static bool judged(const struct rb_situation *s, uint32_t record, enum rb_mark *mark) {
    bool any = false;
    for (uint32_t i = s->order[record].first_entry; i != RB_NOWHERE; i = s->entries[i].again) {
        const struct rb_sit_entry *e = &s->entries[i];
        if (s->lots[e->lot].kind != RB_KIND_INCIDENT || rb_ends_finding(s, e)) continue;
        any = true;
        *mark = (enum rb_mark)e->mark;
        if (*mark == RB_MARK_NONE) return true;
    }
    return any;
}

/* It has ended that one in each incident that it named, and names none of these itself. */
static bool ended_everywhere(const struct rb_situation *s, uint32_t record, uint32_t old) {
    size_t named = 0, ended = 0;
    for (uint32_t i = s->order[old].first_entry; i != RB_NOWHERE; i = s->entries[i].again)
        named += s->lots[s->entries[i].lot].kind == RB_KIND_INCIDENT &&
                 !rb_ends_finding(s, &s->entries[i]);
    for (uint32_t i = s->order[record].first_entry; i != RB_NOWHERE; i = s->entries[i].again)
        ended += rb_ends_finding(s, &s->entries[i]) && s->entries[s->entries[i].on].record == old;
    return named > 0 && ended == named;
}

/* A finding that is about an incident is what the incident's lot takes it to be, also where what it
 * supersedes is over already. */
static enum rb_mark move_finding(struct rb_lot *l, size_t i) {
    enum rb_mark mark = judge_alone(l, i);
    if (mark != RB_MARK_NONE) return mark;
    const bool about = judged(l->s, l->e[i].record, &mark);
    const uint32_t on = l->e[i].on;
    if (mark != RB_MARK_NONE) {
        if (on != RB_NOWHERE && ended_everywhere(l->s, l->e[i].record, l->e[on].record))
            (void)rb_plain_move(l, i);
        return mark;
    }
    const enum rb_mark superseding = rb_plain_move(l, i);
    return about ? RB_MARK_NONE : superseding;
}

enum rb_err rb_settle_finding(struct rb_lot *l, struct rb_arena *a) {
    (void)a;
    for (size_t i = 0; i < l->n; i++) {
        rb_plain_open(l, i);
        l->e[i].mark = (uint8_t)(is_finding(l, i) ? move_finding(l, i) : rb_plain_move(l, i));
        if (l->e[i].own != NULL && l->e[i].mark != RB_MARK_NONE) l->e[i].state = RB_STATE_MARKED;
    }
    return RB_OK;
}
