/* Reads an exercise and refuses what does not follow the format, with the place in the file. */
#include "exercise.h"
#include <stdarg.h>
#include <stdlib.h>

#define MAX_ROW 20000

struct reader {
    const struct exercise *ex;
    char *why;
    size_t why_n;
};

__attribute__((format(printf, 2, 3))) static bool off(struct reader *r, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(r->why, r->why_n, fmt, ap);
    va_end(ap);
    return false;
}

const char *ex_string(const json_t *o, const char *key) { return json_string_value(json_object_get(o, key)); }

/* ---- times ------------------------------------------------------------------------------------- */
bool ex_span(const char *z, int64_t *ms) {
    int h = 0, m = 0, s = 0, n = 0;
    if (!z || (*z != '+' && *z != '-') || z[1] < '0' || z[1] > '9') return false;
    /* NOLINTNEXTLINE(cert-err34-c): widths bound the numbers, so none can be out of range */
    if (sscanf(z + 1, "%6d:%2d:%2d%n", &h, &m, &s, &n) != 3 || z[1 + n] || m < 0 || m > 59 || s < 0 || s > 59) return false;
    *ms = ((int64_t)h * 3600 + (int64_t)m * 60 + s) * 1000 * (*z == '-' ? -1 : 1);
    return true;
}

bool ex_time(const struct exercise *ex, const char *z, int64_t *utc_ms) {
    if (!z) return false;
    if (*z == '+' && ex_span(z, utc_ms)) {
        *utc_ms += ex->start_utc_ms;
        return true;
    }
    return rb_rfc3339_decode(rb_str(z), utc_ms) == RB_OK;
}

/* ---- shapes: member name, type letter, '!' if required --------------------------------------------
 * s string, i integer, b boolean, l list, o object, a anything */
struct shape {
    const char *name;
    char type;
    bool required;
};

static bool is_type(const json_t *v, char type) {
    switch (type) {
    case 's': return json_is_string(v) && json_string_length(v) == strlen(json_string_value(v));
    case 'i': return json_is_integer(v);
    case 'n': return json_is_number(v);
    case 'b': return json_is_boolean(v);
    case 'l': return json_is_array(v);
    case 'o': return json_is_object(v);
    default: return true;
    }
}

static bool shaped(struct reader *r, const json_t *o, const struct shape *shapes, const char *where) {
    const char *key;
    json_t *v;
    if (!json_is_object(o)) return off(r, "%s: an object is wanted", where);
    json_object_foreach((json_t *)(uintptr_t)o, key, v) {
        const struct shape *s = shapes;
        while (s->name && strcmp(s->name, key) != 0) s++;
        if (!s->name) return off(r, "%s: there is no member \"%s\" here", where, key);
        if (!is_type(v, s->type)) return off(r, "%s.%s: the wrong type", where, key);
    }
    for (const struct shape *s = shapes; s->name; s++)
        if (s->required && !json_object_get(o, s->name)) return off(r, "%s: \"%s\" is missing", where, s->name);
    return true;
}

static bool is_handle(const char *z) { return z && rb_handle_ok(rb_str(z)); }

size_t ex_parties(const struct exercise *ex) { return json_array_size(json_object_get(ex->root, "parties")); }
const json_t *ex_party(const struct exercise *ex, size_t i) {
    return json_array_get(json_object_get(ex->root, "parties"), i);
}
int ex_party_index(const struct exercise *ex, const char *handle) {
    for (size_t i = 0; handle && i < ex_parties(ex); i++) {
        const char *h = ex_string(ex_party(ex, i), "handle");
        if (h && strcmp(h, handle) == 0) return (int)i;
    }
    return -1;
}

/* ---- account, parties, channels ------------------------------------------------------------------- */
static bool read_account(struct reader *r) {
    static const struct shape shape[] = {{"id", 's', true}, {"publisher", 's', true}, {"date", 's', true},
                                         {"url", 's', false}, {"says", 's', true}, {NULL, 0, false}};
    size_t i;
    json_t *a;
    json_array_foreach(json_object_get(r->ex->root, "account"), i, a) {
        char where[64];
        (void)snprintf(where, sizeof where, "account[%zu]", i);
        if (!shaped(r, a, shape, where)) return false;
        if (!is_handle(ex_string(a, "id"))) return off(r, "%s.id: a short name of a-z, 0-9 and - is wanted", where);
    }
    return true;
}

