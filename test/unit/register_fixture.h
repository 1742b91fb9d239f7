/* Places for tests of the register: circles unless said otherwise, at 35 N 36 E. */
#ifndef TEST_REGISTER_FIXTURE_H
#define TEST_REGISTER_FIXTURE_H
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "readback/register.h"

#define D RB_NANODEG
#define M 1000ll       /* mm */
#define KM 1000000ll   /* mm */
#define HOUR 3600000ll /* ms */
#define DAY (24 * HOUR)

static inline struct rb_hash id_of(uint64_t n) {
    struct rb_hash h = {{0}};
    for (size_t i = 0; i < 8; i++)
        h.b[i] = (uint8_t)(n >> (56 - 8 * i));
    return h;
}

/* everything a region handed out or holds ready again */
static inline size_t region_ready(const struct rb_region *r) {
    size_t n = 0;
    for (size_t c = 0; c < 48; c++)
        for (void *const *b = r->free_list[c]; b != NULL; b = *b)
            n += (size_t)1 << c;
    return n;
}

static inline size_t region_out(const struct rb_region *r) {
    return r->used - region_ready(r);
}

/* metres north of 35 N 36 E, near enough */
static inline struct rb_volume circle_at(int64_t north_m, int64_t radius_m) {
    return (struct rb_volume){.shape = RB_SHAPE_CIRCLE,
                              .center = {35 * D + north_m * 9013, 36 * D},
                              .radius_mm = (uint64_t)(radius_m * M),
                              .floor = {.open = true},
                              .ceiling = {.open = true}};
}
#endif
