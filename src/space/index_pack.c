/* The order in which records are packed into a tree. It is only a matter of speed: any order gives
 * right answers.
 *
 * The list is split in two, and each part again, until parts are blocks; every split falls between
 * blocks of some level, so that each block above holds what was split off together. Which way to
 * split (by place, time, end or size, and how far along) is tried on a few records of the part:
 * what counts is how often a query like the records themselves would meet the bounds of both
 * halves. So sites that never end part from movements of hours, and long corridors from small
 * circles, just where that pays. */
#include "index_int.h"

#define SAMPLE_MAX 96u
#define MEANS_OF 1024u /* records whose average size stands for a query's */
#define WORK 12u       /* a record is looked at this often by one split, on average, at most */

enum { DIM_LAT, DIM_LON, DIM_T, DIM_END, DIM_SIZE, DIMS };

static int64_t key_of(const struct rb_volbox *b, unsigned dim) {
    const int64_t high = (int64_t)b->lat_hi - b->lat_lo, wide = (int64_t)b->lon_hi - b->lon_lo;
    switch (dim) {
    case DIM_LAT:
        return (int64_t)b->lat_lo + b->lat_hi;
    case DIM_LON:
        return (int64_t)b->lon_lo + b->lon_hi;
    case DIM_T:
        return b->t_lo;
    case DIM_END:
        return b->t_hi;
    default:
        return high > wide ? high : wide;
    }
}

/* ---- what a part costs ------------------------------------------------------------------------
 */

/* open times count as far as the others reach */
struct pack {
    double lat, lon, t; /* of a query */
    int32_t t_first, t_last;
};

static int32_t within(int32_t v, int32_t lo, int32_t hi) {
    return v < lo ? lo : v > hi ? hi : v;
}

static void widen(struct rb_volbox *all, const struct rb_volbox *b) {
    if (b->lat_lo < all->lat_lo) all->lat_lo = b->lat_lo;
    if (b->lat_hi > all->lat_hi) all->lat_hi = b->lat_hi;
    if (b->lon_lo < all->lon_lo) all->lon_lo = b->lon_lo;
    if (b->lon_hi > all->lon_hi) all->lon_hi = b->lon_hi;
    if (b->t_lo < all->t_lo) all->t_lo = b->t_lo;
    if (b->t_hi > all->t_hi) all->t_hi = b->t_hi;
}

/* in proportion to the chance that a query meets these bounds */
static double cost_of(const struct pack *p, const struct rb_volbox *b) {
    const double t =
        (double)within(b->t_hi, p->t_first, p->t_last) - within(b->t_lo, p->t_first, p->t_last);
    return ((double)b->lat_hi - b->lat_lo + p->lat) * ((double)b->lon_hi - b->lon_lo + p->lon) *
           (t + p->t);
}

static void learn(struct pack *p, const struct rb_volentry *e, uint32_t n) {
    const uint32_t step = n / MEANS_OF + 1;
    uint32_t seen = 0, timed = 0;
    *p = (struct pack){.lat = 1, .lon = 1, .t = 1, .t_first = INT32_MAX, .t_last = INT32_MIN};
    for (uint32_t i = 0; i < n; i += step) {
        seen++;
        const struct rb_volbox *b = &e[i].box;
        p->lat += (double)b->lat_hi - b->lat_lo;
        p->lon += (double)b->lon_hi - b->lon_lo;
        if (b->t_lo == INT32_MIN || b->t_hi == INT32_MAX) continue;
        p->t += (double)b->t_hi - b->t_lo;
        timed++;
        if (b->t_lo < p->t_first) p->t_first = b->t_lo;
        if (b->t_hi > p->t_last) p->t_last = b->t_hi;
    }
    p->lat /= seen;
    p->lon /= seen;
    if (timed > 0) p->t /= timed;
    if (timed == 0) p->t_first = p->t_last = 0;
}

/* ---- choosing ---------------------------------------------------------------------------------
 */

struct sample {
    uint32_t n;
    struct {
        int64_t key;
        const struct rb_volbox *box;
    } at[SAMPLE_MAX];
};

static uint32_t sample_size(uint32_t n) {
    const uint32_t want = n < 512 ? 16 : n < 8192 ? 32 : SAMPLE_MAX;
    return want < n ? want : n;
}