static bool read_officers(struct reader *r, const json_t *list, const char *where) {
    size_t i;
    json_t *o;
    if (json_array_size(list) > 4) return off(r, "%s.officers: at most four", where);
    json_array_foreach((json_t *)(uintptr_t)list, i, o)
        if (!is_handle(json_string_value(o))) return off(r, "%s.officers[%zu]: a short name is wanted", where, i);
    return true;
}

static bool read_party(struct reader *r, size_t i, const json_t *p) {
    static const struct shape shape[] = {{"handle", 's', true}, {"name", 's', true}, {"invented", 'b', true},
                                         {"officers", 'l', false}, {"outward-only", 'b', false},
                                         {"clock", 's', false}, {NULL, 0, false}};
    char where[64];
    int64_t ms;
    (void)snprintf(where, sizeof where, "parties[%zu]", i);
    if (!shaped(r, p, shape, where)) return false;
    if (!is_handle(ex_string(p, "handle"))) return off(r, "%s.handle: 1 to 32 of a-z, 0-9 and - are wanted", where);
    if (!rb_name_ok(rb_str(ex_string(p, "name")))) return off(r, "%s.name: one line of text is wanted", where);
    if (ex_party_index(r->ex, ex_string(p, "handle")) != (int)i) return off(r, "%s.handle: it stands twice", where);
    if (ex_string(p, "clock") && !ex_span(ex_string(p, "clock"), &ms))
        return off(r, "%s.clock: \"+HH:MM:SS\" is wanted", where);
    return read_officers(r, json_object_get(p, "officers"), where);
}

static bool read_parties(struct reader *r) {
    size_t n = ex_parties(r->ex);
    if (n == 0 || n > EX_MAX_PARTIES) return off(r, "parties: 1 to %u are wanted", EX_MAX_PARTIES);
    for (size_t i = 0; i < n; i++)
        if (!read_party(r, i, ex_party(r->ex, i))) return false;
    return true;
}

static bool read_channel(struct reader *r, const char *name, const json_t *c) {
    static const struct shape shape[] = {{"charter", 'o', true}, {NULL, 0, false}};
    char where[96];
    size_t i;
    json_t *m;
    (void)snprintf(where, sizeof where, "channels.%.40s", name);
    if (!is_handle(name)) return off(r, "%s: a short name of a-z, 0-9 and - is wanted", where);
    if (!shaped(r, c, shape, where)) return false;
    const json_t *charter = json_object_get(c, "charter");
    if (!json_is_true(json_object_get(charter, "exercise")))
        return off(r, "%s.charter.exercise: an exercise's channels say \"exercise\": true (9.8.5)", where);
    json_array_foreach(json_object_get(charter, "members"), i, m)
        if (ex_party_index(r->ex, ex_string(m, "handle")) < 0)
            return off(r, "%s.charter.members[%zu]: no party has this handle", where, i);
    return true;
}

static bool read_channels(struct reader *r) {
    const char *name;
    json_t *c;
    json_object_foreach(json_object_get(r->ex->root, "channels"), name, c)
        if (!read_channel(r, name, c)) return false;
    return true;
}

/* ---- expectations ----------------------------------------------------------------------------------- */
#define EXPECT_SHAPES                                                                                 \
    {"name", 's', true}, {"get", 's', false}, {"score", 'b', false}, {"path", 's', false},            \
        {"within", 'i', false}, {"equals", 'a', false}, {"contains", 'a', false}, {"at-least", 'n', false}, \
        {"at-most", 'n', false}, {"count", 'i', false}, {"count-at-least", 'i', false},               \
        {"absent", 'b', false}, {"status", 'i', false}, {"by", 's', false}

