/* Two real daemons over TLS on loopback, each with a home of its own: founding, release, who holds
 * what; a closed record and a sealed age key; and what happens when one is killed, started twice,
 * or finds its home in disorder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "readback/party.h"
#include "shell/api/client.h"
#include "shell/os/keystore.h"

static const char *readbackd; /* the program */

struct side {
    char handle[16], home[96], address[32], socket[128];
    struct rb_seckey party, officer;
    char card_base64[8192], fingerprint[48];
    pid_t pid;
    int out, err; /* the daemon's */
    struct rb_client *client;
    struct rb_signer_key sign_party, sign_officer;
};
struct world {
    char top[64];
    struct side a, b;
    char channel[40];
};

/* ---- homes -------------------------------------------------------------------------------------
 */

static enum rb_err sign_with(void *ctx, struct rb_slice msg, uint8_t sig[RB_SIG_LEN]) {
    rb_ed25519_sign(ctx, msg, sig);
    return RB_OK;
}

static void free_address(char out[32]) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    assert_int_equal(close(fd), 0);
    (void)snprintf(out, 32, "127.0.0.1:%u", ntohs(at.sin_port));
}

static void write_card(struct side *s, struct rb_home *h, struct rb_card *c) {
    uint8_t payload[4096], tbs[4200], card[6000], sig[RB_SIG_LEN];
    struct rb_writer w = rb_writer(payload, sizeof payload), t = rb_writer(tbs, sizeof tbs),
                     out = rb_writer(card, sizeof card),
                     text = rb_writer(s->card_base64, sizeof s->card_base64);
    rb_card_encode(c, &w);
    rb_party_tbs(rb_written(&w), &s->party.pub, &t);
    rb_ed25519_sign(&s->party, rb_written(&t), sig);
    assert_int_equal(rb_party_assemble(rb_written(&w), &s->party.pub, sig, &out), RB_OK);
    assert_int_equal(rb_home_write_new(h, "card.cose", rb_written(&out)), RB_OK);
    rb_put_base64(&text, out.p, out.n);
    (void)rb_writer_z(&text);
    rb_fingerprint(c->handle, &c->party, s->fingerprint);
}

static void make_side(struct side *s, const char *top, const char *handle, uint8_t seed) {
    struct rb_home *h = NULL;
    struct rb_seckey key;
    struct rb_card c = {
        .version = 1, .issued_utc_ms = 1443618000000, .names_n = 1, .officers_n = 1};
    uint8_t bytes[RB_SEED_LEN];
    char why[300];
    (void)snprintf(s->handle, sizeof s->handle, "%s", handle);
    (void)snprintf(s->home, sizeof s->home, "%s/%s", top, handle);
    (void)snprintf(s->socket, sizeof s->socket, "%s/readbackd.sock", s->home);
    free_address(s->address);
    memset(bytes, seed, sizeof bytes);
    rb_ed25519_from_seed(bytes, &s->party);
    bytes[0] ^= 0x55;
    rb_ed25519_from_seed(bytes, &s->officer);
    assert_int_equal(rb_home_create(s->home, &h, why, sizeof why), RB_OK);
    c.handle = rb_str(s->handle);
    c.party = s->party.pub;
    c.names[0].language = rb_str("en");
    c.names[0].name = rb_str(s->handle);
    c.addresses_n = 1;
    c.addresses[0] = rb_str(s->address);
    c.officers[0].name = rb_str("duty");
    c.officers[0].key = s->officer.pub;
    struct {
        const char *name;
        struct rb_key *at;
    } keys[] = {{"mirror", &c.mirror}, {"node", &c.node}, {"tls", &c.tls}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rb_keys_make(h, keys[i].name, &key), RB_OK);
        *keys[i].at = key.pub;
    }
    assert_int_equal(rb_keys_age_make(h, &c.age), RB_OK);
    write_card(s, h, &c);
    rb_home_close(h);
    s->sign_party = (struct rb_signer_key){&s->party, s->party.pub, sign_with};
    s->sign_officer = (struct rb_signer_key){&s->officer, s->officer.pub, sign_with};
    s->pid = 0;
}

/* of the daemon to be started */
static rlim_t file_limit;       /* no file grows beyond; 0 = none */
static const char *unlock_with; /* passphrase for --unlock-fd; NULL = none */
static const char *credentials; /* CREDENTIALS_DIRECTORY; NULL = none */

/* ---- daemons -----------------------------------------------------------------------------------
 */

