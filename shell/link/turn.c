/* Turns (spec 6.17.6). Many bytes are moved in small pieces, one party after the other, once nothing else
 * is to be done: before that come what is short, timers and the disk. Of a peer's requests one large and
 * one small reach the node in a round, with a pause behind what was much work. A round is one of the event
 * loop, which looks at all sockets and timers in between, and so is a pass: hence timers of no time, since
 * what is made active at once would be run before that. */
#include "internal.h"

#define REST 3u              /* times as long as it took, ... */
#define SHORT_US 10000u      /* ... of what is short only as long, ... */
#define REST_LEAST_US 1000u  /* ... but less is no pause, ... */
#define REST_MOST_US 250000u /* ... and none is longer, whatever the machine did meanwhile */
#define LATE_US 10000u       /* many bytes wait for all the rest no longer than this, for a pass */

static void run_in(struct event *ev, uint64_t us) {
    struct timeval tv = {(time_t)(us / 1000000u), (suseconds_t)(us % 1000000u)};
    if (event_add(ev, &tv) != 0) event_active(ev, EV_TIMEOUT, 0);
}

static void pass_in(struct rb_link *l, uint64_t us) {
    const uint64_t late = rb_link_now_us() + us + LATE_US;
    run_in(l->pass, us);
    if (event_pending(l->late, EV_TIMEOUT, NULL) && l->late_us <= late) return;
    l->late_us = late;
    run_in(l->late, us + LATE_US);
}

static bool join(struct rb_stream *s, struct rb_stream_turns *list) {
    if (s->turns != NULL || s->state == RB_STREAM_DEAD) return false;
    s->turns = list;
    TAILQ_INSERT_TAIL(list, s, turn);
    return true;
}

void rb_turn_bulk(struct rb_stream *s) {
    if (join(s, &s->link->bulk)) pass_in(s->link, 0);
    if (!event_pending(s->rd, EV_READ, NULL)) return;
    event_del(s->rd); /* it would be told at each look that there is something to read */
    s->quiet = true;
}

void rb_turn_ask(struct rb_stream *s, const struct rb_hash *party, size_t bytes) {
    rb_turn_leave(s); /* it may have come whole before its turn to be read came */
    s->party = *party;
    s->large = bytes > RB_LINK_SMALL;
    if (join(s, &s->link->asking)) run_in(s->link->round, 0);
}

void rb_turn_leave(struct rb_stream *s) {
    if (s->turns != NULL) TAILQ_REMOVE(s->turns, s, turn);
    s->turns = NULL;
    if (s->quiet) (void)event_add(s->rd, NULL); /* where that fails its deadline ends it */
    s->quiet = false;
}

/* ---- pauses --------------------------------------------------------------------------------- */
static struct rb_pause *pause_of(struct rb_link *l, const struct rb_hash *party, bool large) {
    struct rb_pause *old = &l->pauses[0];
    for (size_t i = 0; i < RB_LINK_PAUSES; i++) {
        struct rb_pause *p = &l->pauses[i];
        if (p->large == large && rb_hash_eq(&p->party, party)) return p;
        if (p->until_us < old->until_us) old = p;
    }
    *old = (struct rb_pause){.party = *party, .large = large};
    return old;
}

/* As long as it took, or three times as long where that was much. */
static void pause_after(struct rb_pause *p, uint64_t now, uint64_t took) {
    const uint64_t rest = took < SHORT_US ? took : REST * took;
    const uint64_t until = now + (rest < REST_LEAST_US ? 0 : rest < REST_MOST_US ? rest : REST_MOST_US);
    if (until > p->until_us) p->until_us = until;
}

/* ---- many bytes ------------------------------------------------------------------------------- */
/* What a party sends us unasked and at length takes a quarter of the time at most, too: beside what it is
 * given, each pause pays for a third of its length of reading. */
static void has_read(struct rb_pause *p, uint64_t begun, uint64_t now) {
    const uint64_t paid = (begun - p->read_at_us) / REST;
    p->read_us = (p->read_us > paid ? p->read_us - paid : 0) + (now - begun);
    p->read_at_us = now;
    if (p->read_us < SHORT_US) return;
    pause_after(p, now, p->read_us);
    p->read_us = 0;
}

