/* Who suspended its part or left says of nobody's silence: such a record has no effect, and would
 * be made anew at every look. What it could not say while suspended it says once resumed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include "fixture_node.h"

static void move(struct fn_world *w, const uint8_t ch[16], enum rb_membership_action action) {
    struct rb_membership m = {.action = action};
    struct rb_record *rec = calloc(1, sizeof *rec);
    struct rb_hash id;
    uint8_t body[256];
    struct rb_writer b = rb_writer(body, sizeof body);
    rb_membership_encode(&m, &b);
    rec->kind = RB_KIND_MEMBERSHIP;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&b);
    assert_int_equal(fn_release(w, &w->p[0], ch, rec, 1, &id), RB_OK);
    free(rec);
    fn_pass(w, 2000);
}

/* silences in alfa's own log, whatever they are worth */
static size_t said(struct fn_world *w, const uint8_t ch[16]) {
    struct rb_channel_view v;
    size_t n = 0;
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &v));
    for (size_t i = 0; i < v.own_feed->facts_n; i++)
        n += v.own_feed->facts[i].kind == RB_KIND_SILENCE;
    return n;
}

static struct fn_world *channel(uint8_t ch[16]) {
    struct fn_world *w = fn_world(2);
    struct rb_charter *c = calloc(1, sizeof *c);
    c->exercise = true;
    c->test_interval_s = 3600;
    c->test_grace_s = 300;
    c->answer_ms[RB_FLASH] = 600000;
    fn_found(w, true, c, ch);
    free(c);
    return w;
}

static void suspended_and_resumed(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = channel(ch);
    move(w, ch, RB_MEMBERSHIP_SUSPEND);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Answer me.", RB_FLASH, &id), RB_OK);
    fn_pass(w, 1800000);
    const struct rb_situation *s = fn_situation(w, &w->p[0], ch);
    size_t missed = 0;
    for (size_t i = 0; i < s->dues_n; i++)
        missed += s->dues[i].state == RB_DUE_MISSED;
    assert_int_equal(missed, 1); /* there is something to be said */
    assert_int_equal(said(w, ch), 0);
    move(w, ch, RB_MEMBERSHIP_RESUME);
    fn_pass(w, 600000);
    assert_int_equal(said(w, ch), 1);
    assert_int_equal(fn_situation(w, &w->p[0], ch)->silences_n, 1);
    fn_free(w);
}

static void left(void **state) {
    (void)state;
    uint8_t ch[16];
    struct fn_world *w = channel(ch);
    fn_pass(w, 3600000);
    move(w, ch, RB_MEMBERSHIP_LEAVE);
    fn_pass(w,
            UINT64_C(4) * 3600000); /* it is told nothing more: tests of the others do not come */
    const struct rb_situation *s = fn_situation(w, &w->p[0], ch);
    assert_true(s->members[0].left && s->members[1].tests_missed > 0);
    assert_int_equal(said(w, ch), 0);
    fn_free(w);
}

/* ---- what waits holds nothing back --------------------------------------------------------------
 */
/* silences in alfa's outbox about this record, of this member */
static size_t waiting(struct fn_world *w, const uint8_t ch[16], const struct rb_hash *subject,
                      uint16_t member) {
    struct rb_outbox_view v = {0};
    struct rb_record *rec = calloc(1, sizeof *rec);
    size_t n = 0;
    while (rb_node_outbox_next(w->p[0].rb, ch, &v)) {
        struct rb_silence s;
        assert_int_equal(rb_record_decode(v.leaf, rec, NULL), RB_OK);
        if (rec->kind != RB_KIND_SILENCE) continue;
        assert_int_equal(rb_silence_decode(rec->body, &s, NULL), RB_OK);
        n += s.member == member && s.has_subject && rb_hash_eq(&s.subject, subject);
    }
    free(rec);
    return n;
}

static size_t logged(struct fn_world *w, const uint8_t ch[16], const struct rb_hash *subject,
                     uint16_t member) {
    const struct rb_situation *s = fn_situation(w, &w->p[0], ch);
    size_t n = 0;
    for (size_t i = 0; i < s->silences_n; i++) {
        struct rb_silence was;
        uint32_t rec = s->silences[i].record;
        if (rb_situation_author(s, rec) != 0) continue;
        assert_int_equal(rb_silence_decode(rb_situation_fact(s, rec)->body, &was, NULL), RB_OK);
        n += was.member == member && was.has_subject && rb_hash_eq(&was.subject, subject);
    }
    return n;
}

/* Guarded, with an outbox that is not empty: of each demand and member it is said once, whatever is
 * restarted in between. */
