/* Inside a ring or not, spec 10.1.6: the boundary is met an even or odd number of times on the
 * meridian from the point to the north pole. */
#include "outline.h"
#include <math.h>

#define TURN (360 * RB_NANODEG)

bool rb_outline_inside_flat(const struct rb_outline *o, struct rb_xy p) {
    bool in = false;
    struct rb_xy a = o->xy[o->n - 1];
    for (size_t i = 0; i < o->n; i++) {
        struct rb_xy b = o->xy[i];
        if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + (b.x - a.x) * (p.y - a.y) / (b.y - a.y))
            in = !in;
        a = b;
    }
    return in;
}

/* does the way from a longitude by a step meet this one? The western end counts, the eastern not,
 * so that of two edges that share a point one meets its meridian */
static bool meets(int64_t from, int64_t step, int64_t lon) {
    int64_t west = step < 0 ? from + step : from, span = step < 0 ? -step : step;
    int64_t off = (lon - west) % TURN;
    if (off < 0) off += TURN;
    return off < span;
}

/* Where a geodesic has a longitude: degrees from its beginning, counted along it. Longitude grows
 * or falls all along, so the place stays between two others, nearer each time. */
static double latitude_at(const struct geod_geodesicline *line, double turn) {
    double s0 = 0, s1 = line->s13, f0, f1, lat = 0, lon;
    double lon0 = line->lon1;
    f0 = -turn;
    geod_genposition(line, GEOD_LONG_UNROLL, s1, &lat, &lon, NULL, NULL, NULL, NULL, NULL, NULL);
    f1 = lon - lon0 - turn;
    for (int round = 0; round < 100 && s1 - s0 > 1e-6; round++) {
        double s = s0 + (s1 - s0) * (f0 / (f0 - f1));
        if (round % 3 == 2 || !(s > s0 && s < s1)) s = (s0 + s1) / 2;
        geod_genposition(line, GEOD_LONG_UNROLL, s, &lat, &lon, NULL, NULL, NULL, NULL, NULL, NULL);
        double f = lon - lon0 - turn;
        if (f == 0) break;
        bool before = (f < 0) == (f0 < 0);
        *(before ? &s0 : &s1) = s;
        *(before ? &f0 : &f1) = f;
    }
    return lat;
}

static bool edge_above(const struct rb_outline *o, size_t i, struct rb_point at,
                       const struct geod_geodesic *g, uint64_t *looks) {
    const struct rb_edge *e = &o->edge[i];
    struct rb_point a = o->at[i], b = o->at[rb_outline_next(o, i)];
    int64_t from, to;
    rb_outline_edge_lons(o, i, &from, &to);
    int64_t step = rb_lon_step(from, to);
    if (!meets(from, step, at.lon_nd) || at.lat_nd > e->north_nd) return false;
    if (!e->straight && (step == TURN / 2 || step == -TURN / 2)) return a.lat_nd + b.lat_nd > 0;
    if (at.lat_nd < e->south_nd) return true;
    double turn = rb_degrees(rb_lon_step(from, at.lon_nd)), lat = rb_degrees(at.lat_nd);
    double lat0 = rb_degrees(a.lat_nd), lat1 = rb_degrees(b.lat_nd);
    if (e->straight) return lat < lat0 + (lat1 - lat0) * fabs(turn / rb_degrees(step));
    if (turn == 0) return lat < lat0;
    struct geod_geodesicline line;
    *looks += RB_LOOKS_MEETING;
    geod_inverseline(&line, g, lat0, rb_degrees(from), lat1, rb_degrees(to), 0);
    return lat < latitude_at(&line, turn);
}

/* at a pole the ring goes from the longitude it arrives at to the one it leaves at */
static bool pole_above(const struct rb_outline *o, size_t i, int64_t lon) {
    int64_t from, to, next, after;
    rb_outline_edge_lons(o, i, &from, &to);
    size_t k = rb_outline_next(o, i);
    if (o->at[k].lat_nd != RB_POLE_ND) return false;
    rb_outline_edge_lons(o, k, &next, &after);
    return meets(to, rb_lon_step(to, next), lon);
}

bool rb_outline_inside(const struct rb_outline *o, struct rb_point at,
                       const struct geod_geodesic *g, uint64_t *looks) {
    bool in = o->north_in;
    *looks += RB_LOOKS_INSIDE(o->edges_n);
    for (size_t i = 0; i < o->edges_n; i++) {
        if (edge_above(o, i, at, g, looks)) in = !in;
        if (pole_above(o, i, at.lon_nd)) in = !in;
    }
    return in;
}
