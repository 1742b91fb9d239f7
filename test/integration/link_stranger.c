#include "link_stranger.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static bool have(const char *program) {
    char line[100];
    snprintf(line, sizeof line, "command -v %s >/dev/null 2>&1", program);
    return system(line) == 0;
}

static void make_certificate(struct stranger *s, const struct rb_seckey *tls) {
    char pem[300], line[400];
    struct rb_writer w = rb_writer(pem, sizeof pem);
    snprintf(s->dir, sizeof s->dir, "/tmp/rb-link-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    snprintf(s->key, sizeof s->key, "%s/key", s->dir);
    snprintf(s->cert, sizeof s->cert, "%s/cert", s->dir);
    assert_int_equal(rb_pkcs8_encode(tls, &w), RB_OK);
    FILE *f = fopen(s->key, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(pem, 1, w.n, f), w.n);
    fclose(f);
    snprintf(line, sizeof line, "openssl req -x509 -key %s -out %s -subj /CN=stranger >/dev/null 2>&1",
             s->key, s->cert);
    assert_int_equal(system(line), 0);
}

void stranger_start(struct world *w, struct stranger *s, const struct rb_seckey *tls, uint16_t port,
                    const char *mode) {
    char script[400], number[8];
    const char *root = getenv("READBACK_ROOT");
    int to[2], from[2];
    if (!have("python3") || !have("openssl") || root == NULL) skip();
    s->w = w;
    make_certificate(s, tls);
    snprintf(script, sizeof script, "%s/test/integration/link_client.py", root);
    snprintf(number, sizeof number, "%u", (unsigned)port);
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    s->pid = fork();
    if (s->pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        execlp("python3", "python3", script, number, s->cert, s->key, mode, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    s->in = to[1];
    s->out = from[0];
    fcntl(s->out, F_SETFL, O_NONBLOCK);
}

void stranger_stop(struct stranger *s) {
    char line[100];
    close(s->in);
    close(s->out);
    waitpid(s->pid, NULL, 0);
    snprintf(line, sizeof line, "rm -r %s", s->dir);
    assert_int_equal(system(line), 0);
}

static void read_exactly(struct stranger *s, uint8_t *p, size_t n) {
    for (unsigned turns = 0; n > 0 && turns < 3000; turns++) {
        ssize_t got = read(s->out, p, n);
        if (got > 0) {
            p += got;
            n -= (size_t)got;
        } else {
            fix_spin(s->w, 5);
        }
    }
    assert_int_equal(n, 0);
}

void stranger_say(struct stranger *s, struct rb_slice bytes) {
    uint8_t head[4];
    struct rb_writer w = rb_writer(head, sizeof head);
    rb_put_u32(&w, (uint32_t)bytes.n);
    assert_int_equal(write(s->in, head, 4), 4);
    for (size_t at = 0; at < bytes.n;) {
        ssize_t n = write(s->in, bytes.p + at, bytes.n - at);
        assert_true(n > 0);
        at += (size_t)n;
    }
}

const char *stranger_hear(struct stranger *s) {
    static uint8_t back[1u << 16];
    uint8_t head[4];
    uint32_t n = 0;
    read_exactly(s, head, 4);
    struct rb_reader r = rb_reader(rb_slice(head, 4));
    assert_int_equal(rb_get_u32(&r, &n), RB_OK);
    assert_true(n < sizeof back);
    read_exactly(s, back, n);
    back[n] = '\0';
    return (const char *)back;
}

const char *stranger_talk(struct stranger *s, struct rb_slice bytes) {
    stranger_say(s, bytes);
    return stranger_hear(s);
}
