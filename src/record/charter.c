/* charter (spec 3.6.1) and amendment (3.6.2): the rules of a channel. */
#include "form.h"
#include "readback/text.h"

static const struct rb_field member_fields[] = {
    F(0, "index", RB_F_MEMBER, REQ, 0, "small, permanent, unique"),
    F(1, "handle", RB_F_NAME, REQ, RB_MAX_HANDLE, "as on its card"),
    F_ENUM(2, "role", REQ, rb_role_names, "party, guarantor, mediator, monitor, observer"),
    F(3, "affiliation", RB_F_NAME, OPT, RB_MAX_NAME, "whose side it is of, shown beside it"),
    F(4, "card", RB_F_BYTES, REQ | FULL, RB_MAX_CARD, "the signed card"),
};
static const struct rb_schema member_schema = SCHEMA("member", member_fields);

static const struct rb_field group_fields[] = {
    F(0, "name", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "of the coalition"),
    F(1, "lead", RB_F_MEMBER, REQ, 0, "whose record speaks for the group"),
    F_ARRAY(2, "members", RB_F_MEMBER, REQ | FULL | SORTED, 0, RB_MAX_MEMBERS, "lead included"),
};
static const struct rb_schema group_schema = SCHEMA("group", group_fields);

static const struct rb_field answer_fields[] = {
    F(0, "flash", RB_F_SPAN, OPT, 0, "time to answer"),
    F(1, "immediate", RB_F_SPAN, OPT, 0, "time to answer"),
    F(2, "priority", RB_F_SPAN, OPT, 0, "time to answer"),
    F(3, "routine", RB_F_SPAN, OPT, 0, "time to answer"),
};
static const struct rb_schema answer_schema = SCHEMA("answer-times", answer_fields);

static const struct rb_field lead_fields[] = {
    F(0, "operation", RB_F_SPAN, OPT, 0, "notice ahead"),
    F(1, "exercise", RB_F_SPAN, OPT, 0, "notice ahead"),
    F(2, "movement", RB_F_SPAN, OPT, 0, "notice ahead"),
    F(3, "site", RB_F_SPAN, OPT, 0, "notice ahead"),
    F(4, "area", RB_F_SPAN, OPT, 0, "notice ahead"),
};
static const struct rb_schema lead_schema = SCHEMA("lead-times", lead_fields);

static const struct rb_field standoff_fields[] = {
    F(0, "operation", RB_F_MM, OPT, 0, "stand-off distance"),
    F(1, "exercise", RB_F_MM, OPT, 0, "stand-off distance"),
    F(2, "movement", RB_F_MM, OPT, 0, "stand-off distance"),
    F(3, "site", RB_F_MM, OPT, 0, "stand-off distance"),
    F(4, "area", RB_F_MM, OPT, 0, "stand-off distance"),
};
static const struct rb_schema standoff_schema = SCHEMA("stand-off", standoff_fields);

static const struct rb_field theatre_fields[] = {
    F(0, "south", RB_F_DEG, REQ, 0, "latitude"),
    F(1, "west", RB_F_DEG, REQ, 0, "longitude"),
    F(2, "north", RB_F_DEG, REQ, 0, "latitude"),
    F(3, "east", RB_F_DEG, REQ, 0, "longitude; below west across the antimeridian"),
    F(4, "terrain-min", RB_F_MM, REQ, 0, "lowest ground, WGS84"),
    F(5, "terrain-max", RB_F_MM, REQ, 0, "highest ground, WGS84"),
};
static const struct rb_schema theatre_schema = SCHEMA("theatre", theatre_fields);

static const struct rb_field policy_fields[] = {
    F_ENUM(0, "kind", REQ, rb_kind_names, "of record"),
    F(1, "closed", RB_F_BOOL, REQ, 0, "by default: recipients must be listed"),
    F(2, "keep-days", RB_F_UINT, REQ, UINT32_MAX, "bodies of closed records; 0 = for good"),
    F_ENUM(3, "disclosure", REQ, rb_disclosure_names, "whole, fact, hash, unsaid"),
    F(4, "two-officers", RB_F_BOOL, REQ, 0, "must two officers sign"),
};
static const struct rb_schema policy_schema = SCHEMA("policy", policy_fields);

