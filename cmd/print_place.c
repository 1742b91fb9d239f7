/* Places on the page: each volume in numbers of two notations, heights, times, and how good the
 * place is known; beside them the sketch. */
#include <stdio.h>
#include "print.h"
#include "readback/json.h"

/* ---- numbers ------------------------------------------------------------------------------------
 */
static void put_coord(struct print_page *p, struct rb_point at, enum rb_coord_format format,
                      unsigned digits) {
    char buf[80];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    if (rb_coord_put(&w, at, format, digits, RB_ZONE_STANDARD) != RB_OK) return;
    print_z(&p->h, "<bdi dir=\"ltr\" class=\"number\">");
    print_text(&p->h, rb_str(rb_writer_z(&w)));
    print_z(&p->h, "</bdi>");
}
/* as many decimals as the author's number has: fewer would move it, more would claim to know more
 */
static unsigned decimals(const struct rb_volume *v) {
    size_t n = v->shape == RB_SHAPE_CIRCLE ? 1 : v->vertices_n;
    const struct rb_point *at = v->shape == RB_SHAPE_CIRCLE ? &v->center : v->vertices;
    unsigned most = 4;
    for (size_t i = 0; i < n; i++) {
        for (int axis = 0; axis < 2; axis++) {
            int64_t nd = axis ? at[i].lon_nd : at[i].lat_nd;
            unsigned d = 9;
            for (; d > 0 && nd % 10 == 0; d--)
                nd /= 10;
            if (d > most) most = d;
        }
    }
    return most;
}
static void put_length(struct print_page *p, uint64_t mm) {
    char buf[48];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    bool km = mm >= 10000000 && mm % 100000 == 0;
    rb_decimal_put(&w, (int64_t)mm, km ? 6 : 3);
    print_f(&p->h, "<bdi dir=\"ltr\">%s</bdi> %s", rb_writer_z(&w),
            print_w(p, km ? PW_KM : PW_METRES));
}
static void put_limit(struct print_page *p, const struct rb_alt_limit *l, enum print_word none) {
    static const enum print_word datums[] = {PW_WGS84, PW_AMSL, PW_AGL, PW_AMSL};
    char buf[48];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    if (l->open) {
        print_z(&p->h, print_w(p, none));
        return;
    }
    if (l->datum == RB_DATUM_FL) {
        if (rb_height_put(&w, l, RB_UNIT_FT, 0) == RB_OK) print_ltr(&p->h, rb_writer_z(&w));
        return;
    }
    rb_decimal_put(&w, l->mm, 3);
    int64_t half = l->mm < 0 ? -1524 : 1524; /* tenths of a millimetre: half a foot */
    long long feet = (long long)((l->mm * 10 + half) / 3048);
    print_f(&p->h, "<bdi dir=\"ltr\">%s m (%lld ft)</bdi> %s", rb_writer_z(&w), feet,
            print_w(p, datums[l->datum]));
}

/* ---- points -------------------------------------------------------------------------------------
 */
static void put_center(struct print_page *p, const struct rb_volume *v) {
    print_row(p, PW_CENTRE);
    print_z(&p->h, "<b>");
    put_coord(p, v->center, RB_COORD_DEG, decimals(v));
    print_z(&p->h, "</b><br/><b>");
    put_coord(p, v->center, RB_COORD_MGRS_SPACED, 5);
    print_z(&p->h, "</b> <span class=\"small\">MGRS</span><br/>");
    put_coord(p, v->center, RB_COORD_DMS, rb_coord_digits(RB_COORD_DMS, 1000));
    print_row_end(p);
    print_row(p, PW_RADIUS);
    put_length(p, v->radius_mm);
    print_row_end(p);
}
static void put_points(struct print_page *p, const struct rb_volume *v) {
    unsigned digits = decimals(v);
    print_f(&p->h,
            "<table class=\"points\"><thead><tr><th>%s</th><th>%s</th>"
            "<th><bdi dir=\"ltr\">MGRS</bdi></th></tr></thead><tbody>\n",
            print_w(p, PW_POINT), print_w(p, PW_LAT_LON));
    for (size_t i = 0; i < v->vertices_n; i++) {
        print_f(&p->h, "<tr><td>%zu</td><td>", i + 1);
        put_coord(p, v->vertices[i], RB_COORD_DEG, digits);
        print_z(&p->h, "</td><td>");
        put_coord(p, v->vertices[i], RB_COORD_MGRS_SPACED, 5);
        print_z(&p->h, "</td></tr>\n");
    }
    print_z(&p->h, "</tbody></table>\n");
}
static void put_shape(struct print_page *p, const struct rb_volume *v) {
    static const enum print_word edges[] = {PW_EDGES_GEODESIC, PW_EDGES_PARALLEL, PW_EDGES_LONLAT};
    if (v->shape == RB_SHAPE_CIRCLE) return;
    print_row(p, PW_SHAPE);
    if (v->shape == RB_SHAPE_POLYGON) {
        print_f(&p->h, "%s; %s", print_w(p, PW_POLYGON), print_w(p, edges[v->edges]));
    } else {
        print_f(&p->h, "%s: ", print_w(p, PW_CORRIDOR));
        put_length(p, v->radius_mm);
        print_f(&p->h, " %s", print_w(p, PW_EITHER_SIDE));
    }
    print_row_end(p);
}

