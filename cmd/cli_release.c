/* Releasing: what will be said, to whom, where and when is shown back in words before it goes out.
 */
#include <stdlib.h>
#include <time.h>
#include "cli.h"

/* ---- envelope
 * ------------------------------------------------------------------------------------ */
static void put_all(struct cli *c, json_t *draft, const char *option, const char *field) {
    json_t *list = json_array();
    const char *v;
    for (size_t i = 0; (v = cli_nth(c, option, i)) != NULL; i++)
        json_array_append_new(list, json_string(v));
    if (json_array_size(list)) json_object_set(draft, field, list);
    json_decref(list);
}
static void put_one(struct cli *c, json_t *o, const char *option, const char *field) {
    const char *v = cli_get(c, option);
    if (v) json_object_set_new(o, field, json_string(v));
}
static int put_demand(struct cli *c, json_t *draft) {
    bool stop = cli_has(c, "in"); /* of a stop-fire, which always demands the same */
    bool timed = cli_has(c, "demand-in") || cli_has(c, "demand-by") || stop;
    if (!timed && !cli_has(c, "demand") && !cli_has(c, "demand-from")) return CLI_OK;
    if (!timed)
        return cli_usage(c,
                         "say by when the answer is demanded: --demand-in 30m or --demand-by TIME");
    enum rb_position_type t;
    int64_t ms = 0;
    if (cli_has(c, "demand") && cli_position_word(c, cli_get(c, "demand"), &t) != CLI_OK)
        return CLI_USAGE;
    if (cli_span(c, "demand-in", &ms) != CLI_OK || cli_span(c, "in", &ms) != CLI_OK)
        return CLI_USAGE;
    json_t *d = json_object();
    put_one(c, d, "demand", "position");
    put_one(c, d, stop ? "in" : "demand-in", "in");
    if (cli_put_when(c, d, "demand-by", "by") != CLI_OK) {
        json_decref(d);
        return CLI_USAGE;
    }
    put_all(c, d, "demand-from", "members");
    json_object_set_new(draft, "demand", d);
    return CLI_OK;
}
static int precedence_word(const struct cli *c) {
    static const char *const names[] = {"FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"};
    const char *given = cli_get(c, "precedence");
    enum rb_precedence p;
    if (given == NULL || rb_precedence_decode(rb_str(given), &p) == RB_OK) return CLI_OK;
    return cli_not_one(c, "precedence", given, names, sizeof names / sizeof *names);
}
/* --recipients a,b --recipients c */
static void put_recipients(struct cli *c, json_t *draft) {
    json_t *list = json_array();
    const char *v;
    for (size_t i = 0; (v = cli_nth(c, "recipients", i)) != NULL; i++)
        while (*v) {
            size_t n = strcspn(v, ", ");
            if (n > 0) json_array_append_new(list, json_stringn(v, n));
            v += n + strspn(v + n, ", ");
        }
    if (cli_has(c, "recipients")) json_object_set(draft, "recipients", list);
    json_decref(list);
}
/* handles are no secret: every member has the charter */
static json_t *members_of(struct cli *c, const char *channel, int *rc) {
    json_t *o = NULL, *m, *list = json_array();
    struct cli_path p;
    size_t i;
    cli_path(&p, "/v1/channels/", channel, "");
    *rc = cli_get_json(c, p.z, &o);
    json_array_foreach(json_object_get(o, "members"), i, m)
        json_array_append_new(list, json_string(cli_str(m, "handle")));
    json_decref(o);
    return list;
}
static bool among(const json_t *list, const char *word) {
    size_t i;
    const json_t *s;
    json_array_foreach(list, i, s) {
        if (strcmp(json_string_value(s), word) == 0) return true;
    }
    return false;
}
static void list_members(struct cli *c, const char *channel, const char *words) {
    int rc = CLI_OK;
    json_t *members = members_of(c, channel, &rc);
    if (rc == CLI_OK) {
        fprintf(stderr, "  %s: ", words);
        cli_list(stderr, members);
        fputc('\n', stderr);
    }
    json_decref(members);
}
void cli_say_members(struct cli *c, const char *channel) {
    list_members(c, channel, "name them: --recipients HANDLE,...; the channel's members are");
}
int cli_members_known(struct cli *c, const json_t *draft) {
    const json_t *lists[] = {json_object_get(draft, "recipients"),
                             json_object_get(json_object_get(draft, "demand"), "members")};
    const char *const names[] = {"recipients", "demand-from"};
    const json_t *s;
    size_t i;
    int rc = CLI_OK;
    if (json_array_size(lists[0]) + json_array_size(lists[1]) == 0) return CLI_OK;
    json_t *members = members_of(c, cli_str(draft, "channel"), &rc);
    for (size_t k = 0; rc == CLI_OK && k < 2; k++) {
        json_array_foreach(lists[k], i, s) {
            if (rc != CLI_OK || among(members, json_string_value(s))) continue;
            rc = cli_usage(c, "--%s: the channel has no member \"%s\"", names[k],
                           json_string_value(s));
            fputs("  its members are: ", stderr);
            cli_list(stderr, members);
            fputc('\n', stderr);
        }
    }
    json_decref(members);
    return rc;
}
int cli_envelope(struct cli *c, json_t *draft) {
    int rc = precedence_word(c);
    if (cli_has(c, "reported-who") != cli_has(c, "reported-carrier"))
        return cli_usage(c, "say both who said it and how it came: --reported-who NAME "
                            "--reported-carrier phone");
    put_recipients(c, draft);
    put_one(c, draft, "precedence", "precedence");
    put_one(c, draft, "language", "language");
    put_one(c, draft, "emergency", "emergency");
    put_all(c, draft, "about", "about");
    put_all(c, draft, "supersedes", "supersedes");
    put_all(c, draft, "carries", "carries");
    if (cli_has(c, "reported-who") || cli_has(c, "reported-carrier")) {
        json_t *r = json_object();
        put_one(c, r, "reported-who", "who");
        put_one(c, r, "reported-carrier", "carrier");
        if (rc == CLI_OK) rc = cli_put_when(c, r, "reported-at", "at");
        json_object_set_new(draft, "reported", r);
    }
    return rc == CLI_OK ? put_demand(c, draft) : rc;
}

