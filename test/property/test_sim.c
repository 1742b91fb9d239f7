/* Seeded runs of real nodes in the simulator: crashes, cuts, losses, slow disks, clocks that are off, further
 * epochs, and, in a second series, disks put back from an old copy, with their head file or without.
 * Whatever happens: nothing called durable or cosigned is lost (of a disk that was put back: nothing that
 * another cosigned), no honest feed forks, nodes with the same leaves show the same situation, and once all
 * is well again all hold the same and know it.
 *
 *   test-sim              runs from seed 1 on, until READBACK_SIM_SECONDS (default 40, the second series
 *                         half of it) have passed
 *   READBACK_SIM_SEED=n   that seed alone
 *   READBACK_ONLY=pattern of these tests */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>
#include <stdio.h>
#include "readback/text.h"
#include "sim/sim.h"

#define START_UTC_MS 1443621600000 /* 2015-09-30T14:00:00Z */
#define SETTLE_US 900000000u       /* simulated time to become well again */

struct run {
    struct sim *s;
    size_t n;
    char channel[64];
    size_t said;          /* records released with success */
    char last[80];        /* the last of them */
    bool restores;        /* old copies are put back */
    struct sim_copy *copy[SIM_MAX_PARTIES];
};

static uint64_t below(struct run *r, uint64_t n) { return sim_random_below(r->s, n); }
static struct sim_party *anyone(struct run *r) { return sim_party(r->s, below(r, r->n)); }

/* ---- a channel of n parties ------------------------------------------------------------------- */
static json_t *charter(const struct run *r) {
    json_t *members = json_array(), *accept = json_array();
    for (size_t i = 0; i < r->n; i++) {
        json_array_append_new(members, json_pack("{s:s}", "handle", sim_handle(sim_party(r->s, i))));
        if (i) json_array_append_new(accept, json_string(sim_handle(sim_party(r->s, i))));
    }
    return json_pack("{s:s,s:b,s:o,s:o,s:s,s:s,s:i}", "title", "Property", "exercise", 1, "members", members,
                     "accept_members", accept, "accept_by", "2015-10-30T00:00:00Z", "receipt_interval", "1s",
                     "rules_version", 1);
}

static void found(struct run *r) {
    struct sim_party *p = sim_party(r->s, 0);
    struct rb_client c = sim_client(p);
    struct rb_signer_key officer = sim_officer(p, 0), party = sim_party_key(p);
    json_t *body = charter(r), *out = NULL;
    int status = rb_client_found(&c, &officer, &party, body, &out);
    const char *id = json_string_value(json_object_get(out, "channel"));
    if (status < 200 || status >= 300 || !id) sim_break(r->s, "founding: status %d", status);
    (void)snprintf(r->channel, sizeof r->channel, "%s", id ? id : "?");
    json_decref(out);
    json_decref(body);
}

static bool has_channel(void *ctx) {
    struct sim_party *p = ctx;
    return sim_node(p) && rb_node_channels(sim_node(p)) > 0;
}

static void join(struct run *r, struct sim_party *p) {
    struct rb_client c = sim_client(p);
    struct rb_signer_key officer = sim_officer(p, 0), party = sim_party_key(p);
    for (int tries = 0; tries < 20 && !sim_broken(r->s); tries++) {
        json_t *out = NULL;
        if (!sim_is_up(p)) sim_start(p);
        (void)sim_run_while_not(r->s, has_channel, p, 120000000);
        int status = rb_client_accept(&c, &officer, &party, r->channel, &out);
        json_decref(out);
        if (status >= 200 && status < 300) return;
        sim_run_for(r->s, 1000000);
    }
    sim_break(r->s, "%s could not join", sim_handle(p));
}

