/* What the party key signs. Signatures keep a fuzzer out of the decoders, so the first byte
 * chooses: the message as it is, or its rest as a payload that the target signs itself. */
#include "fuzz.h"
#include "readback/party.h"

static uint8_t out[4 * RB_MAX_LEAF], message[2 * RB_MAX_LEAF], tbs[2 * RB_MAX_LEAF];
static uint8_t room[1u << 18] __attribute__((aligned(16)));
static struct rb_card card;
static struct rb_revocation revocation;

/* a and the encoding of what was decoded from it, both as payloads under `signed_body` */
static void same_payload(struct rb_slice signed_body, const struct rb_writer *w) {
    FUZZ_CHECK(!w->over && w->n < signed_body.n);
    const uint8_t *at = signed_body.p + signed_body.n - RB_SIG_LEN - 2 - w->n;
    FUZZ_CHECK(memcmp(at, w->p, w->n) == 0);
}

static void decode_all(struct rb_slice in) {
    struct rb_arena a = rb_arena(room, sizeof room);
    struct rb_writer w = rb_writer(out, sizeof out);
    struct rb_delegation d;
    struct rb_rotation r;
    struct rb_reject rj = {0};
    if (rb_card_decode(in, &card, &a, &rj) == RB_OK) {
        rb_card_encode(&card, &w);
        FUZZ_CHECK(rb_card_shares_key(&card, &card));
    } else if (rb_delegation_decode(in, &d, &a, &rj) == RB_OK) {
        rb_delegation_encode(&d, &w);
    } else if (rb_rotation_decode(in, &r, &a, &rj) == RB_OK) {
        rb_rotation_encode(&r, &w);
    } else if (rb_revocation_decode(in, &revocation, &a, &rj) == RB_OK) {
        rb_revocation_encode(&revocation, &w);
    } else {
        FUZZ_CHECK(rj.clause != NULL);
        return;
    }
    same_payload(in, &w);
}

static void sign_and_decode(struct rb_slice payload) {
    static const uint8_t seed[RB_SEED_LEN] = {0x5a}; /* the key of the seeds */
    struct rb_seckey k;
    uint8_t sig[RB_SIG_LEN];
    struct rb_writer w = rb_writer(tbs, sizeof tbs), m = rb_writer(message, sizeof message);
    if (payload.n > RB_MAX_LEAF) return;
    rb_ed25519_from_seed(seed, &k);
    rb_party_tbs(payload, &k.pub, &w);
    rb_ed25519_sign(&k, rb_written(&w), sig);
    FUZZ_CHECK(rb_party_assemble(payload, &k.pub, sig, &m) == RB_OK);
    decode_all(rb_written(&m));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static bool ready;
    if (!ready) FUZZ_CHECK(rb_crypto_init() == RB_OK);
    ready = true;
    struct rb_slice signed_body;
    if (n == 0) return 0;
    const struct rb_slice in = rb_slice(data + 1, n - 1);
    if (data[0] & 1)
        sign_and_decode(in);
    else
        decode_all(in);
    if (rb_carried_decode(in, &signed_body, NULL) == RB_OK) {
        struct rb_writer w = rb_writer(out, sizeof out);
        rb_carried_encode(signed_body, &w);
        FUZZ_CHECK(!w.over && rb_slice_eq(rb_written(&w), in));
    }
    return 0;
}
