/* Saying an instrument: a body out of options, or out of a file with options before it. */
#include <stdlib.h>
#include "cli_instrument.h"
#include "readback/schema.h"
#include "readback/text.h"
#include "shell/api/json_body.h"

/* ---- lists -------------------------------------------------------------------------------------
 */
static void put_list(json_t *body, const char *field, json_t *list) {
    if (json_array_size(list)) json_object_set(body, field, list);
    json_decref(list);
}
/* --parties a,b --parties c */
static void fill_members(struct cli *c, json_t *body, const char *option, const char *field) {
    json_t *list = json_array();
    const char *v;
    for (size_t i = 0; (v = cli_nth(c, option, i)) != NULL; i++)
        for (v += strspn(v, ", "); *v;) {
            const size_t n = strcspn(v, ", ");
            json_array_append_new(list, json_stringn(v, n));
            v += n + strspn(v + n, ", ");
        }
    put_list(body, field, list);
}
static void fill_names(struct cli *c, json_t *body, const char *option, const char *field) {
    json_t *list = json_array();
    const char *v;
    for (size_t i = 0; (v = cli_nth(c, option, i)) != NULL; i++)
        json_array_append_new(list, json_string(v));
    put_list(body, field, list);
}
static int number_of(struct cli *c, const char *option, const char *v, json_t **out) {
    uint64_t n = 0;
    if (rb_dec_decode(rb_str(v), &n) != RB_OK || n > INT64_MAX)
        return cli_off(c, option, v, " wants a whole number");
    *out = json_integer((json_int_t)n);
    return CLI_OK;
}
static int fill_numbers(struct cli *c, json_t *body, const char *option, const char *field) {
    json_t *list = json_array(), *one = NULL;
    const char *v;
    int rc = CLI_OK;
    for (size_t i = 0; rc == CLI_OK && (v = cli_nth(c, option, i)) != NULL; i++) {
        rc = number_of(c, option, v, &one);
        if (rc == CLI_OK) json_array_append_new(list, one);
    }
    put_list(body, field, list);
    return rc;
}

/* ---- parts of a value, parted by semicolons ----------------------------------------------------
 */
#define PARTS_MOST 4u
/* false: more than n */
static bool parts_of(const char *z, struct rb_slice *out, size_t n) {
    size_t i = 0;
    for (;;) {
        const size_t len = strcspn(z, ";");
        struct rb_slice s = rb_slice(z, len);
        while (s.n > 0 && strchr(" \t", s.p[0]))
            s = rb_slice_sub(s, 1, s.n);
        while (s.n > 0 && strchr(" \t", s.p[s.n - 1]))
            s.n--;
        if (i == n) return false;
        out[i++] = s;
        if (z[len] == 0) break;
        z += len + 1;
    }
    while (i < n)
        out[i++] = rb_slice("", 0);
    return true;
}
static json_t *slice_json(struct rb_slice s) {
    return json_stringn((const char *)s.p, s.n);
}
static int fill_step(struct cli *c, const char *v, json_t *step) {
    struct rb_slice p[PARTS_MOST];
    uint64_t n = 0;
    int64_t due = 0;
    char when[64], out[40];
    if (!parts_of(v, p, PARTS_MOST) || rb_dec_decode(p[0], &n) != RB_OK || n == 0 || n > 65535 ||
        p[1].n == 0)
        return cli_off(c, "step", v,
                       " wants \"NUMBER; WHAT; OWNER; DUE\", the number from 1: \"1; clear the "
                       "mines; northland; 010600ZAPR27\"");
    json_object_set_new(step, "number", json_integer((json_int_t)n));
    json_object_set_new(step, "what", slice_json(p[1]));
    if (p[2].n > 3 && memcmp(p[2].p, "by=", 3) == 0)
        json_object_set_new(step, "by", slice_json(rb_slice_sub(p[2], 3, p[2].n)));
    else if (p[2].n)
        json_object_set_new(step, "owner", slice_json(p[2]));
    if (p[3].n == 0) return CLI_OK;
    snprintf(when, sizeof when, "%.*s", (int)p[3].n, (const char *)p[3].p);
    if (p[3].n >= sizeof when || cli_when_read(when, &due) != 0)
        return cli_off(c, "step", v, ": its due time wants 010600ZAPR27 or 2027-04-01T06:00:00Z");
    struct rb_writer w = rb_writer(out, sizeof out);
    rb_put_rfc3339(&w, due);
    json_object_set_new(step, "due", json_string(rb_writer_z(&w)));
    return CLI_OK;
}
static int fill_subject(struct cli *c, const char *v, json_t *subject) {
    static const char *const names[] = {"name", "also", "note"};
    struct rb_slice p[PARTS_MOST];
    if (!parts_of(v, p, 3) || p[0].n == 0)
        return cli_off(c, "subject", v, " wants \"NAME; ALSO; NOTE\", the name first");
    for (size_t i = 0; i < 3; i++)
        if (p[i].n) json_object_set_new(subject, names[i], slice_json(p[i]));
    return CLI_OK;
}
static int fill_objects(struct cli *c, json_t *body, const struct cli_fill_field *f,
                        const char *field, int (*one)(struct cli *, const char *, json_t *)) {
    json_t *list = json_array();
    const char *v;
    int rc = CLI_OK;
    for (size_t i = 0; rc == CLI_OK && (v = cli_nth(c, f->option, i)) != NULL; i++) {
        json_t *o = json_object();
        json_array_append_new(list, o);
        rc = one(c, v, o);
    }
    put_list(body, field, list);
    return rc;
}

