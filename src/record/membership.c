/* membership, spec 3.6.3: suspend, resume, leave; each for itself. */
#include "form.h"

static const struct rb_enum_name actions[] = {{RB_MEMBERSHIP_SUSPEND, "suspend"},
                                              {RB_MEMBERSHIP_RESUME, "resume"},
                                              {RB_MEMBERSHIP_LEAVE, "leave"},
                                              {0, NULL}};
static const struct rb_field fields[] = {
    F_ENUM(1, "action", REQ, actions, "suspend, resume, leave"),
    F(2, "reason", RB_F_TEXT, OPT, RB_MAX_TEXT, "as stated"),
};
const struct rb_schema rb_membership_schema = SCHEMA("membership", fields);

void rb_membership_encode(const struct rb_membership *v, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    rb_mapw_uint(&m, 1, v->action);
    rb_mapw_opt_text(&m, 2, v->reason);
    rb_mapw_close(&m);
}

enum rb_err rb_membership_decode(struct rb_slice body, struct rb_membership *out,
                                 struct rb_reject *rj) {
    struct rb_membership v = {0};
    struct rb_mapr m;
    uint64_t action = 0;
    RB_TRY(rb_schema_check(&rb_membership_schema, body, rj));
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_uint(&m, 1, &action));
    RB_TRY(rb_mapr_text(&m, 2, &v.reason));
    v.action = (enum rb_membership_action)action;
    *out = v;
    return RB_OK;
}
