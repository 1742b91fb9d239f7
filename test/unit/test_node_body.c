/* Closed bodies between nodes: released to some, carried, opened, receipted; lost, cut and changed
 * ones; what others may never see; kept and purged. Spec 9.3 to 9.6. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "fixture_node.h"
#include "readback/text.h"
#include "../../src/node/node_int.h" /* to have allocations fail */

#define ALFA 1u
#define BRAVO 2u
#define CHARLIE 4u
#define DELTA 8u

static struct rb_slice statement(const char *text) {
    static uint8_t body[8192];
    struct rb_writer b = rb_writer(body, sizeof body);
    fn_body_text(text, &b);
    return rb_written(&b);
}

static enum rb_err say(struct fn_world *w, size_t who, const uint8_t ch[16], uint64_t to,
                       enum fn_fault fault, struct rb_hash *id) {
    struct fn_closed c = {.kind = RB_KIND_STATEMENT,
                          .body = statement("Only for some."),
                          .recipients = to,
                          .fault = fault};
    return fn_say_closed(w, &w->p[who], ch, &c, 1, id);
}

static enum rb_err attach(struct fn_world *w, size_t who, const uint8_t ch[16], uint64_t to,
                          size_t n, bool staged, struct rb_hash *id) {
    static uint8_t body[512];
    struct rb_writer b = rb_writer(body, sizeof body);
    struct rb_attachment a = {.name = rb_str("plan.pdf"), .size = n};
    uint8_t *content = malloc(n);
    for (size_t i = 0; i < n; i++)
        content[i] = (uint8_t)(i * 7 + i / 251);
    rb_attachment_encode(&a, &b);
    struct fn_closed c = {.kind = RB_KIND_ATTACHMENT,
                          .body = rb_written(&b),
                          .content = rb_slice(content, n),
                          .recipients = to,
                          .staged = staged};
    enum rb_err err = fn_say_closed(w, &w->p[who], ch, &c, 1, id);
    free(content);
    return err;
}

static enum rb_body_state state_at(struct fn_world *w, size_t who, const uint8_t ch[16],
                                   const struct rb_hash *id) {
    return fn_body(&w->p[who], ch, id).state;
}

static bool held(struct fn_world *w, size_t at, const uint8_t ch[16], const struct rb_hash *id,
                 uint16_t member) {
    const struct rb_situation *s = fn_situation(w, &w->p[at], ch);
    uint32_t o = rb_situation_find(s, id);
    uint64_t since;
    return o != RB_NOWHERE && rb_situation_held(s, o, member, &since);
}

/* as `at` sees it: does a receipt of the member say that it holds the body? */
static bool body_held(struct fn_world *w, size_t at, const uint8_t ch[16], const struct rb_hash *id,
                      uint16_t member) {
    const struct rb_situation *s = fn_situation(w, &w->p[at], ch);
    uint32_t o = rb_situation_find(s, id);
    return o != RB_NOWHERE && (s->order[o].bodies >> member & 1) != 0;
}

/* service records of a type about a record, in the feed of `member` as `at` holds it */
static size_t services(struct fn_world *w, size_t at, const uint8_t ch[16], uint16_t member,
                       enum rb_service_type type, const struct rb_hash *about) {
    struct rb_channel_view v;
    size_t k = 0;
    assert_true(rb_node_channel_by_id(w->p[at].rb, ch, &v));
    const struct rb_feed *f = rb_book_feed(v.book, member, 0);
    for (size_t i = 0; f && i < f->facts_n; i++) {
        struct rb_reader r;
        uint64_t t;
        struct rb_slice s;
        if (f->facts[i].kind != RB_KIND_SERVICE) continue;
        assert_int_equal(rb_cbor_find(f->facts[i].body, 1, &r), RB_OK);
        assert_int_equal(rb_cbor_get_uint(&r, &t), RB_OK);
        if (t != type || rb_cbor_find(f->facts[i].body, 2, &r) != RB_OK) continue;
        assert_int_equal(rb_cbor_get_bytes(&r, &s), RB_OK);
        k += memcmp(s.p, about->b, RB_HASH_LEN) == 0;
    }
    return k;
}

/* the latest receipt of `member` about bodies of `of`: is the leaf among the missing; *size said */
static bool listed(struct fn_world *w, size_t at, const uint8_t ch[16], uint16_t member,
                   uint16_t of, uint64_t leaf, uint64_t *size) {
    static uint8_t mem[1 << 20];
    struct rb_channel_view v;
    bool is = false;
    *size = 0;
    assert_true(rb_node_channel_by_id(w->p[at].rb, ch, &v));
    const struct rb_feed *f = rb_book_feed(v.book, member, 0);
    for (size_t i = 0; f && i < f->facts_n; i++) {
        struct rb_receipt r;
        struct rb_arena a = rb_arena(mem, sizeof mem);
        if (f->facts[i].kind != RB_KIND_RECEIPT) continue;
        assert_int_equal(rb_receipt_decode(f->facts[i].body, &a, &r, NULL), RB_OK);
        for (size_t k = 0; k < r.bodies_n; k++) {
            size_t n;
            uint64_t x;
            if (r.bodies[k].member != of) continue;
            struct rb_reader l = rb_reader(r.bodies[k].missing);
            assert_int_equal(rb_cbor_get_array(&l, 8192, &n), RB_OK);
            *size = r.bodies[k].size;
            for (is = false; n > 0; n--) {
                assert_int_equal(rb_cbor_get_uint(&l, &x), RB_OK);
                is |= x == leaf;
            }
        }
    }
    return is;
}

static uint64_t leaf_of(struct fn_world *w, size_t at, const uint8_t ch[16],
                        const struct rb_hash *id) {
    struct rb_channel_view v;
    struct rb_feed *f;
    size_t leaf;
    assert_true(rb_node_channel_by_id(w->p[at].rb, ch, &v));
    assert_true(rb_book_find(v.book, id, &f, &leaf));
    return leaf;
}

/* ---- watching ----------------------------------------------------------------------------------
 */
static const struct fn_party *watched;
static size_t seen_bytes, posts, gets;
static const char *order[64];
static size_t order_n;

