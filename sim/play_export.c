/* The verb export (spec 9.5): a channel as a folder; where the step says so, the outsider's program
 * reads that without any node, and what it says stands in the scorecard. */
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

/* by the clock of the exercise, not of the machine */
static json_t *verify(struct play *p, const char *folder, int *code) {
    char at[40];
    struct rb_writer w = rb_writer(at, sizeof at);
    rb_put_rfc3339(&w, p->stage->now_utc_ms(p->stage->ctx));
    const char *argv[] = {p->ex->verify, "--json", "--at", rb_writer_z(&w), folder, NULL};
    return p->ex->verify ? run(argv, code) : NULL;
}

static void check_folder(struct play *p, const json_t *s, const char *folder, struct outcome *o) {
    int code = -1;
    size_t n = strlen(o->text);
    json_t *said = verify(p, folder, &code);
    if (!said) {
        o->status = 0;
        json_decref(o->answer);
        o->answer = json_pack("{s:{s:s,s:s}}", "error", "code", "verify", "sentence",
                              p->ex->verify ? "readback-verify did not answer"
                                            : "where is readback-verify? --verify says it");
        return;
    }
    (void)snprintf(o->text + n, sizeof o->text - n, "; checked without any node: %s, %zu records",
                   json_is_true(json_object_get(said, "holds")) ? "it holds" : "it does NOT hold",
                   json_array_size(json_object_get(said, "records")));
    json_array_append_new(p->exports,
                          json_pack("{s:s,s:s,s:i,s:o}", "as", ex_string(s, "as"), "by",
                                    ex_string(s, "by"), "exit", code, "verified", said));
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
