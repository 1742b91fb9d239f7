/* The home directory, the keys in it, passphrases and settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/syscall.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "shell/os/config.h"
#include "shell/os/keystore.h"
#include "shell/os/passphrase.h"

static char top[64], home[96];

static int setup(void **state) {
    struct rb_home *h = NULL;
    char why[400] = "";
    strcpy(top, "/tmp/readback-home-XXXXXX");
    if (mkdtemp(top) == NULL) return -1;
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

static mode_t mode_of(const char *name) {
    char path[200];
    struct stat st;
    path_of(name, path);
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static void set_mode(const char *name, mode_t mode) {
    char path[200];
    path_of(name, path);
    assert_int_equal(chmod(path, mode), 0);
}

static void write_text(const char *path, const char *text, mode_t mode) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static size_t files_in(const char *name) {
    char words[300], path[200], count[16];
    path_of(name, path);
    (void)snprintf(words, sizeof words, "ls -A %s | wc -l", path);
    FILE *p = popen(words, "r");
    assert_non_null(p);
    assert_non_null(fgets(count, sizeof count, p));
    assert_int_equal(pclose(p), 0);
    return strtoul(count, NULL, 10);
}

/* ---- files ---------------------------------------------------------------------------------- */

static void files_are_private_and_never_overwritten(void **state) {
    struct rb_home *h = *state;
    char buf[16];
    size_t n = 0;
    assert_int_equal(mode_of("."), 0700);
    assert_int_equal(mode_of("keys"), 0700);
    const mode_t old = umask(0); /* whatever the umask */
    assert_int_equal(rb_home_write_new(h, "keys/a", rb_str("first")), RB_OK);
    (void)umask(old);
    assert_int_equal(mode_of("keys/a"), 0600);
    assert_int_equal(rb_home_write_new(h, "keys/a", rb_str("second")), RB_ERR_EXISTS);
    assert_non_null(strstr(rb_home_error(h), "not overwritten"));
    assert_int_equal(rb_home_read(h, "keys/a", buf, sizeof buf, &n), RB_OK);
    assert_memory_equal(buf, "first", n);
    assert_int_equal(n, 5);
    assert_int_equal(rb_home_read(h, "keys/a", buf, 4, &n), RB_ERR_LIMIT);
    assert_int_equal(rb_home_read(h, "keys/b", buf, 4, &n), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_home_replace(h, "keys/a", rb_str("third")), RB_OK);
    assert_int_equal(rb_home_read(h, "keys/a", buf, sizeof buf, &n), RB_OK);
    assert_memory_equal(buf, "third", n);
    assert_int_equal(files_in("keys"), 1); /* nothing left aside */
}

static void what_others_can_read_is_refused(void **state) {
    struct rb_home *h = *state, *again = NULL;
    struct rb_seckey key;
    char why[400], link[200];
    assert_int_equal(rb_keys_make(h, "node", &key), RB_OK);
    set_mode("keys/node.pem", 0640);
    assert_int_equal(rb_keys_load(h, "node", &key), RB_ERR_DENIED);
    assert_non_null(strstr(rb_home_error(h), "chmod 600"));
    set_mode("keys/node.pem", 0604);
    assert_int_equal(rb_keys_load(h, "node", &key), RB_ERR_DENIED);
    set_mode("keys/node.pem", 0600);
    assert_int_equal(rb_keys_load(h, "node", &key), RB_OK);
    path_of("keys/mirror.pem", link);
    assert_int_equal(symlink("node.pem", link), 0);
    assert_int_not_equal(rb_keys_load(h, "mirror", &key), RB_OK);
    set_mode("keys", 0750);
    assert_int_equal(rb_home_open(home, &again, why, sizeof why), RB_ERR_DENIED);
    assert_non_null(strstr(why, "chmod 700"));
    set_mode("keys", 0700);
    set_mode(".", 0701);
    assert_int_equal(rb_home_open(home, &again, why, sizeof why), RB_ERR_DENIED);
    set_mode(".", 0700);
    assert_int_equal(rb_home_open(home, &again, why, sizeof why), RB_OK);
    rb_home_close(again);
    assert_int_equal(rb_home_open("/tmp/readback-no-such-home", &again, why, sizeof why),
                     RB_ERR_NOT_FOUND);
}