/* ---- texts -------------------------------------------------------------------------------------
 */
static int fill_text(struct cli *c, json_t *body, const char *field) {
    int rc = CLI_OK;
    if (!cli_has(c, "text") && !cli_has(c, "file")) return CLI_OK;
    char *text = cli_words_of(c, RB_MAX_TEXT, &rc);
    if (rc == CLI_OK) json_object_set_new(body, field, json_string(text));
    if (rc == CLI_OK && json_object_get(body, field) == NULL)
        rc = cli_fail(c, NULL, "the text is not UTF-8");
    free(text);
    return rc;
}
/* parted by empty lines */
static json_t *paragraphs(const char *z) {
    json_t *out = json_array();
    while (*z) {
        z += strspn(z, "\n\r");
        const char *end = strstr(z, "\n\n"), *crlf = strstr(z, "\r\n\r\n");
        if (crlf && (end == NULL || crlf < end)) end = crlf;
        const size_t n = end ? (size_t)(end - z) : strlen(z);
        if (n > 0) json_array_append_new(out, json_stringn(z, n));
        z += n;
    }
    return out;
}
static int fill_paragraphs(struct cli *c, json_t *body, const char *field) {
    int rc = CLI_OK;
    if (!cli_has(c, "text") && !cli_has(c, "file")) return CLI_OK;
    char *text = cli_words_of(c, RB_MAX_LEAF, &rc);
    if (rc == CLI_OK) put_list(body, field, paragraphs(text));
    free(text);
    return rc;
}

/* ---- adoption, places --------------------------------------------------------------------------
 */
int cli_fill_adoption(struct cli *c, json_t *body) {
    const json_t *before = json_object_get(body, "adoption");
    json_t *o = json_is_object(before) ? json_copy((json_t *)(uintptr_t)before) : json_object();
    json_t *quorum = NULL;
    int rc = CLI_OK;
    if (cli_has(c, "rule")) json_object_set_new(o, "rule", json_string(cli_get(c, "rule")));
    if (cli_has(c, "quorum")) rc = number_of(c, "quorum", cli_get(c, "quorum"), &quorum);
    if (quorum) json_object_set_new(o, "quorum", quorum);
    fill_members(c, o, "veto", "veto");
    fill_members(c, o, "of", "of");
    if (rc == CLI_OK) rc = cli_put_when(c, o, "adopt-by", "by");
    /* what says nothing is left out: all must accept, without a deadline */
    if (json_object_size(o) == 1 && strcmp(cli_str(o, "rule"), "all") == 0) json_object_clear(o);
    if (json_object_size(o)) json_object_set(body, "adoption", o);
    json_decref(o);
    return rc;
}
static int fill_places(struct cli *c, json_t *body, const char *field) {
    json_t *list = json_array();
    int rc = cli_volumes(c, list);
    put_list(body, field, list);
    return rc;
}

/* ---- one field ---------------------------------------------------------------------------------
 */
static const char *field_name(const struct cli_fill_field *f, char out[32]) {
    if (f->field) return f->field;
    snprintf(out, 32, "%s", f->option);
    for (char *z = out; *z; z++)
        if (*z == '-') *z = '_';
    return out;
}
static int fill_span(struct cli *c, json_t *body, const char *option, const char *field) {
    int64_t ms = 0;
    int rc = cli_span(c, option, &ms);
    if (rc == CLI_OK) json_object_set_new(body, field, json_string(cli_get(c, option)));
    return rc;
}
static int fill_one(struct cli *c, json_t *body, const struct cli_fill_field *f) {
    char room[32];
    const char *field = field_name(f, room), *v = cli_get(c, f->option);
    json_t *n = NULL;
    int rc = CLI_OK;
    switch (f->fill) {
    case FILL_WORD:
    case FILL_RECORD:
        if (v) json_object_set_new(body, field, json_string(v));
        return CLI_OK;
    case FILL_TEXT:
        return fill_text(c, body, field);
    case FILL_WHEN:
        return cli_put_when(c, body, f->option, field);
    case FILL_SPAN:
        return v ? fill_span(c, body, f->option, field) : CLI_OK;
    case FILL_NUMBER:
        if (v) rc = number_of(c, f->option, v, &n);
        if (n) json_object_set_new(body, field, n);
        return rc;
    case FILL_MEMBERS:
        fill_members(c, body, f->option, field);
        return CLI_OK;
    case FILL_NAMES:
    case FILL_RECORDS:
        fill_names(c, body, f->option, field);
        return CLI_OK;
    case FILL_PLACES:
        return fill_places(c, body, field);
    case FILL_ADOPTION:
        return cli_fill_adoption(c, body);
    case FILL_STEPS:
        return fill_objects(c, body, f, field, fill_step);
    case FILL_SUBJECTS:
        return fill_objects(c, body, f, field, fill_subject);
    case FILL_PARAGRAPHS:
        return fill_paragraphs(c, body, field);
    case FILL_NUMBERS:
        return fill_numbers(c, body, f->option, field);
    }
    return rc;
}