static bool contains(struct rb_slice in, struct rb_slice what) {
    for (size_t i = 0; i + what.n <= in.n; i++)
        if (in.p[i] == what.p[0] && memcmp(in.p + i, what.p, what.n) == 0) return true;
    return false;
}

/* 32 bytes out of the middle of the ciphertext */
static bool leaks(struct rb_slice in) {
    return fn_last.cipher_n > 200 &&
           contains(in, rb_slice(fn_last.cipher + fn_last.cipher_n / 2, 32));
}

static void watch(const struct fn_party *of, const struct rb_effect *ef) {
    if (ef->type == RB_EF_REQUEST) {
        bool post = rb_slice_starts(ef->u.request.path, "/rb/v1/bodies");
        bool get = rb_slice_starts(ef->u.request.path, "/rb/v1/body?");
        posts += post;
        gets += get;
        if (order_n < 64 && (post || rb_slice_starts(ef->u.request.path, "/rb/v1/push")))
            order[order_n++] = post ? "bodies" : "push";
    }
    if (of != watched) return;
    if (ef->type == RB_EF_STORE)
        seen_bytes +=
            leaks(ef->u.store.leaf) || leaks(ef->u.store.value) || ef->u.store.item == RB_ITEM_BODY;
    if (ef->type == RB_EF_LOAD) seen_bytes += ef->u.load.item == RB_ITEM_BODY;
    if (ef->type == RB_EF_REQUEST) seen_bytes += leaks(ef->u.request.body);
    if (ef->type == RB_EF_OPEN) seen_bytes++;
}

static bool block_posts(const struct fn_party *from, const struct fn_party *to,
                        struct rb_slice path) {
    (void)from;
    (void)to;
    return rb_slice_starts(path, "/rb/v1/bodies");
}

static struct fn_world *world4(uint8_t ch[16]) {
    struct fn_world *w = fn_world(4);
    fn_found(w, false, NULL, ch);
    fn_pass(w, 70000); /* who only connects outwards asks for invitations every minute */
    for (size_t i = 1; i < 4; i++)
        fn_accept(w, &w->p[i], ch);
    fn_pass(w, 20000);
    watched = NULL;
    seen_bytes = posts = gets = order_n = 0;
    fn_watch = watch;
    return w;
}

static void end(struct fn_world *w) {
    fn_watch = NULL;
    fn_block = NULL;
    fn_outward = DELTA;
    fn_free(w);
}

/* ---- tests -------------------------------------------------------------------------------------
 */
static void test_some_read_others_do_not(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = world4(ch);
    watched = &w->p[2];
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO | DELTA, FN_WELL, &id), RB_OK);
    assert_int_equal(state_at(w, 0, ch, &id), RB_BODY_OPENED); /* our own: without an OPEN */
    assert_int_equal(w->p[0].opens, 0);
    fn_pass(w, 8000);
    assert_int_equal(state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_int_equal(state_at(w, 3, ch, &id),
                     RB_BODY_OPENED); /* it only connects outwards: it asked */
    assert_int_equal(state_at(w, 2, ch, &id), RB_BODY_NONE);
    assert_int_equal(leaf_of(w, 2, ch, &id), leaf_of(w, 0, ch, &id)); /* the leaf it has */
    assert_int_equal(seen_bytes, 0);
    assert_int_equal(fn_stored(&w->p[2], &fn_last.hash), 0);
    assert_int_equal(fn_stored(&w->p[1], &fn_last.hash), fn_last.cipher_n);
    assert_true(held(w, 0, ch, &id, 1));
    assert_true(held(w, 0, ch, &id, 3));
    assert_true(held(w, 2, ch, &id, 1)); /* all can see who holds it */
    struct rb_body_view v = fn_body(&w->p[1], ch, &id);
    assert_int_equal(v.have, v.size);
    assert_true(v.taken_utc_ms > 0 && v.purge_utc_ms == 0);
    end(w);
}

static void test_body_goes_before_the_push(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = world4(ch);
    fn_pass(w, 20000);
    order_n = gets = 0;
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    assert_true(order_n >= 3);
    size_t at = 0;
    while (at < order_n && strcmp(order[at], "bodies") != 0)
        at++;
    assert_true(at <= 1); /* the push to charlie, who gets none, may go first */
    assert_int_equal(posts, 1);
    assert_int_equal(gets, 0);
    fn_pass(w, 100);
    assert_int_equal(state_at(w, 1, ch, &id), RB_BODY_OPENED); /* it was there before its leaf */
    assert_int_equal(gets, 0);
    order_n = posts = 0;
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Open.", RB_ROUTINE, &id), RB_OK);
    assert_int_equal(posts, 0); /* a push without closed leaves costs nothing more */
    end(w);
}

static void test_lost_body_is_fetched_from_its_author(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = world4(ch);
    fn_block = block_posts;
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 30000);
    assert_int_equal(state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_true(gets > 0);
    assert_true(held(w, 0, ch, &id, 1));
    end(w);
}

static const struct fn_party *silent;
static bool block_all_but_push(const struct fn_party *from, const struct fn_party *to,
                               struct rb_slice path) {
    (void)from;
    if (rb_slice_starts(path, "/rb/v1/bodies") && to - silent == 1) return true; /* to bravo */
    return rb_slice_starts(path, "/rb/v1/body?") && to == silent;
}

static void test_lost_body_comes_from_another_recipient(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = world4(ch);
    silent = &w->p[0];
    fn_block = block_all_but_push;
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO | CHARLIE, FN_WELL, &id), RB_OK);
    fn_pass(w, 40000);
    assert_int_equal(state_at(w, 2, ch, &id), RB_BODY_OPENED);
    assert_int_equal(state_at(w, 1, ch, &id), RB_BODY_OPENED);
    end(w);
}

static bool block_bodies(const struct fn_party *from, const struct fn_party *to,
                         struct rb_slice path) {
    (void)from;
    (void)to;
    return rb_slice_starts(path, "/rb/v1/bod");
}

