/* Verbs about places (spec 9.5): a plan is checked, a list of sites read and released row by row, a place
 * played back to who notified it. */
#include "play.h"
#include <stdlib.h>

#define MAX_FILE (1u << 20)

static bool good(const struct outcome *o) { return o->status >= 200 && o->status < 300; }

static void copy(json_t *to, const json_t *from, const char *const *names) {
    for (; *names; names++)
        if (json_object_get(from, *names)) json_object_set(to, *names, json_object_get(from, *names));
}

/* ---- check ------------------------------------------------------------------------------------------- */
static json_t *codes(const json_t *warnings) {
    json_t *out = json_array(), *w;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)warnings, i, w) json_array_append(out, json_object_get(w, "code"));
    return out;
}

void play_check(struct play *p, const json_t *s, struct outcome *o) {
    static const char *const same[] = {"body", "recipients", "supersedes", NULL};
    struct rb_client c = play_client(p, play_by(p, s));
    json_t *in = json_pack("{s:s}", "channel", play_channel(p, s));
    copy(in, s, same);
    o->status = c.call(c.ctx, "POST", "/v1/check", in, &o->answer);
    json_decref(in);
    const json_t *check = json_object_get(o->answer, "check");
    const char *answer = ex_string(check, "answer"), *cover = ex_string(json_object_get(check, "coverage"), "sentence");
    size_t found = json_array_size(json_object_get(check, "conflicts"));
    char n[32] = "";
    if (found) (void)snprintf(n, sizeof n, " (%zu)", found);
    (void)snprintf(o->text, sizeof o->text, "checks a plan that is not released: %s%s. %.400s", answer ? answer : "-", n,
                   cover ? cover : "");
    if (!good(o)) return;
    json_array_append_new(p->checks, json_pack("{s:s?,s:s,s:O?,s:o}", "as", ex_string(s, "as"), "by", ex_string(s, "by"),
                                               "check", check, "warnings", codes(json_object_get(o->answer, "warnings"))));
}

/* ---- import -------------------------------------------------------------------------------------------- */
/* the text of a file beside the exercise; NULL: why says */
static json_t *text_beside(const struct play *p, const char *name, struct outcome *o) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", p->ex->dir, name);
    FILE *f = fopen(path, "rb");
    char *text = malloc(MAX_FILE);
    size_t n = f && text ? fread(text, 1, MAX_FILE, f) : 0;
    json_t *out = n > 0 && n < MAX_FILE ? json_stringn(text, n) : NULL; /* NULL also where it is no UTF-8 */
    if (f) (void)fclose(f);
    free(text);
    if (!out) (void)snprintf(o->text, sizeof o->text, "%.200s cannot be read", name);
    return out;
}

static bool row_wanted(const json_t *rows, const json_t *row) {
    size_t i;
    json_t *r;
    if (!rows) return json_is_true(json_object_get(row, "ok")) && json_array_size(json_object_get(row, "findings")) == 0;
    json_array_foreach((json_t *)(uintptr_t)rows, i, r)
        if (json_equal(r, json_object_get(row, "row"))) return true;
    return false;
}

/* what the step says of every row, with the row's body in it */
static json_t *row_draft(const struct play *p, const json_t *s, const json_t *row) {
    const json_t *common = json_object_get(s, "draft");
    json_t *draft = common ? json_deep_copy(common) : json_object(), *said = json_incref(json_object_get(draft, "body"));
    json_object_set_new(draft, "channel", json_string(play_channel(p, s)));
    json_object_set_new(draft, "kind", json_string("notice"));
    json_object_set(draft, "recipients", json_object_get(s, "recipients"));
    json_object_set_new(draft, "body", json_deep_copy(json_object_get(row, "draft_body")));
    if (said) ex_merge(json_object_get(draft, "body"), said);
    json_decref(said);
    return draft;
}

