/* The verdict over two volumes, spec 10.3: time, altitude and place, the cheapest first. */
#include "altitude.h"

enum rb_err rb_extent_prepare(const struct rb_volume *v, struct rb_arena *arena,
                              struct rb_extent *out, struct rb_reject *rj) {
    struct rb_extent x = {.floor = v->floor,
                          .ceiling = v->ceiling,
                          .from_utc_ms = v->has_from ? v->from_utc_ms : INT64_MIN,
                          .to_utc_ms = v->has_to ? v->to_utc_ms : INT64_MAX,
                          .accuracy_mm = v->accuracy_mm};
    RB_TRY(rb_outline_prepare(v, arena, &x.outline, rj));
    *out = x;
    return RB_OK;
}

static uint64_t sum(uint64_t a, uint64_t b) {
    return a + b < a ? UINT64_MAX : a + b;
}

struct altitudes {
    struct rb_heights h;
    enum rb_tri here, apart; /* where the outlines overlap, and where they do not */
    unsigned unsure_here, unsure_apart;
};

static void compare_altitudes(const struct rb_extent *a, const struct rb_extent *b,
                              const struct rb_verdict_terms *terms, struct altitudes *x) {
    *x = (struct altitudes){.unsure_here = 0};
    if (rb_bands_plain(a, b)) {
        x->here = x->apart = rb_bands_overlap(a, b, &x->h, true, &x->unsure_here);
        return; /* and nothing unsure */
    }
    x->h = rb_heights_over(a->outline, b->outline, terms);
    x->here = rb_bands_overlap(a, b, &x->h, true, &x->unsure_here);
    x->apart = rb_bands_overlap(a, b, &x->h, false, &x->unsure_apart);
}

/* Settled which of the altitudes' answers is meant, and that the outlines are near. */
static enum rb_apart conclude(const struct rb_extent *a, const struct rb_extent *b,
                              const struct altitudes *alt, bool overlap, enum rb_near near,
                              struct rb_verdict *v) {
    enum rb_tri altitude = overlap ? alt->here : alt->apart;
    if (altitude == RB_TRI_NO) return RB_APART_ALTITUDE;
    if (altitude == RB_TRI_MAYBE) v->unsure = overlap ? alt->unsure_here : alt->unsure_apart;
    if (near == RB_NEAR_APART) v->unsure |= RB_UNSURE_ACCURACY;
    if (near == RB_NEAR_UNDECIDED) v->unsure |= RB_UNSURE_WORK;
    v->answer = v->unsure == 0 ? RB_ANSWER_CONFLICT : RB_ANSWER_NOT_EXCLUDED;
    v->band = rb_bands_common(a, b, &alt->h, overlap);
    return RB_APART_NOT;
}

static enum rb_apart settle(const struct rb_extent *a, const struct rb_extent *b,
                            const struct rb_verdict_terms *terms, struct rb_verdict *v) {
    struct altitudes alt;
    uint64_t standoff = terms->standoff_mm, accuracy = sum(a->accuracy_mm, b->accuracy_mm);
    v->from_utc_ms = a->from_utc_ms > b->from_utc_ms ? a->from_utc_ms : b->from_utc_ms;
    v->to_utc_ms = a->to_utc_ms < b->to_utc_ms ? a->to_utc_ms : b->to_utc_ms;
    if (v->from_utc_ms >= v->to_utc_ms) return RB_APART_TIME;

    compare_altitudes(a, b, terms, &alt);
    if (alt.here == RB_TRI_NO && alt.apart == RB_TRI_NO) return RB_APART_ALTITUDE;

    enum rb_near wide =
        rb_outline_near_by(a->outline, b->outline, sum(standoff, accuracy), terms->looks);
    if (wide == RB_NEAR_APART) return RB_APART_PLACE;
    enum rb_near near = wide;
    if (accuracy > 0) near = rb_outline_near_by(a->outline, b->outline, standoff, terms->looks);
    if (near == RB_NEAR_APART && wide == RB_NEAR_UNDECIDED) near = wide;

    bool overlap = near == RB_NEAR_WITHIN; /* only matters between heights above ground */
    if (overlap && standoff > 0 && alt.here != alt.apart) {
        enum rb_near touch = rb_outline_near_by(a->outline, b->outline, 0, terms->looks);
        overlap = touch == RB_NEAR_WITHIN;
        if (touch == RB_NEAR_UNDECIDED) near = touch;
    }
    return conclude(a, b, &alt, overlap, near, v);
}

void rb_verdict(const struct rb_extent *a, const struct rb_extent *b,
                const struct rb_verdict_terms *terms, struct rb_verdict *out) {
    struct rb_verdict v = {.answer = RB_ANSWER_NONE_FOUND};
    v.apart = settle(a, b, terms, &v);
    if (terms->measure) v.gap = rb_outline_gap_by(a->outline, b->outline, terms->looks);
    v.measured = terms->measure;
    *out = v;
}

const char *rb_answer_name(enum rb_answer a) {
    switch (a) {
    case RB_ANSWER_NONE_FOUND:
        return "none found";
    case RB_ANSWER_CONFLICT:
        return "conflict";
    case RB_ANSWER_NOT_EXCLUDED:
        return "cannot be excluded";
    }
    return "?";
}
