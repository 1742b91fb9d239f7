/* Bodies of closed records: ciphertext in chunks, and what is staged for one. A body's bytes are
 * written once and never moved: naming staged bytes changes one small row. */
#include <stdlib.h>
#include "shell/store/internal.h"

#define ROW_BYTES                                                                                  \
    65536u /* of a chunk: a read of any length drags in little that it does not want */

struct body {
    int64_t row; /* 0: none */
    uint64_t size;
};

/* ---- finding -------------------------------------------------------------------------------- */

/* of ST_BODY_GET or ST_STAGE_GET, bound */
static enum rb_err one_body(struct rb_store *s, enum stmt which, struct body *out) {
    sqlite3_stmt *st = s->st[which];
    const int rc = sqlite3_step(st);
    enum rb_err err = RB_OK;
    *out = (struct body){0};
    if (rc == SQLITE_ROW)
        *out = (struct body){sqlite3_column_int64(st, 0), (uint64_t)sqlite3_column_int64(st, 1)};
    else if (rc != SQLITE_DONE)
        err = store_fail(s, "looking for a body", s->db);
    (void)sqlite3_reset(st);
    return err;
}

static void bind_ref(sqlite3_stmt *st, int at, const struct rb_body_ref *ref) {
    store_bind_blob(st, at, rb_slice(ref->channel, RB_CHANNEL_LEN));
    store_bind_int(st, at + 1, ref->member);
    store_bind_blob(st, at + 2, rb_slice(ref->hash.b, RB_HASH_LEN));
}

static enum rb_err find_body(struct rb_store *s, const struct rb_body_ref *ref, struct body *out) {
    bind_ref(s->st[ST_BODY_GET], 1, ref);
    return one_body(s, ST_BODY_GET, out);
}

static enum rb_err find_staged(struct rb_store *s, uint64_t id, struct body *out) {
    *out = (struct body){0};
    if (id > INT64_MAX) return RB_OK;
    store_bind_int(s->st[ST_STAGE_GET], 1, (int64_t)id);
    return one_body(s, ST_STAGE_GET, out);
}

/* ---- reading -------------------------------------------------------------------------------- */

static enum rb_err damaged(struct rb_store *s, uint64_t at) {
    return store_say(s, RB_ERR_IO,
                     "The database is damaged: a closed body's bytes from %llu on are missing.",
                     (unsigned long long)at);
}

/* the part of a chunk's row that begins at `at`; empty where it does not */
static struct rb_slice part_from(sqlite3_stmt *st, uint64_t at) {
    const uint64_t start = (uint64_t)sqlite3_column_int64(st, 0);
    const struct rb_slice bytes = store_blob(st, 1);
    if (at < start || at - start >= bytes.n) return (struct rb_slice){0};
    return rb_slice(bytes.p + (at - start), bytes.n - (size_t)(at - start));
}

static enum rb_err read_bytes(struct rb_store *s, const struct body *b, uint64_t from, uint8_t *buf,
                              size_t cap, size_t *n) {
    sqlite3_stmt *st = s->st[ST_CHUNK_RANGE];
    const uint64_t left = from < b->size ? b->size - from : 0;
    const size_t want = left < cap ? (size_t)left : cap;
    size_t got = 0;
    int rc = SQLITE_ROW;
    *n = 0;
    if (want == 0) return RB_OK;
    store_bind_int(st, 1, b->row);
    store_bind_int(st, 2, (int64_t)from);
    store_bind_int(st, 3, (int64_t)(from + want));
    while (got < want && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const struct rb_slice part = part_from(st, from + got);
        const size_t take = part.n < want - got ? part.n : want - got;
        if (take == 0) break; /* a gap */
        memcpy(buf + got, part.p, take);
        got += take;
    }
    enum rb_err err = RB_OK;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        err = store_fail(s, "reading a body", s->db);
    else if (got < want)
        err = damaged(s, from + got);
    (void)sqlite3_reset(st);
    if (err == RB_OK) *n = got;
    return err;
}

enum rb_err rb_store_body_size(struct rb_store *s, const struct rb_body_ref *ref, uint64_t *size) {
    struct body b;
    if (s->failed) return RB_ERR_STATE;
    RB_TRY(find_body(s, ref, &b));
    *size = b.size;
    return RB_OK;
}

enum rb_err rb_store_body_read(struct rb_store *s, const struct rb_body_ref *ref, uint64_t from,
                               uint8_t *buf, size_t cap, size_t *n) {
    struct body b;
    if (s->failed) return RB_ERR_STATE;
    RB_TRY(find_body(s, ref, &b));
    return read_bytes(s, &b, from, buf, cap, n);
}

