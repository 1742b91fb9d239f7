/* How near two outlines come, spec 10.2: a first look at all edges in one plane, which nearly
 * always says enough, and a search through the edges that are left. */
#include "outline_piece.h"
#include <math.h>

struct pair {
    const struct rb_outline *small, *large; /* by their balls */
    struct rb_search s;
    double lo;  /* the cores are surely no nearer */
    bool holds; /* one surely lies in, or across, the other */
    bool exact_ready;
};

/* ---- first look -------------------------------------------------------------------------------
 */

struct look {
    struct rb_frame f;      /* at the small one */
    const struct rb_xy *xy; /* the small one's points in it; NULL: it is not small enough */
    double lo, hi;
};

static void see(struct look *k, double lo, double hi) {
    if (lo < k->lo) k->lo = lo;
    if (hi < k->hi) k->hi = hi;
}

/* by the straight distances alone */
static void see_far(struct look *k, const struct rb_outline *a, size_t i,
                    const struct rb_outline *b, size_t j) {
    struct rb_vec a0 = a->p[i], a1 = a->p[rb_outline_next(a, i)];
    struct rb_vec b0 = b->p[j], b1 = b->p[rb_outline_next(b, j)];
    double m = rb_vec_apart(rb_vec_mid(a0, a1), rb_vec_mid(b0, b1));
    double lo = m - (a->edge[i].length_m + b->edge[j].length_m) / 2;
    see(k, fmax(rb_geo_arc_least(lo), 0), rb_geo_arc_most(rb_vec_apart(a0, b0)));
}

static void see_near(struct look *k, const struct rb_outline *a, struct rb_xy b0, struct rb_xy b1,
                     double b_err) {
    double reach = a->reach_m;
    for (size_t i = 0; i < a->edges_n; i++) {
        double clear, d = rb_segments_apart(k->xy[i], k->xy[rb_outline_next(a, i)], b0, b1, &clear);
        double err = a->plane_err_m + b_err;
        /* what is nearest lies this near to where the plane touches */
        double lo = d * (1 - rb_geo_frame_stretch(reach + d + err)) - err;
        see(k, fmax(lo, 0), clear > err ? 0 : d + err);
    }
}

/* Could edge j come as near as limit to the other's ball? */
static bool edge_matters(const struct rb_outline *o, size_t j, const struct rb_outline *other,
                         double limit) {
    struct rb_vec m = rb_vec_mid(o->p[j], o->p[rb_outline_next(o, j)]);
    double chord = rb_vec_apart(m, other->ball) - o->edge[j].length_m / 2 - other->ball_m;
    return rb_geo_arc_least(chord) <= limit;
}

static void look_at_edge(struct look *k, const struct pair *q, size_t j) {
    const struct rb_outline *a = q->small, *b = q->large;
    struct rb_vec b0 = b->p[j], b1 = b->p[rb_outline_next(b, j)];
    double reach = fmax(rb_vec_apart(b0, k->f.o), rb_vec_apart(b1, k->f.o));
    if (k->xy != NULL && reach < RB_FRAME_REACH_M) {
        double err = rb_geo_frame_error(reach) + b->edge[j].bulge_m;
        see_near(k, a, rb_geo_project(&k->f, b0), rb_geo_project(&k->f, b1), err);
        return;
    }
    for (size_t i = 0; i < a->edges_n; i++)
        see_far(k, a, i, b, j);
}

static bool far_outside(const struct rb_outline *o, struct rb_vec p) {
    return o->shape != RB_SHAPE_POLYGON || rb_vec_apart(p, o->ball) > o->ball_m;
}

static void need_exact(struct pair *q) {
    if (!q->exact_ready) geod_init(&q->s.g, RB_WGS84_A, RB_WGS84_F);
    q->exact_ready = true;
}

/* A point of one in the other: their distance is then 0, or, where that is only seen in the plane,
 * no more than the plane's error. */