/* Places that touch one another, some over soon, some in the stead of others. */
static json_t *notice(struct run *r) {
    static const char *const classes[] = {"operation", "exercise", "area"};
    char lat[32], until[32];
    struct rb_writer w = rb_writer(until, sizeof until);
    rb_put_rfc3339(&w, sim_utc_ms(r->s) + (int64_t)below(r, 120000) + 1000);
    (void)snprintf(lat, sizeof lat, "35.%03u", (unsigned)below(r, 20));
    json_t *volume = json_pack("{s:{s:s,s:s,s:s}}", "circle", "lat", lat, "lon", "36.500", "radius", "400m");
    if (below(r, 2)) json_object_set_new(volume, "until", json_string(rb_writer_z(&w)));
    json_t *draft = json_pack("{s:s,s:s,s:b,s:{s:s,s:s,s:[o]}}", "channel", r->channel, "kind", "notice", "despite", 1,
                              "body", "class", classes[below(r, 3)], "title", "a place", "volumes", volume);
    if (r->last[0] && below(r, 2)) json_object_set_new(draft, "supersedes", json_pack("[s]", r->last));
    return draft;
}

/* ---- what happens ------------------------------------------------------------------------------- */
static void say(struct run *r, struct sim_party *p) {
    static const char *const precedence[] = {"FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"};
    char title[64];
    if (!sim_is_up(p)) return;
    struct rb_client c = sim_client(p);
    struct rb_signer_key officer = sim_officer(p, 0);
    (void)snprintf(title, sizeof title, "statement %zu", r->said);
    json_t *out = NULL, *draft = below(r, 3) == 0
                                     ? notice(r)
                                     : json_pack("{s:s,s:s,s:s,s:{s:s,s:s}}", "channel", r->channel, "kind", "statement",
                                                 "precedence", precedence[below(r, 4)], "body", "title", title, "text",
                                                 "words");
    int status = rb_client_release(&c, &officer, draft, &out);
    const char *id = json_string_value(json_object_get(out, "record"));
    if (status >= 200 && status < 300 && id) {
        r->said++;
        (void)snprintf(r->last, sizeof r->last, "%s", id);
    }
    json_decref(out);
    json_decref(draft);
}

static void read_it(struct run *r, struct sim_party *p) {
    if (!sim_is_up(p) || !r->last[0]) return;
    struct rb_client c = sim_client(p);
    struct rb_signer_key officer = sim_officer(p, 0);
    json_t *out = NULL, *draft = json_pack("{s:s,s:s,s:[s],s:{s:s}}", "channel", r->channel, "kind", "position", "answers",
                                           r->last, "body", "type", "read");
    (void)rb_client_release(&c, &officer, draft, &out); /* it may not hold the record yet */
    json_decref(out);
    json_decref(draft);
}

static void line(struct run *r) {
    struct sim_party *a = anyone(r), *b = anyone(r);
    if (a == b) return;
    if (below(r, 2)) sim_link(r->s, a, b)->cut = below(r, 2) == 0; /* one way */
    else if (below(r, 2)) sim_cut(r->s, a, b);
    else sim_heal(r->s, a, b);
}

/* A further epoch, where the present one is idle; refused for many a reason. */
static void epoch(struct run *r, struct sim_party *p) {
    if (!sim_is_up(p)) return;
    struct rb_client c = sim_client(p);
    struct rb_signer_key officer = sim_officer(p, 0), party = sim_party_key(p);
    json_t *out = NULL;
    (void)rb_client_epoch(&c, &officer, &party, r->channel, NULL, &out);
    json_decref(out);
}

/* ---- an old copy is put back --------------------------------------------------------------------- */
static bool view_of(const struct run *r, struct sim_party *p, struct rb_channel_view *v) {
    uint8_t id[RB_CHANNEL_LEN];
    if (!sim_node(p) || rb_hex_decode(rb_str(r->channel), id, sizeof id) != RB_OK) return false;
    return rb_node_channel_by_id(sim_node(p), id, v) && v->own_feed;
}

/* at a random moment, but for one thing: all that is logged is signed */
static void copy(struct run *r, size_t i) {
    struct sim_party *p = sim_party(r->s, i);
    struct rb_channel_view v;
    if (!view_of(r, p, &v) || v.waiting || v.signed_size != v.own_feed->tree.size) return;
    struct sim_copy *c = sim_copy_disk(p);
    sim_copy_free(r->copy[i]);
    r->copy[i] = c;
}

