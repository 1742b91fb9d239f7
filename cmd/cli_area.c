/* Places and what is planned: notices of each class, stop-fire, the places known here, two of them
 * beside each other. */
#include <stdlib.h>
#include "cli.h"
#include "readback/text.h"

/* ---- notices -----------------------------------------------------------------------------------
 */
static int class_word(struct cli *c, const char *cls) {
    static const char *const names[] = {"operation", "exercise", "area", "movement", "site"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(cls, names[i]) == 0) return CLI_OK;
    return cli_not_one(c, "class of notice", cls, names, sizeof names / sizeof *names);
}
/* "notice [CHANNEL] CLASS", or the class as the command */
static int class_and_channel(struct cli *c, const char **cls, const char **channel) {
    bool named = strcmp(c->command->name, "notice") == 0;
    if (!cli_want_args(c, named ? 1 : 0, named ? 2 : 1)) return CLI_USAGE;
    *cls = named ? c->args[c->args_n - 1] : c->command->name;
    *channel = c->args_n == (named ? 2 : 1) ? c->args[0] : NULL;
    return class_word(c, *cls);
}
/* Always closed, or closed by --recipients: said before anything is looked at. What the charter
 * closes besides is found when it is composed. */
static int never_in_words(struct cli *c, bool always_closed) {
    const char *word = cli_content_in_words(c);
    if (word == NULL || (!always_closed && !cli_has(c, "recipients"))) return CLI_OK;
    return cli_say_content_in_words(c, word);
}
static int notice_fits(struct cli *c, const char *cls) {
    bool site = strcmp(cls, "site") == 0;
    int rc = never_in_words(c, site || strcmp(cls, "movement") == 0);
    if (rc != CLI_OK) return rc;
    if (!cli_has(c, "title"))
        return cli_usage(c, "a notice needs a title: one line that says what it is");
    if (cli_has(c, "review-by") && !site)
        return cli_off(c, "review-by", cli_get(c, "review-by"),
                       ": only a site is looked at again; a notice has its end, --to or --for");
    return CLI_OK;
}
static int notice_body(struct cli *c, const char *cls, json_t **body) {
    int rc = CLI_OK;
    json_t *volumes = json_array();
    char *text = cli_words_of(c, RB_MAX_TEXT, &rc);
    if (rc == CLI_OK) rc = cli_volumes(c, volumes);
    *body = json_pack("{s:s,s:s,s:s,s:o}", "class", cls, "title", cli_get(c, "title"), "text",
                      text ? text : "", "volumes", volumes);
    if (cli_has(c, "markings"))
        json_object_set_new(*body, "markings", json_string(cli_get(c, "markings")));
    free(text);
    return rc == CLI_OK ? cli_put_when(c, *body, "review-by", "review_by") : rc;
}
/* the channel, the envelope, and out: checked only, or released. body is taken. */
static int go(struct cli *c, const char *given, const char *kind, json_t *body) {
    char *channel = cli_channel(c, given);
    if (channel == NULL) {
        json_decref(body);
        return c->channel_exit;
    }
    json_t *draft = json_pack("{s:s,s:s,s:o}", "channel", channel, "kind", kind, "body", body);
    free(channel);
    int rc = cli_envelope(c, draft);
    if (rc == CLI_OK && strcmp(kind, "stop-fire") == 0) {
        json_object_set_new(draft, "precedence", json_string("FLASH"));
        json_object_set_new(json_object_get(draft, "demand"), "position",
                            json_string("will-comply"));
    }
    if (rc == CLI_OK) return cli_has(c, "dry-run") ? cli_dry_run(c, draft) : cli_release(c, draft);
    json_decref(draft);
    return rc;
}
int cli_notice(struct cli *c) {
    const char *cls = NULL, *channel = NULL;
    json_t *body = NULL;
    int rc = class_and_channel(c, &cls, &channel);
    if (rc == CLI_OK) rc = notice_fits(c, cls);
    if (rc == CLI_OK) rc = notice_body(c, cls, &body);
    if (rc == CLI_OK) return go(c, channel, "notice", body);
    json_decref(body);
    return rc;
}

/* ---- stop-fire ---------------------------------------------------------------------------------
 */
static int stop_fire_fits(struct cli *c) {
    static const char *const flash[] = {"FLASH"}, *const comply[] = {"will-comply"};
    const char *precedence = cli_get(c, "precedence"), *demand = cli_get(c, "demand");
    int rc = never_in_words(c, false);
    if (rc != CLI_OK) return rc;
    if (!cli_has(c, "title"))
        return cli_usage(c, "a stop-fire needs a title: one line that says what is to stop");
    if (precedence && strcmp(precedence, "FLASH") != 0)
        return cli_not_one(c, "precedence of a stop-fire", precedence, flash, 1);
    if (demand && strcmp(demand, "will-comply") != 0)
        return cli_not_one(c, "answer that a stop-fire demands", demand, comply, 1);
    if (!cli_has(c, "in") && !cli_has(c, "demand-in") && !cli_has(c, "demand-by"))
        return cli_usage(c, "say by when it is to be answered: --in 10m");
    if (cli_has(c, "in") + cli_has(c, "demand-in") + cli_has(c, "demand-by") > 1)
        return cli_usage(c, "give one of --in, --demand-in, --demand-by");
    return CLI_OK;
}
int cli_stop_fire(struct cli *c) {
    json_t *volumes = json_array(), *body;
    int rc = cli_want_args(c, 0, 1) ? stop_fire_fits(c) : CLI_USAGE;
    char *text = rc == CLI_OK ? cli_words_of(c, RB_MAX_TEXT, &rc) : NULL;
    if (rc == CLI_OK) rc = cli_volumes(c, volumes);
    if (rc != CLI_OK) {
        free(text);
        json_decref(volumes);
        return rc;
    }
    body = json_pack("{s:s,s:s,s:o}", "title", cli_get(c, "title"), "text", text ? text : "",
                     "volumes", volumes);
    free(text);
    return go(c, c->args_n ? c->args[0] : NULL, "stop-fire", body);
}

