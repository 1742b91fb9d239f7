/* The scorecard (spec 9.10): from each author's own node, by the holders' clocks as the receipts state them. */
#include "exercise.h"
#include <stdlib.h>

struct times {
    double s[EX_MAX_PARTIES * 64u];
    size_t n;
};
struct total {
    struct times held, read, answered;
    json_int_t missed, warnings, records;
};

static int cmp(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void add(struct times *t, double s) {
    if (t->n < sizeof t->s / sizeof *t->s) t->s[t->n++] = s;
}

static void add_all(struct times *t, const struct times *more) {
    for (size_t i = 0; i < more->n; i++) add(t, more->s[i]);
}

/* thousandths are enough and print alike everywhere */
static json_t *seconds(double s) {
    int64_t ms = (int64_t)(s * 1000 + (s < 0 ? -0.5 : 0.5));
    return ms % 1000 == 0 ? json_integer(ms / 1000) : json_real((double)ms / 1000);
}

static json_t *summary(struct times *t) {
    qsort(t->s, t->n, sizeof *t->s, cmp);
    if (!t->n) return json_pack("{s:i,s:n,s:n}", "n", 0, "median", "worst");
    return json_pack("{s:i,s:o,s:o}", "n", (int)t->n, "median", seconds(t->s[(t->n - 1) / 2]), "worst",
                     seconds(t->s[t->n - 1]));
}

/* ms of an RFC 3339 member; false if absent or null */
static bool time_of(const json_t *o, const char *key, int64_t *ms) {
    const char *z = ex_string(o, key);
    return z && rb_rfc3339_decode(rb_str(z), ms) == RB_OK;
}

/* T has whole seconds: held within the second of creation counts as at once */
static void holders(const json_t *record, int64_t created, struct times *held, struct times *read, json_int_t *missed,
                    json_t *recipients) {
    const int64_t second = created / 1000 * 1000;
    size_t i;
    json_t *h;
    int64_t t;
    json_array_foreach(json_object_get(record, "holders"), i, h) {
        if (json_is_true(json_object_get(h, "author")) || !json_is_true(json_object_get(h, "reader"))) continue;
        json_array_append(recipients, json_object_get(h, "member"));
        if (time_of(h, "held_since", &t)) add(held, t > created ? (double)(t - second) / 1000 : 0);
        if (time_of(h, "read", &t)) add(read, (double)(t - created) / 1000);
        if (json_is_true(json_object_get(h, "overdue"))) ++*missed;
    }
}

static bool is_answer(const json_t *position) {
    const char *type = ex_string(position, "position");
    return type && strcmp(type, "read") != 0 && strcmp(type, "passed-down") != 0 && strcmp(type, "withdraw") != 0 &&
           strcmp(type, "correct") != 0;
}

/* the first answer of each member */
static void answers(const json_t *record, int64_t created, struct times *answered) {
    size_t i;
    json_t *a, *seen = json_object();
    int64_t t;
    json_array_foreach(json_object_get(record, "positions"), i, a) {
        const char *who = ex_string(a, "member");
        if (!who || !is_answer(a) || json_object_get(seen, who) || !time_of(a, "created", &t)) continue;
        json_object_set_new(seen, who, json_true());
        add(answered, (double)(t - created) / 1000);
    }
    json_decref(seen);
}

static json_t *codes(const json_t *warnings, json_int_t *n) {
    json_t *out = json_array(), *w;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)warnings, i, w) {
        json_array_append(out, json_object_get(w, "code"));
        ++*n;
    }
    return out;
}

static json_t *record_json(const json_t *entry, const json_t *record, struct total *all) {
    static struct times held, read, answered; /* large */
    json_t *recipients = json_array();
    json_int_t missed = 0;
    int64_t created = 0;
    held.n = read.n = answered.n = 0;
    if (time_of(record, "created", &created)) {
        holders(record, created, &held, &read, &missed, recipients);
        answers(record, created, &answered);
    }
    add_all(&all->held, &held);
    add_all(&all->read, &read);
    add_all(&all->answered, &answered);
    all->missed += missed;
    all->records++;
    json_t *o = json_object();
    static const char *const copied[] = {"as", "record", "by", "channel"};
    for (size_t i = 0; i < 4; i++) json_object_set(o, copied[i], json_object_get(entry, copied[i]));
    json_object_set(o, "kind", json_object_get(json_object_get(entry, "draft"), "kind"));
    json_object_set(o, "precedence", json_object_get(record, "precedence"));
    json_object_set(o, "created", json_object_get(record, "created"));
    json_object_set_new(o, "recipients", recipients);
    json_object_set_new(o, "held", summary(&held));
    json_object_set_new(o, "read", summary(&read));
    json_object_set_new(o, "answered", summary(&answered));
    json_object_set_new(o, "missed", json_integer(missed));
    json_object_set_new(o, "warnings", codes(json_object_get(entry, "warnings"), &all->warnings));
    return o;
}

json_t *ex_score(struct play *p) {
    struct total *all = calloc(1, sizeof *all);
    json_t *records = json_array(), *entry, *record;
    size_t i;
    if (!all) abort();
    json_array_foreach(p->records, i, entry) {
        char path[96];
        struct rb_client c = p->stage->client(p->stage->ctx, (size_t)ex_party_index(p->ex, ex_string(entry, "by")));
        (void)snprintf(path, sizeof path, "/v1/records/%s", ex_string(entry, "record"));
        record = NULL;
        (void)c.call(c.ctx, "GET", path, NULL, &record);
        json_array_append_new(records, record_json(entry, record, all));
        json_decref(record);
    }
    json_t *totals = json_pack("{s:I,s:o,s:o,s:o,s:I,s:I}", "records", all->records, "held", summary(&all->held), "read",
                               summary(&all->read), "answered", summary(&all->answered), "missed", all->missed, "warnings",
                               all->warnings);
    free(all);
    return json_pack("{s:o,s:o,s:O,s:O,s:O,s:O}", "records", records, "totals", totals, "checks", p->checks, "imports", p->imports,
                     "exports", p->exports, "disclosures", p->disclosures);
}
