/* The order of a channel's records (design §5), clauses 5.5.x.
 *
 * A record comes after all that its running vector says its author had seen, and after what stands
 * before it in its feed; among records that are free, the smallest (member, epoch, leaf) is next.
 * So the order is a merge of the feeds: each feed has one head, and a head waits until the feeds it
 * has seen are far enough. Only authors who claim to have seen each other's future make the merge
 * stick; then strongly connected records are found once, and lose what they demand of one another.
 *
 * A strongly connected set is one run of neighbouring leaves in each feed it touches (between two
 * of its leaves every leaf is reached and reaches), so "all of feed G below size s" minus the set
 * is "all of G below the run". That is all that dropping edges takes.
 *
 * A branch of a forked feed has its own head, which starts behind the leaves that it shares with
 * its stem and waits for them (5.13); what was said of such a leaf is said of the stem's. */
#include <assert.h>
#include "internal.h"

struct order {
    struct rb_fold *f;
    uint32_t feeds_n;
    uint32_t *vector; /* [feeds_n * feeds_n] running vector of each feed's head; after a cycle */
    uint32_t *head;   /* [feeds_n] next leaf of each feed */
    uint32_t *waits_size; /* [feeds_n] how far the feed that a head waits for must be */
    uint32_t *first_waiter, *next_waiter; /* [feeds_n] lists by the feed waited for */
    uint64_t *ready;                      /* bit set of feeds whose head is free */
    uint32_t *scc;                        /* [n] after a cycle was met, else NULL */
    uint32_t *run;                        /* [n] first leaf of the node's run in its feed */
};

/* ---- edges ------------------------------------------------------------------------------------
 */

static uint32_t node_of(const struct order *o, uint32_t feed, uint32_t leaf) {
    return rb_fold_node(o->f, feed, leaf);
}

/* leaf 0 of a branch that shares some, as far as the order goes */
static uint32_t first_leaf(const struct order *o, uint32_t feed) {
    return o->f->s->shared[feed];
}

static uint32_t facts_of(const struct order *o, uint32_t feed) {
    return (uint32_t)o->f->b->feeds[feed]->facts_n;
}

/* NULL: none, and there may be no list yet */
static const struct rb_edge *edges_of(const struct rb_fold *f, uint32_t node, uint32_t *n) {
    *n = f->edge_n[node];
    return *n == 0 ? NULL : &f->edges[f->edge_at[node]];
}

/* What a record says of its own feed, on whatever branch, is not news; nor, where the vector is
 * given, what does not raise it. */
static enum rb_err raise(struct rb_fold *f, uint32_t node, uint32_t *vector) {
    const struct rb_book *b = f->b;
    const struct rb_fact *fact = rb_fold_fact(f, node);
    const struct rb_feed *own = b->feeds[rb_fold_feed(f, node)];
    f->edge_at[node] = (uint32_t)f->edges_n;
    for (size_t i = 0; i < fact->seen_n; i++) {
        const struct rb_seen_entry *e = &fact->seen[i];
        if ((e->member == own->member && e->epoch == own->epoch) || e->size == 0) continue;
        size_t feed = rb_fold_feed_index(f, e->member, e->epoch);
        if (fact->seen_branch != NULL) feed += fact->seen_branch[i];
        assert(feed < b->feeds_n && e->size <= b->feeds[feed]->facts_n);
        uint32_t size = (uint32_t)e->size, stem = rb_stem_at(f->s, (uint32_t)feed, size - 1);
        if (vector != NULL && size <= vector[stem]) continue;
        if (vector != NULL) vector[stem] = size;
        RB_TRY(RB_FOLD_MORE(f, f->edges, f->edges_n, f->edges_cap));
        f->edges[f->edges_n++] = (struct rb_edge){stem, size};
        f->edge_n[node]++;
    }
    return f->edges_n < RB_NOWHERE ? RB_OK : RB_ERR_LIMIT;
}

