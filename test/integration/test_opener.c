/* Opening closed bodies that the real age program sealed: heads, contents, cut and changed files,
 * other people's identities, memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "readback/age.h"
#include "readback/cbor.h"
#include "readback/sealed.h"
#include "shell/os/opener.h"
#include "shell/os/os.h"

#define PEOPLE 4u
#define MOST ((size_t)9 << 20)

struct sealed { /* one file, and what it was made from */
    uint8_t *plain, *file;
    size_t plain_n, file_n, head_n;
    enum rb_kind kind;
    struct rb_hash hash, content;
};
struct world {
    char top[64];
    uint8_t secret[PEOPLE][32];
    struct rb_key pub[PEOPLE];
    struct rb_keyring *ring[PEOPLE]; /* of one each */
    struct sealed s;
};

/* ---- the age program ---------------------------------------------------------------------------
 */

static int setup(void **state) {
    struct world *w = *state = calloc(1, sizeof *w);
    if (w == NULL || rb_crypto_init() != RB_OK) return -1;
    strcpy(w->top, "/tmp/readback-opener-XXXXXX");
    if (mkdtemp(w->top) == NULL) return -1;
    for (size_t i = 0; i < PEOPLE; i++) {
        memset(w->secret[i], (int)(i * 37 + 5), sizeof w->secret[i]);
        rb_age_identity_from_seed(w->secret[i], &w->pub[i]);
        if (rb_keyring_of((const uint8_t(*)[32]) & w->secret[i], 1, &w->ring[i]) != RB_OK)
            return -1;
    }
    w->s.plain = malloc(MOST);
    w->s.file = malloc(MOST);
    return w->s.plain != NULL && w->s.file != NULL ? 0 : -1;
}

static int teardown(void **state) {
    struct world *w = *state;
    char words[128];
    for (size_t i = 0; i < PEOPLE; i++)
        rb_keyring_close(w->ring[i]);
    free(w->s.plain);
    free(w->s.file);
    (void)snprintf(words, sizeof words, "rm -rf %s", w->top);
    free(w);
    return system(words);
}

static void read_file(const char *path, uint8_t *out, size_t *n) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    *n = fread(out, 1, MOST, f);
    assert_true(feof(f) != 0);
    assert_int_equal(fclose(f), 0);
}

