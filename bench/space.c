/* bench/run space: which of many volumes a new one touches, beside PostGIS and Boost.Geometry on
 * the same data and questions. See README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "readback/volindex.h"
#include "space.h"

#define SEED 20260101u
#define QUERY_SEED 4711u
#define ROUNDS_MAX 9 /* ours; the middle one counts */
#define REGION_BYTES ((size_t)1 << 30)
#define QUERY_BYTES (1u << 20)
#define BATCH 64u        /* candidates that are looked at together */
#define OUTLINE_LINES 6u /* cache lines of an outline that nearly every test reads */

struct register_of {
    size_t n;
    const struct space_item *items;
    struct rb_region region;
    struct rb_volindex *index;
    struct rb_arena outlines;
    struct rb_extent *extents;
    double boxes_s, load_s, outlines_s;
};

static void *pages(size_t n) {
    if (n == 0) bench_die("no memory asked for");
    void *p =
        mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) bench_die("memory is short");
    return p;
}

static void must(enum rb_err err, const char *what) {
    if (err != RB_OK) bench_die("%s: %s", what, rb_err_text(err));
}

/* ---- ours -------------------------------------------------------------------------------------
 */

static void build_index(struct register_of *r) {
    struct rb_volentry *list = calloc(r->n, sizeof *list);
    if (list == NULL) bench_die("memory is short");
    memset(list, 1, r->n * sizeof *list); /* its pages are there */
    rb_region_init(&r->region, pages(REGION_BYTES), REGION_BYTES);
    r->index = rb_volindex_open(&r->region);
    if (r->index == NULL) bench_die("memory is short");
    uint64_t at = bench_now_ns();
    for (size_t i = 0; i < r->n; i++) {
        list[i].ref = (uint32_t)i;
        rb_volbox_of(&r->items[i].volume, 0, &list[i].box);
    }
    r->boxes_s = bench_us_since(at) / 1e6;
    at = bench_now_ns();
    must(rb_volindex_load(r->index, list, r->n), "index");
    r->load_s = bench_us_since(at) / 1e6;
    free(list);
}

static void prepare_outlines(struct register_of *r) {
    size_t bytes = 4096;
    for (size_t i = 0; i < r->n; i++)
        bytes += rb_outline_bytes(&r->items[i].volume) + 64;
    r->outlines = rb_arena(pages(bytes), bytes);
    r->extents = calloc(r->n, sizeof *r->extents);
    if (r->extents == NULL) bench_die("memory is short");
    const uint64_t at = bench_now_ns();
    for (size_t i = 0; i < r->n; i++)
        must(rb_extent_prepare(&r->items[i].volume, &r->outlines, &r->extents[i], NULL), "outline");
    r->outlines_s = bench_us_since(at) / 1e6;
}

struct asked {
    size_t candidates, unsure;
};

/* The next candidates. What the exact test will read of them lies anywhere in memory: it is asked
 * for here, for all of them, before the first is looked at. */
static size_t gather(const struct register_of *r, struct rb_volwalk *w, uint32_t batch[BATCH]) {
    size_t n = 0;
    while (n < BATCH && rb_volwalk_next(w, &batch[n])) {
        const char *extent = (const char *)&r->extents[batch[n++]];
        __builtin_prefetch(extent);
        __builtin_prefetch(extent + sizeof r->extents[0] - 1);
    }
    for (size_t i = 0; i < n; i++) {
        const char *outline = (const char *)r->extents[batch[i]].outline;
        for (size_t line = 0; line < OUTLINE_LINES; line++)
            __builtin_prefetch(outline + line * 64);
    }
    return n;
}

/* One question, from the volume as it is written: its outline is prepared, its boxes computed, the
 * candidates of the index put to the exact test. */
static void ask(const struct register_of *r, const struct space_item *q, struct rb_arena *scratch,
                size_t query, struct space_answers *out, struct asked *sum) {
    static const struct rb_verdict_terms terms = {0};
    struct rb_extent planned;
    struct rb_verdict verdict;
    struct rb_volparts parts;
    struct rb_volwalk w;
    uint32_t batch[BATCH];
    rb_arena_reset(scratch);
    must(rb_extent_prepare(&q->volume, scratch, &planned, NULL), "outline");
    rb_volparts_of(&q->volume, 0, &parts);
    rb_volwalk_begin_parts(&w, r->index, &parts);
    for (size_t n = gather(r, &w, batch); n > 0; n = gather(r, &w, batch)) {
        sum->candidates += n;
        for (size_t i = 0; i < n; i++) {
            rb_verdict(&planned, &r->extents[batch[i]], &terms, &verdict);
            if (verdict.answer == RB_ANSWER_NONE_FOUND) continue;
            sum->unsure += verdict.answer == RB_ANSWER_NOT_EXCLUDED;
            space_answer_add(out, query, batch[i]);
        }
    }
}

