/* doctor: one sentence, what is wrong and on whose side; the rest below it. The gravest comes
 * first. */
#include <stdarg.h>
#include <stdio.h>
#include "internal.h"
#include "readback/text.h"

#define ONE_WAY_MS 600000 /* a call so long ago is a line that is open */
#define CLOCK_FAR_MS 60000
#define CLOCK_SEEN_MS 86400000u /* what was seen of a clock longer ago is not spoken of */

struct diagnosis {
    struct rb_req *rq;
    json_t *problems;
    size_t peers, up;
    size_t called;  /* have called us lately: we can be reached */
    size_t answers; /* of those that are not up: something answers there all the same */
    char handle[RB_MAX_HANDLE + 1];
};
/* side: "here", "there", "between", "none" */
static void found(struct diagnosis *d, const char *code, const char *side, const char *hint,
                  const char *fmt, ...) __attribute__((format(printf, 5, 6)));
static void found(struct diagnosis *d, const char *code, const char *side, const char *hint,
                  const char *fmt, ...) {
    char buf[768];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    json_t *o = json_object();
    rb_j_put(o, "code", json_string(code));
    rb_j_put(o, "side", json_string(side));
    rb_j_put(o, "sentence", json_string(buf));
    rb_j_put(o, "hint", hint ? json_string(hint) : json_null());
    json_array_append_new(d->problems, o);
}
static const char *handle(struct diagnosis *d, struct rb_slice h) {
    struct rb_writer w = rb_writer(d->handle, sizeof d->handle);
    rb_put_slice(&w, h);
    return rb_writer_z(&w);
}
static const char *title(const struct rb_chan *c, char buf[RB_MAX_NAME + 1]) {
    struct rb_writer w = rb_writer(buf, RB_MAX_NAME + 1);
    rb_put_slice(&w, c->charter->title);
    return rb_writer_z(&w);
}
static const char *since(int64_t utc_ms, char buf[40]) {
    struct rb_writer w = rb_writer(buf, 40);
    rb_put_rfc3339(&w, utc_ms);
    return rb_writer_z(&w);
}

static void look_self(struct diagnosis *d) {
    const struct rb_card *card = rb_node_card(d->rq->node);
    if (card == NULL)
        found(d, "no-card", "here", "run `readback init`",
              "This node has no card, so nobody can know it.");
    if (rb_node_peers(d->rq->node) == 0)
        found(d, "no-peers", "here", "exchange cards and run `readback accredit CARDFILE`",
              "No other party is accredited here yet, so there is nobody to speak to.");
}

static void look_waiting(struct diagnosis *d, struct rb_chan *c) {
    char t[RB_MAX_NAME + 1];
    if (c->v.waiting)
        found(d, "waiting", "here",
              "records are kept and go out by themselves once this has passed",
              "Records of ours in \"%s\" wait unsigned here: %s.", title(c, t), c->v.waiting);
    for (size_t i = 0; i < c->v.book->feeds_n; i++) {
        const struct rb_feed *f = c->v.book->feeds[i];
        if (!f->frozen || f->branch > 0) continue;
        bool ours = f->member == c->v.own_member;
        found(
            d, "fork", ours ? "here" : "there",
            ours
                ? "`readback forks --save DIR` keeps the evidence; open a new epoch with a new "
                  "log key to go on, and say by phone how it came to this"
                : "`readback forks --save DIR` keeps the evidence for others to check; ask them by "
                  "phone how it came to this. They go on in a new epoch",
            "The log key of %s signed two different histories of its feed in \"%s\": that feed is "
            "frozen. What was said on either stays said; what moved the state beyond their common "
            "part is contested.",
            ours ? "this node" : handle(d, rb_chan_handle(c, f->member)), title(c, t));
    }
}

/* A relay between is neither side's fault, and what it says is no party's word. */
static bool look_relay_way(struct diagnosis *d, const char *who, const char *what) {
    if (strcmp(what, "relay not reached") == 0)
        found(d, "relay-not-reached", "between",
              "what we say is kept and goes out by itself; ask who runs the relay whether it does",
              "The relay by which %s can be called is not reached from here.", who);
    else if (strcmp(what, "not at the relay") == 0)
        found(d, "not-at-relay", "between",
              "their node may be off, or the relay may not list them; ask them by phone",
              "The relay by which %s can be called says that nobody by that name waits there.",
              who);
    else if (strcmp(what, "relay refused") == 0)
        found(d, "relay-refused", "between", "it is tried again by itself; the relay may be busy",
              "The relay by which %s can be called did not join us.", who);
    else
        return false;
    return true;
}

