/* XML and KML (spec 12.7): what is refused, what a placemark says, and features that come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "readback/kml.h"

#define D RB_NANODEG
#define HEAD "<kml xmlns=\"http://www.opengis.net/kml/2.2\">"

static uint8_t room[4u << 20] __attribute__((aligned(16)));
static uint8_t out[1u << 20];
static const struct rb_import silent;

static enum rb_err read_all_xml(struct rb_slice in, struct rb_reject *rj) {
    struct rb_xml x;
    struct rb_xml_event e = {.type = RB_XML_TEXT};
    RB_TRY(rb_xml_open(&x, in, rj));
    while (e.type != RB_XML_DONE)
        RB_TRY(rb_xml_next(&x, &e, rj));
    return RB_OK;
}

static void takes_small_xml(void **state) {
    (void)state;
    static const char *const good[] = {
        "<a/>",
        "\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\r\n<!-- x --><a b=\"1\"/>\n<!---->",
        "<a c='\"' b='\xd9\x85'/>",
        "<a><b>&lt;&#x41;&#65;&amp;</b><![CDATA[<&]]]]><![CDATA[>]]></a >",
        "<x:a xmlns:x=\"u\"><x:b/></x:a>",
        "<a xmlns=\"u\"><b xmlns=\"v\"/><?pi ?></a>",
        "<\xd9\x85 \xd9\x85=\"\xd9\x85\">\xd9\x85</\xd9\x85>",
    };
    static const char *const wrong[] = {
        "",
        " ",
        "<a>",
        "</a>",
        "<a></b>",
        "<a/><b/>",
        "x<a/>",
        "<a/>x",
        "<a",
        "<a b>",
        "<a b=1/>",
        "<a b=\"1\" b=\"2\"/>",
        "<a b=\"1\"c=\"2\"/>",
        "<a b=\"<\"/>",
        "<a b=\"&x;\"/>",
        "<a>&nbsp;</a>",
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        "<a>&#x110000;</a>",
        "<a>&#;</a>",
        "<a>&amp</a>",
        "<a>\x01</a>",
        "<a>\xc0\x80</a>",
        "<!DOCTYPE a><a/>",
        "<a><!ENTITY b></a>",
        "<x:a/>",
        "<a><x:b/></a>",
        "<a><b xmlns:x=\"u\"/><x:c/></a>",
        "<a><!-- </a>",
        "<a><![CDATA[</a>",
        "<![CDATA[x]]><a/>",
        "<?xml version=\"1.0\" encoding=\"latin-1\"?><a/>",
        "< a/>",
        "<a><1/></a>",
    };
    struct rb_reject rj = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (read_all_xml(rb_str(good[i]), &rj) != RB_OK)
            fail_msg("%s: %s at %d", good[i], rj.what, (int)rj.offset);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (read_all_xml(rb_str(wrong[i]), &rj) != RB_ERR_MALFORMED)
            fail_msg("%s was taken", wrong[i]);
        assert_string_equal(rj.clause, "12.7.1");
        assert_true(rj.offset <= strlen(wrong[i]));
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) /* cut anywhere, never taken */
        for (size_t n = 0; n < strlen(good[i]); n++) {
            const bool whole = n > 0 && good[i][n - 1] == '>' && strstr(good[i], "<a b") != NULL;
            const bool blank_behind =
                strcmp(good[i] + n, "\n<!---->") == 0 || strcmp(good[i] + n, "<!---->") == 0;
            if (!whole && !blank_behind)
                assert_int_not_equal(read_all_xml(rb_slice(good[i], n), NULL), RB_OK);
        }
}

static void bounds(void **state) {
    (void)state;
    struct rb_reject rj = {0};
    struct rb_writer w = rb_writer(out, sizeof out);
    for (unsigned i = 0; i <= RB_MAX_XML_DEPTH; i++)
        rb_put_z(&w, "<a>");
    assert_int_equal(read_all_xml(rb_written(&w), &rj), RB_ERR_LIMIT);
    assert_int_equal(rj.offset, 3 * RB_MAX_XML_DEPTH);
    for (int spaces = 0; spaces < 2; spaces++) {
        w = rb_writer(out, sizeof out);
        for (unsigned k = 0; k < 3; k++) {
            rb_put_z(&w, "<a");
            for (unsigned i = 0; i < (spaces ? 12 : RB_MAX_XML_ATTRIBUTES + 1); i++) {
                rb_put_z(&w, spaces ? " xmlns:a" : " a");
                rb_put_dec(&w, i);
                rb_put_z(&w, "=\"\"");
            }
            rb_put_z(&w, ">");
        }
        assert_int_equal(read_all_xml(rb_written(&w), &rj), RB_ERR_LIMIT);
    }
}