static void a_home_is_made_once_and_locked_by_one(void **state) {
    struct rb_home *h = *state, *second = NULL;
    char why[400];
    assert_int_equal(rb_home_open(home, &second, why, sizeof why), RB_OK);
    assert_int_equal(rb_home_lock(h), RB_OK);
    assert_int_equal(rb_home_lock(second), RB_ERR_BUSY);
    assert_non_null(strstr(rb_home_error(second), "Another readbackd"));
    assert_int_equal(rb_home_write_new(h, "card.cose", rb_str("card")), RB_OK);
    rb_home_close(second);
    assert_int_equal(rb_home_create(home, &second, why, sizeof why), RB_ERR_EXISTS);
    rb_home_close(h);
    *state = NULL;
    assert_int_equal(rb_home_open(home, &second, why, sizeof why), RB_OK);
    assert_int_equal(rb_home_lock(second), RB_OK);
    rb_home_close(second);
}

static void the_path_comes_from_the_option_then_the_environment(void **state) {
    char out[64];
    (void)state;
    assert_int_equal(setenv("READBACK_HOME", "/env", 1), 0);
    assert_int_equal(rb_home_path("/option", out, sizeof out), RB_OK);
    assert_string_equal(out, "/option");
    assert_int_equal(rb_home_path(NULL, out, sizeof out), RB_OK);
    assert_string_equal(out, "/env");
    assert_int_equal(unsetenv("READBACK_HOME"), 0);
    assert_int_equal(setenv("HOME", "/home/someone", 1), 0);
    assert_int_equal(rb_home_path(NULL, out, sizeof out), RB_OK);
    assert_string_equal(out, "/home/someone/.readback");
    assert_int_equal(rb_home_path("/option", out, 4), RB_ERR_USAGE);
}

/* ---- keys ----------------------------------------------------------------------------------- */

static void keys_round_trip(void **state) {
    struct rb_home *h = *state;
    struct rb_seckey a, b;
    struct rb_key r1, r2;
    uint8_t secret[32], channel[RB_CHANNEL_LEN];
    memset(channel, 0xab, sizeof channel);
    assert_int_equal(rb_keys_make(h, "tls", &a), RB_OK);
    assert_int_equal(rb_keys_load(h, "tls", &b), RB_OK);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(rb_keys_make(h, "tls", &b), RB_ERR_EXISTS);
    assert_int_equal(rb_keys_load(h, "tls", &b), RB_OK);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(rb_keys_make(h, "../x", &b), RB_ERR_USAGE);
    assert_int_equal(rb_keys_log(h, channel, 2, false, &a), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_keys_log(h, channel, 2, true, &a), RB_OK);
    assert_int_equal(rb_keys_log(h, channel, 2, true, &b), RB_OK);
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(rb_home_has(h, "keys/log-abababababababababababababababab-2.pem"));
    assert_int_equal(rb_keys_log(h, channel, 3, true, &b), RB_OK);
    assert_memory_not_equal(&a, &b, sizeof a);
    assert_int_equal(rb_keys_age_make(h, &r1), RB_OK);
    assert_int_equal(rb_keys_age_load(h, secret, &r2), RB_OK);
    assert_memory_equal(&r1, &r2, sizeof r1);
    assert_int_equal(rb_home_replace(h, "keys/tls.pem", rb_str("not a key\n")), RB_OK);
    assert_int_equal(rb_keys_load(h, "tls", &b), RB_ERR_MALFORMED);
    assert_non_null(strstr(rb_home_error(h), "clause 2.4.1"));
}