static void write_file(const char *path, const uint8_t *p, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* the plaintext goes through age to the people of the mask */
static void seal(struct world *w, unsigned mask) {
    char in[96], out[96], words[800];
    if (system("command -v age >/dev/null") != 0) skip();
    (void)snprintf(in, sizeof in, "%s/plain", w->top);
    (void)snprintf(out, sizeof out, "%s/sealed", w->top);
    write_file(in, w->s.plain, w->s.plain_n);
    struct rb_writer c = rb_writer(words, sizeof words);
    rb_put_z(&c, "age ");
    for (size_t i = 0; i < PEOPLE; i++) {
        if ((mask >> i & 1u) == 0) continue;
        rb_put_z(&c, "-r ");
        rb_age_recipient_encode(&w->pub[i], &c);
        rb_put_z(&c, " ");
    }
    rb_put_z(&c, "-o ");
    rb_put_z(&c, out);
    rb_put_z(&c, " ");
    rb_put_z(&c, in);
    assert_int_equal(system(rb_writer_z(&c)), 0);
    read_file(out, w->s.file, &w->s.file_n);
    rb_sha256(rb_slice(w->s.file, w->s.file_n), &w->s.hash);
}

/* ---- plaintexts ---------------------------------------------------------------------------------
 */

static void put_head(struct sealed *s, enum rb_kind kind, struct rb_slice body) {
    uint8_t salts[2 * RB_SALT_LEN];
    struct rb_writer w = rb_writer(s->plain, MOST);
    memset(salts, 0xa1, RB_SALT_LEN);
    memset(salts + RB_SALT_LEN, 0xb2, RB_SALT_LEN);
    assert_int_equal(rb_sealed_head_encode(kind, salts, body, &w), RB_OK);
    s->kind = kind;
    s->plain_n = s->head_n = w.n;
}

static void a_statement(struct sealed *s, const char *text) {
    uint8_t body[2048];
    struct rb_writer w = rb_writer(body, sizeof body);
    rb_cbor_put_map(&w, 2);
    rb_cbor_put_uint(&w, 1);
    rb_cbor_put_text(&w, rb_str("Said to some"));
    rb_cbor_put_uint(&w, 2);
    rb_cbor_put_text(&w, rb_str(text));
    put_head(s, RB_KIND_STATEMENT, rb_written(&w));
}

static void an_attachment(struct sealed *s, size_t content_n, size_t words_n, uint64_t said) {
    uint8_t *room = malloc(RB_MAX_HEAD), salt[RB_SALT_LEN], *words = malloc(words_n + 1);
    struct rb_writer w = rb_writer(room, RB_MAX_HEAD);
    assert_true(room != NULL && words != NULL);
    memset(words, 'w', words_n + 1);
    const struct rb_attachment a = {.name = rb_str("map.pdf"),
                                    .media_type = rb_str("application/pdf"),
                                    .size = said,
                                    .description = rb_slice(words, words_n)};
    rb_attachment_encode(&a, &w);
    put_head(s, RB_KIND_ATTACHMENT, rb_written(&w));
    assert_true(s->head_n + content_n <= MOST);
    for (size_t i = 0; i < content_n; i++)
        s->plain[s->head_n + i] = (uint8_t)(i * 31 + i / 251);
    s->plain_n = s->head_n + content_n;
    memset(salt, 0xb2, sizeof salt);
    rb_commit(salt, rb_slice(s->plain + s->head_n, content_n), &s->content);
    free(words);
    free(room);
}

/* ---- sources
 * ------------------------------------------------------------------------------------- */

struct source { /* gives little at a time, counts, and may fail */
    const uint8_t *p;
    size_t n, most, read;
    uint64_t fails_at;
};

static enum rb_err read_some(void *ctx, uint64_t from, uint8_t *buf, size_t cap, size_t *n) {
    struct source *s = ctx;
    if (from >= s->fails_at) return RB_ERR_IO;
    if (cap > s->most) s->most = cap;
    size_t left = from < s->n ? s->n - (size_t)from : 0;
    if (left > s->fails_at - from) left = (size_t)(s->fails_at - from);
    *n = left < cap ? left : cap;
    if (*n > 10007) *n = 10007;
    if (*n > 0) memcpy(buf, s->p + from, *n);
    s->read += *n;
    return RB_OK;
}

static struct rb_body_source source_of(struct source *s, const struct sealed *b) {
    *s = (struct source){.p = b->file, .n = b->file_n, .fails_at = UINT64_MAX};
    return (struct rb_body_source){s, read_some, b->file_n};
}

static uint8_t head[RB_MAX_HEAD];
static size_t head_n;
static struct rb_hash content;

static enum rb_err open_all(const struct rb_keyring *k, const struct sealed *b,
                            const struct rb_hash *want) {
    struct source s;
    const struct rb_body_source src = source_of(&s, b);
    memset(head, 0xee, sizeof head);
    head_n = 0;
    return rb_opener_read(k, &src, want, b->kind, head, &head_n, &content);
}

static void assert_head(const struct sealed *b) {
    assert_int_equal(head_n, b->head_n);
    assert_memory_equal(head, b->plain, b->head_n);
}

/* ---- tests: bodies
 * --------------------------------------------------------------------------------- */

static void a_body_opens_for_its_recipients_alone(void **state) {
    struct world *w = *state;
    struct rb_hash other = {{1}};
    struct rb_keyring *many = NULL;
    a_statement(&w->s, "The bridge is closed.");
    seal(w, 1u << 0 | 1u << 2);
    for (size_t i = 0; i < PEOPLE; i++) {
        const bool reads = i == 0 || i == 2;
        assert_int_equal(open_all(w->ring[i], &w->s, &w->s.hash), reads ? RB_OK : RB_ERR_NOT_FOUND);
        if (reads) assert_head(&w->s);
    }
    /* the hash comes before anything else, also before who may read it */
    assert_int_equal(open_all(w->ring[0], &w->s, &other), RB_ERR_PROOF);
    assert_int_equal(open_all(w->ring[1], &w->s, &other), RB_ERR_PROOF);
    assert_int_equal(open_all(w->ring[0], &w->s, NULL), RB_OK);
    /* the identity of before the rotation still opens what was sealed then */
    assert_int_equal(rb_keyring_of((const uint8_t(*)[32]) & w->secret[1], 3, &many), RB_OK);
    assert_int_equal(open_all(many, &w->s, &w->s.hash), RB_OK);
    assert_head(&w->s);
    assert_true(rb_keyring_holds(many, &w->pub[3]) && !rb_keyring_holds(many, &w->pub[0]));
    rb_keyring_close(many);
}

static void assert_content(struct world *w, uint64_t from, size_t cap) {
    struct source s;
    const struct rb_body_source src = source_of(&s, &w->s);
    const size_t all = w->s.plain_n - w->s.head_n;
    const size_t left = from < all ? all - (size_t)from : 0, want = left < cap ? left : cap;
    uint8_t *buf = malloc(cap + 1);
    size_t n = 77;
    assert_non_null(buf);
    assert_int_equal(rb_opener_content(w->ring[1], &src, from, buf, cap, &n), RB_OK);
    assert_int_equal(n, want);
    assert_memory_equal(buf, w->s.plain + w->s.head_n + from, n);
    free(buf);
}

static void attachments_give_head_commitment_and_any_piece(void **state) {
    struct world *w = *state;
    static const struct {
        size_t content, words;
    } some[] = {{0, 0}, {1, 0}, {65536 - 256, 0}, {65536, 10}, {200000, 300}, {400001, 30000}};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        an_attachment(&w->s, some[i].content, some[i].words, some[i].content);
        seal(w, 1u << 1);
        assert_int_equal(open_all(w->ring[1], &w->s, &w->s.hash), RB_OK);
        assert_head(&w->s);
        assert_memory_equal(&content, &w->s.content, sizeof content);
        for (uint64_t from = 0; from <= some[i].content + RB_AGE_CHUNK; from += RB_AGE_CHUNK) {
            assert_content(w, from, 65536);
            assert_content(w, from, 1);
            assert_content(w, from, 150001);
        }
    }
    struct source s;
    const struct rb_body_source src = source_of(&s, &w->s);
    size_t n = 0;
    assert_int_equal(rb_opener_content(w->ring[1], &src, 100, head, sizeof head, &n), RB_ERR_USAGE);
    assert_int_equal(rb_opener_content(w->ring[0], &src, 0, head, sizeof head, &n),
                     RB_ERR_NOT_FOUND);
}

