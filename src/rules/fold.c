/* The fold (design §1.4): order, who holds, then one walk in that order. Clause 5.7. */
#include <assert.h>
#include "internal.h"

enum rb_err rb_fold_grow(struct rb_arena *a, void **p, size_t *cap, size_t want, size_t each) {
    if (want <= *cap) return RB_OK;
    size_t next = *cap == 0 ? 16 : *cap * 2;
    void *grown = rb_arena_array(a, next, each);
    if (grown == NULL) return RB_ERR_LIMIT;
    if (*cap > 0) memcpy(grown, *p, *cap * each);
    *p = grown;
    *cap = next;
    return RB_OK;
}

uint32_t rb_fold_find(const struct rb_fold *f, const struct rb_hash *id) {
    struct rb_feed *feed;
    size_t leaf;
    if (!rb_book_find(f->b, id, &feed, &leaf)) return RB_NOWHERE;
    return rb_fold_node(f, (uint32_t)rb_book_index_of(f->b, feed), (uint32_t)leaf);
}

/* ---- setting up -------------------------------------------------------------------------------
 */

/* Of the lower branches that share the most with it, the lowest: it has these leaves itself and
 * does not share them in turn. */
static enum rb_err find_stems(struct rb_fold *f) {
    struct rb_book *b = f->b;
    struct rb_situation *s = f->s;
    s->stem = rb_arena_array(f->a, b->feeds_n, sizeof *s->stem);
    s->shared = rb_arena_array(f->a, b->feeds_n, sizeof *s->shared);
    if (s->stem == NULL || s->shared == NULL) return RB_ERR_LIMIT;
    for (uint32_t i = 0; i < b->feeds_n; i++) {
        s->stem[i] = RB_NOWHERE;
        for (uint32_t k = i - b->feeds[i]->branch; k < i; k++) {
            uint32_t shared = (uint32_t)rb_branch_shared(b->feeds[i], b->feeds[k]);
            if (shared <= s->shared[i]) continue;
            s->stem[i] = k;
            s->shared[i] = shared;
        }
    }
    return RB_OK;
}

static enum rb_err number_nodes(struct rb_fold *f) {
    struct rb_book *b = f->b;
    uint64_t n = 0;
    RB_TRY(find_stems(f));
    f->base = rb_arena_array(f->a, b->feeds_n + 1, sizeof *f->base);
    if (f->base == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < b->feeds_n; i++) {
        f->base[i] = (uint32_t)n;
        n += b->feeds[i]->facts_n - f->s->shared[i];
        if (n >= RB_NOWHERE) return RB_ERR_LIMIT;
    }
    f->base[b->feeds_n] = f->n = (uint32_t)n;
    f->feed_of = rb_arena_array(f->a, f->n, sizeof *f->feed_of);
    if (f->feed_of == NULL) return RB_ERR_LIMIT;
    for (uint32_t i = 0; i < b->feeds_n; i++)
        for (uint32_t v = f->base[i]; v < f->base[i + 1]; v++)
            f->feed_of[v] = i;
    return RB_OK;
}

static enum rb_err make_places(struct rb_fold *f) {
    struct rb_situation *s = f->s;
    s->order_of = rb_arena_array(f->a, f->b->feeds_n, sizeof *s->order_of);
    if (s->order_of == NULL) return RB_ERR_LIMIT;
    for (uint32_t i = 0; i < f->b->feeds_n; i++) {
        uint32_t n = (uint32_t)f->b->feeds[i]->facts_n;
        s->order_of[i] = f->place + f->base[i];
        if (s->shared[i] == 0) continue;
        uint32_t *of = rb_arena_array(f->a, n, sizeof *of);
        if (of == NULL) return RB_ERR_LIMIT;
        s->order_of[i] = of;
        for (uint32_t leaf = 0; leaf < n; leaf++)
            of[leaf] = f->place[rb_fold_node(f, i, leaf)];
    }
    return RB_OK;
}

static bool past_common(const struct rb_feed *f, uint64_t leaf) {
    return f->frozen && (!f->common_known || leaf >= f->common);
}

/* Past the common part the same bytes may stand on several branches; the record is where
 * rb_book_find says, and its other places lead on from there. */
