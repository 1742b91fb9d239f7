/* The start-up guard and what belongs to it (spec 6.14, 6.15). Only src/node looks in here: guard.c
 * asks and answers, lost.c gets back what was lost of our own feeds, epoch.c opens a further one.
 */
#ifndef RB_NODE_GUARD_H
#define RB_NODE_GUARD_H
#include "node_int.h"

/* ---- guard.c ---- */
void guard_start(struct rb_node *n, struct channel *ch);
void guard_work(struct rb_node *n, struct channel *ch);
uint64_t guard_wake(struct rb_node *n, struct channel *ch); /* mono; UINT64_MAX: never */
void guard_end(struct rb_node *n, struct channel *ch);
void guard_again(struct channel *ch);
void guard_get(struct rb_node *n, struct channel *ch, uint64_t conn, struct peer *p);
void guard_post(struct rb_node *n, struct channel *ch, struct rb_slice body, uint64_t conn,
                struct peer *p);
void guard_response(struct rb_node *n, struct job *j, const struct rb_event *ev);
/* "guard\n" for heads, where this peer has not answered */
void guard_line(const struct channel *ch, const struct peer *p, struct rb_writer *w);
bool guard_tells(struct channel *ch, const struct peer *p);
/* such a line of a member's */
void guard_bring(struct rb_node *n, struct channel *ch, struct pullx *x, struct peer *p);
void guard_cosigned(struct rb_node *n, struct feedx *fx, uint16_t cosigner, uint64_t size,
                    uint64_t time_s, const uint8_t sig[RB_SIG_LEN], struct rb_slice note);
void guard_judged(struct rb_node *n, struct feedx *fx, size_t index);
struct guard_view {
    uint64_t asked, answered; /* members' bits */
    size_t need, have;
};
void guard_counts(const struct rb_node *n, struct channel *ch, struct guard_view *out);
void guard_override(struct rb_node *n, const struct rb_event *ev);
void guard_overridden(struct rb_node *n, struct channel *ch, bool made);

/* ---- lost.c ---- */
/* A member shows a checkpoint of an origin of ours. SIGNATURE, NOT_FOUND: our key did not sign it.
 */
enum rb_err lost_shown(struct rb_node *n, struct channel *ch, uint16_t member,
                       const struct rb_note *note, const struct rb_checkpoint *cp);
void lost_work(struct rb_node *n, struct channel *ch);
uint64_t lost_wake(const struct channel *ch);
void lost_response(struct rb_node *n, struct job *j, const struct rb_event *ev);
void lost_judged(struct rb_node *n, struct feedx *fx, struct rb_slice leaf);
void lost_start(struct rb_node *n, struct feedx *fx);
/* the head file's entry of this feed of ours */
void lost_head(struct rb_node *n, struct feedx *fx, uint64_t size, const struct rb_hash *root);
uint64_t lost_to(const struct feedx *fx); /* 0: nothing is known to be lost */

/* ---- epoch.c ---- */
void epoch_submit(struct rb_node *n, const struct rb_event *ev);
/* ch->own is another than before: what waited is stale, and a link is due */
void epoch_opened(struct rb_node *n, struct channel *ch);
void epoch_start(struct rb_node *n, struct channel *ch);
void epoch_work(struct rb_node *n, struct channel *ch);

/* ---- elsewhere, for these ---- */
/* load.c: the head file as it was at the start, and what was found since, of feeds not known here
 */
uint64_t load_head_known(const struct rb_node *n, enum rb_key_use use, struct rb_slice origin);
enum rb_err load_head_keep(struct rb_node *n, enum rb_key_use use, struct rb_slice origin,
                           uint64_t size, const struct rb_hash *root);
/* what the last leaf of a feed of ours says of tests and receipts */
void load_own_leaf(struct rb_node *n, struct feedx *fx);
/* own.c: it waits in the outbox no more; who submitted it is told that it is durable */
void own_found(struct rb_node *n, struct channel *ch, const struct rb_hash *id);
/* why nothing of it is signed, leaves that are logged already included; NULL: it may be */
const char *own_unsigned(const struct feedx *fx);
void own_item_free(struct rb_node *n, struct channel *ch, struct outbox_item *item);
void own_store_note(struct rb_node *n, struct feedx *fx);
void own_set_aside(struct channel *ch, uint64_t below);
void own_to_front(struct channel *ch, uint64_t order);
/* submit.c: a draft whose record is logged */
void draft_found(struct rb_node *n, struct rb_slice leaf);
/* kept as a draft without a signature; false: there is no room for it now */
bool draft_unsigned(struct rb_node *n, struct channel *ch, const struct rb_record *rec);
/* take.c */
enum rb_err take_push_decode(struct rb_slice body, struct take_in *in, struct rb_reject *rj);
int take_packages(struct rb_node *n, struct feedx *fx, struct rb_reader *r,
                  const struct rb_add_entries *h, struct rb_reject *rj);
/* all leaves of the pending checkpoint are here, and the guard was what held the cosignature back
 */
void take_resume(struct rb_node *n, struct feedx *fx);
/* machine.c: as machine_make, and before all that waits */
enum rb_err machine_make_first(struct rb_node *n, struct channel *ch, struct rb_record *rec,
                               uint64_t token);
#endif
