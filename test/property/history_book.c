/* Books of a history: in any order of arrival, with bodies opened and closed; built again from
 * stored verdicts; and the bytes of what they fold to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "history.h"

/* takes the chosen digests for good; claims about leaves that never came stay unchecked */
void hist_force_fact(const struct fx *w, struct rb_book *b, const struct hist_forced *x,
                     struct rb_fact *fact) {
    if (fact->mark != RB_MARK_NONE || fact->seen_verdict == 1) return;
    for (size_t k = 0; k < fact->seen_n; k++) {
        const struct rb_feed *g = x->seen[k] == NULL ? NULL : fx_book_feed(w, b, x->seen[k]);
        if (g == NULL || fact->seen[k].size > g->facts_n) return;
    }
    fact->seen_branch = rb_region_alloc(b->region, fact->seen_n);
    assert_non_null(fact->seen_branch);
    for (size_t k = 0; k < fact->seen_n; k++)
        fact->seen_branch[k] = fx_book_feed(w, b, x->seen[k])->branch;
    fact->seen_verdict = 1;
}

bool hist_shares(const struct fx_feed *a, const struct fx_feed *b, size_t leaves) {
    struct rb_hash ra, rb;
    if (!hist_one_feed(a, b) || a->n < leaves || b->n < leaves) return false;
    rb_tree_root(&a->tree, leaves, &ra);
    rb_tree_root(&b->tree, leaves, &rb);
    return rb_hash_eq(&ra, &rb);
}

/* in every history that has the leaf at its place */
void hist_force(const struct fx *w, struct rb_book *b) {
    for (size_t i = 0; i < hist.forced_n; i++)
        for (size_t k = 0; k < w->feeds_n; k++) {
            if (!hist_shares(w->feed[k], hist.forced[i].feed, hist.forced[i].leaf + 1)) continue;
            struct rb_feed *f = fx_book_feed(w, b, w->feed[k]);
            hist_force_fact(w, b, &hist.forced[i], &f->facts[hist.forced[i].leaf]);
        }
}

struct rb_slice hist_bytes_of(struct fx *w, struct rb_book *b, int64_t now) {
    hist_force(w, b);
    if (hist.frozen_alone != NULL)
        rb_book_feed(b, hist.frozen_alone->member, hist.frozen_alone->epoch)->frozen = true;
    rb_arena_reset(&w->folds);
    const struct rb_situation *s = fx_fold(w, b, now);
    hist_show_lots(w, s);
    return fx_encode(w, s);
}

/* which closed bodies can be read here in the end */
static bool readable[FX_FEEDS][FX_LEAVES];

void hist_choose_readable(const struct fx *w) {
    for (size_t i = 0; i < w->feeds_n; i++)
        for (size_t k = 0; k < w->feed[i]->n; k++)
            readable[i][k] =
                w->feed[i]->head[k].n > 0 &&
                (w->feed[i]->id[k].b[9] ^ hist.readable_salt) % 3 != 0; /* one record, one body */
}

/* a body comes, perhaps one that is purged later, or goes */
void hist_random_body(struct fx *w, struct rb_book *b) {
    size_t i = below(w->feeds_n);
    const struct fx_feed *f = w->feed[i];
    struct rb_feed *bf = fx_book_feed(w, b, f);
    if (bf == NULL || bf->facts_n == 0) return;
    size_t k = below(bf->facts_n);
    if (f->head[k].n == 0) return;
    if (one_in(3))
        rb_book_close_body(b, bf, k);
    else
        fx_unseal(w, b, f, k);
}

void hist_settle_bodies(struct fx *w, struct rb_book *b) {
    for (size_t i = w->feeds_n; i-- > 0;) {
        const struct fx_feed *f = w->feed[i];
        for (size_t k = 0; k < f->n; k++) {
            if (f->head[k].n == 0) continue;
            if (readable[i][k])
                fx_unseal(w, b, f, k);
            else
                rb_book_close_body(b, fx_book_feed(w, b, f), k);
        }
    }
}

/* leaves arrive in any order that keeps each feed's own; folds in between must leave no trace */
struct rb_book *hist_shuffled(struct fx *w) {
    struct rb_book *b = fx_book_empty(w);
    for (size_t left = w->feeds_n; left > 0;) {
        const struct fx_feed *f = hist_any_feed(w);
        if (!fx_book_next(w, b, f, -1)) {
            left = 0;
            for (size_t i = 0; i < w->feeds_n; i++) {
                struct rb_feed *bf = fx_book_feed(w, b, w->feed[i]);
                left += bf == NULL || bf->facts_n < w->feed[i]->n;
            }
        }
        if (one_in(2)) hist_random_body(w, b);
        if (one_in(24)) {
            rb_arena_reset(&w->folds);
            (void)fx_fold(w, b, w->clock_ms + (int64_t)below(100000) - 50000);
        }
    }
    hist_settle_bodies(w, b);
    return b;
}

/* verdicts are stored, what bodies said is not: they are opened again, by and by */
struct rb_book *hist_restarted(struct fx *w, const struct rb_book *from) {
    struct rb_book *b = fx_book_empty(w);
    for (size_t i = w->feeds_n; i-- > 0;) {
        const struct fx_feed *f = w->feed[i];
        const struct rb_feed *old = fx_book_feed(w, from, f);
        for (size_t k = 0; k < f->n; k++)
            assert_true(fx_book_next(w, b, f, old->facts[k].mark));
    }
    for (size_t i = 0; i < w->feeds_n; i++)
        hist_random_body(w, b);
    hist_settle_bodies(w, b);
    return b;
}
