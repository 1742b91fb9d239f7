/* Coordinates, heights and lengths as people write them (spec 11). Pure; no locale; numbers are
 * read and written with integers, floating point is inside the projection only.
 *
 * Shapes and units: points in 1e-9 degree WGS84, lengths in mm. Nothing is owned: texts are
 * borrowed while they are read, answers are plain values, written text goes to the caller's
 * rb_writer. Errors: what a person typed is refused with RB_ERR_MALFORMED, clause, a static
 * sentence and the byte at which it went wrong; RB_ERR_USAGE says that the caller asked for what
 * cannot be written. Nothing is stored in *out unless RB_OK is returned. */
#ifndef READBACK_COORD_H
#define READBACK_COORD_H
#include "readback/volume.h"

#define RB_MAX_COORD_TEXT 128u /* bytes of a text read here */

/* ---- places (11.1 to 11.5) ---- */

enum rb_coord_format {
    RB_COORD_ANY = 0,      /* when reading: recognised from the text */
    RB_COORD_DEG = 1,      /* "35.123457, -36.500000"           digits behind the point, 0 to 9 */
    RB_COORD_DM = 2,       /* "35 07.38N 036 30.00E"            of the minutes, 0 to 8 */
    RB_COORD_DMS = 3,      /* "35 07 23.4N 036 30 00.0E"        of the seconds, 0 to 7 */
    RB_COORD_ICAO_DM = 4,  /* "4830N00920E"                     of the minutes, 0 to 8 */
    RB_COORD_ICAO_DMS = 5, /* "483000N0092000E"                 of the seconds, 0 to 7 */
    RB_COORD_UTM = 6,      /* "37north 301234 3890123", at the poles UPS "north 2000000 2000000";
                              of the metres, 0 to 3 */
    RB_COORD_MGRS = 7,     /* "37SBU0123490123"                 digits of each axis, 0 to 5 */
    RB_COORD_MGRS_SPACED = 8, /* "37S BU 01234 90123"; when reading the same as RB_COORD_MGRS */
};

/* Things to point out before a place is used; it was read all the same. */
#define RB_COORD_OTHER_ZONE 1u /* the place lies outside of the zone that the text names */
#define RB_COORD_OTHER_BAND 2u /* the MGRS square lies in the band next to the one named */
#define RB_COORD_S_IS_SOUTH 4u /* the letter S was taken for the hemisphere: band S cannot be */

/* What N or S behind a UTM zone means, where both can be (11.3.4) */
enum rb_utm_letter { RB_UTM_ASK = 0, RB_UTM_HEMISPHERE = 1, RB_UTM_BAND = 2 };

struct rb_coord_hint {
    enum rb_coord_format format; /* RB_COORD_ANY, or the only one taken */
    enum rb_utm_letter letter;
};

struct rb_coord {
    struct rb_point point;       /* MGRS: the centre of the square */
    enum rb_coord_format format; /* as found; MGRS always RB_COORD_MGRS */
    uint64_t half_unit_mm;       /* half a unit of the last place written, rounded up */
    uint64_t reach_mm;           /* no place that the text can mean is farther from point, but for
                                    the scale of the grid: the accuracy to suggest */
    uint64_t square_mm;          /* MGRS: side of the square; else 0 */
    int zone;                    /* UTM, MGRS: 1 to 60, 0 in the polar grids; else 0 */
    unsigned remarks;            /* RB_COORD_OTHER_ZONE ... */
};

/* Reads one place; the whole text must be it. hint may be NULL: any format, and to be asked.
 * RB_ERR_MALFORMED by 11.1 to 11.4. Where rb_coord_ambiguous(rj), the text has two readings:
 * by 11.3.4 each of them is got with the hint that names it, by 11.1.5 the text must be rewritten.
 */
enum rb_err rb_coord_read(struct rb_slice text, const struct rb_coord_hint *hint,
                          struct rb_coord *out, struct rb_reject *rj) RB_MUST_USE;
bool rb_coord_ambiguous(const struct rb_reject *rj);