/* descriptor with the passphrase's line for the child; -1 = none */
static int passphrase_line(void) {
    int p[2];
    if (unlock_with == NULL) return -1;
    assert_int_equal(pipe(p), 0);
    assert_true(dprintf(p[1], "%s\n", unlock_with) > 0 && close(p[1]) == 0);
    return p[0];
}

static void become(const struct side *s, const char *listen, int unlock_fd) {
    char number[16];
    (void)snprintf(number, sizeof number, "%d", unlock_fd);
    if (credentials != NULL && setenv("CREDENTIALS_DIRECTORY", credentials, 1) != 0) return;
    if (unlock_fd < 0)
        (void)execl(readbackd, "readbackd", "--home", s->home, "--listen", listen, (char *)NULL);
    else
        (void)execl(readbackd, "readbackd", "--home", s->home, "--listen", listen, "--unlock-fd",
                    number, (char *)NULL);
}

static void spawn(struct side *s, const char *listen) {
    int out[2], err[2];
    const int unlock_fd = passphrase_line();
    assert_true(pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0) {
        if (dup2(out[1], STDOUT_FILENO) < 0) _exit(127);
        /* in a sanitizer's build: its leak checker traces the process, which the daemon forbids */
        if (setenv("LSAN_OPTIONS", "detect_leaks=0", 1) != 0) _exit(127);
        if (getenv("DAEMON_TEST_LOG") == NULL && dup2(err[1], STDERR_FILENO) < 0) _exit(127);
        const struct rlimit limit = {file_limit, file_limit};
        if (file_limit > 0 &&
            (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &limit) != 0))
            _exit(127);
        become(s, listen, unlock_fd);
        _exit(127);
    }
    if (unlock_fd >= 0) assert_int_equal(close(unlock_fd), 0);
    assert_true(close(out[1]) == 0 && close(err[1]) == 0);
    s->out = out[0];
    s->err = err[0];
}

/* reads until a line is whole, or the end, or ten seconds */
static void read_line(int fd, char *buf, size_t cap) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    size_t n = 0;
    while (n + 1 < cap && poll(&p, 1, 10000) == 1 && read(fd, buf + n, 1) == 1 &&
           buf[n++] != '\n') {
    }
    buf[n] = '\0';
}

static void start(struct side *s) {
    char line[512];
    spawn(s, s->address);
    read_line(s->out, line, sizeof line);
    if (strstr(line, "readbackd is ready: port ") == NULL) {
        read_line(s->err, line, sizeof line);
        print_error("%s\n", line);
    }
    assert_non_null(strstr(line, s->socket));
    s->client = rb_client_unix(s->socket);
    assert_non_null(s->client);
}

static int end(struct side *s, int sig) {
    int status = -1;
    if (s->pid == 0) return 0;
    if (sig != 0) assert_int_equal(kill(s->pid, sig), 0);
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    s->pid = 0;
    (void)close(s->out);
    (void)close(s->err);
    if (s->client != NULL) rb_client_unix_free(s->client);
    s->client = NULL;
    return status;
}

static int setup(void **state) {
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    strcpy(w->top, "/tmp/readback-daemon-XXXXXX");
    assert_non_null(mkdtemp(w->top));
    make_side(&w->a, w->top, "northland", 11);
    make_side(&w->b, w->top, "southland", 22);
    file_limit = 0;
    unlock_with = credentials = NULL;
    *state = w;
    return 0;
}

static int teardown(void **state) {
    struct world *w = *state;
    char words[128];
    (void)end(&w->a, SIGKILL);
    (void)end(&w->b, SIGKILL);
    (void)snprintf(words, sizeof words, "rm -rf %s", w->top);
    free(w);
    return system(words);
}

/* ---- asking ------------------------------------------------------------------------------------
 */

static void expect_200(int status, json_t *out) {
    if (status != 200) {
        char *text = out == NULL ? NULL : json_dumps(out, 0);
        print_error("status %d: %s\n", status, text != NULL ? text : "");
        free(text);
    }
    assert_int_equal(status, 200);
}

static json_t *get(const struct side *s, const char *path) {
    json_t *out = NULL;
    expect_200(s->client->call(s->client->ctx, "GET", path, NULL, &out), out);
    return out;
}

static void accredit(const struct side *who, const struct side *whom) {
    json_t *out = NULL, *in = json_pack("{s:s, s:s}", "card", whom->card_base64, "fingerprint",
                                        whom->fingerprint);
    expect_200(who->client->call(who->client->ctx, "POST", "/v1/peers", in, &out), out);
    json_decref(in);
    json_decref(out);
}

