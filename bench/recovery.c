/* bench/run recovery: how soon a node is there again, a new member has everything, a cut line is
 * made up for, and whether a record costs the same however long the record is. See README.md. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "limits.h"
#include "readback/node.h"
#include "readback/text.h"
#include "world.h"

#define BATCH 512u
#define SENDERS 2u
#define ROUND 8192u /* notices of one sample of what a record costs */
#define ROUNDS 5u
#define STARTS 7u
#define MISSED 20480u /* notices said while the line is cut */
#define WAIT_NS 600000000000u
#define LOOK_US 2000
static const unsigned SIZES[] = {10000, 100000, 1000000};
static const char *const COSTS[] = {"cost-per-record-10k", "cost-per-record-100k",
                                    "cost-per-record-1000k"};
#define SIZES_N (sizeof SIZES / sizeof *SIZES)

/* ---- what a database holds ----------------------------------------------------------------------
 */

struct look { /* read only: of member 0's feed */
    sqlite3 *db;
    sqlite3_stmt *leaves, *bytes, *judged;
    uint8_t key[20];
};

static void prepare(struct look *k, sqlite3_stmt **st, const char *sql) {
    if (sqlite3_prepare_v2(k->db, sql, -1, st, NULL) != SQLITE_OK)
        bench_die("a database: %s", sqlite3_errmsg(k->db));
}

