/* The store and the head file against the disk: what was acknowledged is there, whatever dies when.
 */
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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "shell/store/store.h"
#include "test_store_fixture.h"

#define ORIGIN "readback/00112233445566778899aabbccddeeff/party/0"

static struct rb_heads *open_heads(const struct place *p) {
    struct rb_heads *h = NULL;
    char why[300] = "";
    enum rb_err err = rb_heads_open(p->heads, &h, why, sizeof why);
    if (err != RB_OK) print_error("%s\n", why);
    assert_int_equal(err, RB_OK);
    return h;
}

/* ---- effects ------------------------------------------------------------------------------------
 */

static struct rb_feed_ref feed_ref(uint16_t member) {
    struct rb_feed_ref f = {.member = member};
    memset(f.channel, 0xc4, sizeof f.channel);
    return f;
}

static struct rb_effect leaf_effect(uint16_t member, uint64_t index, const char *body, int mark) {
    struct rb_effect ef = {.type = RB_EF_STORE};
    ef.u.store.item = RB_ITEM_LEAF;
    ef.u.store.feed = feed_ref(member);
    ef.u.store.index = index;
    ef.u.store.mark = (int16_t)mark;
    if (body != NULL) {
        ef.u.store.leaf = rb_str(body);
        rb_leaf_hash(ef.u.store.leaf, &ef.u.store.hash);
    }
    return ef;
}

static struct rb_effect note_effect(uint16_t member, uint64_t size, uint16_t cosigner,
                                    uint64_t time_s, const char *note) {
    struct rb_effect ef = {.type = RB_EF_STORE};
    ef.u.store.item = RB_ITEM_NOTE;
    ef.u.store.feed = feed_ref(member);
    ef.u.store.size = size;
    ef.u.store.cosigner = cosigner;
    ef.u.store.time_s = time_s;
    ef.u.store.note = rb_str(note);
    return ef;
}

static struct rb_effect meta_effect(uint8_t table, const char *key, const char *value) {
    struct rb_effect ef = {.type = RB_EF_STORE};
    ef.u.store.item = RB_ITEM_META;
    ef.u.store.table = table;
    ef.u.store.key = rb_str(key);
    if (value != NULL) ef.u.store.value = rb_str(value);
    return ef;
}

static void apply(struct rb_store *s, struct rb_effect ef) {
    enum rb_err err = rb_store_apply(s, &ef);
    if (err != RB_OK) print_error("%s\n", rb_store_error(s));
    assert_int_equal(err, RB_OK);
}

static void put_leaf(struct rb_store *s, uint16_t member, uint64_t index, const char *body) {
    apply(s, leaf_effect(member, index, body, -1));
}

/* ---- what was loaded, as text -------------------------------------------------------------------
 */

struct seen {
    char text[4096];
    size_t n;
};

static enum rb_err note_down(void *ctx, struct rb_event *ev) {
    struct seen *t = ctx;
    char *at = t->text + t->n;
    const size_t left = sizeof t->text - t->n;
    int k = 0;
    switch (ev->u.loaded.item) {
    case RB_ITEM_META:
        k = snprintf(at, left, "meta %u %.*s=%.*s;", ev->u.loaded.table, (int)ev->u.loaded.key.n,
                     (const char *)ev->u.loaded.key.p, (int)ev->u.loaded.value.n,
                     (const char *)ev->u.loaded.value.p);
        break;
    case RB_ITEM_LEAF:
        k = snprintf(at, left, "leaf %u/%llu %.*s (%d);", ev->u.loaded.feed.member,
                     (unsigned long long)ev->u.loaded.index, (int)ev->u.loaded.leaf.n,
                     (const char *)ev->u.loaded.leaf.p, ev->u.loaded.mark);
        break;
    case RB_ITEM_NOTE:
        k = snprintf(at, left, "note %u size %llu by %u %.*s;", ev->u.loaded.feed.member,
                     (unsigned long long)ev->u.loaded.size, ev->u.loaded.cosigner,
                     (int)ev->u.loaded.note.n, (const char *)ev->u.loaded.note.p);
        break;
    case RB_ITEM_HEAD:
        k = snprintf(at, left, "head %d %.*s %llu %02x;", (int)ev->u.loaded.use,
                     (int)ev->u.loaded.origin.n, (const char *)ev->u.loaded.origin.p,
                     (unsigned long long)ev->u.loaded.size, ev->u.loaded.root.b[0]);
        break;
    case RB_ITEM_BODY:
        k = snprintf(at, left, "body at %llu %.*s;", (unsigned long long)ev->u.loaded.index,
                     (int)ev->u.loaded.leaf.n, (const char *)ev->u.loaded.leaf.p);
        break;
    case RB_ITEM_END:
        k = snprintf(at, left, "end %llu", (unsigned long long)ev->u.loaded.token);
        break;
    }
    assert_true(k > 0 && (size_t)k < left);
    t->n += (size_t)k;
    return RB_OK;
}

