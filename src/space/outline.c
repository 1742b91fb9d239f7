/* Preparing outlines, spec 10.1. */
#include "outline.h"
#include <assert.h>
#include <math.h>
#include <string.h>

#define TURN (360 * RB_NANODEG)
#define PI2 9.869604401089358 /* the square of pi */

int64_t rb_lon_step(int64_t from_nd, int64_t to_nd) {
    int64_t d = to_nd - from_nd;
    return d > TURN / 2 ? d - TURN : d < -TURN / 2 ? d + TURN : d;
}

static bool at_pole(struct rb_point p) {
    return p.lat_nd == RB_POLE_ND || p.lat_nd == -RB_POLE_ND;
}

void rb_outline_edge_lons(const struct rb_outline *o, size_t i, int64_t *from, int64_t *to) {
    struct rb_point a = o->at[i], b = o->at[rb_outline_next(o, i)];
    *from = a.lon_nd;
    *to = b.lon_nd;
    if (o->edge[i].straight) return;
    if (at_pole(a)) *from = b.lon_nd;
    if (at_pole(b)) *to = a.lon_nd;
}

/* ---- edges ------------------------------------------------------------------------------------
 */

static double most_abs(double a, double b) {
    return fmax(fabs(a), fabs(b));
}

/* every step along it is no longer than on the largest radii it meets */
double rb_straight_most(double lat0, double lat1, double dlon) {
    double nearest = lat0 * lat1 < 0 ? 0 : fmin(fabs(lat0), fabs(lat1));
    double ns = RB_CURVE_MOST_M * (lat1 - lat0) * RB_RAD;
    double ew = RB_CURVE_MOST_M * cos(nearest * RB_RAD) * dlon * RB_RAD;
    return sqrt(ns * ns + ew * ew);
}

/* Length along an edge that is straight in longitude and latitude (Simpson's rule). */
static double straight_length(double lat0, double lat1, double dlon) {
    const int steps = 256; /* an enumeration would be mixed with floats */
    double sum = 0;
    for (int i = 0; i <= steps; i++) {
        double lat = (lat0 + (lat1 - lat0) * i / steps) * RB_RAD, s = sin(lat);
        double w = 1 - RB_WGS84_E2 * s * s, n = RB_WGS84_A / sqrt(w);
        double ns = n * (1 - RB_WGS84_E2) / w * (lat1 - lat0) * RB_RAD;
        double ew = n * cos(lat) * dlon * RB_RAD;
        sum += (i == 0 || i == steps ? 1 : i % 2 ? 4 : 2) * sqrt(ns * ns + ew * ew);
    }
    return sum / (3 * steps);
}

/* A curve straight in longitude and latitude bends, against the geodesics, by at most
 * 1.089 tan(lat) / radius: sin(azimuth) (1 + cos^2(azimuth)) of it, 10.2.7. */
double rb_straight_bulge(double lat0, double lat1, double length) {
    double t = tan(fmin(most_abs(lat0, lat1), 90) * RB_RAD); /* large and positive at a pole */
    return fmin(length / 2, 1.2 * t * length * length / (8 * RB_CURVE_LEAST_M));
}

/* How far a geodesic of this length may go poleward beyond its ends: never more than half its
 * length, and away from the poles as a circle through them would. */
static int64_t poleward_nd(double lat0, double lat1, double length) {
    double half = length / 2 / RB_CURVE_LEAST_M; /* radians */
    double lat = most_abs(lat0, lat1) * RB_RAD + half;
    double most = half;
    /* tan x < pi^2 x / (pi^2 - 4 x^2), Becker and Stark 1978 */
    if (lat < 1.5) most = fmin(half, 0.6 * (PI2 * lat / (PI2 - 4 * lat * lat)) * half * half);
    return (int64_t)(most / RB_RAD * 1e9) + 2;
}