static const struct rb_field charter_fields[] = {
    F(1, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "of the channel"),
    F(2, "exercise", RB_F_BOOL, OPT, 0, "absent: for real"),
    F_TUPLES(3, "members", REQ | FULL, RB_MAX_MEMBERS, &member_schema, "ascending index"),
    F_TUPLES(4, "groups", OPT, RB_MAX_GROUPS, &group_schema, "coalitions"),
    F_ARRAY(5, "accept-members", RB_F_MEMBER, REQ | FULL | SORTED, 0, RB_MAX_MEMBERS,
            "whose acceptance puts it in force"),
    F(6, "accept-by", RB_F_TIME, REQ, 0, "until when"),
    F_ENUM(7, "rule", OPT, rb_rule_names, "of adoption; absent: all must accept"),
    F(8, "quorum", RB_F_UINT, OPT, RB_MAX_MEMBERS, "how many must accept"),
    F_ARRAY(9, "veto", RB_F_MEMBER, OPT | SORTED, 0, RB_MAX_MEMBERS, "who may block"),
    F(10, "silence", RB_F_SPAN, OPT, 0, "time to break silence"),
    F_TUPLE(11, "answer-times", OPT, &answer_schema, "by precedence"),
    F_TUPLE(12, "lead-times", OPT, &lead_schema, "by class of notice"),
    F_TUPLE(13, "stand-off", OPT, &standoff_schema, "by class of notice"),
    F_TUPLE(14, "theatre", OPT, &theatre_schema, "box and terrain range"),
    F(15, "test-interval", RB_F_UINT, OPT, UINT32_MAX, "seconds between line tests"),
    F(16, "test-grace", RB_F_UINT, OPT, UINT32_MAX, "seconds a test may be late"),
    F_ARRAY(17, "languages", RB_F_NAME, OPT | FULL, RB_LANGUAGE_MAX, 16, "BCP 47, lower case"),
    F_TUPLES(18, "policies", OPT, RB_KIND_MAX, &policy_schema, "ascending kind"),
    F(19, "timekeeper", RB_F_MEMBER, OPT, 0, "whose T meets a deadline"),
    F(20, "receipt-interval", RB_F_SPAN, OPT, UINT32_MAX, "at most one receipt record in it"),
    F(21, "rules-version", RB_F_UINT, REQ, UINT16_MAX, "by which the channel is judged"),
};
const struct rb_schema rb_charter_schema = SCHEMA("charter", charter_fields);

/* ---- members, groups, policies ----------------------------------------------------------------
 */

static enum rb_err get_member(struct rb_reader *r, struct rb_member *m) {
    uint64_t role = 0;
    size_t n = 0;
    RB_TRY(rb_cbor_get_array(r, 5, &n));
    RB_TRY(rb_form_get_member(r, &m->index));
    RB_TRY(rb_cbor_get_text(r, &m->handle));
    RB_TRY(rb_cbor_get_uint(r, &role));
    if (rb_cbor_get_null(r) != RB_OK) RB_TRY(rb_cbor_get_text(r, &m->affiliation));
    m->role = (enum rb_role)role;
    return rb_cbor_get_bytes(r, &m->card);
}
static void put_member(const struct rb_member *m, struct rb_writer *w) {
    rb_cbor_put_array(w, 5);
    rb_cbor_put_uint(w, m->index);
    rb_cbor_put_text(w, m->handle);
    rb_cbor_put_uint(w, m->role);
    if (m->affiliation.n > 0)
        rb_cbor_put_text(w, m->affiliation);
    else
        rb_cbor_put_null(w);
    rb_cbor_put_bytes(w, m->card);
}

static enum rb_err get_group(struct rb_reader *r, struct rb_group *g) {
    size_t n = 0;
    RB_TRY(rb_cbor_get_array(r, 3, &n));
    RB_TRY(rb_cbor_get_text(r, &g->name));
    RB_TRY(rb_form_get_member(r, &g->lead));
    return rb_form_get_members(r, &g->members);
}
static void put_group(const struct rb_group *g, struct rb_writer *w) {
    rb_cbor_put_array(w, 3);
    rb_cbor_put_text(w, g->name);
    rb_cbor_put_uint(w, g->lead);
    rb_form_put_members(g->members, w);
}

