/* Memory, clocks, chance, readiness, log lines. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "readback/text.h"
#include "shell/os/os.h"

/* ---- memory --------------------------------------------------------------------------------- */

enum rb_err rb_region_map(size_t want, size_t least, void **mem, size_t *cap) {
    for (size_t n = want; n >= least; n /= 2) {
        void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                       -1, 0);
        if (p == MAP_FAILED) continue;
        (void)madvise(p, n, MADV_DONTDUMP); /* what people wrote is in it */
        *mem = p;
        *cap = n;
        return RB_OK;
    }
    return RB_ERR_LIMIT;
}

void rb_region_unmap(void *mem, size_t cap) {
    if (mem != NULL) (void)munmap(mem, cap);
}

/* A process may lock little where the system says so; then secrets could be swapped out. */
static void cannot_lock(void) {
    static bool told;
    if (!told)
        rb_log(RB_LOG_WARN, "keys",
               "memory for keys and what they open cannot be locked (%s): it may be swapped out; "
               "raise the limit of locked memory",
               strerror(errno));
    told = true;
}

void *rb_secret_alloc(size_t n) {
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    (void)madvise(p, n, MADV_DONTDUMP);
    if (mlock(p, n) != 0) cannot_lock();
    return p;
}

void rb_secret_free(void *p, size_t n) {
    if (p == NULL) return;
    rb_wipe(p, n);
    (void)munmap(p, n);
}

/* ---- chance and time ------------------------------------------------------------------------ */

void rb_random(void *out, size_t n) {
    uint8_t *p = out;
    while (n > 0) {
        const ssize_t k = getrandom(p, n, 0);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) abort(); /* no key may be drawn from anything less */
        p += k;
        n -= (size_t)k;
    }
}

static int64_t clock_ms(clockid_t id) {
    struct timespec t;
    if (clock_gettime(id, &t) != 0) abort();
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Boot time, not uptime without sleep: a laptop that slept must see its deadlines pass. */
struct rb_now rb_clock_now(int64_t utc_offset_ms) {
    struct rb_now now = {.mono_ms = (uint64_t)clock_ms(CLOCK_BOOTTIME),
                         .utc_ms = clock_ms(CLOCK_REALTIME) + utc_offset_ms};
    return now;
}

uint64_t rb_clock_us(void) {
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0) abort();
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- log ------------------------------------------------------------------------------------ */

static const char *const level_name[] = {"error", "warn", "info", "debug"};
static enum rb_log_level log_least = RB_LOG_INFO;
static bool log_json, log_journal;

enum rb_err rb_log_level_decode(const char *name, enum rb_log_level *out) {
    for (size_t i = 0; i < sizeof level_name / sizeof *level_name; i++)
        if (strcmp(name, level_name[i]) == 0) {
            *out = (enum rb_log_level)i;
            return RB_OK;
        }
    return RB_ERR_USAGE;
}

/* JOURNAL_STREAM is inherited by whatever is started, so it is compared with what stderr is */
static bool is_journal(void) {
    const char *env = getenv("JOURNAL_STREAM"), *colon = env != NULL ? strchr(env, ':') : NULL;
    uint64_t dev = 0, ino = 0;
    struct stat st;
    return colon != NULL && rb_dec_decode(rb_slice(env, (size_t)(colon - env)), &dev) == RB_OK &&
           rb_dec_decode(rb_str(colon + 1), &ino) == RB_OK && fstat(STDERR_FILENO, &st) == 0 &&
           st.st_dev == dev && st.st_ino == ino;
}

void rb_log_setup(enum rb_log_level least, bool json) {
    log_least = least;
    log_json = json;
    log_journal = is_journal();
}

bool rb_log_wants(enum rb_log_level level) {
    return level <= log_least;
}

/* One line stays one line, and what is not text is not shown as text. */
static void put_clean(struct rb_writer *w, const char *z) {
    const bool text = rb_utf8_ok(rb_str(z));
    for (const char *c = z; *c != '\0'; c++) {
        const uint8_t b = (uint8_t)*c;
        if (b < 0x20 || b == 0x7f || (b >= 0x80 && !text))
            rb_put_u8(w, '?');
        else if (log_json && (b == '"' || b == '\\'))
            rb_put_u8(w, '\\'), rb_put_u8(w, b);
        else
            rb_put_u8(w, b);
    }
}

static void log_line(struct rb_writer *w, enum rb_log_level at, const char *area,
                     const char *words) {
    static const char *const priority[] = {"<3>", "<4>", "<6>", "<7>"}; /* of syslog */
    const char *level = level_name[at];
    if (log_journal) rb_put_z(w, priority[at]);
    rb_put_z(w, log_json ? "{\"time\":\"" : "");
    rb_put_rfc3339(w, clock_ms(CLOCK_REALTIME));
    rb_put_z(w, log_json ? "\",\"level\":\"" : " ");
    rb_put_z(w, level);
    rb_put_z(w, log_json ? "\",\"area\":\"" : " ");
    put_clean(w, area);
    rb_put_z(w, log_json ? "\",\"text\":\"" : ": ");
    put_clean(w, words);
    rb_put_z(w, log_json ? "\"}\n" : "\n");
}

void rb_log(enum rb_log_level level, const char *area, const char *fmt, ...) {
    char words[768], line[2048];
    struct rb_writer w = rb_writer(line, sizeof line);
    va_list ap;
    if (level > log_least) return;
    va_start(ap, fmt);
    int n = vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    if (n < 0) return;
    /* a cut must not fall within a character */
    for (size_t k = strlen(words); (size_t)n >= sizeof words && k > 0; k--)
        if (rb_utf8_ok(rb_str(words)) || (words[k - 1] = '\0', false)) break;
    log_line(&w, level, area, words);
    (void)!write(STDERR_FILENO, w.p, w.n); /* one call, so that lines of two threads do not mix */
}

/* ---- service manager ------------------------------------------------------------------------ */

void rb_sd_notify(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (path == NULL || (path[0] != '/' && path[0] != '@')) return;
    const size_t n = strlen(path);
    if (n < 2 || n >= sizeof to.sun_path) return;
    memcpy(to.sun_path, path, n);
    if (path[0] == '@') to.sun_path[0] = '\0'; /* abstract */
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
    (void)close(fd);
}

static bool env_number(const char *name, uint64_t *out) {
    const char *env = getenv(name);
    return env != NULL && rb_dec_decode(rb_str(env), out) == RB_OK;
}

uint64_t rb_sd_watchdog_us(void) {
    uint64_t us = 0, pid = 0;
    if (env_number("WATCHDOG_PID", &pid) && pid != (uint64_t)getpid()) return 0;
    return env_number("WATCHDOG_USEC", &us) && us <= 86400ull * 1000000 ? us : 0;
}

size_t rb_descriptors(void) {
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0) return 256;
    struct rlimit more = {r.rlim_max, r.rlim_max};
    if (r.rlim_cur < r.rlim_max && setrlimit(RLIMIT_NOFILE, &more) == 0) r = more;
    return r.rlim_cur > 1u << 20 ? (size_t)1 << 20 : (size_t)r.rlim_cur;
}

void rb_harden(void) {
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
