/* The local API and closed records, on real nodes in the simulator: three parties, of which the
 * first two compared cards and the third was introduced by the charter. What is said to some is
 * looked for at the others: in every answer, error and alert. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "readback/text.h"
#include "sim/sim.h"

#define START_UTC_MS 1443621600000 /* 2015-09-30T14:00:00Z */
#define SECOND UINT64_C(1000000)
#define CANARY "quail-in-the-well"

static struct sim *sim;
static struct sim_party *north, *south, *east;
static char channel[64];
static size_t alerts_with_canary;

/* ---- calls ------------------------------------------------------------------------------------
 */
static int call(struct sim_party *p, const char *method, const char *path, json_t *in,
                json_t **out) {
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
static json_t *get(struct sim_party *p, const char *fmt, const char *arg) {
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
static const char *str(const json_t *o, const char *key) {
    const char *z = json_string_value(json_object_get(o, key));
    return z ? z : "";
}
static const char *code(const json_t *o) {
    return str(json_object_get(o, "error"), "code");
}
static bool has(const json_t *list, const char *word) {
    size_t i;
    const json_t *v;
    json_array_foreach(list, i, v) {
        if (json_is_string(v) && strcmp(json_string_value(v), word) == 0) return true;
    }
    return false;
}
static bool contains(const json_t *o, const char *word) {
    char *text = json_dumps(o, JSON_ENCODE_ANY);
    assert_non_null(text);
    bool yes = strstr(text, word) != NULL;
    free(text);
    return yes;
}
static json_t *draft(const char *kind, json_t *body, json_t *recipients) {
    json_t *d = json_pack("{s:s,s:s}", "channel", channel, "kind", kind);
    if (body) json_object_set_new(d, "body", body);
    if (recipients) json_object_set_new(d, "recipients", recipients);
    return d;
}
static int release_by(struct sim_party *p, size_t officer, json_t *d, json_t **out) {
    struct rb_client c = sim_client(p);
    struct rb_signer_key key = sim_officer(p, officer);
    json_t *got = NULL;
    int status = rb_client_release(&c, &key, d, &got);
    json_decref(d);
    *out = got;
    return status;
}
static void expect(int status, int want, const json_t *out) {
    if (status != want) {
        char *text = json_dumps(out, 0);
        print_error("%d %s\n", status, text ? text : "");
        free(text);
    }
    assert_int_equal(status, want);
}
/* the record's id; fails the test where it is not released */
static void released(struct sim_party *p, json_t *d, char id[65]) {
    json_t *out = NULL;
    int status = release_by(p, 0, d, &out);
    expect(status, 200, out);
    snprintf(id, 65, "%s", str(out, "record"));
    assert_int_equal(strlen(id), 64);
    json_decref(out);
}
static json_t *site(const char *title) {
    return json_pack("{s:s,s:s,s:s,s:[{s:{s:s,s:s,s:s},s:{s:s,s:s}}]}", "class", "site", "title",
                     title, "text", CANARY, "volumes", "circle", "lat", "35.5", "lon", "36.25",
                     "radius", "250m", "time", "from", "2015-10-10T00:00:00Z", "length", "30d");
}
static json_t *open_words(void) {
    return json_pack("{s:s,s:s}", "title", "open", "text", "to all");
}
static json_t *words(const char *title) {
    return json_pack("{s:s,s:s}", "title", title, "text", CANARY);
}
static void settle(void) {
    sim_run_for(sim, 30 * SECOND);
    assert_null(sim_broken(sim));
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
static void accept_channel(struct sim_party *p) {
    struct rb_client c = sim_client(p);
    struct rb_signer_key officer = sim_officer(p, 0), party = sim_party_key(p);
    json_t *out = NULL;
    assert_true(sim_run_while_not(sim, has_channel, p, 120 * SECOND));
    int status = 0;
    for (int tries = 0; tries < 20 && status != 200;
         tries++) { /* the charter may not be judged yet */
        json_decref(out);
        status = rb_client_accept(&c, &officer, &party, channel, &out);
        sim_run_for(sim, SECOND);
    }
    expect(status, 200, out);
    json_decref(out);
}
static int world(void **state) {
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
    int status = rb_client_found(&c, &officer, &party, charter, &out);
    expect(status, 200, out);
    snprintf(channel, sizeof channel, "%s", str(out, "channel"));
    json_decref(out);
    json_decref(charter);
    accept_channel(south);
    accept_channel(east);
    settle();
    return 0;
}
static int end(void **state) {
    (void)state;
    sim_destroy(sim);
    return 0;
}

/* ---- composing, releasing, reading -------------------------------------------------------------
 */
static const json_t *warning(const json_t *composed, const char *name) {
    size_t i;
    const json_t *w;
    json_array_foreach(json_object_get(composed, "warnings"), i, w) {
        if (strcmp(str(w, "code"), name) == 0) return w;
    }
    return NULL;
}
static void test_named_or_refused(void **state) {
    (void)state;
    json_t *out = NULL;
    assert_int_equal(call(north, "POST", "/v1/compose", draft("notice", site("x"), NULL), &out),
                     400);
    assert_string_equal(code(out), "recipients");
    assert_string_equal(str(json_object_get(out, "error"), "field"), "recipients");
    assert_false(contains(out, CANARY));
    json_decref(out);
    assert_int_equal(call(north, "POST", "/v1/compose",
                          draft("notice", site("x"), json_pack("[s]", "south")), &out),
                     200);
    assert_true(json_is_true(json_object_get(out, "closed")));
    assert_int_equal(json_array_size(json_object_get(out, "recipients")), 2);
    assert_true(has(json_object_get(out, "recipients"), "north"));
    assert_int_equal(json_array_size(json_object_get(out, "readers")), 1);
    assert_true(has(json_object_get(out, "readers"), "south"));
    assert_true(json_string_length(json_object_get(out, "sealed")) > 300);
    assert_string_equal(str(json_object_get(out, "body"), "text"), CANARY);
    assert_null(warning(out, "not-compared"));
    json_decref(out);
    /* nobody reads the payload's plaintext out of it: neither it nor the sealed body has the words
     */
    assert_int_equal(call(north, "POST", "/v1/compose",
                          draft("statement", words("x"), json_pack("[s]", "south")), &out),
                     200);
    static const char *const fields[] = {"payload", "sealed"};
    for (size_t i = 0; i < 2; i++) {
        static uint8_t raw[200000];
        size_t n = 0;
        const json_t *v = json_object_get(out, fields[i]);
        assert_int_equal(rb_base64_decode(rb_slice(json_string_value(v), json_string_length(v)),
                                          raw, sizeof raw, &n),
                         RB_OK);
        assert_true(n > 100);
        assert_null(memmem(raw, n, CANARY, strlen(CANARY)));
    }
    json_decref(out);
}
/* a place goes out to someone whose card nobody compared only when the officer says so */
static void test_not_compared(void **state) {
    (void)state;
    json_t *out = NULL;
    assert_int_equal(call(north, "POST", "/v1/compose",
                          draft("notice", site("x"), json_pack("[s,s]", "south", "east")), &out),
                     200);
    const json_t *w = warning(out, "not-compared");
    assert_non_null(w);
    assert_true(json_is_true(json_object_get(w, "confirm")));
    assert_non_null(strstr(str(w, "sentence"), "east"));
    assert_null(strstr(str(w, "sentence"), "south"));
    json_decref(out);
    assert_int_equal(
        release_by(north, 0, draft("notice", site("x"), json_pack("[s]", "east")), &out), 409);
    assert_string_equal(code(out), "warnings");
    assert_non_null(warning(out, "not-compared"));
    assert_false(contains(out, CANARY));
    json_decref(out);
    assert_int_equal(call(north, "POST", "/v1/compose",
                          draft("statement", words("x"), json_pack("[s]", "east")), &out),
                     200);
    assert_null(warning(out, "not-compared"));
    json_decref(out);
}

/* every answer that `p` can get; how many of them hold the word */
static size_t walk(struct sim_party *p, const char *id, const char *word) {
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
        assert_true(status == 200 || strstr(path, "/content"));
        hits += contains(out, word);
        json_decref(out);
    }
    return hits;
}
static size_t pry(struct sim_party *p, const char *id, const char *word) {
    static const char *const verbs[] = {"disclose", "purge"};
    size_t hits = 0;
    char path[256];
    json_t *out = NULL, *d;
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "/v1/records/%s/%s", id, verbs[i]);
        (void)call(p, "POST", path, json_object(), &out);
        hits += contains(out, word);
        json_decref(out);
    }
    static const char *const kinds[] = {"notice", "statement", "text", "roster", "attachment"};
    for (size_t i = 0; i < 5; i++) {
        d = draft(kinds[i], NULL, json_pack("[s]", sim_handle(p)));
        json_object_set_new(d, "same_as", json_string(id));
        assert_int_not_equal(call(p, "POST", "/v1/compose", d, &out), 200);
        hits += contains(out, word);
        json_decref(out);
    }
    return hits;
}
static const json_t *holder_of(const json_t *record, const char *handle) {
    size_t i;
    const json_t *h;
    json_array_foreach(json_object_get(record, "holders"), i, h) {
        if (strcmp(str(h, "member"), handle) == 0) return h;
    }
    fail();
    return NULL;
}
static bool in_inbox(struct sim_party *p, const char *id) {
    json_t *inbox = get(p, "/v1/inbox", "");
    size_t i;
    const json_t *item;
    bool yes = false;
    json_array_foreach(json_object_get(inbox, "items"), i, item) {
        yes |= strcmp(str(item, "record"), id) == 0;
    }
    json_decref(inbox);
    return yes;
}
static void test_said_to_one(void **state) {
    (void)state;
    char id[65];
    released(north, draft("notice", site("Clinic " CANARY), json_pack("[s]", "south")), id);
    settle();
    json_t *own = get(north, "/v1/records/%s", id), *read = get(south, "/v1/records/%s", id),
           *other = get(east, "/v1/records/%s", id);
    assert_string_equal(str(own, "body_state"), "opened");
    assert_string_equal(str(read, "body_state"), "opened");
    assert_string_equal(str(read, "title"), "Clinic " CANARY);
    assert_string_equal(str(read, "class"), "site");
    assert_true(json_is_true(json_object_get(read, "readable")));
    assert_true(json_equal(json_object_get(own, "body"), json_object_get(read, "body")));
    assert_true(json_equal(json_object_get(own, "detached"), json_object_get(other, "detached")));
    assert_int_equal(
        json_array_size(json_object_get(json_object_get(other, "detached"), "commitments")), 1);
    /* the leaf and nothing else */
    assert_string_equal(str(other, "body_state"), "");
    assert_true(json_is_string(json_object_get(other, "body_state")));
    assert_true(json_is_null(json_object_get(other, "body")));
    assert_true(json_is_null(json_object_get(other, "title")));
    assert_true(json_is_null(json_object_get(other, "class")));
    assert_false(json_is_true(json_object_get(other, "readable")));
    assert_true(has(json_object_get(other, "recipients"), "south"));
    assert_false(has(json_object_get(other, "recipients"), "east"));
    /* held needs both: the leaf and the body */
    const json_t *h = holder_of(own, "south");
    assert_true(json_is_true(json_object_get(h, "held")));
    assert_true(json_is_true(json_object_get(h, "body_held")));
    assert_true(json_is_true(json_object_get(holder_of(own, "north"), "body_held")));
    assert_true(json_is_false(json_object_get(holder_of(own, "east"), "body_held")));
    assert_false(json_is_true(json_object_get(holder_of(own, "east"), "reader")));
    json_decref(own);
    json_decref(read);
    json_decref(other);
    assert_true(in_inbox(south, id));
    assert_false(in_inbox(east, id));
    assert_true(walk(south, id, CANARY) >= 4); /* the walk finds what is there */
    assert_int_equal(walk(east, id, CANARY), 0);
    assert_int_equal(walk(east, id, "35.5"), 0);
    assert_int_equal(pry(east, id, CANARY), 0);
    assert_int_equal(alerts_with_canary, 0);
}
static void test_not_there_yet(void **state) {
    (void)state;
    char id[65];
    sim_cut(sim, north, south);
    sim_cut(sim, east, south);
    released(north, draft("statement", words("later"), json_pack("[s]", "south")), id);
    sim_run_for(sim, 20 * SECOND);
    json_t *own = get(north, "/v1/records/%s", id);
    assert_true(json_is_false(json_object_get(holder_of(own, "south"), "held")));
    assert_true(json_is_false(json_object_get(holder_of(own, "south"), "body_held")));
    json_decref(own);
    sim_heal_all(sim);
    settle();
    settle();
    json_t *read = get(south, "/v1/records/%s", id);
    assert_string_equal(str(read, "title"), "later");
    json_decref(read);
}

