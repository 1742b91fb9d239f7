/* Trees and proofs of every size up to 130 against the definitions, written down here once more as
 * plain recursion over the leaves; and that nothing but the right proof is accepted. */
#include "../unit/tlog_fixture.h"

#define SIZES 130u

static struct rb_hash leaves[1300];

/* ---- the definitions (RFC 6962 section 2.1; subtrees: spec 4.1) ----------------------------- */

static uint64_t naive_split(uint64_t n) {
    uint64_t k = 1;
    while (k * 2 < n)
        k *= 2;
    return k;
}

static struct rb_hash naive_root(const struct rb_hash *d, uint64_t n) {
    struct rb_hash h, l, r;
    if (n == 0) {
        rb_empty_root(&h);
        return h;
    }
    if (n == 1) return d[0];
    const uint64_t k = naive_split(n);
    l = naive_root(d, k);
    r = naive_root(d + k, n - k);
    rb_node_hash(&l, &r, &h);
    return h;
}

static void naive_push(struct rb_proof *p, struct rb_hash h) {
    p->h[p->n++] = h;
}

static void naive_proof(const struct rb_hash *d, uint64_t s, uint64_t e, uint64_t n, bool known,
                        struct rb_proof *p) {
    if (s == 0 && e == n) {
        if (!known) naive_push(p, naive_root(d, n));
        return;
    }
    const uint64_t k = naive_split(n);
    if (e <= k) {
        naive_proof(d, s, e, k, known, p);
        naive_push(p, naive_root(d + k, n - k));
    } else if (s >= k) {
        naive_proof(d + k, s - k, e - k, n - k, known, p);
        naive_push(p, naive_root(d, k));
    } else {
        assert_int_equal(s, 0);
        naive_proof(d + k, 0, e - k, n - k, false, p);
        naive_push(p, naive_root(d, k));
    }
}

static bool naive_valid(uint64_t s, uint64_t e, uint64_t n) {
    uint64_t power = 1;
    while (s <= e && power < e - s)
        power *= 2;
    return s <= e && e <= n && s % power == 0;
}

static bool same(const struct rb_proof *a, const struct rb_proof *b) {
    return a->n == b->n && memcmp(a->h, b->h, a->n * sizeof a->h[0]) == 0;
}

/* ---- made ---------------------------------------------------------------------------------- */

static int setup(void **state) {
    static struct tlog_fixture f;
    tlog_fixture_begin(&f, sizeof leaves / sizeof leaves[0], UINT64_MAX);
    for (uint64_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++)
        fixture_leaf(i, 0, &leaves[i]);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    tlog_fixture_end(*state);
    return 0;
}

static void roots_of_every_earlier_size(void **state) {
    const struct rb_tree *t = &((struct tlog_fixture *)*state)->tree;
    for (uint64_t n = 0; n <= sizeof leaves / sizeof leaves[0]; n += n < 300 ? 1 : 97) {
        const struct rb_hash want = naive_root(leaves, n);
        struct rb_hash got;
        rb_tree_root(t, n, &got);
        assert_true(rb_hash_eq(&got, &want));
    }
}

static void validity_of_subtrees(void **state) {
    (void)state;
    for (uint64_t n = 0; n <= 40; n++)
        for (uint64_t s = 0; s <= n + 2; s++)
            for (uint64_t e = 0; e <= n + 2; e++)
                assert_int_equal(rb_subtree_valid(s, e, n), naive_valid(s, e, n));
    const uint64_t half = UINT64_C(1) << 63, max = UINT64_MAX;
    assert_true(rb_subtree_valid(0, max, max));
    assert_true(rb_subtree_valid(0, half + 1, max));
    assert_false(rb_subtree_valid(1, half + 2, max));
    assert_true(rb_subtree_valid(half, max, max));
    assert_false(rb_subtree_valid(half - 1, max, max));
    assert_true(rb_subtree_valid(max, max, max));
    assert_false(rb_subtree_valid(max, 0, max));
}

static void one_subtree(const struct rb_tree *t, uint64_t s, uint64_t e, uint64_t n,
                        const struct rb_hash *root) {
    struct rb_proof got, want = {0};
    const struct rb_hash sub = naive_root(leaves + s, e - s);
    struct rb_hash h;
    assert_int_equal(rb_tree_subtree_hash(t, s, e, &h), RB_OK);
    assert_true(rb_hash_eq(&h, &sub));
    if (s < e) naive_proof(leaves, s, e, n, true, &want);
    assert_int_equal(rb_tree_subtree_proof(t, s, e, n, &got), RB_OK);
    assert_true(same(&got, &want));
    assert_int_equal(rb_subtree_verify(s, e, n, &sub, &got, root), RB_OK);
}