static enum rb_err find_repeated(struct rb_fold *f) {
    struct rb_situation *s = f->s;
    f->repeated = rb_arena_array(f->a, f->n, sizeof *f->repeated);
    if (f->repeated == NULL) return RB_ERR_LIMIT;
    for (uint32_t k = f->n; f->b->index->branches_n > 0 && k-- > 0;) {
        uint32_t v = f->sorted[k];
        const struct rb_fact *fact = rb_fold_fact(f, v);
        if (!s->order[k].contested || fact->mark != RB_MARK_NONE) continue;
        uint32_t counts = rb_fold_find(f, &fact->id);
        if (counts == v) continue;
        struct rb_sit_record *r = &s->order[f->place[counts]];
        f->repeated[v] = true;
        s->order[k].also = r->also;
        r->also = k;
    }
    return RB_OK;
}

static enum rb_err make_order(struct rb_fold *f) {
    struct rb_situation *s = f->s;
    RB_TRY(rb_order_make(f));
    s->order_n = f->n;
    s->order = rb_arena_array(f->a, f->n, sizeof *s->order);
    f->last_answer = rb_arena_array(f->a, f->n, sizeof *f->last_answer);
    if (s->order == NULL || f->last_answer == NULL) return RB_ERR_LIMIT;
    RB_TRY(make_places(f));
    for (uint32_t k = 0; k < f->n; k++) {
        uint32_t v = f->sorted[k], feed = f->feed_of[v], leaf = rb_fold_leaf(f, v);
        s->order[k] = (struct rb_sit_record){.place = {feed, leaf},
                                             .mark = rb_fold_fact(f, v)->mark,
                                             .contested = past_common(f->b->feeds[feed], leaf),
                                             .first_answer = RB_NOWHERE,
                                             .superseded_by = RB_NOWHERE,
                                             .carried_as = RB_NOWHERE,
                                             .also = RB_NOWHERE};
        f->last_answer[k] = RB_NOWHERE;
    }
    return find_repeated(f);
}

/* What a receipt says of bodies names feed and size and not the history that is meant. Past the
 * common part it is taken to be the one that the member cosigned. */
static uint64_t of_its_branch(const struct rb_situation *s, const struct rb_sit_record *r,
                              uint64_t bodies) {
    for (uint16_t m = 0; r->contested && m < RB_MAX_MEMBERS; m++) {
        uint64_t t;
        if ((bodies >> m & 1) && !rb_held_since(s, r->place.feed, r->place.leaf, m, &t))
            bodies &= ~(1ull << m);
    }
    return bodies;
}

static enum rb_err make_bodies(struct rb_fold *f) {
    struct rb_situation *s = f->s;
    uint64_t *bodies = rb_arena_array(f->a, f->n, sizeof *bodies);
    if (bodies == NULL) return RB_ERR_LIMIT;
    RB_TRY(rb_bodies_make(f, bodies));
    for (uint32_t k = 0; k < f->n; k++)
        s->order[k].bodies = of_its_branch(s, &s->order[k], bodies[f->sorted[k]]);
    for (uint32_t k = 0; k < f->n; k++) /* the same ciphertext, wherever its leaf stands */
        for (uint32_t i = s->order[k].also; i != RB_NOWHERE && !f->repeated[f->sorted[k]];
             i = s->order[i].also)
            s->order[k].bodies |= s->order[i].bodies;
    return RB_OK;
}

/* ---- one record -------------------------------------------------------------------------------
 */

static struct rb_standing standing_of(const struct rb_fold *f, const struct rb_feed *feed) {
    const struct rb_party_state *p = &f->party[feed->member];
    struct rb_standing s = {.in_force = f->in_force && p->listed, .suspended = p->suspended};
    s.left = p->left && (feed->epoch <= p->left_epoch || !p->rejoined);
    s.author = feed->member;
    return s;
}

/* what moves the state; on one branch of a fork it has no effect */
static bool moves(const struct rb_fact *fact, const struct rb_fact *subject) {
    if (fact->kind == RB_KIND_MEMBERSHIP || fact->kind == RB_KIND_AMENDMENT) return true;
    return fact->kind == RB_KIND_POSITION && subject != NULL &&
           (subject->kind == RB_KIND_CHARTER || subject->kind == RB_KIND_AMENDMENT);
}

