/* Rules of adoption (design §4, §8; spec 16.2): one judge for amendments, cessations, texts and
 * agreements. A pure function of who may speak, what each last said, whether that was in time, and
 * whether the hour is past. */
#ifndef READBACK_ADOPT_H
#define READBACK_ADOPT_H
#include "readback/instrument.h"

enum rb_adoption_state { RB_ADOPTION_OPEN, RB_ADOPTION_ADOPTED, RB_ADOPTION_NOT_ADOPTED,
                         RB_ADOPTION_LAPSED, RB_ADOPTION_CONTESTED_BY_TIME,
                         RB_ADOPTION_UNREAD }; /* a position was not opened here: never judged so */
const char *rb_adoption_state_name(enum rb_adoption_state s);

enum rb_word { RB_WORD_NONE, RB_WORD_ACCEPT, RB_WORD_REJECT, RB_WORD_OTHER }; /* abstain, dissociate */
struct rb_stance { /* of one member: its last position, and how 5.8 judges its time */
    uint8_t word; /* enum rb_word */
    bool contested; /* by time */
    bool late;
};
struct rb_electorate { /* who may speak: one bit a voice, by the member that speaks (16.2.2) */
    uint64_t voices, veto;
};

/* Of the electors (bits), those in one group whose lead is among them are one voice, the lead's; so is
 * a veto of one of them. */
void rb_electorate_make(const struct rb_charter *c, uint64_t electors, uint64_t veto,
                        struct rb_electorate *out);
/* `stance` by member index, RB_MAX_MEMBERS of them. `past`: the hour until which positions count is
 * past. Nobody to speak: never adopted by words. */
enum rb_adoption_state rb_adoption_judge(enum rb_rule_type rule, unsigned quorum,
                                         const struct rb_electorate *e,
                                         const struct rb_stance *stance, bool past);
/* of two accounts of what was in time: contested by time where one of them adopts and the other does
 * not; past the hour, where they agree in this alone that neither does, it lapsed (16.2.8) */
enum rb_adoption_state rb_adoption_join(enum rb_adoption_state a, enum rb_adoption_state b, bool past);
#endif
