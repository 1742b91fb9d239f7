/* Asking: heads where a peer's digest differs from ours, a held GET for news where we only connect
 * outwards, fetching what we lack, and the way back for cosignatures. */
#include "fork.h"
#include "guard.h"
#include "readback/text.h"

struct pullx *pull_of(struct channel *ch, uint16_t member) {
    for (size_t i = 0; i < ch->pulls_n; i++)
        if (ch->pulls[i].member == member) return &ch->pulls[i];
    return NULL;
}

static struct rb_effect *request(struct rb_node *n, struct job *j, bool post, struct rb_slice path,
                                 struct rb_slice body, uint32_t timeout_ms) {
    struct rb_effect *e = node_effect(n, RB_EF_REQUEST);
    e->u.request.request = j->id;
    e->u.request.peer = j->peer->party;
    e->u.request.card = j->peer->card_raw;
    e->u.request.post = post;
    e->u.request.path = path;
    e->u.request.body = body;
    e->u.request.timeout_ms = timeout_ms;
    return e;
}

static struct job *ask(struct rb_node *n, struct channel *ch, struct peer *p, uint16_t member,
                       enum job_type type) {
    struct job *j = node_job(n, type);
    if (!j) return NULL;
    j->ch = ch;
    j->peer = p;
    j->member = member;
    return j;
}

static void path_channel(struct rb_writer *w, const char *path, const struct channel *ch) {
    rb_put_z(w, path);
    rb_put_z(w, "?channel=");
    rb_put_hex(w, ch->id, RB_CHANNEL_LEN);
}

static void ask_news(struct rb_node *n, struct channel *ch, struct pullx *x, struct peer *p) {
    struct job *j = ask(n, ch, p, x->member, JOB_REQ_NEWS);
    if (!j) return;
    char own[33];
    node_heads_digest(n, ch, own);
    struct rb_writer w = node_writer(n, 160);
    path_channel(&w, "/rb/v1/news", ch);
    rb_put_z(&w, "&have=");
    /* while much is on its way, what would be news is what it did not tell yet */
    rb_put_z(&w, x->bulk && x->theirs[0] ? x->theirs : own);
    request(n, j, false, rb_written(&w), rb_slice(NULL, 0), RB_NEWS_MS);
    x->news = true;
}

static void ask_heads(struct rb_node *n, struct channel *ch, struct pullx *x, struct peer *p,
                      bool urgent) {
    struct job *j = ask(n, ch, p, x->member, JOB_REQ_HEADS);
    if (!j) return;
    struct rb_writer w = node_writer(n, 160);
    path_channel(&w, "/rb/v1/heads", ch);
    request(n, j, false, rb_written(&w), rb_slice(NULL, 0), RB_REQUEST_MS)->u.request.urgent =
        urgent;
    x->heads = true;
    x->heads_at = 0;
}

/* While records wait for a slow line, its urgent connection is kept open: FLASH would have to wait
 * for it to be made anew. */
static void keep_warm(struct rb_node *n, struct channel *ch, struct pullx *x, struct peer *p) {
    if (!ch->held_up || ch->held_up_by != x->member || !share_slow(p) || x->heads) return;
    if (n->now.mono_ms < p->line.warm_at) return;
    p->line.warm_at = n->now.mono_ms + RB_LINE_WARM_MS;
    ask_heads(n, ch, x, p, true);
}

struct wanted { /* leaves of a feed */
    struct rb_slice origin;
    uint64_t from; /* this one and all behind it */
    uint64_t old;  /* our pending checkpoint, from which consistency is proven */
    bool bulk;     /* more than the line brings in a second or so */
};

/* As many leaves as the line brings in about a second. What is short goes over the urgent
 * connection where a long answer is on its way: it may be FLASH. */
