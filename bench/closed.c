/* bench/run closed: how fast a body is sealed to fifteen recipients and opened, beside the age
 * program on the same file. Files lie in memory (memfd) for both: no disk is measured. See
 * README.md. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"
#include "readback/age.h"

#define MEMBERS 15u
#define LARGE (128u << 20) /* bytes of the large file */
#define LARGE_ROUNDS 11u
#define OURS_SMALL 1500u /* messages a row */
#define AGE_SMALL 120u
#define SEALED_CHUNK (RB_AGE_CHUNK + RB_AGE_TAG)

extern char **environ;

struct parties {
    uint8_t secrets[MEMBERS][32];
    struct rb_key recipients[MEMBERS];
    char names[MEMBERS][80];  /* age1... */
    char files[MEMBERS][320]; /* identity files, for the program */
};
static struct parties parties;
static bool has_age;

/* ---- set-up ---------------------------------------------------------------------------------- */

static void random_bytes(void *p, size_t n) {
    uint8_t *b = p;
    for (size_t at = 0; at < n;) {
        const ssize_t k = getrandom(b + at, n - at, 0);
        if (k <= 0) bench_die("no random bytes: %s", strerror(errno));
        at += (size_t)k;
    }
}

static void make_parties(void) {
    random_bytes(parties.secrets, sizeof parties.secrets);
    for (size_t i = 0; i < MEMBERS; i++) {
        char text[128];
        struct rb_writer name = rb_writer(parties.names[i], sizeof parties.names[i]);
        struct rb_writer secret = rb_writer(text, sizeof text);
        rb_age_identity_from_seed(parties.secrets[i], &parties.recipients[i]);
        rb_age_recipient_encode(&parties.recipients[i], &name);
        rb_age_identity_encode(parties.secrets[i], &secret);
        (void)rb_writer_z(&name);
        (void)snprintf(parties.files[i], sizeof parties.files[i], "%s/identity%zu", bench_dir(), i);
        bench_write_file(parties.files[i], rb_writer_z(&secret));
    }
}

static int memory_file(const char *name) {
    const int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0) bench_die("no file in memory: %s", strerror(errno));
    return fd;
}

static void write_all(int fd, const void *p, size_t n) {
    const uint8_t *b = p;
    for (size_t at = 0; at < n;) {
        const ssize_t k = write(fd, b + at, n - at);
        if (k <= 0) bench_die("writing to memory: %s", strerror(errno));
        at += (size_t)k;
    }
}

static size_t read_some(int fd, void *p, size_t n) {
    uint8_t *b = p;
    size_t at = 0;
    while (at < n) {
        const ssize_t k = read(fd, b + at, n - at);
        if (k < 0) bench_die("reading from memory: %s", strerror(errno));
        if (k == 0) break;
        at += (size_t)k;
    }
    return at;
}

static uint64_t size_of(int fd) {
    struct stat s;
    if (fstat(fd, &s) != 0) bench_die("a file in memory: %s", strerror(errno));
    return (uint64_t)s.st_size;
}

static void from_start(int in, int out) {
    if (lseek(in, 0, SEEK_SET) != 0 || lseek(out, 0, SEEK_SET) != 0 || ftruncate(out, 0) != 0)
        bench_die("a file in memory: %s", strerror(errno));
}

/* ---- ours, from file to file ----------------------------------------------------------------- */

static void seal_file(int in, int out) {
    static uint8_t plain[RB_AGE_CHUNK], sealed[SEALED_CHUNK], header[RB_AGE_MAX_HEADER];
    uint8_t entropy[RB_AGE_ENTROPY(MEMBERS)];
    const uint8_t *nonce = entropy + RB_AGE_FILE_KEY;
    struct rb_writer w = rb_writer(header, sizeof header);
    struct rb_age_stream s;
    uint64_t left = size_of(in);
    random_bytes(entropy, sizeof entropy);
    if (rb_age_header_encode(parties.recipients, MEMBERS, entropy, nonce + RB_AGE_NONCE, &w) !=
        RB_OK)
        bench_die("the header cannot be written");
    rb_put(&w, nonce, RB_AGE_NONCE);
    write_all(out, w.p, w.n);
    rb_age_stream_init(entropy, nonce, &s);
    do {
        const size_t n = read_some(in, plain, sizeof plain);
        left -= n;
        rb_age_seal_chunk(&s, rb_slice(plain, n), left == 0, sealed);
        write_all(out, sealed, n + RB_AGE_TAG);
    } while (left > 0);
    rb_wipe(&s, sizeof s);
    rb_wipe(entropy, sizeof entropy);
}

