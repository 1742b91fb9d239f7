/* nats-server's JetStream over its text protocol: one connection publishes and waits for the
 * stream's acknowledgement, another (the other party) gets each message pushed and acknowledges it.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "limits.h"

#define SAMPLES 300
#define LATENCY_NS 4000000000u
#define THROUGHPUT_NS 3000000000u
#define WINDOW 512u /* published, not yet acknowledged */

static const char WORDS[] =
    "acknowledged by one server that both trust, and taken by the other client. Sequence number "
    "from the server; no "
    "signature, no receipt that a third party can check, the server can alter or drop; %s";

struct conn {
    int fd;
    size_t at, n;
    char buf[1 << 16];
};
struct message { /* of a MSG or HMSG line */
    char subject[128], reply[256];
    size_t n;
    char body[2048];
};

/* ---- the protocol -------------------------------------------------------------------------------
 */

static void put_all(const struct conn *c, const char *p, size_t n) {
    for (size_t done = 0; done < n;) {
        const ssize_t k = write(c->fd, p + done, n - done);
        if (k <= 0) bench_die("nats: %s", strerror(errno));
        done += (size_t)k;
    }
}

static void fill(struct conn *c) {
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    if (c->at > 0) memmove(c->buf, c->buf + c->at, c->n - c->at);
    c->n -= c->at;
    c->at = 0;
    if (c->n == sizeof c->buf) bench_die("nats: a line without end");
    if (poll(&p, 1, 5000) != 1) bench_die("nats: no answer within five seconds");
    const ssize_t k = read(c->fd, c->buf + c->n, sizeof c->buf - c->n);
    if (k <= 0) bench_die("nats: the server closed the connection");
    c->n += (size_t)k;
}

static void get_line(struct conn *c, char *out, size_t cap) {
    const char *end;
    while ((end = memmem(c->buf + c->at, c->n - c->at, "\r\n", 2)) == NULL)
        fill(c);
    const size_t n = (size_t)(end - (c->buf + c->at));
    if (n >= cap) bench_die("nats: a long line");
    memcpy(out, c->buf + c->at, n);
    out[n] = '\0';
    c->at += n + 2;
}

static void get_bytes(struct conn *c, char *out, size_t n) {
    while (c->n - c->at < n)
        fill(c);
    memcpy(out, c->buf + c->at, n);
    c->at += n;
}

/* MSG subject sid [reply] bytes */
static bool read_msg(struct conn *c, char *line, struct message *m) {
    char *word[6];
    size_t words = 0;
    for (char *save = NULL, *w = strtok_r(line, " ", &save); w != NULL && words < 6;
         w = strtok_r(NULL, " ", &save))
        word[words++] = w;
    if (words < 4 || strcmp(word[0], "MSG") != 0) return false;
    m->n = strtoul(word[words - 1], NULL, 10);
    (void)snprintf(m->subject, sizeof m->subject, "%s", word[1]);
    (void)snprintf(m->reply, sizeof m->reply, "%s", words == 5 ? word[3] : "");
    if (m->n >= sizeof m->body) bench_die("nats: a long message");
    char end[2];
    get_bytes(c, m->body, m->n);
    m->body[m->n] = '\0';
    get_bytes(c, end, 2);
    return true;
}

static void next_msg(struct conn *c, struct message *m) {
    char line[8192];
    for (;;) {
        get_line(c, line, sizeof line);
        if (strncmp(line, "PING", 4) == 0) put_all(c, "PONG\r\n", 6);
        if (strncmp(line, "-ERR", 4) == 0) bench_die("nats: %s", line);
        if (read_msg(c, line, m)) return;
    }
}

static void hello(struct conn *c, const char *inbox) {
    char line[8192], text[512];
    get_line(c, line, sizeof line); /* INFO */
    const int n =
        snprintf(text, sizeof text,
                 "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB %s 1\r\nPING\r\n", inbox);
    put_all(c, text, (size_t)n);
    while (strncmp(line, "PONG", 4) != 0)
        get_line(c, line, sizeof line);
}

static void publish(const struct conn *c, const char *subject, const char *reply, const char *body,
                    size_t n) {
    char text[4096];
    int head = snprintf(text, sizeof text, "PUB %s %s %zu\r\n", subject, reply, n);
    if (head < 0 || (size_t)head + n + 2 > sizeof text) bench_die("nats: a long message");
    memcpy(text + head, body, n);
    memcpy(text + (size_t)head + n, "\r\n", 2);
    put_all(c, text, (size_t)head + n + 2);
}

static void ask(struct conn *c, const char *subject, const char *json) {
    struct message m;
    publish(c, subject, "answers", json, strlen(json));
    next_msg(c, &m);
    if (strstr(m.body, "\"error\"") != NULL) bench_die("nats: %s", m.body);
}

/* ---- measuring ----------------------------------------------------------------------------------
 */

struct nats {
    struct bench_child server;
    struct conn *pub, *sub;
    bool synced; /* the version can be told to sync each message */
};

/* nats-server 2.10 and later know sync_interval; earlier ones refuse to read it. */
static bool config(const char *path, uint16_t port, bool sync) {
    const char *argv[] = {"nats-server", "-t", "-c", path, NULL};
    char text[512];
    (void)snprintf(text, sizeof text,
                   "listen: 127.0.0.1:%u\njetstream { store_dir: \"%s/nats\"%s }\n", port,
                   bench_dir(), sync ? ", sync_interval: always" : "");
    bench_write_file(path, text);
    return bench_exit_status(argv) == 0;
}

