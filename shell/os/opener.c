/* Reads a sealed body: hash of the ciphertext first, then header, then chunk after chunk. One chunk
 * of cipher- and plaintext and one head are in memory whatever the size, all of it locked and
 * wiped. Work goes in pieces, so that a loop can carry a large attachment between other things. */
#include "readback/age.h"
#include "readback/sealed.h"
#include "shell/os/opener.h"
#include "shell/os/os.h"

#define SEALED_CHUNK (RB_AGE_CHUNK + RB_AGE_TAG)

enum phase { OPENING_HASH, OPENING_HEADER, OPENING_CHUNKS, OPENING_OVER };
struct rb_opening {
    const struct rb_keyring *ring;
    struct rb_body_source src;
    enum rb_kind kind;
    bool head_only; /* stop as soon as the head is there */
    enum phase phase;
    enum rb_err err;
    bool compare, hashing;
    struct rb_hash want;
    struct rb_hasher hasher; /* of the ciphertext, then of the content with its salt */
    uint64_t at;             /* ciphertext hashed */
    struct rb_age_stream stream;
    size_t header_n;
    uint64_t plain_n;
    size_t gather_n; /* bytes of plaintext to have before the head can be told from what follows */
    size_t head_n;   /* gathered; once split: of the head */
    bool split;
    struct rb_hash content;
    uint8_t cipher[SEALED_CHUNK], plain[RB_AGE_CHUNK], head[RB_MAX_HEAD];
};

/* ---- the source ----------------------------------------------------------------------------- */

static enum rb_err read_all(const struct rb_body_source *src, uint64_t from, uint8_t *buf,
                            size_t n) {
    for (size_t at = 0; at < n;) {
        size_t k = 0;
        if (src->read(src->ctx, from + at, buf + at, n - at, &k) != RB_OK) return RB_ERR_IO;
        if (k == 0 || k > n - at) return RB_ERR_IO; /* shorter than it was said to be */
        at += k;
    }
    return RB_OK;
}

static size_t piece(uint64_t left, size_t cap) {
    return left < cap ? (size_t)left : cap;
}

/* ---- hash -------------------------------------------------------------------------------------
 */

static enum rb_err hash_some(struct rb_opening *o, size_t *done) {
    struct rb_hash got;
    const size_t n = piece(o->src.size - o->at, sizeof o->cipher);
    if (!o->hashing && rb_hasher_begin(&o->hasher) != RB_OK) return RB_ERR_IO;
    o->hashing = true;
    RB_TRY(read_all(&o->src, o->at, o->cipher, n));
    rb_hasher_add(&o->hasher, rb_slice(o->cipher, n));
    o->at += n;
    *done = n;
    if (o->at < o->src.size) return RB_OK;
    rb_hasher_end(&o->hasher, &got);
    o->hashing = false;
    o->phase = OPENING_HEADER;
    return rb_hash_eq(&got, &o->want) ? RB_OK : RB_ERR_PROOF;
}

/* ---- header -----------------------------------------------------------------------------------
 */

/* What the header can be refused for is one and the same for who asks: it is not of the form. */
static enum rb_err header_err(enum rb_err err) {
    return err == RB_ERR_LIMIT || err == RB_ERR_UNSUPPORTED ? RB_ERR_MALFORMED : err;
}

static enum rb_err open_header(struct rb_opening *o, size_t *done) {
    uint8_t file_key[RB_AGE_FILE_KEY], nonce[RB_AGE_NONCE];
    struct rb_reject rj = {0};
    size_t ids_n = 0;
    const uint8_t(*ids)[32] = keyring_secrets(o->ring, &ids_n);
    const size_t n = piece(o->src.size, RB_AGE_MAX_HEADER);
    RB_TRY(read_all(&o->src, 0, o->cipher, n));
    *done = n;
    RB_TRY(header_err(
        rb_age_header_open(rb_slice(o->cipher, n), ids, ids_n, file_key, &o->header_n, &rj)));
    enum rb_err err = rb_age_plain_size(o->header_n, o->src.size, &o->plain_n);
    if (err == RB_OK &&
        (o->plain_n == 0 || (o->kind != RB_KIND_ATTACHMENT && o->plain_n > RB_MAX_HEAD)))
        err = RB_ERR_MALFORMED;
    if (err == RB_OK) err = read_all(&o->src, o->header_n, nonce, sizeof nonce);
    if (err == RB_OK) rb_age_stream_init(file_key, nonce, &o->stream);
    rb_wipe(file_key, sizeof file_key);
    o->gather_n = piece(o->plain_n, RB_MAX_HEAD);
    o->phase = OPENING_CHUNKS;
    return err;
}

