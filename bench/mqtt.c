/* mosquitto, QoS 2, persistence on: one client publishes, another (the other party) receives; a
 * message counts when the publisher has PUBCOMP and the subscriber has the message. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "limits.h"

static const char *const names[] = {"mosquitto-latency", "mosquitto-throughput"};

static struct peer_rows skipped(const char *why) {
    (void)bench_row_skipped(names[0], "us", "%s", why);
    (void)bench_row_skipped(names[1], "messages/s", "%s", why);
    return (struct peer_rows){NULL, NULL};
}

#ifndef BENCH_MOSQUITTO
struct peer_rows mosquitto_measure(void) {
    return skipped(
        "built without its client library: apt-get install libmosquitto-dev, then build again");
}
#else
#include <mosquitto.h>
#define SAMPLES 300
#define LATENCY_NS 4000000000u
#define THROUGHPUT_NS 3000000000u
#define WINDOW 100u /* in flight */

struct mqtt {
    struct bench_child broker;
    struct mosquitto *pub, *sub;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t completed, received; /* PUBCOMP here, message there */
    bool subscribed, connected;
    char log[320];
};

static void count(struct mqtt *t, uint64_t *what) {
    (void)pthread_mutex_lock(&t->lock);
    (*what)++;
    (void)pthread_cond_signal(&t->changed);
    (void)pthread_mutex_unlock(&t->lock);
}

static void mark(struct mqtt *t, bool *what) {
    (void)pthread_mutex_lock(&t->lock);
    *what = true;
    (void)pthread_cond_signal(&t->changed);
    (void)pthread_mutex_unlock(&t->lock);
}

static void on_publish(struct mosquitto *m, void *ctx, int mid) {
    struct mqtt *t = ctx;
    (void)m;
    (void)mid;
    count(t, &t->completed);
}

static void on_message(struct mosquitto *m, void *ctx, const struct mosquitto_message *msg) {
    struct mqtt *t = ctx;
    (void)m;
    if (msg->payloadlen == (int)PEER_MESSAGE && msg->qos == 2) count(t, &t->received);
}

static void on_connect(struct mosquitto *m, void *ctx, int rc) {
    struct mqtt *t = ctx;
    if (rc != 0) return;
    if (m == t->sub)
        (void)mosquitto_subscribe(m, NULL, "line", 2);
    else
        mark(t, &t->connected);
}

static void on_subscribe(struct mosquitto *m, void *ctx, int mid, int n, const int *granted) {
    struct mqtt *t = ctx;
    (void)m;
    (void)mid;
    if (n == 1 && granted[0] == 2) mark(t, &t->subscribed);
}

/* both at least `want`; false after ten seconds */
static bool wait_for(struct mqtt *t, uint64_t want) {
    struct timespec until;
    int rc = 0;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    (void)pthread_mutex_lock(&t->lock);
    while (rc == 0 &&
           (t->completed < want || t->received < want || !t->subscribed || !t->connected))
        rc = pthread_cond_timedwait(&t->changed, &t->lock, &until);
    (void)pthread_mutex_unlock(&t->lock);
    return rc == 0;
}

/* *slot is set before the client's thread runs: its callbacks look who they are */
static void client(struct mqtt *t, struct mosquitto **slot, const char *name, uint16_t port) {
    struct mosquitto *m = mosquitto_new(name, false, t); /* not clean: the session is kept */
    if (m == NULL) bench_die("memory is short");
    *slot = m;
    mosquitto_connect_callback_set(m, on_connect);
    mosquitto_publish_callback_set(m, on_publish);
    mosquitto_message_callback_set(m, on_message);
    mosquitto_subscribe_callback_set(m, on_subscribe);
    (void)mosquitto_int_option(m, MOSQ_OPT_TCP_NODELAY, 1);
    (void)mosquitto_int_option(m, MOSQ_OPT_SEND_MAXIMUM, (int)WINDOW);
    if (mosquitto_connect(m, "127.0.0.1", port, 60) != MOSQ_ERR_SUCCESS ||
        mosquitto_loop_start(m) != MOSQ_ERR_SUCCESS)
        bench_die("mosquitto does not listen");
}

