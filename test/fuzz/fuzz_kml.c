/* XML and KML: never a crash; refusals have a clause and a byte within the file; a placemark that
 * is taken keeps 3.7 and the bounds of a notice, and comes back from its own writing. */
#include <string.h>
#include "fuzz.h"
#include "readback/kml.h"
#include "readback/text.h"

static uint8_t room[8u << 20] __attribute__((aligned(16))),
    again[8u << 20] __attribute__((aligned(16))), out[8u << 20];

static void comes_back(const struct rb_feature *f) {
    static const struct rb_import none;
    struct rb_writer w = rb_writer(out, sizeof out);
    struct rb_arena a = rb_arena(again, sizeof again);
    struct rb_feature g;
    struct rb_kml k;
    bool more = false;
    uint64_t remarks = 0;
    rb_kml_put_begin(&w, rb_slice(NULL, 0));
    rb_kml_put(&w, f, &remarks);
    rb_kml_put_end(&w);
    FUZZ_CHECK(!w.over);
    if (w.n > RB_MAX_GEO_ITEM) return;
    FUZZ_CHECK(rb_kml_open(&k, rb_written(&w), NULL) == RB_OK);
    FUZZ_CHECK(rb_kml_next(&k, &none, &a, &g, &more, NULL) == RB_OK && more);
    FUZZ_CHECK(g.volumes_n == f->volumes_n && rb_slice_eq(g.title, f->title) &&
               rb_slice_eq(g.text, f->text));
    for (size_t i = 0; i < g.volumes_n; i++) {
        const struct rb_volume *x = &g.volumes[i], *y = &f->volumes[i];
        FUZZ_CHECK(x->vertices_n == y->vertices_n && x->radius_mm == y->radius_mm);
        FUZZ_CHECK(x->edges == y->edges && rb_slice_eq(x->as_entered, y->as_entered));
        FUZZ_CHECK(x->ceiling.open == y->ceiling.open && x->floor.open == y->floor.open);
        FUZZ_CHECK(x->ceiling.open || x->ceiling.mm == y->ceiling.mm);
        FUZZ_CHECK(x->has_to == y->has_to && x->has_from == y->has_from);
    }
}

static void a_feature(const struct rb_feature *f) {
    FUZZ_CHECK(f->volumes_n > 0 && f->volumes_n <= RB_MAX_VOLUMES);
    FUZZ_CHECK(f->title.n <= RB_MAX_NAME && rb_name_ok(f->title));
    FUZZ_CHECK(f->text.n <= RB_MAX_TEXT && rb_text_ok(f->text));
    for (size_t i = 0; i < f->volumes_n; i++)
        FUZZ_CHECK(rb_volume_check(&f->volumes[i], NULL) == RB_OK);
    comes_back(f);
}

static void the_xml(struct rb_slice in) {
    struct rb_xml x;
    struct rb_xml_event e = {.type = RB_XML_TEXT};
    struct rb_reject rj = {0};
    if (rb_xml_open(&x, in, NULL) != RB_OK) return;
    while (e.type != RB_XML_DONE) {
        if (rb_xml_next(&x, &e, &rj) != RB_OK) {
            FUZZ_CHECK(rj.clause != NULL && rj.offset <= in.n);
            return;
        }
        if (e.type != RB_XML_TEXT) continue;
        struct rb_writer plain = rb_writer(out, sizeof out / 2),
                         w = rb_writer(out + sizeof out / 2, sizeof out / 2);
        rb_xml_put_plain(&plain, e.raw, e.cdata);
        FUZZ_CHECK(!plain.over && rb_utf8_ok(rb_written(&plain)));
        rb_xml_put_text(&w, rb_written(&plain));
        FUZZ_CHECK(rb_utf8_ok(rb_written(&w)));
        FUZZ_CHECK(rb_slice_find(rb_written(&w), 0, '<') == w.n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct rb_kml k;
    struct rb_reject rj = {0};
    if (n > 1u << 15) return 0;
    const struct rb_import how = {
        .has_edges = n % 2, .edges = RB_EDGES_GEODESIC, .radius_mm = n % 3, .half_width_mm = n % 5};
    the_xml(rb_slice(data, n));
    if (rb_kml_open(&k, rb_slice(data, n), &rj) != RB_OK) return 0;
    for (bool more = true; more;) {
        struct rb_arena a = rb_arena(room, sizeof room);
        struct rb_feature f;
        if (rb_kml_next(&k, &how, &a, &f, &more, &rj) == RB_OK) {
            if (more) a_feature(&f);
            continue;
        }
        FUZZ_CHECK(rj.clause != NULL && rj.offset <= n);
        if (strcmp(rj.clause, "12.7.1") == 0) break;
    }
    return 0;
}
