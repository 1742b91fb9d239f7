/* Channels: proposing, accepting, looking, suspending, leaving. */
#include <stdlib.h>
#include "cli.h"
#include "readback/coord.h"
#include "readback/text.h"

/* ---- proposing
 * ------------------------------------------------------------------------------------- */
static json_t *split_colon(const char *z) { /* "a:b:c" */
    json_t *out = json_array();
    for (;;) {
        size_t n = strcspn(z, ":");
        json_array_append_new(out, json_stringn(z, n));
        if (z[n] == 0) return out;
        z += n + 1;
    }
}
void cli_charter_member(json_t *members, const char *given) {
    static const char *const keys[] = {"handle", "role", "affiliation"};
    json_t *parts = split_colon(given), *m = json_object();
    for (size_t i = 0; i < 3; i++) {
        const json_t *x = json_array_get(parts, i);
        if (x && json_string_length(x)) json_object_set(m, keys[i], (json_t *)(uintptr_t)x);
    }
    json_array_append_new(members, m);
    json_decref(parts);
}
static bool has_member(const json_t *members, const char *handle) {
    size_t i;
    const json_t *m;
    json_array_foreach(members, i, m) {
        if (strcmp(cli_str(m, "handle"), handle) == 0) return true;
    }
    return false;
}
/* "NAME=LEAD,MEMBER,..." */
static int add_group(struct cli *c, json_t *groups, const char *given) {
    const char *eq = strchr(given, '=');
    if (eq == NULL || eq == given || eq[1] == 0)
        return cli_usage(c, "--group wants NAME=LEAD,MEMBER,...: %s", given);
    json_t *members = json_array();
    for (const char *z = eq + 1; *z;) {
        size_t n = strcspn(z, ",");
        json_array_append_new(members, json_stringn(z, n));
        z += n + (z[n] == ',');
    }
    json_array_append_new(groups,
                          json_pack("{s:s#,s:O,s:o}", "name", given, (int)(eq - given), "lead",
                                    json_array_get(members, 0), "members", members));
    return CLI_OK;
}
/* "WORD=VALUE", a span or a length, into an object of lower-case words */
static int add_spans(struct cli *c, json_t *charter, const char *option, const char *field) {
    json_t *o = json_object();
    const char *v;
    int rc = CLI_OK;
    for (size_t i = 0; rc == CLI_OK && (v = cli_nth(c, option, i)) != NULL; i++) {
        char key[32] = "";
        const char *eq = strchr(v, '=');
        if (eq == NULL || (size_t)(eq - v) >= sizeof key) {
            rc =
                cli_usage(c, "--%s wants WORD=VALUE, like operation=2h or site=2km: %s", option, v);
            continue;
        }
        for (size_t k = 0; v + k < eq; k++)
            key[k] = (char)(v[k] >= 'A' && v[k] <= 'Z' ? v[k] - 'A' + 'a' : v[k]);
        json_object_set_new(o, key, json_string(eq + 1));
    }
    if (json_object_size(o)) json_object_set(charter, field, o);
    json_decref(o);
    return rc;
}
/* degrees with nine digits, as the local API takes them exactly */
static json_t *degrees(int64_t nd) {
    char z[32];
    uint64_t a = nd < 0 ? (uint64_t)-nd : (uint64_t)nd;
    snprintf(z, sizeof z, "%s%llu.%09llu", nd < 0 ? "-" : "", (unsigned long long)(a / RB_NANODEG),
             (unsigned long long)(a % RB_NANODEG));
    return json_string(z);
}
static int corner(struct cli *c, struct rb_slice text, struct rb_point *out) {
    struct rb_coord at;
    struct rb_reject rj = {.what = ""};
    if (rb_coord_read(text, NULL, &at, &rj) != RB_OK)
        return cli_usage(c,
                         "--theatre: %s (clause %s); two corners are wanted, like "
                         "\"32.0, 35.0; 37.5, 42.5\"",
                         rj.what, rj.clause);
    *out = at.point;
    return CLI_OK;
}
/* "-50m..2900m", above the ellipsoid */
static int add_terrain(struct cli *c, json_t *theatre) {
    const char *v = cli_get(c, "terrain"), *dots = v ? strstr(v, "..") : NULL;
    if (dots == NULL)
        return cli_usage(c, "--theatre needs --terrain LOWEST..HIGHEST, the heights of its ground "
                            "over WGS84: -50m..2900m");
    json_object_set_new(theatre, "terrain_min", json_stringn(v, (size_t)(dots - v)));
    json_object_set_new(theatre, "terrain_max", json_string(dots + 2));
    return CLI_OK;
}
/* where most of it happens: what lies outside is pointed out, heights above ground get their range
 */
