/* JSON <-> bodies through the grammar tables; numbers as people type them; stable answers; the
 * bookkeeping of submissions whose DONE comes early, late, or after the caller went away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "shell/api/internal.h"

/* ---- numbers -------------------------------------------------------------------------------- */
static enum rb_err degrees(const char *json, int64_t *out) {
    json_t *v = json_loads(json, JSON_DECODE_ANY, NULL);
    enum rb_err err = rb_json_degrees(v, out);
    json_decref(v);
    return err;
}
static enum rb_err metres(const char *json, int64_t *out) {
    json_t *v = json_loads(json, JSON_DECODE_ANY, NULL);
    enum rb_err err = rb_json_metres(v, out);
    json_decref(v);
    return err;
}
static void test_degrees(void **state) {
    (void)state;
    static const struct {
        const char *json;
        int64_t nd;
    } good[] = {{"\"35.123456789\"", 35123456789},
                {"\"-180\"", -180000000000},
                {"\"0.1\"", 100000000},
                {"\"+36.10\"", 36100000000},
                {"35.1", 35100000000},
                {"-0.000000001", -1},
                {"179.999999999", 179999999999},
                {"36", 36000000000},
                {"\"1.2500000000000\"", 1250000000},
                {"0.3", 300000000},
                {"\"-0.000000001\"", -1}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t nd = 0;
        assert_int_equal(degrees(good[i].json, &nd), RB_OK);
        assert_true(nd == good[i].nd);
    }
    static const char *const bad[] = {"\"35.1234567891\"",
                                      "\"\"",
                                      "\"35,1\"",
                                      "\".5\"",
                                      "\"5.\"",
                                      "\"35.1N\"",
                                      "\"1e3\"",
                                      "\"--1\"",
                                      "true",
                                      "\"99999999999999999999\"",
                                      "1e300",
                                      "{}",
                                      "\" 35\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t nd = 0;
        assert_int_equal(degrees(bad[i], &nd), RB_ERR_USAGE);
    }
}
/* every 1e-9 degree survives the way out and back in */
static void test_degrees_return(void **state) {
    (void)state;
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        int64_t nd = (int64_t)(x % 360000000001u) - 180000000000, back = 0;
        json_t *v = rb_degrees_json(nd);
        char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
        assert_int_equal(degrees(text, &back), RB_OK);
        assert_true(back == nd);
        free(text);
        json_decref(v);
    }
}
static void test_metres(void **state) {
    (void)state;
    static const struct {
        const char *json;
        int64_t mm;
    } good[] = {{"1500", 1500000},     {"\"1500\"", 1500000},  {"\"1500m\"", 1500000},
                {"\"5km\"", 5000000},  {"\"900ft\"", 274320},  {"\"2nm\"", 3704000},
                {"\"1 ft\"", 305},     {"\"-1ft\"", -305},     {"\"250mm\"", 250},
                {"1.5", 1500},         {"\"0.0005\"", 1},      {"\"2 nmi\"", 3704000},
                {"\"5 KM\"", 5000000}, {"\"+900ft\"", 274320}, {"\"1.5 km\"", 1500000}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t mm = 0;
        assert_int_equal(metres(good[i].json, &mm), RB_OK);
        assert_true(mm == good[i].mm);
    }
    static const char *const bad[] = {"\"5 miles\"",  "\"m\"",    "\"\"",
                                      "null",         "\"5kmm\"", "\"999999999999999nm\"",
                                      "\"3,000 ft\"", "\"--5m\"", "\"5km 3\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t mm = 0;
        assert_int_equal(metres(bad[i], &mm), RB_ERR_USAGE);
    }
}
static void test_spans(void **state) {
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } spans[] = {{900000, "15m"}, {7200000, "2h"}, {90000, "90s"}, {259200000, "72h"}, {345600000, "96h"}, {432000000, "5d"}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        int64_t back = 0;
        json_t *v = rb_span_json(spans[i].ms);
        assert_string_equal(json_string_value(v), spans[i].text);
        assert_int_equal(rb_json_span(v, &back), RB_OK);
        assert_true(back == spans[i].ms);
        json_decref(v);
    }
    json_t *said = rb_span_words(3599877), *hour = rb_span_words(3600000);
    assert_string_equal(json_string_value(said), "3599.877s");
    assert_string_equal(json_string_value(hour), "1h");
    json_decref(said);
    json_decref(hour);
    json_t *odd = rb_span_json(1001);
    assert_int_equal(json_integer_value(odd), 1001);
    json_decref(odd);
}

