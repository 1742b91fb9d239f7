/* statement (spec 3.6.24), text as circulated (3.6.19): words and lists, read through the grammar.
 */
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
