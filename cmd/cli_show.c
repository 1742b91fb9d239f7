/* What people see: tables, times with their date-time group, the exercise banner, errors that say
 * what to do next. Colour only on a terminal, and never alone. */
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include "cli.h"
#include "readback/text.h"
#include "shell/api/json_body.h"

void cli_strong(const struct cli *c, FILE *out, const char *text) {
    bool color = out == stderr ? c->color_err : c->color;
    fprintf(out, color ? "\033[1m%s\033[0m" : "%s", text);
}
void cli_exercise(const struct cli *c, FILE *out, const json_t *o) {
    bool color = out == stderr ? c->color_err : c->color;
    if (!cli_true(o, "exercise")) return;
    fputs(color ? "\033[1;7m EXERCISE  EXERCISE  EXERCISE \033[0m\n"
                : "EXERCISE EXERCISE EXERCISE\n",
          out);
}

const char *cli_str(const json_t *o, const char *key) {
    const char *z = json_string_value(json_object_get(o, key));
    return z ? z : "";
}
const char *cli_text(const json_t *o, const char *key) {
    const char *z = cli_str(o, key);
    return *z ? z : "-";
}
json_int_t cli_int(const json_t *o, const char *key) {
    return json_integer_value(json_object_get(o, key));
}
bool cli_true(const json_t *o, const char *key) {
    return json_is_true(json_object_get(o, key));
}
void cli_short(char out[13], const json_t *o, const char *key) {
    snprintf(out, 13, "%.12s", cli_text(o, key));
}

/* "; here 2027-01-01 16:00 +03:00"; "" where this machine keeps UTC */
static void local_time(int64_t utc_ms, char out[48]) {
    const time_t at = (time_t)(utc_ms / 1000);
    struct tm t;
    char day[24], zone[8];
    *out = 0;
    if (localtime_r(&at, &t) == NULL || t.tm_gmtoff == 0) return;
    if (strftime(day, sizeof day, "%Y-%m-%d %H:%M", &t) == 0) return;
    if (strftime(zone, sizeof zone, "%z", &t) != 5) return;
    snprintf(out, 48, "; here %s %.3s:%s", day, zone, zone + 3);
}
void cli_time(FILE *out, const char *rfc3339) {
    int64_t ms = 0;
    char buf[40];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    if (rfc3339 == NULL || rb_rfc3339_decode(rb_str(rfc3339), &ms) != RB_OK) {
        fputs(rfc3339 && *rfc3339 ? rfc3339 : "-", out);
        return;
    }
    rb_put_dtg(&w, ms);
    char here[48];
    local_time(ms, here);
    fprintf(out, "%s (%s%s)", rfc3339, rb_writer_z(&w), here);
}
void cli_joined(char *buf, size_t cap, const json_t *list) {
    size_t i, n = 0;
    const json_t *s;
    buf[0] = 0;
    json_array_foreach(list, i, s) {
        int k = snprintf(buf + n, cap - n, "%s%s", i ? "," : "",
                         json_is_string(s) ? json_string_value(s) : "?");
        if (k < 0 || (size_t)k >= cap - n) return;
        n += (size_t)k;
    }
    if (n == 0) snprintf(buf, cap, "-");
}
void cli_clip(char *buf, size_t cap, const char *text) {
    snprintf(buf, cap, "%s", text);
    buf[strcspn(buf, "\n")] = 0;
    size_t n = strlen(buf);
    while (n > 0 && !rb_utf8_ok(rb_slice(buf, n)))
        buf[--n] = 0;
}
void cli_list(FILE *out, const json_t *strings) {
    size_t i;
    const json_t *s;
    if (json_array_size(strings) == 0) fputs("-", out);
    json_array_foreach(strings, i, s)
        fprintf(out, "%s%s", i ? ", " : "", json_string_value(s) ? json_string_value(s) : "?");
}

/* ---- a body, field by field
 * ------------------------------------------------------------------------ */
/* small objects of plain values go on one line: "lat 35.5, lon 36.1, radius 5000 m" */
static bool one_line(const json_t *v) {
    const char *k;
    json_t *x;
    if (json_object_size(v) == 0 || json_object_size(v) > 4) return false;
    json_object_foreach((json_t *)(uintptr_t)v, k, x) {
        if (json_is_object(x) || json_is_array(x) || json_string_length(x) > 40) return false;
    }
    return true;
}
static void plain(FILE *out, const json_t *v) {
    if (json_is_string(v))
        fputs(json_string_value(v), out);
    else if (json_is_integer(v))
        fprintf(out, "%lld", (long long)json_integer_value(v));
    else if (json_is_real(v))
        fprintf(out, "%.12g", json_real_value(v));
    else
        fputs(json_is_true(v) ? "yes" : json_is_false(v) ? "no" : "-", out);
}
static void line_of(FILE *out, const json_t *v) {
    const char *k, *sep = "";
    json_t *x;
    json_object_foreach((json_t *)(uintptr_t)v, k, x) {
        fprintf(out, "%s%s ", sep, k);
        plain(out, x);
        if (json_is_number(x) && strcmp(k, "radius") == 0) fputs(" m", out);
        sep = ", ";
    }
    fputc('\n', out);
}

