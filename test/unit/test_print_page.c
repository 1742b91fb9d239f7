/* The printed page from an answer of the local API: whole, in three languages, with hostile texts
 * in every field, and without a word that claims more than is proven. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdlib.h>
#include <time.h>
#include "cmd/print.h"
#include "print_fixture.h"

static json_t *record, *channel, *people, *told;
static json_t *load(const char *text) {
    json_error_t e;
    json_t *o = json_loads(text, 0, &e);
    if (o == NULL) print_error("%s\n", e.text);
    assert_non_null(o);
    return o;
}
static int begin(void **state) {
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    record = load(fixture_site);
    channel = load(fixture_channel);
    people = load(fixture_people);
    told = load(fixture_told);
    return 0;
}
static int end(void **state) {
    (void)state;
    json_decref(record);
    json_decref(channel);
    json_decref(people);
    json_decref(told);
    return 0;
}
static struct print_page page(enum print_lang lang) {
    return (struct print_page){.lang = lang,
                               .record = record,
                               .channel = channel,
                               .people = people,
                               .told = told,
                               .now_utc_ms = 1800958380000}; /* 2027-01-26T10:13:00Z */
}
static bool has(const struct print_page *p, const char *z) {
    return strstr(p->h.p, z) != NULL;
}
#define assert_has(p, z)                                                                           \
    do {                                                                                           \
        if (!has(p, z)) print_error("not there: %s\n", z);                                         \
        assert_true(has(p, z));                                                                    \
    } while (0)

/* every tag is closed in order, quotes are whole, no bare & */
static void well_formed(const char *z) {
    char open[64][16];
    size_t n = 0;
    z = strchr(z, '\n'); /* after the doctype */
    while ((z = strpbrk(z, "<&")) != NULL) {
        if (*z == '&') {
            size_t k = strcspn(z, ";");
            assert_true(k > 2 && k < 9);
            z += k;
            continue;
        }
        bool closing = z[1] == '/';
        char name[16] = "";
        size_t k = 0;
        for (z += 1 + closing; k < 15 && isalnum((unsigned char)*z); z++)
            name[k++] = *z;
        assert_true(k > 0);
        for (bool quoted = false; quoted || *z != '>'; z++) {
            assert_true(*z != 0 && (quoted || *z != '<'));
            if (*z == '"') quoted = !quoted;
        }
        if (closing) {
            assert_true(n > 0);
            assert_string_equal(open[--n], name);
        } else if (z[-1] != '/') {
            assert_true(n < 64);
            memcpy(open[n++], name, 16);
        }
    }
    assert_int_equal(n, 0);
}
static struct print_page notice(enum print_lang lang) {
    struct print_page p = page(lang);
    assert_true(print_notice(&p));
    well_formed(p.h.p);
    return p;
}
static struct print_page status(enum print_lang lang) {
    struct print_page p = page(lang);
    assert_true(print_status(&p));
    well_formed(p.h.p);
    return p;
}

/* ---- what stands there --------------------------------------------------------------------------
 */