static bool read_expectation(struct reader *r, const json_t *e, const char *where) {
    const char *path = ex_string(e, "path");
    bool score = json_is_true(json_object_get(e, "score"));
    if (!ex_operator(e)) return off(r, "%s: exactly one of equals, contains, at-least ... is wanted (9.7)", where);
    if (score == (ex_string(e, "get") != NULL)) return off(r, "%s: either get or \"score\": true is wanted", where);
    if (!score && ex_party_index(r->ex, ex_string(e, "by")) < 0) return off(r, "%s.by: a party's handle is wanted", where);
    if (!score && strncmp(ex_string(e, "get"), "/v1/", 4) != 0) return off(r, "%s.get: an address like /v1/status is wanted", where);
    if (json_object_get(e, "absent") && !json_is_true(json_object_get(e, "absent")))
        return off(r, "%s.absent: only true is possible", where);
    json_t *nothing = json_object(), *found = path ? ex_find(nothing, path) : json_array();
    json_decref(nothing);
    if (!found) return off(r, "%s.path: it does not read (9.7)", where);
    json_decref(found);
    return true;
}

static bool read_name_once(struct reader *r, json_t *names, const json_t *e, const char *where) {
    const char *name = ex_string(e, "name");
    if (json_object_get(names, name)) return off(r, "%s.name: it stands twice", where);
    json_object_set_new(names, name, json_true());
    return true;
}

/* ---- steps ------------------------------------------------------------------------------------------- */
#define STEP_SHAPES                                                                                  \
    {"at", 's', false}, {"do", 's', true}, {"origin", 's', true}, {"source", 's', false},            \
        {"account", 's', false}, {"refused", 's', false}, {"as", 's', false}
static const struct shape accredit_shape[] = {STEP_SHAPES, {"by", 's', false}, {"whom", 'l', false},
                                              {"among", 'l', false}, {NULL, 0, false}};
static const struct shape found_shape[] = {STEP_SHAPES, {"by", 's', true}, {"channel", 's', true},
                                           {"officer", 's', false}, {NULL, 0, false}};
static const struct shape release_shape[] = {STEP_SHAPES, {"by", 's', true}, {"draft", 'o', true},
                                             {"warned", 's', false}, {"officer", 's', false}, {"second", 's', false}, {NULL, 0, false}};
static const struct shape position_shape[] = {
    STEP_SHAPES, {"by", 's', true}, {"answers", 's', true}, {"channel", 's', true}, {"type", 's', true},
    {"reason", 's', false}, {"level", 's', false}, {"person", 's', false}, {"precedence", 's', false},
    {"recipients", 'l', false}, {"officer", 's', false}, {NULL, 0, false}};
static const struct shape attach_shape[] = {
    STEP_SHAPES, {"by", 's', true}, {"channel", 's', true}, {"recipients", 'l', true}, {"name", 's', true},
    {"content", 's', true}, {"media-type", 's', false}, {"description", 's', false}, {"about", 'l', false},
    {"officer", 's', false}, {"second", 's', false}, {NULL, 0, false}};
static const struct shape purge_shape[] = {STEP_SHAPES, {"by", 's', true}, {"record", 's', true}, {"reason", 's', false},
                                           {"despite", 'b', false}, {NULL, 0, false}};
static const struct shape disclose_shape[] = {STEP_SHAPES, {"by", 's', true}, {"record", 's', true},
                                              {"level", 's', false}, {"paragraphs", 'l', false}, {"adoption", 'b', false},
                                              {"altered", 's', false}, {NULL, 0, false}};
static const struct shape check_shape[] = {
    STEP_SHAPES, {"by", 's', true}, {"channel", 's', true}, {"body", 'o', true}, {"recipients", 'l', false},
    {"supersedes", 'l', false}, {NULL, 0, false}};
static const struct shape import_shape[] = {
    STEP_SHAPES, {"by", 's', true}, {"channel", 's', true}, {"file", 's', true}, {"recipients", 'l', true},
    {"rows", 'l', false}, {"radius", 's', false}, {"near", 's', false}, {"draft", 'o', false},
    {"officer", 's', false}, {"second", 's', false}, {NULL, 0, false}};
