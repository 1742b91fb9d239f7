/* Sealing a body to named members: head, commitments, age file (spec 9.1, 9.2). */
#include "internal.h"
#include <stdio.h>
#include "readback/age.h"

static bool fail(struct rb_req *rq, const char *field, const char *sentence) {
    rb_fail_words(rq, RB_ERR_USAGE, field, sentence, "spec/openapi.yaml has the form of a draft");
    return false;
}

bool rb_members_get(struct rb_chan *c, const char *field, const json_t *v, uint64_t *out) {
    size_t i;
    const json_t *x;
    *out = 0;
    if (v == NULL || json_is_null(v)) return true;
    if (!json_is_array(v)) return fail(c->rq, field, "a list of handles is wanted");
    json_array_foreach(v, i, x) {
        const struct rb_book_member *m =
            json_is_string(x) ? rb_book_member_by_handle(c->v.book, rb_str(json_string_value(x)))
                              : NULL;
        if (m == NULL) return fail(c->rq, field, "no member of the channel has this handle");
        *out |= UINT64_C(1) << m->index;
    }
    return true;
}

bool rb_seal_keys(struct rb_chan *c, uint64_t recipients, struct rb_key *out, size_t *n) {
    *n = 0;
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++) {
        if (!(recipients >> m & 1)) continue;
        const struct rb_key *k = rb_book_age_key(c->v.book, m);
        struct rb_slice h = rb_chan_handle(c, m);
        if (k == NULL) {
            char words[160];
            snprintf(words, sizeof words,
                     "%.*s has no age key in force: nothing can be sealed to it", (int)h.n,
                     h.n ? (const char *)h.p : "");
            struct rb_fail f = {.err = RB_ERR_STATE,
                                .code = "age-key",
                                .field = "recipients",
                                .sentence = words,
                                .hint = "leave it out, or wait for its next card"};
            rb_fail(c->rq, &f);
            return false;
        }
        out[(*n)++] = *k;
    }
    return true;
}

/* head and what the leaf commits to */
static enum rb_err make_head(struct rb_req *rq, struct rb_record *rec, struct rb_slice body,
                             const uint8_t *salts, struct rb_slice *head) {
    struct rb_sealed_head h;
    struct rb_reject rj;
    size_t parts = rb_sealed_parts(rec->kind, body);
    if (parts == 0 || parts > RB_MAX_COMMITMENTS) return RB_ERR_INTERNAL;
    uint8_t *fresh = rb_arena_array(&rq->arena, parts, RB_SALT_LEN);
    uint8_t *buf = rb_arena_alloc(&rq->arena, RB_MAX_HEAD);
    size_t room = body.n + 4096; /* all that works on plaintext lies in the arena, to be wiped */
    uint8_t *work = rb_arena_alloc(&rq->arena, room);
    struct rb_hash *c = rb_arena_array(&rq->arena, parts, sizeof *c);
    size_t list_n = parts * (RB_HASH_LEN + 2) + 16;
    uint8_t *list = rb_arena_alloc(&rq->arena, list_n);
    if (!fresh || !buf || !work || !c || !list) return RB_ERR_LIMIT;
    struct rb_arena a = rb_arena(work, room);
    struct rb_writer w = rb_writer(buf, RB_MAX_HEAD), l = rb_writer(list, list_n);
    if (salts)
        memcpy(fresh, salts, parts * RB_SALT_LEN);
    else
        rq->api->host.random(rq->api->host.ctx, fresh, parts * RB_SALT_LEN);
    RB_TRY(rb_sealed_head_encode(rec->kind, fresh, body, &w));
    RB_TRY(rb_writer_done(&w, head));
    RB_TRY(rb_sealed_head_decode(rec->kind, *head, &h, &rj));
    RB_TRY(rb_sealed_commitments(rec->kind, &h, NULL, &a, c));
    rb_commitments_encode(c, parts, &l);
    RB_TRY(rb_writer_done(&l, &rec->commitments));
    rec->commitments_n = parts;
    return RB_OK;
}
static enum rb_err seal(struct rb_req *rq, const struct rb_key *keys, size_t n,
                        struct rb_slice head, struct rb_slice *out) {
    size_t cap = head.n + RB_AGE_MAX_HEADER + RB_AGE_NONCE + (size_t)2 * RB_AGE_CHUNK;
    uint8_t entropy[RB_AGE_ENTROPY(RB_MAX_MEMBERS)], *buf = rb_arena_alloc(&rq->arena, cap);
    if (buf == NULL) return RB_ERR_LIMIT;
    struct rb_writer w = rb_writer(buf, cap);
    rq->api->host.random(rq->api->host.ctx, entropy, RB_AGE_ENTROPY(n));
    enum rb_err err = rb_age_seal(keys, n, entropy, head, &w);
    rb_wipe(entropy, sizeof entropy);
    if (err == RB_OK) err = rb_writer_done(&w, out);
    if (err == RB_OK && out->n > RB_MAX_SEALED) err = RB_ERR_LIMIT;
    return err;
}

bool rb_seal_body(struct rb_chan *c, struct rb_record *rec, struct rb_slice body,
                  const uint8_t *salts, struct rb_sealed *out) {
    struct rb_req *rq = c->rq;
    struct rb_key keys[RB_MAX_MEMBERS];
    size_t n = 0;
    if (!rb_seal_keys(c, rec->recipients, keys, &n)) return false;
    enum rb_err err = make_head(rq, rec, body, salts, &out->head);
    if (err == RB_OK) err = seal(rq, keys, n, out->head, &out->ciphertext);
    if (err != RB_OK) {
        rb_fail_words(rq, err, "body",
                      err == RB_ERR_LIMIT ? "this is too long for one closed record"
                                          : "the body could not be sealed",
                      err == RB_ERR_LIMIT ? "make it shorter, or attach it as a file" : NULL);
        return false;
    }
    rec->closed = true;
    rec->body = rb_slice(NULL, 0);
    rb_sha256(out->ciphertext, &rec->ciphertext_hash);
    rec->ciphertext_size = out->ciphertext.n;
    return true;
}