enum rb_err rb_wait_push(struct rb_fold *f, const struct rb_wait *w) {
    if (!f->kept) return RB_OK;
    RB_TRY(RB_FOLD_MORE(f, f->waits, f->waits_n, f->waits_cap));
    f->waits[f->waits_n++] = *w;
    return RB_OK;
}

/* the first entry that is not held here; a feed that is not there at all is waited for otherwise */
static enum rb_err wait_for_more(struct rb_fold *f, uint32_t node, const struct rb_fact *fact) {
    for (size_t i = 0; i < fact->seen_n; i++) {
        const struct rb_seen_entry *e = &fact->seen[i];
        size_t feed = rb_book_feed_index(f->b, e->member, e->epoch);
        if (feed == f->b->feeds_n) return RB_OK;
        if (e->size <= f->b->feeds[feed]->facts_n) continue;
        const struct rb_wait w = {(uint32_t)feed, node, e->size, 0, RB_WAIT_SEEN};
        return rb_wait_push(f, &w);
    }
    return RB_OK;
}

static enum rb_err edges_make(struct rb_fold *f, uint32_t node, uint32_t *vector, bool *counts) {
    struct rb_feed *feed = f->b->feeds[rb_fold_feed(f, node)];
    struct rb_fact *fact = &feed->facts[rb_fold_leaf(f, node)];
    *counts = false;
    if (f->kind[node] == 0 || fact->seen_n == 0) return RB_OK;
    RB_TRY(rb_seen_checks(f->b, fact, f->a, counts));
    return *counts ? raise(f, node, vector) : wait_for_more(f, node, fact);
}

/* Edges that raise nothing say nothing new, and do no harm. */
enum rb_err rb_order_edges(struct rb_fold *f, uint32_t node, bool *counts) {
    return edges_make(f, node, NULL, counts);
}

/* a branch's running vector where it parts from its stem: what was raised on the way there */
static void replay(const struct order *o, uint32_t feed, uint32_t *vector) {
    uint32_t n;
    memset(vector, 0, o->feeds_n * sizeof *vector);
    for (uint32_t leaf = 0; leaf < first_leaf(o, feed); leaf++) {
        const struct rb_edge *e = edges_of(o->f, node_of(o, feed, leaf), &n);
        for (uint32_t i = 0; i < n; i++)
            vector[e[i].feed] = e[i].size;
    }
}

static enum rb_err collect_edges(struct order *o) {
    struct rb_fold *f = o->f;
    f->edge_at = rb_arena_array(f->a, f->room, sizeof *f->edge_at);
    f->edge_n = rb_arena_array(f->a, f->room, sizeof *f->edge_n);
    uint32_t *vector = rb_arena_array(f->a, o->feeds_n, sizeof *vector);
    if (f->edge_at == NULL || f->edge_n == NULL || vector == NULL) return RB_ERR_LIMIT;
    for (uint32_t i = 0; i < o->feeds_n; i++) {
        bool counts;
        replay(o, i, vector);
        for (uint32_t k = first_leaf(o, i); k < facts_of(o, i); k++)
            RB_TRY(edges_make(f, node_of(o, i, k), vector, &counts));
    }
    return RB_OK;
}

/* ---- strongly connected records: Tarjan, with a stack of its own ------------------------------
 */

struct tarjan {
    struct order *o;
    uint32_t *index, *low; /* index 0 = not visited */
    uint32_t *at;          /* next predecessor to look at: 0 the leaf before, then the edges */
    uint32_t *call, *stack;
    size_t call_n, stack_n;
    bool *on_stack;
    uint32_t next_index, sccs;
};

/* the k-th predecessor, RB_NOWHERE at the end; the node itself where there is no leaf before */
static uint32_t predecessor(const struct order *o, uint32_t node, uint32_t k) {
    uint32_t n, leaf = rb_fold_leaf(o->f, node);
    if (k == 0) return leaf > 0 ? node_of(o, rb_fold_feed(o->f, node), leaf - 1) : node;
    const struct rb_edge *e = edges_of(o->f, node, &n);
    return k > n ? RB_NOWHERE : node_of(o, e[k - 1].feed, e[k - 1].size - 1);
}

