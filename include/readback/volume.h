/* Volume4D: a region in space and time (design §7). Integers only: 1e-9 degree, mm, UTC ms. */
#ifndef READBACK_VOLUME_H
#define READBACK_VOLUME_H
#include "readback/bytes.h"
#include "readback/limits.h"

#define RB_NANODEG 1000000000ll
enum rb_shape { RB_SHAPE_CIRCLE = 0, RB_SHAPE_POLYGON = 1, RB_SHAPE_CORRIDOR = 2 };
enum rb_edges { RB_EDGES_GEODESIC = 0, RB_EDGES_PARALLEL = 1, RB_EDGES_LONLAT = 2 };
enum rb_datum { RB_DATUM_WGS84 = 0, RB_DATUM_AMSL = 1, RB_DATUM_AGL = 2, RB_DATUM_FL = 3 };
struct rb_point {
    int64_t lat_nd, lon_nd; /* 1e-9 degree, WGS84; lat within +-90, lon within +-180 */
};
struct rb_alt_limit {
    bool open;          /* no limit on this side */
    int64_t mm;         /* FL: flight level as written, times 1000 */
    enum rb_datum datum;
};
struct rb_volume {
    enum rb_shape shape;
    struct rb_point center;      /* circle */
    uint64_t radius_mm;          /* circle radius or corridor half-width */
    enum rb_edges edges;         /* polygon */
    size_t vertices_n;           /* polygon, corridor line */
    const struct rb_point *vertices;
    struct rb_alt_limit floor, ceiling;
    bool has_from, has_to;       /* absent: open end */
    int64_t from_utc_ms, to_utc_ms; /* half-open [from, to) */
    uint64_t accuracy_mm;        /* 0 = not stated */
    struct rb_slice method;      /* how surveyed; empty = not stated */
    bool has_surveyed;
    int64_t surveyed_utc_ms;
    struct rb_slice declared_by, recognised_by; /* empty = not stated */
    bool military_use;           /* declared military use */
    struct rb_slice as_entered;  /* value, unit and datum as typed; empty = none */
};
/* geometry and bounds; clause and a static word in rj. RB_ERR_MALFORMED */
enum rb_err rb_volume_check(const struct rb_volume *v, struct rb_reject *rj) RB_MUST_USE;
#endif
