/* The store, writing side: schema, one transaction per loop turn, group commit (spec 6.8). */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "shell/store/internal.h"

#define APPLICATION_ID STORE_APPLICATION_ID
#define SCHEMA_VERSION STORE_SCHEMA_VERSION
#define BUSY_MS 5000 /* somebody may be taking a backup */

/* Version 1. */
static const char SCHEMA[] =
    "CREATE TABLE meta(tbl INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
    " PRIMARY KEY(tbl, key)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE feeds(feed INTEGER PRIMARY KEY, channel BLOB NOT NULL CHECK(length(channel) = "
    "16),"
    " member INTEGER NOT NULL, epoch INTEGER NOT NULL, UNIQUE(channel, member, epoch)) STRICT;"
    "CREATE TABLE leaves(feed INTEGER NOT NULL, idx INTEGER NOT NULL,"
    " hash BLOB NOT NULL CHECK(length(hash) = 32), mark INTEGER NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY(feed, idx)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE notes(feed INTEGER NOT NULL, size INTEGER NOT NULL, time_s INTEGER NOT NULL,"
    " cosigner INTEGER NOT NULL, hash BLOB NOT NULL CHECK(length(hash) = 32), note BLOB NOT NULL,"
    " PRIMARY KEY(feed, size, time_s, cosigner, hash)) STRICT, WITHOUT ROWID;";

/* Version 2. `pad` comes before `bytes` and is as long as a page: what SQLite keeps of a row within
 * the tree, and copies when it rebalances, is then padding alone. The ciphertext lies in overflow
 * pages, which stay where they are and are zeroed when freed. A rebalanced page may keep stale
 * copies of cells in its gap, which no deletion reaches. Numbers are never used again
 * (AUTOINCREMENT): whoever still holds one of something dropped gets nothing. A body without a name
 * is staged. */
static const char SCHEMA_BODIES[] =
    "CREATE TABLE bodies(body INTEGER PRIMARY KEY AUTOINCREMENT,"
    " channel BLOB CHECK(length(channel) = 16), member INTEGER,"
    " hash BLOB CHECK(length(hash) = 32), size INTEGER NOT NULL,"
    " UNIQUE(channel, member, hash)) STRICT;"
    "CREATE TABLE chunks(chunk INTEGER PRIMARY KEY, body INTEGER NOT NULL, start INTEGER NOT NULL,"
    " pad BLOB NOT NULL, bytes BLOB NOT NULL, UNIQUE(body, start)) STRICT;";

