/* Of random histories, cessations and agreements: who is asked, what is declared, what was done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "history.h"

/* a record of one of these kinds, if some tries meet one */
static const struct rb_hash *id_of_kind(struct fx *w, enum rb_kind a, enum rb_kind b) {
    for (int tries = 0; tries < 40; tries++) {
        const struct fx_feed *f = hist_any_feed(w);
        size_t k = below(f->n);
        struct rb_record rec;
        if (rb_record_decode(f->leaf[k], &rec, NULL) == RB_OK && (rec.kind == a || rec.kind == b))
            return &f->id[k];
    }
    return NULL;
}

static int64_t some_time(const struct fx *w) {
    return w->clock_ms + (int64_t)below(60000) - 20000;
}
static void put_members(struct rb_writer *o, uint64_t members) {
    size_t n = 0;
    for (unsigned m = 0; m < RB_MAX_MEMBERS; m++)
        n += members >> m & 1;
    rb_cbor_put_array(o, n);
    for (unsigned m = 0; m < RB_MAX_MEMBERS; m++)
        if (members >> m & 1) rb_cbor_put_uint(o, m);
}
/* often two, the author and another */
static uint64_t some_members(const struct fx *w, uint16_t author) {
    if (!one_in(3)) return 1ull << author | 1ull << below(w->parties_n);
    return 1 + below((1ull << w->parties_n) - 1);
}

static enum rb_rule_type some_rule(uint64_t parties) {
    if (parties == 0) return RB_RULE_GUARANTORS;
    if (one_in(4)) return RB_RULE_SILENCE;
    if ((parties & (parties - 1)) != 0 && one_in(3)) return RB_RULE_QUORUM;
    return one_in(6) ? RB_RULE_GUARANTORS : RB_RULE_ALL;
}
/* Without parties only guarantors may be asked; of others each party is, and a quorum is one of two
 * of them at least (3.6.14). */
static void put_adoption(const struct fx *w, struct rb_writer *o, uint64_t parties) {
    const enum rb_rule_type rule = some_rule(parties);
    const bool named = rule != RB_RULE_ALL, quorum = rule == RB_RULE_QUORUM;
    const bool by = rule == RB_RULE_SILENCE || !named || one_in(2);
    const bool of = !quorum && one_in(4);
    rb_cbor_put_map(o, 0u + named + quorum + by + of);
    if (named) rb_cbor_put_uint(o, 1);
    if (named) rb_cbor_put_uint(o, (uint64_t)rule);
    if (quorum) rb_cbor_put_uint(o, 2);
    if (quorum) rb_cbor_put_uint(o, 2);
    if (by) rb_cbor_put_uint(o, 4);
    if (by) rb_cbor_put_int(o, w->clock_ms + (int64_t)below(20000));
    if (of) rb_cbor_put_uint(o, 5);
    if (of) put_members(o, parties | (1 + below((1ull << w->parties_n) - 1)));
}

static void put_cessation(struct fx *w, uint16_t author, struct rb_writer *o) {
    const bool end = !one_in(5), length = one_in(4), parties = !one_in(4), guarantors = one_in(2);
    const bool adoption = one_in(parties ? 2 : 6);
    const uint64_t bound = parties ? some_members(w, author) : 0;
    const struct rb_hash *extends = one_in(2) ? id_of_kind(w, RB_KIND_CESSATION, 0) : NULL;
    const int64_t start = some_time(w) + (extends && one_in(2) ? 40000 : 0);
    rb_cbor_put_map(o, 2u + end + length + parties + guarantors + adoption + (extends != NULL));
    rb_cbor_put_uint(o, 1);
    rb_cbor_put_text(o, rb_str("calm"));
    rb_cbor_put_uint(o, 4);
    rb_cbor_put_int(o, start);
    if (end) rb_cbor_put_uint(o, 5);
    if (end) rb_cbor_put_int(o, start + 1 + (int64_t)below(40000));
    if (length) rb_cbor_put_uint(o, 6);
    if (length) rb_cbor_put_uint(o, 1 + below(40000));
    if (parties) rb_cbor_put_uint(o, 7);
    if (parties) put_members(o, bound);
    if (guarantors) rb_cbor_put_uint(o, 8);
    if (guarantors) put_members(o, some_members(w, author));
    if (adoption) rb_cbor_put_uint(o, 10);
    if (adoption) put_adoption(w, o, bound);
    if (extends) rb_cbor_put_uint(o, 12);
    if (extends) rb_cbor_put_bytes(o, rb_slice(extends->b, RB_HASH_LEN));
}

