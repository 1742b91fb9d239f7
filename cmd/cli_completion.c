/* readback completion: what shells need to complete our own command line, out of the same tables
 * that read it; and names that the daemon knows, as they are wanted while somebody types. */
#include <stdlib.h>
#include <unistd.h>
#include "cli.h"
#include "readback/record.h"
#include "readback/rules.h"

#define NAMES_LAST "50" /* records offered of a channel */
#define NAMES_WITHIN_S 2

/* ---- what a value may be ----------------------------------------------------------------------
 */

enum what { W_TEXT, W_FILE, W_DIR, W_CHANNEL, W_RECORD, W_DRAFT, W_HANDLE, W_WORDS };
static const struct { /* options whose values are a few words */
    const char *option, *words;
} few[] = {
    {"precedence", "FLASH IMMEDIATE PRIORITY ROUTINE"},
    {"class", "site movement operation exercise area"},
    {"edges", "geodesic parallel lonlat"},
    {"language", "en ar ru"},
    {"letter", "hemisphere band"},
    {"zone-type", "PROHIBITED REQ_AUTHORIZATION CONDITIONAL NO_RESTRICTION USPACE"},
    {"purpose", "AUTHORIZATION NOTIFICATION INFORMATION"},
    {"format", "geojson ed318 ed269 kml csv"},
};
static const struct { /* words of usage lines and of options' values */
    const char *in;
    enum what what;
} known[] = {
    {"CARDFILE", W_FILE}, {"FILE", W_FILE},       {"CHARTER.json", W_FILE}, {"DIRECTORY", W_DIR},
    {"DIR", W_DIR},       {"CHANNEL", W_CHANNEL}, {"INCIDENT", W_RECORD},   {"AGREEMENT", W_RECORD},
    {"RECORD", W_RECORD}, {"DRAFT", W_DRAFT},     {"HANDLE", W_HANDLE},
};

static const char *kinds_of(bool positions) {
    static char room[2][1024];
    char *out = room[positions];
    const int most = positions ? RB_POSITION_MAX : RB_KIND_MAX;
    struct rb_writer w = rb_writer(out, sizeof room[0] - 1);
    for (int i = 1; i <= most; i++) {
        rb_put_z(&w, i > 1 ? " " : "");
        rb_put_z(&w, positions ? rb_position_name((enum rb_position_type)i)
                               : rb_kind_name((enum rb_kind)i));
    }
    return rb_writer_z(&w);
}

/* the word of capitals that `text` begins with */
static size_t capitals(const char *text) {
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}
static enum what what_of(const char *text, size_t n) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].in) >= n && strncmp(known[i].in, text, n) == 0 &&
            (known[i].in[n] == 0 || known[i].in[n] == '.'))
            return known[i].what;
    return W_TEXT;
}
static enum what option_what(const struct cli_option *o, const char **words) {
    static char some[128]; /* an option whose help says them: "inside|outside" */
    *words = "";
    if (strchr(o->arg, '|') != NULL && strlen(o->arg) < sizeof some) {
        snprintf(some, sizeof some, "%s", o->arg);
        for (char *z = some; *z; z++)
            if (*z == '|') *z = ' ';
        *words = some;
    }
    for (size_t i = 0; i < sizeof few / sizeof *few && strcmp(o->arg, "TEXT") != 0; i++)
        if (strcmp(few[i].option, o->name) == 0) *words = few[i].words;
    if (strcmp(o->arg, "KIND") == 0) *words = kinds_of(false);
    if (strcmp(o->arg, "POSITION") == 0) *words = kinds_of(true);
    return **words ? W_WORDS : what_of(o->arg, capitals(o->arg));
}
static const char *const what_name[] = {"text",    "file",   "dir",     "channels",
                                        "records", "drafts", "handles", "words"};

