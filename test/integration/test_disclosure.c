/* Disclosures of a small world with real signatures and really sealed bodies. Made by the code of
 * the API, they are accepted by readback-verify and by a reader that shares nothing with it, and
 * refused by both with any field changed, swapped, dropped or added; any changed byte is refused,
 * too; and what was not disclosed is not in the file. Arguments: readback-verify, disclosure.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cmd/verify_disclosure.h"
#include "disclosure_world.h"

static const char *verify, *disclosure_py;
static char top[64];
static uint8_t room[64 << 20];

/* ---- the folder
 * ----------------------------------------------------------------------------------
 */

static int setup(void **state) {
    (void)state;
    (void)snprintf(top, sizeof top, "/tmp/readback-disclosure-XXXXXX");
    assert_non_null(mkdtemp(top));
    dw_make(false);
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state) {
    (void)state;
    dw_free();
    return nftw(top, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name) {
    static char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", top, name);
    return path;
}

static const char *write_json(const json_t *o, const char *name) {
    const char *path = path_of(name);
    assert_int_equal(json_dump_file(o, path, JSON_INDENT(1) | JSON_PRESERVE_ORDER), 0);
    return path;
}

/* ---- judging them -------------------------------------------------------------------------------
 */

static char said[1 << 17];
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
    for (ssize_t got; (got = read(fd[0], said + n, sizeof said - 1 - n)) > 0;)
        n += (size_t)got;
    said[n] = 0;
    (void)close(fd[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int run_verify(const char *path, const char *option, const char *value) {
    const char *const argv[] = {verify, path, option, value, NULL};
    return run(argv);
}

static void both_accept(const json_t *o, const char *name) {
    const char *path = write_json(o, name);
    const char *const argv[] = {"/usr/bin/python3", disclosure_py, path, NULL};
    int status = run(argv);
    if (status != 0) print_error("%s: disclosure.py says %d\n%s\n", name, status, said);
    assert_int_equal(status, 0);
    status = run_verify(path, NULL, NULL);
    if (status != 0) print_error("%s: readback-verify says %d\n%s\n", name, status, said);
    assert_int_equal(status, 0);
}

/* in this process, so that thousands take seconds */
static bool accepted(struct rb_slice json, char why[512]) {
    static struct verify v;
    static struct vd d;
    memset(&v, 0, sizeof v);
    v.work = rb_arena(room, sizeof room);
    d = (struct vd){.v = &v, .a = &v.work};
    vd_check(&d, json);
    const bool ok = d.holds;
    assert_int_equal(ok, v.bad.total == 0);
    if (v.bad.n > 0) (void)snprintf(why, 512, "%s: %s", v.bad.item[0].file, v.bad.item[0].words);
    if (v.bad.n > 0) assert_true(v.bad.item[0].clause[0] != 0);
    verify_list_free(&v.bad);
    return ok;
}

/* ---- changed ------------------------------------------------------------------------------------
 */

static size_t mutants;
static void mutant(const json_t *o, const char *what) {
    char name[64], why[512] = "";
    char *z = json_dumps(o, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    assert_non_null(z);
    const bool ok = accepted(rb_slice(z, strlen(z)), why);
    if (ok) print_error("accepted after a change of %s\n", what);
    assert_false(ok);
    free(z);
    (void)snprintf(name, sizeof name, "mutant-%04zu", mutants++);
    (void)write_json(o, name);
}

/* the other reader, on all files written by mutant() since */
static void other_refuses(void) {
    const char *argv[2048] = {"/usr/bin/python3", disclosure_py, "--none"};
    assert_in_range(mutants, 1, 2000);
    for (size_t i = 0; i < mutants; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "mutant-%04zu", i);
        argv[3 + i] = strdup(path_of(name));
    }
    const int status = run(argv);
    if (status != 0) print_error("disclosure.py says %d\n%s\n", status, said);
    assert_int_equal(status, 0);
    for (size_t i = 0; i < mutants; i++) {
        assert_int_equal(remove(argv[3 + i]), 0);
        free((void *)(uintptr_t)argv[3 + i]);
    }
    mutants = 0;
}

/* a string with one bit of what it says flipped, at that share of its length */
static json_t *flipped(const char *z, unsigned share) {
    const size_t n = strlen(z);
    uint8_t *bin = malloc(n + 4);
    char *out = malloc(2 * n + 8);
    size_t bin_n = 0;
    assert_true(bin != NULL && out != NULL);
    struct rb_writer o = rb_writer(out, 2 * n + 8);
    const bool hex = n == 64 && strspn(z, "0123456789abcdef") == n;
    if (hex) {
        assert_int_equal(rb_hex_decode(rb_slice(z, n), bin, 32), RB_OK);
        bin_n = 32;
    }
    if (hex || rb_base64_decode(rb_slice(z, n), bin, n + 4, &bin_n) == RB_OK) {
        assert_true(bin_n > 0);
        bin[(bin_n - 1) * share / 8] ^= 1;
        hex ? rb_put_hex(&o, bin, bin_n) : rb_put_base64(&o, bin, bin_n);
    } else {
        memcpy(out, z, n);
        size_t i = (n - 1) * share / 8;
        while ((unsigned char)out[i] >= 0x7f)
            i--; /* stays UTF-8 */
        out[i] ^= 1;
        o.n = n;
    }
    json_t *v = json_stringn(out, o.n);
    assert_non_null(v);
    free(bin);
    free(out);
    return v;
}

static void change_string(json_t *root, json_t *s, const char *what) {
    char *before = strdup(json_string_value(s));
    for (unsigned share = 0; share <= 8; share += 2) {
        json_t *v = flipped(before, share);
        assert_int_equal(json_string_set(s, json_string_value(v)), 0);
        json_decref(v);
        mutant(root, what);
    }
    assert_int_equal(json_string_set(s, before), 0);
    free(before);
}

static void change_all(json_t *root, json_t *v, const char *what);

static void change_object(json_t *root, json_t *v) {
    const char *key, *keys[16];
    json_t *sub;
    size_t n = 0;
    json_object_foreach(v, key, sub) {
        assert_true(n < 16);
        keys[n++] = strdup(key);
    }
    for (size_t i = 0; i < n; i++) {
        sub = json_incref(json_object_get(v, keys[i]));
        change_all(root, sub, keys[i]);
        json_object_del(v, keys[i]);
        mutant(root, keys[i]);
        json_object_set_new(v, keys[i], sub);
        free((void *)(uintptr_t)keys[i]);
    }
    json_object_set_new(v, "more", json_true());
    mutant(root, "a name more");
    json_object_del(v, "more");
}

/* one paragraph less is another disclosure, which holds as well */
static bool smaller(const json_t *root, const json_t *list, const char *what) {
    const char *level = json_string_value(json_object_get(root, "level"));
    return strcmp(what, "parts") == 0 && strcmp(level, "paragraphs") == 0 &&
           json_array_size(list) > 0;
}

/* each value at every depth changed, each name and each element dropped or doubled */
static void change_all(json_t *root, json_t *v, const char *what) {
    json_t *sub;
    size_t i;
    if (json_is_string(v)) change_string(root, v, what);
    if (json_is_integer(v))
        for (int by = -1; by <= 1; by += 2) {
            json_integer_set(v, json_integer_value(v) + by);
            mutant(root, what);
            json_integer_set(v, json_integer_value(v) - by);
        }
    if (json_is_array(v))
        for (i = 0; i < json_array_size(v); i++) {
            sub = json_incref(json_array_get(v, i));
            change_all(root, sub, what);
            json_array_append(v, sub);
            mutant(root, what);
            json_array_remove(v, json_array_size(v) - 1);
            json_array_remove(v, i);
            if (!smaller(root, v, what)) mutant(root, what);
            json_array_insert_new(v, i, sub);
        }
    if (json_is_object(v)) change_object(root, v);
}

static void swap_in(json_t *a, const char *ka, json_t *b, const char *kb) {
    json_t *va = json_incref(json_object_get(a, ka)), *vb = json_incref(json_object_get(b, kb));
    assert_true(va != NULL && vb != NULL);
    json_object_set_new(a, ka, vb);
    json_object_set_new(b, kb, va);
}
static void swapped(json_t *root, json_t *a, json_t *b, const char *key) {
    swap_in(a, key, b, key);
    mutant(root, key);
    swap_in(a, key, b, key);
}

static json_t *at(const json_t *o, const char *list, size_t i) {
    json_t *v = json_array_get(json_object_get(o, list), i);
    assert_non_null(v);
    return v;
}

/* ---- tests --------------------------------------------------------------------------------------
 */

static void each_level_is_accepted(void **state) {
    (void)state;
    const struct {
        const char *name;
        const struct rb_hash *id;
        const struct sealed *s;
        enum rb_disclose_level level;
        uint64_t chosen;
    } all[] = {{"text-whole", &dw_text.id, &dw_text, RB_LEVEL_WHOLE, 0},
               {"text-2", &dw_text.id, &dw_text, RB_LEVEL_PARAGRAPHS, 6},
               {"text-heading", &dw_text.id, &dw_text, RB_LEVEL_PARAGRAPHS, 1},
               {"text-fact", &dw_text.id, &dw_text, RB_LEVEL_FACT, 0},
               {"text-hash", &dw_text.id, &dw_text, RB_LEVEL_HASH, 0},
               {"early-whole", &dw_early.id, &dw_early, RB_LEVEL_WHOLE, 0},
               {"late-whole", &dw_late.id, &dw_late, RB_LEVEL_WHOLE, 0},
               {"site-whole", &dw_site.id, &dw_site, RB_LEVEL_WHOLE, 0},
               {"annex-whole", &dw_annex.id, &dw_annex, RB_LEVEL_WHOLE, 0},
               {"annex-fact", &dw_annex.id, &dw_annex, RB_LEVEL_FACT, 0},
               {"big-whole", &dw_big.id, &dw_big, RB_LEVEL_WHOLE, 0},
               {"open-whole", &dw_open, NULL, RB_LEVEL_WHOLE, 0},
               {"open-hash", &dw_open, NULL, RB_LEVEL_HASH, 0},
               {"charter", &dw_fx->charter_id, NULL, RB_LEVEL_WHOLE, 0}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        json_t *o = dw_disclose(all[i].id, all[i].s, all[i].level, all[i].chosen);
        both_accept(o, all[i].name);
        assert_null(strstr(said, "EXERCISE"));
        json_decref(o);
    }
}

static void the_proof_has_most_witnesses(void **state) {
    (void)state;
    json_t *o = dw_disclose(&dw_text.id, &dw_text, RB_LEVEL_FACT, 0);
    const json_int_t index = json_integer_value(json_object_get(o, "index"));
    const json_int_t size = json_integer_value(json_object_get(o, "size"));
    assert_int_equal(json_array_size(json_object_get(o, "witnesses")), 2);
    assert_int_equal(size, index / 5 * 5 + 5); /* the smallest size that both cosigned */
    assert_int_equal(run_verify(write_json(o, "most"), NULL, NULL), 0);
    assert_non_null(
        strstr(said, "Held by party-1 since 2027-01-15T08:14:58Z")); /* the earlier of its two */
    assert_non_null(strstr(said, "Signed by officer first."));
    json_decref(o);
}

static void only_needed_keys_are_shown(void **state) {
    (void)state;
    json_t *before = dw_disclose(&dw_early.id, &dw_early, RB_LEVEL_FACT, 0);
    json_t *rotated = dw_disclose(&dw_text.id, &dw_text, RB_LEVEL_FACT, 0);
    json_t *after = dw_disclose(&dw_late.id, &dw_late, RB_LEVEL_FACT, 0);
    json_t *const all[] = {before, rotated, after};
    for (size_t i = 0; i < 3; i++) {
        const json_t *author = json_object_get(all[i], "author");
        assert_int_equal(json_array_size(json_object_get(author, "statements")), i == 1 ? 1 : 0);
        json_decref(all[i]);
    }
}

static void what_would_not_hold_is_not_made(void **state) {
    (void)state;
    json_t *out = NULL;
    /* the body of another record with the same words: other salts */
    assert_int_equal(dw_try(&dw_text.id, &dw_early, RB_LEVEL_WHOLE, 0, &out), RB_ERR_PROOF);
    assert_int_equal(dw_try(&dw_text.id, &dw_early, RB_LEVEL_PARAGRAPHS, 4, &out), RB_ERR_PROOF);
    dw_kept = 5; /* the text is leaf 5: no checkpoint covers it */
    assert_int_equal(dw_try(&dw_text.id, &dw_text, RB_LEVEL_FACT, 0, &out), RB_ERR_STATE);
    dw_kept = UINT64_MAX;
    assert_null(out);
}

static void what_is_not_disclosed_is_not_there(void **state) {
    (void)state;
    static char file[1 << 20];
    json_t *o = dw_disclose(&dw_text.id, &dw_text, RB_LEVEL_PARAGRAPHS, 1 | 1 << 2);
    char *z = json_dumps(o, JSON_INDENT(1));
    const int n = snprintf(file, sizeof file, "%s", z);
    free(z);
    assert_in_range(n, 1000, sizeof file - 1);
    /* as it is, and in base64 at each of the three places a byte can have in it */
    for (int p = 0; p < 3; p++) {
        bool any = strstr(file, dw_paragraphs[p]) != NULL;
        for (size_t skip = 0; skip < 3; skip++) {
            char enc[128];
            struct rb_writer e = rb_writer(enc, sizeof enc);
            rb_put_base64(&e, dw_paragraphs[p] + skip, 15);
            any = any || strstr(file, rb_writer_z(&e)) != NULL;
        }
        assert_int_equal(any, p == 1);
    }
    assert_int_equal(json_array_size(json_object_get(o, "parts")), 2);
    assert_int_equal(run_verify(write_json(o, "two"), NULL, NULL), 0);
    assert_non_null(strstr(said, dw_paragraphs[1]));
    assert_non_null(strstr(said, "Crossing arrangement"));
    assert_null(strstr(said, dw_paragraphs[2]));
    json_decref(o);
}

static void changed_is_refused(void **state) {
    (void)state;
    json_t *all[] = {dw_disclose(&dw_text.id, &dw_text, RB_LEVEL_PARAGRAPHS, 6),
                     dw_disclose(&dw_site.id, &dw_site, RB_LEVEL_WHOLE, 0),
                     dw_disclose(&dw_text.id, &dw_text, RB_LEVEL_FACT, 0),
                     dw_disclose(&dw_text.id, &dw_text, RB_LEVEL_HASH, 0),
                     dw_disclose(&dw_open, NULL, RB_LEVEL_WHOLE, 0)};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        change_all(all[i], all[i], "the file");
        other_refuses();
        json_decref(all[i]);
    }
}

static void attachment_changed_is_refused(void **state) {
    (void)state;
    json_t *o = dw_disclose(&dw_annex.id, &dw_annex, RB_LEVEL_WHOLE, 0);
    json_t *parts = json_object_get(o, "parts");
    change_all(o, parts, "parts");
    other_refuses();
    json_decref(o);
}

static void swapped_is_refused(void **state) {
    (void)state;
    static const char *const keys[] = {"leaf", "leaf-hash", "proof", "index", "author"};
    json_t *o = dw_disclose(&dw_text.id, &dw_text, RB_LEVEL_WHOLE, 0),
           *b = dw_disclose(&dw_early.id, &dw_early, RB_LEVEL_WHOLE, 0);
    swapped(o, at(o, "parts", 1), at(o, "parts", 2), "salt");
    swapped(o, at(o, "parts", 1), at(o, "parts", 2), "plaintext");
    swapped(o, at(o, "parts", 1), at(o, "parts", 2), "part");
    swapped(o, at(o, "parts", 1), at(b, "parts", 1),
            "salt"); /* the same words under another salt */
    swapped(o, json_object_get(o, "author"), at(o, "witnesses", 0), "card");
    swapped(o, at(o, "witnesses", 0), at(o, "witnesses", 1), "card");
    swapped(o, json_object_get(o, "author"), at(o, "witnesses", 1), "statements");
    for (size_t i = 0; i < 4; i++)
        swapped(o, o, b, keys[i]);
    swap_in(o, "leaf", b, "leaf"); /* another leaf with its own hash */
    swapped(o, o, b, "leaf-hash");
    swap_in(o, "leaf", b, "leaf");
    json_t *two = json_object_get(o, "parts"), *one = json_incref(json_array_get(two, 1));
    json_array_remove(two, 1);
    json_array_append_new(two, one);
    mutant(o, "order of parts");
    other_refuses();
    json_decref(o);
    json_decref(b);
}

/* one party's signed log under another party's name, epoch or channel */
static void other_origin_is_refused(void **state) {
    (void)state;
    json_t *o = dw_disclose(&dw_text.id, &dw_text, RB_LEVEL_WHOLE, 0);
    char *z = strdup(json_string_value(json_object_get(o, "origin")));
    z[strlen(z) - 1] = '1';
    json_object_set_new(o, "origin", json_string(z));
    mutant(o, "epoch");
    z[strlen(z) - 1] = '0';
    json_object_set_new(o, "origin", json_string(z));
    json_object_set_new(o, "exercise", json_true());
    mutant(o, "an exercise that is none");
    json_object_del(o, "exercise");
    json_object_set_new(o, "level",
                        json_string("paragraphs")); /* all paragraphs are no other file's parts */
    both_accept(o, "all-paragraphs");
    free(z);
    json_decref(o);
    other_refuses();
}

static void any_byte_changed_is_refused(void **state) {
    (void)state;
    json_t *o = dw_disclose(&dw_text.id, &dw_text, RB_LEVEL_PARAGRAPHS, 5);
    char *z = json_dumps(o, JSON_INDENT(1) | JSON_PRESERVE_ORDER), why[512];
    const size_t n = strlen(z);
    assert_true(accepted(rb_slice(z, n), why));
    for (size_t i = 0; i < n; i++)
        for (int bit = 1; bit <= 32; bit *= 32) {
            z[i] = (char)(z[i] ^ bit);
            if (accepted(rb_slice(z, n), why))
                fail_msg("byte %zu of %zu changed by %d and accepted", i, n, bit);
            z[i] = (char)(z[i] ^ bit);
        }
    for (size_t cut = 0; cut < n; cut += 7)
        assert_false(accepted(rb_slice(z, cut), why));
    free(z);
    json_decref(o);
}

static void json_is_read_strictly(void **state) {
    (void)state;
    static char buf[1 << 16];
    char why[512];
    json_t *o = dw_disclose(&dw_text.id, &dw_text, RB_LEVEL_FACT, 0);
    char *z = json_dumps(o, JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
    assert_true(accepted(rb_str(z), why)); /* escapes say the same */
    (void)snprintf(buf, sizeof buf, "%s \n", z);
    assert_true(accepted(rb_str(buf), why));
    static const char *const before[] = {"\"index\": 1,", "\"more\": {},", "\"exercise\": true,",
                                         ",", "\"\\ud800\": 1,"};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        (void)snprintf(buf, sizeof buf, "{%s%s", before[i], z + 1);
        assert_false(accepted(rb_str(buf), why));
    }
    (void)snprintf(buf, sizeof buf, "%s{}", z);
    assert_false(accepted(rb_str(buf), why));
    (void)snprintf(buf, sizeof buf, "[%s]", z);
    assert_false(accepted(rb_str(buf), why));
    free(z);
    uint8_t *large = calloc(1, VD_MAX_FILE + 1);
    assert_non_null(large);
    memset(large, ' ', VD_MAX_FILE + 1);
    assert_false(accepted(rb_slice(large, VD_MAX_FILE + 1), why));
    assert_non_null(strstr(why, "16 MiB"));
    free(large);
    json_decref(o);
}

static void exercise_is_said_first(void **state) {
    (void)state;
    dw_free();
    dw_make(true);
    json_t *o = dw_disclose(&dw_text.id, &dw_text, RB_LEVEL_WHOLE, 0);
    both_accept(o, "exercise");
    assert_int_equal(strncmp(said, "EXERCISE EXERCISE EXERCISE\n", 27), 0);
    json_object_del(o, "exercise");
    mutant(o, "an exercise unsaid");
    json_object_set_new(o, "exercise", json_true()); /* now the last of the names */
    mutant(o, "an exercise said last");
    json_object_set_new(o, "exercise", json_false());
    mutant(o, "an exercise denied");
    assert_int_equal(run_verify(path_of("mutant-0000"), NULL, NULL), 1);
    assert_int_equal(strncmp(said, "EXERCISE", 8), 0);
    json_decref(o);
    dw_free();
    dw_make(false);
    mutants = 0;
}

static void fingerprints_are_compared(void **state) {
    (void)state;
    char digits[48], arg[96];
    json_t *o = dw_disclose(&dw_text.id, &dw_text, RB_LEVEL_FACT, 0);
    const char *path = strdup(write_json(o, "compared"));
    assert_int_equal(run_verify(path, "--json", NULL), 0);
    assert_non_null(strstr(said, "\"fingerprint_compared\":\"not-compared\""));
    rb_fingerprint(rb_str("party-1"), &dw_fx->party[1].party.pub, digits);
    (void)snprintf(arg, sizeof arg, "party-1=%s", digits);
    assert_int_equal(run_verify(path, "--fingerprint", arg), 0);
    assert_non_null(strstr(said, "the one you gave"));
    assert_non_null(strstr(said, "as the discloser gave it"));
    (void)snprintf(arg, sizeof arg, "party-0=%s", digits);
    assert_int_equal(run_verify(path, "--fingerprint", arg), 1);
    assert_non_null(strstr(said, "9.7.7"));
    (void)snprintf(arg, sizeof arg, "party-9=%s", digits);
    assert_int_equal(run_verify(path, "--fingerprint", arg), 1);
    assert_int_equal(run_verify(path, "--at", "2026-01-31T12:00:00Z"), 2);
    assert_int_equal(run_verify("/nowhere/at/all", NULL, NULL), 2);
    assert_int_equal(run_verify("/dev/null", NULL, NULL), 2);
    free((void *)(uintptr_t)path);
    json_decref(o);
}

static void content_beside_the_file(void **state) {
    (void)state;
    json_t *o = dw_disclose(&dw_big.id, &dw_big, RB_LEVEL_WHOLE, 0);
    const char *path = strdup(write_json(o, "big.json")), *content = strdup(path_of("film.mp4"));
    FILE *f = fopen(content, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(dw_big_content, 1, BIG, f), BIG);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(run_verify(path, NULL, NULL), 0);
    assert_non_null(strstr(said, "NOT CHECKED"));
    assert_int_equal(run_verify(path, "--content", content), 0);
    assert_null(strstr(said, "NOT CHECKED"));
    assert_non_null(strstr(said, "film.mp4"));
    assert_int_equal(truncate(content, BIG - 1), 0);
    assert_int_equal(run_verify(path, "--content", content), 1);
    assert_non_null(strstr(said, "9.7.6"));
    json_t *part = at(o, "parts", 1);
    json_object_set_new(part, "plaintext", json_string("AAAA"));
    assert_int_equal(run_verify(write_json(o, "big.json"), NULL, NULL), 1);
    free((void *)(uintptr_t)path);
    free((void *)(uintptr_t)content);
    json_decref(o);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    verify = argv[1];
    disclosure_py = argv[2];
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_level_is_accepted),
                                       cmocka_unit_test(the_proof_has_most_witnesses),
                                       cmocka_unit_test(only_needed_keys_are_shown),
                                       cmocka_unit_test(what_would_not_hold_is_not_made),
                                       cmocka_unit_test(what_is_not_disclosed_is_not_there),
                                       cmocka_unit_test(changed_is_refused),
                                       cmocka_unit_test(attachment_changed_is_refused),
                                       cmocka_unit_test(swapped_is_refused),
                                       cmocka_unit_test(other_origin_is_refused),
                                       cmocka_unit_test(any_byte_changed_is_refused),
                                       cmocka_unit_test(json_is_read_strictly),
                                       cmocka_unit_test(exercise_is_said_first),
                                       cmocka_unit_test(fingerprints_are_compared),
                                       cmocka_unit_test(content_beside_the_file)};
    return cmocka_run_group_tests_name("disclosure", tests, setup, teardown);
}
