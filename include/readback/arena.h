/* Memory of the core. The shell reserves a range; the core never calls malloc.
 * struct rb_arena: bump, freed all at once (one step, one decode).
 * struct rb_region: the long-lived range, power-of-two classes with free lists. */
#ifndef READBACK_ARENA_H
#define READBACK_ARENA_H
#include "readback/bytes.h"

struct rb_arena {
    uint8_t *p;
    size_t cap, used;
    uint64_t fail_at; /* tests: the Nth allocation from now fails; 0 = never */
};
static inline struct rb_arena rb_arena(void *p, size_t cap) {
    struct rb_arena a = {(uint8_t *)p, cap, 0, 0};
    return a;
}
/* 16-byte aligned, zeroed; NULL when exhausted (callers return RB_ERR_LIMIT) */
void *rb_arena_alloc(struct rb_arena *a, size_t n);
/* n elements of size each; NULL on overflow too */
void *rb_arena_array(struct rb_arena *a, size_t n, size_t each);
enum rb_err rb_arena_copy(struct rb_arena *a, struct rb_slice in, struct rb_slice *out) RB_MUST_USE;
/* n bytes unused room, e.g. for a writer; give back what was not needed with rb_arena_trim */
static inline void rb_arena_reset(struct rb_arena *a) { a->used = 0; }
/* a mark to return to */
static inline size_t rb_arena_mark(const struct rb_arena *a) { return a->used; }
static inline void rb_arena_release(struct rb_arena *a, size_t mark) { a->used = mark; }

struct rb_region {
    uint8_t *p;
    size_t cap, used;
    void *free_list[48];
    uint64_t fail_at; /* as above */
};
/* the region's own header is the caller's; [p, p+cap) must be zero pages (mmap) or zeroed */
void rb_region_init(struct rb_region *r, void *p, size_t cap);
void *rb_region_alloc(struct rb_region *r, size_t n);           /* zeroed; NULL: RB_ERR_LIMIT */
void rb_region_free(struct rb_region *r, void *p, size_t n);    /* n as given to alloc */
/* grows *p from old to at least want elements of size each, doubling; *cap is updated.
 * On RB_ERR_LIMIT nothing changed. */
enum rb_err rb_region_grow(struct rb_region *r, void **p, size_t *cap, size_t want,
                           size_t each) RB_MUST_USE;
enum rb_err rb_region_copy(struct rb_region *r, struct rb_slice in, struct rb_slice *out) RB_MUST_USE;
/* memset that the compiler keeps */
void rb_wipe(void *p, size_t n);
#endif