static const struct shape playback_shape[] = {
    STEP_SHAPES, {"by", 's', true}, {"answers", 's', true}, {"channel", 's', true}, {"reason", 's', false},
    {"recipients", 'l', false}, {"officer", 's', false}, {NULL, 0, false}};
static const struct shape export_shape[] = {STEP_SHAPES, {"by", 's', true}, {"channel", 's', true}, {NULL, 0, false}};
static const struct shape test_shape[] = {STEP_SHAPES, {"by", 's', true}, {"channel", 's', true}, {NULL, 0, false}};
static const struct shape link_shape[] = {STEP_SHAPES, {"between", 'l', true}, {"one-way", 'b', false}, {NULL, 0, false}};
static const struct shape node_shape[] = {STEP_SHAPES, {"by", 's', true}, {NULL, 0, false}};
static const struct shape copy_shape[] = {STEP_SHAPES, {"by", 's', true}, {NULL, 0, false}};
static const struct shape restore_shape[] = {STEP_SHAPES, {"by", 's', true}, {"copy", 's', true}, {"whole", 'b', false},
                                             {NULL, 0, false}};
static const struct shape epoch_shape[] = {STEP_SHAPES, {"by", 's', true}, {"channel", 's', true},
                                           {"officer", 's', false}, {NULL, 0, false}};
static const struct shape say_shape[] = {STEP_SHAPES, {"text", 's', true}, {NULL, 0, false}};
static const struct shape expect_step_shape[] = {{"at", 's', false}, {"do", 's', true}, EXPECT_SHAPES, {NULL, 0, false}};
static const struct shape expect_shape[] = {EXPECT_SHAPES, {NULL, 0, false}};

static const struct verb {
    const char *name;
    const struct shape *shape;
} verbs[] = {{"accredit", accredit_shape}, {"found", found_shape}, {"accept", found_shape},
             {"release", release_shape}, {"position", position_shape}, {"attach", attach_shape},
             {"purge", purge_shape}, {"disclose", disclose_shape}, {"check", check_shape},
             {"import", import_shape}, {"playback", playback_shape}, {"export", export_shape}, {"test", test_shape},
             {"cut", link_shape}, {"heal", link_shape}, {"stop", node_shape}, {"start", node_shape},
             {"crash", node_shape}, {"copy", copy_shape}, {"restore", restore_shape}, {"epoch", epoch_shape},
             {"say", say_shape}, {"expect", expect_step_shape}};

static bool handles_known(struct reader *r, const json_t *list, size_t least, const char *where) {
    size_t i;
    json_t *h;
    if (json_array_size(list) < least) return off(r, "%s: at least %zu handles are wanted", where, least);
    json_array_foreach((json_t *)(uintptr_t)list, i, h)
        if (ex_party_index(r->ex, json_string_value(h)) < 0) return off(r, "%s: entry %zu is no party's handle", where, i);
    return true;
}

static bool has_officer(const struct exercise *ex, const char *party, const char *officer) {
    const json_t *list = json_object_get(ex_party(ex, (size_t)ex_party_index(ex, party)), "officers");
    size_t i;
    json_t *o;
    if (!officer) return true;
    if (!list) return strcmp(officer, "duty") == 0;
    json_array_foreach((json_t *)(uintptr_t)list, i, o)
        if (strcmp(json_string_value(o), officer) == 0) return true;
    return false;
}

static bool read_accredit(struct reader *r, const json_t *s, const char *where) {
    char sub[96];
    bool among = json_object_get(s, "among") != NULL;
    if (among == (json_object_get(s, "whom") != NULL)) return off(r, "%s: either among or by and whom are wanted", where);
    if (!among && !ex_string(s, "by")) return off(r, "%s.by: a party's handle is wanted", where);
    (void)snprintf(sub, sizeof sub, "%s.%s", where, among ? "among" : "whom");
    return handles_known(r, json_object_get(s, among ? "among" : "whom"), among ? 2 : 1, sub);
}

static bool read_channel_of(struct reader *r, const json_t *s, const char *verb, const char *where) {
    const char *c = ex_string(s, "channel");
    const char *dollar = c && c[0] == '$' ? c + 1 : c;
    if (!c) return true;
    if ((strcmp(verb, "found") == 0 && c[0] == '$') || !json_object_get(json_object_get(r->ex->root, "channels"), dollar))
        return off(r, "%s.channel: no channel of this name", where);
    return true;
}