static void latitudes(struct rb_edge *e, struct rb_point a, struct rb_point b, double pad_length) {
    e->south_nd = a.lat_nd < b.lat_nd ? a.lat_nd : b.lat_nd;
    e->north_nd = a.lat_nd < b.lat_nd ? b.lat_nd : a.lat_nd;
    if (pad_length <= 0) return;
    int64_t pad = poleward_nd(rb_degrees(a.lat_nd), rb_degrees(b.lat_nd), pad_length);
    if (e->north_nd > 0) e->north_nd += pad;
    if (e->south_nd < 0) e->south_nd -= pad;
    if (e->north_nd > RB_POLE_ND) e->north_nd = RB_POLE_ND;
    if (e->south_nd < -RB_POLE_ND) e->south_nd = -RB_POLE_ND;
}

static bool geodesic_too_long(struct rb_point a, struct rb_point b) {
    struct geod_geodesic g;
    double s;
    geod_init(&g, RB_WGS84_A, RB_WGS84_F);
    geod_inverse(&g, rb_degrees(a.lat_nd), rb_degrees(a.lon_nd), rb_degrees(b.lat_nd),
                 rb_degrees(b.lon_nd), &s, NULL, NULL);
    return s > RB_EDGE_MOST_M;
}

static bool prepare_edge(struct rb_edge *e, struct rb_point a, struct rb_point b, double chord) {
    if (!e->straight) {
        e->length_m = rb_geo_arc_most(chord);
        e->bulge_m = 0;
        latitudes(e, a, b, e->length_m);
        return e->length_m <= RB_EDGE_MOST_M || !geodesic_too_long(a, b);
    }
    double lat0 = rb_degrees(a.lat_nd), lat1 = rb_degrees(b.lat_nd);
    double dlon = rb_degrees(rb_lon_step(a.lon_nd, b.lon_nd));
    e->length_m = rb_straight_most(lat0, lat1, dlon);
    e->bulge_m = rb_straight_bulge(lat0, lat1, e->length_m);
    latitudes(e, a, b, 0);
    return e->length_m <= RB_EDGE_MOST_M || straight_length(lat0, lat1, dlon) <= RB_EDGE_MOST_M;
}

/* ---- which side is inside ---------------------------------------------------------------------
 */

/* area between the equator and a latitude, for each radian of longitude */
static double zone(double lat) {
    const double e = sqrt(RB_WGS84_E2), s = sin(lat * RB_RAD);
    const double b2 = RB_WGS84_A * RB_WGS84_A * (1 - RB_WGS84_E2);
    return b2 / 2 * (s / (1 - RB_WGS84_E2 * s * s) + atanh(e * s) / e);
}

static double straight_area(double lat0, double lat1, double dlon) {
    const int steps = 256; /* an enumeration would be mixed with floats */
    double sum = 0;
    for (int i = 0; i <= steps; i++)
        sum += (i == 0 || i == steps ? 1 : i % 2 ? 4 : 2) * zone(lat0 + (lat1 - lat0) * i / steps);
    return sum / (3 * steps) * dlon * RB_RAD;
}

/* signed area between the edge and the equator */
static double edge_area(const struct rb_outline *o, size_t i, const struct geod_geodesic *g) {
    int64_t from, to;
    rb_outline_edge_lons(o, i, &from, &to);
    int64_t d = rb_lon_step(from, to);
    struct rb_point a = o->at[i], b = o->at[rb_outline_next(o, i)];
    double lat0 = rb_degrees(a.lat_nd), lat1 = rb_degrees(b.lat_nd);
    if (o->edge[i].straight) return straight_area(lat0, lat1, rb_degrees(d));
    if (d == TURN / 2 || d == -TURN / 2) /* over the pole */
        return zone(lat0 + lat1 > 0 ? 90 : -90) * rb_degrees(d) * RB_RAD;
    double area;
    geod_geninverse(g, lat0, rb_degrees(from), lat1, rb_degrees(to), NULL, NULL, NULL, NULL, NULL,
                    NULL, &area);
    return area;
}

/* What the ring turns about a pole where an edge arrives at one longitude and the next leaves at
 * another. */
static int64_t turn_at(const struct rb_outline *o, size_t i) {
    int64_t from, to, next, after;
    rb_outline_edge_lons(o, i, &from, &to);
    rb_outline_edge_lons(o, rb_outline_next(o, i), &next, &after);
    return rb_lon_step(to, next);
}

