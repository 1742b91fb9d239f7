/* An export of a small world with real signatures, from a real store: readback-verify accepts it,
 * and refuses it with any byte changed, anything dropped, swapped, cut or added.
 * Arguments: readback-verify, then notecheck and records.py where they are there (else "-"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../unit/fixture_book.h"
#include "shell/api/export.h"
#include "shell/store/store.h"

static const char *verify, *notecheck, *records_py;
static char top[64], folder[96];
static struct fx *w;
static struct rb_book *book;
static struct rb_store *store;

/* ---- what the host of a node would give --------------------------------------------------------- */

static enum rb_err host_leaf(void *ctx, const struct rb_feed_ref *f, uint64_t i, uint8_t *buf, size_t *n) {
    return rb_store_leaf(ctx, f, i, buf, n);
}
static enum rb_err host_notes(void *ctx, const struct rb_feed_ref *f,
                              enum rb_err (*fn)(void *, struct rb_event *), void *fn_ctx) {
    return rb_store_notes(ctx, f, fn, fn_ctx);
}

static void apply(const struct rb_effect *ef) { assert_int_equal(rb_store_apply(store, ef), RB_OK); }

static struct rb_effect effect(const struct fx_feed *f, enum rb_item item) {
    struct rb_effect ef = {.type = RB_EF_STORE};
    ef.u.store.item = item;
    ef.u.store.feed.member = f->member;
    ef.u.store.feed.epoch = f->epoch;
    memcpy(ef.u.store.feed.channel, w->channel, RB_CHANNEL_LEN);
    return ef;
}

static void store_leaves(const struct fx_feed *f) {
    for (size_t i = 0; i < f->n; i++) {
        struct rb_effect ef = effect(f, RB_ITEM_LEAF);
        ef.u.store.index = i;
        ef.u.store.leaf = f->leaf[i];
        ef.u.store.hash = f->id[i];
        ef.u.store.mark = -1;
        apply(&ef);
    }
}

/* a checkpoint of that size as the log signs it; with the peer's cosignature where there is one */
static void store_note(const struct fx_feed *f, uint64_t size, int peer, uint64_t time_s) {
    uint8_t buf[4096], sig[72];
    struct rb_hash root;
    struct rb_vkey log;
    struct rb_writer o = rb_writer(buf, sizeof buf), t = rb_writer(sig, 8);
    struct rb_effect ef = effect(f, RB_ITEM_NOTE);
    rb_tree_root(&f->tree, size, &root);
    rb_checkpoint_text(rb_slice(f->origin, f->origin_n), size, &root, &o);
    const struct rb_slice text = rb_written(&o);
    rb_put_u8(&o, '\n');
    rb_vkey_make(rb_slice(f->origin, f->origin_n), RB_SIG_ED25519, &f->log.pub, &log);
    rb_ed25519_sign(&f->log, text, sig);
    rb_note_sig_encode(&log, rb_slice(sig, RB_SIG_LEN), &o);
    ef.u.store.cosigner = RB_NO_MEMBER;
    if (peer >= 0) {
        char name[96];
        struct rb_writer n = rb_writer(name, sizeof name);
        struct rb_hash party;
        struct rb_vkey mirror;
        const struct rb_receipt_cosig c =
            fx_cosign(w, f->member, f->epoch, size, (uint16_t)peer, time_s);
        rb_party_hash(&w->party[peer].party.pub, &party);
        rb_put_z(&n, "readback/");
        rb_put_hex(&n, party.b, RB_HASH_LEN);
        rb_put_z(&n, "/mirror");
        rb_vkey_make(rb_written(&n), RB_SIG_COSIGNATURE_V1, &w->party[peer].mirror.pub, &mirror);
        rb_put_u64(&t, time_s);
        memcpy(sig + 8, c.sig, RB_SIG_LEN);
        rb_note_sig_encode(&mirror, rb_slice(sig, sizeof sig), &o);
        ef.u.store.cosigner = (uint16_t)peer;
    }
    ef.u.store.size = size;
    ef.u.store.time_s = time_s;
    ef.u.store.note = rb_written(&o);
    assert_false(o.over);
    apply(&ef);
}

/* ---- the world ---------------------------------------------------------------------------------- */

static struct rb_slice rotation_of(uint16_t member, enum rb_key_role role, const struct rb_key *old,
                                   const struct rb_key *new_key) {
    static uint8_t buf[1024];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    struct rb_rotation r = {.party = w->party[member].party.pub, .role = role, .old_key = *old,
                            .new_key = *new_key, .issued_utc_ms = FX_START_MS};
    rb_rotation_encode(&r, &o);
    return fx_statement(w, &w->party[member], rb_written(&o));
}

