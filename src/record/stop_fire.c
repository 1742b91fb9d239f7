/* stop-fire, spec 3.6.11. That it is FLASH and demands an answer by a time, the envelope says. */
#include "form.h"
#include "readback/text.h"
#include "readback/volume.h"

static const struct rb_field fields[] = {
    F(1, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line: what is to stop"),
    F(2, "text", RB_F_TEXT, OPT, RB_MAX_TEXT, "who is hit, by what, how it is known"),
    F_MAPS(3, "volumes", OPT, RB_MAX_VOLUMES, &rb_volume_schema, "where"),
};
const struct rb_schema rb_stop_fire_schema = SCHEMA("stop-fire", fields);

void rb_stop_fire_encode(const struct rb_stop_fire *v, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    rb_mapw_text(&m, 1, v->title);
    rb_mapw_opt_text(&m, 2, v->text);
    rb_volumes_put(&m, 3, v->volumes, v->volumes_n);
    rb_mapw_close(&m);
}

static enum rb_err get_words(struct rb_mapr *m, struct rb_stop_fire *v) {
    RB_TRY(rb_mapr_text(m, 1, &v->title));
    return rb_mapr_text(m, 2, &v->text);
}

enum rb_err rb_stop_fire_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_stop_fire v = {0};
    struct rb_mapr m;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(get_words(&m, &v));
    return rb_volumes_form(&m, 3, rj);
}

static enum rb_err get_stop_fire(struct rb_slice body, struct rb_arena *a, struct rb_stop_fire *v,
                                 struct rb_reject *rj) {
    struct rb_mapr m;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(get_words(&m, v));
    return rb_volumes_get(&m, 3, a, &v->volumes, &v->volumes_n, rj);
}

enum rb_err rb_stop_fire_decode(struct rb_slice body, struct rb_arena *a, struct rb_stop_fire *out,
                                struct rb_reject *rj) {
    struct rb_stop_fire v = {0};
    size_t mark = rb_arena_mark(a);
    RB_TRY(rb_schema_check(&rb_stop_fire_schema, body, rj));
    enum rb_err e = get_stop_fire(body, a, &v, rj);
    if (e == RB_OK)
        *out = v;
    else
        rb_arena_release(a, mark);
    return e;
}
