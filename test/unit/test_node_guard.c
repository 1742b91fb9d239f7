/* The start-up guard (spec 6.14): what is asked and answered, when it ends, and what comes back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "fixture_guard.h"
#include "readback/text.h"

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

static void say(struct fn_world *w, struct fn_party *p, const uint8_t ch[16], size_t k,
                struct rb_hash *id) {
    char text[64];
    for (size_t i = 0; i < k; i++) {
        (void)snprintf(text, sizeof text, "Word %zu of %zu.", i, k);
        assert_int_equal(fn_statement(w, p, ch, text, RB_ROUTINE, id), RB_OK);
    }
}

static uint64_t size_at(struct fn_party *at, const uint8_t ch[16], uint16_t member) {
    return rb_book_feed(fg_view(at, ch).book, member, 0)->tree.size;
}

static bool same_feed(struct fn_party *a, struct fn_party *b, const uint8_t ch[16],
                      uint16_t member) {
    struct rb_feed *x = rb_book_feed(fg_view(a, ch).book, member, 0),
                   *y = rb_book_feed(fg_view(b, ch).book, member, 0);
    struct rb_hash rx, ry;
    if (x->tree.size != y->tree.size || x->facts_n != y->facts_n) return false;
    rb_tree_root(&x->tree, x->tree.size, &rx);
    rb_tree_root(&y->tree, y->tree.size, &ry);
    return rb_hash_eq(&rx, &ry);
}

/* ---- when it ends
 * --------------------------------------------------------------------------------
 */
static void test_alone(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    w->p[1].deaf = true;
    fn_found(w, false, NULL, ch); /* nobody ever cosigned anything */
    fn_restart(w, &w->p[0]);
    fn_pass(w, 10000);
    assert_false(fg_view(&w->p[0], ch).guarded);
    assert_null(fg_view(&w->p[0], ch).waiting);
    uint64_t size = size_at(&w->p[0], ch, 0);
    assert_int_equal(fg_test(w, &w->p[0], ch), RB_OK);
    assert_int_equal(size_at(&w->p[0], ch, 0), size + 1);
    fn_free(w);
}

/* of a database that was changed: nobody is waited for who cannot be */
static void test_stored_cosigner_is_no_member(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    size_t n = 0;
    fn_found(w, true, NULL, ch);
    for (size_t i = 0; i < w->p[0].items_n; i++) {
        struct rb_effect *e = &w->p[0].items[i].ef;
        const bool note = e->u.store.item == RB_ITEM_NOTE && e->u.store.feed.member == 0;
        if (note && e->u.store.cosigner == 1 && n++ == 0) e->u.store.cosigner = 80;
    }
    assert_true(n > 1);
    fn_restart(w, &w->p[0]);
    assert_false(fg_view(&w->p[0], ch).guarded);
    fn_free(w);
}
static void test_majority(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id;
    fn_found(w, true, NULL, ch);
    w->p[1].up = w->p[2].up = false;
    fn_restart(w, &w->p[0]);
    w->p[0].alerts_n = 0;
    fn_pass(w, 30000);
    struct rb_channel_view v = fg_view(&w->p[0], ch);
    uint64_t size = v.own_feed->tree.size;
    assert_true(v.guarded);
    assert_int_equal(v.guard_need, 2);
    assert_int_equal(v.guard_asked, 6);
    assert_int_equal(v.guard_answered, 0);
    assert_string_equal(v.waiting, "asking the members what they hold of ours: 0 of 2 answered");
    assert_int_equal(fg_alerts(&w->p[0], RB_ALERT_WAITING), 1); /* once */
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Waits.", RB_FLASH, &id), RB_OK);
    assert_int_equal(fg_view(&w->p[0], ch).outbox_n, 1);
    w->p[1].up = true;
    fn_pass(w, 100000); /* charlie cannot be reached, and one of two is no majority */
    v = fg_view(&w->p[0], ch);
    assert_true(v.guarded);
    assert_int_equal(v.guard_answered, 2);
    assert_string_equal(v.waiting, "asking the members what they hold of ours: 1 of 2 answered");
    assert_int_equal(v.own_feed->tree.size, size);
    w->p[2].up = true;
    fn_pass(w, 100000);
    assert_false(fg_view(&w->p[0], ch).guarded);
    assert_int_equal(fg_alerts(&w->p[0], RB_ALERT_GUARD), 1);
    assert_true(held_by(w, &w->p[0], ch, &id, 1));
    same_situation(w, ch);
    fn_free(w);
}

