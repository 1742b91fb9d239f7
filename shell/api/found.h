/* A charter from JSON, for founding and for amending. */
#ifndef RB_SHELL_API_FOUND_H
#define RB_SHELL_API_FOUND_H
#include "internal.h"

/* handles and indexes of the members that a charter lists; lives as long as both */
struct rb_names rb_roster_names(const json_t *members, struct rb_arena *arena);
/* "accept_in" becomes "accept_by" */
void rb_charter_accept_by(struct rb_req *rq, json_t *charter);
/* indexes, roles, cards known here, and what goes without saying; replies where it fails */
bool rb_charter_fill(struct rb_req *rq, json_t *charter);
/* its body as it goes into a record; replies where it fails */
bool rb_charter_body(struct rb_req *rq, const json_t *charter, struct rb_slice *body);
#endif