/* It shows as not held, is listed, wedges nothing, and stops being listed when it comes. */
static void test_missing_is_listed_and_wedges_nothing(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, open;
    uint64_t size;
    struct fn_world *w = world4(ch);
    fn_block = block_bodies;
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    uint64_t leaf = leaf_of(w, 0, ch, &id);
    assert_false(listed(w, 1, ch, 1, 0, leaf, &size)); /* within its ten seconds nothing is said */
    assert_true(size <= leaf);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Open.", RB_ROUTINE, &open), RB_OK);
    fn_pass(w, 8000);
    assert_true(listed(w, 0, ch, 1, 0, leaf, &size));
    assert_true(size > leaf);
    assert_true(held(w, 0, ch, &open, 1)); /* the leaf after it is held */
    assert_false(held(w, 0, ch, &id, 1));
    struct rb_body_view v = fn_body(&w->p[1], ch, &id);
    assert_int_equal(v.state, RB_BODY_MISSING);
    assert_non_null(v.why);
    struct rb_channel_view cv;
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &cv));
    assert_int_equal(cv.bodies_missing, 1);
    fn_block = NULL;
    fn_pass(w, 310000);
    assert_int_equal(state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_false(listed(w, 0, ch, 1, 0, leaf, &size));
    assert_true(size > leaf);
    assert_true(held(w, 0, ch, &id, 1));
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &cv));
    assert_int_equal(cv.bodies_missing, 0);
    end(w);
}

/* Cut, changed, sealed to others, another body, not a head: said once each, and listed. */
static void test_bad_bodies_are_said_and_wedge_nothing(void **state) {
    (void)state;
    static const enum fn_fault faults[] = {FN_CUT, FN_CHANGED, FN_OTHER_KEY, FN_OTHER_BODY,
                                           FN_NOT_A_HEAD};
    uint8_t ch[16];
    struct rb_hash id[5], good;
    uint64_t size;
    struct fn_world *w = world4(ch);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(say(w, 0, ch, ALFA | BRAVO, faults[i], &id[i]), RB_OK);
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &good), RB_OK);
    fn_pass(w, 30000);
    for (size_t i = 0; i < 5; i++) {
        struct rb_body_view v = fn_body(&w->p[1], ch, &id[i]);
        assert_int_equal(v.state, RB_BODY_BAD);
        assert_non_null(v.why);
        assert_true(listed(w, 0, ch, 1, 0, leaf_of(w, 0, ch, &id[i]), &size));
        assert_false(held(w, 0, ch, &id[i], 1));
        assert_int_equal(services(w, 0, ch, 1, RB_SERVICE_BODY_MISSING, &id[i]), 1);
    }
    assert_int_equal(state_at(w, 1, ch, &good), RB_BODY_OPENED);
    assert_true(held(w, 0, ch, &good, 1));
    fn_restart(w, &w->p[1]);
    fn_pass(w, 30000);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(state_at(w, 1, ch, &id[i]), RB_BODY_BAD);
        assert_int_equal(services(w, 1, ch, 1, RB_SERVICE_BODY_MISSING, &id[i]), 1);
    }
    end(w);
}

/* ---- endpoints ---------------------------------------------------------------------------------
 */
static const char *query_of(const uint8_t ch[16], unsigned member, const struct rb_hash *h,
                            uint64_t from) {
    static char q[256];
    char hex[33], hash[65];
    struct rb_writer a = rb_writer(hex, sizeof hex), b = rb_writer(hash, sizeof hash);
    rb_put_hex(&a, ch, 16);
    rb_put_hex(&b, h->b, 32);
    (void)rb_writer_z(&a);
    (void)rb_writer_z(&b);
    snprintf(q, sizeof q, "channel=%s&member=%u&hash=%s&from=%llu", hex, member, hash,
             (unsigned long long)from);
    return q;
}

static void expect_404(struct fn_world *w) {
    assert_int_equal(w->answer.status, 404);
    assert_int_equal(w->answer.n, 10);
    assert_memory_equal(w->answer.body, "not found\n", 10);
    assert_string_equal(w->answer.type, "text/plain");
}

static void test_only_recipients_are_served(void **state) {
    (void)state;
    uint8_t ch[16], other[16] = {1};
    struct rb_hash id, unknown = {{9}};
    struct fn_world *w = world4(ch);
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    struct fn_party *a = &w->p[0];
    struct rb_slice none = rb_slice(NULL, 0);
    const struct rb_hash *h = &fn_last.hash;
    fn_request(w, a, &w->p[1], false, "/rb/v1/body", query_of(ch, 0, h, 0), none);
    assert_int_equal(w->answer.status, 200);
    assert_int_equal(w->answer.n, fn_last.cipher_n);
    assert_memory_equal(w->answer.body, fn_last.cipher, fn_last.cipher_n);
    fn_request(w, a, &w->p[1], false, "/rb/v1/body", query_of(ch, 0, h, 100), none);
    assert_int_equal(w->answer.n, fn_last.cipher_n - 100);
    fn_request(w, a, &w->p[2], false, "/rb/v1/body", query_of(ch, 0, h, 0), none);
    expect_404(w); /* no recipient */
    fn_request(w, a, NULL, false, "/rb/v1/body", query_of(ch, 0, h, 0), none);
    expect_404(w);
    fn_request(w, a, &w->p[1], false, "/rb/v1/body", query_of(ch, 1, h, 0), none);
    expect_404(w); /* another author */
    fn_request(w, a, &w->p[1], false, "/rb/v1/body", query_of(ch, 0, &unknown, 0), none);
    expect_404(w);
    fn_request(w, a, &w->p[1], false, "/rb/v1/body", query_of(other, 0, h, 0), none);
    expect_404(w);
    fn_request(w, a, &w->p[1], false, "/rb/v1/body", query_of(ch, 0, h, fn_last.cipher_n), none);
    expect_404(w);
    fn_request(w, &w->p[2], &w->p[1], false, "/rb/v1/body", query_of(ch, 0, h, 0), none);
    expect_404(w); /* it does not have it */
    fn_request(w, a, &w->p[1], false, "/rb/v1/body", "channel=zz", none);
    expect_404(w);
    fn_request(w, a, &w->p[1], true, "/rb/v1/bodies", query_of(other, 0, h, 0), none);
    expect_404(w);
    end(w);
}

