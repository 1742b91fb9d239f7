/* What the bodies of instruments share (spec 3.6.30 and 3.6.31): lists, periods, the rule of
 * adoption. */
#include "instrument_form.h"

/* ---- lists and periods ------------------------------------------------------------------------
 */
static bool among(const struct rb_hashes *l, const struct rb_hash *h) {
    for (size_t i = 0; i < l->n; i++)
        if (rb_hash_eq(&l->h[i], h)) return true;
    return false;
}

enum rb_err rb_mapr_hashes(struct rb_mapr *m, uint64_t key, struct rb_hashes *out,
                           const char *clause, struct rb_reject *rj) {
    size_t n = 0;
    RB_TRY(rb_mapr_array(m, key, RB_MAX_HASHES, &n));
    for (size_t i = 0; i < n; i++) {
        struct rb_hash h;
        size_t at = m->r.at;
        RB_TRY(rb_form_get_fixed(&m->r, h.b, RB_HASH_LEN));
        if (among(out, &h)) return rb_reject(rj, RB_ERR_MALFORMED, clause, "named twice", at);
        out->h[out->n++] = h;
    }
    return RB_OK;
}

enum rb_err rb_mapr_hash(struct rb_mapr *m, uint64_t key, bool *has, struct rb_hash *out) {
    *has = rb_mapr_at(m, key);
    return *has ? rb_form_get_fixed(&m->r, out->b, RB_HASH_LEN) : RB_OK;
}

enum rb_err rb_mapr_opt_time(struct rb_mapr *m, uint64_t key, bool *has, int64_t *out) {
    *has = rb_mapr_at(m, key);
    return *has ? rb_form_get_time(&m->r, out) : RB_OK;
}

enum rb_err rb_mapr_names(struct rb_mapr *m, uint64_t key, struct rb_arena *a, struct rb_name_list *out,
                          struct rb_reject *rj) {
    struct rb_slice one;
    size_t n = 0;
    RB_TRY(rb_mapr_array(m, key, RB_MAX_NAMES, &n));
    if (a && n) {
        out->name = rb_arena_array(a, n, sizeof *out->name);
        if (!out->name) return rb_reject(rj, RB_ERR_LIMIT, "3.6.30", "no room", m->r.at);
        out->n = n;
    }
    for (size_t i = 0; i < n; i++)
        RB_TRY(rb_cbor_get_text(&m->r, a ? &out->name[i] : &one));
    return RB_OK;
}

enum rb_err rb_mapr_volumes(struct rb_mapr *m, uint64_t key, struct rb_arena *a,
                            struct rb_volume **out, size_t *n, struct rb_reject *rj) {
    return a ? rb_volumes_get(m, key, a, out, n, rj) : rb_volumes_form(m, key, rj);
}

enum rb_err rb_mapr_period(struct rb_mapr *m, uint64_t key, struct rb_period *out,
                           const char *clause, struct rb_reject *rj) {
    RB_TRY(rb_mapr_opt_time(m, key, &out->has_from, &out->from_utc_ms));
    size_t at = m->r.at;
    RB_TRY(rb_mapr_opt_time(m, key + 1, &out->has_to, &out->to_utc_ms));
    if (out->has_from && out->has_to && out->from_utc_ms >= out->to_utc_ms)
        return rb_reject(rj, RB_ERR_MALFORMED, clause, "it ends before it begins", at);
    return RB_OK;
}

/* ---- adoption ---------------------------------------------------------------------------------
 */
static const struct rb_field fields[] = {
    F_ENUM(1, "rule", OPT, rb_rule_names, "quorum, quorum-veto, silence, guarantors; absent: all"),
    F(2, "quorum", RB_F_UINT, OPT, RB_MAX_MEMBERS, "how many must accept"),
    F_MEMBERS(3, "veto", OPT, "who may block"),
    F(4, "by", RB_F_TIME, OPT, 0, "until when; silence: the hour at which it is adopted"),
    F_MEMBERS(5, "of", OPT, "whose positions count; absent: parties and guarantors"),
};
const struct rb_schema rb_adoption_schema = SCHEMA("adoption", fields);

const char *rb_rule_name(enum rb_rule_type r) {
    return rb_enum_text(rb_rule_names, r);
}

static unsigned count(uint64_t members) {
    unsigned n = 0;
    for (; members; members &= members - 1)
        n++;
    return n;
}

/* A rule has what it needs, and nothing that it would not look at. */
static const char *wrong(const struct rb_adoption *v) {
    bool counts = v->rule == RB_RULE_QUORUM || v->rule == RB_RULE_QUORUM_VETO;
    if (counts != (v->quorum > 0)) return "a quorum goes with the rules that count, and only them";
    if (counts && v->of && v->quorum > count(v->of)) return "more are to accept than there are";
    if ((v->rule == RB_RULE_QUORUM_VETO) != (v->veto != 0))
        return "a veto goes with its rule alone";
    if (v->of && (v->veto & ~v->of)) return "a veto of one whose position does not count";
    if (v->rule == RB_RULE_SILENCE && !v->has_by) return "silence is kept until a stated time";
    return NULL;
}

static enum rb_err get_adoption(struct rb_mapr *m, struct rb_adoption *v) {
    uint64_t rule = RB_RULE_ALL;
    RB_TRY(rb_mapr_uint(m, 1, &rule));
    v->rule = (enum rb_rule_type)rule;
    RB_TRY(rb_mapr_u16(m, 2, &v->quorum));
    RB_TRY(rb_mapr_members(m, 3, &v->veto));
    RB_TRY(rb_mapr_opt_time(m, 4, &v->has_by, &v->by_utc_ms));
    return rb_mapr_members(m, 5, &v->of);
}

enum rb_err rb_mapr_adoption(struct rb_mapr *m, uint64_t key, bool *has, struct rb_adoption *out,
                             struct rb_reject *rj) {
    struct rb_mapr in;
    *has = rb_mapr_at(m, key);
    if (!*has) return RB_OK;
    size_t at = m->r.at;
    RB_TRY(rb_mapr_open_at(&in, &m->r));
    if (in.left == 0) return rb_reject(rj, RB_ERR_MALFORMED, "3.5.6", "an adoption of nothing", at);
    RB_TRY(get_adoption(&in, out));
    const char *words = wrong(out);
    return words ? rb_reject(rj, RB_ERR_MALFORMED, "3.6.31", words, at) : RB_OK;
}
