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
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../unit/fixture_book.h"
#include "cmd/verify_disclosure.h"
#include "readback/age.h"
#include "shell/api/disclose.h"

#define BIG ((9u << 20) + 5u) /* an attachment too long for the file */

static const char *verify, *disclosure_py;
static char top[64];
static struct fx *w;
static struct rb_book *book;
static uint8_t room[64 << 20];

/* ---- closed records -----------------------------------------------------------------------------
 */

struct sealed { /* as a node stores it */
    struct rb_hash id;
    uint8_t *bytes;
    size_t n;
};
static struct sealed text, site, annex, big, early, late;
static struct rb_hash open_record;
static uint8_t big_content[BIG];

static const char *const paragraphs[3] = {"Crossings open at dawn.",
                                          "Fuel for the hospital is let through.",
                                          "Names of the drivers stay between us."};

static struct rb_slice text_body(uint8_t *buf, size_t cap) {
    struct rb_writer o = rb_writer(buf, cap);
    rb_cbor_put_map(&o, 3);
    rb_cbor_put_uint(&o, 1);
    rb_cbor_put_text(&o, rb_str("Crossing arrangement"));
    rb_cbor_put_uint(&o, 2);
    rb_cbor_put_uint(&o, 1);
    rb_cbor_put_uint(&o, 3);
    rb_cbor_put_array(&o, 3);
    for (int i = 0; i < 3; i++)
        rb_cbor_put_text(&o, rb_str(paragraphs[i]));
    return rb_written(&o);
}

static struct rb_slice attachment_body(const char *name, size_t size, uint8_t *buf, size_t cap) {
    const struct rb_attachment a = {
        .name = rb_str(name), .media_type = rb_str("application/pdf"), .size = size};
    struct rb_writer o = rb_writer(buf, cap);
    rb_attachment_encode(&a, &o);
    return rb_written(&o);
}

static void fill(uint8_t *p, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = (uint8_t)(seed >> 24);
    }
}

/* r gets the body sealed to parties 0 and 1 */
static void seal(struct rb_record *r, struct rb_slice body, struct rb_slice content,
                 struct sealed *out) {
    static uint8_t commitments[RB_MAX_COMMITMENTS * 34 + 8];
    static uint32_t seed;
    uint8_t salts[8 * RB_SALT_LEN], entropy[RB_AGE_ENTROPY(2)];
    const struct rb_key to[2] = {w->party[0].age, w->party[1].age};
    const size_t cap = content.n + RB_MAX_HEAD;
    uint8_t *plain = malloc(cap);
    struct rb_sealed_head h;
    struct rb_hash c[8], whole;
    struct rb_arena work = rb_arena(room, sizeof room);
    assert_non_null(plain);
    fill(salts, sizeof salts, ++seed);
    fill(entropy, sizeof entropy, ++seed + 99);
    struct rb_writer o = rb_writer(plain, cap);
    assert_int_equal(rb_sealed_head_encode(r->kind, salts, body, &o), RB_OK);
    rb_put_slice(&o, content);
    assert_int_equal(rb_sealed_head_decode(r->kind, rb_slice(plain, o.n), &h, NULL), RB_OK);
    const bool attached = r->kind == RB_KIND_ATTACHMENT;
    if (attached) rb_commit(rb_sealed_salt(&h, 1), content, &whole);
    assert_int_equal(rb_sealed_commitments(r->kind, &h, attached ? &whole : NULL, &work, c), RB_OK);
    out->bytes = malloc(o.n + o.n / 1024 + 4096);
    assert_non_null(out->bytes);
    struct rb_writer s = rb_writer(out->bytes, o.n + o.n / 1024 + 4096);
    assert_int_equal(rb_age_seal(to, 2, entropy, rb_written(&o), &s), RB_OK);
    out->n = s.n;
    r->closed = true;
    r->recipients = 3;
    r->body = rb_slice(NULL, 0);
    rb_sha256(rb_written(&s), &r->ciphertext_hash);
    r->ciphertext_size = s.n;
    r->commitments_n = h.parts_n;
    struct rb_writer e = rb_writer(commitments, sizeof commitments);
    rb_commitments_encode(c, h.parts_n, &e);
    r->commitments = rb_written(&e);
    free(plain);
}

