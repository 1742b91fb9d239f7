/* Site lists out: a CSV that a spreadsheet opens, spec 12.6.9. */
#include "readback/sitelist.h"
#include "readback/text.h"

static bool formula(struct rb_slice s) {
    size_t i = 0;
    while (i < s.n && s.p[i] == '\'')
        i++;
    return i < s.n && s.p[i] != 0 && strchr("=+-@\t\r", s.p[i]) != NULL;
}

/* text in quotes always; what a spreadsheet would compute gets an apostrophe in front */
static void put_text(struct rb_sitelist_writer *l, struct rb_slice s) {
    if (s.n == 0) return;
    rb_put_u8(l->w, '"');
    if (formula(s)) rb_put_u8(l->w, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') rb_put_u8(l->w, '"');
        rb_put_u8(l->w, s.p[i]);
    }
    rb_put_u8(l->w, '"');
}

static void put_number(struct rb_sitelist_writer *l, int64_t v, unsigned places) {
    char text[40];
    struct rb_writer w = rb_writer(text, sizeof text);
    rb_decimal_put(&w, v, places);
    for (size_t i = 0; i < w.n; i++)
        rb_put_u8(l->w, text[i] == '.' && l->decimal_comma ? ',' : (uint8_t)text[i]);
    /* "1,500" could be thousands (11.1.5): one more digit says that it is not */
    if (l->decimal_comma && w.n > 4 && text[w.n - 4] == '.') rb_put_u8(l->w, '0');
}

static void next_cell(struct rb_sitelist_writer *l) {
    rb_put_u8(l->w, l->separator);
}

static void put_date(struct rb_sitelist_writer *l, int64_t utc_ms) {
    char text[48];
    struct rb_writer w = rb_writer(text, sizeof text);
    rb_put_rfc3339(&w, utc_ms);
    rb_put(l->w, text, utc_ms % 86400000 == 0 ? 10 : w.n); /* a day, or a moment */
}

void rb_sitelist_put_begin(struct rb_sitelist_writer *l) {
    static const char *const heading[] = {"name",     "latitude",    "longitude",
                                          "radius_m", "accuracy_m",  "method",
                                          "surveyed", "declared_by", "notes"};
    rb_put_z(l->w, "\xef\xbb\xbf");
    for (size_t i = 0; i < sizeof heading / sizeof *heading; i++) {
        if (i > 0) next_cell(l);
        rb_put_z(l->w, heading[i]);
    }
    rb_put_z(l->w, "\r\n");
}

static uint64_t not_written(const struct rb_volume *v) {
    uint64_t bits = 0;
    if (!v->floor.open || !v->ceiling.open) bits |= 1ull << RB_REMARK_BAND_UNSEEN;
    if (v->has_from || v->has_to) bits |= 1ull << RB_REMARK_TIMES_UNSEEN;
    if (v->recognised_by.n > 0 || v->military_use || v->as_entered.n > 0)
        bits |= 1ull << RB_REMARK_SURVEY_UNSEEN;
    return bits;
}

enum rb_err rb_sitelist_put(struct rb_sitelist_writer *l, struct rb_slice name,
                            struct rb_slice notes, const struct rb_volume *v, uint64_t *remarks) {
    if (v->shape != RB_SHAPE_CIRCLE) return RB_ERR_UNSUPPORTED;
    *remarks |= not_written(v);
    put_text(l, name);
    next_cell(l);
    put_number(l, v->center.lat_nd, 9);
    next_cell(l);
    put_number(l, v->center.lon_nd, 9);
    next_cell(l);
    put_number(l, (int64_t)v->radius_mm, 3);
    next_cell(l);
    if (v->accuracy_mm > 0) put_number(l, (int64_t)v->accuracy_mm, 3);
    next_cell(l);
    put_text(l, v->method);
    next_cell(l);
    if (v->has_surveyed) put_date(l, v->surveyed_utc_ms);
    next_cell(l);
    put_text(l, v->declared_by);
    next_cell(l);
    put_text(l, notes);
    rb_put_z(l->w, "\r\n");
    return RB_OK;
}