static void say_things(void) {
    struct rb_record r = fx_notice(w, RB_NOTICE_MOVEMENT);
    const struct rb_hash id = fx_say(w, 0, &r);
    r = fx_position(w, &id, RB_POSITION_READ);
    fx_see(w, &r, 0, 0, fx_feed_of(w, 0, 0)->n);
    (void)fx_say(w, 1, &r);
    r = fx_notice(w, RB_NOTICE_SITE);
    fx_close(&r, 3);
    (void)fx_say(w, 1, &r);
    r = fx_record(w, RB_KIND_STATEMENT);
    (void)fx_say_as(w, 0, 0, &r, FX_BOTH);
    (void)fx_held(w, 0, 1, (uint64_t)w->clock_ms / 1000 + 5);
    r = fx_carried(w, RB_KIND_CARD, fx_card(w, 1));
    (void)fx_say(w, 1, &r);
    struct rb_seckey fresh;
    const uint8_t seed[RB_SEED_LEN] = {7, 7, 7};
    rb_ed25519_from_seed(seed, &fresh);
    r = fx_carried(w, RB_KIND_ROTATION, rotation_of(2, RB_KEY_MIRROR, &w->party[2].mirror.pub, &fresh.pub));
    (void)fx_say(w, 2, &r);
    w->party[2].mirror = fresh;
    while (fx_feed_of(w, 2, 0)->n < 40) {
        r = fx_test(w, 0);
        (void)fx_say(w, 2, &r);
    }
    r = fx_record(w, RB_KIND_STATEMENT);
    (void)fx_open(w, 0, 1);
    (void)fx_say_as(w, 0, 1, &r, FX_OFFICER);
}

static void say_useless(void) {
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    (void)fx_say_as(w, 1, 0, &r, FX_BROKEN);
    (void)fx_append(w, 1, 0, rb_str("no record"));
    r = fx_record(w, RB_KIND_STATEMENT);
    fx_see(w, &r, 0, 0, 99);
    (void)fx_say(w, 1, &r);
}

/* checkpoints at 1, 2, half and all; peers cosign some of them; the last leaf of one log has none */
static void store_world(void) {
    for (size_t i = 0; i < w->feeds_n; i++) {
        const struct fx_feed *f = w->feed[i];
        if (f->member == 3) continue; /* nothing of its log came here */
        store_leaves(f);
        for (uint64_t size = 1; size <= f->n; size++) {
            if (f->member == 2 && size == f->n) break; /* its last leaf is under no checkpoint */
            store_note(f, size, -1, 0);
            for (int p = 0; p < 3; p++)
                if (p != f->member && (size == f->n || size % 3 == (uint64_t)p))
                    store_note(f, size, p, 1800000100 + size);
        }
        if (f->member == 0 && f->epoch == 0) store_note(f, f->n, 1, 1800000090);
    }
    assert_int_equal(rb_store_commit(store), RB_OK);
}

static void world_make(bool exercise, size_t parties) {
    char why[300] = "", db[96];
    w = fx_new(parties);
    w->charter.exercise = exercise;
    w->charter.accept_members = 7;
    fx_found(w);
    fx_accept_all(w);
    say_things();
    if (!exercise) say_useless();
    (void)snprintf(db, sizeof db, "%s/readback.db", top);
    assert_int_equal(rb_store_open(db, &store, why, sizeof why), RB_OK);
    store_world();
    book = fx_book(w);
}

static enum rb_err export_to(const char *where, char *why, size_t why_n) {
    const struct rb_api_host host = {.ctx = store, .leaf = host_leaf, .notes = host_notes};
    json_t *report = NULL;
    const struct rb_situation *s = fx_fold(w, book, w->clock_ms + 1000);
    const enum rb_err err = rb_export_book(&host, book, s, w->clock_ms, where, &report, why, why_n);
    assert_int_equal(report != NULL, err == RB_OK); /* what was let go of is not handed out */
    if (err == RB_OK) {
        assert_true(json_is_object(report));
        json_decref(report);
    }
    return err;
}

static int setup_world(bool exercise) {
    char why[300] = "";
    (void)snprintf(top, sizeof top, "/tmp/readback-export-XXXXXX");
    assert_non_null(mkdtemp(top));
    (void)snprintf(folder, sizeof folder, "%s/out", top);
    world_make(exercise, 4);
    const enum rb_err err = export_to(folder, why, sizeof why);
    if (err != RB_OK) print_error("%s\n", why);
    assert_int_equal(err, RB_OK);
    return 0;
}