static bool every_line(struct run *r) { /* all up, all lines, long enough for what waited to be heard */
    sim_heal_all(r->s);
    sim_set_links(r->s, (struct sim_range){500, 30000}, 0);
    for (size_t i = 0; i < r->n; i++) sim_start(sim_party(r->s, i));
    sim_run_for(r->s, 90000000);
    for (size_t i = 0; i < r->n; i++)
        if (!sim_is_up(sim_party(r->s, i))) return false;
    return true;
}

struct at {
    struct run *r;
    struct sim_party *p;
};

static bool unguarded(void *ctx) {
    struct at *a = ctx;
    struct rb_channel_view v;
    return view_of(a->r, a->p, &v) && !v.guarded;
}

static bool signs(void *ctx) {
    struct at *a = ctx;
    struct rb_channel_view v;
    return view_of(a->r, a->p, &v) && !v.waiting;
}

/* Then what was lost is fetched from those who hold it; what nobody holds costs the epoch. */
static void come_back(struct run *r, struct sim_party *p) {
    struct at a = {r, p};
    if (!sim_run_while_not(r->s, unguarded, &a, 200000000))
        sim_break(r->s, "the guard of %s did not end", sim_handle(p));
    for (int tries = 0; tries < 3 && !sim_run_while_not(r->s, signs, &a, 400000000); tries++) epoch(r, p);
    if (!signs(&a)) sim_break(r->s, "%s never signed again", sim_handle(p));
}

static bool outward(const struct run *r, size_t i) {
    return i == r->n - 1 && rb_node_card(sim_node(sim_party(r->s, i)))->addresses_n == 0;
}

/* With only some of the others in reach it says more, then its disk is put back. Leaves that are nowhere
 * but with a member whom nobody can call are not to be had: it is not left alone with that one. */
static void put_back(struct run *r) {
    size_t i = below(r, r->n);
    struct sim_party *p = sim_party(r->s, i);
    struct sim_link was = *sim_link(r->s, p, sim_party(r->s, (i + 1) % r->n));
    if (!r->copy[i] || !every_line(r)) return;
    for (size_t k = 0; k < r->n; k++)
        if (k != i && (outward(r, k) || below(r, 2))) sim_cut(r->s, p, sim_party(r->s, k));
    for (uint64_t k = below(r, 4); k > 0; k--) say(r, p);
    sim_run_for(r->s, below(r, 3000000));
    for (size_t k = 0; k < r->n; k++) /* what is on its way arrives */
        if (k != i) sim_cut(r->s, p, sim_party(r->s, k));
    sim_run_for(r->s, 2000000);
    sim_stop(p);
    sim_restore_disk(p, r->copy[i], below(r, 2) == 0);
    sim_heal_all(r->s);
    sim_run_for(r->s, 1000000);
    sim_start(p);
    come_back(r, p);
    sim_set_links(r->s, was.latency, was.loss_ppm);
}

static void happen(struct run *r) {
    if (r->restores && below(r, 3) == 0) copy(r, below(r, r->n));
    if (r->restores && below(r, 12) == 0) put_back(r);
    if (below(r, 25) == 0) epoch(r, anyone(r));
    switch (below(r, 10)) {
    case 0:
    case 1:
    case 2:
    case 3: say(r, anyone(r)); break;
    case 4: read_it(r, anyone(r)); break;
    case 5: sim_crash_at(anyone(r), below(r, 400000), below(r, 20000000)); break;
    case 6:
    case 7: line(r); break;
    case 8: sim_set_clock(anyone(r), (int64_t)below(r, 6000) - 3000); break;
    default: sim_run_for(r->s, below(r, 10000000)); break;
    }
    sim_run_for(r->s, below(r, 300000));
}

/* ---- all well again --------------------------------------------------------------------------- */
/* who is not known to hold what, for the message */
static char missing[128];

