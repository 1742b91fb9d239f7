/* Bodies of closed records in the store: they come back as they were stored; what is deleted is in
 * none of the database's files, whatever dies when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "shell/store/store.h"
#include "test_store_fixture.h"

#define MIB (1u << 20)

/* ---- SQLite's memory: the Nth allocation fails ------------------------------------------------
 */

static sqlite3_mem_methods real_mem;
static long alloc_fault_in; /* 0: never */

static bool alloc_fault(void) {
    return alloc_fault_in > 0 && --alloc_fault_in == 0;
}
static void *faulty_malloc(int n) {
    return alloc_fault() ? NULL : real_mem.xMalloc(n);
}
static void *faulty_realloc(void *p, int n) {
    return alloc_fault() ? NULL : real_mem.xRealloc(p, n);
}

static bool take_over_memory(void) {
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_mem) != SQLITE_OK) return false;
    sqlite3_mem_methods m = real_mem;
    m.xMalloc = faulty_malloc;
    m.xRealloc = faulty_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &m) == SQLITE_OK;
}

/* ---- ciphertext that can be recognised ---------------------------------------------------------
 * Units of eight bytes: six that no other body has, and a counter. Any 13 bytes in a row hold a
 * whole one. */

static void magic(unsigned id, uint8_t out[6]) {
    const uint8_t m[6] = {0xb7, 0x51, (uint8_t)(id >> 8), (uint8_t)id, 0xc9, 0x3e};
    memcpy(out, m, sizeof m);
}

static void fill(unsigned id, uint8_t *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint8_t unit[8];
        magic(id, unit);
        unit[6] = (uint8_t)(i >> 11);
        unit[7] = (uint8_t)(i >> 3);
        p[i] = unit[i & 7];
    }
}

static uint8_t *ciphertext(unsigned id, size_t n) {
    uint8_t *p = malloc(n + 1);
    assert_non_null(p);
    fill(id, p, n);
    return p;
}

static size_t found_in_file(const struct place *p, const char *ending, unsigned id) {
    char path[128];
    uint8_t m[6];
    struct stat st;
    size_t n = 0;
    magic(id, m);
    (void)snprintf(path, sizeof path, "%s%s", p->db, ending);
    FILE *f = fopen(path, "rb");
    if (f == NULL) return 0;
    assert_int_equal(fstat(fileno(f), &st), 0);
    uint8_t *all = malloc((size_t)st.st_size + 1);
    assert_non_null(all);
    const size_t got = fread(all, 1, (size_t)st.st_size, f);
    assert_int_equal(got, st.st_size);
    for (const uint8_t *at = all; (at = memmem(at, got - (size_t)(at - all), m, 6)) != NULL; at++)
        n++;
    free(all);
    assert_int_equal(fclose(f), 0);
    return n;
}

static size_t found(const struct place *p, unsigned id) {
    return found_in_file(p, "", id) + found_in_file(p, "-wal", id) + found_in_file(p, "-shm", id);
}

static off_t log_bytes(const struct place *p) {
    char path[128];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s-wal", p->db);
    return stat(path, &st) == 0 ? st.st_size : 0;
}

/* ---- effects ------------------------------------------------------------------------------------
 */

static struct rb_body_ref ref_of(unsigned id) {
    struct rb_body_ref r = {.member = 3};
    memset(r.channel, 0xc4, sizeof r.channel);
    r.hash.b[0] = (uint8_t)(id >> 8);
    r.hash.b[1] = (uint8_t)id;
    return r;
}

static struct rb_effect body_effect(unsigned id) {
    struct rb_effect ef = {.type = RB_EF_STORE};
    ef.u.store.item = RB_ITEM_BODY;
    ef.u.store.body = ref_of(id);
    return ef; /* as it is: deletes */
}

static struct rb_effect bytes_effect(unsigned id, uint64_t at, const uint8_t *p, size_t n) {
    struct rb_effect ef = body_effect(id);
    ef.u.store.index = at;
    ef.u.store.leaf = rb_slice(p, n);
    return ef;
}

static enum rb_err try_put(struct rb_store *s, unsigned id, uint64_t at, const uint8_t *p,
                           size_t n) {
    const struct rb_effect ef = bytes_effect(id, at, p, n);
    return rb_store_apply(s, &ef);
}

static enum rb_err try_delete(struct rb_store *s, unsigned id) {
    const struct rb_effect ef = body_effect(id);
    return rb_store_apply(s, &ef);
}

static enum rb_err try_name(struct rb_store *s, unsigned id, uint64_t staged) {
    struct rb_effect ef = body_effect(id);
    ef.u.store.staged = staged;
    return rb_store_apply(s, &ef);
}