/* the first placemark of a file */
static enum rb_err first(const char *text, struct rb_feature *f, struct rb_kml *k,
                         struct rb_reject *rj) {
    struct rb_arena a = rb_arena(room, sizeof room);
    bool more = false;
    RB_TRY(rb_kml_open(k, rb_str(text), rj));
    return rb_kml_next(k, &silent, &a, f, &more, rj);
}

#define MARK(in) HEAD "<Placemark>" in "</Placemark></kml>"
#define DATA(name, value)                                                                          \
    "<ExtendedData><Data name=\"" name "\"><value>" value "</value></Data></ExtendedData>"
#define POINT DATA("radius_m", "500") "<Point><coordinates>36.5,35</coordinates></Point>"
#define RING "0,0 1,0 1,1 0,0"
#define POLYGON(more, ring)                                                                        \
    "<Polygon>" more "<outerBoundaryIs><LinearRing><coordinates>" ring                             \
    "</coordinates></LinearRing></outerBoundaryIs></Polygon>"

static void refused_by_clause(void **state) {
    (void)state;
    static const struct {
        const char *text, *clause;
    } cases[] = {
        {"PK\x03\x04", "12.7.2"},
        {"<gpx/>", "12.7.2"},
        {"<kml xmlns=\"other\"/>", "12.7.2"},
        {HEAD "<Placemark>", "12.7.1"},
        {MARK(""), "12.3.1"},
        {MARK("<name><b/></name>" POINT), "12.7.2"},
        {MARK("<Point><coordinates>36.5,35</coordinates></Point>"), "12.3.4"},
        {MARK("<LineString><coordinates>0,0 1,1</coordinates></LineString>"), "12.3.5"},
        {MARK("<Point><coordinates>36.5</coordinates></Point>"), "12.7.3"},
        {MARK("<Point><coordinates>36.5 35</coordinates></Point>"), "12.7.3"},
        {MARK("<Point><coordinates>36.5, 35</coordinates></Point>"), "3.7.2"},
        {MARK("<Point><coordinates>181,0</coordinates></Point>"), "3.7.2"},
        {MARK("<Point><coordinates>1,1,x</coordinates></Point>"), "12.7.3"},
        {MARK("<Point><coordinates>1,1 2,2</coordinates></Point>"), "12.7.3"},
        {MARK("<Point/>"), "12.7.3"},
        {MARK("<LinearRing><coordinates>" RING "</coordinates></LinearRing>"), "12.7.3"},
        {MARK("<MultiGeometry><Model/></MultiGeometry>"), "12.7.3"},
        {MARK(POLYGON("", "0,0 1,0 1,1 0,1")), "12.3.2"},
        {MARK(POLYGON("<innerBoundaryIs/>", RING)), "12.3.3"},
        {MARK(POLYGON("<altitudeMode>high</altitudeMode>", RING)), "12.7.2"},
        {MARK("<TimeSpan><begin>2026</begin></TimeSpan>" POINT), "12.2.5"},
        {MARK(DATA("radius", "wide") "<Point><coordinates>1,1</coordinates></Point>"), "12.2.6"},
        {MARK(DATA("readback", "{") POINT), "12.1.1"},
        {MARK(DATA("readback", "{\"volumes\":[]}") POINT), "12.2.4"},
        {MARK(DATA("readback", "{}") DATA("readback", "{}") POINT), "12.1.3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rb_reject rj = {0};
        struct rb_feature f = {.volumes_n = 77};
        struct rb_kml k;
        const enum rb_err e = first(cases[i].text, &f, &k, &rj);
        if (e != RB_ERR_MALFORMED || strcmp(rj.clause, cases[i].clause) != 0)
            fail_msg("%s: %s %s %s", cases[i].text, rb_err_name(e), rj.clause, rj.what);
        assert_int_equal(f.volumes_n, 77);
        assert_true(rj.offset <= strlen(cases[i].text));
    }
}

static bool has(uint64_t remarks, enum rb_remark r) {
    return (remarks >> r & 1) != 0;
}

static void takes_placemarks(void **state) {
    (void)state;
    struct rb_feature f;
    struct rb_reject rj = {0};
    struct rb_kml k;
    assert_int_equal(
        first("<k:kml xmlns:k=\"http://earth.google.com/kml/2.1\"><k:Document><k:name>n"
              "</k:name><k:Style><k:Placemark/></k:Style><k:Folder><k:Placemark>"
              "<k:name> a <![CDATA[&b]]> </k:name><k:TimeSpan><k:begin>2026-03-12"
              "</k:begin><k:end>2026-03-12</k:end></k:TimeSpan><k:Polygon><k:extrude>1"
              "</k:extrude><k:altitudeMode>relativeToGround</k:altitudeMode>"
              "<k:outerBoundaryIs><k:LinearRing><k:coordinates>\n0,0,12.5\t1,0,12.5 "
              "1,1,12.5 0,0,12.5\n</k:coordinates></k:LinearRing></k:outerBoundaryIs>"
              "</k:Polygon></k:Placemark></k:Folder></k:Document></k:kml>",
              &f, &k, &rj),
        RB_OK);
    assert_true(rb_slice_is(f.title, "a &b"));
    const struct rb_volume *v = f.volumes;
    assert_int_equal(v->edges, RB_EDGES_LONLAT);
    assert_int_equal(v->ceiling.mm, 12500);
    assert_int_equal(v->ceiling.datum, RB_DATUM_AGL);
    assert_true(v->floor.open && v->has_from && v->has_to);
    assert_int_equal(v->to_utc_ms - v->from_utc_ms, 86400000); /* the whole day */
    assert_true(has(k.remarks, RB_REMARK_OLD_NAMESPACE) && has(k.remarks, RB_REMARK_COLLECTION) &&
                has(k.remarks, RB_REMARK_LOOK));
    assert_int_equal(first(MARK("<styleUrl>#a</styleUrl><TimeStamp/><other/>" POLYGON(
                               "<altitudeMode>absolute</altitudeMode>", "0,0,1 1,0,2 1,1,3 0,0,1")),
                           &f, &k, &rj),
                     RB_OK);
    assert_true(f.volumes[0].ceiling.open);
    assert_true(has(f.remarks, RB_REMARK_POINT_HEIGHTS) && has(f.remarks, RB_REMARK_LOOK) &&
                has(f.remarks, RB_REMARK_MOMENT) && has(f.remarks, RB_REMARK_PROPERTIES));
    assert_int_equal(k.remarks, 0);
}

/* one placemark that is refused does not end the file; what is no XML does */
static void goes_on_behind_a_refusal(void **state) {
    (void)state;
    struct rb_feature f;
    struct rb_kml k;
    struct rb_reject rj = {0};
    struct rb_arena a = rb_arena(room, sizeof room);
    bool more = false;
    assert_int_equal(
        first(HEAD "<Placemark/><Placemark>" POINT "</Placemark><Placemark><a></b>", &f, &k, &rj),
        RB_ERR_MALFORMED);
    assert_int_equal(rb_kml_next(&k, &silent, &a, &f, &more, &rj), RB_OK);
    assert_true(more);
    assert_int_equal(f.volumes[0].radius_mm, 500000);
    assert_int_equal(rb_kml_next(&k, &silent, &a, &f, &more, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "12.7.1");
}

static void comes_back(const struct rb_feature *f, uint64_t *remarks, struct rb_feature *back) {
    struct rb_writer w = rb_writer(out, sizeof out);
    struct rb_kml k;
    struct rb_reject rj = {0};
    rb_kml_put_begin(&w, rb_str("a & b"));
    rb_kml_put(&w, f, remarks);
    rb_kml_put_end(&w);
    assert_false(w.over);
    if (first(rb_writer_z(&w), back, &k, &rj) != RB_OK)
        fail_msg("%s\n%s %s at %d", rb_writer_z(&w), rj.clause, rj.what, (int)rj.offset);
    assert_int_equal(back->volumes_n, f->volumes_n);
    assert_true(rb_slice_eq(back->title, f->title) && rb_slice_eq(back->text, f->text));
    for (size_t i = 0; i < f->volumes_n; i++) {
        const struct rb_volume *a = &f->volumes[i], *b = &back->volumes[i];
        assert_true(a->shape == b->shape && a->radius_mm == b->radius_mm && a->edges == b->edges);
        assert_true(a->floor.open == b->floor.open && a->ceiling.open == b->ceiling.open);
        assert_true(a->floor.open ||
                    (a->floor.mm == b->floor.mm && a->floor.datum == b->floor.datum));
        assert_true(a->ceiling.open ||
                    (a->ceiling.mm == b->ceiling.mm && a->ceiling.datum == b->ceiling.datum));
        assert_true(a->has_from == b->has_from && a->has_to == b->has_to);
        assert_true(!a->has_from || a->from_utc_ms == b->from_utc_ms);
        assert_true(!a->has_to || a->to_utc_ms == b->to_utc_ms);
        assert_true(rb_slice_eq(a->method, b->method) && rb_slice_eq(a->as_entered, b->as_entered));
    }
}

static void features_come_back(void **state) {
    (void)state;
    static const struct rb_point line[] = {
        {35 * D, 36 * D}, {35 * D + 1, 37 * D}, {36 * D, -179 * D}};
    static const char *const words[] = {"a", "<&>\"']]>", " blanks ", "\xef\xbf\xbf", "مشفى", ""};
    for (unsigned i = 0; i < 6 * 6 * 4 * 3; i++) {
        struct rb_volume v[2] = {
            {.shape = (enum rb_shape)(i % 3),
             .center = {35 * D + 1, 36 * D - 1},
             .radius_mm = i % 3 == RB_SHAPE_POLYGON ? 0 : 1 + i,
             .vertices = i % 3 ? line : NULL,
             .vertices_n = i % 3 ? 3 : 0,
             .edges = i % 3 == RB_SHAPE_POLYGON ? RB_EDGES_PARALLEL : RB_EDGES_GEODESIC,
             .floor = {i % 5 == 0, 1250, (enum rb_datum)(i % 4)},
             .ceiling = {i % 7 == 0, 99001250, (enum rb_datum)(i / 3 % 4)},
             .has_from = i % 2,
             .has_to = i % 4 > 1,
             .from_utc_ms = 1773273600000,
             .to_utc_ms = 1773273600250,
             .method = rb_str(words[i % 2]),
             .as_entered = rb_str(words[i % 6])}};
        struct rb_feature back, f = {.title = rb_str(words[i % 6]),
                                     .text = rb_str(words[i / 6 % 6]),
                                     .volumes = v,
                                     .volumes_n = 1 + i % 2};
        uint64_t remarks = 0;
        v[1] = v[0];
        v[1].has_to = i % 3;
        comes_back(&f, &remarks, &back);
        assert_int_equal(has(remarks, RB_REMARK_WIDTH_UNSEEN), v->shape == RB_SHAPE_CORRIDOR);
        assert_int_equal(has(remarks, RB_REMARK_RADIUS_UNSEEN), v->shape == RB_SHAPE_CIRCLE);
        assert_int_equal(has(remarks, RB_REMARK_NOT_CUT), v->shape != RB_SHAPE_CIRCLE);
    }
    /* room that is too small is over, never written beyond */
    struct rb_volume v = {.radius_mm = 1,
                          .floor = {.open = true},
                          .ceiling = {.open = true},
                          .method = rb_str("<<<<<<<<<<<<")};
    const struct rb_feature f = {.volumes = &v, .volumes_n = 1};
    for (size_t n = 0; n < 400; n++) {
        uint64_t remarks = 0;
        struct rb_writer w = rb_writer(out, n);
        out[n] = 0x55;
        rb_kml_put(&w, &f, &remarks);
        assert_true(out[n] == 0x55 && w.n <= n);
        if (!w.over) assert_true(n > 200);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_small_xml),          cmocka_unit_test(bounds),
        cmocka_unit_test(refused_by_clause),        cmocka_unit_test(takes_placemarks),
        cmocka_unit_test(goes_on_behind_a_refusal), cmocka_unit_test(features_come_back),
    };
    return cmocka_run_group_tests_name("kml", tests, NULL, NULL);
}
