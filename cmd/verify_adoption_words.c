/* Who is shown to have said what of a text (9.7.11). What is not shown counts for nothing, and what
 * may have been taken back by something that is in the file without its content, or that does not
 * count by the charter shown, counts for nothing either. */
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

bool va_has_by(const struct va *a) {
    return a->has_heading && a->head.has_adoption && a->head.adoption.has_by;
}

struct lines {
    bool before, after;
};

static void add_line(struct lines *l, const struct va *a, const struct vd_signer *s) {
    if (s->held_since_s <= (uint64_t)(a->head.adoption.by_utc_ms / 1000))
        l->before = true;
    else
        l->after = true;
}

/* As 5.8.1 has it, by the lines that are here: the timekeeper's, where it is not its own word;
 * without one those of all that are not of its author's side. All at or before the hour, and at
 * least one. */
static bool in_time(const struct va *a, const struct vd *d, uint16_t author) {
    struct lines l = {0};
    const struct rb_charter *c = &a->charter;
    if (!va_has_by(a)) return true;
    for (size_t i = 0; i < d->f.witnesses_n; i++)
        if (c->has_timekeeper && c->timekeeper != author &&
            member_of(a, &d->witnesses[i]) == c->timekeeper)
            add_line(&l, a, &d->witnesses[i]);
    const bool of_others = !l.before && !l.after;
    for (size_t i = 0; of_others && i < d->f.witnesses_n; i++)
        if (!of_one_side(a, member_of(a, &d->witnesses[i]), author))
            add_line(&l, a, &d->witnesses[i]);
    return l.before && !l.after;
}

/* ---- words --------------------------------------------------------------------------------------
 */

static bool is_partial(const struct va_word *w) {
    return w->p.type == RB_POSITION_DISSOCIATE && w->p.paragraphs.n > 0;
}

/* what it says of the whole */
static enum rb_word word_of(const struct va_word *w) {
    if (!va_on_text(w) || is_partial(w)) return RB_WORD_NONE;
    if (w->p.type == RB_POSITION_ACCEPT) return RB_WORD_ACCEPT;
    if (w->p.type == RB_POSITION_REJECT) return RB_WORD_REJECT;
    if (w->p.type == RB_POSITION_ABSTAIN || w->p.type == RB_POSITION_DISSOCIATE)
        return RB_WORD_OTHER;
    return RB_WORD_NONE;
}

/* a rejection is worse than an abstention */
static void note_against(struct va_voice *v, enum rb_word w) {
    if (w == RB_WORD_REJECT || (w == RB_WORD_OTHER && v->against != RB_WORD_REJECT))
        v->against = (uint8_t)w;
}

static void clear_apart(struct va_voice *v) {
    v->apart_any = v->apart_whole = false;
    memset(v->apart, 0, sizeof v->apart);
}

/* The last dissociation takes the place of the one before it, of whichever extent (16.3.3). */
static void set_apart(struct va_voice *v, size_t at, const struct rb_position *p) {
    struct rb_reader r = rb_reader(p->paragraphs);
    size_t n = 0;
    uint64_t number = 0;
    clear_apart(v);
    v->apart_any = true;
    v->apart_at = at;
    v->apart_whole = p->paragraphs.n == 0;
    if (rb_cbor_get_array(&r, RB_MAX_PARAGRAPHS, &n) != RB_OK) return;
    for (; n > 0 && rb_cbor_get_uint(&r, &number) == RB_OK; n--)
        if (number <= RB_MAX_PARAGRAPHS) v->apart[number / 64] |= 1ull << (number % 64);
}

static void say_word(struct va *a, size_t i, struct va_voice *v) {
    const struct va_word *w = &a->word[i];
    if (w->p.type == RB_POSITION_DISSOCIATE) set_apart(v, i, &w->p);
    if (word_of(w) == RB_WORD_NONE) return; /* no word on the whole */
    v->position = (uint8_t)w->p.type;
    v->at = i;
    v->by_making = false;
    v->doubt = false;
    v->in_time = in_time(a, a->f.position[i], w->member);
    note_against(v, word_of(w));
    if (v->apart_whole && w->p.type != RB_POSITION_DISSOCIATE && v->in_time) clear_apart(v);
}

/* What was said by that position is as if it had not been said, and what went before it does not
 * come back. */
static void take_back(struct va *a, size_t at, struct va_voice *v) {
    struct va_word *old = &a->word[at];
    if (old->content && old->p.type == RB_POSITION_WITHDRAW) return; /* nothing takes that back */
    old->taken_back = true;
    if (v->apart_any && v->apart_at == at) clear_apart(v);
    if (v->position != 0 && !v->by_making && v->at == at) v->position = 0;
}

