/* The printable page: one self-contained HTML document for paper, mail and fax, for counterparts
 * without a node. Built in memory from the local API's JSON; nothing in it asks for anything from
 * elsewhere (spec 14).
 *
 * Everything from JSON is others' input: it goes out through print_text or print_line alone, which
 * escape it. Errors: a page that does not fit memory or its bound has h.failed set, once and for
 * all; whoever asked looks at the end. Times in UTC ms, lengths in mm, points in 1e-9 degree. */
#ifndef RB_CMD_PRINT_H
#define RB_CMD_PRINT_H
#include <jansson.h>
#include "print_words.h"
#include "readback/coord.h"
#include "readback/gazetteer.h"
#include "readback/volume.h"

/* ---- bytes of the page (print_html.c) ---- */
struct print_html {
    char *p; /* with a NUL behind n bytes */
    size_t n, cap;
    bool failed; /* memory is short, or the page beyond its bound */
};
void print_z(struct print_html *h, const char *markup); /* ours, as it is */
void print_f(struct print_html *h, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))); /* ours: numbers and words of our own */
/* escaped; direction controls that could reorder what stands beside them are shown as what they are
 */
void print_text(struct print_html *h, struct rb_slice text);
/* as print_text, isolated in its own direction: <bdi> */
void print_line(struct print_html *h, const char *text);
void print_line_slice(struct print_html *h, struct rb_slice text);
/* left to right whatever surrounds it: numbers, hashes, coordinates */
void print_ltr(struct print_html *h, const char *text);
/* a paragraph for each line, each in its own direction */
void print_paragraphs(struct print_html *h, const char *text);
/* digits in groups of n, for people to compare */
void print_groups(struct print_html *h, const char *digits, size_t n);
void print_html_free(struct print_html *h); /* wipes */

/* ---- words (print_words.c) ---- */
enum print_lang { PRINT_EN = 0, PRINT_AR, PRINT_RU, PRINT_LANGS };
#define PRINT_WORD_KEY(key, en, ar, ru) PW_##key,
enum print_word { PRINT_WORD_LIST(PRINT_WORD_KEY) PRINT_WORDS };
bool print_lang_decode(const char *z, enum print_lang *out);
const char *print_lang_name(enum print_lang lang);
const char *print_word(enum print_lang lang, enum print_word w);
/* our word for one of the API's (class, role, datum, position); the word itself where we have none
 */
const char *print_term(enum print_lang lang, const char *word);
/* "SSW" in the page's language; wind 0 to 15 */
const char *print_wind(enum print_lang lang, unsigned wind);

/* ---- what is printed ---- */
struct print_volumes {
    size_t n;
    struct rb_volume v[RB_MAX_VOLUMES]; /* texts borrow from the JSON */
    struct rb_point *points;            /* of all of them; owned */
};
/* body.volumes. false: memory is short, or what no node says */
bool print_volumes_read(const json_t *list, struct print_volumes *out);
void print_volumes_free(struct print_volumes *v);

struct print_page {
    struct print_html h;
    enum print_lang lang;
    const json_t *record;  /* GET /v1/records/ID */
    const json_t *channel; /* GET /v1/channels/ID */
    const json_t *people;  /* cards: ours and those of peers, for their names */
    const json_t *told;    /* status: whole records of our own positions; may be NULL */
    bool reasons;          /* status: with what was said to us alone */
    int64_t now_utc_ms;
    const struct rb_gazetteer *known; /* NULL: no known places */
};
/* false: it could not be made (memory, or what no node says) */
bool print_notice(struct print_page *p);
bool print_status(struct print_page *p);

