/* readback backup: a copy of the home, taken while the daemon runs, and what it is worth. The head
 * file is never in it (spec 6.9.1). */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "backup.h"
#include "readback/text.h"
#include "shell/os/os.h"

/* ---- the list of files ------------------------------------------------------------------------
 */

bool backup_name_ok(const char *name) {
    if (strcmp(name, "readback.db") == 0 || strcmp(name, "card.cose") == 0 ||
        strcmp(name, "config.ini") == 0)
        return true;
    const char *rest = strncmp(name, "keys/", 5) == 0 ? name + 5 : "";
    return *rest && *rest != '.' && strlen(rest) < 256 && strchr(rest, '/') == NULL;
}

static int list_one(struct cli *c, const char *folder, const char *name, json_t *files) {
    char path[RB_HOME_PATH_MAX + 512], hex[65];
    uint64_t size = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const int rc = backup_digest(c, path, hex, &size);
    if (rc == CLI_OK)
        json_array_append_new(files, json_pack("{s:s,s:I,s:s}", "name", name, "size",
                                               (json_int_t)size, "sha256", hex));
    return rc;
}

static json_t *counts(const struct rb_copy_facts *f) {
    return json_pack("{s:I,s:I,s:I,s:I,s:I}", "format", (json_int_t)f->version, "logs",
                     (json_int_t)f->feeds, "leaves", (json_int_t)f->leaves, "checkpoints",
                     (json_int_t)f->checkpoints, "closed_bodies", (json_int_t)f->bodies);
}

static json_t *manifest_new(const struct cli *c, const char *home, json_t *files,
                            const struct rb_copy_facts *f) {
    char when[40], handle[RB_MAX_HANDLE + 1] = "", hex[65], full[4096] = "";
    struct rb_writer w = rb_writer(when, sizeof when), h = rb_writer(hex, sizeof hex);
    struct rb_key party = {{0}};
    struct rb_hash hash;
    (void)backup_party(home, handle, &party);
    rb_party_hash(&party, &hash);
    rb_put_hex(&h, hash.b, RB_HASH_LEN);
    rb_put_rfc3339(&w, rb_clock_now(0).utc_ms);
    char *real = realpath(c->home, NULL);
    snprintf(full, sizeof full, "%s", real ? real : c->home);
    free(real);
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o}", "format", BACKUP_FORMAT, "made",
                     rb_writer_z(&w), "by", "readback " READBACK_VERSION, "handle", handle, "party",
                     rb_writer_z(&h), "home", full, "database", f ? counts(f) : json_null(),
                     "files", files);
}

static int manifest_write(struct cli *c, struct rb_home *to, const json_t *m) {
    char *text = json_dumps(m, JSON_INDENT(2));
    if (text == NULL) return cli_fail(c, NULL, "memory is short");
    const enum rb_err err = rb_home_write_new(to, "manifest.json", rb_str(text));
    free(text);
    return err == RB_OK ? CLI_OK : cli_fail(c, NULL, "%s", rb_home_error(to));
}

/* ---- taking it --------------------------------------------------------------------------------
 */

struct taking {
    struct rb_home *from, *to;
    char part[RB_HOME_PATH_MAX + 64];
    struct backup_name *names;
    size_t n;
    bool has_db;
    struct rb_copy_facts facts;
    json_t *manifest;
};

static int copy_db(struct cli *c, struct taking *t) {
    char from[RB_HOME_PATH_MAX + 16], to[RB_HOME_PATH_MAX + 80], why[RB_HOME_PATH_MAX + 256] = "";
    t->has_db = rb_home_has(t->from, "readback.db");
    if (!t->has_db) return CLI_OK; /* a home whose daemon never ran */
    snprintf(from, sizeof from, "%s/readback.db", c->home);
    snprintf(to, sizeof to, "%s/readback.db", t->part);
    if (rb_store_copy(from, to, backup_tell, c, why, sizeof why) != RB_OK ||
        rb_store_verify(to, backup_tell, c, &t->facts, why, sizeof why) != RB_OK) {
        backup_tell(c, "", 1, 1);
        return cli_fail(c, NULL, "%s", why);
    }
    backup_tell(c, "", 1, 1);
    return CLI_OK;
}