static void ask_all(const struct register_of *r, const struct space_item *queries,
                    struct space_answers *out, struct asked *sum) {
    struct rb_arena scratch = rb_arena(pages(QUERY_BYTES), QUERY_BYTES);
    *sum = (struct asked){0};
    out->first[1] = 0;
    for (size_t i = 0; i < SPACE_QUERIES; i++) {
        const uint64_t at = bench_now_ns();
        ask(r, &queries[i], &scratch, i, out, sum);
        out->us[i] = bench_us_since(at);
        space_answer_end(out, i);
    }
    (void)munmap(scratch.p, QUERY_BYTES);
    out->have = true;
}

static double rate_of(const struct space_answers *rounds, size_t n, size_t *middle) {
    double v[ROUNDS_MAX] = {0};
    for (size_t i = 0; i < n; i++)
        v[i] = space_rate(&rounds[i]);
    for (size_t i = 0; i < n; i++) {
        size_t below = 0;
        for (size_t k = 0; k < n; k++)
            below += v[k] < v[i] || (k < i && v[k] == v[i]);
        if (below == n / 2) *middle = i;
    }
    return v[*middle];
}

static void register_close(struct register_of *r) {
    rb_volindex_close(r->index);
    (void)munmap(r->region.p, REGION_BYTES);
    (void)munmap(r->outlines.p, r->outlines.cap);
    free(r->extents);
}

/* ---- comparing --------------------------------------------------------------------------------
 */

struct agreement {
    size_t both, ours, theirs; /* answers of both, only ours, only theirs */
};

