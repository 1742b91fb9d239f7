/* Advance copies from the wire: whatever is not a FLASH record of its bringer's own, signed by an
 * officer of its, is refused and leaves nothing; and no more are kept than agreed.
 * Spec 6.17.3, 6.17.4. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "fixture_node.h"
#include "readback/text.h"

/* a leaf that alfa logged, as its disk has it */
static struct rb_slice leaf_of(const struct fn_party *p, const struct rb_hash *id) {
    struct rb_hash h;
    for (size_t i = 0; i < p->items_n; i++) {
        const struct rb_effect *e = &p->items[i].ef;
        if (e->u.store.item != RB_ITEM_LEAF || !e->u.store.leaf.p) continue;
        rb_leaf_hash(e->u.store.leaf, &h);
        if (rb_hash_eq(&h, id)) return e->u.store.leaf;
    }
    return rb_slice(NULL, 0);
}

struct copy {
    struct fn_world *w;
    uint8_t ch[16];
    struct rb_hash id;
    struct rb_slice leaf, origin;
    uint64_t index;
    char query[64];
};

static int bring(struct copy *c, size_t from, struct rb_slice origin, uint64_t index,
                 struct rb_slice leaf) {
    static uint8_t body[RB_MAX_LEAF * 2];
    struct rb_writer w = rb_writer(body, sizeof body);
    rb_put_u32(&w, (uint32_t)origin.n);
    rb_put_slice(&w, origin);
    rb_put_u64(&w, index);
    rb_put_slice(&w, leaf);
    fn_request(c->w, &c->w->p[1], &c->w->p[from], true, "/rb/v1/advance", c->query, rb_written(&w));
    return c->w->answer.status;
}

static size_t kept(const struct copy *c) {
    return rb_node_advances(c->w->p[1].rb, c->ch);
}

/* alfa says something that bravo, who is deaf then, does not hold */
static struct copy begin(uint8_t precedence) {
    struct copy c = {.w = fn_world(3)};
    struct rb_channel_view v;
    struct rb_writer q = rb_writer(c.query, sizeof c.query);
    fn_found(c.w, true, NULL, c.ch);
    fn_pass(c.w, 5000);
    c.w->p[1].deaf = true;
    assert_int_equal(fn_statement(c.w, &c.w->p[0], c.ch, "All halt.", precedence, &c.id), RB_OK);
    assert_true(rb_node_channel_by_id(c.w->p[0].rb, c.ch, &v));
    c.origin = rb_slice(v.own_feed->origin, v.own_feed->origin_n);
    c.index = v.own_feed->tree.size - 1;
    c.leaf = leaf_of(&c.w->p[0], &c.id);
    assert_true(c.leaf.n > 0);
    c.w->p[1].deaf = false;
    rb_put_z(&q, "channel=");
    rb_put_hex(&q, c.ch, 16);
    (void)rb_writer_z(&q);
    return c;
}

static void test_refused(void **state) {
    (void)state;
    struct copy c = begin(RB_FLASH);
    static uint8_t large[RB_MAX_LEAF + 1], bent[RB_MAX_LEAF];
    assert_int_equal(bring(&c, 2, c.origin, c.index, c.leaf), 404); /* another member's */
    assert_int_equal(bring(&c, 0, rb_str("readback/nowhere/0"), c.index, c.leaf), 404);
    assert_int_equal(bring(&c, 0, c.origin, c.index, rb_slice(large, sizeof large)), 503);
    assert_int_equal(bring(&c, 0, c.origin, c.index, rb_slice(NULL, 0)), 503);
    memcpy(bent, c.leaf.p, c.leaf.n);
    bent[c.leaf.n - 1] ^= 1; /* of the signature */
    int status = bring(&c, 0, c.origin, c.index, rb_slice(bent, c.leaf.n));
    assert_int_equal(status, 422);
    assert_int_equal(kept(&c), 0);
    fn_request(c.w, &c.w->p[1], &c.w->p[0], true, "/rb/v1/advance", c.query, rb_str("abc"));
    assert_int_equal(c.w->answer.status, 400);
    fn_request(c.w, &c.w->p[1], NULL, true, "/rb/v1/advance", c.query, rb_str("abc"));
    assert_int_equal(c.w->answer.status, 404);
    assert_int_equal(kept(&c), 0);
    fn_free(c.w);
    c = begin(RB_ROUTINE);
    assert_int_equal(bring(&c, 0, c.origin, c.index, c.leaf),
                     422); /* it has to wait for its leaf */
    assert_int_equal(kept(&c), 0);
    fn_free(c.w);
}

static void test_kept_until_its_leaf(void **state) {
    (void)state;
    struct copy c = begin(RB_FLASH);
    assert_int_equal(bring(&c, 0, c.origin, c.index, c.leaf), 200);
    assert_int_equal(bring(&c, 0, c.origin, c.index, c.leaf), 200); /* the same: once */
    assert_int_equal(kept(&c), 1);
    fn_pass(c.w, 120000); /* the push comes */
    assert_int_equal(kept(&c), 0);
    fn_free(c.w);
}

static void test_expires_and_is_counted(void **state) {
    (void)state;
    struct copy c = begin(RB_FLASH);
    static uint8_t bent[RB_MAX_LEAF];
    memcpy(bent, c.leaf.p, c.leaf.n);
    c.w->p[0].deaf = c.w->p[1].deaf = true; /* the leaf does not come */
    assert_int_equal(bring(&c, 0, c.origin, c.index, c.leaf), 200);
    size_t tries = 0;
    for (; tries < 200; tries++) { /* nonsense counts, too: each costs a check */
        bent[c.leaf.n - 1] = (uint8_t)tries;
        if (bring(&c, 0, c.origin, c.index, rb_slice(bent, c.leaf.n)) == 429) break;
    }
    assert_in_range(tries, 50, 60);
    assert_int_equal(kept(&c), 1);
    fn_pass(c.w, 620000);
    assert_int_equal(kept(&c), 0);
    fn_free(c.w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_kept_until_its_leaf),
        cmocka_unit_test(test_expires_and_is_counted),
    };
    return cmocka_run_group_tests_name("test_node_advance", tests, NULL, NULL);
}