static void ask_feed(struct rb_node *n, struct channel *ch, struct pullx *x, struct peer *p,
                     const struct wanted *a) {
    struct job *j = ask(n, ch, p, x ? x->member : RB_NO_MEMBER, JOB_REQ_FEED);
    if (!j) return;
    struct rb_hash h;
    rb_sha256(a->origin, &h);
    struct rb_writer w = node_writer(n, 160);
    rb_put_z(&w, "/rb/v1/feed?origin=");
    rb_put_hex(&w, h.b, RB_HASH_LEN);
    rb_put_z(&w, "&from=");
    rb_put_dec(&w, a->from);
    rb_put_z(&w, "&old=");
    rb_put_dec(&w, a->old);
    rb_put_z(&w, "&max=");
    rb_put_dec(&w, share_asks(p));
    struct rb_effect *e = request(n, j, false, rb_written(&w), rb_slice(NULL, 0), RB_REQUEST_MS);
    if (!x) return;
    e->u.request.urgent = !a->bulk && x->bulk;
    x->last = h;
    j->partial = a->bulk;
    if (a->bulk) {
        x->bulk = true;
        x->bulk_of = h;
    } else {
        x->fetching = true;
    }
}

bool pull_much(const struct peer *p, uint64_t leaves) {
    return leaves > RB_BULK_LEAST + share_asks(p) / RB_BULK_LEAF;
}

/* It has more than we do, as it just said: its heads are looked at. */
void pull_look(struct rb_node *n, struct channel *ch, const struct peer *p) {
    const struct rb_book_member *m = rb_book_member_by_party(&ch->book, &p->party);
    struct pullx *x = m ? pull_of(ch, m->index) : NULL;
    if (x && !x->heads && !x->heads_at) x->heads_at = n->now.mono_ms;
}

/* Much is not fetched from another as long as its author, as far as we know, can bring it: on a
 * slow line it would come twice, and at our end nobody knows that one is slow before we sent by it.
 */
static bool comes_itself(struct rb_node *n, struct feedx *fx, const struct peer *from) {
    const struct peer *author = fx ? node_member_peer(n, fx->ch, fx->f->member) : NULL;
    bool fast = from->line.in > RB_LINE_FAST || from->line.out > RB_LINE_FAST;
    uint64_t now = n->now.mono_ms;
    if (!author || author == from) return false;
    bool called = author->line.called_at && now - author->line.called_at < RB_BROUGHT_MS;
    if (author->link != RB_LINK_UP && !called) return false;
    if (fx->brought_at == 0) fx->brought_at = now;
    return now - fx->brought_at < (fast ? RB_BROUGHT_FAST_MS : RB_BROUGHT_MS);
}

/* The rest of what came in part, from the same one at once, unless others wait there. */
void pull_more(struct rb_node *n, struct feedx *fx, struct peer *p) {
    const struct rb_book_member *m = rb_book_member_by_party(&fx->ch->book, &p->party);
    struct pullx *x = m ? pull_of(fx->ch, m->index) : NULL;
    if (!x || fx->busy || fx->f->tree.size >= fx->pending_size) return;
    struct wanted a = {rb_slice(fx->f->origin, fx->f->origin_n), fx->f->tree.size, fx->pending_size,
                       pull_much(p, fx->pending_size - fx->f->tree.size)};
    if (a.bulk && comes_itself(n, fx, p)) return;
    if (a.bulk ? x->bulk : x->fetching)
        x->others = true;
    else if (!x->others)
        ask_feed(n, fx->ch, x, p, &a);
}

static void tell_authors(struct rb_node *n, struct channel *ch) {
    for (size_t i = 0; i < ch->feeds_n; i++)
        if (relay_time(n, ch->feeds[i]) <= n->now.mono_ms) pull_cosigned(n, ch->feeds[i], NULL);
}

/* Whoever does not call us may be unable to, and what it says would not come: its heads are looked
 * at now and then. An idle line is silent for hours otherwise. */
static void look_now_and_then(struct rb_node *n, struct pullx *x, const struct peer *p) {
    uint64_t called = p->line.called_at ? p->line.called_at + RB_POLL_LONG_MS : 0;
    if (x->poll_at < called) x->poll_at = called;
    if (n->now.mono_ms < x->poll_at) return;
    x->poll_at = n->now.mono_ms + (p->line.called_at ? RB_POLL_LONG_MS : RB_POLL_MS);
    if (!x->heads_at && !x->heads) x->heads_at = n->now.mono_ms;
}

