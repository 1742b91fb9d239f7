/* Inside the asking side: peers, their lanes, dialling. */
#ifndef RB_SHELL_LINK_CLIENT_H
#define RB_SHELL_LINK_CLIENT_H
#include "internal.h"

/* One connection a lane. FLASH never waits behind other pushes, nor either behind a held request. */
enum { LANE_NORMAL, LANE_URGENT, LANE_NEWS, LANE_N = LANE_NEWS + RB_LINK_NEWS_LANES };
struct rb_out;
struct rb_lane {
    struct rb_peer *peer;
    struct rb_req_list queue; /* in order; the first is under way while out->busy */
    struct rb_out *out;       /* NULL: not connected */
    bool dialling, asking;    /* asking: within rb_lookup_start */
    size_t address_i;
    bool relay; /* the address being tried is one */
    struct rb_endpoint ends[RB_LOOKUP_MAX];
    size_t ends_n, ends_i;
    struct rb_lookup *lookup;
    struct event *timer; /* of one attempt */
    const char *why;     /* the most telling failure of this round */
};
struct rb_peer {
    LIST_ENTRY(rb_peer) all;
    struct rb_link *link;
    struct rb_hash party;
    uint8_t *card; /* as last seen, so that it is decoded once */
    size_t card_n;
    struct rb_key tls;
    size_t addresses_n;
    char addresses[RB_MAX_ADDRESSES][RB_LINK_HOST];
    struct rb_lane *lanes[LANE_N]; /* NULL until first used */
};
struct rb_out_req {
    TAILQ_ENTRY(rb_out_req) at;
    struct rb_link *link;
    struct rb_lane *lane; /* NULL: finished */
    uint64_t id, deadline_ms;
    uint32_t timeout_ms;
    uint64_t moved; /* bytes that its connection had moved when the timer was set */
    struct event *timer;
    bool post, again; /* again: sent a second time already */
    uint8_t *bytes;   /* room for the head, the target, the body */
    size_t target_n, body_n;
    const char *reason;
};
struct rb_out {
    struct rb_stream s; /* first */
    struct rb_lane *lane;
    struct rb_message m;
    bool busy, used, stale; /* used: gave an answer before; stale: the card has changed */
    bool reporting;         /* within ops->response */
};

/* client.c */
void rb_lane_go(struct rb_lane *a);
void rb_lane_fail_all(struct rb_lane *a, const char *reason);
void rb_out_end(struct rb_out *o);
extern const struct rb_stream_ops rb_out_ops;
/* dial.c */
void rb_dial_start(struct rb_lane *a);
void rb_dial_failed(struct rb_lane *a, const char *why); /* this attempt; goes on with the next */
void rb_dial_done(struct rb_lane *a);
void rb_dial_abort(struct rb_lane *a);
struct event *rb_dial_timer(struct rb_lane *a);
/* peer.c */
enum rb_err rb_peer_get(struct rb_link *l, const struct rb_effect *ef, struct rb_peer **out) RB_MUST_USE;
struct rb_lane *rb_peer_lane(struct rb_peer *p, size_t i); /* made on demand; NULL: no memory */
void rb_peer_free(struct rb_peer *p);
#endif
