/* Charter matters: what is in force, amendments, who is in (design §4). The founding charter is in
 * force when all whom it names have accepted; an amendment is adopted by the rule of the charter
 * that it replaces (spec 16.2). Clauses 5.9.x. */
#include "internal.h"

bool rb_rules_known(const struct rb_charter *c) {
    return c->rules_version == RB_RULES_VERSION;
}

/* the author of a proposal accepts it by proposing */
static void proposal_init(struct rb_proposal *p, uint32_t node, uint16_t author,
                          const struct rb_charter *c, const struct rb_amended *am,
                          int64_t created) {
    p->node = node;
    p->author = author;
    p->charter = c;
    p->amended = am;
    p->accepted = 1ull << author;
    p->accepted_created_ms[author] = created;
    p->first_next = p->sibling = RB_NOWHERE;
    for (size_t i = 0; i < RB_MAX_MEMBERS; i++)
        p->stance[i] = RB_NOWHERE;
}

/* what may take a charter's place is looked for among those that name it */
static void link_proposals(struct rb_fold *f) {
    for (uint32_t i = (uint32_t)f->proposals_n; i-- > 0;) {
        struct rb_proposal *p = &f->proposals[i];
        const uint32_t node =
            p->amended == NULL ? RB_NOWHERE : rb_fold_find(f, &p->amended->previous);
        struct rb_proposal *before = node == RB_NOWHERE ? NULL : rb_proposal_of(f, node);
        if (before == NULL) continue;
        p->sibling = before->first_next;
        before->first_next = i;
    }
}

static bool is_proposal(const struct rb_fold *f, uint32_t node) {
    const struct rb_fact *fact = rb_fold_fact(f, node);
    if (fact->mark != RB_MARK_NONE || f->disowned[node] || f->repeated[node]) return false;
    return fact->kind == RB_KIND_CHARTER || fact->kind == RB_KIND_AMENDMENT;
}

enum rb_err rb_proposals_make(struct rb_fold *f) {
    size_t n = 0;
    for (uint32_t v = 0; v < f->n; v++)
        n += is_proposal(f, v);
    f->proposals = rb_arena_array(f->a, n, sizeof *f->proposals);
    f->unripe = rb_arena_array(f->a, n, sizeof *f->unripe);
    f->ripe = rb_arena_array(f->a, n, sizeof *f->ripe);
    if (f->proposals == NULL || f->unripe == NULL || f->ripe == NULL) return RB_ERR_LIMIT;
    for (uint32_t v = 0; v < f->n; v++) {
        if (!is_proposal(f, v)) continue;
        const struct rb_fact *fact = rb_fold_fact(f, v);
        const struct rb_amended *am = fact->kind == RB_KIND_AMENDMENT ? fact->extra->amended : NULL;
        const struct rb_charter *c = am == NULL ? f->b->charter : &am->charter;
        proposal_init(&f->proposals[f->proposals_n++], v, rb_fold_author(f, v), c, am,
                      fact->created_utc_ms);
        if (am == NULL) f->charter_node = v;
    }
    link_proposals(f);
    return RB_OK;
}

struct rb_proposal *rb_proposal_of(const struct rb_fold *f, uint32_t node) {
    size_t lo = 0, hi = f->proposals_n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (f->proposals[mid].node < node)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < f->proposals_n && f->proposals[lo].node == node ? &f->proposals[lo] : NULL;
}

/* ---- members ----------------------------------------------------------------------------------
 */

/* a member counts where it accepted and has not left */
void rb_fold_active(struct rb_fold *f) {
    for (size_t i = 0; i < RB_MAX_MEMBERS; i++)
        if (!f->party[i].listed || (f->party[i].left && !f->party[i].rejoined))
            f->active &= ~(1ull << i);
}

/* Indexes are permanent: who is listed already keeps party and handle; the channel's nature stays.
 */
static bool amendment_fits(const struct rb_fold *f, const struct rb_amended *am) {
    if (am->charter.exercise != f->b->exercise) return false;
    for (size_t i = 0; i < am->charter.members_n; i++) {
        const struct rb_party_state *p = &f->party[am->charter.members[i].index];
        static const struct rb_hash none;
        if (!rb_hash_eq(&p->party, &none) && !rb_hash_eq(&p->party, &am->party[i])) return false;
    }
    return true;
}

