/* Rules of adoption, spec 16.2. Each rule is asked twice of what is contested by time: with all of
 * it fallen for adoption, and with all of it fallen against. Where only the first adopts, time is
 * what is contested. */
#include "readback/adopt.h"

const char *rb_adoption_state_name(enum rb_adoption_state s) {
    switch (s) {
    case RB_ADOPTION_OPEN:
        return "open";
    case RB_ADOPTION_ADOPTED:
        return "adopted";
    case RB_ADOPTION_NOT_ADOPTED:
        return "not-adopted";
    case RB_ADOPTION_LAPSED:
        return "lapsed";
    case RB_ADOPTION_CONTESTED_BY_TIME:
        return "contested-by-time";
    case RB_ADOPTION_UNREAD:
        return "unread";
    }
    return "?";
}

static const struct rb_group *led_group(const struct rb_charter *c, unsigned member,
                                        uint64_t electors) {
    for (size_t i = 0; i < c->groups_n; i++)
        if ((c->groups[i].members >> member & 1) && (electors >> c->groups[i].lead & 1))
            return &c->groups[i];
    return NULL;
}

void rb_electorate_make(const struct rb_charter *c, uint64_t electors, uint64_t veto,
                        struct rb_electorate *out) {
    *out = (struct rb_electorate){0};
    for (unsigned i = 0; i < RB_MAX_MEMBERS; i++) {
        if (!(electors >> i & 1)) continue;
        const struct rb_group *g = led_group(c, i, electors);
        unsigned speaker = g ? g->lead : i;
        out->voices |= UINT64_C(1) << speaker;
        if (veto >> i & 1) out->veto |= UINT64_C(1) << speaker;
    }
}

struct tally { /* of voices */
    uint64_t accepted, rejected, spoken, all;
};

/* What came late was not said in time. `fallen_for`: was what is contested in time where it is an
 * acceptance, and late where it is none; or the other way round. */
static struct tally count(const struct rb_electorate *e, const struct rb_stance *stance,
                          bool fallen_for) {
    struct tally t = {.all = e->voices};
    for (unsigned i = 0; i < RB_MAX_MEMBERS; i++) {
        const uint64_t bit = UINT64_C(1) << i;
        const struct rb_stance *s = &stance[i];
        if (!(e->voices & bit) || s->word == RB_WORD_NONE || s->late) continue;
        if (s->contested && (s->word == RB_WORD_ACCEPT) != fallen_for) continue;
        t.spoken |= bit;
        if (s->word == RB_WORD_ACCEPT) t.accepted |= bit;
        if (s->word == RB_WORD_REJECT) t.rejected |= bit;
    }
    return t;
}

static unsigned bits(uint64_t v) {
    unsigned n = 0;
    for (; v; v &= v - 1)
        n++;
    return n;
}

static enum rb_adoption_state by_quorum(const struct tally *t, unsigned quorum, uint64_t veto,
                                        bool past) {
    if (t->rejected & veto) return RB_ADOPTION_NOT_ADOPTED;
    if (bits(t->accepted) >= quorum && (past || (veto & ~t->spoken) == 0))
        return RB_ADOPTION_ADOPTED;
    if (past) return RB_ADOPTION_LAPSED;
    return bits(t->all & ~(t->spoken & ~t->accepted)) < quorum ? RB_ADOPTION_NOT_ADOPTED
                                                               : RB_ADOPTION_OPEN;
}

static enum rb_adoption_state judge(enum rb_rule_type rule, unsigned quorum, uint64_t veto,
                                    const struct tally *t, bool past) {
    switch (rule) {
    case RB_RULE_ALL:
    case RB_RULE_GUARANTORS:
        if (t->rejected) return RB_ADOPTION_NOT_ADOPTED;
        if (t->all && t->accepted == t->all) return RB_ADOPTION_ADOPTED;
        return past ? RB_ADOPTION_LAPSED : RB_ADOPTION_OPEN;
    case RB_RULE_QUORUM:
        return by_quorum(t, quorum, 0, past);
    case RB_RULE_QUORUM_VETO:
        return by_quorum(t, quorum, veto, past);
    case RB_RULE_SILENCE:
        if (t->rejected) return RB_ADOPTION_NOT_ADOPTED;
        return past ? RB_ADOPTION_ADOPTED : RB_ADOPTION_OPEN;
    }
    return RB_ADOPTION_OPEN;
}

enum rb_adoption_state rb_adoption_join(enum rb_adoption_state a, enum rb_adoption_state b,
                                        bool past) {
    if (a == b) return a;
    if (past && a != RB_ADOPTION_ADOPTED && b != RB_ADOPTION_ADOPTED) return RB_ADOPTION_LAPSED;
    return RB_ADOPTION_CONTESTED_BY_TIME;
}

enum rb_adoption_state rb_adoption_judge(enum rb_rule_type rule, unsigned quorum,
                                         const struct rb_electorate *e,
                                         const struct rb_stance *stance, bool past) {
    const struct tally with = count(e, stance, true), against = count(e, stance, false);
    const enum rb_adoption_state a = judge(rule, quorum, e->veto, &with, past);
    const enum rb_adoption_state b = judge(rule, quorum, e->veto, &against, past);
    return rb_adoption_join(a, b, past);
}
