/* Whom cessations bind and until when, spec 16.4: what turns on hours, withdrawals and extensions,
 * once all words are taken. */
#include "lot_cessation.h"

/* ---- the hours --------------------------------------------------------------------------------
 */

/* In force from its adoption on, where that came after its start; a declaration, from when it was
 * made. */
static void close_vote(struct rb_truces *st, struct rb_truce *t) {
    if (!t->reported) rb_vote_close(&st->votes, &t->vote);
    const int64_t since =
        t->declared ? entry_of(st, t)->fact->created_utc_ms : t->vote.since_utc_ms;
    if (adopted(t) && since > t->start_ms) t->start_ms = since;
    const struct rb_truce *from = t->extends != RB_NOWHERE ? &st->list[t->extends] : NULL;
    t->stands = adopted(t) && t->fate == RB_STATE_MARKED && (from == NULL || from->stands);
}

struct by_start { /* for sorting extensions: of the same one, the earlier start first */
    uint32_t extends, truce;
    int64_t start_ms;
};
static int by_start_cmp(const void *a, const void *b) {
    const struct by_start *x = a, *y = b;
    if (x->extends != y->extends) return x->extends < y->extends ? -1 : 1;
    if (x->start_ms != y->start_ms) return x->start_ms < y->start_ms ? -1 : 1;
    return x->truce < y->truce ? -1 : x->truce > y->truce;
}

static enum rb_err link_extensions(struct rb_truces *st, struct rb_arena *a) {
    struct by_start *list = rb_arena_array(a, st->n, sizeof *list);
    if (list == NULL) return RB_ERR_LIMIT;
    for (uint32_t i = 0; i < st->n; i++) {
        list[i] = (struct by_start){st->list[i].extends, i, st->list[i].start_ms};
        st->list[i].first = RB_NOWHERE;
    }
    rb_sort(list, st->n, sizeof *list, by_start_cmp);
    for (size_t i = st->n; i-- > 0;) {
        if (list[i].extends == RB_NOWHERE) continue;
        struct rb_truce *from = &st->list[list[i].extends];
        st->list[list[i].truce].next = from->first;
        from->first = list[i].truce;
    }
    return RB_OK;
}

/* It is said by all whom that one keeps, or by those that spoke for them. */
static bool covers(const struct rb_truces *st, const struct rb_truce *x, const struct rb_truce *t) {
    const struct rb_gist *g = gist_of(st, x);
    const bool guarantors =
        x->guaranteed || (g->has_adoption && g->adoption.rule == RB_RULE_GUARANTORS);
    if (!guarantors) return (t->keeps & ~x->vote.electors) == 0;
    const struct rb_lot_entry *e = entry_of(st, x);
    const uint64_t asked = t->guaranteed        ? t->vote.electors
                           : t->guarantors != 0 ? t->guarantors
                                                : charter_guarantors(e) & e->own->active;
    return x->guaranteed && (asked & ~x->vote.electors) == 0;
}

bool rb_truce_broken(const struct rb_truce *t) {
    return count(t->keeps) < fewest(t);
}

static void carry(const struct rb_truces *st, struct rb_truce *t, const struct rb_truce *x) {
    const int64_t now = st->l->s->now_utc_ms;
    t->has_end = x->has_end;
    if (x->end_ms > t->end_ms) t->end_ms = x->end_ms;
    if (now < x->start_ms || (x->has_end && now >= x->end_ms)) return;
    t->carried |= now < x->own_end_ms ? x->keeps | x->acceded : x->carried;
}

/* What its extensions that stand make of its end, and the gaps that they leave. `reach`: as far as
 * any of them ever went, broken off since or not. */
static void extend(struct rb_truces *st, struct rb_truce *t, bool reach) {
    t->has_end = t->own_end_ms != INT64_MAX;
    t->end_ms = t->own_end_ms;
    t->carried = 0;
    for (uint32_t i = t->first; i != RB_NOWHERE; i = st->list[i].next) {
        struct rb_truce *x = &st->list[i];
        x->alone = rb_truce_broken(t) || !covers(st, x, t);
        if (!t->has_end) continue;
        if (x->start_ms > t->end_ms) {
            if (__builtin_sub_overflow(x->start_ms, t->end_ms, &x->gap_ms)) x->gap_ms = INT64_MAX;
        } else if (x->stands && !x->alone && (reach || !rb_truce_broken(x))) {
            x->gap_ms = 0;
            carry(st, t, x);
        }
    }
}

/* ---- who is bound -----------------------------------------------------------------------------
 */

/* A withdrawal after the end withdraws from nothing. */
static void settle_parted(struct rb_truces *st, const struct rb_truce *t) {
    int64_t t_ms;
    for (size_t i = t->parted; i < t->parted + t->parted_n; i++) {
        struct rb_parted *p = &st->parted[i];
        p->counts = !t->has_end || judge(st, t, p->entry, t->end_ms, &t_ms) != RB_DEADLINE_LATE;
        if (!p->counts) st->l->e[p->entry].mark = RB_MARK_OUT_OF_TURN;
    }
}