static void test_one_of_many_is_away(void **state) {
    (void)state;
    struct fn_world *w = fn_world_of(4, false);
    uint8_t ch[16];
    w->n = 3; /* delta, who only calls, is another matter */
    fn_found(w, true, NULL, ch);
    w->n = 4;
    w->p[2].up = false;
    fn_restart(w, &w->p[1]); /* alfa and charlie cosigned bravo: both are needed */
    fn_pass(w, 20000);
    assert_true(fg_view(&w->p[1], ch).guarded);
    w->p[2].up = true;
    fn_pass(w, 100000);
    assert_false(fg_view(&w->p[1], ch).guarded);
    fn_free(w);
}

static void test_all_at_once(void **state) {
    (void)state;
    struct fn_world *w = fn_world(4);
    uint8_t ch[16];
    struct rb_hash id[4];
    fn_found(w, false, NULL, ch);
    for (size_t i = 1; i < 3; i++)
        fn_accept(w, &w->p[i], ch);
    fn_pass(w, 100000); /* delta only calls */
    fn_accept(w, &w->p[3], ch);
    fn_pass(w, 100000);
    for (size_t i = 0; i < 4; i++)
        w->p[i].up = false;
    for (size_t i = 0; i < 4; i++)
        fn_restart(w, &w->p[i]); /* the first finds nobody */
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(fn_statement(w, &w->p[i], ch, "I am back.", RB_ROUTINE, &id[i]), RB_OK);
    fn_pass(w, 200000);
    for (size_t i = 0; i < 4; i++) {
        assert_false(fg_view(&w->p[i], ch).guarded);
        assert_true(held_by(w, &w->p[0], ch, &id[i], i == 0 ? 1 : 0));
    }
    same_situation(w, ch);
    fn_free(w);
}

/* who only calls is told in heads and news, and brings what it holds */
static void test_outward_only_brings(void **state) {
    (void)state;
    struct fn_world *w = fn_world(4);
    uint8_t ch[16];
    fn_found(w, false, NULL, ch);
    fn_pass(w, 100000);
    fn_accept(w, &w->p[3], ch);
    w->p[1].deaf = w->p[2].deaf = true;
    fn_pass(w, 100000);
    w->p[1].deaf = w->p[2].deaf = false;
    fn_restart(w, &w->p[0]);
    fn_restart(w, &w->p[3]); /* its line broke with alfa's */
    fn_pass(w, 100000);
    struct rb_channel_view v = fg_view(&w->p[0], ch);
    assert_int_equal(v.guard_answered >> 3 & 1, 1);
    assert_false(v.guarded);
    assert_false(fg_view(&w->p[3], ch).guarded);
    fn_free(w);
}

/* ---- answers
 * -------------------------------------------------------------------------------------
 */
static const char *query_of(const uint8_t ch[16]) {
    static char q[64];
    struct rb_writer w = rb_writer(q, sizeof q);
    rb_put_z(&w, "channel=");
    rb_put_hex(&w, ch, 16);
    return rb_writer_z(&w);
}

static size_t held(struct fn_world *w, struct fn_party *at, struct fn_party *asker,
                   const uint8_t ch[16]) {
    fn_request(w, at, asker, false, "/rb/v1/held", query_of(ch), rb_slice(NULL, 0));
    assert_int_equal(w->answer.status, 200);
    struct rb_reader r = rb_reader(rb_slice(w->answer.body, w->answer.n));
    size_t k = 0;
    for (uint32_t len; rb_left(&r); k++) {
        struct rb_slice note;
        assert_int_equal(rb_get_u32(&r, &len), RB_OK);
        assert_int_equal(rb_get_view(&r, len, &note), RB_OK);
    }
    return k;
}

/* its own checkpoint, and what it cosigned of the two others: the answerer's, and the third's as
 * far as the third's receipts say */
