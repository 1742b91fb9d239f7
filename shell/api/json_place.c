/* Places and heights in the words people write them in (spec 11), turned into the numbers that the
 * grammar of a volume has. What was written stays with the volume (3.7, key 14). */
#include <stdio.h>
#include "json_place.h"
#include "readback/coord.h"
#include "readback/text.h"

#define ENTERED 1024 /* bytes of as-entered */

struct entered {
    json_t *out; /* the volume being made */
    char text[ENTERED];
    struct rb_writer w;
    bool words, full; /* something was written in words; no more fits */
    struct rb_json_error *e;
};

static enum rb_err off(struct entered *x, const char *field, const char *sentence) {
    if (x->e) {
        snprintf(x->e->field, sizeof x->e->field, "%s", field);
        x->e->sentence = sentence;
    }
    return RB_ERR_USAGE;
}
/* The words of a refusal say nothing of the place itself. */
static enum rb_err refused(struct entered *x, const char *field, const char *before,
                           const struct rb_reject *rj) {
    if (x->e == NULL) return RB_ERR_USAGE;
    snprintf(x->e->words, sizeof x->e->words, "%s: %s (spec %s)", before,
             rj->what ? rj->what : rb_err_text(rj->err), rj->clause ? rj->clause : "11");
    return off(x, field, x->e->words);
}
/* one line each; what does not fit is left out whole */
static void keep(struct entered *x, const char *before, struct rb_slice text) {
    if (x->full) return;
    const size_t need = strlen(before) + text.n + (x->w.n > 0);
    if (x->w.n + need + 4 > ENTERED) {
        rb_put_z(&x->w, "\n...");
        x->full = true;
        return;
    }
    if (x->w.n) rb_put_z(&x->w, "\n");
    rb_put_z(&x->w, before);
    rb_put_slice(&x->w, text);
}
static struct rb_slice text_of(const json_t *v) {
    return rb_slice(json_string_value(v), json_string_length(v));
}

/* ---- points ------------------------------------------------------------------------------------
 */
static json_t *degrees(int64_t nd) {
    const int64_t a = nd < 0 ? -nd : nd;
    return json_sprintf("%s%lld.%09lld", nd < 0 ? "-" : "", (long long)(a / RB_NANODEG),
                        (long long)(a % RB_NANODEG));
}
/* UTM with S has two readings, thousands of kilometres apart (11.3.4): both are named */
static enum rb_err two_readings(struct entered *x, const char *field) {
    return off(
        x, field,
        "the letter S behind the zone has two readings here: south of the equator (write the "
        "word south, as in 37south), or the latitude band S, 32 to 40 degrees north (write "
        "the word north, as in 37north)");
}
static enum rb_err read_place(struct entered *x, const char *field, const json_t *v,
                              struct rb_point *out) {
    struct rb_reject rj = {0};
    struct rb_coord c;
    if (!json_is_string(v)) return off(x, field, "a place as a text is wanted");
    const struct rb_slice text = text_of(v);
    if (rb_coord_read(text, NULL, &c, &rj) != RB_OK) {
        if (rb_coord_ambiguous(&rj) && rj.clause && strcmp(rj.clause, "11.3.4") == 0)
            return two_readings(x, field);
        return refused(x, field, "this is no place that can be read", &rj);
    }
    *out = c.point;
    x->words = true;
    return RB_OK;
}
/* {"place", ...} -> {"lat", "lon", ...}; *put is a new object, NULL where there is no place */
static enum rb_err with_place(struct entered *x, const char *where, const json_t *in,
                              json_t **put) {
    char field[128];
    struct rb_point p = {0};
    const json_t *place = json_is_object(in) ? json_object_get(in, "place") : NULL;
    *put = NULL;
    if (place == NULL || json_is_null(place)) return RB_OK;
    snprintf(field, sizeof field, "%s.place", where);
    if (json_object_get(in, "lat") || json_object_get(in, "lon"))
        return off(x, field, "either a place as a text, or lat and lon");
    RB_TRY(read_place(x, field, place, &p));
    keep(x, "", text_of(place));
    json_t *o = json_copy((json_t *)(uintptr_t)in);
    json_object_del(o, "place");
    json_object_set_new(o, "lat", degrees(p.lat_nd));
    json_object_set_new(o, "lon", degrees(p.lon_nd));
    *put = o;
    return RB_OK;
}

