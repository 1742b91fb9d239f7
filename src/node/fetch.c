/* Asking for bodies that are for us and not here: the author, the other recipients, every other
 * member with an address, one after the other; again after a pause. Clauses 9.4.5, 9.4.7. */
#include "node_int.h"
#include "readback/text.h"

void fetch_want(struct channel *ch, struct body *b) {
    if (b->wanted) return;
    uint32_t me = body_index(ch, b) + 1;
    b->wanted = true;
    b->wants_next = 0;
    if (ch->wants.last)
        ch->bodies[ch->wants.last - 1].wants_next = me;
    else
        ch->wants.first = me;
    ch->wants.last = me;
    ch->wants_n++;
    ch->body_work = true;
}

static struct body *next_wanted(struct channel *ch) {
    struct body *b = &ch->bodies[ch->wants.first - 1];
    ch->wants.first = b->wants_next;
    if (ch->wants.first == 0) ch->wants.last = 0;
    ch->wants_n--;
    b->wanted = false;
    return b;
}

/* Candidate 0 is the author, 1 to 64 the recipients by index, 65 to 128 the other members. */
#define CANDIDATES ((uint16_t)(1 + 2 * RB_MAX_MEMBERS))
static bool candidate(const struct channel *ch, const struct body *b, uint16_t c,
                      uint16_t *member) {
    if (c == 0) {
        *member = b->member;
        return b->member != ch->own_member;
    }
    *member = (uint16_t)((c - 1u) % RB_MAX_MEMBERS);
    if (*member == b->member || *member == ch->own_member) return false;
    return body_is_for(b, *member) == (c <= RB_MAX_MEMBERS);
}

static void pause_asking(struct rb_node *n, struct body *b) {
    uint64_t wait = RB_BODY_RETRY_MIN_MS << (b->failures < 6 ? b->failures : 6);
    if (wait > RB_BODY_RETRY_MAX_MS) wait = RB_BODY_RETRY_MAX_MS;
    b->failures++;
    b->candidate = 0;
    b->retry_at = n->now.mono_ms + wait;
    if (b->why == WHY_NONE || b->why == WHY_ASKED) b->why = WHY_NOBODY;
}

void fetch_failed(struct rb_node *n, struct body *b, enum body_why why) {
    if (why != WHY_NONE) b->why = (uint8_t)why;
    b->candidate++;
    b->retry_at = n->now.mono_ms;
    if (b->candidate >= CANDIDATES) pause_asking(n, b);
}

static void ask(struct rb_node *n, struct channel *ch, struct body *b, struct peer *p,
                struct pullx *x) {
    struct job *j = node_job(n, JOB_REQ_BODY);
    if (!j) {
        b->retry_at = n->now.mono_ms + RB_RETRY_MIN_MS;
        return;
    }
    j->ch = ch;
    j->peer = p;
    j->member = x->member;
    j->from = body_index(ch, b);
    j->to = b->have;
    struct rb_writer w = node_writer(n, 256);
    rb_put_z(&w, "/rb/v1/body?channel=");
    rb_put_hex(&w, ch->id, RB_CHANNEL_LEN);
    rb_put_z(&w, "&member=");
    rb_put_dec(&w, b->member);
    rb_put_z(&w, "&hash=");
    rb_put_hex(&w, b->hash.b, RB_HASH_LEN);
    rb_put_z(&w, "&from=");
    rb_put_dec(&w, b->have);
    /* of a long one about a second's worth of the line; a crumb is not taken */
    uint64_t rest = b->size - b->have, most = share_asks(p);
    if (most < RB_BODY_LEAST || b->size <= RB_MAX_SEALED) most = RB_BODY_LEAST;
    if (most > RB_BODY_CHUNK) most = RB_BODY_CHUNK;
    if (b->size > RB_MAX_SEALED && rest > most) {
        rb_put_z(&w, "&max=");
        rb_put_dec(&w, most);
        rest = most;
    }
    struct rb_effect *e = node_effect(n, RB_EF_REQUEST);
    e->u.request.request = j->id;
    e->u.request.peer = p->party;
    e->u.request.card = p->card_raw;
    e->u.request.path = rb_written(&w);
    e->u.request.timeout_ms = RB_REQUEST_MS;
    b->fetching = x->body = true;
    if (b->why == WHY_NONE) b->why = WHY_ASKED;
}