static struct rb_slice entry(unsigned member, const struct rb_hash *h, uint64_t size, uint64_t from,
                             struct rb_slice bytes) {
    static uint8_t out[1 << 21];
    struct rb_writer w = rb_writer(out, sizeof out);
    rb_put_u16(&w, (uint16_t)member);
    rb_put(&w, h->b, 32);
    rb_put_u64(&w, size);
    rb_put_u64(&w, from);
    rb_put_u32(&w, (uint32_t)bytes.n);
    rb_put_slice(&w, bytes);
    return rb_written(&w);
}

static uint64_t have_said(struct fn_world *w) {
    struct rb_slice line = rb_slice(w->answer.body, w->answer.n);
    assert_int_equal(w->answer.status, 200);
    size_t a = rb_slice_find(line, 0, ' '), b = rb_slice_find(line, a + 1, ' ');
    uint64_t have;
    assert_int_equal(rb_dec_decode(rb_slice_sub(line, b + 1, line.n - 1), &have), RB_OK);
    return have;
}

/* A record of bravo that names the hash of alfa's body: bravo gets nothing, and charlie, whom bravo
 * names, nothing of alfa's. */
static void test_naming_a_hash_gives_nothing(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, mine;
    struct fn_world *w = world4(ch);
    assert_int_equal(say(w, 0, ch, ALFA | DELTA, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    struct rb_hash secret = fn_last.hash;
    /* bravo's node cannot release it: it does not have the bytes */
    struct rb_record *rec = calloc(1, sizeof *rec);
    static const uint8_t one[34] = {0x81, 0x58, 0x20};
    uint8_t commitments[35] = {0};
    memcpy(commitments, one, 3);
    rec->kind = RB_KIND_STATEMENT;
    rec->precedence = RB_ROUTINE;
    rec->closed = true;
    rec->recipients = BRAVO | CHARLIE;
    rec->ciphertext_hash = secret;
    rec->ciphertext_size = fn_last.cipher_n;
    rec->commitments_n = 1;
    rec->commitments = rb_slice(commitments, sizeof commitments);
    assert_int_equal(fn_release(w, &w->p[1], ch, rec, 1, &mine), RB_ERR_NOT_FOUND);
    assert_string_equal(w->p[1].done.u.done.reject.clause, "6.11.7");
    free(rec);
    struct rb_slice none = rb_slice(NULL, 0);
    for (unsigned m = 0; m < 2; m++) {
        fn_request(w, &w->p[0], &w->p[1], false, "/rb/v1/body", query_of(ch, m, &secret, 0), none);
        expect_404(w);
        fn_request(w, &w->p[0], &w->p[2], false, "/rb/v1/body", query_of(ch, m, &secret, 0), none);
        expect_404(w);
    }
    end(w);
}

static void test_posted_bytes_are_weighed(void **state) {
    (void)state;
    uint8_t ch[16], junk[300];
    struct rb_hash h, wrong = {{3}};
    struct fn_world *w = world4(ch);
    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = (uint8_t)i;
    struct rb_slice bytes = rb_slice(junk, sizeof junk);
    const char *q = query_of(ch, 0, &wrong, 0);
    rb_sha256(bytes, &h);
    watched = &w->p[0];
    struct fn_party *a = &w->p[0], *b = &w->p[1];
    fn_request(w, a, b, true, "/rb/v1/bodies", q, entry(1, &h, 300, 0, bytes));
    assert_int_equal(have_said(w), 300); /* waits in memory */
    fn_request(w, a, b, true, "/rb/v1/bodies", q, entry(1, &h, 300, 0, rb_slice(NULL, 0)));
    assert_int_equal(have_said(w), 300); /* a question */
    fn_request(w, a, b, true, "/rb/v1/bodies", q, entry(1, &wrong, 300, 0, bytes));
    assert_int_equal(have_said(w), 0); /* another hash */
    fn_request(w, a, b, true, "/rb/v1/bodies", q, entry(1, &h, 301, 0, bytes));
    assert_int_equal(have_said(w), 0); /* a piece of one that is unknown */
    fn_request(w, a, b, true, "/rb/v1/bodies", q, entry(40, &h, 300, 0, bytes));
    assert_int_equal(have_said(w), 0); /* no such member */
    assert_int_equal(seen_bytes, 0);   /* nothing reached the disk */
    struct rb_slice e = entry(1, &h, 300, 0, bytes);
    for (size_t cut = 0; cut < e.n; cut += 7) {
        fn_request(w, a, b, true, "/rb/v1/bodies", q, rb_slice(e.p, cut));
        assert_int_equal(w->answer.status, 400);
    }
    fn_request(w, a, b, true, "/rb/v1/bodies", q, entry(1, &h, 300, 200, bytes));
    assert_int_equal(w->answer.status, 400);
    fn_pass(w, 601000);
    fn_request(w, a, b, true, "/rb/v1/bodies", q, entry(1, &h, 300, 0, rb_slice(NULL, 0)));
    assert_int_equal(have_said(w), 0); /* ten minutes are over */
    end(w);
}

/* 4 MiB of one party: the oldest give way, and another party's stay */
static void test_memory_has_quotas(void **state) {
    (void)state;
    static uint8_t big[131072];
    uint8_t ch[16], small[2000] = {5};
    struct rb_hash h, first, theirs;
    struct fn_world *w = world4(ch);
    const char *q = query_of(ch, 0, &fn_last.hash, 0);
    struct rb_slice none = rb_slice(NULL, 0);
    rb_sha256(rb_slice(small, sizeof small), &theirs);
    fn_request(w, &w->p[0], &w->p[2], true, "/rb/v1/bodies", q,
               entry(2, &theirs, sizeof small, 0, rb_slice(small, sizeof small)));
    for (unsigned i = 0; i < 40; i++) {
        big[0] = (uint8_t)i;
        rb_sha256(rb_slice(big, sizeof big), &h);
        if (i == 0) first = h;
        fn_request(w, &w->p[0], &w->p[1], true, "/rb/v1/bodies", q,
                   entry(1, &h, sizeof big, 0, rb_slice(big, sizeof big)));
        assert_int_equal(have_said(w), sizeof big);
    }
    fn_request(w, &w->p[0], &w->p[1], true, "/rb/v1/bodies", q,
               entry(1, &first, sizeof big, 0, none));
    assert_int_equal(have_said(w), 0);
    fn_request(w, &w->p[0], &w->p[1], true, "/rb/v1/bodies", q, entry(1, &h, sizeof big, 0, none));
    assert_int_equal(have_said(w), sizeof big);
    fn_request(w, &w->p[0], &w->p[2], true, "/rb/v1/bodies", q,
               entry(2, &theirs, sizeof small, 0, none));
    assert_int_equal(have_said(w), sizeof small);
    end(w);
}

/* ---- between two that only connect outwards
 * ---------------------------------------------------------- */
static void test_forwarded_between_two_without_address(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    fn_outward = CHARLIE | DELTA;
    struct fn_world *w = world4(ch);
    watched = &w->p[0];
    assert_int_equal(say(w, 2, ch, CHARLIE | DELTA, FN_WELL, &id), RB_OK);
    fn_pass(w, 120000);
    assert_int_equal(state_at(w, 3, ch, &id), RB_BODY_OPENED);
    assert_true(body_held(w, 2, ch, &id, 3));
    assert_int_equal(seen_bytes, 0); /* it went through alfa's memory alone */
    assert_int_equal(fn_stored(&w->p[0], &fn_last.hash) + fn_stored(&w->p[1], &fn_last.hash), 0);
    size_t before = posts;
    fn_pass(w, 900000);
    assert_int_equal(posts, before); /* its receipt is here: it is not sent again */
    end(w);
}

/* The members between lose their memory before the recipient comes: the author sends again. */
static void test_sent_again_until_receipted(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    fn_outward = CHARLIE | DELTA;
    struct fn_world *w = world4(ch);
    w->p[3].up = false;
    assert_int_equal(say(w, 2, ch, CHARLIE | DELTA, FN_WELL, &id), RB_OK);
    fn_pass(w, 20000);
    fn_restart(w, &w->p[0]);
    fn_restart(w, &w->p[1]);
    fn_pass(w, 1000);
    fn_restart(w, &w->p[3]);
    fn_pass(w, 700000);
    assert_int_equal(state_at(w, 3, ch, &id), RB_BODY_OPENED);
    assert_true(body_held(w, 2, ch, &id, 3));
    end(w);
}

/* ---- long ones ---------------------------------------------------------------------------------
 */
static size_t pieces_allowed;
static bool block_pieces(const struct fn_party *from, const struct fn_party *to,
                         struct rb_slice path) {
    (void)from;
    (void)to;
    if (!rb_slice_starts(path, "/rb/v1/body?")) return false;
    if (pieces_allowed == 0) return true;
    pieces_allowed--;
    return false;
}

static void test_long_bodies_go_on_after_a_restart(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = world4(ch);
    fn_block = block_pieces;
    pieces_allowed = 2;
    assert_int_equal(attach(w, 0, ch, ALFA | BRAVO, 5 << 20, true, &id), RB_OK);
    fn_pass(w, 20000);
    struct rb_body_view v = fn_body(&w->p[1], ch, &id);
    assert_int_equal(v.state, RB_BODY_MISSING);
    assert_int_equal(v.have, 2 << 20);
    assert_int_equal(fn_stored(&w->p[1], &fn_last.hash), 2 << 20);
    fn_restart(w, &w->p[1]);
    assert_int_equal(fn_body(&w->p[1], ch, &id).have, 2 << 20);
    pieces_allowed = 4; /* no more than what is left */
    fn_pass(w, 400000);
    assert_int_equal(state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_int_equal(fn_stored(&w->p[1], &fn_last.hash), fn_last.cipher_n);
    assert_true(held(w, 0, ch, &id, 1));
    end(w);
}

static void test_long_bodies_are_pushed_where_nobody_can_ask(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = world4(ch);
    assert_int_equal(attach(w, 3, ch, BRAVO | DELTA, 3 << 20, true, &id), RB_OK);
    fn_pass(w, 200000);
    assert_int_equal(state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_true(held(w, 3, ch, &id, 1));
    end(w);
}

/* ---- restart, keys -----------------------------------------------------------------------------
 */
static void test_restart_keeps_all(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, answer;
    struct fn_world *w = world4(ch);
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    uint8_t pos[64];
    struct rb_writer b = rb_writer(pos, sizeof pos);
    struct rb_position read = {.type = RB_POSITION_READ};
    rb_position_encode(&read, &b);
    struct fn_closed c = {.kind = RB_KIND_POSITION,
                          .body = rb_written(&b),
                          .recipients = ALFA | BRAVO,
                          .answers = &id};
    assert_int_equal(fn_say_closed(w, &w->p[1], ch, &c, 1, &answer), RB_OK);
    fn_pass(w, 8000);
    const struct rb_situation *s = fn_situation(w, &w->p[0], ch);
    assert_int_not_equal(rb_situation_answer(s, rb_situation_find(s, &id), 1, RB_POSITION_READ),
                         RB_NOWHERE);
    s = fn_situation(w, &w->p[2], ch); /* charlie cannot read what bravo answered */
    assert_int_equal(rb_situation_answer(s, rb_situation_find(s, &id), 1, RB_POSITION_READ),
                     RB_NOWHERE);
    struct rb_channel_view v;
    for (size_t i = 0; i < 2; i++) {
        fn_restart(w, &w->p[i]);
        fn_pass(w, 1000);
        assert_int_equal(state_at(w, i, ch, &id), RB_BODY_OPENED);
        assert_int_equal(state_at(w, i, ch, &answer), RB_BODY_OPENED);
    }
    fn_pass(w, 60000);
    s = fn_situation(w, &w->p[0], ch);
    assert_int_not_equal(rb_situation_answer(s, rb_situation_find(s, &id), 1, RB_POSITION_READ),
                         RB_NOWHERE);
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &v));
    uint64_t size = v.own_feed->tree.size; /* nothing was said again */
    fn_restart(w, &w->p[1]);
    fn_pass(w, 120000);
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &v));
    assert_int_equal(v.own_feed->tree.size, size);
    end(w);
}

