/* Shared by the readers and writers of coordinates (spec 11). */
#ifndef READBACK_INTEROP_COORD_INT_H
#define READBACK_INTEROP_COORD_INT_H
#include "readback/coord.h"

#define COORD_TOKENS 24
#define COORD_WORD 5
#define COORD_DIGITS 18               /* on either side of a decimal mark */
#define COORD_WHOLE_MAX 9999999999ull /* with a fraction and a scale of 1e9 it fits 128 bits */
/* a metre of latitude is nowhere shorter than this many metres to a degree */
#define COORD_DEGREE_MM 111694000ull

__extension__ typedef unsigned __int128 coord_wide;

enum coord_tok {
    TOK_END,
    TOK_NUM,
    TOK_WORD,
    TOK_DEG,
    TOK_MIN,
    TOK_SEC,
    TOK_SEP,
    TOK_DASH,
    TOK_PLUS,
    TOK_COLON
};

struct coord_token {
    enum coord_tok type;
    bool spaced; /* something blank stands before it */
    bool comma;  /* number: its decimal mark was a comma */
    uint64_t at; /* byte in the text */
    uint64_t whole, frac;
    unsigned whole_n, frac_n;  /* digits before and behind the decimal mark */
    char word[COORD_WORD + 1]; /* upper case */
    unsigned word_n;
};

struct coord_text {
    struct coord_token tok[COORD_TOKENS + 1]; /* the last one is TOK_END */
    size_t n;                                 /* without it */
    unsigned tight_commas;                    /* between two digits */
    uint64_t comma_at;                        /* the last of them */
    bool dotted;                              /* a number has a decimal point */
};

enum rb_err rb_coord_refuse(struct rb_reject *rj, const char *clause, const char *what,
                            uint64_t at);
bool rb_coord_word_is(const struct coord_token *t, const char *z);

/* cuts the text up; a tight comma is a decimal mark or a divider, as said */
enum rb_err rb_coord_cut(struct rb_slice text, bool decimal_comma, struct coord_text *out,
                         struct rb_reject *rj);

/* ---- integers ---- */
uint64_t rb_coord_pow10(unsigned n); /* n up to 18 */
/* num / den, a half to the even neighbour */
coord_wide rb_coord_divide(coord_wide num, coord_wide den);
/* the number in units of 1 / scale, rounded half to even; its whole at most COORD_WHOLE_MAX */
coord_wide rb_coord_number(const struct coord_token *t, uint64_t scale);
/* half a unit of the last of frac_n digits, one whole being `whole` mm / parts; rounded up */
uint64_t rb_coord_half_unit(uint64_t whole_mm, uint64_t parts, unsigned frac_n);
/* q units of 10^-digits, the whole part with at least width digits */
void rb_coord_put_fixed(struct rb_writer *w, uint64_t q, unsigned digits, unsigned width);
void rb_coord_put_padded(struct rb_writer *w, uint64_t v, unsigned width);

/* ---- the formats; each is given the whole text and fills *out but for reach_mm ---- */
enum rb_err rb_coord_read_angles(const struct coord_text *t, const struct rb_coord_hint *hint,
                                 struct rb_coord *out, struct rb_reject *rj);
enum rb_err rb_coord_read_utm(const struct coord_text *t, const struct rb_coord_hint *hint,
                              struct rb_coord *out, struct rb_reject *rj);
enum rb_err rb_coord_read_mgrs(const struct coord_text *t, const struct rb_coord_hint *hint,
                               struct rb_coord *out, struct rb_reject *rj);
bool rb_coord_looks_utm(const struct coord_text *t);
bool rb_coord_looks_mgrs(const struct coord_text *t);

enum rb_err rb_coord_put_utm(struct rb_writer *w, struct rb_point p, unsigned digits, int zone);
enum rb_err rb_coord_put_mgrs(struct rb_writer *w, struct rb_point p, unsigned digits, int zone,
                              bool spaced);

/* ---- grids ---- */
#define COORD_UM 1000000ll /* 1e-6 m in a metre */
#define COORD_TILE_UM (100000ll * COORD_UM)
bool rb_coord_in_grid(const struct rb_grid *g); /* 11.3.5 */
/* latitude bands C to X are 0 to 19; -1 for another letter */
int rb_coord_band(char letter);
char rb_coord_band_letter(int64_t lat_nd);
/* the band from its southern to its northern parallel */
void rb_coord_band_lats(int band, int64_t *south_nd, int64_t *north_nd);
#endif
