/* Transcript and scorecard for people: EXERCISE on every page. */
#include "exercise.h"

#define PAGE_LINES 40u

void ex_print(struct play *p, const char *line) {
    if (!p->out) return;
    if (p->line_n % PAGE_LINES == 0) {
        if (p->page_n) (void)fprintf(p->out, "\n");
        (void)fprintf(p->out, "EXERCISE  %s  (%s, %s)  page %zu\n", p->ex->title, p->ex->id, p->stage->mode, ++p->page_n);
        p->line_n++;
        if (p->page_n == 1) {
            (void)fprintf(p->out, "EXERCISE  invented in every word that is not marked report or sourced; seed=%llu\n",
                          (unsigned long long)p->seed);
            p->line_n++;
        }
    }
    (void)fprintf(p->out, "%s\n", line);
    p->line_n++;
}

static const char *times(int64_t utc_ms, char *buf, size_t n, char *dtg, size_t dtg_n) {
    struct rb_writer w = rb_writer(buf, n), d = rb_writer(dtg, dtg_n);
    rb_put_rfc3339(&w, utc_ms / 1000 * 1000);
    rb_put_dtg(&d, utc_ms);
    (void)rb_writer_z(&d);
    return rb_writer_z(&w);
}

void ex_tell(struct play *p, const char *by, const char *text, const json_t *step) {
    char utc[40], dtg[24], line[1024], from[96] = "";
    const char *origin = ex_string(step, "origin"), *source = ex_string(step, "source");
    (void)times(p->stage->now_utc_ms(p->stage->ctx), utc, sizeof utc, dtg, sizeof dtg);
    json_array_append_new(p->transcript,
                          json_pack("{s:s,s:s,s:s?,s:s,s:s?,s:s?}", "at", utc, "dtg", dtg, "by", by, "text", text, "origin",
                                    origin, "source", source));
    if (origin) (void)snprintf(from, sizeof from, "  [%s%s%.60s]", origin, source ? ": " : "", source ? source : "");
    (void)snprintf(line, sizeof line, "%s %s  %-20s %s%s", dtg, utc, by ? by : "-", text, from);
    ex_print(p, line);
}

static void number(const json_t *v, char buf[32]) {
    if (json_is_number(v))
        (void)snprintf(buf, 32, "%.10g", json_number_value(v));
    else
        (void)snprintf(buf, 32, "-");
}

/* "3: 0 / 2" number, median, worst */
static const char *cell(const json_t *o, char buf[96]) {
    char m[32], w[32];
    number(json_object_get(o, "median"), m);
    number(json_object_get(o, "worst"), w);
    (void)snprintf(buf, 96, "%lld: %s / %s", (long long)json_integer_value(json_object_get(o, "n")), m, w);
    return buf;
}

static void score_line(struct play *p, const char *what, const char *by, const json_t *o) {
    char line[512], h[96], r[96], a[96];
    json_t *w = json_object_get(o, "warnings");
    (void)snprintf(line, sizeof line, "%-28.28s %-20.20s %-16s %-20s %-20s %6lld %8lld", what, by,
                   cell(json_object_get(o, "held"), h), cell(json_object_get(o, "read"), r),
                   cell(json_object_get(o, "answered"), a), (long long)json_integer_value(json_object_get(o, "missed")),
                   (long long)(json_is_array(w) ? (json_int_t)json_array_size(w) : json_integer_value(w)));
    ex_print(p, line);
}

void ex_print_score(struct play *p) {
    size_t i;
    json_t *r;
    char line[256];
    ex_print(p, "");
    ex_print(p, "SCORECARD  seconds as number: median / worst, by the holders' own clocks; held by a node is not read by an officer");
    (void)snprintf(line, sizeof line, "%-28s %-20s %-16s %-20s %-20s %6s %8s", "record", "by", "held", "read", "answered",
                   "missed", "warnings");
    ex_print(p, line);
    json_array_foreach(json_object_get(p->score, "records"), i, r) {
        const char *as = ex_string(r, "as");
        char what[64];
        (void)snprintf(what, sizeof what, "%.12s %.32s", ex_string(r, "kind"), as ? as : "");
        score_line(p, what, ex_string(r, "by"), r);
    }
    score_line(p, "all", "", json_object_get(p->score, "totals"));
}

json_t *ex_report(const struct play *p) {
    char start[40], end[40], dtg[24];
    (void)times(p->ex->start_utc_ms, start, sizeof start, dtg, sizeof dtg);
    (void)times(p->stage->now_utc_ms(p->stage->ctx), end, sizeof end, dtg, sizeof dtg);
    return json_pack("{s:b,s:s,s:s,s:s,s:I,s:s,s:s,s:O,s:O?,s:O,s:s?,s:s?}", "exercise", 1, "id", p->ex->id, "title",
                     p->ex->title, "mode", p->stage->mode, "seed", (json_int_t)p->seed, "start", start, "end", end,
                     "transcript", p->transcript, "scorecard", p->score, "expectations", p->expectations, "failed",
                     p->failed[0] ? p->failed : NULL, "why", p->failed[0] ? p->why : NULL);
}
