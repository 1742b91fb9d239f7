/* What officers say: notices, statements, texts, positions, line tests, nil. */
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
/* --text, or --file; NULL with *rc set where it fails; "" where neither was given */
static char *words(struct cli *c, size_t cap, int *rc) {
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

/* ---- notice
 * --------------------------------------------------------------------------------------- */
/* the numbers of "a,b,c" as strings, so that they are read exactly */
static json_t *numbers(const char *z, size_t want) {
    json_t *out = json_array();
    while (*z == ' ')
        z++;
    for (;;) {
        size_t n = strcspn(z, ",");
        while (n > 0 && z[n - 1] == ' ')
            n--;
        json_array_append_new(out, json_stringn(z, n));
        z += strcspn(z, ",");
        if (*z++ == 0) break;
        while (*z == ' ')
            z++;
    }
    if (json_array_size(out) == want) return out;
    json_decref(out);
    return NULL;
}
static json_t *points(const char *z) {
    json_t *out = json_array();
    char one[96];
    while (*z) {
        z += strspn(z, " \t\n;");
        size_t n = strcspn(z, " \t\n;");
        if (n == 0) break;
        if (n >= sizeof one) goto bad;
        memcpy(one, z, n);
        one[n] = 0;
        json_t *p = numbers(one, 2);
        if (p == NULL) goto bad;
        json_array_append_new(out, p);
        z += n;
    }
    return out;
bad:
    json_decref(out);
    return NULL;
}
/* "900m amsl", "FL250", "1500ft" (amsl where no datum is given), "120m agl" */
static json_t *altitude(const char *z) {
    char value[32], datum[16] = "amsl";
    uint64_t level = 0;
    if ((z[0] == 'F' || z[0] == 'f') && (z[1] == 'L' || z[1] == 'l')) {
        if (rb_dec_decode(rb_str(z + 2), &level) != RB_OK || level > 1000) return NULL;
        return json_pack("{s:I,s:s}", "height", (json_int_t)level, "datum", "fl");
    }
    int n = sscanf(z, "%31s %15s", value, datum);
    if (n < 1) return NULL;
    for (char *d = datum; *d; d++)
        if (*d >= 'A' && *d <= 'Z') *d = (char)(*d - 'A' + 'a');
    return json_pack("{s:s,s:s}", "height", value, "datum", datum);
}

static int put_time(struct cli *c, json_t *volume) {
    const char *from = cli_get(c, "from"), *to = cli_get(c, "to"), *span = cli_get(c, "for");
    int64_t a = 0, b = 0;
    if (from == NULL && to == NULL && span == NULL) return CLI_OK;
    if (from == NULL && span) return cli_usage(c, "--for needs --from");
    if (from && rb_rfc3339_decode(rb_str(from), &a) != RB_OK)
        return cli_usage(c, "--from wants a time like 2015-09-30T13:00:00Z");
    if (to && rb_rfc3339_decode(rb_str(to), &b) != RB_OK)
        return cli_usage(c, "--to wants a time like 2015-09-30T16:00:00Z");
    if (from == NULL) {
        json_object_set_new(volume, "until", json_string(to));
        return CLI_OK;
    }
    json_t *t = json_pack("{s:s}", "from", from);
    json_object_set_new(volume, "time", t);
    if (span && to) return cli_usage(c, "give --to or --for, not both");
    if (span) json_object_set_new(t, "length", json_string(span));
    if (to && b <= a) return cli_usage(c, "--to must be later than --from");
    if (to) json_object_set_new(t, "length", json_integer(b - a));
    return CLI_OK;
}
static int put_heights(struct cli *c, json_t *volume) {
    static const char *const names[] = {"floor", "ceiling"};
    for (size_t i = 0; i < 2; i++) {
        const char *v = cli_get(c, names[i]);
        json_t *a = v ? altitude(v) : NULL;
        if (v && a == NULL)
            return cli_usage(c, "--%s wants a height: \"900m amsl\", \"120m agl\", FL250",
                             names[i]);
        if (a) json_object_set_new(volume, names[i], a);
    }
    return CLI_OK;
}
static int add_volume(struct cli *c, json_t *list, const char *shape, json_t *made,
                      const char *entered) {
    if (made == NULL)
        return cli_usage(c,
                         strcmp(shape, "circle") == 0
                             ? "--%s wants LAT,LON,RADIUS with decimal points, like "
                               "35.5,36.1,5km: %s"
                             : "--%s wants points LAT,LON with decimal points, parted by blanks: "
                               "%s",
                         shape, entered);
    json_t *v = json_object();
    json_object_set_new(v, shape, made);
    json_object_set_new(v, "as_entered", json_string(entered));
    json_array_append_new(list, v);
    int rc = put_time(c, v);
    return rc == CLI_OK ? put_heights(c, v) : rc;
}
static int put_volumes(struct cli *c, json_t *list) {
    const char *z;
    int rc = CLI_OK;
    const char *edges = cli_get(c, "edges");
    for (size_t i = 0; rc == CLI_OK && (z = cli_nth(c, "circle", i)) != NULL; i++)
        rc = add_volume(c, list, "circle", numbers(z, 3), z);
    for (size_t i = 0; rc == CLI_OK && (z = cli_nth(c, "polygon", i)) != NULL; i++) {
        json_t *p = points(z);
        json_t *poly =
            p ? json_pack("{s:s,s:o}", "edges", edges ? edges : "geodesic", "points", p) : NULL;
        rc = add_volume(c, list, "polygon", poly, z);
    }
    if (rc == CLI_OK && json_array_size(list) == 0 &&
        (cli_has(c, "from") || cli_has(c, "to") || cli_has(c, "floor")))
        rc = cli_usage(c, "a time or height needs a place: --circle LAT,LON,RADIUS or --polygon");
    return rc;
}
int cli_notice(struct cli *c) {
    if (!cli_want_args(c, 1, 2)) return CLI_USAGE;
    const char *cls = c->args[c->args_n - 1];
    if (!cli_has(c, "title")) return cli_usage(c, "a notice needs a --title");
    int rc = CLI_OK;
    char *text = words(c, RB_MAX_TEXT, &rc),
         *channel = text ? cli_channel(c, c->args_n == 2 ? c->args[0] : NULL) : NULL;
    json_t *volumes = json_array();
    if (channel == NULL) rc = rc == CLI_OK ? c->channel_exit : rc;
    if (rc == CLI_OK) rc = put_volumes(c, volumes);
    if (rc == CLI_OK)
        rc =
            release(c, draft_new(channel, "notice",
                                 json_pack("{s:s,s:s,s:s,s:O}", "class", cls, "title",
                                           cli_get(c, "title"), "text", text, "volumes", volumes)));
    json_decref(volumes);
    free(text);
    free(channel);
    return rc;
}

/* ---- statement, text
 * -------------------------------------------------------------------------------- */
int cli_statement(struct cli *c) {
    int rc = CLI_OK;
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    if (!cli_has(c, "title") || (!cli_has(c, "text") && !cli_has(c, "file")))
        return cli_usage(c, "a statement needs a --title and --text or --file");
    char *text = words(c, RB_MAX_TEXT, &rc),
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

/* paragraphs are parted by empty lines */
static json_t *paragraphs(char *text) {
    json_t *out = json_array();
    for (char *z = text; *z;) {
        z += strspn(z, "\n\r");
        char *end = strstr(z, "\n\n"), *crlf = strstr(z, "\r\n\r\n");
        if (crlf && (end == NULL || crlf < end)) end = crlf;
        size_t n = end ? (size_t)(end - z) : strlen(z);
        if (n > 0) json_array_append_new(out, json_stringn(z, n));
        z += n;
    }
    return out;
}
int cli_text_circulate(struct cli *c) {
    int rc = CLI_OK;
    uint64_t version = 1;
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    if (!cli_has(c, "title") || (!cli_has(c, "text") && !cli_has(c, "file")))
        return cli_usage(c,
                         "a text needs a --title and a --file (paragraphs parted by empty lines)");
    if (cli_has(c, "version") &&
        (rb_dec_decode(rb_str(cli_get(c, "version")), &version) != RB_OK || version > INT32_MAX))
        return cli_usage(c, "--version wants a number");
    char *text = words(c, RB_MAX_LEAF, &rc),
         *channel = text ? cli_channel(c, c->args_n ? c->args[0] : NULL) : NULL;
    if (channel) {
        json_t *body = json_pack("{s:s,s:I,s:o}", "title", cli_get(c, "title"), "version",
                                 (json_int_t)version, "paragraphs", paragraphs(text));
        static const char *const more[] = {"previous", "rule", "explanation"};
        for (size_t i = 0; i < 3; i++)
            if (cli_has(c, more[i]))
                json_object_set_new(body, more[i], json_string(cli_get(c, more[i])));
        rc = release(c, draft_new(channel, "text", body));
    } else if (rc == CLI_OK) {
        rc = c->channel_exit;
    }
    free(text);
    free(channel);
    return rc;
}

/* ---- positions
 * -------------------------------------------------------------------------------------- */
static json_t *position_body(struct cli *c, const char *type, int *rc) {
    static const char *const words_of[] = {"reason", "level", "by", "at"};
    json_t *body = json_pack("{s:s}", "type", type), *list = json_array();
    const char *v;
    uint64_t n = 0;
    for (size_t i = 0; i < 4; i++)
        if (cli_has(c, words_of[i]))
            json_object_set_new(body, words_of[i], json_string(cli_get(c, words_of[i])));
    for (size_t i = 0; (v = cli_nth(c, "paragraph", i)) != NULL; i++) {
        if (rb_dec_decode(rb_str(v), &n) != RB_OK || n > RB_MAX_COMMITMENTS)
            *rc = cli_usage(c, "--paragraph wants a number");
        else
            json_array_append_new(list, json_integer((json_int_t)n));
    }
    if (json_array_size(list)) json_object_set(body, "paragraphs", list);
    json_decref(list);
    return body;
}
static int position_on(struct cli *c, const char *type, const char *record) {
    json_t *o = NULL;
    struct cli_path p;
    int rc = CLI_OK;
    cli_path(&p, "/v1/records/", record, "");
    rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK) {
        json_t *body = position_body(c, type, &rc);
        if (rc == CLI_OK) {
            json_t *draft = draft_new(cli_str(o, "channel"), "position", body);
            json_object_set_new(draft, "answers", json_pack("[s]", cli_str(o, "record")));
            if (!c->yes)
                fprintf(stderr, "On %s of %s: %s\n", cli_text(o, "kind"), cli_text(o, "author"),
                        cli_text(o, "title"));
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
    if (rb_position_type_decode(rb_str(type), &t) != RB_OK)
        return cli_usage(c, "there is no position \"%s\"", type);
    if (t == RB_POSITION_PASSED_DOWN && !cli_has(c, "level"))
        return cli_usage(c, "say to which level: --level \"3rd brigade\"");
    for (int i = first; i < c->args_n && rc == CLI_OK; i++)
        rc = position_on(c, type, c->args[i]);
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
    json_t *in = json_pack("{s:s}", "from", cli_get(c, "from"));
    if (cli_has(c, "to")) json_object_set_new(in, "to", json_string(cli_get(c, "to")));
    return machine(c, "/nil", in, "Nothing to report, logged");
}
