/* See bench.h. */
#include "bench.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN 16
#define ROWS 128
static pid_t children[CHILDREN];
static struct bench_row rows[ROWS];
static size_t rows_n;
static char folder[256], folder_words[400];

/* ---- ending -------------------------------------------------------------------------------------
 */

static void kill_children(void) {
    for (size_t i = 0; i < CHILDREN; i++) {
        if (children[i] <= 0) continue;
        (void)kill(children[i], SIGKILL);
        (void)waitpid(children[i], NULL, 0);
        children[i] = 0;
    }
}

static void remove_folder(void) {
    const char *argv[] = {"rm", "-rf", "--", folder, NULL};
    if (folder[0] != '\0') (void)bench_exit_status(argv);
    folder[0] = '\0';
}

static void clean_up(void) {
    kill_children();
    remove_folder();
}

void bench_die(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    (void)fputs("bench: ", stderr);
    (void)vfprintf(stderr, fmt, ap);
    (void)fputc('\n', stderr);
    va_end(ap);
    exit(EXIT_FAILURE); /* clean_up runs */
}

void bench_say(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    (void)fputs("  ", stderr);
    (void)vfprintf(stderr, fmt, ap);
    (void)fputc('\n', stderr);
    va_end(ap);
}

/* ---- clock --------------------------------------------------------------------------------------
 */

uint64_t bench_now_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void bench_sleep_until(uint64_t ns) {
    const struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
}

/* ---- samples ------------------------------------------------------------------------------------
 */