static void test_notice(void **state) {
    (void)state;
    struct print_page p = notice(PRINT_EN);
    static const char *const there[] = {
        "Notice · site",
        "<h1 dir=\"auto\">Clinic</h1>",
        "PRIORITY",
        "Joint Cell",
        "un-cell</bdi>, monitor)",
        "Nord",
        "northland</bdi>, party, affiliation: <bdi>north</bdi>)",
        "<bdi>southland</bdi></b> (party",
        "260940ZJAN27",
        "2027-01-26",
        "09:40 UTC",
        "duty",
        "chief",
        "261200ZJAN27",
        "<p dir=\"auto\">Forty beds.</p>",
        "<p dir=\"auto\">In use by night.</p>",
        "Lit roof",
        "010000ZJUL27",
        "takes no protection from it",
        "35.917263, 36.633100",
        "37S BV 86435 77360",
        "35 55 02.15N 036 37 59.16E",
        "<bdi dir=\"ltr\">150</bdi> m",
        "<bdi dir=\"ltr\">10</bdi> m",
        "GPS",
        "201100ZDEC26",
        "relief-one",
        "35.917263, 36.6331<",
        "no time is stated",
        "all heights",
        "Said by another way",
        "251605ZJAN27",
        "Names a protected place.",
        "nobody else",
        "3f2a90c1 7be4d2a9",
        "9c1f2ab3 4d5e6f70",
        "01234 56789 01234 56789 01234 56789 01234 56780",
        "Read by (name)",
        "Passed down to (level)",
        "Query",
        "Legal protection is unchanged by this notice, and by its absence.",
        "Held or read is not agreed",
        "A sketch, not a map: borders",
        "261013ZJAN27",
        "UTC ______"};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        assert_has(&p, there[i]);
    /* not what became of it: that is for others to know */
    assert_false(has(&p, "3rd brigade") || has(&p, "vehicles seen") || has(&p, "watch"));
    /* not its title where programs keep it */
    assert_has(&p, "<title>readback 3f2a90c17be4</title>");
    print_html_free(&p.h);
}
static void test_nothing_from_elsewhere(void **state) {
    (void)state;
    for (int lang = 0; lang < PRINT_LANGS; lang++) {
        struct print_page p = notice((enum print_lang)lang);
        static const char *const never[] = {"<script", "<img",   "<link",      "<iframe",
                                            "http:",   "https:", "src=",       "href=",
                                            "@import", "onload", "expression("};
        for (size_t i = 0; i < sizeof never / sizeof *never; i++)
            assert_false(has(&p, never[i]));
        for (const char *z = p.h.p; (z = strstr(z, "url(")) != NULL; z++)
            assert_memory_equal(z, "url(#", 5);
        assert_has(&p, "default-src 'none'");
        print_html_free(&p.h);
    }
}
static void test_exercise_first(void **state) {
    (void)state;
    struct print_page p = notice(PRINT_EN);
    const char *banner = strstr(p.h.p, "class=\"exercise\"");
    assert_non_null(banner);
    assert_true(banner < strstr(p.h.p, "<h1") && banner > strstr(p.h.p, "<body>"));
    assert_has(&p, "<thead><tr><td><div class=\"exercise\">EXERCISE");
    print_html_free(&p.h);
    json_object_set_new(record, "exercise", json_false());
    p = notice(PRINT_EN);
    assert_false(has(&p, "class=\"exercise\""));
    print_html_free(&p.h);
}
static void test_languages(void **state) {
    (void)state;
    struct print_page p = notice(PRINT_AR);
    assert_has(&p, "<html lang=\"ar\" dir=\"rtl\">");
    assert_has(&p, "إشعار · موقع");
    assert_has(&p, "EXERCISE · تمرين");
    assert_has(&p, "لا يغيّر هذا الإشعار، ولا غيابه، الحماية القانونية.");
    assert_has(&p, "Joint Cell"); /* it has no Arabic name */
    assert_has(&p, "<bdi dir=\"ltr\" class=\"number\">35.917263, 36.633100</bdi>");
    print_html_free(&p.h);
    p = notice(PRINT_RU);
    assert_has(&p, "<html lang=\"ru\" dir=\"ltr\">");
    assert_has(&p, "Ячейка");
    assert_has(&p, "Forty beds."); /* what was written stays */
    print_html_free(&p.h);
}

/* ---- places -------------------------------------------------------------------------------------
 */
