/* The log: notes, checkpoints, tiles, request bodies, offline proofs, fork evidence. Trees and
 * proofs are in test/property/test_tlog_property.c. */
#include <stdio.h>
#include "tlog_fixture.h"

#define ORIGIN "readback/0123/abcd/1"

static uint8_t buf[1u << 17], buf2[1u << 17];

static enum rb_err open_as(struct rb_slice note, const struct rb_vkey *k) {
    static struct rb_note n;
    RB_TRY(rb_note_decode(note, &n, NULL));
    return rb_note_verify(&n, k, NULL);
}

static enum rb_err decode_z(const char *z, const char **clause) {
    static struct rb_note n;
    struct rb_reject rj = {0};
    const enum rb_err e = rb_note_decode(rb_str(z), &n, &rj);
    *clause = e == RB_OK ? "" : rj.clause;
    return e;
}

/* ---- tree ---------------------------------------------------------------------------------- */

static void tree_append_without_room_changes_nothing(void **state) {
    (void)state;
    for (uint64_t nth = 1, clean = 0; clean == 0; nth++) {
        struct tlog_fixture f;
        struct rb_hash before, after, leaf;
        tlog_fixture_begin(&f, 31, UINT64_MAX);
        rb_tree_root(&f.tree, 31, &before);
        fixture_leaf(31, 0, &leaf);
        f.region.fail_at = nth;
        uint64_t at = 31;
        enum rb_err e = RB_OK;
        for (; at < 80 && e == RB_OK; at++)
            e = rb_tree_append(&f.tree, &leaf);
        clean = e == RB_OK;
        if (e != RB_OK) {
            assert_int_equal(e, RB_ERR_LIMIT);
            assert_int_equal(f.tree.size, at - 1);
        }
        rb_tree_root(&f.tree, 31, &after);
        assert_true(rb_hash_eq(&before, &after));
        f.region.fail_at = 0;
        assert_int_equal(rb_tree_append(&f.tree, &leaf), RB_OK);
        tlog_fixture_end(&f);
        assert_true(nth < 100);
    }
}

static void tree_truncate_forgets(void **state) {
    (void)state;
    struct tlog_fixture a, b;
    struct rb_hash x, y, leaf;
    tlog_fixture_begin(&a, 100, UINT64_MAX);
    tlog_fixture_begin(&b, 37, UINT64_MAX);
    rb_tree_truncate(&a.tree, 37);
    for (uint64_t i = 37; i < 90; i++) {
        fixture_leaf(i, 9, &leaf);
        assert_int_equal(rb_tree_append(&a.tree, &leaf), RB_OK);
        assert_int_equal(rb_tree_append(&b.tree, &leaf), RB_OK);
        rb_tree_root(&a.tree, i + 1, &x);
        rb_tree_root(&b.tree, i + 1, &y);
        assert_true(rb_hash_eq(&x, &y));
    }
    tlog_fixture_end(&a);
    tlog_fixture_end(&b);
}

/* ---- verifier keys ------------------------------------------------------------------------- */

static void vkey_round_trip(void **state) {
    (void)state;
    const uint8_t types[] = {RB_SIG_ED25519, RB_SIG_COSIGNATURE_V1};
    for (size_t i = 0; i < 2; i++) {
        struct rb_seckey sk;
        struct rb_vkey k = fixture_key(1, ORIGIN, types[i], &sk), back;
        struct rb_writer w = rb_writer(buf, sizeof buf);
        rb_vkey_encode(&k, &w);
        assert_int_equal(rb_vkey_decode(rb_written(&w), &back, NULL), RB_OK);
        assert_true(rb_slice_eq(back.name, k.name) && rb_key_eq(&back.key, &k.key));
        assert_int_equal(back.type, k.type);
        assert_int_equal(back.key_id, k.key_id);
        rb_put_u8(&w, '\n');
        assert_int_equal(rb_vkey_decode(rb_written(&w), &back, NULL), RB_OK);
        for (size_t bit = 0; bit < 8 * (w.n - 1); bit++) {
            buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_not_equal(rb_vkey_decode(rb_written(&w), &back, NULL), RB_OK);
            buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t n = 0; n < w.n - 1; n++)
            assert_int_not_equal(rb_vkey_decode(rb_slice(buf, n), &back, NULL), RB_OK);
    }
}

