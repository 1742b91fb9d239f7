/* All incidents of the channel: which assertions are about one incident (16.5.1, 16.5.2), and what
 * is shown beside them (16.5.3). Derived from what stands: taken back, a merger is none. */
#include "lot.h"
#include <assert.h>

struct assertion { /* one side's: an incident's lot, its versions */
    uint32_t lot;
    uint32_t record;  /* of the version that stands and can be read; RB_NOWHERE: none does */
    size_t targets_n; /* other assertions that it says are the same incident */
    uint32_t targets[RB_MAX_HASHES];
    uint32_t root;  /* the one that it joins, or that that one joins, and so on */
    uint32_t class; /* union-find: towards the first in the order */
    uint32_t walk;
    uint32_t attachments_n;
};
struct merge {
    const struct rb_situation *s;
    struct rb_arena *a;
    size_t n;
    struct assertion *as;
    uint32_t *of_lot;
};

struct pair {
    uint32_t key, value;
};
static int pair_cmp(const void *pa, const void *pb) {
    const struct pair *a = pa, *b = pb;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return a->value < b->value ? -1 : a->value > b->value;
}

/* ---- what stands ------------------------------------------------------------------------------
 */

static bool is_incident(const struct rb_situation *s, uint32_t record) {
    return s->order[record].instrument != RB_NOWHERE && s->order[record].mark == RB_MARK_NONE &&
           rb_situation_fact(s, record)->kind == RB_KIND_INCIDENT;
}

static uint32_t assertion_of(const struct merge *m, uint32_t record) {
    return m->of_lot[m->s->instruments[m->s->order[record].instrument].lot];
}

static bool has_target(const struct assertion *as, uint32_t target) {
    for (size_t i = 0; i < as->targets_n; i++)
        if (as->targets[i] == target) return true;
    return false;
}

static void find_targets(const struct merge *m, uint32_t i) {
    struct assertion *as = &m->as[i];
    if (as->record == RB_NOWHERE) return;
    const struct rb_gist *g = rb_situation_fact(m->s, as->record)->gist;
    assert(g->hashes_n <= RB_MAX_HASHES);
    for (size_t k = 0; k < g->hashes_n; k++) {
        const uint32_t record = rb_situation_find(m->s, &g->hashes[k]);
        if (record == RB_NOWHERE || !is_incident(m->s, record)) continue;
        const uint32_t t = assertion_of(m, record);
        if (t != i && !has_target(as, t)) as->targets[as->targets_n++] = t;
    }
}

static enum rb_err find_assertions(struct merge *m) {
    const struct rb_situation *s = m->s;
    for (size_t i = 0; i < s->lots_n; i++)
        m->n += s->lots[i].kind == RB_KIND_INCIDENT;
    m->as = rb_arena_array(m->a, m->n, sizeof *m->as);
    m->of_lot = rb_arena_array(m->a, s->lots_n, sizeof *m->of_lot);
    if (m->as == NULL || m->of_lot == NULL) return RB_ERR_LIMIT;
    for (uint32_t i = 0, n = 0; i < s->lots_n; i++) {
        if (s->lots[i].kind != RB_KIND_INCIDENT) continue;
        m->as[n] = (struct assertion){.lot = i, .record = RB_NOWHERE, .class = n};
        m->as[n].root = RB_NOWHERE;
        m->of_lot[i] = n++;
    }
    for (uint32_t i = 0; i < s->instruments_n; i++) /* the last that stands is the latest version */
        if (s->instruments[i].state == RB_STATE_STANDS && is_incident(s, s->instruments[i].record))
            m->as[assertion_of(m, s->instruments[i].record)].record = s->instruments[i].record;
    for (uint32_t i = 0; i < m->n; i++)
        find_targets(m, i);
    return RB_OK;
}

/* ---- one id -----------------------------------------------------------------------------------
 */

static uint32_t class_of(const struct merge *m, uint32_t i) {
    while (m->as[i].class != i) {
        m->as[i].class = m->as[m->as[i].class].class;
        i = m->as[i].class;
    }
    return i;
}

static void unite(const struct merge *m, uint32_t i, uint32_t k) {
    i = class_of(m, i);
    k = class_of(m, k);
    if (i < k)
        m->as[k].class = i;
    else
        m->as[i].class = k;
}