/* ---- bodies --------------------------------------------------------------------------------- */
static bool index_of(void *ctx, struct rb_slice handle, uint16_t *out) {
    (void)ctx;
    if (rb_slice_is(handle, "northland"))
        *out = 0;
    else if (rb_slice_is(handle, "southland"))
        *out = 5;
    else
        return false;
    return true;
}
static bool handle_of(void *ctx, uint16_t index, struct rb_slice *out) {
    (void)ctx;
    if (index != 0 && index != 5) return false;
    *out = rb_str(index == 0 ? "northland" : "southland");
    return true;
}
static const struct rb_names names = {NULL, index_of, handle_of};

static enum rb_err to_body(enum rb_kind kind, const char *json, uint8_t *buf, struct rb_slice *out,
                           struct rb_json_error *e) {
    json_error_t je;
    json_t *v = json_loads(json, 0, &je);
    assert_non_null(v);
    struct rb_writer w = rb_writer(buf, RB_MAX_LEAF);
    enum rb_err err = rb_body_from_json(rb_body_schema(kind), v, &names, &w, e);
    json_decref(v);
    *out = rb_written(&w);
    return err;
}
static const struct {
    enum rb_kind kind;
    const char *json;
} bodies[] = {
    {RB_KIND_STATEMENT, "{\"title\":\"On the talks\",\"text\":\"Line one\\nline two: "
                        "\\u0645\\u0631\\u062d\\u0628\\u0627\"}"},
    {RB_KIND_TEXT, "{\"title\":\"T\",\"version\":2,\"paragraphs\":[\"a\",\"b\"],\"adoption\":{\"rule\":"
                   "\"quorum\",\"quorum\":2},\"explanation\":\"why\"}"},
    {RB_KIND_POSITION, "{\"type\":\"dissociate\",\"reason\":\"no\",\"paragraphs\":[1,3],\"at\":"
                       "\"2015-09-30T13:00:00.250Z\"}"},
    {RB_KIND_MEMBERSHIP, "{\"action\":\"leave\",\"reason\":\"mandate ended\"}"},
    {RB_KIND_NOTICE,
     "{\"class\":\"operation\",\"title\":\"Area "
     "A\",\"text\":\"t\",\"volumes\":[{\"circle\":{\"lat\":35.5,\"lon\":-36.123456789,"
     "\"radius\":5000},\"floor\":{\"height\":250,\"datum\":\"fl\"},\"time\":{\"from\":\"2015-09-"
     "30T13:00:00Z\",\"length\":\"3h\"},"
     "\"as_entered\":\"35.5,-36.123456789,5km\"},{\"polygon\":{\"edges\":\"lonlat\",\"points\":[{"
     "\"lat\":34.9,\"lon\":35.1},"
     "{\"lat\":35.2,\"lon\":35.1},{\"lat\":35.2,\"lon\":35.6}]},\"until\":\"2015-10-01T00:00:00Z\"}"
     "]}"},
    {RB_KIND_SERVICE, "{\"type\":\"override\",\"members\":[\"northland\",\"southland\"],\"reason\":"
                      "\"they do not answer\"}"},
};
static void test_bodies_return(void **state) {
    (void)state;
    uint8_t *buf = malloc(RB_MAX_LEAF), *again = malloc(RB_MAX_LEAF);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct rb_json_error e = {.sentence = ""};
        struct rb_slice body, body2;
        struct rb_reject rj = {0};
        enum rb_err err = to_body(bodies[i].kind, bodies[i].json, buf, &body, &e);
        if (err != RB_OK) print_error("%zu: %s: %s\n", i, e.field, e.sentence);
        assert_int_equal(err, RB_OK);
        err = rb_body_check(bodies[i].kind, body, &rj);
        if (err != RB_OK)
            print_error("%zu: %s %s at %llu\n", i, rj.clause, rj.what,
                        (unsigned long long)rj.offset);
        assert_int_equal(err, RB_OK);
        json_t *shown = rb_body_to_json(rb_body_schema(bodies[i].kind), body, &names);
        json_t *given = json_loads(bodies[i].json, 0, NULL);
        if (!json_equal(shown, given)) print_error("%s\n", json_dumps(shown, 0));
        assert_true(json_equal(shown, given));
        char *text = json_dumps(shown, JSON_REAL_PRECISION(12));
        assert_int_equal(to_body(bodies[i].kind, text, again, &body2, &e), RB_OK);
        assert_true(rb_slice_eq(body, body2));
        free(text);
        json_decref(shown);
        json_decref(given);
        /* bytes cut anywhere are no body, and never read beyond their end */
        for (size_t n = 0; n < body.n; n++) {
            uint8_t *cut = malloc(n ? n : 1);
            memcpy(cut, body.p, n);
            assert_null(rb_body_to_json(rb_body_schema(bodies[i].kind), rb_slice(cut, n), &names));
            free(cut);
        }
    }
    free(buf);
    free(again);
}
/* lists and objects for tuples, '-' and '_' in names, members in any order, what says nothing left
 * out */
