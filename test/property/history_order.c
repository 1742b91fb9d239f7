/* The order by its definition, done the slow way (5.5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "history.h"

static struct {
    size_t n;
    struct def_node {
        const struct rb_feed *feed;
        size_t leaf;
        const struct rb_fact *fact;
        struct rb_hash root; /* of the leaves up to this one: tells apart what stands on branches */
    } node[HIST_NODES];
    size_t at[FX_FEEDS][FX_LEAVES]; /* [index in book->feeds][leaf] the node */
    bool edge[HIST_NODES][HIST_NODES], reach[HIST_NODES][HIST_NODES], done[HIST_NODES];
} def;

/* (member index, epoch, leaf index, leaf hash), and where these are the same the root */
static int def_cmp(const void *pa, const void *pb) {
    const struct def_node *a = pa, *b = pb;
    if (a->feed->member != b->feed->member) return a->feed->member < b->feed->member ? -1 : 1;
    if (a->feed->epoch != b->feed->epoch) return a->feed->epoch < b->feed->epoch ? -1 : 1;
    if (a->leaf != b->leaf) return a->leaf < b->leaf ? -1 : 1;
    int c = memcmp(a->fact->id.b, b->fact->id.b, RB_HASH_LEN);
    return c != 0 ? c : memcmp(a->root.b, b->root.b, RB_HASH_LEN);
}

/* each history once: what branches share is one node, whose fact is the lowest branch's */
static void def_nodes(const struct rb_book *b) {
    def.n = 0;
    for (size_t i = 0; i < b->feeds_n; i++)
        for (size_t k = 0; k < b->feeds[i]->facts_n; k++) {
            struct def_node n = {b->feeds[i], k, &b->feeds[i]->facts[k], {{0}}};
            bool shared = false;
            rb_tree_root(&n.feed->tree, k + 1, &n.root);
            for (size_t m = 0; m < def.n && !shared; m++)
                shared = def_cmp(&def.node[m], &n) == 0;
            assert_true(def.n < HIST_NODES);
            if (!shared) def.node[def.n++] = n;
        }
    qsort(def.node, def.n, sizeof *def.node, def_cmp);
    for (size_t i = 0; i < b->feeds_n; i++)
        for (size_t k = 0; k < b->feeds[i]->facts_n; k++) {
            struct def_node n = {b->feeds[i], k, &b->feeds[i]->facts[k], {{0}}};
            rb_tree_root(&n.feed->tree, k + 1, &n.root);
            const struct def_node *at = bsearch(&n, def.node, def.n, sizeof n, def_cmp);
            def.at[i][k] = (size_t)(at - def.node);
        }
}

static size_t def_feed(const struct rb_book *b, const struct rb_feed *f) {
    size_t i = 0;
    while (b->feeds[i] != f)
        i++;
    return i;
}

/* a record comes after what it says it has seen, and after all that its own history has in front */
static void def_seen(const struct rb_book *b, size_t node, const struct rb_fact *fact) {
    const struct rb_feed *own = def.node[node].feed;
    for (size_t e = 0; fact->seen_verdict == 1 && e < fact->seen_n; e++) {
        const struct rb_seen_entry *s = &fact->seen[e];
        if (s->member == own->member && s->epoch == own->epoch) continue;
        uint8_t branch = fact->seen_branch == NULL ? 0 : fact->seen_branch[e];
        size_t feed = def_feed(b, rb_book_branch(b, s->member, s->epoch, branch));
        for (size_t k = 0; k < s->size; k++)
            def.edge[def.at[feed][k]][node] = true;
    }
}

static void def_edges(struct rb_book *b) {
    def_nodes(b);
    for (size_t i = 0; i < def.n; i++)
        memset(def.edge[i], 0, def.n * sizeof(bool));
    for (size_t i = 0; i < def.n; i++) {
        size_t feed = def_feed(b, def.node[i].feed);
        for (size_t l = 0; l <= def.node[i].leaf; l++) {
            size_t at = def.at[feed][l];
            if (at != i) def.edge[at][i] = true;
            def_seen(b, i, def.node[at].fact);
        }
    }
}

static void def_reach(void) {
    for (size_t i = 0; i < def.n; i++)
        for (size_t k = 0; k < def.n; k++)
            def.reach[i][k] = def.edge[i][k];
    for (size_t m = 0; m < def.n; m++)
        for (size_t i = 0; i < def.n; i++)
            for (size_t k = 0; def.reach[i][m] && k < def.n; k++)
                if (def.reach[m][k]) def.reach[i][k] = true;
}

static bool def_binds(size_t before, size_t after) {
    if (!def.edge[before][after]) return false;
    const struct rb_feed *f = def.node[before].feed, *g = def.node[after].feed;
    if (f->member == g->member && f->epoch == g->epoch) return true;
    return !(def.reach[before][after] && def.reach[after][before]);
}

/* nodes are sorted: the first free one is the smallest */
void hist_check_order(struct rb_book *b, const struct rb_situation *s) {
    def_edges(b);
    def_reach();
    memset(def.done, 0, sizeof def.done);
    for (size_t place = 0; place < def.n; place++) {
        size_t next = def.n;
        for (size_t i = 0; i < def.n && next == def.n; i++) {
            bool is_free = !def.done[i];
            for (size_t k = 0; k < def.n && is_free; k++)
                is_free = def.done[k] || !def_binds(k, i);
            if (is_free) next = i;
        }
        assert_true(next < def.n);
        def.done[next] = true;
        assert_ptr_equal(rb_situation_fact(s, (uint32_t)place), def.node[next].fact);
    }
}

bool hist_has_circle(void) {
    for (size_t i = 0; i < def.n; i++)
        if (def.reach[i][i]) return true;
    return false;
}
