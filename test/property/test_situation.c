/* The situation is one function of what is held (design section 1.4). Over seeded random histories,
 * with lies, circles, wrong digests, false receipts, broken signatures and forks:
 *   - any order of arrival, of leaves and of closed bodies, with bodies opened and closed again and
 *     folds in between, gives the same bytes for the same leaves and the same bodies that can be
 * read;
 *   - a book built again from stored verdicts ("restart") gives the same bytes;
 *   - of a feed with two or three histories, whichever a book has as the feed and whichever as its
 *     branches gives the same bytes;
 *   - the order is the one that the definition gives, done the slow way;
 *   - the bytes are deterministic CBOR.
 * And mutants: each input of the rules, changed alone, changes the situation.
 *
 *   test-situation [HISTORIES [FIRST-SEED]]
 *
 * Signatures are real; that one is verified, made or derived a second time with the same inputs is
 * remembered (the linker wraps four functions), which makes many small histories cheap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "fixture_book.h"

/* ---- crypto, remembered -----------------------------------------------------------------------
 */

enum rb_err __real_rb_ed25519_verify(const struct rb_key *pub, struct rb_slice msg,
                                     const uint8_t sig[RB_SIG_LEN]);
enum rb_err __wrap_rb_ed25519_verify(const struct rb_key *pub, struct rb_slice msg,
                                     const uint8_t sig[RB_SIG_LEN]);
void __real_rb_ed25519_from_seed(const uint8_t seed[RB_SEED_LEN], struct rb_seckey *out);
void __wrap_rb_ed25519_from_seed(const uint8_t seed[RB_SEED_LEN], struct rb_seckey *out);
void __real_rb_ed25519_sign(const struct rb_seckey *key, struct rb_slice msg,
                            uint8_t sig[RB_SIG_LEN]);
void __wrap_rb_ed25519_sign(const struct rb_seckey *key, struct rb_slice msg,
                            uint8_t sig[RB_SIG_LEN]);
enum rb_err __real_rb_ed25519_key_check(const struct rb_key *pub);
enum rb_err __wrap_rb_ed25519_key_check(const struct rb_key *pub);

#define SLOTS 65536u
struct memo {
    struct rb_hash question;
    uint8_t answer[RB_SIG_LEN];
};
static struct memo memo[SLOTS];

static struct memo *memo_of(const struct rb_slice *parts, size_t n, bool *known) {
    struct rb_hash h;
    uint16_t slot;
    rb_sha256v(parts, n, &h);
    memcpy(&slot, h.b, sizeof slot);
    *known = rb_hash_eq(&memo[slot].question, &h);
    memo[slot].question = h;
    return &memo[slot];
}

enum rb_err __wrap_rb_ed25519_verify(const struct rb_key *pub, struct rb_slice msg,
                                     const uint8_t sig[RB_SIG_LEN]) {
    const struct rb_slice parts[] = {rb_str("verify"), rb_slice(pub->b, RB_KEY_LEN),
                                     rb_slice(sig, RB_SIG_LEN), msg};
    bool known;
    struct memo *m = memo_of(parts, 4, &known);
    if (!known) m->answer[0] = (uint8_t)__real_rb_ed25519_verify(pub, msg, sig);
    return (enum rb_err)m->answer[0];
}

enum rb_err __wrap_rb_ed25519_key_check(const struct rb_key *pub) {
    const struct rb_slice parts[] = {rb_str("check"), rb_slice(pub->b, RB_KEY_LEN)};
    bool known;
    struct memo *m = memo_of(parts, 2, &known);
    if (!known) m->answer[0] = (uint8_t)__real_rb_ed25519_key_check(pub);
    return (enum rb_err)m->answer[0];
}

void __wrap_rb_ed25519_from_seed(const uint8_t seed[RB_SEED_LEN], struct rb_seckey *out) {
    const struct rb_slice parts[] = {rb_str("seed"), rb_slice(seed, RB_SEED_LEN)};
    bool known;
    struct memo *m = memo_of(parts, 2, &known);
    if (!known) {
        __real_rb_ed25519_from_seed(seed, out);
        memcpy(m->answer, out->pub.b, RB_KEY_LEN);
    }
    memcpy(out->seed, seed, RB_SEED_LEN);
    memcpy(out->pub.b, m->answer, RB_KEY_LEN);
}

void __wrap_rb_ed25519_sign(const struct rb_seckey *key, struct rb_slice msg,
                            uint8_t sig[RB_SIG_LEN]) {
    const struct rb_slice parts[] = {rb_str("sign"), rb_slice(key->seed, RB_SEED_LEN), msg};
    bool known;
    struct memo *m = memo_of(parts, 3, &known);
    if (!known) __real_rb_ed25519_sign(key, msg, m->answer);
    memcpy(sig, m->answer, RB_SIG_LEN);
}

/* ---- chance -----------------------------------------------------------------------------------
 */

static uint64_t rng;
static uint64_t chance(void) { /* splitmix64 */
    uint64_t z = rng += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}
static uint64_t below(uint64_t n) {
    return chance() % n;
}
static bool one_in(uint64_t n) {
    return below(n) == 0;
}

/* ---- histories --------------------------------------------------------------------------------
 */

static uint64_t fork_chance;               /* of each step, one in so many */
static const struct fx_feed *frozen_alone; /* proven to be forked */
static uint8_t readable_salt;
#define MAX_FORCED 16u
static struct forced { /* leaves whose digest is taken for good whatever it is: circles */
    const struct fx_feed *feed;
    size_t leaf;
    const struct fx_feed *seen[FX_FEEDS]; /* the histories that were meant */
    size_t seen_n;
} forced[MAX_FORCED];
static size_t forced_n;

/* any history of any feed; it is the one spoken of from now on */
static struct fx_feed *any_feed(struct fx *w) {
    struct fx_feed *f = w->feed[below(w->feeds_n)];
    fx_turn(w, f);
    return f;
}
static bool one_feed(const struct fx_feed *a, const struct fx_feed *b) {
    return a->member == b->member && a->epoch == b->epoch;
}
static const struct rb_hash *any_id(struct fx *w) {
    struct fx_feed *f = any_feed(w);
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
        const struct fx_feed *f = any_feed(w);
        size_t k = below(f->n);
        if (f->head[k].n > 0) return &f->id[k];
    }
    return any_id(w);
}

static const struct rb_hash *own_id(struct fx *w, uint16_t author) {
    struct fx_feed *f = fx_feed_of(w, author, 0);
    return &f->id[below(f->n)];
}

static const struct rb_hash *stop_fire_id(struct fx *w) {
    for (int tries = 0; tries < 24; tries++) {
        const struct fx_feed *f = any_feed(w);
        size_t k = below(f->n);
        struct rb_record rec;
        if (rb_record_decode(f->leaf[k], &rec, NULL) == RB_OK && rec.kind == RB_KIND_STOP_FIRE)
            return &f->id[k];
    }
    return any_id(w);
}