/* Listed again is who had left when it was proposed; who left since is merely still on the list. */
static enum rb_err adopt_members(struct rb_fold *f, const struct rb_proposal *proposal) {
    const struct rb_amended *am = proposal->amended;
    bool grew;
    for (size_t i = 0; i < RB_MAX_MEMBERS; i++)
        f->party[i].listed = false;
    for (size_t i = 0; i < am->charter.members_n; i++) {
        struct rb_party_state *p = &f->party[am->charter.members[i].index];
        p->listed = true;
        p->party = am->party[i];
        if (p->left && f->place[proposal->node] > p->left_place) p->rejoined = true;
    }
    return rb_book_adopt(f->b, am, f->a, &grew);
}

/* ---- in force ---------------------------------------------------------------------------------
 */

static void latest_acceptance(const struct rb_proposal *p, uint64_t counted, int64_t *t_ms,
                              int64_t *from_ms) {
    *t_ms = *from_ms = 0;
    for (size_t i = 0; i < RB_MAX_MEMBERS; i++) {
        if (!(counted >> i & 1)) continue;
        int64_t from = p->accepted_t_ms[i] != 0 ? p->accepted_t_ms[i] : p->accepted_created_ms[i];
        if (p->accepted_t_ms[i] > *t_ms) *t_ms = p->accepted_t_ms[i];
        if (from > *from_ms) *from_ms = from;
    }
}

enum rb_err rb_proposal_adopt(struct rb_fold *f, struct rb_proposal *p, uint64_t counted,
                              int64_t at_utc_ms) {
    p->adopted = true;
    f->in_force_t_ms = f->in_force_from_ms = at_utc_ms;
    if (at_utc_ms == 0) latest_acceptance(p, counted, &f->in_force_t_ms, &f->in_force_from_ms);
    f->charter = p->charter;
    f->charter_node = p->node;
    f->in_force = rb_rules_known(p->charter);
    f->unknown_rules = !f->in_force;
    f->active |= p->accepted;
    if (p->amended != NULL) RB_TRY(adopt_members(f, p));
    rb_fold_active(f);
    return RB_OK;
}

bool rb_amendment_follows(const struct rb_fold *f, const struct rb_proposal *p) {
    if (p->amended == NULL || !f->in_force || f->active == 0) return false;
    const struct rb_fact *now = rb_fold_fact(f, f->charter_node);
    return rb_hash_eq(&p->amended->previous, &now->id) && amendment_fits(f, p->amended);
}

void rb_amendment_voices(const struct rb_fold *f, struct rb_electorate *out) {
    uint64_t electors = 0;
    for (size_t i = 0; i < f->charter->members_n; i++) {
        const struct rb_member *m = &f->charter->members[i];
        if (f->charter->rule == RB_RULE_GUARANTORS && m->role != RB_ROLE_GUARANTOR) continue;
        electors |= 1ull << m->index;
    }
    electors &= f->active;
    rb_electorate_make(f->charter, electors, f->charter->veto & electors, out);
}

enum rb_adoption_state rb_amendment_judge(const struct rb_charter *c, const struct rb_proposal *p,
                                          const struct rb_electorate *e, bool past) {
    struct rb_stance said[RB_MAX_MEMBERS] = {0};
    for (size_t i = 0; i < RB_MAX_MEMBERS; i++)
        said[i].word = p->accepted >> i & 1   ? RB_WORD_ACCEPT
                       : p->rejected >> i & 1 ? RB_WORD_REJECT
                       : p->other >> i & 1    ? RB_WORD_OTHER
                                              : RB_WORD_NONE;
    return rb_adoption_judge(c->rule, c->quorum, e, said, past);
}

/* What is settled by words, here and now; `counted` gets whose acceptances did it. Where the hour
 * may adopt it, a no that was in time is final: nobody is to wait for a second one. */
static bool may_adopt(const struct rb_fold *f, struct rb_proposal *p, uint64_t *counted) {
    struct rb_electorate e;
    if (p->adopted || p->refused || !p->walked || f->unknown_rules) return false;
    if (p->amended == NULL) {
        *counted = p->charter->accept_members;
        return (*counted & ~p->accepted) == 0;
    }
    if (!rb_amendment_follows(f, p)) return false;
    rb_amendment_voices(f, &e);
    const enum rb_adoption_state state = rb_amendment_judge(f->charter, p, &e, false);
    if (state == RB_ADOPTION_NOT_ADOPTED && rb_rule_has_hour(f->charter)) p->refused = true;
    *counted = e.voices & p->accepted;
    return state == RB_ADOPTION_ADOPTED;
}

