/* request, spec 3.6.12: what is asked of whom. Until when, the envelope's demand says. */
#include "instrument_form.h"

static const struct rb_field fields[] = {
    F(1, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line: what is asked"),
    F(2, "text", RB_F_TEXT, OPT, RB_MAX_TEXT, "in full"),
    F_MEMBERS(3, "of", OPT, "of whom; absent: of all who can read it"),
    F_VOLUMES(4, "where"),
};
const struct rb_schema rb_request_schema = SCHEMA("request", fields);

static enum rb_err get(struct rb_slice body, struct rb_arena *a, struct rb_request *v,
                       struct rb_reject *rj) {
    struct rb_mapr m;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_text(&m, 1, &v->title));
    RB_TRY(rb_mapr_text(&m, 2, &v->text));
    RB_TRY(rb_mapr_members(&m, 3, &v->of));
    return rb_mapr_volumes(&m, 4, a, &v->volumes, &v->volumes_n, rj);
}

enum rb_err rb_request_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_request v = {0};
    return get(body, NULL, &v, rj);
}

enum rb_err rb_request_decode(struct rb_slice body, struct rb_arena *a, struct rb_request *out,
                              struct rb_reject *rj) {
    struct rb_request v = {0};
    RB_TRY(rb_schema_check(&rb_request_schema, body, rj));
    RB_TRY(get(body, a, &v, rj));
    *out = v;
    return RB_OK;
}
