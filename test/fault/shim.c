/* Loaded in front of the C library (LD_PRELOAD): makes the Nth call of one sort fail, in the real
 * programs. READBACK_FAULT names a file that the test maps as well; both sides see it at once:
 *
 *     u64 sort   which calls are counted down; 0: none
 *     u64 left   calls until the one that fails: 1 is the next one
 *     u64 after  how many more fail after it; all of them where it is UINT64_MAX
 *     u64 fired  how many have failed
 *     u64 seen[] calls of each sort since the test last set them to 0
 *     u64 trace  1: the calls that fail are written to stderr, with where they came from
 *
 * Only calls on regular files and folders count as calls on files: a full disk does not close
 * sockets. */
#undef _FILE_OFFSET_BITS /* both names of each call are wanted, open and open64 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* MEMORY: what others than OpenSSL ask for; CRYPTO: what OpenSSL does, thousands of times at its
 * start */
enum sort { NONE, MEMORY, WRITE, SYNC, OPEN, READ, NAME, SQLITE, TORN, CRYPTO, SORTS };
struct control {
    uint64_t sort, left, after, fired, seen[SORTS], trace;
};
static struct control idle, *control = &idle;

/* the allocator beneath: the sanitizer's where there is one. No dlsym, which allocates. */
void *__interceptor_malloc(size_t n) __attribute__((weak));
void *__interceptor_calloc(size_t n, size_t each) __attribute__((weak));
void *__interceptor_realloc(void *p, size_t n) __attribute__((weak));
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t each);
void *__libc_realloc(void *p, size_t n);

static void say_where(enum sort sort) {
    static const char *const names[] = {"none", "memory", "write",  "sync", "open",
                                        "read", "name",   "sqlite", "torn", "crypto"};
    void *frames[40];
    char line[64];
    const int n = snprintf(line, sizeof line, "fault: %s fails here\n", names[sort]);
    if (write(2, line, (size_t)n) < 0) return;
    backtrace_symbols_fd(frames, backtrace(frames, 40), 2);
}

static bool fails(enum sort sort) {
    static __thread bool within;
    (void)__atomic_add_fetch(&control->seen[sort], 1, __ATOMIC_RELAXED);
    if (__atomic_load_n(&control->sort, __ATOMIC_RELAXED) != (uint64_t)sort || within) return false;
    const uint64_t left = __atomic_load_n(&control->left, __ATOMIC_RELAXED);
    if (left > 1) {
        (void)__atomic_sub_fetch(&control->left, 1, __ATOMIC_RELAXED);
        return false;
    }
    if (left == 0) { /* the one meant has failed; those behind it? */
        if (control->after == 0) return false;
        if (control->after != UINT64_MAX) control->after--;
    } else {
        control->left = 0;
    }
    control->fired++;
    within = true;
    if (control->trace) say_where(sort);
    within = false;
    return true;
}

/* where OpenSSL lies */
static struct range { uintptr_t from, to; } crypto[2];

static int find_crypto(struct dl_phdr_info *info, size_t n, void *ctx) {
    static const char *const names[] = {"/libcrypto.so", "/libssl.so"};
    (void)n;
    (void)ctx;
    for (size_t i = 0; i < 2; i++) {
        if (strstr(info->dlpi_name, names[i]) == NULL) continue;
        crypto[i].from = info->dlpi_addr;
        for (int k = 0; k < info->dlpi_phnum; k++) {
            const uintptr_t end =
                info->dlpi_addr + info->dlpi_phdr[k].p_vaddr + info->dlpi_phdr[k].p_memsz;
            if (info->dlpi_phdr[k].p_type == PT_LOAD && end > crypto[i].to) crypto[i].to = end;
        }
    }
    return 0;
}

static bool in_crypto(uintptr_t at) {
    return (at >= crypto[0].from && at < crypto[0].to) ||
           (at >= crypto[1].from && at < crypto[1].to);
}