/* ---- positions ----------------------------------------------------------------------------------
 */
static json_t *position(const char *type, const char *on) {
    json_t *d =
        draft("position", json_pack("{s:s,s:s}", "type", type, "reason", CANARY "-answer"), NULL);
    json_object_set_new(d, "answers", json_pack("[s]", on));
    return d;
}
static const json_t *only_position(const json_t *record) {
    const json_t *list = json_object_get(record, "positions");
    assert_int_equal(json_array_size(list), 1);
    return json_array_get(list, 0);
}
static void test_position_closes_itself(void **state) {
    (void)state;
    char id[65], answer[65];
    json_t *out = NULL, *d;
    released(north, draft("statement", words("to be answered"), json_pack("[s]", "south")), id);
    settle();
    d = position("confirm", id);
    json_object_set_new(d, "recipients", json_pack("[s]", "east"));
    assert_int_equal(call(south, "POST", "/v1/compose", d, &out), 400);
    assert_string_equal(code(out), "recipients");
    assert_non_null(strstr(str(json_object_get(out, "error"), "sentence"), "east"));
    assert_false(contains(out, CANARY));
    json_decref(out);
    assert_int_equal(call(south, "POST", "/v1/compose", position("confirm", id), &out), 200);
    assert_true(json_is_true(json_object_get(out, "closed")));
    assert_int_equal(json_array_size(json_object_get(out, "recipients")), 2);
    assert_true(has(json_object_get(out, "recipients"), "north"));
    json_decref(out);
    released(south, position("confirm", id), answer);
    settle();
    json_t *own = get(north, "/v1/records/%s", id), *other = get(east, "/v1/records/%s", id);
    const json_t *seen = only_position(own);
    assert_string_equal(str(seen, "position"), "confirm");
    assert_string_equal(str(json_object_get(seen, "body"), "reason"), CANARY "-answer");
    seen = only_position(other);
    assert_true(json_is_null(json_object_get(seen, "position")));
    assert_true(json_is_null(json_object_get(seen, "body")));
    json_decref(own);
    json_decref(other);
    assert_false(in_inbox(south, id)); /* answered */
    assert_int_equal(walk(east, answer, CANARY), 0);
    /* who was not told has nothing to answer to */
    assert_int_not_equal(call(east, "POST", "/v1/compose", position("dispute-fact", id), NULL),
                         500);
}

