/* Looking at instruments: lists by kind, and what became of one record. */
#include <stdlib.h>
#include "cli_instruments.h"

static const struct {
    const char *command, *kinds; /* NULL: all */
} looks[] = {
    {"truces", "cessation"},     {"texts", "text"},
    {"requests", "request"},     {"incidents", "incident,finding"},
    {"figures", "figure"},       {"designations", "designation"},
    {"agreements", "agreement"}, {"contacts", "contact,readout"},
    {"instruments", NULL},
};
static const char *kinds_of(const char *command) {
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        if (strcmp(looks[i].command, command) == 0) return looks[i].kinds;
    return NULL;
}

/* ---- a line each -------------------------------------------------------------------------------
 */
static void show_lines(const json_t *list) {
    struct cli_table t = {0};
    const json_t *x;
    size_t i;
    cli_table_row(&t, 6, "RECORD", "KIND", "STATE", "FROM", "WRITTEN", "TITLE");
    json_array_foreach(list, i, x) {
        char id[13], title[64], from[CLI_WHO];
        cli_short(id, x, "record");
        cli_clip(title, sizeof title, cli_str(x, "title"));
        cli_table_row(&t, 6, id, cli_text(x, "kind"), cli_text(x, "state"),
                      cli_who(json_object_get(x, "from"), from), cli_text(x, "created"), title);
    }
    cli_table_print(&t, stdout);
}

/* ---- figures side by side ----------------------------------------------------------------------
 */
static const char *number(const json_t *body, const char *key, char out[24]) {
    const json_t *v = json_object_get(body, key);
    if (json_is_integer(v))
        snprintf(out, 24, "%lld", (long long)json_integer_value(v));
    else
        snprintf(out, 24, "open");
    return out;
}
static const char *clipped(const json_t *o, const char *key, char out[40]) {
    cli_clip(out, 40, cli_text(o, key));
    return out;
}
static const char *period(const json_t *body, char out[64]) {
    const char *from = cli_str(body, "from"), *to = cli_str(body, "to");
    snprintf(out, 64, "%s%s%s",
             *from ? from
             : *to ? "?"
                   : "not stated",
             *from || *to ? ".." : "", *from || *to ? *to ? to : "?" : "");
    return out;
}
/* that they may count the same people, and who counted */
static void show_pair(const json_t *x) {
    static const char *const words[][2] = {
        {"same_counter", "counted by the same"},
        {"same_source", "of the same source"},
        {"counter_stopped", "this counter has STOPPED"},
        {"fewer_sources", "the second has fewer sources behind it"},
        {"more_sources", "the second has more sources behind it"}};
    const bool same = cli_true(x, "same_what");
    const char *sep = ": ";
    printf("  %.12s and %.12s", cli_str(x, "a"), cli_str(x, "b"));
    if (same && strcmp(cli_str(x, "overlap"), "none") != 0) {
        const bool sure = strcmp(cli_str(x, "overlap"), "overlap") == 0;
        printf("%s%s", sep,
               sure ? "period and area OVERLAP, as stated"
                    : "that they overlap cannot be excluded");
        sep = "; ";
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!cli_true(x, words[i][0])) continue;
        printf("%s%s", sep, words[i][1]);
        sep = "; ";
    }
    putchar('\n');
}
static void show_left(const json_t *o, const char *key, const char *words) {
    if (cli_int(o, key)) printf("  %lld %s\n", (long long)cli_int(o, key), words);
}
static void show_figures(const json_t *o, const json_t *list) {
    struct cli_table t = {0};
    const json_t *x;
    size_t i;
    cli_table_row(&t, 14, "RECORD", "FROM", "WHAT", "AS STATED", "LEAST", "MOST", "CLASS", "AREA",
                  "PERIOD", "COUNTED BY", "SOURCE", "SOURCES", "STATUS", "STATE");
    json_array_foreach(list, i, x) {
        const json_t *b = json_object_get(x, "body");
        char id[13], from[CLI_WHO], stated[40], cls[40], area[40], by[40], source[40], low[24],
            high[24], sources[24], when[64];
        cli_short(id, x, "record");
        cli_table_row(&t, 14, id, cli_who(json_object_get(x, "from"), from), cli_text(b, "what"),
                      clipped(b, "as_stated", stated), number(b, "low", low),
                      number(b, "high", high), clipped(b, "class", cls), clipped(b, "area", area),
                      period(b, when), clipped(b, "counted_by", by),
                      *cli_str(b, "source") ? clipped(b, "source", source) : "not named",
                      json_object_get(b, "sources") ? number(b, "sources", sources) : "not stated",
                      cli_text(b, "status"), cli_text(x, "state"));
    }
    cli_table_print(&t, stdout);
    json_array_foreach(list, i, x) cli_say_words_on(stdout, x, x, 2);
    json_array_foreach(json_object_get(o, "figures_beside"), i, x) show_pair(x);
    show_left(o, "figures_beside_more", "more pairs that may count the same are not listed");
    show_left(o, "figures_not_compared", "could not be compared");
    puts("Each is its author's. They may count the same people: they are never summed.");
}

