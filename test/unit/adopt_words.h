/* Words for tests of what is adopted, over fixture_book: records that come after all there is, and
 * the times at which others hold them. The hour of every ballot here is BY. */
#ifndef READBACK_TEST_ADOPT_WORDS_H
#define READBACK_TEST_ADOPT_WORDS_H
#include "rules_words.h"
#include "diag.h"
#include "readback/lot.h"
#include <stdio.h>

#define BY_S UINT64_C(1800000600)
#define BY_MS INT64_C(1800000600000)
#define BY "1800000600000"

/* said by one who has seen all there is of the others' feeds: it comes after them in the order */
static inline struct rb_hash say_after(struct fx *w, uint16_t member, struct rb_record r) {
    for (uint16_t k = 0; k < (uint16_t)w->parties_n; k++)
        if (k != member && fx_feed_of(w, k, 0) != NULL) fx_see(w, &r, k, 0, fx_feed_of(w, k, 0)->n);
    return fx_say(w, member, &r);
}
static inline struct rb_hash answer_after(struct fx *w, uint16_t member, const struct rb_hash *id,
                                          enum rb_position_type t) {
    return say_after(w, member, fx_position(w, id, t));
}

/* a body in diagnostic notation; each #n stands for to[n - 1] */
static inline struct rb_record body_of(struct fx *w, enum rb_kind kind, const char *text,
                                       const struct rb_hash *const to[]) {
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    uint8_t mem[4096];
    r.kind = kind;
    assert_int_equal(rb_arena_copy(&w->arena, diag(text, mem, sizeof mem), &r.body), RB_OK);
    uint8_t *p = (uint8_t *)(uintptr_t)r.body.p;
    for (unsigned n = 1; to != NULL && to[n - 1] != NULL; n++) {
        const struct rb_hash sign = diag_hash(n);
        for (size_t i = 0; i + RB_HASH_LEN <= r.body.n; i++)
            if (memcmp(p + i, sign.b, RB_HASH_LEN) == 0) memcpy(p + i, to[n - 1]->b, RB_HASH_LEN);
    }
    return r;
}

/* a text of two paragraphs; `keys`: more of its body, as ",4:#1" */
static inline struct rb_record a_text(struct fx *w, const char *keys,
                                      const struct rb_hash *previous) {
    char text[512];
    const struct rb_hash *const to[] = {previous, NULL};
    const int n = snprintf(text, sizeof text, "{1:\"Draft\",2:1,3:[\"One.\",\"Two.\"]%s}", keys);
    assert_in_range(n, 1, sizeof text - 1);
    return body_of(w, RB_KIND_TEXT, text, to);
}

/* each other member logs that it holds the feed of `author`, at that second */
static inline void held_by_all(struct fx *w, uint16_t author, uint64_t time_s) {
    for (uint16_t k = 0; k < (uint16_t)w->parties_n; k++)
        if (k != author) fx_held(w, author, k, time_s);
}

static inline const struct rb_sit_instrument *instrument_of(const struct rb_situation *s,
                                                            const struct rb_hash *id) {
    const uint32_t i = s->order[fx_place(s, id)].instrument;
    assert_int_not_equal(i, RB_NOWHERE);
    return &s->instruments[i];
}
static inline const char *state_of(const struct rb_situation *s, const struct rb_hash *id) {
    return rb_state_name((enum rb_state)instrument_of(s, id)->state);
}
static inline struct rb_text_line line_of(struct fx *w, const struct rb_situation *s,
                                          const struct rb_hash *id) {
    struct rb_text_line line;
    assert_int_equal(rb_lot_text(s, instrument_of(s, id)->lot, &w->folds, &line), RB_OK);
    return line;
}
/* ---- positions in a line ----------------------------------------------------------------------
 * Of the words each is a member, what it says (a accept, r reject, o abstain,
 * d dissociate, w takes back what it said last, which 0 did by the record itself, q asks) and when
 * that was held: nothing in time by all; + made and held late; ~ made in time, held late; ? made in
 * time, not known to be held; ^ held in time by one and late by another. */

struct ballot {
    struct rb_hash text, last; /* last: of the positions on it */
};

static inline enum rb_position_type type_of(char letter) {
    static const char letters[] = "arodwq";
    static const enum rb_position_type types[] = {RB_POSITION_ACCEPT,   RB_POSITION_REJECT,
                                                  RB_POSITION_ABSTAIN,  RB_POSITION_DISSOCIATE,
                                                  RB_POSITION_WITHDRAW, RB_POSITION_QUERY};
    const char *at = strchr(letters, letter);
    assert_non_null(at);
    return types[at - letters];
}

static inline void hold_when(struct fx *w, uint16_t member, char when) {
    const uint16_t a = member == 0 ? 1 : 0, b = member == 2 ? 3 : 2;
    if (when == '?') return;
    if (when == '+' || when == '~') {
        held_by_all(w, member, BY_S + 5);
    } else if (when == '^') {
        fx_held(w, member, a, BY_S - 5);
        fx_held(w, member, b, BY_S + 5);
    } else {
        held_by_all(w, member, BY_S - 5);
    }
}

static inline void speak(struct fx *w, struct ballot *b, const char *words) {
    struct rb_hash said[8] = {b->text};
    for (const char *p = words; *p; p++) {
        if (*p == ' ') continue;
        const uint16_t m = (uint16_t)(*p++ - '0');
        const char letter = *p, when = p[1];
        const bool timed = when == '+' || when == '~' || when == '?' || when == '^';
        struct rb_record r = fx_position(w, letter == 'w' ? &said[m] : &b->text, type_of(letter));
        if (when == '+') r.created_utc_ms = BY_MS + 4000;
        b->last = said[m] = say_after(w, m, r);
        hold_when(w, m, when);
        p += timed;
        if (*p == '\0') return;
    }
}

#define BEFORE (BY_MS - 1000)
#define PAST (BY_MS + 3600000)
#endif