static void add_word(struct rb_writer *w, const char *text, size_t n) {
    if (w->n > 0) rb_put_u8(w, ' ');
    for (size_t i = 0; i < n; i++)
        rb_put_u8(w, text[i] == '|' ? ' ' : (uint8_t)text[i]);
}
/* one word of a usage line, brackets taken off: RECORD..., operation|exercise, TYPE */
static void usage_word(struct rb_writer *w, const char *word, size_t n) {
    const size_t caps = capitals(word) < n ? capitals(word) : n;
    const enum what what = caps > 1 ? what_of(word, caps) : W_TEXT;
    if (what != W_TEXT)
        add_word(w, what_name[what], strlen(what_name[what]));
    else if (caps == 4 && strncmp(word, "TYPE", 4) == 0)
        add_word(w, kinds_of(true), strlen(kinds_of(true)));
    else if (caps < 2 && memchr(word, '|', n) != NULL)
        add_word(w, word, n);
}
/* what may stand as a word behind a command: "records channels file one two" */
static const char *usage_words(const struct cli_command *cmd, char *out, size_t cap) {
    struct rb_writer w = rb_writer(out, cap - 1);
    for (const char *p = cmd ? cmd->usage : ""; *p; p += strspn(p, " ]")) {
        const bool option = strncmp(p, "--", 2) == 0 || strncmp(p, "[--", 3) == 0;
        p += strspn(p, "[");
        const size_t n = strcspn(p, " ]");
        if (!option) usage_word(&w, p, n);
        p += n;
        if (!option || *p != ' ') continue;
        p++; /* and what the option wants: its own table tells */
        p += strcspn(p, " ]");
    }
    return rb_writer_z(&w);
}

/* ---- the options of a command, then those of every record, then those of all -------------------
 */

static size_t options_of(const struct cli_command *cmd, const struct cli_option **out, size_t cap) {
    const struct cli_option *lists[] = {cmd ? cmd->options : NULL,
                                        cmd && cmd->releases ? cli_release_options : NULL,
                                        cli_common_options};
    size_t n = 0;
    for (size_t i = 0; i < 3; i++)
        for (const struct cli_option *o = lists[i]; o && o->name && n < cap; o++)
            out[n++] = o;
    return n;
}
#define OPTIONS_MOST 160

/* ---- quoting ----------------------------------------------------------------------------------
 */

/* inside of single quotes; zsh parts a word from its description by a colon */
static void quoted(const char *text, bool fish, bool colon) {
    for (; *text; text++) {
        if (*text == '\'')
            fputs(fish ? "\\'" : "'\\''", stdout);
        else if (*text == '\\')
            fputs(fish || colon ? "\\\\" : "\\", stdout);
        else if (*text == ':' && colon)
            fputs("\\:", stdout);
        else
            putchar(*text);
    }
}

/* ---- bash --------------------------------------------------------------------------------------
 */

static const char BASH_HEAD[] =
    "# bash completion of readback(1); written by `readback completion bash`\n"
    "# _readback_of COMMAND: _rb_opts=\"--switch --option=WHAT ...\", _rb_args=\"WHAT or words\"\n"
    "_readback_of() {\n  case $1 in\n";
static const char BASH_MIDDLE[] =
    "  *) return 1 ;;\n  esac\n}\n"
    "_readback_words() { # WHAT or words: into _rb_found\n"
    "  case $1 in\n"
    "  file) compopt -o filenames 2>/dev/null; mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < "
    "<(compgen -f -- "
    "\"$cur\") ;;\n"
    "  dir) compopt -o filenames 2>/dev/null; mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen "
    "-d -- "
    "\"$cur\") ;;\n"
    "  channels | records | drafts | handles)\n"
    "    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W \"$(\"${_rb_self[@]}\" completion "
    "\"$1\" "
    "2>/dev/null | cut -f 1)\" -- \"$cur\") ;;\n"
    "  text) ;;\n"
    "  *) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W \"${1//,/ }\" -- \"$cur\") ;;\n"
    "  esac\n}\n"
    "_readback() {\n"
    "  local cur=${COMP_WORDS[COMP_CWORD]} word first='' cmd='' what w i=1 _rb_opts _rb_args "
    "_rb_self\n"
    "  COMPREPLY=()\n"
    "  _rb_self=(\"${COMP_WORDS[0]}\")\n"
    "  _readback_of ''\n"
    "  while ((i < COMP_CWORD)); do\n"
    "    word=${COMP_WORDS[i]}\n"
    "    if [[ $word == --* ]]; then\n"
    "      if [[ \" $_rb_opts\" == *\" $word=\"* ]]; then\n"
    "        [[ ${COMP_WORDS[i + 1]-} == = ]] && ((i++))\n"
    "        if ((i + 1 >= COMP_CWORD)); then\n"
    "          what=${_rb_opts#*\"$word=\"}\n"
    "          [[ $cur == = ]] && cur=''\n"
    "          _readback_words \"${what%% *}\"\n"
    "          return\n"
    "        fi\n"
    "        [[ $word == --home ]] && _rb_self+=(--home \"${COMP_WORDS[i + 1]}\")\n"
    "        ((i++))\n"
    "      fi\n"
    "    elif [[ -z $first ]]; then\n"
    "      first=$word\n"
    "      _readback_of \"$first\" && cmd=$first\n"
    "    elif [[ $cmd != *' '* ]] && _readback_of \"$first $word\"; then\n"
    "      cmd=\"$first $word\"\n"
    "    fi\n"
    "    ((i++))\n"
    "  done\n"
    "  if [[ $cur == -* ]]; then\n"
    "    for w in $_rb_opts; do [[ ${w%%=*} == \"$cur\"* ]] && COMPREPLY+=(\"${w%%=*}\"); done\n"
    "    return\n"
    "  fi\n"
    "  if [[ -z $first ]]; then\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$_rb_first\" -- \"$cur\")\n"
    "    return\n"
    "  fi\n"
    "  for w in $_rb_second; do\n"
    "    [[ $w == \"$first/$cur\"* && $cmd != *' '* ]] && COMPREPLY+=(\"${w#*/}\")\n"
    "  done\n"
    "  [[ -n $cmd ]] && for w in $_rb_args; do _readback_words \"$w\"; done\n"
    "}\n"
    "complete -F _readback readback\n";

