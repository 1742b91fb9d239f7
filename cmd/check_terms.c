/* What the command line of `readback check` says: files with their classes, and the terms of the
 * comparison. Spec 15.2. */
#include <time.h>
#include "check.h"
#include "readback/coord.h"
#include "readback/text.h"

/* ---- classes ------------------------------------------------------------------------------------
 */
static const char *const class_words[RB_PLACE_CLASSES] = {
    [RB_PLACE_OPERATION] = "operation", [RB_PLACE_EXERCISE] = "exercise",
    [RB_PLACE_MOVEMENT] = "movement",   [RB_PLACE_SITE] = "site",
    [RB_PLACE_AREA] = "area",           [RB_PLACE_TRUCE] = "truce",
    [RB_PLACE_NO_STRIKE] = "no-strike"};

bool check_class_word(struct rb_slice word, enum rb_place_class *out) {
    for (unsigned i = 0; i < RB_PLACE_CLASSES; i++)
        if (rb_slice_is(word, class_words[i])) {
            *out = (enum rb_place_class)i;
            return true;
        }
    return false;
}
const char *check_class_name(enum rb_place_class c) {
    return class_words[c];
}

/* ---- files --------------------------------------------------------------------------------------
 */
static struct check_file file_of(const char *word) {
    struct check_file f = {.path = word, .path_n = strlen(word)};
    const char *colon = strrchr(word, ':');
    if (colon != NULL && check_class_word(rb_str(colon + 1), &f.class_)) {
        f.has_class = true;
        f.path_n = (size_t)(colon - word);
    }
    return f;
}
static bool same_path(const struct check_file *a, const struct check_file *b) {
    return rb_slice_eq(rb_slice(a->path, a->path_n), rb_slice(b->path, b->path_n));
}
static int files(struct cli *c, const char *option, struct check_file *list, size_t *n) {
    const char *word;
    for (*n = 0; (word = cli_nth(c, option, *n)) != NULL; ++*n) {
        if (*n == CHECK_MAX_FILES)
            return cli_usage(c, "at most %u files with --%s", CHECK_MAX_FILES, option);
        const struct check_file f = file_of(word);
        if (f.path_n == 0) return cli_usage(c, "--%s wants the name of a file", option);
        for (size_t i = 0; i < *n; i++)
            if (same_path(&list[i], &f)) return cli_usage(c, "--%s %s stands twice", option, word);
        list[*n] = f;
    }
    if (*n == 0)
        return cli_usage(c,
                         "what is compared? --register FILE with places, --plan FILE with plans");
    return CLI_OK;
}
static bool standard_input(const struct check_file *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (list[i].path_n == 1 && list[i].path[0] == '-') return true;
    return false;
}
static int all_files(struct cli *c, struct check_terms *t) {
    int rc = files(c, "register", t->registers, &t->registers_n);
    if (rc == CLI_OK) rc = files(c, "plan", t->plans, &t->plans_n);
    if (rc != CLI_OK) return rc;
    if (standard_input(t->registers, t->registers_n) && standard_input(t->plans, t->plans_n))
        return cli_usage(c, "standard input (-) can be read once only");
    return CLI_OK;
}

/* ---- CLASS=VALUE,... ----------------------------------------------------------------------------
 */
typedef bool (*set_class)(struct check_terms *t, enum rb_place_class c, struct rb_slice value);

static bool set_standoff(struct check_terms *t, enum rb_place_class c, struct rb_slice value) {
    struct rb_length l;
    struct rb_reject rj;
    if (value.n == 1 && value.p[0] == '0') {
        t->reg.standoff_mm[c] = 0;
        return true;
    }
    if (rb_length_read(value, &l, &rj) != RB_OK || l.mm > CHECK_STANDOFF_MOST) return false;
    t->reg.standoff_mm[c] = l.mm;
    return true;
}
static bool set_lead(struct check_terms *t, enum rb_place_class c, struct rb_slice value) {
    int64_t ms = 0;
    const bool unit = value.n > 0 && strchr("smhd", value.p[value.n - 1]) != NULL;
    if (!unit || rb_duration_decode(value, &ms) != RB_OK || ms <= 0) return false;
    t->reg.lead_ms[c] = ms;
    return true;
}
static bool by_class(struct check_terms *t, struct rb_slice list, set_class set) {
    for (size_t at = 0; at <= list.n;) {
        const size_t end = rb_slice_find(list, at, ',');
        const struct rb_slice one = rb_slice_sub(list, at, end);
        const size_t eq = rb_slice_find(one, 0, '=');
        enum rb_place_class c;
        if (eq == one.n || !check_class_word(rb_slice_sub(one, 0, eq), &c)) return false;
        if (!set(t, c, rb_slice_sub(one, eq + 1, one.n))) return false;
        at = end + 1;
    }
    return true;
}
static int classes(struct cli *c, const char *option, struct check_terms *t, set_class set,
                   const char *example) {
    const char *word;
    for (size_t i = 0; (word = cli_nth(c, option, i)) != NULL; i++)
        if (!by_class(t, rb_str(word), set))
            return cli_off(c, option, word,
                           " wants CLASS=VALUE,... like %s; classes are operation, exercise, "
                           "movement, site, area, truce, no-strike",
                           example);
    return CLI_OK;
}

/* ---- lengths, heights, places -------------------------------------------------------------------
 */
