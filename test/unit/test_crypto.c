/* The room crypto: hashes, signatures, fingerprints, and key files as other programs read them. The
 * programs (openssl, ssh-keygen, age-keygen, python3 with nacl) share no code with ours; where one
 * is missing its test is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <pthread.h>
#include <unistd.h>
#include "readback/crypto.h"
#include "readback/text.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static char dir[] = "/tmp/readback-test-crypto-XXXXXX";

static int setup(void **state) {
    (void)state;
    return rb_crypto_init() == RB_OK && rb_crypto_init() == RB_OK && mkdtemp(dir) != NULL ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    char cmd[80];
    snprintf(cmd, sizeof cmd, "rm -r %s", dir);
    return system(cmd);
}

static void write_file(const char *name, struct rb_slice s) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(s.p, 1, s.n, f), s.n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static struct rb_slice read_stream(FILE *f, char *buf, size_t cap) {
    assert_non_null(f);
    return rb_slice(buf, fread(buf, 1, cap, f));
}

static struct rb_slice read_file(const char *name, char *buf, size_t cap) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "r");
    struct rb_slice s = read_stream(f, buf, cap);
    fclose(f);
    return s;
}

/* Runs a shell command in the test's directory; fails the test unless it ends well. */
static struct rb_slice run(const char *command, char *buf, size_t cap) {
    char line[1024];
    snprintf(line, sizeof line, "cd %s && { %s; } 2>&1", dir, command);
    FILE *f = popen(line, "r");
    struct rb_slice s = read_stream(f, buf, cap);
    int rc = pclose(f);
    if (rc != 0) print_error("%s\n%.*s\n", line, (int)s.n, buf);
    assert_int_equal(rc, 0);
    return s;
}

static void need(const char *test) {
    char line[256];
    snprintf(line, sizeof line, "%s >/dev/null 2>&1", test);
    if (system(line) != 0) skip();
}

static struct rb_seckey test_key(uint8_t first) {
    uint8_t seed[RB_SEED_LEN];
    struct rb_seckey key;
    for (size_t i = 0; i < sizeof seed; i++)
        seed[i] = (uint8_t)(first + i);
    rb_ed25519_from_seed(seed, &key);
    return key;
}

static void assert_hex(const void *p, size_t n, const char *hex) {
    char buf[256];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_hex(&w, p, n);
    assert_string_equal(rb_writer_z(&w), hex);
}

/* ---- hashes ------------------------------------------------------------------------------- */