static void said_while_others_wait(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash first, second, any;
    struct fn_world *w = fn_world(3);
    struct rb_charter *c = calloc(1, sizeof *c);
    c->answer_ms[RB_FLASH] = 600000;
    fn_found(w, true, c, ch);
    free(c);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Answer me.", RB_FLASH, &first), RB_OK);
    fn_pass(w, 300000);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "And this.", RB_FLASH, &second), RB_OK);
    fn_pass(w, 10000);
    w->p[1].up = w->p[2].up = false;
    fn_restart(w, &w->p[0]);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Waits.", RB_ROUTINE, &any), RB_OK);
    fn_pass(w, 400000); /* the first is due, the second is not */
    struct rb_channel_view v;
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &v));
    assert_true(v.guarded && v.outbox_n > 0);
    for (uint16_t m = 1; m < 3; m++) {
        assert_int_equal(waiting(w, ch, &first, m), 1);
        assert_int_equal(waiting(w, ch, &second, m), 0);
    }
    fn_pass(w, 1200000);
    fn_restart(w, &w->p[0]);
    fn_pass(w, 1200000);
    for (uint16_t m = 1; m < 3; m++) {
        assert_int_equal(waiting(w, ch, &first, m), 1);
        assert_int_equal(waiting(w, ch, &second, m), 1);
    }
    fn_restart(w, &w->p[1]);
    fn_restart(w, &w->p[2]);
    fn_pass(w, 1200000);
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &v));
    assert_true(!v.guarded && v.outbox_n == 0);
    for (uint16_t m = 1; m < 3; m++) {
        assert_int_equal(logged(w, ch, &first, m), 1);
        assert_int_equal(logged(w, ch, &second, m), 1);
    }
    fn_free(w);
}

/* ---- who only calls, and stops ------------------------------------------------------------------
 */
static struct rb_peer_view peer_of(struct fn_party *p, const char *handle) {
    struct rb_peer_view v = {0};
    for (size_t i = 0; i < rb_node_peers(p->rb); i++)
        if (rb_node_peer(p->rb, i, &v) && rb_slice_is(v.card->handle, handle)) return v;
    fail_msg("no peer %s", handle);
    return v;
}

static size_t link_alerts(const struct fn_party *p, enum rb_alert_type type,
                          const struct rb_hash *peer) {
    size_t n = 0;
    for (size_t i = 0; i < p->alerts_n; i++)
        n += p->alerts[i].u.alert.alert == type && rb_hash_eq(&p->alerts[i].u.alert.peer, peer);
    return n;
}

/* delta has no address: alfa's requests to it cannot fail, so that it is away shows only in that it
 * does not call; a silence says so. */
static void stops_calling(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = fn_world(4);
    struct rb_charter *c = calloc(1, sizeof *c);
    c->answer_ms[RB_FLASH] = 600000;
    fn_found(w, false, c, ch);
    free(c);
    fn_pass(w, 100000);
    for (size_t i = 1; i < 4; i++)
        fn_accept(w, &w->p[i], ch);
    fn_pass(w, 100000);
    struct rb_peer_view v = peer_of(&w->p[0], "delta");
    assert_int_equal(v.card->addresses_n, 0);
    assert_int_equal(v.link, RB_LINK_UP);
    fn_pass(w, UINT64_C(3) * 3600000); /* an idle line that stands is heard from */
    v = peer_of(&w->p[0], "delta");
    assert_int_equal(v.link, RB_LINK_UP);
    w->p[0].alerts_n = 0;
    int64_t gone = w->utc_ms;
    w->p[3].up = false;
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Answer me.", RB_FLASH, &id), RB_OK);
    fn_pass(w, 400000);
    v = peer_of(&w->p[0], "delta");
    assert_int_equal(v.link, RB_LINK_DOWN);
    assert_true(v.link_since_utc_ms <= gone && v.link_since_utc_ms > gone - 120000);
    assert_int_equal(v.link_since_utc_ms, v.last_ok_utc_ms);
    assert_int_equal(v.failures, 0); /* nothing of ours failed */
    assert_int_equal(link_alerts(&w->p[0], RB_ALERT_LINK_DOWN, &v.party), 1);
    fn_restart(w, &w->p[3]);
    fn_pass(w, 100000);
    v = peer_of(&w->p[0], "delta");
    assert_int_equal(v.link, RB_LINK_UP);
    assert_int_equal(link_alerts(&w->p[0], RB_ALERT_LINK_UP, &v.party), 1);
    /* held by it now, and not answered: the silence says that, and since when nothing was heard */
    w->p[3].up = false;
    fn_pass(w, 1800000);
    const struct rb_situation *s = fn_situation(w, &w->p[0], ch);
    bool found = false;
    for (size_t i = 0; i < s->silences_n; i++) {
        struct rb_silence was;
        const struct rb_fact *f = rb_situation_fact(s, s->silences[i].record);
        assert_int_equal(rb_silence_decode(f->body, &was, NULL), RB_OK);
        if (was.member != 3 || !was.has_subject || !rb_hash_eq(&was.subject, &id)) continue;
        found = true;
        assert_true(was.delivered);
        assert_int_equal(was.link, RB_LINK_DOWN);
        assert_int_equal(was.link_since_utc_ms, peer_of(&w->p[0], "delta").last_ok_utc_ms);
        assert_true(was.link_since_utc_ms < f->created_utc_ms);
    }
    assert_true(found);
    fn_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suspended_and_resumed),
        cmocka_unit_test(left),
        cmocka_unit_test(said_while_others_wait),
        cmocka_unit_test(stops_calling),
    };
    return cmocka_run_group_tests_name("node_silence", tests, NULL, NULL);
}
