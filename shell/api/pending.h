/* Submissions under way: each waits for the DONE of one or many tokens, then replies once. */
#ifndef RB_SHELL_API_PENDING_H
#define RB_SHELL_API_PENDING_H
#include "internal.h"

struct rb_pending; /* opaque to handlers */
/* takes over the request's reply; n tokens will be waited for; NULL: memory (nothing taken) */
struct rb_pending *rb_pending_new(struct rb_req *rq, size_t n, bool batch, json_t *extra);
/* runs the submission as slot i; its DONE fills the slot, possibly at once, and settles the upload
 * that it took along (0: none) */
void rb_pending_run(struct rb_api *api, struct rb_pending *p, size_t i, struct rb_event *ev,
                    uint64_t upload);
/* fills slot i with an answer of our own */
void rb_pending_fill(struct rb_pending *p, size_t i, int status, json_t *body);
/* to be called once after all slots are started: replies if all are filled already */
void rb_pending_started(struct rb_api *api, struct rb_pending *p);
void rb_pending_free_all(struct rb_api *api);
#endif
