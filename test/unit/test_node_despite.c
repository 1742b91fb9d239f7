/* Released in spite of what it touches: refused, or said in the log with what may be named and a
 * commitment to the rest; and who asks again and again. Spec 10.6.8 to 10.6.12, 10.6.15. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "fixture_place.h"
#include "../../src/node/node_int.h" /* to have allocations fail */

#define ALL (ALFA | BRAVO | CHARLIE)

static struct fp_notice site(uint64_t readers) {
    return (struct fp_notice){.class_ = RB_NOTICE_SITE, .radius_m = 50, .readers = readers};
}

static struct fp_notice operation(int64_t east_m) {
    return (struct fp_notice){.class_ = RB_NOTICE_OPERATION, .east_m = east_m, .radius_m = 1000};
}

/* ---- what is logged
 * ------------------------------------------------------------------------------
 */
/* the latest service record of that type in the feed of `who`, as `at` holds it; NULL: none */
static const struct rb_fact *service(struct fn_world *w, size_t at, const uint8_t ch[16],
                                     uint16_t who, enum rb_service_type type, size_t *how_many) {
    struct rb_channel_view v;
    const struct rb_fact *last = NULL;
    *how_many = 0;
    assert_true(rb_node_channel_by_id(w->p[at].rb, ch, &v));
    const struct rb_feed *f = rb_book_feed(v.book, who, 0);
    for (size_t i = 0; i < f->facts_n; i++) {
        struct rb_reader r;
        uint64_t t;
        if (f->facts[i].kind != RB_KIND_SERVICE || f->facts[i].mark != RB_MARK_NONE) continue;
        assert_int_equal(rb_cbor_find(f->facts[i].body, 1, &r), RB_OK);
        assert_int_equal(rb_cbor_get_uint(&r, &t), RB_OK);
        if (t != type) continue;
        last = &f->facts[i];
        ++*how_many;
    }
    return last;
}

static struct rb_slice bytes_of(const struct rb_fact *f, uint64_t key) {
    struct rb_reader r;
    struct rb_slice out = {NULL, 0};
    if (rb_cbor_find(f->body, key, &r) == RB_OK)
        assert_int_equal(rb_cbor_get_bytes(&r, &out), RB_OK);
    return out;
}

/* one item of a table on the disk, by its first byte; NULL: none */
static const struct rb_effect *meta(const struct fn_party *p, enum rb_table table, uint8_t first,
                                    size_t *at) {
    for (size_t i = 0; i < p->items_n; i++) {
        const struct rb_effect *e = &p->items[i].ef;
        if (e->u.store.item != RB_ITEM_META || e->u.store.table != table) continue;
        if (e->u.store.value.p[0] != first) continue;
        *at = i;
        return e;
    }
    return NULL;
}

/* Does the commitment stand for these, with the salt that its author keeps? */
static void opens_to(const struct fn_party *p, const struct rb_fact *said,
                     const struct rb_hash *notice, struct rb_hash *ids, size_t n) {
    size_t at;
    struct rb_hash c;
    const struct rb_effect *kept = meta(p, RB_TABLE_SALT, 1, &at);
    assert_non_null(kept);
    assert_memory_equal(kept->u.store.key.p, said->id.b, RB_HASH_LEN);
    const uint8_t *v = kept->u.store.value.p;
    assert_memory_equal(v + 17, notice->b, RB_HASH_LEN);
    const uint8_t *salt = v + 17 + 32, named = v[17 + 64];
    assert_int_equal(kept->u.store.value.n, 17 + 64 + 1 + (named + n) * RB_HASH_LEN);
    assert_int_equal(rb_register_commit(salt, ids, n, &c), RB_OK);
    assert_memory_equal(bytes_of(said, 9).p, c.b, RB_HASH_LEN);
    assert_memory_equal(v + 17 + 64 + 1 + (size_t)named * RB_HASH_LEN, ids, n * RB_HASH_LEN);
}

