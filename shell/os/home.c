/* The home directory: who may read it, whole files in and out, one daemon at a time. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "shell/os/home.h"
#include "shell/os/os.h"

/* ---- words ---------------------------------------------------------------------------------- */

enum rb_err home_say(struct rb_home *h, enum rb_err err, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(h->error, sizeof h->error, fmt, ap);
    va_end(ap);
    return err;
}

const char *rb_home_error(const struct rb_home *h) {
    return h->error;
}

static enum rb_err home_errno(struct rb_home *h, const char *name, const char *doing) {
    const int e = errno;
    const enum rb_err err = e == ENOENT   ? RB_ERR_NOT_FOUND
                            : e == EEXIST ? RB_ERR_EXISTS
                                          : RB_ERR_IO;
    return home_say(h, err, "%s/%s cannot be %s: %s.", h->path, name, doing, strerror(e));
}

enum rb_err home_bad_file(struct rb_home *h, const char *name, enum rb_err err,
                          const struct rb_reject *rj) {
    return home_say(h, err, "%s/%s is not as it should be: %s (clause %s, offset %llu).", h->path,
                    name, rj->what != NULL ? rj->what : rb_err_text(err),
                    rj->clause != NULL ? rj->clause : "6.10", (unsigned long long)rj->offset);
}

/* ---- the directory -------------------------------------------------------------------------- */

static enum rb_err copy_text(char *out, size_t cap, const char *a, const char *b) {
    const int n = snprintf(out, cap, "%s%s", a, b);
    return n > 0 && (size_t)n < cap ? RB_OK : RB_ERR_USAGE;
}

enum rb_err rb_home_path(const char *option, char *out, size_t cap) {
    const char *env = getenv("READBACK_HOME"), *user = getenv("HOME");
    if (option != NULL) return copy_text(out, cap, option, "");
    if (env != NULL && env[0] != '\0') return copy_text(out, cap, env, "");
    if (user != NULL && user[0] != '\0') return copy_text(out, cap, user, "/.readback");
    return RB_ERR_USAGE;
}

enum rb_err rb_home_join(const struct rb_home *h, const char *name, char *out, size_t cap) {
    const int n = snprintf(out, cap, "%s/%s", h->path, name);
    return n > 0 && (size_t)n < cap ? RB_OK : RB_ERR_LIMIT;
}

/* The directory is ours alone, or nothing in it is worth its name. */
static enum rb_err private_folder(struct rb_home *h, int fd, const char *name) {
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) return home_errno(h, name, "opened");
    if (st.st_uid != geteuid())
        return home_say(h, RB_ERR_DENIED, "%s/%s belongs to another user.", h->path, name);
    if ((st.st_mode & 077) != 0)
        return home_say(h, RB_ERR_DENIED,
                        "%s/%s is open to other users (mode %04o); say chmod 700 and consider who "
                        "may have read the keys.",
                        h->path, name, st.st_mode & 07777);
    return RB_OK;
}

static enum rb_err open_folders(struct rb_home *h) {
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    h->dir = open(h->path, flags);
    RB_TRY(private_folder(h, h->dir, "."));
    h->keys = openat(h->dir, "keys", flags | O_NOFOLLOW);
    return private_folder(h, h->keys, "keys");
}

static enum rb_err home_new(const char *path, struct rb_home **out, char *why, size_t why_n) {
    struct rb_home *h = calloc(1, sizeof *h);
    if (h == NULL) {
        (void)snprintf(why, why_n, "Memory is short.");
        return RB_ERR_LIMIT;
    }
    if (copy_text(h->path, sizeof h->path, path, "") != RB_OK) {
        (void)snprintf(why, why_n, "The home directory's name is empty or too long.");
        free(h);
        return RB_ERR_USAGE;
    }
    h->dir = h->keys = h->lock = -1;
    *out = h;
    return RB_OK;
}

