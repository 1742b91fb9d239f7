/* UTM, UPS and MGRS as text (11.3, 11.4). A letter behind a UTM zone is a latitude band to some and
 * a hemisphere to others; "37S" is Syria to the one and the southern ocean to the other. */
#include "coord_int.h"

#define HALF_TILE (COORD_TILE_UM / 2)
#define ROWS 20 /* row letters come again every 2,000 km */

static bool is_zone(const struct coord_token *t) {
    return t->type == TOK_NUM && t->whole_n <= 2 && t->frac_n == 0;
}

static bool is_polar_letter(char c) {
    return c == 'A' || c == 'B' || c == 'Y' || c == 'Z';
}

static enum rb_err check_zone(const struct coord_token *t, struct rb_reject *rj) {
    if (t->whole >= 1 && t->whole <= 60) return RB_OK;
    return rb_coord_refuse(rj, "11.3.2", "zones are 1 to 60", t->at);
}

static enum rb_err other_format(struct rb_reject *rj) {
    return rb_coord_refuse(rj, "11.1.4", "not in the format that was named", 0);
}

/* the zone's letter, or NORTH, SOUTH: behind the zone, or first in the polar grids */
static const struct coord_token *letter_of(const struct coord_text *t) {
    if (is_zone(&t->tok[0]) && t->tok[1].type == TOK_WORD) return &t->tok[1];
    return &t->tok[0];
}

/* ---- UTM and UPS ---- */

/* easting, northing: two numbers, each perhaps with its unit; false where that is not what stands
 * there */
static bool two_numbers(const struct coord_token *k, const struct coord_token *found[2],
                        const struct coord_token **end) {
    for (size_t i = 0; i < 2; i++) {
        if (i == 1 && k->type == TOK_SEP) k++;
        if (k->type != TOK_NUM) return false;
        found[i] = k++;
        if (rb_coord_word_is(k, "M") || rb_coord_word_is(k, i == 0 ? "E" : "N") ||
            rb_coord_word_is(k, i == 0 ? "ME" : "MN"))
            k++;
    }
    *end = k;
    return true;
}

bool rb_coord_looks_utm(const struct coord_text *t) {
    const struct coord_token *k = letter_of(t), *number[2], *end;
    bool word = rb_coord_word_is(k, "NORTH") || rb_coord_word_is(k, "SOUTH");
    if (k->type != TOK_WORD || (k->word_n != 1 && !word)) return false;
    if (k == t->tok && !word && !is_polar_letter(k->word[0])) return false;
    if (!two_numbers(k + 1, number, &end)) return false;
    return number[0]->whole_n >= 5 || number[1]->whole_n >= 5;
}

/* in millionths of a metre; what is too large for the scale is too large for any grid */
static int64_t um_of(const struct coord_token *t) {
    if (t->whole > COORD_WHOLE_MAX) return INT64_MAX;
    return (int64_t)rb_coord_number(t, (uint64_t)COORD_UM);
}

static enum rb_err to_point(const struct rb_grid *g, uint64_t at, struct rb_point *out,
                            struct rb_reject *rj) {
    if (rb_grid_to_point(g, out) == RB_OK) return RB_OK;
    return rb_coord_refuse(rj, "11.3.5", "easting or northing outside of the grid", at);
}

/* is the point in the band, give or take the unit written? */
static bool in_band(struct rb_point p, int band, uint64_t half_unit_mm) {
    int64_t south, north, slack = (int64_t)(half_unit_mm * (uint64_t)RB_NANODEG / 110000000u) + 1;
    rb_coord_band_lats(band, &south, &north);
    return p.lat_nd >= south - slack && p.lat_nd <= north + slack;
}

static enum rb_err by_band(struct rb_grid g, int band, const struct coord_token *k,
                           struct rb_coord *out, struct rb_reject *rj) {
    g.north = band >= rb_coord_band('N');
    RB_TRY(to_point(&g, k->at, &out->point, rj));
    if (in_band(out->point, band, out->half_unit_mm)) return RB_OK;
    return rb_coord_refuse(rj, "11.3.4", "the northing is not in the latitude band that is named",
                           k->at);
}

