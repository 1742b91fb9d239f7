/* Heights and lengths with their units, exactly (11.6, 11.7), and a distance with a bearing in
 * pieces that any language can put into words (11.8). */
#include <assert.h>
#include "coord_int.h"

#define HEIGHT_MAX_MM 1000000000ll             /* 1,000 km */
#define LENGTH_MAX_MM (100000ull * 1000000ull) /* 100,000 km */
#define LEVEL_MAX 999ll
#define TENTHS 10u /* of a millimetre: a foot is 3,048 of them */

static const struct {
    const char *word, *put;
    enum rb_unit unit;
    uint64_t tenths;
} units[] = {
    {"M", "m", RB_UNIT_M, 10000},       {"FT", "ft", RB_UNIT_FT, 3048},
    {"KM", "km", RB_UNIT_KM, 10000000}, {"NM", "nm", RB_UNIT_NM, 18520000},
    {"MM", "mm", RB_UNIT_MM, TENTHS},   {"NMI", "nm", RB_UNIT_NM, 18520000},
};
#define UNITS (sizeof units / sizeof *units)

static size_t unit_row(enum rb_unit unit) {
    size_t i = 0;
    while (i < UNITS && units[i].unit != unit)
        i++;
    return i;
}

/* ---- a number and its unit ---- */

/* "3,000 ft" is three thousand to one and three to another */
static enum rb_err plain_number(const struct coord_token *t, struct rb_reject *rj) {
    if (t->type != TOK_NUM) return rb_coord_refuse(rj, "11.6.1", "a number is missing", t->at);
    if (t->comma && t->frac_n == 3)
        return rb_coord_refuse(rj, "11.1.5",
                               "the comma can be a decimal mark or part thousands: leave "
                               "it out, or use a point",
                               t->at);
    return RB_OK;
}

/* t: the number, t + 1: the unit; at most `most` mm */
static enum rb_err quantity(const struct coord_token *t, uint64_t most, uint64_t *mm,
                            uint64_t *half_unit_mm, enum rb_unit *unit, struct rb_reject *rj) {
    RB_TRY(plain_number(t, rj));
    for (size_t i = 0; i < UNITS; i++) {
        if (!rb_coord_word_is(t + 1, units[i].word)) continue;
        /* no unit is below a millimetre; and with a fraction it fits 128 bits then */
        if (t->whole > most) return rb_coord_refuse(rj, "11.6.2", "out of range", t->at);
        coord_wide scale = (coord_wide)rb_coord_pow10(t->frac_n);
        coord_wide n = ((coord_wide)t->whole * (uint64_t)scale + t->frac) * units[i].tenths;
        if (n > (coord_wide)most * TENTHS * scale)
            return rb_coord_refuse(rj, "11.6.2", "out of range", t->at);
        *mm = (uint64_t)rb_coord_divide(n, scale * TENTHS);
        *half_unit_mm = rb_coord_half_unit(units[i].tenths, TENTHS, t->frac_n);
        *unit = units[i].unit;
        return RB_OK;
    }
    if (t[1].type == TOK_WORD)
        return rb_coord_refuse(rj, "11.6.1", "not a unit: m, km, ft, nm or mm is one", t[1].at);
    return rb_coord_refuse(rj, "11.6.1", "the unit is missing", t[1].at);
}

static enum rb_err at_end(const struct coord_token *t, struct rb_reject *rj) {
    if (t->type == TOK_END) return RB_OK;
    return rb_coord_refuse(rj, "11.1.1", "something that belongs to no number", t->at);
}

/* ---- heights ---- */

