/* Membership while traffic runs: accepting charter and amendments, amending, suspending, leaving,
 * coming back in a further epoch, ending the start-up guard. */
#include <stdlib.h>
#include "cli.h"

/* ---- words
 * ---------------------------------------------------------------------------------------
 */
static void value(FILE *out, const json_t *v) {
    if (v == NULL || json_is_null(v)) {
        fputs("nothing", out);
    } else if (json_is_string(v)) {
        fputs(json_string_value(v), out);
    } else {
        char *z = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
        fputs(z ? z : "?", out);
        free(z);
    }
}
void cli_differences(FILE *out, const json_t *list, int indent) {
    size_t i;
    const json_t *x;
    if (json_array_size(list) == 0) fprintf(out, "%*snothing changes\n", indent, "");
    json_array_foreach(list, i, x) {
        if (*cli_str(x, "member")) {
            fprintf(out, "%*smember %s: %s\n", indent, "", cli_str(x, "member"),
                    cli_str(x, "change"));
            if (strcmp(cli_str(x, "change"), "changed") != 0) continue;
        } else {
            fprintf(out, "%*s%s\n", indent, "", cli_str(x, "field"));
        }
        fprintf(out, "%*s- ", indent + 2, "");
        value(out, json_object_get(x, "before"));
        fprintf(out, "\n%*s+ ", indent + 2, "");
        value(out, json_object_get(x, "after"));
        fputc('\n', out);
    }
}
void cli_guard(FILE *out, const json_t *o) {
    const json_t *g = json_object_get(o, "guard");
    char buf[600];
    if (!json_is_object(g)) return;
    if (cli_true(g, "guarded")) {
        fprintf(out,
                "Nothing of ours is signed here yet: members are asked what they hold of ours, %zu "
                "answered, %lld must\n",
                json_array_size(json_object_get(g, "answered")),
                (long long)cli_int(g, "must_answer"));
        cli_joined(buf, sizeof buf, json_object_get(g, "not_answered"));
        fprintf(out, "  no answer yet: %s\n", buf);
    }
    if (json_is_integer(json_object_get(g, "lost_to")))
        fprintf(out, "  others hold our feed up to record %lld, this store does not\n",
                (long long)cli_int(g, "lost_to"));
}

/* ---- accepting
 * ------------------------------------------------------------------------------------
 */
static int say_accepted(struct cli *c, int rc, const json_t *o, const json_t *out) {
    if (rc != CLI_OK && rc != CLI_SECOND_DUE) return rc;
    if (c->json)
        cli_json(out);
    else if (rc == CLI_OK)
        printf("Accepted: \"%s\"\n", cli_str(o, "title"));
    else
        printf("The acceptance waits for a second officer: readback sign %.12s\n",
               cli_str(out, "draft"));
    return rc;
}
static int accept_charter(struct cli *c, const json_t *o) {
    struct cli_key officer = {0}, party = {0};
    json_t *out = NULL;
    int rc = cli_officer(c, &officer); /* a wrong passphrase is said first */
    if (rc == CLI_OK && strcmp(cli_str(o, "own_state"), "joined") != 0) rc = cli_party(c, &party);
    if (rc == CLI_OK) {
        cli_exercise(c, stderr, o);
        cli_strong(c, stderr, "Charter to be accepted\n");
        cli_body(stderr, json_object_get(o, "charter"), 2);
        fprintf(stderr, "  proposed by: %s\n", cli_text(o, "proposer"));
        cli_confirm(c, "Accept it for our party?", &rc);
    }
    if (rc == CLI_OK) {
        int status =
            rb_client_accept(c->client, &officer.key, &party.key, cli_str(o, "channel"), &out);
        rc = status == 202 ? CLI_SECOND_DUE : status == 200 ? CLI_OK : cli_refused(c, status, out);
    }
    rc = say_accepted(c, rc, o, out);
    cli_key_close(&officer);
    cli_key_close(&party);
    json_decref(out);
    return rc;
}
static bool names(const json_t *list, const char *handle) {
    const json_t *h;
    size_t i;
    json_array_foreach(list, i, h) {
        if (strcmp(json_string_value(h), handle) == 0) return true;
    }
    return false;
}
/* the one amendment that we may accept, which we may have rejected before; NULL: none, *n how many
 * there are */
