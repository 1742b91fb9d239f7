/* The host's own structures: host.c (open, turns), effects.c (what the node wants done),
 * bodies.c (closed bodies), glue.c (peer port and local API). */
#ifndef RB_SHELL_HOST_INT_H
#define RB_SHELL_HOST_INT_H
#include <event2/event.h>
#include "shell/api/api.h"
#include "shell/link/link.h"
#include "shell/os/host.h"
#include "shell/os/opener.h"
#include "shell/store/store.h"

#define HOST_LAZY_MS 20    /* what nobody waits for may share a later commit */
#define HOST_STARVED_MS 5u /* a commit waits no longer than this for the loop to be idle */
#define HOST_OPEN_BYTES ((size_t)1 << 20) /* of closed bodies read in one round of the loop */
#define HOST_CLEAN_MS 1000 /* bytes of a deleted body that a reader keeps are gone for so soon */
#define HOST_LOG_LINES 20u /* lines a second that peers can cause */

struct signed_one { /* an answer to SIGN */
    uint64_t token;
    enum rb_err err;
    uint8_t sig[RB_SIG_LEN];
};
struct signed_list {
    struct signed_one *e;
    size_t n, cap;
};
struct load_list {
    struct rb_effect *e; /* LOADs: no slices in them */
    size_t n, cap;
};
struct open_one { /* an OPEN that waits, or is being worked on */
    struct open_one *next;
    struct rb_host *host;
    struct rb_effect ef;        /* no slices in it */
    struct rb_opening *opening; /* NULL: not begun */
};
struct held_event { /* came while another was worked off; its bytes follow it in memory */
    struct held_event *next;
    struct rb_event ev;
    size_t n; /* of those bytes */
};
struct log_key { /* the key of one of our feeds */
    struct rb_feed_ref feed;
    struct rb_seckey key;
    uint64_t checked; /* leaves below are signed; the disk was compared up to here */
};
struct host_key { /* one of ours, by role and public key */
    const char *role;
    struct rb_seckey key;
};
struct rb_host {
    struct event_base *base;
    struct rb_home *home;
    struct rb_config cfg;
    int64_t utc_offset_ms;
    void *mem;
    size_t mem_n;
    struct rb_node *node;
    struct rb_store *store;
    struct rb_heads *heads;
    struct rb_link *link;
    struct rb_api *api;
    struct rb_keyring *ring;
    struct event *turn_ev, *turn_now_ev, *wake_ev, *lazy_ev, *open_ev;
    bool stepping, loading, failed;
    bool urgent; /* something applied is waited for */
    uint64_t urgent_mono_ms;
    uint64_t ticket; /* greatest applied */
    uint64_t next_token, card_token, unlock_token;
    uint64_t wake_mono_ms;
    struct host_key **keys; /* read when first asked for; hostkeys.c */
    size_t keys_n;
    struct rb_key tls_served;
    uint64_t tls_look_ms, card_version;
    bool waits; /* at the relays of the settings */
    struct log_key *log_keys;
    size_t log_keys_n;
    struct load_list loads;
    struct signed_list ready;    /* may be told at once */
    struct signed_list unsynced; /* in the head file, not yet on the disk */
    struct held_event *held, *held_tail;
    struct open_one *opens, *opens_tail;
    char exports[RB_HOME_PATH_MAX];
    uint64_t started_mono_ms;
    struct rb_times commits, syncs; /* how long they took */
    uint64_t log_second;
    unsigned log_lines;
    uint8_t chance[2048]; /* drawn from the kernel, not yet given out: the first ... */
    size_t chance_left;   /* ... of it */
};

void host_step(struct rb_host *h, struct rb_event *ev);
/* nothing may be acknowledged any more: the loop ends, the process with it */
void host_fail(struct rb_host *h, const char *doing, const char *words);

/* after something was applied outside a step: it is committed in its time */
void host_plan(struct rb_host *h);

/* hostkeys.c: NULL after the log said why */
const struct rb_seckey *host_key(struct rb_host *h, const char *role, const struct rb_key *pub);
/* the same without a word in the log: rb_home_error has the sentence */
const struct rb_seckey *host_key_find(struct rb_host *h, const char *role,
                                      const struct rb_key *pub);
void host_keys_close(struct rb_host *h);
/* effects.c: reads the log keys of our feeds */
void host_log_keys(struct rb_host *h);
/* serves the TLS key that is due */
void host_tls(struct rb_host *h);
void host_card_taken(struct rb_host *h);
/* begins to wait at the relays of the settings, once it is known who we are */
void host_wait(struct rb_host *h);
/* effects.c */
void host_carry_out(struct rb_host *h, const struct rb_effects *fx);
/* bodies.c */
void host_do_open(struct rb_host *h, const struct rb_effect *ef);
enum rb_err host_open_bodies(struct rb_host *h, char *why, size_t why_n);
void host_close_bodies(struct rb_host *h);
/* the closed-content part of the API's host */
void host_body_ops(struct rb_api_host *ops);
/* glue.c */
enum rb_err host_open_api(struct rb_host *h, char *why, size_t why_n);
enum rb_err host_open_link(struct rb_host *h, char *why, size_t why_n);
#endif
