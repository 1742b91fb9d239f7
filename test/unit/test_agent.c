/* The ssh-agent client against OpenSSH's own agent, and against an agent that lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "readback/limits.h"
#include "shell/os/agent.h"

static char dir[64], sock[96];
static pid_t agent_pid;

static int run(const char *words) {
    char all[512];
    (void)snprintf(all, sizeof all,
                   "cd %s && SSH_AUTH_SOCK=%s && export SSH_AUTH_SOCK && { %s; } "
                   ">/dev/null 2>&1",
                   dir, sock, words);
    return system(all);
}

static int setup(void **state) {
    (void)state;
    strcpy(dir, "/tmp/readback-agent-XXXXXX");
    if (mkdtemp(dir) == NULL) return -1;
    (void)snprintf(sock, sizeof sock, "%s/sock", dir);
    agent_pid = 0;
    return 0;
}

static int teardown(void **state) {
    char words[128];
    (void)state;
    if (agent_pid > 0) {
        (void)kill(agent_pid, SIGTERM);
        (void)waitpid(agent_pid, NULL, 0);
    }
    (void)snprintf(words, sizeof words, "rm -rf %s", dir);
    return system(words);
}

/* ---- the real one --------------------------------------------------------------------------- */

static void start_openssh(void) {
    agent_pid = fork();
    assert_true(agent_pid >= 0);
    if (agent_pid == 0) {
        if (freopen("/dev/null", "w", stdout) == NULL) _exit(127);
        (void)execlp("ssh-agent", "ssh-agent", "-D", "-a", sock, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 200 && access(sock, F_OK) != 0; i++)
        (void)usleep(10000);
    assert_int_equal(access(sock, F_OK), 0);
}

static void read_pub(const char *name, struct rb_key *out) {
    char path[128], line[512];
    struct rb_reject rj;
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    assert_int_equal(fclose(f), 0);
    assert_int_equal(rb_openssh_pub_decode(rb_str(line), out, &rj), RB_OK);
}

static void openssh_lists_and_signs(void **state) {
    struct rb_agent *a = NULL;
    struct rb_agent_key keys[4];
    struct rb_key pub, other;
    uint8_t sig[RB_SIG_LEN];
    char why[200];
    size_t n = 9;
    (void)state;
    if (system("command -v ssh-agent >/dev/null && command -v ssh-add >/dev/null") != 0) skip();
    start_openssh();
    assert_int_equal(rb_agent_open(sock, &a, why, sizeof why), RB_OK);
    assert_int_equal(rb_agent_list(a, keys, 4, &n), RB_OK);
    assert_int_equal(n, 0);
    assert_int_equal(run("ssh-keygen -q -t ed25519 -N '' -C 'the watch' -f one && ssh-add one"), 0);
    assert_int_equal(run("ssh-keygen -q -t ecdsa -N '' -f two && ssh-add two"), 0);
    assert_int_equal(run("ssh-keygen -q -t ed25519 -N '' -f three"), 0); /* not in the agent */
    read_pub("one.pub", &pub);
    read_pub("three.pub", &other);
    assert_int_equal(rb_agent_list(a, keys, 4, &n), RB_OK);
    assert_int_equal(n, 1); /* only Ed25519 */
    assert_memory_equal(&keys[0].pub, &pub, sizeof pub);
    assert_string_equal(keys[0].comment, "the watch");
    assert_int_equal(rb_agent_list(a, keys, 0, &n), RB_OK);
    assert_int_equal(n, 0);
    assert_int_equal(rb_agent_sign(a, &pub, rb_str("what was said"), sig), RB_OK);
    assert_int_equal(rb_ed25519_verify(&pub, rb_str("what was said"), sig), RB_OK);
    assert_int_equal(rb_agent_sign(a, &other, rb_str("what was said"), sig), RB_ERR_DENIED);
    uint8_t *big = calloc(1, RB_MAX_LEAF);
    assert_int_equal(rb_agent_sign(a, &pub, rb_slice(big, RB_MAX_LEAF), sig), RB_OK);
    free(big);
    rb_agent_close(a);
}

static void no_agent_is_a_sentence(void **state) {
    struct rb_agent *a = NULL;
    char why[200];
    (void)state;
    assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
    assert_int_equal(rb_agent_open(NULL, &a, why, sizeof why), RB_ERR_NOT_FOUND);
    assert_non_null(strstr(why, "SSH_AUTH_SOCK"));
    assert_int_equal(rb_agent_open(sock, &a, why, sizeof why), RB_ERR_IO);
    assert_null(a);
}

/* ---- one that lies -------------------------------------------------------------------------- */

/* answers every request on one connection with the same bytes */
static void start_liar(struct rb_slice reply) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char sink[4096];
    strcpy(at.sun_path, sock);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0);
    agent_pid = fork();
    assert_true(agent_pid >= 0);
    if (agent_pid == 0) {
        const int c = accept(fd, NULL, NULL);
        while (c >= 0 && read(c, sink, 4) == 4 && read(c, sink, sizeof sink) > 0)
            if (write(c, reply.p, reply.n) != (ssize_t)reply.n || reply.n == 0) break;
        _exit(0);
    }
    assert_int_equal(close(fd), 0);
}

