/* What can be pointed out of cessations from their bodies alone, spec 16.4.6. */
#include "readback/truce.h"

int64_t rb_cessation_length_differs_ms(const struct rb_cessation *c) {
    int64_t real, differs;
    if (c->length_ms == 0 || !c->has_end) return 0;
    if (__builtin_sub_overflow(c->end_utc_ms, c->start_utc_ms, &real)) return 0;
    return __builtin_sub_overflow(c->length_ms, real, &differs) ? INT64_MAX : differs;
}

uint64_t rb_cessation_parties(const struct rb_cessation *c, uint16_t author) {
    return c->parties != 0 ? c->parties : UINT64_C(1) << author;
}

int64_t rb_cessation_gap_ms(const struct rb_cessation *extended,
                            const struct rb_cessation *extension) {
    int64_t gap;
    if (!extended->has_end || extension->start_utc_ms <= extended->end_utc_ms) return 0;
    return __builtin_sub_overflow(extension->start_utc_ms, extended->end_utc_ms, &gap) ? INT64_MAX
                                                                                       : gap;
}

/* ---- overlap ----------------------------------------------------------------------------------
 */

static bool common_time(const struct rb_cessation *a, const struct rb_cessation *b) {
    return (!a->has_end || b->start_utc_ms < a->end_utc_ms) &&
           (!b->has_end || a->start_utc_ms < b->end_utc_ms);
}

/* its areas, each as long as the cessation lasts */
static enum rb_err extents(const struct rb_cessation *c, struct rb_arena *work,
                           struct rb_extent *out, struct rb_reject *rj) {
    for (size_t i = 0; i < c->volumes_n; i++) {
        RB_TRY(rb_extent_prepare(&c->volumes[i], work, &out[i], rj));
        if (c->start_utc_ms > out[i].from_utc_ms) out[i].from_utc_ms = c->start_utc_ms;
        if (c->has_end && c->end_utc_ms < out[i].to_utc_ms) out[i].to_utc_ms = c->end_utc_ms;
    }
    return RB_OK;
}

/* an area's own time may lie outside that of its cessation: there it says nothing */
static bool ever(const struct rb_extent *e) {
    return e->from_utc_ms < e->to_utc_ms;
}

static enum rb_answer any_pair(const struct rb_extent *a, size_t a_n, const struct rb_extent *b,
                               size_t b_n, const struct rb_verdict_terms *terms) {
    struct rb_verdict_terms t = *terms;
    enum rb_answer worst = RB_ANSWER_NONE_FOUND;
    t.standoff_mm = 0;
    t.measure = false;
    for (size_t i = 0; i < a_n; i++)
        for (size_t k = 0; k < b_n; k++) {
            struct rb_verdict v;
            if (!ever(&a[i]) || !ever(&b[k])) continue;
            rb_verdict(&a[i], &b[k], &t, &v);
            if (v.answer == RB_ANSWER_CONFLICT) return RB_ANSWER_CONFLICT;
            if (v.answer != RB_ANSWER_NONE_FOUND) worst = v.answer;
        }
    return worst;
}

static enum rb_err areas_overlap(const struct rb_cessation *a, const struct rb_cessation *b,
                                 const struct rb_verdict_terms *terms, struct rb_arena *work,
                                 enum rb_answer *out, struct rb_reject *rj) {
    struct rb_extent *x = rb_arena_array(work, a->volumes_n, sizeof *x);
    struct rb_extent *y = rb_arena_array(work, b->volumes_n, sizeof *y);
    if (x == NULL || y == NULL)
        return rb_reject(rj, RB_ERR_LIMIT, "16.4.6", "no room to compare areas", 0);
    RB_TRY(extents(a, work, x, rj));
    RB_TRY(extents(b, work, y, rj));
    *out = any_pair(x, a->volumes_n, y, b->volumes_n, terms);
    return RB_OK;
}

enum rb_err rb_cessations_overlap(const struct rb_cessation *a, uint64_t a_parties,
                                  const struct rb_cessation *b, uint64_t b_parties,
                                  const struct rb_verdict_terms *terms, struct rb_arena *work,
                                  enum rb_answer *out, struct rb_reject *rj) {
    const size_t mark = rb_arena_mark(work);
    if (a_parties == b_parties || !common_time(a, b)) {
        *out = RB_ANSWER_NONE_FOUND;
        return RB_OK;
    }
    if (a->volumes_n == 0 || b->volumes_n == 0) {
        *out = RB_ANSWER_NOT_EXCLUDED;
        return RB_OK;
    }
    const enum rb_err err = areas_overlap(a, b, terms, work, out, rj);
    rb_wipe(work->p + mark, work->used - mark);
    rb_arena_release(work, mark);
    return err;
}