static int add_theatre(struct cli *c, json_t *charter) {
    const char *v = cli_get(c, "theatre"), *semi = v ? strchr(v, ';') : NULL;
    struct rb_point a = {0}, b = {0};
    if (v == NULL && cli_has(c, "terrain")) return cli_usage(c, "--terrain needs a --theatre");
    if (v == NULL) return CLI_OK;
    if (semi == NULL)
        return cli_usage(c, "--theatre wants two corners, like \"32.0, 35.0; 37.5, 42.5\"");
    int rc = corner(c, rb_slice(v, (size_t)(semi - v)), &a);
    if (rc == CLI_OK) rc = corner(c, rb_str(semi + 1), &b);
    if (rc == CLI_OK && a.lat_nd >= b.lat_nd)
        rc = cli_usage(c, "--theatre wants the south-western corner first");
    if (rc != CLI_OK) return rc;
    json_t *o = json_object();
    json_object_set_new(o, "south", degrees(a.lat_nd));
    json_object_set_new(o, "west", degrees(a.lon_nd));
    json_object_set_new(o, "north", degrees(b.lat_nd));
    json_object_set_new(o, "east", degrees(b.lon_nd));
    json_object_set_new(charter, "theatre", o);
    return add_terrain(c, o);
}
static int add_seconds(struct cli *c, json_t *charter, const char *option, const char *field) {
    int64_t ms = 0;
    const char *v = cli_get(c, option);
    if (v == NULL) return CLI_OK;
    if (rb_duration_decode(rb_str(v), &ms) != RB_OK || ms % 1000)
        return cli_usage(c, "--%s wants a span: 1h, 15m", option);
    json_object_set_new(charter, field, json_integer(ms / 1000));
    return CLI_OK;
}
static int cmp_policy(const json_t *a, const char *kind) {
    enum rb_kind x = RB_KIND_CHARTER, y = RB_KIND_CHARTER;
    if (rb_kind_decode(rb_str(cli_str(a, "kind")), &x) != RB_OK ||
        rb_kind_decode(rb_str(kind), &y) != RB_OK)
        return 0;
    return (int)x - (int)y;
}
/* the policy of a kind, put in its place where there is none yet */
static json_t *policy_of(json_t *list, const char *kind) {
    size_t at = 0;
    while (at < json_array_size(list) && cmp_policy(json_array_get(list, at), kind) < 0)
        at++;
    json_t *p = json_array_get(list, at);
    if (p && strcmp(cli_str(p, "kind"), kind) == 0) return p;
    json_array_insert_new(list, at, json_pack("{s:s}", "kind", kind));
    return json_array_get(list, at);
}
/* "KIND" or "KIND=VALUE" */
static int add_policy(struct cli *c, json_t *list, const char *option, const char *field,
                      const char *v) {
    char kind[32];
    enum rb_kind k;
    uint64_t days = 0;
    const char *eq = strchr(v, '='), *value = eq ? eq + 1 : NULL;
    bool valued = strcmp(option, "keep") == 0 || strcmp(option, "disclosure") == 0;
    size_t n = eq ? (size_t)(eq - v) : strlen(v);
    snprintf(kind, sizeof kind, "%.*s", (int)(n < sizeof kind ? n : sizeof kind - 1), v);
    if (rb_kind_decode(rb_str(kind), &k) != RB_OK || valued != (value != NULL))
        return cli_usage(c,
                         "--%s wants %s, like %s; not \"%s\" (`readback help kinds` has the kinds)",
                         option, valued ? "KIND=VALUE" : "a kind of record",
                         !valued                       ? "statement"
                         : strcmp(option, "keep") == 0 ? "notice=90"
                                                       : "text=whole",
                         v);
    if (strcmp(option, "two-officers") != 0 && rb_kind_always_open(k))
        return cli_usage(c, "--%s: records of kind %s are always open", option, kind);
    if (strcmp(option, "disclosure") == 0 && strcmp(value, "whole") != 0 &&
        strcmp(value, "fact") != 0 && strcmp(value, "hash") != 0)
        return cli_usage(
            c, "--disclosure wants KIND=WORD, the word whole, fact or hash; not \"%s\"", v);
    if (strcmp(option, "keep") == 0 &&
        (rb_dec_decode(rb_str(value), &days) != RB_OK || days > UINT32_MAX))
        return cli_usage(c, "--keep wants KIND=DAYS, 0 for good: %s", v);
    json_object_set_new(policy_of(list, kind), field,
                        !valued                       ? json_true()
                        : strcmp(option, "keep") == 0 ? json_integer((json_int_t)days)
                                                      : json_string(value));
    return CLI_OK;
}
static int add_policies(struct cli *c, json_t *charter) {
    static const struct {
        const char *option, *field;
    } all[] = {{"two-officers", "two_officers"},
               {"closed", "closed"},
               {"keep", "keep_days"},
               {"disclosure", "disclosure"}};
    json_t *list = json_array();
    const char *v;
    int rc = CLI_OK;
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        for (size_t i = 0; rc == CLI_OK && (v = cli_nth(c, all[k].option, i)) != NULL; i++)
            rc = add_policy(c, list, all[k].option, all[k].field, v);
    if (json_array_size(list)) json_object_set(charter, "policies", list);
    json_decref(list);
    return rc;
}

