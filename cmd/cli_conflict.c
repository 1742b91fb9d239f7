/* What a notice touches, in words: worst first, each in one sentence, and always what was compared
 * with it. Nothing found is said as that and never as more. */
#include "cli.h"

/* ---- the check ---------------------------------------------------------------------------------
 */
#define NOT_COMPARED "NOTHING WAS COMPARED: this says nothing of what it touches"
static const char *answer_of(const json_t *check) {
    return cli_str(check, "answer");
}
static bool asks(const json_t *o, const char *code) {
    size_t i;
    const json_t *w;
    json_array_foreach(json_object_get(o, "warnings"), i, w) {
        if (strcmp(cli_str(w, "code"), code) == 0) return true;
    }
    return false;
}
static void show_conflict(struct cli *c, FILE *out, const json_t *x, int indent) {
    fprintf(out, "%*s", indent, "");
    cli_strong(c, out,
               strcmp(cli_str(x, "answer"), "conflict") == 0 ? "CONFLICT: "
                                                             : "CANNOT BE EXCLUDED: ");
    fputs(cli_str(x, "sentence"), out);
    if (*cli_str(x, "record")) fprintf(out, " [%.12s]", cli_str(x, "record"));
    fputc('\n', out);
}
static void in_span(FILE *out, const json_t *o, const char *key) {
    json_int_t min = cli_int(o, key) / 60000;
    const char *sign = min < 0 ? "-" : "";
    if (min < 0) min = -min;
    if (min >= 60)
        fprintf(out, "%s%lld h %lld min", sign, (long long)min / 60, (long long)min % 60);
    else
        fprintf(out, "%s%lld min", sign, (long long)min);
}
/* of what is logged: whose word each number is */
static void show_lead_logged(FILE *out, const json_t *lead, int indent) {
    const bool held = strcmp(cli_str(lead, "counted_from"), "held") == 0;
    fprintf(out, "%*slead time: %s: the charter asks for ", indent, "", cli_str(lead, "state"));
    in_span(out, lead, "asked_ms");
    if (held) {
        fprintf(out, "; held by %s, by its clock, ", cli_text(lead, "held_by"));
        in_span(out, lead, "given_ms");
        fputs(" before it begins", out);
    } else {
        fputs("; not known to be held by anybody whose clock counts for it", out);
    }
    fputs("; written, by its author's word, ", out);
    in_span(out, lead, "written_ms");
    fputs(" before it begins\n", out);
}
/* where no warning says it */
static void show_lead(FILE *out, const json_t *o, const json_t *lead, int indent) {
    const char *state = cli_str(lead, "state");
    if (strcmp(cli_str(lead, "counted_from"), "held") == 0 ||
        strcmp(cli_str(lead, "counted_from"), "created") == 0) {
        show_lead_logged(out, lead, indent);
        return;
    }
    if (strcmp(state, "not known") == 0 && !asks(o, "no-time"))
        fprintf(out, "%*slead time: not known, for it names no beginning\n", indent, "");
    if (strcmp(state, "too short") != 0 || asks(o, "lead-time")) return;
    fprintf(out, "%*slead time: too short: the charter asks for ", indent, "");
    in_span(out, lead, "asked_ms");
    fputs(", given are ", out);
    in_span(out, lead, "given_ms");
    fputc('\n', out);
}
void cli_check(struct cli *c, FILE *out, const json_t *o, int indent) {
    const json_t *check = json_object_get(o, "check"), *x;
    size_t i;
    if (!json_is_object(check)) return;
    json_array_foreach(json_object_get(check, "conflicts"), i, x) show_conflict(c, out, x, indent);
    if (strcmp(answer_of(check), "none found") == 0)
        fprintf(out, "%*sno conflict found among the places compared\n", indent, "");
    if (strcmp(answer_of(check), "not compared") == 0)
        fprintf(out, "%*s" NOT_COMPARED "\n", indent, "");
    show_lead(out, o, json_object_get(check, "lead"), indent);
    fprintf(out, "%*s%s\n", indent, "", cli_text(json_object_get(check, "coverage"), "sentence"));
}
/* the places and the coverage stand in the check already */
static bool said_in_check(const json_t *o, const json_t *w) {
    static const char *const codes[] = {"conflict", "not-excluded", "coverage"};
    if (!json_is_object(json_object_get(o, "check"))) return false;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(cli_str(w, "code"), codes[i]) == 0) return true;
    return false;
}
/* those that ask before those that only point something out */
void cli_warnings(struct cli *c, FILE *out, const json_t *o, int indent) {
    size_t i;
    const json_t *w;
    for (int ask = 1; ask >= 0; ask--)
        json_array_foreach(json_object_get(o, "warnings"), i, w) {
            if (said_in_check(o, w) || cli_true(w, "confirm") != (ask == 1)) continue;
            fprintf(out, "%*s", indent, "");
            cli_strong(c, out, ask ? "WARNING: " : "note: ");
            fprintf(out, "%s\n", cli_str(w, "sentence"));
        }
}
void cli_say_notes(struct cli *c, FILE *out) {
    size_t i;
    const json_t *s;
    json_array_foreach(c->notes, i, s) {
        cli_strong(c, out, "  note: ");
        fprintf(out, "%s\n", json_string_value(s));
    }
}

