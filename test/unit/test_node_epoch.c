/* Further epochs of a feed (spec 6.15): what is refused, what follows the delegation, what waited.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include "fixture_guard.h"

static bool held_by(struct fn_world *w, struct fn_party *at, const uint8_t ch[16],
                    const struct rb_hash *id, uint16_t member) {
    const struct rb_situation *s = fn_situation(w, at, ch);
    uint32_t o = rb_situation_find(s, id);
    uint64_t since;
    return o != RB_NOWHERE && rb_situation_held(s, o, member, &since);
}

static void same_situation(struct fn_world *w, const uint8_t ch[16]) {
    static uint8_t a[1 << 20], b[1 << 20];
    struct rb_writer wa = rb_writer(a, sizeof a);
    rb_situation_encode(fn_situation(w, &w->p[0], ch), &wa);
    assert_false(wa.over);
    for (size_t i = 1; i < w->n; i++) {
        struct rb_writer wb = rb_writer(b, sizeof b);
        rb_situation_encode(fn_situation(w, &w->p[i], ch), &wb);
        assert_int_equal(wa.n, wb.n);
        assert_memory_equal(a, b, wa.n);
    }
}

static uint64_t service_type(const struct rb_fact *f) {
    struct rb_reader r;
    uint64_t type;
    if (f->kind != RB_KIND_SERVICE || rb_cbor_find(f->body, 1, &r) != RB_OK) return UINT64_MAX;
    return rb_cbor_get_uint(&r, &type) == RB_OK ? type : UINT64_MAX;
}

static size_t links(const struct rb_feed *f) {
    size_t k = 0;
    for (size_t i = 0; i < f->facts_n; i++)
        k += f->facts[i].mark == RB_MARK_NONE && service_type(&f->facts[i]) == RB_SERVICE_LINK;
    return k;
}

static void check_link(const struct rb_fact *f, const struct rb_feed *before, uint64_t size) {
    struct rb_reader r;
    struct rb_slice bytes;
    struct rb_hash root;
    uint64_t said;
    assert_int_equal(service_type(f), RB_SERVICE_LINK);
    assert_int_equal(f->mark, RB_MARK_NONE);
    assert_int_equal(rb_cbor_find(f->body, 3, &r), RB_OK);
    assert_int_equal(rb_cbor_get_text(&r, &bytes), RB_OK);
    assert_true(rb_slice_eq(bytes, rb_slice(before->origin, before->origin_n)));
    assert_int_equal(rb_cbor_find(f->body, 4, &r), RB_OK);
    assert_int_equal(rb_cbor_get_uint(&r, &said), RB_OK);
    assert_int_equal(said, size);
    assert_int_equal(rb_cbor_find(f->body, 5, &r), RB_OK);
    assert_int_equal(rb_cbor_get_bytes(&r, &bytes), RB_OK);
    rb_tree_root(&before->tree, size, &root);
    assert_memory_equal(bytes.p, root.b, RB_HASH_LEN);
}

/* every cosignature of the feed's last leaf is logged in somebody's receipt: it is held */
static void test_next_epoch(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash last, id;
    fn_found(w, true, NULL, ch);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Last of the first.", RB_ROUTINE, &last), RB_OK);
    uint64_t size = fg_view(&w->p[0], ch).signed_size;
    assert_int_equal(fg_epoch(w, &w->p[0], ch, UINT64_MAX), RB_OK);
    struct rb_channel_view v = fg_view(&w->p[0], ch);
    assert_int_equal(v.own_feed->epoch, 1);
    assert_null(v.waiting);
    assert_int_equal(v.own_feed->facts[0].kind, RB_KIND_DELEGATION);
    assert_int_equal(v.own_feed->facts[0].mark, RB_MARK_NONE);
    check_link(&v.own_feed->facts[1], rb_book_feed(v.book, 0, 0), size);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "First of the next.", RB_ROUTINE, &id), RB_OK);
    fn_pass(w, 10000);
    const struct rb_feed *old = rb_book_feed(fg_view(&w->p[1], ch).book, 0, 0);
    assert_int_equal(old->tree.size, size); /* nothing was released into the earlier one any more */
    for (uint16_t m = 1; m < 3; m++) {
        assert_true(held_by(w, &w->p[1], ch, &last, m)); /* said in the later epoch */
        assert_true(held_by(w, &w->p[1], ch, &id, m));
    }
    same_situation(w, ch);
    for (size_t i = 0; i < 3; i++)
        fn_restart(w, &w->p[i]);
    fn_pass(w, 60000);
    v = fg_view(&w->p[0], ch);
    assert_int_equal(v.own_feed->epoch, 1);
    uint64_t rest = v.own_feed->tree.size;
    fn_pass(w, 600000);
    v = fg_view(&w->p[0], ch);
    assert_int_equal(v.own_feed->tree.size, rest); /* what is logged already is not logged again */
    assert_int_equal(links(v.own_feed), 1);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Later.", RB_ROUTINE, &id), RB_OK);
    fn_pass(w, 10000);
    assert_true(held_by(w, &w->p[2], ch, &id, 1));
    same_situation(w, ch);
    fn_free(w);
}