void bench_add(struct bench_samples *s, double v) {
    if (s->n == s->cap) {
        const size_t cap = s->cap == 0 ? 256 : s->cap * 2;
        double *p = reallocarray(s->v, cap, sizeof *p);
        if (p == NULL) bench_die("memory is short");
        s->v = p;
        s->cap = cap;
    }
    s->v[s->n++] = v;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_quantile(const struct bench_samples *s, double q) {
    double *v = s->n > 0 ? malloc(s->n * sizeof *v) : NULL;
    if (v == NULL) bench_die("a row without a single sample");
    memcpy(v, s->v, s->n * sizeof *v);
    qsort(v, s->n, sizeof *v, by_value);
    size_t at = (size_t)ceil(q * (double)s->n); /* nearest rank */
    at = at == 0 ? 0 : at - 1;
    const double out = v[at < s->n ? at : s->n - 1];
    free(v);
    return out;
}

void bench_samples_free(struct bench_samples *s) {
    free(s->v);
    *s = (struct bench_samples){0};
}

/* ---- rows ---------------------------------------------------------------------------------------
 */

static struct bench_row *row_new(const char *name, const char *unit, const char *words,
                                 va_list ap) {
    if (rows_n == ROWS) bench_die("too many rows");
    struct bench_row *r = &rows[rows_n++];
    *r = (struct bench_row){.name = name, .unit = unit};
    (void)vsnprintf(r->words, sizeof r->words, words, ap);
    return r;
}

struct bench_row *bench_row(const char *name, const char *unit, double value, const char *words,
                            ...) {
    va_list ap;
    va_start(ap, words);
    struct bench_row *r = row_new(name, unit, words, ap);
    va_end(ap);
    r->has_value = true;
    r->value = value;
    return r;
}

struct bench_row *bench_row_samples(const char *name, const char *unit,
                                    const struct bench_samples *s, const char *words, ...) {
    va_list ap;
    va_start(ap, words);
    struct bench_row *r = row_new(name, unit, words, ap);
    va_end(ap);
    r->has_value = r->has_quantiles = true;
    r->p50 = r->value = bench_quantile(s, 0.5);
    r->p99 = bench_quantile(s, 0.99);
    return r;
}

struct bench_row *bench_row_skipped(const char *name, const char *unit, const char *words, ...) {
    va_list ap;
    va_start(ap, words);
    struct bench_row *r = row_new(name, unit, words, ap);
    va_end(ap);
    return r;
}

void bench_beside(struct bench_row *r, const char *name, double value) {
    r->beside = name;
    r->beside_value = value;
}

void bench_want(struct bench_row *r, enum bench_goal goal, double value) {
    r->goal = goal;
    r->goal_value = value;
}

static double row_ratio(const struct bench_row *r) {
    return r->beside_value > 0 ? r->value / r->beside_value : 0;
}

static bool row_missed(const struct bench_row *r) {
    if (r->goal == BENCH_NO_GOAL) return false;
    if (!r->has_value) return true;
    if (r->goal == BENCH_VALUE_AT_LEAST) return r->value < r->goal_value;
    if (r->goal == BENCH_VALUE_AT_MOST) return r->value > r->goal_value;
    if (r->beside == NULL) return true;
    return r->goal == BENCH_RATIO_AT_LEAST ? row_ratio(r) < r->goal_value
                                           : row_ratio(r) > r->goal_value;
}

static void goal_words(const struct bench_row *r, char out[32]) {
    out[0] = '\0';
    if (r->goal == BENCH_VALUE_AT_LEAST)
        (void)snprintf(out, 32, ">= %g %s", r->goal_value, r->unit);
    if (r->goal == BENCH_VALUE_AT_MOST) (void)snprintf(out, 32, "<= %g %s", r->goal_value, r->unit);
    if (r->goal == BENCH_RATIO_AT_LEAST) (void)snprintf(out, 32, "ratio >= %g", r->goal_value);
    if (r->goal == BENCH_RATIO_AT_MOST) (void)snprintf(out, 32, "ratio <= %g", r->goal_value);
}

/* four digits that mean something */
static const char *number(double v, char out[24]) {
    const int decimals = v >= 1000 ? 0 : v >= 100 ? 1 : v >= 1 ? 2 : 3;
    (void)snprintf(out, 24, "%.*f", decimals, v);
    return out;
}

static void print_row(const struct bench_row *r) {
    char value[24] = "skipped", p50[24] = "", p99[24] = "", ratio[24] = "", beside[64] = "",
         goal[32];
    goal_words(r, goal);
    if (r->has_value) (void)number(r->value, value);
    if (r->has_quantiles) (void)number(r->p50, p50), (void)number(r->p99, p99);
    if (r->has_value && r->beside != NULL) {
        char other[24];
        (void)number(row_ratio(r), ratio);
        (void)snprintf(beside, sizeof beside, "%s %s", r->beside, number(r->beside_value, other));
    }
    (void)printf("%-24s %10s %-10s %10s %10s  %-34s %7s  %-20s %s\n", r->name, value, r->unit, p50,
                 p99, beside, ratio, goal,
                 goal[0] == '\0' ? ""
                 : row_missed(r) ? "MISSED"
                                 : "met");
}

static void print_table(void) {
    (void)printf("\n%-24s %10s %-10s %10s %10s  %-34s %7s  %s\n", "", "value", "", "p50", "p99",
                 "beside (same run)", "ratio", "goal");
    for (size_t i = 0; i < rows_n; i++)
        print_row(&rows[i]);
    (void)printf("\nWhat each row says:\n");
    for (size_t i = 0; i < rows_n; i++)
        if (rows[i].words[0] != '\0') (void)printf("  %-24s %s\n", rows[i].name, rows[i].words);
}

static json_t *real_or_null(bool is, double v) {
    return is ? json_real(v) : json_null();
}

static json_t *row_json(const struct bench_row *r) {
    char goal[32];
    goal_words(r, goal);
    const bool beside = r->has_value && r->beside != NULL;
    return json_pack(
        "{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "name", r->name, "value",
        real_or_null(r->has_value, r->value), "unit", r->unit, "p50",
        real_or_null(r->has_quantiles, r->p50), "p99", real_or_null(r->has_quantiles, r->p99),
        "beside", beside ? json_string(r->beside) : json_null(), "beside_value",
        real_or_null(beside, r->beside_value), "ratio", real_or_null(beside, row_ratio(r)), "goal",
        goal[0] != '\0' ? json_string(goal) : json_null());
}

int bench_finish(const char *path) {
    json_t *list = json_array();
    int missed = 0;
    for (size_t i = 0; i < rows_n; i++) {
        if (json_array_append_new(list, row_json(&rows[i])) != 0) bench_die("memory is short");
        missed += row_missed(&rows[i]);
    }
    print_table();
    if (json_dump_file(list, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) != 0)
        bench_die("%s cannot be written", path);
    json_decref(list);
    (void)printf("\n%d goal%s missed; rows in %s\n", missed, missed == 1 ? "" : "s", path);
    return missed;
}

/* ---- folder -------------------------------------------------------------------------------------
 */

static const char *filesystem_name(long type) {
    switch (type) {
    case 0xEF53:
        return "ext4";
    case 0x58465342:
        return "xfs";
    case 0x9123683E:
        return "btrfs";
    case 0x01021994:
        return "tmpfs (memory: writes cost nothing here; set READBACK_BENCH_DIR)";
    case 0x794C7630:
        return "overlayfs";
    default:
        return "another filesystem";
    }
}

static void on_signal(int sig) {
    (void)sig;
    kill_children(); /* the folder stays: removing it is no work for a signal handler */
    _exit(1);
}

const char *bench_dir(void) {
    const char *top = getenv("READBACK_BENCH_DIR");
    struct statfs fs;
    if (folder[0] != '\0') return folder;
    if (top == NULL || top[0] == '\0') top = "/var/tmp";
    if (strlen(top) > 48) bench_die("READBACK_BENCH_DIR is too long for sockets below it");
    (void)snprintf(folder, sizeof folder, "%s/readback-bench-XXXXXX", top);
    if (mkdtemp(folder) == NULL) {
        folder[0] = '\0';
        bench_die("no folder can be made in %s: %s", top, strerror(errno));
    }
    if (atexit(clean_up) != 0) bench_die("memory is short");
    (void)signal(SIGINT, on_signal);
    (void)signal(SIGTERM, on_signal);
    (void)signal(SIGPIPE, SIG_IGN);
    if (statfs(folder, &fs) == 0)
        (void)snprintf(folder_words, sizeof folder_words, "%s on %s", folder,
                       filesystem_name(fs.f_type));
    return folder;
}

const char *bench_dir_words(void) {
    (void)bench_dir();
    return folder_words;
}

void bench_write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0) bench_die("%s cannot be written", path);
}