static void every_subtree_proof(void **state) {
    const struct rb_tree *t = &((struct tlog_fixture *)*state)->tree;
    for (uint64_t n = 0; n <= SIZES; n++) {
        const struct rb_hash root = naive_root(leaves, n);
        for (uint64_t s = 0; s <= n; s++)
            for (uint64_t e = s; e <= n; e++)
                if (naive_valid(s, e, n)) one_subtree(t, s, e, n, &root);
    }
}

static void subtree_proofs_beyond_a_tile(void **state) {
    const struct rb_tree *t = &((struct tlog_fixture *)*state)->tree;
    static const uint64_t sizes[] = {255, 256, 257, 511, 512, 513, 1024, 1025, 1300};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const struct rb_hash root = naive_root(leaves, sizes[i]);
        for (uint64_t s = 0; s < sizes[i]; s += 256) {
            for (uint64_t e = s + 1; e <= sizes[i] && e <= s + 256; e += 51)
                one_subtree(t, s, e, sizes[i], &root);
            one_subtree(t, s, s + 256 < sizes[i] ? s + 256 : sizes[i], sizes[i], &root);
        }
    }
}

static void every_inclusion_proof(void **state) {
    const struct rb_tree *t = &((struct tlog_fixture *)*state)->tree;
    for (uint64_t n = 1; n <= SIZES; n++) {
        const struct rb_hash root = naive_root(leaves, n);
        for (uint64_t i = 0; i < n; i++) {
            struct rb_proof p, want = {0};
            naive_proof(leaves, i, i + 1, n, true, &want);
            assert_int_equal(rb_tree_inclusion(t, i, n, &p), RB_OK);
            assert_true(same(&p, &want));
            assert_int_equal(rb_inclusion_verify(i, n, &leaves[i], &p, &root), RB_OK);
            for (uint64_t j = 0; j < n + 2; j++) /* at no other place */
                if (j != i)
                    assert_int_equal(rb_inclusion_verify(j, n, &leaves[i], &p, &root),
                                     RB_ERR_PROOF);
        }
    }
}

static void every_consistency_proof(void **state) {
    const struct rb_tree *t = &((struct tlog_fixture *)*state)->tree;
    for (uint64_t n = 0; n <= SIZES; n++) {
        const struct rb_hash root = naive_root(leaves, n);
        for (uint64_t m = 0; m <= n; m++) {
            const struct rb_hash old = naive_root(leaves, m);
            struct rb_proof p;
            assert_int_equal(rb_tree_consistency(t, m, n, &p), RB_OK);
            assert_int_equal(rb_consistency_verify(m, n, &old, &p, &root), RB_OK);
            if (m > 0) { /* the empty tree is in every tree */
                assert_int_equal(rb_consistency_verify(m, n, &leaves[1299], &p, &root),
                                 RB_ERR_PROOF);
                assert_int_equal(rb_consistency_verify(m, n, &old, &p, &leaves[1299]),
                                 RB_ERR_PROOF);
            }
        }
    }
}

/* ---- refused ------------------------------------------------------------------------------- */

struct claim {
    uint64_t s, e, n;
    struct rb_hash sub, root;
    struct rb_proof p;
};

static void refused(const struct claim *c) {
    assert_int_equal(rb_subtree_verify(c->s, c->e, c->n, &c->sub, &c->p, &c->root), RB_ERR_PROOF);
}