/* The next candidate that can be reached. Where one is busy with another body, the author is waited
 * for, and any other is passed over: who answers slowly must not hold up what others have, too. */
static void ask_next(struct rb_node *n, struct channel *ch, struct body *b) {
    bool waits = false;
    for (uint16_t c = b->candidate; c < CANDIDATES; c++) {
        uint16_t member;
        if (!candidate(ch, b, c, &member)) continue;
        struct pullx *x = pull_of(ch, member);
        struct peer *p = x ? node_member_peer(n, ch, member) : NULL;
        if (!p || p->card.addresses_n == 0 || n->now.mono_ms < p->retry_at) continue;
        waits |= x->body;
        if (x->body && c > 0) continue;
        b->candidate = c;
        if (!x->body) ask(n, ch, b, p, x);
        return;
    }
    if (!waits) pause_asking(n, b);
}

/* true: it need not be asked for any more */
static bool look_for(struct rb_node *n, struct channel *ch, struct body *b) {
    if (b->state != RB_BODY_MISSING) return true;
    struct cached *c = carry_find(n, ch, b->member, &b->hash);
    if (c && c->n == b->size && b->have == 0) {
        if (body_take(n, ch, b, rb_slice(c->p, c->n))) {
            carry_drop(n, c);
            return true;
        }
    }
    if (b->fetching) return false;
    if (n->now.mono_ms >= b->retry_at && !body_quota(ch, b)) {
        b->why = WHY_QUOTA;
        b->retry_at = n->now.mono_ms + RB_BODY_RETRY_MAX_MS;
    }
    bool paced = ch->ask_at > n->now.mono_ms + RB_ASK_BURST_MS;
    if (paced) body_wake(ch, ch->ask_at - RB_ASK_BURST_MS);
    if (n->now.mono_ms >= b->retry_at && n->has_self && !paced) ask_next(n, ch, b);
    if (!b->fetching && n->now.mono_ms < b->retry_at) body_wake(ch, b->retry_at);
    return false;
}

/* In turn, some in each step: who names bodies that do not exist, by the thousand, has us neither
 * look at all of them all the time nor ask without end. */
void fetch_some(struct rb_node *n, struct channel *ch) {
    size_t k = ch->wants_n < RB_WANTS_STEP ? ch->wants_n : RB_WANTS_STEP;
    if (ch->wants_n > k || n->overflow) body_wake(ch, n->now.mono_ms + RB_NEWS_LEAST_MS);
    for (; k > 0 && !n->overflow; k--) {
        struct body *b = next_wanted(ch);
        bool work = ch->body_work; /* to stand in line again is no news */
        if (!look_for(n, ch, b)) {
            fetch_want(ch, b);
            ch->body_work = work;
        }
    }
    if (n->overflow) body_wake(ch, n->now.mono_ms + RB_RETRY_MIN_MS);
}

void fetch_response(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    struct channel *ch = j->ch;
    struct body *b = &ch->bodies[j->from];
    struct pullx *x = pull_of(ch, j->member);
    struct rb_slice bytes = ev->u.response.body;
    if (x) x->body = false;
    b->fetching = false;
    ch->body_work = true;
    uint64_t offset = j->to;
    bool ok = ev->u.response.status == 200 && bytes.n > 0 && bytes.n <= RB_BODY_CHUNK;
    node_job_free(n, j);
    if (b->state != RB_BODY_MISSING) return;
    if (ok && offset != b->have)
        return; /* the author's own pieces came in between: go on from there */
    uint64_t rest = b->size - b->have;
    if (ok && bytes.n < rest && bytes.n < RB_BODY_LEAST)
        ok = false; /* crumbs would take for ever */
    if (ok && !node_room(n, bytes.n + 4096)) {
        b->retry_at = n->now.mono_ms + RB_RETRY_MIN_MS;
        return;
    }
    if (ok && body_take(n, ch, b, bytes)) {
        if (!b->wrong) b->failures = 0;
        b->retry_at = n->now.mono_ms;
        return;
    }
    if (ch->ask_at < n->now.mono_ms) ch->ask_at = n->now.mono_ms;
    ch->ask_at += RB_ASK_FAILED_MS;
    fetch_failed(n, b, ok ? WHY_NONE : WHY_ASKED);
}
