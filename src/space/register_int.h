/* The register, inside. */
#ifndef READBACK_SPACE_REGISTER_INT_H
#define READBACK_SPACE_REGISTER_INT_H
#include <assert.h>
#include "readback/register.h"

/* what an extent does not say of the volume that it was made of */
struct written {
    uint64_t radius_mm;
    int64_t from_utc_ms, to_utc_ms; /* its own time, whatever span the place was given */
    uint8_t edges;
};

/* A place and all that belongs to it, in one block of the region that does not move: this, then its
 * extents, their numbers in the index, the title, the outlines. */
struct place {
    struct rb_hash id;
    uint64_t readers;
    int64_t created_utc_ms, surveyed_utc_ms, reviewed_utc_ms;
    int64_t ends_utc_ms; /* with the last of its volumes; INT64_MAX: never */
    uint64_t stamp;      /* the check that `found` belongs to */
    uint32_t found;      /* where that check has it in its list; NOT_COMPARED */
    uint32_t bytes;      /* of the block */
    uint16_t author;
    uint8_t class_, volumes_n;
    bool closed, has_surveyed, has_reviewed;
    bool untimed; /* a volume neither begins nor ends */
    bool rests;   /* neither compared nor counted, until it stands again */
    struct rb_slice title;
    struct rb_extent *extents;
    struct written *written;
    uint32_t *refs;
};
#define NOT_COMPARED UINT32_MAX

/* what the index calls ref: which volume of which place */
struct volume_of {
    struct place *place; /* NULL: not in use */
    uint32_t volume;     /* or the next that is not in use */
};
#define NO_VOLUME UINT32_MAX

/* The places of one class and member, added up. */
struct tally {
    uint32_t places, closed, untimed, placeless; /* the first three without the last */
    int64_t oldest_utc_ms, newest_utc_ms;        /* meant only if places > 0 */
    bool stale; /* what was oldest or newest has gone: to be looked for when asked */
};

struct rb_register {
    struct rb_region *region;
    uint64_t seed;
    struct rb_volindex *index;
    struct place **map; /* by id, open addressing; a power of two, at most half full */
    size_t map_cap, count;
    struct volume_of *volumes;
    size_t volumes_cap;
    uint32_t volumes_n; /* numbers ever used since the last rebuild */
    uint32_t unused_n, unused;
    uint64_t stamp;            /* of the last check */
    int64_t ends_least_utc_ms; /* no place ends before it */
    uint64_t changes;          /* places that came, went, rested, stood again */
    bool stale;                /* some tally is */
    struct tally tally[RB_PLACE_CLASSES][RB_MAX_MEMBERS];
};

/* ---- register_place.c: a place in its block ---- */
enum rb_err register_place_make(struct rb_region *region, const struct rb_register_entry *e,
                                struct place **out, struct rb_reject *rj) RB_MUST_USE;
void register_place_free(struct rb_region *region, struct place *p); /* NULL is nothing */
/* Its volumes hold within the span, and within their own times. False: they do already. */
bool register_place_span(struct place *p, int64_t from_utc_ms, int64_t to_utc_ms);
/* when it was last looked at, 10.6.7 */
int64_t register_place_seen(const struct place *p);

/* ---- register_map.c: places by id ---- */
struct place *register_map_find(const struct rb_register *r, const struct rb_hash *id);
enum rb_err register_map_reserve(struct rb_register *r, size_t more) RB_MUST_USE;
void register_map_put(struct rb_register *r, struct place *p); /* room is reserved, id is new */
void register_map_drop(struct rb_register *r, struct place *p);
/* smaller, if it is much too large; stays as it is if there is no room to do so */
void register_map_shrink(struct rb_register *r);
/* Every place once, from *at = 0 on; NULL at the end. After dropping the one given last, --*at:
 * what stood behind it has moved up. */
struct place *register_map_next(const struct rb_register *r, size_t *at);

/* ---- register_tally.c: how many, of whom, how old ---- */
void register_tally_add(struct rb_register *r, const struct place *p);
void register_tally_drop(struct rb_register *r, const struct place *p);
void register_tally_refresh(struct rb_register *r);
#endif
