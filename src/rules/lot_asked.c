/* Who is asked, and what each of them said last: requests and contacts, spec 16.8 and 16.10. */
#include "lot_asked.h"
#include <assert.h>

static uint64_t listed(const struct rb_charter *c) {
    uint64_t all = 0;
    for (size_t i = 0; i < c->members_n; i++)
        all |= 1ull << c->members[i].index;
    return all;
}

size_t rb_ask_word(const struct rb_ask_table *t, int position) {
    size_t i = 0;
    while (i < t->n && t->type[i] != position)
        i++;
    return i;
}

enum rb_err rb_ask_open(const struct rb_lot *l, size_t k, uint64_t of,
                        const struct rb_ask_table *table, bool view, struct rb_arena *a,
                        struct rb_ask *out) {
    const struct rb_lot_entry *e = &l->e[k];
    assert(e->own != NULL && table->n <= RB_ASK_WORDS);
    const uint64_t asked = of & listed(e->own->charter) & ~(1ull << e->author);
    *out = (struct rb_ask){.table = table, .asked = asked};
    if (!view) return RB_OK;
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++)
        out->view_n += out->asked >> m & 1;
    out->view = rb_arena_array(a, out->view_n, sizeof *out->view);
    if (out->view == NULL) return RB_ERR_LIMIT;
    for (uint16_t m = 0, n = 0; m < RB_MAX_MEMBERS; m++)
        if (out->asked >> m & 1)
            out->view[n++] = (struct rb_asked){.member = m, .record = RB_NOWHERE};
    return RB_OK;
}

uint64_t rb_ask_readers(const struct rb_lot *l, size_t k) {
    const struct rb_lot_entry *e = &l->e[k];
    return e->fact->closed ? e->fact->recipients : listed(e->own->charter);
}

uint64_t rb_ask_answered(const struct rb_ask *ask) {
    uint64_t all = 0;
    for (size_t i = 0; i < ask->table->n; i++)
        all |= ask->word[i];
    return all;
}

/* ---- one position -----------------------------------------------------------------------------
 */

static struct rb_asked *shown(const struct rb_ask *ask, uint16_t member) {
    for (size_t i = 0; i < ask->view_n; i++)
        if (ask->view[i].member == member) return &ask->view[i];
    return NULL;
}

static void judge_time(const struct rb_lot *l, size_t k, size_t i, struct rb_asked *v) {
    const struct rb_lot_entry *e = &l->e[k];
    int64_t t;
    if (!e->fact->demand.present) return;
    const enum rb_deadline d =
        rb_deadline_judge(l->s, e->own->charter, l->e[i].record, e->fact->demand.by_utc_ms, &t);
    v->late = d == RB_DEADLINE_LATE;
    v->contested_by_time = d == RB_DEADLINE_CONTESTED;
}

/* In time is whose first answer is: what follows tells how it went on. */
static void show_answer(const struct rb_lot *l, const struct rb_ask *ask, size_t k, size_t i) {
    struct rb_asked *v = shown(ask, l->e[i].author);
    if (v == NULL) return;
    if (v->answer == 0) judge_time(l, k, i, v);
    v->answer = (uint8_t)l->e[i].fact->position;
    v->record = l->e[i].record;
    v->unread = false;
}

enum rb_mark rb_ask_answer(const struct rb_lot *l, struct rb_ask *ask, size_t k, size_t i) {
    const struct rb_lot_entry *e = &l->e[i];
    const uint64_t bit = 1ull << e->author;
    const size_t to = rb_ask_word(ask->table, e->fact->position);
    size_t from = 0;
    assert(to < ask->table->n);
    /* what it reports another to have said is not what it says itself */
    if ((ask->asked & bit) == 0 || e->fact->reported) return RB_MARK_NOT_ENTITLED;
    while (from < ask->table->n && (ask->word[from] & bit) == 0)
        from++;
    const uint8_t next = ask->table->next[from < ask->table->n ? from + 1 : 0];
    if ((next >> to & 1) == 0) return RB_MARK_OUT_OF_TURN;
    if (from < ask->table->n) ask->word[from] &= ~bit;
    ask->word[to] |= bit;
    ask->unread &= ~bit;
    show_answer(l, ask, k, i);
    return RB_MARK_NONE;
}

/* After the last answer that there can be, nothing that it says is one. */
void rb_ask_unread(const struct rb_lot *l, struct rb_ask *ask, size_t k, size_t i) {
    const uint64_t bit = 1ull << l->e[i].author;
    struct rb_asked *v = shown(ask, l->e[i].author);
    for (size_t w = 0; w < ask->table->n; w++)
        if ((ask->word[w] & bit) && ask->table->next[w + 1] == 0) return;
    if ((ask->asked & bit) == 0 || l->e[i].fact->reported) return;
    ask->unread |= bit;
    if (v == NULL || v->unread) return;
    v->unread = true;
    if (v->answer != 0) return;
    judge_time(l, k, i, v);
    v->record = l->e[i].record;
}

/* ---- silence ----------------------------------------------------------------------------------
 */

/* dues stand in the order of their subjects */
static size_t first_due(const struct rb_situation *s, uint32_t subject) {
    size_t lo = 0, hi = s->dues_n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (s->dues[mid].subject < subject)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool held_by(const struct rb_lot *l, size_t k, uint16_t member, int64_t by_utc_ms) {
    uint64_t t;
    return rb_situation_held(l->s, l->e[k].record, member, &t) && rb_t_ms(t) <= by_utc_ms;
}

struct rb_ask_silent rb_ask_silent(const struct rb_lot *l, const struct rb_ask *ask, size_t k) {
    const struct rb_situation *s = l->s;
    const uint32_t record = l->e[k].record;
    const uint64_t spoke = rb_ask_answered(ask) | ask->unread;
    struct rb_ask_silent out = {0};
    if (!l->e[k].fact->demand.present) return out;
    for (size_t i = first_due(s, record); i < s->dues_n && s->dues[i].subject == record; i++) {
        const struct rb_sit_due *due = &s->dues[i];
        const uint64_t bit = 1ull << due->member;
        if (due->state != RB_DUE_MISSED || due->answer != RB_NOWHERE) continue;
        if ((ask->asked & bit) == 0 || (spoke & bit)) continue;
        out.all |= bit;
        if (!held_by(l, k, due->member, due->due_utc_ms)) out.undelivered |= bit;
    }
    return out;
}

void rb_ask_show(const struct rb_lot *l, struct rb_ask *ask, size_t k) {
    const struct rb_ask_silent silent = rb_ask_silent(l, ask, k);
    for (size_t i = 0; i < ask->view_n; i++) {
        struct rb_asked *v = &ask->view[i];
        uint64_t t = 0;
        v->delivered = rb_situation_held(l->s, l->e[k].record, v->member, &t);
        v->delivered_utc_ms = v->delivered ? rb_t_ms(t) : 0;
        v->unanswered = silent.all >> v->member & 1;
        v->undelivered = silent.undelivered >> v->member & 1;
    }
}
