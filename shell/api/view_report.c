/* The report from one cut-off to the next (spec 16.5.5): what was asserted, by whom, what others
 * said of it, what monitors found. It counts records, and nothing else. */
#include "readback/report.h"
#include "view_instrument.h"

#define DAY_MS INT64_C(86400000)

static json_t *number_json(const struct rb_report_number *n) {
    json_t *o = json_object();
    rb_j_put(o, "now", json_integer((json_int_t)n->now));
    rb_j_put(o, "before", json_integer((json_int_t)n->before));
    rb_j_put(o, "change", json_integer((json_int_t)n->now - (json_int_t)n->before));
    return o;
}
static json_t *member_json(const struct rb_chan *c, const struct rb_report_member *m) {
    json_t *o = rb_member_json(c, m->member);
    rb_j_put(o, "asserted", number_json(&m->asserted));
    rb_j_put(o, "confirmed", number_json(&m->confirmed));
    rb_j_put(o, "disputed", number_json(&m->disputed));
    rb_j_put(o, "unread", number_json(&m->unread));
    return o;
}
static json_t *report_json(const struct rb_chan *c, const struct rb_report *r) {
    json_t *o = rb_chan_head(c), *visits = json_object(), *findings = json_object();
    json_t *members = json_array(), *waiting = json_array();
    for (int i = RB_VISIT_MADE; i <= RB_VISIT_HINDERED; i++)
        rb_j_put(visits, rb_visit_outcome_name((enum rb_visit_outcome)i),
                 number_json(&r->visits[i]));
    for (int i = RB_FINDING_CONFIRMED; i <= RB_FINDING_SUSPENDED; i++)
        rb_j_put(findings, rb_finding_result_name((enum rb_finding_result)i),
                 number_json(&r->findings[i]));
    for (size_t i = 0; i < r->members_n; i++)
        json_array_append_new(members, member_json(c, &r->members[i]));
    for (size_t i = 0; i < r->waiting_n; i++)
        json_array_append_new(waiting, rb_order_id(c, r->waiting[i]));
    rb_j_put(o, "before", rb_j_time(r->before_utc_ms));
    rb_j_put(o, "from", rb_j_time(r->from_utc_ms));
    rb_j_put(o, "to", rb_j_time(r->to_utc_ms));
    rb_j_put(o, "asserted", number_json(&r->asserted));
    rb_j_put(o, "versions", number_json(&r->versions));
    rb_j_put(o, "withdrawn", number_json(&r->withdrawn));
    rb_j_put(o, "assigned", number_json(&r->assigned));
    rb_j_put(o, "visits", visits);
    rb_j_put(o, "findings", findings);
    rb_j_put(o, "unread", number_json(&r->unread));
    rb_j_put(o, "members", members);
    rb_j_put(o, "in_no_number", waiting);
    return o;
}
/* false: replied */
static bool cut_off(struct rb_req *rq, const char *name, int64_t otherwise, int64_t *out) {
    char buf[64];
    *out = otherwise;
    if (!rb_query(rq, name, buf, sizeof buf)) return true;
    json_t *v = json_string(buf);
    enum rb_err err = rb_json_time(v, out);
    json_decref(v);
    if (err == RB_OK) return true;
    rb_fail_words(rq, RB_ERR_USAGE, name, "a time like 2015-09-30T13:00:00Z is wanted", NULL);
    return false;
}
void rb_get_report(struct rb_req *rq) {
    struct rb_chan c;
    struct rb_report r;
    int64_t from = 0, to = 0, length = 0, before = 0;
    if (!rb_chan_open(rq, rq->part[1], &c) || !cut_off(rq, "to", rq->at_utc_ms, &to) ||
        !cut_off(rq, "from", to - DAY_MS, &from))
        return;
    enum rb_err err = RB_ERR_USAGE;
    if (from < to && !__builtin_sub_overflow(to, from, &length) &&
        !__builtin_sub_overflow(from, length, &before))
        err = rb_report_make(c.s, before, from, to, &rq->arena, &r);
    if (err == RB_ERR_USAGE)
        rb_fail_words(rq, err, "from", "a report begins before it ends: `from` is not before `to`",
                      "without `to` it ends now, without `from` it has the 24 hours before `to`");
    else if (err != RB_OK)
        rb_fail_words(rq, err, NULL, "memory is short", NULL);
    else
        rb_reply(rq, 200, report_json(&c, &r));
}
