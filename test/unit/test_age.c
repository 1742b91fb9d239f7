/* age files and the piecewise hasher: what is sealed opens, whatever is changed or cut does not,
 * and each error is the one that the header promises. The bytes of other people:
 * vectors/test_age_vectors.c and integration/test_age_program.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include "readback/age.h"
#include "readback/limits.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define ROOM (512u << 10)
#define MANY 15u

static uint8_t identities[RB_MAX_MEMBERS + 1][32];
static struct rb_key recipients[RB_MAX_MEMBERS + 1];
static uint8_t entropy[RB_AGE_ENTROPY(RB_MAX_MEMBERS + 1)];
static uint8_t plain[ROOM], sealed[ROOM], opened[ROOM];
static uint32_t seed; /* printed where a random case fails */

static const uint8_t (*id(size_t i))[32] {
    return (const uint8_t(*)[32])identities + i;
}

static void fill(void *p, size_t n, uint32_t from) {
    uint8_t *b = p;
    for (size_t i = 0; i < n; i++) {
        from = from * 1664525u + 1013904223u;
        b[i] = (uint8_t)(from >> 24);
    }
}

static int setup(void **state) {
    (void)state;
    if (rb_crypto_init() != RB_OK) return -1;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) return -1;
    fill(identities, sizeof identities, 1);
    fill(entropy, sizeof entropy, 2);
    fill(plain, sizeof plain, 3);
    for (size_t i = 0; i < N(recipients); i++)
        rb_age_identity_from_seed(identities[i], &recipients[i]);
    return 0;
}

static struct rb_slice seal(size_t to, size_t n) {
    struct rb_writer w = rb_writer(sealed, sizeof sealed);
    assert_int_equal(rb_age_seal(recipients, to, entropy, rb_slice(plain, n), &w), RB_OK);
    return rb_written(&w);
}

static enum rb_err open_as(size_t who, struct rb_slice file, struct rb_slice *out) {
    struct rb_writer w = rb_writer(opened, sizeof opened);
    struct rb_reject rj = {0};
    const enum rb_err err = rb_age_open(file, id(who), 1, &w, &rj);
    if (err == RB_OK)
        assert_null(rj.clause);
    else
        assert_true(rj.clause != NULL && rj.err == err && rj.offset <= file.n && w.n == 0);
    *out = rb_written(&w);
    return err;
}

/* ---- what is sealed opens -------------------------------------------------------------------- */

static void check_round(size_t n) {
    struct rb_slice out;
    uint64_t plain_n = 1;
    const struct rb_slice file = seal(3, n);
    const size_t header_n = file.n - (size_t)rb_age_size(0, n);
    assert_int_equal(rb_age_size(header_n, n), file.n);
    assert_int_equal(rb_age_plain_size(header_n, file.n, &plain_n), RB_OK);
    assert_int_equal(plain_n, n);
    for (size_t who = 0; who < 3; who++) {
        assert_int_equal(open_as(who, file, &out), RB_OK);
        assert_true(rb_slice_eq(out, rb_slice(plain, n)));
    }
    assert_int_equal(open_as(3, file, &out), RB_ERR_NOT_FOUND);
}

static void rounds(void **state) {
    static const size_t sizes[] = {0, 1, 255, 256, 65535, 65536, 65537, 131071, 131072, 131073};
    (void)state;
    for (size_t i = 0; i < N(sizes); i++)
        check_round(sizes[i]);
    for (size_t i = 0; i < 12; i++) {
        const uint32_t r = seed + (uint32_t)i * 2654435761u;
        print_message("size %u\n", r % 200000);
        check_round(r % 200000);
    }
}

static void many_recipients(void **state) {
    struct rb_slice out;
    (void)state;
    const struct rb_slice file = seal(RB_MAX_MEMBERS, 1000);
    for (size_t who = 0; who < RB_MAX_MEMBERS; who += 21) {
        assert_int_equal(open_as(who, file, &out), RB_OK);
        assert_true(rb_slice_eq(out, rb_slice(plain, 1000)));
    }
    /* several identities: the one that fits may be the last */
    uint8_t three[3][32];
    memcpy(three[0], identities[RB_MAX_MEMBERS], 32);
    fill(three[1], 32, 77);
    memcpy(three[2], identities[5], 32);
    struct rb_writer w = rb_writer(opened, sizeof opened);
    assert_int_equal(rb_age_open(file, (const uint8_t(*)[32])three, 2, &w, NULL), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_age_open(file, (const uint8_t(*)[32])three, 3, &w, NULL), RB_OK);
    assert_int_equal(w.n, 1000);
    assert_int_equal(rb_age_open(file, (const uint8_t(*)[32])three, 0, &w, NULL), RB_ERR_NOT_FOUND);
}

