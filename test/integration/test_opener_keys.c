/* The age identity in its file: read as age writes it, sealed with a passphrase so that age opens
 * it, and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "readback/age.h"
#include "shell/os/opener.h"

static char top[64], home[96];
static const char pass[] = "correct horse battery", wrong[] = "correct house battery";

static int setup(void **state) {
    struct rb_home *h = NULL;
    char why[400];
    strcpy(top, "/tmp/readback-age-XXXXXX");
    if (rb_crypto_init() != RB_OK || mkdtemp(top) == NULL) return -1;
    (void)snprintf(home, sizeof home, "%s/party", top);
    if (rb_home_create(home, &h, why, sizeof why) != RB_OK) return -1;
    *state = h;
    return 0;
}

static int teardown(void **state) {
    char words[128];
    rb_home_close(*state);
    (void)snprintf(words, sizeof words, "rm -rf %s", top);
    return system(words);
}

static void path_of(const char *name, char out[200]) {
    (void)snprintf(out, 200, "%s/%s", home, name);
}

static size_t read_file(const char *path, char *out, size_t cap) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    const size_t n = fread(out, 1, cap - 1, f);
    out[n] = '\0';
    assert_int_equal(fclose(f), 0);
    return n;
}

/* A shell command on a terminal of its own, where the passphrase is typed as often as it asks. */
static int on_terminal(const char *words, const char *typed) {
    int tty = -1, status = -1;
    char seen[4096] = "";
    size_t n = 0, asked = 0;
    const pid_t pid = forkpty(&tty, NULL, NULL, NULL);
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)execl("/bin/sh", "sh", "-c", words, (char *)NULL);
        _exit(127);
    }
    for (struct pollfd p = {.fd = tty, .events = POLLIN}; poll(&p, 1, 60000) == 1;) {
        const ssize_t k = read(tty, seen + n, sizeof seen - 1 - n);
        if (k <= 0 || (n += (size_t)k) == sizeof seen - 1) break; /* it ended */
        seen[n] = '\0';
        size_t prompts = 0;
        for (const char *at = seen; (at = strstr(at, "passphrase")) != NULL; at++)
            prompts += strchr(at, ':') != NULL;
        for (; asked < prompts; asked++)
            assert_true(write(tty, typed, strlen(typed)) > 0 && write(tty, "\n", 1) == 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    (void)close(tty);
    if (status != 0) print_message("%s: %s\n", words, seen);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void need_age(void) {
    if (system("command -v age >/dev/null") != 0) skip();
}

/* ---- the plain file
 * ------------------------------------------------------------------------------ */

static void identity(uint8_t seed, char out[80], struct rb_key *pub) {
    uint8_t secret[32];
    struct rb_writer w = rb_writer(out, 80);
    memset(secret, seed, sizeof secret);
    rb_age_identity_encode(secret, &w);
    (void)rb_writer_z(&w);
    rb_age_identity_from_seed(secret, pub);
}

static enum rb_err ring_of(struct rb_home *h, const char *text, struct rb_keyring **k) {
    char why[RB_HOME_PATH_MAX + 256] = "";
    assert_int_equal(rb_home_replace(h, "keys/age.txt", rb_str(text)), RB_OK);
    const enum rb_err err = rb_keyring_open(h, k, why, sizeof why);
    assert_true((err == RB_OK) == (why[0] == '\0'));
    assert_null(strstr(why, "AGE-SECRET")); /* no sentence repeats a secret */
    return err;
}

static void files_are_read_as_age_writes_them(void **state) {
    struct rb_home *h = *state;
    struct rb_keyring *k = NULL;
    struct rb_key one, two, three;
    char a[80], b[80], c[80], text[4096];
    identity(1, a, &one);
    identity(2, b, &two);
    identity(3, c, &three);
    (void)snprintf(text, sizeof text, "# created\n%s\r\n\n# before the rotation\n%s", a, b);
    assert_int_equal(ring_of(h, text, &k), RB_OK);
    assert_false(rb_keyring_locked(k));
    assert_true(rb_keyring_holds(k, &one) && rb_keyring_holds(k, &two));
    assert_false(rb_keyring_holds(k, &three));
    assert_int_equal(rb_keyring_unlock(k, h, rb_str(pass)), RB_ERR_EXISTS);
    rb_keyring_close(k);
    assert_int_equal(ring_of(h, "# nothing\n", &k), RB_ERR_MALFORMED);
    assert_int_equal(ring_of(h, "", &k), RB_ERR_MALFORMED);
    (void)snprintf(text, sizeof text, "%s\n%.*s\n", a, 73, b);
    assert_int_equal(ring_of(h, text, &k), RB_ERR_MALFORMED);
    struct rb_writer w = rb_writer(text, sizeof text);
    for (size_t i = 0; i < RB_MAX_IDENTITIES; i++) {
        rb_put_z(&w, a);
        rb_put_z(&w, "\n");
    }
    assert_int_equal(ring_of(h, rb_writer_z(&w), &k), RB_OK);
    rb_keyring_close(k);
    rb_put_z(&w, b);
    assert_int_equal(ring_of(h, rb_writer_z(&w), &k), RB_ERR_LIMIT);
}

static void a_home_has_one_of_the_two_files(void **state) {
    struct rb_home *h = *state;
    struct rb_keyring *k = NULL;
    struct rb_key pub;
    char why[RB_HOME_PATH_MAX + 256] = "", path[200];
    assert_int_equal(rb_keyring_open(h, &k, why, sizeof why), RB_ERR_STATE);
    assert_non_null(strstr(why, "neither"));
    assert_int_equal(rb_keys_age_seal(h, rb_str(pass)), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_keys_age_make(h, &pub), RB_OK);
    assert_int_equal(rb_home_write_new(h, "keys/age.age", rb_str("x")), RB_OK);
    assert_int_equal(rb_keyring_open(h, &k, why, sizeof why), RB_ERR_STATE);
    assert_non_null(strstr(why, "both"));
    assert_int_equal(rb_keys_age_seal(h, rb_str(pass)), RB_ERR_STATE);
    assert_int_equal(rb_keys_age_unseal(h, rb_str(pass)), RB_ERR_STATE);
    path_of("keys/age.txt", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rb_keyring_open(h, &k, why, sizeof why), RB_OK);
    assert_int_equal(rb_keyring_unlock(k, h, rb_str(pass)), RB_ERR_MALFORMED);
    assert_true(rb_keyring_locked(k));
    rb_keyring_close(k);
    /* a second key must not come beside the sealed one */
    assert_int_equal(rb_keys_age_make(h, &pub), RB_ERR_EXISTS);
    path_of("keys/age.age", path);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(rb_keyring_open(h, &k, why, sizeof why), RB_ERR_DENIED);
}

/* ---- sealed
 * -------------------------------------------------------------------------------------- */

static void assert_all_zero(const char *path) {
    char bytes[4096];
    const size_t n = read_file(path, bytes, sizeof bytes);
    assert_true(n > 70);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(bytes[i], 0);
}

static void sealing_leaves_one_file_that_age_opens(void **state) {
    struct rb_home *h = *state;
    struct rb_keyring *k = NULL;
    struct rb_key pub;
    uint8_t secret[32];
    char before[4096], after[4096], words[400], path[200], other[200], why[1400];
    struct stat st;
    assert_int_equal(rb_keys_age_make(h, &pub), RB_OK);
    path_of("keys/age.txt", path);
    path_of("keys/other", other);
    (void)read_file(path, before, sizeof before);
    assert_int_equal(link(path, other), 0); /* another name of the same bytes */
    assert_int_equal(rb_keys_age_seal(h, rb_str("")), RB_ERR_USAGE);
    assert_int_equal(rb_keys_age_seal(h, rb_str(pass)), RB_OK);
    assert_false(rb_home_has(h, "keys/age.txt"));
    assert_all_zero(other);
    assert_int_equal(rb_keys_age_seal(h, rb_str(pass)), RB_ERR_EXISTS);
    assert_int_equal(rb_keys_age_load(h, secret, &pub), RB_ERR_STATE);
    path_of("keys/age.age", path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(rb_keyring_open(h, &k, why, sizeof why), RB_OK);
    assert_true(rb_keyring_locked(k) && !rb_keyring_holds(k, &pub));
    assert_int_equal(rb_keyring_unlock(k, h, rb_str(wrong)), RB_ERR_SIGNATURE);
    assert_true(rb_keyring_locked(k));
    assert_int_equal(rb_keyring_unlock(k, h, rb_str(pass)), RB_OK);
    assert_true(!rb_keyring_locked(k) && rb_keyring_holds(k, &pub));
    assert_int_equal(rb_keyring_unlock(k, h, rb_str(pass)), RB_ERR_EXISTS);
    rb_keyring_close(k);
    assert_int_equal(rb_keys_age_unseal(h, rb_str(wrong)), RB_ERR_SIGNATURE);
    need_age();
    (void)snprintf(words, sizeof words, "age -d -o %s/opened %s", top, path);
    assert_int_equal(on_terminal(words, pass), 0);
    (void)snprintf(path, sizeof path, "%s/opened", top);
    (void)read_file(path, after, sizeof after);
    assert_string_equal(before, after);
    assert_int_equal(rb_keys_age_unseal(h, rb_str(pass)), RB_OK);
    assert_false(rb_home_has(h, "keys/age.age"));
    path_of("keys/age.txt", path);
    (void)read_file(path, after, sizeof after);
    assert_string_equal(before, after);
    assert_int_equal(rb_keys_age_unseal(h, rb_str(pass)), RB_ERR_EXISTS);
}

static void what_age_sealed_is_unlocked(void **state) {
    struct rb_home *h = *state;
    struct rb_keyring *k = NULL;
    struct rb_key pub;
    char words[600], why[1400];
    need_age();
    assert_int_equal(rb_keys_age_make(h, &pub), RB_OK);
    (void)snprintf(words, sizeof words,
                   "umask 077; age -p -o %s/keys/age.age %s/keys/age.txt && rm %s/keys/age.txt",
                   home, home, home);
    assert_int_equal(on_terminal(words, pass), 0);
    assert_int_equal(rb_keyring_open(h, &k, why, sizeof why), RB_OK);
    assert_true(rb_keyring_locked(k));
    assert_int_equal(rb_keyring_unlock(k, h, rb_str(pass)), RB_OK);
    assert_true(rb_keyring_holds(k, &pub));
    rb_keyring_close(k);
}

static void a_locked_ring_opens_nothing(void **state) {
    struct rb_home *h = *state;
    struct rb_keyring *k = NULL;
    struct rb_key pub;
    static uint8_t head[98304];
    uint8_t file[1024], chance[RB_AGE_ENTROPY(1)] = {9};
    struct rb_writer w = rb_writer(file, sizeof file);
    struct rb_hash content;
    char why[1400];
    size_t n = 0;
    assert_int_equal(rb_keys_age_make(h, &pub), RB_OK);
    assert_int_equal(rb_age_seal(&pub, 1, chance, rb_str("a head, for all it knows"), &w), RB_OK);
    assert_int_equal(rb_keys_age_seal(h, rb_str(pass)), RB_OK);
    assert_int_equal(rb_keyring_open(h, &k, why, sizeof why), RB_OK);
    struct rb_opening *o = NULL;
    const struct rb_body_source src = {NULL, NULL, w.n}; /* not so much as read */
    assert_int_equal(rb_opener_read(k, &src, NULL, RB_KIND_STATEMENT, head, &n, &content),
                     RB_ERR_STATE);
    assert_int_equal(rb_opener_head(k, &src, RB_KIND_STATEMENT, head, &n), RB_ERR_STATE);
    assert_int_equal(rb_opener_content(k, &src, 0, head, sizeof head, &n), RB_ERR_STATE);
    o = rb_opening_new(k, &src, NULL, RB_KIND_STATEMENT);
    size_t budget = 1;
    assert_non_null(o);
    assert_true(rb_opening_go(o, &budget));
    rb_opening_free(o);
    rb_keyring_close(k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        T(files_are_read_as_age_writes_them),
        T(a_home_has_one_of_the_two_files),
        T(sealing_leaves_one_file_that_age_opens),
        T(what_age_sealed_is_unlocked),
        T(a_locked_ring_opens_nothing),
    };
    return cmocka_run_group_tests_name("test_opener_keys", tests, NULL, NULL);
}