/* Writes a place (11.5). zone: RB_ZONE_STANDARD, or for UTM and MGRS the zone to write in (0: the
 * polar grid), so that what was read with a zone is written with the same.
 * RB_ERR_USAGE: no such format, too many digits, a point out of range, or the zone's grid does not
 * reach the point. Too little room shows in the writer. */
#define RB_ZONE_STANDARD (-1)
enum rb_err rb_coord_put(struct rb_writer *w, struct rb_point p, enum rb_coord_format format,
                         unsigned digits, int zone) RB_MUST_USE;
/* the digits that say a place to within unit_mm and no finer than need be; 0 for a coarse one */
unsigned rb_coord_digits(enum rb_coord_format format, uint64_t unit_mm);

/* ---- the grids themselves ---- */

struct rb_grid {
    int zone;                        /* 1 to 60; 0: UPS */
    bool north;                      /* hemisphere of the false northing */
    int64_t easting_um, northing_um; /* 1e-6 m, rounded down */
};
/* the zone of a point (11.3.2): 1 to 60, 0 where UPS is in use */
int rb_grid_zone(struct rb_point p);
/* RB_ERR_USAGE: p out of range, no such zone, or its grid does not reach p (11.3.5) */
enum rb_err rb_grid_from_point(struct rb_point p, int zone, struct rb_grid *out) RB_MUST_USE;
/* RB_ERR_USAGE: no such zone, or outside of its grid (11.3.5) */
enum rb_err rb_grid_to_point(const struct rb_grid *g, struct rb_point *out) RB_MUST_USE;

/* ---- heights and lengths (11.6, 11.7) ---- */

enum rb_unit {
    RB_UNIT_M = 0,
    RB_UNIT_FT = 1,
    RB_UNIT_KM = 2,
    RB_UNIT_NM = 3,
    RB_UNIT_MM = 4,
    RB_UNIT_FL = 5
};

struct rb_height {
    struct rb_alt_limit limit;
    enum rb_unit unit;     /* as written: M, FT, FL */
    uint64_t half_unit_mm; /* of the last place written, rounded up; FL: 0 */
};
/* "900m amsl", "3000 ft msl", "120m agl", "1000ft wgs84", "FL250", "SFC", "GND", "UNL". A height
 * without its datum takes *datum_if_none, and is refused where that is NULL. */
enum rb_err rb_height_read(struct rb_slice text, const enum rb_datum *datum_if_none,
                           struct rb_height *out, struct rb_reject *rj) RB_MUST_USE;
/* "900m amsl", "FL250", "unlimited" is "UNL"; unit M or FT, of no matter for a flight level or an
 * open limit. RB_ERR_USAGE: another unit, digits above 3, a flight level that is none. */
#define RB_DIGITS_SHORTEST 255u /* as few as read back to the same millimetre */
enum rb_err rb_height_put(struct rb_writer *w, const struct rb_alt_limit *limit, enum rb_unit unit,
                          unsigned digits) RB_MUST_USE;

struct rb_length {
    uint64_t mm;
    enum rb_unit unit; /* as written; never FL */
    uint64_t half_unit_mm;
};
/* "5km", "2nm" (nautical miles), "900ft", "1500 m" */
enum rb_err rb_length_read(struct rb_slice text, struct rb_length *out,
                           struct rb_reject *rj) RB_MUST_USE;
/* RB_ERR_USAGE: unit FL, digits above 7, or a number beyond 64 bits */
enum rb_err rb_length_put(struct rb_writer *w, uint64_t mm, enum rb_unit unit,
                          unsigned digits) RB_MUST_USE;

/* ---- distance and bearing for words (11.8) ---- */

struct rb_bearing_words {
    uint64_t value;    /* the distance is value / 10^decimals, in unit */
    unsigned decimals; /* 0 or 1 */
    enum rb_unit unit; /* M or KM */
    unsigned wind; /* 0 north, 1 north-north-east, ... 15, clockwise; of no matter if value is 0 */
};
/* azimuth in 1e-9 degree from north, clockwise, any number of turns: from the known place to ours
 */
struct rb_bearing_words rb_bearing_words(uint64_t distance_mm, int64_t azimuth_nd);
/* "N", "NNE", ... for 0 to 15: the key of a translation */
const char *rb_wind_name(unsigned wind);
#endif
