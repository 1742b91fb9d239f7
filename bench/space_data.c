/* The volumes of bench/run space, and the rings that stand for them elsewhere. */
#include <math.h>
#include <stdlib.h>
#include "space.h"

#define PI 3.14159265358979323846
#define LAT_FROM 29.5
#define LAT_TO 37.3
#define LON_FROM 35.6
#define LON_TO 48.5
#define BEGIN_MS INT64_C(1790000000000)
#define HOUR_MS 3600000.0
#define DAYS 90
#define CIRCLE_POINTS 32u
#define CAP_POINTS 9u

struct dice {
    uint64_t state;
};

static double roll(struct dice *d) { /* 0 to 1 */
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static double roll_in(struct dice *d, double lo, double hi) {
    return lo + (hi - lo) * roll(d);
}

/* ---- a plane round a point, metres ------------------------------------------------------------
 */

struct plane {
    double lat, lon, per_lat, per_lon; /* degrees; metres in a degree */
};

static struct plane plane_at(double lat, double lon) {
    const double e2 = 0.00669437999014, s = sin(lat * PI / 180), w = 1 - e2 * s * s;
    const double n = 6378137.0 / sqrt(w);
    return (struct plane){lat, lon, n * (1 - e2) / w * PI / 180,
                          n * cos(lat * PI / 180) * PI / 180};
}

static void put(const struct plane *p, double x, double y, double lon_lat[2]) {
    lon_lat[0] = p->lon + x / p->per_lon;
    lon_lat[1] = p->lat + y / p->per_lat;
}

static struct rb_point point(double lat, double lon) {
    return (struct rb_point){llround(lat * 1e9), llround(lon * 1e9)};
}

/* ---- volumes ----------------------------------------------------------------------------------
 */

static void set_times(struct dice *d, struct rb_volume *v, double hours) {
    v->has_from = v->has_to = true;
    v->from_utc_ms = BEGIN_MS + (int64_t)(roll(d) * DAYS * 24 * HOUR_MS);
    v->to_utc_ms = v->from_utc_ms + (int64_t)(hours * HOUR_MS);
}

static void set_heights(struct rb_volume *v, double from_m, double to_m) {
    v->floor = (struct rb_alt_limit){false, llround(from_m * 1000), RB_DATUM_WGS84};
    v->ceiling = (struct rb_alt_limit){false, llround(to_m * 1000), RB_DATUM_WGS84};
}

static void make_site(struct dice *d, struct space_item *s, double lat, double lon) {
    s->volume.shape = RB_SHAPE_CIRCLE;
    s->volume.center = point(lat, lon);
    s->volume.radius_mm = (uint64_t)(roll_in(d, 100, 2000) * 1000);
    s->volume.has_from = true;
    s->volume.from_utc_ms = BEGIN_MS - (int64_t)(roll(d) * 365 * 24 * HOUR_MS);
    s->volume.floor.open = s->volume.ceiling.open = true;
}

/* legs of a length, each turning at most 45 degrees from the first course */
static void make_movement(struct dice *d, struct space_item *s, double lat, double lon) {
    const size_t legs = 2 + (size_t)(roll(d) * 8);
    const double km = roll_in(d, 15, 250), course = roll_in(d, 0, 2 * PI);
    s->volume.shape = RB_SHAPE_CORRIDOR;
    s->volume.radius_mm = (uint64_t)(roll_in(d, 100, 500) * 1000);
    s->volume.vertices_n = legs + 1;
    s->points[0] = point(lat, lon);
    for (size_t i = 1; i <= legs; i++) {
        const struct plane p = plane_at(lat, lon);
        const double to = course + roll_in(d, -PI / 4, PI / 4);
        double at[2];
        put(&p, sin(to) * km * 1000 / (double)legs, cos(to) * km * 1000 / (double)legs, at);
        lon = at[0];
        lat = at[1];
        s->points[i] = point(lat, lon);
    }
    set_times(d, &s->volume, km / 30 + roll_in(d, 1, 6));
    set_heights(&s->volume, -500, roll_in(d, 500, 3000));
}

/* a ring of points at growing angles, each somewhere between a third of the radius and all of it */
static void make_ring(struct dice *d, struct space_item *s, double lat, double lon,
                      double radius_m) {
    const struct plane p = plane_at(lat, lon);
    const size_t n = 4 + (size_t)(roll(d) * 9);
    s->volume.shape = RB_SHAPE_POLYGON;
    s->volume.edges = RB_EDGES_GEODESIC;
    s->volume.vertices_n = n;
    for (size_t i = 0; i < n; i++) {
        const double a = 2 * PI * ((double)i + roll_in(d, 0, 0.8)) / (double)n;
        const double r = radius_m * roll_in(d, 0.33, 1);
        double at[2];
        put(&p, cos(a) * r, sin(a) * r, at);
        s->points[i] = point(at[1], at[0]);
    }
}

static void make_operation(struct dice *d, struct space_item *s, double lat, double lon) {
    const double radius_m = roll_in(d, 1000, 30000), from_m = roll_in(d, 0, 9000);
    if (roll(d) < 0.5) {
        s->volume.shape = RB_SHAPE_CIRCLE;
        s->volume.center = point(lat, lon);
        s->volume.radius_mm = (uint64_t)(radius_m * 1000);
    } else {
        make_ring(d, s, lat, lon, radius_m);
    }
    set_times(d, &s->volume, roll_in(d, 0.5, 12));
    set_heights(&s->volume, from_m, from_m + roll_in(d, 300, 4000));
}

struct space_item *space_make(size_t n, uint64_t seed) {
    struct space_item *all = calloc(n, sizeof *all);
    struct dice d = {seed};
    if (all == NULL) bench_die("memory is short");
    for (size_t i = 0; i < n; i++) {
        const double lat = roll_in(&d, LAT_FROM, LAT_TO), lon = roll_in(&d, LON_FROM, LON_TO);
        const double kind = roll(&d);
        all[i].volume.vertices = all[i].points;
        if (kind < 0.2)
            make_site(&d, &all[i], lat, lon);
        else if (kind < 0.4)
            make_movement(&d, &all[i], lat, lon);
        else
            make_operation(&d, &all[i], lat, lon);
        if (rb_volume_check(&all[i].volume, NULL) != RB_OK) bench_die("volume %zu is none", i);
    }
    return all;
}

/* ---- a year, and the truth --------------------------------------------------------------------
 */

static void set_accuracy(struct dice *d, struct rb_volume *v) {
    const double u = roll(d);
    uint64_t metres = u < 0.5 ? 20 : 100; /* operations */
    if (!v->has_to)
        metres = u < 0.5 ? 10 : u < 0.8 ? 30 : 100;
    else if (v->shape == RB_SHAPE_CORRIDOR)
        metres = u < 0.5 ? 50 : 250;
    v->accuracy_mm = metres * 1000;
}

struct space_item *space_make_year(size_t n, uint64_t seed) {
    struct space_item *all = calloc(n, sizeof *all);
    struct dice d = {seed};
    if (all == NULL) bench_die("memory is short");
    for (size_t quarter = 0; quarter < 4; quarter++) {
        struct space_item *part = space_make(n / 4, seed + quarter);
        const int64_t later = (int64_t)(quarter * DAYS * 24) * (int64_t)HOUR_MS;
        for (size_t i = 0; i < n / 4; i++) {
            struct space_item *s = &all[quarter * (n / 4) + i];
            *s = part[i];
            s->volume.vertices = s->points;
            s->volume.from_utc_ms += later;
            s->volume.to_utc_ms += s->volume.has_to ? later : 0;
            set_accuracy(&d, &s->volume);
        }
        free(part);
    }
    return all;
}

static void shift(struct rb_point *at, double east_m, double north_m) {
    const struct plane p = plane_at((double)at->lat_nd / 1e9, (double)at->lon_nd / 1e9);
    double to[2];
    put(&p, east_m, north_m, to);
    *at = point(to[1], to[0]);
}

void space_draw(const struct space_item *written, uint64_t seed, struct space_item *out) {
    struct dice d = {seed};
    /* a little less: the plane is not the ellipsoid */
    const double far = (double)written->volume.accuracy_mm / 1000 * 0.999 * sqrt(roll(&d));
    const double to = roll_in(&d, 0, 2 * PI), east = sin(to) * far, north = cos(to) * far;
    *out = *written;
    out->volume.vertices = out->points;
    out->volume.accuracy_mm = 0;
    shift(&out->volume.center, east, north);
    for (size_t i = 0; i < out->volume.vertices_n; i++)
        shift(&out->points[i], east, north);
}

/* ---- rings ------------------------------------------------------------------------------------
 */

static double degrees(int64_t nd) {
    return (double)nd / 1e9;
}

static void circle_ring(const struct rb_volume *v, struct space_ring *out) {
    const struct plane p = plane_at(degrees(v->center.lat_nd), degrees(v->center.lon_nd));
    const double r = (double)v->radius_mm / 1000;
    for (size_t i = 0; i < CIRCLE_POINTS; i++) {
        const double a = 2 * PI * (double)i / CIRCLE_POINTS;
        /* its meridians draw together: longitude is measured at the point's own latitude */
        const struct plane there = plane_at(p.lat + sin(a) * r / p.per_lat, p.lon);
        out->lon_lat[out->n][0] = p.lon + cos(a) * r / there.per_lon;
        out->lon_lat[out->n++][1] = there.lat;
    }
}

/* the course from one point of a line to another, in the plane round p */
static double course(const struct plane *p, const struct rb_point *a, const struct rb_point *b) {
    return atan2(degrees(b->lon_nd - a->lon_nd) * p->per_lon,
                 degrees(b->lat_nd - a->lat_nd) * p->per_lat);
}

/* one side of a corridor, going along the points by `step`; joins are mitred */
static void corridor_side(const struct rb_volume *v, size_t from, int step,
                          struct space_ring *out) {
    const double w = (double)v->radius_mm / 1000;
    const size_t n = v->vertices_n;
    size_t i = from;
    for (size_t k = 0; k < n; k++, i = (size_t)((long)i + step)) {
        const struct rb_point *q = &v->vertices[i];
        const struct plane p = plane_at(degrees(q->lat_nd), degrees(q->lon_nd));
        const bool first = k == 0, last = k + 1 == n;
        const double in = first ? 0 : course(&p, q - step, q),
                     on = last ? in : course(&p, q, q + step);
        if (last) { /* the round end, from the left side of the way to its right */
            for (size_t c = 0; c < CAP_POINTS; c++) {
                const double a = in - PI / 2 + PI * (double)c / (CAP_POINTS - 1);
                put(&p, sin(a) * w, cos(a) * w, out->lon_lat[out->n++]);
            }
        } else if (!first) {
            const double half = remainder(on - in, 2 * PI) / 2, left = in + half - PI / 2;
            put(&p, sin(left) * w / cos(half), cos(left) * w / cos(half), out->lon_lat[out->n++]);
        }
    }
}

void space_ring_of(const struct space_item *s, struct space_ring *out) {
    const struct rb_volume *v = &s->volume;
    out->n = 0;
    if (v->shape == RB_SHAPE_CIRCLE) {
        circle_ring(v, out);
    } else if (v->shape == RB_SHAPE_CORRIDOR) {
        corridor_side(v, 0, 1, out);
        corridor_side(v, v->vertices_n - 1, -1, out);
    } else {
        for (; out->n < v->vertices_n; out->n++) {
            out->lon_lat[out->n][0] = degrees(v->vertices[out->n].lon_nd);
            out->lon_lat[out->n][1] = degrees(v->vertices[out->n].lat_nd);
        }
    }
    out->lon_lat[out->n][0] = out->lon_lat[0][0];
    out->lon_lat[out->n][1] = out->lon_lat[0][1];
    out->n++;
}

/* ---- answers ----------------------------------------------------------------------------------
 */

void space_answer_add(struct space_answers *a, size_t query, uint32_t id) {
    const size_t at = a->first[query + 1];
    if (at == a->cap) {
        a->cap = a->cap == 0 ? 4096 : a->cap * 2;
        a->ids = reallocarray(a->ids, a->cap, sizeof *a->ids);
        if (a->ids == NULL) bench_die("memory is short");
    }
    a->ids[at] = id;
    a->first[query + 1]++;
}

static int by_number(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void space_answer_end(struct space_answers *a, size_t query) {
    const size_t from = a->first[query], to = a->first[query + 1];
    if (to > from) qsort(a->ids + from, to - from, sizeof *a->ids, by_number);
    if (query + 1 < SPACE_QUERIES) a->first[query + 2] = to;
}

void space_answers_free(struct space_answers *a) {
    free(a->ids);
    a->ids = NULL;
    a->cap = 0;
}

double space_rate(const struct space_answers *a) {
    double sum = 0;
    for (size_t i = 0; i < SPACE_QUERIES; i++)
        sum += a->us[i];
    return SPACE_QUERIES / (sum / 1e6);
}
