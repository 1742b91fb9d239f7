/* The age program of other people reads what we seal, and we read what it seals: to one and to
 * fifteen recipients, with a passphrase (typed at a terminal of its own), and with files of every
 * length at which chunks begin. Skipped where it is not installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>
#include "readback/age.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define MANY 15u
#define ROOM (4u << 20)
#define PASSPHRASE "two words and 7 more"

static const size_t sizes[] = {0, 1, 256, 65535, 65536, 65537, 131072, 2000003};
static char dir[] = "/tmp/readback-test-age-XXXXXX";
static uint8_t secrets[MANY][32];
static struct rb_key recipients[MANY];
static uint8_t plain[ROOM], buffer[ROOM], opened[ROOM];

static const uint8_t (*id(size_t i))[32] {
    return (const uint8_t(*)[32])secrets + i;
}

/* ---- files and programs ---------------------------------------------------------------------- */

static void path_of(const char *name, char out[128]) {
    snprintf(out, 128, "%s/%s", dir, name);
}

static void write_file(const char *name, struct rb_slice s) {
    char path[128];
    path_of(name, path);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(s.p, 1, s.n, f), s.n);
    assert_int_equal(fclose(f), 0);
}

static struct rb_slice read_file(const char *name) {
    char path[128];
    path_of(name, path);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    const size_t n = fread(buffer, 1, sizeof buffer, f);
    assert_int_equal(fclose(f), 0);
    return rb_slice(buffer, n);
}