static enum rb_err by_hemisphere(struct rb_grid g, bool north, const struct coord_token *k,
                                 struct rb_coord *out, struct rb_reject *rj) {
    g.north = north;
    return to_point(&g, k->at, &out->point, rj);
}

/* N and S, which can be either. Both readings of N are the same place, or one is none. */
static enum rb_err by_either(struct rb_grid g, const struct coord_token *k, struct rb_coord *out,
                             struct rb_reject *rj) {
    bool north = k->word[0] == 'N';
    struct rb_coord band = *out;
    struct rb_reject unused;
    bool can_be_band = by_band(g, rb_coord_band(k->word[0]), k, &band, &unused) == RB_OK;
    if (!north && can_be_band)
        return rb_coord_refuse(
            rj, "11.3.4",
            "S can be the southern hemisphere or latitude band S, 32 to 40 north: "
            "write south or north instead",
            k->at);
    RB_TRY(by_hemisphere(g, north, k, out, rj));
    if (!north) out->remarks |= RB_COORD_S_IS_SOUTH;
    return RB_OK;
}

static enum rb_err by_letter(struct rb_grid g, const struct coord_token *k,
                             enum rb_utm_letter meaning, struct rb_coord *out,
                             struct rb_reject *rj) {
    int band = rb_coord_band(k->word[0]);
    if (k->word_n > 1) return by_hemisphere(g, k->word[0] == 'N', k, out, rj);
    if (g.zone == 0) return by_hemisphere(g, k->word[0] > 'B', k, out, rj);
    if (band < 0) return rb_coord_refuse(rj, "11.3.4", "no such latitude band", k->at);
    if ((k->word[0] != 'N' && k->word[0] != 'S') || meaning == RB_UTM_BAND)
        return by_band(g, band, k, out, rj);
    if (meaning == RB_UTM_HEMISPHERE) return by_hemisphere(g, k->word[0] == 'N', k, out, rj);
    return by_either(g, k, out, rj);
}

/* A and Y are west of the pole's meridian, B and Z east of it */
static enum rb_err check_side(const struct coord_token *k, const struct rb_grid *g,
                              struct rb_reject *rj) {
    bool east = g->easting_um >= 2000000 * COORD_UM;
    if (g->zone != 0 || k->word_n > 1 || (k->word[0] == 'B' || k->word[0] == 'Z') == east)
        return RB_OK;
    return rb_coord_refuse(rj, "11.3.4", "the easting is not on the side that the letter names",
                           k->at);
}

enum rb_err rb_coord_read_utm(const struct coord_text *t, const struct rb_coord_hint *hint,
                              struct rb_coord *out, struct rb_reject *rj) {
    const struct coord_token *k = letter_of(t), *number[2], *end;
    struct rb_grid g = {0};
    if (hint->format != RB_COORD_ANY && hint->format != RB_COORD_UTM) return other_format(rj);
    if (k != t->tok) {
        RB_TRY(check_zone(&t->tok[0], rj));
        g.zone = (int)t->tok[0].whole;
    }
    if (!two_numbers(k + 1, number, &end))
        return rb_coord_refuse(rj, "11.3.3", "an easting and a northing are wanted", k->at);
    if (end->type != TOK_END)
        return rb_coord_refuse(rj, "11.1.1", "something that belongs to no place", end->at);
    unsigned coarser =
        number[0]->frac_n < number[1]->frac_n ? number[0]->frac_n : number[1]->frac_n;
    g.easting_um = um_of(number[0]);
    g.northing_um = um_of(number[1]);
    out->format = RB_COORD_UTM;
    out->zone = g.zone;
    out->half_unit_mm = rb_coord_half_unit(1000, 1, coarser);
    RB_TRY(check_side(k, &g, rj));
    RB_TRY(by_letter(g, k, hint->letter, out, rj));
    if (rb_grid_zone(out->point) != g.zone) out->remarks |= RB_COORD_OTHER_ZONE;
    return RB_OK;
}

/* ---- MGRS: letters ---- */

/* the columns' letters from an easting of 100 km on, by zone modulo 3 */
static const char *const columns[3] = {"STUVWXYZ", "ABCDEFGH", "JKLMNPQR"};
static const char rows[] = "ABCDEFGHJKLMNPQRSTUV";