static void test_the_answer(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id;
    struct rb_note *note = calloc(1, sizeof *note);
    fn_found(w, true, NULL, ch);
    say(w, &w->p[2], ch, 3, &id);
    fn_pass(w, 5000);
    assert_int_equal(held(w, &w->p[0], &w->p[1], ch), 3);
    struct rb_reader r = rb_reader(rb_slice(w->answer.body, w->answer.n));
    bool ours = false, theirs = false, third = false;
    for (uint32_t len; rb_left(&r);) {
        struct rb_slice bytes;
        struct rb_checkpoint cp;
        struct rb_origin o;
        struct rb_hash h;
        assert_int_equal(rb_get_u32(&r, &len), RB_OK);
        assert_int_equal(rb_get_view(&r, len, &bytes), RB_OK);
        assert_int_equal(rb_note_decode(bytes, note, NULL), RB_OK);
        assert_int_equal(rb_checkpoint_decode(note->text, &cp, NULL), RB_OK);
        assert_int_equal(rb_origin_decode(cp.origin, &o), RB_OK);
        rb_party_hash(&w->p[1].party.pub, &h);
        ours |= rb_hash_eq(&h, &o.party) && cp.size == size_at(&w->p[1], ch, 1);
        rb_party_hash(&w->p[0].party.pub, &h);
        theirs |= rb_hash_eq(&h, &o.party) && note->sigs_n == 2;
        rb_party_hash(&w->p[2].party.pub, &h);
        third |= rb_hash_eq(&h, &o.party) && cp.size + 3 >= size_at(&w->p[2], ch, 2);
    }
    assert_true(ours && theirs && third);
    fn_restart(w, &w->p[0]); /* from what is stored, the same */
    fn_pass(w, 20000);
    assert_int_equal(held(w, &w->p[0], &w->p[1], ch), 3);
    /* nobody else gets one, and an unknown channel is the same 404 */
    fn_request(w, &w->p[0], NULL, false, "/rb/v1/held", query_of(ch), rb_slice(NULL, 0));
    assert_int_equal(w->answer.status, 404);
    uint8_t other[16] = {1};
    fn_request(w, &w->p[0], &w->p[1], false, "/rb/v1/held", query_of(other), rb_slice(NULL, 0));
    assert_int_equal(w->answer.status, 404);
    free(note);
    fn_free(w);
}

static size_t put_note(uint8_t *out, size_t at, struct rb_slice note) {
    struct rb_writer w = rb_writer(out + at, 4 + note.n);
    rb_put_u32(&w, (uint32_t)note.n);
    rb_put_slice(&w, note);
    return at + w.n;
}

/* a checkpoint of bravo's feed, larger than it is, by any key */
static struct rb_slice lie(struct fn_world *w, const uint8_t ch[16], const struct rb_seckey *key,
                           uint64_t size) {
    static uint8_t out[1024];
    uint8_t sig[64];
    struct rb_feed *f = rb_book_feed(fg_view(&w->p[1], ch).book, 1, 0);
    struct rb_slice origin = rb_slice(f->origin, f->origin_n);
    struct rb_hash root = {{9}};
    struct rb_writer o = rb_writer(out, sizeof out);
    struct rb_vkey v;
    rb_checkpoint_text(origin, size, &root, &o);
    rb_ed25519_sign(key, rb_written(&o), sig);
    rb_vkey_make(origin, RB_SIG_ED25519, &key->pub, &v);
    rb_put_u8(&o, '\n');
    rb_note_sig_encode(&v, rb_slice(sig, 64), &o);
    return rb_written(&o);
}

static void test_forged_answers(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16], other[16], body[1 << 16];
    struct rb_seckey stranger = w->p[0].log[0];
    fn_found(w, true, NULL, ch);
    w->p[0].deaf = w->p[2].deaf = true;
    fn_restart(w, &w->p[1]);
    w->p[1].alerts_n = 0;
    /* lengths that do not add up, and too many notes: refused, and no answer */
    fn_request(w, &w->p[1], &w->p[0], true, "/rb/v1/held", query_of(ch), rb_str("xx"));
    assert_int_equal(w->answer.status, 400);
    memset(body, 0, sizeof body);
    fn_request(w, &w->p[1], &w->p[0], true, "/rb/v1/held", query_of(ch),
               rb_slice(body, sizeof body));
    assert_int_equal(w->answer.status, 400);
    assert_int_equal(fg_view(&w->p[1], ch).guard_answered, 0);
    /* signed by others: passed over and said, and it holds nobody up */
    size_t n = put_note(body, 0, lie(w, ch, &stranger, 100));
    n = put_note(body, n, lie(w, ch, &w->p[0].log[0], 200));
    fn_request(w, &w->p[1], &w->p[0], true, "/rb/v1/held", query_of(ch), rb_slice(body, n));
    assert_int_equal(w->answer.status, 200);
    assert_int_equal(fg_alerts(&w->p[1], RB_ALERT_REFUSED), 3);
    assert_int_equal(fg_view(&w->p[1], ch).lost_to, 0);
    assert_int_equal(fg_view(&w->p[1], ch).guard_answered, 1);
    /* of another channel: the same bytes say nothing here */
    w->p[0].deaf = w->p[2].deaf = false;
    fn_pass(w, 100000);
    struct rb_charter *c = calloc(1, sizeof *c);
    c->exercise = true;
    c->lead_ms[0] = 1;
    w->utc_ms += 5;
    fn_found(w, false, c, other);
    free(c);
    fn_request(w, &w->p[0], &w->p[1], false, "/rb/v1/held", query_of(ch), rb_slice(NULL, 0));
    memcpy(body, w->answer.body, w->answer.n);
    n = w->answer.n;
    assert_true(n > 0);
    w->p[1].alerts_n = 0;
    fn_request(w, &w->p[1], &w->p[0], true, "/rb/v1/held", query_of(other), rb_slice(body, n));
    assert_int_equal(fg_alerts(&w->p[1], RB_ALERT_REFUSED), 1);
    fn_free(w);
}