static void bash_case(const struct cli_command *cmd) {
    const struct cli_option *o[OPTIONS_MOST];
    char args[2048] = "";
    const char *words;
    const size_t n = options_of(cmd, o, OPTIONS_MOST);
    printf("  '%s') _rb_opts='", cmd ? cmd->name : "");
    for (size_t i = 0; i < n; i++) {
        printf("%s--%s", i ? " " : "", o[i]->name);
        if (o[i]->arg == NULL) continue;
        putchar('=');
        if (option_what(o[i], &words) != W_WORDS)
            fputs(what_name[option_what(o[i], &words)], stdout);
        for (; *words; words++)
            putchar(*words == ' ' ? ',' : *words);
    }
    printf("' _rb_args='%s' ;;\n", usage_words(cmd, args, sizeof args));
}
/* first words, each once: neighbours in the table share theirs */
static bool first_word(size_t i, char *out, size_t cap) {
    char before[64] = "";
    snprintf(out, cap, "%.*s", (int)strcspn(cli_commands[i].name, " "), cli_commands[i].name);
    for (size_t k = 0; k < i; k++) {
        snprintf(before, sizeof before, "%.*s", (int)strcspn(cli_commands[k].name, " "),
                 cli_commands[k].name);
        if (strcmp(before, out) == 0) return false;
    }
    return true;
}
static void first_words(void) {
    char word[64];
    for (size_t i = 0; i < cli_commands_n; i++)
        if (first_word(i, word, sizeof word)) printf("%s%s", i ? " " : "", word);
}
static void second_words(void) {
    for (size_t i = 0; i < cli_commands_n; i++) {
        const char *space = strchr(cli_commands[i].name, ' ');
        if (space)
            printf(" %.*s/%s", (int)(space - cli_commands[i].name), cli_commands[i].name,
                   space + 1);
    }
}
static void bash(void) {
    fputs("_rb_first='", stdout);
    first_words();
    fputs("'\n_rb_second='", stdout);
    second_words();
    fputs("'\n", stdout);
    fputs(BASH_HEAD, stdout);
    bash_case(NULL);
    for (size_t i = 0; i < cli_commands_n; i++)
        bash_case(&cli_commands[i]);
    fputs(BASH_MIDDLE, stdout);
}

/* ---- zsh ---------------------------------------------------------------------------------------
 */

static const char ZSH_HEAD[] =
    "#compdef readback\n# zsh completion of readback(1); written by `readback completion zsh`\n"
    "_readback_of() { # COMMAND: _rb_opts=(--option:help), _rb_what[--option]=WHAT, _rb_args=WHAT\n"
    "  _rb_what=()\n  case $1 in\n";
