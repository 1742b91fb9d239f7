/* Near or apart, where it is plain: by straight distances between two points, and in the one plane
 * that an outline is prepared with (10.2.7). What is not plain here is left to outline_gap.c. */
#include "outline.h"

static enum rb_quick judge(double lo, double hi, double within) {
    if (hi <= within) return RB_QUICK_WITHIN;
    return lo > within ? RB_QUICK_APART : RB_QUICK_OPEN;
}

static double square_to_edge(struct rb_xy p, struct rb_xy a, struct rb_xy b) {
    double dx = b.x - a.x, dy = b.y - a.y, px = p.x - a.x, py = p.y - a.y;
    double n = dx * dx + dy * dy, t = px * dx + py * dy;
    if (t >= n) {
        px -= dx;
        py -= dy;
    } else if (t > 0) {
        double off = px * dy - py * dx; /* n times the square of the distance is its square */
        return off * off / n;
    }
    return px * px + py * py;
}

/* does the way from p eastward cross the edge? */
static bool crosses(struct rb_xy p, struct rb_xy a, struct rb_xy b) {
    if ((a.y > p.y) == (b.y > p.y)) return false;
    double side = (b.x - a.x) * (p.y - a.y) - (p.x - a.x) * (b.y - a.y);
    return (side > 0) == (b.y > a.y);
}

/* From a point to the edges of a flat outline. Both ends of the way between them, and of every
 * edge, are within reach of where the plane touches. */
static enum rb_quick to_edges(struct rb_vec point, const struct rb_outline *o, double within) {
    double apart = rb_vec_apart(point, o->ball) - o->ball_m;
    if (rb_geo_arc_least(apart) > within) return RB_QUICK_APART;
    const struct rb_frame *f = o->frame;
    struct rb_xy p = rb_geo_project(f, point), a = o->xy[0];
    double square = INFINITY, reach = rb_vec_apart(point, f->o);
    bool in = false;
    for (size_t i = 0; i < o->edges_n; i++) {
        struct rb_xy b = o->xy[rb_outline_next(o, i)];
        double to = square_to_edge(p, a, b);
        if (to < square) square = to;
        in ^= crosses(p, a, b);
        a = b;
    }
    if (reach < o->reach_m) reach = o->reach_m;
    if (reach > RB_FRAME_REACH_M) return RB_QUICK_OPEN;
    double d = sqrt(square), err = 2 * rb_geo_frame_error(reach) + o->plane_err_m;
    if (d <= err) return within > 2 * err ? RB_QUICK_WITHIN : RB_QUICK_OPEN;
    /* what is that far from the edges is on the side of them that the plane shows */
    if (o->shape == RB_SHAPE_POLYGON && in) return RB_QUICK_WITHIN;
    return judge(d * (1 - rb_geo_frame_stretch(reach)) - err, d + err, within);
}

uint64_t rb_outline_quick_looks(const struct rb_outline *a, const struct rb_outline *b) {
    const struct rb_outline *other = a->n == 1 ? b : a;
    if ((a->n > 1 && b->n > 1) || other->n == 1 || !other->flat) return 0;
    return RB_GLANCES(other->edges_n);
}

enum rb_quick rb_outline_quick(const struct rb_outline *a, const struct rb_outline *b,
                               double within) {
    const struct rb_outline *one = a->n == 1 ? a : b, *other = a->n == 1 ? b : a;
    if (one->n > 1) return RB_QUICK_OPEN;
    if (other->n > 1) return other->flat ? to_edges(one->ball, other, within) : RB_QUICK_OPEN;
    double chord = rb_vec_apart(a->ball, b->ball);
    return judge(rb_geo_arc_least(chord), rb_geo_arc_most(chord), within);
}
