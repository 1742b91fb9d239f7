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

static enum rb_err compare(struct rb_node *n, const struct spot *p, struct rb_conflicts *found) {
    struct channel *ch = p->fx->ch;
    struct rb_volume volumes[RB_MAX_VOLUMES];
    struct rb_register_terms terms;
    struct rb_register_plan plan = {.id = spot_fact(p)->id,
                                    .author = p->fx->f->member,
                                    .class_ = (enum rb_place_class)p->class_,
                                    .volumes = volumes,
                                    .now_utc_ms = n->now.utc_ms,
                                    .bare = true};
    plan.volumes_n = rb_register_volumes(ch->reg, &plan.id, volumes);
    plan.supersedes = rb_fact_refs(spot_fact(p), RB_REF_SUPERSEDES, &plan.supersedes_n);
    check_terms(ch, ch->charter, &terms);
    return rb_register_check(ch->reg, &plan, &terms, &n->work, found, NULL);
}

static enum rb_err one(struct rb_node *n, const struct spot *p, size_t *touched) {
    struct rb_conflicts found = {0};
    *touched = 0;
    if (p->state != SPOT_KNOWN || p->rests) return RB_OK; /* purged, or superseded meanwhile */
    size_t mark = rb_arena_mark(&n->work);
    enum rb_err err = compare(n, p, &found);
    *touched = found.n;
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
    size_t work = 0, touched;
    if (ch->stand_utc != n->now.utc_ms) stand_settle(n, ch, n->now.utc_ms);
    while (work < RB_ARRIVED_STEP && ch->arrived_at < ch->arrived_to) {
        if (!node_room(n, 4096)) break; /* in a later step */
        if (one(n, &ch->spots[ch->arrived[ch->arrived_at]], &touched) == RB_ERR_LIMIT) {
            n->overflow = true;
            ch->arrive_from = n->now.mono_ms + 1000;
            break;
        }
        ch->arrived_at++;
        work += RB_ARRIVED_COST + touched;
    }
    forget(ch);
}

uint64_t arrive_wake(const struct rb_node *n, const struct channel *ch) {
    if (ch->arrived_at == ch->arrived_to || !ch->charter) return UINT64_MAX;
    return ch->arrive_from > n->now.mono_ms ? ch->arrive_from : n->now.mono_ms;
}
