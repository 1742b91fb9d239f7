/* Truces as a calendar: from what the node answers, into a file or onto standard output. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli_instrument.h"
#include "readback/icalendar.h"
#include "readback/text.h"

#define EVENT_MOST ((size_t)8192) /* bytes of one, folded and escaped */
#define WORDS_MOST ((size_t)1024)

static const struct {
    const char *state;
    enum rb_ical_status status;
} shown[] = {{"proposed", RB_ICAL_TENTATIVE},
             {"contested-by-time", RB_ICAL_TENTATIVE},
             {"agreed", RB_ICAL_CONFIRMED},
             {"declared", RB_ICAL_CONFIRMED},
             {"in-force", RB_ICAL_CONFIRMED},
             /* a calendar that took it from an earlier file goes on showing it unless it is told */
             {"broken-off", RB_ICAL_CANCELLED},
             {"withdrawn", RB_ICAL_CANCELLED},
             {"not-adopted", RB_ICAL_CANCELLED},
             {"lapsed", RB_ICAL_CANCELLED},
             {"superseded", RB_ICAL_CANCELLED}};

/* by its state and, where its lot says them, by what became of its times */
static bool event_of(const json_t *x, struct rb_ical_event *e) {
    const json_t *t = json_object_get(x, "cessation"), *body = json_object_get(x, "body");
    const json_t *times = json_is_object(t) ? t : body;
    size_t i = 0;
    while (i < sizeof shown / sizeof *shown && strcmp(shown[i].state, cli_str(x, "state")) != 0)
        i++;
    if (i == sizeof shown / sizeof *shown) return false;
    e->status = shown[i].status;
    e->has_end = rb_rfc3339_decode(rb_str(cli_str(times, "end")), &e->end_utc_ms) == RB_OK;
    return rb_rfc3339_decode(rb_str(cli_str(times, "start")), &e->start_utc_ms) == RB_OK;
}
static const json_t *of_record(const json_t *list, const char *record) {
    const json_t *x;
    size_t i;
    json_array_foreach(list, i, x) {
        if (*record && strcmp(cli_str(x, "record"), record) == 0) return x;
    }
    return NULL;
}
static const char *extended_by(const json_t *x) {
    return cli_str(json_object_get(x, "cessation"), "extends");
}
/* y extends x, or what extends it; a chain has no more links than there are cessations */
static bool extends(const json_t *list, const json_t *y, const json_t *x) {
    for (size_t i = 0; y && i < json_array_size(list); i++) {
        y = of_record(list, extended_by(y));
        if (y == x) return true;
    }
    return false;
}
/* What is said of it and of what extends it only grows; and by its hour alone what was tentative is
 * confirmed or cancelled, and what was confirmed is cancelled. */
static uint32_t sequence_of(const json_t *list, const json_t *x, enum rb_ical_status status) {
    size_t said = json_array_size(json_object_get(x, "positions")), i;
    const json_t *y;
    json_array_foreach(list, i, y) {
        if (extends(list, y, x)) said += 1 + json_array_size(json_object_get(y, "positions"));
    }
    return said > 700000000 ? UINT32_C(2100000000) : (uint32_t)(3 * said) + (uint32_t)status;
}
static void put_words(const json_t *o, const json_t *x, const char *before, char *summary,
                      char *description) {
    snprintf(summary, WORDS_MOST, "%s%s%s", cli_true(o, "exercise") ? "EXERCISE: " : "", before,
             cli_text(x, "title"));
    snprintf(description, WORDS_MOST, "%s: %s. Of %s, record %s, as known to this node.",
             cli_str(x, "state"), cli_str(x, "state_sentence"), cli_text(x, "author"),
             cli_str(x, "record"));
}
/* the time that it covers, and its end as an event of its own */
static void put_truce(struct rb_writer *w, const json_t *o, const json_t *x,
                      struct rb_ical_event e) {
    char summary[WORDS_MOST], description[WORDS_MOST], uid[96];
    e.sequence = sequence_of(json_object_get(o, "instruments"), x, e.status);
    put_words(o, x, e.status == RB_ICAL_CANCELLED ? "CANCELLED: " : "", summary, description);
    snprintf(uid, sizeof uid, "%s.readback", cli_str(x, "record"));
    e.uid = rb_str(uid);
    e.summary = rb_str(summary);
    e.description = rb_str(description);
    rb_ical_event(w, &e);
    if (!e.has_end) return;
    put_words(o, x, e.status == RB_ICAL_CANCELLED ? "CANCELLED: END of " : "END of ", summary,
              description);
    snprintf(uid, sizeof uid, "%s.end.readback", cli_str(x, "record"));
    e.uid = rb_str(uid);
    e.summary = rb_str(summary);
    e.start_utc_ms = e.end_utc_ms;
    e.has_end = false;
    rb_ical_event(w, &e);
}
static int write_out(struct cli *c, const char *path, struct rb_slice s) {
    if (strcmp(path, "-") == 0) {
        if (fwrite(s.p, 1, s.n, stdout) == s.n) return CLI_OK;
        return cli_fail(c, NULL, "standard output cannot be written");
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return cli_fail(c, "Name a file that does not exist yet, or - for standard output.",
                        "%s cannot be made: %s", path, strerror(errno));
    FILE *f = fdopen(fd, "wb");
    bool ok = f && fwrite(s.p, 1, s.n, f) == s.n && fflush(f) == 0 && fsync(fd) == 0;
    if (f == NULL)
        close(fd);
    else
        ok = fclose(f) == 0 && ok;
    if (ok) return CLI_OK;
    unlink(path);
    return cli_fail(c, NULL, "%s cannot be written", path);
}
int cli_calendar(struct cli *c, const json_t *o, const char *path) {
    const json_t *list = json_object_get(o, "instruments"), *x;
    const size_t cap = 1024 + 2 * EVENT_MOST * json_array_size(list);
    uint8_t *buf = malloc(cap);
    struct rb_writer w = rb_writer(buf, buf ? cap : 0);
    int64_t now = 0;
    size_t i, closed = 0, dark = 0;
    struct rb_slice out;
    if (rb_rfc3339_decode(rb_str(cli_str(o, "now")), &now) != RB_OK) now = 0;
    rb_ical_begin(&w, rb_str(cli_str(o, "title")));
    json_array_foreach(list, i, x) {
        struct rb_ical_event e = {.stamp_utc_ms = now};
        const bool unread = strcmp(cli_str(x, "state"), "unread") == 0;
        const bool any = event_of(x, &e);
        if (cli_true(x, "closed") && !cli_has(c, "with-closed"))
            closed += any || unread;
        else if (any)
            put_truce(&w, o, x, e);
        else
            dark += unread;
    }
    rb_ical_end(&w);
    int rc = rb_writer_done(&w, &out) == RB_OK ? write_out(c, path, out)
                                               : cli_fail(c, NULL, "memory is short");
    if (rc == CLI_OK && closed > 0)
        fprintf(stderr, "Left out: %zu closed (--with-closed writes them too, in the clear).\n",
                closed);
    if (rc == CLI_OK && dark > 0)
        fprintf(stderr, "Left out: %zu, of which it is not known here whether they hold.\n", dark);
    if (buf) rb_wipe(buf, cap);
    free(buf);
    return rc;
}
