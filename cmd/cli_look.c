/* Looking: inbox, log, one record, who holds, status, doctor. Held (by a node) and read (by an
 * officer) are never one column. */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli_instruments.h"
#include "readback/rules.h"
#include "readback/text.h"
#include "shell/api/kinds.h"

static const char *what(const json_t *r, char buf[96]) {
    const char *extra = *cli_str(r, "position") ? cli_str(r, "position") : cli_str(r, "class");
    snprintf(buf, 96, "%s%s%s", cli_text(r, "kind"), *extra ? " " : "", extra);
    return buf;
}
static const char *mark_word(const json_t *r) {
    if (*cli_str(r, "mark")) return cli_str(r, "mark");
    if (cli_true(r, "contested")) return "contested";
    if (*cli_str(r, "superseded_by")) return "superseded";
    if (cli_true(r, "reported")) return "reported, unsigned by them";
    return cli_true(r, "emergency") ? "one officer, emergency" : "";
}
static const char *state(const json_t *r, char buf[128]) {
    const char *mark = mark_word(r), *closed = cli_closed_word(r);
    snprintf(buf, 128, "%s%s%s", mark, *mark && *closed ? "; " : "", closed);
    return buf;
}

/* ---- closed records -----------------------------------------------------------------------------
 */
static const struct {
    const char *state, *word, *sentence;
} closed_words[] = {
    {"", "closed, not for us", "its content is not for us"},
    {"missing", "closed, NOT HERE YET", "its content has not come yet; it is asked for"},
    {"held", "closed, UNOPENED", "its content is here and was not opened yet"},
    {"opened", "closed", NULL},
    {"bad", "closed, BAD CONTENT",
     "its content is NOT what the record says, or does not open: nothing of it is shown"},
    {"purged", "closed, purged here", "its content was purged here"},
};
static size_t closed_at(const json_t *r) {
    size_t i = 0, n = sizeof closed_words / sizeof *closed_words;
    while (i < n && strcmp(closed_words[i].state, cli_str(r, "body_state")) != 0)
        i++;
    return i < n ? i : 0;
}
const char *cli_closed_word(const json_t *r) {
    return cli_true(r, "closed") ? closed_words[closed_at(r)].word : "";
}
/* who may read it, and what became of its content here */
void cli_closed(FILE *out, const json_t *r, int indent) {
    const char *state = cli_str(r, "body_state"), *sentence = closed_words[closed_at(r)].sentence;
    if (!cli_true(r, "closed")) return;
    fprintf(out, "%*sCLOSED: for ", indent, "");
    cli_list(out, json_object_get(r, "recipients"));
    fputc('\n', out);
    if (sentence) fprintf(out, "%*s%s", indent, "", sentence);
    if (sentence && (strcmp(state, "held") == 0 || strcmp(state, "bad") == 0) &&
        *cli_str(r, "body_why"))
        fprintf(out, ": %s", cli_str(r, "body_why"));
    if (sentence && strcmp(state, "held") == 0) fputs(" (`readback unlock`)", out);
    if (sentence) fputc('\n', out);
}
int cli_readable(const struct cli *c, const json_t *r, const char *why_wanted) {
    const char *state = cli_str(r, "body_state");
    char hint[256];
    if (!cli_true(r, "closed") || strcmp(state, "opened") == 0) return CLI_OK;
    snprintf(hint, sizeof hint,
             strcmp(state, "held") == 0      ? "`readback unlock` lets the daemon open it."
             : strcmp(state, "missing") == 0 ? "It is asked for; `readback doctor` says what is in "
                                               "the way."
             : strcmp(state, "purged") == 0  ? "Ask %s to say it again (`readback reseal` there)."
                                             : "Ask %s: `readback query %.12s`.",
             cli_text(r, "author"), cli_str(r, "record"));
    return cli_fail(c, hint, "%s: %s", closed_words[closed_at(r)].sentence, why_wanted);
}

/* ---- inbox
 * ------------------------------------------------------------------------------------------ */