/* ---- shown back
 * ----------------------------------------------------------------------------------- */
/* what a closed record shows to those who cannot read it */
static void show_seen(struct cli *c, FILE *out, const json_t *draft) {
    static const char *const open[][2] = {
        {"emergency", "the reason of the emergency"},
        {"reported", "who said it and how it came"},
        {"demand", "the answer demanded, of whom and by when"},
    };
    fputs("  closed: all other members see that it exists, its kind, time, precedence and length, "
          "from whom,\n    to whom, and what it refers to; not what it says\n",
          out);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (json_object_get(draft, open[i][0])) {
            cli_strong(c, out, "  ALL MEMBERS READ: ");
            fprintf(out, "%s\n", open[i][1]);
        }
}
static void show_back(struct cli *c, const json_t *draft, const json_t *composed) {
    const json_t *demand = json_object_get(draft, "demand"),
                 *rep = json_object_get(draft, "reported");
    FILE *out = stderr;
    cli_exercise(c, out, composed);
    cli_strong(c, out, "To be released");
    fprintf(out, " in \"%s\": %s, %s\n", cli_str(composed, "title"), cli_str(composed, "kind"),
            cli_str(composed, "precedence"));
    if (json_object_get(composed, "differences")) {
        fputs("  what changes in the charter:\n", out);
        cli_differences(out, json_object_get(composed, "differences"), 4);
    } else {
        cli_body(out, json_object_get(composed, "body"), 2);
    }
    if (json_object_get(draft, "same_as"))
        fprintf(out, "  this is the content of %.12s, said again by us in a record of its own\n",
                cli_str(draft, "same_as"));
    if (json_object_get(draft, "answers")) {
        fputs("  answers: ", out);
        cli_list(out, json_object_get(draft, "answers"));
        fputc('\n', out);
    }
    if (demand) {
        fputs("  an answer is demanded:\n", out);
        cli_body(out, demand, 4);
    }
    if (rep)
        fprintf(out, "  reported by us, unsigned by them: %s, by %s\n", cli_str(rep, "who"),
                cli_str(rep, "carrier"));
    fputs("  written: ", out);
    cli_time(out, cli_str(composed, "created"));
    fputs("\n  can be read by: ", out);
    const json_t *readers = json_object_get(composed, "readers");
    if (json_array_size(readers)) cli_list(out, readers);
    if (json_array_size(readers) == 0)
        fputs("nobody but us\n", out);
    else
        fprintf(out, " (%zu beside us)\n", json_array_size(readers));
    if (cli_true(composed, "closed")) show_seen(c, out, draft);
    if (cli_int(composed, "needs_signers") > 1)
        fputs("  two officers must sign: it waits as a draft for the second\n", out);
    cli_check(c, out, composed, 2);
    cli_warnings(c, out, composed, 2);
    cli_say_notes(c, out);
}
static bool warned(const json_t *composed) {
    size_t i;
    const json_t *w;
    json_array_foreach(json_object_get(composed, "warnings"), i, w) {
        if (cli_true(w, "confirm")) return true;
    }
    return false;
}
static bool ask(struct cli *c, const json_t *composed, int *rc) {
    if (!warned(composed)) return cli_confirm(c, "Release it?", rc);
    if (cli_has(c, "despite")) return cli_confirm(c, "Release it in spite of the warnings?", rc);
    if (!c->yes) return cli_confirm(c, "Release it in spite of the warnings?", rc);
    if (c->json) cli_check(c, stderr, composed, 2); /* it was not shown back */
    if (c->json) cli_warnings(c, stderr, composed, 2);
    cli_fail(c, "Give --despite beside --yes if it shall be.",
             "there are warnings; nothing was released");
    *rc = CLI_CONFIRM;
    return false;
}