static void test_bodies_same(void **state) {
    (void)state;
    static const struct {
        enum rb_kind kind;
        const char *a, *b;
    } same[] = {
        {RB_KIND_NOTICE,
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"circle\":[\"35.5\",\"36.1\",\"5km\"],"
         "\"as-entered\":\"e\"}]}",
         "{\"class\":\"area\",\"title\":\"x\",\"text\":\"\",\"volumes\":[{\"circle\":{\"lat\":35.5,"
         "\"lon\":36.1,\"radius\":5000},"
         "\"as_entered\":\"e\",\"military_use\":false,\"accuracy\":null}]}"},
        /* places and heights in words; what was written is kept, but for what is said already */
        {RB_KIND_NOTICE,
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"circle\":{\"place\":\"35 30 00N 036 "
         "06 "
         "00E\",\"radius\":\"5 km\"},\"floor\":\"3000 ft msl\",\"ceiling\":\"FL250\"}]}",
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"circle\":{\"lat\":\"35.5\",\"lon\":"
         "36.1,"
         "\"radius\":5000},\"floor\":{\"height\":914.4,\"datum\":\"amsl\"},\"ceiling\":{\"height\":"
         "250,"
         "\"datum\":\"fl\"},\"as_entered\":\"35 30 00N 036 06 00E\\nradius 5 km\\nfloor 3000 ft "
         "msl\\nceiling FL250\"}]}"},
        {RB_KIND_NOTICE,
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"corridor\":{\"half_width\":\"2nm\","
         "\"points\":[{\"place\":\"3530N03606E\"},[35.6,36.2],{\"place\":\"35.7, "
         "-36.3\"}]},\"floor\":"
         "\"SFC\",\"ceiling\":\"UNL\",\"as_entered\":\"by hand\"}]}",
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"corridor\":{\"half_width\":3704,"
         "\"points\":[[35.5,36.1],[35.6,36.2],[35.7,-36.3]]},\"floor\":{\"height\":0,\"datum\":"
         "\"agl\"},"
         "\"as_entered\":\"by hand\"}]}"},
        {RB_KIND_NOTICE,
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"polygon\":{\"edges\":\"geodesic\","
         "\"points\":["
         "{\"place\":\"37south 500000 5000000\"},{\"place\":\"-45, "
         "40\"},{\"lat\":-46,\"lon\":40}]}}]}",
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"polygon\":{\"edges\":\"geodesic\","
         "\"points\":["
         "[\"-45.153477183\",\"39\"],[-45,40],[-46,40]]},\"as_entered\":\"37south 500000 "
         "5000000\\n-45, 40\"}]}"},
        {RB_KIND_SERVICE,
         "{\"type\":\"override\",\"members\":[\"southland\",\"northland\"],\"reason\":\"r\"}",
         "{\"type\":\"override\",\"members\":[0,5],\"reason\":\"r\",\"size\":0,\"origin\":\"\"}"},
        {RB_KIND_POSITION, "{\"type\":\"read\"}",
         "{\"type\":\"read\",\"reason\":\"\",\"at\":0,\"paragraphs\":[]}"},
    };
    uint8_t *a = malloc(RB_MAX_LEAF), *b = malloc(RB_MAX_LEAF);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct rb_json_error e = {.sentence = ""};
        struct rb_slice x, y;
        struct rb_reject rj = {0};
        assert_int_equal(to_body(same[i].kind, same[i].a, a, &x, &e), RB_OK);
        enum rb_err err = to_body(same[i].kind, same[i].b, b, &y, &e);
        if (err != RB_OK) print_error("%zu: %s: %s\n", i, e.field, e.sentence);
        assert_int_equal(err, RB_OK);
        assert_true(rb_slice_eq(x, y));
        assert_int_equal(rb_body_check(same[i].kind, x, &rj), RB_OK);
    }
    free(a);
    free(b);
}
static void test_bodies_off(void **state) {
    (void)state;
    static const struct {
        enum rb_kind kind;
        const char *json, *field;
    } off[] = {
        {RB_KIND_STATEMENT, "{\"title\":\"x\"}", "text"},
        {RB_KIND_STATEMENT, "{\"title\":\"x\",\"text\":\"y\",\"note\":1}", "note"},
        {RB_KIND_STATEMENT, "{\"title\":\"a\\nb\",\"text\":\"y\"}", "title"},
        {RB_KIND_STATEMENT, "{\"title\":\"a\\u202eb\",\"text\":\"y\"}", "title"},
        {RB_KIND_STATEMENT, "{\"title\":\"\",\"text\":\"y\"}", "title"},
        {RB_KIND_STATEMENT, "{\"title\":5,\"text\":\"y\"}", "title"},
        {RB_KIND_STATEMENT, "{\"title\":\"x\",\"text\":\"y\\u0007\"}", "text"},
        {RB_KIND_POSITION, "{\"type\":\"agree\"}", "type"},
        {RB_KIND_POSITION, "{\"type\":\"read\",\"at\":\"yesterday\"}", "at"},
        {RB_KIND_POSITION, "{\"type\":\"dissociate\",\"paragraphs\":[1,1]}", "paragraphs"},
        {RB_KIND_POSITION, "{\"type\":\"dissociate\",\"paragraphs\":[-1]}", "paragraphs[0]"},
        {RB_KIND_SERVICE, "{\"type\":\"override\",\"members\":[\"nobody\"]}", "members[0]"},
        {RB_KIND_NOTICE,
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{},{\"circle\":{\"lat\":\"35."
         "12345678901\",\"lon\":1,\"radius\":1}}]}",
         "volumes[1].circle.lat"},
        {RB_KIND_NOTICE,
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"circle\":[1,2,3,4]}]}",
         "volumes[0].circle"},
        {RB_KIND_NOTICE, "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"circle\":[1,2]}]}",
         "volumes[0].circle.radius"},
        {RB_KIND_NOTICE, "{\"class\":\"area\",\"title\":\"x\",\"volumes\":{}}", "volumes"},
        {RB_KIND_NOTICE,
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"circle\":{\"place\":\"quail 35\","
         "\"radius\":1}}]}",
         "volumes[0].circle.place"},
        {RB_KIND_NOTICE,
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"circle\":{\"place\":\"35.5, 36.1\","
         "\"lat\":1,\"radius\":1}}]}",
         "volumes[0].circle.place"},
        {RB_KIND_NOTICE,
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"circle\":{\"place\":5,\"radius\":1}}]"
         "}",
         "volumes[0].circle.place"},
        {RB_KIND_NOTICE,
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"corridor\":{\"half_width\":1,"
         "\"points\":["
         "[1,2],{\"place\":\"35,5,36\"}]}}]}",
         "volumes[0].corridor.points[1].place"},
        {RB_KIND_NOTICE,
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"circle\":[1,2,3],\"ceiling\":"
         "\"900m\"}]}",
         "volumes[0].ceiling"},
        {RB_KIND_NOTICE,
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"circle\":{\"place\":\"35.5, 36.1\","
         "\"radius\":\"quail\"}}]}",
         "volumes[0].circle.radius"},
        {RB_KIND_NOTICE,
         "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"time\":{\"from\":\"2015-09-30T13:00:"
         "00Z\",\"length\":\"soon\"}}]}",
         "volumes[0].time.length"},
    };
    uint8_t *buf = malloc(RB_MAX_LEAF);
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        struct rb_json_error e = {.sentence = ""};
        struct rb_slice out;
        assert_int_equal(to_body(off[i].kind, off[i].json, buf, &out, &e), RB_ERR_USAGE);
        assert_string_equal(e.field, off[i].field);
        assert_true(strlen(e.sentence) > 10);
        assert_null(strstr(e.sentence, "quail")); /* what was typed is not said again */
    }
    /* more than one record holds */
    json_t *huge = json_object(), *list = json_array();
    char words[2001];
    memset(words, 'a', 2000);
    words[2000] = 0;
    for (int i = 0; i < 40; i++)
        json_array_append_new(list, json_string(words));
    json_object_set_new(huge, "title", json_string("x"));
    json_object_set_new(huge, "version", json_integer(1));
    json_object_set_new(huge, "paragraphs", list);
    struct rb_writer w = rb_writer(buf, RB_MAX_LEAF);
    struct rb_json_error e;
    assert_int_equal(rb_body_from_json(rb_body_schema(RB_KIND_TEXT), huge, &names, &w, &e),
                     RB_ERR_USAGE);
    json_decref(huge);
    free(buf);
}