/* asks again until the test is true; ten seconds at most */
static bool until(const struct world *w, const struct side *s,
                  bool (*test)(const struct world *, json_t *), const char *path) {
    json_t *last = NULL;
    bool yes = false;
    for (int i = 0; i < 500 && !yes; i++) {
        if (i > 0) (void)usleep(20000);
        json_decref(last);
        last = get(s, path);
        yes = test(w, last);
    }
    if (!yes) {
        char *text = json_dumps(last, JSON_INDENT(1));
        (void)fprintf(stderr, "%s of %s stayed: %s\n", path, s->handle, text);
        free(text);
    }
    json_decref(last);
    return yes;
}

/* its charter's record too: a channel is listed as soon as the charter is stored, judged a moment
 * later */
static bool invited(const struct world *w, json_t *o) {
    const json_t *one = json_array_get(json_object_get(o, "channels"), 0);
    (void)w;
    return one != NULL && json_integer_value(json_object_get(one, "records")) > 0;
}

static bool in_force(const struct world *w, json_t *o) {
    (void)w;
    const char *state = json_string_value(json_object_get(o, "state"));
    return state != NULL && strcmp(state, "in-force") == 0;
}

static size_t statements(json_t *o, const char *holder, size_t *held) {
    size_t i, k, n = 0;
    json_t *r, *h;
    json_array_foreach(json_object_get(o, "records"), i, r) {
        const char *kind = json_string_value(json_object_get(r, "kind"));
        if (kind == NULL || strcmp(kind, "statement") != 0) continue;
        n++;
        json_array_foreach(json_object_get(r, "holders"), k, h) {
            const char *member = json_string_value(json_object_get(h, "member"));
            if (member != NULL && strcmp(member, holder) == 0 &&
                json_is_true(json_object_get(h, "held")))
                (*held)++;
        }
    }
    return n;
}

static size_t wanted; /* statements */

static bool all_held(const struct world *w, json_t *o) {
    size_t held = 0;
    return statements(o, w->b.handle, &held) == wanted && held == wanted;
}

static bool all_here(const struct world *w, json_t *o) {
    size_t held = 0;
    return statements(o, w->b.handle, &held) == wanted;
}

static void found(struct world *w) {
    json_t *out = NULL;
    json_t *charter = json_pack("{s:s, s:b, s:[{s:s},{s:s}], s:s, s:s}", "title",
                                "Line of the test", "exercise", 1, "members", "handle", "northland",
                                "handle", "southland", "accept_in", "1h", "receipt_interval", "1s");
    assert_non_null(charter);
    accredit(&w->a, &w->b);
    accredit(&w->b, &w->a);
    expect_200(rb_client_found(w->a.client, &w->a.sign_officer, &w->a.sign_party, charter, &out),
               out);
    const char *channel = json_string_value(json_object_get(out, "channel"));
    assert_non_null(channel);
    (void)snprintf(w->channel, sizeof w->channel, "%s", channel);
    json_decref(out);
    json_decref(charter);
    assert_true(until(w, &w->b, invited, "/v1/channels"));
    expect_200(
        rb_client_accept(w->b.client, &w->b.sign_officer, &w->b.sign_party, w->channel, &out), out);
    json_decref(out);
}

static int release(const struct world *w, const struct side *s, int number) {
    char text[64];
    json_t *out = NULL;
    (void)snprintf(text, sizeof text, "Statement %d.", number);
    json_t *draft = json_pack("{s:s, s:s, s:{s:s, s:s}}", "channel", w->channel, "kind",
                              "statement", "body", "title", "Said in the test", "text", text);
    const int status = rb_client_release(s->client, &s->sign_officer, draft, &out);
    json_decref(draft);
    json_decref(out);
    return status;
}

static void path_to(const struct world *w, const char *rest, char out[160]) {
    (void)snprintf(out, 160, "/v1/channels/%s%s", w->channel, rest);
}

/* ---- the tests ---------------------------------------------------------------------------------
 */

