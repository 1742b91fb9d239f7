/* Inside of `readback`: one command a function, options by table, all answers from the local API.
 */
#ifndef RB_CMD_CLI_H
#define RB_CMD_CLI_H
#include <jansson.h>
#include <stdio.h>
#include "readback/coord.h"
#include "readback/party.h"
#include "shell/api/client.h"
#include "shell/os/agent.h"
#include "shell/os/keystore.h"
#include "shell/os/passphrase.h"

enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,    /* refused or failed */
    CLI_USAGE = 2,     /* the command line's words are off */
    CLI_NOBODY = 3,    /* the daemon does not answer */
    CLI_CONFIRM = 4,   /* warnings, or the release itself, want a confirmation */
    CLI_SECOND_DUE = 5 /* kept as a draft: a second officer is due */
};

struct cli_option {
    const char *name;
    const char *arg; /* what its value is; NULL: a switch */
    const char *help;
};
#define CLI_MAX_OPTIONS 160
struct cli;
struct cli_command {
    const char *name;  /* "channel propose" */
    const char *usage; /* what follows the name */
    const char *help;  /* one line */
    const char *examples;
    const char *text;                 /* further words, or NULL */
    const struct cli_option *options; /* ends with name NULL; may be NULL */
    bool releases;                    /* takes the options of every release too */
    int (*run)(struct cli *c);
};
struct cli {
    const struct cli_command *command;
    char home[RB_HOME_PATH_MAX], socket[RB_HOME_PATH_MAX];
    struct rb_client *client;
    size_t given_n;
    struct {
        const char *name, *value;
        int line; /* of the form that it stands in; 0: on the command line */
    } given[CLI_MAX_OPTIONS];
    char *form; /* the form's text, which values borrow from; wiped at the end */
    size_t form_n;
    bool form_stdin; /* it came from standard input, so questions are asked on the terminal */
    int args_n;
    char **args; /* what is not an option */
    bool json, yes, color, color_err;
    int passphrase_fd;
    int channel_exit;                /* why cli_channel gave none */
    struct rb_passphrase passphrase; /* the last one read from a descriptor */
    bool has_passphrase;
    char instead[512]; /* positions that may answer the record spoken of; "" if none is */
    bool waited;       /* a record went on waiting: nobody waits for the next one */
    json_t *notes;     /* sentences on what was typed, to be pointed out before it is released */
};
extern const struct cli_command cli_commands[];
extern const size_t cli_commands_n;
extern const struct cli_option cli_common_options[], cli_release_options[];

