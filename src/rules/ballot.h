/* Inside the rules room: how one instrument of a lot is adopted (spec 16.2), its positions taken in
 * the order. Used by texts, cessations and agreements; an amendment asks rb_adoption_judge by
 * itself. */
#ifndef READBACK_RULES_BALLOT_H
#define READBACK_RULES_BALLOT_H
#include "lot.h"

/* What was said, if all that is contested by time was late, and if it was in time. Each is settled
 * by itself; where they differ in the end, time is what is contested. */
struct rb_ballot_world {
    struct rb_stance stance[RB_MAX_MEMBERS]; /* of voices: the last word that counts */
    uint32_t record[RB_MAX_MEMBERS]; /* which says so, index in order[], RB_NOWHERE = none */
    int64_t t_ms[RB_MAX_MEMBERS];
    enum rb_adoption_state state; /* not OPEN: settled by words, and nothing moves it any more */
};
struct rb_ballot {
    const struct rb_lot *l;
    size_t subject; /* entry of the instrument */
    enum rb_rule_type rule;
    unsigned quorum;
    bool has_by, held_open; /* held_open: nothing settles it by words (a text with brackets) */
    int64_t by_utc_ms;
    uint64_t electors;
    struct rb_electorate electorate;
    uint64_t unread; /* voices, and the author, of which a position was not opened here while it was
                        open: no state is derived any more */
    uint64_t dated;  /* voices whose word against it is late by T alone, and not by `created` */
    struct rb_ballot_world with, against;
    struct rb_voice voice[RB_MAX_MEMBERS]; /* by member: what is shown */
    enum rb_adoption_state state;          /* as of rb_ballot_close */
    int64_t since_utc_ms;
};
/* The rule is that of the body, `a` (all absent: NULL), under the charter in force where the
 * instrument stands. `electors`: whose positions count where `a` names nobody (16.2.1); of a
 * cessation, whoever it names. Its author, if it is an elector, accepts by the record. */
void rb_ballot_open(struct rb_ballot *b, const struct rb_lot *l, size_t subject,
                    const struct rb_adoption *a, uint64_t electors);
/* whose positions count, by all of 16.2.1, as the body of the instrument says, which was opened
 * here */
uint64_t rb_ballot_electors(const struct rb_lot *l, size_t subject);
/* members of role party or guarantor that are active where the instrument stands */
uint64_t rb_ballot_default(const struct rb_lot *l, size_t subject);
/* Entry i: any position on the subject, or on such a position. What is none of accept, reject,
 * abstain, dissociate, or a withdrawal of one of these by its author, moves nothing and gets no
 * mark. The mark it gets: RB_MARK_NONE, OUT_OF_TURN once the ballot is settled, CONTESTED past the
 * common part of a forked feed. Who is no elector is kept and moves nothing. */
enum rb_mark rb_ballot_take(struct rb_ballot *b, size_t i);
/* Settled by words alone: adopted, not adopted (or contested by time); later positions are out of
 * turn. Never while it is not known here what a voice said. */
bool rb_ballot_settled(const struct rb_ballot *b);
/* Of one that is adopted: electors that accepted it, or whose lead did, in time beyond doubt; under
 * silence, who said nothing else, nor that lead. */
uint64_t rb_ballot_assent(const struct rb_ballot *b);
/* Does the record (index in order[]) come after the hour, by 5.8, where `created` alone is no time?
 * What it would move, a withdrawal or a next version, finds the instrument settled by its hour. */
bool rb_ballot_over(const struct rb_ballot *b, uint32_t record);
/* what the words said so far make of it: OPEN unless settled */
enum rb_adoption_state rb_ballot_by_words(const struct rb_ballot *b);
/* `now`: what no position settled may be lapsed, adopted by its hour, contested by time, or UNREAD.
 * Sets state and since. */
void rb_ballot_close(struct rb_ballot *b);
void rb_ballot_view(const struct rb_ballot *b, struct rb_adoption_view *out);
#endif
