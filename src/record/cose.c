/* spec 3.2. Written: alg -8 (EdDSA). Read: -8 and -19 (Ed25519, RFC 9864); a signer keeps which,
 * since the protected header is under the signature. */
#include <assert.h>

#include "cose.h"

#define TAG_SIGN1 18u
#define TAG_SIGN 98u
#define ALG_EDDSA (-8)
#define ALG_ED25519 (-19)
#define PROTECTED_LEN 13u /* a2 01 alg 04 48 kid: alg takes one byte either way */

/* ---- the protected header: << {1: alg, 4: kid} >> ------------------------------------------- */

static void put_protected(struct rb_writer *w, const struct rb_signer *s) {
    rb_cbor_put_head(w, RB_CBOR_BYTES, PROTECTED_LEN);
    rb_cbor_put_map(w, 2);
    rb_cbor_put_uint(w, 1);
    rb_cbor_put_int(w, s->alg_ed25519 ? ALG_ED25519 : ALG_EDDSA);
    rb_cbor_put_uint(w, 4);
    rb_cbor_put_bytes(w, rb_slice(s->kid, RB_KID_LEN));
}

static enum rb_err get_protected_map(struct rb_slice in, struct rb_signer *s) {
    struct rb_reader r = rb_reader(in);
    struct rb_slice kid;
    uint64_t key = 0;
    int64_t alg = 0;
    size_t n = 0;
    RB_TRY(rb_cbor_get_map(&r, 2, &n));
    if (n != 2) return RB_ERR_MALFORMED;
    RB_TRY(rb_cbor_get_uint(&r, &key));
    if (key != 1) return RB_ERR_MALFORMED;
    RB_TRY(rb_cbor_get_int(&r, &alg));
    if (alg != ALG_EDDSA && alg != ALG_ED25519) return RB_ERR_MALFORMED;
    RB_TRY(rb_cbor_get_uint(&r, &key));
    if (key != 4) return RB_ERR_MALFORMED;
    RB_TRY(rb_cbor_get_bytes(&r, &kid));
    if (kid.n != RB_KID_LEN) return RB_ERR_MALFORMED;
    s->alg_ed25519 = alg == ALG_ED25519;
    memcpy(s->kid, kid.p, RB_KID_LEN);
    return rb_get_end(&r);
}