static bool read_link(struct reader *r, const json_t *s, const char *where) {
    char sub[96];
    (void)snprintf(sub, sizeof sub, "%s.between", where);
    if (json_array_size(json_object_get(s, "between")) != 2) return off(r, "%s: two handles are wanted", sub);
    if (r->ex->live) return off(r, "%s: a live run cannot cut links; give it \"live\": \"skip\" (9.9)", where);
    return handles_known(r, json_object_get(s, "between"), 2, sub);
}

static bool read_recipients(struct reader *r, const json_t *s, const char *where) {
    char sub[96];
    (void)snprintf(sub, sizeof sub, "%s.recipients", where);
    return handles_known(r, json_object_get(s, "recipients"), 0, sub);
}

/* a name beside the exercise, no path; rows as a spreadsheet counts */
static bool read_import(struct reader *r, const json_t *s, const char *where) {
    const char *file = ex_string(s, "file");
    size_t i;
    json_t *row;
    if (!*file || strchr(file, '/') || strcmp(file, ".") == 0 || strcmp(file, "..") == 0)
        return off(r, "%s.file: the name of a file beside the exercise is wanted", where);
    if (!ex_string(s, "as")) return off(r, "%s: \"as\" is missing", where);
    json_array_foreach(json_object_get(s, "rows"), i, row)
        if (!json_is_integer(row) || json_integer_value(row) < 2 || json_integer_value(row) > MAX_ROW)
            return off(r, "%s.rows[%zu]: the number of a row is wanted; the heading is 1", where, i);
    return handles_known(r, json_object_get(s, "recipients"), 0, where);
}

/* a copy of this party's own, made before: another's would make one party of two */
static bool read_restore(struct reader *r, const json_t *s, const char *where) {
    const char *copy = ex_string(s, "copy"), *by = ex_string(s, "by");
    size_t i;
    json_t *c;
    json_array_foreach(json_object_get(r->ex->root, "steps"), i, c) {
        if (c == s) break;
        const char *as = ex_string(c, "as");
        if (copy[0] == '$' && as && strcmp(ex_string(c, "do") ? ex_string(c, "do") : "", "copy") == 0 &&
            strcmp(as, copy + 1) == 0)
            return strcmp(ex_string(c, "by"), by) == 0 || off(r, "%s.copy: it is another party's", where);
    }
    return off(r, "%s.copy: a copy made in an earlier step is wanted, as $NAME", where);
}

static bool read_step_parts(struct reader *r, const json_t *s, const char *verb, const char *where) {
    const char *by = ex_string(s, "by");
    if (by && ex_party_index(r->ex, by) < 0) return off(r, "%s.by: no party has this handle", where);
    if (by && (!has_officer(r->ex, by, ex_string(s, "officer")) || !has_officer(r->ex, by, ex_string(s, "second"))))
        return off(r, "%s: the party has no such officer", where);
    if (!read_channel_of(r, s, verb, where)) return false;
    if (strcmp(verb, "accredit") == 0) return read_accredit(r, s, where);
    if (strcmp(verb, "cut") == 0 || strcmp(verb, "heal") == 0) return read_link(r, s, where);
    if (strcmp(verb, "expect") == 0) return read_expectation(r, s, where);
    if (strcmp(verb, "import") == 0) return read_import(r, s, where);
    if (strcmp(verb, "restore") == 0) return read_restore(r, s, where);
    if (strcmp(verb, "copy") == 0 && !ex_string(s, "as")) return off(r, "%s: \"as\" is missing", where);
    if (ex_string(s, "altered") && !ex_string(s, "as"))
        return off(r, "%s: \"as\" is missing: an altered file is for the check alone", where);
    if (json_object_get(s, "recipients")) return read_recipients(r, s, where);
    return true;
}

