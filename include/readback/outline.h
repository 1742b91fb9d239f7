/* The horizontal outline of a volume on the WGS84 ellipsoid, prepared once for many questions
 * (spec 10.1, 10.2). An outline is a core (a point, a line, or a filled polygon) and all that lies
 * within a width of it. Space is closed: outlines that touch meet.
 * Pure; nothing is allocated but by rb_outline_prepare, in the caller's arena. */
#ifndef READBACK_OUTLINE_H
#define READBACK_OUTLINE_H
#include "readback/arena.h"
#include "readback/volume.h"

struct rb_outline; /* immutable; holds copies of all it needs of the volume; does not move */

/* Prepares the outline of a volume that rb_volume_check accepts. Everything is in the arena, which
 * must outlive it and must not be moved.
 * RB_ERR_MALFORMED: 10.1.5 an edge over 5,000 km, 10.1.7 neither side of a ring is the smaller;
 * then as rb_volume_check. RB_ERR_LIMIT: the arena is full. On error *out is untouched. */
enum rb_err rb_outline_prepare(const struct rb_volume *v, struct rb_arena *arena,
                               const struct rb_outline **out, struct rb_reject *rj) RB_MUST_USE;

/* bytes of arena that rb_outline_prepare takes for this volume, at most */
size_t rb_outline_bytes(const struct rb_volume *v);

/* West to east, all inclusive, 1e-9 degree; west > east goes over the antimeridian; an outline all
 * round has west -180 and east 180 degrees. */
struct rb_box {
    int64_t south_nd, west_nd, north_nd, east_nd;
};
/* A box that surely holds every point within grow_mm of the outline. */
struct rb_box rb_outline_box(const struct rb_outline *o, uint64_t grow_mm);

enum rb_near {
    RB_NEAR_APART = 0, /* farther than asked */
    RB_NEAR_WITHIN,    /* within; also when farther by less than 1 cm (10.2.3) */
    RB_NEAR_UNDECIDED  /* given up after bounded work (10.2.6): rare, and never where it is plain */
};
/* Is the horizontal distance of a and b at most within_mm? */
enum rb_near rb_outline_near(const struct rb_outline *a, const struct rb_outline *b,
                             uint64_t within_mm);

/* The same out of a number of looks (10.2.6) that many questions share, so that they are all
 * answered in bounded work: what this one takes is taken from *looks, also what is cheaper than a
 * look at two parts, such as the glance at all edges before. With too few left, for this question
 * or already before it, the answer is RB_NEAR_UNDECIDED, unless nothing needs to be looked at, and
 * *looks is 0. NULL: as rb_outline_near. The same input takes the same number of looks. */
enum rb_near rb_outline_near_by(const struct rb_outline *a, const struct rb_outline *b,
                                uint64_t within_mm, uint64_t *looks);

/* How far apart, or how deep in one another (10.2.4, 10.2.5); one of the two is 0. */
struct rb_gap {
    uint64_t distance_mm; /* right to 1 cm if exact */
    uint64_t depth_mm;    /* a measure for people */
    bool exact; /* false: bounded work ran out; then the distance is the greatest possible,
                   the depth the greatest found */
};
struct rb_gap rb_outline_gap(const struct rb_outline *a, const struct rb_outline *b);
/* out of the looks that many questions share, as above; with too few, not exact */
struct rb_gap rb_outline_gap_by(const struct rb_outline *a, const struct rb_outline *b,
                                uint64_t *looks);
/* About what preparing this volume's outline takes, in looks; of one that is refused, too. */
uint64_t rb_outline_prepare_looks(const struct rb_volume *v);

/* The shortest geodesic from one point to another. */
struct rb_bearing {
    uint64_t distance_mm; /* to the nearest */
    int64_t azimuth_nd;   /* at `from`, from north, clockwise, 0 to below 360 degrees; 0 if they are
                             the same point */
};
struct rb_bearing rb_point_bearing(struct rb_point from, struct rb_point to);
/* Is that distance at most most_mm? *out only if so. Quick where the two are plainly farther. */
bool rb_point_within(struct rb_point from, struct rb_point to, uint64_t most_mm,
                     struct rb_bearing *out);
#endif
