/* agreement, spec 3.6.20: steps with owners and due dates; progress, spec 3.6.21: what is reported
 * of one. */
#include "instrument_form.h"

static const struct rb_field step_fields[] = {
    F(0, "number", RB_F_UINT, REQ, 65535, "counted from 1, ascending"),
    F(1, "what", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line"),
    F(2, "owner", RB_F_MEMBER, OPT, 0, "a member"),
    F(3, "by", RB_F_NAME, OPT, RB_MAX_NAME, "or the name of who is none"),
    F(4, "due", RB_F_TIME, OPT, 0, "until when"),
};
static const struct rb_schema step_schema = SCHEMA("step", step_fields);
static const struct rb_field agreement_fields[] = {
    F(1, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line"),
    F(2, "text", RB_F_TEXT, OPT, RB_MAX_TEXT, "what was agreed"),
    F(3, "adopts", RB_F_HASH, OPT, 0, "leaf hash of the text that was agreed"),
    F_MEMBERS(4, "parties", OPT, "members that are bound"),
    F_NAMES(5, "others", OPT, "parties that are no members"),
    F_TUPLES(6, "steps", OPT | FULL, RB_MAX_STEPS, &step_schema, "who does what until when"),
    F_MAP(7, "adoption", OPT, &rb_adoption_schema, "absent: all parties must accept"),
    F(8, "signed-at", RB_F_TIME, OPT, 0, "as stated"),
};
const struct rb_schema rb_agreement_schema = SCHEMA("agreement", agreement_fields);

static enum rb_err get_step(struct rb_reader *r, struct rb_step *out, uint16_t last,
                            struct rb_reject *rj) {
    struct rb_step v = {0};
    size_t at = r->at, n = 0;
    RB_TRY(rb_cbor_get_array(r, 5, &n));
    RB_TRY(rb_form_get_u16(r, &v.number));
    RB_TRY(rb_cbor_get_text(r, &v.what));
    v.has_owner = rb_cbor_get_null(r) != RB_OK;
    if (v.has_owner) RB_TRY(rb_form_get_member(r, &v.owner));
    if (rb_cbor_get_null(r) != RB_OK) RB_TRY(rb_cbor_get_text(r, &v.by));
    v.has_due = rb_cbor_get_null(r) != RB_OK;
    if (v.has_due) RB_TRY(rb_form_get_time(r, &v.due_utc_ms));
    if (v.number <= last)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.20", "steps are numbered from 1, ascending",
                         at);
    if (v.has_owner && v.by.n) return rb_reject(rj, RB_ERR_MALFORMED, "3.6.20", "one owner", at);
    *out = v;
    return RB_OK;
}

static enum rb_err get_steps(struct rb_mapr *m, struct rb_arena *a, struct rb_agreement *v,
                             struct rb_reject *rj) {
    struct rb_step one = {0};
    size_t n = 0;
    RB_TRY(rb_mapr_array(m, 6, RB_MAX_STEPS, &n));
    if (a && n) {
        v->steps = rb_arena_array(a, n, sizeof *v->steps);
        if (!v->steps) return rb_reject(rj, RB_ERR_LIMIT, "3.6.20", "no room", m->r.at);
        v->steps_n = n;
    }
    for (size_t i = 0; i < n; i++) {
        RB_TRY(get_step(&m->r, &one, one.number, rj));
        if (a) v->steps[i] = one;
    }
    return RB_OK;
}

static enum rb_err get_agreement(struct rb_slice body, struct rb_arena *a, struct rb_agreement *v,
                                 struct rb_reject *rj) {
    struct rb_mapr m;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_text(&m, 1, &v->title));
    RB_TRY(rb_mapr_text(&m, 2, &v->text));
    RB_TRY(rb_mapr_hash(&m, 3, &v->has_adopts, &v->adopts));
    RB_TRY(rb_mapr_members(&m, 4, &v->parties));
    RB_TRY(rb_mapr_names(&m, 5, a, &v->others, rj));
    RB_TRY(get_steps(&m, a, v, rj));
    RB_TRY(rb_mapr_adoption(&m, 7, &v->has_adoption, &v->adoption, rj));
    return rb_mapr_opt_time(&m, 8, &v->has_signed_at, &v->signed_at_utc_ms);
}

enum rb_err rb_agreement_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_agreement v = {0};
    return get_agreement(body, NULL, &v, rj);
}

enum rb_err rb_agreement_decode(struct rb_slice body, struct rb_arena *a, struct rb_agreement *out,
                                struct rb_reject *rj) {
    struct rb_agreement v = {0};
    RB_TRY(rb_schema_check(&rb_agreement_schema, body, rj));
    RB_TRY(get_agreement(body, a, &v, rj));
    *out = v;
    return RB_OK;
}

/* ---- progress ---------------------------------------------------------------------------------
 */
static const struct rb_enum_name states[] = {{RB_PROGRESS_BEGUN, "begun"},
                                             {RB_PROGRESS_DONE, "done"},
                                             {RB_PROGRESS_DELAYED, "delayed"},
                                             {RB_PROGRESS_NOT_DONE, "not-done"},
                                             {0, NULL}};
static const struct rb_field progress_fields[] = {
    F(1, "agreement", RB_F_HASH, REQ, 0, "its leaf hash"),
    F(2, "step", RB_F_UINT, REQ, 65535, "its number"),
    F_ENUM(3, "state", REQ, states, "begun, done, delayed, not-done"),
    F(4, "text", RB_F_TEXT, OPT, RB_MAX_TEXT, "in words"),
    F(5, "expected", RB_F_TIME, OPT, 0, "delayed: until when"),
};
const struct rb_schema rb_progress_schema = SCHEMA("progress", progress_fields);

const char *rb_progress_state_name(enum rb_progress_state s) {
    return rb_enum_text(states, s);
}

static enum rb_err get_progress(struct rb_slice body, struct rb_progress *v, struct rb_reject *rj) {
    struct rb_mapr m;
    uint64_t state = 0;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_fixed(&m, 1, v->agreement.b, RB_HASH_LEN));
    RB_TRY(rb_mapr_u16(&m, 2, &v->step));
    RB_TRY(rb_mapr_uint(&m, 3, &state));
    RB_TRY(rb_mapr_text(&m, 4, &v->text));
    RB_TRY(rb_mapr_opt_time(&m, 5, &v->has_expected, &v->expected_utc_ms));
    v->state = (enum rb_progress_state)state;
    if (v->step == 0) return rb_reject(rj, RB_ERR_MALFORMED, "3.6.21", "steps count from 1", 0);
    if (v->has_expected && v->state != RB_PROGRESS_DELAYED)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.21", "only what is delayed is expected", 0);
    return RB_OK;
}

enum rb_err rb_progress_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_progress v = {0};
    return get_progress(body, &v, rj);
}

enum rb_err rb_progress_decode(struct rb_slice body, struct rb_progress *out,
                               struct rb_reject *rj) {
    struct rb_progress v = {0};
    RB_TRY(rb_schema_check(&rb_progress_schema, body, rj));
    RB_TRY(get_progress(body, &v, rj));
    *out = v;
    return RB_OK;
}