static void set_volumes(const char *json) {
    json_t *list = load(json);
    json_object_set_new(json_object_get(record, "body"), "volumes", list);
}
static void test_volumes(void **state) {
    (void)state;
    set_volumes("[{\"polygon\":{\"edges\":\"parallel\",\"points\":[{\"lat\":35.3,\"lon\":36.9},{"
                "\"lat\":35.3,\"lon\":"
                "37.4},{\"lat\":34.9,\"lon\":37.123456789}]},\"floor\":{\"height\":900,\"datum\":"
                "\"amsl\"},\"ceiling\":"
                "{\"height\":250,\"datum\":\"fl\"},\"time\":{\"from\":\"2027-01-27T13:00:00Z\","
                "\"length\":\"3h\"}},"
                "{\"corridor\":{\"half_width\":12000,\"points\":[{\"lat\":36.2,\"lon\":37.1},{"
                "\"lat\":35.9,\"lon\":"
                "36.6}]},\"ceiling\":{\"height\":-30.48,\"datum\":\"agl\"},\"until\":\"2027-02-"
                "01T00:00:00Z\","
                "\"military_use\":true,\"recognised_by\":\"southland\"},"
                "{\"circle\":{\"lat\":-33.5,\"lon\":-70.5,\"radius\":926},\"floor\":{\"height\":0."
                "5,\"datum\":"
                "\"wgs84\"},\"time\":{\"from\":\"2027-01-27T13:00:30Z\"}}]");
    struct print_page p = notice(PRINT_EN);
    static const char *const there[] = {"Place 1",
                                        "Place 2",
                                        "Place 3",
                                        "35.300000000, 36.900000000",
                                        "34.900000000, 37.123456789",
                                        "37S CV 09059 08335",
                                        "along a parallel",
                                        "900 m (2953 ft)</bdi> above mean sea level",
                                        "FL250",
                                        "271300ZJAN27",
                                        "271600ZJAN27",
                                        "36.2000, 37.1000",
                                        "<bdi dir=\"ltr\">12</bdi> km to either side",
                                        "the ground and below",
                                        "-30.48 m (-100 ft)</bdi> above ground",
                                        "no beginning is stated",
                                        "010000ZFEB27",
                                        "Military use",
                                        "declared",
                                        "Recognised by",
                                        "-33.5000, -70.5000",
                                        "33 30 00.00S 070 30 00.00W",
                                        "<bdi dir=\"ltr\">926</bdi> m",
                                        "0.5 m (2 ft)</bdi> above the WGS84",
                                        "no upper limit",
                                        "no end is stated",
                                        "13:00:30 UTC",
                                        "not stated"};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        assert_has(&p, there[i]);
    print_html_free(&p.h);
}
static void test_no_volume(void **state) {
    (void)state;
    set_volumes("[]");
    struct print_page p = notice(PRINT_EN);
    assert_has(&p, "No place in numbers is stated.");
    assert_false(has(&p, "<figure"));
    print_html_free(&p.h);
}
static void test_what_no_node_says(void **state) {
    (void)state;
    static const char *const bad[] = {
        "[{}]",
        "[{\"circle\":{\"lat\":95,\"lon\":0,\"radius\":5}}]",
        "[{\"circle\":{\"lat\":5,\"lon\":0}}]",
        "[{\"circle\":{\"lat\":5,\"lon\":0,\"radius\":-5}}]",
        "[{\"polygon\":{\"edges\":\"geodesic\",\"points\":[{\"lat\":1,\"lon\":1}]}}]",
        "[{\"corridor\":{\"half_width\":5,\"points\":[]}}]",
        ("[{\"circle\":{\"lat\":5,\"lon\":0,\"radius\":5},"
         "\"floor\":{\"height\":5,\"datum\":\"moon\"}}]"),
        "[{\"circle\":{\"lat\":5,\"lon\":0,\"radius\":5},\"time\":{\"from\":\"soon\"}}]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        set_volumes(bad[i]);
        struct print_page p = page(PRINT_EN);
        assert_false(print_notice(&p));
        print_html_free(&p.h);
    }
    set_volumes("[]");
    json_object_set_new(record, "record", json_string("12}body{display:none}"));
    struct print_page p = page(PRINT_EN);
    assert_false(print_notice(&p)); /* it would stand in the style */
    print_html_free(&p.h);
}

/* ---- hostile ------------------------------------------------------------------------------------
 */