static void against_liar(struct rb_slice reply, enum rb_err list, enum rb_err sign) {
    static const struct rb_key pub = {{1}};
    struct rb_agent_key keys[4];
    struct rb_agent *a = NULL;
    uint8_t sig[RB_SIG_LEN];
    char why[200];
    size_t n = 0;
    for (int what = 0; what < 2; what++) {
        start_liar(reply);
        assert_int_equal(rb_agent_open(sock, &a, why, sizeof why), RB_OK);
        if (what == 0)
            assert_int_equal(rb_agent_list(a, keys, 4, &n), list);
        else
            assert_int_equal(rb_agent_sign(a, &pub, rb_str("x"), sig), sign);
        assert_int_equal(n, 0);
        rb_agent_close(a);
        assert_int_equal(waitpid(agent_pid, NULL, 0), agent_pid);
        agent_pid = 0;
        assert_int_equal(unlink(sock), 0);
    }
}

static void lies_are_bounded_and_refused(void **state) {
    (void)state;
#define LIE(z, list, sign) against_liar(rb_slice(z, sizeof(z) - 1), list, sign)
    LIE("", RB_ERR_IO, RB_ERR_IO);                            /* hangs up */
    LIE("\0\0\0\1\5", RB_ERR_DENIED, RB_ERR_DENIED);          /* failure */
    LIE("\0\0\0\0", RB_ERR_IO, RB_ERR_IO);                    /* nothing */
    LIE("\377\377\377\377", RB_ERR_IO, RB_ERR_IO);            /* four gigabytes to come */
    LIE("\0\0\0\1\14", RB_ERR_IO, RB_ERR_IO);                 /* a list without its count */
    LIE("\0\0\0\5\14\377\377\377\377", RB_ERR_IO, RB_ERR_IO); /* four thousand million keys */
    LIE("\0\0\0\5\14\0\0\0\0", RB_OK, RB_ERR_IO);             /* no keys: fine, but no signature */
    LIE("\0\0\0\6\14\0\0\0\0\1", RB_ERR_IO, RB_ERR_IO);       /* bytes after the list */
    LIE("\0\0\0\5\16\377\377\377\377", RB_ERR_IO, RB_ERR_IO);
    uint8_t fake[4 + 1 + 4 + 4 + 11 + 4 + 64] = {0, 0, 0, 88, 14, 0, 0, 0, 83, 0, 0, 0, 11};
    memcpy(fake + 13, "ssh-ed25519", 11);
    fake[27] = 64;
    against_liar(rb_slice(fake, sizeof fake), RB_ERR_IO, RB_ERR_SIGNATURE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest agent[] = {
        T(openssh_lists_and_signs),
        T(no_agent_is_a_sentence),
        T(lies_are_bounded_and_refused),
    };
    if (rb_crypto_init() != RB_OK) return 1;
    return cmocka_run_group_tests(agent, NULL, NULL);
}