static const json_t *open_amendment(const json_t *o, size_t *n) {
    const json_t *x, *found = NULL;
    size_t i;
    *n = 0;
    json_array_foreach(json_object_get(o, "amendments"), i, x) {
        if (!json_is_true(json_object_get(x, "may_accept"))) continue;
        found = x;
        ++*n;
    }
    return found;
}
void cli_amendment_rule(FILE *out, const json_t *o, const json_t *x, int indent) {
    const json_t *a = json_object_get(x, "adoption");
    fprintf(out, "%*sby the rule of the charter in force (%s): %s\n", indent, "",
            cli_text(a, "rule"), cli_str(a, "sentence"));
    if (!names(json_object_get(a, "voices"), cli_str(o, "us")))
        fprintf(out, "%*sour word does not count in it: it stands beside\n", indent, "");
}
static int accept_amendment(struct cli *c, const json_t *o, const json_t *x) {
    struct cli_key officer = {0};
    json_t *out = NULL, *draft;
    int rc = cli_officer(c, &officer);
    if (rc == CLI_OK) {
        cli_exercise(c, stderr, o);
        cli_strong(c, stderr, "Amendment to be accepted");
        fprintf(stderr, " of \"%s\", proposed by %s\n", cli_str(o, "title"), cli_text(x, "author"));
        cli_differences(stderr, json_object_get(x, "differences"), 2);
        cli_amendment_rule(stderr, o, x, 2);
        cli_confirm(c, "Accept it for our party?", &rc);
    }
    if (rc == CLI_OK) {
        draft = json_pack("{s:s,s:s,s:[s],s:{s:s}}", "channel", cli_str(o, "channel"), "kind",
                          "position", "answers", cli_str(x, "record"), "body", "type", "accept");
        int status = rb_client_release(c->client, &officer.key, draft, &out);
        rc = status == 202 ? CLI_SECOND_DUE : status == 200 ? CLI_OK : cli_refused(c, status, out);
        json_decref(draft);
    }
    rc = say_accepted(c, rc, o, out);
    cli_key_close(&officer);
    json_decref(out);
    return rc;
}
int cli_channel_accept(struct cli *c) {
    json_t *o = NULL;
    struct cli_path p;
    size_t n = 0;
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    cli_path(&p, "/v1/channels/", c->args[0], "");
    int rc = cli_get_json(c, p.z, &o);
    const json_t *x = rc == CLI_OK ? open_amendment(o, &n) : NULL;
    if (rc == CLI_OK && *cli_str(o, "epoch_due"))
        rc = cli_fail(c, "`readback channel epoch CHANNEL` opens it and accepts the charter.", "%s",
                      cli_str(o, "epoch_due"));
    else if (rc == CLI_OK && n > 1)
        rc = cli_fail(c, "Accept one by its record: `readback accept RECORD`.",
                      "several amendments wait: `readback channel show` has them");
    else if (rc == CLI_OK)
        rc = x ? accept_amendment(c, o, x) : accept_charter(c, o);
    json_decref(o);
    return rc;
}

/* ---- amending
 * -------------------------------------------------------------------------------------
 */
