/* Figures beside figures, designations beside designations: spec 16.6, 16.7. */
#include "readback/compare.h"
#include "internal.h"

const char *rb_overlap_name(enum rb_overlap o) {
    switch (o) {
    case RB_OVERLAP_NONE:
        return "none";
    case RB_OVERLAP_MEET:
        return "overlap";
    case RB_OVERLAP_NOT_EXCLUDED:
        return "cannot be excluded";
    }
    return "?";
}

/* ---- areas ------------------------------------------------------------------------------------
 */

enum rb_err rb_areas_prepare(const struct rb_volume *v, size_t n, struct rb_arena *a,
                             struct rb_areas *out) {
    struct rb_areas made = {.n = n};
    made.area = rb_arena_array(a, n, sizeof *made.area);
    if (made.area == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < n; i++) {
        const enum rb_err err = rb_outline_prepare(&v[i], a, &made.area[i].outline, NULL);
        if (err == RB_ERR_LIMIT) return err;
        if (err != RB_OK) made.area[i].outline = NULL;
        made.area[i].accuracy_mm = v[i].accuracy_mm;
    }
    *out = made;
    return RB_OK;
}

enum rb_overlap rb_area_overlap(const struct rb_area *a, const struct rb_area *b, uint64_t *looks) {
    if (a->outline == NULL || b->outline == NULL) return RB_OVERLAP_NOT_EXCLUDED;
    const enum rb_near as_stated = rb_outline_near_by(a->outline, b->outline, 0, looks);
    const uint64_t accuracy = a->accuracy_mm + b->accuracy_mm;
    if (as_stated == RB_NEAR_WITHIN) return RB_OVERLAP_MEET;
    if (as_stated == RB_NEAR_UNDECIDED) return RB_OVERLAP_NOT_EXCLUDED;
    if (accuracy == 0) return RB_OVERLAP_NONE;
    const bool apart = rb_outline_near_by(a->outline, b->outline, accuracy, looks) == RB_NEAR_APART;
    return apart ? RB_OVERLAP_NONE : RB_OVERLAP_NOT_EXCLUDED;
}

/* ---- figures ----------------------------------------------------------------------------------
 */

static bool same_name(struct rb_slice a, struct rb_slice b) {
    return a.n > 0 && rb_slice_eq(a, b);
}

/* half-open; an end that is not stated may be anywhere */
static enum rb_overlap periods(const struct rb_period *a, const struct rb_period *b) {
    if (a->has_to && b->has_from && a->to_utc_ms <= b->from_utc_ms) return RB_OVERLAP_NONE;
    if (b->has_to && a->has_from && b->to_utc_ms <= a->from_utc_ms) return RB_OVERLAP_NONE;
    const bool stated = a->has_from && a->has_to && b->has_from && b->has_to;
    return stated ? RB_OVERLAP_MEET : RB_OVERLAP_NOT_EXCLUDED;
}

static enum rb_overlap areas(const struct rb_figure *a, const struct rb_areas *aa,
                             const struct rb_figure *b, const struct rb_areas *ba,
                             uint64_t *looks) {
    enum rb_overlap best = RB_OVERLAP_NONE;
    if (same_name(a->area, b->area)) return RB_OVERLAP_MEET;
    if (aa->n == 0 || ba->n == 0) return RB_OVERLAP_NOT_EXCLUDED;
    for (size_t i = 0; i < aa->n; i++)
        for (size_t k = 0; k < ba->n; k++) {
            const enum rb_overlap o = rb_area_overlap(&aa->area[i], &ba->area[k], looks);
            if (o == RB_OVERLAP_MEET) return o;
            if (o == RB_OVERLAP_NOT_EXCLUDED) best = o;
        }
    return best;
}

static enum rb_overlap both(enum rb_overlap a, enum rb_overlap b) {
    if (a == RB_OVERLAP_NONE || b == RB_OVERLAP_NONE) return RB_OVERLAP_NONE;
    return a == RB_OVERLAP_MEET && b == RB_OVERLAP_MEET ? RB_OVERLAP_MEET : RB_OVERLAP_NOT_EXCLUDED;
}

void rb_figures_compare(const struct rb_figure *a, const struct rb_areas *a_areas,
                        const struct rb_figure *b, const struct rb_areas *b_areas, uint64_t *looks,
                        struct rb_figures_beside *out) {
    struct rb_figures_beside v = {.same_what = a->what == b->what};
    const bool stopped =
        a->status == RB_FIGURE_COUNT_STOPPED || b->status == RB_FIGURE_COUNT_STOPPED;
    v.same_counter = same_name(a->counted_by, b->counted_by);
    v.same_source = same_name(a->source, b->source) || same_name(a->source, b->counted_by) ||
                    same_name(a->counted_by, b->source);
    v.stopped = v.same_counter && stopped;
    if (v.same_counter && a->sources > 0 && b->sources > 0) {
        v.fewer_sources = b->sources < a->sources;
        v.more_sources = b->sources > a->sources;
    }
    if (v.same_what && !stopped) {
        v.period = periods(&a->period, &b->period);
        v.area = areas(a, a_areas, b, b_areas, looks);
        v.overlap = both(v.period, v.area);
    }
    *out = v;
}

