/* The ssh-agent protocol, the two requests that are needed: messages are u32 length, u8 type, body.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "readback/text.h"
#include "shell/os/agent.h"

#define REQUEST_IDENTITIES 11u
#define IDENTITIES_ANSWER 12u
#define SIGN_REQUEST 13u
#define SIGN_RESPONSE 14u
#define AGENT_FAILURE 5u
#define REPLY_MAX (256u << 10) /* as OpenSSH's own limit */
#define REQUEST_MAX (128u << 10)
#define WAIT_MS 60000 /* a person may have to confirm on the agent's side */
#define TYPE "ssh-ed25519"

struct rb_agent {
    int fd;
    uint8_t reply[REPLY_MAX];
    char error[192];
};

static enum rb_err say(struct rb_agent *a, enum rb_err err, const char *words) {
    (void)snprintf(a->error, sizeof a->error, "%s", words);
    return err;
}

const char *rb_agent_error(const struct rb_agent *a) {
    return a->error;
}

static enum rb_err connect_to(const char *path, int *out) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof to.sun_path) return RB_ERR_USAGE;
    memcpy(to.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return RB_ERR_IO;
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        (void)close(fd);
        return RB_ERR_IO;
    }
    *out = fd;
    return RB_OK;
}

enum rb_err rb_agent_open(const char *socket, struct rb_agent **out, char *why, size_t why_n) {
    const char *path = socket != NULL ? socket : getenv("SSH_AUTH_SOCK");
    int fd = -1;
    if (path == NULL || path[0] == '\0') {
        (void)snprintf(why, why_n, "No ssh-agent: SSH_AUTH_SOCK is not set.");
        return RB_ERR_NOT_FOUND;
    }
    if (connect_to(path, &fd) != RB_OK) {
        (void)snprintf(why, why_n, "The ssh-agent at %s does not answer.", path);
        return RB_ERR_IO;
    }
    struct rb_agent *a = calloc(1, sizeof *a);
    if (a == NULL) {
        (void)snprintf(why, why_n, "Memory is short.");
        (void)close(fd);
        return RB_ERR_LIMIT;
    }
    a->fd = fd;
    *out = a;
    return RB_OK;
}

void rb_agent_close(struct rb_agent *a) {
    if (a == NULL) return;
    if (a->fd >= 0) (void)close(a->fd);
    free(a);
}

/* ---- one request, one reply ------------------------------------------------------------------ */

static enum rb_err send_all(int fd, struct rb_slice b) {
    while (b.n > 0) {
        const ssize_t k = send(fd, b.p, b.n, MSG_NOSIGNAL);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return RB_ERR_IO;
        b = rb_slice_sub(b, (size_t)k, b.n);
    }
    return RB_OK;
}

static enum rb_err recv_all(int fd, uint8_t *p, size_t n) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (n > 0) {
        const int r = poll(&ready, 1, WAIT_MS);
        if (r < 0 && errno == EINTR) continue;
        if (r <= 0) return RB_ERR_IO;
        const ssize_t k = recv(fd, p, n, 0);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return RB_ERR_IO;
        p += k;
        n -= (size_t)k;
    }
    return RB_OK;
}

/* The connection is closed after a failure: what would come next on it belongs to the old request.
 */
static enum rb_err broken(struct rb_agent *a, const char *words) {
    (void)close(a->fd);
    a->fd = -1;
    return say(a, RB_ERR_IO, words);
}

static enum rb_err ask(struct rb_agent *a, struct rb_slice body, uint8_t *type,
                       struct rb_reader *reply) {
    uint8_t head[4];
    uint32_t n = 0;
    struct rb_writer w = rb_writer(head, sizeof head);
    if (a->fd < 0) return say(a, RB_ERR_STATE, "The connection to the ssh-agent is closed.");
    rb_put_u32(&w, (uint32_t)body.n);
    if (send_all(a->fd, rb_slice(head, 4)) != RB_OK || send_all(a->fd, body) != RB_OK ||
        recv_all(a->fd, head, 4) != RB_OK)
        return broken(a, "The ssh-agent went away.");
    struct rb_reader r = rb_reader(rb_slice(head, 4));
    RB_TRY(rb_get_u32(&r, &n));
    if (n == 0 || n > REPLY_MAX) return broken(a, "The ssh-agent's reply has no sensible length.");
    if (recv_all(a->fd, a->reply, n) != RB_OK) return broken(a, "The ssh-agent's reply is cut.");
    *reply = rb_reader(rb_slice(a->reply, n));
    return rb_get_u8(reply, type);
}

static enum rb_err get_string(struct rb_reader *r, struct rb_slice *out) {
    uint32_t n = 0;
    RB_TRY(rb_get_u32(r, &n));
    return rb_get_view(r, n, out);
}

static void put_string(struct rb_writer *w, struct rb_slice s) {
    rb_put_u32(w, (uint32_t)s.n);
    rb_put_slice(w, s);
}

/* ---- list ----------------------------------------------------------------------------------- */

