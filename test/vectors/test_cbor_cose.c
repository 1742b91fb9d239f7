/* Other people's CBOR and COSE: appendix A of RFC 8949, and the Ed25519 examples of the COSE
 * working group. Their headers are not ours (key id unprotected, content type), so the messages
 * themselves are refused; structure and signature are checked piece by piece. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "readback/record.h"
#include "readback/text.h"

static json_t *load(const char *name) {
    char path[512];
    json_error_t error;
    const char *shared = getenv("READBACK_SHARED"), *root = getenv("READBACK_ROOT");
    if (shared != NULL)
        snprintf(path, sizeof path, "%s/vectors/%s", shared, name);
    else
        snprintf(path, sizeof path, "%s/../shared/vectors/%s", root == NULL ? "." : root, name);
    if (access(path, R_OK) != 0) {
        print_message("skipped: %s is not there\n", path);
        skip();
    }
    json_t *all =
        json_load_file(path, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
    assert_non_null(all);
    return all;
}

static struct rb_slice unhex(const char *hex, uint8_t *out, size_t cap) {
    char lower[4096];
    const size_t n = strlen(hex);
    assert_true(n / 2 <= cap && n < sizeof lower);
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)(hex[i] >= 'A' && hex[i] <= 'F' ? hex[i] + 32 : hex[i]);
    assert_int_equal(rb_hex_decode(rb_slice(lower, n), out, n / 2), RB_OK);
    return rb_slice(out, n / 2);
}

/* ---- CBOR ---------------------------------------------------------------------------------------
 */

/* writes again what it reads, item by item; false at anything that the profile does not have */
static bool copy_item(struct rb_reader *r, struct rb_writer *w) {
    struct rb_cbor_head h;
    struct rb_slice s;
    if (rb_cbor_peek(r, &h) != RB_OK) return false;
    if (h.type == RB_CBOR_BYTES || h.type == RB_CBOR_TEXT) {
        const bool text = h.type == RB_CBOR_TEXT;
        if ((text ? rb_cbor_get_text(r, &s) : rb_cbor_get_bytes(r, &s)) != RB_OK) return false;
        if (text)
            rb_cbor_put_text(w, s);
        else
            rb_cbor_put_bytes(w, s);
        return true;
    }
    if (rb_cbor_get_head(r, &h) != RB_OK || h.type == RB_CBOR_TAG) return false;
    rb_cbor_put_head(w, h.type, h.arg);
    uint64_t items = h.type == RB_CBOR_ARRAY ? h.arg : h.type == RB_CBOR_MAP ? 2 * h.arg : 0;
    for (; items > 0; items--)
        if (!copy_item(r, w)) return false;
    return true;
}

/* By the appendix 65 items round-trip; without undefined and the other simple values 61. Of those
 * our profile has no floats (16) and a record's body no tags (8, one of them around a float). */
static void appendix_a(void **state) {
    (void)state;
    json_t *all = load("cbor/appendix_a.json"), *item;
    size_t index, taken = 0, deterministic = 0;
    json_array_foreach(all, index, item) {
        uint8_t in_bytes[256], out[256];
        const struct rb_slice in =
            unhex(json_string_value(json_object_get(item, "hex")), in_bytes, sizeof in_bytes);
        struct rb_writer w = rb_writer(out, sizeof out);
        struct rb_reader r = rb_reader(in);
        const uint8_t first = in.p[0];
        const bool round = json_is_true(json_object_get(item, "roundtrip"));
        const bool simple =
            first >> 5 == 7 && (first & 31) < 25 && !(first >= 0xf4 && first <= 0xf6);
        const bool tag = first >> 5 == 6, real = first >= 0xf9 && first <= 0xfb;
        deterministic += round && !simple;
        const bool want = round && !simple && !tag && !real;
        assert_int_equal(rb_cbor_check(in, NULL) == RB_OK, want);
        if (!want) continue;
        taken++;
        assert_true(copy_item(&r, &w));
        assert_true(rb_slice_eq(rb_written(&w), in));
        for (size_t n = 0; n < in.n; n++)
            assert_int_not_equal(rb_cbor_check(rb_slice(in.p, n), NULL), RB_OK);
    }
    assert_int_equal(index, 82);
    assert_int_equal(deterministic, 61);
    assert_int_equal(taken, 37);
    json_decref(all);
}

/* ---- COSE ---------------------------------------------------------------------------------------
 */

static const json_t *path(const json_t *j, const char *a, const char *b, const char *c) {
    const char *names[3] = {a, b, c};
    for (int i = 0; i < 3 && names[i] != NULL; i++) {
        if (json_is_array(j)) j = json_array_get(j, 0);
        j = json_object_get(j, names[i]);
    }
    return j;
}

/* payload, protected header(s) and signature as they stand in the example's message */
struct example {
    struct rb_slice outer, protected, payload, sig;
};

static void take_head(struct rb_reader *r, enum rb_cbor_type type, uint64_t arg) {
    struct rb_cbor_head h;
    assert_int_equal(rb_cbor_get_head(r, &h), RB_OK);
    assert_true(h.type == type && h.arg == arg);
}

