/* Two versions of a text, paragraph by paragraph. */
#include "cli_instrument.h"

static void show_version(const char *what, const json_t *v) {
    printf("%s  %.12s  version %lld of %s, %s\n", what, cli_str(v, "record"),
           (long long)cli_int(v, "version"), cli_text(v, "author"), cli_text(v, "title"));
}
static void show_text(char mark, const json_t *number, const char *text) {
    printf("%c %3lld  ", mark, (long long)json_integer_value(number));
    for (const char *z = text; *z; z++) {
        putchar(*z);
        if (*z == '\n') printf("%c      ", mark);
    }
    putchar('\n');
}
static void show_line(const json_t *l) {
    const char *type = cli_str(l, "type");
    const json_t *before = json_object_get(l, "before"), *after = json_object_get(l, "after");
    if (strcmp(type, "same") == 0) {
        show_text(' ', after, cli_str(l, "text_after"));
        return;
    }
    if (json_is_integer(before)) show_text('-', before, cli_str(l, "text_before"));
    if (json_is_integer(after)) show_text('+', after, cli_str(l, "text_after"));
}
int cli_text_diff(struct cli *c) {
    json_t *o = NULL, *l;
    struct cli_path p;
    char after[80];
    size_t i, n = 0;
    if (!cli_want_args(c, 2, 2) || cli_record_word(c, c->args[0]) != CLI_OK ||
        cli_record_word(c, c->args[1]) != CLI_OK)
        return CLI_USAGE;
    snprintf(after, sizeof after, "/diff/%s", c->args[1]);
    cli_path(&p, "/v1/records/", c->args[0], after);
    int rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK) {
        cli_exercise(c, stdout, o);
        show_version("-", json_object_get(o, "before"));
        show_version("+", json_object_get(o, "after"));
        if (cli_true(o, "title_changed")) puts("The titles differ.");
        json_array_foreach(json_object_get(o, "lines"), i, l) {
            show_line(l);
            n += strcmp(cli_str(l, "type"), "same") != 0;
        }
        if (n == 0) puts("No paragraph differs.");
    }
    json_decref(o);
    return rc;
}
