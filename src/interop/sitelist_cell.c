/* The cells of one row of a site list, spec 12.6.4 to 12.6.7. */
#include "sitelist_int.h"
#include "readback/text.h"

void sitelist_find(struct rb_site_row *r, const struct rb_site_finding *f) {
    if (f->refused) r->ok = false;
    if (r->findings_n < RB_MAX_SITE_FINDINGS) r->findings[r->findings_n++] = *f;
}

void sitelist_refuse(struct rb_site_row *r, enum rb_site_column c, const char *clause,
                     const char *what) {
    const struct rb_site_finding f = {.refused = true, .column = c, .clause = clause, .what = what};
    sitelist_find(r, &f);
}

void sitelist_point_out(struct rb_site_row *r, enum rb_site_column c, const char *what) {
    const struct rb_site_finding f = {.column = c, .clause = "12.6.8", .what = what};
    sitelist_find(r, &f);
}

struct row { /* the row being read */
    struct rb_sitelist *l;
    const struct rb_slice *cells;
    size_t n;
    struct rb_site_row *out;
};

static struct rb_slice cell(const struct row *r, enum rb_site_column c) {
    const int i = r->l->column_of[c];
    if (i < 0 || (size_t)i >= r->n) return rb_slice(NULL, 0);
    return sitelist_trim(r->cells[i]);
}

/* an apostrophe before what a spreadsheet would take for a formula is not part of the text */
static struct rb_slice unguard(struct rb_slice s) {
    size_t i = 0;
    while (i < s.n && s.p[i] == '\'')
        i++;
    if (i == 0 || i == s.n || strchr("=+-@\t\r", s.p[i]) == NULL || s.p[i] == 0) return s;
    return rb_slice_sub(s, 1, s.n);
}

/* ---- texts --------------------------------------------------------------------------------------
 */

static struct rb_slice name_cell(const struct row *r, enum rb_site_column c) {
    const struct rb_slice s = unguard(cell(r, c));
    if (s.n <= RB_MAX_NAME && rb_name_ok(s)) return s;
    sitelist_refuse(r->out, c, "3.5.5",
                    "not one line of at most 256 bytes without control characters");
    return rb_slice(NULL, 0);
}

static struct rb_slice notes_cell(const struct row *r) {
    struct rb_slice s = unguard(cell(r, RB_SITE_NOTES));
    if (s.n <= RB_MAX_TEXT && rb_text_ok(s)) return s;
    sitelist_refuse(r->out, RB_SITE_NOTES, "3.5.5", "a text with control characters, or too long");
    return rb_slice(NULL, 0);
}

/* ---- places -------------------------------------------------------------------------------------
 */

/* as one text: one cell, or latitude and longitude with a divider */
static bool place_text(const struct row *r, struct rb_writer *w, enum rb_site_column *at) {
    const struct rb_slice lat = cell(r, RB_SITE_LATITUDE), lon = cell(r, RB_SITE_LONGITUDE),
                          both = cell(r, RB_SITE_PLACE);
    *at = both.n > 0 ? RB_SITE_PLACE : lat.n > 0 ? RB_SITE_LONGITUDE : RB_SITE_LATITUDE;
    if (both.n > 0 && (lat.n > 0 || lon.n > 0)) {
        sitelist_refuse(r->out, *at, "12.6.5", "a place in two columns: which one holds?");
        return false;
    }
    if (both.n == 0 && (lat.n == 0 || lon.n == 0)) {
        sitelist_refuse(r->out, *at, "12.6.5", "no place");
        return false;
    }
    if (both.n > 0) {
        rb_put_slice(w, both);
    } else {
        rb_put_slice(w, lat);
        rb_put_z(w, " ; ");
        rb_put_slice(w, lon);
        *at = RB_SITE_LATITUDE;
    }
    if (w->over) sitelist_refuse(r->out, *at, "12.6.5", "a place that is too long to be one");
    return !w->over;
}

static bool read_place(const struct row *r, struct rb_coord *out) {
    char text[RB_MAX_COORD_TEXT];
    struct rb_writer w = rb_writer(text, sizeof text);
    struct rb_reject rj = {0};
    enum rb_site_column at;
    if (!place_text(r, &w, &at)) return false;
    const struct rb_coord_hint *hint = at == RB_SITE_PLACE ? &r->l->how.hint : NULL;
    if (rb_coord_read(rb_written(&w), hint, out, &rj) != RB_OK) {
        sitelist_refuse(r->out, at, rj.clause, rj.what);
        return false;
    }
    uint8_t *kept = rb_arena_alloc(r->l->a, w.n);
    if (kept != NULL) {
        memcpy(kept, text, w.n);
        r->out->volume.as_entered = rb_slice(kept, w.n);
    }
    r->out->volume.center = out->point;
    if (out->remarks & RB_COORD_OTHER_ZONE)
        sitelist_point_out(r->out, at, "the place lies outside of the zone that is named");
    if (out->remarks & RB_COORD_OTHER_BAND)
        sitelist_point_out(r->out, at, "the place lies in the band next to the one named");
    if (out->remarks & RB_COORD_S_IS_SOUTH)
        sitelist_point_out(r->out, at, "the letter S was taken for south");
    return true;
}

