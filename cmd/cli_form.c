/* --form FILE: options from a file, a line each. What only some may read must not stand on the
 * command line, where everybody on the machine can see it and the shell remembers it. */
#include <stdlib.h>
#include <unistd.h>
#include "cli.h"
#include "readback/text.h"

#define FORM_MAX ((size_t)3 * RB_MAX_TEXT)

/* lines of a file, cut in place: "name: value"; a line that begins with a blank goes on with the
 * value */
struct form {
    struct cli *c;
    char *at;
    int line;
};

/* ---- what a form may hold ----------------------------------------------------------------------
 */
static bool in_forms(const struct cli_option *o) {
    return o->arg && strcmp(o->name, "form") != 0;
}
static void add_names(char *list, size_t cap, const struct cli_option *o) {
    for (; o && o->name; o++) {
        size_t n = strlen(list);
        if (in_forms(o)) snprintf(list + n, cap - n, "%s%s", n ? ", " : "", o->name);
    }
}
static const struct cli_option *option_of(const struct cli *c, const char *name) {
    const struct cli_option *lists[] = {c->command->options, cli_release_options};
    for (size_t i = 0; i < 2; i++)
        for (const struct cli_option *o = lists[i]; o && o->name; o++)
            if (strcmp(o->name, name) == 0 && in_forms(o)) return o;
    return NULL;
}

/* never with what stands there: a line out of place may be what only some may read */
static int bad_line(const struct form *f, int line, const char *why) {
    char names[1024] = "";
    add_names(names, sizeof names, f->c->command->options);
    add_names(names, sizeof names, cli_release_options);
    return cli_usage(
        f->c,
        "line %d of the form: %s\n  a line is \"name: value\", or blank, or begins with "
        "# or, going on with the line before it, with a blank\n  names are: %s",
        line, why, names);
}

/* ---- reading -----------------------------------------------------------------------------------
 */
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

static int take_line(struct form *f, char *z) {
    char *colon = strchr(z, ':');
    struct cli *c = f->c;
    const int line = f->line;
    if (*z == ' ' || *z == '\t')
        return bad_line(f, line, "it goes on with a line that is not there");
    if (colon == NULL) return bad_line(f, line, "there is no colon in it");
    char *value = colon + 1 + strspn(colon + 1, " \t");
    do {
        *colon = 0;
    } while (colon > z && (*--colon == ' ' || *colon == '\t'));
    take_more(f, value);
    const struct cli_option *o = option_of(c, z);
    if (o == NULL) return bad_line(f, line, "there is no such name");
    if (*value == 0) return CLI_OK; /* left empty in the template */
    if (c->given_n == CLI_MAX_OPTIONS) return bad_line(f, line, "too many options");
    c->given[c->given_n].name = o->name;
    c->given[c->given_n].line = line;
    c->given[c->given_n++].value = value;
    return CLI_OK;
}

/* a file that is read twice would be empty the second time */
static int one_input(const struct cli *c) {
    if (c->passphrase_fd == 0)
        return cli_usage(c,
                         "standard input is the form's and the passphrase's: use two descriptors");
    if (cli_get(c, "file") && strcmp(cli_get(c, "file"), "-") == 0)
        return cli_usage(
            c, "standard input is the form's and the text's: put one of them into a file");
    if (isatty(STDIN_FILENO))
        fprintf(stderr,
                "Type the form: \"name: value\", a line each; indent a line to go on with the one "
                "before it.\nEnd it with Ctrl-D at the beginning of a line; Ctrl-C drops it.\n");
    return CLI_OK;
}
int cli_form(struct cli *c) {
    const char *path = cli_get(c, "form");
    static const char bom[] = "\xef\xbb\xbf"; /* some editors put it first */
    if (path == NULL) return CLI_OK;
    c->form_stdin = strcmp(path, "-") == 0;
    int rc = c->form_stdin ? one_input(c) : CLI_OK;
    if (rc == CLI_OK) c->form = cli_read_file(c, path, FORM_MAX, &c->form_n);
    if (c->form == NULL) return rc ? rc : CLI_FAILED;
    struct form f = {.c = c, .at = c->form};
    if (strlen(c->form) != c->form_n || !rb_utf8_ok(rb_slice(c->form, c->form_n)))
        return cli_usage(c, "the form is not text in UTF-8");
    if (strncmp(f.at, bom, 3) == 0) f.at += 3;
    for (char *z; rc == CLI_OK && (z = next_line(&f)) != NULL;)
        if (*z != 0 && *z != '#') rc = take_line(&f, z);
    if (rc == CLI_OK && c->form_stdin && cli_get(c, "file") && strcmp(cli_get(c, "file"), "-") == 0)
        rc = one_input(c);
    return rc;
}

/* Names of files, and by when an answer is demanded, which all members see: no content of the
 * record. */
static bool no_content(const char *option) {
    static const char *const names[] = {"file", "body", "in"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], option) == 0) return true;
    return false;
}
/* the first option with content of the record that stood on the command line; NULL: none */
const char *cli_content_in_words(const struct cli *c) {
    for (size_t i = 0; i < c->given_n; i++) {
        if (c->given[i].line > 0 || no_content(c->given[i].name)) continue;
        for (const struct cli_option *o = c->command->options; o && o->name; o++)
            if (o->arg && strcmp(o->name, c->given[i].name) == 0) return o->name;
    }
    return NULL;
}