/* Keys come after the database: what it needs of them is there by then. */
static int copy_names(struct cli *c, struct taking *t) {
    int rc = backup_names(c, c->home, &t->names, &t->n);
    if (rc == CLI_OK && t->n > BACKUP_FILES)
        rc = cli_fail(c, NULL, "%s/keys has more than %d files", c->home, BACKUP_FILES);
    for (size_t i = 0; rc == CLI_OK && i < t->n; i++)
        rc = backup_copy(c, t->from, t->to, t->names[i].name);
    return rc;
}

/* A key that was changed meanwhile, or came, would not fit the rest. */
static int unchanged(struct cli *c, struct taking *t) {
    struct backup_name *now = NULL;
    size_t n = 0;
    int rc = backup_names(c, c->home, &now, &n);
    bool same = n == t->n;
    for (size_t i = 0; rc == CLI_OK && same && i < n; i++) {
        char one[RB_HOME_PATH_MAX + 512], two[RB_HOME_PATH_MAX + 512], a[65] = "", b[65] = "";
        uint64_t size = 0;
        snprintf(one, sizeof one, "%s/%s", c->home, now[i].name);
        snprintf(two, sizeof two, "%s/%s", t->part, t->names[i].name);
        rc = backup_digest(c, one, a, &size);
        if (rc == CLI_OK) rc = backup_digest(c, two, b, &size);
        same = rc == CLI_OK && strcmp(now[i].name, t->names[i].name) == 0 && strcmp(a, b) == 0;
    }
    free(now);
    if (rc != CLI_OK || same) return rc;
    return cli_fail(c, "Say it again.", "keys or settings of %s changed while they were copied",
                    c->home);
}

static int list_all(struct cli *c, struct taking *t) {
    json_t *files = json_array();
    int rc = t->has_db ? list_one(c, t->part, "readback.db", files) : CLI_OK;
    for (size_t i = 0; rc == CLI_OK && i < t->n; i++)
        rc = list_one(c, t->part, t->names[i].name, files);
    t->manifest = manifest_new(c, t->part, files, t->has_db ? &t->facts : NULL);
    return rc == CLI_OK ? manifest_write(c, t->to, t->manifest) : rc;
}

static int take_all(struct cli *c, struct taking *t) {
    int rc = copy_db(c, t);
    if (rc == CLI_OK) rc = copy_names(c, t);
    if (rc == CLI_OK) rc = unchanged(c, t);
    if (rc == CLI_OK) rc = list_all(c, t);
    return rc;
}

static void say_counts(const json_t *m) {
    const json_t *d = json_object_get(m, "database");
    if (json_is_object(d))
        printf("  %lld leaves of %lld logs agree with %lld checkpoints; %lld closed bodies, "
               "sealed\n",
               (long long)cli_int(d, "leaves"), (long long)cli_int(d, "logs"),
               (long long)cli_int(d, "checkpoints"), (long long)cli_int(d, "closed_bodies"));
    else
        puts("  no database: its daemon had not run yet");
}

static int say_taken(struct cli *c, const char *path, json_t *m) {
    json_object_set_new(m, "backup", json_string(path));
    if (c->json) {
        cli_json(m);
        return CLI_OK;
    }
    printf("Backed up %s to %s\n", cli_text(m, "handle"), path);
    say_counts(m);
    puts("  It holds the party's keys, and content that is purged here from now on: keep it as the "
         "home is kept,\n  and no longer than the charter keeps content. It is put back with "
         "`readback restore`.");
    return CLI_OK;
}

static int take(struct cli *c, const char *path) {
    struct taking t = {0};
    char why[RB_HOME_PATH_MAX + 256] = "";
    struct stat st;
    if (lstat(path, &st) == 0)
        return cli_fail(c, NULL, "%s exists already and is not overwritten", path);
    if (rb_home_open(c->home, &t.from, why, sizeof why) != RB_OK)
        return cli_fail(c, NULL, "%s", why);
    int rc = backup_begin(c, path, &t.to, t.part, sizeof t.part);
    if (rc == CLI_OK) {
        rc = take_all(c, &t);
        rb_home_close(t.to);
        if (rc == CLI_OK) rc = backup_end(c, t.part, path, false);
        if (rc != CLI_OK) backup_drop(t.part);
    }
    rb_home_close(t.from);
    free(t.names);
    if (rc == CLI_OK) rc = say_taken(c, path, t.manifest);
    json_decref(t.manifest);
    return rc;
}

