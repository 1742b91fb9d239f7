/* An independent program (go/notecheck: Go's sumdb/note and sumdb/tlog, nothing of ours) accepts a
 * folder of logs written with this library, and refuses it with a bit of any of its files changed.
 * Argument: the built notecheck. Without it: skipped. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../unit/tlog_fixture.h"

static const char *notecheck;
static char root[64];

/* ---- files --------------------------------------------------------------------------------- */

static void path_of(const char *name, char *out, size_t cap) {
    const int n = snprintf(out, cap, "%s/%s", root, name);
    assert_true(n > 0 && (size_t)n < cap);
}

static void write_file(const char *name, struct rb_slice data) {
    char path[512];
    path_of(name, path, sizeof path);
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

static size_t read_file(const char *path, uint8_t *buf, size_t cap) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    const size_t n = fread(buf, 1, cap, f);
    assert_true(n < cap);
    fclose(f);
    return n;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* exit status of notecheck over the folder, its output thrown away */
static int run_notecheck(void) {
    const pid_t pid = fork();
    int status;
    assert_true(pid >= 0);
    if (pid == 0) {
        const int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        dup2(null, 2);
        execl(notecheck, notecheck, root, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* ---- a folder of two parties --------------------------------------------------------------- */

struct party {
    const char *handle, *origin, *mirror_name;
    uint64_t size;
    struct tlog_fixture log;
    struct rb_seckey log_sk, mirror_sk;
    struct rb_vkey log_key, mirror_key;
};

static uint8_t buf[1u << 16];

/* entry i: i mod 7 bytes and its number, so that there are short, long and unlike ones */
static struct rb_slice entry(const struct party *p, uint64_t i) {
    static uint8_t e[64];
    struct rb_writer w = rb_writer(e, sizeof e);
    rb_put_z(&w, p->handle);
    rb_put_u64(&w, i);
    for (uint64_t k = 0; k < i % 7; k++)
        rb_put_u8(&w, (uint8_t)k);
    return rb_written(&w);
}

static void write_vkey(const struct party *p, const char *file, const struct rb_vkey *k) {
    char name[128];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    snprintf(name, sizeof name, "%s/%s", p->handle, file);
    rb_vkey_encode(k, &w);
    rb_put_u8(&w, '\n');
    write_file(name, rb_written(&w));
}

static void write_checkpoint(const struct party *p, const char *file, uint64_t size,
                             const struct party *peer) {
    char name[128];
    struct rb_hash root_hash;
    struct rb_writer w = rb_writer(buf, sizeof buf);
    snprintf(name, sizeof name, "%s/%s", p->handle, file);
    rb_tree_root(&p->log.tree, size, &root_hash);
    rb_checkpoint_text(p->log_key.name, size, &root_hash, &w);
    const struct rb_slice text = rb_written(&w);
    rb_put_u8(&w, '\n');
    fixture_sign(&p->log_key, &p->log_sk, text, &w);
    fixture_cosign(&peer->mirror_key, &peer->mirror_sk, 1700000000 + size, text, &w);
    fixture_cosign(&peer->mirror_key, &peer->mirror_sk, 1700009999 + size, text, &w);
    write_file(name, rb_written(&w));
}

static void write_tile(const struct party *p, const struct rb_tile *t) {
    char name[128];
    struct rb_writer path = rb_writer(name, sizeof name), w = rb_writer(buf, sizeof buf);
    if (!rb_tile_in(t, p->size)) return;
    rb_put_z(&path, p->handle);
    rb_put_u8(&path, '/');
    rb_tile_path(t, &path);
    if (t->entries)
        for (uint64_t i = 0; i < t->width; i++)
            rb_package_entry_encode(entry(p, t->index * 256 + i), &w);
    else
        assert_int_equal(rb_tile_hashes(&p->log.tree, t, &w), RB_OK);
    assert_false(w.over);
    write_file(rb_writer_z(&path), rb_written(&w));
}

/* full tiles and the partial one of each level; and one partial tile of an earlier size */
static void write_tiles(const struct party *p) {
    for (uint8_t level = 0; level < 2; level++) {
        const uint64_t hashes = p->size >> 8 * level;
        for (uint64_t i = 0; i * 256 < hashes; i++) {
            const uint64_t left = hashes - i * 256;
            const struct rb_tile t = {false, level, i, (uint16_t)(left < 256 ? left : 256)};
            const struct rb_tile e = {true, 0, i, t.width};
            write_tile(p, &t);
            if (level == 0) write_tile(p, &e);
        }
    }
    const struct rb_tile early = {false, 0, 0, 2};
    write_tile(p, &early);
}

static void party_begin(struct party *p, uint8_t number) {
    tlog_fixture_begin(&p->log, 0, 0);
    p->log_key = fixture_key(number, p->origin, RB_SIG_ED25519, &p->log_sk);
    p->mirror_key =
        fixture_key((uint8_t)(number + 100), p->mirror_name, RB_SIG_COSIGNATURE_V1, &p->mirror_sk);
    for (uint64_t i = 0; i < p->size; i++) {
        struct rb_hash h;
        rb_leaf_hash(entry(p, i), &h);
        assert_int_equal(rb_tree_append(&p->log.tree, &h), RB_OK);
    }
}

static void party_write(const struct party *p, const struct party *peer) {
    char name[128];
    write_vkey(p, "log.vkey", &p->log_key);
    write_vkey(p, "mirror.vkey", &p->mirror_key);
    write_checkpoint(p, "checkpoint", p->size, peer);
    write_tiles(p);
    for (uint64_t i = 0; i < p->size; i++) {
        snprintf(name, sizeof name, "%s/records/%06u.cose", p->handle, (unsigned)i);
        write_file(name, entry(p, i));
    }
    for (uint64_t size = 1; size <= p->size; size = size * 3 + 1) {
        snprintf(name, sizeof name, "receipts/%s/%u", peer->handle, (unsigned)size);
        write_checkpoint(p, name, size, peer);
    }
}

static int setup(void **state) {
    static struct party alpha = {.handle = "alpha",
                                 .origin = "readback-exercise/00/aa/1",
                                 .mirror_name = "readback/aa/mirror",
                                 .size = 300};
    static struct party bravo = {.handle = "bravo",
                                 .origin = "readback-exercise/00/bb/1",
                                 .mirror_name = "readback/bb/mirror",
                                 .size = 3};
    (void)state;
    snprintf(root, sizeof root, "/tmp/readback-export-XXXXXX");
    assert_non_null(mkdtemp(root));
    party_begin(&alpha, 1);
    party_begin(&bravo, 2);
    party_write(&alpha, &bravo);
    party_write(&bravo, &alpha);
    tlog_fixture_end(&alpha.log);
    tlog_fixture_end(&bravo.log);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    return nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- what the other program says ----------------------------------------------------------- */

static void accepted_as_written(void **state) {
    (void)state;
    assert_int_equal(run_notecheck(), 0);
}

/* about `places` bytes of the file, spread over it, the first and the last among them */
static size_t flip_in(const char *path, size_t places) {
    size_t flips = 0;
    const size_t n = read_file(path, buf, sizeof buf);
    const int fd = open(path, O_WRONLY);
    assert_true(fd >= 0 && n > 0);
    for (size_t i = 0; i < places && i < n; i++) {
        const size_t at = places < 2 || n < places ? i : i * (n - 1) / (places - 1);
        const uint8_t bad = buf[at] ^ (uint8_t)(1u << (at + i) % 8);
        assert_int_equal(pwrite(fd, &bad, 1, (off_t)at), 1);
        const int status = run_notecheck();
        if (status != 1) print_error("%s byte %zu: exit %d\n", path, at, status);
        assert_int_equal(status, 1);
        assert_int_equal(pwrite(fd, &buf[at], 1, (off_t)at), 1);
        flips++;
    }
    close(fd);
    return flips;
}

static void refused_with_a_bit_changed(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t places;
    } files[] = {
        {"alpha/checkpoint", 100},          {"alpha/log.vkey", 20},
        {"alpha/mirror.vkey", 20},          {"alpha/receipts/bravo/121", 30},
        {"bravo/receipts/alpha/1", 30},     {"alpha/tile/0/000", 9},
        {"alpha/tile/0/001.p/44", 9},       {"alpha/tile/1/000.p/1", 9},
        {"alpha/tile/0/000.p/2", 9},        {"alpha/tile/entries/000", 9},
        {"alpha/tile/entries/001.p/44", 9}, {"bravo/tile/0/000.p/3", 9},
        {"alpha/records/000000.cose", 3},   {"alpha/records/000299.cose", 3},
        {"bravo/records/000001.cose", 3},
    };
    size_t flips = 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[512];
        path_of(files[i].name, path, sizeof path);
        flips += flip_in(path, files[i].places);
    }
    assert_true(flips > 200);
    assert_int_equal(run_notecheck(), 0);
}

static void refused_with_a_file_missing(void **state) {
    (void)state;
    static const char *const files[] = {"alpha/checkpoint",       "alpha/tile/1/000.p/1",
                                        "alpha/tile/entries/000", "alpha/records/000007.cose",
                                        "alpha/log.vkey",         "bravo/mirror.vkey"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[512], away[512];
        path_of(files[i], path, sizeof path);
        path_of("away", away, sizeof away);
        assert_int_equal(rename(path, away), 0);
        assert_int_equal(run_notecheck(), 1);
        assert_int_equal(rename(away, path), 0);
    }
    assert_int_equal(run_notecheck(), 0);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tlog_export[] = {
        cmocka_unit_test(accepted_as_written),
        cmocka_unit_test(refused_with_a_bit_changed),
        cmocka_unit_test(refused_with_a_file_missing),
    };
    if (argc != 2) {
        puts("skipped: needs golang-go and golang-golang-x-mod-dev");
        return 77;
    }
    notecheck = argv[1];
    if (rb_crypto_init() != RB_OK) return 1;
    return cmocka_run_group_tests(tlog_export, setup, teardown);
}