/* ---- chunks -----------------------------------------------------------------------------------
 */

static uint64_t chunks(const struct rb_opening *o) {
    return (o->plain_n + RB_AGE_CHUNK - 1) / RB_AGE_CHUNK;
}

/* chunk i into o->plain */
static enum rb_err open_chunk(struct rb_opening *o, uint64_t i, size_t *n) {
    const uint64_t from = o->header_n + RB_AGE_NONCE + i * SEALED_CHUNK;
    *n = piece(o->plain_n - i * RB_AGE_CHUNK, RB_AGE_CHUNK);
    RB_TRY(read_all(&o->src, from, o->cipher, *n + RB_AGE_TAG));
    o->stream.next = i;
    return rb_age_open_chunk(&o->stream, rb_slice(o->cipher, *n + RB_AGE_TAG), i + 1 == chunks(o),
                             o->plain);
}

/* Where an attachment's head ends its content begins, in the same chunk. */
static enum rb_err split_content(struct rb_opening *o) {
    struct rb_sealed_head head;
    struct rb_attachment a;
    struct rb_reject rj = {0};
    if (rb_sealed_head_decode(o->kind, rb_slice(o->head, o->head_n), &head, &rj) != RB_OK ||
        head.parts_n != 2 || rb_attachment_decode(head.body, &a, &rj) != RB_OK ||
        o->plain_n - head.head_n != a.size)
        return RB_ERR_MALFORMED;
    if (!o->head_only) {
        if (rb_hasher_begin(&o->hasher) != RB_OK) return RB_ERR_IO;
        o->hashing = true;
        rb_hasher_add(&o->hasher, rb_slice(rb_sealed_salt(&head, 1), RB_SALT_LEN));
        rb_hasher_add(&o->hasher, rb_slice(o->head + head.head_n, o->head_n - head.head_n));
    }
    rb_wipe(o->head + head.head_n, o->head_n - head.head_n);
    o->head_n = head.head_n;
    return RB_OK;
}

static enum rb_err take(struct rb_opening *o, struct rb_slice plain) {
    if (!o->split) {
        const size_t n = piece(plain.n, o->gather_n - o->head_n);
        memcpy(o->head + o->head_n, plain.p, n);
        o->head_n += n;
        plain = rb_slice_sub(plain, n, plain.n);
        if (o->head_n < o->gather_n) return RB_OK;
        if (o->kind == RB_KIND_ATTACHMENT) RB_TRY(split_content(o));
        o->split = true;
    }
    if (o->hashing) rb_hasher_add(&o->hasher, plain);
    return RB_OK;
}

static enum rb_err open_some(struct rb_opening *o, size_t *done) {
    size_t n = 0;
    const uint64_t i = o->stream.next;
    RB_TRY(open_chunk(o, i, &n));
    *done = n;
    RB_TRY(take(o, rb_slice(o->plain, n)));
    if (i + 1 < chunks(o) && !(o->head_only && o->split)) return RB_OK;
    if (o->hashing) rb_hasher_end(&o->hasher, &o->content);
    o->hashing = false;
    o->phase = OPENING_OVER;
    return RB_OK;
}

/* ---- in pieces --------------------------------------------------------------------------------
 */

static struct rb_opening *opening(const struct rb_keyring *k, const struct rb_body_source *src,
                                  enum rb_kind kind, bool head_only) {
    const uint64_t most = kind == RB_KIND_ATTACHMENT ? RB_MAX_ATTACHED : RB_MAX_SEALED;
    struct rb_opening *o = rb_secret_alloc(sizeof *o);
    if (o == NULL) return NULL;
    o->ring = k;
    o->src = *src;
    o->kind = kind;
    o->head_only = head_only;
    o->phase = OPENING_HEADER;
    o->err = rb_keyring_locked(k) ? RB_ERR_STATE : src->size > most ? RB_ERR_MALFORMED : RB_OK;
    return o;
}

struct rb_opening *rb_opening_new(const struct rb_keyring *k, const struct rb_body_source *src,
                                  const struct rb_hash *want, enum rb_kind kind) {
    struct rb_opening *o = opening(k, src, kind, false);
    if (o != NULL && want != NULL) {
        o->want = *want;
        o->phase = OPENING_HASH;
    }
    return o;
}