static void openssl_and_age_read_our_keys(void **state) {
    struct rb_home *h = *state;
    struct rb_seckey key;
    struct rb_key recipient;
    char words[400];
    assert_int_equal(rb_keys_make(h, "node", &key), RB_OK);
    (void)snprintf(words, sizeof words, "openssl pkey -in %s/keys/node.pem -noout", home);
    assert_int_equal(system(words), 0);
    assert_int_equal(rb_keys_age_make(h, &recipient), RB_OK);
    if (system("command -v age-keygen >/dev/null") != 0) skip();
    (void)snprintf(words, sizeof words,
                   "test \"$(age-keygen -y %s/keys/age.txt)\" = "
                   "\"$(sed -n 's/# public key: //p' %s/keys/age.txt)\"",
                   home, home);
    assert_int_equal(system(words), 0);
}

static void sealed_keys_open_with_their_passphrase(void **state) {
    struct rb_home *h = *state;
    const struct rb_slice pass = rb_str("correct horse"), wrong = rb_str("correct house");
    struct rb_key pub, same;
    struct rb_seckey key;
    char path[200], why[400], names[4][RB_MAX_HANDLE + 1];
    size_t n = 0;
    assert_int_equal(rb_keys_seal_make(h, "officer-zoe", pass, &pub), RB_OK);
    assert_int_equal(rb_keys_seal_public(h, "officer-zoe", &same), RB_OK);
    assert_memory_equal(&pub, &same, sizeof pub);
    assert_int_equal(rb_keys_unseal(h, "officer-zoe", wrong, &key), RB_ERR_SIGNATURE);
    assert_non_null(strstr(rb_home_error(h), "passphrase"));
    assert_int_equal(rb_keys_unseal(h, "officer-zoe", pass, &key), RB_OK);
    assert_memory_equal(&pub, &key.pub, sizeof pub);
    path_of("keys/officer-zoe.sealed", path);
    assert_int_equal(rb_keys_unseal_file(path, pass, &key, why, sizeof why), RB_OK);
    assert_int_equal(rb_keys_unseal_file(path, wrong, &key, why, sizeof why), RB_ERR_SIGNATURE);
    assert_int_equal(rb_keys_unseal_file("/nonexistent", pass, &key, why, sizeof why),
                     RB_ERR_NOT_FOUND);
    assert_int_equal(rb_keys_seal_make(h, "officer-zoe", pass, &pub), RB_ERR_EXISTS);
    assert_int_equal(rb_home_write_new(h, "keys/officer-amir.sealed", rb_str("x")), RB_OK);
    assert_int_equal(rb_home_write_new(h, "keys/officer-.sealed", rb_str("x")), RB_OK);
    assert_int_equal(rb_home_write_new(h, "keys/party.sealed", rb_str("x")), RB_OK);
    assert_int_equal(rb_keys_officers(h, names, 4, &n), RB_OK);
    assert_int_equal(n, 2);
    assert_string_equal(names[0], "amir");
    assert_string_equal(names[1], "zoe");
    assert_int_equal(rb_keys_unseal(h, "party", pass, &key), RB_ERR_MALFORMED);
}

/* ---- passphrases ---------------------------------------------------------------------------- */