static enum rb_err get_policy(struct rb_reader *r, struct rb_kind_policy *p) {
    uint64_t kind = 0, keep = 0, disclosure = 0;
    size_t n = 0;
    RB_TRY(rb_cbor_get_array(r, 5, &n));
    RB_TRY(rb_cbor_get_uint(r, &kind));
    RB_TRY(rb_cbor_get_bool(r, &p->closed));
    RB_TRY(rb_cbor_get_uint(r, &keep));
    RB_TRY(rb_cbor_get_uint(r, &disclosure));
    p->kind = (enum rb_kind)kind;
    p->keep_days = (uint32_t)keep;
    p->disclosure = (enum rb_disclosure)disclosure;
    return rb_cbor_get_bool(r, &p->two_officers);
}
static void put_policy(const struct rb_kind_policy *p, struct rb_writer *w) {
    rb_cbor_put_array(w, 5);
    rb_cbor_put_uint(w, p->kind);
    rb_cbor_put_bool(w, p->closed);
    rb_cbor_put_uint(w, p->keep_days);
    rb_cbor_put_uint(w, p->disclosure);
    rb_cbor_put_bool(w, p->two_officers);
}

/* ---- tuples of numbers: null where nothing is asked ---------------------------------------------
 */

static enum rb_err get_row(struct rb_mapr *m, uint64_t key, size_t n, int64_t *v) {
    size_t count = 0;
    RB_TRY(rb_mapr_array(m, key, n, &count));
    for (size_t i = 0; i < count; i++) {
        if (rb_cbor_get_null(&m->r) == RB_OK) continue;
        RB_TRY(rb_cbor_get_int(&m->r, &v[i]));
    }
    return RB_OK;
}
static void put_row(struct rb_mapw *m, uint64_t key, size_t n, const int64_t *v) {
    bool any = false;
    for (size_t i = 0; i < n; i++)
        any |= v[i] != 0;
    if (!any) return;
    struct rb_writer *w = rb_mapw_key(m, key);
    rb_cbor_put_array(w, n);
    for (size_t i = 0; i < n; i++) {
        if (v[i] != 0)
            rb_cbor_put_int(w, v[i]);
        else
            rb_cbor_put_null(w);
    }
}

static enum rb_err get_theatre(struct rb_mapr *m, struct rb_charter *c) {
    int64_t v[6] = {0};
    size_t n = 0;
    c->has_theatre = rb_mapr_at(m, 14);
    if (!c->has_theatre) return RB_OK;
    RB_TRY(rb_cbor_get_array(&m->r, 6, &n));
    for (size_t i = 0; i < 6; i++)
        RB_TRY(rb_cbor_get_int(&m->r, &v[i]));
    c->theatre = (struct rb_point_box){v[0], v[1], v[2], v[3]};
    c->terrain_min_mm = v[4];
    c->terrain_max_mm = v[5];
    return RB_OK;
}
static void put_theatre(struct rb_mapw *m, const struct rb_charter *c) {
    if (!c->has_theatre) return;
    const int64_t v[6] = {c->theatre.south_nd, c->theatre.west_nd, c->theatre.north_nd,
                          c->theatre.east_nd,  c->terrain_min_mm,  c->terrain_max_mm};
    struct rb_writer *w = rb_mapw_key(m, 14);
    rb_cbor_put_array(w, 6);
    for (size_t i = 0; i < 6; i++)
        rb_cbor_put_int(w, v[i]);
}

/* ---- charter ----------------------------------------------------------------------------------
 */

static void put_lists(struct rb_mapw *m, const struct rb_charter *c) {
    rb_cbor_put_array(rb_mapw_key(m, 3), c->members_n);
    for (size_t i = 0; i < c->members_n; i++)
        put_member(&c->members[i], m->w);
    if (c->groups_n == 0) return;
    rb_cbor_put_array(rb_mapw_key(m, 4), c->groups_n);
    for (size_t i = 0; i < c->groups_n; i++)
        put_group(&c->groups[i], m->w);
}

