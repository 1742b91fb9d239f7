/* figure, spec 3.6.17: a number of people as somebody stated it. */
#include "instrument_form.h"

static const struct rb_enum_name whats[] = {{RB_FIGURE_KILLED, "killed"},
                                            {RB_FIGURE_INJURED, "injured"},
                                            {RB_FIGURE_MISSING, "missing"},
                                            {RB_FIGURE_DISPLACED, "displaced"},
                                            {0, NULL}};
static const struct rb_enum_name statuses[] = {{RB_FIGURE_CLAIM, "claim"},
                                               {RB_FIGURE_ESTIMATE, "estimate"},
                                               {RB_FIGURE_CONFIRMED, "confirmed"},
                                               {RB_FIGURE_INCONCLUSIVE, "inconclusive"},
                                               {RB_FIGURE_REJECTED, "rejected"},
                                               {RB_FIGURE_COUNT_STOPPED, "count-stopped"},
                                               {0, NULL}};
static const struct rb_field fields[] = {
    F_ENUM(1, "what", REQ, whats, "killed, injured, missing, displaced"),
    F(2, "low", RB_F_UINT, OPT, 0, "at least; absent: open"),
    F(3, "high", RB_F_UINT, OPT, 0, "at most; absent: open"),
    F(4, "as-stated", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "in its words: more than 1,000"),
    F(5, "class", RB_F_NAME, OPT, RB_MAX_NAME, "as stated: believed civilians"),
    F(6, "group", RB_F_NAME, OPT, RB_MAX_NAME, "as stated"),
    F(7, "attributed-to", RB_F_NAME, OPT, RB_MAX_NAME, "as stated"),
    F(8, "area", RB_F_NAME, OPT, RB_MAX_NAME, "as stated"),
    F_VOLUMES(9, "the area, where it can be drawn"),
    F(10, "from", RB_F_TIME, OPT, 0, "of the period counted"),
    F(11, "to", RB_F_TIME, OPT, 0, "of the period counted"),
    F(12, "counted-by", RB_F_NAME, OPT, RB_MAX_NAME, "who counted"),
    F(13, "source", RB_F_NAME, OPT, RB_MAX_NAME, "whom the author has it from; absent: not named"),
    F(14, "sources", RB_F_UINT, OPT, 1000000, "how many stand behind it"),
    F(15, "method", RB_F_TEXT, OPT, RB_MAX_TEXT, "how it was counted"),
    F_ENUM(16, "status", REQ, statuses,
           "claim, estimate, confirmed, inconclusive, rejected, count-stopped"),
    F_HASHES(17, "incidents", OPT, "of which it is part"),
};
const struct rb_schema rb_figure_schema = SCHEMA("figure", fields);

const char *rb_figure_what_name(enum rb_figure_what w) {
    return rb_enum_text(whats, w);
}

const char *rb_figure_status_name(enum rb_figure_status s) {
    return rb_enum_text(statuses, s);
}

static enum rb_err get_number(struct rb_mapr *m, uint64_t key, bool *has, uint64_t *out) {
    *has = rb_mapr_at(m, key);
    return *has ? rb_cbor_get_uint(&m->r, out) : RB_OK;
}

static enum rb_err get_range(struct rb_mapr *m, struct rb_figure *v, struct rb_reject *rj) {
    RB_TRY(get_number(m, 2, &v->has_low, &v->low));
    size_t at = m->r.at;
    RB_TRY(get_number(m, 3, &v->has_high, &v->high));
    if (v->has_low && v->has_high && v->low > v->high)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.17", "low above high", at);
    return RB_OK;
}

static enum rb_err get_words(struct rb_mapr *m, struct rb_figure *v) {
    RB_TRY(rb_mapr_text(m, 4, &v->as_stated));
    RB_TRY(rb_mapr_text(m, 5, &v->class_));
    RB_TRY(rb_mapr_text(m, 6, &v->group));
    RB_TRY(rb_mapr_text(m, 7, &v->attributed_to));
    return rb_mapr_text(m, 8, &v->area);
}

static enum rb_err get_source(struct rb_mapr *m, struct rb_figure *v) {
    uint64_t status = 0;
    RB_TRY(rb_mapr_text(m, 12, &v->counted_by));
    RB_TRY(rb_mapr_text(m, 13, &v->source));
    RB_TRY(rb_mapr_uint(m, 14, &v->sources));
    RB_TRY(rb_mapr_text(m, 15, &v->method));
    RB_TRY(rb_mapr_uint(m, 16, &status));
    v->status = (enum rb_figure_status)status;
    return RB_OK;
}

static enum rb_err get(struct rb_slice body, struct rb_arena *a, struct rb_figure *v,
                       struct rb_reject *rj) {
    struct rb_mapr m;
    uint64_t what = 0;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_uint(&m, 1, &what));
    v->what = (enum rb_figure_what)what;
    RB_TRY(get_range(&m, v, rj));
    RB_TRY(get_words(&m, v));
    RB_TRY(rb_mapr_volumes(&m, 9, a, &v->volumes, &v->volumes_n, rj));
    RB_TRY(rb_mapr_period(&m, 10, &v->period, "3.6.17", rj));
    RB_TRY(get_source(&m, v));
    if (v->status == RB_FIGURE_COUNT_STOPPED && (v->has_low || v->has_high))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.17", "a count that stopped has no number", 0);
    return rb_mapr_hashes(&m, 17, &v->incidents, "3.6.17", rj);
}

enum rb_err rb_figure_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_figure v = {0};
    return get(body, NULL, &v, rj);
}

enum rb_err rb_figure_decode(struct rb_slice body, struct rb_arena *a, struct rb_figure *out,
                             struct rb_reject *rj) {
    struct rb_figure v = {0};
    RB_TRY(rb_schema_check(&rb_figure_schema, body, rj));
    RB_TRY(get(body, a, &v, rj));
    *out = v;
    return RB_OK;
}
