/* SQLite's system calls go through here: the linker finds ours before the C library's. */
#include "test_store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

long fault_in, read_fault_in, die_in;
char strange_file[256];

static bool fault_now(void) {
    if (die_in > 0 && --die_in == 0) (void)kill(getpid(), SIGKILL);
    return fault_in > 0 && --fault_in == 0;
}
int fdatasync(int fd) {
    if (fault_now()) return errno = EIO, -1;
    return (int)syscall(SYS_fdatasync, fd);
}
int fsync(int fd) {
    if (fault_now()) return errno = EIO, -1;
    return (int)syscall(SYS_fsync, fd);
}
int ftruncate64(int fd, off64_t n) {
    if (fault_now()) return errno = EIO, -1;
    return (int)syscall(SYS_ftruncate, fd, n);
}
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at) {
    if (fault_now()) return errno = ENOSPC, -1;
    return syscall(SYS_pwrite64, fd, p, n, at);
}
ssize_t pread64(int fd, void *p, size_t n, off64_t at) {
    if (read_fault_in > 0 && --read_fault_in == 0) return errno = EIO, -1;
    return syscall(SYS_pread64, fd, p, n, at);
}
ssize_t write(int fd, const void *p, size_t n) {
    if (fault_now()) { /* as a full disk does it: some of the bytes, then no more */
        if (n > 1) (void)syscall(SYS_write, fd, p, n / 2);
        return errno = ENOSPC, -1;
    }
    return syscall(SYS_write, fd, p, n);
}
int open64(const char *path, int flags, ...) {
    va_list ap;
    va_start(ap, flags);
    const mode_t mode = va_arg(ap, mode_t);
    va_end(ap);
    if ((flags & O_ACCMODE) != O_RDONLY && strstr(path, "/readback.db") == NULL)
        (void)snprintf(strange_file, sizeof strange_file, "%s", path);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int place_setup(void **state) {
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    strcpy(p->dir, "/tmp/readback-store-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    (void)snprintf(p->db, sizeof p->db, "%s/readback.db", p->dir);
    (void)snprintf(p->heads, sizeof p->heads, "%s/heads", p->dir);
    *state = p;
    return 0;
}

void place_forget(const struct place *p) {
    static const char *const names[] = {"readback.db", "readback.db-wal", "readback.db-shm",
                                        "heads", "heads.new"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", p->dir, names[i]);
        (void)unlink(path);
    }
}

int place_teardown(void **state) {
    struct place *p = *state;
    fault_in = read_fault_in = die_in = 0;
    place_forget(p);
    (void)rmdir(p->dir);
    free(p);
    return 0;
}

struct rb_store *place_open(const struct place *p) {
    struct rb_store *s = NULL;
    char why[300] = "";
    enum rb_err err = rb_store_open(p->db, &s, why, sizeof why);
    if (err != RB_OK) print_error("%s\n", why);
    assert_int_equal(err, RB_OK);
    return s;
}

bool place_first(void) {
    char dir[] = "/tmp/readback-store-XXXXXX", why[300] = "";
    struct place p = {0};
    struct rb_store *s = NULL;
    if (mkdtemp(dir) == NULL) return false;
    (void)snprintf(p.db, sizeof p.db, "%s/readback.db", dir);
    (void)snprintf(p.dir, sizeof p.dir, "%s", dir);
    const bool ok = rb_store_open(p.db, &s, why, sizeof why) == RB_OK;
    if (ok)
        rb_store_close(s);
    else
        print_error("%s\n", why);
    place_forget(&p);
    (void)rmdir(dir);
    return ok;
}