static void open_file(int in, int out, size_t who) {
    static uint8_t plain[RB_AGE_CHUNK], sealed[SEALED_CHUNK], header[RB_AGE_MAX_HEADER];
    uint8_t file_key[RB_AGE_FILE_KEY];
    const uint8_t(*identity)[32] = (const uint8_t(*)[32])parties.secrets + who;
    struct rb_age_stream s;
    size_t header_n = 0;
    uint64_t left = size_of(in);
    const size_t got = read_some(in, header, sizeof header);
    if (rb_age_header_open(rb_slice(header, got), identity, 1, file_key, &header_n, NULL) != RB_OK)
        bench_die("the header does not open");
    if (lseek(in, (off_t)(header_n + RB_AGE_NONCE), SEEK_SET) < 0)
        bench_die("a file in memory: %s", strerror(errno));
    rb_age_stream_init(file_key, header + header_n, &s);
    left -= header_n + RB_AGE_NONCE;
    do {
        const size_t n = read_some(in, sealed, sizeof sealed);
        left -= n;
        if (rb_age_open_chunk(&s, rb_slice(sealed, n), left == 0, plain) != RB_OK)
            bench_die("a chunk does not open");
        write_all(out, plain, n - RB_AGE_TAG);
    } while (left > 0);
    rb_wipe(&s, sizeof s);
    rb_wipe(file_key, sizeof file_key);
}

/* ---- the program ----------------------------------------------------------------------------- */

static void run_program(char *const argv[], int in, int out) {
    posix_spawn_file_actions_t a;
    pid_t pid;
    int status = 0;
    if (posix_spawn_file_actions_init(&a) != 0 || posix_spawn_file_actions_adddup2(&a, in, 0) ||
        posix_spawn_file_actions_adddup2(&a, out, 1) != 0)
        bench_die("memory is short");
    const int err = posix_spawnp(&pid, argv[0], &a, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&a);
    if (err != 0) bench_die("%s does not start: %s", argv[0], strerror(err));
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        bench_die("%s failed", argv[0]);
}

/* what a process may be started with is not const */
static char word_age[] = "age", word_r[] = "-r", word_d[] = "-d", word_i[] = "-i",
            word_version[] = "--version", word_true[] = "true";

static void age_seal(int in, int out) {
    char *argv[2 + 2 * MEMBERS] = {word_age};
    size_t n = 1;
    for (size_t i = 0; i < MEMBERS; i++) {
        argv[n++] = word_r;
        argv[n++] = parties.names[i];
    }
    run_program(argv, in, out);
}

static void age_open(int in, int out, size_t who) {
    char *argv[] = {word_age, word_d, word_i, parties.files[who], NULL};
    run_program(argv, in, out);
}

static void age_nothing(int in, int out) {
    char *argv[] = {word_age, word_version, NULL};
    run_program(argv, in, out);
}