/* The first of those that name the charter in force and that words adopt. */
static struct rb_proposal *next_adopted(struct rb_fold *f, uint64_t *counted) {
    const struct rb_proposal *now = rb_proposal_of(f, f->charter_node);
    uint32_t i = now == NULL ? RB_NOWHERE : now->first_next;
    for (; i != RB_NOWHERE; i = f->proposals[i].sibling) {
        f->s->looks++;
        if (may_adopt(f, &f->proposals[i], counted)) return &f->proposals[i];
    }
    return NULL;
}

/* What one adoption, or one member leaving or joining, makes possible is looked for again. A
 * charter has its turn once: what names it is gone through as often as one of its members leaves or
 * joins. */
enum rb_err rb_proposals_retry(struct rb_fold *f) {
    uint64_t counted;
    for (struct rb_proposal *p; (p = next_adopted(f, &counted)) != NULL;) {
        bool another;
        RB_TRY(rb_hour_against_words(f, &another));
        if (!another) RB_TRY(rb_proposal_adopt(f, p, counted, 0));
    }
    return RB_OK;
}

static enum rb_err try_adopt(struct rb_fold *f, struct rb_proposal *p) {
    uint64_t counted;
    bool another;
    if (!may_adopt(f, p, &counted)) return RB_OK;
    RB_TRY(rb_hour_against_words(f, &another));
    if (!another) RB_TRY(rb_proposal_adopt(f, p, counted, 0));
    return rb_proposals_retry(f);
}

enum rb_err rb_proposal_walked(struct rb_fold *f, struct rb_proposal *p) {
    p->walked = true;
    rb_hour_walked(f, p);
    return try_adopt(f, p);
}

static bool is_stance(int position) {
    return position == RB_POSITION_ACCEPT || position == RB_POSITION_REJECT ||
           position == RB_POSITION_ABSTAIN || position == RB_POSITION_DISSOCIATE;
}

/* One more voice may be what an amendment that it accepted before wanted. */
static enum rb_err accept_later(struct rb_fold *f, struct rb_proposal *p, uint64_t bit) {
    const uint64_t before = f->active;
    p->accepted |= bit;
    if (p->charter == f->charter) f->active |= bit;
    rb_fold_active(f);
    return f->active == before ? RB_OK : rb_proposals_retry(f);
}

static void forget_word(struct rb_proposal *p, uint16_t member) {
    const uint64_t others = ~(1ull << member);
    p->stance[member] = RB_NOWHERE;
    p->accepted &= others;
    p->rejected &= others;
    p->other &= others;
    p->contested &= others;
}

static void set_word(struct rb_proposal *p, uint16_t member, uint32_t node, int position) {
    const uint64_t bit = 1ull << member;
    forget_word(p, member);
    p->stance[member] = node;
    if (position == RB_POSITION_ACCEPT)
        p->accepted |= bit;
    else if (position == RB_POSITION_REJECT)
        p->rejected |= bit;
    else
        p->other |= bit;
}

/* By which charter and until when the time of what is said of it is judged. Where its hour may
 * adopt an amendment, what would undo that wants a time by 5.8: `created` alone is none. */
static enum rb_deadline when_said(const struct rb_fold *f, const struct rb_proposal *p,
                                  uint32_t node, int64_t *t_ms) {
    const struct rb_charter *c = p->amended == NULL ? p->charter : p->ripe ? p->under : f->charter;
    const int64_t by = p->charter->accept_by_utc_ms;
    const bool accepts = rb_fold_fact(f, node)->position == RB_POSITION_ACCEPT;
    const enum rb_deadline d = rb_deadline_judge(f->s, c, f->place[node], by, t_ms);
    if (p->amended == NULL && !accepts) return RB_DEADLINE_MET; /* a founder's no is a no */
    if (accepts || !rb_rule_has_hour(c)) return d;
    return rb_is_over(f, c, node, by) ? RB_DEADLINE_LATE : d;
}

/* The last word of each member counts, until the proposal is settled. What came late was not said;
 * an acceptance contested by time is none, anything else that is contested stands. */
static enum rb_err take_word(struct rb_fold *f, struct rb_proposal *p, uint32_t position) {
    const struct rb_fact *fact = rb_fold_fact(f, position);
    const uint16_t author = rb_fold_author(f, position);
    int64_t t_ms = 0;
    const enum rb_deadline d = when_said(f, p, position, &t_ms);
    if (d == RB_DEADLINE_LATE) return RB_OK;
    if (fact->position == RB_POSITION_ACCEPT && d == RB_DEADLINE_CONTESTED) {
        if (!(p->accepted >> author & 1)) p->contested |= 1ull << author;
        return RB_OK;
    }
    set_word(p, author, position, fact->position);
    p->accepted_t_ms[author] = t_ms;
    p->accepted_created_ms[author] = fact->created_utc_ms;
    return try_adopt(f, p);
}

