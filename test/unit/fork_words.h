/* Words for tests of forked feeds: histories, books that hold one or another of them as the feed.
 */
#ifndef READBACK_TEST_FORK_WORDS_H
#define READBACK_TEST_FORK_WORDS_H
#include "rules_words.h"

/* a book for which these histories are the feeds (branch 0); the others come after */
static inline struct rb_book *book_of(struct fx *w, struct fx_feed *const *first, size_t n) {
    struct rb_book *b = fx_book_empty(w);
    for (size_t i = 0; i < n; i++)
        while (fx_book_next(w, b, first[i], -1))
            continue;
    for (size_t i = 0; i < w->feeds_n; i++)
        while (fx_book_next(w, b, w->feed[i], -1))
            continue;
    return b;
}

/* all books, each with another of these histories as the feed, say the same; the first is returned
 */
static inline struct rb_situation *alike(struct fx *w, struct fx_feed *const *histories, size_t n) {
    struct rb_situation *s = fx_fold(w, book_of(w, histories, 1), w->clock_ms + 10000);
    struct rb_slice want = fx_encode(w, s);
    assert_int_equal(rb_cbor_check(want, NULL), RB_OK);
    for (size_t i = 1; i < n; i++) {
        struct rb_book *b = book_of(w, histories + i, 1);
        assert_ptr_equal(fx_book_feed(w, b, histories[i]),
                         rb_book_feed(b, histories[i]->member, histories[i]->epoch));
        assert_true(rb_slice_eq(want, fx_encode(w, fx_fold(w, b, w->clock_ms + 10000))));
    }
    return s;
}

/* member 1's feed, and another history of it from now on; the older one is spoken in */
static inline void fork_now(struct fx *w, struct fx_feed *h[2]) {
    h[0] = fx_feed_of(w, 1, 0);
    h[1] = fx_fork(w, h[0], h[0]->n);
    fx_turn(w, h[0]);
}

static inline struct rb_hash say_on(struct fx *w, struct fx_feed *h, struct rb_record r) {
    fx_turn(w, h);
    return fx_say(w, h->member, &r);
}

static inline const struct rb_sit_record *record(const struct rb_situation *s,
                                                 const struct rb_hash *id) {
    return &s->order[fx_place(s, id)];
}

/* says, of the history that is spoken in, that all of it was seen */
static inline struct rb_hash seeing(struct fx *w, uint16_t who, struct fx_feed *h) {
    fx_turn(w, h);
    return say_seeing(w, who, h->member);
}

#endif