#define HOSTILE "</p><script>x</script>&\"'\xe2\x80\xae\xe2\x81\xa6"
static bool keeps_its_form(const char *key) {
    static const char *const form[] = {
        "record", "channel", "created",   "from",        "until", "at",  "by",         "surveyed",
        "datum",  "edges",   "review_by", "fingerprint", "kind",  "now", "held_since", "read"};
    for (size_t i = 0; i < sizeof form / sizeof *form; i++)
        if (strcmp(key, form[i]) == 0) return true;
    return false;
}
static json_t *poisoned(const json_t *v, const char *key) {
    size_t i;
    const char *k;
    json_t *x, *out;
    if (json_is_object(v)) {
        out = json_object();
        json_object_foreach((json_t *)(uintptr_t)v, k, x)
            json_object_set_new(out, k, poisoned(x, k));
        return out;
    }
    if (json_is_array(v)) {
        out = json_array();
        json_array_foreach(v, i, x) json_array_append_new(out, poisoned(x, key));
        return out;
    }
    if (!json_is_string(v) || keeps_its_form(key)) return json_deep_copy(v);
    return json_sprintf("%s%s", json_string_value(v), HOSTILE);
}
static void test_hostile_everywhere(void **state) {
    (void)state;
    json_t **all[] = {&record, &channel, &people, &told};
    for (size_t i = 0; i < 4; i++) {
        json_t *bad = poisoned(*all[i], "");
        json_decref(*all[i]);
        *all[i] = bad;
    }
    for (int lang = 0; lang < PRINT_LANGS; lang++) {
        struct print_page p = notice((enum print_lang)lang), s = page((enum print_lang)lang);
        s.reasons = true;
        assert_true(print_status(&s));
        well_formed(s.h.p);
        assert_false(has(&p, "<script") || has(&s, "<script"));
        assert_false(has(&p, "\xe2\x80\xae") || has(&s, "\xe2\x80\xae"));
        assert_false(has(&p, "\xe2\x81\xa6") || has(&s, "\xe2\x81\xa6"));
        assert_has(&p, "&lt;script&gt;x&lt;/script&gt;&amp;&quot;&#39;<span class=\"mark\" "
                       "dir=\"ltr\">U+202E</span>"
                       "<span class=\"mark\" dir=\"ltr\">U+2066</span>");
        print_html_free(&p.h);
        print_html_free(&s.h);
    }
}

/* ---- what stands against it ---------------------------------------------------------------------
 */
static void test_standing(void **state) {
    (void)state;
    json_t *own = load("{\"member\":\"un-cell\",\"position\":\"withdraw\",\"mark\":null,"
                       "\"created\":\"2027-01-26T10:11:00Z\",\"body\":{}}");
    json_t *other = load("{\"member\":\"northland\",\"position\":\"correct\",\"mark\":null,"
                         "\"created\":\"2027-01-26T10:12:00Z\",\"body\":{}}");
    json_object_set_new(record, "superseded_by", json_string("ab"));
    json_object_set_new(record, "mark", json_string("suspended"));
    json_object_set_new(record, "mark_sentence", json_string("its author had suspended its part"));
    json_object_set_new(record, "contested", json_true());
    json_object_set_new(json_object_get(record, "envelope"), "emergency", json_string("cut off"));
    json_array_append_new(json_object_get(record, "positions"), own);
    json_array_append_new(json_object_get(record, "positions"), other);
    struct print_page p = notice(PRINT_EN);
    static const char *const there[] = {"SUPERSEDED: do not act", "WITHDRAWN by its author:",
                                        "261011ZJAN27",           "WITHOUT EFFECT",
                                        "had suspended",          "CONTESTED",
                                        "in an emergency:",       "cut off"};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++) {
        assert_has(&p, there[i]);
        assert_true(strstr(p.h.p, there[i]) < strstr(p.h.p, "Forty beds."));
    }
    assert_false(has(&p, "CORRECTED")); /* nobody corrects for another */
    print_html_free(&p.h);
}
static void test_open_operation(void **state) {
    (void)state;
    json_object_set_new(record, "class", json_string("operation"));
    json_object_set_new(record, "closed", json_false());
    json_object_set_new(record, "recipients", json_null());
    struct print_page p = notice(PRINT_EN);
    assert_false(has(&p, "Names a protected place"));
    assert_has(&p, "every member of the channel may read it");
    const char *once = strstr(p.h.p, "Joint Cell"); /* its author is no recipient */
    assert_non_null(once);
    assert_null(strstr(once + 1, "Joint Cell"));
    print_html_free(&p.h);
    json_object_set_new(record, "kind", json_string("stop-fire"));
    json_object_set_new(record, "class", json_null());
    p = notice(PRINT_EN);
    assert_has(&p, "<p class=\"kind\">Stop fire</p>");
    print_html_free(&p.h);
}

/* ---- what became of it --------------------------------------------------------------------------
 */
