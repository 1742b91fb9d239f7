/* Key files as people and other programs write them: PKCS#8, OpenSSH public keys, age identities
 * and recipients, sealed keys. What is read writes the same again, or reads the same key from what
 * is written. */
#include "fuzz.h"
#include "readback/crypto.h"
#include "readback/text.h"

static uint8_t out[1u << 16];

static void pem(struct rb_slice in) {
    struct rb_writer w = rb_writer(out, sizeof out);
    struct rb_seckey k, again;
    struct rb_reject rj = {0};
    if (rb_pkcs8_decode(in, &k, &rj) != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL);
        return;
    }
    FUZZ_CHECK(rb_pkcs8_encode(&k, &w) == RB_OK && !w.over);
    FUZZ_CHECK(rb_pkcs8_decode(rb_written(&w), &again, NULL) == RB_OK &&
               rb_key_eq(&k.pub, &again.pub));
}

static void openssh(struct rb_slice in) {
    struct rb_writer w = rb_writer(out, sizeof out);
    struct rb_key k, again;
    struct rb_reject rj = {0};
    if (rb_openssh_pub_decode(in, &k, &rj) != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL);
        return;
    }
    rb_openssh_pub_encode(&k, rb_str("duty"), &w);
    FUZZ_CHECK(!w.over && rb_openssh_pub_decode(rb_written(&w), &again, NULL) == RB_OK &&
               rb_key_eq(&k, &again));
}

static void age(struct rb_slice in) {
    struct rb_writer w = rb_writer(out, sizeof out);
    struct rb_key k, again;
    uint8_t secret[32], other[32];
    if (rb_age_recipient_decode(in, &k) == RB_OK) {
        rb_age_recipient_encode(&k, &w);
        FUZZ_CHECK(!w.over && rb_age_recipient_decode(rb_written(&w), &again) == RB_OK &&
                   rb_key_eq(&k, &again));
    }
    w = rb_writer(out, sizeof out);
    if (rb_age_identity_decode(in, secret) == RB_OK) {
        rb_age_identity_encode(secret, &w);
        FUZZ_CHECK(!w.over && rb_age_identity_decode(rb_written(&w), other) == RB_OK &&
                   memcmp(secret, other, 32) == 0);
    }
}

/* Argon2 takes the memory and the time that the file names: little of it here. False: too much, or
 * none */
static bool cheap(struct rb_slice in) {
    for (size_t at = 0; at < in.n; at = rb_slice_find(in, at, '\n') + 1) {
        const struct rb_slice line = rb_slice_sub(in, at, rb_slice_find(in, at, '\n'));
        uint64_t n, longest = 0, digits = 0;
        for (size_t i = 0; i < line.n; i++) {
            digits = line.p[i] >= '0' && line.p[i] <= '9' ? digits + 1 : 0;
            longest = digits > longest ? digits : longest;
        }
        /* every number in the header's lines, which are short */
        if (line.n > 64) continue;
        for (size_t i = 0; i < line.n; i++)
            for (size_t k = i + 1; k <= line.n && k - i <= longest; k++)
                if (rb_dec_decode(rb_slice_sub(line, i, k), &n) == RB_OK && n > 64 && n <= 1048576)
                    return false;
    }
    return true;
}

static void sealed(struct rb_slice in) {
    struct rb_seckey k;
    struct rb_key pub;
    struct rb_reject rj = {0};
    const bool reads = rb_seal_public(in, &pub) == RB_OK;
    if (!cheap(in)) return;
    const enum rb_err err = rb_seal_decode(in, rb_str("words"), &k, &rj);
    if (err == RB_OK)
        FUZZ_CHECK(reads && rb_key_eq(&k.pub, &pub));
    else
        FUZZ_CHECK(rj.clause != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static bool ready;
    if (!ready) FUZZ_CHECK(rb_crypto_init() == RB_OK);
    ready = true;
    const struct rb_slice in = rb_slice(data, n);
    pem(in);
    openssh(in);
    age(in);
    sealed(in);
    return 0;
}