static struct conn *conn_open(uint16_t port, const char *inbox) {
    struct conn *c = calloc(1, sizeof *c);
    if (c == NULL) bench_die("memory is short");
    c->fd = bench_connect(port, 5000);
    if (c->fd < 0) bench_die("nats-server does not listen");
    hello(c, inbox);
    return c;
}

static void nats_open(struct nats *t) {
    char path[320], log[320];
    const uint16_t port = bench_free_port();
    (void)snprintf(path, sizeof path, "%s/nats.conf", bench_dir());
    t->synced = config(path, port, true);
    if (!t->synced && !config(path, port, false)) bench_die("nats-server refuses its settings");
    const char *argv[] = {"nats-server", "-c", path, NULL};
    (void)snprintf(log, sizeof log, "%s/nats.log", bench_dir());
    t->server = bench_spawn(argv, log);
    t->pub = conn_open(port, "answers");
    t->sub = conn_open(port, "delivered");
    ask(t->pub, "$JS.API.STREAM.CREATE.LINE",
        "{\"name\":\"LINE\",\"subjects\":[\"line\"],\"storage\":\"file\","
        "\"retention\":\"limits\",\"discard\":\"new\",\"num_replicas\":1}");
    ask(t->pub, "$JS.API.CONSUMER.DURABLE.CREATE.LINE.OTHER",
        "{\"stream_name\":\"LINE\",\"config\":{\"durable_name\":\"OTHER\",\"deliver_subject\":"
        "\"delivered\","
        "\"deliver_policy\":\"all\",\"ack_policy\":\"explicit\",\"max_ack_pending\":2048}}");
}

static void nats_close(struct nats *t) {
    (void)close(t->pub->fd);
    (void)close(t->sub->fd);
    free(t->pub);
    free(t->sub);
    bench_stop(&t->server);
}

static void expect_stored(const struct message *m, uint64_t seq) {
    char words[64];
    (void)snprintf(words, sizeof words, "\"seq\":%llu", (unsigned long long)seq);
    if (strstr(m->body, words) == NULL)
        bench_die("nats: message %llu is not stored: %s", (unsigned long long)seq, m->body);
}

static void deliver(struct nats *t, struct message *m) {
    next_msg(t->sub, m);
    if (m->n != PEER_MESSAGE) bench_die("nats: another message than was published");
    publish(t->sub, m->reply, "", "+ACK", 4);
}

static uint64_t latency(struct nats *t, struct bench_samples *s) {
    char body[PEER_MESSAGE];
    struct message m;
    uint64_t seq = 0;
    memset(body, 'n', sizeof body);
    for (const uint64_t end = bench_now_ns() + LATENCY_NS;
         s->n < SAMPLES && bench_now_ns() < end;) {
        const uint64_t at = bench_now_ns();
        publish(t->pub, "line", "answers", body, sizeof body);
        deliver(t, &m);
        next_msg(t->pub, &m);
        bench_add(s, bench_us_since(at));
        expect_stored(&m, ++seq);
        (void)usleep(5000);
    }
    return seq;
}

/* bursts of WINDOW: published, stored, delivered, acknowledged */
static double throughput(struct nats *t, uint64_t seq) {
    char body[PEER_MESSAGE];
    struct message m;
    const uint64_t begin = bench_now_ns(), before = seq;
    memset(body, 'n', sizeof body);
    while (bench_now_ns() < begin + THROUGHPUT_NS) {
        for (size_t i = 0; i < WINDOW; i++)
            publish(t->pub, "line", "answers", body, sizeof body);
        for (size_t i = 0; i < WINDOW; i++) {
            next_msg(t->pub, &m);
            expect_stored(&m, ++seq);
        }
        for (size_t i = 0; i < WINDOW; i++)
            deliver(t, &m);
    }
    return (double)(seq - before) / ((double)(bench_now_ns() - begin) / 1e9);
}

struct peer_rows nats_measure(void) {
    static const char *const names[] = {"jetstream-latency", "jetstream-throughput"};
    struct nats t = {0};
    struct bench_samples s = {0};
    char words[500];
    if (!bench_has_program("nats-server")) {
        (void)bench_row_skipped(names[0], "us",
                                "nats-server is not installed: apt-get install nats-server");
        (void)bench_row_skipped(names[1], "messages/s", "nats-server is not installed");
        return (struct peer_rows){NULL, NULL};
    }
    nats_open(&t);
    (void)snprintf(
        words, sizeof words, WORDS,
        t.synced
            ? "synced to the disk before it acknowledges (sync_interval always)."
            : "NOT synced before it acknowledges: this version syncs by a timer only, so a power "
              "failure loses acknowledged messages.");
    const uint64_t seq = latency(&t, &s);
    const double rate = throughput(&t, seq);
    struct peer_rows out;
    out.latency = bench_row_samples(names[0], "us", &s, "%u bytes to a stream in files, %s",
                                    PEER_MESSAGE, words);
    out.throughput = bench_row(names[1], "messages/s", rate, "the same in bursts of %u.", WINDOW);
    bench_samples_free(&s);
    nats_close(&t);
    return out;
}
