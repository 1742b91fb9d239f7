/* The situation kept up to date: what came is put into what the last fold made (live.h). Where
 * something is met that this does not do, f->whole is set, and all is folded anew. */
#include "readback/live.h"
#include "internal.h"

/* ---- whole ------------------------------------------------------------------------------------
 */

void rb_live_init(struct rb_live *l, struct rb_arena *arena) {
    memset(l, 0, sizeof *l);
    l->arena = arena;
}

void rb_live_drop(struct rb_live *l) {
    l->fold = NULL;
    rb_arena_reset(l->arena);
}

static size_t mirrors_of(const struct rb_book *b) {
    size_t n = 0;
    for (size_t i = 0; i < RB_MAX_MEMBERS; i++)
        n += b->index->mirror[i].n;
    return n;
}

/* Where there is no room to keep more than the situation, that is better than nothing. */
static enum rb_err fold_whole(struct rb_live *l, struct rb_book *b, int64_t now_utc_ms) {
    struct rb_fold *f;
    rb_live_drop(l);
    enum rb_err err = rb_fold_whole(b, now_utc_ms, l->arena, true, &l->s, &f);
    if (err == RB_OK) {
        l->fold = f;
    } else {
        rb_arena_reset(l->arena);
        RB_TRY(rb_fold_whole(b, now_utc_ms, l->arena, false, &l->s, &f));
    }
    l->feeds_n = b->feeds_n;
    l->mirrors_n = mirrors_of(b);
    l->bodies_n = b->index->bodies_n;
    l->wholes++;
    return RB_OK;
}

static int side_of(int64_t now, int64_t hour) {
    return now < hour ? -1 : now > hour;
}

static bool passes_charter_hour(const struct rb_fold *f, int64_t now_utc_ms) {
    for (size_t i = 0; i < f->proposals_n; i++) {
        const int64_t by = f->proposals[i].charter->accept_by_utc_ms;
        if (side_of(f->s->now_utc_ms, by) != side_of(now_utc_ms, by)) return true;
    }
    return false;
}

/* Where the hour may adopt an amendment, that happens somewhere in the walk. */
static bool hour_adopts(const struct rb_fold *f) {
    for (size_t i = 0; i < f->proposals_n && f->proposals_n > 1; i++) {
        const enum rb_rule_type rule = f->proposals[i].charter->rule;
        if (rule == RB_RULE_SILENCE || rule == RB_RULE_QUORUM_VETO) return true;
    }
    return false;
}

static bool is_kept(const struct rb_live *l, const struct rb_book *b, int64_t now_utc_ms) {
    const struct rb_fold *f = l->fold;
    if (f == NULL || f->b != b || f->whole || b->feeds_n != l->feeds_n) return false;
    if (f->circles || f->cuts.mirror || b->index->branches_n > 0 || hour_adopts(f)) return false;
    if (mirrors_of(b) != l->mirrors_n || b->index->bodies_n - l->bodies_n > RB_BODIES_KEPT)
        return false;
    for (size_t i = 0; i < b->feeds_n; i++)
        if (b->feeds[i]->frozen) return false;
    return now_utc_ms >= f->s->now_utc_ms && !passes_charter_hour(f, now_utc_ms);
}

/* ---- what has to be settled again -------------------------------------------------------------
 */

enum rb_err rb_live_stale(struct rb_fold *f, uint32_t subject, uint16_t member) {
    if (!f->again || subject >= f->from) return RB_OK;
    RB_TRY(RB_FOLD_MORE(f, f->stale, f->stale_n, f->stale_cap));
    f->stale[f->stale_n++] = (struct rb_stale){subject, member};
    return RB_OK;
}

/* a position that may have put a charter in force did so by when it was held */
static bool timed_charter(const struct rb_fold *f, uint32_t node) {
    const uint8_t k = f->kind[node];
    return rb_fold_leaf(f, node) < f->part[rb_fold_feed(f, node)].moved &&
           (k == RB_KIND_POSITION || k == RB_KIND_CHARTER || k == RB_KIND_AMENDMENT);
}

enum rb_err rb_live_touch(struct rb_fold *f, uint32_t node, uint16_t member) {
    const uint32_t place = f->place[node];
    size_t n;
    if (!f->again || f->whole) return RB_OK;
    if (timed_charter(f, node)) f->whole = true;
    if (place >= f->from || f->whole) return RB_OK;
    f->s->order[place].bodies = f->body_bits[node];
    RB_TRY(rb_live_stale(f, place, member));
    RB_TRY(rb_lots_stale(f, place));
    if (f->kind[node] != RB_KIND_POSITION) return RB_OK;
    const struct rb_hash *refs = rb_fact_refs(rb_fold_fact(f, node), RB_REF_ANSWERS, &n);
    for (size_t i = 0; i < n; i++) {
        const uint32_t subject = rb_fold_find(f, &refs[i]);
        if (subject == RB_NOWHERE) continue;
        RB_TRY(rb_live_stale(f, f->place[subject], rb_fold_author(f, node)));
    }
    return RB_OK;
}

