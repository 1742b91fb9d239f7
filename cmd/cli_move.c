/* A folder that the daemon made in its home, to where it is wanted: the daemon may write nowhere
 * else. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli.h"

static bool copy_file(int from, int to, const char *name) {
    char buf[65536];
    ssize_t n = 0;
    const int in = openat(from, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const int out =
        in < 0 ? -1 : openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = out >= 0;
    while (good && ((n = read(in, buf, sizeof buf)) > 0 || (n < 0 && errno == EINTR)))
        for (ssize_t at = 0; good && at < n;) {
            const ssize_t k = write(out, buf + at, (size_t)(n - at));
            good = k > 0 || (k < 0 && errno == EINTR);
            at += k > 0 ? k : 0;
        }
    good = good && n == 0;
    const int e = errno;
    if (in >= 0) close(in);
    if (out >= 0 && close(out) != 0) good = false;
    errno = e;
    return good;
}

static bool is_dots(const char *name) {
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}
static int folder_in(int at, const char *name) {
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}
/* both are closed here */
static bool copy_below(int from, int to, int depth) {
    DIR *d = depth < 16 && from >= 0 && to >= 0 ? fdopendir(from) : NULL;
    bool good = d != NULL;
    for (struct dirent *e; good && (e = readdir(d)) != NULL;) {
        if (is_dots(e->d_name)) continue;
        const int below = folder_in(from, e->d_name);
        if (below < 0)
            good = copy_file(from, to, e->d_name);
        else if (mkdirat(to, e->d_name, 0700) != 0)
            good = false, close(below);
        else
            good = copy_below(below, folder_in(to, e->d_name), depth + 1);
    }
    if (d)
        closedir(d);
    else if (from >= 0)
        close(from);
    if (to >= 0) close(to);
    return good;
}
static void remove_below(int dir, int depth) {
    DIR *d = depth < 16 && dir >= 0 ? fdopendir(dir) : NULL;
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        if (is_dots(e->d_name) || unlinkat(dirfd(d), e->d_name, 0) == 0) continue;
        remove_below(folder_in(dirfd(d), e->d_name), depth + 1);
        (void)unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
    }
    if (d)
        closedir(d);
    else if (dir >= 0)
        close(dir);
}
static void remove_folder(const char *path) {
    remove_below(folder_in(AT_FDCWD, path), 0);
    (void)rmdir(path);
}

/* whole under another name first, on the disk, then under its own */
static bool copy_folder(const char *from, const char *to) {
    char part[RB_HOME_PATH_MAX * 8 + 16];
    if ((size_t)snprintf(part, sizeof part, "%s.partial", to) >= sizeof part ||
        mkdir(part, 0700) != 0)
        return false;
    bool good = copy_below(folder_in(AT_FDCWD, from), folder_in(AT_FDCWD, part), 0);
    const int dir = folder_in(AT_FDCWD, part);
    good = good && dir >= 0 && syncfs(dir) == 0 &&
           renameat2(AT_FDCWD, part, AT_FDCWD, to, RENAME_NOREPLACE) == 0;
    const int e = errno;
    if (dir >= 0) close(dir);
    if (!good) remove_folder(part);
    errno = e;
    return good;
}

int cli_move_folder(struct cli *c, const char *from, const char *to) {
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return CLI_OK;
    const bool good = errno == EXDEV && copy_folder(from, to);
    const int e = errno;
    remove_folder(from);
    if (good) return CLI_OK;
    return cli_fail(c, NULL, "%s cannot be made: %s", to, strerror(e));
}
