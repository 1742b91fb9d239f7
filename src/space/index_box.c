/* The box of a volume for the index: conservative, cheap, and right over the poles and round the
 * antimeridian.
 *
 * Two bounds carry it. (1) The ellipsoid's radii of curvature are nowhere below M0, so a distance
 * on it is at least that between the same latitudes and longitudes on a sphere of radius M0; what
 * is within r of a point lies in that sphere's cap. (2) A geodesic is a great circle in reduced
 * latitudes whose longitude difference w lies between the ellipsoid's own and that / (1 - f),
 * because dw - dl = f * I * sin(azimuth at the equator) ds with I <= 1, and the right side is at
 * most f dw. The greatest latitude of a great circle between two points grows with w. */
#include <math.h>
#include "index_int.h"

#define PI 3.14159265358979323846
#define RAD_PER_ND (PI / (180.0 * (double)RB_NANODEG))
#define LAT_90 (90 * RB_NANODEG)
#define LON_HALF (180 * RB_NANODEG)
#define FLATTENING (1.0 / 298.257223563)
#define M0_MM 6335439000.0          /* least radius of curvature: of the meridian, at the equator */
#define M1_MM 6399594000.0          /* greatest: at the poles */
#define NEAR_POLE_RAD 1e-6          /* closer than this to a pole counts as over it */
#define WIDE_RAD 1.2                /* a cap this wide goes round */
#define STEEP_ND (170 * RB_NANODEG) /* edges over more longitude than this go round */

struct extent {
    double south, north; /* radians */
    int64_t west, east;  /* 1e-9 degree, unrolled along the line */
    bool round;          /* all longitudes */
    double far, cap;     /* farthest latitude of the line; the angle by which it was grown */
};

static double rad(int64_t nd) {
    return (double)nd * RAD_PER_ND;
}

static void reach(struct extent *e, double lat) {
    if (lat < e->south) e->south = lat;
    if (lat > e->north) e->north = lat;
}

/* An edge over nearly half a turn of longitude runs close by a pole: anything on it is within half
 * its length of an end, and that is at most half the great circle's by the greatest radius. */
static void reach_steep(struct extent *e, struct rb_point a, struct rb_point b) {
    const double dlat = sin((rad(a.lat_nd) - rad(b.lat_nd)) / 2);
    const double dlon = sin((rad(a.lon_nd) - rad(b.lon_nd)) / 2);
    const double h = dlat * dlat + cos(rad(a.lat_nd)) * cos(rad(b.lat_nd)) * dlon * dlon;
    const double half = asin(h < 1 ? sqrt(h) : 1) * (M1_MM / M0_MM) + 1e-7;
    reach(e, (a.lat_nd < b.lat_nd ? rad(a.lat_nd) : rad(b.lat_nd)) - half);
    reach(e, (a.lat_nd > b.lat_nd ? rad(a.lat_nd) : rad(b.lat_nd)) + half);
    e->round = true;
}

/* The greatest latitude of a geodesic, if it is not at an end. `steepest` bounds |tan| of both
 * reduced latitudes; most edges are seen to have their extremes at the ends by it alone. */
static void reach_bulge(struct extent *e, struct rb_point a, struct rb_point b, int64_t dlon_nd,
                        double steepest) {
    const double w = fabs(rad(dlon_nd)) / (1 - FLATTENING);
    if (fabs(rad(a.lat_nd - b.lat_nd)) * (1 - FLATTENING) > steepest * w * w / 2) return;
    const double s = sin(w / 2), c = cos(w / 2);
    const double ta = (1 - FLATTENING) * tan(rad(a.lat_nd));
    const double tb = (1 - FLATTENING) * tan(rad(b.lat_nd));
    if (s == 0) return;
    const double cos_w = 1 - 2 * s * s;
    const double square = (ta - tb) * (ta - tb) + 4 * ta * tb * s * s;
    const double top = square > 0 ? sqrt(square) / (2 * s * c) : 0;
    const double lat = atan(top / (1 - FLATTENING)) + 1e-12;
    if (ta >= tb * cos_w && tb >= ta * cos_w) reach(e, lat);
    if (ta <= tb * cos_w && tb <= ta * cos_w) reach(e, -lat);
}

