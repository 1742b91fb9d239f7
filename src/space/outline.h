/* A prepared outline as the room sees it. Internal. */
#ifndef READBACK_SPACE_OUTLINE_H
#define READBACK_SPACE_OUTLINE_H
#include "readback/outline.h"
#include "geodesic.h"

#define RB_EDGE_MOST_M 5000000.0
/* outlines no larger are looked at in one plane */
#define RB_FLAT_MOST_M 300000.0
#define RB_POLE_ND (90 * RB_NANODEG)

struct rb_edge {
    double length_m; /* at most */
    double bulge_m;  /* how far it may lie from the geodesic between its ends; 0: it is that */
    bool straight;   /* in longitude and latitude; else geodesic */
    int64_t south_nd, north_nd; /* latitudes it keeps within */
};

struct rb_outline {
    enum rb_shape shape;
    size_t n, edges_n;  /* points; edges: 1 for a circle, from its centre to its centre */
    double wide_m;      /* what lies within this of the core belongs to the outline */
    struct rb_vec ball; /* the core lies within ball_m of here, straight through the Earth */
    double ball_m;      /* INFINITY: anywhere */
    bool flat;          /* xy are its points in the plane that touches at the ball's centre */
    bool winds;         /* the ring goes round a pole */
    bool north_in;      /* the north pole is inside the ring */
    double reach_m;     /* flat: farthest point from the plane's origin */
    double plane_err_m; /* flat: how far the ring may be from the straight lines between xy */
    struct rb_box box;  /* of the core */
    const struct rb_frame *frame; /* flat, of more than one point: its plane */
    const struct rb_xy *xy;
    const struct rb_point *at;
    const struct rb_vec *p;
    const struct rb_edge *edge;
};

/* where edge i ends: the ring closes */
static inline size_t rb_outline_next(const struct rb_outline *o, size_t i) {
    return i + 1 < o->n ? i + 1 : 0;
}

/* from west to east positive, the shorter way, at most half a turn (10.1.3) */
int64_t rb_lon_step(int64_t from_nd, int64_t to_nd);

/* Longitudes at which edge i leaves and arrives: a geodesic has at a pole that of its other end. */
void rb_outline_edge_lons(const struct rb_outline *o, size_t i, int64_t *from, int64_t *to);

/* Bounds of an edge straight in longitude and latitude (degrees): its length, and how far it lies
 * from the geodesic between its ends (10.2.7). */
double rb_straight_most(double lat0, double lat1, double dlon);
double rb_straight_bulge(double lat0, double lat1, double length);

/* Whether their cores are within so many metres of each other, where that is plain. */
enum rb_quick { RB_QUICK_OPEN, RB_QUICK_WITHIN, RB_QUICK_APART };
enum rb_quick rb_outline_quick(const struct rb_outline *a, const struct rb_outline *b,
                               double within);
/* what that takes, in looks; 0 between two points */
uint64_t rb_outline_quick_looks(const struct rb_outline *a, const struct rb_outline *b);

/* What is done beside looking at pairs of pieces, in looks (10.2.6), as it was measured: */
#define RB_GLANCES(edges) ((edges) / 8 + 1)      /* each edge once, in a plane */
#define RB_LOOKS_INSIDE(edges) ((edges) / 4 + 1) /* each edge's longitudes */
#define RB_LOOKS_LINE 4u                         /* a geodesic is drawn */
#define RB_LOOKS_MEETING 32u                     /* where it has a longitude */

/* Is the point inside the ring? Exact, but for points within a millimetre of the ring. What it
 * took, in looks, is added to *looks. */
bool rb_outline_inside(const struct rb_outline *o, struct rb_point at,
                       const struct geod_geodesic *g, uint64_t *looks);
/* The same for a flat outline, wrong only within plane_err_m of the ring; p in its plane. */
bool rb_outline_inside_flat(const struct rb_outline *o, struct rb_xy p);
#endif
