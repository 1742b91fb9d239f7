/* readbackd: one party's node, its peer port and its local API. See man/readbackd.8.scd. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "readback/text.h"
#include "shell/api/metrics.h"
#include "shell/api/server.h"
#include "shell/os/host.h"
#include "shell/os/passphrase.h"
#include "shell/os/service.h"

enum { EXIT_USAGE = 2 };

struct options {
    const char *home, *config;
    const char *unlock_fd;
    bool log_json, exercise_clock;
    const char *listen[RB_CONFIG_LISTEN];
    size_t listen_n;
};

static const char HELP[] =
    "Examples:\n"
    "  readbackd                                  the home in READBACK_HOME or ~/.readback\n"
    "  readbackd --home /var/lib/readback --listen 0.0.0.0:7443\n"
    "  readbackd --home ./north --listen 127.0.0.1:0 --log-json\n"
    "  systemd-ask-password | readbackd --unlock-fd 0   opens a sealed age key\n"
    "\n"
    "Runs one party's node in the foreground until SIGTERM or SIGINT. Prints one line when it is "
    "ready.\n"
    "Without --listen and without [peer] listen in config.ini it only connects outwards.\n"
    "\n"
    "  --home DIR          the party's home directory\n"
    "  --listen HOST:PORT  peer port; may be given several times; port 0 takes a free one\n"
    "  --config FILE       settings, instead of config.ini in the home\n"
    "  --unlock-fd N       passphrase of keys/age.age: first line read from descriptor N\n"
    "  --log-json          one JSON object a line on stderr\n"
    "  --foreground        accepted and always so\n"
    "  --exercise-clock    shift UTC by READBACK_TEST_CLOCK_OFFSET_MS: exercises and tests only\n"
    "  --version, --help\n"
    "\n"
    "Exit status: 0 ended by a signal, 1 could not start or had to stop, 2 wrong options.\n";

/* ---- options ----------------------------------------------------------------------------------
 */

static int take_listen(struct options *o, const char *address) {
    if (o->listen_n == RB_CONFIG_LISTEN) {
        (void)fprintf(stderr, "readbackd: at most %u addresses to listen on\n", RB_CONFIG_LISTEN);
        return EXIT_USAGE;
    }
    o->listen[o->listen_n++] = address;
    return -1;
}

