/* Lists of sites as spreadsheets write them: CSV in, with a report for each row, and out (spec 12.6).
 * Pure; the file lies in memory, texts that need unquoting and the places already seen are in the
 * caller's arena.
 *
 * A row is refused or taken as a whole. Findings name row, column and clause, never the place or the
 * text of a cell: but whose report it is decides who sees it, it belongs to the officer alone (§10).
 * Errors of the file as a whole: RB_ERR_MALFORMED by 12.6.1 to 12.6.3 with the byte, RB_ERR_LIMIT:
 * too many rows or columns, or the arena is full. */
#ifndef READBACK_SITELIST_H
#define READBACK_SITELIST_H
#include "readback/arena.h"
#include "readback/coord.h"
#include "readback/geojson.h"

#define RB_MAX_SITE_FILE (16u << 20)
#define RB_MAX_SITE_ROWS 20000u
#define RB_MAX_SITE_COLUMNS 64u
#define RB_MAX_SITE_FINDINGS 12u

enum rb_site_column {
    RB_SITE_NAME,
    RB_SITE_LATITUDE,
    RB_SITE_LONGITUDE,
    RB_SITE_PLACE, /* both in one cell, any notation of chapter 11 */
    RB_SITE_RADIUS,
    RB_SITE_ACCURACY,
    RB_SITE_METHOD,
    RB_SITE_SURVEYED,
    RB_SITE_DECLARED_BY,
    RB_SITE_NOTES,
    RB_SITE_COLUMNS
};
const char *rb_site_column_name(enum rb_site_column c); /* "declared_by": as in a header of ours */

/* a place that is known already: of an earlier row, or registered before (row 0) */
enum rb_site_whose { /* of one that is known before */
    RB_SITE_OURS = 0,
    RB_SITE_OURS_TO_FEWER, /* but not all may read it whom this list is for */
    RB_SITE_DRAFT,         /* not registered yet: a second officer is to sign */
    RB_SITE_THEIRS
};
struct rb_site_known {
    struct rb_slice name;
    struct rb_point point;
    size_t row;
    enum rb_site_whose whose; /* row 0 */
};
enum rb_site_double {
    RB_SITE_NO_DOUBLE = 0,
    RB_SITE_SAME_NAME,
    RB_SITE_NEAR, /* closer than was asked, or at the very same point */
    RB_SITE_BOTH, /* its name, and near: perhaps a correction of it */
    RB_SITE_SAME  /* its name at the very same point: surely the same site */
};

struct rb_site_options {
    struct rb_coord_hint hint;   /* for the place column */
    uint64_t radius_mm;          /* where a row says none; 0: it is refused */
    uint64_t near_mm;            /* closer than this is pointed out as a possible double; 0: only the
                                    very same point */
    bool has_theatre;
    struct rb_point_box theatre; /* east below west: across the antimeridian */
    const struct rb_site_known *registered;
    size_t registered_n;
    uint8_t separator;           /* 0: found out (12.6.2) */
};

struct rb_site_finding {
    bool refused; /* else: pointed out, to be confirmed */
    bool whole;   /* of the row, not of one column */
    enum rb_site_column column;
    const char *clause, *what; /* static */
    enum rb_site_double twin;
    enum rb_site_whose whose; /* a double of what was known before */
    size_t other_row; /* a double: of which row; 0: known before, or of no matter */
};
struct rb_site_row {
    size_t row; /* as a spreadsheet counts: the header is 1, empty rows count */
    bool ok;
    struct rb_slice name, notes;
    struct rb_volume volume; /* a circle that keeps 3.7; of meaning only if ok */
    size_t findings_n;
    struct rb_site_finding findings[RB_MAX_SITE_FINDINGS];
};

/* the same for names that differ only in capitals and blanks, nearly always another for others */
uint64_t rb_site_name_mark(struct rb_slice name);

struct rb_csv {
    struct rb_slice in;
    size_t at, row; /* row: of the record read last */
    uint8_t separator;
};
struct rb_sitelist {
    struct rb_csv csv;
    struct rb_site_options how;
    struct rb_arena *a;
    int column_of[RB_SITE_COLUMNS]; /* place in the file, -1: not there */
    enum rb_unit unit_of[RB_SITE_COLUMNS]; /* RADIUS, ACCURACY: of a bare number */
    size_t columns_n;
    size_t unknown_n; /* columns that are not read, by their headings */
    struct rb_slice unknown[RB_MAX_SITE_COLUMNS];
    uint64_t *folded; /* of each registered name, then of each known one: most pairs differ in it */
    struct rb_site_known *known;
    size_t known_n, known_cap;
};

/* Reads the heading. a must outlive the list. */
enum rb_err rb_sitelist_open(struct rb_sitelist *l, struct rb_slice file,
                             const struct rb_site_options *how, struct rb_arena *a,
                             struct rb_reject *rj) RB_MUST_USE;
/* The next row that is not empty; *more is false behind the last. Texts are in the list's arena or in
 * the file. */
enum rb_err rb_sitelist_next(struct rb_sitelist *l, struct rb_site_row *out, bool *more,
                             struct rb_reject *rj) RB_MUST_USE;

/* One record of a CSV: unquoted cells, at most max. *more is false behind the last record. */
enum rb_err rb_csv_next(struct rb_csv *c, struct rb_arena *a, struct rb_slice *cells, size_t max,
                        size_t *n, bool *more, struct rb_reject *rj) RB_MUST_USE;

/* ---- writing (12.6.9) ---- */

struct rb_sitelist_writer {
    struct rb_writer *w;
    uint8_t separator;  /* ';', ',' or tab */
    bool decimal_comma; /* not with ',' */
};
/* byte order mark and heading */
void rb_sitelist_put_begin(struct rb_sitelist_writer *l);
/* RB_ERR_UNSUPPORTED: not a circle, nothing is written. What a row has no column for sets its bit
 * (side 'w' of RB_REMARK_LIST), and here it is not in the file at all. */
enum rb_err rb_sitelist_put(struct rb_sitelist_writer *l, struct rb_slice name,
                            struct rb_slice notes, const struct rb_volume *v,
                            uint64_t *remarks) RB_MUST_USE;
#endif
