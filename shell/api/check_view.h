/* A check as JSON, whoever made it: the local API over its channels, `readback check` over files.
 * The form is one everywhere; who the members are and how places are called is asked of the caller.
 */
#ifndef RB_SHELL_API_CHECK_VIEW_H
#define RB_SHELL_API_CHECK_VIEW_H
#include "check.h"

struct rb_check_names {
    void *ctx;
    struct rb_slice (*author)(void *ctx, uint16_t member);
    /* empty where there is none; borrows until the check is over */
    struct rb_slice (*title)(void *ctx, const struct rb_hash *id);
    /* the mark that a place's record bears; it is compared all the same (10.6.14) */
    enum rb_mark (*mark)(void *ctx, const struct rb_hash *id);
    /* of a cessation, as rb_check_truce; null: it is none. NULL: there are none where this looks */
    json_t *(*truce)(void *ctx, const struct rb_hash *id);
};
/* null where it was not made */
json_t *rb_check_view(const struct rb_checked *k, const struct rb_check_names *names);
/* as rb_check_view has it for one place: for tables */
struct rb_found rb_check_found(const struct rb_conflict *x, const struct rb_check_names *names);
#endif
