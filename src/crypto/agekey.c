/* X25519 keys as age writes them: Bech32 (BIP 173) of 32 bytes, recipients in lower case,
 * identities in upper case (spec 2.4.4). */
#include "readback/crypto.h"
#include <assert.h>
#include <sodium.h>

#define SYMBOLS 52u /* 32 bytes in groups of five bits */
#define CHECKSUM 6u /* symbols */
#define HRP_MAX 16u

static const char lower[33] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
static const char upper[33] = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";

/* One form of key: what stands before the last '1', and the case of what follows. */
struct form {
    const char *hrp; /* as written */
    const char *alphabet;
};
static const struct form recipient_form = {"age", lower};
static const struct form identity_form = {"AGE-SECRET-KEY-", upper};

static uint32_t polymod_step(uint32_t chk, uint8_t symbol) {
    static const uint32_t generator[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                          0x2a1462b3};
    uint32_t top = chk >> 25;
    chk = (chk & 0x1ffffff) << 5 ^ symbol;
    for (unsigned i = 0; i < 5; i++) {
        if (top >> i & 1) chk ^= generator[i];
    }
    return chk;
}

/* The checksum's state after the readable part, which counts in lower case. */
static uint32_t polymod_hrp(const char *hrp) {
    uint32_t chk = 1;
    char low[HRP_MAX];
    size_t n = strlen(hrp);
    assert(n <= sizeof low);
    for (size_t i = 0; i < n; i++) {
        low[i] = hrp[i];
        if (low[i] >= 'A' && low[i] <= 'Z') low[i] = (char)(low[i] - 'A' + 'a');
        chk = polymod_step(chk, (uint8_t)low[i] >> 5);
    }
    chk = polymod_step(chk, 0);
    for (size_t i = 0; i < n; i++)
        chk = polymod_step(chk, (uint8_t)low[i] & 31);
    return chk;
}

static void to_symbols(const uint8_t in[32], uint8_t out[SYMBOLS]) {
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    for (size_t i = 0; i < 32; i++) {
        bits = (bits << 8 | in[i]) & 0xfff;
        for (have += 8; have >= 5; have -= 5)
            out[n++] = bits >> (have - 5) & 31;
    }
    out[n++] = (uint8_t)(bits << (5 - have) & 31);
    assert(n == SYMBOLS);
}

/* The last symbol carries one bit of the key; the four spare bits must be zero. */
static enum rb_err from_symbols(const uint8_t in[SYMBOLS], uint8_t out[32]) {
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    for (size_t i = 0; i < SYMBOLS; i++) {
        bits = (bits << 5 | in[i]) & 0xfff;
        have += 5;
        if (have < 8) continue;
        have -= 8;
        out[n++] = (uint8_t)(bits >> have);
    }
    assert(n == 32 && have == 4);
    return (bits & 15) == 0 ? RB_OK : RB_ERR_MALFORMED;
}

static void encode(const struct form *f, const uint8_t in[32], struct rb_writer *w) {
    uint8_t symbols[SYMBOLS];
    uint32_t chk = polymod_hrp(f->hrp);
    to_symbols(in, symbols);
    rb_put_z(w, f->hrp);
    rb_put_u8(w, '1');
    for (size_t i = 0; i < SYMBOLS; i++) {
        chk = polymod_step(chk, symbols[i]);
        rb_put_u8(w, (uint8_t)f->alphabet[symbols[i]]);
    }
    for (size_t i = 0; i < CHECKSUM; i++)
        chk = polymod_step(chk, 0);
    chk ^= 1;
    for (size_t i = CHECKSUM; i-- > 0;)
        rb_put_u8(w, (uint8_t)f->alphabet[chk >> (5 * i) & 31]);
    rb_wipe(symbols, sizeof symbols);
}

static enum rb_err get_symbols(const struct form *f, struct rb_slice in,
                               uint8_t out[SYMBOLS + CHECKSUM]) {
    size_t n = strlen(f->hrp);
    uint32_t chk = polymod_hrp(f->hrp);
    if (in.n != n + 1 + SYMBOLS + CHECKSUM || !rb_slice_starts(in, f->hrp) || in.p[n] != '1')
        return RB_ERR_MALFORMED;
    for (size_t i = 0; i < SYMBOLS + CHECKSUM; i++) {
        const char *hit = memchr(f->alphabet, in.p[n + 1 + i], 32);
        if (hit == NULL) return RB_ERR_MALFORMED;
        out[i] = (uint8_t)(hit - f->alphabet);
        chk = polymod_step(chk, out[i]);
    }
    return chk == 1 ? RB_OK : RB_ERR_MALFORMED;
}

static enum rb_err decode(const struct form *f, struct rb_slice in, uint8_t out[32]) {
    uint8_t symbols[SYMBOLS + CHECKSUM];
    uint8_t key[32];
    enum rb_err err = get_symbols(f, in, symbols);
    if (err == RB_OK) err = from_symbols(symbols, key);
    if (err == RB_OK) memcpy(out, key, sizeof key);
    rb_wipe(symbols, sizeof symbols);
    rb_wipe(key, sizeof key);
    return err;
}

void rb_age_identity_from_seed(const uint8_t seed[32], struct rb_key *recipient) {
    int bad = crypto_scalarmult_base(recipient->b, seed);
    assert(bad == 0);
    (void)bad;
}

void rb_age_recipient_encode(const struct rb_key *recipient, struct rb_writer *w) {
    encode(&recipient_form, recipient->b, w);
}

/* below 2^255 - 19, so that one key has one spelling */
static bool x25519_canonical(const uint8_t u[32]) {
    if (u[31] != 0x7f) return u[31] < 0x7f;
    for (size_t i = 1; i < 31; i++) {
        if (u[i] != 0xff) return true;
    }
    return u[0] < 0xed;
}

/* Refuses points of small order: what is encrypted to them, anybody can read. */
enum rb_err rb_age_recipient_decode(struct rb_slice in, struct rb_key *out) {
    static const uint8_t any_scalar[32] = {8};
    struct rb_key key;
    uint8_t shared[32];
    RB_TRY(decode(&recipient_form, in, key.b));
    if (!x25519_canonical(key.b)) return RB_ERR_MALFORMED;
    if (crypto_scalarmult(shared, any_scalar, key.b) != 0) return RB_ERR_MALFORMED;
    *out = key;
    return RB_OK;
}

void rb_age_identity_encode(const uint8_t secret[32], struct rb_writer *w) {
    encode(&identity_form, secret, w);
}

enum rb_err rb_age_identity_decode(struct rb_slice in, uint8_t secret[32]) {
    return decode(&identity_form, in, secret);
}