/* A held GET hangs on each peer with an address only where nobody can reach us. */
void pull_all(struct rb_node *n, struct channel *ch) {
    bool outward = n->has_self && n->self.addresses_n == 0;
    tell_authors(n, ch);
    relay_ask(n, ch);
    for (size_t i = 0; i < ch->pulls_n; i++) {
        struct pullx *x = &ch->pulls[i];
        struct peer *p = node_member_peer(n, ch, x->member);
        if (!p || p->card.addresses_n == 0 || n->now.mono_ms < p->retry_at) continue;
        if (!outward && ch->own) look_now_and_then(n, x, p);
        if (x->heads_at && n->now.mono_ms >= x->heads_at && !x->heads && !x->fetching) {
            ask_heads(n, ch, x, p, false);
        }
        keep_warm(n, ch, x, p);
        if (outward && !x->news && !x->fetching && n->now.mono_ms >= x->retry_at)
            ask_news(n, ch, x, p);
    }
}

/* Who cannot be reached asks those it accredited whether a charter of theirs names it (spec 6.6).
 */
void pull_invites(struct rb_node *n) {
    if (!n->has_self || n->self.addresses_n) return;
    for (size_t i = 0; i < n->peers_n; i++) {
        struct peer *p = n->peers[i];
        if (!p->accredited || p->asking || p->card.addresses_n == 0) continue;
        if (n->now.mono_ms < p->invites_at || n->now.mono_ms < p->retry_at) continue;
        struct job *j = ask(n, NULL, p, RB_NO_MEMBER, JOB_REQ_INVITES);
        if (!j) return;
        request(n, j, false, rb_str("/rb/v1/invitations"), rb_slice(NULL, 0), RB_REQUEST_MS);
        p->asking = true;
    }
}

/* Lines of origins. One of the channels that are unknown here is fetched, by chance, so that one
 * that we cannot take stands in nobody's way; soon another if it could be taken, else when we ask
 * again. */
static void invites_arrived(struct rb_node *n, struct peer *p, struct rb_slice body) {
    struct rb_reader r = rb_reader(body);
    struct rb_slice origin, chosen = {NULL, 0};
    struct rb_origin o;
    uint32_t unknown = 0;
    while (rb_left(&r) && unknown < RB_MAX_CHANNELS && rb_get_line(&r, &origin) == RB_OK) {
        if (rb_origin_decode(origin, &o) != RB_OK || node_channel_find(n, o.channel)) continue;
        if (node_rand16(n) % ++unknown == 0) chosen = origin;
    }
    if (unknown) ask_feed(n, NULL, NULL, p, &(struct wanted){.origin = chosen});
}

/* The header of every answer: if the peer knows other heads than we do, look once things are quiet.
 */
void pull_note_heads(struct rb_node *n, struct channel *ch, struct peer *p, struct rb_slice heads) {
    const struct rb_book_member *m = rb_book_member_by_party(&ch->book, &p->party);
    struct pullx *x = m ? pull_of(ch, m->index) : NULL;
    char own[33];
    if (!x) return;
    node_heads_digest(n, ch, own);
    if (rb_slice_is(heads, own))
        x->heads_at = x->quiet_ms = 0;
    else if (x->heads_at == 0)
        x->heads_at = n->now.mono_ms + (x->quiet_ms     ? x->quiet_ms
                                        : share_slow(p) ? RB_HEADS_SLOW_MS
                                                        : RB_HEADS_QUIET_MS);
}

/* Asking brought nothing although the heads differ (a closed feed, or a peer that is behind or
 * lies): ask again, but less and less often. */
static void nothing_new(struct rb_node *n, struct pullx *x) {
    x->quiet_ms = x->quiet_ms == 0 ? RB_HEADS_QUIET_MS : x->quiet_ms * 2;
    if (x->quiet_ms > RB_RETRY_MAX_MS) x->quiet_ms = RB_RETRY_MAX_MS;
    x->retry_at = n->now.mono_ms + x->quiet_ms;
    if (x->heads_at) x->heads_at = x->retry_at;
}

/* grows with whatever a fetch brings */
static uint64_t held_sum(const struct channel *ch) {
    uint64_t sum = 0;
    for (size_t i = 0; i < ch->feeds_n; i++) {
        const struct feedx *fx = ch->feeds[i];
        sum += 1 + fx->f->tree.size + fx->pending_size + fx->note_size + fx->f->frozen;
    }
    return sum;
}

/* does the peer name another root for a size that we hold? Then its note is evidence, and worth a
 * fetch */
