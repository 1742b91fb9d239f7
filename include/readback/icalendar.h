/* Writing iCalendar (RFC 5545): events in UTC, for other people's calendars. What a calendar has no
 * form for stays out; nothing is read. */
#ifndef READBACK_ICALENDAR_H
#define READBACK_ICALENDAR_H
#include "readback/bytes.h"

enum rb_ical_status { RB_ICAL_TENTATIVE, RB_ICAL_CONFIRMED, RB_ICAL_CANCELLED };
struct rb_ical_event {
    struct rb_slice uid;  /* the same for the same event, always */
    int64_t stamp_utc_ms; /* what it says was so at that time */
    int64_t start_utc_ms;
    bool has_end;
    int64_t end_utc_ms; /* not included; absent, or not in a later second: an instant */
    uint32_t
        sequence; /* never smaller in a later file: whoever read an earlier one takes the later */
    enum rb_ical_status status;
    struct rb_slice summary, description; /* UTF-8; description may be empty */
};
/* Times lose their fraction of a second. Lines are folded at 75 octets, at a character's end. */
void rb_ical_begin(struct rb_writer *w, struct rb_slice name);
void rb_ical_event(struct rb_writer *w, const struct rb_ical_event *e);
void rb_ical_end(struct rb_writer *w);
#endif