static void vkey_other_types_unsupported(void **state) {
    (void)state;
    struct rb_seckey sk;
    struct rb_vkey k = fixture_key(1, ORIGIN, RB_SIG_MLDSA44, &sk), back;
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_vkey_encode(&k, &w);
    struct rb_reject rj = {0};
    assert_int_equal(rb_vkey_decode(rb_written(&w), &back, &rj), RB_ERR_UNSUPPORTED);
    assert_string_equal(rj.clause, "4.2.6");
    assert_int_equal(rb_vkey_decode(rb_str("a b+00000000+AAAA"), &back, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "4.2.4");
}

/* ---- notes --------------------------------------------------------------------------------- */

static void note_signed_by_known_and_unknown(void **state) {
    (void)state;
    struct rb_seckey a, b;
    const struct rb_vkey ka = fixture_key(1, "one.example/a", RB_SIG_ED25519, &a);
    const struct rb_vkey kb = fixture_key(2, "two.example/b", RB_SIG_ED25519, &b);
    const struct rb_slice text = rb_str("first\n\nsecond\n");
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_slice(&w, text);
    rb_put_u8(&w, '\n');
    fixture_sign(&ka, &a, text, &w);
    assert_int_equal(open_as(rb_written(&w), &ka), RB_OK);
    assert_int_equal(open_as(rb_written(&w), &kb), RB_ERR_NOT_FOUND);
    rb_put_z(&w, "\xe2\x80\x94 two.example/b AAAAAAAA\n"); /* another id: an unknown key */
    assert_int_equal(open_as(rb_written(&w), &ka), RB_OK);
    assert_int_equal(open_as(rb_written(&w), &kb), RB_ERR_NOT_FOUND);
    static struct rb_note n;
    assert_int_equal(rb_note_decode(rb_written(&w), &n, NULL), RB_OK);
    assert_true(rb_slice_eq(n.text, text));
    assert_int_equal(n.sigs_n, 2);
    struct rb_writer only = rb_writer(buf2, sizeof buf2);
    rb_note_only(&n, &ka, &only);
    assert_int_equal(only.n, text.n + 1 + 4 + 13 + 1 + 92 + 1);
    assert_int_equal(open_as(rb_written(&only), &ka), RB_OK);
}

static void note_bad_beside_good_is_bad(void **state) {
    (void)state;
    struct rb_seckey sk;
    const struct rb_vkey k = fixture_key(1, "one.example/a", RB_SIG_ED25519, &sk);
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_z(&w, "text\n\n");
    fixture_sign(&k, &sk, rb_str("text\n"), &w);
    assert_int_equal(open_as(rb_written(&w), &k), RB_OK);
    fixture_sign(&k, &sk, rb_str("other\n"), &w);
    assert_int_equal(open_as(rb_written(&w), &k), RB_ERR_SIGNATURE);
}

static void note_every_bit_counts(void **state) {
    (void)state;
    struct rb_seckey sk;
    const struct rb_vkey k = fixture_key(1, "one.example/a", RB_SIG_ED25519, &sk);
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_z(&w, "text\n\n");
    fixture_sign(&k, &sk, rb_str("text\n"), &w);
    for (size_t bit = 0; bit < 8 * w.n; bit++) {
        buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(open_as(rb_written(&w), &k), RB_OK);
        buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < w.n; n++)
        assert_int_not_equal(open_as(rb_slice(buf, n), &k), RB_OK);
}

static void note_signature_count(void **state) {
    (void)state;
    struct rb_seckey sk;
    const struct rb_vkey k = fixture_key(1, "a", RB_SIG_ED25519, &sk);
    struct rb_writer w = rb_writer(buf, sizeof buf);
    static struct rb_note n;
    struct rb_reject rj = {0};
    rb_put_z(&w, "text\n\n");
    for (size_t i = 0; i < RB_MAX_NOTE_SIGS; i++) {
        fixture_sign(&k, &sk, rb_str("text\n"), &w);
        assert_int_equal(rb_note_decode(rb_written(&w), &n, &rj), RB_OK);
        assert_int_equal(n.sigs_n, i + 1);
    }
    assert_int_equal(rb_note_verify(&n, &k, NULL), RB_OK);
    fixture_sign(&k, &sk, rb_str("text\n"), &w);
    assert_int_equal(rb_note_decode(rb_written(&w), &n, &rj), RB_ERR_LIMIT);
    assert_string_equal(rj.clause, "4.2.3");
    assert_int_equal(n.sigs_n, 0);
}

static void note_refusals(void **state) {
    (void)state;
#define D "\xe2\x80\x94 "
    static const struct {
        const char *note, *clause;
        enum rb_err err;
    } c[] = {
        {"t\n\n" D "a AAAAAAA=\n", "", RB_OK},
        {"\n\n" D "a AAAAAAA=\n", "", RB_OK},
        {"t\n" D "a AAAAAAA=\n", "4.2.1", RB_ERR_MALFORMED},     /* no empty line */
        {"t\n\n" D "a AAAAAAA=", "4.2.1", RB_ERR_MALFORMED},     /* no final newline */
        {"t\t\n\n" D "a AAAAAAA=\n", "4.2.1", RB_ERR_MALFORMED}, /* tab */
        {"\xff\n\n" D "a AAAAAAA=\n", "4.2.1", RB_ERR_MALFORMED},
        {"t\n\n", "4.2.2", RB_ERR_MALFORMED},
        {"t\n\n" D "a AAAAAAB=\n", "4.2.2", RB_ERR_MALFORMED}, /* spare bits */
        {"t\n\n" D "a AAAAAAA\n", "4.2.2", RB_ERR_MALFORMED},  /* no padding */
        {"t\n\n" D "a AAAAAA==\n", "4.2.2", RB_ERR_MALFORMED}, /* key id only */
        {"t\n\n" D "a+b AAAAAAA=\n", "4.2.2", RB_ERR_MALFORMED},
        {"t\n\n" D " AAAAAAA=\n", "4.2.2", RB_ERR_MALFORMED},
        {"t\n\n" D "a\n", "4.2.2", RB_ERR_MALFORMED},
        {"t\n\n" D "a  AAAAAAA=\n", "4.2.2", RB_ERR_MALFORMED},
        {"t\n\n" D "a AAAAAAA= \n", "4.2.2", RB_ERR_MALFORMED},
        {"t\n\n" D "a\xc2\xa0"
         "b AAAAAAA=\n",
         "4.2.2", RB_ERR_MALFORMED}, /* U+00A0 */
        {"t\n\n" D "a\xe3\x80\x80"
         "b AAAAAAA=\n",
         "4.2.2", RB_ERR_MALFORMED}, /* U+3000 */
        {"t\n\n" D "a\xe2\x80\xa8"
         "b AAAAAAA=\n",
         "4.2.2", RB_ERR_MALFORMED}, /* U+2028 */
        {"t\n\n" D "\xc3\xa9 AAAAAAA=\n", "", RB_OK},
        {"t\n\n- a AAAAAAA=\n", "4.2.2", RB_ERR_MALFORMED},
        {"t\n\n" D "a AAAAAAA=\nrest\n", "4.2.2", RB_ERR_MALFORMED},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        const char *clause;
        assert_int_equal(decode_z(c[i].note, &clause), c[i].err);
        assert_string_equal(clause, c[i].clause);
    }
}

static void note_long_signatures_are_ignored(void **state) {
    (void)state;
    static uint8_t raw[4 + 8 + 2420];
    struct rb_seckey sk;
    const struct rb_vkey k = fixture_key(1, "a", RB_SIG_ED25519, &sk);
    struct rb_writer w = rb_writer(buf, sizeof buf);
    static struct rb_note n;
    rb_put_z(&w, "text\n\n" D "later.example ");
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (uint8_t)i;
    rb_put_base64(&w, raw, sizeof raw);
    rb_put_u8(&w, '\n');
    fixture_sign(&k, &sk, rb_str("text\n"), &w);
    assert_int_equal(rb_note_decode(rb_written(&w), &n, NULL), RB_OK);
    assert_int_equal(rb_note_verify(&n, &k, NULL), RB_OK);
    assert_int_equal(n.sigs[0].sig_n, sizeof raw - 4);
    assert_int_equal(n.sigs[0].key_id, 0x00010203);
    assert_memory_equal(n.sigs[0].sig, raw + 4, sizeof n.sigs[0].sig);
    /* padding inside the text, at a place where a decoder in pieces could miss it */
    uint8_t *at = buf + 6 + 4 + 14 + 126;
    at[0] = '=';
    at[1] = '=';
    assert_int_equal(rb_note_decode(rb_written(&w), &n, NULL), RB_ERR_MALFORMED);
    assert_int_equal(rb_note_decode(rb_slice(buf, RB_MAX_NOTE + 1), &n, NULL), RB_ERR_LIMIT);
}

/* ---- cosignatures -------------------------------------------------------------------------- */

static void cosignature_earliest_time(void **state) {
    (void)state;
    struct rb_seckey sk;
    const struct rb_vkey k = fixture_key(3, "readback/ab/mirror", RB_SIG_COSIGNATURE_V1, &sk);
    const struct rb_slice text = rb_str("origin\n1\nx\n");
    struct rb_writer w = rb_writer(buf, sizeof buf);
    static struct rb_note n;
    uint64_t t = 0;
    rb_put_slice(&w, text);
    rb_put_u8(&w, '\n');
    fixture_cosign(&k, &sk, 1700000100, text, &w);
    fixture_cosign(&k, &sk, 1700000000, text, &w);
    assert_int_equal(rb_note_decode(rb_written(&w), &n, NULL), RB_OK);
    assert_int_equal(rb_note_verify(&n, &k, &t), RB_OK);
    assert_int_equal(t, 1700000000);
    assert_int_equal(rb_cosignature_verify(&k.key, t, text, n.sigs[1].sig + 8), RB_OK);
    assert_int_equal(rb_cosignature_verify(&k.key, t + 1, text, n.sigs[1].sig + 8),
                     RB_ERR_SIGNATURE);
    n.sigs[0].sig[7] ^= 1; /* the time belongs to what is signed */
    assert_int_equal(rb_note_verify(&n, &k, &t), RB_ERR_SIGNATURE);
    n.sigs[0].sig[7] ^= 1;
    n.sigs[0].sig_n = 71;
    assert_int_equal(rb_note_verify(&n, &k, &t), RB_ERR_SIGNATURE);
}

static void cosignature_bounds(void **state) {
    (void)state;
    static char text[4200];
    struct rb_seckey sk;
    const struct rb_vkey k = fixture_key(3, "m", RB_SIG_COSIGNATURE_V1, &sk);
    struct rb_writer w = rb_writer(buf, sizeof buf);
    static struct rb_note n;
    rb_put_z(&w, "t\n\n");
    fixture_cosign(&k, &sk, UINT64_C(1) << 63, rb_str("t\n"), &w);
    assert_int_equal(open_as(rb_written(&w), &k), RB_ERR_SIGNATURE);
    memset(text, 'x', sizeof text);
    for (size_t len = 4096; len <= 4097; len++) {
        text[len - 1] = '\n';
        w = rb_writer(buf, sizeof buf);
        rb_put(&w, text, len);
        rb_put_u8(&w, '\n');
        fixture_cosign(&k, &sk, 5, rb_slice(text, len), &w);
        assert_int_equal(rb_note_decode(rb_written(&w), &n, NULL), RB_OK);
        assert_int_equal(rb_note_verify(&n, &k, NULL), len == 4096 ? RB_OK : RB_ERR_LIMIT);
        text[len - 1] = 'x';
    }
}

/* ---- checkpoints --------------------------------------------------------------------------- */

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define EMPTY "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static void checkpoint_lines(void **state) {
    (void)state;
    static const struct {
        const char *text, *clause;
        enum rb_err err;
    } c[] = {
        {"o\n1\n" ROOT "\n", "", RB_OK},
        {"o\n1\n" ROOT "\nextension\n", "", RB_OK},
        {"o\n0\n" EMPTY "\n", "", RB_OK},
        {"o\n0\n" ROOT "\n", "4.3.3", RB_ERR_MALFORMED},
        {"o\n9223372036854775807\n" ROOT "\n", "", RB_OK},
        {"o\n9223372036854775808\n" ROOT "\n", "4.3.2", RB_ERR_LIMIT},
        {"o\n01\n" ROOT "\n", "4.3.2", RB_ERR_MALFORMED},
        {"o\n+1\n" ROOT "\n", "4.3.2", RB_ERR_MALFORMED},
        {"o\n\n" ROOT "\n", "4.3.2", RB_ERR_MALFORMED},
        {"o\n1 \n" ROOT "\n", "4.3.2", RB_ERR_MALFORMED},
        {"\n1\n" ROOT "\n", "4.3.1", RB_ERR_MALFORMED},
        {"", "4.3.1", RB_ERR_MALFORMED},
        {"o\n1\n" ROOT, "4.3.3", RB_ERR_MALFORMED},
        {"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", "4.3.3", RB_ERR_MALFORMED},
        {"o\n1\nAAAA\n", "4.3.3", RB_ERR_MALFORMED},
        {"o\n1\n" ROOT "\n\n", "4.3.4", RB_ERR_MALFORMED},
        {"o\n1\n" ROOT "\nx\n\ny\n", "4.3.4", RB_ERR_MALFORMED},
        {"o\n1\n" ROOT "\nx", "4.3.4", RB_ERR_MALFORMED},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        struct rb_checkpoint cp = {0};
        struct rb_reject rj = {.clause = ""};
        assert_int_equal(rb_checkpoint_decode(rb_str(c[i].text), &cp, &rj), c[i].err);
        assert_string_equal(rj.clause, c[i].clause);
        if (c[i].err != RB_OK) continue;
        struct rb_writer w = rb_writer(buf, sizeof buf);
        rb_checkpoint_text(cp.origin, cp.size, &cp.root, &w);
        rb_put_slice(&w, cp.extensions);
        assert_true(rb_slice_is(rb_written(&w), c[i].text));
    }
}