static void true_nothing(int in, int out) {
    char *argv[] = {word_true, NULL};
    run_program(argv, in, out);
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* A row of a rate, whose slow end is the low one: 99 of 100 samples reach p99. */
static struct bench_row *rate_row(const char *name, const char *unit, struct bench_samples *s,
                                  const char *words) {
    struct bench_row *r = bench_row_samples(name, unit, s, "%s", words);
    r->p99 = bench_quantile(s, 0.01);
    return r;
}

/* ours and the program's, which is the goal too */
static void beside_age(struct bench_row *ours, const struct bench_row *its) {
    if (!its->has_value) return;
    bench_beside(ours, its->name, its->value);
    bench_want(ours, BENCH_VALUE_AT_LEAST, its->value);
}

static struct bench_row *age_row(const char *name, const char *unit, struct bench_samples *s,
                                 const char *words) {
    if (has_age) return rate_row(name, unit, s, words);
    return bench_row_skipped(name, unit, "apt-get install age");
}

struct ways { /* samples of the four ways, megabytes or messages a second */
    struct bench_samples seal, open, age_seal, age_open;
};

static void ways_free(struct ways *w) {
    bench_samples_free(&w->seal);
    bench_samples_free(&w->open);
    bench_samples_free(&w->age_seal);
    bench_samples_free(&w->age_open);
}

static void expect_same(int a, int b) {
    static uint8_t x[1u << 20], y[1u << 20];
    if (lseek(a, 0, SEEK_SET) != 0 || lseek(b, 0, SEEK_SET) != 0)
        bench_die("a file in memory: %s", strerror(errno));
    for (size_t n = sizeof x; n == sizeof x;) {
        n = read_some(a, x, sizeof x);
        if (read_some(b, y, sizeof y) != n || memcmp(x, y, n) != 0)
            bench_die("what was opened is not what was sealed");
    }
}

static double megabytes(uint64_t since_ns) {
    return (double)LARGE / 1e6 / (bench_us_since(since_ns) / 1e6);
}

/* ---- the large file -------------------------------------------------------------------------- */

static void fill_large(int fd) {
    static uint8_t block[1u << 20];
    for (size_t at = 0; at < LARGE; at += sizeof block) {
        random_bytes(block, sizeof block);
        write_all(fd, block, sizeof block);
    }
}

static void large_round(struct ways *w, const int fd[3], size_t who) {
    from_start(fd[0], fd[1]);
    uint64_t at = bench_now_ns();
    seal_file(fd[0], fd[1]);
    bench_add(&w->seal, megabytes(at));
    if (has_age) { /* the program opens ours ... */
        from_start(fd[1], fd[2]);
        at = bench_now_ns();
        age_open(fd[1], fd[2], who);
        bench_add(&w->age_open, megabytes(at));
        expect_same(fd[0], fd[2]);
        from_start(fd[0], fd[1]);
        at = bench_now_ns();
        age_seal(fd[0], fd[1]);
        bench_add(&w->age_seal, megabytes(at));
    }
    from_start(fd[1], fd[2]); /* ... and we what it sealed */
    at = bench_now_ns();
    open_file(fd[1], fd[2], who);
    bench_add(&w->open, megabytes(at));
    expect_same(fd[0], fd[2]);
}

static void measure_large(void) {
    const int fd[3] = {memory_file("plain"), memory_file("sealed"), memory_file("opened")};
    struct ways w = {0};
    fill_large(fd[0]);
    for (unsigned i = 0; i < LARGE_ROUNDS; i++)
        large_round(&w, fd, i % MEMBERS);
    struct bench_row *seal = rate_row(
        "seal-15-large", "MB/s", &w.seal,
        "128 MiB from a file in memory to a file in memory, 64 KiB at a time, to 15 recipients, in "
        "this process, one thread; p99: 99 of 100 reach it");
    struct bench_row *its =
        age_row("age-seal-15-large", "MB/s", &w.age_seal,
                "`age -r` 15 times, the same file as its input, a file in memory as its output, "
                "from starting the process to its end");
    beside_age(seal, its);
    struct bench_row *open = rate_row("open-large", "MB/s", &w.open,
                                      "that file as the other sealed it, opened by each of the 15 "
                                      "in turn, likewise; every result "
                                      "is compared with the plaintext, outside the time");
    its = age_row("age-open-large", "MB/s", &w.age_open,
                  "`age -d -i`, likewise, from starting the process to its end");
    beside_age(open, its);
    ways_free(&w);
    for (size_t i = 0; i < 3; i++)
        (void)close(fd[i]);
}

/* ---- the raw cipher -------------------------------------------------------------------------- */

struct raw {
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *ctx;
    uint8_t nonce[12];
};

static struct raw raw_begin(void) {
    static const uint8_t key[32] = {1};
    struct raw r = {.cipher = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL),
                    .ctx = EVP_CIPHER_CTX_new()};
    if (r.cipher == NULL || r.ctx == NULL ||
        EVP_EncryptInit_ex2(r.ctx, r.cipher, key, r.nonce, NULL) != 1)
        bench_die("OpenSSL has no ChaCha20-Poly1305");
    return r;
}