static void expect_all(struct rb_store *s, const char *text) {
    struct seen t = {.n = 0};
    assert_int_equal(rb_store_load_all(s, note_down, &t), RB_OK);
    assert_string_equal(t.text, text);
}

/* ---- the store ----------------------------------------------------------------------------------
 */

static void what_is_stored_comes_back_in_order(void **state) {
    struct rb_store *s = place_open(*state);
    apply(s, meta_effect(7, "b", "2"));
    put_leaf(s, 1, 0, "one");
    put_leaf(s, 0, 0, "zero");
    apply(s, note_effect(0, 1, 2, 100, "cosigned"));
    apply(s, note_effect(0, 1, RB_NO_MEMBER, 0, "bare"));
    apply(s, note_effect(0, 1, 2, 100, "cosigned")); /* the same again: kept once */
    apply(s, note_effect(0, 1, 2, 100, "cosigned otherwise"));
    apply(s, meta_effect(7, "a", ""));
    apply(s, meta_effect(1, "card", "old"));
    apply(s, meta_effect(1, "card", "new"));
    apply(s, meta_effect(7, "c", "gone"));
    apply(s, meta_effect(7, "c", NULL));
    put_leaf(s, 1, 1, "two");
    apply(s, leaf_effect(1, 0, NULL, 12));
    assert_true(rb_store_dirty(s));
    assert_int_equal(rb_store_commit(s), RB_OK);
    assert_false(rb_store_dirty(s));
    rb_store_close(s);
    s = place_open(*state);
    struct seen t = {.n = 0};
    assert_int_equal(rb_store_load_all(s, note_down, &t), RB_OK);
    assert_non_null(strstr(t.text, "meta 1 card=new;meta 7 a=;meta 7 b=2;leaf 0/0 zero (-1);"
                                   "leaf 1/0 one (12);leaf 1/1 two (-1);"
                                   "note 0 size 1 by 65535 bare;note 0 size 1 by 2 cosigned"));
    assert_non_null(strstr(t.text, "by 2 cosigned otherwise;"));
    assert_non_null(strstr(t.text, ";end 0"));
    struct seen notes = {.n = 0};
    const struct rb_feed_ref f = feed_ref(0), none = feed_ref(9);
    assert_int_equal(rb_store_notes(s, &f, note_down, &notes), RB_OK);
    assert_int_equal(strncmp(notes.text, "note 0 size 1 by 65535 bare;", 28), 0);
    notes.n = 0, notes.text[0] = '\0';
    assert_int_equal(rb_store_notes(s, &none, note_down, &notes), RB_OK);
    assert_string_equal(notes.text, "");
    rb_store_close(s);
}

static void without_commit_nothing_stays(void **state) {
    struct rb_store *s = place_open(*state);
    put_leaf(s, 0, 0, "kept");
    assert_int_equal(rb_store_commit(s), RB_OK);
    put_leaf(s, 0, 1, "lost");
    apply(s, meta_effect(1, "card", "lost"));
    rb_store_close(s);
    s = place_open(*state);
    expect_all(s, "leaf 0/0 kept (-1);end 0");
    assert_int_equal(rb_store_commit(s), RB_OK); /* nothing to commit is fine */
    rb_store_close(s);
}

