/* Random closed bodies of every kind, sealed, committed to, and spoilt at random: what is accepted
 * encodes to the same bytes and matches the leaf only where nothing was changed. The seed is
 * printed where it fails; READBACK_SEED sets it. */
#include <stdio.h>
#include "../unit/record_fixture.h"
#include "readback/sealed.h"

#define ROUNDS 1500u

static uint64_t seed, state_;

/* splitmix64 */
static uint64_t dice(void) {
    uint64_t z = (state_ += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
static size_t below(size_t n) {
    return (size_t)(dice() % n);
}

/* words in any script, 1 to `most` characters */
static void put_words(struct rb_writer *w, size_t most) {
    static const char *const letters[] = {
        "a", "Z", " ", "7", "\xd0\xb6", "\xd9\x86", "\xe4\xb8\xad", "\xf0\x9f\x95\x8a"};
    uint8_t room[2048];
    struct rb_writer text = rb_writer(room, sizeof room);
    for (size_t n = 1 + below(most); n > 0; n--)
        rb_put_z(&text, letters[below(sizeof letters / sizeof *letters)]);
    assert_false(text.over);
    rb_cbor_put_text(w, rb_written(&text));
}

static void put_text(struct rb_writer *w) {
    const size_t n = 1 + below(below(8) ? 6 : 60);
    const bool explained = dice() & 1;
    rb_cbor_put_map(w, explained ? 4 : 3);
    rb_cbor_put_uint(w, 1);
    put_words(w, 20);
    rb_cbor_put_uint(w, 2);
    rb_cbor_put_uint(w, dice() >> below(64));
    rb_cbor_put_uint(w, 3);
    rb_cbor_put_array(w, n);
    for (size_t i = 0; i < n; i++)
        put_words(w, 300);
    if (!explained) return;
    rb_cbor_put_uint(w, 6);
    put_words(w, 100);
}

static void put_person(struct rb_writer *w) {
    const uint64_t from = 1 + below(1u << 20);
    rb_cbor_put_array(w, 5);
    put_words(w, 20);
    for (int i = 0; i < 2; i++) {
        if (dice() & 1)
            put_words(w, 20);
        else
            rb_cbor_put_null(w);
    }
    rb_cbor_put_uint(w, from);
    if (dice() & 1)
        rb_cbor_put_uint(w, from + 1 + below(1000));
    else
        rb_cbor_put_null(w);
}

static void put_random_body(enum rb_kind kind, struct rb_writer *w) {
    if (kind == RB_KIND_TEXT) {
        put_text(w);
        return;
    }
    rb_cbor_put_map(w, 2);
    rb_cbor_put_uint(w, 1);
    if (kind == RB_KIND_ATTACHMENT) {
        put_words(w, 40);
        rb_cbor_put_uint(w, 3);
        rb_cbor_put_uint(w, below(RB_MAX_CONTENT + 1));
        return;
    }
    put_words(w, 40);
    rb_cbor_put_uint(w, 2);
    if (kind == RB_KIND_STATEMENT) {
        put_words(w, 400);
        return;
    }
    const size_t n = 1 + below(9);
    rb_cbor_put_array(w, n);
    for (size_t i = 0; i < n; i++)
        put_person(w);
}

struct sealed {
    enum rb_kind kind;
    struct rb_slice head;
    struct rb_record rec; /* as far as commitments go */
};

/* as whoever reads it makes it: with the salt that stands in the head; NULL but for an attachment
 */
static const struct rb_hash *content_of(enum rb_kind kind, const struct rb_sealed_head *h,
                                        struct rb_hash *room) {
    if (kind != RB_KIND_ATTACHMENT) return NULL;
    rb_commit(rb_sealed_salt(h, 1), rb_str("the bytes of a file"), room);
    return room;
}

static void make(struct sealed *s) {
    static const enum rb_kind kinds[] = {RB_KIND_TEXT, RB_KIND_STATEMENT, RB_KIND_ROSTER,
                                         RB_KIND_ATTACHMENT};
    static uint8_t salts[RB_MAX_COMMITMENTS * RB_SALT_LEN];
    static struct rb_hash c[RB_MAX_COMMITMENTS];
    struct rb_writer body = fixture_writer(1u << 17), w = fixture_writer(RB_MAX_HEAD);
    struct rb_writer list = fixture_writer(RB_MAX_COMMITMENTS * 34u + 3);
    struct rb_sealed_head h;
    struct rb_hash content;
    s->kind = kinds[below(4)];
    put_random_body(s->kind, &body);
    for (size_t i = 0; i < sizeof salts; i++)
        salts[i] = (uint8_t)dice();
    assert_int_equal(rb_sealed_head_encode(s->kind, salts, fixture_done(&body), &w), RB_OK);
    s->head = fixture_done(&w);
    assert_int_equal(rb_sealed_head_decode(s->kind, s->head, &h, NULL), RB_OK);
    assert_int_equal(
        rb_sealed_commitments(s->kind, &h, content_of(s->kind, &h, &content), &fixture_arena, c),
        RB_OK);
    rb_commitments_encode(c, h.parts_n, &list);
    memset(&s->rec, 0, sizeof s->rec);
    s->rec.kind = s->kind;
    s->rec.closed = true;
    s->rec.commitments_n = h.parts_n;
    s->rec.commitments = fixture_done(&list);
}

static enum rb_err judge(const struct sealed *s, struct rb_slice head) {
    struct rb_sealed_head h;
    struct rb_reject rj = {0};
    struct rb_hash content = {{0}};
    const struct rb_hash *c = s->kind == RB_KIND_ATTACHMENT ? &content : NULL;
    if (rb_sealed_head_decode(s->kind, head, &h, NULL) == RB_OK)
        c = content_of(s->kind, &h, &content);
    const enum rb_err e = rb_sealed_check(&s->rec, head, c, &fixture_arena, &h, &rj);
    if (e != RB_OK) assert_non_null(rj.clause);
    return e;
}

/* the same bytes again from what was read, so that no two heads say the same */
static void same_again(enum rb_kind kind, struct rb_slice head) {
    static uint8_t salts[RB_MAX_COMMITMENTS * RB_SALT_LEN];
    struct rb_sealed_head h;
    if (rb_sealed_head_decode(kind, head, &h, NULL) != RB_OK) return;
    struct rb_writer w = fixture_writer(RB_MAX_HEAD);
    rb_sealed_salts(&h, salts);
    assert_int_equal(rb_sealed_head_encode(kind, salts, h.body, &w), RB_OK);
    assert_int_equal(w.n, h.head_n);
    assert_memory_equal(w.p, head.p, w.n);
}

/* one to three bytes other than they were, or a byte moved in or out */
static struct rb_slice spoil(struct rb_slice head) {
    uint8_t *p = rb_arena_alloc(&fixture_arena, head.n + 1);
    assert_non_null(p);
    memcpy(p, head.p, head.n);
    size_t n = head.n, at = below(n);
    const size_t how = below(8);
    if (how == 0) {
        memmove(p + at, p + at + 1, n - at - 1);
        return rb_slice(p, n - 1);
    }
    if (how == 1) {
        memmove(p + at + 1, p + at, n - at);
        p[at] = (uint8_t)dice();
        return rb_slice(p, n + 1);
    }
    for (size_t k = 1 + below(3); k > 0; k--, at = below(n / 4 + 1))
        p[at] ^= (uint8_t)(1 + below(255));
    return rb_slice(p, n);
}

static void sealed_or_refused(void **state) {
    (void)state;
    static struct sealed s;
    for (size_t round = 0; round < ROUNDS; round++) {
        fixture_reset();
        make(&s);
        assert_int_equal(judge(&s, s.head), RB_OK);
        same_again(s.kind, s.head);
        for (int i = 0; i < 20; i++) {
            const size_t mark = rb_arena_mark(&fixture_arena);
            const struct rb_slice bad = spoil(s.head);
            /* what follows an attachment's head is its content, made up here */
            const bool same = s.kind == RB_KIND_ATTACHMENT
                                  ? rb_slice_eq(rb_slice_sub(bad, 0, s.head.n), s.head)
                                  : rb_slice_eq(bad, s.head);
            if (!same) assert_int_not_equal(judge(&s, bad), RB_OK);
            same_again(s.kind, bad);
            rb_arena_release(&fixture_arena, mark);
        }
    }
}

int main(void) {
    const struct CMUnitTest sealed_property[] = {cmocka_unit_test(sealed_or_refused)};
    const char *set = getenv("READBACK_SEED");
    seed = state_ = set ? strtoull(set, NULL, 0) : 20150930;
    if (rb_crypto_init() != RB_OK) return 1;
    const int failed = cmocka_run_group_tests(sealed_property, NULL, NULL);
    if (failed) fprintf(stderr, "seed=%llu\n", (unsigned long long)seed);
    return failed;
}
