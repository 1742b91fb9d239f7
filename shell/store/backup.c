/* See backup.h. SQLite's online backup within one read transaction, so that the copy is of one
 * moment however long it takes; and the check of a copy. */
#include "shell/store/backup.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "readback/text.h"
#include "shell/store/internal.h"

#define STEP_PAGES 1024

struct copying {
    struct rb_store *words; /* carries the sentence */
    rb_copy_progress tell;
    void *ctx;
    sqlite3 *from, *to;
};

static void tell(const struct copying *c, const char *doing, uint64_t done, uint64_t all) {
    if (c->tell != NULL) c->tell(c->ctx, doing, done, all);
}

/* ---- what database is it --------------------------------------------------------------------- */

static enum rb_err number(struct copying *c, sqlite3 *db, const char *sql, int64_t *out) {
    sqlite3_stmt *st = NULL;
    enum rb_err err = RB_ERR_IO;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
        *out = sqlite3_column_int64(st, 0);
        err = RB_OK;
    }
    if (err != RB_OK) err = store_fail(c->words, "reading the database", db);
    (void)sqlite3_finalize(st);
    return err;
}

static enum rb_err is_ours(struct copying *c, sqlite3 *db, const char *path, uint64_t *version) {
    int64_t application = 0, v = 0;
    RB_TRY(number(c, db, "PRAGMA application_id", &application));
    RB_TRY(number(c, db, "PRAGMA user_version", &v));
    if (application != STORE_APPLICATION_ID || v < 1)
        return store_say(c->words, RB_ERR_STATE, "%s is not a database of this software.", path);
    if (v > STORE_SCHEMA_VERSION)
        return store_say(c->words, RB_ERR_UNSUPPORTED,
                         "%s was written by a newer version of this software (format %lld, this "
                         "one knows %d).",
                         path, (long long)v, STORE_SCHEMA_VERSION);
    *version = (uint64_t)v;
    return RB_OK;
}

static enum rb_err open_db(struct copying *c, const char *path, int flags, sqlite3 **db) {
    struct stat st;
    if (stat(path, &st) != 0)
        return store_say(c->words, errno == ENOENT ? RB_ERR_NOT_FOUND : RB_ERR_IO,
                         "%s cannot be opened: %s.", path, strerror(errno));
    if (sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(*db, 10000) != SQLITE_OK)
        return store_fail(c->words, "opening the database", *db);
    return RB_OK;
}

/* ---- copying --------------------------------------------------------------------------------- */

static enum rb_err make_file(struct copying *c, const char *to) {
    const int fd = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return store_say(c->words, errno == EEXIST ? RB_ERR_EXISTS : RB_ERR_IO,
                         "%s cannot be made: %s.", to, strerror(errno));
    (void)close(fd);
    return RB_OK;
}

/* The read transaction outlives the steps: what a daemon writes meanwhile is not seen, and does not
 * make the copy begin anew. */
static enum rb_err copy_pages(struct copying *c) {
    RB_TRY(store_exec(c->words, c->from, "BEGIN; SELECT count(*) FROM sqlite_master",
                      "reading the database"));
    sqlite3_backup *b = sqlite3_backup_init(c->to, "main", c->from, "main");
    if (b == NULL) return store_fail(c->words, "copying the database", c->to);
    int rc = SQLITE_OK;
    while ((rc = sqlite3_backup_step(b, STEP_PAGES)) == SQLITE_OK) {
        const int all = sqlite3_backup_pagecount(b), left = sqlite3_backup_remaining(b);
        tell(c, "copying the database", (uint64_t)(all - left), (uint64_t)all);
    }
    const int end = sqlite3_backup_finish(b);
    if (rc == SQLITE_DONE && end == SQLITE_OK) return RB_OK;
    return store_fail(c->words, "copying the database", c->to);
}

/* one file, as it is without a write-ahead log */
static enum rb_err settle(struct copying *c, const char *to) {
    RB_TRY(store_exec(c->words, c->to, "PRAGMA journal_mode = DELETE", "copying the database"));
    const int closed = sqlite3_close(c->to);
    if (closed != SQLITE_OK) return store_fail(c->words, "copying the database", c->to);
    c->to = NULL;
    const int fd = open(to, O_RDONLY | O_CLOEXEC);
    const bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) (void)close(fd);
    return good ? RB_OK
                : store_say(c->words, RB_ERR_IO, "%s cannot be written: %s.", to, strerror(errno));
}

static enum rb_err copy_all(struct copying *c, const char *from, const char *to) {
    uint64_t version = 0;
    RB_TRY(store_clean_memory(c->words));
    RB_TRY(
        open_db(c, from, SQLITE_OPEN_READWRITE, &c->from)); /* a log left by a crash is read in */
    RB_TRY(is_ours(c, c->from, from, &version));
    RB_TRY(make_file(c, to));
    RB_TRY(open_db(c, to, SQLITE_OPEN_READWRITE, &c->to));
    RB_TRY(store_exec(c->words, c->to, "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY",
                      "copying the database"));
    RB_TRY(copy_pages(c));
    return settle(c, to);
}