static void look_inside(struct look *k, struct pair *q, const struct rb_outline *o,
                        const struct rb_outline *other) {
    if (far_outside(o, other->p[0])) return;
    if (o->flat) {
        if (rb_outline_inside_flat(o, rb_geo_project(o->frame, other->p[0])))
            see(k, 0, o->plane_err_m);
        return;
    }
    need_exact(q);
    if (rb_outline_inside(o, other->at[0], &q->s.g)) see(k, 0, 0);
}

static void first_look(struct pair *q) {
    struct look k = {.lo = INFINITY, .hi = q->s.hi};
    const struct rb_outline *a = q->small, *b = q->large;
    look_inside(&k, q, a, b);
    look_inside(&k, q, b, a);
    if (q->s.within >= 0 && k.hi <= q->s.within) {
        q->lo = k.lo;
        q->s.hi = k.hi;
        return;
    }
    if (a->flat) {
        k.f = a->n > 1 ? *a->frame : rb_geo_frame(a->ball);
        k.xy = a->xy;
    }
    for (size_t j = 0; j < b->edges_n; j++) {
        double limit = q->s.within >= 0 ? q->s.within : k.hi;
        if (q->s.within >= 0 && k.hi <= limit) break;
        if (edge_matters(b, j, a, limit)) look_at_edge(&k, q, j);
    }
    q->lo = k.lo;
    q->s.hi = k.hi;
}

/* ---- search -----------------------------------------------------------------------------------
 */

static bool core_inside(struct pair *q, const struct rb_outline *o,
                        const struct rb_outline *other) {
    return !far_outside(o, other->p[0]) && rb_outline_inside(o, other->at[0], &q->s.g);
}

/* before their curves are drawn */
static bool pair_matters(const struct rb_search *s, const struct rb_outline *a, size_t i,
                         const struct rb_outline *b, size_t j) {
    struct rb_vec ma = rb_vec_mid(a->p[i], a->p[rb_outline_next(a, i)]);
    struct rb_vec mb = rb_vec_mid(b->p[j], b->p[rb_outline_next(b, j)]);
    double reach = (a->edge[i].length_m + b->edge[j].length_m) / 2;
    return rb_geo_arc_least(rb_vec_apart(ma, mb) - reach) <= rb_search_limit(s);
}

static void search_edge(struct pair *q, size_t i) {
    const struct rb_outline *a = q->small, *b = q->large;
    struct rb_curve ca, cb;
    struct rb_piece pa, pb;
    bool drawn = false;
    if (!edge_matters(a, i, b, rb_search_limit(&q->s))) return;
    for (size_t j = 0; j < b->edges_n && !rb_search_done(&q->s); j++) {
        if (!pair_matters(&q->s, a, i, b, j)) continue;
        if (!drawn) rb_piece_of_edge(a, i, &q->s.g, &ca, &pa);
        drawn = true;
        rb_piece_of_edge(b, j, &q->s.g, &cb, &pb);
        rb_search_pieces(&q->s, &pa, &pb);
    }
}

static void search_edges(struct pair *q) {
    for (size_t i = 0; i < q->small->edges_n && !rb_search_done(&q->s); i++)
        search_edge(q, i);
}

static void search(struct pair *q) {
    need_exact(q);
    if (core_inside(q, q->small, q->large) || core_inside(q, q->large, q->small)) {
        q->s.hi = q->lo = 0;
        return;
    }
    if (q->s.within < 0 && q->lo <= 0) { /* rather than measure what does not matter if they meet */
        q->s.within = 0;
        search_edges(q);
        q->s.within = -1;
    }
    search_edges(q);
    q->lo = fmin(q->s.lo_left, q->s.hi);
}

static bool known(const struct pair *q) {
    if (rb_search_done(&q->s)) return true;
    return q->s.within >= 0 ? q->lo > q->s.within : q->s.hi - q->lo <= RB_GRAIN_M;
}

