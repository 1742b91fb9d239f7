/* The index of volumes: a stack of packed trees (runs), each at least four times as large as the
 * next, and behind them up to 128 fresh records in no order. When there is no room among the fresh
 * ones, they and the runs that are not four times as large as what is gathered so far become one
 * run. So an insert sorts each record a few times in its life, a query looks at a handful of trees,
 * and nothing is ever balanced. A removed record's box is made to meet nothing; its room comes back
 * with the next merge, and everything is merged when a quarter is such room. */
#include "index_int.h"

#define RATIO 4u

/* ---- where records are --------------------------------------------------------------------------
 */

static uint32_t place(unsigned run, uint32_t slot) {
    return (uint32_t)run << SLOT_BITS | slot;
}

static uint32_t where(const struct rb_volindex *ix, uint32_t ref) {
    const size_t page = ref / PAGE_REFS;
    if (page >= ix->pages_cap || ix->pages[page] == NULL) return NOWHERE;
    return ix->pages[page][ref % PAGE_REFS];
}

static void set_where(struct rb_volindex *ix, uint32_t ref, uint32_t at) {
    ix->pages[ref / PAGE_REFS][ref % PAGE_REFS] = at;
}

/* a page for ref; one that stays unused does no harm */
static enum rb_err page_for(struct rb_volindex *ix, uint32_t ref) {
    const size_t page = ref / PAGE_REFS;
    void *p = ix->pages;
    if (ref == NO_REF) return RB_ERR_LIMIT;
    RB_TRY(rb_region_grow(ix->region, &p, &ix->pages_cap, page + 1, sizeof *ix->pages));
    ix->pages = p;
    if (ix->pages[page] != NULL) return RB_OK;
    uint32_t *fresh = rb_region_alloc(ix->region, PAGE_REFS * sizeof *fresh);
    if (fresh == NULL) return RB_ERR_LIMIT;
    memset(fresh, 0xff, PAGE_REFS * sizeof *fresh); /* NOWHERE */
    ix->pages[page] = fresh;
    return RB_OK;
}

static struct block *block_at(struct rb_volindex *ix, uint32_t at) {
    const uint32_t run = at >> SLOT_BITS, slot = at & (SLOTS_MAX - 1);
    if (run == RUN_FRESH) return &ix->fresh[slot / WIDTH];
    return run_block(&ix->runs[run], slot / WIDTH);
}

/* ---- merging ------------------------------------------------------------------------------------
 */

struct listed {
    const struct rb_volentry *list;
    size_t n;
};

struct merge {
    struct rb_volindex *ix;
    struct listed more; /* records that are not in the index yet */
    unsigned from;      /* this run and all behind it */
    uint32_t n;
    struct rb_volentry *entries;
};

static void take_block(struct merge *m, const struct block *b) {
    for (unsigned k = 0; k < WIDTH; k++)
        if (b->ref[k] != NO_REF)
            m->entries[m->n++] = (struct rb_volentry){b->ref[k], block_get(b, k)};
}

static void take_all(struct merge *m) {
    struct rb_volindex *ix = m->ix;
    m->n = 0;
    for (unsigned r = m->from; r < ix->runs_n; r++)
        for (uint32_t slot = 0; slot < ix->runs[r].slots; slot += WIDTH)
            take_block(m, run_block(&ix->runs[r], slot / WIDTH));
    for (uint32_t slot = 0; slot < ix->fresh_n; slot += WIDTH)
        take_block(m, &ix->fresh[slot / WIDTH]);
    for (size_t i = 0; i < m->more.n; i++) {
        m->entries[m->n++] = m->more.list[i];
        ix->beyond_180 |= m->more.list[i].box.lon_hi >= LON_180;
    }
}

static void put_all(struct merge *m, struct run *r) {
    const uint32_t whole = (m->n + WIDTH - 1) / WIDTH * WIDTH;
    for (uint32_t i = 0; i < whole; i++) {
        struct block *to = run_block(r, i / WIDTH);
        block_clear(to, i % WIDTH);
        if (i >= m->n) continue;
        block_set(to, i % WIDTH, &m->entries[i].box);
        to->ref[i % WIDTH] = m->entries[i].ref;
        set_where(m->ix, m->entries[i].ref, place(m->from, i));
    }
    run_bound(r);
}

static void forget_merged(struct merge *m) {
    struct rb_volindex *ix = m->ix;
    while (ix->runs_n > m->from)
        run_free(ix->region, &ix->runs[--ix->runs_n]);
    for (unsigned b = 0; b < FRESH_BLOCKS; b++)
        for (unsigned k = 0; k < WIDTH; k++)
            block_clear(&ix->fresh[b], k);
    ix->fresh_n = 0;
    ix->generation++;
}