static void inbox_item(struct cli *c, const json_t *r) {
    char kind[96];
    const json_t *due = json_object_get(r, "due"), *why = json_object_get(r, "why");
    cli_exercise(c, stdout, r);
    cli_strong(c, stdout, cli_text(r, "precedence"));
    printf("  %.12s  %s  from %s in \"%s\"\n  ", cli_str(r, "record"), what(r, kind),
           cli_text(r, "author"), cli_str(r, "channel_title"));
    cli_time(stdout, cli_str(r, "created"));
    fputs("  ", stdout);
    cli_list(stdout, why);
    fputc('\n', stdout);
    if (*cli_str(r, "title")) printf("  %s\n", cli_str(r, "title"));
    cli_closed(stdout, r, 2);
    if (*cli_str(r, "mark")) printf("  without effect: %s\n", cli_str(r, "mark_sentence"));
    if (json_is_object(due))
        printf("  answer owed: %s by %s (%s)\n", cli_text(due, "position"), cli_text(due, "due"),
               cli_text(due, "state"));
    fputc('\n', stdout);
}
/* the inbox names channels by their number: title, and whether it is an exercise */
static const json_t *channel_of(const json_t *channels, const json_t *x) {
    size_t i;
    const json_t *ch;
    json_array_foreach(json_object_get(channels, "channels"), i, ch) {
        if (strcmp(cli_str(ch, "channel"), cli_str(x, "channel")) == 0) return ch;
    }
    return x;
}
/* a notice that came and touches places known here */
static void inbox_conflict(struct cli *c, const json_t *x, const json_t *channel) {
    bool sure = strcmp(cli_str(x, "answer"), "conflict") == 0;
    cli_exercise(c, stdout, channel);
    cli_strong(c, stdout, sure ? "CONFLICT" : "CANNOT BE EXCLUDED");
    printf("  %.12s  notice from %s in \"%s\" and %lld %s known here\n", cli_str(x, "record"),
           cli_text(x, "author"), cli_text(channel, "title"), (long long)cli_int(x, "n"),
           cli_int(x, "n") == 1 ? "place" : "places");
    if (*cli_str(x, "title")) printf("  %s\n", cli_str(x, "title"));
    printf("  readback show %.12s\n\n", cli_str(x, "record"));
}
static void inbox_reminder(struct cli *c, const json_t *x, const json_t *channel) {
    cli_exercise(c, stdout, channel);
    cli_strong(c, stdout, "REMINDER");
    printf("  %.12s  %s in \"%s\"%s%s\n  ", cli_str(x, "record"), cli_text(x, "class"),
           cli_text(channel, "title"), *cli_str(x, "title") ? ": " : "", cli_str(x, "title"));
    cli_reminder(stdout, x);
    fputc('\n', stdout);
}
static int inbox_places(struct cli *c, const json_t *o) {
    const json_t *conflicts = json_object_get(o, "conflicts"),
                 *reminders = json_object_get(o, "reminders"), *x;
    json_t *channels = NULL;
    size_t i;
    if (cli_int(o, "uncompared") > 0)
        printf(
            "NOT COMPARED for this list: %lld unread notices. Look again, or at each of them.\n\n",
            (long long)cli_int(o, "uncompared"));
    if (json_array_size(conflicts) + json_array_size(reminders) == 0) return CLI_OK;
    int rc = cli_get_json(c, "/v1/channels", &channels);
    json_array_foreach(conflicts, i, x) inbox_conflict(c, x, channel_of(channels, x));
    json_array_foreach(reminders, i, x) inbox_reminder(c, x, channel_of(channels, x));
    json_decref(channels);
    return rc;
}
/* FLASH that came ahead of its leaf: no record yet */
static void inbox_advances(struct cli *c, const json_t *list) {
    const json_t *x;
    size_t i;
    json_array_foreach(list, i, x) {
        const json_t *body = json_object_get(x, "body");
        cli_exercise(c, stdout, x);
        cli_strong(c, stdout, "FLASH, NOT YET RECEIPTED");
        printf("  %.12s  %s from %s in \"%s\"\n", cli_str(x, "record"), cli_text(x, "kind"),
               cli_text(x, "author"), cli_text(x, "channel_title"));
        if (json_is_object(body) && *cli_str(body, "title"))
            printf("  %s\n", cli_text(body, "title"));
        if (json_is_object(body) && *cli_str(body, "text"))
            printf("  %s\n", cli_text(body, "text"));
        puts("  An advance copy: nothing rests on it, and it cannot be answered before its record "
             "is "
             "here.\n");
    }
}
/* of one precedence, as they came */
static void inbox_items(struct cli *c, const json_t *items, const char *precedence) {
    const json_t *x;
    size_t i;
    json_array_foreach(items, i, x) {
        if (strcmp(cli_str(x, "precedence"), precedence) == 0) inbox_item(c, x);
    }
}
int cli_inbox(struct cli *c) {
    static const char *const others[] = {"IMMEDIATE", "PRIORITY", "ROUTINE", ""};
    json_t *o = NULL, *x;
    size_t i;
    if (!cli_want_args(c, 0, 0)) return CLI_USAGE;
    int rc = cli_get_json(c, "/v1/inbox", &o);
    const json_t *items = json_object_get(o, "items");
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK) {
        inbox_advances(c, json_object_get(o, "advances"));
        inbox_items(c, items, "FLASH");
        rc = inbox_places(c, o);
        json_array_foreach(json_object_get(o, "invitations"), i, x) {
            cli_exercise(c, stdout, x);
            printf("Invitation of %s to \"%s\": readback channel show %.8s, readback channel "
                   "accept %.8s\n\n",
                   cli_text(x, "proposer"), cli_text(x, "title"), cli_str(x, "channel"),
                   cli_str(x, "channel"));
        }
        for (size_t p = 0; p < sizeof others / sizeof *others; p++)
            inbox_items(c, items, others[p]);
        if (json_array_size(items) == 0)
            puts("Nothing unread and no answer owed here.");
        else
            puts("readback show RECORD shows one; readback read RECORD says that an officer has "
                 "read it.");
    }
    json_decref(o);
    return rc;
}