static enum rb_err home_opened(struct rb_home *h, enum rb_err err, struct rb_home **out, char *why,
                               size_t why_n) {
    if (err != RB_OK) {
        (void)snprintf(why, why_n, "%s", h->error);
        rb_home_close(h);
        return err;
    }
    *out = h;
    return RB_OK;
}

static enum rb_err make_folders(struct rb_home *h) {
    char keys[RB_HOME_PATH_MAX + 8];
    if (mkdir(h->path, 0700) != 0 && errno != EEXIST) return home_errno(h, ".", "made");
    (void)snprintf(keys, sizeof keys, "%s/keys", h->path);
    if (mkdir(keys, 0700) != 0 && errno != EEXIST) return home_errno(h, "keys", "made");
    RB_TRY(open_folders(h));
    if (rb_home_has(h, "card.cose"))
        return home_say(h, RB_ERR_EXISTS, "%s is the home of a party already.", h->path);
    return RB_OK;
}

enum rb_err rb_home_create(const char *path, struct rb_home **out, char *why, size_t why_n) {
    struct rb_home *h = NULL;
    RB_TRY(home_new(path, &h, why, why_n));
    return home_opened(h, make_folders(h), out, why, why_n);
}

enum rb_err rb_home_open(const char *path, struct rb_home **out, char *why, size_t why_n) {
    struct rb_home *h = NULL;
    RB_TRY(home_new(path, &h, why, why_n));
    return home_opened(h, open_folders(h), out, why, why_n);
}

void rb_home_close(struct rb_home *h) {
    if (h == NULL) return;
    if (h->lock >= 0) (void)close(h->lock);
    if (h->keys >= 0) (void)close(h->keys);
    if (h->dir >= 0) (void)close(h->dir);
    free(h);
}

/* The lock is the kernel's: it ends with the process, however that ends. */
enum rb_err rb_home_lock(struct rb_home *h) {
    const int fd = openat(h->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return home_errno(h, "lock", "opened");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int e = errno;
        (void)close(fd);
        errno = e;
        if (e != EWOULDBLOCK) return home_errno(h, "lock", "locked");
        return home_say(h, RB_ERR_BUSY, "Another readbackd runs on %s.", h->path);
    }
    h->lock = fd;
    return RB_OK;
}

