/* One place, read in whichever format it is written, and written in the one that is asked for
 * (11.1, 11.5). Degrees are written here; the grids in coord_grid.c. */
#include "coord_int.h"

#define LAT_MAX_ND (90 * RB_NANODEG)
#define LON_MAX_ND (180 * RB_NANODEG)

/* ---- reading ---- */

static const char twice[] = "commas can be decimal marks or dividers here: use points, or blanks "
                            "between the numbers";

bool rb_coord_ambiguous(const struct rb_reject *rj) {
    if (rj->err != RB_ERR_MALFORMED || rj->clause == NULL || rj->what == NULL) return false;
    if (strcmp(rj->clause, "11.1.5") == 0) return true;
    return strcmp(rj->clause, "11.3.4") == 0 && strncmp(rj->what, "S can be ", 9) == 0;
}

static enum rb_err read_cut(const struct coord_text *t, const struct rb_coord_hint *hint,
                            struct rb_coord *out, struct rb_reject *rj) {
    *out = (struct rb_coord){0};
    if (rb_coord_looks_mgrs(t)) return rb_coord_read_mgrs(t, hint, out, rj);
    if (rb_coord_looks_utm(t)) return rb_coord_read_utm(t, hint, out, rj);
    return rb_coord_read_angles(t, hint, out, rj);
}

static enum rb_err read_once(struct rb_slice text, bool decimal_comma,
                             const struct rb_coord_hint *hint, struct coord_text *t,
                             struct rb_coord *out, struct rb_reject *rj) {
    RB_TRY(rb_coord_cut(text, decimal_comma, t, rj));
    return read_cut(t, hint, out, rj);
}

/* Commas between digits are tried as decimal marks and as dividers. One reading that holds is the
 * reading; two that differ are asked about. */
static enum rb_err read_commas(struct rb_slice text, const struct rb_coord_hint *hint,
                               const struct coord_text *divided, struct rb_coord *out,
                               struct rb_reject *rj) {
    struct coord_text t;
    struct rb_coord a, b;
    struct rb_reject rja = {0}, rjb = {0};
    enum rb_err ea = read_once(text, true, hint, &t, &a, &rja);
    if (rja.clause != NULL && strcmp(rja.clause, "11.1.5") == 0) {
        if (rj != NULL) *rj = rja;
        return ea;
    }
    enum rb_err eb = read_cut(divided, hint, &b, &rjb);
    if (ea == RB_OK && eb == RB_OK &&
        (a.point.lat_nd != b.point.lat_nd || a.point.lon_nd != b.point.lon_nd))
        return rb_coord_refuse(rj, "11.1.5", twice, divided->comma_at);
    if (ea == RB_OK) {
        *out = a;
        return RB_OK;
    }
    *out = b;
    /* with one comma it was a divider, if anything */
    if (eb != RB_OK && rj != NULL) *rj = divided->tight_commas > 1 ? rja : rjb;
    return eb;
}

enum rb_err rb_coord_read(struct rb_slice text, const struct rb_coord_hint *hint,
                          struct rb_coord *out, struct rb_reject *rj) {
    static const struct rb_coord_hint none = {RB_COORD_ANY, RB_UTM_ASK};
    struct coord_text t;
    struct rb_coord c;
    if (hint == NULL) hint = &none;
    RB_TRY(rb_coord_cut(text, false, &t, rj));
    if (t.tight_commas > 0 && !t.dotted)
        RB_TRY(read_commas(text, hint, &t, &c, rj));
    else
        RB_TRY(read_cut(&t, hint, &c, rj));
    /* half the diagonal of a square with twice the half unit as its side */
    c.reach_mm = (c.half_unit_mm * 141422 + 99999) / 100000;
    *out = c;
    return RB_OK;
}

/* ---- writing ---- */

/* the most digits that say more: with these every 1e-9 degree is exact */
static const unsigned most_digits[] = {
    [RB_COORD_DEG] = 9,      [RB_COORD_DM] = 8,  [RB_COORD_DMS] = 7,  [RB_COORD_ICAO_DM] = 8,
    [RB_COORD_ICAO_DMS] = 7, [RB_COORD_UTM] = 3, [RB_COORD_MGRS] = 5, [RB_COORD_MGRS_SPACED] = 5,
};

