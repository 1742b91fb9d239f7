/* `sites import`, `places import`: a file is read row by row, shown with all that is wrong or odd
 * in it, and released as notices once a person said so. Nothing of it goes out before. */
#include <stdlib.h>
#include <unistd.h>
#include "cli_import.h"

#define BATCH 50 /* records in one submission */

/* ---- what is asked of the node ------------------------------------------------------------------
 */
static void put_word(struct cli *c, json_t *o, const char *option, const char *field) {
    const char *z = cli_get(c, option);
    if (z) json_object_set_new(o, field, json_string(z));
}
static int put_length(struct cli *c, json_t *o, const char *option, const char *field,
                      const char *if_not) {
    const char *z = cli_get(c, option);
    uint64_t mm = 0;
    if (z == NULL && if_not) json_object_set_new(o, field, json_string(if_not));
    if (z == NULL) return CLI_OK;
    int rc = cli_length(c, option, z, rb_str(z), option, &mm);
    if (rc == CLI_OK) json_object_set_new(o, field, cli_metres(mm));
    return rc;
}
static int one_of(struct cli *c, const char *option, const char *const *words, size_t n) {
    const char *z = cli_get(c, option);
    for (size_t i = 0; z && i < n; i++)
        if (strcmp(z, words[i]) == 0) return CLI_OK;
    return z ? cli_not_one(c, option, z, words, n) : CLI_OK;
}
static json_t *question(const struct import *m) {
    json_t *o = json_object();
    const json_t *recipients = json_object_get(m->draft, "recipients");
    json_object_set(o, "channel", json_object_get(m->draft, "channel"));
    json_object_set_new(o, m->csv ? "csv" : "text", json_stringn(m->text, m->text_n));
    if (recipients) json_object_set(o, "recipients", (json_t *)(uintptr_t)recipients);
    return o;
}
static int ask_sites(struct import *m, json_t *o) {
    static const char *const letters[] = {"hemisphere", "band"};
    struct cli *c = m->c;
    int rc = put_length(c, o, "radius", "radius", NULL);
    if (rc == CLI_OK) rc = put_length(c, o, "near", "near", "100m");
    if (rc == CLI_OK) rc = one_of(c, "letter", letters, 2);
    put_word(c, o, "letter", "letter");
    return rc;
}
/* of a closed notice they are content, as on every other command */
static int nothing_closed_in_words(struct import *m) {
    static const char *const words[] = {"title", "from", "to"};
    struct cli *c = m->c;
    const char *class_ = cli_get(c, "class");
    const bool closed =
        cli_has(c, "recipients") || strcmp(class_, "site") == 0 || strcmp(class_, "movement") == 0;
    for (size_t i = 0; closed && i < sizeof words / sizeof *words; i++)
        if (cli_has(c, words[i]) && !cli_in_form(c, cli_get(c, words[i])))
            return cli_say_content_in_words(c, words[i]);
    return CLI_OK;
}
static int ask_places(struct import *m, json_t *o) {
    static const char *const classes[] = {"operation", "exercise", "movement", "site", "area"};
    static const char *const edges[] = {"geodesic", "parallel", "lonlat"};
    static const char *const formats[] = {"geojson", "ed318", "ed269", "kml"};
    struct cli *c = m->c;
    if (!cli_has(c, "class"))
        return cli_usage(c,
                         "say what they are: --class site, movement, operation, exercise or area");
    int rc = one_of(c, "class", classes, 5);
    if (rc == CLI_OK) rc = one_of(c, "edges", edges, 3);
    if (rc == CLI_OK) rc = one_of(c, "format", formats, 4);
    if (rc == CLI_OK) rc = nothing_closed_in_words(m);
    if (rc == CLI_OK) rc = put_length(c, o, "radius", "radius", NULL);
    if (rc == CLI_OK) rc = put_length(c, o, "half-width", "half_width", NULL);
    if (rc == CLI_OK) rc = cli_put_when(c, o, "from", "from");
    if (rc == CLI_OK) rc = cli_put_when(c, o, "to", "to");
    put_word(c, o, "class", "class");
    put_word(c, o, "edges", "edges");
    put_word(c, o, "format", "format");
    put_word(c, o, "title", "title");
    return rc;
}
static int read_rows(struct import *m) {
    json_t *o = question(m);
    int rc = m->csv ? ask_sites(m, o) : ask_places(m, o);
    if (rc == CLI_OK)
        rc = cli_call(m->c, "POST", m->csv ? "/v1/sites/read" : "/v1/places/read", o, &m->answer);
    json_decref(o);
    return rc;
}

