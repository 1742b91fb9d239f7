/* An independent reader (py/records.py: python3-cbor2 and python3-nacl, nothing of ours) accepts a
 * folder of records written with this library, and refuses it with any of its files changed.
 * Argument: the path of records.py. Skipped where python3 or its modules are missing. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../unit/record_fixture.h"

static const char *script;
static char root[64];
static size_t records_n[2]; /* of each party */

/* ---- files ------------------------------------------------------------------------------------
 */

static void write_file(const char *name, struct rb_slice data) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = 0;
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        *p = '/';
    }
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data.p, 1, data.n, f), data.n);
    assert_int_equal(fclose(f), 0);
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *f) {
    (void)s, (void)type, (void)f;
    return remove(path);
}

/* exit code of python3 with these arguments, its words thrown away */
static int python(const char *a, const char *b, const char *c) {
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const int null = open("/dev/null", O_WRONLY);
        if (null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0) _exit(126);
        execl("/usr/bin/python3", "python3", a, b, c, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}
static int check(void) {
    return python(script, root, NULL);
}

/* ---- an export ----------------------------------------------------------------------------------
 */

static void write_records(unsigned party) {
    static struct rb_record rec;
    char name[128];
    size_t index = 0;
    for (size_t i = 0; i < FIXTURE_KINDS; i++) {
        if (fixture_kinds[i] == RB_KIND_CHARTER && party != 0) continue;
        if (fixture_kinds[i] == RB_KIND_CARD && party != 0)
            continue; /* the fixture's is party 0's */
        fixture_record_fill(fixture_kinds[i], &rec);
        snprintf(name, sizeof name, "%s/records/%06zu.cose", fixture_handles[party], index++);
        write_file(name, fixture_leaf(&rec, party, 1));
    }
    fixture_record_full(&rec);
    snprintf(name, sizeof name, "%s/records/%06zu.cose", fixture_handles[party], index++);
    write_file(name, fixture_leaf(&rec, party, 2));
    fixture_record_fill(RB_KIND_NOTICE, &rec);
    rec.closed = true;
    rec.recipients = 3;
    rec.ciphertext_size = 999;
    rec.commitments_n = 1;
    struct rb_writer w = fixture_writer(64);
    rb_put(&w, "\x81\x58\x20", 3);
    rb_put(&w, rec.ciphertext_hash.b, RB_HASH_LEN);
    rec.commitments = fixture_done(&w);
    rec.body = rb_slice(NULL, 0);
    snprintf(name, sizeof name, "%s/records/%06zu.cose", fixture_handles[party], index++);
    write_file(name, fixture_leaf(&rec, party, 1));
    records_n[party] = index;
}

static void write_feed(unsigned party) {
    char name[128];
    struct rb_card card;
    struct rb_writer w = fixture_writer(256);
    const char *h = fixture_handles[party];
    rb_put_slice(&w, fixture_origin(false, party));
    rb_put_z(&w, "\n17\n");
    snprintf(name, sizeof name, "%s/checkpoint", h);
    write_file(name, fixture_done(&w));
    snprintf(name, sizeof name, "%s/card.cose", h);
    write_file(name, fixture_card(party));
    snprintf(name, sizeof name, "%s/keys/delegation-0.cose", h);
    write_file(name, fixture_delegation(party));
    snprintf(name, sizeof name, "%s/keys/revocation-1.cose", h);
    write_file(name, fixture_revocation(party));
    fixture_card_fill(party, &card);
    for (size_t i = 0; i < card.officers_n; i++) {
        struct rb_writer line = fixture_writer(256);
        rb_openssh_pub_encode(&card.officers[i].key, card.officers[i].name, &line);
        snprintf(name, sizeof name, "%s/officers/%.*s.pub", h, (int)card.officers[i].name.n,
                 (const char *)card.officers[i].name.p);
        write_file(name, fixture_done(&line));
    }
    write_records(party);
}

static int setup(void **state) {
    (void)state;
    fixture_reset();
    snprintf(root, sizeof root, "/tmp/readback-records-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}
static int teardown(void **state) {
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void need_python(void) {
    if (script && access("/usr/bin/python3", X_OK) == 0 &&
        python("-c", "import cbor2, nacl.signing", NULL) == 0)
        return;
    print_message("skipped: python3 with cbor2 and nacl is not there\n");
    skip();
}

static void folder_is_accepted(void **state) {
    (void)state;
    need_python();
    assert_int_equal(check(), 1); /* an empty folder is no export */
    for (unsigned p = 0; p < 2; p++)
        write_feed(p);
    assert_int_equal(check(), 0);
}

/* ---- changed copies
 * ------------------------------------------------------------------------------- */

/* flips one bit of the file, checks, and puts it back */
static int check_with_flip(const char *name, size_t from_end, size_t at) {
    char path[512];
    uint8_t b[1];
    snprintf(path, sizeof path, "%s/%s", root, name);
    const int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    const off_t end = lseek(fd, 0, SEEK_END);
    const off_t pos = from_end ? end - (off_t)from_end : (off_t)at;
    assert_true(pos >= 0 && pos < end);
    assert_int_equal(pread(fd, b, 1, pos), 1);
    b[0] ^= 4;
    assert_int_equal(pwrite(fd, b, 1, pos), 1);
    const int code = check();
    b[0] ^= 4;
    assert_int_equal(pwrite(fd, b, 1, pos), 1);
    close(fd);
    return code;
}

static void changed_files_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t from_end, at;
    } cases[] = {
        {"northland/checkpoint", 0, 30},
        {"northland/card.cose", 1, 0},
        {"northland/card.cose", 0, 40},
        {"northland/keys/delegation-0.cose", 1, 0},
        {"northland/keys/revocation-1.cose", 80, 0},
        {"northland/officers/duty.pub", 0, 50},
        {"northland/records/000000.cose", 1, 0},
        {"northland/records/000000.cose", 0, 0},
        {"northland/records/000004.cose", 0, 10},
        {"northland/records/000009.cose", 100, 0},
        {"northland/records/000017.cose", 70, 0},
        {"northland/records/000018.cose", 0, 25},
    };
    need_python();
    for (unsigned p = 0; p < 2; p++)
        write_feed(p);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (check_with_flip(cases[i].name, cases[i].from_end, cases[i].at) != 1)
            fail_msg("not noticed: %s", cases[i].name);
    assert_int_equal(check(), 0);
}

static void write_record(size_t at, struct rb_slice leaf) {
    char name[64];
    snprintf(name, sizeof name, "northland/records/%06zu.cose", at);
    write_file(name, leaf);
}

/* a record of one feed in another, a record missing, one that a stranger signed */
static void moved_files_are_refused(void **state) {
    (void)state;
    static struct rb_record rec;
    need_python();
    for (unsigned p = 0; p < 2; p++)
        write_feed(p);
    fixture_record_fill(RB_KIND_STATEMENT, &rec);
    const struct rb_slice good = fixture_leaf(&rec, 0, 1), foreign = fixture_leaf(&rec, 1, 1);
    write_record(records_n[0], good);
    assert_int_equal(check(), 0);
    write_record(records_n[0], foreign);
    assert_int_equal(check(), 1);
    write_record(records_n[0], rb_slice(good.p, good.n - 1));
    assert_int_equal(check(), 1);
    write_record(records_n[0], good);
    write_record(records_n[0] + 2, good);
    assert_int_equal(check(), 1);
}

int main(int argc, char **argv) {
    const struct CMUnitTest records_export[] = {
        cmocka_unit_test_setup_teardown(folder_is_accepted, setup, teardown),
        cmocka_unit_test_setup_teardown(changed_files_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(moved_files_are_refused, setup, teardown),
    };
    script = argc > 1 ? argv[1] : NULL;
    if (rb_crypto_init() != RB_OK) return 1;
    return cmocka_run_group_tests(records_export, NULL, NULL);
}