static int64_t shorter_way(int64_t dlon_nd) {
    if (dlon_nd > LON_HALF) return dlon_nd - 2 * LON_HALF;
    if (dlon_nd < -LON_HALF) return dlon_nd + 2 * LON_HALF;
    return dlon_nd;
}

static int64_t farthest_lat(const struct rb_point *p, size_t n) {
    int64_t far = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i].lat_nd > far) far = p[i].lat_nd;
        if (-p[i].lat_nd > far) far = -p[i].lat_nd;
    }
    return far;
}

/* A line of n points, or the ring of them. Returns the longitude it ends at, unrolled. */
static int64_t reach_line(struct extent *e, const struct rb_point *p, size_t n, bool ring,
                          bool bulges) {
    const int64_t far = farthest_lat(p, n);
    const double steepest = bulges ? (1 - FLATTENING) * tan(rad(far)) * (1 + 1e-9) : 0;
    int64_t lon = p[0].lon_nd;
    *e = (struct extent){.south = rad(p[0].lat_nd),
                         .north = rad(p[0].lat_nd),
                         .west = lon,
                         .east = lon,
                         .far = rad(far)};
    if (rad(LAT_90 - far) < NEAR_POLE_RAD) e->round = true; /* longitude means nothing there */
    for (size_t i = 1; i < n + ring; i++) {
        const struct rb_point a = p[i - 1], b = p[i % n];
        const int64_t d = shorter_way(b.lon_nd - a.lon_nd);
        lon += d;
        if (lon < e->west) e->west = lon;
        if (lon > e->east) e->east = lon;
        reach(e, rad(b.lat_nd));
        if (d > STEEP_ND || d < -STEEP_ND)
            reach_steep(e, a, b);
        else if (bulges && !e->round)
            reach_bulge(e, a, b, d, steepest);
        else if (bulges)
            reach_steep(e, a, b);
    }
    return lon;
}

/* The inside is the smaller area. Of a ring that goes round, or by a pole, it is on the pole's side
 * of where all points are; of one that goes not, it is within the box unless that is half the
 * earth. */
static void fill_ring(struct extent *e, int64_t ends_at, int64_t began_at) {
    const double band = sin(e->north) - sin(e->south);
    if (ends_at != began_at) e->round = true;
    const bool half = rad(e->east - e->west) * band > 0.98 * 2 * PI;
    if (!e->round && !half) return;
    const bool both = half || (e->south < 0 && e->north > 0);
    if (both || e->south >= 0) e->north = PI / 2;
    if (both || e->south < 0) e->south = -PI / 2;
    e->round = true;
}

static void grow(struct extent *e, double by_mm) {
    const double cap = by_mm / M0_MM * (1 + 1e-9);
    const double far = e->north > -e->south ? e->north : -e->south;
    e->cap = cap;
    e->south -= cap;
    e->north += cap;
    if (e->south < NEAR_POLE_RAD - PI / 2) e->south = -PI / 2, e->round = true;
    if (e->north > PI / 2 - NEAR_POLE_RAD) e->north = PI / 2, e->round = true;
    if (cap > WIDE_RAD) e->round = true;
    if (e->round || cap <= 0) return;
    const int64_t by_nd = (int64_t)(asin(sin(cap) / cos(far)) / RAD_PER_ND) + 1;
    e->west -= by_nd;
    e->east += by_nd;
}

static double grow_by(const struct rb_volume *v, uint64_t widen_mm) {
    const double own = v->shape == RB_SHAPE_POLYGON ? 0 : (double)v->radius_mm;
    return own + (double)v->accuracy_mm + (double)widen_mm;
}

