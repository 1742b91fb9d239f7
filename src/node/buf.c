/* Growing byte buffers in the region. */
#include "node_int.h"

enum rb_err buf_put(struct rb_node *n, struct buf *b, const void *p, size_t len) {
    if (len == 0) return RB_OK;
    if (b->n + len > b->cap) {
        void *mem = b->p;
        RB_TRY(rb_region_grow(&n->region, &mem, &b->cap, b->n + len, 1));
        b->p = mem;
    }
    memcpy(b->p + b->n, p, len);
    b->n += len;
    return RB_OK;
}

void buf_clear(struct buf *b) {
    b->n = 0;
}

void buf_free(struct rb_node *n, struct buf *b) {
    if (b->p) rb_region_free(&n->region, b->p, b->cap);
    b->p = NULL;
    b->n = b->cap = 0;
}