/* ---- processes ----------------------------------------------------------------------------------
 */

/* Debian keeps servers in sbin, which is not in everybody's PATH. */
static bool find_program(const char *name, char out[256]) {
    static const char *const more = ":/usr/local/sbin:/usr/sbin:/sbin";
    const char *path = getenv("PATH");
    char all[4096];
    if (strchr(name, '/') != NULL)
        return snprintf(out, 256, "%s", name) < 256 && access(out, X_OK) == 0;
    (void)snprintf(all, sizeof all, "%s%s", path != NULL ? path : "", more);
    for (char *save = NULL, *dir = strtok_r(all, ":", &save); dir != NULL;
         dir = strtok_r(NULL, ":", &save))
        if (snprintf(out, 256, "%s/%s", dir, name) < 256 && access(out, X_OK) == 0) return true;
    return false;
}

bool bench_has_program(const char *name) {
    char path[256];
    return find_program(name, path);
}

static void child_main(const char *path, const char *const *argv, int out, int err) {
    char *const *args;
    const int quiet = open("/dev/null", O_RDWR | O_CLOEXEC);
    memcpy(&args, &argv, sizeof args); /* execv does not change them */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || quiet < 0) _exit(127);
    if (dup2(quiet, STDIN_FILENO) < 0 || dup2(out >= 0 ? out : quiet, STDOUT_FILENO) < 0 ||
        dup2(err, STDERR_FILENO) < 0)
        _exit(127);
    (void)execv(path, args);
    _exit(127);
}

static pid_t start(const char *path, const char *const *argv, int out, int err) {
    const pid_t pid = fork();
    if (pid < 0) bench_die("fork: %s", strerror(errno));
    if (pid == 0) child_main(path, argv, out, err);
    return pid;
}

int bench_exit_status(const char *const *argv) {
    char path[256];
    int status = 0;
    const int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (quiet < 0 || !find_program(argv[0], path)) bench_die("%s is not installed", argv[0]);
    const pid_t pid = start(path, argv, -1, quiet);
    (void)close(quiet);
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct bench_child bench_spawn(const char *const *argv, const char *log) {
    struct bench_child c = {.err = -1};
    char path[256];
    int fd[2] = {-1, -1};
    size_t slot = 0;
    while (slot < CHILDREN && children[slot] > 0)
        slot++;
    if (slot == CHILDREN) bench_die("too many processes");
    if (!find_program(argv[0], path)) bench_die("%s is not installed", argv[0]);
    if (log != NULL)
        fd[1] = open(log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    else if (pipe2(fd, O_CLOEXEC) == 0)
        (void)fcntl(fd[0], F_SETFL, O_NONBLOCK);
    if (fd[1] < 0) bench_die("no file or pipe for what %s says: %s", argv[0], strerror(errno));
    c.pid = children[slot] = start(path, argv, log != NULL ? fd[1] : -1, fd[1]);
    c.err = fd[0];
    (void)close(fd[1]);
    return c;
}

void bench_stop(struct bench_child *c) {
    bool gone = false;
    if (c->pid <= 0) return;
    (void)kill(c->pid, SIGTERM);
    for (int i = 0; i < 300 && !gone; i++) {
        gone = waitpid(c->pid, NULL, WNOHANG) != 0;
        if (!gone) (void)usleep(10000);
    }
    if (!gone) {
        (void)kill(c->pid, SIGKILL);
        (void)waitpid(c->pid, NULL, 0);
    }
    for (size_t i = 0; i < CHILDREN; i++)
        if (children[i] == c->pid) children[i] = 0;
    if (c->err >= 0) (void)close(c->err);
    *c = (struct bench_child){.err = -1};
}

uint16_t bench_free_port(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &n) != 0)
        bench_die("no free port: %s", strerror(errno));
    (void)close(fd);
    return ntohs(at.sin_port);
}

int bench_connect(uint16_t port, int wait_ms) {
    const struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    const int one = 1;
    for (int waited = 0;; waited += 10) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) return -1;
        if (connect(fd, (const struct sockaddr *)&at, sizeof at) == 0) {
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            return fd;
        }
        (void)close(fd);
        if (waited >= wait_ms) return -1;
        (void)usleep(10000);
    }
}
