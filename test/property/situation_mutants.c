/* Mutants: each input of the rules, changed alone, changes the situation. No chance is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "fixture_book.h"
#include "history.h"
#include "lot_bodies.h"

#define INPUTS(X)                                                                                  \
    X(NOTHING)                                                                                     \
    X(NOW)                                                                                         \
    X(RULES_VERSION)                                                                               \
    X(RULE)                                                                                        \
    X(ACCEPT_MEMBERS)                                                                              \
    X(ACCEPT_BY)                                                                                   \
    X(TIMEKEEPER)                                                                                  \
    X(AFFILIATION)                                                                                 \
    X(GROUP)                                                                                       \
    X(LEAD)                                                                                        \
    X(ANSWER_TIME)                                                                                 \
    X(TEST_INTERVAL)                                                                               \
    X(TEST_GRACE)                                                                                  \
    X(TWO_OFFICERS)                                                                                \
    X(CLOSED_KIND)                                                                                 \
    X(ACCEPTANCE)                                                                                  \
    X(ACCEPTANCE_T)                                                                                \
    X(DEMAND)                                                                                      \
    X(DEMAND_BY)                                                                                   \
    X(DEMAND_POSITION)                                                                             \
    X(DEMAND_MEMBERS)                                                                              \
    X(ANSWER_TYPE)                                                                                 \
    X(ANSWER_SUBJECT)                                                                              \
    X(ANSWER_T)                                                                                    \
    X(PRECEDENCE)                                                                                  \
    X(RECIPIENTS)                                                                                  \
    X(BODY_MISSING)                                                                                \
    X(BODY_SIZE)                                                                                   \
    X(COSIGNATURE)                                                                                 \
    X(COSIGNER)                                                                                    \
    X(EMERGENCY)                                                                                   \
    X(SECOND)                                                                                      \
    X(SUPERSEDES)                                                                                  \
    X(SUPERSEDES_OTHERS)                                                                           \
    X(SEEN)                                                                                        \
    X(DIGEST)                                                                                      \
    X(SUSPEND)                                                                                     \
    X(AMEND_PREVIOUS)                                                                              \
    X(AMEND_ACCEPT)                                                                                \
    X(AMEND_BY)                                                                                    \
    X(REVOKED_KEY)                                                                                 \
    X(STOOD_BY)                                                                                    \
    X(FROZEN)                                                                                      \
    X(FORK_AT)                                                                                     \
    X(SLOT)                                                                                        \
    X(SILENCE)                                                                                     \
    X(SIGNATURE)                                                                                   \
    X(SIGNER)                                                                                      \
    X(CHANNEL)                                                                                     \
    X(REPORTED)                                                                                    \
    X(TEXT)                                                                                        \
    X(CREATED)                                                                                     \
    X(OPENED)                                                                                      \
    X(CLOSED_ANSWER)                                                                               \
    X(CLOSED_RECIPIENTS)                                                                           \
    X(PURGE)                                                                                       \
    X(PURGER)                                                                                      \
    X(QUERY_TYPE)                                                                                  \
    X(QUERIED)                                                                                     \
    X(CONFIRMED_BY)                                                                                \
    X(ADOPTION_RULE)                                                                               \
    X(ADOPTION_QUORUM)                                                                             \
    X(ADOPTION_BY)                                                                                 \
    X(ADOPTION_OF)                                                                                 \
    X(BRACKET)                                                                                     \
    X(VOTE)                                                                                        \
    X(VOTE_T)                                                                                      \
    X(PEN)                                                                                         \
    X(PREVIOUS)                                                                                    \
    X(TEXT_WITHDRAWN)                                                                              \
    X(APART)                                                                                       \
    X(BRANCH)                                                                                      \
    X(BRANCH_AT)                                                                                   \
    X(BRANCH_KIND)                                                                                 \
    X(BRANCH_HELD)                                                                                 \
    X(BRANCH_SAME)                                                                                 \
    X(MONITOR)                                                                                     \
    X(ASKED_OF)                                                                                    \
    X(ASKED_BY)                                                                                    \
    X(CONTACT_STAGE)                                                                               \
    X(CONTACT_WITH)                                                                                \
    X(READOUT_WORDS)                                                                               \
    X(FINDING_STAGE)                                                                               \
    X(FINDING_OF)
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
    c->members[2].role = is(I_MONITOR) ? RB_ROLE_OBSERVER : RB_ROLE_MONITOR;
    c->groups_n = is(I_GROUP) ? 0 : 1;
    c->groups[0] = (struct rb_group){rb_str("coalition"), is(I_LEAD) ? 3 : 1, 10};
    c->has_timekeeper = is(I_TIMEKEEPER);
    c->timekeeper = 2;
    if (is(I_RULES_VERSION)) c->rules_version++;
    if (is(I_RULE)) {
        c->rule = RB_RULE_SILENCE; /* the amendment leaves no time for it */
        c->silence_ms = 86400000;
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

