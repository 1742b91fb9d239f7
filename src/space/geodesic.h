/* Geodesy of the room: WGS84, points in space (metres, earth-centred), a plane that touches the
 * ellipsoid, and what is asked of the exact geodesics. Internal. */
#ifndef READBACK_SPACE_GEODESIC_H
#define READBACK_SPACE_GEODESIC_H
#include <geodesic.h>
#include <math.h>
#include "readback/volume.h"

#define RB_WGS84_A 6378137.0
#define RB_WGS84_F (1 / 298.257223563)
#define RB_WGS84_E2 (RB_WGS84_F * (2 - RB_WGS84_F))
#define RB_CURVE_LEAST_M 6335439.0 /* least radius of curvature: meridian at the equator */
#define RB_CURVE_MOST_M 6399594.0  /* greatest: at the poles */
#define RB_HALF_ROUND_M 20004000.0 /* no two points are farther apart */
#define RB_RAD (3.14159265358979323846 / 180)

struct rb_vec {
    double x, y, z;
};
struct rb_xy {
    double x, y;
};

static inline double rb_degrees(int64_t nd) {
    return (double)nd / 1e9;
}
static inline struct rb_vec rb_vec_sub(struct rb_vec a, struct rb_vec b) {
    return (struct rb_vec){a.x - b.x, a.y - b.y, a.z - b.z};
}
static inline struct rb_vec rb_vec_mid(struct rb_vec a, struct rb_vec b) {
    return (struct rb_vec){(a.x + b.x) / 2, (a.y + b.y) / 2, (a.z + b.z) / 2};
}
static inline double rb_vec_dot(struct rb_vec a, struct rb_vec b) {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}
static inline double rb_vec_length(struct rb_vec a) {
    return sqrt(rb_vec_dot(a, a));
}
static inline double rb_vec_apart(struct rb_vec a, struct rb_vec b) {
    return rb_vec_length(rb_vec_sub(a, b));
}

/* the point of the ellipsoid at latitude and longitude, degrees */
struct rb_vec rb_geo_ecef(double lat, double lon);

/* Bounds of the geodesic between two points of the ellipsoid whose straight distance is chord
 * (10.2.7). At least this, or less where chord is itself a lower bound, perhaps below 0: */
static inline double rb_geo_arc_least(double chord) {
    return chord * (1 + 0.98 * chord * chord / (24 * RB_CURVE_MOST_M * RB_CURVE_MOST_M));
}
double rb_geo_arc_most(double chord);

/* A plane that touches at o, onto which the surroundings are projected from the centre of
 * curvature: geodesics become nearly straight (10.2.7). */
struct rb_frame {
    struct rb_vec o, east, north, up;
    double r; /* mean radius of curvature at o */
};
/* o: a point not far from the ellipsoid; the frame's own lies on it */
struct rb_frame rb_geo_frame(struct rb_vec o);
static inline struct rb_xy rb_geo_project(const struct rb_frame *f, struct rb_vec p) {
    struct rb_vec d = rb_vec_sub(p, f->o);
    double k = f->r / (f->r + rb_vec_dot(d, f->up));
    return (struct rb_xy){k * rb_vec_dot(d, f->east), k * rb_vec_dot(d, f->north)};
}
/* points farther than this (straight) from a frame's origin are not projected */
#define RB_FRAME_REACH_M 1000000.0
/* How far the image of a geodesic may lie from the straight line, and a distance from its true
 * value beside the stretching below, if both ends are within reach of the origin (10.2.7). */
static inline double rb_geo_frame_error(double reach) {
    double t = reach / RB_CURVE_LEAST_M;
    return 1e-6 + 0.25 * RB_WGS84_E2 * reach * t * t;
}
/* Distances in the plane are too long by at most this share, for points within reach. */
static inline double rb_geo_frame_stretch(double reach) {
    double t = reach / RB_CURVE_LEAST_M;
    return 1.03 * t * t;
}

/* Least distance from p (degrees) to the geodesic between s0 and s1 of a line; guess in [s0, s1].
 */
double rb_geo_point_line(const struct geod_geodesic *g, double lat, double lon,
                         const struct geod_geodesicline *line, double s0, double s1, double guess);
#endif