static void a_content_of_another_length_than_said_is_refused(void **state) {
    struct world *w = *state;
    an_attachment(&w->s, 70000, 0, 69999);
    seal(w, 1u << 0);
    assert_int_equal(open_all(w->ring[0], &w->s, &w->s.hash), RB_ERR_MALFORMED);
    an_attachment(&w->s, 70000, 0, 70001);
    seal(w, 1u << 0);
    assert_int_equal(open_all(w->ring[0], &w->s, NULL), RB_ERR_MALFORMED);
    w->s.kind =
        RB_KIND_STATEMENT; /* an attachment's plaintext in another kind's record: the node refuses
                              its form; here it is a head, as long as heads may be */
    w->s.plain_n = 98305;
    seal(w, 1u << 0);
    assert_int_equal(open_all(w->ring[0], &w->s, NULL), RB_ERR_MALFORMED);
}

/* wiped: nothing of a body that is no good is given out */
static void assert_refused(struct world *w, size_t n, const char *where) {
    const size_t whole = w->s.file_n;
    w->s.file_n = n;
    const enum rb_err err = open_all(w->ring[3], &w->s, NULL);
    const bool known = err == RB_ERR_MALFORMED || err == RB_ERR_SIGNATURE;
    if (!known) print_error("%s, %zu bytes: %s\n", where, n, rb_err_name(err));
    assert_true(known);
    assert_int_equal(head_n, 0);
    assert_int_equal(head[0], 0xee);
    assert_int_equal(open_all(w->ring[3], &w->s, &w->s.hash), n == whole ? err : RB_ERR_PROOF);
    w->s.file_n = whole;
}

