/* Packed places: never a crash; a refusal has a clause and a byte within the bytes; of what is
 * taken every place is sound, the nearest is nearest, and any place is played back within its
 * bound. */
#include "fuzz.h"
#include "readback/outline.h"
#include "readback/playback.h"
#include "readback/text.h"

static uint8_t room[RB_PLAYBACK_ARENA] __attribute__((aligned(16)));

static void every_place(const struct rb_gazetteer *g) {
    for (size_t i = 0; i < g->n; i++) {
        const struct rb_known_place p = rb_gazetteer_place(g, i);
        FUZZ_CHECK(p.name.n > 0 && rb_name_ok(p.name));
        FUZZ_CHECK((p.ar.n == 0 || rb_name_ok(p.ar)) && (p.ru.n == 0 || rb_name_ok(p.ru)));
        FUZZ_CHECK(p.point.lat_nd >= -90 * RB_NANODEG && p.point.lat_nd <= 90 * RB_NANODEG);
        FUZZ_CHECK(p.point.lon_nd >= -180 * RB_NANODEG && p.point.lon_nd <= 180 * RB_NANODEG);
    }
}

static void the_nearest(const struct rb_gazetteer *g, struct rb_point p, uint32_t least) {
    struct rb_nearest n;
    if (!rb_gazetteer_nearest(g, p, least, &n)) n.distance_mm = UINT64_MAX;
    for (size_t i = 0; i < g->n; i++) {
        const struct rb_known_place k = rb_gazetteer_place(g, i);
        FUZZ_CHECK(k.population < least ||
                   rb_point_bearing(k.point, p).distance_mm >= n.distance_mm);
    }
}

static void played_back(const struct rb_gazetteer *g, struct rb_point p, size_t n) {
    const struct rb_volume v = {.shape = RB_SHAPE_CIRCLE,
                                .center = p,
                                .radius_mm = 1,
                                .floor = {.mm = p.lat_nd, .datum = (enum rb_datum)(n % 4)},
                                .ceiling = {.open = true},
                                .has_to = true,
                                .to_utc_ms = p.lon_nd * 1000};
    struct rb_volume all[RB_MAX_VOLUMES];
    struct rb_arena a = rb_arena(room, sizeof room);
    struct rb_playback out;
    for (size_t i = 0; i < RB_MAX_VOLUMES; i++)
        all[i] = v;
    FUZZ_CHECK(rb_playback(all, 1 + n % RB_MAX_VOLUMES, g, NULL, 0, &a, &out) == RB_OK);
    FUZZ_CHECK(out.text.n <= RB_PLAYBACK_TEXT && rb_text_ok(out.text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct rb_gazetteer g;
    struct rb_reject rj = {0};
    if (n > 1u << 14) return 0;
    if (rb_gazetteer_open(rb_slice(data, n), &g, &rj) != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL && rj.offset <= n);
        return 0;
    }
    every_place(&g);
    const struct rb_point p = {(int64_t)(n * 7919 % 180001) * 1000000 - 90 * RB_NANODEG,
                               (int64_t)(n * 104729 % 360001) * 1000000 - 180 * RB_NANODEG};
    the_nearest(&g, p, (uint32_t)(n % 3 * 1000));
    played_back(&g, p, n);
    return 0;
}
