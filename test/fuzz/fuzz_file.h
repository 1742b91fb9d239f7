/* For targets whose decoder reads files: a folder of one's own in memory, gone when the process
 * ends. */
#ifndef READBACK_TEST_FUZZ_FILE_H
#define READBACK_TEST_FUZZ_FILE_H
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz.h"

static char fuzz_dir[64];

static inline int fuzz_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
    (void)st;
    (void)flag;
    return ftw->level == 0 ? 0 : remove(path);
}

/* all that lies in the folder */
static inline void fuzz_empty(void) {
    (void)nftw(fuzz_dir, fuzz_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void fuzz_leave(void) {
    fuzz_empty();
    (void)rmdir(fuzz_dir);
}

static inline void fuzz_folder(void) {
    if (fuzz_dir[0] != '\0') return;
    (void)umask(077);
    (void)snprintf(fuzz_dir, sizeof fuzz_dir, "%s/readback-fuzz-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    FUZZ_CHECK(mkdtemp(fuzz_dir) != NULL);
    FUZZ_CHECK(atexit(fuzz_leave) == 0);
}

/* a name of letters, digits, dots and dashes, perhaps with folders in front of it, which are made
 */
static inline bool fuzz_name_ok(const char *name) {
    if (name[0] == '\0' || name[0] == '/' || strstr(name, "..") != NULL ||
        strstr(name, "//") != NULL)
        return false;
    const size_t n = strlen(name);
    return name[n - 1] != '/' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/") == n;
}

static inline void fuzz_put(const char *name, const uint8_t *p, size_t n) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", fuzz_dir, name);
    for (char *c = path + strlen(fuzz_dir) + 1; (c = strchr(c, '/')) != NULL; c++) {
        *c = '\0';
        (void)mkdir(path, 0700);
        *c = '/';
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return; /* a file has the name of a folder, or the other way about */
    FUZZ_CHECK(n == 0 || write(fd, p, n) == (ssize_t)n);
    (void)close(fd);
}

/* the bytes of a file; false: there is none, or it is longer */
static inline bool fuzz_get(const char *name, uint8_t *p, size_t cap, size_t *n) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", fuzz_dir, name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t k = read(fd, p, cap);
    (void)close(fd);
    if (k < 0 || (size_t)k == cap) return false;
    *n = (size_t)k;
    return true;
}
#endif