/* ---- a lost part
 * ---------------------------------------------------------------------------------
 */
static void lose_and_get_back(size_t before, size_t after, bool heads) {
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id, last;
    struct fg_copy copy;
    fn_found(w, true, NULL, ch);
    say(w, &w->p[0], ch, before, &id);
    fn_pass(w, 5000);
    fg_copy(&w->p[0], &copy);
    say(w, &w->p[0], ch, after, &last);
    assert_int_equal(fg_test(w, &w->p[0], ch), RB_OK);
    fn_pass(w, 20000);
    uint64_t size = size_at(&w->p[0], ch, 0);
    fg_put_back(&w->p[0], &copy, heads);
    fn_restart(w, &w->p[0]);
    fn_pass(w, 60000);
    struct rb_channel_view v = fg_view(&w->p[0], ch);
    assert_false(v.guarded);
    assert_null(v.waiting);
    assert_int_equal(v.lost_to, 0);
    assert_true(v.own_feed->tree.size >= size);
    assert_true(same_feed(&w->p[0], &w->p[1], ch, 0));
    say(w, &w->p[0], ch, 1, &id);
    fn_pass(w, 20000);
    assert_true(held_by(w, &w->p[1], ch, &id, 2));
    assert_true(held_by(w, &w->p[0], ch, &last, 1));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(fg_alerts(&w->p[i], RB_ALERT_FORK), 0);
    same_situation(w, ch);
    fn_restart(w, &w->p[0]); /* and it lasts */
    fn_pass(w, 20000);
    assert_null(fg_view(&w->p[0], ch).waiting);
    same_situation(w, ch);
    fn_free(w);
}

static void test_lost_part(void **state) {
    (void)state;
    lose_and_get_back(2, 5, true);
    lose_and_get_back(2, 5, false);
    lose_and_get_back(0, 700, true);
}

static bool no_feeds_of_charlie(const struct fn_party *from, const struct fn_party *to,
                                struct rb_slice path) {
    return strcmp(from->handle, "alfa") == 0 && strcmp(to->handle, "charlie") == 0 &&
           rb_slice_starts(path, "/rb/v1/feed");
}

/* A crash in the middle: what was shown is remembered, though nobody can be asked now. */
static void test_crash_while_it_comes_back(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id;
    struct fg_copy copy;
    fn_found(w, true, NULL, ch);
    fg_copy(&w->p[0], &copy);
    say(w, &w->p[0], ch, 300, &id);
    fn_pass(w, 20000);
    w->p[1].up = false;
    say(w, &w->p[0], ch, 600,
        &id); /* bravo has the first part, charlie shows all and gives nothing */
    fn_pass(w, 20000);
    uint64_t size = size_at(&w->p[0], ch, 0);
    fg_put_back(&w->p[0], &copy, true);
    fn_block = no_feeds_of_charlie;
    w->p[0].up = false;
    w->p[1].up = true;
    fn_restart(w, &w->p[0]);
    fn_pass(w, 1500);
    struct rb_channel_view v = fg_view(&w->p[0], ch);
    uint64_t some = v.own_feed->tree.size;
    assert_true(some > 300 && some < size);
    assert_non_null(v.waiting);
    assert_true(v.lost_to >= size);
    w->p[1].up = w->p[2].up = false;
    fn_restart(w, &w->p[0]);
    fn_pass(w, 20000);
    assert_int_equal(fg_override(w, &w->p[0], ch, "nobody answers"),
                     RB_OK); /* ends the asking alone */
    v = fg_view(&w->p[0], ch);
    assert_non_null(v.waiting);
    assert_true(v.lost_to >= size);
    assert_int_equal(v.own_feed->tree.size, some);
    w->p[1].up = w->p[2].up = true;
    fn_block = NULL;
    fn_pass(w, 700000);
    v = fg_view(&w->p[0], ch);
    assert_null(v.waiting);
    assert_true(v.own_feed->tree.size > size);
    assert_true(same_feed(&w->p[0], &w->p[1], ch, 0));
    same_situation(w, ch);
    fn_free(w);
}

