/* The sealed key file (spec 2.5): five lines of text, so that it can be printed, mailed and opened
 * with any Argon2id and XChaCha20-Poly1305 at hand. Everything before the last line is
 * authenticated with the seed, so that neither the public key nor the parameters can be swapped. */
#include "readback/crypto.h"
#include "readback/text.h"
#include <sodium.h>

#define MAGIC "readback-sealed-key/v1"
#define KDF "argon2id13"
#define CIPHER "xchacha20poly1305"
#define BOX_LEN (RB_SEED_LEN + crypto_aead_xchacha20poly1305_ietf_ABYTES)
#define MEM_MIN_KIB 8u
#define MEM_MAX_KIB 1048576u
#define OPS_MAX 16u
#define PASSPHRASE_MAX 1024u

struct sealed {
    struct rb_key pub;
    struct rb_seal_params params;
    uint8_t box[BOX_LEN];
    struct rb_slice head; /* borrowed: the lines before the box, with their ends */
};

static bool params_ok(const struct rb_seal_params *p) {
    return p->mem_kib >= MEM_MIN_KIB && p->mem_kib <= MEM_MAX_KIB && p->ops >= 1 &&
           p->ops <= OPS_MAX;
}

static enum rb_err derive(const struct rb_seal_params *p, struct rb_slice passphrase,
                          uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES]) {
    int bad = crypto_pwhash_argon2id(
        key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES, (const char *)passphrase.p, passphrase.n,
        p->salt, p->ops, (size_t)p->mem_kib * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13);
    return bad == 0 ? RB_OK : RB_ERR_LIMIT; /* it fails only for want of memory */
}

static void put_head(const struct rb_key *pub, const struct rb_seal_params *p,
                     struct rb_writer *w) {
    rb_put_z(w, MAGIC "\n");
    rb_put_z(w, "ed25519 ");
    rb_put_base64(w, pub->b, RB_KEY_LEN);
    rb_put_z(w, "\n" KDF " ");
    rb_put_dec(w, p->mem_kib);
    rb_put_u8(w, ' ');
    rb_put_dec(w, p->ops);
    rb_put_u8(w, ' ');
    rb_put_base64(w, p->salt, sizeof p->salt);
    rb_put_z(w, "\n" CIPHER " ");
    rb_put_base64(w, p->nonce, sizeof p->nonce);
    rb_put_z(w, "\n");
}

enum rb_err rb_seal_encode(const struct rb_seckey *key, struct rb_slice passphrase,
                           const struct rb_seal_params *params, struct rb_writer *w) {
    uint8_t wrap[crypto_aead_xchacha20poly1305_ietf_KEYBYTES], box[BOX_LEN];
    uint8_t head_bytes[256];
    struct rb_writer head_writer = rb_writer(head_bytes, sizeof head_bytes);
    struct rb_slice head, all;
    if (!params_ok(params) || passphrase.n > PASSPHRASE_MAX) return RB_ERR_LIMIT;
    if (passphrase.n == 0) return RB_ERR_USAGE; /* it would seal nothing */
    put_head(&key->pub, params, &head_writer);
    RB_TRY(rb_writer_done(&head_writer, &head));
    RB_TRY(derive(params, passphrase, wrap));
    crypto_aead_xchacha20poly1305_ietf_encrypt(box, NULL, key->seed, RB_SEED_LEN, head.p, head.n,
                                               NULL, params->nonce, wrap);
    rb_wipe(wrap, sizeof wrap);
    rb_put_slice(w, head);
    rb_put_base64(w, box, sizeof box);
    rb_put_z(w, "\n");
    return rb_writer_done(w, &all);
}

/* ---- reading ------------------------------------------------------------------------------ */

/* Demands `word` and one space at the start of the line's rest. */
static enum rb_err get_word(struct rb_reader *r, const char *word) {
    struct rb_slice s;
    uint8_t space;
    RB_TRY(rb_get_view(r, strlen(word), &s));
    RB_TRY(rb_get_u8(r, &space));
    return rb_slice_is(s, word) && space == ' ' ? RB_OK : RB_ERR_MALFORMED;
}

static enum rb_err get_number(struct rb_reader *r, uint32_t *out) {
    size_t end = rb_slice_find(rb_slice(r->p, r->n), r->at, ' ');
    struct rb_slice digits;
    uint64_t v;
    uint8_t space;
    RB_TRY(rb_get_view(r, end - r->at, &digits));
    RB_TRY(rb_get_u8(r, &space));
    RB_TRY(rb_dec_decode(digits, &v));
    if (v > UINT32_MAX) return RB_ERR_LIMIT;
    *out = (uint32_t)v;
    return RB_OK;
}