/* ---- leaves that came -------------------------------------------------------------------------
 */

static enum rb_err take_leaf(struct rb_fold *f, uint32_t feed) {
    const uint32_t node = f->n;
    const struct rb_fact *fact = &f->b->feeds[feed]->facts[f->part[feed].n];
    const bool good = fact->mark == RB_MARK_NONE;
    const bool keys = fact->kind == RB_KIND_REVOCATION || fact->kind == RB_KIND_AMENDMENT;
    if (f->n == f->room || (good && keys) || !rb_index_alone(f->b, &fact->id)) {
        f->whole = true;
        return RB_OK;
    }
    RB_TRY(rb_fold_node_add(f, feed));
    f->body_bits[node] = 0;
    f->edge_n[node] = 0;
    f->disowned[node] = rb_disowned(f, node);
    return RB_OK;
}

static enum rb_err take_leaves(struct rb_fold *f) {
    for (uint32_t i = 0; i < f->b->feeds_n; i++)
        while (f->part[i].n < f->b->feeds[i]->facts_n && !f->whole)
            RB_TRY(take_leaf(f, i));
    return RB_OK;
}

static void lower(uint32_t *from, uint32_t place) {
    if (place < *from) *from = place;
}

/* What stands behind another leaf that came comes after it. */
static enum rb_err place_leaves(struct rb_fold *f, uint32_t placed, uint32_t *from) {
    for (uint32_t v = placed; v < f->n; v++) {
        bool counts;
        RB_TRY(rb_order_edges(f, v, &counts));
        const struct rb_place at = f->at[v];
        const bool first = at.leaf == 0 || f->node_of[at.feed][at.leaf - 1] < placed;
        if (first) lower(from, rb_order_first(f, v));
    }
    return RB_OK;
}

/* ---- what waited for leaves -------------------------------------------------------------------
 */

static enum rb_err waited(struct rb_fold *f, const struct rb_wait *w, uint32_t *from) {
    bool counts;
    switch ((enum rb_wait_kind)w->kind) {
    case RB_WAIT_SEEN:
        RB_TRY(rb_order_edges(f, w->node, &counts));
        if (counts) lower(from, f->place[w->node]);
        return RB_OK;
    case RB_WAIT_COSIG:
        return rb_held_cosig(f, w->node, w->index);
    case RB_WAIT_BODIES:
        return rb_bodies_entry(f, w->node, w->index);
    }
    return RB_ERR_INTERNAL;
}

/* Whose wait is not over for good waits on, behind. */
static enum rb_err waits_over(struct rb_fold *f, bool seen, uint32_t *from) {
    const size_t n = f->waits_n;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const struct rb_wait w = f->waits[i];
        const bool over = w.size <= f->b->feeds[w.feed]->facts_n;
        if (!over || (w.kind == RB_WAIT_SEEN) != seen) {
            f->waits[kept++] = w;
            continue;
        }
        RB_TRY(waited(f, &w, from));
    }
    if (f->waits_n == 0) return RB_OK;
    memmove(f->waits + kept, f->waits + n, (f->waits_n - n) * sizeof *f->waits);
    f->waits_n -= n - kept;
    return RB_OK;
}

/* ---- from where on ----------------------------------------------------------------------------
 */

/* A leaf that stands in its feed again has one body with the first. */
static void bodies_changed(struct rb_live *l, uint32_t *from) {
    const struct rb_fold *f = l->fold;
    const struct rb_book_index *x = f->b->index;
    for (; l->bodies_n < x->bodies_n; l->bodies_n++) {
        const struct rb_index_slot *s = &x->bodies[l->bodies_n % RB_BODIES_KEPT];
        const uint32_t node = rb_fold_find(f, &s->feed->facts[s->leaf].id);
        if (node != RB_NOWHERE && f->place[node] != RB_NOWHERE) lower(from, f->place[node]);
    }
}

/* records that named what was not held, and is now */
static void found_now(struct rb_fold *f, uint32_t placed, uint32_t *from) {
    const size_t came = f->n - placed;
    if (f->ahead_n > 0 && came > (4u << 20) / f->ahead_n) f->whole = true;
    for (uint32_t v = placed; v < f->n && !f->whole; v++) {
        uint64_t first;
        memcpy(&first, rb_fold_fact(f, v)->id.b, sizeof first);
        first |= 1;
        for (size_t i = 0; i < f->ahead_n; i++)
            if (f->ahead[i].missing == first) lower(from, f->place[f->ahead[i].node]);
    }
}