static bool read_at(struct reader *r, const json_t *s, int64_t *last, const char *where) {
    const char *at = ex_string(s, "at");
    int64_t t;
    if (!at) return true;
    if (!ex_time(r->ex, at, &t)) return off(r, "%s.at: \"+HH:MM:SS\" or a time like 2015-09-30T13:00:00Z is wanted", where);
    if (t < *last) return off(r, "%s.at: it lies before an earlier step", where);
    *last = t;
    return true;
}

static bool set_once(struct reader *r, const char *as, json_t *vars, const char *where) {
    if (!is_handle(as)) return off(r, "%s.as: a short name of a-z, 0-9 and - is wanted", where);
    if (json_object_get(vars, as)) return off(r, "%s: the variable \"%s\" is set twice", where, as);
    json_object_set_new(vars, as, json_string(as));
    return true;
}

/* a variable for each row that is named: AS-ROW */
static bool set_rows(struct reader *r, const char *as, const json_t *rows, json_t *vars, const char *where) {
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
        char name[64];
        (void)snprintf(name, sizeof name, "%.40s-%lld", as, (long long)json_integer_value(row));
        if (!set_once(r, name, vars, where)) return false;
    }
    return true;
}

/* sets what the step will set, so that later uses can be checked before anything runs */
static bool read_variables(struct reader *r, const json_t *s, const char *verb, json_t *vars, const char *where) {
    char why[160];
    json_t *filled = ex_fill(r->ex, vars, s, why, sizeof why);
    if (!filled) return off(r, "%s: %s", where, why);
    json_decref(filled);
    const char *as = strcmp(verb, "found") == 0 ? ex_string(s, "channel") : ex_string(s, "as");
    if (!as) return true;
    if (strcmp(verb, "import") == 0) return set_rows(r, as, json_object_get(s, "rows"), vars, where);
    return set_once(r, as, vars, where);
}

static bool read_step(struct reader *r, size_t i, const json_t *s, int64_t *last, json_t *vars, json_t *names) {
    char where[64];
    (void)snprintf(where, sizeof where, "steps[%zu]", i);
    const char *verb = ex_string(s, "do");
    size_t v = 0;
    while (verb && v < sizeof verbs / sizeof *verbs && strcmp(verbs[v].name, verb) != 0) v++;
    if (!verb || v == sizeof verbs / sizeof *verbs) return off(r, "%s.do: there is no such verb (9.5)", where);
    return shaped(r, s, verbs[v].shape, where) && read_at(r, s, last, where) && read_step_parts(r, s, verb, where) &&
           read_variables(r, s, verb, vars, where) &&
           (strcmp(verb, "expect") != 0 || read_name_once(r, names, s, where));
}

static bool read_steps(struct reader *r, json_t *vars, json_t *names) {
    int64_t last = r->ex->start_utc_ms;
    size_t i;
    json_t *s;
    json_array_foreach(json_object_get(r->ex->root, "steps"), i, s)
        if (!read_step(r, i, s, &last, vars, names)) return false;
    return true;
}

static bool read_expect(struct reader *r, json_t *vars, json_t *names) {
    size_t i;
    json_t *e;
    char where[64], why[160];
    json_array_foreach(json_object_get(r->ex->root, "expect"), i, e) {
        (void)snprintf(where, sizeof where, "expect[%zu]", i);
        if (!shaped(r, e, expect_shape, where) || !read_expectation(r, e, where)) return false;
        json_t *filled = ex_fill(r->ex, vars, e, why, sizeof why);
        if (!filled) return off(r, "%s: %s", where, why);
        json_decref(filled);
        if (!read_name_once(r, names, e, where)) return false;
    }
    return true;
}

/* ---- live: merged over or left out ----------------------------------------------------------------- */
void ex_merge(json_t *into, const json_t *patch) {
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)patch, key, v) {
        if (json_is_null(v)) {
            json_object_del(into, key);
        } else if (json_is_object(v) && json_is_object(json_object_get(into, key))) {
            ex_merge(json_object_get(into, key), v);
        } else {
            json_object_set_new(into, key, json_deep_copy(v));
        }
    }
}

