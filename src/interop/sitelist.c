/* A site list, row by row: spec 12.6. */
#include <assert.h>
#include "sitelist_int.h"
#include "readback/outline.h"
#include "readback/text.h"

/* ---- the file and its heading -------------------------------------------------------------------
 */

#define SAVE_SO                                                                                    \
    "; save it anew as CSV in UTF-8: Excel calls the type CSV UTF-8, "                             \
    "LibreOffice the character set Unicode (UTF-8)"

static enum rb_err check_file(struct rb_slice file, struct rb_reject *rj) {
    if (file.n > RB_MAX_SITE_FILE)
        return rb_reject(rj, RB_ERR_LIMIT, "12.6.1", "larger than 16 MiB", RB_MAX_SITE_FILE);
    if (rb_slice_starts(file, "\xff\xfe") || rb_slice_starts(file, "\xfe\xff"))
        return rb_reject(rj, RB_ERR_MALFORMED, "12.6.1", "UTF-16" SAVE_SO, 0);
    if (rb_slice_starts(file, "PK\x03\x04"))
        return rb_reject(rj, RB_ERR_MALFORMED, "12.6.1", "a workbook" SAVE_SO, 0);
    if (!rb_utf8_ok(file))
        return rb_reject(rj, RB_ERR_MALFORMED, "12.6.1",
                         "not UTF-8, but a code page of one language" SAVE_SO, 0);
    if (memchr(file.p, 0, file.n) != NULL)
        return rb_reject(rj, RB_ERR_MALFORMED, "12.6.1",
                         "a byte 0 in a text: perhaps UTF-16" SAVE_SO, 0);
    return RB_OK;
}

/* the mark that stands most often in the first line outside of quotes */
static uint8_t find_separator(struct rb_slice in, size_t at) {
    static const uint8_t marks[] = {';', ',', '\t'};
    size_t count[3] = {0, 0, 0}, best = 0;
    bool inside = false;
    for (; at < in.n && (inside || (in.p[at] != '\n' && in.p[at] != '\r')); at++) {
        inside ^= in.p[at] == '"';
        for (size_t k = 0; k < 3; k++)
            count[k] += !inside && in.p[at] == marks[k];
    }
    for (size_t k = 1; k < 3; k++)
        if (count[k] > count[best]) best = k;
    return marks[best];
}

/* "sep=;" in a line of its own, as one spreadsheet writes and reads it */
static void said_separator(struct rb_csv *c) {
    const struct rb_slice rest = rb_slice_sub(c->in, c->at, c->in.n);
    if (rest.n < 6 || !rb_slice_starts(rest, "sep=") || strchr(";,\t", rest.p[4]) == NULL) return;
    size_t n = 5;
    if (rest.p[n] == '\r') n++;
    if (n == rest.n || rest.p[n] != '\n') return;
    c->separator = rest.p[4];
    c->at += n + 1;
    c->row = 1;
}

static enum rb_err heading_cell(struct rb_sitelist *l, struct rb_slice cell, size_t i,
                                struct rb_reject *rj) {
    enum rb_unit unit;
    const enum rb_site_column c = sitelist_column(cell, &unit);
    if (c == RB_SITE_COLUMNS) {
        if (sitelist_trim(cell).n > 0) l->unknown[l->unknown_n++] = cell;
        return RB_OK;
    }
    if (l->column_of[c] >= 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "12.6.3", "two columns that mean the same", 0);
    l->column_of[c] = (int)i;
    l->unit_of[c] = unit;
    return RB_OK;
}

static enum rb_err read_heading(struct rb_sitelist *l, struct rb_reject *rj) {
    struct rb_slice cells[RB_MAX_SITE_COLUMNS];
    bool more = false;
    RB_TRY(rb_csv_next(&l->csv, l->a, cells, RB_MAX_SITE_COLUMNS, &l->columns_n, &more, rj));
    for (size_t i = 0; i < l->columns_n; i++)
        RB_TRY(heading_cell(l, cells[i], i, rj));
    const bool both = l->column_of[RB_SITE_LATITUDE] >= 0 && l->column_of[RB_SITE_LONGITUDE] >= 0;
    if (l->column_of[RB_SITE_NAME] < 0 || (!both && l->column_of[RB_SITE_PLACE] < 0))
        return rb_reject(rj, RB_ERR_MALFORMED, "12.6.3",
                         "the first row names no column for the name, or none for the place", 0);
    return RB_OK;
}

