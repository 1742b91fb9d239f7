/* Shared by the readers and writers of GeoJSON, ED-318, ED-269 and KML (spec 12.2 to 12.7). */
#ifndef READBACK_INTEROP_GEOJSON_INT_H
#define READBACK_INTEROP_GEOJSON_INT_H
#include "readback/geojson.h"

#define GEO_TURN (360 * RB_NANODEG)
#define GEO_HALF (180 * RB_NANODEG)

/* a feature being built */
struct geo {
    const struct rb_import *how;
    struct rb_arena *a;
    struct rb_reject *rj;
    struct rb_feature f;       /* f.volumes: RB_MAX_VOLUMES of them */
    size_t at[RB_MAX_VOLUMES]; /* byte where the volume's geometry begins */
    bool edges_said[RB_MAX_VOLUMES];
    int period[RB_MAX_VOLUMES];        /* which of the format's periods, from 1; 0: not said */
    bool times_said;                   /* by the format's own means: for all volumes */
    uint64_t radius_mm, half_width_mm; /* said by a property for all of them; 0: not */
};

static inline void geo_remark(struct geo *g, enum rb_remark r) {
    g->f.remarks |= 1ull << r;
}
enum rb_err geo_refuse(struct geo *g, const char *clause, const char *what, size_t at);
enum rb_err geo_limit(struct geo *g, const char *clause, const char *what, size_t at);
enum rb_err geo_begin(struct geo *g, const struct rb_import *how, struct rb_arena *a,
                      struct rb_reject *rj);
/* Fills in what the file left open, checks each volume, and gives the feature out. */
enum rb_err geo_finish(struct geo *g, bool edges_default, struct rb_feature *out);
/* a new volume with open limits; its geometry begins at byte at */
enum rb_err geo_volume(struct geo *g, enum rb_shape shape, size_t at, struct rb_volume **out);

/* ---- objects: where each member's value stands; null is as absent ---- */
struct geo_members {
    uint64_t seen; /* bits by the table */
    bool others;   /* names that are not in the table, with a value */
    size_t at;     /* byte of the object */
    struct rb_json value[24];
};
enum rb_err geo_members(struct geo *g, struct rb_json *j, const char *const *names, size_t n,
                        struct geo_members *out);
static inline bool geo_has(const struct geo_members *m, unsigned i) {
    return (m->seen >> i & 1) != 0;
}

/* ---- values; v is a copy that stands before the value ---- */
enum rb_err geo_token(struct geo *g, struct rb_json v, enum rb_json_type type,
                      struct rb_json_token *out);
enum rb_err geo_text(struct geo *g, struct rb_json v, struct rb_slice *out);
/* A name (one line) or text as a record can carry it; what is changed gets RB_REMARK_CLEANED. */
enum rb_err geo_clean(struct geo *g, struct rb_slice in, size_t most, bool one_line,
                      struct rb_slice *out);
/* a place in a table of words ending with NULL; refused with this clause and sentence if none */
enum rb_err geo_word(struct geo *g, struct rb_json v, const char *const *words, const char *clause,
                     const char *what, unsigned *out);
enum rb_err geo_time(struct geo *g, struct rb_json v, int64_t *utc_ms);
/* a number, or a text that is one (numeric_text), times mul times 10^places */
enum rb_err geo_scaled(struct geo *g, struct rb_json v, uint32_t mul, int places, int64_t *out);
/* metres (a number), or a length with its unit (a text, 11.7) */
enum rb_err geo_length(struct geo *g, struct rb_json v, uint64_t *mm);
/* decimal text to 1e-9 degree, 3.7.2 */
enum rb_err geo_degrees(struct geo *g, struct rb_slice text, size_t at, int64_t *nd);

/* ---- points and rings ---- */
/* room for a line or ring; geo_points_done gives back what was not used */
struct rb_point *geo_points(struct geo *g, size_t at);
void geo_points_done(struct geo *g, const struct rb_point *p, size_t n);
/* appends, leaving out a point that is the one before */
enum rb_err geo_add_point(struct geo *g, struct rb_point *p, size_t *n, struct rb_point q,
                          size_t at);
/* p[0 .. n): a ring with its first point repeated becomes v's vertices */
enum rb_err geo_ring(struct geo *g, struct rb_volume *v, const struct rb_point *p, size_t n,
                     size_t at);
/* volumes from..n are parts of one area: those cut at the antimeridian are joined (12.3.6) */
enum rb_err geo_join(struct geo *g, size_t from, size_t at);

/* the geometry object that comes next in j, with layer and extent of ED-318 */
enum rb_err geo_geometry(struct geo *g, struct rb_json j);

/* ---- what only Readback reads (12.2.4) ---- */
/* which parts of a volume the format itself carries */
enum { GEO_BAND = 1, GEO_TIMES = 2, GEO_RADIUS = 4, GEO_CEILING = 8 };
enum rb_err geo_extra(struct geo *g, struct rb_json v);
/* native[i]: bits of what is not written here for volume i; period[i] < 0: none. title, text:
 * written here if not empty */
struct geo_beside {
    unsigned native[RB_MAX_VOLUMES];
    int period[RB_MAX_VOLUMES];
    struct rb_slice title, text;
};
void geo_put_extra(struct rb_json_writer *j, const char *key, const struct rb_feature *f,
                   const struct geo_beside *beside, uint64_t *remarks);

/* ---- writing ---- */
void geo_put_geometry(struct rb_json_writer *j, const char *key, const struct rb_feature *f,
                      bool layered, uint64_t *remarks);
/* the ring in the order of 12.3.7; out has room for all its vertices */
void geo_outward(const struct rb_volume *v, struct rb_point *out);
/* it goes over the antimeridian, or round a pole */
bool geo_wraps(const struct rb_volume *v);
#endif