static uint64_t magnitude(int64_t v) {
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

/* the angle in units of 10^-digits of a degree, minute or second */
static uint64_t in_units(int64_t nd, uint64_t per_degree, unsigned digits) {
    coord_wide n = (coord_wide)magnitude(nd) * per_degree * rb_coord_pow10(digits);
    return (uint64_t)rb_coord_divide(n, (coord_wide)RB_NANODEG);
}

static void put_degrees(struct rb_writer *w, int64_t nd, unsigned digits) {
    uint64_t q = in_units(nd, 1, digits);
    if (nd < 0 && q > 0) rb_put_u8(w, '-');
    rb_coord_put_fixed(w, q, digits, 1);
}

/* letters: positive, negative; gap: between degrees, minutes and seconds, or "" */
static void put_sexagesimal(struct rb_writer *w, int64_t nd, bool seconds, unsigned digits,
                            const char *gap, unsigned width, const char letters[2]) {
    uint64_t q = in_units(nd, seconds ? 3600 : 60, digits), minute = 60 * rb_coord_pow10(digits);
    uint64_t degree = seconds ? 60 * minute : minute;
    rb_coord_put_padded(w, q / degree, width);
    rb_put_z(w, gap);
    if (seconds) {
        rb_coord_put_padded(w, q % degree / minute, 2);
        rb_put_z(w, gap);
    }
    rb_coord_put_fixed(w, q % minute, digits, 2);
    rb_put(w, &letters[nd < 0 && q > 0], 1);
}

static void put_pair(struct rb_writer *w, struct rb_point p, bool seconds, unsigned digits,
                     const char *gap) {
    put_sexagesimal(w, p.lat_nd, seconds, digits, gap, 2, "NS");
    rb_put_z(w, gap);
    put_sexagesimal(w, p.lon_nd, seconds, digits, gap, 3, "EW");
}

enum rb_err rb_coord_put(struct rb_writer *w, struct rb_point p, enum rb_coord_format format,
                         unsigned digits, int zone) {
    if (format < RB_COORD_DEG || format > RB_COORD_MGRS_SPACED || digits > most_digits[format])
        return RB_ERR_USAGE;
    if (magnitude(p.lat_nd) > LAT_MAX_ND || magnitude(p.lon_nd) > LON_MAX_ND) return RB_ERR_USAGE;
    switch (format) {
    case RB_COORD_DEG:
        put_degrees(w, p.lat_nd, digits);
        rb_put_z(w, ", ");
        put_degrees(w, p.lon_nd, digits);
        return RB_OK;
    case RB_COORD_DM:
    case RB_COORD_DMS:
        put_pair(w, p, format == RB_COORD_DMS, digits, " ");
        return RB_OK;
    case RB_COORD_ICAO_DM:
    case RB_COORD_ICAO_DMS:
        put_pair(w, p, format == RB_COORD_ICAO_DMS, digits, "");
        return RB_OK;
    case RB_COORD_UTM:
        return rb_coord_put_utm(w, p, digits, zone);
    case RB_COORD_MGRS:
    case RB_COORD_MGRS_SPACED:
        return rb_coord_put_mgrs(w, p, digits, zone, format == RB_COORD_MGRS_SPACED);
    case RB_COORD_ANY:
        break;
    }
    return RB_ERR_USAGE;
}

/* mm of one unit without digits, rounded up */
static uint64_t unit_of(enum rb_coord_format format) {
    switch (format) {
    case RB_COORD_DEG:
        return COORD_DEGREE_MM;
    case RB_COORD_DM:
    case RB_COORD_ICAO_DM:
        return (COORD_DEGREE_MM + 59) / 60;
    case RB_COORD_DMS:
    case RB_COORD_ICAO_DMS:
        return (COORD_DEGREE_MM + 3599) / 3600;
    case RB_COORD_UTM:
        return 1000;
    case RB_COORD_MGRS:
    case RB_COORD_MGRS_SPACED:
        return 100000000;
    case RB_COORD_ANY:
        break;
    }
    return 0;
}

unsigned rb_coord_digits(enum rb_coord_format format, uint64_t unit_mm) {
    if (format < RB_COORD_DEG || format > RB_COORD_MGRS_SPACED) return 0;
    uint64_t unit = unit_of(format);
    unsigned digits = 0;
    while (unit > unit_mm && digits < most_digits[format]) {
        unit = (unit + 9) / 10;
        digits++;
    }
    return digits;
}