static bool other_root(struct feedx *fx, uint64_t size, struct rb_slice base64) {
    struct rb_hash theirs, here;
    size_t k = 0;
    if (size == 0 || size > fx->note_size) return false;
    if (rb_base64_decode(base64, theirs.b, sizeof theirs.b, &k) != RB_OK || k != RB_HASH_LEN)
        return false;
    if (fork_knows(fx, size, &theirs)) return false;
    rb_tree_root(&fx->f->tree, size, &here);
    return !rb_hash_eq(&theirs, &here);
}

/* A line "ORIGIN SIZE ROOT": wanted if it is larger than what we hold, or another history */
static bool wants(struct rb_node *n, struct channel *ch, const struct peer *p, struct rb_slice line,
                  struct wanted *out) {
    size_t a = rb_slice_find(line, 0, ' '), b = rb_slice_find(line, a + 1, ' ');
    struct rb_slice origin = rb_slice_sub(line, 0, a);
    uint64_t size;
    struct rb_origin o;
    *out = (struct wanted){.origin = origin};
    if (rb_dec_decode(rb_slice_sub(line, a + 1, b), &size) != RB_OK) return false;
    if (rb_origin_decode(origin, &o) != RB_OK || memcmp(o.channel, ch->id, RB_CHANNEL_LEN) != 0)
        return false;
    struct feedx *fx = node_feedx_by_origin(n, origin);
    if (rb_hash_eq(&o.party, &n->self_party)) return false;
    if (!fx && !rb_book_member_by_party(&ch->book, &o.party)) return false;
    if (fx && other_root(fx, size, rb_slice_sub(line, b + 1, line.n))) {
        out->from = out->old = size;
        return true;
    }
    if (fx && (fx->busy || fx->closed || fx->f->frozen || size <= fx->note_size)) return false;
    if (fx && size < fx->pending_size) return false; /* it has less than was shown to us */
    out->old = fx ? fx->pending_size : 0;
    out->from = fx && fx->f->tree.size < out->old ? fx->f->tree.size : out->old;
    out->bulk = pull_much(p, size - out->from);
    return !out->bulk || !comes_itself(n, fx, p);
}

struct chosen { /* of feeds wanted, that behind the one that was asked for last, else the first */
    struct wanted first, next;
    bool any, behind;
};

static void choose(struct chosen *c, const struct wanted *a, bool behind) {
    if (!c->any) c->first = *a;
    if (behind && !c->behind) c->next = *a;
    c->any = true;
    c->behind |= behind;
}

/* One that is short and one that is long at a time; others in turn. true: something is asked for.
 */
static bool ask_chosen(struct rb_node *n, struct channel *ch, struct pullx *x, struct peer *p,
                       const struct chosen *c) {
    if (!c->any) return false;
    const struct wanted *a = c->behind ? &c->next : &c->first;
    if (a->bulk ? x->bulk : x->fetching) {
        x->others = true;
        return false;
    }
    ask_feed(n, ch, x, p, a);
    return true;
}

static void heads_arrived(struct rb_node *n, struct job *j, struct pullx *x, struct rb_slice body) {
    struct rb_reader r = rb_reader(body);
    struct rb_slice line;
    struct chosen few = {0}, many = {0};
    struct wanted a;
    struct rb_hash h;
    bool behind = false, under_way = x->bulk;
    x->others = false;
    while (rb_left(&r) && rb_get_line(&r, &line) == RB_OK)
        if (rb_slice_is(line, "guard")) {
            guard_bring(n, j->ch, x, j->peer);
        } else if (rb_slice_starts(line, "evidence ")) {
            fork_heard(n, j->ch, x, j->peer, rb_slice_sub(line, 9, line.n));
        } else {
            bool is = wants(n, j->ch, j->peer, line, &a);
            rb_sha256(a.origin, &h);
            if (is && !(under_way && rb_hash_eq(&h, &x->bulk_of)))
                choose(a.bulk ? &many : &few, &a, behind);
            behind |= rb_hash_eq(&h, &x->last);
        }
    bool asked = ask_chosen(n, j->ch, x, j->peer, &many);
    asked |= ask_chosen(n, j->ch, x, j->peer, &few);
    if (asked) return;
    if (x->heads_at && !under_way && !x->fetching)
        nothing_new(n, x);
    else /* the same heads: a held GET may hang again, though never in a tight circle */
        x->retry_at = n->now.mono_ms + RB_NEWS_LEAST_MS;
}

