/* --form FILE: options from a file, a line each. What only some may read must not stand on the
 * command line, where everybody on the machine can see it and the shell remembers it. */
#include <stdlib.h>
#include "cli.h"
#include "readback/text.h"

#define FORM_MAX (3u * RB_MAX_TEXT)

/* lines of a file, cut in place: "name: value"; a line that begins with a blank goes on with the
 * value */
struct form {
    struct cli *c;
    char *at;
    int line;
};

static bool bad_line(const struct form *f, const char *why) {
    cli_usage(f->c, "line %d of the form: %s", f->line, why);
    return false;
}

/* the next line, without its end; NULL after the last */
static char *next_line(struct form *f) {
    char *z = f->at;
    if (*z == 0) return NULL;
    size_t n = strcspn(z, "\n");
    f->at = z + n + (z[n] == '\n');
    z[n] = 0;
    while (n > 0 && (z[n - 1] == '\r' || z[n - 1] == ' ' || z[n - 1] == '\t'))
        z[--n] = 0;
    f->line++;
    return z;
}

/* an indented line, or empty ones with an indented one behind them */
static bool goes_on(const char *z) {
    z += strspn(z, "\r\n");
    return *z == ' ' || *z == '\t';
}

/* "first\n  second" becomes "first\nsecond", in the place where it stands */
static void take_more(struct form *f, char *value) {
    char *end = value + strlen(value);
    while (goes_on(f->at)) {
        const char *z = next_line(f);
        z += strspn(z, " \t");
        size_t n = strlen(z);
        if (end != value) *end++ = '\n';
        memmove(end, z, n + 1);
        end += n;
    }
}

static bool take_line(struct form *f, char *z) {
    char *colon = strchr(z, ':');
    if (colon == NULL) return bad_line(f, "\"name: value\" is wanted");
    char *value = colon + 1 + strspn(colon + 1, " \t");
    *colon = 0;
    take_more(f, value);
    const struct cli_option *o = cli_option_find(f->c, z, strlen(z));
    if (o == NULL || o->arg == NULL || strcmp(z, "form") == 0 || strcmp(z, "home") == 0 ||
        strcmp(z, "passphrase-fd") == 0)
        return bad_line(f,
                        "there is no such option for a form; `readback form COMMAND` shows them");
    if (*value == 0) return true; /* left empty in the template */
    if (f->c->given_n == CLI_MAX_OPTIONS) return bad_line(f, "too many options");
    f->c->given[f->c->given_n].name = o->name;
    f->c->given[f->c->given_n].form = true;
    f->c->given[f->c->given_n++].value = value;
    return true;
}

bool cli_form(struct cli *c) {
    const char *path = cli_get(c, "form");
    if (path == NULL) return true;
    if (strcmp(path, "-") == 0 && c->passphrase_fd == 0) {
        cli_usage(c, "standard input is the form's and the passphrase's: use two descriptors");
        return false;
    }
    c->form = cli_read_file(c, path, FORM_MAX, &c->form_n);
    if (c->form == NULL) return false;
    struct form f = {.c = c, .at = c->form};
    if (strlen(c->form) != c->form_n || !rb_utf8_ok(rb_slice(c->form, c->form_n))) {
        cli_usage(c, "the form is not text in UTF-8");
        return false;
    }
    for (char *z; (z = next_line(&f)) != NULL;)
        if (*z != 0 && *z != '#' && !take_line(&f, z)) return false;
    return true;
}

/* the first option with content of the record that stood on the command line; NULL: none */
const char *cli_content_in_words(const struct cli *c) {
    for (size_t i = 0; i < c->given_n; i++) {
        if (c->given[i].form || strcmp(c->given[i].name, "file") == 0) continue;
        for (const struct cli_option *o = c->command->options; o && o->name; o++)
            if (o->arg && strcmp(o->name, c->given[i].name) == 0) return o->name;
    }
    return NULL;
}

/* ---- a form to fill in ------------------------------------------------------------------------
 */
static void form_lines(const struct cli_option *o) {
    for (; o && o->name; o++)
        if (o->arg && strcmp(o->name, "form") != 0)
            printf("# %s: %s\n%s: \n", o->arg, o->help, o->name);
}
int cli_form_command(struct cli *c) {
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    for (size_t i = 0; i < cli_commands_n; i++) {
        const struct cli_command *cmd = &cli_commands[i];
        if (strcmp(cmd->name, c->args[0]) != 0 || !cmd->releases) continue;
        printf("# readback %s %s --form FILE\n# Lines left empty are left out; an indented line "
               "goes on "
               "with the one before it.\n",
               cmd->name, cmd->usage);
        form_lines(cmd->options);
        puts("\n# Of every record:");
        form_lines(cli_release_options);
        return CLI_OK;
    }
    return cli_usage(
        c,
        "no command \"%s\" takes a form; notice, statement, text, roster, attach and the "
        "positions do",
        c->args[0]);
}
