/* Crypto, remembered. Signatures are real; that one is verified, made or derived a second time with
 * the same inputs is remembered (the linker wraps four functions), which makes many small histories
 * cheap. */
#include <string.h>
#include "readback/crypto.h"

enum rb_err __real_rb_ed25519_verify(const struct rb_key *pub, struct rb_slice msg,
                                     const uint8_t sig[RB_SIG_LEN]);
enum rb_err __wrap_rb_ed25519_verify(const struct rb_key *pub, struct rb_slice msg,
                                     const uint8_t sig[RB_SIG_LEN]);
void __real_rb_ed25519_from_seed(const uint8_t seed[RB_SEED_LEN], struct rb_seckey *out);
void __wrap_rb_ed25519_from_seed(const uint8_t seed[RB_SEED_LEN], struct rb_seckey *out);
void __real_rb_ed25519_sign(const struct rb_seckey *key, struct rb_slice msg,
                            uint8_t sig[RB_SIG_LEN]);
void __wrap_rb_ed25519_sign(const struct rb_seckey *key, struct rb_slice msg,
                            uint8_t sig[RB_SIG_LEN]);
enum rb_err __real_rb_ed25519_key_check(const struct rb_key *pub);
enum rb_err __wrap_rb_ed25519_key_check(const struct rb_key *pub);

#define SLOTS 65536u
struct memo {
    struct rb_hash question;
    uint8_t answer[RB_SIG_LEN];
};
static struct memo memo[SLOTS];

static struct memo *memo_of(const struct rb_slice *parts, size_t n, bool *known) {
    struct rb_hash h;
    uint16_t slot;
    rb_sha256v(parts, n, &h);
    memcpy(&slot, h.b, sizeof slot);
    *known = rb_hash_eq(&memo[slot].question, &h);
    memo[slot].question = h;
    return &memo[slot];
}

enum rb_err __wrap_rb_ed25519_verify(const struct rb_key *pub, struct rb_slice msg,
                                     const uint8_t sig[RB_SIG_LEN]) {
    const struct rb_slice parts[] = {rb_str("verify"), rb_slice(pub->b, RB_KEY_LEN),
                                     rb_slice(sig, RB_SIG_LEN), msg};
    bool known;
    struct memo *m = memo_of(parts, 4, &known);
    if (!known) m->answer[0] = (uint8_t)__real_rb_ed25519_verify(pub, msg, sig);
    return (enum rb_err)m->answer[0];
}

enum rb_err __wrap_rb_ed25519_key_check(const struct rb_key *pub) {
    const struct rb_slice parts[] = {rb_str("check"), rb_slice(pub->b, RB_KEY_LEN)};
    bool known;
    struct memo *m = memo_of(parts, 2, &known);
    if (!known) m->answer[0] = (uint8_t)__real_rb_ed25519_key_check(pub);
    return (enum rb_err)m->answer[0];
}

void __wrap_rb_ed25519_from_seed(const uint8_t seed[RB_SEED_LEN], struct rb_seckey *out) {
    const struct rb_slice parts[] = {rb_str("seed"), rb_slice(seed, RB_SEED_LEN)};
    bool known;
    struct memo *m = memo_of(parts, 2, &known);
    if (!known) {
        __real_rb_ed25519_from_seed(seed, out);
        memcpy(m->answer, out->pub.b, RB_KEY_LEN);
    }
    memcpy(out->seed, seed, RB_SEED_LEN);
    memcpy(out->pub.b, m->answer, RB_KEY_LEN);
}

void __wrap_rb_ed25519_sign(const struct rb_seckey *key, struct rb_slice msg,
                            uint8_t sig[RB_SIG_LEN]) {
    const struct rb_slice parts[] = {rb_str("sign"), rb_slice(key->seed, RB_SEED_LEN), msg};
    bool known;
    struct memo *m = memo_of(parts, 3, &known);
    if (!known) __real_rb_ed25519_sign(key, msg, m->answer);
    memcpy(sig, m->answer, RB_SIG_LEN);
}