/* ---- which of them ------------------------------------------------------------------------------
 */
const json_t *import_findings(const struct import_row *r) {
    return json_object_get(r->row, "findings");
}
static bool is_there(const struct import_row *r) {
    const json_t *f;
    size_t i;
    json_array_foreach(import_findings(r), i, f) {
        const char *of = cli_str(f, "double_of");
        if (strcmp(cli_str(f, "double"), "same") != 0) continue;
        if (strcmp(of, "ours") == 0 || strcmp(of, "draft") == 0 || strcmp(of, "row") == 0)
            return true;
    }
    return false;
}
static void choose(struct import *m) {
    const bool doubles = cli_has(m->c, "doubles"), leave = cli_has(m->c, "skip-pointed-out");
    for (size_t i = 0; i < m->n; i++) {
        struct import_row *r = &m->rows[i];
        const bool odd = json_array_size(import_findings(r)) > 0;
        if (!cli_true(r->row, "ok"))
            r->state = IMPORT_REFUSED;
        else if (!doubles && is_there(r))
            r->state = IMPORT_THERE;
        else
            r->state = odd && leave ? IMPORT_LEFT : IMPORT_DUE;
    }
    import_count(m);
}
void import_count(struct import *m) {
    memset(m->count, 0, sizeof m->count);
    for (size_t i = 0; i < m->n; i++)
        m->count[m->rows[i].state]++;
}
static int take_rows(struct import *m) {
    const json_t *rows = json_object_get(m->answer, "rows"), *row;
    size_t i;
    m->n = json_array_size(rows);
    m->rows = calloc(m->n + 1, sizeof *m->rows);
    if (m->rows == NULL) return cli_fail(m->c, NULL, "memory is short");
    json_array_foreach(rows, i, row) m->rows[i].row = row;
    choose(m);
    return CLI_OK;
}

/* ---- composing ----------------------------------------------------------------------------------
 */
/* what the report has said already of this row */
static bool told(const struct import_row *r, const char *code) {
    static const char *const codes[] = {"swapped", "theatre", "zero", "precision", "coarse"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(code, codes[i]) == 0) return json_array_size(import_findings(r)) > 0;
    return false;
}
static void gather_warning(struct import *m, const struct import_row *r, const json_t *w) {
    json_t *known = NULL, *x;
    size_t i;
    json_array_foreach(m->warnings, i, x) {
        if (strcmp(cli_str(x, "sentence"), cli_str(w, "sentence")) == 0) known = x;
    }
    if (known == NULL) {
        known = json_pack("{s:s,s:s,s:b,s:[]}", "code", cli_str(w, "code"), "sentence",
                          cli_str(w, "sentence"), "confirm", (int)cli_true(w, "confirm"), "rows");
        json_array_append_new(m->warnings, known);
    }
    json_array_append(json_object_get(known, "rows"), json_object_get(r->row, "row"));
}
static void gather(struct import *m, const struct import_row *r, const json_t *composed) {
    bool asks = json_array_size(import_findings(r)) > 0;
    const json_t *w;
    size_t i;
    json_array_foreach(json_object_get(composed, "warnings"), i, w) {
        asks |= cli_true(w, "confirm");
        if (!told(r, cli_str(w, "code"))) gather_warning(m, r, w);
    }
    m->asked += asks;
}
static void failed(struct import_row *r, const json_t *answer) {
    const json_t *e = json_object_get(answer, "error");
    const char *clause = cli_str(e, "clause");
    r->state = IMPORT_FAILED;
    snprintf(r->why, sizeof r->why, "%.200s%s%.20s%s", cli_str(e, "sentence"),
             *clause ? " (clause " : "", clause, *clause ? ")" : "");
}
static json_t *draft_of(const struct import *m, const struct import_row *r) {
    json_t *d = json_copy(m->draft), *body = json_copy(json_object_get(r->row, "draft_body"));
    const json_t *review = json_object_get(m->draft, "review_by");
    if (review) json_object_set(body, "review_by", (json_t *)(uintptr_t)review);
    json_object_del(d, "review_by");
    json_object_set_new(d, "body", body);
    return d;
}
/* what releasing it takes, and no more: there may be thousands */
static json_t *kept(const json_t *composed) {
    static const char *const keep[] = {"payload", "sealed", "origin", "needs_signers"};
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof keep / sizeof *keep; i++)
        if (json_object_get(composed, keep[i]))
            json_object_set(o, keep[i], json_object_get(composed, keep[i]));
    return o;
}
/* The first that is refused ends it all: what it lacks the others lack too. */
static int compose_one(struct import *m, struct import_row *r, bool first) {
    json_t *d = draft_of(m, r), *composed = NULL;
    int status = rb_client_compose(m->c->client, d, &composed), rc = CLI_OK;
    const json_t *e = json_object_get(composed, "error");
    if (status == 200) {
        if (m->view == NULL) m->view = json_incref(composed);
        gather(m, r, composed);
        r->composed = kept(composed);
    } else if (status == 0 || first) {
        rc = status ? cli_refused(m->c, status, composed) : CLI_NOBODY;
        if (strcmp(cli_str(e, "code"), "recipients") == 0)
            cli_say_members(m->c, cli_str(m->draft, "channel"));
    } else {
        failed(r, composed);
    }
    json_decref(d);
    json_decref(composed);
    return rc;
}
static int compose_all(struct import *m) {
    size_t done = 0;
    const size_t due = m->count[IMPORT_DUE];
    int rc = CLI_OK;
    for (size_t i = 0; rc == CLI_OK && i < m->n; i++) {
        if (m->rows[i].state != IMPORT_DUE) continue;
        rc = compose_one(m, &m->rows[i], done == 0);
        import_progress("composed", ++done, due);
    }
    if (rc == CLI_NOBODY)
        cli_fail(m->c, "Start it and run this again.",
                 "the daemon went away before anything was released");
    import_count(m);
    return rc;
}

