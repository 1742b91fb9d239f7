/* Ed25519 against other people's vectors: RFC 8032, the classic sign.input, Wycheproof, and the
 * CCTV edge cases, which have no right answer: here stands which ones we take (spec 2.3.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "readback/crypto.h"
#include "readback/text.h"

static int setup(void **state) {
    (void)state;
    return rb_crypto_init() == RB_OK ? 0 : -1;
}

static void vector_path(const char *name, char *out, size_t cap) {
    const char *shared = getenv("READBACK_SHARED"), *root = getenv("READBACK_ROOT");
    if (shared != NULL)
        snprintf(out, cap, "%s/vectors/ed25519/%s", shared, name);
    else
        snprintf(out, cap, "%s/../shared/vectors/ed25519/%s", root == NULL ? "." : root, name);
    if (access(out, R_OK) != 0) {
        print_message("skipped: %s is not there\n", out);
        skip();
    }
}

/* Opens a vector file, through gzip where it is packed. */
static FILE *vector_open(const char *name) {
    char path[512], command[600];
    vector_path(name, path, sizeof path);
    snprintf(command, sizeof command, "gzip -dcf '%s'", path);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    return f;
}

static json_t *vector_json(const char *name) {
    json_error_t error;
    FILE *f = vector_open(name);
    json_t *all = json_loadf(f, 0, &error);
    assert_int_equal(pclose(f), 0);
    assert_non_null(all);
    return all;
}

static struct rb_slice unhex(struct rb_slice hex, void *out, size_t cap) {
    assert_true(hex.n % 2 == 0 && hex.n / 2 <= cap);
    assert_int_equal(rb_hex_decode(hex, out, hex.n / 2), RB_OK);
    return rb_slice(out, hex.n / 2);
}

static struct rb_slice member(const json_t *object, const char *name, void *out, size_t cap) {
    const char *z = json_string_value(json_object_get(object, name));
    assert_non_null(z);
    return unhex(rb_str(z), out, cap);
}

/* Signing gives these very bytes, and they verify. */
static void check_signer(const uint8_t *seed, const struct rb_key *pub, struct rb_slice msg,
                         const uint8_t *sig) {
    struct rb_seckey key;
    uint8_t ours[RB_SIG_LEN];
    rb_ed25519_from_seed(seed, &key);
    assert_true(rb_key_eq(&key.pub, pub));
    assert_int_equal(rb_ed25519_key_check(pub), RB_OK);
    rb_ed25519_sign(&key, msg, ours);
    assert_memory_equal(ours, sig, sizeof ours);
    assert_int_equal(rb_ed25519_verify(pub, msg, sig), RB_OK);
}

static void rfc8032(void **state) {
    (void)state;
    json_t *all = vector_json("rfc8032.json"), *v;
    size_t i;
    json_array_foreach(all, i, v) {
        uint8_t seed[32], sig[64], msg[2048];
        struct rb_key pub;
        assert_int_equal(member(v, "secret", seed, 32).n, 32);
        assert_int_equal(member(v, "public", pub.b, 32).n, 32);
        assert_int_equal(member(v, "signature", sig, 64).n, 64);
        check_signer(seed, &pub, member(v, "message", msg, sizeof msg), sig);
    }
    assert_true(i >= 4);
    json_decref(all);
}

/* sk|pk : pk : msg : sig|msg */
static void sign_input(void **state) {
    (void)state;
    static char line[16384];
    FILE *f = vector_open("sign.input.gz");
    size_t lines = 0;
    for (; fgets(line, sizeof line, f) != NULL; lines++) {
        struct rb_slice s = rb_str(line), field[4];
        uint8_t secret[64], sig[64 + 2048], msg[2048];
        struct rb_key pub;
        size_t at = 0;
        for (size_t k = 0; k < 4; k++) {
            size_t end = rb_slice_find(s, at, ':');
            assert_true(end < s.n);
            field[k] = rb_slice_sub(s, at, end);
            at = end + 1;
        }
        assert_int_equal(unhex(field[0], secret, sizeof secret).n, 64);
        assert_int_equal(unhex(field[1], pub.b, sizeof pub.b).n, 32);
        struct rb_slice m = unhex(field[2], msg, sizeof msg);
        assert_int_equal(unhex(field[3], sig, sizeof sig).n, 64 + m.n);
        check_signer(secret, &pub, m, sig);
    }
    assert_int_equal(pclose(f), 0);
    assert_int_equal(lines, 128);
}

