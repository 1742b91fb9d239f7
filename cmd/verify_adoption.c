/* A text with what was said of it (9.7.9): each record by 9.7.3, then all of them together. */
#include "cmd/verify_adoption.h"
#include <stdlib.h>

static bool wrong(struct va *a, const char *field, const char *words) {
    verify_bad(a->v, field, "9.7.10", "%s", words);
    return false;
}

/* ---- each by itself -----------------------------------------------------------------------------
 */

/* what was said of a record within is said with its place in the file */
static void place_it(struct verify *v, size_t from, const char *where) {
    for (size_t i = from; i < v->bad.n; i++) {
        char *field = v->bad.item[i].file, *both = NULL;
        const size_t n = strlen(where) + strlen(field) + 2;
        if ((both = malloc(n)) == NULL) abort();
        (void)snprintf(both, n, "%s%s%s", where, *field ? "." : "", field);
        free(field);
        v->bad.item[i].file = both;
    }
}

static bool judge(struct va *a, struct vd *d, const char *where) {
    const size_t from = a->v->bad.n;
    const bool ok = vd_judge(d);
    place_it(a->v, from, where);
    d->holds = ok && a->v->bad.total == 0;
    return ok;
}

static const char *name_of(char buf[32], const char *list, size_t i) {
    (void)snprintf(buf, 32, "%s[%zu]", list, i);
    return buf;
}

static bool judge_all(struct va *a) {
    char buf[32];
    for (size_t i = 0; i < a->f.charter_n; i++)
        if (!judge(a, a->f.charter[i], name_of(buf, "charter", i))) return false;
    if (!judge(a, a->f.text, "text")) return false;
    for (size_t i = 0; i < a->f.position_n; i++)
        if (!judge(a, a->f.position[i], name_of(buf, "positions", i))) return false;
    return true;
}

/* another fingerprint than the one given is said once, not for each record of that party */
static bool compare_all(struct va *a) {
    vd_compare(a->f.text);
    for (size_t i = 0; i < a->f.charter_n && a->v->bad.total == 0; i++)
        vd_compare(a->f.charter[i]);
    for (size_t i = 0; i < a->f.position_n && a->v->bad.total == 0; i++)
        vd_compare(a->f.position[i]);
    if (a->v->bad.total == 0) vd_compare_rest(a->v);
    return a->v->bad.total == 0;
}

/* ---- one channel, one party to a handle ---------------------------------------------------------
 */

static bool same_channel(struct va *a, const struct vd *d, const char *where) {
    const struct rb_origin *o = &a->f.text->origin;
    if (d->origin.exercise != a->f.exercise) return wrong(a, where, "exercise differs in the file");
    if (memcmp(d->origin.channel, o->channel, RB_CHANNEL_LEN) == 0) return true;
    return wrong(a, where, "of another channel than the text");
}

struct names { /* handle and party of everybody in the file */
    size_t n, cap;
    struct {
        struct rb_slice handle;
        struct rb_hash party;
    } * of;
};

static bool name_add(struct va *a, struct names *n, struct rb_slice handle,
                     const struct rb_hash *party, const char *where) {
    for (size_t i = 0; i < n->n; i++) {
        if (!rb_slice_eq(n->of[i].handle, handle)) continue;
        return rb_hash_eq(&n->of[i].party, party) || wrong(a, where, "two parties with one handle");
    }
    if (n->n == n->cap) return wrong(a, where, "more parties than a channel has");
    n->of[n->n].handle = handle;
    n->of[n->n++].party = *party;
    return true;
}

static bool names_of(struct va *a, const struct vd *d, struct names *n, const char *where) {
    bool ok =
        same_channel(a, d, where) && name_add(a, n, d->author.card.handle, &d->author.party, where);
    for (size_t i = 0; ok && i < d->f.witnesses_n; i++)
        ok = name_add(a, n, d->witnesses[i].card.handle, &d->witnesses[i].party, where);
    return ok;
}

static bool one_to_a_handle(struct va *a) {
    char buf[32];
    struct names n = {.cap = (size_t)2 * RB_MAX_MEMBERS};
    n.of = rb_arena_array(a->a, n.cap, sizeof *n.of);
    if (n.of == NULL) return wrong(a, "", "no memory");
    for (size_t i = 0; i < a->members_n; i++)
        if (!name_add(a, &n, a->members[i].handle, &a->members[i].party, "charter")) return false;
    for (size_t i = 0; i < a->f.charter_n; i++)
        if (!names_of(a, a->f.charter[i], &n, name_of(buf, "charter", i))) return false;
    if (!names_of(a, a->f.text, &n, "text")) return false;
    for (size_t i = 0; i < a->f.position_n; i++)
        if (!names_of(a, a->f.position[i], &n, name_of(buf, "positions", i))) return false;
    return true;
}