/* false: the element is to be dropped */
static bool live_apply(struct reader *r, json_t *e, const char *what, size_t i, bool *ok) {
    json_t *live = json_incref(json_object_get(e, "live"));
    json_object_del(e, "live");
    bool keep = true;
    if (json_is_string(live) && strcmp(json_string_value(live), "skip") == 0)
        keep = !r->ex->live;
    else if (live && !json_is_object(live))
        *ok = off(r, "%s[%zu].live: \"skip\" or an object is wanted", what, i);
    else if (live && r->ex->live)
        ex_merge(e, live);
    json_decref(live);
    return keep;
}

static bool live_list(struct reader *r, const char *what) {
    json_t *list = json_object_get(r->ex->root, what);
    bool ok = true;
    for (size_t i = 0, at = 0; i < json_array_size(list) && ok; at++) {
        if (live_apply(r, json_array_get(list, i), what, at, &ok))
            i++;
        else
            json_array_remove(list, i);
    }
    return ok;
}

static bool live_all(struct reader *r) {
    const char *name;
    json_t *c;
    bool ok = true;
    json_object_foreach(json_object_get(r->ex->root, "channels"), name, c)
        if (!live_apply(r, c, "channels", 0, &ok)) return off(r, "channels.%s.live: a channel cannot be skipped", name);
    return ok && live_list(r, "steps") && live_list(r, "expect");
}

/* ---- the whole ---------------------------------------------------------------------------------------- */
static bool read_head(struct reader *r, struct exercise *ex) {
    static const struct shape live_shape[] = {{"limit", 'i', true}, {NULL, 0, false}};
    static const struct shape shape[] = {{"readback-exercise", 'i', true}, {"id", 's', true}, {"title", 's', true},
                                         {"account", 'l', false}, {"start", 's', true}, {"seed", 'i', false},
                                         {"live", 'o', false}, {"parties", 'l', true}, {"channels", 'o', false},
                                         {"steps", 'l', true}, {"expect", 'l', false}, {NULL, 0, false}};
    if (!shaped(r, ex->root, shape, "file")) return false;
    if (json_integer_value(json_object_get(ex->root, "readback-exercise")) != 1)
        return off(r, "readback-exercise: version 1 is the only one known here");
    ex->id = ex_string(ex->root, "id");
    ex->title = ex_string(ex->root, "title");
    if (!is_handle(ex->id)) return off(r, "id: 1 to 32 of a-z, 0-9 and - are wanted");
    if (rb_rfc3339_decode(rb_str(ex_string(ex->root, "start")), &ex->start_utc_ms) != RB_OK)
        return off(r, "start: a time like 2015-09-30T13:00:00Z is wanted");
    const json_t *seed = json_object_get(ex->root, "seed"), *live = json_object_get(ex->root, "live");
    if (seed && json_integer_value(seed) < 0) return off(r, "seed: it may not be negative");
    ex->seed = seed ? (uint64_t)json_integer_value(seed) : 1;
    if (live && !shaped(r, live, live_shape, "live")) return false;
    ex->live_limit_s = live ? json_integer_value(json_object_get(live, "limit")) : 300;
    return true;
}

bool ex_load(const char *path, bool live, struct exercise *out, char *why, size_t why_n) {
    json_error_t e;
    *out = (struct exercise){.live = live};
    out->root = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
    struct reader r = {out, why, why_n};
    const char *slash = strrchr(path, '/');
    out->dir = strndup(slash ? path : ".", slash ? (size_t)(slash - path) + 1 : 1);
    if (!out->root || !out->dir) ex_free(out);
    if (!out->root) return off(&r, "%s: line %d, column %d: %s", path, e.line, e.column, e.text);
    json_t *vars = json_object(), *names = json_object();
    bool ok = read_head(&r, out) && live_all(&r) && read_account(&r) && read_parties(&r) && read_channels(&r) &&
              read_steps(&r, vars, names) && read_expect(&r, vars, names) && ex_truth(out, why, why_n);
    json_decref(vars);
    json_decref(names);
    if (!ok) ex_free(out);
    return ok;
}

void ex_free(struct exercise *ex) {
    free(ex->dir);
    ex->dir = NULL;
    json_decref(ex->root);
    ex->root = NULL;
}