static void sha256_of_known_inputs(void **state) {
    (void)state;
    struct rb_hash h, parts;
    rb_sha256(rb_slice(NULL, 0), &h);
    assert_hex(h.b, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    rb_sha256(rb_str("abc"), &h);
    assert_hex(h.b, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const struct rb_slice in[] = {rb_str("a"), rb_slice(NULL, 0), rb_str("bc")};
    rb_sha256v(in, N(in), &parts);
    assert_true(rb_hash_eq(&h, &parts));
    rb_sha256v(NULL, 0, &parts);
    assert_false(rb_hash_eq(&h, &parts));
    static uint8_t million[1000000];
    memset(million, 'a', sizeof million);
    rb_sha256(rb_slice(million, sizeof million), &h);
    assert_hex(h.b, 32, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void *hash_chain(void *out) {
    struct rb_hash h = {{0}};
    for (int i = 0; i < 20000; i++)
        rb_sha256(rb_slice(h.b, sizeof h.b), &h);
    memcpy(out, &h, sizeof h);
    return NULL;
}

static void threads_do_not_share_a_context(void **state) {
    (void)state;
    struct rb_hash want, got[3];
    pthread_t t[3];
    hash_chain(&want);
    for (size_t i = 0; i < N(t); i++)
        assert_int_equal(pthread_create(&t[i], NULL, hash_chain, &got[i]), 0);
    for (size_t i = 0; i < N(t); i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
        assert_true(rb_hash_eq(&want, &got[i]));
    }
}

/* ---- Ed25519 ------------------------------------------------------------------------------ */

static void signatures_hold_for_their_bytes_only(void **state) {
    (void)state;
    struct rb_seckey key = test_key(1), other = test_key(2);
    uint8_t sig[RB_SIG_LEN], again[RB_SIG_LEN];
    uint8_t msg[] = "read back";
    struct rb_slice m = rb_slice(msg, sizeof msg);
    rb_ed25519_sign(&key, m, sig);
    rb_ed25519_sign(&key, m, again);
    assert_memory_equal(sig, again, sizeof sig);
    assert_int_equal(rb_ed25519_verify(&key.pub, m, sig), RB_OK);
    assert_int_equal(rb_ed25519_verify(&other.pub, m, sig), RB_ERR_SIGNATURE);
    for (size_t i = 0; i < sizeof sig * 8; i++) {
        sig[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(rb_ed25519_verify(&key.pub, m, sig), RB_ERR_SIGNATURE);
        sig[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    for (size_t i = 0; i < sizeof msg; i++) {
        msg[i] ^= 1;
        assert_int_equal(rb_ed25519_verify(&key.pub, m, sig), RB_ERR_SIGNATURE);
        msg[i] ^= 1;
    }
    rb_ed25519_sign(&key, rb_slice(NULL, 0), sig);
    assert_int_equal(rb_ed25519_verify(&key.pub, rb_slice(NULL, 0), sig), RB_OK);
}

static void unusable_keys_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        /* small order: neutral, order 2, 4, 8; with the sign bit; y = p + 1 and y = p */
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        /* not on the curve */
        "0200000000000000000000000000000000000000000000000000000000000000",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    struct rb_seckey good = test_key(9);
    struct rb_key key;
    assert_int_equal(rb_ed25519_key_check(&good.pub), RB_OK);
    for (size_t i = 0; i < N(bad); i++) {
        assert_int_equal(rb_hex_decode(rb_str(bad[i]), key.b, sizeof key.b), RB_OK);
        assert_int_equal(rb_ed25519_key_check(&key), RB_ERR_MALFORMED);
    }
}

/* ---- names of keys ------------------------------------------------------------------------ */

static void names_of_keys_follow_the_spec(void **state) {
    (void)state;
    struct rb_seckey key = test_key(0);
    struct rb_hash h, party;
    uint8_t kid[RB_KID_LEN];
    assert_hex(key.pub.b, 32, "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
    rb_sha256(rb_slice(key.pub.b, 32), &h);
    rb_party_hash(&key.pub, &party);
    assert_hex(party.b, 32, "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c");
    assert_true(rb_hash_eq(&h, &party));
    rb_key_id(&key.pub, kid);
    assert_memory_equal(kid, h.b, sizeof kid);
}

static void fingerprints_are_over_handle_and_key(void **state) {
    (void)state;
    struct rb_seckey key = test_key(0), other = test_key(1);
    char fp[48], fp2[48];
    rb_fingerprint(rb_str("north"), &key.pub, fp);
    assert_string_equal(fp, "68746 18550 36869 61045 09057 08020 24161 35174");
    rb_fingerprint(rb_str("south"), &key.pub, fp2);
    assert_string_not_equal(fp, fp2);
    rb_fingerprint(rb_str("north"), &other.pub, fp2);
    assert_string_not_equal(fp, fp2);
}

static void fingerprints_are_compared_as_people_type_them(void **state) {
    (void)state;
    struct rb_seckey key = test_key(0);
    char fp[48], dashes[48], bare[48] = {0}, wrong[64];
    size_t n = 0;
    rb_fingerprint(rb_str("north"), &key.pub, fp);
    for (size_t i = 0; i < sizeof fp; i++) {
        dashes[i] = fp[i] == ' ' ? '-' : fp[i];
        if (fp[i] != ' ') bare[n++] = fp[i];
    }
    assert_int_equal(strlen(bare), RB_FINGERPRINT_DIGITS);
    assert_true(rb_fingerprint_matches(fp, rb_str(fp)));
    assert_true(rb_fingerprint_matches(fp, rb_str(dashes)));
    assert_true(rb_fingerprint_matches(fp, rb_str(bare)));
    for (size_t i = 0; i < RB_FINGERPRINT_DIGITS; i++) {
        memcpy(wrong, bare, sizeof bare);
        wrong[i] = (char)(wrong[i] == '9' ? '0' : wrong[i] + 1);
        assert_false(rb_fingerprint_matches(fp, rb_str(wrong)));
        assert_false(rb_fingerprint_matches(fp, rb_slice(bare, i)));
    }
    assert_false(rb_fingerprint_matches(fp, rb_slice(NULL, 0)));
    snprintf(wrong, sizeof wrong, "%s1", bare);
    assert_false(rb_fingerprint_matches(fp, rb_str(wrong)));
    snprintf(wrong, sizeof wrong, "%sx", bare);
    assert_false(rb_fingerprint_matches(fp, rb_str(wrong)));
}

/* ---- PKCS#8, SPKI ------------------------------------------------------------------------- */

static void pkcs8_round_trips_with_openssl(void **state) {
    (void)state;
    need("openssl version");
    struct rb_seckey key = test_key(3), back;
    char ours[256], theirs[256], spki[256];
    struct rb_writer w = rb_writer(ours, sizeof ours), p = rb_writer(spki, sizeof spki);
    assert_int_equal(rb_pkcs8_encode(&key, &w), RB_OK);
    rb_spki_encode(&key.pub, &p);
    write_file("ours.pem", rb_written(&w));
    struct rb_slice out = run("openssl pkey -in ours.pem", theirs, sizeof theirs);
    assert_true(rb_slice_eq(out, rb_written(&w)));
    out = run("openssl pkey -in ours.pem -pubout", theirs, sizeof theirs);
    assert_true(rb_slice_eq(out, rb_written(&p)));

    run("openssl genpkey -algorithm ed25519 -out theirs.pem", theirs, sizeof theirs);
    out = read_file("theirs.pem", theirs, sizeof theirs);
    assert_int_equal(rb_pkcs8_decode(out, &back, NULL), RB_OK);
    p = rb_writer(spki, sizeof spki);
    rb_spki_encode(&back.pub, &p);
    out = run("openssl pkey -in theirs.pem -pubout", theirs, sizeof theirs);
    assert_true(rb_slice_eq(out, rb_written(&p)));
}

static void pkcs8_refuses_every_other_spelling(void **state) {
    (void)state;
    struct rb_seckey key = test_key(3), back, before;
    char pem[256];
    struct rb_writer w = rb_writer(pem, sizeof pem - 1);
    struct rb_reject rj = {0};
    assert_int_equal(rb_pkcs8_encode(&key, &w), RB_OK);
    assert_int_equal(rb_pkcs8_decode(rb_written(&w), &back, NULL), RB_OK);
    assert_memory_equal(&back, &key, sizeof key);
    assert_int_equal(rb_pkcs8_decode(rb_slice(pem, w.n - 1), &back, NULL), RB_OK);
    before = back;
    for (size_t n = 0; n + 1 < w.n; n++)
        assert_int_equal(rb_pkcs8_decode(rb_slice(pem, n), &back, NULL), RB_ERR_MALFORMED);
    pem[w.n] = '\n';
    assert_int_equal(rb_pkcs8_decode(rb_slice(pem, w.n + 1), &back, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "2.4.1");
    pem[40] ^= 1; /* inside the fixed bytes before the seed: another algorithm */
    assert_int_equal(rb_pkcs8_decode(rb_written(&w), &back, &rj), RB_ERR_UNSUPPORTED);
    pem[40] = '*';
    assert_int_equal(rb_pkcs8_decode(rb_written(&w), &back, &rj), RB_ERR_MALFORMED);
    assert_memory_equal(&back, &before, sizeof back);
    w = rb_writer(pem, 100);
    assert_int_equal(rb_pkcs8_encode(&key, &w), RB_ERR_LIMIT);
}

/* ---- OpenSSH ------------------------------------------------------------------------------ */

static void openssh_keys_read_both_ways(void **state) {
    (void)state;
    need("command -v ssh-keygen");
    struct rb_seckey key = test_key(4);
    struct rb_key back;
    struct rb_hash h;
    char line[256], out[512], want[128];
    uint8_t blob[51];
    size_t n = 0;
    struct rb_writer w = rb_writer(line, sizeof line), f = rb_writer(want, sizeof want);
    rb_openssh_pub_encode(&key.pub, rb_str("watch@north"), &w);
    write_file("ours.pub", rb_written(&w));
    struct rb_slice b64 = rb_slice_sub(rb_written(&w), 12, 12 + 68);
    assert_int_equal(rb_base64_decode(b64, blob, sizeof blob, &n), RB_OK);
    rb_sha256(rb_slice(blob, n), &h);
    rb_put_z(&f, "256 SHA256:");
    rb_put_base64(&f, h.b, sizeof h.b);
    f.n--; /* ssh-keygen leaves the padding out */
    rb_put_z(&f, " watch@north (ED25519)\n");
    assert_true(rb_slice_eq(run("ssh-keygen -l -f ours.pub", out, sizeof out), rb_written(&f)));

    run("ssh-keygen -q -t ed25519 -N '' -C 'an officer' -f theirs", out, sizeof out);
    struct rb_slice theirs = read_file("theirs.pub", out, sizeof out);
    assert_int_equal(rb_openssh_pub_decode(theirs, &back, NULL), RB_OK);
    w = rb_writer(line, sizeof line);
    rb_openssh_pub_encode(&back, rb_str("an officer"), &w);
    assert_true(rb_slice_eq(rb_written(&w), theirs));
}

static void openssh_lines_are_refused_unless_whole(void **state) {
    (void)state;
    struct rb_seckey key = test_key(4);
    struct rb_key back = {{0}};
    struct rb_reject rj = {0};
    char line[256];
    struct rb_writer w = rb_writer(line, sizeof line);
    rb_openssh_pub_encode(&key.pub, rb_str("two\nlines"), &w);
    assert_int_equal(w.n, 12 + 68 + 1); /* the comment that broke the line is left out */
    assert_int_equal(rb_openssh_pub_decode(rb_written(&w), &back, NULL), RB_OK);
    assert_true(rb_key_eq(&back, &key.pub));
    for (size_t n = 0; n + 1 < w.n; n++)
        assert_int_equal(rb_openssh_pub_decode(rb_slice(line, n), &back, NULL), RB_ERR_MALFORMED);
    static const char *const bad[] = {
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==",
        "ssh-ed25519  AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4 \x1b[2J"};
    for (size_t i = 0; i < N(bad); i++) {
        assert_int_equal(rb_openssh_pub_decode(rb_str(bad[i]), &back, &rj), RB_ERR_MALFORMED);
        assert_string_equal(rj.clause, "2.4.3");
    }
    const char *zero =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_int_equal(rb_openssh_pub_decode(rb_str(zero), &back, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "2.3.2");
    assert_true(rb_key_eq(&back, &key.pub));
}

/* ---- age ---------------------------------------------------------------------------------- */

static void age_keys_read_both_ways(void **state) {
    (void)state;
    need("age-keygen --version");
    struct rb_seckey secret = test_key(5); /* only its 32 bytes matter here */
    struct rb_key recipient;
    uint8_t back[32];
    char identity[80], want[80], out[512];
    struct rb_writer i = rb_writer(identity, sizeof identity), r = rb_writer(want, sizeof want);
    rb_age_identity_encode(secret.seed, &i);
    rb_age_identity_from_seed(secret.seed, &recipient);
    rb_age_recipient_encode(&recipient, &r);
    rb_put_z(&r, "\n");
    write_file("ours.age", rb_written(&i));
    assert_true(rb_slice_eq(run("age-keygen -y ours.age", out, sizeof out), rb_written(&r)));

    struct rb_slice theirs =
        run("age-keygen 2>/dev/null | sed -n 's/^# public key: //p;/^AGE/p'", out, sizeof out);
    struct rb_reader lines = rb_reader(theirs);
    struct rb_slice pub, sec;
    struct rb_key pub_key;
    assert_int_equal(rb_get_line(&lines, &pub), RB_OK);
    assert_int_equal(rb_get_line(&lines, &sec), RB_OK);
    assert_int_equal(rb_age_identity_decode(sec, back), RB_OK);
    assert_int_equal(rb_age_recipient_decode(pub, &pub_key), RB_OK);
    rb_age_identity_from_seed(back, &recipient);
    assert_true(rb_key_eq(&recipient, &pub_key));
    i = rb_writer(identity, sizeof identity);
    rb_age_identity_encode(back, &i);
    assert_true(rb_slice_eq(rb_written(&i), sec));
}

static void age_keys_refuse_any_changed_character(void **state) {
    (void)state;
    struct rb_key recipient, back;
    uint8_t secret[32] = {7}, got[32];
    char text[80];
    rb_age_identity_from_seed(secret, &recipient);
    for (int which = 0; which < 2; which++) {
        struct rb_writer w = rb_writer(text, sizeof text);
        if (which == 0)
            rb_age_recipient_encode(&recipient, &w);
        else
            rb_age_identity_encode(secret, &w);
        for (size_t k = 0; k < w.n; k++) {
            char keep = text[k];
            for (int c = 1; c < 256; c++) {
                text[k] = (char)c;
                bool ok = which == 0 ? rb_age_recipient_decode(rb_written(&w), &back) == RB_OK
                                     : rb_age_identity_decode(rb_written(&w), got) == RB_OK;
                assert_int_equal(ok, text[k] == keep);
            }
            text[k] = keep;
            assert_int_equal(rb_age_recipient_decode(rb_slice(text, k), &back), RB_ERR_MALFORMED);
            assert_int_equal(rb_age_identity_decode(rb_slice(text, k), got), RB_ERR_MALFORMED);
        }
    }
    assert_true(rb_key_eq(&back, &recipient));
    assert_memory_equal(got, secret, sizeof got);
}

static void age_recipients_of_small_order_or_two_spellings_are_refused(void **state) {
    (void)state;
    struct rb_key bad[4] = {{{0}}, {{1}}, {{9}}, {{0}}}, out;
    char text[80];
    bad[2].b[31] = 0x80; /* 9 with the ignored top bit: the base point under another name */
    memset(bad[3].b, 0xff, 32);
    bad[3].b[31] = 0x7f;
    bad[3].b[0] = 0xf6; /* p + 9 */
    for (size_t i = 0; i < N(bad); i++) {
        struct rb_writer w = rb_writer(text, sizeof text);
        rb_age_recipient_encode(&bad[i], &w);
        assert_int_equal(rb_age_recipient_decode(rb_written(&w), &out), RB_ERR_MALFORMED);
    }
    struct rb_key nine = {{9}};
    struct rb_writer w = rb_writer(text, sizeof text);
    rb_age_recipient_encode(&nine, &w);
    assert_int_equal(rb_age_recipient_decode(rb_written(&w), &out), RB_OK);
}

/* ---- sealed key file ---------------------------------------------------------------------- */

static const struct rb_seal_params quick = {
    .mem_kib = 8, .ops = 1, .salt = {1, 2, 3}, .nonce = {4, 5, 6}};

static struct rb_slice seal(char *buf, size_t cap, const struct rb_seckey *key) {
    struct rb_writer w = rb_writer(buf, cap);
    assert_int_equal(rb_seal_encode(key, rb_str("correct horse"), &quick, &w), RB_OK);
    return rb_written(&w);
}

static void sealed_keys_open_with_their_passphrase_only(void **state) {
    (void)state;
    struct rb_seckey key = test_key(6), back = test_key(7);
    struct rb_key pub;
    struct rb_reject rj = {0};
    char file[512];
    struct rb_slice s = seal(file, sizeof file, &key);
    static const char *const wrong[] = {"", "correct hors", "correct horse ", "Correct horse"};
    for (size_t i = 0; i < N(wrong); i++) {
        assert_int_equal(rb_seal_decode(s, rb_str(wrong[i]), &back, &rj), RB_ERR_SIGNATURE);
        assert_string_equal(rj.clause, "2.5.4");
    }
    assert_int_equal(back.seed[0], 7);
    assert_int_equal(rb_seal_public(s, &pub), RB_OK);
    assert_true(rb_key_eq(&pub, &key.pub));
    assert_int_equal(rb_seal_decode(s, rb_str("correct horse"), &back, NULL), RB_OK);
    assert_memory_equal(&back, &key, sizeof key);
}

/* No byte of the file can be changed, dropped or added without refusal. */
static void sealed_keys_refuse_any_changed_byte(void **state) {
    (void)state;
    struct rb_seckey key = test_key(6), back = test_key(7), before = back;
    char file[512];
    struct rb_slice s = seal(file, sizeof file - 1, &key);
    for (size_t i = 0; i < s.n; i++) {
        char keep = file[i];
        file[i] = (char)(keep ^ 1);
        assert_int_not_equal(rb_seal_decode(s, rb_str("correct horse"), &back, NULL), RB_OK);
        file[i] = keep;
        assert_int_equal(rb_seal_decode(rb_slice(file, i), rb_str("correct horse"), &back, NULL),
                         RB_ERR_MALFORMED);
    }
    file[s.n] = '\n';
    s.n++;
    assert_int_equal(rb_seal_decode(s, rb_str("correct horse"), &back, NULL), RB_ERR_MALFORMED);
    assert_memory_equal(&back, &before, sizeof back);
}

static void sealed_keys_are_bounded(void **state) {
    (void)state;
    struct rb_seckey key = test_key(6);
    struct rb_reject rj = {0};
    char file[512], long_pass[1025];
    memset(long_pass, 'x', sizeof long_pass);
    static const struct {
        uint32_t mem_kib, ops;
    } bad[] = {{7, 1}, {1048577, 1}, {UINT32_MAX, 1}, {8, 0}, {8, 17}, {8, UINT32_MAX}};
    for (size_t i = 0; i < N(bad); i++) {
        struct rb_seal_params p = quick;
        struct rb_writer w = rb_writer(file, sizeof file);
        p.mem_kib = bad[i].mem_kib;
        p.ops = bad[i].ops;
        assert_int_equal(rb_seal_encode(&key, rb_str("p"), &p, &w), RB_ERR_LIMIT);
        assert_int_equal(w.n, 0);
    }
    struct rb_writer w = rb_writer(file, sizeof file);
    assert_int_equal(rb_seal_encode(&key, rb_slice(NULL, 0), &quick, &w), RB_ERR_USAGE);
    assert_int_equal(rb_seal_encode(&key, rb_slice(long_pass, 1025), &quick, &w), RB_ERR_LIMIT);
    w = rb_writer(file, 200);
    assert_int_equal(rb_seal_encode(&key, rb_str("p"), &quick, &w), RB_ERR_LIMIT);

    /* a stranger's file must not make us use the machine's memory */
    const char *greedy = "readback-sealed-key/v1\n"
                         "ed25519 A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n"
                         "argon2id13 4294967295 3 AAAAAAAAAAAAAAAAAAAAAA==\n"
                         "xchacha20poly1305 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    assert_int_equal(rb_seal_decode(rb_str(greedy), rb_str("p"), &key, &rj), RB_ERR_LIMIT);
    assert_string_equal(rj.clause, "2.5.2");
}

static void sealed_keys_open_in_python(void **state) {
    (void)state;
    need("/usr/bin/python3 -c 'import nacl'");
    static const char script[] =
        "import base64, nacl.bindings as b, nacl.pwhash.argon2id as a, nacl.signing as s\n"
        "data = open('sealed.key', 'rb').read()\n"
        "lines = data.split(b'\\n')\n"
        "assert lines[0] == b'readback-sealed-key/v1' and lines[5] == b'' and len(lines) == 6\n"
        "alg, pub = lines[1].split(b' ')\n"
        "kdf, mem, ops, salt = lines[2].split(b' ')\n"
        "cipher, nonce = lines[3].split(b' ')\n"
        "d = base64.b64decode\n"
        "key = a.kdf(32, b'correct horse', d(salt), opslimit=int(ops), memlimit=int(mem) * 1024)\n"
        "head = data[:len(data) - len(lines[4]) - 1]\n"
        "seed = b.crypto_aead_xchacha20poly1305_ietf_decrypt(d(lines[4]), head, d(nonce), key)\n"
        "assert bytes(s.SigningKey(seed).verify_key) == d(pub)\n"
        "print(seed.hex())\n";
    struct rb_seckey key = test_key(6);
    char file[512], out[512];
    uint8_t seed[32];
    write_file("sealed.key", seal(file, sizeof file, &key));
    write_file("open.py", rb_str(script));
    struct rb_slice s = run("/usr/bin/python3 open.py", out, sizeof out);
    assert_int_equal(rb_hex_decode(rb_slice_sub(s, 0, 64), seed, sizeof seed), RB_OK);
    assert_memory_equal(seed, key.seed, sizeof seed);
}

/* The examples of spec/02-identity.md: who reads the specification gets what we write. */
static void the_specification_shows_what_is_written(void **state) {
    (void)state;
    struct rb_seckey key = test_key(0);
    struct rb_seal_params p = {.mem_kib = 8, .ops = 1};
    struct rb_key recipient;
    static char spec[32768], plain[2048], found[2048];
    char path[512];
    const char *root = getenv("READBACK_ROOT");
    snprintf(path, sizeof path, "%s/spec/02-identity.md", root == NULL ? "." : root);
    FILE *f = fopen(path, "r");
    struct rb_slice text = read_stream(f, spec, sizeof spec);
    fclose(f);
    for (size_t i = 0; i < sizeof p.salt; i++)
        p.salt[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof p.nonce; i++)
        p.nonce[i] = (uint8_t)(0x40 + i);
    struct rb_writer w = rb_writer(plain, sizeof plain);
    assert_int_equal(rb_pkcs8_encode(&key, &w), RB_OK);
    rb_spki_encode(&key.pub, &w);
    rb_openssh_pub_encode(&key.pub, rb_str("watch@north"), &w);
    rb_age_identity_from_seed(key.seed, &recipient);
    rb_age_identity_encode(key.seed, &w);
    rb_put_z(&w, "\n");
    rb_age_recipient_encode(&recipient, &w);
    rb_put_z(&w, "\n");
    assert_int_equal(rb_seal_encode(&key, rb_str("correct horse"), &p, &w), RB_OK);
    struct rb_reader lines = rb_reader(rb_written(&w));
    struct rb_slice line;
    size_t seen = 0;
    for (; rb_get_line(&lines, &line) == RB_OK; seen++) {
        struct rb_writer one = rb_writer(found, sizeof found);
        rb_put_z(&one, "\n    ");
        rb_put_slice(&one, line);
        rb_put_z(&one, "\n");
        assert_non_null(memmem(text.p, text.n, one.p, one.n));
    }
    assert_int_equal(seen, 14);
    char fp[48];
    rb_fingerprint(rb_str("north"), &key.pub, fp);
    assert_non_null(memmem(text.p, text.n, fp, strlen(fp)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_known_inputs),
        cmocka_unit_test(threads_do_not_share_a_context),
        cmocka_unit_test(signatures_hold_for_their_bytes_only),
        cmocka_unit_test(unusable_keys_are_refused),
        cmocka_unit_test(names_of_keys_follow_the_spec),
        cmocka_unit_test(fingerprints_are_over_handle_and_key),
        cmocka_unit_test(fingerprints_are_compared_as_people_type_them),
        cmocka_unit_test(pkcs8_round_trips_with_openssl),
        cmocka_unit_test(pkcs8_refuses_every_other_spelling),
        cmocka_unit_test(openssh_keys_read_both_ways),
        cmocka_unit_test(openssh_lines_are_refused_unless_whole),
        cmocka_unit_test(age_keys_read_both_ways),
        cmocka_unit_test(age_keys_refuse_any_changed_character),
        cmocka_unit_test(age_recipients_of_small_order_or_two_spellings_are_refused),
        cmocka_unit_test(sealed_keys_open_with_their_passphrase_only),
        cmocka_unit_test(sealed_keys_refuse_any_changed_byte),
        cmocka_unit_test(sealed_keys_are_bounded),
        cmocka_unit_test(sealed_keys_open_in_python),
        cmocka_unit_test(the_specification_shows_what_is_written),
    };
    return cmocka_run_group_tests_name("crypto", tests, setup, teardown);
}
