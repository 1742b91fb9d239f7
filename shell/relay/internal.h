/* Inside the relay: relay.c (accepting, the list), talk.c (lines), pass.c (joined pairs). */
#ifndef RB_SHELL_RELAY_INTERNAL_H
#define RB_SHELL_RELAY_INTERNAL_H
#include <event2/event.h>
#include <sys/queue.h>
#include "shell/link/doors.h"
#include "shell/link/preface.h"
#include "shell/os/os.h"
#include "shell/relay/list.h"
#include "shell/relay/relay.h"

#define RELAY_BUFFER ((size_t)16 << 10) /* of each way of a pair */
#define RELAY_MAX_WAITING 8u            /* of one party, as are the next two */
#define RELAY_MAX_HELD 16u
#define RELAY_MAX_JOINED 72u
#define RELAY_BUCKETS 1024u
#define RELAY_BURST 128u    /* connections of an address at once ... */
#define RELAY_A_SECOND 8u   /* ... and lastingly */
#define RELAY_LOG_LINES 20u /* a second */

/* spec 7.5.4 to 7.5.6 */
enum {
    RELAY_FIRST_MS = 10000,
    RELAY_HOLD_MS = 10000,
    RELAY_STILL_MS = 30000,
    RELAY_ANSWER_MS = 15000,
    RELAY_SEEN_MS = 60000,
    RELAY_LOOK_MS = 20000,
    RELAY_IDLE_MS = 900000,
    RELAY_HALF_MS = 60000
};

enum relay_state { TALK_FIRST, TALK_PROOF, TALK_WAITS, TALK_HELD, TALK_JOINED, TALK_OVER };
/* What an address may do only so often. Waiting is not among it: those who call make others wait
 * anew. */
enum relay_cost { RELAY_CALLS, RELAY_FALSE_PROOFS, RELAY_COSTS };
TAILQ_HEAD(conn_list, conn);
struct party {                     /* once listed, stays as long as the relay runs */
    struct rb_relay_listed listed; /* keys_n = 0: not any more */
    size_t waiting, held, joined;
    uint64_t seen_ms; /* when it last waited; 0: never */
};
struct conn {
    TAILQ_ENTRY(conn) all; /* oldest first */
    struct rb_relay *relay;
    enum relay_state state;
    int fd;
    struct event *rd, *wr, *timer;
    uint8_t address[16];
    bool proven, asked;  /* asked: `still` was said and not answered yet */
    struct party *party; /* who waits, or is called */
    uint8_t nonce[RB_RELAY_NONCE];
    uint8_t line[RB_RELAY_LINE];
    size_t line_n;
    struct conn *other; /* joined */
    uint8_t *buf;       /* what came from here and has not gone to the other yet */
    size_t at, n;
    bool eof, shut;
    uint64_t moved_ms;
};
struct bucket {
    uint64_t at_ms;
    uint32_t spent;
};
struct rb_relay {
    struct event_base *base;
    struct rb_doors doors;
    struct event *reaper;
    char names[RB_RELAY_LISTEN][RB_RELAY_NAME + 1];
    size_t names_n;
    char *list;
    size_t max_conns, max_per_address;
    struct party **parties;
    size_t parties_n;
    struct conn_list conns, dead;
    struct bucket buckets[RELAY_COSTS][RELAY_BUCKETS];
    uint8_t secret[32]; /* so that nobody can choose to share a bucket */
    struct rb_relay_stats stats;
    uint64_t log_second;
    unsigned log_lines;
};

void relay_log(struct rb_relay *r, enum rb_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* the first bytes of the hash */
const char *relay_party_words(const struct party *p, char out[20]);
uint64_t relay_now_ms(void);
struct party *relay_party(struct rb_relay *r, const struct rb_hash *party); /* NULL: not listed */
/* false: too often */
bool relay_may(struct rb_relay *r, enum relay_cost what, const uint8_t address[16]);
void relay_spend(struct rb_relay *r, enum relay_cost what, const uint8_t address[16]);
void conn_timer(struct conn *c, uint64_t ms);
void conn_end(struct conn *c); /* and the one joined with it; memory goes later */
/* talk.c */
void talk_event(struct conn *c);
void talk_late(struct conn *c);
/* pass.c */
bool pass_join(struct conn *caller, struct conn *waiter); /* false: memory; both are there yet */
void pass_event(struct conn *c, short what);
void pass_look(struct conn *c);
#endif
