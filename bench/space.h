/* What the parts of bench/run space share: the volumes and questions, and answers to compare. */
#ifndef READBACK_BENCH_SPACE_H
#define READBACK_BENCH_SPACE_H
#include "bench.h"
#include "readback/verdict.h"

#define SPACE_QUERIES 10000u
#define SPACE_LINE_MAX 12u /* points of a generated line or ring */
#define SPACE_RING_MAX 64u /* points of the ring that others are given */

/* One volume, all heights WGS84. `volume.vertices` is `points` of the same item: items do not move.
 */
struct space_item {
    struct rb_volume volume;
    struct rb_point points[SPACE_LINE_MAX];
};
/* n volumes by the seed; free() them. Syria and Iraq, 90 days: a fifth sites (circles of 100 m to
 * 2 km, no end, all heights), a fifth movements (corridors 15 to 250 km long), the rest operations
 * (circles of 1 to 30 km and polygons of 4 to 12 points). */
struct space_item *space_make(size_t n, uint64_t seed);

/* The same made for a year, a quarter of them in each quarter, and with a stated accuracy of each:
 * sites 10, 30 or 100 m, movements 50 or 250 m, operations 20 or 100 m. */
struct space_item *space_make_year(size_t n, uint64_t seed);
/* As it truly is: all of it moved by the same way, any within its accuracy being as likely. */
void space_draw(const struct space_item *written, uint64_t seed, struct space_item *out);

/* The same as a ring in longitude and latitude, degrees, closed (first point repeated): circles as
 * 32 points, the round ends of corridors as 9 each. For those who know planes only. */
struct space_ring {
    size_t n;
    double lon_lat[SPACE_RING_MAX][2];
};
void space_ring_of(const struct space_item *s, struct space_ring *out);

/* All answers of one program: for query i, ids[first[i], first[i + 1]), ascending. */
struct space_answers {
    bool have; /* else `why` */
    char why[200];
    uint32_t *ids;
    size_t cap;
    size_t first[SPACE_QUERIES + 1];
    double us[SPACE_QUERIES];
    double build_s; /* from its own data in memory (Boost) or table (PostGIS) to a usable index */
};
void space_answer_add(struct space_answers *a, size_t query, uint32_t id);
void space_answer_end(struct space_answers *a, size_t query); /* sorts them */
void space_answers_free(struct space_answers *a);
double space_rate(const struct space_answers *a); /* queries a second, one after the other */

/* adds the rows alarms-... */
void space_alarms(void);

/* both leave `have` false, and say why, where something is missing */
void space_postgis(const struct space_item *items, size_t n, const struct space_item *queries,
                   struct space_answers *out);
/* `program` is space_boost.cpp, built by bench/run */
void space_boost(const char *program, const struct space_item *items, size_t n,
                 const struct space_item *queries, struct space_answers *out);
#endif