static const char ZSH_TAIL[] =
    "  *) return 1 ;;\n  esac\n}\n"
    "_readback_words() {\n"
    "  local -a found\n"
    "  case $1 in\n"
    "  file) _files ;;\n"
    "  dir) _files -/ ;;\n"
    "  channels | records | drafts | handles)\n"
    "    found=(\"${(@f)$($_rb_self completion $1 2>/dev/null)}\")\n"
    "    found=(\"${(@)found//:/\\\\:}\")\n"
    "    found=(\"${(@)found//$'\\t'/:}\")\n"
    "    [[ -n $found ]] && _describe \"$1\" found ;;\n"
    "  text) _message value ;;\n"
    "  *) compadd -- ${=1} ;;\n"
    "  esac\n}\n"
    "_readback() {\n"
    "  local word first='' cmd='' i=2 w\n"
    "  local -a _rb_opts _rb_self\n"
    "  local -A _rb_what\n"
    "  local _rb_args=''\n"
    "  _rb_self=(\"${words[1]}\")\n"
    "  _readback_of ''\n"
    "  while ((i < CURRENT)); do\n"
    "    word=${words[i]}\n"
    "    if [[ $word == --*=* ]]; then\n"
    "      :\n"
    "    elif [[ $word == --* ]]; then\n"
    "      if [[ -n ${_rb_what[$word]-} ]]; then\n"
    "        if ((i + 1 >= CURRENT)); then\n"
    "          _readback_words ${_rb_what[$word]}\n"
    "          return\n"
    "        fi\n"
    "        [[ $word == --home ]] && _rb_self+=(--home \"${words[i + 1]}\")\n"
    "        ((i++))\n"
    "      fi\n"
    "    elif [[ -z $first ]]; then\n"
    "      first=$word\n"
    "      _readback_of $first && cmd=$first\n"
    "    elif [[ $cmd != *' '* ]] && _readback_of \"$first $word\"; then\n"
    "      cmd=\"$first $word\"\n"
    "    fi\n"
    "    ((i++))\n"
    "  done\n"
    "  if [[ ${words[CURRENT]} == -* ]]; then\n"
    "    _describe -o option _rb_opts\n"
    "    return\n"
    "  fi\n"
    "  local -a verbs\n"
    "  if [[ -z $first ]]; then\n"
    "    verbs=(\"${_rb_verbs[@]}\")\n"
    "    _describe command verbs\n"
    "    return\n"
    "  fi\n"
    "  if [[ $cmd != *' '* ]]; then\n"
    "    for w in \"${_rb_seconds[@]}\"; do [[ $w == $first/* ]] && verbs+=(\"${w#*/}\"); done\n"
    "    ((${#verbs})) && _describe command verbs\n"
    "  fi\n"
    "  if [[ -n $cmd ]]; then\n"
    "    for w in ${=_rb_args}; do _readback_words $w; done\n"
    "  fi\n"
    "}\n"
    "if [[ $funcstack[1] == _readback ]]; then _readback \"$@\"; else compdef _readback readback; "
    "fi\n";

static void zsh_case(const struct cli_command *cmd) {
    const struct cli_option *o[OPTIONS_MOST];
    char args[2048] = "";
    const char *words;
    const size_t n = options_of(cmd, o, OPTIONS_MOST);
    printf("  '%s')\n    _rb_opts=(", cmd ? cmd->name : "");
    for (size_t i = 0; i < n; i++) {
        printf("'--%s:", o[i]->name);
        quoted(o[i]->help, false, true);
        fputs("' ", stdout);
    }
    fputs(")\n    _rb_what=(", stdout);
    for (size_t i = 0; i < n; i++) {
        if (o[i]->arg == NULL) continue;
        const enum what w = option_what(o[i], &words);
        printf("--%s '%s' ", o[i]->name, w == W_WORDS ? words : what_name[w]);
    }
    printf(")\n    _rb_args='%s' ;;\n", usage_words(cmd, args, sizeof args));
}
static void zsh(void) {
    char word[64];
    fputs(ZSH_HEAD, stdout);
    zsh_case(NULL);
    for (size_t i = 0; i < cli_commands_n; i++)
        zsh_case(&cli_commands[i]);
    const char *tail = strstr(ZSH_TAIL, "_readback_words()");
    fwrite(ZSH_TAIL, 1, (size_t)(tail - ZSH_TAIL), stdout);
    fputs("typeset -ga _rb_verbs _rb_seconds\n_rb_verbs=(", stdout);
    for (size_t i = 0; i < cli_commands_n; i++) {
        if (!first_word(i, word, sizeof word)) continue;
        printf("'%s:", word);
        quoted(strcmp(word, cli_commands[i].name) == 0 ? cli_commands[i].help : "", false, true);
        fputs("' ", stdout);
    }
    fputs(")\n_rb_seconds=(", stdout);
    for (size_t i = 0; i < cli_commands_n; i++) {
        const char *space = strchr(cli_commands[i].name, ' ');
        if (space == NULL) continue;
        printf("'%.*s/%s:", (int)(space - cli_commands[i].name), cli_commands[i].name, space + 1);
        quoted(cli_commands[i].help, false, true);
        fputs("' ", stdout);
    }
    fputs(")\n", stdout);
    fputs(tail, stdout);
}