/* -1: go on; else the exit status */
static int read_options(int argc, char **argv, struct options *o) {
    static const struct option known[] = {
        {"home", required_argument, NULL, 'H'},     {"listen", required_argument, NULL, 'l'},
        {"config", required_argument, NULL, 'c'},   {"unlock-fd", required_argument, NULL, 'u'},
        {"log-json", no_argument, NULL, 'j'},       {"foreground", no_argument, NULL, 'f'},
        {"exercise-clock", no_argument, NULL, 'x'}, {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        int end = -1;
        switch (c) {
        case 'H':
            o->home = optarg;
            break;
        case 'l':
            end = take_listen(o, optarg);
            break;
        case 'c':
            o->config = optarg;
            break;
        case 'u':
            o->unlock_fd = optarg;
            break;
        case 'j':
            o->log_json = true;
            break;
        case 'f':
            break;
        case 'x':
            o->exercise_clock = true;
            break;
        case 'v':
            end = printf("readbackd %s\n", READBACK_VERSION) < 0;
            break;
        case 'h':
            end = fputs(HELP, stdout) < 0;
            break;
        default:
            end = EXIT_USAGE;
            break;
        }
        if (end >= 0) return end;
    }
    if (optind == argc) return -1;
    (void)fprintf(stderr, "readbackd: \"%s\" is not an option; see readbackd --help\n",
                  argv[optind]);
    return EXIT_USAGE;
}

static enum rb_err read_config(const struct options *o, const struct rb_home *home,
                               struct rb_config *c, char *why, size_t why_n) {
    char path[RB_HOME_PATH_MAX + 16];
    const char *file = o->config;
    rb_config_default(c);
    if (file == NULL) {
        RB_TRY(rb_home_join(home, "config.ini", path, sizeof path));
        file = path;
    }
    const enum rb_err err = rb_config_read(file, c, why, why_n);
    if (err == RB_ERR_NOT_FOUND && o->config != NULL)
        (void)snprintf(why, why_n, "%s does not exist.", o->config);
    if (err != RB_OK && (err != RB_ERR_NOT_FOUND || o->config != NULL)) return err;
    for (size_t i = 0; i < o->listen_n; i++)
        if (rb_config_listen(c, o->listen[i]) != RB_OK) {
            (void)snprintf(why, why_n, "--listen wants HOST:PORT, at most %u of them.",
                           RB_CONFIG_LISTEN);
            return RB_ERR_USAGE;
        }
    c->log_json = c->log_json || o->log_json;
    return RB_OK;
}

/* Only with --exercise-clock, so that no stray variable moves the clock that records bear. */
static enum rb_err clock_offset(const struct options *o, int64_t *ms, char *why, size_t why_n) {
    const char *env = getenv("READBACK_TEST_CLOCK_OFFSET_MS");
    uint64_t n = 0;
    *ms = 0;
    if (env == NULL || !o->exercise_clock) return RB_OK;
    const bool back = env[0] == '-';
    if (rb_dec_decode(rb_str(env + back), &n) != RB_OK || n > (uint64_t)1 << 52) {
        (void)snprintf(why, why_n,
                       "READBACK_TEST_CLOCK_OFFSET_MS is not a number of milliseconds.");
        return RB_ERR_USAGE;
    }
    *ms = back ? -(int64_t)n : (int64_t)n;
    return RB_OK;
}

/* ---- the age key ------------------------------------------------------------------------------
 */

/* a person stands by: a passphrase that is not right ends the start */
static enum rb_err unlock_by_fd(struct rb_host *host, struct rb_home *home, const char *number,
                                char *why, size_t why_n) {
    struct rb_passphrase p;
    uint64_t fd = 0;
    if (rb_dec_decode(rb_str(number), &fd) != RB_OK || fd > 65535) {
        (void)snprintf(why, why_n, "--unlock-fd wants the number of an open descriptor.");
        return RB_ERR_USAGE;
    }
    if (!rb_host_locked(host)) {
        rb_log(RB_LOG_INFO, "keys", "--unlock-fd was not needed: the age key is not sealed");
        return RB_OK;
    }
    RB_TRY(rb_passphrase_read((int)fd, "", false, &p, why, why_n));
    (void)close((int)fd);
    const enum rb_err err = rb_host_unlock(host, rb_passphrase_slice(&p));
    rb_wipe(&p, sizeof p);
    if (err != RB_OK) (void)snprintf(why, why_n, "%s", rb_home_error(home));
    return err;
}

/* Nobody stands by: the line is kept up, locked, where the credential does not fit. */
static void unlock_by_credential(struct rb_host *host, struct rb_home *home) {
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    struct rb_passphrase p;
    char path[RB_HOME_PATH_MAX], why[RB_HOME_PATH_MAX + 128] = "";
    if (dir == NULL || dir[0] != '/' || !rb_host_locked(host)) return;
    const int n = snprintf(path, sizeof path, "%s/readback-age", dir);
    const int fd = n > 0 && (size_t)n < sizeof path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0 && errno == ENOENT) return;
    enum rb_err err = fd < 0 ? RB_ERR_IO : rb_passphrase_read(fd, "", false, &p, why, sizeof why);
    if (fd >= 0) (void)close(fd);
    if (err == RB_OK) {
        err = rb_host_unlock(host, rb_passphrase_slice(&p));
        rb_wipe(&p, sizeof p);
        if (err != RB_OK) (void)snprintf(why, sizeof why, "%s", rb_home_error(home));
    }
    if (err != RB_OK)
        rb_log(RB_LOG_ERROR, "keys", "the credential readback-age does not unlock the age key: %s",
               why[0] != '\0' ? why : rb_err_text(err));
}

static enum rb_err unlock(struct rb_host *host, struct rb_home *home, const struct options *o,
                          char *why, size_t why_n) {
    unlock_by_credential(host, home);
    if (o->unlock_fd != NULL) RB_TRY(unlock_by_fd(host, home, o->unlock_fd, why, why_n));
    if (rb_host_locked(host))
        rb_log(
            RB_LOG_WARN, "keys",
            "the age key is sealed: closed records are kept and not opened, and no receipt speaks "
            "of their bodies, until it is unlocked (readback unlock)");
    return RB_OK;
}