static void unlock(struct fn_world *w, struct fn_party *p) {
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    p->locked = false;
    ev.u.submit.what = RB_SUBMIT_UNLOCKED;
    fn_event(w, p, &ev);
    assert_int_equal(p->done.u.done.reject.err, RB_OK);
}

static void test_sealed_key_says_nothing_until_unlocked(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash before, id, second;
    uint64_t size;
    struct fn_world *w = world4(ch);
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &before), RB_OK);
    fn_pass(w, 8000);
    w->p[1].locked = true;
    fn_restart(w, &w->p[1]);
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &second), RB_OK);
    fn_pass(w, 60000);
    assert_int_equal(state_at(w, 1, ch, &before), RB_BODY_HELD);
    assert_int_equal(state_at(w, 1, ch, &id), RB_BODY_HELD);
    assert_false(listed(w, 0, ch, 1, 0, leaf_of(w, 0, ch, &id), &size));
    assert_true(size <= leaf_of(w, 0, ch, &id));
    assert_false(held(w, 0, ch, &id, 1));
    assert_true(held(w, 0, ch, &before, 1)); /* that it was good is known */
    struct rb_channel_view v;
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &v));
    assert_int_equal(v.bodies_unopened, 3);
    size_t asked = w->p[1].opens;
    fn_pass(w, 60000);
    assert_int_equal(w->p[1].opens, asked); /* not tried over and over */
    unlock(w, &w->p[1]);
    fn_pass(w, 8000);
    assert_int_equal(state_at(w, 1, ch, &before), RB_BODY_OPENED);
    assert_int_equal(state_at(w, 1, ch, &second), RB_BODY_OPENED);
    assert_true(held(w, 0, ch, &id, 1));
    end(w);
}