static enum rb_err go_once(struct rb_opening *o, size_t *done) {
    switch (o->phase) {
    case OPENING_HASH:
        return hash_some(o, done);
    case OPENING_HEADER:
        return open_header(o, done);
    case OPENING_CHUNKS:
        return open_some(o, done);
    case OPENING_OVER:
        break;
    }
    return RB_OK;
}

/* the salt and what was gathered of a body that is no good tell nobody anything */
static void give_up(struct rb_opening *o) {
    if (o->hashing) rb_hasher_drop(&o->hasher);
    o->hashing = false;
    rb_wipe(o->head, sizeof o->head);
    rb_wipe(o->plain, sizeof o->plain);
    o->phase = OPENING_OVER;
}

bool rb_opening_go(struct rb_opening *o, size_t *budget) {
    while (o->err == RB_OK && o->phase != OPENING_OVER && *budget > 0) {
        size_t done = 0;
        o->err = go_once(o, &done);
        *budget -= done < *budget ? done : *budget;
    }
    if (o->err != RB_OK) give_up(o);
    return o->phase == OPENING_OVER;
}

enum rb_err rb_opening_result(const struct rb_opening *o, struct rb_slice *head,
                              struct rb_hash *content) {
    if (o->phase != OPENING_OVER) return RB_ERR_STATE;
    RB_TRY(o->err);
    *head = rb_slice(o->head, o->head_n);
    *content = o->content;
    return RB_OK;
}

void rb_opening_free(struct rb_opening *o) {
    if (o == NULL) return;
    give_up(o);
    rb_secret_free(o, sizeof *o);
}

/* ---- at once ----------------------------------------------------------------------------------
 */

static enum rb_err run(struct rb_opening *o, uint8_t *head, size_t *head_n,
                       struct rb_hash *content) {
    struct rb_slice got = {0};
    size_t all = SIZE_MAX;
    if (o == NULL) return RB_ERR_LIMIT;
    (void)rb_opening_go(o, &all);
    RB_TRY(rb_opening_result(o, &got, content));
    memcpy(head, got.p, got.n);
    *head_n = got.n;
    return RB_OK;
}

enum rb_err rb_opener_read(const struct rb_keyring *k, const struct rb_body_source *src,
                           const struct rb_hash *want, enum rb_kind kind, uint8_t *head,
                           size_t *head_n, struct rb_hash *content) {
    struct rb_opening *o = rb_opening_new(k, src, want, kind);
    const enum rb_err err = run(o, head, head_n, content);
    rb_opening_free(o);
    return err;
}

enum rb_err rb_opener_head(const struct rb_keyring *k, const struct rb_body_source *src,
                           enum rb_kind kind, uint8_t *head, size_t *head_n) {
    struct rb_hash none;
    struct rb_opening *o = opening(k, src, kind, true);
    const enum rb_err err = run(o, head, head_n, &none);
    rb_opening_free(o);
    return err;
}

/* content does not begin where a chunk does: a piece of it is the end of one and the beginning of
 * the next */
static enum rb_err copy_content(struct rb_opening *o, uint64_t at, uint8_t *buf, size_t cap,
                                size_t *n) {
    for (*n = 0; *n < cap && at < o->plain_n;) {
        size_t have = 0;
        const size_t skip = (size_t)(at % RB_AGE_CHUNK);
        RB_TRY(open_chunk(o, at / RB_AGE_CHUNK, &have));
        const size_t k = piece(have - skip, cap - *n);
        memcpy(buf + *n, o->plain + skip, k);
        *n += k;
        at += k;
    }
    return RB_OK;
}

enum rb_err rb_opener_content(const struct rb_keyring *k, const struct rb_body_source *src,
                              uint64_t from, uint8_t *buf, size_t cap, size_t *n) {
    size_t all = SIZE_MAX;
    *n = 0;
    if (from % RB_AGE_CHUNK != 0 || from > RB_MAX_CONTENT) return RB_ERR_USAGE;
    struct rb_opening *o = opening(k, src, RB_KIND_ATTACHMENT, true);
    if (o == NULL) return RB_ERR_LIMIT;
    (void)rb_opening_go(o, &all);
    enum rb_err err = o->err;
    if (err == RB_OK) err = copy_content(o, o->head_n + from, buf, cap, n);
    if (err != RB_OK) {
        rb_wipe(buf, *n);
        *n = 0;
    }
    rb_opening_free(o);
    return err;
}