static void put_ways(struct rb_mapw *m, const struct rb_charter *c) {
    int64_t standoff[RB_NOTICE_CLASSES];
    for (size_t i = 0; i < RB_NOTICE_CLASSES; i++)
        standoff[i] = (int64_t)c->standoff_mm[i];
    put_row(m, 11, 4, c->answer_ms);
    put_row(m, 12, RB_NOTICE_CLASSES, c->lead_ms);
    put_row(m, 13, RB_NOTICE_CLASSES, standoff);
    put_theatre(m, c);
    rb_mapw_opt_uint(m, 15, c->test_interval_s);
    rb_mapw_opt_uint(m, 16, c->test_grace_s);
    if (c->languages_n > 0) rb_cbor_put_array(rb_mapw_key(m, 17), c->languages_n);
    for (size_t i = 0; i < c->languages_n; i++)
        rb_cbor_put_text(m->w, c->languages[i]);
    if (c->policies_n > 0) rb_cbor_put_array(rb_mapw_key(m, 18), c->policies_n);
    for (size_t i = 0; i < c->policies_n; i++)
        put_policy(&c->policies[i], m->w);
}

void rb_charter_encode(const struct rb_charter *c, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    rb_mapw_text(&m, 1, c->title);
    rb_mapw_opt_bool(&m, 2, c->exercise);
    put_lists(&m, c);
    rb_form_put_members(c->accept_members, rb_mapw_key(&m, 5));
    rb_mapw_uint(&m, 6, (uint64_t)c->accept_by_utc_ms);
    rb_mapw_opt_uint(&m, 7, c->rule);
    rb_mapw_opt_uint(&m, 8, c->quorum);
    rb_mapw_opt_members(&m, 9, c->veto);
    rb_mapw_opt_uint(&m, 10, (uint64_t)c->silence_ms);
    put_ways(&m, c);
    if (c->has_timekeeper) rb_mapw_uint(&m, 19, c->timekeeper);
    rb_mapw_opt_uint(&m, 20, c->receipt_interval_ms);
    rb_mapw_uint(&m, 21, c->rules_version);
    rb_mapw_close(&m);
}

static enum rb_err get_lists(struct rb_mapr *m, struct rb_charter *c) {
    RB_TRY(rb_mapr_array(m, 3, RB_MAX_MEMBERS, &c->members_n));
    for (size_t i = 0; i < c->members_n; i++)
        RB_TRY(get_member(&m->r, &c->members[i]));
    RB_TRY(rb_mapr_array(m, 4, RB_MAX_GROUPS, &c->groups_n));
    for (size_t i = 0; i < c->groups_n; i++)
        RB_TRY(get_group(&m->r, &c->groups[i]));
    return RB_OK;
}

static enum rb_err get_rule(struct rb_mapr *m, struct rb_charter *c) {
    uint64_t rule = RB_RULE_ALL;
    RB_TRY(rb_mapr_uint(m, 7, &rule));
    RB_TRY(rb_mapr_u16(m, 8, &c->quorum));
    RB_TRY(rb_mapr_members(m, 9, &c->veto));
    c->rule = (enum rb_rule_type)rule;
    return rb_mapr_time(m, 10, &c->silence_ms);
}

static enum rb_err get_ways(struct rb_mapr *m, struct rb_charter *c) {
    int64_t standoff[RB_NOTICE_CLASSES] = {0};
    RB_TRY(get_row(m, 11, 4, c->answer_ms));
    RB_TRY(get_row(m, 12, RB_NOTICE_CLASSES, c->lead_ms));
    RB_TRY(get_row(m, 13, RB_NOTICE_CLASSES, standoff));
    for (size_t i = 0; i < RB_NOTICE_CLASSES; i++) {
        if (standoff[i] < 0) return RB_ERR_MALFORMED;
        c->standoff_mm[i] = (uint64_t)standoff[i];
    }
    RB_TRY(get_theatre(m, c));
    RB_TRY(rb_mapr_u32(m, 15, &c->test_interval_s));
    RB_TRY(rb_mapr_u32(m, 16, &c->test_grace_s));
    RB_TRY(rb_mapr_array(m, 17, 16, &c->languages_n));
    for (size_t i = 0; i < c->languages_n; i++)
        RB_TRY(rb_cbor_get_text(&m->r, &c->languages[i]));
    RB_TRY(rb_mapr_array(m, 18, RB_KIND_MAX, &c->policies_n));
    for (size_t i = 0; i < c->policies_n; i++)
        RB_TRY(get_policy(&m->r, &c->policies[i]));
    return RB_OK;
}

