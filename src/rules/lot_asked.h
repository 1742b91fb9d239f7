/* Requests and contacts: who is asked, and what each of them said last (spec 16.8, 16.10). What is
 * said is kept as bits of members, one word of bits for each answer there is. */
#ifndef READBACK_RULES_LOT_ASKED_H
#define READBACK_RULES_LOT_ASKED_H
#include "lot.h"

#define RB_ASK_WORDS 4u
struct rb_ask_table {
    size_t n;
    uint8_t type[RB_ASK_WORDS];     /* enum rb_position_type */
    uint8_t next[RB_ASK_WORDS + 1]; /* what may follow, by bits: on nothing, on each answer */
};
struct rb_ask { /* of one request or contact of the lot */
    const struct rb_ask_table *table;
    uint64_t asked;
    uint64_t unread; /* whose last word may be a closed position that was not opened here */
    uint64_t word[RB_ASK_WORDS]; /* whose last answer is this one */
    size_t view_n;               /* where it is to be shown */
    struct rb_asked *view;       /* of those asked, by member */
};

/* is this position one of the answers? its place in the table, or table->n */
size_t rb_ask_word(const struct rb_ask_table *t, int position);
/* What is asked by instrument k: of the members in `of` that its charter lists, but not of its
 * author. */
enum rb_err rb_ask_open(const struct rb_lot *l, size_t k, uint64_t of,
                        const struct rb_ask_table *table, bool view, struct rb_arena *a,
                        struct rb_ask *out) RB_MUST_USE;
/* who can read it */
uint64_t rb_ask_readers(const struct rb_lot *l, size_t k);
/* Position i on instrument k is an answer: the mark that it gets. */
enum rb_mark rb_ask_answer(const struct rb_lot *l, struct rb_ask *ask, size_t k, size_t i);
/* position i on instrument k is closed and was not opened here */
void rb_ask_unread(const struct rb_lot *l, struct rb_ask *ask, size_t k, size_t i);
uint64_t rb_ask_answered(const struct rb_ask *ask);
/* Who was demanded an answer by a time that is past, gave none, and may not have given one unread;
 * and which of these are not known to have held instrument k by then. */
struct rb_ask_silent {
    uint64_t all, undelivered;
};
struct rb_ask_silent rb_ask_silent(const struct rb_lot *l, const struct rb_ask *ask, size_t k);
/* the rest of the view */
void rb_ask_show(const struct rb_lot *l, struct rb_ask *ask, size_t k);
#endif
