/* Between party.c, card.c and keys.c. */
#ifndef READBACK_RECORD_PARTY_FORM_H
#define READBACK_RECORD_PARTY_FORM_H
#include "cose.h"
#include "form.h"
#include "readback/party.h"

struct rb_party_message {
    struct rb_slice payload;
    struct rb_signer signer;
};
/* COSE and grammar; clauses 3.2, 3.5, 3.8.1 */
enum rb_err rb_party_open(struct rb_slice in, const struct rb_schema *schema, size_t max,
                          struct rb_party_message *out, struct rb_reject *rj) RB_MUST_USE;
/* the key id is of the party key that the payload names */
enum rb_err rb_party_key_form(const struct rb_party_message *msg, const struct rb_key *party,
                              struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_party_verify(const struct rb_party_message *msg, const struct rb_key *party,
                            struct rb_arena *work, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_delegation_form(struct rb_slice in, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_rotation_form(struct rb_slice in, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_revocation_form(struct rb_slice in, struct rb_reject *rj) RB_MUST_USE;
#endif