/* from: the one who called */
static bool memory_fails(const void *from) {
    if (!fails(in_crypto((uintptr_t)from) ? CRYPTO : MEMORY)) return false;
    errno = ENOMEM;
    return true;
}

/* OpenSSL 3.0 uses a lock at its start that it could not make. Where it falls in a hole of its own the
 * status says so; for a daemon that is one more way to be killed. All else goes the usual way. */
#define ENDED_IN_LIBRARY 98
static struct sigaction usual[2];

static void crashed(int sig, siginfo_t *info, void *context) {
    void *frames[40];
    const int n = backtrace(frames, 40);
    if (control->trace) backtrace_symbols_fd(frames, n, STDERR_FILENO);
    (void)info;
    (void)context;
    for (int i = 1; i < n; i++) {
        Dl_info where;
        const uintptr_t at = (uintptr_t)frames[i];
        if (in_crypto(at)) _exit(ENDED_IN_LIBRARY);
        if (dladdr(frames[i], &where) == 0) continue;
        if (strstr(where.dli_fname, "/libc.so") == NULL && strstr(where.dli_fname, "shim.so") == NULL) break;
    }
    (void)sigaction(sig, &usual[sig == SIGABRT], NULL); /* and falls again */
    if (sig == SIGABRT) (void)raise(sig);
}

static void watch_crashes(void) {
    struct sigaction sa = {.sa_sigaction = crashed, .sa_flags = SA_SIGINFO};
    (void)sigaction(SIGSEGV, &sa, &usual[0]);
    (void)sigaction(SIGABRT, &sa, &usual[1]);
}

__attribute__((constructor)) static void attach(void) {
    const char *path = getenv("READBACK_FAULT");
    void *frames[2];
    if (path == NULL) return;
    (void)dl_iterate_phdr(find_crypto, NULL);
    (void)backtrace(frames, 2); /* loads what it needs while nothing fails yet */
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    void *p = fd < 0 ? MAP_FAILED
                     : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0) (void)close(fd);
    if (p == MAP_FAILED) {
        (void)fprintf(stderr, "fault: %s cannot be mapped\n", path);
        abort();
    }
    control = p;
    watch_crashes();
}

/* ---- memory -----------------------------------------------------------------------------------
 */

void *malloc(size_t n) {
    if (memory_fails(__builtin_return_address(0))) return NULL;
    return __interceptor_malloc != NULL ? __interceptor_malloc(n) : __libc_malloc(n);
}

void *calloc(size_t n, size_t each) {
    if (memory_fails(__builtin_return_address(0))) return NULL;
    return __interceptor_calloc != NULL ? __interceptor_calloc(n, each) : __libc_calloc(n, each);
}

void *realloc(void *p, size_t n) {
    if (n > 0 && memory_fails(__builtin_return_address(0))) return NULL;
    return __interceptor_realloc != NULL ? __interceptor_realloc(p, n) : __libc_realloc(p, n);
}