/* a position that is a query, or may be one, if some tries meet one */
static const struct rb_hash *query_id(struct fx *w) {
    for (int tries = 0; tries < 24; tries++) {
        const struct fx_feed *f = any_feed(w);
        size_t k = below(f->n);
        struct rb_record rec;
        struct rb_position p;
        if (rb_record_decode(f->leaf[k], &rec, NULL) != RB_OK || rec.kind != RB_KIND_POSITION)
            continue;
        if (rec.closed ||
            (rb_position_decode(rec.body, &p, NULL) == RB_OK && p.type == RB_POSITION_QUERY))
            return &f->id[k];
    }
    return any_id(w);
}

static void random_charter(struct fx *w) {
    struct rb_charter *c = &w->charter;
    static const char *sides[] = {"", "north", "south"};
    for (size_t i = 0; i < c->members_n; i++)
        c->members[i].affiliation = rb_str(sides[below(3)]);
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

/* what the author says it has seen: the truth, more than there is, a wrong digest; and, taken for
 * good, leaves that are still to come */
static bool random_seen(struct fx *w, struct rb_record *r, const struct fx_feed *own) {
    bool force = forced_n < MAX_FORCED && one_in(6);
    for (size_t i = 0; i < w->feeds_n; i++) {
        const struct fx_feed *f = w->feed[i];
        if (f->aside || one_in(2)) continue;
        uint64_t size = 1 + below(f->n);
        if (one_in(2)) size = f->n;
        if (force || one_in(12)) size = f->n + below(3);
        if (one_feed(f, own) && !one_in(6)) continue;
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

static struct rb_record random_receipt(struct fx *w) {
    struct rb_receipt_cosig c[3];
    struct rb_receipt_bodies b[2];
    uint8_t list[2][32];
    struct rb_receipt receipt = {.cosigs_n = 1 + below(3), .cosigs = c, .bodies = b};
    for (size_t i = 0; i < receipt.cosigs_n; i++) {
        const struct fx_feed *f = any_feed(w);
        uint64_t t = (uint64_t)w->clock_ms / 1000 + below(20) - 5;
        c[i] = fx_cosign(w, f->member, f->epoch, 1 + below(f->n), (uint16_t)below(w->parties_n), t);
        if (one_in(8)) c[i].sig[5] ^= 1;
        if (one_in(12)) c[i].time_s++;
        if (one_in(12)) c[i].size++;
    }
    const struct fx_feed *f = any_feed(w), *g = any_feed(w);
    b[0] = random_bodies(f, list[0]);
    b[1] = random_bodies(g, list[1]);
    receipt.bodies_n = one_in(3) ? 0 : one_feed(f, g) ? 1 : 2;
    return fx_receipt(w, &receipt);
}

static struct rb_record random_amendment(struct fx *w) {
    struct rb_charter next = w->charter;
    next.title = rb_str("amended");
    next.accept_by_utc_ms = w->clock_ms + 20000;
    if (one_in(2)) next.answer_ms[RB_FLASH] = 5000;
    if (one_in(4) && next.members_n > 2) { /* one fewer */
        next.members_n--;
        next.groups_n = 0;
        next.accept_members &= (1ull << next.members_n) - 1;
        if (next.accept_members == 0) next.accept_members = 1;
        if (next.timekeeper == next.members_n) next.has_timekeeper = false;
    } else if (one_in(2) && w->parties_n < FX_PARTIES) { /* one more */
        fx_party_make(w, w->parties_n);
        struct rb_member *m = &next.members[next.members_n++];
        *m = (struct rb_member){.index = (uint16_t)w->parties_n};
        m->handle = rb_str(w->party[w->parties_n].handle);
        m->card = w->party[w->parties_n].card;
    }
    return fx_amendment(w, one_in(5) ? any_id(w) : &w->charter_id, &next);
}

static struct rb_record random_revocation(struct fx *w, uint16_t party) {
    const struct fx_feed *f = any_feed(w);
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

static struct rb_record random_record(struct fx *w, uint16_t author) {
    switch (below(16)) {
    case 0:
    case 1:
        return random_receipt(w);
    case 2:
        return fx_membership(w, (enum rb_membership_action)below(one_in(4) ? 3 : 2));
    case 3:
        if (one_in(3)) return fx_record(w, one_in(2) ? RB_KIND_ROSTER : RB_KIND_ATTACHMENT);
        return one_in(2) ? random_amendment(w) : fx_record(w, RB_KIND_NIL);
    case 4:
        return fx_test(w, w->clock_ms / 10000 * 10000);
    case 5:
        return fx_record(w, RB_KIND_SILENCE);
    case 6:
        return one_in(2) ? fx_stop_fire(w, (int64_t)below(20000)) : fx_record(w, RB_KIND_TEXT);
    case 7:
        if (one_in(2)) return fx_purge(w, closed_id(w));
        return one_in(2) ? fx_record(w, RB_KIND_SERVICE) : random_card(w, author);
    case 8:
        return fx_notice(w, (enum rb_notice_class)below(RB_NOTICE_CLASSES));
    case 9:
        return one_in(3) ? random_revocation(w, author) : fx_record(w, RB_KIND_STATEMENT);
    case 10:
        return fx_record(w, RB_KIND_STATEMENT);
    case 11:
        if (one_in(2)) return fx_position(w, query_id(w), RB_POSITION_CONFIRM);
        return fx_position(w, one_in(2) ? own_id(w, author) : any_id(w), RB_POSITION_QUERY);
    case 12:
        return fx_position(w, any_id(w), RB_POSITION_ACCEPT);
    default:
        if (one_in(4)) return fx_position(w, stop_fire_id(w), RB_POSITION_COMPLIED);
        return fx_position(w, one_in(2) ? closed_id(w) : any_id(w),
                           (enum rb_position_type)(1 + below(RB_POSITION_MAX)));
    }
}

/* often as the rules want it, often not */
static void random_closing(struct fx *w, struct rb_record *r, uint16_t author) {
    struct rb_record subject;
    uint16_t asker = author;
    const uint64_t all = (1ull << w->parties_n) - 1;
    uint64_t to = 1ull << author | (one_in(2) ? all : chance() & all);
    bool always = r->kind == RB_KIND_ROSTER || r->kind == RB_KIND_ATTACHMENT;
    bool answer = r->kind == RB_KIND_POSITION &&
                  closed_record(w, &r->refs[RB_REF_ANSWERS].h[0], &asker, &subject);
    if (rb_kind_always_open(r->kind) || (!always && one_in(answer ? 8 : 2))) return;
    if (answer) to = (to & subject.recipients) | 1ull << author | 1ull << asker;
    if (one_in(6)) to = 1 + below(all);
    if (one_in(30)) to |= 1ull << 40;
    fx_close(r, to);
}

static void dress(struct fx *w, struct rb_record *r) {
    const bool stop = r->kind == RB_KIND_STOP_FIRE; /* without FLASH or demand it is none */
    if (!stop && one_in(4)) r->precedence = (enum rb_precedence)below(4);
    if (!stop && one_in(8))
        r->demand = (struct rb_demand){true, w->clock_ms + (int64_t)below(20000),
                                       (uint16_t)(1 + below(RB_POSITION_MAX)), below(4)};
    if (one_in(10)) fx_ref(r, RB_REF_SUPERSEDES, any_id(w));
    if (one_in(10)) r->emergency = rb_str("now");
    r->created_utc_ms += (int64_t)below(9) * 1000 - 4000;
}

/* the same bytes; on another history of the feed it is the same record */
static void copy_leaf(struct fx *w, struct fx_feed *to, const struct fx_feed *from) {
    if (from->n == 0) return;
    size_t k = below(from->n);
    fx_turn(w, to);
    fx_append(w, to->member, to->epoch, from->leaf[k]);
    if (one_feed(to, from)) to->head[to->n - 1] = from->head[k];
}

/* keeps what was meant, since the digest does not say it */
static void force_later(const struct fx *w, const struct fx_feed *f, const struct rb_record *r) {
    struct forced *x = &forced[forced_n++];
    *x = (struct forced){.feed = f, .leaf = f->n, .seen_n = r->seen_n};
    for (size_t k = 0; k < r->seen_n; k++)
        for (size_t i = 0; i < w->feeds_n; i++)
            if (!w->feed[i]->aside && w->feed[i]->member == r->seen[k].member &&
                w->feed[i]->epoch == r->seen[k].epoch)
                x->seen[k] = w->feed[i];
}

static size_t histories_of(const struct fx *w, const struct fx_feed *f) {
    size_t n = 0;
    for (size_t i = 0; i < w->feeds_n; i++)
        n += one_feed(w->feed[i], f);
    return n;
}

/* another history: from any leaf on, mostly a late one */
static void random_fork(struct fx *w) {
    struct fx_feed *f = any_feed(w);
    if (histories_of(w, f) == 3 || w->feeds_n >= FX_FEEDS - 6) return;
    size_t back = below(f->n < 4 ? f->n : 4);
    f = fx_fork(w, f, one_in(4) ? below(f->n + 1) : f->n - back);
    if (f->n == 0) fx_append(w, f->member, f->epoch, rb_str("another start"));
}

static void random_step(struct fx *w) {
    if (one_in(fork_chance)) random_fork(w);
    struct fx_feed *f = any_feed(w);
    if (one_in(40)) {
        fx_append(w, f->member, f->epoch, rb_str("not a record"));
        return;
    }
    if (one_in(40)) {
        copy_leaf(w, f, any_feed(w));
        return;
    }
    if (fork_chance < 100 && one_in(4) && histories_of(w, f) > 1) { /* on both */
        struct fx_feed *from = any_feed(w);
        if (one_feed(from, f) && from != f) {
            copy_leaf(w, f, from);
            return;
        }
    }
    if (one_in(40) && fx_feed_of(w, f->member, 1) == NULL) {
        fx_open(w, f->member, 1);
        return;
    }
    struct rb_record r = random_record(w, f->member);
    dress(w, &r);
    random_closing(w, &r, f->member);
    fx_turn(w, f);
    bool force = !one_in(3) && random_seen(w, &r, f);
    enum fx_sign how = rb_kind_is_machine(r.kind) ? FX_NODE : FX_OFFICER;
    if (one_in(5)) how = FX_BOTH;
    if (one_in(20)) how = (enum fx_sign)below(6);
    if (force) force_later(w, f, &r);
    fx_say_as(w, f->member, f->epoch, &r, how);
}

static void random_history(struct fx *w, uint64_t seed) {
    rng = seed * 0x2545f4914f6cdd1dull + 1;
    forced_n = 0;
    fork_chance = one_in(3) ? 4 : 1000000;
    readable_salt = (uint8_t)chance();
    frozen_alone = NULL;
    fx_reset(w, 2 + below(4));
    size_t founders = w->parties_n;
    random_charter(w);
    fx_found(w);
    if (!one_in(4)) fx_accept_all(w);
    size_t steps = 5 + below(one_in(5) ? 36 : 8); /* most are small: 10,000 shall be quick */
    while (steps-- > 0)
        random_step(w);
    if (one_in(12)) frozen_alone = any_feed(w); /* the proof is here, and nothing else */
    w->parties_n = founders;
}

/* ---- books ------------------------------------------------------------------------------------
 */

/* takes the chosen digests for good; claims about leaves that never came stay unchecked */
static void force_fact(const struct fx *w, struct rb_book *b, const struct forced *x,
                       struct rb_fact *fact) {
    if (fact->mark != RB_MARK_NONE || fact->seen_verdict == 1) return;
    for (size_t k = 0; k < fact->seen_n; k++) {
        const struct rb_feed *g = x->seen[k] == NULL ? NULL : fx_book_feed(w, b, x->seen[k]);
        if (g == NULL || fact->seen[k].size > g->facts_n) return;
    }
    fact->seen_branch = rb_region_alloc(b->region, fact->seen_n);
    assert_non_null(fact->seen_branch);
    for (size_t k = 0; k < fact->seen_n; k++)
        fact->seen_branch[k] = fx_book_feed(w, b, x->seen[k])->branch;
    fact->seen_verdict = 1;
}

static bool shares(const struct fx_feed *a, const struct fx_feed *b, size_t leaves) {
    struct rb_hash ra, rb;
    if (!one_feed(a, b) || a->n < leaves || b->n < leaves) return false;
    rb_tree_root(&a->tree, leaves, &ra);
    rb_tree_root(&b->tree, leaves, &rb);
    return rb_hash_eq(&ra, &rb);
}

/* in every history that has the leaf at its place */
static void force(const struct fx *w, struct rb_book *b) {
    for (size_t i = 0; i < forced_n; i++)
        for (size_t k = 0; k < w->feeds_n; k++) {
            if (!shares(w->feed[k], forced[i].feed, forced[i].leaf + 1)) continue;
            struct rb_feed *f = fx_book_feed(w, b, w->feed[k]);
            force_fact(w, b, &forced[i], &f->facts[forced[i].leaf]);
        }
}

static struct rb_slice bytes_of(struct fx *w, struct rb_book *b, int64_t now) {
    force(w, b);
    if (frozen_alone != NULL) rb_book_feed(b, frozen_alone->member, frozen_alone->epoch)->frozen = true;
    rb_arena_reset(&w->folds);
    return fx_encode(w, fx_fold(w, b, now));
}

/* which closed bodies can be read here in the end */
static bool readable[FX_FEEDS][FX_LEAVES];

static void choose_readable(const struct fx *w) {
    for (size_t i = 0; i < w->feeds_n; i++)
        for (size_t k = 0; k < w->feed[i]->n; k++)
            readable[i][k] = w->feed[i]->head[k].n > 0 &&
                             (w->feed[i]->id[k].b[9] ^ readable_salt) % 3 != 0; /* one record, one body */
}

/* a body comes, perhaps one that is purged later, or goes */
static void random_body(struct fx *w, struct rb_book *b) {
    size_t i = below(w->feeds_n);
    const struct fx_feed *f = w->feed[i];
    struct rb_feed *bf = fx_book_feed(w, b, f);
    if (bf == NULL || bf->facts_n == 0) return;
    size_t k = below(bf->facts_n);
    if (f->head[k].n == 0) return;
    if (one_in(3))
        rb_book_close_body(b, bf, k);
    else
        fx_unseal(w, b, f, k);
}

static void settle_bodies(struct fx *w, struct rb_book *b) {
    for (size_t i = w->feeds_n; i-- > 0;) {
        const struct fx_feed *f = w->feed[i];
        for (size_t k = 0; k < f->n; k++) {
            if (f->head[k].n == 0) continue;
            if (readable[i][k])
                fx_unseal(w, b, f, k);
            else
                rb_book_close_body(b, fx_book_feed(w, b, f), k);
        }
    }
}

/* leaves arrive in any order that keeps each feed's own; folds in between must leave no trace */
static struct rb_book *shuffled(struct fx *w) {
    struct rb_book *b = fx_book_empty(w);
    for (size_t left = w->feeds_n; left > 0;) {
        const struct fx_feed *f = any_feed(w);
        if (!fx_book_next(w, b, f, -1)) {
            left = 0;
            for (size_t i = 0; i < w->feeds_n; i++) {
                struct rb_feed *bf = fx_book_feed(w, b, w->feed[i]);
                left += bf == NULL || bf->facts_n < w->feed[i]->n;
            }
        }
        if (one_in(2)) random_body(w, b);
        if (one_in(24)) {
            rb_arena_reset(&w->folds);
            (void)fx_fold(w, b, w->clock_ms + (int64_t)below(100000) - 50000);
        }
    }
    settle_bodies(w, b);
    return b;
}

/* verdicts are stored, what bodies said is not: they are opened again, by and by */
static struct rb_book *restarted(struct fx *w, const struct rb_book *from) {
    struct rb_book *b = fx_book_empty(w);
    for (size_t i = w->feeds_n; i-- > 0;) {
        const struct fx_feed *f = w->feed[i];
        const struct rb_feed *old = fx_book_feed(w, from, f);
        for (size_t k = 0; k < f->n; k++)
            assert_true(fx_book_next(w, b, f, old->facts[k].mark));
    }
    for (size_t i = 0; i < w->feeds_n; i++)
        random_body(w, b);
    settle_bodies(w, b);
    return b;
}

/* ---- the order by its definition --------------------------------------------------------------
 */

#define MAX_NODES 512u
static struct {
    size_t n;
    struct def_node {
        const struct rb_feed *feed;
        size_t leaf;
        const struct rb_fact *fact;
        struct rb_hash root; /* of the leaves up to this one: tells apart what stands on branches */
    } node[MAX_NODES];
    size_t at[FX_FEEDS][FX_LEAVES]; /* [index in book->feeds][leaf] the node */
    bool edge[MAX_NODES][MAX_NODES], reach[MAX_NODES][MAX_NODES], done[MAX_NODES];
} def;

/* (member index, epoch, leaf index, leaf hash), and where these are the same the root */
static int def_cmp(const void *pa, const void *pb) {
    const struct def_node *a = pa, *b = pb;
    if (a->feed->member != b->feed->member) return a->feed->member < b->feed->member ? -1 : 1;
    if (a->feed->epoch != b->feed->epoch) return a->feed->epoch < b->feed->epoch ? -1 : 1;
    if (a->leaf != b->leaf) return a->leaf < b->leaf ? -1 : 1;
    int c = memcmp(a->fact->id.b, b->fact->id.b, RB_HASH_LEN);
    return c != 0 ? c : memcmp(a->root.b, b->root.b, RB_HASH_LEN);
}

/* each history once: what branches share is one node, whose fact is the lowest branch's */
static void def_nodes(const struct rb_book *b) {
    def.n = 0;
    for (size_t i = 0; i < b->feeds_n; i++)
        for (size_t k = 0; k < b->feeds[i]->facts_n; k++) {
            struct def_node n = {b->feeds[i], k, &b->feeds[i]->facts[k], {{0}}};
            bool shared = false;
            rb_tree_root(&n.feed->tree, k + 1, &n.root);
            for (size_t m = 0; m < def.n && !shared; m++)
                shared = def_cmp(&def.node[m], &n) == 0;
            assert_true(def.n < MAX_NODES);
            if (!shared) def.node[def.n++] = n;
        }
    qsort(def.node, def.n, sizeof *def.node, def_cmp);
    for (size_t i = 0; i < b->feeds_n; i++)
        for (size_t k = 0; k < b->feeds[i]->facts_n; k++) {
            struct def_node n = {b->feeds[i], k, &b->feeds[i]->facts[k], {{0}}};
            rb_tree_root(&n.feed->tree, k + 1, &n.root);
            const struct def_node *at = bsearch(&n, def.node, def.n, sizeof n, def_cmp);
            def.at[i][k] = (size_t)(at - def.node);
        }
}

static size_t def_feed(const struct rb_book *b, const struct rb_feed *f) {
    size_t i = 0;
    while (b->feeds[i] != f)
        i++;
    return i;
}

/* a record comes after what it says it has seen, and after all that its own history has in front */
static void def_seen(const struct rb_book *b, size_t node, const struct rb_fact *fact) {
    const struct rb_feed *own = def.node[node].feed;
    for (size_t e = 0; fact->seen_verdict == 1 && e < fact->seen_n; e++) {
        const struct rb_seen_entry *s = &fact->seen[e];
        if (s->member == own->member && s->epoch == own->epoch) continue;
        uint8_t branch = fact->seen_branch == NULL ? 0 : fact->seen_branch[e];
        size_t feed = def_feed(b, rb_book_branch(b, s->member, s->epoch, branch));
        for (size_t k = 0; k < s->size; k++)
            def.edge[def.at[feed][k]][node] = true;
    }
}

static void def_edges(struct rb_book *b) {
    def_nodes(b);
    for (size_t i = 0; i < def.n; i++)
        memset(def.edge[i], 0, def.n * sizeof(bool));
    for (size_t i = 0; i < def.n; i++) {
        size_t feed = def_feed(b, def.node[i].feed);
        for (size_t l = 0; l <= def.node[i].leaf; l++) {
            size_t at = def.at[feed][l];
            if (at != i) def.edge[at][i] = true;
            def_seen(b, i, def.node[at].fact);
        }
    }
}

static void def_reach(void) {
    for (size_t i = 0; i < def.n; i++)
        for (size_t k = 0; k < def.n; k++)
            def.reach[i][k] = def.edge[i][k];
    for (size_t m = 0; m < def.n; m++)
        for (size_t i = 0; i < def.n; i++)
            for (size_t k = 0; def.reach[i][m] && k < def.n; k++)
                if (def.reach[m][k]) def.reach[i][k] = true;
}

static bool def_binds(size_t before, size_t after) {
    if (!def.edge[before][after]) return false;
    const struct rb_feed *f = def.node[before].feed, *g = def.node[after].feed;
    if (f->member == g->member && f->epoch == g->epoch) return true;
    return !(def.reach[before][after] && def.reach[after][before]);
}

/* nodes are sorted: the first free one is the smallest */
static void check_order(struct rb_book *b, const struct rb_situation *s) {
    def_edges(b);
    def_reach();
    memset(def.done, 0, sizeof def.done);
    for (size_t place = 0; place < def.n; place++) {
        size_t next = def.n;
        for (size_t i = 0; i < def.n && next == def.n; i++) {
            bool is_free = !def.done[i];
            for (size_t k = 0; k < def.n && is_free; k++)
                is_free = def.done[k] || !def_binds(k, i);
            if (is_free) next = i;
        }
        assert_true(next < def.n);
        def.done[next] = true;
        assert_ptr_equal(rb_situation_fact(s, (uint32_t)place), def.node[next].fact);
    }
}

static bool has_circle(void) {
    for (size_t i = 0; i < def.n; i++)
        if (def.reach[i][i]) return true;
    return false;
}

/* ---- the properties ---------------------------------------------------------------------------
 */

static uint64_t histories = 10000, first_seed = 1;
static size_t circles, forked_circles, kinds_of_state[6], marks_met[64];
static size_t purged_met, bodies_met, unread_met, read_met, bodies_mattered;
static size_t contested_met, also_met, branch_seen_met, branch_held_met, third_met; /* forks */
static size_t confirmed_met, stopped_met; /* a query confirmed; a stop-fire's answer in time */

static void count_forks(const struct rb_situation *s) {
    for (uint32_t i = 0; i < s->order_n; i++) {
        const struct rb_fact *fact = rb_situation_fact(s, i);
        contested_met += s->order[i].contested;
        also_met += s->order[i].also != RB_NOWHERE;
        branch_seen_met += fact->seen_verdict == 1 && fact->seen_branch != NULL;
    }
    for (size_t i = 0; i < s->book->feeds_n; i++) {
        third_met += s->book->feeds[i]->branch == 2;
        for (size_t m = 0; s->book->feeds[i]->branch > 0 && m < RB_MAX_MEMBERS; m++) {
            size_t slot = i * RB_MAX_MEMBERS + m;
            branch_held_met += s->held_n[slot] > 0 &&
                               s->held[slot][s->held_n[slot] - 1].size > s->shared[i];
        }
    }
}

static void count(const struct rb_situation *s) {
    kinds_of_state[s->charter_state]++;
    count_forks(s);
    for (uint32_t i = 0; i < s->order_n; i++) {
        const struct rb_fact *fact = rb_situation_fact(s, i);
        marks_met[s->order[i].mark]++;
        purged_met += s->order[i].purged != 0;
        bodies_met += s->order[i].bodies != 0;
        read_met += fact->closed && fact->position != 0 && s->order[i].mark == RB_MARK_NONE;
    }
    for (size_t i = 0; i < s->answers_n; i++)
        confirmed_met +=
            rb_situation_fact(s, s->answers[i].subject)->position == RB_POSITION_QUERY &&
            rb_situation_fact(s, s->answers[i].answer)->position == RB_POSITION_CONFIRM;
    for (size_t i = 0; i < s->dues_n; i++)
        stopped_met += rb_situation_fact(s, s->dues[i].subject)->kind == RB_KIND_STOP_FIRE &&
                       s->dues[i].state == RB_DUE_MET;
    for (size_t i = 0; i < s->dues_n; i++)
        unread_met += s->dues[i].state == RB_DUE_PENDING && s->dues[i].answer != RB_NOWHERE;
}

static struct rb_slice value_of(struct rb_slice map, uint64_t key) {
    struct rb_reader r;
    struct rb_slice out = {0};
    assert_int_equal(rb_cbor_find(map, key, &r), RB_OK);
    assert_int_equal(rb_cbor_skip(&r, &out), RB_OK);
    return out;
}

/* charter, members, who holds what, and the order do not hang on what only some can read (5.12.4)
 */
static void alike_for_all(struct rb_slice unread, struct rb_slice read) {
    static const uint64_t keys[] = {4, 5, 11, 12};
    struct rb_reader a, b;
    size_t n, m;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_true(rb_slice_eq(value_of(unread, keys[i]), value_of(read, keys[i])));
    assert_int_equal(rb_cbor_find(unread, 6, &a), RB_OK);
    assert_int_equal(rb_cbor_find(read, 6, &b), RB_OK);
    assert_int_equal(rb_cbor_get_array(&a, MAX_NODES, &n), RB_OK);
    assert_int_equal(rb_cbor_get_array(&b, MAX_NODES, &m), RB_OK);
    assert_int_equal(n, m);
    while (n-- > 0) {
        struct rb_slice ra, rb;
        assert_int_equal(rb_cbor_skip(&a, &ra), RB_OK);
        assert_int_equal(rb_cbor_skip(&b, &rb), RB_OK);
        assert_true(rb_slice_eq(value_of(ra, 4), value_of(rb, 4)));   /* leaf hash */
        assert_true(rb_slice_eq(value_of(ra, 11), value_of(rb, 11))); /* bodies */
        assert_true(rb_slice_eq(value_of(ra, 13), value_of(rb, 13))); /* purged */
    }
}

static void one_history(struct fx *w, uint64_t seed) {
    random_history(w, seed);
    int64_t now = w->clock_ms + (int64_t)below(120000) - 20000;
    choose_readable(w);
    struct rb_book *a = fx_book(w);
    struct rb_slice unread = bytes_of(w, a, now);
    settle_bodies(w, a);
    struct rb_slice want = bytes_of(w, a, now);
    alike_for_all(unread, want);
    bodies_mattered += !rb_slice_eq(want, unread);
    assert_int_equal(rb_cbor_check(want, NULL), RB_OK);
    assert_true(rb_slice_eq(want, bytes_of(w, a, now)));
    assert_true(rb_slice_eq(want, bytes_of(w, shuffled(w), now)));
    assert_true(rb_slice_eq(want, bytes_of(w, restarted(w, a), now)));
    rb_arena_reset(&w->folds);
    struct rb_situation *s = fx_fold(w, a, now);
    count(s);
    if (seed % (fork_chance < 100 ? 4 : 16) != 0) return; /* the slow way for some */
    check_order(a, s);
    circles += has_circle();
    forked_circles += has_circle() && fork_chance < 100;
}

static uint64_t running_seed;
static void name_the_seed(void) {
    if (running_seed != 0)
        fprintf(stderr, "situation: seed=%llu\n", (unsigned long long)running_seed);
}

static void same_bytes_whatever_the_order(void **state) {
    struct fx *w = fx_new(2);
    (void)state;
    atexit(name_the_seed); /* also when an assertion aborts */
    for (uint64_t i = 0; i < histories; i++) {
        running_seed = first_seed + i;
        one_history(w, running_seed);
    }
    running_seed = 0;
    fx_free(w);
}

/* the histories must have met what they are for, or they prove nothing */
static void histories_met_what_matters(void **state) {
    static const enum rb_mark wanted[] = {RB_MARK_NONE,           RB_MARK_UNREADABLE,
                                          RB_MARK_UNKNOWN_SIGNER, RB_MARK_BAD_SIGNATURE,
                                          RB_MARK_WRONG_ROLE,     RB_MARK_MISPLACED,
                                          RB_MARK_REPEATED,       RB_MARK_REVOKED,
                                          RB_MARK_NEEDS_SECOND,   RB_MARK_MUST_BE_CLOSED,
                                          RB_MARK_MUST_BE_OPEN,   RB_MARK_NOT_IN_TABLE,
                                          RB_MARK_SUSPENDED,      RB_MARK_LEFT,
                                          RB_MARK_NOT_IN_FORCE,   RB_MARK_DISOWNED,
                                          RB_MARK_NOT_ADOPTED,    RB_MARK_OUT_OF_TURN,
                                          RB_MARK_UNKNOWN_RULES,  RB_MARK_WRONG_RECIPIENTS,
                                          RB_MARK_CONTESTED};
    (void)state;
    if (histories < 2000) skip();
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (marks_met[wanted[i]] == 0) print_message("never: %s\n", rb_mark_name(wanted[i]));
        assert_true(marks_met[wanted[i]] > 0);
    }
    for (size_t i = 0; i < 6; i++) {
        if (kinds_of_state[i] == 0)
            print_message("never: %s\n", rb_charter_state_name((enum rb_charter_state)i));
        assert_true(kinds_of_state[i] > 0);
    }
    assert_true(circles > 0 && forked_circles > 0);
    assert_true(contested_met > 0 && also_met > 0 && branch_seen_met > 0 && branch_held_met > 0);
    assert_true(third_met > 0);
    assert_true(purged_met > 0 && bodies_met > 0);
    assert_true(unread_met > 0 && read_met > 0 && bodies_mattered > 0);
    assert_true(confirmed_met > 0 && stopped_met > 0);
}

/* ---- mutants: each input of the rules, changed alone -------------------------------------------
 */

#define INPUTS(X)                                                                                  \
    X(NOTHING)                                                                                     \
    X(NOW)                                                                                         \
    X(RULES_VERSION)                                                                               \
    X(RULE)                                                                                        \
    X(ACCEPT_MEMBERS)                                                                              \
    X(ACCEPT_BY)                                                                                   \
    X(TIMEKEEPER) X(AFFILIATION) X(GROUP) X(LEAD) X(ANSWER_TIME) X(TEST_INTERVAL) X(TEST_GRACE)    \
        X(TWO_OFFICERS) X(CLOSED_KIND) X(ACCEPTANCE) X(ACCEPTANCE_T) X(DEMAND) X(DEMAND_BY)        \
            X(DEMAND_POSITION) X(DEMAND_MEMBERS) X(ANSWER_TYPE) X(ANSWER_SUBJECT) X(ANSWER_T)      \
                X(PRECEDENCE) X(RECIPIENTS) X(BODY_MISSING) X(BODY_SIZE) X(COSIGNATURE)            \
                    X(COSIGNER) X(EMERGENCY) X(SECOND) X(SUPERSEDES) X(SUPERSEDES_OTHERS) X(SEEN)  \
                        X(DIGEST) X(SUSPEND) X(AMEND_PREVIOUS) X(AMEND_ACCEPT) X(AMEND_BY)         \
                            X(REVOKED_KEY) X(STOOD_BY) X(FROZEN) X(FORK_AT) X(SLOT) X(SILENCE)     \
                                X(SIGNATURE) X(SIGNER) X(CHANNEL) X(REPORTED) X(TEXT) X(CREATED)   \
                                    X(OPENED) X(CLOSED_ANSWER) X(CLOSED_RECIPIENTS) X(PURGE)       \
                                        X(PURGER) X(QUERY_TYPE) X(QUERIED) X(CONFIRMED_BY)      \
                                            X(BRANCH) X(BRANCH_AT) X(BRANCH_KIND) X(BRANCH_HELD)   \
                                                X(BRANCH_SAME)
enum input {
#define X(name) I_##name,
    INPUTS(X)
#undef X
        I_COUNT
};
static const char *const input_names[] = {
#define X(name) #name,
    INPUTS(X)
#undef X
};
static enum input flipped;
static bool is(enum input i) {
    return flipped == i;
}

static void mutant_charter(struct fx *w) {
    struct rb_charter *c = &w->charter;
    static const char *const sides[] = {"north", "south", "south", "east"};
    for (size_t i = 0; i < 4; i++)
        c->members[i].affiliation = rb_str(sides[i]);
    if (is(I_AFFILIATION)) c->members[2].affiliation = rb_str("west");
    c->groups_n = is(I_GROUP) ? 0 : 1;
    c->groups[0] = (struct rb_group){rb_str("coalition"), is(I_LEAD) ? 3 : 1, 10};
    c->has_timekeeper = is(I_TIMEKEEPER);
    c->timekeeper = 2;
    if (is(I_RULES_VERSION)) c->rules_version++;
    if (is(I_RULE)) {
        c->rule = RB_RULE_QUORUM;
        c->quorum = 1;
    }
    c->accept_members = is(I_ACCEPT_MEMBERS) ? 15 : 7; /* party 3 never accepts */
    if (is(I_ACCEPT_BY)) c->accept_by_utc_ms = FX_START_MS + 1000;
    c->answer_ms[RB_FLASH] = is(I_ANSWER_TIME) ? 90000 : 60000;
    c->test_interval_s = is(I_TEST_INTERVAL) ? 1800 : 3600;
    c->test_grace_s = is(I_TEST_GRACE) ? 3000 : 60;
    c->policies_n = 2;
    c->policies[0] = (struct rb_kind_policy){.kind = RB_KIND_TEXT, .closed = is(I_CLOSED_KIND)};
    c->policies[1] =
        (struct rb_kind_policy){.kind = RB_KIND_STATEMENT, .two_officers = !is(I_TWO_OFFICERS)};
}

static void mutant_acceptance(struct fx *w) {
    for (uint16_t i = 1; i < 3; i++) {
        if (i == 2 && is(I_ACCEPTANCE)) continue;
        fx_accept(w, i);
        fx_held(w, i, 0, (uint64_t)w->clock_ms / 1000 + (is(I_ACCEPTANCE_T) ? 2 : 1));
    }
    for (uint16_t i = 0; i < 4; i++) {
        struct rb_record r = fx_record(w, RB_KIND_NIL);
        for (uint16_t k = 0; k < 4; k++)
            if (k != i) fx_see(w, &r, k, 0, fx_feed_of(w, k, 0)->n);
        fx_say(w, i, &r);
    }
}

static struct rb_hash spoken(struct fx *w, uint16_t member, struct rb_record r) {
    return fx_say_as(w, member, 0, &r, FX_BOTH);
}

/* FLASH, demanded by `by`; party 1 answers, held by 0 in time, by 2 and 3 late */
static void mutant_demand(struct fx *w) {
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    int64_t by = w->clock_ms + 20000;
    r.precedence = is(I_PRECEDENCE) ? RB_PRIORITY : RB_FLASH;
    struct rb_hash flash = spoken(w, 0, r);
    fx_held(w, 0, 2, (uint64_t)w->clock_ms / 1000);
    r = fx_record(w, RB_KIND_STATEMENT);
    r.demand = (struct rb_demand){!is(I_DEMAND), is(I_DEMAND_BY) ? by - 15000 : by,
                                  is(I_DEMAND_POSITION) ? RB_POSITION_QUERY : RB_POSITION_CONFIRM,
                                  is(I_DEMAND_MEMBERS) ? 4 : 0};
    struct rb_hash id = spoken(w, 0, r);
    r = fx_position(w, is(I_ANSWER_SUBJECT) ? &flash : &id,
                    is(I_ANSWER_TYPE) ? RB_POSITION_READ : RB_POSITION_CONFIRM);
    spoken(w, 1, r);
    r = fx_position(w, &id, RB_POSITION_CONFIRM); /* nobody logs that it holds this one */
    if (is(I_CREATED)) r.created_utc_ms = by + 3600000;
    spoken(w, 3, r);
    fx_held(w, 1, 0, (uint64_t)by / 1000 + (is(I_ANSWER_T) ? 5 : 0) - 2);
    fx_held(w, 1, 2, (uint64_t)by / 1000 + 7);
    fx_held(w, 1, 3, (uint64_t)by / 1000 + 8);
}

static void mutant_closed(struct fx *w) {
    struct rb_record r = fx_notice(w, RB_NOTICE_SITE);
    fx_close(&r, is(I_RECIPIENTS) ? 6 : 7);
    spoken(w, 2, r);
    uint8_t leaf = (uint8_t)(fx_feed_of(w, 2, 0)->n - 1), none[1] = {0x80}, list[2] = {0x81, leaf};
    struct rb_receipt_cosig c = fx_cosign(w, 2, 0, leaf + 1u, is(I_COSIGNER) ? 3 : 0, 1700000000);
    c.sig[9] ^= is(I_COSIGNATURE);
    struct rb_receipt_bodies b = {2, 0, leaf + (is(I_BODY_SIZE) ? 0u : 1u), rb_slice(none, 1)};
    if (is(I_BODY_MISSING)) b.missing = rb_slice(list, 2);
    struct rb_receipt receipt = {.cosigs_n = 1, .cosigs = &c, .bodies_n = 1, .bodies = &b};
    r = fx_receipt(w, &receipt);
    fx_say(w, 0, &r);
}

/* a closed question, its closed answer, and who purged the question */
static void mutant_answer(struct fx *w) {
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    r.demand = (struct rb_demand){true, w->clock_ms + 60000, RB_POSITION_CONFIRM, 2};
    fx_close(&r, 7);
    struct rb_hash id = spoken(w, 0, r);
    r = fx_position(w, &id, is(I_CLOSED_ANSWER) ? RB_POSITION_QUERY : RB_POSITION_CONFIRM);
    fx_close(&r, is(I_CLOSED_RECIPIENTS) ? 11 : 3);
    spoken(w, 1, r);
    if (is(I_PURGE)) return;
    r = fx_purge(w, &id);
    fx_say(w, is(I_PURGER) ? 2 : 1, &r);
}

/* who is asked about its own record confirms */
static void mutant_query(struct fx *w) {
    struct rb_hash ids[2];
    for (uint16_t i = 0; i < 2; i++) {
        struct rb_record r = fx_notice(w, RB_NOTICE_AREA);
        ids[i] = spoken(w, i, r);
    }
    struct rb_record r = fx_position(w, is(I_QUERIED) ? &ids[0] : &ids[1],
                                     is(I_QUERY_TYPE) ? RB_POSITION_READ : RB_POSITION_QUERY);
    struct rb_hash query = spoken(w, 2, r);
    spoken(w, is(I_CONFIRMED_BY) ? 0 : 1, fx_position(w, &query, RB_POSITION_CONFIRM));
}

static void mutant_words(struct fx *w) {
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    if (!is(I_EMERGENCY)) r.emergency = rb_str("now");
    fx_say(w, 3, &r);
    r = fx_record(w, RB_KIND_STATEMENT);
    fx_say(w, 3, &r); /* one officer alone */
    r = fx_record(w, RB_KIND_STATEMENT);
    struct rb_hash old = fx_say_as(w, 3, 0, &r,
                                   is(I_SECOND)   ? FX_OFFICER
                                   : is(I_SIGNER) ? FX_STRANGER
                                                  : FX_BOTH);
    r = fx_record(w, RB_KIND_STATEMENT);
    if (!is(I_SUPERSEDES)) fx_ref(&r, RB_REF_SUPERSEDES, &old);
    if (is(I_REPORTED)) {
        r.reported_who = rb_str("relief-one");
        r.reported_carrier = rb_str("mail");
    }
    r.channel[0] ^= is(I_CHANNEL);
    spoken(w, is(I_SUPERSEDES_OTHERS) ? 2 : 3, r);
    r = fx_record(w, is(I_TEXT) ? RB_KIND_STATEMENT : RB_KIND_TEXT);
    fx_say_as(w, 2, 0, &r, is(I_SIGNATURE) ? FX_BROKEN : FX_BOTH);
    r = fx_record(w, RB_KIND_STATEMENT);
    if (!is(I_SEEN)) fx_see(w, &r, 3, 0, fx_feed_of(w, 3, 0)->n);
    r.seen_digest[2] ^= is(I_DIGEST);
    spoken(w, 0, r);
}

static void mutant_line(struct fx *w) {
    struct rb_record r = fx_test(w, FX_START_MS + (is(I_SLOT) ? 2 : 1) * INT64_C(3600000));
    fx_say(w, 0, &r);
    r = fx_record(w, is(I_SILENCE) ? RB_KIND_NIL : RB_KIND_SILENCE);
    fx_say(w, 0, &r);
    r = fx_membership(w, is(I_SUSPEND) ? RB_MEMBERSHIP_LEAVE : RB_MEMBERSHIP_SUSPEND);
    fx_say(w, 3, &r);
    r = fx_record(w, RB_KIND_TEXT);
    spoken(w, 3, r);
}

static void mutant_amendment(struct fx *w) {
    struct rb_charter next = w->charter;
    static const struct rb_hash other = {{7}};
    next.accept_by_utc_ms = w->clock_ms + (is(I_AMEND_BY) ? 1000 : 60000);
    next.title = rb_str("amended");
    struct rb_record r = fx_amendment(w, is(I_AMEND_PREVIOUS) ? &other : &w->charter_id, &next);
    struct rb_hash id = spoken(w, 0, r);
    for (uint16_t i = 1; i < 3; i++) {
        r = fx_position(w, &id,
                        is(I_AMEND_ACCEPT) && i == 2 ? RB_POSITION_ABSTAIN : RB_POSITION_ACCEPT);
        spoken(w, i, r);
        fx_held(w, i, 0, (uint64_t)w->clock_ms / 1000);
    }
}

static void mutant_revocation(struct fx *w) {
    const struct fx_feed *f = fx_feed_of(w, 3, 0);
    struct fx_party *p = &w->party[3];
    struct rb_revocation v = {.party = p->party.pub,
                              .role = RB_KEY_OFFICER,
                              .stood_n = 1,
                              .reason = rb_str("lost"),
                              .issued_utc_ms = FX_START_MS};
    uint8_t buf[2048];
    v.key = is(I_REVOKED_KEY) ? p->tls.pub : p->officer[1].pub;
    v.stood[0] =
        (struct rb_stood_by){rb_slice(f->origin, f->origin_n), is(I_STOOD_BY) ? f->n : f->n - 1};
    struct rb_writer o = rb_writer(buf, sizeof buf);
    rb_revocation_encode(&v, &o);
    struct rb_record r = fx_carried(w, RB_KIND_REVOCATION, fx_statement(w, p, rb_written(&o)));
    spoken(w, 0, r);
}

/* another history of party 2's feed, which party 1 holds and party 0 does not */
static void mutant_fork(struct fx *w) {
    struct fx_feed *h = fx_feed_of(w, 2, 0), *other;
    if (is(I_BRANCH)) return;
    other = fx_fork(w, h, h->n - is(I_BRANCH_AT));
    spoken(w, 2, fx_record(w, is(I_BRANCH_KIND) ? RB_KIND_TEXT : RB_KIND_STATEMENT));
    spoken(w, 2, fx_record(w, RB_KIND_STATEMENT));
    fx_turn(w, h);
    spoken(w, 2, fx_record(w, RB_KIND_STATEMENT));
    if (!is(I_BRANCH_SAME)) fx_append(w, 2, 0, other->leaf[other->n - 1]);
    fx_turn(w, is(I_BRANCH_HELD) ? h : other);
    struct rb_receipt_cosig c = fx_cosign(w, 2, 0, h->n - 1, 1, 1700000000);
    struct rb_receipt receipt = {.cosigs_n = 1, .cosigs = &c};
    struct rb_record r = fx_receipt(w, &receipt);
    fx_say(w, 1, &r);
    fx_turn(w, h);
}

/* all of the situation that does not change merely because a leaf's bytes did */
static struct rb_slice shape(struct fx *w, const struct rb_situation *s) {
    static uint8_t buf[1 << 16];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    struct rb_slice out;
    rb_put_u8(&o, (uint8_t)s->charter_state);
    rb_put_u64(&o, (uint64_t)s->in_force_since_utc_ms);
    for (size_t i = 0; i < s->members_n; i++) {
        const struct rb_sit_member *m = &s->members[i];
        const uint8_t flags[] = {m->accepted,       m->rejected, m->suspended,
                                 m->left,           m->active,   m->accept_contested_by_time,
                                 (uint8_t)m->group, m->lead,     (uint8_t)m->tests_missed};
        rb_put(&o, flags, sizeof flags);
        rb_put_u64(&o, m->last_test_slot);
    }
    for (uint32_t i = 0; i < s->order_n; i++) {
        const struct rb_sit_record *r = &s->order[i];
        const struct rb_fact *fact = rb_situation_fact(s, i);
        const uint8_t flags[] = {(uint8_t)rb_situation_author(s, i),
                                 (uint8_t)r->place.leaf,
                                 r->mark,
                                 r->contested,
                                 (uint8_t)r->bodies,
                                 (uint8_t)r->purged,
                                 fact->emergency,
                                 fact->signers,
                                 fact->reported};
        rb_put(&o, flags, sizeof flags);
        rb_put_u32(&o, r->superseded_by);
    }
    for (size_t i = 0; i < s->answers_n; i++) {
        rb_put_u32(&o, s->answers[i].subject);
        rb_put_u32(&o, s->answers[i].answer);
    }
    for (size_t i = 0; i < s->dues_n; i++) {
        const struct rb_sit_due *d = &s->dues[i];
        const uint8_t flags[] = {(uint8_t)d->subject, (uint8_t)d->member, d->position, d->state,
                                 (uint8_t)d->answer};
        rb_put(&o, flags, sizeof flags);
        rb_put_u64(&o, (uint64_t)d->due_utc_ms);
    }
    rb_put_u64(&o, s->silences_n);
    rb_put_u64(&o, s->open_texts_n);
    for (size_t i = 0; i < s->book->feeds_n * RB_MAX_MEMBERS; i++)
        for (size_t k = 0; k < s->held_n[i]; k++) {
            rb_put_u64(&o, s->held[i][k].size);
            rb_put_u64(&o, s->held[i][k].time_s);
        }
    assert_int_equal(rb_writer_done(&o, &out), RB_OK);
    struct rb_slice kept;
    assert_int_equal(rb_arena_copy(&w->arena, out, &kept), RB_OK);
    return kept;
}

static struct rb_slice mutant(struct fx *w, enum input input) {
    flipped = input;
    fx_reset(w, 4);
    mutant_charter(w);
    fx_found(w);
    mutant_acceptance(w);
    mutant_demand(w);
    mutant_closed(w);
    mutant_answer(w);
    mutant_query(w);
    mutant_words(w);
    mutant_line(w);
    mutant_revocation(w);
    mutant_amendment(w);
    mutant_fork(w);
    struct rb_book *b = fx_book(w);
    struct rb_feed *f = rb_book_feed(b, 1, 0);
    if (!is(I_OPENED)) fx_unseal_for(w, b, 0);
    f->frozen = f->common_known = !is(I_FROZEN);
    f->common = f->facts_n - (is(I_FORK_AT) ? 2 : 1);
    /* three line tests are due, and all deadlines passed */
    int64_t now = FX_START_MS + 3 * INT64_C(3600000) + 120000;
    return shape(w, fx_fold(w, b, is(I_NOW) ? now + 3600000 : now));
}

static void each_input_matters(void **state) {
    struct fx *w = fx_new(4), *v = fx_new(4);
    (void)state;
    struct rb_slice base = mutant(w, I_NOTHING);
    size_t dead = 0;
    for (int i = 0; i < I_COUNT; i++) {
        bool same = rb_slice_eq(base, mutant(v, (enum input)i));
        if (same == (i == I_NOTHING)) continue;
        print_message("%s: %s\n", input_names[i], same ? "changes nothing" : "not repeatable");
        dead++;
    }
    assert_int_equal(dead, 0);
    fx_free(v);
    fx_free(w);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_whatever_the_order),
        cmocka_unit_test(histories_met_what_matters),
        cmocka_unit_test(each_input_matters),
    };
    if (argc > 1) histories = strtoull(argv[1], NULL, 10);
    if (argc > 2) first_seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests_name("situation", tests, NULL, NULL);
}
