/* `places export`: the standing places that can be read here, as a file for other programs, and
 * what such a file cannot say. It holds what closed records say: it is made for its owner alone. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli.h"
#include "readback/geojson.h"

static const char *const formats[] = {"geojson", "ed318", "kml", "csv"};
static const char *const classes[] = {"site", "movement", "operation", "exercise", "area"};

static int look_at_words(struct cli *c) {
    const char *format = cli_get(c, "format"), *class_ = cli_get(c, "class");
    bool known = false, of = class_ == NULL;
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    if (format == NULL) return cli_usage(c, "say which --format: geojson, ed318, kml or csv");
    if (!cli_has(c, "out")) return cli_usage(c, "say where to with --out FILE");
    for (size_t i = 0; i < 4; i++)
        known |= strcmp(format, formats[i]) == 0;
    for (size_t i = 0; i < 5; i++)
        of |= class_ && strcmp(class_, classes[i]) == 0;
    if (!known) return cli_not_one(c, "format", format, formats, 4);
    if (!of) return cli_not_one(c, "class", class_, classes, 5);
    if (strcmp(format, "ed318") == 0 && (!cli_has(c, "country") || !cli_has(c, "zone-type")))
        return cli_usage(c, "ED-318 wants of each zone what a notice does not say: --country SYR "
                            "--zone-type NO_RESTRICTION, and if you have it --authority");
    return CLI_OK;
}

static int get_file(struct cli *c, const char *channel, json_t **out) {
    static const char *const asked[][2] = {
        {"format", "format"},          {"class", "class"},         {"country", "country"},
        {"zone-type", "type"},         {"authority", "authority"}, {"purpose", "purpose"},
        {"zone-language", "language"}, {"separator", "separator"}};
    const bool geojson = strcmp(cli_get(c, "format"), "geojson") == 0;
    struct cli_path p;
    cli_path(&p, "/v1/channels/", channel, geojson ? "/geojson" : "/places/file");
    for (size_t i = geojson ? 1 : 0; i < (geojson ? 2 : sizeof asked / sizeof *asked); i++)
        if (cli_has(c, asked[i][0])) cli_query(&p, asked[i][1], cli_get(c, asked[i][0]));
    return cli_get_json(c, p.z, out);
}

/* GeoJSON is the collection alone, with what RFC 7946 gives a name to */
static char *text_of(const json_t *o, size_t *n) {
    char *text = NULL;
    if (json_object_get(o, "text")) {
        text = strdup(cli_str(o, "text"));
    } else {
        char name[400];
        snprintf(name, sizeof name, "%s%s", cli_true(o, "exercise") ? "EXERCISE: " : "",
                 cli_str(o, "title"));
        json_t *all = json_pack("{s:s,s:s,s:O}", "type", "FeatureCollection", "name", name,
                                "features", json_object_get(o, "features"));
        text = json_dumps(all, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
        json_decref(all);
    }
    *n = text ? strlen(text) : 0;
    return text;
}
static int write_file(struct cli *c, const char *path, const char *text, size_t n) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "wb");
    if (out == NULL) {
        const int rc = cli_fail(c, errno == EEXIST ? "Choose another name, or move it away." : NULL,
                                "%s cannot be written: %s", path, strerror(errno));
        if (fd >= 0) close(fd);
        return rc;
    }
    const bool ok = fwrite(text, 1, n, out) == n && fflush(out) == 0;
    if (fclose(out) != 0 || !ok) return cli_fail(c, NULL, "%s could not be written", path);
    return CLI_OK;
}

static const char *remark_text(const char *word) {
    for (unsigned i = 0; i < RB_REMARKS; i++)
        if (strcmp(rb_remark_word((enum rb_remark)i), word) == 0)
            return rb_remark_text((enum rb_remark)i);
    return word;
}
static void say_remarks(const json_t *o) {
    const json_t *r;
    size_t i;
    json_array_foreach(json_object_get(o, "remarks"), i, r)
        printf("  not seen by other programs: %s\n",
               remark_text(json_is_string(r) ? json_string_value(r) : cli_str(r, "word")));
}
static void say(struct cli *c, const json_t *o, const char *path) {
    const json_t *features = json_object_get(o, "features");
    const json_int_t n = features ? (json_int_t)json_array_size(features) : cli_int(o, "written");
    const json_int_t left = cli_int(o, "left_out"),
                     off = cli_int(o, "unreadable") + cli_int(o, "malformed");
    cli_exercise(c, stdout, o);
    printf("%lld place%s of \"%s\" written to %s, readable by you alone\n", (long long)n,
           n == 1 ? "" : "s", cli_str(o, "title"), path);
    if (left > 0)
        printf("  left out: %lld that this format has no form for, or that cannot be read now\n",
               (long long)left);
    if (off > 0) printf("  not there: %lld that cannot be read here\n", (long long)off);
    say_remarks(o);
    puts("  markings and dates of review stand in no such file");
    puts("It holds what closed records say. Whoever gets it can pass it on.");
}

int cli_places_export(struct cli *c) {
    json_t *o = NULL;
    size_t n = 0;
    int rc = look_at_words(c);
    if (rc != CLI_OK) return rc;
    char *channel = cli_channel(c, c->args_n ? c->args[0] : NULL);
    if (channel == NULL) return c->channel_exit;
    rc = get_file(c, channel, &o);
    char *text = rc == CLI_OK ? text_of(o, &n) : NULL;
    if (rc == CLI_OK && text == NULL) rc = cli_fail(c, NULL, "memory is short");
    if (rc == CLI_OK) rc = write_file(c, cli_get(c, "out"), text, n);
    if (rc == CLI_OK && c->json) {
        json_object_del(o, "text");
        json_object_del(o, "features");
        cli_json(o);
    } else if (rc == CLI_OK) {
        say(c, o, cli_get(c, "out"));
    }
    if (text) rb_wipe(text, n);
    free(text);
    free(channel);
    json_decref(o);
    return rc;
}
