/* bench/run line: how soon and how fast what one party says is held by another. See README.md. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "idle.h"
#include "limits.h"
#include "parts.h"
#include "sustained.h"
#include "world.h"

#define SAMPLES 240u
#define BYTES_NOTICES 20u
/* between a notice and the parts, and again: the disk is quiet, and the daemon's own word, limited
 * to twenty lines a second, comes for each */
#define PACE_NS 40000000u
#define HELD_MS 2000

/* ---- one notice ---------------------------------------------------------------------------------
 */

struct ear { /* a's log at level debug: "... node: held" is written when the cosignature is durable
                at a */
    const struct world *w;
    char buf[8192];
    size_t n;
};

static bool ear_line(struct ear *e) {
    char *end;
    bool held = false;
    while (!held && (end = memchr(e->buf, '\n', e->n)) != NULL) {
        const size_t len = (size_t)(end - e->buf) + 1;
        *end = '\0';
        held = strstr(e->buf, " node: held") != NULL;
        memmove(e->buf, e->buf + len, e->n - len);
        e->n -= len;
    }
    return held;
}

static void ear_read(struct ear *e) {
    if (e->n == sizeof e->buf) bench_die("%s writes long lines", e->w->a.handle);
    const ssize_t k = read(e->w->a.daemon.err, e->buf + e->n, sizeof e->buf - e->n);
    if (k == 0) bench_die("%s stopped", e->w->a.handle);
    if (k > 0) e->n += (size_t)k;
}

static void ear_drain(struct ear *e) {
    struct pollfd p = {.fd = e->w->a.daemon.err, .events = POLLIN};
    while (poll(&p, 1, 0) == 1) {
        ear_read(e);
        while (ear_line(e)) {
        }
    }
}

static bool ear_held(struct ear *e) {
    struct pollfd p = {.fd = e->w->a.daemon.err, .events = POLLIN};
    while (poll(&p, 1, HELD_MS) == 1) {
        ear_read(e);
        if (ear_line(e)) return true;
    }
    return false;
}

struct latency {
    struct ear ear;
    struct wire api;
    struct notice_maker maker;
    unsigned said;
};

/* from handing the signed notice to the local API until the receipt is held here, verified and
 * durable */
static double say_one(struct latency *l) {
    char json[4096];
    const char *answer = NULL;
    const size_t n = notice_make(&l->maker, ++l->said, json, sizeof json);
    ear_drain(&l->ear);
    const uint64_t at = bench_now_ns();
    wire_post(&l->api, "/v1/submit", json, n);
    const bool held = ear_held(&l->ear);
    const double us = bench_us_since(at);
    if (!held) bench_die("notice %u was not held within %d ms", l->said, HELD_MS);
    if (wire_answer(&l->api, &answer) != 200)
        bench_die("notice %u was refused: %s", l->said, answer);
    return us;
}

static void latency_open(struct latency *l, const struct world *w) {
    *l = (struct latency){.ear.w = w};
    notice_maker_open(&l->maker, w);
    wire_open(&l->api, w->a.socket);
    for (int i = 0; i < 10; i++) { /* connections stand, files are there */
        (void)say_one(l);
        (void)usleep(80000);
    }
}

/* ---- rows ---------------------------------------------------------------------------------------
 */

struct wire_bytes {
    size_t push, answer; /* one notice, each direction */
};

static struct wire_bytes measure_bytes(struct latency *l) {
    const struct side *a = &l->ear.w->a;
    uint64_t in[2], out[2];
    (void)side_wire_bytes(a, &in[0], &out[0]);
    for (unsigned i = 0; i < BYTES_NOTICES; i++) {
        (void)say_one(l);
        (void)usleep(80000);
    }
    (void)side_wire_bytes(a, &in[1], &out[1]);
    const struct wire_bytes b = {(size_t)((out[1] - out[0]) / BYTES_NOTICES),
                                 (size_t)((in[1] - in[0]) / BYTES_NOTICES)};
    uint8_t leaf[2048];
    const size_t leaf_n = notice_leaf(&l->maker, 0, leaf, sizeof leaf);
    struct bench_row *r = bench_row(
        "bytes-per-notice", "bytes", (double)(b.push + b.answer),
        "%u notices one at a time on a standing connection: %zu bytes out, %zu back, HTTP "
        "and TLS included, TCP not; a circle's notice of %zu bytes as logged",
        BYTES_NOTICES, b.push, b.answer, leaf_n);
    bench_beside(r, "leaf", (double)leaf_n);
    return b;
}