static void test_what_is_refused(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    struct rb_channel_view v;
    fn_found(w, true, NULL, ch);
    v = fg_view(&w->p[0], ch);
    uint64_t size = v.own_feed->tree.size;
    assert_int_equal(fg_epoch(w, &w->p[0], ch, size + 1), RB_ERR_DENIED);
    assert_string_equal(w->p[0].done.u.done.reject.clause, "6.15.5");
    struct rb_seckey was = w->p[0].officer[0];
    w->p[0].officer[0] = w->p[1].officer[0];
    assert_int_equal(fg_epoch(w, &w->p[0], ch, size), RB_ERR_DENIED);
    w->p[0].officer[0] = was;
    struct rb_seckey party = w->p[0].party;
    w->p[0].party = w->p[1].party;
    assert_int_not_equal(fg_epoch(w, &w->p[0], ch, size), RB_OK);
    w->p[0].party = party;
    assert_int_equal(fn_join(w, &w->p[0], ch, 1), RB_ERR_EXISTS);
    v = fg_view(&w->p[0], ch);
    assert_int_equal(v.own_feed->epoch, 0);
    w->p[1].up = false;
    fn_restart(w, &w->p[0]); /* somebody may know of a later epoch */
    assert_int_equal(fg_epoch(w, &w->p[0], ch, size), RB_ERR_STATE);
    w->p[1].up = true;
    fn_pass(w, 60000);
    assert_int_equal(fg_epoch(w, &w->p[0], ch, 3), RB_OK); /* it may stand by less */
    fn_pass(w, 10000);
    same_situation(w, ch);
    fn_free(w);
}

/* ---- what waited
 * ---------------------------------------------------------------------------------
 */
static enum rb_err sign_draft(struct fn_world *w, struct fn_party *p, const uint8_t ch[16],
                              struct rb_hash *id) {
    struct rb_draft_view d;
    struct rb_event ev = {0};
    static uint8_t payload[8192];
    assert_true(rb_node_draft(p->rb, 0, &d));
    assert_int_equal(d.signers_n, 0);
    memcpy(payload, d.payload.p, d.payload.n);
    return fn_submit_signed(w, p, ch, rb_slice(payload, d.payload.n), 0, 1, 1, &ev, id);
}

/* Its own checkpoint of what nobody holds is lost; records wait; a new epoch turns them to drafts.
 */
static void stuck(struct fn_world *w, const uint8_t ch[16], size_t waiting) {
    struct fg_copy copy;
    struct rb_hash id;
    fg_copy(&w->p[0], &copy);
    w->p[1].up = w->p[2].up = false;
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Lost for good.", RB_ROUTINE, &id), RB_OK);
    fg_put_back(&w->p[0], &copy, false);
    w->p[1].up = w->p[2].up = true;
    fn_restart(w, &w->p[0]);
    fn_pass(w, 60000);
    for (size_t i = 0; i < waiting; i++)
        assert_int_equal(
            fn_statement(w, &w->p[0], ch, i ? "Waits, too." : "Waits.", RB_ROUTINE, &id), RB_OK);
    assert_int_equal(fg_test(w, &w->p[0], ch), RB_OK);
    assert_int_equal(fg_view(&w->p[0], ch).outbox_n, waiting + 1);
}

static void test_outbox_becomes_drafts(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id, second;
    fn_found(w, true, NULL, ch);
    stuck(w, ch, 2);
    assert_int_equal(fg_epoch(w, &w->p[0], ch, fg_view(&w->p[0], ch).own_feed->tree.size), RB_OK);
    fn_pass(w, 1000);
    assert_int_equal(rb_node_drafts(w->p[0].rb), 2);
    const struct rb_feed *f = fg_view(&w->p[0], ch).own_feed;
    size_t tests = 0;
    for (size_t i = 0; i < f->facts_n; i++)
        tests += f->facts[i].kind == RB_KIND_TEST && f->facts[i].mark == RB_MARK_NONE;
    assert_int_equal(tests, 1); /* the node's own record was made anew */
    fn_restart(w, &w->p[0]);
    fn_pass(w, 60000);
    assert_int_equal(rb_node_drafts(w->p[0].rb), 2);
    assert_int_equal(sign_draft(w, &w->p[0], ch, &id), RB_OK);
    assert_int_equal(sign_draft(w, &w->p[0], ch, &second), RB_OK);
    assert_int_equal(rb_node_drafts(w->p[0].rb), 0);
    fn_pass(w, 10000);
    assert_true(held_by(w, &w->p[1], ch, &id, 2));
    assert_true(held_by(w, &w->p[1], ch, &second, 2));
    assert_int_equal(links(fg_view(&w->p[0], ch).own_feed), 1);
    same_situation(w, ch);
    fn_free(w);
}

