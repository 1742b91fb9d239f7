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
        q->s.beside += RB_GLANCES(o->n);
        if (rb_outline_inside_flat(o, rb_geo_project(o->frame, other->p[0])))
            see(k, 0, o->plane_err_m);
        return;
    }
    need_exact(q);
    if (rb_outline_inside(o, other->at[0], &q->s.g, &q->s.beside)) see(k, 0, 0);
}

static void look_at_edges(struct look *k, struct pair *q) {
    const struct rb_outline *a = q->small, *b = q->large;
    q->s.beside += RB_GLANCES(b->edges_n);
    for (size_t j = 0; j < b->edges_n && !rb_search_spent(&q->s); j++) {
        double limit = q->s.within >= 0 ? q->s.within : k->hi;
        if (q->s.within >= 0 && k->hi <= limit) break;
        if (!edge_matters(b, j, a, limit)) continue;
        q->s.beside += RB_GLANCES(a->edges_n);
        look_at_edge(k, q, j);
    }
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
    look_at_edges(&k, q);
    q->lo = k.lo;
    q->s.hi = k.hi;
}

/* ---- search -----------------------------------------------------------------------------------
 */

static bool core_inside(struct pair *q, const struct rb_outline *o,
                        const struct rb_outline *other) {
    return !far_outside(o, other->p[0]) &&
           rb_outline_inside(o, other->at[0], &q->s.g, &q->s.beside);
}

/* all that was asked is known, or no more may be spent on it */
static bool stop(const struct pair *q) {
    return rb_search_done(&q->s) || rb_search_spent(&q->s);
}

/* before their curves are drawn */
static bool pair_matters(const struct rb_search *s, const struct rb_outline *a, size_t i,
                         const struct rb_outline *b, size_t j) {
    struct rb_vec ma = rb_vec_mid(a->p[i], a->p[rb_outline_next(a, i)]);
    struct rb_vec mb = rb_vec_mid(b->p[j], b->p[rb_outline_next(b, j)]);
    double reach = (a->edge[i].length_m + b->edge[j].length_m) / 2;
    return rb_geo_arc_least(rb_vec_apart(ma, mb) - reach) <= rb_search_limit(s);
}

static void draw(struct pair *q, const struct rb_outline *o, size_t i, struct rb_curve *c,
                 struct rb_piece *out) {
    rb_piece_of_edge(o, i, &q->s.g, c, out);
    if (c->kind == RB_CURVE_GEODESIC) q->s.beside += RB_LOOKS_LINE;
}

static void search_edge(struct pair *q, size_t i) {
    const struct rb_outline *a = q->small, *b = q->large;
    struct rb_curve ca, cb;
    struct rb_piece pa, pb;
    bool drawn = false;
    if (!edge_matters(a, i, b, rb_search_limit(&q->s))) return;
    q->s.beside += RB_GLANCES(b->edges_n);
    for (size_t j = 0; j < b->edges_n && !stop(q); j++) {
        if (!pair_matters(&q->s, a, i, b, j)) continue;
        if (!drawn) draw(q, a, i, &ca, &pa);
        drawn = true;
        draw(q, b, j, &cb, &pb);
        rb_search_pieces(&q->s, &pa, &pb);
    }
}

static void search_edges(struct pair *q) {
    q->s.beside += RB_GLANCES(q->small->edges_n);
    for (size_t i = 0; i < q->small->edges_n && !stop(q); i++)
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
    if (!rb_search_spent(&q->s)) first_look(q);
    if (!rb_search_spent(&q->s) && !known(q)) search(q);
    if (rb_search_spent(&q->s)) q->lo = q->s.lo_left = 0; /* there may be more, anywhere */
}

/* A question, with what it may take of what several share; NULL: only its own bound. */
static void begin(struct pair *q, const uint64_t *looks) {
    q->exact_ready = false;
    q->s.work = 0;
    q->s.beside = 0;
    q->s.most = looks != NULL ? *looks : UINT64_MAX;
}

