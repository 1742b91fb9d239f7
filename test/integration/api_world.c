/* See api_world.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "api_world.h"
#include <stdio.h>
#include <string.h>
#include "readback/text.h"

struct sim *sim;
struct sim_party *north, *south, *east;
char channel[64];
size_t alerts_with_canary;
const char *charter_more;

/* ---- calls ------------------------------------------------------------------------------------
 */
int call(struct sim_party *p, const char *method, const char *path, json_t *in, json_t **out) {
    struct rb_client c = sim_client(p);
    json_t *got = NULL;
    int status = c.call(c.ctx, method, path, in, &got);
    json_decref(in);
    if (out)
        *out = got;
    else
        json_decref(got);
    return status;
}
json_t *get(struct sim_party *p, const char *fmt, const char *arg) {
    char path[512];
    json_t *out = NULL;
    snprintf(path, sizeof path, fmt, arg);
    int status = call(p, "GET", path, NULL, &out);
    if (status != 200) {
        char *text = json_dumps(out, 0);
        print_error("GET %s: %d %s\n", path, status, text ? text : "");
        free(text);
    }
    assert_int_equal(status, 200);
    return out;
}
const char *str(const json_t *o, const char *key) {
    const char *z = json_string_value(json_object_get(o, key));
    return z ? z : "";
}
const char *code(const json_t *o) {
    return str(json_object_get(o, "error"), "code");
}
bool has(const json_t *list, const char *word) {
    size_t i;
    const json_t *v;
    json_array_foreach(list, i, v) {
        if (json_is_string(v) && strcmp(json_string_value(v), word) == 0) return true;
    }
    return false;
}
bool contains(const json_t *o, const char *word) {
    char *text = json_dumps(o, JSON_ENCODE_ANY);
    assert_non_null(text);
    bool yes = strstr(text, word) != NULL;
    free(text);
    return yes;
}
json_t *draft(const char *kind, json_t *body, json_t *recipients) {
    json_t *d = json_pack("{s:s,s:s}", "channel", channel, "kind", kind);
    if (body) json_object_set_new(d, "body", body);
    if (recipients) json_object_set_new(d, "recipients", recipients);
    return d;
}
int release_by(struct sim_party *p, size_t officer, json_t *d, json_t **out) {
    struct rb_client c = sim_client(p);
    struct rb_signer_key key = sim_officer(p, officer);
    json_t *got = NULL;
    int status = rb_client_release(&c, &key, d, &got);
    json_decref(d);
    *out = got;
    return status;
}
void expect(int status, int want, const json_t *out) {
    if (status != want) {
        char *text = json_dumps(out, 0);
        print_error("%d %s\n", status, text ? text : "");
        free(text);
    }
    assert_int_equal(status, want);
}
/* the record's id; fails the test where it is not released */
void released(struct sim_party *p, json_t *d, char id[65]) {
    json_t *out = NULL;
    int status = release_by(p, 0, d, &out);
    expect(status, 200, out);
    snprintf(id, 65, "%s", str(out, "record"));
    assert_int_equal(strlen(id), 64);
    json_decref(out);
}
void released_by_two(struct sim_party *p, json_t *d, char id[65]) {
    struct rb_client c = sim_client(p);
    struct rb_signer_key second = sim_officer(p, 1);
    json_t *out = NULL;
    char name[65];
    assert_int_equal(release_by(p, 0, d, &out), 202);
    snprintf(name, sizeof name, "%s", str(out, "draft"));
    json_decref(out);
    assert_int_equal(rb_client_countersign(&c, &second, name, &out), 200);
    snprintf(id, 65, "%s", str(out, "record"));
    json_decref(out);
}
json_t *site(const char *title) {
    return json_pack("{s:s,s:s,s:s,s:[{s:{s:s,s:s,s:s},s:{s:s,s:s}}]}", "class", "site", "title",
                     title, "text", CANARY, "volumes", "circle", "lat", "35.5", "lon", "36.25",
                     "radius", "250m", "time", "from", "2015-10-10T00:00:00Z", "length", "30d");
}
json_t *open_words(void) {
    return json_pack("{s:s,s:s}", "title", "open", "text", "to all");
}
json_t *words(const char *title) {
    return json_pack("{s:s,s:s}", "title", title, "text", CANARY);
}
void settle(void) {
    sim_run_for(sim, 30 * SECOND);
    assert_null(sim_broken(sim));
}

