/* How near two edges come: branch and bound over their pieces, spec 10.2. A pair of pieces is
 * dropped where its bounds say that it does not matter, settled where the plane or the geodesics
 * do, and cut in two otherwise. */
#include "outline_piece.h"
#include <math.h>

/* ---- plane ------------------------------------------------------------------------------------
 */

static double cross(struct rb_xy o, struct rb_xy a, struct rb_xy b) {
    return (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
}

static double square_to_segment(struct rb_xy p, struct rb_xy a, struct rb_xy b) {
    double dx = b.x - a.x, dy = b.y - a.y, px = p.x - a.x, py = p.y - a.y;
    double n = dx * dx + dy * dy, t = px * dx + py * dy;
    if (t > 0 && n > 0) {
        t = t >= n ? 1 : t / n;
        px -= t * dx;
        py -= t * dy;
    }
    return px * px + py * py;
}

double rb_segments_apart(struct rb_xy a, struct rb_xy b, struct rb_xy c, struct rb_xy d,
                         double *clear) {
    double abc = cross(a, b, c), abd = cross(a, b, d), cda = cross(c, d, a), cdb = cross(c, d, b);
    *clear = 0;
    if (((abc < 0) != (abd < 0)) && ((cda < 0) != (cdb < 0))) {
        double ab = sqrt((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y));
        double cd = sqrt((d.x - c.x) * (d.x - c.x) + (d.y - c.y) * (d.y - c.y));
        if (ab > 0 && cd > 0) {
            *clear = fmin(fmin(fabs(abc), fabs(abd)) / ab, fmin(fabs(cda), fabs(cdb)) / cd);
            return 0;
        }
    }
    return sqrt(fmin(fmin(square_to_segment(a, c, d), square_to_segment(b, c, d)),
                     fmin(square_to_segment(c, a, b), square_to_segment(d, a, b))));
}

/* ---- pieces -----------------------------------------------------------------------------------
 */

static struct rb_spot spot(double lat, double lon) {
    return (struct rb_spot){lat, lon, rb_geo_ecef(lat, lon)};
}

static void bounds(struct rb_piece *p) {
    const struct rb_curve *c = p->c;
    if (c->kind == RB_CURVE_STRAIGHT) {
        p->length_m = rb_straight_most(p->a.lat, p->b.lat, (p->t1 - p->t0) * c->dlon);
        p->bulge_m = rb_straight_bulge(p->a.lat, p->b.lat, p->length_m);
    } else if (c->kind == RB_CURVE_GEODESIC) {
        p->length_m = (p->t1 - p->t0) * c->line.s13;
        p->bulge_m = 0;
    }
}

void rb_piece_of_edge(const struct rb_outline *o, size_t i, const struct geod_geodesic *g,
                      struct rb_curve *c, struct rb_piece *out) {
    size_t k = rb_outline_next(o, i);
    double lat0 = rb_degrees(o->at[i].lat_nd), lon0 = rb_degrees(o->at[i].lon_nd);
    double lat1 = rb_degrees(o->at[k].lat_nd), lon1 = rb_degrees(o->at[k].lon_nd);
    *out = (struct rb_piece){
        .c = c, .t0 = 0, .t1 = 1, .a = {lat0, lon0, o->p[i]}, .b = {lat1, lon1, o->p[k]}};
    c->kind = RB_CURVE_POINT;
    if (i == k) return;
    if (o->edge[i].straight) {
        double dlon = rb_degrees(rb_lon_step(o->at[i].lon_nd, o->at[k].lon_nd));
        out->b.lon = lon0 + dlon;
        *c = (struct rb_curve){
            .kind = RB_CURVE_STRAIGHT, .lat = lat0, .lon = lon0, .dlat = lat1 - lat0, .dlon = dlon};
    } else {
        c->kind = RB_CURVE_GEODESIC;
        geod_inverseline(&c->line, g, lat0, lon0, lat1, lon1, 0);
    }
    bounds(out);
}

static void cut(const struct rb_piece *p, struct rb_piece *first, struct rb_piece *second) {
    const struct rb_curve *c = p->c;
    double t = (p->t0 + p->t1) / 2, lat, lon;
    if (c->kind == RB_CURVE_STRAIGHT) {
        lat = c->lat + t * c->dlat;
        lon = c->lon + t * c->dlon;
    } else {
        geod_position(&c->line, t * c->line.s13, &lat, &lon, NULL);
    }
    *first = *second = *p;
    first->t1 = second->t0 = t;
    first->b = second->a = spot(lat, lon);
    bounds(first);
    bounds(second);
}

/* ---- a pair, exactly --------------------------------------------------------------------------
 */

static double spots_apart(const struct geod_geodesic *g, const struct rb_spot *a,
                          const struct rb_spot *b) {
    double s;
    geod_inverse(g, a->lat, a->lon, b->lat, b->lon, &s, NULL, NULL);
    return s;
}

/* to the geodesic between the ends of a piece */
static double spot_to_piece(const struct geod_geodesic *g, const struct rb_spot *p,
                            const struct rb_piece *to) {
    if (to->c->kind == RB_CURVE_POINT) return spots_apart(g, p, &to->a);
    struct geod_geodesicline own;
    const struct geod_geodesicline *line = &to->c->line;
    double s0 = 0, s1;
    if (to->c->kind == RB_CURVE_GEODESIC) {
        s0 = to->t0 * line->s13;
        s1 = to->t1 * line->s13;
    } else {
        geod_inverseline(&own, g, to->a.lat, to->a.lon, to->b.lat, to->b.lon, 0);
        line = &own;
        s1 = own.s13;
    }
    struct rb_vec along = rb_vec_sub(to->b.p, to->a.p), d = rb_vec_sub(p->p, to->a.p);
    double n = rb_vec_dot(along, along), t = n > 0 ? rb_vec_dot(along, d) / n : 0;
    return rb_geo_point_line(g, p->lat, p->lon, line, s0, s1, s0 + t * (s1 - s0));
}

/* could a point of the piece be as near to p as this? */
static bool may_reach(const struct rb_spot *p, const struct rb_piece *to, double limit) {
    double chord = rb_vec_apart(p->p, rb_vec_mid(to->a.p, to->b.p)) - to->length_m / 2;
    return rb_geo_arc_least(chord) <= limit;
}

/* Distance of two geodesics that do not cross: from an end of one to the other, since on a surface
 * that is curved like a ball everywhere a common perpendicular is never the shortest way (10.2.7).
 * Only right where it is at most limit. */
static double apart_exactly(struct rb_search *s, const struct rb_piece *a, const struct rb_piece *b,
                            double limit) {
    double best = INFINITY;
    const struct rb_spot *ends[4] = {&a->a, &a->b, &b->a, &b->b};
    for (int i = 0; i < 4; i++) {
        const struct rb_piece *own = i < 2 ? a : b, *to = i < 2 ? b : a;
        if (i % 2 == 1 && own->c->kind == RB_CURVE_POINT) continue;
        if (!may_reach(ends[i], to, fmin(limit, best))) continue;
        s->work += 16;
        best = fmin(best, spot_to_piece(&s->g, ends[i], to));
    }
    return best;
}

/* ---- a pair, by bounds ------------------------------------------------------------------------
 */

struct span {
    double lo, hi;
    double err; /* of the straight lines */
};

static double farthest(const struct rb_piece *a, const struct rb_piece *b, struct rb_vec o) {
    return fmax(fmax(rb_vec_apart(a->a.p, o), rb_vec_apart(a->b.p, o)),
                fmax(rb_vec_apart(b->a.p, o), rb_vec_apart(b->b.p, o)));
}

static struct span look_in_plane(const struct rb_piece *a, const struct rb_piece *b,
                                 struct rb_vec middle) {
    struct rb_frame f = rb_geo_frame(middle);
    double reach = farthest(a, b, f.o), clear;
    struct span x;
    double d = rb_segments_apart(rb_geo_project(&f, a->a.p), rb_geo_project(&f, a->b.p),
                                 rb_geo_project(&f, b->a.p), rb_geo_project(&f, b->b.p), &clear);
    x.err = 2 * rb_geo_frame_error(reach) + a->bulge_m + b->bulge_m;
    x.lo = d * (1 - rb_geo_frame_stretch(reach)) - x.err;
    x.hi = clear > x.err ? 0 : d + x.err;
    return x;
}

/* ---- two parallels ----------------------------------------------------------------------------
 */

static bool on_parallel(const struct rb_piece *p) {
    return p->c->kind == RB_CURVE_POINT ||
           (p->c->kind == RB_CURVE_STRAIGHT && p->a.lat == p->b.lat);
}

/* degrees eastward from one longitude to another, 0 to 360 */
static double eastward(double from, double to) {
    double d = fmod(to - from, 360);
    return d < 0 ? d + 360 : d;
}

/* Two parallels, or a point and one, are as near as their longitudes come: no need to cut what may
 * be equally near all along. */
static void settle_parallels(struct rb_search *s, const struct rb_piece *a,
                             const struct rb_piece *b) {
    double a_span = fabs(a->b.lon - a->a.lon), b_span = fabs(b->b.lon - b->a.lon);
    double a_west = fmin(a->a.lon, a->b.lon), b_west = fmin(b->a.lon, b->b.lon);
    double gap = 0, d;
    if (eastward(a_west, b_west) > a_span && eastward(b_west, a_west) > b_span)
        gap = fmin(eastward(a_west + a_span, b_west), eastward(b_west + b_span, a_west));
    geod_inverse(&s->g, a->a.lat, 0, b->a.lat, gap, &d, NULL, NULL);
    s->work += 4;
    s->hi = fmin(s->hi, d);
}

#define PLANE_MOST_M 150000.0

static bool may_cut(const struct rb_piece *p) {
    return p->length_m > RB_GRAIN_M / 4;
}

/* by_bulge: it is the bulges that leave it open; else how long the pieces are */
static void cut_and_search(struct rb_search *s, const struct rb_piece *a, const struct rb_piece *b,
                           bool by_bulge) {
    struct rb_piece first, second;
    bool cut_a =
        by_bulge && a->bulge_m != b->bulge_m ? a->bulge_m > b->bulge_m : a->length_m >= b->length_m;
    const struct rb_piece *whole = cut_a ? a : b, *other = cut_a ? b : a;
    cut(whole, &first, &second);
    struct rb_vec m = rb_vec_mid(other->a.p, other->b.p);
    bool second_nearer = rb_vec_apart(second.b.p, m) < rb_vec_apart(first.a.p, m);
    rb_search_pieces(s, second_nearer ? &second : &first, other);
    rb_search_pieces(s, second_nearer ? &first : &second, other);
}

/* Settled by the geodesics between their ends, if these surely do not cross. */
static bool settle_apart(struct rb_search *s, const struct rb_piece *a, const struct rb_piece *b) {
    double bulge = a->bulge_m + b->bulge_m, limit = rb_search_limit(s);
    double d = apart_exactly(s, a, b, limit + bulge);
    s->hi = fmin(s->hi, d + bulge);
    return d - bulge > limit || bulge <= RB_GRAIN_M;
}

void rb_search_pieces(struct rb_search *s, const struct rb_piece *a, const struct rb_piece *b) {
    if (rb_search_done(s)) return;
    struct rb_vec ma = rb_vec_mid(a->a.p, a->b.p), mb = rb_vec_mid(b->a.p, b->b.p);
    double lo = rb_geo_arc_least(rb_vec_apart(ma, mb) - (a->length_m + b->length_m) / 2);
    if (lo > rb_search_limit(s)) return;
    if (++s->work > RB_WORK_MOST || rb_search_spent(s)) {
        s->lo_left = fmin(s->lo_left, fmax(lo, 0));
        return;
    }
    if (on_parallel(a) && on_parallel(b)) {
        settle_parallels(s, a, b);
        return;
    }
    bool may_cross = lo <= 0, settle = true;
    if (rb_vec_apart(ma, mb) + a->length_m + b->length_m < PLANE_MOST_M) {
        struct span x = look_in_plane(a, b, rb_vec_mid(ma, mb));
        if (x.lo > rb_search_limit(s)) return;
        s->hi = fmin(s->hi, x.hi);
        if (x.hi - x.lo <= RB_GRAIN_M || rb_search_done(s)) return;
        may_cross = may_cross && x.lo <= 0;
        /* where it is the bulges that leave it open, shorter pieces say more than geodesics */
        settle = a->bulge_m + b->bulge_m <= fmax(RB_GRAIN_M, (x.hi - x.lo) / 4);
    }
    if (!may_cross && settle && settle_apart(s, a, b)) return;
    if (!may_cut(a) && !may_cut(b)) return;
    cut_and_search(s, a, b, !settle || !may_cross);
}
