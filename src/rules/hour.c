/* Amendments that their hour adopts: by silence, or where a veto was not used (spec 5.9.7).
 *
 * Whether anybody spoke in time is known when all of the order was walked, and what is adopted
 * bears on what was walked. So the walk is done without it first, and again with it. It comes into
 * force where the first record stands that is too late to have stopped it: the same place on every
 * node, and whatever `now` is, once the hour is past. */
#include "internal.h"

bool rb_rule_has_hour(const struct rb_charter *c) {
    return c->rule == RB_RULE_SILENCE || c->rule == RB_RULE_QUORUM_VETO;
}

enum rb_err rb_hours_make(const struct rb_book *b, struct rb_arena *a, struct rb_hours *out) {
    size_t n = 0;
    for (size_t i = 0; i < b->feeds_n; i++)
        for (size_t k = 0; k < b->feeds[i]->facts_n; k++)
            n += b->feeds[i]->facts[k].kind == RB_KIND_AMENDMENT;
    *out = (struct rb_hours){.node = rb_arena_array(a, n, sizeof *out->node)};
    return out->node == NULL ? RB_ERR_LIMIT : RB_OK;
}

bool rb_is_over(const struct rb_fold *f, const struct rb_charter *c, uint32_t node,
                int64_t by_utc_ms) {
    int64_t t_ms;
    const enum rb_deadline d = rb_deadline_judge(f->s, c, f->place[node], by_utc_ms, &t_ms);
    const bool by_word_alone = t_ms == 0 || t_ms > by_utc_ms;
    return d == RB_DEADLINE_LATE || (d == RB_DEADLINE_CONTESTED && by_word_alone);
}

/* ---- its hour is past -------------------------------------------------------------------------
 */

/* the time by which all must know of it for their silence to say something */
static bool told_by(const struct rb_fold *f, const struct rb_proposal *p, int64_t *by_ms) {
    return !__builtin_sub_overflow(p->charter->accept_by_utc_ms, f->charter->silence_ms, by_ms);
}

static bool all_told(const struct rb_fold *f, const struct rb_proposal *p,
                     const struct rb_electorate *e) {
    int64_t by_ms;
    if (f->charter->rule != RB_RULE_SILENCE) return true;
    if (e->voices == 0 || !told_by(f, p, &by_ms)) return false;
    for (uint16_t i = 0; i < RB_MAX_MEMBERS; i++) {
        uint64_t time_s;
        if (!(e->voices >> i & 1)) continue;
        if (!rb_situation_held(f->s, f->place[p->node], i, &time_s)) return false;
        if (rb_t_ms(time_s) > by_ms) return false;
    }
    return true;
}

static void ripen(struct rb_fold *f, struct rb_proposal *p) {
    if (p->adopted || p->refused || !rb_amendment_follows(f, p)) return;
    p->ripe = true;
    f->ripe[f->ripe_n++] = p;
    p->under = f->charter;
    rb_amendment_voices(f, &p->voices);
    p->told = all_told(f, p, &p->voices);
}

/* ---- whose hour is past as of now: a heap -------------------------------------------------------
 */

static bool is_before(const struct rb_proposal *a, const struct rb_proposal *b) {
    return a->charter->accept_by_utc_ms < b->charter->accept_by_utc_ms;
}

static void exchange(struct rb_fold *f, size_t i, size_t k) {
    struct rb_proposal *p = f->unripe[i];
    f->unripe[i] = f->unripe[k];
    f->unripe[k] = p;
}

static void push_unripe(struct rb_fold *f, struct rb_proposal *p) {
    size_t i = f->unripe_n++;
    f->unripe[i] = p;
    for (; i > 0 && is_before(f->unripe[i], f->unripe[(i - 1) / 2]); i = (i - 1) / 2)
        exchange(f, i, (i - 1) / 2);
}

static struct rb_proposal *pop_unripe(struct rb_fold *f) {
    struct rb_proposal *first = f->unripe[0];
    f->unripe[0] = f->unripe[--f->unripe_n];
    for (size_t i = 0, k; (k = 2 * i + 1) < f->unripe_n; i = k) {
        if (k + 1 < f->unripe_n && is_before(f->unripe[k + 1], f->unripe[k])) k++;
        if (!is_before(f->unripe[k], f->unripe[i])) break;
        exchange(f, i, k);
    }
    return first;
}

/* Silence is asked for of those before whom it lies: it names the charter in force, and gives them
 * the time that this one wants. */
void rb_hour_walked(struct rb_fold *f, struct rb_proposal *p) {
    int64_t by_ms;
    if (p->amended == NULL || !f->in_force || !rb_rule_has_hour(f->charter)) return;
    if (f->charter->rule == RB_RULE_SILENCE &&
        (!told_by(f, p, &by_ms) || rb_fold_fact(f, p->node)->created_utc_ms > by_ms)) {
        f->s->order[f->place[p->node]].mark = RB_MARK_OUT_OF_TURN;
        p->refused = true;
    }
    if (p->refused || !rb_amendment_follows(f, p)) return;
    if (f->s->now_utc_ms > p->charter->accept_by_utc_ms) push_unripe(f, p);
}

