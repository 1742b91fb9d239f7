/* Bodies of the instruments: what they say comes out, and what their clauses refuse is refused.
 * Spec 3.6.12 to 3.6.23, 3.6.31. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "diag.h"
#include "readback/instrument.h"
#include "readback/volume.h"

static uint8_t mem[1 << 16], room[1 << 20];

/* ---- refused, or not ------------------------------------------------------------------------- */
static const struct line {
    enum rb_kind kind;
    const char *body;
    const char *clause; /* NULL: it holds */
} lines[] = {
    {RB_KIND_REQUEST, "{1:\"Leave the area\"}", NULL},
    {RB_KIND_REQUEST, "{1:\"Leave the area\",2:\"now\",3:[0,2]}", NULL},
    {RB_KIND_REQUEST, "{2:\"now\"}", "3.5.2"},
    {RB_KIND_REQUEST, "{1:\"Leave\",3:[]}", "3.5.6"},
    {RB_KIND_REQUEST, "{1:\"Leave\",3:[2,0]}", "3.5.7"},
    {RB_KIND_REQUEST, "{1:\"Leave\",3:[64]}", "3.5.4"},

    {RB_KIND_CESSATION, "{1:\"Calm\",4:1000}", NULL},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1000,5:1001,6:259200000}", NULL},
    {RB_KIND_CESSATION, "{1:\"Calm\"}", "3.5.2"},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1000,5:1000}", "3.6.14"},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1000,5:999}", "3.6.14"},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,10:{4:5}}", "3.6.14"},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,8:[1],10:{1:4}}", NULL},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,7:[0,1],10:{4:5}}", NULL},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,7:[0,1],10:{5:[0,1,2]}}", NULL},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,7:[0,1],10:{5:[0]}}", "3.6.14"},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,7:[0,1],10:{1:3,4:5,5:[0,2]}}", "3.6.14"},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,7:[0,1],10:{1:4,5:[2]}}", NULL},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,7:[0,1,2],10:{1:1,2:2}}", NULL},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,7:[0,1],10:{1:1,2:1}}", "3.6.14"},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,7:[0,1],10:{1:2,2:1,3:[1]}}", "3.6.14"},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,7:[0,1],10:{1:1,2:2,5:[0,1,2]}}", "3.6.14"},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,7:[0,1],10:{1:1,2:3,5:[0,1,2]}}", NULL},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,11:[#1,#2]}", NULL},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,11:[#1,#2,#1]}", "3.6.14"},
    {RB_KIND_CESSATION, "{1:\"Calm\",4:1,12:7}", "3.5.3"},

    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{}}", "3.5.6"},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{1:0}}", "3.5.6"},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{1:1}}", "3.6.31"},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{2:3}}", "3.6.31"},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{1:1,2:9}}", NULL},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{1:1,2:3,5:[0,1,2]}}", NULL},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{1:1,2:4,5:[0,1,2]}}", "3.6.31"},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{1:1,2:3,3:[0]}}", "3.6.31"},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{1:2,2:3}}", "3.6.31"},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{1:2,2:3,3:[0,1]}}", NULL},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{1:2,2:1,3:[0,1],5:[1,2]}}", "3.6.31"},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{1:3}}", "3.6.31"},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{1:3,4:1000}}", NULL},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{1:4,2:2}}", "3.6.31"},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\"],5:{1:5}}", "3.5.4"},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\",\"b\"],7:0,8:[1,2]}", NULL},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\",\"b\"],8:[3]}", "3.6.19"},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\",\"b\"],8:[0]}", "3.6.19"},
    {RB_KIND_TEXT, "{1:\"T\",2:1,3:[\"a\",\"b\"],8:[2,1]}", "3.5.7"},

    {RB_KIND_INCIDENT, "{1:\"Strike\"}", NULL},
    {RB_KIND_INCIDENT, "{1:\"Strike\",5:1000,6:2000,8:#3,9:[#1,#2]}", NULL},
    {RB_KIND_INCIDENT, "{1:\"Strike\",5:2000,6:2000}", "3.6.15"},
    {RB_KIND_INCIDENT, "{1:\"Strike\",6:2000}", NULL},
    {RB_KIND_INCIDENT, "{1:\"Strike\",9:[#1,#1]}", "3.6.15"},
    {RB_KIND_INCIDENT, "{1:\"Strike\",9:[]}", "3.5.6"},

    {RB_KIND_FINDING, "{1:0,3:[#1],4:[5]}", NULL},
    {RB_KIND_FINDING, "{1:0,3:[#1]}", "3.6.16"},
    {RB_KIND_FINDING, "{1:0,2:1,3:[#1],4:[5]}", "3.6.16"},
    {RB_KIND_FINDING, "{1:1,3:[#1],5:7000,6:2}", NULL},
    {RB_KIND_FINDING, "{1:1,3:[#1]}", "3.6.16"},
    {RB_KIND_FINDING, "{1:1,3:[#1],4:[5],6:2}", "3.6.16"},
    {RB_KIND_FINDING, "{1:2,2:3,3:[#1]}", NULL},
    {RB_KIND_FINDING, "{1:2,3:[#1]}", "3.6.16"},
    {RB_KIND_FINDING, "{1:2,2:6,3:[#1]}", "3.5.4"},
    {RB_KIND_FINDING, "{1:2,2:3,3:[#1],5:7000}", "3.6.16"},
    {RB_KIND_FINDING, "{1:2,2:1,3:[#1],8:\"X\"}", NULL},
    {RB_KIND_FINDING, "{1:2,2:4,3:[#1],8:\"X\"}", "3.6.16"},
    {RB_KIND_FINDING, "{1:2,2:3}", "3.5.2"},

    {RB_KIND_FIGURE, "{1:0,4:\"hundreds\",16:0}", NULL},
    {RB_KIND_FIGURE, "{1:0,2:1000,4:\"more than 1,000\",5:\"believed civilians\",16:0}", NULL},
    {RB_KIND_FIGURE, "{1:0,2:1000,3:1000,4:\"1,000\",16:0}", NULL},
    {RB_KIND_FIGURE, "{1:0,2:1001,3:1000,4:\"1,000\",16:0}", "3.6.17"},
    {RB_KIND_FIGURE, "{1:0,2:1,16:0}", "3.5.2"},
    {RB_KIND_FIGURE, "{1:0,4:\"count stopped\",16:5}", NULL},
    {RB_KIND_FIGURE, "{1:0,2:5,4:\"count stopped\",16:5}", "3.6.17"},
    {RB_KIND_FIGURE, "{1:0,3:5,4:\"count stopped\",16:5}", "3.6.17"},
    {RB_KIND_FIGURE, "{1:4,4:\"many\",16:0}", "3.5.4"},
    {RB_KIND_FIGURE, "{1:0,4:\"many\",10:5,11:4,16:0}", "3.6.17"},
    {RB_KIND_FIGURE, "{1:0,4:\"many\",16:6}", "3.5.4"},

    {RB_KIND_DESIGNATION, "{1:\"Excluded\",2:1,3:[[\"group\",null,null]]}", NULL},
    {RB_KIND_DESIGNATION, "{1:\"Excluded\",2:1}", "3.6.18"},
    {RB_KIND_DESIGNATION, "{1:\"Excluded\",2:2,3:[[\"group\",null,null]]}", "3.5.4"},
    {RB_KIND_DESIGNATION, "{1:\"Excluded\",2:1,3:[[null,\"g\",null]]}", "3.5.3"},

    {RB_KIND_AGREEMENT, "{1:\"Integration\"}", NULL},
    {RB_KIND_AGREEMENT, "{1:\"I\",6:[[1,\"first\",0,null,5000],[2,\"second\",null,\"they\",null]]}",
     NULL},
    {RB_KIND_AGREEMENT, "{1:\"I\",6:[[0,\"first\",null,null,null]]}", "3.6.20"},
    {RB_KIND_AGREEMENT, "{1:\"I\",6:[[2,\"a\",null,null,null],[2,\"b\",null,null,null]]}",
     "3.6.20"},
    {RB_KIND_AGREEMENT, "{1:\"I\",6:[[1,\"a\",0,\"they\",null]]}", "3.6.20"},
    {RB_KIND_AGREEMENT, "{1:\"I\",7:{1:1}}", "3.6.31"},

    {RB_KIND_PROGRESS, "{1:#9,2:1,3:0}", NULL},
    {RB_KIND_PROGRESS, "{1:#9,2:1,3:2,5:7000}", NULL},
    {RB_KIND_PROGRESS, "{1:#9,2:1,3:1,5:7000}", "3.6.21"},
    {RB_KIND_PROGRESS, "{1:#9,2:0,3:1}", "3.6.21"},
    {RB_KIND_PROGRESS, "{2:1,3:1}", "3.5.2"},

    {RB_KIND_CONTACT, "{1:0,2:\"Call\",3:0,4:[1]}", NULL},
    {RB_KIND_CONTACT, "{1:0,2:\"Call\",3:1,5:[\"other countries\"],9:27}", NULL},
    {RB_KIND_CONTACT, "{1:0,2:\"Call\",3:0}", "3.6.22"},
    {RB_KIND_CONTACT, "{1:0,2:\"Call\",3:0,4:[1],9:27}", "3.6.22"},
    {RB_KIND_CONTACT, "{1:3,2:\"Contacts\",3:1,5:[\"other countries\"]}", NULL},
    {RB_KIND_CONTACT, "{1:4,2:\"Call\",3:0,4:[1]}", "3.5.4"},

    {RB_KIND_READOUT, "{1:\"On the call\",2:\"Both confirm.\"}", NULL},
    {RB_KIND_READOUT, "{1:\"On the call\"}", "3.5.2"},
    {RB_KIND_READOUT, "{1:\"On the call\",2:\"x\",6:1}", "3.5.1"},
};

