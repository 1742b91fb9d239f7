/* Play-back: a place that was received, in words and numbers that its author did not type; shown,
 * and sent back so that the author can say whether it was meant so. */
#include "cli.h"

static void show_sent(const json_t *o) {
    const json_t *sent = json_object_get(o, "sent"), *x;
    size_t i;
    json_array_foreach(sent, i, x)
        printf("sent back in %.12s\n", json_string_value(x) ? json_string_value(x) : "?");
    json_array_foreach(json_object_get(o, "confirmed"), i, x) {
        printf("confirmed by %s in %.12s, ", cli_text(x, "member"), cli_str(x, "record"));
        cli_time(stdout, cli_str(x, "at"));
        fputs(": understood as meant; it agrees to nothing\n", stdout);
    }
    if (json_array_size(sent) == 0)
        printf("Not sent back yet: readback playback %.12s --send\n", cli_str(o, "record"));
}
static void show_playback(struct cli *c, const json_t *o) {
    cli_exercise(c, stdout, o);
    printf("%s\n", cli_str(o, "text"));
    if (strstr(cli_str(o, "text"), cli_str(o, "attribution")) == NULL)
        printf("\n%s\n", cli_str(o, "attribution"));
    fputc('\n', stdout);
    show_sent(o);
}
static int send_back(struct cli *c, const json_t *o) {
    json_t *draft = json_pack("{s:s,s:s,s:[s],s:{s:s,s:s}}", "channel", cli_str(o, "channel"),
                              "kind", "position", "answers", cli_str(o, "record"), "body", "type",
                              "query", "playback", cli_str(o, "text"));
    int rc = cli_envelope(c, draft);
    if (rc == CLI_OK) return cli_release(c, draft);
    json_decref(draft);
    return rc;
}
int cli_playback(struct cli *c) {
    json_t *o = NULL;
    struct cli_path p;
    if (!cli_want_args(c, 1, 1) || cli_record_word(c, c->args[0]) != CLI_OK) return CLI_USAGE;
    cli_path(&p, "/v1/records/", c->args[0], "/playback");
    int rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && cli_has(c, "send"))
        rc = send_back(c, o);
    else if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK)
        show_playback(c, o);
    json_decref(o);
    return rc;
}