/* What waited in the outbox of the copy was logged since: it waits no more, and is not said twice.
 */
static void test_outbox_found_again(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id;
    struct fg_copy copy;
    fn_found(w, true, NULL, ch);
    fn_pass(w, 5000);
    w->p[1].up = w->p[2].up = false;
    fn_restart(w, &w->p[0]);
    say(w, &w->p[0], ch, 3, &id);
    assert_int_equal(fg_view(&w->p[0], ch).outbox_n, 3);
    fg_copy(&w->p[0], &copy);
    w->p[1].up = w->p[2].up = true;
    fn_pass(w, 200000);
    assert_int_equal(fg_view(&w->p[0], ch).outbox_n, 0);
    uint64_t size = size_at(&w->p[0], ch, 0);
    fg_put_back(&w->p[0], &copy, true);
    fn_restart(w, &w->p[0]);
    fn_pass(w, 100000);
    assert_int_equal(fg_view(&w->p[0], ch).outbox_n, 0);
    assert_int_equal(size_at(&w->p[0], ch, 0), size);
    same_situation(w, ch);
    fn_free(w);
}

/* nobody holds what the head file says was signed: it waits, and says so, until a new epoch */
static void test_what_nobody_brings(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id;
    struct fg_copy copy;
    fn_found(w, true, NULL, ch);
    fg_copy(&w->p[0], &copy);
    w->p[1].up = w->p[2].up = false;
    say(w, &w->p[0], ch, 2, &id);
    fg_put_back(&w->p[0], &copy, false);
    w->p[1].up = w->p[2].up = true;
    fn_restart(w, &w->p[0]);
    fn_pass(w, 100000);
    struct rb_channel_view v = fg_view(&w->p[0], ch);
    assert_false(v.guarded);
    assert_non_null(v.waiting);
    assert_true(v.lost_to > v.own_feed->tree.size);
    assert_int_equal(fg_epoch(w, &w->p[0], ch, v.own_feed->tree.size), RB_OK);
    say(w, &w->p[0], ch, 1, &id);
    fn_pass(w, 100000);
    assert_true(held_by(w, &w->p[2], ch, &id, 1));
    same_situation(w, ch);
    fn_free(w);
}

/* ---- override
 * ------------------------------------------------------------------------------------
 */
static void test_override(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id;
    fn_found(w, true, NULL, ch);
    assert_int_equal(fg_override(w, &w->p[0], ch, "no need"), RB_ERR_STATE);
    w->p[2].deaf = true;
    fn_restart(w, &w->p[0]);
    fn_pass(w, 20000);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Waits.", RB_FLASH, &id), RB_OK);
    assert_int_equal(fg_override(w, &w->p[0], ch, ""), RB_ERR_MALFORMED);
    uint64_t size = size_at(&w->p[0], ch, 0);
    assert_true(fg_view(&w->p[0], ch).guarded);
    assert_int_equal(fg_override(w, &w->p[0], ch, "charlie is gone for good"), RB_OK);
    assert_false(fg_view(&w->p[0], ch).guarded);
    const struct rb_feed *f = fg_view(&w->p[0], ch).own_feed;
    assert_true(f->tree.size >= size + 2);
    const struct rb_fact *o = &f->facts[size]; /* first of what it signs, FLASH or not */
    struct rb_reader r;
    uint64_t type, member;
    size_t n;
    struct rb_slice reason;
    assert_int_equal(o->kind, RB_KIND_SERVICE);
    assert_int_equal(o->mark, RB_MARK_NONE);
    assert_int_equal(rb_cbor_find(o->body, 1, &r), RB_OK);
    assert_int_equal(rb_cbor_get_uint(&r, &type), RB_OK);
    assert_int_equal(type, RB_SERVICE_OVERRIDE);
    assert_int_equal(rb_cbor_find(o->body, 6, &r), RB_OK);
    assert_int_equal(rb_cbor_get_array(&r, 64, &n), RB_OK);
    assert_int_equal(n, 1);
    assert_int_equal(rb_cbor_get_uint(&r, &member), RB_OK);
    assert_int_equal(member, 2); /* bravo had answered */
    assert_int_equal(rb_cbor_find(o->body, 7, &r), RB_OK);
    assert_int_equal(rb_cbor_get_text(&r, &reason), RB_OK);
    assert_true(rb_slice_is(reason, "charlie is gone for good"));
    assert_true(rb_hash_eq(&f->facts[size + 1].id, &id));
    w->p[2].deaf = false;
    fn_pass(w, 100000);
    same_situation(w, ch);
    fn_free(w);
}

