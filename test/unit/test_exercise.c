/* The exercise reader: what the verbs about places want, and the truth rule on them. A file is
 * refused with its place before anything runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>
#include "sim/exercise.h"

static char dir[64], why[256];

static const char before[] =
    "{\"readback-exercise\": 1, \"id\": \"t\", \"title\": \"T\", \"start\": "
    "\"2027-03-01T06:00:00Z\","
    "\"account\": [{\"id\": \"paper\", \"publisher\": \"P\", \"date\": \"2027-03-01\", \"says\": "
    "\"S\"}],"
    "\"parties\": [{\"handle\": \"a\", \"name\": \"A\", \"invented\": true, \"officers\": "
    "[\"duty\", \"second\"]},"
    "{\"handle\": \"b\", \"name\": \"B\", \"invented\": true}, {\"handle\": \"n\", \"name\": "
    "\"N\", \"invented\": "
    "false}],"
    "\"channels\": {\"c\": {\"charter\": {\"title\": \"C\", \"exercise\": true, \"members\": "
    "[{\"handle\": \"a\"}, "
    "{\"handle\": \"b\"}]}}},"
    "\"steps\": [{\"do\": \"found\", \"by\": \"a\", \"origin\": \"device\", \"channel\": \"c\"}";

static bool load(const char *steps, struct exercise *ex) {
    char path[128];
    (void)snprintf(path, sizeof path, "%s/e.json", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fprintf(f, "%s%s%s]}", before, *steps ? ", " : "", steps) > 0);
    assert_int_equal(fclose(f), 0);
    return ex_load(path, false, ex, why, sizeof why);
}

static void good(const char *steps) {
    struct exercise ex;
    if (!load(steps, &ex)) fail_msg("%s: %s", steps, why);
    assert_int_equal(strncmp(ex.dir, dir, strlen(dir)), 0); /* what it names lies beside it */
    ex_free(&ex);
}

static void off(const char *steps, const char *words) {
    struct exercise ex;
    if (load(steps, &ex)) fail_msg("taken: %s", steps);
    if (strstr(why, words) == NULL) fail_msg("%s: \"%s\" is not in \"%s\"", steps, words, why);
}

#define STEP(verb, more)                                                                           \
    "{\"do\": \"" verb "\", \"origin\": \"illustrative\", \"by\": \"a\", \"channel\": \"$c\"" more \
    "}"
#define IMPORT(more)                                                                               \
    STEP("import", ", \"file\": \"l.csv\", \"recipients\": [\"b\"], \"as\": \"l\"" more)
#define USE(name)                                                                                  \
    ", {\"do\": \"position\", \"origin\": \"illustrative\", \"by\": \"b\", \"channel\": \"$c\", "  \
    "\"answers\": \"$" name "\", \"type\": \"read\"}"

static void each_verb_is_read(void **state) {
    (void)state;
    good("");
    good(STEP("check", ", \"body\": {\"class\": \"operation\"}"));
    good(STEP("check",
              ", \"body\": {}, \"recipients\": [\"b\"], \"supersedes\": [], \"as\": \"plan\""));
    good(IMPORT(""));
    good(IMPORT(", \"rows\": [2, 7], \"radius\": \"150m\", \"near\": \"100m\", \"officer\": "
                "\"duty\", \"second\": "
                "\"second\", \"draft\": {}"));
    good(STEP("playback", ", \"answers\": \"$c\", \"reason\": \"?\", \"as\": \"back\""));
    good(STEP("export", ""));
    good("{\"do\": \"disclose\", \"origin\": \"illustrative\", \"by\": \"a\", \"record\": \"$c\", "
         "\"paragraphs\": [1], \"altered\": \"x\", \"as\": \"file\"}");
    good("{\"do\": \"say\", \"origin\": \"device\", \"text\": \"19:30\", \"as\": \"cut\"}" USE(
        "cut"));
    good("{\"do\": \"release\", \"origin\": \"illustrative\", \"by\": \"a\", \"draft\": {}, "
         "\"warned\": \"conflict\", "
         "\"refused\": \"warnings\"}");
}

static void each_row_is_a_variable(void **state) {
    (void)state;
    good(IMPORT(", \"rows\": [2, 7]") USE("l-7"));
    off(IMPORT(", \"rows\": [2, 7]") USE("l-3"), "$l-3");
    off(IMPORT("") USE("l-2"), "$l-2"); /* not said which rows: none can be spoken of */
    off(IMPORT(", \"rows\": [2, 2]"), "set twice");
}