/* The header alone, from the file's beginning, behind what a writer holds already. */
static void header_alone(void **state) {
    struct rb_writer w = rb_writer(sealed, sizeof sealed);
    uint8_t key[RB_AGE_FILE_KEY];
    size_t n = 0;
    (void)state;
    rb_put_z(&w, "before");
    assert_int_equal(rb_age_header_encode(recipients, MANY, entropy, entropy + 32, &w), RB_OK);
    const struct rb_slice header = rb_slice_sub(rb_written(&w), 6, w.n);
    assert_int_equal(rb_age_header_open(header, id(MANY - 1), 1, key, &n, NULL), RB_OK);
    assert_int_equal(n, header.n);
    assert_memory_equal(key, entropy, sizeof key);
    rb_put(&w, plain, RB_AGE_MAX_HEADER);
    const struct rb_slice more = rb_slice_sub(rb_written(&w), 6, 6 + RB_AGE_MAX_HEADER);
    n = 0;
    assert_int_equal(rb_age_header_open(more, id(0), 1, key, &n, NULL), RB_OK);
    assert_int_equal(n, header.n);
}

/* ---- what is changed or cut does not --------------------------------------------------------- */

static void every_change(void **state) {
    static uint8_t copy[1024];
    struct rb_slice out;
    (void)state;
    const struct rb_slice file = seal(2, 256);
    assert_true(file.n <= sizeof copy);
    memcpy(copy, file.p, file.n);
    for (size_t i = 0; i < file.n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            copy[i] ^= (uint8_t)(1u << bit);
            if (open_as(0, rb_slice(copy, file.n), &out) == RB_OK)
                fail_msg("byte %zu, bit %u", i, bit);
            copy[i] ^= (uint8_t)(1u << bit);
        }
        const uint8_t was = copy[i];
        copy[i] = was == '\n' ? '\r' : '\n';
        assert_int_not_equal(open_as(0, rb_slice(copy, file.n), &out), RB_OK);
        copy[i] = was;
    }
    assert_int_equal(open_as(0, rb_slice(copy, file.n), &out), RB_OK);
}

static void every_cut(void **state) {
    static const size_t sizes[] = {0, 256, 65536, 65537};
    struct rb_slice out;
    (void)state;
    for (size_t i = 0; i < N(sizes); i++) {
        struct rb_slice file = seal(1, sizes[i]);
        uint8_t *copy = malloc(file.n + 1);
        assert_non_null(copy);
        memcpy(copy, file.p, file.n);
        copy[file.n] = 0;
        assert_int_not_equal(open_as(0, rb_slice(copy, file.n + 1), &out), RB_OK);
        /* all of a small file; of a large one the end, the beginning and around the chunk's end */
        for (size_t n = 0; n < file.n; n++) {
            if (n > 600 && n + 200 < file.n && n % 997 != 0) continue;
            const enum rb_err err = open_as(0, rb_slice(copy, n), &out);
            if (err != RB_ERR_MALFORMED && err != RB_ERR_SIGNATURE)
                fail_msg("%zu of %zu bytes: %s", n, file.n, rb_err_name(err));
        }
        free(copy);
    }
}

/* Nothing of what had opened stays where a later chunk does not. */
static void wiped_on_error(void **state) {
    struct rb_writer w = rb_writer(opened, sizeof opened);
    (void)state;
    const struct rb_slice file = seal(1, 2 * RB_AGE_CHUNK + 5);
    sealed[file.n - 1] ^= 1;
    memset(opened, 0, sizeof opened);
    rb_put_z(&w, "kept");
    assert_int_equal(rb_age_open(file, id(0), 1, &w, NULL), RB_ERR_SIGNATURE);
    assert_true(rb_slice_is(rb_written(&w), "kept"));
    for (size_t i = w.n; i < sizeof opened; i++)
        assert_int_equal(opened[i], 0);
}

