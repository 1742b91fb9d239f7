/* Areas under truce in a node: when a cessation joins the check of plans, for how long, for whom,
 * and who is told. Spec 16.4.7. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "fixture_place.h"

#define ALL (ALFA | BRAVO | CHARLIE)

struct truce {          /* a circle of 2 km at 35 N 36 E; hours from when the world was made */
    int64_t start, end; /* end 0: none */
    uint64_t parties;   /* 0: its author alone */
    int64_t by;         /* silence until then; 0: all must accept */
    uint64_t radius_m;  /* 0: no area */
    uint64_t readers;   /* 0: open */
    int64_t area_to;    /* the area's own end; 0: none */
    const struct rb_hash *extends, *supersedes;
};

static struct rb_slice volumes_of(const struct truce *t) {
    const struct fp_notice n = {
        .class_ = RB_NOTICE_AREA, .radius_m = t->radius_m, .to = t->area_to};
    struct rb_slice body = fp_body(&n), out;
    struct rb_reader r;
    assert_int_equal(rb_cbor_find(body, 4, &r), RB_OK);
    assert_int_equal(rb_cbor_skip(&r, &out), RB_OK);
    return out;
}

static void put_parties(struct rb_writer *w, uint64_t members) {
    rb_cbor_put_uint(w, 7);
    rb_cbor_put_array(w, (size_t)__builtin_popcountll(members));
    for (uint16_t m = 0; m < FN_MAX; m++)
        if (members >> m & 1) rb_cbor_put_uint(w, m);
}

static struct rb_slice body_of(const struct truce *t) {
    static uint8_t body[2048];
    struct rb_writer w = rb_writer(body, sizeof body);
    rb_cbor_put_map(&w, 2u + (t->radius_m > 0) + (t->end != 0) + (t->parties != 0) + (t->by != 0) +
                            (t->extends != NULL));
    rb_cbor_put_uint(&w, 1);
    rb_cbor_put_text(&w, rb_str("Calm"));
    if (t->radius_m > 0) {
        rb_cbor_put_uint(&w, 3);
        rb_put_slice(&w, volumes_of(t));
    }
    rb_cbor_put_uint(&w, 4);
    rb_cbor_put_int(&w, t->start);
    if (t->end != 0) {
        rb_cbor_put_uint(&w, 5);
        rb_cbor_put_int(&w, t->end);
    }
    if (t->parties != 0) put_parties(&w, t->parties);
    if (t->by != 0) {
        rb_cbor_put_uint(&w, 10);
        rb_cbor_put_map(&w, 2);
        rb_cbor_put_uint(&w, 1);
        rb_cbor_put_uint(&w, RB_RULE_SILENCE);
        rb_cbor_put_uint(&w, 4);
        rb_cbor_put_int(&w, t->by);
    }
    if (t->extends != NULL) {
        rb_cbor_put_uint(&w, 12);
        rb_cbor_put_bytes(&w, rb_slice(t->extends->b, RB_HASH_LEN));
    }
    assert_false(w.over);
    assert_int_equal(rb_body_check(RB_KIND_CESSATION, rb_written(&w), NULL), RB_OK);
    return rb_written(&w);
}

static void say(struct fn_world *w, size_t who, const uint8_t ch[16], const struct truce *t,
                struct rb_hash *id) {
    enum rb_err err;
    if (t->readers != 0) {
        struct fn_closed c = {
            .kind = RB_KIND_CESSATION, .body = body_of(t), .recipients = t->readers};
        err = fn_say_closed(w, &w->p[who], ch, &c, 1, id);
    } else {
        struct rb_record *rec = calloc(1, sizeof *rec);
        rec->kind = RB_KIND_CESSATION;
        rec->precedence = RB_ROUTINE;
        rec->body = body_of(t);
        if (t->supersedes) {
            rec->refs[RB_REF_SUPERSEDES].n = 1;
            rec->refs[RB_REF_SUPERSEDES].h[0] = *t->supersedes;
        }
        err = fn_release(w, &w->p[who], ch, rec, 1, id);
        free(rec);
    }
    assert_int_equal(err, RB_OK);
    fn_pass(w, 20000);
}

