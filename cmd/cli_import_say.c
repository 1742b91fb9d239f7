/* What an import shows: each row before anything is released, who will read it, and what became of
 * each. Nothing that was not compared is passed off as fine. */
#include <unistd.h>
#include "cli_import.h"

static const char *const state_words[IMPORT_STATES] = {
    "refused", "there already", "left out", "due", "released", "draft", "failed"};

/* on a terminal only, and gone when done */
void import_progress(const char *what, size_t done, size_t all) {
    if (!isatty(STDERR_FILENO) || all < 20) return;
    if (done < all)
        fprintf(stderr, "\r  %s %zu of %zu", what, done, all);
    else
        fprintf(stderr, "\r%50s\r", "");
}

/* ---- the rows -----------------------------------------------------------------------------------
 */
static const char *word_of(const struct import_row *r) {
    switch (r->state) {
    case IMPORT_REFUSED:
        return "REFUSED";
    case IMPORT_THERE:
        return "there already";
    case IMPORT_LEFT:
        return "left out";
    case IMPORT_DUE:
        return json_array_size(import_findings(r)) > 0 ? "POINTED OUT" : "ok";
    case IMPORT_RELEASED:
    case IMPORT_DRAFT:
    case IMPORT_FAILED:
    case IMPORT_STATES:
        break;
    }
    return state_words[r->state];
}
static void show_finding(FILE *out, const json_t *f) {
    fputs("        ", out);
    if (*cli_str(f, "column")) fprintf(out, "%s: ", cli_str(f, "column"));
    fputs(cli_str(f, "sentence"), out);
    if (cli_int(f, "other_row") > 0)
        fprintf(out, " (row %lld)", (long long)cli_int(f, "other_row"));
    fprintf(out, " [clause %s]\n", cli_str(f, "clause"));
}
static void show_row(const struct import_row *r, FILE *out) {
    const json_t *x;
    size_t i;
    fprintf(out, "  row %-5lld %-13s %s\n", (long long)cli_int(r->row, "row"), word_of(r),
            *cli_str(r->row, "name") ? cli_str(r->row, "name") : "(without a name)");
    json_array_foreach(import_findings(r), i, x) show_finding(out, x);
    json_array_foreach(json_object_get(r->row, "remarks"), i, x)
        fprintf(out, "        %s: %s\n",
                *cli_str(x, "side") == 'r' ? "not carried over" : "changed on the way",
                cli_str(x, "sentence"));
}
static void show_basis(const struct import *m, FILE *out) {
    const json_t *x;
    size_t i;
    fprintf(out, "  compared with %lld registered and %lld waiting as drafts that can be read here",
            (long long)cli_int(m->answer, "registered"), (long long)cli_int(m->answer, "drafts"));
    fputs(
        cli_true(m->answer, "theatre")
            ? ", and with the charter's theatre\n"
            : "; the charter names no theatre, so nothing can be said about places outside of it\n",
        out);
    if (json_array_size(json_object_get(m->answer, "unknown_columns")) > 0) {
        fputs("  columns that are not read: ", out);
        cli_list(out, json_object_get(m->answer, "unknown_columns"));
        fputc('\n', out);
    }
    json_array_foreach(json_object_get(m->answer, "remarks"), i, x)
        fprintf(out, "  not carried over: %s\n", cli_str(x, "sentence"));
}
void import_report(const struct import *m, FILE *out) {
    cli_exercise(m->c, out, m->answer);
    fprintf(out, "%s, for \"%s\": %zu row%s\n", m->path, cli_str(m->answer, "title"), m->n,
            m->n == 1 ? "" : "s");
    for (size_t i = 0; i < m->n; i++)
        show_row(&m->rows[i], out);
    show_basis(m, out);
    fprintf(out, "  %zu to be released; refused %zu, there already %zu, left out %zu\n",
            m->count[IMPORT_DUE], m->count[IMPORT_REFUSED], m->count[IMPORT_THERE],
            m->count[IMPORT_LEFT]);
}

/* ---- before the question ------------------------------------------------------------------------
 */