/* ---- chunks ---------------------------------------------------------------------------------- */

static void random_access(void **state) {
    static uint8_t chunk[RB_AGE_CHUNK];
    struct rb_age_stream s;
    uint8_t key[RB_AGE_FILE_KEY];
    size_t header_n = 0;
    (void)state;
    const size_t n = 3 * RB_AGE_CHUNK + 100, each = RB_AGE_CHUNK + RB_AGE_TAG;
    const struct rb_slice file = seal(2, n);
    assert_int_equal(rb_age_header_open(file, id(1), 1, key, &header_n, NULL), RB_OK);
    const struct rb_slice body = rb_slice_sub(file, header_n + RB_AGE_NONCE, file.n);
    rb_age_stream_init(key, file.p + header_n, &s);
    static const uint64_t order[] = {3, 0, 2, 1};
    for (size_t i = 0; i < N(order); i++) {
        const size_t k = (size_t)order[i];
        const struct rb_slice in = rb_slice_sub(body, k * each, (k + 1) * each);
        s.next = k;
        assert_int_equal(rb_age_open_chunk(&s, in, k != 3, chunk),
                         k == 3 ? RB_ERR_MALFORMED : RB_ERR_SIGNATURE);
        assert_int_equal(s.next, k); /* a chunk that failed can be tried again */
        assert_int_equal(rb_age_open_chunk(&s, in, k == 3, chunk), RB_OK);
        assert_int_equal(s.next, k + 1);
        assert_memory_equal(chunk, plain + k * RB_AGE_CHUNK, in.n - RB_AGE_TAG);
        s.next = k + 7;
        assert_int_equal(rb_age_open_chunk(&s, in, k == 3, chunk), RB_ERR_SIGNATURE);
    }
    rb_wipe(&s, sizeof s);
}

static void chunk_lengths(void **state) {
    static uint8_t in[RB_AGE_CHUNK + RB_AGE_TAG + 1], out[RB_AGE_CHUNK + 1];
    struct rb_age_stream s;
    (void)state;
    rb_age_stream_init(entropy, entropy + 16, &s);
    rb_age_seal_chunk(&s, rb_str(""), true, in);
    s.next = 0;
    assert_int_equal(rb_age_open_chunk(&s, rb_slice(in, RB_AGE_TAG - 1), true, out),
                     RB_ERR_MALFORMED);
    assert_int_equal(rb_age_open_chunk(&s, rb_slice(in, sizeof in), true, out), RB_ERR_MALFORMED);
    assert_int_equal(rb_age_open_chunk(&s, rb_slice(in, sizeof in - 2), false, out),
                     RB_ERR_MALFORMED);
    s.next = 1; /* empty, and not the only one */
    assert_int_equal(rb_age_open_chunk(&s, rb_slice(in, RB_AGE_TAG), true, out), RB_ERR_MALFORMED);
    s.next = 0;
    assert_int_equal(rb_age_open_chunk(&s, rb_slice(in, RB_AGE_TAG), true, out), RB_OK);
}

