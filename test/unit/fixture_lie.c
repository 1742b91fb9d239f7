#include "fixture_lie.h"
#include "fixture_check.h"
#include <stdio.h>
#include <stdlib.h>

struct rb_feed *feed_at(const struct fn_party *p, const uint8_t ch[16], uint16_t member) {
    struct rb_channel_view v;
    CHECK(rb_node_channel_by_id(p->rb, ch, &v));
    return rb_book_feed(v.book, member, 0);
}

/* ---- a history ------------------------------------------------------------------------------- */
static void lie_add(struct lie *l, struct rb_slice leaf) {
    struct rb_hash h;
    CHECK(l->tree.size < LIE_LEAVES);
    rb_leaf_hash(leaf, &h);
    l->leaves[l->tree.size] = fn_dup(leaf);
    CHECK(rb_tree_append(&l->tree, &h) == RB_OK);
}

struct lie *lie_begin(const struct fn_party *p, const uint8_t ch[16]) {
    struct lie *l = calloc(1, sizeof *l);
    const size_t cap = (size_t)16 << 20;
    const struct rb_feed *f = feed_at(p, ch, 0);
    CHECK(l != NULL && (l->mem = calloc(1, cap)) != NULL);
    rb_region_init(&l->region, l->mem, cap);
    rb_tree_init(&l->tree, &l->region);
    memcpy(l->origin, f->origin, f->origin_n);
    l->origin_n = f->origin_n;
    l->log_key = f->log_key;
    for (uint64_t at = 0; at < f->tree.size; at++)
        for (size_t i = 0; i < p->items_n; i++) {
            const struct rb_effect *e = &p->items[i].ef;
            if (e->u.store.item != RB_ITEM_LEAF || e->u.store.feed.member != 0 ||
                e->u.store.index != at)
                continue;
            lie_add(l, e->u.store.leaf);
            break;
        }
    CHECK(l->tree.size == f->tree.size);
    return l;
}

void lie_end(struct lie *l) {
    for (uint64_t i = 0; i < l->tree.size; i++)
        free((void *)(uintptr_t)l->leaves[i].p);
    free(l->mem);
    free(l);
}

void lie_say(struct fn_world *w, struct lie *l, const uint8_t ch[16], const char *text) {
    uint8_t body[1024], leaf[4096];
    struct rb_writer b = rb_writer(body, sizeof body);
    fn_body_text(text, &b);
    lie_add(l, fn_leaf(w, &w->p[0], ch, RB_KIND_STATEMENT, rb_written(&b),
                       rb_slice(l->origin, l->origin_n), leaf, sizeof leaf));
}

/* ---- on the wire ----------------------------------------------------------------------------- */
struct rb_slice lie_note(struct fn_world *w, const struct lie *l, uint64_t size, uint8_t *mem,
                         size_t cap) {
    uint8_t text[512], sig[64];
    struct rb_vkey key;
    struct rb_hash root;
    struct rb_slice origin = rb_slice(l->origin, l->origin_n);
    struct rb_writer t = rb_writer(text, sizeof text), out = rb_writer(mem, cap);
    rb_tree_root(&l->tree, size, &root);
    rb_checkpoint_text(origin, size, &root, &t);
    rb_ed25519_sign(&w->p[0].log[0], rb_written(&t), sig);
    rb_vkey_make(origin, RB_SIG_ED25519, &l->log_key, &key);
    rb_put_slice(&out, rb_written(&t));
    rb_put_u8(&out, '\n');
    rb_note_sig_encode(&key, rb_slice(sig, 64), &out);
    CHECK(!out.over);
    return rb_written(&out);
}

static uint8_t big[4 << 20];

/* 4.7, of the leaves from `from` on */
static void put_entries(const struct lie *l, uint64_t from, struct rb_writer *out) {
    struct rb_add_entries h = {rb_slice(l->origin, l->origin_n), from, l->tree.size, {NULL, 0}};
    rb_add_entries_encode(&h, out);
    for (uint64_t at = from; at < l->tree.size;) {
        uint64_t pf, pt;
        struct rb_proof proof;
        rb_package_bounds(from, l->tree.size, at, &pf, &pt);
        for (uint64_t i = at; i < pt; i++)
            rb_package_entry_encode(l->leaves[i], out);
        CHECK(rb_tree_subtree_proof(&l->tree, pf / 256 * 256, pt, l->tree.size, &proof) == RB_OK);
        rb_package_proof_encode(&proof, out);
        at = pt;
    }
}

struct rb_slice lie_push_body(struct fn_world *w, const struct lie *l, uint64_t old) {
    uint8_t note[1024], ac[8192];
    struct rb_writer out = rb_writer(big, sizeof big), aw = rb_writer(ac, sizeof ac);
    struct rb_add_checkpoint a = {.old_size = old};
    a.note = lie_note(w, l, l->tree.size, note, sizeof note);
    CHECK(rb_tree_consistency(&l->tree, old, l->tree.size, &a.proof) == RB_OK);
    rb_add_checkpoint_encode(&a, &aw);
    rb_put_u8(&out, 1);
    rb_put_u32(&out, 0);
    rb_put_u32(&out, (uint32_t)aw.n);
    rb_put_slice(&out, rb_written(&aw));
    put_entries(l, old, &out);
    CHECK(!out.over);
    return rb_written(&out);
}

struct rb_slice lie_branch_body(const struct lie *l, uint64_t from) {
    struct rb_writer out = rb_writer(big, sizeof big);
    struct rb_proof proof = {0};
    if (from) CHECK(rb_tree_consistency(&l->tree, from, l->tree.size, &proof) == RB_OK);
    rb_package_proof_encode(&proof, &out);
    put_entries(l, from, &out);
    CHECK(!out.over);
    return rb_written(&out);
}

int lie_push(struct fn_world *w, const struct lie *l, struct fn_party *to, uint64_t old) {
    fn_request(w, to, &w->p[0], true, "/rb/v1/push", "", lie_push_body(w, l, old));
    return w->answer.status;
}