static int length(struct cli *c, const char *option, uint64_t *mm) {
    const char *word = cli_get(c, option);
    struct rb_length l;
    struct rb_reject rj;
    if (word == NULL) return CLI_OK;
    if (rb_length_read(rb_str(word), &l, &rj) != RB_OK || l.mm == 0)
        return cli_off(c, option, word, " wants a length with its unit, like 150m or 2nm");
    *mm = l.mm;
    return CLI_OK;
}
/* both sides of ".."; false: there is none */
static bool two_sides(const char *word, struct rb_slice *a, struct rb_slice *b) {
    const char *dots = strstr(word, "..");
    if (dots == NULL) return false;
    *a = rb_slice(word, (size_t)(dots - word));
    *b = rb_str(dots + 2);
    return true;
}
static bool ground(struct rb_slice text, int64_t *mm) {
    const enum rb_datum wgs84 = RB_DATUM_WGS84;
    struct rb_height h;
    struct rb_reject rj;
    if (rb_height_read(text, &wgs84, &h, &rj) != RB_OK) return false;
    *mm = h.limit.mm;
    return !h.limit.open && h.limit.datum == RB_DATUM_WGS84;
}
static int terrain(struct cli *c, struct check_terms *t) {
    const char *word = cli_get(c, "terrain");
    struct rb_slice least, most;
    if (word == NULL) return CLI_OK;
    t->reg.has_terrain = true;
    if (two_sides(word, &least, &most) && ground(least, &t->reg.terrain_least_mm_wgs84) &&
        ground(most, &t->reg.terrain_most_mm_wgs84) &&
        t->reg.terrain_least_mm_wgs84 <= t->reg.terrain_most_mm_wgs84)
        return CLI_OK;
    return cli_off(c, "terrain", word,
                   " wants the lowest and the highest ground over WGS84, like 0m..1200m");
}
static bool degrees(struct rb_slice text, int64_t most, int64_t *nd) {
    return rb_decimal_scaled(text, 1, 9, nd, NULL) == RB_OK && *nd >= -most && *nd <= most;
}
static bool corner(struct rb_slice text, int64_t *lat_nd, int64_t *lon_nd) {
    const size_t comma = rb_slice_find(text, 0, ',');
    return comma < text.n && degrees(rb_slice_sub(text, 0, comma), 90 * RB_NANODEG, lat_nd) &&
           degrees(rb_slice_sub(text, comma + 1, text.n), 180 * RB_NANODEG, lon_nd);
}
static int theatre(struct cli *c, struct check_terms *t) {
    const char *word = cli_get(c, "theatre");
    struct rb_slice low, high;
    struct rb_point_box *b = &t->theatre;
    if (word == NULL) return CLI_OK;
    t->has_theatre = true;
    if (two_sides(word, &low, &high) && corner(low, &b->south_nd, &b->west_nd) &&
        corner(high, &b->north_nd, &b->east_nd) && b->south_nd <= b->north_nd)
        return CLI_OK;
    return cli_off(c, "theatre", word,
                   " wants two corners, LAT,LON..LAT,LON, south-west then north-east");
}
static int edges(struct cli *c, struct check_terms *t) {
    static const char *const words[] = {"geodesic", "parallel", "lonlat"};
    const char *word = cli_get(c, "edges");
    if (word == NULL) return CLI_OK;
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(word, words[i]) == 0) {
            t->how.has_edges = true;
            t->how.edges = (enum rb_edges)i;
            return CLI_OK;
        }
    return cli_not_one(c, "kind of edges", word, words, 3);
}

/* ---- all of it ----------------------------------------------------------------------------------
 */
static int most(struct cli *c, struct check_terms *t) {
    const char *word = cli_get(c, "most");
    uint64_t n = 0;
    t->most = c->json ? 10000 : 20;
    const int rc = cli_count(c, "most", 1000000);
    if (rc == CLI_OK && word != NULL && rb_dec_decode(rb_str(word), &n) == RB_OK)
        t->most = (size_t)n;
    return rc;
}
static int now(struct cli *c, struct check_terms *t) {
    struct timespec ts;
    if (cli_has(c, "at")) return cli_when(c, "at", &t->now_utc_ms);
    clock_gettime(CLOCK_REALTIME, &ts);
    t->now_utc_ms = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
    return CLI_OK;
}
int check_terms(struct cli *c, struct check_terms *t) {
    *t = (struct check_terms){.by_file = cli_has(c, "by-file"), .strict = cli_has(c, "strict")};
    if (c->args_n > 0)
        return cli_usage(c, "\"%s\" stands alone; each file has --register or --plan before it",
                         c->args[0]);
    int rc = all_files(c, t);
    if (rc == CLI_OK) rc = classes(c, "standoff", t, set_standoff, "site=2km,movement=1km");
    if (rc == CLI_OK) rc = classes(c, "lead", t, set_lead, "operation=48h");
    if (rc == CLI_OK) rc = terrain(c, t);
    if (rc == CLI_OK) rc = edges(c, t);
    if (rc == CLI_OK) rc = length(c, "radius", &t->how.radius_mm);
    if (rc == CLI_OK) rc = length(c, "half-width", &t->how.half_width_mm);
    if (rc == CLI_OK) rc = theatre(c, t);
    if (rc == CLI_OK) rc = most(c, t);
    if (rc == CLI_OK) rc = now(c, t);
    return rc;
}
