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
    const uint32_t first = rb_fold_feed_index(f, feed->member, feed->epoch);
    return rb_fold_node(f, first + feed->branch, (uint32_t)leaf);
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

/* what the fold asks of every fact, beside each other: facts are large and far apart */
static void note_fact(struct rb_fold *f, uint32_t node) {
    const struct rb_fact *fact = rb_fold_fact(f, node);
    struct rb_part *part = &f->part[f->at[node].feed];
    if (fact->mark != RB_MARK_NONE) return;
    f->kind[node] = fact->kind;
    if (fact->created_utc_ms > part->created_utc_ms) part->created_utc_ms = fact->created_utc_ms;
}

static void number_node(struct rb_fold *f, uint32_t feed, uint32_t leaf) {
    f->node_of[feed][leaf] = f->n;
    f->at[f->n] = (struct rb_place){feed, leaf};
    note_fact(f, f->n++);
}

static enum rb_err number_feed(struct rb_fold *f, uint32_t i) {
    const struct rb_situation *s = f->s;
    const struct rb_feed *feed = f->b->feeds[i];
    struct rb_part *part = &f->part[i];
    part->n = (uint32_t)feed->facts_n;
    part->room = part->n + (f->kept ? part->n / 4 + 8 : 0);
    f->node_of[i] = rb_arena_array(f->a, part->room, sizeof **f->node_of);
    s->order_of[i] = rb_arena_array(f->a, part->room, sizeof **s->order_of);
    if (f->node_of[i] == NULL || s->order_of[i] == NULL) return RB_ERR_LIMIT;
    for (uint32_t leaf = 0; leaf < s->shared[i]; leaf++) {
        const struct rb_fact *fact = &feed->facts[leaf];
        f->node_of[i][leaf] = f->node_of[s->stem[i]][leaf];
        if (fact->mark == RB_MARK_NONE && fact->created_utc_ms > part->created_utc_ms)
            part->created_utc_ms = fact->created_utc_ms;
    }
    for (uint32_t leaf = s->shared[i]; leaf < part->n; leaf++)
        number_node(f, i, leaf);
    return RB_OK;
}

static enum rb_err by_node(struct rb_fold *f, uint64_t n) {
    struct rb_arena *a = f->a;
    f->room = (uint32_t)(f->kept ? n + n / 4 + 64 : n);
    if (n >= RB_NOWHERE / 2) return RB_ERR_LIMIT;
    f->at = rb_arena_array(a, f->room, sizeof *f->at);
    f->kind = rb_arena_array(a, f->room, sizeof *f->kind);
    f->sorted = rb_arena_array(a, f->room, sizeof *f->sorted);
    f->place = rb_arena_array(a, f->room, sizeof *f->place);
    f->disowned = rb_arena_array(a, f->room, sizeof *f->disowned);
    f->repeated = rb_arena_array(a, f->room, sizeof *f->repeated);
    f->body_bits = rb_arena_array(a, f->room, sizeof *f->body_bits);
    f->last_answer = rb_arena_array(a, f->room, sizeof *f->last_answer);
    f->s->order = rb_arena_array(a, f->room, sizeof *f->s->order);
    bool all = f->at != NULL && f->kind != NULL && f->sorted != NULL && f->place != NULL &&
               f->disowned != NULL && f->repeated != NULL && f->body_bits != NULL &&
               f->last_answer != NULL && f->s->order != NULL;
    return all ? RB_OK : RB_ERR_LIMIT;
}