static void word(struct fn_world *w, size_t who, const uint8_t ch[16], enum rb_position_type type,
                 const struct rb_hash *on, struct rb_hash *id) {
    assert_int_equal(fn_position(w, &w->p[who], ch, type, on, id), RB_OK);
    fn_pass(w, 20000);
}

static struct fp_notice operation(int64_t east_m, int64_t from, int64_t to) {
    return (struct fp_notice){
        .class_ = RB_NOTICE_OPERATION, .east_m = east_m, .radius_m = 1000, .from = from, .to = to};
}

static size_t found_by_all(struct fn_world *w, const uint8_t ch[16], const struct fp_notice *x) {
    const size_t n = fp_found(w, 0, ch, x);
    for (size_t i = 1; i < w->n; i++)
        assert_int_equal(fp_found(w, i, ch, x), n);
    return n;
}

/* ---- when and where -----------------------------------------------------------------------------
 */
static void test_from_start_to_end_for_all(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct rb_conflicts c;
    struct rb_place_view v;
    struct fn_world *w = fp_world(ch, false);
    const int64_t t0 = w->utc_ms;
    const struct truce t = {.start = t0 + 2 * FP_HOUR, .end = t0 + 4 * FP_HOUR, .radius_m = 2000};
    say(w, 0, ch, &t, &id);
    struct fp_notice in = operation(0, t0 + 3 * FP_HOUR, t0 + 5 * FP_HOUR),
                     before = operation(0, t0 + FP_HOUR, t.start),
                     after = operation(0, t.end, t0 + 9 * FP_HOUR),
                     beside = operation(3200, t0 + 3 * FP_HOUR, t0 + 5 * FP_HOUR);
    for (size_t at = 0; at < 3; at++) { /* bound or not, its author or not */
        assert_int_equal(fp_check(w, at, ch, &in, &c), RB_OK);
        assert_int_equal(c.n, 1);
        assert_int_equal(c.list[0].rule, RB_CONFLICT_TRUCE);
        assert_int_equal(c.list[0].other_class, RB_PLACE_TRUCE);
        assert_int_equal(c.list[0].answer, RB_ANSWER_CONFLICT);
        assert_int_equal(c.list[0].from_utc_ms, t0 + 3 * FP_HOUR);
        assert_int_equal(c.list[0].to_utc_ms, t.end);
        assert_int_equal(c.list[0].standoff_mm, 0);
        assert_true(rb_hash_eq(&c.list[0].other, &id));
        assert_int_equal(c.coverage.of[RB_PLACE_TRUCE].places, 1);
        assert_true(rb_node_place_of(w->p[at].rb, ch, &id, w->utc_ms, &v));
        assert_true(v.stands && v.has_begin && v.has_end && rb_slice_is(v.title, "Calm"));
        assert_int_equal(v.begin_utc_ms, t.start);
        assert_int_equal(v.end_utc_ms, t.end);
    }
    assert_int_equal(found_by_all(w, ch, &before), 0);
    assert_int_equal(found_by_all(w, ch, &after), 0);
    assert_int_equal(found_by_all(w, ch, &beside), 0); /* there is no stand-off */
    fn_pass(w, 5 * FP_HOUR);
    assert_false(fp_stands(w, 1, ch, &id));
    assert_int_equal(fp_check(w, 1, ch, &in, &c), RB_OK);
    assert_int_equal(c.coverage.of[RB_PLACE_TRUCE].places, 0);
    fp_end(w);
}