static enum rb_err take_datum(const struct coord_token **t, const enum rb_datum *if_none,
                              enum rb_datum *out, struct rb_reject *rj) {
    static const struct {
        const char *word;
        enum rb_datum datum;
    } names[] = {{"AMSL", RB_DATUM_AMSL},
                 {"MSL", RB_DATUM_AMSL},
                 {"AGL", RB_DATUM_AGL},
                 {"HAE", RB_DATUM_WGS84}};
    const struct coord_token *k = *t;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!rb_coord_word_is(k, names[i].word)) continue;
        *out = names[i].datum;
        *t = k + 1;
        return RB_OK;
    }
    if (rb_coord_word_is(k, "WGS") && k[1].type == TOK_NUM && k[1].whole == 84 &&
        k[1].whole_n == 2 && k[1].frac_n == 0) {
        *out = RB_DATUM_WGS84;
        *t = k + 2;
        return RB_OK;
    }
    if (k->type == TOK_WORD)
        return rb_coord_refuse(rj, "11.6.3", "not a datum: amsl, agl or wgs84 is one", k->at);
    if (if_none == NULL)
        return rb_coord_refuse(rj, "11.6.3", "what is it counted from: amsl, agl or wgs84?", k->at);
    *out = *if_none;
    return RB_OK;
}

static enum rb_err flight_level(const struct coord_token *t, struct rb_height *out,
                                struct rb_reject *rj) {
    if (t[1].type != TOK_NUM || t[1].whole_n > 3 || t[1].frac_n > 0)
        return rb_coord_refuse(rj, "11.6.4", "a flight level has one to three digits", t[1].at);
    RB_TRY(at_end(t + 2, rj));
    *out = (struct rb_height){{false, (int64_t)t[1].whole * 1000, RB_DATUM_FL}, RB_UNIT_FL, 0};
    return RB_OK;
}

static enum rb_err measured(const struct coord_token *t, const enum rb_datum *if_none,
                            struct rb_height *out, struct rb_reject *rj) {
    struct rb_height h = {0};
    uint64_t mm = 0;
    bool minus = t->type == TOK_DASH, sign = minus || t->type == TOK_PLUS;
    if (sign && t[1].spaced)
        return rb_coord_refuse(rj, "11.6.1", "a sign without its number", t->at);
    if (sign) t++;
    RB_TRY(quantity(t, (uint64_t)HEIGHT_MAX_MM, &mm, &h.half_unit_mm, &h.unit, rj));
    if (h.unit != RB_UNIT_M && h.unit != RB_UNIT_FT)
        return rb_coord_refuse(rj, "11.6.1", "heights are in m or ft", t[1].at);
    t += 2;
    RB_TRY(take_datum(&t, if_none, &h.limit.datum, rj));
    if (h.limit.datum == RB_DATUM_FL)
        return rb_coord_refuse(rj, "11.6.4", "a flight level is written as FL250", t->at);
    RB_TRY(at_end(t, rj));
    h.limit.mm = minus ? -(int64_t)mm : (int64_t)mm;
    *out = h;
    return RB_OK;
}

enum rb_err rb_height_read(struct rb_slice text, const enum rb_datum *datum_if_none,
                           struct rb_height *out, struct rb_reject *rj) {
    struct coord_text c;
    RB_TRY(rb_coord_cut(text, true, &c, rj));
    const struct coord_token *t = c.tok;
    if (rb_coord_word_is(t, "FL")) return flight_level(t, out, rj);
    if (rb_coord_word_is(t, "SFC") || rb_coord_word_is(t, "GND")) {
        RB_TRY(at_end(t + 1, rj));
        *out = (struct rb_height){.limit = {false, 0, RB_DATUM_AGL}, .unit = RB_UNIT_M};
        return RB_OK;
    }
    if (rb_coord_word_is(t, "UNL")) {
        RB_TRY(at_end(t + 1, rj));
        *out = (struct rb_height){.limit = {.open = true}, .unit = RB_UNIT_M};
        return RB_OK;
    }
    return measured(t, datum_if_none, out, rj);
}

/* ---- lengths ---- */

enum rb_err rb_length_read(struct rb_slice text, struct rb_length *out, struct rb_reject *rj) {
    struct coord_text c;
    struct rb_length n;
    RB_TRY(rb_coord_cut(text, true, &c, rj));
    RB_TRY(quantity(c.tok, LENGTH_MAX_MM, &n.mm, &n.half_unit_mm, &n.unit, rj));
    RB_TRY(at_end(&c.tok[2], rj));
    *out = n;
    return RB_OK;
}

/* ---- writing ---- */

static coord_wide in_units(uint64_t mm, uint64_t tenths, unsigned digits) {
    return rb_coord_divide((coord_wide)mm * TENTHS * rb_coord_pow10(digits), tenths);
}

