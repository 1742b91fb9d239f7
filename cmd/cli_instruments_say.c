/* What became of an instrument, in words. */
#include "cli_instruments.h"
#include "shell/api/json_body.h"

const char *cli_who(const json_t *o, char out[CLI_WHO]) {
    const char *a = cli_str(o, "affiliation"), *g = cli_str(o, "group");
    snprintf(out, CLI_WHO, "%s%s%s%s%s%s%s", cli_text(o, "member"), *a || *g ? " (" : "", a,
             *a && *g ? ", " : "", *g ? "group " : "", g, *a || *g ? ")" : "");
    return out;
}
static void line_time(FILE *out, int indent, const char *what, const char *time) {
    if (*time == 0) return;
    fprintf(out, "%*s%s ", indent, "", what);
    cli_time(out, time);
    fputc('\n', out);
}
static void line_list(FILE *out, int indent, const char *what, const json_t *list) {
    if (json_array_size(list) == 0) return;
    fprintf(out, "%*s%s: ", indent, "", what);
    cli_list(out, list);
    fputc('\n', out);
}
static void line_records(FILE *out, int indent, const char *what, const json_t *list) {
    const json_t *x;
    size_t i;
    if (json_array_size(list) == 0) return;
    fprintf(out, "%*s%s:", indent, "", what);
    json_array_foreach(list, i, x) fprintf(out, "%s %.12s", i ? "," : "", json_string_value(x));
    fputc('\n', out);
}
/* the reason of one of the positions on it, where it can be read here */
static const char *reason_of(const json_t *o, const char *record) {
    const json_t *x;
    size_t i;
    json_array_foreach(json_object_get(o, "positions"), i, x) {
        if (strcmp(cli_str(x, "record"), record) == 0)
            return cli_str(json_object_get(x, "body"), "reason");
    }
    return "";
}
static void put_reason(FILE *out, const json_t *o, const json_t *x) {
    const char *reason = reason_of(o, cli_str(x, "record"));
    if (*reason) fprintf(out, ": %s", reason);
    fputc('\n', out);
}

/* ---- adoption ----------------------------------------------------------------------------------
 */
static void say_voice(FILE *out, const json_t *o, const json_t *v, bool timed, int indent) {
    char who[CLI_WHO];
    fprintf(out, "%*s%s: ", indent, "", cli_who(v, who));
    fprintf(out, "%s", *cli_str(v, "position") ? cli_str(v, "position") : "no word known here");
    if (timed && *cli_str(v, "time")) fprintf(out, ", %s", cli_str(v, "time"));
    if (cli_true(v, "forked")) fputs(", CONTESTED: on one branch of a fork", out);
    if (!cli_true(v, "elector"))
        fputs(", beside those whose word counts", out);
    else if (!cli_true(v, "speaks"))
        fputs(", the lead of its group speaks for it", out);
    if (cli_true(v, "veto")) fputs(", has a veto", out);
    put_reason(out, o, v);
}
static void say_adoption(FILE *out, const json_t *o, const json_t *a, int indent) {
    const json_t *v;
    size_t i;
    if (!json_is_object(a)) return;
    line_time(out, indent, "positions count until", cli_str(a, "by"));
    json_array_foreach(json_object_get(a, "voices"), i, v)
        say_voice(out, o, v, *cli_str(a, "by") != 0, indent);
    line_list(
        out, indent,
        "NOT COUNTED, though it is dated in time: nobody is known to have held in time the word "
        "against it of",
        json_object_get(a, "dated_in_time"));
}

/* ---- texts, cessations, agreements -------------------------------------------------------------
 */