/* And records that name what stands from there on: their lists say at which place. */
static void named_ahead(const struct rb_fold *f, uint32_t *from) {
    for (;;) {
        size_t lo = 0, hi = f->ahead_n;
        while (lo < hi) {
            const size_t mid = lo + (hi - lo) / 2;
            if (f->ahead[mid].reach < *from)
                lo = mid + 1;
            else
                hi = mid;
        }
        if (lo == f->ahead_n || f->place[f->ahead[lo].node] >= *from) return;
        *from = f->place[f->ahead[lo].node];
    }
}

/* ---- an update --------------------------------------------------------------------------------
 */

static enum rb_err came(struct rb_live *l, uint32_t *from) {
    struct rb_fold *f = l->fold;
    const uint32_t placed = f->n;
    *from = placed;
    RB_TRY(take_leaves(f));
    if (f->whole) return RB_OK;
    RB_TRY(place_leaves(f, placed, from));
    RB_TRY(waits_over(f, true, from));
    bodies_changed(l, from);
    found_now(f, placed, from);
    named_ahead(f, from);
    if (*from < f->moved || placed - *from > placed / 2 + 256) f->whole = true;
    return RB_OK;
}

static enum rb_err walk_from(struct rb_fold *f, uint32_t placed, uint32_t from) {
    bool stuck;
    RB_TRY(rb_walk_undo(f, from));
    RB_TRY(rb_order_again(f, from, placed, &stuck));
    if (stuck) f->whole = true;
    for (uint32_t v = placed; v < f->n && !f->whole; v++) {
        if (f->kind[v] != RB_KIND_RECEIPT) continue;
        RB_TRY(rb_held_more(f, v));
        RB_TRY(rb_bodies_more(f, v));
    }
    if (!f->whole) RB_TRY(waits_over(f, false, &from));
    return f->whole ? RB_OK : rb_walk_again(f, from);
}

static enum rb_err hours_passed(struct rb_fold *f) {
    struct rb_wake h;
    while (rb_wake_next(f, &h)) {
        const uint32_t place = f->place[h.node];
        const bool marked = f->s->order[place].mark != RB_MARK_NONE;
        if (h.kind == RB_WAKE_DUES) RB_TRY(rb_dues_again(f, place));
        if (h.kind == RB_WAKE_LOTS) RB_TRY(rb_lots_stale(f, place));
        if (h.kind == RB_WAKE_TEST && !marked) RB_TRY(rb_test_note(f, place));
    }
    return RB_OK;
}

static enum rb_err settle_again(struct rb_fold *f, size_t dues, size_t tests) {
    rb_members_settle(f);
    RB_TRY(rb_due_settle(f, dues));
    for (size_t i = 0; i < f->stale_n; i++)
        RB_TRY(rb_due_again(f, f->stale[i].subject, f->stale[i].member));
    f->stale_n = 0;
    RB_TRY(hours_passed(f));
    for (size_t i = tests; i < f->tests_n; i++)
        RB_TRY(rb_test_note(f, f->tests[i]));
    rb_tests_count(f);
    return rb_lots_settle(f);
}

/* lists are cut in rb_walk_undo, and what stands behind is new */
static enum rb_err go_on(struct rb_live *l, int64_t now_utc_ms) {
    struct rb_fold *f = l->fold;
    const uint32_t placed = f->n;
    uint32_t from;
    f->again = true;
    f->s->now_utc_ms = now_utc_ms;
    RB_TRY(came(l, &from));
    f->from = from;
    if (f->whole) return RB_OK;
    size_t dues = f->s->dues_n, tests = f->tests_n;
    if (from < f->n) {
        while (dues > 0 && f->s->dues[dues - 1].subject >= from)
            dues--;
        while (tests > 0 && f->tests[tests - 1] >= from)
            tests--;
        RB_TRY(walk_from(f, placed, from));
    }
    return f->whole ? RB_OK : settle_again(f, dues, tests);
}

enum rb_err rb_live_update(struct rb_live *l, struct rb_book *b, int64_t now_utc_ms,
                           const struct rb_situation **out) {
    bool kept = is_kept(l, b, now_utc_ms);
    if (kept) {
        const enum rb_err err = go_on(l, now_utc_ms);
        kept = err == RB_OK && !l->fold->whole;
        l->steps += kept;
    }
    if (!kept) RB_TRY(fold_whole(l, b, now_utc_ms));
    *out = &l->s;
    return RB_OK;
}