static bool held_by_all(struct sim_party *p) {
    for (size_t c = 0; c < rb_node_channels(sim_node(p)); c++) {
        struct rb_channel_view v;
        const struct rb_situation *sit;
        uint64_t since;
        uint8_t id[RB_CHANNEL_LEN];
        if (!rb_node_channel(sim_node(p), c, &v)) return false;
        memcpy(id, v.id, sizeof id);
        if (rb_node_situation(sim_node(p), id, START_UTC_MS, &sit) != RB_OK) return false;
        for (uint32_t i = 0; i < sit->order_n; i++) {
            if (rb_situation_fact(sit, i)->kind == RB_KIND_RECEIPT) continue;
            for (size_t m = 0; m < sit->members_n; m++)
                if (!rb_situation_held(sit, i, sit->members[m].index, &since)) {
                    (void)snprintf(missing, sizeof missing, "member %u, %s %u of member %u", sit->members[m].index,
                                   rb_kind_name((enum rb_kind)rb_situation_fact(sit, i)->kind), sit->order[i].place.leaf,
                                   rb_situation_author(sit, i));
                    return false;
                }
        }
    }
    return true;
}

static bool well(void *ctx) { /* asked now and then: it folds */
    struct run *r = ctx;
    for (size_t i = 0; i < r->n; i++)
        if (!sim_is_up(sim_party(r->s, i))) return false;
    return sim_same_leaves(r->s) && held_by_all(sim_party(r->s, 0));
}

static void settle(struct run *r) {
    sim_heal_all(r->s);
    sim_set_links(r->s, (struct sim_range){1000, 30000}, 0);
    for (uint64_t us = 0; us < SETTLE_US && !sim_broken(r->s); us += 5000000) {
        for (size_t i = 0; i < r->n; i++)
            if (!sim_is_up(sim_party(r->s, i)) && us > 60000000) sim_start(sim_party(r->s, i));
        if (well(r)) return;
        sim_run_for(r->s, 5000000);
    }
    sim_break(r->s, "the nodes did not come to hold the same, or not to know it (same leaves: %s; not known: %s)",
              sim_same_leaves(r->s) ? "yes" : "no", missing);
}

static void set_up(struct run *r) {
    static const char *const names[] = {"alba", "brig", "corrie", "dale", "esk"};
    r->n = 3 + below(r, 3);
    for (size_t i = 0; i < r->n; i++) {
        struct sim_party_spec spec = {.handle = names[i], .outward_only = i == r->n - 1 && below(r, 2) == 0};
        if (!sim_add_party(r->s, &spec)) return;
    }
    for (size_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < r->n; k++)
            if (i != k) sim_accredit_at_setup(sim_party(r->s, i), sim_party(r->s, k));
    for (size_t i = 0; i < r->n; i++) sim_start(sim_party(r->s, i));
    found(r);
}

/* NULL: well; else what is wrong, for the caller to free */
static char *run_seed(uint64_t seed, bool restores) {
    struct run r = {.s = sim_create(seed, START_UTC_MS), .restores = restores};
    if (!r.s) return strdup("no simulator");
    set_up(&r);
    for (size_t i = 0; i < r.n; i++) {
        struct sim_range commit = {100, 100 + below(&r, 50000)}, sign = {50, 50 + below(&r, 20000)};
        sim_disk_speed(sim_party(r.s, i), commit, sign);
    }
    sim_set_links(r.s, (struct sim_range){500, 1000 + below(&r, 400000)}, (uint32_t)below(&r, 100000));
    for (size_t i = 1; i < r.n && !sim_broken(r.s); i++) join(&r, sim_party(r.s, i));
    for (uint64_t k = 20 + below(&r, 40); k > 0 && !sim_broken(r.s); k--) happen(&r);
    if (!sim_broken(r.s)) settle(&r);
    if (!sim_broken(r.s)) (void)sim_check(r.s);
    const char *b = sim_broken(r.s);
    char *out = b ? strdup(b) : NULL;
    for (size_t i = 0; i < r.n; i++) sim_copy_free(r.copy[i]);
    sim_destroy(r.s);
    return out;
}

/* ---- tests ------------------------------------------------------------------------------------------ */
static uint64_t number(const char *name, uint64_t otherwise) {
    const char *z = getenv(name);
    uint64_t n;
    return z && rb_dec_decode(rb_str(z), &n) == RB_OK ? n : otherwise;
}