static void feed_arrived(struct rb_node *n, struct job *j, struct pullx *x, struct rb_slice body) {
    size_t channels = n->channels_n;
    uint64_t before = j->ch ? held_sum(j->ch) : 0;
    take_push(n, body, 0, j->peer);
    if (x && x->others && !x->heads) x->heads_at = n->now.mono_ms;
    if (!j->ch && n->channels_n > channels) j->peer->invites_at = n->now.mono_ms + RB_RETRY_MIN_MS;
    if (!x) return;
    if (held_sum(j->ch) == before)
        nothing_new(n, x);
    else
        x->quiet_ms = 0;
}

static void post_note(struct rb_node *n, const struct feedx *fx, struct job *j) {
    struct rb_writer w = node_writer(n, fx->note.n + fx->cosig_line.n + 4);
    rb_put_u32(&w, (uint32_t)(fx->note.n + fx->cosig_line.n));
    rb_put_slice(&w, buf_slice(&fx->note));
    rb_put_slice(&w, buf_slice(&fx->cosig_line));
    struct rb_writer path = node_writer(n, 160);
    path_channel(&path, "/rb/v1/add-cosignatures", fx->ch);
    request(n, j, true, rb_written(&path), rb_written(&w), RB_REQUEST_MS);
}

/* Our cosignature goes back to the feed's author, or, where it cannot be reached, to a member
 * between (spec 6.8, 6.18). */
void pull_cosigned(struct rb_node *n, struct feedx *fx, struct peer *giver) {
    struct peer *p = relay_way(n, fx, giver);
    const struct rb_book_member *m = p ? rb_book_member_by_party(&fx->ch->book, &p->party) : NULL;
    struct job *j = m ? ask(n, fx->ch, p, m->index, JOB_REQ_COSIG) : NULL;
    if (!j) {
        fx->tell_at = n->now.mono_ms + RB_RETRY_MAX_MS;
        return;
    }
    j->fx = fx;
    fx->told_size = fx->note_size;
    if (m->index == fx->f->member) fx->told_author = fx->note_size;
    post_note(n, fx, j);
}

/* the same to whoever may not have heard of it */
void pull_show(struct rb_node *n, struct feedx *fx, struct peer *p) {
    const struct rb_book_member *m = rb_book_member_by_party(&fx->ch->book, &p->party);
    struct job *j = m ? ask(n, fx->ch, p, m->index, JOB_REQ_SHOW) : NULL;
    if (j) post_note(n, fx, j);
}

static void told_heads(struct pullx *x, const struct rb_event *ev) {
    struct rb_slice heads = ev->u.response.heads;
    x->theirs[0] = 0;
    if (ev->u.response.status != 200 || heads.n != sizeof x->theirs - 1) return;
    memcpy(x->theirs, heads.p, heads.n);
    x->theirs[heads.n] = 0;
}

void pull_response(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    struct pullx *x = j->ch ? pull_of(j->ch, j->member) : NULL;
    int status = ev->u.response.status;
    struct rb_slice body = ev->u.response.body;
    if (x && j->type == JOB_REQ_NEWS) x->news = false;
    if (x && j->type == JOB_REQ_HEADS) {
        x->heads = false;
        if (status == 0)
            x->heads_at = n->now.mono_ms + RB_RETRY_MIN_MS; /* or when the link is tried again */
    }
    if (x && j->type == JOB_REQ_FEED) *(j->partial ? &x->bulk : &x->fetching) = false;
    if (x && (j->type == JOB_REQ_NEWS || j->type == JOB_REQ_HEADS)) told_heads(x, ev);
    if (j->type == JOB_REQ_COSIG && status != 200 && j->fx) relay_failed(n, j->fx);
    if (j->type == JOB_REQ_INVITES) {
        j->peer->asking = false;
        j->peer->invites_at = n->now.mono_ms + RB_INVITES_MS;
        if (status == 200) invites_arrived(n, j->peer, body);
    } else if (status == 200 && j->type == JOB_REQ_FEED) {
        feed_arrived(n, j, x, body);
    } else if (status == 200 && x && j->type != JOB_REQ_COSIG) {
        heads_arrived(n, j, x, body);
    } else if (status != 200 && x) {
        x->retry_at = n->now.mono_ms + (uint64_t)5 * RB_RETRY_MIN_MS;
    }
    node_job_free(n, j);
}