struct polar {
    char letter;
    bool north;
    const char *columns; /* from column_km on, 100 km each */
    int column_100km;
    const char *rows;
    int row_100km;
};
static const struct polar polars[] = {
    {'A', false, "JKLPQRSTUXYZ", 8, "ABCDEFGHJKLMNPQRSTUVWXYZ", 8},
    {'B', false, "ABCFGHJKLPQR", 20, "ABCDEFGHJKLMNPQRSTUVWXYZ", 8},
    {'Y', true, "RSTUXYZ", 13, "ABCDEFGHJKLMNP", 13},
    {'Z', true, "ABCFGHJ", 20, "ABCDEFGHJKLMNP", 13},
};

/* even zones begin their rows at F, so that neighbours differ */
static int64_t row_shift(int zone) {
    return zone % 2 == 0 ? 5 : 0;
}

static int index_of(const char *letters, char c) {
    const char *at = c == 0 ? NULL : strchr(letters, c);
    return at == NULL ? -1 : (int)(at - letters);
}

struct mgrs {
    int zone; /* 0: polar */
    char letters[4];
    uint64_t at;     /* of the first letter */
    unsigned digits; /* of each axis */
    uint64_t e, n;
};

/* the square in millionths of a metre */
struct square {
    struct rb_grid corner; /* south-west */
    int64_t side_um;
};

static enum rb_err polar_tile(const struct mgrs *m, struct rb_grid *g, struct rb_reject *rj) {
    const struct polar *p = polars;
    while (p->letter != m->letters[0])
        p++;
    int column = index_of(p->columns, m->letters[1]), row = index_of(p->rows, m->letters[2]);
    if (column < 0 || row < 0)
        return rb_coord_refuse(rj, "11.4.1", "no square of 100 km has these letters", m->at);
    *g = (struct rb_grid){0, p->north, (p->column_100km + column) * COORD_TILE_UM,
                          (p->row_100km + row) * COORD_TILE_UM};
    return RB_OK;
}

/* the latitudes of a square that does not cross its zone's central meridian: no 100 km square, nor
 * any part of one, does, so that the extremes are at corners */
static void square_lats(const struct square *s, int64_t *south, int64_t *north) {
    *south = INT64_MAX;
    *north = INT64_MIN;
    for (int i = 0; i < 4; i++) {
        struct rb_grid g = s->corner;
        struct rb_point p;
        g.easting_um += i & 1 ? s->side_um - 1 : 0;
        g.northing_um += i & 2 ? s->side_um - 1 : 0;
        if (rb_grid_to_point(&g, &p) != RB_OK) continue;
        if (p.lat_nd < *south) *south = p.lat_nd;
        if (p.lat_nd > *north) *north = p.lat_nd;
    }
}

/* The outermost bands reach on to where the grid ends: the overlap with the polar grids. */
static bool touches_band(const struct square *s, int band) {
    int64_t south, north, from, to;
    rb_coord_band_lats(band, &from, &to);
    square_lats(s, &south, &north);
    return (north >= from || band == 0) && (south < to || band == 19);
}

/* the row that bears the letter and lies in the band: rows come again after more than twice what a
 * band is high, so there is one or none */
static enum rb_err utm_tile(const struct mgrs *m, int band, struct rb_grid *g,
                            struct rb_reject *rj) {
    int column = index_of(columns[m->zone % 3], m->letters[1]);
    int letter = index_of(rows, m->letters[2]);
    bool north = band >= rb_coord_band('N');
    if (column < 0)
        return rb_coord_refuse(rj, "11.4.1", "the zone has no column with this letter", m->at);
    if (letter < 0) return rb_coord_refuse(rj, "11.4.1", "no row has this letter", m->at);
    for (int64_t row = north ? 0 : 10; row < (north ? 95 : 100); row++) {
        if ((row + row_shift(m->zone)) % ROWS != letter) continue;
        struct square tile = {{m->zone, north, (column + 1) * COORD_TILE_UM, row * COORD_TILE_UM},
                              COORD_TILE_UM};
        if (!touches_band(&tile, band)) continue;
        *g = tile.corner;
        return RB_OK;
    }
    return rb_coord_refuse(rj, "11.4.4", "the band and the row letter contradict each other",
                           m->at);
}

/* ---- MGRS: text ---- */

