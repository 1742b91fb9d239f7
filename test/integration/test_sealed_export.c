/* What we seal is opened by the `age` program with an identity of `age-keygen`, and an independent
 * reader (py/sealed.py: python3-cbor2 and hashlib, nothing of ours) finds in it what the leaf
 * commits to, and nothing else. Argument: the path of sealed.py. Skipped where a program is
 * missing. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../unit/record_fixture.h"
#include "readback/age.h"
#include "readback/sealed.h"

#define READERS 2u
#define CONTENT 200001u /* four chunks of the age format, the last one cut */

static const char *script;
static char root[64];
static struct rb_key readers[READERS];

/* ---- files and programs -------------------------------------------------------------------------
 */

static const char *path_of(const char *name) {
    static char paths[8][160];
    static unsigned next;
    char *p = paths[next++ % 8];
    snprintf(p, sizeof *paths, "%s/%s", root, name);
    return p;
}
static void write_file(const char *name, struct rb_slice data) {
    FILE *f = fopen(path_of(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data.p, 1, data.n, f), data.n);
    assert_int_equal(fclose(f), 0);
}
static struct rb_slice read_file(const char *name) {
    struct stat st;
    FILE *f = fopen(path_of(name), "rb");
    assert_non_null(f);
    assert_int_equal(fstat(fileno(f), &st), 0);
    uint8_t *p = rb_arena_alloc(&fixture_arena, (size_t)st.st_size + 1);
    assert_non_null(p);
    assert_int_equal(fread(p, 1, (size_t)st.st_size, f), st.st_size);
    fclose(f);
    return rb_slice(p, (size_t)st.st_size);
}
static int remove_one(const char *path, const struct stat *s, int type, struct FTW *f) {
    (void)s, (void)type, (void)f;
    return remove(path);
}