/* ---- in the walk ------------------------------------------------------------------------------
 */

/* too late, beyond doubt, to have said anything before the hour */
static bool is_late(const struct rb_fold *f, uint32_t node, const struct rb_proposal *p) {
    const struct rb_fact *fact = rb_fold_fact(f, node);
    const int64_t by = p->charter->accept_by_utc_ms;
    int64_t t_ms;
    if (fact->created_utc_ms <= by || fact->mark != RB_MARK_NONE) return false;
    if (f->disowned[node] || f->repeated[node] || f->s->order[f->place[node]].contested)
        return false;
    return rb_deadline_judge(f->s, f->charter, f->place[node], by, &t_ms) == RB_DEADLINE_LATE;
}

/* What else had the same charter before it comes too late. */
static enum rb_err come_into_force(struct rb_fold *f, struct rb_proposal *p) {
    if (p->adopted || !rb_amendment_follows(f, p)) return RB_OK;
    for (size_t i = 0; i < f->ripe_n; i++)
        f->ripe[i]->refused = true;
    return rb_proposal_adopt(f, p, 0, p->charter->accept_by_utc_ms);
}

static struct rb_proposal *next_hour(const struct rb_fold *f) {
    if (f->hours.done == f->hours.n) return NULL;
    struct rb_proposal *p = rb_proposal_of(f, f->hours.node[f->hours.done]);
    return p != NULL && p->walked ? p : NULL;
}

/* Words that came before the hour of another leave nothing to that one; words that came after it,
 * as far as anybody but their author knows, find it in force. */
enum rb_err rb_hour_against_words(struct rb_fold *f, bool *first) {
    struct rb_proposal *next = next_hour(f);
    *first = next != NULL && !next->adopted && rb_amendment_follows(f, next) &&
             rb_is_over(f, f->charter, f->node, next->charter->accept_by_utc_ms);
    if (*first) {
        f->hours.done++;
        return come_into_force(f, next);
    }
    for (size_t i = 0; i < f->unripe_n; i++)
        ripen(f, f->unripe[i]);
    f->unripe_n = 0;
    for (size_t i = 0; i < f->ripe_n; i++) {
        struct rb_proposal *p = f->ripe[i];
        const int64_t by = p->charter->accept_by_utc_ms;
        if (!p->adopted && !p->refused && !rb_is_over(f, f->charter, f->node, by))
            p->refused = true;
    }
    return RB_OK;
}

enum rb_err rb_hours_before(struct rb_fold *f, uint32_t node) {
    struct rb_proposal *p;
    f->node = node;
    while ((p = next_hour(f)) != NULL && is_late(f, node, p)) {
        f->hours.done++;
        RB_TRY(come_into_force(f, p));
        RB_TRY(rb_proposals_retry(f));
    }
    /* too late for one: too late for those whose hour was before it */
    while (f->unripe_n > 0 && is_late(f, node, f->unripe[0]))
        ripen(f, pop_unripe(f));
    return RB_OK;
}

enum rb_err rb_hours_end(struct rb_fold *f) {
    struct rb_proposal *p;
    while ((p = next_hour(f)) != NULL) {
        f->hours.done++;
        RB_TRY(come_into_force(f, p));
        RB_TRY(rb_proposals_retry(f));
    }
    for (size_t i = 0; i < f->unripe_n; i++)
        ripen(f, f->unripe[i]);
    return RB_OK;
}

/* ---- when it is over --------------------------------------------------------------------------
 */

static bool is_adopted(const struct rb_proposal *p) {
    return p->ripe && p->told && !p->adopted && !p->refused &&
           rb_amendment_judge(p->under, p, &p->voices, true) == RB_ADOPTION_ADOPTED;
}

/* Of several the one whose hour came first: a later `now` never puts another in its place. */
static bool comes_first(const struct rb_fold *f, const struct rb_proposal *a,
                        const struct rb_proposal *b) {
    if (b == NULL) return true;
    const int64_t x = a->charter->accept_by_utc_ms, y = b->charter->accept_by_utc_ms;
    return x != y ? x < y : f->place[a->node] < f->place[b->node];
}

bool rb_hours_more(struct rb_fold *f, struct rb_hours *hours) {
    const struct rb_proposal *first = NULL;
    for (size_t i = 0; i < f->proposals_n; i++) {
        const struct rb_proposal *p = &f->proposals[i];
        if (is_adopted(p) && comes_first(f, p, first)) first = p;
    }
    if (first == NULL) return false;
    hours->node[hours->n++] = first->node;
    return true;
}