static void refusals(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const struct line *l = &lines[i];
        struct rb_reject rj = {0};
        const struct rb_slice body = diag(l->body, mem, sizeof mem);
        const enum rb_err e = rb_body_check(l->kind, body, &rj);
        const bool same = l->clause ? rj.clause && strcmp(rj.clause, l->clause) == 0 : !rj.clause;
        if ((e == RB_OK) != !l->clause || !same || rj.offset > body.n)
            fail_msg("%s %s: %s %s", rb_kind_name(l->kind), l->body, rb_err_name(e),
                     rj.clause ? rj.clause : "-");
    }
}

/* ---- what was said comes out ------------------------------------------------------------------
 */
static struct rb_arena arena(void) {
    return rb_arena(room, sizeof room);
}

static void a_request(void **state) {
    (void)state;
    struct rb_arena a = arena();
    struct rb_request v;
    struct rb_slice b =
        diag("{1:\"Leave\",2:\"now\",3:[0,2],4:[{1:[1,2,3]},{1:[4,5,6]}]}", mem, sizeof mem);
    assert_int_equal(rb_request_decode(b, &a, &v, NULL), RB_OK);
    assert_true(rb_slice_is(v.title, "Leave") && rb_slice_is(v.text, "now"));
    assert_int_equal(v.of, 5);
    assert_int_equal(v.volumes_n, 2);
    assert_int_equal(v.volumes[1].radius_mm, 6);
}