static int changes_of_options(struct cli *c, json_t *changes) {
    json_t *add = json_array(), *drop = json_array();
    const char *v;
    int rc = cli_charter_terms(c, changes);
    for (size_t i = 0; (v = cli_nth(c, "add-member", i)) != NULL; i++)
        cli_charter_member(add, v);
    for (size_t i = 0; (v = cli_nth(c, "remove-member", i)) != NULL; i++)
        json_array_append_new(drop, json_string(v));
    if (json_array_size(drop)) json_object_set(changes, "remove_members", drop);
    if (json_array_size(add)) json_object_set(changes, "add_members", add);
    json_decref(add);
    json_decref(drop);
    return rc;
}
/* A file holds what changes; one with title and members is the whole charter. */
static json_t *body_of_file(struct cli *c, const char *path) {
    json_t *o = cli_json_file(c, path,
                              "An object with the fields of a charter that change; with \"title\" "
                              "and \"members\" it is the whole charter."),
           *body;
    if (o == NULL) return NULL;
    if (json_object_get(o, "changes") || json_object_get(o, "charter")) return o;
    bool whole = json_object_get(o, "title") && json_object_get(o, "members");
    body = json_pack("{s:o}", whole ? "charter" : "changes", o);
    return body;
}
int cli_channel_amend(struct cli *c) {
    json_t *body = NULL;
    int rc = CLI_OK;
    if (!cli_want_args(c, 1, 2)) return CLI_USAGE;
    if (c->args_n == 2) {
        body = body_of_file(c, c->args[1]);
        if (body == NULL) return CLI_FAILED;
    } else {
        json_t *changes = json_object();
        rc = changes_of_options(c, changes);
        if (rc == CLI_OK && json_object_size(changes) < 2)
            rc = cli_usage(c, "say what changes: a file, or options like --title, --answer, "
                              "--add-member, --remove-member");
        body = json_pack("{s:o}", "changes", changes);
    }
    json_t *draft =
        json_pack("{s:s,s:s,s:o}", "channel", c->args[0], "kind", "amendment", "body", body);
    if (rc == CLI_OK) rc = cli_envelope(c, draft);
    if (rc == CLI_OK) return cli_release(c, draft);
    json_decref(draft);
    return rc;
}

/* ---- suspending, resuming, leaving
 * ------------------------------------------------------------------
 */
static int membership(struct cli *c, const char *action, const char *means) {
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    json_t *body = json_pack("{s:s}", "action", action);
    if (cli_has(c, "reason"))
        json_object_set_new(body, "reason", json_string(cli_get(c, "reason")));
    json_t *draft =
        json_pack("{s:s,s:s,s:o}", "channel", c->args[0], "kind", "membership", "body", body);
    int rc = cli_envelope(c, draft);
    if (rc == CLI_OK) cli_note(c, "%s", means);
    if (rc == CLI_OK) return cli_release(c, draft);
    json_decref(draft);
    return rc;
}
int cli_channel_suspend(struct cli *c) {
    return membership(
        c, "suspend",
        "Of ours there still pass: FLASH and answers to it; tests, receipts, service "
        "records; cards and keys; rosters; charter matters. All else of ours is "
        "refused here until `readback channel resume`; what a node logged all the same is marked.");
}
int cli_channel_resume(struct cli *c) {
    return membership(c, "resume", "What was said while suspended keeps its mark.");
}
int cli_channel_leave(struct cli *c) {
    return membership(
        c, "leave",
        "This cannot be taken back: nothing of ours counts here after it, and no receipt of "
        "it is given. What was said and held stays. To come back the others must adopt "
        "an amendment that lists us again, and we open a further epoch.");
}

/* ---- a further epoch
 * --------------------------------------------------------------------------------
 */