static enum rb_err end_with(struct copying *c, enum rb_err err, char *why, size_t why_n) {
    if (err != RB_OK) (void)snprintf(why, why_n, "%s", c->words->error);
    (void)sqlite3_close(c->from);
    (void)sqlite3_close(c->to);
    free(c->words);
    return err;
}

static bool begin(struct copying *c, rb_copy_progress tell_it, void *ctx, char *why, size_t why_n) {
    *c = (struct copying){.words = calloc(1, sizeof *c->words), .tell = tell_it, .ctx = ctx};
    if (c->words == NULL) (void)snprintf(why, why_n, "Memory is short.");
    return c->words != NULL;
}

enum rb_err rb_store_copy(const char *from, const char *to, rb_copy_progress tell_it, void *ctx,
                          char *why, size_t why_n) {
    struct copying c;
    if (!begin(&c, tell_it, ctx, why, why_n)) return RB_ERR_LIMIT;
    return end_with(&c, copy_all(&c, from, to), why, why_n);
}

/* ---- checking -------------------------------------------------------------------------------- */

/* the complete subtrees at the right edge: h[i] is set where bit i of size is */
struct edge {
    struct rb_hash h[64];
    uint64_t size;
};

static void edge_add(struct edge *e, const struct rb_hash *leaf) {
    struct rb_hash h = *leaf;
    unsigned i = 0;
    for (; e->size >> i & 1; i++)
        rb_node_hash(&e->h[i], &h, &h);
    e->h[i] = h;
    e->size++;
}

static void edge_root(const struct edge *e, struct rb_hash *out) {
    bool any = false;
    rb_empty_root(out);
    for (unsigned i = 0; i < 64; i++) {
        if (!(e->size >> i & 1)) continue;
        if (any)
            rb_node_hash(&e->h[i], out, out);
        else
            *out = e->h[i];
        any = true;
    }
}

struct feed_check {
    struct copying *c;
    sqlite3_stmt *leaf, *note;
    struct edge edge;
    int64_t row;
    struct rb_copy_facts *facts;
    uint64_t all; /* leaves of the database */
};

static enum rb_err bad_leaf(struct feed_check *f, uint64_t index) {
    return store_say(f->c->words, RB_ERR_IO,
                     "leaf %llu of the log in row %lld is missing or is not what was stored.",
                     (unsigned long long)index, (long long)f->row);
}

/* the next leaf onto the edge; NOT_FOUND: there is none */
static enum rb_err next_leaf(struct feed_check *f) {
    struct rb_hash real;
    const int rc = sqlite3_step(f->leaf);
    if (rc == SQLITE_DONE) return RB_ERR_NOT_FOUND;
    if (rc != SQLITE_ROW) return store_fail(f->c->words, "reading the database", f->c->from);
    rb_leaf_hash(store_blob(f->leaf, 2), &real);
    if ((uint64_t)sqlite3_column_int64(f->leaf, 0) != f->edge.size ||
        !rb_slice_eq(store_blob(f->leaf, 1), rb_slice(real.b, RB_HASH_LEN)))
        return bad_leaf(f, f->edge.size);
    edge_add(&f->edge, &real);
    f->facts->leaves++;
    if (f->facts->leaves % 4096 == 0) tell(f->c, "checking the leaves", f->facts->leaves, f->all);
    return RB_OK;
}

static enum rb_err bad_note(struct feed_check *f, uint64_t size) {
    return store_say(f->c->words, RB_ERR_IO,
                     "the log in row %lld is not what its checkpoint of %llu leaves says.",
                     (long long)f->row, (unsigned long long)size);
}

/* a checkpoint in the row that was stepped to: the leaves up to it, then the root */
static enum rb_err check_note(struct feed_check *f, struct rb_note *note) {
    const uint64_t size = (uint64_t)sqlite3_column_int64(f->note, 0);
    struct rb_checkpoint cp;
    struct rb_reject rj;
    struct rb_hash root;
    while (f->edge.size < size) {
        const enum rb_err err = next_leaf(f);
        if (err == RB_ERR_NOT_FOUND) return bad_leaf(f, f->edge.size);
        RB_TRY(err);
    }
    edge_root(&f->edge, &root);
    if (rb_note_decode(store_blob(f->note, 1), note, &rj) != RB_OK ||
        rb_checkpoint_decode(note->text, &cp, &rj) != RB_OK || cp.size != size ||
        !rb_hash_eq(&cp.root, &root))
        return bad_note(f, size);
    f->facts->checkpoints++;
    return RB_OK;
}