static bool is_group(const struct coord_token *t, unsigned n) {
    return t->type == TOK_WORD && t->word_n == n;
}

bool rb_coord_looks_mgrs(const struct coord_text *t) {
    const struct coord_token *k = letter_of(t);
    if (!is_group(k, 3) && !(is_group(k, 1) && is_group(k + 1, 2))) return false;
    return k != t->tok || is_polar_letter(k->word[0]);
}

static enum rb_err take_letters(const struct coord_text *t, struct mgrs *m,
                                const struct coord_token **rest, struct rb_reject *rj) {
    const struct coord_token *k = letter_of(t);
    if (k != t->tok) {
        RB_TRY(check_zone(&t->tok[0], rj));
        m->zone = (int)t->tok[0].whole;
    }
    m->at = k->at;
    for (unsigned i = 0; i < 3; i++)
        m->letters[i] = k->word_n == 3 ? k->word[i] : i == 0 ? k->word[0] : k[1].word[i - 1];
    *rest = k->word_n == 3 ? k + 1 : k + 2;
    return RB_OK;
}

static enum rb_err take_digits(const struct coord_token *k, struct mgrs *m, struct rb_reject *rj) {
    const struct coord_token *a = k, *b = k + 1;
    if (a->type == TOK_END) return RB_OK; /* a whole square of 100 km */
    bool two = a->type == TOK_NUM && b->type == TOK_NUM;
    const struct coord_token *end = two ? b + 1 : b;
    if (a->type != TOK_NUM || end->type != TOK_END)
        return rb_coord_refuse(rj, "11.1.1", "something that belongs to no place",
                               a->type != TOK_NUM ? a->at : end->at);
    if (a->frac_n > 0 || (two && b->frac_n > 0))
        return rb_coord_refuse(rj, "11.4.2", "no decimal mark here", a->at);
    if (two ? a->whole_n != b->whole_n : a->whole_n % 2 != 0)
        return rb_coord_refuse(rj, "11.4.2", "as many digits for the northing as for the easting",
                               a->at);
    m->digits = two ? a->whole_n : a->whole_n / 2;
    if (m->digits > 5) return rb_coord_refuse(rj, "11.4.2", "at most five digits each", a->at);
    uint64_t unit = rb_coord_pow10(m->digits);
    m->e = two ? a->whole : a->whole / unit;
    m->n = two ? b->whole : a->whole % unit;
    return RB_OK;
}

/* what to point out about a square: is any part of it in its zone, in its band? */
static unsigned square_remarks(const struct square *s, struct rb_point centre, int band) {
    bool in_zone = rb_grid_zone(centre) == s->corner.zone;
    for (int i = 0; i < 4 && !in_zone; i++) {
        struct rb_grid g = s->corner;
        struct rb_point p;
        g.easting_um += i & 1 ? s->side_um - 1 : 0;
        g.northing_um += i & 2 ? s->side_um - 1 : 0;
        in_zone = rb_grid_to_point(&g, &p) == RB_OK && rb_grid_zone(p) == g.zone;
    }
    bool in_band = s->corner.zone == 0 || touches_band(s, band);
    return (in_zone ? 0 : RB_COORD_OTHER_ZONE) | (in_band ? 0 : RB_COORD_OTHER_BAND);
}

static enum rb_err mgrs_square(const struct mgrs *m, int band, struct square *s,
                               struct rb_reject *rj) {
    if (m->zone == 0)
        RB_TRY(polar_tile(m, &s->corner, rj));
    else
        RB_TRY(utm_tile(m, band, &s->corner, rj));
    s->side_um = COORD_TILE_UM / (int64_t)rb_coord_pow10(m->digits);
    s->corner.easting_um += (int64_t)m->e * s->side_um;
    s->corner.northing_um += (int64_t)m->n * s->side_um;
    return RB_OK;
}