static enum rb_err purge(struct fn_world *w, struct fn_party *p, const uint8_t ch[16],
                         const struct rb_hash *id, const char *reason) {
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_PURGE;
    memcpy(ev.u.submit.channel, ch, 16);
    ev.u.submit.record = *id;
    ev.u.submit.reason = rb_str(reason);
    memset(&p->done, 0, sizeof p->done);
    fn_event(w, p, &ev);
    return p->done.u.done.reject.err;
}

/* ---- damage ------------------------------------------------------------------------------------
 */
static void spoil(struct fn_party *p, const struct rb_hash *h) {
    for (size_t i = 0; i < p->items_n; i++) {
        struct rb_effect *e = &p->items[i].ef;
        if (e->u.store.item != RB_ITEM_BODY || !rb_hash_eq(&e->u.store.body.hash, h)) continue;
        ((uint8_t *)(uintptr_t)e->u.store.leaf.p)[e->u.store.leaf.n / 2] ^= 1;
        return;
    }
    fail();
}

/* A disk that changed bytes: deleted, asked for again, and good; also where we are the author. */
static void test_spoilt_on_disk_comes_again(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = world4(ch);
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    for (size_t i = 0; i < 2; i++) {
        spoil(&w->p[i], &fn_last.hash);
        gets = 0;
        fn_restart(w, &w->p[i]);
        fn_pass(w, 20000);
        assert_true(gets > 0);
        assert_int_equal(state_at(w, i, ch, &id), RB_BODY_OPENED);
        assert_int_equal(fn_stored(&w->p[i], &fn_last.hash), fn_last.cipher_n);
    }
    assert_int_equal(services(w, 0, ch, 1, RB_SERVICE_BODY_MISSING, &id), 0);
    end(w);
}