#define LOOK_MOST_MS 2000
#define LOOK_AGAIN_MS 50
static int look_at(struct cli *c, const char *record, json_t **o) {
    struct cli_path p;
    json_decref(*o);
    *o = NULL;
    cli_path(&p, "/v1/records/", record, "");
    return c->client->call(c->client->ctx, "GET", p.z, NULL, o);
}
static bool is_waiting(int status, const json_t *o) {
    return status == 200 && strcmp(cli_str(o, "state"), "waiting") == 0;
}
/* What became of it is looked up once it is durable here. Most records stand in the log by then, or
 * a moment later; one that goes on waiting unsigned is said to wait, and why. What the rules make
 * of it is known once it stands there: an answer out of turn was said all the same, and whoever
 * said it should not find out in the morning. */
bool cli_released(struct cli *c, const char *record) {
    const struct timespec pause = {.tv_nsec = LOOK_AGAIN_MS * 1000000L};
    json_t *o = NULL;
    int status = look_at(c, record, &o);
    for (int ms = 0; !c->waited && is_waiting(status, o) && ms < LOOK_MOST_MS;
         ms += LOOK_AGAIN_MS) {
        (void)nanosleep(&pause, NULL);
        status = look_at(c, record, &o);
    }
    const bool waits = c->waited = is_waiting(status, o);
    if (!c->json) printf("%s: %s\n", waits ? "Kept here, not sent yet" : "Released", record);
    fflush(stdout);
    if (waits) fprintf(stderr, "  %s\n", cli_str(o, "state_sentence"));
    if (status == 200 && *cli_str(o, "mark"))
        fprintf(stderr, "  WITHOUT EFFECT: %s; `readback show %.12s` shows it\n",
                cli_str(o, "mark_sentence"), record);
    json_decref(o);
    return !waits;
}
static int released(struct cli *c, int status, const json_t *answer) {
    if (status == 0) {
        cli_fail(c, "Look with `readback status` once it runs again whether the record is there.",
                 "the daemon went away before it answered");
        return CLI_NOBODY;
    }
    if (status >= 300) return cli_refused(c, status, answer);
    if (c->json) cli_json(answer);
    if (status == 202) {
        char id[13];
        cli_short(id, answer, "draft");
        if (!c->json)
            printf("Draft %s waits for a second officer: readback sign %s --officer NAME\n", id,
                   id);
        return CLI_SECOND_DUE;
    }
    const bool out = cli_released(c, cli_str(answer, "record"));
    if (out && !c->json && cli_true(answer, "despite"))
        puts("It was released in spite of what was pointed out. Where that is a place it touches, "
             "our node logs so for all members, naming open places only.");
    return CLI_OK;
}

