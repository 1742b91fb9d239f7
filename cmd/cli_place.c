/* Places, heights and times of a notice, as they are typed. They are measured here with the rules
 * that the node has too, so that a slip is said by the option it stands in. */
#include <stdlib.h>
#include "cli.h"
#include "readback/text.h"
#include "readback/volume.h"
#include "shell/api/json_body.h"

/* ---- numbers with a unit ----------------------------------------------------------------------
 */
/* "5km", "900 ft": the number and its unit; *rest stands behind both. false where either is
 * missing */
static bool length_of(const char *z, char out[48], const char **rest) {
    static const char *const units[] = {"km", "mm", "nm", "ft", "m"};
    size_t digits = strspn(z, "+-0123456789."), n = digits;
    if (digits == 0 || digits > 30) return false;
    while (z[n] == ' ')
        n++;
    size_t unit = strcspn(z + n, " ");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strlen(units[i]) != unit || memcmp(z + n, units[i], unit) != 0) continue;
        snprintf(out, 48, "%.*s%s", (int)digits, z, units[i]);
        *rest = z + n + unit;
        return true;
    }
    return false;
}

/* the numbers of "a,b,c" as strings, so that they are read exactly */
static json_t *numbers(const char *z, size_t want) {
    json_t *out = json_array();
    while (*z == ' ')
        z++;
    for (;;) {
        size_t n = strcspn(z, ",");
        while (n > 0 && z[n - 1] == ' ')
            n--;
        json_array_append_new(out, json_stringn(z, n));
        z += strcspn(z, ",");
        if (*z++ == 0) break;
        while (*z == ' ')
            z++;
    }
    if (json_array_size(out) == want) return out;
    json_decref(out);
    return NULL;
}
static json_t *points(const char *z) {
    json_t *out = json_array();
    char one[96];
    while (*z) {
        z += strspn(z, " \t\n;");
        size_t n = strcspn(z, " \t\n;");
        if (n == 0) break;
        if (n >= sizeof one) goto bad;
        memcpy(one, z, n);
        one[n] = 0;
        json_t *p = numbers(one, 2);
        if (p == NULL) goto bad;
        json_array_append_new(out, p);
        z += n;
    }
    return out;
bad:
    json_decref(out);
    return NULL;
}

/* ---- shapes -----------------------------------------------------------------------------------
 */
