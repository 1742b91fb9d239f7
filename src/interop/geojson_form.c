/* What all readers of features share: members of objects, values, texts, the feature's end. */
#include <assert.h>
#include "geojson_int.h"
#include "readback/coord.h"
#include "readback/text.h"

static const struct {
    const char *word, *text;
    char side;
} remarks[] = {
#define X(name, side, word, text) {word, text, side},
    RB_REMARK_LIST(X)
#undef X
};
_Static_assert(RB_REMARKS <= 64, "one bit each");

const char *rb_remark_word(enum rb_remark r) {
    return r < RB_REMARKS ? remarks[r].word : "?";
}
const char *rb_remark_text(enum rb_remark r) {
    return r < RB_REMARKS ? remarks[r].text : "?";
}
char rb_remark_side(enum rb_remark r) {
    return r < RB_REMARKS ? remarks[r].side : '?';
}

enum rb_err geo_refuse(struct geo *g, const char *clause, const char *what, size_t at) {
    return rb_reject(g->rj, RB_ERR_MALFORMED, clause, what, at);
}

enum rb_err geo_limit(struct geo *g, const char *clause, const char *what, size_t at) {
    return rb_reject(g->rj, RB_ERR_LIMIT, clause, what, at);
}

/* ---- values -------------------------------------------------------------------------------------
 */

enum rb_err geo_members(struct geo *g, struct rb_json *j, const char *const *names, size_t n,
                        struct geo_members *out) {
    struct rb_json_token t;
    uint64_t seen = 0;
    assert(n <= sizeof out->value / sizeof *out->value);
    out->seen = 0;
    out->others = false;
    RB_TRY(rb_json_take(j, RB_JSON_OBJECT, &t, g->rj));
    out->at = t.at;
    for (size_t which = 0;;) {
        RB_TRY(rb_json_member(j, names, n, &seen, &which, g->rj));
        if (which == RB_JSON_NO_MORE) return RB_OK;
        const bool absent = rb_json_peek(j) == RB_JSON_NULL;
        if (which < n && !absent) {
            out->value[which] = *j;
            out->seen |= 1ull << which;
        }
        out->others |= which == n && !absent;
        RB_TRY(rb_json_skip(j, g->rj));
    }
}

enum rb_err geo_token(struct geo *g, struct rb_json v, enum rb_json_type type,
                      struct rb_json_token *out) {
    return rb_json_take(&v, type, out, g->rj);
}

enum rb_err geo_text(struct geo *g, struct rb_json v, struct rb_slice *out) {
    return rb_json_text(&v, g->a, out, g->rj);
}

enum rb_err geo_word(struct geo *g, struct rb_json v, const char *const *words, const char *clause,
                     const char *what, unsigned *out) {
    struct rb_json_token t;
    RB_TRY(geo_token(g, v, RB_JSON_STRING, &t));
    for (*out = 0; words[*out] != NULL; ++*out)
        if (rb_json_is(&t, words[*out])) return RB_OK;
    return geo_refuse(g, clause, what, t.at);
}

enum rb_err geo_time(struct geo *g, struct rb_json v, int64_t *utc_ms) {
    struct rb_json_token t;
    RB_TRY(geo_token(g, v, RB_JSON_STRING, &t));
    if (rb_rfc3339_decode(t.raw, utc_ms) == RB_OK) return RB_OK;
    return geo_refuse(g, "12.2.5", "a time that is not written like 2026-03-12T19:00:00Z", t.at);
}

enum rb_err geo_scaled(struct geo *g, struct rb_json v, uint32_t mul, int places, int64_t *out) {
    struct rb_json_token t;
    bool exact = true;
    RB_TRY(rb_json_next(&v, &t, g->rj));
    if ((t.type != RB_JSON_NUMBER && t.type != RB_JSON_STRING) ||
        rb_decimal_scaled(t.raw, mul, places, out, &exact) == RB_ERR_MALFORMED)
        return geo_refuse(g, "12.1.5", "a number belongs here", t.at);
    if (rb_decimal_scaled(t.raw, mul, places, out, &exact) != RB_OK)
        return geo_refuse(g, "12.2.6", "a length or height out of range", t.at);
    if (!exact) geo_remark(g, RB_REMARK_ROUNDED);
    return RB_OK;
}

enum rb_err geo_length(struct geo *g, struct rb_json v, uint64_t *mm) {
    struct rb_json_token t;
    struct rb_length length;
    struct rb_reject rj;
    int64_t metres = 0;
    RB_TRY(rb_json_next(&v, &t, g->rj));
    if (t.type == RB_JSON_STRING && rb_length_read(t.raw, &length, &rj) == RB_OK) {
        *mm = length.mm;
        return RB_OK;
    }
    bool exact = true;
    if ((t.type != RB_JSON_NUMBER && t.type != RB_JSON_STRING) ||
        rb_decimal_scaled(t.raw, 1, 3, &metres, &exact) != RB_OK || metres <= 0)
        return geo_refuse(g, "12.2.6", "a length belongs here: metres, or a text with its unit",
                          t.at);
    if (!exact) geo_remark(g, RB_REMARK_ROUNDED);
    *mm = (uint64_t)metres;
    return RB_OK;
}