static int setup(void **state) {
    (void)state;
    return setup_world(true);
}
static int setup_marked(void **state) {
    (void)state;
    return setup_world(false);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state) {
    (void)state;
    rb_store_close(store);
    fx_free(w);
    return nftw(top, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- programs ----------------------------------------------------------------------------------- */

static char said[1 << 17]; /* what the last program printed */

static int run(const char *const *argv) {
    int fd[2], status;
    size_t n = 0;
    assert_int_equal(pipe(fd), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(fd[1], 1);
        (void)dup2(fd[1], 2);
        (void)close(fd[0]);
        (void)close(fd[1]);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    (void)close(fd[1]);
    for (ssize_t got; (got = read(fd[0], said + n, sizeof said - 1 - n)) > 0;) n += (size_t)got;
    said[n] = 0;
    (void)close(fd[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status)) return 1000 + WTERMSIG(status);
    return WEXITSTATUS(status);
}

static int run_verify(void) {
    const char *const argv[] = {verify, folder, NULL};
    return run(argv);
}

static void must_hold(void) {
    const int status = run_verify();
    if (status != 0) print_error("exit %d\n%s\n", status, said);
    assert_int_equal(status, 0);
}

static void must_fail(const char *after) {
    const int status = run_verify();
    if (status != 1) print_error("after %s: exit %d\n%s\n", after, status, said);
    assert_int_equal(status, 1);
}

/* ---- files -------------------------------------------------------------------------------------- */

static const char *path_of(const char *name) {
    static char path[2][512];
    static unsigned turn;
    turn ^= 1u;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static char *listed[4096];
static size_t listed_n;
static int list_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st;
    (void)ftw;
    if (type != FTW_F) return 0;
    assert_true(listed_n < sizeof listed / sizeof listed[0]);
    listed[listed_n++] = strdup(path + strlen(folder) + 1);
    return 0;
}
static bool evidence(const char *name) {
    return strcmp(name, "README.txt") != 0 && strcmp(name, "channel.json") != 0;
}
static void list_all(void) {
    while (listed_n > 0) free(listed[--listed_n]);
    assert_int_equal(nftw(folder, list_entry, 16, FTW_PHYS), 0);
    assert_true(listed_n > 50);
}

static size_t slurp(const char *path, uint8_t *buf, size_t cap) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    const size_t n = fread(buf, 1, cap, f);
    assert_true(n < cap);
    (void)fclose(f);
    return n;
}
static void spill(const char *path, const uint8_t *p, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static uint8_t buf[1 << 20], other[1 << 20];

/* ---- tests -------------------------------------------------------------------------------------- */

static void holds_as_written(void **state) {
    (void)state;
    must_hold();
    assert_int_equal(strncmp(said, "EXERCISE EXERCISE EXERCISE\n", 27), 0);
    assert_non_null(strstr(said, "as the exporter gave it"));
    assert_non_null(strstr(said, "party-0/records/00000"));
    assert_non_null(strstr(said, "HOLDS: "));
    assert_int_equal(access(path_of("party-0.1/records/000001.cose"), F_OK), 0);
    /* the last leaf of party 2 is under no checkpoint */
    char name[64];
    (void)snprintf(name, sizeof name, "party-2/records/%06zu.cose", fx_feed_of(w, 2, 0)->n - 1);
    assert_int_equal(access(path_of(name), F_OK), -1);
}

static void bytes_of(void **state) {
    (void)state;
    for (size_t i = 0; i < w->feeds_n; i++) {
        const struct fx_feed *f = w->feed[i];
        if (f->member == 3) continue;
        for (size_t k = 0; k < f->n && !(f->member == 2 && k + 1 == f->n); k++) {
            char epoch[16] = "", name[96];
            if (f->epoch > 0) (void)snprintf(epoch, sizeof epoch, ".%u", f->epoch);
            (void)snprintf(name, sizeof name, "party-%u%s/records/%06zu.cose", f->member, epoch, k);
            const size_t n = slurp(path_of(name), buf, sizeof buf);
            assert_int_equal(n, f->leaf[k].n);
            assert_memory_equal(buf, f->leaf[k].p, n);
        }
    }
}

static void fingerprints(void **state) {
    char digits[48], arg[96];
    const char *argv[] = {verify, folder, "--fingerprint", arg, NULL};
    (void)state;
    rb_fingerprint(rb_str("party-1"), &w->party[1].party.pub, digits);
    (void)snprintf(arg, sizeof arg, "party-1=%s", digits);
    assert_int_equal(run(argv), 0);
    assert_non_null(strstr(said, "the one you gave"));
    arg[10] = arg[10] == '1' ? '2' : '1';
    assert_int_equal(run(argv), 1);
    (void)snprintf(arg, sizeof arg, "party-9=%s", digits);
    assert_int_equal(run(argv), 1);
    (void)snprintf(arg, sizeof arg, "party-1=123");
    assert_int_equal(run(argv), 2);
    const char *none[] = {verify, NULL}, *gone[] = {verify, "/nowhere/at/all", NULL};
    assert_int_equal(run(none), 2);
    assert_int_equal(run(gone), 2);
}

static void json_report(void **state) {
    const char *argv[] = {verify, "--json", folder, NULL};
    json_error_t e;
    (void)state;
    assert_int_equal(run(argv), 0);
    assert_int_equal(strncmp(said, "{\"exercise\":true,", 17), 0);
    json_t *o = json_loads(said, JSON_REJECT_DUPLICATES, &e);
    assert_non_null(o);
    assert_true(json_is_true(json_object_get(o, "holds")));
    assert_int_equal(json_array_size(json_object_get(o, "parties")), 4);
    assert_int_equal(json_array_size(json_object_get(o, "failures")), 0);
    json_decref(o);
    json_t *c = json_load_file(path_of("channel.json"), JSON_REJECT_DUPLICATES, &e);
    assert_non_null(c);
    assert_true(json_is_string(json_object_get(c, "not_proof")));
    json_decref(c);
}

/* a sample, at places that differ from file to file; READBACK_EVERY_BYTE=1 for all of them */
static size_t step_of(const char *name, size_t n) {
    if (strstr(name, "/records/") != NULL) return n / 4 + 1;
    if (strstr(name, "/receipts/") != NULL) return n / 6 + 1;
    return n / 16 + 1;
}

static void flip_bytes(void **state) {
    size_t flips = 0;
    (void)state;
    list_all();
    const bool every = getenv("READBACK_EVERY_BYTE") != NULL;
    for (size_t i = 0; i < listed_n; i++) {
        if (!evidence(listed[i])) continue;
        const char *path = path_of(listed[i]);
        const size_t n = slurp(path, buf, sizeof buf), step = every ? 1 : step_of(listed[i], n);
        const int fd = open(path, O_WRONLY);
        assert_true(fd >= 0 && n > 0);
        for (size_t at = i % step % n; at < n; at += step) {
            const uint8_t bad = buf[at] ^ (uint8_t)(1u << (at + i) % 8);
            assert_int_equal(pwrite(fd, &bad, 1, (off_t)at), 1);
            char what[256];
            (void)snprintf(what, sizeof what, "byte %zu of %s", at, listed[i]);
            must_fail(what);
            assert_int_equal(pwrite(fd, &buf[at], 1, (off_t)at), 1);
            flips++;
        }
        (void)close(fd);
    }
    assert_true(flips > 500);
    must_hold();
}

/* what is left out takes proof away: a receipt of a smaller size may never have been held here */
static bool may_go(const char *name) {
    const char *at = strstr(name, "/receipts/");
    char path[256];
    struct rb_checkpoint c;
    if (!evidence(name)) return true;
    if (at == NULL) return false;
    struct rb_note *n = malloc(sizeof *n);
    (void)snprintf(path, sizeof path, "%.*s/checkpoint", (int)(at - name), name);
    const size_t len = slurp(path_of(path), buf, sizeof buf);
    assert_int_equal(rb_note_decode(rb_slice(buf, len), n, NULL), RB_OK);
    assert_int_equal(rb_checkpoint_decode(n->text, &c, NULL), RB_OK);
    free(n);
    return strtoull(strrchr(name, '/') + 1, NULL, 10) != c.size;
}

static void drop_and_cut(void **state) {
    char away[96];
    (void)state;
    (void)snprintf(away, sizeof away, "%s/away", top);
    list_all();
    for (size_t i = 0; i < listed_n; i++) {
        if (may_go(listed[i])) continue;
        assert_int_equal(rename(path_of(listed[i]), away), 0);
        must_fail(listed[i]);
        assert_int_equal(rename(away, path_of(listed[i])), 0);
        const size_t n = slurp(path_of(listed[i]), buf, sizeof buf);
        spill(path_of(listed[i]), buf, n - 1);
        must_fail(listed[i]);
        spill(path_of(listed[i]), buf, 0);
        must_fail(listed[i]);
        buf[n] = '\n';
        spill(path_of(listed[i]), buf, n + 1);
        must_fail(listed[i]);
        spill(path_of(listed[i]), buf, n);
    }
    must_hold();
}

static void swap(const char *a, const char *b) {
    char tmp[96], pa[512], pb[512];
    (void)snprintf(tmp, sizeof tmp, "%s/swap", top);
    (void)snprintf(pa, sizeof pa, "%s", path_of(a));
    (void)snprintf(pb, sizeof pb, "%s", path_of(b));
    assert_int_equal(rename(pa, tmp), 0);
    assert_int_equal(rename(pb, pa), 0);
    assert_int_equal(rename(tmp, pb), 0);
}

static void swapped(void **state) {
    static const char *const pairs[][2] = {
        {"party-0", "party-1"}, {"party-0", "party-0.1"}, {"party-0/checkpoint", "party-1/checkpoint"},
        {"party-0/log.vkey", "party-1/log.vkey"}, {"party-0/mirror.vkey", "party-1/mirror.vkey"},
        {"party-0/card.cose", "party-3/card.cose"}, {"party-0/records", "party-1/records"},
        {"party-0/keys", "party-1/keys"}, {"party-0/officers", "party-1/officers"},
        {"party-0/officers/first.pub", "party-0/officers/second.pub"}, {"party-0/tile", "party-1/tile"},
        {"party-0/receipts", "party-2/receipts"}, {"party-0/receipts/party-1", "party-0/receipts/party-2"},
        {"party-0/records/000002.cose", "party-0/records/000003.cose"},
        {"party-0/keys/delegation.cose", "party-0.1/keys/delegation.cose"},
        {"party-2/receipts/party-0/3", "party-2/receipts/party-0/6"}};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        swap(pairs[i][0], pairs[i][1]);
        must_fail(pairs[i][0]);
        swap(pairs[i][0], pairs[i][1]);
    }
    must_hold();
}

static void added(void **state) {
    static const char *const names[] = {
        "extra", ".hidden", "party-0/extra", "party-0/records/000999.cose", "party-0/records/0.cose",
        "party-0/keys/000003-rotation.cose", "party-0/officers/third.pub", "party-0/tile/0/001.p/3",
        "party-0/tile/extra", "party-0/receipts/party-1/999", "party-0/receipts/party-1/01",
        "party-3/log.vkey", "party-3/checkpoint", "party-0.1/card.cose", "party-0/tile/0/000.p/1",
        "party-0/records/x\n\033[31m"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[512], *slash;
        (void)snprintf(path, sizeof path, "%s", path_of(names[i]));
        slash = strrchr(path, '/');
        *slash = 0;
        const bool made = mkdir(path, 0700) == 0;
        *slash = '/';
        spill(path, (const uint8_t *)"x", 1);
        must_fail(names[i]);
        assert_null(strchr(said, '\033'));
        assert_int_equal(unlink(path), 0);
        *slash = 0;
        if (made) assert_int_equal(rmdir(path), 0);
    }
    static const char *const dirs[] = {"nobody", "party-0.2", "party-0.01", "party-0/receipts/party-3",
                                       "party-0/tile/0/x001", "party-0/records/sub", "UPPER"};
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        assert_int_equal(mkdir(path_of(dirs[i]), 0700), 0);
        must_fail(dirs[i]);
        assert_int_equal(rmdir(path_of(dirs[i])), 0);
    }
    must_hold();
}

/* a file is a file, not a way out of the folder */
static void links(void **state) {
    static const char *const names[] = {"party-0/card.cose", "party-0/records/000001.cose", "party-0/records",
                                        "party-0/tile/0", "party-1", "party-0/checkpoint", "README.txt"};
    char away[96];
    (void)state;
    (void)snprintf(away, sizeof away, "%s/away", top);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(rename(path_of(names[i]), away), 0);
        assert_int_equal(symlink(away, path_of(names[i])), 0);
        must_fail(names[i]);
        assert_int_equal(unlink(path_of(names[i])), 0);
        if (strcmp(names[i], "party-0/card.cose") == 0) {
            assert_int_equal(mkfifo(path_of(names[i]), 0600), 0);
            must_fail("a pipe");
            assert_int_equal(unlink(path_of(names[i])), 0);
        }
        assert_int_equal(rename(away, path_of(names[i])), 0);
    }
    must_hold();
}

