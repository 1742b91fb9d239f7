/* One place, one length, one height, as people type them: read here with the rules that the node
 * has too (spec 11), so that a slip is said by the option it stands in. */
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli.h"

/* ---- one place --------------------------------------------------------------------------------
 */
#define PLACES                                                                                     \
    "a place is written like \"35.5, 36.1\" with decimal points, \"35 30.0N 036 06.0E\", "         \
    "\"35 30 00N 036 06 00E\", \"3530N03606E\", \"37north 237000 3932000\" or \"37S BV 37000 "     \
    "32000\""

/* what the coordinate reader refuses, in words that say what to do */
static const struct {
    const char *clause, *words;
} place_words[] = {
    {"11.2.2", "latitude is from -90 to 90 and longitude from -180 to 180, latitude first"},
    {"11.2.5", "the latitude comes first and is from -90 to 90, then the longitude: they look "
               "swapped here"},
    {"11.1.5", "its commas can be read in more than one way: write decimal points, like \"35.5, "
               "36.1\""},
};
static const char *place_plainly(const struct rb_reject *rj) {
    for (size_t i = 0; i < sizeof place_words / sizeof *place_words; i++)
        if (strcmp(rj->clause, place_words[i].clause) == 0 &&
            (i != 1 || strstr(rj->what, "swapped")))
            return place_words[i].words;
    return rj->what;
}
static bool said_whole(const struct rb_reject *rj) {
    return place_plainly(rj) != rj->what;
}

/* "35.12346, 36.50000": as many digits as it has, and five at least */
static void put_decimal(struct rb_writer *w, struct rb_point p) {
    unsigned digits = 9;
    int64_t unit = 1;
    while (digits > 5 && p.lat_nd % (unit * 10) == 0 && p.lon_nd % (unit * 10) == 0) {
        unit *= 10;
        digits--;
    }
    if (rb_coord_put(w, p, RB_COORD_DEG, digits, RB_ZONE_STANDARD) != RB_OK) rb_put_z(w, "?");
}
void cli_point(struct rb_point p, char out[CLI_POINT]) {
    struct rb_writer w = rb_writer(out, CLI_POINT);
    put_decimal(&w, p);
    rb_put_z(&w, " = ");
    if (rb_coord_put(&w, p, RB_COORD_MGRS_SPACED, 5, RB_ZONE_STANDARD) != RB_OK) rb_put_z(&w, "?");
    (void)rb_writer_z(&w);
}

/* Both places that the letter S behind a zone may mean (11.3.4). What stands in a form is shown to
 * a person at a terminal only. */
static int two_readings(struct cli *c, const char *option, const char *entered,
                        struct rb_slice text) {
    static const struct {
        enum rb_utm_letter letter;
        const char *means, *write;
    } of[] = {{RB_UTM_HEMISPHERE, "the southern half", "south"},
              {RB_UTM_BAND, "the band from 32 to 40 north", "north"}};
    int rc = cli_off(c, option, entered,
                     ": the letter S behind the zone may be the southern half or the band from 32 "
                     "to 40 north; write \"south\" or \"north\" in its place (clause 11.3.4)");
    if (cli_in_form(c, entered) && !isatty(STDERR_FILENO)) return rc;
    for (size_t i = 0; i < 2; i++) {
        const struct rb_coord_hint hint = {RB_COORD_ANY, of[i].letter};
        struct rb_coord at;
        struct rb_reject rj = {.clause = "", .what = ""};
        char point[CLI_POINT];
        if (rb_coord_read(text, &hint, &at, &rj) != RB_OK) continue;
        cli_point(at.point, point);
        fprintf(stderr, "  \"%s\", %s: %s\n", of[i].write, of[i].means, point);
    }
    return rc;
}
/* "point 3: " where there are several */
static void numbered(char out[32], size_t number) {
    *out = 0;
    if (number > 0) snprintf(out, 32, "point %zu: ", number);
}
int cli_place(struct cli *c, const char *option, const char *entered, struct rb_slice text,
              size_t number, struct rb_coord *out) {
    struct rb_reject rj = {.clause = "", .what = ""};
    char which[32];
    if (rb_coord_read(text, NULL, out, &rj) == RB_OK) return CLI_OK;
    numbered(which, number);
    if (rb_coord_ambiguous(&rj) && strcmp(rj.clause, "11.3.4") == 0)
        return two_readings(c, option, entered, text);
    if (said_whole(&rj))
        return cli_off(c, option, entered, ": %s%s (clause %s)", which, place_plainly(&rj),
                       rj.clause);
    return cli_off(c, option, entered, ": %s%s (clause %s, character %zu); %s", which, rj.what,
                   rj.clause, rj.offset + 1, PLACES);
}

