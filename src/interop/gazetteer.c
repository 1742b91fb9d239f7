/* Known places, spec 13. The bytes are looked at once, by rb_gazetteer_open. */
#include "readback/gazetteer.h"
#include <assert.h>
#include "readback/outline.h"
#include "readback/text.h"

#define HEAD 12u   /* "RBPLACE1", how many */
#define RECORD 21u /* 13.2.2 */
#define UNIT_ND 10000
#define LAT_MOST 18000000u
#define LON_MOST 36000000u

const char rb_gazetteer_attribution[] = "Places: GeoNames (geonames.org), Creative Commons "
                                        "Attribution 4.0. Names and borders are those "
                                        "of the source and endorse nothing.";

struct record {
    uint32_t lat, lon, population, at; /* from 90 S and 180 W, 1e-5 degree */
    uint8_t country[2], name_n, ar_n, ru_n;
};

static enum rb_err refuse(struct rb_reject *rj, enum rb_err e, const char *what, size_t at) {
    return rb_reject(rj, e, "13.2.2", what, at);
}

static enum rb_err get_record(struct rb_reader *r, struct record *out) {
    RB_TRY(rb_get_u32(r, &out->lat));
    RB_TRY(rb_get_u32(r, &out->lon));
    RB_TRY(rb_get_u32(r, &out->population));
    RB_TRY(rb_get_u32(r, &out->at));
    RB_TRY(rb_get_copy(r, out->country, sizeof out->country));
    RB_TRY(rb_get_u8(r, &out->name_n));
    RB_TRY(rb_get_u8(r, &out->ar_n));
    return rb_get_u8(r, &out->ru_n);
}

static struct record record_at(const struct rb_gazetteer *g, size_t i) {
    assert(i < g->n);
    struct rb_reader r = rb_reader(rb_slice_sub(g->records, i * RECORD, (i + 1) * RECORD));
    struct record out;
    const enum rb_err e = get_record(&r, &out);
    assert(e == RB_OK); /* rb_gazetteer_open saw that it is there */
    (void)e;
    return out;
}

static struct rb_point point_of(const struct record *r) {
    return (struct rb_point){(int64_t)r->lat * UNIT_ND - 90 * RB_NANODEG,
                             (int64_t)r->lon * UNIT_ND - 180 * RB_NANODEG};
}

static bool capital(uint8_t c) {
    return c >= 'A' && c <= 'Z';
}

/* why the record cannot follow the one before, or NULL */
static const char *wrong(const struct record *r, const struct record *before, size_t used,
                         struct rb_slice names) {
    if (r->lat > LAT_MOST || r->lon > LON_MOST) return "no such point";
    if (r->lat < before->lat || (r->lat == before->lat && r->lon < before->lon))
        return "not ordered by latitude and longitude";
    if (!capital(r->country[0]) || !capital(r->country[1])) return "no such country";
    const size_t n = (size_t)r->name_n + r->ar_n + r->ru_n;
    if (r->at != used || n > names.n - used) return "names that are not there";
    const struct rb_slice name = rb_slice_sub(names, used, used + r->name_n),
                          ar = rb_slice_sub(names, used + r->name_n, used + r->name_n + r->ar_n),
                          ru = rb_slice_sub(names, used + r->name_n + r->ar_n, used + n);
    if (name.n == 0 || !rb_name_ok(name)) return "no name";
    if ((ar.n > 0 && !rb_name_ok(ar)) || (ru.n > 0 && !rb_name_ok(ru))) return "no name";
    return NULL;
}