/* ---- lengths and dates --------------------------------------------------------------------------
 */

static bool length_cell(const struct row *r, enum rb_site_column c, uint64_t *mm) {
    static const char *const suffix[] = {"m", "ft", "km", "nm", "mm"}; /* as enum rb_unit */
    const struct rb_slice s = cell(r, c);
    char text[RB_MAX_COORD_TEXT];
    struct rb_writer w = rb_writer(text, sizeof text);
    struct rb_reject rj = {0}, bare = {0};
    struct rb_length length;
    if (s.n == 0) return true;
    if (rb_length_read(s, &length, &rj) != RB_OK) { /* a number alone is in the column's unit */
        rb_put_slice(&w, s);
        rb_put_z(&w, suffix[r->l->unit_of[c]]);
        if (w.over || rb_length_read(rb_written(&w), &length, &bare) != RB_OK) {
            sitelist_refuse(r->out, c, rj.clause, rj.what);
            return false;
        }
    }
    *mm = length.mm;
    return true;
}

static bool number(struct rb_slice s, size_t *at, size_t least, size_t most, int *out) {
    size_t n = 0;
    *out = 0;
    for (; *at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9' && n < most; n++)
        *out = *out * 10 + (s.p[(*at)++] - '0');
    return n >= least;
}

/* 2026-03-12, or with the day first and dots: 12.03.2026 */
static bool date(struct rb_slice s, int64_t *utc_ms) {
    struct rb_utc t = {0};
    size_t at = 0;
    const bool dots = memchr(s.p, '.', s.n) != NULL;
    const uint8_t mark = dots ? '.' : '-';
    int *first = dots ? &t.day : &t.year, *last = dots ? &t.year : &t.day;
    if (!number(s, &at, dots ? 1 : 4, dots ? 2 : 4, first)) return false;
    if (at >= s.n || s.p[at++] != mark || !number(s, &at, dots ? 1 : 2, 2, &t.month)) return false;
    if (at >= s.n || s.p[at++] != mark || !number(s, &at, dots ? 4 : 2, dots ? 4 : 2, last))
        return false;
    if (at != s.n || t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31) return false;
    *utc_ms = rb_utc_join(t);
    const struct rb_utc back = rb_utc_split(*utc_ms);
    return back.day == t.day && back.month == t.month && back.year == t.year;
}

/* digits of Arabic and Persian become European ones */
static struct rb_slice european(struct rb_slice s, uint8_t *room, size_t cap) {
    struct rb_writer w = rb_writer(room, cap);
    for (size_t i = 0; i < s.n; i++) {
        const uint8_t second = i + 1 < s.n ? s.p[i + 1] : 0;
        const bool arabic = s.p[i] == 0xd9 && second >= 0xa0 && second <= 0xa9;
        const bool persian = s.p[i] == 0xdb && second >= 0xb0 && second <= 0xb9;
        rb_put_u8(&w, arabic || persian ? (uint8_t)('0' + (second & 15)) : s.p[i]);
        i += arabic || persian;
    }
    return w.over ? rb_slice(NULL, 0) : rb_written(&w);
}

static void date_cell(const struct row *r) {
    uint8_t room[64];
    struct rb_volume *v = &r->out->volume;
    const struct rb_slice s = cell(r, RB_SITE_SURVEYED);
    if (s.n == 0) return;
    const struct rb_slice t = european(s, room, sizeof room);
    v->has_surveyed = t.n > 0 && (rb_rfc3339_decode(t, &v->surveyed_utc_ms) == RB_OK ||
                                  date(t, &v->surveyed_utc_ms));
    if (!v->has_surveyed)
        sitelist_refuse(r->out, RB_SITE_SURVEYED, "12.6.7",
                        "a date is written 2026-03-12 or 12.03.2026");
}

void sitelist_cells(struct rb_sitelist *l, const struct rb_slice *cells, size_t n,
                    struct rb_site_row *out, struct rb_coord *place) {
    const struct row r = {l, cells, n, out};
    struct rb_volume *v = &out->volume;
    *v = (struct rb_volume){
        .shape = RB_SHAPE_CIRCLE, .floor = {.open = true}, .ceiling = {.open = true}};
    out->name = name_cell(&r, RB_SITE_NAME);
    if (cell(&r, RB_SITE_NAME).n == 0) sitelist_refuse(out, RB_SITE_NAME, "12.6.4", "no name");
    (void)read_place(&r, place);
    v->radius_mm = l->how.radius_mm;
    if (length_cell(&r, RB_SITE_RADIUS, &v->radius_mm) && v->radius_mm == 0)
        sitelist_refuse(out, RB_SITE_RADIUS, "12.6.6", "no radius, and none was said for all");
    (void)length_cell(&r, RB_SITE_ACCURACY, &v->accuracy_mm);
    v->method = name_cell(&r, RB_SITE_METHOD);
    v->declared_by = name_cell(&r, RB_SITE_DECLARED_BY);
    out->notes = notes_cell(&r);
    date_cell(&r);
}