static void words_are_no_evidence(void **state) {
    (void)state;
    const size_t n = slurp(path_of("README.txt"), buf, sizeof buf), k = slurp(path_of("channel.json"), other, sizeof other);
    assert_memory_equal(buf, "EXERCISE", 8);
    spill(path_of("README.txt"), buf, n / 2);
    assert_int_equal(unlink(path_of("channel.json")), 0);
    must_hold();
    spill(path_of("README.txt"), buf, n);
    spill(path_of("channel.json"), other, k);
}

static void one_bad_log_does_not_hide_the_others(void **state) {
    (void)state;
    const size_t n = slurp(path_of("party-1/checkpoint"), buf, sizeof buf);
    buf[n - 5] ^= 1;
    spill(path_of("party-1/checkpoint"), buf, n);
    const char *argv[] = {verify, "--json", folder, NULL};
    json_error_t e;
    assert_int_equal(run(argv), 1);
    json_t *o = json_loads(said, 0, &e);
    assert_non_null(o);
    assert_true(json_array_size(json_object_get(o, "records")) > 5);
    const json_t *f = json_array_get(json_object_get(o, "failures"), 0);
    assert_string_equal(json_string_value(json_object_get(f, "file")), "party-1/checkpoint");
    assert_non_null(json_object_get(f, "clause"));
    json_decref(o);
    buf[n - 5] ^= 1;
    spill(path_of("party-1/checkpoint"), buf, n);
    must_hold();
}