/* what can fail comes first */
static enum rb_err merge_packed(struct merge *m, uint32_t n) {
    struct run r = {0};
    const size_t bytes = (size_t)n * sizeof *m->entries;
    m->entries = rb_region_alloc(m->ix->region, bytes);
    if (m->entries == NULL) return RB_ERR_LIMIT;
    const enum rb_err err = run_alloc(m->ix->region, n, &r);
    if (err == RB_OK) {
        take_all(m);
        assert(m->n == n);
        index_pack(m->entries, n);
        put_all(m, &r);
        forget_merged(m);
        m->ix->runs[m->ix->runs_n++] = r;
    }
    rb_region_free(m->ix->region, m->entries, bytes);
    return err;
}

static uint32_t fresh_live(const struct rb_volindex *ix) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < ix->fresh_n; i++)
        n += ix->fresh[i / WIDTH].ref[i % WIDTH] != NO_REF;
    return n;
}

/* the fresh ones, the listed ones and the runs from `from` on become one run */
static enum rb_err merge_from(struct rb_volindex *ix, unsigned from, struct listed more) {
    struct merge m = {.ix = ix, .more = more, .from = from};
    uint64_t n = fresh_live(ix) + (uint64_t)more.n;
    for (unsigned r = from; r < ix->runs_n; r++)
        n += ix->runs[r].live;
    if (n > SLOTS_MAX - WIDTH) return RB_ERR_LIMIT;
    if (n > 0) return merge_packed(&m, (uint32_t)n);
    forget_merged(&m);
    return RB_OK;
}

/* The first of the runs to merge with n more records: none that stays is smaller than four times
 * what is gathered behind it. Everything, when a quarter of the room is of removed ones. */
static unsigned merge_begin(const struct rb_volindex *ix, uint64_t n) {
    uint64_t slots = 0, live = 0;
    unsigned from = ix->runs_n;
    for (unsigned r = 0; r < ix->runs_n; r++) {
        slots += ix->runs[r].slots;
        live += ix->runs[r].live;
    }
    if (slots - live > slots / 4) return 0;
    n += fresh_live(ix);
    while (from > 0 && ix->runs[from - 1].slots < RATIO * n)
        n += ix->runs[--from].live;
    assert(from < RUNS_MAX);
    return from;
}

/* ---- one at a time ------------------------------------------------------------------------------
 */

static enum rb_err room_for_one(struct rb_volindex *ix) {
    const struct listed none = {0};
    if (ix->fresh_n < FRESH_MAX) return RB_OK;
    return merge_from(ix, merge_begin(ix, 0), none);
}

static void insert_fresh(struct rb_volindex *ix, uint32_t ref, const struct rb_volbox *box) {
    const uint32_t slot = ix->fresh_n++;
    block_set(&ix->fresh[slot / WIDTH], slot % WIDTH, box);
    ix->fresh[slot / WIDTH].ref[slot % WIDTH] = ref;
    ix->beyond_180 |= box->lon_hi >= LON_180;
    set_where(ix, ref, place(RUN_FRESH, slot));
    ix->generation++;
    ix->count++;
}

static void take_out(struct rb_volindex *ix, uint32_t at) {
    struct block *b = block_at(ix, at);
    const uint32_t run = at >> SLOT_BITS;
    set_where(ix, b->ref[at % WIDTH], NOWHERE);
    block_clear(b, at % WIDTH);
    if (run != RUN_FRESH) ix->runs[run].live--;
    ix->count--;
}

static void assert_box(const struct rb_volbox *b) {
    assert(b->lat_lo <= b->lat_hi && b->lon_lo <= b->lon_hi && b->t_lo <= b->t_hi);
    assert(b->lon_lo >= -LON_180 && b->lon_lo < LON_180 &&
           b->lon_hi - (int64_t)b->lon_lo <= LON_360);
    (void)b;
}

enum rb_err rb_volindex_insert(struct rb_volindex *ix, uint32_t ref, const struct rb_volbox *box) {
    assert_box(box);
    if (where(ix, ref) != NOWHERE) return RB_ERR_EXISTS;
    RB_TRY(page_for(ix, ref));
    RB_TRY(room_for_one(ix));
    insert_fresh(ix, ref, box);
    return RB_OK;
}