/* ---- wrong input -------------------------------------------------------------------------------
 */
static void test_wrong_words(void **state) {
    (void)state;
    char open_id[65], id[65];
    released(north, draft("statement", open_words(), NULL), open_id);
    released(north, draft("statement", words("closed"), json_pack("[s]", "south")), id);
    const struct {
        const char *path, *in;
        int status;
        const char *code, *field;
    } calls[] = {
        {"/v1/compose", "{'kind':'statement','body':{'title':'a','text':'b'},'recipients':'south'}",
         400, "usage", "recipients"},
        {"/v1/compose", "{'kind':'statement','body':{'title':'a','text':'b'},'recipients':[]}", 400,
         "recipients", "recipients"},
        {"/v1/compose",
         "{'kind':'statement','body':{'title':'a','text':'b'},'recipients':['" CANARY "']}", 400,
         "usage", "recipients"},
        {"/v1/compose", "{'kind':'statement','body':{'title':'a','text':'b'},'recipients':[7]}",
         400, "usage", "recipients"},
        {"/v1/compose", "{'kind':'membership','body':{'action':'suspend'},'recipients':['south']}",
         403, "denied", "recipients"},
        {"/v1/compose",
         "{'kind':'statement','body':{'title':7,'text':'" CANARY "'},'recipients':['south']}", 400,
         "usage", "body.title"},
        {"/v1/compose",
         "{'kind':'notice','body':{'class':'" CANARY "','title':'t'},'recipients':['south']}", 400,
         "usage", "body.class"},
        {"/v1/compose",
         "{'kind':'notice','body':{'class':'site','title':'t','volumes':[{'circle':{'lat':'" CANARY
         "','lon':1,'radius':5}}]},'recipients':['south']}",
         400, "usage", "body.volumes[0].circle.lat"},
        {"/v1/compose",
         "{'kind':'roster','body':{'title':'" CANARY "','persons':[{'name':'a','from':'" CANARY
         "'}]},'recipients':['south']}",
         400, "usage", "body.persons[0].from"},
        {"/v1/compose", "{'kind':'roster','body':{'title':'" CANARY "','persons':[{'name':'a'}]}}",
         400, "recipients", "recipients"},
        {"/v1/compose",
         "{'kind':'text','body':{'title':'" CANARY "','version':1,'paragraphs':['p']}}", 400,
         "recipients", "recipients"},
        {"/v1/compose", "{'kind':'attachment','body':{'name':'a','size':1},'recipients':['south']}",
         400, "usage", "upload"},
        {"/v1/compose", "{'kind':'attachment','upload':'0011223344556677'}", 404, "not_found",
         "upload"},
        {"/v1/compose", "{'kind':'attachment','upload':'" CANARY "'}", 404, "not_found", "upload"},
        {"/v1/compose", "{'kind':'statement','upload':'0011223344556677'}", 400, "usage", "kind"},
        {"/v1/compose", "{'kind':'statement','same_as':'ffffffffffffffff','recipients':['south']}",
         400, "usage", "same_as"},
        {"/v1/compose", "{'kind':'statement','same_as':'OPEN','recipients':['south']}", 400,
         "usage", "same_as"},
        {"/v1/compose", "{'kind':'notice','same_as':'CLOSED','recipients':['south']}", 400, "usage",
         "same_as"},
        {"/v1/compose", "{'kind':'statement','same_as':'CLOSED'}", 400, "recipients", "recipients"},
        {"/v1/compose",
         "{'kind':'statement','same_as':'CLOSED','body':{'title':'a'},'recipients':['south']}", 400,
         "usage", "body"},
        {"/v1/compose",
         "{'kind':'statement','body':{'title':'a','text':'b'},'recipients':['south'],"
         "'demand':{'in':'1h','members':['east']}}",
         400, "usage", "demand.members"},
        {"/v1/uploads", "{'recipients':[],'name':'a','size':1}", 400, "recipients", "recipients"},
        {"/v1/uploads", "{'name':'a','size':1}", 400, "recipients", "recipients"},
        {"/v1/uploads", "{'recipients':['nobody'],'name':'a','size':1}", 400, "usage",
         "recipients"},
        {"/v1/uploads", "{'recipients':['south'],'size':1}", 400, "usage", "name"},
        {"/v1/uploads", "{'recipients':['south'],'name':'../" CANARY "','size':1}", 400,
         "malformed", NULL},
        {"/v1/uploads", "{'recipients':['south'],'name':'a','size':-1}", 400, "usage", "size"},
        {"/v1/uploads", "{'recipients':['south'],'name':'a','size':'1'}", 400, "usage", "size"},
        {"/v1/uploads", "{'recipients':['south'],'name':'a','size':67108865}", 413, "limit",
         "size"},
        {"/v1/uploads", "{'recipients':['south'],'name':'a','size':1,'media':'x'}", 400, "usage",
         "media"},
        {"/v1/uploads/00", "{'from':0,'data':''}", 404, "not_found", "upload"},
        {"/v1/uploads/0011223344556677/drop", "{}", 404, "not_found", "upload"},
        {"/v1/records/CLOSED/purge", "{'reason':7}", 400, "usage", "reason"},
        {"/v1/records/OPEN/purge", "{}", 400, "usage", "record"},
        {"/v1/unlock", "{}", 400, "usage", "passphrase"},
        {"/v1/unlock", "{'passphrase':'" CANARY "'}", 409, "exists", NULL},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        char text[2048] = "", path[256] = "";
        for (int k = 0; k < 2; k++) { /* ' is ", OPEN and CLOSED are records */
            const char *z = k ? calls[i].path : calls[i].in;
            char *to = k ? path : text;
            size_t cap = k ? sizeof path : sizeof text, n = 0;
            while (*z && n + 65 < cap) {
                bool o = strncmp(z, "OPEN", 4) == 0, cl = strncmp(z, "CLOSED", 6) == 0;
                if (o || cl) {
                    n += (size_t)snprintf(to + n, cap - n, "%s", o ? open_id : id);
                    z += o ? 4 : 6;
                } else {
                    to[n++] = *z == '\'' ? '"' : *z;
                    z++;
                }
            }
            to[n] = 0;
        }
        json_t *in = json_loads(text, 0, NULL), *out = NULL;
        assert_non_null(in);
        if (strcmp(path, "/v1/compose") == 0 || strcmp(path, "/v1/uploads") == 0)
            json_object_set_new(in, "channel", json_string(channel));
        int status = call(north, "POST", path, in, &out);
        if (status != calls[i].status || strcmp(code(out), calls[i].code) != 0) {
            char *got = json_dumps(out, 0);
            print_error("%zu: %s %s\n  %d %s\n", i, path, text, status, got);
            free(got);
        }
        assert_int_equal(status, calls[i].status);
        assert_string_equal(code(out), calls[i].code);
        if (calls[i].field)
            assert_string_equal(str(json_object_get(out, "error"), "field"), calls[i].field);
        assert_false(contains(out, CANARY));
        json_decref(out);
    }
    assert_int_equal(call(south, "GET", "/v1/records/ffffffffffffffff/content", NULL, NULL), 404);
    settle();
}
/* what is handed in is what the payload names, and opens here */
static void test_sealed_is_checked(void **state) {
    (void)state;
    struct rb_client c = sim_client(north);
    struct rb_signer_key officer = sim_officer(north, 0);
    json_t *one = NULL, *two = NULL, *out = NULL, *open = NULL, *in;
    json_t *d = draft("statement", words("one"), json_pack("[s]", "south"));
    assert_int_equal(rb_client_compose(&c, d, &one), 200);
    assert_int_equal(rb_client_compose(&c, d, &two), 200);
    json_decref(d);
    assert_string_not_equal(str(one, "sealed"), str(two, "sealed"));
    in = json_copy(one);
    json_object_set(in, "sealed", json_object_get(two, "sealed"));
    assert_int_equal(rb_client_submit(&c, &officer, in, false, &out), 422);
    assert_string_equal(code(out), "sealed");
    json_decref(out);
    json_object_del(in, "sealed");
    assert_int_equal(rb_client_submit(&c, &officer, in, false, &out), 400);
    assert_string_equal(str(json_object_get(out, "error"), "field"), "sealed");
    json_decref(out);
    json_object_set_new(in, "sealed", json_string("??"));
    assert_int_equal(rb_client_submit(&c, &officer, in, false, &out), 400);
    json_decref(out);
    json_object_set_new(in, "sealed", json_integer(5));
    assert_int_equal(rb_client_submit(&c, &officer, in, false, &out), 400);
    json_decref(out);
    json_object_set_new(in, "upload", json_string("0011223344556677"));
    json_object_set(in, "sealed", json_object_get(one, "sealed"));
    assert_int_equal(rb_client_submit(&c, &officer, in, false, &out), 400);
    json_decref(out);
    json_decref(in);
    d = draft("statement", open_words(), NULL);
    assert_int_equal(rb_client_compose(&c, d, &open), 200);
    json_decref(d);
    json_object_set(open, "sealed", json_object_get(one, "sealed"));
    assert_int_equal(rb_client_submit(&c, &officer, open, false, &out), 400);
    assert_string_equal(str(json_object_get(out, "error"), "field"), "sealed");
    json_decref(out);
    json_decref(open);
    assert_int_equal(rb_client_submit(&c, &officer, one, false, &out), 200);
    json_decref(out);
    json_decref(one);
    json_decref(two);
}