static void a_cessation(void **state) {
    (void)state;
    struct rb_arena a = arena();
    struct rb_cessation v;
    struct rb_slice b =
        diag("{1:\"Calm\",2:\"terms\",3:[{1:[1,2,3]}],4:1000,5:2000,6:3000,7:[0,1],8:[2],9:[3],"
             "10:{1:2,2:2,3:[1],4:900,5:[0,1]},11:[#4,#5],12:#6}",
             mem, sizeof mem);
    const struct rb_hash four = diag_hash(4), five = diag_hash(5), six = diag_hash(6);
    assert_int_equal(rb_cessation_decode(b, &a, &v, NULL), RB_OK);
    assert_true(v.start_utc_ms == 1000 && v.has_end && v.end_utc_ms == 2000 && v.length_ms == 3000);
    assert_true(v.parties == 3 && v.guarantors == 4 && v.monitors == 8 && v.volumes_n == 1);
    assert_true(v.has_adoption && v.adoption.rule == RB_RULE_QUORUM_VETO && v.adoption.quorum == 2);
    assert_true(v.adoption.veto == 2 && v.adoption.has_by && v.adoption.by_utc_ms == 900 &&
                v.adoption.of == 3);
    assert_true(v.exclusions.n == 2 && rb_hash_eq(&v.exclusions.h[0], &four) &&
                rb_hash_eq(&v.exclusions.h[1], &five));
    assert_true(v.has_extends && rb_hash_eq(&v.extends, &six));
    b = diag("{1:\"Calm\",4:1000}", mem, sizeof mem);
    assert_int_equal(rb_cessation_decode(b, &a, &v, NULL), RB_OK);
    assert_false(v.has_end || v.has_adoption || v.has_extends || v.parties || v.length_ms ||
                 v.exclusions.n);
}

