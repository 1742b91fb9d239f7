/* The gist of an instrument's body: what the rules read, without words, names and places. */
#include "readback/instrument.h"

bool rb_kind_is_instrument(enum rb_kind k) {
    return k == RB_KIND_REQUEST || k == RB_KIND_CESSATION || k == RB_KIND_INCIDENT ||
           k == RB_KIND_FINDING || k == RB_KIND_FIGURE || k == RB_KIND_DESIGNATION ||
           k == RB_KIND_TEXT || k == RB_KIND_AGREEMENT || k == RB_KIND_PROGRESS ||
           k == RB_KIND_CONTACT || k == RB_KIND_READOUT;
}

static enum rb_err no_room(struct rb_reject *rj) {
    return rb_reject(rj, RB_ERR_LIMIT, "3.6", "no room", 0);
}

static enum rb_err put_hashes(struct rb_gist *g, const struct rb_hashes *from, struct rb_arena *a,
                              struct rb_reject *rj) {
    if (from->n == 0) return RB_OK;
    g->hashes = rb_arena_array(a, from->n, sizeof *g->hashes);
    if (g->hashes == NULL) return no_room(rj);
    memcpy(g->hashes, from->h, from->n * sizeof *g->hashes);
    g->hashes_n = from->n;
    return RB_OK;
}

static enum rb_err of_request(struct rb_slice body, struct rb_arena *a, struct rb_gist *g,
                              struct rb_reject *rj) {
    struct rb_request v;
    RB_TRY(rb_request_decode(body, a, &v, rj));
    g->members = v.of;
    return RB_OK;
}

static enum rb_err of_cessation(struct rb_slice body, struct rb_arena *a, struct rb_gist *g,
                                struct rb_reject *rj) {
    struct rb_cessation v;
    RB_TRY(rb_cessation_decode(body, a, &v, rj));
    g->members = v.parties;
    g->guarantors = v.guarantors;
    g->monitors = v.monitors;
    g->has_adoption = v.has_adoption;
    g->adoption = v.adoption;
    g->has_start = true;
    g->start_utc_ms = v.start_utc_ms;
    g->has_end = v.has_end;
    g->end_utc_ms = v.end_utc_ms;
    g->length_ms = v.length_ms;
    g->volumes_n = v.volumes_n;
    g->has_to = v.has_extends;
    g->to = v.extends;
    return put_hashes(g, &v.exclusions, a, rj);
}

static enum rb_err of_incident(struct rb_slice body, struct rb_arena *a, struct rb_gist *g,
                               struct rb_reject *rj) {
    struct rb_incident v;
    RB_TRY(rb_incident_decode(body, a, &v, rj));
    return put_hashes(g, &v.same_as, a, rj);
}

static enum rb_err of_finding(struct rb_slice body, struct rb_arena *a, struct rb_gist *g,
                              struct rb_reject *rj) {
    struct rb_finding v;
    RB_TRY(rb_finding_decode(body, &v, rj));
    g->stage = (uint8_t)v.stage;
    g->value = (uint8_t)(v.stage == RB_FINDING_VISIT ? (int)v.outcome : (int)v.result);
    g->members = v.monitors;
    g->has_start = v.has_at;
    g->start_utc_ms = v.at_utc_ms;
    return put_hashes(g, &v.incidents, a, rj);
}

static enum rb_err of_figure(struct rb_slice body, struct rb_arena *a, struct rb_gist *g,
                             struct rb_reject *rj) {
    struct rb_figure v;
    RB_TRY(rb_figure_decode(body, a, &v, rj));
    g->value = (uint8_t)v.status;
    return RB_OK;
}

static enum rb_err of_designation(struct rb_slice body, struct rb_arena *a, struct rb_gist *g,
                                  struct rb_reject *rj) {
    struct rb_designation v;
    RB_TRY(rb_designation_decode(body, a, &v, rj));
    g->value = (uint8_t)v.side;
    return RB_OK;
}

