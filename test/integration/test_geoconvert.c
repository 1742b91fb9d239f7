/* Coordinates on lines, for test_geoconvert.py: one question a line, its fields parted by tabs, one
 * answer a line. R reads a place, W writes one, G and P go to a grid and back, H and L read a
 * height and a length, h and l write them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "readback/coord.h"

#define FIELDS 7

static int64_t number(const char *z) {
    return (int64_t)strtoll(z, NULL, 10);
}

static void refused(enum rb_err e, const struct rb_reject *rj) {
    printf("no\t%s\t%s\t%" PRIu64 "\t%s\t%d\n", rb_err_name(e), rj->clause, rj->offset, rj->what,
           rb_coord_ambiguous(rj));
}

static void answer(enum rb_err e, struct rb_writer *w) {
    if (e == RB_OK && !w->over)
        printf("ok\t%s\n", rb_writer_z(w));
    else
        printf("no\t%s\n", rb_err_name(e));
}

static void read_place(char **f) {
    struct rb_coord_hint hint = {(enum rb_coord_format)number(f[1]),
                                 (enum rb_utm_letter)number(f[2])};
    struct rb_reject rj = {0};
    struct rb_coord c;
    enum rb_err e = rb_coord_read(rb_str(f[3]), &hint, &c, &rj);
    if (e != RB_OK) {
        refused(e, &rj);
        return;
    }
    printf("ok\t%d\t%" PRId64 "\t%" PRId64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%d\t%u\n",
           (int)c.format, c.point.lat_nd, c.point.lon_nd, c.half_unit_mm, c.reach_mm, c.square_mm,
           c.zone, c.remarks);
}

static void write_place(char **f) {
    char room[128];
    struct rb_writer w = rb_writer(room, sizeof room);
    struct rb_point p = {number(f[4]), number(f[5])};
    enum rb_err e = rb_coord_put(&w, p, (enum rb_coord_format)number(f[1]), (unsigned)number(f[2]),
                                 (int)number(f[3]));
    answer(e, &w);
}

static void to_grid(char **f) {
    struct rb_grid g;
    struct rb_point p = {number(f[2]), number(f[3])};
    int zone = (int)number(f[1]);
    enum rb_err e = rb_grid_from_point(p, zone < 0 ? rb_grid_zone(p) : zone, &g);
    if (e != RB_OK)
        printf("no\t%s\n", rb_err_name(e));
    else
        printf("ok\t%d\t%d\t%" PRId64 "\t%" PRId64 "\n", g.zone, g.north, g.easting_um,
               g.northing_um);
}

static void from_grid(char **f) {
    struct rb_grid g = {(int)number(f[1]), number(f[2]) != 0, number(f[3]), number(f[4])};
    struct rb_point p;
    enum rb_err e = rb_grid_to_point(&g, &p);
    if (e != RB_OK)
        printf("no\t%s\n", rb_err_name(e));
    else
        printf("ok\t%" PRId64 "\t%" PRId64 "\n", p.lat_nd, p.lon_nd);
}

static void read_height(char **f) {
    struct rb_reject rj = {0};
    struct rb_height h;
    enum rb_datum datum = (enum rb_datum)number(f[1]);
    enum rb_err e = rb_height_read(rb_str(f[2]), number(f[1]) < 0 ? NULL : &datum, &h, &rj);
    if (e != RB_OK)
        refused(e, &rj);
    else
        printf("ok\t%d\t%" PRId64 "\t%d\t%d\t%" PRIu64 "\n", h.limit.open, h.limit.mm,
               (int)h.limit.datum, (int)h.unit, h.half_unit_mm);
}

static void read_length(char **f) {
    struct rb_reject rj = {0};
    struct rb_length n;
    enum rb_err e = rb_length_read(rb_str(f[1]), &n, &rj);
    if (e != RB_OK)
        refused(e, &rj);
    else
        printf("ok\t%" PRIu64 "\t%d\t%" PRIu64 "\n", n.mm, (int)n.unit, n.half_unit_mm);
}

static void write_height(char **f) {
    char room[128];
    struct rb_writer w = rb_writer(room, sizeof room);
    struct rb_alt_limit limit = {false, number(f[3]), (enum rb_datum)number(f[4])};
    enum rb_err e = rb_height_put(&w, &limit, (enum rb_unit)number(f[1]), (unsigned)number(f[2]));
    answer(e, &w);
}

static void write_length(char **f) {
    char room[128];
    struct rb_writer w = rb_writer(room, sizeof room);
    enum rb_err e = rb_length_put(&w, (uint64_t)number(f[3]), (enum rb_unit)number(f[1]),
                                  (unsigned)number(f[2]));
    answer(e, &w);
}

static const struct {
    char verb;
    void (*answer)(char **fields);
} verbs[] = {{'R', read_place},  {'W', write_place}, {'G', to_grid},      {'P', from_grid},
             {'H', read_height}, {'L', read_length}, {'h', write_height}, {'l', write_length}};

int main(void) {
    static char line[4096];
    char none[] = "";
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *f[FIELDS] = {line, none, none, none, none, none, none}, *z = line;
        size_t i = 1;
        line[strcspn(line, "\n")] = 0;
        while (i < FIELDS && (z = strchr(z, '\t')) != NULL) {
            *z++ = 0;
            f[i++] = z;
        }
        for (i = 0; i < sizeof verbs / sizeof *verbs && verbs[i].verb != f[0][0]; i++) {
        }
        if (i == sizeof verbs / sizeof *verbs) {
            fprintf(stderr, "no such question: %s\n", f[0]);
            return 2;
        }
        verbs[i].answer(f);
    }
    return ferror(stdin) != 0;
}