json_t *body_of(const char *json) {
    char *text = strdup(json);
    json_error_t e;
    assert_non_null(text);
    for (char *z = text; *z; z++)
        if (*z == '\'') *z = '"';
    json_t *o = json_loads(text, 0, &e);
    if (o == NULL) print_error("%s at %d of %s\n", e.text, e.position, text);
    assert_non_null(o);
    free(text);
    return o;
}

/* ---- the world --------------------------------------------------------------------------------
 */
static void on_alert(void *ctx, struct sim_party *p, const struct rb_effect *alert) {
    (void)ctx, (void)p;
    const struct rb_reject *rj = &alert->u.alert.reject;
    if (rj->what && strstr(rj->what, CANARY)) alerts_with_canary++;
}
static json_t *member_with_card(struct sim_party *p) {
    struct rb_slice card = sim_card(p);
    char *text = malloc(card.n * 2 + 8);
    assert_non_null(text);
    struct rb_writer w = rb_writer(text, card.n * 2 + 8);
    rb_put_base64(&w, card.p, card.n);
    json_t *m = json_pack("{s:s,s:s}", "handle", sim_handle(p), "card", rb_writer_z(&w));
    free(text);
    return m;
}
static bool has_channel(void *ctx) {
    return sim_node(ctx) && rb_node_channels(sim_node(ctx)) > 0;
}
static int accept_channel(struct sim_party *p) {
    struct rb_client c = sim_client(p);
    struct rb_signer_key officer = sim_officer(p, 0), party = sim_party_key(p);
    json_t *out = NULL;
    char path[160];
    assert_true(sim_run_while_not(sim, has_channel, p, 120 * SECOND));
    snprintf(path, sizeof path, "/v1/channels/%s/join/prepare", channel);
    /* it has come, and is stored, cosigned, judged yet: nothing can be signed to join it before */
    int status = call(p, "POST", path, json_object(), &out), waited = 0;
    while (status == 503) {
        assert_string_equal(code(out), "busy");
        json_decref(out);
        sim_run_for(sim, SECOND / 100);
        status = call(p, "POST", path, json_object(), &out);
        assert_true(++waited < 1000);
    }
    expect(status, 200, out);
    assert_int_equal(strlen(str(out, "charter_record")), 64);
    json_decref(out);
    status = rb_client_accept(&c, &officer, &party, channel, &out);
    expect(status, 200, out);
    json_decref(out);
    sim_run_for(sim, SECOND);
    return waited;
}
int world_begin(void **state) {
    (void)state;
    struct sim_party_spec n = {.handle = "north", .officers = {"duty", "second"}},
                          s = {.handle = "south", .officers = {"duty"}},
                          e = {.handle = "east", .officers = {"duty"}};
    assert_int_equal(rb_crypto_init(), RB_OK);
    sim = sim_create(7, START_UTC_MS);
    assert_non_null(sim);
    sim_on_alert(sim, on_alert, NULL);
    north = sim_add_party(sim, &n);
    south = sim_add_party(sim, &s);
    east = sim_add_party(sim, &e);
    sim_accredit_at_setup(north, south);
    sim_accredit_at_setup(south, north);
    sim_accredit_at_setup(east, north); /* and not the other way round */
    for (size_t i = 0; i < sim_parties(sim); i++)
        sim_start(sim_party(sim, i));
    struct rb_client c = sim_client(north);
    struct rb_signer_key officer = sim_officer(north, 0), party = sim_party_key(north);
    json_t *out = NULL,
           *charter =
               json_pack("{s:s,s:b,s:[{s:s},{s:s},o],s:[s,s],s:s,s:s,s:[{s:s,s:b,s:b}],s:i}",
                         "title", "Closed", "exercise", 1, "members", "handle", "north", "handle",
                         "south", member_with_card(east), "accept_members", "south", "east",
                         "accept_by", "2015-10-30T00:00:00Z", "receipt_interval", "1s", "policies",
                         "kind", "text", "closed", 1, "two_officers", 1, "rules_version", 1);
    assert_non_null(charter);
    if (charter_more) {
        json_t *more = body_of(charter_more);
        json_object_update(charter, more);
        json_decref(more);
    }
    int status = rb_client_found(&c, &officer, &party, charter, &out);
    expect(status, 200, out);
    snprintf(channel, sizeof channel, "%s", str(out, "channel"));
    json_decref(out);
    json_decref(charter);
    const int waited = accept_channel(south);
    assert_true(waited + accept_channel(east) > 0); /* the one who was looked at when it had just come */
    settle();
    return 0;
}
int world_end(void **state) {
    (void)state;
    sim_destroy(sim);
    return 0;
}