static void mqtt_open(struct mqtt *t) {
    char path[320], text[900], place[320];
    const uint16_t port = bench_free_port();
    (void)snprintf(path, sizeof path, "%s/mosquitto.conf", bench_dir());
    (void)snprintf(place, sizeof place, "%s/mosquitto/", bench_dir());
    (void)snprintf(
        text, sizeof text,
        "listener %u 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location %s\n"
        "autosave_on_changes true\nautosave_interval 1\nset_tcp_nodelay "
        "true\nmax_inflight_messages %u\n"
        "max_queued_messages 0\n%s",
        port, place, WINDOW, geteuid() == 0 ? "user root\n" : "");
    bench_write_file(path, text);
    if (mkdir(place, 0700) != 0) bench_die("%s: %s", place, strerror(errno));
    const char *argv[] = {"mosquitto", "-c", path, NULL};
    (void)snprintf(t->log, sizeof t->log, "%s/mosquitto.log", bench_dir());
    t->broker = bench_spawn(argv, t->log);
    const int fd = bench_connect(port, 5000);
    if (fd < 0) bench_die("mosquitto does not listen");
    (void)close(fd);
    (void)mosquitto_lib_init();
    client(t, &t->sub, "other", port);
    client(t, &t->pub, "one", port);
    if (!wait_for(t, 0)) bench_die("mosquitto does not accept a subscription of QoS 2");
}

static void mqtt_close(struct mqtt *t) {
    struct mosquitto *both[] = {t->pub, t->sub};
    for (size_t i = 0; i < 2; i++) {
        (void)mosquitto_disconnect(both[i]);
        (void)mosquitto_loop_stop(both[i], false);
        mosquitto_destroy(both[i]);
    }
    (void)mosquitto_lib_cleanup();
    bench_stop(&t->broker);
}

/* how often the broker wrote its database, by its own log */
static unsigned saves(const struct mqtt *t) {
    char line[512];
    unsigned n = 0;
    FILE *f = fopen(t->log, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        n += strstr(line, "Saving in-memory database") != NULL;
    if (f == NULL || fclose(f) != 0) bench_die("%s cannot be read", t->log);
    return n;
}

static void publish(struct mqtt *t, const char body[PEER_MESSAGE]) {
    if (mosquitto_publish(t->pub, NULL, "line", (int)PEER_MESSAGE, body, 2, false) !=
        MOSQ_ERR_SUCCESS)
        bench_die("mosquitto does not take a message");
}

static uint64_t latency(struct mqtt *t, struct bench_samples *s, const char body[PEER_MESSAGE]) {
    uint64_t n = 0;
    for (const uint64_t end = bench_now_ns() + LATENCY_NS;
         s->n < SAMPLES && bench_now_ns() < end;) {
        const uint64_t at = bench_now_ns();
        publish(t, body);
        if (!wait_for(t, ++n)) bench_die("mosquitto lost a message");
        bench_add(s, bench_us_since(at));
        (void)usleep(5000);
    }
    return n;
}

static double throughput(struct mqtt *t, uint64_t n, const char body[PEER_MESSAGE]) {
    const uint64_t begin = bench_now_ns(), before = n;
    while (bench_now_ns() < begin + THROUGHPUT_NS) {
        for (size_t i = 0; i < WINDOW; i++)
            publish(t, body);
        n += WINDOW;
        if (!wait_for(t, n)) bench_die("mosquitto lost a message");
    }
    return (double)(n - before) / ((double)(bench_now_ns() - begin) / 1e9);
}

struct peer_rows mosquitto_measure(void) {
    struct mqtt t = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct bench_samples s = {0};
    char body[PEER_MESSAGE];
    if (!bench_has_program("mosquitto"))
        return skipped("mosquitto is not installed: apt-get install mosquitto libmosquitto-dev");
    memset(body, 'm', sizeof body);
    mqtt_open(&t);
    unsigned saved = saves(&t);
    const uint64_t n = latency(&t, &s, body);
    saved = saves(&t) - saved;
    const double rate = throughput(&t, n, body);
    struct peer_rows out;
    out.latency = bench_row_samples(
        names[0], "us", &s,
        "%u bytes, QoS 2, sessions kept, persistence on, saved after every change that it counts "
        "(autosave_on_changes): %u times for these %llu messages, after it acknowledged, not "
        "before. Exactly once while "
        "the broker lives, which both trust; no signature, no receipt that a third party can "
        "check.",
        PEER_MESSAGE, saved, (unsigned long long)n);
    out.throughput = bench_row(names[1], "messages/s", rate, "the same, %u in flight.", WINDOW);
    bench_samples_free(&s);
    mqtt_close(&t);
    return out;
}
#endif
