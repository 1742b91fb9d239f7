/* Parallels and meridians of a sketch, with their degrees at its edges. */
#include <math.h>
#include <stdio.h>
#include "print.h"

#define SAMPLES 48

struct span {
    double lat_lo, lat_hi, lon_lo, lon_hi; /* degrees; lon_lo may be below -180 */
};

/* what latitudes and longitudes the frame holds, looked at in a net of points */
static struct span span_of(const struct print_frame *f) {
    const double half_w = PRINT_SKETCH_W / 2 / f->scale, half_h = PRINT_SKETCH_H / 2 / f->scale;
    const double reach = 3.1 * f->at.r; /* short of the other end of the earth */
    struct span s = {90, -90, 180 + f->at.lon, -180 + f->at.lon};
    for (int i = 0; i < 17; i++) {
        for (int k = 0; k < 17; k++) {
            struct print_xy at = {f->middle.x + (i - 8) / 8.0 * half_w,
                                  f->middle.y + (k - 8) / 8.0 * half_h};
            double lat = 0, lon = 0, far = hypot(at.x, at.y);
            if (far > reach) continue;
            print_unproject(&f->at, at, &lat, &lon);
            lon = f->at.lon + remainder(lon - f->at.lon, 360);
            s.lat_lo = fmin(s.lat_lo, lat);
            s.lat_hi = fmax(s.lat_hi, lat);
            s.lon_lo = fmin(s.lon_lo, lon);
            s.lon_hi = fmax(s.lon_hi, lon);
        }
    }
    for (int pole = -1; pole <= 1; pole += 2) { /* one inside: every meridian comes in */
        struct print_xy at = print_on_paper(f, print_project(&f->at, 90.0 * pole, 0));
        if (!print_in_frame(at, 0)) continue;
        s.lon_lo = f->at.lon - 180;
        s.lon_hi = f->at.lon + 180;
        if (pole < 0) s.lat_lo = -90;
        if (pole > 0) s.lat_hi = 90;
    }
    return s;
}
/* the least of 1, 2, 5 times 10^k, and then 15, 30, that is at least so much */
static double step_of(double least, int *digits) {
    static const double steps[] = {0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001,
                                   0.002,   0.005,   0.01,    0.02,   0.05,   0.1,    0.2,
                                   0.5,     1,       2,       5,      10,     15,     30};
    static const char places[] = {5, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 1, 1, 1};
    size_t i = 0, n = sizeof steps / sizeof *steps;
    while (i + 1 < n && steps[i] < least)
        i++;
    *digits = i < sizeof places ? places[i] : 0;
    return steps[i];
}

/* a line of the grid: where it runs, and where it first meets the edge that names it */
struct line {
    bool parallel;
    double at; /* degrees */
    struct print_xy label;
    bool labelled;
};
static struct print_xy sample(const struct print_frame *f, const struct line *l,
                              const struct span *s, int i, bool *there) {
    double t = (double)i / SAMPLES;
    double lat = l->parallel ? l->at : s->lat_lo + t * (s->lat_hi - s->lat_lo);
    double lon = l->parallel ? s->lon_lo + t * (s->lon_hi - s->lon_lo) : l->at;
    struct print_xy m = print_project(&f->at, lat, lon);
    *there = hypot(m.x, m.y) < 3.0 * f->at.r;
    return print_on_paper(f, m);
}
/* parallels are named at the left edge, meridians at the lower one */
static void find_label(struct line *l, struct print_xy a, struct print_xy b) {
    double from = l->parallel ? a.x : PRINT_SKETCH_H - a.y;
    double to = l->parallel ? b.x : PRINT_SKETCH_H - b.y;
    if (l->labelled || (from < 0) == (to < 0)) return;
    double t = from / (from - to);
    l->label = (struct print_xy){a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
    double along = l->parallel ? l->label.y : l->label.x;
    double room = l->parallel ? PRINT_SKETCH_H : PRINT_SKETCH_W;
    l->labelled = along > 5 && along < room - 5;
}
static void draw(struct print_html *h, const struct print_frame *f, struct line *l,
                 const struct span *s) {
    bool drawing = false;
    struct print_xy last = {0, 0};
    print_z(h, "<path d=\"");
    for (int i = 0; i <= SAMPLES; i++) {
        bool there = false;
        struct print_xy at = sample(f, l, s, i, &there);
        if (!there) {
            drawing = false;
            continue;
        }
        print_f(h, "%c%.2f %.2f", drawing ? 'L' : 'M', at.x, at.y);
        if (drawing) find_label(l, last, at);
        drawing = true;
        last = at;
    }
    print_z(h, "\"/>\n");
}
static void name_it(struct print_html *h, const struct line *l, int digits) {
    double lon = remainder(l->at, 360), v = l->parallel ? l->at : lon;
    char half = l->parallel ? (v < 0 ? 'S' : 'N') : (v < 0 ? 'W' : 'E');
    if (!l->labelled) return;
    /* white around the letters, so that they stand clear of what they cross */
    print_f(h,
            "<text x=\"%.2f\" y=\"%.2f\"%s stroke=\"#fff\" stroke-width=\".8\" "
            "stroke-dasharray=\"none\" "
            "paint-order=\"stroke\" fill=\"#000\">%.*f° %c</text>\n",
            l->parallel ? 0.8 : l->label.x, l->parallel ? l->label.y - 0.5 : PRINT_SKETCH_H - 0.8,
            l->parallel ? "" : " text-anchor=\"middle\"", digits, fabs(v), half);
}
static void family(struct print_html *h, const struct print_frame *f, const struct span *s,
                   bool parallels, double step, int digits) {
    double lo = parallels ? s->lat_lo : s->lon_lo, hi = parallels ? s->lat_hi : s->lon_hi;
    struct line lines[64];
    long first = lround(ceil(lo / step)), last = lround(floor(hi / step));
    int n = 0;
    for (long k = first; k <= last && n < 64; k++) {
        lines[n] = (struct line){.parallel = parallels, .at = (double)k * step};
        draw(h, f, &lines[n], s);
        n++;
    }
    for (int i = 0; i < n; i++)
        name_it(h, &lines[i], digits);
}
void print_grid(struct print_html *h, const struct print_frame *f) {
    struct span s = span_of(f);
    int lat_digits = 0, lon_digits = 0;
    double lat_step = step_of((s.lat_hi - s.lat_lo) / 4, &lat_digits);
    double lon_step = step_of((s.lon_hi - s.lon_lo) / 4, &lon_digits);
    print_z(h, "<g fill=\"none\" stroke=\"#000\" stroke-width=\".1\" stroke-dasharray=\".5 .7\" "
               "font-size=\"2.3\">\n");
    family(h, f, &s, true, lat_step, lat_digits);
    family(h, f, &s, false, lon_step, lon_digits);
    print_z(h, "</g>\n");
}
