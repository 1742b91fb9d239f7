/* Variables, times and paths of an exercise (spec 9.6, 9.7), and the operators of expectations. */
#include "exercise.h"
#include <stdlib.h>

/* ---- variables -------------------------------------------------------------------------------------- */
struct text { /* grows */
    char *p;
    size_t n, cap;
};

static void add(struct text *t, const char *p, size_t n) {
    if (t->n + n + 1 > t->cap) {
        size_t cap = (t->n + n + 1) * 2;
        char *q = realloc(t->p, cap);
        if (!q) abort();
        t->p = q;
        t->cap = cap;
    }
    memcpy(t->p + t->n, p, n);
    t->n += n;
    t->p[t->n] = 0;
}

static size_t name_length(const char *z) { return strspn(z, "abcdefghijklmnopqrstuvwxyz0123456789-"); }

/* after '$'; returns how much was used, 0 if it does not read */
static size_t variable(struct text *t, const json_t *vars, const char *z, char *why, size_t why_n) {
    if (*z == '$') {
        add(t, "$", 1);
        return 1;
    }
    bool braces = *z == '{';
    char name[64];
    size_t n = name_length(z + braces);
    if (n == 0 || n >= sizeof name || (braces && z[1 + n] != '}')) {
        (void)snprintf(why, why_n, "a variable's name is wanted after $");
        return 0;
    }
    memcpy(name, z + braces, n);
    name[n] = 0;
    const char *value = ex_string(vars, name);
    if (!value) {
        (void)snprintf(why, why_n, "the variable $%s is not set before this", name);
        return 0;
    }
    add(t, value, strlen(value));
    return n + (braces ? 2u : 0u);
}

static json_t *fill_time(const struct exercise *ex, const char *z) {
    int64_t ms;
    char buf[40];
    if (z[0] != '@' || !ex_span(z + 1, &ms)) return NULL;
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_rfc3339(&w, ex->start_utc_ms + ms);
    return json_string(rb_writer_z(&w));
}

static json_t *fill_string(const struct exercise *ex, const json_t *vars, const char *z, char *why, size_t why_n) {
    json_t *time = fill_time(ex, z);
    if (time) return time;
    struct text t = {0};
    add(&t, "", 0);
    while (*z) {
        size_t plain = strcspn(z, "$");
        add(&t, z, plain);
        z += plain;
        if (!*z) break;
        size_t used = variable(&t, vars, z + 1, why, why_n);
        if (!used) {
            free(t.p);
            return NULL;
        }
        z += 1 + used;
    }
    json_t *out = json_string(t.p);
    free(t.p);
    return out;
}

json_t *ex_fill(const struct exercise *ex, const json_t *vars, const json_t *in, char *why, size_t why_n) {
    const char *key;
    json_t *v, *filled;
    size_t i;
    if (json_is_string(in)) return fill_string(ex, vars, json_string_value(in), why, why_n);
    if (json_is_object(in)) {
        json_t *out = json_object();
        json_object_foreach((json_t *)(uintptr_t)in, key, v) {
            filled = ex_fill(ex, vars, v, why, why_n);
            if (!filled) {
                json_decref(out);
                return NULL;
            }
            json_object_set_new(out, key, filled);
        }
        return out;
    }
    if (json_is_array(in)) {
        json_t *out = json_array();
        json_array_foreach((json_t *)(uintptr_t)in, i, v) {
            filled = ex_fill(ex, vars, v, why, why_n);
            if (!filled) {
                json_decref(out);
                return NULL;
            }
            json_array_append_new(out, filled);
        }
        return out;
    }
    return json_deep_copy(in);
}

/* ---- paths ------------------------------------------------------------------------------------------- */
static json_t *by_name(const json_t *in, const char *name) {
    json_t *out = json_array(), *v, *m;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)in, i, v) {
        m = json_object_get(v, name);
        if (m) json_array_append(out, m);
    }
    return out;
}

static bool text_equals(const json_t *v, const char *value) {
    if (json_is_string(v)) return strcmp(json_string_value(v), value) == 0;
    char *z = v ? json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    bool same = z && strcmp(z, value) == 0;
    free(z);
    return same;
}

/* lists are opened, so that several conditions may follow one another */
static json_t *elements(const json_t *in) {
    json_t *out = json_array(), *v;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)in, i, v) {
        if (json_is_array(v))
            json_array_extend(out, v);
        else
            json_array_append(out, v);
    }
    return out;
}