static enum rb_mark judge_against(const struct rb_fold *f, uint32_t node,
                                  struct rb_standing *standing, const struct rb_hash *ref) {
    const struct rb_fact *fact = rb_fold_fact(f, node);
    uint32_t subject = ref == NULL ? RB_NOWHERE : rb_fold_find(f, ref);
    const struct rb_fact *s = subject == RB_NOWHERE ? NULL : rb_fold_fact(f, subject);
    if (s != NULL) {
        uint32_t feed = f->feed_of[subject];
        rb_standing_about(standing, f->b, f->b->feeds[feed], rb_fold_leaf(f, subject));
    }
    bool own = s != NULL && standing->subject_author == standing->author;
    enum rb_mark mark = rb_rules_admit(f->charter, fact, s, own, standing);
    if (mark == RB_MARK_NOT_IN_FORCE && f->unknown_rules) return RB_MARK_UNKNOWN_RULES;
    if (mark != RB_MARK_NONE) return mark;
    if (fact->kind == RB_KIND_POSITION && s == NULL) return RB_MARK_NO_SUBJECT;
    return f->s->order[f->place[node]].contested && moves(fact, s) ? RB_MARK_CONTESTED
                                                                   : RB_MARK_NONE;
}

static enum rb_mark judge(const struct rb_fold *f, uint32_t node) {
    const struct rb_fact *fact = rb_fold_fact(f, node);
    struct rb_standing standing = standing_of(f, f->b->feeds[f->feed_of[node]]);
    size_t n;
    const struct rb_hash *refs = rb_fact_refs(fact, RB_REF_ANSWERS, &n);
    if (fact->mark != RB_MARK_NONE) return (enum rb_mark)fact->mark;
    if (f->repeated[node]) return RB_MARK_REPEATED;
    if (f->disowned[node]) return RB_MARK_DISOWNED;
    if (fact->kind != RB_KIND_POSITION || n == 0) return judge_against(f, node, &standing, NULL);
    for (size_t i = 0; i < n; i++) {
        enum rb_mark mark = judge_against(f, node, &standing, &refs[i]);
        if (mark != RB_MARK_NONE) return mark;
    }
    return RB_MARK_NONE;
}

static enum rb_err link_answer(struct rb_fold *f, uint32_t subject, uint32_t answer) {
    struct rb_situation *s = f->s;
    void *p = s->answers;
    RB_TRY(rb_fold_grow(f->a, &p, &f->answers_cap, s->answers_n + 1, sizeof *s->answers));
    s->answers = p;
    uint32_t at = (uint32_t)s->answers_n++, last = f->last_answer[subject];
    s->answers[at] = (struct rb_sit_answer){subject, answer, RB_NOWHERE};
    if (last == RB_NOWHERE)
        s->order[subject].first_answer = at;
    else
        s->answers[last].next = at;
    f->last_answer[subject] = at;
    return RB_OK;
}

static enum rb_err apply_position(struct rb_fold *f, uint32_t node) {
    size_t n;
    const struct rb_fact *fact = rb_fold_fact(f, node);
    const struct rb_hash *refs = rb_fact_refs(fact, RB_REF_ANSWERS, &n);
    for (size_t i = 0; i < n; i++) {
        uint32_t subject = rb_fold_find(f, &refs[i]);
        assert(subject != RB_NOWHERE); /* judged so */
        RB_TRY(link_answer(f, f->place[subject], f->place[node]));
        if (fact->position == RB_POSITION_WITHDRAW)
            rb_proposal_withdraw(f, subject, rb_fold_author(f, node));
        struct rb_proposal *p = rb_proposal_of(f, subject);
        if (p != NULL) RB_TRY(rb_proposal_stance(f, p, node));
    }
    return RB_OK;
}

/* only its author supersedes a record */
static void apply_supersedes(struct rb_fold *f, uint32_t node) {
    size_t n;
    const struct rb_hash *refs = rb_fact_refs(rb_fold_fact(f, node), RB_REF_SUPERSEDES, &n);
    for (size_t i = 0; i < n; i++) {
        uint32_t old = rb_fold_find(f, &refs[i]);
        if (old == RB_NOWHERE || old == node) continue;
        if (rb_fold_author(f, old) != rb_fold_author(f, node)) continue;
        f->s->order[f->place[old]].superseded_by = f->place[node];
    }
}

