/* The live stage: a home and a readbackd process for each party, TLS on loopback, each local API over its
 * Unix socket. Keys are drawn anew for each run and officers' keys stay in this process. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "copy_home.h"
#include "exercise.h"
#include "shell/os/keystore.h"
#include "shell/os/os.h"
#include "sim.h"

#define READY_MS 30000
#define STOP_MS 10000
#define PATH_N 600u

struct live_party {
    const char *handle;
    char home[PATH_N];
    struct rb_seckey party, officer[SIM_MAX_OFFICERS];
    const char *officer_name[SIM_MAX_OFFICERS];
    size_t officers_n;
    uint16_t port; /* 0: only outwards */
    pid_t pid;     /* 0: not running */
    struct rb_client *client;
};
struct live {
    struct stage *stage;
    char readbackd[PATH_N * 2];
    char dir[PATH_N / 2];
    bool keep;
    int64_t offset_ms, limit_s, began_ms;
    struct live_party party[EX_MAX_PARTIES];
    size_t parties_n;
    char broken[PATH_N + 256];
};

static int64_t real_ms(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

__attribute__((format(printf, 2, 3))) static bool fail(struct live *l, const char *fmt, ...) {
    va_list ap;
    if (l->broken[0]) return false;
    va_start(ap, fmt);
    (void)vsnprintf(l->broken, sizeof l->broken, fmt, ap);
    va_end(ap);
    return false;
}

/* ---- homes --------------------------------------------------------------------------------------- */
static void draw(struct rb_seckey *k) {
    uint8_t seed[RB_SEED_LEN];
    rb_random(seed, sizeof seed);
    rb_ed25519_from_seed(seed, k);
    rb_wipe(seed, sizeof seed);
}

static void officers(struct live_party *p, const json_t *list) {
    p->officers_n = json_array_size(list) ? json_array_size(list) : 1;
    for (size_t i = 0; i < p->officers_n; i++) {
        p->officer_name[i] = list ? json_string_value(json_array_get(list, i)) : "duty";
        draw(&p->officer[i]);
    }
}

static enum rb_err keys_and_card(struct rb_home *h, const struct live *l, struct live_party *p, const char *name) {
    struct rb_seckey node, mirror, tls;
    char address[64];
    struct rb_card c = {.handle = rb_str(p->handle), .party = p->party.pub, .version = 1,
                        .issued_utc_ms = real_ms() + l->offset_ms, .names_n = 1, .officers_n = p->officers_n};
    RB_TRY(rb_keys_make(h, "node", &node));
    RB_TRY(rb_keys_make(h, "mirror", &mirror));
    RB_TRY(rb_keys_make(h, "tls", &tls));
    RB_TRY(rb_keys_age_make(h, &c.age));
    c.node = node.pub;
    c.mirror = mirror.pub;
    c.tls = tls.pub;
    c.names[0].language = rb_str("en");
    c.names[0].name = rb_str(name);
    for (size_t i = 0; i < p->officers_n; i++)
        c.officers[i] = (struct rb_officer){rb_str(p->officer_name[i]), p->officer[i].pub};
    if (p->port) {
        (void)snprintf(address, sizeof address, "127.0.0.1:%u", p->port);
        c.addresses[c.addresses_n++] = rb_str(address);
    }
    uint8_t card[RB_MAX_CARD];
    struct rb_writer w = rb_writer(card, sizeof card);
    RB_TRY(sim_card_sign(&c, &p->party, &w));
    return rb_home_write_new(h, "card.cose", rb_written(&w));
}

static bool home_make(struct live *l, struct live_party *p, const json_t *j) {
    struct rb_home *h = NULL;
    char why[400] = "";
    (void)snprintf(p->home, sizeof p->home, "%s/%s", l->dir, p->handle);
    draw(&p->party);
    officers(p, json_object_get(j, "officers"));
    if (rb_home_create(p->home, &h, why, sizeof why) != RB_OK) return fail(l, "%s", why);
    enum rb_err err = keys_and_card(h, l, p, ex_string(j, "name"));
    if (err != RB_OK) (void)fail(l, "the home of %s could not be made: %s %.300s", p->handle, rb_err_text(err), rb_home_error(h));
    rb_home_close(h);
    return err == RB_OK;
}

/* ---- ports: all are taken at once, so that none comes twice; then given up for the daemons --------- */
static int port_take(uint16_t *port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
        (void)close(fd);
        return -1;
    }
    *port = ntohs(a.sin_port);
    return fd;
}

static bool ports(struct live *l, const struct exercise *ex) {
    int fd[EX_MAX_PARTIES];
    bool ok = true;
    for (size_t i = 0; i < l->parties_n; i++) {
        bool outward = json_is_true(json_object_get(ex_party(ex, i), "outward-only"));
        fd[i] = outward ? -1 : port_take(&l->party[i].port);
        ok = ok && (outward || fd[i] >= 0);
    }
    for (size_t i = 0; i < l->parties_n; i++)
        if (fd[i] >= 0) (void)close(fd[i]);
    return ok || fail(l, "no free port on loopback");
}

