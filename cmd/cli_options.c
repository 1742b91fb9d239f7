/* The command line: words and options in any order, checked against the command's tables. */
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli.h"

const struct cli_option cli_common_options[] = {
    {"home", "DIR", "home directory of the party (else READBACK_HOME, else ~/.readback)"},
    {"json", NULL, "print the local API's answer as JSON"},
    {"officer", "NAME", "the officer who signs"},
    {"agent", NULL, "sign with ssh-agent only"},
    {"passphrase-fd", "N", "read passphrases from this descriptor, one a line"},
    {"party-key", "FILE", "the sealed party key, where it is not in the home"},
    {"yes", NULL, "do not ask before releasing; warnings still hold it back"},
    {"despite", NULL, "release in spite of warnings; use with --yes"},
    {"help", NULL, "this text"},
    {NULL, NULL, NULL}};
const struct cli_option cli_release_options[] = {
    {"precedence", "WORD", "FLASH, IMMEDIATE, PRIORITY or ROUTINE"},
    {"language", "TAG", "of the text, as in BCP 47: en, ar, ru"},
    {"demand", "POSITION", "an answer is demanded: read, accept, ..."},
    {"demand-in", "SPAN", "in this time: 90s, 30m, 2h"},
    {"demand-by", "TIME", "or by this time"},
    {"demand-from", "HANDLE", "of these members only (repeat)"},
    {"about", "RECORD", "what it is about (repeat)"},
    {"supersedes", "RECORD", "what it takes the place of (repeat)"},
    {"carries", "RECORD", "a record of elsewhere that it forwards (repeat)"},
    {"recipients", "HANDLE,...", "closed: only these members can read it (repeat)"},
    {"form", "FILE",
     "options from a file, \"name: value\" a line, - for standard input: so nothing closed stands "
     "on "
     "the command line"},
    {"emergency", "REASON", "a single officer releases where two are due"},
    {"reported-who", "NAME", "said by them by another way, unsigned by them"},
    {"reported-carrier", "WORDS", "by which way: phone, mail, ..."},
    {"reported-at", "TIME", "when they said it"},
    {NULL, NULL, NULL}};

int cli_usage(const struct cli *c, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fputs("readback: ", stderr);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    if (c->command)
        fprintf(stderr, "\n  readback %s --help shows how\n", c->command->name);
    else
        fputs("\n  readback help lists the commands\n", stderr);
    return CLI_USAGE;
}

/* which of `given` this is; given_n: none of them */
static size_t given_at(const struct cli *c, const char *value) {
    size_t i = 0;
    while (i < c->given_n && c->given[i].value != value)
        i++;
    return i;
}
bool cli_in_form(const struct cli *c, const char *value) {
    size_t i = given_at(c, value);
    return value && i < c->given_n && c->given[i].line > 0;
}
int cli_off(const struct cli *c, const char *name, const char *value, const char *fmt, ...) {
    va_list ap;
    char words[1024];
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    if (cli_in_form(c, value))
        return cli_usage(c, "line %d of the form: %s%s", c->given[given_at(c, value)].line, name,
                         words);
    if (value && strlen(value) > 160) return cli_usage(c, "--%s%s", name, words);
    if (value && *words == ':') return cli_usage(c, "--%s %s%s", name, value, words);
    if (value) return cli_usage(c, "--%s%s; not \"%s\"", name, words, value);
    return cli_usage(c, "--%s%s", name, words);
}

static const struct cli_option *find_in(const struct cli_option *o, const char *name, size_t n) {
    for (; o && o->name; o++)
        if (strlen(o->name) == n && memcmp(o->name, name, n) == 0) return o;
    return NULL;
}
const struct cli_option *cli_option_find(const struct cli *c, const char *name, size_t n) {
    const struct cli_option *o = find_in(c->command ? c->command->options : NULL, name, n);
    if (o == NULL && c->command && c->command->releases) o = find_in(cli_release_options, name, n);
    return o ? o : find_in(cli_common_options, name, n);
}

static bool take(struct cli *c, char **argv, int argc, int *i) {
    const char *word = argv[*i] + 2, *eq = strchr(word, '='), *value = eq ? eq + 1 : NULL;
    const struct cli_option *o = cli_option_find(c, word, eq ? (size_t)(eq - word) : strlen(word));
    if (o == NULL) {
        cli_usage(c, "there is no option %s here", argv[*i]);
        return false;
    }
    if (o->arg == NULL && value) {
        cli_usage(c, "--%s takes no value", o->name);
        return false;
    }
    if (o->arg && value == NULL) {
        if (*i + 1 == argc) {
            cli_usage(c, "--%s wants a value (%s)", o->name, o->arg);
            return false;
        }
        value = argv[++*i];
    }
    if (c->given_n == CLI_MAX_OPTIONS) {
        cli_usage(c, "too many options");
        return false;
    }
    c->given[c->given_n].name = o->name;
    c->given[c->given_n++].value = value ? value : "";
    return true;
}

