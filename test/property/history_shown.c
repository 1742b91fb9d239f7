/* What is shown of instruments, too, is one function of what is held: all views of a situation as a
 * hash, and what was met among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "history.h"
#include "readback/report.h"

struct hist_met hist_met;
struct rb_hash hist_shown;

static void put_adopted(struct rb_writer *o, const struct rb_adoption_view *v) {
    rb_cbor_put_uint(o, (uint64_t)v->state);
    rb_cbor_put_int(o, v->since_utc_ms);
    for (size_t i = 0; i < v->voices_n; i++) {
        rb_cbor_put_uint(o, v->voices[i].member);
        rb_cbor_put_uint(o, v->voices[i].record);
    }
}
static void put_truce(struct rb_writer *o, const struct rb_cessation_view *v) {
    const int64_t said[] = {v->instrument, v->extends,           v->declared,
                            v->has_end,    v->start_utc_ms,      v->end_utc_ms,
                            v->gap_ms,     v->length_differs_ms, (int64_t)v->bound};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        rb_cbor_put_int(o, said[i]);
    put_adopted(o, &v->adoption);
    for (size_t i = 0; i < v->accessions_n; i++) {
        rb_cbor_put_uint(o, v->accessions[i].record);
        rb_cbor_put_uint(o, (uint64_t)v->accessions[i].verdict);
        rb_cbor_put_int(o, v->accessions[i].until_ms);
    }
    for (size_t i = 0; i < v->withdrawals_n; i++) {
        rb_cbor_put_uint(o, v->withdrawals[i].record);
        rb_cbor_put_int(o, v->withdrawals[i].until_ms);
    }
}
static void put_deal(struct rb_writer *o, const struct rb_agreement_view *v) {
    rb_cbor_put_uint(o, v->instrument);
    put_adopted(o, &v->adoption);
    for (size_t i = 0; i < v->steps_n; i++) {
        const struct rb_step_view *p = &v->steps[i];
        const uint64_t said[] = {(uint64_t)p->state, p->report,
                                 p->confirmed,       p->disputed,
                                 p->overdue,         2u * p->late + p->contested_by_time};
        for (size_t k = 0; k < sizeof said / sizeof *said; k++)
            rb_cbor_put_uint(o, said[k]);
    }
}

void hist_show_lots(struct fx *w, const struct rb_situation *s) {
    static uint8_t buf[1u << 18];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    for (uint32_t lot = 0; lot < s->lots_n; lot++) {
        struct rb_cessation_lot c;
        struct rb_agreement_lot d;
        if (s->lots[lot].kind == RB_KIND_CESSATION) {
            assert_int_equal(rb_lot_cessation(s, lot, &w->folds, &c), RB_OK);
            hist_check_bound(s, &c);
            for (size_t i = 0; i < c.n; i++) {
                put_truce(&o, &c.cessations[i]);
                hist_met.bound += c.cessations[i].bound != 0;
                hist_met.gaps += c.cessations[i].gap_ms != 0;
                hist_met.acceded += c.cessations[i].accessions_n;
                hist_met.parted += c.cessations[i].withdrawals_n;
            }
        }
        if (s->lots[lot].kind == RB_KIND_AGREEMENT) {
            assert_int_equal(rb_lot_agreement(s, lot, &w->folds, &d), RB_OK);
            for (size_t i = 0; i < d.n; i++) {
                put_deal(&o, &d.agreements[i]);
                for (size_t k = 0; k < d.agreements[i].steps_n; k++) {
                    hist_met.steps[d.agreements[i].steps[k].state]++;
                    hist_met.confirmed_steps += d.agreements[i].steps[k].confirmed != 0;
                }
            }
        }
    }
    assert_false(o.over);
    rb_sha256(rb_written(&o), &hist_shown);
    for (size_t i = 0; i < s->instruments_n; i++)
        hist_met.states[s->instruments[i].state]++;
}

static uint8_t views[1 << 20];

static void put_asked(struct rb_writer *o, const struct rb_asked *a, size_t n) {
    rb_put_u64(o, n);
    for (size_t i = 0; i < n; i++) {
        const uint8_t flags[] = {(uint8_t)a[i].member,   a[i].answer,      a[i].delivered,
                                 a[i].unanswered,        a[i].undelivered, a[i].late,
                                 a[i].contested_by_time, a[i].unread};
        rb_put(o, flags, sizeof flags);
        rb_put_u32(o, a[i].record);
        rb_put_u64(o, (uint64_t)a[i].delivered_utc_ms);
        hist_met.unread_answer += a[i].unread;
    }
}

static void put_requests(struct rb_writer *o, const struct rb_request_lot *l) {
    for (size_t i = 0; i < l->n; i++) {
        rb_put_u32(o, l->requests[i].instrument);
        put_asked(o, l->requests[i].asked, l->requests[i].asked_n);
    }
}

static void put_contacts(struct rb_writer *o, const struct rb_contact_lot *l) {
    for (size_t i = 0; i < l->contacts_n; i++) {
        rb_put_u32(o, l->contacts[i].instrument);
        rb_put_u64(o, l->contacts[i].took_place);
        put_asked(o, l->contacts[i].members, l->contacts[i].asked_n);
    }
    for (size_t i = 0; i < l->readouts_n; i++) {
        const struct rb_readout_view *r = &l->readouts[i];
        rb_put_u32(o, r->instrument);
        rb_put_u32(o, r->contact);
        rb_put_u64(o, r->same);
        rb_put_u64(o, r->accepted);
        rb_put_u64(o, r->rejected);
        hist_met.agreed += r->agreed;
    }
}

static void put_columns(struct rb_writer *o, const struct rb_column *c, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const uint8_t flags[] = {(uint8_t)c[i].member, c[i].position, c[i].unread};
        rb_put(o, flags, sizeof flags);
        rb_put_u32(o, c[i].record);
    }
}

static void put_assertion(struct rb_writer *o, const struct rb_assertion_view *a) {
    rb_put_u32(o, a->instrument);
    rb_put_u64(o, a->attachments_n);
    hist_met.attached += a->attachments_n > 0;
    put_columns(o, a->columns, a->columns_n);
    for (size_t i = 0; i < a->findings_n; i++) {
        rb_put_u32(o, a->findings[i].instrument);
        put_columns(o, a->findings[i].columns, a->findings[i].columns_n);
    }
}

static void put_incidents(struct fx *w, const struct rb_situation *s, struct rb_writer *o) {
    const struct rb_incident_view *v;
    size_t n, assertions = 0;
    assert_int_equal(rb_incidents(s, &w->folds, &v, &n), RB_OK);
    for (size_t i = 0; i < n; i++) {
        rb_put_u32(o, v[i].instrument);
        for (size_t k = 0; k < v[i].assertions_n; k++)
            put_assertion(o, &v[i].assertions[k]);
        for (size_t k = 0; k < v[i].proposed_n; k++)
            rb_put_u32(o, v[i].proposed[k]);
        assert_true(v[i].assertions_n > 0);
        assert_int_equal(v[i].instrument, v[i].assertions[0].instrument); /* the first is the id */
        hist_met.merged += v[i].assertions_n > 1;
        hist_met.proposed += v[i].proposed_n > 0;
        assertions += v[i].assertions_n;
    }
    for (size_t i = 0; i < s->instruments_n; i++) /* each stands in one incident */
        assertions -= s->order[s->instruments[i].record].mark == RB_MARK_NONE &&
                      rb_situation_fact(s, s->instruments[i].record)->kind == RB_KIND_INCIDENT;
    assert_int_equal(assertions, 0);
}

