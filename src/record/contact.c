/* contact, spec 3.6.22: a call or meeting that is asked for or was held; readout, spec 3.6.23: what
 * one side tells of it. */
#include "instrument_form.h"

static const struct rb_enum_name ways[] = {{RB_CONTACT_CALL, "call"},
                                           {RB_CONTACT_MEETING, "meeting"},
                                           {RB_CONTACT_MESSAGE, "message"},
                                           {RB_CONTACT_UNSAID, "unsaid"},
                                           {0, NULL}};
static const struct rb_enum_name stages[] = {
    {RB_CONTACT_ASKED, "asked"}, {RB_CONTACT_HELD, "held"}, {0, NULL}};
static const struct rb_field contact_fields[] = {
    F_ENUM(1, "way", REQ, ways, "call, meeting, message; or it is not said"),
    F(2, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line"),
    F_ENUM(3, "stage", REQ, stages, "asked, or held already"),
    F_MEMBERS(4, "with", OPT, "members"),
    F_NAMES(5, "others", OPT, "and those who are none"),
    F(6, "at", RB_F_TIME, OPT, 0, "asked: proposed for; held: when"),
    F(7, "level", RB_F_NAME, OPT, RB_MAX_NAME, "duty officers, ministers, ..."),
    F(8, "agenda", RB_F_TEXT, OPT, RB_MAX_TEXT, "what is to be spoken of"),
    F(9, "minutes", RB_F_UINT, OPT, 1000000, "held: how long"),
};
const struct rb_schema rb_contact_schema = SCHEMA("contact", contact_fields);

const char *rb_contact_way_name(enum rb_contact_way w) {
    return rb_enum_text(ways, w);
}

const char *rb_contact_stage_name(enum rb_contact_stage s) {
    return rb_enum_text(stages, s);
}

static enum rb_err get_whom(struct rb_mapr *m, struct rb_slice body, struct rb_arena *a,
                            struct rb_contact *v, struct rb_reject *rj) {
    struct rb_reader at;
    RB_TRY(rb_mapr_members(m, 4, &v->with));
    if (v->with == 0 && rb_cbor_find(body, 5, &at) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.22", "with whom?", m->r.at);
    return rb_mapr_names(m, 5, a, &v->others, rj);
}

static enum rb_err get_contact(struct rb_slice body, struct rb_arena *a, struct rb_contact *v,
                               struct rb_reject *rj) {
    struct rb_mapr m;
    uint64_t way = 0, stage = 0;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_uint(&m, 1, &way));
    RB_TRY(rb_mapr_text(&m, 2, &v->title));
    RB_TRY(rb_mapr_uint(&m, 3, &stage));
    v->way = (enum rb_contact_way)way;
    v->stage = (enum rb_contact_stage)stage;
    RB_TRY(get_whom(&m, body, a, v, rj));
    RB_TRY(rb_mapr_opt_time(&m, 6, &v->has_at, &v->at_utc_ms));
    RB_TRY(rb_mapr_text(&m, 7, &v->level));
    RB_TRY(rb_mapr_text(&m, 8, &v->agenda));
    RB_TRY(rb_mapr_u32(&m, 9, &v->minutes));
    if (v->minutes && v->stage != RB_CONTACT_HELD)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.22", "only what was held took minutes", 0);
    return RB_OK;
}

enum rb_err rb_contact_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_contact v = {0};
    return get_contact(body, NULL, &v, rj);
}

enum rb_err rb_contact_decode(struct rb_slice body, struct rb_arena *a, struct rb_contact *out,
                              struct rb_reject *rj) {
    struct rb_contact v = {0};
    RB_TRY(rb_schema_check(&rb_contact_schema, body, rj));
    RB_TRY(get_contact(body, a, &v, rj));
    *out = v;
    return RB_OK;
}

/* ---- readout ----------------------------------------------------------------------------------
 */
static const struct rb_field readout_fields[] = {
    F(1, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line"),
    F(2, "text", RB_F_TEXT, REQ | FULL, RB_MAX_TEXT, "what was said, as this side tells it"),
    F(3, "contact", RB_F_HASH, OPT, 0, "leaf hash of the contact"),
    F(4, "at", RB_F_TIME, OPT, 0, "when it was held"),
    F(5, "by", RB_F_NAME, OPT, RB_MAX_NAME, "who tells it"),
};
const struct rb_schema rb_readout_schema = SCHEMA("readout", readout_fields);

static enum rb_err get_readout(struct rb_slice body, struct rb_readout *v) {
    struct rb_mapr m;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_text(&m, 1, &v->title));
    RB_TRY(rb_mapr_text(&m, 2, &v->text));
    RB_TRY(rb_mapr_hash(&m, 3, &v->has_contact, &v->contact));
    RB_TRY(rb_mapr_opt_time(&m, 4, &v->has_at, &v->at_utc_ms));
    return rb_mapr_text(&m, 5, &v->by);
}

enum rb_err rb_readout_decode(struct rb_slice body, struct rb_readout *out, struct rb_reject *rj) {
    struct rb_readout v = {0};
    RB_TRY(rb_schema_check(&rb_readout_schema, body, rj));
    RB_TRY(get_readout(body, &v));
    *out = v;
    return RB_OK;
}