static enum rb_err get_charter(struct rb_slice body, struct rb_charter *c) {
    struct rb_mapr m;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_text(&m, 1, &c->title));
    RB_TRY(rb_mapr_bool(&m, 2, &c->exercise));
    RB_TRY(get_lists(&m, c));
    RB_TRY(rb_mapr_members(&m, 5, &c->accept_members));
    RB_TRY(rb_mapr_time(&m, 6, &c->accept_by_utc_ms));
    RB_TRY(get_rule(&m, c));
    RB_TRY(get_ways(&m, c));
    c->has_timekeeper = rb_mapr_at(&m, 19);
    if (c->has_timekeeper) RB_TRY(rb_form_get_member(&m.r, &c->timekeeper));
    RB_TRY(rb_mapr_u32(&m, 20, &c->receipt_interval_ms));
    return rb_mapr_u16(&m, 21, &c->rules_version);
}

/* ---- what the tables cannot say (spec 3.6.1) ---------------------------------------------------
 */

#define REFUSE(what) rb_reject(rj, RB_ERR_MALFORMED, "3.6.1", what, 0)

static enum rb_err check_members(const struct rb_charter *c, uint64_t *all, struct rb_reject *rj) {
    *all = 0;
    for (size_t i = 0; i < c->members_n; i++) {
        const struct rb_member *m = &c->members[i];
        struct rb_slice handle = {NULL, 0};
        if (i > 0 && m->index <= c->members[i - 1].index) return REFUSE("members not ascending");
        if (!rb_handle_ok(m->handle)) return REFUSE("handle");
        for (size_t k = 0; k < i; k++)
            if (rb_slice_eq(c->members[k].handle, m->handle)) return REFUSE("handle twice");
        RB_TRY(rb_card_form(m->card, &handle, rj));
        if (!rb_slice_eq(handle, m->handle)) return REFUSE("handle differs from the card");
        *all |= UINT64_C(1) << m->index;
    }
    return RB_OK;
}

static enum rb_err check_groups(const struct rb_charter *c, uint64_t all, struct rb_reject *rj) {
    uint64_t taken = 0;
    for (size_t i = 0; i < c->groups_n; i++) {
        const struct rb_group *g = &c->groups[i];
        if (g->members & ~all) return REFUSE("group of a stranger");
        if (g->members & taken) return REFUSE("member of two groups");
        if (!(g->members >> g->lead & 1)) return REFUSE("lead outside its group");
        for (size_t k = 0; k < i; k++)
            if (rb_slice_eq(c->groups[k].name, g->name)) return REFUSE("group twice");
        taken |= g->members;
    }
    return RB_OK;
}

static enum rb_err check_rule(const struct rb_charter *c, uint64_t all, struct rb_reject *rj) {
    bool quorum = c->rule == RB_RULE_QUORUM || c->rule == RB_RULE_QUORUM_VETO;
    if (c->accept_members & ~all) return REFUSE("acceptance by a stranger");
    if (quorum != (c->quorum > 0) || c->quorum > c->members_n) return REFUSE("quorum");
    if ((c->rule == RB_RULE_QUORUM_VETO) != (c->veto != 0) || (c->veto & ~all))
        return REFUSE("veto");
    if ((c->rule == RB_RULE_SILENCE) != (c->silence_ms > 0)) return REFUSE("silence time");
    if (c->has_timekeeper && !(all >> c->timekeeper & 1)) return REFUSE("timekeeper");
    if (c->rules_version == 0) return REFUSE("rules version");
    return RB_OK;
}

static enum rb_err check_policies(const struct rb_charter *c, struct rb_reject *rj) {
    for (size_t i = 0; i < c->policies_n; i++) {
        const struct rb_kind_policy *p = &c->policies[i];
        if (i > 0 && p->kind <= c->policies[i - 1].kind) return REFUSE("policies not ascending");
        if (p->closed && rb_kind_always_open(p->kind)) return REFUSE("kind is always open");
        if (p->two_officers && (rb_kind_never_needs_two(p->kind, 0) || rb_kind_is_machine(p->kind)))
            return REFUSE("kind never needs two officers");
    }
    return RB_OK;
}

/* a row of nothing but null says what absence says */
static bool row_empty(struct rb_slice body, uint64_t key) {
    struct rb_reader r;
    size_t n = 0;
    if (rb_cbor_find(body, key, &r) != RB_OK || rb_cbor_get_array(&r, 8, &n) != RB_OK) return false;
    for (size_t i = 0; i < n; i++)
        if (rb_cbor_get_null(&r) != RB_OK) return false;
    return true;
}