/* opened again, as its recipient would: head and content */
static struct rb_slice unseal(const struct sealed *s, uint8_t *buf, size_t cap) {
    uint8_t identity[1][32] = {{0x61, 1}}; /* party 1's, see fixture_book.c */
    struct rb_writer o = rb_writer(buf, cap);
    assert_int_equal(
        rb_age_open(rb_slice(s->bytes, s->n), (const uint8_t(*)[32])identity, 1, &o, NULL), RB_OK);
    return rb_written(&o);
}

/* ---- the world ----------------------------------------------------------------------------------
 */

static struct rb_slice rotation_of(uint16_t member, enum rb_key_role role, const struct rb_key *old,
                                   const struct rb_key *fresh) {
    static uint8_t buf[1024];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    const struct rb_rotation r = {.party = w->party[member].party.pub,
                                  .role = role,
                                  .old_key = *old,
                                  .new_key = *fresh,
                                  .issued_utc_ms = FX_START_MS};
    rb_rotation_encode(&r, &o);
    return fx_statement(w, &w->party[member], rb_written(&o));
}

static void rotate(uint16_t member, enum rb_key_role role, struct rb_seckey *key, uint8_t mark) {
    const uint8_t seed[RB_SEED_LEN] = {7, mark};
    struct rb_seckey fresh;
    rb_ed25519_from_seed(seed, &fresh);
    struct rb_record r =
        fx_carried(w, RB_KIND_ROTATION, rotation_of(member, role, &key->pub, &fresh.pub));
    (void)fx_say_as(w, member, 0, &r, FX_SECOND);
    *key = fresh;
}

static struct rb_record closed_text(struct sealed *out) {
    uint8_t buf[2048];
    struct rb_record r = fx_record(w, RB_KIND_TEXT);
    seal(&r, text_body(buf, sizeof buf), rb_slice(NULL, 0), out);
    return r;
}

static void attach(const char *name, struct rb_slice content, struct sealed *out) {
    uint8_t buf[512];
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    r.kind = RB_KIND_ATTACHMENT;
    seal(&r, attachment_body(name, content.n, buf, sizeof buf), content, out);
    fx_ref(&r, RB_REF_ABOUT, &text.id);
    out->id = fx_say(w, 0, &r);
}

static void say_all(void) {
    static uint8_t content[70000];
    struct rb_record r = closed_text(&early);
    early.id = fx_say_as(w, 0, 0, &r, FX_BOTH);
    rotate(0, RB_KEY_OFFICER, &w->party[0].officer[0], 1);
    rotate(2, RB_KEY_MIRROR, &w->party[2].mirror, 2);
    r = closed_text(&text);
    text.id = fx_say(w, 0, &r); /* by the key of a rotation that no card has */
    r = fx_notice(w, RB_NOTICE_SITE);
    seal(&r, r.body, rb_slice(NULL, 0), &site);
    site.id = fx_say(w, 0, &r);
    fill(content, sizeof content, 5);
    fill(big_content, sizeof big_content, 6);
    attach("map.pdf", rb_slice(content, sizeof content), &annex);
    attach("film.mp4", rb_slice(big_content, sizeof big_content), &big);
    r = fx_record(w, RB_KIND_STATEMENT);
    open_record = fx_say(w, 0, &r);
    rotate(0, RB_KEY_OFFICER, &w->party[0].officer[0], 3);
    r = fx_carried(w, RB_KIND_CARD, fx_card(w, 0)); /* the key of the second rotation is on it */
    (void)fx_say(w, 0, &r);
    r = closed_text(&late);
    late.id = fx_say(w, 0, &r);
}

static void world_make(bool exercise) {
    w = fx_new(3);
    w->charter.exercise = exercise;
    fx_found(w);
    fx_accept_all(w);
    say_all();
    book = fx_book(w);
}

