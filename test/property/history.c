/* Random histories: who says what, having seen what, closed to whom, signed by whom; lies, circles,
 * forks. What needs more words has a file of its own: history_beside.c, history_ballot.c,
 * history_truce.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "history.h"

struct hist hist;

/* any history of any feed; it is the one spoken of from now on */
struct fx_feed *hist_any_feed(struct fx *w) {
    struct fx_feed *f = w->feed[below(w->feeds_n)];
    fx_turn(w, f);
    return f;
}
bool hist_one_feed(const struct fx_feed *a, const struct fx_feed *b) {
    return a->member == b->member && a->epoch == b->epoch;
}
const struct rb_hash *hist_any_id(struct fx *w) {
    struct fx_feed *f = hist_any_feed(w);
    if (one_in(3)) return &w->charter_id;
    return &f->id[below(f->n)];
}

/* the closed record that was said under this id; false: none was */
static bool closed_record(struct fx *w, const struct rb_hash *id, uint16_t *author,
                          struct rb_record *rec) {
    for (size_t i = 0; i < w->feeds_n; i++)
        for (size_t k = 0; k < w->feed[i]->n; k++) {
            if (w->feed[i]->head[k].n == 0 || !rb_hash_eq(&w->feed[i]->id[k], id)) continue;
            *author = w->feed[i]->member;
            return rb_record_decode(w->feed[i]->leaf[k], rec, NULL) == RB_OK;
        }
    return false;
}

/* of a closed record, if some tries meet one */
static const struct rb_hash *closed_id(struct fx *w) {
    for (int tries = 0; tries < 12; tries++) {
        const struct fx_feed *f = hist_any_feed(w);
        size_t k = below(f->n);
        if (f->head[k].n > 0) return &f->id[k];
    }
    return hist_any_id(w);
}

/* of a record of that kind, if some tries meet one */
const struct rb_hash *hist_kind_id(struct fx *w, enum rb_kind kind) {
    for (int tries = 0; tries < 16; tries++) {
        const struct fx_feed *f = hist_any_feed(w);
        size_t k = below(f->n);
        struct rb_record rec;
        if (rb_record_decode(f->leaf[k], &rec, NULL) == RB_OK && rec.kind == kind) return &f->id[k];
    }
    return hist_any_id(w);
}

const struct rb_hash *hist_own_id(struct fx *w, uint16_t author) {
    struct fx_feed *f = fx_feed_of(w, author, 0);
    return &f->id[below(f->n)];
}

/* a position that is a query, or may be one, if some tries meet one */
static const struct rb_hash *query_id(struct fx *w) {
    for (int tries = 0; tries < 24; tries++) {
        const struct fx_feed *f = hist_any_feed(w);
        size_t k = below(f->n);
        struct rb_record rec;
        struct rb_position p;
        if (rb_record_decode(f->leaf[k], &rec, NULL) != RB_OK || rec.kind != RB_KIND_POSITION)
            continue;
        if (rec.closed ||
            (rb_position_decode(rec.body, &p, NULL) == RB_OK && p.type == RB_POSITION_QUERY))
            return &f->id[k];
    }
    return hist_any_id(w);
}

/* a record of the kind, if some tries meet one; a later one rather than an earlier */
const struct rb_hash *hist_late_id(struct fx *w, enum rb_kind kind) {
    for (int tries = 0; tries < 24; tries++) {
        const struct fx_feed *f = hist_any_feed(w);
        size_t k = f->n - 1 - below(f->n < 12 ? f->n : 12);
        struct rb_record rec;
        if (rb_record_decode(f->leaf[k], &rec, NULL) == RB_OK && rec.kind == kind) return &f->id[k];
    }
    return hist_any_id(w);
}

void hist_random_rule(struct rb_charter *c) {
    c->rule = one_in(3) ? RB_RULE_ALL : (enum rb_rule_type)below(5);
    c->quorum = 0;
    c->veto = 0;
    c->silence_ms = 0;
    if (c->rule == RB_RULE_QUORUM || c->rule == RB_RULE_QUORUM_VETO)
        c->quorum = (uint16_t)(1 + below(c->members_n));
    if (c->rule == RB_RULE_QUORUM_VETO) c->veto = 1 + below((1ull << c->members_n) - 1);
    if (c->rule == RB_RULE_SILENCE) c->silence_ms = 1000 + (int64_t)below(3) * 2000;
}