/* ---- what is pointed out of a place that was read ----------------------------------------------
 */
void cli_note(struct cli *c, const char *fmt, ...) {
    char line[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (c->notes == NULL) c->notes = json_array();
    json_array_append_new(c->notes, json_string(line));
}
void cli_place_notes(struct cli *c, const struct rb_coord *at, size_t number) {
    char point[CLI_POINT], which[32];
    cli_point(at->point, point);
    numbered(which, number);
    if (at->remarks & RB_COORD_OTHER_ZONE)
        cli_note(c, "%sthe place lies outside of zone %d, which was written; it is %s", which,
                 at->zone, point);
    if (at->remarks & RB_COORD_OTHER_BAND)
        cli_note(c, "%sthe square lies in the band beside the one written; it is %s", which, point);
    if (at->remarks & RB_COORD_S_IS_SOUTH)
        cli_note(c, "%sthe letter S was taken for the southern half; it is %s", which, point);
    if (at->square_mm >= 1000000)
        cli_note(c, "%sthe reference names a square of %llu km; its middle is taken: %s", which,
                 (unsigned long long)at->square_mm / 1000000, point);
}
/* rounded up, so that it never promises more than the text does */
static void rounded_up(uint64_t mm, char out[32]) {
    const uint64_t unit = mm < 1000 ? 10 : mm < 10000 ? 100 : 1000;
    struct rb_writer w = rb_writer(out, 32);
    if (mm > UINT64_MAX - unit ||
        rb_length_put(&w, (mm + unit - 1) / unit * unit, RB_UNIT_M, RB_DIGITS_SHORTEST) != RB_OK)
        rb_put_z(&w, "?");
    (void)rb_writer_z(&w);
}
void cli_reach_note(struct cli *c, uint64_t reach_mm) {
    char accuracy[32];
    if (cli_has(c, "accuracy") || reach_mm == 0) return;
    rounded_up(reach_mm, accuracy);
    cli_note(c,
             "no accuracy is stated, so it counts as exact; as it is written it is good to %s at "
             "best: accuracy %s would say so, a larger one if it was measured less well",
             accuracy, accuracy);
}

/* ---- lengths, heights --------------------------------------------------------------------------
 */
json_t *cli_metres(uint64_t mm) {
    char z[48];
    struct rb_writer w = rb_writer(z, sizeof z);
    if (rb_length_put(&w, mm, RB_UNIT_M, RB_DIGITS_SHORTEST) != RB_OK || w.over) return json_null();
    return json_string(rb_writer_z(&w));
}
int cli_length(struct cli *c, const char *option, const char *entered, struct rb_slice text,
               const char *what, uint64_t *mm) {
    struct rb_length l;
    struct rb_reject rj = {.clause = "", .what = ""};
    if (rb_length_read(text, &l, &rj) == RB_OK) {
        *mm = l.mm;
        return CLI_OK;
    }
    return cli_off(
        c, option, entered,
        "%s%s wants a number above 0 and its unit: 5km, 900m, 2nm, 900ft (%s, clause %s)",
        *what ? ": " : "", what, rj.what, rj.clause);
}
int cli_height(struct cli *c, const char *option, json_t *volume, struct rb_alt_limit *limit) {
    const char *z = cli_get(c, option);
    struct rb_height h;
    struct rb_reject rj = {.clause = "", .what = ""};
    *limit = (struct rb_alt_limit){.open = true};
    if (z == NULL) return CLI_OK;
    if (rb_height_read(rb_str(z), NULL, &h, &rj) != RB_OK)
        return cli_off(c, option, z,
                       ": %s (clause %s); say the height with its unit and what it is counted "
                       "from: \"900m amsl\" (mean sea level), \"400ft agl\" (ground), \"300m "
                       "wgs84\" (ellipsoid), a flight level like FL250, SFC or UNL",
                       rj.what, rj.clause);
    *limit = h.limit;
    json_object_set_new(volume, option, json_string(z));
    return CLI_OK;
}