/* ---- the places known here ---------------------------------------------------------------------
 */
static const char *dtg(const json_t *o, const char *key, char out[24]) {
    int64_t ms = 0;
    struct rb_writer w = rb_writer(out, 24);
    if (rb_rfc3339_decode(rb_str(cli_str(o, key)), &ms) != RB_OK) return "-";
    rb_put_dtg(&w, ms);
    return rb_writer_z(&w);
}
static const char *state_of(const json_t *x, char out[96]) {
    const json_t *r = json_object_get(x, "reminder");
    snprintf(out, 96, "%s%s%s%s", cli_true(x, "stands") ? "stands" : "does not stand",
             cli_true(x, "closed") ? ", closed" : "", json_is_object(r) ? ", REMINDER: " : "",
             json_is_object(r) ? cli_str(r, "what") : "");
    return out;
}
static void place_row(struct cli_table *t, const json_t *x) {
    char id[13], title[64], from[24], to[24], held[256], passed[256], state[96];
    cli_short(id, x, "record");
    cli_clip(title, sizeof title, cli_str(x, "title"));
    cli_joined(held, sizeof held, json_object_get(x, "held_by"));
    cli_joined(passed, sizeof passed, json_object_get(x, "passed_down_by"));
    cli_table_row(t, 11, id, cli_text(x, "class"), cli_text(x, "author"), title,
                  cli_text(x, "place"), cli_text(x, "mgrs"), dtg(x, "begins", from),
                  dtg(x, "ends", to), held, passed, state_of(x, state));
}
static void show_places(struct cli *c, const json_t *o) {
    const json_t *list = json_object_get(o, "places"), *x;
    struct cli_table t = {0};
    size_t i;
    cli_exercise(c, stdout, o);
    cli_strong(c, stdout, cli_str(o, "title"));
    fputs("  at ", stdout);
    cli_time(stdout, cli_str(o, "now"));
    fputc('\n', stdout);
    cli_table_row(&t, 11, "RECORD", "CLASS", "AUTHOR", "TITLE", "PLACE", "MGRS", "FROM", "TO",
                  "HELD BY", "PASSED DOWN BY", "STATE");
    json_array_foreach(list, i, x) place_row(&t, x);
    cli_table_print(&t, stdout);
    printf("%zu that can be read here; %lld closed ones that cannot; %lld malformed\n",
           json_array_size(list), (long long)cli_int(o, "unreadable"),
           (long long)cli_int(o, "malformed"));
    json_array_foreach(list, i, x) {
        if (!json_is_object(json_object_get(x, "reminder"))) continue;
        printf("%.12s ", cli_str(x, "record"));
        cli_reminder(stdout, json_object_get(x, "reminder"));
    }
}
static int places_path(struct cli *c, struct cli_path *p) {
    bool listed = strcmp(c->command->name, "places") != 0;
    char cls[32] = "";
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    if (listed)
        snprintf(cls, sizeof cls, "%.*s", (int)strcspn(c->command->name, " "), c->command->name);
    if (cli_has(c, "class")) snprintf(cls, sizeof cls, "%.31s", cli_get(c, "class"));
    /* areas of cessations stand among the places, and are no notices */
    const bool truce = strcmp(cls, "area under truce") == 0;
    if (cli_has(c, "class") && !truce && class_word(c, cls) != CLI_OK) return CLI_USAGE;
    char *channel = cli_channel(c, c->args_n ? c->args[0] : NULL);
    if (channel == NULL) return c->channel_exit;
    cli_path(p, "/v1/channels/", channel, "/places");
    free(channel);
    if (*cls) cli_query(p, "class", cls);
    if (cli_has(c, "all")) cli_query(p, "all", "1");
    return CLI_OK;
}
int cli_places(struct cli *c) {
    json_t *o = NULL;
    struct cli_path p;
    int rc = places_path(c, &p);
    if (rc == CLI_OK) rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK)
        show_places(c, o);
    json_decref(o);
    return rc;
}

/* ---- two of them -------------------------------------------------------------------------------
 */
static void show_one(const json_t *x) {
    printf("  %.12s  %s of %s%s%s\n", cli_str(x, "record"), cli_text(x, "class"),
           cli_text(x, "author"), *cli_str(x, "title") ? ", " : "", cli_str(x, "title"));
}
int cli_compare(struct cli *c) {
    json_t *o = NULL;
    struct cli_path p, whole;
    if (!cli_want_args(c, 2, 2)) return CLI_USAGE;
    for (int i = 0; i < 2; i++)
        if (cli_record_word(c, c->args[i]) != CLI_OK) return CLI_USAGE;
    cli_path(&p, "/v1/records/", c->args[0], "/compare/");
    cli_path(&whole, p.z, c->args[1], "");
    int rc = cli_get_json(c, whole.z, &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK) {
        cli_exercise(c, stdout, o);
        show_one(json_object_get(o, "a"));
        show_one(json_object_get(o, "b"));
        cli_strong(c, stdout, cli_text(o, "answer"));
        printf(": %s\n", cli_str(o, "sentence"));
    }
    json_decref(o);
    return rc;
}