static void put_agreement(struct fx *w, uint16_t author, struct rb_writer *o) {
    const bool parties = !one_in(4), adoption = parties && one_in(2);
    const uint64_t bound = some_members(w, author);
    rb_cbor_put_map(o, 2u + parties + adoption);
    rb_cbor_put_uint(o, 1);
    rb_cbor_put_text(o, rb_str("integration"));
    if (parties) rb_cbor_put_uint(o, 4);
    if (parties) put_members(o, bound);
    rb_cbor_put_uint(o, 6);
    rb_cbor_put_array(o, 2);
    for (uint64_t i = 1; i < 3; i++) {
        rb_cbor_put_array(o, 5);
        rb_cbor_put_uint(o, i);
        rb_cbor_put_text(o, rb_str("step"));
        if (one_in(2))
            rb_cbor_put_uint(o, below(w->parties_n));
        else
            rb_cbor_put_null(o);
        rb_cbor_put_null(o);
        rb_cbor_put_int(o, some_time(w));
    }
    if (adoption) rb_cbor_put_uint(o, 7);
    if (adoption) put_adoption(w, o, bound);
}

static void put_progress(struct fx *w, const struct rb_hash *agreement, struct rb_writer *o) {
    const uint64_t state = below(4);
    const bool expected = state == RB_PROGRESS_DELAYED && one_in(2);
    rb_cbor_put_map(o, 3u + expected);
    rb_cbor_put_uint(o, 1);
    rb_cbor_put_bytes(o, rb_slice(agreement->b, RB_HASH_LEN));
    rb_cbor_put_uint(o, 2);
    rb_cbor_put_uint(o, 1 + below(2));
    rb_cbor_put_uint(o, 3);
    rb_cbor_put_uint(o, state);
    if (expected) rb_cbor_put_uint(o, 5);
    if (expected) rb_cbor_put_int(o, some_time(w));
}

/* its own instrument, or its own position, if some tries meet one */
static struct rb_record random_withdrawal(struct fx *w, uint16_t author) {
    const struct fx_feed *f = fx_feed_of(w, author, 0);
    for (int tries = 0; tries < 12; tries++) {
        struct rb_record rec;
        size_t k = below(f->n);
        if (rb_record_decode(f->leaf[k], &rec, NULL) != RB_OK) continue;
        if (rec.kind == RB_KIND_POSITION || rb_kind_is_instrument(rec.kind))
            return fx_position(w, &f->id[k], RB_POSITION_WITHDRAW);
    }
    return fx_position(w, hist_own_id(w, author), RB_POSITION_WITHDRAW);
}

static struct rb_record random_truce(struct fx *w, uint16_t author) {
    static const enum rb_position_type words[] = {RB_POSITION_ACCEPT, RB_POSITION_ACCEPT,
                                                  RB_POSITION_ACCEPT, RB_POSITION_DISSOCIATE,
                                                  RB_POSITION_REJECT};
    static const enum rb_position_type echoes[] = {RB_POSITION_CONFIRM, RB_POSITION_CONFIRM,
                                                   RB_POSITION_DISPUTE};
    struct rb_record r;
    uint8_t buf[1024];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    if (one_in(6)) return random_withdrawal(w, author);
    const struct rb_hash *report = id_of_kind(w, RB_KIND_PROGRESS, 0);
    const struct rb_hash *old = id_of_kind(w, RB_KIND_CESSATION, RB_KIND_AGREEMENT);
    const struct rb_hash *agreement = id_of_kind(w, RB_KIND_AGREEMENT, 0);
    if (old != NULL && !one_in(3)) {
        const bool echo = report != NULL && one_in(3);
        r = fx_position(w, echo ? report : old, echo ? echoes[below(3)] : words[below(5)]);
    } else {
        r = fx_record(w, RB_KIND_STATEMENT);
        r.kind = agreement != NULL && !one_in(4) ? RB_KIND_PROGRESS
                 : one_in(2)                     ? RB_KIND_AGREEMENT
                                                 : RB_KIND_CESSATION;
        if (r.kind == RB_KIND_PROGRESS)
            put_progress(w, agreement, &o);
        else if (r.kind == RB_KIND_AGREEMENT)
            put_agreement(w, author, &o);
        else
            put_cessation(w, author, &o);
        assert_int_equal(rb_arena_copy(&w->arena, rb_written(&o), &r.body), RB_OK);
        old = one_in(3) ? id_of_kind(w, r.kind, 0) : NULL;
        if (old != NULL) fx_ref(&r, RB_REF_SUPERSEDES, old);
    }
    if (one_in(12)) {
        r.reported_who = rb_str("others");
        r.reported_carrier = rb_str("phone");
    }
    return r;
}

