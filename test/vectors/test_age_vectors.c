/* age files against the vectors of the format's authors (C2SP/CCTV, age), one case for each file.
 * Each says what becomes of it: success with the hash of the plaintext, no match, or a failure of
 * header, HMAC or payload, the last with the hash of what comes out before it. Armored files are
 * refused whatever is in them (spec 9.2.1). Where only a hybrid identity would open a file, it is
 * looked at with one of X25519, which must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include "readback/age.h"
#include "readback/text.h"

#define FILE_MAX (32u << 20) /* unpacked */
#define VECTORS 256
#define IDENTITIES 4
#define SEALED_CHUNK (RB_AGE_CHUNK + RB_AGE_TAG)

static char folder[512];

struct vector {
    char expect[32], passphrase[64];
    struct rb_hash payload;
    uint8_t identities[IDENTITIES][32];
    size_t identities_n;
    bool has_payload, armored, packed, hybrid;
    struct rb_slice file;
};

static void *held; /* the bytes of the vector under test, freed after each case */

/* ---- a vector's own header ------------------------------------------------------------------- */

static void copy_word(struct rb_slice s, char *out, size_t cap) {
    assert_true(s.n < cap);
    memcpy(out, s.p, s.n);
    out[s.n] = '\0';
}

static void take_identity(struct vector *v, struct rb_slice text) {
    if (rb_slice_starts(text, "AGE-SECRET-KEY-PQ-")) {
        v->hybrid = true;
        return;
    }
    assert_true(v->identities_n < IDENTITIES);
    assert_int_equal(rb_age_identity_decode(text, v->identities[v->identities_n++]), RB_OK);
}

static void take_line(struct vector *v, struct rb_slice line) {
    const size_t colon = rb_slice_find(line, 0, ':');
    const struct rb_slice key = rb_slice_sub(line, 0, colon),
                          value = rb_slice_sub(line, colon + 2, line.n);
    if (rb_slice_is(key, "expect")) {
        copy_word(value, v->expect, sizeof v->expect);
    } else if (rb_slice_is(key, "passphrase")) {
        if (v->passphrase[0] == '\0') copy_word(value, v->passphrase, sizeof v->passphrase);
    } else if (rb_slice_is(key, "payload")) {
        assert_int_equal(rb_hex_decode(value, v->payload.b, RB_HASH_LEN), RB_OK);
        v->has_payload = true;
    } else if (rb_slice_is(key, "identity")) {
        take_identity(v, value);
    } else if (rb_slice_is(key, "armored")) {
        assert_true(v->armored = rb_slice_is(value, "yes"));
    } else if (rb_slice_is(key, "compressed")) {
        assert_true(v->packed = rb_slice_is(value, "zlib"));
    } else if (!rb_slice_is(key, "comment") && !rb_slice_is(key, "file key")) {
        fail_msg("a line of this vector is not known here");
    }
}

static struct rb_slice unpack(struct rb_slice in) {
    uLongf n = FILE_MAX;
    Bytef *out = malloc(FILE_MAX);
    assert_non_null(out);
    assert_int_equal(uncompress(out, &n, in.p, in.n), Z_OK);
    free(held);
    held = out;
    return rb_slice(out, n);
}

static void read_vector(const char *name, struct vector *v) {
    char path[800];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_non_null(held = malloc(FILE_MAX));
    struct rb_reader r = rb_reader(rb_slice(held, fread(held, 1, FILE_MAX, f)));
    struct rb_slice line;
    assert_int_equal(fclose(f), 0);
    *v = (struct vector){.armored = false};
    for (;;) {
        assert_int_equal(rb_get_line(&r, &line), RB_OK);
        if (line.n == 0) break;
        take_line(v, line);
    }
    v->file = rb_slice(r.p + r.at, rb_left(&r));
    if (v->packed) v->file = unpack(v->file);
}

static int drop_vector(void **state) {
    (void)state;
    free(held);
    held = NULL;
    return 0;
}

/* ---- opening as it streams ------------------------------------------------------------------- */

/* Opens chunk after chunk as a reader does that does not know where the file ends; the hash is of
 * what came out, whatever comes after it. */
