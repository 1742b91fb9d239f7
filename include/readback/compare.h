/* Figures beside figures, designations beside designations (spec 16.6, 16.7): what two bodies that were
 * opened have in common and where they differ, as their authors wrote it. Nothing is added up, nothing is
 * chosen. Names are compared as written, byte for byte; places by their outlines on the ground alone (10.2):
 * a height or a time of an area is not looked at.
 * Pure: bodies are given, what is kept lies in the caller's arena. */
#ifndef READBACK_COMPARE_H
#define READBACK_COMPARE_H
#include "readback/instrument.h"
#include "readback/outline.h"

enum rb_overlap {
    RB_OVERLAP_NONE = 0,     /* they do not, as stated */
    RB_OVERLAP_MEET,         /* they do, as stated */
    RB_OVERLAP_NOT_EXCLUDED  /* what is stated does not tell */
};
const char *rb_overlap_name(enum rb_overlap o); /* "none", "overlap", "cannot be excluded" */

/* ---- areas ------------------------------------------------------------------------------------ */
struct rb_area {
    const struct rb_outline *outline; /* NULL: refused (10.1), nothing can be told of it */
    uint64_t accuracy_mm;             /* 0: not stated, taken as exact */
};
struct rb_areas { /* of one body, prepared once */
    size_t n;
    struct rb_area *area; /* as its volumes */
};
/* RB_ERR_LIMIT: the arena is full */
enum rb_err rb_areas_prepare(const struct rb_volume *v, size_t n, struct rb_arena *a,
                             struct rb_areas *out) RB_MUST_USE;
/* Out of *looks, as in rb_outline_near_by; with too few left: RB_OVERLAP_NOT_EXCLUDED. */
enum rb_overlap rb_area_overlap(const struct rb_area *a, const struct rb_area *b, uint64_t *looks);

/* ---- figures (16.6) ---------------------------------------------------------------------------- */
struct rb_figures_beside {
    bool same_what;    /* without it nothing below is meant, but for the source and the counter */
    bool same_source;  /* one has it from whom the other has it from, or who counted the other */
    bool same_counter; /* the same who counted */
    bool stopped;      /* one of them says that this counter has stopped: it has no number (16.6.2) */
    enum rb_overlap period, area;
    enum rb_overlap overlap; /* of what they count: both of these */
    bool fewer_sources, more_sources; /* same counter, both state how many: b has fewer, more than a */
};
/* The area of a figure without volumes is its name; the same name is the same area. The areas are
 * prepared from their volumes. */
void rb_figures_compare(const struct rb_figure *a, const struct rb_areas *a_areas,
                        const struct rb_figure *b, const struct rb_areas *b_areas, uint64_t *looks,
                        struct rb_figures_beside *out);

/* ---- designations (16.7) ----------------------------------------------------------------------- */
struct rb_designated { /* one designation of the instrument: of each party those that stand */
    uint16_t party; /* member index */
    const struct rb_designation *designation;
    struct rb_areas areas;
};
struct rb_subject_beside { /* one for each subject of each designation, in their order */
    uint32_t designation, subject; /* indexes */
    uint64_t inside, outside;      /* parties that name it so, by bits, its own party among them */
    uint64_t silent;               /* parties that have designations and do not name it */
};
struct rb_areas_beside { /* an area inside by one party that meets one outside by another */
    uint32_t inside, inside_area, outside, outside_area; /* designations, and their areas */
    enum rb_overlap overlap;
};
struct rb_designations_beside {
    size_t subjects_n;
    struct rb_subject_beside *subjects;
    size_t areas_n;
    struct rb_areas_beside *areas;
    bool more_areas; /* some were left out: RB_MAX_AREAS_BESIDE are kept */
};
#define RB_MAX_AREAS_BESIDE 1024u
/* A subject is the one another party names where its name or other name is the name or other name there.
 * RB_ERR_LIMIT */
enum rb_err rb_designations_compare(const struct rb_designated *d, size_t n, uint64_t *looks,
                                    struct rb_arena *a,
                                    struct rb_designations_beside *out) RB_MUST_USE;
#endif