static void an_incident_and_findings(void **state) {
    (void)state;
    struct rb_arena a = arena();
    struct rb_incident v;
    struct rb_finding f;
    struct rb_slice b =
        diag("{1:\"Strike\",2:\"text\",3:\"air strike\",4:\"them\",5:1000,8:#3,9:[#1]}", mem,
             sizeof mem);
    assert_int_equal(rb_incident_decode(b, &a, &v, NULL), RB_OK);
    assert_true(rb_slice_is(v.what, "air strike") && rb_slice_is(v.attributed_to, "them"));
    assert_true(v.when.has_from && !v.when.has_to && v.when.from_utc_ms == 1000);
    assert_true(v.has_violates && v.violates.b[0] == 3 && v.same_as.n == 1 &&
                v.same_as.h[0].b[9] == 1);
    b = diag("{1:1,3:[#1],5:7000,6:2,7:\"turned back\"}", mem, sizeof mem);
    assert_int_equal(rb_finding_decode(b, &f, NULL), RB_OK);
    assert_true(f.stage == RB_FINDING_VISIT && f.outcome == RB_VISIT_DENIED && f.has_at &&
                f.at_utc_ms == 7000);
    b = diag("{1:2,2:3,3:[#1,#2]}", mem, sizeof mem);
    assert_int_equal(rb_finding_decode(b, &f, NULL), RB_OK);
    assert_true(f.stage == RB_FINDING_CONCLUDED && f.result == RB_FINDING_INCONCLUSIVE &&
                f.incidents.n == 2);
    assert_string_equal(rb_finding_result_name(f.result), "inconclusive");
    assert_string_equal(rb_finding_stage_name(f.stage), "concluded");
    assert_string_equal(rb_visit_outcome_name(RB_VISIT_HINDERED), "hindered");
}

static void a_figure(void **state) {
    (void)state;
    struct rb_arena a = arena();
    struct rb_figure v;
    struct rb_slice b = diag("{1:0,2:1000,4:\"more than 1,000\",5:\"believed "
                             "civilians\",6:\"g\",7:\"x\",8:\"coast\",10:10,"
                             "11:20,12:\"c\",13:\"s\",14:2,15:\"m\",16:1,17:[#7]}",
                             mem, sizeof mem);
    assert_int_equal(rb_figure_decode(b, &a, &v, NULL), RB_OK);
    assert_true(v.what == RB_FIGURE_KILLED && v.has_low && v.low == 1000 && !v.has_high);
    assert_true(rb_slice_is(v.as_stated, "more than 1,000") &&
                rb_slice_is(v.class_, "believed civilians"));
    assert_true(rb_slice_is(v.group, "g") && rb_slice_is(v.attributed_to, "x") &&
                rb_slice_is(v.area, "coast"));
    assert_true(rb_slice_is(v.counted_by, "c") && rb_slice_is(v.source, "s") && v.sources == 2);
    assert_true(rb_slice_is(v.method, "m") && v.period.has_from && v.period.to_utc_ms == 20);
    assert_true(v.status == RB_FIGURE_ESTIMATE && v.incidents.n == 1);
    assert_string_equal(rb_figure_status_name(RB_FIGURE_COUNT_STOPPED), "count-stopped");
    assert_string_equal(rb_figure_what_name(RB_FIGURE_DISPLACED), "displaced");
}

