/* The order in which records are packed into trees. Sixteen neighbours in this order become one
 * block, so neighbours must be alike in what a query asks for: first by how long they last and how
 * large they are, in powers of four, because one long or large box would make its block meet every
 * query; then by time, in steps of about their own length; then along a Hilbert curve. */
#include "index_int.h"

#define OPEN_CLASS 15u

/* bits of v, halved: 0 for 0, 1 for 1..3, 2 for 4..15 */
static unsigned class_of(uint32_t v) {
    return v == 0 ? 0 : (33u - (unsigned)__builtin_clz(v)) / 2;
}

/* distance along a Hilbert curve that fills a square of 2^16 by 2^16 */
static uint32_t hilbert(uint32_t x, uint32_t y) {
    uint32_t d = 0;
    for (uint32_t s = 1u << 15; s > 0; s >>= 1) {
        const uint32_t rx = (x & s) != 0, ry = (y & s) != 0;
        d = d << 2 | ((3 * rx) ^ ry);
        if (ry == 0) {
            if (rx == 1) {
                x = ~x;
                y = ~y;
            }
            const uint32_t t = x;
            x = y;
            y = t;
        }
    }
    return d;
}

static uint32_t apart(int32_t lo, int32_t hi) {
    return (uint32_t)hi - (uint32_t)lo;
}

uint64_t index_key(const struct rb_volbox *box) {
    const uint32_t height = apart(box->lat_lo, box->lat_hi),
                   width = apart(box->lon_lo, box->lon_hi);
    const unsigned size = class_of((height > width ? height : width) >> 2);
    const bool open = box->t_lo == INT32_MIN || box->t_hi == INT32_MAX;
    const unsigned lasts = open ? OPEN_CLASS : class_of(apart(box->t_lo, box->t_hi) >> 6);
    const uint32_t y = (uint32_t)(box->lat_lo + LON_180) + height / 2;
    const uint32_t x = (uint32_t)(box->lon_lo + LON_180) + width / 2;
    const uint64_t slab = open ? 0 : ((uint32_t)box->t_lo ^ 0x80000000u) >> (6 + 2 * lasts);
    return (uint64_t)lasts << 60 | (uint64_t)size << 56 | (slab & 0xffffff) << 32 |
           hilbert(x >> 15, y >> 15);
}

struct sort_key *index_sort(struct sort_key *a, struct sort_key *spare, size_t n) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
        size_t at[256] = {0}, sum = 0;
        for (size_t i = 0; i < n; i++)
            at[a[i].key >> shift & 255]++;
        if (n > 0 && at[a[0].key >> shift & 255] == n) continue; /* all alike here */
        for (size_t d = 0; d < 256; d++) {
            const size_t c = at[d];
            at[d] = sum;
            sum += c;
        }
        for (size_t i = 0; i < n; i++)
            spare[at[a[i].key >> shift & 255]++] = a[i];
        struct sort_key *t = a;
        a = spare;
        spare = t;
    }
    return a;
}