static enum rb_err apply_silence(struct rb_fold *f, uint32_t node) {
    struct rb_situation *s = f->s;
    struct rb_silence silence;
    if (rb_silence_decode(rb_fold_fact(f, node)->body, &silence, NULL) != RB_OK) return RB_OK;
    uint32_t subject = silence.has_subject ? rb_fold_find(f, &silence.subject) : RB_NOWHERE;
    void *p = s->silences;
    RB_TRY(rb_fold_grow(f->a, &p, &f->silences_cap, s->silences_n + 1, sizeof *s->silences));
    s->silences = p;
    s->silences[s->silences_n++] = (struct rb_sit_silence){
        f->place[node], subject == RB_NOWHERE ? RB_NOWHERE : f->place[subject], silence.member};
    return RB_OK;
}

static bool purge_subject(const struct rb_fact *fact, struct rb_hash *out) {
    struct rb_reader r;
    uint64_t type;
    struct rb_slice h;
    if (rb_cbor_find(fact->body, 1, &r) != RB_OK || rb_cbor_get_uint(&r, &type) != RB_OK)
        return false;
    if (type != RB_SERVICE_PURGE || rb_cbor_find(fact->body, 2, &r) != RB_OK) return false;
    if (rb_cbor_get_bytes(&r, &h) != RB_OK || h.n != RB_HASH_LEN) return false;
    memcpy(out->b, h.p, RB_HASH_LEN);
    return true;
}

/* Who could never read the body has none to purge. What it is about may stand later in the order:
 * nothing reads this before the walk is over. */
static void apply_service(struct rb_fold *f, uint32_t node) {
    struct rb_hash id;
    if (!purge_subject(rb_fold_fact(f, node), &id)) return;
    uint32_t subject = rb_fold_find(f, &id);
    if (subject == RB_NOWHERE || !rb_fold_fact(f, subject)->closed) return;
    uint64_t readers = rb_fold_fact(f, subject)->recipients | 1ull << rb_fold_author(f, subject);
    f->s->order[f->place[subject]].purged |= readers & 1ull << rb_fold_author(f, node);
}

static enum rb_err apply_text(struct rb_fold *f, uint32_t node) {
    void *p = f->s->open_texts;
    RB_TRY(rb_fold_grow(f->a, &p, &f->texts_cap, f->s->open_texts_n + 1, sizeof(uint32_t)));
    f->s->open_texts = p;
    f->s->open_texts[f->s->open_texts_n++] = f->place[node];
    return RB_OK;
}

static enum rb_err apply_charter_matter(struct rb_fold *f, uint32_t node, uint8_t *mark) {
    enum rb_kind kind = (enum rb_kind)rb_fold_fact(f, node)->kind;
    if (kind == RB_KIND_MEMBERSHIP) {
        *mark = (uint8_t)rb_membership_move(f, node);
        return rb_proposals_retry(f);
    }
    if (kind == RB_KIND_AMENDMENT && !f->in_force) {
        *mark = f->unknown_rules ? RB_MARK_UNKNOWN_RULES : RB_MARK_OUT_OF_TURN;
        return RB_OK;
    }
    struct rb_proposal *p = rb_proposal_of(f, node);
    assert(p != NULL);
    return rb_proposal_walked(f, p);
}

static enum rb_err apply(struct rb_fold *f, uint32_t node, struct rb_sit_record *r) {
    enum rb_kind kind = (enum rb_kind)rb_fold_fact(f, node)->kind;
    apply_supersedes(f, node);
    if (kind == RB_KIND_POSITION) RB_TRY(apply_position(f, node));
    if (kind == RB_KIND_SILENCE) RB_TRY(apply_silence(f, node));
    if (kind == RB_KIND_SERVICE) apply_service(f, node);
    if (kind == RB_KIND_TEXT) RB_TRY(apply_text(f, node));
    if (kind == RB_KIND_CHARTER || kind == RB_KIND_AMENDMENT || kind == RB_KIND_MEMBERSHIP)
        RB_TRY(apply_charter_matter(f, node, &r->mark));
    return r->mark == RB_MARK_NONE ? rb_due_open(f, node) : RB_OK;
}

static enum rb_err walk(struct rb_fold *f) {
    for (uint32_t k = 0; k < f->n; k++) {
        uint32_t node = f->sorted[k];
        struct rb_sit_record *r = &f->s->order[k];
        r->mark = (uint8_t)judge(f, node);
        if (r->mark == RB_MARK_NONE) RB_TRY(apply(f, node, r));
    }
    return RB_OK;
}

