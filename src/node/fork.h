/* Forks (spec 6.16): what the node keeps of a feed that has more than one history. Only src/node
 * looks in here; fork.c has the evidence, branch.c the other histories. */
#ifndef RB_NODE_FORK_H
#define RB_NODE_FORK_H
#include "node_int.h"

#define RB_EVIDENCE_MAX 8192u /* bytes of one piece; without extension lines never above 4,095 */
#define RB_BRANCH_STEP 512u   /* leaves of another history in one answer */
#define RB_BRANCH_MS 120000u  /* for such an answer */
#define RB_FORK_ASK_MS 5000u  /* between two questions for what a proof left out, of one feed */

struct history { /* a checkpoint of the feed that its log key signed */
    uint64_t size;
    struct rb_hash root;
};
struct piece {       /* of evidence */
    struct buf text; /* 4.10.2, with the log's own signature lines alone */
    struct history h[2];
    uint64_t told;   /* members' bits: they have it */
    uint64_t ticket; /* of its STORE */
};
struct want { /* a history that evidence shows */
    struct history h;
    bool done;        /* held, or given up: there is no room for it */
    int8_t slot;      /* where it grows; -1: not decided */
    uint8_t not_of;   /* slots, by bits, that it does not go on from */
    uint64_t brought; /* members' bits: they have it from us, or do not want it */
};
struct slot { /* branch number k + 1 of the book */
    struct rb_feed *f;
    struct buf raw; /* its leaves: u16 length, bytes */
};
struct forkx {
    size_t pieces_n, wants_n, slots_n;
    struct piece pieces[RB_MAX_BRANCHES];
    struct want wants[2 * RB_MAX_BRANCHES];
    struct slot slots[RB_MAX_BRANCHES];
    bool asking;
    size_t turn, at;      /* whom to ask next, by ch->pulls; for which of the wanted */
    size_t tried;         /* of this round */
    uint32_t rounds;      /* without a leaf */
    uint64_t ask_at;      /* mono: not before */
    bool bringing;        /* we have no address: what is here goes to those who have */
    uint64_t bring_at;    /* mono: not before */
    uint64_t own_checked; /* of the feed held here, up to this size: evidence speaks of it */
};

/* ---- fork.c ---- */
/* Keeps what proves a fork: checked, stored, the feed freezes. Known before: RB_OK, nothing is
 * stored. RB_ERR_LIMIT: no memory; else as rb_fork_verify. */
enum rb_err fork_keep(struct rb_node *n, struct feedx *fx, const struct rb_fork *fork,
                      const struct peer *giver, struct rb_reject *rj);
/* A larger checkpoint was shown with a proof that does not go on from ours: is it a fork? true: it
 * was one, and evidence is kept. Where the proof does not say, whoever showed it is asked. */
bool fork_of_proof(struct rb_node *n, struct feedx *fx, const struct rb_add_checkpoint *ac,
                   struct peer *p);
/* it was evidence already that the feed has a history of this size and root */
bool fork_knows(const struct feedx *fx, uint64_t size, const struct rb_hash *root);
/* leaves of the feed itself that count: cosigned, or, where it froze, all of a signed checkpoint */
uint64_t fork_feed_size(const struct feedx *fx);
/* the largest signed checkpoint all of whose leaves are here, cosigned or not */
uint64_t fork_whole_size(const struct feedx *fx);
enum rb_err fork_load(struct rb_node *n, struct rb_slice value, struct rb_reject *rj);
void fork_post(struct rb_node *n, struct channel *ch, struct rb_slice body, uint64_t conn,
               struct peer *p);
void fork_list(struct rb_node *n, struct channel *ch, uint64_t conn);
/* "evidence DIGEST\n" for heads, where there is some */
void fork_heads_line(struct rb_node *n, struct channel *ch, struct rb_writer *w);
/* such a line of a member's */
void fork_heard(struct rb_node *n, struct channel *ch, struct pullx *x, struct peer *p,
                struct rb_slice digest);
size_t fork_pieces(const struct channel *ch);
void fork_work(struct rb_node *n, struct channel *ch);
uint64_t fork_wake(struct rb_node *n, struct channel *ch); /* mono; UINT64_MAX: never */
void fork_response(struct rb_node *n, struct job *j, const struct rb_event *ev);

/* ---- branch.c ---- */
void branch_want(struct feedx *fx, const struct history *h, const struct peer *giver);
void branch_work(struct rb_node *n, struct feedx *fx);
uint64_t branch_wake(struct rb_node *n, const struct feedx *fx);
void branch_response(struct rb_node *n, struct job *j, const struct rb_event *ev);
enum rb_err branch_load(struct rb_node *n, struct rb_slice key, struct rb_slice leaf);
void branch_start(struct rb_node *n, struct feedx *fx);
void branch_get(struct rb_node *n, struct feedx *fx, struct rb_slice query, uint64_t conn,
                struct peer *p);
void branch_post(struct rb_node *n, struct feedx *fx, struct rb_slice query, struct rb_slice body,
                 uint64_t conn, struct peer *p);
void branch_bring(struct rb_node *n, struct feedx *fx);
uint64_t branch_bring_at(struct rb_node *n, const struct feedx *fx);
void branch_brought(struct rb_node *n, struct job *j, const struct rb_event *ev);
void branch_loaded(struct rb_node *n, struct job *j, const struct rb_event *ev);
/* leaves of this history that are here, in the feed or beside it */
uint64_t branch_held(const struct feedx *fx, const struct history *h);
bool branch_in_feed(const struct feedx *fx, const struct history *h);
/* the tree that has it, NULL if none */
const struct rb_tree *branch_tree(const struct feedx *fx, const struct history *h);
#endif