static void say_text(FILE *out, const json_t *o, const json_t *t, int indent) {
    const json_t *x;
    size_t i;
    char who[CLI_WHO];
    fprintf(out, "%*sversion %lld; %s writes the next\n", indent, "",
            (long long)cli_int(t, "version"), cli_text(t, "pen"));
    if (cli_int(t, "bracketed"))
        fprintf(out,
                "%*snot agreed, in brackets: %lld of its paragraphs; it cannot be adopted so\n",
                indent, "", (long long)cli_int(t, "bracketed"));
    say_adoption(out, o, json_object_get(t, "adoption"), indent);
    json_array_foreach(json_object_get(t, "apart"), i, x) {
        const json_t *list = json_object_get(x, "paragraphs"), *number;
        size_t k;
        fprintf(out, "%*s%s dissociates from %s", indent, "", cli_who(x, who),
                cli_true(x, "whole") ? "the whole" : "paragraph");
        json_array_foreach(list, k, number)
            fprintf(out, "%s %lld", k ? "," : "", (long long)json_integer_value(number));
        put_reason(out, o, x);
    }
}
/* as before release: the words of people, not milliseconds */
static void say_differs(FILE *out, json_int_t ms, int indent) {
    if (ms == 0) return;
    json_t *span = rb_span_json(ms < 0 ? -ms : ms);
    fprintf(out, "%*sits times differ from its words: %s than said by ", indent, "",
            ms > 0 ? "shorter" : "longer");
    if (json_is_string(span))
        fprintf(out, "%s\n", json_string_value(span));
    else
        fprintf(out, "%lld ms\n", (long long)(ms < 0 ? -ms : ms));
    json_decref(span);
}
static void say_cessation(FILE *out, const json_t *o, const json_t *t, int indent) {
    const json_t *x;
    size_t i;
    char who[CLI_WHO];
    line_time(out, indent, "from", cli_str(t, "start"));
    if (*cli_str(t, "end"))
        line_time(out, indent, "until", cli_str(t, "end"));
    else
        fprintf(out, "%*suntil it is ended\n", indent, "");
    if (*cli_str(t, "extends"))
        fprintf(out, "%*sextends %.12s\n", indent, "", cli_str(t, "extends"));
    if (cli_true(t, "alone"))
        fprintf(out, "%*swhich is NOT longer by that: it binds those who agreed to it\n", indent,
                "");
    if (*cli_str(t, "gap"))
        fprintf(out,
                "%*sGAP of %s before it: neither it nor what it extends is in force in it; others "
                "are not looked at\n",
                indent, "", cli_str(t, "gap"));
    say_differs(out, cli_int(t, "length_differs"), indent);
    line_list(out, indent, "bound now", json_object_get(t, "bound"));
    say_adoption(out, o, json_object_get(t, "adoption"), indent);
    json_array_foreach(json_object_get(t, "accessions"), i, x) {
        const bool reported = cli_true(x, "reported");
        fprintf(out, "%*s%s%s%s%s: acceded, %s\n", indent, "",
                reported ? cli_text(x, "by") : cli_who(x, who), reported ? " (reported by " : "",
                reported ? cli_text(x, "member") : "", reported ? ", unsigned by them)" : "",
                cli_text(x, "time"));
    }
    json_array_foreach(json_object_get(t, "withdrawals"), i, x) {
        fprintf(out, "%*s%s: withdrew, ", indent, "", cli_who(x, who));
        if (*cli_str(x, "bound_until")) {
            fputs("bound until ", out);
            cli_time(out, cli_str(x, "bound_until"));
            fputc('\n', out);
        } else {
            fputs("bound until others are known to hold that\n", out);
        }
    }
}
static void say_step(FILE *out, const json_t *s, int indent) {
    const char *owner = *cli_str(s, "owner") ? cli_str(s, "owner") : cli_str(s, "by");
    fprintf(out, "%*sstep %lld, %s%s%s: ", indent, "", (long long)cli_int(s, "number"),
            cli_text(s, "what"), *owner ? ", by " : "", owner);
    if (json_is_object(json_object_get(s, "reported_by")))
        fprintf(out, "reported %s by %s", cli_text(s, "state"),
                cli_text(json_object_get(s, "reported_by"), "member"));
    else
        fputs("nothing reported", out);
    if (cli_true(s, "overdue")) fputs("; OVERDUE", out);
    if (cli_true(s, "late")) fputs("; late", out);
    if (cli_true(s, "contested_by_time")) fputs("; in time or late: contested by time", out);
    if (json_array_size(json_object_get(s, "confirmed_by"))) {
        fputs("; confirmed by ", out);
        cli_list(out, json_object_get(s, "confirmed_by"));
    } else if (json_is_object(json_object_get(s, "reported_by"))) {
        fputs("; not confirmed", out);
    }
    if (json_array_size(json_object_get(s, "disputed_by"))) {
        fputs("; DISPUTED by ", out);
        cli_list(out, json_object_get(s, "disputed_by"));
    }
    fputc('\n', out);
    line_time(out, indent + 2, "due", cli_str(s, "due"));
    line_time(out, indent + 2, "expected now", cli_str(s, "expected"));
}
static void say_agreement(FILE *out, const json_t *o, const json_t *t, int indent) {
    const json_t *s;
    size_t i;
    say_adoption(out, o, json_object_get(t, "adoption"), indent);
    json_array_foreach(json_object_get(t, "steps"), i, s) say_step(out, s, indent);
}

