/* The local API and closed records: what is said to some is looked for at the others, in every
 * answer, error and alert. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "api_world.h"
#include "readback/text.h"
#include "shell/api/internal.h"

/* ---- composing, releasing, reading -------------------------------------------------------------
 */
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

/* whom our record told, its withdrawal tells too */
static void test_withdrawn(void **state) {
    (void)state;
    char id[65], answer[65];
    released(north, draft("statement", words("taken back"), json_pack("[s]", "south")), id);
    settle();
    released(north, position("withdraw", id), answer);
    settle();
    json_t *read = get(south, "/v1/records/%s", id), *other = get(east, "/v1/records/%s", id);
    assert_string_equal(str(only_position(read), "position"), "withdraw");
    assert_true(json_is_null(json_object_get(only_position(other), "position")));
    assert_string_equal(str(read, "title"), "taken back");
    assert_string_equal(str(read, "channel_title"), "Closed");
    assert_string_equal(str(other, "channel_title"), "Closed");
    json_decref(read);
    json_decref(other);
}

/* ---- wrong input -------------------------------------------------------------------------------
 */
/* in these ' is ", and OPEN and CLOSED are records */
static const struct {
    const char *path, *in;
    int status;
    const char *code, *field;
} wrong[] = {
    {"/v1/compose", "{'kind':'statement','body':{'title':'a','text':'b'},'recipients':'south'}",
     400, "usage", "recipients"},
    {"/v1/compose", "{'kind':'statement','body':{'title':'a','text':'b'},'recipients':[]}", 400,
     "recipients", "recipients"},
    {"/v1/compose",
     "{'kind':'statement','body':{'title':'a','text':'b'},'recipients':['" CANARY "']}", 400,
     "usage", "recipients"},
    {"/v1/compose", "{'kind':'statement','body':{'title':'a','text':'b'},'recipients':[7]}", 400,
     "usage", "recipients"},
    {"/v1/compose", "{'kind':'membership','body':{'action':'suspend'},'recipients':['south']}", 403,
     "denied", "recipients"},
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
    {"/v1/compose", "{'kind':'roster','body':{'title':'" CANARY "','persons':[{'name':'a'}]}}", 400,
     "recipients", "recipients"},
    {"/v1/compose", "{'kind':'text','body':{'title':'" CANARY "','version':1,'paragraphs':['p']}}",
     400, "recipients", "recipients"},
    {"/v1/compose", "{'kind':'attachment','body':{'name':'a','size':1},'recipients':['south']}",
     400, "usage", "upload"},
    {"/v1/compose", "{'kind':'attachment','upload':'0011223344556677'}", 404, "not_found",
     "upload"},
    {"/v1/compose", "{'kind':'attachment','upload':'" CANARY "'}", 404, "not_found", "upload"},
    {"/v1/compose", "{'kind':'statement','upload':'0011223344556677'}", 400, "usage", "kind"},
    {"/v1/compose", "{'kind':'statement','same_as':'ffffffffffffffff','recipients':['south']}", 400,
     "usage", "same_as"},
    {"/v1/compose", "{'kind':'statement','same_as':'OPEN','recipients':['south']}", 400, "usage",
     "same_as"},
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
    {"/v1/uploads", "{'recipients':['nobody'],'name':'a','size':1}", 400, "usage", "recipients"},
    {"/v1/uploads", "{'recipients':['south'],'size':1}", 400, "usage", "name"},
    {"/v1/uploads", "{'recipients':['south'],'name':'../" CANARY "','size':1}", 400, "malformed",
     NULL},
    {"/v1/uploads", "{'recipients':['south'],'name':'a','size':-1}", 400, "usage", "size"},
    {"/v1/uploads", "{'recipients':['south'],'name':'a','size':'1'}", 400, "usage", "size"},
    {"/v1/uploads", "{'recipients':['south'],'name':'a','size':67108865}", 413, "limit", "size"},
    {"/v1/uploads", "{'recipients':['south'],'name':'a','size':1,'media':'x'}", 400, "usage",
     "media"},
    {"/v1/uploads/00", "{'from':0,'data':''}", 404, "not_found", "upload"},
    {"/v1/uploads/0011223344556677/drop", "{}", 404, "not_found", "upload"},
    {"/v1/records/CLOSED/purge", "{'reason':7}", 400, "usage", "reason"},
    {"/v1/records/OPEN/purge", "{}", 400, "usage", "record"},
    {"/v1/unlock", "{}", 400, "usage", "passphrase"},
    {"/v1/unlock", "{'passphrase':'" CANARY "'}", 409, "exists", NULL},
};
static void expand(const char *z, const char *open_id, const char *closed_id, char *to,
                   size_t cap) {
    size_t n = 0;
    while (*z && n + 65 < cap) {
        bool o = strncmp(z, "OPEN", 4) == 0, c = strncmp(z, "CLOSED", 6) == 0;
        if (o || c) {
            n += (size_t)snprintf(to + n, cap - n, "%s", o ? open_id : closed_id);
            z += o ? 4 : 6;
        } else {
            to[n++] = *z == '\'' ? '"' : *z;
            z++;
        }
    }
    to[n] = 0;
}
static void test_wrong_words(void **state) {
    (void)state;
    char open_id[65], id[65], text[2048], path[256];
    released(north, draft("statement", open_words(), NULL), open_id);
    released(north, draft("statement", words("closed"), json_pack("[s]", "south")), id);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        expand(wrong[i].path, open_id, id, path, sizeof path);
        expand(wrong[i].in, open_id, id, text, sizeof text);
        json_t *in = json_loads(text, 0, NULL), *out = NULL;
        assert_non_null(in);
        if (strcmp(path, "/v1/compose") == 0 || strcmp(path, "/v1/uploads") == 0)
            json_object_set_new(in, "channel", json_string(channel));
        int status = call(north, "POST", path, in, &out);
        if (status != wrong[i].status || strcmp(code(out), wrong[i].code) != 0)
            print_error("%zu: %s %s\n", i, path, text);
        expect(status, wrong[i].status, out);
        assert_string_equal(code(out), wrong[i].code);
        if (wrong[i].field)
            assert_string_equal(str(json_object_get(out, "error"), "field"), wrong[i].field);
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

/* ---- the age key is sealed ----------------------------------------------------------------------
 */
/* the local API around south's real node, as it is when nobody has unlocked the key yet */
struct sealed_host {
    uint8_t leaf[RB_MAX_LEAF]; /* of the one record that is looked at */
    size_t leaf_n;
    bool unlocked;
    struct rb_api *api;
};
static struct rb_now sealed_now(void *ctx) {
    (void)ctx;
    return (struct rb_now){sim_mono_us(sim) / 1000, sim_utc_ms(sim)};
}
static enum rb_err sealed_leaf(void *ctx, const struct rb_feed_ref *feed, uint64_t index,
                               uint8_t *buf, size_t *n) {
    const struct sealed_host *h = ctx;
    (void)feed, (void)index;
    memcpy(buf, h->leaf, h->leaf_n);
    *n = h->leaf_n;
    return RB_OK;
}
static bool sealed_locked(void *ctx) {
    return !((const struct sealed_host *)ctx)->unlocked;
}
static enum rb_err sealed_head(void *ctx, const struct rb_body_ref *ref, enum rb_kind kind,
                               uint8_t *buf, size_t cap, size_t *n) {
    (void)ctx, (void)ref, (void)kind, (void)buf, (void)cap, (void)n;
    fail(); /* what is sealed is not even asked for */
    return RB_ERR_STATE;
}
static enum rb_err sealed_bytes(void *ctx, struct rb_slice in, enum rb_kind kind, uint8_t *buf,
                                size_t cap, size_t *n) {
    (void)ctx, (void)in, (void)kind, (void)buf, (void)cap, (void)n;
    return RB_ERR_STATE;
}
static void sealed_random(void *ctx, void *out, size_t n) {
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)sim_random(sim);
}
static enum rb_err sealed_unlock(void *ctx, struct rb_slice passphrase) {
    struct sealed_host *h = ctx;
    if (h->unlocked) return RB_ERR_EXISTS;
    if (!rb_slice_is(passphrase, "open sesame")) return RB_ERR_SIGNATURE;
    h->unlocked = true;
    rb_api_unlocked(h->api);
    return RB_OK;
}
struct reply {
    int status;
    json_t *body;
};
static void take(void *ctx, int status, json_t *body) {
    *(struct reply *)ctx = (struct reply){status, body};
}
static json_t *ask(struct sealed_host *h, const char *method, const char *path, json_t *in,
                   int want) {
    struct reply r = {0};
    rb_api_handle(h->api, method, path, "", in, take, &r);
    json_decref(in);
    expect(r.status, want, r.body);
    return r.body;
}
static void is_locked(json_t *out) {
    assert_string_equal(code(out), "locked");
    assert_false(contains(out, CANARY));
    json_decref(out);
}
static void look_sealed(struct sealed_host *h, const char *id) {
    char path[128];
    json_t *out = ask(h, "GET", "/v1/status", NULL, 200), *p;
    size_t i;
    bool found = false;
    assert_string_equal(str(out, "age_key"), "sealed");
    json_decref(out);
    out = ask(h, "GET", "/v1/doctor", NULL, 200);
    json_array_foreach(json_object_get(out, "problems"), i, p) {
        found |= strcmp(str(p, "code"), "sealed") == 0;
    }
    assert_true(found);
    json_decref(out);
    snprintf(path, sizeof path, "/v1/records/%s", id);
    out = ask(h, "GET", path, NULL, 200);
    assert_string_equal(str(out, "body_state"), "held");
    assert_string_equal(str(out, "body_why"), "the age key is sealed");
    assert_true(json_is_null(json_object_get(out, "body")));
    assert_true(json_is_null(json_object_get(out, "title")));
    json_decref(out);
}
static void test_sealed_key(void **state) {
    (void)state;
    static struct sealed_host h;
    char id[65];
    struct rb_client c = sim_client(south);
    struct rb_api_host host = {.ctx = &h,
                               .node = sim_node(south),
                               .now = sealed_now,
                               .leaf = sealed_leaf,
                               .open_head = sealed_head,
                               .open_bytes = sealed_bytes,
                               .locked = sealed_locked,
                               .unlock = sealed_unlock,
                               .random = sealed_random};
    released(north, draft("statement", words("sealed"), json_pack("[s]", "south")), id);
    settle();
    json_t *out = get(south, "/v1/records/%s", id), *composed = NULL;
    assert_string_equal(str(out, "title"), "sealed");
    assert_int_equal(
        rb_base64_decode(rb_str(str(out, "leaf_bytes")), h.leaf, sizeof h.leaf, &h.leaf_n), RB_OK);
    json_decref(out);
    json_t *d = draft("statement", words("mine"), json_pack("[s]", "north"));
    assert_int_equal(rb_client_compose(&c, d, &composed), 200);
    assert_int_equal(rb_api_create(&host, &h.api), RB_OK);
    look_sealed(&h, id);
    is_locked(ask(&h, "POST", "/v1/compose", d, 409));
    is_locked(ask(&h, "POST", "/v1/compose", again("statement", id, "north"), 409));
    is_locked(ask(&h, "POST", "/v1/uploads",
                  json_pack("{s:s,s:[s],s:s,s:i}", "channel", channel, "recipients", "north",
                            "name", "a", "size", 1),
                  409));
    json_t *in = signed_by(south, composed);
    is_locked(ask(&h, "POST", "/v1/submit", in, 409));
    json_decref(composed);
    /* what is said to all needs no age key */
    json_decref(ask(&h, "POST", "/v1/compose", draft("statement", open_words(), NULL), 200));
    out = ask(&h, "POST", "/v1/unlock", json_pack("{s:s}", "passphrase", CANARY), 403);
    assert_string_equal(code(out), "passphrase");
    assert_false(contains(out, CANARY));
    json_decref(out);
    json_decref(
        ask(&h, "POST", "/v1/unlock", json_pack("{s:s}", "passphrase", "open sesame"), 200));
    json_decref(
        ask(&h, "POST", "/v1/unlock", json_pack("{s:s}", "passphrase", "open sesame"), 409));
    out = ask(&h, "GET", "/v1/status", NULL, 200);
    assert_string_equal(str(out, "age_key"), "unlocked");
    json_decref(out);
    /* what was sealed leaves nothing of itself in the memory that the next request gets */
    d = draft("statement", words("mine"), json_pack("[s]", "north"));
    out = ask(&h, "POST", "/v1/compose", d, 200);
    assert_true(contains(out, CANARY));
    json_decref(out);
    assert_null(memmem(h.api->work, RB_API_WORK, CANARY, strlen(CANARY)));
    rb_api_destroy(h.api);
}