/* ---- units --------------------------------------------------------------------------------------
 */

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static int32_t clamp(int64_t v, int64_t least, int64_t most) {
    return (int32_t)(v < least ? least : v > most ? most : v);
}

static void set_longitudes(const struct extent *e, struct rb_volbox *out) {
    int64_t lo = floor_div(e->west, RB_VOLBOX_ND) - 1, hi = floor_div(e->east, RB_VOLBOX_ND) + 2;
    out->lon_lo = -LON_180;
    out->lon_hi = LON_180;
    if (e->round || hi - lo >= LON_360) return;
    const int64_t turns = floor_div(lo + LON_180, LON_360);
    out->lon_lo = (int32_t)(lo - turns * LON_360);
    out->lon_hi = (int32_t)(hi - turns * LON_360);
}

static void set_latitudes(const struct extent *e, struct rb_volbox *out) {
    const int64_t most = LAT_90 / RB_VOLBOX_ND;
    out->lat_lo = clamp((int64_t)floor(e->south / RAD_PER_ND / RB_VOLBOX_ND) - 1, -most, most);
    out->lat_hi = clamp((int64_t)ceil(e->north / RAD_PER_ND / RB_VOLBOX_ND) + 1, -most, most);
}

/* ---- corners ------------------------------------------------------------------------------------
 */

#define BEND_EDGE_M 300000.0 /* edges that are longer, */
#define BEND_LAT_RAD 1.4     /* and lines that come closer to a pole, keep their corners */

/* How far the geodesics between the points of a line are from the lines straight in longitude and
 * latitude, at most: those bend, against geodesics, by no more than 1.089 tan(lat) / radius, which
 * over a length L lifts them by an eighth of that times L^2; a quarter is taken. -1: not known. */
static double bend_of(const struct extent *e, const struct rb_point *p, size_t n) {
    const double most = BEND_EDGE_M * 1000 / M1_MM;
    double longest = 0; /* squared, radians */
    if (e->round || e->far > BEND_LAT_RAD) return -1;
    for (size_t i = 1; i < n; i++) {
        const double dlat = rad(p[i].lat_nd - p[i - 1].lat_nd);
        const double dlon = rad(shorter_way(p[i].lon_nd - p[i - 1].lon_nd));
        const double length = dlat * dlat + dlon * dlon;
        if (length > longest) longest = length;
    }
    if (longest > most * most) return -1;
    return 0.25 * tan(e->far) * longest * (M1_MM / M0_MM) * (M1_MM / 1000) + 1;
}

/* The least sum of distances from each corner, over the points, in units of the box: of x + y and
 * of x - y the least and the most are enough. */
static void nearest_to_corners(const struct extent *e, const struct rb_volume *v,
                               const struct rb_volbox *box, double least[4]) {
    const double per_x = 1 / ((double)box->lon_hi - box->lon_lo) / RB_VOLBOX_ND;
    const double per_y = 1 / ((double)box->lat_hi - box->lat_lo) / RB_VOLBOX_ND;
    /* lon_lo before it was turned */
    const int64_t west = (floor_div(e->west, RB_VOLBOX_ND) - 1) * RB_VOLBOX_ND;
    const int64_t south = (int64_t)box->lat_lo * RB_VOLBOX_ND;
    double low_sum = 4, high_sum = -4, low_diff = 4, high_diff = -4;
    int64_t lon = v->vertices[0].lon_nd;
    for (size_t i = 0; i < v->vertices_n; i++) {
        if (i > 0) lon += shorter_way(v->vertices[i].lon_nd - v->vertices[i - 1].lon_nd);
        const double x = (double)(lon - west) * per_x;
        const double y = (double)(v->vertices[i].lat_nd - south) * per_y;
        if (x + y < low_sum) low_sum = x + y;
        if (x + y > high_sum) high_sum = x + y;
        if (x - y < low_diff) low_diff = x - y;
        if (x - y > high_diff) high_diff = x - y;
    }
    least[0] = low_sum;
    least[1] = 1 - high_diff;
    least[2] = 1 + low_diff;
    least[3] = 2 - high_sum;
}

