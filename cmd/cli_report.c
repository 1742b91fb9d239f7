/* The report on incidents from one cut-off to the next, with the change on the period before. */
#include <stdlib.h>
#include "cli_instruments.h"

static void show_number(const char *what, const json_t *n) {
    const json_int_t change = cli_int(n, "change");
    if (cli_int(n, "now") == 0 && cli_int(n, "before") == 0) return;
    printf("  %-34s %6lld   %s%lld on the period before\n", what, (long long)cli_int(n, "now"),
           change >= 0 ? "+" : "", (long long)change);
}
static void show_numbers(const char *what, const json_t *o) {
    const char *k;
    json_t *n;
    char name[64];
    json_object_foreach((json_t *)(uintptr_t)o, k, n) {
        snprintf(name, sizeof name, "%s %s", what, k);
        show_number(name, n);
    }
}
/* is anything in it not 0, in this period or the one before? */
static bool any_number(const json_t *o) {
    const char *k;
    json_t *v;
    size_t i;
    if (json_is_object(o) && json_object_get(o, "now") && json_object_get(o, "change"))
        return cli_int(o, "now") != 0 || cli_int(o, "before") != 0;
    json_object_foreach((json_t *)(uintptr_t)o, k, v) {
        if (any_number(v)) return true;
    }
    json_array_foreach((json_t *)(uintptr_t)o, i, v) {
        if (any_number(v)) return true;
    }
    return false;
}
static void show_report(struct cli *c, const json_t *o) {
    static const char *const words[][2] = {{"asserted", "incidents asserted"},
                                           {"confirmed", "incidents of others confirmed"},
                                           {"disputed", "incidents of others disputed"},
                                           {"unread", "closed positions not read here"}};
    const json_t *m;
    size_t i;
    cli_exercise(c, stdout, o);
    cli_strong(c, stdout, cli_str(o, "title"));
    fputs("\n  from ", stdout);
    cli_time(stdout, cli_str(o, "from"));
    fputs("\n  to   ", stdout);
    cli_time(stdout, cli_str(o, "to"));
    putchar('\n');
    if (!any_number(o)) puts("  Nothing of this or of the period before is in any number.");
    show_number("incidents asserted, by all", json_object_get(o, "asserted"));
    show_number("later versions of these", json_object_get(o, "versions"));
    show_number("taken back by their authors", json_object_get(o, "withdrawn"));
    show_number("assigned to monitors", json_object_get(o, "assigned"));
    show_numbers("visits", json_object_get(o, "visits"));
    show_numbers("findings", json_object_get(o, "findings"));
    show_number("findings not read here", json_object_get(o, "unread"));
    json_array_foreach(json_object_get(o, "members"), i, m) {
        char who[CLI_WHO];
        printf("  %s\n", cli_who(m, who));
        for (size_t k = 0; k < 4; k++)
            show_number(words[k][1], json_object_get(m, words[k][0]));
    }
    if (json_array_size(json_object_get(o, "in_no_number")))
        printf("  in no number, for nobody else is known to hold them: %zu\n",
               json_array_size(json_object_get(o, "in_no_number")));
    puts("It counts records: a number of incidents asserted is no number of incidents.");
}
int cli_report(struct cli *c) {
    json_t *o = NULL;
    struct cli_path p;
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    char *name = cli_channel(c, c->args_n ? c->args[0] : NULL);
    if (name == NULL) return c->channel_exit;
    cli_path(&p, "/v1/channels/", name, "/report");
    free(name);
    int rc = cli_query_when(c, &p, "from");
    if (rc == CLI_OK) rc = cli_query_when(c, &p, "to");
    if (rc == CLI_OK) rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK)
        show_report(c, o);
    json_decref(o);
    return rc;
}
