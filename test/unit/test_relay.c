/* The relay's lines and its list (spec 7.5): each line has one form, hostile ones are refused
 * whole, and nothing behind a line is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "shell/link/preface.h"
#include "shell/relay/list.h"

#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static enum rb_err read_line(const char *z, struct rb_relay_line *l) {
    struct rb_reject rj = {0};
    const enum rb_err err = rb_relay_line_decode(rb_str(z), l, &rj);
    assert_true(err == RB_OK || strcmp(rj.clause, "7.5.2") == 0);
    return err;
}

static void test_each_word(void **state) {
    (void)state;
    static const char *const lines[] = {"readback-relay/1 wait " HEX64 "\n",
                                        "readback-relay/1 prove " HEX64 "\n",
                                        "readback-relay/1 proof " HEX64 HEX64 "\n",
                                        "readback-relay/1 waiting\n",
                                        "readback-relay/1 still\n",
                                        "readback-relay/1 call " HEX64 "\n",
                                        "readback-relay/1 joined\n",
                                        "readback-relay/1 refused unknown\n",
                                        "readback-relay/1 refused busy\n",
                                        "readback-relay/1 refused denied\n",
                                        "readback-relay/1 refused form\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct rb_relay_line l;
        char buf[RB_RELAY_LINE];
        struct rb_writer w = rb_writer(buf, sizeof buf);
        assert_int_equal(read_line(lines[i], &l), RB_OK);
        assert_int_equal((int)l.word, i < 7 ? (int)i : (int)RB_RELAY_REFUSED);
        rb_relay_line_encode(&l, &w);
        assert_false(w.over);
        assert_true(rb_slice_eq(rb_written(&w), rb_str(lines[i])));
        for (size_t n = 0; n < w.n; n++) /* cut anywhere */
            assert_int_not_equal(rb_relay_line_decode(rb_slice(buf, n), &l, NULL), RB_OK);
    }
}

static void test_hostile_lines(void **state) {
    (void)state;
    static const char *const lines[] = {
        "",
        "\n",
        "\n\n",
        "joined\n",
        "readback-relay/1 \n",
        "readback-relay/1 joined",
        "readback-relay/1 joined \n",
        "readback-relay/1 joined\r\n",
        "readback-relay/1  joined\n",
        "readback-relay/1 joined\n\n",
        "readback-relay/1 JOINED\n",
        "readback-relay/1 joined x\n",
        "readback-relay/1 refused\n",
        "readback-relay/1 refused \n",
        "readback-relay/1 refused because\n",
        "readback-relay/1 call\n",
        "readback-relay/1 call \n",
        "readback-relay/1 call  " HEX64 "\n",
        "readback-relay/1 call " HEX64 " \n",
        "readback-relay/1 call " HEX64 "0\n",
        "readback-relay/1 call " HEX64 HEX64 "\n",
        "readback-relay/1 proof " HEX64 "\n",
        "readback-relay/1 wait 00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct rb_relay_line l = {.word = RB_RELAY_STILL};
        assert_int_equal(read_line(lines[i], &l), RB_ERR_MALFORMED);
        assert_int_equal(l.word, RB_RELAY_STILL); /* nothing written */
    }
    struct rb_relay_line l;
    assert_int_equal(read_line("readback-relay/2 joined\n", &l), RB_ERR_UNSUPPORTED);
    assert_int_equal(read_line("readback-relay/1\n", &l), RB_ERR_UNSUPPORTED);
    assert_int_equal(read_line("readback-relay/1\twait " HEX64 "\n", &l), RB_ERR_UNSUPPORTED);
    assert_int_equal(read_line("readback-relay/10 joined\n", &l), RB_ERR_UNSUPPORTED);
}

static void test_nothing_behind_a_line(void **state) {
    (void)state;
    int fd[2];
    uint8_t buf[RB_RELAY_LINE];
    size_t n = 0;
    char rest[8] = "";
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    assert_int_equal(rb_relay_read_line(fd[0], buf, &n), RB_ERR_BUSY);
    assert_int_equal(write(fd[1], "readback-", 9), 9);
    assert_int_equal(rb_relay_read_line(fd[0], buf, &n), RB_ERR_BUSY);
    assert_int_equal(write(fd[1], "relay/1 joined\nTLS\n", 19), 19);
    assert_int_equal(rb_relay_read_line(fd[0], buf, &n), RB_OK);
    assert_true(rb_slice_is(rb_slice(buf, n), "readback-relay/1 joined\n"));
    assert_int_equal(read(fd[0], rest, sizeof rest), 4);
    assert_string_equal(rest, "TLS\n");
    char many[RB_RELAY_LINE + 10];
    memset(many, 'x', sizeof many);
    n = 0;
    assert_int_equal(write(fd[1], many, sizeof many), (int)sizeof many);
    assert_int_equal(rb_relay_read_line(fd[0], buf, &n), RB_ERR_MALFORMED);
    assert_int_equal(read(fd[0], many, sizeof many), 10);
    close(fd[1]);
    n = 0;
    assert_int_equal(rb_relay_read_line(fd[0], buf, &n), RB_ERR_IO);
    close(fd[0]);
}

