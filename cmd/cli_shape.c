/* The volumes of a record out of its options: circles, polygons, corridors, with the heights, times
 * and survey that hold for all of them. */
#include <stdlib.h>
#include "cli.h"
#include "readback/volume.h"
#include "shell/api/json_body.h"

/* ---- texts of several places -------------------------------------------------------------------
 */
static struct rb_slice trimmed(struct rb_slice s) {
    while (s.n > 0 && strchr(" \t\r", s.p[0]))
        s = rb_slice_sub(s, 1, s.n);
    while (s.n > 0 && strchr(" \t\r", s.p[s.n - 1]))
        s.n--;
    return s;
}
/* up to the next ; or end of line; false at the end. Empty parts are passed over. */
static bool next_part(const char **z, struct rb_slice *out) {
    for (;;) {
        *z += strspn(*z, ";\n");
        if (**z == 0) return false;
        size_t n = strcspn(*z, ";\n");
        *out = trimmed(rb_slice(*z, n));
        *z += n;
        if (out->n > 0) return true;
    }
}
/* "34.9,35.1 35.2,35.1": words parted by blanks, each with a comma inside, are a place each */
static bool is_word_list(struct rb_slice s) {
    size_t words = 0;
    for (size_t at = 0; at < s.n;) {
        size_t n = 0, comma = 0;
        while (at + n < s.n && s.p[at + n] != ' ' && s.p[at + n] != '\t') {
            if (s.p[at + n] == ',') comma = n;
            n++;
        }
        if (n > 0 && (comma == 0 || comma + 1 == n)) return false;
        words += n > 0;
        at += n + 1;
    }
    return words > 1;
}

struct ring {
    struct cli *c;
    const char *option, *entered;
    struct rb_point *at; /* RB_MAX_VERTICES + 1 */
    size_t n;
    json_t *points;
    uint64_t reach_mm; /* of the coarsest one */
};
/* The node reads the same words again, and keeps them beside what it read (3.7, key 14). */
static json_t *point_json(struct rb_slice text) {
    return json_pack("{s:s%}", "place", (const char *)text.p, text.n);
}
static json_t *length_json(struct rb_slice text, uint64_t mm) {
    json_t *o = json_stringn((const char *)text.p, text.n);
    int64_t same = 0;
    if (o && rb_json_metres(o, &same) == RB_OK && same >= 0 && (uint64_t)same == mm) return o;
    json_decref(o);
    return cli_metres(mm);
}
static int ring_point(struct ring *r, struct rb_slice text) {
    struct rb_coord at;
    int rc = cli_place(r->c, r->option, r->entered, text, r->n + 1, &at);
    if (rc != CLI_OK) return rc;
    if (r->n <= RB_MAX_VERTICES) r->at[r->n] = at.point;
    r->n++;
    if (at.reach_mm > r->reach_mm) r->reach_mm = at.reach_mm;
    cli_place_notes(r->c, &at, r->n);
    json_array_append_new(r->points, point_json(text));
    return CLI_OK;
}
static int ring_part(struct ring *r, struct rb_slice part) {
    int rc = CLI_OK;
    if (!is_word_list(part)) return ring_point(r, part);
    if (strchr(r->entered, '.') == NULL) /* 35,5 36,1: one place, or two? (11.1.5) */
        return cli_off(r->c, r->option, r->entered,
                       ": its commas can be read in more than one way: write decimal points, and "
                       "part the places with semicolons, like \"34.9, 35.1; 35.2, 35.1\" (clause "
                       "11.1.5)");
    for (size_t at = 0; rc == CLI_OK && at < part.n;) {
        size_t n = 0;
        while (at + n < part.n && part.p[at + n] != ' ' && part.p[at + n] != '\t')
            n++;
        if (n > 0) rc = ring_point(r, rb_slice_sub(part, at, at + n));
        at += n + 1;
    }
    return rc;
}
static int ring_read(struct ring *r, const char *z) {
    struct rb_slice part;
    int rc = CLI_OK;
    r->at = calloc(RB_MAX_VERTICES + 1, sizeof *r->at);
    if (r->at == NULL) return cli_fail(r->c, NULL, "memory is short");
    while (rc == CLI_OK && next_part(&z, &part))
        rc = ring_part(r, part);
    return rc;
}

/* ---- what cannot be an outline (3.7) -----------------------------------------------------------
 */
