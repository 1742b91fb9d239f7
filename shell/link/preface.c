#include "preface.h"
#include "readback/text.h"
#include <errno.h>
#include <sys/socket.h>

#define HELLO "readback-relay/"
#define VERSION HELLO "1 "
#define CONTEXT "readback/relay/wait/v1\n"

static const char *const words[] = {"wait",  "prove", "proof",  "waiting",
                                    "still", "call",  "joined", "refused"};
static const char *const reasons[] = {"unknown", "busy", "denied", "form"};
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- the argument of each word ----------------------------------------------------------------
 */
static void put_argument(const struct rb_relay_line *l, struct rb_writer *w) {
    switch (l->word) {
    case RB_RELAY_WAIT:
    case RB_RELAY_CALL:
        rb_put_hex(w, l->party.b, RB_HASH_LEN);
        return;
    case RB_RELAY_PROVE:
        rb_put_hex(w, l->nonce, RB_RELAY_NONCE);
        return;
    case RB_RELAY_PROOF:
        rb_put_hex(w, l->sig, RB_SIG_LEN);
        return;
    case RB_RELAY_REFUSED:
        rb_put_z(w, reasons[l->why]);
        return;
    case RB_RELAY_WAITING:
    case RB_RELAY_STILL:
    case RB_RELAY_JOINED:
        return;
    }
}

static bool get_reason(struct rb_slice in, enum rb_relay_why *out) {
    for (size_t i = 0; i < COUNT(reasons); i++) {
        if (!rb_slice_is(in, reasons[i])) continue;
        *out = (enum rb_relay_why)i;
        return true;
    }
    return false;
}

static bool get_argument(struct rb_slice in, struct rb_relay_line *l) {
    switch (l->word) {
    case RB_RELAY_WAIT:
    case RB_RELAY_CALL:
        return rb_hex_decode(in, l->party.b, RB_HASH_LEN) == RB_OK;
    case RB_RELAY_PROVE:
        return rb_hex_decode(in, l->nonce, RB_RELAY_NONCE) == RB_OK;
    case RB_RELAY_PROOF:
        return rb_hex_decode(in, l->sig, RB_SIG_LEN) == RB_OK;
    case RB_RELAY_REFUSED:
        return get_reason(in, &l->why);
    case RB_RELAY_WAITING:
    case RB_RELAY_STILL:
    case RB_RELAY_JOINED:
        return false;
    }
    return false;
}

static bool has_argument(enum rb_relay_word word) {
    return word != RB_RELAY_WAITING && word != RB_RELAY_STILL && word != RB_RELAY_JOINED;
}

/* ---- lines ------------------------------------------------------------------------------------
 */
void rb_relay_line_encode(const struct rb_relay_line *l, struct rb_writer *w) {
    rb_put_z(w, VERSION);
    rb_put_z(w, words[l->word]);
    if (has_argument(l->word)) rb_put_z(w, " ");
    put_argument(l, w);
    rb_put_z(w, "\n");
}

static bool get_word(struct rb_slice in, enum rb_relay_word *out) {
    for (size_t i = 0; i < COUNT(words); i++) {
        if (!rb_slice_is(in, words[i])) continue;
        *out = (enum rb_relay_word)i;
        return true;
    }
    return false;
}

enum rb_err rb_relay_line_decode(struct rb_slice line, struct rb_relay_line *out,
                                 struct rb_reject *rj) {
    struct rb_relay_line l = {0};
    const size_t hello = sizeof HELLO - 1, version = sizeof VERSION - 1;
    if (line.n == 0 || line.n > RB_RELAY_LINE || rb_slice_find(line, 0, '\n') != line.n - 1)
        return rb_reject(rj, RB_ERR_MALFORMED, "7.5.2", "not one line", 0);
    if (!rb_slice_starts(line, HELLO))
        return rb_reject(rj, RB_ERR_MALFORMED, "7.5.2", "not a line of a relay", 0);
    if (!rb_slice_starts(line, VERSION))
        return rb_reject(rj, RB_ERR_UNSUPPORTED, "7.5.2", "another version", hello);
    struct rb_slice rest = rb_slice_sub(line, version, line.n - 1);
    const size_t space = rb_slice_find(rest, 0, ' ');
    if (!get_word(rb_slice_sub(rest, 0, space), &l.word))
        return rb_reject(rj, RB_ERR_MALFORMED, "7.5.2", "unknown word", version);
    if ((space < rest.n) != has_argument(l.word) ||
        (space < rest.n && !get_argument(rb_slice_sub(rest, space + 1, rest.n), &l)))
        return rb_reject(rj, RB_ERR_MALFORMED, "7.5.2", "what follows the word", version + space);
    *out = l;
    return RB_OK;
}

void rb_relay_tbs(struct rb_slice relay, const struct rb_hash *party,
                  const uint8_t nonce[RB_RELAY_NONCE], struct rb_writer *w) {
    rb_put_z(w, CONTEXT);
    rb_put_slice(w, relay);
    rb_put_z(w, "\n");
    rb_put(w, party->b, RB_HASH_LEN);
    rb_put(w, nonce, RB_RELAY_NONCE);
}

enum rb_err rb_relay_read_line(int fd, uint8_t buf[RB_RELAY_LINE], size_t *n) {
    while (*n < RB_RELAY_LINE) {
        const ssize_t seen = recv(fd, buf + *n, RB_RELAY_LINE - *n, MSG_PEEK | MSG_DONTWAIT);
        if (seen < 0 && errno == EINTR) continue;
        if (seen < 0) return errno == EAGAIN ? RB_ERR_BUSY : RB_ERR_IO;
        if (seen == 0) return RB_ERR_IO;
        const struct rb_slice fresh = rb_slice(buf + *n, (size_t)seen);
        const size_t lf = rb_slice_find(fresh, 0, '\n');
        const size_t take = lf < fresh.n ? lf + 1 : fresh.n;
        const ssize_t got = recv(fd, buf + *n, take, MSG_DONTWAIT);
        if (got != (ssize_t)take) return RB_ERR_IO; /* it was there a moment ago */
        *n += take;
        if (lf < fresh.n) return RB_OK;
    }
    return RB_ERR_MALFORMED;
}