/* an upload that is not released gives its room back at once */
static void drop_upload(struct cli *c, const json_t *draft) {
    const char *id = cli_str(draft, "upload");
    json_t *none = NULL;
    struct cli_path p;
    if (*id == 0) return;
    cli_path(&p, "/v1/uploads/", id, "/drop");
    (void)c->client->call(c->client->ctx, "POST", p.z, NULL, &none);
    json_decref(none);
}
static int compose(struct cli *c, const json_t *draft, json_t **composed) {
    int rc = cli_members_known(c, draft);
    if (rc == CLI_OK) rc = cli_call(c, "POST", "/v1/compose", draft, composed);
    const json_t *e = json_object_get(*composed, "error");
    if (strcmp(cli_str(e, "code"), "recipients") == 0 &&
        json_array_size(json_object_get(draft, "recipients")) == 0)
        cli_say_members(c, cli_str(draft, "channel"));
    if (strstr(cli_str(e, "sentence"), "no member of the channel"))
        list_members(c, cli_str(draft, "channel"), "its members are");
    const char *word = cli_content_in_words(c);
    if (rc != CLI_OK || word == NULL || !cli_true(*composed, "closed")) return rc;
    return cli_say_content_in_words(c, word);
}
int cli_say_content_in_words(const struct cli *c, const char *word) {
    return cli_usage(
        c,
        "--%s: what only some may read must not stand on the command line, where others on this "
        "machine see it and the shell remembers it; nothing was released\n  give the same words "
        "with --form - in its place, and type (or pipe) the line \"%s: ...\"; or write it into a "
        "file: `readback form %s` prints one to fill in",
        word, word, c->command->name);
}
/* shown, and nothing is signed or sent */
static int shown_only(struct cli *c, const json_t *draft, const json_t *composed) {
    if (c->json)
        cli_json(composed);
    else
        show_back(c, draft, composed);
    fputs("Nothing was released.\n", stderr);
    return warned(composed) ? CLI_CONFIRM : CLI_OK;
}
int cli_release(struct cli *c, json_t *draft) {
    json_t *composed = NULL, *answer = NULL;
    struct cli_key officer = {0};
    int rc = compose(c, draft, &composed);
    if (rc == CLI_OK && cli_has(c, "dry-run")) {
        rc = shown_only(c, draft, composed);
        json_decref(composed);
        json_decref(draft);
        return rc;
    }
    if (rc == CLI_OK) rc = cli_officer(c, &officer); /* a wrong passphrase is said first */
    if (rc == CLI_OK) {
        if (!c->json || !c->yes) show_back(c, draft, composed);
        (void)ask(c, composed, &rc);
    }
    if (rc == CLI_OK) {
        int status = rb_client_submit(c->client, &officer.key, composed, warned(composed), &answer);
        rc = released(c, status, answer);
    }
    if (rc != CLI_OK && rc != CLI_SECOND_DUE) drop_upload(c, draft);
    cli_key_close(&officer);
    json_decref(composed);
    json_decref(answer);
    json_decref(draft);
    return rc;
}

