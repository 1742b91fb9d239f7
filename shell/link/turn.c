/* Turns (spec 6.17.6): what a peer sends is read in small pieces, connection by connection, and of
 * its requests one large and one small reach the node in a round, with a pause behind what was much
 * work. A round is one of the event loop, which looks at all sockets and timers in between: hence a
 * timer of no time, since what is made active at once would be run before that. */
#include "internal.h"

#define REST 3u              /* times as long as it took, ... */
#define SHORT_US 10000u      /* ... of what is short only as long, ... */
#define REST_LEAST_US 1000u  /* ... but less is no pause, ... */
#define REST_MOST_US 250000u /* ... and none is longer, whatever the machine did meanwhile */

static void round_in(struct rb_link *l, uint64_t us) {
    struct timeval tv = {(time_t)(us / 1000000u), (suseconds_t)(us % 1000000u)};
    if (event_add(l->round, &tv) != 0) event_active(l->round, EV_TIMEOUT, 0);
}

static void join(struct rb_stream *s, struct rb_stream_turns *list) {
    if (s->turns != NULL || s->state == RB_STREAM_DEAD) return;
    s->turns = list;
    TAILQ_INSERT_TAIL(list, s, turn);
    round_in(s->link, 0);
}

void rb_turn_again(struct rb_stream *s) {
    join(s, &s->link->again);
}

void rb_turn_ask(struct rb_stream *s, const struct rb_hash *party, size_t bytes) {
    rb_turn_leave(s); /* it may have come whole before its turn to be read came */
    s->party = *party;
    s->large = bytes > RB_LINK_SMALL;
    join(s, &s->link->asking);
}

void rb_turn_leave(struct rb_stream *s) {
    if (s->turns != NULL) TAILQ_REMOVE(s->turns, s, turn);
    s->turns = NULL;
}

/* ---- reading -------------------------------------------------------------------------------- */
/* Those that were there when the round began; who has still more is behind them. A stream that ends
 * meanwhile keeps its memory until the reaper's turn. */
static void read_round(struct rb_link *l) {
    struct rb_stream *last = TAILQ_LAST(&l->again, rb_stream_turns), *s;
    while (last != NULL && last->turns == &l->again && (s = TAILQ_FIRST(&l->again)) != NULL) {
        rb_turn_leave(s);
        s->ops->ready(s);
        if (s == last) return;
    }
}

/* ---- requests ------------------------------------------------------------------------------- */
static struct rb_pause *pause_of(struct rb_link *l, const struct rb_stream *s) {
    struct rb_pause *old = &l->pauses[0];
    for (size_t i = 0; i < RB_LINK_PAUSES; i++) {
        struct rb_pause *p = &l->pauses[i];
        if (p->large == s->large && rb_hash_eq(&p->party, &s->party)) return p;
        if (p->until_us < old->until_us) old = p;
    }
    *old = (struct rb_pause){.party = s->party, .large = s->large};
    return old;
}

/* The party that asked waits as long as it took, or three times as long where that was much: at most
 * half of the time in which requests are taken up is one party's, a quarter where each of them is long,
 * for large ones and for small ones each, so that its FLASH does not wait for what else it says. What is
 * stored and judged later has bounds of its own. */
static void ask(struct rb_link *l, struct rb_stream *s) {
    const uint64_t begun = rb_link_now_us();
    rb_turn_leave(s);
    s->ops->asks(s);
    const uint64_t end = rb_link_now_us(), took = end - begun;
    const uint64_t rest = took < SHORT_US ? took : REST * took;
    struct rb_pause *p = pause_of(l, s); /* its memory stays, whatever became of it */
    p->round = l->round_n;
    p->until_us = end + (rest < REST_LEAST_US ? 0 : rest < REST_MOST_US ? rest : REST_MOST_US);
}

/* The one whose turn it is, or NULL; *soonest: when the pause of one that waits ends. */
static struct rb_stream *next_asking(struct rb_link *l, uint64_t *soonest) {
    const uint64_t now = rb_link_now_us();
    struct rb_stream *s;
    *soonest = UINT64_MAX;
    TAILQ_FOREACH(s, &l->asking, turn) {
        const struct rb_pause *p = pause_of(l, s);
        if (p->until_us <= now && p->round != l->round_n) return s;
        const uint64_t at = p->until_us > now ? p->until_us - now : 0;
        if (at < *soonest) *soonest = at;
    }
    return NULL;
}

static void on_round(evutil_socket_t fd, short what, void *arg) {
    (void)fd, (void)what;
    struct rb_link *l = arg;
    struct rb_stream *s;
    uint64_t soonest;
    l->round_n++;
    read_round(l);
    while ((s = next_asking(l, &soonest)) != NULL)
        ask(l, s);
    if (!TAILQ_EMPTY(&l->again)) soonest = 0;
    if (soonest != UINT64_MAX) round_in(l, soonest);
}

enum rb_err rb_turn_open(struct rb_link *l) {
    TAILQ_INIT(&l->again);
    TAILQ_INIT(&l->asking);
    l->round = event_new(l->base, -1, 0, on_round, l);
    return l->round == NULL ? RB_ERR_BUSY : RB_OK;
}

void rb_turn_close(struct rb_link *l) {
    if (l->round != NULL) event_free(l->round);
    l->round = NULL;
}
