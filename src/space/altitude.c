/* Heights of different datums, spec 10.3.5 to 10.3.9: each becomes the range it may stand for, and
 * two ranges say yes or no only where they do not overlap. */
#include "altitude.h"

/* Beyond this heights are alike for every purpose: clear of overflow. */
#define HEIGHT_MOST_MM 10000000000000ll
#define METRE_MM 1000ll
#define GEOID_SLACK_MM METRE_MM
/* The ground anywhere: the shore of the Dead Sea, the summit of Mount Everest. */
#define GROUND_LEAST_MM (-600000)
#define GROUND_MOST_MM 9000000
/* What a setting of 1050 and 950 hPa instead of 1013.25 is worth in the standard atmosphere. */
#define PRESSURE_UP_MM 302000
#define PRESSURE_DOWN_MM 541000
/* The mean temperature of the air below may differ from the standard by this share. */
#define WARM_PERCENT 12
#define CELL_ND (5 * RB_NANODEG)

struct range {
    int64_t least, most;
};

/* ---- geoid ------------------------------------------------------------------------------------
 */

static size_t cell(int64_t nd, int64_t half, size_t cells) {
    size_t i = (size_t)((nd + half) / CELL_ND);
    return i < cells ? i : cells - 1;
}

static void geoid_over(struct rb_box box, struct range *r) {
    size_t south = cell(box.south_nd, 90 * RB_NANODEG, 36);
    size_t north = cell(box.north_nd, 90 * RB_NANODEG, 36);
    size_t west = cell(box.west_nd, 180 * RB_NANODEG, 72);
    size_t east = cell(box.east_nd, 180 * RB_NANODEG, 72);
    size_t wide = east + (box.west_nd > box.east_nd ? 72 : 0) - west + 1;
    for (size_t i = south; i <= north; i++) {
        for (size_t k = 0; k < wide; k++) {
            const int8_t *m = rb_geoid_m[i][(west + k) % 72];
            const int64_t least = m[0] * METRE_MM, most = m[1] * METRE_MM;
            if (least < r->least) r->least = least;
            if (most > r->most) r->most = most;
        }
    }
}

struct rb_heights rb_heights_over(const struct rb_outline *a, const struct rb_outline *b,
                                  const struct rb_verdict_terms *terms) {
    struct range geoid = {INT64_MAX, INT64_MIN};
    geoid_over(rb_outline_box(a, 0), &geoid);
    geoid_over(rb_outline_box(b, 0), &geoid);
    struct rb_heights h = {geoid.least - GEOID_SLACK_MM, geoid.most + GEOID_SLACK_MM,
                           GROUND_LEAST_MM, GROUND_MOST_MM};
    if (terms->has_terrain) {
        h.terrain_least_mm = terms->terrain_least_mm_wgs84;
        h.terrain_most_mm = terms->terrain_most_mm_wgs84;
    }
    return h;
}

/* ---- one height -------------------------------------------------------------------------------
 */

static int64_t bounded(int64_t mm) {
    return mm > HEIGHT_MOST_MM ? HEIGHT_MOST_MM : mm < -HEIGHT_MOST_MM ? -HEIGHT_MOST_MM : mm;
}

/* level in thousandths: 30.48 m each */
static struct range level_over_sea(int64_t level) {
    int64_t mm = bounded(level) * 3048 / 100;
    int64_t least = mm - PRESSURE_DOWN_MM - 1, most = mm + PRESSURE_UP_MM + 1;
    int64_t less = least > 0 ? -WARM_PERCENT : WARM_PERCENT;
    int64_t more = most > 0 ? WARM_PERCENT : -WARM_PERCENT;
    /* the hundredth is rounded towards 0: what that loses is made good on the safe side */
    return (struct range){least + least / 100 * less - WARM_PERCENT,
                          most + most / 100 * more + WARM_PERCENT};
}

static struct range over_sea(const struct rb_alt_limit *x) {
    if (x->datum == RB_DATUM_FL) return level_over_sea(x->mm);
    return (struct range){bounded(x->mm), bounded(x->mm)};
}