/* In a circle of those that join one another it is the first in the order. */
static uint32_t first_of_circle(const struct merge *m, uint32_t at) {
    uint32_t first = at;
    for (uint32_t i = m->as[at].targets[0]; i != at; i = m->as[i].targets[0])
        first = i < first ? i : first;
    return first;
}

/* Each joins at most one other by naming it, so that nobody ties two of others' together. */
static void find_root(const struct merge *m, uint32_t i) {
    uint32_t at = i, root;
    while (m->as[at].root == RB_NOWHERE && m->as[at].walk != i + 1 && m->as[at].targets_n == 1) {
        m->as[at].walk = i + 1;
        at = m->as[at].targets[0];
    }
    if (m->as[at].root != RB_NOWHERE)
        root = m->as[at].root;
    else
        root = m->as[at].targets_n == 1 ? first_of_circle(m, at) : at;
    for (at = i; m->as[at].root == RB_NOWHERE; at = m->as[at].targets[0]) {
        m->as[at].root = root;
        if (m->as[at].targets_n != 1) return;
    }
}

static void join(const struct merge *m) {
    for (uint32_t i = 0; i < m->n; i++) {
        find_root(m, i);
        if (m->as[i].targets_n == 1) unite(m, i, m->as[i].targets[0]);
    }
}

/* members whose last word on the record is confirm */
static uint64_t confirmed_by(const struct rb_situation *s, uint32_t record) {
    uint64_t all = 0;
    for (uint32_t i = s->order[record].first_answer; i != RB_NOWHERE; i = s->answers[i].next) {
        const uint32_t said = s->answers[i].answer;
        const int8_t t = rb_situation_fact(s, said)->position;
        const uint64_t bit = 1ull << rb_situation_author(s, said);
        if (!rb_word_counts(s, said)) continue;
        if (t == RB_POSITION_DISPUTE || t == RB_POSITION_CONFIRM) all &= ~bit;
        if (t == RB_POSITION_CONFIRM && !rb_word_withdrawn(s, said)) all |= bit;
    }
    return all;
}

static uint16_t author_of(const struct merge *m, uint32_t i) {
    return rb_situation_author(m->s, m->s->entries[m->s->lots[m->as[i].lot].first].record);
}

/* One that names several proposes: with it go those whose authors say so, too. */
static void consent(const struct merge *m, uint32_t i) {
    const struct assertion *as = &m->as[i];
    if (as->targets_n < 2) return;
    const uint64_t yes = confirmed_by(m->s, as->record) | 1ull << author_of(m, i);
    for (size_t k = 0; k < as->targets_n; k++)
        if (yes >> author_of(m, m->as[as->targets[k]].root) & 1) unite(m, i, as->targets[k]);
}

/* A monitor's conclusion is one result about what it names together. */
static void conclude(const struct merge *m, const struct rb_sit_instrument *in) {
    const struct rb_situation *s = m->s;
    const struct rb_fact *fact = rb_situation_fact(s, in->record);
    uint32_t first = RB_NOWHERE;
    if (fact->kind != RB_KIND_FINDING || in->state != RB_STATE_STANDS) return;
    if (s->order[in->record].mark != RB_MARK_NONE || fact->gist->stage != RB_FINDING_CONCLUDED ||
        fact->gist->value == RB_FINDING_SUSPENDED)
        return;
    for (uint32_t e = s->order[in->record].first_entry; e != RB_NOWHERE; e = s->entries[e].again) {
        const uint32_t lot = s->entries[e].lot;
        if (s->lots[lot].kind != RB_KIND_INCIDENT || s->entries[e].mark != RB_MARK_NONE) continue;
        if (rb_ends_finding(s, &s->entries[e])) continue;
        if (first != RB_NOWHERE) unite(m, first, m->of_lot[lot]);
        first = m->of_lot[lot];
    }
}

/* after all, one that names several which are one id by now has named one */
static void join_merged(const struct merge *m, uint32_t i) {
    const struct assertion *as = &m->as[i];
    for (size_t k = 1; k < as->targets_n; k++)
        if (class_of(m, as->targets[k]) != class_of(m, as->targets[0])) return;
    if (as->targets_n > 1) unite(m, i, as->targets[0]);
}

static void merge(const struct merge *m) {
    join(m);
    for (uint32_t i = 0; i < m->n; i++)
        consent(m, i);
    for (size_t i = 0; i < m->s->instruments_n; i++)
        conclude(m, &m->s->instruments[i]);
    for (uint32_t i = 0; i < m->n; i++)
        join_merged(m, i);
}

