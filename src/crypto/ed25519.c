/* Ed25519 by libsodium, whose verification is strict (spec 2.3): S below the group order, R and the
 * key canonical, neither of small order, no cofactor. All nodes must judge a signature alike, so
 * nothing else verifies. */
#include "readback/crypto.h"
#include <assert.h>
#include <sodium.h>

enum rb_err rb_ed25519_verify(const struct rb_key *pub, struct rb_slice msg,
                              const uint8_t sig[RB_SIG_LEN]) {
    int bad = crypto_sign_verify_detached(sig, msg.p, msg.n, pub->b);
    return bad == 0 ? RB_OK : RB_ERR_SIGNATURE;
}

void rb_ed25519_from_seed(const uint8_t seed[RB_SEED_LEN], struct rb_seckey *out) {
    uint8_t sk[crypto_sign_SECRETKEYBYTES];
    int bad = crypto_sign_seed_keypair(out->pub.b, sk, seed);
    assert(bad == 0);
    (void)bad;
    if (out->seed != seed) memcpy(out->seed, seed, RB_SEED_LEN);
    rb_wipe(sk, sizeof sk);
}

void rb_ed25519_sign(const struct rb_seckey *key, struct rb_slice msg, uint8_t sig[RB_SIG_LEN]) {
    uint8_t sk[crypto_sign_SECRETKEYBYTES]; /* libsodium's form: seed, then public key */
    memcpy(sk, key->seed, RB_SEED_LEN);
    memcpy(sk + RB_SEED_LEN, key->pub.b, RB_KEY_LEN);
    int bad = crypto_sign_detached(sig, NULL, msg.p, msg.n, sk);
    assert(bad == 0);
    (void)bad;
    rb_wipe(sk, sizeof sk);
}

/* Refuses points with a component of small order too: no honest key has one, and other verifiers
 * could judge signatures under such a key differently. */
enum rb_err rb_ed25519_key_check(const struct rb_key *pub) {
    return crypto_core_ed25519_is_valid_point(pub->b) == 1 ? RB_OK : RB_ERR_MALFORMED;
}
