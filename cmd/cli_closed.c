/* Closed content: sealed again for somebody else, purged, disclosed, rosters; and the age key. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli.h"
#include "readback/text.h"

/* ---- to others, in a record of its own ---------------------------------------------------------
 */
int cli_reseal(struct cli *c) {
    json_t *o = NULL;
    struct cli_path p;
    if (!cli_want_args(c, 1, 1) || cli_record_word(c, c->args[0]) != CLI_OK) return CLI_USAGE;
    if (!cli_has(c, "recipients"))
        return cli_usage(c, "say who may read it now: --recipients HANDLE");
    cli_path(&p, "/v1/records/", c->args[0], "");
    int rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && !cli_true(o, "closed"))
        rc = cli_fail(c, NULL, "the record is open: every member can read it, later ones too");
    if (rc == CLI_OK) {
        json_t *draft = json_pack("{s:s,s:s,s:s,s:[s]}", "channel", cli_str(o, "channel"), "kind",
                                  cli_str(o, "kind"), "same_as", cli_str(o, "record"), "about",
                                  cli_str(o, "record"));
        rc = cli_envelope(c, draft);
        if (rc == CLI_OK)
            rc = cli_release(c, draft);
        else
            json_decref(draft);
    }
    json_decref(o);
    return rc;
}

/* ---- purge -------------------------------------------------------------------------------------
 */
int cli_purge(struct cli *c) {
    json_t *o = NULL, *in = json_object();
    struct cli_path p;
    int rc = cli_want_args(c, 1, 1) ? cli_record_word(c, c->args[0]) : CLI_USAGE;
    if (cli_has(c, "reason")) json_object_set_new(in, "reason", json_string(cli_get(c, "reason")));
    json_object_set_new(in, "despite", json_boolean(cli_has(c, "despite")));
    if (rc == CLI_OK) {
        cli_path(&p, "/v1/records/", c->args[0], "/purge");
        if (!c->yes)
            fputs(
                "The text goes from this node for good; that the record exists, who held it and "
                "since "
                "when stays,\nand a service record says to all that it was purged here. The other "
                "holders keep theirs.\n",
                stderr);
        if (cli_confirm(c, "Purge it here?", &rc)) rc = cli_call(c, "POST", p.z, in, &o);
    }
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK)
        printf("Purged here; said in %s\n", cli_str(o, "record"));
    json_decref(in);
    json_decref(o);
    return rc;
}

/* ---- disclosure --------------------------------------------------------------------------------
 */