/* ---- another history
 * -----------------------------------------------------------------------------
 */
static void test_override_made_a_fork(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id, lost;
    struct fg_copy copy;
    fn_found(w, true, NULL, ch);
    fg_copy(&w->p[0], &copy);
    say(w, &w->p[0], ch, 3, &lost);
    fn_pass(w, 5000);
    w->p[1].up = w->p[2].up = false;
    fg_put_back(&w->p[0], &copy, true);
    fn_restart(w, &w->p[0]);
    fn_pass(w, 20000);
    assert_int_equal(fg_override(w, &w->p[0], ch, "cannot wait"), RB_OK);
    say(w, &w->p[0], ch, 1, &id);
    w->p[1].up = w->p[2].up = true;
    fn_pass(w, 300000);
    struct rb_channel_view v = fg_view(&w->p[0], ch);
    assert_non_null(v.waiting);
    assert_non_null(strstr(v.waiting, "new epoch"));
    uint64_t size = v.own_feed->tree.size;
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Waits.", RB_ROUTINE, &id), RB_OK);
    fn_pass(w, 60000);
    assert_int_equal(size_at(&w->p[0], ch, 0), size); /* nothing more is signed */
    fn_free(w);
}

static const struct fn_party *cut_to;
static bool alfa_and_charlie(const struct fn_party *from, const struct fn_party *to,
                             struct rb_slice path) {
    (void)path;
    const struct fn_party *a = from < to ? from : to, *b = from < to ? to : from;
    return a == cut_to && b == cut_to + 2;
}

/* Alfa and bravo are both put back, and alfa signs another history: bravo does not cosign it, since
 * charlie showed what it had cosigned before. */
static void test_cosigns_nothing_below(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id;
    struct fg_copy a, b;
    fn_found(w, true, NULL, ch);
    fn_pass(w, 5000);
    fg_copy(&w->p[0], &a);
    fg_copy(&w->p[1], &b);
    say(w, &w->p[0], ch, 4, &id);
    fn_pass(w, 10000);
    uint64_t size = size_at(&w->p[2], ch, 0);
    cut_to = &w->p[0];
    fn_block = alfa_and_charlie;
    w->p[1].up = false;
    fg_put_back(&w->p[0], &a, true);
    fg_put_back(&w->p[1], &b, true);
    fn_restart(w, &w->p[0]);
    fn_pass(w, 20000);
    assert_int_equal(fg_override(w, &w->p[0], ch, "in haste"), RB_OK);
    uint64_t branch = size_at(&w->p[0], ch, 0);
    assert_true(branch < size);
    fn_restart(w, &w->p[1]); /* alfa and charlie both answer */
    fn_pass(w, 60000);
    for (size_t i = 0; i < w->p[1].heads_n; i++) {
        struct rb_feed *f = rb_book_feed(fg_view(&w->p[2], ch).book, 0, 0);
        struct rb_hash root;
        if (w->p[1].heads[i].use != RB_USE_MIRROR ||
            !rb_slice_is(rb_slice(f->origin, f->origin_n), w->p[1].heads[i].origin))
            continue;
        assert_true(w->p[1].heads[i].size <= f->tree.size);
        rb_tree_root(&f->tree, w->p[1].heads[i].size, &root);
        assert_true(rb_hash_eq(&root, &w->p[1].heads[i].root)); /* of the history it had cosigned */
    }
    fn_block = NULL;
    fn_free(w);
}

