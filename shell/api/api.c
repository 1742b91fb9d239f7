/* The local API: routes, and the submissions that wait for the node's DONE. */
#include "api.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include "check.h"
#include "pending.h"

/* What goes through JSON may be plaintext of closed bodies: it is wiped when it is given back. */
static void wiping_free(void *p) {
    if (p) rb_wipe(p, malloc_usable_size(p));
    free(p);
}

/* jansson's callers look at little of what could not be made: a list would lack an entry and nothing
 * would say so. What could not be had is remembered, and rb_reply says it in place of the answer. */
static bool memory_short;

static void *noting_malloc(size_t n) {
    void *p = malloc(n);
    if (p == NULL) memory_short = true;
    return p;
}

bool rb_json_was_short(void) {
    const bool was = memory_short;
    memory_short = false;
    return was;
}

enum rb_err rb_api_create(const struct rb_api_host *host, struct rb_api **out) {
    struct rb_api *api = calloc(1, sizeof *api);
    if (api == NULL) return RB_ERR_LIMIT;
    json_set_alloc_funcs(noting_malloc, wiping_free);
    api->host = *host;
    api->work = malloc(RB_API_WORK);
    api->leaf = malloc(RB_MAX_LEAF);
    if (api->work == NULL || api->leaf == NULL) {
        rb_api_destroy(api);
        return RB_ERR_LIMIT;
    }
    *out = api;
    return RB_OK;
}
void rb_api_destroy(struct rb_api *api) {
    if (api == NULL) return;
    rb_pending_free_all(api);
    rb_uploads_drop_all(api);
    free(api->work);
    free(api->leaf);
    free(api);
}

/* ---- routes: '*' stands for one part, kept in rq->part -------------------------------------- */
static const struct {
    const char *method, *path;
    rb_api_handler handler;
} routes[] = {
    {"GET", "status", rb_get_status},
    {"GET", "doctor", rb_get_doctor},
    {"GET", "metrics", rb_get_metrics},
    {"GET", "card", rb_get_card},
    {"GET", "peers", rb_get_peers},
    {"GET", "channels", rb_get_channels},
    {"GET", "channels/*", rb_get_channel},
    {"GET", "channels/*/situation", rb_get_situation},
    {"GET", "channels/*/log", rb_get_log},
    {"GET", "channels/*/who-holds", rb_get_who_holds},
    {"GET", "channels/*/forks", rb_get_forks},
    {"GET", "channels/*/instruments", rb_get_instruments},
    {"GET", "channels/*/report", rb_get_report},
    {"GET", "channels/*/places", rb_get_places},
    {"GET", "channels/*/geojson", rb_get_geojson},
    {"GET", "channels/*/places/file", rb_get_places_file},
    {"GET", "inbox", rb_get_inbox},
    {"GET", "channels/*/roster", rb_get_roster},
    {"GET", "records/*", rb_get_record},
    {"GET", "records/*/content", rb_get_content},
    {"GET", "records/*/playback", rb_get_playback},
    {"GET", "records/*/compare/*", rb_get_compare},
    {"GET", "records/*/diff/*", rb_get_text_diff},
    {"GET", "drafts", rb_get_drafts},
    {"GET", "kinds", rb_get_kinds},
    {"POST", "compose", rb_post_compose},
    {"POST", "check", rb_post_check},
    {"POST", "submit", rb_post_submit},
    {"POST", "submit-batch", rb_post_submit_batch},
    {"POST", "sites/read", rb_post_sites_read},
    {"POST", "places/read", rb_post_places_read},
    {"POST", "charter/compose", rb_post_charter_compose},
    {"POST", "charter/prepare", rb_post_charter_prepare},
    {"POST", "charter/found", rb_post_charter_found},
    {"POST", "channels/*/join/prepare", rb_post_join_prepare},
    {"POST", "channels/*/join", rb_post_join},
    {"POST", "channels/*/epoch/prepare", rb_post_epoch_prepare},
    {"POST", "channels/*/epoch", rb_post_epoch},
    {"POST", "channels/*/override", rb_post_override},
    {"GET", "keys", rb_get_keys},
    {"POST", "keys/rotation", rb_post_rotation},
    {"POST", "keys/revocation", rb_post_revocation},
    {"POST", "channels/*/test", rb_post_test},
    {"POST", "channels/*/nil", rb_post_nil},
    {"POST", "peers", rb_post_peers},
    {"POST", "card", rb_post_card},
    {"POST", "drafts/*/sign", rb_post_draft_sign},
    {"POST", "drafts/*/discard", rb_post_draft_discard},
    {"POST", "export", rb_post_export},
    {"POST", "uploads", rb_post_upload},
    {"POST", "uploads/*", rb_post_upload_piece},
    {"POST", "uploads/*/drop", rb_post_upload_drop},
    {"POST", "records/*/purge", rb_post_purge},
    {"POST", "records/*/disclose", rb_post_disclose},
    {"POST", "unlock", rb_post_unlock},
};