static void sizes(void **state) {
    uint64_t got = 0;
    (void)state;
    for (uint64_t n = 0; n < 3 * (uint64_t)RB_AGE_CHUNK;
         n += n % 4096 == 4095 || n % 4096 == 0 ? 1 : 4094) {
        assert_int_equal(rb_age_plain_size(100, rb_age_size(100, n), &got), RB_OK);
        assert_int_equal(got, n);
    }
    static const uint64_t none[] = {0, 99, 100, 115, 116, 131, 116 + 65552 + 1, 116 + 65552 + 16};
    for (size_t i = 0; i < N(none); i++)
        assert_int_equal(rb_age_plain_size(100, none[i], &got), RB_ERR_MALFORMED);
    assert_int_equal(rb_age_plain_size(100, 116 + 65552 + 17, &got), RB_OK);
    assert_int_equal(got, RB_AGE_CHUNK + 1);
    /* the largest attachment that spec 9.1.7 allows */
    assert_true(rb_age_size(RB_AGE_MAX_HEADER, RB_MAX_CONTENT + 98304) <= RB_MAX_ATTACHED);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void writing_errors(void **state) {
    static const struct rb_key small_order = {{1}};
    struct rb_key to[2] = {recipients[0], small_order};
    struct rb_writer w = rb_writer(sealed, sizeof sealed);
    const struct rb_slice text = rb_slice(plain, 100);
    (void)state;
    rb_put_z(&w, "before");
    assert_int_equal(rb_age_seal(to, 2, entropy, text, &w), RB_ERR_MALFORMED);
    assert_int_equal(rb_age_seal(recipients, 0, entropy, text, &w), RB_ERR_USAGE);
    assert_int_equal(rb_age_seal(recipients, RB_MAX_MEMBERS + 1, entropy, text, &w), RB_ERR_USAGE);
    assert_true(rb_slice_is(rb_written(&w), "before"));
    const size_t whole = seal(2, 100).n;
    for (size_t cap = 0; cap < whole; cap++) {
        w = rb_writer(sealed, cap);
        assert_int_equal(rb_age_seal(recipients, 2, entropy, text, &w), RB_ERR_LIMIT);
        assert_int_equal(w.n, 0);
    }
    w = rb_writer(sealed, whole);
    assert_int_equal(rb_age_seal(recipients, 2, entropy, text, &w), RB_OK);
    struct rb_writer little = rb_writer(opened, 99);
    assert_int_equal(rb_age_open(rb_written(&w), id(0), 1, &little, NULL), RB_ERR_LIMIT);
    assert_int_equal(little.n, 0);
}

static enum rb_err open_text(const char *text, const char **clause) {
    struct rb_reject rj = {0};
    uint8_t key[RB_AGE_FILE_KEY];
    size_t n;
    const enum rb_err err = rb_age_header_open(rb_str(text), id(0), 1, key, &n, &rj);
    *clause = rj.clause;
    return err;
}

#define V1 "age-encryption.org/v1\n"
#define MAC "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
#define SHARE "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* the base point */
#define BODY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void forms(void **state) {
    static const struct {
        const char *text;
        enum rb_err err;
        const char *clause;
    } cases[] = {
        {"", RB_ERR_MALFORMED, "9.2.3"},
        {"-----BEGIN AGE ENCRYPTED FILE-----\n", RB_ERR_MALFORMED, "9.2.3"},
        {"age-encryption.org/v1", RB_ERR_MALFORMED, "9.2.3"},
        {"age-encryption.org/v2\n" MAC, RB_ERR_UNSUPPORTED, "9.2.3"},
        {"age-encryption.org/\n" MAC, RB_ERR_MALFORMED, "9.2.3"},
        {"age-encryption.org/v1\r\n" MAC, RB_ERR_MALFORMED, "9.2.3"},
        {"age-encryption.org/v1 \n" MAC, RB_ERR_MALFORMED, "9.2.3"},
        {V1 MAC, RB_ERR_MALFORMED, "9.2.3"}, /* no stanza */
        {V1 "-> a\n\n" MAC, RB_ERR_NOT_FOUND, "9.2.1"},
        {V1 "-> a\n", RB_ERR_MALFORMED, "9.2.3"},
        {V1 "-> a\n\n", RB_ERR_MALFORMED, "9.2.3"},
        {V1 "-> a\n\n---\n", RB_ERR_MALFORMED, "9.2.3"},
        {V1 "-> a\n\n--- AAAA\n", RB_ERR_MALFORMED, "9.2.3"},
        {V1 "-> a b ~!\n\n" MAC, RB_ERR_NOT_FOUND, "9.2.1"},
        {V1 "-> \n\n" MAC, RB_ERR_MALFORMED, "9.2.3"},
        {V1 "-> a \n\n" MAC, RB_ERR_MALFORMED, "9.2.3"},
        {V1 "-> a  b\n\n" MAC, RB_ERR_MALFORMED, "9.2.3"},
        {V1 "-> a\tb\n\n" MAC, RB_ERR_MALFORMED, "9.2.3"},
        {V1 "-> a\177\n\n" MAC, RB_ERR_MALFORMED, "9.2.3"},
        {V1 "->a\n\n" MAC, RB_ERR_MALFORMED, "9.2.3"},
        {V1 "-> a\nAA\n" MAC, RB_ERR_NOT_FOUND, "9.2.1"},
        {V1 "-> a\nAB\n" MAC, RB_ERR_MALFORMED, "9.2.3"}, /* spare bits */
        {V1 "-> a\nA\n" MAC, RB_ERR_MALFORMED, "9.2.3"},
        {V1 "-> a\nAA=\n" MAC, RB_ERR_MALFORMED, "9.2.3"},
        {V1 "-> a\nAA==\n" MAC, RB_ERR_MALFORMED, "9.2.3"},
        {V1 "-> a\nAA\nAA\n" MAC, RB_ERR_MALFORMED, "9.2.3"},
        {V1 "-> X25519 " SHARE "\n" BODY "\n" MAC, RB_ERR_NOT_FOUND, "9.2.1"},
        {V1 "-> x25519 " SHARE "\n\n" MAC, RB_ERR_NOT_FOUND, "9.2.1"},
        {V1 "-> X25519 " BODY "\n" BODY "\n" MAC, RB_ERR_MALFORMED, "9.2.5"}, /* share of zero */
        {V1 "-> X25519\n" BODY "\n" MAC, RB_ERR_MALFORMED, "9.2.5"},
        {V1 "-> X25519 " SHARE " x\n" BODY "\n" MAC, RB_ERR_MALFORMED, "9.2.5"},
        {V1 "-> X25519 " SHARE "\n\n" MAC, RB_ERR_MALFORMED, "9.2.5"},
        {V1 "-> X25519 AAAA\n" BODY "\n" MAC, RB_ERR_MALFORMED, "9.2.5"},
        {V1 "-> scrypt x\n\n" MAC, RB_ERR_NOT_FOUND, "9.2.1"},
        {V1 "-> scrypt x\n\n-> X25519 " SHARE "\n" BODY "\n" MAC, RB_ERR_MALFORMED, "9.2.2"},
    };
    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        const char *clause = NULL;
        const enum rb_err err = open_text(cases[i].text, &clause);
        if (err != cases[i].err || strcmp(clause, cases[i].clause) != 0)
            fail_msg("case %zu: %s by %s", i, rb_err_name(err), clause);
    }
}