/* ---- two officers -------------------------------------------------------------------------------
 */
static json_t *text_of(const char *title) {
    return json_pack("{s:s,s:i,s:[s,s]}", "title", title, "version", 1, "paragraphs", CANARY,
                     "second");
}
static void test_two_officers(void **state) {
    (void)state;
    struct rb_client c = sim_client(north);
    struct rb_signer_key second = sim_officer(north, 1);
    json_t *out = NULL, *list, *d;
    char name[65], id[65];
    assert_int_equal(
        release_by(north, 0, draft("text", text_of("two"), json_pack("[s]", "south")), &out), 202);
    snprintf(name, sizeof name, "%s", str(out, "draft"));
    json_decref(out);
    list = get(north, "/v1/drafts", "");
    assert_int_equal(json_array_size(json_object_get(list, "drafts")), 1);
    d = json_array_get(json_object_get(list, "drafts"), 0);
    assert_string_equal(str(d, "body_state"), "opened");
    assert_string_equal(str(d, "summary"), "two");
    assert_true(has(json_object_get(d, "recipients"), "south"));
    assert_true(contains(json_object_get(d, "body"), CANARY));
    json_decref(list);
    assert_int_equal(rb_client_countersign(&c, &second, name, &out), 200);
    snprintf(id, sizeof id, "%s", str(out, "record"));
    json_decref(out);
    settle();
    json_t *read = get(south, "/v1/records/%s", id);
    assert_string_equal(str(read, "title"), "two");
    assert_int_equal(json_array_size(json_object_get(read, "officers")), 2);
    assert_int_equal(
        json_array_size(json_object_get(json_object_get(read, "detached"), "commitments")), 3);
    json_decref(read);
    assert_int_equal(walk(east, id, CANARY), 0);
    /* a draft that is discarded leaves nothing behind */
    assert_int_equal(
        release_by(north, 0, draft("text", text_of("no"), json_pack("[s]", "south")), &out), 202);
    char path[128];
    snprintf(path, sizeof path, "/v1/drafts/%s/discard", str(out, "draft"));
    json_decref(out);
    assert_int_equal(call(north, "POST", path, json_object(), NULL), 200);
    list = get(north, "/v1/drafts", "");
    assert_int_equal(json_array_size(json_object_get(list, "drafts")), 0);
    json_decref(list);
}

