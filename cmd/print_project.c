/* From the ellipsoid to the plane of a sketch, and where the frame of the sketch lies. */
#include <math.h>
#include "print.h"

#define A 6378137.0
#define F (1 / 298.257223563)
#define E2 (F * (2 - F))
#define RAD (3.14159265358979323846 / 180)

static double dot(const double a[3], const double b[3]) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
/* earth-centred metres of the point of the ellipsoid */
static void in_space(double lat_deg, double lon_deg, double out[3]) {
    double s = sin(lat_deg * RAD), c = cos(lat_deg * RAD), n = A / sqrt(1 - E2 * s * s);
    out[0] = n * c * cos(lon_deg * RAD);
    out[1] = n * c * sin(lon_deg * RAD);
    out[2] = n * (1 - E2) * s;
}
/* of the point of the ellipsoid under (or over) x, which lies near it */
static void on_ground(const double x[3], double *lat_deg, double *lon_deg) {
    *lat_deg = atan2(x[2], (1 - E2) * hypot(x[0], x[1])) / RAD;
    *lon_deg = atan2(x[1], x[0]) / RAD;
}

struct print_projection print_project_at(double lat_deg, double lon_deg) {
    double la = lat_deg * RAD, lo = lon_deg * RAD, s = sin(la), w = 1 - E2 * s * s;
    struct print_projection p = {
        .east = {-sin(lo), cos(lo), 0},
        .north = {-s * cos(lo), -s * sin(lo), cos(la)},
        .up = {cos(la) * cos(lo), cos(la) * sin(lo), s},
        .r = A * sqrt(1 - E2) / w, /* between the greatest and the least, at that latitude */
        .lat = lat_deg,
        .lon = lon_deg,
    };
    in_space(lat_deg, lon_deg, p.o);
    return p;
}
struct print_xy print_project(const struct print_projection *p, double lat_deg, double lon_deg) {
    double x[3];
    in_space(lat_deg, lon_deg, x);
    for (int i = 0; i < 3; i++)
        x[i] -= p->o[i];
    double e = dot(x, p->east), n = dot(x, p->north), across = hypot(e, n);
    if (across < 1e-6) return (struct print_xy){0, 0};
    double far = p->r * atan2(across, p->r + dot(x, p->up)) / across;
    return (struct print_xy){e * far, n * far};
}
void print_unproject(const struct print_projection *p, struct print_xy at, double *lat_deg,
                     double *lon_deg) {
    double far = hypot(at.x, at.y), angle = far / p->r, x[3];
    double across = far > 0 ? p->r * sin(angle) / far : 0, up = p->r * (cos(angle) - 1);
    for (int i = 0; i < 3; i++)
        x[i] = p->o[i] + across * (at.x * p->east[i] + at.y * p->north[i]) + up * p->up[i];
    on_ground(x, lat_deg, lon_deg);
}

void print_between(struct rb_point a, struct rb_point b, bool straight, double t, double *lat_deg,
                   double *lon_deg) {
    double x[3], y[3];
    double la = (double)a.lat_nd / 1e9, lo = (double)a.lon_nd / 1e9;
    double lb = (double)b.lat_nd / 1e9, turn = (double)(b.lon_nd - a.lon_nd) / 1e9;
    if (straight) {
        if (turn > 180) turn -= 360;
        if (turn < -180) turn += 360;
        *lat_deg = la + t * (lb - la);
        *lon_deg = lo + t * turn;
        return;
    }
    /* the plane through both and the earth's centre meets the ground within a hair of the shortest
     * line */
    in_space(la, lo, x);
    in_space(lb, (double)b.lon_nd / 1e9, y);
    for (int i = 0; i < 3; i++)
        x[i] += t * (y[i] - x[i]);
    /* a point along that ray: geocentric to geodetic latitude */
    *lat_deg = atan2(x[2], (1 - E2) * hypot(x[0], x[1])) / RAD;
    *lon_deg = atan2(x[1], x[0]) / RAD;
}

