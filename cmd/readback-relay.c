/* readback-relay: joins those who call with those who wait, and passes TLS through. See
 * man/readback-relay.8.scd. */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "readback/text.h"
#include "shell/os/service.h"
#include "shell/relay/relay.h"

enum { EXIT_USAGE = 2, MOST_CONNECTIONS = 65536 };

static const char HELP[] =
    "Examples:\n"
    "  readback-relay --listen 0.0.0.0:7444 --name relay.example:7444 --list "
    "/etc/readback-relay.list\n"
    "  readback-relay --listen 127.0.0.1:0 --name 127.0.0.1:7444 --list waiting.list --log-json\n"
    "\n"
    "A relay for nodes that only connect outwards: joins who calls with who waits, and passes TLS\n"
    "through without seeing what is said. Runs in the foreground until SIGTERM or SIGINT; SIGHUP\n"
    "reads the list again. Prints one line when it is ready.\n"
    "\n"
    "  --listen HOST:PORT    numeric address; may be given several times; port 0 takes a free one\n"
    "  --name HOST:PORT      as it stands on cards of those who wait here, behind \"relay=\"; may "
    "be\n"
    "                        given several times\n"
    "  --list FILE           who may wait: a line for each party, as `readback card` shows it\n"
    "  --connections N       in all (2048)\n"
    "  --per-address N       of one address, not counting those that wait (64)\n"
    "  --log-level LEVEL     error, warn, info or debug (info)\n"
    "  --log-json            one JSON object a line on stderr\n"
    "  --version, --help\n"
    "\n"
    "Exit status: 0 ended by a signal, 1 could not start or had to stop, 2 wrong options.\n";

struct relay_options {
    struct rb_relay_config cfg;
    enum rb_log_level level;
    bool json;
};
struct running {
    struct event_base *base;
    struct rb_relay *relay;
    struct rb_service service;
};

/* ---- options ----------------------------------------------------------------------------------
 */
static int wrong(const char *words, const char *what) {
    (void)fprintf(stderr, "readback-relay: %s: %s; see readback-relay --help\n", words, what);
    return EXIT_USAGE;
}

static int take_one(const char **list, size_t *n, const char *value) {
    if (*n == RB_RELAY_LISTEN) return wrong("too many", value);
    list[(*n)++] = value;
    return -1;
}

static int take_count(size_t *out, const char *value) {
    uint64_t n = 0;
    if (rb_dec_decode(rb_str(value), &n) != RB_OK || n < 1 || n > MOST_CONNECTIONS)
        return wrong("not a number from 1 to 65536", value);
    *out = (size_t)n;
    return -1;
}

static int take_option(struct relay_options *o, int c) {
    switch (c) {
    case 'l':
        return take_one(o->cfg.listen, &o->cfg.listen_n, optarg);
    case 'n':
        return take_one(o->cfg.names, &o->cfg.names_n, optarg);
    case 'a':
        o->cfg.list = optarg;
        return -1;
    case 'c':
        return take_count(&o->cfg.max_conns, optarg);
    case 'p':
        return take_count(&o->cfg.max_per_address, optarg);
    case 'L':
        if (rb_log_level_decode(optarg, &o->level) != RB_OK) return wrong("not a level", optarg);
        return -1;
    case 'j':
        o->json = true;
        return -1;
    case 'v':
        return printf("readback-relay %s\n", READBACK_VERSION) < 0;
    case 'h':
        return fputs(HELP, stdout) < 0;
    default:
        return EXIT_USAGE;
    }
}

