/* Known places on a sketch: the nearest one always, and the largest of those in the frame for which
 * there is room. */
#include <math.h>
#include <stdio.h>
#include "print.h"

#define CANDIDATES 24
#define LABELS 9
#define FONT 2.6
#define LETTER (0.58 * FONT) /* a letter's width, about */

struct rect {
    double x, y, w, h;
};
struct known {
    struct rb_known_place place[CANDIDATES]; /* the nearest first, then by population */
    struct print_xy at[CANDIDATES];
    size_t n;
    struct rect taken[2 * LABELS + RB_MAX_VOLUMES + 2 * PRINT_NUMBERED + 4];
    size_t taken_n;
};

static struct print_xy where(const struct print_frame *f, struct rb_point at) {
    return print_on_paper(f,
                          print_project(&f->at, (double)at.lat_nd / 1e9, (double)at.lon_nd / 1e9));
}

/* ---- which --------------------------------------------------------------------------------------
 */
static bool same_point(struct rb_point a, struct rb_point b) {
    return a.lat_nd == b.lat_nd && a.lon_nd == b.lon_nd;
}
/* keeps the largest; what is first stays first */
static void offer(struct known *k, const struct rb_known_place *x, struct print_xy at) {
    size_t i = k->n;
    if (k->n > 0 && same_point(k->place[0].point, x->point)) return;
    if (k->n == CANDIDATES && k->place[k->n - 1].population >= x->population) return;
    if (k->n < CANDIDATES) k->n++;
    if (i == CANDIDATES) i--;
    for (; i > 1 && k->place[i - 1].population < x->population; i--) {
        k->place[i] = k->place[i - 1];
        k->at[i] = k->at[i - 1];
    }
    k->place[i] = *x;
    k->at[i] = at;
}
/* places are in order of latitude, but few latitudes are a frame: all are looked at, once */
static void find(struct known *k, const struct print_frame *f, const struct rb_gazetteer *g,
                 const struct rb_known_place *nearest) {
    const double reach =
        hypot(PRINT_SKETCH_W, PRINT_SKETCH_H) / f->scale + hypot(f->middle.x, f->middle.y);
    const double lat_reach = reach / 110000;
    k->place[0] = *nearest;
    k->at[0] = where(f, nearest->point);
    k->n = 1;
    for (size_t i = 0; i < g->n; i++) {
        struct rb_known_place x = rb_gazetteer_place(g, i);
        double lat = (double)x.point.lat_nd / 1e9, lon = (double)x.point.lon_nd / 1e9;
        if (fabs(lat - f->at.lat) > lat_reach) continue;
        struct print_xy at = print_on_paper(f, print_project(&f->at, lat, lon));
        if (print_in_frame(at, 2)) offer(k, &x, at);
    }
}

/* ---- where their names go -----------------------------------------------------------------------
 */
static bool meets(const struct rect *a, const struct rect *b) {
    return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h && b->y < a->y + a->h;
}
static bool is_free(const struct known *k, const struct rect *r) {
    for (size_t i = 0; i < k->taken_n; i++)
        if (meets(&k->taken[i], r)) return false;
    return r->x > 0.5 && r->y > 0.5 && r->x + r->w < PRINT_SKETCH_W - 0.5 &&
           r->y + r->h < PRINT_SKETCH_H - 3.5;
}
static void take(struct known *k, struct rect r) {
    if (k->taken_n < sizeof k->taken / sizeof *k->taken) k->taken[k->taken_n++] = r;
}
/* the points of the only outline, with their numbers */
static void take_points(struct known *k, const struct print_frame *f, const struct rb_volume *v) {
    for (size_t i = 0; i < v->vertices_n && v->vertices_n <= PRINT_NUMBERED; i++) {
        struct print_xy m = where(f, v->vertices[i]);
        take(k, (struct rect){m.x - 0.5, m.y - 0.5, 1, 1});
        take(k, (struct rect){m.x + 0.7, m.y - 3, 2.2, 2.2});
    }
}
/* room for the scale, the arrow of north, and the numbers of places */
static void take_fixed(struct known *k, const struct print_frame *f,
                       const struct print_volumes *v) {
    double bar = print_scale_bar(f) * f->scale + 6;
    take(k, (struct rect){PRINT_SKETCH_W - bar, PRINT_SKETCH_H - 11, bar, 11});
    take(k, (struct rect){PRINT_SKETCH_W - 10, 0, 10, 17});
    if (v->n == 1) take_points(k, f, &v->v[0]);
    for (size_t i = 0; i < v->n; i++) {
        const struct rb_volume *x = &v->v[i];
        if (v->n == 1 && x->shape != RB_SHAPE_CIRCLE) continue;
        struct print_xy m = where(f, x->shape == RB_SHAPE_CIRCLE ? x->center : x->vertices[0]);
        take(k, (struct rect){m.x - 1.5, m.y - 4, 5.5, 5.5});
    }
}
static size_t letters(struct rb_slice s) {
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += (s.p[i] & 0xc0) != 0x80;
    return n;
}
/* the side of the room that lies at the dot */
enum anchor { AT_START, AT_END, AT_MIDDLE };
static void put_name(struct print_page *p, struct rb_slice name, const struct rect *r,
                     enum anchor a) {
    static const char *const anchors[] = {"start", "end", "middle"};
    double x = a == AT_START ? r->x + 0.2 : a == AT_END ? r->x + r->w - 0.2 : r->x + r->w / 2;
    print_f(&p->h,
            "<text x=\"%.2f\" y=\"%.2f\" text-anchor=\"%s\" stroke=\"#fff\" "
            "stroke-width=\".8\" paint-order=\"stroke\">",
            x, r->y + r->h - 0.8, anchors[a]);
    print_text(&p->h, name);
    print_z(&p->h, "</text>\n");
}
/* beside, above or below its dot, wherever there is room; else neither name nor dot */
static bool place(struct print_page *p, struct known *k, size_t i) {
    struct rb_slice name = print_place_name(p, &k->place[i]);
    double w = (double)letters(name) * LETTER + 1, x = k->at[i].x, y = k->at[i].y;
    const struct rect tries[] = {{x + 1, y - 1.7, w, 3.2},
                                 {x - 1 - w, y - 1.7, w, 3.2},
                                 {x - w / 2, y - 4.2, w, 3.2},
                                 {x - w / 2, y + 0.9, w, 3.2}};
    const struct rect dot = {x - 0.7, y - 0.7, 1.4, 1.4};
    for (size_t t = 0; t < 4; t++) {
        if (!is_free(k, &tries[t])) continue;
        print_f(&p->h,
                "<circle cx=\"%.2f\" cy=\"%.2f\" r=\".7\" fill=\"#fff\" stroke=\"#000\" "
                "stroke-width=\".3\"/>\n",
                x, y);
        put_name(p, name, &tries[t], t < 2 ? (enum anchor)t : AT_MIDDLE);
        take(k, tries[t]);
        take(k, dot);
        return true;
    }
    return false;
}