/* ---- releasing ----------------------------------------------------------------------------------
 */
static bool ask(struct import *m, int *rc) {
    char q[160];
    const size_t due = m->count[IMPORT_DUE];
    if (m->asked > 0 && m->c->yes && !cli_has(m->c, "despite")) {
        cli_fail(m->c,
                 "Give --despite beside --yes if all shall be released, or --skip-pointed-out.",
                 "of %zu rows to be released %zu have something pointed out; nothing was released",
                 due, m->asked);
        *rc = CLI_CONFIRM;
        return false;
    }
    if (m->asked > 0)
        snprintf(q, sizeof q, "Release %zu notices, %zu of them in spite of what is pointed out?",
                 due, m->asked);
    else
        snprintf(q, sizeof q, "Release %zu notice%s?", due, due == 1 ? "" : "s");
    return cli_confirm(m->c, q, rc);
}
static void settle(struct import_row *r, const json_t *answer) {
    const json_int_t status = cli_int(answer, "status");
    const bool draft = status == 202;
    if (status >= 300 || status < 200) {
        failed(r, answer);
        return;
    }
    r->state = draft ? IMPORT_DRAFT : IMPORT_RELEASED;
    snprintf(r->id, sizeof r->id, "%s", cli_str(answer, draft ? "draft" : "record"));
}
static int submit_some(struct import *m, const struct rb_signer_key *officer,
                       struct import_row *const *some, size_t n) {
    json_t *list = json_array(), *out = NULL;
    int rc = CLI_OK;
    for (size_t i = 0; i < n; i++)
        json_array_append(list, some[i]->composed);
    const int status = rb_client_submit_many(m->c->client, officer, list, m->asked > 0, &out);
    const json_t *answers = json_object_get(out, "answers");
    if (status == 0)
        rc = CLI_NOBODY;
    else if (status >= 300 || json_array_size(answers) != n)
        rc = cli_refused(m->c, status, out);
    for (size_t i = 0; rc == CLI_OK && i < n; i++)
        settle(some[i], json_array_get(answers, i));
    json_decref(list);
    json_decref(out);
    return rc;
}
static int release_all(struct import *m, const struct rb_signer_key *officer) {
    struct import_row *some[BATCH];
    size_t n = 0, done = 0;
    int rc = CLI_OK;
    for (size_t i = 0; rc == CLI_OK && i <= m->n; i++) {
        const bool end = i == m->n;
        if (!end && m->rows[i].state != IMPORT_DUE) continue;
        if (!end) some[n++] = &m->rows[i];
        if (n == 0 || (n < BATCH && !end)) continue;
        rc = submit_some(m, officer, some, n);
        import_progress("released", done += n, m->count[IMPORT_DUE]);
        n = 0;
    }
    if (rc != CLI_OK)
        cli_fail(m->c, "Run it again: what is registered by then is found and not said twice.",
                 "it was cut short; some of them may have been released");
    import_count(m);
    return rc;
}