static size_t payload_at(const struct sealed *s) {
    for (size_t i = 0; i + 5 < s->file_n; i++)
        if (memcmp(s->file + i, "\n--- ", 5) == 0) return i + 5 + 43 + 1;
    fail();
    return 0;
}

static void cut_and_changed_files_are_refused(void **state) {
    struct world *w = *state;
    an_attachment(&w->s, 150000, 0, 150000);
    seal(w, 1u << 3 | 1u << 0);
    const size_t at = payload_at(&w->s), chunk = RB_AGE_CHUNK + RB_AGE_TAG;
    const size_t cuts[] = {0,
                           1,
                           21,
                           22,
                           at - 60,
                           at - 44,
                           at - 1,
                           at,
                           at + 15,
                           at + 16,
                           at + 31,
                           at + 32,
                           at + 16 + chunk - 1,
                           at + 16 + chunk,
                           at + 16 + chunk + 15,
                           at + 16 + chunk + 16,
                           at + 16 + 2 * chunk,
                           w->s.file_n - 17,
                           w->s.file_n - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        assert_refused(w, cuts[i], "cut");
    memset(w->s.file + w->s.file_n, 0, 20);
    assert_refused(w, w->s.file_n + 1, "longer");
    assert_refused(w, w->s.file_n + 17, "longer");
    const size_t flips[] = {
        3, 25, at - 20, at, at + 15, at + 16, at + 5000, at + 16 + chunk + 3, w->s.file_n - 1};
    for (size_t i = 0; i < sizeof flips / sizeof *flips; i++) {
        w->s.file[flips[i]] ^= 1;
        const enum rb_err err = open_all(w->ring[3], &w->s, NULL);
        if (err != RB_ERR_MALFORMED && err != RB_ERR_SIGNATURE) print_error("byte %zu\n", flips[i]);
        assert_true(err == RB_ERR_MALFORMED || err == RB_ERR_SIGNATURE);
        assert_int_equal(open_all(w->ring[3], &w->s, &w->s.hash), RB_ERR_PROOF);
        w->s.file[flips[i]] ^= 1;
    }
    assert_int_equal(open_all(w->ring[3], &w->s, &w->s.hash), RB_OK);
}

static void a_source_that_fails_is_not_a_bad_body(void **state) {
    struct world *w = *state;
    an_attachment(&w->s, 150000, 0, 150000);
    seal(w, 1u << 0);
    for (uint64_t at = 0; at < w->s.file_n; at += 30011) {
        struct source s;
        struct rb_body_source src = source_of(&s, &w->s);
        s.fails_at = at;
        assert_int_equal(
            rb_opener_read(w->ring[0], &src, &w->s.hash, w->s.kind, head, &head_n, &content),
            RB_ERR_IO);
        s.fails_at = UINT64_MAX;
        s.n = (size_t)at; /* shorter than it said */
        assert_int_equal(rb_opener_read(w->ring[0], &src, NULL, w->s.kind, head, &head_n, &content),
                         RB_ERR_IO);
    }
}

static void a_large_attachment_takes_little_memory_and_many_rounds(void **state) {
    struct world *w = *state;
    struct source s;
    struct rb_slice got = {0};
    an_attachment(&w->s, (size_t)8 << 20, 0, 8u << 20);
    seal(w, 1u << 0);
    struct rb_body_source src = source_of(&s, &w->s);
    struct rb_opening *o = rb_opening_new(w->ring[0], &src, &w->s.hash, w->s.kind);
    size_t rounds = 0;
    assert_non_null(o);
    for (bool over = false; !over; rounds++) {
        size_t budget = 1u << 20;
        const size_t before = s.read;
        assert_int_equal(rb_opening_result(o, &got, &content), RB_ERR_STATE);
        over = rb_opening_go(o, &budget);
        assert_true(over || budget == 0);
        assert_true(s.read - before <= (1u << 20) + RB_AGE_CHUNK + RB_AGE_TAG);
    }
    assert_true(rounds >= 16); /* hashed, then opened */
    assert_int_equal(rb_opening_result(o, &got, &content), RB_OK);
    assert_int_equal(got.n, w->s.head_n);
    assert_memory_equal(got.p, w->s.plain, got.n);
    assert_memory_equal(&content, &w->s.content, sizeof content);
    assert_true(s.most <= RB_AGE_CHUNK + RB_AGE_TAG);
    rb_opening_free(o);
    /* the head alone: header and two chunks */
    src = source_of(&s, &w->s);
    assert_int_equal(rb_opener_head(w->ring[0], &src, w->s.kind, head, &head_n), RB_OK);
    assert_head(&w->s);
    assert_true(s.read <= RB_AGE_MAX_HEADER + RB_AGE_NONCE + 2 * (RB_AGE_CHUNK + RB_AGE_TAG));
    /* given up in the middle */
    o = rb_opening_new(w->ring[0], &src, &w->s.hash, w->s.kind);
    size_t budget = 100000;
    assert_non_null(o);
    assert_false(rb_opening_go(o, &budget));
    rb_opening_free(o);
}

/* ---- tests: memory
 * ---------------------------------------------------------------------------------- */

static bool flags_of(const void *p, char *out, size_t cap) {
    FILE *f = fopen("/proc/self/smaps", "r");
    char line[512];
    bool inside = false, found = false;
    assert_non_null(f);
    while (!found && fgets(line, sizeof line, f) != NULL) {
        unsigned long from = 0, to = 0;
        /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote it */
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (uintptr_t)p >= from && (uintptr_t)p < to;
        if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            (void)snprintf(out, cap, "%s", line);
            found = true;
        }
    }
    (void)fclose(f);
    return found;
}