static void end(const struct pair *q, uint64_t *looks) {
    if (looks != NULL) *looks -= rb_search_spent(&q->s) ? *looks : q->s.work + q->s.beside;
}

enum rb_near rb_outline_near_by(const struct rb_outline *a, const struct rb_outline *b,
                                uint64_t within_mm, uint64_t *looks) {
    /* the grain is for what touches exactly: rounding must not part it */
    double within = a->wide_m + b->wide_m + (double)within_mm / 1000 + RB_GRAIN_M;
    if (within >= RB_HALF_ROUND_M) return RB_NEAR_WITHIN;
    struct pair q;
    begin(&q, looks);
    const uint64_t glance = rb_outline_quick_looks(a, b);
    q.s.beside = glance;
    if (glance == 0 || !rb_search_spent(&q.s)) {
        enum rb_quick quick = rb_outline_quick(a, b, within);
        if (quick != RB_QUICK_OPEN) {
            end(&q, looks);
            return quick == RB_QUICK_WITHIN ? RB_NEAR_WITHIN : RB_NEAR_APART;
        }
    }
    compare(&q, a, b, within);
    end(&q, looks);
    if (q.s.hi <= within + 2 * RB_GRAIN_M) return RB_NEAR_WITHIN;
    return q.s.lo_left <= within ? RB_NEAR_UNDECIDED : RB_NEAR_APART;
}

enum rb_near rb_outline_near(const struct rb_outline *a, const struct rb_outline *b,
                             uint64_t within_mm) {
    return rb_outline_near_by(a, b, within_mm, NULL);
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
    return rb_search_spent(&q->s) ? 0 : q->s.hi;
}

/* greatest distance from the ring of o of those points of the other's core that are inside it */
static double deepest(const struct rb_outline *o, const struct rb_outline *other, struct pair *q) {
    double most = 0;
    q->s.beside += RB_GLANCES(other->n);
    for (size_t i = 0; i < other->n && !rb_search_spent(&q->s); i++) {
        need_exact(q);
        if (far_outside(o, other->p[i])) continue;
        if (!rb_outline_inside(o, other->at[i], &q->s.g, &q->s.beside)) continue;
        most = fmax(most, to_boundary(o, other, i, q));
    }
    return most;
}

static uint64_t to_mm(double m) {
    return m > 0 ? (uint64_t)(m * 1000 + 0.5) : 0;
}

static struct rb_gap gap_of(struct pair *q, const struct rb_outline *a,
                            const struct rb_outline *b) {
    compare(q, a, b, -1);
    double apart = q->s.hi, wide = a->wide_m + b->wide_m;
    if (!(apart < INFINITY)) apart = rb_geo_arc_most(rb_vec_apart(a->p[0], b->p[0]));
    struct rb_gap gap = {0, 0, q->s.lo_left > apart - 2 * RB_GRAIN_M};
    if (apart > wide + RB_GRAIN_M) {
        gap.distance_mm = to_mm(apart - wide);
        return gap;
    }
    double depth = wide - apart;
    if (apart <= RB_GRAIN_M) depth = wide + fmax(deepest(a, b, q), deepest(b, a, q));
    gap.depth_mm = to_mm(depth);
    gap.exact = gap.exact && q->s.work <= RB_WORK_MOST && !rb_search_spent(&q->s);
    return gap;
}

struct rb_gap rb_outline_gap_by(const struct rb_outline *a, const struct rb_outline *b,
                                uint64_t *looks) {
    struct pair q;
    begin(&q, looks); /* one bound for all that is asked below */
    const struct rb_gap gap = gap_of(&q, a, b);
    end(&q, looks);
    return gap;
}

struct rb_gap rb_outline_gap(const struct rb_outline *a, const struct rb_outline *b) {
    return rb_outline_gap_by(a, b, NULL);
}