/* ---- designations of one instrument ------------------------------------------------------------
 */
static size_t show_subject(const json_t *x) {
    const json_t *silent = json_object_get(x, "not_named_by");
    const bool differs = cli_true(x, "difference");
    char in[512], out[512], none[512];
    if (!differs && json_array_size(silent) == 0) return 0;
    cli_joined(in, sizeof in, json_object_get(x, "inside"));
    cli_joined(out, sizeof out, json_object_get(x, "outside"));
    cli_joined(none, sizeof none, silent);
    printf("    %s%s: inside by %s, outside by %s, not named by %s\n",
           differs ? "DIFFERENCE, " : "", cli_text(x, "name"), in, out, none);
    return 1;
}
static void show_differences(const json_t *o) {
    const json_t *g, *x;
    size_t i, k;
    json_array_foreach(json_object_get(o, "designations_beside"), i, g) {
        size_t told = 0;
        if (*cli_str(g, "of"))
            printf("\n  Beside each other, of %.12s, by names as written:\n", cli_str(g, "of"));
        else
            puts("\n  Beside each other, of no instrument, by names as written:");
        json_array_foreach(json_object_get(g, "subjects"), k, x) told += show_subject(x);
        json_array_foreach(json_object_get(g, "areas"), k, x) printf(
            "    area %lld of %.12s, inside, and area %lld of %.12s, outside: %s\n",
            (long long)cli_int(x, "inside_area"), cli_str(x, "inside"),
            (long long)cli_int(x, "outside_area"), cli_str(x, "outside"), cli_text(x, "overlap"));
        if (told + json_array_size(json_object_get(g, "areas")) == 0) puts("    none differs");
        if (cli_true(g, "more_areas")) puts("    more areas meet than are listed");
    }
    show_left(o, "designations_not_compared", "could not be compared");
}

/* ---- lists -------------------------------------------------------------------------------------
 */
static void show_one(struct cli *c, const json_t *x) {
    putchar('\n');
    cli_strong(c, stdout, cli_str(x, "title"));
    printf("%s%.12s  %s", *cli_str(x, "title") ? "\n  " : "  ", cli_str(x, "record"),
           cli_text(x, "kind"));
    char from[CLI_WHO];
    printf(" of %s, written ", cli_who(json_object_get(x, "from"), from));
    cli_time(stdout, cli_str(x, "created"));
    fputc('\n', stdout);
    cli_closed(stdout, x, 2);
    cli_say_state(c, stdout, x, x, 2);
}
static void show_list(struct cli *c, const json_t *o) {
    const json_t *list = json_object_get(o, "instruments"), *x;
    const char *kinds = kinds_of(c->command->name);
    const size_t n = json_array_size(list);
    size_t i;
    cli_exercise(c, stdout, o);
    cli_strong(c, stdout, cli_str(o, "title"));
    printf("  %.12s  at ", cli_str(o, "channel"));
    cli_time(stdout, cli_str(o, "now"));
    fputc('\n', stdout);
    if (n > 0 && kinds == NULL)
        show_lines(list);
    else if (n > 0 && strcmp(kinds, "figure") == 0)
        show_figures(o, list);
    else
        json_array_foreach(list, i, x) show_one(c, x);
    if (kinds && strcmp(kinds, "designation") == 0) show_differences(o);
    if (n == 0) puts(cli_int(o, "left_out") ? "None stands now." : "None is known here.");
    if (cli_int(o, "left_out"))
        printf("%s%lld more: superseded, over, or without effect (--all)\n", n ? "\n" : "",
               (long long)cli_int(o, "left_out"));
}
/* ---- what is overdue ---------------------------------------------------------------------------
 */
