/* The folder of an export: made under another name, durable before it gets its own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "export_internal.h"

static enum rb_err fail(const struct rb_export_dir *d, const char *doing, const char *what) {
    const int e = errno;
    (void)snprintf(d->why, d->why_n, "%s %s failed: %s.", doing, what, strerror(e));
    return e == EEXIST ? RB_ERR_EXISTS : RB_ERR_IO;
}

/* "a/b/c/" -> parent "a/b", name "c" */
static enum rb_err split(struct rb_export_dir *d, const char *folder, char **parent) {
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/') n--;
    size_t at = n;
    while (at > 0 && folder[at - 1] != '/') at--;
    const size_t name_n = n - at;
    *parent = at == 0 ? strdup(".") : strndup(folder, at);
    d->name = strndup(folder + at, name_n);
    d->partial = malloc(name_n + sizeof ".partial");
    if (*parent == NULL || d->name == NULL || d->partial == NULL) {
        (void)snprintf(d->why, d->why_n, "Memory is short.");
        return RB_ERR_LIMIT;
    }
    (void)sprintf(d->partial, "%s.partial", d->name);
    if (name_n == 0 || strcmp(d->name, ".") == 0 || strcmp(d->name, "..") == 0) {
        (void)snprintf(d->why, d->why_n, "An export needs the name of a new folder.");
        return RB_ERR_USAGE;
    }
    return RB_OK;
}

static enum rb_err make(struct rb_export_dir *d, const char *folder) {
    struct stat st;
    if (fstatat(d->parent, d->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        (void)snprintf(d->why, d->why_n, "%s is there already; an export makes a new folder.", folder);
        return RB_ERR_EXISTS;
    }
    if (mkdirat(d->parent, d->partial, 0700) != 0) {
        if (errno != EEXIST) return fail(d, "Making the folder", d->partial);
        (void)snprintf(d->why, d->why_n,
                       "%s.partial is there, left by an export that was cut short; remove it first.",
                       folder);
        return RB_ERR_EXISTS;
    }
    d->root = openat(d->parent, d->partial, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (d->root >= 0) return RB_OK;
    enum rb_err err = fail(d, "Opening the folder", d->partial);
    (void)unlinkat(d->parent, d->partial, AT_REMOVEDIR);
    return err;
}

static void dir_close(struct rb_export_dir *d) {
    if (d->last >= 0) (void)close(d->last);
    if (d->root >= 0) (void)close(d->root);
    if (d->parent >= 0) (void)close(d->parent);
    free(d->name);
    free(d->partial);
    *d = (struct rb_export_dir){.parent = -1, .root = -1, .last = -1};
}

enum rb_err rb_export_dir_begin(struct rb_export_dir *d, const char *folder, char *why, size_t why_n) {
    char *parent = NULL;
    *d = (struct rb_export_dir){.parent = -1, .root = -1, .last = -1, .why = why, .why_n = why_n};
    enum rb_err err = split(d, folder, &parent);
    if (err == RB_OK) {
        d->parent = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        err = d->parent < 0 ? fail(d, "Opening the folder", parent) : make(d, folder);
    }
    free(parent);
    if (err != RB_OK) dir_close(d);
    return err;
}

/* ---- files ------------------------------------------------------------------------------------ */

/* the folder of path[0..n), made part by part */
static enum rb_err descend(struct rb_export_dir *d, const char *path, size_t n, int *out) {
    int at = fcntl(d->root, F_DUPFD_CLOEXEC, 0);
    if (at < 0) return fail(d, "Opening", path);
    for (size_t from = 0; from < n;) {
        char part[RB_EXPORT_PATH];
        const size_t len = strcspn(path + from, "/");
        memcpy(part, path + from, len);
        part[len] = 0;
        from += len + 1;
        if (mkdirat(at, part, 0700) != 0 && errno != EEXIST) {
            enum rb_err err = fail(d, "Making the folder", path);
            (void)close(at);
            return err;
        }
        const int next = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        (void)close(at);
        if (next < 0) return fail(d, "Opening the folder", path);
        at = next;
    }
    *out = at;
    return RB_OK;
}

/* many files in a row go to one folder */
static enum rb_err folder_of(struct rb_export_dir *d, const char *path, size_t n) {
    if (d->last >= 0 && strlen(d->last_path) == n && memcmp(d->last_path, path, n) == 0) return RB_OK;
    if (d->last >= 0) (void)close(d->last);
    d->last = -1;
    RB_TRY(descend(d, path, n, &d->last));
    memcpy(d->last_path, path, n);
    d->last_path[n] = 0;
    return RB_OK;
}

static enum rb_err write_all(struct rb_export_dir *d, int fd, const char *path, struct rb_slice data) {
    for (size_t at = 0; at < data.n;) {
        const ssize_t n = write(fd, data.p + at, data.n - at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(d, "Writing", path);
        at += (size_t)n;
    }
    return RB_OK;
}

enum rb_err rb_export_put(struct rb_export_dir *d, const char *path, struct rb_slice data) {
    const char *slash = strrchr(path, '/');
    const size_t n = slash == NULL ? 0 : (size_t)(slash - path);
    if (strlen(path) >= RB_EXPORT_PATH) return RB_ERR_INTERNAL;
    RB_TRY(folder_of(d, path, n));
    const int fd = openat(d->last, slash == NULL ? path : slash + 1,
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return fail(d, "Making the file", path);
    enum rb_err err = write_all(d, fd, path, data);
    if (close(fd) != 0 && err == RB_OK) err = fail(d, "Writing", path);
    return err;
}

enum rb_err rb_export_mkdir(struct rb_export_dir *d, const char *path) {
    if (strlen(path) >= RB_EXPORT_PATH) return RB_ERR_INTERNAL;
    return folder_of(d, path, strlen(path));
}

/* ---- the end ---------------------------------------------------------------------------------- */

/* One syncfs for the whole folder: an fsync per record would take minutes. */
enum rb_err rb_export_dir_finish(struct rb_export_dir *d) {
    if (syncfs(d->root) != 0) return fail(d, "Making durable", d->partial);
    if (renameat2(d->parent, d->partial, d->parent, d->name, RENAME_NOREPLACE) != 0) {
        struct stat st;
        if (errno != EINVAL && errno != ENOSYS) return fail(d, "Naming the folder", d->name);
        /* a file system without it: looked at again, then renamed */
        if (fstatat(d->parent, d->name, &st, AT_SYMLINK_NOFOLLOW) == 0) errno = EEXIST;
        else if (renameat(d->parent, d->partial, d->parent, d->name) == 0) errno = 0;
        if (errno != 0) return fail(d, "Naming the folder", d->name);
    }
    enum rb_err err = RB_OK;
    if (fsync(d->parent) != 0 && errno != EINVAL) err = fail(d, "Making durable", d->name);
    dir_close(d);
    return err;
}

static void remove_below(int dir) {
    DIR *list = fdopendir(dir); /* takes dir */
    if (list == NULL) {
        (void)close(dir);
        return;
    }
    for (struct dirent *e; (e = readdir(list)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        if (unlinkat(dirfd(list), e->d_name, 0) == 0) continue;
        const int below = openat(dirfd(list), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0) remove_below(below);
        (void)unlinkat(dirfd(list), e->d_name, AT_REMOVEDIR);
    }
    (void)closedir(list);
}

void rb_export_dir_abandon(struct rb_export_dir *d) {
    if (d->root < 0) return;
    const int again = openat(d->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (again >= 0) remove_below(again);
    (void)unlinkat(d->parent, d->partial, AT_REMOVEDIR);
    dir_close(d);
}