static void enter(struct tarjan *t, uint32_t node) {
    t->index[node] = t->low[node] = ++t->next_index;
    t->stack[t->stack_n++] = node;
    t->on_stack[node] = true;
    t->call[t->call_n++] = node;
}

static void leave(struct tarjan *t, uint32_t node) {
    t->call_n--;
    if (t->call_n > 0) {
        uint32_t up = t->call[t->call_n - 1];
        if (t->low[node] < t->low[up]) t->low[up] = t->low[node];
    }
    if (t->low[node] != t->index[node]) return;
    uint32_t v;
    do {
        v = t->stack[--t->stack_n];
        t->on_stack[v] = false;
        t->o->scc[v] = t->sccs;
    } while (v != node);
    t->sccs++;
}

static void visit(struct tarjan *t, uint32_t root) {
    enter(t, root);
    while (t->call_n > 0) {
        uint32_t node = t->call[t->call_n - 1];
        uint32_t p = predecessor(t->o, node, t->at[node]++);
        if (p == RB_NOWHERE)
            leave(t, node);
        else if (p == node)
            continue;
        else if (t->index[p] == 0)
            enter(t, p);
        else if (t->on_stack[p] && t->index[p] < t->low[node])
            t->low[node] = t->index[p];
    }
}

static enum rb_err find_cycles(struct order *o) {
    struct tarjan t = {.o = o};
    size_t n = o->f->n;
    struct rb_arena *a = o->f->a;
    o->scc = rb_arena_array(a, n, sizeof *o->scc);
    o->run = rb_arena_array(a, n, sizeof *o->run);
    t.index = rb_arena_array(a, n, sizeof *t.index);
    t.low = rb_arena_array(a, n, sizeof *t.low);
    t.at = rb_arena_array(a, n, sizeof *t.at);
    t.call = rb_arena_array(a, n, sizeof *t.call);
    t.stack = rb_arena_array(a, n, sizeof *t.stack);
    t.on_stack = rb_arena_array(a, n, sizeof *t.on_stack);
    if (o->scc == NULL || o->run == NULL || t.index == NULL || t.low == NULL || t.at == NULL ||
        t.call == NULL || t.stack == NULL || t.on_stack == NULL)
        return RB_ERR_LIMIT;
    for (uint32_t v = 0; v < o->f->n; v++)
        if (t.index[v] == 0) visit(&t, v);
    for (uint32_t v = 0; v < o->f->n; v++) {
        uint32_t feed = rb_fold_feed(o->f, v), leaf = rb_fold_leaf(o->f, v);
        bool on = leaf > first_leaf(o, feed) && o->scc[v] == o->scc[v - 1];
        o->run[v] = on ? o->run[v - 1] : leaf;
    }
    return RB_OK;
}

/* ---- the merge --------------------------------------------------------------------------------
 */

/* How far which feed must be before `node`: below the run, and where that begins with a branch,
 * below what is left of the set in its stem. */
static struct rb_edge demanded(const struct order *o, uint32_t node, struct rb_edge edge) {
    while (o->scc != NULL && edge.size > o->head[edge.feed]) {
        uint32_t last = node_of(o, edge.feed, edge.size - 1);
        if (o->scc[last] != o->scc[node]) break;
        edge.size = o->run[last];
        if (edge.size > first_leaf(o, edge.feed) || edge.size == 0) break;
        edge.feed = o->f->s->stem[edge.feed];
    }
    return edge;
}

static bool is_far_enough(struct order *o, uint32_t feed, struct rb_edge edge) {
    if (o->head[edge.feed] >= edge.size) return true;
    o->waits_size[feed] = edge.size;
    o->next_waiter[feed] = o->first_waiter[edge.feed];
    o->first_waiter[edge.feed] = feed;
    return false;
}

static bool demand_met(struct order *o, uint32_t feed, uint32_t node, struct rb_edge edge) {
    return is_far_enough(o, feed, demanded(o, node, edge));
}