static void a_designation(void **state) {
    (void)state;
    struct rb_arena a = arena();
    struct rb_designation v;
    struct rb_slice b = diag("{1:\"D\",2:1,3:[[\"one\",\"uno\",null],[\"two\",null,\"n\"]],4:[{1:["
                             "1,2,3]}],5:#8,6:\"r\"}",
                             mem, sizeof mem);
    assert_int_equal(rb_designation_decode(b, &a, &v, NULL), RB_OK);
    assert_true(v.side == RB_SIDE_OUTSIDE && v.subjects_n == 2 && v.volumes_n == 1 && v.has_of &&
                v.of.b[0] == 8);
    assert_true(rb_slice_is(v.subjects[0].also, "uno") && v.subjects[0].note.n == 0);
    assert_true(rb_slice_is(v.subjects[1].name, "two") && rb_slice_is(v.subjects[1].note, "n"));
    assert_true(rb_slice_is(v.reason, "r"));
    assert_string_equal(rb_side_name(v.side), "outside");
}

static void a_text(void **state) {
    (void)state;
    struct rb_arena a = arena();
    struct rb_text v;
    struct rb_slice b =
        diag("{1:\"T\",2:3,3:[\"a\",\"b\",\"c\"],4:#1,5:{1:3,4:99},6:\"e\",7:2,8:[1,3]}", mem,
             sizeof mem);
    assert_int_equal(rb_text_decode(b, &a, &v, NULL), RB_OK);
    assert_true(v.version == 3 && v.paragraphs_n == 3 && rb_slice_is(v.paragraphs[2], "c"));
    assert_true(v.has_previous && v.has_adoption && v.adoption.rule == RB_RULE_SILENCE &&
                v.adoption.by_utc_ms == 99);
    assert_true(v.has_pen && v.pen == 2 && v.bracketed_n == 2 && v.bracketed[1] == 3);
    assert_string_equal(rb_rule_name(RB_RULE_GUARANTORS), "guarantors");
}