/* A header of exactly the bound is read, one byte more is not, and nor is one without an end. */
static void header_bound(void **state) {
    static char text[RB_AGE_MAX_HEADER + 2];
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct rb_writer w = rb_writer(text, sizeof text);
        const char *clause;
        rb_put_z(&w, V1 "-> ");
        while (w.n < RB_AGE_MAX_HEADER + more - sizeof MAC - 1)
            rb_put_u8(&w, 'a');
        rb_put_z(&w, "\n\n" MAC);
        assert_int_equal(w.n, RB_AGE_MAX_HEADER + more);
        assert_int_equal(open_text(rb_writer_z(&w), &clause),
                         more == 0 ? RB_ERR_NOT_FOUND : RB_ERR_LIMIT);
        assert_string_equal(clause, more == 0 ? "9.2.1" : "9.2.2");
    }
    memset(text + sizeof V1 + 2, 'a', RB_AGE_MAX_HEADER - sizeof V1 - 2);
    uint8_t key[RB_AGE_FILE_KEY];
    size_t n;
    assert_int_equal(
        rb_age_header_open(rb_slice(text, RB_AGE_MAX_HEADER - 1), id(0), 1, key, &n, NULL),
        RB_ERR_MALFORMED);
    assert_int_equal(rb_age_header_open(rb_slice(text, RB_AGE_MAX_HEADER), id(0), 1, key, &n, NULL),
                     RB_ERR_LIMIT);
}

/* ---- passphrases ----------------------------------------------------------------------------- */

