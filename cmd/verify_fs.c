/* Reading a folder that somebody else made: no link is followed, nothing but regular files is read, no
 * more than was asked for. */
#include "cmd/verify.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- saying ------------------------------------------------------------------------------------- */

/* names of files may hold anything: bytes that are not plain ASCII are written as \xNN */
static char *printable(const char *s) {
    const size_t n = strlen(s);
    char *out = malloc(4 * n + 1);
    size_t at = 0;
    if (out == NULL) abort();
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)s[i];
        if (c >= 0x20 && c < 0x7f && c != '\\') out[at++] = (char)c;
        else at += (size_t)sprintf(out + at, "\\x%02x", c);
    }
    out[at] = 0;
    return out;
}

static void list_add(struct verify_list *l, const char *file, const char *clause, const char *fmt,
                     va_list ap) {
    char *words = NULL;
    l->total++;
    if (l->n == VERIFY_MAX_SAID) return;
    if (l->n == l->cap) {
        l->cap = l->cap == 0 ? 16 : l->cap * 2;
        l->item = reallocarray(l->item, l->cap, sizeof *l->item);
        if (l->item == NULL) abort();
    }
    if (vasprintf(&words, fmt, ap) < 0) abort();
    l->item[l->n].file = printable(file);
    l->item[l->n].clause = printable(clause);
    l->item[l->n++].words = words;
}

void verify_bad(struct verify *v, const char *file, const char *clause, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    list_add(&v->bad, file, clause, fmt, ap);
    va_end(ap);
}

void verify_note(struct verify *v, const char *file, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    list_add(&v->notes, file, "", fmt, ap);
    va_end(ap);
}

void verify_refused(struct verify *v, const char *file, const struct rb_reject *rj, const char *clause) {
    const char *what = rj->what != NULL ? rj->what : rb_err_text(rj->err);
    verify_bad(v, file, rj->clause != NULL ? rj->clause : clause, "%s: %s (byte %llu)",
               rb_err_name(rj->err), what, (unsigned long long)rj->offset);
}

void verify_list_free(struct verify_list *l) {
    for (size_t i = 0; i < l->n; i++) {
        free(l->item[i].file);
        free(l->item[i].clause);
        free(l->item[i].words);
    }
    free(l->item);
    *l = (struct verify_list){0};
}

/* ---- opening ------------------------------------------------------------------------------------ */

const char *verify_path(char out[VERIFY_PATH], const char *dir, const char *name) {
    const int n = snprintf(out, VERIFY_PATH, "%s%s%s", dir, dir[0] == 0 ? "" : "/", name);
    if (n < 0 || (size_t)n >= VERIFY_PATH) out[0] = 0; /* no such file then */
    return out;
}

int verify_open_root(struct verify *v, const char *folder) {
    v->fs.last = -1;
    v->fs.root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return v->fs.root < 0 ? errno : 0;
}

/* each part opened on its own, so that no link on the way is followed */
static int open_dir(const struct verify_fs *fs, const char *path, size_t n) {
    int at = openat(fs->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t from = 0; from < n && at >= 0;) {
        char part[VERIFY_PATH];
        const size_t len = strcspn(path + from, "/") < n - from ? strcspn(path + from, "/") : n - from;
        memcpy(part, path + from, len);
        part[len] = 0;
        from += len + 1;
        const int next = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        const int e = errno;
        (void)close(at);
        errno = e;
        at = next;
    }
    return at;
}

static int parent_of(struct verify_fs *fs, const char *path, const char **name) {
    const char *slash = strrchr(path, '/');
    const size_t n = slash == NULL ? 0 : (size_t)(slash - path);
    *name = slash == NULL ? path : slash + 1;
    if (fs->last >= 0 && strlen(fs->last_path) == n && memcmp(fs->last_path, path, n) == 0) return fs->last;
    if (fs->last >= 0) (void)close(fs->last);
    fs->last = open_dir(fs, path, n);
    if (fs->last >= 0) {
        memcpy(fs->last_path, path, n);
        fs->last_path[n] = 0;
    }
    return fs->last;
}

