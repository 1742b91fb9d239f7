/* Sentences of a play-back, spec 13.3. */
#include <assert.h>
#include "playback_int.h"
#include "readback/json.h"
#include "readback/text.h"

#define ISOLATE "\xe2\x81\xa8"     /* U+2068, first strong isolate */
#define ISOLATE_END "\xe2\x81\xa9" /* U+2069 */

void playback_put_isolated(struct rb_writer *w, struct rb_slice s) {
    rb_put_z(w, ISOLATE);
    rb_put_slice(w, s);
    rb_put_z(w, ISOLATE_END);
}

void playback_put_from(struct rb_writer *w, const struct rb_bearing_words *words) {
    if (words->value == 0) {
        rb_put_z(w, "at ");
        return;
    }
    rb_decimal_put(w, (int64_t)words->value, words->decimals);
    rb_put_z(w, words->unit == RB_UNIT_KM ? " km " : " m ");
    rb_put_z(w, rb_wind_name(words->wind));
    rb_put_z(w, " of ");
}

void playback_put_place(struct rb_writer *w, const struct rb_known_place *p) {
    rb_put_slice(w, p->name);
    if (p->ar.n == 0 && p->ru.n == 0) return;
    rb_put_z(w, " (");
    if (p->ar.n > 0) playback_put_isolated(w, p->ar);
    if (p->ar.n > 0 && p->ru.n > 0) rb_put_z(w, ", ");
    rb_put_slice(w, p->ru);
    rb_put_z(w, ")");
}

void playback_put_site(struct rb_writer *w, const struct rb_playback_site *s) {
    rb_put_z(w, "the registered site ");
    if (s->title.n > 0)
        playback_put_isolated(w, s->title);
    else
        rb_put_z(w, "that has no title");
}

/* ---- shape ---- */

static void put_length(struct rb_writer *w, uint64_t mm) {
    const bool km = mm >= 10000000;
    const enum rb_err e = rb_length_put(w, mm, km ? RB_UNIT_KM : RB_UNIT_M, RB_DIGITS_SHORTEST);
    assert(e == RB_OK);
    (void)e;
}

static const char *edges_words(enum rb_edges e) {
    switch (e) {
    case RB_EDGES_GEODESIC:
        return "each edge the shortest line between its corners";
    case RB_EDGES_PARALLEL:
        return "edges between corners of the same latitude along the parallel, the others the "
               "shortest line";
    case RB_EDGES_LONLAT:
        return "each edge straight in longitude and latitude";
    }
    return "";
}

void playback_put_shape(struct rb_writer *w, const struct rb_volume *v) {
    switch (v->shape) {
    case RB_SHAPE_CIRCLE:
        rb_put_z(w, "circle of radius ");
        put_length(w, v->radius_mm);
        return;
    case RB_SHAPE_CORRIDOR:
        rb_put_z(w, "corridor, ");
        put_length(w, v->radius_mm);
        rb_put_z(w, " to either side of a line of ");
        rb_put_dec(w, v->vertices_n);
        rb_put_z(w, " points");
        return;
    case RB_SHAPE_POLYGON:
        rb_put_z(w, "polygon with ");
        rb_put_dec(w, v->vertices_n);
        rb_put_z(w, " corners, ");
        rb_put_z(w, edges_words(v->edges));
        return;
    }
}

/* ---- heights and times ---- */

static void put_height(struct rb_writer *w, const struct rb_alt_limit *limit) {
    if (rb_height_put(w, limit, RB_UNIT_M, RB_DIGITS_SHORTEST) == RB_OK) return;
    rb_put_z(w, "FL"); /* one between two levels, which no form can say, but a record can */
    rb_decimal_put(w, limit->mm, 3);
}

void playback_put_heights(struct rb_writer *w, const struct rb_volume *v) {
    rb_put_z(w, "Heights: ");
    if (v->floor.open && v->ceiling.open) rb_put_z(w, "no limits written");
    if (!v->floor.open) {
        rb_put_z(w, "from ");
        put_height(w, &v->floor);
    }
    if (!v->ceiling.open) {
        rb_put_z(w, v->floor.open ? "up to " : " to ");
        put_height(w, &v->ceiling);
    } else if (!v->floor.open) {
        rb_put_z(w, " without upper limit");
    }
}

static void put_time(struct rb_writer *w, int64_t utc_ms) {
    rb_put_rfc3339(w, utc_ms);
    rb_put_z(w, " (");
    rb_put_dtg(w, utc_ms);
    rb_put_z(w, ")");
}

void playback_put_times(struct rb_writer *w, const struct rb_volume *v) {
    rb_put_z(w, "Times: ");
    if (!v->has_from && !v->has_to) rb_put_z(w, "none written");
    if (v->has_from) {
        rb_put_z(w, "from ");
        put_time(w, v->from_utc_ms);
    }
    if (v->has_to) {
        rb_put_z(w, v->has_from ? " to " : "until ");
        put_time(w, v->to_utc_ms);
    } else if (v->has_from) {
        rb_put_z(w, " without end");
    }
}

/* ---- points ---- */

void playback_put_point(struct rb_writer *w, enum rb_shape shape, size_t i,
                        const struct rb_playback_point *p) {
    if (shape == RB_SHAPE_CIRCLE) {
        rb_put_z(w, "Centre");
    } else {
        rb_put_z(w, shape == RB_SHAPE_POLYGON ? "Corner " : "Point ");
        rb_put_dec(w, i + 1);
    }
    rb_put_z(w, ": ");
    rb_put_slice(w, p->decimal);
    rb_put_z(w, " = ");
    rb_put_slice(w, p->dms);
    rb_put_z(w, " = ");
    rb_put_slice(w, p->mgrs);
    if (!p->has_nearest) return;
    rb_put_z(w, "; ");
    rb_put_slice(w, p->nearest.sentence);
}

void playback_put_more(struct rb_writer *w, enum rb_shape shape, size_t more) {
    rb_put_z(w, "and ");
    rb_put_dec(w, more);
    rb_put_z(w, shape == RB_SHAPE_POLYGON ? " more corner" : " more point");
    rb_put_z(w, more == 1 ? "" : "s");
    rb_put_z(w, ", not played back here");
}

void playback_put_by_site(struct rb_writer *w, enum rb_shape shape, struct rb_slice sentence) {
    rb_put_z(w, shape == RB_SHAPE_CIRCLE    ? "Its centre lies "
                : shape == RB_SHAPE_POLYGON ? "Its first corner lies "
                                            : "Its first point lies ");
    rb_put_slice(w, sentence);
}
