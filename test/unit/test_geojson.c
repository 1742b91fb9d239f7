/* GeoJSON, ED-318 and ED-269 (spec 12.2 to 12.5): each refusal by its clause, what is taken of a
 * feature, joining at the antimeridian, streams in pieces, and features that come back as written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "readback/geojson.h"

#define D RB_NANODEG

static uint8_t room[2u << 20] __attribute__((aligned(16))),
    again[2u << 20] __attribute__((aligned(16)));
static uint8_t out[4u << 20];
static const struct rb_import geodesic = {.has_edges = true, .edges = RB_EDGES_GEODESIC};
static const struct rb_import silent;

static enum rb_err read_with(const char *text, const struct rb_import *how, struct rb_feature *f,
                             struct rb_reject *rj) {
    struct rb_arena a = rb_arena(room, sizeof room);
    return rb_geo_read(rb_str(text), how, &a, f, rj);
}

#define POINT "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[36.5,35]},"
#define GEOMETRY(g) "{\"type\":\"Feature\",\"properties\":null,\"geometry\":" g "}"
#define RING "[[0,0],[1,0],[1,1],[0,0]]"
#define SQUARE "{\"type\":\"Polygon\",\"coordinates\":[" RING "]"
#define AUTHORITY "\"zoneAuthority\":[{\"purpose\":\"INFORMATION\"}]"
#define ZONE(more)                                                                                 \
    "\"properties\":{\"identifier\":\"A\",\"country\":\"SYR\",\"type\":\"PROHIBITED\","            \
    "\"variant\":\"COMMON\"," AUTHORITY more "}}"
#define CIRCLE(more)                                                                               \
    "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[36.5,35],"            \
    "\"extent\":{\"subType\":\"Circle\",\"radius\":500}" more "},"
#define ED269(more) "{\"identifier\":\"A\",\"country\":\"SYR\",\"geometry\":[{" more "}]}"

static const struct {
    const char *text, *clause;
} refusals[] = {
    {"{\"type\":\"Feature\"", "12.1.1"},
    {"{\"type\":\"Feature\",\"geometry\":null,\"properties\":{}}", "12.3.1"},
    {"{\"type\":\"Feature\",\"type\":\"Feature\",\"geometry\":null}", "12.1.3"},
    {"{\"type\":\"Thing\",\"geometry\":" SQUARE "},\"properties\":{}}", "12.3.1"},
    {GEOMETRY("{\"type\":\"Square\",\"coordinates\":[]}"), "12.3.1"},
    {GEOMETRY("{\"type\":\"Point\"}"), "12.3.1"},
    {GEOMETRY("{\"coordinates\":[1,2]}"), "12.3.1"},
    {GEOMETRY("{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"GeometryCollection\","
              "\"geometries\":[]}]}"),
     "12.3.1"},
    {GEOMETRY("{\"type\":\"GeometryCollection\",\"geometries\":[]}"), "12.3.1"},
    {GEOMETRY("{\"type\":\"Polygon\",\"coordinates\":[]}"), "12.3.2"},
    {GEOMETRY("{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[0,0]]]}"), "12.3.2"},
    {GEOMETRY("{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,1]]]}"), "12.3.2"},
    {GEOMETRY("{\"type\":\"Polygon\",\"coordinates\":[" RING "," RING "]}"), "12.3.3"},
    {GEOMETRY("{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}"), "3.7.6"},
    {GEOMETRY("{\"type\":\"LineString\",\"coordinates\":[[0,0],[1,0]]}"), "12.3.5"},
    {POINT "\"properties\":{}}", "12.3.4"},
    {POINT "\"properties\":{\"radius\":\"large\"}}", "12.2.6"},
    {POINT "\"properties\":{\"radius\":-3}}", "12.2.6"},
    {GEOMETRY("{\"type\":\"Point\",\"coordinates\":[181,0]}"), "3.7.2"},
    {GEOMETRY("{\"type\":\"Point\",\"coordinates\":[0,90.000000001]}"), "3.7.2"},
    {GEOMETRY("{\"type\":\"Point\",\"coordinates\":[1e400,0]}"), "3.7.2"},
    {GEOMETRY("{\"type\":\"Point\",\"coordinates\":[0]}"), "12.1.5"},
    {GEOMETRY("{\"type\":\"Point\",\"coordinates\":[\"0\",\"0\"]}"), "12.1.5"},
    /* what only Readback reads */
    {POINT "\"properties\":{\"readback\":{\"class\":\"wish\"}}}", "12.2.4"},
    {POINT "\"properties\":{\"readback\":{\"volumes\":[]}}}", "12.2.4"},
    {POINT "\"properties\":{\"readback\":{\"volumes\":[{},{}]}}}", "12.2.4"},
    {POINT "\"properties\":{\"readback\":\"{\\\"volumes\\\":[{},{}]}\"}}", "12.2.4"},
    {POINT "\"properties\":{\"readback\":{\"volumes\":[{\"floor\":[1]}]}}}", "12.2.4"},
    {POINT "\"properties\":{\"readback\":{\"volumes\":[{\"floor\":[1,\"QNH\"]}]}}}", "12.2.4"},
    {POINT "\"properties\":{\"readback\":{\"volumes\":[{\"floor\":[1,\"AGL\",2]}]}}}", "12.2.4"},
    {POINT "\"properties\":{\"readback\":{\"volumes\":[{\"period\":16}]}}}", "12.2.4"},
    {POINT "\"properties\":{\"readback\":{\"volumes\":[{\"from\":\"noon\"}]}}}", "12.2.5"},
    {POINT
     "\"properties\":{\"begin\":\"2026-01-01T00:00:00Z\",\"readback\":{\"volumes\":[{\"from\":"
     "\"2026-01-01T00:00:00Z\"}]}}}",
     "12.2.4"},
    /* ED-318 */
    {CIRCLE("") "\"properties\":{\"variant\":\"COMMON\"}}", "12.4.1"},
    {CIRCLE("") ZONE(",\"name\":[{\"text\":\"x\"}]"), "12.4.1"},
    {CIRCLE("") ZONE(",\"extendedProperties\":{\"readback\":{\"volumes\":[{\"radius_m\":1}]}}"),
     "12.2.4"},
    {CIRCLE(",\"layer\":{\"upper\":1}") ZONE(""), "12.4.3"},
    {CIRCLE(",\"layer\":{\"upper\":1,\"upperReference\":\"QNH\"}") ZONE(""), "12.4.3"},
    {CIRCLE(",\"layer\":{\"uom\":\"km\"}") ZONE(""), "12.4.3"},
    {CIRCLE(",\"layer\":{\"upper\":1,\"upperReference\":\"AGL\",\"lower\":2,\"lowerReference\":"
            "\"AGL\"}") ZONE(""),
     "3.7.7"},
    {GEOMETRY("{\"type\":\"Point\",\"coordinates\":[0,0],\"extent\":{\"radius\":5}}"), "12.4.4"},
    {GEOMETRY(
         "{\"type\":\"Point\",\"coordinates\":[0,0],\"extent\":{\"subType\":\"Oval\",\"radius\":"
         "5}}"),
     "12.4.4"},
    {"{\"type\":\"Feature\",\"geometry\":" SQUARE "}," ZONE(""), "12.4.2"},
    {CIRCLE("") ZONE(",\"limitedApplicability\":[{\"startDateTime\":\"soon\"}]"), "12.2.5"},
    {CIRCLE("") ZONE(",\"limitedApplicability\":[{\"startDateTime\":\"2026-01-02T00:00:00Z\","
                     "\"endDateTime\":\"2026-01-01T00:00:00Z\"}]"),
     "3.7.8"},
    {CIRCLE("")
         ZONE(",\"limitedApplicability\":[{}],\"extendedProperties\":{\"readback\":{\"volumes\":[{"
              "\"period\":1}]}}"),
     "12.2.4"},
    /* ED-269 */
    {ED269("\"uomDimensions\":\"M\""), "12.5.1"},
    {ED269("\"uomDimensions\":\"M\",\"horizontalProjection\":{\"type\":\"Line\"}"), "12.5.2"},
    {ED269(
         "\"uomDimensions\":\"FT\",\"horizontalProjection\":{\"type\":\"Circle\",\"center\":[0,0],"
         "\"radius\":5}"),
     "12.5.2"},
    {ED269("\"uomDimensions\":\"M\",\"horizontalProjection\":" SQUARE "}"), "12.4.2"},
};