/* ---- records within a body, by their first digits ----------------------------------------------
 */
static int whole_hash(struct cli *c, const char *field, json_t *list, size_t i, json_t *body) {
    const json_t *v = list ? json_array_get(list, i) : json_object_get(body, field);
    const char *z = json_string_value(v);
    json_t *o = NULL;
    struct cli_path p;
    if (z == NULL || strlen(z) == (size_t)2 * RB_HASH_LEN) return CLI_OK; /* the node says what is off */
    if (cli_record_word(c, z) != CLI_OK) {
        fprintf(stderr, "  it stands in the field %s\n", field);
        return CLI_USAGE;
    }
    cli_path(&p, "/v1/records/", z, "");
    int rc = cli_get_json(c, p.z, &o);
    json_t *whole = json_incref(json_object_get(o, "record"));
    json_decref(o);
    if (rc != CLI_OK) {
        fprintf(stderr, "  it stands in the field %s\n", field);
        return rc;
    }
    if (list)
        json_array_set_new(list, i, whole);
    else
        json_object_set_new(body, field, whole);
    return CLI_OK;
}
int cli_fill_records(struct cli *c, const struct cli_instrument *in, json_t *body) {
    char room[32];
    int rc = CLI_OK;
    for (const struct cli_fill_field *f = in->fields; rc == CLI_OK && f->option; f++) {
        const char *field = field_name(f, room);
        json_t *list = json_object_get(body, field);
        if (f->fill == FILL_RECORD) rc = whole_hash(c, field, NULL, 0, body);
        for (size_t i = 0; f->fill == FILL_RECORDS && rc == CLI_OK && i < json_array_size(list);
             i++)
            rc = whole_hash(c, field, list, i, body);
    }
    return rc;
}

/* ---- the body ----------------------------------------------------------------------------------
 */
/* Where it does not read, its line is said and never its words. NULL: said */
static json_t *body_file(struct cli *c, const char *path) {
    size_t n = 0;
    json_error_t e;
    char *text = cli_read_file(c, path, (size_t)1 << 20, &n);
    if (text == NULL) return NULL;
    json_t *o = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
    rb_wipe(text, n);
    free(text);
    if (json_is_object(o)) return o;
    cli_fail(c, "`readback template KIND` prints one.",
             "the body does not read as a JSON object: line %d, column %d", o ? 1 : e.line,
             o ? 1 : e.column);
    json_decref(o);
    return NULL;
}
static const char *option_for(const struct cli_instrument *in, const char *field) {
    char room[32];
    for (const struct cli_fill_field *f = in->fields; f->option; f++)
        if (strcmp(field_name(f, room), field) == 0) return f->option;
    return field;
}
/* what the grammar wants and is not there: said before anything is asked of the daemon */
static int nothing_missing(struct cli *c, const struct cli_instrument *in, const json_t *body) {
    const struct rb_schema *s = rb_body_schema(in->kind);
    for (size_t i = 0; s && i < s->n; i++) {
        char field[64];
        snprintf(field, sizeof field, "%s", s->fields[i].name);
        for (char *z = field; *z; z++)
            if (*z == '-') *z = '_';
        if (!(s->fields[i].flags & RB_FIELD_REQUIRED) || json_object_get(body, field) ||
            json_object_get(body, s->fields[i].name))
            continue;
        return cli_usage(c, "%s: %s is missing (clause 3.6.%d): give --%s, or the field in --body",
                         rb_kind_name(in->kind), field, (int)in->kind, option_for(in, field));
    }
    return CLI_OK;
}
static int put_stage(struct cli *c, const struct cli_instrument *in, json_t *body) {
    const char *said = cli_str(body, "stage");
    if (in->stage == NULL) return CLI_OK;
    if (*said && strcmp(said, in->stage) != 0)
        return cli_usage(c, "%s: the body's stage is \"%s\", this command says \"%s\"",
                         rb_kind_name(in->kind), said, in->stage);
    json_object_set_new(body, "stage", json_string(in->stage));
    return CLI_OK;
}
/* the records that the command's words name */
static void put_words(struct cli *c, const struct cli_instrument *in, json_t *body) {
    if (in->record == NULL || c->args_n == 0) return;
    if (!in->records) {
        json_object_set_new(body, in->record, json_string(c->args[0]));
        return;
    }
    json_t *list = json_array();
    for (int i = 0; i < c->args_n; i++)
        json_array_append_new(list, json_string(c->args[i]));
    put_list(body, in->record, list);
}
static void put_defaults(const struct cli_instrument *in, json_t *body) {
    if (in->kind == RB_KIND_TEXT && json_object_get(body, "version") == NULL)
        json_object_set_new(body, "version", json_integer(1));
    if (in->kind == RB_KIND_FIGURE && json_object_get(body, "status") == NULL)
        json_object_set_new(body, "status", json_string("claim"));
}
int cli_fill_body(struct cli *c, const struct cli_instrument *in, json_t *body) {
    int rc = CLI_OK;
    put_words(c, in, body);
    for (const struct cli_fill_field *f = in->fields; rc == CLI_OK && f->option; f++)
        rc = fill_one(c, body, f);
    if (rc == CLI_OK) rc = put_stage(c, in, body);
    put_defaults(in, body);
    return rc == CLI_OK ? nothing_missing(c, in, body) : rc;
}

