/* Requests, spec 16.8: what was asked of whom, and how each answered. */
#include "lot_asked.h"
#include <assert.h>

static const struct rb_ask_table table = {
    4,
    {RB_POSITION_WILL_COMPLY, RB_POSITION_COMPLIED, RB_POSITION_CANNOT_COMPLY,
     RB_POSITION_DECLINED},
    /* nothing said, will-comply, complied, cannot-comply, declined */
    {15, 14, 0, 3, 3}};
enum { WILL, COMPLIED, CANNOT, DECLINED };

struct requests {
    struct rb_lot *l;
    struct rb_ask *ask;
    uint32_t *of; /* by entry: whose ask it is, where it is a request that can be read */
    size_t n;
    bool view;
};

static struct rb_ask *ask_of(const struct requests *r, size_t k) {
    return r->of[k] == RB_NOWHERE ? NULL : &r->ask[r->of[k]];
}

/* by everybody asked: nothing leaves it */
static bool settled(const struct rb_ask *ask) {
    return ask->asked != 0 && ask->word[COMPLIED] == ask->asked;
}

static enum rb_err open_request(struct requests *r, size_t k, struct rb_arena *a) {
    struct rb_lot_entry *e = &r->l->e[k];
    e->state = rb_lot_read(e) ? RB_STATE_ASKED : RB_STATE_UNREAD;
    if (!rb_lot_read(e)) return RB_OK;
    r->of[k] = (uint32_t)r->n++;
    const uint64_t of = e->fact->gist->members;
    return rb_ask_open(r->l, k, of != 0 ? of : rb_ask_readers(r->l, k), &table, r->view, a,
                       ask_of(r, k));
}

/* its author supersedes or withdraws request k */
static enum rb_mark end(struct requests *r, size_t k, enum rb_state state) {
    struct rb_lot_entry *e = &r->l->e[k];
    if (e->state == RB_STATE_UNREAD) return RB_MARK_NONE;
    if (e->state != RB_STATE_ASKED || settled(ask_of(r, k))) return RB_MARK_OUT_OF_TURN;
    e->state = (uint8_t)state;
    return RB_MARK_NONE;
}

static enum rb_mark on_request(struct requests *r, size_t k, size_t i) {
    const struct rb_lot_entry *e = &r->l->e[i];
    struct rb_ask *ask = ask_of(r, k);
    if (e->fact->position == RB_POSITION_WITHDRAW) return end(r, k, RB_STATE_WITHDRAWN);
    if (r->l->e[k].state == RB_STATE_UNREAD) return RB_MARK_NONE;
    if (e->fact->closed && e->fact->position == 0) {
        if (r->l->e[k].state == RB_STATE_ASKED) rb_ask_unread(r->l, ask, k, i);
        return RB_MARK_NONE;
    }
    if (rb_ask_word(&table, e->fact->position) == table.n) return RB_MARK_NONE;
    if (r->l->e[k].state != RB_STATE_ASKED) return RB_MARK_OUT_OF_TURN;
    return rb_ask_answer(r->l, ask, k, i);
}

/* An answer is followed by another one and not taken back. */
static enum rb_mark on_position(const struct requests *r, size_t k, size_t i) {
    const bool answer = rb_ask_word(&table, r->l->e[k].fact->position) < table.n;
    return answer && r->l->e[i].fact->position == RB_POSITION_WITHDRAW ? RB_MARK_OUT_OF_TURN
                                                                       : RB_MARK_NONE;
}

static enum rb_mark move(struct requests *r, size_t i) {
    const struct rb_lot_entry *e = &r->l->e[i];
    const uint32_t k = e->on;
    if (k == RB_NOWHERE) return RB_MARK_NONE;
    if (e->fact->kind != RB_KIND_POSITION) return end(r, k, RB_STATE_SUPERSEDED);
    return r->l->e[k].own != NULL ? on_request(r, k, i) : on_position(r, k, i);
}

static enum rb_state state_of(const struct rb_lot *l, const struct rb_ask *ask, size_t k) {
    const struct rb_ask_silent silent = rb_ask_silent(l, ask, k);
    if (silent.all != 0)
        return silent.all == silent.undelivered ? RB_STATE_NOT_DELIVERED : RB_STATE_UNANSWERED;
    if (ask->asked == 0 || rb_ask_answered(ask) != ask->asked) return RB_STATE_ASKED;
    if (settled(ask)) return RB_STATE_COMPLIED;
    return (ask->word[CANNOT] | ask->word[DECLINED]) == ask->asked ? RB_STATE_REFUSED
                                                                   : RB_STATE_ANSWERED;
}

static enum rb_err settle(struct requests *r, struct rb_arena *a) {
    struct rb_lot *l = r->l;
    size_t own = 0;
    for (size_t i = 0; i < l->n; i++)
        own += l->e[i].own != NULL;
    r->ask = rb_arena_array(a, own, sizeof *r->ask);
    r->of = rb_arena_array(a, l->n, sizeof *r->of);
    if (r->ask == NULL || r->of == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < l->n; i++) {
        r->of[i] = RB_NOWHERE;
        if (l->e[i].own != NULL) RB_TRY(open_request(r, i, a));
        l->e[i].mark = (uint8_t)move(r, i);
        if (l->e[i].mark != RB_MARK_NONE && l->e[i].own != NULL) l->e[i].state = RB_STATE_MARKED;
    }
    for (size_t i = 0; i < l->n; i++)
        if (l->e[i].own != NULL && l->e[i].state == RB_STATE_ASKED)
            l->e[i].state = (uint8_t)state_of(l, ask_of(r, i), i);
    return RB_OK;
}

enum rb_err rb_settle_request(struct rb_lot *l, struct rb_arena *a) {
    struct requests r = {.l = l};
    return settle(&r, a);
}

enum rb_err rb_lot_request(const struct rb_situation *s, uint32_t lot, struct rb_arena *a,
                           struct rb_request_lot *out) {
    struct rb_lot l;
    if (lot >= s->lots_n || s->lots[lot].kind != RB_KIND_REQUEST) return RB_ERR_NOT_FOUND;
    RB_TRY(rb_lot_make(s, lot, a, &l));
    struct requests r = {.l = &l, .view = true};
    RB_TRY(settle(&r, a));
    struct rb_request_view *v = rb_arena_array(a, l.n, sizeof *v);
    if (v == NULL) return RB_ERR_LIMIT;
    size_t n = 0;
    for (size_t i = 0; i < l.n; i++) {
        const struct rb_lot_entry *e = &l.e[i];
        struct rb_ask *ask = ask_of(&r, i);
        if (e->own == NULL || e->state == RB_STATE_MARKED) continue;
        v[n] = (struct rb_request_view){.instrument = (uint32_t)(e->own - s->instruments),
                                        .has_by = e->fact->demand.present,
                                        .by_utc_ms = e->fact->demand.by_utc_ms};
        if (ask != NULL) {
            rb_ask_show(&l, ask, i);
            v[n].asked_n = ask->view_n;
            v[n].asked = ask->view;
        }
        n++;
    }
    *out = (struct rb_request_lot){n, v};
    return RB_OK;
}