static void test_status(void **state) {
    (void)state;
    struct print_page p = status(PRINT_EN);
    static const char *const there[] = {
        "What became of a notice · site",
        "relief-one",
        "260941ZJAN27",
        "09:41:12 UTC",
        "watch",
        "3rd brigade",
        "261004ZJAN27",
        "Col. Test",
        "not known to be held",
        "not known to be read",
        "not known to be passed down",
        "disputes a fact",
        "said to us alone",
        "lakeland",
        "phone",
        "Maj. Beispiel",
        "261020ZJAN27",
        "Not known to be held by: <bdi dir=\"ltr\">southland</bdi>.",
        "Not known to be read by an officer of: <bdi dir=\"ltr\">southland</bdi>.",
        "Not known to be passed down by: <bdi dir=\"ltr\">southland</bdi>.",
        "Nobody can see from here who else",
        "Held: its node stores it. Read: an officer says so.",
        "Legal protection is unchanged"};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        assert_has(&p, there[i]);
    assert_false(has(&p, "vehicles seen"));
    assert_false(has(&p, "marked-level")); /* an answer with a mark does not count */
    assert_false(has(&p, "261021ZJAN27")); /* ours, told by nobody */
    assert_false(
        has(&p, "35.917263")); /* the place goes back to nobody who asks what became of it */
    assert_false(has(&p, "Read by (name)"));
    print_html_free(&p.h);
    p = page(PRINT_EN);
    p.reasons = true;
    assert_true(print_status(&p));
    assert_has(&p, "vehicles seen");
    print_html_free(&p.h);
    /* a member that told us by phone is not said to be silent */
    json_t *reported =
        json_object_get(json_object_get(json_array_get(told, 0), "envelope"), "reported");
    json_object_set_new(reported, "who", json_string("southland"));
    p = status(PRINT_EN);
    assert_has(&p, "told by another way: see below");
    assert_false(has(&p, "not known to be read") || has(&p, "Not known to be read"));
    assert_has(&p, "not known to be passed down");
    print_html_free(&p.h);
}

/* ---- times --------------------------------------------------------------------------------------
 */
static void test_local_time(void **state) {
    (void)state;
    setenv("TZ", "ABC-9:30", 1); /* ahead of UTC by as much */
    tzset();
    struct print_page p = notice(PRINT_EN);
    assert_has(&p, "<b>251605ZJAN27</b> <span class=\"n\">(2027-01-25</span> <span "
                   "class=\"n\">16:05 UTC;</span> "
                   "<span class=\"n\">01-26 01:35 UTC+09:30)</span>");
    assert_has(&p, "<span class=\"n\">19:10 UTC+09:30)</span>");
    assert_has(&p, "Local times are those of the place of printing.");
    print_html_free(&p.h);
    setenv("TZ", "ABC3:30", 1);
    tzset();
    p = notice(PRINT_EN);
    assert_has(&p, "06:10 UTC-03:30");
    print_html_free(&p.h);
}

/* ---- words --------------------------------------------------------------------------------------
 */
static void test_words(void **state) {
    (void)state;
    static const char *const claims[] = {"safe",       "approved", "received",  "clear",
                                         "authorised", "allowed",  "guaranteed"};
    for (int w = 0; w < PRINT_WORDS; w++) {
        for (int lang = 0; lang < PRINT_LANGS; lang++) {
            const char *z = print_word((enum print_lang)lang, (enum print_word)w);
            assert_non_null(z);
            assert_true(*z || (w == PW_FROM_PLACE && lang == PRINT_AR));
            assert_null(strpbrk(z, "<>&\"\\")); /* they go into markup and style as they are */
        }
        for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
            assert_null(strstr(print_word(PRINT_EN, (enum print_word)w), claims[i]));
    }
    for (unsigned i = 0; i < 16; i++)
        for (int lang = 0; lang < PRINT_LANGS; lang++)
            assert_true(*print_wind((enum print_lang)lang, i));
    enum print_lang l = PRINT_EN;
    assert_true(print_lang_decode("ru", &l) && l == PRINT_RU);
    assert_false(print_lang_decode("de", &l) || print_lang_decode("", &l));
    assert_string_equal(print_term(PRINT_EN, "passed-down"), "passed down");
    assert_string_equal(print_term(PRINT_RU, "new-word"), "new-word");
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(test_notice),
        T(test_nothing_from_elsewhere),
        T(test_exercise_first),
        T(test_languages),
        T(test_volumes),
        T(test_no_volume),
        T(test_what_no_node_says),
        T(test_hostile_everywhere),
        T(test_standing),
        T(test_open_operation),
        T(test_status),
        T(test_local_time),
        T(test_words),
    };
    return cmocka_run_group_tests_name("test_print_page", tests, NULL, NULL);
}
