/* Queries. A walk goes down each run's tree, keeping for every level the block it is in and which
 * of its boxes are still to be looked at; then through the fresh records. Boxes that reach over the
 * antimeridian lie beyond 180 degrees, so the query is asked again a turn further east, and, where
 * it reaches over itself, a turn further west; what met it at home is not given again. */
#include "index_int.h"

/* turns of the query, in their order; DONE ends the walk */
enum { HOME, EAST, WEST, DONE };

/* Does b, `turn` further east, lie in a corner that is cut off a? Its point farthest from the
 * corner says so. Doubles are exact enough: cut is rounded down by more. */
static bool cut_off(const struct rb_volbox *a, const struct rb_volbox *b, int64_t turn) {
    const double wide = (double)a->lon_hi - a->lon_lo, high = (double)a->lat_hi - a->lat_lo;
    const double from_w = (double)(b->lon_hi + turn) - a->lon_lo;
    const double from_e = a->lon_hi - (double)(b->lon_lo + turn);
    const double from_s = (double)b->lat_hi - a->lat_lo, from_n = (double)a->lat_hi - b->lat_lo;
    const double whole = wide * high / 256;
    return from_w * high + from_s * wide < whole * a->cut[0] ||
           from_e * high + from_s * wide < whole * a->cut[1] ||
           from_w * high + from_n * wide < whole * a->cut[2] ||
           from_e * high + from_n * wide < whole * a->cut[3];
}

static bool is_cut(const uint8_t cut[4]) {
    uint32_t all;
    memcpy(&all, cut, sizeof all);
    return all != 0;
}

static bool meets_turned(const struct rb_volbox *a, const struct rb_volbox *b, int64_t turn) {
    return b->lon_lo + turn <= a->lon_hi && a->lon_lo <= b->lon_hi + turn &&
           !(is_cut(a->cut) && cut_off(a, b, turn));
}

bool rb_volbox_meets(const struct rb_volbox *a, const struct rb_volbox *b) {
    if (a->lat_lo > b->lat_hi || b->lat_lo > a->lat_hi || a->t_lo > b->t_hi || b->t_lo > a->t_hi)
        return false;
    return meets_turned(a, b, 0) || meets_turned(a, b, LON_360) || meets_turned(a, b, -LON_360);
}

/* Bit k: box k meets q. Without branches, for the compiler to compare four or more at once. */
static uint32_t meeting(const struct rb_volboxes *b, const struct rb_volbox *q) {
    static const int32_t bit[WIDTH] = {1,       1 << 1,  1 << 2,  1 << 3, 1 << 4,  1 << 5,
                                       1 << 6,  1 << 7,  1 << 8,  1 << 9, 1 << 10, 1 << 11,
                                       1 << 12, 1 << 13, 1 << 14, 1 << 15};
    int32_t bits = 0;
    for (unsigned k = 0; k < WIDTH; k++)
        bits |=
            -((b->lat_lo[k] > q->lat_hi) | (b->lat_hi[k] < q->lat_lo) | (b->lon_lo[k] > q->lon_hi) |
              (b->lon_hi[k] < q->lon_lo) | (b->t_lo[k] > q->t_hi) | (b->t_hi[k] < q->t_lo)) &
            bit[k];
    return ~(uint32_t)bits & ((1u << WIDTH) - 1);
}

static bool meets_part(const struct rb_volbox *a, const struct rb_volparts *b) {
    if (meeting(&b->parts, a) != 0) return true;
    if (a->lon_hi < LON_180 && !b->beyond_180) return false;
    for (unsigned k = 0; k < WIDTH; k++) {
        const struct rb_volbox part = boxes_get(&b->parts, k);
        if (rb_volbox_meets(a, &part)) return true;
    }
    return false;
}

bool rb_volparts_meets(const struct rb_volbox *a, const struct rb_volparts *b) {
    return rb_volbox_meets(a, &b->whole) && (!b->in_parts || meets_part(a, b));
}

static uint32_t meeting_records(const struct block *b, const struct rb_volbox *q) {
    uint32_t hits = meeting(&b->boxes, q);
    for (uint32_t left = hits; left != 0; left &= left - 1) {
        const unsigned k = (unsigned)__builtin_ctz(left);
        if (!is_cut(b->cut[k])) continue;
        const struct rb_volbox box = block_get(b, k);
        if (cut_off(&box, q, 0)) hits &= ~(1u << k);
    }
    return hits;
}

static uint32_t hits_in(const struct rb_volwalk *w, const struct block *b, bool records) {
    uint32_t hits = records ? meeting_records(b, &w->shifted) : meeting(&b->boxes, &w->shifted);
    if (records && w->turn != HOME && hits != 0) hits &= ~meeting_records(b, &w->box);
    if (w->parts == NULL) return hits;
    for (uint32_t left = hits; left != 0; left &= left - 1) {
        const unsigned k = (unsigned)__builtin_ctz(left);
        const struct rb_volbox box = block_get(b, k);
        if (!meets_part(&box, w->parts)) hits &= ~(1u << k);
    }
    return hits;
}