static void move(struct rb_link *l, struct rb_stream *s) {
    struct rb_pause *p = s->client || !s->filling ? NULL : pause_of(l, &s->party, true);
    const uint64_t begun = rb_link_now_us();
    rb_turn_leave(s);
    s->ops->ready(s); /* a stream that ends meanwhile keeps its memory until the reaper's turn */
    if (p != NULL) has_read(p, begun, rb_link_now_us());
}

/* The first whose party had no turn in this pass, or NULL; *soonest: when the pause ends for which one that
 * comes unasked is left. All of its party are marked. */
static struct rb_stream *next_bulk(struct rb_link *l, uint64_t *soonest) {
    const uint64_t now = rb_link_now_us();
    struct rb_stream *s, *other;
    TAILQ_FOREACH(s, &l->bulk, turn) {
        if (s->pass == l->pass_n) continue;
        const uint64_t until = s->client || !s->filling ? 0 : pause_of(l, &s->party, true)->until_us;
        if (until <= now) break;
        if (until - now < *soonest) *soonest = until - now;
    }
    if (s == NULL) return NULL;
    TAILQ_FOREACH(other, &l->bulk, turn)
    if (rb_hash_eq(&other->party, &s->party)) other->pass = l->pass_n;
    return s;
}

static void on_pass(evutil_socket_t fd, short what, void *arg) {
    (void)fd, (void)what;
    struct rb_link *l = arg;
    struct rb_stream *s;
    uint64_t soonest = UINT64_MAX;
    event_del(l->pass);
    event_del(l->late);
    l->pass_n++;
    while ((s = next_bulk(l, &soonest)) != NULL)
        move(l, s);
    TAILQ_FOREACH(s, &l->bulk, turn) if (s->pass == l->pass_n) soonest = 0;
    if (soonest != UINT64_MAX) pass_in(l, soonest);
}

/* ---- requests ------------------------------------------------------------------------------- */
/* The party that asked waits: at most half of the time in which requests are taken up is one party's, a
 * quarter where each of them is long, for large ones and for small ones each, so that its FLASH does not
 * wait for what else it says. What is stored and judged later has bounds of its own. */
static void ask(struct rb_link *l, struct rb_stream *s) {
    const uint64_t begun = rb_link_now_us();
    struct rb_pause *p = pause_of(l, &s->party, s->large);
    rb_turn_leave(s);
    s->ops->asks(s);
    const uint64_t end = rb_link_now_us();
    p->round = l->round_n;
    pause_after(p, end, end - begun);
}

/* The one whose turn it is, or NULL; *soonest: when the pause of one that waits ends. */
static struct rb_stream *next_asking(struct rb_link *l, uint64_t *soonest) {
    const uint64_t now = rb_link_now_us();
    struct rb_stream *s;
    *soonest = UINT64_MAX;
    TAILQ_FOREACH(s, &l->asking, turn) {
        const struct rb_pause *p = pause_of(l, &s->party, s->large);
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
    while ((s = next_asking(l, &soonest)) != NULL)
        ask(l, s);
    if (soonest != UINT64_MAX) run_in(l->round, soonest);
}

/* What is least urgent for the loop is moving many bytes. */
enum rb_err rb_turn_open(struct rb_link *l) {
    TAILQ_INIT(&l->bulk);
    TAILQ_INIT(&l->asking);
    l->round = event_new(l->base, -1, 0, on_round, l);
    l->pass = event_new(l->base, -1, 0, on_pass, l);
    l->late = event_new(l->base, -1, 0, on_pass, l);
    if (l->round == NULL || l->pass == NULL || l->late == NULL) return RB_ERR_BUSY;
    const int last = event_base_get_npriorities(l->base) - 1;
    return event_priority_set(l->pass, last) == 0 ? RB_OK : RB_ERR_BUSY;
}

void rb_turn_close(struct rb_link *l) {
    if (l->round != NULL) event_free(l->round);
    if (l->pass != NULL) event_free(l->pass);
    if (l->late != NULL) event_free(l->late);
    l->round = l->pass = l->late = NULL;
}