/* what is signed differs with the relay, the party and the nonce, and cannot be TLS's */
static void test_what_is_signed(void **state) {
    (void)state;
    uint8_t buf[4][RB_RELAY_TBS];
    struct rb_writer w[4];
    struct rb_hash one = {{1}}, two = {{2}};
    const uint8_t nonce[RB_RELAY_NONCE] = {3}, other[RB_RELAY_NONCE] = {4};
    for (int i = 0; i < 4; i++)
        w[i] = rb_writer(buf[i], sizeof buf[i]);
    rb_relay_tbs(rb_str("a.example:7444"), &one, nonce, &w[0]);
    rb_relay_tbs(rb_str("b.example:7444"), &one, nonce, &w[1]);
    rb_relay_tbs(rb_str("a.example:7444"), &two, nonce, &w[2]);
    rb_relay_tbs(rb_str("a.example:7444"), &one, other, &w[3]);
    for (int i = 0; i < 4; i++) {
        assert_true(!w[i].over && rb_slice_starts(rb_written(&w[i]), "readback/relay/wait/v1\n"));
        for (int k = 0; k < i; k++)
            assert_false(rb_slice_eq(rb_written(&w[i]), rb_written(&w[k])));
    }
}

/* ---- the list ----------------------------------------------------------------------------------
 */
static void key_hex(uint8_t seed, char out[65]) {
    uint8_t b[RB_SEED_LEN] = {seed};
    struct rb_seckey k;
    struct rb_writer w = rb_writer(out, 65);
    rb_ed25519_from_seed(b, &k);
    rb_put_hex(&w, k.pub.b, RB_KEY_LEN);
    (void)rb_writer_z(&w);
}

static enum rb_err read_list(const char *z, size_t *n, size_t *line) {
    struct rb_relay_listed *all = NULL;
    struct rb_reject rj = {0};
    *n = 0;
    const enum rb_err err = rb_relay_list_decode(rb_str(z), &all, n, line, &rj);
    assert_true(err == RB_OK || (all == NULL && strcmp(rj.clause, "7.5.3") == 0));
    free(all);
    return err;
}

static void test_list(void **state) {
    (void)state;
    char text[1024], k[6][65];
    size_t n = 0, line = 0;
    for (uint8_t i = 0; i < 6; i++)
        key_hex(i, k[i]);
    assert_int_equal(read_list("", &n, &line), RB_OK);
    assert_int_equal(read_list("# nobody\n\n  \n", &n, &line), RB_OK);
    assert_int_equal(n, 0);
    snprintf(text, sizeof text, "# two\n%s %s northland duty\n\n  %s\t%s\n%s %s", k[0], k[1], k[0],
             k[2], k[3], k[4]);
    assert_int_equal(read_list(text, &n, &line), RB_OK);
    assert_int_equal(n, 2);
    snprintf(text, sizeof text, "%s %s\n%s\n", k[0], k[1], k[0]);
    assert_int_equal(read_list(text, &n, &line), RB_ERR_MALFORMED);
    assert_int_equal(line, 2);
    snprintf(text, sizeof text, "%s %s\n%s %s\n", k[0], k[1], k[0], k[1]);
    assert_int_equal(read_list(text, &n, &line), RB_ERR_MALFORMED);
    snprintf(text, sizeof text, "%s %064d\n", k[0], 1); /* the neutral element */
    assert_int_equal(read_list(text, &n, &line), RB_ERR_MALFORMED);
    snprintf(text, sizeof text, "%s %s\n%s %s\n%s %s\n%s %s\n%s %s\n", k[0], k[1], k[0], k[2], k[0],
             k[3], k[0], k[4], k[0], k[5]);
    assert_int_equal(read_list(text, &n, &line), RB_ERR_LIMIT);
    assert_int_equal(line, 5);
}

static int start(void **state) {
    (void)state;
    return rb_crypto_init() == RB_OK ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest test_relay[] = {
        cmocka_unit_test(test_each_word),
        cmocka_unit_test(test_hostile_lines),
        cmocka_unit_test(test_nothing_behind_a_line),
        cmocka_unit_test(test_what_is_signed),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(test_relay, start, NULL);
}
