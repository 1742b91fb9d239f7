/* Advance copies (spec 6.17.3): FLASH that came ahead of its leaf. Shown, never counted: no view
 * that says what is held or answered looks in here. */
#include <stdlib.h>
#include "internal.h"

static json_t *advance_json(struct rb_chan *c, const struct rb_advance_view *a) {
    json_t *o = json_object();
    rb_j_put(o, "state", json_string("not yet receipted"));
    rb_j_put(o, "channel", rb_j_hex(c->v.id, RB_CHANNEL_LEN));
    rb_j_put(o, "channel_title", rb_j_slice(c->charter->title));
    rb_j_put(o, "exercise", json_boolean(c->charter->exercise));
    rb_j_put(o, "record", rb_j_hex(a->id.b, RB_HASH_LEN));
    rb_j_put(o, "author", rb_chan_handle_json(c, a->member));
    rb_j_put(o, "kind", json_string(rb_kind_name(a->record.kind)));
    rb_j_put(o, "precedence", json_string(rb_precedence_name(a->record.precedence)));
    rb_j_put(o, "created", rb_j_time(a->record.created_utc_ms));
    rb_j_put(o, "came", rb_j_time(a->came_utc_ms));
    rb_j_put(o, "closed", json_boolean(a->record.closed));
    rb_j_put(o, "body",
             a->record.closed ? json_null() : rb_body_json(c, a->record.kind, a->record.body));
    return o;
}

void rb_advances_put(struct rb_chan *c, json_t *list) {
    struct rb_advance_view *a = rb_json_room(sizeof *a);
    for (size_t i = 0; a && i < rb_node_advances(c->rq->node, c->v.id); i++)
        if (rb_node_advance(c->rq->node, c->v.id, i, a))
            json_array_append_new(list, advance_json(c, a));
    rb_json_room_back(a);
}
