#include <stdio.h>
#include <stdlib.h>
#include "fixture_sealed.h"
#include "fixture_check.h"

struct fn_sealed fn_last;
const struct fn_sealed *fn_resay;
static uint8_t scratch[1 << 20];

static void seal(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                 const struct fn_closed *c, struct rb_slice plain) {
    struct rb_channel_view v;
    struct rb_key to[RB_MAX_MEMBERS];
    uint8_t entropy[RB_AGE_ENTROPY(RB_MAX_MEMBERS)];
    size_t n = 0, cap = plain.n + plain.n / 1024 + 8192;
    CHECK(rb_node_channel_by_id(p->rb, channel, &v));
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++) {
        if (!(c->recipients >> m & 1)) continue;
        const struct rb_key *k =
            rb_book_age_key(v.book, c->fault == FN_OTHER_KEY ? v.own_member : m);
        if (k) to[n++] = *k; /* one who is no member has none */
    }
    for (size_t i = 0; i < sizeof entropy; i++)
        entropy[i] = (uint8_t)((++w->chance * 0x9e3779b97f4a7c15u) >> 56);
    free(fn_last.cipher);
    fn_last.cipher = malloc(cap);
    struct rb_writer out = rb_writer(fn_last.cipher, cap);
    CHECK(rb_age_seal(to, n, entropy, plain, &out) == RB_OK && !out.over);
    fn_last.cipher_n = out.n;
    if (c->fault == FN_CUT) fn_last.cipher_n -= 40;
    if (c->fault == FN_CHANGED) fn_last.cipher[out.n - 20] ^= 1;
    rb_sha256(rb_slice(fn_last.cipher, fn_last.cipher_n), &fn_last.hash);
}

static struct rb_slice make_head(struct fn_world *w, const struct fn_closed *c, uint8_t *out) {
    static uint8_t salts[RB_MAX_COMMITMENTS * RB_SALT_LEN];
    struct rb_writer h = rb_writer(out, RB_MAX_HEAD);
    for (size_t i = 0; i < sizeof salts; i++)
        salts[i] = (uint8_t)((++w->chance * 0x9e3779b97f4a7c15u) >> 56);
    CHECK(rb_sealed_head_encode(c->kind, salts, c->body, &h) == RB_OK);
    return rb_written(&h);
}

/* head and content sealed, and what the leaf says of them */
static void seal_for(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                     const struct fn_closed *c, struct rb_record *rec) {
    static struct rb_hash commitments[RB_MAX_COMMITMENTS];
    static uint8_t encoded[RB_MAX_COMMITMENTS * 34 + 8];
    bool attached = c->kind == RB_KIND_ATTACHMENT;
    struct rb_sealed_head h;
    struct rb_arena a = rb_arena(scratch, sizeof scratch);
    uint8_t *plain = malloc(RB_MAX_HEAD + c->content.n);
    struct rb_slice top =
        fn_resay ? rb_slice(fn_resay->head, fn_resay->head_n) : make_head(w, c, plain);
    free(fn_last.head);
    fn_last.head = (uint8_t *)(uintptr_t)fn_dup(top).p;
    fn_last.head_n = top.n;
    CHECK(rb_sealed_head_decode(c->kind, rb_slice(fn_last.head, top.n), &h, NULL) == RB_OK);
    if (attached) rb_commit(rb_sealed_salt(&h, 1), c->content, &fn_last.content);
    CHECK(rb_sealed_commitments(c->kind, &h, attached ? &fn_last.content : NULL, &a, commitments) ==
          RB_OK);
    struct rb_writer e = rb_writer(encoded, sizeof encoded);
    rb_commitments_encode(commitments, h.parts_n, &e);
    if (c->fault == FN_OTHER_BODY) top = make_head(w, c, plain); /* other salts */
    if (c->fault == FN_NOT_A_HEAD) memset(plain, 0xee, top.n);
    if (c->content.n) memcpy(plain + top.n, c->content.p, c->content.n);
    if (fn_resay) {
        fn_last.cipher =
            (uint8_t *)(uintptr_t)fn_dup(rb_slice(fn_resay->cipher, fn_resay->cipher_n)).p;
        fn_last.cipher_n = fn_resay->cipher_n;
        fn_last.hash = fn_resay->hash;
    } else {
        seal(w, p, channel, c, rb_slice(plain, top.n + c->content.n));
    }
    free(plain);
    rec->closed = true;
    rec->recipients = c->recipients;
    rec->ciphertext_hash = fn_last.hash;
    rec->ciphertext_size = fn_last.cipher_n;
    rec->commitments_n = h.parts_n;
    rec->commitments = rb_written(&e);
}

enum rb_err fn_say_closed(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                          const struct fn_closed *c, size_t signers, struct rb_hash *id) {
    struct rb_record *rec = calloc(1, sizeof *rec);
    struct rb_event ev = {0};
    rec->kind = c->kind;
    rec->precedence = RB_ROUTINE;
    if (c->answers) {
        rec->refs[RB_REF_ANSWERS].n = 1;
        rec->refs[RB_REF_ANSWERS].h[0] = *c->answers;
    }
    if (c->supersedes) {
        rec->refs[RB_REF_SUPERSEDES].n = 1;
        rec->refs[RB_REF_SUPERSEDES].h[0] = *c->supersedes;
    }
    ev.u.submit.despite = c->despite;
    seal_for(w, p, channel, c, rec);
    ev.u.submit.head = rb_slice(fn_last.head, fn_last.head_n);
    ev.u.submit.content = fn_last.content;
    if (c->staged) {
        free(p->staged);
        p->staged = (uint8_t *)(uintptr_t)fn_dup(rb_slice(fn_last.cipher, fn_last.cipher_n)).p;
        p->staged_n = fn_last.cipher_n;
        ev.u.submit.staged = 1;
    } else {
        ev.u.submit.sealed = rb_slice(fn_last.cipher, fn_last.cipher_n);
    }
    enum rb_err err = fn_release_with(w, p, channel, rec, c->body, signers, &ev, id);
    free(rec);
    return err;
}

enum rb_err fn_second(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                      struct rb_hash *id) {
    static uint8_t payload[RB_MAX_LEAF];
    struct rb_draft_view d;
    struct rb_event ev = {0};
    CHECK(rb_node_draft(p->rb, 0, &d));
    memcpy(payload, d.payload.p, d.payload.n);
    ev.u.submit.head = rb_slice(fn_last.head, fn_last.head_n);
    ev.u.submit.content = fn_last.content;
    return fn_submit_signed(w, p, channel, rb_slice(payload, d.payload.n), 1, 2, 2, &ev, id);
}

struct rb_body_view fn_body(struct fn_party *p, const uint8_t channel[16],
                            const struct rb_hash *id) {
    struct rb_channel_view v;
    struct rb_body_view out = {0};
    struct rb_feed *f;
    size_t leaf;
    CHECK(rb_node_channel_by_id(p->rb, channel, &v));
    if (!rb_book_find(v.book, id, &f, &leaf)) return out;
    struct rb_feed_ref ref = {.member = f->member, .epoch = f->epoch};
    memcpy(ref.channel, channel, 16);
    CHECK(rb_node_body(p->rb, &ref, leaf, &out));
    return out;
}

size_t fn_stored(const struct fn_party *p, const struct rb_hash *hash) {
    size_t n = 0;
    for (size_t i = 0; i < p->items_n; i++) {
        const struct rb_effect *e = &p->items[i].ef;
        if (e->u.store.item == RB_ITEM_BODY && rb_hash_eq(&e->u.store.body.hash, hash))
            n += e->u.store.leaf.n;
    }
    return n;
}