/* two places, thousands of kilometres apart: both readings are named, neither is taken (11.3.4) */
static void test_two_readings(void **state) {
    (void)state;
    static const char *const words[] = {"37south 500000 3800000", "37north 500000 3800000"};
    struct rb_json_error e = {.sentence = ""};
    struct rb_slice out;
    uint8_t *buf = malloc(RB_MAX_LEAF);
    const char *form =
        "{\"class\":\"area\",\"title\":\"x\",\"volumes\":[{\"circle\":{\"place\":\"%s\","
        "\"radius\":1}}]}";
    char json[256];
    snprintf(json, sizeof json, form, "37S 500000 3800000");
    assert_int_equal(to_body(RB_KIND_NOTICE, json, buf, &out, &e), RB_ERR_USAGE);
    assert_string_equal(e.field, "volumes[0].circle.place");
    assert_non_null(strstr(e.sentence, "south of the equator"));
    assert_non_null(strstr(e.sentence, "32 to 40 degrees north"));
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(strstr(e.sentence, i ? "37north" : "37south"));
        snprintf(json, sizeof json, form, words[i]);
        struct rb_json_error none;
        assert_int_equal(to_body(RB_KIND_NOTICE, json, buf, &out, &none), RB_OK);
    }
    free(buf);
}
/* of many points in words as many are kept as fit, each whole; the first is `wide` wider */
static void entered_fits(int wide) {
    json_t *points = json_array(), *body;
    uint8_t *buf = malloc(RB_MAX_LEAF);
    for (int i = 0; i < 200; i++) {
        char place[64];
        snprintf(place, sizeof place, "%d.25%.*s, %d.75", i % 40, i ? 0 : wide, "00000000000000",
                 i / 4);
        json_array_append_new(points, json_pack("{s:s}", "place", place));
    }
    body = json_pack("{s:s,s:s,s:[{s:{s:i,s:o}}]}", "class", "area", "title", "x", "volumes",
                     "corridor", "half_width", 10, "points", points);
    struct rb_writer w = rb_writer(buf, RB_MAX_LEAF);
    struct rb_json_error e;
    struct rb_reject rj = {0};
    assert_int_equal(rb_body_from_json(rb_body_schema(RB_KIND_NOTICE), body, &names, &w, &e),
                     RB_OK);
    assert_int_equal(rb_body_check(RB_KIND_NOTICE, rb_written(&w), &rj), RB_OK);
    json_t *back = rb_body_to_json(rb_body_schema(RB_KIND_NOTICE), rb_written(&w), &names);
    const json_t *v = json_array_get(json_object_get(back, "volumes"), 0);
    const char *text = json_string_value(json_object_get(v, "as_entered"));
    assert_int_equal(json_array_size(json_object_get(json_object_get(v, "corridor"), "points")),
                     200);
    assert_true(strlen(text) > 1000 && strlen(text) <= 1024);
    assert_int_equal(strncmp(text, "0.25", 4), 0);
    assert_string_equal(text + strlen(text) - 4, "\n...");
    assert_int_equal(text[strlen(text) - 5], '5'); /* the last point is whole */
    json_decref(back);
    json_decref(body);
    free(buf);
}
static void test_entered_fits(void **state) {
    (void)state;
    for (int wide = 0; wide < 14; wide++)
        entered_fits(wide);
}