static int run(const char *command) {
    char line[1200];
    snprintf(line, sizeof line, "cd %s && { %s; } >words 2>&1", dir, command);
    const int status = system(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void need_age(void) {
    if (run("age --version && age-keygen --version") != 0) {
        print_message("skipped: age is not installed\n");
        skip();
    }
}

static int setup(void **state) {
    (void)state;
    if (rb_crypto_init() != RB_OK || mkdtemp(dir) == NULL) return -1;
    if (getrandom(plain, 256, 0) != 256) return -1;
    for (size_t i = 256; i < sizeof plain; i++)
        plain[i] = (uint8_t)(plain[i - 256] + i / 256);
    return 0;
}

static int teardown(void **state) {
    char cmd[80];
    (void)state;
    snprintf(cmd, sizeof cmd, "rm -r %s", dir);
    return system(cmd);
}

/* Identities by age-keygen, taken in by our decoder; `to` lists the recipients as the program has
 * them. */
static void make_keys(void) {
    char command[200];
    if (recipients[0].b[0] != 0 || recipients[0].b[1] != 0) return;
    assert_int_equal(run("rm -f to"), 0);
    for (unsigned i = 0; i < MANY; i++) {
        char name[16];
        struct rb_slice line;
        snprintf(name, sizeof name, "id%u", i);
        snprintf(command, sizeof command, "age-keygen -o id%u && age-keygen -y id%u >>to", i, i);
        assert_int_equal(run(command), 0);
        struct rb_reader r = rb_reader(read_file(name));
        do
            assert_int_equal(rb_get_line(&r, &line), RB_OK);
        while (line.n > 0 && line.p[0] == '#');
        assert_int_equal(rb_age_identity_decode(line, secrets[i]), RB_OK);
        rb_age_identity_from_seed(secrets[i], &recipients[i]);
    }
    struct rb_reader r = rb_reader(read_file("to"));
    for (unsigned i = 0; i < MANY; i++) {
        struct rb_key key;
        struct rb_slice line;
        assert_int_equal(rb_get_line(&r, &line), RB_OK);
        assert_int_equal(rb_age_recipient_decode(line, &key), RB_OK);
        assert_true(rb_key_eq(&key, &recipients[i]));
    }
}

static struct rb_slice seal(size_t to, size_t n) {
    uint8_t entropy[RB_AGE_ENTROPY(MANY)];
    struct rb_writer w = rb_writer(buffer, sizeof buffer);
    assert_int_equal(getrandom(entropy, sizeof entropy, 0), sizeof entropy);
    assert_int_equal(rb_age_seal(recipients, to, entropy, rb_slice(plain, n), &w), RB_OK);
    return rb_written(&w);
}

static void expect_plain(struct rb_slice got, size_t n) {
    assert_true(rb_slice_eq(got, rb_slice(plain, n)));
}

/* ---- identities ------------------------------------------------------------------------------ */

static void it_opens_ours(void **state) {
    (void)state;
    need_age();
    make_keys();
    for (size_t i = 0; i < N(sizes); i++) {
        write_file("ours.age", seal(i % 2 == 0 ? MANY : 1, sizes[i]));
        assert_int_equal(run("age -d -i id0 ours.age >out"), 0);
        expect_plain(read_file("out"), sizes[i]);
    }
    write_file("ours.age", seal(MANY, 3000));
    for (unsigned who = 0; who < MANY; who++) {
        char command[80];
        snprintf(command, sizeof command, "age -d -i id%u ours.age >out", who);
        assert_int_equal(run(command), 0);
        expect_plain(read_file("out"), 3000);
    }
    write_file("ours.age", seal(MANY - 1, 3000));
    assert_int_not_equal(run("age -d -i id14 ours.age >out"), 0);
}

static void we_open_its(void **state) {
    (void)state;
    need_age();
    make_keys();
    for (size_t i = 0; i < N(sizes); i++) {
        struct rb_writer w = rb_writer(opened, sizeof opened);
        struct rb_reject rj = {0};
        write_file("in", rb_slice(plain, sizes[i]));
        assert_int_equal(run("age -R to -o its.age in"), 0);
        const struct rb_slice file = read_file("its.age");
        assert_int_equal(rb_age_open(file, id(i % MANY), 1, &w, &rj), RB_OK);
        expect_plain(rb_written(&w), sizes[i]);
        buffer[file.n - 1] ^= 1;
        w.n = 0;
        assert_int_equal(rb_age_open(file, id(i % MANY), 1, &w, &rj), RB_ERR_SIGNATURE);
    }
    for (size_t who = 0; who < MANY; who++) {
        struct rb_writer w = rb_writer(opened, sizeof opened);
        assert_int_equal(rb_age_open(read_file("its.age"), id(who), 1, &w, NULL), RB_OK);
    }
    /* armored: not what a closed body is */
    struct rb_writer w = rb_writer(opened, sizeof opened);
    assert_int_equal(run("age -a -R to -o its.age in"), 0);
    assert_int_equal(rb_age_open(read_file("its.age"), id(0), 1, &w, NULL), RB_ERR_MALFORMED);
}

/* ---- passphrases ----------------------------------------------------------------------------- */

/* Starts age at a terminal of its own and types the passphrase at each question. */
static int at_terminal(char *const argv[], const char *typed) {
    int tty = -1;
    char words[512];
    const pid_t pid = forkpty(&tty, NULL, NULL, NULL);
    assert_true(pid >= 0);
    if (pid == 0) {
        if (chdir(dir) == 0) execvp(argv[0], argv);
        _exit(127);
    }
    for (struct pollfd p = {.fd = tty, .events = POLLIN};;) {
        if (poll(&p, 1, 60000) != 1) break;
        const ssize_t n = read(tty, words, sizeof words - 1);
        if (n <= 0) break; /* the terminal closes with the program */
        words[n] = '\0';
        if (strstr(words, "assphrase") != NULL && strchr(words, ':') != NULL)
            dprintf(tty, "%s\n", typed);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(close(tty), 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void it_opens_our_passphrase(void **state) {
    char *open_it[] = {"age", "-d", "-o", "out", "ours.age", NULL};
    uint8_t entropy[RB_AGE_ENTROPY(1)];
    struct rb_writer w = rb_writer(buffer, sizeof buffer);
    (void)state;
    need_age();
    assert_int_equal(getrandom(entropy, sizeof entropy, 0), sizeof entropy);
    assert_int_equal(
        rb_age_passphrase_seal(rb_str(PASSPHRASE), 14, entropy, rb_slice(plain, 300), &w), RB_OK);
    write_file("ours.age", rb_written(&w));
    assert_int_equal(run("rm -f out"), 0);
    assert_int_not_equal(at_terminal(open_it, "another"), 0);
    assert_int_equal(at_terminal(open_it, PASSPHRASE), 0);
    expect_plain(read_file("out"), 300);
}

static void we_open_its_passphrase(void **state) {
    char *seal_it[] = {"age", "-p", "-o", "its.age", "in", NULL};
    struct rb_writer w = rb_writer(opened, sizeof opened);
    struct rb_reject rj = {0};
    (void)state;
    need_age();
    write_file("in", rb_slice(plain, 70000));
    assert_int_equal(run("rm -f its.age"), 0);
    assert_int_equal(at_terminal(seal_it, PASSPHRASE), 0);
    const struct rb_slice file = read_file("its.age");
    assert_int_equal(rb_age_passphrase_open(file, rb_str(PASSPHRASE), &w, &rj), RB_OK);
    expect_plain(rb_written(&w), 70000);
    w.n = 0;
    assert_int_equal(rb_age_passphrase_open(file, rb_str("another"), &w, &rj), RB_ERR_SIGNATURE);
    assert_int_equal(w.n, 0);
}

int main(void) {
    const struct CMUnitTest test_age_program[] = {
        cmocka_unit_test(it_opens_ours),
        cmocka_unit_test(we_open_its),
        cmocka_unit_test(it_opens_our_passphrase),
        cmocka_unit_test(we_open_its_passphrase),
    };
    return cmocka_run_group_tests(test_age_program, setup, teardown);
}