/* as the node does it: pieces of at most RB_BODY_CHUNK */
static enum rb_err try_body(struct rb_store *s, unsigned id, size_t n) {
    uint8_t *p = ciphertext(id, n);
    enum rb_err err = RB_OK;
    for (size_t at = 0; err == RB_OK && at < n; at += RB_BODY_CHUNK)
        err = try_put(s, id, at, p + at, n - at < RB_BODY_CHUNK ? n - at : RB_BODY_CHUNK);
    free(p);
    return err;
}

static enum rb_err try_stage(struct rb_store *s, unsigned id, size_t n, size_t step,
                             uint64_t *staged) {
    uint8_t *p = ciphertext(id, n);
    enum rb_err err = rb_store_stage_new(s, staged);
    for (size_t at = 0; err == RB_OK && at < n; at += step)
        err = rb_store_stage_add(s, *staged, rb_slice(p + at, n - at < step ? n - at : step));
    free(p);
    return err;
}

#define OK(x) assert_int_equal((x), RB_OK)

static uint64_t size_of(struct rb_store *s, unsigned id) {
    const struct rb_body_ref r = ref_of(id);
    uint64_t n = 99;
    OK(rb_store_body_size(s, &r, &n));
    return n;
}

static void expect_body(struct rb_store *s, unsigned id, size_t size, uint64_t from, size_t cap) {
    const struct rb_body_ref r = ref_of(id);
    uint8_t *want = ciphertext(id, size), *got = malloc(cap + 1);
    size_t n = 99;
    assert_non_null(got);
    assert_int_equal(size_of(s, id), size);
    OK(rb_store_body_read(s, &r, from, got, cap, &n));
    assert_int_equal(n, from >= size ? 0 : size - from < cap ? size - from : cap);
    if (n > 0) assert_memory_equal(got, want + from, n);
    free(want);
    free(got);
}

/* ---- storing and reading ------------------------------------------------------------------------
 */

static void bodies_come_back(void **state) {
    struct rb_store *s = place_open(*state);
    OK(try_body(s, 1, 300));
    OK(try_body(s, 2, 3 * MIB + 5));
    expect_body(s, 2, 3 * MIB + 5, 0, 4 * MIB); /* not committed yet */
    OK(rb_store_commit(s));
    rb_store_close(s);
    s = place_open(*state);
    expect_body(s, 1, 300, 0, 300);
    expect_body(s, 1, 300, 299, 300);
    expect_body(s, 1, 300, 300, 300);
    expect_body(s, 1, 300, UINT64_MAX, 300);
    expect_body(s, 2, 3 * MIB + 5, 0, 4 * MIB);
    expect_body(s, 2, 3 * MIB + 5, 65535, 2);
    expect_body(s, 2, 3 * MIB + 5, MIB - 3, 65540);
    expect_body(s, 2, 3 * MIB + 5, 3 * MIB + 4, 65540);
    expect_body(s, 3, 0, 0, 10);
    struct rb_body_ref other = ref_of(1);
    uint64_t n = 99;
    other.member = 4; /* the same hash under another author is another body */
    OK(rb_store_body_size(s, &other, &n));
    assert_int_equal(n, 0);
    rb_store_close(s);
}

static void without_commit_no_body_stays(void **state) {
    struct rb_store *s = place_open(*state);
    OK(try_body(s, 1, 4096));
    OK(rb_store_commit(s));
    OK(try_delete(s, 1));
    OK(try_body(s, 2, 4096));
    rb_store_close(s);
    s = place_open(*state);
    expect_body(s, 1, 4096, 0, 4096);
    assert_int_equal(size_of(s, 2), 0);
    rb_store_close(s);
}

/* A refusal ends the store's work; what was committed stays. */
static void expect_refused(const struct place *p, unsigned id, uint64_t at, const uint8_t *bytes,
                           size_t n, enum rb_err err, const char *word) {
    struct rb_store *s = place_open(p);
    assert_int_equal(try_put(s, id, at, bytes, n), err);
    assert_non_null(strstr(rb_store_error(s), word));
    assert_int_equal(rb_store_commit(s), RB_ERR_STATE);
    rb_store_close(s);
}

