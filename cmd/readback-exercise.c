/* readback-exercise: plays an exercise file (spec/exercise-format.md), simulated or live. */
#include <getopt.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>
#include "sim/exercise.h"

static const char help[] =
    "Examples:\n"
    "  readback-exercise exercises/a-standing-channels.json          simulated time, seconds\n"
    "  readback-exercise --live exercises/a-standing-channels.json   real daemons over TLS on loopback\n"
    "  readback-exercise --json --seed 7 FILE                        one JSON object, another seed\n"
    "\n"
    "Usage: readback-exercise [OPTION]... FILE\n"
    "  --live             play with real readbackd processes in a temporary directory\n"
    "  --check            only read the file and apply the truth rule\n"
    "  --json             transcript, scorecard and expectations as one JSON object\n"
    "  --seed NUMBER      seed of the simulated run (default: the file's)\n"
    "  --readbackd PATH   the daemon for --live (default: beside this program)\n"
    "  --verify PATH      readback-verify, for what is checked (default: beside this program)\n"
    "  --dir PATH         where the homes of a live run are made; kept afterwards\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 all expectations hold, 1 one failed (it is named), 2 the file or the command line is off,\n"
    "3 the machinery failed.\n";

struct options {
    bool live, json, check, seeded;
    uint64_t seed;
    const char *readbackd, *verify, *dir, *file;
};

/* -1: go on; else the exit status */
static int read_options(int argc, char **argv, struct options *o) {
    static const struct option known[] = {{"live", 0, NULL, 'l'}, {"json", 0, NULL, 'j'}, {"check", 0, NULL, 'c'},
                                          {"seed", 1, NULL, 's'}, {"readbackd", 1, NULL, 'd'}, {"dir", 1, NULL, 'D'}, {"verify", 1, NULL, 'V'},
                                          {"help", 0, NULL, 'h'}, {"version", 0, NULL, 'v'}, {NULL, 0, NULL, 0}};
    int c;
    while ((c = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        switch (c) {
        case 'l': o->live = true; break;
        case 'j': o->json = true; break;
        case 'c': o->check = true; break;
        case 'd': o->readbackd = optarg; break;
        case 'D': o->dir = optarg; break;
        case 'V': o->verify = optarg; break;
        case 's':
            o->seeded = true;
            if (rb_dec_decode(rb_str(optarg), &o->seed) == RB_OK) break;
            (void)fprintf(stderr, "readback-exercise: --seed wants a number\n");
            return EX_FILE;
        case 'h': (void)fputs(help, stdout); return EX_HELD;
        case 'v': (void)puts("readback-exercise " READBACK_VERSION); return EX_HELD;
        default: return EX_FILE;
        }
    }
    if (argc - optind == 1) {
        o->file = argv[optind];
        return -1;
    }
    (void)fprintf(stderr, "readback-exercise: one file is wanted; --help shows examples\n");
    return EX_FILE;
}

/* NAME in the folder of this program */
static bool beside(const char *name, char *out, size_t cap) {
    char self[1024];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) return false;
    self[n] = 0;
    char *slash = strrchr(self, '/');
    if (slash) *slash = 0;
    return snprintf(out, cap, "%s/%s", self, name) < (int)cap;
}

static bool open_stage(const struct exercise *ex, const struct options *o, uint64_t seed, struct stage *st, char *why,
                       size_t why_n) {
    char path[1100];
    if (!ex->live) return stage_sim_open(ex, seed, st, why, why_n);
    if (!o->readbackd && !beside("readbackd", path, sizeof path)) {
        (void)snprintf(why, why_n, "where is readbackd? --readbackd says it");
        return false;
    }
    return stage_live_open(ex, o->readbackd ? o->readbackd : path, o->dir, st, why, why_n);
}

static void say_end(const struct play *p, enum ex_exit code, size_t n) {
    size_t held = 0, i;
    json_t *e;
    json_array_foreach(p->expectations, i, e) held += json_is_true(json_object_get(e, "held"));
    (void)fprintf(p->out ? p->out : stderr, "EXERCISE  %zu of %zu expectations hold; seed=%llu\n", held, n,
                  (unsigned long long)p->seed);
    if (code == EX_HELD) return;
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s: %s\n  %s\n", code == EX_FAILED ? "FAILED" : "STOPPED", p->failed, p->why);
}

static size_t expectations(const struct exercise *ex) {
    size_t n = json_array_size(json_object_get(ex->root, "expect")), i;
    json_t *s;
    json_array_foreach(json_object_get(ex->root, "steps"), i, s) n += strcmp(ex_string(s, "do"), "expect") == 0;
    return n;
}

static int play(struct exercise *ex, const struct options *o) {
    char why[512], verify[1100];
    uint64_t seed = o->seeded ? o->seed : ex->seed;
    struct stage st;
    struct play p;
    ex->verify = o->verify ? o->verify : beside("readback-verify", verify, sizeof verify) ? verify : NULL;
    if (!open_stage(ex, o, seed, &st, why, sizeof why)) {
        (void)fprintf(stderr, "readback-exercise: %s\n", why);
        return EX_MACHINERY;
    }
    enum ex_exit code = ex_play(ex, &st, seed, o->json ? NULL : stdout, &p);
    if (o->json) {
        json_t *report = ex_report(&p);
        (void)json_dumpf(report, stdout, JSON_INDENT(1));
        (void)puts("");
        json_decref(report);
    }
    say_end(&p, code, expectations(ex));
    st.close(st.ctx);
    ex_play_free(&p);
    return fflush(stdout) == 0 ? (int)code : EX_MACHINERY;
}

int main(int argc, char **argv) {
    struct options o = {0};
    struct exercise ex;
    char why[512];
    (void)setlocale(LC_CTYPE, "");
    int code = read_options(argc, argv, &o);
    if (code >= 0) return code;
    if (!ex_load(o.file, o.live, &ex, why, sizeof why)) {
        (void)fprintf(stderr, "readback-exercise: %s\n", why);
        return EX_FILE;
    }
    if (o.check)
        (void)printf("EXERCISE  %s: %zu parties, %zu steps; it reads, and each step of a named party names its source\n", ex.title, ex_parties(&ex),
                     json_array_size(json_object_get(ex.root, "steps")));
    code = o.check ? EX_HELD : play(&ex, &o);
    ex_free(&ex);
    return code;
}