static void two_daemons_found_release_and_hold(void **state) {
    struct world *w = *state;
    char whole[160], holds[160];
    start(&w->a);
    start(&w->b);
    found(w);
    path_to(w, "", whole);
    path_to(w, "/who-holds?limit=1000", holds);
    assert_true(until(w, &w->a, in_force, whole));
    assert_int_equal(release(w, &w->a, 1), 200);
    wanted = 1;
    assert_true(until(w, &w->a, all_held, holds));
    assert_true(until(w, &w->b, all_here, holds));
    assert_int_equal(release(w, &w->b, 2), 200);
    wanted = 2;
    assert_true(until(w, &w->a, all_here, holds));
    assert_int_equal(end(&w->a, SIGTERM), 0);
    assert_int_equal(end(&w->b, SIGINT), 0);
    start(&w->a); /* alone: what was held is still known */
    wanted = 2;
    assert_true(until(w, &w->a, all_held, holds));
}

/* Each round the sender is killed while it works; what it said was released is there, and gets
 * held. */
static void what_was_released_survives_kill_9(void **state) {
    struct world *w = *state;
    char whole[160], holds[160];
    size_t least = 0;
    start(&w->a);
    start(&w->b);
    found(w);
    path_to(w, "", whole);
    path_to(w, "/who-holds?limit=1000", holds);
    assert_true(until(w, &w->a, in_force, whole));
    for (int round = 0; round < 6; round++) {
        assert_int_equal(release(w, &w->a, round), 200);
        least++;
        const pid_t killer = fork();
        assert_true(killer >= 0);
        if (killer == 0) {
            (void)usleep((useconds_t)(1000 + 7000 * round));
            (void)kill(w->a.pid, SIGKILL);
            _exit(0);
        }
        while (release(w, &w->a, round) == 200)
            least++;
        assert_int_equal(waitpid(killer, NULL, 0), killer);
        (void)end(&w->a, 0);
        start(&w->a);
    }
    json_t *now = get(&w->a, holds);
    size_t held = 0;
    wanted = statements(now, w->b.handle, &held);
    json_decref(now);
    assert_true(wanted >= least);
    assert_true(until(w, &w->a, all_held, holds));
    assert_int_equal(end(&w->a, SIGTERM), 0);
}