/* Who joins by an adopted charter accepts it later. The proposer may only withdraw. */
enum rb_err rb_proposal_stance(struct rb_fold *f, struct rb_proposal *p, uint32_t position) {
    const struct rb_fact *fact = rb_fold_fact(f, position);
    const uint16_t author = rb_fold_author(f, position);
    int64_t t_ms;
    if (author == p->author) {
        if (fact->position != RB_POSITION_WITHDRAW || p->adopted) return RB_OK;
        if (p->amended == NULL || when_said(f, p, position, &t_ms) != RB_DEADLINE_LATE)
            p->refused = true;
        return RB_OK;
    }
    if (!is_stance(fact->position) || fact->reported) return RB_OK;
    if (!p->adopted) return take_word(f, p, position);
    return fact->position == RB_POSITION_ACCEPT ? accept_later(f, p, 1ull << author) : RB_OK;
}

/* a member takes back a position on a proposal that is not adopted yet */
void rb_proposal_withdraw(struct rb_fold *f, uint32_t subject, uint32_t node) {
    const uint16_t author = rb_fold_author(f, node);
    size_t n;
    const struct rb_hash *refs = rb_fact_refs(rb_fold_fact(f, subject), RB_REF_ANSWERS, &n);
    for (size_t i = 0; i < n; i++) {
        const uint32_t of = rb_fold_find(f, &refs[i]);
        struct rb_proposal *p = of == RB_NOWHERE ? NULL : rb_proposal_of(f, of);
        int64_t t_ms;
        f->s->looks++;
        if (p == NULL || p->adopted || p->stance[author] != subject) continue;
        if (p->amended == NULL || when_said(f, p, node, &t_ms) != RB_DEADLINE_LATE)
            forget_word(p, author);
    }
}

/* ---- suspend, resume, leave -------------------------------------------------------------------
 */

/* What it said of proposals that are still open goes with it: nobody is held to a charter that came
 * into force after it left, and none comes into force by its word. */
static void take_along(struct rb_fold *f, uint16_t member) {
    for (size_t i = 0; i < f->proposals_n; i++)
        if (!f->proposals[i].adopted && !f->proposals[i].ripe)
            forget_word(&f->proposals[i], member);
}

static enum rb_mark move_member(struct rb_fold *f, uint32_t node) {
    struct rb_membership m;
    struct rb_party_state *p = &f->party[rb_fold_author(f, node)];
    if (rb_membership_decode(rb_fold_fact(f, node)->body, &m, NULL) != RB_OK)
        return RB_MARK_UNREADABLE;
    switch (m.action) {
    case RB_MEMBERSHIP_SUSPEND:
        if (p->suspended) return RB_MARK_OUT_OF_TURN;
        p->suspended = true;
        return RB_MARK_NONE;
    case RB_MEMBERSHIP_RESUME:
        if (!p->suspended) return RB_MARK_OUT_OF_TURN;
        p->suspended = false;
        return RB_MARK_NONE;
    case RB_MEMBERSHIP_LEAVE:
        p->left = true;
        p->suspended = p->rejoined = false;
        p->left_epoch = f->b->feeds[rb_fold_feed(f, node)]->epoch;
        p->left_place = f->place[node];
        take_along(f, rb_fold_author(f, node));
        rb_fold_active(f);
        return RB_MARK_NONE;
    }
    return RB_MARK_UNREADABLE;
}

/* Suspending takes no voice away, and gives none. */
enum rb_err rb_membership_move(struct rb_fold *f, uint32_t node, enum rb_mark *mark) {
    const uint64_t before = f->active;
    *mark = move_member(f, node);
    return f->active == before ? RB_OK : rb_proposals_retry(f);
}

/* ---- at the end of the walk -------------------------------------------------------------------
 */