static enum rb_err number_nodes(struct rb_fold *f) {
    struct rb_book *b = f->b;
    uint64_t n = 0;
    RB_TRY(find_stems(f));
    for (size_t i = 0; i < b->feeds_n; i++)
        n += b->feeds[i]->facts_n - f->s->shared[i];
    RB_TRY(by_node(f, n));
    f->node_of = rb_arena_array(f->a, b->feeds_n, sizeof *f->node_of);
    f->part = rb_arena_array(f->a, b->feeds_n, sizeof *f->part);
    f->s->order_of = rb_arena_array(f->a, b->feeds_n, sizeof *f->s->order_of);
    if (f->node_of == NULL || f->part == NULL || f->s->order_of == NULL) return RB_ERR_LIMIT;
    for (size_t i = b->feeds_n; i-- > 0;)
        f->first_feed[b->feeds[i]->member] = (uint32_t)i;
    for (uint32_t i = 0; i < b->feeds_n; i++)
        RB_TRY(number_feed(f, i));
    return RB_OK;
}

static enum rb_err grow_feed(struct rb_fold *f, uint32_t feed) {
    struct rb_part *part = &f->part[feed];
    size_t cap = part->room;
    size_t cap_too = cap;
    RB_TRY(rb_fold_more(f->a, &f->node_of[feed], &cap, part->n + 1u, sizeof **f->node_of));
    RB_TRY(rb_fold_more(f->a, &f->s->order_of[feed], &cap_too, part->n + 1u, sizeof **f->node_of));
    part->room = (uint32_t)cap;
    return RB_OK;
}

enum rb_err rb_fold_node_add(struct rb_fold *f, uint32_t feed) {
    assert(f->n < f->room);
    RB_TRY(grow_feed(f, feed));
    f->place[f->n] = RB_NOWHERE;
    number_node(f, feed, f->part[feed].n++);
    return RB_OK;
}

/* leaves that a branch shares stand where its stem's do */
static void shared_places(struct rb_fold *f) {
    for (uint32_t i = 0; i < f->b->feeds_n; i++)
        for (uint32_t leaf = 0; leaf < f->s->shared[i]; leaf++)
            f->s->order_of[i][leaf] = f->place[rb_fold_node(f, i, leaf)];
}

static bool past_common(const struct rb_feed *f, uint64_t leaf) {
    return f->frozen && (!f->common_known || leaf >= f->common);
}

/* Past the common part the same bytes may stand on several branches; the record is where
 * rb_book_find says, and its other places lead on from there. */
static void find_repeated(struct rb_fold *f) {
    struct rb_situation *s = f->s;
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
}

/* the order is made; what the walk says of each is not */
static void set_up(struct rb_fold *f, uint32_t from) {
    struct rb_situation *s = f->s;
    s->order_n = f->n;
    for (uint32_t k = from; k < f->n; k++) {
        const struct rb_place at = f->at[f->sorted[k]];
        s->order[k] =
            (struct rb_sit_record){.place = at,
                                   .contested = past_common(f->b->feeds[at.feed], at.leaf),
                                   .first_answer = RB_NOWHERE,
                                   .superseded_by = RB_NOWHERE,
                                   .carried_as = RB_NOWHERE,
                                   .also = RB_NOWHERE,
                                   .instrument = RB_NOWHERE,
                                   .first_entry = RB_NOWHERE,
                                   .bodies = f->body_bits[f->sorted[k]]};
        f->last_answer[k] = RB_NOWHERE;
    }
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
    RB_TRY(rb_bodies_make(f));
    for (uint32_t k = 0; k < f->n; k++)
        s->order[k].bodies = of_its_branch(s, &s->order[k], f->body_bits[f->sorted[k]]);
    if (f->b->index->branches_n == 0) return RB_OK;
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
        uint32_t feed = rb_fold_feed(f, subject);
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
    struct rb_standing standing = standing_of(f, f->b->feeds[rb_fold_feed(f, node)]);
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
    RB_TRY(RB_FOLD_MORE(f, s->answers, s->answers_n, f->answers_cap));
    RB_TRY(RB_FOLD_MORE(f, f->answer_before, s->answers_n, f->answer_before_cap));
    uint32_t at = (uint32_t)s->answers_n++, last = f->last_answer[subject];
    s->answers[at] = (struct rb_sit_answer){subject, answer, RB_NOWHERE};
    f->answer_before[at] = last;
    if (last == RB_NOWHERE)
        s->order[subject].first_answer = at;
    else
        s->answers[last].next = at;
    f->last_answer[subject] = at;
    return rb_live_stale(f, subject, rb_situation_author(s, answer));
}

