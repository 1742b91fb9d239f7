/* The store, reading side: everything at start, single leaves and ranges later, and the recheck of
 * leaves against the disk before anything is signed. */
#include <stdlib.h>
#include "shell/store/internal.h"

/* what a row loop calls: the event of this row */
typedef enum rb_err (*row_fn)(struct rb_store *s, sqlite3_stmt *st, struct rb_event *ev);

static enum rb_err each_row(struct rb_store *s, sqlite3_stmt *st, struct rb_event *ev, row_fn row,
                            rb_store_item_fn fn, void *ctx) {
    enum rb_err err = RB_OK;
    int rc = SQLITE_ROW;
    while (err == RB_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        err = row(s, st, ev);
        if (err == RB_OK) err = fn(ctx, ev);
    }
    if (err == RB_OK && rc != SQLITE_DONE) err = store_fail(s, "reading the database", s->db);
    (void)sqlite3_reset(st);
    return err;
}

static enum rb_err meta_row(struct rb_store *s, sqlite3_stmt *st, struct rb_event *ev) {
    (void)s;
    ev->u.loaded.item = RB_ITEM_META;
    ev->u.loaded.table = (uint8_t)sqlite3_column_int(st, 0);
    ev->u.loaded.key = store_blob(st, 1);
    ev->u.loaded.value = store_blob(st, 2);
    return RB_OK;
}

static enum rb_err damaged(struct rb_store *s, const struct rb_feed_ref *feed, uint64_t index) {
    return store_say(
        s, RB_ERR_IO,
        "The database is damaged: leaf %llu of member %u's feed (epoch %u) is missing or "
        "is not what was stored.",
        (unsigned long long)index, feed->member, feed->epoch);
}

/* ev->u.loaded.index is the index expected; hash and body must agree. */
static enum rb_err leaf_row(struct rb_store *s, sqlite3_stmt *st, struct rb_event *ev) {
    const struct rb_slice hash = store_blob(st, 1), body = store_blob(st, 3);
    struct rb_hash real;
    rb_leaf_hash(body, &real);
    if ((uint64_t)sqlite3_column_int64(st, 0) != ev->u.loaded.index ||
        !rb_slice_eq(hash, rb_slice(real.b, RB_HASH_LEN)))
        return damaged(s, &ev->u.loaded.feed, ev->u.loaded.index);
    ev->u.loaded.mark = (int16_t)sqlite3_column_int(st, 2);
    ev->u.loaded.leaf = body;
    return RB_OK;
}

static enum rb_err note_row(struct rb_store *s, sqlite3_stmt *st, struct rb_event *ev) {
    (void)s;
    ev->u.loaded.size = (uint64_t)sqlite3_column_int64(st, 0);
    ev->u.loaded.cosigner = (uint16_t)sqlite3_column_int(st, 1);
    ev->u.loaded.note = store_blob(st, 2);
    return RB_OK;
}

struct leaf_walk { /* counts indexes up, stops at a byte budget, though never before the first */
    rb_store_item_fn fn;
    void *ctx;
    uint64_t first, next;
    size_t bytes, max_bytes;
    bool full;
};

static enum rb_err walk_leaf(void *ctx, struct rb_event *ev) {
    struct leaf_walk *w = ctx;
    w->bytes += ev->u.loaded.leaf.n;
    w->full = w->bytes > w->max_bytes && w->next > w->first;
    if (w->full) return RB_ERR_LIMIT; /* ends the walk; not an error of ours */
    RB_TRY(w->fn(w->ctx, ev));
    w->next++;
    ev->u.loaded.index = w->next;
    return RB_OK;
}

static enum rb_err feed_leaves(struct rb_store *s, const struct known_feed *f, uint64_t token,
                               uint64_t from, uint64_t to, size_t max_bytes, rb_store_item_fn fn,
                               void *ctx) {
    struct rb_event ev = {.type = RB_EV_LOADED};
    struct leaf_walk w = {
        .fn = fn, .ctx = ctx, .first = from, .next = from, .max_bytes = max_bytes};
    sqlite3_stmt *st = s->st[ST_LEAF_RANGE];
    ev.u.loaded.token = token;
    ev.u.loaded.item = RB_ITEM_LEAF;
    ev.u.loaded.feed = f->ref;
    ev.u.loaded.index = from;
    (void)sqlite3_bind_int64(st, 1, f->row);
    (void)sqlite3_bind_int64(st, 2, (int64_t)from);
    (void)sqlite3_bind_int64(st, 3, (int64_t)to);
    enum rb_err err = each_row(s, st, &ev, leaf_row, walk_leaf, &w);
    if (w.full) return RB_OK;
    RB_TRY(err);
    return w.next == to ? RB_OK : damaged(s, &f->ref, w.next);
}

static enum rb_err feed_notes(struct rb_store *s, const struct known_feed *f, rb_store_item_fn fn,
                              void *ctx) {
    struct rb_event ev = {.type = RB_EV_LOADED};
    sqlite3_stmt *st = s->st[ST_NOTE_RANGE];
    ev.u.loaded.item = RB_ITEM_NOTE;
    ev.u.loaded.feed = f->ref;
    (void)sqlite3_bind_int64(st, 1, f->row);
    return each_row(s, st, &ev, note_row, fn, ctx);
}