static void checkpoint_open_wants_its_log(void **state) {
    (void)state;
    struct tlog_fixture f;
    struct rb_seckey sk, sk2;
    const struct rb_vkey log = fixture_key(1, ORIGIN, RB_SIG_ED25519, &sk);
    const struct rb_vkey other = fixture_key(1, "readback/0123/abcd/2", RB_SIG_ED25519, &sk2);
    const struct rb_vkey rekeyed = fixture_key(2, ORIGIN, RB_SIG_ED25519, &sk2);
    const struct rb_vkey mirror = fixture_key(1, ORIGIN, RB_SIG_COSIGNATURE_V1, &sk2);
    static struct rb_note n;
    struct rb_checkpoint cp;
    struct rb_reject rj = {0};
    tlog_fixture_begin(&f, 5, UINT64_MAX);
    struct rb_writer w = rb_writer(buf, sizeof buf);
    const struct rb_slice note = fixture_checkpoint(&f.tree, 5, &log, &sk, &w);
    assert_int_equal(rb_checkpoint_open(note, &log, &n, &cp, &rj), RB_OK);
    assert_int_equal(cp.size, 5);
    assert_int_equal(rb_checkpoint_open(note, &other, &n, &cp, &rj), RB_ERR_SIGNATURE);
    assert_int_equal(rb_checkpoint_open(note, &rekeyed, &n, &cp, &rj), RB_ERR_SIGNATURE);
    assert_string_equal(rj.clause, "4.3.5");
    assert_int_equal(rb_checkpoint_open(note, &mirror, &n, &cp, &rj), RB_ERR_UNSUPPORTED);
    tlog_fixture_end(&f);
}

