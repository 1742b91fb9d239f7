/* A notice that can be read here for the first time is compared with all that stand, once the
 * situation is folded; where it touches a place, our people are told (spec 10.6.13). A flood is
 * folded once, and compared a few at a time. */
#include "node_int.h"

void arrive_note(struct rb_node *n, const struct spot *p) {
    struct channel *ch = p->fx->ch;
    void *list = ch->arrived;
    if (rb_region_grow(&n->region, &list, &ch->arrived_cap, ch->arrived_n + 1,
                       sizeof *ch->arrived) != RB_OK) {
        n->overflow = true;
        return;
    }
    ch->arrived = list;
    ch->arrived[ch->arrived_n++] = (uint32_t)(p - ch->spots);
}

/* all that have come by now are in the situation */
void arrive_folded(struct channel *ch) {
    ch->arrived_to = ch->arrived_n;
}

static void tell(struct rb_node *n, const struct spot *p, const struct rb_conflicts *c) {
    bool sure = c->list[0].answer == RB_ANSWER_CONFLICT; /* the worst comes first */
    const struct rb_fact *f = spot_fact(p);
    struct rb_reject rj = {sure ? RB_ERR_STATE : RB_OK, "10.6.13",
                           sure ? "it conflicts with what is known here"
                                : "a conflict with what is known here cannot be excluded",
                           0};
    node_alert(n, RB_ALERT_CONFLICT, p->fx->ch, &f->id, p->fx->f->member, NULL, f->precedence, c->n,
               &rj);
}

/* only how many places it touches, and how surely */
static enum rb_err compare(struct spot *p, const struct rb_charter *charter, int64_t utc_ms,
                           struct rb_arena *arena, struct rb_conflicts *found) {
    struct channel *ch = p->fx->ch;
    struct rb_volume volumes[RB_MAX_VOLUMES];
    struct rb_register_terms terms;
    struct rb_register_plan plan = {.id = spot_fact(p)->id,
                                    .author = p->fx->f->member,
                                    .class_ = (enum rb_place_class)p->class_,
                                    .volumes = volumes,
                                    .now_utc_ms = utc_ms,
                                    .bare = true};
    plan.volumes_n = rb_register_volumes(ch->reg, &plan.id, volumes);
    plan.supersedes = rb_fact_refs(spot_fact(p), RB_REF_SUPERSEDES, &plan.supersedes_n);
    check_terms(ch, charter, &terms);
    RB_TRY(rb_register_check(ch->reg, &plan, &terms, arena, found, NULL));
    p->brief = (uint8_t)(1 + (found->n > 0 ? found->list[0].answer : RB_ANSWER_NONE_FOUND));
    p->brief_n = (uint32_t)found->n;
    p->brief_changes = rb_register_changes(ch->reg);
    p->brief_utc = utc_ms;
    return RB_OK;
}

static enum rb_err one(struct rb_node *n, struct spot *p, uint64_t *work) {
    struct rb_conflicts found = {0};
    if (p->state != SPOT_KNOWN || p->rests) return RB_OK; /* purged, or superseded meanwhile */
    size_t mark = rb_arena_mark(&n->work);
    enum rb_err err = compare(p, p->fx->ch->charter, n->now.utc_ms, &n->work, &found);
    *work += found.n + found.looks / RB_ARRIVED_LOOKS;
    if (err == RB_OK && found.n > 0) tell(n, p, &found);
    rb_arena_release(&n->work, mark);
    return err;
}

/* what was compared is forgotten, all of it or half of what is kept */
static void forget(struct channel *ch) {
    size_t done = ch->arrived_at;
    if (done == 0 || (done < ch->arrived_n && done < ch->arrived_n / 2)) return;
    memmove(ch->arrived, ch->arrived + done, (ch->arrived_n - done) * sizeof *ch->arrived);
    ch->arrived_n -= done;
    ch->arrived_to -= done;
    ch->arrived_at = 0;
}

void arrive_some(struct rb_node *n, struct channel *ch) {
    if (arrive_wake(n, ch) > n->now.mono_ms) return;
    uint64_t work = 0;
    stand_settle(n, ch, n->now.utc_ms);
    while (work < RB_ARRIVED_STEP && ch->arrived_at < ch->arrived_to) {
        if (!node_room(n, 4096)) break; /* in a later step */
        if (one(n, &ch->spots[ch->arrived[ch->arrived_at]], &work) == RB_ERR_LIMIT) {
            n->overflow = true;
            ch->arrive_from = n->now.mono_ms + 1000;
            break;
        }
        ch->arrived_at++;
        work += RB_ARRIVED_COST;
    }
    /* after intricate ones others have their turn: as long as it took, about */
    if (work >= 2 * (size_t)RB_ARRIVED_STEP) ch->arrive_from = n->now.mono_ms + work / 4;
    forget(ch);
}

uint64_t arrive_wake(const struct rb_node *n, const struct channel *ch) {
    if (ch->arrived_at == ch->arrived_to || !ch->charter) return UINT64_MAX;
    return ch->arrive_from > n->now.mono_ms ? ch->arrive_from : n->now.mono_ms;
}

/* ---- in short ----------------------------------------------------------------------------------
 */
/* as it would be now: nothing came or went since, and little time went by */
static bool fresh(const struct spot *p, int64_t utc_ms) {
    return p->brief != 0 && p->brief_changes == rb_register_changes(p->fx->ch->reg) &&
           utc_ms >= p->brief_utc && utc_ms - p->brief_utc < RB_BRIEF_MS;
}

static struct spot *spot_of(struct channel *ch, const struct rb_hash *record) {
    struct rb_feed *f;
    size_t leaf;
    if (!rb_book_find_held(&ch->book, record, &f, &leaf)) return NULL;
    const struct feedx *fx = node_feedx(ch, f->member, f->epoch);
    struct spot *p = fx ? places_find(ch, fx, leaf) : NULL;
    return p && p->state == SPOT_KNOWN ? p : NULL;
}

enum rb_err rb_node_check_brief(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                                const struct rb_hash *record, int64_t now_utc_ms,
                                struct rb_arena *arena, uint64_t *looks, struct rb_brief *out) {
    const struct rb_charter *terms;
    struct rb_conflicts found;
    struct channel *ch = node_channel_find(n, id);
    if (ch) places_read_all(n, ch);
    struct spot *p = ch ? spot_of(ch, record) : NULL;
    if (!p) return RB_ERR_NOT_FOUND;
    RB_TRY(stand_now(n, ch, now_utc_ms, &terms));
    if (!fresh(p, now_utc_ms)) {
        if (*looks == 0) return RB_ERR_BUSY;
        size_t mark = rb_arena_mark(arena);
        enum rb_err err = compare(p, terms, now_utc_ms, arena, &found);
        rb_arena_release(arena, mark);
        if (err != RB_OK) return err;
        *looks -= found.looks < *looks ? found.looks : *looks;
    }
    *out = (struct rb_brief){(enum rb_answer)(p->brief - 1), p->brief_n};
    return RB_OK;
}