/* ---- shapes ------------------------------------------------------------------------------------
 */
static void keep_length(struct entered *x, const char *before, const json_t *v) {
    if (x->words && json_is_string(v)) keep(x, before, text_of(v));
}
static enum rb_err circle(struct entered *x, const json_t *in) {
    json_t *o = NULL;
    RB_TRY(with_place(x, "circle", in, &o));
    if (o == NULL) return RB_OK;
    keep_length(x, "radius ", json_object_get(o, "radius"));
    json_object_set_new(x->out, "circle", o);
    return RB_OK;
}
/* a polygon's ring or a corridor's line */
static enum rb_err line(struct entered *x, const char *shape, const json_t *in) {
    char where[64];
    const json_t *points = json_is_object(in) ? json_object_get(in, "points") : NULL, *p;
    size_t i;
    if (!json_is_array(points)) return RB_OK;
    json_t *list = json_array();
    json_array_foreach(points, i, p) {
        json_t *o = NULL;
        snprintf(where, sizeof where, "%s.points[%zu]", shape, i);
        enum rb_err err = with_place(x, where, p, &o);
        if (err != RB_OK) {
            json_decref(list);
            return err;
        }
        if (o)
            json_array_append_new(list, o);
        else
            json_array_append(list, (json_t *)(uintptr_t)p);
    }
    json_t *o = json_copy((json_t *)(uintptr_t)in);
    json_object_set_new(o, "points", list);
    const json_t *width = json_object_get(o, "half_width");
    keep_length(x, "half-width ", width ? width : json_object_get(o, "half-width"));
    json_object_set_new(x->out, shape, o);
    return RB_OK;
}

/* ---- heights -----------------------------------------------------------------------------------
 */
static enum rb_err height(struct entered *x, const char *field) {
    static const char *const datums[] = {"wgs84", "amsl", "agl", "fl"};
    const json_t *v = json_object_get(x->out, field);
    struct rb_reject rj = {0};
    struct rb_height h;
    char before[16];
    if (!json_is_string(v)) return RB_OK;
    if (rb_height_read(text_of(v), NULL, &h, &rj) != RB_OK)
        return refused(x, field, "this is no height that can be read", &rj);
    snprintf(before, sizeof before, "%s ", field);
    keep(x, before, text_of(v));
    x->words = true;
    if (h.limit.open)
        json_object_del(x->out, field);
    else
        json_object_set_new(x->out, field,
                            json_pack("{s:o,s:s}", "height",
                                      json_sprintf("%lldmm", (long long)h.limit.mm), "datum",
                                      datums[h.limit.datum]));
    return RB_OK;
}

static enum rb_err volume(struct entered *x) {
    RB_TRY(circle(x, json_object_get(x->out, "circle")));
    RB_TRY(line(x, "polygon", json_object_get(x->out, "polygon")));
    RB_TRY(line(x, "corridor", json_object_get(x->out, "corridor")));
    RB_TRY(height(x, "floor"));
    RB_TRY(height(x, "ceiling"));
    const bool said =
        json_object_get(x->out, "as_entered") || json_object_get(x->out, "as-entered");
    if (x->words && !said) {
        json_t *text = json_stringn(x->text, x->w.n);
        if (text) json_object_set_new(x->out, "as_entered", text);
    }
    return RB_OK;
}
enum rb_err rb_volume_entered(const json_t *in, json_t **out, struct rb_json_error *e) {
    struct entered x = {.e = e};
    *out = NULL;
    if (!json_is_object(in)) return RB_OK;
    x.w = rb_writer(x.text, sizeof x.text);
    x.out = json_copy((json_t *)(uintptr_t)in);
    enum rb_err err = x.out ? volume(&x) : RB_ERR_LIMIT;
    if (err == RB_OK && x.words)
        *out = x.out;
    else
        json_decref(x.out);
    rb_wipe(x.text, sizeof x.text);
    return err;
}