static void offsets_come_in_order(void **state) {
    struct rb_store *s = place_open(*state);
    uint8_t *p = ciphertext(7, 200000);
    OK(try_put(s, 7, 0, p, 100000));
    OK(try_put(s, 7, 100000, p + 100000, 50000));
    OK(try_put(s, 7, 0, p, 100000)); /* carried out again */
    OK(try_put(s, 7, 100000, p + 100000, 50000));
    OK(rb_store_commit(s));
    OK(try_put(s, 7, 100000, p + 100000, 50000));
    OK(rb_store_commit(s));
    rb_store_close(s);
    expect_refused(*state, 7, 150001, p + 150001, 10, RB_ERR_STATE, "gap");
    expect_refused(*state, 8, 1, p, 10, RB_ERR_STATE, "gap");
    expect_refused(*state, 7, 1, p, 10, RB_ERR_STATE, "Other bytes");
    expect_refused(*state, 7, 100000, p + 100000, 50001, RB_ERR_STATE, "Other bytes");
    p[99999] ^= 1; /* the last one only */
    expect_refused(*state, 7, 0, p, 100000, RB_ERR_STATE, "Other bytes");
    free(p);
    s = place_open(*state);
    expect_body(s, 7, 150000, 0, 200000);
    rb_store_close(s);
}

static void no_body_is_longer_than_an_attachment(void **state) {
    static uint8_t piece[RB_BODY_CHUNK];
    struct rb_store *s = place_open(*state);
    uint64_t at = 0, id = 0;
    OK(rb_store_stage_new(s, &id));
    for (; at + sizeof piece <= RB_MAX_ATTACHED; at += sizeof piece) {
        OK(rb_store_stage_add(s, id, rb_slice(piece, sizeof piece)));
        OK(rb_store_commit(s));
    }
    const size_t rest = (size_t)(RB_MAX_ATTACHED - at);
    assert_int_equal(rb_store_stage_add(s, id, rb_slice(piece, rest + 1)), RB_ERR_LIMIT);
    OK(rb_store_stage_add(s, id,
                          rb_slice(piece, rest))); /* a refusal on the stage breaks nothing */
    OK(try_name(s, 1, id));
    OK(rb_store_commit(s));
    assert_int_equal(size_of(s, 1), RB_MAX_ATTACHED);
    assert_int_equal(try_put(s, 1, RB_MAX_ATTACHED, piece, 1), RB_ERR_LIMIT);
    rb_store_close(s);
}

/* ---- LOAD ---------------------------------------------------------------------------------------
 */

struct walk {
    unsigned id;
    uint64_t next;
    size_t items, ends, metas;
    struct rb_store *deletes; /* the first item's taker deletes the body */
};

static enum rb_err take_item(void *ctx, struct rb_event *ev) {
    struct walk *w = ctx;
    assert_int_equal(ev->type, RB_EV_LOADED);
    if (ev->u.loaded.item == RB_ITEM_META) w->metas++;
    if (ev->u.loaded.item == RB_ITEM_END) w->ends++;
    if (ev->u.loaded.item != RB_ITEM_BODY) return RB_OK;
    const struct rb_slice bytes = ev->u.loaded.leaf;
    const struct rb_body_ref r = ref_of(w->id);
    uint8_t *want = ciphertext(w->id, w->next + bytes.n);
    assert_int_equal(ev->u.loaded.token, 41);
    assert_int_equal(w->ends, 0);
    assert_int_equal(ev->u.loaded.index, w->next);
    assert_memory_equal(&ev->u.loaded.body.hash, &r.hash, sizeof r.hash);
    assert_int_equal(ev->u.loaded.body.member, r.member);
    if (w->deletes != NULL) OK(try_delete(w->deletes, w->id));
    assert_memory_equal(bytes.p, want + w->next, bytes.n);
    w->next += bytes.n;
    w->items++;
    free(want);
    return RB_OK;
}

static void expect_load(struct rb_store *s, unsigned id, uint64_t from, uint64_t to, size_t max,
                        uint64_t end, size_t items) {
    struct rb_effect ef = {.type = RB_EF_LOAD};
    struct walk w = {.id = id, .next = from};
    ef.u.load.token = 41;
    ef.u.load.item = RB_ITEM_BODY;
    ef.u.load.body = ref_of(id);
    ef.u.load.from = from;
    ef.u.load.to = to;
    ef.u.load.max_bytes = max;
    OK(rb_store_load(s, &ef, take_item, &w));
    assert_int_equal(w.next, end);
    assert_int_equal(w.items, items);
    assert_int_equal(w.ends, 1);
}

