/* A body by its grammar, for people and for JSON. */
#ifndef RB_CMD_VERIFY_BODY_H
#define RB_CMD_VERIFY_BODY_H
#include "cmd/verify_j.h"
#include "readback/schema.h"

/* Both take a body that the schema has been checked against (rb_schema_check). */
/* a line for each value, each begun with `  | `, so that no words of the body can pass for ours */
void verify_body_say(const struct rb_schema *s, struct rb_slice body, FILE *out);
void verify_body_json(const struct rb_schema *s, struct rb_slice body, struct vj *j);
/* the same for a text: its lines, what cannot be seen or turns the line round written as \u{...} */
void verify_text_say(struct rb_slice text, FILE *out);
#endif