/* Bounds of the distance of the cores in q->lo and q->s.hi. */
static void compare(struct pair *q, const struct rb_outline *a, const struct rb_outline *b,
                    double within) {
    bool swap = b->ball_m < a->ball_m || (b->ball_m == a->ball_m && b->edges_n < a->edges_n);
    q->small = swap ? b : a;
    q->large = swap ? a : b;
    q->lo = 0;
    q->s.within = within;
    q->s.hi = INFINITY;
    q->s.lo_left = INFINITY;
    double chord = rb_vec_apart(a->ball, b->ball) - a->ball_m - b->ball_m;
    if (within >= 0 && rb_geo_arc_least(chord) > within) {
        q->lo = INFINITY;
        return;
    }
    first_look(q);
    if (!known(q)) search(q);
}

enum rb_near rb_outline_near(const struct rb_outline *a, const struct rb_outline *b,
                             uint64_t within_mm) {
    /* the grain is for what touches exactly: rounding must not part it */
    double within = a->wide_m + b->wide_m + (double)within_mm / 1000 + RB_GRAIN_M;
    if (within >= RB_HALF_ROUND_M) return RB_NEAR_WITHIN;
    enum rb_quick quick = rb_outline_quick(a, b, within);
    if (quick != RB_QUICK_OPEN) return quick == RB_QUICK_WITHIN ? RB_NEAR_WITHIN : RB_NEAR_APART;
    struct pair q;
    q.exact_ready = false;
    q.s.work = 0;
    compare(&q, a, b, within);
    if (q.s.hi <= within + 2 * RB_GRAIN_M) return RB_NEAR_WITHIN;
    return q.s.lo_left <= within ? RB_NEAR_UNDECIDED : RB_NEAR_APART;
}

/* ---- depth ------------------------------------------------------------------------------------
 */

/* from a point to a ring, whichever side of it the point is on */
static double to_boundary(const struct rb_outline *o, const struct rb_outline *of, size_t i,
                          struct pair *q) {
    static const struct rb_xy origin;
    static const struct rb_edge none;
    struct rb_outline ring = *o, point = {.shape = RB_SHAPE_CIRCLE,
                                          .n = 1,
                                          .edges_n = 1,
                                          .flat = true,
                                          .edge = &none,
                                          .xy = &origin};
    ring.shape = RB_SHAPE_CORRIDOR; /* a line: nothing is inside it */
    point.ball = of->p[i];
    point.at = &of->at[i];
    point.p = &of->p[i];
    point.plane_err_m = rb_geo_frame_error(0);
    compare(q, &point, &ring, -1);
    return q->s.hi;
}

/* greatest distance from the ring of o of those points of the other's core that are inside it */
static double deepest(const struct rb_outline *o, const struct rb_outline *other, struct pair *q) {
    double most = 0;
    for (size_t i = 0; i < other->n; i++) {
        need_exact(q);
        if (far_outside(o, other->p[i]) || !rb_outline_inside(o, other->at[i], &q->s.g)) continue;
        most = fmax(most, to_boundary(o, other, i, q));
    }
    return most;
}

static uint64_t to_mm(double m) {
    return m > 0 ? (uint64_t)(m * 1000 + 0.5) : 0;
}

struct rb_gap rb_outline_gap(const struct rb_outline *a, const struct rb_outline *b) {
    struct pair q;
    q.exact_ready = false;
    q.s.work = 0; /* one bound for all that is asked below */
    compare(&q, a, b, -1);
    double apart = q.s.hi, wide = a->wide_m + b->wide_m;
    struct rb_gap gap = {0, 0, q.s.lo_left > apart - 2 * RB_GRAIN_M};
    if (apart > wide + RB_GRAIN_M) {
        gap.distance_mm = to_mm(apart - wide);
        return gap;
    }
    double depth = wide - apart;
    if (apart <= RB_GRAIN_M) depth = wide + fmax(deepest(a, b, &q), deepest(b, a, &q));
    gap.depth_mm = to_mm(depth);
    gap.exact = gap.exact && q.s.work <= RB_WORK_MOST;
    return gap;
}