/* ---- log, who holds
 * ----------------------------------------------------------------------------------- */
static int list_path(struct cli *c, struct cli_path *p, const char *after) {
    static const char *const plain[] = {"kind", "author", "after", "limit", "last"};
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    if (cli_count(c, "limit", 1000) != CLI_OK || cli_count(c, "last", 1000) != CLI_OK ||
        cli_kind_word(c, "kind") != CLI_OK)
        return CLI_USAGE;
    if (cli_has(c, "after") && cli_record_word(c, cli_get(c, "after")) != CLI_OK) return CLI_USAGE;
    char *name = cli_channel(c, c->args_n ? c->args[0] : NULL);
    if (name == NULL) return c->channel_exit;
    cli_path(p, "/v1/channels/", name, after);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        cli_query(p, plain[i], cli_get(c, plain[i]));
    if (cli_has(c, "all")) cli_query(p, "all", "1");
    if (cli_has(c, "bodies")) cli_query(p, "bodies", "1");
    free(name);
    int rc = cli_query_when(c, p, "since");
    return rc == CLI_OK ? cli_query_when(c, p, "at") : rc;
}
static void list_head(struct cli *c, const json_t *o) {
    cli_exercise(c, stdout, o);
    cli_strong(c, stdout, cli_str(o, "title"));
    printf("  %.12s\n", cli_str(o, "channel"));
}
static void list_more(const json_t *o) {
    if (*cli_str(o, "next_after"))
        printf("There is more: --after %.12s\n", cli_str(o, "next_after"));
}
int cli_log(struct cli *c) {
    json_t *o = NULL, *r;
    struct cli_path p;
    size_t i;
    int rc = list_path(c, &p, "/log");
    if (rc == CLI_OK) rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK) {
        struct cli_table t = {0};
        list_head(c, o);
        cli_table_row(&t, 9, "RECORD", "WRITTEN", "AUTHOR", "KIND", "PREC", "TITLE", "HELD BY",
                      "READ BY", "STATE");
        json_array_foreach(json_object_get(o, "records"), i, r) {
            char id[13], kind[96], held[512], read[512], title[64], marks[128];
            cli_short(id, r, "record");
            cli_joined(held, sizeof held, json_object_get(r, "held_by"));
            cli_joined(read, sizeof read, json_object_get(r, "read_by"));
            cli_clip(title, sizeof title, cli_str(r, "title"));
            cli_table_row(&t, 9, id, cli_text(r, "created"), cli_text(r, "author"), what(r, kind),
                          cli_text(r, "precedence"), title, held, read, state(r, marks));
        }
        cli_table_print(&t, stdout);
        list_more(o);
    }
    json_decref(o);
    return rc;
}

