/* Inside the rules room: the cessations of one lot while they are settled, spec 16.4. Words are
 * taken in lot_cessation.c; whom they bind and until when is in lot_cessation_end.c. */
#ifndef READBACK_RULES_LOT_CESSATION_H
#define READBACK_RULES_LOT_CESSATION_H
#include "lot.h"
#include "vote.h"

struct rb_truce { /* a cessation of the lot, or an extension */
    size_t entry;
    uint32_t extends;    /* in list, RB_NOWHERE = none */
    uint32_t next;       /* extension of the same one, by start */
    uint32_t first;      /* of its own extensions, by start */
    uint64_t parties;    /* its own, or those of what it extends */
    uint64_t guarantors; /* the same */
    uint64_t came;       /* parties that accepted it in time, once it was adopted without them */
    uint64_t parting;    /* parties that withdrew, bound still or not */
    uint64_t said;       /* parties bound by what was said, until they leave */
    uint64_t keeps;      /* of these: bound at its own end, or now, if that is ahead */
    uint64_t acceded;    /* who is no party, and bound by that, now */
    uint64_t carried;    /* bound now by what moved its end, once its own end is past */
    const int64_t *out;  /* by member: since when it is out, 0 = it is not; NULL: nobody is */
    bool acceded_to;
    bool may_be_acceded_to; /* a position that was not opened here may do so */
    bool guaranteed;        /* its guarantors, who are that by the charter, speak for its parties */
    bool alone;    /* it extends nothing for those whom that one binds: it stands by itself */
    bool blind;    /* it, or what it extends, is not read here: nothing is derived of it */
    bool inherits; /* its parties are those of what it extends */
    bool declared, reported;
    bool stands;  /* adopted, and so is what it extends */
    uint8_t fate; /* enum rb_state that its author gave it; RB_STATE_MARKED = none */
    int64_t start_ms, end_ms;
    bool has_end;
    int64_t own_end_ms; /* as its body says; INT64_MAX: none */
    int64_t gap_ms;
    size_t joined, joined_n; /* of the accessions, once sorted */
    size_t parted, parted_n; /* of the withdrawals, once sorted */
    struct rb_vote vote;
};
struct rb_joined { /* an accession */
    uint32_t truce;
    size_t entry;
    struct rb_accession is;
};
struct rb_parted { /* a withdrawal of a party */
    uint32_t truce;
    size_t entry;
    bool counts;
    struct rb_withdrawal is;
};
struct rb_truces {
    struct rb_lot *l;
    struct rb_votes votes;
    size_t n, joined_n, parted_n;
    struct rb_truce *list;
    uint32_t *of;    /* by entry: the truce that it is, or is about */
    bool *deferred;  /* by entry: until the hours are known */
    uint32_t *joins; /* by entry: the accession that it is, RB_NOWHERE = none */
    struct rb_joined *joined;
    struct rb_parted *parted;
};

static inline uint64_t bit(unsigned member) {
    return UINT64_C(1) << member;
}
static inline unsigned count(uint64_t v) {
    unsigned n = 0;
    for (; v; v &= v - 1)
        n++;
    return n;
}
static inline const struct rb_lot_entry *entry_of(const struct rb_truces *st,
                                                  const struct rb_truce *t) {
    return &st->l->e[t->entry];
}
static inline const struct rb_gist *gist_of(const struct rb_truces *st, const struct rb_truce *t) {
    return entry_of(st, t)->fact->gist;
}
/* nothing is derived of it */
static inline bool is_mute(const struct rb_truces *st, const struct rb_truce *t) {
    return entry_of(st, t)->mark != RB_MARK_NONE || t->blind;
}
/* by words, or, once the hours are known, by its hour */
static inline bool adopted(const struct rb_truce *t) {
    return !t->reported && (rb_vote_by_words(&t->vote) == RB_ADOPTION_ADOPTED ||
                            t->vote.state == RB_ADOPTION_ADOPTED);
}
static inline enum rb_deadline judge(const struct rb_truces *st, const struct rb_truce *t, size_t i,
                                     int64_t by_utc_ms, int64_t *t_ms) {
    return rb_deadline_judge(st->l->s, entry_of(st, t)->own->charter, st->l->e[i].record, by_utc_ms,
                             t_ms);
}
/* members of role guarantor by the charter in force at its place */
static inline uint64_t charter_guarantors(const struct rb_lot_entry *e) {
    uint64_t all = 0;
    for (size_t i = 0; i < e->own->charter->members_n; i++)
        if (e->own->charter->members[i].role == RB_ROLE_GUARANTOR)
            all |= bit(e->own->charter->members[i].index);
    return all;
}
/* parties that must be bound by it, or it is broken off */
static inline unsigned fewest(const struct rb_truce *t) {
    return count(t->parties) < 2 ? 1 : 2;
}

/* Of one that is adopted: parties bound by it, whether they left it since or not. Each by its own
 * word, or by what 16.2 takes for that; where guarantors speak for them, all. */
uint64_t rb_truce_bound_by_word(struct rb_truces *st, const struct rb_truce *t);
/* the entry of a position: what it moves, and the mark it gets */
void rb_truce_take(struct rb_truces *st, size_t i);
/* Once all entries were taken: those that waited for an hour, votes, ends, gaps, withdrawals, and
 * who is bound. RB_ERR_LIMIT: no room. */
enum rb_err rb_truces_settle_ends(struct rb_truces *st, struct rb_arena *a) RB_MUST_USE;
/* of one that is adopted: too few were bound from the first, or are left */
bool rb_truce_broken(const struct rb_truce *t);
#endif