/* Where nobody of ours waits, nobody can call. */
static void look_relays(struct diagnosis *d, const json_t *facts) {
    const json_t *relays = json_object_get(json_object_get(facts, "link"), "relays"), *r = NULL;
    size_t i = 0;
    json_array_foreach(relays, i, r) {
        const char *at = json_string_value(json_object_get(r, "relay"));
        const char *what = json_string_value(json_object_get(r, "outcome"));
        if (at == NULL || what == NULL || what[0] == '\0' ||
            json_integer_value(json_object_get(r, "waiting")) > 0)
            continue;
        bool listed = strcmp(what, "not listed at the relay") != 0;
        found(d, "relay-of-ours", listed ? "between" : "here",
              listed ? "it is tried again by itself; ask who runs the relay whether it does"
                     : "give who runs the relay the line that `readback card` shows; after a "
                       "change of the TLS key the new one",
              "Others cannot call us by the relay %s: %s.", at, what);
    }
}

static bool called_lately(const struct diagnosis *d, const struct rb_peer_view *p) {
    return p->last_call_utc_ms != 0 && p->last_call_utc_ms > d->rq->now.utc_ms - ONE_WAY_MS;
}

/* Somebody was there and did not take us, or is not who the card says. */
static bool look_keys(struct diagnosis *d, const struct rb_peer_view *p, const char *who,
                      const char *what) {
    if (strcmp(what, "key not pinned") == 0) {
        found(d, "pin", "there",
              called_lately(d, p)
                  ? "they call us with the right key, so the address on their card may not be "
                    "theirs any more: ask them by phone"
                  : "compare the fingerprint by phone; a changed key comes with a new card of "
                    "theirs",
              "At the address of %s answers somebody with another key than their card has.", who);
        return true;
    }
    if (strcmp(what, "our key not accepted") == 0) {
        found(d, "unknown-to-them", "there",
              "give them our card: they accredit it, then we are known",
              "%s does not accept our key: they have no card of ours, or an older one.", who);
        return true;
    }
    return false;
}

/* What the last outcome alone tells. An outage is nobody's fault until somebody has looked. */
static bool look_why(struct diagnosis *d, const struct rb_peer_view *p, const char *what) {
    char t[40];
    const char *who = handle(d, p->card->handle);
    if (look_relay_way(d, who, what) || look_keys(d, p, who, what)) return true;
    if (p->card->addresses_n == 0 || !called_lately(d, p)) return false;
    found(d, "one-way", "between",
          "what they say still comes; ask them whether their address and port are open",
          "%s calls us (last at %s) and cannot be called (%s): the line is open one way.", who,
          since(p->last_call_utc_ms, t), what);
    return true;
}

/* It has no address: that it does not call is all there is to see. */
static void look_caller(struct diagnosis *d, const struct rb_peer_view *p) {
    char t[40];
    const struct rb_card *own = rb_node_card(d->rq->node);
    const char *side = d->called > 0 ? "there" : "between";
    const char *hint =
        "ask them by phone whether their node runs; what we say is kept, and is there "
        "when it calls";
    if (own == NULL || own->addresses_n == 0) return; /* nor can it call us; see look_paths */
    if (p->last_ok_utc_ms != 0)
        found(d, "not-heard", side, hint, "%s only calls us, and was not heard from since %s%s.",
              handle(d, p->card->handle), since(p->last_ok_utc_ms, t),
              d->called > 0 ? "; others call us" : "");
    else if (d->rq->now.utc_ms - p->link_since_utc_ms >= RB_QUIET_MS)
        found(d, "not-heard", side, hint,
              "%s only calls us, and has not called since this node started%s.",
              handle(d, p->card->handle), d->called > 0 ? "; others call us" : "");
}

