/* One expectation: ask, look along the path, compare; again while there is time (spec 9.7). */
#include "exercise.h"
#include <stdlib.h>

#define LIVE_PATIENCE_S 60
#define ASK_EVERY_MS 250

/* NULL: nobody answered, or not with 200; *status says */
static json_t *ask(struct play *p, const json_t *e, int *status) {
    if (json_is_true(json_object_get(e, "score"))) {
        *status = 200;
        return p->score ? json_incref(p->score) : ex_score(p); /* before the end: as of now */
    }
    int by = ex_party_index(p->ex, ex_string(e, "by"));
    struct rb_client c = p->stage->client(p->stage->ctx, (size_t)by);
    json_t *out = NULL;
    *status = c.call(c.ctx, "GET", ex_string(e, "get"), NULL, &out);
    return out;
}

static json_t *look(struct play *p, const json_t *e) {
    int status = 0;
    const char *path = ex_string(e, "path");
    json_t *answer = ask(p, e, &status), *found;
    if (json_object_get(e, "status"))
        found = json_pack("[i]", status);
    else if (status != 200 || !answer)
        found = NULL;
    else
        found = ex_find(answer, path ? path : "");
    if (!found && !json_object_get(e, "status")) {
        const char *sentence = ex_string(json_object_get(answer, "error"), "sentence");
        (void)snprintf(p->why, sizeof p->why, "status %d %.300s", status, sentence ? sentence : "");
    }
    json_decref(answer);
    return found;
}

static bool try_once(struct play *p, const json_t *e, json_t **found) {
    json_decref(*found);
    p->why[0] = 0;
    *found = look(p, e);
    return *found && ex_holds(e, *found);
}

static void describe(struct play *p, const json_t *e, const json_t *found) {
    const char *op = ex_operator(e);
    char *want = json_dumps(json_object_get(e, op), JSON_ENCODE_ANY | JSON_COMPACT);
    char *got = found ? json_dumps(found, JSON_COMPACT) : NULL;
    if (got)
        (void)snprintf(p->why, sizeof p->why, "wanted %s %.120s, found %.300s%s", op, want ? want : "", got,
                       strlen(got) > 300 ? " ..." : "");
    else if (!p->why[0])
        (void)snprintf(p->why, sizeof p->why, "wanted %s %.120s, nothing answered", op, want ? want : "");
    free(want);
    free(got);
}

static json_t *shown(const json_t *found) { /* what goes into the report: not whole answers */
    char *z = found ? json_dumps(found, JSON_COMPACT) : NULL;
    bool small = z && strlen(z) <= 400;
    free(z);
    return small ? json_deep_copy(found) : json_pack("{s:i}", "n", (int)json_array_size(found));
}

/* A busy machine is not a broken promise: what a live run expects at once may take a while (9.9). */
static int64_t patience_s(const struct play *p, const json_t *e) {
    int64_t within = json_integer_value(json_object_get(e, "within"));
    return p->ex->live && within < LIVE_PATIENCE_S ? LIVE_PATIENCE_S : within;
}
bool ex_expect(struct play *p, const json_t *e) {
    json_t *found = NULL;
    struct stage *st = p->stage;
    int64_t until = st->now_utc_ms(st->ctx) + patience_s(p, e) * 1000;
    char kept[sizeof p->why];
    memcpy(kept, p->why, sizeof kept);
    bool ok = try_once(p, e, &found);
    while (!ok && st->now_utc_ms(st->ctx) < until && !st->broken(st->ctx)) {
        (void)st->wait_until(st->ctx, st->now_utc_ms(st->ctx) + ASK_EVERY_MS);
        ok = try_once(p, e, &found);
    }
    const char *name = ex_string(e, "name");
    char line[640];
    (void)snprintf(line, sizeof line, "%s: %.500s", ok ? "holds" : "FAILS", name);
    ex_tell(p, NULL, line, NULL);
    json_array_append_new(p->expectations, json_pack("{s:s,s:b,s:o}", "name", name, "held", ok, "found", shown(found)));
    if (!ok) describe(p, e, found);
    if (!ok && !p->failed[0])
        (void)snprintf(p->failed, sizeof p->failed, "%s", name);
    else
        memcpy(p->why, kept, sizeof kept); /* the first failure is the one that is named */
    json_decref(found);
    return ok;
}
