/* See sustained.h. */
#include "sustained.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "readback/text.h"

#define BATCH 512u
#define BATCHES 192u /* at most: 98,304 records */
#define SENDERS 4u   /* connections, one batch each at a time */
#define SAY_NS 10000000000u
#define HELD_NS 30000000000u /* after the last was said */
#define WINDOW_NS 1000000000u
#define LOOK_US 4000

struct batch {
    char *json;
    size_t n;
    uint64_t sent_ns, leaf; /* the last of it is below this leaf of what was said here */
};
struct run {
    const struct world *w;
    struct batch batches[BATCHES];
    pthread_mutex_t lock;
    uint64_t end_ns;
    size_t next, answered; /* batches */
    uint64_t last_sent_ns;
};

/* ---- what is said
 * -------------------------------------------------------------------------------- */

static void batch_make(struct notice_maker *m, struct batch *b, unsigned first) {
    const size_t cap = (size_t)BATCH * 1024u;
    b->json = malloc(cap);
    if (b->json == NULL) bench_die("memory is short");
    b->n = (size_t)snprintf(b->json, cap, "{\"records\":[");
    for (unsigned i = 0; i < BATCH; i++) {
        if (i > 0) b->json[b->n++] = ',';
        b->n += notice_make(m, first + i, b->json + b->n, cap - b->n - 8);
    }
    memcpy(b->json + b->n, "]}", 3);
    b->n += 2;
}

/* every one of them was taken */
static void expect_taken(const char *answer) {
    size_t n = 0;
    for (const char *at = answer; (at = strstr(at, "\"record\"")) != NULL; at++)
        n++;
    if (n != BATCH) bench_die("%zu records of a batch of %u were taken: %.300s", n, BATCH, answer);
}

static struct batch *take_batch(struct run *r) {
    struct batch *b = NULL;
    (void)pthread_mutex_lock(&r->lock);
    if (r->next < BATCHES && bench_now_ns() < r->end_ns) {
        b = &r->batches[r->next++];
        b->sent_ns = r->last_sent_ns = bench_now_ns();
    }
    (void)pthread_mutex_unlock(&r->lock);
    return b;
}

static void *sender(void *ctx) {
    struct run *r = ctx;
    struct wire h;
    struct batch *b;
    wire_open(&h, r->w->a.socket);
    while ((b = take_batch(r)) != NULL) {
        const char *answer = NULL;
        wire_post(&h, "/v1/submit-batch", b->json, b->n);
        if (wire_answer(&h, &answer) != 200) bench_die("a batch was refused: %.300s", answer);
        expect_taken(answer);
        (void)pthread_mutex_lock(&r->lock);
        b->leaf = ++r->answered *
                  BATCH; /* whatever was answered for is logged, and no more came before it */
        (void)pthread_mutex_unlock(&r->lock);
    }
    wire_close(&h);
    return NULL;
}

/* ---- what is held
 * -------------------------------------------------------------------------------- */

struct look { /* the sender's database, read only: the largest size that the other cosigned */
    sqlite3 *db;
    sqlite3_stmt *st;
};