bool rb_home_has(const struct rb_home *h, const char *name) {
    struct stat st;
    return fstatat(h->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- files ---------------------------------------------------------------------------------- */

static enum rb_err private_file(struct rb_home *h, int fd, const char *name) {
    struct stat st;
    if (fstat(fd, &st) != 0) return home_errno(h, name, "read");
    if (!S_ISREG(st.st_mode))
        return home_say(h, RB_ERR_DENIED, "%s/%s is not a file.", h->path, name);
    if (st.st_uid != geteuid())
        return home_say(h, RB_ERR_DENIED, "%s/%s belongs to another user.", h->path, name);
    if ((st.st_mode & 077) != 0)
        return home_say(h, RB_ERR_DENIED,
                        "%s/%s is open to other users (mode %04o); say chmod 600 and consider who "
                        "may have read it.",
                        h->path, name, st.st_mode & 07777);
    return RB_OK;
}

static enum rb_err read_whole(struct rb_home *h, int fd, const char *name, uint8_t *buf, size_t cap,
                              size_t *n) {
    size_t at = 0;
    uint8_t more;
    for (;;) {
        const ssize_t k = at < cap ? read(fd, buf + at, cap - at) : read(fd, &more, 1);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return home_errno(h, name, "read");
        if (k == 0) break;
        if (at == cap)
            return home_say(h, RB_ERR_LIMIT, "%s/%s is longer than %zu bytes.", h->path, name, cap);
        at += (size_t)k;
    }
    *n = at;
    return RB_OK;
}

enum rb_err rb_home_read(struct rb_home *h, const char *name, void *buf, size_t cap, size_t *n) {
    const int fd = openat(h->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return home_errno(h, name, "opened");
    enum rb_err err = private_file(h, fd, name);
    if (err == RB_OK) err = read_whole(h, fd, name, buf, cap, n);
    (void)close(fd);
    return err;
}

static enum rb_err write_whole(struct rb_home *h, int fd, const char *name, struct rb_slice bytes) {
    for (size_t at = 0; at < bytes.n;) {
        const ssize_t k = write(fd, bytes.p + at, bytes.n - at);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return home_errno(h, name, "written");
        at += (size_t)k;
    }
    return fsync(fd) == 0 ? RB_OK : home_errno(h, name, "written");
}

/* The content under a name of its own, on the disk, before it gets the name it is known by. */
static enum rb_err write_aside(struct rb_home *h, const char *name, struct rb_slice bytes,
                               char aside[RB_HOME_PATH_MAX]) {
    uint8_t chance[8];
    char hex[17];
    struct rb_writer w = rb_writer(hex, sizeof hex);
    rb_random(chance, sizeof chance);
    rb_put_hex(&w, chance, sizeof chance);
    const int n = snprintf(aside, RB_HOME_PATH_MAX, "%s.%s", name, rb_writer_z(&w));
    if (n < 0 || (size_t)n >= RB_HOME_PATH_MAX)
        return home_say(h, RB_ERR_LIMIT, "A file's name is too long.");
    const int fd =
        openat(h->dir, aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return home_errno(h, name, "written");
    enum rb_err err = write_whole(h, fd, name, bytes);
    if (close(fd) != 0 && err == RB_OK) err = home_errno(h, name, "written");
    if (err != RB_OK) (void)unlinkat(h->dir, aside, 0);
    return err;
}

static enum rb_err sync_names(struct rb_home *h, const char *name) {
    const int fd = strncmp(name, "keys/", 5) == 0 ? h->keys : h->dir;
    return fsync(fd) == 0 ? RB_OK : home_errno(h, name, "written");
}

enum rb_err rb_home_write_new(struct rb_home *h, const char *name, struct rb_slice bytes) {
    char aside[RB_HOME_PATH_MAX];
    enum rb_err err = RB_OK;
    RB_TRY(write_aside(h, name, bytes, aside));
    /* a link, unlike a rename, refuses a name that is taken */
    if (linkat(h->dir, aside, h->dir, name, 0) != 0) {
        err = home_errno(h, name, "made");
        if (err == RB_ERR_EXISTS)
            (void)home_say(h, err, "%s/%s exists already and is not overwritten.", h->path, name);
    }
    (void)unlinkat(h->dir, aside, 0);
    return err == RB_OK ? sync_names(h, name) : err;
}

enum rb_err rb_home_replace(struct rb_home *h, const char *name, struct rb_slice bytes) {
    char aside[RB_HOME_PATH_MAX];
    RB_TRY(write_aside(h, name, bytes, aside));
    if (renameat(h->dir, aside, h->dir, name) != 0) {
        const enum rb_err err = home_errno(h, name, "replaced");
        (void)unlinkat(h->dir, aside, 0);
        return err;
    }
    return sync_names(h, name);
}

static enum rb_err overwrite(struct rb_home *h, int fd, const char *name) {
    static const uint8_t zeros[4096];
    struct stat st;
    if (fstat(fd, &st) != 0) return home_errno(h, name, "overwritten");
    for (off_t at = 0; at < st.st_size;) {
        const size_t left = (size_t)(st.st_size - at);
        const ssize_t k = pwrite(fd, zeros, left < sizeof zeros ? left : sizeof zeros, at);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return home_errno(h, name, "overwritten");
        at += k;
    }
    return fsync(fd) == 0 ? RB_OK : home_errno(h, name, "overwritten");
}

enum rb_err home_shred(struct rb_home *h, const char *name) {
    const int fd = openat(h->dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return home_errno(h, name, "opened");
    enum rb_err err = private_file(h, fd, name);
    if (err == RB_OK) err = overwrite(h, fd, name);
    (void)close(fd);
    if (err == RB_OK && unlinkat(h->dir, name, 0) != 0) err = home_errno(h, name, "removed");
    return err == RB_OK ? sync_names(h, name) : err;
}