static void refuses_what_is_there(void **state) {
    char why[300] = "", part[128], fresh[128];
    (void)state;
    assert_int_equal(export_to(folder, why, sizeof why), RB_ERR_EXISTS);
    assert_non_null(strstr(why, "already"));
    (void)snprintf(fresh, sizeof fresh, "%s/fresh", top);
    (void)snprintf(part, sizeof part, "%s/fresh.partial", top);
    assert_int_equal(mkdir(part, 0700), 0);
    assert_int_equal(export_to(fresh, why, sizeof why), RB_ERR_EXISTS);
    assert_int_equal(rmdir(part), 0);
    (void)snprintf(fresh, sizeof fresh, "%s/none/fresh", top);
    assert_int_equal(export_to(fresh, why, sizeof why), RB_ERR_IO);
}

/* ---- disks fail: the Nth call that writes does --------------------------------------------------- */

static long fault_in; /* 0: never */
static bool fault_now(void) { return fault_in > 0 && --fault_in == 0; }
ssize_t write(int fd, const void *p, size_t n) {
    if (!fault_now()) return syscall(SYS_write, fd, p, n);
    if (n > 1) (void)syscall(SYS_write, fd, p, n / 2); /* as a full disk does it */
    return errno = ENOSPC, -1;
}
int mkdirat(int dir, const char *name, mode_t mode) {
    return fault_now() ? (errno = ENOSPC, -1) : (int)syscall(SYS_mkdirat, dir, name, mode);
}
int syncfs(int fd) { return fault_now() ? (errno = EIO, -1) : (int)syscall(SYS_syncfs, fd); }
int renameat2(int from, const char *a, int to, const char *b, unsigned flags) {
    return fault_now() ? (errno = EIO, -1) : (int)syscall(SYS_renameat2, from, a, to, b, flags);
}

