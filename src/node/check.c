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
    const struct rb_charter *c;
    struct channel *ch = node_channel_find(n, id);
    if (!ch) return RB_ERR_NOT_FOUND;
    RB_TRY(stand_now(n, ch, now_utc_ms, &c));
    check_terms(ch, c, out);
    return RB_OK;
}

/* ---- plans -------------------------------------------------------------------------------------
 */
/* What was surveyed, by whom and how it was typed makes no other plan of it. */
static enum rb_err plan_encode(const struct rb_node_plan *p, struct rb_arena *work,
                               struct rb_writer *w) {
    struct rb_notice no = {.class_ = (enum rb_notice_class)p->class_, .volumes_n = p->volumes_n};
    size_t cap = RB_MAX_LEAF + p->supersedes_n * RB_HASH_LEN;
    *w = rb_writer(rb_arena_alloc(work, cap), cap);
    no.volumes = rb_arena_array(work, p->volumes_n, sizeof *no.volumes);
    if (!w->p || (p->volumes_n > 0 && !no.volumes)) return RB_ERR_LIMIT;
    for (size_t i = 0; i < p->volumes_n; i++) {
        struct rb_volume *v = &no.volumes[i];
        *v = p->volumes[i];
        v->method = v->declared_by = v->recognised_by = v->as_entered = rb_slice(NULL, 0);
        v->has_surveyed = v->military_use = false;
    }
    rb_notice_encode(&no, w);
    for (size_t i = 0; i < p->supersedes_n; i++)
        rb_put(w, p->supersedes[i].b, RB_HASH_LEN);
    return w->over ? RB_ERR_LIMIT : RB_OK;
}

enum rb_err rb_node_plan_hash(const struct rb_node_plan *plan, struct rb_arena *work,
                              struct rb_hash *out) {
    struct rb_writer w;
    size_t mark = rb_arena_mark(work);
    enum rb_err err = plan_encode(plan, work, &w);
    if (err == RB_OK) rb_sha256(rb_written(&w), out);
    rb_wipe(work->p + mark, work->used - mark);
    rb_arena_release(work, mark);
    return err;
}

/* ---- checks ------------------------------------------------------------------------------------
 */
enum rb_err check_plan(struct rb_node *n, struct channel *ch, const struct rb_node_plan *plan,
                       int64_t utc_ms, bool bare, struct rb_arena *arena, struct rb_conflicts *out,
                       struct rb_reject *rj) {
    const struct rb_charter *c;
    struct rb_register_terms terms;
    struct rb_register *reg = places_register(n, ch);
    if (!reg) return RB_ERR_LIMIT;
    RB_TRY(stand_now(n, ch, utc_ms, &c));
    check_terms(ch, c, &terms);
    const struct rb_register_plan p = {.id = plan->id,
                                       .author = plan->author,
                                       .class_ = plan->class_,
                                       .volumes_n = plan->volumes_n,
                                       .volumes = plan->volumes,
                                       .supersedes_n = plan->supersedes_n,
                                       .supersedes = plan->supersedes,
                                       .now_utc_ms = utc_ms,
                                       .bare = bare};
    return rb_register_check(reg, &p, &terms, arena, out, rj);
}

static bool is_plan(const struct rb_node_plan *p) {
    static const struct rb_hash none;
    return rb_hash_eq(&p->id, &none);
}

enum rb_err rb_node_check(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                          const struct rb_node_plan *plan, int64_t now_utc_ms,
                          struct rb_arena *arena, struct rb_conflicts *out, int64_t *again_utc_ms,
                          struct rb_reject *rj) {
    struct channel *ch = node_channel_find(n, id);
    if (!ch) return rb_reject(rj, RB_ERR_NOT_FOUND, "6.2.8", "no such channel", 0);
    *again_utc_ms = now_utc_ms;
    if (is_plan(plan) && !probing_may(ch, now_utc_ms, again_utc_ms))
        return rb_reject(rj, RB_ERR_BUSY, "10.6.10", "too many checks met closed places", 0);
    return check_plan(n, ch, plan, now_utc_ms, false, arena, out, rj);
}