/* ---- designations -----------------------------------------------------------------------------
 */

struct spoken { /* a name as written, by whom, on which side; then of all that write it so */
    struct rb_slice name;
    uint64_t inside, outside;
};
struct names {
    struct spoken *s;
    size_t n;
};

static int name_cmp(const void *pa, const void *pb) {
    const struct spoken *a = pa, *b = pb;
    const size_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
    const int c = n == 0 ? 0 : memcmp(a->name.p, b->name.p, n);
    if (c != 0) return c;
    return a->name.n < b->name.n ? -1 : a->name.n > b->name.n;
}

static void speak(struct names *all, const struct rb_designated *d, struct rb_slice name) {
    const uint64_t bit = 1ull << d->party;
    const bool inside = d->designation->side == RB_SIDE_INSIDE;
    if (name.n == 0) return;
    all->s[all->n++] = (struct spoken){name, inside ? bit : 0, inside ? 0 : bit};
}

static enum rb_err gather(const struct rb_designated *d, size_t n, size_t subjects,
                          struct rb_arena *a, struct names *all) {
    size_t kept = 0;
    *all = (struct names){rb_arena_array(a, 2 * subjects, sizeof *all->s), 0};
    if (all->s == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < d[i].designation->subjects_n; k++) {
            speak(all, &d[i], d[i].designation->subjects[k].name);
            speak(all, &d[i], d[i].designation->subjects[k].also);
        }
    rb_sort(all->s, all->n, sizeof *all->s, name_cmp);
    for (size_t i = 0; i < all->n; i++) {
        struct spoken *last = kept == 0 ? NULL : &all->s[kept - 1];
        if (last == NULL || name_cmp(last, &all->s[i]) != 0) {
            all->s[kept++] = all->s[i];
            continue;
        }
        last->inside |= all->s[i].inside;
        last->outside |= all->s[i].outside;
    }
    all->n = kept;
    return RB_OK;
}

static void look_up(const struct names *all, struct rb_slice name, struct rb_subject_beside *v) {
    const struct spoken key = {.name = name};
    size_t lo = 0, hi = all->n;
    if (name.n == 0) return;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (name_cmp(&all->s[mid], &key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    v->inside |= all->s[lo].inside; /* it is one of them */
    v->outside |= all->s[lo].outside;
}

static enum rb_err compare_subjects(const struct rb_designated *d, size_t n, struct rb_arena *a,
                                    struct rb_designations_beside *out) {
    struct names all;
    uint64_t parties = 0;
    size_t subjects = 0;
    for (size_t i = 0; i < n; i++) {
        parties |= 1ull << d[i].party;
        subjects += d[i].designation->subjects_n;
    }
    RB_TRY(gather(d, n, subjects, a, &all));
    out->subjects = rb_arena_array(a, subjects, sizeof *out->subjects);
    if (out->subjects == NULL) return RB_ERR_LIMIT;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < d[i].designation->subjects_n; k++) {
            struct rb_subject_beside *v = &out->subjects[out->subjects_n++];
            *v = (struct rb_subject_beside){.designation = i, .subject = k};
            look_up(&all, d[i].designation->subjects[k].name, v);
            look_up(&all, d[i].designation->subjects[k].also, v);
            v->silent = parties & ~(v->inside | v->outside);
        }
    return RB_OK;
}

static void compare_two(const struct rb_designated *d, uint32_t inside, uint32_t outside,
                        uint64_t *looks, struct rb_designations_beside *out) {
    const struct rb_areas *ia = &d[inside].areas, *oa = &d[outside].areas;
    for (uint32_t i = 0; i < ia->n; i++)
        for (uint32_t k = 0; k < oa->n; k++) {
            const enum rb_overlap o = rb_area_overlap(&ia->area[i], &oa->area[k], looks);
            if (o == RB_OVERLAP_NONE) continue;
            out->more_areas = out->areas_n == RB_MAX_AREAS_BESIDE;
            if (out->more_areas) return;
            out->areas[out->areas_n++] = (struct rb_areas_beside){inside, i, outside, k, o};
        }
}

static enum rb_err compare_areas(const struct rb_designated *d, size_t n, uint64_t *looks,
                                 struct rb_arena *a, struct rb_designations_beside *out) {
    out->areas = rb_arena_array(a, RB_MAX_AREAS_BESIDE, sizeof *out->areas);
    if (out->areas == NULL) return RB_ERR_LIMIT;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < n && !out->more_areas; k++)
            if (d[i].party != d[k].party && d[i].designation->side == RB_SIDE_INSIDE &&
                d[k].designation->side == RB_SIDE_OUTSIDE)
                compare_two(d, i, k, looks, out);
    return RB_OK;
}

enum rb_err rb_designations_compare(const struct rb_designated *d, size_t n, uint64_t *looks,
                                    struct rb_arena *a, struct rb_designations_beside *out) {
    struct rb_designations_beside v = {0};
    RB_TRY(compare_subjects(d, n, a, &v));
    RB_TRY(compare_areas(d, n, looks, a, &v));
    *out = v;
    return RB_OK;
}