/* whatever fails, the folder is not there, nor the beginning of one */
static void whole_or_not_at_all(void **state) {
    char fresh[128], part[140], why[300];
    (void)state;
    (void)snprintf(fresh, sizeof fresh, "%s/faults", top);
    (void)snprintf(part, sizeof part, "%s.partial", fresh);
    long n = 1;
    for (enum rb_err err = RB_ERR_IO; err != RB_OK; n += n < 30 ? 1 : 11) {
        why[0] = 0;
        fault_in = n;
        err = export_to(fresh, why, sizeof why);
        const bool fell = fault_in == 0;
        fault_in = 0;
        assert_int_equal(access(part, F_OK), -1);
        assert_int_equal(err == RB_OK, !fell);
        if (err == RB_OK) break;
        assert_int_equal(access(fresh, F_OK), -1);
        assert_true(strlen(why) > 10);
    }
    assert_true(n > 100);
    const char *const argv[] = {verify, fresh, NULL};
    assert_int_equal(run(argv), 0);
}

/* the report is made by then */
static void the_last_calls_fail(void **state) {
    char fresh[128], whole[128], why[300] = "";
    (void)state;
    (void)snprintf(fresh, sizeof fresh, "%s/late", top);
    (void)snprintf(whole, sizeof whole, "%s/whole", top);
    fault_in = LONG_MAX;
    assert_int_equal(export_to(whole, why, sizeof why), RB_OK);
    const long calls = LONG_MAX - fault_in;
    assert_true(calls > 100);
    for (long n = calls - 2; n <= calls; n++) {
        fault_in = n;
        assert_int_not_equal(export_to(fresh, why, sizeof why), RB_OK);
        assert_int_equal(fault_in, 0);
        assert_int_equal(access(fresh, F_OK), -1);
    }
}

/* ---- lies that bear good signatures --------------------------------------------------------------- */

/* text, the log's line, the peer's cosignature line */
static size_t note_by(const struct fx_feed *f, const struct rb_seckey *log, uint64_t size,
                      const struct rb_hash *root, int peer, uint8_t *out, size_t cap) {
    uint8_t sig[72], msg[1024];
    struct rb_vkey k;
    struct rb_writer o = rb_writer(out, cap), m = rb_writer(msg, sizeof msg), t = rb_writer(sig, 8);
    rb_checkpoint_text(rb_slice(f->origin, f->origin_n), size, root, &o);
    const struct rb_slice text = rb_written(&o);
    rb_put_u8(&o, '\n');
    rb_vkey_make(rb_slice(f->origin, f->origin_n), RB_SIG_ED25519, &log->pub, &k);
    rb_ed25519_sign(log, text, sig);
    rb_note_sig_encode(&k, rb_slice(sig, RB_SIG_LEN), &o);
    if (peer >= 0) {
        char name[96];
        struct rb_writer n = rb_writer(name, sizeof name);
        struct rb_hash party;
        rb_party_hash(&w->party[peer].party.pub, &party);
        rb_put_z(&n, "readback/");
        rb_put_hex(&n, party.b, RB_HASH_LEN);
        rb_put_z(&n, "/mirror");
        rb_vkey_make(rb_written(&n), RB_SIG_COSIGNATURE_V1, &w->party[peer].mirror.pub, &k);
        rb_put_u64(&t, 1800000500);
        rb_cosignature_message(1800000500, text, &m);
        rb_ed25519_sign(&w->party[peer].mirror, rb_written(&m), sig + 8);
        rb_note_sig_encode(&k, rb_slice(sig, sizeof sig), &o);
    }
    assert_false(o.over);
    return o.n;
}

