/* test, spec 3.6.5: the line is alive. */
#include "form.h"

static const struct rb_field fields[] = {
    F(1, "slot", RB_F_TIME, OPT, 0, "scheduled time it answers to; absent: made by hand"),
    F(2, "sequence", RB_F_UINT, REQ, 0, "counts this feed's tests"),
};
const struct rb_schema rb_test_schema = SCHEMA("test", fields);

void rb_test_encode(const struct rb_test *v, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    rb_mapw_opt_uint(&m, 1, v->slot_utc_ms);
    rb_mapw_uint(&m, 2, v->sequence);
    rb_mapw_close(&m);
}

enum rb_err rb_test_decode(struct rb_slice body, struct rb_test *out, struct rb_reject *rj) {
    struct rb_test v = {0};
    struct rb_mapr m;
    RB_TRY(rb_schema_check(&rb_test_schema, body, rj));
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_uint(&m, 1, &v.slot_utc_ms));
    RB_TRY(rb_mapr_uint(&m, 2, &v.sequence));
    *out = v;
    return RB_OK;
}