static void test_refused_and_then_said(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash closed[2], open, id, refused;
    size_t n;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALFA | BRAVO), theirs = operation(300), op = operation(0);
    assert_int_equal(fp_say(w, 0, ch, &s, &closed[0]), RB_OK);
    s.east_m = 200;
    assert_int_equal(fp_say(w, 0, ch, &s, &closed[1]), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(fp_say(w, 2, ch, &theirs, &open), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(fp_say(w, 1, ch, &op, &refused), RB_ERR_STATE);
    assert_string_equal(w->p[1].done.u.done.reject.clause, "10.6.11");
    assert_false(w->p[1].done.u.done.has_record);
    op.despite = true;
    assert_int_equal(fp_say(w, 1, ch, &op, &id), RB_OK);
    fn_pass(w, 20000);
    for (size_t at = 0; at < 3; at++) { /* everybody has it, charlie, too */
        const struct rb_fact *f = service(w, at, ch, 1, RB_SERVICE_RELEASED_DESPITE, &n);
        assert_int_equal(n, 1);
        assert_memory_equal(bytes_of(f, 2).p, id.b, RB_HASH_LEN);
        struct rb_reader r;
        struct rb_slice named;
        assert_int_equal(rb_cbor_find(f->body, 8, &r), RB_OK);
        assert_int_equal(rb_cbor_get_array(&r, 16, &n), RB_OK);
        assert_int_equal(n, 1); /* the open one alone */
        assert_int_equal(rb_cbor_get_bytes(&r, &named), RB_OK);
        assert_memory_equal(named.p, open.b, RB_HASH_LEN);
        for (size_t i = 0; i < 2; i++)
            for (size_t k = 0; k + RB_HASH_LEN <= f->body.n; k++)
                assert_true(memcmp(f->body.p + k, closed[i].b, RB_HASH_LEN) != 0);
        if (at == 1) opens_to(&w->p[1], f, &id, closed, 2);
    }
    size_t at;
    assert_null(meta(&w->p[0], RB_TABLE_SALT, 1, &at));
    assert_null(meta(&w->p[1], RB_TABLE_SALT, 2, &at));
    fn_restart(w, &w->p[1]);
    fn_pass(w, 20000);
    assert_non_null(service(w, 1, ch, 1, RB_SERVICE_RELEASED_DESPITE, &n));
    assert_int_equal(n, 1); /* it is not said again */
    fp_end(w);
}

static void test_only_named_or_only_committed(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash a, b, id;
    size_t n;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice theirs = operation(0), op = operation(0), s = site(ALL);
    theirs.despite = op.despite = true;
    assert_int_equal(fp_say(w, 2, ch, &theirs, &a), RB_OK); /* it touches nothing yet */
    fn_pass(w, 20000);
    assert_null(service(w, 2, ch, 2, RB_SERVICE_RELEASED_DESPITE, &n));
    assert_int_equal(fp_say(w, 1, ch, &op, &id), RB_OK);
    fn_pass(w, 20000);
    const struct rb_fact *f = service(w, 1, ch, 1, RB_SERVICE_RELEASED_DESPITE, &n);
    assert_non_null(f);
    assert_null(bytes_of(f, 9).p);
    s.east_m = 90000;
    assert_int_equal(fp_say(w, 0, ch, &s, &b), RB_OK);
    fn_pass(w, 20000);
    struct fp_notice closed_op =
        operation(90000); /* closed, and read by all who may read the site */
    closed_op.readers = ALL;
    closed_op.despite = true;
    assert_int_equal(fp_say(w, 1, ch, &closed_op, &id), RB_OK);
    fn_pass(w, 20000);
    f = service(w, 0, ch, 1, RB_SERVICE_RELEASED_DESPITE, &n);
    assert_int_equal(n, 2);
    struct rb_reader r;
    assert_int_equal(rb_cbor_find(f->body, 8, &r), RB_ERR_NOT_FOUND); /* a service record is open */
    assert_non_null(bytes_of(f, 9).p);
    fp_end(w);
}

/* The notice is stored, the service record is not signed yet, and the power goes. */
static void test_a_crash_leaves_nothing_unsaid(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash s_id, id;
    size_t n, at;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALFA | BRAVO), op = operation(0);
    op.despite = true;
    assert_int_equal(fp_say(w, 0, ch, &s, &s_id), RB_OK);
    fn_pass(w, 20000);
    fn_mute = true;
    assert_int_equal(fp_say(w, 1, ch, &op, &id), RB_OK);
    assert_null(service(w, 1, ch, 1, RB_SERVICE_RELEASED_DESPITE, &n));
    const struct rb_effect *e = meta(&w->p[1], RB_TABLE_SALT, 2, &at);
    assert_non_null(e);
    assert_memory_equal(e->u.store.key.p, id.b, RB_HASH_LEN);
    fn_mute = false;
    fn_restart(w, &w->p[1]);
    fn_pass(w, 20000);
    const struct rb_fact *f = service(w, 0, ch, 1, RB_SERVICE_RELEASED_DESPITE, &n);
    assert_int_equal(n, 1);
    f = service(w, 1, ch, 1, RB_SERVICE_RELEASED_DESPITE, &n);
    opens_to(&w->p[1], f, &id, &s_id, 1);
    assert_null(meta(&w->p[1], RB_TABLE_SALT, 2, &at));
    fp_end(w);
}