static void test_stable(void **state) {
    (void)state;
    json_t *o = json_loads("{\"title\":\"t\",\"list\":[{\"z\":1,\"exercise\":true,\"a\":{\"c\":1,"
                           "\"b\":2}}],\"exercise\":true,\"channel\":\"c\"}",
                           0, NULL);
    o = rb_json_stable(o);
    char *text = json_dumps(o, JSON_COMPACT);
    assert_string_equal(text, "{\"exercise\":true,\"channel\":\"c\",\"list\":[{\"exercise\":true,"
                              "\"a\":{\"b\":2,\"c\":1},\"z\":1}],\"title\":\"t\"}");
    free(text);
    json_decref(o);
}

/* ---- submissions under way ---------------------------------------------------------------------
 */
struct fake { /* a host that answers when it is told to */
    struct rb_api *api;
    uint64_t next, early; /* early: this token's DONE comes from within submit */
    enum rb_submit what[64];
    size_t n;
};
static struct rb_now fake_now(void *ctx) {
    (void)ctx;
    return (struct rb_now){1, 1443614400000};
}
static void done(struct fake *f, uint64_t token, enum rb_err err) {
    struct rb_effect ef = {.type = RB_EF_DONE};
    ef.u.done.token = token;
    ef.u.done.reject = (struct rb_reject){err, "6.10.1", "words", 3};
    ef.u.done.has_record = true;
    ef.u.done.record.b[0] = (uint8_t)token;
    rb_api_done(f->api, &ef);
}
static uint64_t fake_submit(void *ctx, struct rb_event *ev) {
    struct fake *f = ctx;
    assert_int_equal(ev->type, RB_EV_SUBMIT);
    f->what[f->n++ % 64] = ev->u.submit.what;
    uint64_t token = ++f->next;
    if (f->early == token) done(f, token, RB_OK);
    return token;
}
struct got {
    int calls, status;
    json_t *body;
};
static void take(void *ctx, int status, json_t *body) {
    struct got *g = ctx;
    g->calls++;
    g->status = status;
    json_decref(g->body);
    g->body = body;
}
static struct rb_api *fake_api(struct fake *f) {
    struct rb_api_host host = {.ctx = f, .now = fake_now, .submit = fake_submit};
    assert_int_equal(rb_api_create(&host, &f->api), RB_OK);
    return f->api;
}
static const char *code_of(const struct got *g) {
    const char *z = json_string_value(json_object_get(json_object_get(g->body, "error"), "code"));
    return z ? z : "";
}
/* a statement's payload, and a batch of n of them with signatures that nobody checks here */
static json_t *batch(size_t n) {
    json_t *list = json_array(), *o = json_object();
    uint8_t body[256], payload[512], sig[64] = {1};
    char sig64[128];
    struct rb_slice b;
    struct rb_json_error e;
    assert_int_equal(to_body(RB_KIND_STATEMENT, "{\"title\":\"x\",\"text\":\"y\"}", body, &b, &e),
                     RB_OK);
    struct rb_writer s = rb_writer(sig64, sizeof sig64);
    rb_put_base64(&s, sig, sizeof sig);
    (void)rb_writer_z(&s);
    for (size_t i = 0; i < n; i++) {
        struct rb_record rec = {.kind = RB_KIND_STATEMENT,
                                .has_channel = true,
                                .created_utc_ms = 1443614400000 + (int64_t)i,
                                .precedence = RB_ROUTINE,
                                .body = b};
        struct rb_writer w = rb_writer(payload, sizeof payload);
        rb_payload_encode(&rec, &w);
        json_array_append_new(list, json_pack("{s:o,s:[{s:s,s:s}]}", "payload",
                                              rb_j_base64(rb_written(&w)), "signers", "kid",
                                              "0011223344556677", "sig", sig64));
    }
    json_object_set_new(o, "records", list);
    return o;
}

