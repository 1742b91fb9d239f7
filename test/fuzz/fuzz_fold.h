/* A situation that was kept up to date (live.h), beside the fold of all its book holds. */
#ifndef READBACK_TEST_FUZZ_FOLD_H
#define READBACK_TEST_FUZZ_FOLD_H
#include "fuzz.h"
#include "readback/rules.h"

#define FF_FOLD ((size_t)32 << 20)
#define FF_BYTES ((size_t)1 << 20)

static struct rb_slice ff_bytes(const struct rb_situation *s, uint8_t *room) {
    struct rb_writer w = rb_writer(room, FF_BYTES);
    rb_situation_encode(s, &w);
    FUZZ_CHECK(!w.over);
    return rb_written(&w);
}

static void ff_same_lots(const struct rb_situation *a, const struct rb_situation *b) {
    FUZZ_CHECK(a->lots_n == b->lots_n && a->entries_n == b->entries_n);
    FUZZ_CHECK(a->instruments_n == b->instruments_n);
    for (size_t i = 0; i < a->lots_n; i++)
        FUZZ_CHECK(a->lots[i].kind == b->lots[i].kind && a->lots[i].first == b->lots[i].first &&
                   a->lots[i].last == b->lots[i].last && a->lots[i].n == b->lots[i].n);
    for (size_t i = 0; i < a->entries_n; i++) {
        const struct rb_sit_entry *x = &a->entries[i], *y = &b->entries[i];
        FUZZ_CHECK(x->lot == y->lot && x->record == y->record && x->on == y->on &&
                   x->next == y->next && x->again == y->again && x->mark == y->mark);
    }
    for (size_t i = 0; i < a->instruments_n; i++) {
        const struct rb_sit_instrument *x = &a->instruments[i], *y = &b->instruments[i];
        FUZZ_CHECK(x->record == y->record && x->lot == y->lot && x->entry == y->entry &&
                   x->state == y->state && x->since_utc_ms == y->since_utc_ms &&
                   x->charter == y->charter && x->active == y->active);
    }
}

/* in bytes, and in the lots, of which these do not show all */
static void ff_same(struct rb_book *b, int64_t now_utc_ms, const struct rb_situation *kept) {
    static uint8_t *room, *one, *two;
    static struct rb_situation whole;
    if (room == NULL) {
        room = malloc(FF_FOLD);
        one = malloc(FF_BYTES);
        two = malloc(FF_BYTES);
    }
    FUZZ_CHECK(room != NULL && one != NULL && two != NULL);
    struct rb_arena a = rb_arena(room, FF_FOLD);
    FUZZ_CHECK(rb_situation_fold(b, now_utc_ms, &a, &whole) == RB_OK);
    FUZZ_CHECK(rb_slice_eq(ff_bytes(kept, one), ff_bytes(&whole, two)));
    ff_same_lots(kept, &whole);
}
#endif