/* Cards name our address, others can be reached from here, and nobody calls. */
static void look_outside(struct diagnosis *d) {
    struct rb_peer_view p;
    const struct rb_card *own = rb_node_card(d->rq->node);
    size_t up = 0, called = 0;
    for (size_t i = 0; i < rb_node_peers(d->rq->node); i++) {
        if (!rb_node_peer(d->rq->node, i, &p)) continue;
        up += p.link == RB_LINK_UP && p.card->addresses_n > 0;
        called += p.last_call_utc_ms != 0;
    }
    if (!own || own->addresses_n == 0 || called > 0 || up < 2) return;
    found(d, "not-called", "here",
          "if records of others come late, ask one of them to call our address and port",
          "%zu parties answer us and none has called us since this node started: our address may "
          "not be "
          "reachable from outside.",
          up);
}

static const char *outcome(const struct rb_peer_view *p) {
    return p->last_outcome ? p->last_outcome : "no try has ended yet";
}

/* `last`: of one that is not up */
static void count_links(struct diagnosis *d, struct rb_peer_view *last) {
    struct rb_peer_view p;
    for (size_t i = 0; i < rb_node_peers(d->rq->node); i++) {
        if (!rb_node_peer(d->rq->node, i, &p)) continue;
        d->peers++;
        d->called += called_lately(d, &p);
        if (p.link == RB_LINK_UP) {
            d->up++;
            continue;
        }
        d->answers += called_lately(d, &p) || strcmp(outcome(&p), "key not pinned") == 0 ||
                      strcmp(outcome(&p), "our key not accepted") == 0;
        *last = p;
    }
}

static void look_link(struct diagnosis *d, const struct rb_peer_view *p) {
    char t[40];
    const bool others = d->up + d->answers > 0;
    const char *side = others ? "there" : "between", *what = outcome(p);
    if (p->card->addresses_n == 0) {
        look_caller(d, p);
        return;
    }
    if (look_why(d, p, what)) return;
    if (p->link == RB_LINK_NEVER || p->last_ok_utc_ms == 0)
        found(d, "link-never", side,
              "ask them by phone whether their node runs and the address is right",
              "%s has not been reached since this node started (%s).", handle(d, p->card->handle),
              what);
    else
        found(d, "link-down", side, "ask them by phone; what we say is kept and goes out by itself",
              "%s has not been reachable since %s (%s)%s.", handle(d, p->card->handle),
              since(p->link_since_utc_ms, t), what,
              others ? ", others are: their side or the way there" : "");
}

static void look_links(struct diagnosis *d) {
    struct rb_peer_view p, last = {0};
    count_links(d, &last);
    if (d->peers > 1 && d->up + d->answers == 0) {
        found(d, "all-down", "here", "check this machine's own network first",
              "None of the %zu parties known here answers (last: %s): most likely our own line is "
              "down.",
              d->peers, last.last_outcome ? last.last_outcome : "never tried");
        return;
    }
    for (size_t i = 0; i < rb_node_peers(d->rq->node); i++)
        if (rb_node_peer(d->rq->node, i, &p) && p.link != RB_LINK_UP && p.card != NULL)
            look_link(d, &p);
}

/* ---- clocks and the disk ------------------------------------------------------------------------
 */
struct clocks { /* members whose clock is far from ours, as their cosignatures show */
    size_t seen, far, ahead;
    int64_t least_ms; /* by so much at least, the nearest of them */
    struct rb_peer_view one;
};

static void count_clock(const struct diagnosis *d, const struct rb_peer_view *p, struct clocks *c) {
    if (!p->clock_known || d->rq->now.mono_ms - p->clock_seen_mono_ms > CLOCK_SEEN_MS) return;
    const int64_t by = p->clock_least_ms > 0   ? p->clock_least_ms
                       : -p->clock_most_ms > 0 ? -p->clock_most_ms
                                               : 0;
    c->seen++;
    if (by < CLOCK_FAR_MS) return;
    if (c->far++ == 0 || by < c->least_ms) c->least_ms = by;
    c->ahead += p->clock_least_ms > 0;
    c->one = *p;
}

static const char *span(int64_t ms, char buf[40]) {
    const long long s = (long long)(ms / 1000);
    if (s < 7200)
        snprintf(buf, 40, "%lld min", s / 60);
    else if (s < 172800)
        snprintf(buf, 40, "%lld h", s / 3600);
    else
        snprintf(buf, 40, "%lld days", s / 86400);
    return buf;
}