/* ---- requests, contacts ------------------------------------------------------------------------
 */
static void say_asked(FILE *out, const json_t *o, const json_t *list, int indent) {
    const json_t *a;
    size_t i;
    char who[CLI_WHO];
    json_array_foreach(list, i, a) {
        const bool answered = *cli_str(a, "answer") != 0;
        fprintf(out, "%*s%s: ", indent, "", cli_who(a, who));
        if (answered)
            fputs(cli_str(a, "answer"), out);
        else if (cli_true(a, "unread"))
            fputs("a closed position that was not read here", out);
        else
            fprintf(out, "%s, %s", cli_true(a, "unanswered") ? "UNANSWERED" : "no answer known",
                    cli_true(a, "undelivered")
                        ? "NOT KNOWN TO BE DELIVERED by then: an outage, maybe"
                    : cli_true(a, "delivered") ? "delivered"
                                               : "not known to be delivered");
        if (cli_true(a, "late")) fputs(", late", out);
        if (cli_true(a, "contested_by_time")) fputs(", contested by time", out);
        put_reason(out, o, a);
    }
}
static void say_contact(FILE *out, const json_t *o, const json_t *t, int indent) {
    const json_t *r;
    size_t i;
    char who[CLI_WHO];
    line_time(out, indent, "at", cli_str(json_object_get(o, "body"), "at"));
    line_time(out, indent, "answer demanded by", cli_str(t, "by"));
    say_asked(out, o, json_object_get(t, "members"), indent);
    line_list(out, indent, "took place, as said by", json_object_get(t, "took_place"));
    json_array_foreach(json_object_get(t, "readouts"), i, r)
        fprintf(out, "%*sreadout %.12s, as %s tells it%s\n", indent, "", cli_str(r, "record"),
                cli_who(json_object_get(r, "from"), who),
                cli_true(r, "agreed") ? ", in the words of the other side, too" : "");
    if (cli_true(t, "agreed_readout"))
        fprintf(out, "%*sAGREED READOUT: the same words in records of two who took part\n", indent,
                "");
}

/* ---- incidents, figures, designations ----------------------------------------------------------
 */
void cli_say_words_on(FILE *out, const json_t *view, const json_t *o, int indent) {
    const json_t *x;
    size_t i;
    char who[CLI_WHO];
    json_array_foreach(json_object_get(view, "columns"), i, x) {
        fprintf(out, "%*son %.12s %s: %s", indent, "", cli_str(o, "record"), cli_who(x, who),
                *cli_str(x, "position") ? cli_str(x, "position")
                                        : "a closed position that was not read here");
        put_reason(out, o, x);
    }
}
static void say_finding(FILE *out, const json_t *f, int indent) {
    const json_t *x;
    size_t i;
    char who[CLI_WHO];
    fprintf(out, "%*sfinding %.12s of %s: %s", indent, "", cli_str(f, "record"),
            cli_who(json_object_get(f, "from"), who), cli_text(f, "stage"));
    if (*cli_str(f, "value")) fprintf(out, ", %s", cli_str(f, "value"));
    if (json_array_size(json_object_get(f, "assigned"))) {
        fputs(" to ", out);
        cli_list(out, json_object_get(f, "assigned"));
    }
    fputc('\n', out);
    json_array_foreach(json_object_get(f, "columns"), i, x)
        fprintf(out, "%*s%s: %s\n", indent + 2, "", cli_who(x, who),
                *cli_str(x, "position") ? cli_str(x, "position")
                                        : "a closed position that was not read here");
}
static void say_incident(FILE *out, const json_t *o, const json_t *t, int indent) {
    const json_t *x;
    size_t i;
    fprintf(out, "%*sincident %.12s\n", indent, "", cli_str(t, "id"));
    line_records(out, indent, "asserted also in", json_object_get(t, "other_assertions"));
    line_records(out, indent, "somebody proposes that it is one with",
                 json_object_get(t, "merge_proposed"));
    line_time(out, indent, "from", cli_str(json_object_get(o, "body"), "from"));
    if (*cli_str(json_object_get(o, "body"), "violates"))
        fprintf(out, "%*ssaid to break %.12s\n", indent, "",
                cli_str(json_object_get(o, "body"), "violates"));
    if (cli_int(t, "attachments"))
        fprintf(out, "%*s%lld attachments of its author\n", indent, "",
                (long long)cli_int(t, "attachments"));
    else
        fprintf(out, "%*sno evidence attached\n", indent, "");
    cli_say_words_on(out, t, o, indent);
    json_array_foreach(json_object_get(t, "findings"), i, x) say_finding(out, x, indent);
}
static void say_designation(FILE *out, const json_t *o, int indent) {
    const json_t *body = json_object_get(o, "body"), *x;
    size_t i;
    if (!json_is_object(body)) return;
    fprintf(out, "%*s%s", indent, "", cli_text(body, "side"));
    if (*cli_str(body, "of")) fprintf(out, " of %.12s", cli_str(body, "of"));
    fprintf(out, ", as its author names it; areas: %zu\n",
            json_array_size(json_object_get(body, "volumes")));
    json_array_foreach(json_object_get(body, "subjects"), i, x)
        fprintf(out, "%*s%s%s%s%s%s\n", indent + 2, "", cli_text(x, "name"),
                *cli_str(x, "also") ? ", also " : "", cli_str(x, "also"),
                *cli_str(x, "note") ? "; " : "", cli_str(x, "note"));
}