/* ---- processes -------------------------------------------------------------------------------------- */
static void child(const struct live *l, const struct live_party *p, int out, pid_t parent) {
    char offset[32], listen_on[32], log[PATH_N + 16];
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127);
    (void)snprintf(offset, sizeof offset, "%lld", (long long)l->offset_ms);
    (void)snprintf(listen_on, sizeof listen_on, "127.0.0.1:%u", p->port);
    (void)snprintf(log, sizeof log, "%s.log", p->home);
    int err = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (err < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0) _exit(127);
    (void)setenv("READBACK_TEST_CLOCK_OFFSET_MS", offset, 1);
    const char *argv[] = {l->readbackd, "--home", p->home, "--exercise-clock", p->port ? "--listen" : NULL, listen_on, NULL};
    (void)execv(l->readbackd, (char *const *)(uintptr_t)argv);
    _exit(127);
}

static bool wait_ready(struct live *l, const struct live_party *p, int fd) {
    char buf[512] = {0};
    size_t n = 0;
    int64_t until = real_ms() + READY_MS;
    while (n < sizeof buf && !memchr(buf, '\n', n)) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        int64_t left = until - real_ms();
        if (left <= 0 || poll(&pfd, 1, (int)left) <= 0) return fail(l, "readbackd of %s is not ready after %d s", p->handle, READY_MS / 1000);
        ssize_t got = read(fd, buf + n, sizeof buf - n);
        if (got <= 0) return fail(l, "readbackd of %s ended before it was ready; see %s.log (--dir keeps it)", p->handle, p->home);
        n += (size_t)got;
    }
    return true;
}

static bool launch(struct live *l, struct live_party *p) {
    int fd[2];
    pid_t self = getpid();
    if (pipe2(fd, O_CLOEXEC) != 0) return fail(l, "no pipe");
    (void)fflush(NULL);
    p->pid = fork();
    if (p->pid == 0) child(l, p, fd[1], self);
    (void)close(fd[1]);
    bool ok = p->pid > 0 && wait_ready(l, p, fd[0]);
    (void)close(fd[0]);
    if (p->pid < 0) {
        p->pid = 0;
        return fail(l, "no process for %s", p->handle);
    }
    return ok;
}

static void halt(struct live_party *p, int sig) {
    if (!p->pid) return;
    (void)kill(p->pid, sig);
    int64_t until = real_ms() + STOP_MS;
    while (waitpid(p->pid, NULL, WNOHANG) == 0) {
        if (real_ms() > until) (void)kill(p->pid, SIGKILL);
        (void)poll(NULL, 0, 10);
    }
    p->pid = 0;
}

static void watch(struct live *l) { /* nobody may die unasked */
    for (size_t i = 0; i < l->parties_n; i++) {
        struct live_party *p = &l->party[i];
        if (!p->pid || waitpid(p->pid, NULL, WNOHANG) != p->pid) continue;
        p->pid = 0;
        (void)fail(l, "readbackd of %s ended by itself; see %s.log (--dir keeps it)", p->handle, p->home);
    }
    if (real_ms() - l->began_ms > l->limit_s * 1000)
        (void)fail(l, "the live run takes longer than its limit of %lld s", (long long)l->limit_s);
}

/* ---- the stage ----------------------------------------------------------------------------------------- */
static struct rb_client client(void *ctx, size_t i) { return *((struct live *)ctx)->party[i].client; }
static enum rb_err key_sign(void *ctx, struct rb_slice msg, uint8_t sig[RB_SIG_LEN]) {
    rb_ed25519_sign(ctx, msg, sig);
    return RB_OK;
}
static struct rb_signer_key officer(void *ctx, size_t i, const char *name) {
    struct live_party *p = &((struct live *)ctx)->party[i];
    size_t k = 0;
    while (name && k < p->officers_n && strcmp(p->officer_name[k], name) != 0) k++;
    if (k == p->officers_n) return (struct rb_signer_key){NULL, {{0}}, key_sign};
    return (struct rb_signer_key){&p->officer[k], p->officer[k].pub, key_sign};
}
static struct rb_signer_key party_key(void *ctx, size_t i) {
    struct live_party *p = &((struct live *)ctx)->party[i];
    return (struct rb_signer_key){&p->party, p->party.pub, key_sign};
}
static int64_t now(void *ctx) { return real_ms() + ((struct live *)ctx)->offset_ms; }
static const char *broken(void *ctx) {
    struct live *l = ctx;
    watch(l);
    return l->broken[0] ? l->broken : NULL;
}
static bool wait_until(void *ctx, int64_t utc_ms) {
    while (now(ctx) < utc_ms && !broken(ctx)) {
        int64_t left = utc_ms - now(ctx);
        (void)poll(NULL, 0, left > 200 ? 200 : left > 0 ? (int)left : 0);
    }
    return !broken(ctx);
}
static bool start(void *ctx, size_t i) {
    struct live *l = ctx;
    return l->party[i].pid != 0 || launch(l, &l->party[i]);
}
static bool stop(void *ctx, size_t i, bool crash) {
    halt(&((struct live *)ctx)->party[i], crash ? SIGKILL : SIGTERM);
    return !broken(ctx);
}