static const char *const SQL[ST_N] = {
    [ST_BEGIN] = "BEGIN IMMEDIATE",
    [ST_COMMIT] = "COMMIT",
    [ST_ROLLBACK] = "ROLLBACK",
    [ST_META_PUT] = ("INSERT INTO meta VALUES(?1, ?2, ?3)"
                     " ON CONFLICT(tbl, key) DO UPDATE SET value = excluded.value"),
    [ST_META_DELETE] = "DELETE FROM meta WHERE tbl = ?1 AND key = ?2",
    [ST_FEED_ADD] = "INSERT INTO feeds(channel, member, epoch) VALUES(?1, ?2, ?3)",
    [ST_LEAF_ADD] = "INSERT INTO leaves VALUES(?1, ?2, ?3, ?4, ?5)",
    [ST_LEAF_HASH] = "SELECT hash FROM leaves WHERE feed = ?1 AND idx = ?2",
    [ST_LEAF_FORGET] = "DELETE FROM leaves WHERE feed = ?1 AND idx >= ?2",
    [ST_LEAF_MARK] = "UPDATE leaves SET mark = ?3 WHERE feed = ?1 AND idx = ?2",
    [ST_LEAF_GET] = "SELECT body FROM leaves WHERE feed = ?1 AND idx = ?2",
    [ST_LEAF_COUNT] = "SELECT max(idx) + 1 FROM leaves WHERE feed = ?1",
    [ST_NOTE_ADD] = "INSERT INTO notes VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    [ST_NOTE_LARGEST] = "SELECT max(size) FROM notes WHERE feed = ?1",
    [ST_LEAF_RANGE] = ("SELECT idx, hash, mark, body FROM leaves"
                       " WHERE feed = ?1 AND idx >= ?2 AND idx < ?3 ORDER BY idx"),
    [ST_NOTE_RANGE] = ("SELECT size, cosigner, note FROM notes WHERE feed = ?1"
                       " ORDER BY size, time_s, cosigner, hash"),
    [ST_META_ALL] = "SELECT tbl, key, value FROM meta ORDER BY tbl, key",
    [ST_FEED_ALL] = "SELECT feed, channel, member, epoch FROM feeds",
    [ST_BODY_ADD] = "INSERT INTO bodies(channel, member, hash, size) VALUES(?1, ?2, ?3, 0)",
    [ST_BODY_GET] = ("SELECT body, size FROM bodies"
                     " WHERE channel = ?1 AND member = ?2 AND hash = ?3"),
    [ST_BODY_GROW] = "UPDATE bodies SET size = ?2 WHERE body = ?1",
    [ST_BODY_NAME] = "UPDATE bodies SET channel = ?2, member = ?3, hash = ?4 WHERE body = ?1",
    [ST_BODY_DROP] = "DELETE FROM bodies WHERE body = ?1",
    [ST_CHUNK_ADD] = "INSERT INTO chunks(body, start, pad, bytes) VALUES(?1, ?2, zeroblob(?3), ?4)",
    [ST_CHUNK_RANGE] =
        ("SELECT start, bytes FROM chunks WHERE body = ?1 AND start < ?3 AND start >="
         " (SELECT max(start) FROM chunks WHERE body = ?1 AND start <= ?2)"
         " ORDER BY start"),
    [ST_CHUNK_DROP] = "DELETE FROM chunks WHERE body = ?1",
    [ST_STAGE_NEW] = "INSERT INTO bodies(size) VALUES(0)",
    [ST_STAGE_GET] = "SELECT body, size FROM bodies WHERE body = ?1 AND channel IS NULL",
};

/* ---- words ---------------------------------------------------------------------------------- */

enum rb_err store_say(struct rb_store *s, enum rb_err err, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(s->error, sizeof s->error, fmt, ap);
    va_end(ap);
    return err;
}

enum rb_err store_fail(struct rb_store *s, const char *doing, sqlite3 *db) {
    return store_say(s, RB_ERR_IO, "%s: %s.", doing, sqlite3_errmsg(db));
}

const char *rb_store_error(const struct rb_store *s) {
    return s->error;
}

/* ---- statements ----------------------------------------------------------------------------- */

struct rb_slice store_blob(sqlite3_stmt *st, int column) {
    const void *p = sqlite3_column_blob(st, column);
    return rb_slice(p, (size_t)sqlite3_column_bytes(st, column));
}

void store_bind_blob(sqlite3_stmt *st, int at, struct rb_slice b) {
    /* a zero pointer would bind NULL; an empty blob is meant */
    int rc = sqlite3_bind_blob64(st, at, b.n > 0 ? (const void *)b.p : "", b.n, SQLITE_STATIC);
    assert(rc == SQLITE_OK);
    (void)rc;
}

void store_bind_int(sqlite3_stmt *st, int at, int64_t v) {
    int rc = sqlite3_bind_int64(st, at, v);
    assert(rc == SQLITE_OK);
    (void)rc;
}

/* runs to its end a statement that returns no rows */
enum rb_err store_run(struct rb_store *s, enum stmt which, const char *doing) {
    sqlite3_stmt *st = s->st[which];
    int rc = sqlite3_step(st);
    enum rb_err err = rc == SQLITE_DONE ? RB_OK : store_fail(s, doing, s->db);
    (void)sqlite3_reset(st); /* repeats the error of the step */
    return err;
}