/* ---- what holds of all of them ----------------------------------------------------------------
 */

/* who said so of this one: its author, who accepted it, and those for whom one of these leads */
static uint64_t accepted(const struct rb_situation *s, const struct rb_sit_instrument *in) {
    uint64_t said = 1ull << rb_situation_author(s, in->record);
    for (uint32_t at = s->lots[in->lot].first; at != RB_NOWHERE; at = s->entries[at].next) {
        const struct rb_sit_entry *e = &s->entries[at];
        const struct rb_fact *f = rb_situation_fact(s, e->record);
        if (e->on == in->entry && f->position == RB_POSITION_ACCEPT && !f->reported)
            said |= 1ull << rb_situation_author(s, e->record);
    }
    for (size_t i = 0; i < in->charter->groups_n; i++)
        if (said >> in->charter->groups[i].lead & 1) said |= in->charter->groups[i].members;
    return said;
}

/* silence binds who says nothing, and guarantors bind those for whom they speak */
static bool binds_by_word(const struct rb_situation *s, const struct rb_cessation_lot *c,
                          size_t i) {
    const struct rb_cessation_view *v = &c->cessations[i];
    const struct rb_gist *g = rb_situation_fact(s, s->instruments[v->instrument].record)->gist;
    if (v->adoption.rule == RB_RULE_SILENCE || v->adoption.rule == RB_RULE_GUARANTORS) return false;
    return v->extends == RB_NOWHERE || g == NULL || g->members != 0 ||
           binds_by_word(s, c, v->extends);
}

/* Nobody is bound without a word of its own on it; past the end that it states, whom its extensions
 * bind is not looked at here. */
void hist_check_bound(const struct rb_situation *s, const struct rb_cessation_lot *c) {
    for (size_t i = 0; i < c->n; i++) {
        const struct rb_cessation_view *v = &c->cessations[i];
        const struct rb_sit_instrument *in = &s->instruments[v->instrument];
        if (v->bound == 0 || !binds_by_word(s, c, i)) continue;
        const struct rb_gist *g = rb_situation_fact(s, in->record)->gist;
        if (!g->has_end || s->now_utc_ms < g->end_utc_ms)
            assert_int_equal(v->bound & ~accepted(s, in), 0);
    }
}

/* all that the author said so far is held, by one of the others, soon or late */
static struct rb_record truce_receipt(struct fx *w, const struct fx_feed *f) {
    const uint64_t t = (uint64_t)w->clock_ms / 1000 + below(50);
    struct rb_receipt_cosig c =
        fx_cosign(w, f->member, f->epoch, f->n, (uint16_t)below(w->parties_n), t);
    struct rb_receipt receipt = {.cosigs_n = 1, .cosigs = &c};
    return fx_receipt(w, &receipt);
}

/* some histories are about little else: one said what it said having seen what there was */
void hist_truce_step(struct fx *w) {
    struct fx_feed *f = hist_any_feed(w);
    struct rb_record r = one_in(3) ? truce_receipt(w, f) : random_truce(w, f->member);
    if (one_in(6) && r.kind != RB_KIND_RECEIPT) hist_random_closing(w, &r, f->member);
    fx_turn(w, f);
    for (size_t i = 0; i < w->feeds_n && !one_in(4); i++)
        if (!w->feed[i]->aside && !hist_one_feed(w->feed[i], f))
            fx_see(w, &r, w->feed[i]->member, w->feed[i]->epoch, w->feed[i]->n);
    fx_say_as(w, f->member, f->epoch, &r, rb_kind_is_machine(r.kind) ? FX_NODE : FX_BOTH);
}