bool cli_parse(struct cli *c, int argc, char **argv) {
    bool words_only = false;
    c->args = argv; /* kept in place: words move to the front */
    c->args_n = 0;
    for (int i = 0; i < argc; i++) {
        if (!words_only && strcmp(argv[i], "--") == 0) {
            words_only = true;
        } else if (!words_only && strcmp(argv[i], "-h") == 0) {
            c->given_n = 1; /* nothing else counts */
            c->given[0].name = "help";
            c->given[0].value = "";
            return true;
        } else if (!words_only && strncmp(argv[i], "--", 2) == 0) {
            if (!take(c, argv, argc, &i)) return false;
        } else {
            c->args[c->args_n++] = argv[i];
        }
    }
    c->json = cli_has(c, "json");
    c->yes = cli_has(c, "yes");
    c->passphrase_fd = -1;
    const char *fd = cli_get(c, "passphrase-fd");
    char *end = NULL;
    if (fd == NULL) return true;
    long n = strtol(fd, &end, 10);
    if (*fd && *end == 0 && n >= 0 && n < 1024) {
        c->passphrase_fd = (int)n;
        return true;
    }
    cli_usage(c, "--passphrase-fd wants the number of an open descriptor");
    return false;
}

const char *cli_nth(const struct cli *c, const char *name, size_t i) {
    for (size_t k = 0; k < c->given_n; k++)
        if (strcmp(c->given[k].name, name) == 0 && i-- == 0) return c->given[k].value;
    return NULL;
}
const char *cli_get(const struct cli *c, const char *name) {
    const char *v = NULL;
    for (size_t k = 0; k < c->given_n; k++)
        if (strcmp(c->given[k].name, name) == 0) v = c->given[k].value;
    return v;
}
bool cli_has(const struct cli *c, const char *name) {
    return cli_get(c, name) != NULL;
}

bool cli_want_args(const struct cli *c, int least, int most) {
    if (c->args_n >= least && c->args_n <= most) return true;
    if (c->args_n < least)
        cli_usage(c, "a word is missing: readback %s %s", c->command->name, c->command->usage);
    else
        cli_usage(c, "one word too many: %s", c->args[most]);
    return false;
}

/* ---- help ---------------------------------------------------------------------------------------
 */
static void options_help(const struct cli_option *o, FILE *out) {
    for (; o && o->name; o++) {
        const char *arg = o->arg ? o->arg : "", *blank = o->arg ? " " : "";
        const int n = fprintf(out, "  --%s%s%s", o->name, blank, arg);
        if (n > 30) /* its words stand below */
            fprintf(out, "\n  %-28s %s\n", "", o->help);
        else
            fprintf(out, "%*s %s\n", 30 - n, "", o->help);
    }
}
void cli_help(const struct cli_command *cmd, FILE *out) {
    if (cmd->examples) fprintf(out, "Examples:\n%s\n", cmd->examples);
    fprintf(out, "readback %s %s\n  %s\n", cmd->name, cmd->usage, cmd->help);
    if (cmd->text) fprintf(out, "\n%s", cmd->text);
    cli_help_answers(cmd, out);
    if (cmd->options) fputs("\nOptions:\n", out);
    options_help(cmd->options, out);
    if (cmd->releases) {
        fputs("\nOf every record:\n", out);
        options_help(cli_release_options, out);
    }
    fputs("\nEverywhere:\n", out);
    options_help(cli_common_options, out);
}
void cli_help_all(FILE *out) {
    fputs("Examples:\n"
          "  readback init --handle northland --name en=Northland --address n.example:7443\n"
          "  readback card --out northland.card      # give it to the others\n"
          "  readback fingerprint                    # read it out over the phone\n"
          "  readback accredit southland.card        # type what they read out\n"
          "  readback serve                          # the daemon, in the foreground\n"
          "  readback channel propose --title \"Standing line\" --member southland\n"
          "  readback inbox\n"
          "  readback read 3f2a90c1\n"
          "\nreadback COMMAND [words] [options]\n\nCommands:\n",
          out);
    for (size_t i = 0; i < cli_commands_n; i++)
        fprintf(out, "  %-18s %s\n", cli_commands[i].name, cli_commands[i].help);
    fputs("\n`readback COMMAND --help` shows more; `readback help kinds` the fields of records.\n"
          "\nExit status: 0 done; 1 refused or failed; 2 the words are off; 3 the daemon does not "
          "answer;\n"
          "4 a confirmation is wanted; 5 kept as a draft: a second officer is due. Of checks that "
          "release "
          "nothing:\n4 a conflict; 5 cannot be excluded; 6 not compared; 0 none found.\n",
          out);
}
