/* Notes, signature lines, verifier keys, checkpoints and tile names: the same bytes are given to
 * each of them; what one accepts must encode to those bytes again. */
#include "fuzz.h"
#include "readback/tlog.h"

static uint8_t out[RB_MAX_NOTE + 1024];

static bool writes(const struct rb_writer *w, struct rb_slice want) {
    return !w->over && rb_slice_eq(rb_written(w), want);
}

static struct rb_slice without_newline(struct rb_slice in) {
    return in.n > 0 && in.p[in.n - 1] == '\n' ? rb_slice_sub(in, 0, in.n - 1) : in;
}

static void one_vkey(struct rb_slice in) {
    struct rb_vkey k;
    struct rb_writer w = rb_writer(out, sizeof out);
    if (rb_vkey_decode(in, &k, NULL) != RB_OK) return;
    rb_vkey_encode(&k, &w);
    FUZZ_CHECK(writes(&w, without_newline(in)));
}

static void one_sig(struct rb_slice in) {
    struct rb_note_sig s;
    if (rb_note_sig_decode(in, &s) != RB_OK) return;
    FUZZ_CHECK(s.sig_n > 0 && s.name.n > 0);
    if (s.sig_n > sizeof s.sig) return;
    const struct rb_vkey k = {.name = s.name, .key_id = s.key_id};
    struct rb_writer w = rb_writer(out, sizeof out);
    rb_note_sig_encode(&k, rb_slice(s.sig, s.sig_n), &w);
    FUZZ_CHECK(writes(&w, rb_slice(out, w.n)) &&
               rb_slice_eq(rb_slice_sub(rb_written(&w), 0, w.n - 1), without_newline(in)));
}

static void one_checkpoint(struct rb_slice in) {
    struct rb_checkpoint c;
    struct rb_reject rj = {0};
    struct rb_writer w = rb_writer(out, sizeof out);
    if (rb_checkpoint_decode(in, &c, &rj) != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL && rj.offset <= in.n);
        return;
    }
    rb_checkpoint_text(c.origin, c.size, &c.root, &w);
    rb_put_slice(&w, c.extensions);
    FUZZ_CHECK(writes(&w, in));
}

static void one_note(struct rb_slice in) {
    static struct rb_note n;
    struct rb_reject rj = {0};
    const struct rb_key zero = {{0}};
    struct rb_vkey k;
    if (rb_note_decode(in, &n, &rj) != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL && rj.offset <= in.n && n.sigs_n == 0);
        return;
    }
    FUZZ_CHECK(n.sigs_n > 0 && n.sigs_n <= RB_MAX_NOTE_SIGS);
    FUZZ_CHECK(n.text.n > 0 && n.text.p[n.text.n - 1] == '\n');
    one_checkpoint(n.text);
    rb_vkey_make(n.sigs[0].name, RB_SIG_ED25519, &zero, &k);
    k.key_id = n.sigs[0].key_id; /* claims the signature: it cannot hold for this key */
    FUZZ_CHECK(rb_note_verify(&n, &k, NULL) == RB_ERR_SIGNATURE);
    for (size_t i = 0; i < n.sigs_n; i++)
        one_sig(n.sigs[i].name);
}

static void one_path(struct rb_slice in) {
    struct rb_tile t;
    struct rb_writer w = rb_writer(out, sizeof out);
    if (rb_tile_path_decode(in, &t) != RB_OK) return;
    rb_tile_path(&t, &w);
    FUZZ_CHECK(writes(&w, in));
    FUZZ_CHECK(!rb_tile_in(&t, 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    const struct rb_slice in = rb_slice(data, n);
    FUZZ_CHECK(rb_crypto_init() == RB_OK);
    one_vkey(in);
    one_sig(in);
    one_checkpoint(in);
    one_note(in);
    one_path(in);
    return 0;
}