bool verify_exists(struct verify *v, const char *path) {
    const char *name;
    struct stat st;
    const int dir = parent_of(&v->fs, path, &name);
    return dir >= 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- reading ------------------------------------------------------------------------------------ */

static bool cannot(struct verify *v, const char *path, int e) {
    if (e == ENOENT) verify_bad(v, path, "8.1.2", "missing");
    else if (e == ELOOP || e == ENOTDIR) verify_bad(v, path, "8.1.3", "a link or no folder on the way");
    else verify_bad(v, path, "8.1.3", "cannot be read: %s", strerror(e));
    return false;
}

static bool read_fd(struct verify *v, const char *path, int fd, size_t cap, struct verify_bytes *out) {
    struct stat st;
    if (fstat(fd, &st) != 0) return cannot(v, path, errno);
    if (!S_ISREG(st.st_mode)) {
        verify_bad(v, path, "8.1.3", "not a regular file");
        return false;
    }
    if (st.st_size < 0 || (uint64_t)st.st_size > cap) {
        verify_bad(v, path, "8.1.4", "larger than %zu bytes", cap);
        return false;
    }
    const size_t n = (size_t)st.st_size;
    out->p = malloc(n + 1);
    if (out->p == NULL) abort();
    while (out->n < n) {
        const ssize_t got = read(fd, out->p + out->n, n - out->n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return cannot(v, path, errno);
        if (got == 0) break;
        out->n += (size_t)got;
    }
    if (out->n == n) return true;
    verify_bad(v, path, "8.1.3", "changes while it is read");
    return false;
}

bool verify_read(struct verify *v, const char *path, size_t cap, struct verify_bytes *out) {
    const char *name;
    *out = (struct verify_bytes){0};
    const int dir = parent_of(&v->fs, path, &name);
    if (dir < 0) return cannot(v, path, errno);
    const int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return cannot(v, path, errno);
    const bool ok = read_fd(v, path, fd, cap, out);
    (void)close(fd);
    if (!ok) verify_free(out);
    return ok;
}

void verify_free(struct verify_bytes *b) {
    free(b->p);
    *b = (struct verify_bytes){0};
}

/* ---- listing ------------------------------------------------------------------------------------ */

static int by_name(const void *pa, const void *pb) {
    const struct verify_name *a = pa, *b = pb;
    return strcmp(a->name, b->name);
}

static char type_of(int dir, const char *name) {
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) return '?';
    return S_ISREG(st.st_mode) ? 'f' : S_ISDIR(st.st_mode) ? 'd' : '?';
}

/* false: too many */
static bool list_dir(DIR *d, size_t max, struct verify_names *out) {
    size_t cap = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        if (out->n == max) return false;
        if (out->n == cap) {
            cap = cap == 0 ? 64 : cap * 2;
            out->name = reallocarray(out->name, cap, sizeof *out->name);
            if (out->name == NULL) abort();
        }
        out->name[out->n].name = strdup(e->d_name);
        if (out->name[out->n].name == NULL) abort();
        out->name[out->n].type = type_of(dirfd(d), e->d_name);
        out->n++;
    }
    if (out->n > 0) qsort(out->name, out->n, sizeof *out->name, by_name);
    return true;
}

bool verify_names(struct verify *v, const char *path, size_t max, struct verify_names *out) {
    *out = (struct verify_names){0};
    const int fd = open_dir(&v->fs, path, strlen(path));
    if (fd < 0 && errno == ENOENT) return true;
    if (fd < 0) return cannot(v, path, errno);
    DIR *d = fdopendir(fd);
    if (d == NULL) abort();
    const bool ok = list_dir(d, max, out);
    (void)closedir(d);
    if (ok) return true;
    verify_names_free(out);
    verify_bad(v, path, "8.1.2", "more than %zu names", max);
    return false;
}

void verify_names_free(struct verify_names *n) {
    for (size_t i = 0; i < n->n; i++) free(n->name[i].name);
    free(n->name);
    *n = (struct verify_names){0};
}