/* ---- the end ----------------------------------------------------------------------------------
 */

static void settle_groups(const struct rb_charter *c, struct rb_sit_member *m) {
    m->group = -1;
    for (size_t i = 0; i < c->groups_n; i++) {
        if (!(c->groups[i].members >> m->index & 1)) continue;
        m->group = (int)i;
        m->lead = c->groups[i].lead == m->index;
        return;
    }
}

static void settle_member(struct rb_fold *f, struct rb_sit_member *m) {
    m->latest_feed = RB_NOWHERE;
    settle_groups(f->charter, m);
    for (uint32_t i = 0; i < f->b->feeds_n; i++) {
        const struct rb_feed *feed = f->b->feeds[i];
        if (feed->member != m->index || feed->facts_n == 0) continue;
        m->latest_feed = i - feed->branch;
        for (size_t k = 0; k < feed->facts_n; k++)
            if (feed->facts[k].mark == RB_MARK_NONE &&
                feed->facts[k].created_utc_ms > m->last_created_utc_ms)
                m->last_created_utc_ms = feed->facts[k].created_utc_ms;
    }
}

static enum rb_err settle(struct rb_fold *f) {
    struct rb_situation *s = f->s;
    s->charter = rb_arena_alloc(f->a, sizeof *s->charter);
    if (s->charter == NULL) return RB_ERR_LIMIT;
    *s->charter = *f->charter;
    s->members_n = f->charter->members_n;
    for (size_t i = 0; i < s->members_n; i++) {
        s->members[i].index = f->charter->members[i].index;
        settle_member(f, &s->members[i]);
    }
    rb_charter_settle(f);
    rb_due_settle(f);
    rb_tests_count(f);
    return RB_OK;
}

static void start(struct rb_fold *f, const struct rb_hash *parties) {
    struct rb_book *b = f->b;
    rb_book_list_founders(b);
    f->charter = b->charter;
    f->charter_node = RB_NOWHERE;
    f->unknown_rules = !rb_rules_known(b->charter);
    for (size_t i = 0; i < RB_MAX_MEMBERS; i++)
        f->party[i].party = parties[i];
    for (size_t i = 0; i < b->charter->members_n; i++)
        f->party[b->charter->members[i].index].listed = true;
}

static enum rb_err fold_once(struct rb_fold *f) {
    RB_TRY(number_nodes(f));
    RB_TRY(make_order(f));
    RB_TRY(rb_disowned_mark(f));
    RB_TRY(rb_held_make(f));
    RB_TRY(make_bodies(f));
    RB_TRY(rb_proposals_make(f));
    RB_TRY(walk(f));
    return settle(f);
}

/* parties that an adopted amendment brought in: true if any is new */
static bool learn_parties(const struct rb_fold *f, struct rb_hash *parties) {
    bool learned = false;
    for (size_t i = 0; i < RB_MAX_MEMBERS; i++) {
        if (rb_hash_eq(&f->party[i].party, &parties[i])) continue;
        parties[i] = f->party[i].party;
        learned = true;
    }
    return learned;
}

/* What a member says and cosigns depends on who it is, and that on what was adopted; so the fold
 * starts with the founders and is done again as long as an adopted amendment brought in someone. */
enum rb_err rb_situation_fold(struct rb_book *b, int64_t now_utc_ms, struct rb_arena *arena,
                              struct rb_situation *out) {
    struct rb_hash parties[RB_MAX_MEMBERS] = {0};
    size_t mark = rb_arena_mark(arena);
    rb_branches_settle(b);
    for (size_t i = 0; i < b->charter->members_n; i++) {
        const struct rb_book_member *m = rb_book_member(b, b->charter->members[i].index);
        assert(m != NULL);
        parties[m->index] = m->party;
    }
    for (;;) {
        rb_arena_release(arena, mark);
        memset(out, 0, sizeof *out);
        out->now_utc_ms = now_utc_ms;
        out->book = b;
        struct rb_fold *f = rb_arena_alloc(arena, sizeof *f);
        if (f == NULL) return RB_ERR_LIMIT;
        f->b = b;
        f->a = arena;
        f->s = out;
        start(f, parties);
        RB_TRY(fold_once(f));
        if (!learn_parties(f, parties)) return RB_OK;
    }
}