/* ---- options (cli_options.c) ---- */
/* false: said what is off (usage) */
bool cli_parse(struct cli *c, int argc, char **argv);
const char *cli_get(const struct cli *c, const char *name); /* the last one given; NULL */
bool cli_has(const struct cli *c, const char *name);
/* the i-th one given of that name; NULL at the end */
const char *cli_nth(const struct cli *c, const char *name, size_t i);
/* exactly n words besides options */
bool cli_want_args(const struct cli *c, int least, int most);
int cli_usage(const struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "--name words; not "value"" ("--name value: ..." where the words begin so), or where it stands in a form: "line 3 of the form: name words". What a
 * form holds may be what only some may read, and is never repeated. `value` is one of `given`. */
int cli_off(const struct cli *c, const char *name, const char *value, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool cli_in_form(const struct cli *c, const char *value);
void cli_help(const struct cli_command *cmd, FILE *out);
/* which positions may answer what the command says, by the table itself (cli_answers.c) */
void cli_help_answers(const struct cli_command *cmd, FILE *out);
/* "accept, reject, withdraw (its author)"; "" if nothing */
void cli_answers(enum rb_kind kind, int notice_class, char *out, size_t cap);
/* what the position may answer: "stop-fire, request", "every kind but test, ..." */
void cli_answered(enum rb_position_type t, char *out, size_t cap);
void cli_help_all(FILE *out);

/* of the command, of every release, of every command; NULL: none */
const struct cli_option *cli_option_find(const struct cli *c, const char *name, size_t n);

/* ---- forms (cli_form.c) ---- */
/* takes the options in --form; an exit code after it was said what is off */
int cli_form(struct cli *c);
/* the first option with content of the record that stood on the command line; NULL: none */
const char *cli_content_in_words(const struct cli *c);
int cli_say_content_in_words(const struct cli *c, const char *option);
int cli_form_command(struct cli *c);

/* ---- words and colours (cli_show.c) ---- */
void cli_exercise(const struct cli *c, FILE *out, const json_t *o); /* banner where o says so */
void cli_strong(const struct cli *c, FILE *out, const char *text);
const char *cli_str(const json_t *o, const char *key);  /* "" if absent */
const char *cli_text(const json_t *o, const char *key); /* "-" if absent */
json_int_t cli_int(const json_t *o, const char *key);
bool cli_true(const json_t *o, const char *key);
void cli_time(FILE *out, const char *rfc3339); /* with its date-time group */
void cli_list(FILE *out, const json_t *strings);
void cli_body(FILE *out, const json_t *body, int indent);
void cli_short(char out[13], const json_t *o, const char *key); /* first digits of a hash */
void cli_joined(char *buf, size_t cap, const json_t *list);     /* "a,b"; "-" */
void cli_clip(char *buf, size_t cap, const char *text); /* one line, at a character's end */
struct cli_table {
    size_t cols, rows, cap;
    char **cell;
};
void cli_table_row(struct cli_table *t, size_t cols, ...); /* const char * each; copied */
void cli_table_print(struct cli_table *t, FILE *out);      /* and frees it */
void cli_json(const json_t *o);
int cli_fail(const struct cli *c, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* says why the API refused; the exit code */
int cli_refused(const struct cli *c, int status, const json_t *answer);

/* ---- the daemon (cli_call.c) ---- */
bool cli_connect(struct cli *c);
/* CLI_OK, or an exit code after it was said why; *out is the caller's either way */
int cli_call(struct cli *c, const char *method, const char *path, const json_t *in, json_t **out);
int cli_get_json(struct cli *c, const char *path, json_t **out);
/* "/v1/channels/" + channel + after; the query's values are percent-encoded by cli_query */
struct cli_path {
    char z[6000];
    size_t n;
    bool query;
};
void cli_path(struct cli_path *p, const char *before, const char *part, const char *after);
void cli_query(struct cli_path *p, const char *name, const char *value); /* NULL: nothing */
/* the channel named first on the line, or the only one there is; NULL after it was said why
 * (c->channel_exit) */
char *cli_channel(struct cli *c, const char *given);
bool cli_confirm(const struct cli *c, const char *question, int *exit_code);
/* whole file, at most cap bytes; NULL after it was said why */
char *cli_read_file(struct cli *c, const char *path, size_t cap, size_t *n);

/* ---- words looked at before they are sent (cli_words.c): CLI_OK, or CLI_USAGE after it was said
 * what is accepted; an option that was not given is well ---- */
/* RFC 3339 or a date-time group in Zulu; 0, or 'Z': neither, or the letter of another zone */
char cli_when_read(const char *z, int64_t *utc_ms);
int cli_when(const struct cli *c, const char *option, int64_t *utc_ms);
int cli_put_when(const struct cli *c, json_t *o, const char *option, const char *field);
int cli_query_when(const struct cli *c, struct cli_path *p, const char *option);
int cli_span(const struct cli *c, const char *option, int64_t *ms); /* above 0 */
int cli_count(const struct cli *c, const char *option, uint64_t most); /* 1..most */
/* `given` may be an option's value or a word */
int cli_not_one(const struct cli *c, const char *what, const char *given, const char *const *names,
                size_t n);
int cli_position_word(const struct cli *c, const char *given, enum rb_position_type *out);
int cli_kind_word(const struct cli *c, const char *option);
int cli_record_word(const struct cli *c, const char *given);

/* ---- places as they are typed (cli_place.c, cli_shape.c): CLI_OK, or CLI_USAGE after it was said
 * what is off. `entered` is one of `given`, `text` a part of it. */
/* number: which of several places it is, from 1; 0: the only one */
int cli_place(struct cli *c, const char *option, const char *entered, struct rb_slice text,
              size_t number, struct rb_coord *out);
int cli_length(struct cli *c, const char *option, const char *entered, struct rb_slice text,
               const char *what, uint64_t *mm);
/* the option's into the volume; limit->open where it was not given, or is UNL */
int cli_height(struct cli *c, const char *option, json_t *volume, struct rb_alt_limit *limit);
json_t *cli_metres(uint64_t mm);
#define CLI_POINT 96
void cli_point(struct rb_point p, char out[CLI_POINT]); /* in decimal degrees and MGRS */
/* into c->notes */
void cli_note(struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cli_place_notes(struct cli *c, const struct rb_coord *at, size_t number);
void cli_reach_note(struct cli *c, uint64_t reach_mm);
void cli_say_notes(struct cli *c, FILE *out);
/* volumes with their places, heights, times and survey into the list */
int cli_volumes(struct cli *c, json_t *list);
/* volumes of a body that came from the node */
void cli_show_volumes(FILE *out, const json_t *volumes, int indent);

/* ---- what a notice touches (cli_conflict.c) ---- */
/* o holds "check", and "warnings" beside it: the places that are touched, worst first, then what
 * was compared; always. Warnings that say the same again are left out. */
void cli_check(struct cli *c, FILE *out, const json_t *o, int indent);
void cli_warnings(struct cli *c, FILE *out, const json_t *o, int indent);
bool cli_released(struct cli *c, const char *record); /* says so; false: or that it waits */
int cli_check_exit(const json_t *check); /* of `enum cli_exit_check` */
enum cli_exit_check { /* of checks that release nothing; none found: CLI_OK */
    CLI_CHECK_CONFLICT = 4,
    CLI_CHECK_NOT_EXCLUDED = 5,
    CLI_CHECK_NOT_COMPARED = 6
};
/* POST /v1/check of a draft; taken */
int cli_dry_run(struct cli *c, json_t *draft);
void cli_reminder(FILE *out, const json_t *reminder);
void cli_stop_fires(struct cli *c, const char *channel); /* the last ones, with their answers */
void cli_answers_counted(FILE *out, const json_t *o, int indent); /* of a stop-fire */

/* ---- keys (cli_keys.c) ---- */
struct cli_key {
    struct rb_signer_key key;
    struct rb_seckey secret;
    struct rb_agent *agent;
};
/* the officer of --officer (or the only one), from a sealed file or ssh-agent; exit code */
int cli_officer(struct cli *c, struct cli_key *out);
int cli_officer_named(struct cli *c, const char *name,
                      struct cli_key *out); /* NULL: the only one */
int cli_party(struct cli *c, struct cli_key *out);
void cli_key_close(struct cli_key *k); /* wipes */
int cli_passphrase(struct cli *c, const char *prompt, bool confirm, struct rb_passphrase *out);

/* ---- our card (cli_init.c) ---- */
struct cli_card_file { /* a card that was read; `card` borrows from bytes */
    uint8_t bytes[RB_MAX_CARD], work[65536];
    size_t n;
    struct rb_card card;
};
/* NULL after it was said why; free() */
struct cli_card_file *cli_card_home(struct cli *c);
/* out: RB_MAX_CARD bytes */
bool cli_card_sign(const struct rb_card *card, const struct rb_signer_key *party, uint8_t *out,
                   size_t *n, struct rb_reject *rj);
/* into the daemon, then into the home. CLI_NOBODY: into the home alone */
int cli_card_install(struct cli *c, struct rb_home *h, const uint8_t *bytes, size_t n);
json_t *cli_base64(const uint8_t *p, size_t n);

/* ---- membership (cli_member.c) ---- */
/* what an amendment would change */
void cli_differences(FILE *out, const json_t *list, int indent);
/* by which rule and when one of the channel's amendments is adopted */
void cli_amendment_rule(FILE *out, const json_t *channel, const json_t *amendment, int indent);
void cli_guard(FILE *out, const json_t *o); /* of a channel: what the start-up guard waits for */
/* the options of `channel propose` that are not about who is in it, into a charter or what is to
 * change of one (cli_channel.c) */
int cli_charter_terms(struct cli *c, json_t *charter);
/* "HANDLE[:ROLE[:AFFILIATION]]" */
void cli_charter_member(json_t *members, const char *given);
json_t *cli_json_file(struct cli *c, const char *path, const char *what); /* an object; NULL: said */

/* ---- releasing (cli_release.c) ---- */
/* composes, shows back in words, asks, signs, submits. draft is taken. */
int cli_release(struct cli *c, json_t *draft);
/* envelope fields of the command line into the draft; exit code */
int cli_envelope(struct cli *c, json_t *draft);
/* every member that the draft names is one; else it is said who is. exit code */
int cli_members_known(struct cli *c, const json_t *draft);
/* after a refusal that wants recipients: who can be named */
void cli_say_members(struct cli *c, const char *channel);

/* ---- what became of a closed record's content here (cli_look.c) ---- */
/* "closed", "closed: not for us", ...; "" where it is open */
const char *cli_closed_word(const json_t *r);
void cli_closed(FILE *out, const json_t *r, int indent);
/* CLI_OK where the content of the record can be read here; else it was said why not, and what to do */
int cli_readable(const struct cli *c, const json_t *r, const char *why_wanted);

/* --text, or --file; NULL with *rc set where it fails; "" where neither was given (cli_say.c) */
char *cli_words_of(struct cli *c, size_t cap, int *rc);

/* ---- commands ---- */
int cli_init(struct cli *c);
int cli_card(struct cli *c);
int cli_fingerprint(struct cli *c);
int cli_accredit(struct cli *c);
int cli_peers(struct cli *c);
int cli_serve(struct cli *c);
int cli_channel_propose(struct cli *c);
int cli_channel_list(struct cli *c);
int cli_channel_show(struct cli *c);
int cli_channel_accept(struct cli *c);
int cli_channel_suspend(struct cli *c);
int cli_channel_resume(struct cli *c);
int cli_channel_leave(struct cli *c);
int cli_channel_amend(struct cli *c);
int cli_channel_epoch(struct cli *c);
int cli_channel_override(struct cli *c);
int cli_key_list(struct cli *c);
int cli_key_rotate(struct cli *c);
int cli_key_revoke(struct cli *c);
int cli_test(struct cli *c);
int cli_nil(struct cli *c);
int cli_notice(struct cli *c); /* notice CLASS, site, movement, operation, area */
int cli_stop_fire(struct cli *c);
int cli_places(struct cli *c); /* places, site list, movement list */
int cli_sites_import(struct cli *c);
int cli_sites_sign(struct cli *c);
int cli_places_import(struct cli *c);
int cli_places_export(struct cli *c);
int cli_forks(struct cli *c);
int cli_compare(struct cli *c);
int cli_playback(struct cli *c);
int cli_statement(struct cli *c);
int cli_position(struct cli *c); /* position TYPE RECORD, and one verb each */
/* says it of the record; the options are the command's */
int cli_position_on(struct cli *c, const char *type, const char *record);
int cli_inbox(struct cli *c);
int cli_log(struct cli *c);
int cli_show(struct cli *c);
int cli_who_holds(struct cli *c);
int cli_print(struct cli *c); /* cli_print.c */
int cli_situation(struct cli *c);
int cli_status(struct cli *c);
int cli_doctor(struct cli *c);
int cli_drafts(struct cli *c);
int cli_sign(struct cli *c);
int cli_attach(struct cli *c);
int cli_save(struct cli *c);
int cli_reseal(struct cli *c);
int cli_purge(struct cli *c);
int cli_disclose(struct cli *c);
int cli_roster(struct cli *c);
int cli_unlock(struct cli *c);
int cli_seal_age(struct cli *c);
int cli_check_files(struct cli *c);
int cli_export(struct cli *c);
/* a folder to where it is wanted, on another file system too; exit code (cli_move.c) */
int cli_move_folder(struct cli *c, const char *from, const char *to);
int cli_backup(struct cli *c);
int cli_restore(struct cli *c);
int cli_metrics(struct cli *c);
int cli_completion(struct cli *c);
int cli_version(struct cli *c);
int cli_help_command(struct cli *c);
#endif
