/* What stands beside the leaves in an export (spec 8.3). */
#include "internal.h"
#include "readback/evidence.h"

static bool carried(const struct rb_fact *fact, struct rb_slice *signed_body) {
    const enum rb_kind k = (enum rb_kind)fact->kind;
    if (fact->mark != RB_MARK_NONE) return false;
    if (k != RB_KIND_CARD && k != RB_KIND_ROTATION && k != RB_KIND_REVOCATION) return false;
    return rb_carried_decode(fact->body, signed_body, NULL) == RB_OK;
}

bool rb_evidence_statement(const struct rb_feed *f, uint64_t leaf, struct rb_slice *signed_body) {
    const struct rb_fact *fact = &f->facts[leaf];
    struct rb_hash party;
    if (!carried(fact, signed_body) || fact->kind == RB_KIND_CARD) return false;
    if (fact->kind == RB_KIND_ROTATION) return true; /* of its own party, or it would bear a mark */
    rb_party_hash(&fact->extra->revocation->party, &party);
    return rb_hash_eq(&party, &f->authority->party);
}

struct rb_slice rb_evidence_delegation(const struct rb_feed *f) {
    return f->authority->delegation;
}

void rb_evidence_mirror(const struct rb_evidence_party *p, size_t i, struct rb_vkey *out) {
    rb_vkey_make(rb_str(p->mirror_name), RB_SIG_COSIGNATURE_V1, &p->mirrors[i], out);
}

/* the next unmarked statement of that kind in the member's feeds, oldest first */
struct walk {
    const struct rb_book *b;
    const uint64_t *sizes;
    uint16_t member;
    size_t feed;
    uint64_t leaf;
};

static bool walk_next(struct walk *w, const struct rb_fact **fact, struct rb_slice *body) {
    for (; w->feed < w->b->feeds_n; w->feed++, w->leaf = 0) {
        const struct rb_feed *f = w->b->feeds[w->feed];
        if (f->member != w->member || f->branch > 0) continue; /* an export has no branches */
        while (w->leaf < w->sizes[w->feed] && w->leaf < f->facts_n) {
            *fact = &f->facts[w->leaf++];
            if (carried(*fact, body)) return true;
        }
    }
    return false;
}

static bool has_key(const struct rb_key *keys, size_t n, const struct rb_key *k) {
    for (size_t i = 0; i < n; i++)
        if (rb_key_eq(&keys[i], k)) return true;
    return false;
}

static enum rb_err key_add(struct rb_arena *a, struct rb_key **keys, size_t *n,
                           const struct rb_key *k) {
    if (has_key(*keys, *n, k)) return RB_OK;
    if ((*n & (*n - 1)) == 0) { /* 0 or a power of two: full */
        struct rb_key *grown = rb_arena_array(a, *n == 0 ? 1 : *n * 2, sizeof *grown);
        if (grown == NULL) return RB_ERR_LIMIT;
        if (*n > 0) memcpy(grown, *keys, *n * sizeof *grown);
        *keys = grown;
    }
    (*keys)[(*n)++] = *k;
    return RB_OK;
}

static enum rb_err take_card(struct rb_slice raw, struct rb_arena *a,
                             struct rb_evidence_party *out) {
    struct rb_card c;
    const size_t mark = rb_arena_mark(a);
    RB_TRY(rb_card_decode(raw, &c, a, NULL));
    rb_arena_release(a, mark); /* the card borrows from raw alone */
    RB_TRY(key_add(a, &out->mirrors, &out->mirrors_n, &c.mirror));
    if (out->card.p != NULL && c.version <= out->decoded.version) return RB_OK;
    out->card = raw;
    out->decoded = c;
    return RB_OK;
}

static enum rb_err officers_begin(struct rb_arena *a, struct rb_evidence_party *out) {
    for (size_t i = 0; i < out->decoded.officers_n; i++) {
        out->officers[i].name = out->decoded.officers[i].name;
        RB_TRY(key_add(a, &out->officers[i].keys, &out->officers[i].keys_n,
                       &out->decoded.officers[i].key));
    }
    return RB_OK;
}

static enum rb_err take_rotation(struct rb_slice body, struct rb_arena *a, bool officers,
                                 struct rb_evidence_party *out) {
    struct rb_rotation r;
    const size_t mark = rb_arena_mark(a);
    RB_TRY(rb_rotation_decode(body, &r, a, NULL));
    rb_arena_release(a, mark);
    if (!officers && r.role == RB_KEY_MIRROR)
        return key_add(a, &out->mirrors, &out->mirrors_n, &r.new_key);
    if (!officers || r.role != RB_KEY_OFFICER) return RB_OK;
    for (size_t i = 0; i < out->decoded.officers_n; i++) {
        struct rb_evidence_officer *o = &out->officers[i];
        if (has_key(o->keys, o->keys_n, &r.old_key))
            return key_add(a, &o->keys, &o->keys_n, &r.new_key);
    }
    return RB_OK;
}

enum rb_err rb_evidence_party(const struct rb_book *b, uint16_t member, const uint64_t *sizes,
                              struct rb_arena *a, struct rb_evidence_party *out) {
    const struct rb_book_member *m = rb_book_member((struct rb_book *)(uintptr_t)b, member);
    struct rb_writer w = rb_writer(out->mirror_name, sizeof out->mirror_name);
    const struct rb_fact *fact;
    struct rb_slice body;
    if (m == NULL) return RB_ERR_NOT_FOUND;
    memset(out, 0, sizeof *out);
    out->party = m->party;
    rb_put_z(&w, "readback/");
    rb_put_hex(&w, m->party.b, RB_HASH_LEN);
    rb_put_z(&w, "/mirror");
    (void)rb_writer_z(&w);
    RB_TRY(take_card(m->founding_card, a, out));
    for (struct walk it = {b, sizes, member, 0, 0}; walk_next(&it, &fact, &body);) {
        if (fact->kind == RB_KIND_CARD) RB_TRY(take_card(body, a, out));
        if (fact->kind == RB_KIND_ROTATION) RB_TRY(take_rotation(body, a, false, out));
    }
    RB_TRY(officers_begin(a, out));
    for (struct walk it = {b, sizes, member, 0, 0}; walk_next(&it, &fact, &body);)
        if (fact->kind == RB_KIND_ROTATION) RB_TRY(take_rotation(body, a, true, out));
    return RB_OK;
}