static void refused_by_clause(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct rb_reject rj = {0};
        struct rb_feature f = {.volumes_n = 77};
        const enum rb_err e = read_with(refusals[i].text, &silent, &f, &rj);
        if (e != RB_ERR_MALFORMED || strcmp(rj.clause, refusals[i].clause) != 0)
            fail_msg("%s: %s %s %s", refusals[i].text, rb_err_name(e), rj.clause, rj.what);
        assert_int_equal(f.volumes_n, 77); /* nothing was given out */
        assert_true(rj.offset <= strlen(refusals[i].text));
    }
}

static bool has(const struct rb_feature *f, enum rb_remark r) {
    return (f->remarks >> r & 1) != 0;
}

static void takes_a_zone(void **state) {
    (void)state;
    struct rb_feature f;
    struct rb_reject rj = {0};
    const struct rb_import french = {.language = rb_str("fr")};
    if (read_with(
            CIRCLE(",\"layer\":{\"upper\":150,\"upperReference\":\"AGL\",\"lower\":50.5,"
                   "\"lowerReference\":\"AMSL\",\"uom\":\"ft\"}")
                ZONE(",\"name\":[{\"text\":\"one\",\"lang\":\"en\"},{\"text\":\"un\",\"lang\":"
                     "\"fr-FR\"}],\"limitedApplicability\":[{\"startDateTime\":\"2026-01-01T00:"
                     "00:00+02:00\"},{\"endDateTime\":\"2025-01-01T00:00:00Z\",\"schedule\":"
                     "[]}]"),
            &french, &f, &rj) != RB_OK)
        fail_msg("%s %s", rj.clause, rj.what);
    assert_int_equal(f.volumes_n, 2); /* one for each period */
    assert_true(rb_slice_is(f.title, "un"));
    const struct rb_volume *v = f.volumes;
    assert_int_equal(v->radius_mm, 500000);
    assert_int_equal(v->ceiling.mm, 45720);
    assert_int_equal(v->ceiling.datum, RB_DATUM_AGL);
    assert_int_equal(v->floor.mm, 15392); /* 15392.4 */
    assert_int_equal(v->floor.datum, RB_DATUM_AMSL);
    assert_true(rb_slice_is(v->as_entered, "lower 50.5 ft AMSL; upper 150 ft AGL"));
    assert_true(v->has_from && !v->has_to);
    assert_int_equal(v->from_utc_ms, 1767218400000);
    assert_true(!v[1].has_from && v[1].has_to);
    assert_true(has(&f, RB_REMARK_SCHEDULE) && has(&f, RB_REMARK_LANGUAGES) &&
                has(&f, RB_REMARK_ROUNDED) && has(&f, RB_REMARK_ZONE));
    assert_false(has(&f, RB_REMARK_PROPERTIES));
}

