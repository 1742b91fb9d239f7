/* Whose keys count at the next leaf of a feed (design §3): the card in force, changed by cards,
 * rotations and revocations that stand in the same feed. Clauses 5.3.x. */
#include <assert.h>
#include "internal.h"

static bool kid_eq(const uint8_t a[RB_KID_LEN], const uint8_t b[RB_KID_LEN]) {
    return memcmp(a, b, RB_KID_LEN) == 0;
}

static void kids_again(struct rb_authority *a) {
    rb_key_id(&a->card.node, a->node_kid);
    for (size_t i = 0; i < a->card.officers_n; i++)
        rb_key_id(&a->card.officers[i].key, a->officer_kid[i]);
}

/* a revoked key stays revoked, also where a later card carries it again */
void rb_authority_find(const struct rb_authority *a, const uint8_t kid[RB_KID_LEN],
                       struct rb_key_found *out) {
    memset(out, 0, sizeof *out);
    out->what = RB_FOUND_NONE;
    for (size_t i = 0; i < a->revoked_n; i++) {
        if (!kid_eq(a->revoked[i].kid, kid)) continue;
        out->what = RB_FOUND_REVOKED;
        out->key = a->revoked[i].key;
        return;
    }
    if (kid_eq(a->node_kid, kid)) {
        out->what = RB_FOUND_NODE;
        out->key = a->card.node;
        return;
    }
    for (size_t i = 0; i < a->card.officers_n; i++) {
        if (!kid_eq(a->officer_kid[i], kid)) continue;
        out->what = RB_FOUND_OFFICER;
        out->officer = i;
        out->key = a->card.officers[i].key;
        return;
    }
}

enum rb_err rb_authority_card(struct rb_authority *a, struct rb_region *region,
                              struct rb_slice signed_card, struct rb_arena *work) {
    struct rb_slice raw;
    struct rb_card card;
    RB_TRY(rb_region_copy(region, signed_card, &raw));
    enum rb_err err = rb_card_decode(raw, &card, work, NULL);
    if (err != RB_OK) {
        rb_region_free(region, (void *)(uintptr_t)raw.p, raw.n);
        return err;
    }
    rb_region_free(region, (void *)(uintptr_t)a->card_raw.p, a->card_raw.n);
    a->card = card;
    a->card_raw = raw;
    kids_again(a);
    return RB_OK;
}

enum rb_err rb_authority_init(struct rb_authority *a, struct rb_region *region,
                              const struct rb_hash *party, struct rb_slice card,
                              struct rb_arena *work) {
    memset(a, 0, sizeof *a);
    a->party = *party;
    return rb_authority_card(a, region, card, work);
}

void rb_authority_free(struct rb_authority *a, struct rb_region *region) {
    rb_region_free(region, (void *)(uintptr_t)a->card_raw.p, a->card_raw.n);
    rb_region_free(region, (void *)(uintptr_t)a->delegation.p, a->delegation.n);
    rb_region_free(region, a->revoked, a->revoked_cap * sizeof *a->revoked);
    rb_region_free(region, a->vector, a->vector_cap * sizeof *a->vector);
    rb_region_free(region, a, sizeof *a);
}

/* the key of a role on the card in force, NULL where the role has no such key */
static struct rb_key *role_key(struct rb_authority *a, enum rb_key_role role,
                               const struct rb_key *old) {
    struct rb_key *k = NULL;
    switch (role) {
    case RB_KEY_MIRROR:
        k = &a->card.mirror;
        break;
    case RB_KEY_NODE:
        k = &a->card.node;
        break;
    case RB_KEY_TLS:
        k = &a->card.tls;
        break;
    case RB_KEY_AGE:
        k = &a->card.age;
        break;
    case RB_KEY_OFFICER:
        for (size_t i = 0; i < a->card.officers_n; i++)
            if (rb_key_eq(&a->card.officers[i].key, old)) return &a->card.officers[i].key;
        return NULL;
    case RB_KEY_PARTY:
    case RB_KEY_LOG:
        return NULL;
    }
    return k != NULL && rb_key_eq(k, old) ? k : NULL;
}

/* one key, one role: the new key must not be on the card, nor revoked before */
bool rb_authority_may_rotate(const struct rb_authority *a, const struct rb_rotation *r) {
    struct rb_authority *mutable_view = (struct rb_authority *)(uintptr_t)a;
    const struct rb_key *n = &r->new_key;
    if (role_key(mutable_view, r->role, &r->old_key) == NULL) return false;
    if (rb_key_eq(n, &a->card.party) || rb_key_eq(n, &a->card.mirror) ||
        rb_key_eq(n, &a->card.node) || rb_key_eq(n, &a->card.tls) || rb_key_eq(n, &a->card.age))
        return false;
    for (size_t i = 0; i < a->card.officers_n; i++)
        if (rb_key_eq(n, &a->card.officers[i].key)) return false;
    for (size_t i = 0; i < a->revoked_n; i++)
        if (rb_key_eq(n, &a->revoked[i].key)) return false;
    return true;
}

void rb_authority_rotate(struct rb_authority *a, const struct rb_rotation *r) {
    struct rb_key *k = role_key(a, r->role, &r->old_key);
    assert(k != NULL); /* rb_authority_may_rotate was asked */
    *k = r->new_key;
    kids_again(a);
}

enum rb_err rb_authority_revoke(struct rb_authority *a, struct rb_region *region,
                                const struct rb_revocation *r) {
    for (size_t i = 0; i < a->revoked_n; i++)
        if (rb_key_eq(&a->revoked[i].key, &r->key)) return RB_OK;
    void *p = a->revoked;
    RB_TRY(rb_region_grow(region, &p, &a->revoked_cap, a->revoked_n + 1, sizeof *a->revoked));
    a->revoked = p;
    struct rb_revoked_key *k = &a->revoked[a->revoked_n++];
    k->key = r->key;
    k->role = (uint8_t)r->role;
    rb_key_id(&r->key, k->kid);
    return RB_OK;
}

const struct rb_key *rb_feed_role_key(const struct rb_feed *f, enum rb_key_role role) {
    const struct rb_authority *a = f->authority;
    const struct rb_key *k = role == RB_KEY_NODE     ? &a->card.node
                             : role == RB_KEY_MIRROR ? &a->card.mirror
                             : role == RB_KEY_TLS    ? &a->card.tls
                                                     : NULL;
    for (size_t i = 0; k != NULL && i < a->revoked_n; i++)
        if (rb_key_eq(&a->revoked[i].key, k)) return NULL;
    return k;
}