/* exit code; what it says goes to the file `out` */
static int run(const char *const *argv, const char *out) {
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const int to = open(path_of(out), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        const int null = open("/dev/null", O_RDWR);
        if (to < 0 || null < 0 || dup2(null, 0) < 0 || dup2(to, 1) < 0 || dup2(null, 2) < 0)
            _exit(126);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}
static int age_opens(const char *identity) {
    const char *const argv[] = {"age", "-d", "-i", identity, path_of("cipher.age"), NULL};
    return run(argv, "plain");
}
static int reader(bool with_ciphertext) {
    const char *const argv[] = {"/usr/bin/python3",
                                script,
                                path_of("leaf"),
                                path_of("plain"),
                                with_ciphertext ? path_of("cipher.age") : NULL,
                                NULL};
    return run(argv, "said");
}
static bool said(const char *words) {
    const struct rb_slice s = read_file("said");
    return memmem(s.p, s.n, words, strlen(words)) != NULL;
}

static bool programs_are_there(void) {
    static const char *const age[] = {"age", "--version", NULL};
    static const char *const keygen[] = {"age-keygen", "--version", NULL};
    static const char *const python[] = {"/usr/bin/python3", "-c", "import cbor2", NULL};
    return script && run(age, "said") == 0 && run(keygen, "said") == 0 && run(python, "said") == 0;
}

static void make_identities(void) {
    for (unsigned i = 0; i < READERS; i++) {
        const char *file = path_of(i == 0 ? "id0.txt" : "id1.txt");
        const char *const make[] = {"age-keygen", "-o", file, NULL};
        const char *const show[] = {"age-keygen", "-y", file, NULL};
        assert_int_equal(run(make, "said"), 0);
        assert_int_equal(run(show, "public"), 0);
        const struct rb_slice line = read_file("public");
        assert_int_equal(rb_age_recipient_decode(rb_slice(line.p, line.n - 1), &readers[i]), RB_OK);
    }
}

static int setup(void **state) {
    (void)state;
    fixture_reset();
    snprintf(root, sizeof root, "/tmp/readback-sealed-XXXXXX");
    if (!mkdtemp(root)) return -1;
    if (programs_are_there()) make_identities();
    return 0;
}
static int teardown(void **state) {
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
static void need_programs(void) {
    if (programs_are_there()) return;
    print_message("skipped: age, age-keygen or python3 with cbor2 is not there\n");
    skip();
}

/* ---- a closed record, sealed ----------------------------------------------------------------- */

static const char *const paragraphs[3] = {
    "\xd9\x88\xd9\x82\xd9\x81 \xd8\xa5\xd8\xb7\xd9\x84\xd8\xa7\xd9\x82 "
    "\xd8\xa7\xd9\x84\xd9\x86\xd8\xa7\xd8\xb1 \xd9\x85\xd9\x86 "
    "\xd8\xa7\xd9\x84\xd8\xb8\xd9\x87\xd8\xb1.",
    "\xd0\x9f\xd1\x80\xd0\xb5\xd0\xba\xd1\x80\xd0\xb0\xd1\x89\xd0\xb5\xd0\xbd\xd0\xb8\xd0\xb5 "
    "\xd0\xbe\xd0\xb3\xd0\xbd\xd1\x8f \xd1\x81 "
    "\xd0\xbf\xd0\xbe\xd0\xbb\xd1\x83\xd0\xb4\xd0\xbd\xd1\x8f.",
    "Fire ceases from noon."};

static struct rb_slice body_of(enum rb_kind kind) {
    const struct rb_attachment a = {rb_str("\xd0\xba\xd0\xb0\xd1\x80\xd1\x82\xd0\xb0.pdf"),
                                    rb_str("application/pdf"), CONTENT, rb_str("north gate")};
    struct rb_writer w = fixture_writer(4096);
    if (kind == RB_KIND_ATTACHMENT) {
        rb_attachment_encode(&a, &w);
        return fixture_done(&w);
    }
    if (kind != RB_KIND_TEXT) return fixture_body(kind);
    rb_cbor_put_map(&w, 4);
    rb_cbor_put_uint(&w, 1);
    rb_cbor_put_text(&w, rb_str("Ceasefire"));
    rb_cbor_put_uint(&w, 2);
    rb_cbor_put_uint(&w, 3);
    rb_cbor_put_uint(&w, 3);
    rb_cbor_put_array(&w, 3);
    for (size_t i = 0; i < 3; i++)
        rb_cbor_put_text(&w, rb_str(paragraphs[i]));
    rb_cbor_put_uint(&w, 6);
    rb_cbor_put_text(&w, rb_str("of the mediator"));
    return fixture_done(&w);
}

static void fill_random(void *p, size_t n) {
    for (size_t at = 0; at < n;) {
        const ssize_t got = getrandom((uint8_t *)p + at, n - at, 0);
        assert_true(got > 0);
        at += (size_t)got;
    }
}

/* head, and behind it an attachment's content */
static struct rb_slice plaintext(enum rb_kind kind) {
    uint8_t salts[4 * RB_SALT_LEN];
    struct rb_writer w = fixture_writer(RB_MAX_HEAD + CONTENT);
    fill_random(salts, sizeof salts);
    assert_int_equal(rb_sealed_head_encode(kind, salts, body_of(kind), &w), RB_OK);
    for (size_t i = 0; kind == RB_KIND_ATTACHMENT && i < CONTENT; i++)
        rb_put_u8(&w, (uint8_t)(i * i >> 7));
    return fixture_done(&w);
}

static struct rb_slice leaf_of(enum rb_kind kind, struct rb_slice plain, struct rb_slice sealed) {
    static struct rb_record rec;
    struct rb_sealed_head h;
    struct rb_hash c[4], content;
    struct rb_writer w = fixture_writer(256);
    const bool attached = kind == RB_KIND_ATTACHMENT;
    assert_int_equal(rb_sealed_head_decode(kind, plain, &h, NULL), RB_OK);
    if (attached)
        rb_commit(rb_sealed_salt(&h, 1), rb_slice_sub(plain, h.head_n, plain.n), &content);
    assert_int_equal(rb_sealed_commitments(kind, &h, attached ? &content : NULL, &fixture_arena, c),
                     RB_OK);
    fixture_record_fill(kind, &rec);
    rec.body = rb_slice(NULL, 0);
    rec.closed = true;
    rec.recipients = 5;
    rec.ciphertext_size = sealed.n;
    rb_sha256(sealed, &rec.ciphertext_hash);
    rb_commitments_encode(c, h.parts_n, &w);
    rec.commitments = fixture_done(&w);
    rec.commitments_n = h.parts_n;
    const struct rb_slice leaf = fixture_leaf(&rec, 0, 1);
    assert_int_equal(rb_record_decode(leaf, &rec, NULL), RB_OK);
    return leaf;
}

/* leaf and cipher.age, for a record of this kind */
static void write_record(enum rb_kind kind) {
    uint8_t entropy[RB_AGE_ENTROPY(READERS)];
    fill_random(entropy, sizeof entropy);
    const struct rb_slice plain = plaintext(kind);
    struct rb_writer w = fixture_writer(plain.n + RB_AGE_MAX_HEADER);
    assert_int_equal(rb_age_seal(readers, READERS, entropy, plain, &w), RB_OK);
    write_file("cipher.age", fixture_done(&w));
    write_file("leaf", leaf_of(kind, plain, fixture_done(&w)));
    for (unsigned i = 0; i < READERS; i++) { /* either reader opens it, to the same bytes */
        assert_int_equal(age_opens(path_of(i == 0 ? "id0.txt" : "id1.txt")), 0);
        const struct rb_slice got = read_file("plain");
        assert_int_equal(got.n, plain.n);
        assert_memory_equal(got.p, plain.p, plain.n);
    }
}

/* ---- tests --------------------------------------------------------------------------------------
 */

static const struct {
    enum rb_kind kind;
    const char *says;
} cases[] = {{RB_KIND_NOTICE, "Clinic"},
             {RB_KIND_TEXT, "Ceasefire"},
             {RB_KIND_ATTACHMENT, "north gate"},
             {RB_KIND_ROSTER, "Duty officer"}};
#define CASES (sizeof cases / sizeof *cases)

static void another_reader_finds_the_same(void **state) {
    (void)state;
    need_programs();
    for (size_t i = 0; i < CASES; i++) {
        fixture_reset();
        write_record(cases[i].kind);
        if (reader(true) != 0) fail_msg("%s", rb_kind_name(cases[i].kind));
        assert_true(said(cases[i].says));
        assert_int_equal(reader(false), 0);
        for (size_t k = 0; cases[i].kind == RB_KIND_TEXT && k < 3; k++)
            assert_true(said(paragraphs[k]));
    }
}

/* changes a byte of the file; the caller puts it back by calling again */
static void flip(const char *name, size_t at) {
    FILE *f = fopen(path_of(name), "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, (long)at, SEEK_SET), 0);
    const int c = fgetc(f);
    assert_true(c != EOF);
    assert_int_equal(fseek(f, (long)at, SEEK_SET), 0);
    assert_int_equal(fputc(c ^ 1, f), c ^ 1);
    assert_int_equal(fclose(f), 0);
}

static void flipped_is_refused(const char *name, size_t from, size_t to, size_t step) {
    for (size_t at = from; at < to; at += step) {
        flip(name, at);
        if (reader(true) != 1) fail_msg("%s: byte %zu not noticed", name, at);
        assert_false(said("noon") || said("north gate") ||
                     said("Duty officer")); /* reasons alone */
        flip(name, at);
    }
}

/* any byte of salts, body, padding, content; of hash, size and commitments in the leaf; of the
 * ciphertext, which `age` refuses as well */
static void changed_bytes_are_refused(void **state) {
    (void)state;
    need_programs();
    for (size_t i = 0; i < CASES; i++) {
        fixture_reset();
        write_record(cases[i].kind);
        const size_t plain = read_file("plain").n, leaf = read_file("leaf").n;
        const size_t cipher = read_file("cipher.age").n;
        flipped_is_refused("plain", 0, plain, plain / 12);
        flipped_is_refused("plain", 1, RB_SEALED_PAD, 37);
        flipped_is_refused("plain", plain - 1, plain, 1);
        /* behind the commitments there is only the signature: 58 40 and 64 bytes */
        const size_t last = leaf - RB_SIG_LEN - 2;
        flipped_is_refused("leaf", last - 32, last, 15);
        flipped_is_refused("leaf", last - 34 - 3 - 34, last - 34 - 3, 11);
        flip("cipher.age", cipher / 2);
        assert_int_equal(reader(true), 1);
        assert_true(age_opens(path_of("id0.txt")) != 0);
        flip("cipher.age", cipher / 2);
        assert_int_equal(age_opens(path_of("id0.txt")), 0);
        assert_int_equal(reader(true), 0);
    }
}

/* a longer or shorter file, another record's plaintext, more padding than needed */
static void other_bytes_are_refused(void **state) {
    (void)state;
    need_programs();
    for (size_t i = 0; i < CASES; i++) {
        fixture_reset();
        write_record(cases[i].kind);
        const struct rb_slice plain = read_file("plain");
        uint8_t *longer = rb_arena_alloc(&fixture_arena, plain.n + RB_SEALED_PAD);
        assert_non_null(longer);
        memcpy(longer, plain.p, plain.n);
        write_file("plain", rb_slice(longer, plain.n + 1));
        assert_int_equal(reader(true), 1);
        write_file("plain", rb_slice(longer, plain.n + RB_SEALED_PAD));
        assert_int_equal(reader(true), 1);
        write_file("plain", rb_slice(longer, plain.n - 1));
        assert_int_equal(reader(true), 1);
        write_file("plain", plaintext(cases[i].kind)); /* the same words, other salts */
        assert_int_equal(reader(true), 1);
        write_file("plain", plain);
        assert_int_equal(reader(true), 0);
    }
}

int main(int argc, char **argv) {
    const struct CMUnitTest sealed_export[] = {
        cmocka_unit_test_setup_teardown(another_reader_finds_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(changed_bytes_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(other_bytes_are_refused, setup, teardown),
    };
    script = argc > 1 ? argv[1] : NULL;
    if (rb_crypto_init() != RB_OK) return 1;
    return cmocka_run_group_tests(sealed_export, NULL, NULL);
}
