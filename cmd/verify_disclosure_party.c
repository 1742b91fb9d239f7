/* Parties of a disclosure: what their keys are, by their own word, and who cosigned. */
#include "cmd/verify_disclosure.h"

static bool refused(struct vd *d, const char *field, enum rb_err err, struct rb_reject *rj) {
    rj->err = err;
    verify_refused(d->v, field, rj, "9.7.3");
    return false;
}

static bool wrong(struct vd *d, const char *field, const char *words) {
    verify_bad(d->v, field, "9.7.3", "%s", words);
    return false;
}

/* ---- keys ---------------------------------------------------------------------------------------
 */

static void key_add(struct vd_signer *s, enum rb_key_role role, const struct rb_key *key,
                    struct rb_slice name) {
    s->keys[s->keys_n++] = (struct vd_key){role, *key, name};
}

static bool take_card(struct vd *d, const char *field, struct rb_slice signed_card,
                      struct vd_signer *s) {
    struct rb_reject rj = {0};
    struct rb_writer w = rb_writer(s->mirror_name, sizeof s->mirror_name);
    const enum rb_err err = rb_card_decode(signed_card, &s->card, d->a, &rj);
    if (err != RB_OK) return refused(d, field, err, &rj);
    rb_party_hash(&s->card.party, &s->party);
    rb_put_z(&w, "readback/");
    rb_put_hex(&w, s->party.b, RB_HASH_LEN);
    rb_put_z(&w, "/mirror");
    (void)rb_writer_z(&w);
    for (size_t i = 0; i < s->card.officers_n; i++)
        key_add(s, RB_KEY_OFFICER, &s->card.officers[i].key, s->card.officers[i].name);
    key_add(s, RB_KEY_NODE, &s->card.node, rb_slice(NULL, 0));
    key_add(s, RB_KEY_MIRROR, &s->card.mirror, rb_slice(NULL, 0));
    return true;
}

/* a rotation by the same party of a key that it had before */
static bool take_statement(struct vd *d, const char *field, struct rb_slice signed_body,
                           bool author, struct vd_signer *s) {
    struct rb_reject rj = {0};
    struct rb_rotation r;
    const enum rb_err err = rb_rotation_decode(signed_body, &r, d->a, &rj);
    if (err != RB_OK) return refused(d, field, err, &rj);
    if (!rb_key_eq(&r.party, &s->card.party)) return wrong(d, field, "a rotation of another party");
    if (author ? r.role != RB_KEY_OFFICER && r.role != RB_KEY_NODE : r.role != RB_KEY_MIRROR)
        return wrong(d, field, "a rotation of a key that has no part in this");
    for (size_t i = 0; i < s->keys_n; i++)
        if (rb_key_eq(&s->keys[i].key, &r.new_key))
            return wrong(d, field, "a rotation to a key that was there before");
    for (size_t i = 0; i < s->keys_n; i++) {
        if (s->keys[i].role != r.role || !rb_key_eq(&s->keys[i].key, &r.old_key)) continue;
        key_add(s, r.role, &r.new_key, s->keys[i].name);
        return true;
    }
    return wrong(d, field,
                 "a rotation of a key that is neither on the card nor in a rotation before");
}

static bool take_party(struct vd *d, const char *what, const struct vd_party *p, bool author,
                       struct vd_signer *s) {
    char field[64];
    (void)snprintf(field, sizeof field, "%s.card", what);
    if (!take_card(d, field, p->card, s)) return false;
    for (size_t i = 0; i < p->statements_n; i++) {
        (void)snprintf(field, sizeof field, "%s.statements[%zu]", what, i);
        if (!take_statement(d, field, p->statements[i], author, s)) return false;
    }
    return true;
}

/* ---- author -------------------------------------------------------------------------------------
 */

static bool take_delegation(struct vd *d) {
    static const char field[] = "author.delegation";
    struct rb_reject rj = {0};
    struct rb_delegation g;
    const enum rb_err err = rb_delegation_decode(d->f.author.delegation, &g, d->a, &rj);
    if (err != RB_OK) return refused(d, field, err, &rj);
    if (!rb_key_eq(&g.party, &d->author.card.party))
        return wrong(d, field, "the word of another party");
    if (!rb_slice_eq(g.origin, d->f.origin)) return wrong(d, field, "for another origin");
    rb_vkey_make(d->f.origin, RB_SIG_ED25519, &g.log, &d->log);
    return true;
}

bool vd_author(struct vd *d) {
    if (!take_party(d, "author", &d->f.author, true, &d->author)) return false;
    d->has_author = true;
    if (!rb_hash_eq(&d->author.party, &d->origin.party))
        return wrong(d, "author.card", "the card of another party than the origin names");
    return take_delegation(d);
}