static int64_t turned(const struct rb_outline *o) {
    int64_t sum = 0, from, to;
    for (size_t i = 0; i < o->n; i++) {
        rb_outline_edge_lons(o, i, &from, &to);
        sum += rb_lon_step(from, to) + turn_at(o, i);
    }
    return sum;
}

static bool sides(struct rb_outline *o) {
    struct geod_geodesic g;
    int64_t turn = turned(o);
    o->winds = turn != 0;
    if (o->ball_m < INFINITY) { /* the ball holds the smaller side, and at most one pole */
        o->north_in = o->winds && o->ball.z > 0;
        return true;
    }
    double half = zone(90) * 360 * RB_RAD, sum = 0;
    geod_init(&g, RB_WGS84_A, RB_WGS84_F);
    for (size_t i = 0; i < o->n; i++) {
        double pole = o->at[rb_outline_next(o, i)].lat_nd > 0 ? 90 : -90;
        sum += edge_area(o, i, &g) + zone(pole) * rb_degrees(turn_at(o, i)) * RB_RAD;
    }
    if (turn < 0) sum = -sum;
    double north_less = o->winds ? sum : fabs(sum) - half;
    if (fabs(north_less) < 1e-9 * half) return false;
    o->north_in = north_less > 0;
    return true;
}

/* ---- ball, plane, box -------------------------------------------------------------------------
 */

static void find_ball(struct rb_outline *o) {
    struct rb_vec c = {0, 0, 0};
    for (size_t i = 0; i < o->n; i++)
        c = (struct rb_vec){c.x + o->p[i].x, c.y + o->p[i].y, c.z + o->p[i].z};
    double n = (double)o->n, most = 0;
    c = (struct rb_vec){c.x / n, c.y / n, c.z / n};
    for (size_t i = 0; i < o->edges_n; i++) {
        struct rb_vec a = o->p[i], b = o->p[rb_outline_next(o, i)];
        double chord = rb_vec_apart(a, b), sag = chord * chord * 1.05 / (8 * RB_CURVE_LEAST_M);
        sag = fmin(o->edge[i].length_m / 2, sag + o->edge[i].bulge_m);
        most = fmax(most, fmax(rb_vec_apart(a, c), rb_vec_apart(b, c)) + sag);
    }
    o->ball = c;
    o->ball_m = most;
    /* Here the ball cuts off less than half of the ellipsoid, and what is not in the ball is on one
     * side of the ring, the larger one. Otherwise it says nothing. */
    double across = RB_CURVE_LEAST_M * RB_CURVE_LEAST_M + rb_vec_dot(c, c);
    if (most * most > 0.9 * across) o->ball_m = INFINITY;
}

static void find_plane(struct rb_outline *o, struct rb_frame *f, struct rb_xy *xy) {
    o->flat = o->ball_m <= RB_FLAT_MOST_M;
    if (!o->flat) return;
    double bulge = 0;
    if (o->n > 1) *f = rb_geo_frame(o->ball);
    for (size_t i = 0; i < o->n && o->n > 1; i++) {
        xy[i] = rb_geo_project(f, o->p[i]);
        o->reach_m = fmax(o->reach_m, rb_vec_apart(o->p[i], f->o));
        if (i < o->edges_n) bulge = fmax(bulge, o->edge[i].bulge_m);
    }
    o->plane_err_m = rb_geo_frame_error(o->reach_m) + bulge;
}

static void all_round(struct rb_box *box) {
    box->west_nd = -TURN / 2;
    box->east_nd = TURN / 2;
}

static int64_t into_turn(int64_t lon_nd) {
    return lon_nd > TURN / 2 ? lon_nd - TURN : lon_nd < -TURN / 2 ? lon_nd + TURN : lon_nd;
}

/* Longitudes along the points, from the first; false where they make a whole turn or a pole is on
 * the way. */