/* ---- the nearest, beyond the frame --------------------------------------------------------------
 */
/* an arrow at the edge, to where it lies from the middle of the frame, with its name and distance
 */
static void point_to(struct print_page *p, struct known *k, const struct rb_nearest *near) {
    double dx = k->at[0].x - PRINT_SKETCH_W / 2, dy = k->at[0].y - PRINT_SKETCH_H / 2;
    double t = fmin((PRINT_SKETCH_W / 2 - 5) / fmax(fabs(dx), 1e-9),
                    (PRINT_SKETCH_H / 2 - 6) / fmax(fabs(dy), 1e-9));
    double x = PRINT_SKETCH_W / 2 + dx * t, y = PRINT_SKETCH_H / 2 + dy * t, a = atan2(dy, dx);
    struct rb_bearing_words b = rb_bearing_words(near->distance_mm, near->azimuth_nd);
    struct rb_slice name = print_place_name(p, &near->place);
    double w = ((double)letters(name) + 9) * LETTER;
    double tx = fmin(fmax(x - 3 * cos(a), w / 2 + 1), PRINT_SKETCH_W - w / 2 - 1);
    double ty = y + (dy > 0 ? -3.2 : 5.4);
    print_f(&p->h,
            "<path transform=\"translate(%.2f %.2f) rotate(%.1f)\" d=\"M-4 0h3M-1.4 "
            "-1.1L1.2 0L-1.4 1.1Z\" stroke=\"#000\" stroke-width=\".3\"/>\n",
            x, y, a * 180 / 3.14159265358979323846);
    print_f(&p->h, "<text x=\"%.2f\" y=\"%.2f\" text-anchor=\"middle\">", tx, ty);
    print_text(&p->h, name);
    print_z(&p->h, " ");
    print_distance(p, &b);
    print_z(&p->h, "</text>\n");
    take(k, (struct rect){tx - w / 2, ty - 3, w, 4});
}

void print_known(struct print_page *p, const struct print_frame *f, const struct print_volumes *v) {
    struct known k = {.n = 0};
    struct rb_nearest near;
    double lat = 0, lon = 0;
    print_middle(v, &lat, &lon);
    struct rb_point middle = {(int64_t)llround(lat * 1e9), (int64_t)llround(lon * 1e9)};
    if (p->known == NULL || !rb_gazetteer_nearest(p->known, middle, 0, &near)) return;
    find(&k, f, p->known, &near.place);
    take_fixed(&k, f, v);
    print_f(&p->h, "<g font-size=\"%.1f\" fill=\"#000\" stroke=\"none\" class=\"known\">\n", FONT);
    if (!print_in_frame(k.at[0], 2)) point_to(p, &k, &near);
    size_t named = 0;
    for (size_t i = print_in_frame(k.at[0], 2) ? 0 : 1; i < k.n && named < LABELS; i++)
        named += place(p, &k, i);
    print_z(&p->h, "</g>\n");
}