/* what it is measured by: what its last report expects, or else the agreement's own */
static const char *due_of(const json_t *step) {
    return *cli_str(step, "expected") ? cli_str(step, "expected") : cli_str(step, "due");
}
static int by_due(const void *a, const void *b) {
    return strcmp(due_of(*(json_t *const *)a), due_of(*(json_t *const *)b));
}
/* steps that are overdue, each with its agreement; an agreement that is not read here has none to
 * show, and is counted */
static json_t *overdue_of(const json_t *o) {
    const json_t *x, *s;
    size_t i, k, n = 0;
    json_int_t unread = 0;
    json_t *out = json_pack("{s:O,s:O,s:O}", "exercise", json_object_get(o, "exercise"), "channel",
                            json_object_get(o, "channel"), "now", json_object_get(o, "now"));
    json_t *list = json_array(), *sorted = json_array();
    json_array_foreach(json_object_get(o, "instruments"), i, x) {
        const json_t *steps = json_object_get(json_object_get(x, "agreement"), "steps");
        unread += strcmp(cli_str(x, "state"), "unread") == 0;
        json_array_foreach(steps, k, s) {
            json_t *step = cli_true(s, "overdue") ? json_copy((json_t *)s) : NULL;
            if (step == NULL) continue;
            json_object_set(step, "agreement", json_object_get(x, "record"));
            json_object_set(step, "title", json_object_get(x, "title"));
            json_array_append_new(list, step);
        }
    }
    json_t **by = calloc(json_array_size(list) + 1, sizeof(json_t *));
    json_array_foreach(list, i, s) {
        if (by) by[n++] = json_array_get(list, i);
    }
    if (by) qsort(by, n, sizeof(json_t *), by_due);
    for (i = 0; i < n; i++)
        json_array_append(sorted, by[i]);
    free(by);
    json_decref(list);
    json_object_set_new(out, "overdue", sorted);
    json_object_set_new(out, "unread", json_integer(unread));
    return out;
}
static void show_steps(const json_t *list) {
    const json_t *s;
    struct cli_table t = {0};
    size_t i;
    cli_table_row(&t, 6, "DUE", "AGREEMENT", "STEP", "WHAT", "BY", "REPORTED");
    json_array_foreach(list, i, s) {
        char id[13], what[64], number[24];
        const char *owner = *cli_str(s, "owner") ? cli_str(s, "owner") : cli_str(s, "by");
        cli_short(id, s, "agreement");
        cli_clip(what, sizeof what, cli_str(s, "what"));
        snprintf(number, sizeof number, "%lld", (long long)cli_int(s, "number"));
        cli_table_row(&t, 6, due_of(s), id, number, what, *owner ? owner : "-",
                      json_is_object(json_object_get(s, "reported_by")) ? cli_str(s, "state")
                                                                        : "nothing");
    }
    cli_table_print(&t, stdout);
}
static void show_overdue(struct cli *c, const json_t *o) {
    const json_t *list = json_object_get(o, "overdue");
    const json_int_t unread = cli_int(o, "unread");
    cli_exercise(c, stdout, o);
    if (json_array_size(list) > 0)
        show_steps(list);
    else
        puts("No step is overdue, by what can be read here.");
    if (unread > 0)
        printf("%lld agreement%s could not be read here and %s not looked at\n", (long long)unread,
               unread == 1 ? "" : "s", unread == 1 ? "was" : "were");
}
static void show_steps_overdue(struct cli *c, const json_t *o) {
    json_t *steps = overdue_of(o);
    if (c->json)
        cli_json(steps);
    else
        show_overdue(c, steps);
    json_decref(steps);
}

int cli_instruments(struct cli *c) {
    json_t *o = NULL;
    struct cli_path p;
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    char *name = cli_channel(c, c->args_n ? c->args[0] : NULL);
    if (name == NULL) return c->channel_exit;
    cli_path(&p, "/v1/channels/", name, "/instruments");
    free(name);
    cli_query(&p, "kind", kinds_of(c->command->name));
    /* what is over goes into a calendar as cancelled */
    if (cli_has(c, "all") || cli_has(c, "ical")) cli_query(&p, "all", "1");
    int rc = cli_query_when(c, &p, "at");
    if (rc == CLI_OK) rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && cli_has(c, "ical"))
        rc = cli_calendar(c, o, cli_get(c, "ical"));
    else if (rc == CLI_OK && cli_has(c, "overdue"))
        show_steps_overdue(c, o);
    else if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK)
        show_list(c, o);
    json_decref(o);
    return rc;
}
