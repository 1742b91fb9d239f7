/* position, spec 3.6.13, and the table of what may answer what, spec 3.10. */
#include "form.h"
#include "readback/text.h"

#define X(id, num, text) {num, text},
static const struct rb_enum_name types[] = {RB_POSITION_LIST(X){0, NULL}};
#undef X

const char *rb_position_name(enum rb_position_type t) {
    return rb_enum_text(types, t);
}

enum rb_err rb_position_type_decode(struct rb_slice name, enum rb_position_type *out) {
    for (const struct rb_enum_name *t = types; t->name; t++) {
        if (!rb_slice_is(name, t->name)) continue;
        *out = (enum rb_position_type)t->value;
        return RB_OK;
    }
    return RB_ERR_NOT_FOUND;
}

/* ---- body -------------------------------------------------------------------------------------
 */

static const struct rb_field fields[] = {
    F_ENUM(1, "type", REQ, types, "what we say to it"),
    F(2, "reason", RB_F_TEXT, OPT, RB_MAX_TEXT, "as stated"),
    F(3, "level", RB_F_NAME, OPT, RB_MAX_NAME, "passed-down: to which named level"),
    F(4, "by", RB_F_NAME, OPT, RB_MAX_NAME, "person"),
    F(5, "at", RB_F_TIME, OPT, 0, "when it happened, as stated"),
    F_ARRAY(6, "paragraphs", RB_F_UINT, OPT | SORTED, RB_MAX_PARAGRAPHS, RB_MAX_PARAGRAPHS,
            "dissociate: from these, counted from 1; absent: the whole"),
    F(7, "playback", RB_F_TEXT, OPT, RB_MAX_TEXT, "query: the place as it was understood"),
};
const struct rb_schema rb_position_schema = SCHEMA("position", fields);

void rb_position_encode(const struct rb_position *v, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    rb_mapw_uint(&m, 1, v->type);
    rb_mapw_opt_text(&m, 2, v->reason);
    rb_mapw_opt_text(&m, 3, v->level);
    rb_mapw_opt_text(&m, 4, v->by);
    if (v->has_at) rb_mapw_uint(&m, 5, (uint64_t)v->at_utc_ms);
    rb_mapw_opt_item(&m, 6, v->paragraphs);
    rb_mapw_opt_text(&m, 7, v->playback);
    rb_mapw_close(&m);
}

static enum rb_err get_position(struct rb_slice body, struct rb_position *v) {
    struct rb_mapr m;
    uint64_t type = 0;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_uint(&m, 1, &type));
    RB_TRY(rb_mapr_text(&m, 2, &v->reason));
    RB_TRY(rb_mapr_text(&m, 3, &v->level));
    RB_TRY(rb_mapr_text(&m, 4, &v->by));
    v->type = (enum rb_position_type)type;
    v->has_at = rb_mapr_at(&m, 5);
    if (v->has_at) RB_TRY(rb_form_get_time(&m.r, &v->at_utc_ms));
    RB_TRY(rb_mapr_item(&m, 6, &v->paragraphs));
    return rb_mapr_text(&m, 7, &v->playback);
}

/* paragraphs are counted from 1, as a person counts them */
static bool names_zero(struct rb_slice paragraphs) {
    struct rb_reader r = rb_reader(paragraphs);
    uint64_t first = 1;
    size_t n = 0;
    return paragraphs.n > 0 && rb_cbor_get_array(&r, RB_MAX_PARAGRAPHS, &n) == RB_OK &&
           rb_cbor_get_uint(&r, &first) == RB_OK && first == 0;
}

static enum rb_err decode(struct rb_slice body, struct rb_position *v, struct rb_reject *rj) {
    if (get_position(body, v) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.13", "position", 0);
    if ((v->type == RB_POSITION_PASSED_DOWN) != (v->level.n > 0))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.13", "passed-down and only it names a level",
                         0);
    if (v->paragraphs.n > 0 && v->type != RB_POSITION_DISSOCIATE)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.13", "paragraphs only to dissociate from", 0);
    if (v->playback.n > 0 && v->type != RB_POSITION_QUERY)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.13", "a play-back only in a query", 0);
    if (names_zero(v->paragraphs))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.13", "paragraphs count from 1", 0);
    return RB_OK;
}

enum rb_err rb_position_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_position v = {0};
    return decode(body, &v, rj);
}

enum rb_err rb_position_decode(struct rb_slice body, struct rb_position *out,
                               struct rb_reject *rj) {
    struct rb_position v = {0};
    RB_TRY(rb_schema_check(&rb_position_schema, body, rj));
    RB_TRY(decode(body, &v, rj));
    *out = v;
    return RB_OK;
}

/* ---- the table: a bit for each position; what is not here is denied
 * ------------------------------- */

#define P(x) (UINT32_C(1) << RB_POSITION_##x)
#define ANSWERS_ORDER (P(WILL_COMPLY) | P(COMPLIED) | P(CANNOT_COMPLY) | P(DECLINED))
#define ADOPTS (P(ACCEPT) | P(REJECT) | P(ABSTAIN) | P(DISSOCIATE))
#define ASSERTS (P(CONFIRM) | P(DISPUTE))

static const uint32_t by_kind[RB_KIND_MAX + 1] = {
    [RB_KIND_CHARTER] = ADOPTS,
    [RB_KIND_AMENDMENT] = ADOPTS,
    [RB_KIND_CESSATION] = ADOPTS,
    [RB_KIND_TEXT] = ADOPTS,
    [RB_KIND_AGREEMENT] = ADOPTS,
    [RB_KIND_READOUT] = ADOPTS,
    [RB_KIND_STOP_FIRE] = ANSWERS_ORDER,
    [RB_KIND_REQUEST] = ANSWERS_ORDER,
    [RB_KIND_INCIDENT] = ASSERTS,
    [RB_KIND_FIGURE] = ASSERTS,
    [RB_KIND_FINDING] = ASSERTS,
    [RB_KIND_STATEMENT] = ASSERTS,
    [RB_KIND_PROGRESS] = ASSERTS,
    [RB_KIND_DESIGNATION] = ASSERTS,
    [RB_KIND_CONTACT] = P(ACCEPT) | P(DECLINED) | P(TOOK_PLACE),
};
/* nothing that could be taken for a permission */
static const uint32_t by_notice[RB_NOTICE_CLASSES] = {
    [RB_NOTICE_OPERATION] = P(OBJECT),
    [RB_NOTICE_EXERCISE] = P(OBJECT),
    [RB_NOTICE_AREA] = P(OBJECT),
    [RB_NOTICE_MOVEMENT] = P(DISPUTE_FACT) | P(CANNOT_COMPLY),
    [RB_NOTICE_SITE] = P(DISPUTE_FACT) | P(CANNOT_COMPLY),
};

bool rb_position_may_answer(enum rb_position_type t, enum rb_kind kind, int notice_class,
                            bool own) {
    uint32_t may = 0;
    if ((unsigned)t < 1 || (unsigned)t > RB_POSITION_MAX) return false;
    if ((unsigned)kind < 1 || (unsigned)kind > RB_KIND_MAX) return false;
    if (!rb_kind_is_machine(kind)) may |= P(READ) | P(PASSED_DOWN) | P(QUERY);
    if (own) may |= P(WITHDRAW) | P(CORRECT);
    may |= by_kind[kind];
    if (kind == RB_KIND_NOTICE && notice_class >= 0 && notice_class < RB_NOTICE_CLASSES)
        may |= by_notice[notice_class];
    return may >> t & 1;
}
