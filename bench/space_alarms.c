/* How many warnings are needless: a year of volumes as they are written, each with its stated
 * accuracy, and beside it one as it may truly be. See README.md. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "readback/volindex.h"
#include "space.h"

#define YEAR 40000u
#define YEAR_SEED 20270101u
#define SITE_STANDOFF_MM 500000u
#define MOVEMENT_STANDOFF_MM 1000000u
#define LOOK_FARTHER_MM 2000000u /* than anything is warned of: for what would be missed */
#define REGION_BYTES ((size_t)1 << 28)
#define ASK_MOST 400u /* pairs of each kind that the oracle is asked about */
#define CLEAR_MM 11   /* an answer that close to the stand-off is not judged (spec 10.2.3) */

struct pair {
    uint32_t a, b;
    bool conflict; /* by our own predicate, between the two as drawn */
};
enum { CONFLICT, NOT_EXCLUDED, KINDS };

struct year {
    struct space_item *written, *drawn;
    struct rb_extent *as_written, *as_drawn;
    struct rb_arena outlines;
    struct rb_region region;
    struct rb_volindex *index;
    size_t warned[KINDS], needless[KINDS], missed, looked_at;
    size_t asked_n;
    size_t of_kind[KINDS][2]; /* of them */
    struct pair asked[KINDS * 2 * ASK_MOST];
};

static void *pages(size_t n) {
    void *p =
        mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) bench_die("memory is short");
    return p;
}

static void must(enum rb_err err, const char *what) {
    if (err != RB_OK) bench_die("%s: %s", what, rb_err_text(err));
}

static bool is_operation(const struct space_item *s) {
    return s->volume.has_to && s->volume.shape != RB_SHAPE_CORRIDOR;
}

static bool is_site(const struct space_item *s) {
    return !s->volume.has_to;
}

/* circles alone are sites or operations, and only operations end */
static uint64_t standoff(const struct space_item *other) {
    return is_site(other) ? SITE_STANDOFF_MM : MOVEMENT_STANDOFF_MM;
}

static void prepare(struct year *y) {
    size_t bytes = 4096;
    y->written = space_make_year(YEAR, YEAR_SEED);
    y->drawn = calloc(YEAR, sizeof *y->drawn);
    y->as_written = calloc(YEAR, sizeof *y->as_written);
    y->as_drawn = calloc(YEAR, sizeof *y->as_drawn);
    if (y->drawn == NULL || y->as_written == NULL || y->as_drawn == NULL)
        bench_die("memory is short");
    for (size_t i = 0; i < YEAR; i++) {
        space_draw(&y->written[i], YEAR_SEED ^ (i + 1) * 0x9e3779b97f4a7c15u, &y->drawn[i]);
        bytes += 2 * (rb_outline_bytes(&y->written[i].volume) + 64);
    }
    y->outlines = rb_arena(pages(bytes), bytes);
    for (size_t i = 0; i < YEAR; i++) {
        must(rb_extent_prepare(&y->written[i].volume, &y->outlines, &y->as_written[i], NULL),
             "outline");
        must(rb_extent_prepare(&y->drawn[i].volume, &y->outlines, &y->as_drawn[i], NULL),
             "outline");
    }
}

static void index_places(struct year *y) {
    rb_region_init(&y->region, pages(REGION_BYTES), REGION_BYTES);
    y->index = rb_volindex_open(&y->region);
    if (y->index == NULL) bench_die("memory is short");
    for (uint32_t i = 0; i < YEAR; i++) {
        struct rb_volbox box;
        if (is_operation(&y->written[i])) continue;
        rb_volbox_of(&y->written[i].volume, 0, &box);
        must(rb_volindex_insert(y->index, i, &box), "index");
    }
}

static void year_close(struct year *y) {
    rb_volindex_close(y->index);
    (void)munmap(y->region.p, REGION_BYTES);
    (void)munmap(y->outlines.p, y->outlines.cap);
    free(y->written);
    free(y->drawn);
    free(y->as_written);
    free(y->as_drawn);
}

static void compare(struct year *y, uint32_t op, uint32_t place) {
    const struct rb_verdict_terms terms = {.standoff_mm = standoff(&y->written[place])};
    struct rb_verdict said, truth;
    rb_verdict(&y->as_written[op], &y->as_written[place], &terms, &said);
    rb_verdict(&y->as_drawn[op], &y->as_drawn[place], &terms, &truth);
    const bool conflict = truth.answer == RB_ANSWER_CONFLICT;
    y->looked_at++;
    if (said.answer == RB_ANSWER_NONE_FOUND) {
        y->missed += conflict;
        return;
    }
    const int kind = said.answer == RB_ANSWER_CONFLICT ? CONFLICT : NOT_EXCLUDED;
    y->warned[kind]++;
    y->needless[kind] += !conflict;
    if (y->of_kind[kind][conflict]++ < ASK_MOST)
        y->asked[y->asked_n++] = (struct pair){op, place, conflict};
}

