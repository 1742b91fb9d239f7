/* What tests of closed records look at; see fixture_sealed.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "fixture_sealed.h"
#include "readback/text.h"

struct rb_slice fs_statement(const char *text) {
    static uint8_t body[8192];
    struct rb_writer b = rb_writer(body, sizeof body);
    fn_body_text(text, &b);
    return rb_written(&b);
}

enum rb_err fs_say(struct fn_world *w, size_t who, const uint8_t ch[16], uint64_t to,
                   enum fn_fault fault, struct rb_hash *id) {
    struct fn_closed c = {.kind = RB_KIND_STATEMENT,
                          .body = fs_statement("Only for some."),
                          .recipients = to,
                          .fault = fault};
    return fn_say_closed(w, &w->p[who], ch, &c, 1, id);
}

enum rb_err fs_attach(struct fn_world *w, size_t who, const uint8_t ch[16], uint64_t to, size_t n,
                      bool staged, struct rb_hash *id) {
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

enum rb_body_state fs_state_at(struct fn_world *w, size_t who, const uint8_t ch[16],
                               const struct rb_hash *id) {
    return fn_body(&w->p[who], ch, id).state;
}

bool fs_held(struct fn_world *w, size_t at, const uint8_t ch[16], const struct rb_hash *id,
             uint16_t member) {
    const struct rb_situation *s = fn_situation(w, &w->p[at], ch);
    uint32_t o = rb_situation_find(s, id);
    uint64_t since;
    return o != RB_NOWHERE && rb_situation_held(s, o, member, &since);
}

/* as `at` sees it: does a receipt of the member say that it holds the body? */
bool fs_body_held(struct fn_world *w, size_t at, const uint8_t ch[16], const struct rb_hash *id,
                  uint16_t member) {
    const struct rb_situation *s = fn_situation(w, &w->p[at], ch);
    uint32_t o = rb_situation_find(s, id);
    return o != RB_NOWHERE && (s->order[o].bodies >> member & 1) != 0;
}

/* service records of a type about a record, in the feed of `member` as `at` holds it */
size_t fs_services(struct fn_world *w, size_t at, const uint8_t ch[16], uint16_t member,
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
bool fs_listed(struct fn_world *w, size_t at, const uint8_t ch[16], uint16_t member, uint16_t of,
               uint64_t leaf, uint64_t *size) {
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

uint64_t fs_leaf_of(struct fn_world *w, size_t at, const uint8_t ch[16], const struct rb_hash *id) {
    struct rb_channel_view v;
    struct rb_feed *f;
    size_t leaf;
    assert_true(rb_node_channel_by_id(w->p[at].rb, ch, &v));
    assert_true(rb_book_find(v.book, id, &f, &leaf));
    return leaf;
}

/* ---- watching ----------------------------------------------------------------------------------
 */
struct fs_seen fs_seen;

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
        fs_seen.posts += post;
        fs_seen.gets += get;
        if (fs_seen.order_n < 64 && (post || rb_slice_starts(ef->u.request.path, "/rb/v1/push")))
            fs_seen.order[fs_seen.order_n++] = post ? "bodies" : "push";
    }
    if (of != fs_seen.of) return;
    if (ef->type == RB_EF_STORE)
        fs_seen.bytes +=
            leaks(ef->u.store.leaf) || leaks(ef->u.store.value) || ef->u.store.item == RB_ITEM_BODY;
    if (ef->type == RB_EF_LOAD) fs_seen.bytes += ef->u.load.item == RB_ITEM_BODY;
    if (ef->type == RB_EF_REQUEST) fs_seen.bytes += leaks(ef->u.request.body);
    if (ef->type == RB_EF_OPEN) fs_seen.bytes++;
}

struct fn_world *fs_world4(uint8_t ch[16]) {
    struct fn_world *w = fn_world(4);
    fn_found(w, false, NULL, ch);
    fn_pass(w, 70000); /* who only connects outwards asks for invitations every minute */
    for (size_t i = 1; i < 4; i++)
        fn_accept(w, &w->p[i], ch);
    fn_pass(w, 20000);
    fs_seen.of = NULL;
    fs_seen.bytes = fs_seen.posts = fs_seen.gets = fs_seen.order_n = 0;
    fn_watch = watch;
    return w;
}

void fs_end(struct fn_world *w) {
    fn_watch = NULL;
    fn_block = NULL;
    fn_outward = DELTA;
    fn_free(w);
}

/* ---- asking and giving by hand -----------------------------------------------------------------
 */
const char *fs_query_of(const uint8_t ch[16], unsigned member, const struct rb_hash *h,
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

void fs_expect_404(struct fn_world *w) {
    assert_int_equal(w->answer.status, 404);
    assert_int_equal(w->answer.n, 10);
    assert_memory_equal(w->answer.body, "not found\n", 10);
    assert_string_equal(w->answer.type, "text/plain");
}

struct rb_slice fs_entry(unsigned member, const struct rb_hash *h, uint64_t size, uint64_t from,
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

uint64_t fs_have_said(struct fn_world *w) {
    struct rb_slice line = rb_slice(w->answer.body, w->answer.n);
    assert_int_equal(w->answer.status, 200);
    size_t a = rb_slice_find(line, 0, ' '), b = rb_slice_find(line, a + 1, ' ');
    uint64_t have;
    assert_int_equal(rb_dec_decode(rb_slice_sub(line, b + 1, line.n - 1), &have), RB_OK);
    return have;
}

enum rb_err fs_purge(struct fn_world *w, struct fn_party *p, const uint8_t ch[16],
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