static int32_t turned(int32_t lon, int64_t by) {
    const int64_t v = lon + by;
    return (int32_t)(v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : v);
}

static bool turn_needed(const struct rb_volwalk *w) {
    if (w->turn == EAST) return w->ix->beyond_180;
    return w->turn == HOME || w->box.lon_hi >= LON_180;
}

/* the next turn that can find anything */
static void begin_turn(struct rb_volwalk *w) {
    while (w->turn != DONE && !turn_needed(w))
        w->turn++;
    const int64_t by = w->turn == EAST ? LON_360 : w->turn == WEST ? -LON_360 : 0;
    w->shifted = w->box;
    w->shifted.lon_lo = turned(w->shifted.lon_lo, by);
    w->shifted.lon_hi = turned(w->shifted.lon_hi, by);
    w->run = 0;
    w->depth = 0;
}

void rb_volwalk_begin(struct rb_volwalk *w, const struct rb_volindex *ix,
                      const struct rb_volbox *box) {
    *w = (struct rb_volwalk){.ix = ix, .box = *box, .generation = ix->generation, .turn = HOME};
    begin_turn(w);
}

void rb_volwalk_begin_parts(struct rb_volwalk *w, const struct rb_volindex *ix,
                            const struct rb_volparts *parts) {
    rb_volwalk_begin(w, ix, &parts->whole);
    if (parts->in_parts) w->parts = parts;
}

/* goes into a block; depth 1 is the root */
static void enter(struct rb_volwalk *w, uint32_t block, const struct block *b, bool records) {
    w->at[w->depth].block = block;
    w->at[w->depth].hits = hits_in(w, b, records);
    w->depth++;
}

/* One step in the tree of run r, from where hits are left. True: *ref is a record. */
static bool step_run(struct rb_volwalk *w, const struct run *r, uint32_t *ref) {
    uint32_t *hits = &w->at[w->depth - 1].hits;
    const unsigned level = r->levels - w->depth;
    const uint32_t block = w->at[w->depth - 1].block;
    if (*hits == 0) {
        w->depth--;
        return false;
    }
    const uint32_t k = (uint32_t)__builtin_ctz(*hits);
    *hits &= *hits - 1;
    if (level > 0) {
        const uint32_t below = r->first[level - 1] + (block - r->first[level]) * WIDTH + k;
        enter(w, below, run_block(r, below), level == 1);
        return false;
    }
    *ref = run_block(r, block)->ref[k];
    return *ref != NO_REF; /* removed since the block was looked at */
}

static bool step_fresh(struct rb_volwalk *w, uint32_t *ref) {
    uint32_t *hits = &w->at[w->depth - 1].hits;
    const struct block *b = &w->ix->fresh[w->at[w->depth - 1].block];
    if (*hits == 0) {
        w->depth--;
        return false;
    }
    *ref = b->ref[__builtin_ctz(*hits)];
    *hits &= *hits - 1;
    return *ref != NO_REF;
}

/* into the next tree, block of fresh ones or turn; `run` counts the trees, then those blocks */
static void step_over(struct rb_volwalk *w) {
    const struct rb_volindex *ix = w->ix;
    const unsigned fresh_blocks = (ix->fresh_n + WIDTH - 1) / WIDTH;
    const unsigned at = w->run++;
    if (at < ix->runs_n) {
        const struct run *r = &ix->runs[at];
        enter(w, r->blocks - 1, run_block(r, r->blocks - 1), r->levels == 1);
    } else if (at - ix->runs_n < fresh_blocks) {
        enter(w, at - ix->runs_n, &ix->fresh[at - ix->runs_n], true);
    } else {
        w->turn++;
        begin_turn(w);
    }
}

bool rb_volwalk_next(struct rb_volwalk *w, uint32_t *ref) {
    assert(w->generation == w->ix->generation);
    while (w->turn != DONE) {
        if (w->depth == 0) {
            step_over(w);
        } else if (w->run <= w->ix->runs_n) {
            if (step_run(w, &w->ix->runs[w->run - 1], ref)) return true;
        } else if (step_fresh(w, ref)) {
            return true;
        }
    }
    return false;
}

/* counted first, so that the array is taken once and whole */
enum rb_err rb_volindex_find(const struct rb_volindex *ix, const struct rb_volbox *box,
                             struct rb_arena *arena, const uint32_t **refs, size_t *n) {
    struct rb_volwalk w;
    uint32_t ref;
    size_t found = 0, at = 0;
    rb_volwalk_begin(&w, ix, box);
    while (rb_volwalk_next(&w, &ref))
        found++;
    uint32_t *to = rb_arena_array(arena, found, sizeof *to);
    if (to == NULL) return RB_ERR_LIMIT;
    rb_volwalk_begin(&w, ix, box);
    while (rb_volwalk_next(&w, &ref))
        to[at++] = ref;
    assert(at == found);
    *refs = to;
    *n = found;
    return RB_OK;
}
