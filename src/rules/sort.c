/* Heap sort. Inputs come from peers: the worst case counts, and nothing may recurse. */
#include "internal.h"

static void swap(uint8_t *a, uint8_t *b, size_t n) {
    while (n-- > 0) {
        uint8_t t = *a;
        *a++ = *b;
        *b++ = t;
    }
}

static void sift(uint8_t *p, size_t root, size_t n, size_t each, rb_cmp cmp) {
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= n) return;
        if (child + 1 < n && cmp(p + child * each, p + (child + 1) * each) < 0) child++;
        if (cmp(p + root * each, p + child * each) >= 0) return;
        swap(p + root * each, p + child * each, each);
        root = child;
    }
}

void rb_sort(void *base, size_t n, size_t each, rb_cmp cmp) {
    uint8_t *p = base;
    if (n < 2) return; /* base may be NULL */
    for (size_t i = n / 2; i-- > 0;)
        sift(p, i, n, each, cmp);
    for (size_t i = n; i-- > 1;) {
        swap(p, p + i * each, each);
        sift(p, 0, i, each, cmp);
    }
}
