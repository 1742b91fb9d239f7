/* Bodies of closed records in the store: they come back as they were stored, and only they. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>
#include "test_store_bytes.h"

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
        T(an_older_database_is_brought_forward),
        T(a_migration_is_whole_or_not_at_all),
    };
    if (!take_over_memory() || rb_crypto_init() != RB_OK || !place_first()) return 1;
    return cmocka_run_group_tests(test_store_body, NULL, NULL);
}