static void replaced(const char *name, const uint8_t *p, size_t n, const char *words) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s", path_of(name));
    const bool there = access(path, F_OK) == 0;
    const size_t k = there ? slurp(path, other, sizeof other) : 0;
    spill(path, p, n);
    must_fail(name);
    if (strstr(said, words) == NULL) print_error("%s\n", said);
    assert_non_null(strstr(said, words));
    if (there) spill(path, other, k);
    else assert_int_equal(unlink(path), 0);
}

static void another_key_signs(void **state) {
    const struct fx_feed *f = fx_feed_of(w, 1, 0);
    const uint8_t seed[RB_SEED_LEN] = {9, 9};
    struct rb_seckey stranger;
    struct rb_vkey k;
    struct rb_hash root;
    uint8_t note[4096], line[512];
    struct rb_writer o = rb_writer(line, sizeof line);
    (void)state;
    rb_ed25519_from_seed(seed, &stranger);
    rb_tree_root(&f->tree, f->n, &root);
    const size_t n = note_by(f, &stranger, f->n, &root, 0, note, sizeof note);
    replaced("party-1/checkpoint", note, n, "party-1/checkpoint");
    rb_vkey_make(rb_slice(f->origin, f->origin_n), RB_SIG_ED25519, &stranger.pub, &k);
    rb_vkey_encode(&k, &o);
    rb_put_u8(&o, '\n');
    replaced("party-1/log.vkey", line, o.n, "not the log key that the party delegated");
    must_hold();
}

static void a_fork_is_said(void **state) {
    const struct fx_feed *f = fx_feed_of(w, 1, 0);
    const struct rb_hash root = {{1, 2, 3}};
    uint8_t note[4096];
    (void)state;
    const size_t n = note_by(f, &f->log, 2, &root, 0, note, sizeof note);
    replaced("party-1/receipts/party-0/2", note, n, "another history of this size: a fork");
    must_hold();
}

static void a_receipt_of_nobody(void **state) {
    const struct fx_feed *f = fx_feed_of(w, 1, 0);
    struct rb_hash root;
    uint8_t note[4096];
    (void)state;
    rb_tree_root(&f->tree, 1, &root);
    size_t n = note_by(f, &f->log, 1, &root, -1, note, sizeof note);
    replaced("party-1/receipts/party-0/1", note, n, "not cosigned by that party");
    n = note_by(f, &f->log, 1, &root, 1, note, sizeof note);
    replaced("party-1/receipts/party-0/1", note, n, "cosigned by its own author");
    n = note_by(f, &f->log, 1, &root, 2, note, sizeof note);
    replaced("party-1/receipts/party-0/1", note, n, "of another party");
    n = note_by(f, &f->log, f->n + 1, &root, 0, note, sizeof note);
    char name[64];
    (void)snprintf(name, sizeof name, "party-1/receipts/party-0/%zu", f->n + 1);
    replaced(name, note, n, "larger than the checkpoint");
    must_hold();
}

/* what a log holds although it has no effect is listed, and is no failure; no exercise, no word of it */
static void marked_is_listed(void **state) {
    (void)state;
    must_hold();
    assert_null(strstr(said, "EXERCISE"));
    assert_non_null(strstr(said, "bad-signature"));
    assert_non_null(strstr(said, "unreadable"));
    assert_non_null(strstr(said, "says that it has seen 99 records of party-0"));
}

/* ---- other people's programs -------------------------------------------------------------------- */

static const char *const flips[] = {
    "party-0/checkpoint", "party-1/log.vkey", "party-1/mirror.vkey", "party-0/tile/0/",
    "party-2/tile/entries/", "party-1/records/000003.cose", "party-0/receipts/party-1/"};

static const char *first_below(const char *prefix) {
    for (size_t i = 0; i < listed_n; i++)
        if (strncmp(listed[i], prefix, strlen(prefix)) == 0) return listed[i];
    fail_msg("no file %s", prefix);
    return NULL;
}

static void flip_for(const char *const *argv, const char *name) {
    const char *path = path_of(name);
    const size_t n = slurp(path, buf, sizeof buf);
    for (size_t k = 0; k < 5; k++) {
        const size_t at = k * (n - 1) / 4;
        buf[at] ^= 4;
        spill(path, buf, n);
        const int status = run(argv);
        if (status != 1) print_error("%s byte %zu: exit %d\n", name, at, status);
        assert_int_equal(status, 1);
        buf[at] ^= 4;
    }
    spill(path, buf, n);
}