/* ---- the same again
 * ------------------------------------------------------------------------------ */
static json_t *again(const char *kind, const char *id, const char *to) {
    json_t *d = draft(kind, NULL, json_pack("[s]", to));
    json_object_set_new(d, "same_as", json_string(id));
    return d;
}
static json_t *commitments(struct sim_party *p, const char *id) {
    json_t *r = get(p, "/v1/records/%s", id);
    json_t *list = json_incref(json_object_get(json_object_get(r, "detached"), "commitments"));
    json_decref(r);
    return list;
}
static void released_by_two(struct sim_party *p, json_t *d, char id[65]) {
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
static void test_same_as(void **state) {
    (void)state;
    char first[65], later[65], theirs[65], text[65], text_later[65];
    json_t *out = NULL;
    released(north, draft("statement", words("once"), json_pack("[s]", "south")), first);
    settle();
    released(north, again("statement", first, "east"), later);
    /* another's goes to its readers only */
    assert_int_equal(call(south, "POST", "/v1/compose", again("statement", first, "east"), &out),
                     400);
    assert_string_equal(code(out), "recipients");
    json_decref(out);
    released(south, again("statement", first, "north"), theirs);
    settle();
    json_t *a = commitments(north, first), *b = commitments(east, later),
           *c = commitments(south, theirs);
    assert_int_equal(json_array_size(a), 1);
    assert_true(json_equal(a, b));
    assert_true(json_equal(a, c));
    json_decref(a);
    json_decref(b);
    json_decref(c);
    /* of a text every paragraph keeps its own salt */
    released_by_two(north, draft("text", text_of("twice"), json_pack("[s]", "south")), text);
    settle();
    released_by_two(north, again("text", text, "east"), text_later);
    settle();
    a = commitments(north, text);
    b = commitments(east, text_later);
    assert_int_equal(json_array_size(a), 3);
    assert_true(json_equal(a, b));
    json_decref(a);
    json_decref(b);
    json_t *seen = get(east, "/v1/records/%s", later);
    assert_string_equal(str(seen, "title"), "once");
    assert_true(has(json_object_get(seen, "about"), first));
    json_decref(seen);
    seen = get(east, "/v1/records/%s", theirs);
    assert_true(json_is_null(json_object_get(seen, "title")));
    json_decref(seen);
}

/* ---- attachments
 * ---------------------------------------------------------------------------------- */
static uint8_t *content_of(size_t n) {
    uint8_t *p = malloc(n + 1);
    assert_non_null(p);
    uint32_t x = 12345;
    for (size_t i = 0; i < n; i++) {
        x = x * 1664525u + 1013904223u;
        p[i] = (uint8_t)(x >> 24);
    }
    if (n > 1000) memcpy(p + n / 2, CANARY, strlen(CANARY));
    return p;
}
static json_t *meta(const char *name, const char *to) {
    return json_pack("{s:s,s:[s],s:s,s:s}", "channel", channel, "recipients", to, "name", name,
                     "media_type", "application/octet-stream");
}
static int file_of(const uint8_t *p, size_t n) {
    int fd = memfd_create("content", 0);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), (ssize_t)n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}
