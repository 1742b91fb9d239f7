/* COSE_Sign1 and COSE_Sign as this project writes them (spec 3.2); used by records and by what
 * the party key signs. */
#ifndef READBACK_RECORD_COSE_H
#define READBACK_RECORD_COSE_H
#include "readback/record.h"

/* Payload and signers of a whole message; views borrow. RB_ERR_MALFORMED, RB_ERR_LIMIT. */
enum rb_err rb_cose_decode(struct rb_slice in, struct rb_slice *payload,
                           struct rb_signer signers[RB_MAX_SIGNERS], size_t *n,
                           struct rb_reject *rj) RB_MUST_USE;
/* signers ascending by kid, 1..RB_MAX_SIGNERS (asserted) */
void rb_cose_encode(struct rb_slice payload, const struct rb_signer *signers, size_t n,
                    struct rb_writer *w);
/* Sig_structure for this signer (its kid and alg) among `total` */
void rb_cose_tbs(struct rb_slice payload, struct rb_slice aad, const struct rb_signer *signer,
                 size_t total, struct rb_writer *w);
/* RB_ERR_SIGNATURE; RB_ERR_LIMIT if `work` is too small */
enum rb_err rb_cose_verify(struct rb_slice payload, struct rb_slice aad,
                           const struct rb_signer *signer, size_t total, const struct rb_key *pub,
                           struct rb_arena *work) RB_MUST_USE;
#endif
