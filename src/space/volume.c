/* Form and bounds of a volume, spec 3.7. The ring is looked at in the plane of longitude and
 * latitude, longitudes unwrapped along it, which is enough to refuse what is no outline at all;
 * distances on the ellipsoid belong to the geodesy. */
#include "readback/volume.h"

#define LAT_MAX (90 * RB_NANODEG)
#define LON_MAX (180 * RB_NANODEG)
#define RADIUS_MAX_MM (20000ull * 1000000ull) /* 20,000 km */
#define TURN (360 * RB_NANODEG)

/* products of two differences of up to 5 turns need 82 bits */
__extension__ typedef __int128 wide;

static enum rb_err refuse(struct rb_reject *rj, const char *clause, const char *what) {
    return rb_reject(rj, RB_ERR_MALFORMED, clause, what, 0);
}

static bool point_ok(struct rb_point p) {
    return p.lat_nd >= -LAT_MAX && p.lat_nd <= LAT_MAX && p.lon_nd >= -LON_MAX &&
           p.lon_nd <= LON_MAX;
}

/* one place: the same coordinates, a pole, or both sides of the antimeridian */
static bool same_place(struct rb_point a, struct rb_point b) {
    if (a.lat_nd != b.lat_nd) return false;
    if (a.lat_nd == LAT_MAX || a.lat_nd == -LAT_MAX) return true;
    return (a.lon_nd - b.lon_nd) % TURN == 0;
}

/* ---- rings ------------------------------------------------------------------------------------
 */

static int sign(wide v) {
    return (v > 0) - (v < 0);
}

static wide cross(struct rb_point o, struct rb_point a, struct rb_point b) {
    return (wide)(a.lon_nd - o.lon_nd) * (b.lat_nd - o.lat_nd) -
           (wide)(a.lat_nd - o.lat_nd) * (b.lon_nd - o.lon_nd);
}

static bool between(int64_t a, int64_t b, int64_t v) {
    return a < b ? a <= v && v <= b : b <= v && v <= a;
}

/* p on the segment ab, given that the three are in one line */
static bool on_segment(struct rb_point a, struct rb_point b, struct rb_point p) {
    return between(a.lat_nd, b.lat_nd, p.lat_nd) && between(a.lon_nd, b.lon_nd, p.lon_nd);
}

static bool apart(int64_t a, int64_t b, int64_t c, int64_t d) {
    int64_t most = a > b ? a : b, least = a < b ? a : b;
    return (c > most && d > most) || (c < least && d < least);
}

static bool segments_meet(struct rb_point a, struct rb_point b, struct rb_point c,
                          struct rb_point d) {
    if (apart(a.lat_nd, b.lat_nd, c.lat_nd, d.lat_nd)) return false; /* nearly all pairs end here */
    if (apart(a.lon_nd, b.lon_nd, c.lon_nd, d.lon_nd)) return false;
    int abc = sign(cross(a, b, c)), abd = sign(cross(a, b, d));
    int cda = sign(cross(c, d, a)), cdb = sign(cross(c, d, b));
    if (abc * abd < 0 && cda * cdb < 0) return true;
    return (abc == 0 && on_segment(a, b, c)) || (abd == 0 && on_segment(a, b, d)) ||
           (cda == 0 && on_segment(c, d, a)) || (cdb == 0 && on_segment(c, d, b));
}

static struct rb_point moved(struct rb_point p, int64_t turns) {
    p.lon_nd += turns * TURN;
    return p;
}

/* The ring unrolled: each longitude within half a turn of the one before; q[n] and q[n + 1] repeat
 * the first two points where the ring arrives at them. Returns the turns it made: 1 or -1 for a
 * ring round a pole. */
static int64_t unroll(const struct rb_point *in, size_t n, struct rb_point *q) {
    int64_t turns = 0, around = 0;
    q[0] = in[0];
    for (size_t i = 1; i < n + 2; i++) {
        int64_t d = in[i % n].lon_nd - in[(i - 1) % n].lon_nd;
        if (d > LON_MAX) turns--;
        if (d < -LON_MAX) turns++;
        if (i == n) around = turns;
        q[i] = moved(in[i % n], turns);
    }
    return around;
}

/* 1 if edges could meet others a turn further along, 0 if the ring is not that wide */
static int64_t turns_to_try(const struct rb_point *q, size_t n) {
    int64_t west = q[0].lon_nd, east = west;
    for (size_t i = 1; i <= n; i++) {
        if (q[i].lon_nd < west) west = q[i].lon_nd;
        if (q[i].lon_nd > east) east = q[i].lon_nd;
    }
    return east - west < TURN ? 0 : 1;
}