static void mutant_see(struct fx *w, struct rb_record *r, uint16_t member) {
    fx_see(w, r, member, 0, fx_feed_of(w, member, 0)->n);
}

/* 2 circulates a text by quorum, on which 1 votes in time; and one that 1 goes on with */
static void mutant_text(struct fx *w) {
    const int64_t by = w->clock_ms + 6000;
    struct rb_text t = {.has_adoption = true, .bracketed_n = is(I_BRACKET)};
    t.adoption = (struct rb_adoption){.rule = is(I_ADOPTION_RULE) ? RB_RULE_ALL : RB_RULE_QUORUM,
                                      .quorum = is(I_ADOPTION_RULE)     ? 0
                                                : is(I_ADOPTION_QUORUM) ? 3
                                                                        : 2,
                                      .has_by = true,
                                      .by_utc_ms = is(I_ADOPTION_BY) ? by - 5500 : by,
                                      .of = is(I_ADOPTION_OF) ? 12 : 7}; /* whatever their roles */
    struct rb_hash first = spoken(w, 2, fx_text(w, &t));
    struct rb_record r =
        fx_position(w, &first, is(I_VOTE) ? RB_POSITION_REJECT : RB_POSITION_ACCEPT);
    mutant_see(w, &r, 2);
    spoken(w, 1, r);
    fx_held(w, 1, 0, (uint64_t)by / 1000 + (is(I_VOTE_T) ? 5 : 0) - 2);
    fx_held(w, 1, 2, (uint64_t)by / 1000 - 1);
    r = fx_position(w, &first, is(I_APART) ? RB_POSITION_ACCEPT : RB_POSITION_DISSOCIATE);
    mutant_see(w, &r, 1);
    r.created_utc_ms = by - 1000;
    spoken(w, 0, r);
    t = (struct rb_text){.has_pen = true, .pen = is(I_PEN) ? 0 : 1};
    struct rb_hash second = spoken(w, 2, fx_text(w, &t));
    t = (struct rb_text){.has_previous = true, .previous = is(I_PREVIOUS) ? first : second};
    r = fx_text(w, &t);
    mutant_see(w, &r, 2);
    struct rb_hash third = spoken(w, 1, r);
    if (!is(I_TEXT_WITHDRAWN)) spoken(w, 1, fx_position(w, &third, RB_POSITION_WITHDRAW));
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

/* of what party 0 said: what it answers comes before it */
static struct rb_hash having_seen(struct fx *w, uint16_t member, struct rb_record r) {
    fx_see(w, &r, 0, 0, fx_feed_of(w, 0, 0)->n);
    return spoken(w, member, r);
}

/* asked and answered, held, told alike by two, looked at by a monitor whom nobody had sent */
static void mutant_beside(struct fx *w) {
    struct rb_hash request =
        spoken(w, 0, lw_request(w, is(I_ASKED_OF) ? 4 : 2, is(I_ASKED_BY) ? 0 : 60000));
    having_seen(w, 1, fx_position(w, &request, RB_POSITION_READ));
    having_seen(w, 2, fx_position(w, &request, RB_POSITION_COMPLIED));
    const enum rb_contact_stage stage = is(I_CONTACT_STAGE) ? RB_CONTACT_ASKED : RB_CONTACT_HELD;
    struct rb_hash contact = spoken(w, 0, lw_contact(w, stage, is(I_CONTACT_WITH) ? 2 : 6, 0));
    having_seen(w, 1, fx_position(w, &contact, RB_POSITION_ACCEPT));
    spoken(w, 0, lw_readout(w, "one", &contact));
    struct rb_hash told =
        having_seen(w, 2, lw_readout(w, is(I_READOUT_WORDS) ? "two" : "one", &contact));
    having_seen(w, 2, fx_position(w, &told, RB_POSITION_WITHDRAW));
    struct rb_hash incident[2] = {spoken(w, 0, lw_incident(w, NULL, 0))};
    incident[1] = spoken(w, 0, lw_incident(w, incident, 1));
    having_seen(w, 2, lw_finding(w, RB_FINDING_ASSIGNED, 8, incident, 1));
    having_seen(w, 2,
                lw_finding(w, is(I_FINDING_STAGE) ? RB_FINDING_ASSIGNED : RB_FINDING_VISIT, 2,
                           &incident[is(I_FINDING_OF)], 1));
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
    for (size_t i = 0; i < s->instruments_n; i++) {
        rb_put_u8(&o, s->instruments[i].state);
        rb_put_u64(&o, (uint64_t)s->instruments[i].since_utc_ms);
    }
    rb_put_u64(&o, s->silences_n);
    rb_put_u64(&o, s->open_texts_n);
    for (size_t i = 0; i < s->instruments_n; i++)
        rb_put_u8(&o, s->instruments[i].state);
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
    mutant_text(w);
    mutant_beside(w);
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

void each_input_matters(void **state) {
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