static int setup(void **state) {
    (void)state;
    (void)snprintf(top, sizeof top, "/tmp/readback-disclosure-XXXXXX");
    assert_non_null(mkdtemp(top));
    world_make(false);
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void world_free(void) {
    struct sealed *all[] = {&text, &site, &annex, &big, &early, &late};
    for (size_t i = 0; i < 6; i++) {
        free(all[i]->bytes);
        *all[i] = (struct sealed){0};
    }
    fx_free(w);
}

static int teardown(void **state) {
    (void)state;
    world_free();
    return nftw(top, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- what the host of a node would give ---------------------------------------------------------
 */

static struct rb_slice note_make(const struct fx_feed *f, uint64_t size, int peer, uint64_t time_s,
                                 uint8_t buf[4096]) {
    uint8_t sig[72];
    struct rb_hash root, party;
    struct rb_vkey key;
    char name[96];
    struct rb_writer o = rb_writer(buf, 4096), t = rb_writer(sig, 8),
                     n = rb_writer(name, sizeof name);
    rb_tree_root(&f->tree, size, &root);
    rb_checkpoint_text(rb_slice(f->origin, f->origin_n), size, &root, &o);
    const struct rb_slice note_text = rb_written(&o);
    rb_put_u8(&o, '\n');
    rb_vkey_make(rb_slice(f->origin, f->origin_n), RB_SIG_ED25519, &f->log.pub, &key);
    rb_ed25519_sign(&f->log, note_text, sig);
    rb_note_sig_encode(&key, rb_slice(sig, RB_SIG_LEN), &o);
    if (peer >= 0) {
        const struct rb_receipt_cosig c =
            fx_cosign(w, f->member, f->epoch, size, (uint16_t)peer, time_s);
        rb_party_hash(&w->party[peer].party.pub, &party);
        rb_put_z(&n, "readback/");
        rb_put_hex(&n, party.b, RB_HASH_LEN);
        rb_put_z(&n, "/mirror");
        rb_vkey_make(rb_written(&n), RB_SIG_COSIGNATURE_V1, &w->party[peer].mirror.pub, &key);
        rb_put_u64(&t, time_s);
        memcpy(sig + 8, c.sig, RB_SIG_LEN);
        rb_note_sig_encode(&key, rb_slice(sig, sizeof sig), &o);
    }
    return rb_written(&o);
}

/* Bare checkpoints of every size; party 1 cosigned all but the last, twice; party 2 those of sizes
 * that 5 divides. */
static enum rb_err host_notes(void *ctx, const struct rb_feed_ref *ref,
                              enum rb_err (*fn)(void *, struct rb_event *), void *fn_ctx) {
    const struct fx_feed *f = fx_feed_of(w, ref->member, ref->epoch);
    uint8_t buf[4096];
    (void)ctx;
    for (uint64_t size = 1; size <= f->n; size++)
        for (int k = 0; k < 4; k++) {
            struct rb_event ev = {.type = RB_EV_LOADED};
            if (k > 0 && size == f->n) break;
            if (k == 3 && size % 5 != 0) break;
            ev.u.loaded.item = RB_ITEM_NOTE;
            ev.u.loaded.feed = *ref;
            ev.u.loaded.size = size;
            ev.u.loaded.note = note_make(f, size,
                                         k == 0   ? -1
                                         : k == 3 ? 2
                                                  : 1,
                                         1800000900 - (uint64_t)k, buf);
            const enum rb_err err = fn(fn_ctx, &ev);
            if (err != RB_OK) return err;
        }
    return RB_OK;
}

static const struct sealed *attachment_of(const struct rb_hash *id) {
    return rb_hash_eq(id, &annex.id) ? &annex : &big;
}

static const struct rb_hash *reading; /* whose content */
static enum rb_err host_content(void *ctx, const struct rb_body_ref *ref, uint64_t from,
                                uint8_t *buf, size_t cap, size_t *n) {
    static uint8_t plain[BIG + RB_MAX_HEAD];
    struct rb_sealed_head h;
    (void)ctx;
    (void)ref;
    const struct rb_slice all = unseal(attachment_of(reading), plain, sizeof plain);
    assert_int_equal(from % RB_AGE_CHUNK, 0);
    assert_int_equal(rb_sealed_head_decode(RB_KIND_ATTACHMENT, all, &h, NULL), RB_OK);
    const struct rb_slice content = rb_slice_sub(all, h.head_n, all.n);
    *n = content.n - from < cap ? (size_t)(content.n - from) : cap;
    if (*n > RB_AGE_CHUNK) *n = RB_AGE_CHUNK;
    memcpy(buf, content.p + from, *n);
    return RB_OK;
}

/* ---- making them --------------------------------------------------------------------------------
 */

static json_t *disclose(const struct rb_hash *id, const struct sealed *s,
                        enum rb_disclose_level level, uint64_t chosen) {
    static uint8_t arena[16 << 20], plain[BIG + RB_MAX_HEAD];
    static struct rb_record rec;
    const struct rb_api_host host = {.notes = host_notes, .open_content = host_content};
    struct rb_arena a = rb_arena(arena, sizeof arena);
    struct rb_sealed_head head;
    struct rb_feed *f = NULL;
    const char *why = "";
    json_t *out = NULL;
    size_t at = 0;
    assert_true(rb_book_find(book, id, &f, &at));
    assert_int_equal(f->facts[at].mark, RB_MARK_NONE);
    const struct fx_feed *said = fx_feed_of(w, f->member, f->epoch);
    struct rb_disclose d = {
        .host = &host, .book = book, .feed = f, .at = at, .level = level, .arena = &a};
    if (level != RB_LEVEL_HASH) {
        d.leaf = said->leaf[at];
        assert_int_equal(rb_record_decode(d.leaf, &rec, NULL), RB_OK);
        d.rec = &rec;
    }
    if (level <= RB_LEVEL_PARAGRAPHS && s != NULL) {
        assert_int_equal(
            rb_sealed_head_decode(rec.kind, unseal(s, plain, sizeof plain), &head, NULL), RB_OK);
        d.head = &head;
    }
    d.chosen[0] = chosen;
    reading = id;
    const enum rb_err err = rb_disclose(&d, &out, &why);
    if (err != RB_OK) print_error("%s: %s\n", rb_err_name(err), why);
    assert_int_equal(err, RB_OK);
    return out;
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
    } all[] = {{"text-whole", &text.id, &text, RB_LEVEL_WHOLE, 0},
               {"text-2", &text.id, &text, RB_LEVEL_PARAGRAPHS, 6},
               {"text-heading", &text.id, &text, RB_LEVEL_PARAGRAPHS, 1},
               {"text-fact", &text.id, &text, RB_LEVEL_FACT, 0},
               {"text-hash", &text.id, &text, RB_LEVEL_HASH, 0},
               {"early-whole", &early.id, &early, RB_LEVEL_WHOLE, 0},
               {"late-whole", &late.id, &late, RB_LEVEL_WHOLE, 0},
               {"site-whole", &site.id, &site, RB_LEVEL_WHOLE, 0},
               {"annex-whole", &annex.id, &annex, RB_LEVEL_WHOLE, 0},
               {"annex-fact", &annex.id, &annex, RB_LEVEL_FACT, 0},
               {"big-whole", &big.id, &big, RB_LEVEL_WHOLE, 0},
               {"open-whole", &open_record, NULL, RB_LEVEL_WHOLE, 0},
               {"open-hash", &open_record, NULL, RB_LEVEL_HASH, 0},
               {"charter", &w->charter_id, NULL, RB_LEVEL_WHOLE, 0}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        json_t *o = disclose(all[i].id, all[i].s, all[i].level, all[i].chosen);
        both_accept(o, all[i].name);
        assert_null(strstr(said, "EXERCISE"));
        json_decref(o);
    }
}

static void the_proof_has_most_witnesses(void **state) {
    (void)state;
    json_t *o = disclose(&text.id, &text, RB_LEVEL_FACT, 0);
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
    json_t *before = disclose(&early.id, &early, RB_LEVEL_FACT, 0);
    json_t *rotated = disclose(&text.id, &text, RB_LEVEL_FACT, 0);
    json_t *after = disclose(&late.id, &late, RB_LEVEL_FACT, 0);
    json_t *const all[] = {before, rotated, after};
    for (size_t i = 0; i < 3; i++) {
        const json_t *author = json_object_get(all[i], "author");
        assert_int_equal(json_array_size(json_object_get(author, "statements")), i == 1 ? 1 : 0);
        json_decref(all[i]);
    }
}

static void what_is_not_disclosed_is_not_there(void **state) {
    (void)state;
    static char file[1 << 20];
    json_t *o = disclose(&text.id, &text, RB_LEVEL_PARAGRAPHS, 1 | 1 << 2);
    char *z = json_dumps(o, JSON_INDENT(1));
    const int n = snprintf(file, sizeof file, "%s", z);
    free(z);
    assert_in_range(n, 1000, sizeof file - 1);
    /* as it is, and in base64 at each of the three places a byte can have in it */
    for (int p = 0; p < 3; p++) {
        bool any = strstr(file, paragraphs[p]) != NULL;
        for (size_t skip = 0; skip < 3; skip++) {
            char enc[128];
            struct rb_writer e = rb_writer(enc, sizeof enc);
            rb_put_base64(&e, paragraphs[p] + skip, 15);
            any = any || strstr(file, rb_writer_z(&e)) != NULL;
        }
        assert_int_equal(any, p == 1);
    }
    assert_int_equal(json_array_size(json_object_get(o, "parts")), 2);
    assert_int_equal(run_verify(write_json(o, "two"), NULL, NULL), 0);
    assert_non_null(strstr(said, paragraphs[1]));
    assert_non_null(strstr(said, "Crossing arrangement"));
    assert_null(strstr(said, paragraphs[2]));
    json_decref(o);
}

static void changed_is_refused(void **state) {
    (void)state;
    json_t *all[] = {disclose(&text.id, &text, RB_LEVEL_PARAGRAPHS, 6),
                     disclose(&site.id, &site, RB_LEVEL_WHOLE, 0),
                     disclose(&text.id, &text, RB_LEVEL_FACT, 0),
                     disclose(&text.id, &text, RB_LEVEL_HASH, 0),
                     disclose(&open_record, NULL, RB_LEVEL_WHOLE, 0)};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        change_all(all[i], all[i], "the file");
        other_refuses();
        json_decref(all[i]);
    }
}

static void attachment_changed_is_refused(void **state) {
    (void)state;
    json_t *o = disclose(&annex.id, &annex, RB_LEVEL_WHOLE, 0);
    json_t *parts = json_object_get(o, "parts");
    change_all(o, parts, "parts");
    other_refuses();
    json_decref(o);
}

static void swapped_is_refused(void **state) {
    (void)state;
    static const char *const keys[] = {"leaf", "leaf-hash", "proof", "index", "author"};
    json_t *o = disclose(&text.id, &text, RB_LEVEL_WHOLE, 0),
           *b = disclose(&early.id, &early, RB_LEVEL_WHOLE, 0);
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
    json_t *o = disclose(&text.id, &text, RB_LEVEL_WHOLE, 0);
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
    json_t *o = disclose(&text.id, &text, RB_LEVEL_PARAGRAPHS, 5);
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
    json_t *o = disclose(&text.id, &text, RB_LEVEL_FACT, 0);
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
    world_free();
    world_make(true);
    json_t *o = disclose(&text.id, &text, RB_LEVEL_WHOLE, 0);
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
    world_free();
    world_make(false);
    mutants = 0;
}

static void fingerprints_are_compared(void **state) {
    (void)state;
    char digits[48], arg[96];
    json_t *o = disclose(&text.id, &text, RB_LEVEL_FACT, 0);
    const char *path = strdup(write_json(o, "compared"));
    assert_int_equal(run_verify(path, "--json", NULL), 0);
    assert_non_null(strstr(said, "\"fingerprint_compared\":\"not-compared\""));
    rb_fingerprint(rb_str("party-1"), &w->party[1].party.pub, digits);
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
    json_t *o = disclose(&big.id, &big, RB_LEVEL_WHOLE, 0);
    const char *path = strdup(write_json(o, "big.json")), *content = strdup(path_of("film.mp4"));
    FILE *f = fopen(content, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(big_content, 1, BIG, f), BIG);
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