/* Wrong pieces of a long one show when the last has come: all of it is asked for again. */
static void test_wrong_piece_of_a_long_body(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = world4(ch);
    fn_block = block_pieces;
    pieces_allowed = 1;
    assert_int_equal(attach(w, 0, ch, ALFA | BRAVO, 2 << 20, true, &id), RB_OK);
    fn_pass(w, 20000);
    struct rb_body_view v = fn_body(&w->p[1], ch, &id);
    assert_int_equal(v.have, 1 << 20);
    static uint8_t junk[1000];
    const char *q = query_of(ch, 0, &fn_last.hash, 0);
    struct rb_slice bytes = rb_slice(junk, sizeof junk);
    struct rb_slice e = entry(0, &fn_last.hash, v.size, 1 << 20, bytes);
    fn_request(w, &w->p[1], &w->p[2], true, "/rb/v1/bodies", q, e);
    assert_int_equal(have_said(w), 1 << 20); /* of use from its author alone */
    fn_request(w, &w->p[1], &w->p[0], true, "/rb/v1/bodies", q, e);
    assert_int_equal(have_said(w), (1 << 20) + 1000);
    pieces_allowed = 9;
    fn_pass(w, 600000);
    assert_int_equal(state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_int_equal(fn_stored(&w->p[1], &fn_last.hash), fn_last.cipher_n);
    end(w);
}

/* One author, one ciphertext, two records: each has its own verdict, and a purge is of both. */
static void test_two_records_name_one_body(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, again;
    struct fn_world *w = world4(ch);
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    struct fn_sealed was = fn_last;
    fn_last.cipher = fn_last.head = NULL;
    fn_resay = &was;
    struct fn_closed c = {.kind = RB_KIND_STATEMENT,
                          .body = statement("Only for some."),
                          .recipients = ALFA | BRAVO | CHARLIE};
    assert_int_equal(fn_say_closed(w, &w->p[0], ch, &c, 1, &again), RB_OK);
    fn_resay = NULL;
    free(was.cipher);
    free(was.head);
    fn_pass(w, 20000);
    assert_int_equal(state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_int_equal(state_at(w, 1, ch, &again), RB_BODY_OPENED);
    /* charlie is named, has the bytes, and no stanza: that is not bravo's matter */
    assert_int_equal(state_at(w, 2, ch, &again), RB_BODY_BAD);
    assert_int_equal(state_at(w, 2, ch, &id), RB_BODY_NONE);
    assert_true(held(w, 0, ch, &again, 1));
    assert_false(held(w, 0, ch, &again, 2));
    assert_int_equal(purge(w, &w->p[1], ch, &id, ""), RB_OK);
    fn_pass(w, 8000);
    assert_int_equal(state_at(w, 1, ch, &again), RB_BODY_PURGED);
    assert_int_equal(services(w, 0, ch, 1, RB_SERVICE_PURGE, &id), 1);
    assert_int_equal(services(w, 0, ch, 1, RB_SERVICE_PURGE, &again), 1);
    end(w);
}

/* ---- retention ---------------------------------------------------------------------------------
 */
static void test_purged_on_command(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = world4(ch);
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    struct rb_hash h = fn_last.hash;
    assert_int_equal(purge(w, &w->p[1], ch, &id, "asked by the family"), RB_OK);
    assert_true(w->p[1].done.u.done.has_record); /* the service record */
    assert_int_equal(fn_stored(&w->p[1], &h), 0);
    assert_int_equal(state_at(w, 1, ch, &id), RB_BODY_PURGED);
    assert_int_equal(fn_stored(&w->p[0], &h), fn_last.cipher_n);
    assert_int_equal(purge(w, &w->p[1], ch, &id, ""), RB_ERR_EXISTS);
    assert_int_equal(purge(w, &w->p[2], ch, &id, ""), RB_ERR_NOT_FOUND);
    fn_pass(w, 8000);
    assert_int_equal(services(w, 0, ch, 1, RB_SERVICE_PURGE, &id), 1);
    assert_true(held(w, 0, ch, &id, 1)); /* it was, and its receipt stands */
    gets = 0;
    fn_restart(w, &w->p[1]);
    fn_request(w, &w->p[1], &w->p[0], true, "/rb/v1/bodies", query_of(ch, 0, &h, 0),
               entry(0, &h, fn_last.cipher_n, 0, rb_slice(fn_last.cipher, fn_last.cipher_n)));
    fn_pass(w, 600000);
    assert_int_equal(gets, 0); /* neither asked for nor taken again */
    assert_int_equal(fn_stored(&w->p[1], &h), 0);
    assert_int_equal(state_at(w, 1, ch, &id), RB_BODY_PURGED);
    assert_int_equal(services(w, 1, ch, 1, RB_SERVICE_PURGE, &id), 1);
    fn_request(w, &w->p[1], &w->p[0], false, "/rb/v1/body", query_of(ch, 0, &h, 0),
               rb_slice(NULL, 0));
    expect_404(w);
    end(w);
}

static void test_purged_in_time(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id, kept;
    struct rb_charter *c = calloc(1, sizeof *c);
    c->exercise = true;
    c->policies_n = 1;
    c->policies[0] = (struct rb_kind_policy){.kind = RB_KIND_STATEMENT, .keep_days = 2};
    struct fn_world *w = fn_world(3);
    fn_found(w, true, c, ch);
    free(c);
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    fn_pass(w, 8000);
    struct rb_hash h = fn_last.hash;
    assert_int_equal(attach(w, 0, ch, ALFA | BRAVO, 1000, false, &kept), RB_OK);
    fn_pass(w, 8000);
    struct rb_body_view v = fn_body(&w->p[1], ch, &id);
    assert_int_equal(v.purge_utc_ms, v.taken_utc_ms + 2 * 86400000ll);
    w->utc_ms -= 40 * 86400000ll; /* a clock set back: nothing happens */
    fn_pass(w, 2000);
    w->utc_ms += 40 * 86400000ll;
    fn_pass(w, 86400000);
    assert_int_equal(state_at(w, 1, ch, &id), RB_BODY_OPENED);
    fn_restart(w, &w->p[1]);
    fn_pass(w, 86400000 + 60000);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(state_at(w, i, ch, &id), RB_BODY_PURGED);
        assert_int_equal(fn_stored(&w->p[i], &h), 0);
        assert_int_equal(state_at(w, i, ch, &kept), RB_BODY_OPENED); /* another kind: for good */
        assert_int_equal(services(w, 0, ch, (uint16_t)i, RB_SERVICE_PURGE, &id), 1);
    }
    end(w);
}

/* ---- drafts, refusals
 * ----------------------------------------------------------------------------- */
static void test_drafts_keep_their_bodies(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash draft, id;
    struct rb_charter *c = calloc(1, sizeof *c);
    c->exercise = true;
    c->policies_n = 1;
    c->policies[0] =
        (struct rb_kind_policy){.kind = RB_KIND_STATEMENT, .closed = true, .two_officers = true};
    struct fn_world *w = fn_world(3);
    fn_found(w, true, c, ch);
    free(c);
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &draft), RB_ERR_NEED_SIGNER);
    struct rb_hash h = fn_last.hash;
    assert_int_equal(fn_stored(&w->p[0], &h), fn_last.cipher_n);
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_DISCARD;
    ev.u.submit.draft = draft;
    fn_event(w, &w->p[0], &ev);
    assert_int_equal(w->p[0].done.u.done.reject.err, RB_OK);
    assert_int_equal(fn_stored(&w->p[0], &h), 0);
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &draft), RB_ERR_NEED_SIGNER);
    fn_restart(w, &w->p[0]);
    assert_int_equal(fn_second(w, &w->p[0], ch, &id), RB_OK);
    fn_pass(w, 8000);
    assert_int_equal(state_at(w, 0, ch, &id), RB_BODY_OPENED);
    assert_int_equal(state_at(w, 1, ch, &id), RB_BODY_OPENED);
    assert_true(held(w, 0, ch, &id, 1));
    end(w);
}

