/* The machine: memory, clocks, chance, log lines, readiness, sandbox. */
#ifndef RB_SHELL_OS_H
#define RB_SHELL_OS_H
#include "readback/node.h"

/* Address space for the core, zero pages, touched as used. Asks for `want` bytes and takes half as
 * much again and again down to `least`. RB_ERR_LIMIT. */
enum rb_err rb_region_map(size_t want, size_t least, void **mem, size_t *cap) RB_MUST_USE;
void rb_region_unmap(void *mem, size_t cap);
/* Zero pages for keys and for what they open: locked in memory as far as the system allows (a
 * warning in the log, once, where it does not), left out of dumps; wiped when freed. NULL: none. */
void *rb_secret_alloc(size_t n);
void rb_secret_free(void *p, size_t n);

void rb_random(void *out, size_t n); /* getrandom; the process ends if the kernel has none */
/* offset is added to UTC only: exercises */
struct rb_now rb_clock_now(int64_t utc_offset_ms);

uint64_t rb_clock_us(void); /* for spans of time only */

enum rb_log_level { RB_LOG_ERROR, RB_LOG_WARN, RB_LOG_INFO, RB_LOG_DEBUG };
enum rb_err rb_log_level_decode(const char *name, enum rb_log_level *out) RB_MUST_USE;
/* to stderr: "2015-09-30T13:00:00Z info link: words", or a JSON object a line; where stderr is the
 * system's journal, "<6>" or the like before it, so that it knows the level */
void rb_log_setup(enum rb_log_level least, bool json);
bool rb_log_wants(enum rb_log_level level);
/* Words about what the machine does; never the content of records, places, or secrets. */
void rb_log(enum rb_log_level level, const char *area, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "READY=1" and the like to NOTIFY_SOCKET; nothing where it is not set */
void rb_sd_notify(const char *state);
/* no core dumps, not attachable by others */
void rb_harden(void);
/* how many descriptors this process may have open, after asking for as many as are allowed */
size_t rb_descriptors(void);
/* WATCHDOG_USEC, if it is meant for this process; 0: nobody watches */
uint64_t rb_sd_watchdog_us(void);

struct rb_reach { /* files that are needed after the start */
    const char *home;       /* NULL: none */
    const char *config;     /* a file elsewhere, or a folder to be read; NULL */
    const char *socket_dir; /* where the API's socket lies, if not in the home; NULL */
};
/* After setup: no program can be started, no other process traced, no kernel interface loaded; no file
 * read but those of the home and what names are looked up with, none written outside of the home. */
enum rb_err rb_sandbox(const struct rb_reach *reach, char *why, size_t why_n) RB_MUST_USE;
/* the part of it about files; where the kernel has none of it, that is logged */
enum rb_err rb_landlock(const struct rb_reach *reach) RB_MUST_USE;
#endif
