/* The report from one cut-off to the next (spec 16.5.5): what was asserted, by whom, what others said of
 * it, what monitors found and where they were not let in. It counts records and nothing else: a number of
 * incidents asserted is no number of incidents.
 *
 * A record belongs to the period in which somebody else held it first, by the clocks of 5.8: that of the
 * charter's timekeeper, or else those of members of another affiliation and group than its author. What is
 * not known to be held by any of them belongs to none and is listed. */
#ifndef READBACK_REPORT_H
#define READBACK_REPORT_H
#include "readback/rules.h"

struct rb_report_number {
    size_t now, before; /* in the period; in the one before */
};
struct rb_report_member {
    uint16_t member;
    struct rb_report_number asserted;  /* incidents; later versions not counted again */
    struct rb_report_number confirmed; /* others' incidents: one for each that a position answers */
    struct rb_report_number disputed;
    struct rb_report_number unread;    /* closed positions on incidents that were not opened here */
};
struct rb_report {
    int64_t before_utc_ms, from_utc_ms, to_utc_ms;
    struct rb_report_number asserted, versions, withdrawn; /* incidents; later versions; taken back */
    struct rb_report_number assigned;
    struct rb_report_number visits[4];   /* by enum rb_visit_outcome: made, denied, hindered */
    struct rb_report_number findings[6]; /* by enum rb_finding_result */
    struct rb_report_number unread;      /* findings that are closed and were not opened here */
    size_t members_n; /* those with a number above 0 */
    struct rb_report_member *members;
    size_t waiting_n; /* of these kinds, not known to be held by another: in no number above */
    uint32_t *waiting; /* indexes in order[] */
};
/* The cut-offs ascend: from `before` to `from` is the period before, from `from` to `to` the one reported,
 * each without its end. RB_ERR_USAGE: they do not ascend. RB_ERR_LIMIT. */
enum rb_err rb_report_make(const struct rb_situation *s, int64_t before_utc_ms, int64_t from_utc_ms,
                           int64_t to_utc_ms, struct rb_arena *a, struct rb_report *out) RB_MUST_USE;
#endif