/* Everything that was said is shown as held by the other party, in the situation, from logged
 * receipts. */
static void expect_held(const struct world *w, unsigned said) {
    size_t held = 0, i, k;
    for (int tries = 0; tries < 150; tries++) {
        json_t *table =
                   side_get(&w->a, "/v1/channels/%s/who-holds?kind=notice&limit=1000", w->channel),
               *r, *h;
        held = 0;
        json_array_foreach(json_object_get(table, "records"), i, r)
            json_array_foreach(json_object_get(r, "holders"), k, h) {
            const char *member = json_string_value(json_object_get(h, "member"));
            held += member != NULL && strcmp(member, w->b.handle) == 0 &&
                    json_is_true(json_object_get(h, "held"));
        }
        json_decref(table);
        if (held == said) return;
        (void)usleep(100000);
    }
    bench_die("%u notices were said, who-holds shows %zu as held by %s", said, held, w->b.handle);
}

static double measure_latency(struct latency *l, const struct wire_bytes *bytes) {
    struct bench_samples s = {0};
    struct parts *p = parts_open(l->ear.w, bytes->push, bytes->answer);
    uint64_t at = bench_now_ns();
    for (int i = 0; i < 10; i++)
        parts_once(p);
    parts_forget(p);
    for (unsigned i = 0; i < SAMPLES; i++) {
        bench_sleep_until(at += PACE_NS);
        parts_once(p);
        bench_sleep_until(at += PACE_NS);
        bench_add(&s, say_one(l));
    }
    const double parts_us = parts_rows(p)->value, held_us = bench_quantile(&s, 0.5);
    struct bench_row *r = bench_row_samples(
        "held-latency", "us", &s,
        "%zu notices, one at a time: from the signed notice handed to the local API until the "
        "other process's "
        "cosignature is verified and durable here (and so is everything at the other side)",
        s.n);
    bench_beside(r, "parts", parts_us);
    bench_want(r, BENCH_RATIO_AT_MOST, 1.5);
    parts_close(p);
    bench_samples_free(&s);
    return held_us;
}

static void idle_memory(const struct world *w, unsigned said) {
    const double a = side_rss_mib(&w->a), b = side_rss_mib(&w->b);
    struct bench_row *r =
        bench_row("idle-memory", "MiB", a > b ? a : b,
                  "resident memory of readbackd at rest after %u notices: the sender %.1f, the "
                  "receiver %.1f MiB",
                  said, a, b);
    bench_want(r, BENCH_VALUE_AT_MOST, 32);
}

static void peers_beside(const struct peer_rows *p, double held_us, double held_per_s) {
    if (p->latency != NULL) bench_beside(p->latency, "held-latency", held_us);
    if (p->throughput != NULL) bench_beside(p->throughput, "sustained", held_per_s);
}

int main(int argc, char **argv) {
    struct limits limits;
    static struct world world;
    static struct latency latency;
    struct world *const w = &world;
    struct latency *const l = &latency;
    if (argc != 3)
        bench_die("usage: bench/run line (this program wants: readbackd, file for the rows)");
    if (rb_crypto_init() != RB_OK) bench_die("the cryptographic library fails");
    (void)printf("line: two readbackd on 127.0.0.1; files in %s\n", bench_dir_words());
    (void)fflush(stdout);
    struct idle *idle = idle_open(argv[1]);
    bench_say("limits of this machine");
    limits_measure(&limits);
    bench_say("mosquitto");
    const struct peer_rows mosquitto = mosquitto_measure();
    bench_say("nats-server");
    const struct peer_rows nats = nats_measure();
    bench_say("held-latency and its parts, %u notices", SAMPLES);
    const struct world_options o = {.name = "line",
                                    .config = "[log]\nlevel = debug\n",
                                    .charter = "\"receipt_interval\": \"5s\"",
                                    .hear_a = true};
    world_open(w, argv[1], &o);
    latency_open(l, w);
    const struct wire_bytes bytes = measure_bytes(l);
    const double held_us = measure_latency(l, &bytes);
    expect_held(w, l->said);
    idle_memory(w, l->said);
    bench_say("sustained");
    const double held_per_s = sustained_measure(w, l->said, limits.verify_us);
    idle_rows(idle);
    peers_beside(&mosquitto, held_us, held_per_s);
    peers_beside(&nats, held_us, held_per_s);
    wire_close(&l->api);
    world_close(w);
    return bench_finish(argv[2]) > 0 ? 3 : 0;
}