enum rb_err rb_coord_read_mgrs(const struct coord_text *t, const struct rb_coord_hint *hint,
                               struct rb_coord *out, struct rb_reject *rj) {
    struct mgrs m = {0};
    struct square s = {0};
    const struct coord_token *rest;
    if (hint->format != RB_COORD_ANY && hint->format != RB_COORD_MGRS &&
        hint->format != RB_COORD_MGRS_SPACED)
        return other_format(rj);
    RB_TRY(take_letters(t, &m, &rest, rj));
    int band = rb_coord_band(m.letters[0]);
    if (m.zone > 0 && band < 0) return rb_coord_refuse(rj, "11.4.1", "no such latitude band", m.at);
    RB_TRY(take_digits(rest, &m, rj));
    RB_TRY(mgrs_square(&m, band, &s, rj));
    struct rb_grid centre = s.corner;
    centre.easting_um += s.side_um / 2;
    centre.northing_um += s.side_um / 2;
    RB_TRY(to_point(&centre, m.at, &out->point, rj));
    out->format = RB_COORD_MGRS;
    out->zone = m.zone;
    out->square_mm = (uint64_t)s.side_um / 1000;
    out->half_unit_mm = out->square_mm / 2;
    out->remarks = square_remarks(&s, out->point, band);
    return RB_OK;
}

/* ---- writing ---- */

static enum rb_err grid_of(struct rb_point p, int zone, struct rb_grid *g) {
    return rb_grid_from_point(p, zone == RB_ZONE_STANDARD ? rb_grid_zone(p) : zone, g);
}

enum rb_err rb_coord_put_utm(struct rb_writer *w, struct rb_point p, unsigned digits, int zone) {
    struct rb_grid g;
    if (digits > 3) return RB_ERR_USAGE;
    RB_TRY(grid_of(p, zone, &g));
    uint64_t unit = rb_coord_pow10(6 - digits);
    if (g.zone > 0) rb_coord_put_padded(w, (uint64_t)g.zone, 2);
    rb_put_z(w, g.north ? "north " : "south ");
    rb_coord_put_fixed(w, (uint64_t)rb_coord_divide((coord_wide)g.easting_um, unit), digits, 1);
    rb_put_u8(w, ' ');
    rb_coord_put_fixed(w, (uint64_t)rb_coord_divide((coord_wide)g.northing_um, unit), digits, 1);
    return RB_OK;
}

/* RB_ERR_USAGE at the eastern and northern edge of the grid, where no square begins */
static enum rb_err grid_letters(const struct rb_grid *g, struct rb_point p, char out[3]) {
    int64_t column = g->easting_um / COORD_TILE_UM, row = g->northing_um / COORD_TILE_UM;
    if (g->zone == 0) {
        const struct polar *k = &polars[(g->north ? 2 : 0) + (column >= 20 ? 1 : 0)];
        column -= k->column_100km;
        row -= k->row_100km;
        if (column >= (int64_t)strlen(k->columns) || row >= (int64_t)strlen(k->rows))
            return RB_ERR_USAGE;
        out[0] = k->letter;
        out[1] = k->columns[column];
        out[2] = k->rows[row];
        return RB_OK;
    }
    if (column > 8 || row >= (g->north ? 95 : 100)) return RB_ERR_USAGE;
    out[0] = rb_coord_band_letter(p.lat_nd);
    out[1] = columns[g->zone % 3][column - 1];
    out[2] = rows[(row + row_shift(g->zone)) % ROWS];
    return RB_OK;
}

enum rb_err rb_coord_put_mgrs(struct rb_writer *w, struct rb_point p, unsigned digits, int zone,
                              bool spaced) {
    struct rb_grid g;
    char letters[3];
    if (digits > 5) return RB_ERR_USAGE;
    RB_TRY(grid_of(p, zone, &g));
    RB_TRY(grid_letters(&g, p, letters));
    uint64_t side = (uint64_t)COORD_TILE_UM / rb_coord_pow10(digits);
    if (g.zone > 0) rb_coord_put_padded(w, (uint64_t)g.zone, 2);
    rb_put(w, letters, 1);
    if (spaced) rb_put_u8(w, ' ');
    rb_put(w, letters + 1, 2);
    if (digits == 0) return RB_OK;
    if (spaced) rb_put_u8(w, ' ');
    rb_coord_put_padded(w, (uint64_t)(g.easting_um % COORD_TILE_UM) / side, digits);
    if (spaced) rb_put_u8(w, ' ');
    rb_coord_put_padded(w, (uint64_t)(g.northing_um % COORD_TILE_UM) / side, digits);
    return RB_OK;
}