static bool split(struct rb_req *rq, const char *path) {
    if (strncmp(path, "/v1/", 4) != 0) return false;
    for (path += 4; *path;) {
        size_t n = strcspn(path, "/");
        if (n == 0 || rq->parts_n == RB_API_PARTS) return false;
        if (!rb_percent_decode(rb_slice(path, n), false, rq->part[rq->parts_n++], RB_API_PART))
            return false;
        path += n + (path[n] == '/');
    }
    return rq->parts_n > 0;
}
static bool matches(const struct rb_req *rq, const char *pattern) {
    size_t i = 0;
    for (; *pattern; i++) {
        size_t n = strcspn(pattern, "/");
        if (i == rq->parts_n) return false;
        bool any = n == 1 && *pattern == '*';
        if (!any && (strlen(rq->part[i]) != n || memcmp(rq->part[i], pattern, n) != 0))
            return false;
        pattern += n + (pattern[n] == '/');
    }
    return i == rq->parts_n;
}

static bool when(struct rb_req *rq) {
    char buf[64];
    rq->at_utc_ms = rq->now.utc_ms;
    if (!rb_query(rq, "at", buf, sizeof buf)) return true;
    json_t *v = json_string(buf);
    enum rb_err err = rb_json_time(v, &rq->at_utc_ms);
    json_decref(v);
    if (err == RB_OK) return true;
    rb_fail_words(rq, RB_ERR_USAGE, "at", "a time like 2015-09-30T13:00:00Z is wanted", NULL);
    return false;
}

static void route(struct rb_req *rq, const char *method, const char *path) {
    bool other_method = false;
    bool known = split(rq, path);
    for (size_t i = 0; known && i < sizeof routes / sizeof *routes; i++) {
        if (!matches(rq, routes[i].path)) continue;
        if (strcmp(routes[i].method, method) != 0) {
            other_method = true;
            continue;
        }
        if (strcmp(method, "POST") == 0 && rq->body && !json_is_object(rq->body))
            rb_fail_words(rq, RB_ERR_USAGE, NULL, "the request's body must be a JSON object", NULL);
        else
            routes[i].handler(rq);
        return;
    }
    struct rb_fail f = {.status = other_method ? 405 : 404,
                        .err = RB_ERR_NOT_FOUND,
                        .code = other_method ? "method" : "no-such-path",
                        .sentence = other_method ? "this address takes another method"
                                                 : "the local API has no such address",
                        .hint = "spec/openapi.yaml lists them all"};
    rb_fail(rq, &f);
}

void rb_api_handle(struct rb_api *api, const char *method, const char *path, const char *query,
                   const json_t *body, rb_api_reply reply, void *ctx) {
    /* a reply may call again from within a submission: that call gets memory of its own */
    uint8_t *own = api->handling ? malloc(RB_API_WORK) : NULL;
    struct rb_req rq = {.api = api,
                        .node = api->host.node,
                        .now = api->host.now(api->host.ctx),
                        .query = query,
                        .body = body,
                        .reply = reply,
                        .ctx = ctx,
                        .arena = rb_arena(own ? own : api->work, RB_API_WORK)};
    if (api->handling && own == NULL) {
        rb_fail_words(&rq, RB_ERR_LIMIT, NULL, "memory is short", NULL);
        return;
    }
    if (api->handling == 0) (void)rb_json_was_short(); /* what came before is not this answer's */
    rb_uploads_expire(api, rq.now.mono_ms);
    api->handling++;
    if (when(&rq)) route(&rq, method, path);
    api->handling--;
    rb_req_wipe(&rq, 0); /* bodies were looked at in it */
    free(own);
    rb_probed_tell(&rq);
}

void rb_api_unlocked(struct rb_api *api) {
    api->unlocked = true;
}

void rb_api_alert(struct rb_api *api, const struct rb_effect *alert) {
    unsigned a = (unsigned)alert->u.alert.alert;
    if (a < sizeof api->alerts / sizeof *api->alerts) api->alerts[a]++;
    if (alert->u.alert.alert != RB_ALERT_REFUSED) return;
    const struct rb_reject *rj = &alert->u.alert.reject;
    if (rj->err <= RB_ERR_INTERNAL) api->refused_n[rj->err]++;
    snprintf(api->refused[0], sizeof api->refused[0], "%s", rb_err_name(rj->err));
    snprintf(api->refused[1], sizeof api->refused[1], "%s", rj->clause ? rj->clause : "");
    snprintf(api->refused[2], sizeof api->refused[2], "%s", rj->what ? rj->what : "");
    api->refused_utc_ms = api->host.now(api->host.ctx).utc_ms;
}