/* as few digits as read back to the same millimetre */
static unsigned shortest(uint64_t mm, uint64_t tenths, unsigned most) {
    unsigned d = 0;
    while (d < most && rb_coord_divide(in_units(mm, tenths, d) * tenths,
                                       (coord_wide)TENTHS * rb_coord_pow10(d)) != mm)
        d++;
    return d;
}

static enum rb_err put_quantity(struct rb_writer *w, uint64_t mm, bool minus, enum rb_unit unit,
                                unsigned digits, unsigned most) {
    size_t row = unit_row(unit);
    if (row == UNITS || (digits > most && digits != RB_DIGITS_SHORTEST)) return RB_ERR_USAGE;
    uint64_t tenths = units[row].tenths;
    if (digits == RB_DIGITS_SHORTEST) digits = shortest(mm, tenths, most);
    coord_wide q = in_units(mm, tenths, digits);
    if (q > UINT64_MAX) return RB_ERR_USAGE;
    if (minus && q > 0) rb_put_u8(w, '-');
    rb_coord_put_fixed(w, (uint64_t)q, digits, 1);
    rb_put_z(w, units[row].put);
    return RB_OK;
}

enum rb_err rb_height_put(struct rb_writer *w, const struct rb_alt_limit *limit, enum rb_unit unit,
                          unsigned digits) {
    static const char *const names[] = {
        [RB_DATUM_WGS84] = " wgs84", [RB_DATUM_AMSL] = " amsl", [RB_DATUM_AGL] = " agl"};
    if (limit->open) {
        rb_put_z(w, "UNL");
        return RB_OK;
    }
    if (limit->datum == RB_DATUM_FL) {
        if (limit->mm < 0 || limit->mm > LEVEL_MAX * 1000 || limit->mm % 1000 != 0)
            return RB_ERR_USAGE;
        rb_put_z(w, "FL");
        rb_coord_put_padded(w, (uint64_t)limit->mm / 1000, 3);
        return RB_OK;
    }
    if ((unsigned)limit->datum > RB_DATUM_AGL || (unit != RB_UNIT_M && unit != RB_UNIT_FT))
        return RB_ERR_USAGE;
    uint64_t mm = limit->mm < 0 ? 0 - (uint64_t)limit->mm : (uint64_t)limit->mm;
    RB_TRY(put_quantity(w, mm, limit->mm < 0, unit, digits, 3));
    rb_put_z(w, names[limit->datum]);
    return RB_OK;
}

enum rb_err rb_length_put(struct rb_writer *w, uint64_t mm, enum rb_unit unit, unsigned digits) {
    return put_quantity(w, mm, false, unit, digits, 7);
}

/* ---- distance and bearing ---- */

struct rb_bearing_words rb_bearing_words(uint64_t distance_mm, int64_t azimuth_nd) {
    /* up to which distance, in what steps: nobody reads 4,213 m as more than 4.2 km */
    static const struct {
        uint64_t below_mm, step_mm, per_step;
        unsigned decimals;
        enum rb_unit unit;
    } steps[] = {
        {99500, 1000, 1, 0, RB_UNIT_M},
        {995000, 10000, 10, 0, RB_UNIT_M},
        {9950000, 100000, 1, 1, RB_UNIT_KM},
        {99500000, 1000000, 1, 0, RB_UNIT_KM},
        {UINT64_MAX, 10000000, 10, 0, RB_UNIT_KM},
    };
    const int64_t turn = 360 * RB_NANODEG, wind = turn / 16;
    size_t i = 0;
    while (distance_mm >= steps[i].below_mm && i + 1 < sizeof steps / sizeof *steps)
        i++;
    int64_t a = azimuth_nd % turn;
    if (a < 0) a += turn;
    return (struct rb_bearing_words){
        .value = (uint64_t)rb_coord_divide(distance_mm, steps[i].step_mm) * steps[i].per_step,
        .decimals = steps[i].decimals,
        .unit = steps[i].unit,
        .wind = (unsigned)((a + wind / 2) / wind % 16),
    };
}

const char *rb_wind_name(unsigned wind) {
    static const char *const names[16] = {"N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE",
                                          "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"};
    assert(wind < 16);
    return names[wind];
}