static uint64_t last_done, last_all;
static void count(void *ctx, uint64_t done, uint64_t all) {
    (void)ctx;
    last_done = done;
    last_all = all;
}
static void upload_file(struct sim_party *p, size_t n, const char *to, char id[65]) {
    struct rb_client c = sim_client(p);
    uint8_t *bytes = content_of(n);
    int fd = file_of(bytes, n);
    json_t *m = meta("map.bin", to), *out = NULL, *d;
    assert_int_equal(rb_client_upload(&c, fd, m, count, NULL, &out), 200);
    assert_int_equal(last_done, n);
    assert_int_equal(last_all, n);
    d = json_pack("{s:s,s:s,s:s}", "channel", channel, "kind", "attachment", "upload",
                  str(out, "upload"));
    released(p, d, id);
    json_decref(out);
    json_decref(m);
    close(fd);
    free(bytes);
}
static void check_file(struct sim_party *p, const char *id, size_t n, uint64_t from) {
    struct rb_client c = sim_client(p);
    uint8_t *want = content_of(n), *got = malloc(n + 1);
    int fd = memfd_create("back", 0);
    json_t *out = NULL;
    assert_int_equal(rb_client_download(&c, id, fd, from, count, NULL, &out), 200);
    assert_int_equal(json_integer_value(json_object_get(out, "size")), n);
    assert_string_equal(str(out, "name"), "map.bin");
    assert_null(json_object_get(out, "data"));
    assert_int_equal(lseek(fd, 0, SEEK_END), (off_t)(n - from));
    assert_int_equal(pread(fd, got, n - from, 0), (ssize_t)(n - from));
    assert_memory_equal(got, want + from, n - from);
    json_decref(out);
    close(fd);
    free(want);
    free(got);
}
static void test_attachments(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 65536 - 256, 65536, 200001, 524288, 1200000};
    struct rb_client c = sim_client(east);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char id[65], path[256];
        json_t *out = NULL;
        upload_file(north, sizes[i], "south", id);
        settle();
        settle();
        json_t *r = get(south, "/v1/records/%s", id);
        assert_string_equal(str(r, "body_state"), "opened");
        assert_string_equal(str(r, "title"), "map.bin");
        json_decref(r);
        check_file(south, id, sizes[i], 0);
        check_file(north, id, sizes[i], 0);
        if (sizes[i] > 65536) check_file(south, id, sizes[i], 65536);
        snprintf(path, sizeof path, "/v1/records/%s/content", id);
        assert_int_equal(c.call(c.ctx, "GET", path, NULL, &out), 403);
        json_decref(out);
        snprintf(path, sizeof path, "/v1/records/%s/content?from=1", id);
        assert_int_equal(call(south, "GET", path, NULL, NULL), 400);
        snprintf(path, sizeof path, "/v1/records/%s/content?from=67043328", id);
        assert_int_equal(call(south, "GET", path, NULL, NULL), 400);
        assert_int_equal(walk(east, id, "map.bin"), 0);
    }
}
static void test_attachment_again(void **state) {
    (void)state;
    char id[65], later[65];
    upload_file(north, 200001, "south", id);
    settle();
    json_t *d = again("attachment", id, "east");
    released(north, d, later);
    settle();
    settle();
    check_file(east, later, 200001, 0);
    json_t *a = commitments(north, id), *b = commitments(east, later);
    assert_int_equal(json_array_size(a), 2);
    assert_true(json_equal(a, b));
    json_decref(a);
    json_decref(b);
}

