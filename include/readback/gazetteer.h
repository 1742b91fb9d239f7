/* Known places of the world, and which of them is nearest (spec 13). Pure: the places are bytes
 * that were made with the program (data/places.tsv), or any others of the same form; nothing is
 * owned or allocated, what is given out borrows from them.
 *
 * Names and coordinates are those of the source; names and borders endorse nothing. */
#ifndef READBACK_GAZETTEER_H
#define READBACK_GAZETTEER_H
#include "readback/volume.h"

struct rb_gazetteer {
    struct rb_slice records, names; /* checked by rb_gazetteer_open */
    size_t n;
};
/* RB_ERR_MALFORMED (13.2): not such bytes: out of range, out of order, a name that is none. All of
 * them are looked at, once; afterwards nothing can fail. On error *out is untouched. */
enum rb_err rb_gazetteer_open(struct rb_slice places, struct rb_gazetteer *out,
                              struct rb_reject *rj) RB_MUST_USE;

/* the places of data/places.tsv */
extern const struct rb_slice rb_gazetteer_builtin;
/* whose they are, to be shown wherever they are: one sentence */
extern const char rb_gazetteer_attribution[];

struct rb_known_place {
    struct rb_point point;
    struct rb_slice name;   /* Latin script; never empty */
    struct rb_slice ar, ru; /* Arabic, Cyrillic script; empty: not known in the source */
    char country[3];        /* ISO 3166-1 alpha-2, as the source has it */
    uint32_t population;    /* 0: not known */
};
/* i below g->n, ordered by latitude, then longitude */
struct rb_known_place rb_gazetteer_place(const struct rb_gazetteer *g, size_t i);

struct rb_nearest {
    struct rb_known_place place;
    uint64_t distance_mm; /* geodesic */
    int64_t azimuth_nd;   /* from the place to the point asked about; 0 to below 360 degrees */
};
/* The nearest place to p of those with at least min_population; 0: of all. Of two exactly as far,
 * the first. false: there is none. p is a point that rb_volume_check accepts. */
bool rb_gazetteer_nearest(const struct rb_gazetteer *g, struct rb_point p, uint32_t min_population,
                          struct rb_nearest *out);
#endif