static struct agreement compare(const struct space_answers *a, const struct space_answers *b) {
    struct agreement g = {0};
    for (size_t q = 0; q < SPACE_QUERIES; q++) {
        size_t i = a->first[q], k = b->first[q];
        while (i < a->first[q + 1] || k < b->first[q + 1]) {
            const bool mine =
                k == b->first[q + 1] || (i < a->first[q + 1] && a->ids[i] <= b->ids[k]);
            const bool its =
                i == a->first[q + 1] || (k < b->first[q + 1] && b->ids[k] <= a->ids[i]);
            g.both += mine && its;
            g.ours += mine && !its;
            g.theirs += its && !mine;
            i += mine;
            k += its;
        }
    }
    return g;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

struct size_of {
    size_t n, rounds;
    const char *queries, *p99, *bulk, *index_bytes;
    const char *agree_postgis, *agree_boost;
    double want_postgis, want_boost;
};
static const struct size_of sizes[] = {
    {10000, 9, "queries-10k", "p99-10k", "bulk-build-10k", "index-bytes-10k", "same-as-postgis-10k",
     "same-as-boost-10k", 50, 10},
    {100000, 5, "queries-100k", "p99-100k", "bulk-build-100k", "index-bytes-100k",
     "same-as-postgis-100k", "same-as-boost-100k", 40, 10},
    {1000000, 3, "queries-1m", "p99-1m", "bulk-build-1m", "index-bytes-1m", "same-as-postgis-1m",
     "same-as-boost-1m", 25, 8},
};

/* What one question takes the other, in units of what it takes us: the median over all. Where
 * others use the machine, it hardly moves, while rates do. */
static double question_by_question(const struct space_answers *mine,
                                   const struct space_answers *its) {
    struct bench_samples s = {0};
    for (size_t q = 0; q < SPACE_QUERIES; q++)
        bench_add(&s, its->us[q] / mine->us[q]);
    const double median = bench_quantile(&s, 0.5);
    bench_samples_free(&s);
    return median;
}

static void beside_row(const struct size_of *z, double ours, const char *words, const char *other,
                       const struct space_answers *mine, const struct space_answers *its,
                       double want) {
    struct bench_row *r = bench_row(z->queries, "queries/s", ours, "%s", words);
    bench_want(r, BENCH_RATIO_AT_LEAST, want);
    if (!its->have) {
        r->has_value = false;
        (void)snprintf(r->words, sizeof r->words, "%s", its->why);
        return;
    }
    bench_beside(r, other, space_rate(its));
    (void)snprintf(r->words, sizeof r->words,
                   "%s; question by question %.1f times as fast (median)", words,
                   question_by_question(mine, its));
    const struct agreement g = compare(mine, its);
    const size_t all = g.both + g.ours + g.theirs;
    (void)bench_row(
        other[0] == 'p' ? z->agree_postgis : z->agree_boost, "of 1",
        all == 0 ? 1 : (double)g.both / (double)all,
        "answers of both %zu, of ours only %zu, of %s only %zu: planes and circles of 32 "
        "points there, geodesics and true circles here; its index was built in %.2f s",
        g.both, g.ours, other, g.theirs, its->build_s);
}

static void own_rows(const struct size_of *z, const struct register_of *r,
                     const struct space_answers *a) {
    struct bench_samples s = {0};
    for (size_t i = 0; i < SPACE_QUERIES; i++)
        bench_add(&s, a->us[i]);
    const double p99 = bench_quantile(&s, 0.99);
    struct bench_row *row =
        bench_row_samples(z->p99, "us", &s, "one question, outline to verdicts");
    row->value = p99;
    if (z->n == 100000) bench_want(row, BENCH_VALUE_AT_MOST, 1000);
    bench_samples_free(&s);
    row = bench_row(z->bulk, "records/s", (double)z->n / (r->boxes_s + r->load_s),
                    "boxes computed from the volumes (%.3f s) and packed (%.3f s); preparing the "
                    "outlines for exact tests is besides: %.3f s, %.0f bytes each",
                    r->boxes_s, r->load_s, r->outlines_s, (double)r->outlines.used / (double)z->n);
    if (z->n == 1000000) bench_want(row, BENCH_VALUE_AT_LEAST, 1e6);
    size_t live = r->region.used;
    for (unsigned c = 0; c < 48; c++)
        for (const void *b = r->region.free_list[c]; b != NULL; b = *(void *const *)b)
            live -= (size_t)1 << c;
    row = bench_row(z->index_bytes, "bytes", (double)live / (double)z->n,
                    "of the index, a record; %.1f while it was built",
                    (double)r->region.used / (double)z->n);
    if (z->n == 1000000) bench_want(row, BENCH_VALUE_AT_MOST, 40);
}

static void measure(const struct size_of *z, const char *boost_program) {
    static struct space_answers rounds[ROUNDS_MAX], postgis, boost;
    struct register_of r = {.n = z->n, .items = space_make(z->n, SEED)};
    struct space_item *queries = space_make(SPACE_QUERIES, QUERY_SEED);
    struct asked sum = {0};
    size_t middle = 0;
    bench_say("%zu volumes: ours", z->n);
    build_index(&r);
    prepare_outlines(&r);
    for (size_t i = 0; i < z->rounds; i++)
        ask_all(&r, queries, &rounds[i], &sum);
    bench_say("%zu volumes: Boost.Geometry", z->n);
    space_boost(boost_program, r.items, z->n, queries, &boost);
    bench_say("%zu volumes: PostGIS", z->n);
    space_postgis(r.items, z->n, queries, &postgis);
    const double rate = rate_of(rounds, z->rounds, &middle);
    char words[300];
    (void)snprintf(
        words, sizeof words,
        "%u questions over %zu volumes, one thread, middle of %zu rounds: %.1f candidates "
        "and %.1f answers each, %zu in all could not be decided",
        SPACE_QUERIES, z->n, z->rounds, (double)sum.candidates / SPACE_QUERIES,
        (double)rounds[middle].first[SPACE_QUERIES] / SPACE_QUERIES, sum.unsure);
    beside_row(z, rate, words, "postgis", &rounds[middle], &postgis, z->want_postgis);
    beside_row(z, rate, words, "boost", &rounds[middle], &boost, z->want_boost);
    own_rows(z, &r, &rounds[middle]);
    register_close(&r);
    free((void *)(uintptr_t)r.items);
    free(queries);
    for (size_t i = 0; i < z->rounds; i++)
        space_answers_free(&rounds[i]);
    space_answers_free(&boost);
    space_answers_free(&postgis);
    memset(rounds, 0, sizeof rounds);
    memset(&boost, 0, sizeof boost);
    memset(&postgis, 0, sizeof postgis);
}

/* bench/run gives the path of readbackd, which is not needed, and builds space-boost beside us */
int main(int argc, char **argv) {
    char boost_program[512];
    if (argc != 3)
        bench_die("usage: bench/run space (this program wants: readbackd, file for the rows)");
    const char *slash = strrchr(argv[0], '/');
    const int n = slash == NULL ? 0 : (int)(slash - argv[0] + 1);
    (void)snprintf(boost_program, sizeof boost_program, "%.*sspace-boost", n, argv[0]);
    (void)printf("space: files in %s\n", bench_dir_words());
    (void)fflush(stdout);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        measure(&sizes[i], boost_program);
    space_alarms();
    return bench_finish(argv[2]) > 0 ? 3 : 0;
}