static int piece(const char *id, uint64_t from, size_t n, json_t **out) {
    char path[128];
    uint8_t *bytes = content_of(from + n);
    size_t cap = n * 2 + 8;
    char *text = malloc(cap);
    assert_non_null(text);
    struct rb_writer w = rb_writer(text, cap);
    rb_put_base64(&w, bytes + from, n);
    snprintf(path, sizeof path, "/v1/uploads/%s", id);
    int status =
        call(north, "POST", path,
             json_pack("{s:I,s:s}", "from", (json_int_t)from, "data", rb_writer_z(&w)), out);
    free(text);
    free(bytes);
    return status;
}
static void begin_upload(size_t size, char id[24]) {
    json_t *m = meta("map.bin", "south"), *out = NULL;
    json_object_set_new(m, "size", json_integer((json_int_t)size));
    assert_int_equal(call(north, "POST", "/v1/uploads", m, &out), 200);
    assert_int_equal(json_integer_value(json_object_get(out, "next")), 0);
    snprintf(id, 24, "%s", str(out, "upload"));
    json_decref(out);
}
static void drop_upload(const char *id, int status) {
    char path[128];
    snprintf(path, sizeof path, "/v1/uploads/%s/drop", id);
    assert_int_equal(call(north, "POST", path, json_object(), NULL), status);
}
static void test_upload_out_of_step(void **state) {
    (void)state;
    char id[24];
    json_t *out = NULL, *d;
    begin_upload(200000, id);
    assert_int_equal(piece(id, 65536, 65536, &out), 409);
    assert_string_equal(code(out), "from");
    assert_int_equal(json_integer_value(json_object_get(out, "next")), 0);
    json_decref(out);
    assert_int_equal(piece(id, 0, 65535, NULL), 400);
    assert_int_equal(piece(id, 0, 0, NULL), 400);
    assert_int_equal(piece(id, 0, 262144, NULL), 400); /* more than its size */
    assert_int_equal(piece(id, 0, 65536, &out), 200);
    assert_int_equal(json_integer_value(json_object_get(out, "next")), 65536);
    assert_true(json_is_false(json_object_get(out, "done")));
    json_decref(out);
    assert_int_equal(piece(id, 0, 65536, &out), 409); /* the answer was lost: told where to go on */
    assert_int_equal(json_integer_value(json_object_get(out, "next")), 65536);
    json_decref(out);
    /* half an upload makes no record */
    d = json_pack("{s:s,s:s,s:s}", "channel", channel, "kind", "attachment", "upload", id);
    assert_int_equal(call(north, "POST", "/v1/compose", d, &out), 409);
    assert_string_equal(str(json_object_get(out, "error"), "field"), "upload");
    json_decref(out);
    assert_int_equal(piece(id, 65536, 131072, NULL), 200);
    assert_int_equal(piece(id, 196608, 3392, &out), 200);
    assert_true(json_is_true(json_object_get(out, "done")));
    json_decref(out);
    assert_int_equal(piece(id, 200000, 0, &out), 200); /* said again */
    assert_true(json_is_true(json_object_get(out, "done")));
    json_decref(out);
    assert_int_equal(piece(id, 200000, 1, NULL), 400);
    /* what is composed names this upload's body: another record cannot take it */
    struct rb_client c = sim_client(north);
    struct rb_signer_key officer = sim_officer(north, 0);
    json_t *one = NULL, *other = NULL;
    d = json_pack("{s:s,s:s,s:s}", "channel", channel, "kind", "attachment", "upload", id);
    json_object_set_new(d, "recipients", json_pack("[s]", "east"));
    assert_int_equal(rb_client_compose(&c, d, &out), 400); /* the upload has its recipients */
    json_decref(out);
    json_object_del(d, "recipients");
    assert_int_equal(rb_client_compose(&c, d, &one), 200);
    json_decref(d);
    assert_string_equal(str(one, "upload"), id);
    assert_null(json_object_get(one, "sealed"));
    char second[24];
    begin_upload(1, second);
    assert_int_equal(piece(second, 0, 1, NULL), 200);
    other = json_copy(one);
    json_object_set_new(other, "upload", json_string(second));
    assert_int_equal(rb_client_submit(&c, &officer, other, false, &out), 422);
    assert_string_equal(code(out), "sealed");
    json_decref(out);
    json_decref(other);
    drop_upload(second, 200);
    drop_upload(second, 404);
    assert_int_equal(rb_client_submit(&c, &officer, one, false, &out), 200);
    json_decref(out);
    assert_int_equal(rb_client_submit(&c, &officer, one, false, &out), 404); /* used up */
    json_decref(out);
    json_decref(one);
}
static void test_uploads_bounded(void **state) {
    (void)state;
    char id[4][24];
    json_t *out = NULL, *m = meta("map.bin", "south");
    json_object_set_new(m, "size", json_integer(70000));
    for (size_t i = 0; i < 4; i++)
        begin_upload(70000, id[i]);
    assert_int_equal(call(north, "POST", "/v1/uploads", json_incref(m), &out), 503);
    json_decref(out);
    drop_upload(id[2], 200);
    begin_upload(70000, id[2]);
    sim_run_for(sim, 400 * SECOND);
    assert_int_equal(piece(id[1], 0, 65536, NULL), 200); /* kept alive */
    sim_run_for(sim, 300 * SECOND);
    assert_int_equal(piece(id[0], 0, 65536, NULL), 404);
    assert_int_equal(piece(id[1], 65536, 4464, NULL), 200);
    drop_upload(id[1], 200);
    drop_upload(id[3], 404);
    json_decref(m);
}

/* ---- many at once -------------------------------------------------------------------------------
 */