static enum rb_err unlink_answer(struct rb_fold *f) {
    struct rb_situation *s = f->s;
    const uint32_t at = (uint32_t)--s->answers_n, before = f->answer_before[at];
    const struct rb_sit_answer was = s->answers[at];
    f->last_answer[was.subject] = before;
    if (before == RB_NOWHERE)
        s->order[was.subject].first_answer = RB_NOWHERE;
    else
        s->answers[before].next = RB_NOWHERE;
    return rb_live_stale(f, was.subject, rb_situation_author(s, was.answer));
}

/* takes part in what puts a charter in force, or may */
static bool moves_charter(const struct rb_fold *f, const struct rb_fact *fact, uint32_t subject) {
    size_t n;
    const int8_t t = fact->position;
    if (rb_proposal_of(f, subject) != NULL)
        return t == RB_POSITION_ACCEPT || t == RB_POSITION_REJECT || t == RB_POSITION_ABSTAIN ||
               t == RB_POSITION_DISSOCIATE || t == RB_POSITION_WITHDRAW;
    if (t != RB_POSITION_WITHDRAW) return false;
    const struct rb_hash *refs = rb_fact_refs(rb_fold_fact(f, subject), RB_REF_ANSWERS, &n);
    for (size_t i = 0; i < n; i++) {
        const uint32_t of = rb_fold_find(f, &refs[i]);
        if (of != RB_NOWHERE && rb_proposal_of(f, of) != NULL) return true;
    }
    return false;
}

/* From here back all is folded whole. */
static void moved_charter(struct rb_fold *f, uint32_t node) {
    struct rb_part *part = &f->part[rb_fold_feed(f, node)];
    if (f->place[node] >= f->moved) f->moved = f->place[node] + 1;
    if (rb_fold_leaf(f, node) >= part->moved) part->moved = rb_fold_leaf(f, node) + 1;
    if (f->again) f->whole = true;
}

static enum rb_err apply_position(struct rb_fold *f, uint32_t node) {
    size_t n;
    const struct rb_fact *fact = rb_fold_fact(f, node);
    const struct rb_hash *refs = rb_fact_refs(fact, RB_REF_ANSWERS, &n);
    for (size_t i = 0; i < n; i++) {
        uint32_t subject = rb_fold_find(f, &refs[i]);
        assert(subject != RB_NOWHERE); /* judged so */
        RB_TRY(link_answer(f, f->place[subject], f->place[node]));
        if (moves_charter(f, fact, subject)) moved_charter(f, node);
        if (f->whole) return RB_OK;
        if (fact->position == RB_POSITION_WITHDRAW) rb_proposal_withdraw(f, subject, node);
        struct rb_proposal *p = rb_proposal_of(f, subject);
        if (p != NULL) RB_TRY(rb_proposal_stance(f, p, node));
    }
    return RB_OK;
}

static enum rb_err undo_push(struct rb_fold *f, uint32_t by, uint32_t of, bool purged,
                             uint64_t was) {
    RB_TRY(RB_FOLD_MORE(f, f->undo, f->undo_n, f->undo_cap));
    f->undo[f->undo_n++] = (struct rb_undo){by, of, purged, was};
    return RB_OK;
}

/* Only its author supersedes a record; of an instrument its lot says by what it was (lot.c). */
static enum rb_err apply_supersedes(struct rb_fold *f, uint32_t node) {
    size_t n;
    const struct rb_hash *refs = rb_fact_refs(rb_fold_fact(f, node), RB_REF_SUPERSEDES, &n);
    for (size_t i = 0; i < n; i++) {
        uint32_t old = rb_fold_find(f, &refs[i]);
        if (old == RB_NOWHERE || old == node) continue;
        if (rb_fold_author(f, old) != rb_fold_author(f, node)) continue;
        uint32_t *by = &f->s->order[f->place[old]].superseded_by;
        if (f->s->order[f->place[old]].instrument != RB_NOWHERE) continue;
        RB_TRY(undo_push(f, f->place[node], f->place[old], false, *by));
        *by = f->place[node];
    }
    return RB_OK;
}