static void a_gap_is_refused_and_the_store_stops(void **state) {
    struct rb_store *s = place_open(*state);
    put_leaf(s, 0, 0, "a");
    assert_int_equal(rb_store_commit(s), RB_OK);
    put_leaf(s, 0, 1, "b");
    const struct rb_effect gap = leaf_effect(0, 3, "d", -1), next = leaf_effect(0, 1, "b", -1);
    assert_int_equal(rb_store_apply(s, &gap), RB_ERR_STATE);
    assert_non_null(strstr(rb_store_error(s), "gap"));
    assert_int_equal(rb_store_apply(s, &next), RB_ERR_STATE);
    assert_int_equal(rb_store_commit(s), RB_ERR_STATE);
    rb_store_close(s);
    s = place_open(*state);
    expect_all(s, "leaf 0/0 a (-1);end 0"); /* the whole transaction went */
    const struct rb_effect mark = leaf_effect(0, 1, NULL, 3);
    assert_int_equal(rb_store_apply(s, &mark), RB_ERR_STATE);
    rb_store_close(s);
}

static void a_checkpoint_holds_its_leaves(void **state) {
    struct rb_store *s = place_open(*state);
    put_leaf(s, 0, 0, "a");
    put_leaf(s, 0, 1, "b");
    put_leaf(s, 0, 2, "c");
    apply(s, note_effect(0, 1, RB_NO_MEMBER, 0, "size one"));
    put_leaf(s, 0, 1, "B"); /* beyond the checkpoint: the other branch, c goes with b */
    put_leaf(s, 0, 0, "a"); /* the same again */
    assert_int_equal(rb_store_commit(s), RB_OK);
    expect_all(s, "leaf 0/0 a (-1);leaf 0/1 B (-1);note 0 size 1 by 65535 size one;end 0");
    const struct rb_effect other = leaf_effect(0, 0, "A", -1);
    assert_int_equal(rb_store_apply(s, &other), RB_ERR_STATE);
    assert_non_null(strstr(rb_store_error(s), "checkpoint"));
    rb_store_close(s);
    s = place_open(*state);
    expect_all(s, "leaf 0/0 a (-1);leaf 0/1 B (-1);note 0 size 1 by 65535 size one;end 0");
    rb_store_close(s);
}

static void ranges_end_at_their_budget(void **state) {
    struct rb_store *s = place_open(*state);
    for (uint64_t i = 0; i < 5; i++)
        put_leaf(s, 3, i, "0123456789");
    struct rb_effect ef = {.type = RB_EF_LOAD};
    ef.u.load.token = 77;
    ef.u.load.feed = feed_ref(3);
    ef.u.load.from = 1;
    ef.u.load.to = 9;
    ef.u.load.max_bytes = 25;
    struct seen t = {.n = 0};
    assert_int_equal(rb_store_load(s, &ef, note_down, &t), RB_OK); /* sees the open transaction */
    assert_string_equal(t.text, "leaf 3/1 0123456789 (-1);leaf 3/2 0123456789 (-1);end 77");
    ef.u.load.from = 4;
    t.n = 0;
    assert_int_equal(rb_store_load(s, &ef, note_down, &t), RB_OK);
    assert_string_equal(t.text, "leaf 3/4 0123456789 (-1);end 77");
    ef.u.load.from = 1;
    ef.u.load.max_bytes = 1; /* one comes all the same: on a slow line nothing would go otherwise */
    t.n = 0;
    assert_int_equal(rb_store_load(s, &ef, note_down, &t), RB_OK);
    assert_string_equal(t.text, "leaf 3/1 0123456789 (-1);end 77");
    ef.u.load.feed = feed_ref(8);
    t.n = 0;
    assert_int_equal(rb_store_load(s, &ef, note_down, &t), RB_OK);
    assert_string_equal(t.text, "end 77");
    uint8_t buf[RB_MAX_LEAF];
    size_t n = 0;
    const struct rb_feed_ref f = feed_ref(3);
    assert_int_equal(rb_store_leaf(s, &f, 4, buf, &n), RB_OK);
    assert_int_equal(n, 10);
    assert_int_equal(rb_store_leaf(s, &f, 5, buf, &n), RB_ERR_NOT_FOUND);
    rb_store_close(s);
}