static enum rb_err get_protected(struct rb_reader *r, struct rb_signer *s, struct rb_reject *rj) {
    struct rb_slice in = {NULL, 0};
    size_t at = r->at;
    if (rb_cbor_get_bytes(r, &in) != RB_OK || get_protected_map(in, s) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.2.2", "protected header", at);
    return RB_OK;
}

/* ---- small pieces --------------------------------------------------------------------------- */

static enum rb_err get_unprotected(struct rb_reader *r, struct rb_reject *rj) {
    size_t at = r->at, n = 0;
    if (rb_cbor_get_map(r, 0, &n) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.2.3", "unprotected header not empty", at);
    return RB_OK;
}

static enum rb_err get_signature(struct rb_reader *r, struct rb_signer *s, struct rb_reject *rj) {
    struct rb_slice sig = {NULL, 0};
    size_t at = r->at;
    if (rb_cbor_get_bytes(r, &sig) != RB_OK || sig.n != RB_SIG_LEN)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.2.4", "signature not 64 bytes", at);
    memcpy(s->sig, sig.p, RB_SIG_LEN);
    return RB_OK;
}

static enum rb_err get_payload(struct rb_reader *r, struct rb_slice *out, struct rb_reject *rj) {
    size_t at = r->at;
    if (rb_cbor_get_bytes(r, out) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.2.5", "payload not a byte string", at);
    return RB_OK;
}

static enum rb_err get_array_of(struct rb_reader *r, size_t want, struct rb_reject *rj) {
    size_t at = r->at, n = 0;
    if (rb_cbor_get_array(r, want, &n) != RB_OK || n != want)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.2.1", "COSE array", at);
    return RB_OK;
}

/* ---- COSE_Sign1 ----------------------------------------------------------------------------- */

static enum rb_err get_sign1(struct rb_reader *r, struct rb_slice *payload, struct rb_signer *s,
                             struct rb_reject *rj) {
    RB_TRY(get_array_of(r, 4, rj));
    RB_TRY(get_protected(r, s, rj));
    RB_TRY(get_unprotected(r, rj));
    RB_TRY(get_payload(r, payload, rj));
    return get_signature(r, s, rj);
}

static void put_sign1(struct rb_writer *w, struct rb_slice payload, const struct rb_signer *s) {
    rb_cbor_put_head(w, RB_CBOR_TAG, TAG_SIGN1);
    rb_cbor_put_array(w, 4);
    put_protected(w, s);
    rb_cbor_put_map(w, 0);
    rb_cbor_put_bytes(w, payload);
    rb_cbor_put_bytes(w, rb_slice(s->sig, RB_SIG_LEN));
}

/* ---- COSE_Sign ------------------------------------------------------------------------------ */

static enum rb_err get_signers(struct rb_reader *r, struct rb_signer *signers, size_t *n,
                               struct rb_reject *rj) {
    size_t at = r->at;
    enum rb_err e = rb_cbor_get_array(r, RB_MAX_SIGNERS, n);
    if (e != RB_OK || *n < 2)
        return rb_reject(rj, e == RB_ERR_LIMIT ? e : RB_ERR_MALFORMED, "3.2.6",
                         "COSE_Sign wants 2 to 4 signers", at);
    for (size_t i = 0; i < *n; i++) {
        at = r->at;
        RB_TRY(get_array_of(r, 3, rj));
        RB_TRY(get_protected(r, &signers[i], rj));
        RB_TRY(get_unprotected(r, rj));
        RB_TRY(get_signature(r, &signers[i], rj));
        if (i > 0 && memcmp(signers[i - 1].kid, signers[i].kid, RB_KID_LEN) >= 0)
            return rb_reject(rj, RB_ERR_MALFORMED, "3.2.6", "signers not ascending by key id", at);
    }
    return RB_OK;
}

static enum rb_err get_sign(struct rb_reader *r, struct rb_slice *payload,
                            struct rb_signer *signers, size_t *n, struct rb_reject *rj) {
    struct rb_slice empty = {NULL, 0};
    RB_TRY(get_array_of(r, 4, rj));
    size_t at = r->at;
    if (rb_cbor_get_bytes(r, &empty) != RB_OK || empty.n != 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.2.2", "body protected header not empty", at);
    RB_TRY(get_unprotected(r, rj));
    RB_TRY(get_payload(r, payload, rj));
    return get_signers(r, signers, n, rj);
}

static void put_sign(struct rb_writer *w, struct rb_slice payload, const struct rb_signer *signers,
                     size_t n) {
    rb_cbor_put_head(w, RB_CBOR_TAG, TAG_SIGN);
    rb_cbor_put_array(w, 4);
    rb_cbor_put_bytes(w, rb_slice(NULL, 0));
    rb_cbor_put_map(w, 0);
    rb_cbor_put_bytes(w, payload);
    rb_cbor_put_array(w, n);
    for (size_t i = 0; i < n; i++) {
        rb_cbor_put_array(w, 3);
        put_protected(w, &signers[i]);
        rb_cbor_put_map(w, 0);
        rb_cbor_put_bytes(w, rb_slice(signers[i].sig, RB_SIG_LEN));
    }
}

/* ---- whole messages ------------------------------------------------------------------------- */

enum rb_err rb_cose_decode(struct rb_slice in, struct rb_slice *payload,
                           struct rb_signer signers[RB_MAX_SIGNERS], size_t *n,
                           struct rb_reject *rj) {
    struct rb_reader r = rb_reader(in);
    struct rb_cbor_head h = {RB_CBOR_NULL, 0};
    if (rb_cbor_get_head(&r, &h) != RB_OK || h.type != RB_CBOR_TAG ||
        (h.arg != TAG_SIGN1 && h.arg != TAG_SIGN))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.2.1", "not COSE_Sign1 or COSE_Sign", 0);
    if (h.arg == TAG_SIGN1) {
        *n = 1;
        RB_TRY(get_sign1(&r, payload, signers, rj));
    } else {
        RB_TRY(get_sign(&r, payload, signers, n, rj));
    }
    if (rb_get_end(&r) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.1.7", "bytes after the end", r.at);
    return RB_OK;
}

void rb_cose_encode(struct rb_slice payload, const struct rb_signer *signers, size_t n,
                    struct rb_writer *w) {
    assert(n >= 1 && n <= RB_MAX_SIGNERS);
    if (n == 1)
        put_sign1(w, payload, signers);
    else
        put_sign(w, payload, signers, n);
}

void rb_cose_tbs(struct rb_slice payload, struct rb_slice aad, const struct rb_signer *signer,
                 size_t total, struct rb_writer *w) {
    rb_cbor_put_array(w, total == 1 ? 4 : 5);
    rb_cbor_put_text(w, rb_str(total == 1 ? "Signature1" : "Signature"));
    if (total != 1) rb_cbor_put_bytes(w, rb_slice(NULL, 0));
    put_protected(w, signer);
    rb_cbor_put_bytes(w, aad);
    rb_cbor_put_bytes(w, payload);
}

enum rb_err rb_cose_verify(struct rb_slice payload, struct rb_slice aad,
                           const struct rb_signer *signer, size_t total, const struct rb_key *pub,
                           struct rb_arena *work) {
    uint8_t kid[RB_KID_LEN];
    struct rb_slice tbs;
    size_t mark = rb_arena_mark(work), room = payload.n + aad.n + 64;
    rb_key_id(pub, kid);
    if (memcmp(kid, signer->kid, RB_KID_LEN) != 0) return RB_ERR_SIGNATURE;
    void *p = rb_arena_alloc(work, room);
    if (!p) return RB_ERR_LIMIT;
    struct rb_writer w = rb_writer(p, room);
    rb_cose_tbs(payload, aad, signer, total, &w);
    enum rb_err e = rb_writer_done(&w, &tbs);
    if (e == RB_OK) e = rb_ed25519_verify(pub, tbs, signer->sig);
    rb_arena_release(work, mark);
    return e;
}
