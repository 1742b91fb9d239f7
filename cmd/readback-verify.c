/* readback-verify: an export or a disclosure checked without daemon, database or network. */
#include <getopt.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmd/verify_disclosure.h"
#include "cmd/verify_fork.h"

/* address space, not memory: pages are taken as they are touched */
#define REGION_CAP ((size_t)16 << 30)
#define ARENA_CAP ((size_t)4 << 30)

static const char usage[] =
    "readback-verify FOLDER --fingerprint north=DIGITS --fingerprint south=DIGITS\n"
    "readback-verify disclosure.json --fingerprint north=DIGITS\n"
    "readback-verify disclosure.json --content annex.pdf\n"
    "readback-verify --json FOLDER\n"
    "readback-verify fork-north-0-1.txt --log-key line-2026/north/log.vkey\n"
    "readback-verify readback-fork:AGx...\n"
    "\n"
    "Checks a folder that `readback export` wrote: signatures, logs, receipts, keys; or a file that\n"
    "`readback disclose` wrote: one record, its place in its author's log, and what is shown of it;\n"
    "or, with --adoption, a text, its charter and what was said of it.\n"
    "Or evidence that a log key signed two histories, as `readback forks --save` wrote it, or the text of\n"
    "its QR code. Reads nothing else and asks nobody.\n"
    "\n"
    "  --fingerprint HANDLE=DIGITS  the 40 digits as the party itself gave them; again for each party.\n"
    "                               Without it the keys are only as the exporter or discloser gave them.\n"
    "  --at TIME                    of a folder: judge as of then (2026-01-31T12:00:00Z); by default as of\n"
    "                               the latest time that a record or receipt names\n"
    "  --content FILE               of a disclosure: the attachment that is too long to lie within it\n"
    "  --log-key KEY                of evidence: the log key (NAME+...), or a file with it (log.vkey)\n"
    "  --card FILE --delegation FILE  of evidence: the party's card, and its delegation of the log key\n"
    "  --json                       one JSON object\n"
    "  --help                       this\n"
    "\n"
    "Exit status: 0 all of it holds (of evidence: the fork is proven), 1 something does not (named, with its\n"
    "place and clause), 2 wrong usage.\n";

static int misused(const char *words, const char *what) {
    fprintf(stderr, "readback-verify: %s%s%s\nTry: readback-verify --help\n", words, *what ? ": " : "", what);
    return 2;
}

static void *reserve(size_t *cap) {
    for (; *cap >= (size_t)64 << 20; *cap /= 2) {
        void *p = mmap(NULL, *cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p != MAP_FAILED) return p;
    }
    return NULL;
}

static bool memory(struct verify *v) {
    size_t n[4] = {REGION_CAP, ARENA_CAP, ARENA_CAP, ARENA_CAP};
    void *p[4];
    for (size_t i = 0; i < 4; i++)
        if ((p[i] = reserve(&n[i])) == NULL) return false;
    rb_region_init(&v->region, p[0], n[0]);
    v->work = rb_arena(p[1], n[1]);
    v->fold = rb_arena(p[2], n[2]);
    v->keys = rb_arena(p[3], n[3]);
    return true;
}

/* HANDLE=DIGITS; the argument is cut in two where it stands */
static bool take_fingerprint(struct verify *v, char *arg) {
    char *eq = strchr(arg, '=');
    size_t digits = 0;
    if (eq == NULL || !rb_handle_ok(rb_slice(arg, (size_t)(eq - arg)))) return false;
    for (const char *c = eq + 1; *c != 0; c++) {
        if (*c >= '0' && *c <= '9') digits++;
        else if (*c != ' ' && *c != '-') return false;
    }
    if (digits != RB_FINGERPRINT_DIGITS) return false;
    v->expected = reallocarray(v->expected, v->expected_n + 1, sizeof *v->expected);
    if (v->expected == NULL) abort();
    *eq = 0;
    v->expected[v->expected_n++] = (struct verify_expected){arg, eq + 1, false};
    return true;
}

static int options(struct verify *v, int argc, char **argv, bool *json, const char **content,
                   struct verify_fork_ask *fork) {
    static const struct option known[] = {{"fingerprint", required_argument, NULL, 'f'},
                                          {"at", required_argument, NULL, 'a'},
                                          {"content", required_argument, NULL, 'c'},
                                          {"log-key", required_argument, NULL, 'l'},
                                          {"card", required_argument, NULL, 'C'},
                                          {"delegation", required_argument, NULL, 'd'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c == 'j') *json = true;
        else if (c == 'c') *content = optarg;
        else if (c == 'l') fork->log_key = optarg;
        else if (c == 'C') fork->card = optarg;
        else if (c == 'd') fork->delegation = optarg;
        else if (c == 'f') {
            if (!take_fingerprint(v, optarg)) return misused("not HANDLE=40 digits", optarg);
        } else if (c == 'a') {
            v->at_given = true;
            if (rb_rfc3339_decode(rb_str(optarg), &v->at_utc_ms) != RB_OK || v->at_utc_ms < 0)
                return misused("not a time like 2026-01-31T12:00:00Z", optarg);
        } else if (c == 'h') {
            fputs(usage, stdout);
            exit(0);
        } else {
            return 2; /* getopt has said it */
        }
    }
    if (optind + 1 != argc) return misused(optind == argc ? "which folder or file?" : "one folder or file only", "");
    return 0;
}

static void release(struct verify *v) {
    for (size_t i = 0; i < v->feeds_n; i++) {
        free((void *)(uintptr_t)v->feeds[i].checkpoint.p);
        free(v->feeds[i].held);
    }
    free(v->feeds);
    free(v->expected);
    free(v->sizes);
    free(v->parties);
    verify_list_free(&v->bad);
    verify_list_free(&v->notes);
    if (v->fs.last >= 0) (void)close(v->fs.last);
    if (v->fs.root >= 0) (void)close(v->fs.root);
}

static int folder(struct verify *v, const char *path, bool json) {
    const int e = verify_open_root(v, path);
    if (e != 0) return misused(strerror(e), path);
    verify_run(v);
    (json ? verify_json : verify_say)(v, stdout);
    return v->bad.total == 0 ? 0 : 1;
}

static bool is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int main(int argc, char **argv) {
    static struct verify v = {.fs = {.root = -1, .last = -1}};
    const char *content = NULL;
    struct verify_fork_ask ask = {0};
    bool json = false;
    int status = options(&v, argc, argv, &json, &content, &ask);
    if (status != 0) return status;
    const char *path = argv[optind];
    const bool export = is_folder(path), fork = !export && verify_is_fork(path);
    const bool key = ask.log_key || ask.card || ask.delegation;
    if (key && !fork)
        return misused("--log-key, --card and --delegation go with evidence of a fork", "");
    if (fork && (content || v.at_given)) return misused("--content and --at do not go with evidence", "");
    if (export && content != NULL) return misused("--content goes with a disclosure, not with a folder", "");
    if (!export && v.at_given) return misused("--at goes with a folder, not with a disclosure", "");
    if (rb_crypto_init() != RB_OK || !memory(&v)) {
        fputs("readback-verify: not enough memory\n", stderr);
        return 2;
    }
    if (fork) status = verify_fork(&v, path, &ask, json);
    else status = export ? folder(&v, path, json) : verify_disclosure(&v, path, content, json);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("readback-verify: the report could not be written\n", stderr);
        status = 1;
    }
    release(&v);
    return status;
}