/* ---- running ----------------------------------------------------------------------------------
 */

struct daemon {
    struct rb_home *home;
    struct rb_config cfg;
    struct event_base *base;
    struct rb_host *host;
    struct rb_api_server *server;
    struct rb_metrics_server *metrics;
    struct rb_service service;
    const struct options *options;
    char socket[RB_HOME_PATH_MAX + 32];
};

/* Only what changes nothing else: the level and form of log lines. */
static void reload(void *ctx) {
    struct daemon *d = ctx;
    struct rb_config c;
    char why[RB_HOME_PATH_MAX + 128] = "";
    if (read_config(d->options, d->home, &c, why, sizeof why) == RB_OK) {
        rb_log_setup(c.log_level, c.log_json);
        rb_log(RB_LOG_INFO, "host",
               "SIGHUP: [log] is read again; all other settings are read at start");
    } else {
        rb_log(RB_LOG_ERROR, "host", "SIGHUP: %s Nothing was changed.", why);
    }
}

/* for the service manager */
static void say_state(void *ctx, char *out, size_t cap) {
    const struct daemon *d = ctx;
    struct rb_node *n = rb_host_node(d->host);
    struct rb_channel_view v;
    struct rb_peer_view p;
    size_t up = 0;
    for (size_t i = 0; i < rb_node_channels(n); i++) {
        if (!rb_node_channel(n, i, &v)) continue;
        if (v.guarded) {
            (void)snprintf(out, cap,
                           "asking the members what they hold of ours: %d of %zu answered",
                           __builtin_popcountll(v.guard_answered), v.guard_need);
            return;
        }
        if (v.waiting != NULL) {
            (void)snprintf(out, cap, "records wait: %s", v.waiting);
            return;
        }
    }
    for (size_t i = 0; i < rb_node_peers(n); i++)
        up += rb_node_peer(n, i, &p) && p.link == RB_LINK_UP;
    (void)snprintf(out, cap, "%zu channels, %zu of %zu lines up%s", rb_node_channels(n), up,
                   rb_node_peers(n), rb_host_locked(d->host) ? ", age key sealed" : "");
}

static const struct rb_service_ops service_ops = {"host", reload, say_state};

static enum rb_err open_home(struct daemon *d, const struct options *o, char *why, size_t why_n) {
    char path[RB_HOME_PATH_MAX];
    if (rb_home_path(o->home, path, sizeof path) != RB_OK) {
        (void)snprintf(why, why_n, "No home directory: give --home or set READBACK_HOME.");
        return RB_ERR_USAGE;
    }
    RB_TRY(rb_home_open(path, &d->home, why, why_n));
    const enum rb_err err = rb_home_lock(d->home);
    if (err != RB_OK) (void)snprintf(why, why_n, "%s", rb_home_error(d->home));
    return err;
}

static enum rb_err open_server(struct daemon *d, char *why, size_t why_n) {
    const char *given = d->cfg.api_socket;
    if (given[0] == '/') /* else within the home, as readback(1) takes it too */
        (void)snprintf(d->socket, sizeof d->socket, "%s", given);
    else
        RB_TRY(rb_home_join(d->home, given[0] != '\0' ? given : "readbackd.sock", d->socket,
                            sizeof d->socket));
    return rb_api_server_open(d->base, d->socket, rb_host_api(d->host), &d->server, why, why_n);
}

static enum rb_err open_metrics(struct daemon *d, char *why, size_t why_n) {
    if (d->cfg.metrics[0] == '\0') return RB_OK;
    RB_TRY(rb_metrics_open(d->base, d->cfg.metrics, rb_host_api(d->host), &d->metrics, why, why_n));
    rb_log(RB_LOG_INFO, "host", "metrics on port %u of this machine",
           (unsigned)rb_metrics_port(d->metrics));
    return RB_OK;
}

