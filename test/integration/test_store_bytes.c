/* Ciphertext that can be recognised, into the store and looked for in its files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "test_store_bytes.h"

/* ---- SQLite's memory: the Nth allocation fails ------------------------------------------------
 */

static sqlite3_mem_methods real_mem;
long alloc_fault_in;

static bool alloc_fault(void) {
    return alloc_fault_in > 0 && --alloc_fault_in == 0;
}
static void *faulty_malloc(int n) {
    return alloc_fault() ? NULL : real_mem.xMalloc(n);
}
static void *faulty_realloc(void *p, int n) {
    return alloc_fault() ? NULL : real_mem.xRealloc(p, n);
}

bool take_over_memory(void) {
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_mem) != SQLITE_OK) return false;
    sqlite3_mem_methods m = real_mem;
    m.xMalloc = faulty_malloc;
    m.xRealloc = faulty_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &m) == SQLITE_OK;
}

/* ---- ciphertext that can be recognised ---------------------------------------------------------
 * Units of eight bytes: six that no other body has, and a counter. Any 13 bytes in a row hold a
 * whole one. */

void magic(unsigned id, uint8_t out[6]) {
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

uint8_t *ciphertext(unsigned id, size_t n) {
    uint8_t *p = malloc(n + 1);
    assert_non_null(p);
    fill(id, p, n);
    return p;
}

size_t found_in_file(const struct place *p, const char *ending, unsigned id) {
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

size_t found(const struct place *p, unsigned id) {
    return found_in_file(p, "", id) + found_in_file(p, "-wal", id) + found_in_file(p, "-shm", id);
}

off_t log_bytes(const struct place *p) {
    char path[128];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s-wal", p->db);
    return stat(path, &st) == 0 ? st.st_size : 0;
}

/* ---- effects ------------------------------------------------------------------------------------
 */

struct rb_body_ref ref_of(unsigned id) {
    struct rb_body_ref r = {.member = 3};
    memset(r.channel, 0xc4, sizeof r.channel);
    r.hash.b[0] = (uint8_t)(id >> 8);
    r.hash.b[1] = (uint8_t)id;
    return r;
}

struct rb_effect body_effect(unsigned id) {
    struct rb_effect ef = {.type = RB_EF_STORE};
    ef.u.store.item = RB_ITEM_BODY;
    ef.u.store.body = ref_of(id);
    return ef; /* as it is: deletes */
}

struct rb_effect bytes_effect(unsigned id, uint64_t at, const uint8_t *p, size_t n) {
    struct rb_effect ef = body_effect(id);
    ef.u.store.index = at;
    ef.u.store.leaf = rb_slice(p, n);
    return ef;
}

enum rb_err try_put(struct rb_store *s, unsigned id, uint64_t at, const uint8_t *p, size_t n) {
    const struct rb_effect ef = bytes_effect(id, at, p, n);
    return rb_store_apply(s, &ef);
}

enum rb_err try_delete(struct rb_store *s, unsigned id) {
    const struct rb_effect ef = body_effect(id);
    return rb_store_apply(s, &ef);
}

enum rb_err try_name(struct rb_store *s, unsigned id, uint64_t staged) {
    struct rb_effect ef = body_effect(id);
    ef.u.store.staged = staged;
    return rb_store_apply(s, &ef);
}

/* as the node does it: pieces of at most RB_BODY_CHUNK */
enum rb_err try_body(struct rb_store *s, unsigned id, size_t n) {
    uint8_t *p = ciphertext(id, n);
    enum rb_err err = RB_OK;
    for (size_t at = 0; err == RB_OK && at < n; at += RB_BODY_CHUNK)
        err = try_put(s, id, at, p + at, n - at < RB_BODY_CHUNK ? n - at : RB_BODY_CHUNK);
    free(p);
    return err;
}

enum rb_err try_stage(struct rb_store *s, unsigned id, size_t n, size_t step, uint64_t *staged) {
    uint8_t *p = ciphertext(id, n);
    enum rb_err err = rb_store_stage_new(s, staged);
    for (size_t at = 0; err == RB_OK && at < n; at += step)
        err = rb_store_stage_add(s, *staged, rb_slice(p + at, n - at < step ? n - at : step));
    free(p);
    return err;
}

uint64_t size_of(struct rb_store *s, unsigned id) {
    const struct rb_body_ref r = ref_of(id);
    uint64_t n = 99;
    OK(rb_store_body_size(s, &r, &n));
    return n;
}

void expect_body(struct rb_store *s, unsigned id, size_t size, uint64_t from, size_t cap) {
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

void sql(const struct place *p, const char *words) {
    sqlite3 *db = NULL;
    char *why = NULL;
    assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
    const int rc = sqlite3_exec(db, words, NULL, NULL, &why);
    if (rc != SQLITE_OK) print_error("%s\n", why);
    assert_int_equal(rc, SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int64_t sql_int(const struct place *p, const char *words) {
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