static void loads_stay_in_their_range(void **state) {
    const size_t n = 2 * MIB + 70000;
    struct rb_store *s = place_open(*state);
    OK(try_body(s, 1, n));
    expect_load(s, 1, 0, n, MIB, MIB, 1); /* one item, where one is enough */
    expect_load(s, 1, MIB, UINT64_MAX, MIB, 2 * MIB, 1);
    expect_load(s, 1, 2 * MIB, UINT64_MAX, MIB, n, 1);
    expect_load(s, 1, 0, UINT64_MAX, SIZE_MAX, n, 3);
    expect_load(s, 1, 65530, 65540, MIB, 65540, 1);
    expect_load(s, 1, 65530, UINT64_MAX, 10, 65540, 1);
    expect_load(s, 1, 5, 5, MIB, 5, 0);
    expect_load(s, 1, 6, 5, MIB, 6, 0);
    expect_load(s, 1, 0, n, 0, 0, 0);
    expect_load(s, 1, n, UINT64_MAX, MIB, n, 0);
    expect_load(s, 2, 0, UINT64_MAX, MIB, 0, 0);
    struct walk w = {.id = 1, .deletes = s};
    struct rb_effect ef = {.type = RB_EF_LOAD};
    ef.u.load.token = 41;
    ef.u.load.item = RB_ITEM_BODY;
    ef.u.load.body = ref_of(1);
    ef.u.load.to = UINT64_MAX;
    ef.u.load.max_bytes = SIZE_MAX;
    OK(rb_store_load(s, &ef, take_item, &w)); /* deleted meanwhile: it ends there */
    assert_int_equal(w.next, MIB);
    assert_int_equal(w.ends, 1);
    rb_store_close(s);
}

static void nothing_of_a_body_is_loaded_at_start(void **state) {
    struct rb_store *s = place_open(*state);
    struct rb_effect meta = {.type = RB_EF_STORE};
    struct walk w = {0};
    meta.u.store.item = RB_ITEM_META;
    meta.u.store.table = RB_TABLE_BODY;
    meta.u.store.key = rb_str("channel, member, hash");
    meta.u.store.value = rb_str("held");
    OK(rb_store_apply(s, &meta));
    OK(try_body(s, 1, 5000));
    OK(rb_store_commit(s));
    rb_store_close(s);
    s = place_open(*state);
    OK(rb_store_load_all(s, take_item, &w));
    assert_int_equal(w.items, 0);
    assert_int_equal(w.metas, 1);
    assert_int_equal(w.ends, 1);
    rb_store_close(s);
}