/* part 0 of a closed text: the same map without its paragraphs, of which there are so many */
static void a_heading(void **state) {
    (void)state;
    struct rb_arena a = arena();
    struct rb_reject rj = {0};
    struct rb_text v;
    struct rb_slice b = diag("{1:\"T\",2:3,4:#1,5:{1:1,2:2},6:\"e\",7:2,8:[1,3]}", mem, sizeof mem);
    assert_int_equal(rb_text_heading_decode(b, 3, &a, &v, &rj), RB_OK);
    assert_true(rb_slice_is(v.title, "T") && v.version == 3 && v.paragraphs_n == 0);
    assert_true(v.has_previous && v.has_adoption && v.adoption.rule == RB_RULE_QUORUM &&
                v.adoption.quorum == 2);
    assert_true(v.has_pen && v.pen == 2 && v.bracketed_n == 2 && v.bracketed[1] == 3);
    assert_int_equal(rb_text_heading_decode(b, 2, &a, &v, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "3.6.19");
    assert_int_equal(rb_text_heading_decode(b, 0, &a, &v, &rj), RB_ERR_MALFORMED);
    b = diag("{1:\"T\",2:3,5:{1:1}}", mem, sizeof mem); /* a quorum of nobody knows how many */
    assert_int_equal(rb_text_heading_decode(b, 2, &a, &v, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "3.6.31");
}

static void an_agreement_and_progress(void **state) {
    (void)state;
    struct rb_arena a = arena();
    struct rb_agreement v;
    struct rb_progress p;
    struct rb_slice b =
        diag("{1:\"A\",3:#1,4:[0,1],5:[\"they\",\"those\"],6:[[1,\"first\",1,null,5000],"
             "[7,\"last\",null,\"they\",null]],8:44}",
             mem, sizeof mem);
    assert_int_equal(rb_agreement_decode(b, &a, &v, NULL), RB_OK);
    assert_true(v.has_adopts && v.parties == 3 && v.others.n == 2 &&
                rb_slice_is(v.others.name[1], "those"));
    assert_true(v.steps_n == 2 && v.steps[0].has_owner && v.steps[0].owner == 1 &&
                v.steps[0].due_utc_ms == 5000);
    assert_true(v.steps[1].number == 7 && !v.steps[1].has_owner && !v.steps[1].has_due &&
                rb_slice_is(v.steps[1].by, "they"));
    assert_true(v.has_signed_at && v.signed_at_utc_ms == 44);
    b = diag("{1:#9,2:7,3:2,4:\"later\",5:8000}", mem, sizeof mem);
    assert_int_equal(rb_progress_decode(b, &p, NULL), RB_OK);
    assert_true(p.agreement.b[0] == 9 && p.step == 7 && p.state == RB_PROGRESS_DELAYED &&
                p.expected_utc_ms == 8000);
    assert_string_equal(rb_progress_state_name(RB_PROGRESS_NOT_DONE), "not-done");
}

static void a_contact_and_readout(void **state) {
    (void)state;
    struct rb_arena a = arena();
    struct rb_contact v;
    struct rb_readout r;
    struct rb_slice b = diag(
        "{1:1,2:\"M\",3:1,4:[3],5:[\"other countries\"],6:77,7:\"ministers\",8:\"agenda\",9:27}",
        mem, sizeof mem);
    assert_int_equal(rb_contact_decode(b, &a, &v, NULL), RB_OK);
    assert_true(v.way == RB_CONTACT_MEETING && v.stage == RB_CONTACT_HELD && v.with == 8 &&
                v.minutes == 27);
    assert_true(v.others.n == 1 && v.has_at && v.at_utc_ms == 77 &&
                rb_slice_is(v.level, "ministers"));
    b = diag("{1:\"R\",2:\"text\",3:#2,4:77,5:\"press office\"}", mem, sizeof mem);
    assert_int_equal(rb_readout_decode(b, &r, NULL), RB_OK);
    assert_true(r.has_contact && r.contact.b[0] == 2 && r.has_at &&
                rb_slice_is(r.by, "press office"));
    assert_string_equal(rb_contact_way_name(v.way), "meeting");
    assert_string_equal(rb_contact_stage_name(v.stage), "held");
}

/* no room: said, and nothing is half written */
static void no_room(void **state) {
    (void)state;
    static uint8_t little[40];
    struct rb_reject rj = {0};
    struct rb_agreement v = {.steps_n = 99};
    struct rb_slice b = diag("{1:\"A\",6:[[1,\"first\",1,null,5000]]}", mem, sizeof mem);
    struct rb_arena a = rb_arena(little, sizeof little);
    assert_int_equal(rb_agreement_decode(b, &a, &v, &rj), RB_ERR_LIMIT);
    assert_string_equal(rj.clause, "3.6.20");
    assert_int_equal(v.steps_n, 99);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals),
        cmocka_unit_test(a_request),
        cmocka_unit_test(a_cessation),
        cmocka_unit_test(an_incident_and_findings),
        cmocka_unit_test(a_figure),
        cmocka_unit_test(a_designation),
        cmocka_unit_test(a_text),
        cmocka_unit_test(a_heading),
        cmocka_unit_test(an_agreement_and_progress),
        cmocka_unit_test(a_contact_and_readout),
        cmocka_unit_test(no_room),
    };
    return cmocka_run_group_tests_name("instrument", tests, NULL, NULL);
}