static void test_done_late_and_early(void **state) {
    (void)state;
    struct fake f = {.early = 2};
    struct rb_api *api = fake_api(&f);
    struct got a = {0}, b = {0};
    json_t *in = batch(1);
    rb_api_handle(api, "POST", "/v1/submit-batch", "", in, take, &a);
    assert_int_equal(a.calls, 0);
    rb_api_handle(api, "POST", "/v1/submit-batch", "", in, take, &b); /* token 2: at once */
    assert_int_equal(b.calls, 1);
    assert_int_equal(a.calls, 0);
    done(&f, 77, RB_OK); /* nobody's */
    assert_int_equal(a.calls, 0);
    done(&f, 1, RB_ERR_DENIED);
    assert_int_equal(a.calls, 1);
    const json_t *answer = json_array_get(json_object_get(a.body, "answers"), 0);
    assert_int_equal(json_integer_value(json_object_get(answer, "status")), 403);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(answer, "error"), "clause")), "6.10.1");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(answer, "error"), "offset")), 3);
    done(&f, 1, RB_OK); /* a second DONE changes nothing */
    assert_int_equal(a.calls, 1);
    json_decref(in);
    json_decref(a.body);
    json_decref(b.body);
    rb_api_destroy(api);
}
/* what the node refuses because of what a notice touches has the codes of the local API */
static void test_touched(void **state) {
    (void)state;
    static const struct {
        struct rb_reject rj;
        int status;
        const char *code;
    } as[] = {{{RB_ERR_STATE, "10.6.11", "words", 0}, 409, "warnings"},
              {{RB_ERR_BUSY, "10.6.10", "words", 0}, 429, "probing"},
              {{RB_ERR_STATE, "6.2.8", "words", 0}, 409, "state"},
              {{RB_ERR_MALFORMED, "10.1.5", "words", 0}, 400, "malformed"}};
    for (size_t i = 0; i < sizeof as / sizeof *as; i++) {
        struct fake f = {.early = 0};
        struct rb_api *api = fake_api(&f);
        struct got g = {0};
        struct rb_effect ef = {.type = RB_EF_DONE};
        json_t *in = batch(1);
        rb_api_handle(api, "POST", "/v1/submit-batch", "", in, take, &g);
        ef.u.done.token = 1;
        ef.u.done.reject = as[i].rj;
        rb_api_done(api, &ef);
        const json_t *answer = json_array_get(json_object_get(g.body, "answers"), 0),
                     *error = json_object_get(answer, "error");
        assert_int_equal(json_integer_value(json_object_get(answer, "status")), as[i].status);
        assert_string_equal(json_string_value(json_object_get(error, "code")), as[i].code);
        assert_string_equal(json_string_value(json_object_get(error, "clause")), as[i].rj.clause);
        json_decref(in);
        json_decref(g.body);
        rb_api_destroy(api);
    }
}
static void test_batch_order(void **state) {
    (void)state;
    struct fake f = {.early = 3};
    struct rb_api *api = fake_api(&f);
    struct got g = {0};
    json_t *in = batch(5);
    json_object_set_new(json_array_get(json_object_get(in, "records"), 1), "payload",
                        json_string("!"));
    rb_api_handle(api, "POST", "/v1/submit-batch", "", in, take, &g);
    assert_int_equal(f.n, 4); /* the broken one never reached the node */
    for (uint64_t t = 4; t >= 1; t--)
        if (t != 3) done(&f, t, RB_OK);
    assert_int_equal(g.calls, 1);
    const json_t *answers = json_object_get(g.body, "answers");
    assert_int_equal(json_array_size(answers), 5);
    static const char *const first[] = {"01", NULL, "02", "03", "04"};
    for (size_t i = 0; i < 5; i++) {
        const char *id = json_string_value(json_object_get(json_array_get(answers, i), "record"));
        if (first[i])
            assert_memory_equal(id, first[i], 2);
        else
            assert_null(id);
    }
    json_decref(in);
    json_decref(g.body);
    rb_api_destroy(api);
}
static void test_forgotten(void **state) {
    (void)state;
    struct fake f = {0};
    struct rb_api *api = fake_api(&f);
    struct got g = {0}, left = {0};
    json_t *in = batch(2);
    rb_api_handle(api, "POST", "/v1/submit-batch", "", in, take, &g);
    rb_api_handle(api, "POST", "/v1/submit-batch", "", in, take,
                  &left); /* never answered: freed with the api */
    rb_api_forget(api, &g);
    done(&f, 1, RB_OK);
    done(&f, 2, RB_OK);
    assert_int_equal(g.calls, 0);
    assert_int_equal(left.calls, 0);
    json_decref(in);
    rb_api_destroy(api);
}
static void test_refused_at_the_door(void **state) {
    (void)state;
    struct fake f = {0};
    struct rb_api *api = fake_api(&f);
    static const struct {
        const char *method, *path, *query, *body, *code;
        int status;
    } calls[] = {
        {"GET", "/v2/status", "", NULL, "no-such-path", 404},
        {"GET", "/v1/", "", NULL, "no-such-path", 404},
        {"GET", "/v1/a/b/c/d/e/f", "", NULL, "no-such-path", 404},
        {"GET", "/v1/%00", "", NULL, "no-such-path", 404},
        {"GET", "/v1/%zz", "", NULL, "no-such-path", 404},
        {"POST", "/v1/status", "", "{}", "method", 405},
        {"GET", "/v1/compose", "", NULL, "method", 405},
        {"POST", "/v1/submit", "", "[]", "usage", 400},
        {"POST", "/v1/submit", "", "{}", "usage", 400},
        {"POST", "/v1/submit", "", "{\"payload\":\"AAAA\",\"signers\":[]}", "malformed", 400},
        {"POST", "/v1/submit", "", "{\"payload\":\"?\",\"signers\":[]}", "usage", 400},
        {"POST", "/v1/submit", "", NULL, "usage", 400},
        {"POST", "/v1/submit-batch", "", "{\"records\":[]}", "usage", 400},
        {"POST", "/v1/peers", "", "{\"card\":\"AAAA\"}", "malformed", 400},
        {"POST", "/v1/peers", "", "{}", "usage", 400},
        {"GET", "/v1/status", "at=yesterday", NULL, "usage", 400},
        {"POST", "/v1/export", "", "{\"directory\":\"relative\"}", "usage", 400},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct got g = {0};
        json_t *in = calls[i].body ? json_loads(calls[i].body, 0, NULL) : NULL;
        rb_api_handle(api, calls[i].method, calls[i].path, calls[i].query, in, take, &g);
        assert_int_equal(g.calls, 1);
        assert_string_equal(code_of(&g), calls[i].code);
        assert_int_equal(g.status, calls[i].status);
        assert_true(
            json_string_length(json_object_get(json_object_get(g.body, "error"), "sentence")) > 10);
        json_decref(g.body);
        json_decref(in);
    }
    rb_api_destroy(api);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_degrees),
        cmocka_unit_test(test_degrees_return),
        cmocka_unit_test(test_metres),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_bodies_return),
        cmocka_unit_test(test_bodies_same),
        cmocka_unit_test(test_bodies_off),
        cmocka_unit_test(test_two_readings),
        cmocka_unit_test(test_entered_fits),
        cmocka_unit_test(test_stable),
        cmocka_unit_test(test_done_late_and_early),
        cmocka_unit_test(test_touched),
        cmocka_unit_test(test_batch_order),
        cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_refused_at_the_door),
    };
    return cmocka_run_group_tests_name("api-json", tests, NULL, NULL);
}