static json_t *by_condition(const json_t *in, const char *name, const char *value) {
    json_t *all = elements(in), *out = json_array(), *v;
    size_t i;
    json_array_foreach(all, i, v)
        if (text_equals(json_object_get(v, name), value)) json_array_append(out, v);
    json_decref(all);
    return out;
}

static json_t *by_index(const json_t *in, long at) {
    json_t *out = json_array(), *v;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)in, i, v) {
        long n = (long)json_array_size(v), k = at < 0 ? n + at : at;
        if (k >= 0 && k < n) json_array_append(out, json_array_get(v, (size_t)k));
    }
    return out;
}

/* the inside of [...] */
static json_t *by_bracket(const json_t *in, char *inside) {
    size_t n = strlen(inside);
    char *end;
    if (strcmp(inside, "*") == 0) return elements(in);
    if (n >= 2 && inside[0] == '"' && inside[n - 1] == '"') {
        inside[n - 1] = 0;
        return by_name(in, inside + 1);
    }
    char *eq = strchr(inside, '=');
    if (eq && eq != inside) {
        *eq = 0;
        return by_condition(in, inside, eq + 1);
    }
    long at = strtol(inside, &end, 10);
    return n && !*end ? by_index(in, at) : NULL;
}

/* one part of the path; *z moves behind it */
static json_t *part(const json_t *in, const char **z) {
    char buf[256];
    bool bracket = **z == '[';
    const char *from = *z + bracket;
    size_t n = bracket ? strcspn(from, "]") : strcspn(from, ".[");
    if (n == 0 || n >= sizeof buf || (bracket && from[n] != ']')) return NULL;
    memcpy(buf, from, n);
    buf[n] = 0;
    *z = from + n + bracket;
    return bracket ? by_bracket(in, buf) : by_name(in, buf);
}

json_t *ex_find(const json_t *in, const char *path) {
    json_t *at = json_array();
    json_array_append(at, (json_t *)(uintptr_t)in);
    while (at && *path) {
        json_t *next = part(at, &path);
        json_decref(at);
        at = next;
        if (at && *path == '.') {
            path++;
            if (!*path || *path == '.') {
                json_decref(at);
                return NULL;
            }
        }
    }
    return at;
}

/* ---- operators ----------------------------------------------------------------------------------------- */
static const char *const operators[] = {"equals", "contains", "at-least", "at-most", "count", "count-at-least",
                                        "absent", "status"};

const char *ex_operator(const json_t *e) {
    const char *found = NULL;
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (!json_object_get(e, operators[i])) continue;
        if (found) return NULL;
        found = operators[i];
    }
    return found;
}

static bool all(const json_t *found, const json_t *want, bool (*test)(const json_t *, const json_t *)) {
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)(uintptr_t)found, i, v)
        if (!test(v, want)) return false;
    return json_array_size(found) > 0;
}

static bool any(const json_t *found, const json_t *want, bool (*test)(const json_t *, const json_t *)) {
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)(uintptr_t)found, i, v)
        if (test(v, want)) return true;
    return false;
}

static bool equals(const json_t *v, const json_t *want) { return json_equal(v, want) == 1; }
static bool at_least(const json_t *v, const json_t *want) {
    return json_is_number(v) && json_number_value(v) >= json_number_value(want);
}
static bool at_most(const json_t *v, const json_t *want) {
    return json_is_number(v) && json_number_value(v) <= json_number_value(want);
}
static bool contains(const json_t *v, const json_t *want) {
    size_t i;
    json_t *e;
    if (json_is_string(v)) return json_is_string(want) && strstr(json_string_value(v), json_string_value(want));
    json_array_foreach((json_t *)(uintptr_t)v, i, e)
        if (json_equal(e, want) == 1) return true;
    return false;
}
static bool is_null(const json_t *v, const json_t *want) {
    (void)want;
    return json_is_null(v);
}

bool ex_holds(const json_t *e, const json_t *found) {
    const char *op = ex_operator(e);
    const json_t *want = json_object_get(e, op);
    json_int_t n = (json_int_t)json_array_size(found);
    if (strcmp(op, "equals") == 0 || strcmp(op, "status") == 0) return all(found, want, equals);
    if (strcmp(op, "contains") == 0) return any(found, want, contains);
    if (strcmp(op, "at-least") == 0) return all(found, want, at_least);
    if (strcmp(op, "at-most") == 0) return all(found, want, at_most);
    if (strcmp(op, "count") == 0) return n == json_integer_value(want);
    if (strcmp(op, "count-at-least") == 0) return n >= json_integer_value(want);
    return n == 0 || all(found, NULL, is_null);
}
