/* From one point to another, spec 10.1.1. */
#include <math.h>
#include "geodesic.h"
#include "readback/outline.h"

static int64_t turn_nd(double degrees) {
    int64_t nd = llround(degrees * 1e9) % (360 * RB_NANODEG);
    return nd < 0 ? nd + 360 * RB_NANODEG : nd;
}

struct rb_bearing rb_point_bearing(struct rb_point from, struct rb_point to) {
    struct geod_geodesic g;
    double metres, azimuth;
    geod_init(&g, RB_WGS84_A, RB_WGS84_F);
    geod_inverse(&g, rb_degrees(from.lat_nd), rb_degrees(from.lon_nd), rb_degrees(to.lat_nd),
                 rb_degrees(to.lon_nd), &metres, &azimuth, NULL);
    return (struct rb_bearing){
        .distance_mm = (uint64_t)llround(metres * 1000),
        .azimuth_nd = metres > 0 ? turn_nd(azimuth) : 0,
    };
}

bool rb_point_within(struct rb_point from, struct rb_point to, uint64_t most_mm,
                     struct rb_bearing *out) {
    const struct rb_vec a = rb_geo_ecef(rb_degrees(from.lat_nd), rb_degrees(from.lon_nd));
    const struct rb_vec b = rb_geo_ecef(rb_degrees(to.lat_nd), rb_degrees(to.lon_nd));
    /* the sum of the roundings is far below a millimetre */
    const double least_mm = rb_geo_arc_least(rb_vec_apart(a, b)) * 1000 - 1;
    if (least_mm > (double)most_mm) return false;
    const struct rb_bearing found = rb_point_bearing(from, to);
    if (found.distance_mm > most_mm) return false;
    *out = found;
    return true;
}
