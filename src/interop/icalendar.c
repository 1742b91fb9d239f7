/* iCalendar, RFC 5545: content lines (3.1), TEXT (3.3.11), DATE-TIME in UTC (3.3.5). */
#include "readback/icalendar.h"
#include "readback/text.h"

#define LINE 75u /* octets, without the break */

struct line { /* one content line on its way out */
    struct rb_writer *w;
    size_t n; /* octets since the last break */
};

/* octets of the character that begins here, within what there is */
static size_t width(struct rb_slice s, size_t at) {
    const uint8_t c = s.p[at];
    const size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return n < s.n - at ? n : s.n - at;
}
/* what must not be parted: a character, or a backslash with what it escapes */
static void put_whole(struct line *l, const void *p, size_t n) {
    if (l->n + n > LINE) {
        rb_put_z(l->w, "\r\n ");
        l->n = 1;
    }
    rb_put(l->w, p, n);
    l->n += n;
}
static void put_name(struct line *l, struct rb_writer *w, const char *name) {
    *l = (struct line){w, 0};
    put_whole(l, name, strlen(name));
    put_whole(l, ":", 1);
}
static void put_line(struct rb_writer *w, const char *name, const char *value) {
    struct line l;
    put_name(&l, w, name);
    for (; *value; value++)
        put_whole(&l, value, 1);
    rb_put_z(w, "\r\n");
}
static void put_text(struct rb_writer *w, const char *name, struct rb_slice s) {
    struct line l;
    put_name(&l, w, name);
    for (size_t i = 0, n; i < s.n; i += n) {
        const uint8_t c = s.p[i];
        n = width(s, i);
        if (c == '\n')
            put_whole(&l, "\\n", 2);
        else if (c == '\\' || c == ';' || c == ',') {
            const uint8_t pair[2] = {'\\', c};
            put_whole(&l, pair, 2);
        } else if (c >= 0x20 && c != 0x7f) {
            put_whole(&l, s.p + i, n);
        }
    }
    rb_put_z(w, "\r\n");
}
static void put_digits(struct rb_writer *w, int value, int digits) {
    uint8_t out[8];
    for (int i = digits; i-- > 0; value /= 10)
        out[i] = (uint8_t)('0' + value % 10);
    rb_put(w, out, (size_t)digits);
}
static void put_time(struct rb_writer *w, const char *name, int64_t utc_ms) {
    const struct rb_utc t = rb_utc_split(utc_ms);
    rb_put_z(w, name);
    rb_put_z(w, ":");
    put_digits(w, t.year, 4);
    put_digits(w, t.month, 2);
    put_digits(w, t.day, 2);
    rb_put_z(w, "T");
    put_digits(w, t.hour, 2);
    put_digits(w, t.minute, 2);
    put_digits(w, t.second, 2);
    rb_put_z(w, "Z\r\n");
}

void rb_ical_begin(struct rb_writer *w, struct rb_slice name) {
    put_line(w, "BEGIN", "VCALENDAR");
    rb_put_z(w, "VERSION:2.0\r\n");
    put_line(w, "PRODID", "-//Readback//truces//EN");
    if (name.n) put_text(w, "X-WR-CALNAME", name);
}
static int64_t second_of(int64_t utc_ms) {
    return utc_ms / 1000 - (utc_ms % 1000 < 0);
}
void rb_ical_event(struct rb_writer *w, const struct rb_ical_event *e) {
    static const char *const status[] = {"TENTATIVE", "CONFIRMED", "CANCELLED"}; /* 3.8.1.11 */
    put_line(w, "BEGIN", "VEVENT");
    put_text(w, "UID", e->uid);
    put_time(w, "DTSTAMP", e->stamp_utc_ms);
    put_time(w, "DTSTART", e->start_utc_ms);
    /* later than the start (3.8.2.2) as written, which is to the second */
    if (e->has_end && second_of(e->end_utc_ms) > second_of(e->start_utc_ms))
        put_time(w, "DTEND", e->end_utc_ms);
    rb_put_z(w, "SEQUENCE:");
    rb_put_dec(w, e->sequence);
    rb_put_z(w, "\r\n");
    put_text(w, "SUMMARY", e->summary);
    if (e->description.n) put_text(w, "DESCRIPTION", e->description);
    put_line(w, "STATUS", status[e->status]);
    /* it takes nobody's time */
    put_line(w, "TRANSP", "TRANSPARENT");
    put_line(w, "END", "VEVENT");
}
void rb_ical_end(struct rb_writer *w) {
    put_line(w, "END", "VCALENDAR");
}