static void seeds(bool restores) {
    uint64_t from = number("READBACK_SIM_SEED", 1), to = getenv("READBACK_SIM_SEED") ? from : 400;
    time_t until = time(NULL) + (time_t)number("READBACK_SIM_SECONDS", 40) / (restores ? 2 : 1);
    uint64_t seed = from;
    for (; seed <= to && (seed == from || time(NULL) < until); seed++) {
        char *wrong = run_seed(seed, restores);
        if (wrong) {
            print_error("seed=%llu: %s\n", (unsigned long long)seed, wrong);
            free(wrong);
            fail();
        }
    }
    print_message("%llu seeded runs\n", (unsigned long long)(seed - from));
}

static void test_seeds(void **state) {
    (void)state;
    seeds(false);
}

static void test_old_copies(void **state) {
    (void)state;
    seeds(true);
}

/* The checkers themselves: what they are there for, they must see. */
static void test_checker_sees_a_lost_record(void **state) {
    (void)state;
    struct run r = {.s = sim_create(7, START_UTC_MS)};
    set_up(&r);
    for (size_t i = 1; i < r.n; i++) join(&r, sim_party(r.s, i));
    say(&r, sim_party(r.s, 1));
    sim_run_for(r.s, 5000000);
    assert_null(sim_broken(r.s));
    assert_true(sim_check(r.s));
    sim_forget_disk(sim_party(r.s, 1)); /* a disk that lies about durability */
    sim_start(sim_party(r.s, 1));
    assert_false(sim_check(r.s));
    sim_destroy(r.s);
}

static void test_same_seed_same_end(void **state) {
    (void)state;
    uint64_t end[2] = {0, 1};
    for (int k = 0; k < 2; k++) {
        struct run r = {.s = sim_create(11, START_UTC_MS)};
        set_up(&r);
        for (size_t i = 1; i < r.n; i++) join(&r, sim_party(r.s, i));
        for (int i = 0; i < 20; i++) happen(&r);
        assert_null(sim_broken(r.s));
        end[k] = sim_mono_us(r.s) ^ sim_random(r.s);
        sim_destroy(r.s);
    }
    assert_int_equal(end[0], end[1]);
}

/* ---- a FLASH that reaches a guarded node -------------------------------------------------------------- */
struct told {
    struct sim_party *p;
    struct rb_hash record;
    size_t n;
};

static void count_told(void *ctx, struct sim_party *p, const struct rb_effect *alert) {
    struct told *t = ctx;
    t->n += p == t->p && alert->u.alert.alert == RB_ALERT_RECORD && alert->u.alert.has_record &&
            rb_hash_eq(&alert->u.alert.record, &t->record);
}

static bool holds(struct run *r, struct sim_party *shown_by, const struct rb_hash *record, uint16_t member) {
    uint8_t id[RB_CHANNEL_LEN];
    const struct rb_situation *s;
    uint64_t since;
    if (rb_hex_decode(rb_str(r->channel), id, sizeof id) != RB_OK) return false;
    if (rb_node_situation(sim_node(shown_by), id, START_UTC_MS, &s) != RB_OK) return false;
    uint32_t at = rb_situation_find(s, record);
    return at != RB_NOWHERE && rb_situation_held(s, at, member, &since);
}

static bool is_shown(struct run *r, struct sim_party *p, const struct rb_hash *record) {
    uint8_t id[RB_CHANNEL_LEN];
    const struct rb_situation *s;
    return rb_hex_decode(rb_str(r->channel), id, sizeof id) == RB_OK &&
           rb_node_situation(sim_node(p), id, START_UTC_MS, &s) == RB_OK &&
           rb_situation_find(s, record) != RB_NOWHERE;
}

static bool guarded_here(struct run *r, struct sim_party *p) {
    struct rb_channel_view v;
    return view_of(r, p, &v) && v.guarded;
}

/* With its majority away a node that was started anew shows what reaches it, and cosigns it when the guard
 * ends; nobody is told of it twice, whatever is restarted in between. */
