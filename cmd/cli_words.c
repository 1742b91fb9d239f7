/* Words of the command line that are looked at here, before anything is asked of the daemon: times,
 * spans, numbers, names out of a list. What is off is said with what is accepted. */
#include <stdlib.h>
#include "cli.h"
#include "readback/text.h"

/* ---- times ------------------------------------------------------------------------------------
 */
static bool two_digits(const char *z, int *out) {
    if (z[0] < '0' || z[0] > '9' || z[1] < '0' || z[1] > '9') return false;
    *out = (z[0] - '0') * 10 + (z[1] - '0');
    return true;
}
static int month_of(const char *z) {
    static const char names[] = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    for (size_t i = 0; i < 12; i++)
        if (memcmp(names + 3 * i, z, 3) == 0) return (int)i + 1;
    return 0;
}
/* blanks out, letters large; false where it has not the form DDHHMM L MON YY */
static bool dtg_form(const char *z, char out[13]) {
    size_t n = 0;
    for (; *z; z++) {
        if (*z == ' ') continue;
        if (n == 12) return false;
        out[n++] = *z >= 'a' && *z <= 'z' ? (char)(*z - 'a' + 'A') : *z;
    }
    out[n] = 0;
    if (n != 12 || strspn(out, "0123456789") != 6 || strspn(out + 10, "0123456789") != 2)
        return false;
    return strspn(out + 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 4;
}
/* 0: a time; 'Z': no date-time group, or none of the calendar; else the letter of another zone */
static char dtg_decode(const char *z, int64_t *utc_ms) {
    char g[13];
    struct rb_utc t = {0};
    int year = 0;
    if (!dtg_form(z, g)) return 'Z';
    if (g[6] != 'Z') return g[6];
    t.month = month_of(g + 7);
    if (t.month == 0 || !two_digits(g, &t.day) || !two_digits(g + 2, &t.hour) ||
        !two_digits(g + 4, &t.minute) || !two_digits(g + 10, &year))
        return 'Z';
    t.year = 2000 + year;
    if (t.day < 1 || t.day > 31 || t.hour > 23 || t.minute > 59) return 'Z';
    int64_t ms = rb_utc_join(t);
    struct rb_utc back = rb_utc_split(ms); /* the 31st of a shorter month comes back as another */
    if (back.day != t.day || back.month != t.month) return 'Z';
    *utc_ms = ms;
    return 0;
}
char cli_when_read(const char *z, int64_t *utc_ms) {
    return rb_rfc3339_decode(rb_str(z), utc_ms) == RB_OK ? 0 : dtg_decode(z, utc_ms);
}
int cli_when(const struct cli *c, const char *option, int64_t *utc_ms) {
    const char *z = cli_get(c, option);
    *utc_ms = 0;
    char letter = z ? cli_when_read(z, utc_ms) : 0;
    if (letter == 0) return CLI_OK;
    if (letter != 'Z')
        return cli_off(c, option, z,
                       " is in zone %c; a date-time group is read in Zulu (UTC) only: work it out "
                       "and write 011300ZJAN27",
                       letter);
    return cli_off(c, option, z,
                   " wants a time: 2027-01-01T13:00:00Z, 2027-01-01T16:00+03:00, or the date-time "
                   "group 011300ZJAN27");
}
int cli_put_when(const struct cli *c, json_t *o, const char *option, const char *field) {
    int64_t ms = 0;
    char buf[40];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    if (!cli_has(c, option)) return CLI_OK;
    int rc = cli_when(c, option, &ms);
    if (rc != CLI_OK) return rc;
    rb_put_rfc3339(&w, ms);
    json_object_set_new(o, field, json_string(rb_writer_z(&w)));
    return CLI_OK;
}
int cli_query_when(const struct cli *c, struct cli_path *p, const char *option) {
    json_t *o = json_object();
    int rc = cli_put_when(c, o, option, option);
    if (rc == CLI_OK && cli_has(c, option)) cli_query(p, option, cli_str(o, option));
    json_decref(o);
    return rc;
}

/* ---- spans, numbers ---------------------------------------------------------------------------
 */
int cli_span(const struct cli *c, const char *option, int64_t *ms) {
    const char *z = cli_get(c, option);
    *ms = 0;
    if (z == NULL) return CLI_OK;
    bool letter = *z && strchr("smhd", z[strlen(z) - 1]) != NULL; /* 3 of what? */
    if (letter && rb_duration_decode(rb_str(z), ms) == RB_OK && *ms > 0) return CLI_OK;
    return cli_off(c, option, z,
                   " wants a span of time above 0, a number and its letter: 90s, 15m, 3h, 2d");
}
int cli_count(const struct cli *c, const char *option, uint64_t most) {
    const char *z = cli_get(c, option);
    uint64_t n = 0;
    if (z == NULL || (rb_dec_decode(rb_str(z), &n) == RB_OK && n >= 1 && n <= most)) return CLI_OK;
    return cli_usage(c, "--%s wants a whole number from 1 to %llu, not \"%s\"", option,
                     (unsigned long long)most, z);
}

/* ---- names ------------------------------------------------------------------------------------
 */
int cli_not_one(const struct cli *c, const char *what, const char *given, const char *const *names,
                size_t n) {
    char list[1024] = "";
    size_t at = 0;
    for (size_t i = 0; i < n && at < sizeof list; i++) {
        int k = snprintf(list + at, sizeof list - at, "%s%s", i ? ", " : "", names[i]);
        if (k > 0) at += (size_t)k;
    }
    for (size_t i = 0; i < c->given_n; i++)
        if (c->given[i].value == given && c->given[i].line > 0)
            return cli_usage(c, "line %d of the form: there is no such %s; accepted are: %s",
                             c->given[i].line, what, list);
    if (*given == 0) return cli_usage(c, "a %s is wanted: %s", what, list);
    return cli_usage(c, "there is no %s \"%s\"; accepted are: %s", what, given, list);
}
int cli_position_word(const struct cli *c, const char *given, enum rb_position_type *out) {
    const char *names[RB_POSITION_MAX];
    size_t n = 0;
    if (rb_position_type_decode(rb_str(given), out) == RB_OK) return CLI_OK;
    for (int t = 1; t <= RB_POSITION_MAX; t++)
        names[n++] = rb_position_name((enum rb_position_type)t);
    return cli_not_one(c, "position", given, names, n);
}
int cli_kind_word(const struct cli *c, const char *option) {
    const char *names[RB_KIND_MAX], *given = cli_get(c, option);
    enum rb_kind kind;
    size_t n = 0;
    if (given == NULL || rb_kind_decode(rb_str(given), &kind) == RB_OK) return CLI_OK;
    for (int k = 1; k <= RB_KIND_MAX; k++)
        names[n++] = rb_kind_name((enum rb_kind)k);
    return cli_not_one(c, "kind of record", given, names, n);
}
int cli_record_word(const struct cli *c, const char *given) {
    size_t n = strlen(given);
    if (n >= 8 && n <= 64 && strspn(given, "0123456789abcdef") == n) return CLI_OK;
    if (strchr(given, ','))
        return cli_usage(c, "one record each: for several the word or option is given again");
    return cli_usage(c,
                     "a record is named by the first 8 to 64 digits of its hash (0-9, a-f, small "
                     "letters), like 3f2a90c1, not \"%s\"; `readback log` shows them",
                     given);
}
