/* Inside the rules room: one lot, as the settlers see it. */
#ifndef READBACK_RULES_LOT_H
#define READBACK_RULES_LOT_H
#include "internal.h"
#include "readback/lot.h"

struct rb_lot_entry {
    uint32_t record; /* index in order[] */
    uint32_t on;     /* index in the lot's entries, RB_NOWHERE = nothing that is here */
    uint16_t author;
    const struct rb_fact *fact;
    const struct rb_sit_instrument
        *own;                       /* an instrument of this lot; NULL: a position, or a guest: a
                                       finding in an incident's lot, a superseder of another lot's */
    uint8_t mark;                   /* out: enum rb_mark; what bears one moved nothing */
    uint8_t state;                  /* out, where own: enum rb_state */
    int64_t since_utc_ms;           /* out, where own */
    int64_t from_utc_ms, to_utc_ms; /* out, where own: as in struct rb_sit_instrument */
    bool prolongs, declared;        /* the same */
};
struct rb_lot {
    const struct rb_situation *s;
    uint32_t index; /* in s->lots */
    enum rb_kind kind;
    size_t n;
    struct rb_lot_entry *e; /* in the order */
    uint64_t looks;         /* at what it went through more than once (situation: looks) */
};

/* the lot with no marks and no states yet */
enum rb_err rb_lot_make(const struct rb_situation *s, uint32_t lot, struct rb_arena *a,
                        struct rb_lot *out) RB_MUST_USE;
static inline bool rb_lot_read(const struct rb_lot_entry *e) {
    return e->fact->gist != NULL;
}
/* past the common part of a forked feed (16.1.5) */
static inline bool rb_lot_forked(const struct rb_lot *l, size_t i) {
    return l->s->order[l->e[i].record].contested != 0;
}

/* a finding in the lot of an incident that it does not name: it ends one there, and adds nothing */
bool rb_ends_finding(const struct rb_situation *s, const struct rb_sit_entry *e);

/* Each settles all of a lot: marks, states, and the view. One file for each. Of the situation it
 * reads the lot's records, when they were held, `now`, and whether a record that a gist names is
 * here. What it compares `now` with has to be among lot_hours (lot.c): the hours of a gist, a
 * demand's, and times at which a record of the lot was held. For the lot is settled again when its
 * entries or these times change, such a record comes or such an hour passes, and not otherwise
 * (live.h). */
enum rb_err rb_settle_plain(struct rb_lot *l, struct rb_arena *a);
enum rb_err rb_settle_cessation(struct rb_lot *l, struct rb_arena *a);
enum rb_err rb_settle_agreement(struct rb_lot *l, struct rb_arena *a);
enum rb_err rb_settle_text(struct rb_lot *l, struct rb_arena *a);
enum rb_err rb_settle_request(struct rb_lot *l, struct rb_arena *a);
enum rb_err rb_settle_contact(struct rb_lot *l, struct rb_arena *a);
enum rb_err rb_settle_incident(struct rb_lot *l, struct rb_arena *a);
enum rb_err rb_settle_finding(struct rb_lot *l, struct rb_arena *a);

/* of lots that stand side by side: entry i opened, and what it moves; positions get a state, too */
void rb_plain_open(struct rb_lot *l, size_t i);
enum rb_mark rb_plain_move(struct rb_lot *l, size_t i);

/* once all lots are settled: a position that bears no mark and is its author's own; and its author
 * took it back */
bool rb_word_counts(const struct rb_situation *s, uint32_t record);
bool rb_word_withdrawn(const struct rb_situation *s, uint32_t record);
#endif