static int add_groups(struct cli *c, json_t *charter) {
    json_t *groups = json_array(), *languages = json_array();
    const char *v;
    int rc = CLI_OK;
    for (size_t i = 0; rc == CLI_OK && (v = cli_nth(c, "group", i)) != NULL; i++)
        rc = add_group(c, groups, v);
    for (size_t i = 0; (v = cli_nth(c, "channel-language", i)) != NULL; i++)
        json_array_append_new(languages, json_string(v));
    if (json_array_size(groups)) json_object_set(charter, "groups", groups);
    if (json_array_size(languages)) json_object_set(charter, "languages", languages);
    json_decref(groups);
    json_decref(languages);
    return rc;
}
int cli_charter_terms(struct cli *c, json_t *charter) {
    int rc = add_groups(c, charter);
    if (cli_has(c, "title"))
        json_object_set_new(charter, "title", json_string(cli_get(c, "title")));
    if (rc == CLI_OK) rc = cli_put_when(c, charter, "accept-by", "accept_by");
    if (!cli_has(c, "accept-by"))
        json_object_set_new(charter, "accept_in",
                            json_string(cli_has(c, "accept-in") ? cli_get(c, "accept-in") : "7d"));
    if (cli_has(c, "timekeeper"))
        json_object_set_new(charter, "timekeeper", json_string(cli_get(c, "timekeeper")));
    if (cli_has(c, "receipt-every"))
        json_object_set_new(charter, "receipt_interval", json_string(cli_get(c, "receipt-every")));
    if (rc == CLI_OK) rc = add_spans(c, charter, "answer", "answer_times");
    if (rc == CLI_OK) rc = add_spans(c, charter, "lead", "lead_times");
    if (rc == CLI_OK) rc = add_spans(c, charter, "standoff", "stand_off");
    if (rc == CLI_OK) rc = add_theatre(c, charter);
    if (rc == CLI_OK) rc = add_seconds(c, charter, "test-every", "test_interval");
    if (rc == CLI_OK) rc = add_seconds(c, charter, "test-grace", "test_grace");
    return rc == CLI_OK ? add_policies(c, charter) : rc;
}
static int from_options(struct cli *c, const char *us, json_t *charter) {
    const char *v;
    int rc = CLI_OK;
    json_t *members = json_array();
    if (!cli_has(c, "title")) rc = cli_usage(c, "a channel needs a --title");
    if (rc == CLI_OK && !cli_has(c, "member") && !cli_has(c, "alone"))
        rc = cli_usage(c, "a channel needs at least one --member; --alone makes a list of our own, "
                          "to register and check before there is anybody else");
    for (size_t i = 0; (v = cli_nth(c, "member", i)) != NULL; i++)
        cli_charter_member(members, v);
    if (!has_member(members, us))
        json_array_insert_new(members, 0, json_pack("{s:s}", "handle", us));
    if (cli_has(c, "exercise")) json_object_set_new(charter, "exercise", json_true());
    json_object_set_new(charter, "members", members);
    return rc == CLI_OK ? cli_charter_terms(c, charter) : rc;
}
json_t *cli_json_file(struct cli *c, const char *path, const char *what) {
    size_t n = 0;
    json_error_t e;
    char *text = cli_read_file(c, path, 1u << 20, &n);
    json_t *o = text ? json_loadb(text, n, JSON_REJECT_DUPLICATES, &e) : NULL;
    if (text && !json_is_object(o)) {
        cli_fail(c, what, "%s does not read as JSON, line %d: %s", path, o ? 1 : e.line,
                 o ? "not an object" : e.text);
        json_decref(o);
        o = NULL;
    }
    free(text);
    return o;
}

