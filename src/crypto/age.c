/* The payload of age files, chunk by chunk, and whole files in memory (spec 9.2.6). */
#include "age_int.h"
#include <assert.h>

#define SEALED_CHUNK ((uint64_t)RB_AGE_CHUNK + RB_AGE_TAG)

void rb_age_stream_init(const uint8_t file_key[RB_AGE_FILE_KEY], const uint8_t nonce[RB_AGE_NONCE],
                        struct rb_age_stream *s) {
    rb_age_hkdf(rb_slice(file_key, RB_AGE_FILE_KEY), rb_slice(nonce, RB_AGE_NONCE), "payload",
                s->key);
    s->next = 0;
}

/* the chunk's number as eleven bytes, then whether it is the last */
static void chunk_nonce(uint64_t number, bool last, uint8_t out[AGE_AEAD_NONCE]) {
    static const uint8_t high[3];
    struct rb_writer w = rb_writer(out, AGE_AEAD_NONCE);
    rb_put(&w, high, sizeof high);
    rb_put_u64(&w, number);
    rb_put_u8(&w, last ? 1 : 0);
}

void rb_age_seal_chunk(struct rb_age_stream *s, struct rb_slice plain, bool last, uint8_t *out) {
    uint8_t nonce[AGE_AEAD_NONCE];
    assert(plain.n <= RB_AGE_CHUNK && (last || plain.n == RB_AGE_CHUNK));
    assert((plain.n > 0 || s->next == 0) && "an empty chunk behind others");
    chunk_nonce(s->next, last, nonce);
    rb_age_box_seal(s->key, nonce, plain, out);
    s->next++;
}

enum rb_err rb_age_open_chunk(struct rb_age_stream *s, struct rb_slice in, bool last,
                              uint8_t *out) {
    uint8_t nonce[AGE_AEAD_NONCE];
    if (in.n > SEALED_CHUNK || (!last && in.n != SEALED_CHUNK)) return RB_ERR_MALFORMED;
    if (in.n < RB_AGE_TAG || (in.n == RB_AGE_TAG && s->next > 0)) return RB_ERR_MALFORMED;
    chunk_nonce(s->next, last, nonce);
    if (!rb_age_box_open(s->key, nonce, in, out)) return RB_ERR_SIGNATURE;
    s->next++;
    return RB_OK;
}

uint64_t rb_age_size(size_t header_n, uint64_t plain_n) {
    const uint64_t chunks = plain_n == 0 ? 1 : (plain_n - 1) / RB_AGE_CHUNK + 1;
    return header_n + RB_AGE_NONCE + plain_n + chunks * RB_AGE_TAG;
}

enum rb_err rb_age_plain_size(size_t header_n, uint64_t size, uint64_t *plain_n) {
    if (size < header_n || size - header_n < RB_AGE_NONCE) return RB_ERR_MALFORMED;
    const uint64_t sealed = size - header_n - RB_AGE_NONCE;
    const uint64_t full = sealed / SEALED_CHUNK, rest = sealed % SEALED_CHUNK;
    if (rest == 0 && full == 0) return RB_ERR_MALFORMED;
    if (rest > 0 && (rest < RB_AGE_TAG || (rest == RB_AGE_TAG && full > 0)))
        return RB_ERR_MALFORMED;
    *plain_n = full * RB_AGE_CHUNK + (rest > 0 ? rest - RB_AGE_TAG : 0);
    return RB_OK;
}

/* ---- whole files -------------------------------------------------------------------------- */

/* Nonce and chunks behind a header that lies in w. */
static enum rb_err seal_payload(const uint8_t file_key[RB_AGE_FILE_KEY],
                                const uint8_t nonce[RB_AGE_NONCE], struct rb_slice plain,
                                struct rb_writer *w) {
    struct rb_age_stream s;
    if (rb_age_size(0, plain.n) > w->cap - w->n) {
        w->over = true;
        return RB_ERR_LIMIT;
    }
    rb_put(w, nonce, RB_AGE_NONCE);
    rb_age_stream_init(file_key, nonce, &s);
    size_t at = 0;
    do {
        const struct rb_slice chunk = rb_slice_sub(plain, at, at + RB_AGE_CHUNK);
        at += chunk.n;
        rb_age_seal_chunk(&s, chunk, at == plain.n, w->p + w->n);
        w->n += chunk.n + RB_AGE_TAG;
    } while (at < plain.n);
    rb_wipe(&s, sizeof s);
    return RB_OK;
}