static void passphrase(void **state) {
    struct rb_writer w = rb_writer(sealed, sizeof sealed);
    struct rb_writer out = rb_writer(opened, sizeof opened);
    const struct rb_slice text = rb_str("AGE-SECRET-KEY-1..."), word = rb_str("correct horse");
    struct rb_reject rj = {0};
    (void)state;
    assert_int_equal(rb_age_passphrase_seal(rb_str(""), 10, entropy, text, &w), RB_ERR_USAGE);
    assert_int_equal(rb_age_passphrase_seal(word, 0, entropy, text, &w), RB_ERR_USAGE);
    assert_int_equal(rb_age_passphrase_seal(word, RB_AGE_MAX_LOG_N + 1, entropy, text, &w),
                     RB_ERR_LIMIT);
    assert_int_equal(w.n, 0);
    assert_int_equal(rb_age_passphrase_seal(word, 10, entropy, text, &w), RB_OK);
    assert_int_equal(rb_age_passphrase_open(rb_written(&w), word, &out, &rj), RB_OK);
    assert_true(rb_slice_eq(rb_written(&out), text));
    out.n = 0;
    assert_int_equal(rb_age_passphrase_open(rb_written(&w), rb_str("correct hors"), &out, &rj),
                     RB_ERR_SIGNATURE);
    assert_int_equal(rb_age_passphrase_open(rb_written(&w), rb_str(""), &out, &rj),
                     RB_ERR_SIGNATURE);
    assert_int_equal(rb_age_open(rb_written(&w), id(0), 1, &out, &rj), RB_ERR_NOT_FOUND);
    for (size_t i = 0; i < w.n; i++) { /* "10" can become another work factor, never above 18 */
        sealed[i] ^= 1;
        assert_int_not_equal(rb_age_passphrase_open(rb_written(&w), word, &out, &rj), RB_OK);
        sealed[i] ^= 1;
    }
    for (size_t n = 0; n < w.n; n++)
        assert_int_not_equal(
            rb_age_passphrase_open(rb_slice_sub(rb_written(&w), 0, n), word, &out, &rj), RB_OK);
    assert_int_equal(out.n, 0);
    assert_int_equal(rb_age_passphrase_open(seal(1, 10), word, &out, &rj), RB_ERR_NOT_FOUND);
}

/* ---- the hasher ------------------------------------------------------------------------------ */

static void hasher(void **state) {
    struct rb_hasher a, b;
    struct rb_hash got, other, want;
    (void)state;
    assert_int_equal(rb_hasher_begin(&a), RB_OK);
    assert_int_equal(rb_hasher_begin(&b), RB_OK);
    for (size_t at = 0, step = 0; at < 100000; at += step) {
        step = at * 7 % 4001 + (at > 50000);
        if (at + step > 100000) step = 100000 - at;
        rb_hasher_add(&a, rb_slice(plain + at, step));
        rb_hasher_add(&b, rb_slice(plain + at, 1));
        if (step == 0) step = 1, rb_hasher_add(&a, rb_slice(plain + at, 1));
        rb_sha256(rb_slice(plain, at), &want); /* another hash between two pieces */
    }
    rb_hasher_end(&a, &got);
    rb_hasher_end(&b, &other);
    rb_sha256(rb_slice(plain, 100000), &want);
    assert_true(rb_hash_eq(&got, &want));
    assert_false(rb_hash_eq(&other, &want));
    assert_int_equal(rb_hasher_begin(&a), RB_OK);
    rb_hasher_end(&a, &got);
    rb_sha256(rb_str(""), &want);
    assert_true(rb_hash_eq(&got, &want));
    assert_int_equal(rb_hasher_begin(&a), RB_OK);
    rb_hasher_add(&a, rb_str("x"));
    rb_hasher_drop(&a); /* and nothing leaks: ASan looks */
    rb_hasher_drop(&a);
}

int main(void) {
    const struct CMUnitTest test_age[] = {
        cmocka_unit_test(rounds),        cmocka_unit_test(many_recipients),
        cmocka_unit_test(header_alone),  cmocka_unit_test(every_change),
        cmocka_unit_test(every_cut),     cmocka_unit_test(wiped_on_error),
        cmocka_unit_test(random_access), cmocka_unit_test(chunk_lengths),
        cmocka_unit_test(sizes),         cmocka_unit_test(writing_errors),
        cmocka_unit_test(forms),         cmocka_unit_test(header_bound),
        cmocka_unit_test(passphrase),    cmocka_unit_test(hasher),
    };
    return cmocka_run_group_tests(test_age, setup, NULL);
}