/* ... and where the notice itself was not stored, there is nothing to be said. */
static void test_what_was_not_released_is_not_said(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash s_id, id;
    size_t n, at = 0;
    struct fn_world *w = fp_world(ch, false);
    struct fn_party *p = &w->p[1];
    struct fp_notice s = site(ALFA | BRAVO), op = operation(0);
    op.despite = true;
    assert_int_equal(fp_say(w, 0, ch, &s, &s_id), RB_OK);
    fn_pass(w, 20000);
    fn_mute = true;
    assert_int_equal(fp_say(w, 1, ch, &op, &id), RB_OK);
    assert_non_null(meta(p, RB_TABLE_SALT, 2, &at));
    ((uint8_t *)(uintptr_t)p->items[at].ef.u.store.value.p)[17] ^= 1; /* of another notice */
    ((uint8_t *)(uintptr_t)p->items[at].ef.u.store.key.p)[0] ^= 1;
    fn_mute = false;
    fn_restart(w, p);
    fn_pass(w, 20000);
    assert_null(service(w, 1, ch, 1, RB_SERVICE_RELEASED_DESPITE, &n));
    assert_null(meta(p, RB_TABLE_SALT, 2, &at));
    fp_end(w);
}

static void test_the_second_officer_is_asked_as_well(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash s_id, id;
    size_t n;
    struct fn_world *w = fp_world(ch, true);
    struct fp_notice s = site(ALFA | BRAVO), op = operation(0);
    s.signers = 2;
    assert_int_equal(fp_say(w, 0, ch, &s, &s_id), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(fp_say(w, 1, ch, &op, &id), RB_ERR_STATE); /* not even kept as a draft */
    assert_int_equal(rb_node_drafts(w->p[1].rb), 0);
    op.despite = true;
    assert_int_equal(fp_say(w, 1, ch, &op, &id), RB_ERR_NEED_SIGNER);
    assert_null(service(w, 1, ch, 1, RB_SERVICE_RELEASED_DESPITE, &n));
    assert_int_equal(fp_second(w, 1, ch, false, &id), RB_ERR_STATE);
    assert_string_equal(w->p[1].done.u.done.reject.clause, "10.6.11");
    assert_int_equal(rb_node_drafts(w->p[1].rb), 1); /* it waits on */
    assert_int_equal(fp_second(w, 1, ch, true, &id), RB_OK);
    fn_pass(w, 20000);
    assert_non_null(service(w, 0, ch, 1, RB_SERVICE_RELEASED_DESPITE, &n));
    assert_int_equal(n, 1);
    fp_end(w);
}

/* A place that came between the two signatures. */
static void test_the_second_officer_sees_what_is_new(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash s_id, id;
    struct fn_world *w = fp_world(ch, true);
    struct fp_notice s = site(ALFA | BRAVO), op = operation(0);
    s.signers = 2;
    assert_int_equal(fp_say(w, 1, ch, &op, &id), RB_ERR_NEED_SIGNER);
    assert_int_equal(fp_say(w, 0, ch, &s, &s_id), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(fp_second(w, 1, ch, false, &id), RB_ERR_STATE);
    fp_end(w);
}

static void test_sites_and_movements_are_not_held_back(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash o, id;
    size_t n;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice op = operation(0), s = site(ALL), area = operation(0);
    struct fp_notice m = {.class_ = RB_NOTICE_MOVEMENT, .radius_m = 100, .readers = ALL};
    assert_int_equal(fp_say(w, 2, ch, &op, &o), RB_OK);
    fn_pass(w, 20000);
    area.class_ = RB_NOTICE_AREA; /* is compared with nothing (10.6.2) */
    assert_int_equal(fp_say(w, 1, ch, &s, &id), RB_OK);
    assert_int_equal(fp_say(w, 1, ch, &m, &id), RB_OK);
    assert_int_equal(fp_say(w, 1, ch, &area, &id), RB_OK);
    fn_pass(w, 20000);
    assert_null(service(w, 1, ch, 1, RB_SERVICE_RELEASED_DESPITE, &n));
    fp_end(w);
}

static void test_what_it_replaces_is_not_in_its_way(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash o, id, next;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice theirs = operation(0), s = site(ALL);
    assert_int_equal(fp_say(w, 1, ch, &s, &id), RB_OK);
    fn_pass(w, 20000);
    theirs.supersedes = &id; /* nobody hides another's place by naming it */
    assert_int_equal(fp_say(w, 2, ch, &theirs, &o), RB_ERR_STATE);
    theirs.supersedes = NULL;
    theirs.despite = true;
    assert_int_equal(fp_say(w, 2, ch, &theirs, &o), RB_OK);
    theirs.supersedes = &o;
    theirs.despite = false;
    theirs.east_m = 50000;
    assert_int_equal(fp_say(w, 2, ch, &theirs, &next), RB_OK);
    fn_pass(w, 20000);
    assert_true(fp_stands(w, 0, ch, &next) && !fp_stands(w, 0, ch, &o));
    fp_end(w);
}

/* ---- probing -----------------------------------------------------------------------------------
 */
static enum rb_err probed(struct fn_world *w, size_t who, const uint8_t ch[16], uint8_t plan) {
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_PROBED;
    memcpy(ev.u.submit.channel, ch, 16);
    ev.u.submit.record.b[0] = plan;
    ev.u.submit.record.b[1] = 1;
    memset(&w->p[who].done, 0, sizeof w->p[who].done);
    fn_event(w, &w->p[who], &ev);
    return w->p[who].done.u.done.reject.err;
}

static uint64_t number(const struct rb_fact *f, uint64_t key) {
    struct rb_reader r;
    uint64_t v;
    assert_int_equal(rb_cbor_find(f->body, key, &r), RB_OK);
    assert_int_equal(rb_cbor_get_uint(&r, &v), RB_OK);
    return v;
}

static enum rb_err ask(struct fn_world *w, size_t at, const uint8_t ch[16], int64_t *again) {
    static uint8_t mem[1 << 16];
    struct rb_arena a = rb_arena(mem, sizeof mem);
    struct fp_notice op = operation(0);
    struct rb_volume v = fp_volume(&op);
    struct rb_node_plan plan = {
        .author = (uint16_t)at, .class_ = RB_PLACE_OPERATION, .volumes_n = 1, .volumes = &v};
    struct rb_conflicts c;
    return rb_node_check(w->p[at].rb, ch, &plan, w->utc_ms, &a, &c, again, NULL);
}

static void test_probing_is_said_and_limited(void **state) {
    (void)state;
    uint8_t ch[16];
    size_t n;
    int64_t again;
    struct fn_world *w = fp_world(ch, false);
    int64_t first = w->utc_ms;
    for (uint8_t i = 0; i < 15; i++)
        assert_int_equal(probed(w, 1, ch, i), RB_OK);
    for (uint8_t i = 0; i < 15; i++)
        assert_int_equal(probed(w, 1, ch, i), RB_OK); /* the same plans */
    assert_null(service(w, 1, ch, 1, RB_SERVICE_PROBED, &n));
    fn_pass(w, FP_HOUR);
    assert_int_equal(probed(w, 1, ch, 15), RB_OK);
    fn_pass(w, 20000);
    const struct rb_fact *f = service(w, 0, ch, 1, RB_SERVICE_PROBED, &n); /* as others see it */
    assert_int_equal(n, 1);
    assert_int_equal(number(f, 10), 16);
    assert_int_equal(number(f, 11), first);
    assert_int_equal(f->refs_n[RB_REF_ABOUT], 0); /* of no place */
    for (uint8_t i = 16; i < 63; i++)
        assert_int_equal(probed(w, 1, ch, i), RB_OK);
    assert_int_equal(ask(w, 1, ch, &again), RB_OK);
    assert_int_equal(probed(w, 1, ch, 63), RB_OK);
    fn_pass(w, 20000);
    f = service(w, 0, ch, 1, RB_SERVICE_PROBED, &n);
    assert_int_equal(n, 2);
    assert_int_equal(number(f, 10), 64);
    assert_int_equal(ask(w, 1, ch, &again), RB_ERR_BUSY);
    assert_int_equal(again, first + FP_DAY);
    fn_restart(w, &w->p[1]); /* forgets none */
    assert_int_equal(ask(w, 1, ch, &again), RB_ERR_BUSY);
    assert_int_equal(again, first + FP_DAY);
    assert_int_equal(ask(w, 0, ch, &again), RB_OK); /* others may */
    fn_pass(w, (uint64_t)(first + FP_DAY - w->utc_ms));
    assert_int_equal(ask(w, 1, ch, &again), RB_OK); /* fifteen are a day old */
    for (uint8_t i = 100; i < 115; i++)
        assert_int_equal(probed(w, 1, ch, i), RB_OK);
    assert_int_equal(ask(w, 1, ch, &again), RB_ERR_BUSY);
    fn_pass(w, 20000);
    assert_non_null(service(w, 0, ch, 1, RB_SERVICE_PROBED, &n));
    assert_int_equal(n, 2); /* that there were 64 was said within the day */
    fp_end(w);
}

static void test_probing_needs_a_channel(void **state) {
    (void)state;
    uint8_t ch[16], none[16] = {0};
    struct fn_world *w = fn_world(2);
    fn_found(w, false, NULL, ch);
    assert_int_equal(probed(w, 1, none, 1), RB_ERR_NOT_FOUND);
    assert_int_equal(probed(w, 1, ch, 1), RB_ERR_STATE); /* invited, not joined */
    fp_end(w);
}

/* A refused release is an answer as well: it counts as a check, once for each plan. */
static void test_refused_releases_count(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash s_id, id;
    int64_t again;
    size_t n;
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALFA | BRAVO), op = operation(0);
    assert_int_equal(fp_say(w, 0, ch, &s, &s_id), RB_OK);
    fn_pass(w, 20000);
    for (int64_t i = 0; i < 64; i++) {
        op.east_m = i;
        assert_int_equal(fp_say(w, 1, ch, &op, &id), RB_ERR_STATE);
        assert_int_equal(fp_say(w, 1, ch, &op, &id), i < 63 ? RB_ERR_STATE : RB_ERR_BUSY);
        fn_pass(w, 1000);
    }
    assert_int_equal(ask(w, 1, ch, &again), RB_ERR_BUSY);
    assert_non_null(service(w, 1, ch, 1, RB_SERVICE_PROBED, &n));
    assert_int_equal(n, 2);
    op.east_m = 70000; /* refused whatever it is: the answer would say where nothing is */
    assert_int_equal(fp_say(w, 1, ch, &op, &id), RB_ERR_BUSY);
    assert_string_equal(w->p[1].done.u.done.reject.clause, "10.6.10");
    op.despite = true;
    assert_int_equal(fp_say(w, 1, ch, &op, &id), RB_OK);
    op.east_m = 5; /* this plan was counted; it is released, and is not any more */
    assert_int_equal(fp_say(w, 1, ch, &op, &id), RB_OK);
    assert_int_equal(ask(w, 1, ch, &again), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(fs_services(w, 0, ch, 1, RB_SERVICE_RELEASED_DESPITE, &id), 1);
    fp_end(w);
}

/* A site that is composed and then released was no probe, though nothing holds it back. */
static void test_a_site_released_is_no_probe(void **state) {
    (void)state;
    static uint8_t mem[1 << 18];
    uint8_t ch[16];
    struct rb_hash id;
    int64_t again;
    struct rb_arena a = rb_arena(mem, sizeof mem);
    struct fn_world *w = fp_world(ch, false);
    struct fp_notice s = site(ALFA | BRAVO);
    struct rb_volume v = fp_volume(&s);
    const struct rb_node_plan plan = {
        .author = 1, .class_ = RB_PLACE_SITE, .volumes_n = 1, .volumes = &v};
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    for (uint8_t i = 0; i < 63; i++)
        assert_int_equal(probed(w, 1, ch, i), RB_OK);
    ev.u.submit.what = RB_SUBMIT_PROBED;
    memcpy(ev.u.submit.channel, ch, 16);
    assert_int_equal(rb_node_plan_hash(&plan, &a, &ev.u.submit.record), RB_OK);
    fn_event(w, &w->p[1], &ev);
    assert_int_equal(ask(w, 1, ch, &again), RB_ERR_BUSY);
    assert_int_equal(fp_say(w, 1, ch, &s, &id), RB_OK);
    assert_int_equal(ask(w, 1, ch, &again), RB_OK);
    fp_end(w);
}

static void test_nothing_of_a_plan_goes_to_the_disk(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash plan;
    struct fn_world *w = fp_world(ch, false);
    assert_int_equal(probed(w, 1, ch, 9), RB_OK);
    memset(&plan, 0, sizeof plan);
    plan.b[0] = 9;
    plan.b[1] = 1;
    size_t at;
    const struct rb_effect *e = meta(&w->p[1], RB_TABLE_PROBED, 1, &at);
    assert_non_null(e);
    for (size_t i = 0; i < w->p[1].items_n; i++) {
        struct rb_slice v = w->p[1].items[i].ef.u.store.value;
        for (size_t k = 0; k + RB_HASH_LEN <= v.n; k++)
            assert_true(memcmp(v.p + k, plan.b, RB_HASH_LEN) != 0);
    }
    fp_end(w);
}

/* What was surveyed and how it was typed makes no other plan; where and when it is does. */
static void test_what_makes_a_plan(void **state) {
    (void)state;
    static uint8_t mem[1 << 20];
    struct rb_arena a = rb_arena(mem, sizeof mem);
    struct fp_notice op = operation(0);
    struct rb_volume v = fp_volume(&op);
    struct rb_hash h[2], old = {{7}};
    struct rb_node_plan p = {.class_ = RB_PLACE_OPERATION, .volumes_n = 1, .volumes = &v};
    assert_int_equal(rb_node_plan_hash(&p, &a, &h[0]), RB_OK);
    v.method = v.as_entered = v.declared_by = rb_str("by eye");
    v.has_surveyed = v.military_use = true;
    v.surveyed_utc_ms = 1;
    assert_int_equal(rb_node_plan_hash(&p, &a, &h[1]), RB_OK);
    assert_true(rb_hash_eq(&h[0], &h[1]));
    p.supersedes_n = 1;
    p.supersedes = &old;
    assert_int_equal(rb_node_plan_hash(&p, &a, &h[1]), RB_OK);
    assert_false(rb_hash_eq(&h[0], &h[1]));
    p.supersedes_n = 0;
    v.center.lon_nd++;
    assert_int_equal(rb_node_plan_hash(&p, &a, &h[1]), RB_OK);
    assert_false(rb_hash_eq(&h[0], &h[1]));
    assert_int_equal(a.used, 0);
}

/* ---- want of memory ----------------------------------------------------------------------------
 */
/* All that was said is compared, or counted as not compared, or there is no answer at all. */
static void nothing_is_passed_over(struct fn_world *w, size_t at, const uint8_t ch[16]) {
    struct rb_conflicts c;
    struct rb_channel_view v;
    struct fp_notice op = operation(0);
    size_t notices = 0, there;
    assert_true(rb_node_channel_by_id(w->p[at].rb, ch, &v));
    for (size_t i = 0; i < v.book->feeds_n; i++)
        for (size_t k = 0; k < v.book->feeds[i]->facts_n; k++)
            notices += v.book->feeds[i]->facts[k].kind == RB_KIND_NOTICE;
    enum rb_err err = fp_check(w, at, ch, &op, &c);
    if (err == RB_ERR_LIMIT) return;
    assert_int_equal(err, RB_OK);
    there = c.coverage.places + c.coverage.unreadable + c.coverage.malformed;
    for (size_t i = 0; i < RB_PLACE_CLASSES; i++)
        there += c.coverage.of[i].own;
    assert_int_equal(there, notices);
}

/* The nth allocation fails, at the author's or at the recipient's. What is released in spite of
 * what it touches is said so in the end, once. */
static void with_fault(size_t who, uint64_t nth, bool *clean) {
    uint8_t ch[16];
    struct rb_hash s_id, id;
    struct fn_world *w = fp_world_of(ch, false, 2, 0);
    struct fp_notice s = site(ALFA | BRAVO), op = operation(0);
    op.despite = true;
    fn_short = true;
    w->p[who].rb->region.fail_at = nth;
    enum rb_err err = fp_say(w, 0, ch, &s, &s_id);
    if (err != RB_OK) assert_int_equal(fp_say(w, 0, ch, &s, &s_id), RB_OK);
    fn_pass(w, 20000);
    struct rb_conflicts c; /* the site may not have come in time */
    err = fp_check(w, 1, ch, &op, &c);
    if (err != RB_OK) assert_int_equal(fp_check(w, 1, ch, &op, &c), RB_OK);
    bool knew = c.n > 0;
    err = fp_say(w, 1, ch, &op, &id);
    if (err != RB_OK) {
        assert_int_equal(err, RB_ERR_LIMIT);
        assert_int_equal(fp_say(w, 1, ch, &op, &id), RB_OK);
    }
    fn_pass(w, 20000);
    *clean = w->p[who].rb->region.fail_at != 0;
    w->p[who].rb->region.fail_at = 0;
    for (size_t i = 0; i < 2; i++)
        nothing_is_passed_over(w, i, ch);
    for (size_t i = 0; i < 2; i++)
        fn_restart(w, &w->p[i]);
    fn_pass(w, 60000);
    for (size_t i = 0; i < 2; i++)
        assert_true(fp_stands(w, i, ch, &s_id) && fp_stands(w, i, ch, &id));
    assert_int_equal(fs_services(w, 0, ch, 1, RB_SERVICE_RELEASED_DESPITE, &id), knew);
    fn_short = false;
    fp_end(w);
}

static void test_every_allocation_fails_once(void **state) {
    (void)state;
    for (size_t who = 0; who < 2; who++) {
        bool clean = false;
        uint64_t nth = 1;
        for (; !clean; nth++)
            with_fault(who, nth, &clean);
        assert_true(nth > 10);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_and_then_said),
        cmocka_unit_test(test_only_named_or_only_committed),
        cmocka_unit_test(test_a_crash_leaves_nothing_unsaid),
        cmocka_unit_test(test_what_was_not_released_is_not_said),
        cmocka_unit_test(test_the_second_officer_is_asked_as_well),
        cmocka_unit_test(test_the_second_officer_sees_what_is_new),
        cmocka_unit_test(test_sites_and_movements_are_not_held_back),
        cmocka_unit_test(test_what_it_replaces_is_not_in_its_way),
        cmocka_unit_test(test_probing_is_said_and_limited),
        cmocka_unit_test(test_probing_needs_a_channel),
        cmocka_unit_test(test_refused_releases_count),
        cmocka_unit_test(test_a_site_released_is_no_probe),
        cmocka_unit_test(test_nothing_of_a_plan_goes_to_the_disk),
        cmocka_unit_test(test_what_makes_a_plan),
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests_name("test_node_despite", tests, NULL, NULL);
}
