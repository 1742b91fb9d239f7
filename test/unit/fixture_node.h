/* Nodes side by side in one process, for tests of src/node alone: real keys from seeds, real
 * records, a wire that delivers at once, a disk that is durable at once and survives a restart.
 * Where latency, loss and crashes matter the simulator (sim/) is the place. */
#ifndef FIXTURE_NODE_H
#define FIXTURE_NODE_H
#include "readback/node.h"

#define FN_MAX 4
#define FN_MEM ((size_t)1 << 30)
/* the fuzz target: nodes lie in this file, one FN_MEM each, so that it can put them back */
extern int fn_memfd;
/* sees every REQUEST, where set */
struct fn_party;
extern void (*fn_tap)(const struct fn_party *from, const struct rb_effect *request);
/* sees every effect, where set */
extern void (*fn_watch)(const struct fn_party *of, const struct rb_effect *ef);
/* a node was made and nothing is loaded yet, where set */
extern void (*fn_made)(struct fn_party *p);
/* why a request did not get through; static words of the link */
extern const char *fn_reason;
/* true: the request does not get through */
extern bool (*fn_block)(const struct fn_party *from, const struct fn_party *to,
                        struct rb_slice path);
struct fn_world;
extern const struct fn_party *fn_slow; /* answers no GET of a body before fn_let_go */
extern bool fn_hold; /* bodies that are handed over wait on the wire until fn_let_go */
extern const char *fn_hold_path; /* where set, so do requests whose path starts with it */
void fn_let_go(struct fn_world *w);
extern bool fn_mute;        /* the node key signs nothing, and nobody is told */
extern bool fn_short;       /* memory may run out in a step: it says so, and goes on */
extern unsigned fn_outward; /* which parties only connect outwards, by bits; delta alone at first */
struct fn_item {            /* one stored thing */
    struct rb_effect ef;    /* slices are malloced copies */
};
struct fn_party {
    const char *handle;
    struct rb_seckey party, mirror, node, tls, officer[2], log[8];
    size_t logs_n;
    uint8_t card[4096];
    size_t card_n;
    void *mem;
    struct rb_node *rb;
    bool up;
    bool outward;
    struct fn_item *items;
    size_t items_n, items_cap;
    struct {
        char origin[160];
        uint64_t size;
        struct rb_hash root;
        int use;
    } heads[64];
    size_t heads_n;
    uint64_t ticket;
    uint64_t wake;
    struct rb_effect done; /* last DONE */
    struct rb_effect alerts[256];
    size_t alerts_n;
    bool deaf;                /* requests to it get no answer */
    uint8_t age[32];          /* its identity */
    bool locked;              /* ... cannot be used */
    int64_t clock_off_ms;     /* its clock less the world's */
    struct rb_seckey next[4]; /* keys that took the place of others */
    size_t next_n;
    size_t opens;    /* OPEN effects so far */
    uint8_t *staged; /* ciphertext under the number 1 */
    size_t staged_n;
};
struct fn_answer {
    int status;
    char type[64];
    uint8_t body[1 << 21];
    size_t n;
    bool held;
};
struct fn_world {
    struct fn_party p[FN_MAX];
    size_t n;
    int64_t utc_ms;
    uint64_t mono_ms;
    uint64_t chance;
    struct fn_answer answer; /* of fn_request */
    uint64_t conn;
    struct {
        int status;
        const char *body;
        size_t used;
    } forge; /* what p[0] is answered to its pushes */
};
struct fn_world *fn_world_of(size_t parties, bool hub); /* hub: accredited by and with p[0] only */
struct fn_world *
fn_world(size_t parties); /* "alfa", "bravo", "charlie", "delta"; accredited all round */
void fn_free(struct fn_world *w);
/* an event with now and chance filled in; runs until nothing moves any more */
void fn_event(struct fn_world *w, struct fn_party *p, struct rb_event *ev);
void fn_pass(struct fn_world *w, uint64_t ms); /* time passes, timers fire */
void fn_restart(struct fn_world *w, struct fn_party *p);
/* forgets the newest k stored leaves and what came after: a restored backup */
void fn_roll_back(struct fn_party *p, size_t k);
/* forgets one stored item; the last takes its place */
void fn_lose_item(struct fn_party *p, size_t i);

/* founds a channel of all parties by p[0]; all accept unless `alone` */
void fn_found(struct fn_world *w, bool all_accept, struct rb_charter *adjust, uint8_t channel[16]);
enum rb_err fn_join(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                    uint16_t epoch);
/* the body that the party key signs; lives until the next call */
struct rb_slice fn_delegation(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                              bool exercise, uint16_t epoch);
void fn_accept(struct fn_world *w, struct fn_party *p, const uint8_t channel[16]);
/* composes and releases; err of DONE; the record's id in *id */
enum rb_err fn_release(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                       struct rb_record *rec, size_t signers, struct rb_hash *id);
enum rb_err fn_statement(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                         const char *text, enum rb_precedence precedence, struct rb_hash *id);
enum rb_err fn_position(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                        enum rb_position_type type, const struct rb_hash *subject,
                        struct rb_hash *id);
/* a request as if it came over TLS from `from` (NULL: nobody); the answer is in w->answer */
void fn_request(struct fn_world *w, struct fn_party *to, const struct fn_party *from, bool post,
                const char *path, const char *query, struct rb_slice body);
const struct rb_situation *fn_situation(struct fn_world *w, struct fn_party *p,
                                        const uint8_t channel[16]);
/* officers [from, to) of `total` sign; of a closed record the event has what goes along */
enum rb_err fn_submit_signed(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                             struct rb_slice payload, size_t from, size_t to, size_t total,
                             struct rb_event *event, struct rb_hash *id);
/* as fn_release; body: what is readable in a closed one */
enum rb_err fn_release_with(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                            struct rb_record *rec, struct rb_slice body, size_t signers,
                            struct rb_event *ev, struct rb_hash *id);
struct rb_slice fn_dup(struct rb_slice s);                /* malloced */
void fn_body_text(const char *text, struct rb_writer *w); /* a statement's body */
/* a leaf as the party's first officer signs it, for a feed with this origin; in `mem` */
struct rb_slice fn_leaf(const struct fn_world *w, const struct fn_party *p, const uint8_t ch[16],
                        enum rb_kind kind, struct rb_slice body, struct rb_slice origin,
                        uint8_t *mem, size_t cap);
#endif