/* of a closed record held means leaf and content (9.5.5), and is asked of its recipients alone */
static void holder_held(const json_t *h) {
    const json_t *body = json_object_get(h, "body_held");
    if (cli_true(h, "author")) {
        fputs("author", stdout);
    } else if (json_is_boolean(body) && !cli_true(h, "reader")) {
        fputs("no recipient", stdout);
    } else if (cli_true(h, "held")) {
        fputs(json_is_boolean(body) ? "leaf and content held since " : "held since ", stdout);
        cli_time(stdout, cli_str(h, "held_since"));
        if (!cli_true(h, "held_logged")) fputs(" (told, not yet logged)", stdout);
    } else {
        fputs(json_is_true(body)    ? "content held; leaf not known to be held"
              : json_is_false(body) ? "content not known to be held"
                                    : "not known to be held",
              stdout);
    }
    if (cli_true(h, "purged")) fputs("; content purged there", stdout);
}
static void holder_line(const json_t *h) {
    const json_t *due = json_object_get(h, "due");
    bool outsider = json_is_boolean(json_object_get(h, "body_held")) && !cli_true(h, "reader") &&
                    !cli_true(h, "author");
    printf("    %-14s ", cli_text(h, "member"));
    holder_held(h);
    if (*cli_str(h, "read")) {
        fputs(outsider ? "; says without having it: read " : "; read ", stdout);
        cli_time(stdout, cli_str(h, "read"));
        fputs(" by ", stdout);
        cli_list(stdout, json_object_get(h, "read_by"));
    } else if (!cli_true(h, "author") && !outsider)
        fputs("; not known to be read", stdout);
    if (*cli_str(h, "passed_down")) printf("; passed down %s", cli_str(h, "passed_down"));
    if (json_is_object(due))
        printf("; %s owed by %s: %s", cli_text(due, "position"), cli_text(due, "due"),
               cli_true(h, "overdue") ? "OVERDUE" : cli_text(due, "state"));
    fputc('\n', stdout);
}
int cli_who_holds(struct cli *c) {
    json_t *o = NULL, *r, *h;
    struct cli_path p;
    size_t i, k;
    int rc = list_path(c, &p, "/who-holds");
    if (rc == CLI_OK) rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK) {
        list_head(c, o);
        json_array_foreach(json_object_get(o, "records"), i, r) {
            char kind[96];
            printf("\n  %.12s  %s by %s  %s  %s\n", cli_str(r, "record"), what(r, kind),
                   cli_text(r, "author"), cli_text(r, "created"), cli_str(r, "title"));
            cli_closed(stdout, r, 4);
            json_array_foreach(json_object_get(r, "holders"), k, h) holder_line(h);
        }
        list_more(o);
    }
    json_decref(o);
    return rc;
}

static void show_closed(const json_t *o) {
    cli_closed(stdout, o, 2);
    if (!cli_true(o, "closed") && !cli_true(o, "readable"))
        puts("  its content cannot be read here");
    if (!*cli_str(o, "purge_at")) return;
    fputs("  will be purged here by the charter at ", stdout);
    cli_time(stdout, cli_str(o, "purge_at"));
    fputc('\n', stdout);
}

/* ---- one record
 * --------------------------------------------------------------------------------------- */