static void test_agreed_and_broken_off(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, yes, no, op;
    struct fn_world *w = fp_world(ch, false);
    const int64_t t0 = w->utc_ms;
    const struct truce t = {.start = t0 + 2 * FP_DAY,
                            .end = t0 + 4 * FP_DAY,
                            .parties = ALFA | BRAVO,
                            .radius_m = 2000};
    struct fp_notice plan = operation(0, t0 + 3 * FP_DAY, t0 + 5 * FP_DAY);
    assert_int_equal(fp_say(w, 2, ch, &plan, &op), RB_OK); /* released before anybody agreed */
    say(w, 0, ch, &t, &id);
    plan.class_ = RB_NOTICE_EXERCISE;
    plan.supersedes = &op;
    assert_int_equal(fp_found(w, 2, ch, &plan), 0); /* proposed: it is none yet */
    assert_false(fp_stands(w, 2, ch, &id));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(fp_alerts(w, i, RB_ALERT_CONFLICT), 0);
    word(w, 1, ch, RB_POSITION_ACCEPT, &id, &yes);
    for (size_t i = 0; i < 3; i++) { /* it meets what was planned: its own author is told, too */
        assert_true(fp_stands(w, i, ch, &id));
        assert_int_equal(fp_alerts(w, i, RB_ALERT_CONFLICT), 1);
        const struct rb_effect *e = fp_alert(w, i, RB_ALERT_CONFLICT);
        assert_true(rb_hash_eq(&e->u.alert.record, &id));
        assert_int_equal(e->u.alert.size, 1);
        assert_int_equal(e->u.alert.reject.err, RB_ERR_STATE);
    }
    assert_int_equal(fp_found(w, 2, ch, &plan), 1);
    word(w, 1, ch, RB_POSITION_WITHDRAW, &yes, &no);
    for (size_t i = 0; i < 3; i++)
        assert_false(fp_stands(w, i, ch, &id));
    assert_int_equal(fp_found(w, 2, ch, &plan), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(fp_alerts(w, i, RB_ALERT_CONFLICT), 1);
    fp_end(w);
}

static void test_an_extension_moves_the_end(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, longer, yes, op;
    struct rb_conflicts c;
    struct fn_world *w = fp_world(ch, false);
    const int64_t t0 = w->utc_ms;
    const struct truce t = {.start = t0 + FP_HOUR,
                            .end = t0 + 2 * FP_DAY,
                            .parties = ALFA | BRAVO,
                            .radius_m = 2000,
                            .area_to = t0 + 2 * FP_DAY};
    struct fp_notice plan = operation(0, t0 + 3 * FP_DAY, t0 + 5 * FP_DAY), early = plan;
    early.from = t0 + FP_DAY;
    say(w, 0, ch, &t, &id);
    word(w, 1, ch, RB_POSITION_ACCEPT, &id, &yes);
    assert_int_equal(found_by_all(w, ch, &early), 1);
    assert_int_equal(found_by_all(w, ch, &plan), 0);
    assert_int_equal(fp_say(w, 2, ch, &plan, &op), RB_OK);
    fn_pass(w, 20000);
    fp_forget_alerts(w);
    const struct truce x = {.start = t.end, .end = t0 + 4 * FP_DAY, .extends = &id};
    say(w, 1, ch, &x, &longer);
    assert_int_equal(fp_alerts(w, 2, RB_ALERT_CONFLICT), 0);
    word(w, 0, ch, RB_POSITION_ACCEPT, &longer, &yes);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(fp_alerts(w, i, RB_ALERT_CONFLICT), 1); /* it holds longer now */
        assert_true(rb_hash_eq(&fp_alert(w, i, RB_ALERT_CONFLICT)->u.alert.record, &id));
        plan.supersedes = i == 2 ? &op : NULL;
        plan.class_ = RB_NOTICE_EXERCISE;
        assert_int_equal(fp_check(w, i, ch, &plan, &c), RB_OK);
        const size_t at = i == 2 ? 0 : (size_t)(c.list[0].rule != RB_CONFLICT_TRUCE);
        assert_int_equal(c.list[at].rule, RB_CONFLICT_TRUCE);
        assert_int_equal(c.list[at].to_utc_ms, x.end);
        assert_int_equal(c.coverage.placeless,
                         0); /* what extends has the area of what it extends */
    }
    fp_end(w);
}