static void sql(const struct place *p, const char *words) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, words, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void recheck_reads_the_disk(void **state) {
    static const char *const bodies[] = {"a", "b", "c"};
    const struct rb_feed_ref f = feed_ref(0);
    struct rb_store *s = place_open(*state);
    struct rb_region region;
    struct rb_tree tree;
    void *mem = calloc(1, 1u << 20);
    rb_region_init(&region, mem, 1u << 20);
    rb_tree_init(&tree, &region);
    for (size_t i = 0; i < 3; i++) {
        struct rb_hash h;
        put_leaf(s, 0, i, bodies[i]);
        rb_leaf_hash(rb_str(bodies[i]), &h);
        assert_int_equal(rb_tree_append(&tree, &h), RB_OK);
    }
    assert_int_equal(rb_store_recheck(s, &f, &tree, 0, 3), RB_ERR_IO); /* not on the disk yet */
    assert_int_equal(rb_store_commit(s), RB_OK);
    assert_int_equal(rb_store_recheck(s, &f, &tree, 0, 3), RB_OK);
    assert_int_equal(rb_store_recheck(s, &f, &tree, 0, 4), RB_ERR_IO);
    sql(*state, "UPDATE leaves SET body = x'62ff' WHERE idx = 1");
    assert_int_equal(rb_store_recheck(s, &f, &tree, 0, 3), RB_ERR_IO);
    assert_non_null(strstr(rb_store_error(s), "leaf 1 "));
    assert_int_equal(rb_store_recheck(s, &f, &tree, 2, 3), RB_OK);
    rb_store_close(s);
    s = place_open(*state);
    struct seen t = {.n = 0};
    assert_int_equal(rb_store_load_all(s, note_down, &t), RB_ERR_IO);
    assert_non_null(strstr(rb_store_error(s), "damaged"));
    rb_store_close(s);
    sql(*state, "DELETE FROM leaves WHERE idx = 1");
    s = place_open(*state);
    assert_int_equal(rb_store_load_all(s, note_down, &t), RB_ERR_IO);
    rb_store_close(s);
    free(mem);
}

static void expect_refused(const struct place *p, enum rb_err err, const char *word) {
    struct rb_store *s = NULL;
    char why[300] = "";
    assert_int_equal(rb_store_open(p->db, &s, why, sizeof why), err);
    assert_null(s);
    if (strstr(why, word) == NULL) print_error("%s\n", why);
    assert_non_null(strstr(why, word));
}

