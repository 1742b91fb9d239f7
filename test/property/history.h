/* Random histories of a small world (fixture_book.h), from a seed, and books that hold them. A
 * history is lies, circles, wrong digests, false receipts, broken signatures and forks besides what
 * honest members say; each of its books must fold to the same bytes.
 *
 *   hist_random_history(w, seed);
 *   hist_choose_readable(w);
 *   struct rb_book *b = hist_shuffled(w);
 *   struct rb_slice bytes = hist_bytes_of(w, b, now);
 *
 * There is one history at a time. Crypto is remembered (history_crypto.c): what is linked with this
 * is linked with --wrap. Everything asserts: a history that cannot be made is a failed test. */
#ifndef READBACK_TEST_HISTORY_H
#define READBACK_TEST_HISTORY_H
#include "fixture_book.h"
#include "readback/lot.h"

/* ---- chance (history_chance.c) ----------------------------------------------------------------
 */
void hist_seed(uint64_t seed); /* all that comes by chance from now on hangs on it alone */
uint64_t hist_chance(void);
static inline uint64_t below(uint64_t n) {
    return hist_chance() % n;
}
static inline bool one_in(uint64_t n) {
    return below(n) == 0;
}
extern uint64_t hist_running_seed; /* 0: none runs */
void hist_name_the_seed(void);     /* for atexit: on stderr, if one still runs */

/* ---- histories (history.c) --------------------------------------------------------------------
 */
#define HIST_FORCED 16u
extern struct hist {
    uint64_t fork_chance;               /* of each step, one in so many */
    uint64_t beside_chance;             /* of each record, one in so many stands side by side */
    bool beside_dense;                  /* a history of these above all, of few lies */
    const struct fx_feed *frozen_alone; /* proven to be forked; NULL: none */
    uint8_t readable_salt;              /* by which hist_choose_readable chooses */
    struct hist_forced { /* leaves whose digest is taken for good whatever it is: circles */
        const struct fx_feed *feed;
        size_t leaf;
        const struct fx_feed *seen[FX_FEEDS]; /* the histories that were meant */
        size_t seen_n;
    } forced[HIST_FORCED];
    size_t forced_n;
} hist;

/* begins the world anew and says a whole history in it, all of it by chance of this seed */
void hist_random_history(struct fx *w, uint64_t seed);
/* before fx_found: rule, roles, sides, times, policies */
void hist_random_charter(struct fx *w);
/* of any sort: a record, a fork, another epoch, bytes that are no record */
void hist_random_step(struct fx *w);

/* any history of any feed; it is the one spoken of from now on */
struct fx_feed *hist_any_feed(struct fx *w);
/* histories of the same feed */
bool hist_one_feed(const struct fx_feed *a, const struct fx_feed *b);
/* of any leaf, often of the charter */
const struct rb_hash *hist_any_id(struct fx *w);
/* of a record of that kind, if some tries meet one; a later one rather than an earlier */
const struct rb_hash *hist_kind_id(struct fx *w, enum rb_kind kind);
const struct rb_hash *hist_late_id(struct fx *w, enum rb_kind kind);
/* of something that the author said */
const struct rb_hash *hist_own_id(struct fx *w, uint16_t author);

/* a record of any kind that the author may say, or may not */
struct rb_record hist_random_record(struct fx *w, uint16_t author);
/* of cosignatures and bodies, true and false */
struct rb_record hist_random_receipt(struct fx *w);
/* of one of the party's keys, from any place in any feed on */
struct rb_record hist_random_revocation(struct fx *w, uint16_t party);
void hist_random_rule(struct rb_charter *c);
/* precedence, demand, what it supersedes, an emergency, a wrong clock */
void hist_dress(struct fx *w, struct rb_record *r);
/* closes it or not, often as the rules want it, often not */
void hist_random_closing(struct fx *w, struct rb_record *r, uint16_t author);
/* the bytes of some leaf of `from`, said again */
void hist_copy_leaf(struct fx *w, struct fx_feed *to, const struct fx_feed *from);

/* what stands side by side (history_beside.c): requests, contacts, incidents, figures,
 * designations, and words about them */
struct rb_record hist_random_beside(struct fx *w);
/* a roster or an attachment, perhaps of an incident */
struct rb_record hist_random_attached(struct fx *w);

/* what is voted on (history_ballot.c) */
struct rb_record hist_random_amendment(struct fx *w);
struct rb_record hist_random_text(struct fx *w);
/* on a text or an amendment, or taking one's own back */
struct rb_record hist_random_vote(struct fx *w, uint16_t author);
/* the author logs that each of the others holds what it said, mostly at once */
void hist_tell_all(struct fx *w, uint16_t author);
/* a text or an amendment on which most say something, close to its hour */
void hist_random_ballot(struct fx *w);

/* cessations and agreements (history_truce.c): somebody says something about one, or holds it */
void hist_truce_step(struct fx *w);
/* asserts that nobody is bound without its own word */
void hist_check_bound(const struct rb_situation *s, const struct rb_cessation_lot *c);

/* ---- books (history_book.c) -------------------------------------------------------------------
 */
/* which closed bodies can be read in the end: for hist_settle_bodies, _shuffled and _restarted */
void hist_choose_readable(const struct fx *w);
/* opens and closes bodies until those are open that can be read */
void hist_settle_bodies(struct fx *w, struct rb_book *b);
/* a body comes, perhaps one that is purged later, or goes */
void hist_random_body(struct fx *w, struct rb_book *b);
/* all there is, in any order that keeps each feed's own, with folds in between */
struct rb_book *hist_shuffled(struct fx *w);
/* a book of the verdicts that `from` stored */
struct rb_book *hist_restarted(struct fx *w, const struct rb_book *from);

/* takes the chosen digests (hist.forced) for good, in a book that holds all of the history */
void hist_force(const struct fx *w, struct rb_book *b);
/* one of them in one fact, as far as the book has what was meant */
void hist_force_fact(const struct fx *w, struct rb_book *b, const struct hist_forced *x,
                     struct rb_fact *fact);
/* the same feed, and so many first leaves the same */
bool hist_shares(const struct fx_feed *a, const struct fx_feed *b, size_t leaves);
/* folds, and encodes the situation; hist_shown and hist_met say what is shown of it */
struct rb_slice hist_bytes_of(struct fx *w, struct rb_book *b, int64_t now);

/* ---- what is shown (history_shown.c) ----------------------------------------------------------
 */
extern struct rb_hash hist_shown; /* cessations and agreements of the last hist_show_lots */
extern struct hist_met {          /* how often, in all histories so far */
    size_t states[RB_STATE_NOT_DELIVERED + 1], steps[RB_STEP_NOT_DONE + 1];
    size_t bound, gaps, acceded, parted, confirmed_steps;
    size_t merged, proposed, agreed, attached, unread_answer;
    size_t reported, waiting;
} hist_met;
void hist_show_lots(struct fx *w, const struct rb_situation *s);
/* folds; the views of what stands side by side, and the report, as a hash */
struct rb_hash hist_views_of(struct fx *w, struct rb_book *b, int64_t now);

/* ---- the order by its definition (history_order.c) --------------------------------------------
 */
#define HIST_NODES 512u /* leaves of a history, at most */
/* asserts that the situation's order is the one of the definition */
void hist_check_order(struct rb_book *b, const struct rb_situation *s);
/* in the book that was checked last: something says that it has seen what comes after it */
bool hist_has_circle(void);

/* ---- mutants (situation_mutants.c) ------------------------------------------------------------
 */
void each_input_matters(void **state); /* a test of cmocka's, reported by its name */
#endif