static void what_is_off_is_named(void **state) {
    (void)state;
    off(STEP("check", ""), "\"body\" is missing");
    off(STEP("check", ", \"body\": []"), "steps[1].body");
    off(STEP("check", ", \"body\": {}, \"officer\": \"duty\""), "no member \"officer\"");
    off(STEP("check", ", \"body\": {}, \"recipients\": [\"x\"]"), "steps[1].recipients");
    off(STEP("import", ", \"file\": \"l.csv\", \"recipients\": [\"b\"]"), "\"as\" is missing");
    off(STEP("import", ", \"file\": \"l.csv\", \"as\": \"l\""), "\"recipients\" is missing");
    static const char *const files[] = {"../l.csv", "/etc/hosts", "", ".", ".."};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char step[256];
        (void)snprintf(step, sizeof step,
                       STEP("import", ", \"file\": \"%s\", \"recipients\": [\"b\"], \"as\": \"l\""),
                       files[i]);
        off(step, "beside the exercise");
    }
    off(IMPORT(", \"rows\": [1]"), "rows[0]"); /* the heading */
    off(IMPORT(", \"rows\": [2, \"3\"]"), "rows[1]");
    off(IMPORT(", \"rows\": [20001]"), "rows[0]");
    off(IMPORT(", \"second\": \"nobody\""), "no such officer");
    off(STEP("playback", ""), "\"answers\" is missing");
    off(STEP("export", ", \"directory\": \"/tmp\""), "no member \"directory\"");
    off("{\"do\": \"disclose\", \"origin\": \"illustrative\", \"by\": \"a\", \"record\": \"$c\", "
        "\"altered\": \"x\"}",
        "\"as\" is missing: an altered file");
    off(STEP("position", ", \"answers\": \"$c\", \"type\": \"read\", \"warned\": \"conflict\""),
        "\"warned\"");
}

#define NODE(verb, more) "{\"do\": \"" verb "\", \"origin\": \"device\", \"by\": \"a\"" more "}"
#define COPY NODE("copy", ", \"as\": \"monday\"")

/* a disk is put back from a copy of the same party's, made before; nobody opens a feed by device */
static void a_disk_is_copied_and_put_back(void **state) {
    (void)state;
    good(COPY);
    good(COPY ", " NODE("stop", "") ", " NODE("restore", ", \"copy\": \"$monday\""));
    good(COPY
         ", " NODE("restore", ", \"copy\": \"$monday\", \"whole\": true, \"refused\": \"state\""));
    good(STEP("epoch", ", \"officer\": \"second\", \"as\": \"later\""));
    good(STEP("export", ", \"as\": \"folder\""));
    off(NODE("copy", ""), "\"as\" is missing");
    off(COPY ", " COPY, "set twice");
    off(NODE("restore", ""), "\"copy\" is missing");
    off(NODE("restore", ", \"copy\": \"$monday\"") ", " COPY, "earlier step");
    off(COPY ", " NODE("restore", ", \"copy\": \"monday\""), "earlier step");
    off(COPY ", " NODE("restore", ", \"copy\": \"$c\""), "earlier step");
    off(COPY
        ", {\"do\": \"restore\", \"origin\": \"device\", \"by\": \"b\", \"copy\": \"$monday\"}",
        "another party's");
    off(COPY ", " NODE("restore", ", \"copy\": \"$monday\", \"whole\": 1"), "steps[2].whole");
    off(STEP("epoch", ", \"officer\": \"nobody\""), "no such officer");
    off(NODE("epoch", ", \"channel\": \"$c\""), "9.8.3");
    off("{\"do\": \"copy\", \"origin\": \"illustrative\", \"by\": \"n\", \"as\": \"m\"}", "9.8.2");
}

/* nobody checks, imports, plays back or exports by device, and no invented party by report */
static void the_truth_rule_holds_for_them(void **state) {
    (void)state;
    static const char *const verbs[] = {
        "\"check\", \"body\": {}", "\"playback\", \"answers\": \"$c\"", "\"export\"",
        "\"import\", \"file\": \"l.csv\", \"recipients\": [\"b\"], \"as\": \"l\""};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        char step[320];
        (void)snprintf(step, sizeof step,
                       "{\"by\": \"a\", \"channel\": \"$c\", \"origin\": \"device\", \"do\": %s}",
                       verbs[i]);
        off(step, "9.8.3");
        (void)snprintf(step, sizeof step,
                       "{\"by\": \"a\", \"channel\": \"$c\", \"origin\": \"report\", \"source\": "
                       "\"paper\", \"account\": "
                       "\"S\", \"do\": %s}",
                       verbs[i]);
        off(step, "9.8.2");
        (void)snprintf(
            step, sizeof step,
            "{\"by\": \"n\", \"channel\": \"$c\", \"origin\": \"illustrative\", \"do\": %s}",
            verbs[i]);
        off(step, "9.8.2");
    }
}

/* RFC 7386, as a live run and a list's rows use it */
static void what_is_merged(void **state) {
    (void)state;
    json_t *into = json_pack("{s:i,s:{s:i,s:i},s:[i]}", "a", 1, "b", "x", 1, "y", 2, "c", 3);
    json_t *patch = json_pack("{s:n,s:{s:n,s:i},s:{s:i}}", "a", "b", "x", "z", 3, "c", "d", 4);
    json_t *want = json_pack("{s:{s:i,s:i},s:{s:i}}", "b", "y", 2, "z", 3, "c", "d", 4);
    ex_merge(into, patch);
    assert_true(json_equal(into, want));
    json_decref(into);
    json_decref(patch);
    json_decref(want);
}

static int setup(void **state) {
    const char *tmp = getenv("TMPDIR");
    (void)state;
    (void)snprintf(dir, sizeof dir, "%.40s/exercise-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state) {
    char path[128];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/e.json", dir);
    (void)unlink(path);
    return rmdir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verb_is_read),    cmocka_unit_test(each_row_is_a_variable),
        cmocka_unit_test(what_is_off_is_named), cmocka_unit_test(the_truth_rule_holds_for_them),
        cmocka_unit_test(what_is_merged),       cmocka_unit_test(a_disk_is_copied_and_put_back),
    };
    return cmocka_run_group_tests_name("exercise", tests, setup, teardown);
}