static bool longitudes(const struct rb_outline *o, int64_t *west, int64_t *east) {
    int64_t at = o->at[0].lon_nd, from, to;
    *west = *east = at;
    for (size_t i = 0; i < o->edges_n && o->n > 1; i++) {
        rb_outline_edge_lons(o, i, &from, &to);
        int64_t d = rb_lon_step(from, to);
        if (at_pole(o->at[i]) || at_pole(o->at[rb_outline_next(o, i)])) return false;
        if (!o->edge[i].straight && (d == TURN / 2 || d == -TURN / 2)) return false;
        at += d;
        if (at < *west) *west = at;
        if (at > *east) *east = at;
    }
    return *east - *west < TURN && !at_pole(o->at[0]);
}

static void find_box(struct rb_outline *o) {
    struct rb_box *box = &o->box;
    int64_t west, east;
    box->south_nd = box->north_nd = o->at[0].lat_nd;
    for (size_t i = 0; i < o->edges_n && o->n > 1; i++) {
        if (o->edge[i].south_nd < box->south_nd) box->south_nd = o->edge[i].south_nd;
        if (o->edge[i].north_nd > box->north_nd) box->north_nd = o->edge[i].north_nd;
    }
    bool partly = longitudes(o, &west, &east) && !o->winds;
    box->west_nd = into_turn(west % TURN);
    box->east_nd = into_turn(east % TURN);
    if (!partly) all_round(box);
    if (o->shape != RB_SHAPE_POLYGON) return;
    bool south_in = o->north_in != o->winds;
    if (o->north_in) box->north_nd = RB_POLE_ND;
    if (south_in) box->south_nd = -RB_POLE_ND;
    if (o->north_in || south_in) all_round(box);
}

static void widen_longitudes(struct rb_box *box, double lat_most, double angle) {
    double c = cos(lat_most * RB_RAD), s = sin(fmin(angle, 1.5));
    int64_t span = box->east_nd - box->west_nd;
    if (span < 0) span += TURN;
    if (span == 0 && box->east_nd != box->west_nd) span = TURN;
    int64_t pad = TURN;
    if (angle < 1.5 && lat_most * RB_RAD + angle < 1.55 && s < 0.98 * c)
        pad = (int64_t)(asin(s / c) / RB_RAD * 1.01e9) + 2;
    if (span + 2 * pad >= TURN) {
        all_round(box);
        return;
    }
    box->west_nd = into_turn(box->west_nd - pad);
    box->east_nd = into_turn(box->east_nd + pad);
}

struct rb_box rb_outline_box(const struct rb_outline *o, uint64_t grow_mm) {
    struct rb_box box = o->box;
    double wide = o->wide_m + (double)grow_mm / 1000;
    if (wide <= 0) return box;
    double angle = fmin(wide / RB_CURVE_LEAST_M, 4);
    double lat_most = most_abs(rb_degrees(box.south_nd), rb_degrees(box.north_nd));
    int64_t pad = (int64_t)(angle / RB_RAD * 1e9) + 2;
    widen_longitudes(&box, lat_most, angle);
    box.north_nd = box.north_nd + pad > RB_POLE_ND ? RB_POLE_ND : box.north_nd + pad;
    box.south_nd = box.south_nd - pad < -RB_POLE_ND ? -RB_POLE_ND : box.south_nd - pad;
    return box;
}

/* ---- whole ------------------------------------------------------------------------------------
 */

struct parts {
    struct rb_outline *o;
    struct rb_frame *frame;
    struct rb_xy *xy;
    struct rb_point *at;
    struct rb_vec *p;
    struct rb_edge *edge;
};

static size_t points_of(const struct rb_volume *v) {
    return v->shape == RB_SHAPE_CIRCLE ? 1 : v->vertices_n;
}

/* of one point the ball's centre serves, and what is the same for all */
static size_t bytes_of(size_t n) {
    size_t more = sizeof(struct rb_vec) + sizeof(struct rb_xy) + sizeof(struct rb_edge);
    return sizeof(struct rb_outline) + n * sizeof(struct rb_point) +
           (n > 1 ? sizeof(struct rb_frame) + n * more : 0);
}

size_t rb_outline_bytes(const struct rb_volume *v) {
    return bytes_of(points_of(v)) + 16; /* the arena's alignment */
}

