/* Does one volume conflict with another? Spec 10.3. Three answers: conflict, none found, cannot be
 * excluded. Pure; nothing is allocated but by rb_extent_prepare, in the caller's arena. */
#ifndef READBACK_VERDICT_H
#define READBACK_VERDICT_H
#include "readback/outline.h"

/* What a verdict needs of a volume. May be copied; borrows the outline. */
struct rb_extent {
    const struct rb_outline *outline;
    struct rb_alt_limit floor, ceiling; /* as in the volume */
    int64_t from_utc_ms, to_utc_ms;     /* half-open; INT64_MIN and INT64_MAX: open ends */
    uint64_t accuracy_mm;               /* 0: not stated, taken as exact */
};
/* Errors as of rb_outline_prepare; on error *out is untouched. */
enum rb_err rb_extent_prepare(const struct rb_volume *v, struct rb_arena *arena,
                              struct rb_extent *out, struct rb_reject *rj) RB_MUST_USE;

struct rb_verdict_terms {
    uint64_t standoff_mm; /* horizontal; 0: they conflict where they meet */
    bool has_terrain; /* the charter's range of the ground; without it, that of the whole Earth */
    int64_t terrain_least_mm_wgs84, terrain_most_mm_wgs84;
    bool measure; /* fill rb_verdict.gap: slower */
    /* out of these both are compared, and measured, as in rb_outline_near_by; NULL: each question
     * has a bound of its own, no more */
    uint64_t *looks;
};

enum rb_answer { RB_ANSWER_NONE_FOUND = 0, RB_ANSWER_CONFLICT, RB_ANSWER_NOT_EXCLUDED };
/* why a conflict can neither be stated nor excluded */
enum rb_unsure {
    RB_UNSURE_ACCURACY = 1, /* only within the stated accuracy */
    RB_UNSURE_DATUM = 2,    /* heights of different datums */
    RB_UNSURE_TERRAIN = 4,  /* heights above ground */
    RB_UNSURE_WORK = 8      /* the outlines are too intricate to tell (10.2.6) */
};
/* what surely keeps them apart; the first of these that was found */
enum rb_apart { RB_APART_NOT = 0, RB_APART_TIME, RB_APART_ALTITUDE, RB_APART_PLACE };

/* The altitudes both cover. */
struct rb_band {
    bool has_floor, has_ceiling;
    int64_t floor_mm, ceiling_mm;
    enum rb_datum datum; /* the one that all limits have, as written; else WGS84 */
    bool at_most;        /* limits of different datums: the widest it may be; else exactly this */
};
struct rb_verdict {
    enum rb_answer answer;
    unsigned unsure;     /* of enum rb_unsure; 0 unless the answer is RB_ANSWER_NOT_EXCLUDED */
    enum rb_apart apart; /* RB_APART_NOT unless the answer is RB_ANSWER_NONE_FOUND */
    bool measured;
    struct rb_gap gap; /* if measured: between the outlines as written, without the stand-off */
    /* the rest is only meant unless the answer is RB_ANSWER_NONE_FOUND */
    struct rb_band band;
    int64_t from_utc_ms, to_utc_ms; /* common time, half-open; open ends as in rb_extent */
};
/* a and b may be exchanged. */
void rb_verdict(const struct rb_extent *a, const struct rb_extent *b,
                const struct rb_verdict_terms *terms, struct rb_verdict *out);
const char *rb_answer_name(enum rb_answer a); /* "conflict", "none found", "cannot be excluded" */
#endif
