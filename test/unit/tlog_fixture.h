/* Small logs, keys and notes for the tests of src/tlog. Memory for the tree comes from one block;
 * a test frees it with tlog_fixture_end. */
#ifndef READBACK_TEST_TLOG_FIXTURE_H
#define READBACK_TEST_TLOG_FIXTURE_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "readback/tlog.h"

struct tlog_fixture {
    struct rb_region region;
    struct rb_tree tree;
    void *memory;
};

/* leaf i of history `salt`: two bytes of i, one of salt */
static inline void fixture_leaf(uint64_t i, uint8_t salt, struct rb_hash *out) {
    const uint8_t data[3] = {(uint8_t)(i >> 8), (uint8_t)i, salt};
    rb_leaf_hash(rb_slice(data, sizeof data), out);
}

/* n leaves; those from `fork_at` on are of another history */
static inline void tlog_fixture_begin(struct tlog_fixture *f, uint64_t n, uint64_t fork_at) {
    const size_t bytes = 4u << 20;
    assert_int_equal(rb_crypto_init(), RB_OK);
    f->memory = calloc(1, bytes);
    assert_non_null(f->memory);
    rb_region_init(&f->region, f->memory, bytes);
    rb_tree_init(&f->tree, &f->region);
    for (uint64_t i = 0; i < n; i++) {
        struct rb_hash h;
        fixture_leaf(i, i >= fork_at, &h);
        assert_int_equal(rb_tree_append(&f->tree, &h), RB_OK);
    }
}

static inline void tlog_fixture_end(struct tlog_fixture *f) {
    rb_tree_free(&f->tree);
    free(f->memory);
}

/* key pair number i, and its verifier key */
static inline struct rb_vkey fixture_key(uint8_t i, const char *name, uint8_t type,
                                         struct rb_seckey *sk) {
    uint8_t seed[RB_SEED_LEN] = {0};
    struct rb_vkey k;
    seed[0] = i;
    rb_ed25519_from_seed(seed, sk);
    rb_vkey_make(rb_str(name), type, &sk->pub, &k);
    return k;
}

static inline void fixture_sign(const struct rb_vkey *k, const struct rb_seckey *sk,
                                struct rb_slice text, struct rb_writer *w) {
    uint8_t sig[RB_SIG_LEN];
    rb_ed25519_sign(sk, text, sig);
    rb_note_sig_encode(k, rb_slice(sig, sizeof sig), w);
}

static inline void fixture_cosign(const struct rb_vkey *k, const struct rb_seckey *sk,
                                  uint64_t time_s, struct rb_slice text, struct rb_writer *w) {
    uint8_t message[8192], sig[8 + RB_SIG_LEN];
    struct rb_writer m = rb_writer(message, sizeof message), t = rb_writer(sig, 8);
    rb_cosignature_message(time_s, text, &m);
    assert_false(m.over);
    rb_put_u64(&t, time_s);
    rb_ed25519_sign(sk, rb_written(&m), sig + 8);
    rb_note_sig_encode(k, rb_slice(sig, sizeof sig), w);
}

/* a checkpoint of the tree's first `size` leaves, signed by the log */
static inline struct rb_slice fixture_checkpoint(const struct rb_tree *t, uint64_t size,
                                                 const struct rb_vkey *log,
                                                 const struct rb_seckey *sk, struct rb_writer *w) {
    struct rb_hash root;
    rb_tree_root(t, size, &root);
    rb_checkpoint_text(log->name, size, &root, w);
    const struct rb_slice text = rb_written(w);
    rb_put_u8(w, '\n');
    fixture_sign(log, sk, text, w);
    assert_false(w->over);
    return rb_written(w);
}
#endif
