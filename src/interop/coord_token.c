/* The words and numbers of a coordinate, a height or a length. What people paste holds digits of
 * three scripts, half a dozen kinds of primes and dashes, and marks that cannot be seen; here all
 * that becomes a few kinds of tokens, and whatever is not known is refused (11.1). */
#include "coord_int.h"
#include "readback/text.h"

enum rb_err rb_coord_refuse(struct rb_reject *rj, const char *clause, const char *what,
                            uint64_t at) {
    return rb_reject(rj, RB_ERR_MALFORMED, clause, what, at);
}

bool rb_coord_word_is(const struct coord_token *t, const char *z) {
    return t->type == TOK_WORD && strcmp(t->word, z) == 0;
}

/* ---- characters ---- */

/* kinds beside those of tokens */
enum { CH_DIGIT = 100, CH_LETTER, CH_BLANK, CH_NOTHING, CH_POINT, CH_UNSEEN, CH_OTHER };

struct scan {
    struct rb_slice s;
    size_t at;   /* the character looked at */
    size_t next; /* the one behind it */
    int kind;
    uint32_t cp;
    unsigned digit, script; /* of a digit */
};

static uint32_t decode(struct rb_slice s, size_t at, size_t *next) {
    static const uint8_t first_bits[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint8_t c = s.p[at];
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4; /* known to be well-formed */
    uint32_t v = c & first_bits[n];
    for (size_t i = 1; i < n; i++)
        v = v << 6 | (s.p[at + i] & 0x3f);
    *next = at + n;
    return v;
}

static const struct {
    uint32_t cp;
    int kind;
} signs[] = {
    {' ', CH_BLANK},     {'\t', CH_BLANK},    {0xa0, CH_BLANK},     {0x2009, CH_BLANK},
    {0x202f, CH_BLANK},  {'.', CH_POINT},     {0x66b, CH_POINT},    {',', TOK_SEP},
    {';', TOK_SEP},      {'/', TOK_SEP},      {0x60c, TOK_SEP},     {0x61b, TOK_SEP},
    {':', TOK_COLON},    {'+', TOK_PLUS},     {'-', TOK_DASH},      {0x2010, TOK_DASH},
    {0x2011, TOK_DASH},  {0x2012, TOK_DASH},  {0x2013, TOK_DASH},   {0x2212, TOK_DASH},
    {0xb0, TOK_DEG},     {0xba, TOK_DEG},     {0x2da, TOK_DEG},     {'\'', TOK_MIN},
    {0x2032, TOK_MIN},   {0x2019, TOK_MIN},   {0x2018, TOK_MIN},    {0xb4, TOK_MIN},
    {0x2b9, TOK_MIN},    {'"', TOK_SEC},      {0x2033, TOK_SEC},    {0x201d, TOK_SEC},
    {0x201c, TOK_SEC},   {0x2ba, TOK_SEC},    {0x200e, CH_NOTHING}, {0x200f, CH_NOTHING},
    {0x61c, CH_NOTHING}, {0x202a, CH_UNSEEN}, {0x202b, CH_UNSEEN},  {0x202c, CH_UNSEEN},
    {0x202d, CH_UNSEEN}, {0x202e, CH_UNSEEN}, {0x2066, CH_UNSEEN},  {0x2067, CH_UNSEEN},
    {0x2068, CH_UNSEEN}, {0x2069, CH_UNSEEN},
};

static void classify(struct scan *c) {
    static const uint32_t zeros[] = {'0', 0x660, 0x6f0};
    c->kind = CH_OTHER;
    for (unsigned i = 0; i < sizeof zeros / sizeof *zeros; i++) {
        if (c->cp < zeros[i] || c->cp > zeros[i] + 9) continue;
        c->kind = CH_DIGIT;
        c->digit = c->cp - zeros[i];
        c->script = i;
        return;
    }
    if ((c->cp >= 'A' && c->cp <= 'Z') || (c->cp >= 'a' && c->cp <= 'z')) {
        c->kind = CH_LETTER;
        return;
    }
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (signs[i].cp == c->cp) c->kind = signs[i].kind;
}

/* looks at the next character; TOK_END behind the last */
static void step(struct scan *c) {
    c->at = c->next;
    c->kind = TOK_END;
    c->cp = 0;
    if (c->at >= c->s.n) return;
    c->cp = decode(c->s, c->at, &c->next);
    classify(c);
}

static bool digit_follows(const struct scan *c) {
    struct scan ahead = *c;
    step(&ahead);
    return ahead.kind == CH_DIGIT;
}

/* ---- tokens ---- */

/* digits of one script, as many as stand there */
static enum rb_err cut_digits(struct scan *c, unsigned script, uint64_t *v, unsigned *n,
                              struct rb_reject *rj) {
    for (*v = 0, *n = 0; c->kind == CH_DIGIT; step(c), ++*n) {
        if (c->script != script)
            return rb_coord_refuse(rj, "11.1.2", "digits of two scripts in one number", c->at);
        if (*n == COORD_DIGITS)
            return rb_coord_refuse(rj, "11.1.3", "a number with too many digits", c->at);
        *v = *v * 10 + c->digit;
    }
    return RB_OK;
}

static enum rb_err cut_number(struct scan *c, bool decimal_comma, struct coord_text *t,
                              struct coord_token *k, struct rb_reject *rj) {
    unsigned script = c->script;
    k->type = TOK_NUM;
    RB_TRY(cut_digits(c, script, &k->whole, &k->whole_n, rj));
    bool comma = c->cp == ',' && digit_follows(c);
    if (comma) {
        t->tight_commas++;
        t->comma_at = c->at;
    }
    if (c->kind == CH_POINT) t->dotted = true;
    k->comma = comma && decimal_comma;
    if (c->kind != CH_POINT && !k->comma) return RB_OK;
    step(c);
    if (c->kind != CH_DIGIT)
        return rb_coord_refuse(rj, "11.1.3", "a digit must follow the decimal mark", c->at);
    RB_TRY(cut_digits(c, script, &k->frac, &k->frac_n, rj));
    /* "35,5,36": which of the commas is the decimal mark? */
    if (k->comma && c->cp == ',' && digit_follows(c))
        return rb_coord_refuse(
            rj, "11.1.5",
            "commas can be decimal marks or dividers here: use points, or blanks "
            "between the numbers",
            c->at);
    return RB_OK;
}

static enum rb_err cut_word(struct scan *c, struct coord_token *k, struct rb_reject *rj) {
    k->type = TOK_WORD;
    for (; c->kind == CH_LETTER; step(c)) {
        if (k->word_n == COORD_WORD)
            return rb_coord_refuse(rj, "11.1.2", "a word that has no meaning here", k->at);
        k->word[k->word_n++] = (char)(c->cp >= 'a' ? c->cp - 'a' + 'A' : c->cp);
    }
    return RB_OK;
}

static enum rb_err cut_one(struct scan *c, bool decimal_comma, struct coord_text *t,
                           struct coord_token *k, struct rb_reject *rj) {
    switch (c->kind) {
    case CH_DIGIT:
        return cut_number(c, decimal_comma, t, k, rj);
    case CH_LETTER:
        return cut_word(c, k, rj);
    case CH_POINT:
        return rb_coord_refuse(rj, "11.1.3", "a digit must stand before the decimal mark", c->at);
    case CH_UNSEEN:
        return rb_coord_refuse(rj, "11.1.2", "an unseen mark that turns the direction of text",
                               c->at);
    case CH_OTHER:
        return rb_coord_refuse(rj, "11.1.2", "a character that has no meaning here", c->at);
    default:
        k->type = (enum coord_tok)c->kind;
    }
    step(c);
    if (k->type == TOK_MIN && c->kind == TOK_MIN) { /* two primes for the sign of seconds */
        k->type = TOK_SEC;
        step(c);
    }
    return RB_OK;
}

enum rb_err rb_coord_cut(struct rb_slice text, bool decimal_comma, struct coord_text *out,
                         struct rb_reject *rj) {
    struct scan c = {.s = text};
    bool spaced = false;
    memset(out, 0, sizeof *out);
    if (text.n > RB_MAX_COORD_TEXT)
        return rb_coord_refuse(rj, "11.1.1", "too long", RB_MAX_COORD_TEXT);
    if (!rb_utf8_ok(text)) return rb_coord_refuse(rj, "11.1.1", "not UTF-8", 0);
    for (step(&c); c.kind != TOK_END;) {
        if (c.kind == CH_BLANK || c.kind == CH_NOTHING) {
            spaced |= c.kind == CH_BLANK;
            step(&c);
            continue;
        }
        if (out->n == COORD_TOKENS)
            return rb_coord_refuse(rj, "11.1.1", "more than one place has", c.at);
        struct coord_token *k = &out->tok[out->n++];
        k->at = c.at;
        k->spaced = spaced;
        spaced = false;
        RB_TRY(cut_one(&c, decimal_comma, out, k, rj));
    }
    out->tok[out->n].at = text.n;
    out->tok[out->n].spaced = spaced;
    return out->n > 0 ? RB_OK : rb_coord_refuse(rj, "11.1.1", "nothing is written", 0);
}

/* ---- integers ---- */

uint64_t rb_coord_pow10(unsigned n) {
    uint64_t v = 1;
    while (n-- > 0)
        v *= 10;
    return v;
}

coord_wide rb_coord_divide(coord_wide num, coord_wide den) {
    coord_wide q = num / den, twice = 2 * (num % den);
    return q + (twice > den || (twice == den && q % 2 == 1));
}

coord_wide rb_coord_number(const struct coord_token *t, uint64_t scale) {
    uint64_t unit = rb_coord_pow10(t->frac_n);
    return rb_coord_divide(((coord_wide)t->whole * unit + t->frac) * scale, unit);
}

uint64_t rb_coord_half_unit(uint64_t whole_mm, uint64_t parts, unsigned frac_n) {
    coord_wide den = (coord_wide)2 * parts * rb_coord_pow10(frac_n);
    return (uint64_t)((whole_mm + den - 1) / den);
}

void rb_coord_put_padded(struct rb_writer *w, uint64_t v, unsigned width) {
    for (unsigned n = width; n > 1 && v < rb_coord_pow10(n - 1); n--)
        rb_put_u8(w, '0');
    rb_put_dec(w, v);
}

void rb_coord_put_fixed(struct rb_writer *w, uint64_t q, unsigned digits, unsigned width) {
    uint64_t unit = rb_coord_pow10(digits);
    rb_coord_put_padded(w, q / unit, width);
    if (digits == 0) return;
    rb_put_u8(w, '.');
    rb_coord_put_padded(w, q % unit, digits);
}
