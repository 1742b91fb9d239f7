/* Fair shares: how fast each line is, and how much of ours is logged while a slow one still has to
 * take what was, so that FLASH waits behind little. Spec 6.17.1, 6.17.2. */
#include "node_int.h"

/* ---- how fast a line is ------------------------------------------------------------------------
 * A request takes the line's delay, which small ones show, and its bytes. What is measured is never
 * more than what the line carries; a push that was quick for other reasons than a fast line there
 * is not, so a higher figure is believed at once and a lower one only of a request that took long
 * and had the line for itself. One that took less long may have met a busy machine: until the next
 * one little is logged, no more. */
static uint64_t within(uint64_t x, uint64_t least, uint64_t most) {
    return x < least ? least : x > most ? most : x;
}

static void delay(struct rb_node *n, struct line *l, uint64_t ms, uint64_t bytes) {
    if (bytes > RB_LINE_SMALL) return;
    bool old = n->now.mono_ms - l->least_at > RB_LINE_DELAY_MS;
    if (l->least_ms && !old && ms > l->least_ms) return;
    l->least_ms = ms ? ms : 1;
    l->least_at = n->now.mono_ms;
}

static uint64_t took_of(const struct line *l, uint64_t ms) {
    return ms > l->least_ms + ms / 2 ? ms - l->least_ms : ms / 2;
}

static uint64_t rate_of(uint64_t bytes, uint64_t took) {
    return within(bytes * 1000 / (took ? took : 1), RB_LINE_LEAST, RB_LINE_MOST);
}

static void doubt(struct line *l, uint64_t bytes, uint64_t ms, bool alone) {
    uint64_t took = took_of(l, ms);
    if (bytes < 256) return;
    if (took < RB_LINE_DOUBT_MS)
        l->doubt = 0;
    else if (alone)
        l->doubt = rate_of(bytes, took);
}

static void measure(const struct line *l, uint64_t *rate, uint64_t bytes, uint64_t ms, bool alone) {
    if (bytes < 256) return;
    uint64_t took = took_of(l, ms), now = rate_of(bytes, took);
    bool slow = took >= RB_LINE_SLOW_MS;
    if (*rate == 0)
        *rate = slow || now > RB_LINE_FAST ? now : RB_LINE_FAST;
    else if (now > *rate)
        *rate = slow ? (*rate + now) / 2 : now;
    else if (slow && alone)
        *rate = *rate > 4 * now ? now : (*rate + 3 * now) / 4; /* a line may change at once */
}

/* Requests that went beside one another: the line took no more than all their bytes since the first
 * of them left. */
static void together(struct rb_node *n, struct line *l) {
    uint64_t ms = n->now.mono_ms - l->busy_at, took = ms > l->least_ms ? ms - l->least_ms : 1;
    uint64_t most = rate_of(l->busy_n, took);
    if (took >= RB_LINE_SLOW_MS && most < l->out) l->out = most;
}

void share_sent(struct rb_node *n) {
    for (size_t i = 0; i < n->effects_n; i++) {
        const struct rb_effect *e = &n->effects[i];
        struct job *j = e->type == RB_EF_REQUEST ? node_job_find(n, e->u.request.request) : NULL;
        if (!j || !j->peer || j->type == JOB_REQ_NEWS) continue; /* that one is held */
        j->sent = true;
        j->sent_at = n->now.mono_ms;
        j->sent_n = e->u.request.body.n;
        j->alone = j->peer->line.asked++ == 0;
        if (j->alone) {
            j->peer->line.busy_at = n->now.mono_ms;
            j->peer->line.busy_n = 0;
        }
        j->peer->line.busy_n += j->sent_n;
    }
}

void share_answered(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    if (!j->peer || !j->sent) return;
    struct line *l = &j->peer->line;
    uint64_t ms = n->now.mono_ms - j->sent_at, out = j->sent_n, in = ev->u.response.body.n;
    j->sent = false;
    if (l->asked) l->asked--;
    if (ev->u.response.status <= 0) return;
    delay(n, l, ms, out + in);
    uint64_t *rate = out >= in ? &l->out : &l->in;
    measure(l, rate, out >= in ? out : in, ms, j->alone);
    if (out >= in) doubt(l, out, ms, j->alone);
    if (out >= in && !j->alone) together(n, l);
}

void share_gave(struct rb_node *n, struct peer *p, size_t bytes) {
    p->line.gave_at = n->now.mono_ms;
    p->line.gave_n = bytes;
}

void share_fetched(struct rb_node *n, struct peer *p) {
    struct line *l = &p->line;
    if (l->gave_n == 0) return;
    measure(l, &l->out, l->gave_n, n->now.mono_ms - l->gave_at, true);
    l->gave_n = 0;
}

bool share_slow(const struct peer *p) {
    return p->line.out && p->line.out < RB_LINE_FAST;
}

bool share_any_slow(struct rb_node *n, struct channel *ch) {
    for (size_t i = 0; i < ch->pulls_n; i++) {
        const struct peer *p = node_member_peer(n, ch, ch->pulls[i].member);
        if (p && p->link == RB_LINK_UP && share_slow(p)) return true;
    }
    return false;
}

/* A push has more than its leaves; on a line that takes that in a second or more, one leaf goes at
 * a time. */
uint64_t share_second(const struct peer *p) {
    uint64_t out = p->line.out;
    if (out == 0) return RB_LINE_UNKNOWN;
    if (p->line.doubt && p->line.doubt < out) out = p->line.doubt;
    if (out >= RB_LINE_FAST) return out;
    return out > RB_LINE_HEAD ? out - RB_LINE_HEAD : 0;
}