/* ---- pieces of a page (print_page.c) ---- */
const char *print_str(const json_t *o, const char *key); /* "" if absent */
bool print_true(const json_t *o, const char *key);
const char *print_w(const struct print_page *p, enum print_word w);
void print_term_of(struct print_page *p, const char *word); /* a word of the API in ours, escaped */
void print_begin(struct print_page *p, enum print_word what);
void print_end(struct print_page *p);
/* <tr><th>word</th><td>, and what ends it */
void print_row(struct print_page *p, enum print_word w);
void print_row_end(struct print_page *p);
void print_box(struct print_page *p, enum print_word strong, enum print_word says);
const json_t *print_member(const struct print_page *p, const char *handle);
void print_party(struct print_page *p, const char *handle); /* name (handle, affiliation, role) */
void print_when(struct print_page *p, int64_t utc_ms);      /* date-time group, UTC, local time */
void print_when_json(struct print_page *p,
                     const json_t *rfc3339); /* "not stated" where it is none */
void print_clock_note(struct print_page *p); /* which local time that is */
void print_recipients(struct print_page *p);
void print_standing(struct print_page *p); /* superseded, withdrawn, without effect, ... in boxes */
void print_proof(struct print_page *p);    /* hash, fingerprint, QR */

/* ---- places (print_place.c) ---- */
/* the name in the page's script where the source has it */
struct rb_slice print_place_name(const struct print_page *p, const struct rb_known_place *k);
void print_distance(struct print_page *p, const struct rb_bearing_words *b); /* "4.2 km" */
void print_places(struct print_page *p, const struct print_volumes *v);

/* ---- QR (print_code.c) ---- */
#define PRINT_CODE_MAX 192
/* "READBACK:record:channel:fingerprint", in capitals (14.2.1). false: not what a node says */
bool print_code_text(const char *record, const char *channel, const char *fingerprint,
                     char out[PRINT_CODE_MAX]);
void print_code(struct print_html *h, const char *text); /* inline SVG */
bool print_code_blocks(FILE *out, const char *text);     /* for a terminal */

/* ---- sketch (print_sketch.c, print_project.c) ---- */
struct print_xy {
    double x, y; /* metres east and north of the middle */
};
/* azimuthal and equidistant around a point, with the earth there taken as a sphere of its mean
 * radius of curvature: distances from the middle are right to 0.4 % all over the world, those
 * between points within 50 km of it to 0.01 % */
struct print_projection {
    double o[3], east[3], north[3], up[3], r; /* earth-centred metres */
    double lat, lon;                          /* of the middle, degrees */
};
struct print_projection print_project_at(double lat_deg, double lon_deg);
struct print_xy print_project(const struct print_projection *p, double lat_deg, double lon_deg);
void print_unproject(const struct print_projection *p, struct print_xy at, double *lat_deg,
                     double *lon_deg);
/* t of the way from a to b along (nearly) the shortest line, or straight in latitude and longitude
 */
void print_between(struct rb_point a, struct rb_point b, bool straight, double t, double *lat_deg,
                   double *lon_deg);
/* the middle of all points of all volumes, wherever the antimeridian and the poles are */
void print_middle(const struct print_volumes *v, double *lat_deg, double *lon_deg);

#define PRINT_SKETCH_W 82.0 /* mm on paper */
#define PRINT_SKETCH_H 62.0
#define PRINT_NUMBERED 24u /* more points than that have no numbers in the sketch */
struct print_frame {
    struct print_projection at;
    struct print_xy middle; /* of the frame, metres */
    double scale;           /* mm on paper for a metre */
};
struct print_frame print_frame_of(const struct print_volumes *v, const struct rb_gazetteer *known);
/* on paper, mm from the upper left corner */
struct print_xy print_on_paper(const struct print_frame *f, struct print_xy metres);
bool print_in_frame(struct print_xy paper, double margin_mm);
double
print_scale_bar(const struct print_frame *f); /* its length in metres: 1, 2 or 5 times 10^k */
void print_grid(struct print_html *h, const struct print_frame *f); /* print_grid.c */
void print_known(struct print_page *p, const struct print_frame *f, const struct print_volumes *v);
void print_sketch(struct print_page *p, const struct print_volumes *v);
#endif
