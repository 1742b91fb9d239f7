/* What officers say: statements, positions, line tests, nil. */
#include <stdlib.h>
#include "cli.h"
#include "readback/text.h"

static json_t *draft_new(const char *channel, const char *kind, json_t *body) {
    return json_pack("{s:s,s:s,s:o}", "channel", channel, "kind", kind, "body", body);
}
static int release(struct cli *c, json_t *draft) {
    int rc = cli_envelope(c, draft);
    if (rc == CLI_OK) return cli_release(c, draft);
    json_decref(draft);
    return rc;
}
char *cli_words_of(struct cli *c, size_t cap, int *rc) {
    size_t n = 0;
    const char *file = cli_get(c, "file"), *text = cli_get(c, "text");
    *rc = CLI_OK;
    if (file == NULL) return strdup(text ? text : "");
    char *buf = cli_read_file(c, file, cap, &n);
    if (buf == NULL) *rc = CLI_FAILED;
    while (buf && n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == '\r'))
        buf[--n] = 0;
    return buf;
}

/* ---- statement
 * -------------------------------------------------------------------------------- */
int cli_statement(struct cli *c) {
    int rc = CLI_OK;
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    if (!cli_has(c, "title") || (!cli_has(c, "text") && !cli_has(c, "file")))
        return cli_usage(c, "a statement needs a --title and --text or --file");
    char *text = cli_words_of(c, RB_MAX_TEXT, &rc),
         *channel = text ? cli_channel(c, c->args_n ? c->args[0] : NULL) : NULL;
    if (channel)
        rc = release(c,
                     draft_new(channel, "statement",
                               json_pack("{s:s,s:s}", "title", cli_get(c, "title"), "text", text)));
    else if (rc == CLI_OK)
        rc = c->channel_exit;
    free(text);
    free(channel);
    return rc;
}

/* ---- positions
 * -------------------------------------------------------------------------------------- */
static json_t *position_body(struct cli *c, const char *type, int *rc) {
    static const char *const words_of[] = {"reason", "level", "by"};
    json_t *body = json_pack("{s:s}", "type", type), *list = json_array();
    const char *v;
    uint64_t n = 0;
    *rc = cli_put_when(c, body, "at", "at");
    for (size_t i = 0; i < sizeof words_of / sizeof *words_of; i++)
        if (cli_has(c, words_of[i]))
            json_object_set_new(body, words_of[i], json_string(cli_get(c, words_of[i])));
    for (size_t i = 0; (v = cli_nth(c, "paragraph", i)) != NULL; i++) {
        if (rb_dec_decode(rb_str(v), &n) != RB_OK || n > RB_MAX_PARAGRAPHS)
            *rc = cli_off(c, "paragraph", v, " wants a number");
        else
            json_array_append_new(list, json_integer((json_int_t)n));
    }
    if (json_array_size(list)) json_object_set(body, "paragraphs", list);
    json_decref(list);
    return body;
}
/* what may answer a record of this kind, for the case that what was said may not */
static void put_table(struct cli *c, const json_t *o) {
    static const char *const classes[] = {"operation", "exercise", "movement", "site", "area"};
    enum rb_kind kind;
    int cls = -1;
    c->instead[0] = 0;
    if (rb_kind_decode(rb_str(cli_str(o, "kind")), &kind) != RB_OK) return;
    for (int i = 0; i < (int)(sizeof classes / sizeof *classes); i++)
        if (strcmp(cli_str(o, "class"), classes[i]) == 0) cls = i;
    cli_answers(kind, cls, c->instead, sizeof c->instead);
}
/* Nobody says of a content that it was read, disputed or passed down where it cannot be read. What
 * was purged may have been read before. */
static int position_fits(struct cli *c, const char *type, const json_t *o) {
    static const char *const blind[] = {"query", "withdraw", "correct"};
    for (size_t i = 0; i < sizeof blind / sizeof *blind; i++)
        if (strcmp(type, blind[i]) == 0) return CLI_OK;
    if (strcmp(cli_str(o, "body_state"), "purged") == 0) return CLI_OK;
    return cli_readable(c, o, "nothing can be said of it but a query");
}
/* what is confirmed of a place: the words that came back */
static void show_understood(const json_t *o) {
    const char *text = cli_str(json_object_get(o, "body"), "playback");
    if (*text == 0) return;
    fprintf(stderr,
            "%s understood the place so:\n\n%s\n\nTo confirm says that this is what was meant; it "
            "agrees to nothing. If it is not, correct the record that it asks about.\n",
            cli_text(o, "author"), text);
}
int cli_position_on(struct cli *c, const char *type, const char *record) {
    json_t *o = NULL;
    struct cli_path p;
    int rc = cli_record_word(c, record);
    if (rc != CLI_OK) return rc;
    cli_path(&p, "/v1/records/", record, "");
    rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK) rc = position_fits(c, type, o);
    if (rc == CLI_OK) {
        json_t *body = position_body(c, type, &rc);
        if (rc == CLI_OK) {
            json_t *draft = draft_new(cli_str(o, "channel"), "position", body);
            json_object_set_new(draft, "answers", json_pack("[s]", cli_str(o, "record")));
            put_table(c, o);
            if (!c->yes && strcmp(type, "confirm") == 0) show_understood(o);
            if (!c->yes)
                fprintf(stderr, "On %s of %s%s%s\n", cli_text(o, "kind"), cli_text(o, "author"),
                        *cli_str(o, "title") ? ": " : "", cli_str(o, "title"));
            rc = release(c, draft);
        } else {
            json_decref(body);
        }
    }
    json_decref(o);
    return rc;
}
int cli_position(struct cli *c) {
    bool named = strcmp(c->command->name, "position") == 0;
    enum rb_position_type t;
    int first = named ? 1 : 0, rc = CLI_OK;
    if (!cli_want_args(c, first + 1, 64)) return CLI_USAGE;
    const char *type = named ? c->args[0] : c->command->name;
    if (cli_position_word(c, type, &t) != CLI_OK) return CLI_USAGE;
    if (t == RB_POSITION_PASSED_DOWN && !cli_has(c, "level"))
        return cli_usage(c, "say to which level: --level \"3rd brigade\"");
    for (int i = first; i < c->args_n && rc == CLI_OK; i++)
        rc = cli_position_on(c, type, c->args[i]);
    return rc;
}

/* ---- made by the node
 * --------------------------------------------------------------------------------- */
static int machine(struct cli *c, const char *after, json_t *in, const char *done) {
    json_t *o = NULL;
    struct cli_path p;
    char *channel = cli_channel(c, c->args_n ? c->args[0] : NULL);
    int rc = channel ? CLI_OK : c->channel_exit;
    if (channel) {
        cli_path(&p, "/v1/channels/", channel, after);
        rc = cli_call(c, "POST", p.z, in, &o);
    }
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK)
        printf("%s: %s\n", done, cli_str(o, "record"));
    json_decref(o);
    json_decref(in);
    free(channel);
    return rc;
}
int cli_test(struct cli *c) {
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    return machine(c, "/test", json_object(), "Line test logged");
}
int cli_nil(struct cli *c) {
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    if (!cli_has(c, "from"))
        return cli_usage(c, "say from when there was nothing to report: --from TIME");
    json_t *in = json_object();
    int rc = cli_put_when(c, in, "from", "from");
    if (rc == CLI_OK) rc = cli_put_when(c, in, "to", "to");
    if (rc != CLI_OK) json_decref(in);
    if (rc != CLI_OK) return rc;
    return machine(c, "/nil", in, "Nothing to report, logged");
}