/* More than there is room for drafts: the rest becomes drafts as those are signed, also after a
 * crash */
static void test_more_than_drafts(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id;
    char text[32];
    fn_found(w, true, NULL, ch);
    stuck(w, ch, 1);
    for (unsigned i = 0; i < RB_MAX_DRAFTS + 3; i++) {
        text[0] = (char)('a' + i % 26);
        text[1] = (char)('a' + i / 26);
        text[2] = 0;
        assert_int_equal(fn_statement(w, &w->p[0], ch, text, RB_ROUTINE, &id), RB_OK);
    }
    assert_int_equal(fg_epoch(w, &w->p[0], ch, fg_view(&w->p[0], ch).own_feed->tree.size), RB_OK);
    fn_pass(w, 60000);
    assert_int_equal(rb_node_drafts(w->p[0].rb), RB_MAX_DRAFTS);
    assert_int_equal(sign_draft(w, &w->p[0], ch, &id), RB_OK);
    fn_pass(w, 10000);
    assert_int_equal(rb_node_drafts(w->p[0].rb), RB_MAX_DRAFTS);
    fn_restart(w, &w->p[0]);
    fn_pass(w, 60000);
    for (size_t left = RB_MAX_DRAFTS + 3; left > 0; left--) {
        size_t here = rb_node_drafts(w->p[0].rb);
        assert_int_equal(here, left < RB_MAX_DRAFTS ? left : RB_MAX_DRAFTS);
        assert_int_equal(sign_draft(w, &w->p[0], ch, &id), RB_OK);
        fn_pass(w, 100);
    }
    assert_int_equal(rb_node_drafts(w->p[0].rb), 0);
    fn_pass(w, 60000);
    same_situation(w, ch);
    fn_free(w);
}

/* ---- an epoch that the store has forgotten
 * ---------------------------------------------------------
 */
static void test_forgotten_epoch(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id, later;
    struct fg_copy copy;
    fn_found(w, true, NULL, ch);
    fn_pass(w, 5000);
    fg_copy(&w->p[0], &copy);
    assert_int_equal(fg_epoch(w, &w->p[0], ch, UINT64_MAX), RB_OK);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "In the next.", RB_ROUTINE, &id), RB_OK);
    fn_pass(w, 20000);
    uint64_t size = fg_view(&w->p[0], ch).own_feed->tree.size;
    fg_put_back(&w->p[0], &copy, true);
    fn_restart(w, &w->p[0]);
    fn_pass(w, 60000);
    struct rb_channel_view v = fg_view(&w->p[0], ch);
    assert_int_equal(v.own_feed->epoch, 1);
    assert_null(v.waiting);
    assert_true(v.own_feed->tree.size >= size);
    assert_int_equal(links(v.own_feed), 1);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "And on.", RB_ROUTINE, &later), RB_OK);
    fn_pass(w, 20000);
    assert_true(held_by(w, &w->p[2], ch, &id, 1));
    assert_true(held_by(w, &w->p[2], ch, &later, 1));
    same_situation(w, ch);
    fn_free(w);
}

static bool no_feed(const struct fn_party *from, const struct fn_party *to, struct rb_slice path) {
    (void)from;
    (void)to;
    return rb_slice_starts(path, "/rb/v1/feed");
}

/* the head file knows an epoch that the store does not, and nobody brings it: not that one again */
static void test_never_an_epoch_twice(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct fg_copy copy;
    fn_found(w, true, NULL, ch);
    fn_pass(w, 5000);
    fg_copy(&w->p[0], &copy);
    assert_int_equal(fg_epoch(w, &w->p[0], ch, UINT64_MAX), RB_OK);
    fn_pass(w, 20000);
    fg_put_back(&w->p[0], &copy, false);
    fn_block = no_feed;
    fn_restart(w, &w->p[0]);
    fn_pass(w, 60000);
    fn_block = NULL;
    assert_int_equal(fg_view(&w->p[0], ch).own_feed->epoch, 0);
    assert_int_equal(fg_epoch(w, &w->p[0], ch, UINT64_MAX), RB_OK);
    assert_int_equal(fg_view(&w->p[0], ch).own_feed->epoch, 2);
    fn_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_epoch),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_outbox_becomes_drafts),
        cmocka_unit_test(test_more_than_drafts),
        cmocka_unit_test(test_forgotten_epoch),
        cmocka_unit_test(test_never_an_epoch_twice),
    };
    return cmocka_run_group_tests_name("test_node_epoch", tests, NULL, NULL);
}
