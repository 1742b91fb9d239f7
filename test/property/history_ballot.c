/* Of random histories, what is voted on: texts, amendments, and ballots close to their hour. */
#include "history.h"

struct rb_record hist_random_amendment(struct fx *w) {
    struct rb_charter next = w->charter;
    next.title = rb_str("amended");
    next.accept_by_utc_ms = w->clock_ms + 2000 + (int64_t)below(12) * 2000;
    if (one_in(4)) hist_random_rule(&next);
    if (one_in(2)) next.answer_ms[RB_FLASH] = 5000;
    if (one_in(4) && next.members_n > 2) { /* one fewer */
        next.members_n--;
        next.groups_n = 0;
        next.accept_members &= (1ull << next.members_n) - 1;
        if (next.accept_members == 0) next.accept_members = 1;
        if (next.timekeeper == next.members_n) next.has_timekeeper = false;
        if (next.quorum > next.members_n) next.quorum = (uint16_t)next.members_n;
        next.veto &= (1ull << next.members_n) - 1;
        if (next.rule == RB_RULE_QUORUM_VETO && next.veto == 0) next.veto = 1;
    } else if (one_in(2) && w->parties_n < 8) { /* one more */
        fx_party_make(w, w->parties_n);
        struct rb_member *m = &next.members[next.members_n++];
        *m = (struct rb_member){.index = (uint16_t)w->parties_n};
        m->handle = rb_str(w->party[w->parties_n].handle);
        m->card = w->party[w->parties_n].card;
    }
    const struct rb_hash *previous = &w->charter_id;
    if (one_in(5)) previous = one_in(3) ? hist_any_id(w) : hist_kind_id(w, RB_KIND_AMENDMENT);
    return fx_amendment(w, previous, &next);
}

struct rb_record hist_random_text(struct fx *w) {
    struct rb_text t = {
        .has_previous = one_in(3), .has_adoption = !one_in(4), .has_pen = one_in(3)};
    struct rb_adoption *a = &t.adoption;
    if (t.has_previous) t.previous = *(one_in(6) ? hist_any_id(w) : hist_kind_id(w, RB_KIND_TEXT));
    t.pen = (uint16_t)below(w->parties_n);
    t.bracketed_n = one_in(8);
    a->rule = (enum rb_rule_type)below(5);
    a->has_by = a->rule == RB_RULE_SILENCE || a->rule == RB_RULE_ALL || one_in(2);
    a->by_utc_ms = w->clock_ms + (int64_t)below(12) * 2000;
    if (one_in(3)) a->of = 1 + below((1ull << w->parties_n) - 1);
    if (a->rule == RB_RULE_QUORUM || a->rule == RB_RULE_QUORUM_VETO) a->quorum = 1;
    if (a->quorum > 0 && a->of == 0) a->quorum = (uint16_t)(1 + below(3));
    if (a->rule == RB_RULE_QUORUM_VETO)
        a->veto = a->of != 0 ? a->of : 1 + below((1ull << w->parties_n) - 1);
    return fx_text(w, &t);
}

/* on a text or an amendment, or taking one's own back */
struct rb_record hist_random_vote(struct fx *w, uint16_t author) {
    static const enum rb_position_type words[] = {
        RB_POSITION_ACCEPT,  RB_POSITION_ACCEPT,     RB_POSITION_ACCEPT,  RB_POSITION_REJECT,
        RB_POSITION_ABSTAIN, RB_POSITION_DISSOCIATE, RB_POSITION_WITHDRAW};
    if (one_in(8)) return fx_position(w, hist_own_id(w, author), RB_POSITION_WITHDRAW);
    return fx_position(w, hist_kind_id(w, one_in(3) ? RB_KIND_AMENDMENT : RB_KIND_TEXT),
                       words[below(sizeof words / sizeof *words)]);
}

/* its author logs that each of the others holds it, mostly at once */
void hist_tell_all(struct fx *w, uint16_t author) {
    struct rb_receipt_cosig c[8];
    struct rb_receipt receipt = {.cosigs = c};
    const struct fx_feed *f = fx_feed_of(w, author, 0);
    const uint64_t t = (uint64_t)w->clock_ms / 1000 + (one_in(3) ? below(20) : 0);
    for (uint16_t m = 0; m < (uint16_t)w->parties_n && receipt.cosigs_n < 8; m++)
        if (m != author) c[receipt.cosigs_n++] = fx_cosign(w, author, 0, f->n, m, t);
    struct rb_record r = fx_receipt(w, &receipt);
    if (receipt.cosigs_n > 0) fx_say(w, author, &r);
}

/* said by one who has seen all there is; held by one or two of the others about that time */
static void vote_about(struct fx *w, uint16_t member, const struct rb_hash *id, int64_t by_utc_ms) {
    struct rb_record r = hist_random_vote(w, member);
    r.refs[RB_REF_ANSWERS].h[0] = *id;
    r.created_utc_ms = by_utc_ms + (int64_t)below(8) * 1000 - 5000;
    for (uint16_t k = 0; k < (uint16_t)w->parties_n && !one_in(8); k++)
        if (k != member) fx_see(w, &r, k, 0, fx_feed_of(w, k, 0)->n);
    fx_say(w, member, &r);
    for (uint16_t held = (uint16_t)below(3); held > 0; held--) {
        const uint16_t by = (uint16_t)below(w->parties_n);
        if (by != member) fx_held(w, member, by, (uint64_t)by_utc_ms / 1000 + below(9) - 5);
    }
}

/* its author says it anew, about its hour */
static void say_anew(struct fx *w, uint16_t author, const struct rb_hash *id, int64_t by_utc_ms) {
    struct rb_text t = {.has_previous = one_in(2), .previous = *id};
    struct rb_record r = fx_text(w, &t);
    if (!t.has_previous) fx_ref(&r, RB_REF_SUPERSEDES, id);
    r.created_utc_ms = by_utc_ms + (int64_t)below(8) * 1000 - 5000;
    fx_say(w, author, &r);
    if (one_in(2)) hist_tell_all(w, author);
}

/* a text or an amendment on which most say something, close to its hour */
void hist_random_ballot(struct fx *w) {
    const uint16_t author = (uint16_t)below(w->parties_n);
    const int64_t by = w->clock_ms + 8000 + (int64_t)below(4) * 1000;
    struct rb_charter next = w->charter;
    struct rb_text t = {.has_adoption = true, .adoption.has_by = true, .adoption.by_utc_ms = by};
    t.adoption.rule = one_in(2) ? RB_RULE_SILENCE : RB_RULE_ALL;
    if (!one_in(3)) t.adoption.of = 1ull << below(w->parties_n); /* one alone is often undecided */
    next.title = rb_str("by then");
    next.accept_by_utc_ms = by;
    struct rb_record r = one_in(2) ? fx_text(w, &t) : fx_amendment(w, &w->charter_id, &next);
    for (uint16_t k = 0; k < (uint16_t)w->parties_n; k++)
        if (k != author) fx_see(w, &r, k, 0, fx_feed_of(w, k, 0)->n);
    const struct rb_hash id = fx_say(w, author, &r);
    if (!one_in(5)) hist_tell_all(w, author);
    for (uint16_t m = 0; m < (uint16_t)w->parties_n; m++)
        if (!one_in(4)) vote_about(w, m, &id, by);
    if (r.kind == RB_KIND_TEXT && one_in(4)) say_anew(w, author, &id, by);
    if (one_in(2)) w->clock_ms = by + 1000;
    for (size_t after = below(4); after > 0; after--)
        hist_random_step(w);
}