/* ---- how far from what is known -----------------------------------------------------------------
 */
struct rb_slice print_place_name(const struct print_page *p, const struct rb_known_place *k) {
    if (p->lang == PRINT_AR && k->ar.n) return k->ar;
    if (p->lang == PRINT_RU && k->ru.n) return k->ru;
    return k->name;
}
void print_distance(struct print_page *p, const struct rb_bearing_words *b) {
    char buf[40];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_decimal_put(&w, (int64_t)b->value, b->decimals);
    print_f(&p->h, "%s %s", rb_writer_z(&w), print_w(p, b->unit == RB_UNIT_KM ? PW_KM : PW_METRES));
}
/* From the list of known places alone: the nearest registered site, which the play-back says too,
 * is not for everybody who may read this page. */
static void put_nearest(struct print_page *p, const struct rb_volume *v) {
    struct rb_nearest near;
    struct rb_point at = v->shape == RB_SHAPE_CIRCLE ? v->center : v->vertices[0];
    if (p->known == NULL || !rb_gazetteer_nearest(p->known, at, 0, &near)) return;
    struct rb_bearing_words b = rb_bearing_words(near.distance_mm, near.azimuth_nd);
    print_row(p, v->shape == RB_SHAPE_CIRCLE ? PW_NEAREST : PW_NEAREST_FIRST);
    if (b.value > 0) {
        print_distance(p, &b);
        print_f(&p->h, " %s ", print_wind(p->lang, b.wind));
    }
    print_f(&p->h, "%s ", print_w(p, b.value ? PW_FROM_PLACE : PW_AT_PLACE));
    print_line_slice(&p->h, print_place_name(p, &near.place));
    if (print_place_name(p, &near.place).p != near.place.name.p) {
        print_z(&p->h, " / ");
        print_line_slice(&p->h, near.place.name);
    }
    print_z(&p->h, " (");
    print_ltr(&p->h, near.place.country);
    print_z(&p->h, ")");
    print_row_end(p);
}

/* ---- heights, times, survey ---------------------------------------------------------------------
 */
static void put_heights(struct print_page *p, const struct rb_volume *v) {
    print_row(p, PW_HEIGHTS);
    if (v->floor.open && v->ceiling.open) {
        print_z(&p->h, print_w(p, PW_ALL_HEIGHTS));
    } else {
        print_f(&p->h, "%s ", print_w(p, PW_FLOOR));
        put_limit(p, &v->floor, PW_NO_FLOOR);
        print_f(&p->h, "<br/>%s ", print_w(p, PW_CEILING));
        put_limit(p, &v->ceiling, PW_NO_CEILING);
    }
    print_row_end(p);
}
static void put_times(struct print_page *p, const struct rb_volume *v) {
    print_row(p, PW_TIMES);
    if (!v->has_from && !v->has_to) {
        print_z(&p->h, print_w(p, PW_ALL_TIMES));
    } else {
        print_f(&p->h, "%s ", print_w(p, PW_BEGINS));
        if (v->has_from)
            print_when(p, v->from_utc_ms);
        else
            print_z(&p->h, print_w(p, PW_NO_BEGIN));
        print_f(&p->h, "<br/>%s ", print_w(p, PW_ENDS));
        if (v->has_to)
            print_when(p, v->to_utc_ms);
        else
            print_z(&p->h, print_w(p, PW_NO_END));
    }
    print_row_end(p);
}
static void put_said(struct print_page *p, enum print_word w, struct rb_slice text, bool always) {
    if (text.n == 0 && !always) return;
    print_row(p, w);
    if (text.n)
        print_line_slice(&p->h, text);
    else
        print_z(&p->h, print_w(p, PW_NOT_STATED));
    print_row_end(p);
}
/* of a place that is to be spared, what is not stated is said to be so; of a plan only its accuracy
 */