static struct range over_wgs84(const struct rb_alt_limit *x, const struct rb_heights *h) {
    struct range r = over_sea(x);
    if (x->datum == RB_DATUM_WGS84) return r;
    bool ground = x->datum == RB_DATUM_AGL;
    r.least += bounded(ground ? h->terrain_least_mm : h->geoid_least_mm);
    r.most += bounded(ground ? h->terrain_most_mm : h->geoid_most_mm);
    return r;
}

/* ---- two --------------------------------------------------------------------------------------
 */

static bool of_the_sea(const struct rb_alt_limit *x) {
    return x->datum == RB_DATUM_AMSL || x->datum == RB_DATUM_FL;
}

static enum rb_tri at_most(const struct rb_alt_limit *x, const struct rb_alt_limit *y,
                           const struct rb_heights *h, bool same_ground, unsigned *unsure) {
    if (x->open || y->open) return RB_TRI_YES;
    if (x->datum == y->datum && (x->datum != RB_DATUM_AGL || same_ground))
        return x->mm <= y->mm ? RB_TRI_YES : RB_TRI_NO;
    bool sea = of_the_sea(x) && of_the_sea(y); /* no geoid between them */
    struct range a = sea ? over_sea(x) : over_wgs84(x, h);
    struct range b = sea ? over_sea(y) : over_wgs84(y, h);
    if (a.most <= b.least) return RB_TRI_YES;
    if (a.least > b.most) return RB_TRI_NO;
    if (x->datum == RB_DATUM_AGL || y->datum == RB_DATUM_AGL) *unsure |= RB_UNSURE_TERRAIN;
    if (x->datum != y->datum) *unsure |= RB_UNSURE_DATUM;
    return RB_TRI_MAYBE;
}

enum rb_tri rb_bands_overlap(const struct rb_extent *a, const struct rb_extent *b,
                             const struct rb_heights *h, bool same_ground, unsigned *unsure) {
    enum rb_tri x = at_most(&a->floor, &b->ceiling, h, same_ground, unsure);
    enum rb_tri y = at_most(&b->floor, &a->ceiling, h, same_ground, unsure);
    return x < y ? x : y;
}

/* of the limits that are there: do all have one datum, and which? */
static bool one_datum(const struct rb_extent *a, const struct rb_extent *b, enum rb_datum *datum) {
    const struct rb_alt_limit *limits[4] = {&a->floor, &b->floor, &a->ceiling, &b->ceiling};
    bool any = false;
    *datum = RB_DATUM_WGS84;
    for (size_t i = 0; i < 4; i++) {
        if (limits[i]->open) continue;
        if (any && limits[i]->datum != *datum) return false;
        *datum = limits[i]->datum;
        any = true;
    }
    return true;
}

bool rb_bands_plain(const struct rb_extent *a, const struct rb_extent *b) {
    enum rb_datum datum;
    return one_datum(a, b, &datum) && datum != RB_DATUM_AGL;
}

static void narrow(struct rb_band *band, const struct rb_extent *x, const struct rb_heights *h) {
    if (!x->floor.open) {
        int64_t low = band->at_most ? over_wgs84(&x->floor, h).least : x->floor.mm;
        if (!band->has_floor || low > band->floor_mm) band->floor_mm = low;
        band->has_floor = true;
    }
    if (!x->ceiling.open) {
        int64_t high = band->at_most ? over_wgs84(&x->ceiling, h).most : x->ceiling.mm;
        if (!band->has_ceiling || high < band->ceiling_mm) band->ceiling_mm = high;
        band->has_ceiling = true;
    }
}

struct rb_band rb_bands_common(const struct rb_extent *a, const struct rb_extent *b,
                               const struct rb_heights *h, bool same_ground) {
    struct rb_band band = {.at_most = false};
    bool one = one_datum(a, b, &band.datum);
    if (!one || (band.datum == RB_DATUM_AGL && !same_ground)) {
        band.at_most = true;
        band.datum = RB_DATUM_WGS84;
    }
    narrow(&band, a, h);
    narrow(&band, b, h);
    return band;
}