static void other_databases_are_refused(void **state) {
    const struct place *p = *state;
    struct stat st;
    rb_store_close(place_open(p));
    assert_int_equal(stat(p->db, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    assert_int_equal(chmod(p->db, 0640), 0);
    expect_refused(p, RB_ERR_DENIED, "open to other users");
    assert_int_equal(chmod(p->db, 0600), 0);
    sql(p, "PRAGMA user_version = 3");
    expect_refused(p, RB_ERR_UNSUPPORTED, "newer version");
    sql(p, "PRAGMA user_version = 0");
    expect_refused(p, RB_ERR_STATE, "no format version");
    sql(p, "PRAGMA application_id = 17");
    expect_refused(p, RB_ERR_STATE, "another program");
    FILE *f = fopen(p->db, "w");
    assert_non_null(f);
    assert_true(fputs("not a database, but long enough to be looked at as one\n", f) >= 0);
    assert_int_equal(fclose(f), 0);
    expect_refused(p, RB_ERR_IO, "not a database");
}

/* ---- the head file ------------------------------------------------------------------------------
 */

static const uint8_t SIG[RB_SIG_LEN] = {1, 2, 3};

static struct rb_hash root_of(uint8_t b) {
    struct rb_hash h;
    memset(h.b, b, sizeof h.b);
    return h;
}

static enum rb_err put_head(struct rb_heads *h, enum rb_key_use use, const char *origin,
                            uint64_t size, uint8_t root) {
    const struct rb_hash r = root_of(root);
    return rb_heads_put(h, use, rb_str(origin), size, &r, 1443610800, SIG);
}

static void expect_heads(struct rb_heads *h, const char *text) {
    struct seen t = {.n = 0};
    assert_int_equal(rb_heads_each(h, note_down, &t), RB_OK);
    assert_string_equal(t.text, text);
}

static void heads_only_grow(void **state) {
    struct rb_heads *h = open_heads(*state);
    const struct rb_hash seven = root_of(7), eight = root_of(8);
    assert_int_equal(put_head(h, RB_USE_LOG, ORIGIN, 5, 7), RB_OK);
    assert_int_equal(put_head(h, RB_USE_LOG, ORIGIN, 5, 7), RB_OK);
    assert_int_equal(put_head(h, RB_USE_LOG, ORIGIN, 5, 8), RB_ERR_STATE);
    assert_int_equal(put_head(h, RB_USE_LOG, ORIGIN, 4, 7), RB_ERR_STATE);
    assert_int_equal(rb_heads_allow(h, RB_USE_LOG, rb_str(ORIGIN), 5, &eight), RB_ERR_STATE);
    assert_int_equal(rb_heads_allow(h, RB_USE_LOG, rb_str(ORIGIN), 6, &eight), RB_OK);
    assert_int_equal(rb_heads_allow(h, RB_USE_MIRROR, rb_str(ORIGIN), 1, &seven), RB_OK);
    assert_int_equal(put_head(h, RB_USE_MIRROR, ORIGIN, 4, 9), RB_OK);
    assert_int_equal(put_head(h, RB_USE_LOG, "readback/a", 1, 1), RB_OK);
    assert_int_equal(put_head(h, RB_USE_NODE, ORIGIN, 9, 9), RB_ERR_USAGE);
    assert_int_equal(put_head(h, RB_USE_LOG, "two words", 9, 9), RB_ERR_USAGE);
    assert_int_equal(put_head(h, RB_USE_LOG, "", 9, 9), RB_ERR_USAGE);
    assert_int_equal(rb_heads_sync(h), RB_OK);
    assert_int_equal(put_head(h, RB_USE_LOG, ORIGIN, 6, 8), RB_OK); /* never synced */
    rb_heads_close(h);
    for (int i = 0; i < 2; i++) { /* the second time from the compacted file */
        h = open_heads(*state);
        expect_heads(h, "head 0 " ORIGIN " 5 07;head 0 readback/a 1 01;head 1 " ORIGIN " 4 09;");
        rb_heads_close(h);
    }
}

static size_t file_read(const char *path, char *buf, size_t cap) {
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    const size_t n = fread(buf, 1, cap, f);
    assert_int_equal(fclose(f), 0);
    return n;
}

static void file_write(const char *path, const char *buf, size_t n) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(buf, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static enum rb_err try_heads(const struct place *p, char *why, size_t why_n) {
    struct rb_heads *h = NULL;
    const enum rb_err err = rb_heads_open(p->heads, &h, why, why_n);
    if (err == RB_OK) rb_heads_close(h);
    return err;
}

static void a_cut_last_line_is_dropped_all_else_refused(void **state) {
    const struct place *p = *state;
    struct rb_heads *h = open_heads(p);
    char whole[4096], bad[4096], why[400];
    assert_int_equal(put_head(h, RB_USE_LOG, ORIGIN, 5, 7), RB_OK);
    assert_int_equal(rb_heads_sync(h), RB_OK);
    const size_t first = file_read(p->heads, whole, sizeof whole);
    assert_int_equal(put_head(h, RB_USE_LOG, ORIGIN, 6, 8), RB_OK);
    assert_int_equal(rb_heads_sync(h), RB_OK);
    rb_heads_close(h);
    const size_t n = file_read(p->heads, whole, sizeof whole);
    for (size_t cut = first; cut < n; cut++) { /* within the last line: the one before it stands */
        file_write(p->heads, whole, cut);
        h = open_heads(p);
        expect_heads(h, "head 0 " ORIGIN " 5 07;");
        rb_heads_close(h);
    }
    for (size_t i = 0; i < n; i++) { /* any changed byte */
        memcpy(bad, whole, n);
        bad[i] ^= 1;
        file_write(p->heads, bad, n);
        if (i + 1 == n) continue; /* its newline gone, the last line counts as cut */
        assert_int_not_equal(try_heads(p, why, sizeof why), RB_OK);
        assert_non_null(strstr(why, "line "));
    }
    file_write(p->heads, whole, n);
    assert_int_equal(chmod(p->heads, 0622), 0);
    assert_int_equal(try_heads(p, why, sizeof why), RB_ERR_DENIED);
    assert_non_null(strstr(why, "open to other users"));
    assert_int_equal(chmod(p->heads, 0600), 0);
    file_write(p->heads, "", 0);
    assert_int_equal(try_heads(p, why, sizeof why), RB_ERR_UNSUPPORTED);
}

static void a_file_that_goes_back_is_refused(void **state) {
    const struct place *p = *state;
    struct rb_heads *h = open_heads(p);
    char big[2048], small[2048], both[4096], why[400];
    assert_int_equal(put_head(h, RB_USE_LOG, ORIGIN, 6, 8), RB_OK);
    assert_int_equal(rb_heads_sync(h), RB_OK);
    rb_heads_close(h);
    const size_t big_n = file_read(p->heads, big, sizeof big);
    assert_int_equal(unlink(p->heads), 0);
    h = open_heads(p);
    assert_int_equal(put_head(h, RB_USE_LOG, ORIGIN, 5, 7), RB_OK);
    assert_int_equal(rb_heads_sync(h), RB_OK);
    rb_heads_close(h);
    const size_t small_n = file_read(p->heads, small, sizeof small);
    const size_t head = strlen("readback heads 1\n");
    memcpy(both, big, big_n);
    memcpy(both + big_n, small + head, small_n - head);
    file_write(p->heads, both, big_n + small_n - head);
    assert_int_equal(try_heads(p, why, sizeof why), RB_ERR_FORK);
    assert_non_null(strstr(why, "smaller than"));
}

static void a_long_file_is_compacted(void **state) {
    const struct place *p = *state;
    struct rb_heads *h = open_heads(p);
    struct stat st;
    off_t largest = 0;
    for (uint64_t i = 1; i <= 40000; i++) {
        assert_int_equal(put_head(h, RB_USE_LOG, ORIGIN, i, 1), RB_OK);
        if (i % 500 != 0) continue;
        assert_int_equal(rb_heads_sync(h), RB_OK);
        assert_int_equal(stat(p->heads, &st), 0);
        if (st.st_size > largest) largest = st.st_size;
    }
    assert_true(largest > 4 << 20 && st.st_size < largest); /* it shrank on the way */
    rb_heads_close(h);
    h = open_heads(p);
    expect_heads(h, "head 0 " ORIGIN " 40000 01;");
    rb_heads_close(h);
    assert_int_equal(stat(p->heads, &st), 0);
    assert_true(st.st_size < 1024);
}

/* ---- dying --------------------------------------------------------------------------------------
 */

struct said { /* what the child said is durable */
    uint64_t leaves, head;
};

/* Commits and signs until it is killed, says each time what the disk now holds. */
static void write_until_killed(const struct place *p, int out, uint64_t from) {
    struct rb_store *s = place_open(p);
    struct rb_heads *h = open_heads(p);
    struct said said = {from, 0};
    char body[64];
    for (;;) {
        for (int i = 0; i < 3; i++) {
            (void)snprintf(body, sizeof body, "leaf %llu", (unsigned long long)said.leaves);
            put_leaf(s, 0, said.leaves++, body);
        }
        if (rb_store_commit(s) != RB_OK) _exit(1);
        if (syscall(SYS_write, out, &said, sizeof said) != sizeof said) _exit(1);
        if (put_head(h, RB_USE_LOG, ORIGIN, said.leaves, 1) != RB_OK) _exit(2);
        if (rb_heads_sync(h) != RB_OK) _exit(2);
        said.head = said.leaves;
        if (syscall(SYS_write, out, &said, sizeof said) != sizeof said) _exit(1);
    }
}

static enum rb_err count_item(void *ctx, struct rb_event *ev) {
    struct said *found = ctx;
    if (ev->u.loaded.item == RB_ITEM_LEAF) {
        char body[64];
        (void)snprintf(body, sizeof body, "leaf %llu", (unsigned long long)found->leaves);
        assert_true(rb_slice_is(ev->u.loaded.leaf, body));
        found->leaves++;
    }
    if (ev->u.loaded.item == RB_ITEM_HEAD) found->head = ev->u.loaded.size;
    return RB_OK;
}

static struct said on_disk(const struct place *p) {
    struct said found = {0, 0};
    struct rb_store *s = place_open(p);
    assert_int_equal(rb_store_load_all(s, count_item, &found), RB_OK);
    rb_store_close(s);
    struct rb_heads *h = open_heads(p);
    assert_int_equal(rb_heads_each(h, count_item, &found), RB_OK);
    rb_heads_close(h);
    return found;
}

static void what_was_acknowledged_survives_kill_9(void **state) {
    uint32_t chance = 12345;
    uint64_t before = 0;
    for (int round = 0; round < 50; round++) {
        int pipes[2], status = 0;
        assert_int_equal(pipe(pipes), 0);
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)close(pipes[0]);
            write_until_killed(*state, pipes[1], before);
        }
        (void)close(pipes[1]);
        chance = chance * 1664525u + 1013904223u;
        struct said one, last = {before, 0};
        assert_int_equal(read(pipes[0], &one, sizeof one), sizeof one); /* it is under way */
        last = one;
        (void)usleep(chance >> 18); /* up to 16 ms */
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        while (read(pipes[0], &one, sizeof one) == sizeof one)
            last = one;
        (void)close(pipes[0]);
        const struct said found = on_disk(*state);
        assert_true(found.leaves >= last.leaves);
        assert_int_equal(found.leaves % 3, 0); /* no transaction in part */
        assert_true(found.head >= last.head);
        assert_true(found.head <= found.leaves);
        before = found.leaves;
    }
    assert_true(before > 150);
}

/* six commits, each followed by its signature; true if all went well */
static bool six_turns(const struct place *p, struct said *said) {
    struct rb_store *s = NULL;
    struct rb_heads *h = NULL;
    char why[400], body[64];
    bool ok = rb_store_open(p->db, &s, why, sizeof why) == RB_OK &&
              rb_heads_open(p->heads, &h, why, sizeof why) == RB_OK;
    while (ok && said->leaves < 6) {
        (void)snprintf(body, sizeof body, "leaf %llu", (unsigned long long)said->leaves);
        const struct rb_effect ef = leaf_effect(0, said->leaves, body, -1);
        ok = rb_store_apply(s, &ef) == RB_OK && rb_store_commit(s) == RB_OK;
        if (!ok) { /* and it stays refused */
            assert_int_equal(rb_store_apply(s, &ef), RB_ERR_STATE);
            assert_int_equal(rb_store_commit(s), RB_ERR_STATE);
            break;
        }
        said->leaves++;
        ok = put_head(h, RB_USE_LOG, ORIGIN, said->leaves, 1) == RB_OK && rb_heads_sync(h) == RB_OK;
        if (!ok) {
            assert_int_equal(put_head(h, RB_USE_LOG, ORIGIN, 99, 1), RB_ERR_IO);
            assert_int_equal(rb_heads_sync(h), RB_ERR_IO);
            break;
        }
        said->head = said->leaves;
    }
    rb_heads_close(h);
    rb_store_close(s);
    return ok;
}

static void every_write_and_sync_fails_once(void **state) {
    bool clean = false;
    long n = 0;
    while (!clean) {
        struct said said = {0, 0};
        fault_in = ++n;
        const bool ok = six_turns(*state, &said);
        clean = fault_in > 0; /* there were fewer than n writes and syncs */
        fault_in = 0;
        assert_true(ok || !clean);
        const struct said found = on_disk(*state);
        assert_true(found.leaves >= said.leaves);
        assert_true(found.head >= said.head);
        assert_true(found.head <= found.leaves);
        place_forget(*state);
        assert_true(n < 1000);
    }
    assert_true(n > 40); /* there was something to fail */
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void) {
    const struct CMUnitTest store[] = {
        T(what_is_stored_comes_back_in_order),
        T(without_commit_nothing_stays),
        T(a_gap_is_refused_and_the_store_stops),
        T(a_checkpoint_holds_its_leaves),
        T(ranges_end_at_their_budget),
        T(recheck_reads_the_disk),
        T(other_databases_are_refused),
        T(heads_only_grow),
        T(a_cut_last_line_is_dropped_all_else_refused),
        T(a_file_that_goes_back_is_refused),
        T(a_long_file_is_compacted),
        T(what_was_acknowledged_survives_kill_9),
        T(every_write_and_sync_fails_once),
    };
    if (rb_crypto_init() != RB_OK || !place_first()) return 1;
    return cmocka_run_group_tests(store, NULL, NULL);
}