static void every_bit_refused(struct claim *c) {
    uint8_t *parts[RB_MAX_PROOF + 2];
    size_t parts_n = 0;
    parts[parts_n++] = c->sub.b;
    if (c->s < c->e) parts[parts_n++] = c->root.b; /* an empty subtree is in every tree */
    for (size_t i = 0; i < c->p.n; i++)
        parts[parts_n++] = c->p.h[i].b;
    for (size_t i = 0; i < parts_n; i++)
        for (size_t bit = 0; bit < 256; bit++) {
            parts[i][bit / 8] ^= (uint8_t)(1u << bit % 8);
            refused(c);
            parts[i][bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
}

/* one left out, one put in, two exchanged, at every place */
static void every_element_refused(const struct claim *c) {
    for (size_t i = 0; i < c->p.n; i++) {
        struct claim m = *c;
        memmove(&m.p.h[i], &m.p.h[i + 1], (m.p.n - i - 1) * sizeof m.p.h[0]);
        m.p.n--;
        refused(&m);
        m = *c;
        for (size_t j = i + 1; j < c->p.n; j++) {
            m.p.h[i] = c->p.h[j];
            m.p.h[j] = c->p.h[i];
            refused(&m);
            m = *c;
        }
    }
    for (size_t i = 0; i <= c->p.n; i++) {
        const struct rb_hash extra[] = {c->sub, c->root, leaves[1299]};
        for (size_t k = 0; k < 3; k++) {
            struct claim m = *c;
            memmove(&m.p.h[i + 1], &m.p.h[i], (m.p.n - i) * sizeof m.p.h[0]);
            m.p.h[i] = extra[k];
            m.p.n++;
            refused(&m);
        }
    }
}

static void for_each_claim(const struct rb_tree *t, uint64_t n, bool bits) {
    struct claim c = {.n = n, .root = naive_root(leaves, n)};
    for (c.s = 0; c.s <= n; c.s++)
        for (c.e = c.s; c.e <= n; c.e++) {
            if (!naive_valid(c.s, c.e, n)) continue;
            c.sub = naive_root(leaves + c.s, c.e - c.s);
            assert_int_equal(rb_tree_subtree_proof(t, c.s, c.e, n, &c.p), RB_OK);
            if (bits)
                every_bit_refused(&c);
            else
                every_element_refused(&c);
        }
}

static void every_changed_bit_is_refused(void **state) {
    const struct rb_tree *t = &((struct tlog_fixture *)*state)->tree;
    static const uint64_t sizes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for_each_claim(t, sizes[i], true);
}

static void every_changed_element_is_refused(void **state) {
    const struct rb_tree *t = &((struct tlog_fixture *)*state)->tree;
    for (uint64_t n = 0; n <= SIZES; n += n < 40 ? 1 : 15)
        for_each_claim(t, n, false);
}

static void senseless_bounds_are_refused(void **state) {
    const struct rb_tree *t = &((struct tlog_fixture *)*state)->tree;
    struct rb_proof p = {0};
    struct rb_hash h;
    assert_int_equal(rb_tree_inclusion(t, 5, 5, &p), RB_ERR_USAGE);
    assert_int_equal(rb_tree_inclusion(t, 0, t->size + 1, &p), RB_ERR_USAGE);
    assert_int_equal(rb_tree_consistency(t, 6, 5, &p), RB_ERR_USAGE);
    assert_int_equal(rb_tree_subtree_proof(t, 1, 3, 5, &p), RB_ERR_USAGE);
    assert_int_equal(rb_tree_subtree_hash(t, 2, 5, &h), RB_ERR_USAGE);
    assert_int_equal(rb_inclusion_verify(0, 0, &leaves[0], &p, &leaves[0]), RB_ERR_PROOF);
    assert_int_equal(rb_inclusion_verify(UINT64_MAX, UINT64_MAX, &leaves[0], &p, &leaves[0]),
                     RB_ERR_PROOF);
    p.n = RB_MAX_PROOF + 1;
    assert_int_equal(rb_subtree_verify(0, 1, 2, &leaves[0], &p, &leaves[0]), RB_ERR_PROOF);
}

/* the largest sizes there can be: one leaf, a path of 63, checked by folding it by hand */
static void longest_path(void **state) {
    (void)state;
    struct rb_proof p = {.n = 63};
    struct rb_hash root = leaves[0];
    for (size_t i = 0; i < 63; i++) {
        p.h[i] = leaves[i + 1];
        rb_node_hash(&root, &p.h[i], &root);
    }
    assert_int_equal(rb_inclusion_verify(0, INT64_MAX, &leaves[0], &p, &root), RB_OK);
    assert_int_equal(rb_inclusion_verify(1, INT64_MAX, &leaves[0], &p, &root), RB_ERR_PROOF);
    p.n = 62;
    assert_int_equal(rb_inclusion_verify(0, INT64_MAX, &leaves[0], &p, &root), RB_ERR_PROOF);
}

int main(void) {
    const struct CMUnitTest tlog_property[] = {
        cmocka_unit_test(roots_of_every_earlier_size),
        cmocka_unit_test(validity_of_subtrees),
        cmocka_unit_test(every_subtree_proof),
        cmocka_unit_test(subtree_proofs_beyond_a_tile),
        cmocka_unit_test(every_inclusion_proof),
        cmocka_unit_test(every_consistency_proof),
        cmocka_unit_test(every_changed_bit_is_refused),
        cmocka_unit_test(every_changed_element_is_refused),
        cmocka_unit_test(senseless_bounds_are_refused),
        cmocka_unit_test(longest_path),
    };
    if (rb_crypto_init() != RB_OK) return 1;
    return cmocka_run_group_tests(tlog_property, setup, teardown);
}