static void put_report(struct fx *w, const struct rb_situation *s, struct rb_writer *o) {
    struct rb_report r;
    assert_int_equal(
        rb_report_make(s, FX_START_MS, FX_START_MS + 20000, FX_START_MS + 60000, &w->folds, &r),
        RB_OK);
    rb_put_u64(o, r.asserted.now);
    rb_put_u64(o, r.asserted.before);
    for (size_t i = 0; i < r.members_n; i++)
        rb_put_u64(o, r.members[i].confirmed.now + 1000 * r.members[i].disputed.now);
    for (size_t i = 0; i < r.waiting_n; i++)
        rb_put_u32(o, r.waiting[i]);
    hist_met.reported += r.asserted.now > 0;
    hist_met.waiting += r.waiting_n > 0;
}

/* all views of a situation, as a hash */
struct rb_hash hist_views_of(struct fx *w, struct rb_book *b, int64_t now) {
    struct rb_writer o = rb_writer(views, sizeof views);
    struct rb_slice all;
    struct rb_hash h;
    hist_force(w, b);
    rb_arena_reset(&w->folds);
    const struct rb_situation *s = fx_fold(w, b, now);
    for (uint32_t i = 0; i < s->lots_n; i++) {
        struct rb_request_lot request;
        struct rb_contact_lot contact;
        if (rb_lot_request(s, i, &w->folds, &request) == RB_OK) put_requests(&o, &request);
        if (rb_lot_contact(s, i, &w->folds, &contact) == RB_OK) put_contacts(&o, &contact);
    }
    put_incidents(w, s, &o);
    put_report(w, s, &o);
    assert_int_equal(rb_writer_done(&o, &all), RB_OK);
    rb_sha256(all, &h);
    return h;
}