/* some records of the part, evenly, in the order of one dimension */
static void draw(struct sample *s, const struct rb_volentry *e, uint32_t n, unsigned dim) {
    s->n = sample_size(n);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct rb_volbox *box = &e[(uint64_t)i * n / s->n].box;
        const int64_t key = key_of(box, dim);
        uint32_t k = i;
        for (; k > 0 && s->at[k - 1].key > key; k--)
            s->at[k] = s->at[k - 1];
        s->at[k].key = key;
        s->at[k].box = box;
    }
}

struct split {
    double cost;
    unsigned dim;
    uint32_t quarters; /* of the part that come before it */
};

/* what it costs to split at one, two and three quarters */
static void try_dim(const struct pack *p, const struct sample *s, unsigned dim,
                    struct split *best) {
    double cost[3] = {0, 0, 0};
    struct rb_volbox all = *s->at[0].box;
    for (uint32_t i = 0, quarter = 1; i < s->n && quarter < 4; i++) {
        widen(&all, s->at[i].box);
        for (; quarter < 4 && i + 1 == quarter * s->n / 4; quarter++)
            cost[quarter - 1] += cost_of(p, &all) * quarter;
    }
    all = *s->at[s->n - 1].box;
    for (uint32_t i = s->n, quarter = 3; i > 0 && quarter > 0; i--) {
        widen(&all, s->at[i - 1].box);
        for (; quarter > 0 && i - 1 == quarter * s->n / 4; quarter--)
            cost[quarter - 1] += cost_of(p, &all) * (4 - quarter);
    }
    for (uint32_t quarter = 1; quarter < 4; quarter++)
        if (best->quarters == 0 || cost[quarter - 1] < best->cost)
            *best = (struct split){cost[quarter - 1], dim, quarter};
}

static struct split choose(const struct pack *p, const struct rb_volentry *e, uint32_t n) {
    struct sample s;
    struct split best = {0};
    for (unsigned dim = 0; dim < DIMS; dim++) {
        draw(&s, e, n, dim);
        try_dim(p, &s, dim, &best);
    }
    return best;
}

/* ---- splitting --------------------------------------------------------------------------------
 */

static void swap(struct rb_volentry *a, struct rb_volentry *b) {
    const struct rb_volentry t = *a;
    *a = *b;
    *b = t;
}

static int64_t middle(int64_t a, int64_t b, int64_t c) {
    if (a > b) return a < c ? a : b > c ? b : c;
    return b < c ? b : a > c ? a : c;
}

/* Moves the `at` least by one dimension to the front. Where that takes more than its share of work,
 * as somebody might arrange, it is left half done. */
static void select_least(struct rb_volentry *e, uint32_t n, uint32_t at, unsigned dim) {
    int64_t from = 0, to = (int64_t)n - 1;
    uint64_t left = (uint64_t)n * WORK;
    while (from < to && left > (uint64_t)(to - from)) {
        const int64_t pivot = middle(key_of(&e[from].box, dim),
                                     key_of(&e[(from + to) / 2].box, dim), key_of(&e[to].box, dim));
        int64_t i = from, k = to;
        left -= (uint64_t)(to - from);
        while (i <= k) {
            while (key_of(&e[i].box, dim) < pivot)
                i++;
            while (key_of(&e[k].box, dim) > pivot)
                k--;
            if (i <= k) swap(&e[i++], &e[k--]);
        }
        if ((int64_t)at <= k)
            to = k;
        else if ((int64_t)at >= i)
            from = i;
        else
            return;
    }
}

static void pack_part(const struct pack *p, struct rb_volentry *e, uint32_t n, uint32_t block) {
    while (n > block) { /* `block` records stay together: a block of some level */
        const uint32_t blocks = (n + block - 1) / block;
        const struct split s = choose(p, e, n);
        uint32_t first = (blocks * s.quarters + 2) / 4;
        first = first == 0 ? 1 : first == blocks ? blocks - 1 : first;
        select_least(e, n, first * block, s.dim);
        pack_part(p, e, first * block, block);
        e += (size_t)first * block;
        n -= first * block;
    }
    if (block > WIDTH) pack_part(p, e, n, block / WIDTH);
}

void index_pack(struct rb_volentry *e, uint32_t n) {
    struct pack p;
    uint32_t block = WIDTH;
    if (n <= WIDTH) return;
    while ((uint64_t)block * WIDTH < n)
        block *= WIDTH;
    learn(&p, e, n);
    pack_part(&p, e, n, block);
}
