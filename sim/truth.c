/* The truth rule (spec 9.8): what a named party is made to say must stand in a public account. */
#include "exercise.h"
#include <stdarg.h>

struct judge {
    const struct exercise *ex;
    char *why;
    size_t why_n;
};

__attribute__((format(printf, 2, 3))) static bool broken(struct judge *j, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(j->why, j->why_n, fmt, ap);
    va_end(ap);
    return false;
}

static bool invented(const struct exercise *ex, const char *handle) {
    int i = ex_party_index(ex, handle);
    return i >= 0 && json_is_true(json_object_get(ex_party(ex, (size_t)i), "invented"));
}

static bool judge_channels(struct judge *j) {
    const char *name;
    json_t *c, *m;
    size_t i;
    json_object_foreach(json_object_get(j->ex->root, "channels"), name, c) {
        size_t n = 0, ours = 0;
        json_array_foreach(json_object_get(json_object_get(c, "charter"), "members"), i, m) {
            n++;
            ours += invented(j->ex, ex_string(m, "handle"));
        }
        if (ours != 0 && ours != n)
            return broken(j, "channels.%s: named and invented parties may not share a channel (9.8.4)", name);
    }
    return true;
}

static bool is(const char *a, const char *b) { return a && strcmp(a, b) == 0; }

static bool device_may(const char *verb) {
    static const char *const may[] = {"accredit", "found", "accept", "stop", "start", "crash", "copy", "restore", "cut", "heal", "say"};
    for (size_t i = 0; i < sizeof may / sizeof *may; i++)
        if (is(verb, may[i])) return true;
    return false;
}

static bool source_known(const struct exercise *ex, const char *id) {
    size_t i;
    json_t *a;
    json_array_foreach(json_object_get(ex->root, "account"), i, a)
        if (is(ex_string(a, "id"), id)) return true;
    return false;
}

static bool judge_step(struct judge *j, size_t i, const json_t *s) {
    const char *verb = ex_string(s, "do"), *origin = ex_string(s, "origin"), *by = ex_string(s, "by");
    if (is(verb, "expect")) return true;
    bool account = is(origin, "report") || is(origin, "sourced");
    if (!account && !is(origin, "illustrative") && !is(origin, "device"))
        return broken(j, "steps[%zu].origin: report, sourced, illustrative or device is wanted (9.8.1)", i);
    if (account && (!ex_string(s, "account") || !source_known(j->ex, ex_string(s, "source"))))
        return broken(j, "steps[%zu]: origin %s needs \"account\" and a \"source\" that the file lists (9.8.1)", i, origin);
    if (is(origin, "device") && !device_may(verb))
        return broken(j, "steps[%zu]: nobody says anything by device (9.8.3)", i);
    if (by && invented(j->ex, by) && account)
        return broken(j, "steps[%zu]: %s is invented; no account reports it (9.8.2)", i, by);
    if (by && !invented(j->ex, by) && is(origin, "illustrative"))
        return broken(j, "steps[%zu]: %s exists; each step of it names the account it comes from (9.8.2)", i, by);
    return true;
}

bool ex_truth(const struct exercise *ex, char *why, size_t why_n) {
    struct judge j = {ex, why, why_n};
    size_t i;
    json_t *s;
    if (!judge_channels(&j)) return false;
    json_array_foreach(json_object_get(ex->root, "steps"), i, s)
        if (!judge_step(&j, i, s)) return false;
    return true;
}