static void compare_all(struct year *y) {
    for (uint32_t i = 0; i < YEAR; i++) {
        struct rb_volparts parts;
        struct rb_volwalk w;
        uint32_t place;
        if (!is_operation(&y->written[i])) continue;
        rb_volparts_of(&y->written[i].volume, MOVEMENT_STANDOFF_MM + LOOK_FARTHER_MM, &parts);
        rb_volwalk_begin_parts(&w, y->index, &parts);
        while (rb_volwalk_next(&w, &place))
            compare(y, i, place);
    }
}

/* ---- the oracle -------------------------------------------------------------------------------
 */

static void put_shape(FILE *f, const struct rb_volume *v) {
    if (v->shape == RB_SHAPE_CIRCLE) {
        (void)fprintf(f, "C %" PRId64 " %" PRId64 " %" PRIu64 " ", v->center.lat_nd,
                      v->center.lon_nd, v->radius_mm);
        return;
    }
    const bool ring = v->shape == RB_SHAPE_POLYGON;
    (void)fprintf(f, "%c %" PRIu64 " %zu ", ring ? 'P' : 'L',
                  ring ? (uint64_t)v->edges : v->radius_mm, v->vertices_n);
    for (size_t i = 0; i < v->vertices_n; i++)
        (void)fprintf(f, "%" PRId64 " %" PRId64 " ", v->vertices[i].lat_nd, v->vertices[i].lon_nd);
}

static void write_pairs(const struct year *y, const char *path) {
    FILE *f = fopen(path, "w");
    if (f == NULL) bench_die("%s cannot be written", path);
    for (size_t i = 0; i < y->asked_n; i++) {
        put_shape(f, &y->drawn[y->asked[i].a].volume);
        put_shape(f, &y->drawn[y->asked[i].b].volume);
        (void)fputc('\n', f);
    }
    if (fclose(f) != 0) bench_die("%s cannot be written", path);
}

static size_t disagreements(const struct year *y, const char *path) {
    FILE *f = fopen(path, "r");
    size_t wrong = 0;
    if (f == NULL) bench_die("%s cannot be read", path);
    for (size_t i = 0; i < y->asked_n; i++) {
        char line[64], *end;
        if (fgets(line, sizeof line, f) == NULL) bench_die("the oracle's answers end early");
        const int64_t mm = strtoll(line, &end, 10);
        if (end == line || *end != '\n') bench_die("the oracle says %s", line);
        const int64_t want = (int64_t)standoff(&y->written[y->asked[i].b]);
        if (llabs(mm - want) >= CLEAR_MM) wrong += (mm < want) != y->asked[i].conflict;
    }
    (void)fclose(f);
    return wrong;
}

static void ask_oracle(const struct year *y) {
    char pairs[512], out[512];
    (void)snprintf(pairs, sizeof pairs, "%s/alarms.pairs", bench_dir());
    (void)snprintf(out, sizeof out, "%s/alarms.out", bench_dir());
    write_pairs(y, pairs);
    const char *const argv[] = {"/usr/bin/python3", "bench/space_oracle.py", pairs, out, NULL};
    const int status = bench_exit_status(argv);
    if (status == 77) {
        (void)bench_row_skipped("alarms-oracle", "pairs",
                                "apt-get install python3-geographiclib python3-numpy");
        return;
    }
    if (status != 0) bench_die("bench/space_oracle.py ended with %d", status);
    bench_want(bench_row("alarms-oracle", "pairs", (double)disagreements(y, out),
                         "of %zu pairs as drawn, warned of needlessly or not, those of which brute "
                         "force says the contrary of what the rows above count",
                         y->asked_n),
               BENCH_VALUE_AT_MOST, 0);
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static void share_row(const struct year *y, const char *name, int kind, const char *words) {
    const size_t n = y->warned[kind];
    (void)bench_row(name, "of 1", n == 0 ? 0 : (double)y->needless[kind] / (double)n,
                    "needless among %zu warnings \"%s\" in a year: the two, drawn within their "
                    "accuracy, are farther apart than the stand-off",
                    n, words);
}

void space_alarms(void) {
    static struct year y;
    bench_say("a year of %u volumes with stated accuracies", YEAR);
    prepare(&y);
    index_places(&y);
    compare_all(&y);
    const size_t warned = y.warned[CONFLICT] + y.warned[NOT_EXCLUDED];
    if (warned == 0) bench_die("a year without a warning");
    (void)bench_row("alarms", "of 1",
                    (double)(y.needless[CONFLICT] + y.needless[NOT_EXCLUDED]) / (double)warned,
                    "needless among all %zu warnings, of both answers", warned);
    share_row(&y, "alarms-conflict", CONFLICT, rb_answer_name(RB_ANSWER_CONFLICT));
    share_row(&y, "alarms-not-excluded", NOT_EXCLUDED, rb_answer_name(RB_ANSWER_NOT_EXCLUDED));
    bench_want(bench_row("alarms-missed", "conflicts", (double)y.missed,
                         "of the two as drawn, among %zu pairs at most about 3 km apart: nothing "
                         "was said of them",
                         y.looked_at),
               BENCH_VALUE_AT_MOST, 0);
    ask_oracle(&y);
    year_close(&y);
}