static void test_guarded_shows_what_arrives(void **state) {
    (void)state;
    struct run r = {.s = sim_create(21, START_UTC_MS), .n = 4};
    static const char *const names[] = {"alba", "brig", "corrie", "dale"};
    for (size_t i = 0; i < r.n; i++) {
        struct sim_party_spec spec = {.handle = names[i]};
        assert_non_null(sim_add_party(r.s, &spec));
    }
    for (size_t i = 0; i < r.n; i++)
        for (size_t k = 0; k < r.n; k++)
            if (i != k) sim_accredit_at_setup(sim_party(r.s, i), sim_party(r.s, k));
    for (size_t i = 0; i < r.n; i++) sim_start(sim_party(r.s, i));
    sim_set_links(r.s, (struct sim_range){1000, 30000}, 0);
    found(&r);
    for (size_t i = 1; i < r.n; i++) join(&r, sim_party(r.s, i));
    sim_run_for(r.s, 10000000);
    struct sim_party *alba = sim_party(r.s, 0), *brig = sim_party(r.s, 1);
    sim_stop(sim_party(r.s, 2));
    sim_stop(sim_party(r.s, 3));
    sim_stop(alba);
    /* said while alba is down, so that its id is known before it can arrive */
    struct rb_client c = sim_client(brig);
    struct rb_signer_key officer = sim_officer(brig, 0);
    json_t *out = NULL, *draft = json_pack("{s:s,s:s,s:s,s:{s:s,s:s}}", "channel", r.channel, "kind", "statement",
                                           "precedence", "FLASH", "body", "title", "Stop", "text", "Stop now.");
    assert_int_equal(rb_client_release(&c, &officer, draft, &out), 200);
    struct told told = {.p = alba};
    assert_int_equal(rb_hex_decode(rb_str(json_string_value(json_object_get(out, "record"))), told.record.b,
                                   RB_HASH_LEN),
                     RB_OK);
    json_decref(out);
    json_decref(draft);
    sim_on_alert(r.s, count_told, &told);
    sim_start(alba);
    sim_run_for(r.s, 70000000);
    assert_true(guarded_here(&r, alba));
    assert_int_equal(told.n, 1);
    assert_true(is_shown(&r, alba, &told.record));
    assert_false(holds(&r, brig, &told.record, 0));
    for (int k = 0; k < 2; k++) {
        if (k) sim_crash(alba);
        else sim_stop(alba);
        sim_start(alba);
        sim_run_for(r.s, 70000000);
        assert_true(guarded_here(&r, alba));
        assert_true(is_shown(&r, alba, &told.record));
        assert_false(holds(&r, brig, &told.record, 0));
    }
    sim_start(sim_party(r.s, 2));
    sim_start(sim_party(r.s, 3));
    struct at a = {&r, alba};
    assert_true(sim_run_while_not(r.s, unguarded, &a, 200000000));
    settle(&r);
    assert_true(holds(&r, brig, &told.record, 0));
    assert_int_equal(told.n, 1);
    assert_true(sim_check(r.s));
    assert_null(sim_broken(r.s));
    sim_destroy(r.s);
}

/* ---- all at once
 * ------------------------------------------------------------------------------------- */
#define EVERYBODY 11u
#define BOOT_US 120000000u /* simulated time in which each must have found out what it had signed  \
                            */

static size_t guarded_n(struct run *r) {
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        n += guarded_here(r, sim_party(r->s, i));
    return n;
}

static bool nobody_guarded(void *ctx) {
    struct run *r = ctx;
    return guarded_n(r) == 0;
}

/* one situation: the same bytes at all */
static void one_situation(struct run *r) {
    static uint8_t bytes[2][1 << 20];
    uint8_t id[RB_CHANNEL_LEN];
    struct rb_slice first = {0};
    assert_int_equal(rb_hex_decode(rb_str(r->channel), id, sizeof id), RB_OK);
    for (size_t i = 0; i < r->n; i++) {
        const struct rb_situation *s;
        struct rb_writer w = rb_writer(bytes[i > 0], sizeof bytes[0]);
        struct rb_slice out;
        assert_int_equal(
            rb_node_situation(sim_node(sim_party(r->s, i)), id, START_UTC_MS + 7200000, &s), RB_OK);
        rb_situation_encode(s, &w);
        assert_int_equal(rb_writer_done(&w, &out), RB_OK);
        if (i == 0) first = out;
        assert_true(rb_slice_eq(first, out));
    }
}