static void random_monitors(struct rb_charter *c) {
    for (size_t i = 0; i < c->members_n; i++)
        if (one_in(2)) c->members[i].role = RB_ROLE_MONITOR;
}

void hist_random_charter(struct fx *w) {
    struct rb_charter *c = &w->charter;
    random_monitors(c);
    static const char *sides[] = {"", "north", "south"};
    for (size_t i = 0; i < c->members_n; i++)
        c->members[i].affiliation = rb_str(sides[below(3)]);
    for (size_t i = 0; i < c->members_n; i++)
        if (one_in(4)) c->members[i].role = (enum rb_role)below(5);
    hist_random_rule(c);
    c->accept_by_utc_ms = FX_START_MS + (int64_t)below(60) * 1000;
    if (one_in(4)) c->accept_by_utc_ms = FX_START_MS + 3600000;
    if (one_in(3)) c->accept_members = 1 + below((1ull << c->members_n) - 1);
    c->has_timekeeper = one_in(4);
    c->timekeeper = (uint16_t)below(c->members_n);
    if (one_in(3) && c->members_n > 2) {
        c->groups_n = 1;
        c->groups[0] = (struct rb_group){rb_str("coalition"), 1, 6};
    }
    if (one_in(2)) c->answer_ms[RB_FLASH] = 10000;
    if (one_in(2)) c->answer_ms[RB_IMMEDIATE] = 30000;
    if (one_in(2)) {
        c->test_interval_s = 10;
        c->test_grace_s = 2;
    }
    if (one_in(4)) {
        c->policies_n = 1;
        c->policies[0] = (struct rb_kind_policy){
            .kind = RB_KIND_STATEMENT, .two_officers = one_in(2), .closed = one_in(2)};
    }
    if (one_in(8)) {
        c->policies_n = 1;
        c->policies[0] = (struct rb_kind_policy){
            .kind = RB_KIND_POSITION, .two_officers = one_in(2), .closed = one_in(2)};
    }
    if (one_in(30)) c->rules_version = 2;
}

static bool all_seen(struct fx *w, struct rb_record *r, const struct fx_feed *own) {
    for (size_t i = 0; i < w->feeds_n; i++)
        if (!w->feed[i]->aside && !hist_one_feed(w->feed[i], own))
            fx_see(w, r, w->feed[i]->member, w->feed[i]->epoch, w->feed[i]->n);
    return false;
}

/* what the author says it has seen: the truth, more than there is, a wrong digest; and, taken for
 * good, leaves that are still to come */
static bool random_seen(struct fx *w, struct rb_record *r, const struct fx_feed *own) {
    if (hist.beside_dense && !one_in(8)) return all_seen(w, r, own);
    bool force = hist.forced_n < HIST_FORCED && one_in(6);
    for (size_t i = 0; i < w->feeds_n; i++) {
        const struct fx_feed *f = w->feed[i];
        if (f->aside || one_in(2)) continue;
        uint64_t size = 1 + below(f->n);
        if (one_in(2)) size = f->n;
        if (force || one_in(12)) size = f->n + below(3);
        if (hist_one_feed(f, own) && !one_in(6)) continue;
        fx_see(w, r, f->member, f->epoch, size);
    }
    if (r->seen_n > 0 && one_in(10)) r->seen_digest[0] ^= 1;
    return force && r->seen_n > 0;
}

/* says of a feed what it likes: sizes beyond it, leaves that are there as missing, readers or not
 */