static bool point_of(const json_t *pair, struct rb_point *out) {
    return rb_json_degrees(json_array_get(pair, 0), &out->lat_nd) == RB_OK &&
           rb_json_degrees(json_array_get(pair, 1), &out->lon_nd) == RB_OK;
}
static const char *plainly(const struct rb_reject *rj) {
    static const struct {
        const char *clause, *what, *words;
    } table[] = {
        {"3.7.1", "", "edges are geodesic, parallel or lonlat"},
        {"3.7.2", "", "latitude is from -90 to 90 and longitude from -180 to 180, latitude first"},
        {"3.7.3", "", "the radius is above 0 and at most 20000km"},
        {"3.7.4", "", "a polygon has 3 to 512 points"},
        {"3.7.5", "a point twice",
         "a point stands there twice; the ring closes by itself: leave the repeated last point "
         "out"},
        {"3.7.5", "no area", "all its points lie in one line, so that it has no area"},
        {"3.7.6", "", "its edges must not cross or run back: give the points in order around it"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(rj->clause, table[i].clause) == 0 &&
            (*table[i].what == 0 || strcmp(rj->what, table[i].what) == 0))
            return table[i].words;
    return rj->what;
}
static int measured(struct cli *c, const char *shape, const char *entered,
                    const struct rb_volume *v) {
    struct rb_reject rj = {.clause = "", .what = ""};
    if (rb_volume_check(v, &rj) == RB_OK) return CLI_OK;
    return cli_off(c, shape, entered, ": %s (clause %s)", plainly(&rj), rj.clause);
}
static int not_degrees(struct cli *c, const char *shape, const char *entered) {
    return cli_off(c, shape, entered,
                   ": degrees are wanted as decimals with at most nine digits behind the point, "
                   "like 35.123456; south and west have a minus");
}
static int check_circle(struct cli *c, const char *entered, json_t *made) {
    struct rb_volume v = {.shape = RB_SHAPE_CIRCLE, .floor.open = true, .ceiling.open = true};
    const char *typed = json_string_value(json_array_get(made, 2)), *rest = "";
    char radius[48];
    int64_t mm = 0;
    if (!point_of(made, &v.center)) return not_degrees(c, "circle", entered);
    if (!length_of(typed, radius, &rest) || *rest)
        return cli_off(c, "circle", entered,
                       ": the radius wants a number and its unit: 5km, 900m, 2nm, 900ft");
    json_t *z = json_string(radius);
    bool read = rb_json_metres(z, &mm) == RB_OK;
    if (!read) json_decref(z);
    if (!read) return cli_off(c, "circle", entered, ": the radius does not read as a number");
    json_array_set_new(made, 2, z);
    v.radius_mm = mm > 0 ? (uint64_t)mm : 0;
    return measured(c, "circle", entered, &v);
}
static int check_polygon(struct cli *c, const char *entered, const json_t *made) {
    struct rb_volume v = {.shape = RB_SHAPE_POLYGON, .floor.open = true, .ceiling.open = true};
    const json_t *list = json_object_get(made, "points");
    struct rb_point *at = calloc(RB_MAX_VERTICES + 1, sizeof *at);
    int rc = at ? CLI_OK : cli_fail(c, NULL, "memory is short");
    v.vertices = at;
    v.vertices_n = json_array_size(list);
    for (size_t i = 0; rc == CLI_OK && i < v.vertices_n && i <= RB_MAX_VERTICES; i++)
        if (!point_of(json_array_get(list, i), &at[i])) rc = not_degrees(c, "polygon", entered);
    if (rc == CLI_OK) rc = measured(c, "polygon", entered, &v);
    free(at);
    return rc;
}

/* ---- heights, times ---------------------------------------------------------------------------
 */
static bool metres_of(const char *z, int64_t *mm) {
    json_t *s = json_string(z);
    bool ok = rb_json_metres(s, mm) == RB_OK;
    json_decref(s);
    return ok;
}
static json_t *flight_level(const char *z) {
    uint64_t level = 0;
    z += z[2] == ' ' ? 3 : 2;
    while (z[0] == '0' && z[1])
        z++; /* FL050 */
    if (rb_dec_decode(rb_str(z), &level) != RB_OK || level > 1000) return NULL;
    return json_pack("{s:I,s:s}", "height", (json_int_t)level, "datum", "fl");
}
static int height(struct cli *c, const char *option, const char *z, json_t **out) {
    static const char *const datums[] = {"amsl", "agl", "wgs84"};
    char value[48], datum[16] = "";
    const char *rest = "";
    int64_t mm = 0;
    *out = NULL;
    if ((z[0] == 'F' || z[0] == 'f') && (z[1] == 'L' || z[1] == 'l')) {
        *out = flight_level(z);
        return *out ? CLI_OK
                    : cli_off(c, option, z, " wants a flight level as FL250, up to FL1000");
    }
    if (!length_of(z, value, &rest) || !metres_of(value, &mm))
        return cli_off(c, option, z,
                       " wants a height with its unit and what it is counted from: \"900m amsl\", "
                       "\"400ft agl\", \"300m wgs84\", or FL250");
    rest += strspn(rest, " ");
    for (size_t i = 0; i < sizeof datum - 1 && rest[i]; i++)
        datum[i] = rest[i] >= 'A' && rest[i] <= 'Z' ? (char)(rest[i] - 'A' + 'a') : rest[i];
    for (size_t i = 0; i < sizeof datums / sizeof *datums; i++)
        if (strcmp(datum, datums[i]) == 0)
            *out = json_pack("{s:s,s:s}", "height", value, "datum", datum);
    if (*out) return CLI_OK;
    const char *v = cli_in_form(c, z) ? "900m" : value;
    return cli_off(c, option, z,
                   ": say what it is counted from: \"%s amsl\" (mean sea level), \"%s agl\" "
                   "(ground), \"%s wgs84\" (ellipsoid), or a flight level like FL250",
                   v, v, v);
}
/* by one datum only: others cannot be compared here, and the node points that out */
static bool upside_down(const json_t *volume) {
    const json_t *f = json_object_get(volume, "floor"), *c = json_object_get(volume, "ceiling");
    int64_t low = 0, high = 0;
    if (f == NULL || c == NULL || strcmp(cli_str(f, "datum"), cli_str(c, "datum")) != 0)
        return false;
    if (strcmp(cli_str(f, "datum"), "fl") == 0) return cli_int(f, "height") > cli_int(c, "height");
    return metres_of(cli_str(f, "height"), &low) && metres_of(cli_str(c, "height"), &high) &&
           low > high;
}
static int put_heights(struct cli *c, json_t *volume) {
    static const char *const names[] = {"floor", "ceiling"};
    for (size_t i = 0; i < 2; i++) {
        const char *v = cli_get(c, names[i]);
        json_t *a = NULL;
        int rc = v ? height(c, names[i], v, &a) : CLI_OK;
        if (rc != CLI_OK) return rc;
        if (a) json_object_set_new(volume, names[i], a);
    }
    if (!upside_down(volume)) return CLI_OK;
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

/* ---- all together -----------------------------------------------------------------------------
 */
static int add_volume(struct cli *c, json_t *list, const char *shape, json_t *made,
                      const char *entered) {
    bool circle = strcmp(shape, "circle") == 0;
    if (made == NULL)
        return cli_off(c, shape, entered, "%s",
                       circle ? " wants LAT,LON,RADIUS with decimal points, like 35.5,36.1,5km"
                              : " wants points LAT,LON with decimal points, parted by blanks");
    json_t *v = json_object();
    json_object_set_new(v, shape, made);
    json_object_set_new(v, "as_entered", json_string(entered));
    json_array_append_new(list, v);
    int rc = circle ? check_circle(c, entered, made) : check_polygon(c, entered, made);
    if (rc == CLI_OK) rc = put_time(c, v);
    return rc == CLI_OK ? put_heights(c, v) : rc;
}
int cli_volumes(struct cli *c, json_t *list) {
    static const char *const edge_words[] = {"geodesic", "parallel", "lonlat"};
    const char *z, *edges = cli_get(c, "edges");
    bool known = edges == NULL;
    int rc = CLI_OK;
    for (size_t i = 0; i < 3; i++)
        known |= edges && strcmp(edges, edge_words[i]) == 0;
    if (!known) return cli_not_one(c, "kind of edges", edges, edge_words, 3);
    for (size_t i = 0; rc == CLI_OK && (z = cli_nth(c, "circle", i)) != NULL; i++)
        rc = add_volume(c, list, "circle", numbers(z, 3), z);
    for (size_t i = 0; rc == CLI_OK && (z = cli_nth(c, "polygon", i)) != NULL; i++) {
        json_t *p = points(z);
        json_t *poly =
            p ? json_pack("{s:s,s:o}", "edges", edges ? edges : "geodesic", "points", p) : NULL;
        rc = add_volume(c, list, "polygon", poly, z);
    }
    if (rc == CLI_OK && json_array_size(list) == 0 &&
        (cli_has(c, "from") || cli_has(c, "to") || cli_has(c, "for") || cli_has(c, "floor") ||
         cli_has(c, "ceiling")))
        rc = cli_usage(c, "a time or height needs a place: --circle LAT,LON,RADIUS or --polygon");
    return rc;
}