/* While it is guarded it stores what others push, and cosigns that when the guard ends. */
static void test_stores_and_cosigns_later(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id;
    fn_found(w, true, NULL, ch);
    fn_pass(w, 5000);
    w->p[2].deaf = true;
    fn_restart(w, &w->p[1]);
    say(w, &w->p[0], ch, 3, &id);
    fn_pass(w, 20000);
    assert_true(fg_view(&w->p[1], ch).guarded);
    assert_int_equal(size_at(&w->p[1], ch, 0), size_at(&w->p[0], ch, 0));
    assert_false(held_by(w, &w->p[0], ch, &id, 1));
    w->p[2].deaf = false;
    fn_pass(w, 100000);
    assert_false(fg_view(&w->p[1], ch).guarded);
    assert_true(held_by(w, &w->p[0], ch, &id, 1));
    same_situation(w, ch);
    fn_free(w);
}

static size_t told_of(const struct fn_party *p, const struct rb_hash *id) {
    size_t k = 0;
    for (size_t i = 0; i < p->alerts_n; i++)
        k += p->alerts[i].u.alert.alert == RB_ALERT_RECORD &&
             rb_hash_eq(&p->alerts[i].u.alert.record, id);
    return k;
}

static bool shown_at(struct fn_world *w, struct fn_party *p, const uint8_t ch[16],
                     const struct rb_hash *id) {
    return rb_situation_find(fn_situation(w, p, ch), id) != RB_NOWHERE;
}

/* Its officers see at once what arrives meanwhile, and see it once. */
static void test_shows_and_cosigns_later(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id, answer, more;
    fn_found(w, true, NULL, ch);
    fn_pass(w, 5000);
    w->p[2].up = false;
    fn_restart(w, &w->p[1]);
    w->p[1].alerts_n = 0;
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Stop.", RB_FLASH, &id), RB_OK);
    fn_pass(w, 20000);
    assert_true(fg_view(&w->p[1], ch).guarded);
    assert_true(shown_at(w, &w->p[1], ch, &id));
    assert_int_equal(told_of(&w->p[1], &id), 1);
    assert_false(held_by(w, &w->p[0], ch, &id, 1));
    /* an officer answers it; that waits, as all that is ours */
    assert_int_equal(fn_position(w, &w->p[1], ch, RB_POSITION_READ, &id, &answer), RB_OK);
    assert_int_equal(fg_view(&w->p[1], ch).outbox_n, 1);
    w->p[1].alerts_n = 0;
    fn_restart(w, &w->p[1]); /* in between */
    assert_int_equal(fn_statement(w, &w->p[0], ch, "More.", RB_FLASH, &more), RB_OK);
    fn_pass(w, 20000);
    assert_true(fg_view(&w->p[1], ch).guarded);
    assert_true(shown_at(w, &w->p[1], ch, &id));
    assert_int_equal(told_of(&w->p[1], &id), 0);
    assert_int_equal(told_of(&w->p[1], &more), 1);
    assert_false(held_by(w, &w->p[0], ch, &id, 1));
    fn_restart(w, &w->p[2]);
    fn_pass(w, 100000);
    assert_false(fg_view(&w->p[1], ch).guarded);
    assert_true(held_by(w, &w->p[0], ch, &id, 1));
    assert_true(held_by(w, &w->p[0], ch, &more, 1));
    assert_true(held_by(w, &w->p[1], ch, &answer, 0));
    assert_int_equal(told_of(&w->p[1], &id), 0);
    assert_int_equal(told_of(&w->p[1], &more), 1);
    same_situation(w, ch);
    fn_restart(w, &w->p[1]);
    w->p[1].alerts_n = 0;
    fn_pass(w, 60000);
    assert_int_equal(told_of(&w->p[1], &id) + told_of(&w->p[1], &more), 0);
    fn_free(w);
}

static bool open_lines[FN_MAX][FN_MAX];
static bool bravo_looks; /* else it learns of the fork by what others bring alone */
static bool only_open(const struct fn_party *from, const struct fn_party *to,
                      struct rb_slice path) {
    bool looks = rb_slice_starts(path, "/rb/v1/heads") || rb_slice_starts(path, "/rb/v1/feed");
    if (!bravo_looks && looks && from->handle[0] == 'b') return true;
    size_t a = (size_t)(from->handle[0] - 'a'), b = (size_t)(to->handle[0] - 'a');
    return !open_lines[a < b ? a : b][a < b ? b : a];
}
static void open_only(size_t a, size_t b) {
    memset(open_lines, 0, sizeof open_lines);
    open_lines[a][b] = true;
}

