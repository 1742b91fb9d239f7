/* Areas under truce in checks (spec 16.4.7). */
#ifndef RB_SHELL_API_CHECK_TRUCE_H
#define RB_SHELL_API_CHECK_TRUCE_H
#include "check.h"

/* {state, declared, bound, exclusions: [{record, title, stands, superseded_by}]} of the cessation with this id, by the
 * situation in c; null: it is none. declared, bound: null where memory does not suffice to say; of an
 * exclusion stands: null where it is not held, or cannot be read, here. */
json_t *rb_check_truce(struct rb_chan *c, const struct rb_hash *id);
/* what the view of a cessation has more of its place: "stands", and "check" while it does */
void rb_check_truce_put(json_t *o, struct rb_chan *c, uint32_t order, const struct rb_record *rec);
#endif