void *reallocarray(void *p, size_t n, size_t each) {
    size_t bytes;
    if (__builtin_mul_overflow(n, each, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    if (bytes > 0 && memory_fails(__builtin_return_address(0))) return NULL;
    return __interceptor_realloc != NULL ? __interceptor_realloc(p, bytes)
                                         : __libc_realloc(p, bytes);
}

/* ---- files ------------------------------------------------------------------------------------
 */

/* the function of that name behind ours */
#define BEHIND(name)                                                                               \
    static __typeof__(name) *behind;                                                               \
    if (behind == NULL) *(void **)&behind = dlsym(RTLD_NEXT, #name)

static bool is_file(int fd) {
    struct stat st;
    const int kept = errno;
    const bool is = fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
    errno = kept;
    return is;
}

static bool file_fails(int fd, enum sort sort, int error) {
    if (!is_file(fd) || !fails(sort)) return false;
    errno = error;
    return true;
}

/* Bytes that still find room on a disk that is full from here on; n: all. 0: none, errno is set */
static size_t room(int fd, size_t n) {
    if (!is_file(fd)) return n;
    if (fails(WRITE)) {
        errno = ENOSPC;
        return 0;
    }
    const bool first = control->sort == TORN && control->left > 0;
    if (!fails(TORN)) return n;
    if (first && n > 1) return n / 2;
    errno = ENOSPC;
    return 0;
}

ssize_t write(int fd, const void *p, size_t n) {
    BEHIND(write);
    const size_t fits = n == 0 ? 0 : room(fd, n);
    return n > 0 && fits == 0 ? -1 : behind(fd, p, fits);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at) {
    BEHIND(pwrite);
    const size_t fits = n == 0 ? 0 : room(fd, n);
    return n > 0 && fits == 0 ? -1 : behind(fd, p, fits, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at) {
    BEHIND(pwrite64);
    const size_t fits = n == 0 ? 0 : room(fd, n);
    return n > 0 && fits == 0 ? -1 : behind(fd, p, fits, at);
}

/* a stream's buffer goes out here: what the C library does within itself cannot be stood in front
 * of */
size_t fwrite(const void *p, size_t each, size_t n, FILE *f) {
    BEHIND(fwrite);
    return file_fails(fileno(f), WRITE, ENOSPC) ? 0 : behind(p, each, n, f);
}

int fflush(FILE *f) {
    BEHIND(fflush);
    if (f != NULL && file_fails(fileno(f), WRITE, ENOSPC)) return EOF;
    return behind(f);
}

int fclose(FILE *f) {
    BEHIND(fclose);
    const bool bad =
        (fcntl(fileno(f), F_GETFL) & O_ACCMODE) != O_RDONLY && file_fails(fileno(f), WRITE, ENOSPC);
    const int rc = behind(f);
    if (!bad) return rc;
    errno = ENOSPC;
    return EOF;
}

int ftruncate(int fd, off_t n) {
    BEHIND(ftruncate);
    return file_fails(fd, WRITE, EIO) ? -1 : behind(fd, n);
}

int ftruncate64(int fd, off64_t n) {
    BEHIND(ftruncate64);
    return file_fails(fd, WRITE, EIO) ? -1 : behind(fd, n);
}

int fallocate(int fd, int mode, off_t at, off_t n) {
    BEHIND(fallocate);
    return file_fails(fd, WRITE, ENOSPC) ? -1 : behind(fd, mode, at, n);
}

int fsync(int fd) {
    BEHIND(fsync);
    return file_fails(fd, SYNC, EIO) ? -1 : behind(fd);
}

int fdatasync(int fd) {
    BEHIND(fdatasync);
    return file_fails(fd, SYNC, EIO) ? -1 : behind(fd);
}

ssize_t read(int fd, void *p, size_t n) {
    BEHIND(read);
    return file_fails(fd, READ, EIO) ? -1 : behind(fd, p, n);
}

ssize_t pread(int fd, void *p, size_t n, off_t at) {
    BEHIND(pread);
    return file_fails(fd, READ, EIO) ? -1 : behind(fd, p, n, at);
}

ssize_t pread64(int fd, void *p, size_t n, off64_t at) {
    BEHIND(pread64);
    return file_fails(fd, READ, EIO) ? -1 : behind(fd, p, n, at);
}

static mode_t mode_of(int flags, va_list ap) {
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(ap, mode_t) : 0;
}

#define OPENS(call)                                                                                \
    va_list ap;                                                                                    \
    va_start(ap, flags);                                                                           \
    const mode_t mode = mode_of(flags, ap);                                                        \
    va_end(ap);                                                                                    \
    if (fails(OPEN)) {                                                                             \
        errno = EMFILE;                                                                            \
        return -1;                                                                                 \
    }                                                                                              \
    return call

int open(const char *path, int flags, ...) {
    BEHIND(open);
    OPENS(behind(path, flags, mode));
}

int open64(const char *path, int flags, ...) {
    BEHIND(open64);
    OPENS(behind(path, flags, mode));
}

int openat(int dir, const char *path, int flags, ...) {
    BEHIND(openat);
    OPENS(behind(dir, path, flags, mode));
}

int openat64(int dir, const char *path, int flags, ...) {
    BEHIND(openat64);
    OPENS(behind(dir, path, flags, mode));
}

FILE *fopen(const char *path, const char *mode) {
    BEHIND(fopen);
    if (!fails(OPEN)) return behind(path, mode);
    errno = EMFILE;
    return NULL;
}

#define NAMES(call)                                                                                \
    if (fails(NAME)) {                                                                             \
        errno = EIO;                                                                               \
        return -1;                                                                                 \
    }                                                                                              \
    return call

int rename(const char *from, const char *to) {
    BEHIND(rename);
    NAMES(behind(from, to));
}

int renameat(int a, const char *from, int b, const char *to) {
    BEHIND(renameat);
    NAMES(behind(a, from, b, to));
}

int linkat(int a, const char *from, int b, const char *to, int flags) {
    BEHIND(linkat);
    NAMES(behind(a, from, b, to, flags));
}

int unlink(const char *path) {
    BEHIND(unlink);
    NAMES(behind(path));
}

int unlinkat(int dir, const char *path, int flags) {
    BEHIND(unlinkat);
    NAMES(behind(dir, path, flags));
}

int mkdir(const char *path, mode_t mode) {
    BEHIND(mkdir);
    NAMES(behind(path, mode));
}

int mkdirat(int dir, const char *path, mode_t mode) {
    BEHIND(mkdirat);
    NAMES(behind(dir, path, mode));
}

/* ---- SQLite -----------------------------------------------------------------------------------
 */

/* 0: goes on; what it says otherwise changes from call to call */
static int refused(void) {
    static const int codes[] = {SQLITE_FULL, SQLITE_IOERR, SQLITE_BUSY, SQLITE_NOMEM};
    static unsigned turn;
    return fails(SQLITE) ? codes[(control->seen[SQLITE] + turn++) % 4] : 0;
}

#define ASKS(call)                                                                                 \
    const int rc = refused();                                                                      \
    return rc != 0 ? rc : call

int sqlite3_step(sqlite3_stmt *st) {
    BEHIND(sqlite3_step);
    ASKS(behind(st));
}

int sqlite3_prepare_v2(sqlite3 *db, const char *sql, int n, sqlite3_stmt **st, const char **rest) {
    BEHIND(sqlite3_prepare_v2);
    *st = NULL;
    ASKS(behind(db, sql, n, st, rest));
}

int sqlite3_prepare_v3(sqlite3 *db, const char *sql, int n, unsigned flags, sqlite3_stmt **st,
                       const char **rest) {
    BEHIND(sqlite3_prepare_v3);
    *st = NULL;
    ASKS(behind(db, sql, n, flags, st, rest));
}

int sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *ctx,
                 char **why) {
    BEHIND(sqlite3_exec);
    ASKS(behind(db, sql, row, ctx, why));
}

int sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs) {
    BEHIND(sqlite3_open_v2);
    *db = NULL;
    ASKS(behind(path, db, flags, vfs));
}

int sqlite3_wal_checkpoint_v2(sqlite3 *db, const char *name, int how, int *log, int *done) {
    BEHIND(sqlite3_wal_checkpoint_v2);
    ASKS(behind(db, name, how, log, done));
}

int sqlite3_busy_timeout(sqlite3 *db, int ms) {
    BEHIND(sqlite3_busy_timeout);
    ASKS(behind(db, ms));
}

int sqlite3_backup_step(sqlite3_backup *b, int pages) {
    BEHIND(sqlite3_backup_step);
    ASKS(behind(b, pages));
}

int sqlite3_backup_finish(sqlite3_backup *b) {
    BEHIND(sqlite3_backup_finish);
    const int rc = refused(), real = behind(b);
    return rc != 0 ? rc : real;
}
