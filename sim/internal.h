/* Inside the simulator. */
#ifndef RB_SIM_INTERNAL_H
#define RB_SIM_INTERNAL_H
#include "sim.h"
#include "shell/os/opener.h"

/* ---- disk: a list of operations; the image is what they make; a crash cuts the list --------------- */
struct disk_op { /* a STORE effect with its own copies */
    struct rb_effect ef;
    uint8_t *bytes; /* key | value, or leaf, or note, or bytes of a body */
};
struct disk_meta {
    uint8_t table;
    struct rb_slice key, value; /* in an op */
};
struct disk_leaf {
    struct rb_slice leaf;
    struct rb_hash hash;
    int16_t mark;
};
struct disk_note {
    uint64_t size, time_s;
    uint16_t cosigner;
    struct rb_slice note;
};
struct disk_feed {
    struct rb_feed_ref ref;
    struct disk_leaf *leaves;
    size_t leaves_n, leaves_cap;
    size_t durable_n; /* leaves that a crash leaves */
    struct disk_note *notes;
    size_t notes_n, notes_cap;
};
struct disk_body { /* ciphertext, in order from its start */
    struct rb_body_ref ref;
    uint64_t staged; /* not 0: on the stage under this number, without a name */
    uint8_t *bytes;
    size_t n, cap;
};
struct head_entry {
    enum rb_key_use use;
    char origin[RB_MAX_ORIGIN];
    size_t origin_n;
    uint64_t size, time_s;
    struct rb_hash root;
    bool durable;
};
struct disk {
    struct disk_op *ops;
    size_t ops_n, ops_cap;
    size_t durable_n;  /* operations that a crash leaves */
    size_t in_commit;  /* operations that the running commit covers; 0: none runs */
    uint64_t ticket, commit_ticket;
    struct disk_meta *meta;
    size_t meta_n, meta_cap;
    struct disk_feed *feeds;
    size_t feeds_n, feeds_cap;
    struct disk_body *bodies;
    size_t bodies_n, bodies_cap;
    uint64_t stage_last; /* numbers of the stage are never used again */
    struct head_entry *heads;
    size_t heads_n, heads_cap;
};
void disk_free(struct disk *d);
/* applies a STORE to the image; a sentence if it breaks a rule, else NULL */
const char *disk_apply(struct disk *d, const struct rb_effect *ef);
void disk_commit_begin(struct disk *d);
void disk_commit_end(struct disk *d);
void disk_crash(struct disk *d, bool commit_made_it, bool heads_made_it);
struct disk_feed *disk_feed(struct disk *d, const struct rb_feed_ref *ref); /* or NULL */
/* root of the first `size` durable leaves; false if there are fewer */
bool disk_root(const struct disk_feed *f, uint64_t size, struct rb_hash *out);
void disk_put_meta(struct disk *d, uint8_t table, struct rb_slice key, struct rb_slice value);
/* bytes that the disk has of a body (what is not durable yet included); 0 = none */
size_t disk_body_size(const struct disk *d, const struct rb_body_ref *ref);
/* up to cap bytes from `from` on; how many */
size_t disk_body_read(const struct disk *d, const struct rb_body_ref *ref, uint64_t from, uint8_t *buf,
                      size_t cap);
/* The stage: until a STORE names its number, or the disk is crashed or stopped. */
uint64_t disk_stage_new(struct disk *d);
/* false: nothing is staged under this number, or it would be too long */
bool disk_stage_add(struct disk *d, uint64_t staged, struct rb_slice bytes);
bool disk_stage_read(const struct disk *d, uint64_t staged, uint64_t from, uint8_t *buf, size_t cap, size_t *n);
bool disk_stage_drop(struct disk *d, uint64_t staged);
bool heads_allow(const struct disk *d, enum rb_key_use use, struct rb_slice origin, uint64_t size,
                 const struct rb_hash *root);
size_t heads_put(struct disk *d, const struct rb_effect *sign); /* its index */

/* ---- event queue ------------------------------------------------------------------------------ */
enum sim_what { SIM_ARRIVE, SIM_ANSWER, SIM_TIMEOUT, SIM_LINE, SIM_CLOSED, SIM_COMMITTED, SIM_SIGNED, SIM_LOAD,
                SIM_OPEN, SIM_WAKE, SIM_CRASH, SIM_RESTART };