/* Each edge is measured, and compared with every other to see whether the ring crosses itself. */
uint64_t rb_outline_prepare_looks(const struct rb_volume *v) {
    const uint64_t n = points_of(v);
    return n <= 1 ? 0 : n + n * n / 128;
}

/* what nearly every question reads first */
static bool lay_out(struct rb_arena *arena, size_t n, struct parts *x) {
    static const struct rb_xy origin;
    static const struct rb_edge none;
    uint8_t *m = rb_arena_alloc(arena, bytes_of(n));
    if (m == NULL) return false;
    struct rb_outline *o = x->o = (struct rb_outline *)(void *)m;
    m += sizeof *o;
    *x = (struct parts){.o = o, .at = (struct rb_point *)(void *)m, .p = &o->ball};
    if (n > 1) {
        x->frame = (struct rb_frame *)(void *)m;
        x->xy = (struct rb_xy *)(void *)(x->frame + 1);
        x->at = (struct rb_point *)(void *)(x->xy + n);
        x->p = (struct rb_vec *)(void *)(x->at + n);
        x->edge = (struct rb_edge *)(void *)(x->p + n);
    }
    o->frame = x->frame;
    o->xy = n > 1 ? x->xy : &origin;
    o->at = x->at;
    o->p = x->p;
    o->edge = n > 1 ? x->edge : &none;
    return true;
}

static bool is_straight(const struct rb_volume *v, struct rb_point a, struct rb_point b) {
    if (v->shape != RB_SHAPE_POLYGON) return false;
    if (rb_lon_step(a.lon_nd, b.lon_nd) == 0) return false; /* a meridian is a geodesic */
    return v->edges == RB_EDGES_LONLAT || (v->edges == RB_EDGES_PARALLEL && a.lat_nd == b.lat_nd);
}

static bool fill_edges(const struct rb_volume *v, struct parts *x) {
    struct rb_outline *o = x->o;
    for (size_t i = 0; i < o->n; i++)
        x->p[i] = rb_geo_ecef(rb_degrees(o->at[i].lat_nd), rb_degrees(o->at[i].lon_nd));
    for (size_t i = 0; i < o->edges_n && o->n > 1; i++) {
        size_t k = rb_outline_next(o, i);
        x->edge[i].straight = is_straight(v, o->at[i], o->at[k]);
        double chord = rb_vec_apart(o->p[i], o->p[k]);
        if (!prepare_edge(&x->edge[i], o->at[i], o->at[k], chord)) return false;
    }
    return true;
}

static enum rb_err prepare(const struct rb_volume *v, struct parts *x, struct rb_reject *rj) {
    struct rb_outline *o = x->o;
    o->shape = v->shape;
    o->n = points_of(v);
    o->edges_n = v->shape == RB_SHAPE_CORRIDOR ? o->n - 1 : o->n;
    o->wide_m = v->shape == RB_SHAPE_POLYGON ? 0 : (double)v->radius_mm / 1000;
    memcpy(x->at, v->shape == RB_SHAPE_CIRCLE ? &v->center : v->vertices, o->n * sizeof *x->at);
    if (!fill_edges(v, x)) return rb_reject(rj, RB_ERR_MALFORMED, "10.1.5", "edge too long", 0);
    find_ball(o);
    if (v->shape == RB_SHAPE_POLYGON && !sides(o))
        return rb_reject(rj, RB_ERR_MALFORMED, "10.1.7", "no smaller side", 0);
    find_plane(o, x->frame, x->xy);
    find_box(o);
    return RB_OK;
}

enum rb_err rb_outline_prepare(const struct rb_volume *v, struct rb_arena *arena,
                               const struct rb_outline **out, struct rb_reject *rj) {
    size_t mark = rb_arena_mark(arena);
    struct parts x;
    RB_TRY(rb_volume_check(v, rj));
    if (!lay_out(arena, points_of(v), &x)) return RB_ERR_LIMIT;
    enum rb_err err = prepare(v, &x, rj);
    if (err != RB_OK) {
        rb_arena_release(arena, mark);
        return err;
    }
    *out = x.o;
    return RB_OK;
}
