/* statement (spec 3.6.24), text as circulated (3.6.19), roster (3.6.25): words and lists, read
 * through the grammar. */
#include "form.h"

static const struct rb_field statement_fields[] = {
    F(1, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line"),
    F(2, "text", RB_F_TEXT, REQ | FULL, RB_MAX_TEXT, "for the public"),
};
const struct rb_schema rb_statement_schema = SCHEMA("statement", statement_fields);

static const struct rb_field text_fields[] = {
    F(1, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line"),
    F(2, "version", RB_F_UINT, REQ, 0, "counts the circulated versions"),
    F_ARRAY(3, "paragraphs", RB_F_TEXT, REQ | FULL, RB_MAX_TEXT, RB_MAX_PARAGRAPHS,
            "counted from 1"),
    F(4, "previous", RB_F_HASH, OPT, 0, "leaf hash of the version before"),
    F_ENUM(5, "rule", OPT, rb_rule_names, "of adoption; absent: all must accept"),
    F(6, "explanation", RB_F_TEXT, OPT, RB_MAX_TEXT, "of the pen"),
};
const struct rb_schema rb_text_schema = SCHEMA("text", text_fields);

static const struct rb_field person_fields[] = {
    F(0, "name", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "of the person"),
    F(1, "duty", RB_F_NAME, OPT, RB_MAX_NAME, "watch, release, linguist, ..."),
    F(2, "contact", RB_F_NAME, OPT, RB_MAX_NAME, "phone or mail"),
    F(3, "from", RB_F_TIME, OPT, 0, "included"),
    F(4, "to", RB_F_TIME, OPT, 0, "not included"),
};
static const struct rb_schema person_schema = SCHEMA("person", person_fields);
static const struct rb_field roster_fields[] = {
    F(1, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line"),
    F_TUPLES(2, "persons", REQ | FULL, 256, &person_schema, "who is on"),
};
const struct rb_schema rb_roster_schema = SCHEMA("roster", roster_fields);

static enum rb_err get_hours(struct rb_reader *r, uint64_t *from, uint64_t *to) {
    size_t n = 0;
    RB_TRY(rb_cbor_get_array(r, 5, &n));
    for (int i = 0; i < 3; i++)
        RB_TRY(rb_cbor_skip(r, NULL));
    RB_TRY(rb_form_get_opt_uint(r, from));
    return rb_form_get_opt_uint(r, to);
}

enum rb_err rb_roster_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_reader r;
    size_t n = 0;
    RB_TRY(rb_cbor_find(body, 2, &r));
    RB_TRY(rb_cbor_get_array(&r, 256, &n));
    for (size_t i = 0; i < n; i++) {
        size_t at = r.at;
        uint64_t from = 0, to = 0;
        RB_TRY(get_hours(&r, &from, &to));
        if (to > 0 && from >= to)
            return rb_reject(rj, RB_ERR_MALFORMED, "3.6.25", "empty period", at);
    }
    return RB_OK;
}
