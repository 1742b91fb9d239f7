/* What the offline party key signs, spec 3.8: the common shell, and the records that carry it. */
#include "party_form.h"
#include "readback/text.h"

const struct rb_enum_name rb_key_role_names[] = {{RB_KEY_PARTY, "party"},     {RB_KEY_LOG, "log"},
                                                 {RB_KEY_MIRROR, "mirror"},   {RB_KEY_NODE, "node"},
                                                 {RB_KEY_OFFICER, "officer"}, {RB_KEY_TLS, "tls"},
                                                 {RB_KEY_AGE, "age"},         {0, NULL}};

const char *rb_key_role_name(enum rb_key_role r) {
    return rb_enum_text(rb_key_role_names, r);
}

/* ---- signing ----------------------------------------------------------------------------------
 */

void rb_party_tbs(struct rb_slice payload, const struct rb_key *party, struct rb_writer *w) {
    struct rb_signer s = {0};
    rb_key_id(party, s.kid);
    rb_cose_tbs(payload, rb_str(RB_PARTY_AAD), &s, 1, w);
}

enum rb_err rb_party_assemble(struct rb_slice payload, const struct rb_key *party,
                              const uint8_t sig[RB_SIG_LEN], struct rb_writer *w) {
    struct rb_signer s = {0};
    rb_key_id(party, s.kid);
    memcpy(s.sig, sig, RB_SIG_LEN);
    rb_cose_encode(payload, &s, 1, w);
    return w->over ? RB_ERR_LIMIT : RB_OK;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

enum rb_err rb_party_open(struct rb_slice in, const struct rb_schema *schema, size_t max,
                          struct rb_party_message *out, struct rb_reject *rj) {
    struct rb_signer signers[RB_MAX_SIGNERS] = {0};
    size_t n = 0;
    if (in.n > max) return rb_reject(rj, RB_ERR_LIMIT, "3.8.1", "too long", max);
    RB_TRY(rb_cose_decode(in, &out->payload, signers, &n, rj));
    if (n != 1) return rb_reject(rj, RB_ERR_MALFORMED, "3.8.1", "the party key signs alone", 0);
    out->signer = signers[0];
    return rb_form_shift(rb_schema_check(schema, out->payload, rj), rj, in, out->payload);
}

enum rb_err rb_party_key_form(const struct rb_party_message *msg, const struct rb_key *party,
                              struct rb_reject *rj) {
    uint8_t kid[RB_KID_LEN];
    rb_key_id(party, kid);
    if (memcmp(kid, msg->signer.kid, RB_KID_LEN) != 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.8.2", "key id of another key", 0);
    return RB_OK;
}

enum rb_err rb_party_verify(const struct rb_party_message *msg, const struct rb_key *party,
                            struct rb_arena *work, struct rb_reject *rj) {
    enum rb_err e =
        rb_cose_verify(msg->payload, rb_str(RB_PARTY_AAD), &msg->signer, 1, party, work);
    return e == RB_OK ? e : rb_reject(rj, e, "3.8.3", "signature of the party key", 0);
}

/* ---- the records that carry such a body
 * ---------------------------------------------------------- */

static const struct rb_field card_fields[] = {
    F(1, "signed", RB_F_BYTES, REQ | FULL, RB_MAX_CARD, "the card, signed by the party key"),
};
const struct rb_schema rb_carried_card_schema = SCHEMA("card", card_fields);
static const struct rb_field key_fields[] = {
    F(1, "signed", RB_F_BYTES, REQ | FULL, RB_MAX_LEAF, "the body, signed by the party key"),
};
const struct rb_schema rb_carried_key_schema = SCHEMA("signed", key_fields);

void rb_carried_encode(struct rb_slice signed_body, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    rb_mapw_bytes(&m, 1, signed_body);
    rb_mapw_close(&m);
}

enum rb_err rb_carried_decode(struct rb_slice body, struct rb_slice *signed_body,
                              struct rb_reject *rj) {
    struct rb_mapr m;
    RB_TRY(rb_schema_check(&rb_carried_key_schema, body, rj));
    RB_TRY(rb_mapr_open(&m, body));
    return rb_mapr_bytes(&m, 1, signed_body);
}

static enum rb_err carried(struct rb_slice body,
                           enum rb_err (*form)(struct rb_slice, struct rb_reject *),
                           struct rb_reject *rj) {
    struct rb_slice in = {NULL, 0};
    RB_TRY(rb_carried_decode(body, &in, rj));
    return rb_form_shift(form(in, rj), rj, body, in);
}

static enum rb_err card_form(struct rb_slice in, struct rb_reject *rj) {
    struct rb_slice handle;
    return rb_card_form(in, &handle, rj);
}

enum rb_err rb_carried_card_form(struct rb_slice body, struct rb_reject *rj) {
    return carried(body, card_form, rj);
}
enum rb_err rb_carried_delegation_form(struct rb_slice body, struct rb_reject *rj) {
    return carried(body, rb_delegation_form, rj);
}
enum rb_err rb_carried_rotation_form(struct rb_slice body, struct rb_reject *rj) {
    return carried(body, rb_rotation_form, rj);
}
enum rb_err rb_carried_revocation_form(struct rb_slice body, struct rb_reject *rj) {
    return carried(body, rb_revocation_form, rj);
}