static size_t count_lines(struct rb_slice in) {
    size_t n = 1;
    for (size_t i = 0; i < in.n; i++)
        n += in.p[i] == '\n' || in.p[i] == '\r';
    return n;
}

enum rb_err rb_sitelist_open(struct rb_sitelist *l, struct rb_slice file,
                             const struct rb_site_options *how, struct rb_arena *a,
                             struct rb_reject *rj) {
    struct rb_sitelist n = {.csv = {.in = file}, .how = *how, .a = a};
    RB_TRY(check_file(file, rj));
    if (rb_slice_starts(file, "\xef\xbb\xbf")) n.csv.at = 3;
    said_separator(&n.csv);
    if (how->separator != 0) n.csv.separator = how->separator;
    if (n.csv.separator == 0) n.csv.separator = find_separator(file, n.csv.at);
    for (size_t i = 0; i < RB_SITE_COLUMNS; i++)
        n.column_of[i] = -1;
    RB_TRY(read_heading(&n, rj));
    const size_t lines = count_lines(file);
    n.known_cap = lines < RB_MAX_SITE_ROWS ? lines : RB_MAX_SITE_ROWS;
    n.known = rb_arena_array(a, n.known_cap, sizeof *n.known);
    n.folded = rb_arena_array(a, how->registered_n + n.known_cap, sizeof *n.folded);
    if (n.known == NULL || n.folded == NULL)
        return rb_reject(rj, RB_ERR_LIMIT, "12.6.1", "no room", 0);
    for (size_t i = 0; i < how->registered_n; i++)
        n.folded[i] = rb_site_name_mark(how->registered[i].name);
    *l = n;
    return RB_OK;
}

/* ---- rows ---------------------------------------------------------------------------------------
 */

static bool empty(const struct rb_slice *cells, size_t from, size_t n) {
    for (size_t i = from; i < n; i++)
        if (sitelist_trim(cells[i]).n > 0) return false;
    return true;
}

enum rb_err rb_sitelist_next(struct rb_sitelist *l, struct rb_site_row *out, bool *more,
                             struct rb_reject *rj) {
    struct rb_slice cells[RB_MAX_SITE_COLUMNS];
    struct rb_coord place = {0};
    size_t n = 0;
    do {
        RB_TRY(rb_csv_next(&l->csv, l->a, cells, RB_MAX_SITE_COLUMNS, &n, more, rj));
    } while (*more && empty(cells, 0, n));
    if (!*more) return RB_OK;
    if (l->known_n == l->known_cap)
        return rb_reject(rj, RB_ERR_LIMIT, "12.6.1", "more than 20,000 rows", l->csv.at);
    *out = (struct rb_site_row){.row = l->csv.row, .ok = true};
    if (!empty(cells, l->columns_n < n ? l->columns_n : n, n)) {
        const struct rb_site_finding f = {
            .refused = true,
            .whole = true,
            .clause = "12.6.2",
            .what = "more cells than the heading: a decimal comma or text with the separator in it "
                    "needs quotes"};
        sitelist_find(out, &f);
        return RB_OK;
    }
    sitelist_cells(l, cells, n, out, &place);
    if (out->ok) {
        struct rb_reject why = {0};
        if (rb_volume_check(&out->volume, &why) != RB_OK) {
            const struct rb_site_finding f = {
                .refused = true, .whole = true, .clause = why.clause, .what = why.what};
            sitelist_find(out, &f);
        }
    }
    if (out->ok) sitelist_judge(l, out, &place);
    return RB_OK;
}
