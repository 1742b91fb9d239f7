/* Inside the rules room: ballots of the many instruments of one lot. A ballot is some kilobytes, an
 * instrument on which nobody but its author ever speaks a few hundred bytes; so that who logs many
 * of these takes no more memory from others than that, its ballot is kept only once another speaks.
 */
#ifndef READBACK_RULES_VOTE_H
#define READBACK_RULES_VOTE_H
#include "ballot.h"

struct rb_votes { /* of one lot */
    const struct rb_lot *l;
    struct rb_arena *a;
    struct rb_ballot *scratch;
    bool full; /* there was no room for a ballot: nothing of the lot counts, RB_ERR_LIMIT */
};
struct rb_vote { /* on one instrument */
    size_t subject;
    const struct rb_adoption *adoption; /* of its body, NULL: none */
    uint64_t electors;
    struct rb_ballot *ballot; /* NULL: nobody but its author spoke */
    bool has_by;
    int64_t by_utc_ms;
    uint8_t words; /* enum rb_adoption_state, by the author's word alone */
    uint8_t state; /* as of rb_vote_close; OPEN before */
    int64_t since_utc_ms;
};
enum rb_err rb_votes_make(struct rb_votes *vs, const struct rb_lot *l,
                          struct rb_arena *a) RB_MUST_USE;
/* as rb_ballot_open */
void rb_vote_open(struct rb_votes *vs, struct rb_vote *v, size_t subject,
                  const struct rb_adoption *a, uint64_t electors);
/* as of ballots */
enum rb_mark rb_vote_take(struct rb_votes *vs, struct rb_vote *v, size_t i);
enum rb_adoption_state rb_vote_by_words(const struct rb_vote *v); /* not OPEN: settled */
uint64_t rb_vote_unread(const struct rb_vote *v);
uint64_t rb_vote_assent(struct rb_votes *vs, const struct rb_vote *v);
bool rb_vote_over(struct rb_votes *vs, const struct rb_vote *v, size_t i);
void rb_vote_close(struct rb_votes *vs, struct rb_vote *v);
void rb_vote_view(struct rb_votes *vs, const struct rb_vote *v, struct rb_adoption_view *out);
#endif