/* Which of the two is right is not known here, and is not said. */
static void look_clocks(struct diagnosis *d) {
    struct rb_peer_view p;
    struct clocks c = {0};
    char by[40], theirs[40], ours[40];
    for (size_t i = 0; i < rb_node_peers(d->rq->node); i++)
        if (rb_node_peer(d->rq->node, i, &p) && p.card != NULL) count_clock(d, &p, &c);
    if (c.far == 0) return;
    const bool ahead = c.one.clock_least_ms > 0; /* dated after it came, or before it was signed */
    found(
        d, "clock", "between",
        "compare this machine's clock with one that you trust (`date -u`), and ask them to do the "
        "same",
        "The clocks of %zu of %zu parties that cosigned lately and ours differ by %s or more "
        "(theirs %s): ours is wrong, or theirs %s. %s dated %s what %s here at %s by ours.",
        c.far, c.seen, span(c.least_ms, by),
        c.ahead == c.far ? "ahead"
        : c.ahead == 0   ? "behind"
                         : "some ahead, some behind",
        c.far == 1 ? "is" : "are", handle(d, c.one.card->handle),
        since(c.one.clock_their_utc_ms, theirs), ahead ? "came" : "was signed",
        since(ahead ? c.one.clock_our_utc_ms : c.one.clock_their_utc_ms + 999 - c.one.clock_most_ms,
              ours));
}

static void look_disk(struct diagnosis *d, const json_t *facts) {
    const json_t *disk = json_object_get(facts, "disk");
    const json_int_t left = json_integer_value(json_object_get(disk, "free"));
    const json_int_t least = json_integer_value(json_object_get(disk, "warning"));
    if (disk == NULL || left >= least) return;
    found(d, "disk", "here",
          "make room, or move the home; what cannot be stored is neither logged nor cosigned",
          "The disk of this node's home is nearly full: %lld MB are free, less than the %lld MB of "
          "the setting disk-warning.",
          (long long)left / 1000000, (long long)least / 1000000);
}

static bool callable(struct rb_chan *c, uint16_t member) {
    const struct rb_book_member *m = rb_book_member(c->v.book, member);
    return m && m->card && m->card->addresses_n > 0;
}
/* Two that only connect outwards need a member between them. */
static void look_paths(struct diagnosis *d, struct rb_chan *c) {
    char t[RB_MAX_NAME + 1];
    bool between = false;
    for (size_t i = 0; i < c->charter->members_n; i++)
        between |= callable(c, c->charter->members[i].index);
    const struct rb_card *own = rb_node_card(d->rq->node);
    if (between || own == NULL || own->addresses_n > 0 || c->charter->members_n < 2) return;
    found(d, "no-path", "between", "one member needs an address that others can call, or a relay",
          "In \"%s\" no member has an address that can be called, neither we nor the others: "
          "nothing can pass.",
          title(c, t));
}

static void look_charter(struct diagnosis *d, struct rb_chan *c) {
    char t[RB_MAX_NAME + 1], at[40];
    title(c, t);
    if (c->v.state == RB_OWN_INVITED) {
        found(d, "invited", "here", "`readback channel show`, then `readback channel accept`",
              "We are invited to \"%s\" and have not answered.", t);
        return;
    }
    if (c->s->charter_state == RB_CHARTER_UNKNOWN_RULES)
        found(d, "rules", "here", "a newer version of this software is needed",
              "The rules version of \"%s\" is not known to this version.", t);
    if (c->s->charter_state == RB_CHARTER_LAPSED || c->s->charter_state == RB_CHARTER_REJECTED)
        found(d, "not-in-force", "none", "propose a new channel", "The charter of \"%s\" is %s.", t,
              rb_charter_state_name(c->s->charter_state));
    if (c->s->charter_state != RB_CHARTER_PROPOSED) return;
    for (size_t i = 0; i < c->s->members_n; i++) {
        const struct rb_sit_member *m = &c->s->members[i];
        if (m->accepted || !(c->charter->accept_members >> m->index & 1)) continue;
        found(d, "acceptance", m->index == c->v.own_member ? "here" : "there", NULL,
              "\"%s\" is not in force: %s has not accepted yet (until %s).", t,
              handle(d, rb_chan_handle(c, m->index)), since(c->charter->accept_by_utc_ms, at));
    }
}