/* ---- proposals --------------------------------------------------------------------------------
 */

/* of one that names several, each two ids that are still apart, both ways; out NULL: they are
 * counted */
static size_t proposals_of(const struct merge *m, uint32_t i, struct pair *out) {
    uint32_t named[RB_MAX_HASHES + 1];
    size_t n = 0;
    named[0] = class_of(m, i);
    for (size_t k = 0; k < m->as[i].targets_n; k++)
        named[k + 1] = class_of(m, m->as[i].targets[k]);
    if (m->as[i].targets_n < 2) return 0;
    for (size_t k = 0; k <= m->as[i].targets_n; k++)
        for (size_t j = 0; j <= m->as[i].targets_n; j++) {
            if (named[j] == named[k]) continue;
            if (out != NULL) out[n] = (struct pair){named[k], named[j]};
            n++;
        }
    return n;
}

static enum rb_err find_proposals(const struct merge *m, struct pair **out, size_t *n) {
    size_t all = 0, kept = 0;
    for (uint32_t i = 0; i < m->n; i++)
        all += proposals_of(m, i, NULL);
    struct pair *p = rb_arena_array(m->a, all, sizeof *p);
    if (p == NULL) return RB_ERR_LIMIT;
    all = 0;
    for (uint32_t i = 0; i < m->n; i++)
        all += proposals_of(m, i, &p[all]);
    rb_sort(p, all, sizeof *p, pair_cmp);
    for (size_t i = 0; i < all; i++)
        if (kept == 0 || pair_cmp(&p[kept - 1], &p[i]) != 0) p[kept++] = p[i];
    *out = p;
    *n = kept;
    return RB_OK;
}

/* ---- what is shown ----------------------------------------------------------------------------
 */

/* Attachments are closed; what they are about is read from the leaf. */
static void count_attachments(const struct merge *m) {
    const struct rb_situation *s = m->s;
    for (uint32_t i = 0; i < s->order_n; i++) {
        const struct rb_fact *fact = rb_situation_fact(s, i);
        size_t n;
        if (fact->kind != RB_KIND_ATTACHMENT || s->order[i].mark != RB_MARK_NONE) continue;
        const struct rb_hash *refs = rb_fact_refs(fact, RB_REF_ABOUT, &n);
        for (size_t k = 0; k < n; k++) {
            const uint32_t record = rb_situation_find(s, &refs[k]);
            if (record == RB_NOWHERE || !is_incident(s, record)) continue;
            if (rb_situation_author(s, record) == rb_situation_author(s, i))
                m->as[assertion_of(m, record)].attachments_n++;
        }
    }
}

static bool finding_on(const struct rb_situation *s, uint32_t entry, uint32_t on) {
    const struct rb_sit_entry *e = &s->entries[entry];
    return e->on == on && e->mark == RB_MARK_NONE && !rb_ends_finding(s, e) &&
           rb_situation_fact(s, e->record)->kind == RB_KIND_FINDING;
}

static enum rb_err show_finding(const struct merge *m, uint32_t record, struct rb_finding_view *v) {
    const struct rb_gist *g = rb_situation_fact(m->s, record)->gist;
    *v = (struct rb_finding_view){.instrument = m->s->order[record].instrument,
                                  .author = rb_situation_author(m->s, record),
                                  .stage = (enum rb_finding_stage)g->stage,
                                  .value = g->value,
                                  .assigned = g->members};
    return rb_columns(m->s, record, m->a, &v->columns, &v->columns_n);
}

static enum rb_err show_assertion(const struct merge *m, const struct assertion *as,
                                  uint32_t instrument, const struct pair *f, size_t f_n,
                                  struct rb_assertion_view *v) {
    const struct rb_situation *s = m->s;
    const uint32_t record = s->instruments[instrument].record;
    struct rb_finding_view *found = rb_arena_array(m->a, f_n, sizeof *found);
    if (found == NULL) return RB_ERR_LIMIT;
    *v = (struct rb_assertion_view){.instrument = instrument,
                                    .author = rb_situation_author(s, record),
                                    .attachments_n = as->attachments_n,
                                    .findings_n = f_n,
                                    .findings = found};
    for (size_t i = 0; i < f_n; i++)
        RB_TRY(show_finding(m, s->entries[f[i].value].record, &found[i]));
    return rb_columns(s, record, m->a, &v->columns, &v->columns_n);
}

/* Versions of one side, those that are none (marked) left out; v NULL: they are counted. Its
 * findings are laid out by the version that they name: the lot is walked once. */
