/* A live party's disk as of now, and that copy put back. An operator's own way is
 * readback-operation(7), which never copies the head file; here it can be put back, too, because
 * that is one of the ways in which it fails. */
#include "copy_home.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "shell/store/backup.h"

#define PATH_N 1400u

static const char *const beside[] = {"card.cose", "config.ini", "heads"};

static bool off(char *why, size_t n, const char *what, const char *path) {
    (void)snprintf(why, n, "%s %.300s: %s", what, path, strerror(errno));
    return false;
}

static bool pour(int in, int out) {
    char buf[16384];
    ssize_t n;
    while ((n = read(in, buf, sizeof buf)) > 0)
        for (ssize_t at = 0, k; at < n; at += k)
            if ((k = write(out, buf + at, (size_t)(n - at))) <= 0) return false;
    return n == 0;
}

static bool copy_file(const char *from, const char *to) {
    int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
    bool ok = in >= 0 && (out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) >= 0 &&
              pour(in, out);
    int e = errno;
    if (in >= 0) (void)close(in);
    if (out >= 0) ok = close(out) == 0 && ok;
    errno = e;
    return ok;
}

static void join(char out[PATH_N], const char *a, const char *b) {
    (void)snprintf(out, PATH_N, "%.600s/%.300s", a, b);
}

/* each file of the folder: copied to the other one, or, without one, removed */
static bool each_file(const char *folder, const char *to) {
    DIR *d = opendir(folder);
    bool ok = d != NULL;
    for (struct dirent *e; ok && (e = readdir(d)) != NULL;) {
        char one[PATH_N], two[PATH_N];
        if (e->d_name[0] == '.') continue;
        join(one, folder, e->d_name);
        join(two, to ? to : "", e->d_name);
        ok = to ? copy_file(one, two) : unlink(one) == 0;
    }
    if (d) (void)closedir(d);
    return ok;
}

/* keys, card, settings, head file: what is not there on one side is not there on the other
 * afterwards */
static bool copy_rest(const char *from, const char *to, char *why, size_t why_n) {
    char one[PATH_N], two[PATH_N];
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        join(one, from, beside[i]);
        join(two, to, beside[i]);
        if (unlink(two) != 0 && errno != ENOENT) return off(why, why_n, "cannot replace", two);
        if (access(one, F_OK) == 0 && !copy_file(one, two))
            return off(why, why_n, "cannot copy", one);
    }
    join(one, from, "keys");
    join(two, to, "keys");
    if (mkdir(two, 0700) != 0 && errno != EEXIST) return off(why, why_n, "cannot make", two);
    return (each_file(two, NULL) && each_file(one, two)) || off(why, why_n, "cannot copy", one);
}

bool home_copy(const char *home, const char *to, char *why, size_t why_n) {
    char from_db[PATH_N], to_db[PATH_N];
    join(from_db, home, "readback.db");
    join(to_db, to, "readback.db");
    if (mkdir(to, 0700) != 0) return off(why, why_n, "cannot make", to);
    return rb_store_copy(from_db, to_db, NULL, NULL, why, why_n) == RB_OK &&
           copy_rest(home, to, why, why_n);
}

bool home_put_back(const char *from, const char *home, bool whole, char *why, size_t why_n) {
    static const char *const of_db[] = {"readback.db-wal", "readback.db-shm", "readback.db"};
    char one[PATH_N], two[PATH_N];
    for (size_t i = 0; i < sizeof of_db / sizeof *of_db; i++) {
        join(two, home, of_db[i]);
        if (unlink(two) != 0 && errno != ENOENT) return off(why, why_n, "cannot replace", two);
    }
    join(one, from, "readback.db");
    join(two, home, "readback.db");
    if (!copy_file(one, two)) return off(why, why_n, "cannot copy", one);
    return !whole || copy_rest(from, home, why, why_n);
}