/* -1: go on */
static int read_options(int argc, char **argv, struct relay_options *o) {
    static const struct option known[] = {{"listen", required_argument, NULL, 'l'},
                                          {"name", required_argument, NULL, 'n'},
                                          {"list", required_argument, NULL, 'a'},
                                          {"connections", required_argument, NULL, 'c'},
                                          {"per-address", required_argument, NULL, 'p'},
                                          {"log-level", required_argument, NULL, 'L'},
                                          {"log-json", no_argument, NULL, 'j'},
                                          {"version", no_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        const int end = take_option(o, c);
        if (end >= 0) return end;
    }
    if (optind < argc) return wrong("not an option", argv[optind]);
    if (o->cfg.listen_n == 0) return wrong("missing", "--listen");
    if (o->cfg.names_n == 0) return wrong("missing", "--name");
    if (o->cfg.list == NULL) return wrong("missing", "--list");
    return -1;
}

/* ---- running ----------------------------------------------------------------------------------
 */
static void say_state(void *ctx, char *out, size_t cap) {
    const struct running *d = ctx;
    struct rb_relay_stats s;
    rb_relay_stats(d->relay, &s);
    (void)snprintf(out, cap, "%zu parties listed, %zu connections wait, %zu pairs joined", s.listed,
                   s.waiting, s.pairs);
}

static void reload(void *ctx) {
    struct running *d = ctx;
    struct rb_relay_stats s;
    char why[512] = "";
    if (rb_relay_reload(d->relay, why, sizeof why) != RB_OK)
        rb_log(RB_LOG_ERROR, "relay", "SIGHUP: %s Nothing was changed.", why);
    rb_relay_stats(d->relay, &s);
    rb_log(
        RB_LOG_INFO, "relay",
        "%zu parties listed; %zu connections, of which %zu wait; %zu pairs; since the start %llu "
        "joined, %llu refused, %llu proofs, %llu bytes passed",
        s.listed, s.conns, s.waiting, s.pairs, (unsigned long long)s.joined,
        (unsigned long long)s.refused, (unsigned long long)s.proofs, (unsigned long long)s.bytes);
}

static const struct rb_service_ops service_ops = {"relay", reload, say_state};

/* The list's folder stays readable, as the list may be replaced by a file of its name. */
static enum rb_err close_files(const char *list, char *why, size_t why_n) {
    char *folder = strdup(list);
    if (folder == NULL) return RB_ERR_LIMIT;
    char *slash = strrchr(folder, '/');
    if (slash != NULL) slash[slash == folder] = '\0';
    const struct rb_reach reach = {.config = slash != NULL ? folder : "."};
    const enum rb_err err = rb_sandbox(&reach, why, why_n);
    free(folder);
    return err;
}

static enum rb_err start(struct running *d, const struct relay_options *o, char *why,
                         size_t why_n) {
    (void)snprintf(why, why_n, "Memory is short.");
    RB_TRY(rb_crypto_init());
    rb_log_setup(o->level, o->json);
    d->base = event_base_new();
    if (d->base == NULL) return RB_ERR_LIMIT;
    RB_TRY(rb_service_open(&d->service, d->base, &service_ops, d));
    RB_TRY(rb_relay_open(d->base, &o->cfg, &d->relay, why, why_n));
    RB_TRY(rb_service_tell(&d->service));
    return close_files(o->cfg.list, why, why_n);
}

static int run(struct running *d) {
    struct rb_relay_stats s;
    rb_relay_stats(d->relay, &s);
    if (printf("readback-relay is ready: port %u, %zu parties listed\n",
               (unsigned)rb_relay_port(d->relay), s.listed) < 0 ||
        fflush(stdout) != 0)
        rb_log(RB_LOG_WARN, "relay", "nobody reads the line that says it is ready");
    rb_sd_notify("READY=1");
    if (event_base_dispatch(d->base) >= 0 && d->service.stopped) return EXIT_SUCCESS;
    rb_log(RB_LOG_ERROR, "relay", "the event loop ended");
    return EXIT_FAILURE;
}

static void stop(struct running *d) {
    rb_relay_close(d->relay);
    rb_service_close(&d->service);
    if (d->base != NULL) event_base_free(d->base);
}

int main(int argc, char **argv) {
    struct relay_options o = {.level = RB_LOG_INFO};
    struct running d = {0};
    char why[512] = "";
    const int end = read_options(argc, argv, &o);
    if (end >= 0) return end;
    (void)umask(077);
    rb_harden();
    const enum rb_err err = start(&d, &o, why, sizeof why);
    int status = err == RB_ERR_USAGE ? EXIT_USAGE : EXIT_FAILURE;
    if (err == RB_OK)
        status = run(&d);
    else
        (void)fprintf(stderr, "readback-relay: %s\n", why);
    stop(&d);
    return status;
}