static void takes_plain_features(void **state) {
    (void)state;
    struct rb_feature f;
    struct rb_reject rj = {0};
    assert_int_equal(read_with(POINT
                               "\"id\":7,\"properties\":{\"Name\":\"a\\nb\\u202e\",\"radius\":"
                               "\"2nm\",\"start\":\"Homs\",\"to\":\"2026-01-01T00:00:00Z\"}}",
                               &silent, &f, &rj),
                     RB_OK);
    assert_true(rb_slice_is(f.title, "a b"));
    assert_int_equal(f.volumes[0].radius_mm, 3704000);
    assert_true(f.volumes[0].has_to && !f.volumes[0].has_from);
    assert_true(has(&f, RB_REMARK_CLEANED) && has(&f, RB_REMARK_PROPERTIES) &&
                has(&f, RB_REMARK_IDENTIFIER));
    /* a geometry alone; heights, a doubled point, the long way round */
    assert_int_equal(
        read_with("{\"type\":\"Polygon\",\"coordinates\":[[[179,0,5],[-179,0,5],[-179,0],"
                  "[-179,1],[179,0]]]}",
                  &silent, &f, &rj),
        RB_OK);
    assert_int_equal(f.volumes[0].vertices_n, 3);
    assert_int_equal(f.volumes[0].edges, RB_EDGES_LONLAT);
    assert_true(has(&f, RB_REMARK_POINT_HEIGHTS) && has(&f, RB_REMARK_REPEATED) &&
                has(&f, RB_REMARK_SHORTER_WAY));
    const struct rb_import wide = {.half_width_mm = 5000};
    assert_int_equal(
        read_with("{\"type\":\"MultiLineString\",\"coordinates\":[[[0,0],[1,0]],[[2,0],"
                  "[3,0],[4,1]]]}",
                  &wide, &f, &rj),
        RB_OK);
    assert_int_equal(f.volumes_n, 2);
    assert_int_equal(f.volumes[1].vertices_n, 3);
    assert_int_equal(f.volumes[1].radius_mm, 5000);
}