/* the address sanitizer's runtime locks nothing */
#if defined(__has_feature)
#define LOCKS !__has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define LOCKS 0
#else
#define LOCKS 1
#endif

static void keys_are_locked_in_memory_and_left_out_of_dumps(void **state) {
    struct world *w = *state;
    char flags[512] = "";
    struct rlimit limit;
    if (!flags_of(w->ring[0], flags, sizeof flags)) skip(); /* a kernel that does not tell */
    assert_non_null(strstr(flags, " dd"));
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
    if (limit.rlim_cur < 1u << 20 && geteuid() != 0) skip();
    if (LOCKS) assert_non_null(strstr(flags, " lo"));
}

static void a_hardened_process_leaves_no_core(void **state) {
    int status = -1;
    (void)state;
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct rlimit r;
        rb_harden();
        const bool ok = getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_cur == 0 && r.rlim_max == 0 &&
                        prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
        _exit(ok ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        T(a_body_opens_for_its_recipients_alone),
        T(attachments_give_head_commitment_and_any_piece),
        T(a_content_of_another_length_than_said_is_refused),
        T(cut_and_changed_files_are_refused),
        T(a_source_that_fails_is_not_a_bad_body),
        T(a_large_attachment_takes_little_memory_and_many_rounds),
        T(keys_are_locked_in_memory_and_left_out_of_dumps),
        T(a_hardened_process_leaves_no_core),
    };
    return cmocka_run_group_tests_name("test_opener", tests, NULL, NULL);
}
