/* readback restore: a home out of a backup. What it will then do is the node's (spec 6.14). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "backup.h"

/* ---- may it be? -------------------------------------------------------------------------------
 */

static int target_free(struct cli *c, const char *home) {
    struct stat st;
    if (lstat(home, &st) != 0) return CLI_OK;
    DIR *d = S_ISDIR(st.st_mode) ? opendir(home) : NULL;
    bool empty = d != NULL;
    for (struct dirent *e; d && (e = readdir(d)) != NULL;)
        empty = empty && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0);
    if (d) closedir(d);
    if (empty) return CLI_OK;
    return cli_fail(c, "A backup is put back into a new home: --home NEW.",
                    "%s exists and is not empty; nothing is overwritten", home);
}

/* Is a home of this party there, and does a daemon run on it? */
enum other { OTHER_NONE, OTHER_RESTS, OTHER_RUNS };
static enum other look_at(const char *home, const struct rb_key *party) {
    char path[RB_HOME_PATH_MAX + 16], handle[RB_MAX_HANDLE + 1];
    struct rb_key theirs;
    if (*home == 0 || strlen(home) >= RB_HOME_PATH_MAX || !backup_party(home, handle, &theirs) ||
        !rb_key_eq(&theirs, party))
        return OTHER_NONE;
    snprintf(path, sizeof path, "%s/lock", home);
    const int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return OTHER_RESTS;
    const bool runs = flock(fd, LOCK_EX | LOCK_NB) != 0;
    close(fd);
    return runs ? OTHER_RUNS : OTHER_RESTS;
}

static int one_other(struct cli *c, const char *home, const struct rb_key *party) {
    char question[RB_HOME_PATH_MAX + 160];
    int rc = CLI_OK;
    const enum other o = look_at(home, party);
    if (o == OTHER_NONE) return CLI_OK;
    if (o == OTHER_RUNS)
        return cli_fail(c, "Two nodes of one party would make two histories of each of its logs.",
                        "a daemon of this party runs on %s", home);
    snprintf(question, sizeof question,
             "%s is a home of this party too. It must never be started again. Restore?", home);
    (void)cli_confirm(c, question, &rc);
    return rc;
}

/* the home it was taken from, and the one that is taken where none is named */
static int others(struct cli *c, const char *backup, const json_t *m) {
    char usual[RB_HOME_PATH_MAX] = "", handle[RB_MAX_HANDLE + 1];
    struct rb_key party;
    const char *was = cli_str(m, "home");
    if (!backup_party(backup, handle, &party))
        return cli_fail(c, NULL, "%s/card.cose is not a party's card", backup);
    int rc = one_other(c, was, &party);
    if (rc != CLI_OK || rb_home_path(NULL, usual, sizeof usual) != RB_OK) return rc;
    return strcmp(usual, was) == 0 || strcmp(usual, c->home) == 0 ? rc
                                                                  : one_other(c, usual, &party);
}

/* ---- doing it ---------------------------------------------------------------------------------
 */

static int put_files(struct cli *c, const char *backup, const json_t *m, const char *part) {
    char from[RB_HOME_PATH_MAX + 512], to[RB_HOME_PATH_MAX + 512];
    json_t *f;
    size_t i;
    int rc = CLI_OK;
    json_array_foreach(json_object_get(m, "files"), i, f) {
        if (rc != CLI_OK) break;
        snprintf(from, sizeof from, "%s/%s", backup, cli_str(f, "name"));
        snprintf(to, sizeof to, "%s/%s", part, cli_str(f, "name"));
        backup_tell(c, "copying", i, json_array_size(json_object_get(m, "files")));
        rc = backup_copy_large(c, from, to);
    }
    backup_tell(c, "", 1, 1);
    return rc;
}

static int put(struct cli *c, const char *backup, const json_t *m) {
    char part[RB_HOME_PATH_MAX + 64];
    struct rb_home *to = NULL;
    int rc = backup_begin(c, c->home, &to, part, sizeof part);
    if (rc != CLI_OK) return rc;
    rb_home_close(to);
    rc = put_files(c, backup, m, part);
    if (rc == CLI_OK) rc = backup_end(c, part, c->home, true);
    if (rc != CLI_OK) backup_drop(part);
    return rc;
}

static void say(struct cli *c, const json_t *m) {
    printf("%s, as it was at %s, is in %s\n", cli_text(m, "handle"), cli_text(m, "made"), c->home);
    puts("  Start it: it asks the members what they hold of what it signed since, takes its own "
         "records back from\n  them, and signs nothing before (`readback status` shows how many "
         "have answered).\n"
         "  What was purged since is in the backup still: when it has taken its records back, "
         "`readback log --kind\n  service` shows its own purges; purge those again.\n"
         "  Never start the old home again, should it turn up. Drafts and records that waited "
         "unsigned since the\n  backup are gone: ask the officers.");
}

int cli_restore(struct cli *c) {
    json_t *m = NULL;
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    size_t n = strlen(c->home);
    while (n > 1 && c->home[n - 1] == '/')
        c->home[--n] = 0;
    if (n + 64 >= sizeof c->home) return cli_usage(c, "the home's name is too long");
    int rc = target_free(c, c->home);
    if (rc == CLI_OK) rc = backup_verify(c, c->args[0], &m);
    if (rc == CLI_OK) rc = others(c, c->args[0], m);
    if (rc == CLI_OK) rc = put(c, c->args[0], m);
    if (rc == CLI_OK && c->json) {
        json_object_set_new(m, "restored", json_string(c->home));
        cli_json(m);
    } else if (rc == CLI_OK) {
        say(c, m);
    }
    json_decref(m);
    return rc;
}
