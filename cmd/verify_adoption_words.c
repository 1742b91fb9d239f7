/* Who is shown to have said what of a text (9.7.11). What is not shown counts for nothing, and what
 * may have been taken back by something that is in the file without its content counts for nothing
 * either. */
#include "cmd/verify_adoption.h"

static const struct rb_member *listed(const struct va *a, uint16_t member) {
    for (size_t i = 0; i < a->charter.members_n; i++)
        if (a->charter.members[i].index == member) return &a->charter.members[i];
    return NULL;
}

/* ---- time ---------------------------------------------------------------------------------------
 */

static bool of_one_side(const struct va *a, uint16_t x, uint16_t y) {
    const struct rb_member *m = listed(a, x), *n = listed(a, y);
    if (m == NULL || n == NULL || x == y)
        return true; /* who is not listed is nobody's other side */
    if (m->affiliation.n > 0 && rb_slice_eq(m->affiliation, n->affiliation)) return true;
    for (size_t i = 0; i < a->charter.groups_n; i++)
        if ((a->charter.groups[i].members >> x & 1) && (a->charter.groups[i].members >> y & 1))
            return true;
    return false;
}

static uint16_t member_of(const struct va *a, const struct vd_signer *s) {
    for (size_t i = 0; i < a->members_n; i++)
        if (rb_hash_eq(&a->members[i].party, &s->party)) return a->members[i].index;
    return VA_NO_MEMBER;
}

/* Held before the hour by the timekeeper, or else by all here that are not of its author's side. */
static bool in_time(const struct va *a, const struct vd *d, uint16_t author) {
    const struct rb_adoption *r = &a->head.adoption;
    bool any = false;
    if (!a->has_heading || !a->head.has_adoption || !r->has_by) return true;
    for (size_t i = 0; i < d->f.witnesses_n; i++) {
        const uint16_t m = member_of(a, &d->witnesses[i]);
        const bool counts =
            a->charter.has_timekeeper ? m == a->charter.timekeeper : !of_one_side(a, m, author);
        if (!counts) continue;
        if (d->witnesses[i].held_since_s > (uint64_t)(r->by_utc_ms / 1000)) return false;
        any = true;
    }
    return any;
}

/* ---- words --------------------------------------------------------------------------------------
 */

static void set_apart(struct va_voice *v, size_t at, const struct rb_position *p) {
    struct rb_reader r = rb_reader(p->paragraphs);
    size_t n = 0;
    uint64_t number = 0;
    v->apart_at = at;
    memset(v->apart, 0, sizeof v->apart);
    if (rb_cbor_get_array(&r, RB_MAX_PARAGRAPHS, &n) != RB_OK) return;
    for (; n > 0 && rb_cbor_get_uint(&r, &number) == RB_OK; n--)
        if (number <= RB_MAX_PARAGRAPHS) v->apart[number / 64] |= 1ull << (number % 64);
}

static void say_word(struct va *a, size_t i, struct va_voice *v) {
    const struct va_word *w = &a->word[i];
    if (w->p.type == RB_POSITION_DISSOCIATE && w->p.paragraphs.n > 0) {
        set_apart(v, i, &w->p);
        return;
    }
    if (w->p.type != RB_POSITION_ACCEPT && w->p.type != RB_POSITION_REJECT &&
        w->p.type != RB_POSITION_ABSTAIN && w->p.type != RB_POSITION_DISSOCIATE)
        return; /* no word on its adoption */
    v->position = (uint8_t)w->p.type;
    v->at = i;
    v->apart_whole = w->p.type == RB_POSITION_DISSOCIATE;
    v->by_making = false;
    v->doubt = false;
    v->in_time = in_time(a, a->f.position[i], w->member);
}

/* It takes a position back: what that said is as if it had not been said, and what went before it
 * does not come back. */
static void take_back(struct va *a, size_t i, struct va_voice *v) {
    const size_t at = a->word[i].on;
    struct va_word *old = &a->word[at];
    old->taken_back = true;
    if (!old->content) {
        v->doubt = true;
    } else if (old->p.type == RB_POSITION_DISSOCIATE && old->p.paragraphs.n > 0) {
        if (v->apart_at == at) memset(v->apart, 0, sizeof v->apart);
    } else if (v->position != 0 && !v->by_making && v->at == at) {
        v->position = 0;
        v->apart_whole = false;
    }
}

static void take_word(struct va *a, size_t i) {
    const struct va_word *w = &a->word[i];
    if (w->member == VA_NO_MEMBER) return;
    if (w->content && a->f.position[i]->rec.reported_who.n > 0) return; /* another's word */
    struct va_voice *v = &a->voice[w->member];
    v->spoke = true;
    if (!w->content) {
        v->unread++;
        v->doubt = true;
    } else if (w->p.type == RB_POSITION_WITHDRAW && w->on == VA_ON_TEXT) {
        a->withdrawn = a->withdrawn || w->member == a->author;
    } else if (w->on == VA_ON_TEXT) {
        say_word(a, i, v);
    } else if (w->p.type == RB_POSITION_WITHDRAW) {
        take_back(a, i, v);
    }
}

/* ---- rule ---------------------------------------------------------------------------------------
 */

static uint64_t electors(const struct va *a) {
    uint64_t out = 0;
    const struct rb_adoption *r = &a->head.adoption;
    if (a->head.has_adoption && r->of != 0) return r->of;
    for (size_t i = 0; i < a->charter.members_n; i++) {
        const struct rb_member *m = &a->charter.members[i];
        const bool guarantors = a->head.has_adoption && r->rule == RB_RULE_GUARANTORS;
        if (m->role == RB_ROLE_GUARANTOR || (!guarantors && m->role == RB_ROLE_PARTY))
            out |= UINT64_C(1) << m->index;
    }
    return out;
}

static void judge(struct va *a) {
    struct rb_stance stance[RB_MAX_MEMBERS] = {0};
    const struct rb_adoption none = {.rule = RB_RULE_ALL};
    const struct rb_adoption *r = a->head.has_adoption ? &a->head.adoption : &none;
    a->electors = electors(a);
    rb_electorate_make(&a->charter, a->electors, r->veto, &a->electorate);
    for (unsigned m = 0; m < RB_MAX_MEMBERS; m++) {
        const struct va_voice *v = &a->voice[m];
        if (v->position == 0 || v->doubt) continue;
        stance[m].word = v->position == RB_POSITION_ACCEPT   ? RB_WORD_ACCEPT
                         : v->position == RB_POSITION_REJECT ? RB_WORD_REJECT
                                                             : RB_WORD_OTHER;
        stance[m].late = !v->in_time;
    }
    /* `past` stays false: what an hour adopts is nothing that a file can show */
    a->enough =
        !a->withdrawn && a->head.bracketed_n == 0 &&
        rb_adoption_judge(r->rule, r->quorum, &a->electorate, stance, false) == RB_ADOPTION_ADOPTED;
}

void va_words(struct va *a) {
    if (a->author != VA_NO_MEMBER)
        a->voice[a->author] = (struct va_voice){
            .spoke = true, .in_time = true, .position = RB_POSITION_ACCEPT, .by_making = true};
    for (size_t i = 0; i < a->f.position_n; i++)
        take_word(a, i);
    if (a->has_heading) judge(a);
}