static void look_open(struct look *k, const struct world *w, const struct side *s) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/readback.db", s->home);
    *k = (struct look){0};
    if (rb_hex_decode(rb_str(w->channel), k->key, RB_CHANNEL_LEN) != RB_OK ||
        sqlite3_open_v2(path, &k->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        bench_die("%s: %s", path, sqlite3_errmsg(k->db));
    (void)sqlite3_busy_timeout(k->db, 10000);
#define OF_FEED "(SELECT feed FROM feeds WHERE channel = ?1 AND member = 0 AND epoch = 0)"
    prepare(k, &k->leaves, "SELECT max(idx) + 1 FROM leaves WHERE feed = " OF_FEED);
    prepare(k, &k->bytes,
            "SELECT sum(length(body)) FROM leaves WHERE idx >= ?2 AND feed = " OF_FEED);
    prepare(k, &k->judged, "SELECT value FROM meta WHERE tbl = ?2 AND key = ?1");
#undef OF_FEED
}

static void look_close(struct look *k) {
    (void)sqlite3_finalize(k->leaves);
    (void)sqlite3_finalize(k->bytes);
    (void)sqlite3_finalize(k->judged);
    (void)sqlite3_close(k->db);
}

static uint64_t ask(struct look *k, sqlite3_stmt *st, size_t key_n, sqlite3_int64 second) {
    uint64_t n = 0;
    if (sqlite3_bind_blob(st, 1, k->key, (int)key_n, SQLITE_TRANSIENT) != SQLITE_OK ||
        (sqlite3_bind_parameter_count(st) > 1 && sqlite3_bind_int64(st, 2, second) != SQLITE_OK))
        bench_die("a database: %s", sqlite3_errmsg(k->db));
    if (sqlite3_step(st) == SQLITE_ROW) {
        const uint8_t *blob =
            sqlite3_column_type(st, 0) == SQLITE_BLOB ? sqlite3_column_blob(st, 0) : NULL;
        if (blob != NULL && sqlite3_column_bytes(st, 0) == 8)
            for (size_t i = 0; i < 8; i++)
                n = n << 8 | blob[i];
        else
            n = (uint64_t)sqlite3_column_int64(st, 0);
    }
    (void)sqlite3_reset(st);
    return n;
}

static uint64_t leaves(struct look *k) {
    return ask(k, k->leaves, RB_CHANNEL_LEN, 0);
}
static uint64_t bytes_from(struct look *k, uint64_t leaf) {
    return ask(k, k->bytes, RB_CHANNEL_LEN, (sqlite3_int64)leaf);
}
/* how far the node has judged member 0's feed; it writes that down after each step of judging */
static uint64_t judged(struct look *k) {
    return ask(k, k->judged, sizeof k->key, RB_TABLE_JUDGED);
}

static void wait_judged(struct look *k, uint64_t to, const char *who) {
    const uint64_t begin = bench_now_ns();
    uint64_t have;
    while ((have = judged(k)) < to) {
        if (bench_now_ns() > begin + WAIT_NS)
            bench_die("%s judged %llu of %llu leaves", who, (unsigned long long)have,
                      (unsigned long long)to);
        (void)usleep(LOOK_US);
    }
}

/* ---- saying -------------------------------------------------------------------------------------
 */

struct say {
    const struct world *w;
    struct notice_maker *makers[SENDERS];
    size_t makers_n; /* taken by a thread */
    pthread_mutex_t lock;
    unsigned next, end; /* numbers of notices */
};

static void batch(struct notice_maker *m, unsigned first, char *json, size_t cap, size_t *n) {
    *n = (size_t)snprintf(json, cap, "{\"records\":[");
    for (unsigned i = 0; i < BATCH; i++) {
        if (i > 0) json[(*n)++] = ',';
        *n += notice_make(m, first + i, json + *n, cap - *n - 8);
    }
    memcpy(json + *n, "]}", 3);
    *n += 2;
}

static bool take(struct say *s, unsigned *first) {
    (void)pthread_mutex_lock(&s->lock);
    const bool more = s->next < s->end;
    *first = s->next;
    s->next += BATCH;
    (void)pthread_mutex_unlock(&s->lock);
    return more;
}

/* the outbox may be full for a moment: then the same batch is handed over again */
static void hand_over(struct wire *h, const char *json, size_t n) {
    const char *answer = NULL;
    for (int tries = 0; tries < 2000; tries++) {
        wire_post(h, "/v1/submit-batch", json, n);
        const int status = wire_answer(h, &answer);
        if (status == 200) return;
        if (status != 503 && status != 429) break;
        (void)usleep(50000);
    }
    bench_die("a batch was refused: %.300s", answer);
}

static void *sender(void *ctx) {
    struct say *s = ctx;
    const size_t cap = (size_t)BATCH * 1024u;
    char *json = malloc(cap);
    struct wire h;
    unsigned first;
    size_t n;
    if (json == NULL) bench_die("memory is short");
    (void)pthread_mutex_lock(&s->lock);
    struct notice_maker *m = s->makers[s->makers_n++];
    (void)pthread_mutex_unlock(&s->lock);
    wire_open(&h, s->w->a.socket);
    while (take(s, &first)) {
        batch(m, first, json, cap, &n);
        hand_over(&h, json, n);
    }
    wire_close(&h);
    free(json);
    return NULL;
}

/* `n` more notices, rounded up to whole batches; all are logged when this returns. The number said
 * so far makes each another record. */
static unsigned say(const struct world *w, unsigned so_far, unsigned n) {
    struct say s = {.w = w, .next = so_far, .end = so_far + n};
    pthread_t t[SENDERS];
    if (pthread_mutex_init(&s.lock, NULL) != 0) bench_die("no lock");
    for (size_t i = 0; i < SENDERS; i++) { /* composed here: a client is of one thread */
        if ((s.makers[i] = calloc(1, sizeof *s.makers[i])) == NULL) bench_die("memory is short");
        notice_maker_open(s.makers[i], w);
    }
    for (size_t i = 0; i < SENDERS; i++)
        if (pthread_create(&t[i], NULL, sender, &s) != 0) bench_die("no thread");
    for (size_t i = 0; i < SENDERS; i++)
        (void)pthread_join(t[i], NULL);
    for (size_t i = 0; i < SENDERS; i++)
        free(s.makers[i]);
    (void)pthread_mutex_destroy(&s.lock);
    return so_far + (n + BATCH - 1) / BATCH * BATCH;
}

/* ---- the parts ----------------------------------------------------------------------------------
 */

struct run {
    struct world w;
    const char *readbackd;
    struct limits limits;
    unsigned said;
    double first_cost; /* us of the receiver for a record, at the first size */
};

/* what the receiver's processor spends on a record, all counted: storing, proving, judging, folding
 */
static void cost(struct run *r, const char *name, unsigned size) {
    struct bench_samples us = {0}, sender_us = {0};
    struct look k;
    look_open(&k, &r->w, &r->w.b);
    k.key[16] = k.key[17] = k.key[18] = k.key[19] = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        const double a = side_cpu_s(&r->w.a), b = side_cpu_s(&r->w.b);
        const unsigned before = r->said;
        r->said = say(&r->w, r->said, ROUND);
        wait_judged(&k, r->said, r->w.b.handle);
        (void)sleep(2); /* what is put off, the situation, belongs to it */
        bench_add(&us, (side_cpu_s(&r->w.b) - b) * 1e6 / (r->said - before));
        bench_add(&sender_us, (side_cpu_s(&r->w.a) - a) * 1e6 / (r->said - before));
    }
    look_close(&k);
    struct bench_row *row = bench_row_samples(
        name, "us/record", &us,
        "processor time of the receiver for each of %u notices, %u times, two seconds after them "
        "included, "
        "with %u held before; the sender's: %.0f us. Resident memory: %.0f MiB",
        ROUND, ROUNDS, size, bench_quantile(&sender_us, 0.5), side_rss_mib(&r->w.b));
    if (r->first_cost == 0) {
        r->first_cost = row->value;
        bench_beside(row, "ed25519-verify", r->limits.verify_us);
        return;
    }
    bench_beside(row, "the same at 10k", r->first_cost);
    bench_want(row, BENCH_RATIO_AT_MOST, 1.25);
}

