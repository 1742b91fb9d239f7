/* Words for tests of the rules over fixture_book: say, answer, move, look. */
#ifndef READBACK_TEST_RULES_WORDS_H
#define READBACK_TEST_RULES_WORDS_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "fixture_book.h"

static inline int setup(void **state) {
    *state = fx_new(3);
    return 0;
}
static inline int teardown(void **state) {
    fx_free(*state);
    return 0;
}

static inline struct rb_situation *now(struct fx *w) {
    return fx_fold(w, fx_book(w), w->clock_ms + 10000);
}
static inline struct rb_situation *at(struct fx *w, int64_t now_utc_ms) {
    return fx_fold(w, fx_book(w), now_utc_ms);
}
static inline struct rb_hash say(struct fx *w, uint16_t member, enum rb_kind kind) {
    struct rb_record r = fx_record(w, kind);
    return fx_say(w, member, &r);
}
static inline struct rb_hash answer(struct fx *w, uint16_t member, const struct rb_hash *subject,
                                    enum rb_position_type t) {
    struct rb_record r = fx_position(w, subject, t);
    return fx_say(w, member, &r);
}
static inline void in_force(struct fx *w) {
    fx_found(w);
    fx_accept_all(w);
}
static inline struct rb_hash move(struct fx *w, uint16_t member, enum rb_membership_action a) {
    struct rb_record r = fx_membership(w, a);
    return fx_say(w, member, &r);
}
/* a record that says its author has seen all there is of another feed */
static inline struct rb_hash say_seeing(struct fx *w, uint16_t member, uint16_t seen) {
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    fx_see(w, &r, seen, 0, fx_feed_of(w, seen, 0)->n);
    return fx_say(w, member, &r);
}
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#endif