/* ---- tiles --------------------------------------------------------------------------------- */

static void tile_paths(void **state) {
    (void)state;
    static const struct {
        struct rb_tile t;
        const char *path;
    } c[] = {
        {{false, 0, 1234067, 256}, "tile/0/x001/x234/067"},
        {{true, 0, 0, 256}, "tile/entries/000"},
        {{true, 0, 999, 1}, "tile/entries/999.p/1"},
        {{false, 63, 1000, 255}, "tile/63/x001/000.p/255"},
        {{false, 7, UINT64_C(36028797018963967), 256}, "tile/7/x036/x028/x797/x018/x963/967"},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        struct rb_tile t;
        struct rb_writer w = rb_writer(buf, sizeof buf);
        rb_tile_path(&c[i].t, &w);
        assert_true(rb_slice_is(rb_written(&w), c[i].path));
        assert_int_equal(rb_tile_path_decode(rb_written(&w), &t), RB_OK);
        assert_true(t.entries == c[i].t.entries && t.level == c[i].t.level &&
                    t.index == c[i].t.index && t.width == c[i].t.width);
        for (size_t n = 0; n < w.n; n++) { /* a shorter one may be a name, of another tile */
            struct rb_writer again = rb_writer(buf2, sizeof buf2);
            if (rb_tile_path_decode(rb_slice(buf, n), &t) != RB_OK) continue;
            rb_tile_path(&t, &again);
            assert_true(rb_slice_eq(rb_written(&again), rb_slice(buf, n)));
        }
    }
}

static void tile_paths_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/x001/",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000/",
        "/tile/0/000",
        "tile/entry/000",
        "tile/0/../000",
        "tile/0/x018/x446/x744/x073/x709/x551/615",
        "tile/0/x036/x028/x797/x018/x963/968",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct rb_tile t;
        assert_int_equal(rb_tile_path_decode(rb_str(bad[i]), &t), RB_ERR_MALFORMED);
    }
}

/* the example of tlog-tiles: 273 full tiles and one of 112; one full and one of 17; one of 1 */
static void tile_of_70000(void **state) {
    (void)state;
    static const struct {
        struct rb_tile t;
        bool in;
    } c[] = {
        {{false, 0, 272, 256}, true},
        {{false, 0, 273, 256}, false},
        {{false, 0, 273, 112}, true},
        {{false, 0, 273, 113}, false},
        {{false, 1, 0, 256}, true},
        {{false, 1, 1, 17}, true},
        {{false, 1, 1, 18}, false},
        {{false, 2, 0, 1}, true},
        {{false, 2, 0, 2}, false},
        {{false, 3, 0, 1}, false},
        {{false, 63, 0, 1}, false},
        {{true, 0, 273, 112}, true},
        {{true, 0, 274, 1}, false},
        {{false, 0, 0, 0}, false},
        {{false, 0, UINT64_MAX, 256}, false},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++)
        assert_int_equal(rb_tile_in(&c[i].t, 70000), c[i].in);
}

/* hashes of the level above are roots of whole tiles below; what is not there is not made up */
static void tile_hashes_of_a_log(void **state) {
    (void)state;
    struct tlog_fixture f;
    struct rb_hash want;
    tlog_fixture_begin(&f, 600, UINT64_MAX);
    const struct rb_tile up = {false, 1, 0, 2}, low = {false, 0, 2, 88}, none = {false, 0, 2, 89};
    const struct rb_tile entries = {true, 0, 0, 256};
    struct rb_writer w = rb_writer(buf, sizeof buf);
    assert_int_equal(rb_tile_hashes(&f.tree, &up, &w), RB_OK);
    assert_int_equal(w.n, 64);
    assert_int_equal(rb_tree_subtree_hash(&f.tree, 256, 512, &want), RB_OK);
    assert_memory_equal(buf + 32, want.b, 32);
    w = rb_writer(buf, sizeof buf);
    assert_int_equal(rb_tile_hashes(&f.tree, &low, &w), RB_OK);
    assert_int_equal(w.n, 88 * 32);
    fixture_leaf(599, 0, &want);
    assert_memory_equal(buf + (size_t)87 * 32, want.b, 32);
    assert_int_equal(rb_tile_hashes(&f.tree, &none, &w), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_tile_hashes(&f.tree, &entries, &w), RB_ERR_USAGE);
    tlog_fixture_end(&f);
}

/* ---- add-checkpoint ------------------------------------------------------------------------ */

static void add_checkpoint_round_trip(void **state) {
    (void)state;
    struct tlog_fixture f;
    struct rb_seckey sk;
    const struct rb_vkey log = fixture_key(1, ORIGIN, RB_SIG_ED25519, &sk);
    struct rb_add_checkpoint a = {.old_size = 3}, b;
    tlog_fixture_begin(&f, 13, UINT64_MAX);
    struct rb_writer note = rb_writer(buf2, sizeof buf2), w = rb_writer(buf, sizeof buf);
    a.note = fixture_checkpoint(&f.tree, 13, &log, &sk, &note);
    assert_int_equal(rb_tree_consistency(&f.tree, 3, 13, &a.proof), RB_OK);
    rb_add_checkpoint_encode(&a, &w);
    assert_int_equal(rb_add_checkpoint_decode(rb_written(&w), &b, NULL), RB_OK);
    assert_true(b.old_size == 3 && rb_slice_eq(b.note, a.note) && b.proof.n == a.proof.n);
    assert_memory_equal(b.proof.h, a.proof.h, a.proof.n * sizeof a.proof.h[0]);
    for (size_t n = 0; n < w.n; n++) { /* cut within the note: the note refuses */
        struct rb_reject rj = {0};
        if (rb_add_checkpoint_decode(rb_slice(buf, n), &b, &rj) == RB_OK)
            assert_int_not_equal(open_as(b.note, &log), RB_OK);
        else
            assert_non_null(rj.clause);
    }
    tlog_fixture_end(&f);
}