static int paragraphs(struct cli *c, json_t *in) {
    json_t *list = json_array();
    const char *v;
    int rc = CLI_OK;
    for (size_t i = 0; rc == CLI_OK && (v = cli_nth(c, "paragraph", i)) != NULL; i++) {
        uint64_t n = 0;
        if (rb_dec_decode(rb_str(v), &n) != RB_OK || n > RB_MAX_PARAGRAPHS)
            rc = cli_usage(c, "--paragraph %s: a number from 1, or 0 for the heading", v);
        json_array_append_new(list, json_integer((json_int_t)n));
    }
    if (json_array_size(list)) json_object_set(in, "paragraphs", list);
    json_decref(list);
    return rc;
}
/* a new file, for the owner alone */
static int write_new(struct cli *c, const char *path, const json_t *o) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (f == NULL) {
        if (fd >= 0) close(fd);
        return cli_fail(c, "Name a file that does not exist yet.", "%s cannot be made", path);
    }
    bool bad = json_dumpf(o, f, JSON_INDENT(1) | JSON_PRESERVE_ORDER) != 0;
    bad = fputc('\n', f) == EOF || bad;
    bad = fflush(f) != 0 || fsync(fd) != 0 || bad;
    bad = fclose(f) != 0 || bad;
    if (bad) unlink(path);
    return bad ? cli_fail(c, NULL, "%s could not be written", path) : CLI_OK;
}
static const char *disclosed(const json_t *o) {
    const char *level = cli_str(o, "level");
    if (strcmp(level, "whole") == 0) return "its whole content";
    if (strcmp(level, "paragraphs") == 0) return "the paragraphs named, and no other";
    return strcmp(level, "fact") == 0 ? "that it exists, of whom, when and to whom; no content"
                                      : "its hash and place; nothing else";
}
int cli_disclose(struct cli *c) {
    json_t *o = NULL, *in = json_object();
    struct cli_path p;
    const char *out = cli_get(c, "out");
    int rc = cli_want_args(c, 1, 1) ? cli_record_word(c, c->args[0]) : CLI_USAGE;
    if (cli_has(c, "fact") && cli_has(c, "hash") && rc == CLI_OK)
        rc = cli_usage(c, "--fact or --hash, not both");
    if (cli_has(c, "fact")) json_object_set_new(in, "level", json_string("fact"));
    if (cli_has(c, "hash")) json_object_set_new(in, "level", json_string("hash"));
    if (rc == CLI_OK) rc = paragraphs(c, in);
    if (rc == CLI_OK) {
        cli_path(&p, "/v1/records/", c->args[0], "/disclose");
        rc = cli_call(c, "POST", p.z, in, &o);
    }
    if (rc == CLI_OK && out) {
        rc = write_new(c, out, o);
        if (rc == CLI_OK)
            fprintf(stderr, "%s proves to anyone: %s.\nCheck it with: readback-verify %s\n", out,
                    disclosed(o), out);
    } else if (rc == CLI_OK) {
        json_dumpf(o, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
        fputc('\n', stdout);
    }
    json_decref(in);
    json_decref(o);
    return rc;
}

/* ---- rosters -----------------------------------------------------------------------------------
 */
/* "name | duty | contact | from | to", what is not known left empty */
static int person(struct cli *c, char *line, size_t number, json_t *persons) {
    static const char *const fields[] = {"name", "duty", "contact", "from", "to"};
    json_t *o = json_object();
    for (size_t i = 0; i < 5 && line; i++) {
        char *end = strchr(line, '|'), *next = end ? end + 1 : NULL;
        if (end) *end = 0;
        line += strspn(line, " \t");
        size_t n = strlen(line);
        while (n > 0 && strchr(" \t\r", line[n - 1]))
            line[--n] = 0;
        if (n > 0) json_object_set_new(o, fields[i], json_string(line));
        line = next;
    }
    if (line == NULL && json_object_get(o, "name")) {
        json_array_append_new(persons, o);
        return CLI_OK;
    }
    json_decref(o);
    return cli_usage(c, "line %zu of the roster: name | duty | contact | from | to is wanted",
                     number);
}
static int roster_body(struct cli *c, json_t **body) {
    size_t n = 0, number = 0;
    char *buf = cli_read_file(c, cli_get(c, "file"), RB_MAX_TEXT, &n), *at = buf;
    json_t *persons = json_array();
    int rc = buf ? CLI_OK : CLI_FAILED;
    while (rc == CLI_OK && at && *at) {
        char *line = at;
        size_t k = strcspn(at, "\n");
        at += k + (at[k] == '\n');
        line[k] = 0;
        number++;
        if (line[strspn(line, " \t\r")] != 0 && *line != '#') rc = person(c, line, number, persons);
    }
    if (rc == CLI_OK && json_array_size(persons) == 0) rc = cli_usage(c, "the roster names nobody");
    const char *title = cli_get(c, "title");
    *body = json_pack("{s:s,s:o}", "title", title ? title : "Roster", "persons", persons);
    if (buf) rb_wipe(buf, n);
    free(buf);
    return rc;
}
static void show_roster(const json_t *r) {
    size_t i;
    const json_t *p;
    printf("\n%s: %s, written %s\n", cli_text(r, "member"), cli_text(r, "title"),
           cli_text(r, "created"));
    json_array_foreach(json_object_get(r, "persons"), i, p) {
        printf("  %s %s", cli_true(p, "on_duty") ? "*" : " ", cli_text(p, "name"));
        if (*cli_str(p, "duty")) printf(", %s", cli_str(p, "duty"));
        if (*cli_str(p, "contact")) printf(": %s", cli_str(p, "contact"));
        if (*cli_str(p, "from") || *cli_str(p, "to"))
            printf("  (%s to %s)", cli_text(p, "from"), cli_text(p, "to"));
        fputc('\n', stdout);
    }
}
static int roster_show(struct cli *c, const char *channel) {
    json_t *o = NULL, *r;
    struct cli_path p;
    size_t i;
    cli_path(&p, "/v1/channels/", channel, "/roster");
    int rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK) {
        cli_exercise(c, stdout, o);
        json_array_foreach(json_object_get(o, "rosters"), i, r) show_roster(r);
        if (json_array_size(json_object_get(o, "rosters")) == 0)
            puts("No roster can be read here; others may have rosters that are not for us.");
        else
            puts("\n* on duty now, as they wrote it");
    }
    json_decref(o);
    return rc;
}
int cli_roster(struct cli *c) {
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    if (cli_has(c, "recipients") != cli_has(c, "file"))
        return cli_usage(
            c, "to say our own: --file FILE --recipients HANDLE,...; without both: who is on duty");
    char *channel = cli_channel(c, c->args_n ? c->args[0] : NULL);
    int rc = channel ? CLI_OK : c->channel_exit;
    if (channel && !cli_has(c, "file")) {
        rc = roster_show(c, channel);
    } else if (channel) {
        json_t *body = NULL, *draft;
        rc = roster_body(c, &body);
        draft = json_pack("{s:s,s:s,s:o}", "channel", channel, "kind", "roster", "body", body);
        if (rc == CLI_OK) rc = cli_envelope(c, draft);
        if (rc == CLI_OK)
            rc = cli_release(c, draft);
        else
            json_decref(draft);
    }
    free(channel);
    return rc;
}

