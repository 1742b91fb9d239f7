/* nil, spec 3.6.7: nothing to report in [from, to). Read through the grammar. */
#include "form.h"

static const struct rb_field fields[] = {
    F(1, "from", RB_F_TIME, REQ, 0, "included"),
    F(2, "to", RB_F_TIME, REQ, 0, "not included"),
    F(3, "text", RB_F_TEXT, OPT, RB_MAX_TEXT, "what was watched"),
};
const struct rb_schema rb_nil_schema = SCHEMA("nil", fields);

enum rb_err rb_nil_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_mapr m;
    int64_t from = 0, to = 0;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_time(&m, 1, &from));
    RB_TRY(rb_mapr_time(&m, 2, &to));
    if (from >= to) return rb_reject(rj, RB_ERR_MALFORMED, "3.6.7", "empty period", 0);
    return RB_OK;
}