static void add_checkpoint_refusals(void **state) {
    (void)state;
    static const struct {
        const char *body, *clause;
        enum rb_err err;
    } c[] = {
        {"old 0\n\nx", "", RB_OK},
        {"old 00\n\nx", "4.6.1", RB_ERR_MALFORMED},
        {"old\n\nx", "4.6.1", RB_ERR_MALFORMED},
        {"Old 0\n\nx", "4.6.1", RB_ERR_MALFORMED},
        {"old 9223372036854775808\n\nx", "4.6.1", RB_ERR_LIMIT},
        {"old 0\nAAAA\n\nx", "4.6.2", RB_ERR_MALFORMED},
        {"old 0\n" ROOT "\n", "4.6.2", RB_ERR_MALFORMED},
        {"old 0\n\n", "4.6.3", RB_ERR_MALFORMED},
    };
    struct rb_add_checkpoint a;
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        struct rb_reject rj = {.clause = ""};
        assert_int_equal(rb_add_checkpoint_decode(rb_str(c[i].body), &a, &rj), c[i].err);
        assert_string_equal(rj.clause, c[i].clause);
    }
    for (size_t lines = 63; lines <= 64; lines++) {
        struct rb_writer w = rb_writer(buf, sizeof buf);
        rb_put_z(&w, "old 1\n");
        for (size_t i = 0; i < lines; i++)
            rb_put_z(&w, ROOT "\n");
        rb_put_z(&w, "\nx");
        assert_int_equal(rb_add_checkpoint_decode(rb_written(&w), &a, NULL),
                         lines == 63 ? RB_OK : RB_ERR_MALFORMED);
    }
}

/* ---- add-entries --------------------------------------------------------------------------- */

static void package_bounds(void **state) {
    (void)state;
    static const uint64_t c[][5] = {
        /* start, end, at, from, to */
        {0, 1, 0, 0, 1},           {250, 600, 250, 250, 256}, {250, 600, 256, 256, 512},
        {250, 600, 511, 256, 512}, {250, 600, 512, 512, 600}, {256, 512, 256, 256, 512},
        {300, 310, 305, 300, 310},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        uint64_t from, to;
        rb_package_bounds(c[i][0], c[i][1], c[i][2], &from, &to);
        assert_int_equal(from, c[i][3]);
        assert_int_equal(to, c[i][4]);
    }
}

/* writes [start, end) with entries of i % 3 bytes; ends[k] is the length after package k */
static size_t put_upload(const struct rb_tree *t, const struct rb_add_entries *h,
                         struct rb_writer *w, size_t *ends) {
    static const uint8_t data[3] = {1, 2, 3};
    size_t packages = 0;
    rb_add_entries_encode(h, w);
    for (uint64_t at = h->start; at < h->end;) {
        uint64_t from, to;
        struct rb_proof p;
        rb_package_bounds(h->start, h->end, at, &from, &to);
        for (uint64_t i = from; i < to; i++)
            rb_package_entry_encode(rb_slice(data, i % 3), w);
        assert_int_equal(rb_tree_subtree_proof(t, from - from % 256, to, h->end, &p), RB_OK);
        rb_package_proof_encode(&p, w);
        ends[packages++] = w->n;
        at = to;
    }
    return packages;
}

static void add_entries_cut_anywhere(void **state) {
    (void)state;
    struct tlog_fixture f;
    static struct rb_package p;
    const struct rb_add_entries h = {rb_str(ORIGIN), 250, 600, rb_str("ticket")};
    struct rb_writer w = rb_writer(buf, sizeof buf);
    size_t ends[4], header;
    tlog_fixture_begin(&f, 600, UINT64_MAX);
    assert_int_equal(put_upload(&f.tree, &h, &w, ends), 3);
    header = 2 + h.origin.n + 16 + 2 + h.ticket.n;
    for (size_t n = 0; n <= w.n; n++) {
        struct rb_reader r = rb_reader(rb_slice(buf, n));
        struct rb_add_entries got;
        const enum rb_err e = rb_add_entries_decode(&r, &got, NULL);
        assert_int_equal(e, n < header ? RB_ERR_MALFORMED : RB_OK);
        if (e != RB_OK) continue;
        assert_true(rb_slice_eq(got.origin, h.origin) && rb_slice_eq(got.ticket, h.ticket) &&
                    got.start == 250 && got.end == 600);
        uint64_t at = got.start;
        size_t whole = 0;
        enum rb_err last;
        while ((last = rb_package_decode(&r, &got, at, &p, NULL)) == RB_OK) {
            assert_int_equal(r.at, ends[whole++]);
            assert_int_equal(p.from, at);
            at = p.to;
        }
        const size_t start = whole == 0 ? header : ends[whole - 1];
        assert_int_equal(r.at, start); /* nothing consumed of a package that is not whole */
        assert_int_equal(last, n == start ? RB_ERR_NOT_FOUND : RB_ERR_MALFORMED);
    }
    rb_put_u8(&w, 0);
    struct rb_reader r = rb_reader(rb_slice(buf + ends[2], 1));
    struct rb_reject rj = {0};
    assert_int_equal(rb_package_decode(&r, &h, 600, &p, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "4.7.6");
    tlog_fixture_end(&f);
}

/* what is received proves itself: the subtree rebuilt from entries and what was there before */
static void add_entries_proofs_hold(void **state) {
    (void)state;
    struct tlog_fixture f;
    const uint64_t ends[] = {1, 255, 256, 257, 300, 512, 600};
    tlog_fixture_begin(&f, 600, UINT64_MAX);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct rb_hash root, sub;
        rb_tree_root(&f.tree, ends[i], &root);
        for (uint64_t at = 0; at < ends[i];) {
            uint64_t from, to;
            struct rb_proof p;
            rb_package_bounds(0, ends[i], at, &from, &to);
            assert_int_equal(rb_tree_subtree_proof(&f.tree, from, to, ends[i], &p), RB_OK);
            assert_int_equal(rb_tree_subtree_hash(&f.tree, from, to, &sub), RB_OK);
            assert_int_equal(rb_subtree_verify(from, to, ends[i], &sub, &p, &root), RB_OK);
            sub.b[31] ^= 1;
            assert_int_equal(rb_subtree_verify(from, to, ends[i], &sub, &p, &root), RB_ERR_PROOF);
            at = to;
        }
    }
    tlog_fixture_end(&f);
}

static void add_entries_refusals(void **state) {
    (void)state;
    static const struct {
        uint64_t start, end;
        enum rb_err err;
    } c[] = {{0, 0, RB_OK},
             {5, 4, RB_ERR_MALFORMED},
             {0, UINT64_C(1) << 63, RB_ERR_LIMIT},
             {UINT64_MAX, UINT64_MAX, RB_ERR_LIMIT}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        const struct rb_add_entries h = {rb_str(ORIGIN), c[i].start, c[i].end, rb_str("")};
        struct rb_writer w = rb_writer(buf, sizeof buf);
        struct rb_add_entries got;
        rb_add_entries_encode(&h, &w);
        struct rb_reader r = rb_reader(rb_written(&w));
        assert_int_equal(rb_add_entries_decode(&r, &got, NULL), c[i].err);
    }
    struct rb_writer w = rb_writer(buf, sizeof buf);
    struct rb_add_entries got;
    rb_put_u16(&w, RB_MAX_ORIGIN + 1);
    for (size_t i = 0; i < RB_MAX_ORIGIN + 1 + 18; i++)
        rb_put_u8(&w, 0);
    struct rb_reader r = rb_reader(rb_written(&w));
    assert_int_equal(rb_add_entries_decode(&r, &got, NULL), RB_ERR_LIMIT);
    const struct rb_add_entries h = {rb_str(ORIGIN), 0, 1, rb_str("")};
    static struct rb_package p;
    w = rb_writer(buf, sizeof buf);
    rb_package_entry_encode(rb_str("x"), &w);
    rb_put_u8(&w, 64);
    for (size_t i = 0; i < (size_t)64 * 32; i++)
        rb_put_u8(&w, 0);
    r = rb_reader(rb_written(&w));
    assert_int_equal(rb_package_decode(&r, &h, 0, &p, NULL), RB_ERR_MALFORMED);
}

