/* What is shown of a party in a disclosure: one of its cards, and the rotations that lead from that
 * card to the keys that signed. No more: later keys are nobody's business there. */
#include "disclose.h"
#include "internal.h"

struct said { /* by the party key, oldest first */
    enum rb_kind kind;
    struct rb_slice body;
};
struct known {
    enum rb_key_role role;
    uint8_t kid[RB_KID_LEN], old_kid[RB_KID_LEN];
    size_t by; /* place of the rotation among what was said; 0: the card has it */
};
struct party {
    struct said *said;
    size_t said_n;
    struct known *known;
    size_t known_n;
};

/* ---- what was said ------------------------------------------------------------------------------
 */

static bool spoken(const struct rb_fact *f, struct said *out) {
    if (f->mark != RB_MARK_NONE || (f->kind != RB_KIND_CARD && f->kind != RB_KIND_ROTATION))
        return false;
    out->kind = (enum rb_kind)f->kind;
    return rb_carried_decode(f->body, &out->body, NULL) == RB_OK;
}

/* counts where p->said is NULL */
static void collect(const struct rb_disclose *in, uint16_t member, struct party *p) {
    struct said s;
    p->said_n = 1; /* the card of the charter */
    for (size_t i = 0; i < in->book->feeds_n; i++) {
        const struct rb_feed *f = in->book->feeds[i];
        for (size_t k = 0; f->member == member && f->branch == 0 && k < f->facts_n; k++) {
            if (!spoken(&f->facts[k], &s)) continue;
            if (p->said != NULL) p->said[p->said_n] = s;
            p->said_n++;
        }
    }
}

static bool party_make(const struct rb_disclose *in, uint16_t member, struct party *p) {
    const struct rb_book_member *m = rb_book_member((struct rb_book *)(uintptr_t)in->book, member);
    if (m == NULL) return false;
    collect(in, member, p);
    p->said = rb_arena_array(in->arena, p->said_n, sizeof *p->said);
    p->known = rb_arena_array(in->arena, p->said_n + RB_MAX_OFFICERS + 2, sizeof *p->known);
    if (p->said == NULL || p->known == NULL) return false;
    p->said[0] = (struct said){RB_KIND_CARD, m->founding_card};
    collect(in, member, p);
    return true;
}

/* ---- keys ---------------------------------------------------------------------------------------
 */

static const struct known *find(const struct party *p, enum rb_key_role role,
                                const uint8_t kid[RB_KID_LEN]) {
    for (size_t i = p->known_n; i > 0; i--)
        if (p->known[i - 1].role == role && memcmp(p->known[i - 1].kid, kid, RB_KID_LEN) == 0)
            return &p->known[i - 1];
    return NULL;
}

static struct known *add(struct party *p, enum rb_key_role role, const struct rb_key *key) {
    struct known *k = &p->known[p->known_n++];
    *k = (struct known){.role = role};
    rb_key_id(key, k->kid);
    return k;
}

/* the keys that follow from the card said at `at` */
static bool learn(const struct rb_disclose *in, struct party *p, size_t at) {
    struct rb_card c;
    struct rb_rotation r;
    p->known_n = 0;
    const size_t mark = rb_arena_mark(in->arena); /* what is decoded borrows from what was said */
    if (rb_card_decode(p->said[at].body, &c, in->arena, NULL) != RB_OK) return false;
    for (size_t i = 0; i < c.officers_n; i++)
        (void)add(p, RB_KEY_OFFICER, &c.officers[i].key);
    (void)add(p, RB_KEY_NODE, &c.node);
    (void)add(p, RB_KEY_MIRROR, &c.mirror);
    for (size_t i = at + 1; i < p->said_n; i++) {
        uint8_t old[RB_KID_LEN];
        if (p->said[i].kind != RB_KIND_ROTATION) continue;
        rb_arena_release(in->arena, mark);
        if (rb_rotation_decode(p->said[i].body, &r, in->arena, NULL) != RB_OK) return false;
        rb_key_id(&r.old_key, old);
        if (find(p, r.role, old) == NULL) continue;
        struct known *k = add(p, r.role, &r.new_key);
        memcpy(k->old_kid, old, sizeof old);
        k->by = i;
    }
    rb_arena_release(in->arena, mark);
    return true;
}

/* marks in `used` the rotations on the way to the key; false: no way */
static bool way(const struct party *p, const struct rb_disclose_want *want, bool *used) {
    const struct known *k = find(p, want->role, want->kid);
    while (k != NULL && k->by > 0) {
        const size_t by = k->by;
        used[by] = true;
        const struct known *before = NULL;
        for (size_t i = 0; i < p->known_n && &p->known[i] < k; i++)
            if (p->known[i].role == k->role && memcmp(p->known[i].kid, k->old_kid, RB_KID_LEN) == 0)
                before = &p->known[i];
        k = before;
    }
    return k != NULL;
}

static json_t *shown(const struct party *p, size_t at, const bool *used) {
    json_t *out = json_object(), *statements = json_array();
    for (size_t i = at + 1; i < p->said_n; i++)
        if (used[i]) json_array_append_new(statements, rb_j_base64(p->said[i].body));
    rb_j_put(out, "card", rb_j_base64(p->said[at].body));
    rb_j_put(out, "statements", statements);
    return out;
}

json_t *rb_disclose_party(const struct rb_disclose *in, uint16_t member,
                          const struct rb_disclose_want *want, size_t want_n) {
    struct party p = {0};
    if (!party_make(in, member, &p)) return NULL;
    bool *used = rb_arena_array(in->arena, p.said_n, sizeof *used);
    if (used == NULL) return NULL;
    for (size_t at = p.said_n; at > 0; at--) {
        bool all = true;
        if (p.said[at - 1].kind != RB_KIND_CARD || !learn(in, &p, at - 1)) continue;
        memset(used, 0, p.said_n * sizeof *used);
        for (size_t i = 0; i < want_n; i++)
            all = all && way(&p, &want[i], used);
        if (all) return shown(&p, at - 1, used);
    }
    return NULL;
}
