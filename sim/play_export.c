/* The verbs export and disclose (spec 9.5): a channel as a folder, a record as a file; where the
 * step says so, the outsider's program reads that without any node, and what it says stands in the
 * scorecard. */
#include "play.h"
#include <ftw.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static void drop(const char *dir) {
    (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* what the program says on its standard output, as JSON; NULL: it could not be run, or said no JSON
 */
static json_t *run(const char *const *argv, int *code) {
    int fd[2], status = -1;
    pid_t pid;
    posix_spawn_file_actions_t a;
    json_t *out = NULL;
    if (pipe(fd) != 0) return NULL;
    (void)posix_spawn_file_actions_init(&a);
    (void)posix_spawn_file_actions_adddup2(&a, fd[1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_addclose(&a, fd[0]);
    bool ok = posix_spawn(&pid, argv[0], &a, NULL, (char *const *)(uintptr_t)argv, environ) == 0;
    (void)posix_spawn_file_actions_destroy(&a);
    (void)close(fd[1]);
    FILE *f = fdopen(fd[0], "r");
    if (f && ok) out = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL);
    if (f)
        (void)fclose(f);
    else
        (void)close(fd[0]);
    if (ok) (void)waitpid(pid, &status, 0);
    *code = ok && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return out;
}

static void failed(struct outcome *o, const char *code, const char *sentence) {
    o->status = 0;
    json_decref(o->answer);
    o->answer = json_pack("{s:{s:s,s:s}}", "error", "code", code, "sentence", sentence);
}

/* argv[0] is put in here. What it says goes into `list`; NULL: it said nothing that can be read,
 * and the step has failed */
static const json_t *check(struct play *p, const json_t *s, const char **argv, json_t *list,
                           struct outcome *o) {
    int code = -1;
    size_t n = strlen(o->text);
    argv[0] = p->ex->verify;
    json_t *said = p->ex->verify ? run(argv, &code) : NULL;
    if (!said) {
        failed(o, "verify", p->ex->verify ? "readback-verify did not answer"
                                          : "where is readback-verify? --verify says it");
        return NULL;
    }
    (void)snprintf(o->text + n, sizeof o->text - n, "; checked without any node: %s",
                   json_is_true(json_object_get(said, "holds")) ? "it holds" : "it does NOT hold");
    json_array_append_new(list, json_pack("{s:s,s:s,s:i,s:o}", "as", ex_string(s, "as"), "by",
                                          ex_string(s, "by"), "exit", code, "verified", said));
    return said;
}

/* by the clock of the exercise, not of the machine */
static void check_folder(struct play *p, const json_t *s, const char *folder, struct outcome *o) {
    char at[40];
    struct rb_writer w = rb_writer(at, sizeof at);
    rb_put_rfc3339(&w, p->stage->now_utc_ms(p->stage->ctx));
    const char *argv[] = {NULL, "--json", "--at", rb_writer_z(&w), folder, NULL};
    const json_t *said = check(p, s, argv, p->exports, o);
    const size_t n = strlen(o->text);
    if (said)
        (void)snprintf(o->text + n, sizeof o->text - n, ", %zu records",
                       json_array_size(json_object_get(said, "records")));
}

void play_export(struct play *p, const json_t *s, struct outcome *o) {
    struct rb_client c = play_client(p, play_by(p, s));
    const char *tmp = getenv("TMPDIR");
    char dir[256], folder[288];
    (void)snprintf(dir, sizeof dir, "%.200s/readback-export-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir)) return;
    (void)snprintf(folder, sizeof folder, "%s/export", dir);
    json_t *in = json_pack("{s:s,s:s}", "channel", play_channel(p, s), "directory", folder);
    if (p->ex->live) json_object_del(in, "directory"); /* a daemon writes into its own home alone */
    o->status = c.call(c.ctx, "POST", "/v1/export", in, &o->answer);
    json_decref(in);
    (void)snprintf(o->text, sizeof o->text, "exports the channel: %zu feeds",
                   json_array_size(json_object_get(o->answer, "feeds")));
    const char *written = ex_string(o->answer, "directory");
    char made[1024] = "";
    if (o->status == 200 && written) {
        (void)snprintf(made, sizeof made, "%s", written);
        if (ex_string(s, "as")) check_folder(p, s, made, o);
    }
    if (made[0]) drop(made);
    drop(dir);
}

/* ---- disclosures -------------------------------------------------------------------------------
 */
/* as somebody else might hand it on: another text in the place of its last part's; false: it has
 * none */
static bool alter(json_t *file, const char *text) {
    json_t *parts = json_object_get(file, "parts");
    char base64[1400];
    struct rb_writer w = rb_writer(base64, sizeof base64);
    rb_put_base64(&w, (const uint8_t *)text, strlen(text));
    const char *z = rb_writer_z(&w);
    const size_t n = json_array_size(parts);
    return n > 0 && z &&
           json_object_set_new(json_array_get(parts, n - 1), "plaintext", json_string(z)) == 0;
}

static void check_disclosure(struct play *p, const json_t *s, struct outcome *o) {
    const char *tmp = getenv("TMPDIR"), *altered = ex_string(s, "altered");
    char path[256];
    (void)snprintf(path, sizeof path, "%.200s/readback-disclosure-XXXXXX",
                   tmp && *tmp ? tmp : "/tmp");
    const int fd = mkstemp(path);
    if (fd < 0) return;
    const char *argv[] = {NULL, "--json", path, NULL};
    if ((altered && !alter(o->answer, altered)) ||
        json_dumpfd(o->answer, fd, JSON_INDENT(1)) != 0) {
        failed(o, "altered", "there is no part in it to alter, or its text is too long");
    } else {
        const json_t *said = check(p, s, argv, p->disclosures, o);
        if (said && !altered && !json_is_true(json_object_get(said, "holds")))
            failed(o, "verify", "readback-verify does not take the disclosure that was made");
    }
    (void)close(fd);
    (void)unlink(path);
}

void play_disclose(struct play *p, const json_t *s, struct outcome *o) {
    static const char *const passed_on[] = {"level", "paragraphs", "adoption"};
    json_t *in = json_object();
    char subject[16];
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++)
        if (json_object_get(s, passed_on[i]))
            json_object_set(in, passed_on[i], json_object_get(s, passed_on[i]));
    play_record_call(p, s, "disclose", in, o);
    const char *level = ex_string(o->answer, "level"), *asked = ex_string(s, "level");
    (void)snprintf(o->text, sizeof o->text, "discloses %s to outsiders: %s%s",
                   play_short(ex_string(s, "record"), subject),
                   json_is_true(json_object_get(s, "adoption")) ? "with what was said of it"
                   : level                                      ? level
                   : asked                                      ? asked
                                                                : "what the charter allows",
                   ex_string(s, "altered") ? "; somebody alters the file" : "");
    if (o->status == 200 && ex_string(s, "as")) check_disclosure(p, s, o);
}