/* ---- mirror-info, tlog-proof --------------------------------------------------------------- */

static void mirror_info(void **state) {
    (void)state;
    const struct rb_mirror_info m = {257, 12, rb_str("ticket")};
    struct rb_mirror_info got;
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_mirror_info_encode(&m, &w);
    assert_true(rb_slice_is(rb_written(&w), "257\n12\ndGlja2V0\n"));
    assert_int_equal(rb_mirror_info_decode(rb_written(&w), &got), RB_OK);
    assert_true(got.pending == 257 && got.next == 12 && rb_slice_is(got.ticket, "dGlja2V0"));
    for (size_t n = 0; n < w.n; n++)
        assert_int_not_equal(rb_mirror_info_decode(rb_slice(buf, n), &got), RB_OK);
    assert_int_equal(rb_mirror_info_decode(rb_str("1\n0\n\n"), &got), RB_OK);
    assert_int_equal(got.ticket.n, 0);
    static const char *const bad[] = {"1\n0\n\n\n",
                                      "01\n0\n\n",
                                      "1\n00\n\n",
                                      "1\n0\nAB=\n",
                                      "1\n0\nAB==\n",
                                      "1\n0\n x\n",
                                      "9223372036854775808\n0\n\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_not_equal(rb_mirror_info_decode(rb_str(bad[i]), &got), RB_OK);
}

static void tlog_proof_round_trip(void **state) {
    (void)state;
    struct tlog_fixture f;
    struct rb_seckey sk;
    const struct rb_vkey log = fixture_key(1, ORIGIN, RB_SIG_ED25519, &sk);
    struct rb_tlog_proof p = {.index = 6}, q;
    tlog_fixture_begin(&f, 11, UINT64_MAX);
    struct rb_writer note = rb_writer(buf2, sizeof buf2);
    p.note = fixture_checkpoint(&f.tree, 11, &log, &sk, &note);
    assert_int_equal(rb_tree_inclusion(&f.tree, 6, 11, &p.path), RB_OK);
    for (size_t extra = 0; extra < 2; extra++) {
        static struct rb_note n;
        struct rb_checkpoint cp;
        struct rb_hash leaf;
        p.extra = rb_slice("\x01\x02", extra * 2);
        struct rb_writer w = rb_writer(buf, sizeof buf);
        rb_tlog_proof_encode(&p, &w);
        assert_int_equal(rb_tlog_proof_decode(rb_written(&w), &q, NULL), RB_OK);
        assert_true(rb_slice_is(q.extra, extra ? "AQI=" : "") && q.index == 6);
        assert_int_equal(rb_checkpoint_open(q.note, &log, &n, &cp, NULL), RB_OK);
        fixture_leaf(6, 0, &leaf);
        assert_int_equal(rb_inclusion_verify(q.index, cp.size, &leaf, &q.path, &cp.root), RB_OK);
        for (size_t n2 = 0; n2 < w.n; n2++) {
            if (rb_tlog_proof_decode(rb_slice(buf, n2), &q, NULL) == RB_OK)
                assert_int_not_equal(open_as(q.note, &log), RB_OK);
        }
    }
    static const char *const bad[] = {
        "c2sp.org/tlog-proof@v2\nindex 0\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 00\n\nx",
        "c2sp.org/tlog-proof@v1\nextra \nindex 0\n\nx",
        "c2sp.org/tlog-proof@v1\n\nx",
        "c2sp.org/tlog-proof@v1\nextra AB==\nindex 0\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 0\nextra AQI=\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 0\n\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_not_equal(rb_tlog_proof_decode(rb_str(bad[i]), &q, NULL), RB_OK);
    tlog_fixture_end(&f);
}

/* ---- fork evidence ------------------------------------------------------------------------- */

struct two_histories {
    struct tlog_fixture a, b;
    struct rb_seckey sk;
    struct rb_vkey log;
    uint8_t note_a[1024], note_b[1024];
    struct rb_fork fork;
};

/* leaves 0..5 in common, then a goes one way and b another; evidence for sizes m and n */
static void histories_begin(struct two_histories *t, uint64_t m, uint64_t n) {
    struct rb_writer wa = rb_writer(t->note_a, sizeof t->note_a);
    struct rb_writer wb = rb_writer(t->note_b, sizeof t->note_b);
    tlog_fixture_begin(&t->a, m, UINT64_MAX);
    tlog_fixture_begin(&t->b, n, 6);
    t->log = fixture_key(1, ORIGIN, RB_SIG_ED25519, &t->sk);
    t->fork.note_a = fixture_checkpoint(&t->a.tree, m, &t->log, &t->sk, &wa);
    t->fork.note_b = fixture_checkpoint(&t->b.tree, n, &t->log, &t->sk, &wb);
    rb_tree_root(&t->b.tree, m, &t->fork.other_root);
    assert_int_equal(rb_tree_consistency(&t->b.tree, m, n, &t->fork.proof), RB_OK);
}

static void histories_end(struct two_histories *t) {
    tlog_fixture_end(&t->a);
    tlog_fixture_end(&t->b);
}

static enum rb_err text_verify(struct rb_slice in, const struct rb_vkey *log) {
    struct rb_fork f;
    RB_TRY(rb_fork_decode(in, &f, NULL));
    return rb_fork_verify(&f, log, NULL);
}

static void fork_proved_and_tamper_proof(void **state) {
    (void)state;
    static const uint64_t sizes[][2] = {{7, 7}, {7, 8}, {8, 19}, {16, 33}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct two_histories t;
        histories_begin(&t, sizes[i][0], sizes[i][1]);
        assert_int_equal(rb_fork_verify(&t.fork, &t.log, NULL), RB_OK);
        struct rb_writer w = rb_writer(buf, sizeof buf), c = rb_writer(buf2, sizeof buf2);
        rb_fork_encode(&t.fork, &w);
        assert_int_equal(text_verify(rb_written(&w), &t.log), RB_OK);
        assert_int_equal(rb_fork_compact_encode(&t.fork, &t.log, &c), RB_OK);
        assert_true(c.n < 300 || i > 0);
        assert_true(w.n < 4096 && c.n < 4096);
        for (size_t bit = 0; bit < 8 * w.n; bit++) {
            buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_not_equal(text_verify(rb_written(&w), &t.log), RB_OK);
            buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        const struct rb_slice origin = rb_str(ORIGIN);
        for (size_t bit = 0; bit < 8 * c.n; bit++) {
            buf2[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_not_equal(rb_fork_compact_verify(rb_written(&c), origin, &t.log.key, NULL),
                                 RB_OK);
            buf2[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t n = 0; n < c.n; n++)
            assert_int_not_equal(
                rb_fork_compact_verify(rb_slice(buf2, n), origin, &t.log.key, NULL), RB_OK);
        for (size_t n = 0; n < w.n; n++)
            assert_int_not_equal(text_verify(rb_slice(buf, n), &t.log), RB_OK);
        assert_int_equal(rb_fork_compact_verify(rb_written(&c), origin, &t.log.key, NULL), RB_OK);
        assert_int_equal(
            rb_fork_compact_verify(rb_written(&c), rb_str("readback/x"), &t.log.key, NULL),
            RB_ERR_SIGNATURE);
        histories_end(&t);
    }
}

/* what a QR code carries stands by itself, and any change of it proves nothing, or something else
 * of another key */
static void fork_as_the_text_of_a_code(void **state) {
    (void)state;
    static const uint64_t sizes[][2] = {{7, 7}, {7, 8}, {8, 19}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct two_histories t;
        struct rb_fork_heads h, again;
        struct rb_key key;
        uint8_t origin[RB_MAX_ORIGIN];
        histories_begin(&t, sizes[i][0], sizes[i][1]);
        struct rb_writer w = rb_writer(buf, sizeof buf);
        assert_int_equal(rb_fork_code_encode(&t.fork, &t.log, &w), RB_OK);
        assert_true(w.n <= RB_MAX_FORK_CODE);
        assert_int_equal(rb_fork_code_open(rb_written(&w), origin, &key, &h, NULL), RB_OK);
        assert_true(rb_slice_is(h.origin, ORIGIN) && rb_key_eq(&key, &t.log.key));
        assert_int_equal(h.m, sizes[i][0]);
        assert_int_equal(h.n, sizes[i][1]);
        assert_true(rb_hash_eq(&h.other, &t.fork.other_root));
        assert_int_equal(rb_fork_open(&t.fork, &t.log, &again, NULL), RB_OK);
        assert_true(rb_hash_eq(&h.root_a, &again.root_a) && rb_hash_eq(&h.root_b, &again.root_b));
        assert_int_equal(again.m, h.m);
        for (size_t at = 0; at < w.n; at++) {
            const uint8_t was = buf[at];
            for (unsigned c = 1; c < 256; c++) {
                buf[at] = (uint8_t)(was ^ c);
                if (c > 1 && at > 60) break; /* signatures take their time */
                assert_int_not_equal(rb_fork_code_open(rb_written(&w), origin, &key, &h, NULL),
                                     RB_OK);
            }
            buf[at] = was;
            assert_int_not_equal(rb_fork_code_open(rb_slice(buf, at), origin, &key, &h, NULL),
                                 RB_OK);
        }
        histories_end(&t);
    }
}

/* the root for m that a proof from m stands for is the one its tree has there */
static void old_root_of_a_proof(void **state) {
    (void)state;
    struct tlog_fixture f;
    struct rb_proof p;
    struct rb_hash root, old, got;
    tlog_fixture_begin(&f, 70, UINT64_MAX);
    for (uint64_t n = 1; n <= 70; n++)
        for (uint64_t m = 1; m <= n; m++) {
            assert_int_equal(rb_tree_consistency(&f.tree, m, n, &p), RB_OK);
            rb_tree_root(&f.tree, n, &root);
            rb_tree_root(&f.tree, m, &old);
            const enum rb_err want = m < n && (m & (m - 1)) == 0 ? RB_ERR_NOT_FOUND : RB_OK;
            assert_int_equal(rb_consistency_old_root(m, n, &p, &root, &got), want);
            if (want != RB_OK) continue;
            assert_true(rb_hash_eq(&old, &got));
            assert_int_equal(rb_consistency_verify(m, n, &got, &p, &root), RB_OK);
            root.b[5] ^= 1;
            if (m < n)
                assert_int_equal(rb_consistency_old_root(m, n, &p, &root, &got), RB_ERR_PROOF);
            root.b[5] ^= 1;
            p.n++;
            p.h[p.n - 1] = root;
            assert_int_equal(rb_consistency_old_root(m, n, &p, &root, &got), RB_ERR_PROOF);
            p.n -= p.n > 1 ? 2 : 1;
            if (m < n)
                assert_int_equal(rb_consistency_old_root(m, n, &p, &root, &got), RB_ERR_PROOF);
        }
    p.n = 0;
    assert_int_equal(rb_consistency_old_root(0, 5, &p, &root, &got), RB_ERR_PROOF);
    assert_int_equal(rb_consistency_old_root(6, 5, &p, &root, &got), RB_ERR_PROOF);
    tlog_fixture_end(&f);
}

/* an honest log cannot be accused, whatever is put together from what it signed */
static void fork_honest_log_is_safe(void **state) {
    (void)state;
    struct two_histories t;
    struct rb_reject rj = {0};
    histories_begin(&t, 5, 9); /* five leaves: before the histories part */
    assert_int_equal(rb_fork_verify(&t.fork, &t.log, &rj), RB_ERR_PROOF);
    assert_string_equal(rj.clause, "4.10.3");
    t.fork.other_root.b[0] ^= 1;
    assert_int_equal(rb_fork_verify(&t.fork, &t.log, &rj), RB_ERR_PROOF);
    const struct rb_fork same = {t.fork.note_a, t.fork.note_a, t.fork.other_root, {0}};
    assert_int_equal(rb_fork_verify(&same, &t.log, &rj), RB_ERR_PROOF);
    const struct rb_fork swapped = {t.fork.note_b, t.fork.note_a, t.fork.other_root, {0}};
    assert_int_equal(rb_fork_verify(&swapped, &t.log, &rj), RB_ERR_PROOF);
    struct rb_writer w = rb_writer(buf, sizeof buf);
    assert_int_equal(rb_fork_compact_encode(&t.fork, &t.log, &w), RB_ERR_PROOF);
    assert_int_equal(w.n, 0);
    histories_end(&t);
}

/* checkpoints of size 0 have one root only */
static void fork_not_from_empty_trees(void **state) {
    (void)state;
    struct two_histories t;
    histories_begin(&t, 0, 3);
    assert_int_equal(rb_fork_verify(&t.fork, &t.log, NULL), RB_ERR_PROOF);
    memset(&t.fork.other_root, 1, sizeof t.fork.other_root);
    assert_int_equal(rb_fork_verify(&t.fork, &t.log, NULL), RB_ERR_PROOF);
    histories_end(&t);
}

/* the largest there can be: longest origin, 63 hashes; and notes that others signed too */
static void fork_evidence_stays_small(void **state) {
    (void)state;
    char origin[RB_MAX_ORIGIN + 1];
    struct rb_seckey sk, other;
    memset(origin, 'o', RB_MAX_ORIGIN);
    origin[RB_MAX_ORIGIN] = 0;
    const struct rb_vkey log = fixture_key(1, origin, RB_SIG_ED25519, &sk);
    const struct rb_vkey peer = fixture_key(2, "readback/ab/mirror", RB_SIG_COSIGNATURE_V1, &other);
    struct rb_hash root = {{1}};
    struct rb_writer w = rb_writer(buf, sizeof buf), only = rb_writer(buf2, sizeof buf2);
    static struct rb_note n;
    rb_checkpoint_text(log.name, INT64_MAX, &root, &w);
    const struct rb_slice text = rb_written(&w);
    rb_put_u8(&w, '\n');
    for (uint64_t i = 0; i < 20; i++)
        fixture_cosign(&peer, &other, i, text, &w);
    fixture_sign(&log, &sk, text, &w);
    assert_int_equal(rb_note_decode(rb_written(&w), &n, NULL), RB_OK);
    rb_note_only(&n, &log, &only);
    assert_int_equal(open_as(rb_written(&only), &log), RB_OK);
    struct rb_fork f = {rb_written(&only), rb_written(&only), root, {.n = RB_MAX_PROOF}};
    uint8_t out[8192];
    struct rb_writer e = rb_writer(out, sizeof out);
    rb_fork_encode(&f, &e);
    assert_true(e.n < 4096);
    assert_int_equal(rb_fork_decode(rb_written(&e), &f, NULL), RB_OK);
}

static void fork_with_extension_lines(void **state) {
    (void)state;
    struct two_histories t;
    histories_begin(&t, 7, 7);
    struct rb_hash root;
    struct rb_writer w = rb_writer(t.note_a, sizeof t.note_a), c = rb_writer(buf, sizeof buf);
    rb_tree_root(&t.a.tree, 7, &root);
    rb_checkpoint_text(t.log.name, 7, &root, &w);
    rb_put_z(&w, "extension\n");
    const struct rb_slice text = rb_written(&w);
    rb_put_u8(&w, '\n');
    fixture_sign(&t.log, &t.sk, text, &w);
    t.fork.note_a = rb_written(&w);
    assert_int_equal(rb_fork_verify(&t.fork, &t.log, NULL), RB_OK);
    assert_int_equal(rb_fork_compact_encode(&t.fork, &t.log, &c), RB_ERR_UNSUPPORTED);
    histories_end(&t);
}

/* evidence put together by another program (test/fuzz/make_seeds_tlog.py) from the spec alone */
static void fork_evidence_made_elsewhere(void **state) {
    (void)state;
    static const struct {
        const char *name;
        enum rb_err err;
    } c[] = {
        {"text-equal", RB_OK},
        {"text", RB_OK},
        {"text-no-fork", RB_ERR_PROOF},
        {"text-extension", RB_OK},
        {"compact-equal", RB_OK},
        {"compact", RB_OK},
        {"compact-no-fork", RB_ERR_PROOF},
    };
    struct rb_seckey sk;
    const struct rb_vkey log = fixture_key(7, "readback/fuzz", RB_SIG_ED25519, &sk);
    const char *root = getenv("READBACK_ROOT");
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/test/fuzz/corpus/fuzz_fork/%s", root == NULL ? "." : root,
                 c[i].name);
        FILE *f = fopen(path, "rb");
        assert_non_null(f);
        const size_t n = fread(buf, 1, sizeof buf, f);
        fclose(f);
        assert_true(n > 1);
        const struct rb_slice in = rb_slice(buf + 1, n - 1); /* the first byte is the target's */
        const enum rb_err e = buf[0] == 0 ? text_verify(in, &log)
                                          : rb_fork_compact_verify(in, log.name, &log.key, NULL);
        assert_int_equal(e, c[i].err);
    }
}

int main(void) {
    const struct CMUnitTest tlog[] = {
        cmocka_unit_test(tree_append_without_room_changes_nothing),
        cmocka_unit_test(tree_truncate_forgets),
        cmocka_unit_test(vkey_round_trip),
        cmocka_unit_test(vkey_other_types_unsupported),
        cmocka_unit_test(note_signed_by_known_and_unknown),
        cmocka_unit_test(note_bad_beside_good_is_bad),
        cmocka_unit_test(note_every_bit_counts),
        cmocka_unit_test(note_signature_count),
        cmocka_unit_test(note_refusals),
        cmocka_unit_test(note_long_signatures_are_ignored),
        cmocka_unit_test(cosignature_earliest_time),
        cmocka_unit_test(cosignature_bounds),
        cmocka_unit_test(checkpoint_lines),
        cmocka_unit_test(checkpoint_open_wants_its_log),
        cmocka_unit_test(tile_paths),
        cmocka_unit_test(tile_paths_refused),
        cmocka_unit_test(tile_of_70000),
        cmocka_unit_test(tile_hashes_of_a_log),
        cmocka_unit_test(add_checkpoint_round_trip),
        cmocka_unit_test(add_checkpoint_refusals),
        cmocka_unit_test(package_bounds),
        cmocka_unit_test(add_entries_cut_anywhere),
        cmocka_unit_test(add_entries_proofs_hold),
        cmocka_unit_test(add_entries_refusals),
        cmocka_unit_test(mirror_info),
        cmocka_unit_test(tlog_proof_round_trip),
        cmocka_unit_test(old_root_of_a_proof),
        cmocka_unit_test(fork_as_the_text_of_a_code),
        cmocka_unit_test(fork_proved_and_tamper_proof),
        cmocka_unit_test(fork_honest_log_is_safe),
        cmocka_unit_test(fork_not_from_empty_trees),
        cmocka_unit_test(fork_evidence_stays_small),
        cmocka_unit_test(fork_with_extension_lines),
        cmocka_unit_test(fork_evidence_made_elsewhere),
    };
    if (rb_crypto_init() != RB_OK) return 1;
    return cmocka_run_group_tests(tlog, NULL, NULL);
}