static struct rb_receipt_bodies random_bodies(const struct fx_feed *f, uint8_t list[32]) {
    uint64_t size = one_in(3) ? 1 + below(f->n + 6) : f->n;
    struct rb_writer o = rb_writer(list, 32);
    uint8_t missing[8];
    size_t n = 0;
    for (uint8_t leaf = 0; leaf < size && leaf < 200 && n < 8; leaf++)
        if (one_in(6)) missing[n++] = leaf;
    rb_cbor_put_array(&o, n);
    for (size_t i = 0; i < n; i++)
        rb_cbor_put_uint(&o, missing[i]);
    assert_false(o.over);
    return (struct rb_receipt_bodies){f->member, f->epoch, size, rb_written(&o)};
}

struct rb_record hist_random_receipt(struct fx *w) {
    struct rb_receipt_cosig c[3];
    struct rb_receipt_bodies b[2];
    uint8_t list[2][32];
    struct rb_receipt receipt = {.cosigs_n = 1 + below(3), .cosigs = c, .bodies = b};
    for (size_t i = 0; i < receipt.cosigs_n; i++) {
        const struct fx_feed *f = hist_any_feed(w);
        uint64_t t = (uint64_t)w->clock_ms / 1000 + below(20) - 5;
        c[i] = fx_cosign(w, f->member, f->epoch, 1 + below(f->n), (uint16_t)below(w->parties_n), t);
        if (one_in(8)) c[i].sig[5] ^= 1;
        if (one_in(12)) c[i].time_s++;
        if (one_in(12)) c[i].size++;
    }
    const struct fx_feed *f = hist_any_feed(w), *g = hist_any_feed(w);
    b[0] = random_bodies(f, list[0]);
    b[1] = random_bodies(g, list[1]);
    receipt.bodies_n = one_in(3) ? 0 : hist_one_feed(f, g) ? 1 : 2;
    return fx_receipt(w, &receipt);
}

struct rb_record hist_random_revocation(struct fx *w, uint16_t party) {
    const struct fx_feed *f = hist_any_feed(w);
    struct fx_party *p = &w->party[party];
    struct rb_revocation v = {.party = p->party.pub,
                              .reason = rb_str("lost"),
                              .issued_utc_ms = FX_START_MS,
                              .stood_n = 1};
    static const enum rb_key_role roles[] = {RB_KEY_OFFICER, RB_KEY_NODE, RB_KEY_MIRROR};
    v.role = roles[below(3)];
    v.key = v.role == RB_KEY_OFFICER ? p->officer[1].pub
            : v.role == RB_KEY_NODE  ? p->node.pub
                                     : p->mirror.pub;
    v.stood[0] = (struct rb_stood_by){rb_slice(f->origin, f->origin_n), below(f->n + 2)};
    uint8_t buf[2048];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    rb_revocation_encode(&v, &o);
    return fx_carried(w, RB_KIND_REVOCATION, fx_statement(w, p, rb_written(&o)));
}

/* a new card, often with another mirror key: receipts seen before it must be looked at again */
static struct rb_record random_card(struct fx *w, uint16_t party) {
    uint8_t seed[RB_SEED_LEN] = {0x4d, (uint8_t)party, (uint8_t)below(4)};
    if (one_in(2)) rb_ed25519_from_seed(seed, &w->party[party].mirror);
    return fx_carried(w, RB_KIND_CARD, fx_card(w, party));
}

