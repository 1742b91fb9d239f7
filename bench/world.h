/* Two parties with a home, sealed keys and a readbackd each, on 127.0.0.1, and a channel between
 * them that is in force. Made as people make it: keys through the key store, all else through the
 * local API. */
#ifndef READBACK_BENCH_WORLD_H
#define READBACK_BENCH_WORLD_H
#include <jansson.h>
#include "bench.h"
#include "readback/record.h"
#include "shell/api/client.h"

struct side {
    char handle[16], home[160], address[32], socket[192], log[192];
    struct rb_seckey party, officer; /* unsealed with the passphrase, as a person's program does */
    struct rb_signer_key sign_party, sign_officer;
    char card_base64[8192], fingerprint[48];
    struct bench_child daemon;
    struct rb_client *client;
};
struct world {
    struct side a, b;                            /* members 0 and 1; a proposes */
    struct side c;                               /* member 2, where asked for; not started */
    char channel[40], origin[RB_MAX_ORIGIN + 1]; /* a's feed */
};
struct world_options {
    const char *name;    /* of its folder */
    const char *config;  /* config.ini of both */
    const char *charter; /* more of the charter's JSON: members of an object, or "" */
    bool hear_a;         /* a's stderr comes to a.daemon.err */
    bool third;          /* a third member is listed, whose acceptance is not waited for */
};
void world_open(struct world *w, const char *readbackd, const struct world_options *o);
void world_close(struct world *w);

void side_start(struct side *s, const char *readbackd, bool hear); /* until its local API answers */
void side_halt(struct side *s);                                    /* its keys stay */
void side_accredit(const struct side *who, const struct side *whom);
void side_wait_invited(const struct side *s);
void side_wait_in_force(const struct world *w, const struct side *s);

json_t *side_get(const struct side *s, const char *path_format, ...)
    __attribute__((format(printf, 2, 3)));
/* bytes on the wire since its start, TLS included: in + out */
uint64_t side_wire_bytes(const struct side *s, uint64_t *in, uint64_t *out);
double side_rss_mib(const struct side *s);
double side_cpu_s(const struct side *s); /* user and system */

/* ---- notices
 * ------------------------------------------------------------------------------------- */
struct notice_maker { /* what the node composed once, said again and again with another title */
    struct rb_record rec;
    struct rb_notice notice;
    uint8_t payload[4096], arena[8192];
    const struct world *w;
};
void notice_maker_open(struct notice_maker *m, const struct world *w);
/* {"payload", "signers"} of a's next notice, created now and signed by its officer; returns its
 * length */
size_t notice_make(struct notice_maker *m, unsigned number, char *out, size_t cap);
/* its leaf, for the parts; kid and signature as logged */
size_t notice_leaf(struct notice_maker *m, unsigned number, uint8_t *out, size_t cap);

/* ---- the local API, without anything between that would cost time
 * ---------------------------------- */
struct wire {
    int fd;
    size_t n, cap;
    char *buf; /* of the last answer: its body ends with NUL */
};
void wire_open(struct wire *h, const char *socket);
void wire_close(struct wire *h);
void wire_post(struct wire *h, const char *path, const char *body, size_t n);
int wire_answer(struct wire *h, const char **body); /* waits; HTTP status */
#endif