static void test_refusals_keep_nothing(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = world4(ch);
    watched = &w->p[0];
    assert_int_equal(say(w, 0, ch, BRAVO, FN_WELL, &id), RB_ERR_DENIED); /* without its author */
    assert_int_equal(say(w, 0, ch, ALFA | 1ull << 40, FN_WELL, &id), RB_ERR_DENIED); /* no member */
    struct fn_closed c = {.kind = RB_KIND_STATEMENT, .body = statement("x"), .recipients = 3};
    assert_int_equal(fn_say_closed(w, &w->p[0], ch, &c, 0, &id), RB_ERR_SIGNATURE);
    assert_int_equal(seen_bytes, 0);
    end(w);
}

/* 4 GiB of one member are kept; what is beyond is not asked for. */
static void test_quota_of_a_member(void **state) {
    (void)state;
    uint8_t ch[16];
    struct rb_hash id;
    struct fn_world *w = world4(ch);
    struct fn_party *b = &w->p[1];
    for (unsigned i = 0; i < 64; i++) { /* as if that many were kept */
        uint8_t key[50] = {0}, value[28] = {1, RB_BODY_HELD, 1, 0};
        struct rb_effect e = {.type = RB_EF_STORE};
        memcpy(key, ch, 16);
        key[18] = (uint8_t)(i + 1);
        struct rb_writer v = rb_writer(value + 4, 24);
        rb_put_u64(&v, 67108864);
        rb_put_u64(&v, 67108864);
        rb_put_u64(&v, 1);
        e.u.store.item = RB_ITEM_META;
        e.u.store.table = RB_TABLE_BODY;
        e.u.store.key = rb_slice(key, sizeof key);
        e.u.store.value = rb_slice(value, sizeof value);
        b->items = realloc(b->items, (b->items_n + 1) * sizeof *b->items);
        b->items_cap = b->items_n + 1;
        uint8_t *k = malloc(sizeof key), *val = malloc(sizeof value);
        memcpy(k, key, sizeof key);
        memcpy(val, value, sizeof value);
        e.u.store.key.p = k;
        e.u.store.value.p = val;
        b->items[b->items_n++].ef = e;
    }
    fn_restart(w, b);
    assert_int_equal(say(w, 0, ch, ALFA | BRAVO | CHARLIE, FN_WELL, &id), RB_OK);
    fn_pass(w, 30000);
    struct rb_body_view v = fn_body(b, ch, &id);
    assert_int_equal(v.state, RB_BODY_MISSING);
    assert_string_equal(v.why, "more than is kept of one member");
    assert_int_equal(fn_stored(b, &fn_last.hash), 0);
    assert_int_equal(state_at(w, 2, ch, &id), RB_BODY_OPENED);
    uint64_t size;
    assert_true(listed(w, 0, ch, 1, 0, leaf_of(w, 0, ch, &id), &size));
    end(w);
}

/* The nth allocation fails, at the author's or at the recipient's, whatever it is for. A submission
 * is taken whole or not at all; what came is opened in the end, at the latest after a restart, and
 * no receipt ever says that a body is held which is not. */
static void with_fault(size_t who, uint64_t nth, bool *clean) {
    uint8_t ch[16];
    struct rb_hash id, back;
    struct fn_world *w = fn_world(2);
    fn_found(w, true, NULL, ch);
    fn_short = true;
    w->p[who].rb->region.fail_at = nth;
    enum rb_err err = say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id);
    if (err != RB_OK) {
        assert_int_equal(err, RB_ERR_LIMIT);
        assert_int_equal(fn_stored(&w->p[0], &fn_last.hash), 0);
        assert_int_equal(say(w, 0, ch, ALFA | BRAVO, FN_WELL, &id), RB_OK);
    }
    (void)say(w, 1, ch, ALFA | BRAVO, FN_WELL, &back);
    fn_pass(w, 30000);
    *clean = w->p[who].rb->region.fail_at != 0;
    w->p[who].rb->region.fail_at = 0;
    if (held(w, 0, ch, &id, 1)) assert_true(fn_body(&w->p[1], ch, &id).have > 0);
    for (size_t i = 0; i < 2; i++)
        fn_restart(w, &w->p[i]);
    fn_pass(w, 400000);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(state_at(w, i, ch, &id), RB_BODY_OPENED);
    assert_true(held(w, 0, ch, &id, 1));
    fn_short = false;
    fn_free(w);
}

static void test_every_allocation_fails_once(void **state) {
    (void)state;
    for (size_t who = 0; who < 2; who++) {
        bool clean = false;
        uint64_t nth = 1;
        for (; !clean; nth++)
            with_fault(who, nth, &clean);
        assert_true(nth > 5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_some_read_others_do_not),
        cmocka_unit_test(test_body_goes_before_the_push),
        cmocka_unit_test(test_lost_body_is_fetched_from_its_author),
        cmocka_unit_test(test_lost_body_comes_from_another_recipient),
        cmocka_unit_test(test_missing_is_listed_and_wedges_nothing),
        cmocka_unit_test(test_bad_bodies_are_said_and_wedge_nothing),
        cmocka_unit_test(test_only_recipients_are_served),
        cmocka_unit_test(test_naming_a_hash_gives_nothing),
        cmocka_unit_test(test_posted_bytes_are_weighed),
        cmocka_unit_test(test_memory_has_quotas),
        cmocka_unit_test(test_forwarded_between_two_without_address),
        cmocka_unit_test(test_sent_again_until_receipted),
        cmocka_unit_test(test_long_bodies_go_on_after_a_restart),
        cmocka_unit_test(test_long_bodies_are_pushed_where_nobody_can_ask),
        cmocka_unit_test(test_restart_keeps_all),
        cmocka_unit_test(test_sealed_key_says_nothing_until_unlocked),
        cmocka_unit_test(test_spoilt_on_disk_comes_again),
        cmocka_unit_test(test_wrong_piece_of_a_long_body),
        cmocka_unit_test(test_two_records_name_one_body),
        cmocka_unit_test(test_purged_on_command),
        cmocka_unit_test(test_purged_in_time),
        cmocka_unit_test(test_drafts_keep_their_bodies),
        cmocka_unit_test(test_refusals_keep_nothing),
        cmocka_unit_test(test_quota_of_a_member),
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests_name("test_node_body", tests, NULL, NULL);
}