/* ---- composing, releasing, reading -------------------------------------------------------------
 */
const json_t *warning(const json_t *composed, const char *name) {
    size_t i;
    const json_t *w;
    json_array_foreach(json_object_get(composed, "warnings"), i, w) {
        if (strcmp(str(w, "code"), name) == 0) return w;
    }
    return NULL;
}

/* every answer that `p` can get; how many of them hold the word */
size_t walk(struct sim_party *p, const char *id, const char *word) {
    static const char *const paths[] = {"/v1/status",
                                        "/v1/doctor",
                                        "/v1/card",
                                        "/v1/peers",
                                        "/v1/channels",
                                        "/v1/channels/%c",
                                        "/v1/channels/%c/situation",
                                        "/v1/channels/%c/log",
                                        "/v1/channels/%c/log?bodies=1&limit=1000",
                                        "/v1/channels/%c/who-holds?all=1&limit=1000",
                                        "/v1/channels/%c/roster",
                                        "/v1/inbox",
                                        "/v1/records/%r",
                                        "/v1/records/%r/content",
                                        "/v1/records/%r/playback",
                                        "/v1/records/%r/compare/%r",
                                        "/v1/channels/%c/places?all=1",
                                        "/v1/channels/%c/geojson",
                                        "/v1/drafts",
                                        "/v1/kinds"};
    size_t hits = 0;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char path[512] = "";
        json_t *out = NULL;
        for (const char *z = paths[i]; *z; z++) {
            size_t n = strlen(path);
            bool var = *z == '%';
            if (var) z++;
            snprintf(path + n, sizeof path - n, "%.*s", var ? 64 : 1,
                     !var        ? z
                     : *z == 'c' ? channel
                                 : id);
        }
        int status = call(p, "GET", path, NULL, &out);
        /* not every record has these */
        assert_true(status == 200 || strstr(path, "/content") || strstr(path, "/playback") ||
                    strstr(path, "/compare"));
        hits += contains(out, word);
        json_decref(out);
    }
    return hits;
}
const json_t *holder_of(const json_t *record, const char *handle) {
    size_t i;
    const json_t *h;
    json_array_foreach(json_object_get(record, "holders"), i, h) {
        if (strcmp(str(h, "member"), handle) == 0) return h;
    }
    fail();
    return NULL;
}

/* ---- the same again
 * ------------------------------------------------------------------------------ */
json_t *again(const char *kind, const char *id, const char *to) {
    json_t *d = draft(kind, NULL, json_pack("[s]", to));
    json_object_set_new(d, "same_as", json_string(id));
    return d;
}
json_t *commitments(struct sim_party *p, const char *id) {
    json_t *r = get(p, "/v1/records/%s", id);
    json_t *list = json_incref(json_object_get(json_object_get(r, "detached"), "commitments"));
    json_decref(r);
    return list;
}
json_t *signed_by(struct sim_party *p, json_t *composed) {
    struct rb_signer_key officer = sim_officer(p, 0);
    static uint8_t payload[RB_MAX_LEAF], tbs[RB_MAX_LEAF + 1024];
    uint8_t kid[RB_KID_LEN], sig[RB_SIG_LEN];
    char hex[2 * RB_KID_LEN + 1], sig64[128];
    size_t n = 0;
    const char *z = str(composed, "payload");
    assert_int_equal(rb_base64_decode(rb_str(z), payload, sizeof payload, &n), RB_OK);
    struct rb_writer w = rb_writer(tbs, sizeof tbs), h = rb_writer(hex, sizeof hex),
                     s = rb_writer(sig64, sizeof sig64);
    rb_key_id(&officer.pub, kid);
    rb_record_tbs(rb_slice(payload, n), rb_str(str(composed, "origin")), kid, 1, &w);
    assert_int_equal(officer.sign(officer.ctx, rb_written(&w), sig), RB_OK);
    rb_put_hex(&h, kid, sizeof kid);
    rb_put_base64(&s, sig, sizeof sig);
    json_t *o = json_pack("{s:s,s:[{s:s,s:s}]}", "payload", z, "signers", "kid", rb_writer_z(&h),
                          "sig", rb_writer_z(&s));
    if (json_object_get(composed, "sealed"))
        json_object_set(o, "sealed", json_object_get(composed, "sealed"));
    return o;
}