static const struct rb_point *points_of(const struct rb_volume *v, size_t *n) {
    *n = v->shape == RB_SHAPE_CIRCLE ? 1 : v->vertices_n;
    return v->shape == RB_SHAPE_CIRCLE ? &v->center : v->vertices;
}
void print_middle(const struct print_volumes *v, double *lat_deg, double *lon_deg) {
    double sum[3] = {0, 0, 0}, x[3];
    size_t n = 0;
    const struct rb_point *first = v->n ? points_of(&v->v[0], &n) : NULL;
    *lat_deg = first ? (double)first->lat_nd / 1e9 : 0;
    *lon_deg = first ? (double)first->lon_nd / 1e9 : 0;
    for (size_t i = 0; i < v->n; i++) {
        const struct rb_point *at = points_of(&v->v[i], &n);
        for (size_t k = 0; k < n; k++) {
            in_space((double)at[k].lat_nd / 1e9, (double)at[k].lon_nd / 1e9, x);
            for (int j = 0; j < 3; j++)
                sum[j] += x[j];
        }
    }
    /* all round the earth: any middle is as good, the first point is one */
    if (sqrt(dot(sum, sum)) > 1000) on_ground(sum, lat_deg, lon_deg);
}

/* ---- the frame ----------------------------------------------------------------------------------
 */
struct extent {
    double west, east, south, north; /* metres */
};
static void widen(struct extent *e, struct print_xy at, double by) {
    e->west = fmin(e->west, at.x - by);
    e->east = fmax(e->east, at.x + by);
    e->south = fmin(e->south, at.y - by);
    e->north = fmax(e->north, at.y + by);
}
static struct extent extent_of(const struct print_projection *p, const struct print_volumes *v) {
    struct extent e = {HUGE_VAL, -HUGE_VAL, HUGE_VAL, -HUGE_VAL};
    for (size_t i = 0; i < v->n; i++) {
        size_t n = 0;
        const struct rb_point *at = points_of(&v->v[i], &n);
        for (size_t k = 0; k < n; k++)
            widen(&e, print_project(p, (double)at[k].lat_nd / 1e9, (double)at[k].lon_nd / 1e9),
                  (double)v->v[i].radius_mm / 1000);
    }
    return e;
}
/* mm on paper for a metre, if the extent takes that share of the frame */
static double fit(const struct extent *e, double share) {
    return share * fmin(PRINT_SKETCH_W / fmax(e->east - e->west, 1),
                        PRINT_SKETCH_H / fmax(e->north - e->south, 1));
}
static struct print_frame frame(const struct print_projection *p, const struct extent *e,
                                double share) {
    return (struct print_frame){.at = *p,
                                .middle = {(e->west + e->east) / 2, (e->south + e->north) / 2},
                                .scale = fit(e, share)};
}
/* Half of the frame is what surrounds the places; more, if the nearest known place then comes into
 * it and the places stay large enough to be seen. */
struct print_frame print_frame_of(const struct print_volumes *v, const struct rb_gazetteer *known) {
    double lat = 0, lon = 0;
    print_middle(v, &lat, &lon);
    struct print_projection p = print_project_at(lat, lon);
    struct extent e = extent_of(&p, v), wide = e;
    struct print_frame near = frame(&p, &e, 0.5);
    struct rb_nearest k;
    struct rb_point at = {(int64_t)llround(lat * 1e9), (int64_t)llround(lon * 1e9)};
    if (known == NULL || !rb_gazetteer_nearest(known, at, 0, &k)) return near;
    widen(&wide,
          print_project(&p, (double)k.place.point.lat_nd / 1e9, (double)k.place.point.lon_nd / 1e9),
          0);
    struct print_frame all = frame(&p, &wide, 0.72);
    bool seen = all.scale * fmax(e.east - e.west, e.north - e.south) >= 6;
    return all.scale < near.scale && seen ? all : near;
}
struct print_xy print_on_paper(const struct print_frame *f, struct print_xy m) {
    return (struct print_xy){PRINT_SKETCH_W / 2 + (m.x - f->middle.x) * f->scale,
                             PRINT_SKETCH_H / 2 - (m.y - f->middle.y) * f->scale};
}
bool print_in_frame(struct print_xy at, double margin) {
    return at.x >= margin && at.x <= PRINT_SKETCH_W - margin && at.y >= margin &&
           at.y <= PRINT_SKETCH_H - margin;
}
double print_scale_bar(const struct print_frame *f) {
    static const double steps[] = {5, 2, 1};
    double most = 0.34 * PRINT_SKETCH_W / f->scale, ten = pow(10, floor(log10(most)));
    for (size_t i = 0; i < 3; i++)
        if (steps[i] * ten <= most) return steps[i] * ten;
    return ten;
}