/* ---- drafts
 * --------------------------------------------------------------------------------------- */
int cli_drafts(struct cli *c) {
    json_t *o = NULL, *d;
    size_t i;
    if (!cli_want_args(c, 0, 0)) return CLI_USAGE;
    int rc = cli_get_json(c, "/v1/drafts", &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK) {
        json_array_foreach(json_object_get(o, "drafts"), i, d) {
            const json_t *s;
            size_t k;
            cli_exercise(c, stdout, d);
            printf("%.12s  %s in \"%s\"  signed by", cli_str(d, "draft"), cli_str(d, "kind"),
                   cli_str(d, "title"));
            json_array_foreach(json_object_get(d, "signers"), k, s)
                printf(" %s", cli_text(s, "name"));
            fputc('\n', stdout);
            cli_closed(stdout, d, 2);
            cli_body(stdout, json_object_get(d, "body"), 2);
            cli_check(c, stdout, d, 2);
            cli_warnings(c, stdout, d, 2);
        }
        if (json_array_size(json_object_get(o, "drafts")) == 0)
            puts("No draft waits for a second officer.");
    }
    json_decref(o);
    return rc;
}

static int sign_found(struct cli *c, const json_t *d) {
    struct cli_key officer;
    json_t *answer = NULL;
    if (cli_true(d, "closed") && !json_is_object(json_object_get(d, "body"))) {
        cli_closed(stderr, d, 2);
        return cli_fail(c,
                        strcmp(cli_str(d, "body_state"), "held") == 0
                            ? "`readback unlock` lets the node open it."
                            : "`readback sign DRAFT --discard` drops it.",
                        "nobody signs what cannot be read here; nothing was released");
    }
    int rc = cli_officer(c, &officer);
    if (rc != CLI_OK) return rc;
    cli_exercise(c, stderr, d);
    fprintf(stderr, "To be signed and released in \"%s\": %s\n", cli_str(d, "title"),
            cli_str(d, "kind"));
    cli_closed(stderr, d, 2);
    cli_body(stderr, json_object_get(d, "body"), 2);
    cli_check(c, stderr, d, 2);
    cli_warnings(c, stderr, d, 2);
    if (ask(c, d, &rc)) {
        int status = rb_client_countersign_as(c->client, &officer.key, cli_str(d, "draft"),
                                              warned(d), &answer);
        rc = released(c, status, answer);
    }
    cli_key_close(&officer);
    json_decref(answer);
    return rc;
}
int cli_sign(struct cli *c) {
    json_t *o = NULL, *d, *found = NULL;
    size_t i, hits = 0;
    char path[256];
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    int rc = cli_get_json(c, "/v1/drafts", &o);
    json_array_foreach(json_object_get(o, "drafts"), i, d) {
        if (strlen(c->args[0]) < 4 ||
            strncmp(cli_str(d, "draft"), c->args[0], strlen(c->args[0])) != 0)
            continue;
        found = d;
        hits++;
    }
    if (rc == CLI_OK && hits != 1)
        rc = cli_fail(c, "`readback drafts` shows them.",
                      hits ? "these digits fit more than one draft"
                           : "no draft with these digits waits here");
    if (rc == CLI_OK && cli_has(c, "discard")) {
        json_t *answer = NULL;
        snprintf(path, sizeof path, "/v1/drafts/%s/discard", cli_str(found, "draft"));
        if (cli_confirm(c, "Drop this draft?", &rc)) rc = cli_call(c, "POST", path, NULL, &answer);
        if (rc == CLI_OK)
            c->json ? cli_json(answer) : (void)puts("Dropped; nothing of it was sent.");
        json_decref(answer);
    } else if (rc == CLI_OK) {
        rc = sign_found(c, found);
    }
    json_decref(o);
    return rc;
}