static void go_agrees(void **state) {
    const char *argv[] = {notecheck, folder, NULL};
    (void)state;
    if (strcmp(notecheck, "-") == 0) skip();
    list_all();
    const int status = run(argv);
    if (status != 0) print_error("%s\n", said);
    assert_int_equal(status, 0);
    for (size_t i = 0; i < sizeof flips / sizeof flips[0]; i++) flip_for(argv, first_below(flips[i]));
}

static void python_agrees(void **state) {
    const char *argv[] = {"/usr/bin/python3", records_py, folder, NULL};
    const char *probe[] = {"/usr/bin/python3", "-c", "import cbor2, nacl", NULL};
    (void)state;
    if (run(probe) != 0) skip();
    const int status = run(argv);
    if (status != 0) print_error("%s\n", said);
    assert_int_equal(status, 0);
    static const char *const files[] = {"party-0/card.cose", "party-1/records/000003.cose",
                                        "party-0/keys/delegation.cose", "party-0/records/000000.cose"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) flip_for(argv, files[i]);
}

static void openssh_reads_officers(void **state) {
    const char *argv[] = {"ssh-keygen", "-l", "-f", NULL, NULL};
    char path[512];
    (void)state;
    (void)snprintf(path, sizeof path, "%s", path_of("party-1/officers/first.pub"));
    argv[3] = path;
    const int status = run(argv);
    if (status == 127) skip();
    assert_int_equal(status, 0);
    assert_non_null(strstr(said, "first@party-1 (ED25519)"));
}

/* openssl checks the log's signature under a checkpoint, with nothing of ours but the file names */
static void openssl_checks_a_checkpoint(void **state) {
    static const char script[] =
        "set -e; cd \"$1\"; t=$(mktemp -d); trap 'rm -rf $t' EXIT\n"
        "{ printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; cut -d+ -f3- log.vkey | base64 -d | tail -c 32; } > $t/key.der\n"
        "sed '/^$/,$d' checkpoint > $t/text\n"
        "sed '1,/^$/d' checkpoint | head -1 | sed 's/.* //' | base64 -d | tail -c 64 > $t/sig\n"
        "openssl pkeyutl -verify -pubin -keyform DER -inkey $t/key.der -rawin -in $t/text -sigfile $t/sig\n";
    char path[512];
    const char *argv[] = {"sh", "-c", script, "sh", path, NULL};
    const char *probe[] = {"openssl", "version", NULL};
    (void)state;
    if (run(probe) != 0) skip();
    (void)snprintf(path, sizeof path, "%s", path_of("party-1"));
    const int status = run(argv);
    if (status != 0) print_error("%s\n", said);
    assert_int_equal(status, 0);
    assert_non_null(strstr(said, "Signature Verified Successfully"));
    const size_t n = slurp(path_of("party-1/checkpoint"), buf, sizeof buf);
    const size_t at = 150; /* in the root */
    assert_true(n > at);
    buf[at] ^= 1;
    spill(path_of("party-1/checkpoint"), buf, n);
    assert_int_not_equal(run(argv), 0);
    buf[at] ^= 1;
    spill(path_of("party-1/checkpoint"), buf, n);
}

int main(int argc, char **argv) {
    const struct CMUnitTest export[] = {
        cmocka_unit_test(holds_as_written),
        cmocka_unit_test(bytes_of),
        cmocka_unit_test(fingerprints),
        cmocka_unit_test(json_report),
        cmocka_unit_test(words_are_no_evidence),
        cmocka_unit_test(one_bad_log_does_not_hide_the_others),
        cmocka_unit_test(swapped),
        cmocka_unit_test(added),
        cmocka_unit_test(links),
        cmocka_unit_test(refuses_what_is_there),
        cmocka_unit_test(whole_or_not_at_all),
        cmocka_unit_test(the_last_calls_fail),
        cmocka_unit_test(another_key_signs),
        cmocka_unit_test(a_fork_is_said),
        cmocka_unit_test(a_receipt_of_nobody),
        cmocka_unit_test(go_agrees),
        cmocka_unit_test(python_agrees),
        cmocka_unit_test(openssh_reads_officers),
        cmocka_unit_test(openssl_checks_a_checkpoint),
        cmocka_unit_test(drop_and_cut),
        cmocka_unit_test(flip_bytes),
    };
    const struct CMUnitTest export_marked[] = {cmocka_unit_test(marked_is_listed)};
    if (argc != 4) return 2;
    verify = argv[1];
    notecheck = argv[2];
    records_py = argv[3];
    if (rb_crypto_init() != RB_OK) return 1;
    const int failed = cmocka_run_group_tests(export, setup, teardown);
    return failed + cmocka_run_group_tests(export_marked, setup_marked, teardown);
}