static int propose(struct cli *c, const json_t *charter) {
    struct cli_key officer = {0}, party = {0};
    json_t *in = json_pack("{s:O}", "charter", charter), *shown = NULL, *out = NULL;
    int rc = cli_call(c, "POST", "/v1/charter/compose", in, &shown);
    if (rc == CLI_OK) rc = cli_officer(c, &officer); /* a wrong passphrase is said first */
    if (rc == CLI_OK) rc = cli_party(c, &party);
    if (rc == CLI_OK) {
        cli_exercise(c, stderr, shown);
        cli_strong(c, stderr, "Channel to be proposed\n");
        cli_body(stderr, json_object_get(shown, "charter"), 2);
        fprintf(stderr,
                "It becomes a record of all members. Later it is changed by an amendment alone, "
                "by its rule: %s.\n",
                *cli_str(json_object_get(shown, "charter"), "rule")
                    ? cli_str(json_object_get(shown, "charter"), "rule")
                    : "all");
        cli_confirm(c, "Propose it?", &rc);
    }
    if (rc == CLI_OK) {
        int status = rb_client_found(c->client, &officer.key, &party.key, charter, &out);
        if (status != 200) rc = cli_refused(c, status, out);
    }
    if (rc == CLI_OK && c->json)
        cli_json(out);
    else if (rc == CLI_OK)
        printf("Proposed: channel %s\n", cli_str(out, "channel"));
    cli_key_close(&officer);
    cli_key_close(&party);
    json_decref(in);
    json_decref(shown);
    json_decref(out);
    return rc;
}
int cli_channel_propose(struct cli *c) {
    json_t *card = NULL, *charter = NULL;
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    int rc = cli_get_json(c, "/v1/card", &card);
    if (rc == CLI_OK && c->args_n == 1) {
        charter =
            cli_json_file(c, c->args[0], "A charter is an object; spec/openapi.yaml has its form.");
        if (charter == NULL) rc = CLI_FAILED;
    } else if (rc == CLI_OK) {
        charter = json_object();
        rc = from_options(c, cli_str(card, "handle"), charter);
    }
    if (rc == CLI_OK) rc = propose(c, charter);
    json_decref(card);
    json_decref(charter);
    return rc;
}

/* ---- looking
 * ---------------------------------------------------------------------------------------- */