enum rb_err geo_degrees(struct geo *g, struct rb_slice text, size_t at, int64_t *nd) {
    bool exact = true;
    if (rb_decimal_scaled(text, 1, 9, nd, &exact) != RB_OK)
        return geo_refuse(g, "3.7.2", "latitude or longitude", at);
    if (!exact) geo_remark(g, RB_REMARK_ROUNDED);
    return RB_OK;
}

/* ---- texts --------------------------------------------------------------------------------------
 */

/* bytes of the character at p; in text that is UTF-8 */
static size_t character(const uint8_t *p) {
    return *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
}

enum rb_err geo_clean(struct geo *g, struct rb_slice in, size_t most, bool one_line,
                      struct rb_slice *out) {
    if (in.n <= most && (one_line ? rb_name_ok(in) : rb_text_ok(in))) {
        *out = in;
        return RB_OK;
    }
    uint8_t *p = rb_arena_alloc(g->a, most + 1);
    if (p == NULL) return geo_limit(g, "12.2.2", "no room", 0);
    struct rb_writer w = rb_writer(p, most);
    for (size_t i = 0, n = 0; i < in.n; i += n) {
        n = character(in.p + i);
        const struct rb_slice c = rb_slice(in.p + i, n);
        const bool blank = one_line && (in.p[i] == '\n' || in.p[i] == '\t');
        if (!blank && !(one_line ? rb_name_ok(c) : rb_text_ok(c))) continue;
        if (w.cap - w.n < n) break;
        if (blank)
            rb_put_u8(&w, ' ');
        else
            rb_put_slice(&w, c);
    }
    geo_remark(g, RB_REMARK_CLEANED);
    return rb_writer_done(&w, out);
}

/* ---- begin and end ------------------------------------------------------------------------------
 */

enum rb_err geo_begin(struct geo *g, const struct rb_import *how, struct rb_arena *a,
                      struct rb_reject *rj) {
    *g = (struct geo){.how = how, .a = a, .rj = rj};
    g->f.volumes = rb_arena_array(a, RB_MAX_VOLUMES, sizeof *g->f.volumes);
    return g->f.volumes == NULL ? geo_limit(g, "12.2.2", "no room", 0) : RB_OK;
}

enum rb_err geo_volume(struct geo *g, enum rb_shape shape, size_t at, struct rb_volume **out) {
    if (g->f.volumes_n == RB_MAX_VOLUMES)
        return geo_limit(g, "12.2.3", "more volumes than a notice can have", at);
    g->at[g->f.volumes_n] = at;
    *out = &g->f.volumes[g->f.volumes_n++];
    **out = (struct rb_volume){.shape = shape, .floor = {.open = true}, .ceiling = {.open = true}};
    return RB_OK;
}

static uint64_t first_said(uint64_t a, uint64_t b, uint64_t c) {
    return a != 0 ? a : b != 0 ? b : c;
}

static enum rb_err finish_volume(struct geo *g, size_t i, bool edges_default) {
    struct rb_volume *v = &g->f.volumes[i];
    if (v->shape == RB_SHAPE_CIRCLE) {
        v->radius_mm = first_said(v->radius_mm, g->radius_mm, g->how->radius_mm);
        if (v->radius_mm == 0)
            return geo_refuse(g, "12.3.4", "a point without a radius: say which", g->at[i]);
    } else if (v->shape == RB_SHAPE_CORRIDOR) {
        v->radius_mm = first_said(v->radius_mm, g->half_width_mm, g->how->half_width_mm);
        if (v->radius_mm == 0)
            return geo_refuse(g, "12.3.5", "a line without a half-width: say which", g->at[i]);
    } else if (!g->edges_said[i]) {
        if (!g->how->has_edges && !edges_default)
            return geo_refuse(
                g, "12.4.2",
                "the file does not say how edges run: geodesic, parallel or straight; say which",
                g->at[i]);
        v->edges = g->how->has_edges ? g->how->edges : RB_EDGES_LONLAT;
    }
    struct rb_reject rj = {0};
    const enum rb_err e = rb_volume_check(v, &rj);
    return e == RB_OK ? RB_OK : rb_reject(g->rj, e, rj.clause, rj.what, g->at[i]);
}

enum rb_err geo_finish(struct geo *g, bool edges_default, struct rb_feature *out) {
    if (g->f.volumes_n == 0) return geo_refuse(g, "12.3.1", "no place", 0);
    for (size_t i = 0; i < g->f.volumes_n; i++)
        RB_TRY(finish_volume(g, i, edges_default));
    *out = g->f;
    return RB_OK;
}
