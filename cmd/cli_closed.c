/* Closed content: sealed again for somebody else, purged, disclosed, rosters; and the age key. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli.h"
#include "readback/text.h"

/* ---- to others, in a record of its own ---------------------------------------------------------
 */
/* Only its author says it to others than before. */
static int reseal_whose(struct cli *c, const json_t *o) {
    json_t *own = NULL, *draft = json_pack("{s:s}", "channel", cli_str(o, "channel"));
    const json_t *s;
    size_t i;
    int rc = cli_get_json(c, "/v1/status", &own);
    if (rc == CLI_OK && strcmp(cli_str(own, "handle"), cli_str(o, "author")) != 0) {
        rc = cli_envelope(c, draft);
        if (rc == CLI_OK) rc = cli_members_known(c, draft);
        json_array_foreach(json_object_get(draft, "recipients"), i, s) {
            size_t k = 0;
            const json_t *r = json_object_get(o, "recipients");
            while (k < json_array_size(r) && !json_equal(json_array_get(r, k), s))
                k++;
            if (rc != CLI_OK || k < json_array_size(r)) continue;
            rc = cli_fail(c, "Ask it to: `readback query RECORD --form -`.",
                          "%s was not told: only %s, who wrote the record, can seal it to others",
                          json_string_value(s), cli_text(o, "author"));
        }
    }
    json_decref(own);
    json_decref(draft);
    return rc;
}
int cli_reseal(struct cli *c) {
    json_t *o = NULL;
    struct cli_path p;
    if (!cli_want_args(c, 1, 1) || cli_record_word(c, c->args[0]) != CLI_OK) return CLI_USAGE;
    if (!cli_has(c, "recipients"))
        return cli_usage(c, "say who may read it now: --recipients HANDLE");
    cli_path(&p, "/v1/records/", c->args[0], "");
    int rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && !cli_true(o, "closed"))
        rc = cli_fail(c, "Nothing is to be done.",
                      "the record is open: every member can read it, later ones too");
    if (rc == CLI_OK) rc = cli_readable(c, o, "it cannot be sealed again here");
    if (rc == CLI_OK) rc = reseal_whose(c, o);
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
static void purge_words(struct cli *c) {
    fputs("The content goes from this node's database for good. What lies below it (the disk) and "
          "beside it (backups,\nfiles saved from it) is not reached, and the other holders keep "
          "theirs. That the record exists, and who held it\nsince when, stays; a service record "
          "says to ALL members that it was purged here.\n",
          stderr);
    if (cli_has(c, "reason"))
        fprintf(stderr, "  ALL MEMBERS READ the reason: %s\n", cli_get(c, "reason"));
}
int cli_purge(struct cli *c) {
    json_t *o = NULL, *in = json_object();
    struct cli_path p;
    int rc = cli_want_args(c, 1, 1) ? cli_record_word(c, c->args[0]) : CLI_USAGE;
    if (cli_has(c, "reason")) json_object_set_new(in, "reason", json_string(cli_get(c, "reason")));
    json_object_set_new(in, "despite", json_boolean(cli_has(c, "despite")));
    if (rc == CLI_OK) {
        cli_path(&p, "/v1/records/", c->args[0], "/purge");
        if (!c->yes) purge_words(c);
        if (cli_confirm(c, "Purge it here?", &rc)) rc = cli_call(c, "POST", p.z, in, &o);
    }
    if (rc == CLI_CONFIRM && o && !c->yes) { /* its warnings were shown */
        json_object_set_new(in, "despite", json_true());
        json_decref(o);
        o = NULL;
        if (cli_confirm(c, "Purge it in spite of the warnings?", &rc))
            rc = cli_call(c, "POST", p.z, in, &o);
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
    for (size_t i = 0; rc == CLI_OK && (v = cli_nth(c, "paragraph", i)) != NULL; i++)
        do {
            uint64_t n = 0;
            size_t k = strcspn(v, ",");
            if (rb_dec_decode(rb_slice(v, k), &n) != RB_OK || n > RB_MAX_PARAGRAPHS)
                rc =
                    cli_usage(c, "--paragraph %s: numbers are wanted, from 1, or 0 for the heading",
                              cli_nth(c, "paragraph", i));
            json_array_append_new(list, json_integer((json_int_t)n));
            v += k + (v[k] == ',');
        } while (rc == CLI_OK && *v);
    if (json_array_size(list)) json_object_set(in, "paragraphs", list);
    json_decref(list);
    return rc;
}
/* a new file, for the owner alone */
static int write_new(struct cli *c, const char *path, const json_t *o) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (f == NULL) {
        const char *why = strerror(errno), *hint = "Name a file that does not exist yet.";
        if (errno != EEXIST) hint = "Name a file in a directory that you may write to.";
        if (fd >= 0) close(fd);
        return cli_fail(c, hint, "%s cannot be made: %s", path, why);
    }
    bool bad = json_dumpf(o, f, JSON_INDENT(1) | JSON_PRESERVE_ORDER) != 0;
    bad = fputc('\n', f) == EOF || bad;
    bad = fflush(f) != 0 || fsync(fd) != 0 || bad;
    bad = fclose(f) != 0 || bad;
    if (bad) unlink(path);
    return bad ? cli_fail(c, NULL, "%s could not be written", path) : CLI_OK;
}
static const char *disclosed(const json_t *o) {
    if (json_object_get(o, "readback-adoption"))
        return "a text, its charter, and what was said of the text, reasons included, as far as "
               "the "
               "charter lets us";
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
    if (cli_has(c, "paragraph") && (cli_has(c, "fact") || cli_has(c, "hash")) && rc == CLI_OK)
        rc = cli_usage(c, "--paragraph shows content, --fact and --hash show none: choose one");
    if (cli_has(c, "adoption") && cli_has(c, "hash") && rc == CLI_OK)
        rc = cli_usage(c, "by a hash alone nobody could tell what the positions are on");
    if (cli_has(c, "adoption")) json_object_set_new(in, "adoption", json_true());
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
            fprintf(
                stderr,
                "%s shows and proves to anyone who gets it: %s.\nCheck it with: readback-verify "
                "%s\n",
                out, disclosed(o), out);
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
/* null where it is none */
static json_t *a_time(const char *z) {
    int64_t ms = 0;
    char buf[40];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    if (cli_when_read(z, &ms) != 0) return json_null();
    rb_put_rfc3339(&w, ms);
    return json_string(rb_writer_z(&w));
}
/* "name | duty | contact | from | to", what is not known left empty */
static int person(struct cli *c, char *line, size_t number, json_t *persons) {
    static const char *const fields[] = {"name", "duty", "contact", "from", "to"};
    json_t *o = json_object();
    bool times = true;
    for (size_t i = 0; i < 5 && line; i++) {
        char *end = strchr(line, '|'), *next = end ? end + 1 : NULL;
        if (end) *end = 0;
        line += strspn(line, " \t");
        size_t n = strlen(line);
        while (n > 0 && strchr(" \t\r", line[n - 1]))
            line[--n] = 0;
        if (n > 0) json_object_set_new(o, fields[i], i < 3 ? json_string(line) : a_time(line));
        times = times && (n == 0 || i < 3 || json_is_string(json_object_get(o, fields[i])));
        line = next;
    }
    if (line == NULL && times && json_object_get(o, "name")) {
        json_array_append_new(persons, o);
        return CLI_OK;
    }
    json_decref(o);
    if (!times)
        return cli_usage(c,
                         "line %zu of the roster: from and to are times like 2027-01-01T13:00:00Z "
                         "or 011300ZJAN27, or empty",
                         number);
    return cli_usage(c,
                     "line %zu of the roster: name | duty | contact | from | to is wanted; what "
                     "stands behind the name may be left out",
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
    if (rc == CLI_OK && json_array_size(persons) == 0)
        rc = cli_usage(
            c,
            "the roster names nobody: a line for each person, name | duty | contact | from | to");
    const char *title = cli_get(c, "title");
    *body = json_pack("{s:s,s:o}", "title", title ? title : "Roster", "persons", persons);
    if (buf) rb_wipe(buf, n);
    free(buf);
    return rc;
}
static void show_roster(const json_t *r) {
    size_t i;
    const json_t *p;
    printf("\n%s: %s, written ", cli_text(r, "member"), cli_text(r, "title"));
    cli_time(stdout, cli_text(r, "created"));
    fputc('\n', stdout);
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
            puts("No roster can be read here; others may have some that are not for us, or are not "
                 "here\nyet or not opened (`readback log --kind roster`).");
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
    if (strcmp(cli_str(json_object_get(o, "error"), "field"), "passphrase") == 0)
        fputs("  The age key's passphrase is wanted, as given to `readback seal-age`; it may be "
              "another "
              "than the officer's.\n",
              stderr);
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
    puts(undo
             ? "keys/age.txt holds the age key again: the daemon opens closed records by itself."
             : "keys/age.age holds the age key, sealed. A daemon that runs now goes on; after each "
               "start it holds closed\nrecords unopened until `readback unlock`. Who forgets the "
               "passphrase cannot read them any more. Copies of\nkeys/age.txt elsewhere (backups!) "
               "still open everything.");
    return CLI_OK;
}