/* ---- out ---------------------------------------------------------------------------------------
 */
/* whom it asks owes the answer */
static void put_demand(const struct cli_instrument *in, json_t *draft, const json_t *body) {
    json_t *d = json_object_get(draft, "demand");
    if (d == NULL) return;
    if (in->demands && json_object_get(d, "position") == NULL)
        json_object_set_new(d, "position", json_string(in->demands));
    json_t *of = in->demanded_of ? json_object_get(body, in->demanded_of) : NULL;
    if (json_array_size(of) && json_object_get(d, "members") == NULL)
        json_object_set(d, "members", of);
}
/* the channel of the record that the command's word names, or the one named; NULL: said */
static char *channel_of(struct cli *c, const struct cli_instrument *in, int *rc) {
    json_t *o = NULL;
    struct cli_path p;
    char *name = NULL;
    if (in->record == NULL || c->args_n == 0) {
        name = cli_channel(c, c->args_n ? c->args[0] : NULL);
        *rc = name ? CLI_OK : c->channel_exit;
        return name;
    }
    cli_path(&p, "/v1/records/", c->args[0], "");
    *rc = cli_get_json(c, p.z, &o);
    if (*rc == CLI_OK) name = strdup(cli_str(o, "channel"));
    json_decref(o);
    return name;
}
static int words_fit(struct cli *c, const struct cli_instrument *in) {
    const bool file = cli_has(c, "body");
    const char *word = cli_has(c, "recipients") ? cli_content_in_words(c) : NULL;
    if (!cli_want_args(c, in->record && !file ? 1 : 0, in->records ? (int)RB_MAX_HASHES : 1))
        return CLI_USAGE;
    if (word) return cli_say_content_in_words(c, word);
    if (file && strcmp(cli_get(c, "body"), "-") == 0 &&
        (c->form_stdin || (cli_has(c, "file") && strcmp(cli_get(c, "file"), "-") == 0)))
        return cli_usage(c, "standard input is the body's: put the form or the text into a file");
    for (int i = 0; in->record && i < c->args_n; i++)
        if (cli_record_word(c, c->args[i]) != CLI_OK) return CLI_USAGE;
    return CLI_OK;
}
int cli_instrument(struct cli *c) {
    const struct cli_instrument *in = cli_instrument_of(c->command->name);
    int rc = words_fit(c, in);
    if (rc != CLI_OK) return rc;
    json_t *body = cli_has(c, "body") ? body_file(c, cli_get(c, "body")) : json_object();
    if (body == NULL) return CLI_FAILED;
    rc = cli_fill_body(c, in, body);
    char *channel = rc == CLI_OK ? channel_of(c, in, &rc) : NULL;
    if (rc == CLI_OK) rc = cli_fill_records(c, in, body);
    json_t *draft = json_object();
    if (rc == CLI_OK) {
        json_object_set_new(draft, "channel", json_string(channel));
        json_object_set_new(draft, "kind", json_string(rb_kind_name(in->kind)));
        json_object_set(draft, "body", body);
        rc = cli_envelope(c, draft);
    }
    if (rc == CLI_OK) put_demand(in, draft, body);
    json_decref(body);
    free(channel);
    if (rc == CLI_OK) return cli_release(c, draft);
    json_decref(draft);
    return rc;
}