/* ---- nobody is sealed to with a revoked key -----------------------------------------------------
 */
static json_t *revocation_of_age(struct sim_party *p) {
    static struct rb_revocation r;
    static uint8_t card_work[65536], payload[2048], tbs[4096], made[4096], sig[RB_SIG_LEN];
    static char text[8192];
    struct rb_card card;
    struct rb_reject rj;
    struct rb_slice stated;
    struct rb_signer_key key = sim_party_key(p);
    struct rb_arena a = rb_arena(card_work, sizeof card_work);
    assert_int_equal(rb_card_decode(sim_card(p), &card, &a, &rj), RB_OK);
    r = (struct rb_revocation){.party = card.party,
                               .role = RB_KEY_AGE,
                               .key = card.age,
                               .reason = rb_str("lost"),
                               .issued_utc_ms = START_UTC_MS};
    struct rb_writer w = rb_writer(payload, sizeof payload), t = rb_writer(tbs, sizeof tbs),
                     m = rb_writer(made, sizeof made), b = rb_writer(text, sizeof text);
    rb_revocation_encode(&r, &w);
    rb_party_tbs(rb_written(&w), &key.pub, &t);
    assert_int_equal(key.sign(key.ctx, rb_written(&t), sig), RB_OK);
    assert_int_equal(rb_party_assemble(rb_written(&w), &key.pub, sig, &m), RB_OK);
    assert_int_equal(rb_writer_done(&m, &stated), RB_OK);
    rb_put_base64(&b, stated.p, stated.n);
    return json_pack("{s:s}", "signed", rb_writer_z(&b));
}
static void test_revoked_key(void **state) {
    (void)state;
    char id[65];
    json_t *out = NULL;
    released(east, draft("revocation", revocation_of_age(east), NULL), id);
    settle();
    int status = call(north, "POST", "/v1/compose",
                      draft("statement", words("x"), json_pack("[s,s]", "east", "south")), &out);
    expect(status, 409, out);
    assert_string_equal(code(out), "age-key");
    assert_string_equal(str(json_object_get(out, "error"), "field"), "recipients");
    assert_non_null(strstr(str(json_object_get(out, "error"), "sentence"), "east"));
    assert_false(contains(out, CANARY));
    json_decref(out);
    status = call(north, "POST", "/v1/uploads",
                  json_pack("{s:s,s:[s],s:s,s:i}", "channel", channel, "recipients", "east", "name",
                            "a", "size", 1),
                  &out);
    expect(status, 409, out);
    assert_string_equal(code(out), "age-key");
    json_decref(out);
    released(north, draft("statement", words("x"), json_pack("[s]", "south")), id);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_or_refused),
        cmocka_unit_test(test_not_compared),
        cmocka_unit_test(test_said_to_one),
        cmocka_unit_test(test_not_there_yet),
        cmocka_unit_test(test_position_closes_itself),
        cmocka_unit_test(test_withdrawn),
        cmocka_unit_test(test_wrong_words),
        cmocka_unit_test(test_sealed_is_checked),
        cmocka_unit_test(test_two_officers),
        cmocka_unit_test(test_same_as),
        cmocka_unit_test(test_roster),
        cmocka_unit_test(test_sealed_key),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_revoked_key),
    };
    return cmocka_run_group_tests_name("api-closed", tests, world_begin, world_end);
}