static void look_open(struct look *k, const struct world *w) {
    char path[256];
    uint8_t channel[RB_CHANNEL_LEN];
    (void)snprintf(path, sizeof path, "%s/readback.db", w->a.home);
    if (rb_hex_decode(rb_str(w->channel), channel, sizeof channel) != RB_OK ||
        sqlite3_open_v2(path, &k->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(
            k->db,
            "SELECT n.size FROM notes n JOIN feeds f ON f.feed = n.feed WHERE f.channel = ?1 AND "
            "f.member = 0 AND f.epoch = 0 AND n.cosigner = 1 ORDER BY n.size DESC LIMIT 1",
            -1, &k->st, NULL) != SQLITE_OK ||
        sqlite3_bind_blob(k->st, 1, channel, sizeof channel, SQLITE_TRANSIENT) != SQLITE_OK)
        bench_die("%s: %s", path, sqlite3_errmsg(k->db));
}

static uint64_t look(struct look *k) {
    const int rc = sqlite3_step(k->st);
    const int64_t n = rc == SQLITE_ROW ? sqlite3_column_int64(k->st, 0) : 0;
    (void)sqlite3_reset(k->st);
    if (rc != SQLITE_ROW && rc != SQLITE_BUSY)
        bench_die("the sender's database: %s", sqlite3_errmsg(k->db));
    return (uint64_t)n;
}

static void drain(const struct side *s) {
    char skip[4096];
    while (read(s->daemon.err, skip, sizeof skip) > 0) {
    }
}

struct result {
    struct bench_samples rates,
        waits; /* records a second in each window; ms from sent to held of each batch */
    uint64_t held, held_ns; /* in all; when the last of them was */
};

static void note_waits(struct run *r, struct result *out, uint64_t held, bool *seen) {
    const uint64_t now = bench_now_ns();
    (void)pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->next; i++) {
        const struct batch *b = &r->batches[i];
        if (seen[i] || b->leaf == 0 || b->leaf > held) continue;
        seen[i] = true;
        bench_add(&out->waits, (double)(now - b->sent_ns) / 1e6);
    }
    (void)pthread_mutex_unlock(&r->lock);
}

static bool all_held(struct run *r, const struct result *out) {
    (void)pthread_mutex_lock(&r->lock);
    const bool over = bench_now_ns() >= r->end_ns || r->next == BATCHES;
    const bool yes = over && r->answered == r->next && out->held >= r->answered * BATCH;
    (void)pthread_mutex_unlock(&r->lock);
    return yes;
}

/* `before`: leaves held when it began */
static void watch(struct run *r, struct look *k, uint64_t before, uint64_t begin_ns,
                  struct result *out) {
    static bool seen[BATCHES];
    uint64_t window_ns = begin_ns, window_held = 0;
    while (!all_held(r, out)) {
        const uint64_t size = look(k), now = bench_now_ns();
        const uint64_t held = size > before ? size - before : 0;
        if (held > out->held) out->held_ns = now;
        if (held > out->held) out->held = held;
        note_waits(r, out, out->held, seen);
        if (now >= window_ns + WINDOW_NS && now < r->end_ns) {
            bench_add(&out->rates,
                      (double)(out->held - window_held) / ((double)(now - window_ns) / 1e9));
            window_ns = now;
            window_held = out->held;
        }
        if (now > r->end_ns + HELD_NS)
            bench_die("%zu records were said, only %zu held", r->answered * BATCH,
                      (size_t)out->held);
        drain(&r->w->a);
        (void)usleep(LOOK_US);
    }
}

/* all records of the situation less those of other kinds: neither program shows a notice too few or
 * twice */
static json_int_t notices_shown(const struct world *w, const struct side *s) {
    static const char *const others[] = {"charter", "delegation", "position", "receipt",
                                         "service", "silence",    "test"};
    json_t *log = side_get(s, "/v1/channels/%s/log?limit=1", w->channel);
    json_int_t n = json_integer_value(json_object_get(log, "total"));
    json_decref(log);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        log = side_get(s, "/v1/channels/%s/log?kind=%s&limit=1000", w->channel, others[i]);
        n -= (json_int_t)json_array_size(json_object_get(log, "records"));
        json_decref(log);
    }
    return n;
}

/* What was counted by sizes is what both programs show to people; the receiver may still be
 * judging. */
static double expect_shown(const struct world *w, uint64_t total) {
    const struct side *both[] = {&w->a, &w->b};
    const uint64_t begin = bench_now_ns();
    for (size_t i = 0; i < 2; i++) {
        json_int_t n = 0;
        while ((n = notices_shown(w, both[i])) != (json_int_t)total)
            if (bench_now_ns() > begin + HELD_NS)
                bench_die("%llu notices were said, %s shows %lld", (unsigned long long)total,
                          both[i]->handle, (long long)n);
    }
    return bench_us_since(begin) / 1e6;
}

