/* Files of features, and each feature in all of its formats: never a crash; refusals have a clause
 * and a byte within the file; what is read keeps 3.7 and the bounds of a notice, and comes back
 * from its own writing as the same volumes. The first byte says in what pieces the file comes. */
#include <string.h>
#include "fuzz.h"
#include "readback/geojson.h"
#include "readback/text.h"

static uint8_t room[8u << 20] __attribute__((aligned(16))),
    again[8u << 20] __attribute__((aligned(16))), out[16u << 20];

static void looks_like_a_notice(const struct rb_feature *f) {
    FUZZ_CHECK(f->volumes_n > 0 && f->volumes_n <= RB_MAX_VOLUMES);
    FUZZ_CHECK(f->title.n <= RB_MAX_NAME && rb_name_ok(f->title));
    FUZZ_CHECK(f->text.n <= RB_MAX_TEXT && rb_text_ok(f->text));
    for (size_t i = 0; i < f->volumes_n; i++) {
        const struct rb_volume *v = &f->volumes[i];
        FUZZ_CHECK(rb_volume_check(v, NULL) == RB_OK);
        FUZZ_CHECK(v->method.n <= RB_MAX_NAME && v->as_entered.n <= 1024);
        FUZZ_CHECK(rb_name_ok(v->method) && rb_name_ok(v->declared_by) &&
                   rb_name_ok(v->recognised_by) && rb_text_ok(v->as_entered));
    }
}

static void comes_back(const struct rb_feature *f, enum rb_edges edges) {
    const struct rb_import how = {.has_edges = true, .edges = edges};
    struct rb_writer w = rb_writer(out, sizeof out);
    struct rb_json_writer j = rb_json_writer(&w);
    struct rb_arena a = rb_arena(again, sizeof again);
    struct rb_feature g;
    uint64_t remarks = 0;
    rb_geojson_put(&j, f, &remarks);
    FUZZ_CHECK(!w.over);
    if (w.n > RB_MAX_GEO_ITEM) return;
    FUZZ_CHECK(rb_geojson_read(rb_written(&w), &how, &a, &g, NULL) == RB_OK);
    FUZZ_CHECK(g.volumes_n == f->volumes_n && rb_slice_eq(g.title, f->title));
    for (size_t i = 0; i < g.volumes_n; i++) {
        FUZZ_CHECK(g.volumes[i].vertices_n == f->volumes[i].vertices_n);
        FUZZ_CHECK(g.volumes[i].radius_mm == f->volumes[i].radius_mm);
        FUZZ_CHECK(g.volumes[i].floor.mm == f->volumes[i].floor.mm || f->volumes[i].floor.open);
        FUZZ_CHECK(g.volumes[i].from_utc_ms == f->volumes[i].from_utc_ms ||
                   !f->volumes[i].has_from);
    }
}

static void one_item(struct rb_slice item) {
    const struct rb_import how = {.has_edges = item.n % 2,
                                  .edges = RB_EDGES_PARALLEL,
                                  .radius_mm = item.n % 3,
                                  .half_width_mm = item.n % 5};
    static enum rb_err (*const read[])(struct rb_slice, const struct rb_import *, struct rb_arena *,
                                       struct rb_feature *, struct rb_reject *) = {
        rb_geo_read, rb_geojson_read, rb_ed318_read, rb_ed269_read};
    for (size_t i = 0; i < sizeof read / sizeof *read; i++) {
        struct rb_reject rj = {0};
        struct rb_feature f;
        struct rb_arena a = rb_arena(room, sizeof room);
        if (read[i](item, &how, &a, &f, &rj) == RB_OK) {
            looks_like_a_notice(&f);
            comes_back(&f, how.edges);
        } else {
            FUZZ_CHECK(rj.clause != NULL && rj.offset <= item.n);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct rb_geo_stream s = {0};
    size_t end = 0;
    if (n == 0 || n > 1u << 16) return 0;
    const size_t piece = 1u + data[0] * 4u;
    data++, n--;
    for (enum rb_geo_event event = RB_GEO_MORE; event != RB_GEO_DONE;) {
        struct rb_slice item;
        struct rb_reject rj = {0};
        const size_t from = (size_t)s.offset;
        size_t used = 0;
        const enum rb_err e =
            rb_geo_next(&s, rb_slice(data + from, end - from), end == n, &used, &event, &item, &rj);
        if (e != RB_OK) {
            FUZZ_CHECK(rj.clause != NULL && rj.offset <= n);
            return 0;
        }
        FUZZ_CHECK(s.offset <= end && s.offset == from + used);
        if (event == RB_GEO_ITEM) one_item(item);
        if (event == RB_GEO_MORE) {
            FUZZ_CHECK(end < n);
            end = n - end < piece ? n : end + piece;
        }
    }
    return 0;
}
