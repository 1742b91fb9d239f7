/* Latitude and longitude as degrees, minutes and seconds in their many spellings, and packed as in
 * flight plans (11.2). The text is first parted into two halves, then each half is read by one
 * strict grammar: letter? sign? degrees [minutes [seconds]] letter?. */
#include "coord_int.h"

#define LAT_MAX_ND (90 * RB_NANODEG)
#define LON_MAX_ND (180 * RB_NANODEG)

struct half {
    const struct coord_token *at, *end;
    char letter;      /* N, S, E, W or 0 */
    bool sign, minus; /* a sign stands there */
    uint64_t sign_at, letter_at;
    const struct coord_token *part[3];
    unsigned parts;
    bool marked; /* with degree signs or primes */
    enum rb_coord_format format;
    int64_t nd;
    uint64_t half_unit_mm;
};

static char hemisphere(const struct coord_token *t) {
    static const struct {
        const char *word;
        char letter;
    } words[] = {{"N", 'N'},     {"S", 'S'},     {"E", 'E'},    {"W", 'W'},
                 {"NORTH", 'N'}, {"SOUTH", 'S'}, {"EAST", 'E'}, {"WEST", 'W'}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (rb_coord_word_is(t, words[i].word)) return words[i].letter;
    return 0;
}

static bool is_latitude(char letter) {
    return letter == 'N' || letter == 'S';
}

static bool is_sign(const struct coord_token *t) {
    return t->type == TOK_DASH || t->type == TOK_PLUS;
}

/* ---- where the second half begins ---- */

static size_t next_of(const struct coord_text *t, size_t from, enum coord_tok type) {
    while (from < t->n && t->tok[from].type != type)
        from++;
    return from;
}

static enum rb_err split_by_letters(const struct coord_text *t, size_t first, size_t *second,
                                    struct rb_reject *rj) {
    size_t other = next_of(t, first + 1, TOK_WORD);
    if (other == t->n)
        return rb_coord_refuse(rj, "11.2.4", "a letter for one of the two numbers only",
                               t->tok[first].at);
    *second = first == 0 ? other : first + 1;
    return RB_OK;
}

/* the number before the second degree sign, with its sign */
static size_t split_by_marks(const struct coord_text *t) {
    size_t mark = next_of(t, next_of(t, 0, TOK_DEG) + 1, TOK_DEG);
    if (mark >= t->n || mark < 2) return t->n;
    return is_sign(&t->tok[mark - 2]) ? mark - 2 : mark - 1;
}

static size_t split_by_sign(const struct coord_text *t) {
    for (size_t i = 1; i < t->n; i++)
        if (is_sign(&t->tok[i]) && t->tok[i].spaced && !t->tok[i + 1].spaced) return i;
    return t->n;
}

static enum rb_err split_bare(const struct coord_text *t, size_t *second, struct rb_reject *rj) {
    size_t numbers = 0, last = 0;
    *second = split_by_marks(t);
    if (*second == t->n) *second = split_by_sign(t);
    if (*second < t->n) return RB_OK;
    for (size_t i = 0; i < t->n; i++) {
        if (t->tok[i].type != TOK_NUM) continue;
        numbers++;
        last = i;
    }
    if (numbers == 4 || numbers == 6)
        return rb_coord_refuse(rj, "11.2.4", "minutes need a letter: N or S, E or W",
                               t->tok[t->n].at);
    if (numbers != 2)
        return rb_coord_refuse(rj, "11.2.1", "a latitude and a longitude are wanted",
                               t->tok[t->n].at);
    *second = last;
    return RB_OK;
}

static enum rb_err split(const struct coord_text *t, struct half h[2], struct rb_reject *rj) {
    size_t sep = next_of(t, 0, TOK_SEP), word = next_of(t, 0, TOK_WORD), second = sep;
    size_t again = sep < t->n ? next_of(t, sep + 1, TOK_SEP) : t->n;
    if (again < t->n)
        return rb_coord_refuse(rj, "11.2.1", "more than one divider", t->tok[again].at);
    if (sep == t->n) {
        if (word < t->n)
            RB_TRY(split_by_letters(t, word, &second, rj));
        else
            RB_TRY(split_bare(t, &second, rj));
    }
    h[0] = (struct half){.at = t->tok, .end = &t->tok[second]};
    h[1] = (struct half){.at = &t->tok[sep < t->n ? sep + 1 : second], .end = &t->tok[t->n]};
    return RB_OK;
}

/* ---- one half ---- */

static enum rb_err take_letter(struct half *h, struct rb_reject *rj) {
    if (h->at == h->end || h->at->type != TOK_WORD) return RB_OK;
    char c = hemisphere(h->at);
    if (c == 0) return rb_coord_refuse(rj, "11.1.2", "a word that has no meaning here", h->at->at);
    if (h->letter != 0)
        return rb_coord_refuse(rj, "11.2.4", "two letters for one number", h->at->at);
    h->letter = c;
    h->letter_at = h->at->at;
    h->at++;
    return RB_OK;
}

static enum rb_err take_sign(struct half *h, struct rb_reject *rj) {
    if (h->at == h->end || !is_sign(h->at)) return RB_OK;
    if (h->at + 1 == h->end || h->at[1].type != TOK_NUM || h->at[1].spaced)
        return rb_coord_refuse(rj, "11.2.1", "a sign without its number", h->at->at);
    h->sign = true;
    h->minus = h->at->type == TOK_DASH;
    h->sign_at = h->at->at;
    h->at++;
    return RB_OK;
}

/* "35-07", "35:07" */
static bool take_join(struct half *h) {
    const struct coord_token *t = h->at;
    if (t == h->end || (t->type != TOK_DASH && t->type != TOK_COLON)) return false;
    if (t->spaced || t + 1 == h->end || t[1].type != TOK_NUM || t[1].spaced) return false;
    h->at++;
    return true;
}

static enum rb_err take_parts(struct half *h, struct rb_reject *rj) {
    static const enum coord_tok marks[] = {TOK_DEG, TOK_MIN, TOK_SEC};
    while (h->at != h->end && h->at->type == TOK_NUM && h->parts < 3) {
        h->part[h->parts++] = h->at++;
        if (h->at != h->end && h->at->type == marks[h->parts - 1]) {
            h->marked = true;
            h->at++;
        } else if (h->parts < 3 && take_join(h)) {
            continue;
        }
    }
    if (h->parts == 0) return rb_coord_refuse(rj, "11.2.1", "a number is missing", h->at->at);
    return RB_OK;
}

static enum rb_err take_half(struct half *h, struct rb_reject *rj) {
    RB_TRY(take_letter(h, rj));
    RB_TRY(take_sign(h, rj));
    RB_TRY(take_parts(h, rj));
    RB_TRY(take_letter(h, rj));
    if (h->at != h->end)
        return rb_coord_refuse(rj, "11.1.1", "something that belongs to no place", h->at->at);
    if (h->letter != 0 && h->sign)
        return rb_coord_refuse(rj, "11.2.4", "a sign and a letter for one number", h->sign_at);
    return RB_OK;
}

/* ---- its value ---- */

static enum rb_err below_60(uint64_t v, const char *what, uint64_t at, struct rb_reject *rj) {
    return v < 60 ? RB_OK : rb_coord_refuse(rj, "11.2.3", what, at);
}

static const char minutes_60[] = "minutes are below 60", seconds_60[] = "seconds are below 60";

/* v: degrees, minutes, seconds, as many as parts; the fraction belongs to the last */
static void value(struct half *h, const uint64_t v[3], unsigned parts,
                  const struct coord_token *last) {
    static const uint64_t per[] = {1, 60, 3600};
    uint64_t unit = rb_coord_pow10(last->frac_n), whole = 0;
    for (unsigned i = 0; i < parts; i++)
        whole = whole * (i == 0 ? 1 : 60) + v[i];
    coord_wide n = ((coord_wide)whole * unit + last->frac) * (uint64_t)RB_NANODEG;
    h->nd = (int64_t)rb_coord_divide(n, (coord_wide)per[parts - 1] * unit);
    h->half_unit_mm = rb_coord_half_unit(COORD_DEGREE_MM, per[parts - 1], last->frac_n);
}

/* "4830N", "0092000.5E": the digits are counted, so that nothing is guessed */
static enum rb_err packed(struct half *h, struct rb_reject *rj) {
    const struct coord_token *t = h->part[0];
    if (h->marked || h->sign)
        return rb_coord_refuse(rj, "11.2.1", "degrees have at most three digits", t->at);
    if (h->letter == 0)
        return rb_coord_refuse(rj, "11.2.4", "a letter is missing: N or S, E or W", t->at);
    unsigned n = t->whole_n - (is_latitude(h->letter) ? 0 : 1);
    if (n != 4 && n != 6)
        return rb_coord_refuse(rj, "11.2.7",
                               "latitudes have 4 or 6 digits before the point, longitudes 5 or 7",
                               t->at);
    uint64_t v[3] = {t->whole / 100, t->whole % 100, 0};
    if (n == 6) {
        v[0] = t->whole / 10000;
        v[1] = t->whole / 100 % 100;
        v[2] = t->whole % 100;
    }
    RB_TRY(below_60(v[1], minutes_60, t->at, rj));
    RB_TRY(below_60(v[2], seconds_60, t->at, rj));
    value(h, v, n / 2, t);
    h->format = n == 4 ? RB_COORD_ICAO_DM : RB_COORD_ICAO_DMS;
    return RB_OK;
}

static enum rb_err measure(struct half *h, struct rb_reject *rj) {
    static const char *const sixty[] = {"", minutes_60, seconds_60};
    uint64_t v[3] = {0};
    if (h->parts == 1 && h->part[0]->whole_n > 3) return packed(h, rj);
    for (unsigned i = 0; i < h->parts; i++) {
        const struct coord_token *t = h->part[i];
        v[i] = t->whole;
        if (t->whole_n > (i == 0 ? 3u : 2u))
            return rb_coord_refuse(rj, "11.2.1",
                                   i == 0 ? "degrees have at most three digits"
                                          : "minutes and seconds have two digits",
                                   t->at);
        if (i + 1 < h->parts && t->frac_n > 0)
            return rb_coord_refuse(rj, "11.2.6", "only the last number may have a fraction", t->at);
        if (i > 0) RB_TRY(below_60(t->whole, sixty[i], t->at, rj));
    }
    if (h->parts > 1 && h->letter == 0 && !h->sign)
        return rb_coord_refuse(rj, "11.2.4", "minutes need a letter: N or S, E or W",
                               h->part[0]->at);
    value(h, v, h->parts, h->part[h->parts - 1]);
    h->format = (enum rb_coord_format)(RB_COORD_DEG + (int)h->parts - 1);
    return RB_OK;
}

/* ---- both ---- */

static enum rb_err order(struct half h[2], struct half **lat, struct half **lon,
                         struct rb_reject *rj) {
    bool first = is_latitude(h[0].letter), second = is_latitude(h[1].letter);
    *lat = &h[0];
    *lon = &h[1];
    if (h[0].letter == 0 && h[1].letter == 0) return RB_OK;
    if (h[0].letter == 0 || h[1].letter == 0)
        return rb_coord_refuse(rj, "11.2.4", "a letter for one of the two numbers only",
                               h[h[0].letter == 0 ? 1 : 0].letter_at);
    if (first == second)
        return rb_coord_refuse(rj, "11.2.5",
                               first ? "two latitudes: one of the letters is wrong"
                                     : "two longitudes: one of the letters is wrong",
                               h[1].letter_at);
    if (second) {
        *lat = &h[1];
        *lon = &h[0];
    }
    return RB_OK;
}

static enum rb_err in_range(const struct half *lat, const struct half *lon, struct rb_reject *rj) {
    if (lat->nd > LAT_MAX_ND && lat->nd <= LON_MAX_ND && lon->nd <= LAT_MAX_ND)
        return rb_coord_refuse(rj, "11.2.5",
                               "a latitude beyond 90: latitude and longitude look swapped",
                               lat->part[0]->at);
    if (lat->nd > LAT_MAX_ND)
        return rb_coord_refuse(rj, "11.2.2", "latitudes end at 90 degrees", lat->part[0]->at);
    if (lon->nd > LON_MAX_ND)
        return rb_coord_refuse(rj, "11.2.2", "longitudes end at 180 degrees", lon->part[0]->at);
    return RB_OK;
}

static bool is_packed(const struct half *h) {
    return h->format == RB_COORD_ICAO_DM || h->format == RB_COORD_ICAO_DMS;
}

/* "46N078W" is degrees, and packed degrees as well: the name of a packed format takes it too */
static bool bare_degrees(const struct half *lat, const struct half *lon) {
    return lat->format == RB_COORD_DEG && lon->format == RB_COORD_DEG && lat->letter != 0 &&
           lat->part[0]->whole_n == 2 && lon->part[0]->whole_n == 3 &&
           lat->part[0]->frac_n + lon->part[0]->frac_n == 0;
}

static enum rb_err one_format(const struct half *lat, const struct half *lon,
                              enum rb_coord_format as, enum rb_coord_format *out,
                              struct rb_reject *rj) {
    if ((is_packed(lat) || is_packed(lon)) && lat->format != lon->format)
        return rb_coord_refuse(rj, "11.2.7", "latitude and longitude are not packed alike",
                               lon->part[0]->at);
    *out = lat->format > lon->format ? lat->format : lon->format;
    if ((as == RB_COORD_ICAO_DM || as == RB_COORD_ICAO_DMS) && bare_degrees(lat, lon)) *out = as;
    if (as != RB_COORD_ANY && as != *out)
        return rb_coord_refuse(rj, "11.1.4", "not in the format that was named", 0);
    return RB_OK;
}

enum rb_err rb_coord_read_angles(const struct coord_text *t, const struct rb_coord_hint *hint,
                                 struct rb_coord *out, struct rb_reject *rj) {
    struct half h[2], *lat, *lon;
    RB_TRY(split(t, h, rj));
    for (size_t i = 0; i < 2; i++) {
        RB_TRY(take_half(&h[i], rj));
        RB_TRY(measure(&h[i], rj));
    }
    RB_TRY(order(h, &lat, &lon, rj));
    RB_TRY(in_range(lat, lon, rj));
    RB_TRY(one_format(lat, lon, hint->format, &out->format, rj));
    out->point.lat_nd = lat->minus || lat->letter == 'S' ? -lat->nd : lat->nd;
    out->point.lon_nd = lon->minus || lon->letter == 'W' ? -lon->nd : lon->nd;
    out->half_unit_mm =
        lat->half_unit_mm > lon->half_unit_mm ? lat->half_unit_mm : lon->half_unit_mm;
    return RB_OK;
}
