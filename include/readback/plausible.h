/* Whether a place can be what was meant: what is pointed out before it is used, however it came in
 * (spec 11.9). Pure; nothing is refused here, and nothing that is found is said to be wrong.
 *
 * Units: points in 1e-9 degree WGS84, lengths in mm. Sentences are static and contain no place. */
#ifndef READBACK_PLAUSIBLE_H
#define READBACK_PLAUSIBLE_H
#include "readback/coord.h"
#include "readback/record.h" /* struct rb_point_box */

/* name, bit, word for machines, sentence for a person */
#define RB_PLAUSIBLE_LIST(X)                                                                       \
    X(ZERO, 1u, "zero", "latitude and longitude are 0: an empty place?")                           \
    X(SWAPPED, 2u, "swapped",                                                                      \
      "outside of the theatre, inside with latitude and longitude swapped")                        \
    X(OUTSIDE, 4u, "theatre", "outside of the theatre")                                            \
    X(TOO_FINE, 8u, "precision", "written to the centimetre or finer: was it measured so?")        \
    X(TOO_COARSE, 16u, "coarse",                                                                   \
      "written more coarsely than the radius: what is meant may lie outside of it")
enum rb_plausible {
#define X(name, bit, word, text) RB_PLAUSIBLE_##name = bit,
    RB_PLAUSIBLE_LIST(X)
#undef X
        RB_PLAUSIBLE_END = 32u /* above all of them: for (b = 1; b < RB_PLAUSIBLE_END; b <<= 1) */
};
const char *rb_plausible_word(unsigned bit); /* of one bit; "?": no such */
const char *rb_plausible_text(unsigned bit);

/* Every point of the volume is looked at: the centre, the line, the ring. theatre: NULL where the
 * charter has none; east below west is across the antimeridian. One point that lies outside is
 * enough for OUTSIDE; for SWAPPED instead, where that point lies inside with its two numbers
 * exchanged, so a ring with points of both sorts has both bits.
 * as_read: how the points were written; NULL: not known. TOO_FINE and TOO_COARSE hang on it alone:
 * the digits of a point in 1e-9 degree cannot tell, for seconds of arc and grids come out with all
 * nine of them. Of several points it is what rb_plausible_gather made of them. */
unsigned rb_volume_plausible(const struct rb_volume *v, const struct rb_point_box *theatre,
                             const struct rb_coord *as_read) RB_MUST_USE;

/* all (at first zeroed) becomes the finest and the coarsest of the points read so far */
void rb_plausible_gather(struct rb_coord *all, const struct rb_coord *one);
/* How finely a place that was given as two numbers of degrees was written at least. Zeros at the
 * end are not seen, so nothing is said of how coarse it may be: reach_mm is 0. */
struct rb_coord rb_plausible_degrees(struct rb_point p) RB_MUST_USE;
#endif