/* RB_ERR_UNSUPPORTED: a key of another type, which is none of our business */
static enum rb_err key_decode(struct rb_slice blob, struct rb_key *out) {
    struct rb_reader r = rb_reader(blob);
    struct rb_slice type, key;
    RB_TRY(get_string(&r, &type));
    if (!rb_slice_is(type, TYPE)) return RB_ERR_UNSUPPORTED;
    RB_TRY(get_string(&r, &key));
    RB_TRY(rb_get_end(&r));
    if (key.n != RB_KEY_LEN) return RB_ERR_MALFORMED;
    memcpy(out->b, key.p, RB_KEY_LEN);
    return rb_ed25519_key_check(out);
}

static void comment_copy(struct rb_slice in, struct rb_agent_key *k) {
    size_t n = in.n < sizeof k->comment ? in.n : sizeof k->comment - 1;
    while (n > 0 && !rb_name_ok(rb_slice(in.p, n)) && in.n - n < 4)
        n--; /* not within a character */
    if (!rb_name_ok(rb_slice(in.p, n))) n = 0;
    if (n > 0) memcpy(k->comment, in.p, n);
    k->comment[n] = '\0';
}

static enum rb_err list_decode(struct rb_reader *r, struct rb_agent_key *keys, size_t cap,
                               size_t *n) {
    uint32_t count = 0;
    size_t found = 0;
    RB_TRY(rb_get_u32(r, &count));
    for (uint32_t i = 0; i < count; i++) { /* ends with the bounded reply at the latest */
        struct rb_slice blob, comment;
        struct rb_agent_key k;
        RB_TRY(get_string(r, &blob));
        RB_TRY(get_string(r, &comment));
        if (found == cap || key_decode(blob, &k.pub) != RB_OK) continue;
        comment_copy(comment, &k);
        keys[found++] = k;
    }
    RB_TRY(rb_get_end(r));
    *n = found;
    return RB_OK;
}

enum rb_err rb_agent_list(struct rb_agent *a, struct rb_agent_key *keys, size_t cap, size_t *n) {
    static const uint8_t request[1] = {REQUEST_IDENTITIES};
    struct rb_reader r;
    uint8_t type = 0;
    RB_TRY(ask(a, rb_slice(request, 1), &type, &r));
    if (type == AGENT_FAILURE)
        return say(a, RB_ERR_DENIED, "The ssh-agent will not list its keys.");
    if (type != IDENTITIES_ANSWER || list_decode(&r, keys, cap, n) != RB_OK)
        return broken(a, "The ssh-agent's list of keys cannot be read.");
    return RB_OK;
}

/* ---- sign ----------------------------------------------------------------------------------- */

static enum rb_err request_encode(const struct rb_key *pub, struct rb_slice msg,
                                  struct rb_writer *w) {
    struct rb_slice all;
    rb_put_u8(w, SIGN_REQUEST);
    rb_put_u32(w, (uint32_t)(4 + strlen(TYPE) + 4 + RB_KEY_LEN));
    put_string(w, rb_str(TYPE));
    put_string(w, rb_slice(pub->b, RB_KEY_LEN));
    put_string(w, msg);
    rb_put_u32(w, 0); /* flags */
    return rb_writer_done(w, &all);
}

static enum rb_err signature_decode(struct rb_reader *r, uint8_t sig[RB_SIG_LEN]) {
    struct rb_slice blob, type, raw;
    RB_TRY(get_string(r, &blob));
    RB_TRY(rb_get_end(r));
    struct rb_reader in = rb_reader(blob);
    RB_TRY(get_string(&in, &type));
    RB_TRY(get_string(&in, &raw));
    RB_TRY(rb_get_end(&in));
    if (!rb_slice_is(type, TYPE) || raw.n != RB_SIG_LEN) return RB_ERR_MALFORMED;
    memcpy(sig, raw.p, RB_SIG_LEN);
    return RB_OK;
}

enum rb_err rb_agent_sign(struct rb_agent *a, const struct rb_key *pub, struct rb_slice msg,
                          uint8_t sig[RB_SIG_LEN]) {
    uint8_t *buf = malloc(REQUEST_MAX);
    struct rb_writer w = rb_writer(buf, REQUEST_MAX);
    uint8_t type = 0, got[RB_SIG_LEN];
    struct rb_reader r;
    if (buf == NULL) return say(a, RB_ERR_LIMIT, "Memory is short.");
    enum rb_err err = request_encode(pub, msg, &w);
    if (err != RB_OK)
        err = say(a, err, "The record is too long for the ssh-agent.");
    else
        err = ask(a, rb_written(&w), &type, &r);
    free(buf);
    RB_TRY(err);
    if (type == AGENT_FAILURE)
        return say(a, RB_ERR_DENIED, "The ssh-agent will not sign with this key.");
    if (type != SIGN_RESPONSE || signature_decode(&r, got) != RB_OK)
        return broken(a, "The ssh-agent's signature cannot be read.");
    if (rb_ed25519_verify(pub, msg, got) != RB_OK)
        return say(a, RB_ERR_SIGNATURE, "The ssh-agent's signature does not verify.");
    memcpy(sig, got, RB_SIG_LEN);
    return RB_OK;
}
