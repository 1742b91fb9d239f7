#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "fixture_place.h"

static const char *const names[] = {"operation", "exercise", "movement", "site", "area"};

struct rb_volume fp_volume(const struct fp_notice *x) {
    struct rb_volume v = {.shape = RB_SHAPE_CIRCLE,
                          .radius_mm = x->radius_m * 1000,
                          .has_from = x->from != 0,
                          .has_to = x->to != 0,
                          .from_utc_ms = x->from,
                          .to_utc_ms = x->to};
    v.center = (struct rb_point){35 * RB_NANODEG, 36 * RB_NANODEG + x->east_m * 10957};
    v.floor.open = v.ceiling.open = true;
    return v;
}

struct rb_slice fp_body(const struct fp_notice *x) {
    static uint8_t body[4096];
    struct rb_volume v = fp_volume(x);
    struct rb_notice no = {.class_ = x->class_,
                           .title = rb_str(x->title ? x->title : names[x->class_]),
                           .volumes_n = x->radius_m > 0,
                           .volumes = &v,
                           .has_review = x->review != 0,
                           .review_utc_ms = x->review};
    struct rb_writer w = rb_writer(body, sizeof body);
    rb_notice_encode(&no, &w);
    assert_false(w.over);
    return rb_written(&w);
}

static enum rb_err say_open(struct fn_world *w, size_t who, const uint8_t ch[16],
                            const struct fp_notice *x, struct rb_hash *id) {
    struct rb_record *rec = calloc(1, sizeof *rec);
    struct rb_event ev = {0};
    rec->kind = RB_KIND_NOTICE;
    rec->precedence = RB_ROUTINE;
    rec->body = fp_body(x);
    if (x->supersedes) {
        rec->refs[RB_REF_SUPERSEDES].n = 1;
        rec->refs[RB_REF_SUPERSEDES].h[0] = *x->supersedes;
    }
    ev.u.submit.despite = x->despite;
    enum rb_err err = fn_release_with(w, &w->p[who], ch, rec, rb_slice(NULL, 0),
                                      x->signers ? x->signers : 1, &ev, id);
    free(rec);
    return err;
}

enum rb_err fp_say(struct fn_world *w, size_t who, const uint8_t ch[16], const struct fp_notice *x,
                   struct rb_hash *id) {
    if (x->readers == 0) return say_open(w, who, ch, x, id);
    struct fn_closed c = {.kind = RB_KIND_NOTICE,
                          .body = fp_body(x),
                          .recipients = x->readers,
                          .supersedes = x->supersedes,
                          .despite = x->despite};
    return fn_say_closed(w, &w->p[who], ch, &c, x->signers ? x->signers : 1, id);
}

enum rb_err fp_second(struct fn_world *w, size_t who, const uint8_t ch[16], bool despite,
                      struct rb_hash *id) {
    static uint8_t payload[RB_MAX_LEAF];
    struct rb_draft_view d;
    struct rb_event ev = {0};
    assert_true(rb_node_draft(w->p[who].rb, 0, &d));
    memcpy(payload, d.payload.p, d.payload.n);
    ev.u.submit.despite = despite;
    return fn_submit_signed(w, &w->p[who], ch, rb_slice(payload, d.payload.n), 1, 2, 2, &ev, id);
}

enum rb_err fp_answer(struct fn_world *w, size_t who, const uint8_t ch[16],
                      enum rb_position_type type, const struct rb_hash *subject, uint64_t to,
                      struct rb_hash *id) {
    static uint8_t body[512];
    struct rb_writer b = rb_writer(body, sizeof body);
    struct rb_position pos = {.type = type};
    if (type == RB_POSITION_PASSED_DOWN) pos.level = rb_str("brigade");
    rb_position_encode(&pos, &b);
    struct fn_closed c = {.kind = RB_KIND_POSITION,
                          .body = rb_written(&b),
                          .recipients = to | 1ull << who,
                          .answers = subject};
    return fn_say_closed(w, &w->p[who], ch, &c, 1, id);
}

struct fn_world *fp_world(uint8_t ch[16], bool two_officers) {
    return fp_world_of(ch, two_officers, 3, 70000); /* past when nobody is called silent */
}

struct fn_world *fp_world_of(uint8_t ch[16], bool two_officers, size_t parties, uint64_t pass_ms) {
    struct fn_world *w = fn_world(parties);
    struct rb_charter *c = calloc(1, sizeof *c);
    c->exercise = true;
    c->standoff_mm[RB_NOTICE_SITE] = FP_STANDOFF_MM;
    c->standoff_mm[RB_NOTICE_MOVEMENT] = 200000;
    c->lead_ms[RB_NOTICE_OPERATION] = FP_DAY;
    if (two_officers) {
        c->policies_n = 1;
        c->policies[0] = (struct rb_kind_policy){
            .kind = RB_KIND_NOTICE, .disclosure = RB_DISCLOSE_UNSAID, .two_officers = true};
    }
    fn_found(w, true, c, ch);
    free(c);
    fn_pass(w, pass_ms);
    fp_forget_alerts(w);
    return w;
}

void fp_end(struct fn_world *w) {
    fn_mute = false;
    fn_watch = NULL;
    fn_free(w);
}

/* ---- looking -----------------------------------------------------------------------------------
 */
static uint8_t found_mem[32u << 20];

enum rb_err fp_check(struct fn_world *w, size_t at, const uint8_t ch[16], const struct fp_notice *x,
                     struct rb_conflicts *out) {
    struct rb_channel_view v;
    struct rb_volume volume = fp_volume(x);
    struct rb_arena a = rb_arena(found_mem, sizeof found_mem);
    int64_t again;
    assert_true(rb_node_channel_by_id(w->p[at].rb, ch, &v));
    struct rb_node_plan plan = {.author = v.own_member,
                                .class_ = (enum rb_place_class)x->class_,
                                .volumes_n = x->radius_m > 0,
                                .volumes = &volume};
    if (x->supersedes) {
        plan.supersedes_n = 1;
        plan.supersedes = x->supersedes;
    }
    memset(out, 0, sizeof *out);
    return rb_node_check(w->p[at].rb, ch, &plan, w->utc_ms, &a, out, &again, NULL);
}

size_t fp_found(struct fn_world *w, size_t at, const uint8_t ch[16], const struct fp_notice *x) {
    struct rb_conflicts c;
    assert_int_equal(fp_check(w, at, ch, x, &c), RB_OK);
    return c.n;
}

bool fp_stands(struct fn_world *w, size_t at, const uint8_t ch[16], const struct rb_hash *id) {
    struct rb_place_view v;
    return rb_node_place_of(w->p[at].rb, ch, id, w->utc_ms, &v) && v.stands;
}

const struct rb_effect *fp_alert(struct fn_world *w, size_t at, enum rb_alert_type what) {
    for (size_t i = 0; i < w->p[at].alerts_n; i++)
        if (w->p[at].alerts[i].u.alert.alert == what) return &w->p[at].alerts[i];
    return NULL;
}

size_t fp_alerts(struct fn_world *w, size_t at, enum rb_alert_type what) {
    size_t k = 0;
    assert_true(w->p[at].alerts_n < 256); /* none was lost */
    for (size_t i = 0; i < w->p[at].alerts_n; i++)
        k += w->p[at].alerts[i].u.alert.alert == what;
    return k;
}

void fp_forget_alerts(struct fn_world *w) {
    for (size_t i = 0; i < w->n; i++)
        w->p[i].alerts_n = 0;
}