static void look_dues(struct diagnosis *d, struct rb_chan *c) {
    char t[RB_MAX_NAME + 1], at[40];
    for (size_t i = 0; i < c->s->dues_n; i++) {
        const struct rb_sit_due *x = &c->s->dues[i];
        bool ours = x->member == c->v.own_member;
        if (x->state != RB_DUE_MISSED || x->answer != RB_NOWHERE) continue;
        if (ours)
            found(d, "due", "here", "`readback inbox` shows what is owed",
                  "We owe an answer in \"%s\" that was due at %s.", title(c, t),
                  since(x->due_utc_ms, at));
        else
            found(d, "due", "there", NULL,
                  "%s has not given an answer in \"%s\" that was due at %s.",
                  handle(d, rb_chan_handle(c, x->member)), title(c, t), since(x->due_utc_ms, at));
    }
    for (size_t i = 0; i < c->s->members_n; i++) {
        const struct rb_sit_member *m = &c->s->members[i];
        if (m->tests_missed == 0 || m->left || m->index == c->v.own_member) continue;
        found(d, "tests", "there", NULL, "%s has missed %u line tests in \"%s\".",
              handle(d, rb_chan_handle(c, m->index)), m->tests_missed, title(c, t));
    }
}

/* whom the outbox waits for */
static void look_held_up(struct diagnosis *d, struct rb_chan *c) {
    char t[RB_MAX_NAME + 1];
    if (!c->v.held_up || c->v.outbox_n == 0) return;
    found(d, "held-up", "between",
          "FLASH goes by them; one is logged every few seconds in any case",
          "%zu records of ours in \"%s\" wait here until %s has taken those before: the line to it "
          "is slow.",
          c->v.outbox_n, title(c, t), handle(d, rb_chan_handle(c, c->v.held_up_by)));
}

/* the first record of ours that no other member is known to hold */
static void look_unheld(struct diagnosis *d, struct rb_chan *c) {
    char t[RB_MAX_NAME + 1];
    uint64_t held = 0, time_s = 0;
    if (c->v.own_feed == NULL || c->v.own_feed->facts_n == 0 || c->charter->members_n < 2) return;
    for (size_t i = 0; i < c->s->members_n; i++) {
        uint64_t n = rb_node_cosigned(d->rq->node, c->v.id, c->s->members[i].index, &time_s);
        if (n > held && c->s->members[i].index != c->v.own_member) held = n;
    }
    if (held >= c->v.own_feed->facts_n) return;
    found(d, "unheld", "between", "`readback who-holds` shows which",
          "%llu of our records in \"%s\" are not known to be held by anybody else yet.",
          (unsigned long long)(c->v.own_feed->facts_n - held), title(c, t));
}

/* ---- bodies of closed records: counted by author, never looked into
 * --------------------------------
 */
struct bodies {
    size_t missing, bad;
    const char *why_missing, *why_bad;
};
static void count_bodies(struct rb_chan *c, struct bodies by[RB_MAX_MEMBERS]) {
    for (uint32_t i = 0; i < c->s->order_n; i++) {
        struct rb_body_view b;
        uint32_t leaf = 0;
        if (!rb_situation_fact(c->s, i)->closed) continue;
        uint16_t author = rb_situation_author(c->s, i);
        const struct rb_feed *f = rb_chan_feed(c, i, &leaf);
        struct rb_feed_ref at = rb_feed_ref_of(c, f);
        if (f->branch > 0 || author >= RB_MAX_MEMBERS || !rb_node_body(c->rq->node, &at, leaf, &b))
            continue;
        if (b.state == RB_BODY_MISSING && by[author].missing++ == 0)
            by[author].why_missing = b.why ? b.why : "it has not arrived yet";
        if (b.state == RB_BODY_BAD && by[author].bad++ == 0)
            by[author].why_bad = b.why ? b.why : "it is not what the leaf says";
    }
}
static bool link_up(const struct rb_chan *c, uint16_t member) {
    struct rb_peer_view p;
    const struct rb_book_member *m = rb_book_member(c->v.book, member);
    for (size_t i = 0; m && i < rb_node_peers(c->rq->node); i++)
        if (rb_node_peer(c->rq->node, i, &p) && rb_hash_eq(&p.party, &m->party))
            return p.link == RB_LINK_UP;
    return false;
}
static void look_bodies(struct diagnosis *d, struct rb_chan *c) {
    char t[RB_MAX_NAME + 1];
    struct bodies by[RB_MAX_MEMBERS] = {{0}};
    if (c->v.bodies_missing == 0) return;
    count_bodies(c, by);
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++) {
        bool ours = m == c->v.own_member;
        const char *who = ours ? "this node" : handle(d, rb_chan_handle(c, m));
        if (by[m].missing)
            found(d, "bodies",
                  ours            ? "here"
                  : link_up(c, m) ? "there"
                                  : "between",
                  "they are asked for again by themselves; `readback log` shows which",
                  "%zu closed bod%s from %s for us in \"%s\" %s not here (%s).", by[m].missing,
                  by[m].missing == 1 ? "y" : "ies", who, title(c, t),
                  by[m].missing == 1 ? "is" : "are", by[m].why_missing);
        if (by[m].bad)
            found(d, "bad-bodies", ours ? "here" : "there",
                  "tell them by phone: they must say it anew",
                  "%zu closed bod%s from %s in \"%s\" cannot be used (%s).", by[m].bad,
                  by[m].bad == 1 ? "y" : "ies", who, title(c, t), by[m].why_bad);
    }
}
static void look_store(struct diagnosis *d, const json_t *facts) {
    if (rb_age_locked(d->rq))
        found(d, "sealed", "here", "run `readback unlock`",
              "The age key is sealed: closed records for us wait unread, and nothing is said about "
              "their bodies.");
    if (json_is_true(json_object_get(facts, "purge_unfinished")))
        found(d, "purge-unfinished", "here",
              "end the program that reads the database; the rest is done by itself",
              "What was purged last may still stand in the database's write-ahead log: another "
              "program reads the database.");
}