/* ---- one history --------------------------------------------------------------------------------
 */

/* d stands behind e in the file */
static bool two_agree(struct va *a, const struct vd *e, const struct vd *d, const char *where) {
    const bool same_party = rb_hash_eq(&e->origin.party, &d->origin.party);
    const bool same_log = same_party && e->origin.epoch == d->origin.epoch;
    const bool same = rb_hash_eq(&e->f.leaf_hash, &d->f.leaf_hash);
    if (same_log && e->f.index == d->f.index && !same)
        return wrong(a, where, "another record than before at one place: the log was forked");
    if (same_log && e->f.size == d->f.size && !rb_hash_eq(&e->root, &d->root))
        return wrong(a, where, "another tree than before of one size: the log was forked");
    if (same) return wrong(a, where, "a record that is in the file already");
    if (same_party && (e->origin.epoch > d->origin.epoch ||
                       (e->origin.epoch == d->origin.epoch && e->f.index > d->f.index)))
        return wrong(a, where, "not in the order of its author's log");
    return true;
}

/* All of the file: what of one log was said later stands later, and no two records show two
 * histories of it, as far as that can be seen without proofs between checkpoints of different
 * sizes. */
static bool one_history(struct va *a) {
    char buf[32];
    const size_t c = a->f.charter_n, all = c + 1 + a->f.position_n;
    const struct vd **of = rb_arena_array(a->a, all, sizeof *of);
    if (of == NULL) return wrong(a, "", "no memory");
    for (size_t i = 0; i < all; i++)
        of[i] = i < c ? a->f.charter[i] : i == c ? a->f.text : a->f.position[i - c - 1];
    for (size_t i = 1; i < all; i++)
        for (size_t k = 0; k < i; k++)
            if (!two_agree(a, of[k], of[i],
                           i < c    ? name_of(buf, "charter", i)
                           : i == c ? "text"
                                    : name_of(buf, "positions", i - c - 1)))
                return false;
    return true;
}

/* ---- charter ------------------------------------------------------------------------------------
 */

/* the body of a charter, or of an amendment of the one before */
static bool charter_body(struct va *a, size_t i, struct rb_slice *out) {
    char buf[32];
    const struct vd *d = a->f.charter[i];
    struct rb_amendment am;
    const char *where = name_of(buf, "charter", i);
    const enum rb_kind kind = i == 0 ? RB_KIND_CHARTER : RB_KIND_AMENDMENT;
    if (d->f.level != VD_WHOLE || d->rec.closed) return wrong(a, where, "not shown whole");
    if (d->rec.kind != kind)
        return wrong(a, where, i == 0 ? "no founding charter" : "no amendment");
    *out = d->rec.body;
    if (i == 0) return true;
    if (rb_amendment_decode(d->rec.body, &am, NULL) != RB_OK)
        return wrong(a, where, "no amendment");
    *out = am.charter;
    return rb_hash_eq(&am.previous, &a->f.charter[i - 1]->f.leaf_hash) ||
           wrong(a, where, "does not amend the one before it");
}

static bool take_members(struct va *a) {
    struct rb_card *card = rb_arena_array(a->a, 1, sizeof *card);
    if (card == NULL) return wrong(a, "charter", "no memory");
    for (size_t i = 0; i < a->charter.members_n; i++) {
        const struct rb_member *m = &a->charter.members[i];
        struct va_member *to = &a->members[i];
        if (rb_card_decode(m->card, card, a->a, NULL) != RB_OK ||
            !rb_slice_eq(card->handle, m->handle))
            return wrong(a, "charter", "the card of a member does not hold");
        *to = (struct va_member){.index = m->index, .handle = m->handle};
        rb_party_hash(&card->party, &to->party);
    }
    a->members_n = a->charter.members_n;
    return true;
}

static bool check_charter(struct va *a) {
    struct rb_slice body = {0};
    struct rb_reject rj = {0};
    if (a->f.charter_n == 0) return wrong(a, "charter", "none is here");
    for (size_t i = 0; i < a->f.charter_n; i++)
        if (!charter_body(a, i, &body)) return false;
    if (rb_charter_decode(body, &a->charter, &rj) != RB_OK)
        return wrong(a, "charter", "the last one does not follow its grammar");
    return take_members(a);
}

