/* A place, a height or a length as somebody typed it. The first byte says which, and which format
 * is named; the rest is the text. What is taken is in range, and what is written of it reads back.
 */
#include "fuzz.h"
#include "readback/coord.h"

static struct rb_coord again(struct rb_slice text, enum rb_coord_format format) {
    struct rb_coord_hint hint = {format, RB_UTM_ASK};
    struct rb_reject rj = {0};
    struct rb_coord c = {0};
    FUZZ_CHECK(rb_coord_read(text, &hint, &c, &rj) == RB_OK);
    return c;
}

/* with all digits every point comes back from the degrees, whatever their form */
static void exactly(struct rb_point p, enum rb_coord_format format, unsigned digits) {
    char room[128];
    struct rb_writer w = rb_writer(room, sizeof room);
    FUZZ_CHECK(rb_coord_put(&w, p, format, digits, RB_ZONE_STANDARD) == RB_OK && !w.over);
    struct rb_coord c = again(rb_written(&w), format);
    FUZZ_CHECK(c.format == format && c.point.lat_nd == p.lat_nd && c.point.lon_nd == p.lon_nd);
}

/* a grid's text, read and written, is itself, but for what 11.5.3 says: the band's letter at [2],
 * and the equator */
static void grid(struct rb_point p, enum rb_coord_format format, unsigned digits, int zone) {
    char one[128], two[128];
    struct rb_writer a = rb_writer(one, sizeof one), b = rb_writer(two, sizeof two);
    if (rb_coord_put(&a, p, format, digits, zone) != RB_OK) return; /* the zone does not reach it */
    struct rb_coord c = again(rb_written(&a), format);
    FUZZ_CHECK(rb_coord_put(&b, c.point, format, digits, c.zone) == RB_OK && a.n == b.n);
    if (c.point.lat_nd == 0) return;
    for (size_t i = 0; i < a.n; i++)
        FUZZ_CHECK(one[i] == two[i] || (i == 2 && c.zone > 0 && format != RB_COORD_UTM));
}

static void refused(enum rb_err e, const struct rb_reject *rj, size_t n) {
    FUZZ_CHECK(e == RB_ERR_MALFORMED && rj->err == e && rj->clause != NULL && rj->what != NULL);
    FUZZ_CHECK(rj->offset <= n);
}

static void place(struct rb_slice text, unsigned kind) {
    struct rb_coord_hint hint = {(enum rb_coord_format)(kind % 9),
                                 (enum rb_utm_letter)(kind / 9 % 3)};
    struct rb_reject rj = {0};
    struct rb_coord c = {0};
    enum rb_err e = rb_coord_read(text, &hint, &c, &rj);
    FUZZ_CHECK(rb_coord_read(text, &hint, &c, NULL) == e);
    if (e != RB_OK) {
        refused(e, &rj, text.n);
        return;
    }
    struct rb_point p = c.point;
    FUZZ_CHECK(p.lat_nd >= -90 * RB_NANODEG && p.lat_nd <= 90 * RB_NANODEG);
    FUZZ_CHECK(p.lon_nd >= -180 * RB_NANODEG && p.lon_nd <= 180 * RB_NANODEG);
    FUZZ_CHECK(c.half_unit_mm > 0 && c.reach_mm > c.half_unit_mm);
    FUZZ_CHECK(hint.format == RB_COORD_ANY || c.format == hint.format ||
               hint.format == RB_COORD_MGRS_SPACED);
    exactly(p, RB_COORD_DEG, 9);
    exactly(p, RB_COORD_DM, 8);
    exactly(p, RB_COORD_DMS, 7);
    exactly(p, RB_COORD_ICAO_DM, 8);
    exactly(p, RB_COORD_ICAO_DMS, 7);
    for (unsigned digits = 0; digits <= 5; digits++) {
        int zone = c.zone > 0 ? c.zone : RB_ZONE_STANDARD;
        grid(p, kind % 2 == 0 ? RB_COORD_MGRS : RB_COORD_MGRS_SPACED, digits, zone);
        if (digits <= 3) grid(p, RB_COORD_UTM, digits, zone);
    }
}

static void height(struct rb_slice text, unsigned kind) {
    enum rb_datum datum = (enum rb_datum)(kind % 3);
    struct rb_reject rj = {0};
    struct rb_height h, k;
    char room[128];
    struct rb_writer w = rb_writer(room, sizeof room);
    enum rb_err e = rb_height_read(text, kind & 4 ? &datum : NULL, &h, &rj);
    if (e != RB_OK) {
        refused(e, &rj, text.n);
        return;
    }
    enum rb_unit unit = kind & 8 ? RB_UNIT_M : RB_UNIT_FT;
    FUZZ_CHECK(rb_height_put(&w, &h.limit, unit, RB_DIGITS_SHORTEST) == RB_OK && !w.over);
    FUZZ_CHECK(rb_height_read(rb_written(&w), NULL, &k, &rj) == RB_OK);
    FUZZ_CHECK(h.limit.open == k.limit.open);
    if (!h.limit.open) FUZZ_CHECK(h.limit.mm == k.limit.mm && h.limit.datum == k.limit.datum);
}

static void length(struct rb_slice text, unsigned kind) {
    struct rb_reject rj = {0};
    struct rb_length n, k;
    char room[128];
    struct rb_writer w = rb_writer(room, sizeof room);
    enum rb_err e = rb_length_read(text, &n, &rj);
    if (e != RB_OK) {
        refused(e, &rj, text.n);
        return;
    }
    FUZZ_CHECK(rb_length_put(&w, n.mm, (enum rb_unit)(kind % 5), RB_DIGITS_SHORTEST) == RB_OK);
    FUZZ_CHECK(!w.over && rb_length_read(rb_written(&w), &k, &rj) == RB_OK && k.mm == n.mm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0) return 0;
    unsigned kind = data[0];
    struct rb_slice text = rb_slice(data + 1, n - 1);
    if (kind < 128)
        place(text, kind);
    else if (kind < 192)
        height(text, kind);
    else
        length(text, kind);
    return 0;
}