static void look_channel(struct diagnosis *d, struct rb_chan *c, unsigned pass) {
    if (pass == 0) look_waiting(d, c);
    if (pass == 1) look_paths(d, c);
    if (pass == 2) {
        look_charter(d, c);
        look_dues(d, c);
        look_bodies(d, c);
        look_unheld(d, c);
        look_held_up(d, c);
    }
}
static void look_channels(struct diagnosis *d, unsigned pass) {
    for (size_t i = 0; i < rb_node_channels(d->rq->node); i++) {
        struct rb_channel_view v;
        struct rb_chan c;
        uint8_t id[RB_CHANNEL_LEN];
        if (!rb_node_channel(d->rq->node, i, &v)) continue;
        memcpy(id, v.id, sizeof id);
        if (rb_chan_look(d->rq, id, &c) == RB_OK) look_channel(d, &c, pass);
    }
}

void rb_get_doctor(struct rb_req *rq) {
    struct diagnosis d = {.rq = rq, .problems = json_array()};
    json_t *o = json_object(), *facts = json_object();
    if (rq->api->host.describe) rq->api->host.describe(rq->api->host.ctx, facts);
    look_self(&d);
    look_store(&d, facts);
    look_disk(&d, facts);
    look_channels(&d, 0);
    look_relays(&d, facts);
    look_links(&d);
    look_outside(&d);
    look_clocks(&d);
    look_channels(&d, 1);
    look_channels(&d, 2);
    size_t drafts = rb_node_drafts(rq->node);
    if (drafts > 0)
        found(&d, "drafts", "here", "`readback drafts` shows them, `readback sign` signs",
              "%zu draft%s for a second officer here.", drafts, drafts == 1 ? " waits" : "s wait");
    const json_t *first = json_array_get(d.problems, 0);
    char none[160];
    snprintf(none, sizeof none,
             "Nothing found that is wrong; %zu of %zu parties known here answer.", d.up, d.peers);
    rb_j_put(facts, "peers", json_integer((json_int_t)d.peers));
    rb_j_put(facts, "peers_up", json_integer((json_int_t)d.up));
    rb_j_put(facts, "channels", json_integer((json_int_t)rb_node_channels(rq->node)));
    rb_j_put(facts, "drafts", json_integer((json_int_t)drafts));
    rb_j_put(o, "sentence",
             first ? json_incref(json_object_get(first, "sentence")) : json_string(none));
    rb_j_put(o, "side", first ? json_incref(json_object_get(first, "side")) : json_string("none"));
    rb_j_put(o, "now", rb_j_time(rq->now.utc_ms));
    rb_j_put(o, "facts", facts);
    rb_j_put(o, "problems", d.problems);
    rb_reply(rq, 200, o);
}
