/* The simulator: takes the shell's place around the real node and the real local API. Everything random
 * comes from one seed; time is a number. Same seed and same calls: same bytes.
 *
 *   network   per direction: latency range, loss, cuts, bytes a second; a request can be lost on the way
 *             there or back
 *   disk      stored items; a commit takes time; a crash loses what was not committed, and sometimes
 *             what was committed last is durable although nobody heard of it
 *   head file the allow rules of shell/store/store.h; an entry is durable before the signature is told
 *   clocks    one monotonic clock; each party's UTC clock may be off
 *
 * Broken rules (a signature over leaves that are not on disk, a leaf overwritten, an answer given twice,
 * two signed roots for one size ...) are noted the moment they happen: sim_broken(). */
#ifndef RB_SIM_H
#define RB_SIM_H
#include <jansson.h>
#include "readback/node.h"
#include "shell/api/api.h"
#include "shell/api/client.h"

#define SIM_MAX_PARTIES 32u
#define SIM_MAX_OFFICERS 4u

struct sim;
struct sim_party;

struct sim_range {
    uint64_t min_us, max_us;
};
struct sim_link { /* one direction */
    struct sim_range latency;
    uint32_t loss_ppm; /* lost messages in a million */
    uint32_t bytes_per_s; /* 0: no limit. Shared alike by the connections that have something to send */
    bool cut;
    bool deaf; /* no request gets through, answers do: a listener that cannot be reached from there */
};
struct sim_party_spec {
    const char *handle;
    const char *name;                       /* display name, English; NULL: the handle */
    const char *officers[SIM_MAX_OFFICERS]; /* NULL-terminated unless full; none: "duty" */
    bool outward_only;                      /* no address on the card */
};

/* ---- world -------------------------------------------------------------------------------- */
struct sim *sim_create(uint64_t seed, int64_t start_utc_ms); /* NULL: no memory */
void sim_destroy(struct sim *s);
uint64_t sim_seed(const struct sim *s);
int64_t sim_utc_ms(const struct sim *s);   /* true time */
uint64_t sim_mono_us(const struct sim *s);
uint64_t sim_random(struct sim *s);        /* of the run's one stream */
uint64_t sim_random_below(struct sim *s, uint64_t n); /* 0 .. n-1, n > 0 */
/* first broken rule, NULL while none is; stays */
const char *sim_broken(const struct sim *s);
void sim_break(struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* each alert of each node, as it happens; slices and names live during the call */
typedef void (*sim_alert_fn)(void *ctx, struct sim_party *p, const struct rb_effect *alert);
void sim_on_alert(struct sim *s, sim_alert_fn fn, void *ctx);

/* ---- parties: made with keys and card, started by sim_start ---------------------------------- */
struct sim_party *sim_add_party(struct sim *s, const struct sim_party_spec *spec);
size_t sim_parties(const struct sim *s);
struct sim_party *sim_party(struct sim *s, size_t i);
struct sim_party *sim_party_by_handle(struct sim *s, const char *handle);
const char *sim_handle(const struct sim_party *p);
struct rb_slice sim_card(const struct sim_party *p); /* the signed card made at the beginning */
struct rb_node *sim_node(struct sim_party *p);       /* NULL while down */
struct rb_signer_key sim_officer(struct sim_party *p, size_t i);
struct rb_signer_key sim_officer_by_name(struct sim_party *p, const char *name); /* ctx NULL: nobody */
struct rb_signer_key sim_party_key(struct sim_party *p);
void sim_set_clock(struct sim_party *p, int64_t off_ms); /* this party's UTC clock is off by so much */
/* the card pinned before the first start, as if compared in person */
void sim_accredit_at_setup(struct sim_party *p, const struct sim_party *peer);
void sim_start(struct sim_party *p);   /* first start, and restart after a crash or stop */
void sim_crash(struct sim_party *p);   /* loses what was not committed */
void sim_stop(struct sim_party *p);    /* commits, then ends */
/* for tests of the checkers: the disk keeps keys and card only, as if commits had been lies; the party is down */
void sim_forget_disk(struct sim_party *p);
bool sim_is_up(const struct sim_party *p);
/* What is durable now, to be put back later into a party that is down; with `heads` the head file too,
 * else that stays as it is. What nobody else holds of the lost part is asked of the party no more. */
struct sim_copy;
struct sim_copy *sim_copy_disk(const struct sim_party *p);
void sim_restore_disk(struct sim_party *p, const struct sim_copy *c, bool heads);
void sim_copy_free(struct sim_copy *c);
void sim_crash_at(struct sim_party *p, uint64_t in_us, uint64_t down_us); /* scheduled, with restart */
void sim_disk_speed(struct sim_party *p, struct sim_range commit, struct sim_range sign);

/* a card as the party key signs it; for whoever makes homes as well */
enum rb_err sim_card_sign(const struct rb_card *c, const struct rb_seckey *party, struct rb_writer *out) RB_MUST_USE;

/* ---- network -------------------------------------------------------------------------------- */
struct sim_link *sim_link(struct sim *s, const struct sim_party *from, const struct sim_party *to);
void sim_set_links(struct sim *s, struct sim_range latency, uint32_t loss_ppm); /* all of them */
void sim_cut(struct sim *s, const struct sim_party *a, const struct sim_party *b);  /* both ways */
void sim_heal(struct sim *s, const struct sim_party *a, const struct sim_party *b);
void sim_heal_all(struct sim *s);
/* bytes a second each way between two; 0: no limit */
void sim_set_speed(struct sim *s, const struct sim_party *a, const struct sim_party *b, uint32_t bytes_per_s);
/* bytes a second in, and out, of all lines of one party together, instead of a speed of each; 0: no limit.
 * Between two such it is the receiver's that counts. Not while something is under way. */
void sim_set_access(struct sim_party *p, uint32_t bytes_per_s);

/* ---- running ---------------------------------------------------------------------------------- */
void sim_run_for(struct sim *s, uint64_t us);
void sim_run_until(struct sim *s, int64_t utc_ms);
/* until cond holds (asked after each event) or us have passed; the answer of cond */
bool sim_run_while_not(struct sim *s, bool (*cond)(void *), void *ctx, uint64_t us);

/* ---- the local API as a person's program sees it ------------------------------------------------ */
/* carrier for shell/api/client.h; time passes in the simulation until the answer is there */
struct rb_client sim_client(struct sim_party *p);
int sim_get(struct sim_party *p, const char *path, json_t **out);

/* ---- checkers: true, or sim_broken() says what is wrong ------------------------------------------ */
bool sim_check(struct sim *s);
/* all nodes that are up hold the same leaves of each channel */
bool sim_same_leaves(struct sim *s);
#endif
