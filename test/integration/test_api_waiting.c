/* The local API and what is in no log yet: a record of ours that waits in the outbox is found by
 * its hash and shown for what it is, to us alone, and is an ordinary record once it is logged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "api_world.h"

/* started anew with the others away: the guard keeps all that is said from the log */
static void guarded(void) {
    sim_stop(south);
    sim_stop(east);
    sim_stop(north);
    sim_start(north);
    sim_run_for(sim, 5 * SECOND);
}
static void all_back(void) {
    sim_start(south);
    sim_start(east);
    sim_run_for(sim, 200 * SECOND);
    assert_null(sim_broken(sim));
}
static json_t *by_prefix(struct sim_party *p, const char *id) {
    char path[32];
    (void)snprintf(path, sizeof path, "/v1/records/%.12s", id);
    return get(p, path, "");
}

static void test_open(void **state) {
    (void)state;
    char id[65];
    json_t *out = NULL;
    guarded();
    released(north, draft("statement", open_words(), NULL), id);
    json_t *o = by_prefix(north, id);
    assert_string_equal(str(o, "record"), id);
    assert_string_equal(str(o, "state"), "waiting");
    assert_non_null(strstr(str(o, "state_sentence"), "Waiting, not sent: asking the members"));
    assert_string_equal(str(o, "author"), "north");
    assert_non_null(json_object_get(json_object_get(o, "body"), "title"));
    assert_true(json_is_array(json_object_get(o, "holders"))); /* nobody is said to hold it */
    assert_int_equal(json_array_size(json_object_get(o, "holders")), 0);
    json_decref(o);
    /* nothing else can be done with it yet, and the refusal says why */
    char path[128];
    (void)snprintf(path, sizeof path, "/v1/records/%s/playback", id);
    assert_int_equal(call(north, "GET", path, NULL, &out), 404);
    assert_true(contains(out, "it waits to be sent"));
    json_decref(out);
    all_back();
    o = by_prefix(north, id);
    assert_string_equal(str(o, "state"), "logged");
    assert_null(json_object_get(o, "state_sentence"));
    json_decref(o);
}

static void test_closed(void **state) {
    (void)state;
    char id[65];
    guarded();
    released(north, draft("statement", words("for south alone"), json_pack("[s]", "south")), id);
    json_t *o = by_prefix(north, id);
    assert_string_equal(str(o, "state"), "waiting");
    assert_true(json_is_true(json_object_get(o, "closed")));
    assert_true(json_is_true(json_object_get(o, "readable"))); /* ours: we can read it */
    assert_true(contains(json_object_get(o, "body"), CANARY));
    json_decref(o);
    sim_start(east);
    char path[128];
    json_t *out = NULL;
    (void)snprintf(path, sizeof path, "/v1/records/%s", id);
    assert_int_equal(call(east, "GET", path, NULL, &out), 404);
    json_decref(out);
    all_back();
    o = by_prefix(south, id);
    assert_string_equal(str(o, "state"), "logged");
    json_decref(o);
    assert_int_equal(walk(east, id, CANARY), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_closed),
    };
    return cmocka_run_group_tests_name("api-waiting", tests, world_begin, world_end);
}