/* which one is used follows from its public half; those before stay */
static void keys_that_take_anothers_place_stand_beside_it(void **state) {
    struct rb_home *h = *state;
    const struct rb_slice pass = rb_str("a passphrase");
    char names[4][RB_MAX_HANDLE + 1], file[96];
    struct rb_seckey first, found;
    struct rb_key next, sealed[2], recipient[2];
    uint8_t secret[32];
    size_t n = 0;
    assert_int_equal(rb_keys_make(h, "mirror", &first), RB_OK);
    assert_int_equal(rb_keys_make_next(h, "mirror", &next), RB_OK);
    assert_int_equal(rb_keys_find(h, "mirror", &first.pub, &found), RB_OK);
    assert_memory_equal(&found, &first, sizeof found);
    assert_int_equal(rb_keys_find(h, "mirror", &next, &found), RB_OK);
    assert_memory_equal(&found.pub, &next, sizeof next);
    assert_int_equal(rb_keys_find(h, "node", &next, &found), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_keys_seal_make(h, "officer-zoe", pass, &sealed[0]), RB_OK);
    assert_int_equal(rb_keys_seal_next(h, "officer-zoe", pass, &sealed[1]), RB_OK);
    assert_int_equal(rb_keys_seal_find(h, "officer-zoe", &sealed[0], file, sizeof file), RB_OK);
    assert_string_equal(file, "officer-zoe");
    assert_int_equal(rb_keys_seal_find(h, "officer-zoe", &sealed[1], file, sizeof file), RB_OK);
    assert_int_equal(rb_keys_unseal(h, file, pass, &found), RB_OK);
    assert_memory_equal(&found.pub, &sealed[1], sizeof found.pub);
    assert_int_equal(rb_keys_seal_find(h, "officer-zoe", &next, file, sizeof file),
                     RB_ERR_NOT_FOUND);
    assert_int_equal(rb_keys_officers(h, names, 4, &n), RB_OK); /* one officer, two keys */
    assert_int_equal(n, 1);
    assert_string_equal(names[0], "zoe");
    assert_int_equal(rb_keys_age_make(h, &recipient[0]), RB_OK);
    for (size_t i = 1; i < 16; i++)
        assert_int_equal(rb_keys_age_next(h, rb_slice(NULL, 0), &recipient[1]), RB_OK);
    assert_int_equal(rb_keys_age_load(h, secret, &recipient[0]), RB_OK); /* the last comes first */
    assert_memory_equal(&recipient[0], &recipient[1], sizeof recipient[0]);
    assert_int_equal(rb_keys_age_next(h, rb_slice(NULL, 0), &recipient[1]), RB_ERR_LIMIT);
    assert_int_equal(mode_of("keys/age.txt"), 0600);
    rb_wipe(&found, sizeof found);
    rb_wipe(&first, sizeof first);
}

static void passphrases_come_from_descriptors_and_files(void **state) {
    struct rb_passphrase p;
    char path[200], why[400];
    int fds[2];
    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "first\r\nsecond", 13), 13);
    assert_int_equal(close(fds[1]), 0);
    assert_int_equal(rb_passphrase_read(fds[0], "", false, &p, why, sizeof why), RB_OK);
    assert_true(rb_slice_is(rb_passphrase_slice(&p), "first"));
    assert_int_equal(rb_passphrase_read(fds[0], "", false, &p, why, sizeof why), RB_OK);
    assert_true(rb_slice_is(rb_passphrase_slice(&p), "second"));
    assert_int_equal(rb_passphrase_read(fds[0], "", false, &p, why, sizeof why), RB_ERR_NOT_FOUND);
    assert_int_equal(close(fds[0]), 0);
    path_of("pass", path);
    write_text(path, "from a file\n", 0644);
    assert_int_equal(setenv("READBACK_PASSPHRASE_FILE", path, 1), 0);
    assert_int_equal(rb_passphrase_read(-1, "", true, &p, why, sizeof why), RB_ERR_DENIED);
    set_mode("pass", 0600);
    assert_int_equal(rb_passphrase_read(-1, "", true, &p, why, sizeof why), RB_OK);
    assert_true(rb_slice_is(rb_passphrase_slice(&p), "from a file"));
    assert_int_equal(unsetenv("READBACK_PASSPHRASE_FILE"), 0);
}

static bool terminal_shows(int master) {
    struct termios t;
    assert_int_equal(tcgetattr(master, &t), 0);
    return (t.c_lflag & ECHO) != 0;
}

/* asks on a terminal of its own; the caller types */
static pid_t ask_elsewhere(int *master) {
    struct rb_passphrase p;
    char why[400];
    const pid_t pid = forkpty(master, NULL, NULL, NULL);
    if (pid == 0) {
        const enum rb_err err = rb_passphrase_read(-1, "Passphrase", false, &p, why, sizeof why);
        _exit(err == RB_OK && rb_slice_is(rb_passphrase_slice(&p), "typed") ? 0 : 1);
    }
    assert_true(pid > 0);
    for (int i = 0; i < 400 && terminal_shows(*master); i++)
        (void)usleep(5000);
    assert_false(terminal_shows(*master));
    (void)usleep(50000);
    return pid;
}

