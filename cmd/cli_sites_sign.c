/* `sites sign`: the second officer looks through the sites that wait as drafts, all of a list at
 * once, and signs them. Each is shown with its place; what cannot be read is not signed. */
#include <stdlib.h>
#include "cli_import.h"

struct signing {
    struct cli *c;
    json_t *drafts; /* the node's answer */
    const json_t *of[RB_MAX_DRAFTS];
    size_t n, asked, unread, done;
    json_t *notes; /* sentences that are no warnings, each once */
    json_t *answers;
};

/* ---- which --------------------------------------------------------------------------------------
 */
static bool of_channel(const json_t *d, const char *channel) {
    if (channel == NULL) return true;
    return strcmp(cli_str(d, "title"), channel) == 0 ||
           (strlen(channel) >= 4 && strncmp(cli_str(d, "channel"), channel, strlen(channel)) == 0);
}
static bool signed_by(const json_t *d, const struct rb_key *pub) {
    uint8_t kid[RB_KID_LEN];
    char hex[2 * RB_KID_LEN + 1];
    struct rb_writer w = rb_writer(hex, sizeof hex);
    const json_t *s;
    size_t i;
    rb_key_id(pub, kid);
    rb_put_hex(&w, kid, sizeof kid);
    (void)rb_writer_z(&w);
    json_array_foreach(json_object_get(d, "signers"), i, s) {
        if (strcmp(cli_str(s, "kid"), hex) == 0) return true;
    }
    return false;
}
static void find(struct signing *s, const struct rb_key *pub) {
    const char *channel = s->c->args_n ? s->c->args[0] : NULL;
    const json_t *d;
    size_t i;
    json_array_foreach(json_object_get(s->drafts, "drafts"), i, d) {
        const json_t *body = json_object_get(d, "body");
        if (!of_channel(d, channel) || strcmp(cli_str(d, "kind"), "notice") != 0) continue;
        if (!json_is_object(body))
            s->unread++;
        else if (strcmp(cli_str(body, "class"), "site") == 0 && !signed_by(d, pub) &&
                 s->n < RB_MAX_DRAFTS)
            s->of[s->n++] = d;
    }
}

/* ---- shown --------------------------------------------------------------------------------------
 */
static bool asks(const json_t *d) {
    const json_t *w;
    size_t i;
    json_array_foreach(json_object_get(d, "warnings"), i, w) {
        if (cli_true(w, "confirm")) return true;
    }
    return false;
}
static void add_note(struct signing *s, const char *sentence) {
    const json_t *x;
    size_t i;
    json_array_foreach(s->notes, i, x) {
        if (strcmp(json_string_value(x), sentence) == 0) return;
    }
    json_array_append_new(s->notes, json_string(sentence));
}
static void show(struct signing *s, const json_t *d, FILE *out) {
    const json_t *body = json_object_get(d, "body"), *w;
    size_t i;
    cli_exercise(s->c, out, d);
    fprintf(out, "%.12s  %s, in \"%s\"\n  can be read by: ", cli_str(d, "draft"),
            cli_str(body, "title"), cli_str(d, "title"));
    cli_list(out, json_object_get(d, "recipients"));
    fputc('\n', out);
    cli_show_volumes(out, json_object_get(body, "volumes"), 2);
    json_array_foreach(json_object_get(d, "warnings"), i, w) {
        if (!cli_true(w, "confirm")) add_note(s, cli_str(w, "sentence"));
        if (!cli_true(w, "confirm")) continue;
        cli_strong(s->c, out, "  WARNING: ");
        fprintf(out, "%s\n", cli_str(w, "sentence"));
    }
}
static void show_all(struct signing *s, FILE *out) {
    const json_t *x;
    size_t i;
    for (size_t k = 0; k < s->n; k++)
        show(s, s->of[k], out);
    json_array_foreach(s->notes, i, x) fprintf(out, "note: %s\n", json_string_value(x));
    if (s->unread > 0)
        fprintf(out, "%zu drafts cannot be read here and are not signed\n", s->unread);
}
static bool ask(struct signing *s, int *rc) {
    char q[160];
    for (size_t k = 0; k < s->n; k++)
        s->asked += asks(s->of[k]);
    if (s->asked > 0 && s->c->yes && !cli_has(s->c, "despite")) {
        cli_fail(s->c, "Give --despite beside --yes if all shall be released.",
                 "%zu of %zu have warnings; nothing was signed", s->asked, s->n);
        *rc = CLI_CONFIRM;
        return false;
    }
    snprintf(q, sizeof q, "Sign and release %zu site%s%s?", s->n, s->n == 1 ? "" : "s",
             s->asked > 0 ? " in spite of the warnings" : "");
    return cli_confirm(s->c, q, rc);
}

/* ---- signed -------------------------------------------------------------------------------------
 */
static int sign_one(struct signing *s, const struct rb_signer_key *officer, const json_t *d) {
    json_t *answer = NULL;
    const int status = rb_client_countersign_draft(s->c->client, officer, d, asks(d), &answer);
    int rc = CLI_OK;
    if (status == 0)
        rc = cli_fail(s->c, "Run it again: those that were released wait no more.",
                      "the daemon went away");
    else if (status >= 300)
        rc = cli_refused(s->c, status, answer);
    else
        s->done++;
    if (rc == CLI_OK) cli_released(s->c, cli_str(answer, "record"));
    json_array_append_new(s->answers, answer ? answer : json_object());
    return status == 0 ? CLI_NOBODY : rc;
}
static int sign_all(struct signing *s, const struct rb_signer_key *officer) {
    int rc = CLI_OK;
    for (size_t k = 0; rc != CLI_NOBODY && k < s->n; k++) {
        const int one = sign_one(s, officer, s->of[k]);
        if (one != CLI_OK) rc = one;
        import_progress("signed", k + 1, s->n);
    }
    if (s->c->json) {
        json_t *o = json_pack("{s:O,s:I}", "answers", s->answers, "released", (json_int_t)s->done);
        cli_json(o);
        json_decref(o);
    } else {
        printf("%zu of %zu released.\n", s->done, s->n);
    }
    return rc;
}
int cli_sites_sign(struct cli *c) {
    struct signing s = {.c = c};
    struct cli_key officer = {0};
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    s.notes = json_array();
    s.answers = json_array();
    int rc = cli_get_json(c, "/v1/drafts", &s.drafts);
    if (rc == CLI_OK) rc = cli_officer(c, &officer);
    if (rc == CLI_OK) {
        find(&s, &officer.key.pub);
        if (!c->json || !c->yes) show_all(&s, stderr);
        if (s.n == 0)
            fputs("No site waits for this officer's signature.\n", stderr);
        else if (ask(&s, &rc))
            rc = sign_all(&s, &officer.key);
        cli_key_close(&officer);
    }
    json_decref(s.drafts);
    json_decref(s.notes);
    json_decref(s.answers);
    return rc;
}