static enum rb_err open_chunks(struct rb_age_stream *s, struct rb_slice in, size_t at,
                               struct rb_writer *w, struct rb_reject *rj) {
    do {
        const struct rb_slice chunk = rb_slice_sub(in, at, at + SEALED_CHUNK);
        const enum rb_err err = rb_age_open_chunk(s, chunk, at + chunk.n == in.n, w->p + w->n);
        if (err != RB_OK) return rb_reject(rj, err, "9.2.6", "a chunk that does not open", at);
        w->n += chunk.n - RB_AGE_TAG;
        at += chunk.n;
    } while (at < in.n);
    return RB_OK;
}

static enum rb_err open_payload(struct rb_slice in, size_t header_n,
                                const uint8_t file_key[RB_AGE_FILE_KEY], struct rb_writer *w,
                                struct rb_reject *rj) {
    const size_t from = w->n;
    struct rb_age_stream s;
    uint64_t plain_n = 0;
    enum rb_err err = rb_age_plain_size(header_n, in.n, &plain_n);
    if (err != RB_OK) return rb_reject(rj, err, "9.2.6", "a length that no payload has", in.n);
    if (plain_n > w->cap - from) {
        w->over = true;
        return rb_reject(rj, RB_ERR_LIMIT, "9.1.7", "no room for what it holds", header_n);
    }
    rb_age_stream_init(file_key, in.p + header_n, &s);
    err = open_chunks(&s, in, header_n + RB_AGE_NONCE, w, rj);
    rb_wipe(&s, sizeof s);
    if (err != RB_OK) {
        if (w->n > from) rb_wipe(w->p + from, w->n - from);
        w->n = from;
    }
    return err;
}

enum rb_err rb_age_seal(const struct rb_key *recipients, size_t n, const uint8_t *entropy,
                        struct rb_slice plain, struct rb_writer *w) {
    const uint8_t *nonce = entropy + RB_AGE_FILE_KEY, *secrets = nonce + RB_AGE_NONCE;
    const size_t from = w->n;
    RB_TRY(rb_age_header_encode(recipients, n, entropy, secrets, w));
    enum rb_err err = seal_payload(entropy, nonce, plain, w);
    if (err != RB_OK) w->n = from;
    return err;
}

enum rb_err rb_age_open(struct rb_slice in, const uint8_t (*identities)[32], size_t n,
                        struct rb_writer *w, struct rb_reject *rj) {
    uint8_t file_key[RB_AGE_FILE_KEY];
    size_t header_n = 0;
    RB_TRY(rb_age_header_open(in, identities, n, file_key, &header_n, rj));
    enum rb_err err = open_payload(in, header_n, file_key, w, rj);
    rb_wipe(file_key, sizeof file_key);
    return err;
}

enum rb_err rb_age_passphrase_seal(struct rb_slice passphrase, unsigned log_n,
                                   const uint8_t *entropy, struct rb_slice plain,
                                   struct rb_writer *w) {
    const uint8_t *nonce = entropy + RB_AGE_FILE_KEY, *salt = nonce + RB_AGE_NONCE;
    const size_t from = w->n;
    RB_TRY(rb_age_scrypt_encode(passphrase, log_n, salt, entropy, w));
    enum rb_err err = seal_payload(entropy, nonce, plain, w);
    if (err != RB_OK) w->n = from;
    return err;
}

enum rb_err rb_age_passphrase_open(struct rb_slice in, struct rb_slice passphrase,
                                   struct rb_writer *w, struct rb_reject *rj) {
    uint8_t file_key[RB_AGE_FILE_KEY];
    size_t header_n = 0;
    RB_TRY(rb_age_scrypt_open(in, passphrase, file_key, &header_n, rj));
    enum rb_err err = open_payload(in, header_n, file_key, w, rj);
    rb_wipe(file_key, sizeof file_key);
    return err;
}