static void check_wycheproof(const struct rb_key *pub, const json_t *test) {
    uint8_t msg[4096], sig[256];
    struct rb_slice m = member(test, "msg", msg, sizeof msg);
    struct rb_slice s = member(test, "sig", sig, sizeof sig);
    bool valid = strcmp(json_string_value(json_object_get(test, "result")), "valid") == 0;
    /* a signature of another length cannot reach rb_ed25519_verify: its type has 64 bytes */
    bool ok = s.n == RB_SIG_LEN && rb_ed25519_verify(pub, m, sig) == RB_OK;
    if (ok != valid)
        print_error("tcId %lld\n", (long long)json_integer_value(json_object_get(test, "tcId")));
    assert_int_equal(ok, valid);
}

static void wycheproof(void **state) {
    (void)state;
    json_t *all = vector_json("wycheproof_ed25519_test.json"), *group, *test;
    size_t g, t, count = 0;
    json_array_foreach(json_object_get(all, "testGroups"), g, group) {
        struct rb_key pub;
        assert_int_equal(member(json_object_get(group, "publicKey"), "pk", pub.b, 32).n, 32);
        json_array_foreach(json_object_get(group, "tests"), t, test) {
            check_wycheproof(&pub, test);
            count++;
        }
    }
    assert_int_equal(count, json_integer_value(json_object_get(all, "numberOfTests")));
    json_decref(all);
}

static bool flagged(const json_t *test, const char *flag) {
    json_t *f;
    size_t i;
    json_array_foreach(json_object_get(test, "flags"), i, f) {
        if (strcmp(json_string_value(f), flag) == 0) return true;
    }
    return false;
}

/* Taken are the points that every verifier agrees on; keys with a small-order part never come in.
 */
static void cctv(void **state) {
    (void)state;
    static const char *const refused[] = {"low_order_A", "low_order_R", "low_order_residue",
                                          "non_canonical_A", "non_canonical_R"};
    json_t *all = vector_json("cctv_ed25519vectors.json.gz"), *test;
    size_t i, taken = 0, keys = 0;
    json_array_foreach(all, i, test) {
        struct rb_key pub;
        uint8_t sig[64];
        assert_int_equal(member(test, "key", pub.b, 32).n, 32);
        assert_int_equal(member(test, "sig", sig, 64).n, 64);
        bool want = true, ok, key_ok;
        for (size_t k = 0; k < sizeof refused / sizeof refused[0]; k++)
            want &= !flagged(test, refused[k]);
        struct rb_slice msg = rb_str(json_string_value(json_object_get(test, "msg")));
        ok = rb_ed25519_verify(&pub, msg, sig) == RB_OK;
        key_ok = rb_ed25519_key_check(&pub) == RB_OK;
        assert_int_equal(ok, want);
        assert_int_equal(key_ok, !flagged(test, "low_order_A") &&
                                     !flagged(test, "low_order_component_A") &&
                                     !flagged(test, "non_canonical_A"));
        taken += ok;
        keys += key_ok;
    }
    assert_int_equal(i, 914);
    assert_true(taken > 0 && keys > 0);
    json_decref(all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc8032),
        cmocka_unit_test(sign_input),
        cmocka_unit_test(wycheproof),
        cmocka_unit_test(cctv),
    };
    return cmocka_run_group_tests_name("ed25519 vectors", tests, setup, NULL);
}