static void nothing_forked(struct run *r) {
    for (size_t i = 0; i < r->n; i++) {
        struct rb_channel_view v;
        assert_true(view_of(r, sim_party(r->s, i), &v));
        assert_int_equal(v.waiting, 0);
        assert_int_equal(v.own_feed->tree.size, v.signed_size);
        for (size_t k = 0; k < v.book->feeds_n; k++)
            assert_true(v.book->feeds[k]->branch == 0 && !v.book->feeds[k]->frozen);
    }
}

/* Eleven with a history end, some in the midst of things, and are started in the same moment: each
 * has to ask those who ask it. Nobody waits for ever, and all is as it was. The last one only
 * connects outwards. */
static void boot_at_once(uint64_t seed) {
    struct run r = {.s = sim_create(seed, START_UTC_MS), .n = EVERYBODY};
    static const char *const names[EVERYBODY] = {"alba", "brig",  "corrie", "dale", "esk", "firth",
                                                 "glen", "haugh", "inver",  "kyle", "linn"};
    for (size_t i = 0; i < r.n; i++) {
        struct sim_party_spec spec = {.handle = names[i], .outward_only = i == r.n - 1};
        assert_non_null(sim_add_party(r.s, &spec));
    }
    for (size_t i = 0; i < r.n; i++)
        for (size_t k = 0; k < r.n; k++)
            if (i != k) sim_accredit_at_setup(sim_party(r.s, i), sim_party(r.s, k));
    for (size_t i = 0; i < r.n; i++)
        sim_start(sim_party(r.s, i));
    sim_set_links(r.s, (struct sim_range){1000, 30000}, 0);
    found(&r);
    for (size_t i = 1; i < r.n; i++)
        join(&r, sim_party(r.s, i));
    for (size_t i = 0; i < 3 * r.n; i++) {
        say(&r, sim_party(r.s, i % r.n));
        read_it(&r, anyone(&r));
        sim_run_for(r.s, below(&r, 300000));
    }
    const size_t before = r.said;
    assert_true(before > 2 * r.n); /* some may not supersede what they wanted to */
    for (size_t i = 0; i < r.n; i++) {
        if (below(&r, 2))
            sim_crash(sim_party(r.s, i));
        else
            sim_stop(sim_party(r.s, i));
    }
    if (seed % 2) sim_set_links(r.s, (struct sim_range){500, 400000}, 50000); /* lossy, and far */
    for (size_t i = 0; i < r.n; i++)
        sim_start(sim_party(r.s, i));
    sim_run_for(r.s, 10);
    assert_int_equal(guarded_n(&r), r.n); /* else there was nothing to wait for */
    const uint64_t from = sim_mono_us(r.s);
    const bool ended = sim_run_while_not(r.s, nobody_guarded, &r, BOOT_US);
    print_message("seed %llu: %zu guarded after %llu ms\n", (unsigned long long)seed, guarded_n(&r),
                  (unsigned long long)(sim_mono_us(r.s) - from) / 1000);
    assert_true(ended);
    for (size_t i = 0; i < r.n; i++)
        say(&r, sim_party(r.s, i)); /* and go on */
    assert_true(r.said > before);
    settle(&r);
    assert_null(sim_broken(r.s));
    nothing_forked(&r);
    one_situation(&r);
    assert_true(sim_check(r.s));
    sim_destroy(r.s);
}

static void test_eleven_start_together(void **state) {
    (void)state;
    for (uint64_t seed = 31; seed < 34; seed++)
        boot_at_once(seed);
}

int main(void) {
    if (getenv("READBACK_ONLY")) cmocka_set_test_filter(getenv("READBACK_ONLY"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guarded_shows_what_arrives),
        cmocka_unit_test(test_eleven_start_together),
        cmocka_unit_test(test_same_seed_same_end),
        cmocka_unit_test(test_checker_sees_a_lost_record),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_old_copies),
    };
    return cmocka_run_group_tests_name("test_sim", tests, NULL, NULL);
}
