/* The index of volumes, inside. See index.c for how it works. */
#ifndef READBACK_SPACE_INDEX_INT_H
#define READBACK_SPACE_INDEX_INT_H
#include <assert.h>
#include "readback/volindex.h"

#define WIDTH ((unsigned)RB_VOLBOXES) /* boxes in a block */
#define NO_REF UINT32_MAX

/* Sixteen boxes side by side, so that a query is compared with all of them at once. At the bottom
 * `ref` says whose they are; above, box k bounds block 16 * b + k of the level below. An unused box
 * meets nothing: its lat_lo is above every lat_hi. */
struct block {
    struct rb_volboxes boxes;
    uint32_t ref[WIDTH];
    uint8_t cut[WIDTH][4];
};

/* of 512 bytes each */
#define CHUNK_BLOCKS 128u
#define CHUNK_BYTES (CHUNK_BLOCKS * sizeof(struct block))

/* one packed tree: level 0 are the records in the order of index_pack.c, the last level one block
 */
struct run {
    struct block **chunks;
    size_t chunks_cap;
    uint32_t slots, live;
    uint32_t blocks;
    unsigned levels;
    uint32_t first[RB_VOLWALK_DEPTH]; /* where each level's blocks begin */
};

/* where a record is: five bits of run, 27 of slot */
#define SLOT_BITS 27u
#define SLOTS_MAX (1u << SLOT_BITS)
#define RUNS_MAX 24u
#define RUN_FRESH 31u /* among the fresh ones */
#define NOWHERE UINT32_MAX
#define FRESH_MAX 128u
#define FRESH_BLOCKS (FRESH_MAX / WIDTH)

#define PAGE_REFS 1024u

struct rb_volindex {
    struct rb_region *region;
    uint32_t generation; /* changes when places of records change */
    size_t count;
    bool beyond_180;  /* some box reaches over 180 degrees */
    uint32_t **pages; /* by ref / PAGE_REFS: where it is; NULL: none of them is here */
    size_t pages_cap;
    unsigned runs_n;
    struct run runs[RUNS_MAX];
    uint32_t fresh_n;
    struct block fresh[FRESH_BLOCKS];
};

#define LON_180 ((int32_t)(180 * RB_NANODEG / RB_VOLBOX_ND))
#define LON_360 ((int64_t)LON_180 * 2)

static inline struct block *run_block(const struct run *r, uint32_t block) {
    return &r->chunks[block / CHUNK_BLOCKS][block % CHUNK_BLOCKS];
}

static inline struct rb_volbox boxes_get(const struct rb_volboxes *b, unsigned k) {
    return (struct rb_volbox){b->lat_lo[k], b->lat_hi[k], b->lon_lo[k], b->lon_hi[k],
                              b->t_lo[k],   b->t_hi[k],   {0, 0, 0, 0}};
}

static inline void boxes_set(struct rb_volboxes *b, unsigned k, const struct rb_volbox *box) {
    b->lat_lo[k] = box->lat_lo;
    b->lat_hi[k] = box->lat_hi;
    b->lon_lo[k] = box->lon_lo;
    b->lon_hi[k] = box->lon_hi;
    b->t_lo[k] = box->t_lo;
    b->t_hi[k] = box->t_hi;
}

/* a box that meets nothing */
static inline void boxes_clear(struct rb_volboxes *b, unsigned k) {
    static const struct rb_volbox nothing = {INT32_MAX, INT32_MIN, INT32_MAX,   INT32_MIN,
                                             INT32_MAX, INT32_MIN, {0, 0, 0, 0}};
    boxes_set(b, k, &nothing);
}

static inline struct rb_volbox block_get(const struct block *b, unsigned k) {
    struct rb_volbox box = boxes_get(&b->boxes, k);
    memcpy(box.cut, b->cut[k], sizeof box.cut);
    return box;
}

static inline void block_set(struct block *b, unsigned k, const struct rb_volbox *box) {
    boxes_set(&b->boxes, k, box);
    memcpy(b->cut[k], box->cut, sizeof box->cut);
}

static inline void block_clear(struct block *b, unsigned k) {
    boxes_clear(&b->boxes, k);
    memset(b->cut[k], 0, sizeof b->cut[k]);
    b->ref[k] = NO_REF;
}

/* ---- index_pack.c: the order of records in a tree ---- */
void index_pack(struct rb_volentry *e, uint32_t n);

/* ---- index_run.c: packed trees ---- */
enum rb_err run_alloc(struct rb_region *region, uint32_t slots, struct run *out) RB_MUST_USE;
void run_free(struct rb_region *region, struct run *r);
void run_bound(struct run *r); /* the levels above 0, from level 0 */
#endif