/* ---- fish --------------------------------------------------------------------------------------
 */

static const char FISH_HEAD[] =
    "# fish completion of readback(1); written by `readback completion fish`\n"
    "# the command on the line so far: its first two words that are no options\n"
    "function __readback_line\n"
    "    set -l value no\n"
    "    for word in (commandline -opc)[2..-1]\n"
    "        if test $value = yes\n"
    "            set value no\n"
    "        else if string match -q -- '--*' $word\n"
    "            contains -- $word $__readback_valued; and set value yes\n"
    "        else\n"
    "            echo $word\n"
    "        end\n"
    "    end\n"
    "end\n"
    "function __readback_is\n"
    "    set -l line (__readback_line)\n"
    "    set -l two \"$line[1] $line[2]\"\n"
    "    if contains -- $two $__readback_twos\n"
    "        test \"$argv\" = $two\n"
    "    else\n"
    "        test \"$argv\" = \"$line[1]\"\n"
    "    end\n"
    "end\n"
    "function __readback_after\n"
    "    set -l line (__readback_line)\n"
    "    test (count $line) -eq 1 -a \"$line[1]\" = \"$argv\"\n"
    "end\n"
    "function __readback_none\n"
    "    test (count (__readback_line)) -eq 0\n"
    "end\n"
    "function __readback_names\n"
    "    set -l line (commandline -opc)\n"
    "    set -l at (contains -i -- --home $line)\n"
    "    if test -n \"$at\"\n"
    "        $line[1] --home $line[(math $at + 1)] completion $argv 2>/dev/null\n"
    "    else\n"
    "        $line[1] completion $argv 2>/dev/null\n"
    "    end\n"
    "end\n"
    "complete -c readback -f\n";