static void open_example(struct rb_slice in, bool one, struct example *e) {
    struct rb_reader r = rb_reader(in);
    take_head(&r, RB_CBOR_TAG, one ? 18 : 98);
    take_head(&r, RB_CBOR_ARRAY, 4);
    assert_int_equal(rb_cbor_get_bytes(&r, &e->outer), RB_OK);
    assert_int_equal(rb_cbor_skip(&r, NULL), RB_OK);
    assert_int_equal(rb_cbor_get_bytes(&r, &e->payload), RB_OK);
    if (!one) {
        take_head(&r, RB_CBOR_ARRAY, 1);
        take_head(&r, RB_CBOR_ARRAY, 3);
        assert_int_equal(rb_cbor_get_bytes(&r, &e->protected), RB_OK);
        assert_int_equal(rb_cbor_skip(&r, NULL), RB_OK);
    }
    assert_int_equal(rb_cbor_get_bytes(&r, &e->sig), RB_OK);
    assert_int_equal(rb_get_end(&r), RB_OK);
}

static void structure(const struct example *e, bool one, struct rb_slice aad, struct rb_writer *w) {
    rb_cbor_put_array(w, one ? 4 : 5);
    rb_cbor_put_text(w, rb_str(one ? "Signature1" : "Signature"));
    rb_cbor_put_bytes(w, e->outer);
    if (!one) rb_cbor_put_bytes(w, e->protected);
    rb_cbor_put_bytes(w, aad);
    rb_cbor_put_bytes(w, e->payload);
}

static void ed25519_example(const char *name, bool one) {
    static struct rb_record rec;
    uint8_t message[1024], want[1024], out[1024];
    struct rb_key pub;
    struct example e = {0};
    json_t *all = load(name);
    const char *kind = one ? "sign0" : "sign";
    const json_t *signer = path(all, "input", kind, NULL);
    if (!one) signer = json_array_get(json_object_get(signer, "signers"), 0);
    unhex(json_string_value(path(signer, "key", "x_hex", NULL)), pub.b, RB_KEY_LEN);
    const struct rb_slice in =
        unhex(json_string_value(path(all, "output", "cbor", NULL)), message, sizeof message);
    const json_t *steps = json_object_get(all, "intermediates");
    const struct rb_slice tbs =
        unhex(json_string_value(one ? path(steps, "ToBeSign_hex", NULL, NULL)
                                    : path(steps, "signers", "ToBeSign_hex", NULL)),
              want, sizeof want);
    open_example(in, one, &e);
    struct rb_writer w = rb_writer(out, sizeof out);
    structure(&e, one, rb_slice(NULL, 0), &w);
    assert_true(rb_slice_eq(rb_written(&w), tbs));
    assert_int_equal(rb_ed25519_verify(&pub, rb_written(&w), e.sig.p), RB_OK);
    /* with external data the structure is another one */
    w = rb_writer(out, sizeof out);
    structure(&e, one, rb_str("readback/"), &w);
    assert_int_equal(rb_ed25519_verify(&pub, rb_written(&w), e.sig.p), RB_ERR_SIGNATURE);
    assert_int_equal(rb_record_decode(in, &rec, NULL), RB_ERR_MALFORMED);
    json_decref(all);
}

static void cose_sign1(void **state) {
    (void)state;
    ed25519_example("cose/eddsa-examples/eddsa-sig-01.json", true);
}
static void cose_sign(void **state) {
    (void)state;
    ed25519_example("cose/eddsa-examples/eddsa-01.json", false);
}

/* other algorithms and broken messages: refused for what they are, before any signature is looked
 * at */
static void other_messages_are_refused(void **state) {
    (void)state;
    static const char *const names[] = {
        "cose/eddsa-examples/eddsa-02.json",  "cose/eddsa-examples/eddsa-sig-02.json",
        "cose/sign1-tests/sign-pass-01.json", "cose/sign1-tests/sign-pass-02.json",
        "cose/sign1-tests/sign-pass-03.json", "cose/sign1-tests/sign-fail-01.json",
        "cose/sign1-tests/sign-fail-02.json", "cose/sign1-tests/sign-fail-03.json",
        "cose/sign1-tests/sign-fail-04.json", "cose/sign1-tests/sign-fail-06.json",
        "cose/sign1-tests/sign-fail-07.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        static struct rb_record rec;
        uint8_t message[1024];
        struct rb_reject rj = {0};
        json_t *all = load(names[i]);
        const char *hex = json_string_value(path(all, "output", "cbor", NULL));
        const struct rb_slice in = unhex(hex, message, sizeof message);
        assert_int_equal(rb_record_decode(in, &rec, &rj), RB_ERR_MALFORMED);
        assert_int_equal(rj.clause[0], '3');
        json_decref(all);
    }
}

/* our own structure against the same text built from the RFC's definition (RFC 9052, 4.4) */
static void our_structure(void **state) {
    (void)state;
    static const uint8_t kid[RB_KID_LEN] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const char *const want[2] = {
        "846a5369676e6174757265314da201270448010203040506070842616243a10100",
        "85695369676e6174757265404da201270448010203040506070842616243a10100"};
    for (size_t total = 1; total <= 2; total++) {
        uint8_t out[128], bytes[128];
        struct rb_writer w = rb_writer(out, sizeof out);
        rb_record_tbs(rb_slice("\xa1\x01\x00", 3), rb_str("ab"), kid, total, &w);
        assert_true(rb_slice_eq(rb_written(&w), unhex(want[total - 1], bytes, sizeof bytes)));
    }
}

int main(void) {
    const struct CMUnitTest cbor_cose[] = {
        cmocka_unit_test(appendix_a),    cmocka_unit_test(cose_sign1),
        cmocka_unit_test(cose_sign),     cmocka_unit_test(other_messages_are_refused),
        cmocka_unit_test(our_structure),
    };
    if (rb_crypto_init() != RB_OK) return 1;
    return cmocka_run_group_tests(cbor_cose, NULL, NULL);
}
