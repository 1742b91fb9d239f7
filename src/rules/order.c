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
 * is "all of G below the run". That is all that dropping edges takes. */
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
    return o->f->base[feed] + leaf;
}

static void raise(struct order *o, uint32_t own, const struct rb_fact *fact, uint32_t *vector,
                  uint32_t *n) {
    const struct rb_book *b = o->f->b;
    for (size_t i = 0; i < fact->seen_n; i++) {
        size_t feed = rb_book_feed_index(b, fact->seen[i].member, fact->seen[i].epoch);
        assert(feed < b->feeds_n && fact->seen[i].size <= b->feeds[feed]->facts_n);
        uint32_t size = (uint32_t)fact->seen[i].size;
        if (feed == own || size <= vector[feed]) continue;
        vector[feed] = size;
        o->edges[(*n)++] = (struct rb_edge){(uint32_t)feed, size};
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
        memset(vector, 0, b->feeds_n * sizeof *vector);
        for (size_t k = 0; k < b->feeds[i]->facts_n; k++) {
            struct rb_fact *fact = &b->feeds[i]->facts[k];
            o->edge_at[node++] = n;
            if (rb_seen_checks(b, fact, o->f->a)) raise(o, i, fact, vector, &n);
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
    if (k == 0) return node > o->f->base[o->f->feed_of[node]] ? node - 1 : node;
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
        uint32_t feed = o->f->feed_of[v], leaf = v - o->f->base[feed];
        o->run[v] = leaf > 0 && o->scc[v] == o->scc[v - 1] ? o->run[v - 1] : leaf;
    }
    return RB_OK;
}

/* ---- the merge --------------------------------------------------------------------------------
 */

/* how far feed `edge->feed` must be before `node` */
static uint32_t demanded(const struct order *o, uint32_t node, struct rb_edge edge) {
    if (o->scc == NULL || edge.size <= o->head[edge.feed]) return edge.size;
    uint32_t last = node_of(o, edge.feed, edge.size - 1);
    return o->scc[last] == o->scc[node] ? o->run[last] : edge.size;
}

static bool demand_met(struct order *o, uint32_t feed, uint32_t node, struct rb_edge edge) {
    uint32_t size = demanded(o, node, edge);
    if (o->head[edge.feed] >= size) return true;
    o->waits_size[feed] = size;
    o->next_waiter[feed] = o->first_waiter[edge.feed];
    o->first_waiter[edge.feed] = feed;
    return false;
}

/* Behind a run the whole vector counts again: what the run's leaves lost among them still binds
 * the leaf after it. */
static bool is_free(struct order *o, uint32_t feed) {
    uint32_t node = node_of(o, feed, o->head[feed]);
    uint32_t *vector = o->vector + (size_t)feed * o->feeds_n;
    for (uint32_t e = o->edge_at[node]; e < o->edge_at[node + 1]; e++) {
        vector[o->edges[e].feed] = o->edges[e].size;
    }
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
    if (o->head[feed] == o->f->base[feed + 1] - o->f->base[feed]) return;
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

static uint32_t next_ready(const struct order *o) {
    for (uint32_t i = 0; i < (o->feeds_n + 63) / 64; i++)
        if (o->ready[i] != 0) return i * 64 + (uint32_t)__builtin_ctzll(o->ready[i]);
    return RB_NOWHERE;
}

/* places as many as it can; false: it stuck */
static bool merge(struct order *o) {
    struct rb_fold *f = o->f;
    memset(o->vector, 0, (size_t)o->feeds_n * o->feeds_n * sizeof *o->vector);
    for (uint32_t i = 0; i < o->feeds_n; i++) {
        o->head[i] = 0;
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
