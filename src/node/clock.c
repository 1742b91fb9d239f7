/* Our clock beside a member's. What it cosigned is dated by its own clock, and that happened after
 * we signed the checkpoint and before its line was here: so far apart the two clocks are at least,
 * and at most, however long it was on its way. Whose is right is not known here, nothing is refused
 * for it, and nothing of the situation rests on it. Spec 6.7.1. */
#include "node_int.h"

void clock_signed(struct rb_node *n, struct feedx *fx) {
    const size_t k = fx->signed_n++ % RB_SIGNED_KEPT;
    fx->signed_at[k] = (struct signed_at){fx->note_size, n->now.mono_ms};
}

/* when we signed that checkpoint, by our clock as it is now; false: not since the start, or long
 * ago */
static bool signed_utc(const struct rb_node *n, const struct feedx *fx, uint64_t size,
                       int64_t *out) {
    for (size_t i = 0; i < RB_SIGNED_KEPT; i++) {
        if (fx->signed_at[i].size != size || size == 0) continue;
        *out = n->now.utc_ms - (int64_t)(n->now.mono_ms - fx->signed_at[i].mono);
        return true;
    }
    return false;
}

/* A narrower answer is better, and one that contradicts is later; after a while any is. */
static bool better(const struct rb_node *n, const struct clock_seen *was,
                   const struct clock_seen *now) {
    if (!was->known || n->now.mono_ms - was->mono > RB_CLOCK_OLD_MS) return true;
    if (now->least_ms > was->most_ms || now->most_ms < was->least_ms) return true;
    return now->least_ms >= was->least_ms && now->most_ms <= was->most_ms;
}

void clock_cosigned(struct rb_node *n, struct feedx *fx, uint16_t member, uint64_t size,
                    uint64_t time_s) {
    const struct rb_book_member *m = rb_book_member(&fx->ch->book, member);
    struct peer *p = m ? node_peer_find(n, &m->party) : NULL;
    int64_t signed_at = 0;
    if (!p || time_s > INT64_MAX / 2000) return;
    struct clock_seen c = {.known = true,
                           .mono = n->now.mono_ms,
                           .their_utc_ms = (int64_t)time_s * 1000,
                           .our_utc_ms = n->now.utc_ms,
                           .most_ms = INT64_MAX};
    c.least_ms = c.their_utc_ms - n->now.utc_ms;
    if (signed_utc(n, fx, size, &signed_at)) c.most_ms = c.their_utc_ms + 999 - signed_at;
    if (c.most_ms < c.least_ms) return; /* our clock was moved in between, by little */
    if (better(n, &p->clock, &c)) p->clock = c;
}

/* our own clock was set: what was seen before says nothing of it */
void clock_moved(struct rb_node *n) {
    for (size_t i = 0; i < n->peers_n; i++)
        n->peers[i]->clock.known = false;
}