static void fish_value(enum what w, const char *words) {
    if (w == W_FILE) fputs(" -F", stdout);
    if (w == W_DIR) fputs(" -x -a '(__fish_complete_directories)'", stdout);
    if (w == W_WORDS) printf(" -x -a '%s'", words);
    if (w == W_TEXT) fputs(" -x", stdout);
    if (w == W_CHANNEL || w == W_RECORD || w == W_DRAFT || w == W_HANDLE)
        printf(" -x -a '(__readback_names %s)'", what_name[w]);
}
static void fish_option(const char *condition, const struct cli_option *o) {
    const char *words;
    printf("complete -c readback%s -l %s -d '", condition, o->name);
    quoted(o->help, true, false);
    putchar('\'');
    if (o->arg) {
        fputs(" -r", stdout);
        const enum what w = option_what(o, &words);
        fish_value(w, words);
    }
    putchar('\n');
}
static void fish_args(const char *condition, const struct cli_command *cmd) {
    char args[2048] = "", *save = NULL;
    (void)usage_words(cmd, args, sizeof args);
    for (char *w = strtok_r(args, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        printf("complete -c readback%s", condition);
        enum what k = W_WORDS;
        for (size_t i = W_FILE; i < W_WORDS; i++)
            if (strcmp(what_name[i], w) == 0) k = (enum what)i;
        if (k == W_FILE)
            puts(" -F");
        else
            fish_value(k, w), putchar('\n');
    }
}
static void fish_command(const struct cli_command *cmd) {
    char condition[128];
    const char *space = strchr(cmd->name, ' ');
    if (space)
        printf("complete -c readback -n '__readback_after %.*s' -a %s -d '",
               (int)(space - cmd->name), cmd->name, space + 1);
    else
        printf("complete -c readback -n __readback_none -a %s -d '", cmd->name);
    quoted(cmd->help, true, false);
    puts("'");
    snprintf(condition, sizeof condition, " -n '__readback_is %s'", cmd->name);
    for (const struct cli_option *o = cmd->options; o && o->name; o++)
        fish_option(condition, o);
    for (const struct cli_option *o = cmd->releases ? cli_release_options : NULL; o && o->name; o++)
        fish_option(condition, o);
    fish_args(condition, cmd);
}
/* options that take a value anywhere; what is a switch in one command takes none in another */
static void fish_lists(void) {
    const struct cli_option *o[OPTIONS_MOST];
    fputs("set -g __readback_valued", stdout);
    for (size_t c = 0; c < cli_commands_n; c++) {
        const size_t n = options_of(&cli_commands[c], o, OPTIONS_MOST);
        for (size_t i = 0; i < n; i++)
            if (o[i]->arg) printf(" --%s", o[i]->name);
    }
    fputs("\nset -g __readback_twos", stdout);
    for (size_t i = 0; i < cli_commands_n; i++)
        if (strchr(cli_commands[i].name, ' ')) printf(" '%s'", cli_commands[i].name);
    putchar('\n');
}
static void fish(void) {
    char word[64];
    fish_lists();
    fputs(FISH_HEAD, stdout);
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        fish_option("", o);
    for (size_t i = 0; i < cli_commands_n; i++) {
        if (first_word(i, word, sizeof word) && strcmp(word, cli_commands[i].name) != 0)
            printf("complete -c readback -n __readback_none -a %s\n", word);
        fish_command(&cli_commands[i]);
    }
}

/* ---- names that the daemon knows ---------------------------------------------------------------
 */

/* quiet: somebody is typing, and a sentence would stand in their line */
static json_t *ask(struct cli *c, const char *path) {
    json_t *out = NULL;
    if (!cli_connect(c) || c->client->call(c->client->ctx, "GET", path, NULL, &out) == 200)
        return out;
    json_decref(out);
    return NULL;
}
static void channels(struct cli *c) {
    json_t *o = ask(c, "/v1/channels"), *ch;
    size_t i;
    json_array_foreach(json_object_get(o, "channels"), i, ch)
        printf("%.8s\t%s\n", cli_str(ch, "channel"), cli_text(ch, "title"));
    json_decref(o);
}
/* no title: what closed records hold does not belong beside a prompt */
static void records(struct cli *c) {
    json_t *o = ask(c, "/v1/channels"), *ch, *r;
    size_t i, k;
    json_array_foreach(json_object_get(o, "channels"), i, ch) {
        struct cli_path p;
        cli_path(&p, "/v1/channels/", cli_str(ch, "channel"), "/log");
        cli_query(&p, "last", NAMES_LAST);
        json_t *log = ask(c, p.z);
        json_array_foreach(json_object_get(log, "records"), k, r) printf(
            "%.12s\t%s of %s\n", cli_str(r, "record"), cli_text(r, "kind"), cli_text(r, "author"));
        json_decref(log);
    }
    json_decref(o);
}
static void drafts(struct cli *c) {
    json_t *o = ask(c, "/v1/drafts"), *d;
    size_t i;
    json_array_foreach(json_object_get(o, "drafts"), i, d)
        printf("%.12s\t%s\n", cli_str(d, "draft"), cli_text(d, "kind"));
    json_decref(o);
}
static void handles(struct cli *c) {
    json_t *o = ask(c, "/v1/peers"), *p;
    size_t i;
    json_array_foreach(json_object_get(o, "peers"), i, p) printf("%s\n", cli_str(p, "handle"));
    json_decref(o);
    o = ask(c, "/v1/card");
    if (o) printf("%s\n", cli_str(o, "handle"));
    json_decref(o);
}

int cli_completion(struct cli *c) {
    static const struct {
        const char *word;
        void (*shell)(void);
        void (*names)(struct cli *c);
    } all[] = {{"bash", bash, NULL},         {"zsh", zsh, NULL},         {"fish", fish, NULL},
               {"channels", NULL, channels}, {"records", NULL, records}, {"drafts", NULL, drafts},
               {"handles", NULL, handles}};
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(all[i].word, c->args[0]) != 0) continue;
        if (all[i].shell) {
            all[i].shell();
            return CLI_OK;
        }
        alarm(NAMES_WITHIN_S); /* who types does not wait */
        if (freopen("/dev/null", "w", stderr) == NULL) return CLI_FAILED;
        all[i].names(c);
        return CLI_OK;
    }
    return cli_usage(c, "completion bash, zsh or fish; not \"%s\"", c->args[0]);
}

/* ---- metrics -----------------------------------------------------------------------------------
 */

int cli_metrics(struct cli *c) {
    json_t *o = NULL;
    if (!cli_want_args(c, 0, 0)) return CLI_USAGE;
    const int rc = cli_get_json(c, "/v1/metrics", &o);
    if (rc == CLI_OK && c->json) cli_json(o);
    if (rc == CLI_OK && !c->json) fputs(cli_str(o, "text"), stdout);
    json_decref(o);
    return rc;
}
