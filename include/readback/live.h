/* The situation kept up to date. rb_situation_fold (rules.h) makes it from nothing, each time; this
 * keeps what the fold made, and when leaves, bodies or time have come, does again only what they
 * can change. The result is the same, byte for byte (5.11): the fold is the definition, this a
 * shorter way.
 *
 * What came moves nothing that stands in the order before the first place where it may stand
 * (5.5.5); so the order, and the walk in it, are taken up again there. Who holds what grows by the
 * receipts that came. Of what stands before that place, dues and lots are settled again where an
 * answer came or went, where somebody is known to hold it since another time, or where an hour
 * passed that they hang on.
 *
 * All is folded whole where that is rare: a new feed; what moves the charter's state, or when it
 * was held; revocations and mirror keys; `now` that goes back; an arena that is full. And each time
 * in a channel with a forked feed, with a revoked mirror key, with records that come after each
 * other, or with amendments under a rule by which their hour may adopt them.
 *
 * Memory: an arena of the caller's, used up to its end and then begun anew by a whole fold. By
 * record 100 bytes, and a quarter more that is kept free. Beside it, in tables that double and
 * leave their former selves behind, so that they take four times that at most: 8 for each entry of
 * its `seen`, 16 for each answer, 28 for each entry of a lot, 32 for each due, 56 for each
 * cosignature, 16 to 24 for what waits for something. In a large channel all of it is some 650
 * bytes a record (bench/run situation). Where that does not fit, no more is kept than the fold
 * takes. */
#ifndef READBACK_LIVE_H
#define READBACK_LIVE_H
#include "readback/rules.h"

struct rb_fold;
struct rb_live {            /* stays where it is: the fold points into it */
    struct rb_arena *arena; /* its own */
    struct rb_fold *fold;   /* NULL: nothing is kept */
    struct rb_situation s;
    size_t feeds_n, mirrors_n; /* of the book, when it was folded whole */
    uint64_t bodies_n;         /* changes of bodies taken over */
    uint64_t wholes, steps;    /* how often it was folded whole, and how often not */
};
void rb_live_init(struct rb_live *l, struct rb_arena *arena);
/* forgets what is kept: the book goes, or the arena is wanted */
void rb_live_drop(struct rb_live *l);
/* The situation of the book at `now`; lives until the next update or drop. RB_ERR_LIMIT: the arena
 * does not hold it; nothing is kept then, and the next update folds whole. */
enum rb_err rb_live_update(struct rb_live *l, struct rb_book *b, int64_t now_utc_ms,
                           const struct rb_situation **out) RB_MUST_USE;
/* When the situation made last may become another one by time alone: of lots, dues and tests. Until
 * then the same leaves and bodies give the same states. INT64_MAX: never; INT64_MIN: not known, for
 * nothing is kept. */
int64_t rb_live_next(const struct rb_live *l);
#endif