static enum rb_err of_text(struct rb_slice body, struct rb_arena *a, struct rb_gist *g,
                           struct rb_reject *rj) {
    struct rb_text v;
    RB_TRY(rb_text_decode(body, a, &v, rj));
    g->version = v.version;
    g->paragraphs_n = (uint16_t)v.paragraphs_n;
    g->bracketed_n = (uint16_t)v.bracketed_n;
    g->has_to = v.has_previous;
    g->to = v.previous;
    g->has_adoption = v.has_adoption;
    g->adoption = v.adoption;
    g->has_pen = v.has_pen;
    g->pen = v.pen;
    return RB_OK;
}

static enum rb_err of_agreement(struct rb_slice body, struct rb_arena *a, struct rb_gist *g,
                                struct rb_reject *rj) {
    struct rb_agreement v;
    RB_TRY(rb_agreement_decode(body, a, &v, rj));
    g->members = v.parties;
    g->others_n = v.others.n;
    g->has_adoption = v.has_adoption;
    g->adoption = v.adoption;
    if (v.steps_n == 0) return RB_OK;
    g->steps = rb_arena_array(a, v.steps_n, sizeof *g->steps);
    if (g->steps == NULL) return no_room(rj);
    g->steps_n = v.steps_n;
    for (size_t i = 0; i < v.steps_n; i++) {
        const struct rb_step *s = &v.steps[i];
        g->steps[i] = (struct rb_gist_step){.number = s->number,
                                            .owner = s->owner,
                                            .has_owner = s->has_owner,
                                            .has_due = s->has_due,
                                            .due_utc_ms = s->due_utc_ms};
    }
    return RB_OK;
}

static enum rb_err of_progress(struct rb_slice body, struct rb_gist *g, struct rb_reject *rj) {
    struct rb_progress v;
    RB_TRY(rb_progress_decode(body, &v, rj));
    g->has_to = true;
    g->to = v.agreement;
    g->step = v.step;
    g->value = (uint8_t)v.state;
    g->has_end = v.has_expected;
    g->end_utc_ms = v.expected_utc_ms;
    return RB_OK;
}

static enum rb_err of_contact(struct rb_slice body, struct rb_arena *a, struct rb_gist *g,
                              struct rb_reject *rj) {
    struct rb_contact v;
    RB_TRY(rb_contact_decode(body, a, &v, rj));
    g->stage = (uint8_t)v.stage;
    g->members = v.with;
    g->others_n = v.others.n;
    g->has_start = v.has_at;
    g->start_utc_ms = v.at_utc_ms;
    return RB_OK;
}

static enum rb_err of_readout(struct rb_slice body, struct rb_gist *g, struct rb_reject *rj) {
    struct rb_readout v;
    RB_TRY(rb_readout_decode(body, &v, rj));
    g->has_to = v.has_contact;
    g->to = v.contact;
    g->has_start = v.has_at;
    g->start_utc_ms = v.at_utc_ms;
    return RB_OK;
}

static enum rb_err read(enum rb_kind k, struct rb_slice body, struct rb_arena *a, struct rb_gist *g,
                        struct rb_reject *rj) {
    if (k == RB_KIND_REQUEST) return of_request(body, a, g, rj);
    if (k == RB_KIND_CESSATION) return of_cessation(body, a, g, rj);
    if (k == RB_KIND_INCIDENT) return of_incident(body, a, g, rj);
    if (k == RB_KIND_FINDING) return of_finding(body, a, g, rj);
    if (k == RB_KIND_FIGURE) return of_figure(body, a, g, rj);
    if (k == RB_KIND_DESIGNATION) return of_designation(body, a, g, rj);
    if (k == RB_KIND_TEXT) return of_text(body, a, g, rj);
    if (k == RB_KIND_AGREEMENT) return of_agreement(body, a, g, rj);
    if (k == RB_KIND_PROGRESS) return of_progress(body, g, rj);
    if (k == RB_KIND_CONTACT) return of_contact(body, a, g, rj);
    if (k == RB_KIND_READOUT) return of_readout(body, g, rj);
    return rb_reject(rj, RB_ERR_UNSUPPORTED, "3.6", "no instrument", 0);
}

enum rb_err rb_gist_read(enum rb_kind k, struct rb_slice body, struct rb_arena *a,
                         struct rb_gist *out, struct rb_reject *rj) {
    struct rb_gist g = {.kind = k};
    RB_TRY(read(k, body, a, &g, rj));
    rb_sha256(body, &g.body);
    *out = g;
    return RB_OK;
}