/* the one number of the one row; false: no row, or NULL in it */
static enum rb_err one_int(struct rb_store *s, enum stmt which, bool *found, int64_t *out) {
    sqlite3_stmt *st = s->st[which];
    int rc = sqlite3_step(st);
    enum rb_err err = RB_OK;
    *found = rc == SQLITE_ROW && sqlite3_column_type(st, 0) == SQLITE_INTEGER;
    if (*found) *out = sqlite3_column_int64(st, 0);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) err = store_fail(s, "reading the database", s->db);
    (void)sqlite3_reset(st);
    return err;
}

/* ---- opening -------------------------------------------------------------------------------- */

enum rb_err store_exec(struct rb_store *s, sqlite3 *db, const char *sql, const char *doing) {
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? RB_OK : store_fail(s, doing, db);
}

static enum rb_err pragma_int(struct rb_store *s, const char *sql, int64_t *out) {
    sqlite3_stmt *st = NULL;
    enum rb_err err = RB_ERR_IO;
    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW) {
        *out = sqlite3_column_int64(st, 0);
        err = RB_OK;
    }
    if (err != RB_OK) err = store_fail(s, "reading the database's header", s->db);
    (void)sqlite3_finalize(st);
    return err;
}

/* What SQLite makes later (journal, shared memory) takes over the mode of this file. */
static enum rb_err make_private(struct rb_store *s, const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat st = {0};
    if (fd < 0 || fstat(fd, &st) != 0) {
        (void)store_say(s, RB_ERR_IO, "The database %s cannot be opened: %s.", path,
                        strerror(errno));
        if (fd >= 0) (void)close(fd);
        return RB_ERR_IO;
    }
    (void)close(fd);
    if (st.st_uid == geteuid() && (st.st_mode & 077) == 0) return RB_OK;
    return store_say(s, RB_ERR_DENIED, /* spec 6.10.2 */
                     "The database %s is open to other users (mode %04o) or belongs to one; say "
                     "chmod 600 and consider who may have read it.",
                     path, (unsigned)st.st_mode & 07777u);
}

static enum rb_err configure(struct rb_store *s, sqlite3 *db) {
    static const char words[] = "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
                                "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                                "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000;";
    if (sqlite3_busy_timeout(db, BUSY_MS) != SQLITE_OK)
        return store_fail(s, "setting up the database", db);
    return store_exec(s, db, words, "setting up the database");
}

/* Pages do not move: what is deleted is zeroed where it lies. */
static enum rb_err create_schema(struct rb_store *s) {
    char marks[96];
    RB_TRY(store_exec(s, s->db, "PRAGMA auto_vacuum = NONE", "making the database"));
    (void)snprintf(marks, sizeof marks, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
                   APPLICATION_ID, SCHEMA_VERSION);
    RB_TRY(store_exec(s, s->db, "BEGIN IMMEDIATE", "making the database"));
    RB_TRY(store_exec(s, s->db, SCHEMA, "making the database"));
    RB_TRY(store_exec(s, s->db, SCHEMA_BODIES, "making the database"));
    RB_TRY(store_exec(s, s->db, marks, "making the database"));
    return store_exec(s, s->db, "COMMIT", "making the database");
}

/* All of it or nothing; where it is cut short, closing rolls it back. */
static enum rb_err migrate(struct rb_store *s, int64_t version) {
    static const char doing[] = "bringing the database to this version";
    if (version == SCHEMA_VERSION) return RB_OK;
    assert(version == 1 && SCHEMA_VERSION == 2);
    RB_TRY(store_exec(s, s->db, "BEGIN IMMEDIATE", doing));
    RB_TRY(store_exec(s, s->db, SCHEMA_BODIES, doing));
    RB_TRY(store_exec(s, s->db, "PRAGMA user_version = 2", doing));
    return store_exec(s, s->db, "COMMIT", doing);
}