static void put_survey(struct print_page *p, const struct rb_volume *v) {
    const char *class_ = print_str(p->record, "class");
    bool spared = strcmp(class_, "site") == 0 || strcmp(class_, "movement") == 0;
    print_row(p, PW_ACCURACY);
    if (v->accuracy_mm)
        put_length(p, v->accuracy_mm);
    else
        print_z(&p->h, print_w(p, PW_NOT_STATED));
    print_row_end(p);
    if (v->has_surveyed || v->method.n || strcmp(class_, "site") == 0) {
        print_row(p, PW_SURVEYED);
        if (v->has_surveyed)
            print_when(p, v->surveyed_utc_ms);
        else
            print_z(&p->h, print_w(p, PW_NOT_STATED));
        if (v->method.n) print_z(&p->h, " · ");
        print_line_slice(&p->h, v->method);
        print_row_end(p);
    }
    put_said(p, PW_DECLARED_BY, v->declared_by, spared);
    put_said(p, PW_RECOGNISED_BY, v->recognised_by, false);
    if (v->military_use) put_said(p, PW_MILITARY_USE, rb_str(print_w(p, PW_YES)), true);
    put_said(p, PW_AS_ENTERED, v->as_entered, false);
}

/* ---- together -----------------------------------------------------------------------------------
 */
#define POINTS_BESIDE 12 /* more points than that take the whole width, in two columns */
static bool beside(const struct rb_volume *v) {
    return v->shape != RB_SHAPE_CIRCLE && v->vertices_n <= POINTS_BESIDE;
}
/* two halves: its shape; then its time, heights and survey */
static void put_volume(struct print_page *p, const struct rb_volume *v) {
    print_z(&p->h, "<div>\n");
    if (beside(v)) put_points(p, v);
    print_z(&p->h, "<table class=\"facts\">\n");
    if (v->shape == RB_SHAPE_CIRCLE) put_center(p, v);
    put_shape(p, v);
    put_nearest(p, v);
    print_z(&p->h, "</table>\n</div><div>\n<table class=\"facts\">\n");
    put_times(p, v);
    put_heights(p, v);
    put_survey(p, v);
    print_z(&p->h, "</table>\n</div>\n");
}
static void put_heading(struct print_page *p, const struct print_volumes *all, size_t i) {
    if (all->n > 1) print_f(&p->h, "<h3>%s %zu</h3>\n", print_w(p, PW_PLACE), i + 1);
}
static void put_many_points(struct print_page *p, const struct rb_volume *v) {
    if (v->shape == RB_SHAPE_CIRCLE || beside(v)) return;
    print_z(&p->h, "<div class=\"columns\">\n");
    put_points(p, v);
    print_z(&p->h, "</div>\n");
}
/* the first one beside the sketch, the others below over the whole width */
void print_places(struct print_page *p, const struct print_volumes *v) {
    print_f(&p->h, "<h2>%s</h2>\n", print_w(p, PW_WHERE_WHEN));
    if (v->n == 0) {
        print_f(&p->h, "<p>%s</p>\n", print_w(p, PW_NO_PLACE));
        return;
    }
    print_z(&p->h, "<div class=\"beside\"><div class=\"left\">\n");
    put_heading(p, v, 0);
    put_volume(p, &v->v[0]);
    print_z(&p->h, "</div>\n");
    print_sketch(p, v);
    print_z(&p->h, "</div>\n");
    put_many_points(p, &v->v[0]);
    for (size_t i = 1; i < v->n; i++) {
        put_heading(p, v, i);
        print_z(&p->h, "<div class=\"pair\">\n");
        put_volume(p, &v->v[i]);
        print_z(&p->h, "</div>\n");
        put_many_points(p, &v->v[i]);
    }
}