/* ---- checking it ------------------------------------------------------------------------------
 */

static json_t *manifest_read(struct cli *c, const char *path) {
    char file[RB_HOME_PATH_MAX + 16];
    json_error_t e;
    snprintf(file, sizeof file, "%s/manifest.json", path);
    json_t *m = json_load_file(file, JSON_REJECT_DUPLICATES, &e);
    const json_t *files = json_object_get(m, "files");
    if (m && strcmp(cli_str(m, "format"), BACKUP_FORMAT) == 0 && json_is_array(files) &&
        json_array_size(files) <= BACKUP_FILES)
        return m;
    json_decref(m);
    cli_fail(c, "A backup is made with `readback backup DIRECTORY`, whole or not at all.",
             "%s is not a backup that this program reads: its manifest.json is missing or of "
             "another form",
             path);
    return NULL;
}

static int check_file(struct cli *c, const char *path, const json_t *f) {
    char file[RB_HOME_PATH_MAX + 512], hex[65];
    uint64_t size = 0;
    const char *name = cli_str(f, "name");
    if (!backup_name_ok(name))
        return cli_fail(c, NULL, "the list in %s names a file that no backup holds", path);
    snprintf(file, sizeof file, "%s/%s", path, name);
    const int rc = backup_digest(c, file, hex, &size);
    if (rc != CLI_OK) return rc;
    if (strcmp(hex, cli_str(f, "sha256")) == 0 && (json_int_t)size == cli_int(f, "size"))
        return CLI_OK;
    return cli_fail(c, NULL, "%s is not what was backed up", file);
}

static int check_db(struct cli *c, const char *path) {
    char file[RB_HOME_PATH_MAX + 16], why[RB_HOME_PATH_MAX + 256] = "";
    struct rb_copy_facts facts = {0};
    snprintf(file, sizeof file, "%s/readback.db", path);
    const enum rb_err err = rb_store_verify(file, backup_tell, c, &facts, why, sizeof why);
    backup_tell(c, "", 1, 1);
    return err == RB_OK ? CLI_OK : cli_fail(c, NULL, "%s", why);
}

int backup_verify(struct cli *c, const char *path, json_t **manifest) {
    json_t *m = strlen(path) < RB_HOME_PATH_MAX ? manifest_read(c, path) : NULL, *f;
    bool card = false, db = false;
    int rc = m ? CLI_OK : CLI_FAILED;
    size_t i;
    *manifest = m;
    json_array_foreach(json_object_get(m, "files"), i, f) {
        if (rc == CLI_OK) rc = check_file(c, path, f);
        card = card || strcmp(cli_str(f, "name"), "card.cose") == 0;
        db = db || strcmp(cli_str(f, "name"), "readback.db") == 0;
    }
    if (rc == CLI_OK && !card) rc = cli_fail(c, NULL, "%s has no card of a party", path);
    if (rc == CLI_OK && db) rc = check_db(c, path);
    return rc;
}

static int verify(struct cli *c, const char *path) {
    json_t *m = NULL;
    const int rc = backup_verify(c, path, &m);
    if (rc == CLI_OK && c->json) {
        json_object_set_new(m, "verified", json_true());
        cli_json(m);
    } else if (rc == CLI_OK) {
        printf("%s is whole: %s, taken %s, %zu files as listed\n", path, cli_text(m, "handle"),
               cli_text(m, "made"), json_array_size(json_object_get(m, "files")));
        say_counts(m);
    }
    json_decref(m);
    return rc;
}

int cli_backup(struct cli *c) {
    char path[RB_HOME_PATH_MAX];
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    size_t n = strlen(c->args[0]);
    while (n > 1 && c->args[0][n - 1] == '/')
        n--;
    if (n == 0 || n >= sizeof path - 64) return cli_usage(c, "the folder's name is too long");
    snprintf(path, sizeof path, "%.*s", (int)n, c->args[0]);
    return cli_has(c, "verify") ? verify(c, path) : take(c, path);
}
