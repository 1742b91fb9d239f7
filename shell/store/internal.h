/* What store.c (writing), load.c (reading), body.c (bodies of closed records) and memory.c share.
 */
#ifndef RB_STORE_INTERNAL_H
#define RB_STORE_INTERNAL_H
#include <sqlite3.h>
#include "shell/store/store.h"

#define STORE_APPLICATION_ID 0x52444231 /* "RDB1" */
#define STORE_SCHEMA_VERSION 2

enum stmt { /* prepared once, at open */
            ST_BEGIN,
            ST_COMMIT,
            ST_ROLLBACK,
            ST_META_PUT,
            ST_META_DELETE,
            ST_FEED_ADD,
            ST_LEAF_ADD,
            ST_LEAF_HASH,
            ST_LEAF_FORGET,
            ST_LEAF_MARK,
            ST_LEAF_GET,
            ST_LEAF_COUNT,
            ST_NOTE_ADD,
            ST_NOTE_LARGEST,
            ST_LEAF_RANGE,
            ST_NOTE_RANGE,
            ST_META_ALL,
            ST_FEED_ALL,
            ST_BODY_ADD,
            ST_BODY_GET,
            ST_BODY_GROW,
            ST_BODY_NAME,
            ST_BODY_DROP,
            ST_CHUNK_ADD,
            ST_CHUNK_RANGE,
            ST_CHUNK_DROP,
            ST_STAGE_NEW,
            ST_STAGE_GET,
            ST_N
};
struct known_feed { /* row number of a feed, so that a leaf costs one statement */
    struct rb_feed_ref ref;
    int64_t row;
    uint64_t leaves; /* stored, this transaction's included */
};
struct rb_store {
    sqlite3 *db;   /* the writer */
    sqlite3 *disk; /* a second connection without the first one's cache, for rechecks */
    sqlite3_stmt *st[ST_N];
    sqlite3_stmt *disk_range;
    struct known_feed *feeds;
    size_t feeds_n, feeds_cap;
    int64_t page; /* bytes of a page of the database */
    bool open;    /* a transaction is */
    bool deleted; /* bytes of a body, in this transaction */
    bool unclean; /* the write-ahead log may hold bytes of a deleted body */
    bool failed;
    char error[256];
};

/* ascending by (channel, member, epoch) */
int store_feed_cmp(const struct rb_feed_ref *a, const struct rb_feed_ref *b);
/* NULL: the feed has nothing stored */
struct known_feed *store_feed(const struct rb_store *s, const struct rb_feed_ref *ref);
enum rb_err store_read_feeds(struct rb_store *s);
/* sets the sentence from SQLite's own words and returns RB_ERR_IO */
enum rb_err store_fail(struct rb_store *s, const char *doing, sqlite3 *db);
enum rb_err store_say(struct rb_store *s, enum rb_err err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
struct rb_slice store_blob(sqlite3_stmt *st, int column);
void store_bind_blob(sqlite3_stmt *st, int at, struct rb_slice b);
void store_bind_int(sqlite3_stmt *st, int at, int64_t v);
/* runs to its end a statement that returns no rows */
enum rb_err store_run(struct rb_store *s, enum stmt which, const char *doing) RB_MUST_USE;
enum rb_err store_exec(struct rb_store *s, sqlite3 *db, const char *sql,
                       const char *doing) RB_MUST_USE;
/* a transaction, unless one is open */
enum rb_err store_begin(struct rb_store *s) RB_MUST_USE;
/* rolls back, refuses all further work, returns err */
enum rb_err store_give_up(struct rb_store *s, enum rb_err err);
/* the write-ahead log down to no byte, or s->unclean */
void store_empty_log(struct rb_store *s);

enum rb_err store_apply_body(struct rb_store *s, const struct rb_effect *ef) RB_MUST_USE;
enum rb_err store_load_body(struct rb_store *s, const struct rb_effect *ef, rb_store_item_fn fn,
                            void *ctx) RB_MUST_USE;
enum rb_err store_clean_memory(struct rb_store *s) RB_MUST_USE;
/* at open: what nothing names any more */
enum rb_err store_empty_stage(struct rb_store *s) RB_MUST_USE;
#endif
