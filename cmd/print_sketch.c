/* The sketch: outlines as they are measured, a grid, a scale, north, known places. It is no map,
 * and says so: no borders, no ground. */
#include <math.h>
#include <stdio.h>
#include "print.h"

#define RAD (3.14159265358979323846 / 180)

/* ---- outlines -----------------------------------------------------------------------------------
 */
static double degrees(int64_t nd) {
    return (double)nd / 1e9;
}
static struct print_xy on_paper(const struct print_frame *f, struct rb_point at) {
    return print_on_paper(f, print_project(&f->at, degrees(at.lat_nd), degrees(at.lon_nd)));
}
/* so many pieces that a bend of the edge shows */
static int pieces(const struct print_frame *f, struct rb_point a, struct rb_point b) {
    struct print_xy x = on_paper(f, a), y = on_paper(f, b);
    double km = hypot(x.x - y.x, x.y - y.y) / f->scale / 1000;
    return km < 20 ? 1 : km > 2000 ? 64 : 1 + (int)(km / 32);
}
static void put_edge(struct print_html *h, const struct print_frame *f, struct rb_point a,
                     struct rb_point b, bool straight) {
    int n = pieces(f, a, b);
    for (int i = 1; i <= n; i++) {
        double lat = 0, lon = 0;
        print_between(a, b, straight, (double)i / n, &lat, &lon);
        struct print_xy at = print_on_paper(f, print_project(&f->at, lat, lon));
        print_f(h, "L%.2f %.2f", at.x, at.y);
    }
}
static void put_line(struct print_html *h, const struct print_frame *f, const struct rb_volume *v) {
    bool ring = v->shape == RB_SHAPE_POLYGON;
    struct print_xy at = on_paper(f, v->vertices[0]);
    print_f(h, "M%.2f %.2f", at.x, at.y);
    for (size_t i = 0; i + !ring < v->vertices_n; i++) {
        struct rb_point a = v->vertices[i], b = v->vertices[(i + 1) % v->vertices_n];
        bool parallel = v->edges == RB_EDGES_PARALLEL && a.lat_nd == b.lat_nd;
        put_edge(h, f, a, b, ring && (parallel || v->edges == RB_EDGES_LONLAT));
    }
    if (ring) print_z(h, "Z");
}
/* a corridor is its line, drawn as wide as it is: dark, then white a little less wide, then hatched
 */
static void put_corridor(struct print_html *h, const struct print_frame *f,
                         const struct rb_volume *v) {
    double wide = fmax((double)v->radius_mm / 500 * f->scale, 0.2);
    const struct {
        double more;
        const char *ink;
    } coats[] = {{0.8, "#000"}, {0, "#fff"}, {0, "url(#hatch)"}};
    for (size_t i = 0; i < 3; i++) {
        print_z(h, "<path fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\" d=\"");
        put_line(h, f, v);
        print_f(h, "\" stroke=\"%s\" stroke-width=\"%.2f\"/>\n", coats[i].ink,
                wide + coats[i].more);
    }
    print_z(h, "<path fill=\"none\" stroke=\"#000\" stroke-width=\".25\" stroke-dasharray=\"1.6 "
               "1\" d=\"");
    put_line(h, f, v);
    print_z(h, "\"/>\n");
}
static void put_circle(struct print_html *h, const struct print_frame *f,
                       const struct rb_volume *v) {
    struct print_xy at = on_paper(f, v->center);
    double r = (double)v->radius_mm / 1000 * f->scale;
    print_f(h,
            "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"%.2f\" fill=\"url(#hatch)\" stroke=\"#000\" "
            "stroke-width=\".45\"/>\n",
            at.x, at.y, r);
    if (r > 1.5)
        print_f(h, "<path d=\"M%.2f %.2fh2m-1 -1v2\" stroke=\"#000\" stroke-width=\".25\"/>\n",
                at.x - 1, at.y);
}
static void put_outline(struct print_html *h, const struct print_frame *f,
                        const struct rb_volume *v) {
    switch (v->shape) {
    case RB_SHAPE_CIRCLE:
        put_circle(h, f, v);
        return;
    case RB_SHAPE_CORRIDOR:
        put_corridor(h, f, v);
        return;
    case RB_SHAPE_POLYGON:
        print_z(h, "<path fill=\"url(#hatch)\" stroke=\"#000\" stroke-width=\".45\" "
                   "stroke-linejoin=\"round\" d=\"");
        put_line(h, f, v);
        print_z(h, "\"/>\n");
        return;
    }
}

/* ---- numbers of places and points ---------------------------------------------------------------
 */
