/* Memory. The shell hands over ranges; nothing here asks the system for more, so exhaustion is one
 * loud RB_ERR_LIMIT and tests can make the Nth allocation fail. */
#include "readback/arena.h"
#include <assert.h>

#define ALIGN 16u
#define CLASS_MIN 4u /* 2^4 = 16 bytes: room for the free list's link, and the alignment */
#define CLASS_COUNT 48u

/* counts down; true for the one allocation that shall fail */
static bool fails_now(uint64_t *fail_at) {
    if (*fail_at == 0) return false;
    return --*fail_at == 0;
}

/* bytes to skip so that p + used is aligned */
static size_t padding(const uint8_t *p, size_t used) {
    return (size_t)(-((uintptr_t)p + used) & (ALIGN - 1));
}

void *rb_arena_alloc(struct rb_arena *a, size_t n) {
    assert(a->used <= a->cap);
    if (fails_now(&a->fail_at)) return NULL;
    size_t pad = padding(a->p, a->used), room = a->cap - a->used;
    if (n == 0) n = 1; /* distinct and never NULL, which would read as exhaustion */
    if (pad > room || n > room - pad) return NULL;
    void *out = a->p + a->used + pad;
    a->used += pad + n;
    return memset(out, 0, n);
}

void *rb_arena_array(struct rb_arena *a, size_t n, size_t each) {
    size_t bytes;
    if (__builtin_mul_overflow(n, each, &bytes)) return NULL;
    return rb_arena_alloc(a, bytes);
}

enum rb_err rb_arena_copy(struct rb_arena *a, struct rb_slice in, struct rb_slice *out) {
    void *p = rb_arena_alloc(a, in.n);
    if (p == NULL) return RB_ERR_LIMIT;
    if (in.n > 0) memcpy(p, in.p, in.n);
    *out = rb_slice(p, in.n);
    return RB_OK;
}

/* ---- region ------------------------------------------------------------------------------- */

struct free_block {
    struct free_block *next;
};

void rb_region_init(struct rb_region *r, void *p, size_t cap) {
    size_t pad = padding(p, 0);
    memset(r, 0, sizeof *r);
    r->p = p;
    r->cap = cap;
    r->used = pad < cap ? pad : cap;
}

/* the class whose blocks hold n bytes; CLASS_COUNT if there is none */
static unsigned class_of(size_t n) {
    unsigned c = CLASS_MIN;
    while (c < CLASS_COUNT && ((size_t)1 << c) < n)
        c++;
    return c;
}

static void push_free(struct rb_region *r, unsigned c, void *p) {
    struct free_block *b = p;
    b->next = r->free_list[c];
    r->free_list[c] = b;
}

static void *pop_free(struct rb_region *r, unsigned c) {
    struct free_block *b = r->free_list[c];
    if (b != NULL) r->free_list[c] = b->next;
    return b;
}

/* The range is used up: halve a larger free block until a piece of class c is left over. Blocks
 * are not joined again; a node's tables only grow, so the large ones are the ones that return. */
static void *split_free(struct rb_region *r, unsigned c) {
    unsigned from = c + 1;
    while (from < CLASS_COUNT && r->free_list[from] == NULL)
        from++;
    if (from >= CLASS_COUNT) return NULL;
    uint8_t *b = pop_free(r, from);
    while (from-- > c)
        push_free(r, from, b + ((size_t)1 << from));
    return b;
}

void *rb_region_alloc(struct rb_region *r, size_t n) {
    assert(r->used <= r->cap);
    if (fails_now(&r->fail_at)) return NULL;
    unsigned c = class_of(n);
    if (c >= CLASS_COUNT) return NULL;
    size_t size = (size_t)1 << c;
    void *out = pop_free(r, c);
    if (out == NULL && size <= r->cap - r->used) {
        out = r->p + r->used;
        r->used += size;
        return out; /* never used before, so still zero: its pages stay untouched */
    }
    if (out == NULL) out = split_free(r, c);
    return out == NULL ? NULL : memset(out, 0, size);
}

void rb_region_free(struct rb_region *r, void *p, size_t n) {
    if (p == NULL) return;
    unsigned c = class_of(n);
    assert(c < CLASS_COUNT);
    assert((uint8_t *)p >= r->p && (uint8_t *)p + ((size_t)1 << c) <= r->p + r->used);
    push_free(r, c, p);
}

enum rb_err rb_region_grow(struct rb_region *r, void **p, size_t *cap, size_t want, size_t each) {
    size_t bytes, next = *cap == 0 ? 4 : *cap;
    assert(each > 0);
    if (want <= *cap) return RB_OK;
    while (next < want) {
        if (__builtin_mul_overflow(next, (size_t)2, &next)) return RB_ERR_LIMIT;
    }
    if (__builtin_mul_overflow(next, each, &bytes)) return RB_ERR_LIMIT;
    void *grown = rb_region_alloc(r, bytes);
    if (grown == NULL) return RB_ERR_LIMIT;
    if (*cap > 0) {
        memcpy(grown, *p, *cap * each);
        rb_region_free(r, *p, *cap * each);
    }
    *p = grown;
    *cap = next;
    return RB_OK;
}

enum rb_err rb_region_copy(struct rb_region *r, struct rb_slice in, struct rb_slice *out) {
    void *p = rb_region_alloc(r, in.n);
    if (p == NULL) return RB_ERR_LIMIT;
    if (in.n > 0) memcpy(p, in.p, in.n);
    *out = rb_slice(p, in.n);
    return RB_OK;
}

void rb_wipe(void *p, size_t n) {
    if (n == 0) return;
    memset(p, 0, n);
    __asm__ __volatile__("" : : "r"(p) : "memory"); /* the compiler must believe it is read */
}
