/* Files of backups and homes. */
#include "backup.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "readback/text.h"
#include "shell/os/os.h"

/* ---- which ---------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct backup_name *)a)->name, ((const struct backup_name *)b)->name);
}
/* half-written ones of a program that died end in 16 digits (home.c); they are nobody's */
static bool is_aside(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && strlen(dot) == 17 && strspn(dot + 1, "0123456789abcdef") == 16;
}
static bool add_name(struct backup_name **list, size_t *n, const char *folder, const char *name) {
    struct backup_name *more = reallocarray(*list, *n + 1, sizeof *more);
    if (more == NULL) return false;
    *list = more;
    snprintf(more[*n].name, sizeof more[*n].name, "%s%s", folder, name);
    ++*n;
    return true;
}
static int add_keys(struct cli *c, const char *home, struct backup_name **out, size_t *n) {
    char path[RB_HOME_PATH_MAX + 8];
    bool good = true;
    snprintf(path, sizeof path, "%s/keys", home);
    DIR *d = opendir(path);
    if (d == NULL) return cli_fail(c, NULL, "%s cannot be read: %s", path, strerror(errno));
    for (struct dirent *e; good && (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.' && !is_aside(e->d_name))
            good = add_name(out, n, "keys/", e->d_name);
    closedir(d);
    return good ? CLI_OK : cli_fail(c, NULL, "memory is short");
}
int backup_names(struct cli *c, const char *home, struct backup_name **out, size_t *n) {
    static const char *const single[] = {"card.cose", "config.ini"};
    char path[RB_HOME_PATH_MAX + 16];
    *out = NULL;
    *n = 0;
    int rc = add_keys(c, home, out, n);
    for (size_t i = 0; rc == CLI_OK && i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", home, single[i]);
        if (access(path, F_OK) == 0 && !add_name(out, n, "", single[i]))
            rc = cli_fail(c, NULL, "memory is short");
    }
    if (rc == CLI_OK && *n > 0) qsort(*out, *n, sizeof **out, by_name);
    return rc;
}

/* ---- a folder that is there whole or not at all ------------------------------------------------
 */

static int sync_folder(struct cli *c, const char *path) {
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool good = fd >= 0 && fsync(fd) == 0;
    const int e = errno;
    if (fd >= 0) close(fd);
    return good ? CLI_OK : cli_fail(c, NULL, "%s cannot be written: %s", path, strerror(e));
}
static void parent_of(const char *path, char *out, size_t cap) {
    snprintf(out, cap, "%s", path);
    char *slash = strrchr(out, '/');
    if (slash == NULL)
        snprintf(out, cap, ".");
    else
        slash[slash == out] = 0;
}
int backup_begin(struct cli *c, const char *path, struct rb_home **out, char *part, size_t cap) {
    uint8_t chance[8];
    char hex[17], why[RB_HOME_PATH_MAX + 256] = "";
    struct rb_writer w = rb_writer(hex, sizeof hex);
    rb_random(chance, sizeof chance);
    rb_put_hex(&w, chance, sizeof chance);
    const int n = snprintf(part, cap, "%s.part-%s", path, rb_writer_z(&w));
    if (n < 0 || (size_t)n >= cap) return cli_fail(c, NULL, "the name %.60s... is too long", path);
    if (mkdir(part, 0700) != 0)
        return cli_fail(c, NULL, "%s cannot be made: %s", part, strerror(errno));
    if (rb_home_create(part, out, why, sizeof why) == RB_OK) return CLI_OK;
    backup_drop(part);
    return cli_fail(c, NULL, "%s", why);
}
int backup_end(struct cli *c, const char *part, const char *path, bool over_empty) {
    char parent[RB_HOME_PATH_MAX + 64], keys[RB_HOME_PATH_MAX + 64];
    snprintf(keys, sizeof keys, "%s/keys", part);
    int rc = sync_folder(c, keys);
    if (rc == CLI_OK) rc = sync_folder(c, part);
    if (rc != CLI_OK) return rc;
    const int done = over_empty ? rename(part, path)
                                : renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE);
    if (done != 0)
        return cli_fail(c, NULL, "%s cannot be made: %s", path,
                        errno == ENOTEMPTY ? "it exists and is not empty" : strerror(errno));
    parent_of(path, parent, sizeof parent);
    return sync_folder(c, parent);
}

static void drop_in(int dir) {
    DIR *d = fdopendir(dir);
    if (d == NULL) {
        close(dir);
        return;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        if (unlinkat(dirfd(d), e->d_name, 0) == 0 || strcmp(e->d_name, "keys") != 0) continue;
        const int keys = openat(dirfd(d), "keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (keys >= 0) drop_in(keys);
        (void)unlinkat(dirfd(d), "keys", AT_REMOVEDIR);
    }
    closedir(d);
}
void backup_drop(const char *part) {
    const int dir = open(part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (dir >= 0) drop_in(dir);
    (void)rmdir(part);
}

/* ---- single files --------------------------------------------------------------------------- */

int backup_copy(struct cli *c, struct rb_home *from, struct rb_home *to, const char *name) {
    uint8_t *buf = rb_secret_alloc(BACKUP_FILE_MAX);
    size_t n = 0;
    if (buf == NULL) return cli_fail(c, NULL, "memory is short");
    int rc = CLI_OK;
    if (rb_home_read(from, name, buf, BACKUP_FILE_MAX, &n) != RB_OK)
        rc = cli_fail(c, NULL, "%s", rb_home_error(from));
    else if (rb_home_write_new(to, name, rb_slice(buf, n)) != RB_OK)
        rc = cli_fail(c, NULL, "%s", rb_home_error(to));
    rb_secret_free(buf, BACKUP_FILE_MAX);
    return rc;
}

static bool copy_bytes(int in, int out) {
    static uint8_t buf[65536]; /* keys go through it: wiped */
    ssize_t n = 0;
    bool good = true;
    while (good && ((n = read(in, buf, sizeof buf)) > 0 || (n < 0 && errno == EINTR)))
        for (ssize_t at = 0; good && at < n;) {
            const ssize_t k = write(out, buf + at, (size_t)(n - at));
            good = k > 0 || (k < 0 && errno == EINTR);
            at += k > 0 ? k : 0;
        }
    rb_wipe(buf, sizeof buf);
    return good && n == 0 && fsync(out) == 0;
}
int backup_copy_large(struct cli *c, const char *from, const char *to) {
    const int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0) return cli_fail(c, NULL, "%s cannot be read: %s", from, strerror(errno));
    const int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = out >= 0 && copy_bytes(in, out);
    const int e = errno;
    close(in);
    if (out >= 0) good = close(out) == 0 && good;
    return good ? CLI_OK : cli_fail(c, NULL, "%s cannot be written: %s", to, strerror(e));
}

int backup_digest(struct cli *c, const char *path, char hex[65], uint64_t *size) {
    static uint8_t buf[65536]; /* keys go through it: wiped */
    struct rb_hasher h;
    struct rb_hash out;
    ssize_t n = 0;
    *size = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || rb_hasher_begin(&h) != RB_OK) {
        const int e = errno;
        if (fd >= 0) close(fd);
        return cli_fail(c, NULL, "%s cannot be read: %s", path, strerror(e));
    }
    while ((n = read(fd, buf, sizeof buf)) > 0 || (n < 0 && errno == EINTR)) {
        if (n < 0) continue;
        rb_hasher_add(&h, rb_slice(buf, (size_t)n));
        *size += (uint64_t)n;
    }
    const int e = errno;
    close(fd);
    rb_hasher_end(&h, &out);
    rb_wipe(buf, sizeof buf);
    if (n < 0) return cli_fail(c, NULL, "%s cannot be read: %s", path, strerror(e));
    struct rb_writer w = rb_writer(hex, 65);
    rb_put_hex(&w, out.b, RB_HASH_LEN);
    (void)rb_writer_z(&w);
    return CLI_OK;
}

/* one line that is written over; nothing where nobody looks */
void backup_tell(void *ctx, const char *doing, uint64_t done, uint64_t all) {
    const struct cli *c = ctx;
    if (c->json || !isatty(STDERR_FILENO)) return;
    if (all > 0 && done < all)
        fprintf(stderr, "\r  %s: %llu %%   ", doing, (unsigned long long)(done * 100 / all));
    else
        fprintf(stderr, "\r%50s\r", "");
}

bool backup_party(const char *home, char handle[RB_MAX_HANDLE + 1], struct rb_key *party) {
    uint8_t raw[RB_MAX_CARD], *work = malloc(1u << 17);
    struct rb_card *card = calloc(1, sizeof *card);
    struct rb_reject rj = {0};
    char path[RB_HOME_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/card.cose", home);
    FILE *f = fopen(path, "rbe");
    bool good = f && work && card;
    if (good) {
        struct rb_arena a = rb_arena(work, 1u << 17);
        const size_t n = fread(raw, 1, sizeof raw, f);
        good = rb_card_decode(rb_slice(raw, n), card, &a, &rj) == RB_OK;
    }
    if (good) {
        *party = card->party;
        snprintf(handle, RB_MAX_HANDLE + 1, "%.*s", (int)card->handle.n,
                 (const char *)card->handle.p);
    }
    if (f) fclose(f);
    free(work);
    free(card);
    return good;
}