/* Who left what it extends is out of it as well, where it binds those whom that one binds. */
static enum rb_err put_out(const struct rb_truces *st, struct rb_truce *t, struct rb_arena *a) {
    const int64_t *above = t->inherits ? st->list[t->extends].out : NULL;
    t->out = above;
    if (t->parted_n == 0) return RB_OK;
    int64_t *out = rb_arena_array(a, RB_MAX_MEMBERS, sizeof *out);
    if (out == NULL) return RB_ERR_LIMIT;
    if (above != NULL) memcpy(out, above, RB_MAX_MEMBERS * sizeof *out);
    for (size_t i = t->parted; i < t->parted + t->parted_n; i++) {
        const struct rb_withdrawal *w = &st->parted[i].is;
        if (!st->parted[i].counts || w->until_ms == 0) continue;
        if (out[w->member] == 0 || w->until_ms < out[w->member]) out[w->member] = w->until_ms;
    }
    t->out = out;
    return RB_OK;
}

static uint64_t still(const struct rb_truce *t, int64_t utc_ms) {
    uint64_t in = t->said;
    for (unsigned m = 0; t->out != NULL && m < RB_MAX_MEMBERS; m++)
        if (t->out[m] != 0 && t->out[m] <= utc_ms) in &= ~bit(m);
    return in;
}

/* Acceded in time, and not out again. It is a word on this one: nobody carries it further. */
static uint64_t acceded(const struct rb_truces *st, const struct rb_truce *t) {
    uint64_t in = 0;
    for (size_t i = t->joined; i < t->joined + t->joined_n; i++) {
        const struct rb_accession *j = &st->joined[i].is;
        const bool out =
            j->withdrawn != RB_NOWHERE && j->until_ms != 0 && j->until_ms <= st->l->s->now_utc_ms;
        if (j->verdict == RB_IN_TIME && !j->reported && !out) in |= bit(j->member);
    }
    return in & ~t->parties;
}

static enum rb_err keep(struct rb_truces *st, struct rb_truce *t, struct rb_arena *a) {
    const int64_t now = st->l->s->now_utc_ms;
    RB_TRY(put_out(st, t, a));
    t->keeps = still(t, now < t->own_end_ms ? now : t->own_end_ms);
    return RB_OK;
}

static void bind(struct rb_truces *st, struct rb_truce *t) {
    t->said = rb_truce_bound_by_word(st, t);
    if (t->guaranteed && t->inherits) t->said &= st->list[t->extends].said | t->came;
    t->acceded = acceded(st, t);
}

static int joined_cmp(const void *a, const void *b) {
    const struct rb_joined *x = a, *y = b;
    if (x->truce != y->truce) return x->truce < y->truce ? -1 : 1;
    return x->entry < y->entry ? -1 : x->entry > y->entry;
}
static int parted_cmp(const void *a, const void *b) {
    const struct rb_parted *x = a, *y = b;
    if (x->truce != y->truce) return x->truce < y->truce ? -1 : 1;
    return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static enum rb_err gather(struct rb_truces *st, struct rb_arena *a) {
    RB_TRY(link_extensions(st, a));
    rb_sort(st->joined, st->joined_n, sizeof *st->joined, joined_cmp);
    rb_sort(st->parted, st->parted_n, sizeof *st->parted, parted_cmp);
    for (size_t i = 0; i < st->joined_n; i++) {
        struct rb_truce *t = &st->list[st->joined[i].truce];
        if (t->joined_n++ == 0) t->joined = i;
    }
    for (size_t i = 0; i < st->parted_n; i++) {
        struct rb_truce *t = &st->list[st->parted[i].truce];
        if (t->parted_n++ == 0) t->parted = i;
    }
    return RB_OK;
}

/* Who is bound at the end of each decides what extends it, and how far that reaches which
 * withdrawals come in time. What extends something comes after it: who is bound goes from the first
 * to the last, ends go from the last to the first. */
enum rb_err rb_truces_settle_ends(struct rb_truces *st, struct rb_arena *a) {
    for (size_t i = 0; i < st->n; i++)
        if (!is_mute(st, &st->list[i])) close_vote(st, &st->list[i]);
    for (size_t i = 0; i < st->l->n; i++)
        if (st->deferred[i]) rb_truce_take(st, i);
    if (st->votes.full) return RB_ERR_LIMIT;
    RB_TRY(gather(st, a));
    for (size_t i = 0; i < st->n; i++) {
        if (is_mute(st, &st->list[i])) continue;
        bind(st, &st->list[i]);
        RB_TRY(keep(st, &st->list[i], a));
    }
    for (size_t i = st->n; i-- > 0;)
        if (!is_mute(st, &st->list[i])) extend(st, &st->list[i], true);
    for (size_t i = 0; i < st->n; i++) {
        if (is_mute(st, &st->list[i])) continue;
        settle_parted(st, &st->list[i]);
        RB_TRY(keep(st, &st->list[i], a));
    }
    for (size_t i = st->n; i-- > 0;)
        if (!is_mute(st, &st->list[i])) extend(st, &st->list[i], false);
    return RB_OK;
}