static bool is_up(void *ctx, size_t i) { return ((struct live *)ctx)->party[i].pid != 0; }
static void copy_path(const struct live *l, size_t i, const char *name, char out[PATH_N]) {
    (void)snprintf(out, PATH_N, "%.500s.copy-%.64s", l->party[i].home, name);
}
static bool copy(void *ctx, size_t i, const char *name) {
    struct live *l = ctx;
    char to[PATH_N], why[400] = "";
    copy_path(l, i, name, to);
    return home_copy(l->party[i].home, to, why, sizeof why) || fail(l, "no copy of %s: %s", l->party[i].handle, why);
}
static bool restore(void *ctx, size_t i, const char *name, bool whole) {
    struct live *l = ctx;
    char from[PATH_N], why[400] = "";
    copy_path(l, i, name, from);
    return home_put_back(from, l->party[i].home, whole, why, sizeof why) ||
           fail(l, "%s could not be put back: %s", l->party[i].handle, why);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static void close_(void *ctx) {
    struct live *l = ctx;
    for (size_t i = 0; i < l->parties_n; i++) { /* all are told first, then waited for */
        if (l->party[i].pid) (void)kill(l->party[i].pid, SIGTERM);
        if (l->party[i].client) rb_client_unix_free(l->party[i].client);
    }
    for (size_t i = 0; i < l->parties_n; i++) halt(&l->party[i], SIGTERM);
    if (!l->keep && l->dir[0]) (void)nftw(l->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    rb_wipe(l, sizeof *l);
    free(l);
}

static bool dir_make(struct live *l, const char *dir) {
    const char *tmp = getenv("TMPDIR");
    l->keep = dir != NULL;
    int n = dir ? snprintf(l->dir, sizeof l->dir, "%s", dir)
                : snprintf(l->dir, sizeof l->dir, "%s/readback-exercise-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    /* a socket's path has room for 107 bytes */
    if (n < 0 || (size_t)n + RB_MAX_HANDLE + sizeof "//readbackd.sock" > 107) {
        l->dir[0] = 0;
        return fail(l, "the directory's name is too long for the sockets in it");
    }
    if (dir ? mkdir(dir, 0700) == 0 || errno == EEXIST : mkdtemp(l->dir) != NULL) return true;
    l->dir[0] = 0;
    return fail(l, "the directory %s could not be made", dir ? dir : "for the run");
}

static bool party_up(struct live *l, struct live_party *p) {
    char socket_path[PATH_N + 32];
    if (!launch(l, p)) return false;
    (void)snprintf(socket_path, sizeof socket_path, "%s/readbackd.sock", p->home);
    p->client = rb_client_unix(socket_path);
    return p->client != NULL || fail(l, "memory is short");
}

static bool set_up(struct live *l, const struct exercise *ex, const char *dir) {
    if (rb_crypto_init() != RB_OK) return fail(l, "the crypto library failed");
    if (access(l->readbackd, X_OK) != 0) return fail(l, "there is no program at %s; --readbackd says where it is", l->readbackd);
    if (!dir_make(l, dir) || !ports(l, ex)) return false;
    for (size_t i = 0; i < l->parties_n; i++)
        if (!home_make(l, &l->party[i], ex_party(ex, i))) return false;
    for (size_t i = 0; i < l->parties_n; i++)
        if (!party_up(l, &l->party[i])) return false;
    return true;
}

bool stage_live_open(const struct exercise *ex, const char *readbackd, const char *dir, struct stage *out, char *why,
                     size_t why_n) {
    struct live *l = calloc(1, sizeof *l);
    if (!l) return false;
    l->stage = out;
    (void)snprintf(l->readbackd, sizeof l->readbackd, "%s", readbackd);
    l->limit_s = ex->live_limit_s;
    l->began_ms = real_ms();
    l->offset_ms = ex->start_utc_ms - l->began_ms;
    l->parties_n = ex_parties(ex);
    for (size_t i = 0; i < l->parties_n; i++) l->party[i].handle = ex_string(ex_party(ex, i), "handle");
    *out = (struct stage){.ctx = l, .mode = "live", .client = client, .officer = officer, .party_key = party_key,
                          .now_utc_ms = now, .wait_until = wait_until, .start = start, .stop = stop, .is_up = is_up, .copy = copy,
                          .restore = restore, .broken = broken, .close = close_};
    if (set_up(l, ex, dir)) return true;
    (void)snprintf(why, why_n, "%s", l->broken);
    close_(l);
    return false;
}