enum rb_err rb_store_stage_read(struct rb_store *s, uint64_t id, uint64_t from, uint8_t *buf,
                                size_t cap, size_t *n) {
    struct body b;
    if (s->failed) return RB_ERR_STATE;
    RB_TRY(find_staged(s, id, &b));
    if (b.row == 0) return RB_ERR_NOT_FOUND;
    return read_bytes(s, &b, from, buf, cap, n);
}

/* Copied before it is handed on: what is called may store, or delete this very body. */
static enum rb_err load_pieces(struct rb_store *s, const struct rb_effect *ef, uint64_t to,
                               uint8_t *buf, rb_store_item_fn fn, void *ctx) {
    struct rb_event ev = {.type = RB_EV_LOADED};
    size_t n = 0;
    ev.u.loaded.token = ef->u.load.token;
    ev.u.loaded.item = RB_ITEM_BODY;
    ev.u.loaded.body = ef->u.load.body;
    for (uint64_t at = ef->u.load.from; at < to; at += n) {
        const size_t cap = to - at < RB_BODY_CHUNK ? (size_t)(to - at) : RB_BODY_CHUNK;
        RB_TRY(rb_store_body_read(s, &ef->u.load.body, at, buf, cap, &n));
        if (n == 0) break; /* it ends here, or is gone */
        ev.u.loaded.index = at;
        ev.u.loaded.leaf = rb_slice(buf, n);
        RB_TRY(fn(ctx, &ev));
    }
    return RB_OK;
}

enum rb_err store_load_body(struct rb_store *s, const struct rb_effect *ef, rb_store_item_fn fn,
                            void *ctx) {
    const uint64_t from = ef->u.load.from;
    uint64_t to = 0;
    RB_TRY(rb_store_body_size(s, &ef->u.load.body, &to));
    if (to > ef->u.load.to) to = ef->u.load.to;
    if (from >= to) return RB_OK;
    if (to - from > ef->u.load.max_bytes) to = from + ef->u.load.max_bytes;
    uint8_t *buf = malloc(to - from < RB_BODY_CHUNK ? (size_t)(to - from) + 1 : RB_BODY_CHUNK);
    if (buf == NULL) return store_say(s, RB_ERR_LIMIT, "Memory is short.");
    enum rb_err err = load_pieces(s, ef, to, buf, fn, ctx);
    free(buf);
    return err;
}

/* ---- writing -------------------------------------------------------------------------------- */

static enum rb_err add_chunk(struct rb_store *s, int64_t row, uint64_t start,
                             struct rb_slice bytes) {
    sqlite3_stmt *st = s->st[ST_CHUNK_ADD];
    store_bind_int(st, 1, row);
    store_bind_int(st, 2, (int64_t)start);
    store_bind_int(st, 3, s->page);
    store_bind_blob(st, 4, bytes);
    return store_run(s, ST_CHUNK_ADD, "storing a body");
}

/* at the end of what is there */
static enum rb_err append(struct rb_store *s, struct body *b, struct rb_slice bytes) {
    sqlite3_stmt *st = s->st[ST_BODY_GROW];
    while (bytes.n > 0) {
        const size_t n = bytes.n < ROW_BYTES ? bytes.n : ROW_BYTES;
        RB_TRY(add_chunk(s, b->row, b->size, rb_slice(bytes.p, n)));
        bytes = rb_slice(bytes.p + n, bytes.n - n);
        b->size += n;
    }
    store_bind_int(st, 1, b->row);
    store_bind_int(st, 2, (int64_t)b->size);
    return store_run(s, ST_BODY_GROW, "storing a body");
}

static bool too_long(const struct body *b, struct rb_slice bytes) {
    return b->size > RB_MAX_ATTACHED || bytes.n > RB_MAX_ATTACHED - b->size;
}

/* Zeroed by secure_delete; the commit also empties the write-ahead log. */
static enum rb_err drop(struct rb_store *s, int64_t row) {
    s->deleted = true;
    store_bind_int(s->st[ST_CHUNK_DROP], 1, row);
    RB_TRY(store_run(s, ST_CHUNK_DROP, "deleting a body"));
    store_bind_int(s->st[ST_BODY_DROP], 1, row);
    return store_run(s, ST_BODY_DROP, "deleting a body");
}