#define PARTS(a, b) "{\"type\":\"MultiPolygon\",\"coordinates\":[[[" a "]],[[" b "]]]}"
static void joins_at_the_antimeridian(void **state) {
    (void)state;
    static const char *const west[] = {"[-180,10],[-170,11],[-170,19],[-180,20],[-180,10]",
                                       "[-170,19],[-170,11],[-180,10],[-180,20],[-170,19]"};
    struct rb_feature f;
    struct rb_reject rj = {0};
    char text[400];
    for (int i = 0; i < 2; i++) { /* the second part runs the other way round */
        (void)snprintf(text, sizeof text, PARTS("[170,15],[180,10],[180,20],[170,15]", "%s"),
                       west[i]);
        assert_int_equal(read_with(text, &silent, &f, &rj), RB_OK);
        assert_int_equal(f.volumes_n, 1);
        assert_int_equal(f.volumes[0].vertices_n, 5);
        assert_true(has(&f, RB_REMARK_JOINED));
        const struct rb_point want[] = {{20 * D, 180 * D},
                                        {15 * D, 170 * D},
                                        {10 * D, 180 * D},
                                        {11 * D, -170 * D},
                                        {19 * D, -170 * D}};
        for (int k = 0; k < 5; k++) {
            assert_int_equal(f.volumes[0].vertices[k].lat_nd, want[k].lat_nd);
            assert_int_equal(f.volumes[0].vertices[k].lon_nd, want[k].lon_nd);
        }
    }
    assert_int_equal(read_with(PARTS("[170,15],[180,10],[180,20],[170,15]",
                                     "[-180,10],[-180,19],[-170,15],[-180,10]"),
                               &silent, &f, &rj),
                     RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "12.3.6");
    /* apart, or touching in a point: two areas */
    assert_int_equal(read_with(PARTS("[170,15],[180,10],[180,20],[170,15]",
                                     "[-180,20],[-180,29],[-170,25],[-180,20]"),
                               &silent, &f, &rj),
                     RB_OK);
    assert_int_equal(f.volumes_n, 2);
}

static void limits(void **state) {
    (void)state;
    static char text[40000];
    struct rb_writer w = rb_writer(text, sizeof text - 1);
    struct rb_reject rj = {0};
    struct rb_feature f;
    rb_put_z(&w, "{\"type\":\"MultiPoint\",\"coordinates\":[[0,0]");
    for (unsigned i = 1; i <= RB_MAX_VOLUMES; i++)
        rb_put_z(&w, ",[1,1]");
    rb_put_z(&w, "]}");
    assert_int_equal(read_with(rb_writer_z(&w), &silent, &f, &rj), RB_ERR_LIMIT);
    assert_string_equal(rj.clause, "12.2.3");
    w = rb_writer(text, sizeof text - 1);
    rb_put_z(&w, "{\"type\":\"LineString\",\"coordinates\":[[0,0]");
    for (unsigned i = 1; i <= RB_MAX_VERTICES + 1; i++) {
        rb_put_z(&w, ",[0.");
        rb_put_dec(&w, 1000 + i);
        rb_put_z(&w, ",0]");
    }
    rb_put_z(&w, "]}");
    assert_int_equal(read_with(rb_writer_z(&w), &silent, &f, &rj), RB_ERR_LIMIT);
    assert_string_equal(rj.clause, "3.7.4");
    for (size_t n = 0; n < 40000; n += 977) { /* an arena that is full is a limit, and no more */
        struct rb_arena a = rb_arena(room, n);
        const enum rb_err e =
            rb_geo_read(rb_str(CIRCLE("") ZONE(",\"name\":[{\"text\":\"x\",\"lang\":"
                                               "\"en\"}]")),
                        &silent, &a, &f, &rj);
        assert_true(e == RB_OK || e == RB_ERR_LIMIT);
    }
}

