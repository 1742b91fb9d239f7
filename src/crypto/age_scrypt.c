/* The passphrase stanza of age files (spec 9.2.7): scrypt with r = 8 and p = 1, its work factor
 * bound before any memory is taken. */
#include "age_int.h"
#include "readback/text.h"
#include <assert.h>
#include <sodium.h>

#define TYPE "scrypt"
#define LABEL "age-encryption.org/v1/scrypt"
#define LABEL_LEN (sizeof LABEL - 1)

struct scrypt_stanza {
    unsigned log_n;
    uint8_t salt[AGE_SALT], body[AGE_WRAPPED];
};

/* RB_ERR_LIMIT: no memory for it */
static enum rb_err derive(struct rb_slice passphrase, unsigned log_n, const uint8_t salt[AGE_SALT],
                          uint8_t out[AGE_KEY]) {
    uint8_t labelled[LABEL_LEN + AGE_SALT];
    assert(passphrase.n > 0 && log_n >= 1 && log_n <= RB_AGE_MAX_LOG_N);
    memcpy(labelled, LABEL, LABEL_LEN);
    memcpy(labelled + LABEL_LEN, salt, AGE_SALT);
    int bad =
        crypto_pwhash_scryptsalsa208sha256_ll(passphrase.p, passphrase.n, labelled, sizeof labelled,
                                              (uint64_t)1 << log_n, 8, 1, out, AGE_KEY);
    return bad == 0 ? RB_OK : RB_ERR_LIMIT; /* it fails only for want of memory */
}

enum rb_err rb_age_scrypt_encode(struct rb_slice passphrase, unsigned log_n,
                                 const uint8_t salt[AGE_SALT],
                                 const uint8_t file_key[RB_AGE_FILE_KEY], struct rb_writer *w) {
    uint8_t wrap[AGE_KEY], body[AGE_WRAPPED];
    const size_t from = w->n;
    if (passphrase.n == 0 || log_n == 0) return RB_ERR_USAGE; /* it would seal nothing */
    if (log_n > RB_AGE_MAX_LOG_N) return RB_ERR_LIMIT;
    RB_TRY(derive(passphrase, log_n, salt, wrap));
    rb_age_wrap(wrap, file_key, body);
    rb_wipe(wrap, sizeof wrap);
    rb_age_put_version(w);
    rb_put_z(w, "-> " TYPE " ");
    rb_age_put_base64(w, salt, AGE_SALT);
    rb_put_z(w, " ");
    rb_put_dec(w, log_n);
    rb_put_z(w, "\n");
    rb_age_put_base64(w, body, sizeof body);
    rb_put_z(w, "\n");
    enum rb_err err = rb_age_put_mac(w, from, file_key);
    if (err != RB_OK) w->n = from;
    return err;
}

/* Digits alone, no leading zero. However many there are, all above the bound are the same. */
static enum rb_err get_log_n(struct rb_slice in, unsigned *out) {
    unsigned v = 0;
    if (in.n == 0 || in.p[0] == '0') return RB_ERR_MALFORMED;
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] < '0' || in.p[i] > '9') return RB_ERR_MALFORMED;
        if (v <= RB_AGE_MAX_LOG_N) v = v * 10 + in.p[i] - '0';
    }
    *out = v;
    return v <= RB_AGE_MAX_LOG_N ? RB_OK : RB_ERR_LIMIT;
}

static enum rb_err get(const struct rb_age_stanza *s, struct scrypt_stanza *out) {
    if (rb_age_arg(s, 3).n > 0) return RB_ERR_MALFORMED;
    RB_TRY(rb_age_get_base64(rb_age_arg(s, 1), out->salt, sizeof out->salt));
    RB_TRY(rb_age_get_body(s, out->body));
    return get_log_n(rb_age_arg(s, 2), &out->log_n);
}

/* The one stanza of a header that was parsed. */
static enum rb_err find(const struct rb_age_header *h, struct scrypt_stanza *out,
                        struct rb_reject *rj) {
    struct rb_reader r = rb_age_stanzas(h);
    struct rb_age_stanza s = {.at = r.at};
    if (!rb_age_next_stanza(&r, &s) || !rb_slice_is(rb_age_arg(&s, 0), TYPE))
        return rb_reject(rj, RB_ERR_NOT_FOUND, "9.2.7", "not sealed with a passphrase", s.at);
    enum rb_err err = get(&s, out);
    if (err == RB_ERR_LIMIT)
        return rb_reject(rj, err, "9.2.7", "a work factor above the bound", s.at);
    if (err != RB_OK) return rb_reject(rj, err, "9.2.7", "the form of a passphrase's stanza", s.at);
    return RB_OK;
}

enum rb_err rb_age_scrypt_open(struct rb_slice in, struct rb_slice passphrase,
                               uint8_t file_key[RB_AGE_FILE_KEY], size_t *header_n,
                               struct rb_reject *rj) {
    uint8_t wrap[AGE_KEY], key[RB_AGE_FILE_KEY];
    struct rb_age_header h;
    struct scrypt_stanza s;
    RB_TRY(rb_age_header_parse(in, &h, rj));
    RB_TRY(find(&h, &s, rj));
    if (passphrase.n == 0) return rb_reject(rj, RB_ERR_SIGNATURE, "9.2.7", "no passphrase", 0);
    if (derive(passphrase, s.log_n, s.salt, wrap) != RB_OK)
        return rb_reject(rj, RB_ERR_LIMIT, "9.2.7", "not enough memory for scrypt", 0);
    const bool opened = rb_age_unwrap(wrap, s.body, key);
    rb_wipe(wrap, sizeof wrap);
    enum rb_err err =
        opened ? rb_age_header_check(&h, key, rj)
               : rb_reject(rj, RB_ERR_SIGNATURE, "9.2.7", "wrong passphrase, or changed bytes", 0);
    if (err == RB_OK) {
        memcpy(file_key, key, sizeof key);
        *header_n = h.n;
    }
    rb_wipe(key, sizeof key);
    return err;
}