static void show_position(const json_t *x) {
    char who[CLI_WHO];
    printf("    %s: %s", cli_who(x, who),
           cli_true(x, "reported") ? "reported, unsigned by them: " : "");
    if (*cli_str(x, "position"))
        printf("%s (%s) %s%s", cli_str(x, "position"), cli_text(x, "created"),
               *cli_str(json_object_get(x, "body"), "playback") ? "with the place played back "
                                                                : "",
               cli_str(json_object_get(x, "body"), "reason"));
    else
        printf("an answer that cannot be read here, %s (%s)", cli_closed_word(x),
               cli_text(x, "created"));
    printf("%s%s\n", *cli_str(x, "mark") ? " without effect: " : "", cli_str(x, "mark"));
}
/* of a notice with a place, as of now */
static void show_place(struct cli *c, const json_t *o) {
    const json_t *stands = json_object_get(o, "stands"), *r = json_object_get(o, "reminder");
    cli_answers_counted(stdout, o, 2);
    if (json_is_boolean(stands))
        puts(json_is_true(stands) ? "\n  stands: plans are compared with it"
                                  : "\n  DOES NOT STAND: superseded, withdrawn or over; plans are "
                                    "not compared with it");
    if (json_is_object(r)) {
        cli_strong(c, stdout, "  REMINDER: ");
        cli_reminder(stdout, r);
    }
    cli_check(c, stdout, o, 2);
}
static void show_record(struct cli *c, const json_t *o) {
    char kind[96];
    size_t i;
    const json_t *x, *env = json_object_get(o, "envelope"), *rep = json_object_get(env, "reported");
    cli_exercise(c, stdout, o);
    cli_strong(c, stdout, cli_str(o, "channel_title"));
    printf("  %.12s\n%s  %s by %s%s%s\n  %s\n  written ", cli_str(o, "channel"),
           cli_text(o, "precedence"), what(o, kind), cli_text(o, "author"),
           *cli_str(o, "title") ? ", " : "", cli_str(o, "title"), cli_str(o, "record"));
    cli_time(stdout, cli_str(o, "created"));
    fputs("\n  signed by ", stdout);
    cli_list(stdout, json_object_get(o, "officers"));
    printf("\n  place: leaf %lld of epoch %lld of %s; number %lld in the channel's order\n",
           (long long)cli_int(o, "leaf"), (long long)cli_int(o, "epoch"), cli_text(o, "author"),
           (long long)cli_int(o, "order"));
    if (*cli_str(o, "mark")) printf("  WITHOUT EFFECT: %s\n", cli_str(o, "mark_sentence"));
    if (cli_true(o, "contested")) puts("  CONTESTED: it stands on one branch of a fork");
    cli_instrument_show(c, stdout, o, 2);
    if (*cli_str(o, "superseded_by"))
        printf("  superseded by %.12s\n", cli_str(o, "superseded_by"));
    if (json_is_object(rep))
        printf("  reported by %s, unsigned by %s (by %s, %s)\n", cli_text(o, "author"),
               cli_text(rep, "who"), cli_text(rep, "carrier"), cli_text(rep, "at"));
    if (*cli_str(env, "emergency"))
        printf("  released by one officer in an emergency: %s\n", cli_str(env, "emergency"));
    if (json_is_object(json_object_get(env, "demand"))) {
        puts("  an answer is demanded:");
        cli_body(stdout, json_object_get(env, "demand"), 4);
    }
    show_closed(o);
    cli_body(stdout, json_object_get(o, "body"), 2);
    show_place(c, o);
    puts("\n  Holders");
    json_array_foreach(json_object_get(o, "holders"), i, x) holder_line(x);
    if (json_array_size(json_object_get(o, "positions"))) puts("\n  Positions");
    json_array_foreach(json_object_get(o, "positions"), i, x) show_position(x);
}
/* in no log here yet: nobody is known to hold it, and there is nothing to be said of answers */
static void show_not_logged(struct cli *c, const json_t *o) {
    char kind[96];
    cli_exercise(c, stdout, o);
    cli_strong(c, stdout, cli_str(o, "state_sentence"));
    printf("\n%s  %.12s\n%s  %s by %s%s%s\n  %s\n  written ", cli_str(o, "channel_title"),
           cli_str(o, "channel"), cli_text(o, "precedence"), what(o, kind), cli_text(o, "author"),
           *cli_str(o, "title") ? ", " : "", cli_str(o, "title"), cli_str(o, "record"));
    cli_time(stdout, cli_str(o, "created"));
    if (*cli_str(o, "came")) fputs("\n  came here ", stdout);
    if (*cli_str(o, "came")) cli_time(stdout, cli_str(o, "came"));
    fputc('\n', stdout);
    if (cli_true(o, "closed")) {
        fputs("  CLOSED: for ", stdout);
        cli_list(stdout, json_object_get(o, "recipients"));
        fputc('\n', stdout);
    }
    if (!cli_true(o, "readable"))
        puts(strcmp(cli_str(o, "state"), "advance") == 0
                 ? "  its content is shown once its record is here"
                 : "  its content cannot be read here");
    cli_body(stdout, json_object_get(o, "body"), 2);
}
int cli_show(struct cli *c) {
    json_t *o = NULL;
    struct cli_path p;
    if (!cli_want_args(c, 1, 1) || cli_record_word(c, c->args[0]) != CLI_OK) return CLI_USAGE;
    cli_path(&p, "/v1/records/", c->args[0], "");
    int rc = cli_query_when(c, &p, "at");
    if (rc == CLI_OK) rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK && *cli_str(o, "state_sentence"))
        show_not_logged(c, o);
    else if (rc == CLI_OK)
        show_record(c, o);
    json_decref(o);
    return rc;
}

