/* Heights of different datums against each other, spec 10.3. Internal. */
#ifndef READBACK_SPACE_ALTITUDE_H
#define READBACK_SPACE_ALTITUDE_H
#include "readback/outline.h"
#include "readback/verdict.h"

extern const int8_t rb_geoid_m[36][72][2];

/* no, cannot be excluded, yes; ordered, so that the lesser of two holds for both */
enum rb_tri { RB_TRI_NO, RB_TRI_MAYBE, RB_TRI_YES };

/* Between what the geoid and the ground may lie above WGS84 where two outlines are. */
struct rb_heights {
    int64_t geoid_least_mm, geoid_most_mm;
    int64_t terrain_least_mm, terrain_most_mm;
};
struct rb_heights rb_heights_over(const struct rb_outline *a, const struct rb_outline *b,
                                  const struct rb_verdict_terms *terms);

/* Are all limits of one datum that compares as written everywhere? Then the ranges are not used. */
bool rb_bands_plain(const struct rb_extent *a, const struct rb_extent *b);
/* Do the bands of a and b overlap (closed)? What leaves it open is added to *unsure. Two heights
 * above ground are compared as written if same_ground. */
enum rb_tri rb_bands_overlap(const struct rb_extent *a, const struct rb_extent *b,
                             const struct rb_heights *h, bool same_ground, unsigned *unsure);
/* the band both share, at most */
struct rb_band rb_bands_common(const struct rb_extent *a, const struct rb_extent *b,
                               const struct rb_heights *h, bool same_ground);
#endif