static enum rb_err apply_silence(struct rb_fold *f, uint32_t node) {
    struct rb_situation *s = f->s;
    struct rb_silence silence;
    if (rb_silence_decode(rb_fold_fact(f, node)->body, &silence, NULL) != RB_OK) return RB_OK;
    uint32_t subject = silence.has_subject ? rb_fold_find(f, &silence.subject) : RB_NOWHERE;
    RB_TRY(RB_FOLD_MORE(f, s->silences, s->silences_n, f->silences_cap));
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
static enum rb_err apply_service(struct rb_fold *f, uint32_t node) {
    struct rb_hash id;
    if (!purge_subject(rb_fold_fact(f, node), &id)) return RB_OK;
    uint32_t subject = rb_fold_find(f, &id);
    if (subject == RB_NOWHERE || !rb_fold_fact(f, subject)->closed) return RB_OK;
    uint64_t readers = rb_fold_fact(f, subject)->recipients | 1ull << rb_fold_author(f, subject);
    uint64_t *purged = &f->s->order[f->place[subject]].purged;
    RB_TRY(undo_push(f, f->place[node], f->place[subject], true, *purged));
    *purged |= readers & 1ull << rb_fold_author(f, node);
    return RB_OK;
}

static enum rb_err apply_text(struct rb_fold *f, uint32_t node) {
    RB_TRY(RB_FOLD_MORE(f, f->s->open_texts, f->s->open_texts_n, f->texts_cap));
    f->s->open_texts[f->s->open_texts_n++] = f->place[node];
    return RB_OK;
}

static enum rb_err apply_test(struct rb_fold *f, uint32_t node) {
    RB_TRY(RB_FOLD_MORE(f, f->tests, f->tests_n, f->tests_cap));
    f->tests[f->tests_n++] = f->place[node];
    return RB_OK;
}

static enum rb_err apply_charter_matter(struct rb_fold *f, uint32_t node, uint8_t *mark) {
    enum rb_kind kind = (enum rb_kind)rb_fold_fact(f, node)->kind;
    if (kind == RB_KIND_MEMBERSHIP) {
        enum rb_mark m;
        RB_TRY(rb_membership_move(f, node, &m));
        *mark = (uint8_t)m;
        return RB_OK;
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
    enum rb_kind kind = (enum rb_kind)f->kind[node];
    RB_TRY(apply_supersedes(f, node));
    if (kind == RB_KIND_POSITION) RB_TRY(apply_position(f, node));
    if (kind == RB_KIND_SILENCE) RB_TRY(apply_silence(f, node));
    if (kind == RB_KIND_SERVICE) RB_TRY(apply_service(f, node));
    if (kind == RB_KIND_TEXT) RB_TRY(apply_text(f, node));
    if (kind == RB_KIND_TEST) RB_TRY(apply_test(f, node));
    if (kind == RB_KIND_CHARTER || kind == RB_KIND_AMENDMENT || kind == RB_KIND_MEMBERSHIP) {
        moved_charter(f, node);
        if (!f->whole) RB_TRY(apply_charter_matter(f, node, &r->mark));
    }
    if (r->mark != RB_MARK_NONE || f->whole) return RB_OK;
    RB_TRY(rb_lots_walk(f, node));
    return rb_due_open(f, node);
}

/* ---- what names a record that stands later, or is not held --------------------------------------
 */

static enum rb_err ahead_push(struct rb_fold *f, uint32_t node, uint32_t reach, uint64_t missing) {
    RB_TRY(RB_FOLD_MORE(f, f->ahead, f->ahead_n, f->ahead_cap));
    uint32_t farthest = f->ahead_n > 0 ? f->ahead[f->ahead_n - 1].reach : 0;
    if (farthest < reach) farthest = reach;
    f->ahead[f->ahead_n++] = (struct rb_ahead){node, farthest, missing};
    return RB_OK;
}

/* `deep`: how a position is judged hangs on what its subject answers, too */
static enum rb_err note_ref(struct rb_fold *f, uint32_t node, const struct rb_hash *id, bool deep) {
    uint64_t first;
    const uint32_t of = rb_fold_find(f, id);
    memcpy(&first, id->b, sizeof first);
    if (of == RB_NOWHERE) return ahead_push(f, node, 0, first | 1);
    if (f->place[of] > f->place[node]) RB_TRY(ahead_push(f, node, f->place[of], 0));
    if (!deep || f->kind[of] != RB_KIND_POSITION) return RB_OK;
    size_t n;
    const struct rb_hash *refs = rb_fact_refs(rb_fold_fact(f, of), RB_REF_ANSWERS, &n);
    for (size_t i = 0; i < n; i++)
        RB_TRY(note_ref(f, node, &refs[i], false));
    return RB_OK;
}

/* a lot is settled by whether what its bodies name is here, too */
static enum rb_err note_gist(struct rb_fold *f, uint32_t node, const struct rb_gist *g) {
    if (g == NULL) return RB_OK;
    if (g->has_to) RB_TRY(note_ref(f, node, &g->to, false));
    for (size_t i = 0; i < g->hashes_n; i++)
        RB_TRY(note_ref(f, node, &g->hashes[i], false));
    return RB_OK;
}

static enum rb_err note_refs(struct rb_fold *f, uint32_t node) {
    const struct rb_fact *fact = rb_fold_fact(f, node);
    const uint8_t kind = f->kind[node];
    struct rb_silence silence;
    struct rb_hash id;
    size_t n;
    if (kind == RB_KIND_POSITION) {
        const struct rb_hash *refs = rb_fact_refs(fact, RB_REF_ANSWERS, &n);
        for (size_t i = 0; i < n; i++)
            RB_TRY(note_ref(f, node, &refs[i], true));
    }
    const struct rb_hash *old = rb_fact_refs(fact, RB_REF_SUPERSEDES, &n);
    for (size_t i = 0; i < n; i++)
        RB_TRY(note_ref(f, node, &old[i], false));
    RB_TRY(note_gist(f, node, fact->gist));
    if (kind == RB_KIND_SERVICE && purge_subject(fact, &id)) RB_TRY(note_ref(f, node, &id, false));
    if (kind != RB_KIND_SILENCE || rb_silence_decode(fact->body, &silence, NULL) != RB_OK ||
        !silence.has_subject)
        return RB_OK;
    return note_ref(f, node, &silence.subject, false);
}

/* ---- the walk ---------------------------------------------------------------------------------
 */

/* neighbours in the order are far apart in memory */
#define AHEAD 8u

static enum rb_err walk(struct rb_fold *f, uint32_t from) {
    for (uint32_t k = from; k < f->n && !f->whole; k++) {
        uint32_t node = f->sorted[k];
        struct rb_sit_record *r = &f->s->order[k];
        if (k + AHEAD < f->n) {
            const struct rb_fact *soon = rb_fold_fact(f, f->sorted[k + AHEAD]);
            __builtin_prefetch(soon);
            __builtin_prefetch(&soon->refs);
        }
        if (f->kept && f->kind[node] != 0) RB_TRY(note_refs(f, node));
        RB_TRY(rb_hours_before(f, node));
        r->mark = (uint8_t)judge(f, node);
        if (r->mark == RB_MARK_NONE) RB_TRY(apply(f, node, r));
    }
    return rb_hours_end(f);
}

enum rb_err rb_walk_again(struct rb_fold *f, uint32_t from) {
    set_up(f, from);
    return walk(f, from);
}

static void undo_last(struct rb_fold *f) {
    const struct rb_undo *u = &f->undo[--f->undo_n];
    struct rb_sit_record *r = &f->s->order[u->of];
    if (u->purged)
        r->purged = u->was;
    else
        r->superseded_by = (uint32_t)u->was;
}

/* All that a record of the walk adds stands at the end of some list, and names it by its place. */
enum rb_err rb_walk_undo(struct rb_fold *f, uint32_t from) {
    struct rb_situation *s = f->s;
    while (s->answers_n > 0 && s->answers[s->answers_n - 1].answer >= from)
        RB_TRY(unlink_answer(f));
    while (f->undo_n > 0 && f->undo[f->undo_n - 1].by >= from)
        undo_last(f);
    while (f->ahead_n > 0 && f->place[f->ahead[f->ahead_n - 1].node] >= from)
        f->ahead_n--;
    while (f->tests_n > 0 && f->tests[f->tests_n - 1] >= from)
        f->tests_n--;
    while (s->silences_n > 0 && s->silences[s->silences_n - 1].record >= from)
        s->silences_n--;
    while (s->open_texts_n > 0 && s->open_texts[s->open_texts_n - 1] >= from)
        s->open_texts_n--;
    while (s->dues_n > 0 && s->dues[s->dues_n - 1].subject >= from)
        s->dues_n--;
    return rb_lots_undo(f, from);
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

/* feeds stand by member and epoch, so that the last one with a leaf is the latest */
void rb_members_settle(struct rb_fold *f) {
    struct rb_situation *s = f->s;
    struct rb_sit_member *of[RB_MAX_MEMBERS] = {NULL};
    for (size_t i = 0; i < s->members_n; i++) {
        s->members[i].latest_feed = RB_NOWHERE;
        of[s->members[i].index] = &s->members[i];
    }
    for (uint32_t i = 0; i < f->b->feeds_n; i++) {
        const struct rb_feed *feed = f->b->feeds[i];
        struct rb_sit_member *m = of[feed->member];
        if (m == NULL || feed->facts_n == 0) continue;
        m->latest_feed = i - feed->branch;
        if (f->part[i].created_utc_ms > m->last_created_utc_ms)
            m->last_created_utc_ms = f->part[i].created_utc_ms;
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
        settle_groups(f->charter, &s->members[i]);
    }
    rb_members_settle(f);
    RB_TRY(rb_charter_settle(f));
    RB_TRY(rb_due_settle(f, 0));
    for (size_t i = 0; i < f->tests_n; i++)
        RB_TRY(rb_test_note(f, f->tests[i]));
    rb_tests_count(f);
    return rb_lots_settle(f);
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
    RB_TRY(rb_order_make(f));
    shared_places(f);
    set_up(f, 0);
    find_repeated(f);
    RB_TRY(rb_disowned_mark(f));
    RB_TRY(rb_held_make(f));
    RB_TRY(make_bodies(f));
    RB_TRY(rb_proposals_make(f));
    RB_TRY(walk(f, 0));
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
 * starts with the founders and is done again as long as an adopted amendment brought in someone, or
 * one is found to be adopted at its hour. */
enum rb_err rb_fold_whole(struct rb_book *b, int64_t now_utc_ms, struct rb_arena *arena, bool kept,
                          struct rb_situation *out, struct rb_fold **fold) {
    struct rb_hash parties[RB_MAX_MEMBERS] = {0};
    struct rb_hours hours;
    RB_TRY(rb_hours_make(b, arena, &hours));
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
        f->hours = hours;
        f->kept = kept;
        *fold = f;
        start(f, parties);
        RB_TRY(fold_once(f));
        if (learn_parties(f, parties))
            hours.n = 0; /* who is known bears on what is in time */
        else if (!rb_hours_more(f, &hours))
            return RB_OK;
    }
}

enum rb_err rb_situation_fold(struct rb_book *b, int64_t now_utc_ms, struct rb_arena *arena,
                              struct rb_situation *out) {
    struct rb_fold *f;
    return rb_fold_whole(b, now_utc_ms, arena, false, out, &f);
}
