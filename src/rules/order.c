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
    uint32_t *edge_at; /* [n + 1] edges of a node: what its entries raise */
    struct rb_edge *edges;
    uint32_t *vector;     /* [feeds_n * feeds_n] running vector of each feed's head */
    uint32_t *head;       /* [feeds_n] next leaf of each feed */
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

/* what a record says of its own feed, on whatever branch, is not news */
static void raise(struct order *o, uint32_t own, const struct rb_fact *fact, uint32_t *vector,
                  uint32_t *n) {
    const struct rb_book *b = o->f->b;
    const struct rb_feed *f = b->feeds[own];
    for (size_t i = 0; i < fact->seen_n; i++) {
        const struct rb_seen_entry *e = &fact->seen[i];
        if ((e->member == f->member && e->epoch == f->epoch) || e->size == 0) continue;
        size_t feed = rb_book_feed_index(b, e->member, e->epoch);
        if (fact->seen_branch != NULL) feed += fact->seen_branch[i];
        assert(feed < b->feeds_n && e->size <= b->feeds[feed]->facts_n);
        uint32_t size = (uint32_t)e->size, stem = rb_stem_at(o->f->s, (uint32_t)feed, size - 1);
        if (size <= vector[stem]) continue;
        vector[stem] = size;
        o->edges[(*n)++] = (struct rb_edge){stem, size};
    }
}

/* a branch's running vector where it parts from its stem: what was raised on the way there */
static void replay(const struct order *o, uint32_t feed, uint32_t *vector) {
    memset(vector, 0, o->feeds_n * sizeof *vector);
    for (uint32_t leaf = 0; leaf < first_leaf(o, feed); leaf++) {
        uint32_t node = node_of(o, feed, leaf);
        for (uint32_t e = o->edge_at[node]; e < o->edge_at[node + 1]; e++)
            vector[o->edges[e].feed] = o->edges[e].size;
    }
}

static enum rb_err collect_edges(struct order *o) {
    struct rb_book *b = o->f->b;
    size_t most = 0;
    for (size_t i = 0; i < b->feeds_n; i++)
        for (size_t k = 0; k < b->feeds[i]->facts_n; k++)
            most += b->feeds[i]->facts[k].seen_n;
    o->edge_at = rb_arena_array(o->f->a, (size_t)o->f->n + 1, sizeof *o->edge_at);
    o->edges = rb_arena_array(o->f->a, most, sizeof *o->edges);
    uint32_t *vector = rb_arena_array(o->f->a, b->feeds_n, sizeof *vector);
    if (o->edge_at == NULL || o->edges == NULL || vector == NULL || most >= UINT32_MAX)
        return RB_ERR_LIMIT;
    uint32_t n = 0, node = 0;
    for (uint32_t i = 0; i < b->feeds_n; i++) {
        o->edge_at[node] = n; /* where those of the node before end */
        replay(o, i, vector);
        for (size_t k = first_leaf(o, i); k < b->feeds[i]->facts_n; k++) {
            struct rb_fact *fact = &b->feeds[i]->facts[k];
            o->edge_at[node++] = n;
            bool counts;
            RB_TRY(rb_seen_checks(b, fact, o->f->a, &counts));
            if (counts) raise(o, i, fact, vector, &n);
        }
    }
    o->edge_at[node] = n;
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
    uint32_t feed = o->f->feed_of[node];
    if (k == 0 && node > o->f->base[feed]) return node - 1;
    if (k == 0) return first_leaf(o, feed) > 0 ? node_of(o, feed, first_leaf(o, feed) - 1) : node;
    uint32_t e = o->edge_at[node] + k - 1;
    if (e >= o->edge_at[node + 1]) return RB_NOWHERE;
    return node_of(o, o->edges[e].feed, o->edges[e].size - 1);
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
        uint32_t feed = o->f->feed_of[v], leaf = rb_fold_leaf(o->f, v);
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
static bool is_free(struct order *o, uint32_t feed) {
    uint32_t node = node_of(o, feed, o->head[feed]);
    uint32_t *vector = o->vector + (size_t)feed * o->feeds_n;
    for (uint32_t e = o->edge_at[node]; e < o->edge_at[node + 1]; e++) {
        vector[o->edges[e].feed] = o->edges[e].size;
    }
    if (!stem_met(o, feed)) return false;
    if (o->scc == NULL) {
        for (uint32_t e = o->edge_at[node]; e < o->edge_at[node + 1]; e++)
            if (!demand_met(o, feed, node, o->edges[e])) return false;
        return true;
    }
    for (uint32_t g = 0; g < o->feeds_n; g++)
        if (!demand_met(o, feed, node, (struct rb_edge){g, vector[g]})) return false;
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

/* places as many as it can; false: it stuck */
static bool merge(struct order *o) {
    struct rb_fold *f = o->f;
    for (uint32_t i = 0; i < o->feeds_n; i++) {
        replay(o, i, o->vector + (size_t)i * o->feeds_n);
        o->head[i] = first_leaf(o, i);
        o->first_waiter[i] = RB_NOWHERE;
    }
    for (uint32_t i = 0; i < o->feeds_n; i++)
        try_head(o, i);
    for (uint32_t place = 0; place < f->n; place++) {
        uint32_t feed = next_ready(o);
        if (feed == RB_NOWHERE) return false;
        o->ready[feed / 64] &= ~(1ull << feed % 64);
        uint32_t node = node_of(o, feed, o->head[feed]++);
        f->sorted[place] = node;
        f->place[node] = place;
        try_head(o, feed);
        wake_waiters(o, feed);
    }
    return true;
}

static enum rb_err tables(struct order *o) {
    struct rb_arena *a = o->f->a;
    size_t n = o->feeds_n;
    o->vector = rb_arena_array(a, n * n, sizeof *o->vector);
    o->head = rb_arena_array(a, n, sizeof *o->head);
    o->waits_size = rb_arena_array(a, n, sizeof *o->waits_size);
    o->first_waiter = rb_arena_array(a, n, sizeof *o->first_waiter);
    o->next_waiter = rb_arena_array(a, n, sizeof *o->next_waiter);
    o->ready = rb_arena_array(a, (n + 63) / 64, sizeof *o->ready);
    if (o->vector == NULL || o->head == NULL || o->waits_size == NULL || o->first_waiter == NULL ||
        o->next_waiter == NULL || o->ready == NULL)
        return RB_ERR_LIMIT;
    return RB_OK;
}

enum rb_err rb_order_make(struct rb_fold *f) {
    struct order o = {.f = f, .feeds_n = (uint32_t)f->b->feeds_n};
    f->sorted = rb_arena_array(f->a, f->n, sizeof *f->sorted);
    f->place = rb_arena_array(f->a, f->n, sizeof *f->place);
    if (f->sorted == NULL || f->place == NULL) return RB_ERR_LIMIT;
    size_t mark = rb_arena_mark(f->a);
    RB_TRY(collect_edges(&o));
    RB_TRY(tables(&o));
    if (!merge(&o)) { /* the smallest may be one that stuck, so all is placed anew */
        RB_TRY(find_cycles(&o));
        bool placed = merge(&o);
        assert(placed); /* without edges within runs there is no cycle */
        (void)placed;
    }
    rb_arena_release(f->a, mark);
    return RB_OK;
}