/* Most lines are as fast both ways. */
uint64_t share_asks(const struct peer *p) {
    return p->line.in ? p->line.in : p->line.out ? p->line.out : RB_LINE_FAST;
}

/* ---- what our leaves weigh ---------------------------------------------------------------------
 */
void share_weigh(struct rb_node *n, struct feedx *fx, size_t leaf, size_t bytes) {
    const struct rb_fact *f = &fx->f->facts[leaf];
    void *p = fx->weights;
    if (f->precedence == RB_FLASH && f->mark == RB_MARK_NONE) fx->flash_to = leaf + 1;
    if (leaf != fx->weights_n) return;
    if (rb_region_grow(&n->region, &p, &fx->weights_cap, leaf + 1, sizeof *fx->weights) != RB_OK)
        return; /* then nobody is waited for */
    fx->weights = p;
    uint64_t w = bytes + RB_LINE_WORDS;
    if (f->closed && f->detached && f->detached->size <= RB_MAX_SEALED) w += f->detached->size;
    fx->weights[leaf] = (leaf ? fx->weights[leaf - 1] : 0) + w;
    fx->weights_n = leaf + 1;
}

uint64_t share_weight(const struct feedx *fx, uint64_t from, uint64_t to) {
    if (to > fx->weights_n) to = fx->weights_n;
    if (from >= to) return 0;
    return fx->weights[to - 1] - (from ? fx->weights[from - 1] : 0);
}

/* ---- may it be logged? -------------------------------------------------------------------------
 */
/* Before its first answer a member with an address may be reachable; where nobody has an address to
 * call, whoever called lately is. */
bool share_reachable(const struct rb_node *n, const struct peer *p) {
    if (p->card.addresses_n == 0)
        return p->line.heard_at && n->now.mono_ms - p->line.heard_at < RB_LINE_HEARD_MS;
    if (p->link == RB_LINK_NEVER)
        return n->now.mono_ms - n->started_at.mono_ms < 2 * (uint64_t)RB_REQUEST_MS;
    return p->link == RB_LINK_UP;
}

static bool holds_up(struct rb_node *n, struct channel *ch, uint16_t member) {
    const struct peer *p = node_member_peer(n, ch, member);
    struct mirror *m = p ? own_mirror(n, ch->own, member) : NULL;
    if (!m || !share_reachable(n, p)) return false;
    uint64_t unpushed = share_weight(ch->own, m->known, ch->own->f->tree.size);
    if (unpushed == 0 || m->known != m->share_known || m->share_at == 0) {
        m->share_known = m->known;
        m->share_at = n->now.mono_ms;
    }
    if (unpushed == 0 || n->now.mono_ms - m->share_at >= RB_LINE_PATIENCE_MS) return false;
    return unpushed > share_second(p);
}

/* Few leaves of ours that a member still has to take: what waits unlogged can still be overtaken by
 * FLASH. However slow or unwilling somebody is, one record is logged every few seconds. */
bool share_may_log(struct rb_node *n, struct channel *ch, uint8_t precedence) {
    ch->held_up = false;
    if (precedence == RB_FLASH) return true;
    for (size_t i = 0; i < ch->pulls_n && !ch->held_up; i++)
        if (holds_up(n, ch, ch->pulls[i].member)) {
            ch->held_up = true;
            ch->held_up_by = ch->pulls[i].member;
        }
    if (ch->held_up && n->now.mono_ms < ch->floor_at) return false;
    ch->floor_at = n->now.mono_ms + RB_LINE_FLOOR_MS;
    return true;
}

/* ---- what is stored of one member in a day (6.17.4) ---------------------------------------------
 */
#define DAY_MS 86400000u
#define HOUR_MS 3600000u

/* whoever left brings what it said before within its limits, too */
static struct peer *author(const struct rb_node *n, struct feedx *fx) {
    const struct rb_book_member *m = rb_book_member(&fx->ch->book, fx->f->member);
    return m ? node_peer_find(n, &m->party) : NULL;
}

static uint64_t left(uint64_t limit, uint64_t used) {
    return limit == 0 ? UINT64_MAX : used < limit ? limit - used : 0;
}

uint64_t share_room(struct rb_node *n, struct feedx *fx, uint32_t *wait_s) {
    struct peer *p = author(n, fx);
    if (!p) return UINT64_MAX;
    if (n->now.mono_ms - p->day_from >= DAY_MS) {
        p->day_from = n->now.mono_ms;
        p->day_leaves = p->day_bytes = 0;
    }
    *wait_s = (uint32_t)((p->day_from + DAY_MS - n->now.mono_ms) / 1000 + 1);
    return left(n->limits.bytes_a_day, p->day_bytes) ? left(n->limits.leaves_a_day, p->day_leaves)
                                                     : 0;
}

void share_stored(struct rb_node *n, struct feedx *fx, uint64_t leaves, uint64_t bytes) {
    struct peer *p = author(n, fx);
    if (!p) return;
    p->day_leaves += leaves;
    p->day_bytes += bytes;
}

bool share_quota_news(struct rb_node *n, struct feedx *fx) {
    struct peer *p = author(n, fx);
    if (!p || (p->quota_said && n->now.mono_ms - p->quota_said < HOUR_MS)) return false;
    p->quota_said = n->now.mono_ms ? n->now.mono_ms : 1;
    return true;
}