static void starts(struct run *r) {
    struct bench_samples ms = {0};
    struct look k;
    look_open(&k, &r->w, &r->w.a);
    const uint64_t n = leaves(&k);
    look_close(&k);
    for (unsigned i = 0; i < STARTS; i++) {
        side_halt(&r->w.a);
        const uint64_t begin = bench_now_ns();
        side_start(&r->w.a, r->readbackd, false);
        bench_add(&ms, bench_us_since(begin) / 1e3);
    }
    struct bench_row *row =
        bench_row_samples("start-100k", "ms", &ms,
                          "from starting readbackd with %llu leaves of its own (each read, hashed "
                          "and compared) until its local API answers",
                          (unsigned long long)n);
    bench_want(row, BENCH_VALUE_AT_MOST, 1000);
    bench_samples_free(&ms);
}

/* A member that has nothing yet: all leaves proved, stored, cosigned, each signature verified,
 * judged. */
static void catch_up(struct run *r) {
    struct side *c = &r->w.c;
    struct look k;
    const double before = limits_verify_rate();
    side_start(c, r->readbackd, false);
    side_accredit(c, &r->w.a);
    side_accredit(c, &r->w.b);
    look_open(&k, &r->w, c);
    const uint64_t wait_from = bench_now_ns();
    while (leaves(&k) == 0) {
        if (bench_now_ns() > wait_from + WAIT_NS) bench_die("nothing reached the new member");
        (void)usleep(LOOK_US);
    }
    const double cpu = side_cpu_s(c);
    const uint64_t begin = bench_now_ns(), had = leaves(&k);
    wait_judged(&k, r->said, c->handle);
    const double s = bench_us_since(begin) / 1e6, n = (double)(r->said - had);
    const double cpu_us = (side_cpu_s(c) - cpu) * 1e6 / n;
    const double after = limits_verify_rate();
    look_close(&k);
    struct bench_row *row = bench_row("catch-up", "records/s", n / s,
                                      "a new member takes %.0f records in %.1f s: proved, stored, "
                                      "cosigned, every signature verified, judged; "
                                      "%.0f us of its processor for each. One core that does "
                                      "nothing but verify, for a second and a half: %.0f a second "
                                      "before, %.0f after",
                                      n, s, cpu_us, before, after);
    bench_beside(row, "ed25519-verify, one core", (before + after) / 2);
    bench_want(row, BENCH_RATIO_AT_LEAST, 0.6);
    json_t *out = NULL;
    side_wait_invited(c);
    const int status =
        rb_client_accept(c->client, &c->sign_officer, &c->sign_party, r->w.channel, &out);
    json_decref(out);
    if (status != 200) bench_die("the new member cannot accept: status %d", status);
    side_wait_in_force(&r->w, c);
}