static enum rb_err stream(const uint8_t *file_key, struct rb_slice payload, struct rb_hash *out) {
    static uint8_t plain[RB_AGE_CHUNK];
    struct rb_age_stream s;
    struct rb_hasher h;
    enum rb_err err = RB_OK;
    bool last = false;
    rb_age_stream_init(file_key, payload.p, &s);
    assert_int_equal(rb_hasher_begin(&h), RB_OK);
    for (size_t at = RB_AGE_NONCE; err == RB_OK && !(last && at == payload.n);) {
        const struct rb_slice chunk = rb_slice_sub(payload, at, at + SEALED_CHUNK);
        if (last) { /* more behind the last */
            err = RB_ERR_MALFORMED;
            break;
        }
        err =
            chunk.n == SEALED_CHUNK ? rb_age_open_chunk(&s, chunk, false, plain) : RB_ERR_SIGNATURE;
        if (err == RB_ERR_SIGNATURE) {
            last = true;
            err = rb_age_open_chunk(&s, chunk, true, plain);
        }
        if (err == RB_OK) rb_hasher_add(&h, rb_slice(plain, chunk.n - RB_AGE_TAG));
        at += chunk.n;
    }
    rb_hasher_end(&h, out);
    return err;
}

static enum rb_err open_whole(const struct vector *v, struct rb_writer *w, struct rb_reject *rj) {
    if (v->passphrase[0] != '\0' && v->identities_n == 0)
        return rb_age_passphrase_open(v->file, rb_str(v->passphrase), w, rj);
    return rb_age_open(v->file, (const uint8_t(*)[32])v->identities, v->identities_n, w, rj);
}

static void check_payload(const struct vector *v, const struct rb_writer *w, bool whole) {
    uint8_t file_key[RB_AGE_FILE_KEY];
    struct rb_hash hash;
    size_t header_n = 0;
    assert_true(v->has_payload);
    if (whole) {
        rb_sha256(rb_written(w), &hash);
        assert_memory_equal(hash.b, v->payload.b, RB_HASH_LEN);
    } else {
        assert_int_equal(w->n, 0);
    }
    if (v->identities_n == 0) return; /* the header of a passphrase opens whole files only */
    assert_int_equal(rb_age_header_open(v->file, (const uint8_t(*)[32])v->identities,
                                        v->identities_n, file_key, &header_n, NULL),
                     RB_OK);
    const enum rb_err err = stream(file_key, rb_slice_sub(v->file, header_n, v->file.n), &hash);
    assert_true((err == RB_OK) == whole);
    assert_memory_equal(hash.b, v->payload.b, RB_HASH_LEN);
}

static void check_refusal(const struct vector *v, enum rb_err err, const struct rb_reject *rj) {
    const bool passphrase = v->passphrase[0] != '\0' && v->identities_n == 0;
    assert_non_null(rj->clause);
    assert_true(rj->err == err && rj->offset <= v->file.n);
    if (strcmp(v->expect, "no match") == 0)
        assert_true(err == RB_ERR_NOT_FOUND || (passphrase && err == RB_ERR_SIGNATURE));
    else if (strcmp(v->expect, "HMAC failure") == 0)
        assert_true(err == RB_ERR_SIGNATURE && strcmp(rj->clause, "9.2.4") == 0);
    else if (strcmp(v->expect, "payload failure") == 0)
        assert_true((err == RB_ERR_SIGNATURE || err == RB_ERR_MALFORMED) &&
                    strcmp(rj->clause, "9.2.6") == 0);
    else if (strcmp(v->expect, "header failure") == 0)
        assert_true(err == RB_ERR_MALFORMED || err == RB_ERR_UNSUPPORTED ||
                    (passphrase && err == RB_ERR_LIMIT));
    else
        fail_msg("expects %s", v->expect);
}

/* ---- a case ---------------------------------------------------------------------------------- */