static void put_number(struct print_html *h, struct print_xy at, size_t n, bool place) {
    print_f(h,
            "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%s\" text-anchor=\"middle\" stroke=\"#fff\" "
            "stroke-width=\".9\" paint-order=\"stroke\" font-weight=\"%s\">%zu</text>\n",
            at.x, at.y, place ? "3.4" : "2.3", place ? "700" : "400", n);
}
/* the point of an outline with the number of its row in the table, where they are few */
static void put_points(struct print_html *h, const struct print_frame *f,
                       const struct rb_volume *v) {
    if (v->shape == RB_SHAPE_CIRCLE || v->vertices_n > PRINT_NUMBERED) return;
    for (size_t i = 0; i < v->vertices_n; i++) {
        struct print_xy at = on_paper(f, v->vertices[i]);
        print_f(h, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\".55\"/>\n", at.x, at.y);
        put_number(h, (struct print_xy){at.x + 1.7, at.y - 0.9}, i + 1, false);
    }
}
static void put_numbers(struct print_html *h, const struct print_frame *f,
                        const struct print_volumes *v) {
    if (v->n == 1) {
        put_points(h, f, &v->v[0]);
        return;
    }
    for (size_t i = 0; i < v->n; i++) {
        const struct rb_volume *x = &v->v[i];
        struct print_xy at = on_paper(f, x->shape == RB_SHAPE_CIRCLE ? x->center : x->vertices[0]);
        put_number(h, (struct print_xy){at.x + 2.2, at.y - 1.2}, i + 1, true);
    }
}

/* ---- scale, north -------------------------------------------------------------------------------
 */
static void put_scale(struct print_page *p, const struct print_frame *f) {
    double m = print_scale_bar(f), w = m * f->scale, y = PRINT_SKETCH_H - 6;
    bool km = m >= 1000;
    print_f(&p->h,
            "<g stroke=\"#000\" stroke-width=\".35\"><rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
            "height=\"6.4\" fill=\"#fff\" stroke=\"none\"/><path fill=\"none\" d=\"M%.2f "
            "%.2fv1.6h%.2fv-1.6\"/></g>\n",
            PRINT_SKETCH_W - w - 6, y - 4.6, w + 4.5, PRINT_SKETCH_W - w - 4, y - 0.6, w);
    print_f(&p->h,
            "<text x=\"%.2f\" y=\"%.2f\" font-size=\"2.7\" text-anchor=\"middle\">%g %s</text>\n",
            PRINT_SKETCH_W - w / 2 - 4, y - 1.3, km ? m / 1000 : m,
            print_w(p, km ? PW_KM : PW_METRES));
}
/* how far the meridian there leans from the paper's edge, degrees clockwise */
static double lean(const struct print_frame *f, double x_mm) {
    struct print_xy at = {f->middle.x + (x_mm - PRINT_SKETCH_W / 2) / f->scale, f->middle.y};
    double lat = 0, lon = 0;
    print_unproject(&f->at, at, &lat, &lon);
    struct print_xy a = print_on_paper(f, print_project(&f->at, lat, lon));
    struct print_xy b = print_on_paper(f, print_project(&f->at, fmin(lat + 0.001, 90), lon));
    return atan2(b.x - a.x, a.y - b.y) / RAD;
}
/* none where north is this way here and that way there: the grid shows it */
static void put_north(struct print_html *h, const struct print_frame *f) {
    if (fabs(remainder(lean(f, 0) - lean(f, PRINT_SKETCH_W), 360)) > 20) return;
    print_f(h,
            "<g transform=\"translate(%.2f 9) rotate(%.1f)\"><path d=\"M0 -5.2L1.7 2.6L0 1.2Z\"/>"
            "<path d=\"M0 -5.2L-1.7 2.6L0 1.2Z\" fill=\"#fff\" stroke=\"#000\" "
            "stroke-width=\".25\"/><text y=\"6\" font-size=\"3.2\" font-weight=\"700\" "
            "text-anchor=\"middle\">N</text></g>\n",
            PRINT_SKETCH_W - 6, lean(f, PRINT_SKETCH_W / 2));
}

/* ---- together -----------------------------------------------------------------------------------
 */
void print_sketch(struct print_page *p, const struct print_volumes *v) {
    struct print_html *h = &p->h;
    struct print_frame f = print_frame_of(v, p->known);
    print_f(h,
            "<figure class=\"sketch\">\n<svg viewBox=\"0 0 %g %g\" direction=\"ltr\" "
            "font-family=\"'Noto Sans','DejaVu Sans',Arial,sans-serif\" role=\"img\" "
            "aria-label=\"%s\">\n",
            PRINT_SKETCH_W, PRINT_SKETCH_H, print_w(p, PW_SKETCH));
    print_z(h, "<defs><pattern id=\"hatch\" width=\"1.6\" height=\"1.6\" "
               "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><path d=\"M0 "
               "0v1.6\" stroke=\"#000\" stroke-width=\".16\"/></pattern></defs>\n");
    print_grid(h, &f);
    for (size_t i = 0; i < v->n; i++)
        if (v->v[i].shape == RB_SHAPE_CORRIDOR) put_outline(h, &f, &v->v[i]);
    for (size_t i = 0; i < v->n; i++)
        if (v->v[i].shape != RB_SHAPE_CORRIDOR) put_outline(h, &f, &v->v[i]);
    print_known(p, &f, v);
    put_numbers(h, &f, v);
    put_scale(p, &f);
    put_north(h, &f);
    print_f(h,
            "<rect x=\".2\" y=\".2\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" stroke=\"#000\" "
            "stroke-width=\".4\"/>\n</svg>\n<figcaption>%s",
            PRINT_SKETCH_W - 0.4, PRINT_SKETCH_H - 0.4, print_w(p, PW_SKETCH_SAYS));
    if (p->known) {
        print_z(h, " ");
        print_line(h, rb_gazetteer_attribution);
    }
    print_z(h, "</figcaption>\n</figure>\n");
}