static void sql(const struct place *p, const char *words) {
    sqlite3 *db = NULL;
    char *why = NULL;
    assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
    const int rc = sqlite3_exec(db, words, NULL, NULL, &why);
    if (rc != SQLITE_OK) print_error("%s\n", why);
    assert_int_equal(rc, SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int64_t sql_int(const struct place *p, const char *words) {
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, words, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    const int64_t v = sqlite3_column_int64(st, 0);
    (void)sqlite3_finalize(st);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return v;
}

static void a_missing_chunk_is_said(void **state) {
    static uint8_t buf[200000];
    const struct rb_body_ref r = ref_of(1);
    struct rb_store *s = place_open(*state);
    size_t n = 99;
    OK(try_body(s, 1, sizeof buf));
    OK(rb_store_commit(s));
    rb_store_close(s);
    sql(*state, "DELETE FROM chunks WHERE start = 65536");
    s = place_open(*state);
    assert_int_equal(rb_store_body_read(s, &r, 0, buf, sizeof buf, &n), RB_ERR_IO);
    assert_int_equal(n, 0);
    assert_non_null(strstr(rb_store_error(s), "damaged"));
    assert_int_equal(rb_store_body_read(s, &r, 70000, buf, 10, &n), RB_ERR_IO);
    OK(rb_store_body_read(s, &r, 0, buf, 65536, &n));
    rb_store_close(s);
}

/* ---- the stage ----------------------------------------------------------------------------------
 */

static void staged_bytes_become_a_body(void **state) {
    struct rb_store *s = place_open(*state);
    uint64_t a = 0, b = 0, c = 0;
    uint8_t buf[100];
    size_t n = 0;
    OK(try_stage(s, 1, 3 * MIB, 65552, &a));
    assert_true(rb_store_dirty(s));
    OK(rb_store_commit(s));
    OK(try_stage(s, 2, 1000, 7, &b));
    assert_int_not_equal(a, 0);
    assert_int_not_equal(a, b);
    OK(rb_store_stage_read(s, b, 993, buf, sizeof buf, &n));
    assert_int_equal(n, 7);
    assert_int_equal(rb_store_stage_read(s, 999, 0, buf, sizeof buf, &n), RB_ERR_NOT_FOUND);
    OK(rb_store_commit(s));
    rb_store_close(s);
    s = place_open(*state); /* all that was staged is gone, and so are its numbers */
    assert_int_equal(rb_store_stage_read(s, a, 0, buf, sizeof buf, &n), RB_ERR_NOT_FOUND);
    assert_int_equal(found(*state, 1) + found(*state, 2), 0);
    OK(try_stage(s, 1, 3 * MIB, 65552, &c));
    assert_true(c > b);
    OK(rb_store_commit(s));
    sql(*state, "PRAGMA wal_checkpoint(TRUNCATE)");
    OK(try_name(s, 1, c));
    OK(rb_store_commit(s));
    assert_in_range(log_bytes(*state), 1, 65536); /* three megabytes were not written again */
    expect_body(s, 1, 3 * MIB, 0, 3 * MIB);
    OK(try_name(s, 1, c)); /* carried out again */
    assert_int_equal(rb_store_stage_add(s, c, rb_str("more")), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_store_stage_drop(s, c), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_store_stage_read(s, c, 0, buf, sizeof buf, &n), RB_ERR_NOT_FOUND);
    OK(rb_store_commit(s));
    rb_store_close(s);
    s = place_open(*state);
    expect_body(s, 1, 3 * MIB, 0, 3 * MIB);
    rb_store_close(s);
}

static void a_named_stage_replaces_a_part(void **state) {
    struct rb_store *s = place_open(*state);
    uint64_t a = 0;
    OK(try_body(s, 1, 300));
    OK(try_stage(s, 1, 5000, 5000, &a));
    OK(try_name(s, 1, a));
    OK(rb_store_commit(s));
    expect_body(s, 1, 5000, 0, 5000);
    assert_int_equal(try_name(s, 2, 12345), RB_ERR_STATE);
    assert_non_null(strstr(rb_store_error(s), "not staged"));
    assert_int_equal(rb_store_stage_new(s, &a), RB_ERR_STATE);
    assert_int_equal(rb_store_stage_add(s, a, rb_str("more")), RB_ERR_STATE);
    assert_int_equal(rb_store_stage_drop(s, a), RB_ERR_STATE);
    rb_store_close(s);
}

static void what_is_dropped_from_the_stage_is_gone(void **state) {
    struct rb_store *s = place_open(*state);
    uint64_t a = 0;
    OK(try_stage(s, 1, 100000, 100000, &a));
    OK(rb_store_commit(s));
    assert_true(found(*state, 1) > 0);
    OK(rb_store_stage_drop(s, a));
    OK(rb_store_commit(s));
    assert_false(rb_store_unclean(s));
    assert_int_equal(found(*state, 1), 0);
    rb_store_close(s);
}

/* ---- deleting -----------------------------------------------------------------------------------
 */

static void what_is_deleted_is_in_no_file(void **state) {
    static const size_t sizes[] = {300, 4096, 100000, 3 * MIB};
    struct rb_store *s = place_open(*state);
    strange_file[0] = '\0';
    for (unsigned round = 0; round < 4;
         round++) { /* which one goes first, and what was there before */
        for (unsigned i = 0; i < 4; i++)
            OK(try_body(s, 10 * round + i, sizes[i]));
        OK(rb_store_commit(s));
        for (unsigned k = 0; k < 4; k++) {
            const unsigned i = (k + round) % 4, id = 10 * round + i;
            assert_true(found(*state, id) >= sizes[i] / 16);
            OK(try_delete(s, id));
            OK(rb_store_commit(s));
            assert_false(rb_store_unclean(s));
            assert_int_equal(log_bytes(*state), 0);
            assert_int_equal(found(*state, id), 0);
            assert_int_equal(size_of(s, id), 0);
        }
    }
    OK(try_body(s, 90, 3 * MIB)); /* stored and deleted in one transaction, larger than the cache */
    OK(try_delete(s, 90));
    OK(try_delete(s, 91)); /* was never there */
    OK(rb_store_commit(s));
    assert_int_equal(found(*state, 90), 0);
    rb_store_close(s);
    assert_string_equal(strange_file, ""); /* no journal or temporary file elsewhere */
    assert_int_equal(sql_int(*state, "PRAGMA auto_vacuum"), 0);
}

/* That the check above can see a temporary file. */
static void a_temporary_file_would_be_seen(void **state) {
    sqlite3 *db = NULL;
    (void)state;
    strange_file[0] = '\0';
    assert_int_equal(sqlite3_open("", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA cache_size = 10; CREATE TABLE t(x);"
                                  "INSERT INTO t VALUES(zeroblob(3000000))",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_string_not_equal(strange_file, "");
}

/* which bodies have a unit in the database's file; the log is empty */
static void mark_found(const struct place *p, bool *there, size_t n) {
    struct stat st;
    FILE *f = fopen(p->db, "rb");
    assert_non_null(f);
    assert_int_equal(fstat(fileno(f), &st), 0);
    assert_int_equal(log_bytes(p), 0);
    uint8_t *all = malloc((size_t)st.st_size + 1);
    assert_non_null(all);
    const size_t got = fread(all, 1, (size_t)st.st_size, f);
    assert_int_equal(got, st.st_size);
    assert_int_equal(fclose(f), 0);
    for (size_t i = 0; i + 6 <= got; i++) {
        uint8_t m[6];
        const unsigned id = (unsigned)(all[i + 2] << 8 | all[i + 3]);
        magic(id, m);
        if (id < n && memcmp(all + i, m, 6) == 0) there[id] = true;
    }
    free(all);
}

/* Small ones share pages, and pages are rebalanced: no copy may stay behind anywhere. */
static void neighbours_come_and_go(void **state) {
    enum { MOST = 3000 };
    static unsigned live[MOST];
    static size_t size[MOST]; /* 0: deleted */
    struct rb_store *s = place_open(*state);
    unsigned live_n = 0, next = 0;
    uint32_t chance = 4711;
    for (unsigned turn = 0; turn < MOST; turn++) {
        chance = chance * 1664525u + 1013904223u;
        if (live_n > 0 && (chance >> 16 & 1) == 0) {
            const unsigned k = (chance >> 17) % live_n;
            OK(try_delete(s, live[k]));
            size[live[k]] = 0;
            live[k] = live[--live_n];
        } else {
            size[next] = 256 + (chance >> 17) % (turn % 2 == 0 ? 400 : 1300);
            OK(try_body(s, next, size[next]));
            live[live_n++] = next++;
        }
        if (turn % 60 != 59) continue;
        static bool there[MOST];
        memset(there, 0, sizeof there);
        OK(try_delete(s, live[--live_n]));
        size[live[live_n]] = 0;
        OK(rb_store_commit(s));
        mark_found(*state, there, MOST);
        for (unsigned i = 0; i < next; i++)
            assert_int_equal(there[i], size[i] > 0);
    }
    assert_true(next > MOST / 3);
    for (unsigned k = 0; k < live_n; k++)
        expect_body(s, live[k], size[live[k]], 0, 2000);
    rb_store_close(s);
}

static void a_reader_in_the_way_is_no_reason_to_wait(void **state) {
    struct rb_store *s = place_open(*state);
    const struct place *p = *state;
    struct timespec before, after;
    sqlite3 *reader = NULL;
    OK(try_body(s, 1, 100000));
    OK(rb_store_commit(s));
    assert_int_equal(sqlite3_open(p->db, &reader), SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM chunks", NULL, NULL, NULL),
                     SQLITE_OK);
    OK(try_delete(s, 1));
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &before), 0);
    OK(rb_store_commit(s));
    OK(try_body(s, 2, 300));
    OK(rb_store_commit(s));
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &after), 0);
    assert_true(after.tv_sec - before.tv_sec < 3); /* SQLite's own patience would be five, twice */
    assert_true(rb_store_unclean(s));
    assert_true(found(p, 1) > 0); /* it is there indeed */
    assert_int_equal(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    OK(rb_store_commit(s)); /* nothing new to commit; tried again all the same */
    assert_false(rb_store_unclean(s));
    assert_int_equal(found(p, 1), 0);
    expect_body(s, 2, 300, 0, 300);
    rb_store_close(s);
}

/* ---- the version before -------------------------------------------------------------------------
 */

static const char VERSION_1[] =
    "PRAGMA application_id = 1380205105; PRAGMA user_version = 1; PRAGMA journal_mode = WAL;"
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
    " PRIMARY KEY(feed, size, time_s, cosigner, hash)) STRICT, WITHOUT ROWID;"
    "INSERT INTO meta VALUES(1, x'63617264', x'6f6c64');";

static void make_version_1(const struct place *p) {
    const int fd = open(p->db, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    sql(p, VERSION_1);
}

static void expect_migrated(const struct place *p) {
    struct walk w = {0};
    struct rb_store *s = place_open(p);
    OK(rb_store_load_all(s, take_item, &w));
    assert_int_equal(w.metas, 1);
    OK(try_body(s, 1, 5000));
    OK(rb_store_commit(s));
    rb_store_close(s);
    assert_int_equal(sql_int(p, "PRAGMA user_version"), 2);
    s = place_open(p);
    expect_body(s, 1, 5000, 0, 5000);
    rb_store_close(s);
}

static void an_older_database_is_brought_forward(void **state) {
    make_version_1(*state);
    expect_migrated(*state);
    sql(*state, "PRAGMA user_version = 3");
    struct rb_store *s = NULL;
    char why[300] = "";
    assert_int_equal(rb_store_open(((struct place *)*state)->db, &s, why, sizeof why),
                     RB_ERR_UNSUPPORTED);
    assert_non_null(strstr(why, "newer version"));
}

static void a_migration_is_whole_or_not_at_all(void **state) {
    const struct place *p = *state;
    bool clean = false;
    long n = 0;
    while (!clean) {
        struct rb_store *s = NULL;
        char why[300] = "";
        make_version_1(p);
        fault_in = ++n;
        const enum rb_err err = rb_store_open(p->db, &s, why, sizeof why);
        clean = fault_in > 0;
        fault_in = 0;
        if (err == RB_OK) rb_store_close(s);
        assert_true(err == RB_OK || !clean);
        const int64_t version = sql_int(p, "PRAGMA user_version");
        assert_int_equal(sql_int(p, "SELECT count(*) FROM sqlite_master WHERE name = 'chunks'"),
                         version == 2 ? 1 : 0);
        expect_migrated(p);
        place_forget(p);
        assert_true(n < 200);
    }
    assert_true(n > 5);
}

/* ---- dying --------------------------------------------------------------------------------------
 */

typedef void (*deed_fn)(struct rb_store *s);

/* true if the child came to its end before the nth write, sync or cut */
static bool child_does(const struct place *p, deed_fn deed, long n) {
    int status = 0;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rb_store *s = place_open(p);
        die_in = n;
        deed(s);
        _exit(0); /* not closed: that would clean up */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) assert_int_equal(WEXITSTATUS(status), 0);
    return WIFEXITED(status);
}

static void put_one(const struct place *p, unsigned id, size_t n) {
    struct rb_store *s = place_open(p);
    if (size_of(s, id) == 0) OK(try_body(s, id, n));
    OK(rb_store_commit(s));
    rb_store_close(s);
}

static void delete_one(struct rb_store *s) {
    if (try_delete(s, 1) != RB_OK || rb_store_commit(s) != RB_OK) _exit(1);
}

static void a_deletion_cut_short_is_ended_at_the_next_start(void **state) {
    const struct place *p = *state;
    size_t gone = 0, there = 0;
    long n = 0;
    for (bool clean = false; !clean;) {
        put_one(p, 1, 60000);
        put_one(p, 2, 300);
        clean = child_does(p, delete_one, ++n);
        struct rb_store *s = place_open(p);
        assert_false(rb_store_unclean(s));
        if (size_of(s, 1) == 0) {
            gone++;
        } else { /* it was not committed: whole, and deleted now */
            there++;
            expect_body(s, 1, 60000, 0, 60000);
            delete_one(s);
        }
        assert_int_equal(found(p, 1), 0); /* while the files are open: closing tidies up as well */
        expect_body(s, 2, 300, 0, 300);
        rb_store_close(s);
        assert_true(n < 1000);
    }
    assert_true(gone > 5 && there > 5); /* killed on both sides of the commit */
}

static void stage_and_name(struct rb_store *s) {
    uint64_t id = 0;
    if (try_stage(s, 1, 60000, 30000, &id) != RB_OK || rb_store_commit(s) != RB_OK) _exit(1);
    if (try_name(s, 1, id) != RB_OK || rb_store_commit(s) != RB_OK) _exit(1);
}

static void a_staging_cut_short_leaves_nothing(void **state) {
    const struct place *p = *state;
    size_t gone = 0, there = 0;
    long n = 0;
    for (bool clean = false; !clean;) {
        clean = child_does(p, stage_and_name, ++n);
        struct rb_store *s = place_open(p);
        if (size_of(s, 1) == 0) {
            gone++;
            assert_int_equal(found(p, 1), 0);
        } else {
            there++;
            expect_body(s, 1, 60000, 0, 60000);
            delete_one(s);
        }
        rb_store_close(s);
        assert_true(n < 1000);
    }
    assert_true(gone > 5 && there > 0);
}

static void put_a_little(struct rb_store *s) {
    if (try_body(s, 1, 300) != RB_OK || rb_store_commit(s) != RB_OK) _exit(1);
}

/* What this process had in memory before is none of SQLite's business. */
static void old_memory_reaches_no_file(void **state) {
    enum { BLOCKS = 500, BYTES = 36900 }; /* as SQLite asks for, or a little more */
    const struct place *p = *state;
    static uint8_t *volatile blocks[BLOCKS];
    static void *volatile above;
    long n = 0;
    for (bool clean = false; !clean;) {
        clean = child_does(p, put_a_little, ++n);
        for (size_t i = 0; i < BLOCKS; i++)
            blocks[i] = ciphertext(77, BYTES);
        above = malloc(1); /* else what is freed goes back to the kernel */
        for (size_t i = 0; i < BLOCKS; i++)
            free(blocks[i]);
        struct rb_store *s = place_open(p);
        assert_int_equal(found(p, 77), 0);
        rb_store_close(s);
        free(above);
        assert_true(n < 1000);
    }
    assert_true(n > 5);
}

/* ---- faults -------------------------------------------------------------------------------------
 */

struct said { /* what the store called durable */
    bool put, staged, deleted;
};

/* stores, stages, names, deletes; true if all went well */
static bool four_turns(struct rb_store *s, struct said *said) {
    uint64_t id = 0, size = 0;
    const struct rb_body_ref r = ref_of(1);
    uint8_t buf[64];
    size_t n = 0;
    if (try_body(s, 1, 70000) != RB_OK || rb_store_commit(s) != RB_OK) return false;
    said->put = true;
    if (rb_store_body_size(s, &r, &size) != RB_OK || size != 70000) return false;
    if (rb_store_body_read(s, &r, 66000, buf, sizeof buf, &n) != RB_OK) return false;
    if (try_stage(s, 2, 3000, 3000, &id) != RB_OK || rb_store_commit(s) != RB_OK) return false;
    if (try_name(s, 2, id) != RB_OK || rb_store_commit(s) != RB_OK) return false;
    said->staged = true;
    if (try_delete(s, 1) != RB_OK || rb_store_commit(s) != RB_OK) return false;
    said->deleted = true;
    if (rb_store_unclean(s)) { /* durable, only not tidy: the next commit tries again */
        OK(rb_store_commit(s));
        assert_false(rb_store_unclean(s));
    }
    return true;
}

static void expect_as_said(const struct place *p, const struct said *said) {
    struct rb_store *s = place_open(p);
    const uint64_t one = size_of(s, 1), two = size_of(s, 2);
    assert_true(one == 0 || one == 70000);
    assert_true(two == 0 || two == 3000);
    if (said->put && !said->staged) assert_int_equal(one, 70000);
    if (said->staged) assert_int_equal(two, 3000);
    if (said->deleted) assert_int_equal(one, 0);
    if (one > 0) expect_body(s, 1, 70000, 0, 70000);
    if (one == 0) assert_int_equal(found(p, 1), 0);
    if (two > 0) expect_body(s, 2, 3000, 0, 3000);
    if (two == 0) assert_int_equal(found(p, 2), 0);
    rb_store_close(s);
}

static void each_fails_once(const struct place *p, long *counter, long least) {
    long n = 0;
    for (bool clean = false; !clean;) {
        struct said said = {0};
        struct rb_store *s = place_open(p);
        *counter = ++n;
        const bool ok = four_turns(s, &said);
        clean = *counter > 0;
        *counter = 0;
        if (said.deleted && !rb_store_unclean(s)) assert_int_equal(found(p, 1), 0);
        rb_store_close(s);
        assert_true(ok || !clean);
        expect_as_said(p, &said);
        place_forget(p);
        assert_true(n < 3000);
    }
    assert_true(n > least); /* there was something to fail */
}

static void every_write_sync_and_cut_fails_once(void **state) {
    each_fails_once(*state, &fault_in, 30);
}
static void every_read_fails_once(void **state) {
    each_fails_once(*state, &read_fault_in, 3);
}
static void every_allocation_fails_once(void **state) {
    each_fails_once(*state, &alloc_fault_in, 30);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void) {
    const struct CMUnitTest test_store_body[] = {
        T(bodies_come_back),
        T(without_commit_no_body_stays),
        T(offsets_come_in_order),
        T(no_body_is_longer_than_an_attachment),
        T(loads_stay_in_their_range),
        T(nothing_of_a_body_is_loaded_at_start),
        T(a_missing_chunk_is_said),
        T(staged_bytes_become_a_body),
        T(a_named_stage_replaces_a_part),
        T(what_is_dropped_from_the_stage_is_gone),
        T(what_is_deleted_is_in_no_file),
        T(a_temporary_file_would_be_seen),
        T(neighbours_come_and_go),
        T(a_reader_in_the_way_is_no_reason_to_wait),
        T(an_older_database_is_brought_forward),
        T(a_migration_is_whole_or_not_at_all),
        T(a_deletion_cut_short_is_ended_at_the_next_start),
        T(a_staging_cut_short_leaves_nothing),
        T(old_memory_reaches_no_file),
        T(every_write_sync_and_cut_fails_once),
        T(every_read_fails_once),
        T(every_allocation_fails_once),
    };
    if (!take_over_memory() || rb_crypto_init() != RB_OK || !place_first()) return 1;
    return cmocka_run_group_tests(test_store_body, NULL, NULL);
}
