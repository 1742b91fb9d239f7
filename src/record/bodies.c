/* Which grammar a kind's body follows; kinds that are not here are refused as unsupported. */
#include "form.h"

#define X(id, num, text) {num, text},
const struct rb_enum_name rb_kind_names[] = {RB_KIND_LIST(X){0, NULL}};
#undef X
const struct rb_enum_name rb_role_names[] = {
    {RB_ROLE_PARTY, "party"},     {RB_ROLE_GUARANTOR, "guarantor"}, {RB_ROLE_MEDIATOR, "mediator"},
    {RB_ROLE_MONITOR, "monitor"}, {RB_ROLE_OBSERVER, "observer"},   {0, NULL}};
const struct rb_enum_name rb_rule_names[] = {{RB_RULE_ALL, "all"},
                                             {RB_RULE_QUORUM, "quorum"},
                                             {RB_RULE_QUORUM_VETO, "quorum-veto"},
                                             {RB_RULE_SILENCE, "silence"},
                                             {RB_RULE_GUARANTORS, "guarantors"},
                                             {0, NULL}};
const struct rb_enum_name rb_disclosure_names[] = {{RB_DISCLOSE_WHOLE, "whole"},
                                                   {RB_DISCLOSE_FACT, "fact"},
                                                   {RB_DISCLOSE_HASH, "hash"},
                                                   {RB_DISCLOSE_UNSAID, "unsaid"},
                                                   {0, NULL}};

const char *rb_role_name(enum rb_role r) {
    return rb_enum_text(rb_role_names, r);
}

/* by kind; `form` says what the table cannot */
static const struct body {
    const struct rb_schema *schema;
    enum rb_err (*form)(struct rb_slice body, struct rb_reject *rj);
} bodies[RB_KIND_MAX + 1] = {
    [RB_KIND_CHARTER] = {&rb_charter_schema, rb_charter_form},
    [RB_KIND_AMENDMENT] = {&rb_amendment_schema, rb_amendment_form},
    [RB_KIND_MEMBERSHIP] = {&rb_membership_schema, NULL},
    [RB_KIND_CARD] = {&rb_carried_card_schema, rb_carried_card_form},
    [RB_KIND_TEST] = {&rb_test_schema, NULL},
    [RB_KIND_SERVICE] = {&rb_service_schema, rb_service_form},
    [RB_KIND_NIL] = {&rb_nil_schema, rb_nil_form},
    [RB_KIND_RECEIPT] = {&rb_receipt_schema, rb_receipt_form},
    [RB_KIND_SILENCE] = {&rb_silence_schema, rb_silence_form},
    [RB_KIND_NOTICE] = {&rb_notice_schema, rb_notice_form},
    [RB_KIND_STOP_FIRE] = {&rb_stop_fire_schema, rb_stop_fire_form},
    [RB_KIND_REQUEST] = {&rb_request_schema, rb_request_form},
    [RB_KIND_POSITION] = {&rb_position_schema, rb_position_form},
    [RB_KIND_CESSATION] = {&rb_cessation_schema, rb_cessation_form},
    [RB_KIND_INCIDENT] = {&rb_incident_schema, rb_incident_form},
    [RB_KIND_FINDING] = {&rb_finding_schema, rb_finding_form},
    [RB_KIND_FIGURE] = {&rb_figure_schema, rb_figure_form},
    [RB_KIND_DESIGNATION] = {&rb_designation_schema, rb_designation_form},
    [RB_KIND_TEXT] = {&rb_text_schema, rb_text_form},
    [RB_KIND_AGREEMENT] = {&rb_agreement_schema, rb_agreement_form},
    [RB_KIND_PROGRESS] = {&rb_progress_schema, rb_progress_form},
    [RB_KIND_CONTACT] = {&rb_contact_schema, rb_contact_form},
    [RB_KIND_READOUT] = {&rb_readout_schema, NULL},
    [RB_KIND_STATEMENT] = {&rb_statement_schema, NULL},
    [RB_KIND_ROSTER] = {&rb_roster_schema, rb_roster_form},
    [RB_KIND_DELEGATION] = {&rb_carried_key_schema, rb_carried_delegation_form},
    [RB_KIND_ROTATION] = {&rb_carried_key_schema, rb_carried_rotation_form},
    [RB_KIND_REVOCATION] = {&rb_carried_key_schema, rb_carried_revocation_form},
    [RB_KIND_ATTACHMENT] = {&rb_attachment_schema, rb_attachment_form},
};

const struct rb_schema *rb_body_schema(enum rb_kind k) {
    return (unsigned)k <= RB_KIND_MAX ? bodies[k].schema : NULL;
}

enum rb_err rb_body_check(enum rb_kind kind, struct rb_slice body, struct rb_reject *rj) {
    const struct rb_schema *s = rb_body_schema(kind);
    if (!s) return rb_reject(rj, RB_ERR_UNSUPPORTED, "3.4.1", "kind without a grammar here", 0);
    RB_TRY(rb_schema_check(s, body, rj));
    return bodies[kind].form ? bodies[kind].form(body, rj) : RB_OK;
}
