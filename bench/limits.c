/* append+fdatasync, Ed25519 verify, SHA-256 of a Merkle node. */
#include "limits.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "readback/crypto.h"
#include "readback/tlog.h"

#define SYNC_NS 1500000000u /* each limit's share of the run */
#define BATCHES 200

static double measure_sync(void) {
    struct bench_samples s = {0};
    uint8_t block[4096];
    char path[320];
    (void)snprintf(path, sizeof path, "%s/append", bench_dir());
    const int fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) bench_die("%s: %s", path, strerror(errno));
    memset(block, 0x5a, sizeof block);
    for (const uint64_t end = bench_now_ns() + SYNC_NS; bench_now_ns() < end && s.n < 4000;) {
        const uint64_t at = bench_now_ns();
        if (write(fd, block, sizeof block) != (ssize_t)sizeof block || fdatasync(fd) != 0)
            bench_die("%s: %s", path, strerror(errno));
        bench_add(&s, bench_us_since(at));
    }
    (void)close(fd);
    (void)unlink(path);
    (void)bench_row_samples("append-fsync", "us", &s,
                            "4 KiB appended to a file and fdatasync, one after the other: %s",
                            bench_dir_words());
    const double p50 = bench_quantile(&s, 0.5);
    bench_samples_free(&s);
    return p50;
}

struct signed_one {
    struct rb_key key;
    uint8_t msg[PEER_MESSAGE], sig[RB_SIG_LEN];
};

static void sign_one(struct signed_one *one) {
    struct rb_seckey key;
    uint8_t seed[RB_SEED_LEN];
    memset(seed, 7, sizeof seed);
    memset(one, 0, sizeof *one);
    rb_ed25519_from_seed(seed, &key);
    one->key = key.pub;
    rb_ed25519_sign(&key, rb_slice(one->msg, sizeof one->msg), one->sig);
}

static void verify_one(const struct signed_one *one) {
    if (rb_ed25519_verify(&one->key, rb_slice(one->msg, sizeof one->msg), one->sig) != RB_OK)
        bench_die("a good signature was refused");
}

double limits_verify_rate(void) {
    struct signed_one one;
    sign_one(&one);
    const uint64_t begin = bench_now_ns();
    size_t n = 0;
    for (; bench_now_ns() < begin + SYNC_NS; n++)
        verify_one(&one);
    return (double)n * 1e6 / bench_us_since(begin);
}

static double measure_verify(void) {
    struct bench_samples s = {0};
    struct signed_one one;
    sign_one(&one);
    for (int i = 0; i < BATCHES * 20; i++) {
        const uint64_t at = bench_now_ns();
        verify_one(&one);
        bench_add(&s, bench_us_since(at));
    }
    const double p50 = bench_quantile(&s, 0.5);
    (void)bench_row_samples("ed25519-verify", "us", &s,
                            "one signature over %u bytes, one core: %.0f a second", PEER_MESSAGE,
                            1e6 / p50);
    bench_samples_free(&s);
    return p50;
}

static double measure_node_hash(void) {
    enum { EACH = 2000 };
    struct bench_samples s = {0};
    struct rb_hash l = {{1}}, r = {{2}};
    for (int i = 0; i < BATCHES; i++) {
        const uint64_t at = bench_now_ns();
        for (int k = 0; k < EACH; k++)
            rb_node_hash(&l, &r, &l); /* each needs the one before */
        bench_add(&s, bench_us_since(at) * 1e3 / EACH);
    }
    if (l.b[0] == 1 && l.b[1] == 0 && l.b[2] == 0 && l.b[3] == 0) bench_die("nothing was hashed");
    const double p50 = bench_quantile(&s, 0.5);
    (void)bench_row_samples("sha256-node", "ns", &s,
                            "one Merkle node (65 bytes), %d in a row a sample", EACH);
    bench_samples_free(&s);
    return p50;
}

void limits_measure(struct limits *out) {
    out->fsync_us = measure_sync();
    out->verify_us = measure_verify();
    out->node_hash_ns = measure_node_hash();
}
