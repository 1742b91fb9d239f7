/* What a plan, or a notice that is here already, would touch (spec 10.6), by the charter's terms.
 */
#include "node_int.h"

/* ---- terms -------------------------------------------------------------------------------------
 */
static bool in_one_group(const struct rb_charter *c, uint16_t a, uint16_t b) {
    for (size_t i = 0; i < c->groups_n; i++)
        if (c->groups[i].members >> a & c->groups[i].members >> b & 1) return true;
    return false;
}

static bool one_party(const struct rb_charter *c, const struct rb_member *a,
                      const struct rb_member *b) {
    if (a->affiliation.n > 0 && rb_slice_eq(a->affiliation, b->affiliation)) return true;
    return in_one_group(c, a->index, b->index);
}

/* Members with the same affiliation, or in one group, and who is one party with one of those. */
static void parties(const struct rb_charter *c, uint16_t party_of[RB_MAX_MEMBERS]) {
    for (size_t i = 0; i < c->members_n; i++)
        party_of[c->members[i].index] = (uint16_t)(i + 1);
    for (size_t i = 0; i < c->members_n; i++)
        for (size_t k = 0; k < i; k++) {
            uint16_t was = party_of[c->members[i].index], now = party_of[c->members[k].index];
            if (was == now || !one_party(c, &c->members[i], &c->members[k])) continue;
            for (size_t m = 0; m < RB_MAX_MEMBERS; m++)
                if (party_of[m] == was) party_of[m] = now;
        }
}

void check_terms(const struct channel *ch, const struct rb_charter *c,
                 struct rb_register_terms *out) {
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < RB_NOTICE_CLASSES; i++) {
        out->standoff_mm[i] = c->standoff_mm[i];
        out->lead_ms[i] = c->lead_ms[i];
    }
    out->has_terrain = c->has_theatre;
    out->terrain_least_mm_wgs84 = c->terrain_min_mm;
    out->terrain_most_mm_wgs84 = c->terrain_max_mm;
    parties(c, out->party_of);
    out->unreadable = ch->unread_n;
    out->malformed = ch->malformed_n;
}

enum rb_err rb_node_terms(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], int64_t now_utc_ms,
                          struct rb_register_terms *out) {
    const struct rb_situation *s;
    struct channel *ch = node_channel_find(n, id);
    if (!ch) return RB_ERR_NOT_FOUND;
    RB_TRY(stand_sync(n, ch, now_utc_ms, &s));
    check_terms(ch, s->charter, out);
    return RB_OK;
}

/* ---- checks ------------------------------------------------------------------------------------
 */
static bool is_plan(const struct rb_node_plan *p) {
    static const struct rb_hash none;
    return rb_hash_eq(&p->id, &none);
}

enum rb_err rb_node_check(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                          const struct rb_node_plan *plan, int64_t now_utc_ms,
                          struct rb_arena *arena, struct rb_conflicts *out, int64_t *again_utc_ms,
                          struct rb_reject *rj) {
    const struct rb_situation *s;
    struct rb_register_terms terms;
    struct channel *ch = node_channel_find(n, id);
    if (!ch) return rb_reject(rj, RB_ERR_NOT_FOUND, "6.2.8", "no such channel", 0);
    *again_utc_ms = now_utc_ms;
    if (is_plan(plan) && !probing_may(ch, now_utc_ms, again_utc_ms))
        return rb_reject(rj, RB_ERR_BUSY, "10.6.10", "too many checks met closed places", 0);
    struct rb_register *reg = places_register(n, ch);
    if (!reg) return RB_ERR_LIMIT;
    RB_TRY(stand_sync(n, ch, now_utc_ms, &s));
    check_terms(ch, s->charter, &terms);
    const struct rb_register_plan p = {.id = plan->id,
                                       .author = plan->author,
                                       .class_ = plan->class_,
                                       .volumes_n = plan->volumes_n,
                                       .volumes = plan->volumes,
                                       .supersedes_n = plan->supersedes_n,
                                       .supersedes = plan->supersedes,
                                       .now_utc_ms = now_utc_ms};
    return rb_register_check(reg, &p, &terms, arena, out, rj);
}
