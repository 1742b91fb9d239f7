/* Kinds: what can be said and answered, from the tables themselves. */
#include "kinds.h"
#include "internal.h"

static json_t *fields_json(const struct rb_schema *s, unsigned depth) {
    static const char *const types[] = {"number",    "number", "bool",        "time",    "span",
                                        "name",      "text",   "base64",      "hash",    "key",
                                        "signature", "enum",   "member",      "degrees", "metres",
                                        "map",       "tuple",  "hash or null"};
    json_t *out = json_array();
    for (size_t i = 0; s && depth < 6 && i < s->n; i++) {
        const struct rb_field *f = &s->fields[i];
        json_t *o = json_object(), *names = json_array();
        char name[64];
        struct rb_writer w = rb_writer(name, sizeof name);
        rb_put_z(&w, f->name);
        for (size_t k = 0; k < w.n; k++)
            if (name[k] == '-') name[k] = '_';
        rb_j_put(o, "name", rb_j_text(&w));
        rb_j_put(o, "type", json_string(types[f->type]));
        rb_j_put(o, "required", json_boolean(f->flags & RB_FIELD_REQUIRED));
        rb_j_put(o, "list", json_boolean(f->flags & RB_FIELD_ARRAY));
        rb_j_put(o, "help", f->help ? json_string(f->help) : json_null());
        for (const struct rb_enum_name *e = f->names; e && e->name; e++)
            json_array_append_new(names, json_string(e->name));
        if (json_array_size(names)) rb_j_put(o, "values", json_incref(names));
        if (f->sub) rb_j_put(o, "fields", fields_json(f->sub, depth + 1));
        json_decref(names);
        json_array_append_new(out, o);
    }
    return out;
}
static json_t *answers_json(enum rb_kind k) {
    json_t *out = json_array();
    for (int p = 1; p <= RB_POSITION_MAX; p++) {
        bool any = false;
        for (int c = 0; c < RB_NOTICE_CLASSES; c++)
            any = any ||
                  rb_position_may_answer((enum rb_position_type)p, k, k == RB_KIND_NOTICE ? c : -1,
                                         false) ||
                  rb_position_may_answer((enum rb_position_type)p, k, k == RB_KIND_NOTICE ? c : -1,
                                         true);
        /* a query about one's own record (10.8.2), which the kind alone does not tell */
        any = any || (k == RB_KIND_POSITION && p == RB_POSITION_CONFIRM);
        if (any)
            json_array_append_new(out, json_string(rb_position_name((enum rb_position_type)p)));
    }
    return out;
}
json_t *rb_kinds_json(void) {
    json_t *list = json_array(), *o = json_object();
    for (int k = 1; k <= RB_KIND_MAX; k++) {
        const struct rb_schema *s = rb_body_schema((enum rb_kind)k);
        json_t *x = json_object();
        rb_j_put(x, "kind", json_string(rb_kind_name((enum rb_kind)k)));
        rb_j_put(x, "number", json_integer(k));
        rb_j_put(x, "supported", json_boolean(s != NULL));
        rb_j_put(x, "by_node", json_boolean(rb_kind_is_machine((enum rb_kind)k)));
        rb_j_put(x, "answers", answers_json((enum rb_kind)k));
        rb_j_put(x, "fields", fields_json(s, 0));
        json_array_append_new(list, x);
    }
    rb_j_put(o, "kinds", list);
    return o;
}
