/* Simulated disk: a list of stored operations and the image they make. A crash cuts the list at what was
 * committed and makes the image anew. The head file lies beside it with its own durability. */
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>

void *sim_alloc(size_t n) {
    void *p = calloc(1, n ? n : 1);
    if (!p) {
        fputs("simulator: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *sim_grow(void *p, size_t *cap, size_t want, size_t each) {
    if (want <= *cap) return p;
    size_t c = *cap ? *cap * 2 : 16;
    while (c < want) c *= 2;
    uint8_t *q = realloc(p, c * each);
    if (!q) {
        fputs("simulator: out of memory\n", stderr);
        abort();
    }
    memset(q + *cap * each, 0, (c - *cap) * each);
    *cap = c;
    return q;
}

static bool ref_eq(const struct rb_feed_ref *a, const struct rb_feed_ref *b) {
    return memcmp(a->channel, b->channel, RB_CHANNEL_LEN) == 0 && a->member == b->member &&
           a->epoch == b->epoch;
}

struct disk_feed *disk_feed(struct disk *d, const struct rb_feed_ref *ref) {
    for (size_t i = 0; i < d->feeds_n; i++)
        if (ref_eq(&d->feeds[i].ref, ref)) return &d->feeds[i];
    return NULL;
}

static struct disk_feed *feed_make(struct disk *d, const struct rb_feed_ref *ref) {
    struct disk_feed *f = disk_feed(d, ref);
    if (f) return f;
    d->feeds = sim_grow(d->feeds, &d->feeds_cap, d->feeds_n + 1, sizeof *d->feeds);
    f = &d->feeds[d->feeds_n++];
    memset(f, 0, sizeof *f);
    f->ref = *ref;
    return f;
}

static void copy_in(struct rb_slice *s, uint8_t **at) {
    if (!s->p) return;
    if (s->n) memcpy(*at, s->p, s->n);
    s->p = *at;
    *at += s->n;
}

/* ---- bodies ------------------------------------------------------------------------------------- */
static bool body_ref_eq(const struct rb_body_ref *a, const struct rb_body_ref *b) {
    return memcmp(a->channel, b->channel, RB_CHANNEL_LEN) == 0 && a->member == b->member &&
           rb_hash_eq(&a->hash, &b->hash);
}

static struct disk_body *body_of(const struct disk *d, const struct rb_body_ref *ref) {
    for (size_t i = 0; i < d->bodies_n; i++)
        if (d->bodies[i].staged == 0 && body_ref_eq(&d->bodies[i].ref, ref)) return &d->bodies[i];
    return NULL;
}

static struct disk_body *staged_of(const struct disk *d, uint64_t staged) {
    for (size_t i = 0; i < d->bodies_n && staged != 0; i++)
        if (d->bodies[i].staged == staged) return &d->bodies[i];
    return NULL;
}

static struct disk_body *body_make(struct disk *d) {
    d->bodies = sim_grow(d->bodies, &d->bodies_cap, d->bodies_n + 1, sizeof *d->bodies);
    struct disk_body *b = &d->bodies[d->bodies_n++];
    memset(b, 0, sizeof *b);
    return b;
}

static void body_drop(struct disk *d, struct disk_body *b) {
    free(b->bytes);
    *b = d->bodies[--d->bodies_n];
}

static void body_add(struct disk_body *b, struct rb_slice bytes) {
    b->bytes = sim_grow(b->bytes, &b->cap, b->n + bytes.n, 1);
    if (bytes.n) memcpy(b->bytes + b->n, bytes.p, bytes.n);
    b->n += bytes.n;
}

static bool body_too_long(const struct disk_body *b, struct rb_slice bytes) {
    return bytes.n > RB_MAX_ATTACHED - b->n;
}

static size_t body_part(const struct disk_body *b, uint64_t from, uint8_t *buf, size_t cap) {
    if (!b || from >= b->n) return 0;
    size_t n = b->n - (size_t)from < cap ? b->n - (size_t)from : cap;
    if (n) memcpy(buf, b->bytes + from, n);
    return n;
}

size_t disk_body_size(const struct disk *d, const struct rb_body_ref *ref) {
    const struct disk_body *b = body_of(d, ref);
    return b ? b->n : 0;
}

size_t disk_body_read(const struct disk *d, const struct rb_body_ref *ref, uint64_t from, uint8_t *buf,
                      size_t cap) {
    return body_part(body_of(d, ref), from, buf, cap);
}

uint64_t disk_stage_new(struct disk *d) {
    struct disk_body *b = body_make(d);
    return b->staged = ++d->stage_last;
}

bool disk_stage_add(struct disk *d, uint64_t staged, struct rb_slice bytes) {
    struct disk_body *b = staged_of(d, staged);
    if (!b || body_too_long(b, bytes)) return false;
    body_add(b, bytes);
    return true;
}

bool disk_stage_read(const struct disk *d, uint64_t staged, uint64_t from, uint8_t *buf, size_t cap, size_t *n) {
    const struct disk_body *b = staged_of(d, staged);
    if (!b) return false;
    *n = body_part(b, from, buf, cap);
    return true;
}

bool disk_stage_drop(struct disk *d, uint64_t staged) {
    struct disk_body *b = staged_of(d, staged);
    if (b) body_drop(d, b);
    return b != NULL;
}

/* A stage does not survive a crash, what is named does: the operation carries the bytes themselves. */
static const char *resolve_staged(struct disk *d, struct rb_effect *ef) {
    if (ef->u.store.item != RB_ITEM_BODY || ef->u.store.staged == 0) return NULL;
    const struct disk_body *b = staged_of(d, ef->u.store.staged);
    if (!b) return "bytes that are not staged were to become a body";
    ef->u.store.index = 0;
    ef->u.store.leaf = rb_slice(b->bytes ? b->bytes : (const uint8_t *)"", b->n);
    return NULL;
}

/* What named bytes take the place of is the same, or its beginning. */
static const char *image_body(struct disk *d, const struct rb_effect *ef) {
    const struct rb_slice bytes = ef->u.store.leaf;
    struct disk_body *b = body_of(d, &ef->u.store.body);
    if (b && (!bytes.p || ef->u.store.staged)) {
        body_drop(d, b);
        b = NULL;
    }
    if (!bytes.p) return NULL;
    uint64_t at = ef->u.store.index;
    if (at > (b ? b->n : 0)) return "bytes of a body were stored with a gap before them";
    if (b && at < b->n)
        return bytes.n <= b->n - at && memcmp(b->bytes + at, bytes.p, bytes.n) == 0
                   ? NULL
                   : "other bytes were stored where a body has some";
    if (!b) {
        b = body_make(d);
        b->ref = ef->u.store.body;
    }
    if (body_too_long(b, bytes)) return "a body was stored that is longer than any may be";
    body_add(b, bytes);
    return NULL;
}

static void bodies_clear(struct disk *d) {
    for (size_t i = 0; i < d->bodies_n; i++) free(d->bodies[i].bytes);
    d->bodies_n = 0;
}

/* A deletion that is durable leaves no byte: what stored the body becomes a deletion itself. */
static void forget_bytes(struct disk *d, size_t deleted) {
    for (size_t i = 0; i < deleted; i++) {
        struct rb_effect *ef = &d->ops[i].ef;
        if (ef->u.store.item != RB_ITEM_BODY || !ef->u.store.leaf.p) continue;
        if (!body_ref_eq(&ef->u.store.body, &d->ops[deleted].ef.u.store.body)) continue;
        free(d->ops[i].bytes);
        d->ops[i].bytes = NULL;
        ef->u.store.leaf = (struct rb_slice){0};
        ef->u.store.staged = 0;
    }
}

/* ---- operations ----------------------------------------------------------------------------------- */
static void op_copy(struct disk_op *op, const struct rb_effect *ef) {
    op->ef = *ef;
    size_t n = 0;
    if (ef->u.store.item == RB_ITEM_META) n = ef->u.store.key.n + ef->u.store.value.n;
    if (ef->u.store.item == RB_ITEM_LEAF || ef->u.store.item == RB_ITEM_BODY) n = ef->u.store.leaf.n;
    if (ef->u.store.item == RB_ITEM_NOTE) n = ef->u.store.note.n;
    uint8_t *at = op->bytes = sim_alloc(n);
    if (ef->u.store.item == RB_ITEM_META) {
        copy_in(&op->ef.u.store.key, &at);
        copy_in(&op->ef.u.store.value, &at);
    }
    if (ef->u.store.item == RB_ITEM_LEAF || ef->u.store.item == RB_ITEM_BODY) copy_in(&op->ef.u.store.leaf, &at);
    if (ef->u.store.item == RB_ITEM_NOTE) copy_in(&op->ef.u.store.note, &at);
}

static void image_meta(struct disk *d, const struct rb_effect *ef) {
    size_t i = 0;
    while (i < d->meta_n && (d->meta[i].table != ef->u.store.table ||
                             !rb_slice_eq(d->meta[i].key, ef->u.store.key)))
        i++;
    if (!ef->u.store.value.p) {
        if (i < d->meta_n) d->meta[i] = d->meta[--d->meta_n];
        return;
    }
    if (i == d->meta_n) {
        d->meta = sim_grow(d->meta, &d->meta_cap, d->meta_n + 1, sizeof *d->meta);
        d->meta_n++;
    }
    d->meta[i] = (struct disk_meta){ef->u.store.table, ef->u.store.key, ef->u.store.value};
}

static const char *image_leaf(struct disk *d, const struct rb_effect *ef) {
    struct disk_feed *f = feed_make(d, &ef->u.store.feed);
    uint64_t i = ef->u.store.index;
    if (!ef->u.store.leaf.p) {
        if (i >= f->leaves_n) return "a mark was stored for a leaf that is not stored";
        f->leaves[i].mark = ef->u.store.mark;
        return NULL;
    }
    struct rb_hash h;
    rb_leaf_hash(ef->u.store.leaf, &h);
    if (!rb_hash_eq(&h, &ef->u.store.hash)) return "a leaf was stored with another leaf's hash";
    if (i > f->leaves_n) return "a leaf was stored beyond a gap";
    if (i < f->leaves_n && !rb_hash_eq(&f->leaves[i].hash, &h)) return "a stored leaf was overwritten";
    if (i == f->leaves_n) {
        f->leaves = sim_grow(f->leaves, &f->leaves_cap, f->leaves_n + 1, sizeof *f->leaves);
        f->leaves_n++;
    }
    f->leaves[i] = (struct disk_leaf){ef->u.store.leaf, h, ef->u.store.mark};
    return NULL;
}

static bool note_before(const struct disk_note *a, const struct disk_note *b) {
    return a->size != b->size ? a->size < b->size : a->time_s < b->time_s;
}

static void image_note(struct disk *d, const struct rb_effect *ef) {
    struct disk_feed *f = feed_make(d, &ef->u.store.feed);
    struct disk_note n = {ef->u.store.size, ef->u.store.time_s, ef->u.store.cosigner, ef->u.store.note};
    for (size_t i = 0; i < f->notes_n; i++)
        if (f->notes[i].size == n.size && f->notes[i].cosigner == n.cosigner &&
            rb_slice_eq(f->notes[i].note, n.note))
            return;
    f->notes = sim_grow(f->notes, &f->notes_cap, f->notes_n + 1, sizeof *f->notes);
    size_t at = f->notes_n++;
    while (at > 0 && note_before(&n, &f->notes[at - 1])) {
        f->notes[at] = f->notes[at - 1];
        at--;
    }
    f->notes[at] = n;
}

static const char *image_apply(struct disk *d, const struct rb_effect *ef) {
    switch (ef->u.store.item) {
    case RB_ITEM_META: image_meta(d, ef); return NULL;
    case RB_ITEM_LEAF: return image_leaf(d, ef);
    case RB_ITEM_NOTE: image_note(d, ef); return NULL;
    case RB_ITEM_BODY: return image_body(d, ef);
    case RB_ITEM_HEAD:
    case RB_ITEM_END: break;
    }
    return "an item was stored that no store takes";
}

const char *disk_apply(struct disk *d, const struct rb_effect *ef) {
    struct rb_effect resolved = *ef;
    const uint64_t staged = ef->u.store.item == RB_ITEM_BODY ? ef->u.store.staged : 0;
    const char *bad = resolve_staged(d, &resolved);
    if (bad) return bad;
    d->ops = sim_grow(d->ops, &d->ops_cap, d->ops_n + 1, sizeof *d->ops);
    struct disk_op *op = &d->ops[d->ops_n++];
    op_copy(op, &resolved);
    if (ef->u.store.ticket > d->ticket) d->ticket = ef->u.store.ticket;
    if (staged) (void)disk_stage_drop(d, staged);
    return image_apply(d, &op->ef);
}

static void mark_durable(struct disk *d, size_t from) {
    for (size_t i = from; i < d->durable_n; i++) {
        const struct rb_effect *ef = &d->ops[i].ef;
        if (ef->u.store.item == RB_ITEM_BODY && !ef->u.store.leaf.p) forget_bytes(d, i);
        if (ef->u.store.item != RB_ITEM_LEAF) continue;
        struct disk_feed *f = disk_feed(d, &ef->u.store.feed);
        if (f && f->durable_n <= ef->u.store.index) f->durable_n = ef->u.store.index + 1;
    }
}

void disk_commit_begin(struct disk *d) {
    d->in_commit = d->ops_n;
    d->commit_ticket = d->ticket;
}

void disk_commit_end(struct disk *d) {
    size_t from = d->durable_n;
    d->durable_n = d->in_commit;
    d->in_commit = 0;
    mark_durable(d, from);
}

static void image_clear(struct disk *d) {
    for (size_t i = 0; i < d->feeds_n; i++) {
        free(d->feeds[i].leaves);
        free(d->feeds[i].notes);
    }
    bodies_clear(d);
    d->feeds_n = d->meta_n = 0;
}

void disk_crash(struct disk *d, bool commit_made_it, bool heads_made_it) {
    if (d->in_commit && commit_made_it) d->durable_n = d->in_commit;
    d->in_commit = 0;
    for (size_t i = d->durable_n; i < d->ops_n; i++) free(d->ops[i].bytes);
    d->ops_n = d->durable_n;
    image_clear(d);
    for (size_t i = 0; i < d->ops_n; i++) (void)image_apply(d, &d->ops[i].ef);
    mark_durable(d, 0);
    size_t kept = 0;
    for (size_t i = 0; i < d->heads_n; i++) {
        if (!d->heads[i].durable && !heads_made_it) continue;
        d->heads[kept] = d->heads[i];
        d->heads[kept++].durable = true;
    }
    d->heads_n = kept;
    d->ticket = d->commit_ticket = 0;
}

void disk_free(struct disk *d) {
    image_clear(d);
    for (size_t i = 0; i < d->ops_n; i++) free(d->ops[i].bytes);
    free(d->ops);
    free(d->meta);
    free(d->feeds);
    free(d->bodies);
    free(d->heads);
    memset(d, 0, sizeof *d);
}

void disk_put_meta(struct disk *d, uint8_t table, struct rb_slice key, struct rb_slice value) {
    struct rb_effect ef = {.type = RB_EF_STORE};
    ef.u.store.item = RB_ITEM_META;
    ef.u.store.table = table;
    ef.u.store.key = key;
    ef.u.store.value = value;
    (void)disk_apply(d, &ef);
    d->durable_n = d->ops_n;
}

/* RFC 6962 from the leaf hashes alone: the checker shares no tree with the node. */
static void root_of(const struct disk_leaf *l, uint64_t n, struct rb_hash *out) {
    if (n == 0) {
        rb_empty_root(out);
        return;
    }
    struct rb_hash stack[64];
    size_t top = 0;
    for (uint64_t i = 0; i < n; i++) {
        stack[top++] = l[i].hash;
        for (uint64_t k = i + 1; (k & 1) == 0; k >>= 1, top--)
            rb_node_hash(&stack[top - 2], &stack[top - 1], &stack[top - 2]);
    }
    for (; top > 1; top--) rb_node_hash(&stack[top - 2], &stack[top - 1], &stack[top - 2]);
    *out = stack[0];
}

bool disk_root(const struct disk_feed *f, uint64_t size, struct rb_hash *out) {
    if (!f || size > f->durable_n) return false;
    root_of(f->leaves, size, out);
    return true;
}

/* ---- head file ---------------------------------------------------------------------------------- */
static struct rb_slice head_origin(const struct head_entry *h) { return rb_slice(h->origin, h->origin_n); }

bool heads_allow(const struct disk *d, enum rb_key_use use, struct rb_slice origin, uint64_t size,
                 const struct rb_hash *root) {
    for (size_t i = 0; i < d->heads_n; i++) {
        const struct head_entry *h = &d->heads[i];
        if (h->use != use || !rb_slice_eq(head_origin(h), origin)) continue;
        if (size < h->size || (size == h->size && !rb_hash_eq(root, &h->root))) return false;
    }
    return true;
}

size_t heads_put(struct disk *d, const struct rb_effect *sign) {
    d->heads = sim_grow(d->heads, &d->heads_cap, d->heads_n + 1, sizeof *d->heads);
    struct head_entry *h = &d->heads[d->heads_n];
    memset(h, 0, sizeof *h);
    h->use = sign->u.sign.use;
    h->origin_n = sign->u.sign.origin.n < RB_MAX_ORIGIN ? sign->u.sign.origin.n : RB_MAX_ORIGIN;
    if (h->origin_n) memcpy(h->origin, sign->u.sign.origin.p, h->origin_n);
    h->size = sign->u.sign.size;
    h->time_s = sign->u.sign.time_s;
    h->root = sign->u.sign.root;
    return d->heads_n++;
}
