/* notice, spec 3.6.10. */
#include "form.h"
#include "readback/text.h"
#include "readback/volume.h"

static const struct rb_enum_name classes[] = {
    {RB_NOTICE_OPERATION, "operation"}, {RB_NOTICE_EXERCISE, "exercise"},
    {RB_NOTICE_MOVEMENT, "movement"},   {RB_NOTICE_SITE, "site"},
    {RB_NOTICE_AREA, "area"},           {0, NULL}};
static const struct rb_field fields[] = {
    F_ENUM(1, "class", REQ, classes, "operation, exercise, movement, site, area"),
    F(2, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line"),
    F(3, "text", RB_F_TEXT, OPT, RB_MAX_TEXT, "what is planned"),
    F_MAPS(4, "volumes", OPT, RB_MAX_VOLUMES, &rb_volume_schema, "where and when"),
    F(5, "markings", RB_F_TEXT, OPT, RB_MAX_TEXT, "how it is marked, by day and by night"),
    F(6, "review-by", RB_F_TIME, OPT, 0, "site: when it is to be looked at again"),
};
const struct rb_schema rb_notice_schema = SCHEMA("notice", fields);

void rb_notice_encode(const struct rb_notice *v, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    rb_mapw_uint(&m, 1, v->class_);
    rb_mapw_text(&m, 2, v->title);
    rb_mapw_opt_text(&m, 3, v->text);
    rb_volumes_put(&m, 4, v->volumes, v->volumes_n);
    rb_mapw_opt_text(&m, 5, v->markings);
    if (v->has_review) rb_mapw_uint(&m, 6, (uint64_t)v->review_utc_ms);
    rb_mapw_close(&m);
}

static enum rb_err get_head(struct rb_mapr *m, struct rb_notice *v) {
    uint64_t class_ = 0;
    RB_TRY(rb_mapr_uint(m, 1, &class_));
    RB_TRY(rb_mapr_text(m, 2, &v->title));
    v->class_ = (enum rb_notice_class)class_;
    return rb_mapr_text(m, 3, &v->text);
}

/* Only a site is looked at again: all else ends. */
static enum rb_err get_tail(struct rb_mapr *m, struct rb_notice *v, struct rb_reject *rj) {
    RB_TRY(rb_mapr_text(m, 5, &v->markings));
    v->has_review = rb_mapr_at(m, 6);
    if (!v->has_review) return RB_OK;
    if (v->class_ != RB_NOTICE_SITE)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.10", "only a site has a review-by", m->r.at);
    return rb_form_get_time(&m->r, &v->review_utc_ms);
}

enum rb_err rb_notice_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_notice v = {0};
    struct rb_mapr m;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(get_head(&m, &v));
    RB_TRY(rb_volumes_form(&m, 4, rj));
    return get_tail(&m, &v, rj);
}

static enum rb_err get_notice(struct rb_slice body, struct rb_arena *a, struct rb_notice *v,
                              struct rb_reject *rj) {
    struct rb_mapr m;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(get_head(&m, v));
    RB_TRY(rb_volumes_get(&m, 4, a, &v->volumes, &v->volumes_n, rj));
    return get_tail(&m, v, rj);
}

enum rb_err rb_notice_decode(struct rb_slice body, struct rb_arena *a, struct rb_notice *out,
                             struct rb_reject *rj) {
    struct rb_notice v = {0};
    size_t mark = rb_arena_mark(a);
    RB_TRY(rb_schema_check(&rb_notice_schema, body, rj));
    enum rb_err e = get_notice(body, a, &v, rj);
    if (e == RB_OK)
        *out = v;
    else
        rb_arena_release(a, mark);
    return e;
}