/* Ours, of this version or an older one; or empty, then it is made. */
static enum rb_err check_schema(struct rb_store *s, const char *path) {
    int64_t application = 0, version = 0, tables = 0;
    RB_TRY(pragma_int(s, "PRAGMA application_id", &application));
    RB_TRY(pragma_int(s, "PRAGMA user_version", &version));
    RB_TRY(pragma_int(s, "SELECT count(*) FROM sqlite_master", &tables));
    if (application == 0 && version == 0 && tables == 0) return create_schema(s);
    if (application != APPLICATION_ID)
        return store_say(s, RB_ERR_STATE, "%s is a database of another program.", path);
    if (version > SCHEMA_VERSION)
        return store_say(s, RB_ERR_UNSUPPORTED,
                         "%s was written by a newer version of this software (format %lld, this "
                         "one knows %d).",
                         path, (long long)version, SCHEMA_VERSION);
    if (version < 1)
        return store_say(s, RB_ERR_STATE,
                         "%s has no format version; it was not made by this "
                         "software or its making was cut short.",
                         path);
    return migrate(s, version);
}

static enum rb_err use_wal(struct rb_store *s) {
    sqlite3_stmt *st = NULL;
    bool wal = false;
    if (sqlite3_prepare_v2(s->db, "PRAGMA journal_mode = WAL", -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        wal = rb_slice_is(store_blob(st, 0), "wal");
    (void)sqlite3_finalize(st);
    if (wal) return RB_OK;
    return store_say(s, RB_ERR_IO,
                     "The file system of the database does not allow a write-ahead log (%s).",
                     sqlite3_errmsg(s->db));
}

static enum rb_err prepare_all(struct rb_store *s) {
    for (size_t i = 0; i < ST_N; i++)
        if (sqlite3_prepare_v3(s->db, SQL[i], -1, SQLITE_PREPARE_PERSISTENT, &s->st[i], NULL) !=
            SQLITE_OK)
            return store_fail(s, "preparing the database", s->db);
    if (sqlite3_prepare_v3(s->disk, SQL[ST_LEAF_RANGE], -1, SQLITE_PREPARE_PERSISTENT,
                           &s->disk_range, NULL) != SQLITE_OK)
        return store_fail(s, "preparing the database", s->disk);
    return RB_OK;
}

static enum rb_err open_all(struct rb_store *s, const char *path) {
    const int rw = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    RB_TRY(store_clean_memory(s));
    RB_TRY(make_private(s, path));
    if (sqlite3_open_v2(path, &s->db, rw, NULL) != SQLITE_OK)
        return store_fail(s, "opening the database", s->db);
    RB_TRY(configure(s, s->db));
    RB_TRY(check_schema(s, path));
    RB_TRY(use_wal(s));
    if (sqlite3_open_v2(path, &s->disk, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        return store_fail(s, "opening the database", s->disk);
    RB_TRY(configure(s, s->disk));
    RB_TRY(pragma_int(s, "PRAGMA page_size", &s->page));
    RB_TRY(prepare_all(s));
    RB_TRY(store_empty_stage(s));
    store_empty_log(s); /* a process that died may have left deleted bodies in it */
    return store_read_feeds(s);
}

enum rb_err rb_store_open(const char *path, struct rb_store **out, char *why, size_t why_n) {
    struct rb_store *s = calloc(1, sizeof *s);
    if (s == NULL) {
        (void)snprintf(why, why_n, "Memory is short.");
        return RB_ERR_LIMIT;
    }
    enum rb_err err = open_all(s, path);
    if (err != RB_OK) {
        (void)snprintf(why, why_n, "%s", s->error);
        rb_store_close(s);
        return err;
    }
    *out = s;
    return RB_OK;
}

/* What was not committed is gone, as after a crash. */
void rb_store_close(struct rb_store *s) {
    if (s == NULL) return;
    for (size_t i = 0; i < ST_N; i++)
        (void)sqlite3_finalize(s->st[i]);
    (void)sqlite3_finalize(s->disk_range);
    (void)sqlite3_close(s->disk);
    (void)sqlite3_close(s->db);
    free(s->feeds);
    free(s);
}

/* ---- feeds ---------------------------------------------------------------------------------- */

int store_feed_cmp(const struct rb_feed_ref *a, const struct rb_feed_ref *b) {
    int c = memcmp(a->channel, b->channel, RB_CHANNEL_LEN);
    if (c != 0) return c;
    if (a->member != b->member) return a->member < b->member ? -1 : 1;
    if (a->epoch != b->epoch) return a->epoch < b->epoch ? -1 : 1;
    return 0;
}

/* first place whose feed is not below ref */
static size_t feed_place(const struct rb_store *s, const struct rb_feed_ref *ref) {
    size_t lo = 0, hi = s->feeds_n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (store_feed_cmp(&s->feeds[mid].ref, ref) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct known_feed *store_feed(const struct rb_store *s, const struct rb_feed_ref *ref) {
    size_t at = feed_place(s, ref);
    if (at == s->feeds_n || store_feed_cmp(&s->feeds[at].ref, ref) != 0) return NULL;
    return &s->feeds[at];
}

static enum rb_err remember_feed(struct rb_store *s, const struct known_feed *f) {
    if (s->feeds_n == s->feeds_cap) {
        size_t cap = s->feeds_cap == 0 ? 16 : s->feeds_cap * 2;
        struct known_feed *p = reallocarray(s->feeds, cap, sizeof *p);
        if (p == NULL) return store_say(s, RB_ERR_LIMIT, "Memory is short.");
        s->feeds = p;
        s->feeds_cap = cap;
    }
    size_t at = feed_place(s, &f->ref);
    memmove(s->feeds + at + 1, s->feeds + at, (s->feeds_n - at) * sizeof *s->feeds);
    s->feeds[at] = *f;
    s->feeds_n++;
    return RB_OK;
}

static enum rb_err count_leaves(struct rb_store *s, struct known_feed *f) {
    int64_t n = 0;
    bool any = false;
    store_bind_int(s->st[ST_LEAF_COUNT], 1, f->row);
    RB_TRY(one_int(s, ST_LEAF_COUNT, &any, &n));
    f->leaves = any ? (uint64_t)n : 0;
    return RB_OK;
}

enum rb_err store_read_feeds(struct rb_store *s) {
    sqlite3_stmt *st = s->st[ST_FEED_ALL];
    enum rb_err err = RB_OK;
    int rc;
    while (err == RB_OK && (rc = sqlite3_step(st)) != SQLITE_DONE) {
        struct known_feed f = {0};
        if (rc != SQLITE_ROW) {
            err = store_fail(s, "reading the feeds", s->db);
            break;
        }
        f.row = sqlite3_column_int64(st, 0);
        memcpy(f.ref.channel, store_blob(st, 1).p, RB_CHANNEL_LEN); /* CHECK holds the length */
        f.ref.member = (uint16_t)sqlite3_column_int(st, 2);
        f.ref.epoch = (uint16_t)sqlite3_column_int(st, 3);
        err = count_leaves(s, &f);
        if (err == RB_OK) err = remember_feed(s, &f);
    }
    (void)sqlite3_reset(st);
    return err;
}

static enum rb_err feed_for_write(struct rb_store *s, const struct rb_feed_ref *ref,
                                  struct known_feed **out) {
    struct known_feed f = {.ref = *ref};
    *out = store_feed(s, ref);
    if (*out != NULL) return RB_OK;
    sqlite3_stmt *st = s->st[ST_FEED_ADD];
    store_bind_blob(st, 1, rb_slice(ref->channel, RB_CHANNEL_LEN));
    store_bind_int(st, 2, ref->member);
    store_bind_int(st, 3, ref->epoch);
    RB_TRY(store_run(s, ST_FEED_ADD, "adding a feed"));
    f.row = sqlite3_last_insert_rowid(s->db);
    RB_TRY(remember_feed(s, &f));
    *out = store_feed(s, ref);
    return RB_OK;
}

/* ---- items ---------------------------------------------------------------------------------- */

static enum rb_err apply_meta(struct rb_store *s, const struct rb_effect *ef) {
    const bool put = ef->u.store.value.p != NULL;
    sqlite3_stmt *st = s->st[put ? ST_META_PUT : ST_META_DELETE];
    store_bind_int(st, 1, ef->u.store.table);
    store_bind_blob(st, 2, ef->u.store.key);
    if (put) store_bind_blob(st, 3, ef->u.store.value);
    return store_run(s, put ? ST_META_PUT : ST_META_DELETE, "storing");
}

static enum rb_err same_leaf(struct rb_store *s, const struct known_feed *f, uint64_t index,
                             const struct rb_hash *hash, bool *same) {
    sqlite3_stmt *st = s->st[ST_LEAF_HASH];
    store_bind_int(st, 1, f->row);
    store_bind_int(st, 2, (int64_t)index);
    int rc = sqlite3_step(st);
    enum rb_err err = rc == SQLITE_ROW ? RB_OK : store_fail(s, "reading a leaf", s->db);
    if (err == RB_OK) *same = rb_slice_eq(store_blob(st, 0), rb_slice(hash->b, RB_HASH_LEN));
    (void)sqlite3_reset(st);
    return err;
}

/* Another leaf at a taken place: allowed only beyond every checkpoint that is kept, where nothing
 * was signed or cosigned yet. What stood from there on is forgotten. */
static enum rb_err make_place(struct rb_store *s, struct known_feed *f, uint64_t index) {
    int64_t largest = 0;
    bool any = false;
    store_bind_int(s->st[ST_NOTE_LARGEST], 1, f->row);
    RB_TRY(one_int(s, ST_NOTE_LARGEST, &any, &largest));
    if (any && index < (uint64_t)largest)
        return store_say(s, RB_ERR_STATE,
                         "Another leaf was to be stored at place %llu, which a kept checkpoint "
                         "covers.",
                         (unsigned long long)index);
    store_bind_int(s->st[ST_LEAF_FORGET], 1, f->row);
    store_bind_int(s->st[ST_LEAF_FORGET], 2, (int64_t)index);
    RB_TRY(store_run(s, ST_LEAF_FORGET, "forgetting unsigned leaves"));
    f->leaves = index;
    return RB_OK;
}

static enum rb_err apply_mark(struct rb_store *s, const struct rb_effect *ef) {
    sqlite3_stmt *st = s->st[ST_LEAF_MARK];
    struct known_feed *f = store_feed(s, &ef->u.store.feed);
    if (f == NULL || ef->u.store.index >= f->leaves)
        return store_say(s, RB_ERR_STATE, "A leaf that is not stored was to be marked.");
    store_bind_int(st, 1, f->row);
    store_bind_int(st, 2, (int64_t)ef->u.store.index);
    store_bind_int(st, 3, ef->u.store.mark);
    return store_run(s, ST_LEAF_MARK, "marking a leaf");
}

static enum rb_err apply_leaf(struct rb_store *s, const struct rb_effect *ef) {
    const uint64_t index = ef->u.store.index;
    sqlite3_stmt *st = s->st[ST_LEAF_ADD];
    struct known_feed *f = NULL;
    bool same = false;
    if (ef->u.store.leaf.p == NULL) return apply_mark(s, ef);
    RB_TRY(feed_for_write(s, &ef->u.store.feed, &f));
    if (index > f->leaves)
        return store_say(s, RB_ERR_STATE, "A leaf was to be stored with a gap before it.");
    if (index < f->leaves) {
        RB_TRY(same_leaf(s, f, index, &ef->u.store.hash, &same));
        if (same) return apply_mark(s, ef);
        RB_TRY(make_place(s, f, index));
    }
    store_bind_int(st, 1, f->row);
    store_bind_int(st, 2, (int64_t)index);
    store_bind_blob(st, 3, rb_slice(ef->u.store.hash.b, RB_HASH_LEN));
    store_bind_int(st, 4, ef->u.store.mark);
    store_bind_blob(st, 5, ef->u.store.leaf);
    RB_TRY(store_run(s, ST_LEAF_ADD, "storing a leaf"));
    f->leaves++;
    return RB_OK;
}

static enum rb_err apply_note(struct rb_store *s, const struct rb_effect *ef) {
    sqlite3_stmt *st = s->st[ST_NOTE_ADD];
    struct known_feed *f = NULL;
    struct rb_hash hash;
    if (ef->u.store.size > INT64_MAX || ef->u.store.time_s > INT64_MAX)
        return store_say(s, RB_ERR_LIMIT, "A checkpoint's numbers are beyond the database's.");
    RB_TRY(feed_for_write(s, &ef->u.store.feed, &f));
    rb_sha256(ef->u.store.note, &hash);
    store_bind_int(st, 1, f->row);
    store_bind_int(st, 2, (int64_t)ef->u.store.size);
    store_bind_int(st, 3, (int64_t)ef->u.store.time_s);
    store_bind_int(st, 4, ef->u.store.cosigner);
    store_bind_blob(st, 5, rb_slice(hash.b, RB_HASH_LEN));
    store_bind_blob(st, 6, ef->u.store.note);
    return store_run(s, ST_NOTE_ADD, "storing a checkpoint");
}

static enum rb_err apply_item(struct rb_store *s, const struct rb_effect *ef) {
    switch (ef->u.store.item) {
    case RB_ITEM_META:
        return apply_meta(s, ef);
    case RB_ITEM_LEAF:
        return apply_leaf(s, ef);
    case RB_ITEM_NOTE:
        return apply_note(s, ef);
    case RB_ITEM_BODY:
        return store_apply_body(s, ef);
    case RB_ITEM_HEAD: /* the head file's */
    case RB_ITEM_END:
        break;
    }
    return store_say(s, RB_ERR_USAGE, "An item was to be stored that is not the store's.");
}

/* ---- transactions --------------------------------------------------------------------------- */

/* Whatever the reason: nothing of this transaction will ever have happened, and what is held in
 * memory elsewhere no longer agrees with the disk. */
enum rb_err store_give_up(struct rb_store *s, enum rb_err err) {
    if (s->open && sqlite3_get_autocommit(s->db) == 0) {
        (void)sqlite3_step(s->st[ST_ROLLBACK]);
        (void)sqlite3_reset(s->st[ST_ROLLBACK]);
    }
    s->open = false;
    s->failed = true;
    return err;
}

enum rb_err store_begin(struct rb_store *s) {
    if (s->failed) return RB_ERR_STATE; /* the sentence stays that of the failure */
    if (s->open) return RB_OK;
    enum rb_err err = store_run(s, ST_BEGIN, "beginning a transaction");
    if (err != RB_OK) return store_give_up(s, err);
    s->open = true;
    return RB_OK;
}

enum rb_err rb_store_apply(struct rb_store *s, const struct rb_effect *ef) {
    assert(ef->type == RB_EF_STORE);
    RB_TRY(store_begin(s));
    enum rb_err err = apply_item(s, ef);
    return err == RB_OK ? RB_OK : store_give_up(s, err);
}

/* Copies the write-ahead log into the database and cuts it to nothing. Does not wait: a backup may
 * read for minutes, and the loop has other things to do. What was committed is durable either way.
 */
void store_empty_log(struct rb_store *s) {
    (void)sqlite3_busy_timeout(s->db, 0);
    const int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)sqlite3_busy_timeout(s->db, BUSY_MS);
    s->unclean = rc != SQLITE_OK;
    if (s->unclean) (void)store_fail(s, "emptying the write-ahead log", s->db);
}

enum rb_err rb_store_commit(struct rb_store *s) {
    if (s->failed) return RB_ERR_STATE;
    if (s->open) {
        enum rb_err err = store_run(s, ST_COMMIT, "committing to the database");
        if (err != RB_OK) return store_give_up(s, err);
    }
    s->open = false;
    if (s->deleted) s->unclean = true;
    s->deleted = false;
    if (s->unclean) store_empty_log(s);
    return RB_OK;
}

bool rb_store_unclean(const struct rb_store *s) {
    return s->unclean;
}

bool rb_store_dirty(const struct rb_store *s) {
    return s->open;
}