static void test_by_time_alone(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, op;
    struct fn_world *w = fp_world(ch, false);
    const int64_t t0 = w->utc_ms;
    const struct truce t = {.start = t0 + 3 * FP_HOUR,
                            .end = t0 + 9 * FP_DAY,
                            .parties = ALFA | BRAVO,
                            .by = t0 + 2 * FP_HOUR,
                            .radius_m = 2000};
    struct fp_notice plan = operation(0, t0 + 3 * FP_DAY, 0), mine = plan;
    assert_int_equal(fp_say(w, 2, ch, &plan, &op), RB_OK);
    mine.supersedes = &op;
    say(w, 0, ch, &t, &id);
    assert_int_equal(fp_found(w, 2, ch, &mine), 0);
    fn_pass(w, 2 * FP_HOUR - 60000);
    assert_int_equal(fp_found(w, 2, ch, &mine), 0);
    fp_forget_alerts(w);
    fn_pass(w, UINT64_C(2) * 60000); /* nobody broke the silence */
    assert_int_equal(fp_alerts(w, 2, RB_ALERT_CONFLICT), 1);
    assert_int_equal(fp_found(w, 2, ch, &mine), 1);
    /* who asks of another time is told of that time, and hides nothing from who asks of now */
    struct rb_place_view v;
    assert_true(rb_node_place_of(w->p[2].rb, ch, &id, t0 + FP_HOUR, &v));
    assert_false(v.stands);
    assert_int_equal(fp_found(w, 2, ch, &mine), 1);
    fp_end(w);
}

static void test_no_area_is_not_compared(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, gap;
    struct rb_conflicts c;
    struct fn_world *w = fp_world(ch, false);
    const int64_t t0 = w->utc_ms;
    const struct truce t = {.start = t0 + FP_HOUR, .end = t0 + 2 * FP_HOUR};
    struct fp_notice plan = operation(0, 0, 0);
    say(w, 0, ch, &t, &id);
    assert_int_equal(fp_check(w, 1, ch, &plan, &c), RB_OK);
    assert_int_equal(c.n, 0);
    assert_int_equal(c.coverage.of[RB_PLACE_TRUCE].placeless, 1);
    const struct truce x = {.start = t0 + 3 * FP_HOUR, .end = t0 + 5 * FP_HOUR, .extends = &id};
    say(w, 0, ch, &x, &gap); /* by itself: whose area would be meant is not said */
    assert_int_equal(fp_check(w, 1, ch, &plan, &c), RB_OK);
    assert_int_equal(c.coverage.of[RB_PLACE_TRUCE].placeless, 2);
    fp_end(w);
}

/* ---- released in spite of it, closed, restarts --------------------------------------------------
 */
/* ids that the last released-despite of `who` names, and whether it commits to others */
static size_t named(struct fn_world *w, size_t who, const uint8_t ch[16], struct rb_hash *first,
                    bool *commits) {
    struct rb_channel_view v;
    struct rb_slice id, body = {NULL, 0};
    struct rb_reader r;
    size_t n = 0;
    assert_true(rb_node_channel_by_id(w->p[who].rb, ch, &v));
    const struct rb_feed *f = rb_book_feed(v.book, (uint16_t)who, 0);
    for (size_t i = 0; i < f->facts_n; i++)
        if (f->facts[i].kind == RB_KIND_SERVICE) body = f->facts[i].body;
    assert_true(body.n > 0);
    *commits = rb_cbor_find(body, 9, &r) == RB_OK;
    if (rb_cbor_find(body, 8, &r) != RB_OK) return 0;
    assert_int_equal(rb_cbor_get_array(&r, 16, &n), RB_OK);
    assert_int_equal(rb_cbor_get_bytes(&r, &id), RB_OK);
    memcpy(first->b, id.p, RB_HASH_LEN);
    return n;
}