/* ---- status, doctor
 * -------------------------------------------------------------------------------------- */
static const char *in_bytes(json_int_t n, char buf[32]) {
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    size_t u = 0;
    double v = (double)n;
    for (; v >= 1000 && u < sizeof units / sizeof *units - 1; u++)
        v /= 1000;
    snprintf(buf, 32, u ? "%.1f %s" : "%.0f %s", v, units[u]);
    return buf;
}
static void status_peer(const json_t *p) {
    const char *link = cli_str(p, "link");
    printf("%s: ", cli_text(p, "handle"));
    if (strcmp(link, "never") == 0)
        fputs("never reached", stdout);
    else
        printf("line %s since %s", cli_text(p, "link"), cli_text(p, "link_since"));
    printf(", %s", cli_text(p, "known"));
    if (*cli_str(p, "last_outcome")) printf(" (%s)", cli_str(p, "last_outcome"));
    if (cli_int(p, "failures"))
        printf(", %lld tries failed in a row", (long long)cli_int(p, "failures"));
    fputc('\n', stdout);
}
static void status_host(const json_t *host) {
    const json_t *l = json_object_get(host, "link");
    char in[32], out[32];
    if (json_is_object(l)) {
        printf("traffic since the start: in %s, %lld requests; out %s, %lld requests\n",
               in_bytes(cli_int(l, "bytes_in"), in), (long long)cli_int(l, "requests_in"),
               in_bytes(cli_int(l, "bytes_out"), out), (long long)cli_int(l, "requests_out"));
        printf("connections now: %lld in, %lld out, listening on port %lld; turned away since the "
               "start: %lld connections, %lld handshakes\n",
               (long long)cli_int(l, "connections_in"), (long long)cli_int(l, "connections_out"),
               (long long)cli_int(l, "port"), (long long)cli_int(l, "refused"),
               (long long)cli_int(l, "handshakes_failed"));
    }
    if (cli_int(host, "exercise_clock_offset_ms"))
        printf("exercise clock: moved by %lld s\n",
               (long long)cli_int(host, "exercise_clock_offset_ms") / 1000);
}
/* a fork is told by the doctor, with whose it is */
static int status_forks(struct cli *c) {
    json_t *o = NULL, *x;
    size_t i, n = 0;
    int rc = cli_get_json(c, "/v1/doctor", &o);
    json_array_foreach(json_object_get(o, "problems"), i, x) {
        if (strcmp(cli_str(x, "code"), "fork") != 0) continue;
        printf("FORK: %s\n", cli_str(x, "sentence"));
        n++;
    }
    if (rc == CLI_OK && n == 0) puts("forks: none known here");
    json_decref(o);
    return rc;
}
static void status_closed(const json_t *o) {
    static const char *const words[][2] = {
        {"open", "open: closed records for us are opened by the daemon"},
        {"sealed", "SEALED: closed records for us wait unopened; `readback unlock`"},
        {"unlocked", "unlocked until the daemon ends"},
    };
    const char *key = cli_str(o, "age_key");
    size_t i;
    const json_t *x;
    for (i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], key) == 0) printf("age key: %s\n", words[i][1]);
    json_array_foreach(json_object_get(o, "channels"), i, x) {
        if (cli_int(x, "bodies_missing") == 0 && cli_int(x, "bodies_unopened") == 0) continue;
        printf("closed content in \"%s\": %lld not here yet, %lld here and not opened\n",
               cli_text(x, "title"), (long long)cli_int(x, "bodies_missing"),
               (long long)cli_int(x, "bodies_unopened"));
    }
}
int cli_status(struct cli *c) {
    json_t *o = NULL, *x;
    json_int_t waiting = 0;
    size_t i;
    if (!cli_want_args(c, 0, 0)) return CLI_USAGE;
    int rc = cli_get_json(c, "/v1/status", &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK) {
        cli_strong(c, stdout, cli_text(o, "handle"));
        fputs("  ", stdout);
        cli_time(stdout, cli_str(o, "now"));
        printf("\nfingerprint %s\n\n", cli_text(o, "fingerprint"));
        json_array_foreach(json_object_get(o, "channels"), i, x) printf(
            "%s%.12s \"%s\": %s, we %s; %lld records, our feed signed to %lld, %lld waiting%s%s\n",
            cli_true(x, "exercise") ? "EXERCISE " : "", cli_str(x, "channel"), cli_text(x, "title"),
            cli_text(x, "state"), cli_text(x, "own_state"), (long long)cli_int(x, "records"),
            (long long)cli_int(x, "signed_size"), (long long)cli_int(x, "outbox"),
            *cli_str(x, "waiting") ? ": " : "", cli_str(x, "waiting"));
        status_closed(o);
        json_array_foreach(json_object_get(o, "channels"), i, x) waiting += cli_int(x, "outbox");
        json_array_foreach(json_object_get(o, "peers"), i, x) status_peer(x);
        printf("records waiting: %lld\n", (long long)waiting);
        rc = status_forks(c);
        if (cli_int(o, "drafts"))
            printf("%lld drafts wait for a second officer\n", (long long)cli_int(o, "drafts"));
        status_host(json_object_get(o, "host"));
    }
    json_decref(o);
    return rc;
}
int cli_doctor(struct cli *c) {
    json_t *o = NULL, *x;
    size_t i;
    if (!cli_want_args(c, 0, 0)) return CLI_USAGE;
    int rc = cli_get_json(c, "/v1/doctor", &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK) {
        cli_strong(c, stdout, cli_str(o, "sentence"));
        fputc('\n', stdout);
        json_array_foreach(json_object_get(o, "problems"), i, x) {
            if (i > 0) printf("\n%s\n", cli_str(x, "sentence"));
            printf("  side: %s\n", cli_text(x, "side"));
            if (*cli_str(x, "hint")) printf("  to do: %s\n", cli_str(x, "hint"));
        }
    }
    json_decref(o);
    return rc;
}

