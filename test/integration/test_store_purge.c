/* What is deleted is in none of the database's files, whatever dies or fails when; and nothing else
 * of this process is in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test_store_bytes.h"

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
    each_fails_once(*state, &alloc_fault_in, 10); /* newer SQLite asks less often */
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void) {
    const struct CMUnitTest test_store_purge[] = {
        T(what_is_deleted_is_in_no_file),
        T(a_temporary_file_would_be_seen),
        T(neighbours_come_and_go),
        T(a_reader_in_the_way_is_no_reason_to_wait),
        T(a_deletion_cut_short_is_ended_at_the_next_start),
        T(a_staging_cut_short_leaves_nothing),
        T(old_memory_reaches_no_file),
        T(every_write_sync_and_cut_fails_once),
        T(every_read_fails_once),
        T(every_allocation_fails_once),
    };
    if (!take_over_memory() || rb_crypto_init() != RB_OK || !place_first()) return 1;
    return cmocka_run_group_tests(test_store_purge, NULL, NULL);
}
