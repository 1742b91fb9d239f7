/* Packed trees: every block full but the last of its level, the place of a block's parts known from
 * its own place, so that there are no pointers. */
#include "index_int.h"

static uint32_t ceil_div(uint32_t a, uint32_t b) {
    return a / b + (a % b != 0);
}

static enum rb_err chunk_alloc(struct rb_region *region, struct run *r, uint32_t i) {
    const uint32_t left = r->blocks - i * CHUNK_BLOCKS;
    const uint32_t n = left < CHUNK_BLOCKS ? left : CHUNK_BLOCKS;
    r->chunks[i] = rb_region_alloc(region, n * sizeof(struct block));
    return r->chunks[i] == NULL ? RB_ERR_LIMIT : RB_OK;
}

/* where the blocks of each level begin, and how many there are in all */
static void plan(struct run *r) {
    uint32_t n = r->slots;
    do {
        n = ceil_div(n, WIDTH);
        r->first[r->levels++] = r->blocks;
        r->blocks += n;
    } while (n > 1);
}

enum rb_err run_alloc(struct rb_region *region, uint32_t slots, struct run *out) {
    struct run r = {.slots = slots, .live = slots};
    void *p = NULL;
    assert(slots > 0 && slots <= SLOTS_MAX);
    plan(&r);
    const uint32_t chunks = ceil_div(r.blocks, CHUNK_BLOCKS);
    RB_TRY(rb_region_grow(region, &p, &r.chunks_cap, chunks, sizeof *r.chunks));
    r.chunks = p;
    for (uint32_t i = 0; i < chunks; i++) {
        if (chunk_alloc(region, &r, i) != RB_OK) {
            run_free(region, &r);
            return RB_ERR_LIMIT;
        }
    }
    *out = r;
    return RB_OK;
}

void run_free(struct rb_region *region, struct run *r) {
    for (uint32_t i = 0; i * CHUNK_BLOCKS < r->blocks; i++) {
        const uint32_t left = r->blocks - i * CHUNK_BLOCKS;
        const uint32_t n = left < CHUNK_BLOCKS ? left : CHUNK_BLOCKS;
        rb_region_free(region, r->chunks[i], n * sizeof(struct block));
    }
    rb_region_free(region, r->chunks, r->chunks_cap * sizeof *r->chunks);
    *r = (struct run){0};
}

static int32_t least(const int32_t v[WIDTH]) {
    int32_t m = v[0];
    for (unsigned k = 1; k < WIDTH; k++)
        m = v[k] < m ? v[k] : m;
    return m;
}

static int32_t most(const int32_t v[WIDTH]) {
    int32_t m = v[0];
    for (unsigned k = 1; k < WIDTH; k++)
        m = v[k] > m ? v[k] : m;
    return m;
}

static struct rb_volbox bound(const struct rb_volboxes *b) {
    return (struct rb_volbox){least(b->lat_lo), most(b->lat_hi), least(b->lon_lo), most(b->lon_hi),
                              least(b->t_lo),   most(b->t_hi),   {0, 0, 0, 0}};
}

void run_bound(struct run *r) {
    for (unsigned level = 1; level < r->levels; level++) {
        const uint32_t from = r->first[level - 1], n = r->first[level] - from;
        for (uint32_t i = 0; i < ceil_div(n, WIDTH) * WIDTH; i++) {
            struct block *b = run_block(r, r->first[level] + i / WIDTH);
            block_clear(b, i % WIDTH);
            if (i >= n) continue;
            const struct rb_volbox all = bound(&run_block(r, from + i)->boxes);
            boxes_set(&b->boxes, i % WIDTH, &all);
        }
    }
}