/* ---- witnesses ----------------------------------------------------------------------------------
 */

/* handles name parties in a channel: two parties of one handle cannot be of one */
static bool alone(struct vd *d, size_t n, const char *field) {
    for (size_t i = 0; i <= n; i++) {
        const struct vd_signer *o = i == n ? &d->author : &d->witnesses[i];
        if (rb_key_eq(&o->card.party, &d->witnesses[n].card.party))
            return wrong(d, field, o == &d->author ? "its author as a witness" : "a witness twice");
        if (rb_slice_eq(o->card.handle, d->witnesses[n].card.handle))
            return wrong(d, field, "two parties with one handle");
    }
    return true;
}

static bool take_witnesses(struct vd *d) {
    char what[32], field[64];
    d->witnesses = rb_arena_array(d->a, d->f.witnesses_n + 1, sizeof *d->witnesses);
    if (d->witnesses == NULL) return wrong(d, "witnesses", "no memory");
    for (size_t i = 0; i < d->f.witnesses_n; i++) {
        (void)snprintf(what, sizeof what, "witnesses[%zu]", i);
        (void)snprintf(field, sizeof field, "%s.card", what);
        if (!take_party(d, what, &d->f.witnesses[i], false, &d->witnesses[i])) return false;
        if (!alone(d, i, field)) return false;
    }
    return true;
}

static struct vd_signer *line_of(const struct vd *d, const struct rb_note_sig *s,
                                 struct rb_vkey *key) {
    for (size_t i = 0; i < d->f.witnesses_n; i++) {
        struct vd_signer *w = &d->witnesses[i];
        if (!rb_slice_is(s->name, w->mirror_name)) continue;
        for (size_t k = 0; k < w->keys_n; k++) {
            if (w->keys[k].role != RB_KEY_MIRROR) continue;
            rb_vkey_make(rb_str(w->mirror_name), RB_SIG_COSIGNATURE_V1, &w->keys[k].key, key);
            if (key->key_id == s->key_id) return w;
        }
    }
    return NULL;
}

static const char *check_line(struct vd *d, const struct rb_note_sig *s) {
    struct rb_vkey key;
    uint64_t t = 0;
    struct vd_signer *w = line_of(d, s, &key);
    if (w == NULL) return "a signature line of none of the witnesses";
    if (rb_note_verify(&d->v->note, &key, &t) != RB_OK) return "a cosignature does not verify";
    if (w->held) return "two lines of one witness";
    w->held = true;
    w->held_since_s = t;
    return NULL;
}

bool vd_witnesses(struct vd *d) {
    const struct rb_note *n = &d->v->note;
    size_t logs = 0;
    if (!take_witnesses(d)) return false;
    for (size_t i = 0; i < n->sigs_n; i++) {
        const bool log =
            n->sigs[i].key_id == d->log.key_id && rb_slice_eq(n->sigs[i].name, d->log.name);
        const char *words = log ? NULL : check_line(d, &n->sigs[i]);
        if (words != NULL) return wrong(d, "proof", words);
        logs += log;
    }
    if (logs != 1) return wrong(d, "proof", "not signed exactly once by the log");
    for (size_t i = 0; i < d->f.witnesses_n; i++)
        if (!d->witnesses[i].held) return wrong(d, "witnesses", "a witness that did not cosign");
    return true;
}

/* ---- fingerprints -------------------------------------------------------------------------------
 */

static void compare(struct vd *d, struct vd_signer *s) {
    char digits[48];
    rb_fingerprint(s->card.handle, &s->card.party, digits);
    for (size_t i = 0; i < d->v->expected_n; i++) {
        struct verify_expected *e = &d->v->expected[i];
        if (!rb_slice_is(s->card.handle, e->handle)) continue;
        e->used = true;
        if (!rb_fingerprint_matches(digits, rb_str(e->digits))) {
            s->compared = VERIFY_OTHER;
            verify_bad(d->v, e->handle, "9.7.7",
                       "another fingerprint than the one given: not this party's key");
        } else if (s->compared == VERIFY_NOT_COMPARED) {
            s->compared = VERIFY_SAME;
        }
    }
}

void vd_compare(struct vd *d) {
    compare(d, &d->author);
    for (size_t i = 0; i < d->f.witnesses_n; i++)
        compare(d, &d->witnesses[i]);
}

void vd_compare_rest(struct verify *v) {
    for (size_t i = 0; i < v->expected_n; i++)
        if (!v->expected[i].used)
            verify_bad(v, v->expected[i].handle, "9.7.7",
                       "a fingerprint was given for it and it has no part in this file");
}
