/* The lines that precede TLS where a relay joins two connections (spec 7.5). Pure: bytes in, fields
 * out; each line has one form, and is read whole or refused. */
#ifndef RB_SHELL_LINK_PREFACE_H
#define RB_SHELL_LINK_PREFACE_H
#include "readback/crypto.h"

#define RB_RELAY_LINE 160u /* bytes of a line, its LF included */
#define RB_RELAY_NAME 262u /* "host:port" */
#define RB_RELAY_NONCE 32u
#define RB_RELAY_TBS (RB_RELAY_NAME + 128u)
#define RB_RELAY_PREFIX "relay=" /* of an address on a card, before HOST:PORT */

enum rb_relay_word {                   /* who says it */
                     RB_RELAY_WAIT,    /* who waits: party */
                     RB_RELAY_PROVE,   /* the relay: nonce */
                     RB_RELAY_PROOF,   /* who waits: sig */
                     RB_RELAY_WAITING, /* the relay: the proof holds */
                     RB_RELAY_STILL,   /* both, while waiting */
                     RB_RELAY_CALL,    /* who calls: party */
                     RB_RELAY_JOINED,  /* the relay, to both: what follows is the other's */
                     RB_RELAY_REFUSED  /* the relay: why; it closes */
};
enum rb_relay_why {
    RB_RELAY_UNKNOWN, /* nobody waits by that name */
    RB_RELAY_BUSY,    /* a limit */
    RB_RELAY_DENIED,  /* not listed, or the proof does not hold */
    RB_RELAY_FORM     /* the line is not one of these */
};
struct rb_relay_line {
    enum rb_relay_word word;
    enum rb_relay_why why;
    struct rb_hash party;
    uint8_t nonce[RB_RELAY_NONCE];
    uint8_t sig[RB_SIG_LEN];
};
/* at most RB_RELAY_LINE bytes, LF included */
void rb_relay_line_encode(const struct rb_relay_line *l, struct rb_writer *w);
/* `line` with its LF. RB_ERR_MALFORMED; RB_ERR_UNSUPPORTED: another version */
enum rb_err rb_relay_line_decode(struct rb_slice line, struct rb_relay_line *out,
                                 struct rb_reject *rj) RB_MUST_USE;
/* What who waits signs with its TLS key: `relay` is the relay's HOST:PORT as the waiting party was
 * told it, so that one relay's challenge is of no use at another. */
void rb_relay_tbs(struct rb_slice relay, const struct rb_hash *party,
                  const uint8_t nonce[RB_RELAY_NONCE], struct rb_writer *w);

/* Reads from a socket up to and including the first LF and not a byte more: what follows belongs to
 * TLS. `buf` has RB_RELAY_LINE bytes, *n of them read so far. OK: the line is whole. RB_ERR_BUSY:
 * the rest has not come. RB_ERR_MALFORMED: too long. RB_ERR_IO: ended. */
enum rb_err rb_relay_read_line(int fd, uint8_t buf[RB_RELAY_LINE], size_t *n) RB_MUST_USE;
#endif
