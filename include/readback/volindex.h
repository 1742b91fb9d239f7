/* Index of volumes in space and time (spec 10.4): which of up to some millions could meet a query.
 * It holds boxes in latitude, longitude and time, widened outward; altitude and the outlines
 * themselves are left to the exact test. What it finds is therefore a superset, never too little.
 *
 * Boxes are kept in packed trees, the largest first, and a few fresh ones behind them that are
 * sorted in when there are enough; memory comes from one region, 38 bytes a record at rest, less
 * than 48 while records come and go, and up to 135 while the largest trees are being merged.
 * Nothing here depends on time, chance or addresses: the same calls give the same answers in the
 * same order. */
#ifndef READBACK_VOLINDEX_H
#define READBACK_VOLINDEX_H
#include "readback/arena.h"
#include "readback/volume.h"

/* Closed on all sides, rounded outward. lon_lo is within [-180, 180) degrees, lon_hi in
 * [lon_lo, lon_lo + 360], so it may lie beyond 180; round the earth is [-180, 180]. */
#define RB_VOLBOX_ND 256  /* 1e-9 degree in a unit of lat, lon */
#define RB_VOLBOX_MS 4096 /* milliseconds in a unit of t, from 1970 */
struct rb_volbox {
    int32_t lat_lo, lat_hi, lon_lo, lon_hi;
    int32_t t_lo, t_hi; /* INT32_MIN, INT32_MAX: open, and whatever is too far away to be counted */
    /* Corners that are empty, as of a line that runs slantwise: south-west, south-east, north-west,
     * north-east. With x and y the distances from a corner, in widths and heights of the box,
     * nothing of it is where x + y < cut / 256. Of the volumes known; of one asked about they are
     * not used. */
    uint8_t cut[4];
};

#define RB_VOLBOXES 16
struct rb_volboxes { /* side by side, so that all are compared with one at once */
    int32_t lat_lo[RB_VOLBOXES], lat_hi[RB_VOLBOXES], lon_lo[RB_VOLBOXES], lon_hi[RB_VOLBOXES];
    int32_t t_lo[RB_VOLBOXES], t_hi[RB_VOLBOXES];
};

/* A box that contains every point within accuracy_mm + widen_mm of the outline or inside it, by
 * geodesic distance on WGS84, at any time of the volume. v has passed rb_volume_check. */
void rb_volbox_of(const struct rb_volume *v, uint64_t widen_mm, struct rb_volbox *out);
/* The box of a volume, and for a corridor of several edges smaller boxes that together contain what
 * rb_volbox_of must: where it runs slantwise they leave out most of the box. */
struct rb_volparts {
    struct rb_volbox whole;
    bool in_parts;   /* else the whole is all there is */
    bool beyond_180; /* some part reaches to 180 degrees or over it */
    struct rb_volboxes parts;
};
void rb_volparts_of(const struct rb_volume *v, uint64_t widen_mm, struct rb_volparts *out);
/* Do they have a point of longitude, latitude and time in common? a is of a volume known, b of one
 * asked about. */
bool rb_volbox_meets(const struct rb_volbox *a, const struct rb_volbox *b);
/* a meets the whole of b and one of its parts, if it has any */
bool rb_volparts_meets(const struct rb_volbox *a, const struct rb_volparts *b);

struct rb_volindex; /* in the region it was opened with */

/* A record is known by `ref`, a number the caller chooses: dense and small, for instance its place
 * in a table of volumes; there is room for the largest one ever used, 4 bytes each. */
struct rb_volentry {
    uint32_t ref; /* below 2^32 - 1 */
    struct rb_volbox box;
};

struct rb_volindex *rb_volindex_open(struct rb_region *region); /* NULL: no room in the region */
void rb_volindex_close(struct rb_volindex *ix); /* gives everything back; NULL is nothing */

/* Each of these either does all of it or, with an error, nothing. RB_ERR_LIMIT: the region is full,
 * or 2^27 records. */
enum rb_err rb_volindex_insert(struct rb_volindex *ix, uint32_t ref,
                               const struct rb_volbox *box) RB_MUST_USE; /* also RB_ERR_EXISTS */
enum rb_err rb_volindex_remove(struct rb_volindex *ix,
                               uint32_t ref) RB_MUST_USE; /* RB_ERR_NOT_FOUND only */
/* another box for the same record; also RB_ERR_NOT_FOUND */
enum rb_err rb_volindex_supersede(struct rb_volindex *ix, uint32_t ref,
                                  const struct rb_volbox *box) RB_MUST_USE;
/* Many at once, as after a start; much faster than one by one. RB_ERR_EXISTS: one of them is there
 * already, or twice in the list. */
enum rb_err rb_volindex_load(struct rb_volindex *ix, const struct rb_volentry *list,
                             size_t n) RB_MUST_USE;
/* Removes what has ended at or before utc_ms, but for what ended less than RB_VOLBOX_MS before it,
 * which may stay. Returns how many. */
size_t rb_volindex_expire(struct rb_volindex *ix, int64_t utc_ms);
/* One tree of what there is, without the room of what was removed. Never needed; inserting does as
 * much of it as keeps queries quick and memory in proportion. */
enum rb_err rb_volindex_rebuild(struct rb_volindex *ix) RB_MUST_USE;

size_t rb_volindex_count(const struct rb_volindex *ix);
bool rb_volindex_has(const struct rb_volindex *ix, uint32_t ref);

/* ---- queries ------------------------------------------------------------------------------------
 * A walk gives each record whose box meets the query's once, without memory of its own and without
 * a limit:
 *     rb_volparts_of(&planned, standoff_mm, &parts);
 *     rb_volwalk_begin_parts(&w, ix, &parts);
 *     while (rb_volwalk_next(&w, &ref)) ...
 * Removing and expiring during a walk is allowed: what is removed and was not yet given is not
 * given. After an insert, supersede, load or rebuild the walk must be begun anew (asserted). */
#define RB_VOLWALK_DEPTH 8
struct rb_volwalk { /* not to be looked into */
    const struct rb_volindex *ix;
    const struct rb_volparts *parts;
    struct rb_volbox box, shifted;
    uint32_t generation;
    unsigned turn, run, depth;
    struct {
        uint32_t block, hits;
    } at[RB_VOLWALK_DEPTH];
};
void rb_volwalk_begin(struct rb_volwalk *w, const struct rb_volindex *ix,
                      const struct rb_volbox *box);
/* only what meets one of the parts as well; they must stay while the walk goes on */
void rb_volwalk_begin_parts(struct rb_volwalk *w, const struct rb_volindex *ix,
                            const struct rb_volparts *parts);
bool rb_volwalk_next(struct rb_volwalk *w, uint32_t *ref);

/* All of them in the arena; *refs is one array. RB_ERR_LIMIT: they do not fit, and nothing is
 * given and nothing of the arena used. */
enum rb_err rb_volindex_find(const struct rb_volindex *ix, const struct rb_volbox *box,
                             struct rb_arena *arena, const uint32_t **refs, size_t *n) RB_MUST_USE;
#endif