enum rb_err rb_gazetteer_open(struct rb_slice places, struct rb_gazetteer *out,
                              struct rb_reject *rj) {
    struct rb_reader r = rb_reader(places);
    struct rb_slice magic = {NULL, 0};
    uint32_t n = 0;
    if (rb_get_view(&r, 8, &magic) || !rb_slice_is(magic, "RBPLACE1") || rb_get_u32(&r, &n))
        return rb_reject(rj, RB_ERR_MALFORMED, "13.2.1", "not a list of places", 0);
    if (n > rb_left(&r) / RECORD)
        return rb_reject(rj, RB_ERR_MALFORMED, "13.2.1", "fewer places than it says", 8);
    const size_t end = HEAD + (size_t)n * RECORD;
    const struct rb_slice names = rb_slice_sub(places, end, places.n);
    struct record before = {0}, at;
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        RB_TRY(get_record(&r, &at));
        const char *what = wrong(&at, &before, used, names);
        if (what) return refuse(rj, RB_ERR_MALFORMED, what, HEAD + i * RECORD);
        used += (size_t)at.name_n + at.ar_n + at.ru_n;
        before = at;
    }
    if (used != names.n) return refuse(rj, RB_ERR_MALFORMED, "bytes left over", end + used);
    *out = (struct rb_gazetteer){rb_slice_sub(places, HEAD, end), names, n};
    return RB_OK;
}

struct rb_known_place rb_gazetteer_place(const struct rb_gazetteer *g, size_t i) {
    const struct record r = record_at(g, i);
    const size_t ar = r.at + r.name_n, ru = ar + r.ar_n;
    return (struct rb_known_place){
        .point = point_of(&r),
        .name = rb_slice_sub(g->names, r.at, ar),
        .ar = rb_slice_sub(g->names, ar, ru),
        .ru = rb_slice_sub(g->names, ru, ru + r.ru_n),
        .country = {(char)r.country[0], (char)r.country[1], '\0'},
        .population = r.population,
    };
}

/* ---- nearest ---------------------------------------------------------------------------------
 */

/* the first place that is not south of it */
static size_t first_not_south(const struct rb_gazetteer *g, int64_t lat_nd) {
    size_t low = 0, high = g->n;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        const struct record r = record_at(g, mid);
        if (point_of(&r).lat_nd < lat_nd)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* No way between two latitudes is shorter than the meridian between them, which bends nowhere more
 * than at the equator: a degree of it is more than 110,574 m. */
static uint64_t least_mm(int64_t a_nd, int64_t b_nd) {
    const uint64_t d = (uint64_t)(a_nd < b_nd ? b_nd - a_nd : a_nd - b_nd);
    return d * 110574 / 1000000;
}

struct search {
    const struct rb_gazetteer *g;
    struct rb_point p;
    uint32_t population;
    bool found;
    size_t best;
    struct rb_bearing from;
};

/* false: neither this place nor any beyond it on this side is nearer than the best */
static bool look(struct search *s, size_t i) {
    const struct record r = record_at(s->g, i);
    const struct rb_point place = point_of(&r);
    const uint64_t most = s->found ? s->from.distance_mm : UINT64_MAX;
    if (least_mm(place.lat_nd, s->p.lat_nd) > most) return false;
    struct rb_bearing b;
    if (r.population < s->population || !rb_point_within(place, s->p, most, &b)) return true;
    if (s->found && b.distance_mm == most && i > s->best) return true;
    s->found = true;
    s->best = i;
    s->from = b;
    return true;
}

bool rb_gazetteer_nearest(const struct rb_gazetteer *g, struct rb_point p, uint32_t min_population,
                          struct rb_nearest *out) {
    struct search s = {.g = g, .p = p, .population = min_population};
    size_t south = first_not_south(g, p.lat_nd), north = south;
    bool down = south > 0, up = north < g->n;
    while (down || up) { /* by turns, so that both sides soon have a good bound */
        if (down) down = look(&s, --south) && south > 0;
        if (up) up = look(&s, north++) && north < g->n;
    }
    if (!s.found) return false;
    *out =
        (struct rb_nearest){rb_gazetteer_place(g, s.best), s.from.distance_mm, s.from.azimuth_nd};
    return true;
}
