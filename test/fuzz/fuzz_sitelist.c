/* Site lists: never a crash; what is refused has its clause; a row that is taken keeps 3.7 and the
 * bounds of a notice, and comes back from its own writing. The first byte chooses the options. */
#include <string.h>
#include "fuzz.h"
#include "readback/sitelist.h"
#include "readback/text.h"

static uint8_t room[16u << 20] __attribute__((aligned(16))),
    again[4u << 20] __attribute__((aligned(16))), out[1u << 20];

static void comes_back(const struct rb_site_row *r, uint8_t separator) {
    struct rb_writer w = rb_writer(out, sizeof out);
    struct rb_sitelist_writer put = {&w, separator, separator != ','};
    struct rb_arena a = rb_arena(again, sizeof again);
    const struct rb_site_options none = {.separator = separator};
    static struct rb_sitelist l;
    struct rb_site_row back;
    uint64_t remarks = 0;
    bool more = false;
    rb_sitelist_put_begin(&put);
    FUZZ_CHECK(rb_sitelist_put(&put, r->name, r->notes, &r->volume, &remarks) == RB_OK && !w.over);
    FUZZ_CHECK(rb_sitelist_open(&l, rb_written(&w), &none, &a, NULL) == RB_OK);
    FUZZ_CHECK(rb_sitelist_next(&l, &back, &more, NULL) == RB_OK && more && back.ok);
    FUZZ_CHECK(rb_slice_eq(back.name, r->name) && rb_slice_eq(back.notes, r->notes));
    FUZZ_CHECK(rb_slice_eq(back.volume.method, r->volume.method));
    FUZZ_CHECK(rb_slice_eq(back.volume.declared_by, r->volume.declared_by));
    FUZZ_CHECK(back.volume.center.lat_nd == r->volume.center.lat_nd &&
               back.volume.center.lon_nd == r->volume.center.lon_nd &&
               back.volume.radius_mm == r->volume.radius_mm &&
               back.volume.accuracy_mm == r->volume.accuracy_mm &&
               back.volume.has_surveyed == r->volume.has_surveyed &&
               back.volume.surveyed_utc_ms == r->volume.surveyed_utc_ms);
}

static void a_row(const struct rb_site_row *r) {
    FUZZ_CHECK(r->findings_n <= RB_MAX_SITE_FINDINGS && (r->ok || r->findings_n > 0));
    for (size_t i = 0; i < r->findings_n; i++)
        FUZZ_CHECK(r->findings[i].clause != NULL && r->findings[i].what != NULL);
    if (!r->ok) return;
    FUZZ_CHECK(r->name.n > 0 && rb_name_ok(r->name) && rb_text_ok(r->notes));
    FUZZ_CHECK(r->volume.shape == RB_SHAPE_CIRCLE && rb_volume_check(&r->volume, NULL) == RB_OK);
    comes_back(r, ';');
    comes_back(r, ',');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static struct rb_sitelist l;
    static const struct rb_site_known old = {.name = {(const uint8_t *)"A", 1}};
    if (n == 0 || n > 1u << 14) return 0;
    const struct rb_site_options how = {.hint = {.letter = (enum rb_utm_letter)(data[0] % 3)},
                                        .radius_mm = data[0] & 4 ? 1000 : 0,
                                        .near_mm = data[0] & 8 ? 50000000 : 0,
                                        .has_theatre = data[0] & 16,
                                        .theatre = {0, 170 * RB_NANODEG, 40 * RB_NANODEG, 0},
                                        .registered = &old,
                                        .registered_n = data[0] >> 7};
    struct rb_arena a = rb_arena(room, sizeof room);
    struct rb_reject rj = {0};
    enum rb_err e = rb_sitelist_open(&l, rb_slice(data + 1, n - 1), &how, &a, &rj);
    for (bool more = e == RB_OK; more;) {
        struct rb_site_row r;
        e = rb_sitelist_next(&l, &r, &more, &rj);
        if (e != RB_OK) break;
        if (more) a_row(&r);
    }
    FUZZ_CHECK(e == RB_OK || rj.clause != NULL);
    return 0;
}
