/* Geodesy of the room. What is exact is asked of Karney's geodesics; the rest are bounds that
 * spare asking. */
#include "geodesic.h"

struct rb_vec rb_geo_ecef(double lat, double lon) {
    double sf = sin(lat * RB_RAD), cf = cos(lat * RB_RAD);
    double n = RB_WGS84_A / sqrt(1 - RB_WGS84_E2 * sf * sf);
    return (struct rb_vec){n * cf * cos(lon * RB_RAD), n * cf * sin(lon * RB_RAD),
                           n * (1 - RB_WGS84_E2) * sf};
}

/* A curve that nowhere bends more than a circle ends no nearer to its beginning than the circle's
 * arc of the same length does (Schur); no geodesic of the ellipsoid bends more than the meridian
 * at the equator. */
double rb_geo_arc_most(double chord) {
    double half = chord / (2 * RB_CURVE_LEAST_M);
    if (half < 0.08) return chord * (1 + half * half * 0.168); /* asin(x)/x < 1 + 0.168 x^2 there */
    if (half > 0.9) return RB_HALF_ROUND_M;
    return 2 * RB_CURVE_LEAST_M * asin(half);
}

struct rb_frame rb_geo_frame(struct rb_vec o) {
    const double b2 = 1 - RB_WGS84_E2; /* (b/a)^2 */
    double p2 = o.x * o.x + o.y * o.y, p = sqrt(p2);
    double k = RB_WGS84_A / sqrt(p2 + o.z * o.z / b2); /* onto the ellipsoid */
    o = (struct rb_vec){k * o.x, k * o.y, k * o.z};
    struct rb_vec up = {o.x, o.y, o.z / b2};
    double n = rb_vec_length(up);
    up = (struct rb_vec){up.x / n, up.y / n, up.z / n};
    struct rb_vec east = {1, 0, 0}; /* at a pole any direction serves */
    if (p > 1e-3) east = (struct rb_vec){-o.y / (k * p), o.x / (k * p), 0};
    struct rb_vec north = {up.y * east.z - up.z * east.y, up.z * east.x - up.x * east.z,
                           up.x * east.y - up.y * east.x};
    double r = RB_WGS84_A * sqrt(b2) / (1 - RB_WGS84_E2 * up.z * up.z);
    return (struct rb_frame){o, east, north, up, r};
}

/* Napier's rule on a sphere of like size: how far along the line the foot of the perpendicular
 * lies. Repeated, it comes to rest where the ellipsoid's own azimuths say that the angle is right.
 */
static double foot_ahead(double d, double angle) {
    const double r = 6371000;
    return r * atan2(sin(d / r) * cos(angle * RB_RAD), cos(d / r));
}

static double clamp(double v, double least, double most) {
    return v < least ? least : v > most ? most : v;
}

static double distance_at(const struct geod_geodesic *g, double lat, double lon,
                          const struct geod_geodesicline *line, double s, double *angle) {
    double lat2, lon2, along, d, toward;
    geod_position(line, s, &lat2, &lon2, &along);
    geod_inverse(g, lat2, lon2, lat, lon, &d, &toward, NULL);
    *angle = toward - along;
    return d;
}

double rb_geo_point_line(const struct geod_geodesic *g, double lat, double lon,
                         const struct geod_geodesicline *line, double s0, double s1, double guess) {
    double s = clamp(guess, s0, s1), angle, best = INFINITY;
    for (int round = 0; round < 10; round++) {
        double d = distance_at(g, lat, lon, line, s, &angle);
        if (d < best) best = d;
        double next = clamp(s + foot_ahead(d, angle), s0, s1), step = fabs(next - s);
        /* being off by step lengthens the distance by step^2 / 2d, and by no more than step */
        if (step < 2e-5 || step * step < 2e-5 * d) return best;
        s = next;
    }
    double d = distance_at(g, lat, lon, line, s, &angle);
    if (d < best) best = d;
    double d0 = distance_at(g, lat, lon, line, s0, &angle);
    double d1 = distance_at(g, lat, lon, line, s1, &angle);
    return fmin(best, fmin(d0, d1));
}