static const char *plainly(const struct rb_reject *rj) {
    static const struct {
        const char *clause, *what, *words;
    } table[] = {
        {"3.7.3", "", "the radius or half-width is above 0 and at most 20000km"},
        {"3.7.4", "", "a polygon has 3 to 512 points, a corridor 2 to 512"},
        {"3.7.5", "a point twice",
         "a point stands there twice; a ring closes by itself: leave the repeated last point out"},
        {"3.7.5", "no area", "all its points lie in one line, so that it has no area"},
        {"3.7.6", "", "its edges must not cross or run back: give the points in order around it"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(rj->clause, table[i].clause) == 0 &&
            (*table[i].what == 0 || strcmp(rj->what, table[i].what) == 0))
            return table[i].words;
    return rj->what;
}
static int measured(struct cli *c, const char *option, const char *entered, struct rb_volume *v) {
    struct rb_reject rj = {.clause = "", .what = ""};
    v->floor.open = v->ceiling.open = true;
    if (rb_volume_check(v, &rj) == RB_OK) return CLI_OK;
    return cli_off(c, option, entered, ": %s (clause %s)", plainly(&rj), rj.clause);
}

/* ---- the three shapes --------------------------------------------------------------------------
 */
/* "PLACE, RADIUS": what stands behind the last ; or else the last comma is the radius */
static int circle(struct cli *c, const char *z, json_t *volume) {
    const char *mark = strrchr(z, ';') ? strrchr(z, ';') : strrchr(z, ',');
    struct rb_volume v = {.shape = RB_SHAPE_CIRCLE};
    struct rb_slice place, radius;
    struct rb_coord at;
    if (mark == NULL)
        return cli_off(c, "circle", z,
                       " wants PLACE, RADIUS: \"35.5, 36.1, 5km\" with decimal points, or \"37S BV "
                       "37000 32000, 150m\"");
    place = trimmed(rb_slice(z, (size_t)(mark - z)));
    radius = trimmed(rb_str(mark + 1));
    int rc = cli_length(c, "circle", z, radius, "the radius", &v.radius_mm);
    if (rc == CLI_OK) rc = cli_place(c, "circle", z, place, 0, &at);
    if (rc != CLI_OK) return rc;
    v.center = at.point;
    rc = measured(c, "circle", z, &v);
    cli_place_notes(c, &at, 0);
    cli_reach_note(c, at.reach_mm);
    json_t *o = point_json(place);
    json_object_set_new(o, "radius", length_json(radius, v.radius_mm));
    json_object_set_new(volume, "circle", o);
    return rc;
}
static int ring_end(struct ring *r, struct rb_volume *v, int rc) {
    v->vertices = r->at;
    v->vertices_n = r->n;
    if (rc == CLI_OK) rc = measured(r->c, r->option, r->entered, v);
    if (rc == CLI_OK) cli_reach_note(r->c, r->reach_mm);
    free(r->at);
    return rc;
}
static int polygon(struct cli *c, const char *z, json_t *volume) {
    static const char *const words[] = {"geodesic", "parallel", "lonlat"};
    struct rb_volume v = {.shape = RB_SHAPE_POLYGON};
    struct ring r = {.c = c, .option = "polygon", .entered = z, .points = json_array()};
    const char *edges = cli_has(c, "edges") ? cli_get(c, "edges") : words[0];
    json_object_set_new(volume, "polygon",
                        json_pack("{s:s,s:o}", "edges", edges, "points", r.points));
    for (size_t i = 0; i < 3; i++)
        if (strcmp(edges, words[i]) == 0) v.edges = (enum rb_edges)i;
    return ring_end(&r, &v, ring_read(&r, z));
}
/* "HALFWIDTH; PLACE; PLACE" */
static int corridor(struct cli *c, const char *z, json_t *volume) {
    struct rb_volume v = {.shape = RB_SHAPE_CORRIDOR};
    struct ring r = {.c = c, .option = "corridor", .entered = z, .points = json_array()};
    const char *rest = z;
    struct rb_slice width = {0};
    json_t *o = json_pack("{s:o}", "points", r.points);
    json_object_set_new(volume, "corridor", o);
    if (!next_part(&rest, &width) || strpbrk(z, ";\n") == NULL)
        return cli_off(c, "corridor", z,
                       " wants HALFWIDTH; PLACE; PLACE ...: \"500m; 35.50, 36.10; 35.55, 36.20\"");
    int rc =
        cli_length(c, "corridor", z, width, "the half-width, which stands first,", &v.radius_mm);
    if (rc == CLI_OK) rc = ring_read(&r, rest);
    json_object_set_new(o, "half_width", length_json(width, v.radius_mm));
    return ring_end(&r, &v, rc);
}

/* ---- heights, times, survey: of all volumes ----------------------------------------------------
 */
static int put_heights(struct cli *c, json_t *volume) {
    struct rb_alt_limit f = {.open = true}, t = {.open = true};
    int rc = cli_height(c, "floor", volume, &f);
    if (rc == CLI_OK) rc = cli_height(c, "ceiling", volume, &t);
    /* by one datum only: others cannot be compared here, and the node points that out */
    if (rc != CLI_OK || f.open || t.open || f.datum != t.datum || f.mm <= t.mm) return rc;
    if (cli_in_form(c, cli_get(c, "floor")) || cli_in_form(c, cli_get(c, "ceiling")))
        return cli_usage(c, "the form's floor is above its ceiling (clause 3.7.7)");
    return cli_usage(c, "--floor %s is above --ceiling %s (clause 3.7.7)", cli_get(c, "floor"),
                     cli_get(c, "ceiling"));
}
static int put_time(struct cli *c, json_t *volume) {
    bool from = cli_has(c, "from"), to = cli_has(c, "to"), span = cli_has(c, "for");
    int64_t a = 0, b = 0, length = 0;
    if (!from && span) return cli_usage(c, "--for needs --from");
    if (span && to) return cli_usage(c, "give --to or --for, not both");
    int rc = cli_when(c, "from", &a);
    if (rc == CLI_OK) rc = cli_when(c, "to", &b);
    if (rc == CLI_OK) rc = cli_span(c, "for", &length);
    if (rc != CLI_OK || (!from && !to)) return rc;
    if (!from) return cli_put_when(c, volume, "to", "until");
    if (to && b <= a) return cli_usage(c, "--to must be later than --from");
    json_t *t = json_object();
    rc = cli_put_when(c, t, "from", "from");
    if (to || span) json_object_set_new(t, "length", json_integer(to ? b - a : length));
    json_object_set_new(volume, "time", t);
    return rc;
}
static int put_survey(struct cli *c, json_t *volume) {
    static const char *const words[][2] = {
        {"method", "method"}, {"declared-by", "declared_by"}, {"recognised-by", "recognised_by"}};
    static const char *const yes_no[] = {"yes", "no"};
    const char *z = cli_get(c, "accuracy"), *military = cli_get(c, "military-use");
    uint64_t mm = 0;
    int rc = z ? cli_length(c, "accuracy", z, rb_str(z), "", &mm) : CLI_OK;
    if (rc != CLI_OK) return rc;
    if (z && mm > 0) json_object_set_new(volume, "accuracy", cli_metres(mm));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (cli_has(c, words[i][0]))
            json_object_set_new(volume, words[i][1], json_string(cli_get(c, words[i][0])));
    if (military && strcmp(military, "yes") == 0)
        json_object_set_new(volume, "military_use", json_true());
    else if (military && strcmp(military, "no") != 0)
        return cli_not_one(c, "answer to military-use", military, yes_no, 2);
    return cli_put_when(c, volume, "surveyed", "surveyed");
}

/* ---- all together ------------------------------------------------------------------------------
 */
static int add(struct cli *c, json_t *list, const char *option,
               int (*shape)(struct cli *, const char *, json_t *)) {
    const char *z;
    int rc = CLI_OK;
    for (size_t i = 0; rc == CLI_OK && (z = cli_nth(c, option, i)) != NULL; i++) {
        json_t *v = json_object();
        json_array_append_new(list, v);
        rc = shape(c, z, v);
        if (rc == CLI_OK) rc = put_time(c, v);
        if (rc == CLI_OK) rc = put_heights(c, v);
        if (rc == CLI_OK) rc = put_survey(c, v);
    }
    return rc;
}
/* an option that says something of a place, where no place is given */
static const char *of_a_place(const struct cli *c) {
    static const char *const names[] = {"from",     "to",          "for",           "floor",
                                        "ceiling",  "edges",       "accuracy",      "method",
                                        "surveyed", "declared-by", "recognised-by", "military-use"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (cli_has(c, names[i])) return names[i];
    return NULL;
}
int cli_volumes(struct cli *c, json_t *list) {
    static const char *const edge_words[] = {"geodesic", "parallel", "lonlat"};
    const char *edges = cli_get(c, "edges");
    bool known = edges == NULL;
    for (size_t i = 0; i < 3; i++)
        known |= edges && strcmp(edges, edge_words[i]) == 0;
    if (!known) return cli_not_one(c, "kind of edges", edges, edge_words, 3);
    int rc = add(c, list, "circle", circle);
    if (rc == CLI_OK) rc = add(c, list, "polygon", polygon);
    if (rc == CLI_OK) rc = add(c, list, "corridor", corridor);
    if (rc != CLI_OK || json_array_size(list) > 0 || of_a_place(c) == NULL) return rc;
    return cli_usage(c, "%s needs a place: circle, polygon or corridor", of_a_place(c));
}