static void one_vector(void **state) {
    struct vector v;
    struct rb_reject rj = {0};
    read_vector(*state, &v);
    const bool hybrid_only = v.hybrid && v.identities_n == 0 && !v.armored;
    /* where none is given, no identity can make the file good */
    if (v.identities_n == 0 && v.passphrase[0] == '\0') v.identities[v.identities_n++][0] = 1;
    uint8_t *out = malloc(v.file.n + 1);
    assert_non_null(out);
    struct rb_writer w = rb_writer(out, v.file.n + 1);
    const enum rb_err err = open_whole(&v, &w, &rj);
    if (hybrid_only) {
        assert_int_not_equal(err, RB_OK);
        assert_int_equal(w.n, 0);
    } else if (v.armored) {
        assert_int_equal(err, RB_ERR_MALFORMED);
    } else if (strcmp(v.expect, "success") == 0) {
        assert_int_equal(err, RB_OK);
        check_payload(&v, &w, true);
    } else {
        assert_int_not_equal(err, RB_OK);
        check_refusal(&v, err, &rj);
        if (strcmp(v.expect, "payload failure") == 0) check_payload(&v, &w, false);
    }
    free(out);
    if (hybrid_only) {
        print_message("%s: post-quantum recipients are not used here\n", (const char *)*state);
        skip();
    }
}

/* What only one error may say, exactly. */
static void exact_errors(void **state) {
    static const struct {
        const char *name;
        enum rb_err err;
        const char *clause;
    } want[] = {
        {"version_unsupported", RB_ERR_UNSUPPORTED, "9.2.3"},
        {"scrypt_work_factor_23", RB_ERR_LIMIT, "9.2.7"},
        {"scrypt_work_factor_overflow", RB_ERR_LIMIT, "9.2.7"},
        {"scrypt_work_factor_negative", RB_ERR_MALFORMED, "9.2.7"},
        {"scrypt_no_match", RB_ERR_SIGNATURE, "9.2.7"},
        {"scrypt_uppercase", RB_ERR_NOT_FOUND, "9.2.7"},
        {"scrypt_double", RB_ERR_MALFORMED, "9.2.2"},
        {"scrypt_and_x25519", RB_ERR_MALFORMED, "9.2.2"},
        {"x25519_low_order", RB_ERR_MALFORMED, "9.2.5"},
        {"x25519_identity", RB_ERR_MALFORMED, "9.2.5"},
        {"x25519_long_share", RB_ERR_MALFORMED, "9.2.5"},
        {"x25519_no_match", RB_ERR_NOT_FOUND, "9.2.1"},
        {"hmac_truncated", RB_ERR_MALFORMED, "9.2.3"},
        {"stream_bad_tag", RB_ERR_SIGNATURE, "9.2.6"},
        {"stream_last_chunk_empty", RB_ERR_MALFORMED, "9.2.6"},
    };
    (void)state;
    if (access(folder, R_OK) != 0) skip();
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct vector v;
        struct rb_reject rj = {0};
        read_vector(want[i].name, &v);
        uint8_t *out = malloc(v.file.n + 1);
        assert_non_null(out);
        struct rb_writer w = rb_writer(out, v.file.n + 1);
        const enum rb_err err = open_whole(&v, &w, &rj);
        if (err != want[i].err || strcmp(rj.clause, want[i].clause) != 0)
            fail_msg("%s: %s by %s", want[i].name, rb_err_name(err), rj.clause);
        free(out);
        (void)drop_vector(NULL);
    }
}

static int setup(void **state) {
    (void)state;
    return rb_crypto_init() == RB_OK ? 0 : -1;
}

static int no_dots(const struct dirent *e) {
    return e->d_name[0] != '.';
}

int main(void) {
    static struct CMUnitTest tests[VECTORS];
    const char *shared = getenv("READBACK_SHARED"), *root = getenv("READBACK_ROOT");
    struct dirent **names = NULL;
    size_t n = 0;
    if (shared != NULL)
        snprintf(folder, sizeof folder, "%s/vectors/age", shared);
    else
        snprintf(folder, sizeof folder, "%s/../shared/vectors/age", root == NULL ? "." : root);
    const int found = scandir(folder, &names, no_dots, alphasort);
    if (found <= 0) print_message("skipped: %s is not there\n", folder);
    tests[n++] = (struct CMUnitTest){"exact_errors", exact_errors, NULL, drop_vector, NULL};
    for (int i = 0; i < found && n < VECTORS; i++)
        tests[n++] =
            (struct CMUnitTest){names[i]->d_name, one_vector, NULL, drop_vector, names[i]->d_name};
    const int failed = _cmocka_run_group_tests("test_age_vectors", tests, n, setup, NULL);
    for (int i = 0; i < found; i++)
        free(names[i]);
    free(names);
    return failed;
}