/* ---- export
 * -------------------------------------------------------------------------------------------- */
int cli_export(struct cli *c) {
    char cwd[PATH_MAX], path[2 * PATH_MAX];
    struct stat st;
    json_t *o = NULL;
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    const char *dir = c->args[0];
    while (strncmp(dir, "./", 2) == 0 && dir[2])
        dir += 2;
    if (*dir != '/' && getcwd(cwd, sizeof cwd) == NULL)
        return cli_fail(c, NULL, "the present directory cannot be read");
    snprintf(path, sizeof path, "%s%s%s", *dir == '/' ? "" : cwd, *dir == '/' ? "" : "/", dir);
    if (lstat(path, &st) == 0)
        return cli_fail(c, NULL, "%s is there already; an export makes a new folder", path);
    json_t *in = json_object();
    if (cli_has(c, "channel"))
        json_object_set_new(in, "channel", json_string(cli_get(c, "channel")));
    int rc = cli_call(c, "POST", "/v1/export", in, &o);
    if (rc == CLI_OK) rc = cli_move_folder(c, cli_str(o, "directory"), path);
    if (rc == CLI_OK) json_object_set_new(o, "directory", json_string(path));
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK) {
        cli_exercise(c, stdout, o);
        printf("Written: %s\nCheck it without this node: readback-verify %s\n", path, path);
    }
    json_decref(in);
    json_decref(o);
    return rc;
}

/* ---- serve, version, help
 * --------------------------------------------------------------------------------- */