enum rb_err rb_volindex_remove(struct rb_volindex *ix, uint32_t ref) {
    const uint32_t at = where(ix, ref);
    if (at == NOWHERE) return RB_ERR_NOT_FOUND;
    take_out(ix, at);
    return RB_OK;
}

enum rb_err rb_volindex_supersede(struct rb_volindex *ix, uint32_t ref,
                                  const struct rb_volbox *box) {
    assert_box(box);
    if (where(ix, ref) == NOWHERE) return RB_ERR_NOT_FOUND;
    RB_TRY(room_for_one(ix));
    take_out(ix, where(ix, ref)); /* asked again: making room may have moved it */
    insert_fresh(ix, ref, box);
    return RB_OK;
}

/* ---- many ---------------------------------------------------------------------------------------
 */

/* claims the places of all, so that a ref that is twice in the list is seen */
static enum rb_err claim(struct rb_volindex *ix, const struct rb_volentry *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        assert_box(&list[i].box);
        enum rb_err err = where(ix, list[i].ref) != NOWHERE ? RB_ERR_EXISTS : RB_OK;
        if (err == RB_OK) err = page_for(ix, list[i].ref);
        if (err != RB_OK) {
            while (i-- > 0)
                set_where(ix, list[i].ref, NOWHERE);
            return err;
        }
        set_where(ix, list[i].ref, place(RUN_FRESH, 0));
    }
    return RB_OK;
}

enum rb_err rb_volindex_load(struct rb_volindex *ix, const struct rb_volentry *list, size_t n) {
    const struct listed more = {list, n};
    if (n >= SLOTS_MAX) return RB_ERR_LIMIT;
    RB_TRY(claim(ix, list, n));
    const enum rb_err err = merge_from(ix, merge_begin(ix, n), more);
    for (size_t i = 0; err != RB_OK && i < n; i++)
        set_where(ix, list[i].ref, NOWHERE);
    if (err == RB_OK) ix->count += n;
    return err;
}

enum rb_err rb_volindex_rebuild(struct rb_volindex *ix) {
    const struct listed none = {0};
    return merge_from(ix, 0, none);
}

static size_t expire_block(struct rb_volindex *ix, const struct block *b, uint32_t at, int32_t t) {
    size_t n = 0;
    for (unsigned k = 0; k < WIDTH; k++) {
        if (b->ref[k] == NO_REF || b->boxes.t_hi[k] >= t) continue;
        take_out(ix, at + k);
        n++;
    }
    return n;
}

size_t rb_volindex_expire(struct rb_volindex *ix, int64_t utc_ms) {
    const int64_t unit = utc_ms / RB_VOLBOX_MS - (utc_ms % RB_VOLBOX_MS < 0);
    const int32_t t = (int32_t)(unit < INT32_MIN ? INT32_MIN : unit > INT32_MAX ? INT32_MAX : unit);
    size_t n = 0;
    for (unsigned r = 0; r < ix->runs_n; r++)
        for (uint32_t slot = 0; slot < ix->runs[r].slots; slot += WIDTH)
            n += expire_block(ix, run_block(&ix->runs[r], slot / WIDTH), place(r, slot), t);
    for (uint32_t slot = 0; slot < ix->fresh_n; slot += WIDTH)
        n += expire_block(ix, &ix->fresh[slot / WIDTH], place(RUN_FRESH, slot), t);
    return n;
}

/* ---- life ---------------------------------------------------------------------------------------
 */

struct rb_volindex *rb_volindex_open(struct rb_region *region) {
    struct rb_volindex *ix = rb_region_alloc(region, sizeof *ix);
    if (ix == NULL) return NULL;
    ix->region = region;
    for (unsigned b = 0; b < FRESH_BLOCKS; b++)
        for (unsigned k = 0; k < WIDTH; k++)
            block_clear(&ix->fresh[b], k);
    return ix;
}

void rb_volindex_close(struct rb_volindex *ix) {
    if (ix == NULL) return;
    while (ix->runs_n > 0)
        run_free(ix->region, &ix->runs[--ix->runs_n]);
    for (size_t i = 0; i < ix->pages_cap; i++)
        rb_region_free(ix->region, ix->pages[i], PAGE_REFS * sizeof **ix->pages);
    rb_region_free(ix->region, ix->pages, ix->pages_cap * sizeof *ix->pages);
    rb_region_free(ix->region, ix, sizeof *ix);
}

size_t rb_volindex_count(const struct rb_volindex *ix) {
    return ix->count;
}

bool rb_volindex_has(const struct rb_volindex *ix, uint32_t ref) {
    return where(ix, ref) != NOWHERE;
}