static enum rb_err show_versions(const struct merge *m, const struct assertion *as,
                                 struct rb_assertion_view *v, size_t *n) {
    const struct rb_situation *s = m->s;
    const struct rb_sit_lot *lot = &s->lots[as->lot];
    struct pair *f = v == NULL ? NULL : rb_arena_array(m->a, lot->n, sizeof *f);
    size_t f_n = 0, at = 0;
    if (v != NULL && f == NULL) return RB_ERR_LIMIT;
    for (uint32_t e = lot->first; v != NULL && e != RB_NOWHERE; e = s->entries[e].next)
        if (finding_on(s, e, s->entries[e].on)) f[f_n++] = (struct pair){s->entries[e].on, e};
    rb_sort(f, f_n, sizeof *f, pair_cmp);
    for (uint32_t e = lot->first; e != RB_NOWHERE; e = s->entries[e].next) {
        const uint32_t in = s->order[s->entries[e].record].instrument;
        if (in == RB_NOWHERE || s->instruments[in].entry != e) continue;
        if (!is_incident(s, s->entries[e].record)) continue;
        if (v != NULL) {
            while (at < f_n && f[at].key < e)
                at++;
            size_t end = at;
            while (end < f_n && f[end].key == e)
                end++;
            RB_TRY(show_assertion(m, as, in, &f[at], end - at, &v[*n]));
        }
        (*n)++;
    }
    return RB_OK;
}

static enum rb_err show_incident(const struct merge *m, const struct pair *of, size_t n,
                                 struct rb_incident_view *v) {
    size_t total = 0, done = 0;
    const struct rb_sit_lot *first = &m->s->lots[m->as[of[0].key].lot];
    for (size_t i = 0; i < n; i++)
        RB_TRY(show_versions(m, &m->as[of[i].value], NULL, &total));
    struct rb_assertion_view *as = rb_arena_array(m->a, total, sizeof *as);
    if (as == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < n; i++)
        RB_TRY(show_versions(m, &m->as[of[i].value], as, &done));
    *v = (struct rb_incident_view){.instrument =
                                       m->s->order[m->s->entries[first->first].record].instrument,
                                   .assertions_n = total,
                                   .assertions = as};
    return RB_OK;
}

static enum rb_err show_proposed(const struct merge *m, uint32_t class, const struct pair *p,
                                 size_t n, struct rb_incident_view *v) {
    uint32_t *proposed = rb_arena_array(m->a, n, sizeof *proposed);
    if (proposed == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < n; i++) {
        const struct rb_sit_lot *lot = &m->s->lots[m->as[p[i].value].lot];
        assert(p[i].key == class);
        proposed[i] = m->s->order[m->s->entries[lot->first].record].instrument;
    }
    v->proposed_n = n;
    v->proposed = proposed;
    return RB_OK;
}

static enum rb_err show(const struct merge *m, const struct rb_incident_view **out, size_t *n) {
    struct pair *by = rb_arena_array(m->a, m->n, sizeof *by);
    struct rb_incident_view *v = rb_arena_array(m->a, m->n, sizeof *v);
    struct pair *p;
    size_t p_n, p_at = 0, shown = 0;
    if (by == NULL || v == NULL) return RB_ERR_LIMIT;
    RB_TRY(find_proposals(m, &p, &p_n));
    for (uint32_t i = 0; i < m->n; i++)
        by[i] = (struct pair){class_of(m, i), i};
    rb_sort(by, m->n, sizeof *by, pair_cmp);
    for (size_t i = 0, k; i < m->n; i = k) {
        size_t p_end = p_at;
        for (k = i + 1; k < m->n && by[k].key == by[i].key;)
            k++;
        while (p_end < p_n && p[p_end].key == by[i].key)
            p_end++;
        RB_TRY(show_incident(m, &by[i], k - i, &v[shown]));
        RB_TRY(show_proposed(m, by[i].key, &p[p_at], p_end - p_at, &v[shown++]));
        p_at = p_end;
    }
    *out = v;
    *n = shown;
    return RB_OK;
}

enum rb_err rb_incidents(const struct rb_situation *s, struct rb_arena *a,
                         const struct rb_incident_view **out, size_t *n) {
    struct merge m = {.s = s, .a = a};
    RB_TRY(find_assertions(&m));
    merge(&m);
    count_attachments(&m);
    return show(&m, out, n);
}