/* ---- rows ---------------------------------------------------------------------------------------
 */

static double rows(const struct world *w, const struct run *r, struct result *out,
                   uint64_t begin_ns, const double cpu[2], double verify_us) {
    const double seconds = (double)(out->held_ns - begin_ns) / 1e9,
                 said = (double)(r->answered * BATCH);
    const double rate = said / seconds;
    struct bench_row *row = bench_row("sustained", "records/s", rate,
                                      "%.0f notices in %.1f s, signed before with an officer's "
                                      "sealed key, %u batches of %u at a time; "
                                      "counted when the other's cosignature stands in the sender's "
                                      "database. p50, p99: of each second "
                                      "(p99: all but the slowest hundredth reach it)",
                                      said, seconds, SENDERS, BATCH);
    row->has_quantiles = true;
    row->p50 = bench_quantile(&out->rates, 0.5);
    row->p99 = bench_quantile(&out->rates, 0.01);
    bench_beside(row, "verify, one core", 1e6 / verify_us);
    bench_want(row, BENCH_VALUE_AT_LEAST, 5000);
    (void)bench_row_samples("sustained-wait", "ms", &out->waits,
                            "in that run, from a batch handed over until all of it is held");
    row = bench_row("sustained-cpu-sender", "us/record", cpu[0] * 1e6 / said,
                    "processor time of the sender's readbackd");
    bench_beside(row, "ed25519-verify", verify_us);
    row = bench_row("sustained-cpu-receiver", "us/record", cpu[1] * 1e6 / said,
                    "processor time of the receiver's readbackd");
    bench_beside(row, "ed25519-verify", verify_us);
    (void)bench_row("sustained-memory", "MiB", side_rss_mib(&w->a),
                    "resident memory of the sender afterwards, with %.0f "
                    "records; the receiver's: %.1f MiB",
                    said, side_rss_mib(&w->b));
    return rate;
}

double sustained_measure(const struct world *w, unsigned said, double verify_us) {
    struct run *r = calloc(1, sizeof *r);
    struct notice_maker *m = calloc(1, sizeof *m);
    struct result out = {0};
    struct look k = {0};
    pthread_t threads[SENDERS];
    if (r == NULL || m == NULL || pthread_mutex_init(&r->lock, NULL) != 0)
        bench_die("memory is short");
    r->w = w;
    notice_maker_open(m, w);
    for (unsigned i = 0; i < BATCHES; i++)
        batch_make(m, &r->batches[i], 100000 + i * BATCH);
    look_open(&k, w);
    const uint64_t before = look(&k), begin = bench_now_ns();
    double cpu[2] = {side_cpu_s(&w->a), side_cpu_s(&w->b)};
    r->end_ns = begin + SAY_NS;
    for (size_t i = 0; i < SENDERS; i++)
        if (pthread_create(&threads[i], NULL, sender, r) != 0) bench_die("no thread");
    watch(r, &k, before, begin, &out);
    cpu[0] = side_cpu_s(&w->a) - cpu[0];
    cpu[1] = side_cpu_s(&w->b) - cpu[1];
    for (size_t i = 0; i < SENDERS; i++)
        (void)pthread_join(threads[i], NULL);
    const double rate = rows(w, r, &out, begin, cpu, verify_us);
    (void)bench_row("sustained-judged", "s", expect_shown(w, said + r->answered * BATCH),
                    "after that run, until both nodes show every notice of it in the situation");
    for (size_t i = 0; i < BATCHES; i++)
        free(r->batches[i].json);
    (void)sqlite3_finalize(k.st);
    (void)sqlite3_close(k.db);
    bench_samples_free(&out.rates);
    bench_samples_free(&out.waits);
    free(m);
    free(r);
    return rate;
}