int cli_serve(struct cli *c) {
    char self[PATH_MAX], next[PATH_MAX + 16];
    char *argv[8 + 16] = {"readbackd", "--home", c->home};
    int n = 3;
    const char *v;
    if (!cli_want_args(c, 0, 0)) return CLI_USAGE;
    for (size_t i = 0; i < 8 && (v = cli_nth(c, "listen", i)) != NULL; i++) {
        argv[n++] = "--listen";
        argv[n++] = (char *)(uintptr_t)v;
    }
    if (cli_has(c, "log-json")) argv[n++] = "--log-json";
    argv[n] = NULL;
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len > 0) { /* the daemon beside this program goes before one on the path */
        self[len] = 0;
        char *slash = strrchr(self, '/');
        if (slash) *slash = 0;
        snprintf(next, sizeof next, "%s/readbackd", self);
        execv(next, argv);
    }
    execvp("readbackd", argv);
    return cli_fail(c, "Install it, or build it with ninja -C build.",
                    "the program readbackd is not found");
}
int cli_version(struct cli *c) {
    if (!cli_want_args(c, 0, 0)) return CLI_USAGE;
    if (!c->json)
        printf("readback %s\n", READBACK_VERSION);
    else
        printf("{\n  \"version\": \"%s\"\n}\n", READBACK_VERSION);
    return CLI_OK;
}

static void kind_help(const json_t *fields, int indent) {
    size_t i;
    const json_t *f;
    json_array_foreach(fields, i, f) {
        printf("%*s%s%s (%s%s)%s%s", indent, "", cli_str(f, "name"),
               cli_true(f, "required") ? "" : "?", cli_true(f, "list") ? "list of " : "",
               cli_str(f, "type"), *cli_str(f, "help") ? ": " : "", cli_str(f, "help"));
        if (json_object_get(f, "values") && indent < 6) {
            fputs(" [", stdout);
            cli_list(stdout, json_object_get(f, "values"));
            fputs("]", stdout);
        }
        fputc('\n', stdout);
        kind_help(json_object_get(f, "fields"), indent + 2);
    }
}
/* by the tables alone; a charter may close more */
static const char *kind_closed(const char *name) {
    static const struct rb_charter none;
    enum rb_kind kind;
    if (rb_kind_decode(rb_str(name), &kind) != RB_OK) return "";
    if (kind == RB_KIND_POSITION) return " (closed where what it answers is)";
    if (kind == RB_KIND_NOTICE) return " (site and movement: always closed)";
    if (rb_rules_must_close(&none, kind, -1)) return " (always closed)";
    return rb_kind_always_open(kind) ? " (always open)" : " (open, or closed by --recipients)";
}
static int help_kinds(struct cli *c) {
    json_t *o = rb_kinds_json(), *k;
    size_t i;
    if (c->json)
        cli_json(o);
    else {
        puts("The charter may close further kinds: `readback channel show`.\n");
        json_array_foreach(json_object_get(o, "kinds"), i, k) {
            if (!cli_true(k, "supported")) continue;
            printf("%s%s%s\n  answered by: ", cli_str(k, "kind"),
                   cli_true(k, "by_node") ? " (made by the node)" : "",
                   kind_closed(cli_str(k, "kind")));
            cli_list(stdout, json_object_get(k, "answers"));
            fputc('\n', stdout);
            kind_help(json_object_get(k, "fields"), 4);
        }
    }
    json_decref(o);
    return CLI_OK;
}
int cli_help_command(struct cli *c) {
    char name[128] = "";
    if (c->args_n == 0) {
        cli_help_all(stdout);
        return CLI_OK;
    }
    if (c->args_n == 1 && strcmp(c->args[0], "kinds") == 0) return help_kinds(c);
    snprintf(name, sizeof name, "%s%s%s", c->args[0], c->args_n > 1 ? " " : "",
             c->args_n > 1 ? c->args[1] : "");
    bool any = false;
    for (size_t i = 0; i < cli_commands_n; i++) {
        size_t n = strlen(name);
        bool group = strncmp(cli_commands[i].name, name, n) == 0 &&
                     (cli_commands[i].name[n] == 0 || cli_commands[i].name[n] == ' ');
        if (!group) continue;
        if (any) fputs("\n----\n\n", stdout);
        cli_help(&cli_commands[i], stdout);
        any = true;
    }
    if (any) return CLI_OK;
    return cli_usage(c,
                     "there is no help on \"%s\"; accepted are: kinds (the kinds of records, with "
                     "their fields), or a command that `readback help` lists",
                     name);
}