/* ---- a form to fill in ------------------------------------------------------------------------
 */
static void form_line(const struct cli_option *o) {
    printf("# %s: %s\n%s: \n", o->arg, o->help, o->name);
}
/* what one asks for at a class of notice, in this order; the rest comes after it */
#define PLACED "circle", "polygon", "corridor"
#define TIMED "from", "to", "for", "floor", "ceiling"
static const struct {
    const char *word, *head, *first[16];
    const char *out; /* does not belong here */
} classes[] = {
    {"site",
     "# A site: what it is, where, and who may read it. A notice is no permission, and no answer "
     "to "
     "it makes one.",
     {"recipients", "title", "circle", "polygon", "accuracy", "method", "surveyed", "declared-by",
      "recognised-by", "military-use", "markings", "review-by", "text"},
     NULL},
    {"movement",
     "# A movement: who moves, along which places, when, and who may read it.",
     {"recipients", "title", "corridor", "circle", "polygon", "from", "to", "for", "markings",
      "accuracy", "text"},
     "review-by"},
    {"operation", "# An operation: where and when.", {"title", PLACED, TIMED, "text"}, "review-by"},
    {"exercise", "# An exercise: where and when.", {"title", PLACED, TIMED, "text"}, "review-by"},
    {"area", "# An area: where and when.", {"title", PLACED, TIMED, "text"}, "review-by"},
    {"stop-fire",
     "# Stop-fire: what is to stop, where, and by when it is to be answered.",
     {"title", "in", PLACED, "text"},
     NULL},
};
#define NOTICE_CLASSES 5u /* the first ones */
static size_t class_at(const char *word) {
    size_t i = 0, n = sizeof classes / sizeof *classes;
    while (i < n && (word == NULL || strcmp(classes[i].word, word) != 0))
        i++;
    return i;
}
static bool is_first(size_t cls, const char *name) {
    for (size_t i = 0; cls < sizeof classes / sizeof *classes && classes[cls].first[i]; i++)
        if (strcmp(classes[cls].first[i], name) == 0) return true;
    return false;
}
static void form_first(struct cli *c, size_t cls) {
    if (cls == sizeof classes / sizeof *classes) return;
    puts(classes[cls].head);
    for (size_t i = 0; classes[cls].first[i]; i++)
        form_line(option_of(c, classes[cls].first[i]));
    puts("\n# Where it is wanted:");
}
static bool is_out(size_t cls, const char *name) {
    const char *out = cls < sizeof classes / sizeof *classes ? classes[cls].out : NULL;
    return out && strcmp(out, name) == 0;
}
static void form_rest(const struct cli_option *o, size_t cls) {
    for (; o && o->name; o++)
        if (in_forms(o) && !is_first(cls, o->name) && !is_out(cls, o->name)) form_line(o);
}
static const struct cli_command *form_command(const char *name) {
    for (size_t i = 0; i < cli_commands_n; i++)
        if (strcmp(cli_commands[i].name, name) == 0 && cli_commands[i].releases)
            return &cli_commands[i];
    return NULL;
}
static void form_print(struct cli *c, const struct cli_command *cmd, size_t cls) {
    bool some = cls < sizeof classes / sizeof *classes && strcmp(cmd->name, classes[cls].word) != 0;
    c->command = cmd; /* the options are its */
    printf(
        "# readback %s %s --form FILE\n# Lines left empty are left out; an indented line goes on "
        "with the one before it;\n# a line may stand twice where it says (repeat). The file holds "
        "what only some may read:\n# keep it where nobody else reads it, and delete it when it "
        "was released.\n\n",
        cmd->name, some ? classes[cls].word : cmd->usage);
    form_first(c, cls);
    form_rest(cmd->options, cls);
    puts("\n# Of every record. Also where it is closed, ALL members can read what stands below:");
    form_rest(cli_release_options, cls);
}
/* "site", "notice site": the form of that command, or of notice where the class has none of its own
 */
static const struct cli_command *form_named(const char *word, const char *second, size_t *cls) {
    char name[64];
    const char *at = strcmp(word, "notice") == 0 && second ? second : word;
    *cls = second == NULL || at == second ? class_at(at) : sizeof classes / sizeof *classes;
    if (at == second && *cls >= NOTICE_CLASSES) return NULL;
    snprintf(name, sizeof name, "%s%s%s", at, second && at != second ? " " : "",
             second && at != second ? second : "");
    const struct cli_command *cmd = form_command(name);
    return cmd || *cls >= NOTICE_CLASSES ? cmd : form_command("notice");
}
int cli_form_command(struct cli *c) {
    size_t cls;
    if (!cli_want_args(c, 1, 2)) return CLI_USAGE;
    const char *second = c->args_n == 2 ? c->args[1] : NULL;
    const struct cli_command *cmd = form_named(c->args[0], second, &cls);
    if (cmd) {
        form_print(c, cmd, cls);
        return CLI_OK;
    }
    if (strcmp(c->args[0], "notice") == 0)
        return cli_usage(c,
                         "there is no class of notice \"%s\"; accepted are: site, movement, "
                         "operation, exercise, area",
                         second);
    return cli_usage(
        c,
        "no command \"%s%s%s\" takes a form; site, movement, operation, area, "
        "stop-fire, notice, statement, text, roster, attach, reseal, the instruments and "
        "the positions do",
        c->args[0], second ? " " : "", second ? second : "");
}