/* from an old copy, and in haste: another history, for one member alone */
static void another_history(struct fn_world *w, const uint8_t ch[16], struct fg_copy *copy,
                            size_t to, struct rb_hash *id) {
    memset(open_lines, 0, sizeof open_lines);
    fg_put_back(&w->p[0], copy, true);
    fn_restart(w, &w->p[0]);
    open_only(0, to);
    fn_pass(w, 20000);
    assert_int_equal(fg_override(w, &w->p[0], ch, "in haste"), RB_OK);
    say(w, &w->p[0], ch, 1, id);
    fn_pass(w, 60000);
    assert_true(shown_at(w, &w->p[to], ch, id));
}

/* What a guarded node showed of a feed that then turns out to be forked was never cosigned by it.
 * Evidence speaks of it all the same, so that all show it alike. */
static void test_fork_while_guarded(void **state) {
    (void)state;
    fn_outward = 0;
    bravo_looks = false;
    struct fn_world *w = fn_world(4);
    uint8_t ch[16];
    struct rb_hash x, y, z, any;
    struct fg_copy first, second;
    fn_found(w, true, NULL, ch);
    fn_pass(w, 100000);
    fg_copy(&w->p[0], &first);
    fg_copy(&w->p[0], &second);
    fn_block = only_open;
    open_only(0, 1);
    fn_restart(w, &w->p[1]);
    say(w, &w->p[0], ch, 2, &x);
    fn_pass(w, 60000);
    say(w, &w->p[0], ch, 1, &x); /* two checkpoints, one after the other */
    fn_pass(w, 60000);
    assert_true(fg_view(&w->p[1], ch).guarded && shown_at(w, &w->p[1], ch, &x));
    another_history(w, ch, &first, 2, &y);
    another_history(w, ch, &second, 3, &z);
    w->p[0].up = false;
    open_only(2, 3);
    say(w, &w->p[2], ch, 1, &any); /* who speaks hears of other heads */
    fn_pass(w, 120000);
    assert_true(rb_node_forks(w->p[2].rb, ch) > 0 && rb_node_forks(w->p[3].rb, ch) > 0);
    assert_false(shown_at(w, &w->p[2], ch, &x));
    fn_restart(w, &w->p[1]); /* alfa's answer counts no more */
    open_lines[1][2] = true;
    say(w, &w->p[2], ch, 1, &any);
    fn_pass(w, 200000);
    assert_true(fg_view(&w->p[1], ch).guarded); /* one of two is no majority */
    for (size_t i = 1; i < 4; i++) {
        assert_true(shown_at(w, &w->p[i], ch, &x));
        assert_true(shown_at(w, &w->p[i], ch, &y));
        assert_true(shown_at(w, &w->p[i], ch, &z));
    }
    open_lines[1][3] = bravo_looks = true;
    say(w, &w->p[3], ch, 1, &any);
    fn_pass(w, 300000);
    assert_false(fg_view(&w->p[1], ch).guarded);
    static uint8_t a[1 << 20], b[1 << 20];
    struct rb_writer wa = rb_writer(a, sizeof a);
    rb_situation_encode(fn_situation(w, &w->p[1], ch), &wa);
    for (size_t i = 2; i < 4; i++) {
        struct rb_writer wb = rb_writer(b, sizeof b);
        rb_situation_encode(fn_situation(w, &w->p[i], ch), &wb);
        assert_int_equal(wa.n, wb.n);
        assert_memory_equal(a, b, wa.n);
    }
    fn_block = NULL;
    fn_outward = 1u << 3;
    fn_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_stored_cosigner_is_no_member),
        cmocka_unit_test(test_majority),
        cmocka_unit_test(test_one_of_many_is_away),
        cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_outward_only_brings),
        cmocka_unit_test(test_the_answer),
        cmocka_unit_test(test_forged_answers),
        cmocka_unit_test(test_lost_part),
        cmocka_unit_test(test_crash_while_it_comes_back),
        cmocka_unit_test(test_outbox_found_again),
        cmocka_unit_test(test_what_nobody_brings),
        cmocka_unit_test(test_override),
        cmocka_unit_test(test_override_made_a_fork),
        cmocka_unit_test(test_cosigns_nothing_below),
        cmocka_unit_test(test_stores_and_cosigns_later),
        cmocka_unit_test(test_shows_and_cosigns_later),
        cmocka_unit_test(test_fork_while_guarded),
    };
    return cmocka_run_group_tests_name("test_node_guard", tests, NULL, NULL);
}