/* handles and hashes go on one line, sentences do not */
static bool words_only(const json_t *list) {
    size_t i;
    const json_t *s;
    json_array_foreach(list, i, s) {
        if (!json_is_string(s) || strpbrk(json_string_value(s), " \n")) return false;
    }
    return true;
}
/* "900 m amsl"; a flight level has no unit: "FL100" */
static bool height(FILE *out, const json_t *v) {
    const json_t *h = json_object_get(v, "height");
    const char *datum = json_string_value(json_object_get(v, "datum"));
    if (!json_is_number(h) || datum == NULL || json_object_size(v) != 2) return false;
    if (strcmp(datum, "fl") == 0)
        fprintf(out, "FL%03.12g\n", json_number_value(h));
    else
        fprintf(out, "%.12g m %s\n", json_number_value(h), datum);
    return true;
}
/* a time with its length is shown with its end */
static bool period(FILE *out, const json_t *v) {
    const char *from = json_string_value(json_object_get(v, "from"));
    const json_t *length = json_object_get(v, "length");
    int64_t a = 0, ms = 0;
    char buf[40];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    if (from == NULL || rb_rfc3339_decode(rb_str(from), &a) != RB_OK) return false;
    if (json_object_size(v) != (length ? 2 : 1)) return false;
    if (length && rb_json_span(length, &ms) != RB_OK) return false;
    fputs("from ", out);
    cli_time(out, from);
    if (length) {
        rb_put_rfc3339(&w, a + ms);
        fputs(" to ", out);
        cli_time(out, rb_writer_z(&w));
        json_is_string(length) ? fprintf(out, ", %s\n", json_string_value(length))
                               : fputc('\n', out);
    } else {
        fputs(", no end: open-ended\n", out);
    }
    return true;
}
static void value(FILE *out, const json_t *v, int indent) {
    size_t i;
    const json_t *x;
    switch (json_typeof(v)) {
    case JSON_STRING:
        for (const char *z = json_string_value(v); *z; z++) {
            fputc(*z, out);
            if (*z == '\n') fprintf(out, "%*s", indent, "");
        }
        fputc('\n', out);
        break;
    case JSON_INTEGER:
    case JSON_REAL:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        plain(out, v);
        fputc('\n', out);
        break;
    case JSON_OBJECT:
        if (height(out, v) || period(out, v)) break;
        if (one_line(v)) {
            line_of(out, v);
            break;
        }
        fputc('\n', out);
        cli_body(out, v, indent + 2);
        break;
    case JSON_ARRAY:
        if (words_only(v)) {
            cli_list(out, v);
            fputc('\n', out);
            break;
        }
        fputc('\n', out);
        json_array_foreach(v, i, x) {
            fprintf(out, "%*s%zu. ", indent + 2, "", i + 1);
            value(out, x, indent + 5);
        }
        break;
    }
}
static bool is_time(const char *field) {
    static const char *const names[] = {"until", "surveyed", "review_by", "by", "at"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(field, names[i]) == 0) return true;
    return false;
}
void cli_body(FILE *out, const json_t *body, int indent) {
    const char *k;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)body, k, v) {
        char name[64];
        snprintf(name, sizeof name, "%s", k);
        for (char *z = name; *z; z++)
            if (*z == '_') *z = ' ';
        if (strcmp(k, "card") == 0 || strcmp(k, "signed") == 0) { /* bytes; --json has them */
            fprintf(out, "%*s%s: %zu characters of base64\n", indent, "", name,
                    json_string_length(v));
            continue;
        }
        if (strcmp(k, "volumes") == 0 && json_is_array(v)) {
            fprintf(out, "%*swhere and when:\n", indent, "");
            cli_show_volumes(out, v, indent + 2);
            continue;
        }
        fprintf(out, "%*s%s: ", indent, "", name);
        if (is_time(k) && json_is_string(v)) {
            cli_time(out, json_string_value(v));
            fputc('\n', out);
            continue;
        }
        value(out, v, indent + 2);
    }
}

/* ---- tables
 * -------------------------------------------------------------------------------------- */