/* ---- all of it ---------------------------------------------------------------------------------
 */
/* where no lot says it: each position as it stands, but readings */
static void say_positions(FILE *out, const json_t *o, int indent) {
    const json_t *x;
    size_t i;
    char who[CLI_WHO];
    json_array_foreach(json_object_get(o, "positions"), i, x) {
        const char *type = cli_str(x, "position");
        if (strcmp(type, "read") == 0 || strcmp(type, "passed-down") == 0) continue;
        fprintf(out, "%*s%s: %s%s", indent, "", cli_who(x, who),
                *type ? type : "a closed position that was not read here",
                *cli_str(x, "mark") ? " (without effect)" : "");
        put_reason(out, o, x);
    }
}
/* in a list nothing else tells of the body what one looks for first: what, whose doing, where */
static void say_body(FILE *out, const json_t *o, int indent) {
    const json_t *b = json_object_get(o, "body"), *where = json_object_get(b, "volumes");
    const char *what = cli_str(b, "what"), *by = cli_str(b, "attributed_to");
    const bool incident = strcmp(cli_str(o, "kind"), "incident") == 0;
    if (incident && (*what || *by))
        fprintf(out, "%*s%s%s%s%s\n", indent, "", what, *what && *by ? ", " : "",
                *by ? "attributed by its author to " : "", by);
    if (json_array_size(where) == 0) return;
    fprintf(out, "%*swhere:\n", indent, "");
    cli_show_volumes(out, where, indent + 2);
}
void cli_say_state(struct cli *c, FILE *out, const json_t *view, const json_t *o, int indent) {
    static const struct {
        const char *key;
        void (*say)(FILE *, const json_t *, const json_t *, int);
    } parts[] = {{"text", say_text},
                 {"cessation", say_cessation},
                 {"agreement", say_agreement},
                 {"contact", say_contact},
                 {"incident", say_incident}};
    bool said = false;
    fprintf(out, "%*s", indent, "");
    cli_strong(c, out, cli_str(view, "state"));
    fprintf(out, ": %s\n", cli_str(view, "state_sentence"));
    if (cli_true(view, "memory_short"))
        fputs("  LEFT OUT: what was said of it; it is more than this node's memory holds\n", out);
    if (view == o && *cli_str(o, "mark")) /* the view of one record has said it */
        fprintf(out, "%*sWITHOUT EFFECT: %s\n", indent, "", cli_str(o, "mark_sentence"));
    line_time(out, indent, "since", cli_str(view, "since"));
    if (view == o) say_body(out, o, indent);
    if (strcmp(cli_str(o, "kind"), "designation") == 0) say_designation(out, o, indent);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const json_t *t = json_object_get(view, parts[i].key);
        if (!json_is_object(t)) continue;
        parts[i].say(out, o, t, indent);
        said = true;
    }
    const json_t *asked = json_object_get(view, "request");
    if (json_is_object(asked)) {
        line_time(out, indent, "answer demanded by", cli_str(asked, "by"));
        say_asked(out, o, json_object_get(asked, "asked"), indent);
        said = true;
    }
    if (json_object_get(view, "columns")) {
        cli_say_words_on(out, view, o, indent);
        said = true;
    }
    if (!said && view == o) say_positions(out, o, indent);
}
void cli_instrument_show(struct cli *c, FILE *out, const json_t *o, int indent) {
    const json_t *view = json_object_get(o, "instrument");
    if (json_is_object(view)) cli_say_state(c, out, view, o, indent);
}