/* 64 KiB under another nonce each time, as chunks of a file are */
static void raw_chunk(struct raw *r, const uint8_t *in, uint8_t *out) {
    uint8_t tag[RB_AGE_TAG];
    int n = 0;
    r->nonce[0]++;
    if (EVP_EncryptInit_ex2(r->ctx, NULL, NULL, r->nonce, NULL) != 1 ||
        EVP_EncryptUpdate(r->ctx, out, &n, in, (int)RB_AGE_CHUNK) != 1 ||
        EVP_EncryptFinal_ex(r->ctx, out, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(r->ctx, EVP_CTRL_AEAD_GET_TAG, (int)sizeof tag, tag) != 1)
        bench_die("ChaCha20-Poly1305 fails");
}

static void raw_end(struct raw *r) {
    EVP_CIPHER_CTX_free(r->ctx);
    EVP_CIPHER_free(r->cipher);
}

/* ---- in buffers ------------------------------------------------------------------------------ */

#define BUFFER (16u << 20)
#define BUFFER_ROOM (BUFFER + BUFFER / 1024 + RB_AGE_MAX_HEADER)
#define BUFFER_ROUNDS 30

struct buffers {
    uint8_t *plain, *sealed;
    struct bench_samples seal, open, raw;
};

static void buffer_round(struct buffers *b, struct raw *raw) {
    uint8_t entropy[RB_AGE_ENTROPY(MEMBERS)];
    struct rb_writer w = rb_writer(b->sealed, BUFFER_ROOM), back = rb_writer(b->plain, BUFFER);
    random_bytes(entropy, sizeof entropy);
    uint64_t at = bench_now_ns();
    for (size_t i = 0; i < BUFFER; i += RB_AGE_CHUNK)
        raw_chunk(raw, b->plain + i, b->sealed + i);
    bench_add(&b->raw, BUFFER / bench_us_since(at));
    at = bench_now_ns();
    enum rb_err err =
        rb_age_seal(parties.recipients, MEMBERS, entropy, rb_slice(b->plain, BUFFER), &w);
    bench_add(&b->seal, BUFFER / bench_us_since(at));
    at = bench_now_ns();
    if (err == RB_OK)
        err = rb_age_open(rb_written(&w), (const uint8_t(*)[32])parties.secrets, 1, &back, NULL);
    bench_add(&b->open, BUFFER / bench_us_since(at));
    if (err != RB_OK || back.n != BUFFER) bench_die("a buffer does not open");
}

/* No file, no page that was not touched before: how far from the raw cipher our framing is. */
static void measure_buffers(void) {
    struct buffers b = {.plain = malloc(BUFFER), .sealed = malloc(BUFFER_ROOM)};
    struct raw raw = raw_begin();
    if (b.plain == NULL || b.sealed == NULL) bench_die("memory is short");
    random_bytes(b.plain, BUFFER);
    memset(b.sealed, 0, BUFFER_ROOM);
    for (int i = 0; i < BUFFER_ROUNDS; i++)
        buffer_round(&b, &raw);
    const struct bench_row *limit = rate_row(
        "raw-buffer", "MB/s", &b.raw, "the raw cipher over the buffer of the two rows below");
    bench_beside(
        rate_row("seal-15-buffer", "MB/s", &b.seal,
                 "16 MiB from a buffer to a buffer, to 15 recipients, their X25519 included"),
        limit->name, limit->value);
    bench_beside(rate_row("open-buffer", "MB/s", &b.open, "and back"), limit->name, limit->value);
    raw_end(&raw);
    bench_samples_free(&b.seal);
    bench_samples_free(&b.open);
    bench_samples_free(&b.raw);
    free(b.plain);
    free(b.sealed);
}

/* ---- small messages -------------------------------------------------------------------------- */

struct small {
    size_t n;
    uint8_t plain[2048], sealed[8192], opened[2048];
    struct rb_slice file;
};

static double per_second(uint64_t since_ns) {
    return 1e6 / bench_us_since(since_ns);
}

static void ours_small(struct small *m, struct ways *w, size_t who) {
    uint8_t entropy[RB_AGE_ENTROPY(MEMBERS)];
    const uint8_t(*identity)[32] = (const uint8_t(*)[32])parties.secrets + who;
    struct rb_writer to = rb_writer(m->sealed, sizeof m->sealed);
    struct rb_writer back = rb_writer(m->opened, sizeof m->opened);
    uint64_t at = bench_now_ns();
    random_bytes(entropy, sizeof entropy);
    enum rb_err err =
        rb_age_seal(parties.recipients, MEMBERS, entropy, rb_slice(m->plain, m->n), &to);
    bench_add(&w->seal, per_second(at));
    m->file = rb_written(&to);
    at = bench_now_ns();
    if (err == RB_OK) err = rb_age_open(m->file, identity, 1, &back, NULL);
    bench_add(&w->open, per_second(at));
    if (err != RB_OK || !rb_slice_eq(rb_written(&back), rb_slice(m->plain, m->n)))
        bench_die("a message does not come out as it went in");
}

static void age_small(struct ways *w, const int fd[3], size_t who) {
    from_start(fd[0], fd[1]);
    uint64_t at = bench_now_ns();
    age_seal(fd[0], fd[1]);
    bench_add(&w->age_seal, per_second(at));
    from_start(fd[1], fd[2]);
    at = bench_now_ns();
    age_open(fd[1], fd[2], who);
    bench_add(&w->age_open, per_second(at));
    expect_same(fd[0], fd[2]);
}

static void small_rows(struct ways *w, const char *const names[4]) {
    struct bench_row *ours = rate_row(
        names[0], "1/s", &w->seal,
        "messages of that head to 15 recipients, one at a time in this process, from drawing the "
        "randomness to the whole file in memory; p99: 99 of 100 reach it");
    struct bench_row *its =
        age_row(names[1], "1/s", &w->age_seal,
                "`age -r` 15 times, run once for each message, its start included: see start-age");
    beside_age(ours, its);
    ours = rate_row(names[2], "1/s", &w->open,
                    "those messages, opened by each of the 15 in turn, in this process");
    its = age_row(names[3], "1/s", &w->age_open,
                  "`age -d -i`, run once for each message, its start included");
    beside_age(ours, its);
}

static void measure_small(size_t n, const char *const names[4]) {
    const int fd[3] = {memory_file("plain"), memory_file("sealed"), memory_file("opened")};
    static struct small m;
    struct ways w = {0};
    m.n = n;
    random_bytes(m.plain, n);
    write_all(fd[0], m.plain, n);
    for (unsigned i = 0; i < OURS_SMALL; i++) {
        ours_small(&m, &w, i % MEMBERS);
        if (has_age && i % (OURS_SMALL / AGE_SMALL) == 0) age_small(&w, fd, i % MEMBERS);
    }
    small_rows(&w, names);
    ways_free(&w);
    for (size_t i = 0; i < 3; i++)
        (void)close(fd[i]);
}

static void measure_start(const char *name, void (*run)(int, int), const char *words) {
    const int in = memory_file("in"), out = memory_file("out");
    struct bench_samples s = {0};
    for (unsigned i = 0; i < AGE_SMALL; i++) {
        from_start(in, out);
        const uint64_t at = bench_now_ns();
        run(in, out);
        bench_add(&s, per_second(at));
    }
    (void)rate_row(name, "1/s", &s, words);
    bench_samples_free(&s);
    (void)close(in);
    (void)close(out);
}

/* ---- limits ---------------------------------------------------------------------------------- */

#define LIMIT_BATCH 64 /* chunks a sample */
#define LIMIT_SAMPLES 60

static void limit_aead(void) {
    static uint8_t in[RB_AGE_CHUNK], out[RB_AGE_CHUNK];
    struct bench_samples s = {0};
    struct raw raw = raw_begin();
    for (int i = 0; i < LIMIT_SAMPLES; i++) {
        const uint64_t at = bench_now_ns();
        for (int k = 0; k < LIMIT_BATCH; k++)
            raw_chunk(&raw, in, out);
        bench_add(&s, LIMIT_BATCH * (double)RB_AGE_CHUNK / bench_us_since(at));
    }
    raw_end(&raw);
    (void)rate_row("chacha20-poly1305", "MB/s", &s,
                   "OpenSSL's, 64 KiB a time in cache, one core: what sealing cannot pass");
    bench_samples_free(&s);
}

static void limit_hash(void) {
    static uint8_t in[RB_AGE_CHUNK];
    struct bench_samples s = {0};
    struct rb_hasher h;
    struct rb_hash out;
    for (int i = 0; i < LIMIT_SAMPLES; i++) {
        const uint64_t at = bench_now_ns();
        if (rb_hasher_begin(&h) != RB_OK) bench_die("memory is short");
        for (int k = 0; k < LIMIT_BATCH; k++)
            rb_hasher_add(&h, rb_slice(in, sizeof in));
        rb_hasher_end(&h, &out);
        bench_add(&s, LIMIT_BATCH * (double)RB_AGE_CHUNK / bench_us_since(at));
    }
    (void)rate_row(
        "sha256", "MB/s", &s,
        "64 KiB a time in cache, one core: a ciphertext is hashed once by each side too");
    bench_samples_free(&s);
}

static void limit_x25519(void) {
    struct bench_samples s = {0};
    uint8_t out[32];
    for (int i = 0; i < LIMIT_SAMPLES; i++) {
        const uint64_t at = bench_now_ns();
        for (int k = 0; k < LIMIT_BATCH; k++)
            if (crypto_scalarmult(out, parties.secrets[0], parties.recipients[1].b) != 0)
                bench_die("X25519 fails");
        bench_add(&s, LIMIT_BATCH * 1e6 / bench_us_since(at));
    }
    (void)rate_row(
        "x25519", "1/s", &s,
        "libsodium's, one core: sealing takes one and a cheaper one of the base point for "
        "each recipient, opening one for each stanza until it fits");
    bench_samples_free(&s);
}

int main(int argc, char **argv) {
    static const char *const head_256[4] = {"seal-15-small-256", "age-seal-15-small-256",
                                            "open-small-256", "age-open-small-256"};
    static const char *const head_2048[4] = {"seal-15-small-2048", "age-seal-15-small-2048",
                                             "open-small-2048", "age-open-small-2048"};
    if (argc != 3)
        bench_die("usage: bench/run closed (this program wants: readbackd, file for the rows)");
    if (rb_crypto_init() != RB_OK) bench_die("the cryptographic library fails");
    has_age = bench_has_program("age");
    (void)printf("closed: sealing to %u recipients and opening; files in memory\n", MEMBERS);
    (void)fflush(stdout);
    make_parties();
    bench_say("limits of this machine");
    limit_aead();
    limit_hash();
    limit_x25519();
    measure_start("start-true", true_nothing,
                  "`true` started and waited for: what any process costs before it does anything");
    if (has_age)
        measure_start("start-age", age_nothing,
                      "`age --version` started and waited for: what the program costs before it "
                      "looks at a message");
    else
        (void)bench_row_skipped("start-age", "1/s", "apt-get install age");
    bench_say("the large file, %u rounds", LARGE_ROUNDS);
    measure_large();
    measure_buffers();
    bench_say("small messages");
    measure_small(256, head_256);
    measure_small(2048, head_2048);
    return bench_finish(argv[2]) > 0 ? 3 : 0;
}