static void cut_corners(const struct extent *e, const struct rb_volume *v, struct rb_volbox *box) {
    double least[4];
    if (v->shape != RB_SHAPE_CORRIDOR) return;
    const double bend = bend_of(e, v->vertices, v->vertices_n);
    const double by = e->cap + bend * 1000 / M0_MM;
    if (bend < 0 || by > 0.1) return;
    const double unit = RAD_PER_ND * RB_VOLBOX_ND;
    const double slack = asin(sin(by) / cos(e->far)) / unit / ((double)box->lon_hi - box->lon_lo) +
                         by / unit / ((double)box->lat_hi - box->lat_lo);
    nearest_to_corners(e, v, box, least);
    for (unsigned k = 0; k < 4; k++) {
        const double cut = floor(256 * (least[k] - slack)) - 1;
        box->cut[k] = (uint8_t)(cut < 0 ? 0 : cut > 255 ? 255 : cut);
    }
}

/* half-open: the last moment is one before the end. Beyond what can be counted is open. */
static void set_times(const struct rb_volume *v, struct rb_volbox *out) {
    out->t_lo = INT32_MIN;
    out->t_hi = INT32_MAX;
    if (v->has_from)
        out->t_lo = clamp(floor_div(v->from_utc_ms, RB_VOLBOX_MS), INT32_MIN, INT32_MAX);
    if (v->has_to)
        out->t_hi =
            clamp(floor_div(v->to_utc_ms, RB_VOLBOX_MS) - (v->to_utc_ms % RB_VOLBOX_MS == 0),
                  INT32_MIN, INT32_MAX);
}

static void finish(struct extent *e, const struct rb_volume *v, double by_mm,
                   struct rb_volbox *out) {
    grow(e, by_mm);
    set_latitudes(e, out);
    set_longitudes(e, out);
    set_times(v, out);
    memset(out->cut, 0, sizeof out->cut);
}

static void box_of(const struct rb_volume *v, uint64_t widen_mm, struct extent *e,
                   struct rb_volbox *out) {
    if (v->shape == RB_SHAPE_CIRCLE) {
        (void)reach_line(e, &v->center, 1, false, false);
    } else {
        const bool ring = v->shape == RB_SHAPE_POLYGON;
        const bool bulges = !ring || v->edges != RB_EDGES_LONLAT;
        const int64_t at = reach_line(e, v->vertices, v->vertices_n, ring, bulges);
        if (ring) fill_ring(e, at, v->vertices[0].lon_nd);
    }
    finish(e, v, grow_by(v, widen_mm), out);
}

void rb_volbox_of(const struct rb_volume *v, uint64_t widen_mm, struct rb_volbox *out) {
    struct extent e;
    box_of(v, widen_mm, &e, out);
    cut_corners(&e, v, out);
}

void rb_volparts_of(const struct rb_volume *v, uint64_t widen_mm, struct rb_volparts *out) {
    const size_t edges = v->shape == RB_SHAPE_CORRIDOR ? v->vertices_n - 1 : 0;
    const size_t each = (edges + WIDTH - 1) / WIDTH; /* edges in a part */
    struct extent whole;
    box_of(v, widen_mm, &whole, &out->whole); /* its corners are not asked for */
    out->in_parts = edges > 1;
    out->beyond_180 = false;
    if (!out->in_parts) return;
    for (unsigned k = 0; k < WIDTH; k++) {
        const size_t from = k * each, left = from < edges ? edges - from : 0;
        struct extent e;
        struct rb_volbox box;
        boxes_clear(&out->parts, k);
        if (left == 0) continue;
        (void)reach_line(&e, v->vertices + from, (left < each ? left : each) + 1, false, true);
        finish(&e, v, grow_by(v, widen_mm), &box);
        boxes_set(&out->parts, k, &box);
        out->beyond_180 |= box.lon_hi >= LON_180;
    }
}