/* ---- text and positions -------------------------------------------------------------------------
 */

static uint16_t member_of(const struct va *a, const struct rb_hash *party) {
    for (size_t i = 0; i < a->members_n; i++)
        if (rb_hash_eq(&a->members[i].party, party)) return a->members[i].index;
    return VA_NO_MEMBER;
}

static bool decode_heading(struct va *a) {
    const struct vd *d = a->f.text;
    struct rb_reject rj = {0};
    enum rb_err err = RB_OK;
    if (!d->rec.closed)
        err = rb_text_decode(d->rec.body, a->a, &a->head, &rj);
    else if (d->f.parts_n > 0 && d->f.parts[0].part == 0)
        err = rb_text_heading_decode(d->f.parts[0].plain, d->rec.commitments_n - 1, a->a, &a->head,
                                     &rj);
    else
        return true; /* what the text says of its adoption is not shown */
    a->has_heading = err == RB_OK;
    return a->has_heading || wrong(a, "text", "its heading does not follow its grammar");
}

static bool check_text(struct va *a) {
    const struct vd *d = a->f.text;
    if (d->f.level == VD_HASH) return wrong(a, "text", "not even its leaf is here");
    if (d->rec.kind != RB_KIND_TEXT) return wrong(a, "text", "no text");
    a->author = member_of(a, &d->author.party);
    return decode_heading(a);
}

/* the text, or a position of the same author before it in the file; `i`: neither */
static size_t subject_of(const struct va *a, size_t i, const struct rb_hash *answer) {
    if (rb_hash_eq(answer, &a->f.text->f.leaf_hash)) return VA_ON_TEXT;
    for (size_t j = 0; j < i; j++)
        if (rb_hash_eq(answer, &a->f.position[j]->f.leaf_hash) &&
            rb_hash_eq(&a->f.position[i]->author.party, &a->f.position[j]->author.party))
            return j;
    return i;
}

static bool find_subjects(const struct va *a, size_t i, struct va_word *w) {
    const struct rb_refs *answers = &a->f.position[i]->rec.refs[RB_REF_ANSWERS];
    for (size_t k = 0; k < answers->n; k++) {
        const size_t on = subject_of(a, i, &answers->h[k]);
        if (on == i)
            w->on_more = true;
        else
            w->on[w->on_n++] = (uint16_t)on;
    }
    return w->on_n > 0;
}

static bool check_position(struct va *a, size_t i, const char *where) {
    const struct vd *d = a->f.position[i];
    struct va_word *w = &a->word[i];
    struct rb_reject rj = {0};
    *w = (struct va_word){.member = member_of(a, &d->author.party)};
    if (d->f.level == VD_HASH) return true;
    if (d->rec.kind != RB_KIND_POSITION) return wrong(a, where, "no position");
    if (!find_subjects(a, i, w))
        return wrong(a, where, "answers neither the text nor its author's position on it");
    w->content = !d->rec.closed || d->f.parts_n > 0;
    if (!w->content) return true;
    const struct rb_slice body = d->rec.closed ? d->f.parts[0].plain : d->rec.body;
    return rb_position_decode(body, &w->p, &rj) == RB_OK ||
           wrong(a, where, "its body does not follow its grammar");
}

static bool check_together(struct va *a) {
    char buf[32];
    if (a->f.exercise != a->f.text->origin.exercise)
        return wrong(a, "exercise", "the file does not say what its text's origin says");
    if (!check_charter(a) || !one_to_a_handle(a) || !check_text(a) || !one_history(a)) return false;
    for (size_t i = 0; i < a->f.position_n; i++)
        if (!check_position(a, i, name_of(buf, "positions", i))) return false;
    return true;
}

void va_check(struct va *a, struct rb_slice json) {
    struct vd outer = {.v = a->v, .a = a->a};
    const bool ok =
        va_read(&outer, json, &a->f) && judge_all(a) && check_together(a) && compare_all(a);
    a->v->exercise = a->f.exercise || (a->f.text != NULL && a->f.text->origin.exercise);
    a->holds = ok && a->v->bad.total == 0;
    if (!a->holds) return;
    va_admit(a);
    va_words(a);
}

bool verify_adoption(struct verify *v, struct rb_slice in, const char *content, bool json) {
    static struct va a;
    a = (struct va){.v = v, .a = &v->work};
    if (content != NULL) verify_bad(v, "", "9.7.10", "--content, and no attachment is disclosed");
    va_check(&a, in);
    (json ? va_json : va_say)(&a, stdout);
    return a.holds;
}