int cli_channel_list(struct cli *c) {
    json_t *o = NULL, *x;
    size_t i;
    if (!cli_want_args(c, 0, 0)) return CLI_USAGE;
    int rc = cli_get_json(c, "/v1/channels", &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK) {
        struct cli_table t = {0};
        cli_table_row(&t, 6, "", "CHANNEL", "TITLE", "STATE", "US", "RECORDS");
        json_array_foreach(json_object_get(o, "channels"), i, x) {
            char id[13], n[24];
            cli_short(id, x, "channel");
            snprintf(n, sizeof n, "%lld", (long long)cli_int(x, "records"));
            cli_table_row(&t, 6, cli_true(x, "exercise") ? "EXERCISE" : "", id,
                          cli_text(x, "title"), cli_text(x, "state"), cli_text(x, "own_state"), n);
        }
        cli_table_print(&t, stdout);
    }
    json_decref(o);
    return rc;
}
static void members_table(const json_t *members) {
    struct cli_table t = {0};
    size_t i;
    const json_t *m;
    cli_table_row(&t, 7, "MEMBER", "ROLE", "AFFILIATION", "GROUP", "ACCEPTANCE", "STATE",
                  "TESTS MISSED");
    json_array_foreach(members, i, m) {
        char group[300], n[24];
        const char *state = cli_true(m, "left")        ? "left"
                            : cli_true(m, "suspended") ? "suspended"
                            : cli_true(m, "active")    ? "in"
                                                       : "-";
        snprintf(group, sizeof group, "%s%s", cli_text(m, "group"),
                 cli_true(m, "lead") ? " (lead)" : "");
        snprintf(n, sizeof n, "%lld", (long long)cli_int(m, "tests_missed"));
        cli_table_row(&t, 7, cli_text(m, "handle"), cli_text(m, "role"), cli_text(m, "affiliation"),
                      group, cli_text(m, "acceptance"), cli_true(m, "frozen") ? "FORKED" : state,
                      n);
    }
    cli_table_print(&t, stdout);
}
static void channel_head(struct cli *c, const json_t *o) {
    cli_exercise(c, stdout, o);
    cli_strong(c, stdout, cli_str(o, "title"));
    printf("  %s\n%s", cli_str(o, "channel"), cli_text(o, "state"));
    if (*cli_str(o, "in_force_since")) {
        fputs(" since ", stdout);
        cli_time(stdout, cli_str(o, "in_force_since"));
    }
    printf(", we: %s (%s), proposed by %s\n", cli_text(o, "us"), cli_text(o, "own_state"),
           cli_text(o, "proposer"));
    if (*cli_str(o, "waiting"))
        printf("Records of ours wait unsigned: %s\n", cli_str(o, "waiting"));
    cli_guard(stdout, o);
    if (*cli_str(o, "epoch_due"))
        printf("%s: readback channel epoch %.8s\n", cli_str(o, "epoch_due"), cli_str(o, "channel"));
    fputc('\n', stdout);
}
static void line_said(const json_t *list, const char *what) {
    char buf[600];
    if (json_array_size(list) == 0) return;
    cli_joined(buf, sizeof buf, list);
    printf("  %s: %s\n", what, buf);
}
static void amendments(const json_t *o) {
    size_t i;
    const json_t *x;
    json_array_foreach(json_object_get(o, "amendments"), i, x) {
        printf("\nAmendment %.12s by %s, its hour is ", cli_str(x, "record"),
               cli_text(x, "author"));
        cli_time(stdout, cli_str(x, "accept_by"));
        fputc('\n', stdout);
        cli_differences(stdout, json_object_get(x, "differences"), 2);
        cli_amendment_rule(stdout, o, x, 2);
        line_said(json_object_get(x, "accepted"), "accepted by");
        line_said(json_object_get(x, "rejected"), "rejected by");
        line_said(json_object_get(x, "other"), "abstain, or dissociate themselves");
        line_said(json_object_get(x, "awaited"), "no word known here of");
    }
}
int cli_channel_show(struct cli *c) {
    json_t *o = NULL;
    struct cli_path p;
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    char *name = cli_channel(c, c->args_n ? c->args[0] : NULL);
    if (name == NULL) return c->channel_exit;
    cli_path(&p, "/v1/channels/", name, "");
    int rc = cli_query_when(c, &p, "at");
    if (rc == CLI_OK) rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK) {
        channel_head(c, o);
        members_table(json_object_get(o, "members"));
        const json_t *tests = json_object_get(o, "line_tests");
        if (*cli_str(tests, "interval"))
            printf("\nLine tests every %s, next %s\n", cli_str(tests, "interval"),
                   cli_text(tests, "next"));
        amendments(o);
        fputs("\nCharter\n", stdout);
        json_t *charter = json_object_get(o, "charter");
        json_object_del(charter, "members");
        cli_body(stdout, charter, 2);
    }
    json_decref(o);
    free(name);
    return rc;
}
/* what binds, is asked or is open; texts that circulate have a list of their own */
static void instruments_open(const json_t *list) {
    static const char *const open[] = {
        "proposed", "agreed",   "declared",   "in-force",      "asked",
        "answered", "accepted", "unanswered", "not-delivered", "contested-by-time"};
    const json_t *x;
    size_t i, told = 0;
    json_array_foreach(list, i, x) {
        bool is = false;
        for (size_t k = 0; k < sizeof open / sizeof *open; k++)
            is |= strcmp(cli_str(x, "state"), open[k]) == 0;
        if (!is) continue;
        if (told++ == 0) fputs("\nProposed, in force, asked\n", stdout);
        printf("  %.12s %s of %s: %s\n", cli_str(x, "record"), cli_text(x, "kind"),
               cli_text(x, "author"), cli_text(x, "state"));
    }
    if (told) puts("  `readback instruments` lists all of them");
}
int cli_situation(struct cli *c) {
    json_t *o = NULL, *x;
    struct cli_path p;
    size_t i;
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    char *name = cli_channel(c, c->args_n ? c->args[0] : NULL);
    if (name == NULL) return c->channel_exit;
    cli_path(&p, "/v1/channels/", name, "/situation");
    int rc = cli_query_when(c, &p, "at");
    if (rc == CLI_OK) rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK) {
        channel_head(c, o);
        fputs("At ", stdout);
        cli_time(stdout, cli_str(o, "now"));
        printf(", digest %.16s, %lld records\n\n", cli_str(o, "digest"),
               (long long)cli_int(o, "records"));
        members_table(json_object_get(o, "members"));
        if (json_array_size(json_object_get(o, "dues"))) fputs("\nAnswers demanded\n", stdout);
        json_array_foreach(json_object_get(o, "dues"), i, x) printf(
            "  %s of %s on %.12s by %s: %s\n", cli_text(x, "position"), cli_text(x, "member"),
            cli_str(x, "record"), cli_text(x, "due"), cli_text(x, "state"));
        if (json_array_size(json_object_get(o, "reminders"))) fputs("\nReminders\n", stdout);
        json_array_foreach(json_object_get(o, "reminders"), i, x) {
            printf("  %.12s %s%s%s: ", cli_str(x, "record"), cli_text(x, "class"),
                   *cli_str(x, "title") ? " " : "", cli_str(x, "title"));
            cli_reminder(stdout, x);
        }
        cli_stop_fires(c, name);
        if (json_array_size(json_object_get(o, "silences"))) fputs("\nSilence\n", stdout);
        json_array_foreach(json_object_get(o, "silences"), i, x) {
            const json_t *b = json_object_get(x, "body");
            printf("  %s, noted by %s: %s; our line to it: %s\n", cli_text(x, "member"),
                   cli_text(x, "by"),
                   cli_true(b, "delivered") ? "delivered, not answered" : "not delivered",
                   cli_text(json_object_get(b, "link"), "state"));
        }
        instruments_open(json_object_get(o, "instruments"));
        if (json_array_size(json_object_get(o, "texts"))) fputs("\nTexts circulated\n", stdout);
        json_array_foreach(json_object_get(o, "texts"), i, x)
            printf("  %.12s %s, by %s\n", cli_str(x, "record"), cli_text(x, "title"),
                   cli_text(x, "author"));
    }
    json_decref(o);
    free(name);
    return rc;
}