static void show_epoch(struct cli *c, const json_t *o) {
    cli_exercise(c, stderr, o);
    cli_strong(c, stderr, "A further epoch of our feed");
    fprintf(stderr, " in \"%s\": %lld after %lld\n", cli_str(o, "title"),
            (long long)cli_int(o, "epoch") + 1, (long long)cli_int(o, "epoch"));
    if (*cli_str(o, "epoch_due")) fprintf(stderr, "  why: %s\n", cli_str(o, "epoch_due"));
    fprintf(stderr,
            "  a new log key is made; the one before signs nothing more\n"
            "  of the feed so far we stand by: %s records%s\n"
            "  records of ours that wait (%lld) become drafts: officers sign them again\n"
            "This cannot be taken back.\n",
            cli_has(c, "stands-by") ? cli_get(c, "stands-by") : "all signed",
            cli_has(c, "stands-by") ? ", the others are shown as disowned" : "",
            (long long)cli_int(o, "outbox"));
}
static int accept_again(struct cli *c, const json_t *o, const struct rb_signer_key *officer) {
    json_t *out = NULL;
    json_t *draft =
        json_pack("{s:s,s:s,s:[s],s:{s:s}}", "channel", cli_str(o, "channel"), "kind", "position",
                  "answers", cli_str(o, "charter_record"), "body", "type", "accept");
    int status = rb_client_release(c->client, officer, draft, &out);
    int rc = status == 202 ? CLI_SECOND_DUE : status == 200 ? CLI_OK : cli_refused(c, status, out);
    json_decref(draft);
    json_decref(out);
    return rc;
}
static bool we_are_in(const json_t *o) {
    size_t i;
    const json_t *m;
    json_array_foreach(json_object_get(o, "members"), i, m) {
        if (cli_true(m, "us")) return cli_true(m, "active");
    }
    return false;
}
int cli_channel_epoch(struct cli *c) {
    struct cli_key officer = {0}, party = {0};
    json_t *o = NULL, *out = NULL, *size = NULL;
    struct cli_path p;
    char *end = NULL;
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    if (cli_has(c, "stands-by")) size = json_integer(strtoll(cli_get(c, "stands-by"), &end, 10));
    if (size && (*end || end == cli_get(c, "stands-by") || json_integer_value(size) < 0)) {
        json_decref(size);
        return cli_usage(c, "--stands-by wants a number of records");
    }
    cli_path(&p, "/v1/channels/", c->args[0], "");
    int rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK) rc = cli_officer(c, &officer);
    if (rc == CLI_OK) rc = cli_party(c, &party);
    if (rc == CLI_OK) {
        show_epoch(c, o);
        cli_confirm(c, "Open it?", &rc);
    }
    if (rc == CLI_OK) {
        int status =
            rb_client_epoch(c->client, &officer.key, &party.key, cli_str(o, "channel"), size, &out);
        if (status != 200) rc = cli_refused(c, status, out);
    }
    if (rc == CLI_OK && !c->json)
        printf("Opened: epoch %lld of our feed in \"%s\"\n", (long long)cli_int(out, "epoch"),
               cli_str(o, "title"));
    else if (rc == CLI_OK)
        cli_json(out);
    /* who was let in again counts as a member from its acceptance on (5.9.6) */
    if (rc == CLI_OK && strcmp(cli_str(o, "state"), "in-force") == 0 && !we_are_in(o))
        rc = accept_again(c, o, &officer.key);
    cli_key_close(&officer);
    cli_key_close(&party);
    json_decref(size);
    json_decref(o);
    json_decref(out);
    return rc;
}

/* ---- the start-up guard
 * -------------------------------------------------------------------------------
 */
int cli_channel_override(struct cli *c) {
    json_t *o = NULL, *out = NULL, *in;
    struct cli_path p;
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    if (!cli_has(c, "reason"))
        return cli_usage(c, "--reason is wanted: all members read why it was not waited for them");
    cli_path(&p, "/v1/channels/", c->args[0], "");
    int rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && !cli_true(json_object_get(o, "guard"), "guarded"))
        rc =
            cli_fail(c, NULL, "the start-up guard of this channel has ended: nothing waits for it");
    if (rc == CLI_OK) {
        cli_exercise(c, stderr, o);
        cli_guard(stderr, o);
        fputs("If this store was put back from a copy, and one who has not answered holds more of "
              "our "
              "feed than it,\nsigning now makes two histories of our feed: a fork that anybody can "
              "prove. "
              "A record names who had\nnot answered, and the reason.\n",
              stderr);
        cli_confirm(c, "Sign without their answer?", &rc);
    }
    if (rc == CLI_OK) {
        in = json_pack("{s:s}", "reason", cli_get(c, "reason"));
        cli_path(&p, "/v1/channels/", cli_str(o, "channel"), "/override");
        rc = cli_call(c, "POST", p.z, in, &out);
        json_decref(in);
    }
    if (rc == CLI_OK && c->json)
        cli_json(out);
    else if (rc == CLI_OK)
        printf("The guard of \"%s\" is ended; the record: %s\n", cli_str(o, "title"),
               cli_text(out, "record"));
    json_decref(o);
    json_decref(out);
    return rc;
}