/* ---- all together -------------------------------------------------------------------------------
 */
static int outcome(const struct import *m) {
    if (m->count[IMPORT_REFUSED] + m->count[IMPORT_FAILED] > 0) return CLI_FAILED;
    return m->count[IMPORT_DRAFT] > 0 ? CLI_SECOND_DUE : CLI_OK;
}
static int finish(struct import *m, int rc) {
    const char *path = cli_get(m->c, "refused-out");
    if (path && m->count[IMPORT_REFUSED] > 0 && import_put_refused(m, path) != CLI_OK)
        rc = rc ? rc : CLI_FAILED;
    if (m->c->json) {
        json_t *o = import_json(m);
        cli_json(o);
        json_decref(o);
    } else {
        import_summary(m, stdout);
    }
    return rc ? rc : outcome(m);
}
static int dry_run(struct import *m) {
    if (!m->c->json) import_report(m, stdout);
    const int rc = finish(m, CLI_OK);
    for (size_t i = 0; rc == CLI_OK && i < m->n; i++)
        if (m->rows[i].state == IMPORT_DUE && json_array_size(import_findings(&m->rows[i])) > 0)
            return CLI_CONFIRM;
    return rc;
}
static int release(struct import *m) {
    struct cli_key officer = {0};
    if (!m->c->json || !m->c->yes) import_report(m, stderr);
    if (m->count[IMPORT_DUE] == 0) return finish(m, CLI_OK);
    int rc = compose_all(m);
    if (rc == CLI_OK && m->count[IMPORT_DUE] == 0) return finish(m, CLI_OK);
    if (rc == CLI_OK) rc = cli_officer(m->c, &officer);
    if (rc != CLI_OK) return rc;
    if (!m->c->json || !m->c->yes) import_show_back(m, stderr);
    if (ask(m, &rc)) rc = finish(m, release_all(m, &officer.key));
    cli_key_close(&officer);
    return rc;
}

static int common(struct import *m) {
    static const char *const none[] = {"supersedes", "carries"};
    struct cli *c = m->c;
    m->draft = json_pack("{s:s}", "kind", "notice");
    m->warnings = json_array();
    for (size_t i = 0; i < 2; i++)
        if (cli_has(c, none[i]))
            return cli_usage(c, "--%s is for one record, not for a whole file", none[i]);
    int rc = cli_envelope(c, m->draft);
    if (rc == CLI_OK) rc = cli_put_when(c, m->draft, "review-by", "review_by");
    if (rc != CLI_OK) return rc;
    char *channel = cli_channel(c, c->args_n > 1 ? c->args[1] : NULL);
    if (channel == NULL) return c->channel_exit;
    json_object_set_new(m->draft, "channel", json_string(channel));
    free(channel);
    return cli_members_known(c, m->draft);
}
/* said before anything is released */
static int check_refused_out(const struct cli *c) {
    const char *path = cli_get(c, "refused-out");
    if (path == NULL || access(path, F_OK) != 0) return CLI_OK;
    return cli_fail(c, "Choose another name, or move it away.", "%s is there already", path);
}
static int run_import(struct cli *c, bool csv) {
    struct import m = {.c = c, .csv = csv};
    if (!cli_want_args(c, 1, 2)) return CLI_USAGE;
    m.path = c->args[0];
    if (strcmp(m.path, "-") == 0 && (c->form_stdin || c->passphrase_fd == 0))
        return cli_usage(c, "standard input is one thing only: put the list into a file");
    int rc = check_refused_out(c);
    if (rc == CLI_OK) rc = common(&m);
    if (rc == CLI_OK) m.text = cli_read_file(c, m.path, IMPORT_MAX, &m.text_n);
    if (rc == CLI_OK) rc = m.text ? import_check_file(&m) : CLI_FAILED;
    if (rc == CLI_OK) rc = read_rows(&m);
    if (rc == CLI_OK) rc = take_rows(&m);
    if (rc == CLI_OK) rc = cli_has(c, "dry-run") ? dry_run(&m) : release(&m);
    for (size_t i = 0; i < m.n && m.rows; i++)
        json_decref(m.rows[i].composed);
    if (m.text) rb_wipe(m.text, m.text_n);
    free(m.text);
    free(m.rows);
    json_decref(m.draft);
    json_decref(m.answer);
    json_decref(m.view);
    json_decref(m.warnings);
    return rc;
}
int cli_sites_import(struct cli *c) {
    return run_import(c, true);
}
int cli_places_import(struct cli *c) {
    return run_import(c, false);
}