static enum rb_err check_feed(struct feed_check *f, struct rb_note *note) {
    enum rb_err err = RB_OK;
    int rc = SQLITE_ROW;
    store_bind_int(f->leaf, 1, f->row);
    store_bind_int(f->note, 1, f->row);
    f->edge.size = 0;
    while (err == RB_OK && (rc = sqlite3_step(f->note)) == SQLITE_ROW)
        err = check_note(f, note);
    if (err == RB_OK && rc != SQLITE_DONE)
        err = store_fail(f->c->words, "reading the database", f->c->from);
    while (err == RB_OK)
        err = next_leaf(f);
    (void)sqlite3_reset(f->leaf);
    (void)sqlite3_reset(f->note);
    f->facts->feeds++;
    return err == RB_ERR_NOT_FOUND ? RB_OK : err;
}

static enum rb_err check_feeds(struct feed_check *f, sqlite3_stmt *feeds, struct rb_note *note) {
    enum rb_err err = RB_OK;
    int rc = SQLITE_ROW;
    while (err == RB_OK && (rc = sqlite3_step(feeds)) == SQLITE_ROW) {
        f->row = sqlite3_column_int64(feeds, 0);
        err = check_feed(f, note);
    }
    if (err != RB_OK || rc == SQLITE_DONE) return err;
    return store_fail(f->c->words, "reading the database", f->c->from);
}

static enum rb_err check_logs(struct copying *c, struct rb_copy_facts *out, uint64_t all) {
    static const char leaf[] = "SELECT idx, hash, body FROM leaves WHERE feed = ?1 ORDER BY idx";
    static const char notes[] = "SELECT size, note FROM notes WHERE feed = ?1 ORDER BY size";
    struct feed_check f = {.c = c, .facts = out, .all = all};
    struct rb_note *note = malloc(sizeof *note);
    sqlite3_stmt *feeds = NULL;
    enum rb_err err = RB_ERR_IO;
    if (note == NULL)
        err = store_say(c->words, RB_ERR_LIMIT, "Memory is short.");
    else if (sqlite3_prepare_v2(c->from, leaf, -1, &f.leaf, NULL) != SQLITE_OK ||
             sqlite3_prepare_v2(c->from, notes, -1, &f.note, NULL) != SQLITE_OK ||
             sqlite3_prepare_v2(c->from, "SELECT feed FROM feeds ORDER BY feed", -1, &feeds,
                                NULL) != SQLITE_OK)
        err = store_fail(c->words, "reading the database", c->from);
    else
        err = check_feeds(&f, feeds, note);
    (void)sqlite3_finalize(f.leaf);
    (void)sqlite3_finalize(f.note);
    (void)sqlite3_finalize(feeds);
    free(note);
    return err;
}

/* SQLite's own words, where its structure is damaged */
static enum rb_err check_structure(struct copying *c) {
    sqlite3_stmt *st = NULL;
    enum rb_err err = RB_ERR_IO;
    tell(c, "checking the database", 0, 1);
    if (sqlite3_prepare_v2(c->from, "PRAGMA integrity_check(1)", -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW)
        err = store_fail(c->words, "checking the database", c->from);
    else if (rb_slice_is(store_blob(st, 0), "ok"))
        err = RB_OK;
    else
        err = store_say(c->words, RB_ERR_IO, "The database is damaged: %.160s.",
                        (const char *)sqlite3_column_text(st, 0));
    (void)sqlite3_finalize(st);
    return err;
}

static enum rb_err verify_all(struct copying *c, const char *path, struct rb_copy_facts *out) {
    int64_t n = 0;
    RB_TRY(store_clean_memory(c->words));
    RB_TRY(open_db(c, path, SQLITE_OPEN_READONLY, &c->from));
    RB_TRY(store_exec(c->words, c->from,
                      "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;"
                      " PRAGMA temp_store = MEMORY",
                      "reading the database"));
    RB_TRY(is_ours(c, c->from, path, &out->version));
    RB_TRY(check_structure(c));
    if (out->version >= 2)
        RB_TRY(number(c, c->from, "SELECT count(*) FROM bodies WHERE hash IS NOT NULL", &n));
    out->bodies = (uint64_t)n;
    RB_TRY(number(c, c->from, "SELECT count(*) FROM leaves", &n));
    RB_TRY(check_logs(c, out, (uint64_t)n));
    if (out->leaves == (uint64_t)n) return RB_OK;
    return store_say(c->words, RB_ERR_IO, "The database is damaged: it has leaves of no log.");
}

enum rb_err rb_store_verify(const char *path, rb_copy_progress tell_it, void *ctx,
                            struct rb_copy_facts *out, char *why, size_t why_n) {
    struct copying c;
    struct rb_copy_facts facts = {0};
    if (!begin(&c, tell_it, ctx, why, why_n)) return RB_ERR_LIMIT;
    const enum rb_err err = end_with(&c, verify_all(&c, path, &facts), why, why_n);
    if (err == RB_OK) *out = facts;
    return err;
}