void cli_table_row(struct cli_table *t, size_t cols, ...) {
    va_list ap;
    if (t->cols == 0) t->cols = cols;
    if (t->rows == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 16;
        char **more = realloc(t->cell, t->cap * t->cols * sizeof *more);
        if (more == NULL) abort(); /* nothing sensible is left to print with */
        t->cell = more;
    }
    va_start(ap, cols);
    for (size_t i = 0; i < t->cols; i++) {
        const char *z = i < cols ? va_arg(ap, const char *) : "";
        t->cell[t->rows * t->cols + i] = strdup(z ? z : "");
    }
    va_end(ap);
    t->rows++;
}
/* characters, not bytes: names come in many scripts */
static size_t width(const char *z) {
    size_t n = 0;
    for (; *z; z++)
        n += ((unsigned char)*z & 0xc0) != 0x80;
    return n;
}
void cli_table_print(struct cli_table *t, FILE *out) {
    size_t *wide = calloc(t->cols ? t->cols : 1, sizeof *wide);
    for (size_t i = 0; wide && i < t->rows * t->cols; i++) {
        size_t n = width(t->cell[i]);
        if (n > wide[i % t->cols]) wide[i % t->cols] = n;
    }
    for (size_t r = 0; wide && r < t->rows; r++) {
        for (size_t i = 0; i < t->cols; i++) {
            const char *z = t->cell[r * t->cols + i];
            fputs(z, out);
            if (i + 1 < t->cols) fprintf(out, "%*s", (int)(wide[i] - width(z) + 2), "");
        }
        fputc('\n', out);
    }
    for (size_t i = 0; i < t->rows * t->cols; i++)
        free(t->cell[i]);
    free(t->cell);
    free(wide);
    *t = (struct cli_table){0};
}

void cli_json(const json_t *o) {
    json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    fputc('\n', stdout);
}

/* ---- errors
 * -------------------------------------------------------------------------------------- */
int cli_fail(const struct cli *c, const char *hint, const char *fmt, ...) {
    va_list ap;
    (void)c;
    va_start(ap, fmt);
    fputs("readback: ", stderr);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    if (hint && *hint) fprintf(stderr, "  %s\n", hint);
    return CLI_FAILED;
}
static void hint_draft(const struct cli *c, const json_t *e) {
    static const char *const refs[] = {"about", "supersedes", "carries", "answers", "same_as"};
    for (size_t i = 0; i < sizeof refs / sizeof *refs; i++)
        if (strcmp(cli_str(e, "field"), refs[i]) == 0) {
            fputs("  `readback log` shows the records here, with their first digits\n", stderr);
            return;
        }
    if (c->command) fprintf(stderr, "  readback %s --help shows how\n", c->command->name);
}
int cli_refused(const struct cli *c, int status, const json_t *answer) {
    const json_t *e = json_object_get(answer, "error"), *w;
    size_t i;
    if (c->json && answer) cli_json(answer);
    if (e == NULL)
        return cli_fail(c, NULL, "the daemon answered with status %d and no reason", status);
    fprintf(stderr, "readback: %s", cli_str(e, "sentence"));
    if (*cli_str(e, "field")) fprintf(stderr, " [%s]", cli_str(e, "field"));
    if (*cli_str(e, "clause") && cli_int(e, "offset") > 0)
        fprintf(stderr, " (%s, clause %s, offset %lld)", cli_str(e, "code"), cli_str(e, "clause"),
                (long long)cli_int(e, "offset"));
    else if (*cli_str(e, "clause"))
        fprintf(stderr, " (%s, clause %s)", cli_str(e, "code"), cli_str(e, "clause"));
    fputc('\n', stderr);
    json_array_foreach(json_object_get(answer, "warnings"), i, w)
        fprintf(stderr, "  warning: %s\n", cli_str(w, "sentence"));
    const char *again = *cli_str(e, "again") ? cli_str(e, "again") : cli_str(answer, "again");
    if (*again) {
        fputs("  it may be asked again from ", stderr);
        cli_time(stderr, again);
        fputc('\n', stderr);
    }
    bool table = strcmp(cli_str(e, "mark"), "not-in-table") == 0 && *c->instead;
    if (table)
        fprintf(stderr, "  these may answer it: %s\n", c->instead);
    else if (strcmp(cli_str(e, "code"), "disclosure") == 0)
        fputs("  leave --paragraph out: what the charter allows is written then; `readback channel "
              "show` has its clauses (policies: disclosure)\n",
              stderr);
    else if (strncmp(cli_str(e, "hint"), "level fact", 10) == 0)
        fputs("  --fact shows that it exists, of whom, when and to whom\n", stderr);
    else if (strncmp(cli_str(e, "hint"), "level hash", 10) == 0)
        fputs("  --hash shows that a record with this hash stands in the log\n", stderr);
    else if (strcmp(cli_str(e, "code"), "probing") == 0)
        fputs("  a notice can be released all the same (--despite); if it touches a place, our "
              "node logs that\n",
              stderr);
    else if (strcmp(cli_str(e, "hint"), "spec/openapi.yaml has the form of a draft") == 0)
        hint_draft(c, e); /* that is for programs */
    else if (*cli_str(e, "hint"))
        fprintf(stderr, "  %s\n", cli_str(e, "hint"));
    if (strcmp(cli_str(e, "code"), "usage") == 0) return CLI_USAGE;
    return strcmp(cli_str(e, "code"), "warnings") == 0 ? CLI_CONFIRM : CLI_FAILED;
}