/* edges that are not neighbours must not meet, a turn further along neither */
static bool edges_cross(const struct rb_point *q, size_t n, int64_t around) {
    const int64_t most = turns_to_try(q, n);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = i + 2; k < n; k++) {
            for (int64_t t = -most; t <= most; t++) {
                if (i == 0 && k == n - 1 && t == around) continue; /* they share a corner */
                if (segments_meet(moved(q[i], t), moved(q[i + 1], t), q[k], q[k + 1])) return true;
            }
        }
    }
    return false;
}

/* an edge that runs back over the one before */
static bool doubles_back(const struct rb_point *q, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct rb_point a = q[i], b = q[i + 1], c = q[i + 2];
        if (cross(a, b, c) != 0) continue;
        wide along = (wide)(b.lon_nd - a.lon_nd) * (c.lon_nd - b.lon_nd) +
                     (wide)(b.lat_nd - a.lat_nd) * (c.lat_nd - b.lat_nd);
        if (along < 0) return true;
    }
    return false;
}

static bool has_area(const struct rb_point *q, size_t n) {
    wide twice = 0;
    for (size_t i = 1; i + 1 < n; i++)
        twice += cross(q[0], q[i], q[i + 1]);
    return twice != 0;
}

static enum rb_err check_vertices(const struct rb_volume *v, size_t least, bool distinct,
                                  struct rb_reject *rj) {
    if (v->vertices_n < least || v->vertices_n > RB_MAX_VERTICES)
        return refuse(rj, "3.7.4", "number of points");
    for (size_t i = 0; i < v->vertices_n; i++) {
        if (!point_ok(v->vertices[i])) return refuse(rj, "3.7.2", "latitude or longitude");
        size_t from =
            distinct || i == 0 ? 0 : i - 1; /* a line may come back to a place, a ring not */
        for (size_t k = from; k < i; k++)
            if (same_place(v->vertices[k], v->vertices[i]))
                return refuse(rj, "3.7.5", "a point twice");
    }
    return RB_OK;
}

static enum rb_err check_polygon(const struct rb_volume *v, struct rb_reject *rj) {
    struct rb_point q[RB_MAX_VERTICES + 2];
    size_t n = v->vertices_n;
    if ((unsigned)v->edges > RB_EDGES_LONLAT) return refuse(rj, "3.7.1", "kind of edges");
    RB_TRY(check_vertices(v, 3, true, rj));
    int64_t around = unroll(v->vertices, n, q);
    if (around < -1 || around > 1) return refuse(rj, "3.7.6", "edges cross");
    if (edges_cross(q, n, around)) return refuse(rj, "3.7.6", "edges cross");
    if (around == 0 && !has_area(q, n)) return refuse(rj, "3.7.5", "no area");
    if (doubles_back(q, n)) return refuse(rj, "3.7.6", "edges cross");
    return RB_OK;
}

/* ---- altitude, time, whole --------------------------------------------------------------------
 */

static enum rb_err check_shape(const struct rb_volume *v, struct rb_reject *rj) {
    bool radius = v->radius_mm > 0 && v->radius_mm <= RADIUS_MAX_MM;
    switch (v->shape) {
    case RB_SHAPE_CIRCLE:
        if (!point_ok(v->center)) return refuse(rj, "3.7.2", "latitude or longitude");
        return radius ? RB_OK : refuse(rj, "3.7.3", "radius");
    case RB_SHAPE_CORRIDOR:
        if (!radius) return refuse(rj, "3.7.3", "half-width");
        return check_vertices(v, 2, false, rj);
    case RB_SHAPE_POLYGON:
        return check_polygon(v, rj);
    }
    return refuse(rj, "3.7.1", "shape");
}

static enum rb_err check_altitude(const struct rb_volume *v, struct rb_reject *rj) {
    const struct rb_alt_limit *f = &v->floor, *c = &v->ceiling;
    if ((!f->open && (unsigned)f->datum > RB_DATUM_FL) ||
        (!c->open && (unsigned)c->datum > RB_DATUM_FL))
        return refuse(rj, "3.7.7", "datum");
    if (!f->open && !c->open && f->datum == c->datum && f->mm > c->mm)
        return refuse(rj, "3.7.7", "floor above ceiling");
    return RB_OK;
}

enum rb_err rb_volume_check(const struct rb_volume *v, struct rb_reject *rj) {
    RB_TRY(check_shape(v, rj));
    RB_TRY(check_altitude(v, rj));
    if (v->has_from && v->has_to && v->from_utc_ms >= v->to_utc_ms)
        return refuse(rj, "3.7.8", "ends before it begins");
    return RB_OK;
}
