/* age files: whole ones, headers, passphrase files, lengths of payloads, and a file of ours with
 * bytes of it changed. The first byte says which; a file that opens must be the one that it was. */
#include <string.h>
#include "fuzz.h"
#include "readback/age.h"

#define PLAIN 300u
#define ROOM (1u << 20)

static uint8_t out[ROOM];
static const uint8_t identity[1][32] = {{7}};
static uint8_t entropy[RB_AGE_ENTROPY(1)];

static void check_reject(enum rb_err err, const struct rb_reject *rj, struct rb_slice in) {
    if (err == RB_OK)
        FUZZ_CHECK(rj->clause == NULL);
    else
        FUZZ_CHECK(rj->clause != NULL && rj->err == err && rj->offset <= in.n);
}

/* Opening a header needs no more than the header. */
static void one_header(struct rb_slice in) {
    uint8_t key[RB_AGE_FILE_KEY], again[RB_AGE_FILE_KEY];
    struct rb_reject rj = {0};
    size_t n = 0, again_n = 0;
    const enum rb_err err = rb_age_header_open(in, identity, 1, key, &n, &rj);
    check_reject(err, &rj, in);
    if (err != RB_OK) return;
    FUZZ_CHECK(n > 0 && n <= in.n && n <= RB_AGE_MAX_HEADER && in.p[n - 1] == '\n');
    FUZZ_CHECK(rb_age_header_open(rb_slice(in.p, n), identity, 1, again, &again_n, NULL) == RB_OK);
    FUZZ_CHECK(again_n == n && memcmp(key, again, sizeof key) == 0);
    FUZZ_CHECK(rb_age_header_open(rb_slice(in.p, n - 1), identity, 1, again, &again_n, NULL) ==
               RB_ERR_MALFORMED);
}

static void one_file(struct rb_slice in) {
    struct rb_writer w = rb_writer(out, sizeof out);
    struct rb_reject rj = {0};
    const enum rb_err err = rb_age_open(in, identity, 1, &w, &rj);
    check_reject(err, &rj, in);
    FUZZ_CHECK(err == RB_OK ? w.n < in.n : w.n == 0);
}

/* Work factors of two digits are left to the unit tests: they take their time. */
static bool takes_long(struct rb_slice in) {
    for (size_t i = 1; i < in.n && i < RB_AGE_MAX_HEADER; i++) {
        if (in.p[i - 1] == ' ' && in.p[i] == '1') return true;
    }
    return false;
}

static void one_passphrase(struct rb_slice in) {
    struct rb_writer w = rb_writer(out, sizeof out);
    struct rb_reject rj = {0};
    if (takes_long(in)) return;
    const enum rb_err err = rb_age_passphrase_open(in, rb_str("password"), &w, &rj);
    check_reject(err, &rj, in);
    FUZZ_CHECK(err == RB_OK ? w.n < in.n : w.n == 0);
}

static void one_size(struct rb_slice in) {
    struct rb_reader r = rb_reader(in);
    uint16_t header_n;
    uint64_t size, plain_n, back;
    if (rb_get_u16(&r, &header_n) != RB_OK || rb_get_u64(&r, &size) != RB_OK) return;
    size &= UINT64_MAX >> 8;
    if (rb_age_plain_size(header_n, size, &plain_n) == RB_OK)
        FUZZ_CHECK(rb_age_size(header_n, plain_n) == size);
    FUZZ_CHECK(rb_age_plain_size(header_n, rb_age_size(header_n, size), &back) == RB_OK);
    FUZZ_CHECK(back == size);
}

/* A file of ours: pairs of place and byte change it. */
static void one_change(struct rb_slice in) {
    static uint8_t sealed[1024], changed[1024], plain[PLAIN];
    struct rb_writer w = rb_writer(sealed, sizeof sealed);
    struct rb_writer got = rb_writer(out, sizeof out);
    struct rb_reader r = rb_reader(in);
    struct rb_key to;
    uint16_t at;
    uint8_t byte;
    rb_age_identity_from_seed(identity[0], &to);
    FUZZ_CHECK(rb_age_seal(&to, 1, entropy, rb_slice(plain, sizeof plain), &w) == RB_OK);
    memcpy(changed, sealed, w.n);
    while (rb_get_u16(&r, &at) == RB_OK && rb_get_u8(&r, &byte) == RB_OK)
        changed[at % w.n] = byte;
    const bool same = memcmp(changed, sealed, w.n) == 0;
    const enum rb_err err = rb_age_open(rb_slice(changed, w.n), identity, 1, &got, NULL);
    FUZZ_CHECK((err == RB_OK) == same);
    FUZZ_CHECK(!same || rb_slice_eq(rb_written(&got), rb_slice(plain, sizeof plain)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    FUZZ_CHECK(rb_crypto_init() == RB_OK);
    if (n == 0 || n > ROOM) return 0;
    const struct rb_slice in = rb_slice(data + 1, n - 1);
    switch (data[0] % 5) {
    case 0:
        one_header(in);
        break;
    case 1:
        one_file(in);
        break;
    case 2:
        one_passphrase(in);
        break;
    case 3:
        one_size(in);
        break;
    default:
        one_change(in);
        break;
    }
    return 0;
}