static void release_row(struct play *p, const json_t *s, const json_t *row, struct outcome *o) {
    char name[64];
    (void)snprintf(name, sizeof name, "%.40s-%lld", ex_string(s, "as"),
                   (long long)json_integer_value(json_object_get(row, "row")));
    json_t *draft = row_draft(p, s, row), *one = json_deep_copy(s);
    json_object_set_new(one, "as", json_string(name));
    json_decref(o->answer);
    o->answer = NULL;
    play_release(p, one, draft, o);
    ex_tell(p, ex_string(s, "by"), o->text, s);
    json_decref(one);
    json_decref(draft);
}

/* each finding in the transcript, as the officer sees it */
static void tell_findings(struct play *p, const json_t *s, const json_t *row) {
    size_t i;
    json_t *f;
    char line[512];
    json_array_foreach(json_object_get(row, "findings"), i, f) {
        (void)snprintf(line, sizeof line, "row %lld %s: %.400s", (long long)json_integer_value(json_object_get(row, "row")),
                       json_is_true(json_object_get(f, "refused")) ? "refused" : "pointed out", ex_string(f, "sentence"));
        ex_tell(p, ex_string(s, "by"), line, s);
    }
}

static void release_rows(struct play *p, const json_t *s, const json_t *rows, struct outcome *o) {
    size_t i, n = 0;
    json_t *row;
    json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
        tell_findings(p, s, row);
        if (!good(o) || !row_wanted(json_object_get(s, "rows"), row)) continue;
        release_row(p, s, row, o);
        n++;
    }
    (void)snprintf(o->text, sizeof o->text, "of \"%.200s\" %zu rows are released, %zu are not", ex_string(s, "file"), n,
                   json_array_size(rows) - n);
}

void play_import(struct play *p, const json_t *s, struct outcome *o) {
    static const char *const same[] = {"radius", "near", NULL};
    struct rb_client c = play_client(p, play_by(p, s));
    json_t *csv = text_beside(p, ex_string(s, "file"), o), *read = NULL;
    if (!csv) return;
    json_t *in = json_pack("{s:s,s:o}", "channel", play_channel(p, s), "csv", csv);
    copy(in, s, same);
    o->status = c.call(c.ctx, "POST", "/v1/sites/read", in, &read);
    json_decref(in);
    (void)snprintf(o->text, sizeof o->text, "\"%.200s\" is read", ex_string(s, "file"));
    if (!good(o)) {
        o->answer = read;
        return;
    }
    json_t *noted = json_deep_copy(read);
    json_object_set(noted, "as", json_object_get(s, "as"));
    json_object_set(noted, "by", json_object_get(s, "by"));
    json_array_append_new(p->imports, noted);
    release_rows(p, s, json_object_get(read, "rows"), o);
    json_decref(read);
}

/* ---- play-back ------------------------------------------------------------------------------------------- */
void play_back(struct play *p, const json_t *s, struct outcome *o) {
    static const char *const same[] = {"recipients", NULL};
    struct rb_client c = play_client(p, play_by(p, s));
    char path[128];
    play_wait_for(p, play_by(p, s), "records", ex_string(s, "answers"));
    (void)snprintf(path, sizeof path, "/v1/records/%.64s/playback", ex_string(s, "answers"));
    json_t *told = NULL;
    o->status = c.call(c.ctx, "GET", path, NULL, &told);
    (void)snprintf(o->text, sizeof o->text, "plays the place back");
    if (!good(o)) {
        o->answer = told;
        return;
    }
    json_t *draft = json_pack("{s:s,s:s,s:[O],s:{s:s,s:O?,s:O?}}", "channel", play_channel(p, s), "kind", "position",
                              "answers", json_object_get(s, "answers"), "body", "type", "query", "playback",
                              json_object_get(told, "text"), "reason", json_object_get(s, "reason"));
    copy(draft, s, same);
    json_decref(told);
    if (!json_object_get(json_object_get(draft, "body"), "reason"))
        json_object_del(json_object_get(draft, "body"), "reason");
    play_release(p, s, draft, o);
    json_decref(draft);
}