/* ---- the age key -------------------------------------------------------------------------------
 */
int cli_unlock(struct cli *c) {
    struct rb_passphrase p;
    json_t *o = NULL;
    if (!cli_want_args(c, 0, 0)) return CLI_USAGE;
    int rc = cli_passphrase(c, "Passphrase of the age key", false, &p);
    if (rc != CLI_OK) return rc;
    json_t *in = json_pack("{s:s%}", "passphrase", (const char *)p.b, p.n);
    rb_wipe(&p, sizeof p);
    if (in == NULL) return cli_usage(c, "the passphrase is not text in UTF-8");
    rc = cli_call(c, "POST", "/v1/unlock", in, &o);
    json_t *word = json_object_get(in, "passphrase");
    rb_wipe((void *)(uintptr_t)json_string_value(word), json_string_length(word));
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK)
        puts("Unlocked until the daemon ends: closed records are opened now.");
    json_decref(in);
    json_decref(o);
    return rc;
}
static int seal(struct cli *c, struct rb_home *h, bool undo) {
    struct rb_passphrase p;
    int rc = cli_passphrase(c, undo ? "Passphrase of the age key" : "New passphrase of the age key",
                            !undo, &p);
    if (rc != CLI_OK) return rc;
    enum rb_err err = undo ? rb_keys_age_unseal(h, rb_passphrase_slice(&p))
                           : rb_keys_age_seal(h, rb_passphrase_slice(&p));
    rb_wipe(&p, sizeof p);
    if (err == RB_ERR_SIGNATURE)
        return cli_fail(c, "Nothing was changed.", "the passphrase is wrong");
    return err == RB_OK ? CLI_OK : cli_fail(c, NULL, "%s", rb_home_error(h));
}
int cli_seal_age(struct cli *c) {
    struct rb_home *h = NULL;
    char why[256] = "";
    bool undo = cli_has(c, "undo");
    if (!cli_want_args(c, 0, 0)) return CLI_USAGE;
    if (rb_home_open(c->home, &h, why, sizeof why) != RB_OK)
        return cli_fail(c, "`readback init` makes a home.", "%s", why);
    int rc = seal(c, h, undo);
    rb_home_close(h);
    if (rc != CLI_OK) return rc;
    puts(undo ? "keys/age.txt holds the age key again: the daemon opens closed records by itself."
              : "keys/age.age holds the age key, sealed. After each start the daemon holds closed "
                "records "
                "unopened\nuntil `readback unlock`. Copies of keys/age.txt elsewhere (backups!) "
                "still open "
                "everything.");
    return CLI_OK;
}
