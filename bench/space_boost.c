/* Gives the volumes and questions to the program of space_boost.cpp, reads what it answers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "space.h"

#define FAR 1e18 /* where there is no limit: infinity is no coordinate */

static void put(FILE *f, const void *p, size_t n) {
    if (fwrite(p, 1, n, f) != n) bench_die("the data for Boost cannot be written");
}

static void put_item(FILE *f, const struct space_item *s) {
    const struct rb_volume *v = &s->volume;
    const double limits[4] = {
        v->floor.open ? -FAR : (double)v->floor.mm, v->ceiling.open ? FAR : (double)v->ceiling.mm,
        v->has_from ? (double)v->from_utc_ms : -FAR, v->has_to ? (double)v->to_utc_ms : FAR};
    struct space_ring ring;
    space_ring_of(s, &ring);
    const uint32_t n = (uint32_t)ring.n;
    put(f, limits, sizeof limits);
    put(f, &n, sizeof n);
    put(f, ring.lon_lat, ring.n * sizeof ring.lon_lat[0]);
}

static void put_items(FILE *f, const struct space_item *s, size_t n) {
    const uint32_t count = (uint32_t)n;
    put(f, &count, sizeof count);
    for (size_t i = 0; i < n; i++)
        put_item(f, &s[i]);
}

static void write_data(const char *path, const struct space_item *items, size_t n,
                       const struct space_item *queries) {
    FILE *f = fopen(path, "wb");
    if (f == NULL) bench_die("%s cannot be written", path);
    put_items(f, items, n);
    put_items(f, queries, SPACE_QUERIES);
    if (fclose(f) != 0) bench_die("%s cannot be written", path);
}

static void get(FILE *f, void *p, size_t n) {
    if (fread(p, 1, n, f) != n) bench_die("the answers of Boost end early");
}

static void read_answers(const char *path, struct space_answers *out) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) bench_die("%s cannot be read", path);
    get(f, &out->build_s, sizeof out->build_s);
    for (size_t i = 0; i < SPACE_QUERIES; i++) {
        uint32_t n, id;
        get(f, &out->us[i], sizeof out->us[i]);
        get(f, &n, sizeof n);
        for (uint32_t k = 0; k < n; k++) {
            get(f, &id, sizeof id);
            space_answer_add(out, i, id);
        }
        space_answer_end(out, i);
    }
    (void)fclose(f);
}

void space_boost(const char *program, const struct space_item *items, size_t n,
                 const struct space_item *queries, struct space_answers *out) {
    char data[320], answers[320];
    if (access(program, X_OK) != 0) {
        (void)snprintf(out->why, sizeof out->why,
                       "not built: apt-get install g++ libboost-dev, then run again");
        return;
    }
    (void)snprintf(data, sizeof data, "%s/boost-data", bench_dir());
    (void)snprintf(answers, sizeof answers, "%s/boost-answers", bench_dir());
    write_data(data, items, n, queries);
    const char *argv[] = {program, data, answers, NULL};
    if (bench_exit_status(argv) != 0) bench_die("%s failed", program);
    read_answers(answers, out);
    out->have = true;
    (void)unlink(data);
    (void)unlink(answers);
}