/* One effect for each record that it answers. */
static void take_effects(struct va *a, size_t i, struct va_voice *v) {
    const struct va_word *w = &a->word[i];
    for (size_t k = 0; k < w->on_n; k++) {
        if (w->on[k] == VA_ON_TEXT && w->p.type == RB_POSITION_WITHDRAW)
            a->withdrawn = a->withdrawn || w->member == a->author;
        else if (w->on[k] == VA_ON_TEXT)
            say_word(a, i, v);
        else if (w->p.type == RB_POSITION_WITHDRAW)
            take_back(a, w->on[k], v);
    }
}

/* Its content is not shown, or by the charter shown it moves nothing, and another may have been in
 * force: an acceptance then is none, and whatever else it may be is held against its author's word.
 */
static void take_doubt(struct va *a, size_t i, struct va_voice *v) {
    const struct va_word *w = &a->word[i];
    const bool hash = a->f.position[i]->f.level == VD_HASH, on_text = hash || va_on_text(w);
    const bool withdraws = !w->content || w->p.type == RB_POSITION_WITHDRAW;
    const enum rb_word word = w->content ? word_of(w) : on_text ? RB_WORD_REJECT : RB_WORD_NONE;
    if (!withdraws && word != RB_WORD_REJECT && word != RB_WORD_OTHER) return;
    v->doubt = true;
    note_against(v, word);
    if (withdraws && on_text && w->member == a->author) a->maybe_withdrawn = true;
}

static void take_word(struct va *a, size_t i) {
    const struct va_word *w = &a->word[i];
    if (w->why == VA_STRANGER || w->why == VA_REPORTED) return;
    struct va_voice *v = &a->voice[w->member];
    v->spoke = true;
    v->unread += !w->content;
    if (w->content && w->why == VA_COUNTS)
        take_effects(a, i, v);
    else
        take_doubt(a, i, v);
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

static struct rb_stance stance_of(const struct va_voice *v) {
    if (v->position == 0 || v->doubt) return (struct rb_stance){0};
    return (struct rb_stance){.word = v->position == RB_POSITION_ACCEPT   ? RB_WORD_ACCEPT
                                      : v->position == RB_POSITION_REJECT ? RB_WORD_REJECT
                                                                          : RB_WORD_OTHER,
                              .late = !v->in_time};
}

/* `past` stays false: what an hour adopts is nothing that a file can show. */
static void judge(struct va *a) {
    struct rb_stance last[RB_MAX_MEMBERS] = {0}, worst[RB_MAX_MEMBERS] = {0};
    const struct rb_adoption none = {.rule = RB_RULE_ALL};
    const struct rb_adoption *r = a->head.has_adoption ? &a->head.adoption : &none;
    a->electors = electors(a);
    rb_electorate_make(&a->charter, a->electors, r->veto, &a->electorate);
    for (unsigned m = 0; m < RB_MAX_MEMBERS; m++) {
        last[m] = stance_of(&a->voice[m]);
        worst[m].word = a->voice[m].against;
    }
    if (rb_adoption_judge(r->rule, r->quorum, &a->electorate, last, false) != RB_ADOPTION_ADOPTED)
        a->lack |= VA_LACK_WORDS;
    /* What of different logs was said first nobody here can tell: it is settled against if all that
     * was ever said against it would settle it, had it been said at once (16.2.4 to 16.2.6). */
    if (rb_adoption_judge(r->rule, r->quorum, &a->electorate, worst, false) ==
        RB_ADOPTION_NOT_ADOPTED)
        a->lack |= VA_LACK_AGAINST;
}

static void lacks(struct va *a) {
    const struct {
        bool is;
        enum va_lack lack;
    } all[] = {{a->charter.rules_version != RB_RULES_VERSION, VA_LACK_RULES},
               {a->author == VA_NO_MEMBER, VA_LACK_AUTHOR},
               {a->text_mark != RB_MARK_NONE, VA_LACK_TEXT},
               {a->head.bracketed_n > 0, VA_LACK_BRACKETS},
               {a->withdrawn, VA_LACK_WITHDRAWN},
               {a->maybe_withdrawn, VA_LACK_UNREAD}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].is) a->lack |= all[i].lack;
}

void va_words(struct va *a) {
    a->lack = 0;
    if (a->author != VA_NO_MEMBER)
        a->voice[a->author] = (struct va_voice){
            .spoke = true, .in_time = true, .position = RB_POSITION_ACCEPT, .by_making = true};
    for (size_t i = 0; i < a->f.position_n; i++)
        take_word(a, i);
    if (!a->has_heading) return; /* the rule is not shown */
    judge(a);
    lacks(a);
}