/* what is needed of files from now on */
static enum rb_err close_files(struct daemon *d, char *why, size_t why_n) {
    char dir[sizeof d->socket], path[RB_HOME_PATH_MAX + 8];
    const struct rb_reach reach = {.home = path,
                                   .config = d->options->config,
                                   .socket_dir = d->cfg.api_socket[0] == '/' ? dir : NULL};
    RB_TRY(rb_home_join(d->home, ".", path, sizeof path));
    (void)snprintf(dir, sizeof dir, "%s", d->socket);
    char *slash = strrchr(dir, '/');
    if (slash != NULL) slash[slash == dir] = '\0';
    return rb_sandbox(&reach, why, why_n);
}

static enum rb_err start(struct daemon *d, const struct options *o, char *why, size_t why_n) {
    int64_t offset_ms = 0;
    (void)snprintf(why, why_n, "Memory is short.");
    RB_TRY(rb_crypto_init());
    RB_TRY(clock_offset(o, &offset_ms, why, why_n));
    RB_TRY(open_home(d, o, why, why_n));
    RB_TRY(read_config(o, d->home, &d->cfg, why, why_n));
    rb_log_setup(d->cfg.log_level, d->cfg.log_json);
    d->base = event_base_new();
    if (d->base == NULL || event_base_priority_init(d->base, 3) != 0) return RB_ERR_LIMIT;
    RB_TRY(rb_service_open(&d->service, d->base, &service_ops, d));
    RB_TRY(rb_host_open(d->base, d->home, &d->cfg, offset_ms, &d->host, why, why_n));
    RB_TRY(unlock(d->host, d->home, o, why, why_n));
    RB_TRY(open_server(d, why, why_n));
    RB_TRY(open_metrics(d, why, why_n));
    if (offset_ms != 0)
        rb_log(RB_LOG_WARN, "host", "exercise: the clock is shifted by %lld ms",
               (long long)offset_ms);
    RB_TRY(rb_service_tell(&d->service));
    return close_files(d, why, why_n);
}

static void stop(struct daemon *d) {
    rb_metrics_close(d->metrics);
    rb_api_server_close(d->server);
    rb_host_close(d->host);
    rb_service_close(&d->service);
    if (d->base != NULL) event_base_free(d->base);
    rb_home_close(d->home);
}

static int run(struct daemon *d) {
    if (printf("readbackd is ready: port %u, socket %s\n", (unsigned)rb_host_port(d->host),
               d->socket) < 0 ||
        fflush(stdout) != 0)
        rb_log(RB_LOG_WARN, "host", "nobody reads the line that says it is ready");
    rb_sd_notify("READY=1");
    const int rc = event_base_dispatch(d->base);
    if (rb_host_failed(d->host)) return EXIT_FAILURE;
    if (rc >= 0 && d->service.stopped) return EXIT_SUCCESS;
    rb_log(RB_LOG_ERROR, "host", "the event loop ended");
    return EXIT_FAILURE;
}

/* ---- memory of the event library ---------------------------------------------------------------
 */

/* libevent 2.1's HTTP goes through NULL where a connection or a request could not be made, and a
 * caller whose request's line found no room waits until the connection is idle for too long.
 * Nothing is held that is not stored: an end that says why is better. */
static void *had_or_end(void *p, size_t n) {
    static const char words[] =
        "readbackd: Memory is short: it ends here and may be started again.\n";
    if (p != NULL || n == 0) return p;
    if (write(STDERR_FILENO, words, sizeof words - 1) < 0) _exit(EXIT_FAILURE);
    _exit(EXIT_FAILURE);
}
static void *malloc_or_end(size_t n) {
    return had_or_end(malloc(n), n);
}
static void *realloc_or_end(void *p, size_t n) {
    return had_or_end(realloc(p, n), n);
}

int main(int argc, char **argv) {
    struct options o = {0};
    struct daemon d = {.options = &o};
    char why[RB_HOME_PATH_MAX + 512] = "";
    const int end = read_options(argc, argv, &o);
    if (end >= 0) return end;
    (void)umask(077);
    rb_harden();
    event_set_mem_functions(malloc_or_end, realloc_or_end, free); /* before it has any */
    const enum rb_err err = start(&d, &o, why, sizeof why);
    int status = err == RB_ERR_USAGE ? EXIT_USAGE : EXIT_FAILURE;
    if (err == RB_OK)
        status = run(&d);
    else
        (void)fprintf(stderr, "readbackd: %s\n", why);
    stop(&d);
    return status;
}