struct rb_record hist_random_record(struct fx *w, uint16_t author) {
    if (one_in(hist.beside_chance) && !(hist.beside_dense && one_in(4)))
        return hist_random_beside(w);
    if (hist.beside_dense && one_in(2)) return hist_random_receipt(w);
    switch (below(16)) {
    case 0:
    case 1:
        return hist_random_receipt(w);
    case 2:
        return fx_membership(w, (enum rb_membership_action)below(one_in(4) ? 3 : 2));
    case 3:
        if (one_in(3)) return hist_random_attached(w);
        return one_in(4) ? fx_record(w, RB_KIND_NIL) : hist_random_amendment(w);
    case 4:
        return fx_test(w, w->clock_ms / 10000 * 10000);
    case 5:
        return fx_record(w, RB_KIND_SILENCE);
    case 6:
        return one_in(3) ? fx_stop_fire(w, (int64_t)below(20000)) : hist_random_text(w);
    case 7:
        if (one_in(2)) return fx_purge(w, closed_id(w));
        return one_in(2) ? fx_record(w, RB_KIND_SERVICE) : random_card(w, author);
    case 8:
        return fx_notice(w, (enum rb_notice_class)below(RB_NOTICE_CLASSES));
    case 9:
        return one_in(3) ? hist_random_revocation(w, author) : fx_record(w, RB_KIND_STATEMENT);
    case 10:
        return fx_record(w, RB_KIND_STATEMENT);
    case 11:
        if (one_in(2)) return fx_position(w, query_id(w), RB_POSITION_CONFIRM);
        return fx_position(w, one_in(2) ? hist_own_id(w, author) : hist_any_id(w),
                           RB_POSITION_QUERY);
    case 12:
        return one_in(4) ? fx_position(w, hist_any_id(w), RB_POSITION_ACCEPT)
                         : hist_random_vote(w, author);
    default:
        if (one_in(4))
            return fx_position(w, hist_kind_id(w, RB_KIND_STOP_FIRE), RB_POSITION_COMPLIED);
        return fx_position(w, one_in(2) ? closed_id(w) : hist_any_id(w),
                           (enum rb_position_type)(1 + below(RB_POSITION_MAX)));
    }
}

/* often as the rules want it, often not */
void hist_random_closing(struct fx *w, struct rb_record *r, uint16_t author) {
    struct rb_record subject;
    uint16_t asker = author;
    const uint64_t all = (1ull << w->parties_n) - 1;
    uint64_t to = 1ull << author | (one_in(2) ? all : hist_chance() & all);
    if (hist.beside_dense && !one_in(4)) return;
    bool always = r->kind == RB_KIND_ROSTER || r->kind == RB_KIND_ATTACHMENT;
    bool answer = r->kind == RB_KIND_POSITION &&
                  closed_record(w, &r->refs[RB_REF_ANSWERS].h[0], &asker, &subject);
    if (rb_kind_always_open(r->kind) || (!always && one_in(answer ? 8 : 2))) return;
    if (answer) to = (to & subject.recipients) | 1ull << author | 1ull << asker;
    if (one_in(6)) to = 1 + below(all);
    if (one_in(30)) to |= 1ull << 40;
    fx_close(r, to);
}

void hist_dress(struct fx *w, struct rb_record *r) {
    const bool stop = r->kind == RB_KIND_STOP_FIRE; /* without FLASH or demand it is none */
    if (!stop && one_in(4)) r->precedence = (enum rb_precedence)below(4);
    if (!stop && r->kind != RB_KIND_REQUEST && one_in(8)) /* what a request demands is said */
        r->demand = (struct rb_demand){true, w->clock_ms + (int64_t)below(20000),
                                       (uint16_t)(1 + below(RB_POSITION_MAX)), below(4)};
    const bool text = r->kind == RB_KIND_TEXT;
    if ((text ? one_in(3) : one_in(10)) && r->refs[RB_REF_SUPERSEDES].n == 0)
        fx_ref(r, RB_REF_SUPERSEDES, text || one_in(2) ? hist_late_id(w, r->kind) : hist_any_id(w));
    if (one_in(10)) r->emergency = rb_str("now");
    r->created_utc_ms += (int64_t)below(9) * 1000 - 4000;
}

/* the same bytes; on another history of the feed it is the same record */
void hist_copy_leaf(struct fx *w, struct fx_feed *to, const struct fx_feed *from) {
    if (from->n == 0) return;
    size_t k = below(from->n);
    fx_turn(w, to);
    fx_append(w, to->member, to->epoch, from->leaf[k]);
    if (hist_one_feed(to, from)) to->head[to->n - 1] = from->head[k];
}

/* keeps what was meant, since the digest does not say it */
static void force_later(const struct fx *w, const struct fx_feed *f, const struct rb_record *r) {
    struct hist_forced *x = &hist.forced[hist.forced_n++];
    *x = (struct hist_forced){.feed = f, .leaf = f->n, .seen_n = r->seen_n};
    for (size_t k = 0; k < r->seen_n; k++)
        for (size_t i = 0; i < w->feeds_n; i++)
            if (!w->feed[i]->aside && w->feed[i]->member == r->seen[k].member &&
                w->feed[i]->epoch == r->seen[k].epoch)
                x->seen[k] = w->feed[i];
}