/* the order of its own feed is never lost */
static bool stem_met(struct order *o, uint32_t feed) {
    uint32_t from = first_leaf(o, feed);
    if (from == 0 || o->head[feed] > from) return true;
    return is_far_enough(o, feed, (struct rb_edge){o->f->s->stem[feed], from});
}

/* Behind a run the whole vector counts again: what the run's leaves lost among them still binds
 * the leaf after it. */
static bool vector_met(struct order *o, uint32_t feed, uint32_t node) {
    uint32_t n, *vector = o->vector + (size_t)feed * o->feeds_n;
    const struct rb_edge *e = edges_of(o->f, node, &n);
    for (uint32_t i = 0; i < n; i++)
        vector[e[i].feed] = e[i].size;
    if (!stem_met(o, feed)) return false;
    for (uint32_t g = 0; g < o->feeds_n; g++)
        if (!demand_met(o, feed, node, (struct rb_edge){g, vector[g]})) return false;
    return true;
}

static bool is_free(struct order *o, uint32_t feed) {
    uint32_t n, node = node_of(o, feed, o->head[feed]);
    if (o->scc != NULL) return vector_met(o, feed, node);
    if (!stem_met(o, feed)) return false;
    const struct rb_edge *e = edges_of(o->f, node, &n);
    for (uint32_t i = 0; i < n; i++)
        if (!is_far_enough(o, feed, e[i])) return false;
    return true;
}

static void try_head(struct order *o, uint32_t feed) {
    if (o->head[feed] == facts_of(o, feed)) return;
    if (is_free(o, feed)) o->ready[feed / 64] |= 1ull << feed % 64;
}

/* feeds that waited for this one and now have what they waited for look at their head again */
static void wake_waiters(struct order *o, uint32_t feed) {
    uint32_t w = o->first_waiter[feed];
    o->first_waiter[feed] = RB_NOWHERE;
    while (w != RB_NOWHERE) {
        uint32_t next = o->next_waiter[w];
        if (o->head[feed] >= o->waits_size[w]) {
            try_head(o, w);
        } else {
            o->next_waiter[w] = o->first_waiter[feed];
            o->first_waiter[feed] = w;
        }
        w = next;
    }
}

/* of two heads of one feed: by leaf, leaf hash, root */
static bool smaller(const struct order *o, uint32_t a, uint32_t b) {
    const struct rb_feed *fa = o->f->b->feeds[a], *fb = o->f->b->feeds[b];
    uint32_t leaf = o->head[a];
    if (leaf != o->head[b]) return leaf < o->head[b];
    int c = memcmp(fa->facts[leaf].id.b, fb->facts[leaf].id.b, RB_HASH_LEN);
    return c != 0 ? c < 0 : rb_root_cmp(fa, fb, leaf + 1ull) < 0;
}

static bool is_ready(const struct order *o, uint32_t feed) {
    return o->ready[feed / 64] >> feed % 64 & 1;
}

static uint32_t next_ready(const struct order *o) {
    const struct rb_book *b = o->f->b;
    uint32_t i = 0;
    while (i < (o->feeds_n + 63) / 64 && o->ready[i] == 0)
        i++;
    if (i == (o->feeds_n + 63) / 64) return RB_NOWHERE;
    uint32_t best = i * 64 + (uint32_t)__builtin_ctzll(o->ready[i]);
    for (uint32_t k = best + 1; k < o->feeds_n && b->feeds[k]->branch > 0; k++)
        if (is_ready(o, k) && smaller(o, k, best)) best = k;
    return best;
}

/* from the heads on; places as many as it can; false: it stuck */
static bool merge(struct order *o, uint32_t from) {
    struct rb_fold *f = o->f;
    memset(o->ready, 0, (o->feeds_n + 63) / 64 * sizeof *o->ready);
    for (uint32_t i = 0; i < o->feeds_n; i++)
        o->first_waiter[i] = RB_NOWHERE;
    for (uint32_t i = 0; i < o->feeds_n; i++)
        try_head(o, i);
    for (uint32_t place = from; place < f->n; place++) {
        uint32_t feed = next_ready(o);
        if (feed == RB_NOWHERE) return false;
        o->ready[feed / 64] &= ~(1ull << feed % 64);
        uint32_t leaf = o->head[feed]++, node = node_of(o, feed, leaf);
        f->sorted[place] = node;
        f->place[node] = f->s->order_of[feed][leaf] = place;
        try_head(o, feed);
        wake_waiters(o, feed);
    }
    return true;
}