static void test_released_in_spite_of_it(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, op, said;
    bool commits;
    struct fn_world *w = fp_world(ch, false);
    const int64_t t0 = w->utc_ms;
    const struct truce t = {.start = t0 + FP_HOUR, .radius_m = 2000};
    say(w, 1, ch, &t, &id);
    struct fp_notice plan = operation(0, t0 + 3 * FP_DAY, 0);
    assert_int_equal(fp_say(w, 1, ch, &plan, &op), RB_ERR_STATE);
    assert_string_equal(w->p[1].done.u.done.reject.clause, "10.6.11");
    plan.supersedes = &id; /* a notice replaces no truce, though its author is the same */
    assert_int_equal(fp_say(w, 1, ch, &plan, &op), RB_ERR_STATE);
    plan.supersedes = NULL;
    plan.despite = true;
    fp_forget_alerts(w);
    assert_int_equal(fp_say(w, 1, ch, &plan, &op), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(named(w, 1, ch, &said, &commits), 1);
    assert_true(rb_hash_eq(&said, &id));
    assert_false(commits);
    assert_int_equal(fp_alerts(w, 0, RB_ALERT_CONFLICT), 1); /* it arrives over a truce */
    assert_true(rb_hash_eq(&fp_alert(w, 0, RB_ALERT_CONFLICT)->u.alert.record, &op));
    fp_end(w);
}

static void test_a_closed_one_is_compared_where_it_was_opened(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, op, said;
    struct rb_conflicts c;
    bool commits;
    struct fn_world *w = fp_world(ch, false);
    const int64_t t0 = w->utc_ms;
    const struct truce t = {.start = t0 + FP_HOUR, .radius_m = 2000, .readers = ALFA | BRAVO};
    say(w, 0, ch, &t, &id);
    struct fp_notice plan = operation(0, t0 + 3 * FP_DAY, 0);
    assert_int_equal(fp_check(w, 1, ch, &plan, &c), RB_OK);
    assert_int_equal(c.n, 1);
    assert_true(c.met_closed);
    assert_int_equal(c.coverage.of[RB_PLACE_TRUCE].closed, 1);
    assert_int_equal(fp_check(w, 2, ch, &plan, &c), RB_OK);
    assert_int_equal(c.n, 0);
    assert_int_equal(c.coverage.unreadable, 1); /* and says so */
    plan.despite = true;
    assert_int_equal(fp_say(w, 1, ch, &plan, &op), RB_OK);
    fn_pass(w, 20000);
    assert_int_equal(named(w, 1, ch, &said, &commits),
                     0); /* an open record names no closed place */
    assert_true(commits);
    fp_end(w);
}

/* Whether it was superseded or withdrawn to any effect nobody can say who cannot read it. */
static void test_an_unread_one_is_counted_whatever_is_said_of_it(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, later;
    struct rb_conflicts c;
    struct fn_world *w = fp_world(ch, false);
    const int64_t t0 = w->utc_ms;
    const struct truce t = {.start = t0 + FP_HOUR, .radius_m = 2000, .readers = ALFA | BRAVO},
                       next = {.start = t0 + FP_HOUR, .supersedes = &id};
    const struct fp_notice plan = operation(0, t0 + 3 * FP_DAY, 0);
    say(w, 0, ch, &t, &id);
    say(w, 0, ch, &next, &later);
    assert_int_equal(fp_check(w, 2, ch, &plan, &c), RB_OK);
    assert_int_equal(c.n, 0);
    assert_int_equal(c.coverage.unreadable, 2); /* it, and what rests on it */
    fp_end(w);
}

static void test_a_restart_brings_it_back_and_tells_nobody(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, yes, op, shut;
    struct rb_conflicts c, again;
    struct fn_world *w = fp_world(ch, false);
    const int64_t t0 = w->utc_ms;
    const struct truce t = {.start = t0 + FP_HOUR,
                            .end = t0 + 9 * FP_DAY,
                            .parties = ALFA | BRAVO,
                            .radius_m = 2000},
                       closed = {.start = t0 + FP_HOUR, .radius_m = 2000, .readers = ALL};
    struct fp_notice plan = operation(0, t0 + 3 * FP_DAY, 0);
    assert_int_equal(fp_say(w, 2, ch, &plan, &op), RB_OK);
    say(w, 0, ch, &t, &id);
    word(w, 1, ch, RB_POSITION_ACCEPT, &id, &yes);
    say(w, 1, ch, &closed, &shut);
    struct fp_notice mine = plan;
    mine.class_ = RB_NOTICE_EXERCISE;
    assert_int_equal(fp_check(w, 0, ch, &mine, &c), RB_OK);
    assert_int_equal(c.n, 3);
    struct rb_hash found[3];
    for (size_t i = 0; i < 3; i++)
        found[i] = c.list[i].other;
    fn_restart(w, &w->p[0]);
    fp_forget_alerts(w);
    fn_pass(w, 90000);
    assert_int_equal(fp_check(w, 0, ch, &mine, &again), RB_OK);
    assert_int_equal(again.n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(rb_hash_eq(&again.list[i].other, &found[i]));
    assert_int_equal(again.coverage.places, 3);
    assert_int_equal(fp_alerts(w, 0, RB_ALERT_CONFLICT), 0);
    fp_end(w);
}

/* ---- whatever was said in whatever order --------------------------------------------------------
 */
static uint64_t seed;
static uint64_t below(uint64_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % n;
}

#define SAID_MOST 24
struct talk {
    struct rb_hash truce[SAID_MOST], word[SAID_MOST];
    uint64_t author[SAID_MOST];
    size_t truces, words;
    int64_t t0;
};

static void propose(struct fn_world *w, const uint8_t ch[16], struct talk *k) {
    static const uint64_t sides[] = {0, ALFA | BRAVO, ALFA | BRAVO | CHARLIE, BRAVO | CHARLIE};
    const struct rb_hash *on = k->truces > 0 && below(3) == 0 ? &k->truce[below(k->truces)] : NULL;
    struct truce t = {.start = k->t0 + (int64_t)below(40) * FP_HOUR, .extends = on};
    if (below(4) > 0) t.end = t.start + (int64_t)(1 + below(40)) * FP_HOUR;
    if (on == NULL || below(2)) t.radius_m = below(4) > 0 ? 2000 : 0;
    if (on == NULL) t.parties = sides[below(4)];
    if (t.parties != 0 && below(3) == 0) t.by = k->t0 + (int64_t)(1 + below(30)) * FP_HOUR;
    if (on == NULL && k->truces > 0 && below(4) == 0) t.supersedes = &k->truce[below(k->truces)];
    say(w, below(3), ch, &t, &k->truce[k->truces++]);
}

/* some of it may not be said at all */
static void speak(struct fn_world *w, const uint8_t ch[16], struct talk *k) {
    static const enum rb_position_type types[] = {RB_POSITION_ACCEPT,     RB_POSITION_ACCEPT,
                                                  RB_POSITION_ACCEPT,     RB_POSITION_REJECT,
                                                  RB_POSITION_DISSOCIATE, RB_POSITION_WITHDRAW};
    const bool back = k->words > 0 && below(5) == 0;
    const struct rb_hash *on = back ? &k->word[below(k->words)] : &k->truce[below(k->truces)];
    const enum rb_position_type type = back ? RB_POSITION_WITHDRAW : types[below(6)];
    struct rb_hash id;
    if (fn_position(w, &w->p[below(3)], ch, type, on, &id) == RB_OK) k->word[k->words++] = id;
    fn_pass(w, 5000);
}

struct seen { /* what a node knows of it */
    size_t n, standing, found, placeless, unreadable;
    struct {
        struct rb_hash id;
        bool stands, has_end;
        int64_t begin, end;
    } at[SAID_MOST];
};

static void see(struct fn_world *w, size_t who, const uint8_t ch[16], const struct talk *k,
                struct seen *out) {
    struct fp_notice plan = operation(0, k->t0 + 20 * FP_HOUR, k->t0 + 60 * FP_HOUR);
    struct rb_conflicts c;
    memset(out, 0, sizeof *out);
    out->n = rb_node_places(w->p[who].rb, ch, w->utc_ms);
    assert_true(out->n <= SAID_MOST);
    for (size_t i = 0; i < out->n; i++) {
        struct rb_place_view v;
        assert_true(rb_node_place(w->p[who].rb, ch, i, w->utc_ms, &v));
        out->at[i].id = v.record;
        out->at[i].stands = v.stands;
        if (!v.stands) continue;
        out->standing++;
        out->at[i].has_end = v.has_end;
        out->at[i].begin = v.begin_utc_ms;
        out->at[i].end = v.end_utc_ms;
    }
    assert_int_equal(fp_check(w, who, ch, &plan, &c), RB_OK);
    out->found = c.n;
    out->placeless = c.coverage.placeless;
    out->unreadable = c.coverage.unreadable;
}

/* A place stands where the situation says that its cessation holds, and for as long as it says. */
static void as_the_situation_has_it(struct fn_world *w, const uint8_t ch[16],
                                    const struct seen *seen) {
    const struct rb_situation *s = fn_situation(w, &w->p[0], ch);
    for (size_t i = 0; i < seen->n; i++) {
        const uint32_t at = s->order[rb_situation_find(s, &seen->at[i].id)].instrument;
        const struct rb_sit_instrument *in = at == RB_NOWHERE ? NULL : &s->instruments[at];
        const bool holds = in && (in->state == RB_STATE_AGREED || in->state == RB_STATE_DECLARED ||
                                  in->state == RB_STATE_IN_FORCE);
        if (seen->at[i].stands) {
            assert_true(holds);
            assert_int_equal(seen->at[i].begin, in->from_utc_ms);
            assert_int_equal(seen->at[i].has_end, in->to_utc_ms != INT64_MAX);
            if (seen->at[i].has_end) assert_int_equal(seen->at[i].end, in->to_utc_ms);
        } else {
            assert_true(!holds || in->prolongs);
        }
    }
}

static void test_as_if_built_anew(void **state) {
    (void)state;
    size_t stood = 0, met = 0;
    for (uint64_t round = 0; round < 30; round++) {
        uint8_t ch[16];
        struct fn_world *w = fp_world(ch, false);
        struct talk k = {.t0 = w->utc_ms};
        struct seen seen[3], again;
        seed = round * 977 + 5;
        for (unsigned step = 0; step < 20; step++) {
            if (k.truces == 0 || below(3) == 0)
                propose(w, ch, &k);
            else
                speak(w, ch, &k);
            if (below(4) == 0) fn_pass(w, (1 + below(6)) * FP_HOUR);
        }
        fn_pass(w, 30000);
        for (size_t i = 0; i < 3; i++)
            see(w, i, ch, &k, &seen[i]);
        as_the_situation_has_it(w, ch, &seen[0]);
        assert_memory_equal(&seen[0], &seen[1], sizeof seen[0]);
        assert_memory_equal(&seen[0], &seen[2], sizeof seen[0]);
        fn_restart(w, &w->p[1]);
        see(w, 1, ch, &k, &again);
        assert_memory_equal(&seen[0], &again, sizeof again);
        stood += seen[0].standing;
        met += seen[0].found;
        fp_end(w);
    }
    assert_true(stood > 5 && met > 2); /* else nothing was shown */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_start_to_end_for_all),
        cmocka_unit_test(test_agreed_and_broken_off),
        cmocka_unit_test(test_an_extension_moves_the_end),
        cmocka_unit_test(test_by_time_alone),
        cmocka_unit_test(test_no_area_is_not_compared),
        cmocka_unit_test(test_released_in_spite_of_it),
        cmocka_unit_test(test_a_closed_one_is_compared_where_it_was_opened),
        cmocka_unit_test(test_an_unread_one_is_counted_whatever_is_said_of_it),
        cmocka_unit_test(test_a_restart_brings_it_back_and_tells_nobody),
        cmocka_unit_test(test_as_if_built_anew),
    };
    return cmocka_run_group_tests_name("test_node_truce", tests, NULL, NULL);
}
