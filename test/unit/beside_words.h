/* Words for tests of lots: each record is said by one who has seen all there is, so that the order
 * is the order of saying. */
#ifndef READBACK_TEST_BESIDE_WORDS_H
#define READBACK_TEST_BESIDE_WORDS_H
#include "lot_bodies.h"
#include "rules_words.h"
#include "readback/lot.h"

/* said by one who has seen all there is */
static inline struct rb_hash lw_say(struct fx *w, uint16_t member, struct rb_record r) {
    for (uint16_t k = 0; k < (uint16_t)w->parties_n; k++)
        if (k != member) fx_see(w, &r, k, 0, fx_feed_of(w, k, 0)->n);
    return fx_say(w, member, &r);
}
static inline struct rb_hash lw_answer(struct fx *w, uint16_t member, const struct rb_hash *subject,
                                       enum rb_position_type t) {
    return lw_say(w, member, fx_position(w, subject, t));
}
static inline struct rb_hash lw_closed(struct fx *w, uint16_t member, struct rb_record r,
                                       uint64_t to) {
    fx_close(&r, to);
    return lw_say(w, member, r);
}
static inline struct rb_hash lw_supersede(struct fx *w, uint16_t member, struct rb_record r,
                                          const struct rb_hash *old) {
    fx_ref(&r, RB_REF_SUPERSEDES, old);
    return lw_say(w, member, r);
}
/* the author logs that each of these holds its feed, and the bodies that they are to hold, since T
 */
static inline void lw_held_by(struct fx *w, uint16_t author, uint64_t members, int64_t t_ms) {
    for (uint16_t m = 0; m < (uint16_t)w->parties_n; m++)
        if (members >> m & 1) fx_held(w, author, m, (uint64_t)t_ms / 1000);
}

static inline const struct rb_sit_instrument *lw_instrument(const struct rb_situation *s,
                                                            const struct rb_hash *id) {
    const uint32_t in = s->order[fx_place(s, id)].instrument;
    assert_int_not_equal(in, RB_NOWHERE);
    return &s->instruments[in];
}
static inline enum rb_state lw_state(const struct rb_situation *s, const struct rb_hash *id) {
    return (enum rb_state)lw_instrument(s, id)->state;
}
#define assert_state(s, id, state)                                                                 \
    assert_string_equal(rb_state_name(lw_state((s), (id))), rb_state_name(state))
#define assert_mark(s, id, mark)                                                                   \
    assert_string_equal(rb_mark_name(fx_mark((s), (id))), rb_mark_name(mark))
#endif
