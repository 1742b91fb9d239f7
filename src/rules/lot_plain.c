/* Instruments that nobody's word settles, and what is alike in all that stand side by side: they
 * stand until their author supersedes or withdraws them (16.1.3, 16.1.4), others' words stand
 * beside them. */
#include "lot.h"

bool rb_word_counts(const struct rb_situation *s, uint32_t record) {
    return s->order[record].mark == RB_MARK_NONE && !rb_situation_fact(s, record)->reported;
}

bool rb_word_withdrawn(const struct rb_situation *s, uint32_t record) {
    const uint16_t author = rb_situation_author(s, record);
    for (uint32_t i = s->order[record].first_answer; i != RB_NOWHERE; i = s->answers[i].next) {
        const uint32_t said = s->answers[i].answer;
        if (s->order[said].mark == RB_MARK_NONE && rb_situation_author(s, said) == author &&
            rb_situation_fact(s, said)->position == RB_POSITION_WITHDRAW)
            return true;
    }
    return false;
}

/* a later version supersedes an earlier one again and stands beside both; what was withdrawn is
 * over */
static enum rb_mark end(struct rb_lot *l, size_t k, enum rb_state state) {
    struct rb_lot_entry *e = &l->e[k];
    if (e->state == RB_STATE_UNREAD) return RB_MARK_NONE;
    if (e->state == RB_STATE_SUPERSEDED && state == RB_STATE_SUPERSEDED) return RB_MARK_NONE;
    if (e->state != RB_STATE_STANDS) return RB_MARK_OUT_OF_TURN;
    e->state = (uint8_t)state;
    return RB_MARK_NONE;
}

/* Nobody's own word confirms what it says itself. What it reports others to have said may. */
static enum rb_mark on_instrument(struct rb_lot *l, size_t k, size_t i) {
    const struct rb_lot_entry *e = &l->e[i];
    const bool word =
        e->fact->position == RB_POSITION_CONFIRM || e->fact->position == RB_POSITION_DISPUTE;
    if (e->fact->position == RB_POSITION_WITHDRAW) return end(l, k, RB_STATE_WITHDRAWN);
    return word && e->author == l->e[k].author && !e->fact->reported ? RB_MARK_NOT_ENTITLED
                                                                     : RB_MARK_NONE;
}

enum rb_mark rb_plain_move(struct rb_lot *l, size_t i) {
    struct rb_lot_entry *e = &l->e[i];
    const uint32_t k = e->on;
    if (e->fact->kind == RB_KIND_POSITION) e->state = RB_STATE_STANDS; /* until it is withdrawn */
    if (k == RB_NOWHERE) return RB_MARK_NONE;
    if (e->fact->kind != RB_KIND_POSITION) return end(l, k, RB_STATE_SUPERSEDED);
    if (l->e[k].own != NULL) return on_instrument(l, k, i);
    if (e->fact->position != RB_POSITION_WITHDRAW) return RB_MARK_NONE;
    return l->e[k].mark == RB_MARK_NONE ? end(l, k, RB_STATE_WITHDRAWN) : RB_MARK_OUT_OF_TURN;
}

void rb_plain_open(struct rb_lot *l, size_t i) {
    struct rb_lot_entry *e = &l->e[i];
    if (e->own != NULL) e->state = rb_lot_read(e) ? RB_STATE_STANDS : RB_STATE_UNREAD;
}

enum rb_err rb_settle_plain(struct rb_lot *l, struct rb_arena *a) {
    (void)a;
    for (size_t i = 0; i < l->n; i++) {
        rb_plain_open(l, i);
        l->e[i].mark = (uint8_t)rb_plain_move(l, i);
        if (l->e[i].own != NULL && l->e[i].mark != RB_MARK_NONE) l->e[i].state = RB_STATE_MARKED;
    }
    return RB_OK;
}

/* ---- columns ----------------------------------------------------------------------------------
 */

/* the last word counts; one that was withdrawn leaves none, and what its author said before it
 * stays replaced */
static void put(const struct rb_situation *s, uint32_t said, struct rb_column *c) {
    const struct rb_fact *fact = rb_situation_fact(s, said);
    if (fact->closed && fact->position == 0) {
        c->unread = true;
        return;
    }
    if (fact->position != RB_POSITION_CONFIRM && fact->position != RB_POSITION_DISPUTE) return;
    const bool withdrawn = rb_word_withdrawn(s, said);
    c->position = withdrawn ? 0 : (uint8_t)fact->position;
    c->record = withdrawn ? RB_NOWHERE : said;
    c->unread = false;
}

enum rb_err rb_columns(const struct rb_situation *s, uint32_t order, struct rb_arena *a,
                       const struct rb_column **out, size_t *n) {
    struct rb_column by[RB_MAX_MEMBERS] = {0};
    const uint16_t author = rb_situation_author(s, order);
    size_t found = 0;
    for (uint32_t i = s->order[order].first_answer; i != RB_NOWHERE; i = s->answers[i].next) {
        const uint16_t m = rb_situation_author(s, s->answers[i].answer);
        if (m != author && rb_word_counts(s, s->answers[i].answer))
            put(s, s->answers[i].answer, &by[m]);
    }
    for (size_t m = 0; m < RB_MAX_MEMBERS; m++)
        found += by[m].position != 0 || by[m].unread;
    struct rb_column *c = rb_arena_array(a, found, sizeof *c);
    if (c == NULL) return RB_ERR_LIMIT;
    *n = 0;
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++) {
        if (by[m].position == 0 && !by[m].unread) continue;
        c[*n] = by[m];
        if (by[m].position == 0) c[*n].record = RB_NOWHERE;
        c[(*n)++].member = m;
    }
    *out = c;
    return RB_OK;
}