static bool merge_all(struct order *o) {
    for (uint32_t i = 0; i < o->feeds_n; i++) {
        if (o->vector != NULL) replay(o, i, o->vector + (size_t)i * o->feeds_n);
        o->head[i] = first_leaf(o, i);
    }
    return merge(o, 0);
}

static enum rb_err tables(struct order *o) {
    struct rb_arena *a = o->f->a;
    size_t n = o->feeds_n;
    o->head = rb_arena_array(a, n, sizeof *o->head);
    o->waits_size = rb_arena_array(a, n, sizeof *o->waits_size);
    o->first_waiter = rb_arena_array(a, n, sizeof *o->first_waiter);
    o->next_waiter = rb_arena_array(a, n, sizeof *o->next_waiter);
    o->ready = rb_arena_array(a, (n + 63) / 64, sizeof *o->ready);
    if (o->head == NULL || o->waits_size == NULL || o->first_waiter == NULL ||
        o->next_waiter == NULL || o->ready == NULL)
        return RB_ERR_LIMIT;
    return RB_OK;
}

/* the smallest may be one that stuck, so all is placed anew */
static enum rb_err merge_circles(struct order *o) {
    o->f->circles = true;
    o->vector = rb_arena_array(o->f->a, (size_t)o->feeds_n * o->feeds_n, sizeof *o->vector);
    if (o->vector == NULL) return RB_ERR_LIMIT;
    RB_TRY(find_cycles(o));
    bool placed = merge_all(o);
    assert(placed); /* without edges within runs there is no cycle */
    (void)placed;
    return RB_OK;
}

enum rb_err rb_order_make(struct rb_fold *f) {
    struct order o = {.f = f, .feeds_n = (uint32_t)f->b->feeds_n};
    size_t mark = rb_arena_mark(f->a);
    RB_TRY(collect_edges(&o));
    if (f->kept) mark = rb_arena_mark(f->a);
    RB_TRY(tables(&o));
    if (!merge_all(&o)) RB_TRY(merge_circles(&o));
    rb_arena_release(f->a, mark);
    return RB_OK;
}

/* ---- more of it -------------------------------------------------------------------------------
 */

/* What is not in the order yet comes after all that a feed in front of it comes after. */
uint32_t rb_order_first(const struct rb_fold *f, uint32_t node) {
    const struct rb_place at = f->at[node];
    uint32_t first = at.leaf == 0 ? 0 : f->place[f->node_of[at.feed][at.leaf - 1]] + 1;
    uint32_t n;
    const struct rb_edge *e = edges_of(f, node, &n);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t of = f->node_of[e[i].feed][e[i].size - 1];
        if (f->place[of] != RB_NOWHERE && f->place[of] >= first) first = f->place[of] + 1;
    }
    return first;
}

/* Below `from` nothing changes: what came, and what left its place, is free no sooner; of the
 * others the same heads are free, and the smallest is the same. */
enum rb_err rb_order_again(struct rb_fold *f, uint32_t from, uint32_t placed, bool *stuck) {
    struct order o = {.f = f, .feeds_n = (uint32_t)f->b->feeds_n};
    size_t mark = rb_arena_mark(f->a);
    RB_TRY(tables(&o));
    for (uint32_t i = 0; i < o.feeds_n; i++)
        o.head[i] = f->part[i].n;
    for (uint32_t v = placed; v < f->n; v++)
        o.head[f->at[v].feed]--;
    for (uint32_t k = from; k < placed; k++)
        o.head[f->at[f->sorted[k]].feed]--;
    *stuck = !merge(&o, from);
    rb_arena_release(f->a, mark);
    return RB_OK;
}
