/* The local API and places: what a plan touches is said to who can read it, and to nobody else;
 * what was not compared is counted; a release in spite of it is on record. Real nodes, three
 * parties. */
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

/* ---- what is said in these tests ----------------------------------------------------------------
 */
static json_t *circle(const char *class_, const char *title, double lat, double lon,
                      const char *radius, const char *from, const char *length) {
    return json_pack("{s:s,s:s,s:s,s:[{s:{s:f,s:f,s:s},s:{s:s,s:s}}]}", "class", class_, "title",
                     title, "text", CANARY, "volumes", "circle", "lat", lat, "lon", lon, "radius",
                     radius, "time", "from", from, "length", length);
}
#define OCTOBER "2015-10-10T00:00:00Z"
static json_t *site_at(double lat) {
    return circle("site", "Clinic " CANARY, lat, 36.25, "250m", OCTOBER, "30d");
}
/* 1 km of air between it and the site of the same latitude */
static json_t *plan_at(double lat, double lon) {
    return draft("notice",
                 circle("operation", "Plan", lat, lon, "500m", "2015-10-12T13:00:00Z", "2h"), NULL);
}
#define NEAR 36.2693 /* 1,750 m east of 36.25 at 35 to 36 north */
static json_t *composed(struct sim_party *p, json_t *d) {
    json_t *out = NULL;
    int status = call(p, "POST", "/v1/compose", d, &out);
    expect(status, 200, out);
    return out;
}
static const json_t *check_of(const json_t *o) {
    const json_t *k = json_object_get(o, "check");
    assert_true(json_is_object(k));
    return k;
}
static const json_t *only_conflict(const json_t *check) {
    const json_t *list = json_object_get(check, "conflicts");
    assert_int_equal(json_array_size(list), 1);
    return json_array_get(list, 0);
}
static json_int_t num(const json_t *o, const char *key) {
    const json_t *v = json_object_get(o, key);
    assert_true(json_is_integer(v));
    return json_integer_value(v);
}
static const json_t *cover(const json_t *check) {
    return json_object_get(check, "coverage");
}
/* the words that no answer about places may ever have */
static void never_promised(const json_t *o) {
    static const char *const words[] = {"clear", "safe", "approved", "received", " OK"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_false(contains(o, words[i]));
}
static json_t *position(const char *type, const char *on, const char *more) {
    json_t *body = json_pack("{s:s}", "type", type);
    if (more) json_object_set_new(body, "playback", json_string(more));
    json_t *d = draft("position", body, NULL);
    json_object_set_new(d, "answers", json_pack("[s]", on));
    return d;
}
static const json_t *with_record(const json_t *list, const char *id) {
    size_t i;
    const json_t *o;
    json_array_foreach(list, i, o) {
        if (strcmp(str(o, "record"), id) == 0) return o;
    }
    return NULL;
}

/* ---- a plan, its reader and who cannot read -----------------------------------------------------
 */
static void test_nothing_to_compare(void **state) {
    (void)state;
    json_t *out = composed(north, plan_at(35.9, 36.0));
    const json_t *k = check_of(out), *w = warning(out, "coverage");
    assert_string_equal(str(k, "answer"), "not compared");
    assert_int_equal(num(cover(k), "places"), 0);
    assert_string_equal(str(json_object_get(k, "lead"), "state"), "given");
    assert_non_null(w);
    assert_true(json_is_false(json_object_get(w, "confirm")));
    assert_non_null(strstr(str(w, "sentence"), "Compared with no place"));
    assert_null(warning(out, "not-checked"));
    never_promised(out);
    json_decref(out);
    /* a class that is compared with none says so */
    out = composed(north,
                   draft("notice", circle("area", "A", 35.9, 36.0, "1km", OCTOBER, "1d"), NULL));
    assert_string_equal(str(check_of(out), "answer"), "not compared");
    assert_non_null(strstr(str(cover(check_of(out)), "sentence"), "class area"));
    json_decref(out);
}

static char clinic[65];
static void test_reader_and_others(void **state) {
    (void)state;
    released(north, draft("notice", site_at(35.5), json_pack("[s]", "south")), clinic);
    settle();
    json_t *out = composed(south, plan_at(35.5, NEAR));
    const json_t *k = check_of(out), *x = only_conflict(k), *w = warning(out, "conflict");
    assert_string_equal(str(k, "answer"), "conflict");
    assert_string_equal(str(x, "record"), clinic);
    assert_string_equal(str(x, "author"), "north");
    assert_string_equal(str(x, "class"), "site");
    assert_string_equal(str(x, "title"), "Clinic " CANARY);
    assert_string_equal(str(x, "rule"), "site");
    assert_true(json_is_true(json_object_get(x, "closed")));
    assert_true(json_is_false(json_object_get(x, "nameable"))); /* the plan is open */
    assert_int_equal(num(x, "standoff_mm"), 2000000);
    assert_in_range(num(x, "distance_mm"), 990000, 1010000);
    assert_true(json_is_null(json_object_get(x, "depth_mm")));
    assert_string_equal(str(x, "from"), "2015-10-12T13:00:00Z");
    assert_string_equal(str(x, "to"), "2015-10-12T15:00:00Z");
    assert_true(json_is_null(json_object_get(x, "floor")));
    assert_non_null(w);
    assert_true(json_is_true(json_object_get(w, "confirm")));
    assert_string_equal(str(w, "sentence"), str(x, "sentence"));
    assert_string_equal(str(x, "sentence"),
                        "Operation would come within 1.1 km of the site \"Clinic " CANARY
                        "\" (north); the stand-off is 2 km. Both on 2015-10-12, 13:00Z to 15:00Z, "
                        "at all heights.");
    assert_string_equal(str(cover(k), "sentence"),
                        "Compared with 1 place of 1 member (1 site; 1 closed), looked at on "
                        "2015-09-30.");
    assert_int_equal(num(cover(k), "closed"), 1);
    assert_int_equal(num(cover(k), "unreadable"), 0);
    never_promised(out);
    json_decref(out);
    /* who cannot read it learns that there is one, as its leaf says, and nothing else */
    out = composed(east, plan_at(35.5, NEAR));
    k = check_of(out);
    assert_string_equal(str(k, "answer"), "not compared");
    assert_int_equal(json_array_size(json_object_get(k, "conflicts")), 0);
    assert_int_equal(num(cover(k), "unreadable"), 1);
    assert_non_null(strstr(str(cover(k), "sentence"), "1 closed one cannot be read here"));
    assert_null(warning(out, "conflict"));
    assert_false(contains(check_of(out), clinic));
    assert_false(contains(check_of(out), CANARY));
    json_t *far_away = composed(east, plan_at(33.0, 40.0));
    assert_true(json_equal(check_of(far_away), k)); /* wherever it asks */
    json_decref(far_away);
    json_decref(out);
    assert_int_equal(walk(east, clinic, CANARY), 0);
    assert_int_equal(walk(east, clinic, "35.5"), 0);
    assert_true(walk(south, clinic, CANARY) >= 8);
}
/* the same question without composing */
static void test_check_alone(void **state) {
    (void)state;
    json_t *out = NULL, *d = plan_at(35.5, NEAR);
    json_object_del(d, "kind");
    json_object_set_new(d, "recipients", json_pack("[s]", "north"));
    int status = call(south, "POST", "/v1/check", d, &out);
    expect(status, 200, out);
    const json_t *x = only_conflict(check_of(out));
    assert_true(json_is_true(json_object_get(out, "exercise")));
    assert_true(json_is_true(json_object_get(x, "nameable"))); /* both of them may read the place */
    assert_non_null(warning(out, "conflict"));
    assert_null(json_object_get(out, "payload"));
    json_decref(out);
    d = plan_at(35.5, NEAR);
    assert_int_equal(call(south, "POST", "/v1/check", d, &out), 400); /* "kind" has no place here */
    json_decref(out);
}
/* open words do not help: a later site is told, and not held back */
static void test_site_is_not_held_back(void **state) {
    (void)state;
    char plan[65], late[65];
    json_t *out = NULL;
    released(south, plan_at(34.9, NEAR), plan);
    settle();
    json_t *in = composed(north, draft("notice", site_at(34.9), json_pack("[s]", "south")));
    const json_t *w = warning(in, "conflict");
    assert_non_null(w);
    assert_true(json_is_false(json_object_get(w, "confirm")));
    assert_non_null(strstr(str(w, "sentence"), "Site would come within"));
    json_decref(in);
    released(north, draft("notice", site_at(34.9), json_pack("[s]", "south")), late);
    settle();
    out = get(south, "/v1/inbox", "");
    const json_t *x = with_record(json_object_get(out, "conflicts"), late);
    assert_non_null(x);
    assert_string_equal(str(x, "answer"), "conflict");
    assert_int_equal(num(x, "n"), 1);
    json_decref(out);
    out = get(south, "/v1/records/%s", plan); /* looked at again, it meets what came later */
    assert_string_equal(str(only_conflict(check_of(out)), "record"), late);
    json_decref(out);
}

/* ---- in spite of it -----------------------------------------------------------------------------
 */
/* our service record about `subject`, as `p` sees it; the caller's to free */
static json_t *service_about(struct sim_party *p, const char *type, const char *subject) {
    char path[256];
    snprintf(path, sizeof path, "/v1/channels/%s/log?kind=service&bodies=1&limit=1000", channel);
    json_t *log = get(p, path, "");
    size_t i;
    json_t *r, *found = NULL;
    json_array_foreach(json_object_get(log, "records"), i, r) {
        const json_t *b = json_object_get(r, "body");
        if (strcmp(str(b, "type"), type) == 0 &&
            (subject == NULL || strcmp(str(b, "subject"), subject) == 0)) {
            json_decref(found);
            found = json_incref(r);
        }
    }
    json_decref(log);
    return found;
}
static void test_despite(void **state) {
    (void)state;
    json_t *out = NULL, *d = plan_at(35.5, NEAR);
    char id[65], seen[65];
    assert_int_equal(release_by(south, 0, json_incref(d), &out), 409);
    assert_string_equal(code(out), "warnings");
    assert_non_null(warning(out, "conflict"));
    json_decref(out);
    json_object_set_new(d, "despite", json_true());
    json_object_set_new(d, "demand", json_pack("{s:s,s:s}", "in", "1d", "position", "passed-down"));
    expect(release_by(south, 0, d, &out), 200, out);
    assert_true(json_is_true(json_object_get(out, "despite")));
    snprintf(id, sizeof id, "%s", str(out, "record"));
    json_decref(out);
    settle();
    /* on record, and of the closed place no more than a commitment */
    struct sim_party *all[] = {north, south, east};
    for (size_t i = 0; i < 3; i++) {
        json_t *s = service_about(all[i], "released-despite", id);
        assert_non_null(s);
        const json_t *b = json_object_get(s, "body");
        assert_int_equal(strlen(str(b, "commitment")), 64);
        assert_null(json_object_get(b, "conflicts"));
        assert_false(contains(s, clinic));
        json_decref(s);
    }
    /* it arrives where the place is known, and people are told */
    out = get(north, "/v1/inbox", "");
    const json_t *x = with_record(json_object_get(out, "conflicts"), id);
    assert_non_null(x);
    assert_string_equal(str(x, "author"), "south");
    assert_string_equal(str(x, "answer"), "conflict");
    json_decref(out);
    out = get(north, "/v1/records/%s", id);
    assert_string_equal(str(only_conflict(check_of(out)), "record"), clinic);
    assert_true(json_is_true(json_object_get(out, "stands")));
    json_decref(out);
    out = get(north, "/v1/status", "");
    assert_true(num(json_object_get(out, "alerts"), "conflict") >= 1);
    json_decref(out);
    out = get(east, "/v1/inbox", "");
    assert_null(with_record(json_object_get(out, "conflicts"), id));
    json_decref(out);
    assert_int_equal(alerts_with_canary, 0);
    out = get(east, "/v1/records/%s", id);
    assert_int_equal(json_array_size(json_object_get(check_of(out), "conflicts")), 0);
    assert_false(contains(out, clinic));
    json_decref(out);
    released(north, position("read", id, NULL), seen);
    out = get(north, "/v1/inbox", ""); /* read, an answer due: it is not told as new any more */
    assert_non_null(with_record(json_object_get(out, "items"), id));
    assert_null(with_record(json_object_get(out, "conflicts"), id));
    json_decref(out);
    /* over: taken back, so that it meets nothing in what follows */
    released(south, position("withdraw", id, NULL), seen);
    settle();
}
/* an open place is named in the record that says so */
static void test_despite_an_open_place(void **state) {
    (void)state;
    json_t *out = NULL, *d;
    char first[65], second[65];
    released(north, plan_at(36.4, 36.25), first);
    settle();
    d = plan_at(36.4, 36.2505);
    json_object_set_new(d, "despite", json_true());
    expect(release_by(east, 0, d, &out), 200, out);
    snprintf(second, sizeof second, "%s", str(out, "record"));
    json_decref(out);
    settle();
    json_t *s = service_about(north, "released-despite", second);
    assert_non_null(s);
    const json_t *b = json_object_get(s, "body");
    assert_true(has(json_object_get(b, "conflicts"), first));
    assert_null(json_object_get(b, "commitment"));
    json_decref(s);
    out = get(east, "/v1/records/%s", second);
    const json_t *x = only_conflict(check_of(out));
    assert_string_equal(str(x, "rule"), "another party's notice");
    assert_true(json_is_true(json_object_get(x, "nameable")));
    assert_true(num(x, "depth_mm") > 900000);
    assert_non_null(strstr(str(x, "sentence"), "would overlap the operation \"Plan\" (north)"));
    json_decref(out);
}
static void test_withdrawn(void **state) {
    (void)state;
    char id[65], taken[65];
    released(north, draft("notice", site_at(33.3), json_pack("[s]", "south")), id);
    settle();
    json_t *out = composed(south, plan_at(33.3, NEAR));
    assert_string_equal(str(check_of(out), "answer"), "conflict");
    json_decref(out);
    released(north, position("withdraw", id, NULL), taken);
    settle();
    out = composed(south, plan_at(33.3, NEAR));
    assert_string_equal(str(check_of(out), "answer"), "none found");
    assert_null(with_record(json_object_get(check_of(out), "conflicts"), id));
    assert_null(warning(out, "conflict"));
    assert_non_null(warning(out, "coverage"));
    never_promised(out);
    json_decref(out);
    out = get(south, "/v1/records/%s", id);
    assert_true(json_is_false(json_object_get(out, "stands")));
    json_decref(out);
}
/* heights above ground: the third answer */
static void test_not_excluded(void **state) {
    (void)state;
    char id[65];
    json_t *body = site_at(37.5), *d = plan_at(37.5, NEAR);
    json_t *v = json_array_get(json_object_get(body, "volumes"), 0),
           *w = json_array_get(json_object_get(json_object_get(d, "body"), "volumes"), 0);
    json_object_set_new(v, "ceiling", json_string("120m agl"));
    json_object_set_new(w, "floor", json_string("900m amsl"));
    released(north, draft("notice", body, json_pack("[s]", "south")), id);
    settle();
    json_t *out = composed(south, d);
    const json_t *x = only_conflict(check_of(out)), *warn = warning(out, "not-excluded");
    assert_string_equal(str(check_of(out), "answer"), "cannot be excluded");
    assert_true(has(json_object_get(x, "unsure"), "terrain"));
    assert_true(json_is_true(json_object_get(x, "band_at_most")));
    assert_non_null(strstr(str(x, "sentence"),
                           ", heights above ground. Both on 2015-10-12, 13:00Z to "
                           "15:00Z, at most from 9"));
    assert_non_null(strstr(str(x, "sentence"), "Operation may come within"));
    assert_non_null(warn);
    assert_true(json_is_true(json_object_get(warn, "confirm")));
    assert_int_equal(num(json_object_get(cover(check_of(out)), "unsure"), "terrain"), 1);
    json_decref(out);
}
/* many at once tell no more than one by one: each is asked about */
static void test_batch(void **state) {
    (void)state;
    json_t *made = composed(south, plan_at(35.5, NEAR)), *out = NULL,
           *free_of_it = composed(south, plan_at(30.0, 30.0)), *in;
    in = json_pack("{s:[o,o]}", "records", signed_by(south, made), signed_by(south, free_of_it));
    int status = call(south, "POST", "/v1/submit-batch", in, &out);
    expect(status, 200, out);
    const json_t *answers = json_object_get(out, "answers");
    assert_int_equal(num(json_array_get(answers, 0), "status"), 409);
    assert_string_equal(code(json_array_get(answers, 0)), "warnings");
    assert_int_equal(num(json_array_get(answers, 1), "status"), 200);
    json_decref(out);
    json_decref(made);
    json_decref(free_of_it);
}

/* ---- how places are written ---------------------------------------------------------------------
 */
static void test_words(void **state) {
    (void)state;
    json_t *out = NULL, *d;
    d = draft(
        "notice",
        body_of("{'class':'operation','title':'P','volumes':[{'circle':{'place':'37S BV 50000 "
                "32000','radius':'2km'},'ceiling':'FL120','time':{'from':'2015-10-12T13:00:00Z',"
                "'length':'2h'}}]}"),
        NULL);
    out = composed(north, d);
    const json_t *v = json_array_get(json_object_get(json_object_get(out, "body"), "volumes"), 0);
    assert_string_equal(str(v, "as_entered"), "37S BV 50000 32000\nradius 2km\nceiling FL120");
    assert_int_equal(num(json_object_get(v, "ceiling"), "height"), 120);
    json_decref(out);
    /* the letter S: two places, neither is taken, and the text is not said again */
    d = draft("notice",
              body_of("{'class':'operation','title':'P','volumes':[{'circle':{'place':'37S 500000 "
                      "3812345','radius':'2km'}}]}"),
              NULL);
    assert_int_equal(call(north, "POST", "/v1/compose", d, &out), 400);
    assert_string_equal(str(json_object_get(out, "error"), "field"),
                        "body.volumes[0].circle.place");
    assert_true(contains(out, "37north") && contains(out, "37south"));
    assert_false(contains(out, "3812345"));
    json_decref(out);
    /* an outline that nobody could compare */
    d = draft("notice",
              body_of("{'class':'operation','title':'P','volumes':[{'corridor':{'half_width':'2km',"
                      "'points':[[10,0],[10,100]]}}]}"),
              NULL);
    assert_int_equal(call(north, "POST", "/v1/compose", d, &out), 400);
    assert_string_equal(str(json_object_get(out, "error"), "clause"), "10.1.5");
    assert_string_equal(str(json_object_get(out, "error"), "field"), "body.volumes[0]");
    json_decref(out);
}
static void test_plausible(void **state) {
    (void)state;
    static const struct {
        const char *place, *radius, *code;
    } odd[] = {{"36.50, 35.50", "2km", NULL}, {"36.25, 60.00", "2km", "theatre"},
               {"44.00, 35.00", "2km", NULL}, {"20.00, 35.00", "2km", "theatre"},
               {"0.00, 0.00", "2km", "zero"}, {"35.50000001, 36.20000001", "2km", "precision"},
               {"37S BV", "2km", "coarse"},   {"37S BV 50000 32000", "2km", NULL},
               {"40, 31", "200km", NULL},     {"31, 40.5", "200km", NULL},
               {"46, 31", "200km", "swapped"}};
    static const char *const codes[] = {"theatre", "swapped", "zero", "precision", "coarse"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        json_t *body =
            json_pack("{s:s,s:s,s:[{s:{s:s,s:s},s:{s:s,s:s}}]}", "class", "operation", "title", "P",
                      "volumes", "circle", "place", odd[i].place, "radius", odd[i].radius, "time",
                      "from", "2016-10-12T13:00:00Z", "length", "2h");
        json_t *out = composed(north, draft("notice", body, NULL));
        for (size_t k = 0; k < sizeof codes / sizeof *codes; k++) {
            const json_t *w = warning(out, codes[k]);
            bool want = odd[i].code && strcmp(odd[i].code, codes[k]) == 0;
            if (strcmp(codes[k], "theatre") == 0 && odd[i].code && strcmp(odd[i].code, "zero") == 0)
                continue; /* it is outside, too */
            if (want != (w != NULL)) print_error("%s: %s\n", odd[i].place, codes[k]);
            assert_true(want == (w != NULL));
            if (w) assert_true(json_is_true(json_object_get(w, "confirm")));
        }
        json_decref(out);
    }
}

/* ---- play-back ----------------------------------------------------------------------------------
 */
static json_t *playback(struct sim_party *p, const char *id) {
    return get(p, "/v1/records/%s/playback", id);
}
static void test_playback(void **state) {
    (void)state;
    char query[65], yes[65];
    json_t *out = playback(south, clinic);
    const json_t *v = json_array_get(json_object_get(out, "volumes"), 0);
    const json_t *p = json_array_get(json_object_get(v, "points"), 0);
    assert_int_equal(num(v, "radius_mm"), 250000);
    assert_string_equal(str(p, "decimal"), "35.50000, 36.25000");
    assert_non_null(strstr(str(p, "dms"), "35 30 00"));
    assert_int_equal(strncmp(str(p, "mgrs"), "37S", 3), 0);
    assert_true(strlen(str(json_object_get(v, "nearest"), "name")) > 0);
    assert_true(num(json_object_get(v, "nearest"), "distance_mm") < 50000000);
    assert_true(json_array_size(json_object_get(v, "words")) > 1);
    assert_true(strlen(str(out, "attribution")) > 10);
    assert_int_equal(json_array_size(json_object_get(out, "sent")), 0);
    assert_true(strlen(str(out, "text")) > 50);
    const char *site = str(json_object_get(v, "nearest_site"), "record");
    assert_int_equal(strlen(site), 64);
    assert_string_not_equal(site, clinic); /* another one than itself */
    /* sent back, and confirmed by who said it */
    released(south, position("query", clinic, str(out, "text")), query);
    released(south, position("query", clinic, NULL), yes); /* asks about something else */
    json_decref(out);
    settle();
    out = playback(north, clinic);
    assert_true(has(json_object_get(out, "sent"), query));
    assert_int_equal(json_array_size(json_object_get(out, "sent")), 1);
    assert_int_equal(json_array_size(json_object_get(out, "confirmed")), 0);
    json_decref(out);
    released(north, position("read", query, NULL), yes); /* read is not understood as meant */
    out = playback(north, clinic);
    assert_int_equal(json_array_size(json_object_get(out, "confirmed")), 0);
    json_decref(out);
    released(north, position("confirm", query, NULL), yes);
    settle();
    out = playback(south, clinic);
    const json_t *c = with_record(json_object_get(out, "confirmed"), yes);
    assert_non_null(c);
    assert_string_equal(str(c, "member"), "north");
    json_decref(out);
    /* who cannot read it is told that there is nothing to play */
    char path[256];
    snprintf(path, sizeof path, "/v1/records/%s/playback", clinic);
    assert_int_equal(call(east, "GET", path, NULL, &out), 409);
    assert_string_equal(code(out), "no-place");
    assert_false(contains(out, CANARY));
    assert_false(contains(out, "35.5"));
    json_decref(out);
}
/* a polygon; and a site that not all readers of the query may read is not in what is sent back */
static void test_playback_of_a_polygon(void **state) {
    (void)state;
    char id[65];
    json_t *d =
        draft("notice",
              body_of("{'class':'operation','title':'Q','volumes':[{'polygon':{'edges':"
                      "'geodesic','points':[[35.7,36.25],[35.8,36.25],[35.8,36.4]]},'floor':"
                      "'900m amsl','time':{'from':'2015-10-12T13:00:00Z','length':'2h'}}]}"),
              NULL);
    released(east, d, id);
    settle();
    json_t *out = playback(south, id);
    const json_t *v = json_array_get(json_object_get(out, "volumes"), 0);
    assert_int_equal(json_array_size(json_object_get(v, "points")), 3);
    assert_true(json_is_null(json_object_get(v, "radius_mm")));
    const json_t *s = json_object_get(v, "nearest_site");
    assert_string_equal(str(s, "record"), clinic);
    assert_string_equal(str(s, "title"), "Clinic " CANARY);
    assert_string_equal(str(s, "bearing"), "N");
    assert_in_range(num(s, "distance_mm"), 22000000, 22400000);
    assert_null(strstr(str(out, "text"), CANARY)); /* the query would be open to east, too */
    json_decref(out);
    out = playback(east, id);
    v = json_array_get(json_object_get(out, "volumes"), 0);
    assert_true(json_is_null(json_object_get(v, "nearest_site")));
    assert_false(contains(out, CANARY));
    json_decref(out);
}

/* ---- two records side by side -------------------------------------------------------------------
 */
static json_t *compared(struct sim_party *p, const char *a, const char *b) {
    char path[256];
    snprintf(path, sizeof path, "/v1/records/%s/compare/%s", a, b);
    return get(p, path, "");
}
static void test_compare(void **state) {
    (void)state;
    char a[65], b[65], c[65];
    released(east, plan_at(31.0, 36.25), a);
    released(east, plan_at(31.0, 36.255), b);
    released(east,
             draft("notice",
                   circle("operation", "Later", 31.0, 36.25, "500m", "2015-10-12T15:00:00Z", "1h"),
                   NULL),
             c);
    settle();
    json_t *out = compared(north, a, b);
    assert_string_equal(str(out, "answer"), "conflict");
    assert_string_equal(str(json_object_get(out, "a"), "record"), a);
    assert_string_equal(str(json_object_get(out, "b"), "record"), b);
    assert_in_range(num(out, "depth_mm"), 500000, 540000);
    assert_string_equal(str(out, "sentence"),
                        "They have place, time and height in common: on 2015-10-12, 13:00Z to "
                        "15:00Z, at all heights.");
    json_decref(out);
    out = compared(north, a, c); /* what ends at T has nothing in common with what begins at T */
    assert_string_equal(str(out, "answer"), "none found");
    assert_true(json_is_null(json_object_get(out, "from")));
    assert_string_equal(str(out, "sentence"),
                        "Seen from above they overlap, and have no time in common.");
    json_decref(out);
    char several[65], far_away[65];
    released(east,
             draft("notice",
                   body_of("{'class':'operation','title':'Several','volumes':["
                           "{'circle':[31,36.25,'5km'],'time':{'from':'2015-10-13T13:00:00Z',"
                           "'length':'2h'}},{'circle':[31,36.4,'500m'],'time':{'from':"
                           "'2015-10-12T13:00:00Z','length':'2h'}},{'circle':[31,36.259,'500m'],"
                           "'time':{'from':'2015-10-12T14:00:00Z','length':'2h'}}]}"),
                   NULL),
             several);
    released(east,
             draft("notice",
                   body_of("{'class':'area','title':'Far','volumes':[{'circle':[31,36.4,'500m'],"
                           "'until':'2016-10-12T13:00:00Z'},{'circle':[31,36.3,'500m'],'until':"
                           "'2016-10-12T13:00:00Z'},{'circle':[31,36.5,'500m'],'until':"
                           "'2016-10-12T13:00:00Z'}]}"),
                   NULL),
             far_away);
    settle();
    out = compared(north, several, a); /* deeper, but at another time: the conflict comes first */
    assert_string_equal(str(out, "answer"), "conflict");
    assert_string_equal(str(out, "from"), "2015-10-12T14:00:00Z");
    json_decref(out);
    out = compared(north, a, far_away); /* of those apart, the nearest */
    assert_string_equal(str(out, "answer"), "none found");
    assert_in_range(num(out, "distance_mm"), 3770000, 3790000);
    assert_string_equal(str(out, "sentence"), "They are 3.7 km apart.");
    json_decref(out);
    out = compared(south, a, clinic);
    assert_string_equal(str(out, "answer"), "none found");
    assert_true(num(out, "distance_mm") > 490000000);
    assert_non_null(strstr(str(out, "sentence"), " km apart"));
    never_promised(out);
    json_decref(out);
    char path[256];
    snprintf(path, sizeof path, "/v1/records/%s/compare/%s", a, clinic);
    assert_int_equal(call(east, "GET", path, NULL, &out), 409);
    assert_string_equal(code(out), "no-place");
    json_decref(out);
}

/* ---- lists, files, reminders --------------------------------------------------------------------
 */
static const json_t *places_at(struct sim_party *p, const char *query, json_t **out) {
    char path[256];
    snprintf(path, sizeof path, "/v1/channels/%s/places%s", channel, query);
    *out = get(p, path, "");
    return json_object_get(*out, "places");
}
static void test_list(void **state) {
    (void)state;
    json_t *out = NULL;
    const json_t *list = places_at(south, "?class=site", &out), *x = with_record(list, clinic);
    assert_non_null(x);
    assert_string_equal(str(x, "title"), "Clinic " CANARY);
    assert_string_equal(str(x, "place"), "35.50000, 36.25000");
    assert_int_equal(strncmp(str(x, "mgrs"), "37S", 3), 0);
    assert_true(has(json_object_get(x, "recipients"), "south"));
    assert_true(has(json_object_get(x, "held_by"), "south"));
    assert_false(has(json_object_get(x, "held_by"), "east"));
    assert_int_equal(json_array_size(json_object_get(x, "passed_down_by")), 0);
    assert_int_equal(num(out, "unreadable"), 0);
    const size_t standing = json_array_size(list);
    json_decref(out);
    list = places_at(south, "?class=site&all=1", &out);
    assert_int_equal(json_array_size(list), standing + 1); /* and the one that was withdrawn */
    json_decref(out);
    list = places_at(east, "?all=1", &out);
    assert_null(with_record(list, clinic));
    assert_true(num(out, "unreadable") >= 3);
    assert_false(contains(out, CANARY "\""));
    json_decref(out);
    char path[256];
    snprintf(path, sizeof path, "/v1/channels/%s/places?class=castle", channel);
    assert_int_equal(call(south, "GET", path, NULL, &out), 400);
    json_decref(out);
    snprintf(path, sizeof path, "/v1/channels/%s/geojson?class=site", channel);
    out = get(south, path, "");
    assert_string_equal(str(out, "type"), "FeatureCollection");
    assert_true(json_is_true(json_object_get(out, "exercise")));
    assert_int_equal(json_array_size(json_object_get(out, "features")), standing);
    assert_true(contains(json_object_get(out, "features"), clinic));
    assert_true(has(json_object_get(out, "remarks"), "radius-unseen"));
    assert_int_equal(num(out, "left_out"), 0);
    json_decref(out);
    out = get(east, path, "");
    assert_int_equal(json_array_size(json_object_get(out, "features")), 0);
    json_decref(out);
}
static void test_reminders(void **state) {
    (void)state;
    char reviewed[65], move[65], down[65], path[256];
    json_t *body = site_at(32.2), *out = NULL, *d;
    json_object_set_new(body, "review_by", json_string("2015-10-20T00:00:00Z"));
    released(north, draft("notice", body, json_pack("[s]", "south")), reviewed);
    d = draft("notice",
              circle("movement", "Convoy", 32.6, 36.25, "50m", "2015-10-15T06:00:00Z", "4h"),
              json_pack("[s]", "south"));
    released(north, d, move);
    settle();
    snprintf(path, sizeof path, "/v1/channels/%s/situation?at=2015-10-15T05:30:00Z", channel);
    out = get(north, path, "");
    const json_t *x = with_record(json_object_get(out, "reminders"), move);
    assert_non_null(x);
    assert_string_equal(str(x, "what"), "movement");
    assert_string_equal(str(x, "begins"), "2015-10-15T06:00:00Z");
    assert_true(has(json_object_get(x, "members"), "south"));
    assert_null(with_record(json_object_get(out, "reminders"), reviewed));
    json_decref(out);
    d = position("passed-down", move, NULL);
    json_object_set_new(json_object_get(d, "body"), "level", json_string("battery"));
    released(south, d, down);
    settle();
    out = get(north, "/v1/inbox?at=2015-10-15T05:30:00Z", "");
    assert_null(with_record(json_object_get(out, "reminders"), move));
    json_decref(out);
    out = get(south, "/v1/inbox?at=2015-10-21T00:00:00Z", "");
    x = with_record(json_object_get(out, "reminders"), reviewed);
    assert_non_null(x);
    assert_string_equal(str(x, "what"), "review");
    assert_string_equal(str(x, "since"), "2015-10-20T00:00:00Z");
    json_decref(out);
    snprintf(path, sizeof path, "/v1/records/%s?at=2015-10-21T00:00:00Z", reviewed);
    out = get(south, path, ""); /* it stands all the same */
    assert_true(json_is_true(json_object_get(out, "stands")));
    assert_string_equal(str(json_object_get(out, "reminder"), "what"), "review");
    json_decref(out);
    out = get(east, "/v1/inbox?at=2015-10-21T00:00:00Z", "");
    assert_int_equal(json_array_size(json_object_get(out, "reminders")), 0);
    json_decref(out);
}
static json_t *stop_at(double lat, json_t *recipients) {
    json_t *body = json_pack("{s:s,s:s,s:[{s:[f,f,s]}]}", "title", "Stop", "text", "t", "volumes",
                             "circle", lat, 36.25, "1km");
    json_t *d = draft("stop-fire", body, recipients);
    json_object_set_new(d, "precedence", json_string("FLASH"));
    json_object_set_new(d, "demand", json_pack("{s:s,s:s}", "in", "5m", "position", "will-comply"));
    return d;
}
/* where fire is to stop may be what others were never told */
static void test_stop_fire_gives_nothing_away(void **state) {
    (void)state;
    json_t *out = composed(south, stop_at(35.5, NULL)); /* the clinic is for north and south */
    const json_t *w = warning(out, "gives-away");
    assert_non_null(w);
    assert_true(json_is_true(json_object_get(w, "confirm")));
    assert_string_equal(str(w, "record"), clinic);
    assert_null(strstr(str(w, "sentence"), CANARY));
    json_decref(out);
    out = composed(south, stop_at(35.5, json_pack("[s]", "north")));
    assert_null(warning(out, "gives-away"));
    json_decref(out);
    out = composed(east, stop_at(35.5, NULL)); /* who does not know it gives nothing away */
    assert_null(warning(out, "gives-away"));
    json_decref(out);
    out = composed(south, stop_at(35.6, NULL));
    assert_null(warning(out, "gives-away"));
    json_decref(out);
}
static void test_double(void **state) {
    (void)state;
    json_t *out = composed(north, draft("notice", site_at(35.5003), json_pack("[s]", "south")));
    const json_t *w = warning(out, "double");
    assert_non_null(w);
    assert_string_equal(str(w, "record"), clinic);
    assert_non_null(strstr(str(w, "sentence"), "stands 33 m from here"));
    json_decref(out);
    json_t *d = draft("notice", site_at(35.5003), json_pack("[s]", "south"));
    json_object_set_new(d, "supersedes", json_pack("[s]", clinic));
    out = composed(north, d);
    assert_null(warning(out, "double"));
    json_decref(out);
    out = composed(north, draft("notice", site_at(35.502), json_pack("[s]", "south")));
    assert_null(warning(out, "double"));
    json_decref(out);
}
static void test_stop_fire(void **state) {
    (void)state;
    char id[65], said[65];
    json_t *out = NULL;
    released(north, stop_at(35.6, NULL), id);
    settle();
    released(south, position("will-comply", id, NULL), said);
    out = get(south, "/v1/records/%s", said);
    assert_string_equal(str(out, "precedence"), "FLASH"); /* as what it answers */
    json_decref(out);
    released(south, position("complied", id, NULL), said);
    settle();
    out = get(north, "/v1/records/%s", id);
    const json_t *n = json_object_get(out, "answers_counted");
    assert_int_equal(num(n, "asked"), 2);
    assert_int_equal(num(n, "complied"), 1); /* the last word counts */
    assert_int_equal(num(n, "will_comply"), 0);
    assert_int_equal(num(n, "pending"), 1);
    assert_true(strlen(str(out, "answer_by")) > 10);
    json_decref(out);
    sim_run_for(sim, 600 * SECOND);
    out = get(north, "/v1/records/%s", id);
    n = json_object_get(out, "answers_counted");
    assert_int_equal(num(n, "silent"), 1);
    assert_int_equal(num(n, "pending"), 0);
    json_decref(out);
    released(east, position("cannot-comply", id, NULL), said); /* late, and said */
    settle();
    out = get(north, "/v1/records/%s", id);
    assert_int_equal(num(json_object_get(out, "answers_counted"), "cannot_comply"), 1);
    json_decref(out);
    out = compared(south, id, clinic);
    assert_true(json_is_null(json_object_get(json_object_get(out, "a"), "class")));
    json_decref(out);
}

/* ---- probing ------------------------------------------------------------------------------------
 */
/* 200 or 429, of the n-th plan, each a little further on */
static int probe(int n, json_t **out) {
    json_t *d = plan_at(35.5, NEAR + n * 1e-5);
    json_object_del(d, "kind");
    return call(south, "POST", "/v1/check", d, out);
}
/* Payloads that another made, so that composing them counts nowhere here, signed by nobody: what is
 * told of them is counted one by one all the same. How many were compared. */
static size_t probe_many(int from, int n) {
    json_t *list = json_array(), *out = NULL;
    size_t told = 0;
    for (int i = from; i < from + n; i++) {
        json_t *made = composed(east, plan_at(35.5, NEAR + i * 1e-5));
        json_array_append_new(list, signed_by(east, made));
        json_decref(made);
    }
    int status = call(south, "POST", "/v1/submit-batch", json_pack("{s:o}", "records", list), &out);
    expect(status, 200, out);
    const json_t *answers = json_object_get(out, "answers");
    for (size_t i = 0; i < (size_t)n; i++) {
        const json_t *x = json_array_get(answers, i);
        assert_int_equal(num(x, "status"), 409);
        assert_true((warning(x, "conflict") != NULL) != (warning(x, "probing") != NULL));
        told += warning(x, "conflict") != NULL;
    }
    json_decref(out);
    return told;
}
static void test_probing(void **state) {
    (void)state;
    json_t *out = NULL;
    char id[65];
    for (int i = 0; i < 30; i++)
        for (int twice = 0; twice < 2; twice++) { /* the same again is no further one */
            expect(probe(i, &out), 200, out);
            json_decref(out);
        }
    assert_in_range(probe_many(30, 70), 20, 34); /* with those of the tests before */
    assert_int_equal(probe(5, &out), 429);
    assert_string_equal(code(out), "probing");
    assert_string_equal(str(json_object_get(out, "error"), "clause"), "10.6.10");
    assert_int_equal(strncmp(str(out, "again"), "2015-10-01T", 11), 0);
    assert_false(contains(out, CANARY));
    json_decref(out);
    /* whoever plans elsewhere is refused alike: it says nothing of the plan */
    out = composed(south, plan_at(20.0, 36.0));
    assert_true(json_is_null(json_object_get(out, "check")));
    assert_non_null(warning(out, "probing"));
    assert_true(json_is_true(json_object_get(warning(out, "probing"), "confirm")));
    assert_null(warning(out, "coverage"));
    json_decref(out);
    /* a site is not held back by it (10.6.12) */
    out = composed(south, draft("notice", site_at(20.0), json_pack("[s]", "north")));
    assert_true(json_is_false(json_object_get(warning(out, "probing"), "confirm")));
    json_decref(out);
    settle();
    json_t *s = service_about(east, "probed", NULL);
    assert_non_null(s);
    assert_int_equal(num(json_object_get(s, "body"), "count"), 64);
    assert_false(contains(s, clinic));
    json_decref(s);
    /* it can be released all the same, and is on record */
    json_t *d = plan_at(35.5, NEAR);
    json_object_set_new(d, "despite", json_true());
    expect(release_by(south, 0, d, &out), 200, out);
    snprintf(id, sizeof id, "%s", str(out, "record"));
    json_decref(out);
    settle();
    s = service_about(east, "released-despite", id);
    assert_non_null(s);
    json_decref(s);
}

/* ---- two officers -------------------------------------------------------------------------------
 */
static bool second_channel(void *ctx) {
    return sim_node(ctx) && rb_node_channels(sim_node(ctx)) > 1;
}
static char two_officers[64]; /* its channel */
static void found_second(void) {
    struct rb_client c = sim_client(north), s = sim_client(south);
    struct rb_signer_key officer = sim_officer(north, 0), party = sim_party_key(north),
                         officer_s = sim_officer(south, 0), party_s = sim_party_key(south);
    int status = 0;
    json_t *out = NULL,
           *charter = body_of("{'title':'Two','exercise':true,'members':[{'handle':'north'},"
                              "{'handle':'south'}],'accept_members':['south'],'accept_by':"
                              "'2015-10-30T00:00:00Z','receipt_interval':'1s','stand_off':{'site':"
                              "'2km'},'policies':[{'kind':'notice','two_officers':true},"
                              "{'kind':'cessation','two_officers':true}],"
                              "'rules_version':1}");
    status = rb_client_found(&c, &officer, &party, charter, &out);
    expect(status, 200, out);
    snprintf(channel, sizeof channel, "%s", str(out, "channel"));
    json_decref(out);
    json_decref(charter);
    assert_true(sim_run_while_not(sim, second_channel, south, 120 * SECOND));
    status = 0;
    for (int tries = 0; tries < 20 && status != 200; tries++) {
        out = NULL;
        status = rb_client_accept(&s, &officer_s, &party_s, channel, &out);
        json_decref(out);
        sim_run_for(sim, SECOND);
    }
    assert_int_equal(status, 200);
    settle();
}
static void test_second_officer(void **state) {
    (void)state;
    char first[64], id[65], name[65];
    struct rb_client c = sim_client(north);
    struct rb_signer_key second = sim_officer(north, 1);
    json_t *out = NULL, *d;
    snprintf(first, sizeof first, "%s", channel);
    found_second();
    released_by_two(north, draft("notice", site_at(35.5), json_pack("[s]", "south")), id);
    settle();
    d = plan_at(35.5, NEAR);
    json_object_set_new(d, "despite", json_true());
    expect(release_by(north, 0, d, &out), 202, out);
    snprintf(name, sizeof name, "%s", str(out, "draft"));
    json_decref(out);
    /* the second officer sees what the first was told */
    out = get(north, "/v1/drafts", "");
    const json_t *x = json_array_get(json_object_get(out, "drafts"), 0);
    assert_string_equal(str(only_conflict(check_of(x)), "record"), id);
    assert_non_null(warning(x, "conflict"));
    assert_non_null(warning(x, "coverage"));
    json_decref(out);
    /* and has to say so, too */
    assert_int_equal(rb_client_countersign(&c, &second, name, &out), 409);
    assert_string_equal(code(out), "warnings");
    assert_non_null(warning(out, "conflict"));
    json_decref(out);
    expect(rb_client_countersign_as(&c, &second, name, true, &out), 200, out);
    assert_true(json_is_true(json_object_get(out, "despite")));
    snprintf(id, sizeof id, "%s", str(out, "record"));
    json_decref(out);
    settle();
    json_t *s = service_about(south, "released-despite", id);
    assert_non_null(s);
    json_decref(s);
    snprintf(two_officers, sizeof two_officers, "%s", channel);
    snprintf(channel, sizeof channel, "%s", first);
}

/* in two places that are one */
static json_t *calm(const char *parties) {
    char words[512];
    snprintf(
        words, sizeof words,
        "{'title':'Calm','start':'2015-10-20T00:00:00Z','end':'2015-10-22T00:00:00Z','parties':%s,"
        "'volumes':[{'circle':{'lat':36.5,'lon':36.25,'radius':'2km'}}]}",
        parties);
    return draft("cessation", body_of(words), NULL);
}
/* what is pointed out of a cessation may have come between the first officer and the second
 * (16.4.6) */
static void test_second_officer_of_a_cessation(void **state) {
    (void)state;
    char first[64], id[65], name[65];
    struct rb_client c = sim_client(north);
    struct rb_signer_key second = sim_officer(north, 1);
    json_t *out = NULL;
    snprintf(first, sizeof first, "%s", channel);
    snprintf(channel, sizeof channel, "%s", two_officers);
    expect(release_by(north, 0, calm("['north','south']"), &out), 202, out);
    snprintf(name, sizeof name, "%s", str(out, "draft"));
    json_decref(out);
    released_by_two(north, calm("['north']"), id);
    settle();
    assert_int_equal(rb_client_countersign(&c, &second, name, &out), 409);
    assert_string_equal(code(out), "warnings");
    assert_string_equal(str(warning(out, "overlaps"), "record"), id);
    json_decref(out);
    expect(rb_client_countersign_as(&c, &second, name, true, &out), 200, out);
    json_decref(out);
    snprintf(channel, sizeof channel, "%s", first);
}

static int begin(void **state) {
    charter_more = "{'stand_off':{'site':'2km','movement':'1km'},'lead_times':{'operation':'1h'},"
                   "'theatre':{'south':30,'west':30,'north':45,'east':48,'terrain_min':0,"
                   "'terrain_max':'1000m'}}";
    return world_begin(state);
}
int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_compare),
        cmocka_unit_test(test_reader_and_others),
        cmocka_unit_test(test_check_alone),
        cmocka_unit_test(test_site_is_not_held_back),
        cmocka_unit_test(test_despite),
        cmocka_unit_test(test_despite_an_open_place),
        cmocka_unit_test(test_withdrawn),
        cmocka_unit_test(test_not_excluded),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_plausible),
        cmocka_unit_test(test_playback),
        cmocka_unit_test(test_playback_of_a_polygon),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_reminders),
        cmocka_unit_test(test_stop_fire_gives_nothing_away),
        cmocka_unit_test(test_double),
        cmocka_unit_test(test_stop_fire),
        cmocka_unit_test(test_probing),
        cmocka_unit_test(test_second_officer),
        cmocka_unit_test(test_second_officer_of_a_cessation),
    };
    return cmocka_run_group_tests_name("test_api_places", tests, begin, world_end);
}
