/* What people read out over the phone, and the short names of keys (spec 2.1 to 2.3). */
#include "readback/crypto.h"
#include <assert.h>

#define GROUPS 8u
#define GROUP_DIGITS 5u

void rb_key_id(const struct rb_key *pub, uint8_t kid[RB_KID_LEN]) {
    struct rb_hash h;
    rb_sha256(rb_slice(pub->b, RB_KEY_LEN), &h);
    memcpy(kid, h.b, RB_KID_LEN);
}

void rb_party_hash(const struct rb_key *party, struct rb_hash *out) {
    rb_sha256(rb_slice(party->b, RB_KEY_LEN), out);
}

void rb_fingerprint(struct rb_slice handle, const struct rb_key *party, char out[48]) {
    const struct rb_slice in[] = {rb_str("readback/fingerprint/v1\n"), handle, rb_str("\n"),
                                  rb_slice(party->b, RB_KEY_LEN)};
    struct rb_hash h;
    char *at = out;
    rb_sha256v(in, sizeof in / sizeof in[0], &h);
    for (size_t g = 0; g < GROUPS; g++) {
        struct rb_reader r = rb_reader(rb_slice(h.b + 4 * g, 4));
        uint32_t v = 0;
        enum rb_err err = rb_get_u32(&r, &v);
        assert(err == RB_OK);
        (void)err;
        for (size_t d = GROUP_DIGITS; d-- > 0; v /= 10)
            at[d] = (char)('0' + v % 10);
        at += GROUP_DIGITS;
        *at++ = g + 1 < GROUPS ? ' ' : '\0';
    }
}

bool rb_fingerprint_matches(const char *fingerprint, struct rb_slice typed) {
    const char *want = fingerprint;
    size_t digits = 0;
    for (size_t i = 0; i < typed.n; i++) {
        if (typed.p[i] == ' ' || typed.p[i] == '-') continue;
        while (*want == ' ')
            want++;
        if (*want == '\0' || typed.p[i] != (uint8_t)*want) return false;
        want++;
        digits++;
    }
    return digits == RB_FINGERPRINT_DIGITS && *want == '\0';
}