static void show_rows_of(FILE *out, const json_t *rows, size_t all) {
    const size_t n = json_array_size(rows);
    if (n == all && n > 1) {
        fputs(" (all of them)", out);
        return;
    }
    fputs(n == 1 ? " (row" : " (rows", out);
    for (size_t i = 0; i < n && i < 8; i++)
        fprintf(out, "%s %lld", i ? "," : "",
                (long long)json_integer_value(json_array_get(rows, i)));
    if (n > 8) fprintf(out, " and %zu more", n - 8);
    fputc(')', out);
}
static void show_readers(const struct import *m, FILE *out) {
    const json_t *readers = json_object_get(m->view, "readers");
    fputs("  can be read by: ", out);
    if (json_array_size(readers))
        cli_list(out, readers);
    else
        fputs("nobody but us", out);
    fputc('\n', out);
    if (cli_true(m->view, "closed"))
        fputs("  closed: all other members see that they exist, their kind, time, precedence and "
              "length, from whom\n    and to whom; not what they say\n",
              out);
    if (cli_int(m->view, "needs_signers") > 1)
        fputs("  two officers must sign: each waits as a draft for the second\n", out);
}
static void show_reported(const struct import *m, FILE *out) {
    const json_t *r = json_object_get(m->draft, "reported");
    if (r == NULL) return;
    fprintf(out, "  reported by us, unsigned by them: %s, by %s\n", cli_str(r, "who"),
            cli_str(r, "carrier"));
    if (!cli_true(m->view, "closed")) return;
    cli_strong(m->c, out, "  ALL MEMBERS READ: ");
    fputs("who said it and how it came\n", out);
}
void import_show_back(const struct import *m, FILE *out) {
    const json_t *w;
    size_t i;
    cli_strong(m->c, out, "To be released");
    fprintf(out, " in \"%s\": %zu notices, %s\n", cli_str(m->view, "title"), m->count[IMPORT_DUE],
            cli_str(m->view, "precedence"));
    show_readers(m, out);
    show_reported(m, out);
    json_array_foreach(m->warnings, i, w) {
        cli_strong(m->c, out, cli_true(w, "confirm") ? "  WARNING: " : "  note: ");
        fputs(cli_str(w, "sentence"), out);
        show_rows_of(out, json_object_get(w, "rows"), m->count[IMPORT_DUE]);
        fputc('\n', out);
    }
    for (size_t k = 0; k < m->n; k++)
        if (m->rows[k].state == IMPORT_FAILED)
            fprintf(out, "  row %lld cannot be released: %s\n",
                    (long long)cli_int(m->rows[k].row, "row"), m->rows[k].why);
}

/* ---- afterwards ---------------------------------------------------------------------------------
 */
void import_summary(const struct import *m, FILE *out) {
    const size_t *n = m->count;
    for (size_t i = 0; i < m->n; i++) {
        const struct import_row *r = &m->rows[i];
        const long long row = (long long)cli_int(r->row, "row");
        if (r->state == IMPORT_RELEASED) fprintf(out, "row %-5lld released %s\n", row, r->id);
        if (r->state == IMPORT_DRAFT) fprintf(out, "row %-5lld draft    %s\n", row, r->id);
        if (r->state == IMPORT_FAILED) fprintf(out, "row %-5lld FAILED   %s\n", row, r->why);
    }
    fprintf(out, "%zu row%s: released %zu, drafts %zu, there already %zu, left out %zu, ", m->n,
            m->n == 1 ? "" : "s", n[IMPORT_RELEASED], n[IMPORT_DRAFT], n[IMPORT_THERE],
            n[IMPORT_LEFT]);
    fprintf(out, "refused %zu, failed %zu, not released %zu\n", n[IMPORT_REFUSED], n[IMPORT_FAILED],
            n[IMPORT_DUE]);
    if (n[IMPORT_DRAFT] > 0)
        fprintf(out, "Each draft waits for a second officer: readback %s --officer NAME\n",
                m->csv ? "sites sign" : "sign DRAFT");
    if (n[IMPORT_FAILED] > 0 && cli_int(m->view, "needs_signers") > 1 &&
        (size_t)cli_int(m->answer, "drafts") + n[IMPORT_DRAFT] >= RB_MAX_DRAFTS)
        fprintf(out, "At most %u drafts wait at a time: once they are signed, run this again.\n",
                RB_MAX_DRAFTS);
}
static json_t *row_json(const struct import_row *r) {
    json_t *o = json_object();
    json_object_set(o, "row", json_object_get(r->row, "row"));
    json_object_set(o, "name", json_object_get(r->row, "name"));
    json_object_set(o, "findings", json_object_get(r->row, "findings"));
    json_object_set_new(o, "state", json_string(state_words[r->state]));
    if (*r->id)
        json_object_set_new(o, r->state == IMPORT_DRAFT ? "draft" : "record", json_string(r->id));
    if (*r->why) json_object_set_new(o, "why", json_string(r->why));
    return o;
}
json_t *import_json(const struct import *m) {
    static const char *const head[] = {"exercise", "channel", "title",          "registered",
                                       "drafts",   "theatre", "unknown_columns"};
    json_t *o = json_object(), *rows = json_array(), *counts = json_object();
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        if (json_object_get(m->answer, head[i]))
            json_object_set(o, head[i], json_object_get(m->answer, head[i]));
    for (size_t i = 0; i < m->n; i++)
        json_array_append_new(rows, row_json(&m->rows[i]));
    for (size_t i = 0; i < IMPORT_STATES; i++)
        json_object_set_new(counts, state_words[i], json_integer((json_int_t)m->count[i]));
    json_object_set_new(o, "counts", counts);
    json_object_set(o, "warnings", m->warnings);
    json_object_set_new(o, "rows", rows);
    return o;
}