static enum rb_charter_state founding_state(const struct rb_fold *f, const struct rb_proposal *p) {
    uint64_t wanted = p->charter->accept_members, gone = 0;
    for (size_t i = 0; i < RB_MAX_MEMBERS; i++)
        if (f->party[i].left) gone |= 1ull << i;
    if (p->refused || (wanted & (p->rejected | gone)) != 0) return RB_CHARTER_REJECTED;
    if ((wanted & ~(p->accepted | p->contested)) == 0 && (wanted & p->contested) != 0)
        return RB_CHARTER_CONTESTED_BY_TIME;
    return f->s->now_utc_ms > p->charter->accept_by_utc_ms ? RB_CHARTER_LAPSED
                                                           : RB_CHARTER_PROPOSED;
}

/* an amendment that can no longer be adopted; one still open bears no mark */
static bool is_lost(const struct rb_fold *f, const struct rb_proposal *p) {
    struct rb_electorate e;
    if (p->refused || !rb_amendment_follows(f, p)) return true;
    rb_amendment_voices(f, &e);
    if (rb_amendment_judge(f->charter, p, &e, false) == RB_ADOPTION_NOT_ADOPTED) return true;
    return f->s->now_utc_ms > p->charter->accept_by_utc_ms;
}

static void mark_amendments(struct rb_fold *f) {
    for (size_t i = 0; i < f->proposals_n; i++) {
        struct rb_proposal *p = &f->proposals[i];
        struct rb_sit_record *r = &f->s->order[f->place[p->node]];
        if (p->amended == NULL || p->adopted || r->mark != RB_MARK_NONE) continue;
        if (f->unknown_rules)
            r->mark = RB_MARK_UNKNOWN_RULES;
        else if (is_lost(f, p))
            r->mark = RB_MARK_NOT_ADOPTED;
    }
}

/* Also what bears the mark of not being adopted by the words said so far: these may be replaced. */
static bool is_open(const struct rb_fold *f, const struct rb_proposal *p) {
    const uint8_t mark = f->s->order[f->place[p->node]].mark;
    if (mark != RB_MARK_NONE && mark != RB_MARK_NOT_ADOPTED) return false;
    return p->walked && !p->adopted && !p->refused && rb_amendment_follows(f, p) &&
           f->s->now_utc_ms <= p->charter->accept_by_utc_ms;
}

/* what may still be adopted, for those who show it */
static enum rb_err list_amendments(struct rb_fold *f) {
    struct rb_situation *s = f->s;
    size_t n = 0;
    for (size_t i = 0; i < f->proposals_n; i++)
        n += is_open(f, &f->proposals[i]);
    s->amendments = rb_arena_array(f->a, n, sizeof *s->amendments);
    if (n > 0 && s->amendments == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < f->proposals_n; i++) {
        const struct rb_proposal *p = &f->proposals[i];
        struct rb_electorate e;
        if (!is_open(f, p)) continue;
        rb_amendment_voices(f, &e);
        s->amendments[s->amendments_n++] =
            (struct rb_sit_amendment){.record = f->place[p->node],
                                      .voices = e.voices,
                                      .veto = e.veto,
                                      .accepted = p->accepted,
                                      .rejected = p->rejected,
                                      .other = p->other,
                                      .contested = p->contested & ~p->accepted};
    }
    return RB_OK;
}

static void settle_member(struct rb_fold *f, const struct rb_proposal *p, struct rb_sit_member *m) {
    const struct rb_party_state *st = &f->party[m->index];
    uint64_t bit = 1ull << m->index;
    m->accepted = p != NULL && ((p->accepted | f->active) & bit) != 0;
    m->rejected = p != NULL && (p->rejected & bit) != 0;
    m->accept_contested_by_time = p != NULL && (p->contested & bit) != 0;
    m->suspended = st->suspended;
    m->left = st->left && !st->rejoined;
    m->active = (f->active & bit) != 0;
}

enum rb_err rb_charter_settle(struct rb_fold *f) {
    struct rb_situation *s = f->s;
    const struct rb_proposal *p = rb_proposal_of(f, f->charter_node);
    if (f->in_force)
        s->charter_state = RB_CHARTER_IN_FORCE;
    else if (f->unknown_rules)
        s->charter_state = RB_CHARTER_UNKNOWN_RULES;
    else
        s->charter_state = p == NULL ? RB_CHARTER_PROPOSED : founding_state(f, p);
    s->in_force_since_utc_ms = f->in_force ? f->in_force_t_ms : 0;
    s->charter_record = p == NULL ? RB_NOWHERE : f->place[p->node];
    for (size_t i = 0; i < s->members_n; i++)
        settle_member(f, p, &s->members[i]);
    if (p != NULL) mark_amendments(f);
    return list_amendments(f);
}