static void a_full_disk_stops_it_and_loses_nothing(void **state) {
    struct world *w = *state;
    char whole[160], holds[160];
    size_t said = 0, held = 0;
    start(&w->a);
    start(&w->b);
    found(w);
    path_to(w, "", whole);
    path_to(w, "/who-holds?limit=1000", holds);
    assert_true(until(w, &w->a, in_force, whole));
    assert_int_equal(end(&w->a, SIGTERM), 0);
    file_limit = 300000;
    start(&w->a);
    file_limit = 0;
    while (said < 1000 && release(w, &w->a, (int)said) == 200)
        said++;
    const int status = end(&w->a, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    start(&w->a);
    json_t *now = get(&w->a, holds);
    wanted = statements(now, w->b.handle, &held);
    json_decref(now);
    assert_true(said > 0 && said < 1000 && wanted >= said);
    assert_true(until(w, &w->a, all_held, holds));
}

/* the daemon's one sentence, after it ended with exit status 1 */
static void expect_sentence(struct side *s, const char *words) {
    char line[512];
    spawn(s, s->address);
    read_line(s->err, line, sizeof line);
    const int status = end(s, 0);
    if (strstr(line, words) == NULL) print_error("%s\n", line);
    assert_non_null(strstr(line, words));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

static void path_of(const struct side *s, const char *name, char out[160]) {
    (void)snprintf(out, 160, "%s/%s", s->home, name);
}

static void disorder_is_a_sentence(void **state) {
    struct world *w = *state;
    struct side twin = w->a;
    char path[160], other[160];
    start(&w->a);
    expect_sentence(&twin, "Another readbackd runs on");
    assert_int_equal(end(&w->a, SIGTERM), 0);
    path_of(&w->a, "keys/node.pem", path);
    assert_int_equal(chmod(path, 0644), 0);
    expect_sentence(&w->a, "chmod 600");
    assert_int_equal(chmod(path, 0600), 0);
    path_of(&w->a, "keys/mirror.pem", other);
    assert_true(rename(path, other) == 0);
    expect_sentence(&w->a, "holds no mirror key"); /* another's lies there */
    assert_true(link(other, path) == 0);
    expect_sentence(&w->a, "card.cose names a key that is not here");
    path_of(&w->b, "card.cose", path);
    assert_int_equal(truncate(path, 40), 0);
    expect_sentence(&w->b, "card.cose is not a card");
    path_of(&w->b, "heads", other);
    FILE *f = fopen(other, "a");
    assert_true(f != NULL && fputs("log readback/x 1\n", f) >= 0 && fclose(f) == 0);
    expect_sentence(&w->b, "line 2: damaged");
}

/* ---- closed records and the sealed age key ------------------------------------------------------
 */

static const char pass[] = "four words of chance",
                  secret_words[] = "Quiet hours at the northern well";

static void seal_key(const struct side *s) {
    struct rb_home *h = NULL;
    char why[400];
    assert_int_equal(rb_home_open(s->home, &h, why, sizeof why), RB_OK);
    assert_int_equal(rb_keys_age_seal(h, rb_str(pass)), RB_OK);
    rb_home_close(h);
}

static void assert_key(const struct side *s, const char *state) {
    json_t *o = get(s, "/v1/status");
    assert_string_equal(json_string_value(json_object_get(o, "age_key")), state);
    json_decref(o);
}

static int unlock(const struct side *s, const char *passphrase) {
    json_t *out = NULL, *in = json_pack("{s:s}", "passphrase", passphrase);
    const int status = s->client->call(s->client->ctx, "POST", "/v1/unlock", in, &out);
    json_decref(in);
    json_decref(out);
    return status;
}

/* reads lines of the log until one has these words; ten seconds without a line are the end */
static bool logged(const struct side *s, const char *words) {
    char line[1024];
    do
        read_line(s->err, line, sizeof line);
    while (line[0] != '\0' && strstr(line, words) == NULL);
    return line[0] != '\0';
}

static void write_text(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    assert_true(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void a_sealed_key_starts_locked_and_is_unlocked(void **state) {
    struct world *w = *state;
    char dir[96], path[128];
    start(&w->a);
    assert_key(&w->a, "open");
    assert_int_equal(unlock(&w->a, pass), 409);
    assert_int_equal(end(&w->a, SIGTERM), 0);
    seal_key(&w->a);
    start(&w->a);
    assert_true(logged(&w->a, "the age key is sealed"));
    assert_key(&w->a, "sealed");
    assert_int_equal(unlock(&w->a, "four words of chants"), 403);
    assert_key(&w->a, "sealed");
    assert_int_equal(unlock(&w->a, pass), 200);
    assert_key(&w->a, "unlocked");
    assert_int_equal(unlock(&w->a, pass), 409);
    assert_int_equal(end(&w->a, SIGTERM), 0);
    unlock_with = pass;
    start(&w->a);
    assert_key(&w->a, "unlocked");
    assert_int_equal(end(&w->a, SIGTERM), 0);
    unlock_with = "not these words";
    expect_sentence(&w->a, "The passphrase does not open");
    unlock_with = "";
    expect_sentence(&w->a, "The passphrase is empty");
    unlock_with = NULL;
    (void)snprintf(dir, sizeof dir, "%s/credentials", w->top);
    (void)snprintf(path, sizeof path, "%s/readback-age", dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    credentials = dir;
    write_text(path, pass);
    start(&w->a);
    assert_key(&w->a, "unlocked");
    assert_int_equal(end(&w->a, SIGTERM), 0);
    write_text(path, "of another home\n");
    start(&w->a); /* the line is kept up */
    credentials = NULL;
    assert_true(logged(&w->a, "does not unlock the age key"));
    assert_key(&w->a, "sealed");
}

static int release_closed(const struct world *w, const struct side *s, const char *to) {
    json_t *out = NULL;
    json_t *draft =
        json_pack("{s:s, s:s, s:[s], s:{s:s, s:s}}", "channel", w->channel, "kind", "statement",
                  "recipients", to, "body", "title", "To one", "text", secret_words);
    const int status = rb_client_release(s->client, &s->sign_officer, draft, &out);
    if (status != 200) expect_200(status, out);
    json_decref(draft);
    json_decref(out);
    return status;
}

static const char *body_wanted; /* state of the closed statement's body */

static json_t *closed_one(json_t *list) {
    size_t i;
    json_t *r;
    json_array_foreach(json_object_get(list, "records"), i,
                       r) if (json_is_true(json_object_get(r, "closed"))) return r;
    return NULL;
}

static bool body_is(const struct world *w, json_t *o) {
    const char *state = json_string_value(json_object_get(closed_one(o), "body_state"));
    (void)w;
    return state != NULL && strcmp(state, body_wanted) == 0;
}

static bool readable_words(const struct world *w, json_t *o) {
    const json_t *body = json_object_get(closed_one(o), "body");
    const char *text = json_string_value(json_object_get(body, "text"));
    (void)w;
    return text != NULL && strcmp(text, secret_words) == 0;
}

static bool words_on_disk(const struct side *s) {
    char words[300];
    (void)snprintf(words, sizeof words, "grep -rqaF '%s' %s --exclude=readbackd.sock", secret_words,
                   s->home);
    const int status = system(words);
    assert_true(WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 0;
}

/* While b's key is sealed it keeps the body and does not open it; then it reads it. Nothing of what
 * it says reaches either disk. */
static void a_closed_record_waits_for_the_key(void **state) {
    struct world *w = *state;
    char whole[160], records[160];
    seal_key(&w->b);
    start(&w->a);
    start(&w->b);
    found(w);
    path_to(w, "", whole);
    path_to(w, "/log?bodies=1&limit=1000", records);
    assert_true(until(w, &w->a, in_force, whole));
    assert_int_equal(release_closed(w, &w->a, w->b.handle), 200);
    assert_true(until(w, &w->a, readable_words, records));
    body_wanted = "held";
    assert_true(until(w, &w->b, body_is, records));
    json_t *locked = get(&w->b, records);
    assert_false(readable_words(w, locked));
    json_decref(locked);
    assert_int_equal(unlock(&w->b, pass), 200);
    body_wanted = "opened";
    assert_true(until(w, &w->b, body_is, records));
    assert_true(until(w, &w->b, readable_words, records));
    assert_false(words_on_disk(&w->a) || words_on_disk(&w->b));
    assert_int_equal(end(&w->a, SIGTERM), 0);
    assert_int_equal(end(&w->b, SIGTERM), 0);
    assert_false(words_on_disk(&w->a) || words_on_disk(&w->b));
    start(&w->a); /* opened again after a start */
    assert_true(until(w, &w->a, readable_words, records));
}

static void a_key_in_disorder_is_a_sentence(void **state) {
    struct world *w = *state;
    char path[160], other[160], words[400];
    path_of(&w->a, "keys/age.txt", path);
    path_of(&w->b, "keys/age.txt", other);
    assert_int_equal(unlink(path), 0);
    expect_sentence(&w->a, "neither age.txt nor age.age");
    (void)snprintf(words, sizeof words, "cp -p %s %s", other, path);
    assert_int_equal(system(words), 0);
    expect_sentence(&w->a, "names another age key");
    path_of(&w->a, "keys/age.age", other);
    write_text(other, "x");
    assert_int_equal(chmod(other, 0600), 0);
    expect_sentence(&w->a, "both");
}

static void wrong_options_are_refused(void **state) {
    struct world *w = *state;
    char words[300];
    (void)snprintf(words, sizeof words, "%s --home %s --listen nowhere 2>/dev/null", readbackd,
                   w->a.home);
    assert_int_equal(WEXITSTATUS(system(words)), 2);
    (void)snprintf(words, sizeof words, "%s --no-such-option 2>/dev/null", readbackd);
    assert_int_equal(WEXITSTATUS(system(words)), 2);
    (void)snprintf(words, sizeof words, "%s surplus 2>/dev/null", readbackd);
    assert_int_equal(WEXITSTATUS(system(words)), 2);
    (void)snprintf(words, sizeof words, "%s --home %s --config /nonexistent 2>/dev/null", readbackd,
                   w->a.home);
    assert_int_equal(WEXITSTATUS(system(words)), 1);
    (void)snprintf(words, sizeof words, "%s --home %s --unlock-fd first 2>/dev/null", readbackd,
                   w->a.home);
    assert_int_equal(WEXITSTATUS(system(words)), 2);
    (void)snprintf(words, sizeof words, "%s --help | grep -q '^Examples:'", readbackd);
    assert_int_equal(system(words), 0);
    (void)snprintf(words, sizeof words, "%s --version | grep -q '^readbackd [0-9]'", readbackd);
    assert_int_equal(system(words), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char **argv) {
    const struct CMUnitTest daemons[] = {
        T(two_daemons_found_release_and_hold),
        T(what_was_released_survives_kill_9),
        T(a_full_disk_stops_it_and_loses_nothing),
        T(disorder_is_a_sentence),
        T(a_sealed_key_starts_locked_and_is_unlocked),
        T(a_closed_record_waits_for_the_key),
        T(a_key_in_disorder_is_a_sentence),
        T(wrong_options_are_refused),
    };
    if (argc != 2 || rb_crypto_init() != RB_OK) return 1;
    readbackd = argv[1];
    return cmocka_run_group_tests(daemons, NULL, NULL);
}