/* The line to the second member is cut, the others go on; afterwards what does the missing cost it?
 */
static void heal(struct run *r) {
    struct side *b = &r->w.b;
    struct look k;
    uint64_t in = 0, out = 0;
    side_halt(b);
    look_open(&k, &r->w, &r->w.a);
    const uint64_t from = leaves(&k);
    r->said = say(&r->w, r->said, MISSED);
    const uint64_t to = leaves(&k), missing = bytes_from(&k, from);
    look_close(&k);
    if (to - from < MISSED)
        bench_die("%llu leaves were logged while the line was cut",
                  (unsigned long long)(to - from));
    const uint64_t begin = bench_now_ns();
    side_start(b, r->readbackd, false);
    look_open(&k, &r->w, b);
    wait_judged(&k, to, b->handle);
    const double s = bench_us_since(begin) / 1e6;
    look_close(&k);
    (void)sleep(3); /* what still goes to and fro because of it */
    const uint64_t wire = side_wire_bytes(b, &in, &out);
    struct bench_row *row = bench_row(
        "heal-after-partition", "bytes", (double)wire,
        "all bytes on the wires of the member that was away (in %llu, out %llu), TLS, heads, "
        "proofs, start-up guard and both "
        "other members included, until three seconds after it had judged the %llu leaves it had "
        "missed; %.1f s from its start",
        (unsigned long long)in, (unsigned long long)out, (unsigned long long)(to - from), s);
    bench_beside(row, "bytes of the leaves missing", (double)missing);
    bench_want(row, BENCH_RATIO_AT_MOST, 1.1);
}

int main(int argc, char **argv) {
    static struct run r;
    const struct world_options o = {
        .name = "recovery", .config = "[log]\nlevel = warn\n", .charter = "", .third = true};
    const char *most = getenv("READBACK_BENCH_MOST");
    const unsigned long upto = most != NULL ? strtoul(most, NULL, 10) : SIZES[SIZES_N - 1];
    if (argc != 3) bench_die("usage: bench-recovery READBACKD ROWS.json");
    if (rb_crypto_init() != RB_OK) bench_die("the crypto library does not start");
    r.readbackd = argv[1];
    limits_measure(&r.limits);
    world_open(&r.w, argv[1], &o);
    for (size_t i = 0; i < SIZES_N; i++) {
        if (SIZES[i] > upto) {
            (void)bench_row_skipped(COSTS[i], "us/record", "READBACK_BENCH_MOST is %lu", upto);
            continue;
        }
        struct look k;
        if (SIZES[i] > r.said) bench_say("%u notices are said", SIZES[i] - r.said);
        if (SIZES[i] > r.said) r.said = say(&r.w, r.said, SIZES[i] - r.said);
        look_open(&k, &r.w, &r.w.b);
        wait_judged(&k, r.said, r.w.b.handle);
        look_close(&k);
        const bool middle = SIZES[i] == 100000;
        if (middle) bench_say("the first party is started %u times", STARTS);
        if (middle) starts(&r);
        cost(&r, COSTS[i], SIZES[i]);
        if (!middle) continue;
        bench_say("a third party takes all of it");
        catch_up(&r);
        bench_say("the second is away, and comes back");
        heal(&r);
        side_halt(&r.w.c); /* the rest is about two */
    }
    world_close(&r.w);
    return bench_finish(argv[2]);
}