static enum rb_err say_end(uint64_t token, rb_store_item_fn fn, void *ctx) {
    struct rb_event ev = {.type = RB_EV_LOADED};
    ev.u.loaded.token = token;
    ev.u.loaded.item = RB_ITEM_END;
    return fn(ctx, &ev);
}

static enum rb_err load_feeds(struct rb_store *s, const struct known_feed *feeds, size_t n,
                              rb_store_item_fn fn, void *ctx) {
    for (size_t i = 0; i < n; i++)
        RB_TRY(feed_leaves(s, &feeds[i], 0, 0, feeds[i].leaves, SIZE_MAX, fn, ctx));
    for (size_t i = 0; i < n; i++)
        RB_TRY(feed_notes(s, &feeds[i], fn, ctx));
    return say_end(0, fn, ctx);
}

/* The list of feeds is copied: what is called may store, and so move it. */
enum rb_err rb_store_load_all(struct rb_store *s, rb_store_item_fn fn, void *ctx) {
    struct rb_event ev = {.type = RB_EV_LOADED};
    const size_t n = s->feeds_n;
    if (s->failed) return RB_ERR_STATE;
    RB_TRY(each_row(s, s->st[ST_META_ALL], &ev, meta_row, fn, ctx));
    struct known_feed *feeds = calloc(n + 1, sizeof *feeds);
    if (feeds == NULL) return store_say(s, RB_ERR_LIMIT, "Memory is short.");
    if (n > 0) memcpy(feeds, s->feeds, n * sizeof *feeds);
    enum rb_err err = load_feeds(s, feeds, n, fn, ctx);
    free(feeds);
    return err;
}

enum rb_err rb_store_load(struct rb_store *s, const struct rb_effect *ef, rb_store_item_fn fn,
                          void *ctx) {
    const uint64_t token = ef->u.load.token, from = ef->u.load.from;
    const struct known_feed *known = store_feed(s, &ef->u.load.feed);
    if (s->failed) return RB_ERR_STATE;
    if (ef->u.load.item == RB_ITEM_BODY) {
        RB_TRY(store_load_body(s, ef, fn, ctx));
    } else if (known != NULL) {
        const struct known_feed f = *known; /* what is called may store, and so move it */
        const uint64_t to = ef->u.load.to < f.leaves ? ef->u.load.to : f.leaves;
        if (from < to) RB_TRY(feed_leaves(s, &f, token, from, to, ef->u.load.max_bytes, fn, ctx));
    }
    return say_end(token, fn, ctx);
}

enum rb_err rb_store_leaf(struct rb_store *s, const struct rb_feed_ref *feed, uint64_t index,
                          uint8_t *buf, size_t *n) {
    const struct known_feed *f = store_feed(s, feed);
    sqlite3_stmt *st = s->st[ST_LEAF_GET];
    if (f == NULL || index >= f->leaves) return RB_ERR_NOT_FOUND;
    (void)sqlite3_bind_int64(st, 1, f->row);
    (void)sqlite3_bind_int64(st, 2, (int64_t)index);
    enum rb_err err = RB_ERR_IO;
    const int rc = sqlite3_step(st);
    const struct rb_slice body = rc == SQLITE_ROW ? store_blob(st, 0) : rb_slice(NULL, 0);
    if (rc == SQLITE_ROW && body.n <= RB_MAX_LEAF) {
        if (body.n > 0) memcpy(buf, body.p, body.n);
        *n = body.n;
        err = RB_OK;
    } else if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
        err = damaged(s, feed, index);
    } else {
        err = store_fail(s, "reading the database", s->db);
    }
    (void)sqlite3_reset(st);
    return err;
}

enum rb_err rb_store_notes(struct rb_store *s, const struct rb_feed_ref *feed, rb_store_item_fn fn,
                           void *ctx) {
    const struct known_feed *f = store_feed(s, feed);
    return f == NULL ? RB_OK : feed_notes(s, f, fn, ctx);
}

/* Through the second connection: its pages come from the file, not from what was written here. */
enum rb_err rb_store_recheck(struct rb_store *s, const struct rb_feed_ref *feed,
                             const struct rb_tree *tree, uint64_t from, uint64_t to) {
    const struct known_feed *f = store_feed(s, feed);
    sqlite3_stmt *st = s->disk_range;
    struct rb_hash real;
    uint64_t next = from;
    if (from >= to) return RB_OK;
    if (s->failed) return RB_ERR_STATE;
    if (f == NULL || to > tree->size) return damaged(s, feed, from);
    (void)sqlite3_bind_int64(st, 1, f->row);
    (void)sqlite3_bind_int64(st, 2, (int64_t)from);
    (void)sqlite3_bind_int64(st, 3, (int64_t)to);
    int rc = SQLITE_ROW;
    while (next < to && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        rb_leaf_hash(store_blob(st, 3), &real);
        if ((uint64_t)sqlite3_column_int64(st, 0) != next ||
            !rb_hash_eq(&real, &tree->level[0].h[next]))
            break;
        next++;
    }
    const bool read = rc == SQLITE_ROW || rc == SQLITE_DONE;
    if (!read) (void)store_fail(s, "reading the leaves again that are to be signed", s->disk);
    (void)sqlite3_reset(st); /* also ends the read, so that the log can be checkpointed */
    if (!read) return RB_ERR_BUSY;
    return next == to ? RB_OK : damaged(s, feed, next);
}
