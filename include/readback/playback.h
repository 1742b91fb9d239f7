/* Play-back (spec 10.8, 13.3): a received place in words and numbers that its author did not type,
 * for its reader to look at and to send back. Pure; texts are in the caller's arena. English; what
 * other languages need stands beside the sentences as values.
 *
 * Right-to-left names and titles stand between U+2068 and U+2069, also in the text sent back. */
#ifndef READBACK_PLAYBACK_H
#define READBACK_PLAYBACK_H
#include "readback/arena.h"
#include "readback/coord.h"
#include "readback/gazetteer.h"

#define RB_PLAYBACK_POINTS 16u       /* points shown of one volume; the others are counted */
#define RB_PLAYBACK_TEXT 4096u       /* bytes of the text to send back, at most */
#define RB_PLAYBACK_ARENA (1u << 20) /* an arena of this size is enough for any notice */

/* A registered site that can be read here. The nearest is found by rb_playback. */
struct rb_playback_site {
    struct rb_point point; /* of its first volume: centre or first point */
    struct rb_slice title; /* a name (3.5.5); may be empty */
    bool nameable;         /* all who will read the query may read it (10.6.8): only then does the
                              text to send back speak of it */
};

/* How far from something known, and where to from there. */
struct rb_playback_from {
    uint64_t distance_mm;
    int64_t azimuth_nd;            /* from the known to ours */
    struct rb_bearing_words words; /* value 0: at it */
    struct rb_slice sentence;      /* "4.2 km SSW of Idlib (..., ...)" */
};
struct rb_playback_point {
    struct rb_point point;
    struct rb_slice decimal, dms, mgrs; /* to about a metre */
    bool has_nearest;                   /* false: the gazetteer is empty */
    struct rb_known_place place;
    struct rb_playback_from nearest;
};
struct rb_playback_volume {
    struct rb_slice shape; /* "Circle of radius 500 m", "Corridor 2 km to either side of ..." */
    size_t points_n, points_of;             /* shown (at most RB_PLAYBACK_POINTS), written */
    const struct rb_playback_point *points; /* the first: centre, or first point written */
    bool has_radius;
    uint64_t radius_mm; /* circle; corridor: half-width */
    struct rb_slice heights, times;
    bool has_site; /* the nearest site to points[0] */
    size_t site;   /* its place in the array given */
    struct rb_playback_from nearest_site;
    size_t lines_n; /* all of it, one line each, for a person; the site among them, if any */
    const struct rb_slice *lines;
};
struct rb_playback {
    size_t volumes_n;
    const struct rb_playback_volume *volumes;
    struct rb_slice text; /* to send back: at most RB_PLAYBACK_TEXT bytes, text by 3.5.5; what did
                             not fit is counted in it */
};
/* volumes that rb_volume_check accepts, at most RB_MAX_VOLUMES (asserted); sites may be NULL if
 * sites_n is 0. The same input gives the same text. RB_ERR_LIMIT: the arena is full; *out is
 * untouched then. */
enum rb_err rb_playback(const struct rb_volume *volumes, size_t volumes_n,
                        const struct rb_gazetteer *g, const struct rb_playback_site *sites,
                        size_t sites_n, struct rb_arena *a, struct rb_playback *out) RB_MUST_USE;
#endif