/* ---- streams ------------------------------------------------------------------------------------
 */

/* feeds the file in pieces of this size; the items one behind the other, each with a ';' */
static enum rb_err stream(const char *file, size_t piece, struct rb_writer *items,
                          struct rb_geo_stream *s, struct rb_reject *rj) {
    const size_t n = strlen(file);
    size_t end = 0;
    *s = (struct rb_geo_stream){0};
    for (enum rb_geo_event event = RB_GEO_MORE; event != RB_GEO_DONE;) {
        struct rb_slice item;
        size_t used = 0;
        const struct rb_slice window = rb_slice(file + s->offset, end - (size_t)s->offset);
        RB_TRY(rb_geo_next(s, window, end == n, &used, &event, &item, rj));
        if (event == RB_GEO_ITEM) {
            rb_put_slice(items, item);
            rb_put_u8(items, ';');
        }
        if (event == RB_GEO_MORE) end = n - end < piece ? n : end + piece;
    }
    return RB_OK;
}

static void files_in_pieces(void **state) {
    (void)state;
    static const struct {
        const char *file, *items;
    } files[] = {
        {"", ""},
        {" \n ", ""},
        {"\xef\xbb\xbf{\"type\":\"FeatureCollection\",\"name\":[\"]}\"],\"features\":[{\"a\":\"}"
         "\\\"\"},"
         " {\"b\":[{}]} ],\"bbox\":[1,2] }",
         "{\"a\":\"}\\\"\"};{\"b\":[{}]};"},
        {"{\"features\":[],\"type\":\"FeatureCollection\"}\n{\"UASZoneList\":[{}]}\n", "{};"},
        {"{\"a\":1}\n{\"b\":2}\r\n{\"c\":3}", "{\"a\":1};{\"b\":2};{\"c\":3};"},
        {"\x1e{\"a\":1}\n\x1e{\"b\":2}\n", "{\"a\":1};{\"b\":2};"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        for (size_t piece = 1; piece < 90; piece++) {
            struct rb_writer w = rb_writer(out, sizeof out);
            struct rb_geo_stream s;
            struct rb_reject rj = {0};
            if (stream(files[i].file, piece, &w, &s, &rj) != RB_OK)
                fail_msg("%s: %s", files[i].file, rj.what);
            assert_string_equal(rb_writer_z(&w), files[i].items);
            assert_int_equal(s.remarks >> RB_REMARK_COLLECTION & 1, i == 2);
        }
}

static void bad_files_in_pieces(void **state) {
    (void)state;
    static const struct {
        const char *file, *clause;
        size_t at;
    } files[] = {
        {"[]", "12.1.5", 0},
        {"{\"features\":[1]}", "12.2.1", 13},
        {"{\"features\":[{}{}]}", "12.1.1", 15},
        {"{\"features\":[{}],\"features\":[]}", "12.1.3", 17},
        {"{\"features\":[{}]", "12.1.1", 16},
        {"{\"features\":[{},", "12.1.1", 16},
        {"{\"features\":[{}],\"a\":", "12.1.1", 21},
        {"{\"features\":[{}],\"a\" 1}", "12.1.1", 21},
        {"{\"features\":[{}] 1}", "12.1.1", 17},
        {"{\"features\":[{\"a\":tru}]}", "12.1.1", 18},
        {"{\"a\":1}{\"b\":", "12.1.1", 12},
        {"{\"a\":1}\n\xef\xbb\xbf{}", "12.1.1", 8},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        for (size_t piece = 1; piece < 40; piece++) {
            struct rb_writer w = rb_writer(out, sizeof out);
            struct rb_geo_stream s;
            struct rb_reject rj = {0};
            assert_int_equal(stream(files[i].file, piece, &w, &s, &rj), RB_ERR_MALFORMED);
            if (strcmp(rj.clause, files[i].clause) != 0 || rj.offset != files[i].at)
                fail_msg("%s by %zu: %s %s at %d", files[i].file, piece, rj.clause, rj.what,
                         (int)rj.offset);
        }
}

static void large_items(void **state) {
    (void)state;
    static char file[RB_MAX_GEO_ITEM + 100];
    struct rb_geo_stream s = {0};
    struct rb_reject rj = {0};
    enum rb_geo_event event;
    struct rb_slice item;
    size_t used;
    memset(file, 'x', sizeof file);
    memcpy(file, "{\"a\":\"", 6);
    assert_int_equal(
        rb_geo_next(&s, rb_slice(file, RB_MAX_GEO_ITEM - 1), false, &used, &event, &item, &rj),
        RB_OK);
    assert_int_equal(event, RB_GEO_MORE);
    assert_int_equal(
        rb_geo_next(&s, rb_slice(file, RB_MAX_GEO_ITEM), false, &used, &event, &item, &rj),
        RB_ERR_LIMIT);
    assert_string_equal(rj.clause, "12.2.2");
    memcpy(file + sizeof file - 2, "\"}", 2);
    assert_int_equal(rb_geo_next(&s, rb_slice(file, sizeof file), true, &used, &event, &item, &rj),
                     RB_ERR_LIMIT);
    memcpy(file + RB_MAX_GEO_ITEM - 2, "\"}", 2);
    assert_int_equal(
        rb_geo_next(&s, rb_slice(file, RB_MAX_GEO_ITEM), true, &used, &event, &item, &rj), RB_OK);
    assert_int_equal(event, RB_GEO_ITEM);
    assert_int_equal(item.n, RB_MAX_GEO_ITEM);
}

/* ---- there and back -----------------------------------------------------------------------------
 */

static uint64_t seed = 88172645463325252ull;
static uint64_t chance(uint64_t n) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed % n;
}

static struct rb_slice some_words(void) {
    static const char *const words[] = {
        "",          "mashfa", "\xd9\x85\xd8\xb4\xd9\x81\xd9\x89", "\"quoted\" \\ back",
        "a & b <c>", "=1+1"};
    return rb_str(words[chance(6)]);
}

static struct rb_alt_limit some_limit(int64_t least) {
    const enum rb_datum datum = (enum rb_datum)chance(4);
    if (chance(3) == 0) return (struct rb_alt_limit){.open = true};
    return (struct rb_alt_limit){false, least + (int64_t)chance(20000000), datum};
}

static void some_shape(struct rb_volume *v, struct rb_point *p) {
    v->shape = (enum rb_shape)chance(3);
    const int64_t lat = (int64_t)chance(160) * D - 80 * D, lon = (int64_t)chance(360) * D - 180 * D;
    if (v->shape == RB_SHAPE_CIRCLE) {
        v->center = (struct rb_point){lat + (int64_t)chance(D), lon + (int64_t)chance(D)};
        v->radius_mm = 1 + chance(100000000);
        return;
    }
    /* points along a spiral: never a ring that crosses itself */
    static const int64_t dx[] = {30, 10, -10, -30, -10, 10}, dy[] = {0, 20, 20, 0, -20, -20};
    for (size_t i = 0; i < 6; i++) {
        int64_t x = lon + dx[i] * D / 100 + (int64_t)chance(D / 100);
        if (x > 180 * D) x -= 360 * D;
        if (x < -180 * D) x += 360 * D;
        p[i] = (struct rb_point){lat + dy[i] * D / 100 + (int64_t)chance(D / 100), x};
    }
    v->vertices = p;
    v->vertices_n = 3 + chance(4);
    if (v->shape == RB_SHAPE_CORRIDOR) v->radius_mm = 1 + chance(100000000);
    if (v->shape == RB_SHAPE_POLYGON) v->edges = (enum rb_edges)chance(3);
}

static void some_volume(struct rb_volume *v, struct rb_point *p) {
    *v = (struct rb_volume){.floor = some_limit(-400000), .ceiling = some_limit(20000000)};
    some_shape(v, p);
    v->has_from = chance(2);
    v->has_to = chance(2);
    if (v->has_from) v->from_utc_ms = 1767218400000 + (int64_t)chance(3) * 1000;
    if (v->has_to) v->to_utc_ms = 1777218400000 + (int64_t)chance(1000);
    v->accuracy_mm = chance(3) ? 0 : chance(100000);
    v->method = some_words();
    v->has_surveyed = chance(2);
    if (v->has_surveyed) v->surveyed_utc_ms = 1567218400000 + (int64_t)chance(10000);
    v->declared_by = some_words();
    v->recognised_by = some_words();
    v->military_use = chance(2);
    v->as_entered = some_words();
}

static bool same_limit(struct rb_alt_limit a, struct rb_alt_limit b) {
    return a.open == b.open && (a.open || (a.mm == b.mm && a.datum == b.datum));
}

static bool same_points(const struct rb_volume *a, const struct rb_volume *b) {
    const size_t n = a->vertices_n;
    bool there = n == b->vertices_n, back = there;
    for (size_t i = 0; there && i < n; i++)
        there = a->vertices[i].lat_nd == b->vertices[i].lat_nd &&
                a->vertices[i].lon_nd == b->vertices[i].lon_nd;
    for (size_t i = 0; back && i < n; i++) /* a ring may come back the other way round */
        back = a->vertices[i].lat_nd == b->vertices[(n - i) % n].lat_nd &&
               a->vertices[i].lon_nd == b->vertices[(n - i) % n].lon_nd;
    return there || (back && a->shape == RB_SHAPE_POLYGON);
}

static bool same_volume(const struct rb_volume *a, const struct rb_volume *b) {
    return a->shape == b->shape && a->radius_mm == b->radius_mm && a->edges == b->edges &&
           a->center.lat_nd == b->center.lat_nd && a->center.lon_nd == b->center.lon_nd &&
           same_points(a, b) && same_limit(a->floor, b->floor) &&
           same_limit(a->ceiling, b->ceiling) && a->has_from == b->has_from &&
           a->has_to == b->has_to && a->from_utc_ms == b->from_utc_ms &&
           a->to_utc_ms == b->to_utc_ms && a->accuracy_mm == b->accuracy_mm &&
           rb_slice_eq(a->method, b->method) && a->has_surveyed == b->has_surveyed &&
           a->surveyed_utc_ms == b->surveyed_utc_ms &&
           rb_slice_eq(a->declared_by, b->declared_by) &&
           rb_slice_eq(a->recognised_by, b->recognised_by) && a->military_use == b->military_use &&
           rb_slice_eq(a->as_entered, b->as_entered);
}

static void comes_back(const struct rb_feature *f, bool zone) {
    const struct rb_ed318_zone z = {rb_str("A1"),     rb_str("SYR"), rb_str("PROHIBITED"),
                                    rb_str("COMMON"), rb_str(""),    rb_str("INFORMATION"),
                                    rb_str("en")};
    struct rb_writer w = rb_writer(out, sizeof out);
    struct rb_json_writer j = rb_json_writer(&w);
    struct rb_arena a = rb_arena(again, sizeof again);
    struct rb_feature g;
    struct rb_reject rj = {0};
    uint64_t remarks = 0;
    if (zone)
        assert_int_equal(rb_ed318_put(&j, f, &z, &remarks), RB_OK);
    else
        rb_geojson_put(&j, f, &remarks);
    assert_false(w.over);
    if (rb_geo_read(rb_written(&w), &silent, &a, &g, &rj) != RB_OK)
        fail_msg("%s\n%s %s at %d", rb_writer_z(&w), rj.clause, rj.what, (int)rj.offset);
    if (g.volumes_n != f->volumes_n || g.has_class != f->has_class || g.class_ != f->class_ ||
        !rb_slice_eq(g.title, f->title) || !rb_slice_eq(g.text, f->text))
        fail_msg("%s", rb_writer_z(&w));
    for (size_t i = 0; i < g.volumes_n; i++)
        if (!same_volume(&g.volumes[i], &f->volumes[i])) fail_msg("%zu: %s", i, rb_writer_z(&w));
    /* pointed out is at most the way an edge was taken, and then it was told when writing */
    assert_true((g.remarks >> RB_REMARK_ROUNDED & 1) == 0);
    if (g.remarks >> RB_REMARK_SHORTER_WAY & 1) assert_true(remarks >> RB_REMARK_NOT_CUT & 1);
}

static void features_come_back(void **state) {
    (void)state;
    static struct rb_volume v[RB_MAX_VOLUMES];
    static struct rb_point p[RB_MAX_VOLUMES][6];
    static char longer[600];
    memset(longer, 'n', sizeof longer);
    for (int i = 0; i < 4000; i++) {
        struct rb_feature f = {.title = some_words(), .text = some_words(), .volumes = v};
        if (chance(8) == 0) f.title = rb_slice(longer, 240);
        if (chance(8) == 0) f.text = rb_slice(longer, 600);
        f.has_class = chance(2);
        if (f.has_class) f.class_ = (enum rb_notice_class)chance(5);
        while (f.volumes_n < 1 + chance(RB_MAX_VOLUMES)) {
            struct rb_volume *one = &v[f.volumes_n];
            some_volume(one, p[f.volumes_n]);
            f.volumes_n += rb_volume_check(one, NULL) == RB_OK;
        }
        comes_back(&f, i % 2);
    }
}

static void writers_say_what_is_not_seen(void **state) {
    (void)state;
    struct rb_volume v = {.center = {35 * D, 36 * D},
                          .radius_mm = 500000,
                          .floor = {false, 100000, RB_DATUM_FL},
                          .ceiling = {.open = true},
                          .accuracy_mm = 10};
    struct rb_feature f = {.title = rb_str("a"), .volumes_n = 1, .volumes = &v};
    struct rb_writer w = rb_writer(out, sizeof out);
    struct rb_json_writer j = rb_json_writer(&w);
    struct rb_ed318_zone z = {rb_str("TOO LONG"), rb_str("SYR"), rb_str("PROHIBITED"),
                              rb_str("COMMON"),   rb_str(""),    rb_str("INFORMATION"),
                              rb_str("en")};
    uint64_t remarks = 0;
    assert_int_equal(rb_ed318_put(&j, &f, &z, &remarks), RB_ERR_USAGE);
    assert_int_equal(w.n, 0);
    z.identifier = rb_str("A");
    assert_int_equal(rb_ed318_put(&j, &f, &z, &remarks), RB_OK);
    assert_true(remarks == (1ull << RB_REMARK_LEVELS_UNSEEN | 1ull << RB_REMARK_SURVEY_UNSEEN));
    remarks = 0;
    rb_geojson_put(&j, &f, &remarks);
    assert_true(remarks == (1ull << RB_REMARK_LEVELS_UNSEEN | 1ull << RB_REMARK_SURVEY_UNSEEN |
                            1ull << RB_REMARK_RADIUS_UNSEEN));
    for (unsigned i = 0; i < RB_REMARKS; i++) {
        assert_true(strlen(rb_remark_text((enum rb_remark)i)) > 10);
        assert_non_null(strchr("rpw", rb_remark_side((enum rb_remark)i)));
    }
    assert_int_equal(
        read_with("{\"type\":\"Feature\",\"geometry\":" SQUARE "}," ZONE(""), &geodesic, &f, NULL),
        RB_OK);
    assert_int_equal(f.volumes[0].edges, RB_EDGES_GEODESIC);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_by_clause),
        cmocka_unit_test(takes_a_zone),
        cmocka_unit_test(takes_plain_features),
        cmocka_unit_test(joins_at_the_antimeridian),
        cmocka_unit_test(limits),
        cmocka_unit_test(files_in_pieces),
        cmocka_unit_test(bad_files_in_pieces),
        cmocka_unit_test(large_items),
        cmocka_unit_test(features_come_back),
        cmocka_unit_test(writers_say_what_is_not_seen),
    };
    return cmocka_run_group_tests_name("geojson", tests, NULL, NULL);
}