/* The line's rest: base64 of exactly n bytes. */
static enum rb_err get_base64(struct rb_reader *r, void *out, size_t n) {
    struct rb_slice text;
    size_t got = 0;
    RB_TRY(rb_get_view(r, rb_left(r), &text));
    if (rb_base64_decode(text, out, n, &got) != RB_OK || got != n) return RB_ERR_MALFORMED;
    return RB_OK;
}

static enum rb_err get_public_line(struct rb_reader *file, struct rb_key *out) {
    struct rb_slice line;
    RB_TRY(rb_get_line(file, &line));
    if (!rb_slice_is(line, MAGIC)) return RB_ERR_MALFORMED;
    RB_TRY(rb_get_line(file, &line));
    struct rb_reader r = rb_reader(line);
    RB_TRY(get_word(&r, "ed25519"));
    RB_TRY(get_base64(&r, out->b, RB_KEY_LEN));
    return rb_ed25519_key_check(out);
}

static enum rb_err get_params(struct rb_reader *file, struct rb_seal_params *out) {
    struct rb_slice line;
    RB_TRY(rb_get_line(file, &line));
    struct rb_reader r = rb_reader(line);
    RB_TRY(get_word(&r, KDF));
    RB_TRY(get_number(&r, &out->mem_kib));
    RB_TRY(get_number(&r, &out->ops));
    RB_TRY(get_base64(&r, out->salt, sizeof out->salt));
    RB_TRY(rb_get_line(file, &line));
    r = rb_reader(line);
    RB_TRY(get_word(&r, CIPHER));
    RB_TRY(get_base64(&r, out->nonce, sizeof out->nonce));
    return params_ok(out) ? RB_OK : RB_ERR_LIMIT;
}

static enum rb_err get_box(struct rb_reader *file, struct sealed *out) {
    struct rb_slice line;
    out->head = rb_slice(file->p, file->at);
    RB_TRY(rb_get_line(file, &line));
    struct rb_reader r = rb_reader(line);
    RB_TRY(get_base64(&r, out->box, sizeof out->box));
    return rb_get_end(file);
}

static enum rb_err parse(struct rb_slice file, struct sealed *out, struct rb_reject *rj) {
    struct rb_reader r = rb_reader(file);
    enum rb_err err = get_public_line(&r, &out->pub);
    if (err != RB_OK) return rb_reject(rj, err, "2.5.1", "not a sealed key's first lines", r.at);
    err = get_params(&r, &out->params);
    if (err == RB_ERR_LIMIT)
        return rb_reject(rj, err, "2.5.2", "Argon2id parameters beyond bounds", r.at);
    if (err != RB_OK) return rb_reject(rj, err, "2.5.1", "parameter line", r.at);
    err = get_box(&r, out);
    if (err != RB_OK) return rb_reject(rj, err, "2.5.1", "sealed line, or more after it", r.at);
    return RB_OK;
}

static enum rb_err open_box(const struct sealed *s, struct rb_slice passphrase,
                            struct rb_seckey *out) {
    uint8_t wrap[crypto_aead_xchacha20poly1305_ietf_KEYBYTES], seed[RB_SEED_LEN];
    struct rb_seckey key;
    RB_TRY(derive(&s->params, passphrase, wrap));
    enum rb_err err = RB_ERR_SIGNATURE;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(seed, NULL, NULL, s->box, sizeof s->box,
                                                   s->head.p, s->head.n, s->params.nonce,
                                                   wrap) != 0)
        goto out;
    rb_ed25519_from_seed(seed, &key);
    if (rb_key_eq(&key.pub, &s->pub)) {
        *out = key;
        err = RB_OK;
    }
out:
    rb_wipe(wrap, sizeof wrap);
    rb_wipe(seed, sizeof seed);
    rb_wipe(&key, sizeof key);
    return err;
}

enum rb_err rb_seal_decode(struct rb_slice file, struct rb_slice passphrase, struct rb_seckey *out,
                           struct rb_reject *rj) {
    struct sealed s;
    RB_TRY(parse(file, &s, rj));
    if (passphrase.n > PASSPHRASE_MAX)
        return rb_reject(rj, RB_ERR_SIGNATURE, "2.5.4", "wrong passphrase", s.head.n);
    enum rb_err err = open_box(&s, passphrase, out);
    if (err == RB_ERR_LIMIT)
        return rb_reject(rj, err, "2.5.2", "not enough memory for Argon2id", s.head.n);
    if (err != RB_OK)
        return rb_reject(rj, err, "2.5.4", "wrong passphrase, or changed bytes", s.head.n);
    return RB_OK;
}

enum rb_err rb_seal_public(struct rb_slice file, struct rb_key *out) {
    struct sealed s;
    RB_TRY(parse(file, &s, NULL));
    *out = s.pub;
    return RB_OK;
}
