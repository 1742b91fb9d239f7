/* Words for tests of lots of instruments: bodies that name records, things said by one who has seen
 * all there is, and when they were held. */
#ifndef READBACK_TEST_LOT_WORDS_H
#define READBACK_TEST_LOT_WORDS_H
#include "rules_words.h"
#include "diag.h"
#include "readback/lot.h"

/* #1, #2, ... of the diagnostic text stand for these records */
static inline struct rb_slice body_of(struct fx *w, const char *text, const struct rb_hash *ids,
                                      size_t ids_n) {
    uint8_t mem[4096];
    struct rb_slice out;
    assert_int_equal(rb_arena_copy(&w->arena, diag(text, mem, sizeof mem), &out), RB_OK);
    for (unsigned k = 1; k <= ids_n; k++) {
        const struct rb_hash sign = diag_hash(k);
        for (size_t i = 0; i + RB_HASH_LEN <= out.n; i++)
            if (memcmp(out.p + i, sign.b, RB_HASH_LEN) == 0)
                memcpy((uint8_t *)out.p + i, ids[k - 1].b, RB_HASH_LEN);
    }
    return out;
}
static inline struct rb_record made_of(struct fx *w, enum rb_kind kind, const char *text,
                                       const struct rb_hash *ids, size_t ids_n) {
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    r.kind = kind;
    r.body = body_of(w, text, ids, ids_n);
    return r;
}
static inline struct rb_record made(struct fx *w, enum rb_kind kind, const char *text) {
    return made_of(w, kind, text, NULL, 0);
}
static inline struct rb_record made_on(struct fx *w, enum rb_kind kind, const char *text,
                                       struct rb_hash id) {
    return made_of(w, kind, text, &id, 1);
}

/* its author has seen all there is */
static inline struct rb_hash put(struct fx *w, uint16_t member, struct rb_record r) {
    for (uint16_t k = 0; k < (uint16_t)w->parties_n; k++)
        if (k != member) fx_see(w, &r, k, 0, fx_feed_of(w, k, 0)->n);
    return fx_say(w, member, &r);
}
static inline struct rb_hash says(struct fx *w, uint16_t member, const struct rb_hash *subject,
                                  enum rb_position_type t) {
    return put(w, member, fx_position(w, subject, t));
}
/* another member holds all that it said so far since then */
static inline void held_at(struct fx *w, uint16_t member, int64_t utc_ms) {
    fx_held(w, member, member == 0 ? 1 : 0, (uint64_t)(utc_ms / 1000));
}
static inline struct rb_hash says_held(struct fx *w, uint16_t member, const struct rb_hash *subject,
                                       enum rb_position_type t, int64_t utc_ms) {
    struct rb_hash id = says(w, member, subject, t);
    held_at(w, member, utc_ms);
    return id;
}

static inline const struct rb_sit_instrument *instrument_of(const struct rb_situation *s,
                                                            const struct rb_hash *id) {
    const uint32_t i = s->order[fx_place(s, id)].instrument;
    assert_int_not_equal(i, RB_NOWHERE);
    return &s->instruments[i];
}
static inline enum rb_state state_of(const struct rb_situation *s, const struct rb_hash *id) {
    return (enum rb_state)instrument_of(s, id)->state;
}
#define assert_state(s, id, name) assert_string_equal(rb_state_name(state_of(s, &(id))), name)
#define assert_mark(s, id, name)                                                                   \
    assert_string_equal(rb_mark_name(fx_mark(s, &(id))), rb_mark_name(RB_MARK_##name))
#endif