static json_t *signed_by(struct sim_party *p, json_t *composed) {
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
static void test_batch(void **state) {
    (void)state;
    json_t *list = json_array(), *out = NULL, *composed = NULL;
    for (size_t i = 0; i < 4; i++) {
        json_t *to = i == 2 ? NULL : json_pack("[s]", "south");
        json_t *body = i == 2 ? open_words() : words("many");
        assert_int_equal(
            call(north, "POST", "/v1/compose", draft("statement", body, to), &composed),
            200);
        json_array_append_new(list, signed_by(north, composed));
        json_decref(composed);
    }
    /* the last brings another's body */
    json_object_set(json_array_get(list, 3), "sealed",
                    json_object_get(json_array_get(list, 0), "sealed"));
    assert_int_equal(
        call(north, "POST", "/v1/submit-batch", json_pack("{s:o}", "records", list), &out), 200);
    static const int want[] = {200, 200, 200, 422};
    for (size_t i = 0; i < 4; i++) {
        const json_t *a = json_array_get(json_object_get(out, "answers"), i);
        assert_int_equal(json_integer_value(json_object_get(a, "status")), want[i]);
    }
    char id[65];
    snprintf(id, sizeof id, "%s",
             str(json_array_get(json_object_get(out, "answers"), 1), "record"));
    json_decref(out);
    settle();
    json_t *r = get(south, "/v1/records/%s", id);
    assert_string_equal(str(r, "title"), "many");
    json_decref(r);
}

/* ---- purge
 * --------------------------------------------------------------------------------------- */
static int purge(struct sim_party *p, const char *id, bool despite, json_t **out) {
    char path[128];
    snprintf(path, sizeof path, "/v1/records/%s/purge", id);
    return call(p, "POST", path,
                json_pack("{s:s,s:b}", "reason", "no longer needed", "despite", (int)despite), out);
}
static void test_purge(void **state) {
    (void)state;
    char id[65], file[65], path[128];
    json_t *out = NULL;
    sim_cut(sim, north, south);
    sim_cut(sim, east, south);
    released(north, draft("statement", words("to go"), json_pack("[s]", "south")), id);
    sim_run_for(sim, 5 * SECOND);
    assert_int_equal(purge(north, id, false, &out), 409);
    assert_string_equal(code(out), "warnings");
    assert_non_null(warning(out, "not-held"));
    json_decref(out);
    sim_heal_all(sim);
    settle();
    settle();
    assert_int_equal(purge(east, id, true, NULL), 403); /* it has none */
    assert_int_equal(purge(north, id, false, &out), 200);
    assert_string_equal(str(out, "purged"), id);
    assert_int_equal(json_string_length(json_object_get(out, "record")), 64);
    json_decref(out);
    assert_int_equal(purge(north, id, false, &out), 409);
    assert_string_equal(code(out), "exists");
    json_decref(out);
    settle();
    json_t *own = get(north, "/v1/records/%s", id), *read = get(south, "/v1/records/%s", id);
    assert_string_equal(str(own, "body_state"), "purged");
    assert_true(json_is_null(json_object_get(own, "body")));
    assert_true(json_is_null(json_object_get(own, "title")));
    assert_string_equal(str(read, "body_state"), "opened");
    assert_true(json_is_true(json_object_get(holder_of(read, "north"), "purged")));
    assert_true(json_is_false(json_object_get(holder_of(read, "south"), "purged")));
    json_decref(own);
    json_decref(read);
    upload_file(north, 70000, "south", file);
    settle();
    assert_int_equal(purge(south, file, false, NULL), 200);
    snprintf(path, sizeof path, "/v1/records/%s/content", file);
    assert_int_equal(call(south, "GET", path, NULL, &out), 409);
    assert_string_equal(code(out), "body");
    json_decref(out);
    settle();
}

/* ---- rosters
 * -------------------------------------------------------------------------------------- */
static json_t *roster(const char *name) {
    return json_pack("{s:s,s:[{s:s,s:s,s:s,s:s},{s:s,s:s}]}", "title", "Watch", "persons", "name",
                     name, "duty", "duty officer", "from", "2015-10-01T00:00:00Z", "to",
                     "2015-10-02T00:00:00Z", "name", "always heron", "contact", "room 4");
}
static const json_t *person(const json_t *view, const char *member, size_t i) {
    size_t k;
    const json_t *r;
    json_array_foreach(json_object_get(view, "rosters"), k, r) {
        if (strcmp(str(r, "member"), member) == 0)
            return json_array_get(json_object_get(r, "persons"), i);
    }
    return NULL;
}
static void test_roster(void **state) {
    (void)state;
    char id[65];
    released(north, draft("roster", roster("early"), json_pack("[s]", "south")), id);
    released(north, draft("roster", roster("late"), json_pack("[s]", "south")), id);
    settle();
    static const struct {
        const char *at;
        bool on;
    } times[] = {{"2015-09-30T23:59:59Z", false},
                 {"2015-10-01T00:00:00Z", true},
                 {"2015-10-01T23:59:59Z", true},
                 {"2015-10-02T00:00:00Z", false}};
    for (size_t i = 0; i < 4; i++) {
        char path[256];
        json_t *out = NULL;
        snprintf(path, sizeof path, "/v1/channels/%s/roster?at=%s", channel, times[i].at);
        assert_int_equal(call(south, "GET", path, NULL, &out), 200);
        const json_t *p = person(out, "north", 0);
        assert_string_equal(str(p, "name"), "late"); /* the later takes the place of the first */
        assert_true(json_is_true(json_object_get(p, "on_duty")) == times[i].on);
        p = person(out, "north", 1);
        assert_true(json_is_true(json_object_get(p, "on_duty")));
        assert_true(json_is_null(json_object_get(p, "duty")));
        json_decref(out);
    }
    json_t *none = get(east, "/v1/channels/%s/roster", channel);
    assert_int_equal(json_array_size(json_object_get(none, "rosters")), 0);
    json_decref(none);
    assert_true(walk(south, id, "always heron") > 0);
    assert_int_equal(walk(east, id, "always heron"), 0);
}

/* ---- status
 * ----------------------------------------------------------------------------------------- */
static void test_status(void **state) {
    (void)state;
    json_t *s = get(south, "/v1/status", "");
    assert_string_equal(str(s, "age_key"), "open");
    const json_t *c = json_array_get(json_object_get(s, "channels"), 0);
    assert_true(json_is_integer(json_object_get(c, "bodies_missing")));
    assert_int_equal(json_integer_value(json_object_get(c, "bodies_missing")), 0);
    assert_int_equal(json_integer_value(json_object_get(c, "bodies_unopened")), 0);
    json_decref(s);
    assert_int_equal(alerts_with_canary, 0);
    assert_null(sim_broken(sim));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_or_refused),
        cmocka_unit_test(test_not_compared),
        cmocka_unit_test(test_said_to_one),
        cmocka_unit_test(test_not_there_yet),
        cmocka_unit_test(test_position_closes_itself),
        cmocka_unit_test(test_wrong_words),
        cmocka_unit_test(test_sealed_is_checked),
        cmocka_unit_test(test_two_officers),
        cmocka_unit_test(test_same_as),
        cmocka_unit_test(test_attachments),
        cmocka_unit_test(test_attachment_again),
        cmocka_unit_test(test_upload_out_of_step),
        cmocka_unit_test(test_uploads_bounded),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_purge),
        cmocka_unit_test(test_roster),
        cmocka_unit_test(test_status),
    };
    return cmocka_run_group_tests_name("api-closed", tests, world, end);
}
