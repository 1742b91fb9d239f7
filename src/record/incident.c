/* incident, spec 3.6.15: what one side asserts; finding, spec 3.6.16: what monitors found of it. */
#include "instrument_form.h"

static const struct rb_field incident_fields[] = {
    F(1, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line"),
    F(2, "text", RB_F_TEXT, OPT, RB_MAX_TEXT, "what is asserted"),
    F(3, "what", RB_F_NAME, OPT, RB_MAX_NAME, "air strike, shelling, ambush, ..."),
    F(4, "attributed-to", RB_F_NAME, OPT, RB_MAX_NAME, "as the author says"),
    F(5, "from", RB_F_TIME, OPT, 0, "when it began"),
    F(6, "to", RB_F_TIME, OPT, 0, "when it was over"),
    F_VOLUMES(7, "where"),
    F(8, "violates", RB_F_HASH, OPT, 0, "cessation or agreement that it is said to break"),
    F_HASHES(9, "same-as", OPT, "incidents that are this one"),
};
const struct rb_schema rb_incident_schema = SCHEMA("incident", incident_fields);

static enum rb_err get_incident(struct rb_slice body, struct rb_arena *a, struct rb_incident *v,
                                struct rb_reject *rj) {
    struct rb_mapr m;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_text(&m, 1, &v->title));
    RB_TRY(rb_mapr_text(&m, 2, &v->text));
    RB_TRY(rb_mapr_text(&m, 3, &v->what));
    RB_TRY(rb_mapr_text(&m, 4, &v->attributed_to));
    RB_TRY(rb_mapr_period(&m, 5, &v->when, "3.6.15", rj));
    RB_TRY(rb_mapr_volumes(&m, 7, a, &v->volumes, &v->volumes_n, rj));
    RB_TRY(rb_mapr_hash(&m, 8, &v->has_violates, &v->violates));
    return rb_mapr_hashes(&m, 9, &v->same_as, "3.6.15", rj);
}

enum rb_err rb_incident_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_incident v = {0};
    return get_incident(body, NULL, &v, rj);
}

enum rb_err rb_incident_decode(struct rb_slice body, struct rb_arena *a, struct rb_incident *out,
                               struct rb_reject *rj) {
    struct rb_incident v = {0};
    RB_TRY(rb_schema_check(&rb_incident_schema, body, rj));
    RB_TRY(get_incident(body, a, &v, rj));
    *out = v;
    return RB_OK;
}

/* ---- finding ----------------------------------------------------------------------------------
 */
static const struct rb_enum_name stages[] = {{RB_FINDING_ASSIGNED, "assigned"},
                                             {RB_FINDING_VISIT, "visit"},
                                             {RB_FINDING_CONCLUDED, "concluded"},
                                             {0, NULL}};
static const struct rb_enum_name results[] = {
    {RB_FINDING_CONFIRMED, "confirmed"},       {RB_FINDING_UNFOUNDED, "unfounded"},
    {RB_FINDING_INCONCLUSIVE, "inconclusive"}, {RB_FINDING_NOT_ATTRIBUTABLE, "not-attributable"},
    {RB_FINDING_SUSPENDED, "suspended"},       {0, NULL}};
static const struct rb_enum_name outcomes[] = {{RB_VISIT_MADE, "made"},
                                               {RB_VISIT_DENIED, "denied"},
                                               {RB_VISIT_HINDERED, "hindered"},
                                               {0, NULL}};
static const struct rb_field finding_fields[] = {
    F_ENUM(1, "stage", REQ, stages, "assigned, visit, concluded"),
    F_ENUM(2, "result", OPT, results,
           "concluded: confirmed, unfounded, inconclusive, not-attributable, suspended"),
    F_HASHES(3, "incidents", REQ, "what it is about"),
    F_MEMBERS(4, "monitors", OPT, "assigned: to whom"),
    F(5, "at", RB_F_TIME, OPT, 0, "visit: when"),
    F_ENUM(6, "outcome", OPT, outcomes, "visit: made, denied, hindered"),
    F(7, "text", RB_F_TEXT, OPT, RB_MAX_TEXT, "what was seen, heard, not seen"),
    F(8, "attributed-to", RB_F_NAME, OPT, RB_MAX_NAME, "confirmed: to whom, as found"),
};
const struct rb_schema rb_finding_schema = SCHEMA("finding", finding_fields);

const char *rb_finding_stage_name(enum rb_finding_stage s) {
    return rb_enum_text(stages, s);
}

const char *rb_finding_result_name(enum rb_finding_result r) {
    return rb_enum_text(results, r);
}

const char *rb_visit_outcome_name(enum rb_visit_outcome o) {
    return rb_enum_text(outcomes, o);
}

/* each stage says what belongs to it, and nothing of another */
static const char *wrong(const struct rb_finding *v) {
    if ((v->stage == RB_FINDING_CONCLUDED) != (v->result != 0))
        return "a conclusion has a result, and nothing else has";
    if ((v->stage == RB_FINDING_ASSIGNED) != (v->monitors != 0))
        return "an assignment names monitors, and nothing else does";
    if ((v->stage == RB_FINDING_VISIT) != (v->outcome != 0))
        return "a visit has an outcome, and nothing else has";
    if (v->has_at && v->stage != RB_FINDING_VISIT) return "only a visit has an hour";
    if (v->attributed_to.n && v->result != RB_FINDING_CONFIRMED)
        return "only what is confirmed is attributed";
    return NULL;
}

static enum rb_err get_finding(struct rb_slice body, struct rb_finding *v, struct rb_reject *rj) {
    struct rb_mapr m;
    uint64_t stage = 0, result = 0, outcome = 0;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_uint(&m, 1, &stage));
    RB_TRY(rb_mapr_uint(&m, 2, &result));
    RB_TRY(rb_mapr_hashes(&m, 3, &v->incidents, "3.6.16", rj));
    RB_TRY(rb_mapr_members(&m, 4, &v->monitors));
    RB_TRY(rb_mapr_opt_time(&m, 5, &v->has_at, &v->at_utc_ms));
    RB_TRY(rb_mapr_uint(&m, 6, &outcome));
    RB_TRY(rb_mapr_text(&m, 7, &v->text));
    RB_TRY(rb_mapr_text(&m, 8, &v->attributed_to));
    v->stage = (enum rb_finding_stage)stage;
    v->result = (enum rb_finding_result)result;
    v->outcome = (enum rb_visit_outcome)outcome;
    const char *words = wrong(v);
    return words ? rb_reject(rj, RB_ERR_MALFORMED, "3.6.16", words, 0) : RB_OK;
}

enum rb_err rb_finding_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_finding v = {0};
    return get_finding(body, &v, rj);
}

enum rb_err rb_finding_decode(struct rb_slice body, struct rb_finding *out, struct rb_reject *rj) {
    struct rb_finding v = {0};
    RB_TRY(rb_schema_check(&rb_finding_schema, body, rj));
    RB_TRY(get_finding(body, &v, rj));
    *out = v;
    return RB_OK;
}
