/* Pieces of edges, and how near two of them come (10.2). Internal. */
#ifndef READBACK_SPACE_OUTLINE_PIECE_H
#define READBACK_SPACE_OUTLINE_PIECE_H
#include "outline.h"

/* bounded work of one question (10.2.6), in looks at a pair of pieces */
#define RB_WORK_MOST 1000000u
/* below this nothing is told apart */
#define RB_GRAIN_M 0.001

struct rb_search {
    struct geod_geodesic g;
    double within;  /* >= 0: only asked whether they come this near; < 0: how near they come */
    double hi;      /* somewhere they surely are this near */
    double lo_left; /* what was left unexamined is surely no nearer */
    unsigned work;
    /* What several questions share (rb_outline_near_by): the most that this one may take, and what
     * it took besides the looks above, such as the first look at all edges. */
    uint64_t most, beside;
};

/* an edge to be cut up */
struct rb_curve {
    enum { RB_CURVE_POINT, RB_CURVE_GEODESIC, RB_CURVE_STRAIGHT } kind;
    double lat, lon, dlat, dlon;   /* straight */
    struct geod_geodesicline line; /* geodesic */
};
struct rb_spot {
    double lat, lon; /* degrees */
    struct rb_vec p;
};
struct rb_piece {
    const struct rb_curve *c;
    double t0, t1; /* part of the curve, 0 to 1 */
    struct rb_spot a, b;
    double length_m, bulge_m; /* bounds, as of an edge */
};

void rb_piece_of_edge(const struct rb_outline *o, size_t i, const struct geod_geodesic *g,
                      struct rb_curve *c, struct rb_piece *out);

/* nothing farther than this is of interest */
static inline double rb_search_limit(const struct rb_search *s) {
    return s->within >= 0 ? s->within : s->hi - RB_GRAIN_M;
}
/* all that was asked is known */
static inline bool rb_search_done(const struct rb_search *s) {
    return s->hi <= (s->within >= 0 ? s->within + 2 * RB_GRAIN_M : RB_GRAIN_M);
}
/* no more may be looked at for this question */
static inline bool rb_search_spent(const struct rb_search *s) {
    return s->work + s->beside >= s->most;
}
/* Takes the two pieces into account: s->hi and, where work ran out, s->lo_left. */
void rb_search_pieces(struct rb_search *s, const struct rb_piece *a, const struct rb_piece *b);

/* Distance of two segments in a plane; 0 where they cross, and *clear then says how far either
 * would have to be moved, at least, not to. */
double rb_segments_apart(struct rb_xy a, struct rb_xy b, struct rb_xy c, struct rb_xy d,
                         double *clear);
#endif
