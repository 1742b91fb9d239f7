/* What every benchmark shares: clock, samples, rows, the table and the JSON file, child processes,
 * a private folder. A benchmark is bench/NAME.c (see README.md); bench/run NAME runs it. */
#ifndef READBACK_BENCH_H
#define READBACK_BENCH_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A benchmark that cannot go on says why and ends with status 1: its processes are stopped, its
 * folder removed, nothing is written to the JSON file. */
_Noreturn void bench_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void bench_say(const char *fmt, ...)
    __attribute__((format(printf, 1, 2))); /* progress, to stderr */

uint64_t bench_now_ns(void); /* monotonic */
static inline double bench_us_since(uint64_t ns) {
    return (double)(bench_now_ns() - ns) / 1e3;
}
void bench_sleep_until(uint64_t ns);

/* ---- samples ------------------------------------------------------------------------------------
 */
struct bench_samples {
    double *v;
    size_t n, cap;
};
void bench_add(struct bench_samples *s, double v);
double bench_quantile(const struct bench_samples *s,
                      double q); /* sorts a copy; dies if there are none */
void bench_samples_free(struct bench_samples *s);

/* ---- rows ---------------------------------------------------------------------------------------
 */
enum bench_goal {
    BENCH_NO_GOAL,
    BENCH_VALUE_AT_LEAST,
    BENCH_VALUE_AT_MOST,
    BENCH_RATIO_AT_LEAST,
    BENCH_RATIO_AT_MOST
};
struct bench_row {
    const char *name, *unit; /* static */
    bool has_value;          /* else the row was skipped: `words` says why */
    double value;
    bool has_quantiles;
    double p50, p99;
    const char
        *beside; /* name of what it is compared with, measured in the same run; NULL: nothing */
    double beside_value;
    enum bench_goal goal;
    double goal_value;
    char words[400]; /* for people: what was measured, what it guarantees */
};
/* returns the row, to add to */
struct bench_row *bench_row(const char *name, const char *unit, double value, const char *words,
                            ...) __attribute__((format(printf, 4, 5)));
/* the median is the value */
struct bench_row *bench_row_samples(const char *name, const char *unit,
                                    const struct bench_samples *s, const char *words, ...)
    __attribute__((format(printf, 4, 5)));
struct bench_row *bench_row_skipped(const char *name, const char *unit, const char *words, ...)
    __attribute__((format(printf, 3, 4)));
void bench_beside(struct bench_row *r, const char *name, double value);
void bench_want(struct bench_row *r, enum bench_goal goal, double value);
/* the table to stdout, the rows to `path`; how many goals were missed */
int bench_finish(const char *path);

/* ---- processes and folder
 * ------------------------------------------------------------------------ */
/* a private folder on a filesystem with a disk behind it: READBACK_BENCH_DIR, else /var/tmp */
const char *bench_dir(void);
const char *bench_dir_words(void); /* its filesystem, for the table */
struct bench_child {
    pid_t pid;
    int err; /* what it says on stderr, non-blocking, where it has no log; must be read, or it will
                stall */
};
/* argv[0] is looked for in PATH and the sbin folders; ends with us. What it prints goes to the file
 * `log`; with log NULL its stderr comes to `err`. */
struct bench_child bench_spawn(const char *const *argv, const char *log);
int bench_exit_status(
    const char *const *argv); /* runs it, quietly, to its end; -1: it did not end by itself */
void bench_stop(struct bench_child *c); /* SIGTERM, after three seconds SIGKILL; 0 is fine */
bool bench_has_program(const char *name);
uint16_t bench_free_port(void);
int bench_connect(uint16_t port, int wait_ms); /* loopback, TCP_NODELAY; -1: nobody listens */
void bench_write_file(const char *path, const char *text);
#endif