static size_t histories_of(const struct fx *w, const struct fx_feed *f) {
    size_t n = 0;
    for (size_t i = 0; i < w->feeds_n; i++)
        n += hist_one_feed(w->feed[i], f);
    return n;
}

/* another history: from any leaf on, mostly a late one */
static void random_fork(struct fx *w) {
    struct fx_feed *f = hist_any_feed(w);
    if (histories_of(w, f) == 3 || w->feeds_n >= FX_FEEDS - 6) return;
    size_t back = below(f->n < 4 ? f->n : 4);
    f = fx_fork(w, f, one_in(4) ? below(f->n + 1) : f->n - back);
    if (f->n == 0) fx_append(w, f->member, f->epoch, rb_str("another start"));
}

void hist_random_step(struct fx *w) {
    if (one_in(hist.fork_chance)) random_fork(w);
    struct fx_feed *f = hist_any_feed(w);
    if (one_in(40)) {
        fx_append(w, f->member, f->epoch, rb_str("not a record"));
        return;
    }
    if (one_in(40)) {
        hist_copy_leaf(w, f, hist_any_feed(w));
        return;
    }
    if (hist.fork_chance < 100 && one_in(4) && histories_of(w, f) > 1) { /* on both */
        struct fx_feed *from = hist_any_feed(w);
        if (hist_one_feed(from, f) && from != f) {
            hist_copy_leaf(w, f, from);
            return;
        }
    }
    if (one_in(40) && fx_feed_of(w, f->member, 1) == NULL) {
        fx_open(w, f->member, 1);
        return;
    }
    struct rb_record r = hist_random_record(w, f->member);
    hist_dress(w, &r);
    hist_random_closing(w, &r, f->member);
    fx_turn(w, f);
    bool force = (hist.beside_dense || !one_in(3)) && random_seen(w, &r, f);
    enum fx_sign how = rb_kind_is_machine(r.kind) ? FX_NODE : FX_OFFICER;
    if (one_in(5)) how = FX_BOTH;
    if (one_in(hist.beside_dense ? 60 : 20)) how = (enum fx_sign)below(6);
    if (force) force_later(w, f, &r);
    fx_say_as(w, f->member, f->epoch, &r, how);
    const bool asks = r.kind == RB_KIND_AMENDMENT || r.kind == RB_KIND_TEXT;
    if (f->epoch == 0 && asks && one_in(2)) hist_tell_all(w, f->member);
}

void hist_random_history(struct fx *w, uint64_t seed) {
    hist_seed(seed * 0x2545f4914f6cdd1dull + 1);
    hist.forced_n = 0;
    hist.fork_chance = one_in(3) ? 4 : 1000000;
    const enum theme { ANYTHING, BESIDE, TRUCES, BALLOTS } theme = (enum theme)below(4);
    hist.beside_dense = theme == BESIDE;
    hist.beside_chance = hist.beside_dense ? 1 : 24;
    hist.readable_salt = (uint8_t)hist_chance();
    hist.frozen_alone = NULL;
    fx_reset(w, 2 + below(hist.beside_dense ? 2 : 4));
    size_t founders = w->parties_n;
    hist_random_charter(w);
    fx_found(w);
    const bool accepted = hist.beside_dense || !one_in(4);
    if (accepted) fx_accept_all(w);
    size_t steps = 5 + below(one_in(5) ? 36 : 8); /* most are small: 10,000 shall be quick */
    if (hist.beside_dense) steps += 10;
    while (steps-- > 0)
        hist_random_step(w);
    if (accepted && theme == TRUCES)
        for (steps = 10 + below(20); steps > 0; steps--)
            hist_truce_step(w);
    if (theme == BALLOTS || one_in(4)) hist_random_ballot(w);
    if (one_in(12)) hist.frozen_alone = hist_any_feed(w); /* the proof is here, and nothing else */
    w->parties_n = founders;
}