/* stand-off is an int on the wire, so the table lets 0 and less through */
static bool standoff_wrong(struct rb_slice body) {
    struct rb_reader r;
    size_t n = 0;
    if (rb_cbor_find(body, 13, &r) != RB_OK || rb_cbor_get_array(&r, 8, &n) != RB_OK) return false;
    for (size_t i = 0; i < n; i++) {
        int64_t v = 0;
        if (rb_cbor_get_null(&r) == RB_OK) continue;
        if (rb_cbor_get_int(&r, &v) != RB_OK || v <= 0) return true;
    }
    return false;
}

static enum rb_err check_ways(const struct rb_charter *c, struct rb_slice body,
                              struct rb_reject *rj) {
    const struct rb_point_box *t = &c->theatre;
    if (row_empty(body, 11) || row_empty(body, 12) || row_empty(body, 13))
        return REFUSE("a row that asks nothing");
    if (standoff_wrong(body)) return REFUSE("stand-off");
    if (c->has_theatre && (t->south_nd >= t->north_nd || t->south_nd < -90 * INT64_C(1000000000) ||
                           t->north_nd > 90 * INT64_C(1000000000) || t->west_nd == t->east_nd))
        return REFUSE("theatre");
    if (c->has_theatre && c->terrain_min_mm > c->terrain_max_mm) return REFUSE("terrain range");
    if (c->test_grace_s > 0 && c->test_interval_s == 0) return REFUSE("grace without tests");
    for (size_t i = 0; i < c->languages_n; i++) {
        if (!rb_form_language_ok(c->languages[i])) return REFUSE("language");
        for (size_t k = 0; k < i; k++)
            if (rb_slice_eq(c->languages[k], c->languages[i])) return REFUSE("language twice");
    }
    return RB_OK;
}

static enum rb_err decode_charter(struct rb_slice body, struct rb_charter *c,
                                  struct rb_reject *rj) {
    uint64_t all = 0;
    memset(c, 0, sizeof *c);
    if (get_charter(body, c) != RB_OK) return REFUSE("charter");
    RB_TRY(check_members(c, &all, rj));
    RB_TRY(check_groups(c, all, rj));
    RB_TRY(check_rule(c, all, rj));
    RB_TRY(check_ways(c, body, rj));
    return check_policies(c, rj);
}

enum rb_err rb_charter_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_charter c;
    return decode_charter(body, &c, rj);
}

/* in place, the struct being large: wiped on refusal */
enum rb_err rb_charter_decode(struct rb_slice body, struct rb_charter *out, struct rb_reject *rj) {
    enum rb_err e = rb_schema_check(&rb_charter_schema, body, rj);
    if (e == RB_OK) e = decode_charter(body, out, rj);
    if (e != RB_OK) memset(out, 0, sizeof *out);
    return e;
}

/* ---- amendment --------------------------------------------------------------------------------
 */

static const struct rb_field amendment_fields[] = {
    F(1, "previous", RB_F_HASH, REQ, 0, "leaf hash of the charter or amendment it replaces"),
    F_MAP(2, "charter", REQ, &rb_charter_schema, "the whole charter as amended"),
};
const struct rb_schema rb_amendment_schema = SCHEMA("amendment", amendment_fields);

void rb_amendment_encode(const struct rb_amendment *a, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    rb_mapw_fixed(&m, 1, a->previous.b, RB_HASH_LEN);
    rb_mapw_opt_item(&m, 2, a->charter);
    rb_mapw_close(&m);
}

static enum rb_err get_amendment(struct rb_slice body, struct rb_amendment *a) {
    struct rb_mapr m;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_fixed(&m, 1, a->previous.b, RB_HASH_LEN));
    return rb_mapr_item(&m, 2, &a->charter);
}

enum rb_err rb_amendment_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_amendment a = {0};
    if (get_amendment(body, &a) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.2", "amendment", 0);
    return rb_form_shift(rb_charter_form(a.charter, rj), rj, body, a.charter);
}

enum rb_err rb_amendment_decode(struct rb_slice body, struct rb_amendment *out,
                                struct rb_reject *rj) {
    struct rb_amendment a = {0};
    RB_TRY(rb_schema_check(&rb_amendment_schema, body, rj));
    RB_TRY(rb_amendment_form(body, rj));
    RB_TRY(get_amendment(body, &a));
    *out = a;
    return RB_OK;
}