static void a_prompt_that_is_broken_off_leaves_a_terminal_that_shows(void **state) {
    int master = -1, status = 0;
    (void)state;
    pid_t pid = ask_elsewhere(&master);
    const int keep = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_int_equal(write(master, "\x03", 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    assert_true(terminal_shows(master));
    (void)close(keep);
    (void)close(master);
    pid = ask_elsewhere(&master);
    assert_int_equal(write(master, "typed\n", 6), 6);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)close(master);
}

/* ---- settings ------------------------------------------------------------------------------- */

static enum rb_err config_of(const char *text, struct rb_config *c, char *why, size_t why_n) {
    char path[200];
    path_of("config.ini", path);
    write_text(path, text, 0600);
    rb_config_default(c);
    return rb_config_read(path, c, why, why_n);
}

static void settings_are_read_and_unknown_ones_refused(void **state) {
    struct rb_config c;
    char why[400];
    (void)state;
    assert_int_equal(config_of("[peer]\nlisten = 127.0.0.1:7443\nlisten = [::1]:7443\nidle = 5m\n"
                               "[api]\nsocket = /run/readback.sock\n[log]\nformat = json\n"
                               "level = warn\n[limits]\nregion = 2G\nleaves-a-day = 5000\n"
                               "bytes-a-day = 128M\ndisk-warning = 256M\n",
                               &c, why, sizeof why),
                     RB_OK);
    assert_int_equal(c.listen_n, 2);
    assert_string_equal(c.listen[1], "[::1]:7443");
    assert_int_equal(c.idle_ms, 300000);
    assert_string_equal(c.api_socket, "/run/readback.sock");
    assert_true(c.log_json);
    assert_int_equal(c.log_level, RB_LOG_WARN);
    assert_true(c.region_bytes == (uint64_t)2 << 30);
    assert_int_equal(c.leaves_a_day, 5000);
    assert_int_equal(c.bytes_a_day, 128 << 20);
    assert_int_equal(c.disk_warning, 256 << 20);
    static const struct {
        const char *text, *word;
    } bad[] = {
        {"[peer]\nlisen = 1:2\n", "no setting \"lisen\""},
        {"[per]\nlisten = 1:2\n", "no setting"},
        {"[peer]\nlisten = localhost\n", "not one this setting takes"},
        {"[peer]\nlisten = localhost:70000\n", "not one"},
        {"[log]\nlevel = loud\n", "(line 2)"},
        {"[limits]\nregion = 12\n", "not one"},
        {"[limits]\nregion = 1M\n", "not one"},
        {"[limits]\nregion = 99999999999999999999G\n", "not one"},
        {"[limits]\nleaves-a-day = 0\n", "not one"},
        {"words\n", "cannot be read as settings"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(config_of(bad[i].text, &c, why, sizeof why), RB_ERR_MALFORMED);
        if (strstr(why, bad[i].word) == NULL) print_error("%s\n", why);
        assert_non_null(strstr(why, bad[i].word));
        assert_int_equal(c.listen_n, 0); /* nothing half done */
    }
    assert_int_equal(rb_config_read("/nonexistent", &c, why, sizeof why), RB_ERR_NOT_FOUND);
}

/* ---- the machine ---------------------------------------------------------------------------- */

static void a_region_is_zero_and_shrinks_to_what_there_is(void **state) {
    void *mem = NULL;
    size_t cap = 0;
    (void)state;
    assert_int_equal(rb_region_map((size_t)1 << 62, (size_t)64 << 20, &mem, &cap), RB_OK);
    assert_true(cap >= (size_t)64 << 20 && cap < (size_t)1 << 62);
    assert_int_equal(((const uint8_t *)mem)[cap - 1], 0);
    rb_region_unmap(mem, cap);
    assert_int_equal(rb_region_map((size_t)1 << 62, (size_t)1 << 62, &mem, &cap), RB_ERR_LIMIT);
}

/* what the process writes to stderr while fn runs */
static size_t stderr_of(void (*fn)(void), char *buf, size_t cap) {
    int fds[2];
    const int kept = dup(STDERR_FILENO);
    assert_true(kept >= 0 && pipe(fds) == 0 && dup2(fds[1], STDERR_FILENO) >= 0);
    fn();
    assert_true(dup2(kept, STDERR_FILENO) >= 0 && close(fds[1]) == 0 && close(kept) == 0);
    const ssize_t n = read(fds[0], buf, cap - 1);
    assert_int_equal(close(fds[0]), 0);
    buf[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static void log_two(void) {
    rb_log(RB_LOG_DEBUG, "link", "not shown");
    rb_log(RB_LOG_WARN, "link", "a \"quoted\" line\nwith a break and \xff");
}

static void a_log_line_is_one_line(void **state) {
    char text[1024];
    (void)state;
    rb_log_setup(RB_LOG_INFO, false);
    (void)stderr_of(log_two, text, sizeof text);
    assert_non_null(strstr(text, "Z warn link: a \"quoted\" line?with a break and ?\n"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    rb_log_setup(RB_LOG_INFO, true);
    (void)stderr_of(log_two, text, sizeof text);
    assert_non_null(
        strstr(text, "\"level\":\"warn\",\"area\":\"link\",\"text\":\"a \\\"quoted\\\" line?"));
    rb_log_setup(RB_LOG_INFO, false);
}

/* Calls that would not answer EPERM by themselves, whoever makes them; 0 if the filter answers
 * each. */
static int refused_calls(void) {
    char why[200];
    const struct rb_reach reach = {.home = "/tmp"};
    rb_harden();
    if (rb_sandbox(&reach, why, sizeof why) != RB_OK) return 2;
#define REFUSED(...) (errno = 0, syscall(__VA_ARGS__) == -1 && errno == EPERM)
    if (!REFUSED(SYS_execve, "/there/is/none", NULL, NULL)) return 3;
    if (!REFUSED(SYS_execveat, -1, "none", NULL, NULL, 0)) return 4;
    if (!REFUSED(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0)) return 5;
    if (!REFUSED(SYS_unshare, 0)) return 6;
    if (!REFUSED(SYS_setns, -1, 0)) return 7;
    if (!REFUSED(SYS_personality, 0xffffffff)) return 8;
    if (!REFUSED(SYS_io_uring_setup, 0, NULL)) return 9;
    if (!REFUSED(SYS_adjtimex, NULL)) return 10;
    if (!REFUSED(SYS_clock_adjtime, 0, NULL)) return 11; /* the last of the list on most machines */
#ifdef __x86_64__
    if (!REFUSED(0x40000000 | SYS_getpid)) return 12; /* x32 */
#endif
#undef REFUSED
    return syscall(SYS_getppid) == getppid() && syscall(SYS_close, -1) == -1 && errno == EBADF ? 0
                                                                                               : 13;
}

static int status_of(int (*run)(void)) {
    int status = 0;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(run());
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void the_sandbox_refuses_calls(void **state) {
    (void)state;
    const int status = status_of(refused_calls);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#ifdef __x86_64__
/* the way in of 32-bit programs, with numbers of its own */
static int other_way_in(void) {
    char why[200];
    const struct rb_reach reach = {.home = "/tmp"};
    long answer = 20; /* getpid there */
    const struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    if (rb_sandbox(&reach, why, sizeof why) != RB_OK) return 2;
    __asm__ volatile("int $0x80" : "+a"(answer) : : "memory", "r8", "r9", "r10", "r11");
    return answer < 0 ? 77 : 0; /* a kernel that has none of it */
}

static void the_sandbox_has_one_way_in(void **state) {
    (void)state;
    const int status = status_of(other_way_in);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) skip();
    assert_true(WIFSIGNALED(status));
    assert_true(WTERMSIG(status) == SIGSYS ||
                WTERMSIG(status) == SIGSEGV); /* SEGV: no such way here */
}
#endif

static void the_sandbox_runs_no_program(void **state) {
    int status = 0;
    (void)state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char why[200];
        const struct rb_reach reach = {.home = "/tmp"};
        rb_harden();
        if (rb_sandbox(&reach, why, sizeof why) != RB_OK) _exit(2);
        (void)execl("/bin/true", "true", (char *)NULL);
        _exit(errno == EPERM ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool opens(const char *path, int flags) {
    const int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0) (void)close(fd);
    return fd >= 0;
}

/* 0: only what is in `home` can be made, changed and removed; 77: this kernel has no landlock */
static int reaches_only(const char *mine, const char *other, const char *config) {
    char path[RB_HOME_PATH_MAX];
    const struct rb_reach reach = {.home = mine, .config = config};
    if (syscall(444, NULL, 0, 1u) < 1) return 77;
    if (rb_landlock(&reach) != RB_OK) return 2;
    (void)snprintf(path, sizeof path, "%s/made", other);
    if (opens(path, O_WRONLY | O_CREAT) || errno != EACCES) return 3;
    (void)snprintf(path, sizeof path, "%s/there", other);
    if (opens(path, O_RDONLY) || errno != EACCES) return 4;
    if (unlink(path) == 0 || errno != EACCES) return 5;
    if (!opens(config, O_RDONLY)) return 6;
    if (opens(config, O_WRONLY)) return 7;
    if (!opens("/etc/passwd", O_RDONLY)) return 8; /* as /etc/hosts and what names need */
    if (opens("/etc/passwd", O_WRONLY)) return 9;
    (void)snprintf(path, sizeof path, "%s/made", mine);
    if (!opens(path, O_RDWR | O_CREAT)) return 10;
    if (truncate(path, 0) != 0 || rename(path, path) != 0 || unlink(path) != 0) return 11;
    return 0;
}

static void the_sandbox_reaches_the_home_alone(void **state) {
    char folder[] = "/tmp/readback-reach-XXXXXX", mine[64], other[64], there[96], config[96];
    int status = 0;
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(mine, sizeof mine, "%s/home", folder);
    (void)snprintf(other, sizeof other, "%s/other", folder);
    (void)snprintf(there, sizeof there, "%s/there", other);
    (void)snprintf(config, sizeof config, "%s/config.ini", folder);
    assert_int_equal(mkdir(mine, 0700), 0);
    assert_int_equal(mkdir(other, 0700), 0);
    for (const char *const *p = (const char *const[]){there, config, NULL}; *p; p++) {
        const int fd = open(*p, O_WRONLY | O_CREAT, 0600);
        assert_true(fd >= 0);
        (void)close(fd);
    }
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(reaches_only(mine, other, config));
    assert_int_equal(waitpid(child, &status, 0), child);
    (void)unlink(there);
    (void)unlink(config);
    (void)rmdir(mine);
    (void)rmdir(other);
    (void)rmdir(folder);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest keystore[] = {
        T(files_are_private_and_never_overwritten),
        T(what_others_can_read_is_refused),
        T(a_home_is_made_once_and_locked_by_one),
        T(the_path_comes_from_the_option_then_the_environment),
        T(keys_round_trip),
        T(openssl_and_age_read_our_keys),
        T(sealed_keys_open_with_their_passphrase),
        T(keys_that_take_anothers_place_stand_beside_it),
        T(passphrases_come_from_descriptors_and_files),
        T(a_prompt_that_is_broken_off_leaves_a_terminal_that_shows),
        T(settings_are_read_and_unknown_ones_refused),
        T(a_region_is_zero_and_shrinks_to_what_there_is),
        T(a_log_line_is_one_line),
        T(the_sandbox_refuses_calls),
#ifdef __x86_64__
        T(the_sandbox_has_one_way_in),
#endif
        T(the_sandbox_runs_no_program),
        T(the_sandbox_reaches_the_home_alone),
    };
    if (rb_crypto_init() != RB_OK) return 1;
    return cmocka_run_group_tests(keystore, NULL, NULL);
}
