/* Fork evidence and the checking of proofs. The first byte chooses. No input is evidence against
 * a key whose signatures it cannot contain. */
#include "fuzz.h"
#include "readback/tlog.h"

static const char ORIGIN[] = "readback/fuzz";

static struct rb_vkey log_key(void) {
    static const uint8_t seed[RB_SEED_LEN] = {7};
    struct rb_seckey sk;
    struct rb_vkey k;
    rb_ed25519_from_seed(seed, &sk);
    rb_vkey_make(rb_str(ORIGIN), RB_SIG_ED25519, &sk.pub, &k);
    return k;
}

static void one_text(struct rb_slice in) {
    static uint8_t out[4 * RB_MAX_NOTE];
    const struct rb_vkey log = log_key();
    struct rb_fork f;
    struct rb_writer w = rb_writer(out, sizeof out);
    struct rb_reject rj = {0};
    if (rb_fork_decode(in, &f, &rj) != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL && rj.offset <= in.n);
        return;
    }
    rb_fork_encode(&f, &w);
    FUZZ_CHECK(!w.over && rb_slice_eq(rb_written(&w), in));
    if (rb_fork_verify(&f, &log, &rj) != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL);
        return;
    }
    /* what holds as text holds in compact form, unless extension lines forbid that form */
    w = rb_writer(out, sizeof out);
    const enum rb_err e = rb_fork_compact_encode(&f, &log, &w);
    FUZZ_CHECK(e == RB_OK || e == RB_ERR_UNSUPPORTED);
    FUZZ_CHECK(e != RB_OK || (w.n < 4096 && rb_fork_compact_verify(rb_written(&w), rb_str(ORIGIN),
                                                                   &log.key, NULL) == RB_OK));
}

static void one_compact(struct rb_slice in) {
    const struct rb_vkey log = log_key();
    struct rb_reject rj = {0};
    if (rb_fork_compact_verify(in, rb_str(ORIGIN), &log.key, &rj) != RB_OK)
        FUZZ_CHECK(rj.clause != NULL && rj.offset <= in.n);
}

/* any numbers and hashes: the walk ends, and a proof for one root is none for another */
static void one_proof(struct rb_slice in) {
    struct rb_reader r = rb_reader(in);
    struct rb_hash subtree, root;
    struct rb_proof p = {0};
    uint64_t start, end, size;
    if (rb_get_u64(&r, &start) != RB_OK || rb_get_u64(&r, &end) != RB_OK ||
        rb_get_u64(&r, &size) != RB_OK || rb_get_copy(&r, subtree.b, RB_HASH_LEN) != RB_OK ||
        rb_get_copy(&r, root.b, RB_HASH_LEN) != RB_OK)
        return;
    while (p.n < RB_MAX_PROOF && rb_get_copy(&r, p.h[p.n].b, RB_HASH_LEN) == RB_OK)
        p.n++;
    const enum rb_err e = rb_subtree_verify(start, end, size, &subtree, &p, &root);
    FUZZ_CHECK(e == RB_OK || e == RB_ERR_PROOF);
    FUZZ_CHECK(e != RB_OK || rb_subtree_valid(start, end, size));
    root.b[0] ^= 1;
    if (e == RB_OK && start < end)
        FUZZ_CHECK(rb_subtree_verify(start, end, size, &subtree, &p, &root) == RB_ERR_PROOF);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    FUZZ_CHECK(rb_crypto_init() == RB_OK);
    if (n == 0) return 0;
    const struct rb_slice in = rb_slice(data + 1, n - 1);
    if (data[0] % 3 == 0)
        one_text(in);
    else if (data[0] % 3 == 1)
        one_compact(in);
    else
        one_proof(in);
    return 0;
}