struct sim_event {
    uint64_t at_us, seq;
    enum sim_what what;
    struct sim_party *party;
    uint32_t life;     /* the party's incarnation it belongs to */
    uint64_t id;       /* request; head entry; load token; LINE: whom to, or SIM_WIRE_OUT */
    struct rb_effect ef; /* LOAD, OPEN, SIGNED */
    uint8_t sig[RB_SIG_LEN];
    enum rb_err err;
};
struct sim_transfer { /* a message on a line of limited speed */
    uint64_t request;
    unsigned connection;
    size_t left; /* bytes not sent yet */
    bool answer;
};
#define SIM_WIRE_OUT SIM_MAX_PARTIES /* all that leaves a party; what comes to it: the wire to itself */
struct sim_wire { /* one direction of a line; connections take turns, each in order */
    struct sim_transfer *t;
    size_t n, cap;
    unsigned last; /* the connection whose turn it was */
    bool busy;
};
struct sim_request {
    uint64_t id; /* also the conn */
    struct sim_party *from, *to;
    uint32_t from_life, to_life;
    uint64_t node_id; /* the request id the asking node gave */
    bool post, arrived, answered;
    bool moved; /* bytes of it, or of what its connection carries before it, moved */
    uint64_t limit_us;
    unsigned connection;
    char *path, *query;
    uint8_t *body;
    size_t body_n;
    int status; /* the answer */
    char content_type[64], heads[40];
    uint32_t retry_after_s;
    const char *reason;
    uint8_t *reply;
    size_t reply_n;
};
struct sim_signed { /* every root that this party's log keys ever told the world */
    struct rb_feed_ref feed;
    uint64_t size;
    struct rb_hash root;
};
struct sim_done { /* submissions the node called durable */
    uint8_t channel[RB_CHANNEL_LEN];
    struct rb_hash record;
    struct rb_hash payload; /* what a draft of it is named by; zero: it was not found on the disk */
};
/* of a leaf: false if it is no record */
bool sim_payload_hash(struct rb_slice leaf, struct rb_hash *out);
struct sim_person {
    char name[RB_MAX_HANDLE + 1];
    struct rb_seckey key;
};
struct sim_party {
    struct sim *sim;
    size_t index;
    char handle[RB_MAX_HANDLE + 1];
    struct rb_seckey party, mirror, node_key, tls, age; /* age: secret and recipient, X25519 */
    struct sim_person officers[SIM_MAX_OFFICERS];
    size_t officers_n;
    struct rb_hash hash;
    uint8_t card[RB_MAX_CARD];
    size_t card_n;
    int64_t utc_off_ms;
    struct sim_range commit, sign;
    uint32_t access; /* bytes a second of all its lines together; 0: each has its own */
    struct disk disk;
    /* while up */
    bool up;
    uint32_t life;
    void *mem;
    struct rb_node *node;
    struct rb_api *api;
    struct rb_keyring *ring; /* of the age key, never sealed */
    uint64_t wake_us; /* 0: none asked */
    uint64_t token;
    unsigned depth;   /* steps within one another */
    /* what must stay true */
    struct sim_signed *signed_;
    size_t signed_n, signed_cap;
    struct sim_done *done;
    size_t done_n, done_cap;
};
struct sim {
    uint64_t seed, rng, entropy_n;
    int64_t start_utc_ms;
    uint64_t now_us, seq, next_request, same_us;
    struct sim_party *parties[SIM_MAX_PARTIES];
    size_t parties_n;
    struct sim_link links[SIM_MAX_PARTIES][SIM_MAX_PARTIES];
    struct sim_wire wires[SIM_MAX_PARTIES][SIM_MAX_PARTIES + 1];
    struct sim_event *heap;
    size_t heap_n, heap_cap;
    struct sim_request **requests; /* ascending id */
    size_t requests_n, requests_cap;
    sim_alert_fn alert;
    void *alert_ctx;
    char broken[512];
};

/* memory of the simulator itself: ends the program when there is none */
void *sim_alloc(size_t n);
void *sim_grow(void *p, size_t *cap, size_t want, size_t each);

struct sim_event *sim_push(struct sim *s, struct sim_party *p, enum sim_what what, uint64_t in_us);
uint64_t sim_in_range(struct sim *s, struct sim_range r);
struct rb_now sim_now(const struct sim_party *p);
/* fresh bytes of the run's one stream */
void sim_entropy(struct sim *s, void *out, size_t n);
/* reads and opens bodies on a party's disk; ref must outlive the source's use */
struct sim_body {
    struct sim_party *party;
    struct rb_body_ref ref;
};
struct rb_body_source sim_source(struct sim_body *b, uint64_t size);
/* runs one event through the node and carries out the effects */
void sim_step(struct sim_party *p, struct rb_event *ev);
void sim_log_key(const struct sim_party *p, const uint8_t channel[RB_CHANNEL_LEN], uint16_t epoch,
                 struct rb_seckey *out);

void net_request(struct sim_party *p, const struct rb_effect *ef);
void net_respond(struct sim_party *p, const struct rb_effect *ef);
void net_cancel(struct sim_party *p, uint64_t node_id);
void net_party_down(struct sim_party *p);
void net_event(struct sim *s, const struct sim_event *e);
void net_free(struct sim *s);

void host_up(struct sim_party *p);   /* local API around the node */
void host_down(struct sim_party *p);
#endif