/* An effect that is carried out again finds its own bytes. */
static enum rb_err same_again(struct rb_store *s, const struct body *b, uint64_t at,
                              struct rb_slice bytes) {
    uint8_t there[4096];
    size_t n = 0;
    for (size_t i = 0; i < bytes.n; i += n) {
        const size_t cap = bytes.n - i < sizeof there ? bytes.n - i : sizeof there;
        RB_TRY(read_bytes(s, b, at + i, there, cap, &n));
        if (n < cap || memcmp(there, bytes.p + i, n) != 0)
            return store_say(s, RB_ERR_STATE,
                             "Other bytes were to be stored where a body has some.");
    }
    return RB_OK;
}

static enum rb_err put_bytes(struct rb_store *s, const struct rb_effect *ef, struct body *b) {
    const struct rb_slice bytes = ef->u.store.leaf;
    const uint64_t at = ef->u.store.index;
    if (at > b->size)
        return store_say(s, RB_ERR_STATE,
                         "Bytes of a body were to be stored with a gap before them.");
    if (at < b->size) return same_again(s, b, at, bytes);
    if (too_long(b, bytes))
        return store_say(s, RB_ERR_LIMIT,
                         "A body was to be stored that is longer than any may be.");
    if (b->row == 0) {
        bind_ref(s->st[ST_BODY_ADD], 1, &ef->u.store.body);
        RB_TRY(store_run(s, ST_BODY_ADD, "storing a body"));
        b->row = sqlite3_last_insert_rowid(s->db);
    }
    return append(s, b, bytes);
}

/* What stood under the name before was the same, or the beginning of it. */
static enum rb_err name_staged(struct rb_store *s, const struct rb_effect *ef,
                               const struct body *b) {
    sqlite3_stmt *st = s->st[ST_BODY_NAME];
    struct body staged;
    if (b->row != 0 && (uint64_t)b->row == ef->u.store.staged) return RB_OK; /* carried out again */
    RB_TRY(find_staged(s, ef->u.store.staged, &staged));
    if (staged.row == 0)
        return store_say(s, RB_ERR_STATE, "Bytes that are not staged were to become a body.");
    if (b->row != 0) RB_TRY(drop(s, b->row));
    store_bind_int(st, 1, staged.row);
    bind_ref(st, 2, &ef->u.store.body);
    return store_run(s, ST_BODY_NAME, "storing a body");
}

enum rb_err store_apply_body(struct rb_store *s, const struct rb_effect *ef) {
    struct body b;
    RB_TRY(find_body(s, &ef->u.store.body, &b));
    if (ef->u.store.staged != 0) return name_staged(s, ef, &b);
    if (ef->u.store.leaf.p != NULL) return put_bytes(s, ef, &b);
    return b.row != 0 ? drop(s, b.row) : RB_OK;
}

/* ---- the stage ------------------------------------------------------------------------------ */

enum rb_err rb_store_stage_new(struct rb_store *s, uint64_t *id) {
    RB_TRY(store_begin(s));
    enum rb_err err = store_run(s, ST_STAGE_NEW, "staging");
    if (err != RB_OK) return store_give_up(s, err);
    *id = (uint64_t)sqlite3_last_insert_rowid(s->db);
    return RB_OK;
}

enum rb_err rb_store_stage_add(struct rb_store *s, uint64_t id, struct rb_slice bytes) {
    struct body b;
    if (s->failed) return RB_ERR_STATE;
    RB_TRY(find_staged(s, id, &b));
    if (b.row == 0) return RB_ERR_NOT_FOUND;
    if (too_long(&b, bytes)) return RB_ERR_LIMIT;
    RB_TRY(store_begin(s));
    enum rb_err err = append(s, &b, bytes);
    return err == RB_OK ? RB_OK : store_give_up(s, err);
}

enum rb_err rb_store_stage_drop(struct rb_store *s, uint64_t id) {
    struct body b;
    if (s->failed) return RB_ERR_STATE;
    RB_TRY(find_staged(s, id, &b));
    if (b.row == 0) return RB_ERR_NOT_FOUND;
    RB_TRY(store_begin(s));
    enum rb_err err = drop(s, b.row);
    return err == RB_OK ? RB_OK : store_give_up(s, err);
}

enum rb_err store_empty_stage(struct rb_store *s) {
    static const char words[] =
        "BEGIN IMMEDIATE;"
        "DELETE FROM chunks WHERE body IN (SELECT body FROM bodies WHERE channel IS NULL);"
        "DELETE FROM bodies WHERE channel IS NULL;"
        "COMMIT";
    return store_exec(s, s->db, words, "emptying the stage");
}