/* ---- checks that release nothing ---------------------------------------------------------------
 */
int cli_check_exit(const json_t *check) {
    static const struct {
        const char *answer;
        int code;
    } of[] = {{"conflict", CLI_CHECK_CONFLICT},
              {"cannot be excluded", CLI_CHECK_NOT_EXCLUDED},
              {"none found", CLI_OK}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        if (strcmp(answer_of(check), of[i].answer) == 0) return of[i].code;
    return CLI_CHECK_NOT_COMPARED;
}
static void show_dry(struct cli *c, const json_t *o) {
    cli_exercise(c, stdout, o);
    cli_strong(c, stdout, "Checked, nothing released");
    printf(" in \"%s\", at ", cli_str(o, "title"));
    cli_time(stdout, cli_str(o, "now"));
    fputc('\n', stdout);
    if (!json_is_object(json_object_get(o, "check"))) puts("  " NOT_COMPARED);
    cli_check(c, stdout, o, 2);
    cli_warnings(c, stdout, o, 2);
    cli_say_notes(c, stdout);
}
int cli_dry_run(struct cli *c, json_t *draft) {
    static const char *const fields[] = {"channel", "body", "supersedes", "recipients"};
    json_t *in = json_object(), *o = NULL;
    int rc = cli_members_known(c, draft);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (json_object_get(draft, fields[i]))
            json_object_set(in, fields[i], json_object_get(draft, fields[i]));
    if (rc == CLI_OK) rc = cli_call(c, "POST", "/v1/check", in, &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK)
        show_dry(c, o);
    if (rc == CLI_OK) rc = cli_check_exit(json_object_get(o, "check"));
    json_decref(in);
    json_decref(o);
    json_decref(draft);
    return rc;
}

/* ---- reminders, answers ------------------------------------------------------------------------
 */
void cli_reminder(FILE *out, const json_t *r) {
    if (strcmp(cli_str(r, "what"), "review") == 0) {
        fputs("was to be looked at again by ", out);
        cli_time(out, cli_str(r, "since"));
        fputs("; it stands all the same\n", out);
        return;
    }
    fputs("begins ", out);
    cli_time(out, cli_str(r, "begins"));
    fputs("; not known to be passed down by ", out);
    cli_list(out, json_object_get(r, "members"));
    fputc('\n', out);
}
void cli_answers_counted(FILE *out, const json_t *o, int indent) {
    static const char *const words[][2] = {
        {"will_comply", "will comply"},     {"complied", "complied"},
        {"cannot_comply", "cannot comply"}, {"declined", "declined"},
        {"pending", "not answered yet"},    {"silent", "SILENT past the time"}};
    const json_t *n = json_object_get(o, "answers_counted");
    if (!json_is_object(n)) return;
    fprintf(out, "%*sanswers of %lld asked, by ", indent, "", (long long)cli_int(n, "asked"));
    cli_time(out, cli_str(o, "answer_by"));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        fprintf(out, "%s %lld %s", i ? "," : ":", (long long)cli_int(n, words[i][0]), words[i][1]);
    fputc('\n', out);
}
/* The situation has the demands one by one; here they are counted. With --at as of then. */
void cli_stop_fires(struct cli *c, const char *channel) {
    json_t *list = NULL, *o;
    const json_t *x;
    struct cli_path p;
    size_t i;
    cli_path(&p, "/v1/channels/", channel, "/log");
    cli_query(&p, "kind", "stop-fire");
    cli_query(&p, "last", "10");
    if (cli_query_when(c, &p, "at") != CLI_OK || cli_get_json(c, p.z, &list) != CLI_OK) return;
    if (json_array_size(json_object_get(list, "records"))) puts("\nStop-fire");
    json_array_foreach(json_object_get(list, "records"), i, x) {
        o = NULL;
        cli_path(&p, "/v1/records/", cli_str(x, "record"), "");
        if (cli_query_when(c, &p, "at") == CLI_OK && cli_get_json(c, p.z, &o) == CLI_OK) {
            printf("  %.12s of %s: %s\n", cli_str(o, "record"), cli_text(o, "author"),
                   cli_text(o, "title"));
            cli_answers_counted(stdout, o, 4);
        }
        json_decref(o);
    }
    json_decref(list);
}
